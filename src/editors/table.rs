//! The editors: where each keeps its servers, and how an entry looks there. Formats are those of
//! November 2026.

use super::format::Format;

/// An editor.
#[derive(Debug)]
pub struct Editor {
    /// What is typed.
    pub name: &'static str,
    /// What may be typed too.
    pub aliases: &'static [&'static str],
    /// What its makers call it.
    pub title: &'static str,
    /// Where the file of the user may be. Nowhere: it can only be pasted in a window of the editor.
    pub user: &'static [Place],
    /// Where the file of a project may be, below its folder.
    pub project: &'static [&'static str],
    /// How the file is written.
    pub format: Format,
    /// The members above the entries.
    pub container: &'static [&'static str],
    /// How an entry looks.
    pub shape: Shape,
    /// What has to be done for the entry to be taken.
    pub after: &'static str,
    /// Programs on the `PATH` that tell that it is here.
    pub programs: &'static [&'static str],
    /// A link that puts an entry into it.
    pub link: Option<Link>,
}

/// A place of a file: `~` is the home folder, `APP` where the system keeps the settings of programs,
/// `XDG` what `XDG_CONFIG_HOME` says on any system, and `$NAME` a variable that decides if it is set.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The system.
    pub on: On,
    /// Root and names, with `/`.
    pub path: &'static str,
}

/// A system, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Every one.
    All,
    /// All but Windows.
    Unix,
    /// Linux.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl On {
    /// This system.
    pub fn this() -> On {
        match std::env::consts::OS {
            "windows" => On::Windows,
            "macos" => On::Mac,
            _ => On::Linux,
        }
    }
}

/// How an entry looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `command`, `args`, `env`.
    Plain,
    /// The same with `type`.
    Typed,
    /// The same with `source`, which older builds want.
    Zed,
    /// The same with `disabled` and `autoApprove`, as Cline writes it.
    Cline,
    /// The same with `disabled` and `alwaysAllow`, as Roo Code writes it.
    Roo,
    /// The same with the variables that Codex has to pass on, and a longer patience.
    Codex,
    /// Gemini takes variables that look like secrets out unless they are named.
    Gemini,
    /// The command is one list.
    Opencode,
    /// An item of a list with its `name`.
    Continue,
    /// `cmd` and `envs`.
    Goose,
}

/// A link that puts an entry into an editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The prefix; name and entry follow as parameters, the entry in base64.
    Parameters(&'static str),
    /// The prefix; the entry with its name follows as JSON.
    Json(&'static str),
}

/// The editor of this name.
pub fn find(name: &str) -> Option<&'static Editor> {
    let name = name.to_ascii_lowercase().replace([' ', '_'], "-");
    EDITORS.iter().find(|editor| editor.name == name || editor.aliases.contains(&name.as_str()))
}

const fn at(path: &'static str) -> Place {
    Place { on: On::All, path }
}

const fn on(on: On, path: &'static str) -> Place {
    Place { on, path }
}

const NOTICED: &str = "it is taken up by itself";
const NEXT_START: &str = "it is there at the next start";
const RESTART: &str = "restart it";

const PLAIN: Editor = Editor {
    name: "",
    aliases: &[],
    title: "",
    user: &[],
    project: &[],
    format: Format::Json,
    container: &["mcpServers"],
    shape: Shape::Plain,
    after: RESTART,
    programs: &[],
    link: None,
};

/// All of them, as they are listed.
pub const EDITORS: [Editor; 18] = [
    Editor {
        name: "cursor",
        title: "Cursor",
        user: &[at("~/.cursor/mcp.json")],
        project: &[".cursor/mcp.json"],
        after: "it is taken up by itself; Settings, MCP shows it",
        programs: &["cursor"],
        link: Some(Link::Parameters("cursor://anysphere.cursor-deeplink/mcp/install?")),
        ..PLAIN
    },
    Editor {
        name: "vscode",
        aliases: &["vs-code", "code"],
        title: "VS Code",
        user: &[at("APP/Code/User/mcp.json")],
        project: &[".vscode/mcp.json"],
        container: &["servers"],
        shape: Shape::Typed,
        after: "start it there: MCP: List Servers",
        programs: &["code"],
        link: Some(Link::Json("vscode:mcp/install?")),
        ..PLAIN
    },
    Editor {
        name: "vscode-insiders",
        aliases: &["vs-code-insiders", "code-insiders"],
        title: "VS Code Insiders",
        user: &[at("APP/Code - Insiders/User/mcp.json")],
        project: &[".vscode/mcp.json"],
        container: &["servers"],
        shape: Shape::Typed,
        after: "start it there: MCP: List Servers",
        programs: &["code-insiders"],
        link: Some(Link::Json("vscode-insiders:mcp/install?")),
        ..PLAIN
    },
    Editor {
        name: "windsurf",
        title: "Windsurf",
        user: &[at("~/.codeium/windsurf/mcp_config.json"), at("~/.codeium/windsurf-next/mcp_config.json")],
        after: "refresh the list of MCP servers in it, or restart it",
        programs: &["windsurf"],
        ..PLAIN
    },
    Editor {
        name: "zed",
        title: "Zed",
        user: &[on(On::Unix, "XDG/zed/settings.json"), on(On::Windows, "APP/Zed/settings.json")],
        project: &[".zed/settings.json"],
        container: &["context_servers"],
        shape: Shape::Zed,
        after: NOTICED,
        programs: &["zed"],
        ..PLAIN
    },
    Editor {
        name: "claude-desktop",
        title: "Claude Desktop",
        user: &[
            on(On::Windows, "$LOCALAPPDATA/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json"),
            at("APP/Claude/claude_desktop_config.json"),
        ],
        after: "quit it completely and start it again",
        ..PLAIN
    },
    Editor {
        name: "claude-code",
        aliases: &["claude"],
        title: "Claude Code",
        user: &[at("$CLAUDE_CONFIG_DIR/.claude.json"), at("~/.claude.json")],
        project: &[".mcp.json"],
        shape: Shape::Typed,
        after: NEXT_START,
        programs: &["claude"],
        ..PLAIN
    },
    Editor {
        name: "codex",
        title: "Codex",
        user: &[at("$CODEX_HOME/config.toml"), at("~/.codex/config.toml")],
        project: &[".codex/config.toml"],
        format: Format::Toml,
        container: &["mcp_servers"],
        shape: Shape::Codex,
        after: NEXT_START,
        programs: &["codex"],
        ..PLAIN
    },
    Editor {
        name: "gemini",
        aliases: &["gemini-cli"],
        title: "Gemini CLI",
        user: &[at("~/.gemini/settings.json")],
        project: &[".gemini/settings.json"],
        shape: Shape::Gemini,
        after: NEXT_START,
        programs: &["gemini"],
        ..PLAIN
    },
    Editor {
        name: "cline",
        title: "Cline",
        user: &[
            at("$CLINE_MCP_SETTINGS_PATH"),
            at("$CLINE_DIR/data/settings/cline_mcp_settings.json"),
            at("APP/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
            at("APP/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
            at("~/.cline/data/settings/cline_mcp_settings.json"),
        ],
        shape: Shape::Cline,
        after: NOTICED,
        programs: &["cline"],
        ..PLAIN
    },
    Editor {
        name: "roo",
        aliases: &["roo-code"],
        title: "Roo Code",
        user: &[at("APP/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json")],
        project: &[".roo/mcp.json"],
        shape: Shape::Roo,
        after: NOTICED,
        ..PLAIN
    },
    Editor {
        name: "lmstudio",
        aliases: &["lm-studio"],
        title: "LM Studio",
        user: &[at("~/.lmstudio/mcp.json"), at("~/.cache/lm-studio/mcp.json")],
        after: NOTICED,
        programs: &["lms"],
        link: Some(Link::Parameters("lmstudio://add_mcp?")),
        ..PLAIN
    },
    Editor {
        name: "opencode",
        title: "opencode",
        user: &[at("$OPENCODE_CONFIG"), at("XDG/opencode/opencode.json"), at("XDG/opencode/opencode.jsonc")],
        project: &["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"],
        container: &["mcp"],
        shape: Shape::Opencode,
        after: NEXT_START,
        programs: &["opencode"],
        ..PLAIN
    },
    Editor {
        name: "continue",
        title: "Continue",
        user: &[at("~/.continue/config.yaml")],
        format: Format::YamlList,
        shape: Shape::Continue,
        after: NOTICED,
        programs: &["cn"],
        ..PLAIN
    },
    Editor {
        name: "junie",
        title: "Junie",
        user: &[at("~/.junie/mcp/mcp.json")],
        project: &[".junie/mcp/mcp.json"],
        programs: &["junie"],
        ..PLAIN
    },
    Editor {
        name: "goose",
        title: "Goose",
        user: &[on(On::Unix, "XDG/goose/config.yaml"), on(On::Windows, "APP/Block/goose/config/config.yaml")],
        format: Format::YamlMap,
        container: &["extensions"],
        shape: Shape::Goose,
        after: NEXT_START,
        programs: &["goose"],
        ..PLAIN
    },
    Editor {
        name: "kiro",
        title: "Kiro",
        user: &[at("~/.kiro/settings/mcp.json")],
        project: &[".kiro/settings/mcp.json"],
        after: NOTICED,
        programs: &["kiro"],
        ..PLAIN
    },
    Editor {
        name: "jetbrains",
        aliases: &["jetbrains-ai", "ai-assistant"],
        title: "JetBrains AI Assistant",
        after: "paste it there: Settings, Tools, AI Assistant, Model Context Protocol, Add, As JSON",
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_one_editor() {
        let mut names: Vec<&str> =
            EDITORS.iter().flat_map(|editor| [&[editor.name], editor.aliases].concat()).collect();
        assert!(names.iter().all(|name| std::ptr::eq(find(name).unwrap(), find(&name.to_uppercase()).unwrap())));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}

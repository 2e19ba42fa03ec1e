//! Where the file of an editor is on this computer.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::table::{Editor, On};

/// What the places depend on. A test can have another computer than this one.
pub struct Host<'h> {
    /// The system.
    pub os: On,
    /// The home folder of the user.
    pub home: PathBuf,
    /// The folder of the project.
    pub here: Option<PathBuf>,
    /// The environment.
    pub variable: &'h dyn Fn(&str) -> Option<OsString>,
}

impl Host<'_> {
    /// The file that the editor reads, there or not; `None` where it keeps none. Where it may read one
    /// of several, that is the one that is there, else the one whose folder is there.
    pub fn file(&self, editor: &Editor) -> Option<PathBuf> {
        let files = self.files(editor);
        let decided = files.iter().find(|(_, decided)| *decided);
        let there = || files.iter().find(|(path, _)| path.exists());
        let folder = || files.iter().find(|(path, _)| path.parent().is_some_and(Path::is_dir));
        decided.or_else(there).or_else(folder).or(files.first()).map(|(path, _)| path.clone())
    }

    /// Files that the editor may read on another day, or in another edition, and that are there.
    pub fn others(&self, editor: &Editor) -> Vec<PathBuf> {
        let read = self.file(editor);
        let files = self.files(editor).into_iter().map(|(path, _)| path);
        files.filter(|path| Some(path) != read.as_ref() && path.exists()).collect()
    }

    /// The file of the editor in the project.
    pub fn project_file(&self, editor: &Editor) -> Option<PathBuf> {
        let here = self.here.as_ref()?;
        let files: Vec<PathBuf> = editor.project.iter().map(|path| joined(here, path)).collect();
        files.iter().find(|path| path.exists()).or(files.first()).cloned()
    }

    /// Whether the editor has left traces here.
    pub fn has(&self, editor: &Editor) -> bool {
        let program = |name: &&str| self.on_path(name).is_some();
        let trace = |(path, _): &(PathBuf, bool)| {
            path.exists() || path.parent().is_some_and(|folder| folder != self.home && folder.is_dir())
        };
        editor.programs.iter().any(program) || self.files(editor).iter().any(trace)
    }

    /// A program on the `PATH`.
    pub fn on_path(&self, name: &str) -> Option<PathBuf> {
        let path = (self.variable)("PATH")?;
        let names: &[&str] = if self.os == On::Windows { &[".exe", ".cmd"] } else { &[""] };
        std::env::split_paths(&path)
            .flat_map(|folder| names.iter().map(move |end| folder.join(format!("{name}{end}"))))
            .find(|path| is_program(path))
    }

    /// The user files, each with whether a variable or an installed package decides for it.
    fn files(&self, editor: &Editor) -> Vec<(PathBuf, bool)> {
        let here = |on: On| on == On::All || on == self.os || (on == On::Unix && self.os != On::Windows);
        editor.user.iter().filter(|place| here(place.on)).filter_map(|place| self.resolved(place.path)).collect()
    }

    /// A place as the table spells it: `~`, `APP`, `XDG` or a variable, then names, of which one may
    /// end with a `*`.
    fn resolved(&self, place: &str) -> Option<(PathBuf, bool)> {
        let (root, rest) = place.split_once('/').unwrap_or((place, ""));
        let set = |name: &str| (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (root, decided) = match root.strip_prefix('$') {
            Some(variable) => (set(variable)?, true),
            None => (self.root(root, &set), false),
        };
        match rest.split_once("*/") {
            None if rest.is_empty() => Some((root, decided)),
            None => Some((joined(&root, rest), decided)),
            Some((before, behind)) => {
                let (folders, prefix) = before.rsplit_once('/').unwrap_or(("", before));
                let found = fs::read_dir(joined(&root, folders)).ok()?.flatten().map(|entry| entry.path());
                let matches = |path: &PathBuf| {
                    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) && path.is_dir()
                };
                found.filter(matches).min().map(|folder| (joined(&folder, behind), true))
            }
        }
    }

    fn root(&self, root: &str, set: &dyn Fn(&str) -> Option<PathBuf>) -> PathBuf {
        let xdg =
            || set("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).unwrap_or_else(|| self.home.join(".config"));
        match (root, self.os) {
            ("XDG", _) => xdg(),
            ("APP", On::Windows) => set("APPDATA").unwrap_or_else(|| joined(&self.home, "AppData/Roaming")),
            ("APP", On::Mac) => joined(&self.home, "Library/Application Support"),
            ("APP", _) => xdg(),
            _ => self.home.clone(),
        }
    }
}

/// Names below a folder, with the separator of this system.
fn joined(folder: &Path, names: &str) -> PathBuf {
    names.split('/').filter(|name| !name.is_empty()).fold(folder.to_owned(), |path, name| path.join(name))
}

/// Whether a file is there that can be started.
pub fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    let may_run = |file: fs::Metadata| std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = |_| true;
    fs::metadata(path).is_ok_and(|file| file.is_file() && may_run(file))
}

#[cfg(test)]
mod tests {
    use super::super::table::find;
    use super::*;

    /// The file of an editor below a home, with `~` for it.
    fn file(os: On, home: &Path, name: &str, variables: &[(&str, &str)]) -> String {
        let variable = |asked: &str| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| OsString::from(value.replace('~', home.to_str().unwrap())))
        };
        let host = Host { os, home: home.to_owned(), here: Some(home.to_owned()), variable: &variable };
        let path = host.file(find(name).unwrap()).unwrap();
        format!("~/{}", path.strip_prefix(home).unwrap().to_string_lossy().replace('\\', "/"))
    }

    #[test]
    fn each_system_has_its_places() {
        let home = tempfile::tempdir().unwrap();
        let on = |os, name| file(os, home.path(), name, &[]);
        for (name, linux, mac, windows) in [
            ("cursor", "~/.cursor/mcp.json", "~/.cursor/mcp.json", "~/.cursor/mcp.json"),
            (
                "vscode",
                "~/.config/Code/User/mcp.json",
                "~/Library/Application Support/Code/User/mcp.json",
                "~/AppData/Roaming/Code/User/mcp.json",
            ),
            (
                "zed",
                "~/.config/zed/settings.json",
                "~/.config/zed/settings.json",
                "~/AppData/Roaming/Zed/settings.json",
            ),
            (
                "claude-desktop",
                "~/.config/Claude/claude_desktop_config.json",
                "~/Library/Application Support/Claude/claude_desktop_config.json",
                "~/AppData/Roaming/Claude/claude_desktop_config.json",
            ),
            ("codex", "~/.codex/config.toml", "~/.codex/config.toml", "~/.codex/config.toml"),
            (
                "goose",
                "~/.config/goose/config.yaml",
                "~/.config/goose/config.yaml",
                "~/AppData/Roaming/Block/goose/config/config.yaml",
            ),
            (
                "opencode",
                "~/.config/opencode/opencode.json",
                "~/.config/opencode/opencode.json",
                "~/.config/opencode/opencode.json",
            ),
        ] {
            assert_eq!(
                (on(On::Linux, name), on(On::Mac, name), on(On::Windows, name)),
                (linux.into(), mac.into(), windows.into())
            );
        }
    }

    #[test]
    fn a_variable_a_package_and_a_file_that_is_there_decide() {
        let home = tempfile::tempdir().unwrap();
        let at = home.path();
        let moved = |name, variables: &[_]| file(On::Linux, at, name, variables);
        assert_eq!(moved("codex", &[("CODEX_HOME", "~/c")]), "~/c/config.toml");
        assert_eq!(moved("claude-code", &[("CLAUDE_CONFIG_DIR", "~/c")]), "~/c/.claude.json");
        assert_eq!(moved("zed", &[("XDG_CONFIG_HOME", "~/x")]), "~/x/zed/settings.json");
        assert_eq!(moved("opencode", &[("OPENCODE_CONFIG", "~/o.json")]), "~/o.json");
        fs::create_dir_all(at.join(".config/opencode")).unwrap();
        fs::write(at.join(".config/opencode/opencode.jsonc"), "{}").unwrap();
        assert_eq!(moved("opencode", &[]), "~/.config/opencode/opencode.jsonc");
        fs::create_dir_all(at.join(".cache/lm-studio")).unwrap();
        assert_eq!(moved("lmstudio", &[]), "~/.cache/lm-studio/mcp.json");
        // The package ignores the classic file, which is still there.
        fs::create_dir_all(at.join("AppData/Roaming/Claude")).unwrap();
        fs::write(at.join("AppData/Roaming/Claude/claude_desktop_config.json"), "{}").unwrap();
        fs::create_dir_all(at.join("AppData/Local/Packages/Claude_pzs8sxrjxfjjc")).unwrap();
        let local = [("LOCALAPPDATA", "~/AppData/Local")];
        assert_eq!(
            file(On::Windows, at, "claude-desktop", &local),
            "~/AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json"
        );
    }
}

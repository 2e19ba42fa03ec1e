//! `install` and `uninstall`: what comes into the files of editors, and that it goes again without a trace.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{Bridge, Legacy, User, binary, call, end_well};

const URL: &str = "https://mcp.example.com/mcp";

/// Every file that an editor reads on Linux, and what stands in it when nothing else does.
const ALONE: [(&str, &str, &str); 9] = [
    (
        "cursor",
        ".cursor/mcp.json",
        r#"{
  "mcpServers": {
    "example": {
      "command": "BIN",
      "args": [
        "https://mcp.example.com/mcp"
      ]
    }
  }
}
"#,
    ),
    (
        "vscode",
        ".config/Code/User/mcp.json",
        r#"{
  "servers": {
    "example": {
      "type": "stdio",
      "command": "BIN",
      "args": [
        "https://mcp.example.com/mcp"
      ]
    }
  }
}
"#,
    ),
    (
        "zed",
        ".config/zed/settings.json",
        r#"{
  "context_servers": {
    "example": {
      "source": "custom",
      "command": "BIN",
      "args": [
        "https://mcp.example.com/mcp"
      ],
      "env": {}
    }
  }
}
"#,
    ),
    (
        "roo",
        ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
        r#"{
  "mcpServers": {
    "example": {
      "command": "BIN",
      "args": [
        "https://mcp.example.com/mcp"
      ],
      "disabled": false,
      "alwaysAllow": []
    }
  }
}
"#,
    ),
    (
        "cline",
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        r#"{
  "mcpServers": {
    "example": {
      "command": "BIN",
      "args": [
        "https://mcp.example.com/mcp"
      ],
      "disabled": false,
      "autoApprove": []
    }
  }
}
"#,
    ),
    (
        "codex",
        ".codex/config.toml",
        r#"[mcp_servers.example]
command = "BIN"
args = ["https://mcp.example.com/mcp"]
env_vars = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "BROWSER", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "MCPBRIDGE_CONFIG_DIR", "MCPBRIDGE_CREDENTIAL_STORE"]
startup_timeout_sec = 120
"#,
    ),
    (
        "opencode",
        ".config/opencode/opencode.json",
        r#"{
  "mcp": {
    "example": {
      "type": "local",
      "command": [
        "BIN",
        "https://mcp.example.com/mcp"
      ],
      "enabled": true
    }
  }
}
"#,
    ),
    (
        "continue",
        ".continue/config.yaml",
        r#"mcpServers:
  - name: example
    type: stdio
    command: BIN
    args:
      - https://mcp.example.com/mcp
"#,
    ),
    (
        "goose",
        ".config/goose/config.yaml",
        r#"extensions:
  example:
    name: example
    type: stdio
    cmd: BIN
    args:
      - https://mcp.example.com/mcp
    enabled: true
    timeout: 300
"#,
    ),
];

#[test]
fn each_shape_is_written_as_its_editor_documents_it_and_goes_without_a_trace() {
    let user = User::bare();
    for (editor, path, text) in ALONE {
        let told = user.does(&["install", editor, URL]);
        assert!(told.stdout.contains("example was put into"), "{told:?}");
        assert_eq!(user.read(path), text.replace("BIN", binary().to_str().unwrap()), "{editor}");
        let told = user.does(&["uninstall", editor, URL]);
        assert!(told.stdout.contains("next:   it goes at once or, if not, with the next start"), "{told:?}");
        assert!(!user.at(path).exists(), "{editor}: nobody had this file before");
    }
    let receipts = fs::read_dir(user.at("state/mcpbridge/editors")).unwrap().count();
    assert_eq!(receipts, 0, "nothing is remembered of what is gone");
}

#[test]
fn every_editor_of_the_list_takes_an_entry() {
    let user = User::bare();
    let all = user.does(&["install", "--json"]).json();
    let editors = all["editors"].as_array().unwrap();
    assert!(editors.len() == 18 && editors.iter().all(|it| it["found"] == false), "{all}");
    let with_file: Vec<_> = editors.iter().filter(|it| !it["file"].is_null()).collect();
    assert_eq!(with_file.len(), 17, "{all}");
    for editor in with_file {
        let (name, file) = (editor["name"].as_str().unwrap(), editor["file"].as_str().unwrap());
        let said = user.does(&["install", name, URL, "--json"]).json();
        assert_eq!((&said["result"], &said["file"]), (&json!("installed"), &editor["file"]), "{said}");
        assert!(fs::read_to_string(file).unwrap().contains(URL), "{name}");
        let said = user.does(&["install", name, URL, "--json"]).json();
        assert_eq!(said["result"], "unchanged", "{name}");
    }
    let all = user.does(&["install", "--json"]).json();
    assert!(all["editors"].as_array().unwrap().iter().all(|it| it["found"] == true || it["file"].is_null()), "{all}");
    let shown = user.does(&["install"]).stdout;
    assert!(shown.contains("claude-desktop   found here  Claude Desktop"), "{shown}");
    // The files of some are below the folder of another one.
    for editor in all["editors"].as_array().unwrap().iter().rev().filter(|it| !it["file"].is_null()) {
        user.does(&["uninstall", editor["name"].as_str().unwrap(), URL]);
    }
    let all = user.does(&["install", "--json"]).json();
    assert!(all["editors"].as_array().unwrap().iter().all(|it| it["found"] == false), "no folder stays: {all}");
}

/// Files as editors and people leave them.
const GROWN: [(&str, &str, &str); 22] = [
    (
        "vscode-insiders",
        ".config/Code - Insiders/User/mcp.json",
        "// servers of mine\n{\n\t\"inputs\": [\n\t\t{ \"id\": \"key\", \"type\": \"promptString\", },\n\t],\n\t\"servers\": {\n\t\t/* the first */\n\t\t\"a\": { \"type\": \"http\", \"url\": \"https://a.example/\", }, // here\n\t},\n}\n",
    ),
    (
        "cline",
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        "{\n  \"mcpServers\": {\n    \"github.com/x/y\": {\n      \"autoApprove\": [],\n      \"disabled\": true,\n      \"timeout\": 60,\n      \"type\": \"stdio\",\n      \"command\": \"node\",\n      \"args\": [\n        \"/x/build/index.js\"\n      ]\n    }\n  }\n}",
    ),
    (
        "roo",
        ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
        "{\r\n\t\"mcpServers\": {\r\n\t\t\"a\": {\r\n\t\t\t\"command\": \"x\",\r\n\t\t\t\"alwaysAllow\": [\r\n\t\t\t\t\"one\"\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}\r\n",
    ),
    ("lmstudio", ".lmstudio/mcp.json", "{\n  \"mcpServers\": {}\n}"),
    (
        "junie",
        ".junie/mcp/mcp.json",
        "\u{feff}{ \"mcpServers\" : { \"a\" : { \"command\" : \"x\" , \"args\" : [ ] } } }",
    ),
    (
        "kiro",
        ".kiro/settings/mcp.json",
        "{\n    \"mcpServers\": {\n        \"fetch\": {\n            \"command\": \"uvx\",\n            \"args\": [\"mcp-server-fetch\"],\n            \"env\": {},\n            \"disabled\": true,\n            \"autoApprove\": []\n        }\n    },\n    \"powers\": { \"mcpServers\": { \"example\": {} } }\n}\n",
    ),
    (
        "opencode",
        ".config/opencode/opencode.json",
        "{\r\n  \"mcp\": {\r\n    // old form\r\n    \"a\": { \"type\": \"remote\", \"url\": \"https://a.example/\", \"enabled\": false, },\r\n  }\r\n}",
    ),
    (
        "goose",
        ".config/goose/config.yaml",
        "# mine\r\nextensions:\r\n  a:\r\n    enabled: true # on\r\n    type: stdio\r\n    cmd: x\r\n    args: []\r\n\r\n# end\r\n",
    ),
    (
        "cursor",
        ".cursor/mcp.json",
        "{\n\t\"mcpServers\": {\n\t\t\"other\": {\n\t\t\t\"url\": \"https://a.example/\"\n\t\t}\n\t}\n}",
    ),
    ("cursor", ".cursor/mcp.json", "{\"mcpServers\":{\"other\":{\"command\":\"npx\",\"args\":[\"-y\",\"x\"]}}}"),
    ("windsurf", ".codeium/windsurf/mcp_config.json", ""),
    ("windsurf", ".codeium/windsurf/mcp_config.json", "{}"),
    ("vscode", ".config/Code/User/mcp.json", "\u{feff}{\r\n\t\"inputs\": [],\r\n\t\"servers\": {}\r\n}\r\n"),
    (
        "zed",
        ".config/zed/settings.json",
        "// Zed settings\n//\n// For information see the docs\n{\n  \"theme\": \"One Dark\", // dark\n  \"vim_mode\": true,\n  /* servers */\n  \"context_servers\": {\n    \"a\": { \"command\": \"x\", \"args\": [], },\n    // \"b\": {},\n  },\n}\n",
    ),
    (
        "claude-desktop",
        ".config/Claude/claude_desktop_config.json",
        "{\n  \"globalShortcut\": \"\",\n  \"n\": 1.0,\n  \"big\": 12345678901234567890\n}",
    ),
    (
        "claude-code",
        ".claude.json",
        "{\n  \"numStartups\": 3,\n  \"projects\": {\n    \"/home/x\": {\n      \"mcpServers\": {}\n    }\n  }\n}",
    ),
    (
        "gemini",
        ".gemini/settings.json",
        "{\n  // mine\n  \"security\": { \"auth\": { \"selectedType\": \"oauth\" } }\n}\n",
    ),
    (
        "opencode",
        ".config/opencode/opencode.jsonc",
        "{\n    \"$schema\": \"https://opencode.ai/config.json\",\n    \"mcp\": {\n        \"servers\": {\n        },\n    },\n}\n",
    ),
    (
        "codex",
        ".codex/config.toml",
        "model = \"gpt\" # mine\r\n\r\n[mcp_servers.other]\r\ncommand = 'npx'\r\nargs = [\r\n  \"-y\", # yes\r\n]\r\n\r\n[projects.\"/home/x\"]\r\ntrust_level = \"trusted\"",
    ),
    (
        "continue",
        ".continue/config.yaml",
        "name: Local Assistant # mine\nversion: 1.0.0\nschema: v1\nmodels:\n  - name: a\n    provider: b\n\nmcpServers:\n- name: other\n  command: npx\n  args: [\"-y\", x]\n\n# last words\n",
    ),
    ("continue", ".continue/config.yaml", "name: Local Assistant\nmcpServers: []\nrules: []"),
    (
        "goose",
        ".config/goose/config.yaml",
        "GOOSE_PROVIDER: openai\nextensions:\n    developer:\n        bundled: true\n        enabled: true\n        type: builtin\nGOOSE_MODE: auto\n",
    ),
];

#[test]
fn a_grown_file_is_changed_and_brought_back_byte_for_byte() {
    for (editor, path, text) in GROWN {
        let user = User::bare();
        let file = user.write(path, text);
        user.does(&["install", editor, URL]);
        let changed = user.read(path);
        assert!(changed.contains(URL) && changed.contains("example"), "{editor}: {changed}");
        assert_eq!(changed.contains("\r\n"), text.contains("\r\n"), "{editor}: {changed:?}");
        assert_eq!(changed.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
        let told = user.does(&["install", editor, URL]);
        assert!(told.stdout.contains("already"), "{told:?}");
        assert_eq!(user.read(path), changed, "{editor}: a second time changes nothing");
        user.does(&["uninstall", editor, "example"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "{editor}");
        assert!(user.does(&["uninstall", editor, "example"]).stdout.contains("has no server example"));
    }
}

#[test]
fn an_entry_goes_also_when_the_note_of_it_and_the_copies_are_lost() {
    for (editor, path, text) in GROWN {
        let user = User::bare();
        user.write(path, text);
        user.does(&["install", editor, URL]);
        user.does(&["install", editor, "https://other.example/mcp", "--name", "second"]);
        user.does(&["uninstall", editor, URL]);
        let left = user.read(path);
        assert!(left.contains("https://other.example/mcp") && !left.contains(URL), "{editor}: {left}");
        user.does(&["uninstall", editor, "second"]);
        assert_eq!(user.read(path), text, "{editor}: they went in the other order");
        user.does(&["install", editor, URL]);
        fs::remove_dir_all(user.at("state")).unwrap();
        user.does(&["uninstall", editor, URL]);
        let left = user.read(path);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(!left.contains(URL) && !left.contains("second"), "{editor}: {left}");
        assert!(
            words(text).iter().all(|word| left.contains(word.trim_end_matches([',', '}', '{']))),
            "{editor}: {left}"
        );
    }
}

#[test]
fn what_the_person_adds_later_stays() {
    let user = User::bare();
    let file = user.write(".cursor/mcp.json", "{\n  \"mcpServers\": {}\n}\n");
    user.does(&["install", "cursor", URL]);
    let text =
        user.read(".cursor/mcp.json").replace("\"example\": {", "\"example\": {\n      \"disabled\": true, // mine");
    let text = text.replacen('{', "{\n  \"new\": 1,", 1);
    fs::write(&file, &text).unwrap();
    let told = user.does(&["install", "cursor", URL, "--ignore-tool", "delete*"]);
    assert!(told.stdout.contains("was put into"), "{told:?}");
    let changed = user.read(".cursor/mcp.json");
    assert!(changed.contains("\"disabled\": true, // mine") && changed.contains("\"delete*\""), "{changed}");
    user.does(&["uninstall", "cursor", URL]);
    assert_eq!(user.read(".cursor/mcp.json"), "{\n  \"new\": 1,\n  \"mcpServers\": {}\n}\n");
}

#[test]
fn variables_that_the_person_has_added_to_an_entry_stay_when_it_is_mended() {
    let user = User::bare();
    for (editor, path, before, mine) in [
        (
            "cursor",
            ".cursor/mcp.json",
            "\"env\": {",
            "\"env\": {\n        \"MINE\": \"1\", // mine\n        \"PORT\": 3000,",
        ),
        ("codex", ".codex/config.toml", "env = { ", "env = { MINE = \"1\", PORT = 3000, "),
        ("goose", ".config/goose/config.yaml", "envs:\n", "envs:\n      MINE: \"1\"\n      PORT: 3000\n"),
    ] {
        let with = [&["install", editor, URL][..], &["--header", "X-A: ${A}", "--header", "X-B: b c"]].concat();
        user.does(&with);
        let text = user.read(path);
        assert!(text.contains(before), "{editor}: {text}");
        let text =
            text.replace(before, mine).replace("\"DISPLAY\", ", "\"OWN\", \"DISPLAY\", ").replace("= 120", "= 300");
        fs::write(user.at(path), &text).unwrap();
        assert!(user.does(&with).stdout.contains("already"), "{editor}");
        // Without them nothing of ours is left.
        user.does(&["install", editor, URL, "--keep-alive", "--name", "example"]);
        let now = user.read(path);
        assert!(now.contains("MINE") && now.contains("3000") && now.contains("--keep-alive"), "{editor}: {now}");
        assert!(!now.contains("MCPBRIDGE_HEADER"), "{editor}: {now}");
        assert_eq!(now.contains("// mine"), editor == "cursor");
        assert_eq!(now.contains("\"OWN\", \"DISPLAY\"") && now.contains("= 300"), editor == "codex", "{now}");
    }
}

#[test]
fn a_variable_that_is_needed_no_more_leaves_nothing_behind() {
    for (editor, path, _) in ALONE {
        let (user, other) = (User::bare(), User::bare());
        user.does(&["install", editor, URL, "--header", "X-B: b c"]);
        user.does(&["install", editor, URL, "--name", "example"]);
        other.does(&["install", editor, URL]);
        let words = |user: &User| user.read(path).split_whitespace().collect::<String>();
        assert_eq!(words(&user), words(&other), "{editor}");
    }
}

#[test]
fn codex_and_gemini_pass_on_what_the_flags_behind_a_name_need() {
    let user = User::bare();
    let text = format!(
        "[defaults]\nproxy = 'http://u:${{PROXY_KEY}}@p.example:1'\n[servers.files]\nurl = '{URL}'\nheader = 'X-Key:${{SOME_KEY}}'\n\
         header-from = 'X-Other=env:OTHER_KEY'\naccount = 'work'\n\
         [servers.files.accounts.work]\nidp-token = 'env:WORK_TOKEN'\n[servers.files.accounts.home]\nidp-token = 'env:HOME_TOKEN'\n"
    );
    user.write(".config/mcpbridge/config.toml", &text);
    for (editor, path) in [("codex", ".codex/config.toml"), ("gemini", ".gemini/settings.json")] {
        user.does(&["install", editor, "files"]);
        let entry = user.read(path);
        for name in ["PROXY_KEY", "SOME_KEY", "OTHER_KEY", "WORK_TOKEN"] {
            assert!(entry.contains(name), "{editor} lacks {name}: {entry}");
        }
        assert!(!entry.contains("HOME_TOKEN"), "{entry}");
        user.does(&["install", editor, "files", "--account", "home"]);
        assert!(user.read(path).contains("HOME_TOKEN"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_touched_and_the_entry_is_there_to_paste() {
    for (editor, path, text, place) in [
        ("cursor", ".cursor/mcp.json", "{\n  \"mcpServers\": {,}\n}", "line 2, column 18"),
        ("cursor", ".cursor/mcp.json", "{\"mcpServers\": []}", "no object"),
        ("codex", ".codex/config.toml", "a = 1\nb = [\n", "line 2"),
        ("continue", ".continue/config.yaml", "a: 1\nb: [1\nc: 2\n", "line"),
        ("continue", ".continue/config.yaml", "mcpServers: [{name: a}]\n", "in one line"),
    ] {
        let user = User::bare();
        let file = user.write(path, text);
        let told = user.command(&["install", editor, URL]).told();
        told.expect(2, &[place, "nothing was changed", URL, "command"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert!(user.backups().is_empty());
    }
    let user = User::bare();
    let file = user.write(".cursor/mcp.json", "");
    fs::write(&file, b"\xff\xfe{\0}\0").unwrap();
    user.command(&["install", "cursor", URL]).told().expect(2, &["UTF-8"]);
    assert_eq!(fs::read(&file).unwrap(), b"\xff\xfe{\0}\0");
}

#[test]
fn an_entry_loses_no_flags_unless_it_is_named_and_another_account_has_its_own() {
    let user = User::bare();
    let cursor = ".cursor/mcp.json";
    let args = |name: &str| user.json(cursor)["mcpServers"][name]["args"].clone();
    user.does(&[
        "install",
        "cursor",
        URL,
        "--name",
        "mine",
        "--header-from",
        "X-Key=env:KEY",
        "--allow-tool",
        "read_*",
    ]);
    let before = user.read(cursor);
    let told = user.command(&["install", "cursor", URL]).told();
    told.expect(2, &["mine of Cursor is for this server already", "--header-from, --allow-tool", "--name mine"]);
    assert_eq!(user.read(cursor), before);
    user.does(&["install", "cursor", URL, "--account", "work"]);
    assert_eq!(args("mine"), json!([URL, "--header-from", "X-Key=env:KEY", "--allow-tool", "read_*"]));
    assert_eq!(args("example"), json!([URL, "--account", "work"]));
    user.does(&["install", "cursor", URL, "--account", "home"]);
    assert_eq!(args("example-home"), json!([URL, "--account", "home"]));
    assert!(user.does(&["install", "cursor", URL, "--account", "home"]).stdout.contains("has example-home already"));
    // Of the same owner, and another server.
    let other = user.command(&["install", "cursor", "https://docs.example.com/mcp"]).told();
    assert_eq!(args("docs"), json!(["https://docs.example.com/mcp"]), "{other:?}");
    let other = "https://mcp.example.com/other";
    user.command(&["install", "cursor", other]).told().expect(2, &["another server with the name example", "--name"]);
    user.command(&["uninstall", "cursor", URL]).told().expect(2, &["mine", "example-home", "say which"]);
    user.does(&["install", "cursor", URL, "--name", "mine"]);
    assert_eq!(args("mine"), json!([URL]));
}

#[test]
fn who_would_lose_flags_is_shown_how_the_file_would_change_and_no_secret() {
    let (user, cursor) = (User::bare(), ".cursor/mcp.json");
    user.does(&["install", "cursor", URL, "--allow-tool", "read_*"]);
    let own = "\"example\": {\n      \"env\": { \"API_KEY\": \"s3cret-value\" },";
    user.write(cursor, &user.read(cursor).replace("\"example\": {", own));
    let before = user.read(cursor);
    let told = user.command(&["install", "cursor", URL]).told();
    told.expect(2, &["would lose --allow-tool", "--name example"]);
    for line in ["--- ~/.cursor/mcp.json", "-        \"--allow-tool\",", "-        \"read_*\"", "\"API_KEY\": \"…\""]
    {
        assert!(told.stderr.contains(line), "{line}: {}", told.stderr);
    }
    assert!(!told.stderr.contains("s3cret") && user.read(cursor) == before, "{told:?}");
    let json = user.command(&["install", "cursor", URL, "--json"]).told();
    assert_eq!(json.stderr.lines().filter(|line| line.starts_with('{')).count(), 1, "{json:?}");
}

#[test]
fn an_entry_goes_also_from_a_file_that_the_editor_reads_no_more() {
    let user = User::bare();
    let file =
        |app: &str| format!(".config/{app}/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json");
    let (code, cursor, empty) = (file("Code"), file("Cursor"), "{\n  \"mcpServers\": {\n  }\n}\n");
    user.write(&cursor, empty);
    user.does(&["install", "cline", URL]);
    assert!(user.read(&cursor).contains(URL));
    // Cline comes to VS Code as well.
    user.write(&code, empty);
    let told = user.does(&["uninstall", "cline", URL]);
    assert!(told.stdout.contains("Cursor/User"), "{told:?}");
    assert_eq!((user.read(&cursor), user.read(&code)), (empty.to_owned(), empty.to_owned()));
    assert!(user.does(&["uninstall", "cline", URL]).stdout.contains("has no server"));
}

#[test]
fn the_folders_of_an_extension_go_with_the_entry_and_stay_with_a_file_of_somebody_else() {
    for (editor, folder) in [("cline", "saoudrizwan.claude-dev"), ("roo", "rooveterinaryinc.roo-cline")] {
        let user = User::bare();
        let storage = user.at(".config/Code/User/globalStorage");
        fs::create_dir_all(&storage).unwrap();
        user.does(&["install", editor, URL]);
        user.does(&["uninstall", editor, URL]);
        assert!(storage.exists() && !storage.join(folder).exists(), "{editor}");
        user.does(&["install", editor, URL]);
        let other = storage.join(folder).join("settings/other.json");
        fs::write(&other, "{}").unwrap();
        user.does(&["uninstall", editor, URL]);
        assert_eq!(fs::read_dir(other.parent().unwrap()).unwrap().count(), 1, "{editor}");
    }
}

/// What a run says that may do no more than its user: root may read and write everything.
#[cfg(unix)]
fn without_rights(user: &User, args: &[&str]) -> (i32, String) {
    use std::os::unix::process::CommandExt;
    let program = user.at("program/mcpbridge");
    if !program.exists() {
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::hard_link(binary(), &program).or_else(|_| fs::copy(binary(), &program).map(drop)).unwrap();
    }
    let mut command = std::process::Command::new(program);
    support::same_environment(&user.command(args).command(user.home.path()), &mut command);
    command.args(args).current_dir(user.home.path());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}

#[cfg(unix)]
const NOBODY: u32 = 65534;

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_or_written_is_an_error_with_a_remedy_and_nothing_is_lost() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let text = "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"npx\", \"args\": [\"mcp-remote\", \"https://a.example/mcp\"] }\n  }\n}\n";
    for (of_file, of_folder, words) in
        [(0o000, 0o700, "cannot be read"), (0o444, 0o700, "cannot be written"), (0o600, 0o500, "cannot be written")]
    {
        let user = User::bare();
        let file = user.write(".cursor/mcp.json", text);
        let folder = file.parent().unwrap();
        if rustix::process::geteuid().is_root() {
            for path in [user.home.path(), folder, &file] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        mode(&file, of_file);
        mode(folder, of_folder);
        let (code, said) = without_rights(&user, &["install", "cursor", URL]);
        assert!(code == 2 && said.contains(words) && said.contains("writable for you"), "{code}: {said}");
        let (_, said) = without_rights(&user, &["adopt"]);
        assert!(said.contains(words) && said.contains("nothing to take over"), "{said}");
        let (code, said) = without_rights(&user, &["doctor"]);
        assert_eq!(code == 2 && said.contains("cannot be read"), of_file == 0, "{said}");
        mode(folder, 0o700);
        mode(&file, 0o600);
        assert_eq!(user.read(".cursor/mcp.json"), text);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing is left beside it");
    }
}

#[test]
fn a_server_is_found_through_its_name_and_through_its_url() {
    let user = User::bare();
    user.write(".config/mcpbridge/config.toml", &format!("[servers.ex]\nurl = '{URL}'\n"));
    let cursor = ".cursor/mcp.json";
    let names = || user.json(cursor)["mcpServers"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    user.does(&["install", "cursor", "ex", "--name", "foo"]);
    assert!(user.does(&["install", "cursor", "ex"]).stdout.contains("has foo already"));
    assert_eq!(names(), ["foo"]);
    assert!(user.does(&["uninstall", "cursor", URL]).stdout.contains("foo was taken out"));
    user.does(&["install", "cursor", "ex", "--name", "foo"]);
    assert!(user.does(&["uninstall", "cursor", "ex"]).stdout.contains("foo was taken out"));
    user.does(&["install", "cursor", URL, "--name", "mine", "--keep-alive"]);
    user.command(&["install", "cursor", "ex"]).told().expect(2, &["would lose --keep-alive"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_refused_and_not_waited_for() {
    let user = User::bare();
    let pipe = |path: &str| {
        let path = user.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    };
    pipe(".cursor/mcp.json");
    user.command(&["install", "cursor", URL]).told().expect(2, &["mcp.json cannot be read: it is no regular file"]);
    user.command(&["uninstall", "cursor", URL]).told().expect(2, &["no regular file"]);
    assert!(user.does(&["adopt"]).stderr.contains("no regular file"));
    let doctor = user.command(&["doctor"]).told();
    assert!(doctor.code == 2 && doctor.stdout.contains("no regular file"), "{doctor:?}");
    pipe(".config/mcpbridge/config.toml");
    user.command(&["list"]).told().expect(2, &["config.toml cannot be read: it is no regular file", "move it away"]);
    user.command(&[URL]).told().expect(2, &["no regular file"]);
}

#[test]
fn an_entry_of_somebody_else_is_neither_replaced_nor_removed() {
    let text = "{\"mcpServers\": {\"example\": {\"command\": \"npx\", \"args\": [\"x\"]}}}";
    let user = User::bare();
    user.write(".cursor/mcp.json", text);
    user.command(&["install", "cursor", URL]).told().expect(2, &["another server", "--name"]);
    user.command(&["uninstall", "cursor", "example"]).told().expect(2, &["does not run mcpbridge"]);
    assert_eq!(user.read(".cursor/mcp.json"), text);
    user.does(&["install", "cursor", URL, "--name", "mine"]);
    // The server is known under this name from now on.
    assert!(user.does(&["install", "cursor", URL]).stdout.contains("has mine already"));
    user.does(&["uninstall", "cursor", URL]);
    assert_eq!(user.read(".cursor/mcp.json"), text);
}

#[cfg(unix)]
#[test]
fn mode_and_symbolic_link_stay_and_the_copy_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let user = User::bare();
    let real = user.write("dotfiles/cursor.json", "{ \"mcpServers\": { } }\n");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(user.at(".cursor")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/cursor.json", user.at(".cursor/mcp.json")).unwrap();
    user.does(&["install", "cursor", URL]);
    assert!(fs::symlink_metadata(user.at(".cursor/mcp.json")).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains(URL));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let backups = user.backups();
    assert_eq!(fs::read_to_string(&backups[0]).unwrap(), "{ \"mcpServers\": { } }\n");
    assert_eq!(fs::metadata(&backups[0]).unwrap().permissions().mode() & 0o777, 0o600);
    user.does(&["uninstall", "cursor", URL]);
    assert_eq!(fs::read_to_string(&real).unwrap(), "{ \"mcpServers\": { } }\n");
    assert!(fs::symlink_metadata(user.at(".cursor/mcp.json")).unwrap().is_symlink());
    // A link to nothing would be replaced by a file.
    fs::remove_file(&real).unwrap();
    user.command(&["install", "cursor", URL]).told().expect(2, &["symbolic link to nothing"]);
}

#[test]
fn a_dry_run_shows_the_change_and_makes_none() {
    let user = User::bare();
    let text = "{\n  \"a\": 1\n}\n";
    user.write(".cursor/mcp.json", text);
    let shown = user.does(&["install", "cursor", URL, "--dry-run"]).stdout;
    let expected = ["--- ~/.cursor/mcp.json", "@@ -1,3 +1,11 @@", "-  \"a\": 1", "+  \"a\": 1,", "+    \"example\": {"];
    assert!(expected.iter().all(|line| shown.lines().any(|it| it == *line)), "{shown}");
    let said = user.does(&["install", "cursor", URL, "--dry-run", "--json"]).json();
    assert!(said["dry_run"] == true && said["diff"].as_str().unwrap().contains("+    \"example\""), "{said}");
    assert_eq!(user.read(".cursor/mcp.json"), text);
    assert!(!user.at("state").exists(), "not even a folder is made");
    user.does(&["install", "cursor", URL]);
    let shown = user.does(&["uninstall", "cursor", URL, "--dry-run"]).stdout;
    assert!(shown.lines().any(|line| line == "-    \"example\": {"), "{shown}");
    assert_ne!(user.read(".cursor/mcp.json"), text);
}

#[test]
fn flags_come_into_the_entry_without_spaces_and_without_secrets() {
    let user = User::bare();
    let args = ["install", "cursor", URL, "3335", "--header", "X-A: ${A}", "--debug", "--name", "n", "--", "--ipv4"];
    user.does(&args);
    let file: Value = serde_json::from_str(&user.read(".cursor/mcp.json")).unwrap();
    assert_eq!(file["mcpServers"]["n"]["args"], json!([URL, "3335", "--header", "X-A:${A}", "--debug", "--ipv4"]));
    user.does(&["install", "gemini", URL, "--header", "Authorization: Bearer ${MY_TOKEN}"]);
    let file: Value = serde_json::from_str(&user.read(".gemini/settings.json")).unwrap();
    let env = json!({ "MCPBRIDGE_HEADER": "Authorization:Bearer ${MY_TOKEN}", "MY_TOKEN": "${MY_TOKEN}" });
    assert_eq!(file["mcpServers"]["example"], json!({ "command": binary(), "args": [URL], "env": env }));
    user.does(&["install", "codex", URL, "--header", "X-Api-Key:${MY_KEY}", "--header-from", "X=env:OTHER"]);
    assert!(user.read(".codex/config.toml").contains("\"MY_KEY\", \"OTHER\"]"), "{}", user.read(".codex/config.toml"));
    for (secret, instead) in [
        ("Authorization: Bearer s3cret-value", "--header-from 'Authorization=Bearer keychain:authorization'"),
        ("x-api-key:s3cret-value", "--header-from x-api-key=keychain:x-api-key"),
    ] {
        let told = user.command(&["install", "zed", URL, "--header", secret]).told();
        told.expect(2, &["would stand in the file", "mcpbridge secret set", instead]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
    let told = user.command(&["install", "zed", "https://me:s3cret-value@example.com/mcp"]).told();
    told.expect(2, &["the base64 of USER:PASSWORD", "--header-from 'Authorization=Basic keychain:NAME'"]);
    assert!(!told.stderr.contains("s3cret"), "{told:?}");
    assert!(!user.at(".config/zed").exists());
    user.command(&["install", "zed", URL, "--", "--hedaer", "x"]).told().expect(2, &["--hedaer"]);
    user.command(&["install", "zed", "example.com/mcp"]).told().expect(2, &["https://example.com/mcp"]);
    user.command(&["install", "zed", URL, "--name", "a_b"]).told().expect(2, &["letters, digits"]);
}

#[test]
fn what_says_where_sign_ins_are_kept_comes_into_the_entry() {
    let user = User::bare();
    let state = user.at("elsewhere");
    let launch = user.command(&["install", "cursor", URL]).env("MCPBRIDGE_CONFIG_DIR", &state);
    launch.env("MCPBRIDGE_CREDENTIAL_STORE", "file").told().expect(0, &[]);
    let file: Value = serde_json::from_str(&user.read(".cursor/mcp.json")).unwrap();
    let env = json!({ "MCPBRIDGE_CONFIG_DIR": state, "MCPBRIDGE_CREDENTIAL_STORE": "file" });
    assert_eq!(file["mcpServers"]["example"]["env"], env);
}

#[test]
fn what_was_installed_relays() {
    let server = Legacy::new().start();
    let user = User::bare();
    user.does(&["install", "claude-desktop", &server.url(), "--header", "X-Word: two words"]);
    let file: Value = serde_json::from_str(&user.read(".config/Claude/claude_desktop_config.json")).unwrap();
    let entry = &file["mcpServers"]["local"];
    assert_eq!(Path::new(entry["command"].as_str().unwrap()), binary());
    let args = entry["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
    let mut launch = Bridge::bare().args(args);
    for (name, value) in entry["env"].as_object().unwrap() {
        launch = launch.env(name, value.as_str().unwrap());
    }
    let mut bridge = launch.ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    assert_eq!(server.requests()[0].header("x-word"), Some("two words"));
}

#[test]
fn the_file_of_a_project_is_the_one_in_this_folder() {
    let user = User::bare();
    let told = user.command(&["install", "vscode", URL, "--project", "--json"]).told();
    let file = PathBuf::from(told.expect(0, &[]).json()["file"].as_str().unwrap());
    assert!(file.ends_with(".vscode/mcp.json") && !file.starts_with(user.home.path()), "{told:?}");
    assert!(!user.at(".config/Code").exists());
    user.command(&["install", "windsurf", URL, "--project"]).told().expect(2, &["no file for a project"]);
}

#[test]
fn an_entry_or_a_link_is_printed_where_nothing_shall_be_written() {
    let user = User::bare();
    let shown = user.does(&["install", "opencode", URL, "--print"]).stdout;
    assert!(serde_json::from_str::<Value>(&shown).unwrap()["mcp"]["example"]["command"][1] == URL, "{shown}");
    let told = user.does(&["install", "jetbrains", URL]);
    assert!(told.stderr.contains("As JSON") && told.stdout.contains("\"mcpServers\""), "{told:?}");
    for (editor, prefix) in [
        ("cursor", "cursor://anysphere.cursor-deeplink/mcp/install?name=example&config="),
        ("lmstudio", "lmstudio://add_mcp?name=example&config="),
        ("vscode", "vscode:mcp/install?%7B"),
    ] {
        let told = user.does(&["install", editor, URL, "--link"]);
        let link = told.stdout.trim();
        assert!(link.starts_with(prefix) && !link.contains([' ', '"', '{', '+']), "{link}");
    }
    user.command(&["install", "zed", URL, "--link"]).told().expect(2, &["no links"]);
    assert!(!user.at("state").exists() && !user.at(".cursor").exists());
}

#[test]
fn a_name_that_some_editor_refuses_is_an_error_with_one_that_all_take() {
    let user = User::new();
    for (name, proposed) in
        [("my_srv", ", for example my-srv"), (" a.b ", ", for example a-b"), ("é", "digits and -\n")]
    {
        user.command(&["install", "cursor", URL, "--name", name]).told().expect(2, &["no name that all", proposed]);
    }
    assert!(!user.at(".cursor/mcp.json").exists());
}

#[test]
fn an_unknown_editor_is_an_error_with_the_known_ones() {
    let user = User::bare();
    user.command(&["install", "emacs", URL]).told().expect(2, &["\"emacs\"", "cursor, vscode", "claude-code"]);
    user.command(&["install", "curser", URL]).told().expect(2, &["did you mean cursor?"]);
    user.command(&["install", "cursor"]).told().expect(2, &["no URL", "mcpbridge install cursor https"]);
    let told = user.command(&["uninstall", "jetbrains", "ex"]).told();
    told.expect(2, &["keeps its servers in no file", "take it out there"]);
    assert!(!told.stderr.contains("--print"), "{told:?}");
    let told = user.command(&["install", "emacs", URL, "--json"]).told();
    assert_eq!(support::json(told.expect(2, &[]).stderr.trim())["error"]["code"], "usage");
}

#[cfg(unix)]
#[test]
fn claude_code_is_asked_to_write_its_file_itself_and_a_refusal_is_no_loss() {
    let user = User::bare();
    let log = user.at("asked");
    let file = user.write(".claude.json", "{\n  \"numStartups\": 3\n}");
    // Writes the entry as the real one does, and says what it was asked.
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\n[ \"$2\" = add-json ] && printf '{{\"numStartups\":4,\"mcpServers\":{{\"%s\":%s}}}}' \"$5\" \"$6\" > '{1}'\n[ \"$2\" = remove ] && printf '{{\"numStartups\":5}}' > '{1}'\nexit 0\n",
        log.display(),
        file.display()
    );
    program(&user, "claude", &script);
    user.does(&["install", "claude-code", URL]);
    let asked = fs::read_to_string(&log).unwrap();
    assert!(asked.starts_with("mcp\nadd-json\n--scope\nuser\nexample\n{"), "{asked}");
    let now: Value = serde_json::from_str(&user.read(".claude.json")).unwrap();
    assert!(now["numStartups"] == 4 && now["mcpServers"]["example"]["type"] == "stdio", "{now}");
    assert_eq!(user.backups().len(), 1);
    assert!(user.does(&["install", "claude-code", URL]).stdout.contains("already"));
    fs::write(&file, user.read(".claude.json").replace('4', "44")).unwrap();
    user.does(&["uninstall", "claude-code", URL]);
    assert_eq!(user.read(".claude.json"), "{\"numStartups\":5}");
    assert!(fs::read_to_string(&log).unwrap().starts_with("mcp\nremove\n--scope\nuser\nexample"));
    program(&user, "claude", "#!/bin/sh\nexit 1\n");
    user.does(&["install", "claude-code", URL]);
    assert!(user.read(".claude.json").contains(URL));
    user.does(&["uninstall", "claude-code", URL]);
    assert_eq!(user.read(".claude.json"), "{\"numStartups\":5}");
}

#[cfg(unix)]
fn program(user: &User, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = user.write(&format!("bin/{name}"), script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

//! `.mcpbridge.toml`: a project may take tools away, and chooses an account only once it was trusted to.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use support::{Bridge, Launch, Legacy, Outcome, Server, Told, initialize, request};
use tempfile::TempDir;

/// Somebody who has a server named `files`, with two accounts, and a project that they did not write.
struct Desk {
    home: TempDir,
    server: Server,
}

impl Desk {
    fn new() -> Self {
        let names = ["read_file", "read_mail", "write_file"];
        let tools: Vec<String> =
            names.iter().map(|name| format!(r#"{{"name":"{name}","inputSchema":{{}}}}"#)).collect();
        let list = format!(r#"{{"tools":[{}]}}"#, tools.join(","));
        let server =
            Legacy::new().on("tools/list", move |request, reply| reply.result(request, &list)).start().may_be_unused();
        let home = TempDir::new().unwrap();
        fs::create_dir_all(home.path().join("mcpbridge")).unwrap();
        fs::create_dir_all(home.path().join("project/deep/down")).unwrap();
        let desk = Desk { home, server };
        desk.configure("");
        desk
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "[servers.files]\nurl = '{}'\n{more}\n[servers.files.accounts.work]\nheader = 'X-Who: work'\n\
             [servers.files.accounts.home]\nheader = 'X-Who: home'\n",
            self.server.url()
        );
        fs::write(self.home.path().join("mcpbridge/config.toml"), text).unwrap();
    }

    fn project(&self) -> PathBuf {
        self.home.path().join("project")
    }

    fn asks(&self, text: &str) {
        fs::write(self.project().join(".mcpbridge.toml"), text).unwrap();
    }

    fn runs(&self, args: &[&str]) -> Launch {
        Bridge::bare().args(args).home(self.home.path())
    }

    fn told(&self, args: &[&str]) -> Told {
        let scratch = TempDir::new().unwrap();
        let mut command = self.runs(args).command(scratch.path());
        command.current_dir(self.project());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Told { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The tools that an editor sees which works in `folder`.
    fn tools(&self, launch: Launch, folder: &Path) -> Vec<String> {
        let mut bridge = launch.spawn_as(|command| {
            command.current_dir(folder);
        });
        bridge.shake_hands("2025-06-18");
        bridge.send(request(1, "tools/list"));
        let tools = bridge.expect_result("1")["tools"].clone();
        tools.as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned).collect()
    }

    /// A start in the project, with what the server was told of the account.
    fn who(&self, args: &[&str]) -> (Outcome, Option<String>) {
        let seen = self.server.requests().len();
        let mut bridge = self.runs(args).spawn_as(|command| {
            command.current_dir(self.project());
        });
        bridge.send(initialize(0, "2025-06-18"));
        bridge.close_stdin();
        let outcome = bridge.outcome();
        let who = self.server.requests().get(seen).and_then(|request| request.header("x-who").map(str::to_owned));
        (outcome, who)
    }
}

#[test]
fn a_project_takes_tools_away_and_gives_none() {
    let desk = Desk::new();
    let project = desk.project();
    assert_eq!(desk.tools(desk.runs(&["files"]), &project).len(), 3);
    desk.asks("[servers.files]\nallow-tool = ['read_*', 'write_*']\nignore-tool = 'read_mail'\n");
    assert_eq!(desk.tools(desk.runs(&["files"]), &project), ["read_file", "write_file"]);
    // From below as well, and not from beside it.
    assert_eq!(desk.tools(desk.runs(&["files"]), &project.join("deep/down")).len(), 2);
    assert_eq!(desk.tools(desk.runs(&["files"]), desk.home.path()).len(), 3);
    // What the person hides stays hidden, wherever they say it.
    desk.configure("allow-tool = 'read_*'");
    assert_eq!(desk.tools(desk.runs(&["files"]), &project), ["read_file"]);
    assert!(desk.tools(desk.runs(&["files", "--allow-tool", "read_mail"]), &project).is_empty());
    desk.configure("ignore-tool = 'write_*'");
    assert_eq!(desk.tools(desk.runs(&["files"]), &project), ["read_file"]);
    // A URL is not a server of the project's.
    assert_eq!(desk.tools(desk.runs(&[&desk.server.url()]), &project).len(), 3);
}

#[test]
fn a_hidden_tool_cannot_be_called_either() {
    let desk = Desk::new();
    desk.asks("[servers.files]\nallow-tool = 'read_*'\n");
    let mut bridge = desk.runs(&["files"]).spawn_as(|command| {
        command.current_dir(desk.project());
    });
    bridge.shake_hands("2025-06-18");
    bridge.send(support::request_with(1, "tools/call", r#"{"name":"write_file"}"#));
    bridge.expect_error("1", &["write_file"]);
    assert_eq!(desk.server.count("tools/call"), 0);
}

#[test]
fn a_tool_passes_only_if_the_person_and_the_project_let_it_and_the_text_says_who_does_not() {
    let desk = Desk::new();
    desk.configure("ignore-tool = 'read_mail'");
    desk.asks("[servers.files]\nallow-tool = 'read_*'\n");
    let tools = desk.told(&["tools", "files"]);
    assert_eq!(tools.expect(0, &[]).stdout, "read_file\n");
    desk.told(&["call", "files", "write_file"]).expect(2, &["hidden by allow-tool in", ".mcpbridge.toml"]);
    desk.told(&["call", "files", "read_mail"]).expect(2, &["hidden by ignore-tool in line 3 of", "config.toml"]);
    let mut bridge = desk.runs(&["files", "--ignore-tool", "read_f*"]).spawn_as(|command| {
        command.current_dir(desk.project());
    });
    bridge.shake_hands("2025-06-18");
    for (id, tool, who) in
        [("1", "read_file", "(hidden by --ignore-tool)"), ("2", "write_file", "(hidden by allow-tool in ")]
    {
        bridge.send(support::request_with(id, "tools/call", &format!(r#"{{"name":"{tool}"}}"#)));
        let error = bridge.expect_code(id, -32602);
        assert!(error["message"].as_str().unwrap().contains(who), "{error}");
    }
    assert_eq!(desk.server.count("tools/call"), 0);
}

#[test]
fn the_nearest_file_counts() {
    let desk = Desk::new();
    desk.asks("[servers.files]\nallow-tool = 'read_*'\n");
    fs::write(desk.project().join("deep/.mcpbridge.toml"), "[servers.files]\nallow-tool = 'write_*'\n").unwrap();
    assert_eq!(desk.tools(desk.runs(&["files"]), &desk.project().join("deep/down")), ["write_file"]);
}

#[test]
fn an_account_is_chosen_only_by_a_file_that_was_trusted_as_it_is() {
    let desk = Desk::new();
    desk.asks("[servers.files]\naccount = 'work'\n");
    let refused = |words: &[&str]| {
        let (outcome, who) = desk.who(&["files"]);
        assert_eq!((outcome.code, who), (2, None), "{}", outcome.stderr);
        for word in words {
            assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
        }
    };
    refused(&["line 2 of", ".mcpbridge.toml", "\"work\"", "mcpbridge trust"]);
    assert!(desk.told(&["trust"]).expect(0, &[]).stdout.contains("files is used with the account work"));
    assert_eq!(desk.who(&["files"]).1.as_deref(), Some("work"));

    // Any other byte is another file.
    desk.asks("[servers.files]\naccount = 'home'\n");
    refused(&["has changed since it was trusted"]);
    desk.asks("[servers.files]\naccount = 'work'\n");
    assert_eq!(desk.who(&["files"]).1.as_deref(), Some("work"));

    desk.told(&["trust", "--remove"]).expect(0, &[]);
    refused(&["mcpbridge trust"]);
}

#[test]
fn what_was_trusted_in_one_folder_is_not_in_another() {
    let desk = Desk::new();
    desk.asks("[servers.files]\naccount = 'work'\n");
    desk.told(&["trust"]).expect(0, &[]);
    let copy = desk.project().join("deep");
    fs::copy(desk.project().join(".mcpbridge.toml"), copy.join(".mcpbridge.toml")).unwrap();
    let outcome = desk.runs(&["files"]).spawn_as(|command| {
        command.current_dir(&copy);
    });
    let outcome = outcome.outcome();
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
}

#[test]
fn who_chooses_the_account_asks_no_project() {
    let desk = Desk::new();
    desk.asks("[servers.files]\naccount = 'work'\n");
    assert_eq!(desk.who(&["files", "--account", "home"]).1.as_deref(), Some("home"));
    desk.told(&["trust"]).expect(0, &[]);
    assert_eq!(desk.who(&["files", "--account", "home"]).1.as_deref(), Some("home"));
    // The project is above the server's own choice.
    desk.configure("account = 'home'");
    assert_eq!(desk.who(&["files"]).1.as_deref(), Some("work"));
}

#[test]
fn all_else_in_it_is_an_error_and_reaches_no_server() {
    let desk = Desk::new();
    for (text, line) in [
        ("[servers.files]\nurl = 'https://evil.example/'\n", 2),
        ("[servers.files]\nheader = 'X: ${HOME}'\n", 2),
        ("[servers.other]\ncommand = 'sh'\n", 2),
        ("[servers.files]\nallow-http = true\n", 2),
        ("[defaults]\nlog-file = '/tmp/x'\n", 1),
    ] {
        desk.asks(text);
        for args in [&["files"][..], &["trust"], &["login", "files"]] {
            desk.told(args).expect(2, &[&format!("line {line} of"), ".mcpbridge.toml", "decides what is sent where"]);
        }
    }
    assert!(desk.server.requests().is_empty());
    // It does not stop who does not use a name.
    assert_eq!(desk.tools(desk.runs(&[&desk.server.url()]), &desk.project()).len(), 3);
}

#[test]
fn trust_says_what_it_trusts_and_lists_what_has_changed() {
    let desk = Desk::new();
    desk.told(&["trust"]).expect(2, &["there is no .mcpbridge.toml"]);
    assert!(desk.told(&["trust", "--list"]).expect(0, &[]).stdout.contains("no file of a project is trusted"));
    desk.asks("[servers.files]\naccount = 'work'\n");
    let told = desk.told(&["trust", "--json"]).json();
    assert_eq!((&told["schema_version"], &told["servers"][0]["account"]), (&Value::from(1), &Value::from("work")));
    let listed = desk.told(&["trust", "--list", "--json"]).json();
    assert_eq!((listed["files"].as_array().unwrap().len(), &listed["files"][0]["unchanged"]), (1, &Value::from(true)));
    desk.asks("[servers.files]\naccount = 'home'\n");
    assert!(desk.told(&["trust", "--list"]).expect(0, &[]).stdout.contains("has changed"));
    // Also when the file is gone.
    let path = desk.project().join(".mcpbridge.toml");
    fs::remove_file(&path).unwrap();
    let told = desk.told(&["trust", "--remove", path.to_str().unwrap(), "--json"]).json();
    assert_eq!(told["was_trusted"], true);
    assert!(desk.told(&["trust", "--list"]).expect(0, &[]).stdout.contains("no file"));
}

#[test]
fn what_a_trust_that_was_killed_has_left_is_not_listed_and_goes_with_the_next() {
    let desk = Desk::new();
    desk.asks("[servers.files]\naccount = 'work'\n");
    let folder = desk.home.path().join("mcpbridge/trusted");
    for next in [&["trust"][..], &["trust", "--remove"]] {
        desk.told(&["trust"]).expect(0, &[]);
        let note = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let left = folder.join(format!(".{}-AbCd12.mcpbridge", note.file_name().unwrap().to_str().unwrap()));
        fs::copy(&note, &left).unwrap();
        let listed = desk.told(&["trust", "--list", "--json"]).json();
        assert_eq!(listed["files"].as_array().unwrap().len(), 1, "{listed}");
        desk.told(next).expect(0, &[]);
        assert!(!left.exists(), "{next:?}");
    }
}

#[test]
fn trust_is_taken_back_by_the_folder_also_from_a_file_that_is_damaged_or_gone() {
    let desk = Desk::new();
    let path = desk.project().join(".mcpbridge.toml");
    let was = |args: &[&str]| desk.told(args).expect(0, &[]).json()["was_trusted"].clone();
    for asked in [&[][..], &["."], &["deep/.."], &["deep/down"], &["../project"]] {
        for damage in [None, Some("[servers.files\n")] {
            desk.asks("[servers.files]\naccount = 'work'\n");
            desk.told(&["trust"]).expect(0, &[]);
            match damage {
                Some(text) => desk.asks(text),
                None => fs::remove_file(&path).unwrap(),
            }
            assert_eq!(was(&[&["trust", "--remove", "--json"], asked].concat()), true, "{asked:?} {damage:?}");
        }
    }
    #[cfg(unix)]
    {
        let elsewhere = desk.home.path().join("elsewhere.toml");
        fs::write(&elsewhere, "[servers.files]\naccount = 'work'\n").unwrap();
        fs::remove_file(&path).unwrap_or_default();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        desk.told(&["trust"]).expect(0, &[]);
        assert_eq!(was(&["trust", "--remove", "--json", "."]), true);
        fs::remove_file(&path).unwrap();
    }
    // The folder above is not the one that it is above of.
    desk.asks("[servers.files]\naccount = 'work'\n");
    desk.told(&["trust", ".."]).expect(2, &["there is no .mcpbridge.toml"]);
}

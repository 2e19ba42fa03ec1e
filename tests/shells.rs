//! Completion in the shells themselves: bash, zsh and fish, with a person who presses the Tab key.
#![cfg(unix)]

mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use support::*;
use tempfile::TempDir;

const TOOLS: &str = r#"{"tools":[
    {"name":"echo","description":"Says it back. And more.","inputSchema":{"type":"object","properties":{"message":{"type":"string"},"loud":{"type":"boolean"},"tone":{"enum":["low","high","@/etc/passwd"]},"raw:":{},"@x":{}},"required":["message"]}},
    {"name":"read.file","inputSchema":{"type":"object"}},
    {"name":"--output=bitten","inputSchema":{"type":"object"}},{"name":"@bitten","inputSchema":{"type":"object"}},
    {"name":"$(touch bitten)","inputSchema":{"type":"object"}},
    {"name":"a\u001b[2Jb","description":"\u001b]0;title\u0007","inputSchema":{"type":"object"}}]}"#;

/// A person with two servers that have names, one of which was asked for its tools.
struct Person {
    home: TempDir,
    url: String,
}

impl Person {
    fn new() -> Self {
        let server =
            Legacy::new().on("tools/list", |request, reply| reply.result(request, &TOOLS.replace('\n', ""))).start();
        let person = Self { home: TempDir::new().unwrap(), url: server.url() };
        for name in ["example", "other"] {
            person.told(&["add", name, &format!("{}?of={name}", person.url)]).expect(0, &[]);
        }
        person.told(&["tools", "example"]).expect(0, &[]);
        person
    }

    fn told(&self, args: &[&str]) -> Told {
        Bridge::bare().args(args).home(self.home.path()).told()
    }

    /// What is offered in place of the last of `words`.
    fn offered(&self, words: &[&str]) -> Vec<String> {
        let (current, before) = words.split_last().unwrap();
        let current = format!("--current={current}");
        let args: Vec<&str> = ["complete", &current, "--"].into_iter().chain(before.iter().copied()).collect();
        let told = self.told(&args);
        assert_eq!(told.expect(0, &[]).stderr, "");
        told.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    }

    /// A shell of theirs, in which `mcpbridge` is the program under test.
    fn shell(&self, program: &str, args: &[&str], folder: &Path) -> Command {
        let ours = Bridge::bare().home(self.home.path()).command(folder);
        let mut command = Command::new(program);
        same_environment(&ours, &mut command);
        let bin = binary().parent().unwrap().to_owned();
        let path =
            std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
        command.args(args).current_dir(folder).env("PATH", path.unwrap()).env("LANG", "C.UTF-8");
        command
    }
}

/// Whether the tests can be run with this shell. Where everything is checked it has to be there.
fn is_there(shell: &str) -> bool {
    let there =
        Command::new(shell).arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    let must = std::env::var_os("CI").is_some_and(|value| !value.is_empty()) && cfg!(target_os = "linux");
    assert!(there || !must, "{shell} is not installed");
    there
}

fn script(name: &str) -> String {
    format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A shell at a terminal.
struct Typing {
    tty: Tty,
    lines: usize,
}

impl Typing {
    #[track_caller]
    fn new(person: &Person, program: &str, args: &[&str], prepare: &[&str]) -> Self {
        let scratch = TempDir::new().unwrap();
        std::fs::write(scratch.path().join("a-file.json"), "").unwrap();
        let command = person.shell(program, args, scratch.path());
        let mut typing = Self { tty: Tty::of(command, scratch), lines: 0 };
        for line in prepare {
            typing.enter(&format!("{line}\n"));
        }
        typing
    }

    /// Types `keys`, which end a line, and waits for the shell to be done with it. What was on the screen
    /// meanwhile.
    #[track_caller]
    fn enter(&mut self, keys: &str) -> String {
        let before = self.tty.screen().len();
        self.tty.type_keys(keys);
        self.lines += 1;
        // Not as it is typed, so that the echo of the terminal is not taken for it.
        self.tty.type_keys(&format!("printf '<%s>' done {}\n", self.lines));
        self.tty.wait(&format!("<done><{}>", self.lines))[before..].to_owned()
    }

    /// The words of the line that comes of `typed` and a Tab.
    #[track_caller]
    fn completed(&mut self, typed: &str) -> Vec<String> {
        // To the beginning of the line, and it prints its words instead of being run.
        let screen = self.enter(&format!("{typed}\t\u{1}printf '[%s]' here \n"));
        let words = screen.rsplit_once("[here]").unwrap_or_else(|| panic!("{screen:?}")).1;
        let words = words.split_once("]<").or(words.rsplit_once(']')).unwrap_or_else(|| panic!("{screen:?}")).0;
        words.trim_start_matches('[').split("][").map(|word| word.trim_end_matches(']').to_owned()).collect()
    }

    /// What the screen shows at a Tab that leaves several ways to go on.
    #[track_caller]
    fn listed(&mut self, typed: &str, until: &str) -> String {
        let before = self.tty.screen().len();
        self.tty.type_keys(&format!("{typed}\t\t"));
        let mut screen = self.tty.wait(typed);
        while !screen[before..].contains(until) {
            screen = self.tty.wait(until);
        }
        // Ctrl-U, and what is left of it on the screen does not matter.
        self.tty.type_keys("\u{15}");
        screen[before..].to_owned()
    }
}

/// What is typed the same in bash and zsh.
#[track_caller]
fn completes(typing: &mut Typing, person: &Person) {
    for (typed, completed) in [
        ("mcpbridge unin", "mcpbridge uninstall"),
        ("mcpbridge login exa", "mcpbridge login example"),
        ("mcpbridge exa", "mcpbridge example"),
        ("mcpbridge example --log-f", "mcpbridge example --log-file"),
        ("mcpbridge call --debug example ec", "mcpbridge call --debug example echo"),
        ("mcpbridge call example echo mess", "mcpbridge call example echo message="),
        ("mcpbridge call example echo tone=h", "mcpbridge call example echo tone=high"),
        ("mcpbridge call example --protocol=leg", "mcpbridge call example --protocol=legacy"),
        ("mcpbridge call example --transport sse-o", "mcpbridge call example --transport sse-only"),
        ("mcpbridge --log-file a-f", "mcpbridge --log-file a-file.json"),
        ("mcpbridge --log-file=a-f", "mcpbridge --log-file=a-file.json"),
        ("mcpbridge install curs", "mcpbridge install cursor"),
        ("mcpbridge secret rem", "mcpbridge secret remove"),
        ("mcpbridge completions fi", "mcpbridge completions fish"),
    ] {
        let words: Vec<&str> = completed.split(' ').collect();
        assert_eq!(typing.completed(typed), words, "{typed}");
    }
    // Behind a URL, which bash has cut at its colons.
    let url = format!("{}?of=example", person.url);
    assert_eq!(typing.completed(&format!("mcpbridge call '{url}' ec")), ["mcpbridge", "call", &url, "echo"]);
    let listed = typing.listed("mcpbridge call example ", "read.file");
    assert!(listed.contains("echo"), "{listed:?}");
    assert!(!listed.contains("bitten") && !listed.contains("[2J") && !listed.contains("title"), "{listed:?}");
}

#[test]
fn bash_completes() {
    // The bash of macOS is of 2007, and has no way to leave out the space behind a word.
    let version = Command::new("bash").args(["-c", "echo ${BASH_VERSINFO[0]}"]).output();
    let is_old = version.is_ok_and(|version| matches!(version.stdout.as_slice(), b"1\n" | b"2\n" | b"3\n"));
    if !is_there("bash") || is_old {
        return;
    }
    let person = Person::new();
    let source = format!("source {}", script("mcpbridge.bash"));
    let prepare = ["PS1='> '", "bind 'set enable-bracketed-paste off'", "bind 'set bell-style none'", &source];
    let mut typing = Typing::new(&person, "bash", &["--norc", "--noprofile", "-i"], &prepare);
    completes(&mut typing, &person);
}

#[test]
fn zsh_completes() {
    if !is_there("zsh") {
        return;
    }
    let person = Person::new();
    let fpath = format!("fpath=({} $fpath)", script(""));
    let dump = person.home.path().join("dump");
    let compinit = format!("autoload -U compinit; compinit -u -d {}", dump.display());
    let prepare = ["PS1='> '", "unset zle_bracketed_paste", "unsetopt beep prompt_sp", &fpath, &compinit, "bindkey -e"];
    let mut typing = Typing::new(&person, "zsh", &["-f", "-i"], &prepare);
    completes(&mut typing, &person);
    let listed = typing.listed("mcpbridge call example ", "Says it back");
    assert!(listed.contains("echo"), "{listed:?}");
}

#[test]
fn fish_completes() {
    if !is_there("fish") {
        return;
    }
    let person = Person::new();
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a-file.json"), "").unwrap();
    let complete = |typed: &str| {
        let source = format!("source {}; complete -C '{typed}'", script("mcpbridge.fish"));
        let output = person.shell("fish", &["--no-config", "-c", &source], folder.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{typed}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (typed, words) in [
        ("mcpbridge unin", &["uninstall"][..]),
        ("mcpbridge login ", &["example", "other"]),
        ("mcpbridge exa", &["example"]),
        ("mcpbridge call --debug example ", &["echo", "read.file"]),
        ("mcpbridge call example echo ", &["loud=false", "loud=true", "message=", "tone=high", "tone=low"]),
        ("mcpbridge call example --protocol=leg", &["--protocol=legacy"]),
        ("mcpbridge --log-file a-f", &["a-file.json"]),
        ("mcpbridge --log-file=a-f", &["--log-file=a-file.json"]),
        ("mcpbridge list ", &[]),
        ("mcpbridge list --", &["--color", "--help", "--json"]),
    ] {
        let all = complete(typed);
        let mut offered: Vec<&str> = all.lines().map(|line| line.split('\t').next().unwrap()).collect();
        offered.sort_unstable();
        assert_eq!(offered, words, "{typed}");
    }
    assert!(complete("mcpbridge call example ec").contains("echo\tSays it back"), "with what it is about");
}

#[test]
fn what_a_server_calls_its_tools_does_nothing_on_a_command_line() {
    let person = Person::new();
    assert_eq!(person.offered(&["call", "example", ""]), ["echo", "read.file"]);
    assert_eq!(person.offered(&["call", "example", "echo", "tone="]), ["tone=low", "tone=high"]);
    let all = person.offered(&["call", "example", "echo", ""]);
    assert_eq!(all, ["message=", "loud=true", "loud=false", "tone=low", "tone=high"]);
}

#[test]
fn tools_of_a_server_with_a_sign_in_are_those_that_a_relay_heard_last() {
    let world =
        World::over(Legacy::new().on("tools/list", |request, reply| reply.result(request, &TOOLS.replace('\n', ""))));
    let mut bridge = world.relay(&Human::prompt()).ready();
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    // The bridge opens its standing stream when it likes.
    let asked = || world.server.matching(|request| request.method == "POST").len();
    let before = asked();
    let complete =
        |args: &[&str]| Bridge::bare().args(["complete", "--current=", "--"]).args(args).home(world.home.path()).told();
    let url = world.server.url();
    // Remembering is no part of the answer, and may end after it.
    let deadline = Instant::now() + PATIENCE;
    let told = loop {
        let told = complete(&["call", &url]);
        if !told.stdout.is_empty() {
            break told;
        }
        assert!(Instant::now() < deadline, "{told:?}");
    };
    assert!(told.expect(0, &[]).stdout.starts_with("echo\tSays it back"), "{told:?}");
    // Who has no name for a server is offered the URL, and nobody was asked for all of it.
    assert!(complete(&["logout"]).stdout.contains(&url));
    assert_eq!(asked(), before);
    world.assert_kept_secret(&[&told.stdout]);
    end_well(bridge);
}

#[test]
fn nothing_that_is_wrong_is_told_to_somebody_who_presses_tab() {
    let person = Person::new();
    let state = person.home.path().join("mcpbridge");
    for file in files(&state.join("last")) {
        std::fs::write(file.0, "{").unwrap();
    }
    assert_eq!(person.offered(&["call", "example", ""]), Vec::<String>::new());
    assert_eq!(person.offered(&["call", "nobody", ""]), Vec::<String>::new());
    assert_eq!(person.offered(&["call", "--no-such-flag", "example", "--help", "--", "--", ""]), Vec::<String>::new());
    std::fs::write(state.join("config.toml"), "[servers").unwrap();
    assert!(person.offered(&["login", ""]).is_empty());
    assert!(person.offered(&[""]).contains(&"login".to_owned()));
    let told = Bridge::bare()
        .args(["complete", "--current=", "--", "login"])
        .env("MCPBRIDGE_CONFIG_DIR", "~/x")
        .env("MCPBRIDGE_CREDENTIAL_STORE", "nonsense")
        .told();
    assert_eq!((told.code, told.stdout.as_str(), told.stderr.as_str()), (0, "", ""));
}

//! Secrets that come from elsewhere: headers from variables, files, the store and commands, and tokens of a command.

mod support;

use std::{fs, path::Path, sync::Arc};

use support::{
    Authorization, Bridge, Launch, PATIENCE, Protected, Request, Told, VERSION, call, files, initialize, json, refusal,
};
use tempfile::TempDir;

#[test]
fn headers_come_from_variables_files_the_store_and_commands() {
    let door = Door::new(|request| {
        let is = |name: &str, value: &str| request.header(name) == Some(value);
        is("x-file", "s3cret file") && is("x-kept", "s3cret-kept") && is("authorization", "Bearer s3cret-variable")
    });
    fs::write(door.home.path().join("key"), "s3cret file\n").unwrap();
    door.secret("set", "work", "s3cret-kept\n").expect(0, &[]);
    let log = door.home.path().join("log");
    let mut bridge = door
        .relay()
        .args(["--header-from", &format!("X-File=file:{}", door.home.path().join("key").display())])
        .args(["--header-from", "x-kept=keychain:work"])
        .args(["--header-from", "Authorization=Bearer env:TOKEN_OF_A_TEST"])
        .args(["--debug", "--log-file", &log.to_string_lossy()])
        .env("TOKEN_OF_A_TEST", "s3cret-variable")
        .ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    for text in [bridge.stderr(), fs::read_to_string(log).unwrap()] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_secret_is_kept_in_the_store_alone_until_it_is_removed() {
    let door = Door::new(|request| request.header("x-key") == Some("s3cret-two"));
    door.secret("set", "work", "s3cret-one\n").expect(0, &[]);
    let told = door.secret("set", "work", "s3cret-two\n");
    assert!(told.expect(0, &[]).stdout.contains("keychain:work") && !told.stdout.contains("s3cret"), "{told:?}");
    door.relay().args(["--header-from", "X-Key=keychain:work"]).ready();
    for (path, text) in files(door.home.path()) {
        let is_store = path.strip_prefix(door.home.path().join("mcpbridge/credentials")).is_ok();
        assert!(is_store || !text.contains("s3cret"), "the secret is in {}", path.display());
    }
    let status = Bridge::bare().args(["status", "--json"]).home(door.home.path()).told();
    assert_eq!(status.json()["accounts"].as_array().map(Vec::len), Some(0), "a secret is no account: {status:?}");
    let told = Bridge::bare().args(["secret", "remove", "work", "--json"]).home(door.home.path()).told();
    assert_eq!(told.expect(0, &[]).json()["result"], "removed");
    let told = Bridge::bare().args(["secret", "remove", "work", "--json"]).home(door.home.path()).told();
    assert_eq!(told.expect(0, &[]).json()["result"], "not_there");
    assert!(files(door.home.path()).iter().all(|(_, text)| !text.contains("s3cret")), "the secret is still there");
    let relay = door.relay().args(["--header-from", "X-Key=keychain:work"]);
    relay.at_shell().told().expect(2, &["keychain:work is not there", "mcpbridge secret set work"]);
}

#[test]
fn a_secret_that_is_nothing_is_refused_and_memory_keeps_none() {
    let home = TempDir::new().unwrap();
    for typed in ["", "\n", " \r\n"] {
        let mut shell = Bridge::bare().args(["secret", "set", "work"]).home(home.path()).at_shell();
        shell.type_bytes(typed.as_bytes());
        shell.told().expect(2, &["empty"]);
    }
    let memory = Bridge::bare().args(["secret", "set", "work", "--json"]).env("MCPBRIDGE_CREDENTIAL_STORE", "memory");
    let mut shell = memory.at_shell();
    shell.type_bytes(b"s3cret");
    let told = shell.told();
    told.expect(8, &["memory", "MCPBRIDGE_CREDENTIAL_STORE"]);
    assert_eq!(json(&told.stderr)["error"]["code"], "store_unavailable");
}

#[test]
fn a_source_that_has_no_secret_is_named_and_nothing_of_it_is_shown() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("two"), "s3cret\nlines").unwrap();
    let two = format!("X-Key=file:{}", home.path().join("two").display());
    for (source, words) in [
        ("X-Key=env:NOT_SET_IN_A_TEST", &["env:NOT_SET_IN_A_TEST is not set", "set the variable"][..]),
        ("X-Key=file:/nowhere/s", &["file:/nowhere/s cannot be read"]),
        ("X-Key=s3cret", &["--header-from x-key", "keychain:"]),
        ("s3cret", &["--header-from", "NAME=SOURCE"]),
        ("s3cret key=env:A", &["header name"]),
        ("Mcp-Session-Id=env:HOME", &["part of the transport"]),
        (&two, &["file:", "line break"]),
    ] {
        let told = Bridge::launch("http://127.0.0.1:9/mcp").args(["--header-from", source]).home(home.path()).told();
        told.expect(2, words);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_for_a_header_that_fails_or_prints_nothing_is_named_without_its_arguments() {
    for (command, words) in [
        ("sh -c 'echo hint >&2; exit 3' s3cret", &["cmd:sh … ended with exit code 3", "cmd:sh …: hint"][..]),
        ("true s3cret", &["cmd:true … printed nothing"]),
        ("/nowhere/vault s3cret", &["cmd:/nowhere/vault … cannot be started", "path"]),
        ("sh 's3cret", &["quote"]),
    ] {
        let source = format!("X-Key=cmd:{command}");
        let told = Bridge::launch("http://127.0.0.1:9/mcp").args(["--header-from", &source]).told();
        told.expect(2, words);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_token_of_a_command_is_used_until_it_is_refused_and_then_asked_for_once_more() {
    let door = Door::guarded();
    door.write_token("s3cret-one");
    door.lets_in("s3cret-one");
    let mut bridge = door.relay().args(["--debug", "--token-command", &door.command()]).ready();
    for id in 1..4 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
    }
    assert_eq!(door.asked(), 1, "what was printed is used again");
    door.write_token("s3cret-two");
    door.lets_in("s3cret-two");
    bridge.send(call(4));
    bridge.expect_result("4");
    assert_eq!(door.asked(), 2);
    // Now the vault has nothing better.
    door.lets_in("s3cret-three");
    bridge.send(call(5));
    let answer = bridge.answer("5");
    for word in ["refuses the token", "cmd:sh …", "HTTP 401", "auth_required"] {
        assert!(answer.contains(word), "{answer}");
    }
    assert_eq!(door.asked(), 3, "once for a refusal");
    // It may have something later.
    door.write_token("s3cret-three");
    bridge.send(call(6));
    bridge.expect_result("6");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 3, "one request lacked a token");
    assert!(!bridge.stderr().contains("s3cret"), "{}", bridge.stderr());
}

#[cfg(unix)]
#[test]
fn a_token_of_a_command_is_not_used_longer_than_it_says() {
    let door = Door::guarded();
    door.write_token(r#"{"access_token":"s3cret-one","expires_in":0}"#);
    door.lets_in("s3cret-one s3cret-two");
    let mut bridge = door.relay().args(["--token-command", &door.command()]).ready();
    door.write_token(r#"{"access_token":"s3cret-two","expires_in":3600}"#);
    // The shortest life is some seconds, which are waited for by asking.
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut id = 1;
    while door.asked() < 2 {
        assert!(std::time::Instant::now() < deadline, "the command is not asked again");
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        id += 1;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let seen = door.server.requests();
    assert!(seen.iter().any(|request| request.header("authorization") == Some("Bearer s3cret-two")));
}

#[cfg(unix)]
#[test]
fn a_command_without_a_token_is_an_error_that_names_it_for_every_request() {
    let door = Door::guarded();
    for (command, words) in [
        ("sh -c 'echo s3cret; exit 2'", &["cmd:sh …", "exit code 2"][..]),
        ("true s3cret", &["cmd:true …", "printed nothing"]),
        ("echo '{\"error\":\"s3cret\"}'", &["cmd:echo …", "access_token"]),
        ("echo two words", &["cmd:echo …", "no token"]),
    ] {
        let mut bridge = door.relay().args(["--token-command", command]).spawn();
        bridge.send(initialize(0, VERSION));
        let text = refusal(&mut bridge, words);
        assert!(!text.contains("s3cret"), "{text}");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 3, "{}", bridge.stderr());
        assert!(!bridge.stderr().contains("s3cret"), "{}", bridge.stderr());
    }
    for missing in ["mcpbridge-no-such-program s3cret", "/nowhere/vault s3cret"] {
        let program = missing.split(' ').next().unwrap();
        let told = door.relay().args(["--token-command", missing]).told();
        told.expect(2, &[&format!("cmd:{program} …"), "cannot be started", "write its whole path"]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
        Bridge::bare().args(["login", &door.server.url(), "--token-command", missing]).told().expect(2, &[program]);
    }
    door.relay().args(["--token-command", "' "]).told().expect(2, &["--token-command", "quote"]);
    let both = door.relay().args(["--token-command", "true", "--header", "Authorization: Bearer s3cret"]);
    both.told().expect(2, &["--token-command", "Authorization"]);
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_fails_once_for_all_who_wait_for_it() {
    let door = Door::guarded();
    door.write_token("s3cret-one");
    door.lets_in("s3cret-one");
    let at = |name: &str| door.home.path().join(name).display().to_string();
    // While its gate is shut the vault hangs, and then it fails.
    let command = format!(
        "sh -c 'echo asked >>{}; cat {} && exit; while [ ! -e {} ]; do sleep 0.1; done; sleep 1; exit 3'",
        at("asked"),
        at("token"),
        at("gate")
    );
    let mut bridge = door.relay().args(["--token-command", &command]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(door.asked(), 1);
    fs::remove_file(at("token")).unwrap();
    door.lets_in("s3cret-two");
    let before = door.server.requests().len();
    for id in 2..6 {
        bridge.send(call(id));
    }
    let deadline = std::time::Instant::now() + PATIENCE;
    while door.server.requests().len() < before + 4 {
        assert!(std::time::Instant::now() < deadline, "not all calls were refused");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::write(at("gate"), "").unwrap();
    for id in 2..6 {
        let answer = bridge.answer(&id.to_string());
        assert!(answer.contains("exit code 3"), "{answer}");
    }
    assert_eq!(door.asked(), 2, "one run for four requests");
    // The next one tries again.
    door.write_token("s3cret-two");
    bridge.send(call(6));
    bridge.expect_result("6");
}

#[cfg(unix)]
#[test]
fn login_tries_the_token_of_a_command() {
    let door = Door::guarded();
    door.write_token("s3cret-one");
    let login = || {
        let login = Bridge::bare().args(["login", &door.server.url(), "--token-command", &door.command()]);
        login.home(door.home.path()).told()
    };
    login().expect(3, &["refuses the token", "cmd:sh …"]);
    door.lets_in("s3cret-one");
    let told = login();
    assert!(told.expect(0, &[]).stdout.contains("no sign-in is needed"), "{told:?}");
    assert!(files(&door.home.path().join("mcpbridge")).is_empty(), "nothing is kept");
}

/// A server that lets some in, and the home of the user.
struct Door {
    home: TempDir,
    server: Protected,
}

impl Door {
    fn new(lets_in: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        Self::in_home(TempDir::new().unwrap(), lets_in)
    }

    fn in_home(home: TempDir, lets_in: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        let desk = Authorization::start(|_| ()).may_be_unused().desk();
        let server = Protected::start(&desk, |it| {
            it.challenge = Vec::new();
            it.documents = Vec::new();
            it.also = Some(Arc::new(lets_in));
        });
        // Some tests are about relays that never come to it.
        Self { home, server: server.may_be_unused() }
    }

    /// Lets in who has a token of the file `right`.
    fn guarded() -> Self {
        let home = TempDir::new().unwrap();
        let right = home.path().join("right");
        Self::in_home(home, move |request| {
            let right = fs::read_to_string(&right).unwrap_or_default();
            let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            token.is_some_and(|token| right.split(' ').any(|right| right == token))
        })
    }

    fn lets_in(&self, token: &str) {
        fs::write(self.home.path().join("right"), token).unwrap();
    }

    fn write_token(&self, printed: &str) {
        fs::write(self.home.path().join("token"), printed).unwrap();
    }

    /// Prints what was written, and notes that it was asked.
    fn command(&self) -> String {
        let path = |name: &str| self.home.path().join(name).display().to_string();
        format!("sh -c 'echo asked >>{}; cat {}' s3cret", path("asked"), path("token"))
    }

    fn asked(&self) -> usize {
        count_lines(&self.home.path().join("asked"))
    }

    fn relay(&self) -> Launch {
        Bridge::to(&self.server).home(self.home.path())
    }

    #[track_caller]
    fn secret(&self, verb: &str, name: &str, typed: &str) -> Told {
        let mut shell = Bridge::bare().args(["secret", verb, name]).home(self.home.path()).at_shell();
        shell.type_bytes(typed.as_bytes());
        shell.told()
    }
}

fn count_lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

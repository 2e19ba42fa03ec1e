//! Keys that a person gives once: kept like a token, sent with every request, and written into no file of an editor.

mod support;

use std::{fs, sync::Arc};

use support::{
    Authorization, Bridge, Human, Launch, Legacy, PATIENCE, Protected, Request, Server, Told, VERSION, World, call,
    files, initialize, refusal,
};
use tempfile::TempDir;

#[test]
fn a_key_is_read_from_stdin_and_sent_in_its_header_with_every_request() {
    let shop = Shop::new(|request| request.header("x-mcp-api-key") == Some("s3cret-key"));
    let told = shop.keep(&["--api-key-header", "X-MCP-API-Key"], "s3cret-key\n");
    assert!(!told.stderr.contains("white space"), "a final newline is no white space: {told:?}");
    let kept = format!("kept the API key for {} in a file in ", shop.server.url());
    assert!(told.stdout.starts_with(&kept) && !told.stdout.contains("; kept"), "{told:?}");
    let log = shop.home.path().join("log");
    let mut bridge = shop.relay(&["--debug", "--log-file", &log.to_string_lossy()]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    for request in &shop.server.requests() {
        assert_eq!(request.header("x-mcp-api-key"), Some("s3cret-key"), "{} {}", request.method, request.path);
    }
    for kind in ["GET", "DELETE", "notifications/initialized"] {
        shop.server.wait(1, kind);
    }
    for text in [told.stdout, told.stderr, bridge.stderr(), fs::read_to_string(log).unwrap()] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    shop.assert_only_in_the_store();
}

#[test]
fn a_key_for_the_query_is_put_there_and_is_seen_nowhere_else() {
    let shop = Shop::new(|request| request.path.contains("api_key=s3cret+key%26%3D%3F"));
    shop.keep(&["--api-key-query", "api_key"], "s3cret key&=?\n");
    let log = shop.home.path().join("log");
    let mut bridge = shop.relay(&["--debug", "--log-file", &log.to_string_lossy()]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    for text in [bridge.stderr(), fs::read_to_string(log).unwrap()] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    shop.assert_only_in_the_store();
}

#[test]
fn white_space_around_a_key_is_left_out_with_a_note() {
    for typed in ["  s3cret-key", "s3cret-key \n", "\ts3cret-key\t\r\n", "\n\ns3cret-key\n"] {
        let shop = Shop::new(|request| request.header("x-key") == Some("s3cret-key"));
        let told = shop.keep(&["--api-key-header", "X-Key"], typed);
        assert!(told.stderr.contains("white space"), "{typed:?}: {told:?}");
        shop.relay(&[]).ready();
    }
    for typed in ["s3cret-key", "s3cret-key\n", "s3cret-key\r\n"] {
        let shop = Shop::new(|request| request.header("x-key") == Some("s3cret-key"));
        let told = shop.keep(&["--api-key-header", "X-Key"], typed);
        assert!(!told.stderr.contains("white space"), "{typed:?}: {told:?}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_what_was_kept_stays() {
    let shop = Shop::new(|request| request.header("x-key") == Some("s3cret-key"));
    shop.keep(&["--api-key-header", "X-Key"], "s3cret-key\n");
    for (typed, word) in [
        ("", "empty"),
        ("\n", "empty"),
        ("  \t \r\n", "empty"),
        ("s3cret\nother\n", "line break"),
        ("s3cret\rother", "line break"),
        ("s3cret\0other", "control character"),
        ("s3cret\u{1b}[31m", "control character"),
    ] {
        let told = shop.login(&["--api-key-header", "X-Key"], typed);
        told.expect(2, &[word]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
    let told = shop.login(&["--api-key-header", "X-Key"], b"s3cret\xff\xfe".as_slice());
    told.expect(2, &[]);
    for name in ["", "no header", "X-Key: value", "Host", "Content-Length", "Mcp-Session-Id", "Accept"] {
        shop.login(&["--api-key-header", name], "s3cret-key").expect(2, &["header"]);
    }
    shop.login(&["--api-key-query", ""], "s3cret-key").expect(2, &["--api-key-query"]);
    shop.relay(&[]).ready();
}

#[test]
fn a_key_that_is_not_ascii_is_sent_as_it_was_typed() {
    let shop = Shop::new(|request| request.header("x-key").is_some_and(|key| key.starts_with("schl")));
    shop.keep(&["--api-key-header", "X-Key"], "schlüssel\n");
    shop.relay(&[]).ready();
}

#[test]
fn two_keys_for_one_server_are_two_accounts() {
    let shop = Shop::new(|request| request.header("x-key").is_some_and(|key| key.starts_with("s3cret-")));
    shop.keep(&["--api-key-header", "X-Key", "--account", "work"], "s3cret-work");
    shop.keep(&["--api-key-header", "X-Key", "--account", "home"], "s3cret-home");
    for (account, key) in [("work", "s3cret-work"), ("home", "s3cret-home")] {
        let from = shop.server.requests().len();
        let mut bridge = shop.relay(&["--account", account]).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        for request in &shop.server.requests()[from..] {
            assert_eq!(request.header("x-key"), Some(key), "{account}");
        }
    }
    let status = Bridge::bare().args(["status", "--json"]).home(shop.home.path()).told();
    let accounts = status.expect(0, &[]).json()["accounts"].as_array().unwrap().clone();
    let mut names: Vec<&str> = accounts.iter().map(|it| it["account"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["home", "work"]);
    assert!(accounts.iter().all(|it| it["kind"] == "api_key"));
    // The account without a name has none.
    let human = Human::at_ease();
    let mut bridge = shop.relay(&[]).human(&human).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &[]);
}

#[test]
fn a_key_that_the_server_refuses_is_kept_with_a_warning_and_named_in_the_error() {
    let shop = Shop::new(|_| false);
    let told = shop.keep(&["--api-key-header", "X-Key"], "s3cret-wrong");
    assert!(told.stderr.contains("refuses this key"), "{told:?}");
    let human = Human::at_ease();
    let mut bridge = shop.relay(&[]).human(&human).spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &["api key", "mcpbridge login"]);
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(human.windows(), 0, "a wrong key is no reason for a sign-in");
}

/// Servers like to say which key they do not know.
#[test]
fn a_server_that_repeats_the_key_does_not_get_it_into_an_error() {
    for status in [400, 403, 404, 500] {
        let home = TempDir::new().unwrap();
        let server = Server::start(move |request, reply| {
            let key = request.header("x-key").or(request.path.split_once("key=").map(|(_, key)| key));
            let text = format!("the key {} is not good enough", key.unwrap_or("(none)"));
            reply.text(status, &text);
        });
        for place in [["--api-key-header", "X-Key"], ["--api-key-query", "key"]] {
            let login = Bridge::bare().args(["login", &server.url()]).args(place).home(home.path());
            type_into(login, "s3cret-key").expect(0, &[]);
            let mut bridge = Bridge::to(&server).home(home.path()).arg("--debug").spawn();
            bridge.send(initialize(0, VERSION));
            let answer = bridge.answer("0");
            assert!(answer.contains(&status.to_string()) && !answer.contains("s3cret"), "{answer}");
            assert!(!bridge.stderr().contains("s3cret"), "{}", bridge.stderr());
        }
    }
}

/// As servers in other languages write it by default.
#[test]
fn a_server_that_repeats_the_key_in_another_spelling_does_not_get_it_into_an_error_or_a_file() {
    for spelled in [
        "S3CRET%2f1%2bMORE%3d%3d",
        "S3CRET/1%2BMORE%3D%3D",
        r"S3CRET/1\u002BMORE\u003D\u003D",
        r"S3CRET\u002f1\u002bMORE\u003d\u003d",
        "S3CRET/1&#43;MORE&#x3D;&#61;",
        "UzNDUkVULzErTU9SRT09",
    ] {
        for status in [400, 401, 500] {
            let home = TempDir::new().unwrap();
            let server = Server::start(move |_, reply| {
                let challenge =
                    format!(r#"Bearer error="invalid_token", error_description="{}""#, spelled.replace('\\', r"\\"));
                reply.header("WWW-Authenticate", challenge).text(status, &format!("the key {spelled} is no good"));
            });
            let log = home.path().join("log");
            let launch = Bridge::to(&server).home(home.path()).args(["--header", "X-Key: ${KEY}", "--log-file"]);
            let mut bridge = launch.arg(&log).arg("--debug").env("KEY", "S3CRET/1+MORE==").spawn();
            bridge.send(initialize(0, VERSION));
            let answer = bridge.answer("0");
            bridge.close_stdin();
            bridge.wait_exit(PATIENCE);
            let mut told = vec![answer, bridge.stderr()];
            told.extend(files(home.path()).into_iter().map(|(_, text)| text));
            for text in &told {
                assert!(!text.contains("S3CRET") && !text.contains("MORE") && !text.contains("UzNDUk"), "{text}");
            }
        }
    }
}

#[test]
fn a_server_that_repeats_the_token_does_not_get_it_into_an_error() {
    let echoing = Legacy::new().on("tools/call", |request, reply| {
        reply.text(500, &format!("I was told {}", request.header("authorization").unwrap_or_default()));
    });
    let world = World::over(echoing);
    let human = Human::prompt();
    let mut bridge = world.relay(&human).arg("--debug").ready();
    bridge.send(call(1));
    let text = bridge.answer("1");
    world.assert_kept_secret(&[&text, &bridge.stderr()]);
}

#[test]
fn a_running_relay_takes_up_a_new_key_and_the_end_of_it() {
    let shop = Shop::new(|request| request.header("x-key").is_some_and(|key| key.starts_with("s3cret-")));
    shop.keep(&["--api-key-header", "X-Key"], "s3cret-one");
    let mut bridge = shop.relay(&[]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    shop.keep(&["--api-key-header", "X-Key"], "s3cret-two");
    shop.server.wait_for(1, "a request with the new key", |request| {
        request.is("initialize") && request.header("x-key") == Some("s3cret-two") && !request.id().contains("login")
    });
    bridge.send(call(2));
    bridge.expect_result("2");
    let told = Bridge::bare().args(["logout", &shop.server.url()]).home(shop.home.path()).told();
    told.expect(0, &[]);
    shop.assert_nowhere();
}

/// A server that takes a key of its own and knows nothing of tokens.
struct Shop {
    home: TempDir,
    server: Protected,
}

impl Shop {
    fn new(knows: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        let desk = Authorization::start(|_| ()).may_be_unused().desk();
        let server = Protected::start(&desk, |it| {
            it.challenge = Vec::new();
            it.documents = Vec::new();
            it.also = Some(Arc::new(knows));
        });
        Self { home: TempDir::new().unwrap(), server }
    }

    fn login(&self, flags: &[&str], typed: impl AsRef<[u8]>) -> Told {
        let login = Bridge::bare().args(["login", &self.server.url()]).args(flags.iter().copied());
        type_into(login.home(self.home.path()), typed)
    }

    #[track_caller]
    fn keep(&self, flags: &[&str], typed: &str) -> Told {
        let told = self.login(flags, typed);
        told.expect(0, &[]);
        assert!(!told.stdout.contains(typed.trim()) && !told.stderr.contains(typed.trim()), "{told:?}");
        told
    }

    fn relay(&self, flags: &[&str]) -> Launch {
        Bridge::to(&self.server).args(flags.iter().copied()).home(self.home.path())
    }

    #[track_caller]
    fn assert_only_in_the_store(&self) {
        for (path, text) in files(self.home.path()) {
            let is_store = path.strip_prefix(self.home.path().join("mcpbridge/credentials")).is_ok();
            assert!(is_store || !text.contains("s3cret"), "the key is in {}", path.display());
        }
    }

    #[track_caller]
    fn assert_nowhere(&self) {
        for (path, text) in files(self.home.path()) {
            assert!(!text.contains("s3cret"), "the key is in {}", path.display());
        }
    }
}

#[track_caller]
fn type_into(login: Launch, typed: impl AsRef<[u8]>) -> Told {
    let mut shell = login.at_shell();
    shell.type_bytes(typed.as_ref());
    shell.told()
}

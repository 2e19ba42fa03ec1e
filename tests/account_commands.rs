//! `login`, `logout` and `status`, as a person at a terminal and a script use them, and what a relay that runs makes of
//! them.

mod support;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    Answer, Bridge, Endpoint, ExpiresIn, Fault, HttpSse, Human, Legacy, PATIENCE, Server, Told, World, call, end_well,
    files, get,
};

#[test]
fn login_says_what_happens_and_where_the_token_is_and_no_secret() {
    let world = World::new();
    let human = Human::at_ease();
    let login = world.command("login").human(&human).at_shell();
    let visit = human.visit();
    let shown = login.wait_stderr("/authorize?");
    assert!(shown.contains(&visit.url), "the address is shown as it was opened: {shown}");
    assert_eq!(visit.consent().status, 200);
    let told = login.finish();
    told.expect(0, &["browser"]);
    assert!(told.stdout.contains("signed in to") && told.stdout.contains("kept in a file in "), "{told:?}");
    world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    world.needs_no_window();
}

#[test]
fn a_file_that_stands_in_for_a_keychain_is_said_at_login_in_status_and_at_the_start_of_a_relay() {
    let world = World::new();
    let human = Human::prompt();
    let auto = |command: &str| world.command(command).human(&human).env("MCPBRIDGE_CREDENTIAL_STORE", "auto").told();
    // There is no bus in this environment, so there is no Secret Service.
    let told = auto("login");
    assert!(told.expect(0, &[]).stdout.contains("because this system has no keychain service"), "{told:?}");
    let told = auto("status");
    assert!(told.expect(0, &[]).stdout.contains("(no keychain service)"), "{told:?}");
    let mut relay = world.relay(&human).env("MCPBRIDGE_CREDENTIAL_STORE", "auto").ready();
    relay.wait_stderr("because this system has no keychain service");
    // A command at a shell is no relay, and would say it each time.
    let told = auto("tools");
    assert!(!told.expect(0, &[]).stderr.contains("keychain"), "{told:?}");
    // Whoever chose a file is not told of it.
    let told = world.command("login").human(&human).told();
    assert!(!told.expect(0, &[]).stdout.contains("no keychain service"), "{told:?}");
}

#[test]
fn login_does_not_ask_who_is_signed_in_already_unless_forced() {
    let world = World::new();
    world.sign_in();
    let human = Human::prompt();
    let told = world.command("login").human(&human).told();
    assert!(told.expect(0, &[]).stdout.contains("already signed in to"), "{told:?}");
    assert_eq!(human.windows(), 0);
    let told = world.command("login").args(["--force", "--json"]).human(&human).told();
    assert_eq!(told.expect(0, &[]).json()["result"], "signed_in");
    assert_eq!(human.windows(), 1);
    // The token that nobody holds any more is of no use to a relay, and the server takes the new one.
    world.needs_no_window();
}

#[test]
fn login_renews_what_can_be_renewed_and_asks_where_it_cannot() {
    let world = World::with(|it| it.tokens.expires_in = ExpiresIn::Absent, |_| ());
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    let human = Human::prompt();
    let told = world.command("login").human(&human).told();
    told.expect(0, &[]);
    world.authorization.ledger.revoke_all();
    let windows = human.windows();
    world.command("login").human(&human).told().expect(0, &[]);
    assert_eq!(human.windows(), windows + 1);
    world.needs_no_window();
}

#[test]
fn login_to_a_server_that_asks_for_nothing_says_so() {
    let server = Legacy::new().start();
    let told = Bridge::bare().args(["login", &server.url()]).told();
    assert!(told.expect(0, &[]).stdout.contains("asks for no sign-in"), "{told:?}");
    let told = Bridge::bare().args(["login", &server.url(), "--json"]).told();
    assert_eq!(told.expect(0, &[]).json()["result"], "not_needed");
    assert!(!server.requests().iter().any(|request| request.path.contains("register")));
}

#[test]
fn login_to_an_address_without_a_server_names_the_status_and_asks_nobody() {
    let (page, text, json) = ("text/html", "text/plain", "application/json");
    let lost = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Not found"}}"#;
    for (status, kind, body, code, words) in [
        (
            404,
            text,
            "the endpoint is /mcp",
            6,
            ["there is nothing at", "is this the MCP URL?", "mcpbridge doctor http://"],
        ),
        (404, json, lost, 6, ["there is nothing at", "(HTTP 404)", "mcpbridge doctor"]),
        (404, page, "<html>", 6, ["a web page", "(HTTP 404)", "is this the MCP URL"]),
        (405, text, "", 6, ["refused the request", "(HTTP 405)", "mcpbridge doctor"]),
        (405, page, "<html>", 6, ["a web page", "(HTTP 405)", "is this the MCP URL"]),
        (400, text, "what?", 6, ["refused the request", "(HTTP 400)", "mcpbridge doctor"]),
        (302, text, "", 6, ["refused the request", "(HTTP 302)", "mcpbridge doctor"]),
        (403, page, "<html>", 6, ["a web page", "(HTTP 403)", "does a network want"]),
        (403, json, lost, 3, ["wants a credential (HTTP 403)", "offers no sign-in", "--api-key-header"]),
        (403, text, "no", 3, ["wants a credential (HTTP 403)", "offers no sign-in", "--api-key-header"]),
        (429, text, "", 5, ["has no time", "(HTTP 429)", "try again"]),
    ] {
        let server = Server::start(move |_, reply| reply.send(status, kind, body));
        for flags in [&[][..], &["--json"]] {
            let told = Bridge::bare().args(["login", &server.url()]).args(flags.iter().copied()).told();
            assert_eq!(told.expect(code, &words).stdout, "", "{status} {kind}");
        }
        assert!(!server.requests().iter().any(|request| request.path.contains("register")));
    }
}

#[test]
fn login_takes_a_refusal_of_mcp_or_a_stream_for_a_server_that_asks_for_nothing() {
    for (status, code) in [(400, -32600), (400, -32022), (404, -32601), (406, -32000)] {
        let server = Legacy::new().on("initialize", move |request, reply| reply.error(status, request, code, "no"));
        let server = server.start();
        let told = Bridge::bare().args(["login", &server.url()]).told();
        assert!(told.expect(0, &[]).stdout.contains("asks for no sign-in"), "{status} {code}: {told:?}");
    }
    for status in [400, 404, 405] {
        let sse = HttpSse::new().refusing_post(move |_, reply| reply.status(status));
        // It has no metadata, where this one would open a stream as well.
        let (server, _wire) = sse
            .on_get(|_, request, reply| match request.path.as_str() {
                "/mcp" => Some(reply),
                _ => {
                    reply.status(404);
                    None
                }
            })
            .start();
        let told = Bridge::bare().args(["login", &server.url()]).told();
        assert!(told.expect(0, &[]).stdout.contains("asks for no sign-in"), "{status}: {told:?}");
    }
}

/// One command less on the way to the key.
#[test]
fn who_says_nothing_of_a_sign_in_may_want_a_key_and_that_is_said_where_nobody_is_asked() {
    let server = Server::start(|request, reply| match request.path.as_str() {
        "/mcp" => reply.status(401),
        _ => reply.status(404),
    });
    let (url, home) = (server.url(), tempfile::tempdir().unwrap());
    let key = format!("mcpbridge login {url} --api-key-header NAME");
    for verb in ["tools", "doctor"] {
        let told = Bridge::bare().args([verb, &url]).home(home.path()).told();
        assert_eq!(told.code, 3, "{told:?}");
        let said = format!("{}{}", told.stdout, told.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&format!("run: mcpbridge login {url}; or")) && said.contains(&key), "{said}");
    }
    // Who publishes a sign-in is not taken for one that wants a key.
    let world = World::new();
    let told = world.command("tools").told();
    assert!(!told.expect(3, &["run: mcpbridge login"]).stderr.contains("api-key"), "{told:?}");
}

/// `tools` sends one here for what the GET is answered.
#[test]
fn login_to_an_http_sse_server_asks_for_what_its_stream_wants() {
    for status in [404, 405] {
        let server = Server::start(move |request, reply| match request.method.as_str() {
            "GET" if request.path == "/mcp" => {
                reply.header("www-authenticate", "Bearer").send(401, "text/plain", "who are you?");
            }
            "POST" => reply.status(status),
            _ => reply.status(404),
        });
        let told = Bridge::bare().args(["login", &server.url()]).told();
        told.expect(3, &["wants a credential", "offers no sign-in", "--api-key-header"]);
    }
}

#[test]
fn login_says_of_whom_the_server_does_not_let_in_that_it_does_not() {
    let world = World::over(Legacy::new().on("initialize", |_, reply| reply.text(403, "not you")));
    let told = world.command("login").human(&Human::prompt()).told();
    told.expect(4, &["does not let in who has signed in (HTTP 403)", "--force"]);
    let human = Human::at_ease();
    let told = world.command("login").human(&human).told();
    assert_eq!(told.expect(4, &["(HTTP 403)", "--force"]).stdout, "");
    assert_eq!(human.windows(), 0);
}

#[test]
fn login_to_a_server_in_trouble_says_to_wait_only_where_that_may_help() {
    for (status, kind, code, words, not) in [
        (501, "text/html", 6, "is this the MCP URL", "try again in a while"),
        (501, "text/plain", 6, "mcpbridge doctor", "try again in a while"),
        (500, "text/html", 6, "is this the MCP URL", "try again in a while"),
        (500, "text/plain", 5, "try again in a while", "MCP URL"),
        (503, "text/html", 5, "try again in a while", "MCP URL"),
        (511, "text/html", 5, "does a network want", "try again in a while"),
    ] {
        let server = Server::start(move |_, reply| reply.send(status, kind, "sorry"));
        let told = Bridge::bare().args(["login", &server.url()]).told();
        told.expect(code, &[&format!("(HTTP {status})"), words]);
        assert!(!told.stderr.contains(not), "{told:?}");
    }
}

#[test]
fn status_sends_nobody_to_a_login_that_found_no_sign_in_or_after_a_run_that_needed_none() {
    for goes_by_run in [false, true] {
        let (server, home) = (Legacy::new().start(), tempfile::tempdir().unwrap());
        let url = server.url();
        let command = |words: &[&str]| Bridge::bare().args(words).home(home.path()).told();
        command(&["status", &url]).expect(3, &[]);
        if goes_by_run {
            let mut bridge = Bridge::to(&server).home(home.path()).ready();
            bridge.send(call(1));
            bridge.expect_result("1");
            end_well(bridge);
        } else {
            command(&["login", &url]).expect(0, &[]);
        }
        for verb in ["status", "why"] {
            let told = command(&[verb, &url]);
            assert!(told.expect(0, &[]).stdout.contains("no sign-in is kept"), "{told:?}");
            assert!(!told.stdout.contains("run: mcpbridge login"), "{told:?}");
            let account = command(&[verb, &url, "--json"]).expect(0, &[]).json()["accounts"][0].clone();
            assert_eq!((&account["state"], &account["hint"]), (&Value::from("not_needed"), &Value::Null));
        }
        // Of another account nothing is known.
        command(&["status", &url, "--account", "work"]).expect(3, &[]);
        assert!(command(&["status"]).expect(0, &[]).stdout.contains("nobody is signed in"));
    }
}

#[test]
fn status_names_the_login_again_where_a_server_that_asked_for_none_has_changed_its_mind() {
    let (closed, home) = (Arc::new(AtomicBool::new(false)), tempfile::tempdir().unwrap());
    let is_closed = Arc::clone(&closed);
    let server = Server::start(move |request, reply| match request.kind().as_str() {
        "initialize" if !is_closed.load(Ordering::SeqCst) => {
            reply.result(request, &support::welcome("2025-06-18", "{}"));
        }
        "initialize" => reply.status(401),
        _ => reply.status(404),
    });
    let (url, command) = (server.url(), |words: &[&str]| Bridge::bare().args(words).home(home.path()).told());
    command(&["login", &url]).expect(0, &[]);
    command(&["status", &url]).expect(0, &[]);
    closed.store(true, Ordering::SeqCst);
    let mut bridge = Bridge::to(&server).home(home.path()).arg("--non-interactive").spawn();
    bridge.send(support::initialize(0, support::VERSION));
    bridge.expect_error("0", &["wants a sign-in"]);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 3, "{}", bridge.stderr());
    assert!(command(&["status", &url]).expect(3, &[]).stdout.contains("run: mcpbridge login"));
}

#[test]
fn login_says_in_json_what_came_of_it() {
    let world = World::new();
    let human = Human::prompt();
    let told = world.command("login").arg("--json").human(&human).told();
    let said = told.expect(0, &[]).json();
    assert_eq!((&said["schema_version"], &said["result"]), (&Value::from(1), &Value::from("signed_in")), "{said}");
    assert_eq!(said["server"], world.server.url());
    assert!(said["kept_in"].as_str().unwrap().contains("credentials"), "{said}");
    assert_eq!(told.stdout.lines().count(), 1, "one line: {told:?}");
    let told = world.command("login").args(["--json", "--account", "work"]).human(&human).told();
    assert_eq!(told.expect(0, &[]).json()["account"], "work");
    world.assert_kept_secret(&[&told.stdout, &told.stderr]);
}

#[test]
fn login_that_is_declined_exits_with_4_and_says_why() {
    let world = World::new();
    let human = Human::unwilling();
    let told = world.command("login").human(&human).told();
    told.expect(4, &["access_denied", "the person said no", "mcpbridge login"]);
    let told = world.command("login").arg("--json").human(&human).told();
    let line = told.expect(4, &[]).stderr.lines().last().unwrap_or_default().to_owned();
    let error: Value = support::json(&line);
    assert!(error["error"]["message"].as_str().unwrap().contains("access_denied"), "{error}");
    assert!(error["error"]["hint"].as_str().unwrap().contains("mcpbridge login"), "{error}");
    assert_eq!(human.windows(), 2, "who comes to sign in is asked again");
}

#[test]
fn without_a_browser_the_address_is_printed_and_what_it_led_to_can_be_pasted() {
    let world = World::new();
    let human = Human::at_ease();
    let mut login = world.command("login").arg("--no-browser").human(&human).at_shell();
    let shown = login.wait_stderr("/authorize?");
    let url = shown.split_whitespace().find(|word| word.contains("/authorize?")).unwrap().to_owned();
    assert_eq!(human.windows(), 0);
    world.authorization.change(|it| it.authorize.at_once = true);
    let back = get(&url).header("location").unwrap().to_owned();
    for slip in ["hello", "https://example.com/other?code=1", &url, &back.replace("state=", "state=x")] {
        login.type_line(slip);
    }
    login.type_line(&format!("  {back}  "));
    let since = Instant::now();
    let told = login.finish();
    assert!(since.elapsed() < Duration::from_secs(15), "it took {:?}", since.elapsed());
    told.expect(0, &["paste"]);
    assert_eq!(told.stderr.matches("belongs to another sign-in").count(), 1, "{}", told.stderr);
    assert_eq!(world.authorization.asked(Endpoint::Code).len(), 1);
    world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    world.needs_no_window();
}

#[test]
fn over_ssh_the_way_back_is_shown() {
    let world = World::new();
    let human = Human::at_ease();
    let login = world.command("login").env("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22").human(&human).at_shell();
    let shown = login.wait_stderr("ssh -L");
    let url = shown.split_whitespace().find(|word| word.contains("/authorize?")).unwrap().to_owned();
    let query = url::Url::parse(&url).unwrap();
    let redirect = query.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let port = url::Url::parse(&redirect).unwrap().port().unwrap();
    assert!(shown.contains(&format!("ssh -L {port}:127.0.0.1:{port}")), "{shown}");
}

#[test]
fn a_login_beside_the_sign_in_of_a_relay_takes_part_in_it() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let visit = support::start(&mut bridge, &human);
    let login = world.command("login").human(&human).at_shell();
    let shown = login.wait_stderr("under way already");
    drop(shown);
    login.wait_stderr(&visit.url);
    assert_eq!(visit.consent().status, 200);
    login.finish().expect(0, &[]);
    bridge.expect_result("0");
    assert_eq!(human.windows(), 1);
}

#[test]
fn logout_revokes_at_the_server_and_leaves_no_token_in_any_file() {
    let world = World::new();
    world.sign_in();
    let told = world.command("logout").arg("--json").told();
    let said = told.expect(0, &[]).json()["accounts"][0].clone();
    assert_eq!((&said["signed_out"], &said["revoked"]), (&Value::Bool(true), &Value::Bool(true)), "{said}");
    assert!(!world.authorization.asked(Endpoint::Revoke).is_empty());
    assert!(world.authorization.ledger.live_refresh_tokens().is_empty());
    assert!(world.authorization.ledger.live_access_tokens().is_empty());
    for (path, text) in files(world.home.path()) {
        for secret in world.authorization.ledger.secrets() {
            assert!(!text.contains(&secret), "{secret} is still in {}", path.display());
        }
    }
    let told = world.command("logout").told();
    assert!(told.expect(0, &[]).stdout.contains("nobody was signed in"), "{told:?}");
    // Somebody who has signed out is not asked to sign in by the next editor that starts.
    let human = Human::at_ease();
    world.refused(&human, &["signed out", "mcpbridge login"]);
    assert_eq!(human.windows(), 0);
}

#[test]
fn logout_forgets_here_what_cannot_be_revoked_there() {
    let page = Fault::Answer(Answer::text(200, "text/html", "<html>Sign in to the hotel"));
    for fault in [Fault::status(503), Fault::HangUp, Fault::error(400, "unsupported_token_type"), page] {
        let world = World::new();
        world.sign_in();
        world.authorization.fail(Endpoint::Revoke, fault);
        let told = world.command("logout").told();
        assert!(told.expect(0, &[]).stdout.contains("could not be revoked"), "{told:?}");
        assert_eq!(world.command("status").told().code, 3);
        world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    }
    let world = World::with(|it| it.metadata = vec![("revocation_endpoint", None)], |_| ());
    world.sign_in();
    let told = world.command("logout").arg("--json").told();
    assert_eq!(told.expect(0, &[]).json()["accounts"][0]["revoked"], Value::Null);
}

#[test]
fn logout_ends_one_account_or_all_of_them() {
    let world = World::new();
    let human = Human::prompt();
    for account in ["work", "home", "spare"] {
        world.command("login").args(["--account", account]).human(&human).told().expect(0, &[]);
    }
    let named = |told: &Told| -> Vec<String> {
        let accounts = told.json()["accounts"].as_array().unwrap().clone();
        let ready = accounts.iter().filter(|it| it["state"] == "ready");
        let mut names: Vec<String> = ready.map(|it| it["account"].as_str().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    };
    let status = || Bridge::bare().args(["status", "--json"]).home(world.home.path()).told();
    assert_eq!(named(&status()), ["home", "spare", "work"]);
    assert_eq!(world.authorization.ledger.live_refresh_tokens().len(), 3);
    world.command("logout").args(["--account", "home"]).told().expect(0, &[]);
    assert_eq!(named(&status()), ["spare", "work"]);
    assert_eq!(world.authorization.ledger.live_refresh_tokens().len(), 2);
    let all = Bridge::bare().args(["logout", "--all", "--json"]).home(world.home.path()).told();
    assert_eq!(all.expect(0, &[]).json()["accounts"].as_array().unwrap().len(), 2);
    assert!(named(&status()).is_empty());
    assert!(world.authorization.ledger.live_refresh_tokens().is_empty());
    let told = Bridge::bare().args(["logout"]).home(world.home.path()).told();
    told.expect(2, &["neither a server nor --all", "mcpbridge logout URL", "mcpbridge logout --all"]);
}

#[test]
fn status_tells_a_person_who_is_signed_in_and_for_how_long() {
    let world = World::with(
        |it| it.tokens.granted = Some("read write"),
        |it| it.metadata = vec![("scopes_supported", serde_json::json!(["read", "write"]))],
    );
    let told = Bridge::bare().arg("status").home(world.home.path()).told();
    assert!(told.expect(0, &[]).stdout.contains("nobody is signed in"), "{told:?}");
    let told = world.command("status").told();
    assert!(told.expect(3, &[]).stdout.contains("mcpbridge login"), "{told:?}");
    world.sign_in();
    let told = world.command("status").told();
    let text = &told.expect(0, &[]).stdout;
    for part in [world.server.url().as_str(), "✓", "file", "renewed in", "read write"] {
        assert!(text.contains(part), "{part:?} is not said: {text}");
    }
    world.assert_kept_secret(&[text]);
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn status_and_doctor_say_when_the_token_is_renewed_and_not_when_it_ends() {
    let world = World::with(|it| it.tokens.lifetime = Duration::from_secs(100), |_| ());
    world.sign_in();
    for verb in ["status", "doctor"] {
        let told = world.command(verb).told();
        let text = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, rest) = text.split_once("renewed in ").unwrap_or_else(|| panic!("{told:?}"));
        let seconds: u64 = rest.split(' ').next().unwrap().parse().unwrap();
        // A tenth of its life before its end, and the clock goes on meanwhile.
        assert!((60..=90).contains(&seconds), "{told:?}");
    }
}

#[test]
fn status_tells_a_script_what_a_selected_account_needs() {
    let world = World::new();
    world.sign_in();
    let told = world.command("status").arg("--json").told();
    let account = told.expect(0, &[]).json()["accounts"][0].clone();
    assert_eq!((&account["state"], &account["renewable"]), (&Value::from("ready"), &Value::from(true)), "{account}");
    assert_eq!(account["issuer"], world.authorization.issuer());
    assert!(account["expires_at"].as_u64().is_some_and(|end| end > account["signed_in_at"].as_u64().unwrap()));
    world.assert_kept_secret(&[&told.stdout]);

    // The consent is withdrawn at the server; the next use finds out, and the reason stays.
    world.authorization.ledger.revoke_all();
    let human = Human::unwilling();
    world.refused(&human, &[]);
    let told = world.command("status").arg("--json").told();
    let account = told.expect(3, &[]).json()["accounts"][0].clone();
    assert_eq!(account["state"], "ended", "{account}");
    assert!(account["why"].as_str().unwrap().contains("ended at the server"), "{account}");
    assert!(account["hint"].as_str().unwrap().starts_with("mcpbridge login"), "{account}");
    let told = world.command("status").args(["--json", "--exit-zero"]).told();
    assert_eq!(told.expect(0, &[]).json()["accounts"][0]["state"], "ended");
    let told = world.command("status").told();
    assert!(told.expect(3, &[]).stdout.contains("✗"), "{told:?}");
}

#[test]
fn status_shows_a_sign_in_that_waits_for_the_browser() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let visit = support::start(&mut bridge, &human);
    let told = world.command("status").arg("--json").told();
    let account = told.expect(3, &[]).json()["accounts"][0].clone();
    assert_eq!(
        (&account["state"], &account["sign_in_url"]),
        (&Value::from("waiting"), &Value::from(visit.url.clone()))
    );
    // Nothing is in the index yet.
    let all = |flags: &[&str]| Bridge::bare().arg("status").args(flags.iter().copied()).home(world.home.path()).told();
    let accounts = all(&["--json"]).expect(3, &[]).json()["accounts"].clone();
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
    assert_eq!((&accounts[0]["server"], &accounts[0]["state"]), (&world.server.url().into(), &"waiting".into()));
    let told = all(&[]);
    let text = told.expect(3, &[]).stdout.replace("\n    ", " ");
    assert!(text.contains(&world.server.url()) && text.contains("waits for the browser"), "{text}");
    assert_eq!(visit.consent().status, 200);
    bridge.expect_result("0");
    assert!(all(&[]).expect(0, &[]).stdout.contains("✓"));
}

#[test]
fn a_running_relay_ends_its_session_when_somebody_signs_out() {
    let world = World::over(Legacy::new());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let token = last_token(&world);
    let windows = human.windows();
    let since = Instant::now();
    world.command("logout").told().expect(0, &[]);
    let goodbye = world.server.wait(1, "DELETE");
    assert!(since.elapsed() < NOTICED, "it took {:?}", since.elapsed());
    assert_eq!(goodbye.header("authorization"), Some(token.as_str()), "with the token of who has left");
    bridge.send(call(2));
    bridge.expect_error("2", &["signed out", "mcpbridge login"]);
    assert_eq!(human.windows(), windows, "who has signed out is not asked to sign in");
    // And back again: no restart is needed.
    world.command("login").human(&human).told().expect(0, &[]);
    let deadline = Instant::now() + PATIENCE;
    for id in 3.. {
        bridge.send(call(id));
        if support::json(&bridge.answer(&id.to_string())).get("result").is_some() {
            break;
        }
        assert!(Instant::now() < deadline, "the relay does not come back");
    }
    assert_ne!(last_token(&world), token);
}

#[test]
fn a_running_relay_changes_to_another_account_with_a_new_session() {
    let world = World::over(Legacy::new());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let (token, session) = (last_token(&world), world.server.wait(1, "tools/call"));
    let since = Instant::now();
    world.command("login").arg("--force").human(&human).told().expect(0, &[]);
    let mine = |request: &support::Request| request.header("mcp-session-id") == session.header("mcp-session-id");
    let goodbye = world.server.wait_for(1, "a DELETE", |request| request.is("DELETE") && mine(request));
    assert!(since.elapsed() < NOTICED + Duration::from_secs(8), "it took {:?}", since.elapsed());
    assert_eq!(goodbye.header("authorization"), Some(token.as_str()), "with the token of who has left");
    let opened = world.server.wait_for(1, "a new session", |request| {
        request.is("initialize")
            && !request.id().contains("login")
            && request.header("authorization").is_some_and(|it| it != token)
    });
    bridge.send(call(2));
    bridge.expect_result("2");
    let call = world.server.wait(2, "tools/call");
    assert_eq!(call.header("authorization"), opened.header("authorization"));
    assert!(!mine(&call), "in the new session");
    end_well(bridge);
}

#[test]
fn a_renewal_changes_no_session() {
    let world = World::with(|it| it.tokens.lifetime = Duration::from_secs(3), |_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    for n in 1..=2 {
        world.authorization.wait(n, Endpoint::Refresh);
    }
    bridge.send(call(5));
    bridge.expect_result("5");
    assert_eq!(world.server.count("initialize"), 1 + usize::from(world.server.turned_away() > 0));
    assert!(world.server.matching(|request| request.is("DELETE")).is_empty());
}

#[test]
fn two_accounts_are_two_people_at_one_server() {
    let world = World::new();
    let human = Human::prompt();
    for account in ["work", "home"] {
        world.command("login").args(["--account", account]).human(&human).told().expect(0, &[]);
    }
    let mut tokens = Vec::new();
    for account in ["work", "home"] {
        let mut bridge = world.relay(&human).args(["--account", account]).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        tokens.push(last_token(&world));
    }
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(human.windows(), 2);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 1, "one client for both");
}

#[test]
fn a_store_that_is_memory_ends_with_its_process() {
    let world = World::new();
    let human = Human::prompt();
    let mut bridge = world.relay(&human).env("MCPBRIDGE_CREDENTIAL_STORE", "memory").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    world.authorization.ledger.drop_access_tokens();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 1));
    end_well(bridge);
    for (path, text) in files(world.home.path()) {
        for secret in world.authorization.ledger.secrets() {
            assert!(!text.contains(&secret), "{secret} is in {}", path.display());
        }
    }
}

#[test]
fn nobody_is_sent_to_a_browser_for_a_sign_in_that_would_end_with_the_command() {
    let world = World::new();
    world.sign_in();
    let human = Human::at_ease();
    for flags in [&[][..], &["--force"], &["--api-key-header", "X-Key"]] {
        let login = world.command("login").args(flags.iter().copied()).human(&human);
        let told = login.env("MCPBRIDGE_CREDENTIAL_STORE", "memory").told();
        told.expect(8, &["a store in memory ends with this command", "MCPBRIDGE_CREDENTIAL_STORE"]);
        assert_eq!(told.stdout, "");
    }
    assert_eq!(human.windows(), 0);
}

#[test]
fn only_the_folder_of_the_store_holds_tokens_and_only_its_owner_reads_it() {
    let world = World::with(|it| it.registration.auth_method = Some("client_secret_post"), |_| ());
    world.sign_in();
    let folder = world.home.path().join("mcpbridge/credentials");
    assert!(fs::read_dir(&folder).unwrap().next().is_some(), "the tokens are in a file");
    world.assert_kept_secret(&[]);
    for (path, text) in files(world.home.path()) {
        let secret = text.contains("a:secret %with");
        assert!(!secret || path.strip_prefix(&folder).is_ok(), "the client's secret is in {}", path.display());
    }
}

fn last_token(world: &World) -> String {
    let calls = world.server.matching(|request| request.is("tools/call"));
    calls.last().unwrap().header("authorization").unwrap().to_owned()
}

/// What another process does is noticed within two seconds; the rest is for the process itself and a loaded machine.
const NOTICED: Duration = Duration::from_secs(12);

//! A sign-in as an editor lives through it: the browser opens once, the person consents, and the first request is
//! answered; whatever does not add up is refused before anything is given away.

mod support;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    Authorization, Bridge, Endpoint, ExpiresIn, Fault, Human, Iss, Launch, Manners, PATIENCE, Page, Place, Protected,
    STEP_UP, State, call, fetch, get, initialize, request_with,
};
use tempfile::TempDir;
use url::Url;

#[test]
fn the_first_request_is_answered_once_the_person_has_consented() {
    let world = World::new();
    let human = Human::prompt();
    let mut bridge = world.launch(&human).ready();
    bridge.send(request_with(1, "tools/call", r#"{"name":"echo","arguments":{"text":"hello"}}"#));
    assert_eq!(bridge.expect_result("1")["content"][0]["text"], "hello");
    assert_eq!((human.windows(), human.page().status), (1, 200));

    let registered = world.authorization.asked(Endpoint::Register)[0].request.json();
    assert_eq!(registered["application_type"], "native");
    let redirect = registered["redirect_uris"][0].as_str().unwrap().to_owned();
    assert!(redirect.starts_with("http://127.0.0.1:") && redirect.ends_with("/oauth/callback"), "{redirect}");
    let asked = &world.authorization.asked(Endpoint::Authorize)[0];
    let code = &world.authorization.asked(Endpoint::Code)[0];
    for request in [asked, code] {
        assert_eq!(request.need("redirect_uri"), redirect);
        assert_eq!(request.need("resource"), world.server.resource());
    }
    assert!(asked.need("state").len() >= 22, "a state that nobody guesses: {}", asked.need("state"));

    // The GET stream, notifications and the DELETE carry it like everything else.
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    let first = world.server.requests().iter().position(|it| it.header("authorization").is_some()).unwrap();
    for request in &world.server.requests()[first..] {
        assert!(request.header("authorization").is_some_and(|it| it.starts_with("Bearer access-")), "{request:?}");
    }
}

#[test]
fn the_resource_goes_out_byte_for_byte_as_it_is_published() {
    let world = World::with(|_| (), |it| it.resource = "{origin}".to_owned());
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.sign_in();
    for endpoint in [Endpoint::Authorize, Endpoint::Code, Endpoint::Refresh] {
        let asked = world.authorization.wait(1, endpoint);
        assert_eq!(asked.need("resource"), world.server.origin(), "{endpoint:?}");
    }
}

#[test]
fn the_resource_can_be_given_or_left_out() {
    for (flags, sent) in [
        (vec!["--resource", "https://api.example.com/v1"], Some("https://api.example.com/v1")),
        (vec!["--disable-resource-parameter"], None),
    ] {
        let world = World::new();
        let human = Human::prompt();
        let mut bridge = world.launch(&human).args(flags).spawn();
        bridge.send(initialize(0, support::VERSION));
        for endpoint in [Endpoint::Authorize, Endpoint::Code] {
            assert_eq!(world.authorization.wait(1, endpoint).get("resource"), sent, "{endpoint:?}");
        }
    }
}

#[test]
fn an_editor_that_comes_later_needs_no_window() {
    let world = World::new();
    world.sign_in();
    let registrations = world.authorization.asked(Endpoint::Register).len();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Register).len()), (0, registrations));
}

#[test]
fn ten_relays_that_start_at_once_open_one_window() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridges: Vec<Bridge> = (0..10).map(|_| world.launch(&human).spawn()).collect();
    for bridge in &mut bridges {
        bridge.send(initialize(0, support::VERSION));
    }
    assert_eq!(human.visit().consent().status, 200);
    for bridge in &mut bridges {
        bridge.expect_result("0");
        bridge.send(support::INITIALIZED);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
    assert_eq!(human.windows(), 1, "{:#?}", human.opened());
}

#[test]
fn the_editor_is_answered_while_the_person_is_still_in_the_browser() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let visit = start(&mut bridge, &human);
    bridge.expect_result("0");
    bridge.send(support::INITIALIZED);
    bridge.send(support::request(1, "tools/list"));
    bridge.expect_result("1");
    assert_eq!(visit.consent().status, 200);
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(support::request(2, "tools/list"));
    assert_eq!(bridge.expect_result("2")["tools"][0]["name"], "echo");
    bridge.send(call(3));
    bridge.expect_result("3");
}

#[test]
fn stdin_closed_in_the_middle_of_a_sign_in_ends_the_relay_and_not_the_sign_in() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let visit = start(&mut bridge, &human);
    let closed = Instant::now();
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 3);
    assert!(closed.elapsed() < Duration::from_secs(3), "it took {:?}", closed.elapsed());
    assert_eq!(visit.consent().status, 200);
    world.needs_no_window();
}

#[cfg(unix)]
#[test]
fn a_relay_that_is_killed_in_mid_consent_loses_nothing() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let visit = start(&mut bridge, &human);
    bridge.signal(rustix::process::Signal::KILL);
    bridge.wait_exit(PATIENCE);
    let mut next = world.launch(&human).spawn();
    next.send(initialize(0, support::VERSION));
    assert_eq!(visit.consent().status, 200);
    next.expect_result("0");
    next.send(support::INITIALIZED);
    next.send(call(1));
    next.expect_result("1");
    assert_eq!(human.windows(), 1);
}

#[test]
fn who_declines_is_not_asked_again_until_they_say_so() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let page = start(&mut bridge, &human).decline();
    assert!(page.body.contains("mcpbridge login"), "the page says what to do: {}", page.body);
    assert_refused(&mut bridge, &["mcpbridge login"]);

    let mut again = world.launch(&human).spawn();
    again.send(initialize(0, support::VERSION));
    assert_refused(&mut again, &["mcpbridge login"]);
    assert_eq!(human.windows(), 1, "an editor that comes back opens no second window");

    let login = Bridge::bare().args(["login", &world.server.url()]).home(world.home.path()).human(&human).at_shell();
    assert_eq!(human.visit().consent().status, 200);
    login.finish().expect(0, &[]);
    world.needs_no_window();
}

#[test]
fn a_stranger_at_the_callback_is_turned_away_and_ends_nothing() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let visit = start(&mut bridge, &human);
    let callback = visit.need("redirect_uri");
    let state = visit.need("state");
    let elsewhere = callback.replace("/oauth/callback", "/favicon.ico");
    for (what, answer) in [
        ("no state", visit.come_back("code=guessed")),
        ("a wrong state", visit.come_back("code=guessed&state=guessed")),
        ("an error without a state", visit.come_back("error=access_denied")),
        ("another path", get(&elsewhere)),
        ("another method", fetch("POST", &format!("{callback}?code=x&state={state}"), &[], "").unwrap()),
        (
            "another host",
            fetch("GET", &format!("{callback}?code=x&state={state}"), &[("Host", "evil.example")], "").unwrap(),
        ),
    ] {
        assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
        assert!(!answer.body.to_lowercase().contains("you are signed in"), "{what}: {answer:?}");
    }
    assert_eq!(visit.consent().status, 200);
    bridge.expect_result("0");
    assert_eq!(world.authorization.asked(Endpoint::Code).len(), 1);
}

#[test]
fn what_comes_back_to_the_callback_is_on_no_page_unescaped() {
    let world = World::with(
        |it| {
            it.authorize.error = Some(("server_error", Some("<script>alert(1)</script>")));
            it.authorize.extra = vec![("error_uri", "javascript:alert(2)".to_owned())];
        },
        |_| (),
    );
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    let page = start(&mut bridge, &human).consent();
    assert!(!page.body.contains("<script") && !page.body.contains("javascript:"), "{}", page.body);
    assert_refused(&mut bridge, &["server_error"]);
}

/// What does not add up in the metadata is refused before a window opens, with both values named.
#[test]
fn metadata_that_does_not_add_up_opens_no_window() {
    type Change = fn(&mut Manners);
    let cases: [(&str, Change, &[&str]); 9] = [
        (
            "another issuer",
            |it| it.metadata = vec![("issuer", Some(json!("https://evil.example")))],
            &["https://evil.example"],
        ),
        ("no PKCE", |it| it.metadata = vec![("code_challenge_methods_supported", None)], &["pkce"]),
        (
            "only plain PKCE",
            |it| it.metadata = vec![("code_challenge_methods_supported", Some(json!(["plain"])))],
            &["s256"],
        ),
        (
            "a page to run",
            |it| it.metadata = vec![("authorization_endpoint", Some(json!("javascript:alert(1)")))],
            &["authorization_endpoint"],
        ),
        (
            "a file",
            |it| it.metadata = vec![("authorization_endpoint", Some(json!("file:///bin/sh")))],
            &["authorization_endpoint"],
        ),
        (
            "a token endpoint without TLS",
            |it| it.metadata = vec![("token_endpoint", Some(json!("http://auth.example/token")))],
            &["http://auth.example/token"],
        ),
        ("too much of it", |it| it.documents = vec![(Place::Oauth, Page::Larger(1 << 20))], &["1 mib"]),
        (
            "no way to a client",
            |it| it.metadata = vec![("registration_endpoint", None)],
            &["--static-oauth-client-info"],
        ),
        (
            "a registration that is refused",
            |it| it.registration.refusal = Some((403, "access_denied", "ask the administrator")),
            &["ask the administrator"],
        ),
    ];
    for (what, change, words) in cases {
        let world = World::with(change, |_| ());
        let human = Human::at_ease();
        let mut bridge = world.launch(&human).spawn();
        bridge.send(initialize(0, support::VERSION));
        let text = assert_refused(&mut bridge, &[]);
        for word in words {
            assert!(text.contains(word), "{what}: the error does not say {word:?}: {text}");
        }
        assert_eq!(human.windows(), 0, "{what}");
    }
}

#[test]
fn a_resource_of_another_origin_is_refused_by_name() {
    let world = World::with(|_| (), |it| it.resource = "https://evil.example/mcp".to_owned());
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    bridge.send(initialize(0, support::VERSION));
    let text = assert_refused(&mut bridge, &["https://evil.example/mcp"]);
    assert!(text.contains(&world.server.origin()), "{text}");
    assert_eq!(human.windows(), 0);
}

#[test]
fn an_issuer_in_the_answer_is_held_to_the_metadata() {
    type Case = (&'static str, Iss, Option<bool>, bool);
    let cases: [Case; 6] = [
        ("promised and right", Iss::Right, None, true),
        ("promised and missing", Iss::Forgotten, None, false),
        ("promised and wrong", Iss::Other("https://evil.example".to_owned()), None, false),
        ("not promised and missing", Iss::Absent, None, true),
        ("not promised and right", Iss::Right, Some(false), true),
        ("not promised and wrong", Iss::Other("https://evil.example".to_owned()), Some(false), false),
    ];
    for (what, iss, promised, accepted) in cases {
        let world = World::with(
            |it| {
                it.authorize.iss = iss;
                if promised == Some(false) {
                    it.metadata = vec![("authorization_response_iss_parameter_supported", None)];
                }
            },
            |_| (),
        );
        let human = Human::at_ease();
        let mut bridge = world.launch(&human).spawn();
        start(&mut bridge, &human).consent();
        if accepted {
            bridge.expect_result("0");
        } else {
            assert_refused(&mut bridge, &[]);
            assert!(world.authorization.asked(Endpoint::Code).is_empty(), "{what}: the code was given away");
        }
    }
}

#[test]
fn an_answer_with_another_state_is_somebody_elses() {
    for state in [State::Other("guessed".to_owned()), State::Missing] {
        let world = World::with(|it| it.authorize.state = state, |_| ());
        let human = Human::at_ease();
        let mut bridge = world.launch(&human).spawn();
        let visit = start(&mut bridge, &human);
        let page = visit.consent();
        assert!((400..500).contains(&page.status), "{page:?}");
        world.authorization.change(|it| it.authorize.state = State::Echoed);
        assert_eq!(visit.consent().status, 200, "the sign-in goes on");
        bridge.expect_result("0");
    }
}

#[test]
fn token_answers_that_strict_parsers_refuse_are_understood() {
    type Change = fn(&mut Manners);
    let cases: [(&str, Change); 12] = [
        ("201", |it| it.tokens.status = 201),
        ("a string", |it| it.tokens.expires_in = ExpiresIn::Raw(r#""3600""#)),
        ("zero", |it| it.tokens.expires_in = ExpiresIn::Raw("0")),
        ("negative", |it| it.tokens.expires_in = ExpiresIn::Raw("-1")),
        ("2^63", |it| it.tokens.expires_in = ExpiresIn::Raw("9223372036854775808")),
        ("1e300", |it| it.tokens.expires_in = ExpiresIn::Raw("1e300")),
        ("null", |it| it.tokens.expires_in = ExpiresIn::Raw("null")),
        ("absent", |it| it.tokens.expires_in = ExpiresIn::Absent),
        ("no type", |it| it.tokens.token_type = None),
        ("a type in capitals", |it| it.tokens.token_type = Some("BEARER")),
        ("a form", |it| it.tokens.form_encoded = true),
        ("no refresh token", |it| it.tokens.refresh_token = false),
    ];
    for (what, change) in cases {
        let world = World::with(change, |_| ());
        let human = Human::prompt();
        let mut bridge = world.launch(&human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!(human.windows(), 1, "{what}");
    }
}

#[test]
fn a_token_of_a_type_that_is_no_bearer_is_refused_by_name() {
    let world = World::with(|it| it.tokens.token_type = Some("mac"), |_| ());
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).spawn();
    start(&mut bridge, &human).consent();
    assert_refused(&mut bridge, &["mac"]);
}

#[test]
fn a_redirect_of_an_endpoint_that_is_told_secrets_is_never_followed() {
    for endpoint in [Endpoint::Register, Endpoint::Code] {
        let world = World::new();
        let elsewhere = support::Server::start(|_, reply| reply.json("{}")).may_be_unused();
        world.authorization.fail(endpoint, Fault::redirect(307, elsewhere.at("/token")));
        let human = Human::prompt();
        let mut bridge = world.launch(&human).spawn();
        bridge.send(initialize(0, support::VERSION));
        assert_refused(&mut bridge, &[]);
        assert!(elsewhere.requests().is_empty(), "{endpoint:?} was followed to another place");
    }
}

#[test]
fn challenges_are_read_by_their_grammar() {
    for challenge in [
        vec![r#"Bearer resource_metadata="{metadata}""#],
        vec!["bearer resource_metadata={path}"],
        vec![
            r#"Negotiate, Basic realm="a, Bearer resource_metadata=\"https://evil.example\"", BEARER  Resource_Metadata = "{metadata}" , scope="read""#,
        ],
        vec![
            r#"Digest realm="x", nonce="y", qop="auth, auth-int""#,
            r#"Bearer error="invalid_token", resource_metadata="{metadata}""#,
        ],
        // Nothing is said, or nothing that can be read: then the well-known places are looked at.
        vec![],
        vec!["Bearer"],
        vec![r#"Bearer resource_metadata="unclosed"#],
    ] {
        let world = World::with(|_| (), |it| it.challenge = challenge.iter().map(|it| (*it).to_owned()).collect());
        world.sign_in();
    }
}

#[test]
fn metadata_is_looked_for_in_the_order_of_the_specification() {
    let at_root = |page: Page| vec![("/.well-known/oauth-protected-resource".to_owned(), page)];
    let world = World::with(
        |it| {
            it.issuer_path = "/tenant".to_owned();
            it.documents = vec![(Place::OpenIdAppended, Page::Good)];
        },
        |it| {
            it.documents = at_root(Page::Good);
            it.challenge = vec!["Bearer".to_owned()];
        },
    );
    world.sign_in();
    let documents: Vec<String> =
        world.authorization.asked(Endpoint::Documents).into_iter().map(|asked| asked.request.path).collect();
    assert_eq!(
        documents[..3],
        [
            "/.well-known/oauth-authorization-server/tenant",
            "/.well-known/openid-configuration/tenant",
            "/tenant/.well-known/openid-configuration",
        ]
    );
    let asked: Vec<String> =
        world.server.matching(|it| it.path.contains("/.well-known/")).into_iter().map(|it| it.path).collect();
    assert_eq!(asked[..2], ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]);
}

#[test]
fn a_server_of_2025_03_26_is_its_own_authorization_server() {
    for documents in [vec![], vec![(Place::Oauth, Page::Good)]] {
        let home = TempDir::new().unwrap();
        let server = Protected::start_alone(|it| it.documents = documents, |_| ());
        let human = Human::prompt();
        let mut bridge = Bridge::to(&server).home(home.path()).human(&human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!(human.windows(), 1);
    }
}

#[test]
fn scopes_come_from_the_challenge_then_the_metadata_or_are_left_out() {
    let challenge = r#"Bearer scope="read write", resource_metadata="{metadata}""#;
    for (challenge, supported, asked) in [
        (challenge, Some(json!(["all"])), Some("read write")),
        (support::CHALLENGE, Some(json!(["all", "more"])), Some("all more")),
        (support::CHALLENGE, None, None),
    ] {
        let world = World::with(
            |_| (),
            |it| {
                it.challenge = vec![challenge.to_owned()];
                it.metadata = supported.iter().map(|scopes| ("scopes_supported", scopes.clone())).collect();
            },
        );
        world.sign_in();
        assert_eq!(world.authorization.asked(Endpoint::Authorize)[0].get("scope"), asked);
    }
}

#[test]
fn more_scope_is_asked_for_with_what_was_granted_before_and_the_call_is_made_again() {
    let world = World::with(
        |_| (),
        |it| {
            it.challenge = vec![r#"Bearer scope="read", resource_metadata="{metadata}""#.to_owned()];
            it.scopes = [("tools/call".to_owned(), "write".to_owned())].into();
            it.step_up = STEP_UP.to_owned();
        },
    );
    let human = Human::prompt();
    let mut bridge = world.launch(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let asked = world.authorization.asked(Endpoint::Authorize);
    let scopes: Vec<&str> = asked.iter().map(|it| it.need("scope")).collect();
    assert_eq!(scopes[0], "read");
    let mut union: Vec<&str> = scopes[1].split(' ').collect();
    union.sort_unstable();
    assert_eq!((scopes.len(), union), (2, vec!["read", "write"]));
    assert_eq!(world.server.count("tools/call"), 2);
}

#[test]
fn a_scope_that_is_never_granted_is_not_asked_for_without_end() {
    let world = World::with(
        |it| it.tokens.granted = Some("read"),
        |it| it.scopes = [("tools/call".to_owned(), "write".to_owned())].into(),
    );
    let human = Human::prompt();
    let mut bridge = world.launch(&human).ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["write"]);
    assert!(human.windows() <= 3, "{} windows", human.windows());
}

#[test]
fn a_server_that_moves_to_another_authorization_server_means_a_new_client() {
    let world = World::new();
    world.sign_in();
    let client = world.authorization.asked(Endpoint::Authorize)[0].need("client_id").to_owned();
    let other = Authorization::start(|_| ());
    world.server.move_to(&other.desk());
    world.sign_in();
    assert_eq!(other.asked(Endpoint::Register).len(), 1);
    for endpoint in [Endpoint::Authorize, Endpoint::Code, Endpoint::Refresh] {
        for asked in other.asked(endpoint) {
            assert_ne!(asked.get("client_id"), Some(client.as_str()), "{endpoint:?}");
            assert_ne!(asked.get("grant_type"), Some("refresh_token"));
        }
    }
}

#[test]
fn a_registration_that_the_server_has_forgotten_is_made_anew_once() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.revoke_all();
    world.authorization.fail_next(Endpoint::Code, Fault::error(401, "invalid_client"));
    world.sign_in();
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);
}

#[test]
fn the_headers_of_the_command_line_go_to_the_server_and_to_nobody_else() {
    let world = World::new();
    let human = Human::prompt();
    let mut bridge = world.launch(&human).args(["--header", "X-Team: s3cret-header"]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    for request in world.authorization.server.requests() {
        assert_eq!(request.header("x-team"), None, "{}", request.path);
    }
    assert!(world.server.requests().iter().any(|it| it.header("x-team") == Some("s3cret-header")));
}

#[test]
fn secrets_are_in_one_private_file_and_in_no_log() {
    let world = World::new();
    let human = Human::prompt();
    let log = world.home.path().join("log");
    let mut bridge = world.launch(&human).args(["--debug", "--log-file"]).arg(&log).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    let told = [bridge.stderr(), fs::read_to_string(&log).unwrap_or_default()].concat();
    let secrets = world.authorization.ledger.secrets();
    assert!(secrets.len() >= 3, "a code, an access token and a refresh token: {secrets:?}");
    for secret in &secrets {
        assert!(!told.contains(secret.as_str()), "{secret} is in a log");
    }
    for (path, text) in files(world.home.path()) {
        let holds = secrets.iter().any(|secret| text.contains(secret.as_str()));
        #[cfg(unix)]
        if holds {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} is readable by others", path.display());
        }
        #[cfg(not(unix))]
        let _ = (path, holds);
    }
}

#[test]
fn the_browser_comes_back_where_the_command_line_says() {
    let world = World::new();
    let human = Human::at_ease();
    let port = support::unused_port();
    let flags =
        ["--host", "localhost", "--callback-path", "/back/here", "--auth-success-url", "https://example.com/done"];
    let mut bridge = world.launch(&human).arg(port.to_string()).args(flags).spawn();
    let visit = start(&mut bridge, &human);
    assert_eq!(visit.need("redirect_uri"), format!("http://localhost:{port}/back/here"));
    let seen = fetch("GET", &visit.callback(), &[], "").unwrap();
    assert_eq!((seen.status / 100, seen.header("location")), (3, Some("https://example.com/done")));
    bridge.expect_result("0");
}

#[test]
fn a_client_that_was_given_is_used_as_it_is() {
    let world = World::with(
        |it| it.clients = vec![support::Client::given("by hand", support::Proof::Basic("s3cret + more".to_owned()))],
        |_| (),
    );
    let human = Human::prompt();
    let given =
        r#"{"client_id":"by hand","client_secret":"s3cret + more","token_endpoint_auth_method":"client_secret_basic"}"#;
    let mut bridge = world.launch(&human).args(["--static-oauth-client-info", given]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert!(world.authorization.asked(Endpoint::Register).is_empty());
    assert!(!bridge.stderr().contains("s3cret"));
}

#[test]
fn a_client_with_a_secret_proves_itself_as_it_was_registered() {
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        for client_id_in_form in [false, true] {
            let world = World::with(
                |it| {
                    it.registration.auth_method = Some(method);
                    it.client_id_in_form = client_id_in_form;
                },
                |_| (),
            );
            world.sign_in();
            world.authorization.ledger.drop_access_tokens();
            world.needs_no_window();
            assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1, "{method}");
        }
    }
}

#[test]
fn a_document_that_says_who_asks_takes_the_place_of_a_registration() {
    let world = World::with(|it| it.metadata_documents = true, |_| ());
    let human = Human::prompt();
    let document = "https://example.com/mcpbridge.json";
    let mut bridge = world.launch(&human).args(["--client-metadata-url", document]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert!(world.authorization.asked(Endpoint::Register).is_empty());
    assert_eq!(world.authorization.asked(Endpoint::Authorize)[0].need("client_id"), document);
}

#[test]
fn browsers_that_fail_linger_or_talk_change_nothing() {
    for browser in [Human::browser, Human::lingering_browser, Human::unsure_browser] {
        let world = World::new();
        let human = Human::at_ease();
        let mut bridge = world.launch(&human).env("BROWSER", browser(&human)).spawn();
        assert_eq!(start(&mut bridge, &human).consent().status, 200);
        bridge.expect_result("0");
        assert_eq!(human.windows(), 1);
    }
    // Without a browser the person is told where to go.
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.launch(&human).env("BROWSER", human.broken_browser()).spawn();
    bridge.send(initialize(0, support::VERSION));
    let stderr = bridge.wait_stderr("/authorize?");
    let url = stderr.split_whitespace().find(|word| word.contains("/authorize?")).unwrap().to_owned();
    let callback =
        Url::parse(&url).unwrap().query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    world.authorization.change(|it| it.authorize.at_once = true);
    let back = get(&url).header("location").unwrap().to_owned();
    assert!(back.starts_with(&callback));
    assert_eq!(get(&back).status, 200);
    bridge.expect_result("0");
}

#[test]
fn a_server_that_asks_for_nothing_needs_no_sign_in() {
    let home = TempDir::new().unwrap();
    let server = support::Legacy::new().start();
    let told = Bridge::bare().args(["login", &server.url()]).home(home.path()).told();
    told.expect(0, &[]);
    assert!(format!("{}{}", told.stdout, told.stderr).contains("no sign-in"), "{told:?}");
}

#[test]
fn login_status_and_logout_tell_what_is_so() {
    let world = World::new();
    let command = |name: &str, flags: &[&str]| {
        Bridge::bare().args([name, &world.server.url()]).args(flags.iter().copied()).home(world.home.path()).told()
    };
    assert_eq!(command("status", &["--json"]).code, 3);
    let human = Human::prompt();
    let login = Bridge::bare().args(["login", &world.server.url()]).home(world.home.path()).human(&human).at_shell();
    login.finish().expect(0, &[]);
    assert_eq!(human.page().status, 200);

    let status = command("status", &["--json"]);
    assert_eq!((status.code, status.json()["schema_version"].is_u64()), (0, true), "{status:?}");
    for secret in world.authorization.ledger.secrets() {
        assert!(!status.stdout.contains(&secret) && !status.stderr.contains(&secret));
    }
    command("logout", &[]).expect(0, &[]);
    assert!(world.authorization.ledger.live_refresh_tokens().is_empty(), "revoked at the server");
    assert_eq!(command("status", &["--json"]).code, 3);
}

#[test]
fn a_running_relay_follows_a_logout_and_a_login() {
    let world = World::new();
    let human = Human::prompt();
    let mut bridge = world.launch(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let old = world.authorization.ledger.secrets();
    let login = Bridge::bare().args(["login", "--force", &world.server.url()]).home(world.home.path()).human(&human);
    login.at_shell().finish().expect(0, &[]);
    let fresh: Vec<String> =
        world.authorization.ledger.live_access_tokens().into_iter().filter(|token| !old.contains(token)).collect();
    let deadline = Instant::now() + PATIENCE;
    for id in 2.. {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        let last = world.server.wait(id, "tools/call");
        if fresh.iter().any(|token| last.header("authorization").unwrap().ends_with(token.as_str())) {
            break;
        }
        assert!(Instant::now() < deadline, "the relay keeps its old token");
    }
}

/// An authorization server, a server behind it, and a home where nothing is remembered at first.
struct World {
    // In this order: a bridge is gone before those it talks to.
    home: TempDir,
    server: Protected,
    authorization: Authorization,
}

impl World {
    fn new() -> Self {
        Self::with(|_| (), |_| ())
    }

    fn with(manners: impl FnOnce(&mut Manners), guard: impl FnOnce(&mut support::Guard)) -> Self {
        let authorization = Authorization::start(manners).may_be_unused();
        let server = Protected::start(&authorization.desk(), guard);
        Self { home: TempDir::new().unwrap(), server, authorization }
    }

    fn launch(&self, human: &Human) -> Launch {
        Bridge::to(&self.server).home(self.home.path()).human(human)
    }

    /// One relay, from its start to an answer and its end.
    #[track_caller]
    fn sign_in(&self) {
        let human = Human::prompt();
        let mut bridge = self.launch(&human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }

    #[track_caller]
    fn needs_no_window(&self) {
        let human = Human::at_ease();
        let mut bridge = self.launch(&human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!(human.windows(), 0);
    }
}

/// The window that the first message of an editor opens.
#[track_caller]
fn start(bridge: &mut Bridge, human: &Human) -> support::Visit {
    bridge.send(initialize(0, support::VERSION));
    human.visit()
}

/// The editor is told that there is no way in: by the answer to `initialize`, or where that was answered early, by the
/// next one. What it says.
#[track_caller]
fn assert_refused(bridge: &mut Bridge, words: &[&str]) -> String {
    let mut answer = support::json(&bridge.answer("0"));
    if answer.get("error").is_none() {
        bridge.send(support::INITIALIZED);
        bridge.send(call(99));
        answer = support::json(&bridge.answer("99"));
    }
    let text = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("not refused: {answer}")).to_lowercase();
    for word in words {
        assert!(text.contains(&word.to_lowercase()), "the error does not say {word:?}: {text}");
    }
    text
}

fn files(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

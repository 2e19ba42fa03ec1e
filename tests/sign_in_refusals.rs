//! What a sign-in refuses: the error names what was compared, nothing secret is told, and nobody is asked again without
//! having said so.

mod support;

use std::{fs, time::Duration};

use serde_json::json;
use support::{
    Bridge, Endpoint, Fault, Gate, Guard, Human, Iss, Manners, PATIENCE, Page, Server, VERSION, World, call, end_well,
    initialize, json as parse, refusal, start,
};

/// Both values that were compared are in the error, and the terminal, the log and the files know no secret.
#[test]
fn a_check_that_fails_names_both_values_and_no_secret() {
    type Case = (fn(&mut Manners), fn(&World) -> [String; 2], usize);
    let cases: [Case; 8] = [
        (
            |it| it.metadata = vec![("issuer", Some(json!("https://evil.example")))],
            |world| ["https://evil.example".into(), world.authorization.issuer()],
            0,
        ),
        (
            |it| it.metadata = vec![("code_challenge_methods_supported", Some(json!(["plain"])))],
            |_| ["plain".into(), "S256".into()],
            0,
        ),
        (
            |it| it.metadata = vec![("token_endpoint", Some(json!("http://auth.example/token")))],
            |world| ["http://auth.example/token".into(), world.server.origin()],
            0,
        ),
        (
            |it| it.metadata = vec![("registration_endpoint", Some(json!("ftp://auth.example/new")))],
            |world| ["ftp://auth.example/new".into(), world.server.origin()],
            0,
        ),
        (
            |it| it.registration.redirect_uris = Some(vec!["http://127.0.0.1:1/other".to_owned()]),
            |_| ["http://127.0.0.1:1/other".into(), "/oauth/callback".into()],
            0,
        ),
        (
            |it| it.authorize.iss = Iss::Other("https://evil.example".to_owned()),
            |world| ["https://evil.example".into(), world.authorization.issuer()],
            1,
        ),
        (|it| it.authorize.iss = Iss::Forgotten, |world| ["names no issuer".into(), world.authorization.issuer()], 1),
        (|it| it.tokens.token_type = Some("DPoP"), |_| ["\"DPoP\"".into(), "bearer".into()], 1),
    ];
    for (change, values, windows) in cases {
        let world = World::with(change, |_| ());
        let human = Human::prompt();
        let log = world.home.path().join("log");
        let mut bridge = world.relay(&human).args(["--debug", "--log-file"]).arg(&log).spawn();
        bridge.send(initialize(0, VERSION));
        let told = refusal(&mut bridge, &[]);
        for value in values(&world) {
            assert!(told.contains(&value), "{value:?} is not named: {told}");
        }
        assert_eq!(human.windows(), windows, "{told}");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        world.assert_kept_secret(&[&told, &bridge.stderr(), &fs::read_to_string(&log).unwrap()]);
    }
}

#[test]
fn a_resource_of_another_place_is_refused_and_that_of_a_parent_is_not() {
    for (resource, accepted) in [
        ("{origin}/mcp", true),
        ("{origin}", true),
        ("{origin}/", true),
        ("{origin}/mcp/", true),
        ("{origin}/mc", false),
        ("{origin}/other", false),
        ("{origin}/mcp/deeper", false),
        ("{origin}.evil.example/mcp", false),
        ("https://evil.example/mcp", false),
        ("", false),
    ] {
        let world = World::with(|_| (), |it| it.resource = resource.to_owned());
        let human = Human::prompt();
        if accepted {
            world.sign_in();
            assert_eq!(world.authorization.wait(1, Endpoint::Code).need("resource"), world.server.resource());
        } else {
            world.refused(&human, &[&world.server.url(), &world.server.resource()]);
            assert_eq!(human.windows(), 0, "{resource}");
        }
    }
}

#[test]
fn a_document_of_the_server_that_is_no_use_is_refused_or_passed_over() {
    let larger = |it: &mut Guard| it.documents[0].1 = Page::Larger(1 << 20);
    let human = Human::at_ease();
    World::with(|_| (), larger).refused(&human, &["1 mib"]);
    let elsewhere = Server::start(|_, reply| reply.text(200, "not here")).may_be_unused();
    let nobody = |it: &mut Guard| it.authorization_servers = Some(Vec::new());
    World::with(|_| (), nobody).refused(&human, &["names no authorization server"]);
    for issuer in ["javascript:alert(1)", "file:///etc/passwd", "http://auth.example", "not a url"] {
        let world = World::with(|_| (), |it| it.authorization_servers = Some(vec![issuer.to_owned()]));
        world.refused(&human, &[&world.server.url()]);
    }
    let challenge =
        |it: &mut Guard| it.challenge = vec![r#"Bearer resource_metadata="javascript:alert(1)""#.to_owned()];
    World::with(|_| (), challenge).refused(&human, &["resource_metadata"]);
    assert_eq!(human.windows(), 0);
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn only_addresses_of_the_web_reach_the_browser() {
    for endpoint in [
        "javascript:alert(1)",
        "file:///bin/sh",
        "data:text/html,x",
        "vscode://evil/run",
        "http://auth.example/authorize",
        "https://",
        "$(touch /tmp/x)",
        "-flag",
    ] {
        let world = World::with(|it| it.metadata = vec![("authorization_endpoint", Some(json!(endpoint)))], |_| ());
        let human = Human::at_ease();
        world.refused(&human, &["authorization_endpoint"]);
        assert_eq!(human.windows(), 0, "{endpoint}");
    }
    // What a shell would make something of is in the address still, and nothing was made of it.
    let tricky = json!("{origin}/authorize?x=';touch%20$(HOME)`id`|&y=%22&&");
    let world = World::with(|it| it.metadata = vec![("authorization_endpoint", Some(tricky))], |_| ());
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let visit = start(&mut bridge, &human);
    assert!(visit.url.contains("$(HOME)`id`|&y=%22"), "{}", visit.url);
    assert_eq!(visit.consent().status, 200);
    bridge.expect_result("0");
}

/// Whatever went wrong after the person was sent off: neither the next request nor the next relay sends them again.
#[test]
fn a_sign_in_that_failed_is_not_begun_again_by_itself() {
    type Change = fn(&World);
    let cases: [(&str, Change); 7] = [
        ("declined", |world| world.authorization.change(|it| it.authorize.error = Some(("access_denied", None)))),
        ("another type", |world| world.authorization.change(|it| it.tokens.token_type = Some("mac"))),
        ("an issuer that is another", |world| {
            world.authorization.change(|it| it.authorize.iss = Iss::Other("https://evil.example".to_owned()));
        }),
        ("a redirect", |world| world.authorization.fail(Endpoint::Code, Fault::redirect(307, "http://127.0.0.1:1/x"))),
        ("trouble", |world| world.authorization.fail(Endpoint::Code, Fault::status(503))),
        ("nonsense", |world| {
            world.authorization.fail(Endpoint::Code, Fault::Answer(support::Answer::text(200, "text/html", "<p>Hi.")));
        }),
        ("a client that nobody knows", |world| {
            world.authorization.fail(Endpoint::Code, Fault::error(401, "unauthorized_client"));
        }),
    ];
    for (what, change) in cases {
        let world = World::new();
        change(&world);
        let human = Human::prompt();
        let mut bridge = world.relay(&human).spawn();
        bridge.send(initialize(0, VERSION));
        let first = refusal(&mut bridge, &[]);
        for id in 10..13 {
            bridge.send(call(id));
            bridge.answer(&id.to_string());
        }
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        let again = world.refused(&human, &["mcpbridge login"]);
        assert_eq!(human.windows(), 1, "{what}: {first}; {again}");
    }
}

#[test]
fn a_person_who_comes_to_sign_in_overrides_what_failed() {
    let world = World::new();
    world.authorization.fail(Endpoint::Code, Fault::status(503));
    let human = Human::prompt();
    world.refused(&human, &[]);
    world.authorization.mend(Endpoint::Code);
    world.command("login").human(&human).told().expect(0, &[]);
    assert_eq!(human.windows(), 2);
    world.needs_no_window();
}

#[test]
fn a_registration_that_is_refused_names_the_reason_and_the_way_out() {
    for (refusal, words) in [
        ((400, "invalid_redirect_uri", "only https"), ["only https", "--host localhost"]),
        ((403, "access_denied", "ask the administrator"), ["ask the administrator", "--static-oauth-client-info"]),
        ((503, "server_error", "later"), ["http 503", "try again"]),
    ] {
        let world = World::with(|it| it.registration.refusal = Some(refusal), |_| ());
        let human = Human::at_ease();
        world.refused(&human, &words);
        assert_eq!(human.windows(), 0);
    }
}

#[test]
fn what_fails_before_anybody_is_asked_is_tried_again_by_the_next_relay() {
    let world = World::with(|it| it.registration.refusal = Some((400, "invalid_client_metadata", "no")), |_| ());
    let human = Human::prompt();
    world.refused(&human, &["invalid_client_metadata"]);
    world.authorization.change(|it| it.registration.refusal = None);
    let bridge = world.bridge(&human);
    assert_eq!(human.windows(), 1);
    support::end_well(bridge);
}

#[test]
fn a_secret_in_a_redirect_is_for_nobody_else() {
    let world = World::new();
    world.sign_in();
    let elsewhere = Server::start(|_, reply| reply.json("{}")).may_be_unused();
    world.authorization.fail(Endpoint::Refresh, Fault::redirect(308, elsewhere.at("/token")));
    world.authorization.fail(Endpoint::Revoke, Fault::redirect(308, elsewhere.at("/revoke")));
    world.authorization.ledger.drop_access_tokens();
    let human = Human::at_ease();
    world.refused(&human, &[]);
    world.command("logout").told().expect(0, &[]);
    assert!(elsewhere.requests().is_empty(), "a redirect was followed");
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_server_that_refuses_the_token_of_a_fresh_sign_in_opens_no_second_window() {
    let world = World::with(|_| (), |it| it.refuses_all = true);
    let human = Human::prompt();
    let mut bridge = world.relay(&human).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["its own authorization server"]);
    for id in 10..13 {
        bridge.send(call(id));
        bridge.answer(&id.to_string());
    }
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    world.refused(&human, &[]);
    world.refused(&human, &[]);
    assert_eq!(human.windows(), 1, "an editor that starts its relay again opens no window either");
    let told = world.command("login").human(&human).told();
    told.expect(4, &["its own authorization server"]);
    assert_eq!(human.windows(), 2);
}

#[test]
fn a_refusal_that_asks_for_no_scope_starts_nothing() {
    for header in
        [r#"Bearer error="access_denied", scope="admin""#, r#"Bearer error="insufficient_scope""#, r#"Basic realm="x""#]
    {
        let world = World::with(
            |_| (),
            |it| {
                it.scopes = [("tools/call admin".to_owned(), "admin".to_owned())].into();
                it.step_up = header.to_owned();
            },
        );
        let human = Human::prompt();
        let mut bridge = world.bridge(&human);
        bridge.send(support::request_with(5, "tools/call", r#"{"name":"admin","arguments":{}}"#));
        bridge.expect_error("5", &["403"]);
        assert_eq!((human.windows(), world.server.count("tools/call")), (1, 2), "{header}");
        assert!(world.authorization.asked(Endpoint::Refresh).is_empty(), "{header}");
        bridge.send(call(6));
        bridge.expect_result("6");
    }
}

#[test]
fn a_scope_that_is_not_granted_is_asked_for_once() {
    let world = World::with(|_| (), |it| it.scopes = [("tools/call admin".to_owned(), "never".to_owned())].into());
    world.authorization.change(|it| it.tokens.granted = Some("all"));
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    for id in 5..9 {
        bridge.send(support::request_with(id, "tools/call", r#"{"name":"admin","arguments":{}}"#));
        bridge.expect_error(&id.to_string(), &["never"]);
    }
    assert_eq!(human.windows(), 2, "one sign-in, and one that asked for more");
    bridge.send(call(20));
    bridge.expect_result("20");
}

#[test]
fn a_server_that_asks_for_more_rights_each_time_opens_three_windows_and_no_more() {
    let world = World::with(|_| (), |it| it.insatiable = true);
    let human = Human::prompt();
    let again = |bridge: &mut Bridge, id: u32| {
        bridge.send(call(id));
        let words =
            ["asks for more rights again and again", "for s", &format!("run: mcpbridge login {}", world.server.url())];
        let error = bridge.expect_error(&id.to_string(), &words);
        assert!(!error.to_string().contains("wants a credential"), "{error}");
    };
    let mut bridge = world.relay(&human).ready();
    for (id, windows) in [(5, 2), (6, 3), (7, 4), (8, 4)] {
        again(&mut bridge, id);
        assert_eq!(human.windows(), windows, "one for the sign-in, and one for each call so far");
    }
    let mut other = world.relay(&human).ready();
    again(&mut other, 9);
    assert_eq!(human.windows(), 4, "another relay shares the count");

    world.command("login").human(&human).told().expect(0, &[]);
    assert_eq!(human.windows(), 4, "the sign-in is good");
    again(&mut other, 10);
    assert_eq!(human.windows(), 5, "whoever comes on their own is asked again");
}

#[test]
fn two_tools_that_need_a_scope_each_are_both_called() {
    let scopes = ["alpha", "beta"].map(|tool| (format!("tools/call {tool}"), tool.to_owned()));
    let world = World::with(|_| (), |it| it.scopes = scopes.into());
    let human = Human::prompt();
    let mut bridge = world.relay(&human).ready();
    // At once: one of the two finds the window of the other.
    for (id, tool) in [(5, "alpha"), (6, "beta")] {
        bridge.send(support::request_with(id, "tools/call", &format!(r#"{{"name":"{tool}","arguments":{{}}}}"#)));
    }
    let answers = [bridge.answer("5"), bridge.answer("6")];
    assert!(answers.iter().all(|answer| answer.contains(r#""result""#)), "{answers:?}");
    assert_eq!(human.windows(), 3);
}

#[test]
fn who_takes_too_long_is_told_so_and_is_not_asked_again() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).args(["--sign-in-timeout", "1"]).spawn();
    let visit = start(&mut bridge, &human);
    refusal(&mut bridge, &["nobody signed in within 1 s", "mcpbridge login"]);
    let callback = visit.need("redirect_uri");
    assert!(support::fetch("GET", &callback, &[], "").is_err(), "nobody listens any more");
    world.refused(&human, &["nobody signed in"]);
    assert_eq!(human.windows(), 1);
}

#[test]
fn an_authorization_server_that_does_not_answer_is_given_up_in_time() {
    let world = World::new();
    let gate = Gate::new();
    world.authorization.fail(Endpoint::Register, Fault::Held(gate.clone()));
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).args(["--auth-timeout", "1"]).spawn();
    bridge.send(initialize(0, VERSION));
    let address = format!("{} did not answer within 1 s", world.authorization.at("/register"));
    refusal(&mut bridge, &[&address]);
    gate.open();
    assert_eq!(human.windows(), 0);
}

#[test]
fn an_authorization_server_whose_metadata_do_not_come_is_given_up_by_its_name() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let world = World::with(|_| (), |it| it.authorization_servers = Some(vec![origin.clone()]));
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).args(["--auth-timeout", "1"]).spawn();
    bridge.send(initialize(0, VERSION));
    let address = format!("{origin}/.well-known/oauth-authorization-server did not answer within 1 s");
    refusal(&mut bridge, &[&address, "--auth-timeout"]);
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_sign_in_can_be_called_off_from_elsewhere() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let visit = start(&mut bridge, &human);
    let told = world.command("login").arg("--cancel").told();
    assert!(told.expect(0, &[]).stdout.contains("called off"), "{told:?}");
    refusal(&mut bridge, &["called off", "mcpbridge login"]);
    assert!(support::fetch("GET", &visit.need("redirect_uri"), &[], "").is_err(), "nobody listens any more");
    let told = world.command("login").args(["--cancel", "--json"]).told();
    assert_eq!(told.expect(0, &[]).json()["result"], "nothing_to_cancel");
    world.refused(&human, &["mcpbridge login"]);
    assert_eq!(human.windows(), 1, "who has called it off is not asked again");
}

#[test]
fn a_key_that_a_server_with_a_sign_in_refuses_is_named_and_nobody_is_sent_to_the_browser() {
    let world = World::new();
    let human = Human::at_ease();
    for (header, query, words) in [
        ("X-Api-Key: s3cret-key", "", ["header x-api-key", "check its value"]),
        ("X-Team: sk-s3cret-key-1", "", ["header x-team", "check its value"]),
        ("X-Region: eu", "?api_key=s3cret-key&lang=en", ["in the URL", "check the URL's query"]),
    ] {
        let url = format!("{}{query}", world.server.url());
        let launch = Bridge::launch(url).home(world.home.path()).human(&human);
        let mut bridge = launch.args(["--header", header, "--header", "X-Tenant: acme"]).spawn();
        bridge.send(initialize(0, VERSION));
        let words = [&words[..], &["401", ", or remove it to sign in in the browser; "]].concat();
        let text = refusal(&mut bridge, &words);
        let (name, _) = header.split_once(':').unwrap();
        let login = ["mcpbridge login ", "mcpbridge login '"][usize::from(!query.is_empty())].to_owned();
        let both = format!("if the server wants both, run: {login}{}", world.server.url());
        assert!(text.contains(&both), "{text}");
        assert!(text.ends_with(&format!(" --header '{name}: …' --header 'X-Tenant: …'")), "{text}");
        assert!(!text.contains("x-tenant") && !text.contains("s3cret"), "{text}");
    }
    assert_eq!(human.windows(), 0);
    assert!(world.authorization.asked(Endpoint::Documents).is_empty());
}

#[test]
fn a_header_that_is_no_key_keeps_nobody_from_the_sign_in_and_who_has_signed_in_sends_a_key_beside_it() {
    let world = World::new();
    let human = Human::prompt();
    let header = |header: &str| world.relay(&human).args(["--header", header]);
    end_well(header("X-Team: blue").ready());
    assert_eq!(human.windows(), 1);
    world.authorization.ledger.drop_access_tokens();
    end_well(header("X-Api-Key: s3cret-key").ready());
    assert_eq!(human.windows(), 1, "a token that has expired is renewed");
}

#[test]
fn what_only_looks_like_a_key_keeps_nobody_from_a_sign_in_that_the_server_offers() {
    for (header, query) in [
        ("X-Session-Id: trace", ""),
        ("Cookie: lang=en", ""),
        ("X-Pin: 735719", ""),
        ("X-Team: blue", "?auth=oauth&session=7&sid=8&code=en"),
    ] {
        let (world, human) = (World::new(), Human::prompt());
        let url = format!("{}{query}", world.server.url());
        let launch = Bridge::launch(url).home(world.home.path()).human(&human);
        end_well(launch.args(["--header", header]).ready());
        assert_eq!(human.windows(), 1, "{header} {query}");
    }
}

/// As with a gateway in front of a server that has a sign-in of its own.
#[test]
fn who_needs_a_key_and_a_sign_in_gets_the_sign_in_by_the_command_that_is_named_and_again_when_it_has_ended() {
    let world = World::new();
    let human = Human::prompt();
    let gateway = ["--header", "X-Api-Key: s3cret-key"];
    let relay = || world.relay(&human).args(gateway);
    let mut bridge = relay().spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["wants both, run: mcpbridge login"]);
    assert_eq!(human.windows(), 0);
    world.command("login").args(gateway).human(&human).told().expect(0, &[]);
    end_well(relay().ready());
    assert_eq!(human.windows(), 1);
    world.authorization.ledger.revoke_all();
    end_well(relay().ready());
    assert_eq!(human.windows(), 2, "the issuer has ended the grant, and nobody has to wonder about the key");
    world.command("logout").told().expect(0, &[]);
    let mut bridge = relay().spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &["run: mcpbridge login", "--header 'X-Api-Key: …'"]);
    assert!(!text.contains("refused the credential") && !text.contains("s3cret"), "{text}");
}

#[test]
fn a_key_that_is_refused_starts_no_sign_in() {
    let world = World::with(|_| (), |it| it.challenge = Vec::new());
    let human = Human::at_ease();
    let mut bridge: Bridge = world.relay(&human).args(["--header", "Authorization: Bearer wrong"]).spawn();
    bridge.send(initialize(0, VERSION));
    let answer = parse(&bridge.answer("0"));
    assert!(answer["error"]["message"].as_str().unwrap().contains("401"), "{answer}");
    assert!(!bridge.stderr().contains("Bearer wrong"));
    assert_eq!(human.windows(), 0);
    assert!(world.authorization.asked(Endpoint::Documents).is_empty());
    let quiet = Duration::from_millis(200);
    assert!(human.visit_within(quiet).is_none());
}

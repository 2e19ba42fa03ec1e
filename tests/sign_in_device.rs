//! A sign-in with a code (RFC 8628): the person opens an address on any device, and the bridge asks until they are done.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::*;

/// With an authorization server that has codes.
fn world(change: impl FnOnce(&mut Device)) -> World {
    world_with(|_| (), change)
}

fn world_with(manners: impl FnOnce(&mut Manners), change: impl FnOnce(&mut Device)) -> World {
    let mut device = Device::default();
    change(&mut device);
    World::with(
        |it| {
            manners(it);
            it.device = Some(device);
        },
        |_| (),
    )
}

/// The address in what was told.
#[track_caller]
fn address(told: &str) -> Visit {
    let word = told.split_whitespace().find(|word| word.contains("/device"));
    Visit::by_link(word.unwrap_or_else(|| panic!("no address was told: {told}")))
}

fn login(world: &World) -> Launch {
    world.command("login").arg("--device-code")
}

/// A login whose address is shown.
fn asked(launch: Launch) -> (Shell, Visit) {
    let shell = launch.at_shell();
    let visit = address(&shell.wait_stderr("WDJB-"));
    (shell, visit)
}

#[test]
fn an_editor_is_let_in_once_the_person_has_entered_the_code_elsewhere() {
    let world = world(|_| ());
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).arg("--device-code").spawn();
    bridge.send(initialize(0, VERSION));
    let told = bridge.wait_stderr("with the code WDJB-");
    assert_eq!(address(&told).consent().status, 200);
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(human.windows(), 0);

    let registered = world.authorization.asked(Endpoint::Register)[0].request.json();
    let grants = registered["grant_types"].as_array().unwrap();
    assert!(grants.contains(&json!(DEVICE_CODE)) && grants.contains(&json!("refresh_token")), "{registered}");
    for endpoint in [Endpoint::Device, Endpoint::Poll] {
        let asked = world.authorization.wait(1, endpoint);
        assert_eq!(asked.need("resource"), world.server.resource(), "{endpoint:?}");
        assert_eq!(asked.need("client_id"), world.authorization.asked(Endpoint::Device)[0].need("client_id"));
    }
    let stderr = end_well(bridge);
    world.assert_kept_secret(&[&told, &stderr]);

    // What came of it is a grant like any other.
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1);
}

#[test]
fn login_shows_address_and_code_and_says_who_is_in() {
    for complete in [true, false] {
        let world = world(|it| it.complete = complete);
        let (shell, visit) = asked(login(&world));
        let code = visit.query("user_code");
        assert_eq!(code.is_some(), complete, "{}", visit.url);
        assert!(visit.url.starts_with(&world.authorization.at("/device")), "{}", visit.url);
        let stderr = shell.stderr();
        assert!(!stderr.contains(['\u{1b}', '█']), "no picture where there is no terminal: {stderr}");
        let entered = Visit::by_link(&format!("{}?user_code={}", world.authorization.at("/device"), code_in(&stderr)));
        assert_eq!(entered.consent().status, 200);
        let told = shell.finish();
        told.expect(0, &[]);
        assert!(told.stdout.contains("signed in to"), "{told:?}");
        let why = world.command("why").told();
        assert!(why.stdout.contains("signed in with a code"), "{why:?}");
        world.assert_kept_secret(&[&told.stdout, &told.stderr]);
        world.needs_no_window();
    }
}

fn code_in(told: &str) -> &str {
    told.split_whitespace().find(|word| word.starts_with("WDJB-")).expect("a code")
}

#[cfg(unix)]
#[test]
fn a_terminal_shows_a_picture_for_the_camera_of_a_phone_if_it_has_room() {
    for (columns, colours) in [(80, true), (80, false), (20, true)] {
        let world = world(|_| ());
        let launch = if colours { login(&world) } else { login(&world).env("CLICOLOR", "0") };
        let tty = Tty::start_with(launch, None, columns);
        let screen = tty.wait("shown:\r\n\r\n  WDJB-0001\r\n");
        let lines: Vec<&str> = screen.lines().filter(|line| line.contains(['▀', '▄', '█'])).collect();
        if columns == 80 {
            assert!(lines.len() > 10, "{screen}");
            assert_eq!(screen.contains('\u{1b}'), colours, "{screen:?}");
        } else {
            assert!(lines.is_empty(), "{screen}");
        }
        assert_eq!(
            Visit::by_link(&format!("{}?user_code=WDJB-0001", world.authorization.at("/device"))).consent().status,
            200
        );
        let (code, screen) = tty.end();
        assert_eq!(code, 0, "{screen}");
    }
}

#[test]
fn a_call_that_nobody_waits_for_any_more_names_address_and_code() {
    let world = world(|_| ());
    let mut bridge = world.relay(&Human::at_ease()).arg("--device-code").ready();
    bridge.send(call(1));
    bridge.wait_stderr("WDJB-0001");
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let error = outcome.answer("1");
    let text = error["error"]["message"].as_str().unwrap();
    assert!(text.contains("wants a sign-in") && text.contains("the code WDJB-0001"), "{text}");
    assert!(text.contains("/device?user_code=WDJB-0001"), "{text}");
    assert!(text.contains(&format!("mcpbridge login {} --device-code", world.server.url())), "{text}");
    world.assert_kept_secret(&[text]);
}

#[test]
fn an_editor_that_shows_links_is_given_the_address_and_the_code() {
    // Without the flag too, where no browser of this machine could come back.
    let ways: [fn(Launch) -> Launch; 2] =
        [|launch| launch.arg("--device-code"), |launch| launch.env("BROWSER", "none")];
    for way in ways {
        let world = world(|it| it.complete = false);
        let mut bridge = way(world.relay(&Human::at_ease())).spawn();
        bridge.send(initialize(0, VERSION).replace(r#""elicitation":{}"#, r#""elicitation":{"url":{}}"#));
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(request(1, "tools/list"));
        let offer = json(&bridge.expect_method("elicitation/create"));
        assert_eq!(offer["params"]["url"], world.authorization.at("/device"));
        assert!(offer["params"]["message"].as_str().unwrap().contains("WDJB-0001"), "{offer}");
        let url = format!("{}?user_code=WDJB-0001", world.authorization.at("/device"));
        assert_eq!(Visit::by_link(&url).consent().status, 200);
        bridge.expect_method("notifications/cancelled");
        bridge.send(call(2));
        bridge.expect_result("2");
    }
}

#[test]
fn ten_relays_that_start_at_once_ask_for_one_code() {
    let world = world(|_| ());
    let human = Human::at_ease();
    let mut bridges: Vec<Bridge> = (0..10).map(|_| world.relay(&human).arg("--device-code").spawn()).collect();
    for bridge in &mut bridges {
        bridge.send(initialize(0, VERSION));
    }
    for bridge in &mut bridges {
        bridge.wait_stderr("the code WDJB-0001");
    }
    assert_eq!(address(&bridges[0].stderr()).consent().status, 200);
    for bridge in &mut bridges {
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
    assert_eq!(world.authorization.asked(Endpoint::Device).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_relay_that_is_killed_while_the_person_signs_in_loses_nothing() {
    let world = world(|_| ());
    let mut bridge = world.relay(&Human::at_ease()).arg("--device-code").spawn();
    bridge.send(initialize(0, VERSION));
    let visit = address(&bridge.wait_stderr("the code WDJB-"));
    bridge.signal(rustix::process::Signal::KILL);
    bridge.wait_exit(PATIENCE);
    assert_eq!(visit.consent().status, 200);
    world.needs_no_window();
    assert_eq!(world.authorization.asked(Endpoint::Device).len(), 1);
}

#[test]
fn login_while_a_relay_waits_shows_its_code_and_cancel_ends_it() {
    let world = world(|_| ());
    let mut bridge = world.relay(&Human::at_ease()).arg("--device-code").spawn();
    bridge.send(initialize(0, VERSION));
    bridge.wait_stderr("the code WDJB-0001");
    let (mut shell, visit) = asked(login(&world));
    assert!(shell.stderr().contains("under way already"), "{}", shell.stderr());
    assert_eq!(visit.query("user_code").as_deref(), Some("WDJB-0001"));
    let status = world.command("status").told();
    assert!(status.stdout.contains("WDJB-0001"), "{status:?}");
    world.assert_kept_secret(&[&status.stdout]);
    shell.kill();
    world.command("login").arg("--cancel").told().expect(0, &[]);
    refusal(&mut bridge, &["called off", "mcpbridge login"]);
    // Nobody asks for what was called off.
    let polls = world.authorization.asked(Endpoint::Poll).len();
    assert!(world.authorization.wait_within(Duration::from_millis(1500), polls + 1, Endpoint::Poll).is_none());
}

/// What is typed into a login by code is no address to hand over.
#[test]
fn a_line_that_is_typed_meanwhile_ends_nothing() {
    let world = world(|_| ());
    let (mut shell, visit) = asked(login(&world));
    shell.type_line("http://127.0.0.1:1/oauth/callback?code=x");
    visit.consent();
    shell.finish().expect(0, &[]);
}

#[test]
fn where_no_browser_opens_a_code_is_asked_for_by_itself() {
    for browser in [None, Some("none")] {
        let world = world(|_| ());
        let human = Human::at_ease();
        let browser = browser.map_or_else(|| human.broken_browser(), str::to_owned);
        let mut bridge = world.relay(&human).env("BROWSER", browser).spawn();
        bridge.send(initialize(0, VERSION));
        let told = bridge.wait_stderr("the code WDJB-");
        assert!(!told.contains("/authorize"), "{told}");
        assert_eq!(address(&told).consent().status, 200);
        bridge.expect_result("0");
        end_well(bridge);
    }
}

/// The address can still be carried to a browser by hand.
#[test]
fn where_there_are_no_codes_either_the_address_is_said_as_before() {
    let none: fn(&World) = |world| world.authorization.change(|it| it.device = None);
    let refused: fn(&World) =
        |world| world.authorization.fail(Endpoint::Device, Fault::error(400, "unauthorized_client"));
    let broken: fn(&World) = |world| world.authorization.fail(Endpoint::Device, Fault::HangUp);
    for (change, flags) in [(none, &[][..]), (refused, &[]), (broken, &[]), (|_: &World| (), &["--no-browser"])] {
        let world = world(|_| ());
        change(&world);
        let shell = world.command("login").args(flags.iter().copied()).env("BROWSER", "none").at_shell();
        let told = shell.wait_stderr("/authorize?");
        let word = told.split_whitespace().find(|word| word.contains("/authorize?")).unwrap();
        assert_eq!(Visit::by_link(word).consent().status, 200);
        let told = shell.finish();
        told.expect(0, &[]);
        assert!(!told.stderr.contains("WDJB-"), "{told:?}");
        let registered = world.authorization.asked(Endpoint::Register);
        let grants = registered.last().unwrap().request.json()["grant_types"].clone();
        assert_eq!(grants, json!(["authorization_code", "refresh_token"]));
    }
}

/// With what is said, and the exit code, of a sign-in that came to nothing.
#[test]
fn a_sign_in_that_comes_to_nothing_says_why_in_one_sentence_with_the_command() {
    type Change = fn(&World);
    let cases: [(&str, i32, Change, &[&str]); 15] = [
        (
            "no endpoint",
            3,
            |world| world.authorization.change(|it| it.device = None),
            &[
                "offers no sign-in with a code",
                "device_authorization_endpoint",
                "without --device-code: mcpbridge login",
            ],
        ),
        (
            "a client that may not",
            4,
            |world| world.authorization.fail(Endpoint::Device, Fault::error(400, "unauthorized_client")),
            &["unauthorized_client", "without --device-code: mcpbridge login"],
        ),
        (
            "no such grant",
            4,
            |world| world.authorization.fail(Endpoint::Poll, Fault::error(400, "unsupported_grant_type")),
            &["unsupported_grant_type", "run: mcpbridge login"],
        ),
        (
            "a code that nobody knows",
            4,
            |world| world.authorization.fail(Endpoint::Poll, Fault::error(400, "invalid_grant")),
            &["invalid_grant", "run: mcpbridge login"],
        ),
        (
            "tokens that are none",
            6,
            |world| {
                let answer = Answer::json(200, &json!({ "token_type": "Bearer" }));
                world.authorization.fail(Endpoint::Poll, Fault::Answer(answer));
            },
            &["without an access_token", "run: mcpbridge login"],
        ),
        (
            "trouble until the end",
            5,
            |world| {
                answer_of(world, "expires_in", Some(json!(2)));
                world.authorization.fail(Endpoint::Poll, Fault::status(503));
            },
            &["the code expired after 2 s", "/token is in trouble (http 503)", "run: mcpbridge login"],
        ),
        (
            "an endpoint in trouble",
            5,
            |world| world.authorization.fail(Endpoint::Device, Fault::status(500)),
            &["/device_authorization is in trouble (http 500)", "try again in a while"],
        ),
        (
            "the page of a network",
            5,
            |world| {
                let page = Answer::text(200, "text/html", "<!doctype html>");
                world.authorization.fail(Endpoint::Device, Fault::Answer(page));
            },
            &["/device_authorization gives a web page", "does a network want you to sign in first"],
        ),
        (
            "garbage",
            5,
            |world| world.authorization.fail(Endpoint::Device, Fault::Answer(Answer::text(200, "text/plain", "{"))),
            &["/device_authorization", "try again in a while"],
        ),
        ("no device code", 6, |world| answer_of(world, "device_code", None), &["without device_code"]),
        ("no user code", 6, |world| answer_of(world, "user_code", Some(json!(7))), &["without user_code"]),
        ("no address", 6, |world| answer_of(world, "verification_uri", None), &["without verification_uri"]),
        (
            "an address that is none of the web",
            6,
            |world| answer_of(world, "verification_uri", Some(json!("javascript:alert(1)"))),
            &["verification_uri", "ask"],
        ),
        (
            "an address without TLS",
            6,
            |world| answer_of(world, "verification_uri", Some(json!("http://as.example/device"))),
            &["http://as.example/device", "https"],
        ),
        (
            "a code that is obeyed by a terminal",
            6,
            |world| answer_of(world, "user_code", Some(json!("WD\u{1b}]0;x\u{7}JB"))),
            &["a user_code that nobody can type", "ask its operator"],
        ),
    ];
    for (what, code, change, words) in cases {
        let world = world(|_| ());
        change(&world);
        let told = login(&world).told();
        assert_eq!(told.code, code, "{what}: {told:?}");
        told.expect(code, words);
        let last = told.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("mcpbridge: "), "{what}: {told:?}");
        assert!(!told.stderr.contains('\u{1b}'), "{what}: {told:?}");
        world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    }
}

fn answer_of(world: &World, name: &'static str, value: Option<Value>) {
    world.authorization.change(|it| it.device.as_mut().unwrap().answer = vec![(name, value)]);
}

/// An address is spelled as one, and what cannot be used is left out.
#[test]
fn what_a_server_says_is_obeyed_by_no_terminal() {
    for (name, value) in [
        ("verification_uri_complete", "javascript:alert(1)"),
        ("verification_uri_complete", "http://as.example/device"),
        ("verification_uri", "{origin}/device?\u{1b}]0;x\u{7}\u{202e}"),
    ] {
        let world = world(|it| it.complete = name != "verification_uri");
        answer_of(&world, name, Some(json!(value)));
        let (mut shell, visit) = asked(login(&world));
        assert!(visit.url.starts_with(&world.authorization.at("/device")), "{}", visit.url);
        assert!(!shell.stderr().contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", shell.stderr());
        shell.kill();
        world.command("login").arg("--cancel").told();
    }
    let world = world(|_| ());
    answer_of(&world, "user_code", Some(json!("ABC\u{61c}D")));
    let told = login(&world).told();
    assert!(told.code != 0 && !told.stderr.contains("ABC"), "{told:?}");
}

#[test]
fn a_server_without_any_metadata_has_no_codes_and_may_take_a_key() {
    let home = tempfile::TempDir::new().unwrap();
    let server = Protected::start_alone(|it| it.documents = Vec::new(), |_| ());
    let told = Bridge::bare().args(["login", &server.url(), "--device-code"]).home(home.path()).told();
    told.expect(3, &["no sign-in with a code: it publishes no metadata", "without --device-code", "--header"]);
}

/// Nobody is let in twice at once: what is under way in a browser is ended first.
#[test]
fn login_by_code_while_a_browser_is_open_says_how_to_end_that() {
    let world = world(|_| ());
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let visit = start(&mut bridge, &human);
    let mut shell = login(&world).at_shell();
    let told = shell.wait_stderr("--device-code --cancel");
    assert!(told.contains(&visit.url) && told.contains("for a code instead, end it first"), "{told}");
    shell.kill();
    let words = ["login", &world.server.url(), "--device-code", "--cancel"];
    Bridge::bare().args(words).home(world.home.path()).told().expect(0, &[]);
}

#[test]
fn a_person_who_says_no_is_not_asked_again_until_they_say_so() {
    let world = world(|_| ());
    let (shell, visit) = asked(login(&world));
    visit.decline();
    let told = shell.finish();
    told.expect(4, &["the sign-in was declined at", "the person said no", "run: mcpbridge login", "--device-code"]);
    let mut bridge = world.relay(&Human::at_ease()).arg("--device-code").spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &["a short while ago", "declined", "run: mcpbridge login"]);
    assert_eq!(world.authorization.asked(Endpoint::Device).len(), 1);
    world.assert_kept_secret(&[&told.stderr, &text]);
}

#[test]
fn a_code_that_expires_ends_the_sign_in_whoever_notices() {
    // The server says so, or is not asked in time, or names no life and the person's time is over.
    let late = Duration::from_secs(2);
    for (lifetime, answer, flags, words) in [
        (late, vec![("expires_in", Some(json!(60)))], &[][..], "the code expired before somebody signed in"),
        (Duration::from_secs(60), vec![("expires_in", Some(json!("2")))], &[], "in the 2 s that it lived"),
        (
            Duration::from_secs(60),
            vec![("expires_in", None)],
            &["--sign-in-timeout", "2"],
            "nobody signed in within 2 s",
        ),
    ] {
        let world = world(|it| (it.lifetime, it.answer) = (lifetime, answer));
        let told = login(&world).args(flags.iter().copied()).told();
        told.expect(4, &[words, "run: mcpbridge login"]);
        world.assert_kept_secret(&[&told.stderr]);
    }
}

#[test]
fn a_network_that_fails_meanwhile_costs_nothing() {
    let world = world(|_| ());
    world.authorization.fail_next(Endpoint::Poll, Fault::HangUp);
    world.authorization.fail_next(Endpoint::Poll, Fault::status(503));
    let (shell, visit) = asked(login(&world));
    world.authorization.wait(2, Endpoint::Poll);
    visit.consent();
    shell.finish().expect(0, &[]);
    assert_eq!(world.authorization.asked(Endpoint::Device).len(), 1);
}

#[test]
fn a_server_that_is_asked_too_often_is_asked_five_seconds_less_often() {
    let world = world(|_| ());
    world.authorization.fail_next(Endpoint::Poll, Fault::error(400, "slow_down"));
    let (shell, visit) = asked(login(&world));
    world.authorization.wait(1, Endpoint::Poll);
    let began = Instant::now();
    visit.consent();
    shell.finish().expect(0, &[]);
    assert!(began.elapsed() > Duration::from_millis(5500), "{:?}", began.elapsed());
    assert_eq!(world.authorization.asked(Endpoint::Poll).len(), 2);
}

#[test]
fn a_registration_that_the_server_has_forgotten_is_made_anew_once() {
    let world = world(|_| ());
    world.authorization.fail_next(Endpoint::Device, Fault::error(401, "invalid_client"));
    let (shell, visit) = asked(login(&world));
    visit.consent();
    shell.finish().expect(0, &[]);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);

    world.authorization.fail(Endpoint::Device, Fault::error(401, "invalid_client"));
    let told = login(&world).arg("--force").told();
    told.expect(4, &["invalid_client"]);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 3);
}

#[test]
fn a_given_client_that_is_refused_is_named_with_its_flag() {
    let client = Client::given("by hand", Proof::Basic("s3cret + more".to_owned()));
    let world = world_with(|it| it.clients = vec![client], |_| ());
    let given = |secret: &str| json!({ "client_id": "by hand", "client_secret": secret }).to_string();
    let told = login(&world).args(["--static-oauth-client-info", &given("another")]).told();
    told.expect(4, &["invalid_client", "--static-oauth-client-info"]);
    let (shell, visit) = asked(login(&world).args(["--static-oauth-client-info", &given("s3cret + more")]));
    visit.consent();
    let told = shell.finish();
    told.expect(0, &[]);
    assert!(!told.stderr.contains("s3cret"), "{told:?}");
    assert!(world.authorization.asked(Endpoint::Register).is_empty());
}

#[test]
fn further_parameters_and_scopes_go_with_the_question_for_a_code() {
    let world = world(|_| ());
    let scope = r#"{"scope":"read write"}"#;
    let flags = ["--authorize-param", "audience=the-api", "--static-oauth-client-metadata", scope];
    let (shell, visit) = asked(login(&world).args(flags));
    visit.consent();
    shell.finish().expect(0, &[]);
    let asked = &world.authorization.asked(Endpoint::Device)[0];
    assert_eq!((asked.need("audience"), asked.need("scope")), ("the-api", "read write"));
}

#[test]
fn where_nobody_is_no_code_is_asked_for() {
    let world = world(|_| ());
    let began = Instant::now();
    let told = login(&world).env("CI", "true").told();
    told.expect(3, &["nobody is asked here", "--device-code --interactive"]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let mut bridge = world.relay(&Human::at_ease()).arg("--device-code").env("CI", "true").spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["nobody is asked here", "mcpbridge login"]);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 3);
    assert!(world.authorization.asked(Endpoint::Device).is_empty());
}

#[test]
fn two_ways_to_sign_in_are_one_too_many() {
    let client = r#"{"client_id":"a","client_secret":"b"}"#;
    for flags in [
        &["--client-credentials", "--static-oauth-client-info", client][..],
        &["--workload-token", "env:X"],
        &["--token-command", "true"],
        &[
            "--idp",
            "https://idp.example",
            "--idp-client-id",
            "a",
            "--idp-token",
            "env:X",
            "--static-oauth-client-info",
            client,
        ],
    ] {
        let world = world(|_| ()).may_be_unused();
        login(&world).args(flags.iter().copied()).told().expect(2, &["--device-code"]);
    }
}

//! Renewal beside the work: what is alive is used, what has ended is asked for with the server's own words, and a hint is
//! a command that helps.

mod support;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use support::{
    Bridge, CHALLENGE, Endpoint, Human, Legacy, Page, VERSION, World, call, end_well, initialize, notification,
    refusal, request_with,
};

/// Where the metadata is and which scopes are wanted is known from the challenge alone.
#[test]
fn who_has_to_sign_in_again_is_asked_for_what_the_server_wants() {
    let places = ["/.well-known/oauth-protected-resource/mcp", "/somewhere/else"];
    for (revoked, place) in [true, false].into_iter().flat_map(|revoked| places.map(|place| (revoked, place))) {
        let world = World::with(
            |it| {
                it.tokens.lifetime = Duration::from_secs(2);
                it.tokens.refresh_token = revoked;
            },
            |it| {
                it.documents = vec![(place.to_owned(), Page::Good)];
                it.challenge = vec![r#"Bearer scope="mine", resource_metadata="{metadata}""#.to_owned()];
            },
        );
        let human = Human::prompt();
        end_well(world.bridge(&human));
        if revoked {
            world.authorization.ledger.revoke_all();
        }
        wait_for_expiry(&world);
        let bridge = world.bridge(&human);
        let asked = world.authorization.wait(2, Endpoint::Authorize);
        assert_eq!((asked.need("scope"), asked.need("resource")), ("mine", world.server.resource().as_str()));
        assert_eq!(human.windows(), 2);
        end_well(bridge);
    }
}

#[test]
fn calls_that_want_more_rights_at_once_ask_the_person_once() {
    let world = World::with(|_| (), |it| it.scopes = [("tools/call admin".to_owned(), "admin".to_owned())].into());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let ids: Vec<String> = (10..20).map(|id| id.to_string()).collect();
    for id in &ids {
        bridge.send(support::request_with(id, "tools/call", r#"{"name":"admin","arguments":{}}"#));
    }
    for id in &ids {
        bridge.expect_result(id);
    }
    assert_eq!(human.windows(), 2, "one sign-in, and one for more rights");
}

#[test]
fn rights_add_up_from_step_to_step_and_the_next_run_has_them_all() {
    let rights = |tool: &str| (format!("tools/call {tool}"), tool.to_owned());
    let world = World::with(|_| (), |it| it.scopes = ["read", "write"].map(rights).into());
    let human = Human::prompt();
    let call =
        |id: u64, tool: &str| request_with(id, "tools/call", &format!(r#"{{"name":"{tool}","arguments":{{}}}}"#));
    for _ in 0..2 {
        let mut bridge = world.relay(&human).ready();
        for (id, tool) in [(1, "read"), (2, "write"), (3, "read")] {
            bridge.send(call(id, tool));
            bridge.expect_result(&id.to_string());
        }
        end_well(bridge);
        assert_eq!(human.windows(), 3, "one sign-in, and one for each right");
    }
    let asked = world.authorization.asked(Endpoint::Authorize);
    let mut last: Vec<&str> = asked[2].need("scope").split(' ').collect();
    last.sort_unstable();
    assert_eq!((asked[1].need("scope"), last), ("read", vec!["read", "write"]));
}

#[test]
fn a_standing_stream_that_wants_more_rights_asks_for_them_and_is_opened() {
    let world = World::over(Legacy::new().listening());
    world.server.change(|it| it.scopes = [("GET".to_owned(), "listen".to_owned())].into());
    let human = Human::prompt();
    let mut bridge = world.relay(&human).ready();
    world.server.stream().message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
    assert_eq!(human.windows(), 2, "one sign-in, and one for the stream");
    end_well(bridge);
}

/// Editors give a call a minute.
#[test]
fn calls_that_wait_for_the_same_person_are_all_answered_before_an_editor_gives_up() {
    let world = World::new();
    let human = Human::at_ease();
    let mut bridge = world.relay(&human).spawn();
    let _visit = support::start(&mut bridge, &human);
    bridge.expect_result("0");
    bridge.send(support::INITIALIZED);
    let since = Instant::now();
    for id in 1..=3 {
        bridge.send(call(id));
    }
    let mut answered = 0;
    while answered < 3 {
        let left = Duration::from_secs(58).saturating_sub(since.elapsed());
        let line = bridge.recv_within(left).unwrap_or_else(|| panic!("{answered} of 3 calls were answered"));
        answered += usize::from(line.contains("mcpbridge") && line.contains("wants a sign-in"));
    }
}

#[test]
fn a_client_is_registered_as_one_whose_grant_can_be_renewed() {
    let world = World::new();
    world.sign_in();
    let registered = world.authorization.wait(1, Endpoint::Register).request.json();
    assert_eq!(registered["grant_types"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(registered["response_types"], serde_json::json!(["code"]));
}

#[test]
fn a_header_that_signs_in_is_not_replaced_by_a_sign_in() {
    let world = World::with(|_| (), |it| it.challenge = vec![CHALLENGE.to_owned()]);
    let human = Human::prompt();
    let mut bridge = world.relay(&human).args(["--header", "Authorization: Bearer s3cret-wrong"]).spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &["authorization", "401"]);
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(human.windows(), 0);
    for request in world.server.matching(|request| request.is("initialize")) {
        assert_eq!(request.header("authorization"), Some("Bearer s3cret-wrong"));
    }
}

#[test]
fn a_store_with_a_damaged_file_says_so_and_a_sign_in_mends_it() {
    let world = World::new();
    world.sign_in();
    let folder = world.home.path().join("mcpbridge/credentials");
    damage(&folder);
    let human = Human::prompt();
    let text = world.refused(&human, &["credentials"]);
    assert_eq!(human.windows(), 0, "what cannot be read is not signed out: {text}");
    world.command("login").human(&human).told().expect(0, &[]);
    world.needs_no_window();
    // And who wants to be rid of it can be.
    damage(&folder);
    world.command("logout").told().expect(0, &[]);
    assert_eq!(world.command("status").told().code, 3);
    for (path, text) in support::files(&folder) {
        assert!(!text.contains("access-"), "{} still holds a token", path.display());
    }
}

#[test]
fn the_command_in_an_error_is_the_one_that_helps() {
    let world = World::with(|_| (), |it| it.resource = "https://api.example.com/v1".to_owned());
    let human = Human::unwilling();
    let flags = ["--account", "my own", "--resource", "https://api.example.com/v1"];
    let mut bridge = world.relay(&human).args(flags).spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &[]);
    let expected =
        format!("mcpbridge login {} --account 'my own' --resource https://api.example.com/v1", world.server.url());
    assert!(text.contains(&expected), "{text}");
    world.command("login").args(flags).human(&Human::prompt()).told().expect(0, &[]);
    let mut bridge: Bridge = world.relay(&human).args(flags).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    world.command("logout").args(flags).told().expect(0, &[]);
    let told = world.command("status").args(flags).told();
    assert!(told.expect(3, &[]).stdout.contains(&expected), "{told:?}");
}

fn damage(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
    }
}

/// The time that passes is what the tests are about.
fn wait_for_expiry(world: &World) {
    let deadline = Instant::now() + support::PATIENCE;
    while !world.authorization.ledger.live_access_tokens().is_empty() {
        assert!(Instant::now() < deadline, "the token never dies");
        thread::sleep(Duration::from_millis(20));
    }
    // Lifetimes are told in whole seconds, counted from the second in which the token came.
    thread::sleep(Duration::from_millis(1100));
}

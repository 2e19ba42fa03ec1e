//! Staying signed in: every way in which other programs are known to have lost a grant, and that it is not lost here.

mod support;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use support::{Authorization, Bridge, Endpoint, ExpiresIn, Fault, Human, Manners, PATIENCE, Protected, Rotation, call};
use tempfile::TempDir;

#[test]
fn a_refresh_names_the_resource_the_scope_that_was_granted_and_the_client_that_was_registered() {
    let world = World::new(|_| ());
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    let refresh = world.authorization.wait(1, Endpoint::Refresh);
    let code = world.authorization.wait(1, Endpoint::Code);
    for name in ["resource", "client_id"] {
        assert_eq!(refresh.need(name), code.need(name), "{name}");
    }
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 1, "the client is kept with the grant");
}

#[test]
fn a_refresh_carries_the_secret_in_the_way_that_was_registered_whatever_the_metadata_says() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let world = World::new(|it| it.registration.auth_method = Some(method));
        world.sign_in();
        // Metadata that has changed its mind since.
        let only = if method == "client_secret_basic" { "client_secret_post" } else { "client_secret_basic" };
        let methods = serde_json::json!([only]);
        world.authorization.change(|it| it.metadata = vec![("token_endpoint_auth_methods_supported", Some(methods))]);
        world.authorization.ledger.drop_access_tokens();
        world.needs_no_window();
        assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1, "{method}");
    }
}

#[test]
fn a_refresh_token_that_the_reply_does_not_mention_is_kept() {
    for rotation in [Rotation::Unmentioned, Rotation::Fixed, Rotation::Rotating] {
        let world = World::new(|it| it.tokens.rotation = rotation);
        world.sign_in();
        for _ in 0..3 {
            world.authorization.ledger.drop_access_tokens();
            world.needs_no_window();
        }
        assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 3);
    }
}

#[test]
fn a_refresh_goes_to_the_endpoint_that_was_discovered() {
    let world = World::new(|it| it.issuer_path = "/tenant".to_owned());
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    let refresh = world.authorization.wait(1, Endpoint::Refresh);
    assert_eq!(refresh.request.path, "/tenant/token");
    assert!(world.server.matching(|it| it.path.contains("/token")).is_empty());
}

#[test]
fn a_token_that_expired_while_nothing_ran_is_renewed_before_it_is_used() {
    let world = World::new(|it| it.tokens.lifetime = Duration::from_secs(2));
    world.sign_in();
    // The time that passes is what the test is about: the expiry is a moment, not a span from the next start on.
    let deadline = Instant::now() + PATIENCE;
    while !world.authorization.ledger.live_access_tokens().is_empty() {
        assert!(Instant::now() < deadline, "the token never dies");
        thread::sleep(Duration::from_millis(20));
    }
    let refused = world.server.turned_away();
    world.needs_no_window();
    assert_eq!(world.server.turned_away(), refused, "the expired token was not tried");
}

#[test]
fn a_running_relay_renews_ahead_of_the_expiry() {
    let world = World::new(|it| it.tokens.lifetime = Duration::from_secs(3));
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let refused = world.server.turned_away();
    for n in 1..=2 {
        world.authorization.wait(n, Endpoint::Refresh);
        bridge.send(call(10 + n));
        bridge.expect_result(&(10 + n).to_string());
    }
    assert_eq!((world.server.turned_away(), human.windows()), (refused, 1));
}

#[test]
fn a_grant_outlives_an_authorization_server_in_trouble() {
    let faults = [
        Fault::status(500),
        Fault::status(502),
        Fault::status(429),
        Fault::status(404),
        Fault::error(400, "temporarily_unavailable"),
        Fault::error(400, "invalid_request"),
        Fault::redirect(302, "http://127.0.0.1:1/"),
        Fault::HangUp,
        Fault::status(511),
        Fault::Answer(support::Answer::text(200, "text/html", "<!doctype html><p>maintenance")),
        // The page of a network in which somebody has to sign in first. Its links are not the answer.
        Fault::Answer(support::Answer::text(400, "text/html", "<html><a href='/?x=1&error=invalid_grant&y=2'>Sign in")),
        Fault::Answer(support::Answer::text(200, "", "<a href='/?x=1&error=invalid_grant&y=2'>Sign in")),
        Fault::Answer(support::Answer::text(200, "application/json", "{}")),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        let world = World::new(|_| ());
        world.sign_in();
        world.authorization.ledger.drop_access_tokens();
        world.authorization.fail(Endpoint::Refresh, fault);
        let human = Human::at_ease();
        let mut bridge = Bridge::to(&world.server).home(world.home.path()).human(&human).spawn();
        bridge.send(support::initialize(0, support::VERSION));
        bridge.expect_error("0", &[]);
        drop(bridge);
        assert_eq!(human.windows(), 0, "fault {at} opened a window");
        world.authorization.mend(Endpoint::Refresh);
        world.needs_no_window();
    }
}

#[test]
fn a_grant_that_was_revoked_ends_with_the_person_asked_again() {
    let world = World::new(|_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    world.authorization.ledger.revoke_all();
    bridge.send(call(5));
    bridge.expect_result("5");
    assert_eq!(human.windows(), 2);
}

#[test]
fn five_relays_that_all_meet_a_401_at_once_spend_one_refresh_token() {
    let world = World::new(|_| ());
    let human = Human::prompt();
    let mut bridges: Vec<Bridge> = (0..5).map(|_| world.bridge(&human)).collect();
    for round in 1..=3 {
        world.authorization.ledger.drop_access_tokens();
        for bridge in &mut bridges {
            bridge.send(call(round * 10));
        }
        for bridge in &mut bridges {
            bridge.expect_result(&(round * 10).to_string());
        }
        assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), round, "one for each round");
    }
    assert_eq!((world.authorization.ledger.families_revoked(), human.windows()), (0, 1));
}

#[test]
fn simultaneous_calls_of_one_relay_make_one_refresh() {
    let world = World::new(|_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    world.authorization.ledger.drop_access_tokens();
    for id in 10..30 {
        bridge.send(call(id));
    }
    for id in 10..30 {
        bridge.expect_result(&id.to_string());
    }
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1);
}

#[test]
fn a_running_relay_takes_up_what_a_sign_in_elsewhere_brought() {
    let world = World::new(|it| it.tokens.refresh_token = false);
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let login = Bridge::bare().args(["login", "--force", &world.server.url()]).home(world.home.path()).human(&human);
    login.at_shell().finish().expect(0, &[]);
    let windows = human.windows();
    // All but the newest token are void.
    let newest = world.authorization.ledger.live_access_tokens();
    assert_eq!(newest.len(), 2);
    world.authorization.ledger.drop_access_tokens();
    let newest =
        newest.into_iter().max_by_key(|token| token.split('-').nth(1).unwrap().parse::<usize>().unwrap()).unwrap();
    world.authorization.ledger.honour(&newest, "");
    bridge.send(call(7));
    bridge.expect_result("7");
    assert_eq!(human.windows(), windows, "nobody had to sign in again");
}

#[cfg(unix)]
#[test]
fn a_relay_killed_between_the_rotation_and_the_write_loses_nothing() {
    let world = World::new(|_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    world.authorization.ledger.drop_access_tokens();
    let gate = support::Gate::new();
    world.authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(gate.clone()));
    bridge.send(call(5));
    world.authorization.wait(1, Endpoint::Refresh);
    bridge.signal(rustix::process::Signal::KILL);
    bridge.wait_exit(PATIENCE);
    gate.open();
    world.needs_no_window();
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
}

#[test]
fn an_answer_that_is_lost_after_the_rotation_asks_the_person_once() {
    let world = World::new(|_| ());
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.authorization.fail_next(Endpoint::Refresh, Fault::LoseAnswer);
    let human = Human::prompt();
    let mut bridge = Bridge::to(&world.server).home(world.home.path()).human(&human).spawn();
    bridge.send(support::initialize(0, support::VERSION));
    // Whether it went through is not known here: the old token is tried once more, by this process or the next.
    bridge.answer("0");
    drop(bridge);
    world.bridge(&human);
    assert_eq!(human.windows(), 1);
    world.needs_no_window();
}

#[test]
fn a_token_without_an_expiry_is_renewed_when_the_server_refuses_it() {
    for expires_in in [ExpiresIn::Absent, ExpiresIn::Raw("0"), ExpiresIn::Raw("1e300"), ExpiresIn::Raw("\"soon\"")] {
        let world = World::new(|it| it.tokens.expires_in = expires_in);
        let human = Human::prompt();
        let mut bridge = world.bridge(&human);
        assert!(world.authorization.asked(Endpoint::Refresh).is_empty(), "a token that is good is not renewed");
        world.authorization.ledger.drop_access_tokens();
        bridge.send(call(5));
        bridge.expect_result("5");
        assert_eq!((world.authorization.asked(Endpoint::Refresh).len(), human.windows()), (1, 1));
    }
}

#[test]
fn a_server_that_refuses_fresh_tokens_is_not_asked_without_end() {
    let world = World::new(|_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    world.server.change(|it| it.refuses_all = true);
    let refused = world.server.turned_away();
    bridge.send(call(5));
    bridge.expect_error("5", &[]);
    assert!(world.server.turned_away() - refused <= 6, "{} refusals", world.server.turned_away() - refused);
    let (renewals, windows) = (world.authorization.asked(Endpoint::Refresh).len(), human.windows());
    assert!(renewals <= 3 && windows <= 2, "{renewals} renewals, {windows} windows");
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_written_keeps_what_it_had() {
    use std::os::unix::fs::PermissionsExt as _;
    if rustix::process::geteuid().is_root() {
        // Root writes everywhere; the next test has what nobody can write into.
        return;
    }
    let world = World::new(|it| it.tokens.rotation = Rotation::Unmentioned);
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    let folder = world.home.path().join("mcpbridge");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let human = Human::at_ease();
    let mut bridge = Bridge::to(&world.server).home(world.home.path()).human(&human).spawn();
    bridge.send(support::initialize(0, support::VERSION));
    bridge.answer("0");
    drop(bridge);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    world.needs_no_window();
}

#[test]
fn a_store_whose_folder_is_a_file_is_an_error_with_a_remedy() {
    let mut world = World::new(|_| ());
    world.server = world.server.may_be_unused();
    let folder = world.home.path().join("mcpbridge");
    fs::write(&folder, "not a folder").unwrap();
    let human = Human::at_ease();
    let mut bridge = Bridge::to(&world.server).home(world.home.path()).human(&human).spawn();
    bridge.send(support::initialize(0, support::VERSION));
    bridge.expect_error("0", &[&folder.to_string_lossy()]);
    assert_eq!(human.windows(), 0, "nobody consents to what cannot be kept");
}

struct World {
    home: TempDir,
    server: Protected,
    authorization: Authorization,
}

impl World {
    fn new(manners: impl FnOnce(&mut Manners)) -> Self {
        let authorization = Authorization::start(manners).may_be_unused();
        let server = Protected::start(&authorization.desk(), |_| ());
        Self { home: TempDir::new().unwrap(), server, authorization }
    }

    /// A relay that is signed in and has answered a call.
    #[track_caller]
    fn bridge(&self, human: &Human) -> Bridge {
        let mut bridge = Bridge::to(&self.server).home(self.home.path()).human(human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge
    }

    #[track_caller]
    fn sign_in(&self) {
        let mut bridge = self.bridge(&Human::prompt());
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }

    #[track_caller]
    fn needs_no_window(&self) {
        let human = Human::at_ease();
        let mut bridge = self.bridge(&human);
        assert_eq!(human.windows(), 0);
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }
}

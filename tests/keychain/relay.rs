//! Relays that sign in, restart and renew with the real Secret Service, and what they say when it is locked or mute.

use std::time::{Duration, Instant};

use super::{
    Bus, Unlocked, User,
    support::{
        Authorization, Bridge, Client, Endpoint, Findings, Human, INITIALIZED, Launch, Legacy, PATIENCE, Proof,
        Protected, call, initialize,
    },
};

#[test]
fn a_relay_signs_in_restarts_and_renews_with_the_keychain_and_no_file_has_a_token() {
    let world = World::new();
    let service = world.bus.service(&world.user, Unlocked::Yes);
    let mut bridge = world.editor("keychain");
    world.human.visit().consent();
    bridge.expect_result("0");
    world.serves(bridge);
    // The next process, the next token, and a service that was restarted.
    world.serves(world.editor("keychain"));
    for _ in 0..3 {
        world.authorization.ledger.drop_access_tokens();
        world.serves(world.editor("auto"));
    }
    drop(service);
    let _service = world.bus.service(&world.user, Unlocked::Yes);
    world.authorization.ledger.drop_access_tokens();
    world.serves(world.editor("keychain"));

    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 4);
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
    let status = world.command("status").arg("--json").told();
    assert_eq!(status.json()["accounts"][0]["kept_in"], "Secret Service", "{status:?}");
    world.user.has_in_no_file(&world.authorization.ledger.secrets());

    world.command("logout").arg(world.server.url()).told().expect(0, &[]);
    world.editor("keychain").expect_error("0", &["somebody signed out"]);
}

#[test]
fn a_relay_that_outlives_the_service_renews_with_the_new_one() {
    let world = World::new();
    let service = world.bus.service(&world.user, Unlocked::Yes);
    let mut bridge = world.editor("keychain");
    world.human.visit().consent();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(call(1));
    bridge.expect_result("1");
    drop(service);
    let _service = world.bus.service(&world.user, Unlocked::Yes);
    world.authorization.ledger.drop_access_tokens();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_locked_keychain_ends_with_8_and_opens_no_window() {
    let world = World::new();
    let service = world.bus.service(&world.user, Unlocked::Yes);
    let mut bridge = world.editor("keychain");
    world.human.visit().consent();
    bridge.expect_result("0");
    world.serves(bridge);
    drop(service);

    let service = world.bus.service(&world.user, Unlocked::No);
    for choice in ["keychain", "auto"] {
        let mut bridge = world.editor(choice);
        let error = bridge.expect_error("0", &["the Secret Service is locked", "unlock it"]);
        assert_eq!(error["data"]["mcpbridge"], "store_unavailable");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 8);
    }
    // Nor for a first sign-in, whatever it would need to write first.
    let newcomer = World::with_client(&world);
    for (world, more) in [(&world, vec!["--account", "another"]), (&newcomer, vec![GIVEN, CLIENT])] {
        let mut bridge = world.launch("keychain").args(more).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_error("0", &["the Secret Service is locked"]);
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 8);
    }
    assert_eq!((world.human.windows(), newcomer.human.windows()), (1, 0));
    drop(service);

    // Nothing was lost.
    let _service = world.bus.service(&world.user, Unlocked::Yes);
    world.serves(world.editor("keychain"));
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_mute_bus_is_told_within_its_deadline_and_opens_no_window() {
    let mut world = World::new();
    let service = world.bus.service(&world.user, Unlocked::Yes);
    let mut bridge = world.editor("keychain");
    world.human.visit().consent();
    bridge.expect_result("0");
    world.serves(bridge);
    drop(service);
    world.bus = Bus::mute(&world.user);
    let begun = Instant::now();
    let mut bridge = world.editor("auto");
    bridge.expect_error("0", &["the Secret Service has not answered for 5 s"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 8);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn doctor_tells_a_keychain_that_works_from_one_that_is_locked_or_mute() {
    let mut world = World::new();
    let service = world.bus.service(&world.user, Unlocked::Yes);
    let seen = Findings::by(world.command("doctor"));
    assert!(seen.code == 0 && seen.detail("store").contains("the Secret Service is there"), "{seen:?}");
    assert!(!world.user.state().exists(), "a look leaves no trace");
    let mut bridge = world.editor("keychain");
    world.human.visit().consent();
    bridge.expect_result("0");
    world.serves(bridge);
    let seen = Findings::by(world.command("doctor").arg(world.server.url()));
    assert!(seen.code == 0 && seen.detail("store").contains("takes and gives"), "{seen:?}");
    assert!(seen.detail("token").contains("kept in Secret Service"), "{seen:?}");
    drop(service);

    let service = world.bus.service(&world.user, Unlocked::No);
    Findings::by(world.command("doctor")).fails("store", 8, &["the Secret Service is locked", "unlock it"]);
    Findings::by(world.command("doctor").arg(world.server.url())).fails("token", 8, &["the Secret Service is locked"]);
    drop(service);
    world.bus = Bus::mute(&world.user);
    let begun = Instant::now();
    let seen = Findings::by(world.command("doctor").arg(world.server.url()));
    seen.fails("token", 8, &["has not answered"]);
    assert_eq!(seen.state("store"), "fail", "{seen:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_relay_to_an_open_server_never_asks_the_keychain() {
    let user = User::new();
    let bus = Bus::mute(&user);
    let server = Legacy::new().start();
    for choice in ["keychain", "auto"] {
        let begun = Instant::now();
        let mut bridge = with(Bridge::launch(server.url()).arg("--no-history"), &user, &bus, choice).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
        // One call of the keychain would have taken 5 s.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    assert!(!user.state().exists(), "it left a trace");
}

/// A protected server, a person, and the bus of their session.
struct World {
    user: User,
    bus: Bus,
    human: Human,
    authorization: Authorization,
    server: Protected,
}

impl World {
    fn new() -> World {
        let user = User::new();
        let bus = Bus::start(&user);
        let authorization = Authorization::start(|_| ());
        let server = Protected::start(&authorization.desk(), |_| ());
        World { user, bus, human: Human::at_ease(), authorization, server }
    }

    /// Another person on the same bus, with a client that needs no registration.
    fn with_client(other: &World) -> World {
        let authorization =
            Authorization::start(|it| it.clients = vec![Client::given("given", Proof::None)]).may_be_unused();
        let server = Protected::start(&authorization.desk(), |_| ());
        let bus = Bus { address: other.bus.address.clone(), _daemon: None, _mute: None };
        World { user: User::new(), bus, human: Human::at_ease(), authorization, server }
    }

    fn launch(&self, choice: &str) -> Launch {
        with(Bridge::launch(self.server.url()), &self.user, &self.bus, choice).human(&self.human)
    }

    fn command(&self, verb: &str) -> Launch {
        with(Bridge::launch(verb), &self.user, &self.bus, "auto")
    }

    /// An editor that has said `initialize`.
    fn editor(&self, choice: &str) -> Bridge {
        let mut bridge = self.launch(choice).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge
    }

    #[track_caller]
    fn serves(&self, mut bridge: Bridge) {
        bridge.send(INITIALIZED);
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
    }
}

pub fn with(launch: Launch, user: &User, bus: &Bus, choice: &str) -> Launch {
    launch
        .env("MCPBRIDGE_CONFIG_DIR", user.state())
        .env("XDG_RUNTIME_DIR", user.0.path().join("run"))
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .env("MCPBRIDGE_CREDENTIAL_STORE", choice)
}

const GIVEN: &str = "--static-oauth-client-info";
const CLIENT: &str = r#"{"client_id":"given"}"#;

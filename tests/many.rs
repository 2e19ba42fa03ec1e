//! Many processes and one grant: relays that start at once, renew at once and are killed at any moment; the helper
//! that none of this touches, and that leaves nothing behind.
#![cfg(target_os = "linux")]

mod support;

use std::{
    io::{PipeWriter, Read},
    os::{fd::AsFd, unix::process::CommandExt},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use support::{
    Bridge, Endpoint, Fault, Gate, Human, INITIALIZED, Inhabited, Mailbox, descendants, helpers, initialize, json,
    kill_the_helper, no_helper_is_left, request_with,
};

/// What has to happen within a second, on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn ten_relays_on_an_empty_store_open_one_window_and_all_connect() {
    let world = Inhabited::new();
    let mut bridges: Vec<Bridge> = (0..10).map(|_| world.editor()).collect();
    let visit = world.human.visit();
    for bridge in &mut bridges {
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(say(1, "all of us"));
    }
    visit.consent();
    for bridge in &mut bridges {
        assert_eq!(text(&bridge.expect_result("1")), "all of us");
    }
    assert_eq!(world.human.windows(), 1);
    assert_eq!(world.authorization.asked(Endpoint::Code).len(), 1);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 1);
}

#[test]
fn ten_relays_whose_person_is_signed_in_already_open_one_window_too() {
    let world = Inhabited::with(Human::prompt());
    let mut bridges: Vec<Bridge> = (0..10).map(|_| world.editor()).collect();
    for bridge in &mut bridges {
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(say(1, "quick"));
        assert_eq!(text(&bridge.expect_result("1")), "quick");
    }
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn five_relays_that_meet_a_401_at_once_renew_one_rotating_token_once() {
    let world = Inhabited::signed_in();
    let mut bridges: Vec<Bridge> = (0..5).map(|_| world.connected()).collect();
    for round in 1..=4 {
        world.authorization.ledger.drop_access_tokens();
        for bridge in &mut bridges {
            bridge.send(say(10 + round, "still here"));
        }
        for bridge in &mut bridges {
            assert_eq!(text(&bridge.expect_result(&(10 + round).to_string())), "still here");
        }
        assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), round);
        assert_eq!(world.authorization.ledger.families_revoked(), 0);
    }
    assert_eq!(world.human.windows(), 1);
}

/// The store tells a relay of the new token at the same moment as the helper that it has started.
#[test]
fn a_renewed_token_that_is_refused_too_is_for_the_person_and_theirs_opens_no_second_window() {
    let world = Inhabited::signed_in();
    let mut bridge = world.connected();
    world.server.change(|it| it.refuses_all = true);
    bridge.send(say(1, "in vain"));
    world.human.visit().consent();
    bridge.expect_error("1", &["refuses the token that its own authorization server has just issued"]);
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1);
    assert_eq!(world.human.windows(), 2);
}

#[test]
fn a_relay_killed_while_the_person_is_in_the_browser_loses_nothing() {
    let world = Inhabited::new();
    let mut bridge = world.editor();
    let visit = world.human.visit();
    bridge.signal(Signal::KILL);
    bridge.wait_exit(AT_ONCE);
    world.the_helper_finishes(&visit);
}

#[test]
fn nor_does_one_whose_process_group_is_killed() {
    let world = Inhabited::new();
    let mut bridge = world.launch().spawn_as(|command| {
        command.process_group(0);
    });
    bridge.send(initialize(0, "2025-06-18"));
    let visit = world.human.visit();
    let group = Pid::from_raw(bridge.pid().cast_signed()).unwrap();
    kill_process_group(group, Signal::TERM).unwrap();
    kill_process_group(group, Signal::KILL).unwrap();
    bridge.wait_exit(AT_ONCE);
    world.the_helper_finishes(&visit);
}

#[test]
fn nor_does_one_that_is_killed_with_all_its_descendants() {
    for signal in [Signal::TERM, Signal::KILL] {
        let world = Inhabited::new();
        let mut bridge = world.editor();
        let visit = world.human.visit();
        // As opencode does it: whatever can be reached from parent to child.
        for pid in descendants(bridge.pid()) {
            let _ = kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal);
        }
        bridge.signal(signal);
        bridge.wait_exit(AT_ONCE);
        world.the_helper_finishes(&visit);
    }
}

#[test]
fn nothing_of_a_sign_in_is_below_the_relay() {
    let world = Inhabited::new();
    let mut bridge = world.editor();
    let visit = world.human.visit();
    assert_eq!(helpers(world.home.path()).len(), 1);
    nothing_is_below(&bridge);
    visit.consent();
    bridge.expect_result("0");
    no_helper_is_left(world.home.path());
    // And nobody waits for its exit status.
    nothing_is_below(&bridge);
}

#[test]
fn a_helper_killed_while_it_waits_leaves_no_lock_and_the_next_relay_begins_anew() {
    let world = Inhabited::new();
    let mut bridge = world.editor();
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "lost"));
    kill_the_helper(world.home.path());
    bridge.expect_error("1", &["ended without a word", "run: mcpbridge login"]);
    drop(visit);

    let mut next = world.editor();
    world.human.visit().consent();
    next.expect_result("0");
    // The first one follows.
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(say(2, "found"));
    assert_eq!(text(&bridge.expect_result("2")), "found");
    assert_eq!(world.human.windows(), 2);
}

#[test]
fn relays_that_wait_for_a_helper_that_is_killed_begin_anew() {
    let world = Inhabited::new();
    let _first = world.editor();
    let visit = world.human.visit();
    let mut second = world.editor();
    second.expect_result("0");
    kill_the_helper(world.home.path());
    drop(visit);
    world.human.visit().consent();
    second.expect_method("notifications/tools/list_changed");
}

/// The one window in which a grant is lost: the authorization server has replaced the refresh token, and the helper
/// dies before it has written the new one. Nobody can know the new one then; what can be done is to say so.
#[test]
fn a_helper_killed_between_the_servers_rotation_and_the_write_loses_the_grant_and_the_next_one_says_why() {
    let world = Inhabited::signed_in();
    let mut bridge = world.connected();
    world.authorization.ledger.drop_access_tokens();
    let gate = Gate::new();
    world.authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(gate.clone()));
    bridge.send(say(1, "unlucky"));
    world.authorization.wait(1, Endpoint::Refresh);
    kill_the_helper(world.home.path());
    gate.open();
    bridge.expect_error("1", &["run: mcpbridge login"]);
    drop(bridge);

    let mut next = world.editor();
    let visit = world.human.visit();
    next.expect_result("0");
    next.send(INITIALIZED);
    next.send(request_with(
        1,
        "tools/call",
        r#"{"name":"echo","arguments":{"text":"again"},"_meta":{"progressToken":1}}"#,
    ));
    let why = "an earlier renewal was cut off, and the server had already replaced the token";
    let progress = json(&next.expect_method("notifications/progress"));
    let message = progress["params"]["message"].as_str().unwrap();
    assert!(message.contains(why), "{message}");
    let status = Bridge::launch("status").arg(world.server.url()).arg("--json").home(world.home.path()).told();
    assert!(status.stdout.contains(why), "{status:?}");
    visit.consent();
    assert_eq!(text(&next.expect_result("1")), "again");
}

#[test]
fn relays_killed_at_any_instant_of_a_renewal_never_lose_the_grant() {
    let world = Inhabited::signed_in();
    for instant in 0..20 {
        world.authorization.ledger.drop_access_tokens();
        let mut bridge = world.editor();
        // Spread over start, hello, helper, renewal and answer.
        let _ = bridge.recv_within(Duration::from_millis(instant * 12));
        bridge.signal(Signal::KILL);
        bridge.wait_exit(AT_ONCE);
        no_helper_is_left(world.home.path());
    }
    assert!(!world.authorization.asked(Endpoint::Refresh).is_empty(), "no kill met a renewal");
    world.authorization.ledger.drop_access_tokens();
    world.connected();
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn the_helper_holds_no_pipe_of_the_editors() {
    for debug in [false, true] {
        let world = Inhabited::new();
        let (mut extra, theirs) = std::io::pipe().unwrap();
        let launch = world.launch().env("BROWSER", world.human.lingering_browser());
        let launch = if debug { launch.arg("--debug") } else { launch };
        let mut bridge = launch.spawn_as(|command| inherit(command, theirs));
        bridge.send(initialize(0, "2025-06-18"));
        let visit = world.human.visit();
        let closed = Mailbox::new();
        thread::spawn({
            let closed = closed.clone();
            move || closed.put(extra.read_to_end(&mut Vec::new()).is_ok())
        });
        assert!(closed.take_within(Duration::from_millis(100)).is_none(), "the relay has it while it lives");
        bridge.signal(Signal::KILL);
        let begun = Instant::now();
        // Until both outputs are closed.
        bridge.outcome();
        assert!(closed.take_within(AT_ONCE).expect("the extra descriptor is still open"));
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        world.the_helper_finishes(&visit);
    }
}

#[test]
fn a_helper_that_nobody_comes_back_to_ends_by_itself() {
    let world = Inhabited::new();
    let mut bridge = world.launch().args(["--sign-in-timeout", "2"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let visit = world.human.visit();
    bridge.signal(Signal::KILL);
    bridge.wait_exit(AT_ONCE);
    no_helper_is_left(world.home.path());
    drop(visit);
    let mut next = world.editor();
    next.expect_error("0", &["nobody signed in within 2 s"]);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn where_no_helper_can_be_started_the_relay_signs_in_and_renews_itself() {
    let world = Inhabited::new();
    let mut bridge = world.without_helper();
    let visit = world.human.visit();
    assert_eq!(helpers(world.home.path()), [0; 0]);
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    visit.consent();
    bridge.send(say(1, "by hand"));
    assert_eq!(text(&bridge.expect_result("1")), "by hand");
    world.authorization.ledger.drop_access_tokens();
    bridge.send(say(2, "renewed"));
    assert_eq!(text(&bridge.expect_result("2")), "renewed");
    drop(bridge);
    world.connected();
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_relay_that_renews_itself_does_not_end_in_the_middle_of_it() {
    let world = Inhabited::signed_in();
    world.authorization.ledger.drop_access_tokens();
    let gate = Gate::new();
    world.authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(gate.clone()));
    let mut bridge = world.without_helper();
    world.authorization.wait(1, Endpoint::Refresh);
    bridge.signal(Signal::TERM);
    bridge.expect_error("0", &["stopped"]);
    assert_eq!(bridge.exit_within(Duration::from_secs(2)), None, "it would lose the new token");
    gate.open();
    bridge.wait_exit(AT_ONCE);
    world.connected();
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_store_in_memory_lives_as_long_as_its_relay_and_leaves_no_secret() {
    let world = Inhabited::with(Human::prompt());
    let memory = || world.launch().env("MCPBRIDGE_CREDENTIAL_STORE", "memory").spawn();
    let mut bridge = memory();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    for id in 1..4 {
        world.authorization.ledger.drop_access_tokens();
        bridge.send(say(id, "from memory"));
        assert_eq!(text(&bridge.expect_result(&id.to_string())), "from memory");
    }
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
    drop(bridge);
    assert!(!world.home.path().join("mcpbridge/credentials").exists());
    let mut next = memory();
    next.send(initialize(0, "2025-06-18"));
    next.expect_result("0");
    assert_eq!(world.human.windows(), 2);
}

impl Inhabited {
    /// One window was opened, and its grant is in the store.
    fn signed_in() -> Self {
        let world = Self::new();
        let mut bridge = world.editor();
        world.human.visit().consent();
        bridge.expect_result("0");
        no_helper_is_left(world.home.path());
        world
    }

    /// An editor that has said `initialize`.
    fn editor(&self) -> Bridge {
        let mut bridge = self.launch().spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge
    }

    /// One that is in the session.
    #[track_caller]
    fn connected(&self) -> Bridge {
        let mut bridge = self.editor();
        let welcome = bridge.expect_result("0");
        assert_eq!(welcome["serverInfo"]["name"], "scripted", "{welcome}");
        bridge.send(INITIALIZED);
        // Nothing of the handshake is still on its way afterwards.
        bridge.send(say(r#""settled""#, "settled"));
        bridge.expect_result(r#""settled""#);
        bridge
    }

    /// A relay that has lost the right to start its own program again, and has then been told to initialize.
    fn without_helper(&self) -> Bridge {
        let program = self.home.path().join("program");
        assert!(Command::new("cp").arg(support::binary()).arg(&program).status().unwrap().success());
        let mut bridge = self.launch().spawn_as(|command| {
            let mut copy = Command::new(&program);
            copy.args(command.get_args()).current_dir(self.home.path());
            support::same_environment(command, &mut copy);
            *command = copy;
        });
        // It runs when it answers.
        bridge.send(support::request(r#""up""#, "ping"));
        bridge.expect_result(r#""up""#);
        assert!(Command::new("chmod").arg("a-x").arg(&program).status().unwrap().success());
        bridge.send(initialize(0, "2025-06-18"));
        bridge
    }

    /// The relay is gone; the person goes on, and the next relay needs no window.
    #[track_caller]
    fn the_helper_finishes(&self, visit: &support::Visit) {
        assert_eq!(helpers(self.home.path()).len(), 1, "the helper is gone");
        assert_eq!(visit.consent().status, 200);
        no_helper_is_left(self.home.path());
        self.connected();
        assert_eq!(self.human.windows(), 1);
    }
}

/// The process that starts the helper is gone a moment after it was started.
#[track_caller]
fn nothing_is_below(bridge: &Bridge) {
    let end = Instant::now() + AT_ONCE;
    while !descendants(bridge.pid()).is_empty() {
        assert!(Instant::now() < end, "{:?} is below the relay", descendants(bridge.pid()));
        thread::sleep(Duration::from_millis(5));
    }
}

/// Leaves `pipe` open in the child, under a number of its own, as careless editors do.
fn inherit(command: &mut Command, pipe: PipeWriter) {
    // SAFETY: duplicating a descriptor is all that happens between fork and exec.
    #[expect(unsafe_code, reason = "std runs nothing between fork and exec without it")]
    unsafe {
        command.pre_exec(move || {
            let copy = rustix::io::dup(pipe.as_fd())?;
            std::mem::forget(copy);
            Ok(())
        });
    }
}

fn say(id: impl std::fmt::Display, text: &str) -> String {
    request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#))
}

#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

//! Processes that are killed in front of each of their system calls while the Secret Service keeps the grant: no lock
//! stays, what is in the keychain is the old or the new grant as a whole, no file has a secret, and the next process goes on
//! at once. A renewal loses the grant in one window only, as in `tests/killed.rs`.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    Bus, MARK, PATIENCE, Process, Running, Unlocked, User,
    support::{
        Call, Dice, Keeping, Launch, Renewal, Seed, Victims, at_each, calls, has_killed, injected, noted,
        nothing_is_left_beside, nothing_is_locked, nothing_is_torn, some,
    },
};

#[test]
fn a_change_killed_at_some_of_its_system_calls_leaves_the_old_grant_or_the_new_one() {
    Grants::new().die_at_some(&ALWAYS, SHARE);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_change_killed_at_each_of_its_system_calls_leaves_the_old_grant_or_the_new_one() {
    Grants::new().die_at_each(|calls| calls);
}

#[test]
fn a_renewal_killed_at_some_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let seed = Seed::of_this_run();
    let mut renewal = Renewal::of(Kept::new());
    for (call, n) in some(renewal.calls(), &ALWAYS, SHARE, &mut Dice::new(seed.0, 1)) {
        renewal.kill_at(&call, n);
    }
    assert!(renewal.lost.len() < renewal.killed / 2, "{:?} of {}", renewal.lost, renewal.killed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_killed_at_each_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let mut renewal = Renewal::of(Kept::new());
    at_each(renewal.calls(), |call, n| renewal.kill_at(call, n));
    eprintln!("{} kills; the grant was lost at {:?}", renewal.killed, renewal.lost);
    assert!(!renewal.lost.is_empty(), "the window was not met");
    assert!(renewal.lost.len() < renewal.killed / 4, "{:?} of {}", renewal.lost, renewal.killed);
}

#[test]
fn a_renewal_in_which_one_call_to_the_bus_fails_loses_nothing() {
    let seed = Seed::of_this_run();
    let mut dice = Dice::new(seed.0, 2);
    let mut renewal = Renewal::of(Kept::new());
    for (call, n) in renewal.calls() {
        if OF_THE_BUS.contains(&call.as_str()) && (call == "sendmsg" || dice.one_in(SHARE)) {
            let error = ERRORS[usize::try_from(dice.below(ERRORS.len() as u64)).unwrap()];
            renewal.fail_at(&call, n, error);
        }
    }
    assert!(renewal.failed > 3, "{} calls failed", renewal.failed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_in_which_any_call_to_the_bus_fails_loses_nothing() {
    let mut renewal = Renewal::of(Kept::new());
    for (call, n) in renewal.calls() {
        if OF_THE_BUS.contains(&call.as_str()) {
            for error in ERRORS {
                renewal.fail_at(&call, n, error);
            }
        }
    }
    assert!(renewal.failed > 50, "{} calls failed", renewal.failed);
}

/// What is done to the grant by a process that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// There is none yet.
    First,
    Replace,
    /// It was in a file.
    Move,
    Forget,
}

/// Processes that change the one grant of a user.
struct Grants {
    user: User,
    bus: Bus,
    _service: Running,
    /// Of the tracer.
    logs: TempDir,
    /// The serial that was written last.
    serial: u64,
    /// How many kills left the old grant, and how many the new one.
    ways: BTreeMap<Change, [usize; 2]>,
}

impl Victims for Grants {
    type Change = Change;
    const CHANGES: &'static [Change] = &[Change::First, Change::Replace, Change::Move, Change::Forget];

    fn calls(&mut self, change: Change) -> Vec<Call> {
        self.prepare(change);
        let log = self.logs.path().join("calls");
        let told = self.run(change, |command| noted(command, &log));
        assert!(told.contains(MARK), "{told}");
        calls(&log)
    }

    fn kill_at(&mut self, change: Change, call: &str, n: usize) -> bool {
        let at = format!("{change:?}, {call} number {n}");
        let old = self.prepare(change);
        let log = self.logs.path().join("killed");
        let told = self.run(change, |command| injected(command, &log, "signal=KILL", (call, n)));
        let new = self.outcome(change);
        if !has_killed(&log) {
            assert!(told.contains(&format!("{MARK}ok")), "{at}: {told}");
            return false;
        }
        nothing_is_locked(&self.user.state(), &at);
        nothing_is_torn(&self.user.state(), &at);

        let begun = Instant::now();
        let mut next = self.process();
        let found = next.expect("read", "ok ");
        assert!([&old, &new].contains(&&found), "{at}: {found} is neither {old} nor {new}");
        self.count(change, found == new);
        if change != Change::Move {
            self.user.has_no_secret_in_any_file();
        }

        // Who has moved does not move again: the next is a renewal.
        let change = if change == Change::Move && found == new { Change::Replace } else { change };
        next.expect(&self.command(change), "ok");
        assert_eq!(next.expect("read", "ok "), self.outcome(change), "{at}");
        assert!(begun.elapsed() < AT_ONCE, "{at}: what came next took {:?}", begun.elapsed());
        nothing_is_left_beside(&self.user.state(), &at);
        self.user.has_no_secret_in_any_file();
        true
    }

    fn ways(&mut self) -> &mut BTreeMap<Change, [usize; 2]> {
        &mut self.ways
    }
}

impl Grants {
    fn new() -> Self {
        let user = User::new();
        let bus = Bus::start(&user);
        let service = bus.service(&user, Unlocked::Yes);
        Self { user, bus, _service: service, logs: TempDir::new().unwrap(), serial: 0, ways: BTreeMap::new() }
    }

    /// Makes what there has to be before the change, and says what that is.
    fn prepare(&mut self, change: Change) -> String {
        let (choice, before) = match change {
            Change::First => ("keychain", Change::Forget),
            Change::Replace | Change::Forget => ("keychain", Change::Replace),
            Change::Move => ("file", Change::Move),
        };
        let mut process = self.user.process(choice, Some(&self.bus), PATIENCE);
        process.expect(&self.command(before), "ok");
        process.expect("read", "ok ")
    }

    /// Makes the change in a process that may be killed, and says what that told.
    fn run(&mut self, change: Change, trace: impl FnOnce(&Command) -> Command) -> String {
        let mut command = trace(&self.user.store("keychain", Some(&self.bus), PATIENCE));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace is installed");
        // It may be dead before it reads.
        writeln!(child.stdin.take().unwrap(), "{}", self.command(change)).ok();
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    fn command(&mut self, change: Change) -> String {
        let verb = match change {
            Change::First | Change::Replace => "write",
            Change::Move => "move",
            Change::Forget => "forget",
        };
        self.serial += 1;
        format!("alone {verb} {}", self.serial)
    }

    /// What is read after the change.
    fn outcome(&self, change: Change) -> String {
        if change == Change::Forget { "ok nothing".into() } else { format!("ok {}", self.serial) }
    }

    fn process(&self) -> Process {
        self.user.process("keychain", Some(&self.bus), PATIENCE)
    }
}

/// A grant in the Secret Service.
struct Kept {
    user: User,
    bus: Bus,
    _service: Running,
}

impl Kept {
    fn new() -> Self {
        let user = User::new();
        let bus = Bus::start(&user);
        let service = bus.service(&user, Unlocked::Yes);
        Self { user, bus, _service: service }
    }
}

impl Keeping for Kept {
    fn home(&self) -> &Path {
        self.user.0.path()
    }

    fn with(&self, launch: Launch) -> Launch {
        super::relay::with(launch, &self.user, &self.bus, "keychain")
    }

    fn tokens(&self, name: &str) -> Value {
        // Who reads mends the index. With a folder of its own, of the same id, that of the user stays as the dead left it.
        let aside = self.home().join("aside");
        fs::create_dir_all(&aside).unwrap();
        fs::copy(self.user.state().join("id"), aside.join("id")).unwrap();
        let mut command = self.user.store("keychain", Some(&self.bus), PATIENCE);
        command.env("MCPBRIDGE_CONFIG_DIR", &aside);
        let told = Process::start(command).expect(&format!("tokens {name}"), "ok ");
        serde_json::from_str::<Value>(&told["ok ".len()..]).unwrap()["o_auth"].clone()
    }

    fn look_for(&self, secrets: &[String], _at: &str) {
        self.user.has_in_no_file(secrets);
    }
}

/// What a process says to the keychain, when it takes and leaves the lock, and when it removes a file are always looked
/// into.
const ALWAYS: [&str; 3] = ["sendmsg", "flock", "unlink"];
/// Of the other calls one in so many.
const SHARE: u64 = 8;
/// What may fail when the bus goes away, or with no memory or descriptor left.
const OF_THE_BUS: [&str; 4] = ["connect", "recvmsg", "sendmsg", "socket"];
const ERRORS: [&str; 3] = ["ECONNRESET", "EMFILE", "ENOMEM"];
/// Less than a lock is waited for (45 s), and far more than the calls of a healthy keychain take.
const AT_ONCE: Duration = Duration::from_secs(10);

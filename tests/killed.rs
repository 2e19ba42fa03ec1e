//! A helper that is killed at each of its system calls in turn: no lock stays, no file is torn, and the grant is lost in
//! one window only, after the authorization server has replaced the refresh token and before the new one is written.
#![cfg(target_os = "linux")]

mod support;

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use support::{
    Authorization, Bridge, Dice, Endpoint, Human, Launch, PATIENCE, Protected, Seed, initialize, json,
    no_helper_is_left, same_environment,
};
use tempfile::TempDir;

#[test]
fn a_renewal_killed_at_some_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let seed = Seed::of_this_run();
    let mut dice = Dice::new(seed.0, 0);
    let mut world = World::new();
    let mut points = world.points();
    points.retain(|(call, _)| TELLING.contains(&call.as_str()));
    // The window itself is always looked into.
    points.retain(|(call, _)| is_rename(call) || matches!(call.as_str(), "fsync" | "recvfrom") || dice.one_in(3));
    for (call, n) in points {
        world.kill_at(&call, n);
    }
    assert!(world.lost.len() < world.killed / 2, "{:?} of {}", world.lost, world.killed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_killed_at_each_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let mut world = World::new();
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (call, n) in world.points() {
        world.kill_at(&call, n);
        last.insert(call, n);
    }
    // Until there is no such call any more: some runs make more of them than the first.
    for (call, mut n) in last {
        loop {
            n += 1;
            if !world.kill_at(&call, n) {
                break;
            }
        }
    }
    eprintln!("{} kills; the grant was lost at {:?}", world.killed, world.lost);
    assert!(!world.lost.is_empty(), "the window was not met");
    assert!(world.lost.len() < world.killed / 4, "{:?} of {}", world.lost, world.killed);
}

#[test]
fn a_renewal_in_which_one_system_call_fails_loses_nothing() {
    let seed = Seed::of_this_run();
    let mut dice = Dice::new(seed.0, 1);
    let mut world = World::new();
    for (call, n) in world.points() {
        if OF_FILES.contains(&call.as_str()) && (is_rename(&call) || call == "fsync" || dice.one_in(4)) {
            let error = ERRORS[usize::try_from(dice.below(ERRORS.len() as u64)).unwrap()];
            world.fail_at(&call, n, error);
        }
    }
    assert!(world.failed > 20, "{} calls failed", world.failed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_in_which_any_system_call_fails_loses_nothing() {
    let mut world = World::new();
    for (call, n) in world.points() {
        if OF_FILES.contains(&call.as_str()) {
            for error in ERRORS {
                world.fail_at(&call, n, error);
            }
        }
    }
    assert!(world.failed > 200, "{} calls failed", world.failed);
}

/// A person who is signed in, and the order that a relay gives its helper when a token has to be renewed.
struct World {
    human: Human,
    authorization: Authorization,
    server: Protected,
    home: TempDir,
    order: Value,
    killed: usize,
    /// Calls that failed because they were told to.
    failed: usize,
    /// The calls in front of which a kill lost the grant.
    lost: Vec<String>,
}

impl World {
    fn new() -> Self {
        let authorization = Authorization::start(|_| ());
        let server = Protected::start(&authorization.desk(), |_| ());
        let mut world = Self {
            human: Human::prompt(),
            authorization,
            server,
            home: TempDir::new().unwrap(),
            order: Value::Null,
            killed: 0,
            failed: 0,
            lost: Vec::new(),
        };
        world.sign_in();
        world.order = world.captured_order();
        world
    }

    fn launch(&self) -> Launch {
        Bridge::launch(self.server.url()).home(self.home.path()).human(&self.human)
    }

    fn sign_in(&self) {
        let mut bridge = self.launch().spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_result("0");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        no_helper_is_left(self.home.path());
    }

    /// As the worker reads it from its stdin, seen by a tracer.
    fn captured_order(&self) -> Value {
        self.authorization.ledger.drop_access_tokens();
        let log = self.home.path().join("order");
        let mut bridge = self.launch().spawn_as(|command| {
            let args = ["-f", "-qq", "-e", "trace=read", "-e", "signal=none", "-s", "1000000"];
            *command = traced(command, &log, &args);
        });
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_result("0");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        no_helper_is_left(self.home.path());
        let text = fs::read_to_string(log).unwrap();
        let order = text.lines().find_map(|line| {
            let (_, rest) = line.split_once(r#"read(0, ""#).or_else(|| line.split_once(r#"resumed>""#))?;
            let (escaped, _) = rest.rsplit_once('"')?;
            let read: String = serde_json::from_str(&format!(r#""{escaped}""#)).ok()?;
            serde_json::from_str(&read).ok().filter(|order: &Value| order["job"].is_object())
        });
        order.unwrap_or_else(|| panic!("strace saw no order; may it trace here?\n{text}"))
    }

    /// Every system call of a renewal that nobody disturbs: its name and its number among those of its name.
    fn points(&self) -> Vec<(String, usize)> {
        let log = self.home.path().join("calls");
        let told = self.helper(|command| traced(command, &log, &["-f", "-qq", "-e", "signal=none"]));
        assert!(told.contains("published"), "{told}");
        let text = fs::read_to_string(&log).unwrap();
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        let mut points = Vec::new();
        for line in text.lines() {
            let Some((process, call)) = line.split_once(' ') else { continue };
            let Some((name, _)) = call.trim_start().split_once('(') else { continue };
            // At its first call the program is the tracer's.
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || name == "execve" {
                continue;
            }
            let count = counts.entry((process, name)).or_default();
            *count += 1;
            points.push((name.to_owned(), *count));
        }
        // Threads count for themselves.
        let mut seen = std::collections::HashSet::new();
        points.retain(|point| seen.insert(point.clone()));
        assert!(points.iter().any(|(name, _)| is_rename(name)), "{points:?}\n{text}");
        points
    }

    /// Kills a helper that renews in front of its `n`-th call of a kind, looks at what it left, and has the next one
    /// mend it. False if there was no such call.
    fn kill_at(&mut self, call: &str, n: usize) -> bool {
        let at = format!("{call} number {n}");
        let (before, asked) = (self.kept(), self.authorization.asked(Endpoint::Refresh).len());
        let log = self.home.path().join("killed");
        let inject = format!("inject={call}:signal=KILL:when={n}");
        let told = self.helper(|command| traced(command, &log, &["-f", "-qq", "-e", &inject]));
        let killed = fs::read_to_string(&log).unwrap().contains("killed by SIGKILL");
        if !killed {
            assert!(told.contains("published"), "{at}: {told}");
            return false;
        }
        self.killed += 1;
        self.nothing_is_locked(&at);
        self.nothing_is_torn(&at);

        let after = self.kept();
        let refresh = after["refresh_token"].as_str().unwrap();
        if self.authorization.ledger.live_refresh_tokens().iter().any(|live| live == refresh) {
            let told = self.helper(copy);
            assert!(told.contains("published"), "the grant is lost at {at}: {told}");
        } else {
            assert_eq!(after, before, "{at}: the token is neither the old nor the new one");
            assert_eq!(self.authorization.asked(Endpoint::Refresh).len(), asked + 1, "{at}: no token was replaced");
            assert_eq!(self.entry()["doubt"]["refresh_hash"], digest(refresh), "{at}: nobody will know why");
            let told = self.helper(copy);
            assert!(told.contains("an earlier renewal was cut off"), "{at}: {told}");
            self.lost.push(at.clone());
            self.sign_in();
        }
        self.nothing_is_left_beside(&at);
        assert_eq!(self.human.windows(), 1 + self.lost.len(), "{at}");
        true
    }

    /// Has one call fail of a helper that renews: the answer of the authorization server is not among what can fail,
    /// so the grant is kept whatever it says.
    fn fail_at(&mut self, call: &str, n: usize, error: &str) {
        let at = format!("{call} number {n} with {error}");
        let log = self.home.path().join("failed");
        let inject = format!("inject={call}:error={error}:when={n}");
        let told = self.helper(|command| traced(command, &log, &["-f", "-qq", "-e", &inject]));
        self.failed += usize::from(fs::read_to_string(&log).unwrap().contains("(INJECTED)"));
        assert!(!told.contains("panicked"), "{at}: {told}");
        self.nothing_is_locked(&at);
        self.nothing_is_torn(&at);
        let refresh = self.kept()["refresh_token"].as_str().unwrap().to_owned();
        let live = self.authorization.ledger.live_refresh_tokens();
        assert!(live.contains(&refresh), "{at}: the grant is lost; {told}");
        let told = self.helper(copy);
        assert!(told.contains("published"), "{at}: {told}");
        self.nothing_is_left_beside(&at);
    }

    /// What a helper says whose token was refused.
    fn helper(&self, change: impl FnOnce(&Command) -> Command) -> String {
        self.authorization.ledger.drop_access_tokens();
        let mut order = self.order.clone();
        order["job"]["refused"] = digest(self.kept()["access_token"].as_str().unwrap()).into();
        order["job"]["person"] = false.into();
        let plain = Bridge::launch("helper").arg("--worker").home(self.home.path()).command(self.home.path());
        let mut command = change(&plain);
        // Of cargo's, and searched before the program begins.
        command.env_remove("LD_LIBRARY_PATH");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace is installed");
        // It may be dead before it reads.
        writeln!(child.stdin.take().unwrap(), "{order}").ok();
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// The tokens in the store.
    fn kept(&self) -> Value {
        self.about_the_grant("credentials")["grant"]["credential"]["o_auth"].clone()
    }

    fn entry(&self) -> Value {
        self.about_the_grant("grants")
    }

    /// What a folder of the store has about the one grant.
    fn about_the_grant(&self, folder: &str) -> Value {
        let entries = files(&self.state().join("grants"));
        let names: Vec<_> =
            entries.iter().filter(|path| !is_beside(path)).filter_map(|path| path.file_name()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        json(&fs::read_to_string(self.state().join(folder).join(names[0])).unwrap())
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("mcpbridge")
    }

    fn nothing_is_locked(&self, at: &str) {
        for path in files(&self.state().join("locks")) {
            let file = File::options().write(true).open(&path).unwrap();
            assert!(file.try_lock().is_ok(), "{at}: {} is locked", path.display());
        }
    }

    fn nothing_is_torn(&self, at: &str) {
        for folder in ["credentials", "grants", "servers", "signin", "last"] {
            for path in files(&self.state().join(folder)).iter().filter(|path| !is_beside(path)) {
                let text = fs::read_to_string(path).unwrap();
                assert!(serde_json::from_str::<Value>(&text).is_ok(), "{at}: {} is torn: {text:?}", path.display());
            }
        }
    }

    /// A file that was not yet renamed holds a token; the next renewal finds it.
    fn nothing_is_left_beside(&self, at: &str) {
        for folder in ["credentials", "grants"] {
            let left: Vec<PathBuf> = files(&self.state().join(folder)).into_iter().filter(|it| is_beside(it)).collect();
            assert!(left.is_empty(), "{at}: {left:?}");
        }
    }
}

/// `command` under a tracer. A tracer that is killed by its own injection has not traced: only the log tells.
fn traced(command: &Command, log: &Path, args: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(log).args(args).arg("--").arg(command.get_program()).args(command.get_args());
    placed_like(command, strace)
}

fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    placed_like(command, copy)
}

fn placed_like(of: &Command, mut to: Command) -> Command {
    same_environment(of, &mut to);
    if let Some(folder) = of.get_current_dir() {
        to.current_dir(folder);
    }
    to
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn is_rename(call: &str) -> bool {
    call.starts_with("rename")
}

/// Whether it is a file that was to take the place of another.
fn is_beside(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What may fail on a disk that is full or broken, or with no descriptor left.
const OF_FILES: [&str; 8] = ["openat", "fsync", "rename", "renameat", "mkdir", "fchmod", "flock", "statx"];
const ERRORS: [&str; 3] = ["ENOSPC", "EMFILE", "EIO"];
/// The calls by which others see something of it.
const TELLING: [&str; 16] = [
    "openat",
    "write",
    "writev",
    "fsync",
    "rename",
    "unlink",
    "flock",
    "ftruncate",
    "fchmod",
    "mkdir",
    "connect",
    "sendto",
    "recvfrom",
    "close",
    "read",
    "exit_group",
];

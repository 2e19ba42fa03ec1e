//! Processes under strace, that are killed in front of one of their system calls or have it fail, and what they leave.
#![cfg(target_os = "linux")]

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Debug,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{
    bridge::same_environment,
    dice::{Dice, Seed},
};

/// A system call of a run: its name, and its number among those of its name in its thread.
///
/// That is how `when=N` of strace counts: for each thread and each name by itself. So one pair stands for as many calls as
/// there are threads that come so far, and the process dies at whichever comes there first: with several threads not every
/// call of every thread is met, and which are is another thing in another run. Where one thread does the work, all are.
pub type Call = (String, usize);

/// `command` under a tracer. A tracer that is killed by its own injection has not traced: only the log tells.
pub fn traced(command: &Command, log: &Path, args: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(log).args(args).arg("--").arg(command.get_program()).args(command.get_args());
    placed_like(command, strace)
}

/// `command` under a tracer that notes each system call in `log`.
pub fn noted(command: &Command, log: &Path) -> Command {
    traced(command, log, &["-f", "-qq", "-e", "signal=none"])
}

/// `command` under a tracer that does `what` at the `n`-th call of a name: `signal=KILL`, or `error=ENOSPC`.
pub fn injected(command: &Command, log: &Path, what: &str, (name, n): (&str, usize)) -> Command {
    traced(command, log, &["-f", "-qq", "-e", &format!("inject={name}:{what}:when={n}")])
}

pub fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    placed_like(command, copy)
}

fn placed_like(of: &Command, mut to: Command) -> Command {
    same_environment(of, &mut to);
    if let Some(folder) = of.get_current_dir() {
        to.current_dir(folder);
    }
    // Of cargo's, and searched before the program begins.
    to.env_remove("LD_LIBRARY_PATH");
    to
}

/// Whether the tracer that wrote this log has killed.
pub fn has_killed(log: &Path) -> bool {
    fs::read_to_string(log).expect("strace is installed").contains("killed by SIGKILL")
}

/// The calls in a log of [`noted`], each once.
pub fn calls(log: &Path) -> Vec<Call> {
    let text = fs::read_to_string(log).expect("strace is installed");
    let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((process, call)) = line.split_once(' ') else { continue };
        let Some((name, _)) = call.trim_start().split_once('(') else { continue };
        // At its first call the program is the tracer's.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || name == "execve" {
            continue;
        }
        let count = counts.entry((process, name)).or_default();
        *count += 1;
        calls.push((name.to_owned(), *count));
    }
    // Threads count for themselves.
    let mut seen = HashSet::new();
    calls.retain(|call| seen.insert(call.clone()));
    assert!(calls.iter().any(|(name, _)| name == "exit_group"), "may strace trace here? {calls:?}\n{text}");
    calls
}

/// All calls named in `always`, and one in so many of the others by which somebody else sees something of a process.
pub fn some(mut calls: Vec<Call>, always: &[&str], one_in: u64, dice: &mut Dice) -> Vec<Call> {
    calls.retain(|(name, _)| {
        let name = name.as_str();
        always.contains(&name) || TELLING.contains(&name) && dice.one_in(one_in)
    });
    calls
}

/// What is changed in several ways by processes that are killed; each kill leaves what there was, or what was to be.
pub trait Victims {
    type Change: Copy + Debug + Ord + 'static;
    const CHANGES: &'static [Self::Change];

    /// Every system call of a change that nobody disturbs.
    fn calls(&mut self, change: Self::Change) -> Vec<Call>;
    /// Kills who makes the change in front of its `n`-th call of a name, looks at what it left, and has the change made
    /// again. False if there was no such call.
    fn kill_at(&mut self, change: Self::Change, call: &str, n: usize) -> bool;
    /// How many kills left what there was before, and how many what was to be.
    fn ways(&mut self) -> &mut BTreeMap<Self::Change, [usize; 2]>;

    fn count(&mut self, change: Self::Change, is_new: bool) {
        self.ways().entry(change).or_default()[usize::from(is_new)] += 1;
    }

    /// Kills at some of the calls of each change, as [`some`] chooses them.
    fn die_at_some(&mut self, always: &[&str], one_in: u64) {
        let seed = Seed::of_this_run();
        let mut dice = Dice::new(seed.0, 0);
        for change in Self::CHANGES {
            for (call, n) in some(self.calls(*change), always, one_in, &mut dice) {
                self.kill_at(*change, &call, n);
            }
        }
        self.went_either_way();
    }

    /// Kills at each of the calls of each change that `chosen` leaves.
    fn die_at_each(&mut self, chosen: impl Fn(Vec<Call>) -> Vec<Call>) {
        for change in Self::CHANGES {
            at_each(chosen(self.calls(*change)), |call, n| self.kill_at(*change, call, n));
        }
        self.went_either_way();
    }

    /// Neither all in front of the point from which there is what was to be, nor all behind it.
    fn went_either_way(&mut self) {
        eprintln!("kills that left what there was and what was to be: {:?}", self.ways());
        for change in Self::CHANGES {
            assert!(self.ways()[change].iter().all(|kills| *kills > 0), "{change:?}: {:?}", self.ways());
        }
    }
}

/// Has `kill` told of every call, and then of more until it says that there was no such call: some runs make more of them
/// than the first.
pub fn at_each(calls: Vec<Call>, mut kill: impl FnMut(&str, usize) -> bool) {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for (name, n) in calls {
        kill(&name, n);
        last.insert(name, n);
    }
    for (name, mut n) in last {
        loop {
            n += 1;
            if !kill(&name, n) {
                break;
            }
        }
    }
}

pub fn is_rename(call: &str) -> bool {
    call.starts_with("rename")
}

/// No lock in this state folder is held. `at` says where the process was killed.
#[track_caller]
pub fn nothing_is_locked(state: &Path, at: &str) {
    for path in paths(&state.join("locks")) {
        let file = File::options().write(true).open(&path).unwrap();
        assert!(file.try_lock().is_ok(), "{at}: {} is locked", path.display());
    }
}

/// Every file in this state folder is whole.
#[track_caller]
pub fn nothing_is_torn(state: &Path, at: &str) {
    for folder in ["credentials", "grants", "servers", "signin", "last"] {
        for path in paths(&state.join(folder)).iter().filter(|path| !is_beside(path)) {
            let text = fs::read_to_string(path).unwrap();
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{at}: {} is torn: {text:?}", path.display());
        }
    }
}

/// What a killed writer had not yet renamed, which may hold a token, is gone.
#[track_caller]
pub fn nothing_is_left_beside(state: &Path, at: &str) {
    for folder in ["credentials", "grants"] {
        let left: Vec<PathBuf> = paths(&state.join(folder)).into_iter().filter(|path| is_beside(path)).collect();
        assert!(left.is_empty(), "{at}: {left:?}");
    }
}

/// What is directly in a folder.
pub fn paths(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Whether it is a file that was to take the place of another.
pub fn is_beside(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

/// The calls by which others see something of a process.
const TELLING: [&str; 20] = [
    "openat",
    "write",
    "writev",
    "fsync",
    "rename",
    "renameat",
    "unlink",
    "flock",
    "fcntl",
    "ftruncate",
    "fchmod",
    "mkdir",
    "connect",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "close",
    "read",
    "exit_group",
];

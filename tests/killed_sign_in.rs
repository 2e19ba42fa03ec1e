//! A sign-in, another one in its place, and a sign-out, with the grant in a file, killed at each of the system calls by which
//! others see something of them: what is kept then is the old grant, the new one or none, no lock stays, and the next
//! command works at once.
#![cfg(target_os = "linux")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    Call, Dice, Victims, Visit, World, calls, files, has_killed, injected, json, noted, nothing_is_left_beside,
    nothing_is_locked, nothing_is_torn, some,
};
use tempfile::TempDir;

#[test]
fn a_sign_in_or_a_sign_out_killed_at_some_of_its_system_calls_leaves_a_whole_grant_or_none() {
    SignIns::new().die_at_some(&ALWAYS, SHARE);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_sign_in_or_a_sign_out_killed_at_each_of_its_system_calls_leaves_a_whole_grant_or_none() {
    SignIns::new().die_at_each(|calls| some(calls, &[], 1, &mut Dice::new(0, 0)));
}

/// What is done by a command that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Nobody has been signed in yet.
    First,
    Replace,
    Forget,
}

/// What is kept of a sign-in: its refresh token.
type Kept = Option<String>;

struct SignIns {
    world: World,
    /// Of the tracer.
    logs: TempDir,
    /// How many kills left what there was before, and how many what there was to be.
    ways: BTreeMap<Change, [usize; 2]>,
}

impl Victims for SignIns {
    type Change = Change;
    const CHANGES: &'static [Change] = &[Change::First, Change::Replace, Change::Forget];

    fn calls(&mut self, change: Change) -> Vec<Call> {
        self.prepare(change);
        let log = self.logs.path().join("calls");
        let told = self.run(change, |command| noted(command, &log));
        assert!(told.is_ok(), "{change:?}: {told:?}");
        calls(&log)
    }

    fn kill_at(&mut self, change: Change, call: &str, n: usize) -> bool {
        let at = format!("{change:?}, {call} number {n}");
        self.prepare(change);
        let old = self.kept();
        let log = self.logs.path().join("killed");
        let told = self.run(change, |command| injected(command, &log, "signal=KILL", (call, n)));
        if !has_killed(&log) {
            assert!(told.is_ok(), "{at}: {told:?}");
            return false;
        }
        nothing_is_locked(&self.state(), &at);
        nothing_is_torn(&self.state(), &at);
        let found = self.kept();
        let ledger = &self.world.authorization.ledger;
        if found != old {
            let is_new =
                found.as_ref().map_or(change == Change::Forget, |it| ledger.live_refresh_tokens().contains(it));
            assert!(is_new, "{at}: {found:?} is neither {old:?} nor what was to be");
        } else if let (Some(token), true) = (&old, change == Change::Replace) {
            assert!(ledger.live_refresh_tokens().contains(token), "{at}: the grant that is kept is of no use");
        }
        self.count(change, found != old);
        self.has_secrets_in_the_store_alone(&at);

        let begun = Instant::now();
        let status = self.command(&["status", "--json"]).output().unwrap();
        let accounts = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(!accounts.is_empty() && json(&accounts)["accounts"].is_array(), "{at}: {status:?}");
        let told = self.run(change, support::copy);
        assert!(told.is_ok(), "{at}: {told:?}");
        let made = self.kept();
        assert!(made.as_ref().is_none_or(|it| ledger_has(&self.world, it)), "{at}: {made:?}");
        assert_eq!(made.is_none(), change == Change::Forget, "{at}: {told:?}");
        assert!(begun.elapsed() < AT_ONCE, "{at}: what came next took {:?}", begun.elapsed());
        nothing_is_left_beside(&self.state(), &at);
        self.has_secrets_in_the_store_alone(&at);
        true
    }

    fn ways(&mut self) -> &mut BTreeMap<Change, [usize; 2]> {
        &mut self.ways
    }
}

impl SignIns {
    fn new() -> Self {
        Self { world: World::new(), logs: TempDir::new().unwrap(), ways: BTreeMap::new() }
    }

    /// Makes what there has to be before the change.
    fn prepare(&self, change: Change) {
        if change == Change::First {
            fs::remove_dir_all(self.state()).ok();
        } else if self.kept().is_none_or(|it| !ledger_has(&self.world, &it)) {
            let told = self.run(Change::Replace, support::copy);
            assert!(told.is_ok(), "{told:?}");
        }
    }

    /// Makes the change in a process that may be killed, and consents where it asks for that; the error is what it said.
    /// Without a browser of its own: the tracer would kill in that too.
    fn run(&self, change: Change, trace: impl FnOnce(&Command) -> Command) -> Result<(), String> {
        let url = self.world.server.url();
        let mut command = trace(&match change {
            Change::First => self.command(&["login", &url, "--no-browser"]),
            Change::Replace => self.command(&["login", &url, "--no-browser", "--force"]),
            Change::Forget => self.command(&["logout", &url]),
        });
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace is installed");
        let (mut told, mut browser) = (String::new(), None);
        for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(url) = line.split_whitespace().find(|word| word.contains("/authorize?")) {
                let visit = Visit::by_link(url);
                browser = Some(thread::spawn(move || visit.consent()));
            }
            told += &(line + "\n");
        }
        // The process may be dead before the browser comes back to it.
        browser.map(|browser| browser.join().ok());
        if child.wait().unwrap().success() { Ok(()) } else { Err(told) }
    }

    fn command(&self, args: &[&str]) -> Command {
        support::Bridge::bare().args(args).home(self.world.home.path()).command(self.logs.path())
    }

    fn kept(&self) -> Kept {
        let all = files(&self.state().join("credentials"));
        // The registration of a client, which outlives the sign-in, is there too.
        let is_grant = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".json") && !name.starts_with('.') && !name.starts_with("client-")
        };
        let mut grants = all.iter().filter(|(path, _)| is_grant(path));
        let (_, text) = grants.next()?;
        assert!(grants.next().is_none(), "{all:?}");
        let grant: Value = json(text);
        Some(grant["grant"]["credential"]["o_auth"]["refresh_token"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    fn has_secrets_in_the_store_alone(&self, at: &str) {
        let secrets = self.world.authorization.ledger.secrets();
        for (path, text) in files(self.world.home.path()) {
            let is_store = path.parent().is_some_and(|folder| folder.ends_with("credentials"));
            let found = secrets.iter().any(|secret| text.contains(secret.as_str()));
            assert!(is_store || !found, "{at}: a secret is in {}", path.display());
        }
    }

    fn state(&self) -> PathBuf {
        self.world.home.path().join("mcpbridge")
    }
}

fn ledger_has(world: &World, token: &str) -> bool {
    world.authorization.ledger.live_refresh_tokens().iter().any(|live| live == token)
}

/// A file comes into its place or goes, and the process ends.
const ALWAYS: [&str; 4] = ["rename", "renameat", "unlink", "exit_group"];
/// Of the other calls one in so many.
const SHARE: u64 = 25;
/// Less than a lock is waited for (45 s), and far more than the commands take.
const AT_ONCE: Duration = Duration::from_secs(20);

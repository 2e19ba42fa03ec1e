//! A renewal by a helper that is killed, or one of whose system calls fails, and what is kept of the grant.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
    Authorization, Bridge, Endpoint, Human, Launch, PATIENCE, Protected, initialize, json,
    killed::{
        Call, calls, copy, has_killed, injected, is_beside, noted, nothing_is_left_beside, nothing_is_locked,
        nothing_is_torn, paths, traced,
    },
    no_helper_is_left,
};

/// Where a grant is kept.
pub trait Keeping {
    /// The folder that is a home to every process.
    fn home(&self) -> &Path;

    /// What every process is started with besides.
    fn with(&self, launch: Launch) -> Launch;

    /// The tokens of the grant of this name, as somebody finds them who changes nothing.
    fn tokens(&self, name: &str) -> Value;

    /// Looks where a killed process has left these secrets.
    fn look_for(&self, secrets: &[String], at: &str);
}

/// A person who is signed in, and the order that a relay gives its helper when a token has to be renewed.
pub struct Renewal<K> {
    human: Human,
    authorization: Authorization,
    server: Protected,
    pub keeping: K,
    /// Of the tracer.
    logs: TempDir,
    order: Value,
    pub killed: usize,
    /// Calls that failed because they were told to.
    pub failed: usize,
    /// The calls in front of which a kill lost the grant.
    pub lost: Vec<String>,
}

impl<K: Keeping> Renewal<K> {
    pub fn of(keeping: K) -> Self {
        let authorization = Authorization::start(|_| ());
        let server = Protected::start(&authorization.desk(), |_| ());
        let mut renewal = Self {
            human: Human::prompt(),
            authorization,
            server,
            keeping,
            logs: TempDir::new().unwrap(),
            order: Value::Null,
            killed: 0,
            failed: 0,
            lost: Vec::new(),
        };
        renewal.sign_in();
        renewal.order = renewal.captured_order();
        renewal
    }

    fn launch(&self, target: impl AsRef<str>) -> Launch {
        self.keeping.with(Bridge::launch(target.as_ref()).home(self.keeping.home()).human(&self.human))
    }

    fn sign_in(&self) {
        let mut bridge = self.launch(self.server.url()).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_result("0");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        no_helper_is_left(self.keeping.home());
    }

    /// As the worker reads it from its stdin, seen by a tracer.
    fn captured_order(&self) -> Value {
        self.authorization.ledger.drop_access_tokens();
        let log = self.logs.path().join("order");
        let mut bridge = self.launch(self.server.url()).spawn_as(|command| {
            let args = ["-f", "-qq", "-e", "trace=read", "-e", "signal=none", "-s", "1000000"];
            *command = traced(command, &log, &args);
        });
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_result("0");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        no_helper_is_left(self.keeping.home());
        let text = fs::read_to_string(log).unwrap();
        let order = text.lines().find_map(|line| {
            let (_, rest) = line.split_once(r#"read(0, ""#).or_else(|| line.split_once(r#"resumed>""#))?;
            let (escaped, _) = rest.rsplit_once('"')?;
            let read: String = serde_json::from_str(&format!(r#""{escaped}""#)).ok()?;
            serde_json::from_str(&read).ok().filter(|order: &Value| order["job"].is_object())
        });
        order.unwrap_or_else(|| panic!("strace saw no order; may it trace here?\n{text}"))
    }

    /// Every system call of a renewal that nobody disturbs.
    pub fn calls(&self) -> Vec<Call> {
        let log = self.logs.path().join("calls");
        let told = self.helper(&self.kept(), |command| noted(command, &log));
        assert!(told.contains("published"), "{told}");
        calls(&log)
    }

    /// Kills a helper that renews in front of its `n`-th call of a name, looks at what it left, and has the next one
    /// mend it. False if there was no such call.
    pub fn kill_at(&mut self, call: &str, n: usize) -> bool {
        let at = format!("{call} number {n}");
        let (before, asked) = (self.kept(), self.authorization.asked(Endpoint::Refresh).len());
        let log = self.logs.path().join("killed");
        let told = self.helper(&before, |command| injected(command, &log, "signal=KILL", (call, n)));
        if !has_killed(&log) {
            assert!(told.contains("published"), "{at}: {told}");
            return false;
        }
        self.killed += 1;
        nothing_is_locked(&self.state(), &at);
        nothing_is_torn(&self.state(), &at);

        let after = self.kept();
        self.keeping.look_for(&self.authorization.ledger.secrets(), &at);
        let refresh = after["refresh_token"].as_str().unwrap();
        let begun = Instant::now();
        if self.authorization.ledger.live_refresh_tokens().iter().any(|live| live == refresh) {
            let told = self.helper(&after, copy);
            assert!(told.contains("published"), "the grant is lost at {at}: {told}");
        } else {
            assert_eq!(after, before, "{at}: the token is neither the old nor the new one");
            assert_eq!(self.authorization.asked(Endpoint::Refresh).len(), asked + 1, "{at}: no token was replaced");
            assert_eq!(self.entry()["doubt"]["refresh_hash"], digest(refresh), "{at}: nobody will know why");
            let told = self.helper(&after, copy);
            assert!(told.contains("an earlier renewal was cut off"), "{at}: {told}");
            self.lost.push(at.clone());
            self.sign_in();
        }
        assert!(begun.elapsed() < AT_ONCE, "{at}: what came next took {:?}", begun.elapsed());
        nothing_is_left_beside(&self.state(), &at);
        assert_eq!(self.human.windows(), 1 + self.lost.len(), "{at}");
        true
    }

    /// Has one call fail of a helper that renews: the answer of the authorization server is not among what can fail,
    /// so the grant is kept whatever it says.
    pub fn fail_at(&mut self, call: &str, n: usize, error: &str) {
        let at = format!("{call} number {n} with {error}");
        let log = self.logs.path().join("failed");
        let told = self.helper(&self.kept(), |command| injected(command, &log, &format!("error={error}"), (call, n)));
        self.failed += usize::from(fs::read_to_string(&log).unwrap().contains("(INJECTED)"));
        assert!(!told.contains("panicked"), "{at}: {told}");
        nothing_is_locked(&self.state(), &at);
        nothing_is_torn(&self.state(), &at);
        let after = self.kept();
        let live = self.authorization.ledger.live_refresh_tokens();
        assert!(live.iter().any(|live| after["refresh_token"] == **live), "{at}: the grant is lost; {told}");
        let told = self.helper(&after, copy);
        assert!(told.contains("published"), "{at}: {told}");
        nothing_is_left_beside(&self.state(), &at);
    }

    /// What a helper says when the token that is kept was refused.
    fn helper(&self, kept: &Value, change: impl FnOnce(&Command) -> Command) -> String {
        self.authorization.ledger.drop_access_tokens();
        let mut order = self.order.clone();
        order["job"]["refused"] = digest(kept["access_token"].as_str().unwrap()).into();
        order["job"]["person"] = false.into();
        let plain = self.launch("helper").arg("--worker").command(self.logs.path());
        let mut command = change(&plain);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace is installed");
        // It may be dead before it reads.
        writeln!(child.stdin.take().unwrap(), "{order}").ok();
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// The tokens in the store.
    fn kept(&self) -> Value {
        self.keeping.tokens(&self.name())
    }

    fn entry(&self) -> Value {
        json(&fs::read_to_string(self.state().join("grants").join(self.name() + ".json")).unwrap())
    }

    /// The name of the one grant.
    fn name(&self) -> String {
        let entries = paths(&self.state().join("grants"));
        let names: Vec<_> =
            entries.iter().filter(|path| !is_beside(path)).filter_map(|path| path.file_stem()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        names[0].to_string_lossy().into_owned()
    }

    fn state(&self) -> PathBuf {
        self.keeping.home().join("mcpbridge")
    }
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Less than a lock is waited for (45 s), and far more than a renewal and a sign-in take.
const AT_ONCE: Duration = Duration::from_secs(20);

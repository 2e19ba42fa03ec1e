//! A helper that is killed at each of its system calls in turn: no lock stays, no file is torn, and the grant is lost in
//! one window only, after the authorization server has replaced the refresh token and before the new one is written.
#![cfg(target_os = "linux")]

mod support;

use std::{fs, path::Path};

use serde_json::Value;
use support::{Dice, Keeping, Launch, Renewal, Seed, at_each, is_rename, json, some};
use tempfile::TempDir;

#[test]
fn a_renewal_killed_at_some_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let seed = Seed::of_this_run();
    let mut renewal = Renewal::of(InAFile::new());
    for (call, n) in some(renewal.calls(), &WINDOW, 3, &mut Dice::new(seed.0, 0)) {
        renewal.kill_at(&call, n);
    }
    assert!(renewal.lost.len() < renewal.killed / 2, "{:?} of {}", renewal.lost, renewal.killed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_killed_at_each_of_its_system_calls_loses_nothing_but_in_the_one_window() {
    let mut renewal = Renewal::of(InAFile::new());
    at_each(renewal.calls(), |call, n| renewal.kill_at(call, n));
    eprintln!("{} kills; the grant was lost at {:?}", renewal.killed, renewal.lost);
    assert!(!renewal.lost.is_empty(), "the window was not met");
    assert!(renewal.lost.len() < renewal.killed / 4, "{:?} of {}", renewal.lost, renewal.killed);
}

#[test]
fn a_renewal_in_which_one_system_call_fails_loses_nothing() {
    let seed = Seed::of_this_run();
    let mut dice = Dice::new(seed.0, 1);
    let mut renewal = Renewal::of(InAFile::new());
    for (call, n) in renewal.calls() {
        if OF_FILES.contains(&call.as_str()) && (is_rename(&call) || call == "fsync" || dice.one_in(4)) {
            let error = ERRORS[usize::try_from(dice.below(ERRORS.len() as u64)).unwrap()];
            renewal.fail_at(&call, n, error);
        }
    }
    assert!(renewal.failed > 20, "{} calls failed", renewal.failed);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn a_renewal_in_which_any_system_call_fails_loses_nothing() {
    let mut renewal = Renewal::of(InAFile::new());
    for (call, n) in renewal.calls() {
        if OF_FILES.contains(&call.as_str()) {
            for error in ERRORS {
                renewal.fail_at(&call, n, error);
            }
        }
    }
    assert!(renewal.failed > 200, "{} calls failed", renewal.failed);
}

/// Grants in files.
struct InAFile(TempDir);

impl InAFile {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Keeping for InAFile {
    fn home(&self) -> &Path {
        self.0.path()
    }

    fn with(&self, launch: Launch) -> Launch {
        launch
    }

    fn tokens(&self, name: &str) -> Value {
        let path = self.home().join(format!("mcpbridge/credentials/{name}.json"));
        json(&fs::read_to_string(path).unwrap())["grant"]["credential"]["o_auth"].clone()
    }

    fn look_for(&self, secrets: &[String], at: &str) {
        for (path, text) in support::files(self.home()) {
            let at_home = path.parent().is_some_and(|folder| folder.ends_with("credentials"));
            let found = secrets.iter().any(|secret| text.contains(secret.as_str()));
            assert!(at_home || !found, "{at}: a secret is in {}", path.display());
        }
    }
}

/// The calls around the window, which is always looked into.
const WINDOW: [&str; 4] = ["fsync", "recvfrom", "rename", "renameat"];
/// What may fail on a disk that is full or broken, or with no descriptor left.
const OF_FILES: [&str; 8] = ["openat", "fsync", "rename", "renameat", "mkdir", "fchmod", "flock", "statx"];
const ERRORS: [&str; 3] = ["ENOSPC", "EMFILE", "EIO"];

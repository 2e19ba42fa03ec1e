//! The processes of one user, found as anybody can find them.
#![cfg(target_os = "linux")]

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::sync::PATIENCE;

/// The helpers of a home.
pub fn helpers(home: &Path) -> Vec<u32> {
    let home = format!("MCPBRIDGE_CONFIG_DIR={}", home.join("mcpbridge").display());
    let of = |pid: &u32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let has = |text: Vec<u8>, word: &str| text.split(|byte| *byte == 0).any(|part| part == word.as_bytes());
    let mut all = processes();
    all.retain(|pid| has(of(pid, "cmdline"), "helper") && has(of(pid, "environ"), &home));
    all
}

#[track_caller]
pub fn kill_the_helper(home: &Path) {
    let helpers = helpers(home);
    assert_eq!(helpers.len(), 1, "{helpers:?}");
    kill_process(Pid::from_raw(helpers[0].cast_signed()).unwrap(), Signal::KILL).unwrap();
}

#[track_caller]
pub fn no_helper_is_left(home: &Path) {
    let end = Instant::now() + PATIENCE;
    while !helpers(home).is_empty() {
        assert!(Instant::now() < end, "a helper does not end");
        // There is nothing else to wait for: nobody is its parent.
        thread::sleep(Duration::from_millis(10));
    }
}

/// All that can be found below a process, dead ones too.
pub fn descendants(root: u32) -> Vec<u32> {
    let parent = |pid: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let (mut found, mut at) = (vec![root], 0);
    while at < found.len() {
        let above = found[at];
        found.extend(processes().into_iter().filter(|pid| parent(pid) == Some(above)));
        at += 1;
    }
    found.split_off(1)
}

fn processes() -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

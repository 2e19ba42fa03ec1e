//! Variables of the environment that hold secrets, and the programs that are started without them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Reads a variable whose value becomes a secret, or a part of one, and remembers its name.
pub fn variable(name: &str) -> Option<OsString> {
    holds_a_secret(name);
    std::env::var_os(name)
}

/// Remembers that the variable `name` holds a secret, or may.
pub fn holds_a_secret(name: &str) {
    names().insert(name.to_owned());
}

/// The variables that were remembered, without those of our flags.
pub fn remembered() -> Vec<String> {
    names().iter().filter(|name| !is_ours(name)).cloned().collect()
}

/// Has `command` run without the variables that hold a secret: those that were remembered, and all of ours, since
/// a header, a proxy or the secret of a client may be in them. What is in `needed` stays.
pub fn keep_from(command: &mut Command, needed: &[&str]) {
    let stays = |name: &str| needed.iter().any(|other| is_same(name, other)) || is_of_the_system(name);
    for name in names().iter().filter(|name| !stays(name)) {
        command.env_remove(name);
    }
    let ours = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in ours.filter(|name| is_ours(name) && !stays(name)) {
        command.env_remove(name);
    }
}

/// Whether it is that of one of our flags, or looks like it.
fn is_ours(name: &str) -> bool {
    name.to_uppercase().starts_with(PREFIX)
}

/// Whether two names are those of one variable.
fn is_same(one: &str, other: &str) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

/// Whether every program needs it: a header may well say `${USER}`, without HOME a browser starts as on a new
/// computer, and without the proxy that `--proxy` names by its variable too it reaches nothing.
fn is_of_the_system(name: &str) -> bool {
    OF_THE_SYSTEM.contains(&name.to_uppercase().as_str()) || ["LC_", "XDG_"].iter().any(|set| name.starts_with(set))
}

fn names() -> MutexGuard<'static, BTreeSet<String>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For the process, as the environment itself is.
static NAMES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// What the variables of our flags begin with.
const PREFIX: &str = "MCPBRIDGE_";
const OF_THE_SYSTEM: [&str; 28] = [
    "ALL_PROXY",
    "APPDATA",
    "COMPUTERNAME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "HOSTNAME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOCALAPPDATA",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SHELL",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "WAYLAND_DISPLAY",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_secret_is_taken_away_and_what_every_program_needs_stays() {
        assert_eq!(variable("MCPBRIDGE_TEST_ABSENT"), None);
        let of_the_system = ["HOME", "Path", "LC_ALL", "XDG_RUNTIME_DIR", "HTTPS_PROXY", "no_proxy"];
        for name in ["TEST_OF_A_KEY", "TEST_THAT_IS_NEEDED", "Test_that_is_needed"].iter().chain(&of_the_system) {
            variable(name);
        }
        let mut command = Command::new("true");
        keep_from(&mut command, &["TEST_THAT_IS_NEEDED"]);
        let gone: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(gone.contains(&"TEST_OF_A_KEY".as_ref()) && gone.contains(&"MCPBRIDGE_TEST_ABSENT".as_ref()));
        for name in ["TEST_THAT_IS_NEEDED"].iter().chain(&of_the_system) {
            assert!(!gone.contains(&name.as_ref()), "{name}: {gone:?}");
        }
        assert_eq!(gone.contains(&"Test_that_is_needed".as_ref()), !cfg!(windows));
        let remembered = remembered();
        assert!(remembered.iter().any(|name| name == "TEST_OF_A_KEY"), "{remembered:?}");
        assert!(!remembered.iter().any(|name| name == "MCPBRIDGE_TEST_ABSENT"), "{remembered:?}");
    }
}

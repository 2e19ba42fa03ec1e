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

/// Has `command` run without the variables that hold a secret: those that were remembered, and all of ours, since
/// a header, a proxy or the secret of a client may be in them. What is in `needed` stays.
pub fn keep_from(command: &mut Command, needed: &[&str]) {
    let stays = |name: &str| needed.contains(&name) || is_of_the_system(name);
    for name in names().iter().filter(|name| !stays(name)) {
        command.env_remove(name);
    }
    let ours = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in ours.filter(|name| name.to_uppercase().starts_with(PREFIX) && !stays(name)) {
        command.env_remove(name);
    }
}

/// Whether every program needs it: a header may well say `${USER}`, and without HOME a browser starts as on a new
/// computer.
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
const OF_THE_SYSTEM: [&str; 24] = [
    "APPDATA",
    "COMPUTERNAME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "HOME",
    "HOSTNAME",
    "LANG",
    "LANGUAGE",
    "LOCALAPPDATA",
    "LOGNAME",
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
        for name in ["TEST_OF_A_KEY", "TEST_THAT_IS_NEEDED", "HOME", "Path", "LC_ALL", "XDG_RUNTIME_DIR"] {
            variable(name);
        }
        let mut command = Command::new("true");
        keep_from(&mut command, &["TEST_THAT_IS_NEEDED"]);
        let gone: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(gone.contains(&"TEST_OF_A_KEY".as_ref()) && gone.contains(&"MCPBRIDGE_TEST_ABSENT".as_ref()));
        for name in ["TEST_THAT_IS_NEEDED", "HOME", "Path", "LC_ALL", "XDG_RUNTIME_DIR"] {
            assert!(!gone.contains(&name.as_ref()), "{name}: {gone:?}");
        }
    }
}

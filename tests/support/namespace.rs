//! A test in a namespace of its own, for which its program starts itself anew.

use std::{env, process::Command};

/// Whether the test `name` runs in a namespace of its own, which `unshare` makes of `flags`: then it goes on there. If
/// not, it has been run so and has passed. Where `probe` cannot be done there, it is not tried and says so, but never
/// in CI.
#[track_caller]
pub fn is_in_a_namespace(name: &str, flags: &[&str], probe: &[&str]) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshared = || {
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(flags);
        command
    };
    let can = unshared().args(probe).output();
    let cannot = match &can {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    };
    if let Some(why) = cannot {
        assert!(env::var_os("CI").is_none(), "no namespace ({flags:?}) can be made here: {why}");
        eprintln!("{name} was not tried, because no namespace ({flags:?}) can be made here: {why}");
        return false;
    }
    let mut command = unshared();
    command.arg(env::current_exe().unwrap()).args(["--exact", name, "--include-ignored", "--nocapture"]);
    let output = command.env(INSIDE, "1").output().unwrap();
    let told = [output.stdout, output.stderr].map(|told| String::from_utf8_lossy(&told).into_owned()).concat();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    false
}

const INSIDE: &str = "INSIDE_A_NAMESPACE";

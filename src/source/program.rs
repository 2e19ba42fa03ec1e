//! Whether there is the program that a command names, before anybody waits for it.

use std::env;
use std::path::{MAIN_SEPARATOR, Path};

/// Whether `program` is certainly not there: where it is looked for is known on Unix alone.
pub fn is_missing(program: &str) -> bool {
    if cfg!(not(unix)) {
        return false;
    }
    if program.contains(MAIN_SEPARATOR) {
        return Path::new(program).metadata().is_err();
    }
    let Some(path) = env::var_os("PATH") else { return false };
    // An empty entry is the folder that we are in.
    !env::split_paths(&path).any(|folder| folder.join(program).metadata().is_ok())
}

//! This program, by the path that an editor can start it with next year as well.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{self, Path, PathBuf};

use crate::config::short;
use crate::failure::{Failure, Kind};

/// The whole path of this program: editors that are started from the desktop have a short `PATH`.
///
/// # Errors
/// The system does not say where it is.
pub fn path() -> Result<String, Failure> {
    let running = env::current_exe().map_err(|error| {
        Failure::new(Kind::Internal, format!("the system does not say where this program is: {error}"))
    })?;
    let program = lasting(&running);
    let parts: Vec<_> = program.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.windows(2).any(|pair| pair[0] == "target" && matches!(pair[1].as_str(), "debug" | "release")) {
        log::warn!(
            "{} is a build in a checkout, which the next `cargo clean` removes; install it first",
            short(&program)
        );
    }
    program.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("the path {} is not in UTF-8", program.display()))
            .remedy("install mcpbridge into a folder whose name is")
    })
}

/// Where a link leads to is often a folder with a version in its name, which the next version
/// removes. So the link is what is written, if it was typed or is on the `PATH`.
fn lasting(running: &Path) -> PathBuf {
    let real = fs::canonicalize(running).unwrap_or_else(|_| running.to_owned());
    let name = running.file_name().unwrap_or_default();
    let typed = env::args_os().next().map(PathBuf::from).filter(|typed| typed.components().count() > 1);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join(name));
    let candidates = typed.into_iter().chain(on_path);
    candidates
        .filter_map(|candidate| path::absolute(candidate).ok())
        .find(|candidate| fs::canonicalize(candidate).is_ok_and(|it| it == real))
        .unwrap_or_else(|| running.to_owned())
}

/// Variables that say where sign-ins are kept. An editor from the desktop does not have those of a
/// shell, and would look elsewhere.
pub fn variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<(String, String)> {
    let value = |name: &str| variable(name).filter(|value| !value.is_empty())?.into_string().ok();
    let absolute = |text: String| path::absolute(&text).map_or(text, |path| path.display().to_string());
    let folder = value(FOLDER).map(|value| (FOLDER.to_owned(), absolute(value)));
    folder.into_iter().chain(value(STORE).map(|value| (STORE.to_owned(), value))).collect()
}

const FOLDER: &str = "MCPBRIDGE_CONFIG_DIR";
const STORE: &str = "MCPBRIDGE_CREDENTIAL_STORE";

//! This computer: the program, what a person has set down, and the project in this folder.

use std::env;
use std::fs;
use std::path::Path;

use super::report::{Report, Step};
use crate::auth;
use crate::commands::names;
use crate::config::{Home, Project, Trust, short};
use crate::editors::Host;
use crate::failure::Failure;

/// Looks at the program and at the files of a person.
///
/// # Errors
/// The report cannot be printed.
pub fn examine(home: &Result<Home, Failure>, host: &Host, report: &mut Report) -> anyhow::Result<()> {
    report.add(program())?;
    report.add(path(host))?;
    let home = match home {
        Ok(home) => home,
        Err(failure) => return report.add(Step::failed("state", failure)),
    };
    for step in config(home) {
        report.add(step)?;
    }
    report.add(project(home, host.here.as_deref()))
}

fn program() -> Step {
    let version = concat!("mcpbridge ", env!("CARGO_PKG_VERSION"));
    match env::current_exe() {
        Ok(path) => Step::ok("program", format!("{version}, {}", short(&path))),
        Err(error) => Step::warn(
            "program",
            format!("{version}; the system does not say where it is: {error}"),
            "write its whole path into editors yourself",
        ),
    }
}

/// Whether what a shell starts is what runs here.
fn path(host: &Host) -> Step {
    let Some(found) = host.on_path("mcpbridge") else {
        return Step::ok("path", "mcpbridge is not on the PATH, and entries of editors need its whole path");
    };
    let real = |path: &Path| fs::canonicalize(path).ok();
    let same = env::current_exe().ok().and_then(|running| real(&running)) == real(&found);
    match same {
        true => Step::ok("path", format!("a shell starts this program, as {}", short(&found))),
        false => Step::warn(
            "path",
            format!("a shell starts another mcpbridge, {}", short(&found)),
            "remove one of them, or change the order of the PATH",
        ),
    }
}

fn config(home: &Home) -> Vec<Step> {
    let config = match names::config(home) {
        Ok(config) => config,
        Err(failure) => return vec![Step::failed("config", &failure)],
    };
    let file = short(&config.path);
    if !config.path.exists() {
        return vec![Step::ok("config", format!("no server has a name; {file} is not there"))];
    }
    let servers = match config.servers.len() {
        1 => "1 server has a name".to_owned(),
        count => format!("{count} servers have a name"),
    };
    let mut steps = vec![Step::ok("config", format!("{servers}, in {file}"))];
    for (place, key, what) in config.secrets_in_plain() {
        let told = names::warning(place, key, &what);
        let (fact, remedy) = told.split_once("; ").unwrap_or((&told, ""));
        steps.push(Step::warn("config", fact, remedy));
    }
    steps
}

fn project(home: &Home, here: Option<&Path>) -> Step {
    let Some(here) = here else {
        return Step::skip("project", "the folder that this was started in is not there any more");
    };
    let project = match Project::find(here) {
        Ok(Some(project)) => project,
        Ok(None) => return Step::skip("project", "no .mcpbridge.toml in this folder or above it"),
        Err(failure) => return Step::failed("project", &failure),
    };
    let file = short(&project.path);
    let trust = format!("look at it, then run: mcpbridge trust {}", auth::quoted(&project.path.display().to_string()));
    match project.trust(home) {
        Ok(_) if !project.chooses() => Step::ok("project", format!("{file} only takes tools away")),
        Ok(Trust::Given) => Step::ok("project", format!("{file} chooses accounts, and is trusted to")),
        Ok(Trust::Unknown) => Step::warn("project", format!("{file} chooses an account, and is not trusted to"), trust),
        Ok(Trust::Outdated) => Step::warn("project", format!("{file} has changed since it was trusted"), trust),
        Err(failure) => Step::failed("project", &failure),
    }
}

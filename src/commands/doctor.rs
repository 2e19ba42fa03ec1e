//! `mcpbridge doctor`: every step to a server, and this computer with its editors.

mod answer;
mod bundle;
mod computer;
mod content;
mod editors;
mod keeping;
mod needs;
mod others;
mod protocol;
mod report;
mod server;
mod sign_in;
mod way;

use std::process::ExitCode;

use super::install::{host, program};
use super::{access, names};
use crate::cli::Doctor;
use crate::config::{Home, short};
use crate::http::shown;
use content::Call;
use report::Report;
use server::Server;

/// Looks at a server, if one was given, and at this computer.
///
/// # Errors
/// The command line is wrong, something cannot be printed or written, or Ctrl-C.
pub fn run(mut typed: Doctor) -> anyhow::Result<ExitCode> {
    // What is wrong is told in the report.
    typed.reach.output.silent = !typed.reach.output.debug;
    access::start_log(&typed.reach.output)?;
    if let Some(path) = &typed.bundle {
        bundle::check(path)?;
    }
    let call = Call::read(&typed)?;
    let runtime = super::event_loop()?;
    let mut report = Report::new(typed.reach.json);
    let outcome = runtime.block_on(examine(typed, call, &mut report));
    crate::log::finish();
    // A name that is still looked up cannot be given up; it ends with the process.
    runtime.shutdown_background();
    outcome?;
    report.finish()
}

async fn examine(typed: Doctor, call: Option<Call>, report: &mut Report) -> anyhow::Result<()> {
    let server = match (typed.server, &typed.unknown) {
        (None, _) => None,
        (Some(name), Some(failure)) => {
            report.part("server", name)?;
            server::unknown(failure, report)?;
            None
        }
        (Some(url), None) => {
            let server = Server::of(typed.reach.relay(url), call).await?;
            report.part("server", shown(server.url()))?;
            server.examine(report).await?;
            Some(server)
        }
    };
    let variable = |name: &str| std::env::var_os(name);
    let (host, home) = (host(&variable)?, Home::find(variable));
    report.part("computer", "this computer".to_owned())?;
    computer::examine(&home, &host, report)?;
    if let Ok(home) = &home {
        keeping::examine(home, typed.fix, report).await?;
    }
    report.part("editors", "editors".to_owned())?;
    let config = home.as_ref().ok().and_then(|home| names::config(home).ok());
    if server.is_none() && typed.unknown.is_none() {
        let first = config.as_ref().and_then(|config| config.servers.first());
        let name = first.map_or("URL", |server| server.name.as_str());
        report.note(format!("the way to a server: mcpbridge doctor {name}"));
    }
    let program = program::path().ok();
    let ground = editors::Ground { program, config, home: home.as_ref().ok(), folder: &host.home, fix: typed.fix };
    editors::examine(&host, &ground, report).await?;
    if let Some(path) = &typed.bundle {
        let store = access::store().ok();
        let scrub = |text: &str| server.as_ref().map_or_else(|| text.to_owned(), |server| server.scrub(text));
        bundle::write(path, &report.json(), (home.as_ref().ok(), store.as_ref(), &host), scrub)?;
        report.note(format!("written for a report, without secrets: {}", short(path)));
    }
    Ok(())
}

//! One file per command: builds the parts from the arguments and calls one verb.

mod access;
mod completions;
mod demo;
mod flow;
mod helper;
mod install;
mod login;
mod logout;
mod man;
mod run;
mod secret;
mod server;
mod status;
mod uninstall;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::failure::{Failure, Kind};

/// Does what the command line says.
///
/// # Errors
/// What went wrong, for [`crate::failure::report`].
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match (cli.command, cli.relay) {
        (Some(Command::Run(relay)), _) => run::run(&relay),
        (None, relay) if relay.server.is_some() => run::run(&relay),
        (Some(Command::Login(typed)), _) => login::run(&typed),
        (Some(Command::Logout(typed)), _) => logout::run(&typed),
        (Some(Command::Status(typed)), _) => status::run(&typed),
        (Some(Command::Secret(typed)), _) => secret::run(&typed.what),
        (Some(Command::Install(typed)), _) => install::run(&typed),
        (Some(Command::Uninstall(typed)), _) => uninstall::run(&typed),
        (Some(Command::Helper(typed)), _) => helper::run(&typed),
        (Some(Command::Demo(demo)), _) => demo::run(&demo),
        (Some(Command::Completions(completions)), _) => completions::run(completions.shell),
        (Some(Command::Man), _) => man::run(),
        (None, _) => {
            eprint!("{}", Cli::command().render_help());
            Err(Failure::new(Kind::Usage, "no URL was given").remedy("try `mcpbridge demo`").into())
        }
    }
}

/// Writes a result as one line of JSON to stdout.
fn print_json(result: &serde_json::Value) -> anyhow::Result<ExitCode> {
    print(format!("{result}\n").as_bytes())
}

/// A span of time, in seconds, for a person.
fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..=119 => (seconds, "s"),
        120..=7199 => (seconds / 60, "min"),
        7200..=172_799 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}

/// Writes a result to stdout, without its colours where nobody sees them. A reader that has seen
/// enough, such as `head`, is no error.
fn print(result: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout();
    match out.write_all(result).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

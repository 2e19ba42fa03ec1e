//! One file per command: builds the parts from the arguments and calls one verb.

mod completions;
mod demo;
mod man;
mod run;
mod server;

use std::io::{self, ErrorKind, Write};
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
        (Some(Command::Run(relay)), _) => run::run(*relay),
        (None, Some(relay)) => run::run(relay),
        (Some(Command::Demo(demo)), _) => demo::run(&demo),
        (Some(Command::Completions(completions)), _) => completions::run(completions.shell),
        (Some(Command::Man), _) => man::run(),
        (None, None) => {
            eprint!("{}", Cli::command().render_help());
            Err(Failure::new(Kind::Usage, "no URL was given").remedy("try `mcpbridge demo`").into())
        }
    }
}

/// Writes a result to stdout. A reader that has seen enough, such as `head`, is no error.
fn print(result: &[u8]) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(result).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

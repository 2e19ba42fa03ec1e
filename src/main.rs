//! The program: parse, run, report.

use std::process::ExitCode;

use mcpbridge::{cli::Cli, commands, failure};

fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os(), |name| std::env::var_os(name));
    let json = cli.wants_json();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => failure::report(&error, json),
    }
}

//! The program: parse, run, report.

use std::process::ExitCode;

use mcpbridge::{cli::Cli, commands, failure};

fn main() -> ExitCode {
    match commands::run(Cli::read(std::env::args_os(), |name| std::env::var_os(name))) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}

//! The program: parse, run, report.

use std::process::ExitCode;

use clap::Parser;
use mcpbridge::{cli::Cli, commands, failure};

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}

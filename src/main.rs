//! The program: parse, run, report.
#![deny(unsafe_code)]

use std::process::ExitCode;

use mcpbridge::{cli::Cli, commands, failure, secret};

fn main() -> ExitCode {
    secret::keep_out_of_core_dumps();
    let cli = Cli::read(std::env::args_os(), |name| std::env::var_os(name));
    let json = cli.wants_json();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => failure::report(&error, json),
    }
}

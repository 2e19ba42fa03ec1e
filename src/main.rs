//! The program: parse, run, report.

use std::process::ExitCode;

use mcpbridge::{cli::CommandLine, commands, failure, secret};

fn main() -> ExitCode {
    secret::keep_out_of_core_dumps();
    let line = CommandLine::read(std::env::args_os(), |name| std::env::var_os(name));
    let json = line.wants_json();
    match commands::run(line) {
        Ok(code) => code,
        Err(error) => failure::report(&error, json),
    }
}

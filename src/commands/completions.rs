//! `mcpbridge completions SHELL`.

use std::process::ExitCode;

use clap_complete::Shell;

/// Prints the completion script.
///
/// # Errors
/// None; the signature is that of every command.
pub fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    clap_complete::generate(shell, &mut crate::cli::command(), "mcpbridge", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}

//! `mcpbridge completions SHELL`.

use std::process::ExitCode;

use clap_complete::Shell;

/// Prints the completion script.
///
/// # Errors
/// stdout cannot be written.
pub fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    // Not straight to stdout: the generator panics where that is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::cli::command(), "mcpbridge", &mut script);
    super::print(&script)
}

//! `mcpbridge completions SHELL`.

use std::process::ExitCode;

use crate::cli::Shell;

/// Prints the completion script. Each asks `mcpbridge complete` at every press of the Tab key, so it is
/// the same whatever there is to be typed.
///
/// # Errors
/// stdout cannot be written.
pub fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    let script = match shell {
        Shell::Bash => include_str!("../../completions/mcpbridge.bash"),
        Shell::Elvish => include_str!("../../completions/mcpbridge.elv"),
        Shell::Fish => include_str!("../../completions/mcpbridge.fish"),
        Shell::PowerShell => include_str!("../../completions/_mcpbridge.ps1"),
        Shell::Zsh => include_str!("../../completions/_mcpbridge"),
    };
    // A checkout on Windows may have other line ends, which bash does not take.
    super::print(script.replace("\r\n", "\n").as_bytes())
}

//! `mcpbridge man`.

use std::process::ExitCode;

/// Prints the manual page.
///
/// # Errors
/// stdout cannot be written.
pub fn run() -> anyhow::Result<ExitCode> {
    clap_mangen::Man::new(crate::cli::command()).render(&mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

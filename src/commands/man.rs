//! `mcpbridge man`.

use std::process::ExitCode;

/// Prints the manual page.
///
/// # Errors
/// stdout cannot be written.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(crate::cli::command()).render(&mut page)?;
    super::print(&page)
}

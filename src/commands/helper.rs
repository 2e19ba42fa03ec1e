//! `mcpbridge helper`: what a relay starts to sign in or to renew.

use std::process::ExitCode;

use super::access;
use crate::auth::helper;
use crate::cli;
use crate::log::{self as logging, Volume};

/// Does the one job that stdin holds.
///
/// # Errors
/// There is none, or no event loop.
pub fn run(typed: &cli::Helper) -> anyhow::Result<ExitCode> {
    let Some(order) = helper::order(typed.worker)? else { return Ok(ExitCode::SUCCESS) };
    logging::start(if order.debug { Volume::Debug } else { Volume::Silent }, None)?;
    let runtime = super::event_loop()?;
    runtime.block_on(helper::serve(order, access::store()?));
    logging::finish();
    // Not by returning: a thread that waits for a silent keychain cannot be woken.
    std::process::exit(0)
}

//! The arguments of the commands that tell what happened.

use clap::Args;

use super::accounts::Selection;
use super::named::Named;
use super::values::count;

/// The arguments of `mcpbridge logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The URL of the remote MCP server, or its name; without it all servers
    #[arg(value_name = "URL|NAME")]
    pub server: Option<String>,

    /// What the name stood for, where one was typed.
    #[arg(skip)]
    pub named: Option<Named>,

    /// Show this many runs of each server, the newest last
    #[arg(long, value_name = "NUMBER", default_value = "10", value_parser = count)]
    pub last: u32,

    /// Go on, and show what relays note until interrupted
    #[arg(long)]
    pub follow: bool,

    /// Print the result as JSON; what comes later as one object a line
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge why`.
#[derive(Debug, Args)]
#[command(mut_arg("server", |server| server.required(true)))]
pub struct Why {
    /// Which accounts.
    #[command(flatten)]
    pub selection: Selection,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

//! The arguments of `mcpbridge doctor`.

use std::path::PathBuf;

use clap::Args;

use super::shell::Reach;
use crate::failure::Failure;

/// The arguments of `mcpbridge doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The URL of the remote MCP server, or its name; without one only this computer is looked at
    #[arg(value_name = "URL|NAME")]
    pub server: Option<String>,

    /// Call this tool of the server too, and look at the form of its answer; no tool is called unless it is named
    #[arg(long, value_name = "TOOL", requires = "server")]
    pub call: Option<String>,

    /// The arguments of --call, as a JSON object
    #[arg(long, value_name = "JSON", requires = "call", allow_hyphen_values = true)]
    pub args: Option<String>,

    /// Mend what can be mended without a question, and say what was done
    #[arg(long)]
    pub fix: bool,

    /// Write what was found, without secrets, into this new file, for a report of a fault
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,

    /// Why it is not known what the name stands for, where that is so.
    #[arg(skip)]
    pub unknown: Option<Failure>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

//! The arguments of the commands about servers that have a name.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};

use super::Cli;
use super::values::port;

/// What a name stands for, beside the flags that are set for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The account that the name alone chooses.
    pub account: Option<String>,
    /// The resource indicator that the name alone chooses.
    pub resource: Option<String>,
    /// Whether the name alone chooses how one signs in, and with which headers.
    pub flow: bool,
    /// The file of the project, if there is one.
    pub project: String,
    /// Its patterns, if it has any: a tool is shown only if it matches one of these, too.
    pub allow_tools: Vec<String>,
    /// Its patterns of tools to hide.
    pub ignore_tools: Vec<String>,
}

/// The arguments of `mcpbridge add`, beside the flags of the relay, which it keeps.
#[derive(Debug, Args)]
pub struct Add {
    /// The name: small letters, digits and hyphens
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The URL of the remote MCP server
    #[arg(value_name = "URL")]
    pub url: String,

    /// The port that the browser comes back to after a sign-in, if it must be this one
    #[arg(value_name = "PORT", value_parser = port)]
    pub port: Option<u16>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// The name of the server
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge list`.
#[derive(Debug, Args)]
pub struct List {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge trust`.
#[derive(Debug, Args)]
pub struct Trust {
    /// The file, or a folder in its project; without it the working folder
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// Take the trust back
    #[arg(long, conflicts_with = "list")]
    pub remove: bool,

    /// Show the files that are trusted
    #[arg(long, conflicts_with = "path")]
    pub list: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `add` with all the flags that it keeps.
pub(super) fn with_the_flags(add: Command) -> Command {
    let relay = Cli::command();
    let flags = relay
        .get_arguments()
        .filter(|flag| !flag.is_global_set() && super::keys::shape(flag).is_some() && flag.get_long().is_some());
    let flags: Vec<clap::Arg> = flags.cloned().collect();
    add.args(flags)
}

//! The command line: what can be typed, and the help for it. No input, no output.

mod accounts;
mod editors;
mod keys;
mod machine;
mod relay;
mod secrets;
mod server;
mod values;
mod variables;

use std::ffi::OsString;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use accounts::{Login, Logout, Selection, Status};
pub use editors::{Install, RelayFlags, Typed, Uninstall};
pub use keys::{Shape, commands, keys};
pub use machine::{Machine, Organization};
pub use relay::{Protocol, Relay, Transport};
pub use secrets::{Secret, SecretCommand, SecretName};
pub use server::{Connection, Output, SignIn};
pub use values::{OptionalDuration, Seconds};

/// Use any remote MCP server from any editor or agent that speaks MCP over stdio.
///
/// An editor starts `mcpbridge <URL>` as a local MCP server; mcpbridge relays every message to the
/// remote server and back. Put it into the editor's configuration as `command`, with the URL as
/// the first of `args`.
#[derive(Debug, Parser)]
#[command(
    name = "mcpbridge",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = AFTER_HELP
)]
pub struct Cli {
    /// The command; without one the URL is relayed.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The relay's own arguments.
    #[command(flatten)]
    pub relay: Relay,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`
    Run(Box<Relay>),
    /// Sign in to a server now, in the browser, and keep the credential for every editor
    Login(Box<Login>),
    /// Sign out: revoke the credential at the server where it can be, and forget it
    Logout(Box<Logout>),
    /// Show who is signed in where, where the credential is kept, and when it is renewed
    Status(Status),
    /// Keep a secret under a name, so that flags can name it instead of having it
    Secret(Secret),
    /// Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others
    Install(Box<Install>),
    /// Take a server out of an editor, as if it had never been there
    Uninstall(Uninstall),
    /// Try everything out: a sample server on this machine and a tour of a session with it
    Demo(Demo),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page
    Man,
    /// Sign in or renew for a relay; started by mcpbridge itself
    #[command(hide = true)]
    Helper(Helper),
}

impl Cli {
    /// Whether a program reads what this run prints.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Some(Command::Login(typed)) => typed.json,
            Some(Command::Logout(typed)) => typed.json,
            Some(Command::Status(typed)) => typed.json,
            Some(Command::Secret(typed)) => match &typed.what {
                SecretCommand::Set(typed) | SecretCommand::Remove(typed) => typed.json,
            },
            Some(Command::Install(typed)) => typed.json,
            Some(Command::Uninstall(typed)) => typed.json,
            _ => false,
        }
    }

    /// Reads the command line, and from the environment the flags of the relay that it does not
    /// have. Ends the process where clap does: for help, for the version, and for mistakes.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let typed = command().try_get_matches_from(&arguments).unwrap_or_else(|error| error.exit());
        let flags = variables::flags(&typed, variable);
        if flags.is_empty() {
            // As at most starts, and a start should not read its command line twice.
            return Cli::from_arg_matches(&typed).unwrap_or_else(|error| error.exit());
        }
        // In front of what was typed, so that of two flags which exclude each other the typed one wins.
        let behind = if typed.subcommand_name().is_some() { 2 } else { 1 };
        let (front, rest) = arguments.split_at(behind.min(arguments.len()));
        let all = front.iter().cloned().chain(flags).chain(rest.iter().cloned());
        let matches = command().try_get_matches_from(all).unwrap_or_else(|error| error.exit());
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The arguments of the helper.
#[derive(Debug, Args)]
pub struct Helper {
    /// Whether this is the process that does the work
    #[arg(long)]
    pub worker: bool,
}

/// The arguments of `mcpbridge demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Only serve, until interrupted
    #[arg(long)]
    pub serve: bool,

    /// Demand a sign-in in the browser, as most remote servers do
    #[arg(long, requires = "serve")]
    pub sign_in: bool,

    /// The port to serve on
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
}

/// The arguments of `mcpbridge completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// The whole command line as clap knows it, for completions, the manual page and tests.
pub fn command() -> clap::Command {
    let relay = Cli::command();
    let has = |flag: &Arg| relay.get_arguments().any(|own| own.get_id() == flag.get_id());
    let with = |flag: Arg| if has(&flag) { variables::named(flag) } else { flag };
    relay
        .clone()
        .mut_args(with)
        .mut_subcommand("run", |run| run.mut_args(with))
        .mut_subcommand("login", |login| login.mut_args(with))
}

const AFTER_HELP: &str = "\
Every flag has a variable MCPBRIDGE_<FLAG> (MCPBRIDGE_HEADER, MCPBRIDGE_ALLOW_TOOL and other flags
that may be repeated: one value a line); a flag overrides its variable.

Examples:
  mcpbridge https://mcp.example.com/mcp
  mcpbridge login https://mcp.example.com/mcp
  mcpbridge https://mcp.example.com/mcp --header 'X-API-Key:${EXAMPLE_KEY}'
  mcpbridge demo

Exit codes: 0 every request was answered by the server, 2 usage, 3 the server wants a credential, 4 the
sign-in was refused, 5 the server was not reached or did not answer in time, 6 the server broke the
protocol, 8 the credential store is locked or fails, 130 interrupted.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }
}

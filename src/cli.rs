//! The command line: what can be typed, and the help for it. No input, no output.

mod accounts;
mod color;
mod doctor;
mod editors;
mod history;
mod keys;
mod late;
mod levels;
mod line;
mod machine;
mod mistake;
mod named;
mod next;
mod relay;
mod secrets;
mod server;
mod shell;
mod values;
mod variables;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

pub use accounts::{ClientMetadata, Login, Logout, Selection, Status};
pub use color::Color;
pub use doctor::Doctor;
pub use editors::{Adopt, Install, RelayFlags, Typed, Uninstall};
pub use history::{Logs, Why};
pub use keys::{check, commands, keys};
pub use late::Late;
pub use levels::{Places, Setting, Value};
pub use line::CommandLine;
pub use machine::{Machine, Organization};
pub use named::{Add, List, Named, Remove, Trust};
pub use next::{Lookup, Next, next};
pub use relay::Relay;
pub use secrets::{Secret, SecretCommand, SecretName};
pub use server::{Connection, Filters, Messages, Output, Protocol, SignIn, TransportOrder, Wire};
pub use shell::{Call, Listen, Prompts, Reach, Read, Request, Resources, Tools};
pub use values::{OptionalDuration, Seconds};
pub use variables::{is_true, lines};

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

    /// When to print in colours: on a terminal, always or never
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        global = true,
        help_heading = "Output",
        hide_possible_values = true
    )]
    pub color: Color,

    /// The relay's own arguments.
    #[command(flatten)]
    pub relay: Relay,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`
    Run(Late<Relay>),
    /// Sign in to a server now, in the browser, and keep the credential for every editor
    Login(Late<Login>),
    /// Sign out: revoke the credential at the server where it can be, and forget it
    Logout(Box<Logout>),
    /// Show who is signed in where, where the credential is kept, and when it is renewed
    Status(Status),
    /// Show the last runs of each server: for which editor, and how they ended
    Logs(Logs),
    /// Tell how a sign-in came to be as it is
    Why(Why),
    /// Print a client ID metadata document, to be published for --client-metadata-url
    ClientMetadata(ClientMetadata),
    /// Keep a secret under a name, so that flags can name it instead of having it
    Secret(Secret),
    /// Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others
    Install(Late<Install>),
    /// Take a server out of an editor, as if it had never been there
    Uninstall(Uninstall),
    /// Give a server a name, and keep the flags for it
    Add(Add),
    /// Take a server's name and its flags out of the configuration
    Remove(Remove),
    /// Show the servers that have a name, and the file that they stand in
    List(List),
    /// Let the .mcpbridge.toml of a project choose an account
    Trust(Trust),
    /// List the tools of a server
    Tools(Late<Tools>),
    /// Call a tool of a server
    Call(Late<Call>),
    /// List the prompts of a server, or print one
    Prompts(Late<Prompts>),
    /// List the resources of a server
    Resources(Late<Resources>),
    /// Read a resource of a server
    Read(Late<Read>),
    /// Send any request to a server, and print its result
    Request(Late<Request>),
    /// Print what a server tells of changes, until interrupted
    Listen(Late<Listen>),
    /// Answer an editor from the recording of a session (--record), without the server
    Replay(Replay),
    /// Take over what editors run through mcp-remote and its like, with the sign-ins
    Adopt(Adopt),
    /// Say what is wrong on the way to a server, on this computer and in its editors
    Doctor(Late<Doctor>),
    /// Try everything out: a sample server on this machine and a tour of a session with it
    Demo(Demo),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page
    Man,
    /// Print what can be typed next; started by the completion of a shell
    #[command(hide = true)]
    Complete(Complete),
    /// Sign in or renew for a relay; started by mcpbridge itself
    #[command(hide = true)]
    Helper(Helper),
}

impl Cli {
    /// Puts what a name stands for where the name was typed.
    pub fn put(&mut self, url: String, port: Option<u16>, named: Named) {
        match &mut self.command {
            None => self.relay.put(url, port, named),
            Some(Command::Run(relay)) => relay.put(url, port, named),
            Some(Command::Login(login)) => {
                login.server = url;
                login.port = login.port.or(port);
                login.named = Some(named);
            }
            Some(Command::Logout(logout)) => logout.selection.put(url, named),
            Some(Command::Status(status)) => status.selection.put(url, named),
            Some(Command::Why(why)) => why.selection.put(url, named),
            Some(Command::Logs(logs)) => {
                logs.server = Some(url);
                logs.named = Some(named);
            }
            Some(Command::Doctor(Late(doctor))) => {
                doctor.server = Some(url);
                doctor.reach.put(port, named);
            }
            Some(command) => {
                if let Some((server, reach)) = command.shell() {
                    *server = url;
                    reach.put(port, named);
                }
            }
        }
    }

    /// Which tools are shown, and who says so. A command at a shell has no flags for it, and hides what a relay hides.
    pub fn filter(&mut self, filters: Filters) {
        match &mut self.command {
            None => self.relay.filters = filters,
            Some(Command::Run(relay)) => relay.filters = filters,
            Some(Command::Doctor(Late(doctor))) => doctor.reach.filters = filters,
            Some(command) => {
                if let Some((_, reach)) = command.shell() {
                    reach.filters = filters;
                }
            }
        }
    }

    /// Where the flags are set that were not typed.
    pub fn locate(&mut self, places: Places) {
        match &mut self.command {
            None => self.relay.connection.places = places,
            Some(Command::Run(relay)) => relay.connection.places = places,
            Some(Command::Login(login)) => login.connection.places = places,
            Some(Command::Doctor(Late(doctor))) => doctor.reach.connection.places = places,
            Some(command) => {
                if let Some((_, reach)) = command.shell() {
                    reach.connection.places = places;
                }
            }
        }
    }

    /// What is to be warned of, once it is known where to.
    pub fn warn(&mut self, warnings: Vec<String>) {
        match &mut self.command {
            None => self.relay.output.warnings.extend(warnings),
            Some(Command::Run(relay)) => relay.output.warnings.extend(warnings),
            Some(Command::Login(login)) => login.output.warnings.extend(warnings),
            Some(command) => {
                if let Some((_, reach)) = command.shell() {
                    reach.output.warnings.extend(warnings);
                }
            }
        }
    }
}

impl Command {
    /// The server of a command that uses one from the shell, and how it is reached.
    fn shell(&mut self) -> Option<(&mut String, &mut Reach)> {
        match self {
            Command::Tools(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Call(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Prompts(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Resources(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Read(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Request(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            Command::Listen(Late(typed)) => Some((&mut typed.server, &mut typed.reach)),
            _ => None,
        }
    }
}

/// The arguments of the helper.
#[derive(Debug, Args)]
pub struct Helper {
    /// Whether this is the process that does the work
    #[arg(long)]
    pub worker: bool,
}

/// The arguments of `mcpbridge replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// What a relay has written with --record
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
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
    #[arg(long, value_name = "PORT", value_parser = values::any_port)]
    pub port: Option<u16>,
}

/// The arguments of `mcpbridge completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The shells that complete command lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// elvish
    Elvish,
    /// fish
    Fish,
    /// PowerShell
    #[value(name = "powershell")]
    PowerShell,
    /// zsh
    Zsh,
}

/// The arguments of `mcpbridge complete`.
#[derive(Debug, Args)]
pub struct Complete {
    /// What was typed of the word that is to be completed
    #[arg(long, allow_hyphen_values = true, default_value = "")]
    pub current: String,

    /// The words before it, without the name of the program
    #[arg(last = true)]
    pub before: Vec<String>,
}

/// The whole command line as clap knows it, for completions, the manual page and tests.
pub fn command() -> clap::Command {
    Cli::command()
        .mut_args(variables::named)
        // Only when it was typed: no other start has to wait for it.
        .mut_subcommand("add", |add| add.defer(named::with_the_flags))
}

/// Its parts are sections of the manual page, too. Lines break where a terminal wants them to.
const AFTER_HELP: &str = "\
Every flag has a variable MCPBRIDGE_<FLAG> (MCPBRIDGE_HEADER, MCPBRIDGE_ALLOW_TOOL and other flags that may \
be repeated: one value a line), and is a key of config.toml, the file that `mcpbridge list` names. A flag \
overrides its variable, and a variable the file.

Examples:
  mcpbridge https://mcp.example.com/mcp
  mcpbridge login https://mcp.example.com/mcp
  mcpbridge add example https://mcp.example.com/mcp && mcpbridge example
  mcpbridge https://mcp.example.com/mcp --header 'X-API-Key:${EXAMPLE_KEY}'
  mcpbridge demo

Exit codes:
  0    every request was answered by the server
  1    a fault of mcpbridge itself
  2    usage
  3    the server wants a credential
  4    the sign-in was refused
  5    the server was not reached or did not answer in time
  6    the server broke the protocol, or answered a command with an error
  7    the called tool says that it failed
  8    the credential store is locked or fails
  130  interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }
}

//! The arguments of the commands that use a server from the shell.

use std::path::PathBuf;

use clap::Args;

use super::named::Named;
use super::relay::Relay;
use super::server::{Connection, Filters, Messages, Output, SignIn, Wire};
use super::values::{Seconds, seconds};

/// How a server is reached by a command that is an editor itself.
#[derive(Debug, Args)]
pub struct Reach {
    /// What the name stood for, if one was typed.
    #[arg(skip)]
    pub named: Option<Named>,

    /// The port that the browser comes back to after a sign-in, if the name says one.
    #[arg(skip)]
    pub port: Option<u16>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// Which tools are shown.
    #[arg(skip)]
    pub filters: Filters,

    /// How the server is reached.
    #[command(flatten)]
    pub connection: Connection,

    /// How one signs in.
    #[command(flatten)]
    pub sign_in: SignIn,

    /// What is spoken with it.
    #[command(flatten)]
    pub wire: Wire,

    /// Give a request up, and cancel it, when it has taken this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, help_heading = "Deadlines")]
    pub request_timeout: Seconds,

    /// How large messages may be, and where they are recorded.
    #[command(flatten)]
    pub messages: Messages,

    /// What is said.
    #[command(flatten)]
    pub output: Output,
}

/// The arguments of `mcpbridge tools`.
#[derive(Debug, Args)]
pub struct Tools {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// Print what this tool takes and gives, as the JSON Schema of the server
    #[arg(long, value_name = "TOOL")]
    pub schema: Option<String>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge call`.
#[derive(Debug, Args)]
pub struct Call {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// The tool
    #[arg(value_name = "TOOL")]
    pub tool: String,

    /// KEY=VALUE (as the tool's schema has it), KEY=@FILE (a text), KEY:=JSON, KEY:=@FILE, {…} (all arguments as a JSON object), @FILE (the same from a file) or - (from stdin)
    #[arg(value_name = "ARGUMENT")]
    pub arguments: Vec<String>,

    /// Save images, sounds and other files of the result in this file, or in this folder
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge prompts`.
#[derive(Debug, Args)]
pub struct Prompts {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// Print this prompt instead of the list
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// The prompt's arguments: KEY=VALUE or KEY=@FILE
    #[arg(value_name = "ARGUMENT")]
    pub arguments: Vec<String>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge resources`.
#[derive(Debug, Args)]
pub struct Resources {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge read`.
#[derive(Debug, Args)]
pub struct Read {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// The resource
    #[arg(value_name = "URI")]
    pub uri: String,

    /// Save what is read in this file, or in this folder
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge request`.
#[derive(Debug, Args)]
pub struct Request {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// The method, for example tools/list
    #[arg(value_name = "METHOD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub method: String,

    /// The parameters: a JSON object, @FILE, or - for stdin
    #[arg(value_name = "PARAMS", default_value = "{}")]
    pub params: String,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// The arguments of `mcpbridge listen`.
#[derive(Debug, Args)]
pub struct Listen {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// Also tell when this resource changes; may be given several times
    #[arg(long = "uri", value_name = "URI")]
    pub uris: Vec<String>,

    /// How the server is reached.
    #[command(flatten)]
    pub reach: Reach,
}

impl Reach {
    pub(super) fn put(&mut self, port: Option<u16>, named: Named) {
        self.port = port;
        self.named = Some(named);
    }

    /// The relay that serves the command: with these flags, and all others as they are when nobody
    /// gives them.
    pub fn relay(self, server: String) -> Relay {
        let relay = Relay::unflagged();
        Relay {
            server: Some(server),
            named: self.named,
            port: self.port,
            connection: self.connection,
            sign_in: self.sign_in,
            wire: self.wire,
            filters: self.filters,
            request_timeout: self.request_timeout,
            messages: self.messages,
            output: self.output,
            ..relay
        }
    }
}

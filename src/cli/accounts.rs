//! The arguments of the commands about accounts.

use clap::Args;

use super::named::Named;
use super::server::{Connection, Output, SignIn};
use super::values::port;

/// The arguments of `mcpbridge login`.
#[derive(Debug, Args)]
pub struct Login {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// What the name stood for, where one was typed.
    #[arg(skip)]
    pub named: Option<Named>,

    /// The port that the browser comes back to, if it must be this one
    #[arg(value_name = "PORT", value_parser = port)]
    pub port: Option<u16>,

    /// Sign in again, although there is a credential
    #[arg(long)]
    pub force: bool,

    /// End a sign-in that is under way
    #[arg(long, conflicts_with_all = ["force", "api_key_header", "api_key_query"])]
    pub cancel: bool,

    /// Keep an API key, read from the terminal or from stdin, and send it in this header
    #[arg(long, value_name = "NAME", conflicts_with = "api_key_query")]
    pub api_key_header: Option<String>,

    /// Keep an API key, read from the terminal or from stdin, and send it in this parameter of the URL
    #[arg(long, value_name = "NAME")]
    pub api_key_query: Option<String>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// How the server is reached.
    #[command(flatten)]
    pub connection: Connection,

    /// How one signs in.
    #[command(flatten)]
    pub sign_in: SignIn,

    /// What is said.
    #[command(flatten)]
    pub output: Output,
}

/// Which accounts a command is about.
#[derive(Debug, Args)]
pub struct Selection {
    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: Option<String>,

    /// What the name stood for, where one was typed.
    #[arg(skip)]
    pub named: Option<Named>,

    /// The name of the account
    #[arg(long, value_name = "NAME", requires = "server")]
    pub account: Option<String>,

    /// The resource indicator that was given at the sign-in
    #[arg(long, value_name = "URI", requires = "server")]
    pub resource: Option<String>,
}

impl Selection {
    pub(super) fn put(&mut self, url: String, named: Named) {
        self.server = Some(url);
        self.named = Some(named);
    }
}

/// The arguments of `mcpbridge logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// Which accounts.
    #[command(flatten)]
    pub selection: Selection,

    /// Sign out everywhere
    #[arg(long, conflicts_with = "server")]
    pub all: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Which accounts.
    #[command(flatten)]
    pub selection: Selection,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// Exit with 0 also when somebody has to sign in
    #[arg(long)]
    pub exit_zero: bool,
}

/// The arguments of `mcpbridge client-metadata`.
#[derive(Debug, Args)]
pub struct ClientMetadata {
    /// Where the document will be: an https URL with a path, for example https://example.com/mcpbridge.json
    #[arg(value_name = "URL")]
    pub url: String,

    /// The port that the browser comes back to, if it must be this one
    #[arg(value_name = "PORT", value_parser = port)]
    pub port: Option<u16>,

    /// The host in the redirect URI, beside 127.0.0.1 and localhost
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,

    /// The path in the redirect URI
    #[arg(long, value_name = "PATH", default_value = "/oauth/callback")]
    pub callback_path: String,

    /// Print the document within the JSON of a result
    #[arg(long)]
    pub json: bool,
}

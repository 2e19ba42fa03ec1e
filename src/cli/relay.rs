//! The arguments of the relay.

use clap::{Args, FromArgMatches};

use super::named::Named;
use super::server::{Connection, Filters, Messages, Output, SignIn, Wire};
use super::values::{Seconds, port, seconds};

/// The arguments of the relay.
#[derive(Debug, Args)]
pub struct Relay {
    /// The URL of the remote MCP server, for example https://mcp.example.com/mcp, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: Option<String>,

    /// What the name stood for, where one was typed.
    #[arg(skip)]
    pub named: Option<Named>,

    /// The port that the browser comes back to after a sign-in, if it must be this one
    #[arg(value_name = "PORT", value_parser = port)]
    pub port: Option<u16>,

    /// How the server is reached.
    #[command(flatten)]
    pub connection: Connection,

    /// How one signs in.
    #[command(flatten)]
    pub sign_in: SignIn,

    /// What is spoken with it.
    #[command(flatten)]
    pub wire: Wire,

    /// Which tools are shown.
    #[command(flatten)]
    pub filters: Filters,

    /// Answer a request with an error when the server has not begun to answer after this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, help_heading = "Deadlines")]
    pub headers_timeout: Seconds,

    /// Answer a request with an error when its answer has been silent for this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, help_heading = "Deadlines")]
    pub body_timeout: Seconds,

    /// Answer a request with an error, and cancel it, when it has taken this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, help_heading = "Deadlines")]
    pub request_timeout: Seconds,

    /// How long requests may still run after the end of the input (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Deadlines")]
    pub drain_timeout: Seconds,

    /// Ping the server regularly, for networks that drop idle connections
    #[arg(long, help_heading = "Deadlines")]
    pub keep_alive: bool,

    /// How often --keep-alive pings
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Deadlines")]
    pub ping_interval: Seconds,

    /// How large messages may be, and where they are recorded.
    #[command(flatten)]
    pub messages: Messages,

    /// What is said.
    #[command(flatten)]
    pub output: Output,

    /// Keep no history of the run, which `mcpbridge logs` would show
    #[arg(long, help_heading = "Output")]
    pub no_history: bool,
}

impl Relay {
    pub(super) fn put(&mut self, url: String, port: Option<u16>, named: Named) {
        self.server = Some(url);
        self.port = self.port.or(port);
        self.named = Some(named);
    }

    /// What an empty command line says.
    pub(super) fn unflagged() -> Self {
        let matches = Self::augment_args(clap::Command::new("relay")).get_matches_from(["relay"]);
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

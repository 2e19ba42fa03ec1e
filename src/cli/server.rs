//! What a command has to know of the server that it speaks to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::levels::Places;
use super::machine::{Machine, Organization};
use super::values::{Seconds, pattern, seconds, size};

/// How the server is reached, and with which headers.
#[derive(Debug, Args)]
pub struct Connection {
    /// Add a header to every request to the server; ${VAR} is replaced from the environment
    #[arg(long = "header", value_name = "NAME: VALUE", allow_hyphen_values = true, help_heading = "Credentials")]
    pub headers: Vec<String>,

    /// Read headers from a file, one a line; lines that start with # are comments
    #[arg(long = "header-file", value_name = "PATH", help_heading = "Credentials")]
    pub header_files: Vec<PathBuf>,

    /// Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times
    #[arg(long = "header-from", value_name = "NAME=SOURCE", help_heading = "Credentials")]
    pub headers_from: Vec<String>,

    /// Send the bearer token that this command prints, and ask it again when the token expires or is refused
    #[arg(long, value_name = "COMMAND", help_heading = "Credentials")]
    pub token_command: Option<String>,

    /// Where the flags are set that were not typed.
    #[arg(skip)]
    pub places: Places,

    /// Allow plain http to a host other than this machine
    #[arg(long, help_heading = "Connection")]
    pub allow_http: bool,

    /// Use IPv4 only
    #[arg(long, help_heading = "Connection")]
    pub ipv4: bool,

    /// Trust the certificate authorities in this PEM file too; may be given several times
    #[arg(long = "ca-cert", value_name = "FILE", help_heading = "Connection")]
    pub ca_certs: Vec<PathBuf>,

    /// The certificate to show to a server that asks for one, as PEM; the key may be in the same file
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub client_cert: Option<PathBuf>,

    /// The private key of --client-cert, as PEM
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub client_key: Option<PathBuf>,

    /// Take any certificate; only for a server on this machine
    #[arg(long, help_heading = "Connection")]
    pub insecure: bool,

    /// The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub proxy: Option<String>,

    /// Accepted for mcp-remote: proxies from the environment are always used, never for loopback
    #[arg(long, help_heading = "Connection")]
    pub enable_proxy: bool,

    /// Do not keep the cookies that the server sets
    #[arg(long, help_heading = "Connection")]
    pub disable_cookies: bool,

    /// How long to wait for a connection
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = seconds, help_heading = "Deadlines")]
    pub connect_timeout: Seconds,
}

/// How one signs in.
#[derive(Debug, Args)]
pub struct SignIn {
    /// The name of the account, where one server is used with several
    #[arg(long, value_name = "NAME", help_heading = "Sign-in")]
    pub account: Option<String>,

    /// The resource indicator to ask for, instead of the one that the server publishes
    #[arg(long, value_name = "URI", conflicts_with = "disable_resource_parameter", help_heading = "Sign-in")]
    pub resource: Option<String>,

    /// Send no resource indicator, for authorization servers that refuse it
    #[arg(long, help_heading = "Sign-in")]
    pub disable_resource_parameter: bool,

    /// Add a parameter to the authorization request; may be given several times
    #[arg(long = "authorize-param", value_name = "KEY=VALUE", help_heading = "Sign-in")]
    pub authorize_params: Vec<String>,

    /// Members for the registration of the client: JSON, or @FILE
    #[arg(long, value_name = "JSON", help_heading = "Sign-in")]
    pub static_oauth_client_metadata: Option<String>,

    /// A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced
    #[arg(long, value_name = "JSON", help_heading = "Sign-in")]
    pub static_oauth_client_info: Option<String>,

    /// The URL of a client ID metadata document that describes this client
    #[arg(long, value_name = "URL", help_heading = "Sign-in")]
    pub client_metadata_url: Option<String>,

    /// Send the id token instead of the access token
    #[arg(long, help_heading = "Sign-in")]
    pub use_id_token: bool,

    /// The host in the redirect URI
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1", help_heading = "Sign-in")]
    pub host: String,

    /// The path in the redirect URI
    #[arg(long, value_name = "PATH", default_value = "/oauth/callback", help_heading = "Sign-in")]
    pub callback_path: String,

    /// Where the browser goes after a sign-in, instead of a page of mcpbridge
    #[arg(long, value_name = "URL", help_heading = "Sign-in")]
    pub auth_success_url: Option<String>,

    /// Open no browser; say the URL instead
    #[arg(long, help_heading = "Sign-in")]
    pub no_browser: bool,

    /// Sign in with a code, on any device that has a browser (device authorization)
    #[arg(long, conflicts_with = "token_command", help_heading = "Sign-in")]
    pub device_code: bool,

    /// Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)
    #[arg(long, help_heading = "Sign-in")]
    pub non_interactive: bool,

    /// Ask a person where one is needed, although CI or --non-interactive is set
    #[arg(long, help_heading = "Sign-in")]
    pub interactive: bool,

    /// How long an authorization server may take for one answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Sign-in")]
    pub auth_timeout: Seconds,

    /// How long a person may take to sign in
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds, help_heading = "Sign-in")]
    pub sign_in_timeout: Seconds,

    /// How a program signs in.
    #[command(flatten)]
    pub machine: Machine,

    /// Who lets a person in.
    #[command(flatten)]
    pub organization: Organization,
}

/// What is spoken with the server.
#[derive(Debug, Args)]
pub struct Wire {
    /// Which transport to try, and in which order
    #[arg(long, value_enum, default_value_t, help_heading = "Connection")]
    pub transport: TransportOrder,

    /// Which era of the protocol the server speaks; auto finds out
    #[arg(long, value_enum, default_value_t, help_heading = "Connection")]
    pub protocol: Protocol,
}

/// Which tools are shown.
#[derive(Clone, Debug, Default, Args)]
pub struct Filters {
    /// Show only tools that match this pattern (* and ?); may be given several times
    #[arg(long = "allow-tool", value_name = "GLOB", value_parser = pattern, help_heading = "Tools")]
    pub allow_tools: Vec<String>,

    /// Hide tools that match this pattern (* and ?); may be given several times
    #[arg(long = "ignore-tool", value_name = "GLOB", value_parser = pattern, help_heading = "Tools")]
    pub ignore_tools: Vec<String>,

    /// Who says the one and the other: a flag, its variable, or a place in a file.
    #[arg(skip)]
    pub from: [String; 2],
}

/// How large messages may be, and where they are recorded.
#[derive(Debug, Args)]
pub struct Messages {
    /// The largest message in either direction, in bytes or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, help_heading = "Deadlines")]
    pub max_message_size: usize,

    /// Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub record: Option<PathBuf>,
}

/// What is said, and where.
#[derive(Debug, Args)]
pub struct Output {
    /// Say more on stderr: every message's method and id and every status, never a secret
    #[arg(long, overrides_with = "silent", help_heading = "Output")]
    pub debug: bool,

    /// Say nothing on stderr; of this and --debug the last one counts
    #[arg(long, help_heading = "Output")]
    pub silent: bool,

    /// Also write what is said to this file
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub log_file: Option<PathBuf>,

    /// What is to be warned of first.
    #[arg(skip)]
    pub warnings: Vec<String>,
}

/// Which transport to try, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TransportOrder {
    /// Streamable HTTP, then HTTP+SSE if the server does not speak it
    #[default]
    HttpFirst,
    /// HTTP+SSE, then Streamable HTTP if the server does not speak it
    SseFirst,
    /// Streamable HTTP only
    HttpOnly,
    /// HTTP+SSE (2024-11-05) only
    SseOnly,
}

/// Which era of the protocol the server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Find out
    #[default]
    Auto,
    /// 2024-11-05 to 2025-11-25
    Legacy,
    /// 2026-07-28
    Modern,
}

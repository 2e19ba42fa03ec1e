//! The command line: what can be typed, and the help for it. No input, no output.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

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

/// The arguments of the relay.
#[derive(Debug, Args)]
pub struct Relay {
    /// The URL of the remote MCP server, for example https://mcp.example.com/mcp
    #[arg(value_name = "URL")]
    pub server: Option<String>,

    /// The port that the browser comes back to after a sign-in, if it must be this one
    #[arg(value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    /// How the server is reached.
    #[command(flatten)]
    pub connection: Connection,

    /// How one signs in.
    #[command(flatten)]
    pub sign_in: SignIn,

    /// Which transport to try, and in which order
    #[arg(long, value_enum, default_value_t, help_heading = "Connection")]
    pub transport: Transport,

    /// Which era of the protocol the server speaks; auto finds out
    #[arg(long, value_enum, default_value_t, help_heading = "Connection")]
    pub protocol: Protocol,

    /// Show only tools that match this pattern (* and ?); may be given several times
    #[arg(long = "allow-tool", value_name = "GLOB", help_heading = "Tools")]
    pub allow_tools: Vec<String>,

    /// Hide tools that match this pattern (* and ?); may be given several times
    #[arg(long = "ignore-tool", value_name = "GLOB", help_heading = "Tools")]
    pub ignore_tools: Vec<String>,

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

    /// The largest message in either direction, in bytes or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, help_heading = "Deadlines")]
    pub max_message_size: usize,

    /// What is said.
    #[command(flatten)]
    pub output: Output,
}

/// How the server is reached, and with which headers.
#[derive(Debug, Args)]
pub struct Connection {
    /// Add a header to every request to the server; ${VAR} is replaced from the environment
    #[arg(long = "header", value_name = "NAME: VALUE", allow_hyphen_values = true, help_heading = "Credentials")]
    pub headers: Vec<String>,

    /// Read headers from a file, one a line; lines that start with # are comments
    #[arg(long = "header-file", value_name = "PATH", help_heading = "Credentials")]
    pub header_files: Vec<PathBuf>,

    /// Allow plain http to a host other than this machine
    #[arg(long, help_heading = "Connection")]
    pub allow_http: bool,

    /// Use IPv4 only
    #[arg(long, help_heading = "Connection")]
    pub ipv4: bool,

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

    /// How long an authorization server may take for one answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, help_heading = "Sign-in")]
    pub auth_timeout: Seconds,

    /// How long a person may take to sign in
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds, help_heading = "Sign-in")]
    pub sign_in_timeout: Seconds,
}

/// What is said, and where.
#[derive(Debug, Args)]
pub struct Output {
    /// Say more on stderr: every message's method and id and every status, never a secret
    #[arg(long, overrides_with = "silent", help_heading = "Output")]
    pub debug: bool,

    /// Say nothing on stderr
    #[arg(long, help_heading = "Output")]
    pub silent: bool,

    /// Also write what is said to this file
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub log_file: Option<PathBuf>,
}

/// The arguments of `mcpbridge login`.
#[derive(Debug, Args)]
pub struct Login {
    /// The URL of the remote MCP server
    #[arg(value_name = "URL")]
    pub server: String,

    /// The port that the browser comes back to, if it must be this one
    #[arg(value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
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
    /// The URL of the remote MCP server
    #[arg(value_name = "URL")]
    pub server: Option<String>,

    /// The name of the account
    #[arg(long, value_name = "NAME", requires = "server")]
    pub account: Option<String>,

    /// The resource indicator that was given at the sign-in
    #[arg(long, value_name = "URI", requires = "server")]
    pub resource: Option<String>,
}

/// The arguments of `mcpbridge logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// Which accounts.
    #[command(flatten)]
    pub selection: Selection,

    /// Sign out everywhere
    #[arg(long, conflicts_with = "server", required_unless_present = "server")]
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

impl Cli {
    /// Whether a program reads what this run prints.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Some(Command::Login(typed)) => typed.json,
            Some(Command::Logout(typed)) => typed.json,
            Some(Command::Status(typed)) => typed.json,
            _ => false,
        }
    }

    /// Reads the command line, and from the environment the flags of the relay that it does not
    /// have. Ends the process where clap does: for help, for the version, and for mistakes.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let typed = command().try_get_matches_from(&arguments).unwrap_or_else(|error| error.exit());
        let flags = from_environment(&typed, variable);
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

/// The variables of the flags that were not typed, written as flags. Each flag has one, by its name;
/// of flags that may be repeated it holds one value a line. clap's own way is not used: it would
/// split a typed header at a line break as well, and take a variable for an argument of the relay
/// where another command was typed.
fn from_environment(typed: &ArgMatches, variable: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    let whole = command();
    let (matches, its) = match typed.subcommand() {
        Some((name @ ("run" | "login"), matches)) => (matches, whole.find_subcommand(name).unwrap_or(&whole)),
        Some(_) => return Vec::new(),
        None => (typed, &whole),
    };
    let has = |flag: &&Arg| its.get_arguments().any(|own| own.get_id() == flag.get_id());
    let mut flags = Vec::new();
    for flag in whole.get_arguments().filter(has) {
        let (Some(long), Some(name)) = (flag.get_long(), variable_of(flag)) else { continue };
        let is_typed = matches.value_source(flag.get_id().as_str()) == Some(ValueSource::CommandLine);
        let Some(value) = variable(&name).filter(|value| !is_typed && !value.is_empty()) else { continue };
        let with = |value: &str| OsString::from(format!("--{long}={value}"));
        let text = value.to_string_lossy();
        match flag.get_action() {
            ArgAction::SetTrue if is_true(&text) => flags.push(format!("--{long}").into()),
            ArgAction::SetTrue => {}
            ArgAction::Append => flags.extend(text.lines().filter(|line| !line.trim().is_empty()).map(with)),
            _ => flags.push(with(&text)),
        }
    }
    flags
}

/// The variable of a flag, for all flags but `--help` and `--version`.
fn variable_of(flag: &Arg) -> Option<String> {
    let settable = matches!(flag.get_action(), ArgAction::Set | ArgAction::SetTrue | ArgAction::Append);
    let long = flag.get_long().filter(|_| settable)?;
    Some(format!("MCPBRIDGE_{}", long.to_uppercase().replace('-', "_")))
}

fn is_true(text: &str) -> bool {
    !matches!(text.trim().to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "n" | "f" | "")
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

/// Which transport to try, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Transport {
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

/// A duration as typed; `None` is no limit.
pub type Seconds = OptionalDuration;

/// A duration in seconds, where 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionalDuration(Option<Duration>);

impl OptionalDuration {
    /// The duration, `None` for no limit.
    pub fn limit(self) -> Option<Duration> {
        self.0
    }
}

/// The whole command line as clap knows it, for completions, the manual page and tests.
pub fn command() -> clap::Command {
    let relay = Cli::command();
    let has = |flag: &Arg| relay.get_arguments().any(|own| own.get_id() == flag.get_id());
    let with = |flag: Arg| if has(&flag) { with_variable(flag) } else { flag };
    relay
        .clone()
        .mut_args(with)
        .mut_subcommand("run", |run| run.mut_args(with))
        .mut_subcommand("login", |login| login.mut_args(with))
}

/// Names the variable in the help of a flag.
fn with_variable(flag: Arg) -> Arg {
    let Some(name) = variable_of(&flag) else { return flag };
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    flag.help(format!("{help} [env: {name}]"))
}

fn seconds(text: &str) -> Result<Seconds, String> {
    match text.trim_end_matches('s').parse::<f64>() {
        Ok(0.0) => Ok(OptionalDuration(None)),
        Ok(seconds) => Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| *duration < LONGEST)
            .map(|duration| OptionalDuration(Some(duration)))
            .ok_or_else(|| "a number of seconds, 0 or more, is expected".into()),
        Err(_) => Err("a number of seconds is expected".into()),
    }
}

fn size(text: &str) -> Result<usize, String> {
    let upper = text.trim().to_ascii_uppercase();
    let bare = upper.trim_end_matches('B').trim_end_matches('I');
    let (digits, shift) = match bare.char_indices().last() {
        Some((at, 'K')) => (&bare[..at], 10),
        Some((at, 'M')) => (&bare[..at], 20),
        Some((at, 'G')) => (&bare[..at], 30),
        _ => (bare, 0),
    };
    let number = digits.parse::<usize>().map_err(|_| "a size such as 500K, 64M or 1G is expected")?;
    match number.checked_mul(1 << shift) {
        Some(size) if size >= SMALLEST_LIMIT => Ok(size),
        _ => Err(format!("a size of at least {SMALLEST_LIMIT} bytes is expected")),
    }
}

/// A century: clocks cannot count arbitrarily far.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// A limit below this cannot pass an ordinary `initialize`.
const SMALLEST_LIMIT: usize = 1024;

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
    fn sizes_and_seconds_are_read_as_people_write_them() {
        assert_eq!(
            (size("64M"), size("1024"), size("2 KiB".replace(' ', "").as_str())),
            (Ok(64 << 20), Ok(1024), Ok(2048))
        );
        assert!(size("0").is_err() && size("x").is_err() && size("99999999999G").is_err());
        assert_eq!(seconds("1.5").unwrap().limit(), Some(Duration::from_millis(1500)));
        assert_eq!(seconds("0").unwrap().limit(), None);
        assert!(seconds("-1").is_err() && seconds("inf").is_err() && seconds("1e300").is_err());
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }
}

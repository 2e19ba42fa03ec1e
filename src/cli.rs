//! The command line: what can be typed, and the help for it. No input, no output.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

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
    pub relay: Option<Relay>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`
    Run(Box<Relay>),
    /// Try everything out: a sample server on this machine and a tour of a session with it
    Demo(Demo),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// The arguments of the relay.
#[derive(Debug, Args)]
pub struct Relay {
    /// The URL of the remote MCP server, for example https://mcp.example.com/mcp
    #[arg(value_name = "URL")]
    pub server: String,

    /// Add a header to every request to the server; ${VAR} is replaced from the environment
    #[arg(long = "header", value_name = "NAME: VALUE", allow_hyphen_values = true, help_heading = "Credentials")]
    pub headers: Vec<String>,

    /// Read headers from a file, one a line; lines that start with # are comments
    #[arg(long = "header-file", value_name = "PATH", help_heading = "Credentials")]
    pub header_files: Vec<PathBuf>,

    /// Which transport to try, and in which order
    #[arg(long, value_enum, default_value_t, env = "MCPBRIDGE_TRANSPORT", help_heading = "Connection")]
    pub transport: Transport,

    /// Allow plain http to a host other than this machine
    #[arg(long, env = "MCPBRIDGE_ALLOW_HTTP", value_parser = BoolishValueParser::new(), help_heading = "Connection")]
    pub allow_http: bool,

    /// Use IPv4 only
    #[arg(long, env = "MCPBRIDGE_IPV4", value_parser = BoolishValueParser::new(), help_heading = "Connection")]
    pub ipv4: bool,

    /// Accepted for mcp-remote: proxies from the environment are always used, never for loopback
    #[arg(long, env = "MCPBRIDGE_ENABLE_PROXY", value_parser = BoolishValueParser::new(), help_heading = "Connection")]
    pub enable_proxy: bool,

    /// Do not keep the cookies that the server sets
    #[arg(long, env = "MCPBRIDGE_DISABLE_COOKIES", value_parser = BoolishValueParser::new(), help_heading = "Connection")]
    pub disable_cookies: bool,

    /// Show only tools that match this pattern (* and ?); may be given several times
    #[arg(long = "allow-tool", value_name = "GLOB", help_heading = "Tools")]
    pub allow_tools: Vec<String>,

    /// Hide tools that match this pattern (* and ?); may be given several times
    #[arg(long = "ignore-tool", value_name = "GLOB", help_heading = "Tools")]
    pub ignore_tools: Vec<String>,

    /// How long to wait for a connection
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = seconds, env = "MCPBRIDGE_CONNECT_TIMEOUT", help_heading = "Deadlines")]
    pub connect_timeout: Seconds,

    /// Answer a request with an error when the server has not begun to answer after this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, env = "MCPBRIDGE_HEADERS_TIMEOUT", help_heading = "Deadlines")]
    pub headers_timeout: Seconds,

    /// Answer a request with an error when its answer has been silent for this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, env = "MCPBRIDGE_BODY_TIMEOUT", help_heading = "Deadlines")]
    pub body_timeout: Seconds,

    /// Answer a request with an error, and cancel it, when it has taken this long (0: no limit)
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds, env = "MCPBRIDGE_REQUEST_TIMEOUT", help_heading = "Deadlines")]
    pub request_timeout: Seconds,

    /// How long requests may still run after the end of the input
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, env = "MCPBRIDGE_DRAIN_TIMEOUT", help_heading = "Deadlines")]
    pub drain_timeout: Seconds,

    /// Ping the server regularly, for networks that drop idle connections
    #[arg(long, env = "MCPBRIDGE_KEEP_ALIVE", value_parser = BoolishValueParser::new(), help_heading = "Deadlines")]
    pub keep_alive: bool,

    /// How often --keep-alive pings
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, env = "MCPBRIDGE_PING_INTERVAL", help_heading = "Deadlines")]
    pub ping_interval: Seconds,

    /// The largest message in either direction, in bytes or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, env = "MCPBRIDGE_MAX_MESSAGE_SIZE", help_heading = "Deadlines")]
    pub max_message_size: usize,

    /// Say more on stderr: every message's method and id and every status, never a secret
    #[arg(long, env = "MCPBRIDGE_DEBUG", value_parser = BoolishValueParser::new(), conflicts_with = "silent", help_heading = "Output")]
    pub debug: bool,

    /// Say nothing on stderr
    #[arg(long, env = "MCPBRIDGE_SILENT", value_parser = BoolishValueParser::new(), help_heading = "Output")]
    pub silent: bool,

    /// Also write what is said to this file
    #[arg(long, value_name = "PATH", env = "MCPBRIDGE_LOG_FILE", help_heading = "Output")]
    pub log_file: Option<PathBuf>,
}

impl Relay {
    /// Takes the variables of the flags that may be repeated, one value a line, where the flag
    /// itself was not given. clap splits a variable only where it would split the flag as well,
    /// and a header with a line break in it must stay an error.
    #[must_use]
    pub fn with_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let lines = |name| variable(name).unwrap_or_default();
        let fill = |flags: &mut Vec<String>, name| {
            if flags.is_empty() {
                flags.extend(lines(name).lines().filter(|line| !line.trim().is_empty()).map(Into::into));
            }
        };
        fill(&mut self.headers, "MCPBRIDGE_HEADER");
        fill(&mut self.allow_tools, "MCPBRIDGE_ALLOW_TOOL");
        fill(&mut self.ignore_tools, "MCPBRIDGE_IGNORE_TOOL");
        if self.header_files.is_empty() {
            let files = lines("MCPBRIDGE_HEADER_FILE");
            self.header_files.extend(files.lines().filter(|line| !line.is_empty()).map(Into::into));
        }
        self
    }
}

/// The arguments of `mcpbridge demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Only serve, until interrupted
    #[arg(long)]
    pub serve: bool,

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
    Cli::command()
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
  mcpbridge https://mcp.example.com/mcp --header 'X-API-Key:${EXAMPLE_KEY}'
  mcpbridge demo

Exit codes: 0 every request was answered by the server, 2 usage, 3 the server wants a credential,
5 the server was not reached or did not answer in time, 6 the server broke the protocol, 130 interrupted.";

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

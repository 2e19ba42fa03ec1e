//! The arguments of the commands about editors.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches};

use super::Relay;
use super::mistake::said;
use super::values::port;

/// The arguments of `mcpbridge install`.
#[derive(Debug, Args)]
#[command(
    after_help = "All flags of the relay are taken as well, and written into the entry; see mcpbridge run --help."
)]
pub struct Install {
    /// The editor; without one they are listed
    #[arg(value_name = "EDITOR")]
    pub editor: Option<String>,

    /// The URL of the remote MCP server, or its name
    #[arg(value_name = "URL|NAME")]
    pub server: Option<String>,

    /// The port that the browser comes back to, if it must be this one
    #[arg(value_name = "PORT", value_parser = port)]
    pub port: Option<u16>,

    /// The name of the server in the editor, instead of one made from the URL
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Write into the file of the project in this folder
    #[arg(long)]
    pub project: bool,

    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print the entry, to be pasted
    #[arg(long, conflicts_with_all = ["link", "dry_run", "project"])]
    pub print: bool,

    /// Print a link that installs it in the editor
    #[arg(long, conflicts_with_all = ["dry_run", "project"])]
    pub link: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// The flags of the relay.
    #[command(flatten)]
    pub flags: RelayFlags,

    /// Further arguments of the relay
    #[arg(last = true, value_name = "FLAGS")]
    pub more: Vec<String>,
}

/// The arguments of `mcpbridge uninstall`.
#[derive(Debug, Args)]
pub struct Uninstall {
    /// The editor
    #[arg(value_name = "EDITOR")]
    pub editor: String,

    /// The URL of the server, or its name in the editor
    #[arg(value_name = "URL|NAME")]
    pub server: String,

    /// Take it out of the file of the project in this folder
    #[arg(long)]
    pub project: bool,

    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `mcpbridge adopt`.
#[derive(Debug, Args)]
pub struct Adopt {
    /// Only the entries of these editors
    #[arg(value_name = "EDITOR")]
    pub editors: Vec<String>,

    /// Take over entries with a URL as well, which the editor connects to by itself
    #[arg(long)]
    pub remote: bool,

    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Undo the last adoption: files and sign-ins go back to where they were
    #[arg(long, conflicts_with_all = ["editors", "remote", "dry_run"])]
    pub undo: bool,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The flags of the relay as they were typed, in their order.
#[derive(Clone, Debug, Default)]
pub struct RelayFlags(pub Vec<Typed>);

/// A flag as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// Its name, without dashes.
    pub flag: String,
    /// Its value, if it has one.
    pub value: Option<String>,
}

impl RelayFlags {
    /// Reads a command line of the relay, without the name of the program.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn read(arguments: &[String]) -> Result<(Relay, RelayFlags), String> {
        let whole = super::Cli::command();
        let of_all = whole.get_arguments().filter(|flag| flag.is_global_set()).cloned();
        let command = Relay::augment_args(Command::new("mcpbridge").no_binary_name(true)).args(of_all);
        let fact = |error: clap::Error| said(&error).0;
        let matches = command.try_get_matches_from(arguments).map_err(fact)?;
        let relay = Relay::from_arg_matches(&matches).map_err(fact)?;
        Ok((relay, RelayFlags::from_arg_matches(&matches).map_err(fact)?))
    }
}

impl FromArgMatches for RelayFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed: Vec<(usize, Typed)> = Vec::new();
        for argument in Relay::augment_args(Command::new("relay")).get_arguments() {
            let id = argument.get_id().as_str();
            let Some(flag) = argument.get_long() else { continue };
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            let places = matches.indices_of(id).into_iter().flatten();
            let raw = matches.get_raw(id).into_iter().flatten();
            for (place, raw) in places.zip(raw) {
                let with_value = !matches!(argument.get_action(), ArgAction::SetTrue);
                let value = with_value.then(|| raw.to_string_lossy().into_owned());
                typed.push((place, Typed { flag: flag.to_owned(), value }));
            }
        }
        typed.sort_by_key(|(place, _)| *place);
        Ok(RelayFlags(typed.into_iter().map(|(_, typed)| typed).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = RelayFlags::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for RelayFlags {
    fn augment_args(command: Command) -> Command {
        let relay = Relay::augment_args(Command::new("relay"));
        let flags: Vec<_> = relay.get_arguments().filter(|it| it.get_long().is_some()).cloned().collect();
        command.args(flags.into_iter().map(|flag| flag.hide(true)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_they_were_typed_and_in_their_order() {
        let line = ["https://example.com/mcp", "--debug", "--header", "B: 2", "--header=A:1", "--connect-timeout", "5"];
        let line: Vec<String> = line.map(str::to_owned).into();
        let (relay, flags) = RelayFlags::read(&line).unwrap();
        assert_eq!(relay.connection.headers, ["B: 2", "A:1"]);
        let flags: Vec<_> = flags.0.iter().map(|it| (it.flag.as_str(), it.value.as_deref())).collect();
        let expected =
            [("debug", None), ("header", Some("B: 2")), ("header", Some("A:1")), ("connect-timeout", Some("5"))];
        assert_eq!(flags, expected);
        assert!(RelayFlags::read(&["--nope".to_owned()]).unwrap_err().contains("--nope"));
    }
}

//! The one flag that every command has, before or behind its name.

use std::ffi::OsString;

use clap::{Command, ValueEnum};

/// When to print in colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR or CLICOLOR says otherwise
    #[default]
    Auto,
    /// Also into a pipe or a file
    Always,
    /// Nowhere
    Never,
}

impl Color {
    /// What was chosen with the flag or, if it was not typed, with its variable. For help and for mistakes,
    /// which are printed before the command line is understood; what is wrong with it is said later.
    pub(super) fn of(arguments: &[OsString], variable: Option<OsString>) -> clap::ColorChoice {
        let words = || arguments.iter().skip(1).take_while(|word| *word != "--");
        let typed = words().zip(words().skip(1)).filter(|(flag, _)| *flag == FLAG).map(|(_, value)| value.clone());
        let joined = words().filter_map(|word| Some(word.to_str()?.strip_prefix(FLAG)?.strip_prefix('=')?.into()));
        let chosen = typed.chain(joined).last().or(variable).unwrap_or_default();
        match Color::from_str(&chosen.to_string_lossy(), false) {
            Ok(Color::Always) => clap::ColorChoice::Always,
            Ok(Color::Never) => clap::ColorChoice::Never,
            _ => clap::ColorChoice::Auto,
        }
    }
}

/// The same arguments, with the flag behind the command where it stood in front of one. There clap would take the
/// command for a server: the relay's own arguments and a command exclude each other.
pub(super) fn behind(command: &Command, mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut first = 1;
    while let Some(word) = arguments.get(first) {
        first += match word.to_str() {
            Some(FLAG) => 2,
            Some(word) if word.strip_prefix(FLAG).is_some_and(|rest| rest.starts_with('=')) => 1,
            _ => break,
        };
    }
    let name = arguments.get(first).map(OsString::as_os_str).unwrap_or_default();
    if first == 1 || (name != HELP && command.find_subcommand(name).is_none()) {
        return arguments;
    }
    let name = arguments.remove(first);
    if name == HELP {
        // It takes names of commands alone.
        arguments.drain(1..first);
    }
    arguments.insert(1, name);
    arguments
}

const FLAG: &str = "--color";
/// The command of clap, which is there only when the others are built.
const HELP: &str = "help";

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn the_flag_goes_behind_a_command_and_stays_in_front_of_a_server() {
        let known = crate::cli::command();
        for (typed, read) in [
            ("m --color never status u", "m status --color never u"),
            ("m --color=always --color never list", "m list --color=always --color never"),
            ("m --color never help status", "m help status"),
            ("m --color never https://e/", "m --color never https://e/"),
            ("m status --color never", "m status --color never"),
            ("m --color", "m --color"),
            ("m --colorful status", "m --colorful status"),
        ] {
            let words = typed.split(' ').map(OsString::from).collect();
            assert_eq!(behind(&known, words).join(OsStr::new(" ")), OsStr::new(read), "{typed}");
        }
    }
}

//! The keys that a file may set, which are the flags of the relay, and the commands, which are not
//! to be had as names.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;

/// What a file may hold for a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Whether it is given.
    Switch,
    /// Its value, a text.
    Text,
    /// Its value, which may be a number.
    Number,
    /// The values it is given with, one after the other.
    List,
    /// Whether it is given, or its value.
    SwitchOrText,
}

/// Every flag of the relay, without the dashes in front, and what a file may hold for it.
pub fn keys() -> Vec<(String, Shape)> {
    let key = |flag: &Arg| Some((flag.get_long()?.to_owned(), shape(flag)?));
    Cli::command().get_arguments().filter_map(key).collect()
}

/// Every command, also those that the help does not show.
pub fn commands() -> Vec<String> {
    let whole = Cli::command();
    let names = whole.get_subcommands().map(Command::get_name).chain(["help"]);
    names.map(str::to_owned).collect()
}

/// `None` for `--help` and `--version`, which set nothing.
pub(super) fn shape(flag: &Arg) -> Option<Shape> {
    let is_optional = flag.get_num_args().is_some_and(|number| number.min_values() == 0);
    let kind = flag.get_value_parser().type_id();
    let is_text =
        [TypeId::of::<String>(), TypeId::of::<PathBuf>(), TypeId::of::<OsString>()].iter().any(|text| kind == *text);
    match flag.get_action() {
        ArgAction::SetTrue => Some(Shape::Switch),
        ArgAction::Append => Some(Shape::List),
        ArgAction::Set if is_optional => Some(Shape::SwitchOrText),
        ArgAction::Set if is_text => Some(Shape::Text),
        ArgAction::Set => Some(Shape::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_the_relay_is_a_key() {
        let keys = keys();
        for (name, shape) in [
            ("header", Shape::List),
            ("log-file", Shape::Text),
            ("keep-alive", Shape::Switch),
            ("connect-timeout", Shape::Number),
            ("max-message-size", Shape::Number),
        ] {
            assert!(keys.contains(&(name.to_owned(), shape)), "{name}: {keys:?}");
        }
        assert!(!keys.iter().any(|(name, _)| ["help", "version", "json"].contains(&name.as_str())));
        assert!(commands().contains(&"helper".to_owned()) && commands().contains(&"help".to_owned()));
    }
}

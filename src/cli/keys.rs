//! The keys that a file may set, which are the flags of the relay, and the commands, which are not
//! to be had as names.

use std::any::TypeId;
use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;
use super::values::Seconds;
use crate::config::{Key, Shape};

/// Every flag of the relay, without the dashes in front, and what a file may hold for it.
pub fn keys() -> Vec<Key> {
    let key = |flag: &Arg| Some(Key { name: flag.get_long()?.to_owned(), shape: shape(flag)? });
    Cli::command().get_arguments().filter_map(key).collect()
}

/// Whether the flag `name` takes this value.
///
/// # Errors
/// What it takes, as a sentence.
pub fn check(name: &str, value: &str) -> Result<(), String> {
    let whole = Cli::command();
    let Some(flag) = whole.get_arguments().find(|flag| flag.get_long() == Some(name)) else { return Ok(()) };
    let alone = Arg::new("value").value_parser(flag.get_value_parser().clone()).allow_hyphen_values(true);
    let read = Command::new("check").no_binary_name(true).arg(alone).try_get_matches_from(["--", value]);
    read.map(drop).map_err(|error| match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(why), _) => why.to_string(),
        (None, Some(ContextValue::Strings(words))) => format!("{} are expected", words.join(", ")),
        _ => "another value is expected".into(),
    })
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
        ArgAction::Set if kind == TypeId::of::<Seconds>() => Some(Shape::Seconds),
        ArgAction::Set if kind == TypeId::of::<usize>() => Some(Shape::Size),
        ArgAction::Set if is_text => Some(Shape::Text),
        ArgAction::Set => Some(Shape::Choice),
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
            ("connect-timeout", Shape::Seconds),
            ("max-message-size", Shape::Size),
            ("transport", Shape::Choice),
        ] {
            assert!(keys.contains(&Key { name: name.to_owned(), shape }), "{name}: {keys:?}");
        }
        assert!(!keys.iter().any(|key| ["help", "version", "json"].contains(&key.name.as_str())));
        let choices = ["color", "transport", "protocol"];
        let others = keys.iter().filter(|key| key.shape == Shape::Choice && !choices.contains(&key.name.as_str()));
        assert_eq!(others.count(), 0, "a flag of another kind has become a choice: {keys:?}");
        assert!(commands().contains(&"helper".to_owned()) && commands().contains(&"help".to_owned()));
    }

    #[test]
    fn a_value_that_a_flag_does_not_take_is_told_what_it_takes() {
        for (name, value) in [("connect-timeout", "1.5"), ("max-message-size", "64M"), ("transport", "sse-only")] {
            assert_eq!(check(name, value), Ok(()), "{name} {value}");
        }
        for (name, value, words) in [
            ("connect-timeout", "-5", "0 or more"),
            ("connect-timeout", "inf", "0 or more"),
            ("connect-timeout", "1e300", "below a hundred years"),
            ("max-message-size", "5", "at least 1024 bytes"),
            ("max-message-size", "-5", "500K"),
            ("transport", "pigeon", "http-first"),
        ] {
            let why = check(name, value).unwrap_err();
            assert!(why.contains(words), "{name} {value}: {why}");
        }
    }
}

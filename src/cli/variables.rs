//! The variable of each flag: its name, and the flags that variables stand for.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use super::command;

/// Names the variable in the help of a flag.
pub fn named(flag: Arg) -> Arg {
    let Some(name) = variable_of(&flag) else { return flag };
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    flag.help(format!("{help} [env: {name}]"))
}

/// The variables of the flags that were not typed, written as flags. Each flag has one, by its name;
/// of flags that may be repeated it holds one value a line. clap's own way is not used: it would
/// split a typed header at a line break as well, and take a variable for an argument of the relay
/// where another command was typed.
pub fn flags(typed: &ArgMatches, variable: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
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

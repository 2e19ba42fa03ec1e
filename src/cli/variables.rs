//! The variable of each flag: its name, and what variables set.

use std::ffi::OsString;

use clap::{Arg, ArgAction};

use super::levels::{Setting, Value};
use crate::failure::{Failure, Kind};

/// Names the variable in the help of a flag, unless that is never shown.
pub fn named(flag: Arg) -> Arg {
    let Some(name) = variable_of(&flag).filter(|_| !flag.is_hide_set()) else { return flag };
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    flag.help(format!("{help} [env: {name}]"))
}

/// What the variables of `flags` set. Each flag has one, by its name; of flags that may be repeated it
/// holds one value a line. clap's own way is not used: it would split a typed header at a line break
/// as well, and take a variable for an argument of the relay where another command was typed.
///
/// # Errors
/// The variable of a switch says neither yes nor no, or one is no text.
pub fn settings<'a>(
    flags: impl Iterator<Item = &'a Arg>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<Setting>, Failure> {
    let mut settings = Vec::new();
    for flag in flags {
        let (Some(long), Some(name)) = (flag.get_long(), variable_of(flag)) else { continue };
        let Some(value) = variable(&name).filter(|value| !value.is_empty()) else { continue };
        let no_text = |_| Failure::new(Kind::Usage, format!("{name} is not UTF-8 text")).remedy("set it anew");
        let text = value.into_string().map_err(no_text)?;
        let value = match flag.get_action() {
            ArgAction::SetTrue => Value::Switch(is_true(&name, &text)?),
            ArgAction::Append => Value::Texts(lines(&text).map(str::to_owned).collect()),
            _ => Value::Texts(vec![text]),
        };
        settings.push(Setting { flag: long.to_owned(), value, from: name });
    }
    Ok(settings)
}

/// The values in the variable of a flag that may be repeated.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

/// The variable of a flag, for all flags but `--help` and `--version`.
fn variable_of(flag: &Arg) -> Option<String> {
    let settable = matches!(flag.get_action(), ArgAction::Set | ArgAction::SetTrue | ArgAction::Append);
    let long = flag.get_long().filter(|_| settable)?;
    Some(format!("MCPBRIDGE_{}", long.to_uppercase().replace('-', "_")))
}

/// Whether the variable `name` of a switch, with this text in it, sets the switch.
///
/// # Errors
/// It says neither yes nor no. The text is not shown: something else may have been meant to be in another variable.
pub fn is_true(name: &str, text: &str) -> Result<bool, Failure> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "f" | "" => Ok(false),
        _ => Err(Failure::new(Kind::Usage, format!("{name} is neither true nor false"))
            .remedy(format!("set {name}=true or {name}=false, or unset it"))),
    }
}

/// The commands that have flags of the relay, and so its variables.
pub const COMMANDS: [&str; 10] =
    ["run", "login", "tools", "call", "prompts", "resources", "read", "request", "listen", "doctor"];

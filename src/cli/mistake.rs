//! What is wrong with a command line, in words that tell what to type.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::keys::commands;
use crate::spelling::nearest;

/// What clap says, as a fact and, if it has one, a remedy.
pub(super) fn said(error: &clap::Error) -> (String, Option<String>) {
    if let Some((fact, remedy)) = too_many(error) {
        return (fact.to_owned(), Some(remedy));
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> =
        lines.take_while(|line| !line.starts_with("For more") && !line.starts_with("Usage:")).collect();
    let (fact, rest) = said.split_first().unwrap_or((&"", &[]));
    let fact = fact.trim_start_matches("error: ");
    if let Some(choice) = choice(error) {
        return (fact.to_owned(), Some(choice));
    }
    // The tip to write `-- --json` is for who means a value by it, and not for a program.
    let is_tip = |line: &&&str| line.starts_with("tip: ") && !line.contains("as a value");
    let tips: Vec<&str> = rest.iter().filter(is_tip).map(|line| line.trim_start_matches("tip: ")).collect();
    let others: Vec<&str> = rest.iter().filter(|line| !line.starts_with("tip: ")).copied().collect();
    // What is missing, or cannot go together, stands below a colon.
    let is_list = fact.ends_with(':');
    let remedy = if is_list { tips.join(" ") } else { [others.as_slice(), &tips].concat().join(" ") };
    let fact = if is_list { format!("{fact} {}", others.join(", ")) } else { fact.to_owned() };
    (fact, Some(remedy).filter(|remedy| !remedy.is_empty()))
}

/// A word behind the URL that is none of what may stand there. An editor that splits at spaces makes such of the
/// value of a header, so it is not shown.
fn too_many(error: &clap::Error) -> Option<(&'static str, String)> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let is_no_port = error.kind() == ErrorKind::ValueValidation && text(ContextKind::InvalidArg) == Some("[PORT]");
    let (fact, word) = match text(ContextKind::InvalidSubcommand) {
        Some(word) if error.kind() == ErrorKind::ArgumentConflict => ("an argument is too many", word),
        _ if is_no_port => {
            ("what stands in the place of PORT is no number from 1 to 65535", text(ContextKind::InvalidValue)?)
        }
        _ => return None,
    };
    let remedy = if commands().iter().any(|command| command == word) {
        format!("a command comes first: mcpbridge {word} URL")
    } else if word.contains("://") {
        "give one URL".to_owned()
    } else {
        "was one split at a space? Write NAME:VALUE without one, and nothing behind a flag that takes no value"
            .to_owned()
    };
    Some((fact, remedy))
}

/// What may be typed where one of some words is expected.
fn choice(error: &clap::Error) -> Option<String> {
    let (ErrorKind::InvalidValue, Some(ContextValue::Strings(words))) =
        (error.kind(), error.get(ContextKind::ValidValue))
    else {
        return None;
    };
    let typed = error.get(ContextKind::InvalidValue).map(ToString::to_string).unwrap_or_default();
    let near = nearest(&typed, words.iter().map(String::as_str));
    let near = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    Some(format!("{near}{} are expected", words.join(", ")))
}

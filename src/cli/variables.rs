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
    Some(format!("{PREFIX}{}", long.to_uppercase().replace('-', "_")))
}

/// The variable that was meant by `name`, which is not one of `flags` nor another of ours. Somebody may keep a
/// secret of their own under a name that begins as ours do, so only a slip or two of the finger count.
pub fn meant<'a>(flags: impl Iterator<Item = &'a Arg>, name: &str) -> Option<String> {
    let own = name.strip_prefix(PREFIX)?;
    let known: Vec<String> =
        flags.filter_map(variable_of).chain(OTHERS.map(|other| format!("{PREFIX}{other}"))).collect();
    if own.len() < SHORTEST || known.iter().any(|known| known == name) {
        return None;
    }
    let slips = |known: &String| strsim::osa_distance(own, known.strip_prefix(PREFIX).unwrap_or_default());
    let most = if own.len() < LONG { 1 } else { 2 };
    known.into_iter().filter(|known| slips(known) <= most).min_by_key(|known| slips(known))
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

/// What the names of all variables of ours begin with.
const PREFIX: &str = "MCPBRIDGE_";
/// Variables that are those of no flag.
const OTHERS: [&str; 2] = ["CONFIG_DIR", "CREDENTIAL_STORE"];
/// Letters behind the prefix: fewer are too soon another word.
const SHORTEST: usize = 4;
/// Letters of a name in which two slips of the finger may be.
const LONG: usize = 10;

#[cfg(test)]
mod tests {
    use super::super::CommandLine;
    use super::*;

    const URL: &str = "https://h.example/mcp";

    /// Flag, a value that is not its default, and one that it cannot have; none where it takes any text and what
    /// uses it looks at that.
    const TABLE: [(&str, &str, Option<&str>); 58] = [
        ("color", "always", Some("sometimes")),
        ("record", "r.jsonl", None),
        ("debug", "true", Some("maybe")),
        ("silent", "true", Some("maybe")),
        ("log-file", "a text", None),
        ("no-history", "true", Some("maybe")),
        ("header", "X-A: 1\nX-B: 2", None),
        ("header-file", "a\nb", None),
        ("header-from", "X-A=env:A\nX-B=env:B", None),
        ("token-command", "a text", None),
        ("allow-http", "true", Some("maybe")),
        ("ipv4", "true", Some("maybe")),
        ("ca-cert", "a.pem\nb.pem", None),
        ("client-cert", "a text", None),
        ("client-key", "a text", None),
        ("insecure", "true", Some("maybe")),
        ("proxy", "a text", None),
        ("enable-proxy", "true", Some("maybe")),
        ("disable-cookies", "true", Some("maybe")),
        ("transport", "http-only", Some("pigeon")),
        ("protocol", "legacy", Some("pigeon")),
        ("connect-timeout", "1.5", Some("soon")),
        ("headers-timeout", "1.5", Some("soon")),
        ("body-timeout", "1.5", Some("soon")),
        ("request-timeout", "1.5", Some("soon")),
        ("drain-timeout", "1.5", Some("soon")),
        ("keep-alive", "true", Some("maybe")),
        ("ping-interval", "1.5", Some("soon")),
        ("max-message-size", "5M", Some("big")),
        ("account", "a text", None),
        ("resource", "https://a.example/x", None),
        ("disable-resource-parameter", "true", Some("maybe")),
        ("authorize-param", "a=1\nb=2", None),
        ("static-oauth-client-metadata", "a text", None),
        ("static-oauth-client-info", "a text", None),
        ("client-metadata-url", "https://a.example/x", None),
        ("use-id-token", "true", Some("maybe")),
        ("host", "a text", None),
        ("callback-path", "a text", None),
        ("auth-success-url", "https://a.example/x", None),
        ("no-browser", "true", Some("maybe")),
        ("device-code", "true", Some("maybe")),
        ("non-interactive", "true", Some("maybe")),
        ("interactive", "true", Some("maybe")),
        ("auth-timeout", "1.5", Some("soon")),
        ("sign-in-timeout", "1.5", Some("soon")),
        ("client-credentials", "true", Some("maybe")),
        ("private-key", "a text", None),
        ("key-id", "a text", None),
        ("signing-algorithm", "a text", None),
        ("token-endpoint", "https://a.example/x", None),
        ("workload-token", "a text", None),
        ("idp", "https://a.example/x", None),
        ("idp-client-id", "a text", None),
        ("idp-client-secret", "a text", None),
        ("idp-token", "a text", None),
        ("allow-tool", "a*\nb", None),
        ("ignore-tool", "a\nb*", None),
    ];

    fn line(flags: &[String]) -> CommandLine {
        let words = ["mcpbridge", URL].into_iter().map(OsString::from);
        CommandLine::read(words.chain(flags.iter().map(OsString::from)), |_| None)
    }

    #[test]
    fn every_variable_does_what_its_flag_does_and_is_named_when_it_is_wrong() {
        let nothing = format!("{:?}", line(&[]).with(&[]).unwrap());
        for (flag, value, wrong) in TABLE {
            let name = format!("MCPBRIDGE_{}", flag.to_uppercase().replace('-', "_"));
            let set = |text: &str| line(&[]).variables(|asked| (asked == name).then(|| text.into()));
            let by_variable = format!("{:?}", line(&[]).with(&[set(value).unwrap()]).unwrap());
            let typed: Vec<String> = match value {
                "true" => vec![format!("--{flag}")],
                _ => value.lines().map(|value| format!("--{flag}={value}")).collect(),
            };
            assert_eq!(by_variable, format!("{:?}", line(&typed).with(&[]).unwrap()), "{name}");
            assert_ne!(by_variable, nothing, "{name} sets nothing");
            if let Some(wrong) = wrong {
                let failure = set(wrong).and_then(|settings| line(&[]).with(&[settings])).unwrap_err();
                assert!(failure.to_string().contains(&name), "{name}: {failure}");
                assert_eq!(failure.kind, Kind::Usage, "{name}");
            }
        }
    }

    #[test]
    fn a_name_that_was_mistyped_is_understood_and_one_of_somebody_else_is_left_alone() {
        let command = super::super::command();
        let meant = |name: &str| meant(command.get_arguments(), &format!("MCPBRIDGE_{name}"));
        for (name, known) in [
            ("ALOW_TOOL", "ALLOW_TOOL"),
            ("HEADERS", "HEADER"),
            ("DEBGU", "DEBUG"),
            ("CREDENTIALS_STORE", "CREDENTIAL_STORE"),
            ("NONINTERACTVE", "NON_INTERACTIVE"),
        ] {
            assert_eq!(meant(name), Some(format!("MCPBRIDGE_{known}")), "{name}");
        }
        for name in ["HEADER", "CONFIG_DIR", "COLOR", "KEY", "TOKEN", "API_KEY", "BIN", "GITHUB_TOKEN", "PASSWORD"] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn no_flag_is_missing_in_the_table() {
        let command = super::super::command();
        let with_one = command.get_arguments().filter(|flag| variable_of(flag).is_some() && !flag.is_hide_set());
        let mut flags: Vec<&str> = with_one.filter_map(Arg::get_long).collect();
        let mut known = TABLE.map(|(flag, ..)| flag);
        flags.sort_unstable();
        known.sort_unstable();
        assert_eq!(flags, known);
    }
}

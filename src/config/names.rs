//! Names of servers.

use super::keys::Words;

/// Whether `text` is written as a name of a server is: nothing that is, is a URL.
pub fn is_name(text: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let whole = !text.starts_with('-') && !text.ends_with('-') && text.len() <= LONGEST;
    whole && text.bytes().all(written) && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// Why a server cannot be named `name`: the fact, and the remedy.
pub(super) fn refusal(name: &str, words: &Words) -> Option<(String, String)> {
    if !is_name(name) {
        let fact = format!("{name:?} cannot be the name of a server");
        return Some((fact, "use small letters, digits and hyphens, for example my-server".into()));
    }
    if words.commands.iter().any(|command| command == name) || RESERVED.contains(&name) {
        let fact = format!("{name:?} cannot be the name of a server, because mcpbridge {name} is a command");
        return Some((fact, format!("use another name, for example my-{name}")));
    }
    None
}

/// Words that may become commands: a name that is given today must mean the same tomorrow.
const RESERVED: [&str; 21] = [
    "add",
    "adopt",
    "call",
    "config",
    "connect",
    "demo",
    "doctor",
    "help",
    "install",
    "list",
    "proxy",
    "record",
    "replay",
    "request",
    "serve",
    "server",
    "tools",
    "trust",
    "uninstall",
    "update",
    "version",
];
/// Longer names cut tables in two, and editors that build tool names from them.
const LONGEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_and_are_no_commands() {
        let words = Words { commands: vec!["login".into()], ..Words::default() };
        for name in ["a", "linear", "3scale", "my-server-2"] {
            assert!(refusal(name, &words).is_none(), "{name}");
        }
        let long = "x".repeat(LONGEST + 1);
        for name in ["", "-a", "a-", "Linear", "my_server", "a.b", "ä", "a b", "8080", "login", "doctor", &long] {
            assert!(refusal(name, &words).is_some(), "{name}");
        }
    }
}

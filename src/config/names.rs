//! Names of servers, and what a mistyped word may have meant.

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

/// What `word` may have meant, if one of `words` is near enough to say so.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace('_', "-");
    let typed = plain(word);
    let distance = |known: &str| {
        let begun = typed.len() >= SHORTEST_START && known.starts_with(&typed);
        if begun { 1 } else { strsim::osa_distance(&typed, known) }
    };
    let near = words.into_iter().map(|known| (distance(&plain(known)), known));
    let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= typed.chars().count().div_ceil(4).min(MOST_SLIPS)).then_some(known)
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
/// Two letters begin too many words.
const SHORTEST_START: usize = 3;
/// Slips of the finger in a long word; one for every four letters of a short one.
const MOST_SLIPS: usize = 3;

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

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["linear", "github", "allow-tool", "header", "header-file"];
        let near = |word| nearest(word, known);
        assert_eq!(near("lienar"), Some("linear"));
        assert_eq!(
            (near("Linear"), near("allow_tool"), near("lin")),
            (Some("linear"), Some("allow-tool"), Some("linear"))
        );
        assert_eq!((near("headers"), near("header-fiel")), (Some("header"), Some("header-file")));
        assert_eq!((near("notion"), near("li"), near("")), (None, None, None));
    }
}

//! A sentence that is kept or handed on, without what anybody would take for a secret.

use super::signs::is_shaped;

/// `text` without what stands behind `Bearer`, without tokens of well-known services, and with the names alone of
/// what URLs carry.
pub fn public(text: &str) -> String {
    let mut shown = String::new();
    let mut scheme = None;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let letters = word.trim_matches(|c: char| !c.is_alphanumeric());
        let hidden = scheme.is_some_and(|scheme: &str| is_secret_behind(scheme, word, letters));
        match word.split_once("://") {
            _ if hidden || is_shaped(word.trim_start_matches(|c: char| !c.is_alphanumeric())) => {
                shown.push_str("(hidden)");
            }
            Some((before, rest)) => shown.push_str(&format!("{before}://{}", without_values(rest))),
            None => shown.push_str(word),
        }
        shown.push_str(&piece[word.len()..]);
        if !word.is_empty() {
            // Also of `Authorization:Bearer`.
            let last = letters.rsplit(|c: char| !c.is_alphanumeric()).next();
            scheme = last.filter(|last| ["bearer", "basic"].iter().any(|scheme| last.eq_ignore_ascii_case(scheme)));
        }
    }
    shown
}

/// Whether `word` is the secret, and not the next word of a sentence: "basic authentication", "a bearer token".
/// `letters` is the word without signs around it.
fn is_secret_behind(scheme: &str, word: &str, letters: &str) -> bool {
    match scheme.eq_ignore_ascii_case("bearer") {
        true => !word.is_empty() && letters != "token",
        false => letters.len() >= SHORTEST && word.contains(|c: char| c.is_numeric() || c == '='),
    }
}

/// What follows the `://` of a URL, without user, password and the values of what it asks.
fn without_values(rest: &str) -> String {
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let rest = match rest[..host].rfind('@') {
        Some(at) => format!("…{}", &rest[at..]),
        None => rest.to_owned(),
    };
    let Some(at) = rest.find(['?', '#']) else {
        // A list of them.
        return match rest.split_once("://") {
            Some((before, next)) => format!("{before}://{}", without_values(next)),
            None => rest,
        };
    };
    // A command may have the URL in quotes, and a sentence goes on behind it.
    let end = rest.trim_end_matches(['\'', '"', ')', ',', '.']).len().max(at + 1);
    let (before, asked, behind) = (&rest[..at], &rest[at..end], &rest[end..]);
    let (query, fragment) = match asked.split_once('#') {
        Some((query, _)) => (query, "#…"),
        None => (asked, ""),
    };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        // A name without a value may be the key itself.
        None => "…".to_owned(),
    };
    let query = query.strip_prefix('?').map(|query| query.split('&').map(shown).collect::<Vec<_>>().join("&"));
    format!("{before}{}{fragment}{behind}", query.map(|query| format!("?{query}")).unwrap_or_default())
}

/// Letters. What is shorter is a word.
const SHORTEST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_shows_no_credential_that_nobody_knew_of() {
        for (text, clean) in [
            ("no (Bearer abc.def) here", "no (Bearer (hidden) here"),
            ("Authorization:Bearer abc", "Authorization:Bearer (hidden)"),
            ("at https://u:p@h.example/p?key=v&raw#f or", "at https://…@h.example/p?key=…&…#… or"),
            ("run: x https://u:p@h.example, or", "run: x https://…@h.example, or"),
            ("https://h.example/#access_token=abc", "https://h.example/#…"),
            ("(see http://a.example/?k=v)", "(see http://a.example/?k=…)"),
            ("run: x 'http://a.example/?k=v', or", "run: x 'http://a.example/?k=…', or"),
            ("http://a.example/?' b", "http://a.example/?…' b"),
            ("https://a.example,https://u:p@b.example", "https://a.example,https://…@b.example"),
            ("a\nb https://h.example/p", "a\nb https://h.example/p"),
            ("the key ghp_abcdefghijkl is old", "the key (hidden) is old"),
            ("Basic dXNlcjpwYXNz= is refused", "Basic (hidden) is refused"),
            ("nothing   to hide from a bearer token", "nothing   to hide from a bearer token"),
            ("basic authentication, the token endpoint", "basic authentication, the token endpoint"),
        ] {
            assert_eq!(public(text), clean);
        }
    }
}

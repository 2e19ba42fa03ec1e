//! What is not written down. A message is the person's own, and stays as it is but for the secrets of
//! this run; a text of the bridge's own also loses what anybody would take for a secret.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::message::plain_string;
use crate::secret::{Secrets, public};

/// `json` without `secrets`: JSON all the same. `own` says that the bridge has written it.
pub fn redacted<'a>(json: &'a str, secrets: &Secrets, own: bool) -> Cow<'a, str> {
    // Nearly every message. With a backslash in it a secret may stand there in any spelling.
    if !own && memchr(b'\\', json.as_bytes()).is_none() && !secrets.are_in(json) {
        return json.into();
    }
    let (mut edits, mut at) = (Vec::new(), 0);
    while at < json.len() {
        let quote = memchr(b'"', &json.as_bytes()[at..]).map_or(json.len(), |found| at + found);
        let end = string_end(json.as_bytes(), quote);
        edits.extend(without_numbers(&json[at..quote], secrets).map(|new| (at..quote, new)));
        edits.extend(without_texts(&json[quote..end], secrets, own).map(|new| (quote..end, new)));
        at = end;
    }
    if edits.is_empty() {
        return json.into();
    }
    let (mut clean, mut done) = (String::with_capacity(json.len()), 0);
    for (place, new) in edits {
        clean.push_str(&json[done..place.start]);
        clean.push_str(&new);
        done = place.end;
    }
    clean.push_str(&json[done..]);
    clean.into()
}

/// Where the string that begins at `quote` ends.
fn string_end(json: &[u8], quote: usize) -> usize {
    let mut at = (quote + 1).min(json.len());
    while let Some(found) = memchr2(b'"', b'\\', &json[at..]) {
        match json[at + found] {
            b'"' => return at + found + 1,
            _ => at = (at + found + 2).min(json.len()),
        }
    }
    json.len()
}

/// What stands between two strings, with a string where a number was a secret.
fn without_numbers(between: &str, secrets: &Secrets) -> Option<String> {
    if !secrets.are_in(between) {
        return None;
    }
    let is_of_a_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let mut changed = String::new();
    let mut rest = between;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_of_a_number(c)).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(length);
        changed.push_str(if secrets.are_in(number) { "\"(hidden)\"" } else { number });
        let length = behind.find(is_of_a_number).unwrap_or(behind.len());
        changed.push_str(&behind[..length]);
        rest = &behind[length..];
    }
    Some(changed)
}

/// A string with its quotes, if something in it is not for the file.
fn without_texts(spelled: &str, secrets: &Secrets, own: bool) -> Option<String> {
    let inside = spelled.strip_prefix('"')?.strip_suffix('"')?;
    // A lone surrogate cannot be decoded.
    let decoded = if inside.contains('\\') { plain_string(spelled) } else { None };
    let text = decoded.as_deref().unwrap_or(inside);
    if !own && !secrets.are_in(text) {
        return None;
    }
    let clean = secrets.scrub(text);
    let clean = if own { public(&clean) } else { clean };
    match &decoded {
        _ if clean == text => None,
        Some(_) => Some(serde_json::Value::from(clean).to_string()),
        None => Some(format!("\"{clean}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Known;

    fn without(json: &str, own: bool) -> String {
        let known = Known::default();
        ["s3cret/one", "123456"].iter().for_each(|secret| known.learn(secret));
        let clean = redacted(json, &known.all(), own).into_owned();
        // As JSON by its grammar: a lone surrogate is of it, and is no text.
        serde_json::from_str::<&serde_json::value::RawValue>(&clean).unwrap_or_else(|error| panic!("{error}: {clean}"));
        clean
    }

    #[test]
    fn a_secret_is_found_however_it_is_spelled_and_the_rest_stays_byte_for_byte() {
        for (json, clean) in [
            (r#"{ "a" : 1.0,"b":"x s3cret/one y" }"#, r#"{ "a" : 1.0,"b":"x (hidden) y" }"#),
            (r#"{"b":"s3cret\/one","c":"\u00e9\/"}"#, r#"{"b":"(hidden)","c":"\u00e9\/"}"#),
            (r#"{"b":"\u0073\u0033cret/one"}"#, r#"{"b":"(hidden)"}"#),
            (r#"{"s3cret/one":1}"#, r#"{"(hidden)":1}"#),
            (r#"{"b":"{\"c\":\"s3cret\\/one\"}"}"#, r#"{"b":"{\"c\":\"(hidden)\"}"}"#),
            (r#"{"b":"\ud800 s3cret/one"}"#, r#"{"b":"\ud800 (hidden)"}"#),
            (r#"{"pin":123456,"n":-9123456.5e1,"m":12}"#, r#"{"pin":"(hidden)","n":"(hidden)","m":12}"#),
            (r#"[123456,"123456",123456]"#, r#"["(hidden)","(hidden)","(hidden)"]"#),
            (r#""s3cret/one""#, r#""(hidden)""#),
            (r#"{"a":"Bearer abc https://u:p@h/?k=v"}"#, r#"{"a":"Bearer abc https://u:p@h/?k=v"}"#),
        ] {
            assert_eq!(without(json, false), clean);
        }
    }

    #[test]
    fn a_sentence_of_the_bridge_shows_no_credential_that_nobody_knew_of() {
        for (text, clean) in [
            ("no (Bearer abc.def) here", "no (Bearer (hidden) here"),
            ("at https://u:p@h.example/p?key=v&raw#f or", "at https://…@h.example/p?key=…&…#… or"),
            ("a\\nb https://h.example/p", "a\\nb https://h.example/p"),
            ("nothing   to hide from a bearer token", "nothing   to hide from a bearer token"),
        ] {
            assert_eq!(without(&format!("{{\"m\":\"{text}\"}}"), true), format!("{{\"m\":\"{clean}\"}}"));
        }
    }
}

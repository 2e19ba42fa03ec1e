//! A secret that somebody repeats in another spelling: as URLs, forms, JSON, a page or Base64 have it.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;
use memchr::{memchr, memchr3};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// `text` as it stands, and in the spellings that [`undone`] does not see through or that are found sooner: as JSON within
/// a JSON string has it, also where somebody escapes slashes, as URLs and forms have it, and in Base64.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let mut all = vec![
        text.to_owned(),
        json.to_owned(),
        json.replace('/', "\\/"),
        utf8_percent_encode(text, RESERVED).to_string(),
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
    ];
    // Shorter ones are words there, as they are in plain text.
    if text.len() >= SHORTEST_IN_BASE64 {
        all.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|base64| base64.encode(text)));
    }
    all
}

/// Whether something in `text` may be an escape.
pub(super) fn has_escapes(text: &str) -> bool {
    memchr3(b'%', b'\\', b'&', text.as_bytes()).is_some()
}

/// `text` without the escapes of URLs, of JSON and of pages, whichever of its characters have one.
pub(super) fn undone(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    undo(text, |_, part| bytes.extend_from_slice(part));
    bytes
}

/// Where in `text` one of `secrets` stands once its escapes are undone, from the first to the last.
pub(super) fn places<'a>(text: &str, secrets: impl Iterator<Item = &'a [u8]>) -> Vec<Range<usize>> {
    let bytes = undone(text);
    let mut places: Vec<Range<usize>> = secrets
        .flat_map(|secret| Finder::new(secret).find_iter(&bytes).map(|at| at..at + secret.len()).collect::<Vec<_>>())
        .collect();
    places.sort_by_key(|place| place.start);
    places.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    // A second time through the text, in place of a number for each byte of it, which may be very many.
    let (mut ends, mut before) = (places.iter_mut().flat_map(|place| [&mut place.start, &mut place.end]).peekable(), 0);
    undo(text, |start, part| {
        let behind = before + part.len();
        while let Some(end) = ends.next_if(|end| **end < behind) {
            *end = start;
        }
        before = behind;
    });
    ends.for_each(|end| *end = text.len());
    places
}

/// Gives each part of `text` with its escape undone, and where it begins in `text`.
fn undo(text: &str, mut give: impl FnMut(usize, &[u8])) {
    let mut at = 0;
    while let Some(next) = memchr3(b'%', b'\\', b'&', &text.as_bytes()[at..]) {
        for (offset, c) in text[at..at + next].char_indices() {
            give(at + offset, c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        at += next;
        match escape(&text[at..]) {
            Some((Meant::Byte(byte), length)) => {
                give(at, &[byte]);
                at += length;
            }
            Some((Meant::Char(c), length)) => {
                give(at, c.encode_utf8(&mut [0; 4]).as_bytes());
                at += length;
            }
            None => {
                give(at, &text.as_bytes()[at..=at]);
                at += 1;
            }
        }
    }
    for (offset, c) in text[at..].char_indices() {
        give(at + offset, c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

enum Meant {
    Byte(u8),
    Char(char),
}

/// What the escape that `text` begins with means, and its length.
fn escape(text: &str) -> Option<(Meant, usize)> {
    let number = |digits: &str, radix| {
        let all = digits.chars().all(|c| c.is_digit(radix));
        all.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
    };
    let meant = |code: Option<u32>, length| Some((Meant::Char(char::from_u32(code?)?), length));
    match text.as_bytes() {
        [b'%', ..] => Some((Meant::Byte(u8::try_from(number(text.get(1..3)?, 16)?).ok()?), 3)),
        [b'\\', b'u', ..] => meant(number(text.get(2..6)?, 16), 6),
        [b'\\', b'/' | b'"' | b'\\' | b'\'', ..] => meant(text[1..].chars().next().map(u32::from), 2),
        [b'&', ..] => {
            let end = memchr(b';', text.as_bytes().get(..LONGEST_ENTITY.min(text.len()))?)?;
            let code = match &text[1..end] {
                "amp" => Some(u32::from('&')),
                "lt" => Some(u32::from('<')),
                "gt" => Some(u32::from('>')),
                "quot" => Some(u32::from('"')),
                "apos" => Some(u32::from('\'')),
                other => match other.strip_prefix("#x").or_else(|| other.strip_prefix("#X")) {
                    Some(digits) => number(digits, 16),
                    None => number(other.strip_prefix('#')?, 10),
                },
            };
            meant(code, end + 1)
        }
        _ => None,
    }
}

/// Bytes.
const SHORTEST_IN_BASE64: usize = 9;
/// Of `&#x0010FFFF;`, in bytes.
const LONGEST_ENTITY: usize = 12;
/// What RFC 3986 (section 2.3) does not leave as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_all_else_stays() {
        for (text, plain) in [
            ("a%2fb%2Bc %zz 5% é%C3%A9 %", "a/b+c %zz 5% éé %"),
            (r#"\u002f\u002B\/\"\\ \u12 \x \"#, r#"/+/"\ \u12 \x \"#),
            ("&#43;&#x2B;&amp;&#39;&lt;&gt;&quot; &nbsp; &#; &#x110000; & &a", "++&'<>\" &nbsp; &#; &#x110000; & &a"),
            ("%é \\ué& \\u00é", "%é \\ué& \\u00é"),
            ("&é&éééééééé;", "&é&éééééééé;"),
        ] {
            assert_eq!(String::from_utf8(undone(text)).unwrap(), plain, "{text}");
        }
    }

    #[test]
    fn a_place_is_that_of_the_escapes() {
        let secrets = || ["+secret=", "cret=é"].into_iter().map(str::as_bytes);
        let text = "é %2bsecret&#61;%C3%A9, +secret=, +secret";
        let found: Vec<&str> = places(text, secrets()).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, ["%2bsecret&#61;%C3%A9", "+secret="]);
    }
}

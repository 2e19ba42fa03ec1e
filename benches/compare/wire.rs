//! What is said on the wire, and just enough reading of it. Both sides of every message are ours,
//! so members are found by a byte search near either end instead of by a parser: the server and
//! the clock should cost next to nothing beside what they measure.

use std::{fmt::Write, sync::OnceLock};

use memchr::memmem;

pub const PROTOCOL: &str = "2025-06-18";

/// Of the protocol: with a handshake and sessions, or with everything in each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    #[default]
    Legacy,
    Modern,
}

pub fn initialize(id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{PROTOCOL}","capabilities":{{}},"clientInfo":{{"name":"compare","version":"1"}}}}}}"#
    )
}

pub fn initialized() -> &'static str {
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
}

pub fn tools_list(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{}}}}"#)
}

pub fn call(id: u64, tool: &str, arguments: &str) -> String {
    let mut call = String::with_capacity(arguments.len() + 128);
    // A String takes every write.
    let _ = write!(
        call,
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{{arguments}}}}}}}"#
    );
    call
}

/// The same question of the modern era, which has no `initialize`.
pub fn discover(id: u64) -> String {
    modern(id, "server/discover", "")
}

/// `params` without the brackets, and with a comma at its end if there are any.
pub fn modern(id: u64, method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{{params}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{{"name":"compare","version":"1"}},"io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
    )
}

/// `"key":` and what follows it: a string without its quotes, or a number.
pub fn member<'a>(json: &'a [u8], key: &str) -> Option<&'a str> {
    let value = spelled(json, key)?;
    Some(value.strip_prefix('"').map_or(value, |value| &value[..value.len() - 1]))
}

/// The same with the quotes of a string: an id goes back as it came.
pub fn spelled<'a>(json: &'a [u8], key: &str) -> Option<&'a str> {
    let value = after(json, key)?;
    let end = match value.first()? {
        b'"' => value[1..].iter().position(|byte| *byte == b'"')? + 2,
        _ => value.iter().position(|byte| b",}".contains(byte))?,
    };
    std::str::from_utf8(&value[..end]).ok()
}

pub fn number(json: &[u8], key: &str) -> Option<u64> {
    member(json, key)?.parse().ok()
}

/// Whether the `text` in this message is our sample text of that size, whole and unchanged.
pub fn carries_sample(json: &[u8], size: usize) -> bool {
    after(json, "text")
        .and_then(|text| text.strip_prefix(b"\""))
        .is_some_and(|text| text.starts_with(sample(size).as_bytes()) && text.get(size) == Some(&b'"'))
}

/// Lines of text as they look inside a JSON string: an escape now and then, as in any real text.
pub fn sample(size: usize) -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT
        .get_or_init(|| "The quick brown fox jumps over the lazy dog, and it is 64 long.\\n".repeat(LARGEST / 65 + 1));
    assert!(!text[..size].ends_with('\\'), "choose a size that does not cut an escape in two");
    &text[..size]
}

/// What follows `"key":`.
fn after<'a>(json: &'a [u8], key: &str) -> Option<&'a [u8]> {
    // Members stand before or after the payload, never in the middle of it.
    const NEAR: usize = 512;
    let find = |part: &'a [u8]| {
        let ends = memmem::find_iter(part, key).map(|at| (at, at + key.len()));
        let mut members = ends.filter(|(at, end)| part[..*at].ends_with(b"\"") && part[*end..].starts_with(b"\":"));
        members.next().map(|(_, end)| end + 2)
    };
    if let Some(at) = find(&json[..json.len().min(NEAR)]) {
        return Some(&json[at..]);
    }
    if json.len() <= NEAR {
        return None;
    }
    let tail = json.len() - NEAR;
    find(&json[tail..]).map(|at| &json[tail + at..])
}

const LARGEST: usize = 16 << 20;

//! The headers of a modern request: what the body says, said again for whoever routes it
//! (2026-07-28, Streamable HTTP, "Request Metadata").

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::annotations::{Param, annotations, values};
use super::splice::{Edit, edited_elements};
use super::{Filter, VERSION_KEY};
use crate::log::Repeated;
use crate::message::{Message, member, plain_string};
use crate::versions::MODERN;

/// Names and values, in the order in which they are written.
pub type Headers = Vec<(String, String)>;

/// What `tools/list` said of the parameters that go into headers.
#[derive(Default)]
pub struct Annotated {
    tools: BTreeMap<String, Vec<Param>>,
}

impl Annotated {
    /// The headers of a request or notification. A value that cannot be written, such as an integer
    /// beyond 2^53, is left out; the server says what it thinks of that.
    pub fn headers(&self, message: &Message) -> Headers {
        let params = message.params().unwrap_or("{}");
        let version = member(params, "_meta").and_then(|meta| member(meta, VERSION_KEY)).and_then(plain_string);
        let version = version.filter(|version| version.bytes().all(|byte| byte.is_ascii_graphic()));
        let version = version.unwrap_or(MODERN.into()).into_owned();
        let mut headers = vec![("MCP-Protocol-Version".to_owned(), version)];
        headers.push(("Mcp-Method".to_owned(), encoded(message.method())));
        let name = named_by(message.method()).and_then(|name| member(params, name)).and_then(plain_string);
        if let Some(name) = &name {
            headers.push(("Mcp-Name".to_owned(), encoded(name)));
        }
        if message.method() == "tools/call"
            && let Some(annotated) = name.and_then(|name| self.tools.get(&*name))
        {
            let arguments = member(params, "arguments").unwrap_or("{}");
            let values = values(annotated, arguments).into_iter();
            headers.extend(values.map(|(param, value)| (format!("Mcp-Param-{}", param.header), encoded(&value))));
        }
        headers
    }

    /// Learns from an answer to `tools/list`, and leaves the tools out of it that must not be used,
    /// and those that `filter` hides. `change` may change what is left.
    pub fn learn(&mut self, answer: Message, filter: &Filter, change: impl Fn(&str) -> Edit) -> Message {
        let Some(tools) = answer.result().and_then(|result| member(result, "tools")) else { return answer };
        let mut left_out = Vec::new();
        let edited = edited_elements(tools, |tool| {
            let name = member(tool, "name").and_then(plain_string);
            if !filter.shows(name.as_deref()) {
                return Edit::Cut;
            }
            let name = name.unwrap_or_default().into_owned();
            match annotations(member(tool, "inputSchema").unwrap_or("{}")) {
                Ok(params) => {
                    self.tools.insert(name, params);
                    change(tool)
                }
                Err(reason) => {
                    left_out.push(format!("{name:?}: {reason}"));
                    self.tools.remove(&name);
                    Edit::Cut
                }
            }
        });
        if !left_out.is_empty() {
            let more = left_out.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            left_out.truncate(MOST_NAMED);
            LEFT_OUT.warn(format_args!("tools are left out: {}{more}", left_out.join("; ")));
        }
        edited.map_or(answer.clone(), |edited| answer.with_part(tools, &edited))
    }
}

/// The parameter that `Mcp-Name` repeats; the tasks extension has one of its own.
fn named_by(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        "tasks/get" | "tasks/update" | "tasks/cancel" => Some("taskId"),
        _ => None,
    }
}

/// A value as a header can carry it: plain, or in Base64 between the markers when it has characters
/// that do not pass, white space at an end, or the look of the markers itself.
fn encoded(value: &str) -> String {
    let plain = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let padded = value.trim_matches([' ', '\t']) != value;
    let marked = value.starts_with(PREFIX) && value.ends_with(SUFFIX);
    if plain && !padded && !marked {
        return value.to_owned();
    }
    format!("{PREFIX}{}{SUFFIX}", BASE64_STANDARD.encode(value))
}

/// Tools of one list that are named as left out.
const MOST_NAMED: usize = 8;
static LEFT_OUT: Repeated = Repeated::new();
const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_in_the_table_of_the_specification() {
        for (value, header) in [
            ("us-west1", "us-west1"),
            ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
            (" padded ", "=?base64?IHBhZGRlZCA=?="),
            ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
            ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
            ("=?base64?half", "=?base64?half"),
            ("a\tb c", "a\tb c"),
            ("\u{7f}", "=?base64?fw==?="),
            ("", ""),
        ] {
            assert_eq!(encoded(value), header, "{value:?}");
        }
    }

    #[test]
    fn what_was_read_back_is_what_was_written() {
        for value in ["=?base64??=", "=?base64?PT0=?=", " ", "\t", "ü", "a\r\nb: c", "?=", "=?base64?"] {
            let header = encoded(value);
            assert!(header.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')), "{header:?}");
            let read = header.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
            let read = read.map_or(header.clone(), |inner| {
                String::from_utf8(BASE64_STANDARD.decode(inner).expect("Base64")).expect("UTF-8")
            });
            assert_eq!(read, value);
        }
    }
}

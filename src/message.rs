//! JSON-RPC: the bytes are the message, the envelope is a view of them.
//!
//! A message keeps the bytes it arrived with, and next to them where its members stand. Nothing
//! is parsed into a tree and written again: that would reorder keys and round large numbers.
//! This room knows JSON-RPC and nothing of MCP.

mod envelope;
mod id;
mod lines;
mod parts;
mod scan;
mod skim;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use simdutf8::basic::from_utf8;

use envelope::Envelope;

pub use id::Id;
pub use lines::{error_line, error_object_line, notification_line, request_line, result_line};
pub use parts::{elements, member, members_named, plain_string};
pub use skim::{Part, Skim, has_room, leaves_room};

/// The error code of JSON-RPC 2.0 for text that is not JSON.
pub const PARSE_ERROR: i64 = -32700;
/// The error code of JSON-RPC 2.0 for JSON that is not a message.
pub const INVALID_REQUEST: i64 = -32600;
/// The error code of JSON-RPC 2.0 for a method that the receiver does not have.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The error code of JSON-RPC 2.0 for parameters that the method cannot use.
pub const INVALID_PARAMS: i64 = -32602;
/// The first code that JSON-RPC 2.0 leaves to implementations; MCP uses it for a lost connection.
pub const SERVER_ERROR: i64 = -32000;

/// One JSON-RPC message on one line, as it was spelled by its sender.
#[derive(Clone)]
pub struct Message {
    raw: Bytes,
    kind: Kind,
    id: Option<Id>,
    id_at: Range<usize>,
    method: Option<Text>,
    params: Option<Range<usize>>,
    result: Option<Range<usize>>,
    error: Option<Range<usize>>,
}

/// What a message is, by the members it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A method and an id: it wants an answer.
    Request,
    /// A method without an id.
    Notification,
    /// A result or an error. Its id is missing where the sender could not read the request's.
    Answer,
}

/// What one line, one body or one event holds.
pub enum Parsed {
    /// A single message.
    One(Message),
    /// A JSON array (2025-03-26 allows it), element by element. It may be empty.
    Batch(Vec<Result<Message, Fault>>),
}

/// Why bytes are no message: the JSON-RPC error that its sender is owed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// [`PARSE_ERROR`] or [`INVALID_REQUEST`].
    pub code: i64,
    /// The id, where one can be read without doubt.
    pub id: Option<Id>,
    /// A sentence.
    pub text: String,
}

impl Message {
    /// Reads `raw` as a message or a batch.
    ///
    /// The whole text is checked for UTF-8 first, because serde_json does not look into members
    /// that it skips. Raw line breaks between tokens are taken out: what leaves is one line.
    ///
    /// # Errors
    /// A [`Fault`] with the code that JSON-RPC names for it.
    pub fn parse(raw: Bytes) -> Result<Parsed, Fault> {
        let text = utf8(&raw)?;
        match text.bytes().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => {
                let elements = elements(text).map_err(|error| not_json(&error))?;
                let batch = elements.into_iter().map(|at| Self::one(&raw.slice(at.clone()), &text[at]));
                Ok(Parsed::Batch(batch.collect()))
            }
            _ => Self::one(&raw, text).map(Parsed::One),
        }
    }

    /// Reads `raw` as exactly one message.
    ///
    /// # Errors
    /// A [`Fault`]; a batch is one too.
    pub fn single(raw: Bytes) -> Result<Self, Fault> {
        Self::one(&raw, utf8(&raw)?)
    }

    /// Reads `text`, which `raw` has been found to be.
    fn one(raw: &Bytes, text: &str) -> Result<Self, Fault> {
        let envelope = match Envelope::of(text) {
            Ok(envelope) => envelope,
            Err(error) if error.is_data() => {
                return Err(invalid(None, "not a JSON-RPC message: an object is expected"));
            }
            Err(error) => return Err(not_json(&error)),
        };
        let breaks = envelope.breaks;
        let message = Self::view(raw, text, envelope)?;
        if !breaks {
            return Ok(message);
        }
        // No string holds a raw line break: all of them stand between tokens.
        let line: Vec<u8> = (message.raw.iter().copied()).filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        let line = Bytes::from(line);
        Self::one(&line, utf8(&line)?)
    }

    fn view(raw: &Bytes, text: &str, envelope: Envelope) -> Result<Self, Fault> {
        if let Some(member) = envelope.twice {
            return Err(invalid(None, &format!("the member \"{member}\" stands twice in one message")));
        }
        let at = |part: &str| {
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            start..start + part.len()
        };
        let id = match envelope.id {
            None => None,
            Some("null") => Some(None),
            Some(spelled) => match Id::parse(spelled) {
                Some(id) => Some(Some(id)),
                None => return Err(invalid(None, "an id is a string or a number")),
            },
        };
        let method = match envelope.method.map(|spelled| (spelled, plain_string(spelled))) {
            None => None,
            Some((_, Some(Cow::Borrowed(method)))) => Some(Text::At(at(method))),
            Some((_, Some(Cow::Owned(method)))) => Some(Text::Decoded(method.into())),
            Some((_, None)) => return Err(invalid(id.flatten(), "\"method\" is a string")),
        };
        let answers = envelope.result.is_some() || envelope.error.is_some();
        let kind = match (&method, &id) {
            (Some(_), Some(None)) => return Err(invalid(None, "a request's id is a string or a number, not null")),
            (Some(_), Some(Some(_))) => Kind::Request,
            (Some(_), None) => Kind::Notification,
            (None, _) if answers => Kind::Answer,
            (None, _) => return Err(invalid(id.flatten(), "not a JSON-RPC message: no method, no result, no error")),
        };
        let message = Message {
            kind,
            id_at: envelope.id.map(at).unwrap_or_default(),
            id: id.flatten(),
            method,
            params: envelope.params.map(at),
            result: envelope.result.map(at),
            error: envelope.error.map(at),
            raw: raw.clone(),
        };
        Ok(message)
    }

    /// The bytes of the message: one line without its end.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id, except of a notification and of an answer to an unreadable request.
    pub fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    /// The method of a request or notification, empty for an answer.
    pub fn method(&self) -> &str {
        match &self.method {
            Some(Text::At(at)) => self.text(at),
            Some(Text::Decoded(method)) => method,
            None => "",
        }
    }

    /// The JSON text of `params`.
    pub fn params(&self) -> Option<&str> {
        self.params.as_ref().map(|at| self.text(at))
    }

    /// Whether it has a `result`, which is not looked at.
    pub fn is_result(&self) -> bool {
        self.result.is_some()
    }

    /// The JSON text of `result`, `null` included.
    pub fn result(&self) -> Option<&str> {
        self.result.as_ref().map(|at| self.text(at))
    }

    /// The JSON text of `error`, where the message is an error and not a result beside a null.
    pub fn error(&self) -> Option<&str> {
        match (&self.result, &self.error) {
            (None, Some(at)) => Some(self.text(at)),
            _ => None,
        }
    }

    /// The same bytes with another id in the place of the id; also in that of a null, or of none where
    /// the message is an answer.
    #[must_use]
    pub fn with_id(&self, id: &Id) -> Self {
        if self.id_at.is_empty() {
            let inside = memchr::memchr(b'{', &self.raw).filter(|_| self.kind == Kind::Answer);
            let line = inside.map(|at| splice(&self.raw, &(at + 1..at + 1), &format!("\"id\":{},", id.spelled())));
            return line.and_then(|line| Self::single(line).ok()).unwrap_or_else(|| self.clone());
        }
        Self::single(splice(&self.raw, &self.id_at, id.spelled())).unwrap_or_else(|_| self.clone())
    }

    /// The same bytes with `replacement` where `part` (a slice of this message's text) stood.
    #[must_use]
    pub fn with_part(&self, part: &str, replacement: &str) -> Self {
        let start = part.as_ptr() as usize - self.raw.as_ptr() as usize;
        Self::single(splice(&self.raw, &(start..start + part.len()), replacement)).unwrap_or_else(|_| self.clone())
    }

    fn text(&self, at: &Range<usize>) -> &str {
        // `view` checked the whole of `raw`, and every range starts and ends at a token.
        self.raw.get(at.clone()).and_then(|part| from_utf8(part).ok()).unwrap_or_default()
    }
}

impl fmt::Debug for Message {
    /// Kind, method and id, as far as there are and none is endless; never the contents, which may be anybody's
    /// secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Request => "request",
            Kind::Notification => "notification",
            Kind::Answer => "answer",
        })?;
        let parts = [self.method(), self.id().map_or("", Id::spelled)];
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            match part.char_indices().nth(LONGEST_SHOWN) {
                Some((end, _)) => write!(f, " {}…", &part[..end])?,
                None => write!(f, " {part}")?,
            }
        }
        Ok(())
    }
}

fn splice(raw: &Bytes, at: &Range<usize>, replacement: &str) -> Bytes {
    let mut line = BytesMut::with_capacity(raw.len() - at.len() + replacement.len());
    line.extend_from_slice(&raw[..at.start]);
    line.extend_from_slice(replacement.as_bytes());
    line.extend_from_slice(&raw[at.end..]);
    line.freeze()
}

fn utf8(raw: &[u8]) -> Result<&str, Fault> {
    from_utf8(raw).map_err(|_| Fault { code: PARSE_ERROR, id: None, text: "the message is not UTF-8".into() })
}

fn not_json(error: &serde_json::Error) -> Fault {
    Fault { code: PARSE_ERROR, id: None, text: format!("the message is not JSON: {error}") }
}

fn invalid(id: Option<Id>, text: &str) -> Fault {
    Fault { code: INVALID_REQUEST, id, text: text.into() }
}

/// Characters of a method, and of an id, that are shown.
const LONGEST_SHOWN: usize = 200;

#[derive(Clone)]
enum Text {
    At(Range<usize>),
    Decoded(Box<str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Message, Fault> {
        Message::single(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn members_are_read_as_they_are_spelled() {
        let message =
            one(r#"{"id":12345678901234567890123,"x":1e400,"method":"a/b","params":{"b":1,"a":1.0}}"#).unwrap();
        assert_eq!(message.kind(), Kind::Request);
        assert_eq!(message.id().unwrap().spelled(), "12345678901234567890123");
        assert_eq!(message.method(), "a/b");
        assert_eq!(message.params(), Some(r#"{"b":1,"a":1.0}"#));
    }

    #[test]
    fn a_null_result_is_an_answer_and_a_null_error_beside_a_result_is_none() {
        let message = one(r#"{"id":1,"result":null}"#).unwrap();
        assert_eq!((message.kind(), message.result()), (Kind::Answer, Some("null")));
        assert_eq!(one(r#"{"id":1,"result":{},"error":null}"#).unwrap().error(), None);
    }

    #[test]
    fn escaped_member_names_and_methods_are_understood() {
        let message = one(r#"{"\u0069d":"a","m\u0065thod":"tools\/call"}"#).unwrap();
        assert_eq!((message.kind(), message.method()), (Kind::Request, "tools/call"));
    }

    #[test]
    fn what_is_no_message_has_the_code_that_json_rpc_names() {
        for (text, code) in [
            ("{", PARSE_ERROR),
            ("{}x", PARSE_ERROR),
            ("5", INVALID_REQUEST),
            ("{}", INVALID_REQUEST),
            (r#"{"id":1,"id":2,"method":"a"}"#, INVALID_REQUEST),
            (r#"{"id":null,"method":"a"}"#, INVALID_REQUEST),
            (r#"{"id":{},"method":"a"}"#, INVALID_REQUEST),
            (r#"{"id":1,"method":5}"#, INVALID_REQUEST),
        ] {
            assert_eq!(one(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(
            Message::single(Bytes::from_static(b"{\"x\":\"\xff\",\"method\":\"a\"}")).unwrap_err().code,
            PARSE_ERROR
        );
    }

    #[test]
    fn a_message_is_named_by_what_it_has_and_in_short() {
        let named = |text: &str| format!("{:?}", one(text).unwrap());
        assert_eq!(named(r#"{"id":"q","result":{}}"#), r#"answer "q""#);
        assert_eq!(named(r#"{"method":"a/b"}"#), "notification a/b");
        let long = named(&format!(r#"{{"id":1,"method":"{}"}}"#, "\u{e9}".repeat(100_000)));
        assert!(long.starts_with("request \u{e9}") && long.ends_with("\u{2026} 1") && long.len() < 500, "{long}");
    }

    #[test]
    fn depth_is_no_limit() {
        let deep = format!(r#"{{"id":1,"method":"a","params":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(one(&deep).unwrap().method(), "a");
    }

    #[test]
    fn line_breaks_between_tokens_are_taken_out_and_inside_strings_refused() {
        let message = one("{\r\n \"id\":1,\n\"method\":\"a\"}").unwrap();
        assert_eq!(&message.raw()[..], br#"{ "id":1,"method":"a"}"#);
        assert_eq!(message.method(), "a");
        assert_eq!(one("{\"id\":1,\"method\":\"a\nb\"}").unwrap_err().code, PARSE_ERROR);
    }

    #[test]
    fn another_id_changes_nothing_else() {
        let message = one(r#"{ "z":1.0, "id" : 7 , "method":"a"}"#).unwrap();
        let changed = message.with_id(&Id::parse(r#""x""#).unwrap());
        assert_eq!(&changed.raw()[..], br#"{ "z":1.0, "id" : "x" , "method":"a"}"#);
    }

    #[test]
    fn an_answer_without_an_id_is_given_one() {
        let id = Id::parse("7").unwrap();
        let given = |text: &str| String::from_utf8(one(text).unwrap().with_id(&id).raw().to_vec()).unwrap();
        assert_eq!(given(r#"{"id": null,"result":{}}"#), r#"{"id": 7,"result":{}}"#);
        assert_eq!(given(r#" {"result":{}}"#), r#" {"id":7,"result":{}}"#);
        assert_eq!(given(r#"{"method":"a"}"#), r#"{"method":"a"}"#);
    }

    #[test]
    fn a_batch_is_read_element_by_element() {
        let Ok(Parsed::Batch(batch)) = Message::parse(Bytes::from_static(br#" [{"id":1,"method":"a"}, 5]"#)) else {
            panic!()
        };
        assert_eq!(&batch[0].as_ref().unwrap().raw()[..], br#"{"id":1,"method":"a"}"#);
        assert_eq!(batch[1].as_ref().unwrap_err().code, INVALID_REQUEST);
    }
}

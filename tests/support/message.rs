//! JSON-RPC as text. Nothing here goes through `Value` where bytes matter, and nothing recurses into what it reads,
//! so a message 50,000 levels deep is as harmless here as it must be in the bridge.

use std::{collections::HashMap, fmt::Display};

use serde_json::{Value, value::RawValue};

pub const VERSION: &str = "2025-06-18";

/// The top level of one message, its values as they were spelled.
#[derive(Debug, Clone, Default)]
pub struct Envelope(HashMap<String, String>);

impl Envelope {
    pub fn read(text: &str) -> Option<Self> {
        let members: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        Some(Self(members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()))
    }

    pub fn raw(&self, member: &str) -> Option<&str> {
        self.0.get(member).map(String::as_str)
    }

    pub fn id(&self) -> Option<&str> {
        self.raw("id")
    }

    pub fn method(&self) -> Option<String> {
        serde_json::from_str(self.raw("method")?).ok()
    }

    pub fn is_answer(&self) -> bool {
        self.raw("method").is_none() && (self.raw("result").is_some() || self.raw("error").is_some())
    }
}

/// The messages of a line: the members of a batch, or the one message it is.
pub fn envelopes(text: &str) -> Vec<Envelope> {
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(batch) => batch.iter().filter_map(|one| Envelope::read(one.get())).collect(),
        Err(_) => Envelope::read(text).into_iter().collect(),
    }
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|err| panic!("not JSON ({err}): {}", excerpt(text)))
}

/// `id` as JSON: `7` or `"seven"` with its quotes.
pub fn request(id: impl Display, method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#)
}

pub fn request_with(id: impl Display, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

pub fn notification(method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#)
}

pub fn notification_with(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

/// A call with an effect: what may never be sent twice.
pub fn call(id: impl Display) -> String {
    request_with(id, "tools/call", r#"{"name":"echo","arguments":{}}"#)
}

pub fn result(id: impl Display, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

pub fn error(id: impl Display, code: i64, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

pub fn cancel(id: impl Display) -> String {
    notification_with(
        "notifications/cancelled",
        &format!(r#"{{"requestId":{id},"reason":"the person changed their mind"}}"#),
    )
}

pub fn initialize(id: impl Display, version: &str) -> String {
    request_with(
        id,
        "initialize",
        &format!(
            r#"{{"protocolVersion":"{version}","capabilities":{{"roots":{{"listChanged":true}},"sampling":{{}},"elicitation":{{}}}},"clientInfo":{{"name":"scripted-editor","version":"1.0"}}}}"#
        ),
    )
}

pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// Enough to recognise a message in a failed assertion, not 50 MB of it.
pub fn excerpt(text: &str) -> String {
    if text.len() <= 600 {
        return text.to_owned();
    }
    let start: String = text.chars().take(400).collect();
    format!("{start}… ({} bytes)", text.len())
}

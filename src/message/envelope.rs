//! The envelope of a message: its members, wherever they stand.

use std::fmt;

use memchr::memchr2;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::parts::Name;
use super::scan::Members;

/// The members of one message as JSON text. A missing member and a `null` are different things
/// here, which a derived `Option<&RawValue>` cannot say.
#[derive(Default)]
pub struct Envelope<'a> {
    pub id: Option<&'a str>,
    pub method: Option<&'a str>,
    pub params: Option<&'a str>,
    pub result: Option<&'a str>,
    pub error: Option<&'a str>,
    /// A member that stands more than once.
    pub twice: Option<&'static str>,
    /// Whether raw line breaks stand between its tokens.
    pub breaks: bool,
}

impl<'a> Envelope<'a> {
    /// The envelope of `text`.
    ///
    /// # Errors
    /// What serde_json says of a text that is no object.
    pub fn of(text: &'a str) -> serde_json::Result<Self> {
        let mut envelope = Envelope::default();
        let mut members = Members::of(text);
        members.by_ref().for_each(|(name, value)| envelope.take(name, value));
        if members.is_whole() {
            return Ok(Envelope { breaks: members.breaks(), ..envelope });
        }
        let envelope: Envelope = serde_json::from_str(text)?;
        // It parsed, so no string holds one.
        Ok(Envelope { breaks: memchr2(b'\r', b'\n', text.as_bytes()).is_some(), ..envelope })
    }

    fn take(&mut self, name: &str, value: &'a str) {
        let (name, place) = match name {
            "id" => ("id", &mut self.id),
            "method" => ("method", &mut self.method),
            "params" => ("params", &mut self.params),
            "result" => ("result", &mut self.result),
            "error" => ("error", &mut self.error),
            _ => return,
        };
        // Two readers of a message with two ids may take different ones.
        if place.replace(value).is_some() {
            self.twice = Some(name);
        }
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(Name(key)) = map.next_key()? {
                    let value = map.next_value::<&RawValue>()?.get();
                    envelope.take(&key, value);
                }
                Ok(envelope)
            }
        }
        parser.deserialize_map(Members)
    }
}

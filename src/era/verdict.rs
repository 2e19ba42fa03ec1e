//! What an outcome says about the server's era, and what it does not.

use super::capabilities::strings;
use super::replies::code;
use super::{HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION};
use crate::failure::{Failure, Kind};
use crate::message::{METHOD_NOT_FOUND, Message, elements, member};
use crate::versions::{LEGACY, MODERN, Transport};

/// How an exchange came out.
#[derive(Clone)]
pub enum Outcome {
    /// With an answer, a result or an error.
    Answer(Message),
    /// Without.
    Failure(Failure),
    /// Not at all, so far.
    Silence,
}

/// What `server/discover` has shown.
#[derive(Debug, PartialEq)]
pub enum Discovery {
    /// The server speaks the modern era as we do.
    Modern,
    /// It does not speak it.
    NotModern,
    /// It speaks versions that we do not.
    NoCommon(Vec<String>),
    /// Nothing about the era.
    Nothing,
    /// That it cannot be found out now.
    Trouble,
}

/// What `initialize` has shown.
#[derive(Debug, PartialEq)]
pub enum Opening {
    /// The server speaks the legacy era.
    Legacy,
    /// It does not, as it was asked.
    Refused,
    /// That it cannot be found out now.
    Trouble,
}

impl Outcome {
    /// The error object, wherever it stands.
    fn error(&self) -> Option<&str> {
        match self {
            Outcome::Answer(message) => message.error(),
            Outcome::Failure(failure) => failure.error.as_deref(),
            Outcome::Silence => None,
        }
    }

    /// The result, if it has one.
    pub fn result(&self) -> Option<&str> {
        if let Outcome::Answer(message) = self { message.result() } else { None }
    }

    /// Whether somebody has to sign in first.
    pub fn lacks_sign_in(&self) -> bool {
        matches!(self, Outcome::Failure(failure) if failure.kind == Kind::SignInRequired)
    }

    /// Whether the failure is of the moment: nothing is refused by it but this attempt.
    pub fn is_trouble(&self) -> bool {
        let Outcome::Failure(failure) = self else { return false };
        match failure.status {
            Some(401 | 403 | 407 | 408 | 425 | 429) | Some(500..) => true,
            Some(_) => false,
            None => failure.error.is_none() && failure.kind != Kind::Protocol,
        }
    }

    /// Whether it is trouble that the server itself tells of, which is not that somebody has to sign in.
    pub fn is_answered_trouble(&self) -> bool {
        let Outcome::Failure(failure) = self else { return false };
        self.is_trouble() && failure.status.is_some_and(|status| !matches!(status, 401 | 407))
    }

    /// Whether it is a refusal by which a client is to find out that a server speaks HTTP+SSE (2025-11-25,
    /// Transports, "Backwards Compatibility"), and nothing else.
    pub fn is_sign_of_sse(&self) -> bool {
        matches!(self, Outcome::Failure(failure) if failure.error.is_none() && matches!(failure.status, Some(404 | 405)))
    }

    /// The versions that the server speaks, if it refused one of ours with -32022.
    pub fn unsupported(&self) -> Vec<String> {
        match self.error().filter(|error| code(error) == Some(UNSUPPORTED_VERSION)) {
            Some(error) => supported(Some(error)),
            None => Vec::new(),
        }
    }

    /// Judges the outcome of `server/discover`.
    pub fn discovery(&self) -> Discovery {
        if let Some(result) = self.result() {
            let Some(versions) = member(result, "supportedVersions").filter(|list| elements(list).is_ok()) else {
                return Discovery::NotModern;
            };
            return among(strings(Some(versions)));
        }
        match self.error().and_then(code) {
            Some(HEADER_MISMATCH | MISSING_CAPABILITY) => Discovery::Modern,
            Some(UNSUPPORTED_VERSION) => among(supported(self.error())),
            _ if self.is_trouble() => Discovery::Trouble,
            // A modern server says it of any method that it does not know.
            Some(METHOD_NOT_FOUND) => Discovery::Nothing,
            _ if matches!(self, Outcome::Silence) => Discovery::Nothing,
            _ => Discovery::NotModern,
        }
    }

    /// Judges the outcome of a list that a modern editor asked for, of a server nobody knows. Legacy
    /// servers without sessions answer it as well, so only a modern mark in the answer counts.
    pub fn list(&self) -> Discovery {
        if let Some(result) = self.result() {
            let marked = member(result, "resultType").is_some();
            return if marked { Discovery::Modern } else { Discovery::Nothing };
        }
        match self.error().and_then(code) {
            Some(HEADER_MISMATCH | MISSING_CAPABILITY) => Discovery::Modern,
            Some(UNSUPPORTED_VERSION) => among(supported(self.error())),
            _ if self.is_trouble() => Discovery::Trouble,
            _ => Discovery::Nothing,
        }
    }

    /// Judges the outcome of `initialize` over `transport`.
    pub fn opening(&self, transport: Transport) -> Opening {
        match self {
            Outcome::Answer(message) if message.result().is_some() => Opening::Legacy,
            // Who refuses in the words of the transport speaks it.
            Outcome::Answer(_) if transport == Transport::Sse => Opening::Trouble,
            Outcome::Answer(_) | Outcome::Silence => Opening::Refused,
            Outcome::Failure(_) if self.is_trouble() => Opening::Trouble,
            Outcome::Failure(failure) => match (failure.status, transport) {
                _ if failure.error.is_some() => Opening::Refused,
                (Some(400..=499), _) | (Some(_), Transport::Sse) => Opening::Refused,
                _ => Opening::Trouble,
            },
        }
    }

    /// Whether a legacy request came out as only a modern server refuses it; then it has not run.
    pub fn is_modern_refusal(&self) -> bool {
        matches!(self.error().and_then(code), Some(HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION))
    }

    /// Whether a modern request came out as a server without the modern era refuses it.
    pub fn is_legacy_refusal(&self) -> bool {
        let Outcome::Failure(failure) = self else { return false };
        let modern = self.is_modern_refusal() || self.error().and_then(code) == Some(METHOD_NOT_FOUND);
        matches!(failure.status, Some(400 | 404 | 405)) && !modern
    }
}

/// The versions that an error of -32022 names.
fn supported(error: Option<&str>) -> Vec<String> {
    let data = error.and_then(|error| member(error, "data"));
    strings(data.and_then(|data| member(data, "supported")))
}

fn among(versions: Vec<String>) -> Discovery {
    match () {
        () if versions.iter().any(|version| version == MODERN) => Discovery::Modern,
        () if versions.iter().any(|version| LEGACY.contains(&version.as_str())) => Discovery::NotModern,
        () => Discovery::NoCommon(versions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rest: &str) -> Outcome {
        Outcome::Answer(Message::single(format!(r#"{{"id":1,{rest}}}"#).into()).unwrap())
    }

    fn failure(status: Option<u16>, error: Option<&str>) -> Outcome {
        let failure = Failure { status, error: error.map(Into::into), ..Failure::new(Kind::Protocol, "no") };
        Outcome::Failure(failure)
    }

    #[test]
    fn discovery_is_judged_by_what_the_specification_names() {
        for (outcome, expected) in [
            (answer(r#""result":{"supportedVersions":["2026-07-28"]}"#), Discovery::Modern),
            (answer(r#""result":{"supportedVersions":["2025-11-25"]}"#), Discovery::NotModern),
            (
                answer(r#""result":{"supportedVersions":["2030-01-01"]}"#),
                Discovery::NoCommon(vec!["2030-01-01".into()]),
            ),
            (answer(r#""result":{"supportedVersions":"2026-07-28"}"#), Discovery::NotModern),
            (answer(r#""result":{}"#), Discovery::NotModern),
            (answer(r#""error":{"code":-32020}"#), Discovery::Modern),
            (answer(r#""error":{"code":-32021}"#), Discovery::Modern),
            (answer(r#""error":{"code":-32022,"data":{"supported":["2025-06-18","2026-07-28"]}}"#), Discovery::Modern),
            (answer(r#""error":{"code":-32022,"data":{"supported":["2025-06-18"]}}"#), Discovery::NotModern),
            (answer(r#""error":{"code":-32022}"#), Discovery::NoCommon(Vec::new())),
            (answer(r#""error":{"code":-32601}"#), Discovery::Nothing),
            (answer(r#""error":{"code":-32602}"#), Discovery::NotModern),
            (failure(Some(400), None), Discovery::NotModern),
            (failure(Some(404), None), Discovery::NotModern),
            (failure(Some(405), None), Discovery::NotModern),
            (failure(Some(400), Some(r#"{"code":-32000}"#)), Discovery::NotModern),
            (failure(Some(404), Some(r#"{"code":-32601}"#)), Discovery::Nothing),
            (failure(Some(400), Some(r#"{"code":-32020}"#)), Discovery::Modern),
            (failure(Some(200), None), Discovery::NotModern),
            (failure(Some(401), None), Discovery::Trouble),
            (failure(Some(403), None), Discovery::Trouble),
            (failure(Some(429), None), Discovery::Trouble),
            (failure(Some(503), None), Discovery::Trouble),
            (Outcome::Failure(Failure::new(Kind::Unreachable, "no")), Discovery::Trouble),
            (Outcome::Silence, Discovery::Nothing),
        ] {
            assert_eq!(outcome.discovery(), expected);
        }
    }

    #[test]
    fn a_refused_initialize_proves_little_and_trouble_nothing() {
        for (outcome, transport, expected) in [
            (answer(r#""result":{}"#), Transport::Streamable, Opening::Legacy),
            (answer(r#""error":{"code":-32022}"#), Transport::Streamable, Opening::Refused),
            (answer(r#""error":{"code":-32600}"#), Transport::Sse, Opening::Trouble),
            (failure(Some(400), None), Transport::Streamable, Opening::Refused),
            (failure(Some(415), None), Transport::Streamable, Opening::Refused),
            (failure(Some(401), None), Transport::Streamable, Opening::Trouble),
            (failure(Some(500), None), Transport::Streamable, Opening::Trouble),
            (failure(Some(200), None), Transport::Streamable, Opening::Trouble),
            (failure(Some(200), None), Transport::Sse, Opening::Refused),
            (failure(None, None), Transport::Sse, Opening::Trouble),
        ] {
            assert_eq!(outcome.opening(transport), expected);
        }
    }
}

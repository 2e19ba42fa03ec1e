//! Text that cannot be printed by accident.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// A credential. It has no `Display`, and its `Debug` says nothing.
///
/// It can be serialised, because the store keeps it; nothing else serialises what holds one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the one request or store that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The secrets that a run knows, so that a text which echoes one can be shown without it.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Shorter ones are words that stand in any text; to remove them would garble it.
    const SHORTEST: usize = 6;

    /// Remembers a secret, and the credential behind a scheme such as `Bearer`.
    pub fn learn(&mut self, text: &str) {
        let credential = text.split_once(' ').map_or("", |(_, rest)| rest.trim());
        for part in [text.trim(), credential] {
            if part.len() >= Self::SHORTEST {
                self.0.push(Secret::new(part));
            }
        }
        // Of two that begin alike the longer one goes first, or its end would stay.
        self.0.sort_by_key(|secret| Reverse(secret.expose().len()));
        self.0.dedup();
    }

    /// Whether one of them is in `text`.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| memmem::find(text.as_bytes(), secret.expose().as_bytes()).is_some())
    }

    /// `text` with every known secret in it replaced.
    pub fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(hidden)"))
    }
}

/// The secrets of a run in every spelling that a message may have them in. They grow while the run
/// goes on; a clone is the same list.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<Arc<Secrets>>>);

impl Known {
    /// Those that are known from the start.
    pub fn new(secrets: &Secrets) -> Self {
        let known = Known::default();
        secrets.0.iter().for_each(|secret| known.learn(secret.expose()));
        known
    }

    /// Remembers a secret.
    pub fn learn(&self, text: &str) {
        let text = text.trim();
        let json = serde_json::Value::from(text).to_string();
        // As JSON within a JSON string has it, also where somebody escapes slashes, and as URLs have it.
        let json = &json[1..json.len() - 1];
        let spellings: [Cow<str>; 5] = [
            text.into(),
            json.into(),
            json.replace('/', "\\/").into(),
            utf8_percent_encode(text, RESERVED).into(),
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into(),
        ];
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.0.iter().any(|secret| secret.expose() == text) {
            let known = Arc::make_mut(&mut known);
            spellings.iter().for_each(|spelling| known.learn(spelling));
        }
    }

    /// All that are known now.
    pub fn all(&self) -> Arc<Secrets> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps what this process holds out of core dumps, and out of those of the processes that it starts.
///
/// The process stays open to a debugger of the same user (`PR_SET_DUMPABLE`, which would close it): who has that can ask
/// the keychain too, and figures about the process in /proc would be closed with it.
pub fn keep_out_of_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Core);
        // Not 0: Linux asks for no limit where a program takes the dump, but for this one. For a file it is too little.
        limit.current = Some(limit.maximum.map_or(1, |maximum| maximum.min(1)));
        // The limit of others, such as the browser that is started, can be raised again.
        let _ = setrlimit(Resource::Core, limit);
    }
}

/// What RFC 3986 (section 2.3) does not leave as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_credential_is_hidden_with_and_without_its_scheme() {
        let mut secrets = Secrets::default();
        secrets.learn("Bearer s3cr3t-value");
        assert_eq!(secrets.scrub("no such key: s3cr3t-value"), "no such key: (hidden)");
        assert_eq!(format!("{secrets:?} {:?}", Secret::new("x")), "Secrets([Secret(..), Secret(..)]) Secret(..)");
    }

    #[test]
    fn nothing_stays_of_the_longer_of_two_that_begin_alike() {
        let mut secrets = Secrets::default();
        secrets.learn("s3cret");
        secrets.learn("s3cret-and-more");
        assert_eq!(secrets.scrub("s3cret-and-more, s3cret"), "(hidden), (hidden)");
    }

    #[test]
    fn a_secret_is_known_in_the_spellings_of_json_and_of_urls() {
        let known = Known::default();
        known.learn("a/b+c\"d");
        for spelled in ["a/b+c\"d", r#"a/b+c\"d"#, r#"a\/b+c\"d"#, "a%2Fb%2Bc%22d"] {
            assert!(known.all().are_in(&format!("x{spelled}x")), "{spelled}");
        }
        assert!(!known.all().are_in("a/b+c"));
    }
}

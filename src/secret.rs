//! Text that cannot be printed by accident.

mod echo;
mod sentence;
mod signs;
mod variables;

use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use serde::{Deserialize, Serialize};

pub use sentence::public;
pub use signs::{is_credential, is_key, is_plain, is_reference, is_scheme, is_shaped, without_scheme};
pub use variables::{holds_a_secret, keep_from, remembered, variable};

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
pub struct Secrets {
    spelled: Vec<Secret>,
    /// The same without escapes, for texts that are looked at without theirs.
    undone: Vec<Secret>,
}

impl Secrets {
    /// Shorter ones are words that stand in any text; to remove them would garble it.
    const SHORTEST: usize = 6;

    /// Remembers a secret, and the credential behind a scheme such as `Bearer`, each in every spelling that a
    /// message may have it in.
    pub fn learn(&mut self, text: &str) {
        let credential = text.split_once(' ').map_or("", |(_, rest)| rest.trim());
        for part in [text.trim(), credential].into_iter().filter(|part| part.len() >= Self::SHORTEST) {
            for spelling in echo::spellings(part) {
                let undone = String::from_utf8_lossy(&echo::undone(&spelling)).into_owned();
                if undone.len() >= Self::SHORTEST {
                    note(&mut self.undone, undone);
                }
                note(&mut self.spelled, spelling);
            }
        }
        // Of two that begin alike the longer one goes first, or its end would stay.
        self.spelled.sort_by_key(|secret| Reverse(secret.expose().len()));
    }

    fn knows(&self, text: &str) -> bool {
        is_in(&self.spelled, text)
    }

    /// Whether one of them is in `text`.
    pub fn are_in(&self, text: &str) -> bool {
        let among = |secrets: &[Secret], bytes: &[u8]| {
            secrets.iter().any(|secret| memmem::find(bytes, secret.expose().as_bytes()).is_some())
        };
        among(&self.spelled, text.as_bytes())
            || (!self.undone.is_empty() && echo::has_escapes(text) && among(&self.undone, &echo::undone(text)))
    }

    /// `text` with every known secret in it replaced.
    pub fn scrub(&self, text: &str) -> String {
        let (mut clean, mut done) = (String::with_capacity(text.len()), 0);
        if !self.undone.is_empty() && echo::has_escapes(text) {
            let secrets = self.undone.iter().map(|secret| secret.expose().as_bytes());
            for place in echo::places(text, secrets) {
                clean.push_str(&text[done..place.start]);
                clean.push_str(HIDDEN);
                done = place.end;
            }
        }
        clean.push_str(&text[done..]);
        self.spelled.iter().fold(clean, |text, secret| text.replace(secret.expose(), HIDDEN))
    }
}

fn note(secrets: &mut Vec<Secret>, text: String) {
    if !is_in(secrets, &text) {
        secrets.push(Secret::new(text));
    }
}

fn is_in(secrets: &[Secret], text: &str) -> bool {
    secrets.iter().any(|secret| secret.expose() == text)
}

/// The secrets of a run. They grow while the run goes on; a clone is the same list.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<Arc<Secrets>>>);

impl Known {
    /// Those that are known from the start.
    pub fn new(secrets: &Secrets) -> Self {
        Known(Arc::new(Mutex::new(Arc::new(secrets.clone()))))
    }

    /// Remembers a secret.
    pub fn learn(&self, text: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.knows(text.trim()) {
            Arc::make_mut(&mut known).learn(text);
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

/// What stands in place of a secret.
const HIDDEN: &str = "(hidden)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_credential_is_hidden_with_and_without_its_scheme() {
        let mut secrets = Secrets::default();
        secrets.learn("Bearer s3cr3t-value");
        assert_eq!(secrets.scrub("no such key: s3cr3t-value"), "no such key: (hidden)");
        assert_eq!(format!("{:?}", Secret::new("s3cr3t-value")), "Secret(..)");
        assert!(!format!("{secrets:?}").contains("s3cr3t"), "{secrets:?}");
    }

    #[test]
    fn nothing_stays_of_the_longer_of_two_that_begin_alike() {
        let mut secrets = Secrets::default();
        secrets.learn("s3cret");
        secrets.learn("s3cret-and-more");
        assert_eq!(secrets.scrub("s3cret-and-more, s3cret"), "(hidden), (hidden)");
    }

    /// A server knows its own token, and may fill an answer with it.
    #[test]
    fn a_text_full_of_secrets_is_gone_through_once() {
        let mut secrets = Secrets::default();
        secrets.learn("a-token-that-is-no-word");
        let text = "%61-token-that-is-no-word ".repeat(300_000);
        assert_eq!(secrets.scrub(&text), "(hidden) ".repeat(300_000));
        assert_eq!(secrets.scrub("100 % and a-token-that-is-no-word&amp;"), "100 % and (hidden)&amp;");
    }

    #[test]
    fn an_echoed_secret_is_hidden_in_every_usual_spelling() {
        let mut secrets = Secrets::default();
        secrets.learn("Bearer token/1+and&more==");
        for spelled in [
            "token%2F1%2Band%26more%3D%3D",
            "token%2f1%2band%26more%3d%3d",
            "token/1%2Band%26more%3D%3D",
            r"token\u002F1\u002Band\u0026more\u003D\u003D",
            r"token\/1\u002band\u0026more\u003d\u003d",
            "token/1&#43;and&amp;more&#61;&#x3D;",
            "dG9rZW4vMSthbmQmbW9yZT09",
            "QmVhcmVyIHRva2VuLzErYW5kJm1vcmU9PQ",
            "QmVhcmVyIHRva2VuLzErYW5kJm1vcmU9PQ==",
            "QmVhcmVyIHRva2VuLzErYW5kJm1vcmU9PQ%3D%3D",
        ] {
            let shown = secrets.scrub(&format!("é <{spelled}> %2F"));
            assert_eq!(shown, "é <(hidden)> %2F", "{spelled}");
            assert!(secrets.are_in(&format!("x{spelled}x")), "{spelled}");
        }
        // A short one may be a word in Base64.
        secrets.learn("sesame");
        assert_eq!(secrets.scrub("c2VzYW1l 100% \\u00"), "c2VzYW1l 100% \\u00");
    }

    #[test]
    fn a_secret_is_known_in_the_spellings_of_json_and_of_urls() {
        let (known, mut secrets) = (Known::default(), Secrets::default());
        known.learn("a/b+c \"d");
        secrets.learn("a/b+c \"d");
        for spelled in ["a/b+c \"d", r#"a/b+c \"d"#, r#"a\/b+c \"d"#, "a%2Fb%2Bc%20%22d", "a%2Fb%2Bc+%22d"] {
            assert!(known.all().are_in(&format!("x{spelled}x")), "{spelled}");
            assert_eq!(secrets.scrub(&format!("x{spelled}x")), "x(hidden)x");
        }
        assert!(!known.all().are_in("a/b+c"));
    }
}

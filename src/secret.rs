//! Text that cannot be printed by accident.

use std::fmt;

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
    }

    /// `text` with every known secret in it replaced.
    pub fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(hidden)"))
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
}

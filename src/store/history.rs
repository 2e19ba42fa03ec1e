//! What became of each grant: who got it, who renewed it, who refused it. For the person who asks why
//! they have to sign in; nothing is decided by it, and nothing in it is secret.

use std::process;

use serde::{Deserialize, Serialize};

use super::journal::{Journal, words};
use super::{About, Key, Store};
use crate::clock::now;

/// Who made something happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The process that wanted it; a helper that did it for a relay is gone by now.
    pub pid: u32,
    /// What that process was, for a person.
    pub by: String,
}

impl By {
    /// This process, which is `what`.
    pub fn this(what: impl Into<String>) -> By {
        By { pid: process::id(), by: what.into() }
    }
}

/// What can happen to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// There is a new one.
    Issued {
        /// How it came about.
        way: Way,
        /// Who issued it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
        /// To whom, if the issuer said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// What it allows, as far as known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
    },
    /// It was renewed.
    Renewed,
    /// The renewal came to nothing, and can be tried again.
    Unrenewed {
        /// Why.
        why: String,
    },
    /// An earlier renewal was cut off: the issuer may have replaced the token, or not.
    Doubted {
        /// When that began, in seconds since 1970.
        since: u64,
    },
    /// The issuer does not take it any more: that was its end.
    Refused {
        /// What the issuer said.
        why: String,
    },
    /// The server does not take what its own issuer has just given.
    NotTaken {
        /// What the server said.
        why: String,
    },
    /// A sign-in came to nothing.
    Failed {
        /// Why.
        why: String,
    },
    /// The server asked for none.
    NotNeeded,
    /// It was given up.
    SignedOut {
        /// Whether the issuer took it back; `None` where it offers no way to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revoked: Option<bool>,
    },
}

/// How a grant came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A person signed in, in the browser.
    Browser,
    /// A person signed in with a code, on a device of their choice.
    Code,
    /// A program signed in as itself.
    ClientCredentials,
    /// The token of a workload was good for it.
    Workload,
    /// The identity provider of an organization vouched for a person.
    Organization,
    /// It was taken over from another program.
    Adopted,
    /// A person typed an API key.
    ApiKey,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chapter {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Who did it.
    #[serde(flatten)]
    pub by: By,
    /// The server, as it may be shown: after a sign-out nothing else says which one it was.
    pub server: String,
    /// The account, if the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
}

impl Store {
    /// Notes what happened to the grant under `key`. The caller holds its lock, or has changed nothing.
    pub fn tell(&self, key: &Key, about: &About, by: &By, what: Happening) {
        let Some(journal) = self.history_journal() else { return };
        let what = what.shortened();
        // What fails is tried again and again, and would push out how it began.
        if what.is_failure() && self.history(key).last().is_some_and(|last| what.is_told_by(&last.what)) {
            return;
        }
        let chapter =
            Chapter { at: now(), by: by.clone(), server: about.server.clone(), account: about.account.clone(), what };
        let Ok(line) = serde_json::to_string(&chapter) else { return };
        if let Err(error) = journal.add(key.as_str(), &line) {
            log::debug!("the history of the sign-in is not written: {error}");
        }
    }

    /// What happened to the grant under `key`, the oldest first.
    pub fn history(&self, key: &Key) -> Vec<Chapter> {
        let lines = self.history_journal().map(|journal| journal.lines(key.as_str())).unwrap_or_default();
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The grants that have a history.
    pub fn histories(&self) -> Vec<Key> {
        let names = self.history_journal().map(|journal| journal.names()).unwrap_or_default();
        names.iter().filter_map(|name| Key::spelled(name)).collect()
    }

    fn history_journal(&self) -> Option<Journal> {
        self.inner.home.as_ref().map(|home| Journal::new(home.clone(), "history"))
    }
}

impl Happening {
    /// Whether who knows of `last` knows of this. An attempt that was noted as failed was not cut off.
    fn is_told_by(&self, last: &Happening) -> bool {
        self == last || matches!((self, last), (Happening::Doubted { .. }, Happening::Unrenewed { .. }))
    }

    fn is_failure(&self) -> bool {
        use Happening::{Doubted, Failed, NotTaken, Unrenewed};
        matches!(self, Unrenewed { .. } | Doubted { .. } | NotTaken { .. } | Failed { .. })
    }

    /// What others said may be long, and may have the query of a URL in it.
    fn shortened(self) -> Self {
        match self {
            Happening::Issued { way, issuer, subject, mut scopes } => {
                scopes.truncate(MOST_SCOPES);
                let scopes = scopes.iter().map(|scope| words(scope)).collect();
                let short = |text: Option<String>| text.as_deref().map(words);
                Happening::Issued { way, issuer: short(issuer), subject: short(subject), scopes }
            }
            Happening::Unrenewed { why } => Happening::Unrenewed { why: words(&why) },
            Happening::Refused { why } => Happening::Refused { why: words(&why) },
            Happening::NotTaken { why } => Happening::NotTaken { why: words(&why) },
            Happening::Failed { why } => Happening::Failed { why: words(&why) },
            short @ (Happening::NotNeeded
            | Happening::Renewed
            | Happening::Doubted { .. }
            | Happening::SignedOut { .. }) => short,
        }
    }
}

/// Scopes of one grant that are noted.
const MOST_SCOPES: usize = 20;

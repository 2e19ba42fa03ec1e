//! What a sign-in says of itself to other processes: `signin/<key>.json`. It holds nothing secret;
//! who can read it could read the same in the browser's address bar.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{About, Key, Lock, Store};
use crate::failure::Failure;

/// A sign-in under way, or how the last one ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What is signed in to: there is no index entry yet that says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// The process that waits for the browser.
    pub pid: u32,
    /// Where the person signs in.
    pub url: String,
    /// Where the browser comes back to; empty where it does not.
    pub redirect_uri: String,
    /// What the person enters there, where they sign in with a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether a browser was opened.
    pub opened: bool,
    /// Whether the link is shown inside an editor, and no browser opened unless somebody wants it.
    #[serde(default)]
    pub link: bool,
    /// Whether somebody wants it.
    #[serde(default)]
    pub wanted: bool,
    /// When it began, in seconds since 1970.
    pub since: u64,
    /// How it ended; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Ending>,
}

/// How a sign-in ended without a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What happened, as a sentence.
    pub why: String,
}

impl Pending {
    /// That somebody said no, without a sign-in before it.
    pub fn ended(why: &str, now: u64) -> Self {
        let end = Some(Ending { at: now, why: why.to_owned() });
        Pending {
            about: None,
            pid: std::process::id(),
            url: String::new(),
            redirect_uri: String::new(),
            code: None,
            opened: false,
            link: false,
            wanted: false,
            since: now,
            end,
        }
    }

    /// Why no window is opened now: somebody said no a short while ago. A clock that was set back
    /// does not prolong it.
    pub fn refusal(&self, now: u64) -> Option<&Ending> {
        let lasts = |end: &&Ending| end.at <= now && now - end.at < REMEMBERED.as_secs();
        self.end.as_ref().filter(lasts)
    }
}

impl Store {
    /// What is noted of a sign-in for `key`. What cannot be read is as good as nothing.
    pub fn pending(&self, key: &Key) -> Option<Pending> {
        let text = self.inner.sign_ins.read(key.as_str()).ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// All that is noted of sign-ins, and does not say how it ended.
    pub fn under_way(&self) -> Vec<(Key, Pending)> {
        let keys = self.inner.sign_ins.names().unwrap_or_default();
        let keys = keys.iter().filter_map(|name| Key::spelled(name));
        keys.filter_map(|key| Some((key.clone(), self.pending(&key).filter(|pending| pending.end.is_none())?)))
            .collect()
    }

    /// Notes it. The caller holds [`super::Lock::SignIn`].
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn note_pending(&self, key: &Key, pending: &Pending) -> Result<(), Failure> {
        self.inner.sign_ins.write(key.as_str(), &serde_json::to_vec(pending).unwrap_or_default())
    }

    /// Notes that nobody is to be asked for a while, unless somebody is being asked just now.
    pub fn ask_nobody(&self, key: &Key, why: &str, now: u64) {
        let noted = match self.try_lock(key, Lock::SignIn) {
            Ok(Some(_lock)) => self.note_pending(key, &Pending::ended(why, now)),
            Ok(None) => Ok(()),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = noted {
            log::debug!("{failure}");
        }
    }

    /// Asks for a browser where so far only a link was shown. Whoever waits for the person opens it.
    pub fn want_browser(&self, key: &Key) {
        let running = self.pending(key).filter(|pending| pending.link && !pending.wanted && pending.end.is_none());
        if let Some(pending) = running
            && let Err(failure) = self.note_pending(key, &Pending { wanted: true, ..pending })
        {
            log::debug!("{failure}");
        }
    }

    /// Takes the note away. Whoever waits for the browser notices, and ends.
    pub fn end_pending(&self, key: &Key) {
        if let Err(failure) = self.inner.sign_ins.remove(key.as_str()) {
            log::debug!("{failure}");
        }
    }
}

/// How long a refusal keeps a respawning editor from opening the next window, and how long windows for more rights
/// are counted.
pub(super) const REMEMBERED: Duration = Duration::from_secs(600);

//! Where grants are kept: in the keychain of the system, in files, or in memory.

mod entry;
mod eras;
mod grant;
mod history;
mod index;
mod item;
mod journal;
mod key;
mod keychain;
mod last;
mod lock;
mod pending;
mod pieces;
mod registration;
mod runs;
mod search;
mod secrets;
mod shelf;
mod surplus;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::config::Home;
use crate::failure::{Failure, Kind};

pub use entry::{Doubt, Ended, Entry, Form};
pub use eras::Eras;
pub use grant::{ApiKey, Authentication, Binding, Client, Credential, Grant, OAuth, Origin, Place};
pub use history::{By, Chapter, Happening, Way};
pub use index::Known;
pub use key::Key;
pub use last::Said;
pub use lock::{GRANT_WAIT, Guard, Lock};
pub use pending::{Ending, Pending};
pub use runs::{End, Following, News, Noted, Open, Run, Scribe, Start};
pub use watch::Watch;

use item::Item;
use keychain::{Keychain, Refusal};
use lock::Held;
use search::Hint;
use shelf::Shelf;

/// What `MCPBRIDGE_CREDENTIAL_STORE` may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Choice {
    /// The keychain; a file where the system has no keychain service at all.
    #[default]
    Auto,
    /// The keychain or nothing.
    Keychain,
    /// A file that only its owner can read.
    File,
    /// Nothing outlives the process, and nothing of other processes is seen.
    Memory,
}

impl FromStr for Choice {
    type Err = Failure;

    fn from_str(word: &str) -> Result<Choice, Failure> {
        match word {
            "auto" => Ok(Choice::Auto),
            "keychain" => Ok(Choice::Keychain),
            "file" => Ok(Choice::File),
            "memory" => Ok(Choice::Memory),
            _ => Err(Failure::new(Kind::Usage, format!("MCPBRIDGE_CREDENTIAL_STORE={word} is none of the stores"))
                .remedy("use auto, keychain, file or memory")),
        }
    }
}

/// What a grant is for. Kept beside it, so that a lost index can be written anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The URL of the server as it may be shown: without user info and the values of its query.
    pub server: String,
    /// The account, if the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The resource, if the person gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Who signed in, if the authorization server said so. For display alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Where one grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// In the keychain of the system.
    Keychain,
    /// In a file.
    File,
    /// In this process.
    Memory,
}

/// Where something is kept, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In the keychain of the system.
    Keychain,
    /// In this file.
    File(PathBuf),
    /// In this process.
    Memory,
}

impl Kept {
    /// The same without the name of the file, which is a number that says nothing to a person.
    pub fn roughly(&self) -> String {
        match self {
            Kept::File(path) => format!("a file in {}", crate::config::short(path.parent().unwrap_or(path))),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Keychain => f.write_str(keychain::NAME),
            Kept::File(path) => write!(f, "file {}", crate::config::short(path)),
            Kept::Memory => f.write_str("memory"),
        }
    }
}

/// The grants of a user. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    patience: Duration,
}

struct Inner {
    choice: Choice,
    /// `None` in memory, where there are no files.
    home: Option<Home>,
    index: Shelf,
    credentials: Shelf,
    sign_ins: Shelf,
    last: Shelf,
    servers: Shelf,
    keychain: Keychain,
    held: Arc<Held>,
}

impl Store {
    /// A store that has done nothing yet: no file is made and no keychain opened.
    pub fn new(home: Home, choice: Choice) -> Store {
        Store::with_keychain(home, choice, Keychain::of_system())
    }

    /// Whether what is kept ends with this process.
    pub fn is_in_memory(&self) -> bool {
        self.inner.choice == Choice::Memory
    }

    /// How long a call of the keychain may take: 5 s unless said otherwise, and longer where a person
    /// is at the terminal who may be asked for a password.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Store {
        Store { patience, ..self }
    }

    /// The grant under `key`, wherever it is. Mends the index where that says otherwise.
    ///
    /// # Errors
    /// What is there cannot be read, or it cannot be known whether there is anything:
    /// [`Kind::StoreUnavailable`]. That is never "signed out".
    pub async fn read(&self, key: &Key) -> Result<Option<Grant>, Failure> {
        let mut before = self.inner.index.read(key.as_str())?;
        let mut found = self.find(key).await?;
        if found.is_none() {
            // It may have been on its way from one store to the other.
            let now = self.inner.index.read(key.as_str())?;
            if now != before {
                before = now;
                found = self.find(key).await?;
            }
        }
        let Some((keeper, bytes)) = found else {
            self.mend(key, before.as_deref(), None);
            return Ok(None);
        };
        let item = Item::read(&bytes).map_err(|why| self.damaged(key, keeper, &why))?;
        self.mend(key, before.as_deref(), Some((keeper, &item)));
        Ok(Some(item.grant))
    }

    /// Keeps `grant` where the grant under `key` is; a first one in the store that was chosen. The
    /// caller holds [`Lock::Grant`].
    ///
    /// # Errors
    /// It is not safely kept, and what was there still is.
    pub async fn write(&self, key: &Key, about: &About, grant: &Grant) -> Result<(), Failure> {
        let keeper = match self.hint(key) {
            Hint::At(keeper) => keeper,
            Hint::Nothing | Hint::Damaged(_) => match self.find(key).await? {
                Some((keeper, _)) => keeper,
                None => self.chosen().await?,
            },
        };
        self.put(key, keeper, about, grant).await
    }

    /// Keeps `grant` in the store that was chosen, and nowhere else. The caller holds [`Lock::Grant`].
    ///
    /// # Errors
    /// It is not safely kept, and what was there still is.
    pub async fn move_here(&self, key: &Key, about: &About, grant: &Grant) -> Result<(), Failure> {
        let keeper = self.chosen().await?;
        let before = self.hint(key);
        self.put(key, keeper, about, grant).await?;
        if let (Keeper::File, Hint::At(Keeper::Keychain) | Hint::Damaged(_)) = (keeper, before) {
            // Somebody who leaves a keychain that hangs shall not wait for it long.
            let hurried = self.clone().with_patience(self.patience.min(PATIENCE));
            if let Err(refusal) = hurried.remove_from_keychain(key.as_str()).await {
                still_there(&refusal.into_failure());
            }
        }
        Ok(())
    }

    /// Removes the grant under `key`, wherever it is. Says whether there was one. The caller holds
    /// [`Lock::Grant`].
    ///
    /// # Errors
    /// It may still be there.
    pub async fn forget(&self, key: &Key) -> Result<bool, Failure> {
        self.forget_last(key);
        let was = self.remove(key).await?;
        Ok(self.inner.index.remove(key.as_str())? || was)
    }

    /// Removes the grant under `key`, and notes that nobody signed out of it. The caller holds
    /// [`Lock::Grant`].
    ///
    /// # Errors
    /// It may still be there.
    pub async fn end(&self, key: &Key, why: &str) -> Result<(), Failure> {
        self.remove(key).await?;
        let Some(mut entry) = self.entry(key)? else { return Ok(()) };
        (entry.kept, entry.doubt) = (None, None);
        entry.ended = Some(Ended { at: now(), why: why.to_owned() });
        self.keep_entry(key, &entry)
    }

    /// The grant under `key` of a store that no other process can read.
    pub async fn held_in_memory(&self, key: &Key) -> Option<Grant> {
        match self.inner.choice {
            Choice::Memory => self.read(key).await.ok().flatten(),
            Choice::Auto | Choice::Keychain | Choice::File => None,
        }
    }

    /// Keeps `grant` in a store that no other process can write to.
    pub async fn hold_in_memory(&self, key: &Key, about: &About, grant: &Grant) {
        if self.inner.choice == Choice::Memory {
            // Memory does not fail.
            let _ = self.write(key, about, grant).await;
        }
    }

    /// Takes a lock as soon as no other process, and nobody in this one, has it.
    ///
    /// # Errors
    /// Somebody had it for longer than `patience`, or the folder is of no use.
    pub async fn lock(&self, key: &Key, what: Lock, patience: Duration) -> Result<Guard, Failure> {
        self.inner.held.take(self.inner.home.as_ref(), key, what, patience).await
    }

    /// Takes a lock if nobody has it.
    ///
    /// # Errors
    /// The folder is of no use.
    pub fn try_lock(&self, key: &Key, what: Lock) -> Result<Option<Guard>, Failure> {
        self.inner.held.try_take(self.inner.home.as_ref(), key, what)
    }

    /// Notices from now on when another process, or this one, changes the index entry of `key`.
    pub fn watch(&self, key: &Key) -> Watch {
        Watch::new(Arc::clone(&self.inner), key.clone())
    }

    /// Where the grant under `key` is, for a person; `None` if the index knows of none.
    pub fn describe(&self, key: &Key) -> Option<Kept> {
        let keeper = self.entry(key).ok().flatten()?.kept?;
        Some(self.kept(keeper, key))
    }

    /// The file that keeps the grant under `key` for want of a keychain; `None` where it is kept where
    /// the person wanted it.
    pub fn stand_in(&self, key: &Key) -> Option<Kept> {
        self.describe(key).filter(|kept| self.inner.choice == Choice::Auto && matches!(kept, Kept::File(_)))
    }

    /// Where a first grant under `key` would be kept, for a person. Opens the keychain.
    ///
    /// # Errors
    /// It would not be kept anywhere.
    pub async fn destination(&self, key: &Key) -> Result<Kept, Failure> {
        Ok(self.kept(self.chosen().await?, key))
    }

    /// Makes sure that a grant under `key` could be kept: a keychain that is there may be locked, and
    /// only writing to it tells. For files the note of the sign-in does.
    ///
    /// # Errors
    /// It could not be kept.
    pub async fn rehearse(&self, key: &Key) -> Result<(), Failure> {
        if let Keeper::Keychain = self.chosen().await? {
            let name = format!("{}.trial", key.as_str());
            self.write_to_keychain(&name, "a trial", b"trial".to_vec()).await?;
            self.remove_from_keychain(&name).await.map_err(Refusal::into_failure)?;
        }
        Ok(())
    }
}

impl Store {
    fn with_keychain(home: Home, choice: Choice, keychain: Keychain) -> Store {
        let kept = choice != Choice::Memory;
        let shelf = |name| if kept { Shelf::Folder(home.clone(), name) } else { Shelf::Memory(Default::default()) };
        let (index, credentials, sign_ins) = (shelf("grants"), shelf("credentials"), shelf("signin"));
        let (last, servers) = (shelf("last"), shelf("servers"));
        let home = kept.then_some(home);
        let inner = Inner { choice, home, index, credentials, sign_ins, last, servers, keychain, held: Arc::default() };
        Store { inner: Arc::new(inner), patience: PATIENCE }
    }

    async fn put(&self, key: &Key, keeper: Keeper, about: &About, grant: &Grant) -> Result<(), Failure> {
        let bytes = Item::bytes(about, grant).ok_or_else(unwritten)?;
        match keeper {
            Keeper::Keychain => self.write_to_keychain(key.as_str(), &label(about), bytes).await?,
            Keeper::File | Keeper::Memory => self.inner.credentials.write_alone(key.as_str(), &bytes)?,
        }
        let before = self.noted(key).ok().flatten();
        let entry = Entry::new(about.clone(), keeper, grant, before.as_ref());
        // The grant is safe, and that is what the caller has to know. The index is mended by reading.
        if let Err(failure) = self.keep_entry(key, &entry) {
            log::warn!("{failure}");
        }
        // Not only where a grant is moved: who moved it may have been killed before this.
        if keeper == Keeper::Keychain
            && let Err(failure) = self.inner.credentials.remove(key.as_str())
        {
            still_there(&failure);
        }
        Ok(())
    }

    /// The store for a first grant.
    async fn chosen(&self) -> Result<Keeper, Failure> {
        match self.inner.choice {
            Choice::Memory => Ok(Keeper::Memory),
            Choice::File => Ok(Keeper::File),
            Choice::Auto | Choice::Keychain => match self.inner.keychain.present(self.patience).await {
                Ok(()) => Ok(Keeper::Keychain),
                Err(Refusal::Absent(_)) if self.inner.choice == Choice::Auto => Ok(Keeper::File),
                Err(refusal) => Err(refusal.into_failure()),
            },
        }
    }

    /// Whether the keychain is looked into without the index saying so.
    fn asks_keychain(&self) -> bool {
        matches!(self.inner.choice, Choice::Auto | Choice::Keychain)
    }

    fn own_keeper(&self) -> Keeper {
        if self.inner.home.is_some() { Keeper::File } else { Keeper::Memory }
    }

    fn kept(&self, keeper: Keeper, key: &Key) -> Kept {
        match keeper {
            Keeper::Keychain => Kept::Keychain,
            Keeper::File => Kept::File(self.inner.credentials.path(key.as_str()).unwrap_or_default()),
            Keeper::Memory => Kept::Memory,
        }
    }

    fn damaged(&self, key: &Key, keeper: Keeper, why: &str) -> Failure {
        let fact = format!("the sign-in in the {} {why}", self.kept(keeper, key));
        Failure::new(Kind::StoreUnavailable, fact).remedy("sign in again: mcpbridge login URL")
    }
}

/// What the keychain's own window shows. The path may be a key, so the host alone.
fn label(about: &About) -> String {
    let host = url::Url::parse(&about.server).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "an MCP server".into())
}

fn still_there(failure: &Failure) {
    log::warn!("the earlier sign-in is still in its store: {failure}");
}

fn unwritten() -> Failure {
    Failure::new(Kind::Internal, "the sign-in cannot be written down")
}

/// How long a call of the keychain may take. A locked one can block for minutes; an editor gives up
/// sooner.
const PATIENCE: Duration = Duration::from_secs(5);

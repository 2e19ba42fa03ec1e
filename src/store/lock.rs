//! Locks that any number of processes share.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Key;
use crate::config::{Home, unwritable};
use crate::failure::{Failure, Kind};
use crate::private;

/// What a lock is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// The grant: who changes it holds this from reading it to having written it.
    Grant,
    /// The sign-in: who asks the person holds this.
    SignIn,
}

/// A lock that is held. It ends when this is dropped, or with the process, however that ends.
#[derive(Debug)]
pub struct Guard {
    held: Arc<Held>,
    name: Name,
    file: Option<File>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Not by closing alone: a child that is just being started has the descriptor for a moment.
            let _ = file.unlock();
        }
        self.held.names().remove(&self.name);
    }
}

/// The locks that this process holds. The operating system would tell one file of this process from
/// another, but not on every system, and what is kept in memory has no files.
#[derive(Debug, Default)]
pub struct Held(Mutex<HashSet<Name>>);

type Name = (Key, Lock);

impl Held {
    /// Whether this process holds it.
    pub fn has(&self, key: &Key, what: Lock) -> bool {
        self.names().contains(&(key.clone(), what))
    }

    /// Takes the lock if nobody has it. Without `home` only this process is asked.
    ///
    /// # Errors
    /// The file for the lock cannot be made or locked.
    pub fn try_take(self: &Arc<Self>, home: Option<&Home>, key: &Key, what: Lock) -> Result<Option<Guard>, Failure> {
        let name = (key.clone(), what);
        if !self.names().insert(name.clone()) {
            return Ok(None);
        }
        // From here on its end takes the name out again.
        let mut guard = Guard { held: Arc::clone(self), name, file: None };
        let Some(home) = home else { return Ok(Some(guard)) };
        let mut file = file(home, &file_name(key, what))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                let fact = format!("{} cannot be locked: {error}", path(home, key, what).display());
                return Err(Failure::new(Kind::StoreUnavailable, fact)
                    .remedy("set MCPBRIDGE_CONFIG_DIR to a folder on a local disk"));
            }
        }
        // For whoever waits in vain. Without it the lock is as good.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        guard.file = Some(file);
        Ok(Some(guard))
    }

    /// Takes the lock as soon as nobody has it, at most after `patience`.
    ///
    /// # Errors
    /// Somebody else has held it for all that time, or as for [`Held::try_take`].
    pub async fn take(
        self: &Arc<Self>,
        home: Option<&Home>,
        key: &Key,
        what: Lock,
        patience: Duration,
    ) -> Result<Guard, Failure> {
        let end = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(guard) = self.try_take(home, key, what)? {
                return Ok(guard);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(taken(home.map(|home| path(home, key, what)).as_deref(), patience));
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn names(&self) -> MutexGuard<'_, HashSet<Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file to lock. Never removed: with the file gone two processes could lock two files of one name.
///
/// # Errors
/// It cannot be made: [`Kind::StoreUnavailable`].
pub(super) fn file(home: &Home, name: &str) -> Result<File, Failure> {
    let path = home.folder(FOLDER)?.join(name);
    private::open_to_lock(&path).map_err(|error| unwritable(&path, &error))
}

fn path(home: &Home, key: &Key, what: Lock) -> PathBuf {
    home.state().join(FOLDER).join(file_name(key, what))
}

fn file_name(key: &Key, what: Lock) -> String {
    let end = match what {
        Lock::Grant => "grant",
        Lock::SignIn => "sign-in",
    };
    format!("{}.{end}", key.as_str())
}

fn taken(path: Option<&Path>, patience: Duration) -> Failure {
    // On Windows the file cannot be read while it is locked.
    let holder = path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let who = match holder.trim().parse::<u32>() {
        Ok(process) => format!("another mcpbridge (process {process})"),
        Err(_) => "another mcpbridge".into(),
    };
    let fact = format!("{who} has been working on this sign-in for more than {} s", patience.as_secs());
    Failure::new(Kind::StoreUnavailable, fact).remedy("try again, and end that process if it hangs")
}

/// How long the lock of a grant is waited for. Who holds it renews, which takes 30 s at most, and talks
/// to the keychain.
pub const GRANT_WAIT: Duration = Duration::from_secs(45);
/// The folder of the locks.
const FOLDER: &str = "locks";
/// A lock is held for as long as one request to the authorization server takes, so this is soon enough
/// and, doubled up to the longest pause, rare enough.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

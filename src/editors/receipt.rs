//! What was put into a file, so that taking it out brings back the very bytes.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::jsonc::Facts;
use crate::config::{Home, digest, replace, sweep, unwritable};
use crate::failure::Failure;

/// What was put into one file. A hint: without it entries are found by what they run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The file, for a person who looks.
    pub file: PathBuf,
    /// Whether there was no such file.
    #[serde(default)]
    pub made: bool,
    /// The folders that were made for it, the outermost first.
    #[serde(default)]
    pub folders: Vec<PathBuf>,
    /// What there was around the entries.
    #[serde(default)]
    pub facts: Facts,
    /// What was done, the last one last.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What is about to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Box<Next>>,
}

/// What will be known of a file once it is changed: a process may be killed between the file and its receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Next {
    /// SHA-256 of the bytes before it; `None` if there was no file.
    before: Option<String>,
    receipt: Receipt,
}

/// One entry that was put into a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The name of the entry.
    pub name: String,
    /// SHA-256 of the bytes after it.
    pub after: String,
    /// The bytes before it; `None` if there was no file.
    pub backup: Option<PathBuf>,
}

impl Receipt {
    /// What is known of a file that has the bytes `now`.
    pub fn read(home: &Home, file: &Path, now: Option<&[u8]>) -> Receipt {
        let bytes = match home.has(FOLDER) {
            Ok(true) => fs::read(path(home, file)).unwrap_or_default(),
            // What others may have written is no receipt of ours.
            Ok(false) | Err(_) => Vec::new(),
        };
        let mut known =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| Receipt { file: file.to_owned(), ..Receipt::default() });
        match known.next.take() {
            // The editor may have written the file again since then, so it need not have the bytes of after it.
            Some(next) if next.before != now.map(digest) => next.receipt,
            _ => known,
        }
    }

    /// Notes that this is what will be known once the file, which has the bytes `now`, is changed. For who holds
    /// [`crate::config::lock`].
    ///
    /// # Errors
    /// It cannot be written.
    pub fn announce(&self, home: &Home, now: Option<&[u8]>) -> Result<(), Failure> {
        let next = Some(Box::new(Next { before: now.map(digest), receipt: self.clone() }));
        Receipt { next, ..Receipt::read(home, &self.file, now) }.put(home)
    }

    /// Keeps it, or forgets the file when nothing of ours is in it any more. For who holds [`crate::config::lock`].
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, home: &Home) -> Result<(), Failure> {
        let path = path(home, &self.file);
        sweep(&path);
        if self.steps.is_empty() && self.facts.is_empty() && !self.made {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(&path, &error)),
                _ => Ok(()),
            };
        }
        self.put(home)
    }

    fn put(&self, home: &Home) -> Result<(), Failure> {
        let path = path(home, &self.file);
        home.folder(FOLDER)?;
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        replace(&path, &bytes).map_err(|error| unwritable(&path, &error))
    }

    /// The bytes from before `name` was put in, if nothing has changed since.
    pub fn before(&self, name: &str, now: &[u8]) -> Option<Option<Vec<u8>>> {
        let step = self.steps.last().filter(|step| step.name == name && step.after == digest(now))?;
        match &step.backup {
            None => Some(None),
            Some(backup) => fs::read(backup).ok().map(Some),
        }
    }
}

fn path(home: &Home, file: &Path) -> PathBuf {
    home.state().join(FOLDER).join(format!("{}.json", digest(file.as_os_str().as_encoded_bytes())))
}

/// Where receipts are.
const FOLDER: &str = "editors";

//! Which files of projects were trusted, each with exactly the bytes that it had then.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::change::lock;
use super::folders::{Home, unreadable, unwritable};
use super::project::Project;
use super::replace::{replace, sweep};
use crate::clock::now;
use crate::failure::Failure;

/// What is known of a project's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It was trusted as it is.
    Given,
    /// It was trusted, and has other bytes now.
    Outdated,
    /// Nobody said anything of it.
    Unknown,
}

/// A file that was trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// The file, without links.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub content: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

impl Trusted {
    /// What is known of the file now.
    pub fn now(&self) -> Trust {
        let same = fs::read(&self.path).is_ok_and(|bytes| digest(&bytes) == self.content);
        if same { Trust::Given } else { Trust::Outdated }
    }
}

impl Project {
    /// Whether it was trusted as it is.
    ///
    /// # Errors
    /// The state folder is not safe, or cannot be read.
    pub fn trust(&self, home: &Home) -> Result<Trust, Failure> {
        Ok(match read(home, &self.path)? {
            None => Trust::Unknown,
            Some(trusted) if trusted.content == digest(&self.bytes) => Trust::Given,
            Some(_) => Trust::Outdated,
        })
    }
}

/// Trusts a project's file as it was read.
///
/// # Errors
/// That cannot be noted.
pub fn trust(home: &Home, project: &Project) -> Result<(), Failure> {
    let trusted = Trusted { path: project.path.clone(), content: digest(&project.bytes), at: now() };
    home.folder(FOLDER)?;
    let path = note(home, &project.path);
    let text = serde_json::to_vec(&trusted).unwrap_or_default();
    let _lock = lock(home)?;
    sweep(&path);
    replace(&path, &text).map_err(|error| unwritable(&path, &error))
}

/// Trusts the file at `path` no longer, and says whether it was.
///
/// # Errors
/// The note cannot be removed.
pub fn distrust(home: &Home, path: &Path) -> Result<bool, Failure> {
    if !home.has(FOLDER)? {
        return Ok(false);
    }
    let note = note(home, path);
    let _lock = lock(home)?;
    sweep(&note);
    match fs::remove_file(&note) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unwritable(&note, &error)),
    }
}

/// All files that were trusted, by path.
///
/// # Errors
/// The state folder is not safe, or cannot be read.
pub fn trusted(home: &Home) -> Result<Vec<Trusted>, Failure> {
    if !home.has(FOLDER)? {
        return Ok(Vec::new());
    }
    let folder = home.state().join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| unreadable(&folder, &error))?,
    };
    // What another process is about to put there, or was killed before it could, counts no more than in `read`.
    let noted = |path: PathBuf| {
        let trusted: Trusted = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        (path == note(home, &trusted.path)).then_some(trusted)
    };
    let mut all: Vec<Trusted> = entries.flatten().filter_map(|entry| noted(entry.path())).collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(all)
}

fn read(home: &Home, path: &Path) -> Result<Option<Trusted>, Failure> {
    if !home.has(FOLDER)? {
        return Ok(None);
    }
    let note = note(home, path);
    match fs::read(&note) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        // One that is damaged trusts nothing.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok().filter(|trusted: &Trusted| trusted.path == path)),
        Err(error) => Err(unreadable(&note, &error)),
    }
}

fn note(home: &Home, path: &Path) -> PathBuf {
    home.state().join(FOLDER).join(digest(path.as_os_str().as_encoded_bytes()))
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder in the state folder.
const FOLDER: &str = "trusted";

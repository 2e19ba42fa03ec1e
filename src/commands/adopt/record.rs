//! What an adoption has done, written down before it is done, so that it can be undone.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mcp_remote::Aside;
use crate::config::{Home, digest, replace, unreadable, unwritable};
use crate::editors::{File, Format, Node, find};
use crate::failure::{Failure, Kind};

/// One adoption.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// The files of editors.
    pub files: Vec<Changed>,
    /// The sign-ins.
    pub sign_ins: Vec<SignedIn>,
    /// The names of secrets that were kept for it.
    pub secrets: Vec<String>,
    /// Whether it was undone.
    #[serde(default)]
    pub undone: bool,
    #[serde(skip)]
    path: PathBuf,
}

/// A file of an editor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Changed {
    /// The editor.
    pub editor: String,
    /// The file.
    pub path: PathBuf,
    /// What was in it.
    pub backup: Option<PathBuf>,
    /// SHA-256 of what is in it since then.
    pub after: String,
    /// The entries, as they were.
    pub entries: Vec<Before>,
}

/// An entry as it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Before {
    /// The members above it.
    pub container: Vec<String>,
    /// Its name.
    pub name: String,
    /// What was in it of that which is different now.
    pub members: Vec<(String, Value)>,
}

/// A sign-in that was taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// The key of our grant.
    pub key: String,
    /// The server, for a person.
    pub server: String,
    /// Its lineage: a later sign-in of the person is not given away.
    pub lineage: String,
    /// The file with the tokens.
    pub tokens: PathBuf,
    /// The files that were set aside.
    pub asides: Vec<Aside>,
}

impl Record {
    /// A new one, not yet written.
    ///
    /// # Errors
    /// There is no folder for it.
    pub fn new(home: &Home) -> Result<Record, Failure> {
        let folder = home.folder(FOLDER)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Ok(Record { path: folder.join(format!("{now:020}.json")), ..Record::default() })
    }

    /// The last one that was not undone.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn last(home: &Home) -> Result<Option<Record>, Failure> {
        let entries = fs::read_dir(home.state().join(FOLDER)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.into_iter().rev().filter(|path| path.extension().is_some_and(|end| end == "json")) {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
            let record: Record = serde_json::from_slice(&bytes).map_err(|error| {
                Failure::new(Kind::StoreUnavailable, format!("{} is damaged: {error}", path.display()))
                    .remedy("bring the files of the editors back from the folder backups beside it")
            })?;
            if !record.undone {
                return Ok(Some(Record { path, ..record }));
            }
        }
        Ok(None)
    }

    /// Writes it down. One in which nothing was done is none: `--undo` means the last that did something.
    ///
    /// # Errors
    /// It is not safely written.
    pub fn write(&self) -> Result<(), Failure> {
        if self.files.is_empty() && self.sign_ins.is_empty() && self.secrets.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(&self.path, &error)),
                _ => Ok(()),
            };
        }
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        replace(&self.path, &bytes).map_err(|error| unwritable(&self.path, &error))
    }

    /// Where it is written; `None` if nothing was done.
    pub fn path(&self) -> Option<&Path> {
        self.path.exists().then_some(&self.path)
    }
}

impl Changed {
    /// Brings the file back: as it was, if nothing else has changed, and otherwise entry by entry. One
    /// that the person has removed since then stays so.
    ///
    /// # Errors
    /// It cannot be read or written; it is whole in any case.
    pub fn undo(&self, home: &Home) -> Result<(), Failure> {
        let file = File::read(&self.path)?;
        let Some(now) = file.bytes.as_deref() else { return Ok(()) };
        if digest(now) == self.after
            && let Some(backup) = &self.backup
            && let Ok(before) = fs::read(backup)
        {
            return file.put(&before);
        }
        let format = find(&self.editor).map_or(Format::Json, |editor| editor.format);
        let mut text = file.text.clone();
        for entry in &self.entries {
            let above: Vec<&str> = entry.container.iter().map(String::as_str).collect();
            let entries = format.entries(&text, &above).map_err(|trouble| file.trouble(&trouble))?;
            if !entries.iter().any(|(name, _)| *name == entry.name) {
                continue;
            }
            let members: Vec<_> = entry.members.iter().map(|(name, value)| (name.clone(), Node::of(value))).collect();
            text = format.change(&text, &above, &entry.name, &members).map_err(|trouble| file.trouble(&trouble))?;
        }
        file.replace(&file.bytes_of(&text), home, &self.editor).map(drop)
    }
}

/// Where records are.
const FOLDER: &str = "adoptions";

//! What an adoption has done, written down before it is done, so that it can be undone.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mcp_remote::Aside;
use crate::clock::now_in_ms;
use crate::config::{Home, digest, lock, replace, sweep_all, unreadable, unwritable};
use crate::editors::{COPIES, File, Format, Node, find, is_ours};
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
        tidy(home)?;
        Ok(Record { path: folder.join(format!("{:020}.json", now_in_ms())), ..Record::default() })
    }

    /// The last one that was not undone: one that was is gone.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn last(home: &Home) -> Result<Option<Record>, Failure> {
        if !home.has(FOLDER)? {
            return Ok(None);
        }
        tidy(home)?;
        let entries = fs::read_dir(home.state().join(FOLDER)).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let Some(path) = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).max() else {
            return Ok(None);
        };
        let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let record: Record = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::new(Kind::StoreUnavailable, format!("{} is damaged: {error}", path.display()))
                .remedy("bring the files of the editors back from the folder backups beside it")
        })?;
        Ok(Some(Record { path, ..record }))
    }

    /// Writes it down. One in which nothing was done is none: `--undo` means the last that did something.
    ///
    /// # Errors
    /// It is not safely written.
    pub fn write(&self, home: &Home) -> Result<(), Failure> {
        let _lock = lock(home)?;
        self.write_alone()
    }

    /// As [`Record::write`], for who holds [`lock`].
    ///
    /// # Errors
    /// It is not safely written.
    pub fn write_alone(&self) -> Result<(), Failure> {
        if self.files.is_empty() && self.sign_ins.is_empty() && self.secrets.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(&self.path, &error)),
                _ => Ok(()),
            };
        }
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        replace(&self.path, &bytes).map_err(|error| unwritable(&self.path, &error))
    }

    /// Forgets what was undone, with the copies of files that are back: secrets of before may be in them.
    ///
    /// # Errors
    /// It is still there.
    pub fn forget(&self, restored: &[Restored]) -> Result<(), Failure> {
        // Of a file that is gone it is the last one.
        let back = restored.iter().filter(|file| file.file.bytes.is_some());
        for path in back.filter_map(|file| file.changed.backup.as_ref()).chain([&self.path]) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(path, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where it is written; `None` if nothing was done.
    pub fn path(&self) -> Option<&Path> {
        self.path.exists().then_some(&self.path)
    }
}

/// How a file will be after an adoption was undone.
pub struct Restored<'c> {
    /// What was done to it.
    pub changed: &'c Changed,
    file: File,
    to: To,
}

enum To {
    /// It is gone, or nothing of ours is in it any more.
    Same,
    /// The very bytes of before.
    Before(Vec<u8>),
    /// The entries of before, beside what has been changed since then.
    Entries(Vec<u8>),
}

impl Changed {
    /// How the file comes back: as it was, if nothing else has changed, and otherwise entry by entry. One
    /// that the person has removed or replaced since then stays so.
    ///
    /// # Errors
    /// It cannot be read, or could not be written.
    pub fn restored(&self) -> Result<Restored<'_>, Failure> {
        let file = File::read(&self.path)?;
        let Some(now) = file.bytes.clone() else { return Ok(Restored { changed: self, file, to: To::Same }) };
        let before = self.backup.as_ref().and_then(|backup| fs::read(backup).ok());
        let to = match before {
            Some(before) if before == now || digest(&now) == self.after => To::Before(before),
            _ => match file.bytes_of(&self.with_entries(&file)?) {
                same if same == now => To::Same,
                bytes => To::Entries(bytes),
            },
        };
        if !matches!(&to, To::Same) {
            file.replaceable()?;
        }
        Ok(Restored { changed: self, file, to })
    }

    fn with_entries(&self, file: &File) -> Result<String, Failure> {
        let refuse = |trouble| file.trouble(&trouble).remedy("mend it");
        let format = find(&self.editor).map_or(Format::Json, |editor| editor.format);
        let mut text = file.text.clone();
        for entry in &self.entries {
            let above: Vec<&str> = entry.container.iter().map(String::as_str).collect();
            let entries = format.entries(&text, &above).map_err(refuse)?;
            if !entries.iter().any(|(name, value)| *name == entry.name && is_ours(value)) {
                continue;
            }
            let members: Vec<_> = entry.members.iter().map(|(name, value)| (name.clone(), Node::of(value))).collect();
            text = format.change(&text, &above, &entry.name, &members).map_err(refuse)?;
        }
        Ok(text)
    }
}

impl Restored<'_> {
    /// Writes the file, unless it is so already.
    ///
    /// # Errors
    /// It cannot be written; it is whole in any case.
    pub fn write(&self, home: &Home) -> Result<(), Failure> {
        let _lock = lock(home)?;
        match &self.to {
            To::Before(bytes) if self.file.bytes.as_ref() != Some(bytes) => self.file.put(bytes),
            To::Entries(bytes) => self.file.replace(bytes, home, &self.changed.editor).map(drop),
            _ => Ok(()),
        }
    }

    /// What became of the file, for a person.
    pub fn told(&self) -> &'static str {
        match &self.to {
            To::Before(_) => "is as it was",
            To::Entries(_) => "has its entries of before again; what else was changed since then stays",
            To::Same if self.file.bytes.is_none() => "is gone, and stays so",
            To::Same => "has none of these entries any more, and stays as it is",
        }
    }
}

/// Removes what an adoption that was killed was about to write: the entries of before are in it, perhaps with secrets.
fn tidy(home: &Home) -> Result<(), Failure> {
    let _lock = lock(home)?;
    for folder in [FOLDER, COPIES] {
        sweep_all(&home.state().join(folder));
    }
    Ok(())
}

/// Where records are.
const FOLDER: &str = "adoptions";

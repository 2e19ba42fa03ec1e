//! Small files by name in a folder of the user, or the same in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use tokio::sync::watch::{Receiver, Sender};

use crate::config::{self, Home, unreadable, unwritable};
use crate::failure::Failure;

/// Small files by name. What is put there is there as a whole or not at all.
#[derive(Debug)]
pub enum Shelf {
    /// Files `NAME.json` in this folder of the state folder, readable for their owner alone.
    Folder(Home, &'static str),
    /// Gone with the process.
    Memory(Sender<Files>),
}

/// What is in memory, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

impl Shelf {
    /// What is there under `name`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Shelf::Memory(kept) => Ok(kept.borrow().get(name).cloned()),
            Shelf::Folder(home, folder) if !home.has(folder)? => Ok(None),
            Shelf::Folder(home, folder) => {
                let path = path(home, folder, name);
                match fs::read(&path) {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    read => read.map(Some).map_err(|error| unreadable(&path, &error)),
                }
            }
        }
    }

    /// Puts `bytes` there, in place of what there was.
    ///
    /// # Errors
    /// The file cannot be written; what there was is still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Shelf::Memory(kept) => {
                kept.send_modify(|files| drop(files.insert(name.to_owned(), bytes.to_owned())));
                Ok(())
            }
            Shelf::Folder(home, folder) => {
                home.folder(folder)?;
                let path = path(home, folder, name);
                config::replace(&path, bytes).map_err(|error| unwritable(&path, &error))
            }
        }
    }

    /// As [`Shelf::write`], for who holds the lock under which this name is written: then what another writer
    /// left that was killed, perhaps with a token in it, goes too. Not first, because a new token waits to be written.
    ///
    /// # Errors
    /// The file cannot be written; what there was is still there.
    pub fn write_alone(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.write(name, bytes)?;
        if let Shelf::Folder(home, folder) = self {
            config::sweep(&path(home, folder, name));
        }
        Ok(())
    }

    /// As [`Shelf::write_alone`], for who holds no lock under which this name is written: every such write takes the
    /// one of all changes, for the moment. Who cannot have it leaves what lies there.
    ///
    /// # Errors
    /// The file cannot be written; what there was is still there.
    pub fn write_in_turn(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let lock = match self {
            Shelf::Memory(_) => None,
            Shelf::Folder(home, _) => config::lock(home).ok(),
        };
        if lock.is_some() { self.write_alone(name, bytes) } else { self.write(name, bytes) }
    }

    /// Removes what is there, and what a writer left that was killed. Says whether there was anything.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, Failure> {
        match self {
            Shelf::Memory(kept) => Ok(kept.send_if_modified(|files| files.remove(name).is_some())),
            Shelf::Folder(home, folder) if !home.has(folder)? => Ok(false),
            Shelf::Folder(home, folder) => {
                let path = path(home, folder, name);
                config::sweep(&path);
                match fs::remove_file(&path) {
                    Ok(()) => Ok(true),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                    Err(error) => Err(unwritable(&path, &error)),
                }
            }
        }
    }

    /// The names of all that is there.
    ///
    /// # Errors
    /// The folder is not safe, or cannot be read: nobody knows what is there.
    pub fn names(&self) -> Result<Vec<String>, Failure> {
        match self {
            Shelf::Memory(kept) => Ok(kept.borrow().keys().cloned().collect()),
            Shelf::Folder(home, folder) if !home.has(folder)? => Ok(Vec::new()),
            Shelf::Folder(home, folder) => {
                let path = home.state().join(folder);
                let files = fs::read_dir(&path).map_err(|error| unreadable(&path, &error))?;
                let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
                Ok(names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect())
            }
        }
    }

    /// Tells of every change in memory; `None` for files.
    pub fn subscribe(&self) -> Option<Receiver<Files>> {
        match self {
            Shelf::Memory(kept) => Some(kept.subscribe()),
            Shelf::Folder(..) => None,
        }
    }

    /// The file for `name`, whether it is there or not; `None` in memory.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Shelf::Memory(_) => None,
            Shelf::Folder(home, folder) => Some(path(home, folder, name)),
        }
    }
}

fn path(home: &Home, folder: &str, name: &str) -> PathBuf {
    home.state().join(folder).join(format!("{name}.json"))
}

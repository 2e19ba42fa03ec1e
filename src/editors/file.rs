//! A file of an editor: read as it is, replaced as a whole, with what was there kept elsewhere.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::node::Trouble;
use crate::clock::now_in_ms;
use crate::config::{Home, create, read_regular, remedy, replace, rewrite, short, sweep, sweep_all};
use crate::failure::{Failure, Kind};

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    /// Where the editor looks for it.
    pub path: PathBuf,
    /// Where it is: a dotfile that is a symbolic link stays one.
    real: PathBuf,
    /// Its bytes; `None` if it is not there.
    pub bytes: Option<Vec<u8>>,
    /// Whether they begin with the mark that Windows puts in front of UTF-8.
    mark: bool,
    /// The text behind the mark.
    pub text: String,
}

impl File {
    /// Reads the file, there or not.
    ///
    /// # Errors
    /// It cannot be read, or is no text in UTF-8.
    pub fn read(path: &Path) -> Result<File, Failure> {
        let real = match (fs::canonicalize(path), fs::symlink_metadata(path)) {
            (Ok(real), _) => real,
            (Err(error), Err(_)) if error.kind() == ErrorKind::NotFound => path.to_owned(),
            (Err(error), Ok(link)) if error.kind() == ErrorKind::NotFound && link.is_symlink() => {
                let fact = format!("{} is a symbolic link to nothing", short(path));
                return Err(Failure::new(Kind::Usage, fact).remedy("make what it points to, or remove it"));
            }
            (Err(error), _) => return Err(trouble(path, "read", &error)),
        };
        let bytes = self::read(&real).map_err(|error| trouble(path, "read", &error))?;
        let all = str::from_utf8(bytes.as_deref().unwrap_or_default()).map_err(|_| {
            Failure::new(Kind::Usage, format!("{} is no text in UTF-8", short(path))).remedy("save it as UTF-8")
        })?;
        let (mark, text) = match all.strip_prefix(MARK) {
            Some(text) => (true, text.to_owned()),
            None => (false, all.to_owned()),
        };
        Ok(File { path: path.to_owned(), real, bytes, mark, text })
    }

    /// Why the file could not be read or changed, with the place in it.
    pub fn trouble(&self, trouble: &Trouble) -> Failure {
        let path = short(&self.path);
        let fact = match trouble {
            Trouble::Syntax { line, column, what } => {
                format!("{path} cannot be read: line {line}, column {column}: {what}")
            }
            Trouble::Shape(what) => format!("{path} cannot be changed: {what}"),
        };
        Failure::new(Kind::Usage, fact)
    }

    /// The bytes of the file with another text.
    pub fn bytes_of(&self, text: &str) -> Vec<u8> {
        format!("{}{text}", if self.mark { MARK } else { "" }).into_bytes()
    }

    /// Replaces the file as a whole, and reads it again. Says where what was there is now. For who holds
    /// [`crate::config::lock`], as all that writes here.
    ///
    /// # Errors
    /// The new bytes are not there; the old ones are. Or somebody else has changed it meanwhile.
    pub fn replace(&self, bytes: &[u8], home: &Home, editor: &str) -> Result<Option<PathBuf>, Failure> {
        let backup = self.keep(home, editor)?;
        self.put(bytes)?;
        Ok(backup)
    }

    /// Whether the file is still as it was read.
    ///
    /// # Errors
    /// It is not.
    pub fn is_unchanged(&self) -> Result<(), Failure> {
        if read(&self.real).map_err(|error| trouble(&self.path, "read", &error))? != self.bytes {
            return Err(Failure::new(Kind::Usage, format!("{} has been changed meanwhile", short(&self.path)))
                .remedy("close the editor, and try again"));
        }
        Ok(())
    }

    /// Whether nothing is known that would be in the way of replacing it.
    ///
    /// # Errors
    /// It is read-only, or its folder takes no new file.
    pub fn replaceable(&self) -> Result<(), Failure> {
        let read_only = fs::metadata(&self.real).is_ok_and(|there| there.permissions().readonly());
        if read_only || !takes_files(self.real.parent()) {
            let fact = format!("{} cannot be written", short(&self.path));
            return Err(Failure::new(Kind::Usage, fact).remedy("make the file and its folder writable for you"));
        }
        Ok(())
    }

    /// Keeps a copy of what is there, and says where.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, home: &Home, editor: &str) -> Result<Option<PathBuf>, Failure> {
        let place = self.place_of_copy(home, editor)?;
        self.keep_at(place.as_deref())?;
        Ok(place)
    }

    /// Where a copy of what is there has a name of its own; `None` if nothing is there.
    ///
    /// # Errors
    /// There is no folder for it.
    pub fn place_of_copy(&self, home: &Home, editor: &str) -> Result<Option<PathBuf>, Failure> {
        if self.bytes.is_none() {
            return Ok(None);
        }
        let folder = home.folder(COPIES)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let now = now_in_ms();
        let free = (0_u32..)
            .map(|count| folder.join(format!("{}-{editor}-{name}", now + u64::from(count))))
            .find(|path| !path.exists());
        Ok(Some(free.unwrap_or_else(|| folder.join("last"))))
    }

    /// Keeps a copy of what is there at such a place. Only the user can read it: such a file may hold keys.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep_at(&self, place: Option<&Path>) -> Result<(), Failure> {
        let (Some(place), Some(before)) = (place, &self.bytes) else { return Ok(()) };
        replace(place, before).map_err(|error| crate::config::unwritable(place, &error))?;
        // Every copy has a name of its own.
        place.parent().into_iter().for_each(sweep_all);
        Ok(())
    }

    /// Replaces the file as a whole, and reads it again.
    ///
    /// # Errors
    /// As for [`File::replace`].
    pub fn put(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.is_unchanged()?;
        let unwritable = |error: io::Error| trouble(&self.path, "written", &error);
        if self.bytes.is_some() {
            rewrite(&self.real, bytes).map_err(unwritable)?;
        } else {
            if let Some(folder) = self.real.parent() {
                fs::create_dir_all(folder).map_err(unwritable)?;
            }
            create(&self.real, bytes).map_err(unwritable)?;
        }
        sweep(&self.real);
        match read(&self.real).map_err(unwritable)? {
            Some(there) if there == bytes => Ok(()),
            _ => {
                Err(Failure::new(Kind::Usage, format!("{} was changed by another program at once", short(&self.path)))
                    .remedy("close the editor, and try again"))
            }
        }
    }

    /// Removes the file, which nobody had before us.
    ///
    /// # Errors
    /// It is still there.
    pub fn delete(&self) -> Result<(), Failure> {
        sweep(&self.real);
        fs::remove_file(&self.real).map_err(|error| trouble(&self.path, "removed", &error))
    }
}

/// Whether the file of a new name could be made in a folder: it is how a file is replaced.
#[cfg(unix)]
fn takes_files(folder: Option<&Path>) -> bool {
    use rustix::fs::{Access, access};
    folder.is_none_or(|folder| access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

#[cfg(windows)]
fn takes_files(_: Option<&Path>) -> bool {
    true
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read_regular(path, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn trouble(path: &Path, done: &str, error: &io::Error) -> Failure {
    let otherwise = "mend this, or print the entry and paste it: add --print";
    let remedy = remedy(error, "make the file and its folder readable and writable for you", otherwise);
    Failure::new(Kind::Usage, format!("{} cannot be {done}: {error}", short(path))).remedy(remedy)
}

/// The folder of copies in the state folder.
pub const COPIES: &str = "backups";
/// Bytes. Claude Code keeps the histories of all projects in its file.
const LARGEST: u64 = 256 * 1024 * 1024;
/// U+FEFF.
const MARK: &str = "\u{feff}";

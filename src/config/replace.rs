//! How a file is read, and how it is replaced, as a whole.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Reads the file at `path`, which may have `most` bytes. A pipe in its place would be waited for without
/// an end, and a device may have none.
///
/// # Errors
/// It cannot be read, is no regular file, or is larger.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let refuse = |why: &str| Err(io::Error::other(why.to_owned()));
    // Before it is opened: that is where one waits for the other end of a pipe.
    if !fs::metadata(path)?.is_file() {
        return refuse("it is no regular file");
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return refuse(&format!("it is larger than {most} bytes"));
    }
    Ok(bytes)
}

/// Replaces the file at `path` as a whole: whoever reads it sees the old bytes or the new ones, also
/// after a crash or with a full disk. Only its owner can read it.
///
/// # Errors
/// The new bytes are not safely there. The old ones are.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(prepare(path, bytes)?, path)
}

/// Replaces a file of a person, like [`replace`]: who could read it still can.
///
/// # Errors
/// The new bytes are not safely there. The old ones are.
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    let file = prepare(path, bytes)?;
    file.as_file().set_permissions(permissions)?;
    put(file, path)
}

/// Makes a file of a person at `path`, where there is none, as a whole: nobody sees it empty. Who can read it is what
/// the umask says, as for any other file that the user makes.
///
/// # Errors
/// There is something, or the bytes are not safely there.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = beside(path, |new| {
        #[cfg(unix)]
        new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let _ = new;
    })?;
    match fill(file, bytes)?.persist_noclobber(path) {
        Ok(_) => sync_folder(path),
        // It is a hard link on some systems, which not every disk has.
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists && !path.exists() => put(error.file, path),
        Err(error) => Err(error.error),
    }
}

fn put(mut file: NamedTempFile, path: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match file.persist(path) {
            Ok(_) => break,
            // Windows: a virus scanner, or a process that reads the file, holds it for a moment.
            Err(error) if cfg!(windows) && error.error.kind() == ErrorKind::PermissionDenied && tries < RENAMES => {
                tries += 1;
                std::thread::sleep(RENAME_PAUSE);
                file = error.file;
            }
            Err(error) => return Err(error.error),
        }
    }
    sync_folder(path)
}

/// The rename itself is safe only when the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The bytes in a file beside `path`, safely on the disk. It is removed unless it is renamed.
pub(super) fn prepare(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let file = beside(path, |_| ())?;
    // It was made so, but the umask can take even the owner's bits away.
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    fill(file, bytes)
}

/// An empty file beside `path`, made as `change` says.
fn beside(path: &Path, change: impl FnOnce(&mut Builder)) -> io::Result<NamedTempFile> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let prefix = prefix(path).ok_or(ErrorKind::InvalidInput)?;
    let mut new = Builder::new();
    change(new.prefix(&prefix).suffix(SUFFIX));
    new.tempfile_in(folder).map_err(|error| without_the_path(&error))
}

fn fill(mut file: NamedTempFile, bytes: &[u8]) -> io::Result<NamedTempFile> {
    file.write_all(bytes).map_err(|error| without_the_path(&error))?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Removes what was to take the place of the file at `path`, by a process that was killed. For who holds the lock
/// under which that file is written: without it, this is what another process is about to rename.
pub fn sweep(path: &Path) {
    if let (Some(folder), Some(prefix)) = (path.parent(), prefix(path)) {
        remove(folder, prefix.as_encoded_bytes());
    }
}

/// As [`sweep`], for every file in `folder`.
pub fn sweep_all(folder: &Path) {
    remove(folder, b".");
}

fn remove(folder: &Path, prefix: &[u8]) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix) && name.ends_with(SUFFIX.as_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How the names begin of what is beside the file at `path`.
fn prefix(path: &Path) -> Option<OsString> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name()?);
    prefix.push("-");
    Some(prefix)
}

/// What `tempfile` says, without the name of a file that nobody knows of.
fn without_the_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split_once(" at path ").map_or(&*text, |(before, _)| before).to_owned())
}

/// How the names end of files that are to be renamed: a person may have a `.mcp.json-backup` beside the file of an
/// editor, which is not ours to remove.
const SUFFIX: &str = ".mcpbridge";
/// How often a rename is tried on Windows, and how long after the last time.
const RENAMES: u32 = 40;
const RENAME_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_and_what_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_regular(&path, 5).unwrap(), b"12345");
        assert!(read_regular(&path, 4).unwrap_err().to_string().contains("larger than 4 bytes"));
        assert!(read_regular(folder.path(), 5).unwrap_err().to_string().contains("no regular file"));
        assert_eq!(read_regular(&folder.path().join("none"), 5).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_replaced_file_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        // What is in the way cannot be replaced, and stays.
        let taken = folder.path().join("folder");
        fs::create_dir_all(taken.join("full")).unwrap();
        assert!(replace(&taken, b"new").is_err() && taken.join("full").is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_the_dead_left_beside_a_file_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        for other in [".mcp.json-backup", "mcp.json", ".mcp.json"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        let left = |of: &str| prepare(&folder.path().join(of), b"new").unwrap().keep().unwrap().1;
        let (own, other) = (left("mcp.json"), left("other.json"));
        sweep(&path);
        assert!(!own.exists() && other.exists());
        sweep_all(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

//! Files of ours, in folders where somebody else may have been first.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens the file at `path` as `options` say, and makes it, if they say so, for its owner alone. What is there
/// already has to be a file of the user, by this one name: no link is followed, and no pipe is waited for.
///
/// # Errors
/// It cannot be opened, or it is something else, which the error says.
pub fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        if std::fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink()) {
            return Err(io::Error::other("it is a symbolic link"));
        }
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    is_ours(&file, path)?;
    Ok(file)
}

/// The same for a file that a person has named: it may be a link of theirs or of the system, and lead to a device
/// or to a pipe that has a reader, as /dev/stderr does.
///
/// # Errors
/// As those of [`open`].
pub fn open_named(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
        let followed = match std::fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => {
                if !is_trusted(link.uid()) {
                    return Err(io::Error::other(format!(
                        "it is a symbolic link of another user (uid {})",
                        link.uid()
                    )));
                }
                OFlags::empty()
            }
            Ok(_) | Err(_) => OFlags::NOFOLLOW,
        };
        options.mode(0o600).custom_flags((followed | OFlags::NONBLOCK).bits().cast_signed());
        let file = options.open(path).map_err(|error| match error.raw_os_error() {
            Some(number) if number == rustix::io::Errno::NXIO.raw_os_error() => {
                io::Error::other("it is a pipe that nobody reads")
            }
            _ => error,
        })?;
        let kind = file.metadata()?.file_type();
        if kind.is_char_device() || kind.is_fifo() || kind.is_socket() {
            return Ok(file);
        }
        is_ours(&file, path)?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// That an open file is the user's alone. Who has linked to one of theirs from elsewhere would have us write into
/// that. What others may change is taken from them.
#[cfg(unix)]
fn is_ours(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let there = file.metadata()?;
    let refuse = |why: String| Err(io::Error::other(why));
    let me = rustix::process::geteuid().as_raw();
    // Root in a container often works in a folder of the user outside, and with what that user has there.
    let is_of_the_folder = || {
        let folder = path.parent().and_then(|folder| std::fs::metadata(folder).ok());
        me == 0 && folder.is_some_and(|folder| folder.uid() == there.uid())
    };
    if !there.is_file() {
        return refuse("it is no regular file".into());
    }
    if there.uid() != me && !is_of_the_folder() {
        return refuse(format!("it belongs to another user (uid {})", there.uid()));
    }
    if there.nlink() > 1 {
        return refuse("it has another name beside this one".into());
    }
    if there.mode() & 0o022 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(there.mode() & 0o755))?;
    }
    Ok(())
}

/// Whether what this user made leads where we would go ourselves.
#[cfg(unix)]
fn is_trusted(uid: u32) -> bool {
    [rustix::process::geteuid().as_raw(), 0].contains(&uid)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// How a test is told what becomes of a path.
    type Opened = fn(&mut OpenOptions, &Path) -> io::Result<File>;

    fn appended(opened: Opened, path: &Path) -> Result<(), String> {
        let mut file = opened(OpenOptions::new().create(true).append(true), path).map_err(|error| error.to_string())?;
        file.write_all(b"x").map_err(|error| error.to_string())
    }

    #[test]
    fn only_a_regular_file_by_its_one_name_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("precious"), "data").unwrap();
        symlink(path("precious"), path("link")).unwrap();
        symlink(path("nowhere"), path("dangling")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        for (name, why) in [("link", "symbolic link"), ("dangling", "symbolic link"), ("pipe", ""), (".", "")] {
            let refused = appended(open, &path(name)).unwrap_err();
            assert!(refused.contains(why), "{name}: {refused}");
        }
        fs::hard_link(path("precious"), path("second")).unwrap();
        for opened in [open as Opened, open_named] {
            assert!(appended(opened, &path("second")).unwrap_err().contains("another name"));
        }
        assert_eq!(fs::read_to_string(path("precious")).unwrap(), "data");
        assert!(!path("nowhere").exists());
        appended(open, &path("new")).unwrap();
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("new"), 0o600);
        fs::set_permissions(path("new"), fs::Permissions::from_mode(0o666)).unwrap();
        appended(open, &path("new")).unwrap();
        assert_eq!((mode("new"), fs::read_to_string(path("new")).unwrap().as_str()), (0o644, "xx"));
    }

    #[test]
    fn a_file_that_a_person_names_may_be_their_link_or_a_device_and_no_pipe_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink(path("log"), path("link")).unwrap();
        appended(open_named, &path("link")).unwrap();
        appended(open_named, Path::new("/dev/null")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        assert!(appended(open_named, &path("pipe")).unwrap_err().contains("nobody reads"));
        assert_eq!(fs::read_to_string(path("log")).unwrap(), "x");
    }

    /// Only root can make files of somebody else.
    #[test]
    fn what_belongs_to_somebody_else_is_neither_followed_nor_written() {
        use std::os::unix::fs::{chown, lchown};
        const NOBODY: u32 = 65_534;
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("theirs"), "").unwrap();
        fs::set_permissions(path("theirs"), fs::Permissions::from_mode(0o666)).unwrap();
        chown(path("theirs"), Some(NOBODY), None).unwrap();
        symlink(path("mine"), path("link")).unwrap();
        lchown(path("link"), Some(NOBODY), None).unwrap();
        for opened in [open as Opened, open_named] {
            assert!(appended(opened, &path("theirs")).unwrap_err().contains("another user (uid 65534)"));
            assert!(appended(opened, &path("link")).unwrap_err().contains("symbolic link"));
        }
        assert!(!path("mine").exists());
        assert_eq!(fs::read_to_string(path("theirs")).unwrap(), "");
    }
}

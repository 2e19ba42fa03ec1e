//! Files of ours, in folders where somebody else may have been first.

#[cfg(unix)]
use std::fs::Metadata;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens the file at `path` as `options` say, and makes it, if they say so, for its owner alone. What is there
/// already has to be a file of the user: no link is followed, no pipe is waited for, and where others can put files
/// it has no other name.
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
/// or to a pipe that has a reader, as /dev/stderr does. Its mode is theirs to choose, and owners and modes are asked
/// for only where others can put files: many file systems know neither and say the same of every file.
///
/// # Errors
/// It cannot be opened, or somebody else may have put it there, which the error says.
pub fn open_named(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
        let followed = match std::fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => {
                if !is_trusted(link.uid()) && folder_of(path).is_none_or(|folder| is_changed_by_others(&folder)) {
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
                let is_socket = std::fs::metadata(path).is_ok_and(|there| there.file_type().is_socket());
                io::Error::other(if is_socket { "it is a socket" } else { "it is a pipe that nobody reads" })
            }
            _ => error,
        })?;
        let there = file.metadata()?;
        let kind = there.file_type();
        if kind.is_char_device() || kind.is_fifo() || kind.is_socket() {
            // Who writes waits for a slow reader; otherwise half of what is written would be lost.
            if let Ok(flags) = rustix::fs::fcntl_getfl(&file) {
                let _ = rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK);
            }
            return Ok(file);
        }
        if !there.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        // Where it is, behind links. What has no name any more was handed to us open.
        let folder = std::fs::canonicalize(path).ok().and_then(|path| folder_of(&path));
        if let Some(folder) = folder.filter(is_everybodys) {
            if !is_trusted(there.uid()) && there.uid() != folder.uid() {
                return Err(of_another_user(there.uid()));
            }
            has_one_name(&there)?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Opens the file at `path` to be locked, and makes it where there is none.
///
/// # Errors
/// As for [`open`].
pub fn open_to_lock(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().create(true).read(true).write(true).truncate(false), path)
}

/// Makes a file at `path`, where there is none, for its owner alone. No link is followed, wherever it leads (O_EXCL).
///
/// # Errors
/// There is something, or it cannot be made.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// That an open file is the user's alone. What others may change is taken from them.
#[cfg(unix)]
fn is_ours(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let there = file.metadata()?;
    let me = rustix::process::geteuid().as_raw();
    // Root in a container often works in a folder of the user outside, and with what that user has there.
    let folder = folder_of(path);
    let is_of_the_folder = || me == 0 && folder.as_ref().is_some_and(|folder| folder.uid() == there.uid());
    if !there.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if there.uid() != me && !is_of_the_folder() {
        return Err(of_another_user(there.uid()));
    }
    // In one of ours the other name is that of a backup by hard links.
    if folder.as_ref().is_none_or(is_everybodys) {
        has_one_name(&there)?;
    }
    if there.mode() & 0o022 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(there.mode() & 0o755))?;
    }
    Ok(())
}

/// Who has linked to a file of ours from elsewhere would have us write into that.
#[cfg(unix)]
fn has_one_name(there: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if there.nlink() > 1 {
        return Err(io::Error::other("it has another name beside this one"));
    }
    Ok(())
}

#[cfg(unix)]
fn of_another_user(uid: u32) -> io::Error {
    io::Error::other(format!("it belongs to another user (uid {uid})"))
}

/// The folder that has `path` in it.
#[cfg(unix)]
fn folder_of(path: &Path) -> Option<Metadata> {
    let folder = path.parent()?;
    // That of a mere name.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::fs::metadata(folder).ok()
}

/// Whether anybody else can put a file there. A group that has it is one that somebody has chosen, unless they may
/// not remove each other's files: then they do not trust each other.
#[cfg(unix)]
fn is_everybodys(folder: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    folder.mode() & 0o002 != 0 || folder.mode() & STICKY != 0 && folder.mode() & 0o020 != 0
}

/// Whether it is somebody else, or anybody beside us, who makes links there. A link leads to any file of ours, so
/// nobody is trusted with one.
#[cfg(unix)]
fn is_changed_by_others(folder: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    is_everybodys(folder) || folder.mode() & 0o020 != 0 || !is_trusted(folder.uid())
}

/// Whether what this user made leads where we would go ourselves.
#[cfg(unix)]
pub fn is_trusted(uid: u32) -> bool {
    [rustix::process::geteuid().as_raw(), 0].contains(&uid)
}

/// In a folder with this bit nobody removes what others have put there.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::{Read, Write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// How a test is told what becomes of a path.
    type Opened = fn(&mut OpenOptions, &Path) -> io::Result<File>;

    fn appended(opened: Opened, path: &Path) -> Result<(), String> {
        let mut file = opened(OpenOptions::new().create(true).append(true), path).map_err(|error| error.to_string())?;
        file.write_all(b"x").map_err(|error| error.to_string())
    }

    #[test]
    fn only_a_regular_file_of_ours_is_opened_and_where_others_put_files_by_its_one_name() {
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
        let set = |mode: u32| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        set(0o777);
        assert!(appended(open, &path("second")).unwrap_err().contains("another name"));
        set(0o700);
        assert_eq!(fs::read_to_string(path("precious")).unwrap(), "data");
        assert!(!path("nowhere").exists());
        appended(open, &path("second")).unwrap();
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
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        assert_eq!(appended(open_named, &path("socket")).unwrap_err(), "it is a socket");
        assert_eq!(fs::read_to_string(path("log")).unwrap(), "x");
    }

    #[test]
    fn a_pipe_that_is_read_slowly_gets_all_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut reader = open_reader(&pipe);
        let mut writer = open_named(OpenOptions::new().append(true), &pipe).unwrap();
        // More than any pipe holds.
        let line = vec![b'x'; 4 * 1024 * 1024];
        let copy = line.clone();
        let written = std::thread::spawn(move || writer.write_all(&copy));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        written.join().unwrap().unwrap();
        assert!(read == line, "{} of {}", read.len(), line.len());
    }

    /// Waits for no writer, but for what one writes.
    fn open_reader(pipe: &Path) -> File {
        use rustix::fs::{OFlags, fcntl_setfl};
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let reader = OpenOptions::new().read(true).custom_flags(flags).open(pipe).unwrap();
        fcntl_setfl(&reader, OFlags::empty()).unwrap();
        reader
    }

    #[test]
    fn a_file_that_a_person_names_keeps_its_mode_and_its_other_names_but_in_a_folder_of_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        fs::write(path("shared"), "").unwrap();
        set(&path("shared"), 0o666);
        fs::hard_link(path("shared"), path("second")).unwrap();
        symlink(path("second"), path("link")).unwrap();
        appended(open_named, &path("shared")).unwrap();
        appended(open_named, &path("link")).unwrap();
        assert_eq!(fs::metadata(path("shared")).unwrap().permissions().mode() & 0o777, 0o666);
        // As every folder and file seems to be where the file system knows no modes.
        set(folder.path(), 0o777);
        for name in ["second", "link"] {
            assert!(appended(open_named, &path(name)).unwrap_err().contains("another name"), "{name}");
        }
        fs::remove_file(path("second")).unwrap();
        for name in ["shared", "new"] {
            appended(open_named, &path(name)).unwrap();
        }
        assert_eq!(fs::read_to_string(path("shared")).unwrap(), "xxx");
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
        let set = |mode: u32| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        fs::write(path("theirs"), "").unwrap();
        fs::set_permissions(path("theirs"), fs::Permissions::from_mode(0o666)).unwrap();
        chown(path("theirs"), Some(NOBODY), None).unwrap();
        symlink(path("mine"), path("link")).unwrap();
        lchown(path("link"), Some(NOBODY), None).unwrap();
        let refuses = |opened: Opened, name: &str| {
            let why = if name == "link" { "symbolic link" } else { "another user (uid 65534)" };
            let refused = appended(opened, &path(name)).unwrap_err();
            assert!(refused.contains(why), "{name}: {refused}");
        };
        set(0o777);
        for (opened, name) in [(open as Opened, "theirs"), (open, "link"), (open_named, "theirs"), (open_named, "link")]
        {
            refuses(opened, name);
        }
        // The group of a folder is one that somebody has chosen, but a link leads to any file.
        set(0o770);
        refuses(open, "theirs");
        refuses(open_named, "link");
        assert!(!path("mine").exists());
        assert_eq!(fs::read_to_string(path("theirs")).unwrap(), "");
        appended(open_named, &path("theirs")).unwrap();
        // Where all belongs to one user, as on many a mounted disk, that user is nobody else.
        set(0o777);
        chown(folder.path(), Some(NOBODY), None).unwrap();
        appended(open_named, &path("theirs")).unwrap();
        refuses(open_named, "link");
        // Nobody else could have made it.
        chown(folder.path(), Some(0), None).unwrap();
        set(0o755);
        appended(open_named, &path("link")).unwrap();
        assert_eq!(fs::read_to_string(path("mine")).unwrap(), "x");
    }
}

//! The folders that all processes of a user share.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{self, Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::replace::prepare;
use crate::failure::{Failure, Kind};
#[cfg(unix)]
use crate::private;

/// The folders that all processes of a user share. Nothing is made before it is needed: who relays
/// to a server that asks for no sign-in, and was as it is presumed to be, leaves the history of the run,
/// and with `--no-history` no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    state: PathBuf,
    config: PathBuf,
}

impl Home {
    /// The folders of this user. `variable` reads the environment, of which only
    /// `MCPBRIDGE_CONFIG_DIR` is asked for; `HOME` and the XDG variables are read from the process.
    ///
    /// # Errors
    /// The user has no home, or `MCPBRIDGE_CONFIG_DIR` cannot be what it says: [`Kind::Usage`].
    pub fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Home, Failure> {
        if let Some(folder) = variable(VARIABLE).filter(|folder| !folder.is_empty()) {
            let shown = Path::new(&folder).display().to_string();
            let refuse = |why: &str| {
                let fact = format!("{VARIABLE}={shown} {why}");
                Failure::new(Kind::Usage, fact).remedy("give it the whole path of a folder")
            };
            // Only a shell expands it, and editors start their servers without one.
            if shown.starts_with('~') {
                return Err(refuse("begins with a ~, which nothing has expanded"));
            }
            let folder = path::absolute(folder).map_err(|error| refuse(&format!("is no path: {error}")))?;
            return Ok(Home::at(folder));
        }
        Home::of_user().filter(|home| home.state.is_absolute()).ok_or_else(|| {
            Failure::new(Kind::Usage, "this user has no home folder")
                .remedy(format!("set {VARIABLE} to a folder that mcpbridge may use"))
        })
    }

    /// Everything in one folder.
    pub fn at(folder: impl Into<PathBuf>) -> Home {
        let state = folder.into();
        Home { config: state.clone(), state }
    }

    /// What the processes know, each of which may change it at any time. Perhaps not there yet.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What a person writes. Perhaps not there yet.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Whether the state folder is there, and nobody else can change what is in it.
    ///
    /// # Errors
    /// Somebody else can, or it is no folder: [`Kind::StoreUnavailable`].
    pub fn is_there(&self) -> Result<bool, Failure> {
        is_safe(&self.state)
    }

    /// Whether the folder `name` in the state folder is there, and nobody else can change what is in either.
    ///
    /// # Errors
    /// As those of [`Home::is_there`].
    pub fn has(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.is_there()? && is_safe(&self.state.join(name))?)
    }

    /// A folder in the state folder, made if it is not there. Nobody else can look into it.
    ///
    /// # Errors
    /// It cannot be made, or it or the state folder is not safe: [`Kind::StoreUnavailable`].
    pub fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        self.make()?;
        let folder = self.state.join(name);
        make_private(&folder).map_err(|error| unwritable(&folder, &error))?;
        is_safe(&folder)?;
        Ok(folder)
    }

    /// The random id of the state folder, made on the first call of all processes. It is part of the
    /// name of everything that is kept outside, so that two folders never share a grant.
    ///
    /// # Errors
    /// It cannot be written, or what is there is no id: [`Kind::StoreUnavailable`].
    pub fn id(&self) -> Result<String, Failure> {
        if let Some(id) = self.known_id()? {
            return Ok(id);
        }
        self.make()?;
        let path = self.state.join(ID);
        let text = format!("{:016x}{:016x}\n", number(), number());
        let made = prepare(&path, text.as_bytes())
            .and_then(|file| file.persist_noclobber(&path).map_err(|error| error.error))
            .map(drop);
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(unwritable(&path, &error)),
            // Another process was faster: its id is the one.
            _ => {}
        }
        self.known_id()?.ok_or_else(|| unreadable(&path, &ErrorKind::NotFound.into()))
    }

    /// The random id, if there is one. Without one nothing was ever kept outside of the folder.
    ///
    /// # Errors
    /// It cannot be read, or what is there is no id: [`Kind::StoreUnavailable`].
    pub fn known_id(&self) -> Result<Option<String>, Failure> {
        if !self.is_there()? {
            return Ok(None);
        }
        let path = self.state.join(ID);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| unreadable(&path, &error))?,
        };
        let id = str::from_utf8(&text).unwrap_or_default().trim();
        if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Some(id.to_owned()));
        }
        let fact = format!("{} does not hold the id of its folder any more", path.display());
        Err(Failure::new(Kind::StoreUnavailable, fact)
            .remedy("bring it back from a backup, or remove it and sign in again everywhere"))
    }

    fn of_user() -> Option<Home> {
        if cfg!(windows) {
            // Not in AppData: an editor from a package sees a private copy of that.
            return Some(Home::at(BaseDirs::new()?.home_dir().join(".mcpbridge")));
        }
        let user = ProjectDirs::from("", "", "mcpbridge")?;
        let state = user.state_dir().unwrap_or(user.data_local_dir()).to_owned();
        let config = if cfg!(target_os = "macos") {
            BaseDirs::new()?.home_dir().join(".config/mcpbridge")
        } else {
            user.config_dir().to_owned()
        };
        Some(Home { state, config })
    }

    fn make(&self) -> Result<(), Failure> {
        if !self.is_there()? {
            make_private(&self.state).map_err(|error| unwritable(&self.state, &error))?;
            // Somebody else may have made it meanwhile.
            self.is_there()?;
        }
        Ok(())
    }
}

/// Whether `folder` is there, and nobody else can change what is in it. It may be a link of the user.
fn is_safe(folder: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(folder) {
        // Services have homes like /dev/null, in which nothing is.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
        Err(error) => return Err(unreadable(folder, &error)),
        Ok(_) => {}
    }
    let there = fs::metadata(folder).map_err(|error| unreadable(folder, &error))?;
    if !there.is_dir() {
        return Err(refuse(folder, "is no folder", format!("move it away, or set {VARIABLE} to another one")));
    }
    #[cfg(unix)]
    is_ours(folder, &there)?;
    Ok(true)
}

/// Who can write into the folder can give us the grant of another account, or a lock that never opens.
#[cfg(unix)]
fn is_ours(folder: &Path, there: &fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::geteuid().as_raw();
    let link = fs::symlink_metadata(folder).map_err(|error| unreadable(folder, &error))?;
    if link.is_symlink() && !private::is_trusted(link.uid()) {
        let fact = format!("is a symbolic link of another user (uid {})", link.uid());
        return Err(refuse(folder, &fact, format!("remove it, or set {VARIABLE} to a folder of your own")));
    }
    // Root in a container often works in a folder of the user outside.
    if there.uid() != me && me != 0 {
        let fact = format!("belongs to another user (uid {})", there.uid());
        return Err(refuse(folder, &fact, format!("set {VARIABLE} to a folder of your own")));
    }
    if there.mode() & 0o022 != 0 {
        let fact = format!("can be written to by others (mode {:o})", there.mode() & 0o7777);
        return Err(refuse(folder, &fact, format!("run: chmod go-w {}", folder.display())));
    }
    Ok(())
}

fn refuse(folder: &Path, why: &str, remedy: String) -> Failure {
    Failure::new(Kind::StoreUnavailable, format!("the folder {} {why}", folder.display())).remedy(remedy)
}

/// `path` for a person, with `~` for the home folder.
pub fn short(path: &Path) -> String {
    let below = BaseDirs::new().and_then(|user| path.strip_prefix(user.home_dir()).ok().map(Path::to_owned));
    below.map_or_else(|| path.display().to_string(), |below| format!("~{}{}", path::MAIN_SEPARATOR, below.display()))
}

/// The failure of a file or folder of ours that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let writable = format!("make it writable for you, or set {VARIABLE} to a folder that is");
    let remedy = remedy(error, &writable, &elsewhere());
    Failure::new(Kind::StoreUnavailable, format!("{} cannot be written: {error}", path.display())).remedy(remedy)
}

/// What helps where something cannot be written: `writable` if that is not allowed, `otherwise` if it is not for want of
/// room either.
pub fn remedy(error: &io::Error, writable: &str, otherwise: &str) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space, then try again"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => writable,
        _ => otherwise,
    }
    .to_owned()
}

/// What helps against nearly everything.
pub(super) fn elsewhere() -> String {
    format!("mend this, or set {VARIABLE} to another folder")
}

/// The failure of a file or folder of ours that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Kind::StoreUnavailable, format!("{} cannot be read: {error}", path.display()))
        .remedy(format!("make it readable for you, or set {VARIABLE} to another folder"))
}

/// Makes a folder, and those above that are missing, for their owner alone.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = match (builder.create(folder), folder.parent()) {
        (Err(error), Some(parent)) if error.kind() == ErrorKind::NotFound => {
            make_private(parent)?;
            builder.create(folder)
        }
        (made, _) => made,
    };
    match made {
        Ok(()) => {
            // As for files: the umask.
            #[cfg(unix)]
            fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// A number that no other folder has. That nobody could guess it is not asked for; the standard
/// library draws its hash keys from the operating system.
fn number() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Moves all the folders.
const VARIABLE: &str = "MCPBRIDGE_CONFIG_DIR";
/// The file with the id of its folder.
const ID: &str = "id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variable_moves_everything_and_is_made_absolute() {
        let home = |value: &str| {
            let value = OsString::from(value);
            Home::find(move |name| (name == VARIABLE).then(|| value.clone()))
        };
        let here = std::env::current_dir().unwrap();
        assert_eq!(home("some/where").unwrap(), Home::at(here.join("some/where")));
        assert_eq!(home("some/where").unwrap().config(), here.join("some/where"));
        assert_eq!(home("~/bridge").unwrap_err().kind, Kind::Usage);
        // As if it were not there.
        assert_eq!(home("").is_ok(), Home::find(|_| None).is_ok());
    }

    #[test]
    fn looking_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("state"));
        assert!(!home.is_there().unwrap() && home.known_id().unwrap().is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn all_who_ask_for_the_id_at_once_get_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("a/b/state"));
        let ids: Vec<String> = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..16).map(|_| scope.spawn(|| home.id().unwrap())).collect();
            askers.into_iter().map(|asker| asker.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0] && id.len() == 32), "{ids:?}");
        assert_ne!(Home::at(folder.path().join("other")).id().unwrap(), ids[0]);
        let names: Vec<_> = fs::read_dir(home.state()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [ID], "nothing else may be left");
    }

    #[test]
    fn a_damaged_id_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        fs::write(folder.path().join(ID), "12ab").unwrap();
        let failure = home.id().unwrap_err();
        assert_eq!(failure.kind, Kind::StoreUnavailable);
        assert!(failure.fact.contains(folder.path().join(ID).to_str().unwrap()), "{failure}");
        assert_eq!(fs::read_to_string(folder.path().join(ID)).unwrap(), "12ab");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        for (mode, safe) in [(0o700, true), (0o755, true), (0o775, false), (0o707, false), (0o1777, false)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            let is_there = home.is_there();
            assert_eq!(is_there.is_ok(), safe, "{mode:o}");
            if let Err(failure) = is_there {
                assert!(failure.to_string().contains("run: chmod go-w /"), "{failure}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_below_the_state_folder_is_looked_at_as_closely() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("state"));
        let path = home.folder("credentials").unwrap();
        assert!(home.has("credentials").unwrap() && !home.has("locks").unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        for failure in [home.folder("credentials").unwrap_err(), home.has("credentials").unwrap_err()] {
            assert!(failure.to_string().contains(&format!("run: chmod go-w {}", path.display())), "{failure}");
        }
        // A link may lead to a folder of ours, and to none of everybody's.
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        symlink(&open, home.state().join("locks")).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(home.has("locks").unwrap());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(home.folder("locks").unwrap_err().fact.contains("written to by others"));
    }

    #[cfg(unix)]
    #[test]
    fn the_state_folder_may_be_a_link_of_ours_but_not_a_file_or_a_broken_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(Home::at(&link).is_there().unwrap_err().kind, Kind::StoreUnavailable);
        fs::create_dir(&real).unwrap();
        assert!(Home::at(&link).is_there().unwrap());
        fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(Home::at(folder.path().join("file")).id().unwrap_err().kind, Kind::StoreUnavailable);
    }

    /// Only root can make folders of somebody else.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
        let nobody = rustix::process::Uid::from_raw(65_534);
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
        symlink(&real, &link).unwrap();
        lchown(&link, Some(nobody.as_raw()), None).unwrap();
        assert!(Home::at(&link).is_there().unwrap_err().fact.contains("symbolic link of another user (uid 65534)"));
        // And so for what is below.
        let home = Home::at(folder.path());
        assert!(home.folder("link").unwrap_err().fact.contains("symbolic link of another user (uid 65534)"));
        // The user of this thread alone becomes another one.
        let seen_by_nobody = |path: PathBuf| {
            let look = move || {
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
                Home::at(path).is_there()
            };
            std::thread::spawn(look).join().unwrap()
        };
        assert!(seen_by_nobody(real.clone()).unwrap_err().fact.contains("belongs to another user (uid 0)"));
        chown(&real, Some(nobody.as_raw()), None).unwrap();
        assert!(seen_by_nobody(real.clone()).unwrap());
        assert!(seen_by_nobody(link).unwrap());
        // Root in a container works in folders of others.
        assert!(Home::at(real).is_there().unwrap());
    }
}

//! Where sign-ins are kept: the folder, the credential store, and what was left behind.

#[cfg(unix)]
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::report::{Report, Step};
use crate::clock::now;
use crate::commands::access;
use crate::commands::moment::ago;
use crate::config::{Home, short};
use crate::failure::{Failure, Kind};
use crate::store::{Entry, Kept, Key, Lock, Store};

/// Looks at the folder, the store and the sign-ins in it.
///
/// # Errors
/// The report cannot be printed.
pub async fn examine(home: &Home, fix: bool, report: &mut Report) -> anyhow::Result<()> {
    let folder = folder(home, fix);
    let failed = folder.is_failure();
    report.add(folder)?;
    if failed {
        return report.skip_all(&["store", "sign-ins"], "not tried, because of state");
    }
    let store = match access::store() {
        Ok(store) => store,
        Err(failure) => {
            report.add(Step::failed("store", &failure))?;
            return report.skip_all(&["sign-ins"], "not tried, because of store");
        }
    };
    let works = timeout(STORE, works(home, &store)).await;
    report.add(works.unwrap_or_else(|_| {
        let fact = format!("the credential store has not answered for {} s", STORE.as_secs());
        Step::fail("store", Kind::StoreUnavailable, fact, "unlock it, or set MCPBRIDGE_CREDENTIAL_STORE=file")
    }))?;
    for step in sign_ins(&store, fix).await {
        report.add(step)?;
    }
    Ok(())
}

fn folder(home: &Home, fix: bool) -> Step {
    let shown = short(home.state());
    match home.is_there() {
        Ok(false) => return Step::ok("state", format!("nothing was kept yet; it will be in {shown}")),
        Ok(true) => {}
        Err(failure) => return mended(home.state(), Step::failed("state", &failure), fix, || home.is_there().is_ok()),
    }
    for name in FOLDERS {
        if let Err(failure) = home.has(name) {
            let unsafe_one = home.state().join(name);
            return mended(&unsafe_one, Step::failed("state", &failure), fix, || home.has(name).is_ok());
        }
    }
    let open = open_to_others(home.state());
    if open.is_empty() {
        return Step::ok("state", format!("{shown} can be changed by nobody else"));
    }
    let fact = format!("others can read {} in {shown}", some(&open, home.state()));
    let step = Step::warn("state", fact, "run: mcpbridge doctor --fix").fixable();
    if !fix {
        return step;
    }
    match open.iter().try_for_each(|path| close(path)) {
        Ok(()) => step.fixed("they are for you alone now"),
        Err(error) => Step { detail: format!("{}, and that cannot be changed: {error}", step.detail), ..step },
    }
}

/// The step of a folder that others can write to, which one can mend who owns it.
fn mended(folder: &Path, step: Step, fix: bool, is_well: impl Fn() -> bool) -> Step {
    if !is_written_by_others(folder) {
        return step;
    }
    let step = step.fixable();
    if !fix {
        return step;
    }
    match close(folder) {
        Ok(()) if is_well() => step.fixed("it is for you alone now"),
        Ok(()) => step,
        Err(error) => Step { detail: format!("{}, and that cannot be changed: {error}", step.detail), ..step },
    }
}

#[cfg(unix)]
fn is_written_by_others(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder).is_ok_and(|it| it.is_dir() && it.mode() & 0o022 != 0)
}

#[cfg(not(unix))]
fn is_written_by_others(_: &Path) -> bool {
    false
}

/// Folders and files of the state that others can look into.
#[cfg(unix)]
fn open_to_others(state: &Path) -> Vec<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let mut open = Vec::new();
    for name in PRIVATE {
        let folder = state.join(name);
        let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in [folder.clone()].into_iter().chain(files) {
            // Not through a link: what it leads to is somebody's own affair.
            if fs::symlink_metadata(&path).is_ok_and(|it| !it.is_symlink() && it.mode() & 0o077 != 0) {
                open.push(path);
            }
        }
    }
    open
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Vec<PathBuf> {
    Vec::new()
}

/// Takes the rights of others away.
#[cfg(unix)]
fn close(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
}

#[cfg(not(unix))]
fn close(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn some(paths: &[PathBuf], below: &Path) -> String {
    let name = |path: &PathBuf| path.strip_prefix(below).unwrap_or(path).display().to_string();
    match paths {
        [only] => name(only),
        [first, rest @ ..] => format!("{} and {} more", name(first), rest.len()),
        [] => String::new(),
    }
}

/// Whether a sign-in could be kept.
async fn works(home: &Home, store: &Store) -> Step {
    let Some(trial) = Key::spelled(NOBODY) else { return Step::skip("store", "there is nothing to try it with") };
    let place = match store.destination(&trial).await {
        Ok(place) => place,
        Err(failure) => return Step::failed("store", &failure),
    };
    // A folder that has never kept anything gets nothing because of a look.
    let used = matches!(home.known_id(), Ok(Some(_)));
    match place {
        Kept::Keychain if used => match store.rehearse(&trial).await {
            Ok(()) => Step::ok("store", format!("the {place} takes and gives")),
            Err(failure) => Step::failed("store", &failure),
        },
        Kept::Keychain => Step::ok("store", format!("the {place} is there, and keeps nothing yet")),
        Kept::File(_) => {
            let chosen = std::env::var_os("MCPBRIDGE_CREDENTIAL_STORE");
            let why = match chosen.as_deref().and_then(|it| it.to_str()) {
                Some("file") => "as MCPBRIDGE_CREDENTIAL_STORE says",
                _ => "because this system has no keychain service",
            };
            Step::ok("store", format!("files in {}, {why}", short(&home.state().join("credentials"))))
        }
        Kept::Memory => {
            let fact = "memory, as MCPBRIDGE_CREDENTIAL_STORE says: nothing outlives its process";
            Step::warn("store", fact, "unset it, or set it to keychain or file")
        }
    }
}

async fn sign_ins(store: &Store, fix: bool) -> Vec<Step> {
    let (mut steps, mut good) = (Vec::new(), 0);
    let entries = match store.entries() {
        Ok(entries) => entries,
        Err(failure) => return vec![Step::failed("sign-ins", &failure)],
    };
    for (key, entry) in entries {
        match entry {
            Err(failure) => steps.push(damaged(store, &key, &failure, fix).await),
            Ok(entry) => match worn(&entry) {
                Some(step) => steps.push(step),
                None => good += 1,
            },
        }
    }
    for (key, pending) in store.under_way() {
        // Who waits for the browser holds the lock; without it the process was killed.
        if !matches!(store.try_lock(&key, Lock::SignIn), Ok(Some(_))) {
            continue;
        }
        let fact = format!("a sign-in was broken off {}, and its note is still there", ago(pending.since, now()));
        let step = Step::warn("sign-ins", fact, "it does no harm; --fix removes the note").fixable();
        if fix {
            store.end_pending(&key);
        }
        steps.push(if fix { step.fixed("the note was removed") } else { step });
    }
    let told = match good {
        0 => "none are kept".to_owned(),
        1 => "1 is in order".to_owned(),
        _ => format!("{good} are in order"),
    };
    if good > 0 || steps.is_empty() {
        steps.insert(0, Step::ok("sign-ins", told));
    }
    steps
}

async fn damaged(store: &Store, key: &Key, failure: &Failure, fix: bool) -> Step {
    let step = Step::failed("sign-ins", failure).fixable();
    if !fix {
        return step;
    }
    // Reading the grant mends what is written about it.
    match store.read(key).await {
        Ok(grant) if store.entry(key).is_ok() => step.fixed(match grant {
            Some(_) => "it was written anew from the credential store",
            None => "nothing was kept there, and it was removed",
        }),
        Ok(_) => step,
        Err(failure) => Step::failed("sign-ins", &failure),
    }
}

/// The step of a sign-in that lets nobody in any more.
fn worn(entry: &Entry) -> Option<Step> {
    let about = &entry.about;
    let account = about.account.as_ref().map(|account| format!(" ({account})")).unwrap_or_default();
    let expired = entry.expires_at.filter(|end| !entry.renewable && *end <= now());
    let fact = match (&entry.ended, entry.kept, expired) {
        (Some(ended), ..) => {
            format!("that of {}{account} has ended {}: {}", about.server, ago(ended.at, now()), ended.why)
        }
        (None, None, _) => format!("that of {}{account} is not in its store any more", about.server),
        (None, Some(_), Some(end)) => {
            format!("that of {}{account} has expired {}", about.server, ago(end, now()))
        }
        (None, Some(_), None) => return None,
    };
    let command = crate::auth::command("login", &about.server, about.account.as_deref(), about.resource.as_deref());
    Some(Step::warn("sign-ins", fact, format!("run: {command}")))
}

/// How long the credential store may take for all that is asked of it.
const STORE: Duration = Duration::from_secs(10);
/// The key of no sign-in.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Folders of the state.
const FOLDERS: [&str; 12] = [
    "adoptions",
    "backups",
    "credentials",
    "editors",
    "grants",
    "history",
    "last",
    "locks",
    "runs",
    "servers",
    "signin",
    "trusted",
];
/// Those in which secrets may be, or what somebody does.
#[cfg(unix)]
const PRIVATE: [&str; 6] = ["adoptions", "backups", "credentials", "history", "runs", "signin"];

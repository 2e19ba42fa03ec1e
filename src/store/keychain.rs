//! The keychain of the system, under a deadline. The only file that names `keyring`.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::pieces;
use crate::failure::{Failure, Kind};

/// What the keychain is called on this system.
pub const NAME: &str = if cfg!(target_os = "macos") {
    "macOS Keychain"
} else if cfg!(windows) {
    "Windows Credential Manager"
} else {
    "Secret Service"
};

/// The keychain. Opened by the first call that needs it.
pub struct Keychain {
    /// Another one than the system's, for tests.
    given: Option<Arc<CredentialStore>>,
    /// The most bytes that one item of it takes.
    most: Option<usize>,
}

/// What the keychain has under a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, and that is certain.
    Nothing,
    /// All of it.
    Bytes(Vec<u8>),
    /// A part of it: somebody is writing it, or was killed while writing.
    Hole,
}

/// Why the keychain did not do what it was asked to.
#[derive(Debug)]
pub enum Refusal {
    /// This system has none: another store can be used.
    Absent(String),
    /// It is locked, silent or broken. Nothing is known of what is in it.
    Failing(Failure),
}

impl Refusal {
    /// The failure where no other store can be used.
    pub fn into_failure(self) -> Failure {
        match self {
            Refusal::Failing(failure) => failure,
            Refusal::Absent(why) => {
                let fact = format!("there is no {NAME} here: {why}");
                Failure::new(Kind::StoreUnavailable, fact).remedy(or_a_file("start one"))
            }
        }
    }
}

impl Keychain {
    /// The one of this system.
    pub fn of_system() -> Keychain {
        Keychain { given: None, most: cfg!(windows).then_some(MOST) }
    }

    /// Another one, whose items take at most `most` bytes.
    #[cfg(test)]
    pub fn given(store: Arc<CredentialStore>, most: Option<usize>) -> Keychain {
        Keychain { given: Some(store), most }
    }

    /// Whether there is one.
    ///
    /// # Errors
    /// There is none, or it does not answer as it should.
    pub async fn present(&self, patience: Duration) -> Result<(), Refusal> {
        let given = self.given.clone();
        on_thread(patience, move || open(given.as_ref()).map(drop)).await
    }

    /// What it has under `name`.
    ///
    /// # Errors
    /// As for [`Keychain::present`].
    pub async fn read(&self, service: &str, name: &str, patience: Duration) -> Result<Found, Refusal> {
        self.work(service, name, None, patience, pieces::read).await
    }

    /// Puts `bytes` there, in place of what there was. `label` is what the keychain's window shows.
    ///
    /// # Errors
    /// As for [`Keychain::present`]. What there was is still there, unless a call that did not answer
    /// in time does its work later.
    pub async fn write(
        &self,
        service: &str,
        name: &str,
        label: &str,
        bytes: Vec<u8>,
        patience: Duration,
    ) -> Result<(), Refusal> {
        let most = self.most;
        let label = Some(format!("mcpbridge: {label}"));
        self.work(service, name, label, patience, move |slots, name| pieces::write(slots, name, &bytes, most)).await
    }

    /// Removes what there is, and says whether there was anything.
    ///
    /// # Errors
    /// As for [`Keychain::present`].
    pub async fn remove(&self, service: &str, name: &str, patience: Duration) -> Result<bool, Refusal> {
        self.work(service, name, None, patience, pieces::remove).await
    }

    async fn work<T: Send + 'static>(
        &self,
        service: &str,
        name: &str,
        label: Option<String>,
        patience: Duration,
        work: impl Fn(&Slots, &str) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (given, service, name) = (self.given.clone(), service.to_owned(), name.to_owned());
        on_thread(patience, move || {
            let modifiers = if given.is_some() { HashMap::new() } else { modifiers(label) };
            let mut slots = Slots { store: open(given.as_ref())?, service, modifiers };
            let mut done = work(&slots, &name);
            if RESTARTS && given.is_none() && matches!(done, Err(Error::PlatformFailure(_))) {
                slots.store = open_anew()?;
                done = work(&slots, &name);
            }
            done.map_err(|error| Refusal::Failing(failing(&error)))
        })
        .await
    }
}

/// The items of one service in an open keychain.
pub struct Slots {
    store: Arc<CredentialStore>,
    service: String,
    modifiers: HashMap<&'static str, String>,
}

impl Slots {
    /// Those in a keychain of a test.
    #[cfg(test)]
    pub fn given(store: Arc<CredentialStore>) -> Slots {
        Slots { store, service: "service".into(), modifiers: HashMap::new() }
    }

    /// The bytes of an item, if it is there.
    ///
    /// # Errors
    /// The keychain's.
    pub fn get(&self, name: &str) -> keyring_core::Result<Option<Vec<u8>>> {
        match self.item(name)?.get_secret() {
            Err(Error::NoEntry) => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    /// Makes or replaces an item.
    ///
    /// # Errors
    /// The keychain's.
    pub fn set(&self, name: &str, bytes: &[u8]) -> keyring_core::Result<()> {
        self.item(name)?.set_secret(bytes)
    }

    /// Removes an item, and says whether it was there.
    ///
    /// # Errors
    /// The keychain's.
    pub fn remove(&self, name: &str) -> keyring_core::Result<bool> {
        match self.item(name)?.delete_credential() {
            Err(Error::NoEntry) => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    fn item(&self, name: &str) -> keyring_core::Result<Entry> {
        let modifiers = self.modifiers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Entry::new_in_store_with_modifiers(&self.store, &self.service, name, &modifiers)
    }
}

fn modifiers(label: Option<String>) -> HashMap<&'static str, String> {
    if cfg!(windows) {
        // The default roams to other computers of the domain, and two of them would share a grant.
        HashMap::from([("persistence", "Local".into())])
    } else if cfg!(target_os = "macos") {
        HashMap::new()
    } else {
        label.map(|label| ("label", label)).into_iter().collect()
    }
}

fn open(given: Option<&Arc<CredentialStore>>) -> Result<Arc<CredentialStore>, Refusal> {
    if let Some(store) = given {
        return Ok(Arc::clone(store));
    }
    if let Some(store) = keyring_core::get_default_store() {
        return Ok(store);
    }
    // `Entry::new` would say "no default store" whatever the cause.
    match keyring::Entry::store_status() {
        Ok(()) => keyring_core::get_default_store().ok_or_else(|| Refusal::Failing(failing(&Error::NoDefaultStore))),
        Err(_) if RESTARTS => open_anew(),
        Err(error) => Err(unopened(error)),
    }
}

/// Opens the keychain again. `keyring` does so once for a process, and a relay can outlive the Secret
/// Service that it knows, or have been started before it.
#[cfg(all(unix, not(target_os = "macos")))]
fn open_anew() -> Result<Arc<CredentialStore>, Refusal> {
    let store = zbus_secret_service_keyring_store::Store::new().map_err(|error| unopened(&error))?;
    keyring_core::set_default_store(Arc::clone(&store) as Arc<CredentialStore>);
    Ok(store)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn open_anew() -> Result<Arc<CredentialStore>, Refusal> {
    Err(Refusal::Failing(failing(&Error::NoDefaultStore)))
}

/// Runs `work` on the thread of the keychain. Not in `spawn_blocking`: there a call that never
/// returns would hold up the end of the process.
async fn on_thread<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (done, result) = oneshot::channel();
    let job: Job = Box::new(move || {
        // Nobody waits any more: what was said to have failed must not happen later.
        if !done.is_closed()
            && let Ok(result) = catch_unwind(AssertUnwindSafe(work))
        {
            let _ = done.send(result);
        }
    });
    let sent = thread_of_keychain().is_some_and(|jobs| jobs.send(job).is_ok());
    if !sent {
        return Err(Refusal::Failing(broken("its thread cannot be started")));
    }
    match timeout(patience, result).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Refusal::Failing(broken("a call of it broke off"))),
        Err(_) => {
            let fact = format!("the {NAME} has not answered for {} s", patience.as_secs());
            Err(Refusal::Failing(Failure::new(Kind::StoreUnavailable, fact).remedy(or_a_file("unlock it"))))
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// One for the process: the keychain does one thing at a time anyway.
fn thread_of_keychain() -> Option<&'static Sender<Job>> {
    static THREAD: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    let start = || {
        let (jobs, queue) = channel::<Job>();
        let run = move || queue.into_iter().for_each(|job| job());
        thread::Builder::new().name("keychain".into()).spawn(run).ok().map(|_| jobs)
    };
    THREAD.get_or_init(start).as_ref()
}

/// What it means that the keychain cannot be opened. Only of these is it certain that there is none.
fn unopened(error: &Error) -> Refusal {
    let text = format!("{error:?}");
    if NONE.iter().any(|none| text.contains(none)) {
        return Refusal::Absent(error.to_string());
    }
    Refusal::Failing(failing(error))
}

fn failing(error: &Error) -> Failure {
    match error {
        Error::NoStorageAccess(cause) => Failure::new(Kind::StoreUnavailable, format!("the {NAME} is locked: {cause}"))
            .remedy(or_a_file("unlock it")),
        Error::Ambiguous(items) => {
            let fact = format!("the {NAME} has {} items for one sign-in", items.len());
            Failure::new(Kind::StoreUnavailable, fact).remedy("remove all but the newest one")
        }
        error => broken(&error.to_string()),
    }
}

fn broken(why: &str) -> Failure {
    Failure::new(Kind::StoreUnavailable, format!("the {NAME} does not work: {why}")).remedy(or_a_file("mend it"))
}

fn or_a_file(do_this: &str) -> String {
    format!("{do_this} and try again, or keep sign-ins in a file: MCPBRIDGE_CREDENTIAL_STORE=file mcpbridge login URL")
}

/// Whether the keychain is a program that can end and come back. Elsewhere it is a part of the system.
const RESTARTS: bool = cfg!(all(unix, not(target_os = "macos")));
/// Windows takes 2,560 bytes an item, of which a piece leaves some for what comes before it.
const MOST: usize = 2400;
/// What the errors say where no session bus runs, or none on it offers the Secret Service. Their types
/// belong to crates that are not ours to name; tests hold this to the real ones.
const NONE: [&str; 4] =
    ["PlatformFailure(Unavailable)", "kind: NotFound", "kind: ConnectionRefused", "DBus.Error.ServiceUnknown"];

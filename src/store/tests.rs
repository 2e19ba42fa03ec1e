//! The store with a keychain that a test can lock, silence and look into.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use keyring_core::api::{Credential as KeychainCredential, CredentialApi, CredentialStoreApi};
use keyring_core::{Entry as KeychainEntry, Error};
use tempfile::TempDir;

use super::keychain::Keychain;
use super::*;
use crate::secret::Secret;

/// A keychain that does what a test says.
#[derive(Debug, Default)]
pub struct Vault {
    pub items: Mutex<BTreeMap<String, Vec<u8>>>,
    mood: Mutex<Mood>,
    changed: Condvar,
    /// How many calls it still takes; without limit if `None`.
    pub calls: Mutex<Option<usize>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Open,
    Locked,
    Mute,
}

impl Vault {
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.changed.notify_all();
    }

    /// Waits while it is mute.
    fn items(&self) -> keyring_core::Result<std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>>> {
        let mood = self.mood.lock().unwrap();
        let mood = *self.changed.wait_while(mood, |mood| *mood == Mood::Mute).unwrap();
        if mood == Mood::Locked {
            return Err(Error::NoStorageAccess("prompt dismissed".into()));
        }
        if let Some(left) = &mut *self.calls.lock().unwrap() {
            *left = left.checked_sub(1).ok_or_else(|| Error::PlatformFailure("killed".into()))?;
        }
        Ok(self.items.lock().unwrap())
    }
}

/// The store that is given to the code under test.
#[derive(Debug)]
pub struct Given(pub Arc<Vault>);

impl CredentialStoreApi for Given {
    fn vendor(&self) -> String {
        "test".into()
    }

    fn id(&self) -> String {
        "test".into()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<KeychainEntry> {
        let item = Item { vault: Arc::clone(&self.0), name: format!("{service}/{user}") };
        Ok(KeychainEntry::new_with_credential(Arc::new(item)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Item {
    vault: Arc<Vault>,
    name: String,
}

impl CredentialApi for Item {
    fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
        self.vault.items()?.insert(self.name.clone(), secret.to_owned());
        Ok(())
    }

    fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
        self.vault.items()?.get(&self.name).cloned().ok_or(Error::NoEntry)
    }

    fn delete_credential(&self) -> keyring_core::Result<()> {
        self.vault.items()?.remove(&self.name).map(drop).ok_or(Error::NoEntry)
    }

    fn get_credential(&self) -> keyring_core::Result<Option<Arc<KeychainCredential>>> {
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Fixture {
    folder: TempDir,
    vault: Arc<Vault>,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture { folder: tempfile::tempdir().unwrap(), vault: Arc::default() }
    }

    /// A store as another process would have it.
    fn store(&self, choice: Choice) -> Store {
        self.store_in_pieces(choice, None)
    }

    fn store_in_pieces(&self, choice: Choice, most: Option<usize>) -> Store {
        let keychain = Keychain::given(Arc::new(Given(Arc::clone(&self.vault))), most);
        Store::with_keychain(Home::at(self.folder.path().join("state")), choice, keychain)
    }

    /// All bytes in all files.
    fn files(&self) -> Vec<u8> {
        let (mut folders, mut all) = (vec![self.folder.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                all.extend(path.to_string_lossy().bytes());
                if path.is_dir() { folders.push(path) } else { all.extend(std::fs::read(path).unwrap()) }
            }
        }
        all
    }

    fn index(&self) -> std::path::PathBuf {
        self.folder.path().join("state").join("grants").join(format!("{}.json", key().as_str()))
    }
}

fn key() -> Key {
    Key::new(&"https://example.com/mcp".parse().unwrap(), None, None)
}

fn about() -> About {
    let server = "https://example.com/mcp".into();
    About { server, account: None, resource: None, subject: Some("ada@example.com".into()) }
}

fn grant(serial: u64) -> Grant {
    let client = Client {
        id: "client-id".into(),
        secret: Some(Secret::new("hidden-client-secret")),
        secret_expires_at: None,
        authentication: Authentication::Basic,
        redirect_uri: "http://127.0.0.1:1/oauth/callback".into(),
        origin: Origin::Registered,
    };
    let token = OAuth {
        access_token: Secret::new(format!("hidden-access-token-{serial}")),
        refresh_token: Some(Secret::new(format!("hidden-refresh-token-{serial}"))),
        id_token: Some(Secret::new("hidden-id-token")),
        issued_at: 1000 + serial,
        expires_at: Some(2000 + serial),
        scopes: vec!["read".into()],
        issuer: "https://id.example.com".into(),
        token_endpoint: "https://id.example.com/token".into(),
        revocation_endpoint: None,
        resource: Some("https://example.com".into()),
        client,
        unattended: false,
        binding: None,
    };
    Grant { lineage: "first".into(), serial, signed_in_at: 1000, credential: Credential::OAuth(Box::new(token)) }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Tasks of the event loop own these; that it compiles is the test.
#[test]
fn all_of_it_can_move_to_another_task() {
    fn movable<T: Send>(thing: T) -> T {
        thing
    }
    let fixture = Fixture::new();
    let store = movable(fixture.store(Choice::Auto));
    let (key, about, grant) = (key(), about(), grant(1));
    drop(movable(store.read(&key)));
    drop(movable(store.write(&key, &about, &grant)));
    drop(movable(store.move_here(&key, &about, &grant)));
    drop(movable(store.forget(&key)));
    drop(movable(store.registration("issuer", "redirect")));
    drop(movable(store.lock(&key, Lock::Grant, Duration::ZERO)));
    let mut watch = movable(store.watch(&key));
    drop(movable(watch.changed()));
}

#[tokio::test]
async fn a_grant_in_the_keychain_leaves_nothing_secret_in_any_file() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::Auto);
    store.write(&key(), &about(), &grant(1)).await.unwrap();
    store.write(&key(), &about(), &grant(2)).await.unwrap();
    let Credential::OAuth(token) = grant(1).credential else { panic!() };
    store.keep_registration("https://id.example.com", &token.client).await.unwrap();
    assert_eq!(fixture.store(Choice::Auto).read(&key()).await.unwrap(), Some(grant(2)));
    assert!(!holds(&fixture.files(), "hidden"), "a secret is in a file");
    assert!(holds(&fixture.files(), "ada@example.com"), "the index is not where it was looked for");
    let entry = store.entry(&key()).unwrap().unwrap();
    assert_eq!((entry.kept, entry.serial, entry.renewed_at), (Some(Keeper::Keychain), 2, Some(1002)));
    assert!(entry.renewable && entry.signed_in_at == 1000 && entry.expires_at == Some(2002));
    assert_eq!(store.describe(&key()).unwrap().to_string(), keychain::NAME);
}

#[tokio::test]
async fn a_locked_or_silent_keychain_is_an_error_and_never_signed_out_or_a_file() {
    let fixture = Fixture::new();
    let patience = Duration::from_millis(50);
    fixture.store(Choice::Auto).write(&key(), &about(), &grant(1)).await.unwrap();
    for (mood, told) in [(Mood::Locked, "locked"), (Mood::Mute, "has not answered for")] {
        fixture.vault.set(mood);
        let store = fixture.store(Choice::Auto).with_patience(patience);
        for failure in [
            store.read(&key()).await.unwrap_err(),
            store.write(&key(), &about(), &grant(9)).await.unwrap_err(),
            store.forget(&key()).await.unwrap_err(),
            store.registration("https://id.example.com", "http://x").await.unwrap_err(),
        ] {
            assert_eq!(failure.kind, Kind::StoreUnavailable, "{failure}");
            assert!(failure.fact.contains(told) && failure.remedy.is_some(), "{failure}");
        }
        assert!(!holds(&fixture.files(), "hidden"), "{mood:?}");
        // The index prompts for nothing.
        assert_eq!(store.entry(&key()).unwrap().unwrap().serial, 1);
        fixture.vault.set(Mood::Open);
        // What was given up must not be done later: the grant is the one from before.
        assert_eq!(fixture.store(Choice::Auto).read(&key()).await.unwrap(), Some(grant(1)), "{mood:?}");
    }
}

#[tokio::test]
async fn a_wrong_lost_or_damaged_index_is_mended_from_the_store() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::Auto);
    store.write(&key(), &about(), &grant(3)).await.unwrap();
    store.note(&key(), |entry| entry.doubt = Some(Doubt { since: 7, refresh_hash: "ab".into() })).unwrap();
    let right = std::fs::read(fixture.index()).unwrap();
    let json = String::from_utf8(right.clone()).unwrap();
    let wrong = json.replace(r#""keychain""#, r#""file""#).into_bytes();
    let stale = json.replace(r#""serial": 3"#, r#""serial": 2"#).into_bytes();
    for (index, bytes) in [Some(wrong), Some(stale)].into_iter().enumerate() {
        std::fs::write(fixture.index(), bytes.unwrap()).unwrap();
        assert_eq!(store.read(&key()).await.unwrap(), Some(grant(3)), "{index}");
        let entry = store.entry(&key()).unwrap().unwrap();
        assert_eq!((entry.kept, entry.serial), (Some(Keeper::Keychain), 3), "{index}");
        // A doubt is no matter of the store: it stays.
        assert_eq!(entry.doubt.unwrap().since, 7, "{index}");
    }
    // Cut anywhere, empty, or gone.
    let cuts = (0..right.len()).step_by(97).map(|cut| Some(right[..cut].to_owned()));
    for bytes in cuts.chain([None]) {
        match &bytes {
            Some(bytes) => std::fs::write(fixture.index(), bytes).unwrap(),
            None => std::fs::remove_file(fixture.index()).unwrap(),
        }
        if bytes.is_some() {
            let failure = store.entry(&key()).unwrap_err();
            assert!(failure.fact.contains(fixture.index().to_str().unwrap()) && failure.remedy.is_some(), "{failure}");
        }
        assert_eq!(store.read(&key()).await.unwrap(), Some(grant(3)));
        let entry = store.entry(&key()).unwrap().unwrap();
        assert_eq!((entry.about, entry.serial), (about(), 3));
    }
}

/// A sign-in that is good as it is writes nothing else.
#[tokio::test]
async fn an_entry_that_was_lost_is_written_anew_also_by_who_holds_the_lock() {
    let fixture = Fixture::new();
    for choice in [Choice::Keychain, Choice::File] {
        let store = fixture.store(choice);
        store.move_here(&key(), &about(), &grant(3)).await.unwrap();
        std::fs::remove_file(fixture.index()).unwrap();
        let _guard = store.lock(&key(), Lock::Grant, GRANT_WAIT).await.unwrap();
        assert_eq!(store.read(&key()).await.unwrap(), Some(grant(3)));
        assert!(fixture.index().exists(), "{choice:?}");
    }
}

#[tokio::test]
async fn a_grant_in_a_file_is_known_without_its_entry_and_one_in_the_keychain_is_not_asked_for() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::File);
    store.write(&key(), &about(), &grant(3)).await.unwrap();
    std::fs::remove_file(fixture.index()).unwrap();
    let (found, entry) = store.entries().unwrap().pop().unwrap();
    assert_eq!((found, entry.unwrap().about), (key(), about()));
    assert_eq!(store.entry(&key()).unwrap().unwrap().kept, Some(Keeper::File));
    let store = fixture.store(Choice::Keychain);
    store.move_here(&key(), &about(), &grant(4)).await.unwrap();
    std::fs::remove_file(fixture.index()).unwrap();
    fixture.vault.set(Mood::Locked);
    assert!(store.entries().unwrap().is_empty() && store.entry(&key()).unwrap().is_none());
}

#[tokio::test]
async fn a_grant_that_somebody_removed_from_the_keychain_is_gone_and_the_index_says_so() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::Auto);
    store.write(&key(), &about(), &grant(1)).await.unwrap();
    fixture.vault.items.lock().unwrap().clear();
    assert_eq!(store.read(&key()).await.unwrap(), None);
    assert_eq!(store.entry(&key()).unwrap().unwrap().kept, None);
    assert_eq!(store.describe(&key()), None);
}

#[tokio::test]
async fn a_grant_stays_in_its_store_until_it_is_moved() {
    let fixture = Fixture::new();
    let (keychain, file) = (fixture.store(Choice::Keychain), fixture.store(Choice::File));
    keychain.write(&key(), &about(), &grant(1)).await.unwrap();
    // Another choice reads and renews it where it is.
    assert_eq!(file.read(&key()).await.unwrap(), Some(grant(1)));
    file.write(&key(), &about(), &grant(2)).await.unwrap();
    assert!(!holds(&fixture.files(), "hidden"));
    file.move_here(&key(), &about(), &grant(3)).await.unwrap();
    assert!(holds(&fixture.files(), "hidden-access-token-3"));
    assert!(fixture.vault.items.lock().unwrap().is_empty(), "it is in both");
    assert_eq!(keychain.read(&key()).await.unwrap(), Some(grant(3)));
    keychain.write(&key(), &about(), &grant(4)).await.unwrap();
    assert!(holds(&fixture.files(), "hidden-access-token-4"));
    keychain.move_here(&key(), &about(), &grant(5)).await.unwrap();
    assert!(!holds(&fixture.files(), "hidden"));
    assert_eq!(file.read(&key()).await.unwrap(), Some(grant(5)));
}

#[tokio::test]
async fn what_a_move_that_was_cut_short_left_in_a_file_goes_with_the_next_write() {
    let fixture = Fixture::new();
    let (keychain, file) = (fixture.store(Choice::Keychain), fixture.store(Choice::File));
    file.write(&key(), &about(), &grant(1)).await.unwrap();
    let Some(Kept::File(path)) = file.describe(&key()) else { panic!("it is not in a file") };
    let left = std::fs::read(&path).unwrap();
    keychain.move_here(&key(), &about(), &grant(2)).await.unwrap();
    std::fs::write(&path, left).unwrap();
    assert!(holds(&fixture.files(), "hidden"));
    keychain.write(&key(), &about(), &grant(3)).await.unwrap();
    assert!(!holds(&fixture.files(), "hidden"));
    assert_eq!(keychain.read(&key()).await.unwrap(), Some(grant(3)));
}

#[tokio::test]
async fn of_two_grants_after_a_move_that_was_cut_short_the_newer_one_counts() {
    let fixture = Fixture::new();
    fixture.store(Choice::Keychain).write(&key(), &about(), &grant(2)).await.unwrap();
    let items = std::mem::take(&mut *fixture.vault.items.lock().unwrap());
    std::fs::remove_file(fixture.index()).unwrap();
    for serial in [1, 3] {
        fixture.store(Choice::File).write(&key(), &about(), &grant(serial)).await.unwrap();
        std::fs::remove_file(fixture.index()).unwrap();
        *fixture.vault.items.lock().unwrap() = items.clone();
        let newer = grant(serial.max(2));
        assert_eq!(fixture.store(Choice::Auto).read(&key()).await.unwrap(), Some(newer));
        // The index knows now, so that the older one is not even looked at.
        fixture.vault.items.lock().unwrap().clear();
        let there = fixture.store(Choice::Auto).read(&key()).await.unwrap();
        assert_eq!(there, Some(grant(serial)), "a lost item is looked for in the other store");
        fixture.store(Choice::Auto).forget(&key()).await.unwrap();
    }
}

#[tokio::test]
async fn a_grant_that_ended_is_gone_with_its_secrets_and_the_reason_stays() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::Auto);
    store.write(&key(), &about(), &grant(1)).await.unwrap();
    store.end(&key(), "the server says invalid_grant").await.unwrap();
    assert!(fixture.vault.items.lock().unwrap().is_empty());
    assert_eq!(store.read(&key()).await.unwrap(), None);
    let entry = store.entry(&key()).unwrap().unwrap();
    assert_eq!(entry.ended.unwrap().why, "the server says invalid_grant");
    // A new sign-in makes up for it.
    store.write(&key(), &about(), &Grant { lineage: "second".into(), ..grant(1) }).await.unwrap();
    let entry = store.entry(&key()).unwrap().unwrap();
    assert_eq!((entry.ended, entry.renewed_at), (None, None));
    assert!(store.forget(&key()).await.unwrap() && store.entries().unwrap().is_empty());
    assert!(!store.forget(&key()).await.unwrap());
}

#[tokio::test]
async fn looking_for_a_first_grant_opens_no_keychain_and_makes_no_file() {
    let fixture = Fixture::new();
    fixture.vault.set(Mood::Mute);
    let store = fixture.store(Choice::Auto).with_patience(Duration::from_millis(50));
    assert_eq!(store.read(&key()).await.unwrap(), None);
    assert_eq!(store.entry(&key()).unwrap(), None);
    assert!(store.entries().unwrap().is_empty());
    let _watch = store.watch(&key());
    assert_eq!(std::fs::read_dir(fixture.folder.path()).unwrap().count(), 0);
    fixture.vault.set(Mood::Open);
}

#[tokio::test]
async fn a_long_grant_is_kept_in_pieces_and_removed_with_all_of_them() {
    let fixture = Fixture::new();
    let store = fixture.store_in_pieces(Choice::Auto, Some(100));
    for serial in 1..5 {
        store.write(&key(), &about(), &grant(serial)).await.unwrap();
        assert_eq!(store.read(&key()).await.unwrap(), Some(grant(serial)));
        assert!(fixture.vault.items.lock().unwrap().values().skip(1).all(|piece| piece.len() <= 100));
    }
    let count = fixture.vault.items.lock().unwrap().len();
    store.write(&key(), &about(), &grant(5)).await.unwrap();
    assert_eq!(fixture.vault.items.lock().unwrap().len(), count, "old pieces pile up");
    assert!(store.forget(&key()).await.unwrap());
    assert!(fixture.vault.items.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_under_the_lock_a_hole_means_that_nothing_is_there() {
    let fixture = Fixture::new();
    let store = fixture.store_in_pieces(Choice::Auto, Some(100)).with_patience(Duration::from_millis(300));
    store.write(&key(), &about(), &grant(1)).await.unwrap();
    let piece = fixture.vault.items.lock().unwrap().keys().find(|name| name.ends_with(".1")).unwrap().clone();
    fixture.vault.items.lock().unwrap().remove(&piece).unwrap();
    // Another process is writing.
    let writer = fixture.store(Choice::Auto);
    let guard = writer.try_lock(&key(), Lock::Grant).unwrap().unwrap();
    let failure = store.read(&key()).await.unwrap_err();
    assert_eq!(failure.kind, Kind::StoreUnavailable, "{failure}");
    // The writer itself can tell.
    let same = Store { patience: store.patience, ..writer.clone() };
    assert_eq!(same.read(&key()).await.unwrap(), None);
    drop(guard);
    assert_eq!(store.read(&key()).await.unwrap(), None);
    // And a new one fills the hole.
    store.write(&key(), &about(), &grant(2)).await.unwrap();
    assert_eq!(store.read(&key()).await.unwrap(), Some(grant(2)));
}

#[tokio::test]
async fn a_registration_belongs_to_its_issuer_and_its_redirect_uri() {
    let Credential::OAuth(token) = grant(1).credential else { panic!() };
    let (client, other) = (token.client.clone(), "http://127.0.0.1:2/oauth/callback");
    for choice in [Choice::Keychain, Choice::File, Choice::Memory] {
        let fixture = Fixture::new();
        let store = fixture.store(choice);
        assert_eq!(store.registration("https://a", &client.redirect_uri).await.unwrap(), None);
        store.keep_registration("https://a", &client).await.unwrap();
        assert_eq!(store.registration("https://a", &client.redirect_uri).await.unwrap(), Some(client.clone()));
        assert_eq!(store.registration("https://b", &client.redirect_uri).await.unwrap(), None);
        assert_eq!(store.registration("https://a", other).await.unwrap(), None);
        assert_eq!(holds(&fixture.files(), "hidden"), choice == Choice::File);
        // It is no sign-in.
        assert!(store.entries().unwrap().is_empty());
        store.forget_registration("https://a", &client.redirect_uri).await.unwrap();
        assert_eq!(store.registration("https://a", &client.redirect_uri).await.unwrap(), None);
        assert!(fixture.vault.items.lock().unwrap().is_empty() && !holds(&fixture.files(), "hidden"));
    }
}

#[tokio::test]
async fn a_secret_is_kept_under_its_name_where_grants_are() {
    for choice in [Choice::Keychain, Choice::File, Choice::Memory] {
        let fixture = Fixture::new();
        let store = fixture.store(choice);
        assert_eq!(store.secret("work").await.unwrap(), None);
        let kept = store.keep_secret("work", &Secret::new("hidden\nkey")).await.unwrap();
        assert_eq!(matches!(kept, Kept::File(_)), choice == Choice::File);
        assert_eq!(store.secret("work").await.unwrap(), Some(Secret::new("hidden\nkey")));
        assert_eq!(store.secret("home").await.unwrap(), None);
        assert_eq!(holds(&fixture.files(), "hidden"), choice == Choice::File);
        assert!(store.entries().unwrap().is_empty(), "it is no sign-in");
        assert!(store.forget_secret("work").await.unwrap() && !store.forget_secret("work").await.unwrap());
        assert!(fixture.vault.items.lock().unwrap().is_empty() && !holds(&fixture.files(), "hidden"));
        if choice == Choice::Keychain {
            fixture.vault.set(Mood::Locked);
            let failure = store.secret("work").await.unwrap_err();
            assert_eq!(failure.kind, Kind::StoreUnavailable, "{failure}");
        }
    }
}

#[tokio::test]
async fn what_is_damaged_is_named_without_a_word_of_it() {
    let fixture = Fixture::new();
    let store = fixture.store(Choice::Auto);
    store.write(&key(), &about(), &grant(1)).await.unwrap();
    let name = fixture.vault.items.lock().unwrap().keys().next().unwrap().clone();
    for (bytes, told) in [
        (&br#"={"schema":1,"about":"hidden-text","grant":{}}"#[..], "is damaged"),
        (br#"={"schema":1,"ab"#, "is damaged"),
        (b"=", "is damaged"),
        (br#"={"schema":2,"later":"hidden-text"}"#, "later version"),
    ] {
        fixture.vault.items.lock().unwrap().insert(name.clone(), bytes.to_owned());
        let failure = store.read(&key()).await.unwrap_err();
        assert!(failure.kind == Kind::StoreUnavailable && failure.fact.contains(told), "{failure}");
        assert!(!failure.to_string().contains("hidden"), "{failure}");
    }
    // Signing in again mends it.
    store.write(&key(), &about(), &grant(2)).await.unwrap();
    assert_eq!(store.read(&key()).await.unwrap(), Some(grant(2)));
}

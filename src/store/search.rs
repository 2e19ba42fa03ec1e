//! Finding a grant in two stores with an index that may be wrong.

use super::item::Item;
use super::keychain::{self, Found, Refusal};
use super::{Choice, Keeper, Key, Lock, Store, unwritten};
use crate::failure::Failure;

/// What the index says of where a grant is.
pub(super) enum Hint {
    Nothing,
    Damaged(Failure),
    At(Keeper),
}

impl Store {
    /// What the index says of where the grant under `key` is.
    pub(super) fn hint(&self, key: &Key) -> Hint {
        match self.noted(key) {
            Err(failure) => Hint::Damaged(failure),
            Ok(entry) => entry.and_then(|entry| entry.kept).map_or(Hint::Nothing, Hint::At),
        }
    }

    /// The bytes of the grant under `key`, and who keeps them. Both stores are asked, first the one that
    /// the index names.
    pub(super) async fn find(&self, key: &Key) -> Result<Option<(Keeper, Vec<u8>)>, Failure> {
        let here = self.own_keeper();
        let hint = self.hint(key);
        if let Hint::At(Keeper::Keychain) = hint
            && let Some(bytes) = self.grant_in_keychain(key).await.map_err(Refusal::into_failure)?
        {
            return Ok(Some((Keeper::Keychain, bytes)));
        }
        let kept = self.inner.credentials.read(key.as_str())?;
        if let Hint::At(_) = hint
            && let Some(bytes) = kept
        {
            return Ok(Some((here, bytes)));
        }
        let ask = match hint {
            Hint::At(Keeper::Keychain) => false,
            Hint::At(_) | Hint::Nothing => self.asks_keychain(),
            Hint::Damaged(_) => self.inner.home.is_some(),
        };
        let other = if ask { self.grant_in_keychain(key).await } else { Ok(None) };
        match (kept, other) {
            // Both, after a move that was cut short.
            (Some(kept), Ok(Some(other))) if Item::is_newer(&other, &kept) => Ok(Some((Keeper::Keychain, other))),
            (Some(kept), _) => Ok(Some((here, kept))),
            (None, Ok(other)) => Ok(other.map(|bytes| (Keeper::Keychain, bytes))),
            (None, Err(Refusal::Absent(_))) if self.inner.choice == Choice::Auto => match hint {
                // It may have said: in the keychain.
                Hint::Damaged(failure) => Err(failure.remedy("remove it and sign in again: mcpbridge login URL")),
                Hint::At(_) | Hint::Nothing => Ok(None),
            },
            (None, Err(refusal)) => Err(refusal.into_failure()),
        }
    }

    /// The grant in the keychain. A hole in it may be a writer at work: only who holds the lock knows
    /// that nothing is there.
    async fn grant_in_keychain(&self, key: &Key) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(service) = self.known_service().map_err(Refusal::Failing)? else { return Ok(None) };
        let read = || self.inner.keychain.read(&service, key.as_str(), self.patience);
        let mut found = read().await?;
        let held = self.inner.held.has(key, Lock::Grant);
        if matches!(found, Found::Hole) && !held {
            let _guard = self.lock(key, Lock::Grant, self.patience).await.map_err(Refusal::Failing)?;
            found = read().await?;
        }
        match found {
            Found::Bytes(bytes) => Ok(Some(bytes)),
            Found::Nothing => Ok(None),
            Found::Hole => {
                log::warn!("a part of the sign-in is missing in the {}: it is of no use", keychain::NAME);
                Ok(None)
            }
        }
    }

    /// Removes the grant under `key` from both stores, but not what is known of it.
    pub(super) async fn remove(&self, key: &Key) -> Result<bool, Failure> {
        let hint = self.hint(key);
        let was = self.inner.credentials.remove(key.as_str())?;
        let removed = match hint {
            Hint::At(Keeper::Keychain) => {
                self.remove_from_keychain(key.as_str()).await.map_err(Refusal::into_failure)?
            }
            Hint::Damaged(_) => or_absent(self.remove_from_keychain(key.as_str()).await)?,
            // Only in case that something was left there: it must not stand in the way.
            _ if was || !self.asks_keychain() => false,
            _ => or_absent(self.remove_from_keychain(key.as_str()).await)?,
        };
        Ok(removed || was)
    }

    /// What no index tells of. Where there is no keychain there is nothing in it.
    pub(super) async fn perhaps_in_keychain(&self, name: &str) -> Result<Found, Failure> {
        if !self.asks_keychain() {
            return Ok(Found::Nothing);
        }
        let Some(service) = self.known_service()? else { return Ok(Found::Nothing) };
        match self.inner.keychain.read(&service, name, self.patience).await {
            Err(Refusal::Absent(_)) if self.inner.choice == Choice::Auto => Ok(Found::Nothing),
            found => found.map_err(Refusal::into_failure),
        }
    }

    pub(super) async fn write_to_keychain(&self, name: &str, label: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let home = self.inner.home.as_ref().ok_or_else(unwritten)?;
        let service = service(&home.id()?);
        let written = self.inner.keychain.write(&service, name, label, bytes, self.patience).await;
        written.map_err(Refusal::into_failure)
    }

    pub(super) async fn remove_from_keychain(&self, name: &str) -> Result<bool, Refusal> {
        let Some(service) = self.known_service().map_err(Refusal::Failing)? else { return Ok(false) };
        self.inner.keychain.remove(&service, name, self.patience).await
    }

    /// The name of our items in the keychain; `None` if there never were any.
    fn known_service(&self) -> Result<Option<String>, Failure> {
        let Some(home) = &self.inner.home else { return Ok(None) };
        Ok(home.known_id()?.map(|id| service(&id)))
    }
}

/// Where there is no keychain there is nothing in it.
pub(super) fn or_absent(removed: Result<bool, Refusal>) -> Result<bool, Failure> {
    match removed {
        Err(Refusal::Absent(_)) => Ok(false),
        removed => removed.map_err(Refusal::into_failure),
    }
}

fn service(id: &str) -> String {
    format!("mcpbridge-{id}")
}

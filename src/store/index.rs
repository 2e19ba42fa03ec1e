//! The index: what is known of grants without opening the stores they are in. It is a hint, and what is
//! lost of it is known again from the grants themselves.

use super::entry::Entry;
use super::item::Item;
use super::{GRANT_WAIT, Keeper, Key, Lock, Store, unwritten};
use crate::failure::{Failure, Kind};

/// A grant that the index knows of, and what it says, or the trouble there is with its file.
pub type Known = (Key, Result<Entry, Failure>);

impl Store {
    /// What is known of the grant under `key` without opening its store.
    ///
    /// # Errors
    /// The index cannot be read, or what is there is damaged; [`Store::read`] mends that.
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>, Failure> {
        match self.noted(key)? {
            Some(entry) => Ok(Some(entry)),
            None => self.told_by_file(key),
        }
    }

    /// The entry under `key`, and nothing but that.
    pub(super) fn noted(&self, key: &Key) -> Result<Option<Entry>, Failure> {
        let Some(bytes) = self.inner.index.read(key.as_str())? else { return Ok(None) };
        let parsed = serde_json::from_slice(&bytes).map(Some);
        parsed.map_err(|error| {
            let path = self.inner.index.path(key.as_str()).unwrap_or_default();
            let fact = format!("{} is damaged (line {}, column {})", path.display(), error.line(), error.column());
            Failure::new(Kind::StoreUnavailable, fact)
                .remedy("to write it anew from the store, run: mcpbridge doctor --fix")
        })
    }

    /// What an entry that was lost would say of a grant in a file. Who reads that prompts nobody; of a grant
    /// in the keychain only [`Store::read`] can tell.
    fn told_by_file(&self, key: &Key) -> Result<Option<Entry>, Failure> {
        let Some(bytes) = self.inner.credentials.read(key.as_str())? else { return Ok(None) };
        let keeper = self.own_keeper();
        let item = Item::read(&bytes).map_err(|why| self.damaged(key, keeper, &why))?;
        Ok(Some(Entry::new(item.about, keeper, &item.grant, None)))
    }

    /// What is known of all grants, each with the trouble there is with its file, if any.
    ///
    /// # Errors
    /// The folder of the index is not safe, or cannot be read: nobody knows what is in it.
    pub fn entries(&self) -> Result<Vec<Known>, Failure> {
        let mut names = self.inner.index.names()?;
        names.extend(self.inner.credentials.names()?);
        let mut keys: Vec<Key> = names.iter().filter_map(|name| Key::spelled(name)).collect();
        keys.sort();
        keys.dedup();
        Ok(keys.into_iter().filter_map(|key| self.entry(&key).transpose().map(|entry| (key, entry))).collect())
    }

    /// Changes what is known of the grant under `key`. The caller holds [`Lock::Grant`].
    ///
    /// # Errors
    /// Nothing is known of it, or the index cannot be read or written.
    pub fn note(&self, key: &Key, change: impl FnOnce(&mut Entry)) -> Result<(), Failure> {
        let Some(mut entry) = self.entry(key)? else {
            return Err(Failure::new(Kind::StoreUnavailable, "the sign-in was removed meanwhile")
                .remedy("sign in again: mcpbridge login URL"));
        };
        change(&mut entry);
        self.keep_entry(key, &entry)
    }

    /// Counts that the person was sent off for more rights. The caller holds [`Lock::Grant`].
    pub fn count_step_up(&self, key: &Key, now: u64) {
        if let Err(failure) = self.note(key, |entry| entry.step_up(now)) {
            log::debug!("a step-up is not counted: {failure}");
        }
    }

    /// Forgets how often that was: the person has come on their own.
    pub async fn forget_step_ups(&self, key: &Key) {
        if !self.entry(key).is_ok_and(|entry| entry.is_some_and(|entry| !entry.stepped_up.is_empty())) {
            return;
        }
        let forgotten = match self.lock(key, Lock::Grant, GRANT_WAIT).await {
            Ok(_lock) => self.note(key, |entry| entry.stepped_up.clear()),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = forgotten {
            log::debug!("step-ups are not forgotten: {failure}");
        }
    }

    /// Brings the index in line with what was `found`, unless somebody changed it after `before`.
    pub(super) fn mend(&self, key: &Key, before: Option<&[u8]>, found: Option<(Keeper, &Item)>) {
        let entry = self.noted(key);
        let right = match (&entry, found) {
            (Ok(Some(entry)), Some((keeper, item))) => entry.is_of(keeper, &item.grant),
            (Ok(Some(entry)), None) => entry.kept.is_none(),
            (Ok(None), None) => true,
            _ => false,
        };
        if right {
            return;
        }
        // What this process does under the lock it does in order, and who reads there may have nothing to write.
        let is_held = self.inner.held.has(key, Lock::Grant);
        let _guard = match self.try_lock(key, Lock::Grant) {
            Ok(guard) if guard.is_some() || is_held => guard,
            // Another process is about to write the entry.
            _ => return,
        };
        if self.inner.index.read(key.as_str()).ok().flatten().as_deref() != before {
            return;
        }
        let entry = entry.ok().flatten();
        let mended = match (found, entry) {
            (Some((keeper, item)), entry) => {
                let mut mended = Entry::new(item.about.clone(), keeper, &item.grant, entry.as_ref());
                if let Some(entry) = entry.filter(|entry| entry.lineage == mended.lineage) {
                    (mended.doubt, mended.ended) = (entry.doubt, entry.ended);
                }
                self.keep_entry(key, &mended)
            }
            (None, Some(entry)) => self.keep_entry(key, &Entry { kept: None, ..entry }),
            (None, None) => self.inner.index.remove(key.as_str()).map(drop),
        };
        if let Err(failure) = mended {
            log::debug!("the index is not mended: {failure}");
        }
    }

    pub(super) fn keep_entry(&self, key: &Key, entry: &Entry) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(entry).map_err(|_| unwritten())?;
        self.inner.index.write_alone(key.as_str(), &bytes)
    }
}

//! Secrets that a person keeps under a name, in the same store as grants.

use serde::{Deserialize, Serialize};

use super::entry::SCHEMA;
use super::keychain::{self, Found};
use super::search::or_absent;
use super::{Keeper, Kept, Store, key, unwritten};
use crate::failure::{Failure, Kind};
use crate::secret::Secret;

/// The bytes that one secret is in its store.
#[derive(Serialize, Deserialize)]
struct Item {
    schema: u32,
    name: String,
    value: Secret,
}

impl Store {
    /// The secret that a person kept as `name`.
    ///
    /// # Errors
    /// What is there cannot be read, or it cannot be known whether there is anything:
    /// [`Kind::StoreUnavailable`].
    pub async fn secret(&self, name: &str) -> Result<Option<Secret>, Failure> {
        let item = item(name);
        let (bytes, place) = match self.inner.credentials.read(&item)? {
            Some(bytes) => (bytes, "file"),
            None => match self.perhaps_in_keychain(&item).await? {
                Found::Bytes(bytes) => (bytes, keychain::NAME),
                Found::Nothing => return Ok(None),
                Found::Hole => return Err(damaged(name, keychain::NAME)),
            },
        };
        let read = serde_json::from_slice::<Item>(&bytes);
        read.map(|item| Some(item.value)).map_err(|_| damaged(name, place))
    }

    /// Keeps `value` as `name`, in place of what there was, and says where.
    ///
    /// # Errors
    /// It is not safely kept.
    pub async fn keep_secret(&self, name: &str, value: &Secret) -> Result<Kept, Failure> {
        let whole = Item { schema: SCHEMA, name: name.to_owned(), value: value.clone() };
        let bytes = serde_json::to_vec(&whole).map_err(|_| unwritten())?;
        let item = item(name);
        match self.chosen().await? {
            Keeper::Keychain => {
                self.write_to_keychain(&item, &format!("the secret {name}"), bytes).await?;
                self.inner.credentials.remove(&item)?;
                Ok(Kept::Keychain)
            }
            Keeper::File | Keeper::Memory => {
                self.inner.credentials.write_in_turn(&item, &bytes)?;
                Ok(self.inner.credentials.path(&item).map_or(Kept::Memory, Kept::File))
            }
        }
    }

    /// Removes the secret that is kept as `name`. Says whether there was one.
    ///
    /// # Errors
    /// It may still be there.
    pub async fn forget_secret(&self, name: &str) -> Result<bool, Failure> {
        let item = item(name);
        let was = self.inner.credentials.remove(&item)?;
        if self.asks_keychain() { Ok(or_absent(self.remove_from_keychain(&item).await)? || was) } else { Ok(was) }
    }
}

/// What the item of a secret is called. A digest, because a name may have letters that no file has.
fn item(name: &str) -> String {
    format!("secret-{}", key::digest(&[Some(name)]))
}

fn damaged(name: &str, place: &str) -> Failure {
    let fact = format!("the secret {name} in the {place} is damaged");
    Failure::new(Kind::StoreUnavailable, fact).remedy(format!("keep it again: mcpbridge secret set {name}"))
}

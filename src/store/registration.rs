//! Clients that were registered with authorization servers, kept like grants: some have secrets.

use super::grant::Client;
use super::keychain::Found;
use super::search::or_absent;
use super::{Keeper, Store, key, unwritten};
use crate::failure::Failure;

impl Store {
    /// The client that was registered with `issuer` for `redirect_uri`.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub async fn registration(&self, issuer: &str, redirect_uri: &str) -> Result<Option<Client>, Failure> {
        let name = registration(issuer, redirect_uri);
        let bytes = match self.inner.credentials.read(&name)? {
            None => match self.perhaps_in_keychain(&name).await? {
                Found::Bytes(bytes) => Some(bytes),
                // Another one can be registered.
                Found::Nothing | Found::Hole => None,
            },
            bytes => bytes,
        };
        // What cannot be read is replaced like what is not there.
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps a client for later sign-ins with `issuer`. Grants have copies of their own.
    ///
    /// # Errors
    /// It is not kept.
    pub async fn keep_registration(&self, issuer: &str, client: &Client) -> Result<(), Failure> {
        let name = registration(issuer, &client.redirect_uri);
        let bytes = serde_json::to_vec(client).map_err(|_| unwritten())?;
        if self.chosen().await? == Keeper::Keychain {
            self.write_to_keychain(&name, "an OAuth client", bytes).await?;
            return self.inner.credentials.remove(&name).map(drop);
        }
        self.inner.credentials.write_in_turn(&name, &bytes)
    }

    /// Forgets a client that its authorization server does not know any more.
    ///
    /// # Errors
    /// It may still be there.
    pub async fn forget_registration(&self, issuer: &str, redirect_uri: &str) -> Result<(), Failure> {
        let name = registration(issuer, redirect_uri);
        self.inner.credentials.remove(&name)?;
        if self.asks_keychain() {
            or_absent(self.remove_from_keychain(&name).await)?;
        }
        Ok(())
    }
}

/// A registration belongs to one authorization server and one redirect URI.
fn registration(issuer: &str, redirect_uri: &str) -> String {
    format!("client-{}", key::digest(&[Some(issuer), Some(redirect_uri)]))
}

//! The bytes that one grant is in its store.

use serde::{Deserialize, Serialize};

use super::About;
use super::entry::SCHEMA;
use super::grant::Grant;

/// A grant, with what is needed to write its index entry anew.
#[derive(Serialize, Deserialize)]
pub struct Item {
    schema: u32,
    pub about: About,
    pub grant: Grant,
}

impl Item {
    /// The bytes of `grant`.
    pub fn bytes(about: &About, grant: &Grant) -> Option<Vec<u8>> {
        serde_json::to_vec(&Item { schema: SCHEMA, about: about.clone(), grant: grant.clone() }).ok()
    }

    /// Reads what [`Item::bytes`] wrote.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence. Never a piece of the bytes, which serde would quote.
    pub fn read(bytes: &[u8]) -> Result<Item, String> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let item = serde_json::from_slice::<Item>(bytes);
        item.map_err(|error| match serde_json::from_slice::<Version>(bytes) {
            Ok(version) if version.schema > SCHEMA => "was written by a later version of mcpbridge".into(),
            _ => format!("is damaged (line {}, column {})", error.line(), error.column()),
        })
    }

    /// Whether `one` is the newer of two grants; a damaged one never is.
    pub fn is_newer(one: &[u8], other: &[u8]) -> bool {
        let age = |bytes| Item::read(bytes).ok().map(|item| (item.grant.signed_in_at, item.grant.serial));
        age(one) > age(other)
    }
}

//! Bytes that are longer than an item of the keychain may be, in pieces.
//!
//! A new generation of pieces is written beside the old one, then the item with the name itself, the
//! *head*, is set to it. So whoever reads finds one or the other as a whole. What was before is kept
//! until the next write, for a reader who has just read the old head.

use std::hash::{BuildHasher, RandomState};

use keyring_core::Result;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::keychain::{Found, Slots};

/// Reads what [`write`] wrote.
///
/// # Errors
/// The keychain's.
pub fn read(slots: &Slots, name: &str) -> Result<Found> {
    // A writer may have moved on in between, and have removed what the head that was read says.
    for _ in 0..READS {
        match slots.get(name)? {
            None => return Ok(Found::Nothing),
            Some(bytes) if bytes.first() == Some(&WHOLE) => return Ok(Found::Bytes(bytes[1..].to_owned())),
            Some(bytes) => match head(&bytes) {
                None => {}
                Some(Head { now: None, .. }) => return Ok(Found::Nothing),
                Some(Head { now: Some(now), sha256, .. }) => {
                    if let Some(bytes) = join(slots, name, &now)?.filter(|bytes| hash(bytes) == sha256) {
                        return Ok(Found::Bytes(bytes));
                    }
                }
            },
        }
    }
    Ok(Found::Hole)
}

/// Puts `bytes` under `name`, in pieces of at most `most` if there is a limit.
///
/// # Errors
/// The keychain's. What was there is still there.
pub fn write(slots: &Slots, name: &str, bytes: &[u8], most: Option<usize>) -> Result<()> {
    let Some(most) = most else { return slots.set(name, &[&[WHOLE], bytes].concat()) };
    let mut head = slots.get(name)?.and_then(|bytes| head(&bytes)).unwrap_or_default();
    head.old.iter().try_for_each(|old| clear(slots, name, old))?;
    let id = format!("{:016x}", RandomState::new().hash_one(name));
    let new = Generation { id, pieces: bytes.len().div_ceil(most) };
    // Named before it is there, or the pieces of a writer that is killed would never be removed.
    head.old = vec![new.clone()];
    slots.set(name, &head.bytes())?;
    for (index, piece) in bytes.chunks(most).enumerate() {
        slots.set(&new.name(name, index), piece)?;
    }
    head = Head { now: Some(new), sha256: hash(bytes), old: head.now.into_iter().collect() };
    slots.set(name, &head.bytes())
}

/// Removes all that is there under `name`, and says whether there was anything.
///
/// # Errors
/// The keychain's.
pub fn remove(slots: &Slots, name: &str) -> Result<bool> {
    let Some(bytes) = slots.get(name)? else { return Ok(false) };
    // The pieces first: without the head nobody would know of them.
    head(&bytes).unwrap_or_default().all().try_for_each(|old| clear(slots, name, old))?;
    slots.remove(name)
}

/// The item that says which pieces there are.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Head {
    /// The pieces that count.
    now: Option<Generation>,
    /// Of all their bytes.
    sha256: String,
    /// Pieces that may be there too.
    #[serde(default)]
    old: Vec<Generation>,
}

/// Pieces that belong together. Their id is random, so that of two writers neither writes into the
/// other's.
#[derive(Clone, Serialize, Deserialize)]
struct Generation {
    id: String,
    pieces: usize,
}

impl Head {
    fn bytes(&self) -> Vec<u8> {
        let json = serde_json::json!(self).to_string();
        [&[HEAD], json.as_bytes()].concat()
    }

    fn all(&self) -> impl Iterator<Item = &Generation> {
        self.now.iter().chain(&self.old)
    }
}

impl Generation {
    fn name(&self, name: &str, index: usize) -> String {
        format!("{name}#{}.{index}", self.id)
    }
}

fn head(bytes: &[u8]) -> Option<Head> {
    let json = bytes.strip_prefix(&[HEAD])?;
    serde_json::from_slice(json).ok()
}

fn join(slots: &Slots, name: &str, generation: &Generation) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    for index in 0..generation.pieces {
        match slots.get(&generation.name(name, index))? {
            Some(piece) => bytes.extend(piece),
            None => return Ok(None),
        }
    }
    Ok(Some(bytes))
}

fn clear(slots: &Slots, name: &str, generation: &Generation) -> Result<()> {
    (0..generation.pieces).try_for_each(|index| slots.remove(&generation.name(name, index)).map(drop))
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first byte of an item: all is in it, or it is the head of pieces.
const WHOLE: u8 = b'=';
const HEAD: u8 = b'#';
/// More writes than can be made while one reader reads.
const READS: usize = 3;

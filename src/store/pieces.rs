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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::super::tests::{Given, Vault};
    use super::*;

    fn slots(vault: &Arc<Vault>) -> Slots {
        Slots::given(Arc::new(Given(Arc::clone(vault))))
    }

    fn items(vault: &Vault) -> BTreeMap<String, Vec<u8>> {
        vault.items.lock().unwrap().clone()
    }

    /// Different lengths, and so different numbers of pieces.
    fn text(number: usize) -> Vec<u8> {
        format!("{number}:").repeat(3 + number % 7).into_bytes()
    }

    #[test]
    fn every_length_comes_back_whole_and_no_piece_is_longer_than_allowed() {
        for length in 0..40 {
            let vault = Arc::default();
            let bytes = vec![b'x'; length];
            write(&slots(&vault), "name", &bytes, Some(8)).unwrap();
            assert_eq!(read(&slots(&vault), "name").unwrap(), Found::Bytes(bytes));
            let pieces: Vec<usize> =
                items(&vault).iter().filter(|(name, _)| name.contains('#')).map(|(_, piece)| piece.len()).collect();
            assert!(
                pieces.len() == length.div_ceil(8) && pieces.iter().all(|piece| *piece <= 8),
                "{length}: {pieces:?}"
            );
            assert!(remove(&slots(&vault), "name").unwrap() && items(&vault).is_empty());
        }
        let vault = Arc::default();
        write(&slots(&vault), "name", &[b'x'; 9000], None).unwrap();
        assert_eq!(read(&slots(&vault), "name").unwrap(), Found::Bytes(vec![b'x'; 9000]));
        assert_eq!(items(&vault).len(), 1);
    }

    #[test]
    fn a_writer_that_is_killed_at_any_point_loses_nothing_and_leaves_nothing_for_ever() {
        let mut calls = 0;
        loop {
            let vault: Arc<Vault> = Arc::default();
            let slots = slots(&vault);
            write(&slots, "name", &text(1), Some(4)).unwrap();
            write(&slots, "name", &text(2), Some(4)).unwrap();
            *vault.calls.lock().unwrap() = Some(calls);
            let written = write(&slots, "name", &text(3), Some(4));
            *vault.calls.lock().unwrap() = None;
            let right = if written.is_ok() { text(3) } else { text(2) };
            assert_eq!(read(&slots, "name").unwrap(), Found::Bytes(right), "killed after {calls} calls");
            write(&slots, "name", &text(4), Some(4)).unwrap();
            write(&slots, "name", &text(5), Some(4)).unwrap();
            assert_eq!(read(&slots, "name").unwrap(), Found::Bytes(text(5)));
            // The head, what counts, and what was before.
            let expected = 1 + text(5).len().div_ceil(4) + text(4).len().div_ceil(4);
            assert_eq!(items(&vault).len(), expected, "killed after {calls} calls");
            remove(&slots, "name").unwrap();
            assert!(items(&vault).is_empty(), "killed after {calls} calls");
            if written.is_ok() {
                break;
            }
            calls += 1;
        }
        assert!(calls > 5, "it was never killed in between");
    }

    #[test]
    fn a_hole_is_seen_whichever_piece_is_missing_or_wrong() {
        let vault: Arc<Vault> = Arc::default();
        write(&slots(&vault), "name", &text(6), Some(4)).unwrap();
        assert_eq!(read(&slots(&vault), "nobody").unwrap(), Found::Nothing);
        let whole = items(&vault);
        for name in whole.keys().filter(|name| name.contains('#')) {
            for piece in [None, Some(b"no".to_vec())] {
                let mut broken = whole.clone();
                broken.remove(name);
                broken.extend(piece.map(|piece| (name.clone(), piece)));
                *vault.items.lock().unwrap() = broken;
                assert_eq!(read(&slots(&vault), "name").unwrap(), Found::Hole);
            }
        }
        for head in [&b"#"[..], b"#{}", b"", b"what is this"] {
            let mut broken = whole.clone();
            broken.insert("service/name".into(), head.to_owned());
            *vault.items.lock().unwrap() = broken;
            assert_eq!(read(&slots(&vault), "name").unwrap(), Found::Hole, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn readers_see_whole_values_while_writers_take_turns() {
        let vault: Arc<Vault> = Arc::default();
        write(&slots(&vault), "name", &text(0), Some(4)).unwrap();
        let (turn, done) = (Mutex::new(()), AtomicBool::new(false));
        thread::scope(|scope| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut count = 0;
                        while !done.load(Ordering::Relaxed) {
                            match read(&slots(&vault), "name").unwrap() {
                                Found::Bytes(bytes) => assert!((0..7).any(|number| text(number) == bytes)),
                                // Two writes during one read, three times in a row: then the lock decides.
                                Found::Hole => {}
                                Found::Nothing => panic!("it was there all the time"),
                            }
                            count += 1;
                        }
                        count
                    })
                })
                .collect();
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        for number in (0..7).cycle().take(200) {
                            let _turn = turn.lock().unwrap();
                            write(&slots(&vault), "name", &text(number), Some(4)).unwrap();
                        }
                    })
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            done.store(true, Ordering::Relaxed);
            assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
        });
        assert_eq!(read(&slots(&vault), "name").unwrap(), Found::Bytes(text(199 % 7)));
    }

    #[test]
    fn writers_that_do_not_take_turns_never_mix_their_bytes() {
        for _ in 0..50 {
            let vault: Arc<Vault> = Arc::default();
            thread::scope(|scope| {
                for number in [2, 3] {
                    let slots = slots(&vault);
                    scope.spawn(move || write(&slots, "name", &text(number), Some(4)).unwrap());
                }
            });
            match read(&slots(&vault), "name").unwrap() {
                Found::Bytes(bytes) => assert!(bytes == text(2) || bytes == text(3)),
                Found::Hole => {}
                Found::Nothing => panic!("one of them was last"),
            }
        }
    }
}

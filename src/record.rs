//! Writes a session down as it passes, and answers from what was written.
//!
//! The loop hands over each message and goes on: a thread of its own takes the secrets out and writes.
//! Where the disk is slower than the session, messages are left out and counted. Memory that grows and
//! a relay that waits for its own recording were rejected: both would change what is being recorded.

mod file;
mod read;
mod redact;
mod replay;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::failure::{Failure, Kind};
use crate::secret::Known;

use file::RecordFile;
pub use read::{Entry, Recording};
pub use replay::Replay;

/// A recording that is being made.
pub struct Recorder {
    tap: Tap,
    done: oneshot::Receiver<()>,
}

/// Where messages are handed over. A clone writes into the same recording.
#[derive(Clone)]
pub struct Tap {
    items: Sender<Item>,
    started: Instant,
    waiting: Arc<Waiting>,
    known: Known,
}

/// Who has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The editor.
    Editor,
    /// The server, or the bridge where that speaks for it.
    Server,
    /// The bridge, where the server has given no answer.
    Bridge,
}

#[derive(Default)]
struct Waiting {
    /// What waits for the disk, in bytes of memory.
    bytes: AtomicUsize,
    /// Messages that were left out and not noted yet.
    missed: AtomicU64,
}

enum Item {
    Message { ms: u64, side: Side, text: Bytes, missed: u64 },
    End { ms: u64 },
}

impl Recorder {
    /// Begins a recording in a new file, or in a folder under a name of its own. `server` is the URL as
    /// it may be shown; what `known` holds, now or later, gets into no line.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn start(path: &Path, server: &str, known: Known) -> Result<Self, Failure> {
        let file = RecordFile::create(path, &known.all().scrub(server))?;
        let (items, queue) = channel();
        let (finished, done) = oneshot::channel();
        let waiting = Arc::<Waiting>::default();
        let (weighed, secrets) = (Arc::clone(&waiting), known.clone());
        let write = move || {
            if let Err(why) = write_all(&queue, file, &secrets, &weighed) {
                log::warn!("{why}; what follows is not recorded, and the session goes on");
            }
            let _ = finished.send(());
        };
        thread::Builder::new()
            .name("record".into())
            .spawn(write)
            .map_err(|error| Failure::new(Kind::Internal, format!("no thread can be started to record: {error}")))?;
        Ok(Recorder { tap: Tap { items, started: Instant::now(), waiting, known }, done })
    }

    /// What gets into no line.
    pub fn known(&self) -> &Known {
        &self.tap.known
    }

    /// Where messages are handed over.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// Ends the recording; waits until it is written, at most [`FINISH`].
    pub async fn finish(self) {
        let _ = self.tap.items.send(Item::End { ms: self.tap.ms() });
        let _ = timeout(FINISH, self.done).await;
    }
}

impl Tap {
    /// Records one line.
    pub fn said(&self, side: Side, text: &Bytes) {
        let cost = text.len() + OVERHEAD;
        let before = self.waiting.bytes.fetch_add(cost, Ordering::Relaxed);
        if before > 0 && before + cost > MOST_WAITING {
            self.waiting.bytes.fetch_sub(cost, Ordering::Relaxed);
            return self.missed();
        }
        // A small one may be a view of a large block, which would stay as long.
        let text = if text.len() <= COPIED { Bytes::copy_from_slice(text) } else { text.clone() };
        let missed = self.waiting.missed.swap(0, Ordering::Relaxed);
        // The thread has ended where the file could not be written.
        let _ = self.items.send(Item::Message { ms: self.ms(), side, text, missed });
    }

    /// From now on this gets into no line.
    pub fn hide(&self, secret: &str) {
        self.known.learn(secret);
    }

    /// Records that a message was not recorded.
    pub fn missed(&self) {
        self.waiting.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// Since the start.
    fn ms(&self) -> u64 {
        self.started.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
    }
}

impl Side {
    const ALL: [Side; 3] = [Side::Editor, Side::Server, Side::Bridge];

    fn word(self) -> &'static str {
        match self {
            Side::Editor => "editor",
            Side::Server => "server",
            Side::Bridge => "bridge",
        }
    }
}

/// Writes until the end. The error says what is wrong with the file.
fn write_all(queue: &Receiver<Item>, mut file: RecordFile, known: &Known, waiting: &Waiting) -> Result<(), String> {
    let mut told = false;
    loop {
        let item = match queue.try_recv() {
            Ok(item) => item,
            Err(TryRecvError::Disconnected) => return file.flush(),
            Err(TryRecvError::Empty) => {
                // An editor may kill the relay at any moment.
                file.flush()?;
                match queue.recv() {
                    Ok(item) => item,
                    Err(_) => return Ok(()),
                }
            }
        };
        match item {
            Item::End { ms } => {
                file.end(ms, waiting.missed.swap(0, Ordering::Relaxed))?;
                return file.flush();
            }
            Item::Message { ms, side, text, missed } => {
                if missed > 0 && !std::mem::replace(&mut told, true) {
                    log::warn!("{}: messages are missing: {WHY_MISSING}", file.name());
                }
                file.message(ms, side, &text, missed, &known.all())?;
                waiting.bytes.fetch_sub(text.len() + OVERHEAD, Ordering::Relaxed);
            }
        }
    }
}

/// Why messages are left out.
const WHY_MISSING: &str = "the disk is slower than the session, or one is larger than --max-message-size";
/// What may wait for the disk. A message that is larger passes when nothing else waits.
const MOST_WAITING: usize = 16 * 1024 * 1024;
/// What a message costs beside its bytes.
const OVERHEAD: usize = 128;
/// Messages up to this many bytes are copied.
const COPIED: usize = 8 * 1024;
/// How long a slow disk may delay the end of the process.
const FINISH: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_slow_disk_has_an_end_and_what_is_missing_is_counted() {
        let (items, queue) = channel();
        let tap = Tap { items, started: Instant::now(), waiting: Arc::default(), known: Known::default() };
        // More than may wait, and yet the only one.
        let large = Bytes::from(vec![b'1'; MOST_WAITING + 1]);
        tap.said(Side::Server, &large);
        for _ in 0..3 {
            tap.said(Side::Editor, &Bytes::from_static(b"{}"));
        }
        tap.waiting.bytes.store(0, Ordering::Relaxed);
        let small = Bytes::from(vec![b'1'; 1000]);
        for _ in 0..2 * MOST_WAITING / small.len() {
            tap.said(Side::Server, &small);
        }
        tap.missed();
        let items: Vec<(usize, u64)> = queue
            .try_iter()
            .filter_map(|item| match item {
                Item::Message { text, missed, .. } => Some((text.len(), missed)),
                Item::End { .. } => None,
            })
            .collect();
        assert_eq!(items[..3], [(large.len(), 0), (small.len(), 3), (small.len(), 0)]);
        assert!(items.iter().skip(1).map(|(length, _)| length).sum::<usize>() <= MOST_WAITING);
        let left_out = 2 * MOST_WAITING / small.len() - (items.len() - 1);
        assert_eq!(tap.waiting.missed.load(Ordering::Relaxed), left_out as u64 + 1);
    }
}

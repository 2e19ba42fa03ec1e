//! How many answers to questions of the server may be on their way to it, and how many may wait to be.
//!
//! Each is a POST, with a connection of its own as long as it has no status, and a server may ask without end and
//! leave all of them without one. Those of the editor are let in and wait in their order: the translator counts their
//! questions as open until then, so there are no more than it admits. Those of the bridge itself, which are refusals
//! and pongs, nobody waits for but the server that asked for too much: beyond a limit they are left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Those of the editor, and those of the bridge, which must not be in their way.
#[derive(Default)]
pub struct Replies {
    editors: Lane<DOORS>,
    own: Lane<OWN_DOORS>,
}

struct Lane<const DOORS: usize>(Arc<State>);

struct State {
    doors: Semaphore,
    count: AtomicUsize,
    bytes: AtomicUsize,
}

/// An answer's place, given back when it is dropped.
pub struct Place {
    state: Arc<State>,
    size: usize,
}

impl Replies {
    /// A place for an answer of the editor.
    pub fn of_editor(&self, size: usize) -> Place {
        self.editors.take(size)
    }

    /// A place for an answer of the bridge itself, if there is one.
    pub fn own(&self, size: usize) -> Option<Place> {
        let State { count, bytes, .. } = &*self.own.0;
        let (count, bytes) = (count.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
        let fits = count == 0 || count < MOST_OWN && bytes + size <= MOST_OWN_BYTES;
        fits.then(|| self.own.take(size))
    }

    /// Whether more of the editor may be read, of which one message may have `limit` bytes. Such a one alone keeps
    /// nothing behind it back.
    pub fn have_room(&self, limit: usize) -> bool {
        self.editors.0.bytes.load(Ordering::Relaxed) < MOST_BYTES.saturating_add(limit)
    }
}

impl<const DOORS: usize> Lane<DOORS> {
    fn take(&self, size: usize) -> Place {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(size, Ordering::Relaxed);
        Place { state: Arc::clone(&self.0), size }
    }
}

impl<const DOORS: usize> Default for Lane<DOORS> {
    fn default() -> Self {
        let doors = Semaphore::new(DOORS);
        Lane(Arc::new(State { doors, count: AtomicUsize::new(0), bytes: AtomicUsize::new(0) }))
    }
}

impl Place {
    /// Waits until it may be sent. What is returned is held while it is.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.state.doors.acquire().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.state.count.fetch_sub(1, Ordering::Relaxed);
        self.state.bytes.fetch_sub(self.size, Ordering::Relaxed);
    }
}

/// Answers of the editor that may be on their way at once: as many as its requests at first.
const DOORS: usize = 256;
/// The same of the bridge itself.
const OWN_DOORS: usize = 64;
/// Answers of the bridge that are kept, with those on their way. A server that is told so much has lost count.
const MOST_OWN: usize = 1024;
/// What they may hold: a server chooses the ids that they repeat.
const MOST_OWN_BYTES: usize = 1024 * 1024;
/// What answers of the editor may hold, beside a single large one, before no more is read of it.
const MOST_BYTES: usize = 8 * 1024 * 1024;

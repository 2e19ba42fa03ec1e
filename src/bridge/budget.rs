//! How much may be on its way to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Two lanes, so that small messages do not queue behind large ones.
#[derive(Default)]
pub struct Budget(Arc<State>);

#[derive(Default)]
struct State {
    small: AtomicUsize,
    large: AtomicUsize,
    freed: Notify,
}

/// A message's share, given back when it is dropped.
pub struct Hold {
    state: Arc<State>,
    size: usize,
}

impl Budget {
    /// A share for `size` bytes, if there is room. A message that is larger than the whole lane
    /// passes when it is alone.
    pub fn take(&self, size: usize) -> Option<Hold> {
        let (lane, limit) = self.0.lane(size);
        let used = lane.load(Ordering::Relaxed);
        if used > 0 && used + cost(size) > limit {
            return None;
        }
        lane.fetch_add(cost(size), Ordering::Relaxed);
        Some(Hold { state: Arc::clone(&self.0), size })
    }

    /// Waits until a share is given back.
    pub async fn freed(&self) {
        self.0.freed.notified().await;
    }
}

impl State {
    fn lane(&self, size: usize) -> (&AtomicUsize, usize) {
        if is_large(size) { (&self.large, LARGE_LANE) } else { (&self.small, SMALL_LANE) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.state.lane(self.size).0.fetch_sub(cost(self.size), Ordering::Relaxed);
        self.state.freed.notify_one();
    }
}

/// Whether a message goes into the lane for large ones.
pub fn is_large(size: usize) -> bool {
    size >= LARGE
}

/// A request costs more than its bytes: a task and, with HTTP/1.1, a connection with two buffers of
/// 8 KiB. Measured.
fn cost(size: usize) -> usize {
    size + OVERHEAD
}

const LARGE: usize = 32 * 1024;
const OVERHEAD: usize = 36 * 1024;
/// Bytes of small messages on their way, with what they cost: some five hundred requests.
const SMALL_LANE: usize = 18 * 1024 * 1024;
/// Bytes of large messages on their way.
const LARGE_LANE: usize = 8 * 1024 * 1024;

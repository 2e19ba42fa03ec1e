//! How much may be on its way to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Two lanes, so that small messages do not queue behind large ones.
pub struct Budget(Arc<State>);

struct State {
    small: AtomicUsize,
    large: AtomicUsize,
    /// Bytes that the lane for small messages may hold at present.
    small_lane: AtomicUsize,
    freed: Notify,
}

/// A message's share, given back when it is dropped.
pub struct Hold {
    state: Arc<State>,
    size: usize,
}

impl Budget {
    /// Nothing is on its way.
    pub fn new() -> Self {
        let small_lane = AtomicUsize::new(SMALL_LANE);
        Budget(Arc::new(State {
            small: AtomicUsize::new(0),
            large: AtomicUsize::new(0),
            small_lane,
            freed: Notify::new(),
        }))
    }

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

    /// Makes the lane for small messages longer, up to [`LONGEST_SMALL_LANE`]. It begins short,
    /// because an editor that asks and does not read shows itself only when the first answers come;
    /// and it grows, because a server may answer the first request only after it has seen the
    /// thousandth. It is short again when nothing in it is on its way.
    pub fn grow(&self) {
        let longer = self.0.small_lane.load(Ordering::Relaxed) + SMALL_LANE / 2;
        self.0.small_lane.store(longer.min(LONGEST_SMALL_LANE), Ordering::Relaxed);
    }

    /// Waits until a share is given back.
    pub async fn freed(&self) {
        self.0.freed.notified().await;
    }
}

impl State {
    fn lane(&self, size: usize) -> (&AtomicUsize, usize) {
        if is_large(size) { (&self.large, LARGE_LANE) } else { (&self.small, self.small_lane.load(Ordering::Relaxed)) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let (lane, _) = self.state.lane(self.size);
        let before = lane.fetch_sub(cost(self.size), Ordering::Relaxed);
        if before == cost(self.size) && !is_large(self.size) {
            self.state.small_lane.store(SMALL_LANE, Ordering::Relaxed);
        }
        self.state.freed.notify_one();
    }
}

/// Whether a message goes into the lane for large ones.
pub fn is_large(size: usize) -> bool {
    size >= LARGE
}

/// A request costs more than its bytes: a task and, with HTTP/1.1, a connection with two buffers of
/// 8 KiB and a queue of 9. Measured; the bytes of a small one are nothing beside it.
fn cost(size: usize) -> usize {
    if is_large(size) { size + OVERHEAD } else { OVERHEAD }
}

const LARGE: usize = 8 * 1024;
const OVERHEAD: usize = 32 * 1024;
/// What small messages on their way may cost at first: 256 requests.
const SMALL_LANE: usize = 256 * OVERHEAD;
/// The same at most: a thousand requests, which keep the process below 40 MB.
const LONGEST_SMALL_LANE: usize = 1000 * OVERHEAD;
/// What large messages on their way may cost.
const LARGE_LANE: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_that_ends_does_not_shorten_the_lane_for_small_ones() {
        let budget = Budget::new();
        budget.grow();
        let under_way = budget.take(1);
        drop(budget.take(LARGE));
        let fill = || std::iter::from_fn(|| budget.take(1)).collect::<Vec<_>>();
        assert_eq!(fill().len(), 383);
        drop(under_way);
        assert_eq!(fill().len(), 256);
    }
}

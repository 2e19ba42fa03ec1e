//! Memory for large messages of the server: a budget that several streams share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The budget.
#[derive(Default)]
pub struct Inflow {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    used: usize,
    /// Who holds how much; the lowest ticket is the oldest.
    holders: BTreeMap<u64, usize>,
    tickets: u64,
}

/// One message's share of the budget, given back when it is dropped.
pub struct Weight {
    inflow: Arc<Inflow>,
    ticket: Option<u64>,
    held: usize,
}

impl Inflow {
    /// A share of nothing.
    pub fn enter(self: &Arc<Self>) -> Weight {
        Weight { inflow: Arc::clone(self), ticket: None, held: 0 }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Weight {
    /// Whether there is anything to give back.
    pub fn is_heavy(&self) -> bool {
        self.held > 0
    }

    /// Makes the share at least `bytes`, and waits while there is no room for it. The oldest holder
    /// never waits: somebody must be able to finish, or all would wait for each other.
    pub async fn cover(&mut self, bytes: usize) {
        if bytes <= FREE || bytes <= self.held {
            return;
        }
        let inflow = Arc::clone(&self.inflow);
        loop {
            let freed = inflow.freed.notified();
            if self.try_cover(rounded(bytes)) {
                // One is woken at a time: with a thousand waiting, to wake all for each would be
                // most of the work. So whoever fits wakes the next.
                inflow.freed.notify_one();
                return;
            }
            freed.await;
        }
    }

    /// Makes the share at least `bytes`, room or not.
    pub fn insist(&mut self, bytes: usize) {
        self.take(rounded(bytes));
    }

    fn try_cover(&mut self, wanted: usize) -> bool {
        let fits = {
            let state = self.inflow.state();
            let oldest = state.holders.keys().next().copied();
            oldest.is_none() || oldest == self.ticket || state.used + wanted - self.held <= BUDGET
        };
        if fits {
            self.take(wanted);
        }
        fits
    }

    fn take(&mut self, wanted: usize) {
        if wanted <= self.held {
            return;
        }
        let mut state = self.inflow.state();
        let ticket = *self.ticket.get_or_insert_with(|| {
            state.tickets += 1;
            state.tickets
        });
        state.used += wanted - self.held;
        state.holders.insert(ticket, wanted);
        self.held = wanted;
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.inflow.state();
            state.used -= self.held;
            state.holders.remove(&ticket);
            drop(state);
            self.inflow.freed.notify_one();
        }
    }
}

/// In steps, so that a growing message does not ask at every piece.
fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of(FREE)
}

/// Messages up to this size are not counted: their connection costs more than they do.
const FREE: usize = 16 * 1024;
/// Bytes that all counted messages together may have in memory before younger ones wait.
const BUDGET: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_message_passes_alone_and_the_others_wait_for_room() {
        let inflow = Arc::new(Inflow::default());
        let (mut old, mut young) = (inflow.enter(), inflow.enter());
        old.cover(BUDGET * 6).await;
        let mut waiting = Box::pin(young.cover(FREE + 1));
        assert!(timeout(Duration::from_secs(60), &mut waiting).await.is_err());
        drop(old);
        timeout(Duration::from_secs(1), waiting).await.unwrap();
    }
}

//! Memory for large messages of the server: a budget that several streams share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The budget.
#[derive(Default)]
pub struct Inflow {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    /// Who holds how much; the lowest ticket is the oldest.
    holders: BTreeMap<u64, usize>,
    /// Who waits for room.
    waiting: BTreeMap<u64, Arc<Notify>>,
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

impl State {
    /// Wakes one that waits: the oldest holder, who passes in any case, or else whoever has waited since the earliest. With
    /// a thousand waiting, to wake all for each would be most of the work; so whoever passes wakes the next.
    fn wake(&self) {
        let holder = self.holders.keys().next().and_then(|oldest| self.waiting.get(oldest));
        if let Some(waiting) = holder.or_else(|| self.waiting.values().next()) {
            waiting.notify_one();
        }
    }

    fn ticket(&mut self, ticket: &mut Option<u64>) -> u64 {
        *ticket.get_or_insert_with(|| {
            self.tickets += 1;
            self.tickets
        })
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
        let wanted = rounded(bytes);
        if self.try_cover(wanted) {
            return;
        }
        let place = Place::of(self);
        // Once more: room that was freed before there was a place has woken nobody.
        while !place.weight.try_cover(wanted) {
            place.freed.notified().await;
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
        let ticket = state.ticket(&mut self.ticket);
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
            state.wake();
        }
    }
}

/// The place of a message among those that wait.
struct Place<'w> {
    weight: &'w mut Weight,
    freed: Arc<Notify>,
}

impl<'w> Place<'w> {
    fn of(weight: &'w mut Weight) -> Self {
        let freed = Arc::new(Notify::new());
        let inflow = Arc::clone(&weight.inflow);
        let mut state = inflow.state();
        let ticket = state.ticket(&mut weight.ticket);
        state.waiting.insert(ticket, Arc::clone(&freed));
        Place { weight, freed }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.weight.inflow.state();
        if let Some(ticket) = &self.weight.ticket {
            state.waiting.remove(ticket);
        }
        // It may have been woken just before it gave up.
        state.wake();
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

    #[tokio::test(start_paused = true)]
    async fn whoever_is_the_oldest_next_goes_on_at_once_whatever_else_was_waiting_before() {
        let inflow = Arc::new(Inflow::default());
        let new = inflow.enter();
        let (mut oldest, mut middle, mut youngest) = (inflow.enter(), inflow.enter(), inflow.enter());
        for weight in [&mut oldest, &mut middle, &mut youngest] {
            weight.cover(FREE + 1).await;
        }
        oldest.cover(BUDGET).await;
        let wants_all = |mut weight: Weight| {
            Box::pin(async move {
                weight.cover(BUDGET).await;
                weight
            })
        };
        let (mut new, mut youngest, mut middle) = (wants_all(new), wants_all(youngest), wants_all(middle));
        for waiting in [&mut new, &mut youngest, &mut middle] {
            assert!(timeout(AT_ONCE, waiting).await.is_err());
        }
        drop(oldest);
        let middle = timeout(AT_ONCE, middle).await.expect("it is the oldest now");
        assert!(timeout(AT_ONCE, &mut youngest).await.is_err());
        drop(middle);
        let youngest = timeout(AT_ONCE, youngest).await.expect("it is the oldest now");
        assert!(timeout(AT_ONCE, &mut new).await.is_err());
        drop(youngest);
        timeout(AT_ONCE, new).await.expect("nobody else is there");
    }

    const AT_ONCE: Duration = Duration::from_millis(1);
}

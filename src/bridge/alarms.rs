//! Pauses that the translator asked for.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use crate::era::Key;

/// The pauses under way.
#[derive(Default)]
pub struct Alarms {
    ends: HashMap<Key, Instant>,
    order: BTreeSet<(Instant, Key)>,
}

impl Alarms {
    /// Begins a pause, in the place of another with the same key.
    pub fn set(&mut self, key: Key, after: Duration) {
        let end = Instant::now() + after;
        if let Some(before) = self.ends.insert(key, end) {
            self.order.remove(&(before, key));
        }
        self.order.insert((end, key));
    }

    /// When the next one ends.
    pub fn next(&self) -> Option<Instant> {
        self.order.first().map(|(end, _)| *end)
    }

    /// Takes out one that has ended.
    pub fn due(&mut self) -> Option<Key> {
        let (end, key) = *self.order.first().filter(|(end, _)| *end <= Instant::now())?;
        self.order.remove(&(end, key));
        self.ends.remove(&key);
        Some(key)
    }
}

//! Pauses between attempts.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A pause that doubles, with jitter: a server that restarts should not meet all its clients in
/// the same instant.
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// For a request that somebody waits for.
    pub fn for_requests() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(2))
    }

    /// For a stream that is kept for the life of the process.
    pub fn for_streams() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(30))
    }

    fn new(first: Duration, longest: Duration) -> Self {
        Backoff { first, longest, next: first }
    }

    /// The next pause, between three and five quarters of its nominal length.
    pub fn next(&mut self) -> Duration {
        let nominal = self.next;
        self.next = (self.next * 2).min(self.longest);
        let share = f64::from(u16::try_from(random() & 0xffff).unwrap_or(0)) / f64::from(u16::MAX);
        nominal.mul_f64(0.75 + share / 2.0)
    }

    /// Begins again with the first pause.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A number that differs from process to process and from call to call. Not for secrets.
pub fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

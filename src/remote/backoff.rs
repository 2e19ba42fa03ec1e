//! Pauses between attempts.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use super::Trouble;

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

/// The pauses before a stream is asked for again that is kept for the life of the process.
pub struct Pauses(Backoff);

impl Default for Pauses {
    fn default() -> Self {
        Pauses(Backoff::for_streams())
    }
}

impl Pauses {
    /// There was no stream.
    pub fn next(&mut self) -> Duration {
        self.0.next()
    }

    /// There was one, which has lived so long. A proxy may give one and cut it at once, for ever.
    pub fn after_stream(&mut self, lived: Duration) -> Duration {
        if lived >= LIVED {
            self.0.reset();
        }
        self.0.next()
    }
}

/// Decides whether a request is sent again, and when.
pub struct Patience {
    since: Instant,
    window: Duration,
    backoff: Backoff,
    repeats: u32,
    waits: u32,
}

impl Patience {
    /// For a request that may wait for a connection for `window`, and be repeated `repeats` times
    /// if it is safe to repeat.
    pub fn new(window: Duration, repeats: u32) -> Self {
        Patience { since: Instant::now(), window, backoff: Backoff::for_requests(), repeats, waits: MOST_WAITS }
    }

    /// How long to wait before the request is sent again; `None` if it is not.
    pub fn pause(&mut self, trouble: &Trouble, repeatable: bool) -> Option<Duration> {
        let passed = self.since.elapsed();
        match trouble {
            // Not beyond the window: whoever looks for the server's era takes longer silence for a reason to
            // try another way, which would have a window of its own.
            Trouble::NotSent(_) if passed < self.window => Some(self.backoff.next().min(self.window - passed)),
            Trouble::Cut(_) | Trouble::Unheard(_) if repeatable && self.repeats > 0 && passed < self.window => {
                self.repeats -= 1;
                Some(self.backoff.next())
            }
            Trouble::Later(wait, _) if self.waits > 0 && passed.saturating_add(*wait) <= LONGEST_RETRY_AFTER => {
                self.waits -= 1;
                // A server that names no time at all would be asked several times at once.
                Some(self.backoff.next().max(*wait))
            }
            _ => None,
        }
    }
}

/// A number that differs from process to process and from call to call. Not for secrets.
pub fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// A server that wants a longer pause gets its error at once: editors give up sooner.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
/// How often a request waits for a server that names a time.
const MOST_WAITS: u32 = 5;
/// A stream that lived this long was not refused: the pauses begin again with the shortest.
const LIVED: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    /// Of half a second, with a jitter of a quarter.
    const FIRST: std::ops::RangeInclusive<Duration> = Duration::from_millis(375)..=Duration::from_millis(625);

    #[test]
    fn only_a_stream_that_has_lived_makes_the_pauses_short_again() {
        let mut pauses = Pauses::default();
        let short = LIVED - Duration::from_millis(1);
        assert!(FIRST.contains(&pauses.after_stream(short)));
        let mut last = Duration::ZERO;
        for _ in 0..3 {
            let pause = pauses.after_stream(short);
            assert!(pause > last && pause > *FIRST.end(), "{pause:?} after {last:?}");
            last = pause;
        }
        assert!(pauses.next() > last);
        assert!(FIRST.contains(&pauses.after_stream(LIVED)));
        assert!(pauses.after_stream(short) > *FIRST.end());
    }
}

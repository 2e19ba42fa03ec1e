//! Warnings that somebody else may give rise to without end.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};

/// Warnings of one kind. A server may give rise to any number of them, and editors keep what is said on stderr:
/// so the first is said, the tenth, the hundredth and so on, with their number, and the others are for `--debug`.
#[derive(Default)]
pub struct Repeated(AtomicU64);

impl Repeated {
    /// None has been said.
    pub const fn new() -> Self {
        Repeated(AtomicU64::new(0))
    }

    /// There is one more.
    pub fn warn(&self, what: impl Display) {
        match self.next() {
            1 => log::warn!("{what}"),
            number if is_round(number) => log::warn!("{what} (for the {number}th time; --debug shows all)"),
            _ => log::debug!("{what}"),
        }
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }
}

fn is_round(number: u64) -> bool {
    10_u64.checked_pow(number.max(1).ilog10()) == Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_they_go_the_fewer_are_said() {
        let said: Vec<u64> = (0..20_000).filter(|number| is_round(*number)).collect();
        assert_eq!(said, [1, 10, 100, 1000, 10_000]);
    }
}

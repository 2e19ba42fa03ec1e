//! Warnings that somebody else may give rise to without end.

use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::Level;

/// Warnings of one kind. A server may give rise to any number of them, and editors keep what is said on stderr:
/// so the first of each wording is said, the tenth, the hundredth and so on, with their number, and the others are for
/// `--debug`. Wordings may be without end as well, so those beyond [`MOST_WORDINGS`] count as one. After [`QUIET`]
/// without any of the kind, which is a trouble of its own, all begins again.
#[derive(Default)]
pub struct Repeated(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    last: Option<Instant>,
    /// How often there was each of them.
    wordings: Vec<(u64, u64)>,
}

impl Repeated {
    /// None has been said.
    pub const fn new() -> Self {
        Repeated(Mutex::new(Heard { last: None, wordings: Vec::new() }))
    }

    /// There is one more.
    pub fn warn(&self, what: impl Display) {
        self.say(Level::Warn, what);
    }

    /// There is one more, and nothing is wrong.
    pub fn info(&self, what: impl Display) {
        self.say(Level::Info, what);
    }

    fn say(&self, level: Level, what: impl Display) {
        let what = what.to_string();
        let number = self.0.lock().unwrap_or_else(PoisonError::into_inner).number(&what, Instant::now());
        match number {
            1 => log::log!(level, "{what}"),
            number if is_round(number) => log::log!(level, "{what} (for the {number}th time; --debug shows all)"),
            _ => log::debug!("{what}"),
        }
    }
}

impl Heard {
    /// The how many-th this one is of its wording.
    fn number(&mut self, what: &str, now: Instant) -> u64 {
        if self.last.replace(now).is_some_and(|last| now.duration_since(last) >= QUIET) {
            self.wordings.clear();
        }
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let own = hasher.finish();
        let is_full = self.wordings.len() > MOST_WORDINGS;
        let known = self.wordings.iter().position(|(wording, _)| *wording == own);
        let at = known.or(is_full.then_some(MOST_WORDINGS)).unwrap_or_else(|| {
            self.wordings.push((own, 0));
            self.wordings.len() - 1
        });
        let (_, count) = &mut self.wordings[at];
        *count = count.saturating_add(1);
        *count
    }
}

fn is_round(number: u64) -> bool {
    10_u64.checked_pow(number.max(1).ilog10()) == Some(number)
}

/// How many wordings of a kind are told from each other.
const MOST_WORDINGS: usize = 8;
/// After how long a warning is news again.
const QUIET: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_they_go_the_fewer_are_said() {
        let said: Vec<u64> = (0..20_000).filter(|number| is_round(*number)).collect();
        assert_eq!(said, [1, 10, 100, 1000, 10_000]);
    }

    #[test]
    fn another_wording_is_news_and_the_same_one_after_a_quiet_time() {
        let mut heard = Heard { last: None, wordings: Vec::new() };
        let begun = Instant::now();
        let mut number = |what: &str, after: Duration| heard.number(what, begun + after);
        let second = Duration::from_secs(1);
        assert_eq!([number("a", second), number("a", second), number("b", second)], [1, 2, 1]);
        assert_eq!([number("a", QUIET), number("b", QUIET)], [3, 2]);
        assert_eq!([number("b", QUIET * 2), number("a", QUIET * 2)], [1, 1]);
    }

    #[test]
    fn wordings_without_end_are_no_news_in_the_end() {
        let mut heard = Heard { last: None, wordings: Vec::new() };
        let now = Instant::now();
        let said = (0..10_000).filter(|number| is_round(heard.number(&number.to_string(), now))).count();
        assert!(said < MOST_WORDINGS + 6, "{said}");
        assert_eq!(heard.wordings.len(), MOST_WORDINGS + 1);
        assert_eq!(heard.number("0", now), 2, "those that are known stay known");
    }
}

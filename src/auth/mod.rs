//! How a server is signed in to: what it demands, who grants it, and what comes of it.

use std::hash::{BuildHasher, RandomState};

use crate::clock::now;
use crate::plain::is_invisible;
use crate::secret::Secrets;

mod browser;
pub mod callback;
pub mod challenge;
mod change;
pub mod discovery;
pub mod document;
pub mod dpop;
pub mod flow;
pub mod grants;
pub mod helper;
mod login;
mod options;
mod organization;
pub mod page;
pub mod registration;
pub mod scopes;
mod sign_in;
pub mod signing;
mod step;
mod ticket;
mod token;
mod token_command;
mod unattended;

pub use change::{Demand, Denied, How, Job, Outcome, Progress, Tools, change};
pub use flow::{Flow, Machine, Organization};
pub use login::{Login, Stand};
pub use options::{CallbackOptions, Named, Options, command, quoted};
pub use ticket::Ticket;
pub use token::{claims, renewal};
pub use token_command::TokenCommand;
pub use unattended::endpoint;

pub use crate::store::Said;

/// A random name for a sign-in. That nobody could guess it is not asked for.
pub fn lineage() -> String {
    let number = || RandomState::new().hash_one(now());
    format!("{:016x}{:016x}", number(), number())
}

/// What a server said, as it may be shown: on one line, not long, and without the secrets that it
/// was told and may echo.
fn words(text: &str, secrets: &Secrets) -> String {
    let line: String = secrets.scrub(text).chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    let mut shown: String = line.trim().chars().take(LONGEST_WORDS).collect();
    if shown.len() < line.trim().len() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that turn or hide the text around them.
fn is_unprintable(c: char) -> bool {
    // Also those that join letters: no code and no reason has them.
    c.is_control() || is_invisible(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// Characters of a server's own words; a sentence or two.
const LONGEST_WORDS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_server_are_one_short_line_without_secrets() {
        let mut secrets = Secrets::default();
        secrets.learn("s3cret-code");
        assert_eq!(words(" no\r\n\u{1b}[31m s3cret-code\u{202e} ", &secrets), "no   [31m (hidden)");
        let long = words(&"ä".repeat(400), &secrets);
        assert_eq!((long.chars().count(), long.ends_with("ä…")), (301, true));
        // A cut must not leave half of a secret.
        let edge = words(&format!("{}s3cret-code", "x".repeat(295)), &secrets);
        assert!(!edge.contains("s3"), "{edge}");
    }
}

//! How a server is signed in to: what it demands, who grants it, and what comes of it.

use crate::secret::Secrets;

pub mod callback;
pub mod challenge;
pub mod discovery;
pub mod grants;
pub mod page;
pub mod registration;
pub mod scopes;

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
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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

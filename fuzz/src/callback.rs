//! What comes to the callback: the head of a request, and an address that somebody pasted.

use mcpbridge::auth::callback::{Head, Redirect};
use mcpbridge::auth::grants::authorization_code::{Answer, State};
use mcpbridge::secret::Secret;
use url::form_urlencoded;

/// The input is the text of either.
pub fn callback(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let state = State::new(Secret::new(STATE));
    if let Some(head) = Head::parse(text) {
        assert!(head.target.starts_with('/') && !head.target.contains([' ', '\r', '\n']), "{:?}", head.target);
        assert!(head.host.is_none_or(|host| !host.contains(['\r', '\n'])));
        let query = head.target.split_once('?').map_or("", |(_, query)| query);
        if let Some(answer) = Answer::read(query) {
            assert_eq!(state.fits(&answer), states(query) == [STATE]);
        } else {
            assert!(twice(query), "{query}");
        }
    }
    let query = text.trim();
    let query = query.split_once('?').map_or(query, |(_, query)| query).split('#').next().unwrap_or_default();
    match Redirect::pasted(text, &state) {
        Ok(redirect) => assert!(redirect.answer.is_complete() && states(query) == [STATE]),
        Err(failure) => assert!(!failure.to_string().contains(STATE)),
    }
}

fn states(query: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).collect()
}

fn twice(query: &str) -> bool {
    let names = ["code", "state", "iss", "error", "error_description"];
    let count = |name: &&str| form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == *name).count();
    names.iter().any(|name| count(name) > 1)
}

const STATE: &str = "s-0123456789abcdef";

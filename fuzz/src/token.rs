//! Answers of token endpoints: nothing but tokens and errors comes out, and no token in an error.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use mcpbridge::auth::grants::answer::{of_revocation_endpoint, of_token_endpoint, of_token_exchange};
use mcpbridge::http::Fetched;
use mcpbridge::secret::Secrets;
use serde_json::Value;
use url::Url;

use super::byte;

/// The first byte chooses status and type, the rest is the body.
pub fn token(mut data: &[u8]) {
    let first = usize::from(byte(&mut data));
    let mut headers = HeaderMap::new();
    headers.extend(TYPES[first % TYPES.len()].map(|kind| (header::CONTENT_TYPE, HeaderValue::from_static(kind))));
    let status = StatusCode::from_u16(STATUSES[first / TYPES.len() % STATUSES.len()]).expect("one of ours");
    let fetched = Fetched { status, headers, body: data.to_vec().into() };
    let endpoint = Url::parse("https://as.example/token").expect("one of ours");
    let bound = first.is_multiple_of(2);
    let told = match of_token_endpoint(&fetched, &endpoint, bound) {
        Ok(answer) => {
            understood(answer.status(), answer.body(), bound);
            None
        }
        Err(trouble) => Some(trouble.to_string()),
    };
    let exchanged = of_token_exchange(&fetched, &endpoint, &Secrets::default()).err();
    let revoked = of_revocation_endpoint(&fetched, &endpoint).err();
    let others = [exchanged, revoked].into_iter().flatten().map(|trouble| trouble.to_string());
    for text in told.into_iter().chain(others) {
        assert!(!text.contains(['\n', '\r', '\u{1b}']), "an error is one line: {text:?}");
        assert!(!tells(data, &text), "{text}");
    }
}

/// Only who has proved a key may get a token that is `bound` to it.
fn understood(status: StatusCode, body: &[u8], bound: bool) {
    let body: Value = serde_json::from_slice(body).expect("what is handed on is JSON");
    if status != StatusCode::OK {
        assert!(body["error"].as_str().is_some_and(|code| !code.is_empty()));
        return;
    }
    let token = body["access_token"].as_str().expect("there is a token");
    assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(body["token_type"] == "bearer" || bound && body["token_type"] == "dpop");
    assert!(body.get("expires_in").is_none_or(|life| life.as_u64().is_some_and(|life| life > 0)));
}

/// Whether `text` has the token that stands in `body`, and nowhere else in it.
fn tells(body: &[u8], text: &str) -> bool {
    let Ok(tree) = serde_json::from_slice::<Value>(body) else { return false };
    let Some(token) = tree["access_token"].as_str().filter(|token| token.len() >= 16) else { return false };
    let whole = tree.to_string();
    whole.matches(token).count() == 1 && text.contains(token)
}

const STATUSES: [u16; 8] = [200, 201, 400, 401, 403, 429, 500, 511];
const TYPES: [Option<&str>; 3] = [None, Some("application/json"), Some("text/html")];

//! Proofs that a request carries of a key (DPoP, RFC 9449), and the nonces that servers want in them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

/// Makes the proof of one try: for this method and this URL, with the nonce that the server gave.
pub type Prove = Arc<dyn Fn(&Method, &Url, Option<&str>) -> Option<HeaderValue> + Send + Sync>;

/// The last nonce of each origin. Those of an authorization server and of an MCP server are not the
/// same, also where both are at one origin (RFC 9449, section 9).
#[derive(Default)]
pub struct Nonces(Mutex<HashMap<String, Nonce>>);

/// What a server wants to find in a proof.
pub type Nonce = Arc<str>;

impl Nonces {
    /// The proof for a request, and the header that it goes in.
    pub fn prove(
        &self,
        prove: &Prove,
        method: &Method,
        url: &Url,
        given: Option<Nonce>,
    ) -> Option<(HeaderName, HeaderValue)> {
        let nonce = given.or_else(|| self.nonces().get(&origin(url)).cloned());
        Some((PROOF, prove(method, url, nonce.as_deref())?))
    }

    /// Keeps the nonce in an answer, whatever else that says.
    pub fn note(&self, headers: &HeaderMap, url: &Url) -> Option<Nonce> {
        let nonce: Nonce = headers.get(NONCE)?.to_str().ok().filter(|text| is_nonce(text))?.into();
        self.nonces().insert(origin(url), Arc::clone(&nonce));
        Some(nonce)
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<String, Nonce>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an MCP server wants the nonce that it gives (RFC 9449, section 9).
pub fn wants_nonce(status: StatusCode, headers: &HeaderMap) -> bool {
    let asks = |value: &HeaderValue| value.as_bytes().windows(USE_NONCE.len()).any(|word| word == USE_NONCE.as_bytes());
    status == StatusCode::UNAUTHORIZED && headers.get_all(header::WWW_AUTHENTICATE).iter().any(asks)
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// RFC 9449, section 8.1. A longer one would make a request that nobody takes.
fn is_nonce(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.len() <= LONGEST_NONCE && text.bytes().all(fits)
}

/// The error that asks for a nonce, at both kinds of server.
pub const USE_NONCE: &str = "use_dpop_nonce";
/// Where a server gives a nonce.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// Bytes of a nonce. Those of real servers have some fifty, encrypted ones a few hundred.
const LONGEST_NONCE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_kept_for_its_origin_and_the_newest_counts() {
        let nonces = Nonces::default();
        let at = |url: &str| Url::parse(url).unwrap();
        let says = |nonce: &str| HeaderMap::from_iter([(NONCE, HeaderValue::from_str(nonce).unwrap())]);
        let echo: Prove = Arc::new(|_, _, nonce| HeaderValue::from_str(nonce.unwrap_or("none")).ok());
        let proof = |url: &str, given: Option<Nonce>| {
            nonces.prove(&echo, &Method::GET, &at(url), given).unwrap().1.to_str().unwrap().to_owned()
        };
        assert_eq!(proof("https://h.example/a", None), "none");
        nonces.note(&says("one"), &at("https://h.example/a"));
        nonces.note(&says("two"), &at("https://h.example:443/b?x"));
        nonces.note(&says("other"), &at("https://h.example:8443/"));
        for odd in ["", "a b", "a\"b", "a\\b", &"x".repeat(LONGEST_NONCE + 1)] {
            assert!(nonces.note(&says(odd), &at("https://h.example/")).is_none(), "{odd}");
        }
        assert_eq!(proof("https://h.example/c", None), "two");
        assert_eq!(proof("https://h.example/c", Some("given".into())), "given");
        assert_eq!(proof("http://h.example/c", None), "none");
    }
}

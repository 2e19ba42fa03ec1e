//! Tokens that are bound to a key (DPoP, RFC 9449): the key, the proofs that are signed with it, and when
//! there is one. Who has the token alone has nothing.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, header};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::challenge::{Bearer, Dpop};
use super::discovery::{AuthorizationServer, strings};
use super::words;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::{Prove, USE_NONCE};
use crate::secret::{Secret, Secrets};

/// What a protected resource says of tokens that are bound to a key (RFC 9728, section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proofs {
    /// Whether it takes no others.
    pub required: bool,
    /// The algorithms that it takes in a proof; `None` where it does not say.
    pub algorithms: Option<Vec<String>>,
}

impl Proofs {
    /// Reads the metadata of a protected resource.
    pub fn read(document: &Map<String, Value>) -> Self {
        Proofs {
            required: document.get("dpop_bound_access_tokens_required") == Some(&Value::Bool(true)),
            algorithms: strings(document, "dpop_signing_alg_values_supported"),
        }
    }
}

/// A key that tokens are bound to. It can sign, and cannot be printed.
pub struct ProofKey {
    pair: EcdsaKeyPair,
    /// The first part of every proof, which names the public half.
    head: String,
    /// The public half as a number (RFC 7638).
    thumbprint: String,
    /// As the store has it.
    kept: Secret,
}

impl ProofKey {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<Arc<Self>, Failure> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let key = made.ok().and_then(|key| Self::read(&Secret::new(BASE64_URL_SAFE_NO_PAD.encode(key))));
        key.ok_or_else(|| Failure::new(Kind::Internal, "the system gives no random numbers for a key"))
    }

    /// A key as the store has it; `None` if it is none.
    pub fn read(kept: &Secret) -> Option<Arc<Self>> {
        let pkcs8 = BASE64_URL_SAFE_NO_PAD.decode(kept.expose()).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new()).ok()?;
        // One byte that says "not compressed", and two coordinates.
        let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(COORDINATE)?;
        let [x, y] = [x, y].map(|half| BASE64_URL_SAFE_NO_PAD.encode(half));
        // RFC 7638, section 3.2: these members, in this order, and nothing between them.
        let public = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let head =
            json!({ "typ": "dpop+jwt", "alg": ALGORITHM, "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } });
        Some(Arc::new(ProofKey {
            pair,
            head: part(&head),
            thumbprint: BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(public)),
            kept: kept.clone(),
        }))
    }

    /// As the store has it.
    pub fn kept(&self) -> &Secret {
        &self.kept
    }

    /// What a server knows the key by (RFC 7638), and what an authorization request names (RFC 9449,
    /// section 10).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Makes the proofs of one request: to an MCP server with its `token`, to an authorization server
    /// without one. Each is made anew, because a server takes none twice.
    pub fn prove(self: &Arc<Self>, token: Option<&Secret>) -> Prove {
        let key = Arc::clone(self);
        let hash = token.map(|token| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose())));
        Arc::new(move |method, url, nonce| key.proof(method, url, hash.as_deref(), nonce))
    }

    /// RFC 9449, section 4.2.
    fn proof(&self, method: &Method, url: &Url, hash: Option<&str>, nonce: Option<&str>) -> Option<HeaderValue> {
        let mut id = [0; 16];
        let random = SystemRandom::new();
        random.fill(&mut id).ok()?;
        let mut claims = json!({
            "jti": BASE64_URL_SAFE_NO_PAD.encode(id),
            "htm": method.as_str(),
            // Without user, query and fragment.
            "htu": url.origin().ascii_serialization() + url.path(),
            "iat": now(),
        });
        for (name, value) in [("ath", hash), ("nonce", nonce)] {
            if let Some(value) = value {
                claims[name] = value.into();
            }
        }
        let signed = format!("{}.{}", self.head, part(&claims));
        let signature = self.pair.sign(&random, signed.as_bytes()).ok()?;
        let mut proof = HeaderValue::try_from(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))).ok()?;
        proof.set_sensitive(true);
        Some(proof)
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofKey({})", self.thumbprint)
    }
}

impl PartialEq for ProofKey {
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl Eq for ProofKey {}

/// Whether tokens of `server` are to be bound to a key: somebody says that they can be, and nobody that
/// they cannot with the one algorithm of ours.
///
/// # Errors
/// The MCP server takes no others, and somebody does not take the algorithm.
pub fn wanted(server: &AuthorizationServer, resource: &Proofs, challenge: Option<&Bearer>) -> Result<bool, Failure> {
    let challenge = challenge.and_then(|challenge| challenge.dpop.as_ref());
    let required = resource.required || challenge.is_some_and(|challenge| challenge.alone);
    let named = challenge.and_then(|challenge| challenge.algorithms.as_deref());
    let named: Option<Vec<String>> = named.map(|named| named.split_ascii_whitespace().map(str::to_owned).collect());
    let lists = [
        (server.dpop_algorithms.as_ref(), format!("the authorization server {}", server.issuer)),
        (resource.algorithms.as_ref().or(named.as_ref()), "the MCP server".to_owned()),
    ];
    for (list, who) in &lists {
        match list {
            Some(list) if !list.iter().any(|listed| listed == ALGORITHM) => {
                let listed =
                    if list.is_empty() { "none".to_owned() } else { words(&list.join(", "), &Secrets::default()) };
                let fact = format!("{who} takes DPoP proofs that are signed with {listed}, and not with {ALGORITHM}");
                if required {
                    let remedy = format!("ask its operator to allow {ALGORITHM}");
                    return Err(Failure::new(Kind::SignInRefused, fact).remedy(remedy));
                }
                log::debug!("{fact}: the token is not bound to a key");
                return Ok(false);
            }
            _ => {}
        }
    }
    Ok(required || challenge.is_some() || lists.iter().any(|(list, _)| list.is_some()))
}

/// That a server does not take the proof that it was sent, in words.
pub fn refused(who: &str, code: &str, description: Option<&str>, headers: &HeaderMap, secrets: &Secrets) -> Failure {
    let failure = |fact: String| Failure::new(Kind::SignInRefused, fact);
    if code == USE_NONCE {
        let fact = match headers.contains_key(crate::http::NONCE) {
            true => format!("{who} wants a nonce in the DPoP proof, and does not take the one that it gave"),
            false => format!("{who} wants a nonce in the DPoP proof, and gives none"),
        };
        return failure(fact).remedy("its operator has to mend that");
    }
    let said = description.map(|description| format!(": {}", words(description, secrets))).unwrap_or_default();
    match difference(headers) {
        Some(seconds) if seconds.abs() > TOLERATED => {
            let (by, where_to) = (seconds.abs(), if seconds > 0 { "behind" } else { "ahead of" });
            let clock = format!("the clock of this computer is {by} s {where_to} the server's");
            failure(format!("{who} refuses the DPoP proof{said}; {clock}")).remedy("set the clock and try again")
        }
        _ => failure(format!("{who} refuses the DPoP proof{said}")).remedy("ask its operator why"),
    }
}

/// What a refused request to an MCP server says of its proof, if that was the reason. Then no other token
/// helps.
pub fn refused_by(who: &str, challenge: &Dpop, headers: &HeaderMap, secrets: &Secrets) -> Option<Failure> {
    let code = challenge.error.as_deref().filter(|code| is_about_proof(code))?;
    Some(refused(who, code, challenge.error_description.as_deref(), headers, secrets).status(401))
}

/// Whether an error is about a proof, and not about what was sent with it (RFC 9449, section 12.2).
pub fn is_about_proof(code: &str) -> bool {
    matches!(code, USE_NONCE | "invalid_dpop_proof")
}

/// By how many seconds the server's clock is ahead of ours, as far as it says.
fn difference(headers: &HeaderMap) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let seconds = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(seconds.cast_signed() - now().cast_signed())
}

fn part(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The one algorithm that everybody who has DPoP has.
const ALGORITHM: &str = "ES256";
/// Bytes of a coordinate on P-256.
const COORDINATE: usize = 32;
/// By how many seconds clocks may differ without being the reason. Servers accept between some seconds
/// and five minutes.
const TOLERATED: i64 = 30;

#[cfg(test)]
mod tests;

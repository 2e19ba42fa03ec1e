//! Who looks at DPoP proofs (RFC 9449), at an authorization server and at an MCP server alike: strict, with a memory of
//! every proof, and with nonces where a test wants them.

use std::{collections::HashSet, sync::Mutex};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::unattended::in_seconds;
use crate::support::{server::Request, sync::lock};

/// What of nonces a server wants.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Nonces {
    #[default]
    None,
    /// One, which stays good.
    Fixed,
    /// Each is good once, and every answer brings the next.
    Once,
    /// Whatever comes is the wrong one.
    NeverRight,
    /// One is asked for, and none is given.
    Untold,
}

/// A proof that is no good, and the nonce that a better one has to have.
#[derive(Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub why: String,
    pub nonce: Option<String>,
}

/// Remembers the proofs that it has seen.
#[derive(Default)]
pub struct Judge {
    seen: Mutex<HashSet<String>>,
    /// The nonces that are good.
    good: Mutex<HashSet<String>>,
    given: Mutex<usize>,
}

impl Judge {
    /// The thumbprint of the key that has signed the one proof of this request, and the nonce that goes with the answer.
    pub fn proven(
        &self,
        request: &Request,
        url: &str,
        token: Option<&str>,
        nonces: Nonces,
    ) -> Result<(String, Option<String>), Refusal> {
        let refuse = |why: &str| Refusal { code: "invalid_dpop_proof", why: why.to_owned(), nonce: None };
        let proofs: Vec<&str> = request
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("dpop"))
            .map(|(_, value)| value.as_str())
            .collect();
        let [proof] = proofs[..] else { return Err(refuse(&format!("there are {} proofs", proofs.len()))) };
        let said = read(proof, request, url, token).map_err(|why| refuse(&why))?;
        let number = said.claims["jti"].as_str().filter(|jti| jti.len() >= 16).ok_or_else(|| refuse("no jti"))?;
        if !lock(&self.seen).insert(number.to_owned()) {
            return Err(refuse("this proof was used before"));
        }
        let nonce = said.claims["nonce"].as_str();
        let right = match nonces {
            Nonces::None => true,
            Nonces::Fixed => nonce.is_some_and(|nonce| lock(&self.good).contains(nonce)),
            Nonces::Once => nonce.is_some_and(|nonce| lock(&self.good).remove(nonce)),
            Nonces::NeverRight | Nonces::Untold => false,
        };
        if right {
            return Ok((said.thumbprint, (nonces == Nonces::Once).then(|| self.give())));
        }
        let nonce = (nonces != Nonces::Untold).then(|| self.give());
        Err(Refusal { code: "use_dpop_nonce", why: format!("the nonce is {:?}", said.claims["nonce"]), nonce })
    }

    /// No nonce so far is good any more.
    pub fn forget_nonces(&self) {
        lock(&self.good).clear();
    }

    /// How many proofs there were.
    pub fn count(&self) -> usize {
        lock(&self.seen).len()
    }

    fn give(&self) -> String {
        let mut given = lock(&self.given);
        *given += 1;
        let nonce = format!("nonce-{given}-{self:p}");
        lock(&self.good).insert(nonce.clone());
        nonce
    }
}

struct Said {
    claims: Value,
    thumbprint: String,
}

/// RFC 9449, section 4.3.
fn read(proof: &str, request: &Request, url: &str, token: Option<&str>) -> Result<Said, String> {
    let parts: Vec<&str> = proof.split('.').collect();
    let [head, claims, signature] = parts[..] else { return Err("no JWT".to_owned()) };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "not base64url".to_owned());
    let json = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| "not JSON".to_owned());
    let (head, said) = (json(head)?, json(claims)?);
    if head["typ"] != "dpop+jwt" || head["alg"] != "ES256" {
        return Err(format!("typ or alg: {head}"));
    }
    let key = &head["jwk"];
    let members: Vec<&str> = key.as_object().into_iter().flat_map(|it| it.keys()).map(String::as_str).collect();
    if members != ["crv", "kty", "x", "y"] || key["kty"] != "EC" || key["crv"] != "P-256" {
        return Err(format!("the key has more or less than its public half: {members:?}"));
    }
    let point = [vec![4], bytes(key["x"].as_str().unwrap_or("?"))?, bytes(key["y"].as_str().unwrap_or("?"))?].concat();
    let signed = &proof[..proof.len() - signature.len() - 1];
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &bytes(signature)?)
        .map_err(|_| "the signature is not that of the key".to_owned())?;
    if said["htm"] != request.method || said["htu"] != url {
        return Err(format!("htm or htu: {said}, and not {} {url}", request.method));
    }
    let time = said["iat"].as_u64().unwrap_or(0);
    if time > in_seconds(30) || time < in_seconds(-30) {
        return Err(format!("iat: {said}"));
    }
    let hash = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    if said.get("ath").and_then(Value::as_str) != hash.as_deref() {
        return Err(format!("ath: {said}"));
    }
    let public = json!({ "crv": "P-256", "kty": "EC", "x": key["x"], "y": key["y"] }).to_string();
    Ok(Said { claims: said, thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(public)) })
}

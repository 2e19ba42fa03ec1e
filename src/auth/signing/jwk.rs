//! Private keys as JSON (RFC 7517; RFC 7518, section 6; RFC 8037).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use serde_json::Value;

use super::{Pair, SigningKey, UNUSABLE, Wrong};

/// Reads a JWK, or the one of a set that is called `id`.
pub fn read(text: &str, id: Option<&str>) -> Result<SigningKey, Wrong> {
    let document: Value = serde_json::from_str(text)
        .map_err(|_| Wrong { fact: "the key begins as JSON, and is none", remedy: "copy it again, all of it" })?;
    let key = match document.get("keys").and_then(Value::as_array).map(Vec::as_slice) {
        None => &document,
        Some([one]) => one,
        Some(several) => several.iter().find(|key| id.is_some() && name(key) == id).ok_or(Wrong {
            fact: "there are several keys, or none, and it is not clear which is meant",
            remedy: "say its kid with --key-id",
        })?,
    };
    if key.get("d").is_none() {
        return Err(Wrong { fact: "this is the public half of a key", remedy: "give the private one" });
    }
    let pair = match text_of(key, "kty") {
        Some("RSA") => rsa(key),
        Some("EC") => ec(key),
        Some("OKP") => ed(key),
        _ => Err(UNUSABLE),
    }?;
    Ok(SigningKey { pair, id: id.or(name(key)).map(str::to_owned) })
}

fn rsa(key: &Value) -> Result<Pair, Wrong> {
    let part = |name: &str| bytes(key, name).ok_or(PARTS);
    Pair::rsa(RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: part("n")?, e: part("e")? },
        d: part("d")?,
        p: part("p")?,
        q: part("q")?,
        dP: part("dp")?,
        dQ: part("dq")?,
        qInv: part("qi")?,
    }))
}

fn ec(key: &Value) -> Result<Pair, Wrong> {
    if text_of(key, "crv") != Some("P-256") {
        return Err(UNUSABLE);
    }
    let part = |name: &str| bytes(key, name).ok_or(PARTS);
    let (private, x, y) = (part("d")?, part("x")?, part("y")?);
    let public = [&[0x04], x.as_slice(), &y].concat();
    let random = SystemRandom::new();
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &public, &random)
        .map(|pair| Pair::Ec(Box::new(pair)))
        .map_err(|_| UNUSABLE)
}

fn ed(key: &Value) -> Result<Pair, Wrong> {
    let (Some("Ed25519"), Some(seed)) = (text_of(key, "crv"), bytes(key, "d")) else { return Err(UNUSABLE) };
    match bytes(key, "x") {
        Some(public) => Ed25519KeyPair::from_seed_and_public_key(&seed, &public),
        None => Ed25519KeyPair::from_seed_unchecked(&seed),
    }
    .map(|pair| Pair::Ed(Box::new(pair)))
    .map_err(|_| UNUSABLE)
}

fn name(key: &Value) -> Option<&str> {
    text_of(key, "kid")
}

fn text_of<'a>(key: &'a Value, name: &str) -> Option<&'a str> {
    key.get(name).and_then(Value::as_str)
}

fn bytes(key: &Value, name: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text_of(key, name)?.trim_end_matches('=')).ok()
}

const PARTS: Wrong = Wrong { fact: "a part of the key is missing", remedy: "give all parts of the private key" };

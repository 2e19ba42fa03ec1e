//! Private keys with which a client proves who it is (`private_key_jwt`: RFC 7523, section 2.2), and
//! the assertions that are signed with them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lineage;
use crate::failure::{Failure, Kind};
use crate::secret::Secret;
use crate::source::Source;
use crate::store::Store;

mod jwk;

/// How is signed: the algorithms of JWS that authorization servers take from clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Its name, as RFC 7518 and RFC 8037 have it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let all = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
        all.into_iter().find(|known| known.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let fact = format!("--signing-algorithm {text:?} is not known");
            Failure::new(Kind::Usage, fact).remedy("use RS256, ES256 or EdDSA, or leave it out: the key decides")
        })
    }
}

/// Where a client's private key is. It is read anew for each grant, so that one that was replaced counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateKey {
    /// Where the key itself is.
    pub source: Source,
    /// What the authorization server calls it (`kid`).
    pub id: Option<String>,
    /// How is signed, if the person said it.
    pub algorithm: Option<Algorithm>,
}

impl PrivateKey {
    /// Reads the key.
    ///
    /// # Errors
    /// There is none, or none that can be used: `Kind::Usage`, or as the store says.
    pub async fn open(&self, store: &Store) -> Result<SigningKey, Failure> {
        let text = self.source.read(store).await?;
        let key = SigningKey::read(&text, self.id.as_deref()).map_err(|wrong| {
            Failure::new(Kind::Usage, format!("--private-key {}: {}", self.source, wrong.fact)).remedy(wrong.remedy)
        })?;
        match self.algorithm {
            Some(wanted) if wanted != key.algorithm() => {
                let has = key.algorithm().name();
                let fact = format!("the key in {} signs with {has}, and not with {}", self.source, wanted.name());
                Err(Failure::new(Kind::Usage, fact).remedy("leave --signing-algorithm out, or give another key"))
            }
            _ => Ok(key),
        }
    }
}

/// A private key that can sign.
pub struct SigningKey {
    pair: Pair,
    id: Option<String>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {:?})", self.algorithm().name(), self.id)
    }
}

/// What is wrong with a key, and what to do about it. Says nothing of what is in it.
#[derive(Debug)]
pub struct Wrong {
    fact: &'static str,
    remedy: &'static str,
}

impl SigningKey {
    /// Reads a key: PEM (PKCS#8, PKCS#1 or SEC 1), or a JWK or a set of them. `id` is its `kid`, and
    /// says which key of a set is meant.
    ///
    /// # Errors
    /// It is none that can be used.
    pub fn read(text: &Secret, id: Option<&str>) -> Result<Self, Wrong> {
        let text = text.expose().trim();
        if text.starts_with('{') {
            return jwk::read(text, id);
        }
        if text.contains("ENCRYPTED") {
            return Err(Wrong {
                fact: "the key is encrypted",
                remedy: "take its passphrase off, with: openssl pkcs8 -topk8 -nocrypt",
            });
        }
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
            if text.contains("-----BEGIN PUBLIC KEY") || text.contains("-----BEGIN CERTIFICATE") {
                Wrong { fact: "this is the public half of a key", remedy: "give the private one" }
            } else {
                Wrong { fact: "this is no private key", remedy: "a key is written as PEM, or as a JWK" }
            }
        })?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(key) => Pair::rsa(RsaKeyPair::from_der(key.secret_pkcs1_der())),
            PrivateKeyDer::Sec1(key) => Pair::ec(&wrapped(key.secret_sec1_der())),
            der => of_pkcs8(der.secret_der()),
        }?;
        Ok(SigningKey { pair, id: id.map(str::to_owned) })
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::Ec(_) => Algorithm::Es256,
            Pair::Ed(_) => Algorithm::EdDsa,
        }
    }

    /// The assertion with which `client` proves itself to `audience`, at `now` in seconds since 1970.
    ///
    /// # Errors
    /// The key does not sign: its parts do not belong together.
    pub fn assertion(&self, client: &str, audience: &str, now: u64) -> Result<Secret, Failure> {
        let mut header = json!({ "alg": self.algorithm().name(), "typ": "JWT" });
        if let Some(id) = &self.id {
            header["kid"] = id.as_str().into();
        }
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": lineage(), "iat": now, "exp": now + LIFE,
        });
        let part = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.sign(signed.as_bytes()).ok_or_else(|| {
            Failure::new(Kind::Usage, "the private key does not sign: its parts do not belong together")
                .remedy("give another key")
        })?;
        Ok(Secret::new(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }

    fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Ec(pair) => Some(pair.sign(&random, text).ok()?.as_ref().to_vec()),
            Pair::Ed(pair) => Some(pair.sign(text).as_ref().to_vec()),
        }
    }
}

impl Pair {
    fn rsa(read: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<Self, Wrong> {
        read.map(|pair| Pair::Rsa(Box::new(pair))).map_err(|why| match why.to_string().as_str() {
            "TooSmall" => {
                Wrong { fact: "the RSA key has less than 2048 bits", remedy: "give a longer one, or one for P-256" }
            }
            _ => UNUSABLE,
        })
    }

    fn ec(pkcs8: &[u8]) -> Result<Self, Wrong> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
            .map(|pair| Pair::Ec(Box::new(pair)))
            .map_err(|_| UNUSABLE)
    }
}

/// The kind of key is inside. Each is tried: what one of them reads the others refuse.
fn of_pkcs8(der: &[u8]) -> Result<Pair, Wrong> {
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Ok(Pair::Ed(Box::new(pair)));
    }
    Pair::ec(der).or_else(|_| Pair::rsa(RsaKeyPair::from_pkcs8(der)))
}

/// A key as SEC 1 has it (RFC 5915), in the wrapping of PKCS#8 (RFC 5958) that says its curve.
fn wrapped(sec1: &[u8]) -> Vec<u8> {
    let key = tagged(0x04, sec1);
    tagged(0x30, &[&[0x02, 0x01, 0x00], P256, &key].concat())
}

/// A value of DER behind its tag and its length.
fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut whole = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => whole.push(short),
        Ok(byte) => whole.extend([0x81, byte]),
        // A key of 64 KiB is none, and is refused whatever its length says.
        Err(_) => whole.extend([0x82, (length >> 8 & 0xff) as u8, (length & 0xff) as u8]),
    }
    whole.extend_from_slice(value);
    whole
}

/// `AlgorithmIdentifier` of a key on P-256 (RFC 5480).
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];
const UNUSABLE: Wrong = Wrong {
    fact: "the key cannot be used",
    remedy: "use one for RSA (2048 bits or more), P-256 with its public half, or Ed25519",
};
/// Seconds that an assertion is good for. It is used at once; this is for clocks that differ.
const LIFE: u64 = 300;

#[cfg(test)]
mod tests;

//! Grants without a person: of a client itself, for what somebody else's issuer says of it, and the exchange of an id
//! token for such a word.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

use super::{
    clients::{Client, Proof},
    desk::{Answer, Asked, Desk},
    tokens::Grant,
};
use crate::support::sync::lock;

pub const CLIENT_CREDENTIALS: &str = "client_credentials";
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Which of these grants there are, and who is believed.
#[derive(Clone, Default)]
pub struct Unattended {
    /// What the token endpoint serves, and the metadata list.
    pub grants: Vec<&'static str>,
    /// Issuers whose word counts at the token endpoint.
    pub trusts: Vec<String>,
    /// As an identity provider: as which client its own client is known at the servers of others, and what id tokens say.
    pub vouches_as: Option<String>,
}

/// A token of these tests. Who reads one believes the issuer in it, and does not look at the signature.
pub fn jwt(claims: &Value) -> String {
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.signature", part(&json!({ "alg": "none" })), part(claims))
}

pub fn claims(token: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

/// Seconds since 1970, and this many more.
pub fn in_seconds(more: i64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_secs();
    now.saturating_add_signed(more)
}

impl Desk {
    pub(super) fn unattended(&self, asked: &Asked) -> Answer {
        let grant = asked.get("grant_type").unwrap_or_default();
        if !self.manners().unattended.grants.contains(&grant) {
            return Answer::error(400, "unsupported_grant_type", "no such grant here");
        }
        match grant {
            CLIENT_CREDENTIALS => match self.checked(asked) {
                Ok(client) if client.proof == Proof::None => {
                    Answer::error(400, "unauthorized_client", "a public client is nobody")
                }
                Ok(client) => self.granted(asked, client.id),
                Err(answer) => answer,
            },
            JWT_BEARER => self.believed(asked).unwrap_or_else(|answer| answer),
            _ => self.vouch(asked).unwrap_or_else(|answer| answer),
        }
    }

    /// RFC 7523, section 2.1. A workload need not be a client.
    fn believed(&self, asked: &Asked) -> Result<Answer, Answer> {
        let refused = |why: &str| Answer::error(400, "invalid_grant", why);
        let named = asked.get("client_id").is_some() || asked.request.header("authorization").is_some();
        let client = if named { Some(self.checked(asked)?) } else { None };
        let said = asked.get("assertion").and_then(claims).ok_or_else(|| refused("the assertion is no JWT"))?;
        let trusts = self.manners().unattended.trusts;
        if !trusts.iter().any(|issuer| said["iss"] == *issuer) {
            return Err(refused("nobody knows the issuer of the assertion"));
        }
        if said["aud"] != self.issuer() {
            return Err(refused("the assertion is for another audience"));
        }
        if said["exp"].as_u64().is_none_or(|end| end <= in_seconds(0)) {
            return Err(refused("the assertion has expired"));
        }
        // An identity provider says for which client it speaks.
        if let Some(meant) = said["client_id"].as_str()
            && client.as_ref().is_none_or(|client| client.id != meant)
        {
            return Err(refused("the assertion is for another client"));
        }
        let who = client.map_or_else(|| said["sub"].to_string(), |client| client.id);
        Ok(self.granted(asked, who))
    }

    /// RFC 8693, as the Identity Assertion JWT Authorization Grant has it.
    fn vouch(&self, asked: &Asked) -> Result<Answer, Answer> {
        let client = self.checked(asked)?;
        let invalid = |why: &str| Answer::error(400, "invalid_request", why);
        let need = |name: &str| asked.get(name).ok_or_else(|| invalid(&format!("{name} is missing")));
        if need("requested_token_type")? != "urn:ietf:params:oauth:token-type:id-jag" {
            return Err(invalid("that is not to be had"));
        }
        let token = need("subject_token")?;
        let refused = |why: &str| Answer::error(400, "invalid_grant", why);
        match need("subject_token_type")? {
            "urn:ietf:params:oauth:token-type:id_token" => {
                let said = claims(token).ok_or_else(|| refused("the id token is no JWT"))?;
                if said["iss"] != self.issuer() || said["aud"] != client.id {
                    return Err(refused("the id token is not of here, or of another client"));
                }
                if said["exp"].as_u64().is_none_or(|end| end <= in_seconds(0)) {
                    return Err(refused("the id token has expired"));
                }
            }
            "urn:ietf:params:oauth:token-type:refresh_token" => {
                if !self.ledger.live_refresh_tokens().iter().any(|live| live == token) {
                    return Err(refused("no such refresh token"));
                }
            }
            _ => return Err(invalid("that is no subject")),
        }
        let vouched = jwt(&json!({
            "iss": self.issuer(), "sub": "ada", "aud": need("audience")?, "resource": need("resource")?,
            "client_id": self.manners().unattended.vouches_as, "exp": in_seconds(60),
        }));
        let kind = "urn:ietf:params:oauth:token-type:id-jag";
        let members = json!({ "access_token": vouched, "issued_token_type": kind, "token_type": "N_A" });
        Ok(Answer::json(200, &members))
    }

    fn granted(&self, asked: &Asked, client: String) -> Answer {
        let tokens = self.manners().tokens;
        let grant = Grant {
            client,
            scope: tokens.granted.unwrap_or(asked.get("scope").unwrap_or_default()).to_owned(),
            resource: asked.get("resource").map(str::to_owned),
            family: 0,
            thumbprint: asked.thumbprint.clone(),
        };
        if tokens.resource.is_some() && tokens.resource != grant.resource {
            return Answer::error(400, "invalid_target", &format!("resource is {:?}", grant.resource));
        }
        // RFC 6749, section 4.4.3: no refresh token should be included.
        self.token_answer(&tokens, &grant, None)
    }

    /// RFC 7523, section 2.2 and 3. `key` is the private key as a JWK, of which the public half counts here.
    pub(super) fn proves(&self, asked: &Asked, client: &Client, key: &str) -> Result<(), &'static str> {
        if asked.get("client_assertion_type") != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
            return Err("the client_assertion_type is another one");
        }
        let token = asked.get("client_assertion").ok_or("there is no client_assertion")?;
        let (signed, signature) = token.rsplit_once('.').ok_or("the client_assertion is no JWT")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature is not base64url")?;
        if !verifies(key, signed.as_bytes(), &signature) {
            return Err("the signature is not that of the client");
        }
        let said = claims(token).ok_or("the client_assertion is no JWT")?;
        if said["iss"] != client.id || said["sub"] != client.id {
            return Err("the client_assertion is of another client");
        }
        if said["aud"] != self.issuer() && said["aud"] != self.at("/token") {
            return Err("the client_assertion is for somebody else");
        }
        let (begin, end) = (said["iat"].as_u64().unwrap_or(0), said["exp"].as_u64().unwrap_or(0));
        if begin > in_seconds(5) || end < in_seconds(0) || end > begin + 600 || said["jti"].as_str().is_none() {
            return Err("the client_assertion is not of now");
        }
        // RFC 7523, section 3: a jti need not be taken twice.
        if !lock(&self.assertions).insert(said["jti"].to_string()) {
            return Err("the client_assertion was used before");
        }
        Ok(())
    }
}

fn verifies(key: &str, signed: &[u8], signature: &[u8]) -> bool {
    let key: Value = serde_json::from_str(key).expect("a JWK");
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().expect("a member")).expect("base64url");
    match key["kty"].as_str() {
        Some("EC") => {
            let point = [&[4], part("x").as_slice(), &part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
        }
        Some("RSA") => RsaPublicKeyComponents { n: part("n"), e: part("e") }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            .is_ok(),
        _ => UnparsedPublicKey::new(&ED25519, part("x")).verify(signed, signature).is_ok(),
    }
}

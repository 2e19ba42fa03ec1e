//! What a grant is, and the key it is kept under.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// A grant: what lets requests of one account into one server. Secret as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Random, one for each sign-in. Renewals and step-ups keep it, so another lineage under the same
    /// key is another sign-in, perhaps of another person.
    pub lineage: String,
    /// Grows with each change of the grant: of two copies the larger one is newer.
    pub serial: u64,
    /// When the person signed in, in seconds since 1970.
    pub signed_in_at: u64,
    /// What is sent to the server.
    pub credential: Credential,
}

/// What is sent to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// A token of an authorization server.
    OAuth(Box<OAuth>),
    /// A key that the person typed.
    ApiKey(ApiKey),
}

impl Credential {
    /// All secrets in it.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Credential::OAuth(oauth) => [Some(&oauth.access_token), oauth.refresh_token.as_ref()]
                .into_iter()
                .chain([oauth.id_token.as_ref(), oauth.client.secret.as_ref()])
                .flatten()
                .collect(),
            Credential::ApiKey(key) => vec![&key.value],
        }
    }
}

/// A token of an authorization server, with all that its renewal needs: a renewal must not depend on
/// discovery, which a server may answer differently today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth {
    /// The access token.
    pub access_token: Secret,
    /// The refresh token, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The id token, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Secret>,
    /// When the access token was issued, in seconds since 1970.
    pub issued_at: u64,
    /// When it expires, in seconds since 1970; `None` if the authorization server did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// The scopes that were granted, as far as known: those of the answer, else those asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The issuer of the token, as its metadata spell it.
    pub issuer: String,
    /// Where it is renewed.
    pub token_endpoint: String,
    /// Where it is revoked, if it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// The resource indicator (RFC 8707), byte for byte as it was sent, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The client that the token was issued to. A copy: registering anew touches no other grant.
    pub client: Client,
    /// Whether it is obtained anew without a person, and without a refresh token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unattended: bool,
    /// The key that the tokens are bound to, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// The key that tokens are bound to (RFC 9449).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The private key, for P-256: PKCS#8 in base64url.
    pub key: Secret,
    /// Whether the access token is bound. Where it is not, the refresh token may be all the same (RFC
    /// 9449, section 5).
    pub access_token: bool,
}

/// An OAuth client, as one authorization server knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// When the secret expires, in seconds since 1970; `None` if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_expires_at: Option<u64>,
    /// How it proves itself at the token endpoint.
    pub authentication: Authentication,
    /// The redirect URI it is registered with.
    pub redirect_uri: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// How a client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// It does not: a public client.
    None,
    /// `client_secret_post`.
    Post,
    /// `client_secret_basic`.
    Basic,
    /// `private_key_jwt`. The key is not kept.
    PrivateKey,
}

/// Where a client comes from; it decides what can be done when the authorization server refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The person gave it: only the person can mend it.
    Given,
    /// A client ID metadata document.
    Document,
    /// Dynamic registration: another one can be registered.
    Registered,
}

/// A key that the person typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Where the server wants it.
    pub place: Place,
    /// The key.
    pub value: Secret,
}

/// Where a server wants its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In this header.
    Header(String),
    /// In this parameter of the query.
    Query(String),
}

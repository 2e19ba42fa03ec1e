//! What is known of a grant without opening the store it is in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::grant::{Credential, Grant};
use super::pending::REMEMBERED;
use super::{About, Keeper};

/// What is known of a grant without opening the store it is in: nothing secret, so that `status` and
/// the start of a relay prompt for nothing. A hint, mended from the store whenever that is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of this form. Members of a later one are kept.
    pub schema: u32,
    /// What the grant is for.
    #[serde(flatten)]
    pub about: About,
    /// What is sent to the server.
    pub kind: Form,
    /// Where the grant is; `None` if it is nowhere any more.
    #[serde(default)]
    pub kept: Option<Keeper>,
    /// See [`Grant::lineage`].
    pub lineage: String,
    /// See [`Grant::serial`].
    pub serial: u64,
    /// Who issued the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What the token allows, as far as known.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When the access token expires, in seconds since 1970, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// Whether it can be renewed: there is a refresh token, or none is needed.
    #[serde(default)]
    pub renewable: bool,
    /// Whether the access token is bound to a key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound: bool,
    /// When the person signed in, in seconds since 1970.
    pub signed_in_at: u64,
    /// When the grant was last renewed, in seconds since 1970; `None` if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<u64>,
    /// A renewal whose outcome is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// The end of the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// When the person was sent off for more rights because a server asked, since they last signed in on their own:
    /// the latest times, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stepped_up: Vec<u64>,
    /// What a later version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What is sent to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A token of an authorization server.
    Oauth,
    /// A key that the person typed.
    ApiKey,
}

/// A renewal that has begun. Who finds this note, and the same refresh token still in the store, does
/// not know whether the authorization server has replaced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// When the renewal began, in seconds since 1970.
    pub since: u64,
    /// SHA-256 of the refresh token that was sent, in hexadecimal digits.
    pub refresh_hash: String,
}

/// The end of a grant that nobody signed out of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When it was noticed, in seconds since 1970.
    pub at: u64,
    /// Why, for a person.
    pub why: String,
}

impl Entry {
    /// The entry of `grant`, which is kept by `keeper`. What `before` knows of the same sign-in stays
    /// known, except for doubts: what has been written is certain.
    pub(super) fn new(about: About, keeper: Keeper, grant: &Grant, before: Option<&Entry>) -> Entry {
        let same = before.filter(|before| before.lineage == grant.lineage);
        let mut entry = Entry {
            schema: SCHEMA,
            about,
            kind: Form::ApiKey,
            kept: Some(keeper),
            lineage: grant.lineage.clone(),
            serial: grant.serial,
            issuer: None,
            scopes: Vec::new(),
            expires_at: None,
            renewable: false,
            bound: false,
            signed_in_at: grant.signed_in_at,
            renewed_at: same.and_then(|before| before.renewed_at),
            doubt: None,
            ended: None,
            stepped_up: same.map(|before| before.stepped_up.clone()).unwrap_or_default(),
            other: same.map(|before| before.other.clone()).unwrap_or_default(),
        };
        if let Credential::OAuth(token) = &grant.credential {
            entry.kind = Form::Oauth;
            entry.issuer = Some(token.issuer.clone());
            entry.scopes = token.scopes.clone();
            entry.expires_at = token.expires_at;
            entry.bound = token.binding.as_ref().is_some_and(|binding| binding.access_token);
            entry.renewable = token.refresh_token.is_some() || token.unattended;
            // A sign-in issues one too, so the time alone does not tell.
            if same.is_some_and(|before| before.serial < grant.serial) {
                entry.renewed_at = Some(token.issued_at);
            }
        }
        entry
    }

    /// Whether the person was sent off for more rights often enough of late. A clock that was set back does not
    /// prolong it.
    pub fn has_stepped_up_enough(&self, now: u64) -> bool {
        self.stepped_up.iter().filter(|at| is_recent(**at, now)).count() >= MOST_STEP_UPS
    }

    /// Counts one more.
    pub(super) fn step_up(&mut self, now: u64) {
        self.stepped_up.retain(|at| is_recent(*at, now));
        self.stepped_up.push(now);
    }

    /// Whether this is the entry of `grant` with `keeper`.
    pub(super) fn is_of(&self, keeper: Keeper, grant: &Grant) -> bool {
        self.kept == Some(keeper) && self.lineage == grant.lineage && self.serial == grant.serial
    }
}

fn is_recent(at: u64, now: u64) -> bool {
    at <= now && now - at < REMEMBERED.as_secs()
}

/// How often, within [`REMEMBERED`], a person is sent off for more rights.
const MOST_STEP_UPS: usize = 3;
/// The version of what is written here.
pub(super) const SCHEMA: u32 = 1;

//! What a grant's token says of itself. It is never trusted for anything: the server decides.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::dpop::ProofKey;
use crate::failure::{Failure, Kind};
use crate::secret::Secret;
use crate::store::{Binding, Credential, Entry, Grant, Happening, OAuth, Way};

impl OAuth {
    /// The token that is sent: the access token, or the id token where that was asked for.
    pub fn bearer(&self, use_id_token: bool) -> &Secret {
        self.id_token.as_ref().filter(|_| use_id_token).unwrap_or(&self.access_token)
    }

    /// The key that the token that is sent is bound to. An id token is bound to none.
    pub fn bound(&self, use_id_token: bool) -> Option<&Binding> {
        let is_access_token = !use_id_token || self.id_token.is_none();
        self.binding.as_ref().filter(|binding| binding.access_token && is_access_token)
    }

    /// Whether nothing can be done with it, because the key that it is bound to is none.
    pub fn has_lost_its_key(&self) -> bool {
        self.binding.as_ref().is_some_and(|binding| ProofKey::read(&binding.key).is_none())
    }

    /// Whether the token lives for another `margin` seconds. One that says nothing of its end does.
    pub fn is_alive(&self, now: u64, margin: u64) -> bool {
        self.expires_at.is_none_or(|end| now + margin < end)
    }

    /// How many seconds before its end the token is renewed: a tenth of its life, at most five
    /// minutes.
    pub fn margin(&self) -> u64 {
        margin(self.expires_at.map_or(0, |end| end.saturating_sub(self.issued_at)))
    }

    /// When the token should be renewed, from now; `None` if it does not say when it ends. Spread
    /// over half of the margin, so that many processes do not meet at the lock.
    pub fn renew_in(&self, now: u64) -> Option<Duration> {
        let end = self.expires_at?;
        let margin = self.margin();
        let spread = u64::from(std::process::id()) * 1000 % (margin * 500 + 1);
        let wait = Duration::from_secs(end.saturating_sub(margin).saturating_sub(now));
        Some(wait + Duration::from_millis(spread))
    }

    /// What the history says of the beginning.
    pub fn beginning(&self, way: Way) -> Happening {
        let (issuer, subject, scopes) = (Some(self.issuer.clone()), self.subject(), self.scopes.clone());
        Happening::Issued { way, issuer, subject, scopes }
    }

    /// Who is signed in, as far as the id token says.
    pub fn subject(&self) -> Option<String> {
        let claims = self.id_token.as_ref().and_then(claims)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        text("email").or_else(|| text("preferred_username")).or_else(|| text("name")).or_else(|| text("sub"))
    }

    /// Issuer and subject of the id token: the same pair is the same person.
    fn person(&self) -> Option<(String, String)> {
        let claims = self.id_token.as_ref().and_then(claims)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("iss")?, text("sub")?))
    }
}

impl Grant {
    /// Whether `other` may be of another person. Of two sign-ins that say nothing of the person, it may.
    pub fn is_of_another(&self, other: &Grant) -> bool {
        let person = |grant: &Grant| match &grant.credential {
            Credential::OAuth(oauth) => oauth.person(),
            Credential::ApiKey(_) => None,
        };
        self.lineage != other.lineage && (person(self).is_none() || person(self) != person(other))
    }

    /// That `server`, as it may be shown, refuses a token that was issued just now.
    pub fn not_taken(&self, server: &str) -> Failure {
        let meant = self.audience().map(|audience| format!(", which is for {audience}")).unwrap_or_default();
        let fact = format!("{server} refuses the token that its own authorization server has just issued{meant}");
        Failure::new(Kind::SignInRefused, fact).remedy("its operator has to mend that; --resource may help")
    }

    /// For whom the access token is meant, where it can be read.
    pub fn audience(&self) -> Option<String> {
        let Credential::OAuth(oauth) = &self.credential else { return None };
        match claims(&oauth.access_token)?.get("aud")? {
            Value::String(one) => Some(one.clone()),
            Value::Array(several) => {
                let several: Vec<&str> = several.iter().filter_map(Value::as_str).collect();
                (!several.is_empty()).then(|| several.join(", "))
            }
            _ => None,
        }
    }
}

fn margin(life: u64) -> u64 {
    (life / 10).min(LONGEST_MARGIN)
}

/// In how many seconds from `now` a relay that runs renews the token of `entry`, at the earliest; `None` if its end is
/// not known.
pub fn renewal(entry: &Entry, now: u64) -> Option<u64> {
    let (end, issued) = (entry.expires_at?, entry.renewed_at.unwrap_or(entry.signed_in_at));
    Some(end.saturating_sub(margin(end.saturating_sub(issued))).saturating_sub(now))
}

/// The claims of a JWT, unverified.
pub fn claims(token: &Secret) -> Option<Map<String, Value>> {
    let mut parts = token.expose().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let text = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&text).ok()
}

/// When a JWT ends by its own word, in seconds since 1970. A fraction is allowed (RFC 7519, section 2).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time; what is too large or negative is cut"
)]
pub fn end(token: &Secret) -> Option<u64> {
    claims(token)?.get("exp")?.as_f64().map(|end| end as u64)
}

/// Five minutes, in seconds.
const LONGEST_MARGIN: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_from_a_jwt_and_from_nothing_else() {
        let token = Secret::new(format!("h.{}.s", BASE64_URL_SAFE_NO_PAD.encode(r#"{"aud":["a","b"],"sub":"me"}"#)));
        assert_eq!(claims(&token).and_then(|claims| claims.get("sub").cloned()), Some("me".into()));
        for text in ["", "opaque", "a.b", "a.%.c", "a..c"] {
            assert_eq!(claims(&Secret::new(text)), None, "{text}");
        }
    }
}

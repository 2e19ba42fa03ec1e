//! What goes with a request to the server.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use super::challenge::Bearer;
use super::change::digest;
use super::dpop::{self, ProofKey};
use crate::failure::Failure;
use crate::http::{Request, shown};
use crate::secret::{Secret, Secrets};
use crate::store::{Credential, Grant, Place};

/// What goes with a request to the server: nothing, a token, or a key. Tickets are equal when they
/// send the same.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ticket(Option<Arc<Sent>>);

#[derive(PartialEq, Eq)]
enum Sent {
    Header {
        name: HeaderName,
        value: HeaderValue,
        secret: Secret,
    },
    /// With a proof of the key that the token is bound to.
    Bound {
        value: HeaderValue,
        secret: Secret,
        key: Arc<ProofKey>,
    },
    Query {
        name: String,
        secret: Secret,
    },
}

impl Sent {
    fn header(name: HeaderName, text: &str, secret: &Secret) -> Option<Self> {
        Some(Sent::Header { name, value: value(text)?, secret: secret.clone() })
    }

    /// RFC 9449, section 7.1.
    fn bound(token: &Secret, key: &Secret) -> Option<Self> {
        let (value, key) = (value(&format!("DPoP {}", token.expose()))?, ProofKey::read(key)?);
        Some(Sent::Bound { value, secret: token.clone(), key })
    }
}

impl Ticket {
    /// The ticket of a grant. One whose key cannot be read has none.
    pub fn of(grant: &Grant, use_id_token: bool) -> Self {
        let sent = match &grant.credential {
            Credential::OAuth(oauth) => match oauth.bound(use_id_token) {
                Some(binding) => Sent::bound(&oauth.access_token, &binding.key),
                None => return Ticket::bearer(oauth.bearer(use_id_token)).unwrap_or_default(),
            },
            Credential::ApiKey(key) => match &key.place {
                Place::Header(name) => {
                    name.parse().ok().and_then(|name| Sent::header(name, key.value.expose(), &key.value))
                }
                Place::Query(name) => Some(Sent::Query { name: name.clone(), secret: key.value.clone() }),
            },
        };
        Ticket(sent.map(Arc::new))
    }

    /// The ticket of a bearer token; `None` if it fits no header.
    pub fn bearer(token: &Secret) -> Option<Self> {
        let sent = Sent::header(header::AUTHORIZATION, &format!("Bearer {}", token.expose()), token)?;
        Some(Ticket(Some(Arc::new(sent))))
    }

    /// Whether it sends nothing.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a proof goes with it.
    fn is_bound(&self) -> bool {
        matches!(self.0.as_deref(), Some(Sent::Bound { .. }))
    }

    /// The same token without a proof, for a server that has answered `challenge`: one that knows bearer
    /// tokens only takes a bound one for one of these (RFC 9449, section 7.2).
    pub fn unbound(&self, challenge: Option<&Bearer>) -> Option<Self> {
        match self.0.as_deref() {
            Some(Sent::Bound { secret, .. }) if challenge.is_none_or(|challenge| challenge.dpop.is_none()) => {
                Ticket::bearer(secret)
            }
            _ => None,
        }
    }

    /// That `who` refused a request for the proof in it, and not for the token.
    pub fn proof_refused(&self, who: &Url, challenge: Option<&Bearer>, headers: &HeaderMap) -> Option<Failure> {
        let challenge = challenge.filter(|_| self.is_bound())?.dpop.as_ref()?;
        dpop::refused_by(&shown(who), challenge, headers, &self.secrets())
    }

    /// Adds it to a request of the MCP origin.
    pub fn add_to(&self, request: &mut Request) {
        match self.0.as_deref() {
            None => {}
            Some(Sent::Header { name, value, .. }) => request.own.push((name.clone(), value.clone())),
            Some(Sent::Bound { value, secret, key }) => {
                request.own.push((header::AUTHORIZATION, value.clone()));
                request.proof = Some(key.prove(Some(secret)));
            }
            Some(Sent::Query { name, secret }) => {
                request.url.query_pairs_mut().append_pair(name, secret.expose());
            }
        }
    }

    /// `text`, which may repeat what the server was told, without its secret.
    pub fn scrub(&self, text: &str) -> String {
        self.secrets().scrub(text)
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        if let Some(secret) = self.secret() {
            secrets.learn(secret.expose());
        }
        secrets
    }

    /// The SHA-256 of its secret.
    pub fn digest(&self) -> Option<String> {
        self.secret().map(|secret| digest(secret.expose()))
    }

    /// Its secret.
    pub fn secret(&self) -> Option<&Secret> {
        match self.0.as_deref() {
            None => None,
            Some(Sent::Header { secret, .. } | Sent::Bound { secret, .. } | Sent::Query { secret, .. }) => Some(secret),
        }
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

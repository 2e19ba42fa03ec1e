//! What goes with a request to the server.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};
use url::form_urlencoded;

use super::change::digest;
use crate::http::Request;
use crate::secret::{Secret, Secrets};
use crate::store::{Credential, Grant, Place};

/// What goes with a request to the server: nothing, a token, or a key. Tickets are equal when they
/// send the same.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ticket(Option<Arc<Sent>>);

#[derive(PartialEq, Eq)]
enum Sent {
    Header { name: HeaderName, value: HeaderValue, secret: Secret },
    Query { name: String, secret: Secret },
}

impl Sent {
    fn header(name: HeaderName, text: &str, secret: &Secret) -> Option<Self> {
        let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(Sent::Header { name, value, secret: secret.clone() })
    }
}

impl Ticket {
    /// The ticket of a grant.
    pub fn of(grant: &Grant, use_id_token: bool) -> Self {
        let sent = match &grant.credential {
            Credential::OAuth(oauth) => return Ticket::bearer(oauth.bearer(use_id_token)).unwrap_or_default(),
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

    /// Adds it to a request of the MCP origin.
    pub fn add_to(&self, request: &mut Request) {
        match self.0.as_deref() {
            None => {}
            Some(Sent::Header { name, value, .. }) => request.own.push((name.clone(), value.clone())),
            Some(Sent::Query { name, secret }) => {
                request.url.query_pairs_mut().append_pair(name, secret.expose());
            }
        }
    }

    /// `text`, which may repeat what the server was told, without its secret.
    pub fn scrub(&self, text: &str) -> String {
        let mut secrets = Secrets::default();
        if let Some(secret) = self.secret() {
            secrets.learn(secret.expose());
            secrets.learn(&form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect::<String>());
        }
        secrets.scrub(text)
    }

    /// The SHA-256 of its secret.
    pub fn digest(&self) -> Option<String> {
        self.secret().map(|secret| digest(secret.expose()))
    }

    /// Its secret.
    pub fn secret(&self) -> Option<&Secret> {
        match self.0.as_deref() {
            None => None,
            Some(Sent::Header { secret, .. } | Sent::Query { secret, .. }) => Some(secret),
        }
    }
}

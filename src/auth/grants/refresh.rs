//! Renewing an access token (RFC 6749, section 6).

use std::sync::Arc;

use oauth2::{RefreshToken, RequestTokenError, TokenUrl};
use url::Url;

use super::{Said, Tokens, Trouble, ask, endpoints, learn, named_beside, tokens};
use crate::auth::dpop::{ProofKey, is_about_proof};
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::secret::Secrets;
use crate::store::OAuth;

/// Asks for a new access token, where and as the old one was issued. No scope is named, which means
/// all that were granted.
///
/// # Errors
/// A [`Trouble`]. After a transient one the refresh token may have been used up all the same: the
/// answer may have been lost on its way.
pub async fn refresh(http: &Http, held: &OAuth) -> Result<Tokens, Trouble> {
    let missing = || Failure::new(Kind::SignInRequired, "the authorization server gave no refresh token");
    let token = held.refresh_token.as_ref().ok_or_else(|| Trouble::Refused(missing()))?;
    let endpoint = &endpoint(&held.token_endpoint)?;
    let mut secrets = Secrets::default();
    for secret in [token, &held.access_token] {
        secrets.learn(secret.expose());
    }
    learn(&mut secrets, &held.client);
    let known = endpoints(&held.client).set_token_uri(TokenUrl::from_url(endpoint.clone()));
    let token = RefreshToken::new(token.expose().to_owned());
    let asked = async |key: Option<&Arc<ProofKey>>| {
        let mut request = known.exchange_refresh_token(&token);
        if let Some(resource) = &held.resource {
            request = request.add_extra_param("resource", resource.as_str());
        }
        if let Some(id) = named_beside(&held.client) {
            request = request.add_extra_param("client_id", id);
        }
        request.request_async(&|made| ask(http, endpoint, made, key, &secrets)).await
    };
    // The same key, which the refresh token of a public client is bound to as well (RFC 9449, section 5).
    let mut key = match &held.binding {
        Some(binding) => Some(ProofKey::read(&binding.key).ok_or_else(|| Trouble::Refused(unreadable()))?),
        None => None,
    };
    let mut answer = asked(key.as_ref()).await;
    // A sign-in from before keys were asked for: what comes from now on is bound to one.
    if key.is_none() && wants_proof(&answer) {
        key = Some(ProofKey::generate().map_err(Trouble::Refused)?);
        answer = asked(key.as_ref()).await;
    }
    tokens(answer, endpoint, &secrets, key.as_ref())
}

fn wants_proof(answer: &Said) -> bool {
    match answer {
        Err(RequestTokenError::ServerResponse(error)) => is_about_proof(error.error().as_ref()),
        _ => false,
    }
}

/// That nothing can be done with the tokens. Who renews looks before: this is for whoever did not.
fn unreadable() -> Failure {
    Failure::new(Kind::SignInRequired, "the key that the sign-in is bound to cannot be read")
}

/// An endpoint that was checked when it was stored.
pub(super) fn endpoint(stored: &str) -> Result<Url, Trouble> {
    Url::parse(stored).map_err(|_| {
        Trouble::Refused(Failure::new(Kind::Internal, "the stored endpoint of the authorization server is no URL"))
    })
}

//! Taking tokens back at the authorization server (RFC 7009).

use oauth2::{AccessToken, RefreshToken, RevocationUrl, StandardRevocableToken};
use url::Url;

use super::refresh::endpoint;
use super::{Trouble, answer, endpoints, learn, named_beside, refused, send_now};
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::secret::{Secret, Secrets};
use crate::store::{Authentication, Client, OAuth};

/// What became of the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// They are worth nothing any more.
    Done,
    /// The authorization server has no way to revoke them: they end when they expire.
    NotOffered,
}

/// Revokes the refresh token, which usually ends the access token too, and then the access token,
/// because that is not certain.
///
/// # Errors
/// The first [`Trouble`]; the second token is tried all the same.
pub async fn revoke(http: &Http, held: &OAuth) -> Result<Revoked, Trouble> {
    let Some(stored) = &held.revocation_endpoint else { return Ok(Revoked::NotOffered) };
    let endpoint = endpoint(stored)?;
    let refresh = match &held.refresh_token {
        Some(token) => {
            let kind = StandardRevocableToken::RefreshToken(RefreshToken::new(token.expose().to_owned()));
            one(http, &endpoint, &held.client, token, kind).await
        }
        None => Ok(()),
    };
    let token = &held.access_token;
    let kind = StandardRevocableToken::AccessToken(AccessToken::new(token.expose().to_owned()));
    let access = one(http, &endpoint, &held.client, token, kind).await;
    // A server need not revoke access tokens at all (RFC 7009, section 2.2.1).
    let revoked = refresh.is_ok() && held.refresh_token.is_some();
    match access {
        Err(Trouble::Refused(_)) if revoked => Ok(Revoked::Done),
        access => refresh.and(access).map(|()| Revoked::Done),
    }
}

/// Revokes one token. A server may want the secret of its client in the header and in the form too, as
/// that of the Python SDK does; it hears so only when it has refused the header alone.
async fn one(
    http: &Http,
    endpoint: &Url,
    client: &Client,
    token: &Secret,
    kind: StandardRevocableToken,
) -> Result<(), Trouble> {
    match once(http, endpoint, client, token, (kind.clone(), None)).await {
        // To revoke twice does no harm, and to leave a token alive does.
        Err(Trouble::Refused(_)) if client.authentication == Authentication::Basic => {
            once(http, endpoint, client, token, (kind, client.secret.as_ref())).await
        }
        outcome => outcome,
    }
}

async fn once(
    http: &Http,
    endpoint: &Url,
    client: &Client,
    token: &Secret,
    (kind, secret): (StandardRevocableToken, Option<&Secret>),
) -> Result<(), Trouble> {
    let mut secrets = Secrets::default();
    secrets.learn(token.expose());
    learn(&mut secrets, client);
    // oauth2 insists on https, on this machine too. It is shown an https URL; what it makes is sent
    // to the real one, which was checked when it was found.
    let mut shown = endpoint.clone();
    let _ = shown.set_scheme("https");
    let known = endpoints(client).set_revocation_url(RevocationUrl::from_url(shown));
    let mut request = known.revoke_token(kind).map_err(|_| {
        let fact = format!("{endpoint} is no place to revoke a token at");
        Trouble::Refused(Failure::new(Kind::Internal, fact))
    })?;
    if let Some(id) = named_beside(client) {
        request = request.add_extra_param("client_id", id);
    }
    if let Some(secret) = secret {
        request = request.add_extra_param("client_secret", secret.expose().to_owned());
    }
    let sent = |made| async move { answer::of_revocation_endpoint(&send_now(http, endpoint, made).await?, endpoint) };
    request.request_async(&sent).await.map_err(|error| refused(error, endpoint, &secrets))
}

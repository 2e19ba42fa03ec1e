//! What the endpoints of an authorization server give: one file for each grant.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method, header};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, ErrorResponseType, HttpRequest, HttpResponse, RequestTokenError,
    StandardErrorResponse, StandardRevocableToken, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::discovery::AuthorizationServer;
use super::dpop::{self, ProofKey};
use super::words;
use crate::failure::{Failure, Kind};
use crate::http::{Fetched, Http, NONCE, Redirects, Request, USE_NONCE, shown};
use crate::secret::{Secret, Secrets};
use crate::store::{Authentication, Binding, Client, OAuth};

pub mod answer;
pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod jwt_bearer;
pub mod refresh;
mod request;
pub mod revoke;
pub mod token_exchange;

pub use request::Asking;
use request::learn;

/// What a token endpoint gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The access token: visible ASCII, as the header that carries it wants.
    pub access_token: Secret,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret>,
    /// The id token, if there is one.
    pub id_token: Option<Secret>,
    /// How long the access token lives, in seconds; `None` if that is unknown.
    pub expires_in: Option<u64>,
    /// The scopes that were granted; `None` if those that were asked for.
    pub scopes: Option<Vec<String>>,
    /// The key that they are bound to, if one was shown.
    pub binding: Option<Binding>,
}

/// Why there are no tokens; the variants are decisions.
#[derive(Debug)]
pub enum Trouble {
    /// It says nothing of the grant: keep all, and try again later.
    Transient(Failure),
    /// The authorization server itself says that the grant is over: a person has to sign in again.
    InvalidGrant(Failure),
    /// The authorization server does not know the client any more: one that was registered can be
    /// registered again.
    InvalidClient(Failure),
    /// It said no, and will say so again.
    Refused(Failure),
}

impl Trouble {
    /// The failure, without the decision.
    pub fn failure(&self) -> &Failure {
        match self {
            Trouble::Transient(failure)
            | Trouble::InvalidGrant(failure)
            | Trouble::InvalidClient(failure)
            | Trouble::Refused(failure) => failure,
        }
    }

    /// The failure, taken out of the decision.
    pub fn into_failure(self) -> Failure {
        match self {
            Trouble::Transient(failure)
            | Trouble::InvalidGrant(failure)
            | Trouble::InvalidClient(failure)
            | Trouble::Refused(failure) => failure,
        }
    }

    /// What the error code of an authorization server means.
    fn of_code(code: &str, description: Option<&str>, who: &str, secrets: &Secrets) -> Self {
        let said = description.map(|description| format!(": {}", words(description, secrets))).unwrap_or_default();
        let failure = |kind| Failure::new(kind, format!("{who} answers {}{said}", words(code, secrets)));
        match code {
            "invalid_grant" => Trouble::InvalidGrant(failure(Kind::SignInRequired)),
            "invalid_client" => Trouble::InvalidClient(failure(Kind::SignInRefused)),
            "server_error" | "temporarily_unavailable" => {
                Trouble::Transient(failure(Kind::Unreachable).remedy("try again in a while"))
            }
            _ => Trouble::Refused(failure(Kind::SignInRefused)),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure().fmt(f)
    }
}

impl std::error::Error for Trouble {}

impl OAuth {
    /// What a sign-in at `server` came to: `tokens` for `client`, issued at `now` (in seconds since
    /// 1970) for the scopes `asked` and the resource indicator `resource`.
    pub fn issued(
        tokens: Tokens,
        server: &AuthorizationServer,
        client: Client,
        asked: &[String],
        resource: Option<&str>,
        now: u64,
    ) -> Self {
        OAuth {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            id_token: tokens.id_token,
            issued_at: now,
            expires_at: tokens.expires_in.map(|seconds| now.saturating_add(seconds)),
            scopes: tokens.scopes.unwrap_or_else(|| asked.to_vec()),
            issuer: server.issuer.clone(),
            token_endpoint: server.token_endpoint.to_string(),
            revocation_endpoint: server.revocation_endpoint.as_ref().map(Url::to_string),
            resource: resource.map(str::to_owned),
            client,
            unattended: false,
            binding: tokens.binding,
        }
    }

    /// This token renewed by `tokens` at `now`, in seconds since 1970. What an answer leaves out
    /// stays as it is, the refresh token above all: many servers send one only when it changes.
    #[must_use]
    pub fn renewed(self, tokens: Tokens, now: u64) -> Self {
        OAuth {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token.or(self.refresh_token),
            id_token: tokens.id_token.or(self.id_token),
            issued_at: now,
            expires_at: tokens.expires_in.map(|seconds| now.saturating_add(seconds)),
            scopes: tokens.scopes.unwrap_or(self.scopes),
            binding: tokens.binding,
            ..self
        }
    }
}

/// What oauth2 reads beside the members that it knows.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    id_token: Option<String>,
}

impl oauth2::ExtraTokenFields for Extra {}

type Answer = StandardTokenResponse<Extra, BasicTokenType>;

/// What oauth2 makes of the answer of a token endpoint.
type Said = Result<Answer, RequestTokenError<Trouble, BasicErrorResponse>>;

type Endpoints = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
>;

/// `client` for oauth2, which proves itself as it was registered to.
fn endpoints(client: &Client) -> Endpoints {
    let known = oauth2::Client::new(ClientId::new(client.id.clone()));
    let secret = |known: Endpoints| match &client.secret {
        Some(secret) => known.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => known,
    };
    match client.authentication {
        // The key is not at hand here: what is asked for without it, such as a revocation, may be refused.
        Authentication::None | Authentication::PrivateKey => known.set_auth_type(AuthType::RequestBody),
        Authentication::Post => secret(known).set_auth_type(AuthType::RequestBody),
        Authentication::Basic => secret(known).set_auth_type(AuthType::BasicAuth),
    }
}

/// The id of a client that proves itself in a header. Some authorization servers look for it in the
/// form all the same, and it is no secret.
fn named_beside(client: &Client) -> Option<String> {
    (client.authentication == Authentication::Basic).then(|| client.id.clone())
}

/// Sends what oauth2 made to `endpoint`.
async fn send(http: &Http, endpoint: &Url, made: HttpRequest) -> Result<Fetched, Trouble> {
    post(http, endpoint, made, None).await
}

/// The same, for what can be left undone: it is not tried again while nobody can be reached.
async fn send_now(http: &Http, endpoint: &Url, made: HttpRequest) -> Result<Fetched, Trouble> {
    http.fetch_now(request(endpoint, made, None), Redirects::Never).await.map_err(trouble)
}

/// Sends what `make` makes to `endpoint`, with a proof of `key` if there is one. Who wants a nonce in it gets
/// that, once, and in a request that was made anew: what a client proves itself with may be used up.
async fn send_proven(
    http: &Http,
    endpoint: &Url,
    mut make: impl FnMut() -> Result<HttpRequest, Trouble>,
    key: Option<&Arc<ProofKey>>,
) -> Result<Fetched, Trouble> {
    let fetched = post(http, endpoint, make()?, key).await?;
    let wants_nonce = || answer::error_of(&fetched, endpoint).is_some_and(|(code, _)| code == USE_NONCE);
    if key.is_some() && fetched.headers.contains_key(NONCE) && wants_nonce() {
        return post(http, endpoint, make()?, key).await;
    }
    Ok(fetched)
}

async fn post(http: &Http, endpoint: &Url, made: HttpRequest, key: Option<&Arc<ProofKey>>) -> Result<Fetched, Trouble> {
    http.fetch(request(endpoint, made, key), Redirects::Never).await.map_err(trouble)
}

fn request(endpoint: &Url, made: HttpRequest, key: Option<&Arc<ProofKey>>) -> Request {
    let (parts, body) = made.into_parts();
    let mut own: Vec<_> = Vec::new();
    for name in [header::ACCEPT, header::CONTENT_TYPE, header::AUTHORIZATION] {
        if let Some(mut value) = parts.headers.get(&name).cloned() {
            value.set_sensitive(name == header::AUTHORIZATION);
            own.push((name, value));
        }
    }
    Request {
        method: Method::POST,
        url: endpoint.clone(),
        common: Arc::new(HeaderMap::new()),
        own,
        body: body.into(),
        told: None,
        proof: key.map(|key| key.prove(None)),
    }
}

fn trouble(trouble: crate::http::Trouble) -> Trouble {
    let mut failure = trouble.into_failure();
    // A redirect says nothing of the grant: a network may answer so before somebody has signed in to it.
    if failure.status.is_some_and(|status| (300..400).contains(&status)) {
        failure.kind = Kind::Unreachable;
    }
    if failure.kind == Kind::Unreachable { Trouble::Transient(failure) } else { Trouble::Refused(failure) }
}

/// Sends what oauth2 made to a token endpoint, with a proof of `key` if there is one, and gives it the
/// answer as it likes it.
async fn ask(
    http: &Http,
    endpoint: &Url,
    made: HttpRequest,
    key: Option<&Arc<ProofKey>>,
    secrets: &Secrets,
) -> Result<HttpResponse, Trouble> {
    let fetched = send_proven(http, endpoint, || Ok(made.clone()), key).await?;
    understood(&fetched, endpoint, key, secrets)
}

/// The answer of a token endpoint to a request with a proof of `key`, if there is one.
fn understood(
    fetched: &Fetched,
    endpoint: &Url,
    key: Option<&Arc<ProofKey>>,
    secrets: &Secrets,
) -> Result<HttpResponse, Trouble> {
    if let (Some(_), Some((code, description))) = (key, answer::error_of(fetched, endpoint))
        && dpop::is_about_proof(&code)
    {
        let refused = dpop::refused(&shown(endpoint), &code, description.as_deref(), &fetched.headers, secrets);
        return Err(Trouble::Refused(refused));
    }
    answer::of_token_endpoint(fetched, endpoint, key.is_some())
}

/// The tokens in what oauth2 made of the answer of `endpoint`. They are bound to `key`, if its proof went
/// there; of the access token the answer says whether it is.
fn tokens(answer: Said, endpoint: &Url, secrets: &Secrets, key: Option<&Arc<ProofKey>>) -> Result<Tokens, Trouble> {
    let answer = answer.map_err(|error| refused(error, endpoint, secrets))?;
    let secret = |text: &String| Secret::new(text.as_str());
    let access_token = *answer.token_type() != BasicTokenType::Bearer;
    // Also where the access token is not: a refresh token may be, and the answer does not say.
    let binding = key.map(|key| Binding { key: key.kept().clone(), access_token });
    Ok(Tokens {
        access_token: secret(answer.access_token().secret()),
        refresh_token: answer.refresh_token().map(|token| secret(token.secret())),
        id_token: answer.extra_fields().id_token.as_ref().map(secret),
        expires_in: answer.expires_in().map(|life| life.as_secs()),
        scopes: answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        binding,
    })
}

/// What an error of oauth2 means. Its own words for an answer that it cannot read are left out:
/// they hold the answer.
fn refused<T: ErrorResponseType + fmt::Display>(
    error: RequestTokenError<Trouble, StandardErrorResponse<T>>,
    endpoint: &Url,
    secrets: &Secrets,
) -> Trouble {
    match error {
        RequestTokenError::Request(trouble) => trouble,
        RequestTokenError::ServerResponse(error) => {
            let description = error.error_description().map(String::as_str);
            Trouble::of_code(&error.error().to_string(), description, &shown(endpoint), secrets)
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            let fact = format!("{} gives an answer that cannot be understood", shown(endpoint));
            Trouble::Refused(Failure::new(Kind::Protocol, fact))
        }
    }
}

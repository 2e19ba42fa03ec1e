//! The authorization code grant (OAuth 2.1, section 4.1), with PKCE and a check of who answers.

use std::sync::Arc;

use oauth2::{
    AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenUrl,
};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::{Tokens, Trouble, ask, endpoints, learn, named_beside, tokens};
use crate::auth::discovery::AuthorizationServer;
use crate::auth::dpop::ProofKey;
use crate::auth::scopes::OFFLINE_ACCESS;
use crate::auth::words;
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::secret::{Secret, Secrets};
use crate::store::Client;

/// What a person is asked to allow.
#[derive(Clone, Copy, Debug)]
pub struct Permission<'a> {
    /// Whom they are asked by.
    pub server: &'a AuthorizationServer,
    /// Who asks. Its redirect URI is where the answer goes.
    pub client: &'a Client,
    /// The scopes to ask for; none leaves them to the authorization server.
    pub scopes: &'a [String],
    /// The resource indicator (RFC 8707), sent byte for byte.
    pub resource: Option<&'a str>,
    /// Further parameters of the authorization request, checked by [`parameter`].
    pub parameters: &'a [(String, String)],
    /// The key that the tokens are to be bound to, if they are.
    pub key: Option<&'a Arc<ProofKey>>,
}

/// What is kept of an authorization request: it proves that an answer belongs to it. Made for one
/// request and used up by one exchange.
pub struct Proof {
    state: State,
    verifier: PkceCodeVerifier,
    issuer: String,
    issuer_is_promised: bool,
}

/// What an answer has to carry to belong to a request.
#[derive(Clone)]
pub struct State(Secret);

/// What comes back with the redirect, still unchecked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    code: Option<Secret>,
    state: Option<Secret>,
    issuer: Option<String>,
    error: Option<String>,
    description: Option<String>,
}

/// A code that belongs to the request, from the server that was asked.
pub struct Code(Secret);

/// The URL that a browser is sent to, and the proof that its answer has to fit.
///
/// # Errors
/// See [`AuthorizationServer::code_endpoint`].
pub fn authorize(permission: &Permission<'_>) -> Result<(Url, Proof), Failure> {
    let known = endpoints(permission.client)
        .set_auth_uri(AuthUrl::from_url(permission.server.code_endpoint()?.clone()))
        .set_redirect_uri(redirect_uri(permission.client)?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = known
        .authorize_url(CsrfToken::new_random)
        .add_scopes(permission.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge);
    if let Some(resource) = permission.resource {
        request = request.add_extra_param("resource", resource);
    }
    // A code that is bound as well is of no use to who sees it on its way (RFC 9449, section 10).
    if let Some(key) = permission.key.filter(|_| permission.server.dpop_algorithms.is_some()) {
        request = request.add_extra_param("dpop_jkt", key.thumbprint().to_owned());
    }
    for (name, value) in permission.parameters {
        request = request.add_extra_param(name.as_str(), value.as_str());
    }
    // OpenID Connect, section 11: without it the scope is ignored.
    let asked = |name: &str| permission.parameters.iter().any(|(known, _)| known == name);
    if permission.scopes.iter().any(|scope| scope == OFFLINE_ACCESS) && !asked("prompt") {
        request = request.add_extra_param("prompt", "consent");
    }
    let (url, state) = request.url();
    let state = State::new(Secret::new(state.into_secret()));
    let server = permission.server;
    let issuer_is_promised = server.iss_parameter_supported;
    Ok((url, Proof { state, verifier, issuer: server.issuer.clone(), issuer_is_promised }))
}

/// A further parameter of the authorization request, given as `name=value`.
///
/// # Errors
/// It is written otherwise, or is one of those that make up the request itself.
pub fn parameter(text: &str) -> Result<(String, String), Failure> {
    let refuse = |fact: String, remedy: &str| Err(Failure::new(Kind::Usage, fact).remedy(remedy));
    let Some((name, value)) = text.split_once('=').map(|(name, value)| (name.trim(), value)) else {
        return refuse(
            "--authorize-param is not NAME=VALUE".into(),
            "for example: --authorize-param audience=https://api.example.com",
        );
    };
    let remedy = match name {
        "" => "give the parameter a name",
        "resource" => "use --resource, which the token request needs as well",
        "scope" => "use --static-oauth-client-metadata '{\"scope\": \"…\"}'",
        _ if RESERVED.contains(&name) => "leave it out: it is made anew for each sign-in",
        _ => return Ok((name.to_owned(), value.to_owned())),
    };
    refuse(format!("--authorize-param cannot set {name:?}"), remedy)
}

impl Answer {
    /// Reads the query of a redirect, `None` if one of its parameters is there twice (RFC 6749, section 3.1).
    pub fn read(query: &str) -> Option<Self> {
        let mut answer = Answer::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            let twice = match &*name {
                "code" => answer.code.replace(Secret::new(value)).is_some(),
                "state" => answer.state.replace(Secret::new(value)).is_some(),
                "iss" => answer.issuer.replace(value).is_some(),
                "error" => answer.error.replace(value).is_some(),
                "error_description" => answer.description.replace(value).is_some(),
                _ => false,
            };
            if twice {
                return None;
            }
        }
        Some(answer)
    }

    /// Whether it says yes or no.
    pub fn is_complete(&self) -> bool {
        self.code.is_some() || self.error.is_some()
    }
}

impl State {
    /// The state of a request that was made with it.
    pub fn new(state: Secret) -> Self {
        State(state)
    }

    /// Whether `answer` carries this state. What does not is a stranger's, and says nothing of the
    /// sign-in.
    pub fn fits(&self, answer: &Answer) -> bool {
        let state = answer.state.as_ref().map_or("", Secret::expose);
        state.as_bytes().ct_eq(self.0.expose().as_bytes()).into()
    }
}

impl Proof {
    /// The state of the request, for whoever receives its answer.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The code in `answer`.
    ///
    /// # Errors
    /// The answer does not come from the authorization server that was asked, or says no. The issuer
    /// comes first (RFC 9207, section 2.4): of an answer from elsewhere not even the error is shown.
    ///
    /// <https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-response-validation>
    pub fn check(&self, answer: &Answer) -> Result<Code, Trouble> {
        let nothing = Secrets::default();
        let refuse = |fact: String| Err(Trouble::Refused(Failure::new(Kind::SignInRefused, fact)));
        if !self.state.fits(answer) {
            return refuse("the answer belongs to another sign-in: its state is not ours".into());
        }
        match &answer.issuer {
            Some(issuer) if *issuer != self.issuer => {
                let named = words(issuer, &nothing);
                return refuse(format!("the answer names {named:?} as its issuer, and {:?} was asked", self.issuer));
            }
            None if self.issuer_is_promised => {
                return refuse(format!(
                    "the answer names no issuer, and {:?} promised that its answers do",
                    self.issuer
                ));
            }
            _ => {}
        }
        if let Some(error) = &answer.error {
            let who = format!("the authorization server {}", self.issuer);
            return Err(Trouble::of_code(error, answer.description.as_deref(), &who, &nothing));
        }
        match &answer.code {
            Some(code) if !code.expose().is_empty() => Ok(Code(code.clone())),
            _ => refuse(format!("the authorization server {} answers without a code", self.issuer)),
        }
    }
}

/// Exchanges `code` for tokens.
///
/// # Errors
/// A [`Trouble`]. A code may be used once only, so after any of them a person has to sign in again.
pub async fn exchange(http: &Http, permission: &Permission<'_>, proof: Proof, code: Code) -> Result<Tokens, Trouble> {
    let endpoint = &permission.server.token_endpoint;
    let mut secrets = Secrets::default();
    secrets.learn(code.0.expose());
    secrets.learn(proof.verifier.secret());
    learn(&mut secrets, permission.client);
    let known = endpoints(permission.client)
        .set_token_uri(TokenUrl::from_url(endpoint.clone()))
        .set_redirect_uri(redirect_uri(permission.client).map_err(Trouble::Refused)?);
    let mut request =
        known.exchange_code(AuthorizationCode::new(code.0.expose().to_owned())).set_pkce_verifier(proof.verifier);
    if let Some(resource) = permission.resource {
        request = request.add_extra_param("resource", resource);
    }
    if let Some(id) = named_beside(permission.client) {
        request = request.add_extra_param("client_id", id);
    }
    let answer = request.request_async(&|made| ask(http, endpoint, made, permission.key, &secrets)).await;
    tokens(answer, endpoint, &secrets, permission.key)
}

fn redirect_uri(client: &Client) -> Result<RedirectUrl, Failure> {
    RedirectUrl::new(client.redirect_uri.clone())
        .map_err(|_| Failure::new(Kind::Usage, format!("the redirect URI {:?} is no URL", client.redirect_uri)))
}

/// Parameters that make up the authorization request.
const RESERVED: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    // A request object would replace all of them (RFC 9101).
    "request",
    "request_uri",
];

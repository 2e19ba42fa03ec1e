//! A token request of a grant that oauth2 does not know, or for a client that it cannot prove.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, StatusCode, header};
use oauth2::basic::BasicErrorResponse;
use oauth2::{HttpRequest, HttpResponse, RequestTokenError};
use url::{Url, form_urlencoded};

use super::{Said, Tokens, Trouble, answer, send, send_proven, tokens, understood};
use crate::auth::discovery::AuthorizationServer;
use crate::auth::dpop::ProofKey;
use crate::auth::signing::SigningKey;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::{Fetched, Http};
use crate::secret::{Secret, Secrets};
use crate::store::{Authentication, Client};

/// Who asks whom for a token.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The HTTP client.
    pub http: &'a Http,
    /// Who is asked.
    pub server: &'a AuthorizationServer,
    /// Who asks. Without an id no client is named.
    pub client: &'a Client,
    /// The key with which the client proves itself, if it does so with one.
    pub key: Option<&'a SigningKey>,
    /// The key that the tokens are to be bound to, if they are.
    pub binding: Option<&'a Arc<ProofKey>>,
}

impl Asking<'_> {
    /// Asks for tokens with this form, in which `secret` is not to be told.
    pub(super) async fn tokens(&self, form: &[(&str, &str)], secret: Option<&Secret>) -> Result<Tokens, Trouble> {
        let (answer, secrets) = self.answer(form, secret).await?;
        tokens(answer, self.endpoint(), &secrets, self.binding)
    }

    /// What the token endpoint says to this form, in which `secret` is not to be told, and what else is not.
    pub(super) async fn answer(
        &self,
        form: &[(&str, &str)],
        secret: Option<&Secret>,
    ) -> Result<(Said, Secrets), Trouble> {
        let mut secrets = Secrets::default();
        let make = || self.made(form, secret, &mut secrets);
        let fetched = send_proven(self.http, self.endpoint(), make, self.binding).await?;
        let response = understood(&fetched, self.endpoint(), self.binding, &secrets)?;
        Ok((read(&response), secrets))
    }

    /// What another `endpoint` of the server says to this form, and what of it is not to be told.
    pub(super) async fn fetched(&self, endpoint: &Url, form: &[(&str, &str)]) -> Result<(Fetched, Secrets), Trouble> {
        let mut secrets = Secrets::default();
        let made = self.made(form, None, &mut secrets)?;
        Ok((send(self.http, endpoint, made).await?, secrets))
    }

    /// Asks for an identity assertion with this form, in which `secret` is not to be told.
    pub(super) async fn assertion(&self, form: &[(&str, &str)], secret: &Secret) -> Result<Secret, Trouble> {
        let mut secrets = Secrets::default();
        let made = self.made(form, Some(secret), &mut secrets)?;
        let fetched = send(self.http, self.endpoint(), made).await?;
        answer::of_token_exchange(&fetched, self.endpoint(), &secrets)
    }

    pub(super) fn endpoint(&self) -> &Url {
        &self.server.token_endpoint
    }

    /// The request, with the proof of the client (RFC 6749, section 2.3.1; RFC 7523, section 2.2). What is in
    /// it that is not to be told goes to `secrets`.
    fn made(
        &self,
        form: &[(&str, &str)],
        secret: Option<&Secret>,
        secrets: &mut Secrets,
    ) -> Result<HttpRequest, Trouble> {
        let own = self.client.secret.as_ref();
        if let Some(secret) = secret {
            secrets.learn(secret.expose());
        }
        learn(secrets, self.client);
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        // Also beside a proof that names the client: some servers look for it nowhere else, and it is no secret.
        if !self.client.id.is_empty() {
            body.append_pair("client_id", &self.client.id);
        }
        let mut head = None;
        match (self.client.authentication, own, self.key) {
            (Authentication::PrivateKey, _, Some(key)) => {
                // The issuer, and not the endpoint: an assertion that one server gets must be of no use
                // at another that names the same endpoint (draft-ietf-oauth-rfc7523bis, section 4).
                let assertion = key.assertion(&self.client.id, &self.server.issuer, now()).map_err(Trouble::Refused)?;
                secrets.learn(assertion.expose());
                body.append_pair("client_assertion_type", JWT_BEARER_CLIENT);
                body.append_pair("client_assertion", assertion.expose());
            }
            (Authentication::Post, Some(secret), _) => {
                body.append_pair("client_secret", secret.expose());
            }
            (Authentication::Basic, Some(secret), _) => head = Some(basic(&self.client.id, secret)?),
            _ => {}
        }
        let mut made = HttpRequest::new(body.finish().into_bytes());
        *made.method_mut() = http::Method::POST;
        let headers = made.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(head) = head {
            headers.insert(header::AUTHORIZATION, head);
        }
        Ok(made)
    }
}

/// What `client` proves itself with, in the form and in the header, is not to be told.
pub(super) fn learn(secrets: &mut Secrets, client: &Client) {
    if let Some(secret) = &client.secret {
        secrets.learn(secret.expose());
        secrets.learn(&pair(&client.id, secret));
    }
}

/// Id and secret as the header has them.
fn pair(id: &str, secret: &Secret) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret.expose())))
}

fn basic(id: &str, secret: &Secret) -> Result<HeaderValue, Trouble> {
    let pair = pair(id, secret);
    let odd = |_| Trouble::Refused(Failure::new(Kind::Internal, "the client's secret makes no header"));
    HeaderValue::from_str(&format!("Basic {pair}")).map_err(odd)
}

/// What oauth2 would make of an answer that it likes.
fn read(response: &HttpResponse) -> Said {
    let odd = |_| RequestTokenError::Other(String::new());
    if response.status() != StatusCode::OK {
        let error: BasicErrorResponse = serde_json::from_slice(response.body()).map_err(odd)?;
        return Err(RequestTokenError::ServerResponse(error));
    }
    serde_json::from_slice(response.body()).map_err(odd)
}

/// How an assertion of a client is announced (RFC 7523, section 2.2).
const JWT_BEARER_CLIENT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

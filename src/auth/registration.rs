//! As which client a person is signed in: one that was given, one that describes itself at a URL,
//! one that was registered before, or one that is registered now (RFC 7591).
//!
//! <https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration>

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::discovery::AuthorizationServer;
use super::grants::device_code;
use super::words;
use crate::failure::{Failure, Kind};
use crate::http::page::{IN_THE_WAY, is_web_page};
use crate::http::{Fetched, Http, Redirects, Request, shown};
use crate::secret::{Secret, Secrets};
use crate::store::{Authentication, Client, Origin};

/// What the person decided about the client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wishes {
    /// A client that is registered already.
    pub given: Option<Given>,
    /// The URL of a client ID metadata document, checked by [`document::url`](super::document::url).
    pub document: Option<String>,
    /// What to say of the client when it is registered, merged over what is said anyway.
    pub metadata: Map<String, Value>,
}

/// A client that is registered already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Its `client_id`.
    pub id: String,
    /// Its secret, if it has one.
    pub secret: Option<Secret>,
    /// How it proves itself; `None` leaves it to what the authorization server supports.
    pub authentication: Option<Authentication>,
}

impl Given {
    /// Reads what `--static-oauth-client-info` says.
    ///
    /// # Errors
    /// It is no JSON object with a `client_id`, or has a method that we do not know. The text is not
    /// repeated: it holds a secret.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let remedy = "for example: --static-oauth-client-info '{\"client_id\": \"…\", \"client_secret\": \"…\"}'";
        let refuse = |fact: &str| Failure::new(Kind::Usage, fact).remedy(remedy);
        let info: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| refuse("--static-oauth-client-info is no JSON object"))?;
        let text = |name: &str| info.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("client_id").ok_or_else(|| refuse("--static-oauth-client-info has no client_id"))?;
        let authentication = text("token_endpoint_auth_method")
            .map(|name| {
                method(name).ok_or_else(|| refuse(&format!("the token_endpoint_auth_method {name:?} is not known")))
            })
            .transpose()?;
        Ok(Given { id: id.to_owned(), secret: text("client_secret").map(Secret::new), authentication })
    }

    /// This client, as it is known at `server`, with answers going to `redirect_uri`.
    pub fn client(&self, server: &AuthorizationServer, redirect_uri: &str) -> Client {
        let secret = self.secret.clone();
        let authentication = self.authentication.unwrap_or_else(|| supported(server, secret.is_some()));
        Client {
            id: self.id.clone(),
            secret,
            secret_expires_at: None,
            authentication,
            redirect_uri: redirect_uri.to_owned(),
            origin: Origin::Given,
        }
    }
}

impl Wishes {
    /// The scopes that the person wants the client to have, which are those to ask for.
    pub fn scope(&self) -> Option<&str> {
        self.metadata.get("scope").and_then(Value::as_str)
    }

    /// The URL of the document that describes the client to `server`, if one does.
    pub fn document(&self, server: &AuthorizationServer) -> Option<&str> {
        let is_read = self.given.is_none() && server.client_id_metadata_document_supported;
        self.document.as_deref().filter(|_| is_read)
    }

    /// The same for a client that signs in with codes. The grant is asked for only there: servers may
    /// refuse a client that wants one which they do not give to everybody.
    #[must_use]
    pub fn with_codes(&self) -> Self {
        let mut wishes = self.clone();
        let grants = json!(["authorization_code", "refresh_token", device_code::GRANT]);
        wishes.metadata.entry("grant_types").or_insert(grants);
        wishes
    }

    /// What is said of the client when it is registered.
    fn described(&self, redirect_uri: &str, authentication: Authentication) -> Map<String, Value> {
        let mut described = Map::from_iter([
            ("client_name".to_owned(), json!(CLIENT_NAME)),
            ("application_type".to_owned(), json!("native")),
            ("redirect_uris".to_owned(), json!([redirect_uri])),
            // Without the second one some servers give no refresh token, and others refuse it later.
            ("grant_types".to_owned(), json!(["authorization_code", "refresh_token"])),
            ("response_types".to_owned(), json!(["code"])),
            ("token_endpoint_auth_method".to_owned(), json!(name(authentication))),
        ]);
        described.extend(self.metadata.clone());
        if let Some(Value::Array(uris)) = described.get_mut("redirect_uris")
            && !uris.iter().any(|uri| uri == redirect_uri)
        {
            uris.push(redirect_uri.into());
        }
        described
    }
}

/// Reads what `--static-oauth-client-metadata` says.
///
/// # Errors
/// It is no JSON object.
pub fn metadata(text: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(text).map_err(|_| {
        Failure::new(Kind::Usage, "--static-oauth-client-metadata is no JSON object")
            .remedy("for example: --static-oauth-client-metadata '{\"client_name\": \"…\"}'")
    })
}

/// The client to sign in as at `server`, with answers going to `redirect_uri`. `stored` is the one
/// that was registered before for this issuer and this redirect URI; `now` is in seconds since 1970.
///
/// # Errors
/// `Kind::Unreachable` where trying again may help; otherwise the authorization server registers no
/// client, and the remedy says how to give one.
pub async fn client(
    http: &Http,
    server: &AuthorizationServer,
    redirect_uri: &str,
    wishes: &Wishes,
    stored: Option<&Client>,
    now: u64,
) -> Result<Client, Failure> {
    if let Some(given) = &wishes.given {
        return Ok(given.client(server, redirect_uri));
    }
    if let Some(url) = wishes.document(server) {
        return Ok(Client {
            id: url.to_owned(),
            secret: None,
            secret_expires_at: None,
            authentication: Authentication::None,
            redirect_uri: redirect_uri.to_owned(),
            origin: Origin::Document,
        });
    }
    if let Some(stored) = stored.filter(|stored| is_usable(stored, redirect_uri, now)) {
        return Ok(stored.clone());
    }
    let Some(endpoint) = &server.registration_endpoint else {
        let fact = format!("the authorization server {} registers no clients by itself", server.issuer);
        return Err(Failure::new(Kind::Usage, fact).remedy(give_one(redirect_uri)));
    };
    let asked = offered(server)?;
    let registration = Registration { server, endpoint, redirect_uri, asked };
    registration.read(&registration.send(http, &wishes.described(redirect_uri, asked)).await?)
}

/// Whether a registration can still be used: for this redirect URI, and with a secret that lives.
fn is_usable(stored: &Client, redirect_uri: &str, now: u64) -> bool {
    let lives = stored.secret_expires_at.is_none_or(|end| end > now.saturating_add(MARGIN));
    stored.redirect_uri == redirect_uri && lives
}

/// A registration under way.
struct Registration<'a> {
    server: &'a AuthorizationServer,
    endpoint: &'a Url,
    redirect_uri: &'a str,
    asked: Authentication,
}

impl Registration<'_> {
    async fn send(&self, http: &Http, described: &Map<String, Value>) -> Result<Fetched, Failure> {
        let kind = HeaderValue::from_static("application/json");
        let request = Request {
            method: Method::POST,
            url: self.endpoint.clone(),
            common: Arc::new(HeaderMap::new()),
            own: vec![(header::CONTENT_TYPE, kind.clone()), (header::ACCEPT, kind)],
            body: json!(described).to_string().into(),
            told: None,
            proof: None,
        };
        http.fetch(request, Redirects::Never).await.map_err(|trouble| trouble.into_failure())
    }

    /// The client in an answer, which may differ from what was asked for: what it says counts.
    fn read(&self, fetched: &Fetched) -> Result<Client, Failure> {
        let answer: Map<String, Value> = match serde_json::from_slice(&fetched.body) {
            Ok(answer) if fetched.status.is_success() => answer,
            answer => return Err(self.refusal(fetched, &answer.unwrap_or_default())),
        };
        let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("client_id").ok_or_else(|| self.odd("answers without a client_id"))?;
        if let Some(Value::Array(uris)) = answer.get("redirect_uris")
            && !uris.is_empty()
            && !uris.iter().any(|uri| uri == self.redirect_uri)
        {
            let uris: Vec<&str> = uris.iter().filter_map(Value::as_str).collect();
            let uris = words(&uris.join(", "), &Secrets::default());
            return Err(
                self.odd(&format!("registers the redirect URI {uris}, and {} was asked for", self.redirect_uri))
            );
        }
        let mut secret = text("client_secret").map(Secret::new);
        let authentication = match text("token_endpoint_auth_method") {
            Some(named) => method(named).ok_or_else(|| {
                self.odd(&format!(
                    "wants the authentication {:?}, which is not known",
                    words(named, &Secrets::default())
                ))
            })?,
            // Left out, it stands for what was asked for, as far as that fits what came.
            None if secret.is_none() => Authentication::None,
            None if self.asked == Authentication::None => supported(self.server, true),
            None => self.asked,
        };
        if authentication == Authentication::None {
            secret = None;
        } else if secret.is_none() {
            return Err(
                self.odd(&format!("wants the authentication {}, and gives no secret for it", name(authentication)))
            );
        }
        let end = answer.get("client_secret_expires_at").and_then(|end| match end {
            Value::String(end) => end.trim().parse().ok(),
            end => end.as_u64(),
        });
        Ok(Client {
            id: id.to_owned(),
            secret_expires_at: end.filter(|end| *end > 0 && secret.is_some()),
            secret,
            authentication,
            redirect_uri: self.redirect_uri.to_owned(),
            origin: Origin::Registered,
        })
    }

    fn odd(&self, what: &str) -> Failure {
        let fact = format!("{} {what}", shown(self.endpoint));
        Failure::new(Kind::Protocol, fact).remedy(give_one(self.redirect_uri))
    }

    /// Why there is no client (RFC 7591, section 3.2.2).
    fn refusal(&self, fetched: &Fetched, answer: &Map<String, Value>) -> Failure {
        let (status, who) = (fetched.status.as_u16(), shown(self.endpoint));
        if fetched.status.is_server_error() || matches!(status, 408 | 429) {
            let fact = format!("{who} is in trouble (HTTP {status})");
            return Failure::new(Kind::Unreachable, fact).remedy("try again in a while").status(status);
        }
        // Where nothing is published the address is a guess, and the page may be that of any site.
        if self.server.has_metadata && fetched.status.is_success() && is_web_page(&fetched.headers, &fetched.body) {
            let fact = format!("{who} gives a web page in place of a client (HTTP {status})");
            return Failure::new(Kind::Unreachable, fact).remedy(IN_THE_WAY).status(status);
        }
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(|text| words(text, &Secrets::default()));
        if !self.server.has_metadata && text("error").is_none() {
            let fact = format!(
                "{} wants a credential, and offers no sign-in: it publishes no metadata, and there is no registration at {who} (HTTP {status})",
                self.server.issuer
            );
            let remedy = "if it wants an API key, give it with --header or mcpbridge login --api-key-header";
            return Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(status);
        }
        let why = match (text("error"), text("error_description")) {
            (Some(error), Some(description)) => format!("{error}: {description}"),
            (Some(error), None) => error,
            (None, _) => format!("HTTP {status}"),
        };
        let fact = format!("{who} does not register mcpbridge ({why})");
        let remedy = match text("error").as_deref() {
            Some("invalid_redirect_uri") => format!(
                "it may want another redirect URI than {}: try --host localhost, or --callback-path; or {}",
                self.redirect_uri,
                give_one(self.redirect_uri)
            ),
            _ => give_one(self.redirect_uri),
        };
        Failure::new(Kind::SignInRefused, fact).remedy(remedy).status(status)
    }
}

/// How a person gives a client where none can be registered.
fn give_one(redirect_uri: &str) -> String {
    format!(
        "register a client there with the redirect URI {redirect_uri}, and give it with \
         --static-oauth-client-info '{{\"client_id\": \"…\"}}'"
    )
}

/// How to ask to prove ourselves. Without a secret where that is offered: one that every copy of a
/// program can read proves nothing. Where the metadata name no method, public clients are what
/// servers take, although client_secret_basic would be the default.
fn offered(server: &AuthorizationServer) -> Result<Authentication, Failure> {
    let Some(methods) = &server.token_endpoint_auth_methods_supported else { return Ok(Authentication::None) };
    let known = [Authentication::None, Authentication::Basic, Authentication::Post];
    known.into_iter().find(|known| methods.iter().any(|method| method == name(*known))).ok_or_else(|| {
        let fact = format!(
            "the authorization server {} wants clients to prove themselves with {}, and mcpbridge knows {}",
            server.issuer,
            words(&methods.join(", "), &Secrets::default()),
            known.map(name).join(", ")
        );
        Failure::new(Kind::Protocol, fact)
    })
}

/// How a client that has a secret, or none, proves itself where nobody said it (RFC 8414, section 2:
/// client_secret_basic is the default).
fn supported(server: &AuthorizationServer, has_secret: bool) -> Authentication {
    let lists = |authentication: Authentication| {
        let methods = server.token_endpoint_auth_methods_supported.iter().flatten();
        methods.into_iter().any(|method| method == name(authentication))
    };
    match has_secret {
        false => Authentication::None,
        true if !lists(Authentication::Basic) && lists(Authentication::Post) => Authentication::Post,
        true => Authentication::Basic,
    }
}

fn method(name_of: &str) -> Option<Authentication> {
    [Authentication::None, Authentication::Basic, Authentication::Post]
        .into_iter()
        .find(|known| name(*known) == name_of)
}

/// The name of a way to prove oneself, as metadata have it.
pub(super) fn name(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::None => "none",
        Authentication::Post => "client_secret_post",
        Authentication::Basic => "client_secret_basic",
        Authentication::PrivateKey => "private_key_jwt",
    }
}

/// How a consent page names the client.
pub const CLIENT_NAME: &str = "mcpbridge";
/// Seconds that a secret has to live for a sign-in to be begun with it: a person takes some minutes.
const MARGIN: u64 = 600;

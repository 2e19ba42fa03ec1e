//! Who may ask: registered clients, given ones, and how each proves who it is.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Manners,
    desk::{Answer, Asked, Desk},
    device::DEVICE_CODE,
};
use crate::support::{server::Request, sync::lock};

#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    pub id: String,
    pub proof: Proof,
    /// Compared byte for byte; none allows any on this machine.
    pub redirect_uris: Vec<String>,
    /// Whether it may sign people in with codes.
    pub codes: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    None,
    Basic(String),
    Post(String),
    /// `private_key_jwt`, with this private key as a JWK.
    Key(String),
}

impl Client {
    /// A client that the server's owner has made by hand.
    pub fn given(id: &str, proof: Proof) -> Self {
        Self { id: id.to_owned(), proof, redirect_uris: Vec::new(), codes: true }
    }

    pub fn may_return_to(&self, redirect_uri: &str) -> bool {
        match self.redirect_uris.as_slice() {
            [] => redirect_uri.starts_with("http://127.0.0.1:") || redirect_uri.starts_with("http://localhost:"),
            known => known.iter().any(|known| known == redirect_uri),
        }
    }
}

#[derive(Default)]
pub struct Clients {
    registered: Mutex<HashMap<String, Client>>,
    count: AtomicUsize,
}

impl Clients {
    pub fn find(&self, id: &str, manners: &Manners) -> Option<Client> {
        let registered = lock(&self.registered).get(id).cloned();
        let known = registered.or_else(|| manners.clients.iter().find(|client| client.id == id).cloned());
        let known = known.or_else(|| published(manners.published.iter().find(|document| document["client_id"] == id)?));
        let document = || manners.metadata_documents && id.starts_with("https://");
        known.or_else(|| document().then(|| Client::given(id, Proof::None)))
    }

    /// As a server does that cleans up, or was set up anew.
    pub fn forget_all(&self) {
        lock(&self.registered).clear();
    }
}

impl Desk {
    pub(super) fn register(&self, request: &Request) -> Answer {
        let manners = self.manners().registration;
        if let Some((status, error, description)) = manners.refusal {
            return Answer::error(status, error, description);
        }
        let Ok(mut document) = serde_json::from_slice::<Value>(&request.body) else {
            return Answer::error(400, "invalid_client_metadata", "the body is not JSON");
        };
        if let Err((error, description)) = acceptable(&document) {
            return Answer::error(400, error, description);
        }
        if let Some(uris) = manners.redirect_uris {
            document["redirect_uris"] = json!(uris);
        }
        // RFC 7591, section 2: what nobody named is client_secret_basic.
        let asked = document["token_endpoint_auth_method"].as_str().unwrap_or("client_secret_basic").to_owned();
        let method = manners.auth_method.unwrap_or(&asked);
        document["token_endpoint_auth_method"] = method.into();
        let secret = manners.secret.unwrap_or("a:secret %with +signs & é").to_owned();
        let proof = match method {
            "none" => Proof::None,
            "client_secret_post" => Proof::Post(secret.clone()),
            _ => Proof::Basic(secret.clone()),
        };
        let number = self.clients.count.fetch_add(1, Ordering::SeqCst) + 1;
        let id = format!("client:{number} of {}", self.origin());
        document["client_id"] = id.clone().into();
        document["client_id_issued_at"] = now().into();
        if proof != Proof::None {
            document["client_secret"] = secret.into();
            document["client_secret_expires_at"] = manners.secret_expires_at.unwrap_or(0).into();
        }
        let redirect_uris = texts(&document["redirect_uris"]);
        let codes = texts(&document["grant_types"]).iter().any(|grant| grant == DEVICE_CODE);
        lock(&self.clients.registered).insert(id.clone(), Client { id, proof, redirect_uris, codes });
        Answer::json(201, &document)
    }

    /// Who sends this token or revocation request, by RFC 6749, section 2.3, to the letter.
    pub(super) fn client_of(&self, asked: &Asked) -> Result<Client, Answer> {
        let refused = |why: &str| {
            let answer = Answer::error(401, "invalid_client", why);
            answer.header("WWW-Authenticate", r#"Basic realm="the authorization server""#)
        };
        let basic = asked.request.header("authorization").map(basic).transpose().map_err(&refused)?;
        let posted = asked.get("client_secret");
        if basic.is_some() && posted.is_some() {
            return Err(Answer::error(400, "invalid_request", "the client proves itself in two ways"));
        }
        let id = basic.as_ref().map(|(id, _)| id.as_str()).or(asked.get("client_id"));
        let id = id.ok_or_else(|| refused("no client is named"))?;
        if self.manners().client_id_in_form && asked.get("client_id").is_none() {
            return Err(refused("client_id is missing in the form"));
        }
        if asked.get("client_id").is_some_and(|posted| posted != id) {
            return Err(refused("two clients are named"));
        }
        let client = self.clients.find(id, &self.manners()).ok_or_else(|| refused("no such client"))?;
        if let Proof::Key(key) = &client.proof {
            let alone = basic.is_none() && posted.is_none();
            let proven = if alone { self.proves(asked, &client, key) } else { Err("a secret is no key") };
            return proven.map(|()| client.clone()).map_err(refused);
        }
        let presented = match (basic, posted) {
            (Some((_, secret)), _) => Proof::Basic(secret),
            (None, Some(secret)) => Proof::Post(secret.to_owned()),
            (None, None) => Proof::None,
        };
        if presented == client.proof {
            return Ok(client);
        }
        Err(refused("this is not how the client proves itself"))
    }
}

/// The client that a document describes, if it is what the draft asks for: a public one, with a name.
fn published(document: &Value) -> Option<Client> {
    let id = document["client_id"].as_str().filter(|id| id.starts_with("https://"))?;
    let secrets = ["client_secret", "client_secret_expires_at"];
    let is_public =
        document["token_endpoint_auth_method"] == "none" && secrets.iter().all(|name| document[name].is_null());
    (is_public && acceptable(document).is_ok()).then(|| Client {
        redirect_uris: texts(&document["redirect_uris"]),
        codes: texts(&document["grant_types"]).iter().any(|grant| grant == DEVICE_CODE),
        ..Client::given(id, Proof::None)
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What a native application has to say of itself, and what it needs to be refreshed later.
fn acceptable(document: &Value) -> Result<(), (&'static str, &'static str)> {
    let lists = |member: &str, value: &str| {
        document[member].as_array().is_some_and(|list| list.iter().any(|known| known == value))
    };
    if document["application_type"] != "native" {
        return Err(("invalid_client_metadata", "application_type is not native"));
    }
    if !lists("grant_types", "authorization_code") || !lists("grant_types", "refresh_token") {
        return Err(("invalid_client_metadata", "grant_types lacks authorization_code or refresh_token"));
    }
    if document.get("response_types").is_some() && !lists("response_types", "code") {
        return Err(("invalid_client_metadata", "response_types lacks code"));
    }
    if document["client_name"].as_str().is_none_or(str::is_empty) {
        return Err(("invalid_client_metadata", "client_name is missing"));
    }
    let uris = document["redirect_uris"].as_array().map(Vec::as_slice).unwrap_or_default();
    let loopback = |uri: &Value| {
        uri.as_str().and_then(|uri| url::Url::parse(uri).ok()).is_some_and(|uri| {
            uri.scheme() == "http" && matches!(uri.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
        })
    };
    if uris.is_empty() || !uris.iter().all(loopback) {
        return Err(("invalid_redirect_uri", "redirect_uris has none, or one that is not on this machine"));
    }
    Ok(())
}

/// Id and secret are form-encoded before they are put together (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Result<(String, String), &'static str> {
    let (scheme, value) = header.split_once(' ').ok_or("not a scheme and a value")?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err("not the Basic scheme");
    }
    let bytes = STANDARD.decode(value.trim()).map_err(|_| "not base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    let (id, secret) = text.split_once(':').ok_or("no colon")?;
    let decode = |part: &str| {
        let pair = format!("x={part}");
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    // What form-encoding would have changed has not been encoded.
    if [id, secret].iter().any(|part| part.contains([' ', '&', '=', '/', '@']) || !part.is_ascii()) {
        return Err("id or secret is not form-encoded");
    }
    Ok((decode(id), decode(secret)))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970").as_secs()
}

//! A sign-in of mcp-remote as a grant of ours, and back.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use url::Url;

use super::mcp_remote::{self, Kept};
use crate::auth::discovery::{AuthorizationServer, discover};
use crate::auth::registration::Given;
use crate::auth::{self, Options};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::http::{Http, shown};
use crate::secret::Secret;
use crate::store::{About, Authentication, Client, Credential, Grant, OAuth, Origin};

/// What came of one sign-in of mcp-remote.
pub struct Taken {
    /// What it is for.
    pub about: About,
    /// The grant.
    pub grant: Grant,
    /// Who issued it, and to which registered client.
    pub registration: Option<(String, Client)>,
}

/// The grant that `kept` is. Asks the server who issued it, because mcp-remote does not keep where a
/// token is renewed. `None` if there is nothing in it that could be used any more.
///
/// # Errors
/// The files cannot be read, or the server does not say who signs people in.
pub async fn take(http: &Http, server: &Url, options: &Options, kept: &Kept) -> Result<Option<Taken>, Failure> {
    let tokens = mcp_remote::read(&kept.tokens)?;
    let secret = |name: &str| tokens[name].as_str().filter(|text| !text.is_empty()).map(Secret::new);
    let Some(access_token) = secret("access_token") else { return Ok(None) };
    let refresh_token = secret("refresh_token");
    let written = kept.written.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let expires_at = match (number(&tokens["expires_at"]), number(&tokens["expires_in"])) {
        (Some(milliseconds), _) => Some(milliseconds / 1000),
        (None, lifetime) => lifetime.map(|seconds| written.saturating_add(seconds)),
    };
    if refresh_token.is_none() && expires_at.is_some_and(|end| end <= clock::now()) {
        return Ok(None);
    }
    let found = discover(http, server, None, &options.resource).await?;
    if let Some(issuer) = tokens["issuer"].as_str()
        && issuer.trim_end_matches('/') != found.server.issuer.trim_end_matches('/')
    {
        let fact = format!("{} is signed in to with {} now, and was with {issuer}", shown(server), found.server.issuer);
        return Err(Failure::new(Kind::Protocol, fact).remedy("sign in again: mcpbridge login URL"));
    }
    let Some(client) = client(&found.server, options, kept)? else { return Ok(None) };
    let words = tokens["scope"].as_str().or_else(|| tokens["requested_scope"].as_str()).unwrap_or_default();
    let token = OAuth {
        access_token,
        refresh_token,
        id_token: secret("id_token"),
        issued_at: written,
        expires_at,
        scopes: words.split_whitespace().map(str::to_owned).collect(),
        issuer: found.server.issuer.clone(),
        token_endpoint: found.server.token_endpoint.to_string(),
        revocation_endpoint: found.server.revocation_endpoint.as_ref().map(Url::to_string),
        resource: found.resource,
        client: client.clone(),
        unattended: false,
        binding: None,
    };
    let given = match &options.resource {
        auth::discovery::ResourceChoice::Given(resource) => Some(resource.clone()),
        _ => None,
    };
    let registered = client.origin == Origin::Registered;
    Ok(Some(Taken {
        about: About { server: shown(server), account: options.account(), resource: given, subject: None },
        grant: Grant {
            lineage: auth::lineage(),
            serial: 1,
            signed_in_at: written,
            credential: Credential::OAuth(Box::new(token)),
        },
        registration: registered.then_some((found.server.issuer, client)),
    }))
}

/// The client that the tokens were issued to.
fn client(server: &AuthorizationServer, options: &Options, kept: &Kept) -> Result<Option<Client>, Failure> {
    let callback = &options.callback;
    let own = || format!("http://{}:{}{}", callback.host, callback.port.unwrap_or_default(), callback.path);
    if let Some(given) = &options.client.given {
        return Ok(Some(given.client(server, &own())));
    }
    if let Some(document) = options.client.document.as_ref().filter(|_| kept.client.is_none()) {
        let (id, redirect_uri) = (document.clone(), own());
        return Ok(Some(Client {
            id,
            secret: None,
            secret_expires_at: None,
            authentication: Authentication::None,
            redirect_uri,
            origin: Origin::Document,
        }));
    }
    let Some(path) = &kept.client else { return Ok(None) };
    let info = mcp_remote::read(path)?;
    let text = |name: &str| info[name].as_str().filter(|text| !text.is_empty());
    let Some(id) = text("client_id") else { return Ok(None) };
    let authentication = match text("token_endpoint_auth_method") {
        Some("none") => Some(Authentication::None),
        Some("client_secret_post") => Some(Authentication::Post),
        Some("client_secret_basic") => Some(Authentication::Basic),
        _ => None,
    };
    let given = Given { id: id.to_owned(), secret: text("client_secret").map(Secret::new), authentication };
    let redirect_uri = info["redirect_uris"][0].as_str().unwrap_or_default();
    let mut client = given.client(server, redirect_uri);
    client.origin = Origin::Registered;
    client.secret_expires_at = number(&info["client_secret_expires_at"]).filter(|end| *end > 0);
    Ok(Some(client))
}

/// What mcp-remote keeps of a grant, in place of what it kept `before`.
pub fn back(token: &OAuth, before: &Value) -> Value {
    let mut tokens = before.clone();
    tokens["access_token"] = json!(token.access_token.expose());
    for (name, secret) in [("refresh_token", &token.refresh_token), ("id_token", &token.id_token)] {
        match (secret, tokens.as_object_mut()) {
            (Some(secret), _) => tokens[name] = json!(secret.expose()),
            (None, Some(members)) => drop(members.remove(name)),
            (None, None) => {}
        }
    }
    match token.expires_at {
        Some(end) => {
            tokens["expires_in"] = json!(end.saturating_sub(clock::now()));
            tokens["expires_at"] = json!(end * 1000);
        }
        None => {
            if let Some(members) = tokens.as_object_mut() {
                members.remove("expires_in");
                members.remove("expires_at");
            }
        }
    }
    tokens
}

/// A number, which other programs write with a fraction or as a text.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, which is neither")]
fn number(value: &Value) -> Option<u64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number.is_finite() && number >= 0.0).then_some(number as u64)
}

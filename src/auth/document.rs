//! The document by which a client describes itself (draft-ietf-oauth-client-id-metadata-document): whoever
//! publishes it needs no registration at servers that read such documents, and its URL is the client id.

use serde::Serialize;
use url::Url;

use super::callback::{Port, redirect_uri};
use super::grants::device_code;
use super::registration::CLIENT_NAME;
use crate::failure::{Failure, Kind};

/// A document for mcpbridge. Its members stand in the order of these.
#[derive(Debug, Serialize)]
pub struct Document {
    client_id: String,
    client_name: &'static str,
    application_type: &'static str,
    redirect_uris: Vec<String>,
    grant_types: [&'static str; 3],
    response_types: [&'static str; 1],
    token_endpoint_auth_method: &'static str,
}

impl Document {
    /// The document that is published at `url`, which was checked by [`url()`]. Browsers come back to the
    /// loopback addresses and to `host`, at `path` and, if it has to be a certain one, at `port`.
    ///
    /// # Errors
    /// `host` and `path` make no redirect URI.
    pub fn new(url: String, port: Option<u16>, host: Option<&str>, path: &str) -> Result<Self, Failure> {
        let port = port.unwrap_or_else(|| Port::of_document(&url).first());
        let mut redirect_uris = Vec::new();
        for host in LOOPBACK.into_iter().chain(host.filter(|host| !LOOPBACK.contains(host))) {
            // Without the port for servers that let a native client have any (RFC 8252, section 7.3), and with
            // the one that is tried first for those that compare every character.
            redirect_uris.push(redirect_uri(host, None, path)?);
            redirect_uris.push(redirect_uri(host, Some(port), path)?);
        }
        Ok(Document {
            client_id: url,
            client_name: CLIENT_NAME,
            application_type: "native",
            redirect_uris,
            grant_types: ["authorization_code", "refresh_token", device_code::GRANT],
            response_types: ["code"],
            // A secret that everybody can read proves nothing, and the draft forbids it.
            token_endpoint_auth_method: "none",
        })
    }
}

/// The URL of such a document, as it is written: it is the client id. `what` is what names it.
///
/// # Errors
/// It is not https, or has no path, or something that a client id may not have.
pub fn url(text: &str, what: &str) -> Result<String, Failure> {
    let refuse = |why: &str| {
        let fact = format!("{what} {why}");
        Err(Failure::new(Kind::Usage, fact).remedy("for example: https://example.com/oauth/client.json"))
    };
    match Url::parse(text) {
        Ok(url) if url.scheme() != "https" => refuse("has to be https"),
        Ok(url) if url.fragment().is_some() => refuse("may have no fragment"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => refuse("may have no user in it"),
        Ok(_) if has_dots(text) => refuse("may have no . or .. in its path"),
        Ok(url) if url.path() == "/" => refuse("has to have a path"),
        // Compared byte for byte by the server, so it has to be in the one form that there is.
        Ok(url) if url.as_str() != text => refuse(&format!("has to be written as browsers write it, {url}")),
        Ok(_) => Ok(text.to_owned()),
        Err(_) => refuse("is no URL"),
    }
}

/// Whether a segment of the path is one or two dots, which a parser of URLs takes out.
fn has_dots(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    path.split(['/', '\\']).any(dots)
}

/// The hosts in redirect URIs of mcpbridge, but for `--host`.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "localhost"];

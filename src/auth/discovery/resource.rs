//! The metadata of a protected resource (RFC 9728).

use serde_json::{Map, Value};
use url::Url;

use super::server::strings;
use super::{ResourceChoice, Search};
use crate::auth::challenge::Bearer;
use crate::auth::dpop::Proofs;
use crate::failure::{Failure, Kind};
use crate::http::{Http, shown};

/// The metadata of a protected resource, as far as they are used.
pub struct ProtectedResource {
    pub at: Url,
    pub resource: String,
    pub authorization_servers: Vec<String>,
    pub scopes: Option<Vec<String>>,
    pub proofs: Proofs,
}

impl ProtectedResource {
    /// Reads `document`, `None` if it is something else, as where a server answers every path.
    pub fn read(document: &Map<String, Value>, at: Url) -> Option<Self> {
        let resource = document.get("resource").and_then(Value::as_str);
        let authorization_servers = strings(document, "authorization_servers");
        if resource.is_none() && authorization_servers.is_none() {
            return None;
        }
        let resource = resource.unwrap_or_default().to_owned();
        let authorization_servers = authorization_servers.unwrap_or_default();
        Some(ProtectedResource {
            at,
            resource,
            authorization_servers,
            scopes: strings(document, "scopes_supported"),
            proofs: Proofs::read(document),
        })
    }

    /// Whether these are metadata of `server` (RFC 9728, section 3.3). A parent counts: one document
    /// may stand for all that a host has.
    pub fn check(&self, server: &Url, choice: &ResourceChoice) -> Result<(), Failure> {
        let given = matches!(choice, ResourceChoice::Given(given) if *given == self.resource);
        if given || covers(&self.resource, server) {
            return Ok(());
        }
        let named = if self.resource.is_empty() { "none" } else { self.resource.as_str() };
        let fact = format!(
            "the resource in {} is {named}, and the server is {}: they do not match",
            shown(&self.at),
            shown(server)
        );
        Err(Failure::new(Kind::Protocol, fact).remedy("use the URL that the server publishes, or ask its operator"))
    }
}

/// Whether `resource` is `server` or a parent of it.
fn covers(resource: &str, server: &Url) -> bool {
    let Ok(resource) = Url::parse(resource) else { return false };
    let (parent, path) = (resource.path().trim_end_matches('/'), server.path());
    let below = path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let same_query = resource.query().is_none() || resource.query() == server.query();
    resource.has_host() && resource.origin() == server.origin() && below && same_query && resource.fragment().is_none()
}

/// What a server publishes of itself as a protected resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where.
    pub at: Url,
    /// The resource that it is.
    pub resource: String,
    /// Whose tokens it takes.
    pub authorization_servers: Vec<String>,
}

impl From<ProtectedResource> for Published {
    fn from(resource: ProtectedResource) -> Self {
        let ProtectedResource { at, resource, authorization_servers, .. } = resource;
        Published { at, resource, authorization_servers }
    }
}

/// What `server` publishes of itself as a protected resource; `None` if nothing.
///
/// # Errors
/// As [`super::discover`] has them.
pub async fn protected_resource(
    http: &Http,
    server: &Url,
    challenge: Option<&Bearer>,
    choice: &ResourceChoice,
) -> Result<Option<Published>, Failure> {
    let search = Search { http, server, fit: &|_| Ok(()) };
    match search.protected_resource(challenge).await? {
        Ok(resource) => {
            resource.check(server, choice)?;
            Ok(Some(resource.into()))
        }
        Err(Some(trouble)) => Err(trouble),
        Err(None) => Ok(None),
    }
}

/// What `document`, found at `at`, says of `server` as a protected resource; `None` if it says nothing.
///
/// # Errors
/// It is that of another resource.
pub fn read_resource(document: &Map<String, Value>, at: Url, server: &Url) -> Result<Option<Published>, Failure> {
    let Some(resource) = ProtectedResource::read(document, at) else { return Ok(None) };
    resource.check(server, &ResourceChoice::Published)?;
    Ok(Some(resource.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_stands_for_itself_and_what_is_below_it() {
        let server = "https://h.example/a/mcp?x=1";
        for (resource, server, fits) in [
            ("https://h.example/a/mcp?x=1", server, true),
            ("https://h.example/a/mcp", server, true),
            ("https://h.example/a/mcp/", server, true),
            ("https://h.example/a/", server, true),
            ("https://h.example", server, true),
            ("https://H.example:443/", server, true),
            ("https://h.example/a/mcp?x=2", server, false),
            ("https://h.example/a/m", server, false),
            ("https://h.example/a/mcp/below", server, false),
            ("https://h.example/A/mcp", server, false),
            ("https://h.example/a/mcp#x", server, false),
            ("http://h.example/a/mcp", server, false),
            ("https://h.example:8443/a/mcp", server, false),
            ("https://evil.example/a/mcp", server, false),
            ("https://h.example.evil.example/", server, false),
            ("h.example/a/mcp", server, false),
            ("urn:x", server, false),
            ("", server, false),
            ("https://h.example/", "https://h.example", true),
        ] {
            assert_eq!(covers(resource, &Url::parse(server).unwrap()), fits, "{resource}");
        }
    }
}

//! The metadata of a protected resource alone, for whoever only looks at them.

use serde_json::{Map, Value};
use url::Url;

use super::{ProtectedResource, ResourceChoice, Search};
use crate::auth::challenge::Bearer;
use crate::failure::Failure;
use crate::http::Http;

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

//! The metadata of a protected resource alone, for whoever only looks at them.

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
            let ProtectedResource { at, resource, authorization_servers, .. } = resource;
            Ok(Some(Published { at, resource, authorization_servers }))
        }
        Err(Some(trouble)) => Err(trouble),
        Err(None) => Ok(None),
    }
}

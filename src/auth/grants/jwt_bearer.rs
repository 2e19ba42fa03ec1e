//! An assertion for a token (RFC 7523, section 2.1): of a workload's platform, or of an identity provider.

use super::{Asking, Tokens, Trouble};
use crate::secret::Secret;

/// Exchanges `assertion` for tokens. Scopes and resource are named if there are any.
///
/// # Errors
/// A [`Trouble`]; `InvalidGrant` is that the assertion was not taken.
pub async fn jwt_bearer(
    asking: &Asking<'_>,
    assertion: &Secret,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Tokens, Trouble> {
    let scope = scopes.join(" ");
    let mut form = vec![("grant_type", GRANT), ("assertion", assertion.expose())];
    form.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    form.extend(resource.map(|resource| ("resource", resource)));
    asking.tokens(&form, Some(assertion)).await
}

/// What metadata call it.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

//! The client credentials grant (RFC 6749, section 4.4; the extension
//! `io.modelcontextprotocol/oauth-client-credentials`).

use super::{Asking, Tokens, Trouble};

/// Asks for a token of the client itself. Scopes and resource are named if there are any.
///
/// # Errors
/// A [`Trouble`].
pub async fn client_credentials(
    asking: &Asking<'_>,
    scopes: &[String],
    resource: Option<&str>,
) -> Result<Tokens, Trouble> {
    let scope = scopes.join(" ");
    let mut form = vec![("grant_type", GRANT)];
    form.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    form.extend(resource.map(|resource| ("resource", resource)));
    asking.tokens(&form, None).await
}

/// What metadata call it.
pub const GRANT: &str = "client_credentials";

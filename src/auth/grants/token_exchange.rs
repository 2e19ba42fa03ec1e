//! What an identity provider knows of a person, for an assertion that it makes for one authorization
//! server (RFC 8693; the Identity Assertion JWT Authorization Grant, and MCP's extension
//! `io.modelcontextprotocol/enterprise-managed-authorization`, section 4).

use super::{Asking, Trouble};
use crate::secret::Secret;

/// What stands for the person.
pub struct Subject {
    /// A token of the identity provider.
    pub token: Secret,
    /// Which of its tokens this is.
    pub kind: SubjectKind,
}

/// A token of an identity provider that can stand for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// The id token.
    IdToken,
    /// The refresh token, where the id token has expired and no other was given.
    RefreshToken,
}

/// For whom the assertion is made.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// The issuer of the authorization server.
    pub audience: &'a str,
    /// The MCP server, as it publishes itself.
    pub resource: &'a str,
    /// The scopes to ask for.
    pub scopes: &'a [String],
}

/// Asks the identity provider for an assertion (an ID-JAG).
///
/// # Errors
/// A [`Trouble`]; `InvalidGrant` is that the subject's token was not taken.
pub async fn token_exchange(asking: &Asking<'_>, subject: &Subject, purpose: &Purpose<'_>) -> Result<Secret, Trouble> {
    let scope = purpose.scopes.join(" ");
    let kind = match subject.kind {
        SubjectKind::IdToken => "urn:ietf:params:oauth:token-type:id_token",
        SubjectKind::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
    };
    let mut form = vec![
        ("grant_type", GRANT),
        ("requested_token_type", ID_JAG),
        ("audience", purpose.audience),
        ("resource", purpose.resource),
        ("subject_token", subject.token.expose()),
        ("subject_token_type", kind),
    ];
    form.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    asking.assertion(&form, &subject.token).await
}

/// What metadata call it.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What is asked for, and has to come.
pub const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

//! What stands before a protected server: who may pass, and what the others are told.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{documents::Page, dpop::Nonces};
use crate::support::server::Request;

/// The header of a 401, as a strict server writes it.
pub const CHALLENGE: &str = r#"Bearer resource_metadata="{metadata}""#;
/// The header of a 403 that asks for more.
pub const STEP_UP: &str = r#"Bearer error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}""#;

/// The header of a 401 of a server that takes tokens with a proof only.
pub const PROOF_CHALLENGE: &str = r#"DPoP resource_metadata="{metadata}", algs="ES256 PS256""#;

#[derive(Clone)]
pub struct Guard {
    /// Asks for nothing.
    pub open: bool,
    /// Refuses every token, fresh ones too.
    pub refuses_all: bool,
    /// The `WWW-Authenticate` headers of a 401. `{metadata}`, `{path}` and `{origin}` stand for the URL of the metadata,
    /// its path, and the origin.
    pub challenge: Vec<String>,
    /// What goes with a 401.
    pub body: String,
    /// Where the metadata is (a path), and what is there. The first is `{metadata}`; all else is 404.
    pub documents: Vec<(String, Page)>,
    /// `{origin}/mcp`, with `{origin}` for the server's own.
    pub resource: String,
    /// The issuers of the metadata, in place of those whose tokens are taken.
    pub authorization_servers: Option<Vec<String>>,
    /// Further members of the metadata.
    pub metadata: Vec<(&'static str, Value)>,
    /// By method, or by `tools/call NAME`: the scope that a token needs.
    pub scopes: HashMap<String, String>,
    /// Calls of tools need one scope more than the token has, whatever it has.
    pub insatiable: bool,
    /// The header of a 403; also `{scope}`.
    pub step_up: String,
    /// It has never heard of proofs: a token that is bound to a key is a bearer token, and no other scheme is known.
    pub knows_no_proofs: bool,
    /// It takes no token without a proof, bound or not.
    pub wants_proofs: bool,
    pub nonces: Nonces,
    /// The error of every proof, and the header that goes with it.
    pub refuses_proofs: Option<(&'static str, String)>,
    /// A request may pass for another reason than its token: an API key.
    pub also: Option<Arc<Pass>>,
}

type Pass = dyn Fn(&Request) -> bool + Send + Sync;

impl Default for Guard {
    fn default() -> Self {
        Self {
            open: false,
            refuses_all: false,
            challenge: vec![CHALLENGE.to_owned()],
            body: r#"{"error":"unauthorized"}"#.to_owned(),
            documents: vec![("/.well-known/oauth-protected-resource/mcp".to_owned(), Page::Good)],
            resource: "{origin}/mcp".to_owned(),
            authorization_servers: None,
            metadata: Vec::new(),
            scopes: HashMap::new(),
            insatiable: false,
            step_up: STEP_UP.to_owned(),
            knows_no_proofs: false,
            wants_proofs: false,
            nonces: Nonces::None,
            refuses_proofs: None,
            also: None,
        }
    }
}

impl Guard {
    /// A header line for this origin.
    pub fn fill(&self, template: &str, origin: &str, scope: &str) -> String {
        let path = self.documents.first().map_or("", |(path, _)| path);
        let metadata = if path.starts_with("http") { path.to_owned() } else { format!("{origin}{path}") };
        let filled = template.replace("{metadata}", &metadata).replace("{path}", path);
        filled.replace("{origin}", origin).replace("{scope}", scope)
    }

    /// The page at this path, if it is one of the metadata's.
    pub fn page(&self, path: &str) -> Option<&Page> {
        self.documents.iter().find(|(known, _)| known == path).map(|(_, page)| page)
    }

    pub fn document(&self, origin: &str, issuers: Vec<String>) -> Value {
        let mut document = json!({
            "resource": self.resource_at(origin),
            "authorization_servers": self.authorization_servers.clone().unwrap_or(issuers),
            "bearer_methods_supported": ["header"],
        });
        for (name, value) in &self.metadata {
            document[*name] = value.clone();
        }
        document
    }

    pub fn resource_at(&self, origin: &str) -> String {
        self.resource.replace("{origin}", origin)
    }

    /// What a token needs for this request, if it needs anything.
    pub fn scope_of(&self, request: &Request) -> Option<&str> {
        let kind = request.kind();
        let tool =
            (kind == "tools/call").then(|| request.json()["params"]["name"].as_str().map(str::to_owned)).flatten();
        let of_tool = tool.and_then(|tool| self.scopes.get(&format!("tools/call {tool}")));
        of_tool.or_else(|| self.scopes.get(&kind)).map(String::as_str)
    }
}

//! Metadata at well-known places, good and bad.

use serde_json::{Map, Value, json};

use super::{
    Iss, Proof,
    desk::{Answer, Desk},
    device::DEVICE_CODE,
};
use crate::support::server::Request;

/// Where the metadata of an issuer may be.
#[derive(Clone, PartialEq)]
pub enum Place {
    /// RFC 8414: `/.well-known/oauth-authorization-server` before the issuer's path.
    Oauth,
    /// `/.well-known/openid-configuration` before the issuer's path.
    OpenIdInserted,
    /// OpenID Connect Discovery: `/.well-known/openid-configuration` behind the issuer's path.
    OpenIdAppended,
    At(&'static str),
}

impl Place {
    pub fn path(&self, issuer_path: &str) -> String {
        let issuer_path = issuer_path.trim_end_matches('/');
        match self {
            Self::Oauth => format!("/.well-known/oauth-authorization-server{issuer_path}"),
            Self::OpenIdInserted => format!("/.well-known/openid-configuration{issuer_path}"),
            Self::OpenIdAppended => format!("{issuer_path}/.well-known/openid-configuration"),
            Self::At(path) => (*path).to_owned(),
        }
    }
}

/// What is found at a place.
#[derive(Clone)]
pub enum Page {
    Good,
    Status(u16),
    /// A single-page application answers every path with itself.
    Html,
    /// Good, were it not for a member that makes it larger than this many bytes.
    Larger(usize),
    Text(String),
    Redirect(String),
}

impl Page {
    pub fn answer(&self, good: impl FnOnce() -> Value) -> Answer {
        match self {
            Self::Good => Answer::json(200, &good()),
            Self::Status(status) => Answer::text(*status, "text/plain", "no"),
            Self::Html => Answer::text(200, "text/html", "<!doctype html><title>Welcome</title><p>Welcome."),
            Self::Larger(size) => {
                let mut document = good();
                document["service_documentation"] = "x".repeat(*size).into();
                Answer::json(200, &document)
            }
            Self::Text(text) => Answer::text(200, "application/json", text),
            Self::Redirect(location) => Answer::text(302, "text/plain", "").header("Location", location),
        }
    }
}

impl Desk {
    pub(super) fn document(&self, request: &Request) -> Answer {
        let manners = self.manners();
        let path = request.path.split('?').next().unwrap_or_default();
        let found = manners.documents.iter().find(|(place, _)| place.path(&manners.issuer_path) == path);
        match found {
            Some((_, page)) => page.answer(|| self.metadata()),
            None => Answer::text(404, "text/plain", "no such document"),
        }
    }

    /// As a strict server publishes it, then as the test wants it.
    pub fn metadata(&self) -> Value {
        let manners = self.manners();
        let mut document = json!({
            "issuer": self.issuer(),
            "authorization_endpoint": self.at("/authorize"),
            "token_endpoint": self.at("/token"),
            "registration_endpoint": self.at("/register"),
            "revocation_endpoint": self.at("/revoke"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        });
        if let Some(grants) = document["grant_types_supported"].as_array_mut() {
            grants.extend(manners.unattended.grants.iter().map(|grant| json!(grant)));
        }
        if manners.device.is_some() {
            document["device_authorization_endpoint"] = self.at("/device_authorization").into();
            if let Some(grants) = document["grant_types_supported"].as_array_mut() {
                grants.push(DEVICE_CODE.into());
            }
        }
        if manners.clients.iter().any(|client| matches!(client.proof, Proof::Key(_))) {
            document["token_endpoint_auth_methods_supported"] =
                json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
            document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256", "ES256", "EdDSA"]);
        }
        if manners.authorize.iss != Iss::Absent {
            document["authorization_response_iss_parameter_supported"] = true.into();
        }
        if manners.binding.offered {
            document["dpop_signing_alg_values_supported"] = json!(["RS256", "ES256"]);
        }
        if manners.metadata_documents || !manners.published.is_empty() {
            document["client_id_metadata_document_supported"] = true.into();
        }
        if manners.tokens.offline_access {
            document["scopes_supported"] = json!(["offline_access"]);
        }
        let members = document.as_object_mut().expect("an object");
        for (name, value) in &manners.metadata {
            self.put(members, name, value.as_ref());
        }
        document
    }

    fn put(&self, members: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
        let Some(value) = value else {
            members.remove(name);
            return;
        };
        let text = value.to_string().replace("{issuer}", &self.issuer()).replace("{origin}", self.origin());
        members.insert(name.to_owned(), serde_json::from_str(&text).expect("still JSON"));
    }
}

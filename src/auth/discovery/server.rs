//! The metadata of an authorization server (RFC 8414; OpenID Connect Discovery 1.0).

use serde_json::{Map, Value};
use url::Url;

use super::address;
use crate::failure::{Failure, Kind};
use crate::http::shown;

/// An authorization server, as its metadata describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationServer {
    /// Its issuer identifier, byte for byte as its metadata spell it.
    pub issuer: String,
    /// Whether there are metadata. Without any, the endpoints are those that 2025-03-26 presumes.
    pub has_metadata: bool,
    /// Where a person signs in.
    pub authorization_endpoint: Option<Url>,
    /// Where tokens are issued.
    pub token_endpoint: Url,
    /// Where clients are registered (RFC 7591).
    pub registration_endpoint: Option<Url>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Where a device asks for its code (RFC 8628).
    pub device_authorization_endpoint: Option<Url>,
    /// The scopes that it knows.
    pub scopes_supported: Option<Vec<String>>,
    /// The grants that it knows.
    pub grant_types_supported: Option<Vec<String>>,
    /// How clients can prove themselves at the token endpoint.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// With which algorithms clients can sign what they prove themselves with.
    pub signing_algorithms: Option<Vec<String>>,
    /// The methods of PKCE that it knows.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// With which algorithms the proofs of tokens that are bound to a key can be signed (RFC 9449,
    /// section 5.1); `None` where nothing is said of such tokens.
    pub dpop_algorithms: Option<Vec<String>>,
    /// Whether the URL of a client ID metadata document can be a client id.
    pub client_id_metadata_document_supported: bool,
    /// Whether its redirects name it (RFC 9207).
    pub iss_parameter_supported: bool,
}

impl AuthorizationServer {
    /// Reads `document`, whose issuer has been checked, on behalf of the MCP server `server`.
    pub fn read(document: &Map<String, Value>, issuer: &str, server: &Url) -> Result<Self, Failure> {
        let optional = |name: &str| endpoint(document, name, server);
        let Some(token_endpoint) = optional("token_endpoint")? else {
            let fact = format!("the metadata of the authorization server {issuer} name no token_endpoint");
            return Err(Failure::new(Kind::Protocol, fact).remedy("ask its operator"));
        };
        let truth = |name: &str| document.get(name) == Some(&Value::Bool(true));
        Ok(AuthorizationServer {
            issuer: issuer.to_owned(),
            has_metadata: true,
            authorization_endpoint: optional("authorization_endpoint")?,
            token_endpoint,
            registration_endpoint: optional("registration_endpoint")?,
            revocation_endpoint: optional("revocation_endpoint")?,
            device_authorization_endpoint: optional("device_authorization_endpoint")?,
            scopes_supported: strings(document, "scopes_supported"),
            grant_types_supported: strings(document, "grant_types_supported"),
            token_endpoint_auth_methods_supported: strings(document, "token_endpoint_auth_methods_supported"),
            signing_algorithms: strings(document, "token_endpoint_auth_signing_alg_values_supported"),
            code_challenge_methods_supported: strings(document, "code_challenge_methods_supported"),
            dpop_algorithms: strings(document, "dpop_signing_alg_values_supported"),
            client_id_metadata_document_supported: truth("client_id_metadata_document_supported"),
            iss_parameter_supported: truth("authorization_response_iss_parameter_supported"),
        })
    }

    /// What 2025-03-26 presumes of a server without metadata: it is its own authorization server.
    pub fn presumed(server: &Url) -> Result<Self, Failure> {
        let at = |path: &str| {
            let mut url = server.clone();
            url.set_path(path);
            url.set_query(None);
            url.set_fragment(None);
            encrypted(url, path.trim_start_matches('/'), server)
        };
        let issuer = server.origin().ascii_serialization();
        Ok(AuthorizationServer {
            authorization_endpoint: Some(at("/authorize")?),
            registration_endpoint: Some(at("/register")?),
            ..Self::at(issuer, at("/token")?)
        })
    }

    /// One of which nothing is known but where tokens are issued.
    pub fn at(issuer: String, token_endpoint: Url) -> Self {
        AuthorizationServer {
            issuer,
            has_metadata: false,
            authorization_endpoint: None,
            token_endpoint,
            registration_endpoint: None,
            revocation_endpoint: None,
            device_authorization_endpoint: None,
            scopes_supported: None,
            grant_types_supported: None,
            token_endpoint_auth_methods_supported: None,
            signing_algorithms: None,
            code_challenge_methods_supported: None,
            dpop_algorithms: None,
            client_id_metadata_document_supported: false,
            iss_parameter_supported: false,
        }
    }

    /// Where a device asks for the code that a person enters elsewhere.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub fn device_endpoint(&self) -> Result<&Url, Failure> {
        self.device_authorization_endpoint.as_ref().ok_or_else(|| {
            let why = match self.has_metadata {
                true => "its metadata name no device_authorization_endpoint",
                false => "it publishes no metadata",
            };
            let fact = format!("the authorization server {} offers no sign-in with a code: {why}", self.issuer);
            Failure::new(Kind::SignInRequired, fact)
        })
    }

    /// Where a person signs in, if the authorization code grant can be used with PKCE.
    ///
    /// # Errors
    /// There is no such endpoint, or the metadata do not promise S256: the specification has us stop
    /// there, because a server that ignores the challenge protects nobody. Without metadata nothing
    /// can be looked up, and the challenge is sent in hope.
    pub fn code_endpoint(&self) -> Result<&Url, Failure> {
        let refuse = |fact: String| Err(Failure::new(Kind::Protocol, fact).remedy("ask its operator"));
        let Some(endpoint) = &self.authorization_endpoint else {
            return refuse(format!(
                "the metadata of the authorization server {} name no authorization_endpoint",
                self.issuer
            ));
        };
        match &self.code_challenge_methods_supported {
            Some(methods) if methods.iter().any(|method| method == "S256") => Ok(endpoint),
            None if !self.has_metadata => Ok(endpoint),
            None => refuse(format!(
                "the authorization server {} does not say that it supports PKCE: its metadata have no \
                 code_challenge_methods_supported, and S256 is required",
                self.issuer
            )),
            Some(methods) => refuse(format!(
                "the authorization server {} supports PKCE with {}, and S256 is required",
                self.issuer,
                if methods.is_empty() { "no method".to_owned() } else { methods.join(", ") }
            )),
        }
    }
}

/// An endpoint that `document` names, `None` if it does not.
fn endpoint(document: &Map<String, Value>, name: &str, server: &Url) -> Result<Option<Url>, Failure> {
    let text = match document.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_str(),
    };
    let Some(url) = text.and_then(|text| Url::parse(text).ok()) else {
        let fact = format!("the {name} in the metadata of the authorization server of {} is no URL", shown(server));
        return Err(Failure::new(Kind::Protocol, fact).remedy("ask its operator"));
    };
    encrypted(url, name, server).map(Some)
}

/// `url`, if codes and tokens may go there: plain http is for this machine only, also on the origin
/// of the server itself.
///
/// # Errors
/// They may not. `what` it is and of which `server` is in the sentence.
pub fn encrypted(url: Url, what: &str, server: &Url) -> Result<Url, Failure> {
    address::check(&url, what, server)?;
    if url.scheme() == "http" && !crate::http::is_loopback(&url) {
        let fact =
            format!("{} is the {what} of {}: that is neither https nor on this machine", shown(&url), shown(server));
        return Err(Failure::new(Kind::Protocol, fact).remedy("use the https URL of the server"));
    }
    Ok(url)
}

/// What `document`, found at `place`, says of the authorization server `issuer`, on behalf of the MCP server
/// `server`.
///
/// # Errors
/// It is that of another issuer, or names what may not be used.
pub fn read_server(
    document: &Map<String, Value>,
    issuer: &str,
    place: &Url,
    server: &Url,
) -> Result<AuthorizationServer, Failure> {
    AuthorizationServer::read(document, super::check_issuer(document, issuer, place)?, server)
}

/// The list of texts called `name`, as far as it is one.
pub fn strings(document: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let values = document.get(name)?.as_array()?;
    Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_presumed_lies_at_the_root_and_is_encrypted() {
        let presumed = |url: &str| AuthorizationServer::presumed(&Url::parse(url).unwrap());
        let server = presumed("https://h.example:8443/a/mcp?key=s3cret#x").unwrap();
        assert_eq!(server.issuer, "https://h.example:8443");
        assert_eq!(server.token_endpoint.as_str(), "https://h.example:8443/token");
        assert_eq!(server.code_endpoint().unwrap().as_str(), "https://h.example:8443/authorize");
        assert!(presumed("http://localhost:3000/mcp").is_ok());
        // Allowed for the messages, with a flag; a password is another matter.
        let failure = presumed("http://10.0.0.1/mcp").unwrap_err();
        assert!(failure.fact.contains("http://10.0.0.1/authorize"), "{failure}");
        assert!(failure.remedy.unwrap().contains("https"));
    }
}

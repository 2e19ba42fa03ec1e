//! From a challenge to the authorization server (RFC 9728, RFC 8414, OpenID Connect Discovery 1.0,
//! and what MCP 2025-03-26 had before them).

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::challenge::Bearer;
use super::dpop::Proofs;
use crate::failure::{Failure, Kind};
use crate::http::page::is_web_page;
use crate::http::{Http, Redirects, Request, shown};
use crate::versions::NEWEST_LEGACY;

mod address;
mod resource;
mod server;

use resource::ProtectedResource;

pub use resource::{Published, protected_resource, read_resource};
pub use server::{AuthorizationServer, encrypted, read_server, strings};

/// What of the resource indicator (RFC 8707) the person decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceChoice {
    /// What the server publishes.
    #[default]
    Published,
    /// This one, byte for byte.
    Given(String),
    /// None is sent.
    Disabled,
}

/// Who signs a person in to a server, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The resource indicator to send, byte for byte; `None` to send none.
    pub resource: Option<String>,
    /// The `scopes_supported` of the protected resource.
    pub resource_scopes: Option<Vec<String>>,
    /// The authorization server: of several, the first that can be used.
    pub server: AuthorizationServer,
    /// Whether the server publishes no metadata of its own, and is taken for one of 2025-03-26.
    pub fallback: bool,
    /// What the server says of tokens that are bound to a key.
    pub proofs: Proofs,
}

/// Finds out who signs a person in to `server`.
///
/// # Errors
/// `Kind::Unreachable` where an answer may be another one soon; `Kind::Protocol` where what is
/// published cannot be used. Both name what was compared.
pub async fn discover(
    http: &Http,
    server: &Url,
    challenge: Option<&Bearer>,
    choice: &ResourceChoice,
) -> Result<Discovery, Failure> {
    let has_code = |server: &AuthorizationServer| server.code_endpoint().map(|_| ());
    discover_one(http, server, challenge, choice, &has_code).await
}

/// Finds out which authorization server `server` trusts: of several the first that is `fit`, which
/// says why another one is not.
///
/// # Errors
/// As [`discover`] has them, and what `fit` says.
pub async fn discover_one(
    http: &Http,
    server: &Url,
    challenge: Option<&Bearer>,
    choice: &ResourceChoice,
    fit: &Fit<'_>,
) -> Result<Discovery, Failure> {
    let search = Search { http, server, fit };
    let (published, resource_scopes, proofs, found) = match search.protected_resource(challenge).await? {
        Ok(resource) => {
            resource.check(server, choice)?;
            let found = search.first_usable(&resource).await?;
            (Some(resource.resource), resource.scopes, resource.proofs, found)
        }
        Err(trouble) => (None, None, Proofs::default(), search.of_2025_03_26(trouble).await?),
    };
    let fallback = published.is_none();
    let resource = match choice {
        ResourceChoice::Published => published,
        ResourceChoice::Given(given) => Some(given.clone()),
        ResourceChoice::Disabled => None,
    };
    Ok(Discovery { resource, resource_scopes, server: found, fallback, proofs })
}

/// What the authorization server `issuer` publishes of itself.
///
/// # Errors
/// As [`discover`] has them.
pub async fn published(http: &Http, issuer: &str) -> Result<AuthorizationServer, Failure> {
    let refuse = |why: &str| {
        let fact = format!("the identity provider {issuer} {why}");
        Failure::new(Kind::Protocol, fact).remedy("check --idp: it is the issuer, as its metadata spell it")
    };
    let url = Url::parse(issuer).map_err(|_| refuse("is no URL"))?;
    let search = Search { http, server: &url, fit: &|_| Ok(()) };
    match search.authorization_server(issuer, &url).await? {
        Ok(server) => Ok(server),
        Err(Missing::Later(trouble) | Missing::Page(trouble)) => Err(trouble),
        Err(Missing::Absent) => Err(refuse("publishes no metadata")),
    }
}

/// Whether an authorization server can be used, and if not, why.
pub type Fit<'a> = dyn Fn(&AuthorizationServer) -> Result<(), Failure> + Sync + 'a;

/// What there is at an address.
enum Looked {
    Found(Map<String, Value>),
    /// Nothing of use, now and later.
    Absent,
    /// A web page, or the way to one: that of a site that has one at every path, or of a network in which
    /// somebody has to sign in first.
    Page(Failure),
    /// Nothing yet: the server is in trouble.
    Later(Failure),
}

/// Why there are no metadata of an authorization server.
enum Missing {
    /// It publishes none.
    Absent,
    /// It may publish none, and somebody may stand between.
    Page(Failure),
    /// It is in trouble, and may publish some.
    Later(Failure),
}

struct Search<'a> {
    http: &'a Http,
    server: &'a Url,
    fit: &'a Fit<'a>,
}

impl Search<'_> {
    /// The metadata of the server, where they can be: what the challenge names, what belongs to the
    /// path, what belongs to the host. The inner error is why one cannot be sure that there are none.
    async fn protected_resource(
        &self,
        challenge: Option<&Bearer>,
    ) -> Result<Result<ProtectedResource, Option<Failure>>, Failure> {
        let named = challenge.and_then(|challenge| challenge.resource_metadata.as_deref());
        let mut places: Vec<Url> = named.map(|named| self.named(named)).transpose()?.into_iter().collect();
        for place in [inserted(self.server, PROTECTED_RESOURCE, true), inserted(self.server, PROTECTED_RESOURCE, false)]
        {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let mut trouble = None;
        for place in places {
            match self.look(&place).await? {
                Looked::Found(document) => {
                    if let Some(resource) = ProtectedResource::read(&document, place) {
                        return Ok(Ok(resource));
                    }
                }
                Looked::Absent | Looked::Page(_) => {}
                Looked::Later(failure) => {
                    trouble.get_or_insert(failure);
                }
            }
        }
        Ok(Err(trouble))
    }

    /// The place that the challenge names, which may be relative and may lie on another host: the
    /// `resource` in the document is what binds it to the server.
    fn named(&self, named: &str) -> Result<Url, Failure> {
        let Ok(url) = self.server.join(named) else {
            let fact = format!("the resource_metadata in the challenge of {} is no URL", shown(self.server));
            return Err(Failure::new(Kind::Protocol, fact).remedy("ask the operator of the server"));
        };
        address::check(&url, "resource_metadata", self.server)?;
        Ok(url)
    }

    /// The first authorization server of `resource` that can be used, of the first [`MOST_SERVERS`].
    async fn first_usable(&self, resource: &ProtectedResource) -> Result<AuthorizationServer, Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        for issuer in resource.authorization_servers.iter().take(MOST_SERVERS) {
            match self.listed(issuer).await {
                Ok(server) => {
                    if !failures.is_empty() {
                        log::info!("signing in at {issuer}, because {}", failures[0].fact);
                    }
                    return Ok(server);
                }
                Err(failure) => failures.push(failure),
            }
        }
        // One that may answer soon is the better reason: it says that trying again is of use.
        let best = failures.iter().position(|failure| failure.kind == Kind::Unreachable).unwrap_or(0);
        match failures.len() {
            0 => {
                let fact = format!("{} names no authorization server", shown(&resource.at));
                Err(Failure::new(Kind::Protocol, fact).remedy("ask the operator of the server"))
            }
            1 => Err(failures.swap_remove(0)),
            count => {
                let Failure { fact, .. } = failures[best].clone();
                let unasked = match resource.authorization_servers.len() - count {
                    0 => String::new(),
                    unasked => format!(", and {unasked} more are not asked"),
                };
                let server = shown(self.server);
                let fact = format!("none of the {count} authorization servers of {server} works{unasked}: {fact}");
                Err(Failure { fact, ..failures.swap_remove(best) })
            }
        }
    }

    /// The authorization server that the metadata of the server list as `issuer`.
    async fn listed(&self, issuer: &str) -> Result<AuthorizationServer, Failure> {
        let refuse = |why: &str| {
            let fact = format!("{} names the authorization server {issuer:?}: {why}", shown(self.server));
            Failure::new(Kind::Protocol, fact).remedy("ask the operator of the server")
        };
        let url = Url::parse(issuer).map_err(|_| refuse("that is no URL"))?;
        address::check(&url, "authorization server", self.server)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("an issuer has neither a query nor a fragment"));
        }
        match self.authorization_server(issuer, &url).await? {
            Ok(server) => Ok(server),
            Err(Missing::Later(trouble) | Missing::Page(trouble)) => Err(trouble),
            Err(Missing::Absent) => Err(refuse("it publishes no metadata")),
        }
    }

    /// The authorization server of a server without metadata of its own: itself (2025-03-26). Where it
    /// is not certain that there are none, only what is published is taken, and nothing presumed.
    async fn of_2025_03_26(&self, trouble: Option<Failure>) -> Result<AuthorizationServer, Failure> {
        let issuer = self.server.origin().ascii_serialization();
        let mut url = self.server.clone();
        url.set_path("");
        url.set_query(None);
        match (self.authorization_server(&issuer, &url).await?, trouble) {
            (Ok(server), _) => Ok(server),
            (Err(Missing::Later(trouble)), _) | (Err(_), Some(trouble)) => Err(trouble),
            // There are sites with a page at every path.
            (Err(Missing::Absent | Missing::Page(_)), None) => AuthorizationServer::presumed(self.server),
        }
    }

    /// The metadata of the authorization server `issuer`, in the order that MCP prescribes.
    ///
    /// <https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery>
    async fn authorization_server(
        &self,
        issuer: &str,
        url: &Url,
    ) -> Result<Result<AuthorizationServer, Missing>, Failure> {
        let mut places = vec![inserted(url, AUTHORIZATION_SERVER, true), inserted(url, OPENID, true)];
        if url.path() != "/" {
            let mut appended = url.clone();
            appended.set_path(&format!("{}/.well-known/{OPENID}", url.path().trim_end_matches('/')));
            places.push(appended);
        }
        let (mut foreign, mut trouble, mut page) = (None, None, None);
        for place in places {
            match self.look(&place).await? {
                Looked::Found(document) => match check_issuer(&document, issuer, &place) {
                    Ok(issuer) => {
                        let server = AuthorizationServer::read(&document, issuer, self.server)?;
                        (self.fit)(&server)?;
                        return Ok(Ok(server));
                    }
                    Err(failure) => {
                        foreign.get_or_insert(failure);
                    }
                },
                Looked::Absent => {}
                Looked::Page(failure) => {
                    page.get_or_insert(failure);
                }
                Looked::Later(failure) => {
                    trouble.get_or_insert(failure);
                }
            }
        }
        match (foreign, trouble, page) {
            (Some(failure), ..) => Err(failure),
            (None, Some(failure), _) => Ok(Err(Missing::Later(failure))),
            (None, None, Some(failure)) => Ok(Err(Missing::Page(failure))),
            (None, None, None) => Ok(Err(Missing::Absent)),
        }
    }

    async fn look(&self, place: &Url) -> Result<Looked, Failure> {
        let own = vec![
            (header::ACCEPT, HeaderValue::from_static("application/json")),
            // Asked for by 2025-03-26, where a server may answer by version.
            (HeaderName::from_static("mcp-protocol-version"), HeaderValue::from_static(NEWEST_LEGACY)),
        ];
        let request = Request {
            method: Method::GET,
            url: place.clone(),
            common: Arc::new(HeaderMap::new()),
            own,
            body: Bytes::new(),
            told: None,
            proof: None,
        };
        let fetched = match self.http.fetch(request, Redirects::WithinOrigin).await.map_err(|t| t.into_failure()) {
            Ok(fetched) => fetched,
            // A redirect to elsewhere is how web sites say that there is no such page, and how networks lead
            // to theirs.
            Err(failure) if failure.status.is_some_and(|status| (300..400).contains(&status)) => {
                return Ok(Looked::Page(Failure { kind: Kind::Unreachable, ..failure }));
            }
            Err(failure) => return Err(failure),
        };
        let status = fetched.status;
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            let fact = format!("{} is in trouble (HTTP {})", shown(place), status.as_u16());
            let failure = Failure::new(Kind::Unreachable, fact).remedy("try again in a while").status(status.as_u16());
            return Ok(Looked::Later(failure));
        }
        log::debug!("{} {}", shown(place), status.as_u16());
        Ok(match serde_json::from_slice(&fetched.body) {
            Ok(document) if status.is_success() => Looked::Found(document),
            Err(_) if status.is_success() && is_web_page(&fetched.headers, &fetched.body) => {
                let fact = format!("{} is a web page in place of metadata", shown(place));
                let remedy = "ask the operator of the server; or does a network want you to sign in first?";
                Looked::Page(Failure::new(Kind::Unreachable, fact).remedy(remedy).status(status.as_u16()))
            }
            _ => Looked::Absent,
        })
    }
}

/// The issuer as `document` spells it, if it is the one that was looked for (RFC 8414, section 3.3).
///
/// Compared are the strings, and nothing is normalised but the one slash at the end, which section
/// 3.1 has us remove before the metadata are asked for: with and without it they are the same
/// document of the same host, and many libraries write it behind a bare host.
fn check_issuer<'a>(document: &'a Map<String, Value>, expected: &str, place: &Url) -> Result<&'a str, Failure> {
    let bare = |issuer: &str| issuer.strip_suffix('/').unwrap_or(issuer).to_owned();
    let issuer = document.get("issuer").and_then(Value::as_str);
    match issuer {
        Some(issuer) if bare(issuer) == bare(expected) => Ok(issuer),
        _ => {
            let named = issuer.map_or("missing".to_owned(), |issuer| format!("{issuer:?}"));
            let fact = format!("the issuer in {} is {named}, and it has to be {expected:?}", shown(place));
            Err(Failure::new(Kind::Protocol, fact).remedy("ask the operator of the server"))
        }
    }
}

/// The well-known address `name` for `url`, with its path behind it if it is `for_path`.
fn inserted(url: &Url, name: &str, for_path: bool) -> Url {
    let mut place = url.clone();
    let path = if for_path { url.path().trim_end_matches('/') } else { "" };
    place.set_path(&format!("/.well-known/{name}{path}"));
    if !for_path {
        place.set_query(None);
    }
    place.set_fragment(None);
    place
}

/// Authorization servers of one server that are asked. There are one or two; with thousands it would have us send
/// requests to addresses of its choice for as long as we look.
const MOST_SERVERS: usize = 8;
const PROTECTED_RESOURCE: &str = "oauth-protected-resource";
const AUTHORIZATION_SERVER: &str = "oauth-authorization-server";
const OPENID: &str = "openid-configuration";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names_go_between_host_and_path() {
        for (url, for_path, expected) in [
            ("https://h.example/a/mcp", true, "https://h.example/.well-known/x/a/mcp"),
            ("https://h.example/a/mcp/", true, "https://h.example/.well-known/x/a/mcp"),
            ("https://h.example/mcp?t=1#f", true, "https://h.example/.well-known/x/mcp?t=1"),
            ("https://h.example/mcp?t=1#f", false, "https://h.example/.well-known/x"),
            ("https://h.example/", true, "https://h.example/.well-known/x"),
            ("http://localhost:8000", true, "http://localhost:8000/.well-known/x"),
        ] {
            assert_eq!(inserted(&Url::parse(url).unwrap(), "x", for_path).as_str(), expected, "{url}");
        }
    }

    #[test]
    fn an_issuer_is_compared_as_it_is_spelled() {
        let place = Url::parse("https://as.example/.well-known/x").unwrap();
        for (published, expected, same) in [
            ("https://as.example", "https://as.example", true),
            ("https://as.example/", "https://as.example", true),
            ("https://as.example", "https://as.example/", true),
            ("https://as.example//", "https://as.example", false),
            ("https://AS.example", "https://as.example", false),
            ("https://as.example:443", "https://as.example", false),
            ("https://as.example/a", "https://as.example", false),
            ("https://as.example/%61", "https://as.example/a", false),
            ("http://as.example", "https://as.example", false),
            ("https://evil.example", "https://as.example", false),
            ("", "https://as.example", false),
        ] {
            let document = Map::from_iter([("issuer".to_owned(), Value::from(published))]);
            let outcome = check_issuer(&document, expected, &place);
            assert_eq!(outcome.is_ok(), same, "{published} for {expected}");
            assert!(
                outcome.map_or_else(|e| e.fact.contains(published) && e.fact.contains(expected), |is| is == published)
            );
        }
        assert!(check_issuer(&Map::new(), "https://as.example", &place).unwrap_err().fact.contains("missing"));
    }
}

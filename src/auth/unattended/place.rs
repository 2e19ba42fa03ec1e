//! Where a grant without a person is asked for, for what, and as which client.

use std::sync::Arc;

use url::Url;

use super::super::change::{Demand, Job};
use super::super::discovery::{AuthorizationServer, ResourceChoice, discover_one};
use super::super::dpop::{self, ProofKey, Proofs};
use super::super::flow::Flow;
use super::super::grants::{client_credentials, jwt_bearer};
use super::super::registration::name;
use super::super::scopes::{self, OFFLINE_ACCESS};
use super::super::signing::SigningKey;
use super::super::{Options, words};
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::secret::Secrets;
use crate::store::{Authentication, Client, OAuth, Origin};

/// Where a grant is asked for, and for what.
pub struct Place {
    /// Who is asked.
    pub server: AuthorizationServer,
    /// The resource indicator, byte for byte; `None` to send none.
    pub resource: Option<String>,
    /// The scopes to ask for; none leaves them to the authorization server.
    pub scopes: Vec<String>,
    /// What the MCP server says of tokens that are bound to a key.
    pub proofs: Proofs,
}

impl Place {
    /// The place: as it was given, or as it was when the token that is `held` was issued, or as the
    /// server publishes it.
    ///
    /// # Errors
    /// The server does not say, or nobody there offers such a grant.
    pub async fn find(job: &Job, http: &Http, held: Option<&OAuth>) -> Result<Self, Failure> {
        let options = &job.options;
        if let Some(endpoint) = options.flow.endpoint() {
            let resource = match &options.resource {
                ResourceChoice::Given(resource) => Some(resource.clone()),
                // Published is none, as far as anybody has looked.
                ResourceChoice::Published | ResourceChoice::Disabled => None,
            };
            // Its issuer is not known. Who takes assertions for its own endpoint takes this (RFC 7523, section 3).
            let server = AuthorizationServer::at(endpoint.to_owned(), url(endpoint)?);
            return Ok(Place { server, resource, scopes: asked(job, held, None), proofs: Proofs::default() });
        }
        // A renewal must not depend on what a server answers today without its own challenge.
        if let (Demand::Renewal, Some(held)) = (&job.demand, held) {
            let server = AuthorizationServer::at(held.issuer.clone(), url(&held.token_endpoint)?);
            let revocation_endpoint = held.revocation_endpoint.as_deref().map(url).transpose()?;
            let server = AuthorizationServer { revocation_endpoint, ..server };
            let (resource, scopes) = (held.resource.clone(), held.scopes.clone());
            return Ok(Place { server, resource, scopes, proofs: Proofs::default() });
        }
        let (at, choice) = (options.url()?, &options.resource);
        let fit = |server: &AuthorizationServer| offers(server, &options.flow);
        let discovery = discover_one(http, &at, job.demand.challenge(), choice, &fit).await?;
        let published = scopes::wanted(options.client.scope(), job.demand.challenge(), &discovery);
        let scopes = asked(job, held, Some(published));
        Ok(Place { server: discovery.server, resource: discovery.resource, scopes, proofs: discovery.proofs })
    }

    /// The key that the token is to be bound to, if it is: that of the token that is `held`, or a new one.
    ///
    /// # Errors
    /// The server takes no other tokens, and nobody can make one with such a key.
    pub fn binding(&self, job: &Job, held: Option<&OAuth>) -> Result<Option<Arc<ProofKey>>, Failure> {
        let kept = held.and_then(|held| held.binding.as_ref());
        let again = kept.is_some() && matches!(job.demand, Demand::Renewal);
        if !again && !dpop::wanted(&self.server, &self.proofs, job.demand.challenge())? {
            return Ok(None);
        }
        kept.and_then(|kept| ProofKey::read(&kept.key)).map_or_else(ProofKey::generate, Ok).map(Some)
    }

    /// The client that asks, and how it proves itself. `held` says how it did so before.
    ///
    /// # Errors
    /// The authorization server does not take such a proof.
    pub fn client(&self, options: &Options, key: Option<&SigningKey>, held: Option<&OAuth>) -> Result<Client, Failure> {
        let Some(given) = &options.client.given else {
            return Ok(Client {
                id: String::new(),
                secret: None,
                secret_expires_at: None,
                authentication: Authentication::None,
                redirect_uri: String::new(),
                origin: Origin::Given,
            });
        };
        let mut client = given.client(&self.server, "");
        if key.is_some() {
            client.authentication = Authentication::PrivateKey;
        } else if let (Some(held), None) = (held, given.authentication)
            && !self.server.has_metadata
            && held.client.authentication != Authentication::PrivateKey
        {
            client.authentication = held.client.authentication;
        }
        self.takes(&client, key).map(|()| client)
    }

    /// Whether the authorization server takes the proof of this client. What it does not say it may take.
    fn takes(&self, client: &Client, key: Option<&SigningKey>) -> Result<(), Failure> {
        let refuse = |has: &str, listed: &[String], remedy: &str| {
            let listed = words(&listed.join(", "), &Secrets::default());
            let fact = format!("the authorization server {} takes {listed}, and not {has}", self.server.issuer);
            Err(Failure::new(Kind::SignInRefused, fact).remedy(remedy))
        };
        let methods = self.server.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let lists = |method: Authentication| methods.iter().any(|listed| listed == name(method));
        match key {
            None if client.secret.is_some() && lists(Authentication::PrivateKey) && !lists(client.authentication) => {
                refuse("a client_secret", methods, "give the client's key, with --private-key")
            }
            Some(_) if !methods.is_empty() && !lists(Authentication::PrivateKey) => refuse(
                "a key (private_key_jwt)",
                methods,
                "give the client's secret, with --static-oauth-client-info; if it takes keys all the same, name its \
                 token endpoint with --token-endpoint URL",
            ),
            Some(key) => match self.server.signing_algorithms.as_deref() {
                Some(known) if !known.iter().any(|known| known == key.algorithm().name()) => {
                    let has = format!("{}, with which the key in --private-key signs", key.algorithm().name());
                    refuse(&has, known, "give a key of another kind")
                }
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }
}

/// The scopes: of a step-up all that is held too. One that asks for a refresh token makes no sense.
fn asked(job: &Job, held: Option<&OAuth>, published: Option<Vec<String>>) -> Vec<String> {
    if let Demand::Scopes(challenge) = &job.demand {
        return scopes::stepped_up(held.map_or(&[], |held| held.scopes.as_slice()), challenge);
    }
    let challenge = job.demand.challenge().and_then(|challenge| challenge.scope.as_deref());
    let mut scopes = match (published, job.options.client.scope().or(challenge)) {
        (Some(published), _) => published,
        (None, Some(named)) => scopes::split(named),
        (None, None) => held.map(|held| held.scopes.clone()).unwrap_or_default(),
    };
    scopes.retain(|scope| scope != OFFLINE_ACCESS);
    scopes
}

/// Whether `server` offers the grant. What lists no grants may offer any (RFC 8414 has a default for
/// it, which many servers that leave the list out do not mean).
fn offers(server: &AuthorizationServer, flow: &Flow) -> Result<(), Failure> {
    let (grant, called, remedy) = match flow {
        Flow::ClientCredentials(_) => (client_credentials::GRANT, "the client credentials grant", ELSEWHERE),
        Flow::Workload { .. } => (jwt_bearer::GRANT, "the jwt-bearer grant, which takes a workload's token", ELSEWHERE),
        _ => (jwt_bearer::GRANT, "the jwt-bearer grant, which takes what an identity provider says", OPERATOR),
    };
    match &server.grant_types_supported {
        Some(listed) if !listed.iter().any(|listed| listed == grant) => {
            let listed = words(&listed.join(", "), &Secrets::default());
            let fact = format!("the authorization server {} does not offer {called}: it lists {listed}", server.issuer);
            Err(Failure::new(Kind::SignInRefused, fact).remedy(remedy))
        }
        _ => Ok(()),
    }
}

fn url(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|_| Failure::new(Kind::Internal, "an endpoint that was checked is no URL"))
}

const ELSEWHERE: &str =
    "ask its operator; if it offers it all the same, name its token endpoint with --token-endpoint URL";
const OPERATOR: &str = "ask its operator";

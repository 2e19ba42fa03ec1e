//! What a person may choose about a sign-in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::change::Demand;
use super::discovery::ResourceChoice;
use super::flow::Flow;
use super::registration::Wishes;
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::store::{About, Key};

/// What a person may choose about a sign-in. It goes to the helper as it is, so it can be
/// serialised; the helper's stdin is the only place where it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Options {
    /// The MCP URL, as it is requested.
    pub server: String,
    /// The name that the person knows the server by, if it has one.
    pub named: Option<Named>,
    /// How the grant is obtained.
    pub flow: Flow,
    /// The flags that were chosen, as they can be typed once more, with a space before each. No secret is in them.
    pub flags: String,
    /// The name of the account that the person gave, where there are several.
    pub account: Option<String>,
    /// Which resource indicator is sent.
    pub resource: ResourceChoice,
    /// Parameters that are added to the authorization request.
    pub authorize: Vec<(String, String)>,
    /// Which client asks.
    pub client: Wishes,
    /// Whether the id token is sent instead of the access token.
    pub use_id_token: bool,
    /// Where the browser comes back to.
    pub callback: CallbackOptions,
    /// Whether a person may be asked for anything.
    pub interactive: bool,
    /// Whether a browser may be opened.
    pub browser: bool,
    /// Whether the person signs in with a code, and not in a browser of this machine.
    pub device: bool,
    /// How long an authorization server may take for one answer.
    pub step: Option<Duration>,
    /// How long a person may take.
    pub person: Option<Duration>,
}

/// The name that the person knows a server by, and what that stands for beside its URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The account that the name alone chooses.
    pub account: Option<String>,
    /// The resource indicator that the name alone chooses.
    pub resource: Option<String>,
    /// Whether the name alone chooses how the grant is obtained, and with which headers.
    pub flow: bool,
}

impl Named {
    /// The command `verb` about an account of the server, as it can be typed: the name, and what it does
    /// not stand for.
    pub fn command(&self, verb: &str, account: Option<&str>, resource: Option<&str>) -> String {
        format!("mcpbridge {verb} {}", self.behind(account, resource))
    }

    fn behind(&self, account: Option<&str>, resource: Option<&str>) -> String {
        let account = account.filter(|account| self.account.as_deref() != Some(account));
        let resource = resource.filter(|resource| self.resource.as_deref() != Some(resource));
        behind(&self.name, account, resource)
    }
}

/// Where the browser comes back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallbackOptions {
    /// The host in the redirect URI.
    pub host: String,
    /// The path in the redirect URI.
    pub path: String,
    /// The port, if it must be this one.
    pub port: Option<u16>,
    /// Where the browser goes afterwards, instead of a page of ours.
    pub success_url: Option<String>,
}

impl Options {
    /// The key of the grant.
    pub fn key(&self) -> Result<Key, Failure> {
        let given = match &self.resource {
            ResourceChoice::Given(resource) => Some(resource.as_str()),
            ResourceChoice::Published | ResourceChoice::Disabled => None,
        };
        Ok(Key::new(&self.url()?, given, self.account().as_deref()))
    }

    /// The account that the grant is for.
    pub fn account(&self) -> Option<String> {
        let client = self.client.given.as_ref().map(|given| given.id.as_str());
        self.account.clone().or_else(|| self.flow.account(client))
    }

    /// The key under which a person signs in, which is that of the grant where they sign in to the server
    /// itself.
    pub fn sign_in_key(&self) -> Result<Key, Failure> {
        match &self.flow {
            Flow::Organization(organization) => organization.sign_in_key(self.account.as_deref()),
            _ => self.key(),
        }
    }

    /// Where a sign-in is kept that is elsewhere than the grant, and what it is for.
    pub(super) fn sign_in_elsewhere(&self) -> Result<Option<(Key, About)>, Failure> {
        let Flow::Organization(organization) = &self.flow else { return Ok(None) };
        let (server, account) = (organization.issuer.clone(), self.account.clone());
        Ok(Some((self.sign_in_key()?, About { server, account, resource: None, subject: None })))
    }

    /// The MCP URL.
    pub fn url(&self) -> Result<Url, Failure> {
        Url::parse(&self.server).map_err(|_| Failure::new(Kind::Internal, "the URL of the server was lost"))
    }

    /// What a grant is for. `subject` is who signed in, if that is known.
    pub fn about(&self, subject: Option<String>) -> Result<About, Failure> {
        let resource = match &self.resource {
            ResourceChoice::Given(resource) => Some(resource.clone()),
            ResourceChoice::Published | ResourceChoice::Disabled => None,
        };
        Ok(About { server: shown(&self.url()?), account: self.account(), resource, subject })
    }

    /// The command `verb` about this account, as it can be typed.
    pub fn command(&self, verb: &str) -> String {
        format!("mcpbridge {verb} {}", self.behind())
    }

    /// What to do where nobody is signed in, of a server that may want a key instead if it has not said that it
    /// `offers` a sign-in.
    pub fn way_in(&self, offers: bool) -> String {
        let command = self.command("login");
        let sign_in = if self.interactive { format!("run: {command}") } else { self.where_somebody_is() };
        match matches!(self.flow, Flow::Browser) && !self.device && !offers {
            true => format!("{sign_in}; or, if it takes an API key, run: {command} --api-key-header NAME"),
            false => sign_in,
        }
    }

    /// That the server wants more rights each time, and nobody is sent off for these.
    pub fn asked_again(&self, demand: &Demand) -> Failure {
        let server = self.url().map_or_else(|_| self.server.clone(), |url| shown(&url));
        let scopes: Vec<&str> = demand.scopes().collect();
        let fact = format!("{server} asks for more rights again and again, for {} at last", scopes.join(" "));
        let remedy = format!("if you trust it with them, run: {}", self.command("login"));
        Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(403)
    }

    /// What to do where nobody is asked: there the command alone would ask nobody either.
    pub fn where_somebody_is(&self) -> String {
        format!("where somebody is, run: {} --interactive", self.command("login"))
    }

    /// What is typed behind a command about this account.
    pub(super) fn behind(&self) -> String {
        if let Flow::Provider { behind } = &self.flow {
            return behind.clone();
        }
        let server = self.url().map_or_else(|_| self.server.clone(), |url| shown(&url));
        let resource = match &self.resource {
            ResourceChoice::Given(resource) => Some(resource.as_str()),
            ResourceChoice::Published | ResourceChoice::Disabled => None,
        };
        match &self.named {
            Some(named) if named.flow => named.behind(self.account.as_deref(), resource),
            Some(named) => named.behind(self.account.as_deref(), resource) + &self.flags,
            None => behind(&server, self.account.as_deref(), resource) + &self.flags,
        }
    }
}

/// The command `verb` about an account, as it can be typed: with all that its key is made of.
pub fn command(verb: &str, server: &str, account: Option<&str>, resource: Option<&str>) -> String {
    format!("mcpbridge {verb} {}", behind(server, account, resource))
}

fn behind(server: &str, account: Option<&str>, resource: Option<&str>) -> String {
    let flag = |name: &str, value: Option<&str>| value.map(|value| format!(" {name} {}", quoted(value)));
    let flags = [flag("--account", account), flag("--resource", resource)].map(Option::unwrap_or_default).concat();
    format!("{}{flags}", quoted(server))
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-._~:/@%+=,[]".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

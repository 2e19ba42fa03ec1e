//! How a grant is obtained: from a person in a browser, or without anybody.

use serde::{Deserialize, Serialize};

use super::signing::PrivateKey;
use crate::source::Source;

/// How a grant is obtained.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A person signs in, in a browser (OAuth 2.1, section 4.1) or with a code (RFC 8628).
    #[default]
    Browser,
    /// The client signs in as itself (RFC 6749, section 4.4).
    ClientCredentials(Machine),
    /// What the platform says of a workload stands for the sign-in (RFC 7523, section 2.1).
    Workload {
        /// Where that is. It lives for minutes, so it is read anew each time.
        token: Source,
        /// How the client asks.
        machine: Machine,
    },
    /// An organization's identity provider vouches for a person who has signed in there (the
    /// extension Enterprise-Managed Authorization).
    Organization(Organization),
    /// A person signs in at an identity provider, which is what [`super::Options::server`] names then.
    Provider {
        /// What is typed behind the command that signs in: the server for whose sake it is.
        behind: String,
    },
}

/// How a client asks that is no person's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Where it asks, if that is not to be found out. A URL that was checked by [`super::unattended::endpoint`].
    pub endpoint: Option<String>,
    /// The key with which it proves itself, in place of a secret.
    pub key: Option<PrivateKey>,
}

/// An organization, which decides who may use which server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Organization {
    /// The issuer of its identity provider, as its metadata spell it.
    pub issuer: String,
    /// The client that the identity provider knows.
    pub client: String,
    /// Where the secret of that client is, if it has one.
    pub secret: Option<Source>,
    /// Where an id token of the identity provider is, if nobody has to sign in for one.
    pub token: Option<Source>,
    /// The key with which the client proves itself to the server's own authorization server.
    pub key: Option<PrivateKey>,
}

impl Flow {
    /// Whether a grant can be obtained anew although nothing came with it to renew it.
    pub fn is_unattended(&self) -> bool {
        matches!(self, Flow::ClientCredentials(_) | Flow::Workload { .. } | Flow::Organization(_))
    }

    /// Whether it is an organization that has no token, so that a person may have to sign in there.
    pub fn may_ask(&self) -> bool {
        matches!(self, Flow::Organization(organization) if organization.token.is_none())
    }

    /// The account that it is for where the person named none: it must not take the place of a sign-in
    /// of the same person, nor that of another client. `client` is the client that was given.
    pub fn account(&self, client: Option<&str>) -> Option<String> {
        match (self, client) {
            (Flow::Browser | Flow::Provider { .. }, _) => None,
            (Flow::ClientCredentials(_), client) => Some(format!("client:{}", client.unwrap_or_default())),
            (Flow::Workload { .. }, None) => Some("workload".to_owned()),
            (Flow::Workload { .. }, Some(client)) => Some(format!("workload:{client}")),
            (Flow::Organization(organization), _) => Some(format!("idp:{}", organization.issuer)),
        }
    }

    /// The variables of the environment that its secrets are in.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.sources().filter_map(|source| match source {
            Source::Variable(name) => Some(name.as_str()),
            Source::File(_) | Source::Keychain(_) | Source::Command(_) => None,
        })
    }

    /// Whether a command of the person's prints one of its secrets.
    pub fn runs_a_command(&self) -> bool {
        self.sources().any(|source| matches!(source, Source::Command(_)))
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        let own = match self {
            Flow::Workload { token, .. } => [Some(token), None],
            Flow::Organization(organization) => [organization.secret.as_ref(), organization.token.as_ref()],
            Flow::Browser | Flow::ClientCredentials(_) | Flow::Provider { .. } => [None, None],
        };
        own.into_iter().flatten().chain(self.key().map(|key| &key.source))
    }

    /// Where tokens are asked for, if that was given.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Flow::ClientCredentials(machine) | Flow::Workload { machine, .. } => machine.endpoint.as_deref(),
            Flow::Browser | Flow::Organization(_) | Flow::Provider { .. } => None,
        }
    }

    /// The key with which the client proves itself, if it has one.
    pub fn key(&self) -> Option<&PrivateKey> {
        match self {
            Flow::ClientCredentials(machine) | Flow::Workload { machine, .. } => machine.key.as_ref(),
            Flow::Organization(organization) => organization.key.as_ref(),
            Flow::Browser | Flow::Provider { .. } => None,
        }
    }
}

//! How a grant is obtained, as it was typed.

use std::str::FromStr;

use url::Url;

use crate::auth::registration::Given;
use crate::auth::signing::PrivateKey;
use crate::auth::{Flow, Machine, Organization, endpoint};
use crate::cli;
use crate::failure::{Failure, Kind};
use crate::http::is_private;
use crate::source::Source;

/// What was chosen. `given` is the client that is registered already.
///
/// # Errors
/// Flags that exclude each other, or need another one, and values that cannot be used.
pub fn flow(typed: &cli::SignIn, given: Option<&Given>) -> Result<Flow, Failure> {
    let (machine, organization) = (&typed.machine, &typed.organization);
    let (credentials, workload, idp) = (machine.client_credentials, &machine.workload_token, &organization.idp);
    let chosen =
        [("--client-credentials", credentials), ("--workload-token", workload.is_some()), ("--idp", idp.is_some())];
    let mut chosen = chosen.into_iter().filter(|(_, is_chosen)| *is_chosen).map(|(name, _)| name);
    let (one, other) = (chosen.next(), chosen.next());
    if let (Some(one), Some(other)) = (one, other) {
        return Err(usage(format!("{one} and {other} are two ways to sign in"), "leave one of them out"));
    }
    needs(machine, organization, one)?;
    if typed.device_code {
        with_a_code(organization, one)?;
    }
    if let (Some(one), true) = (one, typed.use_id_token) {
        return Err(usage(format!("{one} gives no id token for the server"), "leave --use-id-token out"));
    }
    let key = key(machine)?;
    if let Some(idp) = idp {
        return of_organization(organization, idp, key, given).map(Flow::Organization);
    }
    let endpoint = machine.token_endpoint.as_deref().map(endpoint).transpose()?;
    if let Some(token) = workload {
        let machine = Machine { endpoint, key };
        return Ok(Flow::Workload { token: source("--workload-token", token)?, machine });
    }
    if !credentials {
        return Ok(Flow::Browser);
    }
    match given {
        None => Err(usage(
            "--client-credentials needs a client".to_owned(),
            "name it with --static-oauth-client-info '{\"client_id\": \"…\", \"client_secret\": \"…\"}'",
        )),
        Some(given) if given.secret.is_none() && key.is_none() => Err(usage(
            format!("the client {} has nothing to prove itself with", given.id),
            "add its client_secret to --static-oauth-client-info, or name its key with --private-key",
        )),
        Some(_) => Ok(Flow::ClientCredentials(Machine { endpoint, key })),
    }
}

/// With a code somebody signs in: to the server, or to the identity provider of `chosen`.
fn with_a_code(organization: &cli::Organization, chosen: Option<&str>) -> Result<(), Failure> {
    let other = match chosen {
        Some("--idp") => organization.idp_token.as_ref().map(|_| "--idp-token"),
        chosen => chosen,
    };
    match other {
        Some(other) => {
            Err(usage(format!("--device-code and {other} are two ways to sign in"), "leave one of them out"))
        }
        None => Ok(()),
    }
}

/// Flags that mean nothing without another one are mistakes.
fn needs(machine: &cli::Machine, organization: &cli::Organization, chosen: Option<&str>) -> Result<(), Failure> {
    let alone = |name: &str, needed: &str| {
        Err(usage(format!("{name} means nothing without {needed}"), &format!("add {needed}, or leave {name} out")))
    };
    let any = "--client-credentials, --workload-token or --idp";
    match () {
        () if machine.private_key.is_some() && chosen.is_none() => alone("--private-key", any),
        () if machine.key_id.is_some() && machine.private_key.is_none() => alone("--key-id", "--private-key"),
        () if machine.signing_algorithm.is_some() && machine.private_key.is_none() => {
            alone("--signing-algorithm", "--private-key")
        }
        () if machine.token_endpoint.is_some() && chosen.is_none_or(|chosen| chosen == "--idp") => {
            alone("--token-endpoint", "--client-credentials or --workload-token")
        }
        () if organization.idp.is_some() => Ok(()),
        () if organization.idp_client_id.is_some() => alone("--idp-client-id", "--idp"),
        () if organization.idp_client_secret.is_some() => alone("--idp-client-secret", "--idp"),
        () if organization.idp_token.is_some() => alone("--idp-token", "--idp"),
        () => Ok(()),
    }
}

fn of_organization(
    typed: &cli::Organization,
    idp: &str,
    key: Option<PrivateKey>,
    given: Option<&Given>,
) -> Result<Organization, Failure> {
    let issuer = match Url::parse(idp) {
        Ok(url) if url.query().is_none() && url.fragment().is_none() && is_private(&url) => idp.to_owned(),
        _ => {
            let fact = "--idp is not the issuer of an identity provider".to_owned();
            return Err(usage(fact, "for example https://acme.okta.com"));
        }
    };
    let Some(client) = typed.idp_client_id.clone().filter(|id| !id.is_empty()) else {
        let fact = format!("the client that {issuer} knows is missing");
        return Err(usage(fact, "register one there, and name it with --idp-client-id"));
    };
    if given.is_none() {
        return Err(usage(
            "--idp needs the client that the server's own authorization server knows".to_owned(),
            "name it with --static-oauth-client-info '{\"client_id\": \"…\", \"client_secret\": \"…\"}'",
        ));
    }
    let source = |name: &str, text: &Option<String>| text.as_deref().map(|text| source(name, text)).transpose();
    Ok(Organization {
        issuer,
        client,
        secret: source("--idp-client-secret", &typed.idp_client_secret)?,
        token: source("--idp-token", &typed.idp_token)?,
        key,
    })
}

fn key(machine: &cli::Machine) -> Result<Option<PrivateKey>, Failure> {
    let Some(text) = &machine.private_key else { return Ok(None) };
    let algorithm = machine.signing_algorithm.as_deref().map(FromStr::from_str).transpose()?;
    Ok(Some(PrivateKey { source: source("--private-key", text)?, id: machine.key_id.clone(), algorithm }))
}

/// Where a secret comes from. What cannot be read is not repeated: it may be the secret.
fn source(name: &str, text: &str) -> Result<Source, Failure> {
    text.parse().map_err(|failure: Failure| Failure { fact: format!("{name}: {}", failure.fact), ..failure })
}

fn usage(fact: String, remedy: &str) -> Failure {
    Failure::new(Kind::Usage, fact).remedy(remedy)
}

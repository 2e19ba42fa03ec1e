//! Grants without a person: what will do is adopted, and everything else is asked for anew.
//!
//! As with renewals all of it is under the grant's lock, so that relays share one token. Nothing is used
//! up by asking, so nothing has to be noted before.

use url::Url;

use super::change::{self, Demand, How, Job, Outcome, Tools, satisfies};
use super::flow::Flow;
use super::grants::client_credentials::client_credentials;
use super::grants::jwt_bearer::jwt_bearer;
use super::grants::token_exchange::{Purpose, token_exchange};
use super::grants::{Asking, Tokens, Trouble};
use super::organization::Voucher;
use super::step::in_step;
use super::{Options, lineage, words};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::is_private;
use crate::secret::{Secret, Secrets};
use crate::store::{Authentication, Client, Credential, GRANT_WAIT, Grant, Happening, Lock, OAuth, Store, Way};

mod place;

use place::Place;

/// The URL that `--token-endpoint` names.
///
/// # Errors
/// It is none, or what goes there could be read on the way.
pub fn endpoint(text: &str) -> Result<String, Failure> {
    let refuse = |why: &str| {
        let fact = format!("--token-endpoint {why}");
        Err(Failure::new(Kind::Usage, fact).remedy("for example https://auth.example.com/oauth/token"))
    };
    match Url::parse(text) {
        Ok(url) if is_private(&url) => Ok(url.into()),
        Ok(_) => refuse("has to be https, because a credential goes there"),
        Err(_) => refuse("is no URL"),
    }
}

/// Makes the grant of `job` good without a person.
pub async fn change(job: &Job, tools: &Tools<'_>) -> Outcome {
    match obtain(job, tools, None).await {
        Ok((grant, how)) => Outcome::Published(Box::new(grant), how),
        Err(trouble) => Outcome::Denied(told(job, trouble).into()),
    }
}

/// The grant that is kept, if it will do.
///
/// # Errors
/// The store does not say.
pub async fn adopt(job: &Job, tools: &Tools<'_>) -> Result<Option<Grant>, Failure> {
    let _lock = tools.store.lock(&job.options.key()?, Lock::Grant, GRANT_WAIT).await?;
    Ok(kept(job, tools.store).await?.filter(|grant| satisfies(grant, job)))
}

/// The grant that is kept, if it will do, or one that is asked for now. An organization asks with its
/// `voucher`.
///
/// # Errors
/// A [`Trouble`]; `InvalidGrant` is that the identity provider does not take what stands for the person.
pub async fn obtain(job: &Job, tools: &Tools<'_>, voucher: Option<&Voucher>) -> Result<(Grant, How), Trouble> {
    let options = &job.options;
    let key = options.key().map_err(Trouble::Refused)?;
    let _lock = tools.store.lock(&key, Lock::Grant, GRANT_WAIT).await.map_err(Trouble::Refused)?;
    let before = kept(job, tools.store).await.map_err(Trouble::Refused)?;
    if let Some(grant) = before.as_ref().filter(|grant| satisfies(grant, job)) {
        return Ok((grant.clone(), How::Kept));
    }
    let signing = match options.flow.key() {
        Some(key) => Some(key.open(tools.store).await.map_err(Trouble::Refused)?),
        None => None,
    };
    let held = before.as_ref().and_then(oauth);
    let place = in_step(options.step, Place::find(job, tools.http, held)).await.map_err(Trouble::Refused)?;
    let client = place.client(options, signing.as_ref(), held).map_err(Trouble::Refused)?;
    let binding = place.binding(job, held).map_err(Trouble::Refused)?;
    let asking = Asking {
        http: tools.http,
        server: &place.server,
        client: &client,
        key: signing.as_ref(),
        binding: binding.as_ref(),
    };
    let tokens = ask(job, tools, &asking, &place, voucher).await?;
    let mut oauth =
        OAuth::issued(tokens, &place.server, client.clone(), &place.scopes, place.resource.as_deref(), now());
    // It is asked for anew: a refresh token would be a second way to the same.
    (oauth.refresh_token, oauth.unattended) = (None, true);
    // Whose it is, for the person who looks.
    oauth.id_token = voucher.and_then(|voucher| voucher.id_token.clone());
    if client.authentication == Authentication::PrivateKey {
        // Who revokes has to prove themselves too, and has no key.
        oauth.revocation_endpoint = None;
    }
    let about = options.about(oauth.subject()).map_err(Trouble::Refused)?;
    let what = happening(options, before.is_some(), &oauth);
    let grant = after(before, voucher, oauth);
    change::keep(tools.store, &key, &about, &grant).await.map_err(Trouble::Refused)?;
    job.tell(tools.store, what);
    log::debug!("a token was issued without a person");
    Ok((grant, How::SignedIn))
}

fn happening(options: &Options, is_known: bool, oauth: &OAuth) -> Happening {
    let way = match options.flow {
        Flow::Workload { .. } => Way::Workload,
        Flow::Organization(_) => Way::Organization,
        Flow::ClientCredentials(_) | Flow::Browser | Flow::Provider { .. } => Way::ClientCredentials,
    };
    if is_known { Happening::Renewed } else { oauth.beginning(way) }
}

/// What is kept for this client. What was kept for another one is of no use, and is replaced.
async fn kept(job: &Job, store: &Store) -> Result<Option<Grant>, Failure> {
    if job.forced {
        return Ok(None);
    }
    let client = job.options.client.given.as_ref().map_or("", |given| given.id.as_str());
    let grant = store.read(&job.options.key()?).await?;
    Ok(grant.filter(|grant| oauth(grant).is_some_and(|oauth| oauth.unattended && oauth.client.id == client)))
}

fn oauth(grant: &Grant) -> Option<&OAuth> {
    match &grant.credential {
        Credential::OAuth(oauth) => Some(oauth),
        Credential::ApiKey(_) => None,
    }
}

/// The grant that comes after `before`: of the same sign-in, unless another person has signed in.
fn after(before: Option<Grant>, voucher: Option<&Voucher>, oauth: OAuth) -> Grant {
    let credential = Credential::OAuth(Box::new(oauth));
    let vouched = voucher.and_then(|voucher| voucher.lineage.clone());
    match before.filter(|before| vouched.as_ref().is_none_or(|vouched| *vouched == before.lineage)) {
        Some(before) => Grant { serial: before.serial + 1, credential, ..before },
        None => Grant { lineage: vouched.unwrap_or_else(lineage), serial: 1, signed_in_at: now(), credential },
    }
}

async fn ask(
    job: &Job,
    tools: &Tools<'_>,
    asking: &Asking<'_>,
    place: &Place,
    voucher: Option<&Voucher>,
) -> Result<Tokens, Trouble> {
    let resource = place.resource.as_deref();
    let (tokens, assertion) = match (&job.options.flow, voucher) {
        (Flow::Workload { token, .. }, _) => {
            let assertion = token.read(tools.store).await.map_err(Trouble::Refused)?;
            (jwt_bearer(asking, &assertion, &place.scopes, resource).await, Some(assertion))
        }
        (_, Some(voucher)) => {
            let purpose = Purpose {
                audience: &place.server.issuer,
                resource: resource.unwrap_or(&job.options.server),
                scopes: &place.scopes,
            };
            let assertion = token_exchange(&voucher.asking(tools.http), &voucher.subject, &purpose).await;
            let assertion = assertion.map_err(|trouble| voucher.refused(trouble))?;
            (jwt_bearer(asking, &assertion, &place.scopes, resource).await, None)
        }
        _ => (client_credentials(asking, &place.scopes, resource).await, None),
    };
    tokens.map_err(|trouble| refused(&job.options.flow, asking.client, trouble, assertion.as_ref()))
}

/// A refusal of the authorization server, with what to do about it.
fn refused(flow: &Flow, client: &Client, trouble: Trouble, assertion: Option<&Secret>) -> Trouble {
    let with = |failure: Failure, remedy: String| match failure.remedy {
        Some(_) => failure,
        None => failure.remedy(remedy),
    };
    let who = match client.id.as_str() {
        "" => "this workload".to_owned(),
        id => format!("the client {id}"),
    };
    match trouble {
        Trouble::InvalidClient(failure) => Trouble::Refused(match flow.key() {
            Some(key) => with(
                failure,
                format!("check that {who} is registered there with the public half of {}, and --key-id", key.source),
            ),
            None if client.id.is_empty() => {
                with(failure, "give it the client that it knows, with --static-oauth-client-info".to_owned())
            }
            None => with(failure, "check the client_id and client_secret in --static-oauth-client-info".to_owned()),
        }),
        Trouble::InvalidGrant(failure) => {
            let failure = Failure { kind: Kind::SignInRefused, ..failure };
            Trouble::Refused(match (flow, assertion) {
                (Flow::Workload { token, .. }, Some(assertion)) => {
                    let says = says(assertion);
                    with(failure, format!("check that {token} gives a token that is fresh and meant for it{says}"))
                }
                _ => with(failure, "ask its operator".to_owned()),
            })
        }
        Trouble::Refused(failure) => {
            Trouble::Refused(with(failure, format!("ask its operator what {who} may be granted")))
        }
        trouble @ Trouble::Transient(_) => trouble,
    }
}

/// What a token says of itself, of what an authorization server looks at.
fn says(token: &Secret) -> String {
    let Some(claims) = super::token::claims(token) else { return " (it is no JWT)".to_owned() };
    let nothing = Secrets::default();
    let mut said = Vec::new();
    match claims.get("aud") {
        Some(serde_json::Value::String(audience)) => said.push(format!("for {}", words(audience, &nothing))),
        Some(audience) => said.push(format!("for {}", words(&audience.to_string(), &nothing))),
        None => said.push("for nobody in particular".to_owned()),
    }
    if let Some(ago) = super::token::end(token).and_then(|end| now().checked_sub(end)) {
        said.push(format!("expired {ago} s ago"));
    }
    format!(" (it is {})", said.join(", and "))
}

/// The failure as the one who waits for the grant hears it.
pub fn told(job: &Job, trouble: Trouble) -> Failure {
    let is_lasting = !matches!(trouble, Trouble::Transient(_));
    let failure = trouble.into_failure();
    // Ahead of time it was asked without the server's challenge. With it, the answer may be another one.
    if is_lasting && matches!(job.demand, Demand::Renewal) && failure.kind == Kind::SignInRefused {
        return Failure { kind: Kind::SignInRequired, ..failure };
    }
    match failure.remedy {
        Some(_) => failure,
        None => failure.remedy(format!("to try again, run: {}", job.options.command("login"))),
    }
}

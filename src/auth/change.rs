//! The one function that changes a grant, for sign-ins and renewals alike.
//!
//! It runs where nothing tears it: in the helper process, or at a terminal. Renewal is a transaction
//! under the grant's lock, which every process of the user shares: read the store again, adopt what
//! somebody else has renewed, else renew, keep, and only then say so.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::challenge::Bearer;
use super::flow::Flow;
use super::grants::Trouble;
use super::grants::refresh::refresh;
use super::{Options, organization, scopes, sign_in, unattended};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::{Http, shown};
use crate::secret;
use crate::store::{About, By, Credential, Doubt, GRANT_WAIT, Grant, Happening, Key, Lock, OAuth, Origin, Store};

/// What is to be done, and by which means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// What the person chose.
    pub options: Options,
    /// Why the grant has to change.
    pub demand: Demand,
    /// The SHA-256 of the token that the server refused, if it refused one.
    pub refused: Option<String>,
    /// Whether that token had just been renewed: then another renewal is of no use.
    pub renewed_in_vain: bool,
    /// Whether a person may be asked.
    pub person: bool,
    /// Whether a remembered refusal and a good grant count for nothing: the person has come to sign in.
    pub forced: bool,
    /// Whether the link is shown by whoever started this, so that no browser is opened.
    pub link: bool,
    /// The program in which the person will use the server, for the page at the end.
    pub editor: Option<String>,
    /// Who wants it, for the history.
    pub by: By,
}

impl Job {
    /// Notes what happened to its grant.
    pub(super) fn tell(&self, store: &Store, what: Happening) {
        if let (Ok(key), Ok(about)) = (self.options.key(), self.options.about(None)) {
            store.tell(&key, &about, &self.by, what);
        }
    }
}

/// Why the grant has to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The server wants a token, or another one; this is its challenge.
    Token(Option<Bearer>),
    /// The server wants more scopes (403 `insufficient_scope`).
    Scopes(Bearer),
    /// The token is about to expire.
    Renewal,
}

impl Demand {
    /// The challenge, if there is one.
    pub fn challenge(&self) -> Option<&Bearer> {
        match self {
            Demand::Token(challenge) => challenge.as_ref(),
            Demand::Scopes(challenge) => Some(challenge),
            Demand::Renewal => None,
        }
    }

    /// The HTTP status that it came with.
    fn status(&self) -> Option<u16> {
        match self {
            Demand::Token(_) => Some(401),
            Demand::Scopes(_) => Some(403),
            Demand::Renewal => None,
        }
    }

    /// Whether no window is opened for it now: a server that asks for other rights each time would never come to an
    /// end. What is known of the grant under `key` is enough to tell.
    pub(super) fn comes_too_often(&self, store: &Store, key: &Key) -> bool {
        matches!(self, Demand::Scopes(_))
            && store.entry(key).ok().flatten().is_some_and(|entry| {
                entry.has_stepped_up_enough(now()) && !scopes::covers(&entry.scopes, self.scopes())
            })
    }

    /// The scopes that a grant must have.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = match self {
            Demand::Scopes(challenge) => challenge.scope.as_deref(),
            Demand::Token(_) | Demand::Renewal => None,
        };
        scope.unwrap_or_default().split_ascii_whitespace()
    }
}

/// What becomes known on the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// The person is asked to go here.
    Waiting {
        /// Where.
        url: String,
        /// What they enter there, where they sign in with a code.
        code: Option<String>,
        /// Whether a browser was opened.
        opened: bool,
    },
}

/// How it ended.
pub enum Outcome {
    /// The store has a grant that will do.
    Published(Box<Grant>, How),
    /// Another process is signing in; this is what it says of itself.
    Elsewhere,
    /// It came to nothing.
    Denied(Denied),
}

/// Why there is no grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denied {
    /// The server offers no sign-in: it wants a credential of another kind.
    NotOffered,
    /// This happened.
    Because(Failure),
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Denied::Because(failure)
    }
}

/// Where a grant comes from. It decides what a refusal of its token means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was in the store.
    #[default]
    Kept,
    /// It has just been renewed.
    Renewed,
    /// Somebody has just signed in.
    SignedIn,
}

/// What a change works with.
pub struct Tools<'a> {
    /// Where grants are kept.
    pub store: &'a Store,
    /// The HTTP client.
    pub http: &'a Http,
    /// Hears what becomes known on the way.
    pub tell: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Makes the grant of `job` good: adopts, renews, or signs in.
pub async fn change(job: &Job, tools: &Tools<'_>) -> Outcome {
    job.options.flow.variables().for_each(secret::holds_a_secret);
    match &job.options.flow {
        Flow::Browser | Flow::Provider { .. } => {}
        Flow::ClientCredentials(_) | Flow::Workload { .. } => return unattended::change(job, tools).await,
        Flow::Organization(organization) => return organization::change(job, tools, organization).await,
    }
    match kept(job, tools).await {
        Ok(Kept::Good(grant, how)) => Outcome::Published(Box::new(grant), how),
        Ok(Kept::Of(no)) if !job.person => Outcome::Denied(sign_in_first(job, no.as_deref()).into()),
        Ok(Kept::Of(no)) => sign_in::sign_in(job, tools, no).await,
        Err(failure) => Outcome::Denied(failure.into()),
    }
}

/// What the store has.
enum Kept {
    /// A grant that will do, perhaps a renewed one.
    Good(Grant, How),
    /// None, for this reason, if there is one to tell.
    Of(Option<String>),
}

/// The transaction.
async fn kept(job: &Job, tools: &Tools<'_>) -> Result<Kept, Failure> {
    let key = job.options.key()?;
    let store = tools.store;
    let _lock = store.lock(&key, Lock::Grant, GRANT_WAIT).await?;
    // What is damaged is replaced by a new sign-in, so it must not stand in its way.
    let before = if job.forced { None } else { store.read(&key).await? };
    let Some(grant) = before.filter(|grant| is_of_the_client(grant, job)) else { return Ok(Kept::Of(None)) };
    if satisfies(&grant, job) {
        return Ok(Kept::Good(grant, How::Kept));
    }
    let oauth = match &grant.credential {
        Credential::OAuth(oauth) => oauth,
        Credential::ApiKey(_) => {
            let fact = format!("{} refused the API key that is kept for it", shown(&job.options.url()?));
            let command = job.options.command("login");
            return Err(Failure::new(Kind::SignInRequired, fact)
                .remedy(format!("give it the right one: {command} --api-key-header NAME")));
        }
    };
    if oauth.has_lost_its_key() {
        let why = "the key that the sign-in is bound to cannot be read";
        store.end(&key, why).await?;
        return Ok(Kept::Of(Some(why.into())));
    }
    if !covers(oauth, job) || job.renewed_in_vain {
        return Ok(Kept::Of(None));
    }
    renewed(job, tools, &grant, oauth).await
}

async fn renewed(job: &Job, tools: &Tools<'_>, grant: &Grant, oauth: &OAuth) -> Result<Kept, Failure> {
    let key = job.options.key()?;
    let store = tools.store;
    let Some(refresh_token) = &oauth.refresh_token else {
        return Ok(Kept::Of(Some("the token has expired, and the server gave none to renew it with".into())));
    };
    let refresh_hash = digest(refresh_token.expose());
    let doubt = store.entry(&key)?.and_then(|entry| entry.doubt).filter(|doubt| doubt.refresh_hash == refresh_hash);
    if let Some(doubt) = &doubt {
        job.tell(store, Happening::Doubted { since: doubt.since });
    }
    // The old refresh token is spent with the answer. So it is not asked for before it is certain that
    // there is room for what comes; that the index entry is right, too, is known after this.
    store.write(&key, &job.options.about(oauth.subject())?, grant).await?;
    store.note(&key, |entry| {
        // The older note says more: since then nobody knows.
        entry.doubt = doubt.clone().or_else(|| Some(Doubt { since: now(), refresh_hash: refresh_hash.clone() }));
    })?;
    let failure = match refresh(tools.http, oauth).await {
        Ok(tokens) => {
            let mut oauth = oauth.clone().renewed(tokens, now());
            if let Flow::Provider { .. } = job.options.flow {
                oauth = organization::identity(oauth)?;
            }
            let subject = oauth.subject();
            let grant =
                Grant { serial: grant.serial + 1, credential: Credential::OAuth(Box::new(oauth)), ..grant.clone() };
            keep(store, &key, &job.options.about(subject)?, &grant).await?;
            job.tell(store, Happening::Renewed);
            log::debug!("the token was renewed");
            return Ok(Kept::Good(grant, How::Renewed));
        }
        Err(Trouble::InvalidGrant(failure)) => failure,
        Err(Trouble::InvalidClient(failure)) if oauth.client.origin == Origin::Registered => {
            store.forget_registration(&oauth.issuer, &oauth.client.redirect_uri).await?;
            failure
        }
        Err(Trouble::Transient(failure) | Trouble::InvalidClient(failure) | Trouble::Refused(failure)) => {
            job.tell(store, Happening::Unrenewed { why: failure.fact.clone() });
            return Err(failure);
        }
    };
    job.tell(store, Happening::Refused { why: failure.fact.clone() });
    let why = match doubt {
        Some(_) => "an earlier renewal was cut off, and the server had already replaced the token".to_owned(),
        None => format!("the sign-in has ended at the server: {}", failure.fact),
    };
    store.end(&key, &why).await?;
    Ok(Kept::Of(Some(why)))
}

/// Keeps a new grant, which nobody else has: a store that fails gets a while to recover.
pub(super) async fn keep(store: &Store, key: &Key, about: &About, grant: &Grant) -> Result<(), Failure> {
    let end = Instant::now() + RECOVERY;
    loop {
        match store.write(key, about, grant).await {
            Err(failure) if Instant::now() < end => log::debug!("not kept yet: {failure}"),
            outcome => return outcome,
        }
        sleep(RECOVERY_PAUSE).await;
    }
}

/// An identity provider is asked as one client, for which its id token was issued too.
fn is_of_the_client(grant: &Grant, job: &Job) -> bool {
    match (&job.options.flow, &grant.credential, &job.options.client.given) {
        (Flow::Provider { .. }, Credential::OAuth(oauth), Some(given)) => oauth.client.id == given.id,
        _ => true,
    }
}

/// Whether `grant` will do for `job` as it is.
pub fn satisfies(grant: &Grant, job: &Job) -> bool {
    if !is_of_the_client(grant, job) {
        return false;
    }
    let sent = match &grant.credential {
        Credential::ApiKey(key) => key.value.expose(),
        Credential::OAuth(oauth) if !covers(oauth, job) || oauth.has_lost_its_key() => return false,
        Credential::OAuth(oauth) => {
            let fresh = matches!(job.demand, Demand::Renewal) && job.refused.is_none();
            // A renewal ahead of time is for a token that is still alive.
            if !oauth.is_alive(now(), if fresh { oauth.margin() } else { 0 }) {
                return false;
            }
            oauth.bearer(job.options.use_id_token).expose()
        }
    };
    job.refused.as_ref().is_none_or(|refused| *refused != digest(sent))
}

fn covers(oauth: &OAuth, job: &Job) -> bool {
    scopes::covers(&oauth.scopes, job.demand.scopes())
}

/// The SHA-256 of a secret, in hex: to compare it without having it.
pub fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// That somebody has to sign in, and how.
fn sign_in_first(job: &Job, why: Option<&str>) -> Failure {
    let server = job.options.url().map_or_else(|_| job.options.server.clone(), |url| shown(&url));
    let status = job.demand.status();
    let code = status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
    let reason = why.map(|why| format!(": {why}")).unwrap_or_default();
    let alone = if job.options.interactive { "" } else { ", and nobody is asked here (CI or --non-interactive)" };
    let failure = Failure::new(Kind::SignInRequired, format!("{server} wants a sign-in{code}{reason}{alone}"));
    // Where there was a sign-in, there is one.
    let is_first = why.is_none() && matches!(job.demand, Demand::Token(_));
    let offers = job.demand.challenge().is_some_and(|challenge| challenge.resource_metadata.is_some());
    Failure { status, ..failure.remedy(job.options.way_in(offers || !is_first)) }
}

/// How long a store may take to recover while a renewed grant waits for it. Others wait for the lock
/// meanwhile.
const RECOVERY: Duration = Duration::from_secs(15);
/// How often it is tried.
const RECOVERY_PAUSE: Duration = Duration::from_millis(500);

//! A sign-in: somebody is sent to the authorization server, and comes back from it with a code or has
//! taken one there.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use url::Url;

use super::callback::{Callback, Ending as Shown, Port};
use super::change::{self, Demand, Denied, How, Job, Outcome, Progress, Tools, satisfies};
use super::discovery::{AuthorizationServer, Discovery, discover_one};
use super::dpop::{self, ProofKey};
use super::flow::Flow;
use super::grants::authorization_code::{Permission, authorize, exchange};
use super::grants::{Tokens, Trouble};
use super::page::Page;
use super::registration::Wishes;
use super::step::in_step;
use super::{browser, lineage, organization, registration, scopes};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::store::{Client, Credential, GRANT_WAIT, Grant, Happening, Lock, OAuth, Origin, Pending, Way};

mod by_device;

use by_device::ByDevice;

/// Signs a person in, or says who is doing it already. `why` is what the person is told of the reason.
pub async fn sign_in(job: &Job, tools: &Tools<'_>, why: Option<String>) -> Outcome {
    match begin(job, tools, why).await {
        Ok(outcome) => outcome,
        Err(denied) => Outcome::Denied(denied),
    }
}

async fn begin(job: &Job, tools: &Tools<'_>, why: Option<String>) -> Result<Outcome, Denied> {
    let key = job.options.key()?;
    let store = tools.store;
    let Some(_lock) = store.try_lock(&key, Lock::SignIn)? else {
        // It may have begun with a link inside an editor that nobody looks at any more.
        if job.options.browser && !job.link {
            store.want_browser(&key);
        }
        return Ok(Outcome::Elsewhere);
    };
    // Somebody may have finished between the look into the store and the lock.
    if !job.forced
        && let Some(grant) = store.read(&key).await?.filter(|grant| satisfies(grant, job))
    {
        return Ok(Outcome::Published(Box::new(grant), How::Kept));
    }
    // Under the lock: what another process notes in the middle of its sign-in is not its end.
    if let Some(refusal) =
        store.pending(&key).as_ref().and_then(|pending| pending.refusal(now())).filter(|_| !job.forced)
    {
        let fact = format!("{} wants a sign-in (a short while ago: {})", shown(&job.options.url()?), refusal.why);
        return Err(Failure::new(Kind::SignInRequired, fact)
            .remedy(format!("run: {}", job.options.command("login")))
            .into());
    }
    if !job.forced && job.demand.comes_too_often(store, &key) {
        return Err(job.options.asked_again(&job.demand).into());
    }
    // Nobody is sent to a browser for what could not be kept.
    if job.forced || store.describe(&key).is_none() {
        store.rehearse(&key).await?;
    }
    if let Some(why) = why {
        log::info!("{why}");
    }
    // What is left of a sign-in before this one.
    store.end_pending(&key);
    with_the_person(job, tools).await.map(|grant| Outcome::Published(Box::new(grant), How::SignedIn))
}

async fn with_the_person(job: &Job, tools: &Tools<'_>) -> Result<Grant, Denied> {
    let options = &job.options;
    let server = options.url()?;
    let discovery = in_step(options.step, find(job, tools, &server)).await?;
    let by_device = match options.device {
        true => Some(ByDevice::begin(job, tools, &discovery).await.map_err(|trouble| refused(job, trouble))?),
        // A link that an editor shows leads to a browser of another machine then, which does not find back here.
        false if !browser::is_there() => instead(job, tools, &discovery).await,
        false => None,
    };
    match by_device {
        Some(begun) => begun.finish(job, tools, &discovery).await.map_err(|trouble| refused(job, trouble).into()),
        None => by_browser(job, tools, &discovery, &server).await,
    }
}

async fn by_browser(job: &Job, tools: &Tools<'_>, discovery: &Discovery, server: &Url) -> Result<Grant, Denied> {
    let options = &job.options;
    let mut again = true;
    loop {
        let port = match (options.callback.port, options.client.document(&discovery.server)) {
            (Some(port), _) => Port::Exactly(port),
            (None, Some(document)) => Port::of_document(document),
            (None, None) => Port::derived(server),
        };
        let mut callback = Callback::listen(port, &options.callback.host, &options.callback.path)?;
        let client = match client(job, tools, discovery, &options.client, callback.redirect_uri()).await {
            // Where nothing is published, a server without registration offers no sign-in at all.
            Err(_) if !discovery.server.has_metadata && job.options.client.given.is_none() => {
                return Err(Denied::NotOffered);
            }
            outcome => outcome?,
        };
        let outcome = one_round(job, tools, discovery, client.clone(), &mut callback).await;
        callback.close().await;
        match outcome {
            // A registration that the authorization server has forgotten is made anew, once.
            Err(Trouble::InvalidClient(_)) if client.origin == Origin::Registered && again => {
                again = false;
                tools.store.forget_registration(&discovery.server.issuer, &client.redirect_uri).await?;
            }
            outcome => return outcome.map_err(|trouble| refused(job, trouble).into()),
        }
    }
}

async fn find(job: &Job, tools: &Tools<'_>, server: &Url) -> Result<Discovery, Failure> {
    let fit = |server: &AuthorizationServer| match job.options.device {
        true => device_endpoint(job, server).map(|_| ()),
        false => server.code_endpoint().map(|_| ()),
    };
    match job.options.flow {
        Flow::Provider { .. } => organization::discover(tools.http, &job.options.server, &fit).await,
        _ => discover_one(tools.http, server, job.demand.challenge(), &job.options.resource, &fit).await,
    }
}

/// A sign-in with a code, where no browser opens here and the server has codes. One that cannot be begun
/// is none: an address can still be carried to a browser by hand.
async fn instead(job: &Job, tools: &Tools<'_>, discovery: &Discovery) -> Option<ByDevice> {
    if !job.options.browser || discovery.server.device_endpoint().is_err() {
        return None;
    }
    match ByDevice::begin(job, tools, discovery).await {
        Ok(begun) => Some(begun),
        Err(trouble) => {
            log::debug!("no code: {trouble}");
            None
        }
    }
}

/// Where `server` is asked for codes.
fn device_endpoint<'a>(job: &Job, server: &'a AuthorizationServer) -> Result<&'a Url, Failure> {
    server.device_endpoint().map_err(|failure| match server.has_metadata {
        true => failure.remedy(without_codes(job)),
        // Then it may be no authorization server at all.
        false => failure.remedy(format!("{}, or give an API key with --header", without_codes(job))),
    })
}

/// How one gets in where codes are of no use.
fn without_codes(job: &Job) -> String {
    let command = job.options.command("login");
    let command = command.strip_suffix(" --device-code").unwrap_or(&command);
    format!("sign in without --device-code: {command}")
}

async fn client(
    job: &Job,
    tools: &Tools<'_>,
    discovery: &Discovery,
    wishes: &Wishes,
    redirect_uri: &str,
) -> Result<Client, Failure> {
    let issuer = &discovery.server.issuer;
    let stored = tools.store.registration(issuer, redirect_uri).await?;
    let client = in_step(
        job.options.step,
        registration::client(tools.http, &discovery.server, redirect_uri, wishes, stored.as_ref(), now()),
    )
    .await?;
    if client.origin == Origin::Registered && stored.as_ref() != Some(&client) {
        tools.store.keep_registration(issuer, &client).await?;
    }
    Ok(client)
}

async fn one_round(
    job: &Job,
    tools: &Tools<'_>,
    discovery: &Discovery,
    client: Client,
    callback: &mut Callback,
) -> Result<Grant, Trouble> {
    let server = job.options.url().map_err(Trouble::Refused)?;
    let before = held(job, tools).await.map_err(Trouble::Transient)?;
    let asked = asked(job, discovery, before.as_ref());
    let key = key(job, discovery).map_err(Trouble::Refused)?;
    let permission = Permission {
        server: &discovery.server,
        client: &client,
        scopes: &asked,
        resource: discovery.resource.as_deref(),
        parameters: &job.options.authorize,
        key: key.as_ref(),
    };
    let (url, proof) = authorize(&permission).map_err(Trouble::Refused)?;
    let opened = show(job, tools, &url, callback.redirect_uri()).map_err(Trouble::Transient)?;
    if !opened
        && !job.link
        && let Some(begun) = instead(job, tools, discovery).await
    {
        return begun.finish(job, tools, discovery).await;
    }
    (tools.tell)(Progress::Waiting { url: url.into(), code: None, opened });
    let redirect = match waited(job, tools, callback.wait(proof.state())).await {
        Ok(redirect) => redirect,
        Err(failure) => {
            remember(job, tools, Some(&failure));
            return Err(Trouble::Refused(failure));
        }
    };
    let granted = match proof.check(&redirect.answer) {
        Ok(code) => exchange(tools.http, &permission, proof, code).await,
        Err(trouble) => Err(trouble),
    };
    let oauth = granted.and_then(|tokens| issued(job, discovery, &client, &asked, tokens));
    let kept = keep(job, tools, oauth, (before, Way::Browser)).await;
    redirect.finish(ending(job, &server, &kept));
    kept
}

/// What the tokens are worth.
fn issued(
    job: &Job,
    discovery: &Discovery,
    client: &Client,
    asked: &[String],
    tokens: Tokens,
) -> Result<OAuth, Trouble> {
    let resource = discovery.resource.as_deref();
    let oauth = OAuth::issued(tokens, &discovery.server, client.clone(), asked, resource, now());
    match job.options.flow {
        Flow::Provider { .. } => organization::identity(oauth).map_err(Trouble::Refused),
        _ => Ok(oauth),
    }
}

/// Notes how it ended for somebody who was sent off, whoever is to blame: neither the next request nor
/// a relay that is started again may send them off once more. What failed before that is not
/// remembered, because trying it again bothers nobody.
fn remember(job: &Job, tools: &Tools<'_>, failure: Option<&Failure>) {
    let Ok(key) = job.options.key() else { return };
    let Some(failure) = failure else { return tools.store.end_pending(&key) };
    job.tell(tools.store, Happening::Failed { why: failure.fact.clone() });
    if let Err(failure) = tools.store.note_pending(&key, &Pending::ended(&failure.fact, now())) {
        log::debug!("{failure}");
    }
}

/// What is asked for: of a step-up all that is held too, because a server names only what one
/// operation needs.
fn asked(job: &Job, discovery: &Discovery, before: Option<&Grant>) -> Vec<String> {
    let held = match before.map(|grant| &grant.credential) {
        Some(Credential::OAuth(oauth)) => oauth.scopes.as_slice(),
        _ => &[],
    };
    let given = job.options.client.scope();
    match &job.demand {
        Demand::Scopes(challenge) => scopes::stepped_up(held, challenge),
        Demand::Token(_) | Demand::Renewal => scopes::wanted(given, job.demand.challenge(), discovery),
    }
}

/// The key that the tokens are to be bound to, if they are: a new one for each sign-in. At an identity
/// provider it is the id token that counts, which is bound to nothing.
fn key(job: &Job, discovery: &Discovery) -> Result<Option<Arc<ProofKey>>, Failure> {
    let wanted = match job.options.flow {
        Flow::Provider { .. } => false,
        _ => dpop::wanted(&discovery.server, &discovery.proofs, job.demand.challenge())?,
    };
    wanted.then(ProofKey::generate).transpose()
}

/// The grant that a step-up adds to. Another sign-in adds to nothing, and what there is may be damaged.
async fn held(job: &Job, tools: &Tools<'_>) -> Result<Option<Grant>, Failure> {
    match job.demand {
        Demand::Scopes(_) => tools.store.read(&job.options.key()?).await,
        Demand::Token(_) | Demand::Renewal => Ok(None),
    }
}

/// Notes where the person is to go, and opens a browser; whether one did open.
fn show(job: &Job, tools: &Tools<'_>, url: &Url, redirect_uri: &str) -> Result<bool, Failure> {
    let key = job.options.key()?;
    let mut pending = Pending {
        about: Some(job.options.about(None)?),
        pid: std::process::id(),
        url: url.to_string(),
        redirect_uri: redirect_uri.to_owned(),
        code: None,
        opened: false,
        link: job.link,
        wanted: false,
        since: now(),
        end: None,
    };
    // Before the browser opens, so that whoever comes now finds it, and opens no second one.
    tools.store.note_pending(&key, &pending)?;
    if job.options.browser && !job.link {
        pending.opened = browser::open(url);
        // Opening takes a while, in which somebody may have called it off. That is noticed below.
        if tools.store.pending(&key).is_some()
            && let Err(failure) = tools.store.note_pending(&key, &pending)
        {
            log::debug!("{failure}");
        }
    }
    Ok(pending.opened)
}

/// Waits for the person to be `done`, who may also be called off: then the note of this sign-in is gone.
async fn waited<T>(job: &Job, tools: &Tools<'_>, done: impl Future<Output = T>) -> Result<T, Failure> {
    let too_long = async {
        match job.options.person {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let refuse = |what: String| {
        let remedy = format!("run: {}", job.options.command("login"));
        Err(Failure::new(Kind::SignInRefused, what).remedy(remedy))
    };
    tokio::select! {
        done = done => Ok(done),
        failure = watch_the_note(job, tools) => Err(failure),
        () = too_long => {
            let limit = job.options.person.unwrap_or_default().as_secs();
            refuse(format!("nobody signed in within {limit} s"))
        }
    }
}

/// Does what other processes write into the note of this sign-in. Returns when it is gone.
async fn watch_the_note(job: &Job, tools: &Tools<'_>) -> Failure {
    loop {
        let key = job.options.key();
        let note = key.as_ref().ok().and_then(|key| tools.store.pending(key)).filter(|note| note.end.is_none());
        let (Ok(key), Some(mut note)) = (key, note) else {
            let failure = Failure::new(Kind::SignInRefused, "the sign-in was called off");
            return failure.remedy(format!("run: {}", job.options.command("login")));
        };
        if note.wanted && !note.opened {
            note.opened = Url::parse(&note.url).is_ok_and(|url| browser::open(&url));
            note.link = false;
            if let Err(failure) = tools.store.note_pending(&key, &note) {
                log::debug!("{failure}");
            }
            (tools.tell)(Progress::Waiting { url: note.url, code: note.code, opened: note.opened });
        }
        sleep(LOOK).await;
    }
}

/// Keeps what was granted, and notes how the sign-in ended. The person hears of it only afterwards.
async fn keep(
    job: &Job,
    tools: &Tools<'_>,
    granted: Result<OAuth, Trouble>,
    (before, way): (Option<Grant>, Way),
) -> Result<Grant, Trouble> {
    let kept = match granted {
        Ok(oauth) => put(job, tools, oauth, (before, way)).await.map_err(Trouble::Transient),
        Err(trouble) => Err(trouble),
    };
    remember(job, tools, kept.as_ref().err().map(Trouble::failure));
    kept
}

async fn put(
    job: &Job,
    tools: &Tools<'_>,
    oauth: OAuth,
    (before, way): (Option<Grant>, Way),
) -> Result<Grant, Failure> {
    let key = job.options.key()?;
    let about = job.options.about(oauth.subject())?;
    let _lock = tools.store.lock(&key, Lock::Grant, GRANT_WAIT).await?;
    let what = oauth.beginning(way);
    let grant = Grant {
        lineage: before.as_ref().map_or_else(lineage, |before| before.lineage.clone()),
        serial: before.as_ref().map_or(1, |before| before.serial + 1),
        signed_in_at: now(),
        credential: Credential::OAuth(Box::new(oauth)),
    };
    if job.forced {
        tools.store.move_here(&key, &about, &grant).await?;
    } else {
        change::keep(tools.store, &key, &about, &grant).await?;
    }
    if let Demand::Scopes(_) = job.demand {
        tools.store.count_step_up(&key, now());
    }
    job.tell(tools.store, what);
    Ok(grant)
}

fn ending(job: &Job, server: &Url, outcome: &Result<Grant, Trouble>) -> Shown {
    match outcome {
        Ok(_) => match job.options.callback.success_url.as_ref().and_then(|url| Url::parse(url).ok()) {
            Some(url) => Shown::Elsewhere(url),
            None => Shown::Page(Page::success(server, job.editor.as_deref())),
        },
        Err(trouble) => Shown::Page(Page::refusal(server, &trouble.failure().fact, &job.options.command("login"))),
    }
}

/// A refusal of the authorization server, with what to do about it.
fn refused(job: &Job, trouble: Trouble) -> Failure {
    let given = job.options.client.given.is_some();
    let failure = match trouble {
        Trouble::InvalidClient(failure) if given => {
            return failure.remedy(match job.options.flow {
                Flow::Provider { .. } => "check --idp-client-id and --idp-client-secret",
                _ => "check the client_id and client_secret in --static-oauth-client-info",
            });
        }
        Trouble::InvalidGrant(failure) => Failure { kind: Kind::SignInRefused, ..failure },
        trouble => trouble.into_failure(),
    };
    match failure.remedy {
        Some(_) => failure,
        None => failure.remedy(format!("to try again, run: {}", job.options.command("login"))),
    }
}

/// How often it is looked whether the sign-in was called off.
const LOOK: Duration = Duration::from_millis(250);

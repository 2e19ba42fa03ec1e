//! The sign-in: who issues tokens for the server, as which client one signs in, and what is kept.
//! Nobody is asked for anything, and no browser opens.

use std::time::Duration;

use super::answer::{Answer, first};
use super::report::{Report, Step};
use super::server::Server;
use crate::auth::challenge::Bearer;
use crate::auth::discovery::{AuthorizationServer, Published, discover, discover_one, protected_resource};
use crate::auth::{self, Demand, Denied, Flow, Ticket, claims};
use crate::clock::now;
use crate::commands::moment::{ago, span};
use crate::failure::{Failure, Kind};
use crate::http::{Http, Unanswered, shown};
use crate::plain::one_line;
use crate::store::{Client, Credential, Entry, Form, Grant, Key, OAuth, Origin, Store};

/// A server that lets us in.
pub struct Opened {
    /// What it answers to `initialize`.
    pub answer: Answer,
    /// What goes with each request.
    pub ticket: Ticket,
}

/// What is kept of a sign-in.
#[derive(Default)]
struct Kept {
    entry: Option<Entry>,
    grant: Option<Grant>,
}

/// The inner error is the step at which it stopped.
///
/// # Errors
/// The report cannot be printed.
pub async fn examine(
    server: &Server,
    bare: Answer,
    report: &mut Report,
) -> anyhow::Result<Result<Opened, &'static str>> {
    if !bare.wants_credential() {
        let why = "the server asks for no sign-in";
        match given(server) {
            Some(what) => {
                report.skip_all(&OAUTH, why)?;
                report.add(Step::ok("token", format!("the server answers with {what}")))?;
            }
            None => report.skip_all(&[OAUTH.as_slice(), &["token"]].concat(), why)?,
        }
        return Ok(Ok(Opened { answer: bare, ticket: Ticket::default() }));
    }
    let challenge = bare.challenge();
    let status = bare.status.as_u16();
    let (kept, unread) = match kept(server).await {
        Ok(kept) => (kept, None),
        Err(failure) => (Kept::default(), Some(failure)),
    };
    // As for a relay: what was given is refused if it is a key, or if there is no word of a token.
    let alone = server.settings.given(challenge.as_ref()).is_any() && !server.login.is_wanted();
    let is_about_key = (challenge.is_none() || alone) && !server.login.is_chosen();
    if let Some(what) = given(server).filter(|_| is_about_key || !server.login.is_active()) {
        report.skip_all(&OAUTH, "a credential is given")?;
        let fact = format!("the server refuses {what} (HTTP {status})");
        let remedy = server.login.beside_a_key("check its value", challenge.as_ref());
        report.add(Step::fail("token", Kind::SignInRequired, fact, remedy))?;
        return Ok(Err("token"));
    }
    if status == 403 && challenge.is_none() && kept.entry.is_none() && unread.is_none() {
        report.skip_all(&OAUTH, "the server speaks of no sign-in")?;
        let fact = "the server forbids it (HTTP 403), and speaks of no sign-in";
        let remedy = "if it wants a key, give it with --header; some servers let only known networks in";
        report.add(Step::fail("token", Kind::SignInRequired, fact, remedy))?;
        return Ok(Err("token"));
    }
    let is_key = kept.entry.as_ref().is_some_and(|entry| entry.kind == Form::ApiKey);
    let is_published = if is_key || server.login.is_by_command() {
        let why = if is_key { "an API key is kept for this server" } else { "a command prints the tokens" };
        report.skip_all(&OAUTH, why)?;
        true
    } else {
        authorization(server, challenge.as_ref(), &kept, report).await?
    };
    if let Some(failure) = unread {
        report.add(Step::failed("token", &failure))?;
        return Ok(Err("token"));
    }
    match token(server, challenge, &kept, is_published).await {
        Ok((step, opened)) => {
            report.add(step)?;
            Ok(Ok(opened))
        }
        Err(step) => {
            report.add(step)?;
            Ok(Err("token"))
        }
    }
}

/// The credential that was given with the command or the name, in words.
fn given(server: &Server) -> Option<String> {
    let names: Vec<&str> = server.settings.credentials.iter().map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] => server.url().query().map(|_| "the credential in the URL".to_owned()),
        names => Some(format!("the credential in the header {}", names.join(", "))),
    }
}

async fn kept(server: &Server) -> Result<Kept, Failure> {
    let (store, key) = stored(server)?;
    let Some(entry) = store.entry(&key)? else { return Ok(Kept::default()) };
    let late = || Failure::new(Kind::StoreUnavailable, "the credential store does not answer").remedy("unlock it");
    let grant = server.within(STORE, store.read(&key)).await.unwrap_or_else(|| Err(late()))?;
    Ok(Kept { grant, entry: Some(entry) })
}

fn stored(server: &Server) -> Result<(&Store, Key), Failure> {
    Ok((server.store.as_ref().map_err(Clone::clone)?, server.options.key()?))
}

/// The three steps from the challenge to the client. Says whether anything is published of a sign-in.
async fn authorization(
    server: &Server,
    challenge: Option<&Bearer>,
    kept: &Kept,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let http = Http::new(server.wires.clone());
    let choice = &server.options.resource;
    let late = || Failure::new(Kind::Unreachable, "no answer in time").remedy("try again in a while");
    let asked = protected_resource(&http, server.url(), challenge, choice);
    let published = server.within(DOCUMENTS, asked).await.unwrap_or_else(|| Err(late()));
    report.add(metadata(&published))?;
    let asked = async {
        match server.options.flow {
            Flow::Browser => discover(&http, server.url(), challenge, choice).await,
            _ => discover_one(&http, server.url(), challenge, choice, &|_| Ok(())).await,
        }
    };
    let found = server.within(DOCUMENTS, asked).await.unwrap_or_else(|| Err(late()));
    match found {
        Ok(found) => {
            report.add(issuer(&found.server))?;
            report.add(registration(server, &found.server, kept))?;
            Ok(found.server.has_metadata)
        }
        Err(failure) => {
            report.add(match published {
                Ok(_) => Step::failed("authorization", &failure),
                Err(_) => Step::skip("authorization", "not tried, because of metadata"),
            })?;
            report.add(Step::skip("registration", "the authorization server is not known"))?;
            Ok(true)
        }
    }
}

fn metadata(published: &Result<Option<Published>, Failure>) -> Step {
    match published {
        Ok(Some(it)) => {
            let servers = it.authorization_servers.join(", ");
            Step::ok("metadata", format!("{} is signed in to at {servers}", it.resource))
        }
        Ok(None) => Step::ok("metadata", "none are published, as by servers of 2025-03-26"),
        Err(failure) => Step::failed("metadata", failure),
    }
}

fn issuer(found: &AuthorizationServer) -> Step {
    if !found.has_metadata {
        let fact = format!("{} publishes no metadata: it is one of 2025-03-26, or offers no sign-in", found.issuer);
        let remedy = "if it wants an API key: --header, or mcpbridge login URL --api-key-header NAME";
        return Step::warn("authorization", fact, remedy);
    }
    let pkce = match &found.code_challenge_methods_supported {
        Some(methods) => format!(", PKCE with {}", methods.join(", ")),
        None => String::new(),
    };
    Step::ok("authorization", format!("{}{pkce}", found.issuer))
}

fn registration(server: &Server, found: &AuthorizationServer, kept: &Kept) -> Step {
    let id = "registration";
    let wishes = &server.options.client;
    let login = format!("{} --force", server.options.command("login"));
    if wishes.given.is_some() {
        return Step::ok(id, "the client that --static-oauth-client-info gives");
    }
    let ended = kept.entry.as_ref().and_then(|entry| entry.ended.as_ref());
    if let Some(ended) = ended.filter(|ended| ended.why.contains("invalid_client")) {
        let fact = format!("the client is not known there any more, since {}", ago(ended.at, now()));
        return Step::fail(id, Kind::SignInRequired, fact, format!("it is registered anew with: {login}"));
    }
    let client = kept.grant.as_ref().and_then(oauth).map(|token| &token.client);
    match client {
        Some(client) if client.origin != Origin::Given => return registered(client, &login),
        _ => {}
    }
    match (&wishes.document, found.client_id_metadata_document_supported) {
        (Some(url), true) => return Step::ok(id, format!("the client ID metadata document {url}")),
        (Some(url), false) if found.registration_endpoint.is_some() => {
            return Step::ok(
                id,
                format!("{} takes no metadata documents ({url}), and registers clients", found.issuer),
            );
        }
        _ => {}
    }
    match (&found.registration_endpoint, found.client_id_metadata_document_supported) {
        (Some(endpoint), _) => Step::ok(id, format!("clients register by themselves, at {}", shown(endpoint))),
        (None, true) => Step::fail(
            id,
            Kind::Usage,
            "clients do not register by themselves there, and describe themselves in a document",
            "name one with --client-metadata-url URL, or a client with --static-oauth-client-info",
        ),
        (None, false) => Step::fail(
            id,
            Kind::Usage,
            "clients do not register by themselves there",
            "register one with its operator, and give it with --static-oauth-client-info '{\"client_id\": \"…\"}'",
        ),
    }
}

fn registered(client: &Client, login: &str) -> Step {
    let how = if client.origin == Origin::Document { "a metadata document" } else { "registered by itself" };
    match client.secret_expires_at {
        Some(end) if end <= now() => {
            let fact = format!("the registration has expired {}", ago(end, now()));
            let remedy = format!("the next renewal will fail; it is registered anew with: {login}");
            Step::fail("registration", Kind::SignInRequired, fact, remedy)
        }
        Some(end) => Step::ok("registration", format!("{how}, for another {}", span(end.saturating_sub(now())))),
        None => Step::ok("registration", format!("{how}, without an end")),
    }
}

/// Whether what is kept, or what a program is given without a person, opens the server.
async fn token(
    server: &Server,
    challenge: Option<Bearer>,
    kept: &Kept,
    is_published: bool,
) -> Result<(Step, Opened), Step> {
    let refused = |failure: &Failure| Step::failed("token", failure);
    let late = || Failure::new(Kind::Unreachable, "a renewal has not ended in time").remedy("try again in a while");
    let why = |denied: Denied| match denied {
        Denied::Because(failure) => failure,
        Denied::NotOffered => nobody(server, kept, is_published),
    };
    let ticket = server.within(RENEWAL, server.login.ticket(Some(RENEWAL))).await;
    let mut ticket = ticket.ok_or_else(|| refused(&late()))?.map_err(|denied| refused(&why(denied)))?;
    let mut answer = opened(server, &ticket).await?;
    let may_be_renewed = kept.entry.is_some() || server.options.flow.is_unattended() || server.login.is_by_command();
    if answer.status == 401 && may_be_renewed {
        // As a relay does: what is kept may have been replaced, and a program needs nobody.
        let renewed = server.login.renew(Demand::Token(challenge), &ticket, Some(RENEWAL));
        ticket = match server.within(RENEWAL, renewed).await.ok_or_else(|| refused(&late()))? {
            Ok(ticket) => ticket,
            Err(Denied::Because(failure)) if failure.kind != Kind::SignInRequired => return Err(refused(&failure)),
            Err(_) => {
                return Err(refused(&self::nobody(
                    server,
                    &self::kept(server).await.unwrap_or_default(),
                    is_published,
                )));
            }
        };
        answer = opened(server, &ticket).await?;
    }
    match answer.status.as_u16() {
        401 if !may_be_renewed => Err(refused(&nobody(server, kept, is_published))),
        401 => Err(refused(&not_taken(server, kept))),
        403 => Err(too_little(server, &answer)),
        _ => {
            let kept = self::kept(server).await.unwrap_or_default();
            Ok((good(server, &kept), Opened { answer, ticket }))
        }
    }
}

async fn opened(server: &Server, ticket: &Ticket) -> Result<Answer, Step> {
    first(server, ticket).await.map_err(|unanswered| match unanswered {
        Some(Unanswered { failure, .. }) => Step::failed("token", &failure),
        None => Step::fail("token", Kind::Unreachable, "no answer in time", "try again in a while"),
    })
}

/// That nobody is signed in, or is no longer.
fn nobody(server: &Server, kept: &Kept, is_published: bool) -> Failure {
    let ended = kept.entry.as_ref().and_then(|entry| entry.ended.as_ref());
    let fact = match (ended, &kept.entry) {
        (Some(ended), _) => format!("the sign-in has ended {}: {}", ago(ended.at, now()), ended.why),
        (None, Some(_)) => return not_taken(server, kept),
        (None, None) => "nobody is signed in".to_owned(),
    };
    Failure::new(Kind::SignInRequired, fact).remedy(server.options.way_in(is_published || kept.entry.is_some()))
}

fn not_taken(server: &Server, kept: &Kept) -> Failure {
    let key = kept.entry.as_ref().is_some_and(|entry| entry.kind == Form::ApiKey);
    let audience = kept.grant.as_ref().and_then(Grant::audience).map(|it| format!(", which is for {}", one_line(&it)));
    let fact = match key {
        true => "the server refuses the API key that is kept (HTTP 401)".to_owned(),
        false => format!("the server refuses the token{} (HTTP 401)", audience.unwrap_or_default()),
    };
    let remedy = match key {
        true => format!("keep another one: {} --api-key-header NAME", server.options.command("login")),
        false => format!("run: {} --force", server.options.command("login")),
    };
    Failure::new(Kind::SignInRequired, fact).remedy(remedy)
}

fn too_little(server: &Server, answer: &Answer) -> Step {
    let scope = answer.challenge().and_then(|challenge| challenge.scope);
    let fact = match scope {
        Some(scope) => format!("the server wants more rights (HTTP 403): {}", one_line(&scope)),
        None => "the server forbids it to this account (HTTP 403)".to_owned(),
    };
    let remedy = format!("ask its operator, or run: {} --force", server.options.command("login"));
    Step::fail("token", Kind::SignInRequired, fact, remedy)
}

/// What opens the server, and whether it will go on doing so.
fn good(server: &Server, kept: &Kept) -> Step {
    let Some(entry) = &kept.entry else { return Step::ok("token", "the server takes it") };
    let place = stored(server)
        .ok()
        .and_then(|(store, key)| store.describe(&key))
        .map(|it| format!(", kept in {}", it.roughly()));
    let place = place.unwrap_or_default();
    if entry.kind == Form::ApiKey {
        return Step::ok("token", format!("the server takes the API key{place}"));
    }
    let left = entry.expires_at.map(|end| end.saturating_sub(now()));
    let ends = match (left, auth::renewal(entry, now()).filter(|_| entry.renewable)) {
        (None, _) => ", without a known end".to_owned(),
        (Some(_), Some(left)) => format!(", renewed in {}", span(left)),
        (Some(left), None) => format!(", expires in {} and cannot be renewed", span(left)),
    };
    let audience = kept.grant.as_ref().and_then(Grant::audience);
    let meant = audience.as_ref().map(|it| format!(", for {}", one_line(it))).unwrap_or_default();
    let fact = format!("the server takes the token{place}{ends}{meant}");
    if let Some(said) = kept.grant.as_ref().and_then(oauth).and_then(clock) {
        return Step::warn("token", format!("{fact}; {said}"), "set the clock of this computer");
    }
    Step::ok("token", fact)
}

/// What the times in a token say of the clocks, if they do not agree.
fn clock(token: &OAuth) -> Option<String> {
    let claims = claims(&token.access_token)?;
    let time = |name: &str| claims.get(name).and_then(serde_json::Value::as_u64);
    let (issued, ends) = (time("iat").unwrap_or(0), time("exp").unwrap_or(u64::MAX));
    match now() {
        now if issued > now + SKEW => Some(format!("by its own word it was issued {} from now", span(issued - now))),
        now if ends < now - SKEW => Some(format!("by its own word it has expired {}", ago(ends, now))),
        _ => None,
    }
}

fn oauth(grant: &Grant) -> Option<&OAuth> {
    match &grant.credential {
        Credential::OAuth(oauth) => Some(oauth),
        Credential::ApiKey(_) => None,
    }
}

/// The steps from the challenge to the client.
const OAUTH: [&str; 3] = ["metadata", "authorization", "registration"];
/// How long the documents of a step may take together.
const DOCUMENTS: Duration = Duration::from_secs(10);
/// How long the credential store may take.
const STORE: Duration = Duration::from_secs(6);
/// How long a renewal may take.
const RENEWAL: Duration = Duration::from_secs(12);
/// Seconds by which clocks may differ.
const SKEW: u64 = 60;

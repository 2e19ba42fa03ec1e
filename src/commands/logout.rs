//! `mcpbridge logout`: revokes what can be revoked, and forgets.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::{access, print, print_json};
use crate::auth;
use crate::cli::Logout;
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::http::{Http, Settings, shown};
use crate::log::{self as logging, Volume};
use crate::store::{About, By, Credential, Entry, GRANT_WAIT, Happening, Key, Lock, Pending, Store};

/// Signs out.
///
/// # Errors
/// Nothing was named, the store does not say, or something could not be removed from it.
pub fn run(typed: &Logout) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let store = access::store()?.with_patience(access::AT_A_TERMINAL);
    let mut accounts: Vec<(Key, Option<String>)> = Vec::new();
    match &typed.selection.server {
        Some(server) => {
            let (url, key) = access::select(server, &typed.selection)?;
            accounts.push((key, Some(shown(&url))));
        }
        None if typed.all => accounts = everywhere(&store)?,
        // Not as clap says it, which would name the flag alone: who follows that signs out everywhere.
        None => {
            let fact = "neither a server nor --all was given";
            let remedy = "name a server: mcpbridge logout URL; or sign out everywhere: mcpbridge logout --all";
            return Err(Failure::new(Kind::Usage, fact).remedy(remedy).into());
        }
    }
    let runtime = super::event_loop()?;
    let mut results = Vec::new();
    let mut failed = None;
    for (key, server) in &accounts {
        match runtime.block_on(sign_out(&store, key, server.as_deref())) {
            // The history may tell of one that is long gone.
            Ok(how) if how.was || typed.selection.server.is_some() => results.push(how),
            Ok(_) => {}
            // The others are signed out all the same.
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    if let Some(failure) = failed.take_if(|_| results.is_empty()) {
        return Err(failure.into());
    }
    if typed.json {
        let all: Vec<_> = results
            .iter()
            .map(|how| json!({ "server": how.server, "signed_out": how.was, "revoked": how.revoked }))
            .collect();
        print_json(&json!({ "schema_version": 1, "accounts": all }))?;
    } else {
        print(told(&results, &store).as_bytes())?;
    }
    failed.map_or(Ok(ExitCode::SUCCESS), |failure| Err(failure.into()))
}

/// All accounts that somebody may be signed in to, each with its server if that is known. A keychain does not list
/// what is in it, so the history stands in for an index that has lost an entry.
fn everywhere(store: &Store) -> Result<Vec<(Key, Option<String>)>, Failure> {
    // Of a damaged entry the name comes with the grant.
    let name = |entry: Result<Entry, Failure>| entry.map(|entry| entry.about.server).ok();
    let mut all: Vec<_> = store.entries()?.into_iter().map(|(key, entry)| (key, name(entry))).collect();
    let lost = store.histories().into_iter().filter(|key| !all.iter().any(|(known, _)| known == key));
    let lost = lost.filter_map(|key| {
        let last = store.history(&key).pop()?;
        (!matches!(last.what, Happening::SignedOut { .. })).then_some((key, Some(last.server)))
    });
    let lost: Vec<_> = lost.collect();
    all.extend(lost);
    Ok(all)
}

fn told(results: &[How], store: &Store) -> String {
    let mut text = String::new();
    for How { server, was, revoked } in results {
        text += &match (*was, *revoked) {
            (false, _) => format!("nobody was signed in to {server}{}\n", others(server, store)),
            (true, Some(true)) => format!("signed out of {server}, and revoked there\n"),
            (true, Some(false)) => format!("signed out of {server}; it could not be revoked there\n"),
            (true, None) => format!("signed out of {server}\n"),
        };
    }
    if results.is_empty() {
        text += "nobody was signed in anywhere\n";
    }
    text
}

/// The accounts of `server` that were not meant, for the end of a sentence: each with the command for it.
fn others(server: &str, store: &Store) -> String {
    let abouts = store.entries().into_iter().flatten().filter_map(|(_, entry)| entry.ok()).map(|entry| entry.about);
    let command = |about: About| {
        let (account, resource) = (about.account.as_deref(), about.resource.as_deref());
        auth::command("logout", server, account, resource)
    };
    let commands: Vec<String> = abouts.filter(|about| about.server == server).map(command).collect();
    if commands.is_empty() { String::new() } else { format!("; for another account, run: {}", commands.join(" or ")) }
}

/// What became of one account.
struct How {
    /// The URL of its server, as it may be shown.
    server: String,
    was: bool,
    /// Whether the server took it back; `None` where it offers no way to.
    revoked: Option<bool>,
}

async fn sign_out(store: &Store, key: &Key, server: Option<&str>) -> Result<How, Failure> {
    let _lock = store.lock(key, Lock::Grant, GRANT_WAIT).await?;
    let grant = store.read(key).await;
    let revoked = match grant.as_ref().map(|grant| grant.as_ref().map(|grant| &grant.credential)) {
        // What is damaged can still be removed. A store that is locked says so once more then.
        Err(failure) => {
            log::warn!("{failure}");
            Some(false)
        }
        Ok(Some(Credential::OAuth(oauth))) if oauth.revocation_endpoint.is_some() => {
            let http = Http::new(Settings { connect_timeout: Some(CONNECT), ..Settings::default() });
            let outcome = auth::grants::revoke::revoke(&http, oauth).await;
            Some(outcome.inspect_err(|trouble| log::warn!("{trouble}")).is_ok())
        }
        _ => None,
    };
    // Afterwards nothing says any more which account it was.
    let about = store.entry(key).ok().flatten().map(|entry| entry.about);
    let last = || store.history(key).pop().map(|last| last.server);
    let named = server.map(str::to_owned).or_else(|| about.as_ref().map(|about| about.server.clone()));
    let server = named.or_else(last).unwrap_or_else(|| "a server that is not known any more".to_owned());
    let was = store.forget(key).await? || grant.is_ok_and(|grant| grant.is_some());
    if was {
        let nameless = || About { server: server.clone(), account: None, resource: None, subject: None };
        let about = about.unwrap_or_else(nameless);
        store.tell(key, &about, &By::this("mcpbridge logout"), Happening::SignedOut { revoked });
        // A relay that runs must not open a window because somebody has signed out.
        let why = format!("somebody signed out of {server}");
        store.note_pending(key, &Pending::ended(&why, clock::now()))?;
    }
    Ok(How { server, was, revoked })
}

/// How long an authorization server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(8);

//! `mcpbridge adopt --undo`: everything goes back to where it was, with the tokens of today.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::record::{Changed, Record, Restored, SignedIn};
use super::{mcp_remote, tokens};
use crate::clock;
use crate::commands::{access, event_loop, print, print_json};
use crate::config::{Home, short};
use crate::failure::{Failure, Kind};
use crate::store::{By, Credential, GRANT_WAIT, Happening, Key, Lock, Pending, Store};

/// Undoes the last adoption.
///
/// # Errors
/// There was none, or something is in the way; what was done stays done, and the rest can be tried again.
pub fn run(home: &Home, json: bool) -> anyhow::Result<ExitCode> {
    let Some(record) = Record::last(home)? else {
        return Err(Failure::new(Kind::Usage, "nothing was taken over that could be undone").into());
    };
    // All of them are looked at before one is changed: until then the entries of all work on.
    let restored: Vec<Restored> =
        record.files.iter().map(Changed::restored).collect::<Result<_, _>>().map_err(again)?;
    let store = access::store()?.with_patience(access::AT_A_TERMINAL);
    let runtime = event_loop()?;
    // The files first: mcp-remote then finds its tokens at once, and nothing but us spends them before.
    for file in &restored {
        file.write(home).map_err(again)?;
    }
    let mut back = Vec::new();
    for sign_in in &record.sign_ins {
        if runtime.block_on(give_back(&store, sign_in)).map_err(again)? {
            back.push(sign_in.server.clone());
        }
    }
    for name in &record.secrets {
        runtime.block_on(store.forget_secret(name)).map_err(again)?;
    }
    record.forget(&restored)?;
    if json {
        let files: Vec<Value> = record.files.iter().map(|file| json!(file.path)).collect();
        return print_json(&json!({ "schema_version": 1, "result": "undone", "files": files, "sign_ins": back }));
    }
    let mut text = String::new();
    for file in &restored {
        text += &format!("{} {}\n", short(&file.changed.path), file.told());
    }
    for server in &back {
        text += &format!("the sign-in to {server} is with mcp-remote again\n");
    }
    print(text.as_bytes())
}

/// What is in the way can be mended, and the rest is done then.
fn again(failure: Failure) -> Failure {
    let mended = failure.remedy.clone().unwrap_or_else(|| "mend it".into());
    failure.remedy(format!("{mended}; then run: mcpbridge adopt --undo"))
}

/// Writes the tokens of today where mcp-remote looks for them, and forgets them here. Says whether
/// there were any.
///
/// # Errors
/// The store, or the folder of mcp-remote, is in the way.
pub(super) async fn give_back(store: &Store, sign_in: &SignedIn) -> Result<bool, Failure> {
    let Some(key) = Key::spelled(&sign_in.key) else { return Ok(false) };
    let _lock = store.lock(&key, Lock::Grant, GRANT_WAIT).await?;
    let grant = store.read(&key).await?.filter(|grant| grant.lineage == sign_in.lineage);
    let Some(grant) = grant else {
        // Signed out, or signed in anew: what was set aside is spent.
        log::warn!("the sign-in to {} is not the one that was taken over any more, so it stays here", sign_in.server);
        return Ok(false);
    };
    let Credential::OAuth(token) = &grant.credential else { return Ok(false) };
    // It has signed in anew since then, or is about to: both are good, and neither is thrown away.
    if sign_in.asides.iter().any(mcp_remote::Aside::is_outdated) {
        log::warn!("mcp-remote has files of its own for {} again, so the sign-in here stays here", sign_in.server);
        return Ok(false);
    }
    let aside = sign_in.asides.iter().find(|aside| aside.from == sign_in.tokens);
    let places = aside.into_iter().flat_map(|aside| [&aside.to, &aside.from]);
    let Some(place) = places.into_iter().find(|path| path.exists()) else {
        log::warn!("the files of mcp-remote for {} are gone, so the sign-in stays here", sign_in.server);
        return Ok(false);
    };
    // Before it is moved: mcp-remote must not find the refresh token of before, which is spent.
    if grant.serial > 1 {
        let before = mcp_remote::read(place)?;
        mcp_remote::write(place, &tokens::back(token, &before))?;
    }
    mcp_remote::bring_back(&sign_in.asides)?;
    let about = store.entry(&key)?.map(|entry| entry.about);
    store.forget(&key).await?;
    if let Some(about) = about {
        store.tell(&key, &about, &By::this("mcpbridge adopt --undo"), Happening::SignedOut { revoked: None });
    }
    // A relay that runs must not open a window for it.
    let why = format!("the sign-in to {} was given back to mcp-remote", sign_in.server);
    store.note_pending(&key, &Pending::ended(&why, clock::now()))?;
    Ok(true)
}

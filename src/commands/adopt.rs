//! `mcpbridge adopt`: takes over what editors run through mcp-remote and its like, with the sign-ins.

mod found;
mod mcp_remote;
mod peers;
mod plan;
mod record;
mod remote;
mod tokens;
mod undo;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::install::{self, coloured, host, program};
use super::{access, print, print_json};
use crate::cli::Adopt;
use crate::config::{Home, short};
use crate::editors::{Editor, digest, unified};
use crate::failure::{Failure, Kind};
use crate::http::{Http, shown};
use crate::log::{self as logging, Volume};
use crate::store::{GRANT_WAIT, Kept, Lock, Store};
use found::{Found, everywhere};
use plan::{Ground, Plan, plan, texts};
use record::{Before, Changed, Record, SignedIn};

/// Takes over, or undoes the last time.
///
/// # Errors
/// Something is in use, or a file, the store or a server was in the way. What was done is written down.
pub fn run(typed: &Adopt) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let variable = |name: &str| std::env::var_os(name);
    let home = Home::find(variable)?;
    if typed.undo {
        return undo::run(&home, typed.json);
    }
    let host = host(&variable)?;
    let only: Vec<&Editor> = typed.editors.iter().map(|name| install::editor(name)).collect::<Result<_, _>>()?;
    let ground = Ground {
        program: program::path()?,
        variables: program::variables(&variable),
        home: &host.home,
        variable: &variable,
        remote: typed.remote,
    };
    let (all, troubles) = everywhere(&host, &only);
    let (mut plans, mut left) = (Vec::new(), Vec::new());
    for found in all {
        match plan(&found, &ground) {
            Ok(plan) => plans.extend(plan),
            Err(why) => left.push((found, why)),
        }
    }
    for trouble in &troubles {
        log::warn!("{trouble}");
    }
    if typed.dry_run {
        let plans: Vec<&Plan> = plans.iter().collect();
        return told(&plans, &left, None, typed);
    }
    free(&plans)?;
    let store = access::store()?.with_patience(access::AT_A_TERMINAL);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut record = Record::new(&home)?;
    let outcome = runtime.block_on(adopt(&plans, &store, &home, &mut record));
    logging::finish();
    let (done, failed) = outcome?;
    told(&done, &left, Some(&record), typed)?;
    failed.map_or(Ok(ExitCode::SUCCESS), |failure| Err(failure.into()))
}

/// Nobody uses a sign-in that is to be taken over: two programs must not spend one refresh token.
fn free(plans: &[Plan]) -> Result<(), Failure> {
    for plan in plans {
        let Some(sign_in) = &plan.sign_in else { continue };
        if let Some(pid) = mcp_remote::user(&sign_in.folder, &sign_in.hash, &sign_in.typed) {
            let fact = format!("mcp-remote (process {pid}) uses the sign-in to {} at the moment", shown(&plan.url));
            return Err(Failure::new(Kind::Usage, fact).remedy("close the editor that runs it, and try again"));
        }
    }
    Ok(())
}

/// Does what was planned: secrets and sign-ins first, because an entry without them would ask for
/// them. Says which plans were carried out, and the first thing that was in the way of the others.
async fn adopt<'p>(
    plans: &'p [Plan],
    store: &Store,
    home: &Home,
    record: &mut Record,
) -> Result<(Vec<&'p Plan>, Option<Failure>), Failure> {
    let mut done: Vec<&Plan> = Vec::new();
    let mut failed = None;
    for plan in plans {
        let prepared = async {
            for (name, secret) in &plan.made.secrets {
                if let Kept::Memory = store.keep_secret(name, secret).await? {
                    return Err(Failure::new(Kind::StoreUnavailable, "a store in memory ends with this command")
                        .remedy("set MCPBRIDGE_CREDENTIAL_STORE to keychain or file"));
                }
                record.secrets.push(name.clone());
            }
            take_over(plan, store, record).await
        };
        match prepared.await {
            Ok(()) => done.push(plan),
            Err(failure) => {
                log::warn!("{} of {} stays as it is: {failure}", plan.found.name, plan.found.editor.title);
                failed = failed.or(Some(failure));
            }
        }
    }
    for (path, (file, text)) in texts(&done)? {
        let own = || done.iter().filter(|plan| plan.found.path == path);
        let Some(editor) = own().next().map(|plan| plan.found.editor) else { continue };
        let before = |plan: &&&Plan| Before {
            container: plan.found.container.clone(),
            name: plan.found.name.clone(),
            members: plan.before(),
        };
        let bytes = file.bytes_of(&text);
        let (after, backup) = (digest(&bytes), file.keep(home, editor.name)?);
        let entries = own().map(|plan| before(&plan)).collect();
        record.files.push(Changed { editor: editor.name.to_owned(), path, backup, after, entries });
        record.write()?;
        file.put(&bytes)?;
    }
    Ok((done, failed))
}

/// Takes one sign-in of mcp-remote into the store, and its files out of the way.
async fn take_over(plan: &Plan, store: &Store, record: &mut Record) -> Result<(), Failure> {
    let Some(sign_in) = &plan.sign_in else { return Ok(()) };
    let key = sign_in.options.key()?;
    let asides = sign_in.kept.asides();
    // Two editors with the same entry, or somebody who has signed in here already.
    if record.sign_ins.iter().any(|it| it.key == key.as_str()) || !sign_in.kept.tokens.exists() {
        return Ok(());
    }
    let _lock = store.lock(&key, Lock::Grant, GRANT_WAIT).await?;
    if store.read(&key).await?.is_some() {
        return Ok(());
    }
    let http = Http::new(access::http(&plan.connection, &plan.url)?);
    let Some(taken) = tokens::take(&http, &plan.url, &sign_in.options, &sign_in.kept).await? else { return Ok(()) };
    record.sign_ins.push(SignedIn {
        key: key.as_str().to_owned(),
        server: taken.about.server.clone(),
        lineage: taken.grant.lineage.clone(),
        tokens: sign_in.kept.tokens.clone(),
        asides: asides.clone(),
    });
    record.write()?;
    mcp_remote::set_aside(&asides)?;
    if let Err(failure) = store.write(&key, &taken.about, &taken.grant).await {
        mcp_remote::bring_back(&asides);
        return Err(failure);
    }
    if let Some((issuer, client)) = &taken.registration
        && let Err(failure) = store.keep_registration(issuer, client).await
    {
        // The grant has a copy of its own.
        log::warn!("{failure}");
    }
    Ok(())
}

fn told(plans: &[&Plan], left: &[(Found, String)], record: Option<&Record>, typed: &Adopt) -> anyhow::Result<ExitCode> {
    let texts = texts(plans)?;
    let diff = |path: &std::path::Path| {
        texts.get(path).map(|(file, text)| unified(&short(path), Some(&file.text), Some(text)))
    };
    if typed.json {
        let entries: Vec<Value> = plans.iter().map(|plan| shown_as_json(plan, record)).collect();
        let left: Vec<Value> = left
            .iter()
            .map(|(found, why)| json!({ "editor": found.editor.name, "file": found.path, "name": found.name, "why": why }))
            .collect();
        return print_json(&json!({
            "schema_version": 1, "dry_run": typed.dry_run, "adopted": entries, "left": left,
            "record": record.map(Record::path),
        }));
    }
    let mut text = String::new();
    let mut last = None;
    for plan in plans {
        if last != Some(&plan.found.path) {
            text += &format!("{}  {}\n", plan.found.editor.title, short(&plan.found.path));
            last = Some(&plan.found.path);
            if typed.dry_run {
                text += &coloured(&diff(&plan.found.path).unwrap_or_default());
            }
        }
        text += &format!("  {}: {} becomes mcpbridge, for {}\n", plan.found.name, plan.tool.name(), shown(&plan.url));
        text += &sentence(plan, record).map(|line| format!("    {line}\n")).unwrap_or_default();
        text += &plan.made.notes.iter().map(|note| format!("    {note}\n")).collect::<String>();
    }
    for (found, why) in left {
        text += &format!("left as it is: {} of {}: {why}\n", found.name, found.editor.title);
    }
    text += match (plans.is_empty(), typed.dry_run) {
        (true, _) => "there is nothing to take over\n",
        (false, true) => "nothing was changed; without --dry-run it would be\n",
        (false, false) => "restart these editors; to have it all back: mcpbridge adopt --undo\n",
    };
    print(text.as_bytes())
}

/// What becomes of the sign-in.
fn sentence(plan: &Plan, record: Option<&Record>) -> Option<&'static str> {
    let sign_in = plan.sign_in.as_ref()?;
    let key = sign_in.options.key().ok()?;
    Some(match record {
        None => "its sign-in is taken over",
        Some(record) if record.sign_ins.iter().any(|it| it.key == key.as_str()) => "its sign-in was taken over",
        Some(_) => "its sign-in was left: there is one here already, or it can be used no more",
    })
}

fn shown_as_json(plan: &Plan, record: Option<&Record>) -> Value {
    let key = plan.sign_in.as_ref().and_then(|it| it.options.key().ok());
    let taken = key.map(|key| record.is_none_or(|record| record.sign_ins.iter().any(|it| it.key == key.as_str())));
    json!({
        "editor": plan.found.editor.name,
        "file": plan.found.path,
        "name": plan.found.name,
        "tool": plan.tool.name(),
        "server": shown(&plan.url),
        "sign_in": taken,
        "notes": plan.made.notes,
    })
}

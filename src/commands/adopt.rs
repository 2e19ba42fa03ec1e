//! `mcpbridge adopt`: takes over what editors run through mcp-remote and its like, with the sign-ins.

pub mod found;
pub mod launch;
mod line;
mod mcp_remote;
pub mod peers;
pub mod plan;
mod record;
mod remote;
mod tokens;
mod undo;
mod work;

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::install::{self, coloured, host, program};
use super::{access, print, print_json};
use crate::cli::Adopt;
use crate::config::{Home, short};
use crate::editors::{Editor, unified};
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::log::{self as logging, Volume};
use crate::plain::{one_line, unbroken};
use found::{Found, everywhere};
use peers::Tool;
use plan::{Ground, Plan, plan, texts};
use record::Record;
use work::carry_out;

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
    let runtime = super::event_loop()?;
    let mut record = Record::new(&home)?;
    let done = runtime.block_on(carry_out(&plans, &store, &home, &mut record));
    for (plan, failure) in &done.failed {
        log::warn!("{} of {} stays as it is: {failure}", plan.found.name, plan.found.editor.title);
    }
    logging::finish();
    left.extend(done.failed.iter().map(|(plan, failure)| (plan.found.clone(), failure.clone())));
    told(&done.plans, &left, Some(&record), typed)?;
    done.failed.into_iter().next().map_or(Ok(ExitCode::SUCCESS), |(_, failure)| Err(failure.into()))
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

fn told(
    plans: &[&Plan],
    left: &[(Found, Failure)],
    record: Option<&Record>,
    typed: &Adopt,
) -> anyhow::Result<ExitCode> {
    // What is done needs no diff, and its files are not what they were.
    let texts = if typed.dry_run { texts(plans)? } else { BTreeMap::new() };
    let diff = |found: &Found| {
        let changed = texts.get(&found.path);
        changed.map(|(file, text)| unified(found.editor.format, &short(&found.path), Some(&file.text), Some(text)))
    };
    if typed.json {
        let entries: Vec<Value> = plans.iter().map(|plan| shown_as_json(plan, record)).collect();
        let left: Vec<Value> = left
            .iter()
            .map(|(found, why)| {
                json!({
                    "editor": found.editor.name, "file": found.path, "name": found.name,
                    "why": why.fact, "remedy": why.remedy,
                })
            })
            .collect();
        return print_json(&json!({
            "schema_version": 1, "dry_run": typed.dry_run, "adopted": entries, "left": left,
            "record": record.and_then(Record::path),
        }));
    }
    let mut text = String::new();
    let mut last = None;
    for plan in plans {
        if last != Some(&plan.found.path) {
            text += &format!("{}  {}\n", plan.found.editor.title, short(&plan.found.path));
            last = Some(&plan.found.path);
            if typed.dry_run {
                text += &coloured(&diff(&plan.found).unwrap_or_default());
            }
        }
        let was = if plan.tool == Tool::Editor { "the editor's own connection" } else { plan.tool.name() };
        text += &format!(
            "  {}: {was} becomes mcpbridge, for {}\n",
            one_line(&plan.found.name),
            one_line(&shown(&plan.url))
        );
        text += &sentence(plan, record).map(|line| format!("    {line}\n")).unwrap_or_default();
        text += &plan.made.notes.iter().map(|note| format!("    {}\n", unbroken(note))).collect::<String>();
    }
    for (found, why) in left {
        text +=
            &format!("left as it is: {} of {}: {}\n", one_line(&found.name), found.editor.title, unbroken(&why.fact));
        text += &why.remedy.as_ref().map(|remedy| format!("    {}\n", unbroken(remedy))).unwrap_or_default();
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

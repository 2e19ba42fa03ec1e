//! `mcpbridge uninstall`: takes a server out of an editor.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::install::target::Installed;
use super::install::{Told, editor, file, host, vendor};
use super::{names, print, print_json, server};
use crate::cli::Uninstall;
use crate::config::{Home, short};
use crate::editors::{Change, Editor, File, Host, container, is_ours};
use crate::failure::{Failure, Kind};
use crate::log::{self as logging, Volume};

/// Takes a server out of an editor.
///
/// # Errors
/// The file could not be changed, or the entry is none of ours.
pub fn run(typed: &Uninstall) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let variable = |name: &str| std::env::var_os(name);
    let host = host(&variable)?;
    let editor = editor(&typed.editor)?;
    let home = Home::find(variable)?;
    let (path, name) = found(&host, editor, typed, &home)?;
    let Some(change) = Change::uninstall(editor, &path, &name, &home)? else {
        if typed.json {
            return print_json(&json!({
                "schema_version": 1, "result": "unchanged", "dry_run": typed.dry_run,
                "editor": editor.name, "file": path, "name": name,
            }));
        }
        return print(format!("{} has no server {name}: {}\n", editor.title, short(&path)).as_bytes());
    };
    let told = Told { editor, path: &path, name: &name, verb: "uninstalled", dry: typed.dry_run };
    let shown = Told::summary(&change);
    if typed.dry_run {
        return told.done(&shown, None, typed.json);
    }
    let by_vendor =
        if typed.project || change.is_exact() { None } else { vendor::remove(&host, editor, &name, &path)? };
    let backup = match by_vendor {
        Some(()) => change.note(&home)?,
        None => change.make(&home)?,
    };
    told.done(&shown, backup, typed.json)
}

/// The file with the entry that was typed, and its name there. An editor may read another file today than
/// at the installation: since then another edition of it has come, or has gone.
fn found(host: &Host, editor: &Editor, typed: &Uninstall, home: &Home) -> Result<(PathBuf, String), Failure> {
    let path = file(host, editor, typed.project)?;
    let name = meant(editor, &path, &typed.server, home)?;
    if typed.project || has(editor, &path, &name) {
        return Ok((path, name));
    }
    for other in host.others(editor) {
        let name = meant(editor, &other, &typed.server, home)?;
        if has(editor, &other, &name) {
            return Ok((other, name));
        }
    }
    Ok((path, name))
}

/// Whether there is an entry of ours with this name.
fn has(editor: &Editor, path: &Path, name: &str) -> bool {
    let read = || {
        let file = File::read(path).ok()?;
        let (container, _) = container(editor, &file.text).ok()?;
        editor.format.entries(&file.text, &container).ok()
    };
    read().is_some_and(|entries| entries.iter().any(|(own, value)| own == name && is_ours(value)))
}

/// The name of the entry that `word` means: a name in the editor, or a server by its URL or its name.
fn meant(editor: &Editor, path: &Path, word: &str, home: &Home) -> Result<String, Failure> {
    let config = names::config(home).ok();
    let there = Installed::all(editor, Some(path), config.as_ref());
    if there.iter().any(|it| it.name == word) {
        return Ok(word.to_owned());
    }
    let known = config.as_ref().and_then(|config| config.server(word));
    let url = server::url(known.map_or(word, |known| known.url.as_str()), true).ok();
    let is_it = |it: &&Installed| it.word == word || url.as_ref() == Some(&it.target.url);
    let all: Vec<&str> = there.iter().filter(is_it).map(|it| it.name.as_str()).collect();
    match all.as_slice() {
        [] => Ok(word.to_owned()),
        [only] => Ok((*only).to_owned()),
        [first, ..] => {
            let fact = format!("{} has more than one entry for this server: {}", editor.title, all.join(", "));
            let remedy = format!("say which, for example: mcpbridge uninstall {} {first}", editor.name);
            Err(Failure::new(Kind::Usage, fact).remedy(remedy))
        }
    }
}

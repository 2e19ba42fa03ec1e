//! `mcpbridge uninstall`: takes a server out of an editor.

use std::process::ExitCode;

use serde_json::json;

use super::install::{Told, editor, file, host, installed, vendor};
use super::{print, print_json, server};
use crate::cli::Uninstall;
use crate::config::{Home, short};
use crate::editors::Change;
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
    let path = file(&host, editor, typed.project)?;
    let home = Home::find(variable)?;
    let name = match server::url(&typed.server, true) {
        Err(_) => typed.server.clone(),
        Ok(url) => installed(editor, Some(&path), &url).unwrap_or_else(|| typed.server.clone()),
    };
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

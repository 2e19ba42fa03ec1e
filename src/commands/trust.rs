//! `mcpbridge trust`: lets the file of a project choose an account.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::install::no_folder;
use super::{print, print_json};
use crate::auth;
use crate::cli;
use crate::config::{self, Home, Project, Trust, short};
use crate::failure::{Failure, Kind};

/// Trusts the file of a project, as it is now, or takes that back, or shows what is trusted.
///
/// # Errors
/// There is no such file, or it asks for what is not a project's to ask for.
pub fn run(typed: &cli::Trust) -> anyhow::Result<ExitCode> {
    let home = Home::find(|name| env::var_os(name))?;
    if typed.list {
        return list(&home, typed.json);
    }
    let here = typed.path.clone().or_else(|| env::current_dir().ok());
    let asked = here.ok_or_else(no_folder)?;
    if typed.remove {
        return distrust(&home, &asked, typed.json);
    }
    let project = find(&asked)?;
    config::trust(&home, &project)?;
    if typed.json {
        return print_json(
            &json!({ "schema_version": 1, "file": project.path, "trusted": true, "servers": servers(&project) }),
        );
    }
    let mut text = format!("trusted as it is now: {}\n", short(&project.path));
    for wish in &project.servers {
        if let Some((account, _)) = &wish.account {
            text += &format!("  {} is used with the account {account}\n", wish.name);
        }
    }
    if !project.chooses() {
        text += "  it chooses no account, so it would not have needed it\n";
    }
    text += "  once it changes, it has to be trusted anew\n";
    print(text.as_bytes())
}

fn distrust(home: &Home, asked: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let path = meant(home, asked)?;
    let was = config::distrust(home, &path)?;
    if json {
        return print_json(&json!({ "schema_version": 1, "file": path, "trusted": false, "was_trusted": was }));
    }
    let how = if was { "no longer trusted" } else { "was not trusted" };
    print(format!("{how}: {}\n", short(&path)).as_bytes())
}

fn list(home: &Home, json: bool) -> anyhow::Result<ExitCode> {
    let all = config::trusted(home)?;
    if json {
        let files: Vec<Value> = all
            .iter()
            .map(|file| json!({ "file": file.path, "trusted_at": file.at, "unchanged": file.now() == Trust::Given }))
            .collect();
        return print_json(&json!({ "schema_version": 1, "files": files }));
    }
    let line = |file: &config::Trusted| match file.now() {
        Trust::Given => format!("{}\n", short(&file.path)),
        _ => format!(
            "{}  has changed; run: mcpbridge trust {}\n",
            short(&file.path),
            auth::quoted(&file.path.display().to_string())
        ),
    };
    let text: String = all.iter().map(line).collect();
    print(if text.is_empty() { "no file of a project is trusted\n" } else { &text }.as_bytes())
}

/// The file itself, or that of the project that a folder is in.
fn find(asked: &Path) -> Result<Project, Failure> {
    if asked.is_file() {
        return Project::read(asked);
    }
    Project::find(&real(asked))?.ok_or_else(|| {
        Failure::new(Kind::Usage, format!("there is no .mcpbridge.toml in {} or above it", short(asked)))
            .remedy("run this in the project, or name the file")
    })
}

/// The file whose trust is taken back. It may be damaged, or gone together with its folder.
fn meant(home: &Home, asked: &Path) -> Result<PathBuf, Failure> {
    let asked = real(asked);
    if asked.is_file() {
        return Ok(asked);
    }
    let trusted = config::trusted(home)?;
    let is_one = |path: &PathBuf| path.is_file() || trusted.iter().any(|file| file.path == *path);
    let files = asked.ancestors().map(|folder| folder.join(config::PROJECT_FILE));
    let found = [asked.clone()].into_iter().chain(files).find(is_one).unwrap_or(asked);
    // A link, of which what it leads to was trusted.
    Ok(found.canonicalize().unwrap_or(found))
}

/// `path` without links and `..`, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.canonicalize().unwrap_or_else(|_| match (whole.parent(), whole.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().unwrap_or_else(|_| parent.to_owned()).join(name),
        _ => whole,
    })
}

fn servers(project: &Project) -> Vec<Value> {
    let server = |wish: &config::Wish| {
        json!({
            "name": wish.name,
            "account": wish.account.as_ref().map(|(account, _)| account),
            "allow_tool": wish.allow_tools,
            "ignore_tool": wish.ignore_tools,
        })
    };
    project.servers.iter().map(server).collect()
}

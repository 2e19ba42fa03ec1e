//! A change of an editor's file: thought out first, shown if wanted, and then made.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::diff;
use super::entry::Entry;
use super::file::File;
use super::format::Format;
use super::node::{Node, Trouble};
use super::receipt::{Receipt, Step};
use super::table::{Editor, Shape};
use crate::config::{Home, digest, lock, short};
use crate::failure::{Failure, Kind};

/// A change that nobody has made yet.
#[derive(Debug)]
pub struct Change {
    /// The file before it.
    pub file: File,
    /// The file after it; `None` if it goes.
    pub after: Option<Vec<u8>>,
    /// The name of the entry.
    pub name: String,
    editor: &'static str,
    format: Format,
    /// What will be known of the file.
    receipt: Receipt,
    /// Whether the entry comes or goes.
    comes: bool,
    /// Whether the bytes from before it come back.
    exact: bool,
}

impl Change {
    /// Puts `entry` into the file at `path`, or mends the one of this name that is ours.
    ///
    /// # Errors
    /// The file cannot be read or has another entry of this name; it is not touched then.
    pub fn install(editor: &'static Editor, path: &Path, entry: &Entry, home: &Home) -> Result<Change, Failure> {
        let file = File::read(path)?;
        let refuse = |trouble: &Trouble| refused(editor, &file, trouble, entry);
        let (container, modern) = container(editor, &file.text).map_err(|trouble| refuse(&trouble))?;
        let members = entry.members(editor.shape, modern);
        let entries = editor.format.entries(&file.text, &container).map_err(|trouble| refuse(&trouble))?;
        let mut receipt = Receipt::read(home, path, file.bytes.as_deref());
        let there = entries.iter().find(|(name, _)| *name == entry.name).map(|(_, value)| value);
        let text = match there {
            Some(value) if !is_ours(value) => {
                let fact = format!("{} has another server with the name {}", editor.title, entry.name);
                return Err(Failure::new(Kind::Usage, fact).remedy("choose another name with --name"));
            }
            Some(value) => {
                let changes = mended(value, &members).map_err(|trouble| refuse(&trouble))?;
                editor.format.change(&file.text, &container, &entry.name, &changes)
            }
            None => editor.format.insert(&file.text, &container, &entry.name, &members, &mut receipt.facts),
        };
        let text = text.map_err(|trouble| refuse(&trouble))?;
        if file.bytes.is_none() {
            receipt.made = true;
            let folders = path.ancestors().skip(1).take_while(|folder| !folder.exists());
            receipt.folders.extend(folders.map(Path::to_owned));
            receipt.folders.sort();
        }
        let after = Some(file.bytes_of(&text));
        Ok(Change {
            file,
            after,
            name: entry.name.clone(),
            editor: editor.name,
            format: editor.format,
            receipt,
            comes: true,
            exact: false,
        })
    }

    /// Takes the entry `name` out of the file at `path`; `None` if there is none of ours.
    ///
    /// # Errors
    /// The file cannot be read, or the entry is not ours; it is not touched then.
    pub fn uninstall(editor: &'static Editor, path: &Path, name: &str, home: &Home) -> Result<Option<Change>, Failure> {
        let file = File::read(path)?;
        let refuse = |trouble: &Trouble| file.trouble(trouble).remedy("mend it, or take the entry out by hand");
        let (container, _) = container(editor, &file.text).map_err(|trouble| refuse(&trouble))?;
        let entries = editor.format.entries(&file.text, &container).map_err(|trouble| refuse(&trouble))?;
        let Some((_, value)) = entries.iter().find(|(there, _)| there == name) else { return Ok(None) };
        if !is_ours(value) {
            let fact = format!("the entry {name} of {} does not run mcpbridge", editor.title);
            return Err(Failure::new(Kind::Usage, fact).remedy("take it out by hand if it shall go"));
        }
        let mut receipt = Receipt::read(home, path, file.bytes.as_deref());
        let now = file.bytes.as_deref().unwrap_or_default();
        let before = receipt.before(name, now);
        let exact = before.is_some();
        let after = match before {
            Some(before) => {
                receipt.facts.retain(|_, _| receipt.steps.len() > 1);
                before
            }
            None => {
                let text = editor.format.remove(&file.text, &container, name, &mut receipt.facts);
                let text = text.map_err(|trouble| refuse(&trouble))?;
                let empty = text.trim().is_empty() && receipt.made;
                (!empty).then(|| file.bytes_of(&text))
            }
        };
        receipt.made &= after.is_some();
        Ok(Some(Change {
            file,
            after,
            name: name.to_owned(),
            editor: editor.name,
            format: editor.format,
            receipt,
            comes: false,
            exact,
        }))
    }

    /// Whether anything would be different.
    pub fn is_one(&self) -> bool {
        self.after != self.file.bytes
    }

    /// Whether the bytes from before an entry come back.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// The change as a unified diff.
    pub fn diff(&self) -> String {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|it| String::from_utf8_lossy(it).into_owned());
        diff::unified(
            self.format,
            &short(&self.file.path),
            text(&self.file.bytes).as_deref(),
            text(&self.after).as_deref(),
        )
    }

    /// Makes the change. Says where what was there is now.
    ///
    /// # Errors
    /// The file, or our note of it, could not be written, or another process is writing for long. The file is whole in any
    /// case.
    pub fn make(mut self, home: &Home) -> Result<Option<PathBuf>, Failure> {
        if !self.is_one() {
            return Ok(None);
        }
        let _lock = lock(home)?;
        if self.file.bytes.is_some() {
            // The rename that replaces it would not mind that it is read-only.
            self.file.replaceable()?;
        }
        // Else the receipt of another process would be written over.
        self.file.is_unchanged()?;
        let kept = self.after.is_some().then(|| self.file.keep(home, self.editor)).transpose()?;
        let backup = kept.flatten();
        self.step(self.after.as_deref().map(digest), backup.clone());
        self.receipt.announce(home, self.file.bytes.as_deref())?;
        if let Some(after) = &self.after {
            self.file.put(after)?;
        } else {
            // We have made it, and nothing else has come into it.
            self.file.delete()?;
            for folder in self.receipt.folders.drain(..).rev() {
                // One that something else has come into stays.
                if let Err(error) = fs::remove_dir(&folder) {
                    log::debug!("{} stays: {error}", short(&folder));
                }
            }
        }
        self.receipt.write(home)?;
        Ok(backup)
    }

    /// Notes the change, which the editor's own program has made. Says where what was there is now.
    ///
    /// # Errors
    /// The note could not be written.
    pub fn note(mut self, home: &Home) -> Result<Option<PathBuf>, Failure> {
        let _lock = lock(home)?;
        let now = File::read(&self.file.path)?;
        let backup = self.file.keep(home, self.editor)?;
        // What it has made around the entry is its own business.
        self.receipt.facts.clear();
        self.step(now.bytes.as_deref().map(digest), backup.clone());
        self.receipt.write(home)?;
        Ok(backup)
    }

    /// `after`: SHA-256 of the bytes after it.
    fn step(&mut self, after: Option<String>, backup: Option<PathBuf>) {
        let was_there = self.receipt.steps.iter().any(|step| step.name == self.name);
        self.receipt.steps.retain(|step| step.name != self.name);
        if self.comes {
            // After it was mended, the bytes from before it are not one step back any more.
            let after = if was_there { None } else { after }.unwrap_or_default();
            self.receipt.steps.push(Step { name: self.name.clone(), after, backup });
        }
    }
}

/// What a second installation changes in an entry that is `there`: what the person or the editor has
/// added stays.
fn mended(there: &Value, members: &[(String, Node)]) -> Result<Vec<(String, Option<Node>)>, Trouble> {
    let mut changes = Vec::new();
    for (name, node) in members.iter().filter(|(name, _)| OURS.contains(&name.as_str())) {
        let new = match (node, there.get(name)) {
            (Node::Map(own), Some(Value::Object(all))) => Node::Map(joined(name, own, all)?),
            (Node::List(own), Some(Value::Array(all))) if name == "env_vars" => {
                let more = own.iter().filter(|variable| !all.iter().any(|it| it == variable.as_str()));
                let more: Vec<Value> = more.map(|variable| Value::from(variable.as_str())).collect();
                if more.is_empty() {
                    continue;
                }
                known(name, &all.iter().cloned().chain(more).collect())?
            }
            (_, Some(_)) if name == "startup_timeout_sec" => continue,
            _ => node.clone(),
        };
        if there.get(name) != Some(&new.value()) {
            changes.push((name.clone(), Some(new)));
        }
    }
    for name in VARIABLES.iter().filter(|name| !members.iter().any(|(own, _)| own == *name)) {
        let Some(Value::Object(all)) = there.get(*name) else { continue };
        let left = joined(name, &[], all)?;
        if left.len() < all.len() {
            changes.push(((*name).to_owned(), (!left.is_empty()).then_some(Node::Map(left))));
        }
    }
    Ok(changes)
}

/// `own` variables and those in `all` that no installation has written.
fn joined(place: &str, own: &[(String, Node)], all: &Map<String, Value>) -> Result<Vec<(String, Node)>, Trouble> {
    let others = all.iter().filter(|(name, _)| !name.starts_with(PREFIX) && !own.iter().any(|(it, _)| it == *name));
    let others = others.map(|(name, value)| Ok((name.clone(), known(&format!("{place}.{name}"), value)?)));
    others.chain(own.iter().cloned().map(Ok)).collect()
}

fn known(place: &str, value: &Value) -> Result<Node, Trouble> {
    Node::of(value).ok_or_else(|| Trouble::Shape(format!("{place} holds what cannot be written again")))
}

/// The members above the entries, and whether they are the newer ones of opencode.
///
/// # Errors
/// The text cannot be read.
pub fn container(editor: &Editor, text: &str) -> Result<(Vec<&'static str>, bool), Trouble> {
    let mut container = editor.container.to_vec();
    if editor.shape == Shape::Opencode {
        // In the older form `servers` would be the name of a server, which has a type.
        let root = editor.format.read(text)?;
        let servers = &root["mcp"]["servers"];
        if servers.is_object() && !servers["type"].is_string() {
            container.push("servers");
            return Ok((container, true));
        }
    }
    Ok((container, false))
}

/// Whether an entry runs mcpbridge.
pub fn is_ours(entry: &Value) -> bool {
    let command = entry.get("command").or_else(|| entry.get("cmd"));
    let program = match command {
        Some(Value::Array(all)) => all.first().and_then(Value::as_str),
        Some(command) => command.as_str(),
        None => None,
    };
    let name = program.and_then(|program| program.rsplit(['/', '\\']).next()).unwrap_or_default();
    matches!(name.to_ascii_lowercase().as_str(), "mcpbridge" | "mcpbridge.exe")
}

/// The arguments of an entry.
pub fn arguments(entry: &Value) -> Vec<&str> {
    let list = |name: &str| entry.get(name).and_then(Value::as_array).map(|all| all.iter().filter_map(Value::as_str));
    match list("command") {
        Some(all) => all.skip(1).collect(),
        None => list("args").map(Iterator::collect).unwrap_or_default(),
    }
}

/// The entry as it stands in a file of its own, to be pasted.
///
/// # Errors
/// It cannot be written down, which no entry of ours makes happen.
pub fn snippet(editor: &Editor, entry: &Entry) -> Result<String, Failure> {
    let members = entry.members(editor.shape, false);
    let text = editor.format.insert("", editor.container, &entry.name, &members, &mut Default::default());
    text.map_err(|_| Failure::new(Kind::Internal, format!("the entry {} cannot be written down", entry.name)))
}

fn refused(editor: &Editor, file: &File, trouble: &Trouble, entry: &Entry) -> Failure {
    let pasted = snippet(editor, entry).unwrap_or_default();
    let into = editor.container.join(".");
    file.trouble(trouble)
        .remedy(format!("mend it, or put this into {into} by hand; nothing was changed"))
        .pasted(pasted.trim_end())
}

/// What a second installation may change in an entry.
const OURS: [&str; 9] =
    ["type", "command", "args", "cmd", "env", "envs", "environment", "env_vars", "startup_timeout_sec"];
/// Where editors keep the variables of an entry.
const VARIABLES: [&str; 3] = ["env", "envs", "environment"];
/// Of the variables that an installation writes.
const PREFIX: &str = "MCPBRIDGE_";

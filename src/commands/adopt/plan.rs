//! What is to become of one entry.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;
use url::Url;

use super::found::Found;
use super::launch::{Started, started, url_in};
use super::mcp_remote::{self, Kept};
use super::peers::{Tool, Translated, translate};
use super::remote;
use crate::auth::{Options, quoted};
use crate::cli;
use crate::commands::install::entry::Arguments;
use crate::commands::{access, lasting, server};
use crate::config::{in_plain, short};
use crate::editors::{self, Entry, Node, Shape};
use crate::failure::{Failure, Kind};
use crate::secret::is_credential;

/// What is to become of one entry.
pub struct Plan {
    /// The entry.
    pub found: Found,
    /// What it runs now.
    pub tool: Tool,
    /// The server.
    pub url: Url,
    /// The members that become others; `None` removes one.
    pub changes: Vec<(String, Option<Node>)>,
    /// What is said to the person.
    pub made: Translated,
    /// The sign-in that comes with it.
    pub sign_in: Option<SignIn>,
    /// How the server is reached.
    pub connection: cli::Connection,
}

/// A sign-in of mcp-remote.
pub struct SignIn {
    /// What was chosen for it.
    pub options: Options,
    /// What is kept of it.
    pub kept: Kept,
    /// The folder of mcp-remote.
    pub folder: PathBuf,
    /// The name of its files.
    pub hash: String,
    /// The URL as it was typed.
    pub typed: String,
}

/// What all plans depend on.
pub struct Ground<'g> {
    /// The whole path of this program.
    pub program: String,
    /// Variables that belong into every entry.
    pub variables: Vec<(String, String)>,
    /// The home folder of the user.
    pub home: &'g Path,
    /// The environment.
    pub variable: &'g dyn Fn(&str) -> Option<OsString>,
    /// Whether entries with a URL are taken over too.
    pub remote: bool,
}

/// What is to become of an entry; `None` if it is no business of ours.
///
/// # Errors
/// Why nothing can become of it, for a person.
pub fn plan(found: &Found, ground: &Ground) -> Result<Option<Plan>, Failure> {
    let Some(made) = made(found, ground) else { return Ok(None) };
    let made = made.map_err(|why| Failure { remedy: by_hand(found), ..Failure::new(Kind::Usage, why) })?;
    complete(found, made, ground).and_then(possible).map(Some)
}

/// What a person can do about an entry that is left; nothing if it is for no server with a URL.
fn by_hand(found: &Found) -> Option<String> {
    let words = found.words();
    let url = url_in(&words).or_else(|| found.url())?;
    let is_shown = in_plain("url", url).is_none() && !url.contains(['$', '{', '%']);
    let (editor, url) = (found.editor.name, if is_shown { quoted(url) } else { "URL".to_owned() });
    Some(format!("by hand: mcpbridge install {editor} {url}, and take {} out of {}", found.name, short(&found.path)))
}

/// Found out before a sign-in is taken for it.
fn possible(plan: Plan) -> Result<Plan, Failure> {
    for (file, _) in texts(&[&plan])?.values() {
        file.replaceable()?;
    }
    Ok(plan)
}

/// An entry, translated.
struct Made {
    tool: Tool,
    translated: Translated,
    /// The arguments of before.
    rest: Vec<String>,
    /// The variables that it was started with.
    env: Vec<(String, String)>,
}

fn made(found: &Found, ground: &Ground) -> Option<Result<Made, String>> {
    let mut env = found.env();
    if let Some(url) = found.url() {
        let made = ground.remote.then(|| remote::translate(found, url))?;
        return Some(made.map(|translated| Made { tool: Tool::Editor, translated, rest: Vec::new(), env }));
    }
    Some(started(&found.words())?.and_then(|Started { tool, arguments: rest, env: set, notes }| {
        env.retain(|(name, _)| !set.iter().any(|(own, _)| own == name));
        env.extend(set);
        let mut translated = translate(tool, &rest, &found.name, &env)?;
        translated.notes.extend(notes);
        if tool == Tool::McpRemote {
            keep_redirect(&mut translated, &rest);
        }
        Ok(Made { tool, translated, rest, env })
    }))
}

/// A client that the person has registered knows one redirect URI: that of mcp-remote.
fn keep_redirect(made: &mut Translated, rest: &[String]) {
    let given = ["--static-oauth-client-info", "--client-metadata-url"];
    if !rest.iter().any(|word| given.contains(&word.as_str())) {
        return;
    }
    if made.line.get(1).is_none_or(|word| word.parse::<u16>().is_err()) {
        made.line.insert(1, mcp_remote::port(&mcp_remote::hash(rest)).to_string());
    }
    if !cfg!(windows) && !rest.iter().any(|word| word == "--host") {
        made.line.push("--host=localhost".into());
    }
}

fn complete(found: &Found, made: Made, ground: &Ground) -> Result<Plan, Failure> {
    let Made { tool, translated: mut made, rest, env: own } = made;
    let (mut relay, arguments) = Arguments::parse(&made.line)?;
    let left = left_in_plain(&made.line, &own);
    made.notes.extend(left);
    // mcp-remote's own variables say nothing to us, and what the entry has stays.
    let mut env = own.clone();
    let more = arguments.env.iter().chain(&ground.variables).cloned();
    for (name, value) in more {
        match env.iter_mut().find(|(there, _)| *there == name) {
            Some((_, there)) if name.starts_with("MCPBRIDGE_HEADER") => *there = format!("{there}\n{value}"),
            Some(_) => {}
            None => env.push((name, value)),
        }
    }
    let changed = env != found.env() || (found.variables().is_none() && !own.is_empty());
    let entry = Entry {
        name: found.name.clone(),
        command: ground.program.clone(),
        args: arguments.args,
        env,
        behind: Vec::new(),
    };
    let changes = changes(found, &entry, tool, changed);
    let sign_in = match tool {
        Tool::McpRemote if !relay.sign_in.machine.client_credentials => {
            if let Some(text) = &mut relay.sign_in.static_oauth_client_info {
                // With the variables of the entry, which are not those of this process.
                let of_entry = |name: &str| own.iter().find(|(own, _)| own == name).map(|(_, value)| value.into());
                let value = |name: &str| of_entry(name).or_else(|| (ground.variable)(name));
                *text = server::expand(text, "the entry", &value).unwrap_or_else(|_| text.clone());
            }
            sign_in(&arguments.url, &relay, &rest, &own, ground)
        }
        _ => None,
    };
    let connection = relay.connection;
    Ok(Plan { found: found.clone(), tool, url: arguments.url, changes, made, sign_in, connection })
}

/// What of an entry is a secret in plain and stays so, in sentences.
fn left_in_plain(line: &[String], env: &[(String, String)]) -> Vec<String> {
    let note = |what: &str, instead: &str| format!("{what} stays in plain in the file of the editor; {instead}");
    let mut notes = Vec::new();
    for word in line {
        if let (Some(what), Ok(url)) = (in_plain("url", word), Url::parse(word)) {
            notes.push(note(&what, &lasting::instead_in_url(&url)));
        }
        let Some((flag, value)) = word.strip_prefix("--").and_then(|word| word.split_once('=')) else { continue };
        if let Some(what) = in_plain(flag, value) {
            notes.push(note(&what, &lasting::instead(flag)));
        }
        let Some((header, value)) = value.split_once(':').filter(|(name, _)| flag == "header" && is_credential(name))
        else {
            continue;
        };
        let used = env.iter().filter(|(name, own)| value.contains(&format!("${{{name}}}")) && !own.contains('$'));
        notes.extend(used.map(|(name, own)| {
            let whole = value.replace(&format!("${{{name}}}"), own);
            note(&format!("the variable {name}"), &lasting::instead_of_header(header, &whole))
        }));
    }
    notes
}

fn sign_in(
    url: &Url,
    relay: &cli::Relay,
    rest: &[String],
    env: &[(String, String)],
    ground: &Ground,
) -> Option<SignIn> {
    let hash = mcp_remote::hash(rest);
    let folder = mcp_remote::folder(env, ground.home, ground.variable);
    let kept = mcp_remote::kept(&folder, &hash)?;
    let options = access::options(url, None, relay.port, (&relay.connection, &relay.sign_in)).ok()?;
    Some(SignIn { options, kept, folder, hash, typed: relay.server.clone().unwrap_or_default() })
}

/// The members that become others. What says nothing of how the server is reached stays as it is.
fn changes(found: &Found, entry: &Entry, tool: Tool, new_env: bool) -> Vec<(String, Option<Node>)> {
    let modern = found.container.last().is_some_and(|name| name == "servers") && found.editor.shape == Shape::Opencode;
    let members = entry.members(found.editor.shape, modern);
    let direct = tool == Tool::Editor;
    let mut changes: Vec<(String, Option<Node>)> = Vec::new();
    for (name, node) in members {
        let there = found.value.get(&name);
        let wanted = match name.as_str() {
            "command" | "args" | "cmd" => true,
            "env" | "environment" | "envs" => new_env || direct,
            "type" | "source" => direct && there != Some(&node.value()),
            "env_vars" | "startup_timeout_sec" => there.is_none(),
            _ => direct && there.is_none(),
        };
        if wanted {
            changes.push((name, Some(node)));
        }
    }
    if direct {
        let gone = REMOTE.iter().filter(|name| found.value.get(**name).is_some());
        let gone = gone.filter(|name| !changes.iter().any(|(changed, _)| changed == *name));
        let gone: Vec<_> = gone.map(|name| ((*name).to_owned(), None)).collect();
        changes.extend(gone);
    }
    changes
}

impl Plan {
    /// What was in the entry of that which becomes different.
    pub fn before(&self) -> Vec<(String, Value)> {
        let value = |name: &String| self.found.value.get(name).cloned().unwrap_or(Value::Null);
        self.changes.iter().map(|(name, _)| (name.clone(), value(name))).collect()
    }
}

/// The texts of all files after all plans, with what is in the way.
pub fn texts(plans: &[&Plan]) -> Result<BTreeMap<PathBuf, (editors::File, String)>, Failure> {
    let mut texts: BTreeMap<PathBuf, (editors::File, String)> = BTreeMap::new();
    for plan in plans {
        let path = &plan.found.path;
        let (file, text) = match texts.remove(path) {
            Some(there) => there,
            None => {
                let file = editors::File::read(path)?;
                let text = file.text.clone();
                (file, text)
            }
        };
        let format = plan.found.editor.format;
        let changed = format.change(&text, &plan.found.above(), &plan.found.name, &plan.changes);
        let changed = changed.map_err(|trouble| file.trouble(&trouble).remedy("change the entry by hand"))?;
        texts.insert(path.clone(), (file, changed));
    }
    Ok(texts)
}

/// Members of an entry that the editor connects with by itself.
const REMOTE: [&str; 11] = [
    "url",
    "serverUrl",
    "httpUrl",
    "uri",
    "type",
    "headers",
    "http_headers",
    "env_http_headers",
    "bearer_token_env_var",
    "oauth",
    "auth",
];

//! What entries of ours need beside themselves: secrets of the store, and variables.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use tokio::time::timeout;

use super::report::Step;
use crate::auth::quoted;
use crate::cli::RelayFlags;
use crate::commands::adopt::found::Found;
use crate::commands::{access, names};
use crate::config::Config;
use crate::editors::{self, Entry};
use crate::failure::Kind;
use crate::store::Store;

/// Asks the store for each secret once.
pub struct Needs {
    /// `None` if there is none, or it does not answer: another step says so.
    store: Option<Store>,
    known: BTreeMap<String, bool>,
}

impl Needs {
    /// With the store of this user.
    pub fn new() -> Needs {
        Needs { store: access::store().ok(), known: BTreeMap::new() }
    }

    /// What an entry of ours needs and has not.
    pub async fn examine(&mut self, entry: &Found, config: Option<&Config>) -> Vec<Step> {
        let (name, editor) = (&entry.name, entry.editor);
        let texts = texts(entry, config);
        let mut steps = Vec::new();
        // Another folder has another store.
        let elsewhere =
            texts.env.iter().any(|(name, value)| name == FOLDER && env::var(FOLDER).ok().as_ref() != Some(value));
        for secret in secrets(&texts) {
            if !elsewhere && self.lacks(&secret).await {
                let fact = format!("{name} needs the secret {secret}, which is not in the credential store");
                let remedy = format!("run: mcpbridge secret set {}", quoted(&secret));
                steps.push(Step::fail(editor.name, Kind::Usage, fact, remedy));
            }
        }
        for variable in variables(&texts).into_iter().filter(|name| env::var_os(name).is_none()) {
            let fact = format!("{name} needs the variable {variable}, which is not set here");
            let remedy = format!("set it where {} starts, or among the variables of the entry", editor.title);
            steps.push(Step::warn(editor.name, fact, remedy));
        }
        steps
    }

    async fn lacks(&mut self, secret: &str) -> bool {
        if let Some(known) = self.known.get(secret) {
            return !known;
        }
        let Some(store) = &self.store else { return false };
        match timeout(PATIENCE, store.secret(secret)).await {
            Ok(Ok(found)) => {
                self.known.insert(secret.to_owned(), found.is_some());
                found.is_none()
            }
            // Of no other one is it known either.
            _ => {
                self.store = None;
                false
            }
        }
    }
}

/// The entry, with what the name of a server in it stands for.
fn texts(entry: &Found, config: Option<&Config>) -> Entry {
    let args: Vec<String> = editors::arguments(&entry.value).into_iter().map(str::to_owned).collect();
    let behind = || {
        let (relay, _) = RelayFlags::read(&args).ok()?;
        let server = config?.server(relay.server.as_deref()?)?;
        names::texts(server, relay.sign_in.account.as_deref()).ok()
    };
    let behind = behind().unwrap_or_default();
    Entry { name: entry.name.clone(), command: String::new(), args, env: entry.env(), behind }
}

/// The names behind `keychain:`.
fn secrets(entry: &Entry) -> Vec<String> {
    let ours = entry.env.iter().filter(|(name, _)| name.starts_with("MCPBRIDGE_")).map(|(_, value)| value);
    let mut names: Vec<String> = Vec::new();
    for text in entry.args.iter().chain(ours).chain(&entry.behind) {
        for name in text.lines().filter_map(named_in) {
            if !name.is_empty() && !names.iter().any(|there| there == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The name behind `keychain:` in a source, which may stand behind an equals sign and a scheme. It may have spaces.
fn named_in(source: &str) -> Option<&str> {
    let (before, name) = source.split_once("keychain:")?;
    (before.is_empty() || before.ends_with(['=', ' '])).then_some(name)
}

/// The variables that somebody else than the entry has to set.
fn variables(entry: &Entry) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // `${env:NAME}` is put in by the editor, from the same variables.
    let asked = entry.named_variables().into_iter().map(|name| name.trim_start_matches("env:").to_owned());
    let itself =
        entry.env.iter().filter(|(name, value)| [format!("${{{name}}}"), format!("${{env:{name}}}")].contains(value));
    for name in asked.chain(itself.map(|(name, _)| name.clone())) {
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name && !OF_EDITORS.contains(&name.as_str()) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How long the credential store may take for one secret.
const PATIENCE: Duration = Duration::from_secs(6);
/// What editors put in that is no variable.
const OF_EDITORS: [&str; 4] = ["userHome", "workspaceFolder", "workspaceFolderBasename", "pathSeparator"];
const FOLDER: &str = "MCPBRIDGE_CONFIG_DIR";

//! Which server an entry is for, and what it asks for there.

use std::path::Path;

use serde_json::Value;
use url::Url;

use crate::cli::{self, RelayFlags};
use crate::commands::{names, server};
use crate::config::Config;
use crate::editors::{self, Editor, File};
use crate::failure::{Failure, Kind};

/// What makes two entries one server for an editor: the same URL, whether through a name or not, and what
/// chooses the sign-in there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The server.
    pub url: Url,
    /// The account.
    pub account: Option<String>,
    /// The resource, if it is another one than the URL says.
    pub resource: Option<String>,
}

/// An entry of ours in a file.
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its server.
    pub target: Target,
    /// The server as it is written there.
    pub word: String,
    /// Its flags, without dashes; `port` if it has one.
    flags: Vec<String>,
}

/// A command line of the relay in an entry, with the variables beside it.
pub struct Line<'l> {
    args: &'l [String],
    variables: &'l dyn Fn(&str) -> Option<String>,
    names: Vec<String>,
}

impl<'l> Line<'l> {
    /// Of arguments, and of variables with their values.
    pub fn new(args: &'l [String], variables: &'l dyn Fn(&str) -> Option<String>, names: Vec<String>) -> Self {
        Line { args, variables, names }
    }

    /// What it is for; `None` if it is none, or for a name that is not known.
    pub fn read(&self, name: &str, config: Option<&Config>) -> Option<Installed> {
        let (relay, typed) = RelayFlags::read(self.args).ok()?;
        let word = relay.server?;
        let known = config.and_then(|config| config.server(&word));
        let url = server::url(known.map_or(word.as_str(), |known| known.url.as_str()), true).ok()?;
        let set = |key: &str, account: Option<&str>| {
            let levels = config.map(|config| config.levels(known, account)).unwrap_or_default();
            names::first(&levels, key).map(str::to_owned)
        };
        let variable = |flag: &str| (self.variables)(&variable(flag)).filter(|value| !value.is_empty());
        let account = relay.sign_in.account.or_else(|| variable("account")).or_else(|| set("account", None));
        let resource = relay.sign_in.resource.or_else(|| variable("resource"));
        let resource = resource.or_else(|| set("resource", account.as_deref()));
        let mut flags: Vec<String> = typed.0.into_iter().map(|typed| typed.flag).collect();
        let keys = cli::keys().into_iter().map(|key| key.name);
        flags.extend(keys.filter(|key| self.names.contains(&self::variable(key))));
        flags.extend(relay.port.map(|_| "port".to_owned()));
        Some(Installed { name: name.to_owned(), target: Target { url, account, resource }, word, flags })
    }
}

fn variable(flag: &str) -> String {
    format!("MCPBRIDGE_{}", flag.to_uppercase().replace('-', "_"))
}

impl Installed {
    /// What an entry is for; `None` if it is none of ours, or for a name that is not known.
    pub fn read(name: &str, entry: &Value, config: Option<&Config>) -> Option<Installed> {
        if !editors::is_ours(entry) {
            return None;
        }
        let args: Vec<String> = editors::arguments(entry).into_iter().map(str::to_owned).collect();
        let env = ["env", "environment", "envs"].iter().find_map(|member| entry.get(member)?.as_object());
        let value = |name: &str| env?.get(name)?.as_str().map(str::to_owned);
        let names = env.into_iter().flat_map(|env| env.keys().cloned()).collect();
        Line::new(&args, &value, names).read(name, config)
    }

    /// All of them in the file of an editor. One that cannot be read has none: whoever changes it says why.
    pub fn all(editor: &Editor, path: Option<&Path>, config: Option<&Config>) -> Vec<Installed> {
        let read = |path: &Path| {
            let file = File::read(path).ok()?;
            let (container, _) = editors::container(editor, &file.text).ok()?;
            editor.format.entries(&file.text, &container).ok()
        };
        let entries = path.and_then(read).unwrap_or_default();
        entries.iter().filter_map(|(name, value)| Installed::read(name, value, config)).collect()
    }

    /// What of this entry the new one lacks.
    fn lost(&self, new: &Installed) -> Vec<String> {
        let mut lost: Vec<String> = Vec::new();
        for flag in self.flags.iter().filter(|flag| !new.flags.contains(flag)) {
            let word = if flag == "port" { "its port".to_owned() } else { format!("--{flag}") };
            if !lost.contains(&word) {
                lost.push(word);
            }
        }
        lost
    }
}

/// The name of the entry that `new` becomes: that of the one for the same server, or else its own. `diff`
/// is how the file would change with it under a name.
///
/// # Errors
/// Flags would go away that nobody has said a word about, or the name is that of another server.
pub fn place(
    new: &Installed,
    there: &[Installed],
    editor: &Editor,
    diff: impl FnOnce(&str) -> Option<String>,
) -> Result<String, Failure> {
    let name = &new.name;
    let same: Vec<&Installed> = there.iter().filter(|it| it.target == new.target).collect();
    // Of several the one that would be written anew.
    if let Some(old) = same.iter().find(|it| it.name == *name).or(same.first()) {
        let lost = old.lost(new);
        if lost.is_empty() {
            return Ok(old.name.clone());
        }
        let fact =
            format!("{} of {} is for this server already, and would lose {}", old.name, editor.title, lost.join(", "));
        let shown = diff(&old.name).map(|diff| format!("; replaced, it would change so:\n\n{}", diff.trim_end()));
        return Err(Failure::new(Kind::Usage, fact).remedy(format!(
            "give them again; or replace it, with --name {}; or add another entry, with --name and a new name{}",
            old.name,
            shown.unwrap_or_default()
        )));
    }
    if !there.iter().any(|it| it.name == *name) {
        return Ok(name.clone());
    }
    let account = new.target.account.as_deref().unwrap_or_default();
    let account: String = account.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let longer = format!("{name}-{account}");
    if !account.is_empty() && !there.iter().any(|it| it.name == longer) {
        return Ok(longer);
    }
    let fact = format!("{} has another server with the name {name}", editor.title);
    Err(Failure::new(Kind::Usage, fact).remedy("choose another name with --name"))
}

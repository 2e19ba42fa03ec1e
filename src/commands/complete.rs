//! `mcpbridge complete`: what a shell asks at each press of the Tab key.
//!
//! It has to be there at once and to disturb nobody: no network, no keychain, no error. What cannot be
//! read is not offered.

use std::fmt::Write;
use std::process::ExitCode;

use url::Url;

use super::arguments::properties;
use super::table::first_sentence;
use super::{access, names, overview, print_raw, server, status};
use crate::cli::{self, Complete, Lookup};
use crate::config::Config;
use crate::editors::EDITORS;
use crate::http::shown;
use crate::message::{elements, member, plain_string};
use crate::plain::one_line;
use crate::store::{Key, Said, Store};

/// Prints the words that fit, one a line, each with a tab and what it is about; or that files do.
///
/// # Errors
/// stdout cannot be written.
pub fn run(typed: &Complete) -> anyhow::Result<ExitCode> {
    let next = cli::next(cli::command(), &typed.before, &typed.current);
    let mut text = String::new();
    let mut add = |word: &str, about: &str| {
        // Into a text it does not fail.
        let _ = writeln!(text, "{word}\t{}", one_line(about));
    };
    for (word, about) in &next.words {
        add(word, about);
    }
    if let Some(lookup) = &next.lookup {
        let known = Known::new();
        for (word, about) in known.look_up(lookup, &next).unwrap_or_default() {
            let whole = format!("{}{word}", next.before);
            if whole.starts_with(&typed.current) && is_harmless(&word) {
                add(&whole, &about);
            }
        }
    }
    if text.is_empty() && next.file {
        text.push_str(":files\n");
    }
    print_raw(text.as_bytes())
}

/// Whether a shell, and the command itself, take it for nothing but a word. Many come from a server, and
/// stand on the command line of somebody who presses Enter: a flag is none, nor is the file of `=@FILE`.
fn is_harmless(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=%".contains(c);
    !word.is_empty()
        && word.chars().all(plain)
        && !word.starts_with(['-', '@', ':'])
        && !word.contains("=@")
        && !word.contains(":=")
}

/// A word, and what it is about.
type Word = (String, String);

/// What this user has, as far as it can be read.
struct Known {
    config: Config,
    store: Option<Store>,
}

impl Known {
    fn new() -> Self {
        Known { config: status::configured(), store: access::store().ok() }
    }

    fn look_up(&self, lookup: &Lookup, next: &cli::Next) -> Option<Vec<Word>> {
        let of_server = |said: Said, list: &str, name: &str| self.list(next, said, list).map(|list| named(&list, name));
        match lookup {
            Lookup::Server => Some(self.names().into_iter().chain(self.urls()).collect()),
            Lookup::Name => Some(self.names()),
            Lookup::Account => Some(self.accounts(next.server.as_deref()?)),
            Lookup::Editor => Some(EDITORS.iter().map(|editor| (editor.name.into(), editor.title.into())).collect()),
            Lookup::Tool => of_server(Said::Tools, "tools", "name"),
            Lookup::Prompt => of_server(Said::Prompts, "prompts", "name"),
            Lookup::Resource => of_server(Said::Resources, "resources", "uri"),
            Lookup::ToolArgument(tool) => {
                let tool = find(self.list(next, Said::Tools, "tools")?, tool)?;
                Some(arguments(member(&tool, "inputSchema")?))
            }
            Lookup::PromptArgument(prompt) => {
                let prompt = find(self.list(next, Said::Prompts, "prompts")?, prompt)?;
                let all = member(&prompt, "arguments").map(parts).unwrap_or_default();
                Some(named(&all, "name").into_iter().map(|(name, about)| (format!("{name}="), about)).collect())
            }
        }
    }

    fn names(&self) -> Vec<Word> {
        let word = |server: &crate::config::Server| (server.name.clone(), super::list::url(server));
        self.config.servers.iter().map(word).collect()
    }

    /// Servers that somebody signed in to and that have no name.
    fn urls(&self) -> Vec<Word> {
        let entries = self.store.iter().flat_map(Store::entries).flatten();
        let nameless = entries.filter(|(key, _)| overview::known_as(&self.config, key, None).is_none());
        let mut urls: Vec<Word> = nameless
            .filter_map(|(_, entry)| Some(entry.ok()?.about))
            .map(|about| (about.server, about.subject.unwrap_or_else(|| "signed in".into())))
            .collect();
        urls.sort();
        urls.dedup_by(|one, other| one.0 == other.0);
        urls
    }

    fn accounts(&self, server: &str) -> Vec<Word> {
        let of_name = self.config.server(server).into_iter().flat_map(|server| &server.accounts);
        let mut accounts: Vec<Word> = of_name.map(|account| (account.name.clone(), String::new())).collect();
        let shown = self.url(server).map(|url| shown(&url));
        for (_, entry) in self.store.iter().flat_map(Store::entries).flatten() {
            let Ok(entry) = entry else { continue };
            let account = entry.about.account.filter(|_| Some(&entry.about.server) == shown.as_ref());
            if let Some(account) = account.filter(|account| !accounts.iter().any(|(known, _)| known == account)) {
                accounts.push((account, entry.about.subject.unwrap_or_default()));
            }
        }
        accounts
    }

    fn url(&self, typed: &str) -> Option<Url> {
        self.config.server(typed).map_or_else(|| server::url(typed, true), names::url).ok()
    }

    /// What the server listed last, element by element: to the account that was typed, the one of the
    /// name, or any other.
    fn list(&self, next: &cli::Next, said: Said, name: &str) -> Option<Vec<String>> {
        let (store, typed) = (self.store.as_ref()?, next.server.as_deref()?);
        let url = self.url(typed)?;
        let of_name = overview::of_names(&self.config).find(|of| of.named.name == typed).map(|of| of.named);
        let resource = of_name.as_ref().and_then(|named| named.resource.as_deref());
        let account = next.account.as_deref().or(of_name.as_ref().and_then(|named| named.account.as_deref()));
        let shown = shown(&url);
        let others = store
            .entries()
            .into_iter()
            .flatten()
            .filter(|(_, entry)| entry.as_ref().is_ok_and(|entry| entry.about.server == shown));
        let keys = [Key::new(&url, resource, account), Key::new(&url, None, None)];
        let result = keys.into_iter().chain(others.map(|(key, _)| key)).find_map(|key| store.last_of(&key, said))?;
        Some(parts(member(&result, name)?))
    }
}

/// The elements of a list, as JSON text.
fn parts(list: &str) -> Vec<String> {
    elements(list).unwrap_or_default().into_iter().map(|at| list[at].to_owned()).collect()
}

fn word(element: &str, name: &str) -> Option<String> {
    member(element, name).and_then(plain_string).map(|word| word.into_owned())
}

/// The elements by their names, each with its description.
fn named(list: &[String], name: &str) -> Vec<Word> {
    let about = |element: &str| word(element, "description").or_else(|| word(element, "title")).unwrap_or_default();
    list.iter().filter_map(|element| Some((word(element, name)?, first_sentence(&about(element))))).collect()
}

fn find(list: Vec<String>, name: &str) -> Option<String> {
    list.into_iter().find(|element| word(element, "name").as_deref() == Some(name))
}

/// `name=` for each argument that a schema has, and `name=value` where it says which values there are.
fn arguments(schema: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (name, property, must) in properties(schema) {
        let about = first_sentence(&word(property, "description").unwrap_or_default());
        let about = if must { format!("{about} (needed)") } else { about };
        let values: Vec<String> = match (member(property, "enum"), word(property, "type").as_deref()) {
            (Some(values), _) => {
                parts(values).iter().filter_map(|value| plain_string(value)).map(|value| value.into_owned()).collect()
            }
            (None, Some("boolean")) => vec!["true".into(), "false".into()],
            _ => Vec::new(),
        };
        if values.is_empty() {
            words.push((format!("{name}="), about));
        } else {
            words.extend(values.iter().map(|value| (format!("{name}={value}"), about.clone())));
        }
    }
    words
}

//! `mcpbridge status`: who is signed in where.

use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value, json};
use url::Url;

use super::mark::Mark;
use super::moment::{ago, span};
use super::{access, names, overview, print, print_json, table};
use crate::auth::{self, Named};
use crate::cli::{Selection, Status};
use crate::clock;
use crate::config::{Config, Home};
use crate::failure::{Failure, Kind};
use crate::plain::{one_line, wrapped};
use crate::store::{Entry, Form, Happening, Kept, Key, Pending, Store};

/// Shows the accounts that are known, from the index alone: nothing is asked of a keychain.
///
/// # Errors
/// The selection names no account, or the index cannot be read.
pub fn run(typed: &Status) -> anyhow::Result<ExitCode> {
    let store = access::store()?;
    let accounts = selected(&store, &typed.selection)?;
    if typed.json {
        let accounts: Vec<Value> = accounts.iter().map(Account::json).collect();
        print_json(&json!({ "schema_version": 1, "accounts": accounts }))?;
    } else {
        print(human(&accounts).as_bytes())?;
    }
    Ok(match wanting(&accounts) {
        Some(Kind::SignInRequired) if typed.exit_zero => ExitCode::SUCCESS,
        wanting => wanting.map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_code())),
    })
}

/// What the person has to see to, for the exit code; `None` if nothing.
pub fn wanting<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Option<Kind> {
    let kinds = accounts.into_iter().filter_map(|account| match account.state {
        State::Ready | State::Without => None,
        // Nobody knows whether a sign-in is required.
        State::Damaged => Some(Kind::StoreUnavailable),
        State::Waiting | State::Expired | State::Ended | State::Unknown => Some(Kind::SignInRequired),
    });
    kinds.max_by_key(|kind| kind.exit_code())
}

/// One account, as it is shown.
pub struct Account {
    key: Key,
    entry: Option<Entry>,
    server: String,
    named: Option<Named>,
    name: Option<String>,
    resource: Option<String>,
    /// Where it is kept, and whether for want of a keychain.
    kept: Option<(Kept, bool)>,
    state: State,
    waiting: Option<Pending>,
    /// What is wrong with what is known of it.
    damage: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Waiting,
    Expired,
    Ended,
    /// What is known cannot be read.
    Damaged,
    /// Nobody is signed in.
    Unknown,
    /// Nobody is, and nobody may have to be.
    Without,
}

/// The accounts that `selection` names.
///
/// # Errors
/// The index cannot be read, or the entry of the account that was typed.
pub fn selected(store: &Store, selection: &Selection) -> Result<Vec<Account>, Failure> {
    let Some(typed) = &selection.server else {
        return all(store, &configured());
    };
    let (url, key) = access::select(typed, selection)?;
    // A URL may have a name as well, which is shorter to type.
    let config = configured();
    let named = |key: &Key, account: Option<&str>| {
        selection.named.as_ref().map(access::named).or_else(|| overview::known_as(&config, key, account))
    };
    let chosen = selection.account.as_deref();
    let whole = |key: &Key| Account::new(store, key.clone(), store.entry(key).ok().flatten(), named(key, chosen));
    let is_chosen = selection.account.is_some() || selection.resource.is_some();
    // Read also where all are meant: that the index cannot be read is no "not signed in".
    let is_known = store.entry(&key)?.is_some();
    if is_chosen {
        let (name, resource) = (selection.account.clone(), selection.resource.clone());
        let account = Account { server: crate::http::shown(&url), name, resource, ..whole(&key) };
        return Ok(vec![account.or_without(store, &url)]);
    }
    // Without a name all accounts of the server are meant.
    let shown = crate::http::shown(&url);
    let mut all: Vec<Account> = store
        .entries()?
        .into_iter()
        .map(|(key, entry)| Account::known(store, key, entry, &config))
        .filter(|account| account.server == shown)
        .map(|account| Account { named: named(&account.key, account.name.as_deref()), ..account })
        .collect();
    if all.is_empty() || is_known && !all.iter().any(|account| account.is(&key)) {
        all.insert(0, Account { server: shown, ..whole(&key) }.or_without(store, &url));
    }
    Ok(all)
}

/// All accounts that are known, and those that somebody signs in to for the first time just now.
///
/// # Errors
/// The index cannot be read.
pub fn all(store: &Store, config: &Config) -> Result<Vec<Account>, Failure> {
    let known = |(key, entry): (Key, Result<Entry, Failure>)| Account::known(store, key, entry, config);
    let mut accounts: Vec<Account> = store.entries()?.into_iter().map(known).collect();
    for (key, pending) in store.under_way() {
        let Some(about) = pending.about.filter(|_| !accounts.iter().any(|account| account.is(&key))) else { continue };
        let named = overview::known_as(config, &key, about.account.as_deref());
        let account = Account::gone(store, key, (about.server, about.account), named);
        if account.state == State::Waiting {
            accounts.push(Account { resource: about.resource, ..account });
        }
    }
    Ok(accounts)
}

/// What names there are. Who asks for the sign-ins is told of them also where that file is damaged.
pub fn configured() -> Config {
    let config = Home::find(|name| std::env::var_os(name)).and_then(|home| names::config(&home));
    config.unwrap_or_default()
}

impl Account {
    /// What is known of the account under `key`.
    pub fn new(store: &Store, key: Key, entry: Option<Entry>, named: Option<Named>) -> Self {
        let pending = store.pending(&key).filter(|pending| pending.end.is_none());
        // Whoever waits for the browser holds the lock; a note without it is of a process that was killed.
        let waiting = pending.filter(|_| matches!(store.try_lock(&key, crate::store::Lock::SignIn), Ok(None)));
        let now = clock::now();
        let state = match &entry {
            _ if waiting.is_some() => State::Waiting,
            None => State::Unknown,
            Some(entry) if entry.ended.is_some() || entry.kept.is_none() => State::Ended,
            Some(entry) if !entry.renewable && entry.expires_at.is_some_and(|end| end <= now) => State::Expired,
            Some(_) => State::Ready,
        };
        Account {
            server: entry.as_ref().map(|entry| entry.about.server.clone()).unwrap_or_default(),
            named,
            name: entry.as_ref().and_then(|entry| entry.about.account.clone()),
            resource: entry.as_ref().and_then(|entry| entry.about.resource.clone()),
            kept: store.describe(&key).map(|kept| (kept, store.stand_in(&key).is_some())),
            waiting,
            damage: None,
            key,
            entry,
            state,
        }
    }

    /// What is known of the account under `key`, by the name that the person has for it.
    pub fn known(store: &Store, key: Key, entry: Result<Entry, Failure>, config: &Config) -> Self {
        let entry = match entry {
            Ok(entry) => entry,
            Err(damage) => {
                // The history alone tells whose it is, if that does.
                let whose = store.history(&key).pop().map(|last| (last.server, last.account)).unwrap_or_default();
                let named = overview::known_as(config, &key, whose.1.as_deref());
                return Account::damaged(store, key, whose, named, damage);
            }
        };
        let named = overview::known_as(config, &key, entry.about.account.as_deref());
        Account::new(store, key, Some(entry), named)
    }

    /// An account whose entry cannot be read, because of `damage`.
    pub fn damaged(
        store: &Store,
        key: Key,
        whose: (String, Option<String>),
        named: Option<Named>,
        damage: Failure,
    ) -> Self {
        Account { state: State::Damaged, damage: Some(damage), ..Account::gone(store, key, whose, named) }
    }

    /// An account without an entry: the URL of its server, and its name.
    pub fn gone(store: &Store, key: Key, (server, name): (String, Option<String>), named: Option<Named>) -> Self {
        Account { server, name, ..Account::new(store, key, None, named) }
    }

    /// The account at a server that is known by its name, whether somebody has signed in or not.
    pub fn at(mut self, server: String, account: Option<String>) -> Self {
        self.server = server;
        if let (State::Unknown, Some(named)) = (self.state, &self.named) {
            self.state = State::Without;
            self.name = account;
            self.resource.clone_from(&named.resource);
        }
        self
    }

    /// The same where the server at `url` asked for no sign-in the last time, as far as this machine knows.
    fn or_without(self, store: &Store, url: &Url) -> Self {
        // Runs are noted by server and account; of another resource they say nothing.
        let runs = if self.resource.is_none() { store.runs(&Key::new(url, None, None)) } else { Vec::new() };
        let mut ended = runs.iter().rev().filter(|run| run.start.account == self.name);
        let run = ended.find_map(|run| run.end.as_ref().map(|(at, end)| (at / 1000, end.code, run.open.is_some())));
        let asked_for_none = match (store.history(&self.key).pop(), run) {
            // It may have changed its mind since then.
            (Some(last), run) => {
                let wanted = Kind::SignInRequired.exit_code();
                last.what == Happening::NotNeeded && !run.is_some_and(|(at, code, _)| at >= last.at && code == wanted)
            }
            (None, run) => matches!(run, Some((_, 0, true))),
        };
        let state = if self.state == State::Unknown && asked_for_none { State::Without } else { self.state };
        Account { state, ..self }
    }

    /// What it is kept under.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Whether it is the account under `key`.
    pub fn is(&self, key: &Key) -> bool {
        self.key == *key
    }

    /// The URL of its server, as it may be shown.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name of its server, if that has one.
    pub fn name(&self) -> Option<&String> {
        self.named.as_ref().map(|named| &named.name)
    }

    /// Whether nobody has to do anything.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// What to do about it, as it can be said behind a colon; `None` if nothing.
    fn hint(&self) -> Option<String> {
        match (&self.damage, self.state) {
            (_, State::Ready | State::Without) => None,
            (Some(damage), _) => damage.remedy.clone(),
            (None, _) => Some(self.command("login")),
        }
    }

    /// The command `verb` about it, as it can be typed.
    pub fn command(&self, verb: &str) -> String {
        let (account, resource) = (self.name.as_deref(), self.resource.as_deref());
        match &self.named {
            Some(named) => named.command(verb, account, resource),
            None => auth::command(verb, &self.server, account, resource),
        }
    }

    /// What is known, for a program.
    pub fn json(&self) -> Value {
        let state = match self.state {
            State::Ready => "ready",
            State::Waiting => "waiting",
            State::Expired => "expired",
            State::Ended => "ended",
            State::Damaged => "damaged",
            State::Unknown => "signed_out",
            State::Without => "not_needed",
        };
        let entry = self.entry.as_ref();
        let ended = entry.and_then(|entry| entry.ended.as_ref()).map(|ended| &ended.why);
        json!({
            "server": self.server,
            "name": self.named.as_ref().map(|named| &named.name),
            "account": self.name,
            "state": state,
            "kind": entry.map(|entry| match entry.kind { Form::Oauth => "oauth", Form::ApiKey => "api_key" }),
            "subject": entry.and_then(|entry| entry.about.subject.clone()),
            "kept_in": self.kept.as_ref().map(|(kept, stands_in)| placed(kept.to_string(), *stands_in)),
            "issuer": entry.and_then(|entry| entry.issuer.clone()),
            "scopes": entry.map(|entry| entry.scopes.clone()).unwrap_or_default(),
            "signed_in_at": entry.map(|entry| entry.signed_in_at),
            "renewed_at": entry.and_then(|entry| entry.renewed_at),
            "expires_at": entry.and_then(|entry| entry.expires_at),
            "bound_to_key": entry.is_some_and(|entry| entry.bound),
            "renewable": entry.is_some_and(|entry| entry.renewable),
            "why": self.damage.as_ref().map(|damage| &damage.fact).or(ended),
            "sign_in_url": self.waiting.as_ref().map(|pending| &pending.url),
            "sign_in_code": self.waiting.as_ref().and_then(|pending| pending.code.as_ref()),
            "hint": self.hint(),
            "key": self.key.as_str(),
        })
    }

    /// What is known, for a person.
    pub fn lines(&self) -> String {
        let (sign, mark) = match self.state {
            State::Ready => ("✓", Mark::Well),
            State::Waiting => ("…", Mark::Look),
            State::Expired | State::Ended | State::Damaged | State::Unknown => ("✗", Mark::Wrong),
            State::Without => ("·", Mark::Idle),
        };
        let style = mark.style();
        let name = self.name.as_deref().unwrap_or("default");
        let now = clock::now();
        let mut facts: Vec<String> = self.damage.iter().map(|damage| damage.fact.clone()).collect();
        if let Some(entry) = &self.entry {
            facts.extend(entry.about.subject.clone());
            match self.state {
                State::Ended => facts.push(match &entry.ended {
                    Some(ended) => format!("ended {}: {}", ago(ended.at, now), ended.why),
                    None => "ended".to_owned(),
                }),
                State::Expired => {
                    let when = entry.expires_at.map(|end| ago(end, now)).unwrap_or_default();
                    facts.push(format!("expired {when}, and cannot be renewed"));
                }
                _ => {}
            }
            facts.extend(self.kept.as_ref().map(|(kept, stands_in)| {
                let what = match entry.kind {
                    Form::Oauth => "token",
                    Form::ApiKey => "API key",
                };
                format!("{what} in {}", placed(kept.roughly(), *stands_in))
            }));
            facts.extend(entry.bound.then(|| "bound to a key (DPoP)".to_owned()));
            if self.state == State::Ready {
                facts.extend(renewal(entry, now));
            }
            if !entry.scopes.is_empty() {
                facts.push(format!("scopes: {}", entry.scopes.join(" ")));
            }
        }
        facts.extend(self.waiting.as_ref().map(|Pending { url, code, .. }| match code {
            Some(code) => format!("waits for somebody to enter {code} at {url}"),
            None => format!("waits for the browser: {url}"),
        }));
        match self.state {
            State::Unknown => facts.push("not signed in".to_owned()),
            State::Without => facts.push("no sign-in is kept".to_owned()),
            _ => {}
        }
        let room = table::width().saturating_sub(INDENT.len());
        let lines = wrapped(&format!("{name}  {}", one_line(&facts.join(" · "))), room, room);
        let mut text = format!("  {style}{sign}{style:#} {}\n", lines.join(&format!("\n{INDENT}")));
        match self.state {
            State::Ready | State::Waiting | State::Without => {}
            State::Damaged => text += &format!("{INDENT}{}\n", self.hint().unwrap_or_default()),
            State::Expired | State::Ended | State::Unknown => {
                text += &format!("{INDENT}run: {}\n", self.command("login"));
            }
        }
        text
    }
}

fn placed(kept: String, stands_in: bool) -> String {
    if stands_in { format!("{kept} (no keychain service)") } else { kept }
}

fn renewal(entry: &Entry, now: u64) -> Option<String> {
    Some(match (entry.renewable, auth::renewal(entry, now)?) {
        (true, 0) => "renewed when it is used next".to_owned(),
        (true, left) => format!("renewed in {}", span(left)),
        (false, _) => format!("expires in {}", span(entry.expires_at?.saturating_sub(now))),
    })
}

/// The accounts, server by server.
pub fn human(accounts: &[Account]) -> String {
    if accounts.is_empty() {
        let config = configured();
        let server = config.servers.first().map_or("URL", |server| server.name.as_str());
        return format!("nobody is signed in anywhere\n  run: mcpbridge login {server}\n");
    }
    let bold = Style::new().bold();
    let mut text = String::new();
    let mut last = String::new();
    for account in accounts {
        let head = match &account.named {
            Some(named) => format!("{bold}{}{bold:#}  {}\n", named.name, account.server),
            None if account.server.is_empty() => format!("{bold}a server that is not known any more{bold:#}\n"),
            None => format!("{bold}{}{bold:#}\n", account.server),
        };
        if head != last {
            text += &head;
            last = head;
        }
        text += &account.lines();
    }
    text
}

/// What stands below a mark.
const INDENT: &str = "    ";

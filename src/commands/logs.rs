//! `mcpbridge logs`: the last runs of each server.

mod follow;

use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value, json};

use super::mark::Mark;
use super::moment::{moment, span};
use super::{access, overview, print, print_json, server, status, table};
use crate::auth::{self, Named};
use crate::cli::Logs;
use crate::clock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::plain::{one_line, wrapped};
use crate::store::{End, Key, Open, Run, Store};

/// Shows what relays have noted.
///
/// # Errors
/// What was typed is no URL, or there is no folder for what is kept, or others can write to it.
pub fn run(typed: &Logs) -> anyhow::Result<ExitCode> {
    let store = access::store()?;
    store.check_runs()?;
    let only = typed.server.as_ref().map(|word| server::url(word, true)).transpose()?;
    let only = only.map(|url| (Key::new(&url, None, None), shown(&url)));
    // First, so that nothing is noted in between.
    let following = typed.follow.then(|| store.follow_runs(only.as_ref().map(|(key, _)| key)));
    let servers = servers(&store, typed)?;
    if typed.json {
        let servers: Vec<Value> = servers.iter().map(Server::json).collect();
        print_json(&json!({ "schema_version": 1, "servers": servers }))?;
    } else {
        print(human(&servers).as_bytes())?;
    }
    let Some(following) = following else { return Ok(ExitCode::SUCCESS) };
    let config = status::configured();
    follow::run(following, typed.json, |key| {
        let of_a_run = || store.runs(key).into_iter().map(|run| run.start.server).rfind(|server| !server.is_empty());
        let shown = only.as_ref().map(|(_, shown)| shown.clone()).or_else(of_a_run)?;
        let named = typed.named.as_ref().map(access::named).or_else(|| named(&config, key));
        Some(Server { shown, named, runs: Vec::new() })
    })
}

/// A server, and the runs that are shown.
struct Server {
    shown: String,
    named: Option<Named>,
    /// The newest last.
    runs: Vec<Run>,
}

/// The one that was typed, or all, the one that ran last at the end.
fn servers(store: &Store, typed: &Logs) -> Result<Vec<Server>, Failure> {
    let config = status::configured();
    let last = |key: &Key| {
        let mut runs = store.runs(key);
        runs.drain(..runs.len().saturating_sub(typed.last as usize));
        runs
    };
    if let Some(word) = &typed.server {
        let url = server::url(word, true)?;
        let named = typed.named.as_ref().map(access::named);
        let runs = last(&Key::new(&url, None, None));
        return Ok(vec![Server { shown: shown(&url), named, runs }]);
    }
    let server = |key: Key| {
        let runs = last(&key);
        // The line of the beginning may be gone, but not of all runs.
        let shown = runs.iter().rev().map(|run| &run.start.server).find(|server| !server.is_empty())?.clone();
        Some(Server { shown, named: named(&config, &key), runs })
    };
    let mut servers: Vec<Server> = store.servers_with_runs().into_iter().filter_map(server).collect();
    servers.sort_by_key(|server| server.runs.last().map(|run| run.began));
    Ok(servers)
}

/// The name that the server has, whatever the account.
fn named(config: &Config, key: &Key) -> Option<Named> {
    overview::of_names(config).find(|of| Key::new(&of.url, None, None) == *key).map(|of| of.named)
}

impl Server {
    fn json(&self) -> Value {
        let runs: Vec<Value> = self.runs.iter().map(json).collect();
        json!({ "server": self.shown, "name": self.named.as_ref().map(|named| &named.name), "runs": runs })
    }

    /// The relay for it, as it can be typed.
    fn relay(&self) -> String {
        let server = self.named.as_ref().map_or(&self.shown, |named| &named.name);
        format!("mcpbridge {}", auth::quoted(server))
    }

    /// The command that tells of the sign-in to an account of it.
    fn why(&self, account: Option<&str>) -> String {
        match &self.named {
            Some(named) => named.command("why", account, None),
            None => auth::command("why", &self.shown, account, None),
        }
    }
}

fn json(run: &Run) -> Value {
    let end = run.end.as_ref();
    let state = match (end, run.is_running()) {
        (Some(_), _) => "ended",
        (None, Some(true)) => "running",
        (None, _) => "no_end_noted",
    };
    let said = run.said.iter().map(|(at, warning, text)| {
        let level = if *warning { "warning" } else { "info" };
        json!({ "at": at / 1000, "level": level, "text": text })
    });
    json!({
        "pid": run.pid,
        "version": run.start.version,
        "account": run.start.account,
        "state": state,
        "started_at": run.began / 1000,
        "ended_at": end.map(|(at, _)| at / 1000),
        "editor": run.editor.as_ref().map(|(name, version)| json!({ "name": name, "version": version })),
        "eras": run.open.as_ref().map(|open| json!({ "editor": open.editor, "server": open.server })),
        "transport": run.open.as_ref().map(|open| &open.transport),
        "requests": end.map(|(_, end)| end.requests),
        "failed": end.map(|(_, end)| end.failed),
        "exit_code": end.map(|(_, end)| end.code),
        "why": end.and_then(|(_, end)| end.why.as_ref()),
        "said": said.collect::<Vec<Value>>(),
    })
}

fn human(servers: &[Server]) -> String {
    let bold = Style::new().bold();
    let mut text = String::new();
    for server in servers {
        let name = server.named.as_ref().map(|named| format!("{bold}{}{bold:#}  ", named.name)).unwrap_or_default();
        text += &format!("{name}{bold}{}{bold:#}\n", one_line(&server.shown));
        for run in &server.runs {
            text += &lines(run);
        }
        let last = server.runs.last();
        if last.is_none() {
            text += &format!("  no run is noted\n  a relay notes its runs by itself: {}\n", server.relay());
        }
        let code = last.and_then(|run| run.end.as_ref()).map(|(_, end)| end.code);
        if code
            .is_some_and(|code| [Kind::SignInRequired, Kind::SignInRefused].iter().any(|kind| kind.exit_code() == code))
        {
            let account = last.and_then(|run| run.start.account.as_deref());
            text += &format!("  run: {}\n", one_line(&server.why(account)));
        }
    }
    if servers.is_empty() {
        text += "no run is noted\n  a relay notes its runs by itself; an editor gets one with:\n  mcpbridge install EDITOR URL\n";
    }
    text
}

fn lines(run: &Run) -> String {
    let now = clock::now();
    let (sign, mark) = match (&run.end, run.is_running()) {
        (Some((_, end)), _) if end.code == 0 => ("✓", Mark::Well),
        (Some(_), _) => ("✗", Mark::Wrong),
        (None, Some(true)) => ("…", Mark::Look),
        (None, _) => ("?", Mark::Look),
    };
    let (style, dim) = (mark.style(), Style::new().dimmed());
    let mut facts = Vec::new();
    facts.push(match &run.editor {
        Some((name, Some(version))) => format!("{} {}", one_line(name), one_line(version)),
        Some((name, None)) => one_line(name),
        None => "no editor said its name".to_owned(),
    });
    facts.extend(run.start.account.as_ref().map(|account| format!("account {}", one_line(account))));
    facts.extend(run.open.as_ref().map(opened));
    if let Some((_, end)) = &run.end {
        facts.push(number(end));
    }
    facts.push(end(run));
    let version = if run.start.version.is_empty() {
        String::new()
    } else {
        format!(", mcpbridge {}", one_line(&run.start.version))
    };
    let mut text = format!(
        "  {style}{sign}{style:#} {}  {dim}process {}{version}{dim:#}\n{}",
        moment(run.began / 1000, now),
        run.pid,
        indented(&facts.join(" · "), 4),
    );
    for (_, warning, said) in &run.said {
        let mark = if *warning { "warning: " } else { "" };
        text += &indented(&format!("{mark}{}", one_line(said)), 6);
    }
    text
}

/// A text in lines that are `indent` columns in.
fn indented(text: &str, indent: usize) -> String {
    let room = table::width().saturating_sub(indent);
    wrapped(text, room, room).iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// How editor and server were spoken to.
fn opened(open: &Open) -> String {
    let transport = if open.transport == "sse" { "HTTP+SSE" } else { "Streamable HTTP" };
    format!("{} editor, {} server, {transport}", one_line(&open.editor), one_line(&open.server))
}

/// How many requests there were.
fn number(end: &End) -> String {
    let requests = format!("{} {}", end.requests, if end.requests == 1 { "request" } else { "requests" });
    match end.failed {
        0 => requests,
        failed => format!("{requests}, {failed} not answered by the server"),
    }
}

/// How it ended, if it has.
fn end(run: &Run) -> String {
    let Some((at, End { code, why, .. })) = &run.end else {
        return match run.is_running() {
            Some(true) => "running".to_owned(),
            Some(false) => "no end noted, and the process is gone: it was killed".to_owned(),
            None => "no end noted".to_owned(),
        };
    };
    let after = span(at.saturating_sub(run.began) / 1000);
    let how = match Kind::of_exit_code(*code) {
        None if *code == 0 => "ended well".to_owned(),
        Some(Kind::SignInRequired) => "a sign-in was wanted".to_owned(),
        Some(Kind::SignInRefused) => "the sign-in was refused".to_owned(),
        Some(Kind::Unreachable) => "the server was not reached, or did not answer".to_owned(),
        Some(Kind::Protocol) => "the server broke the protocol".to_owned(),
        Some(Kind::StoreUnavailable) => "the credential store was locked or failed".to_owned(),
        Some(Kind::Usage) => "it could not begin".to_owned(),
        Some(Kind::Interrupted) => "interrupted".to_owned(),
        Some(Kind::Internal) | None => "ended with a fault".to_owned(),
    };
    let exit = if *code == 0 { String::new() } else { format!(", exit code {code}") };
    let why = why.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
    format!("{how} (ran {after}{exit}){why}")
}

//! `mcpbridge logs --follow`: what relays note, as they note it.

use std::collections::HashMap;
use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use super::{Server, end, number, opened};
use crate::bridge::signals::{self, Signal};
use crate::commands::moment::date;
use crate::commands::{event_loop, is_read, write};
use crate::failure::Failure;
use crate::plain::{self, one_line};
use crate::store::{Following, Key, News, Noted, Run};

/// Prints what is noted until it is interrupted or nobody reads. `named` says what a server is called.
///
/// # Errors
/// Something cannot be printed; or Ctrl-C, which is how it usually ends.
pub fn run(mut following: Following, json: bool, named: impl Fn(&Key) -> Option<Server>) -> anyhow::Result<ExitCode> {
    let mut servers: HashMap<Key, Option<Server>> = HashMap::new();
    event_loop()?.block_on(async {
        let mut signals = signals::listen();
        loop {
            for news in following.news() {
                // The line that says the URL may be this one.
                let server = servers.entry(news.server.clone()).or_insert_with(|| named(&news.server));
                let line = if json {
                    plain::json(&told(server.as_ref(), &news).to_string())
                } else {
                    line(server.as_ref(), &news)
                };
                if !write(format!("{line}\n").as_bytes())? {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            if !is_read() {
                return Ok(ExitCode::SUCCESS);
            }
            tokio::select! {
                Some(signal) = signals.recv() => match signal {
                    Signal::Interrupt => return Err(Failure::interrupted().into()),
                    #[cfg(unix)]
                    Signal::Terminate => return Ok(ExitCode::SUCCESS),
                },
                () = sleep(PAUSE) => {}
            }
        }
    })
}

/// For a program.
fn told(server: Option<&Server>, news: &News) -> Value {
    let what = match &news.what {
        Noted::Start(start) => json!({ "event": "start", "version": start.version, "account": start.account }),
        Noted::Editor { name, version } => json!({ "event": "editor", "editor": { "name": name, "version": version } }),
        Noted::Open(open) => {
            let eras = json!({ "editor": open.editor, "server": open.server });
            json!({ "event": "open", "eras": eras, "transport": open.transport })
        }
        Noted::Said { warning, text } => {
            json!({ "event": "said", "level": if *warning { "warning" } else { "info" }, "text": text })
        }
        Noted::End(end) => json!({
            "event": "end", "exit_code": end.code, "why": end.why, "requests": end.requests, "failed": end.failed,
        }),
    };
    let mut told = json!({
        "schema_version": 1,
        "server": server.map(|server| &server.shown),
        "name": server.and_then(|server| server.named.as_ref()).map(|named| &named.name),
        "pid": news.pid,
        "at": news.at / 1000,
    });
    if let (Some(told), Value::Object(what)) = (told.as_object_mut(), what) {
        told.extend(what);
    }
    told
}

/// For a person.
fn line(server: Option<&Server>, news: &News) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let named = server.map(|server| server.named.as_ref().map_or(&server.shown, |named| &named.name));
    let server = named.map(|name| one_line(name)).unwrap_or_default();
    let what = match &news.what {
        Noted::Start(start) => {
            let account = start.account.as_ref().map(|account| format!(", account {}", one_line(account)));
            format!("begins{}", account.unwrap_or_default())
        }
        Noted::Editor { name, version } => {
            let version = version.as_ref().map(|version| format!(" {}", one_line(version))).unwrap_or_default();
            format!("editor: {}{version}", one_line(name))
        }
        Noted::Open(open) => opened(open),
        Noted::Said { warning, text } => format!("{}{}", if *warning { "warning: " } else { "" }, one_line(text)),
        Noted::End(its) => {
            let run = Run { pid: news.pid, began: news.began, end: Some((news.at, its.clone())), ..Run::default() };
            format!("{} · {}", number(its), end(&run))
        }
    };
    format!("{dim}{}{dim:#}  {bold}{server}{bold:#} {dim}process {}{dim:#}  {what}", date(news.at / 1000), news.pid)
}

/// How long what was noted may wait to be looked for. A folder on another machine tells of no changes, so it is looked.
const PAUSE: Duration = Duration::from_millis(250);

//! `mcpbridge list`: the servers that have a name.

use std::env;
use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Map, Value as Json, json};

use super::table::{shortened, width};
use super::{names, print, print_json, server};
use crate::cli::List;
use crate::config::{Config, Home, Server, Setting, Value, in_plain, short};
use crate::http::shown;
use crate::log::{self as logging, Volume};
use crate::plain::wrapped;

/// Shows the servers, and where they are written.
///
/// # Errors
/// The file cannot be read, or says what it cannot say.
pub fn run(typed: &List) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let config = names::config(&Home::find(|name| env::var_os(name))?)?;
    for (place, key, what) in config.secrets_in_plain() {
        log::warn!("{}", names::warning(place, key, &what));
    }
    let code = if typed.json {
        let servers: Vec<Json> = config.servers.iter().map(json).collect();
        print_json(&json!({
            "schema_version": 1,
            "file": config.path,
            "servers": servers,
            "defaults": settings(&config.defaults),
        }))
    } else {
        print(human(&config, width()).as_bytes())
    };
    logging::finish();
    code
}

/// The URL of a server as it may be shown.
pub fn url(written: &Server) -> String {
    server::url(&written.url, true).map_or_else(|_| "no URL".into(), |url| shown(&url))
}

fn json(server: &Server) -> Json {
    let accounts: Map<String, Json> =
        server.accounts.iter().map(|account| (account.name.clone(), settings(&account.settings))).collect();
    json!({
        "name": server.name,
        "url": url(server),
        "port": server.port,
        "organization": server.organization,
        "settings": settings(&server.settings),
        "accounts": accounts,
        "line": server.place.line,
    })
}

/// What is set, without secrets.
fn settings(all: &[Setting]) -> Json {
    let value = |setting: &Setting| match &setting.value {
        Value::Switch(on) => json!(on),
        Value::Texts(texts) => {
            json!(
                texts
                    .iter()
                    .map(|text| if in_plain(&setting.key, text).is_some() { HIDDEN } else { text })
                    .collect::<Vec<_>>()
            )
        }
    };
    Json::Object(all.iter().map(|setting| (setting.key.clone(), value(setting))).collect())
}

fn human(config: &Config, columns: usize) -> String {
    if config.servers.is_empty() {
        return format!(
            "no server has a name\n  run: mcpbridge add NAME URL\n  they are kept in {}\n",
            short(&config.path)
        );
    }
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let width = config.servers.iter().map(|server| server.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for server in &config.servers {
        let keys: Vec<&str> = server.settings.iter().map(|setting| setting.key.as_str()).collect();
        let accounts = server.accounts.iter().map(|account| format!("account {}", account.name));
        let facts: Vec<String> = keys.into_iter().map(str::to_owned).chain(accounts).collect();
        let (url, facts) = (url(server), facts.join(", "));
        let taken = width + GAP.len() + url.chars().count();
        // Beside the URL, or below it where the line would be too long.
        let (margin, lines) = match taken + GAP.len() + facts.chars().count() <= columns {
            true => (GAP.to_owned(), vec![facts]),
            false => {
                let margin = format!("\n{}", " ".repeat(width + GAP.len()));
                let room = columns.saturating_sub(width + GAP.len());
                (margin, wrapped(&facts, room, room))
            }
        };
        let facts: String =
            lines.iter().filter(|it| !it.is_empty()).map(|it| format!("{margin}{dim}{it}{dim:#}")).collect();
        text += &format!("{bold}{:width$}{bold:#}{GAP}{url}{facts}\n", server.name);
    }
    let file = shortened(&short(&config.path), columns.saturating_sub("in ".len()));
    text + &format!("{dim}in {file}{dim:#}\n")
}

/// Between columns.
const GAP: &str = "  ";

/// In the place of a secret.
const HIDDEN: &str = "(hidden)";

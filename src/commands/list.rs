//! `mcpbridge list`: the servers that have a name.

use std::env;
use std::process::ExitCode;

use anstyle::Style;
use serde_json::{Map, Value as Json, json};

use super::{names, print, print_json, server};
use crate::cli::List;
use crate::config::{Config, Home, Server, Setting, Value, in_plain, short};
use crate::http::shown;
use crate::log::{self as logging, Volume};

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
        print(human(&config).as_bytes())
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

fn human(config: &Config) -> String {
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
        let facts = if facts.is_empty() { String::new() } else { format!("  {dim}{}{dim:#}", facts.join(", ")) };
        text += &format!("{bold}{:width$}{bold:#}  {}{facts}\n", server.name, url(server));
    }
    text + &format!("{dim}in {}{dim:#}\n", short(&config.path))
}

/// In the place of a secret.
const HIDDEN: &str = "(hidden)";

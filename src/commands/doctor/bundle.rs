//! What was found, in a file for a report of a fault. What may be a secret does not come in: of settings
//! only those values are written that are known to be harmless.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::editors;
use crate::clock::now;
use crate::commands::names;
use crate::config::{Config, Home, Setting, Value, short};
use crate::editors::Host;
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::private;
use crate::store::Store;

/// Makes sure that the file can be made.
///
/// # Errors
/// There is one already.
pub fn check(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let fact = format!("{} is there already, and is not written over", short(path));
    Err(Failure::new(Kind::Usage, fact).remedy("name a new file"))
}

/// Writes it, for the user alone. `scrub` takes out what the run was told and a text may repeat.
///
/// # Errors
/// It cannot be written.
pub fn write(
    path: &Path,
    report: &Json,
    (home, store, host): (Option<&Home>, Option<&Store>, &Host),
    scrub: impl Fn(&str) -> String,
) -> Result<(), Failure> {
    let whole = json!({
        "schema_version": 1,
        "made_at": now(),
        "version": env!("CARGO_PKG_VERSION"),
        "system": { "os": std::env::consts::OS, "architecture": std::env::consts::ARCH, "release": release() },
        "variables": variables(),
        "doctor": report,
        "config": home.map(config),
        "sign_ins": store.map(sign_ins),
        "editors": editors::summary(host),
    });
    let text = scrub(&format!("{whole:#}\n"));
    let unwritable = |error: std::io::Error| {
        Failure::new(Kind::Usage, format!("{} cannot be written: {error}", short(path))).remedy("name another file")
    };
    let mut file = private::create_new(path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}

/// What the system calls itself.
fn release() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

/// The names of the variables that are set and that something depends on.
fn variables() -> Vec<String> {
    let ours = |name: &String| {
        let upper = name.to_ascii_uppercase();
        upper.starts_with("MCPBRIDGE_")
            || upper.starts_with("XDG_")
            || upper.ends_with("_PROXY")
            || OTHERS.contains(&upper.as_str())
    };
    let mut names: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(ours).collect();
    names.sort();
    names
}

fn config(home: &Home) -> Json {
    match names::config(home) {
        Err(failure) => json!({ "error": failure.fact }),
        Ok(config) => {
            let Config { path, servers, defaults, organizations } = &config;
            let servers: Vec<Json> = servers
                .iter()
                .map(|server| {
                    let accounts = server.accounts.iter().map(|it| (it.name.clone(), settings(&it.settings)));
                    json!({
                        "name": server.name,
                        "url": crate::commands::list::url(server),
                        "port": server.port,
                        "organization": server.organization,
                        "settings": settings(&server.settings),
                        "accounts": accounts.collect::<Map<_, _>>(),
                    })
                })
                .collect();
            let organizations = organizations.iter().map(|it| (it.name.clone(), settings(&it.settings)));
            json!({
                "file": short(path),
                "servers": servers,
                "organizations": organizations.collect::<Map<_, _>>(),
                "defaults": settings(defaults),
            })
        }
    }
}

fn settings(all: &[Setting]) -> Json {
    let value = |setting: &Setting| match &setting.value {
        Value::Switch(on) => json!(on),
        Value::Texts(texts) if is_harmless(&setting.key) => json!(texts),
        Value::Texts(texts) => json!(vec![HIDDEN; texts.len()]),
    };
    Json::Object(all.iter().map(|setting| (setting.key.clone(), value(setting))).collect())
}

/// Whether no value of a setting can be a secret.
fn is_harmless(key: &str) -> bool {
    key.ends_with("-timeout") || HARMLESS.contains(&key)
}

/// What is known of the sign-ins, without who has signed in.
fn sign_ins(store: &Store) -> Json {
    let entries = match store.entries() {
        Ok(entries) => entries,
        Err(failure) => return json!([{ "error": failure.fact }]),
    };
    let entries = entries.into_iter().map(|(key, entry)| match entry {
        Err(failure) => json!({ "key": key.as_str(), "error": failure.fact }),
        Ok(entry) => json!({
            "key": key.as_str(),
            "server": url::Url::parse(&entry.about.server).map_or_else(|_| HIDDEN.to_owned(), |url| shown(&url)),
            "has_account": entry.about.account.is_some(),
            "kind": entry.kind,
            "kept": entry.kept,
            "issuer": entry.issuer,
            "scopes": entry.scopes,
            "signed_in_at": entry.signed_in_at,
            "renewed_at": entry.renewed_at,
            "expires_at": entry.expires_at,
            "renewable": entry.renewable,
            "in_doubt": entry.doubt.is_some(),
            "ended": entry.ended,
        }),
    });
    Json::Array(entries.collect())
}

/// Settings whose values cannot be secrets.
const HARMLESS: [&str; 9] = [
    "color",
    "transport",
    "protocol",
    "allow-tool",
    "ignore-tool",
    "ping-interval",
    "max-message-size",
    "host",
    "account",
];
/// Variables of the system and of other programs that something depends on.
const OTHERS: [&str; 12] = [
    "BROWSER",
    "CI",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "LANG",
    "NODE_EXTRA_CA_CERTS",
    "NO_COLOR",
    "SSH_CONNECTION",
    "SSL_CERT_FILE",
    "TERM",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
];
/// In the place of what may be a secret.
const HIDDEN: &str = "(hidden)";

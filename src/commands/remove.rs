//! `mcpbridge remove`: takes a server's name out of the configuration.

use std::env;
use std::process::ExitCode;

use serde_json::json;

use super::table::width;
use super::{access, names, print, print_json, server};
use crate::auth;
use crate::cli::Remove;
use crate::config::{self, Config, Home, Server, Value};
use crate::http::shown;
use crate::plain::wrapped;
use crate::store::Key;

/// Removes the server. Whoever is signed in there stays so.
///
/// # Errors
/// There is no server of that name, or the file cannot be changed.
pub fn run(typed: &Remove) -> anyhow::Result<ExitCode> {
    let home = Home::find(|name| env::var_os(name))?;
    // What is set for all servers, and for those of an organization, tells as whom one signs in.
    let config = names::config(&home)?;
    let removed = config::remove(&home, &names::words(), &typed.name)?;
    let url = shown(&server::url(&removed.url, true)?);
    let used: Vec<Key> = config
        .servers
        .iter()
        .filter(|it| it.name != removed.name)
        .flat_map(|it| sign_ins(&config, it))
        .map(|it| it.key)
        .collect();
    let sign_outs: Vec<String> = sign_ins(&config, &removed)
        .into_iter()
        .filter(|it| !used.contains(&it.key) && is_signed_in(&it.key))
        .map(|it| auth::command("logout", &url, it.account, it.resource))
        .collect();
    if typed.json {
        return print_json(&json!({
            "schema_version": 1,
            "name": removed.name,
            "url": url,
            "removed": true,
            "hint": (!sign_outs.is_empty()).then(|| sign_outs.join(" && ")),
        }));
    }
    let columns = width();
    let below = |text: &str| wrapped(text, columns.saturating_sub(2), columns.saturating_sub(4)).join("\n    ");
    let mut text = format!("{} removed from {}\n", removed.name, config::short(&removed.place.path));
    if removed.settings.iter().any(|setting| matches!(&setting.value, Value::Texts(_))) {
        let file = config::short(&removed.place.path.with_extension("toml.bak"));
        text += &format!("  {}\n", below(&format!("its flags are gone with it; the file as it was is {file}")));
    }
    if !sign_outs.is_empty() {
        text += &format!("  you are still signed in there; to sign out, run:\n    {}\n", sign_outs.join(" && "));
    }
    print(text.as_bytes())
}

/// Where a sign-in of a named server is.
struct SignIn<'c> {
    key: Key,
    account: Option<&'c str>,
    resource: Option<&'c str>,
}

/// The sign-ins that the name of a server may have been used for.
fn sign_ins<'c>(config: &'c Config, server: &'c Server) -> Vec<SignIn<'c>> {
    let Ok(url) = names::url(server) else { return Vec::new() };
    let usual = names::first(&config.levels(Some(server), None), "account");
    let others = server.accounts.iter().map(|account| Some(account.name.as_str())).filter(|account| *account != usual);
    let sign_in = |account: Option<&'c str>| {
        let resource = names::first(&config.levels(Some(server), account), "resource");
        SignIn { key: Key::new(&url, resource, account), account, resource }
    };
    [usual].into_iter().chain(others).map(sign_in).collect()
}

/// Where the store does not say, nothing is said of a sign-in.
fn is_signed_in(key: &Key) -> bool {
    access::store().and_then(|store| store.entry(key)).is_ok_and(|entry| entry.is_some())
}

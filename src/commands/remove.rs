//! `mcpbridge remove`: takes a server's name out of the configuration.

use std::env;
use std::process::ExitCode;

use serde_json::json;

use super::{access, names, print, print_json, server};
use crate::auth;
use crate::cli::Remove;
use crate::config::{self, Home, Value};
use crate::http::shown;
use crate::store::Key;

/// Removes the server. Whoever is signed in there stays so.
///
/// # Errors
/// There is no server of that name, or the file cannot be changed.
pub fn run(typed: &Remove) -> anyhow::Result<ExitCode> {
    let home = Home::find(|name| env::var_os(name))?;
    let removed = config::remove(&home, &names::words(), &typed.name)?;
    let url = server::url(&removed.url, true)?;
    let set =
        |key: &str| removed.settings.iter().find(|setting| setting.key == key).and_then(|setting| setting.value.text());
    let (account, resource) = (set("account"), set("resource"));
    // Where the store does not say, nothing is said of a sign-in.
    let key = Key::new(&url, resource, account);
    let is_signed_in = access::store().and_then(|store| store.entry(&key)).is_ok_and(|entry| entry.is_some());
    let sign_out = auth::command("logout", &shown(&url), account, resource);
    if typed.json {
        let hint = is_signed_in.then_some(sign_out);
        return print_json(&json!({
            "schema_version": 1,
            "name": removed.name,
            "url": shown(&url),
            "removed": true,
            "hint": hint,
        }));
    }
    let mut text = format!("{} removed from {}\n", removed.name, config::short(&removed.place.path));
    if removed.settings.iter().any(|setting| matches!(&setting.value, Value::Texts(_))) {
        text += &format!(
            "  its flags are gone with it; the file as it was is {}\n",
            config::short(&removed.place.path.with_extension("toml.bak"))
        );
    }
    if is_signed_in {
        text += &format!("  you are still signed in there; to sign out, run: {sign_out}\n");
    }
    print(text.as_bytes())
}

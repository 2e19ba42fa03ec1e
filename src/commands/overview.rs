//! `mcpbridge` alone: at a terminal the servers and what to do next, elsewhere the usage.

use std::env;
use std::process::ExitCode;

use anstyle::Style;
use url::Url;

use super::status::{self, Account};
use super::{access, is_at_a_terminal, names, print};
use crate::auth::Named;
use crate::cli;
use crate::config::{Config, Home, Server};
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::store::{Key, Store};

/// Shows the servers that have a name and those that somebody signed in to.
///
/// # Errors
/// Nobody is at a terminal, or the configuration or the store cannot be read.
pub fn run() -> anyhow::Result<ExitCode> {
    if !is_at_a_terminal() {
        eprint!("{}", cli::command().render_help());
        let remedy = "try `mcpbridge demo`";
        return Err(Failure::new(Kind::Usage, "neither a URL nor the name of a server was given")
            .remedy(remedy)
            .into());
    }
    let config = names::config(&Home::find(|name| env::var_os(name))?)?;
    let store = access::store()?;
    let mut accounts: Vec<Account> =
        of_names(&config).map(|(url, named)| Account::of_name(&store, &url, named)).collect();
    let others = store.entries().into_iter().filter(|(key, _)| !accounts.iter().any(|account| account.is(key)));
    let others: Vec<Account> = others.map(|(key, entry)| Account::new(&store, key, entry.ok(), None)).collect();
    accounts.extend(others);
    print(human(&config, &accounts).as_bytes())
}

/// The accounts that names stand for, with the URLs of their servers.
pub fn of_names(config: &Config) -> impl Iterator<Item = (Url, Named)> {
    config.servers.iter().flat_map(|server| {
        let url = super::server::url(&server.url, true).ok();
        url.into_iter().flat_map(|url| of_name(config, server).into_iter().map(move |named| (url.clone(), named)))
    })
}

/// What the name alone stands for, and each account that has a section.
fn of_name(config: &Config, server: &Server) -> Vec<Named> {
    let alone = names::first(&config.levels(Some(server), None), "account");
    let others = server.accounts.iter().map(|account| Some(account.name.as_str())).filter(|name| *name != alone);
    let named = |account: Option<&str>| Named {
        name: server.name.clone(),
        account: account.map(str::to_owned),
        resource: names::first(&config.levels(Some(server), account), "resource").map(str::to_owned),
        flow: true,
    };
    [alone].into_iter().chain(others).map(named).collect()
}

/// The name under which the person knows the account of this key, if it has one.
pub fn known_as(config: &Config, key: &Key) -> Option<Named> {
    let of_key =
        |(url, named): &(Url, Named)| Key::new(url, named.resource.as_deref(), named.account.as_deref()) == *key;
    of_names(config).find(of_key).map(|(_, named)| named)
}

fn human(config: &Config, accounts: &[Account]) -> String {
    let bold = Style::new().bold();
    let mut text = format!("{bold}mcpbridge {}{bold:#}\n\n", env!("CARGO_PKG_VERSION"));
    if accounts.is_empty() {
        return text
            + "No server has a name yet, and nobody is signed in anywhere.\n\n\
               name a server:   mcpbridge add NAME URL\n\
               or just sign in: mcpbridge login URL\n\
               or look around:  mcpbridge demo\n";
    }
    text += &status::human(accounts);
    let first = config.servers.first().map(|server| server.name.clone());
    // The one whose name is written first stands for all.
    let example = first.or_else(|| accounts.first().map(|account| account.server().to_owned())).unwrap_or_default();
    text + &format!(
        "\nsign in:        mcpbridge login {example}\n\
         into an editor: mcpbridge install EDITOR {example}\n\
         all commands:   mcpbridge --help\n"
    )
}

impl Account {
    /// The account that a name stands for. Nobody may have to sign in there.
    fn of_name(store: &Store, url: &Url, named: Named) -> Account {
        let key = Key::new(url, named.resource.as_deref(), named.account.as_deref());
        let entry = store.entry(&key).ok().flatten();
        Account::new(store, key, entry, Some(named)).at(shown(url))
    }
}

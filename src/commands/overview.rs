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
    let mut accounts: Vec<Account> = of_names(&config).map(|of_name| Account::of_name(&store, of_name)).collect();
    let mut others = status::all(&store, &config)?;
    others.retain(|other| !accounts.iter().any(|account| account.is(other.key())));
    accounts.extend(others);
    // Those of one server stand together.
    accounts.sort_by_key(|account| {
        config.servers.iter().position(|server| account.name() == Some(&server.name)).unwrap_or(usize::MAX)
    });
    print(human(&config, &accounts).as_bytes())
}

/// An account that a name stands for, alone or with the account typed beside it.
pub struct OfName {
    /// The server.
    pub url: Url,
    /// The name.
    pub named: Named,
    /// The account.
    pub account: Option<String>,
}

/// The accounts that names stand for.
pub fn of_names(config: &Config) -> impl Iterator<Item = OfName> {
    config.servers.iter().flat_map(|server| {
        let url = names::url(server).ok();
        url.into_iter().flat_map(|url| of_name(config, server, &url))
    })
}

/// What the name alone stands for, and each account that has a section.
fn of_name(config: &Config, server: &Server, url: &Url) -> Vec<OfName> {
    let alone = names::first(&config.levels(Some(server), None), "account");
    let others = server.accounts.iter().map(|account| Some(account.name.as_str())).filter(|name| *name != alone);
    let of = |account: Option<&str>| OfName {
        url: url.clone(),
        named: Named {
            name: server.name.clone(),
            account: alone.map(str::to_owned),
            resource: names::first(&config.levels(Some(server), account), "resource").map(str::to_owned),
            flow: true,
        },
        account: account.map(str::to_owned),
    };
    [alone].into_iter().chain(others).map(of).collect()
}

/// The name under which the person knows the account of this key, if it has one: by itself, or with the
/// `account` typed beside it.
pub fn known_as(config: &Config, key: &Key, account: Option<&str>) -> Option<Named> {
    let is_of = |of: &OfName, account: Option<&str>| Key::new(&of.url, of.named.resource.as_deref(), account) == *key;
    let by_itself = of_names(config).find(|of| is_of(of, of.account.as_deref()));
    let beside = || of_names(config).find(|of| account.is_some() && is_of(of, account));
    by_itself.or_else(beside).map(|of| of.named)
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
    let known = || accounts.iter().map(Account::server).find(|server| !server.is_empty()).map(str::to_owned);
    let example = first.or_else(known).unwrap_or_else(|| "URL".to_owned());
    text + &format!(
        "\nsign in:        mcpbridge login {example}\n\
         into an editor: mcpbridge install EDITOR {example}\n\
         all commands:   mcpbridge --help\n"
    )
}

impl Account {
    /// The account that a name stands for. Nobody may have to sign in there.
    fn of_name(store: &Store, OfName { url, named, account }: OfName) -> Account {
        let key = Key::new(&url, named.resource.as_deref(), account.as_deref());
        let known = match store.entry(&key) {
            Ok(entry) => Account::new(store, key, entry, Some(named)),
            Err(damage) => Account::damaged(store, key, (shown(&url), account.clone()), Some(named), damage),
        };
        known.at(shown(&url), account)
    }
}

//! `config.toml`: the servers that have a name, and what is set for them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml_edit::{Item, TableLike};
use url::Url;

use super::folders::{Home, short};
use super::keys::{Place, Setting, Value, Words};
use super::names::refusal;
use super::plain::in_plain;
use super::read::{Source, span};
use super::replace::read_regular;
use crate::failure::{Failure, Kind};
use crate::spelling::nearest;

/// `config.toml`, read strictly.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file. Perhaps not there yet.
    pub path: PathBuf,
    /// The servers, in the order of the file.
    pub servers: Vec<Server>,
    /// What is set for all servers.
    pub defaults: Vec<Setting>,
    /// What is set for all servers of an organization.
    pub organizations: Vec<Organization>,
}

/// A server that has a name.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its URL, as it is written. It may hold a secret.
    pub url: String,
    /// The port that the browser comes back to.
    pub port: Option<u16>,
    /// The organization that it belongs to.
    pub organization: Option<String>,
    /// What is set for it.
    pub settings: Vec<Setting>,
    /// What is set for its accounts.
    pub accounts: Vec<Account>,
    /// Where it begins.
    pub place: Place,
    /// Where its URL is written.
    pub url_place: Place,
}

/// `[servers.NAME.accounts.ACCOUNT]`.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name of the account.
    pub name: String,
    /// What is set for it.
    pub settings: Vec<Setting>,
}

/// `[organizations.NAME]`.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// What is set for its servers.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads the file of this user; `None` if there is none. `words` is asked for only if there is one.
    ///
    /// # Errors
    /// It cannot be read, or says what it cannot say: [`Kind::Usage`], with the line.
    pub fn read(home: &Home, words: impl FnOnce() -> Words) -> Result<Option<Config>, Failure> {
        let path = path(home);
        match text(&path)? {
            None => Ok(None),
            Some(text) => Config::parse(&path, &text, &words()).map(Some),
        }
    }

    /// What there is where there is no file.
    pub fn none(home: &Home) -> Config {
        Config { path: path(home), ..Config::default() }
    }

    /// Whether this process may not even know if there is a file.
    pub fn is_out_of_sight(home: &Home) -> bool {
        fs::symlink_metadata(path(home)).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// It says what it cannot say.
    pub fn parse(path: &Path, text: &str, words: &Words) -> Result<Config, Failure> {
        let source = Source { path, text, words };
        let document = source.parse()?;
        let mut config = Config { path: path.to_owned(), ..Config::default() };
        for (section, item) in document.as_table().iter() {
            if !SECTIONS.contains(&section) {
                return Err(misplaced(&source, document.as_table(), section));
            }
            let table = source.table(document.as_table(), section, item)?;
            match section {
                "defaults" => config.defaults = source.settings(table, &[])?,
                "servers" => {
                    for (name, server) in source.tables(table)? {
                        config.servers.push(read_server(&source, table, name, server)?);
                    }
                }
                _ => {
                    for (name, organization) in source.tables(table)? {
                        let settings = source.settings(organization, &[])?;
                        config.organizations.push(Organization { name: name.to_owned(), settings });
                    }
                }
            }
        }
        for server in &config.servers {
            config.belongs(server)?;
        }
        Ok(config)
    }

    /// The server of this name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// The name nearest to `word`, if one is near.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        nearest(word, self.servers.iter().map(|server| server.name.as_str()))
    }

    /// What is set for `server`, if the run is about one of them, under `account`: level by level, of
    /// which an earlier one wins.
    pub fn levels<'a>(&'a self, server: Option<&'a Server>, account: Option<&str>) -> Vec<&'a [Setting]> {
        let account =
            server.zip(account).and_then(|(server, name)| server.accounts.iter().find(|account| account.name == name));
        let organization = server.and_then(|server| server.organization.as_deref());
        let organization = organization.and_then(|name| self.organizations.iter().find(|known| known.name == name));
        let levels = [
            account.map(|account| account.settings.as_slice()),
            server.map(|server| server.settings.as_slice()),
            organization.map(|organization| organization.settings.as_slice()),
            Some(self.defaults.as_slice()),
        ];
        levels.into_iter().flatten().collect()
    }

    /// What in the file is a secret in plain: where, under which key, and in words.
    pub fn secrets_in_plain(&self) -> Vec<(&Place, &str, String)> {
        let accounts = self.servers.iter().flat_map(|server| &server.accounts).flat_map(|account| &account.settings);
        let servers = self.servers.iter().flat_map(|server| &server.settings);
        let organizations = self.organizations.iter().flat_map(|organization| &organization.settings);
        let settings = self.defaults.iter().chain(servers).chain(accounts).chain(organizations);
        let set = settings.filter_map(|setting| {
            let Value::Texts(texts) = &setting.value else { return None };
            texts
                .iter()
                .find_map(|text| in_plain(&setting.key, text))
                .map(|what| (&setting.place, setting.key.as_str(), what))
        });
        let urls =
            self.servers.iter().filter_map(|server| Some((&server.url_place, "url", in_plain("url", &server.url)?)));
        set.chain(urls).collect()
    }

    fn belongs(&self, server: &Server) -> Result<(), Failure> {
        let Some(organization) = &server.organization else { return Ok(()) };
        if self.organizations.iter().any(|known| known.name == *organization) {
            return Ok(());
        }
        let known = nearest(organization, self.organizations.iter().map(|known| known.name.as_str()));
        let remedy = known.map_or_else(
            || format!("write [organizations.{organization}]"),
            |known| format!("did you mean {known:?}?"),
        );
        let fact = format!("{}: there is no organization {organization:?}", server.place);
        Err(Failure::new(Kind::Usage, fact).remedy(remedy))
    }
}

fn read_server(source: &Source, of: &dyn TableLike, name: &str, table: &dyn TableLike) -> Result<Server, Failure> {
    if let Some((fact, remedy)) = refusal(name, source.words) {
        return Err(source.refuse(span(of, name), &fact, remedy));
    }
    let url = source.text(table, "url")?.ok_or_else(|| {
        source.refuse(span(of, name), &format!("the server {name} has no `url`"), "write url = \"https://…\"")
    })?;
    if !Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        let fact = format!("the `url` of {name} is no URL of an MCP server");
        return Err(source.refuse(span(table, "url"), &fact, "write it with its scheme, https://…"));
    }
    // The flag of this name, should there be one, is the key.
    let is_flag = source.words.keys.iter().any(|key| key.name == "organization");
    let others = if is_flag { &OF_A_SERVER[..3] } else { &OF_A_SERVER[..] };
    let mut accounts = Vec::new();
    if let Some(item) = table.get("accounts") {
        for (account, settings) in source.tables(source.table(table, "accounts", item)?)? {
            if settings.contains_key("account") {
                let fact = format!("the account {account} cannot choose an account");
                return Err(source.refuse(
                    span(settings, "account"),
                    &fact,
                    format!("write it below [servers.{name}]"),
                ));
            }
            accounts.push(Account { name: account.to_owned(), settings: source.settings(settings, &[])? });
        }
    }
    Ok(Server {
        name: name.to_owned(),
        url,
        port: port(source, table)?,
        organization: source.text(table, "organization")?,
        settings: source.settings(table, others)?,
        accounts,
        place: source.place(span(of, name)),
        url_place: source.place(span(table, "url")),
    })
}

fn port(source: &Source, table: &dyn TableLike) -> Result<Option<u16>, Failure> {
    let Some(item) = table.get("port") else { return Ok(None) };
    let port = item.as_integer().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    port.map(Some)
        .ok_or_else(|| source.refuse(span(table, "port"), "`port` is no port", "write a number from 1 to 65535"))
}

/// The failure of a key where only sections may be.
fn misplaced(source: &Source, table: &dyn TableLike, name: &str) -> Failure {
    let is_section = table.get(name).is_some_and(Item::is_table_like);
    if !is_section && source.words.keys.iter().any(|key| key.name == name) {
        let fact = format!("`{name}` stands outside of a section");
        return source.refuse(span(table, name), &fact, "write [defaults] or [servers.NAME] above it");
    }
    let remedy = match nearest(name, SECTIONS) {
        Some(section) => format!("did you mean [{section}]?"),
        None => "the sections are [defaults], [servers.NAME] and [organizations.NAME]".into(),
    };
    source.refuse(span(table, name), &format!("`{name}` is not a section"), remedy)
}

/// The file of this user.
pub(super) fn path(home: &Home) -> PathBuf {
    home.config().join(FILE)
}

/// The text of a file; `None` if there is none.
///
/// # Errors
/// It cannot be read, or is no text.
pub(super) fn text(path: &Path) -> Result<Option<String>, Failure> {
    let refuse =
        |why: &str, remedy: &str| Err(Failure::new(Kind::Usage, format!("{} {why}", short(path))).remedy(remedy));
    match read_regular(path, LARGEST).map(String::from_utf8) {
        Ok(Ok(text)) => Ok(Some(text)),
        Ok(Err(_)) => refuse("is not written in UTF-8", "save it as UTF-8"),
        // A link to nothing is not nothing: a file was meant to be there.
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        // The folder is none: whoever needs one says so, and who does not can still relay.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            refuse("is a link to a file that is not there", "bring that file back, or remove the link")
        }
        Err(error) => {
            let denied = error.kind() == ErrorKind::PermissionDenied;
            let remedy = if denied { "make it readable for you" } else { "look at what it is, or move it away" };
            refuse(&format!("cannot be read: {error}"), remedy)
        }
    }
}

/// The file in the folder of what a person writes.
const FILE: &str = "config.toml";
/// Bytes. A thousand servers with all their flags are less.
const LARGEST: u64 = 16 * 1024 * 1024;
const SECTIONS: [&str; 3] = ["defaults", "servers", "organizations"];
/// Keys of a server that are no flags.
const OF_A_SERVER: [&str; 4] = ["url", "port", "accounts", "organization"];

#[cfg(test)]
mod tests {
    use super::super::keys::{Key, Shape};
    use super::*;

    fn words() -> Words {
        let key = |name: &str, shape| Key { name: name.into(), shape };
        let keys = vec![
            key("header", Shape::List),
            key("account", Shape::Text),
            key("keep-alive", Shape::Switch),
            key("connect-timeout", Shape::Seconds),
            key("max-message-size", Shape::Size),
            key("transport", Shape::Text),
        ];
        let check = |_: &str, value: &str| match value.starts_with('-') {
            true => Err("a number that is not negative is expected".to_owned()),
            false => Ok(()),
        };
        Words { keys, commands: vec!["login".into()], check }
    }

    fn read(text: &str) -> Result<Config, Failure> {
        Config::parse(Path::new("/c/config.toml"), text, &words())
    }

    #[test]
    fn the_levels_are_account_server_organization_and_defaults() {
        let config = read(
            "[defaults]\nconnect-timeout = 1.5\n[organizations.acme]\ntransport = 'http-only'\n\
             [servers.a]\nurl = 'https://h.example/mcp'\norganization = 'acme'\nkeep-alive = true\nport = 3334\n\
             [servers.a.accounts.work]\nheader = ['X: 1', 'Y: 2']\n[servers.b]\nurl = 'https://h.example/'\n",
        )
        .unwrap();
        let keys = |server: Option<&str>, account| {
            let server = server.and_then(|name| config.server(name));
            let levels = config.levels(server, account);
            levels
                .iter()
                .map(|level| level.iter().map(|set| set.key.clone()).collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(Some("a"), Some("work")), ["header", "keep-alive", "transport", "connect-timeout"]);
        assert_eq!(keys(Some("a"), Some("home")), ["keep-alive", "transport", "connect-timeout"]);
        assert_eq!(
            (keys(Some("b"), None), keys(None, Some("work"))),
            (vec![String::new(), "connect-timeout".into()], vec!["connect-timeout".into()])
        );
        assert_eq!((config.defaults[0].value.text(), config.server("a").unwrap().port), (Some("1.5"), Some(3334)));
    }

    #[test]
    fn tables_may_be_written_in_every_way_that_toml_has() {
        for text in [
            "servers = { a = { url = 'https://h.example/', keep-alive = true } }",
            "servers.a.url = 'https://h.example/'\nservers.a.keep-alive = true",
            "[servers]\na = { url = 'https://h.example/', keep-alive = true }",
            "[servers]\na.url = 'https://h.example/'\na.keep-alive = true",
            "\u{feff}[servers.a]\r\nurl = 'https://h.example/'\r\nkeep-alive = true",
        ] {
            let config = read(text).unwrap();
            assert_eq!(config.server("a").unwrap().settings[0].value, Value::Switch(true), "{text}");
        }
    }

    #[test]
    fn what_the_file_cannot_say_is_named_with_its_line() {
        let server = "[servers.a]\nurl = 'https://h.example/'\n";
        for (text, line, parts) in [
            ("[defaults]\n\nheders = 'X: 1'", 3, ["`heders` is not a key", "did you mean `header`?"]),
            ("[defaults]\nkeep_alive = true", 2, ["`keep_alive`", "did you mean `keep-alive`?"]),
            ("[defaults]\nkeep-alive = 'yes'", 2, ["wrong kind", "true or false"]),
            ("[defaults]\nheader = [1]", 2, ["wrong kind", "list of strings"]),
            ("[defaults]\ntransport = 5", 2, ["wrong kind", "string"]),
            ("[defaults]\nconnect-timeout = '5'", 2, ["is the text \"5\"", "a number of seconds, without quotes"]),
            ("[defaults]\nconnect-timeout = true", 2, ["wrong kind", "a number of seconds"]),
            ("[defaults]\nconnect-timeout = -5", 2, ["cannot be -5", "not negative"]),
            ("[defaults]\nmax-message-size = 1.5", 2, ["wrong kind", "64M"]),
            (&format!("{server}max-message-size = '-5'"), 3, ["cannot be -5", "not negative"]),
            ("[defaults]\nurl = 'x'", 2, ["`url` is not a key", ""]),
            ("header = 'X: 1'", 1, ["outside of a section", "[defaults]"]),
            ("[server.a]\nurl = 'x'", 1, ["`server` is not a section", "did you mean [servers]?"]),
            ("servers = 1", 1, ["no table", "[servers]"]),
            ("\n[servers.a]", 2, ["has no `url`", "https://"]),
            ("[servers.a]\nurl = 'h.example'", 2, ["no URL", "https://"]),
            ("[servers.login]\nurl = 'https://h.example/'", 1, ["is a command", "my-login"]),
            ("[servers.\"A B\"]\nurl = 'https://h.example/'", 1, ["cannot be the name", "small letters"]),
            (&format!("{server}port = 0"), 3, ["no port", "65535"]),
            (&format!("{server}organization = 'acme'"), 1, ["no organization", "[organizations.acme]"]),
            (&format!("{server}[servers.a.accounts.x]\naccount = 'y'"), 4, ["cannot choose", "[servers.a]"]),
            ("[defaults]\n[defaults]", 2, ["duplicate key", "toml.io"]),
        ] {
            let failure = read(text).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            let told = failure.to_string();
            assert!(told.starts_with(&format!("line {line} of /c/config.toml: ")), "{text}: {told}");
            assert!(parts.iter().all(|part| told.contains(part)), "{text}: {told}");
        }
    }

    #[test]
    fn secrets_in_plain_are_found_at_every_level() {
        let config = read(
            "[defaults]\nheader = ['X: 1', 'X-Key: abc']\n[servers.a]\nurl = 'https://h.example/?token=abc'\n\
             header = 'Authorization: Bearer ${TOKEN}'\n[servers.a.accounts.x]\nheader = 'Cookie: a=b'\n",
        )
        .unwrap();
        let found = config.secrets_in_plain();
        assert_eq!(found.iter().map(|(place, ..)| place.line).collect::<Vec<_>>(), [2, 7, 4]);
        assert!(found.iter().all(|(.., what)| !what.contains("abc") && !what.contains("a=b")), "{found:?}");
    }
}

//! What a name stands for, and what files set for the server of a run.

use std::env;

use url::Url;

use super::{named_url, server};
use crate::auth;
use crate::cli::{self, Cli, Command, CommandLine, Named, Setting, Value};
use crate::config::{self, Config, Home, Place, Project, Server, Trust, Wish, Words, in_plain, short};
use crate::failure::{Failure, Kind};
use crate::secret;
use crate::spelling::nearest;

/// The whole command line: with what variables, the project's file and `config.toml` set, and with the
/// URL where a name was line.
///
/// # Errors
/// There is no server of that name, or one of the files says what it cannot say.
pub fn settle(line: CommandLine) -> Result<Cli, Failure> {
    let Some(word) = line.server().map(str::to_owned) else {
        let levels = of_all(&line)?;
        return whole(line, &levels);
    };
    let variables = line.variables(|name| env::var_os(name))?;
    let is_name = is_no_url(&word);
    if !is_name {
        named_url::refuse_variables(&word)?;
    }
    let home = match Home::find(|name| env::var_os(name)) {
        Ok(home) => home,
        Err(failure) if is_name => return Err(failure),
        // A server that asks for nothing can be used without a home.
        Err(_) => return whole(line, &[variables]),
    };
    let config = match Config::read(&home, words) {
        // An editor in a sandbox may look into no folder of ours, and has no configuration there.
        Err(_) if !is_name && Config::is_out_of_sight(&home) => None,
        // Which says itself what is wrong with the file.
        Err(failure) if line.command() == Some("doctor") => {
            return unsettled(line, variables, is_name.then_some(failure));
        }
        read => read?,
    };
    if config.is_none() && !is_name {
        return whole(line, &[variables]);
    }
    let config = config.unwrap_or_default();
    let server = if is_name { Some(server(&config, &word, line.command().is_none())?) } else { None };
    let project = if is_name { project()? } else { None };
    let wish = project.as_ref().zip(server).and_then(|(project, server)| project.wish(&server.name));
    let chosen = line.value("account").or_else(|| text(&variables, "account"));
    let wanted = match (chosen, &project, wish) {
        (None, Some(project), Some(wish)) => account(&home, project, wish)?,
        _ => None,
    };
    let of_the_name = first(&config.levels(server, None), "account");
    let account = chosen.or(wanted).or(of_the_name);
    let levels = config.levels(server, account);
    let named = server.map(|server| Named {
        name: server.name.clone(),
        account: of_the_name.map(str::to_owned),
        resource: first(&levels, "resource").map(str::to_owned),
        flow: !line.flags().iter().chain(&variables).any(|setting| FLOWS.contains(&setting.flag.as_str())),
        project: project.as_ref().map(|project| short(&project.path)).unwrap_or_default(),
        allow_tools: wish.map(|wish| wish.allow_tools.clone()).unwrap_or_default(),
        ignore_tools: wish.map(|wish| wish.ignore_tools.clone()).unwrap_or_default(),
    });
    let warnings = warnings(server, &levels);
    let wanted = wanted.zip(project.as_ref()).map(|(account, project)| Setting {
        flag: "account".into(),
        value: Value::Texts(vec![account.to_owned()]),
        from: short(&project.path),
    });
    let mut all = vec![variables.clone(), wanted.into_iter().collect()];
    all.extend(levels.iter().map(|level| level.iter().map(setting).collect()));
    let mut cli = whole(line, &all)?;
    if let Some((server, named)) = server.zip(named) {
        cli.put(named_url::of(server, secret::variable)?, server.port, named);
    }
    cli.warn(warnings);
    Ok(cli)
}

/// The command line with what `levels` set.
fn whole(line: CommandLine, levels: &[Vec<Setting>]) -> Result<Cli, Failure> {
    let (filters, places) = (line.filters(levels)?, line.places(levels));
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let misspelt = line.misspelt(set.filter(|name| name.starts_with("MCPBRIDGE_")), levels);
    let mut cli = line.with(levels)?;
    cli.filter(filters);
    cli.locate(places);
    cli.warn(misspelt);
    Ok(cli)
}

/// The command line of a `doctor`, without what `config.toml` sets: that has to be mended first, and the failure
/// says how.
fn unsettled(line: CommandLine, variables: Vec<Setting>, failure: Option<Failure>) -> Result<Cli, Failure> {
    let mut cli = whole(line, &[variables])?;
    if let Some(Command::Doctor(doctor)) = &mut cli.command {
        doctor.unknown = failure;
    }
    Ok(cli)
}

/// What variables and `config.toml` set for a command that has no flags of the relay: the flags that every
/// command has. What is wrong with the file is said where it is needed.
///
/// # Errors
/// A variable says what it cannot say.
fn of_all(line: &CommandLine) -> Result<Vec<Vec<Setting>>, Failure> {
    if line.command().is_some_and(|command| OURS.contains(&command)) {
        return Ok(Vec::new());
    }
    let config = Home::find(|name| env::var_os(name)).ok().and_then(|home| config(&home).ok()).unwrap_or_default();
    let levels = config.levels(None, None);
    let written = levels.iter().flat_map(|level| level.iter()).filter(|written| line.is_of_all(&written.key));
    Ok(vec![line.variables_of_all(|name| env::var_os(name))?, written.map(setting).collect()])
}

/// What `config.toml` may say.
pub fn words() -> Words {
    Words { keys: cli::keys(), commands: cli::commands(), check: cli::check }
}

/// The named servers of this user. Where there is no file, there are none.
///
/// # Errors
/// The file cannot be read, or says what it cannot say.
pub fn config(home: &Home) -> Result<Config, Failure> {
    Ok(Config::read(home, words)?.unwrap_or_else(|| Config::none(home)))
}

/// The server that `word` names; `None` if it is a URL.
///
/// # Errors
/// There is no server of that name, or the file says what it cannot say.
pub fn known(word: &str) -> Result<Option<Server>, Failure> {
    if !is_no_url(word) {
        return Ok(None);
    }
    let config = config(&Home::find(|name| env::var_os(name))?)?;
    server(&config, word, false).cloned().map(Some)
}

/// The URL of a server, with the variables in it.
///
/// # Errors
/// As for [`named_url::of`] and [`server::url`].
pub fn url(named: &Server) -> Result<Url, Failure> {
    server::url(&named_url::of(named, secret::variable)?, true)
}

/// What is set for a server under an account, which is its own choice if `account` is none: its URL, and the texts
/// of all levels.
///
/// # Errors
/// The file cannot be read.
pub fn texts(server: &Server, account: Option<&str>) -> Result<Vec<String>, Failure> {
    let config = config(&Home::find(|name| env::var_os(name))?)?;
    let own = first(&config.levels(Some(server), None), "account");
    let levels = config.levels(Some(server), account.or(own));
    let texts = levels.into_iter().flatten().filter_map(|setting| match &setting.value {
        config::Value::Texts(texts) => Some(texts.clone()),
        config::Value::Switch(_) => None,
    });
    Ok([server.url.clone()].into_iter().chain(texts.flatten()).collect())
}

/// Whether a word is no URL, and so can only be a name.
pub fn is_no_url(word: &str) -> bool {
    !word.is_empty() && !word.contains([':', '/', '.', ' '])
}

/// The sentence about a secret that is written in plain for `key`.
pub fn warning(place: &Place, key: &str, what: &str) -> String {
    let remedy = match key {
        "header" => "write ${VAR} and set that variable, or keep it in the keychain: mcpbridge secret set NAME, and \
             header-from = \"HEADER=keychain:NAME\""
            .to_owned(),
        "url" => "write ${VAR} in its place, and set that variable; it may hold any character as it is".to_owned(),
        "proxy" | "static-oauth-client-info" => "write ${VAR} and set that variable".to_owned(),
        key if key.ends_with("secret") => {
            format!("keep it in the keychain: mcpbridge secret set NAME, and {key} = \"keychain:NAME\"")
        }
        key => format!("leave it out of {key}"),
    };
    format!("{place}: {what} is written in plain; {remedy}")
}

fn server<'a>(config: &'a Config, word: &str, may_be_command: bool) -> Result<&'a Server, Failure> {
    if let Some(server) = config.server(word) {
        return Ok(server);
    }
    let commands = if may_be_command { cli::commands() } else { Vec::new() };
    let command =
        nearest(word, commands.iter().map(String::as_str).filter(|command| !["helper", "complete"].contains(command)));
    let remedy = match (config.nearest(word), command) {
        (Some(server), Some(command)) => format!("did you mean the server {server}, or `mcpbridge {command}`?"),
        (Some(server), None) => format!("did you mean {server}?"),
        (None, Some(command)) => format!("did you mean `mcpbridge {command}`?"),
        (None, None) if cli::commands().iter().any(|command| command == word) => {
            format!("a command comes first: mcpbridge {word} URL")
        }
        (None, None) if config::is_name(word) => {
            format!("write its URL, with https:// in front, or name it with: mcpbridge add {word} URL")
        }
        (None, None) => {
            "write its URL, with https:// in front; a name has small letters, digits and hyphens".to_owned()
        }
    };
    Err(Failure::new(Kind::Usage, format!("no server is named {word:?}")).remedy(remedy))
}

/// The file of the project that the process works in. A folder that is gone has none.
fn project() -> Result<Option<Project>, Failure> {
    env::current_dir().map_or(Ok(None), |folder| Project::find(&folder))
}

/// The account that a project chooses, if it was trusted to.
fn account<'a>(home: &Home, project: &Project, wish: &'a Wish) -> Result<Option<&'a str>, Failure> {
    let Some((account, place)) = &wish.account else { return Ok(None) };
    let why = match project.trust(home)? {
        Trust::Given => return Ok(Some(account)),
        Trust::Outdated => "it has changed since it was trusted",
        Trust::Unknown => "a project is not trusted to by itself",
    };
    let fact = format!("{place} chooses the account {account:?} for {}, and {why}", wish.name);
    Err(Failure::new(Kind::Usage, fact).remedy(format!(
        "look at it, then run: mcpbridge trust {}; or choose with --account",
        auth::quoted(&project.path.display().to_string())
    )))
}

fn warnings(server: Option<&Server>, levels: &[&[config::Setting]]) -> Vec<String> {
    let set = levels.iter().flat_map(|level| level.iter()).filter_map(|setting| {
        let config::Value::Texts(texts) = &setting.value else { return None };
        let what = texts.iter().find_map(|text| in_plain(&setting.key, text))?;
        Some(warning(&setting.place, &setting.key, &what))
    });
    let url = server.and_then(|server| Some(warning(&server.url_place, "url", &in_plain("url", &server.url)?)));
    set.chain(url).collect()
}

fn setting(written: &config::Setting) -> Setting {
    let value = match &written.value {
        config::Value::Switch(on) => Value::Switch(*on),
        config::Value::Texts(texts) => Value::Texts(texts.clone()),
    };
    Setting { flag: written.key.clone(), value, from: written.place.to_string() }
}

/// The text that the highest of `levels` which sets `key` sets it to.
pub fn first<'a>(levels: &[&'a [config::Setting]], key: &str) -> Option<&'a str> {
    levels
        .iter()
        .flat_map(|level| level.iter())
        .find(|setting| setting.key == key)
        .and_then(|setting| setting.value.text())
}

fn text<'a>(settings: &'a [Setting], flag: &str) -> Option<&'a str> {
    settings.iter().find(|setting| setting.flag == flag).and_then(|setting| match &setting.value {
        Value::Texts(texts) => texts.first().map(String::as_str),
        Value::Switch(_) => None,
    })
}

/// The commands that are started by mcpbridge and by shells, and show nothing to a person.
const OURS: [&str; 2] = ["helper", "complete"];
/// The flags that choose how one signs in, and with which headers.
const FLOWS: [&str; 7] =
    ["client-credentials", "workload-token", "idp", "device-code", "header", "header-file", "header-from"];

//! The files of editors: whether they can be read, what they start for remote servers, and which secrets
//! stand in them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::needs::Needs;
use super::others;
use super::report::{Report, Step};
use crate::auth::quoted;
use crate::cli::RelayFlags;
use crate::commands::adopt::found::{Found, everywhere};
use crate::commands::adopt::launch::started;
use crate::commands::adopt::plan;
use crate::commands::install::target::{Installed, Target};
use crate::commands::{lasting, names, server};
use crate::config::{Config, Home, in_plain, short};
use crate::editors::{self, EDITORS, Editor, Entry, File, Host, Shape, is_program};
use crate::failure::{Failure, Kind};
use crate::secret::{is_credential, is_plain};

/// What all entries are held against.
pub struct Ground<'g> {
    /// The whole path of this program.
    pub program: Option<String>,
    /// The servers that have a name.
    pub config: Option<Config>,
    /// Where copies of changed files are kept.
    pub home: Option<&'g Home>,
    /// The home folder of the user.
    pub folder: &'g Path,
    /// Whether what can be mended is.
    pub fix: bool,
}

/// Looks at the files of all editors.
///
/// # Errors
/// The report cannot be printed.
pub async fn examine(host: &Host<'_>, ground: &Ground<'_>, report: &mut Report) -> anyhow::Result<()> {
    let mut needs = Needs::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut any = false;
    for editor in &EDITORS {
        let files = host.file(editor).into_iter().chain(host.others(editor)).chain(host.project_file(editor));
        // Two editors may share the file of a project.
        let files: Vec<PathBuf> = files.filter(|path| path.exists() && !seen.contains(path)).collect();
        if files.is_empty() {
            continue;
        }
        any = true;
        let (found, troubles) = everywhere(host, &[editor]);
        let found: Vec<Found> = found.into_iter().filter(|found| files.contains(&found.path)).collect();
        for failure in &troubles {
            let remedy = "mend it, or let the editor write it anew";
            report.add(Step { remedy: Some(remedy.into()), ..Step::failed(editor.name, failure) })?;
        }
        let steps = of_editor(editor, &found, (host, ground), &mut needs).await;
        if steps.is_empty() && troubles.is_empty() {
            report.add(Step::ok(editor.name, told(&found, &files)))?;
        }
        for step in steps {
            report.add(step)?;
        }
        seen.extend(files);
    }
    if !any {
        report.add(Step::skip("editors", "none that mcpbridge knows has a file here"))?;
    }
    Ok(())
}

fn told(found: &[Found], files: &[PathBuf]) -> String {
    let ours = found.iter().filter(|found| editors::is_ours(&found.value)).count();
    let names: Vec<String> = files.iter().map(|path| short(path)).collect();
    let servers = match (found.len(), ours) {
        (0, _) => "no servers".to_owned(),
        (1, 1) => "1 server, through mcpbridge".to_owned(),
        (1, _) => "1 server".to_owned(),
        (count, ours) => format!("{count} servers, {ours} of them through mcpbridge"),
    };
    format!("{servers}: {}", names.join(", "))
}

async fn of_editor(
    editor: &'static Editor,
    found: &[Found],
    (host, ground): (&Host<'_>, &Ground<'_>),
    needs: &mut Needs,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for entry in found {
        if editors::is_ours(&entry.value) {
            steps.extend(started_program(entry, ground));
            steps.extend(arguments(entry, ground));
            steps.extend(needs.examine(entry, ground.config.as_ref()).await);
        } else if let Some(other) = started(&entry.words()) {
            let taken = other.is_ok();
            let tool = other.map_or_else(|_| "a program like it".to_owned(), |it| it.tool.name().to_owned());
            steps.push(still(editor, entry, &tool, ground));
            // Flags of their own, and lines.
            let others =
                || others::secrets(entry).map(|step| Step { remedy: kept_by_adopt(editor, &step, taken), ..step });
            steps.extend(secrets(entry).or_else(others));
            continue;
        } else if entry.url().is_none() {
            steps.extend(others::examine(entry, host));
            continue;
        }
        steps.extend(secrets(entry));
    }
    steps.extend(doubles(editor, found, ground));
    steps
}

/// What helps with a secret in an entry that `adopt` takes over, secrets and all.
fn kept_by_adopt(editor: &Editor, step: &Step, is_taken: bool) -> Option<String> {
    if is_taken { Some(format!("run: mcpbridge adopt {}", editor.name)) } else { step.remedy.clone() }
}

/// An entry that runs another program of this kind, and whether `adopt` takes it over.
fn still(editor: &Editor, entry: &Found, tool: &str, ground: &Ground) -> Step {
    let ground = plan::Ground {
        program: ground.program.clone().unwrap_or_default(),
        variables: Vec::new(),
        home: ground.folder,
        variable: &|name| env::var_os(name),
        remote: false,
    };
    let fact = format!("{} still runs {tool}", entry.name);
    match plan::plan(entry, &ground) {
        Ok(_) => Step::warn(editor.name, fact, format!("run: mcpbridge adopt {}", editor.name)),
        Err(why) => {
            let fact = format!("{fact}, and adopt leaves it: {}", why.fact);
            Step { remedy: why.remedy, ..Step::warn(editor.name, fact, "") }
        }
    }
}

/// The program of an entry of ours, if there is something about it.
fn started_program(entry: &Found, ground: &Ground) -> Option<Step> {
    let (editor, name) = (entry.editor.name, &entry.name);
    let words = entry.words();
    let program = words.first()?;
    let path = Path::new(program);
    let step = if path.components().count() == 1 {
        let fact = format!("{name} starts {program} without its path, which an editor from the desktop may not find");
        Step::warn(editor, fact, "run: mcpbridge doctor --fix").fixable()
    } else if !path.exists() {
        let fact = format!("{name} starts {}, which is not there", short(path));
        Step::fail(editor, Kind::Usage, fact, "run: mcpbridge doctor --fix").fixable()
    } else if !is_program(path) {
        let fact = format!("{name} starts {}, which cannot be started", short(path));
        return Some(Step::fail(
            editor,
            Kind::Usage,
            fact,
            format!("run: chmod +x {}", quoted(&path.display().to_string())),
        ));
    } else {
        let running = env::current_exe().ok().and_then(|it| fs::canonicalize(it).ok());
        if fs::canonicalize(path).ok() == running {
            return None;
        }
        let fact = format!("{name} starts another mcpbridge, {}", short(path));
        let remedy = format!("if this one is to be used: mcpbridge install {editor} {}", again(entry));
        return Some(Step::warn(editor, fact, remedy));
    };
    if !ground.fix {
        return Some(step);
    }
    Some(match mend(entry, ground) {
        Ok((program, backup)) => {
            let before = backup.map(|path| format!("; before: {}", short(&path))).unwrap_or_default();
            step.fixed(format!("it starts {} now{before}", short(Path::new(&program))))
        }
        Err(failure) => Step { remedy: Some(failure.to_string()), fixable: false, ..step },
    })
}

/// The arguments of an entry for `install`, unless a secret is among them.
fn again(entry: &Found) -> String {
    let words = editors::arguments(&entry.value);
    if secrets(entry).is_some() || words.is_empty() {
        return "URL, with the flags of the entry".into();
    }
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Writes the path of this program into an entry, and touches nothing else.
fn mend(entry: &Found, ground: &Ground) -> Result<(String, Option<PathBuf>), Failure> {
    let missing = |what: &str| Failure::new(Kind::Internal, format!("{what} is not known"));
    let program = ground.program.clone().ok_or_else(|| missing("the path of this program"))?;
    let home = ground.home.ok_or_else(|| missing("the folder for copies"))?;
    let file = File::read(&entry.path)?;
    let args = editors::arguments(&entry.value).into_iter().map(str::to_owned).collect();
    let changed =
        Entry { name: entry.name.clone(), command: program.clone(), args, env: entry.env(), behind: Vec::new() };
    let modern = entry.container.last().is_some_and(|name| name == "servers") && entry.editor.shape == Shape::Opencode;
    let members = changed.members(entry.editor.shape, modern);
    let changes: Vec<_> = members
        .into_iter()
        .filter(|(name, _)| matches!(name.as_str(), "command" | "cmd"))
        .map(|(name, node)| (name, Some(node)))
        .collect();
    let text = entry.editor.format.change(&file.text, &entry.above(), &entry.name, &changes);
    let text = text.map_err(|trouble| file.trouble(&trouble).remedy("change the entry by hand"))?;
    Ok((program, file.replace(&file.bytes_of(&text), home, entry.editor.name)?))
}

/// What is wrong with the arguments of an entry of ours.
fn arguments(entry: &Found, ground: &Ground) -> Option<Step> {
    let line: Vec<String> = editors::arguments(&entry.value).into_iter().map(str::to_owned).collect();
    let fail = |why: String, remedy: String| Some(Step::fail(entry.editor.name, Kind::Usage, why, remedy));
    let name = &entry.name;
    let (relay, _) = match RelayFlags::read(&line) {
        Ok(read) => read,
        Err(why) => {
            let why = without_values(&why);
            return fail(format!("{name} has arguments that are none: {why}"), "see mcpbridge run --help".into());
        }
    };
    let text = relay.server.unwrap_or_default();
    if names::is_no_url(&text) {
        let known = ground.config.as_ref().is_none_or(|config| config.server(&text).is_some());
        return if known {
            None
        } else {
            fail(format!("{name} is for the server {text}, which has no URL"), format!("run: mcpbridge add {text} URL"))
        };
    }
    match server::url(&text, relay.connection.allow_http) {
        Ok(_) => None,
        Err(failure) => fail(format!("{name}: {}", failure.fact), failure.remedy.unwrap_or_default()),
    }
}

/// What is said of arguments, without those that are no flags: an editor that splits at spaces makes
/// arguments of the words of a header.
fn without_values(said: &str) -> String {
    let parts = said.split('\'').enumerate().map(|(at, part)| match part.starts_with(['-', '<', '[']) || at % 2 == 0 {
        true => part,
        false => "…",
    });
    parts.collect::<Vec<_>>().join("'")
}

/// Secrets that stand in an entry.
fn secrets(entry: &Found) -> Option<Step> {
    let mut found: Vec<(String, String)> = Vec::new();
    let in_url = |text: &str| {
        let instead = || url::Url::parse(text).map_or_else(|_| KEPT.to_owned(), |url| lasting::instead_in_url(&url));
        in_plain("url", text).map(|what| (what, instead()))
    };
    let in_flag = |flag: &str, value: &str| {
        let instead = || match value.split_once(':') {
            Some((name, value)) if flag == "header" => lasting::instead_of_header(name, value),
            _ => lasting::instead(flag),
        };
        in_plain(flag, value).map(|what| (what, instead()))
    };
    let line: Vec<String> = entry.words().into_iter().skip(1).collect();
    // Read as those of the relay, whose flags the others have too.
    for (at, word) in line.iter().enumerate() {
        found.extend(in_url(word));
        let (flag, value) = match word.strip_prefix("--").map(|flag| flag.split_once('=').unwrap_or((flag, ""))) {
            Some((flag, "")) => (flag, line.get(at + 1).map_or("", String::as_str)),
            Some(pair) => pair,
            None => continue,
        };
        found.extend(in_flag(flag, value));
    }
    for (name, value) in entry.env() {
        match name.strip_prefix("MCPBRIDGE_") {
            Some(flag) => {
                let flag = flag.to_ascii_lowercase().replace('_', "-");
                found.extend(value.lines().find_map(|value| in_flag(&flag, value)));
            }
            None if is_credential(&name) && is_plain(&value) => {
                found.push((format!("the variable {name}"), KEPT.to_owned()));
            }
            None => {}
        }
    }
    let headers = ["headers", "http_headers"].iter().filter_map(|name| entry.value.get(name)?.as_object());
    for (name, value) in headers.flat_map(Map::iter) {
        if let Some(value) = value.as_str().filter(|value| is_credential(name) && is_plain(value)) {
            found.push((format!("the value of the header {name}"), lasting::instead_of_header(name, value)));
        }
    }
    found.extend(entry.url().and_then(in_url));
    found.dedup();
    let (what, remedy) = found.first()?;
    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
    let fact = format!("{} has a secret in plain: {what}{more}", entry.name);
    Some(Step::warn(entry.editor.name, fact, remedy.clone()))
}

/// Entries of one file that are for one server and one account.
fn doubles(editor: &Editor, found: &[Found], ground: &Ground) -> Vec<Step> {
    let mut all: BTreeMap<(&Path, &[String], Target), Vec<&Found>> = BTreeMap::new();
    for entry in found {
        if let Some(target) = target(entry, ground) {
            all.entry((&entry.path, &entry.container, target)).or_default().push(entry);
        }
    }
    let double = all.into_iter().filter(|(_, entries)| entries.len() > 1);
    double
        .map(|((path, ..), entries)| {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            let fact = format!("{} are one server, so the editor has its tools more than once", names.join(" and "));
            let last = entries.last().filter(|_| entries.iter().all(|entry| editors::is_ours(&entry.value)));
            let remedy = match last {
                Some(last) => format!("take one out: mcpbridge uninstall {} {}", editor.name, last.name),
                None => format!("take one out of {}", short(path)),
            };
            Step::warn(editor.name, fact, remedy)
        })
        .collect()
}

/// The server of an entry and the account there.
fn target(entry: &Found, ground: &Ground) -> Option<Target> {
    let direct = |text: &str| Some(Target { url: url::Url::parse(text).ok()?, account: None, resource: None });
    if let Some(url) = entry.url() {
        return direct(url);
    }
    if editors::is_ours(&entry.value) {
        return Installed::read(&entry.name, &entry.value, ground.config.as_ref()).map(|it| it.target);
    }
    let Some(Ok(started)) = started(&entry.words()) else { return None };
    direct(&started.arguments.into_iter().find(|word| word.starts_with("http"))?)
}

/// What is to be done about a variable with a secret.
const KEPT: &str = "keep it in the keychain: mcpbridge secret set NAME, and --header-from HEADER=keychain:NAME";

/// The entries by their names, with what kind of thing they start: for a report, so without arguments.
pub fn summary(host: &Host) -> Value {
    let (found, _) = everywhere(host, &[]);
    let entries = found.iter().map(|entry| {
        let runs = match started(&entry.words()) {
            _ if editors::is_ours(&entry.value) => entry.words().first().map(|path| short(Path::new(path))),
            Some(Ok(started)) => Some(started.tool.name().to_owned()),
            _ if entry.url().is_some() => Some("a URL".to_owned()),
            _ => None,
        };
        let runs = runs.unwrap_or_else(|| "another program".to_owned());
        json!({ "editor": entry.editor.name, "file": short(&entry.path), "name": entry.name, "runs": runs })
    });
    Value::Array(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_arguments_shows_flags_and_no_values() {
        let said = "unexpected argument 's3cret' found";
        assert_eq!(without_values(said), "unexpected argument '…' found");
        let said = "invalid value 's3cret' for '[PORT]': not a number; did you mean '--header'?";
        assert_eq!(without_values(said), "invalid value '…' for '[PORT]': not a number; did you mean '--header'?");
    }
}

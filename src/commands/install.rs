//! `mcpbridge install`: puts a server into an editor.

pub mod entry;
pub mod program;
pub mod target;
pub mod vendor;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::Style;
use directories::BaseDirs;
use serde_json::{Value, json};
use url::Url;

use super::mark::Mark;
use super::{names, print, print_json, table};
use crate::cli::Install;
use crate::config::{Home, short};
use crate::editors::{self, Change, EDITORS, Editor, Entry, Host, On};
use crate::failure::{Failure, Kind};
use crate::log::{self as logging, Volume};
use crate::plain::harmless;
use crate::spelling::nearest;
use target::{Installed, Line};

/// Puts a server into an editor, or shows how.
///
/// # Errors
/// What was typed is of no use, or the file of the editor could not be changed.
pub fn run(typed: &Install) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let variable = |name: &str| std::env::var_os(name);
    let host = host(&variable)?;
    let Some(name) = &typed.editor else { return list(&host, typed.json) };
    let editor = editor(name)?;
    let Some(text) = &typed.server else {
        let example = format!("for example: mcpbridge install {} https://mcp.example.com/mcp", editor.name);
        return Err(Failure::new(Kind::Usage, "no URL and no name was given").remedy(example).into());
    };
    let path = if typed.print || typed.link || editor.user.is_empty() {
        None
    } else {
        Some(file(&host, editor, typed.project)?)
    };
    let known = names::known(text)?;
    let arguments = match &known {
        Some(server) => entry::Arguments::named(server, typed)?,
        None => entry::Arguments::read(text, typed)?,
    };
    let new = known.as_ref().map_or_else(|| named_after(&arguments.url), |server| server.name.clone());
    let account = typed.flags.0.iter().rfind(|flag| flag.flag == "account").and_then(|flag| flag.value.as_deref());
    let behind = known.as_ref().map(|server| names::texts(server, account)).transpose()?.unwrap_or_default();
    let mut entry = Entry {
        name: new,
        behind,
        command: program::path()?,
        args: arguments.args,
        env: arguments.env.into_iter().chain(program::variables(&variable)).collect(),
    };
    entry.name = match &typed.name {
        Some(name) => checked(name)?,
        None => place(editor, path.as_deref(), &entry)?,
    };
    if typed.link {
        return link(editor, &entry, typed.json);
    }
    let Some(path) = path else { return snippet(editor, &entry, typed.json) };
    let home = Home::find(variable)?;
    let change = Change::install(editor, &path, &entry, &home)?;
    let told = Told { editor, path: &path, name: &entry.name, verb: "installed", dry: typed.dry_run };
    let shown = Told::summary(&change);
    if typed.dry_run || !change.is_one() {
        return told.done(&shown, None, typed.json);
    }
    let by_vendor = if typed.project { None } else { vendor::add(&host, editor, &entry, &path)? };
    let backup = match by_vendor {
        Some(()) => change.note(&home)?,
        None => change.make(&home)?,
    };
    told.done(&shown, backup, typed.json)
}

/// What came of a command, or would.
pub struct Told<'t> {
    /// The editor.
    pub editor: &'static Editor,
    /// Its file.
    pub path: &'t Path,
    /// The name of the entry.
    pub name: &'t str,
    /// `installed` or `uninstalled`.
    pub verb: &'static str,
    /// Whether nothing was to be changed.
    pub dry: bool,
}

/// What is said of a change after it was made.
pub struct Summary {
    changed: bool,
    diff: String,
}

impl Told<'_> {
    /// What is said of a change after it was made.
    pub fn summary(change: &Change) -> Summary {
        Summary { changed: change.is_one(), diff: change.diff() }
    }

    fn comes(&self) -> bool {
        self.verb == "installed"
    }

    fn next(&self) -> &'static str {
        if self.comes() { self.editor.after } else { "it goes at once or, if not, with the next start of the editor" }
    }

    /// Says what was done; or that it was not, because it was not to be, or because it is so already.
    pub fn done(&self, change: &Summary, backup: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
        if json {
            return print_json(&json!({
                "schema_version": 1,
                "result": if change.changed { self.verb } else { "unchanged" },
                "dry_run": self.dry,
                "editor": self.editor.name,
                "file": self.path,
                "name": self.name,
                "backup": backup,
                "next": self.next(),
                "diff": self.dry.then_some(&change.diff),
            }));
        }
        let file = short(self.path);
        let text = match (change.changed, self.dry) {
            (false, _) => format!("{} has {} already: {file}\n", self.editor.title, self.name),
            (true, true) => format!("{}nothing was changed; without --dry-run it would be\n", coloured(&change.diff)),
            (true, false) => {
                let verb = if self.comes() { "put into" } else { "taken out of" };
                let backup = backup.map(|path| format!("  before: {}\n", short(&path))).unwrap_or_default();
                format!(
                    "{} was {verb} {}\n  file:   {file}\n{backup}  next:   {}\n",
                    self.name,
                    self.editor.title,
                    self.next()
                )
            }
        };
        print(text.as_bytes())
    }
}

/// This computer, as far as the places of files depend on it.
///
/// # Errors
/// The user has no home.
pub fn host<'v>(variable: &'v dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<Host<'v>, Failure> {
    let home = BaseDirs::new().map(|user| user.home_dir().to_owned());
    let home = home.ok_or_else(|| Failure::new(Kind::Usage, "this user has no home folder"))?;
    Ok(Host { os: On::this(), home, here: std::env::current_dir().ok(), variable })
}

/// The editor that was typed.
///
/// # Errors
/// There is none of this name; the failure lists them.
pub fn editor(name: &str) -> Result<&'static Editor, Failure> {
    editors::find(name).ok_or_else(|| {
        let names: Vec<&str> = EDITORS.iter().map(|editor| editor.name).collect();
        let meant = nearest(name, names.iter().copied()).map(|near| format!("did you mean {near}? "));
        let (meant, names) = (meant.unwrap_or_default(), names.join(", "));
        Failure::new(Kind::Usage, format!("{name:?} is none of the editors that mcpbridge knows"))
            .remedy(format!("{meant}they are {names}; `mcpbridge install` shows which are here"))
    })
}

/// The file that is meant.
///
/// # Errors
/// The editor has no such file.
pub fn file(host: &Host, editor: &Editor, project: bool) -> Result<PathBuf, Failure> {
    if !project {
        return host.file(editor).ok_or_else(|| {
            Failure::new(Kind::Usage, format!("{} keeps its servers in no file", editor.title))
                .remedy("take it out there, in the settings of the editor")
        });
    }
    if host.here.is_none() {
        return Err(no_folder());
    }
    host.project_file(editor).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("{} has no file for a project", editor.title)).remedy("leave out --project")
    })
}

/// The failure of what needs the working folder, where that was removed.
pub fn no_folder() -> Failure {
    Failure::new(Kind::Usage, "the folder that this was started in is not there any more")
        .remedy("go to the folder of the project with cd, then try again")
}

/// The name of the entry: that of the one for the same server which is there already, or else its own.
fn place(editor: &'static Editor, path: Option<&Path>, entry: &Entry) -> Result<String, Failure> {
    // What is wrong with it is said where it is needed.
    let home = Home::find(|name| std::env::var_os(name)).ok();
    let config = home.as_ref().and_then(|home| names::config(home).ok());
    let there = Installed::all(editor, path, config.as_ref());
    let value = |name: &str| entry.env.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let own = entry.env.iter().map(|(name, _)| name.clone()).collect();
    let diff = |name: &str| {
        let replaced = Entry { name: name.to_owned(), ..entry.clone() };
        Change::install(editor, path?, &replaced, home.as_ref()?).ok().map(|change| change.diff())
    };
    match Line::new(&entry.args, &value, own).read(&entry.name, config.as_ref()) {
        Some(new) => target::place(&new, &there, editor, diff),
        None => Ok(entry.name.clone()),
    }
}

/// A name that every editor takes, from the host: the part that says whose server it is.
fn named_after(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let labels: Vec<&str> = match url.host() {
        Some(url::Host::Domain(_)) => host.split('.').filter(|label| !GENERAL.contains(label)).collect(),
        _ => Vec::new(),
    };
    let name = match labels.as_slice() {
        // Without its last label, which is a country or a kind.
        [owner, .., _] => owner,
        [only] => only,
        [] => "local",
    };
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "mcp".into() } else { name }
}

fn checked(name: &str) -> Result<String, Failure> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.is_empty() && name.chars().all(good) {
        return Ok(name.to_owned());
    }
    // Gemini splits at an underscore, and Codex takes neither dots nor spaces.
    let other: String = name.chars().map(|c| if good(c) { c } else { '-' }).collect();
    let other = match other.trim_matches('-') {
        "" => String::new(),
        other => format!(", for example {other}"),
    };
    Err(Failure::new(Kind::Usage, format!("{name:?} is no name that all editors take"))
        .remedy(format!("use letters, digits and -{other}")))
}

fn link(editor: &Editor, entry: &Entry, json: bool) -> anyhow::Result<ExitCode> {
    let link = entry.link(editor).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("{} has no links for that", editor.title)).remedy("leave out --link")
    })?;
    if json {
        return print_json(&json!({ "schema_version": 1, "editor": editor.name, "name": entry.name, "link": link }));
    }
    print(format!("{link}\n").as_bytes())
}

fn snippet(editor: &Editor, entry: &Entry, json: bool) -> anyhow::Result<ExitCode> {
    let text = editors::snippet(editor, entry)?;
    if json {
        return print_json(&json!({
            "schema_version": 1,
            "editor": editor.name,
            "name": entry.name,
            "snippet": text,
            "next": editor.after,
        }));
    }
    if editor.user.is_empty() {
        eprintln!("{}: {}", editor.title, editor.after);
    }
    print(text.as_bytes())
}

fn list(host: &Host, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        let all: Vec<Value> = EDITORS
            .iter()
            .map(|editor| {
                json!({
                    "name": editor.name,
                    "title": editor.title,
                    "found": host.has(editor),
                    "file": host.file(editor),
                    "project": !editor.project.is_empty(),
                })
            })
            .collect();
        return print_json(&json!({ "schema_version": 1, "editors": all }));
    }
    let text: String = EDITORS.iter().map(|editor| row(host, editor, table::width())).collect();
    print(format!("{text}\n  run: mcpbridge install EDITOR URL\n").as_bytes())
}

/// An editor on one line. Where that is short, the name that is typed stands for the title.
fn row(host: &Host, editor: &Editor, width: usize) -> String {
    let found = Mark::Well.style();
    let mark = if host.has(editor) { format!("{found}found here{found:#}") } else { " ".repeat(10) };
    let title = if width < WIDE { String::new() } else { format!("{:<23} ", editor.title) };
    let room = width.saturating_sub(16 + 1 + 10 + 2 + title.chars().count());
    let file = host
        .file(editor)
        .map_or_else(|| "printed, to be pasted".to_owned(), |path| table::shortened(&short(&path), room));
    format!("{:<16} {mark}  {title}{file}\n", editor.name)
}

/// A diff with its colours: those of its signs. What the file holds does nothing to a terminal.
pub fn coloured(diff: &str) -> String {
    let line = |line: &str| {
        let (style, end) = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => (Mark::Well.style(), 1),
            Some(b'-') if !line.starts_with("---") => (Mark::Wrong.style(), 1),
            Some(b'+' | b'-') => (Style::new().bold(), line.len()),
            Some(b'@') => (Style::new().dimmed(), line.len()),
            _ => (Style::new(), 0),
        };
        let (sign, rest) = line.split_at(end);
        format!("{style}{sign}{style:#}{}\n", harmless(rest))
    };
    diff.lines().map(line).collect()
}

/// Columns from which on a list of editors has their titles as well.
const WIDE: usize = 100;
/// Labels of a host that say nothing of whose it is.
const GENERAL: [&str; 8] = ["mcp", "www", "api", "app", "server", "remote", "gateway", "sse"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_server_it_is() {
        for (url, name) in [
            ("https://mcp.linear.app/mcp", "linear"),
            ("https://api.githubcopilot.com/mcp/", "githubcopilot"),
            ("https://example.com/mcp", "example"),
            ("https://docs.mcp.cloudflare.com/sse", "docs"),
            ("http://localhost:8080/mcp", "localhost"),
            ("http://127.0.0.1:8080/mcp", "local"),
            ("https://mcp.co/", "co"),
        ] {
            assert_eq!(named_after(&url.parse().unwrap()), name, "{url}");
        }
        assert!(checked("my-Server1").is_ok() && checked("my_server").is_err() && checked("").is_err());
    }
}

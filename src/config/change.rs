//! Adds servers to `config.toml` and removes them. What a person wrote stays as it is, byte for byte.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::file::{Config, Server, path, text};
use super::folders::{Home, elsewhere, make_private, remedy, short, unwritable};
use super::keys::{Shape, Value, Words};
use super::names::refusal;
use super::replace::{replace, rewrite, sweep};
use crate::failure::{Failure, Kind};
use crate::private;

mod cut;

/// A server that is to be added.
#[derive(Debug)]
pub struct New<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its URL.
    pub url: &'a str,
    /// The port that the browser comes back to.
    pub port: Option<u16>,
    /// Keys, with what they hold.
    pub set: Vec<(String, Value)>,
}

/// What became of a change.
#[derive(Debug, PartialEq, Eq)]
pub struct Added {
    /// The file.
    pub path: PathBuf,
    /// Whether something was changed: not if the server was there already, and the same.
    pub changed: bool,
}

/// Adds a server. The file as it was is kept beside it.
///
/// # Errors
/// The name cannot be one or is taken, or the file cannot be changed: [`Kind::Usage`].
pub fn add(home: &Home, words: &Words, new: &New) -> Result<Added, Failure> {
    if let Some((fact, remedy)) = refusal(new.name, words) {
        return Err(Failure::new(Kind::Usage, fact).remedy(remedy));
    }
    let _lock = lock(home)?;
    let path = path(home);
    let old = text(&path)?.unwrap_or_default();
    let text = with_server(&path, &old, words, new)?;
    if let Some(text) = &text {
        write(home, &path, &old, text)?;
    }
    Ok(Added { path, changed: text.is_some() })
}

/// Removes the server `name`, and says what it was. The file as it was is kept beside it.
///
/// # Errors
/// There is no such server, or the file cannot be changed: [`Kind::Usage`].
pub fn remove(home: &Home, words: &Words, name: &str) -> Result<Server, Failure> {
    let _lock = lock(home)?;
    let path = path(home);
    let old = text(&path)?.unwrap_or_default();
    let (new, server) = without_server(&path, &old, words, name)?;
    write(home, &path, &old, &new)?;
    Ok(server)
}

/// `old`, the text of the file at `path`, with a server added; `None` if it is there already, and the same.
///
/// # Errors
/// The name is taken, or the text cannot be read or changed.
pub fn with_server(path: &Path, old: &str, words: &Words, new: &New) -> Result<Option<String>, Failure> {
    let config = Config::parse(path, old, words)?;
    if let Some(there) = config.server(new.name) {
        return if new.is(there) { Ok(None) } else { Err(taken(there)) };
    }
    let section = new.section(words);
    let text = append(old, &section);
    let is_right = |read: Config| {
        let (added, others): (Vec<&Server>, Vec<&Server>) =
            read.servers.iter().partition(|server| server.name == new.name);
        added.iter().any(|server| new.is(server)) && essence(others) == essence(&config.servers)
    };
    if !Config::parse(path, &text, words).is_ok_and(is_right) {
        let fact = format!("{} is written in a way that cannot be added to", short(path));
        let remedy = format!("add this by hand: {}", section.trim_end().replace('\n', "  "));
        return Err(Failure::new(Kind::Usage, fact).remedy(remedy));
    }
    Ok(Some(text))
}

/// `old`, the text of the file at `path`, without the server `name`, and what that was.
///
/// # Errors
/// There is no such server, or the text cannot be read or changed.
pub fn without_server(path: &Path, old: &str, words: &Words, name: &str) -> Result<(String, Server), Failure> {
    let config = Config::parse(path, old, words)?;
    let Some(server) = config.server(name) else {
        let remedy = match config.nearest(name) {
            Some(near) => format!("did you mean {near}?"),
            None => "mcpbridge list shows the servers that have a name".into(),
        };
        return Err(Failure::new(Kind::Usage, format!("no server is named {name:?}")).remedy(remedy));
    };
    let expected = essence(config.servers.iter().filter(|server| server.name != name));
    let is_right = |new: &String| Config::parse(path, new, words).is_ok_and(|read| essence(&read.servers) == expected);
    let Some(new) = cut::server(old, name).filter(is_right) else {
        let fact = format!("{} names {name} in a way that cannot be cut out", short(path));
        return Err(Failure::new(Kind::Usage, fact).remedy(format!("remove it by hand at line {}", server.place.line)));
    };
    Ok((new, server.clone()))
}

impl New<'_> {
    /// The section, as it is written for the first time.
    fn section(&self, words: &Words) -> String {
        let mut section = format!("[servers.{}]\nurl = {}\n", self.name, quoted(self.url));
        if let Some(port) = self.port {
            section += &format!("port = {port}\n");
        }
        for (key, value) in &self.set {
            let value = match value {
                Value::Switch(on) => on.to_string(),
                Value::Texts(texts) if words.shape(key) != Some(Shape::List) => {
                    let text = texts.first().map(String::as_str).unwrap_or_default();
                    match words.shape(key) {
                        Some(Shape::Seconds) => text.to_owned(),
                        Some(Shape::Size) if text.parse::<i64>().is_ok_and(|it| it.to_string() == text) => {
                            text.to_owned()
                        }
                        _ => quoted(text),
                    }
                }
                Value::Texts(texts) => {
                    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
                }
            };
            section += &format!("{key} = {value}\n");
        }
        section
    }

    fn is(&self, there: &Server) -> bool {
        let holds =
            |(key, value): &(String, Value)| there.settings.iter().any(|set| (&set.key, &set.value) == (key, value));
        (there.url.as_str(), there.port) == (self.url, self.port)
            && there.settings.len() == self.set.len()
            && self.set.iter().all(holds)
            && there.accounts.is_empty()
            && there.organization.is_none()
    }
}

/// A string on one line: otherwise its line ends would become those of the file.
fn quoted(text: &str) -> String {
    if !text.contains(['\n', '\r']) {
        return toml_edit::Value::from(text).to_string();
    }
    // What JSON escapes means the same in TOML, which wants one character more escaped.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Who changes the file holds this from reading it to having written it, and who changes a file of an editor, or one of
/// the store that has no lock of its own, while it is written.
///
/// # Errors
/// Another process has held it for long, or there can be no lock.
pub fn lock(home: &Home) -> Result<File, Failure> {
    let path = home.folder(LOCKS)?.join(LOCK);
    let file = private::open_to_lock(&path).map_err(|error| unwritable(&path, &error))?;
    let end = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let fact =
                    format!("another mcpbridge has been changing the configuration for {} s", PATIENCE.as_secs());
                return Err(Failure::new(Kind::Usage, fact).remedy("try again, and end that process if it hangs"));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
    }
}

fn taken(there: &Server) -> Failure {
    let fact = format!("there is a server named {} already ({})", there.name, there.place);
    Failure::new(Kind::Usage, fact).remedy(format!("edit it there, or run first: mcpbridge remove {}", there.name))
}

/// `section` behind `text`, with the line ends that `text` has.
fn append(text: &str, section: &str) -> String {
    let lines = text.matches('\n').count();
    let end = if lines > 0 && text.matches("\r\n").count() * 2 > lines { "\r\n" } else { "\n" };
    let mut new = text.to_owned();
    if !new.is_empty() && new != "\u{feff}" {
        if !new.ends_with('\n') {
            new += end;
        }
        new += end;
    }
    new + &section.replace('\n', end)
}

/// Replaces the file, or the one that it is a link to. The old one is kept as `config.toml.bak`.
fn write(home: &Home, path: &Path, old: &str, new: &str) -> Result<(), Failure> {
    let refuse = |error: &std::io::Error| {
        Failure::new(Kind::Usage, format!("{} cannot be written: {error}", short(path))).remedy(remedy(
            error,
            "make the file and its folder writable for you",
            &elsewhere(),
        ))
    };
    let Ok(there) = fs::metadata(path) else {
        make_private(home.config()).map_err(|error| refuse(&error))?;
        replace(path, new.as_bytes()).map_err(|error| refuse(&error))?;
        sweep(path);
        return Ok(());
    };
    // A rename would not ask.
    if there.permissions().readonly() {
        return Err(refuse(&std::io::Error::new(std::io::ErrorKind::PermissionDenied, "it is read-only")));
    }
    let target = fs::canonicalize(path).map_err(|error| refuse(&error))?;
    let backup = path.with_extension("toml.bak");
    replace(&backup, old.as_bytes()).map_err(|error| refuse(&error))?;
    rewrite(&target, new.as_bytes()).map_err(|error| refuse(&error))?;
    for written in [path, &backup, &target] {
        sweep(written);
    }
    Ok(())
}

/// What must stay the same where something else is changed: all but the lines.
type Essence = (String, String, Option<u16>, Vec<(String, Value)>, Vec<String>);

fn essence<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Vec<Essence> {
    let all = servers.into_iter().map(|server| {
        let settings = server.settings.iter().map(|set| (set.key.clone(), set.value.clone())).collect();
        let accounts = server.accounts.iter().map(|account| account.name.clone()).collect();
        (server.name.clone(), server.url.clone(), server.port, settings, accounts)
    });
    all.collect()
}

/// The folder of the locks, which the store has too.
const LOCKS: &str = "locks";
/// Never removed: with the file gone two processes could lock two files of one name.
const LOCK: &str = "config";
/// A change takes milliseconds; ten seconds of it are a process that hangs.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::super::keys::Key;
    use super::*;

    #[test]
    fn a_line_break_in_a_value_is_none_of_the_file() {
        let keys = vec![Key { name: "account".into(), shape: Shape::Text }];
        let words = Words { keys, ..Words::default() };
        let set = vec![("account".to_owned(), Value::Texts(vec!["a\n\u{7f}\"b".into()]))];
        let new = New { name: "a", url: "https://h.example/", port: None, set };
        let added = with_server(Path::new("config.toml"), "# mine\r\n", &words, &new).unwrap().unwrap();
        assert!(added.ends_with("account = \"a\\n\\u007f\\\"b\"\r\n"), "{added:?}");
    }
}

//! `.mcpbridge.toml`: what a project asks for. It comes with whatever one clones, so it can take
//! tools away, and it can choose an account once its owner was trusted to.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml_edit::TableLike;

use super::folders::short;
use super::keys::{Key, Place, Setting, Shape, Value, Words};
use super::names::refusal;
use super::read::{Source, span};
use super::replace::read_regular;
use crate::failure::{Failure, Kind};

/// The file of a project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Where it is, without links.
    pub path: PathBuf,
    /// What it asks for, server by server.
    pub servers: Vec<Wish>,
    /// Its bytes, which are what is trusted.
    pub(super) bytes: Vec<u8>,
}

/// What a project asks for at one server.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The name of the server, which the user may or may not have.
    pub name: String,
    /// Only tools that match one of these; all, if there are none.
    pub allow_tools: Vec<String>,
    /// No tools that match one of these.
    pub ignore_tools: Vec<String>,
    /// The account, and where it is chosen.
    pub account: Option<(String, Place)>,
}

impl Project {
    /// The file of the nearest folder that has one, from `folder` upwards.
    ///
    /// # Errors
    /// It cannot be read, or asks for what is not a project's to ask for: [`Kind::Usage`].
    pub fn find(folder: &Path) -> Result<Option<Project>, Failure> {
        for folder in folder.ancestors() {
            let path = folder.join(FILE);
            if path.is_file() {
                return Project::read(&path).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As for [`Project::find`].
    pub fn read(path: &Path) -> Result<Project, Failure> {
        let refuse =
            |why: &str, remedy: &str| Failure::new(Kind::Usage, format!("{} {why}", short(path))).remedy(remedy);
        let unreadable = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => refuse("is not there", "name the file, or run this in its project"),
            ErrorKind::PermissionDenied => refuse(&format!("cannot be read: {error}"), "make it readable for you"),
            _ => refuse(&format!("cannot be read: {error}"), "look at what it is, or move it away"),
        };
        let path = path.canonicalize().map_err(unreadable)?;
        let bytes = read_regular(&path, LARGEST).map_err(unreadable)?;
        let text = str::from_utf8(&bytes).map_err(|_| refuse("is not written in UTF-8", "save it as UTF-8"))?;
        let servers = wishes(&path, text)?;
        Ok(Project { path, servers, bytes })
    }

    /// What is asked for at the server of this name.
    pub fn wish(&self, name: &str) -> Option<&Wish> {
        self.servers.iter().find(|wish| wish.name == name)
    }

    /// Whether it chooses an account at any server: that is what trust is for.
    pub fn chooses(&self) -> bool {
        self.servers.iter().any(|wish| wish.account.is_some())
    }
}

fn wishes(path: &Path, text: &str) -> Result<Vec<Wish>, Failure> {
    let key = |name: &str, shape| Key { name: name.into(), shape };
    let keys = vec![key("allow-tool", Shape::List), key("ignore-tool", Shape::List), key("account", Shape::Text)];
    let words = Words { keys, ..Words::default() };
    let source = Source { path, text, words: &words };
    let document = source.parse()?;
    let mut wishes = Vec::new();
    for (section, item) in document.as_table().iter() {
        if section != "servers" {
            return Err(misplaced(&source, document.as_table(), section));
        }
        let of = source.table(document.as_table(), section, item)?;
        for (name, table) in source.tables(of)? {
            if let Some((fact, remedy)) = refusal(name, &words) {
                return Err(source.refuse(span(of, name), &fact, remedy));
            }
            if let Some((foreign, _)) = table.iter().find(|(name, _)| !words.keys.iter().any(|key| key.name == *name)) {
                return Err(misplaced(&source, table, foreign));
            }
            let mut wish = Wish { name: name.to_owned(), ..Wish::default() };
            for Setting { key, value, place } in source.settings(table, &[])? {
                let Value::Texts(texts) = value else { continue };
                match (key.as_str(), texts.as_slice()) {
                    ("account", _) => wish.account = texts.into_iter().next().map(|account| (account, place)),
                    ("ignore-tool", _) => wish.ignore_tools = texts,
                    // Read as "every tool" it would do nothing, read as "no tool" it would do much.
                    (_, texts) if texts.iter().all(String::is_empty) => {
                        let remedy = "to hide every tool, write ignore-tool = \"*\"";
                        return Err(source.refuse(span(table, &key), "`allow-tool` is empty", remedy));
                    }
                    _ => wish.allow_tools = texts,
                }
            }
            wishes.push(wish);
        }
    }
    Ok(wishes)
}

/// The failure of what is not a project's to ask for.
fn misplaced(source: &Source, table: &dyn TableLike, name: &str) -> Failure {
    let near = crate::spelling::nearest(name, ["servers", "allow-tool", "ignore-tool", "account"]);
    let fact = format!("`{name}` has no place in the file of a project");
    let remedy = match near {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ => "it comes with what one clones, so below [servers.NAME] it may say allow-tool, ignore-tool and \
              account, and nothing that decides what is sent where; that belongs into config.toml"
            .to_owned(),
    };
    source.refuse(span(table, name), &fact, remedy)
}

/// The file in the folder of a project.
pub const FILE: &str = ".mcpbridge.toml";
/// Bytes. A few patterns for a few servers are a thousandth of it.
const LARGEST: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_asks_for_fewer_tools_and_for_an_account() {
        let text = "[servers.a]\nallow-tool = ['read_*', 'list_*']\nignore-tool = 'x'\naccount = 'work'\n[servers.b]\n";
        let wishes = wishes(Path::new("/p/.mcpbridge.toml"), text).unwrap();
        assert_eq!((wishes[0].allow_tools.len(), wishes[0].ignore_tools.as_slice()), (2, ["x".to_owned()].as_slice()));
        assert_eq!(wishes[0].account.as_ref().map(|(name, place)| (name.as_str(), place.line)), Some(("work", 4)));
        assert_eq!(wishes[1].name, "b");
    }

    #[test]
    fn all_else_in_it_is_refused_with_the_reason() {
        for (text, line, part) in [
            ("[servers.a]\nurl = 'https://evil.example/'", 2, "decides what is sent where"),
            ("[servers.a]\nheader = 'X: 1'", 2, "decides what is sent where"),
            ("[defaults]\nallow-tool = 'x'", 1, "decides what is sent where"),
            ("[servers.a.accounts.b]\nheader = 'x'", 1, "did you mean `account`?"),
            ("allow-tool = 'x'", 1, "[servers.NAME]"),
            ("[servers.a]\nallow_tool = 'x'", 2, "did you mean `allow-tool`?"),
            ("[servers.a]\nallow-tool = []", 2, "ignore-tool = \"*\""),
            ("[servers.a]\nallow-tool = ''", 2, "ignore-tool = \"*\""),
            ("[servers.a]\naccount = true", 2, "a string"),
            ("[servers.a", 1, "toml.io"),
        ] {
            let failure = wishes(Path::new("/p/.mcpbridge.toml"), text).unwrap_err().to_string();
            assert!(failure.starts_with(&format!("line {line} of /p/.mcpbridge.toml: ")), "{text}: {failure}");
            assert!(failure.contains(part), "{text}: {failure}");
        }
    }
}

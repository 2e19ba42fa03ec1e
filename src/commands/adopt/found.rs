//! Entries in the files of editors, as they are.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::editors::{EDITORS, Editor, File, Host, container};
use crate::failure::Failure;

/// An entry in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The editor.
    pub editor: &'static Editor,
    /// Its file.
    pub path: PathBuf,
    /// The members above the entry.
    pub container: Vec<String>,
    /// Its name.
    pub name: String,
    /// What is in it.
    pub value: Value,
}

impl Found {
    /// The command and its arguments.
    pub fn words(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let list = |value: &Value| value.as_array().map(|all| all.iter().filter_map(text).collect::<Vec<_>>());
        let command = self.value.get("command").or_else(|| self.value.get("cmd")).unwrap_or(&Value::Null);
        // Zed once had both in one object.
        let (program, inside) = (text(command).or_else(|| text(&command["path"])), list(&command["args"]));
        let args = self.value.get("args").and_then(list).or(inside).unwrap_or_default();
        match (program, list(command)) {
            (Some(program), _) => [vec![program], args].concat(),
            (None, whole) => whole.unwrap_or_default(),
        }
    }

    /// The variables of the entry.
    pub fn env(&self) -> Vec<(String, String)> {
        // Zed once had them in the command.
        let members = self.variables().or_else(|| self.value.get("command")?.get("env")?.as_object());
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        members.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
    }

    /// The member with the variables, if there is one.
    pub fn variables(&self) -> Option<&Map<String, Value>> {
        ["env", "environment", "envs"].iter().find_map(|name| self.value.get(name)?.as_object())
    }

    /// The URL that the editor connects to by itself.
    pub fn url(&self) -> Option<&str> {
        let url = ["url", "serverUrl", "httpUrl", "uri"].iter().find_map(|name| self.value.get(name)?.as_str());
        url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }

    /// The members above the entry, for the formats.
    pub fn above(&self) -> Vec<&str> {
        self.container.iter().map(String::as_str).collect()
    }
}

/// All entries of some editors, or of all, and the files that could not be read.
pub fn everywhere(host: &Host, only: &[&Editor]) -> (Vec<Found>, Vec<Failure>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    let mut seen: Vec<PathBuf> = Vec::new();
    for editor in EDITORS.iter().filter(|editor| only.is_empty() || only.iter().any(|it| it.name == editor.name)) {
        let files = host.file(editor).into_iter().chain(host.others(editor)).chain(host.project_file(editor));
        for path in files.filter(|path| path.exists()) {
            // Two editors may share a file, also by a link, and a project may be the home folder.
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            if seen.contains(&real) {
                continue;
            }
            match in_file(editor, &path) {
                Ok(entries) => found.extend(entries),
                Err(failure) => troubles.push(failure),
            }
            seen.push(real);
        }
    }
    (found, troubles)
}

fn in_file(editor: &'static Editor, path: &Path) -> Result<Vec<Found>, Failure> {
    let file = File::read(path)?;
    let unreadable = |trouble| file.trouble(&trouble).remedy("mend it to have its entries taken over");
    let (above, _) = container(editor, &file.text).map_err(unreadable)?;
    let mut containers = vec![above.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    if editor.name == "claude-code" {
        // The servers of one project, kept in the file of the user.
        let root = editor.format.read(&file.text).map_err(unreadable)?;
        let has_servers = |(_, project): &(&String, &Value)| {
            project["mcpServers"].as_object().is_some_and(|servers| !servers.is_empty())
        };
        // A long list, of which the most have none.
        let projects = root["projects"].as_object().into_iter().flatten().filter(has_servers);
        containers.extend(projects.map(|(folder, _)| vec!["projects".into(), folder.clone(), "mcpServers".into()]));
    }
    let mut found = Vec::new();
    for container in containers {
        let above: Vec<&str> = container.iter().map(String::as_str).collect();
        for (name, value) in editor.format.entries(&file.text, &above).map_err(unreadable)? {
            found.push(Found { editor, path: path.to_owned(), container: container.clone(), name, value });
        }
    }
    Ok(found)
}

//! One way into the files of all editors, whatever they are written in.

use serde_json::Value;

use super::jsonc::{self, Facts};
use super::node::{Node, Trouble};
use super::{toml, yaml};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON. Comments and trailing commas are left where there are some, and never written.
    Json,
    /// TOML.
    Toml,
    /// YAML with a list of servers.
    YamlList,
    /// YAML with a map of servers.
    YamlMap,
}

impl Format {
    /// What `text` says.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(self, text: &str) -> Result<Value, Trouble> {
        match self {
            Format::Json => jsonc::read(text),
            Format::Toml => toml::read(text),
            Format::YamlList | Format::YamlMap => yaml::read(text),
        }
    }

    /// The entries at `container`, in the order of their names; of a list in its own.
    ///
    /// # Errors
    /// The text cannot be read.
    pub fn entries(self, text: &str, container: &[&str]) -> Result<Vec<(String, Value)>, Trouble> {
        let root = self.read(text)?;
        let servers = container.iter().try_fold(&root, |place, name| place.get(*name));
        Ok(match servers {
            Some(Value::Object(members)) => members.iter().map(|(name, it)| (name.clone(), it.clone())).collect(),
            Some(Value::Array(items)) => {
                let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
                items.iter().map(|item| (name(item), item.clone())).collect()
            }
            _ => Vec::new(),
        })
    }

    /// `text` with a new entry.
    ///
    /// # Errors
    /// The text cannot be read, or has no place for it.
    pub fn insert(
        self,
        text: &str,
        container: &[&str],
        name: &str,
        members: &[(String, Node)],
        facts: &mut Facts,
    ) -> Result<String, Trouble> {
        let above = container.first().copied().unwrap_or_default();
        match self {
            Format::Json => jsonc::set(text, &[container, &[name]].concat(), &Node::Map(members.to_vec()), facts),
            Format::Toml => toml::insert(text, above, name, members, facts),
            Format::YamlList => yaml::insert(text, yaml::Kind::List, above, name, members, facts),
            Format::YamlMap => yaml::insert(text, yaml::Kind::Map, above, name, members, facts),
        }
    }

    /// `text` without an entry.
    ///
    /// # Errors
    /// The text cannot be read, or there is no such entry.
    pub fn remove(self, text: &str, container: &[&str], name: &str, facts: &mut Facts) -> Result<String, Trouble> {
        let above = container.first().copied().unwrap_or_default();
        match self {
            Format::Json => jsonc::remove(text, &[container, &[name]].concat(), facts),
            Format::Toml => toml::remove(text, above, name, facts),
            Format::YamlList => yaml::remove(text, yaml::Kind::List, above, name, facts),
            Format::YamlMap => yaml::remove(text, yaml::Kind::Map, above, name, facts),
        }
    }

    /// `text` with other values for members of an entry; `None` removes one.
    ///
    /// # Errors
    /// The text cannot be read, or a member cannot be changed alone.
    pub fn change(
        self,
        text: &str,
        container: &[&str],
        name: &str,
        changes: &[(String, Option<Node>)],
    ) -> Result<String, Trouble> {
        let above = container.first().copied().unwrap_or_default();
        match self {
            Format::Json => {
                let mut text = text.to_owned();
                for (member, node) in changes {
                    text = changed(&text, &[container, &[name, member]].concat(), node.as_ref())?;
                }
                Ok(text)
            }
            Format::Toml => toml::change(text, above, name, changes),
            Format::YamlList => yaml::change(text, yaml::Kind::List, above, name, changes),
            Format::YamlMap => yaml::change(text, yaml::Kind::Map, above, name, changes),
        }
    }
}

/// `text` with another value at `path`. Of a map only the members that differ are touched.
fn changed(text: &str, path: &[&str], node: Option<&Node>) -> Result<String, Trouble> {
    let root = jsonc::read(text)?;
    match (root.pointer(&pointer(path)), node) {
        (Some(Value::Object(there)), Some(Node::Map(members))) => {
            let mut text = text.to_owned();
            let gone =
                there.keys().filter(|name| !members.iter().any(|(own, _)| own == *name)).map(|name| (name, None));
            let new = members.iter().filter(|(name, node)| there.get(name) != Some(&node.value()));
            for (name, node) in new.map(|(name, node)| (name, Some(node))).chain(gone) {
                text = changed(&text, &[path, &[name]].concat(), node)?;
            }
            Ok(text)
        }
        (_, Some(node)) => jsonc::set(text, path, node, &mut Facts::new()),
        (Some(_), None) => jsonc::remove(text, path, &mut Facts::new()),
        (None, None) => Ok(text.to_owned()),
    }
}

fn pointer(path: &[&str]) -> String {
    path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

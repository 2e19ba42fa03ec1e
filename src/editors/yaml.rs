//! YAML, for the editors that keep their servers in a list or a map of it. Lines are put in and taken
//! out; the parser says where, and that nothing else has changed.

mod tree;

use std::ops::Range;

use serde_json::{Value, json};

use super::jsonc::Facts;
use super::node::{Node, Splice, Trouble, indent, line_end, line_start, newline, spliced};
use tree::{Document, Spot, What};

/// How an editor keeps its servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A list, each with a member `name`.
    List,
    /// A map by their names.
    Map,
}

/// What `text` says.
///
/// # Errors
/// It is no YAML, or more than one document.
pub fn read(text: &str) -> Result<Value, Trouble> {
    Ok(Document::parse(text)?.value())
}

/// `text` with an entry behind the last one of `container`.
///
/// # Errors
/// It cannot be read, or the container is written in one line.
pub fn insert(
    text: &str,
    kind: Kind,
    container: &str,
    name: &str,
    members: &[(String, Node)],
    facts: &mut Facts,
) -> Result<String, Trouble> {
    let document = Document::parse(text)?;
    let mut expected = document.value();
    let value: Value = members.iter().map(|(name, node)| (name.clone(), node.value())).collect();
    let fact = format!("/{container}");
    let changed = match document.member(container)? {
        None => {
            facts.insert(fact, None);
            let mut lines = vec![format!("{container}:")];
            lines.extend(entry(kind, "  ", name, members));
            placed(text, text.len(), &lines)
        }
        Some((key, servers)) => {
            let items = items(kind, container, servers)?;
            match items.last() {
                Some(last) => {
                    let lines = entry(kind, indent(text, first_line(text, kind, items[0])), name, members);
                    placed(text, line_end(text, last.end), &lines)
                }
                None => {
                    let was = key.end..servers.end.max(colon(text, key.end));
                    let written: String = text[was.clone()].split_whitespace().collect();
                    if ![":", ":~", ":null", ":[]", ":{}"].contains(&written.as_str()) {
                        return Err(Trouble::Shape(format!(
                            "{container} is empty, but for a comment, a tag or a name"
                        )));
                    }
                    let lines = entry(kind, &format!("{}  ", indent(text, key.start)), name, members);
                    let behind = line_end(text, was.end);
                    facts.entry(fact).or_insert_with(|| Some(text[was.clone()].to_owned()));
                    let tail = placed(&text[was.end..], behind - was.end, &lines);
                    format!("{}:{tail}", &text[..was.start])
                }
            }
        }
    };
    if expected.is_null() {
        expected = json!({});
    }
    match kind {
        Kind::List => match expected[container].as_array_mut() {
            Some(all) => all.push(value),
            None => expected[container] = json!([value]),
        },
        Kind::Map => match expected[container].as_object_mut() {
            Some(all) => drop(all.insert(name.to_owned(), value)),
            None => expected[container] = json!({ name: value }),
        },
    }
    verified(changed, &expected)
}

/// `text` without an entry, and without the container if `facts` say that it was not there.
///
/// # Errors
/// It cannot be read, or there is no such entry.
pub fn remove(text: &str, kind: Kind, container: &str, name: &str, facts: &mut Facts) -> Result<String, Trouble> {
    let document = Document::parse(text)?;
    let mut expected = document.value();
    let (key, servers) = document.member(container)?.ok_or_else(|| missing(container, name))?;
    let all = items(kind, container, servers)?;
    let spot = *all.iter().find(|item| item.name(kind) == Some(name)).ok_or_else(|| missing(container, name))?;
    let lines = whole_lines(text, first_line(text, kind, spot), spot.end);
    match kind {
        Kind::List => expected[container].as_array_mut().map(|all| all.retain(|item| item["name"] != name)),
        Kind::Map => expected[container].as_object_mut().map(|all| drop(all.remove(name))),
    };
    if all.len() > 1 {
        return verified(spliced(text, &[Splice::new(lines, "")]), &expected);
    }
    let changed = match facts.remove(&format!("/{container}")) {
        Some(None) => {
            expected.as_object_mut().and_then(|root| root.remove(container));
            if expected == json!({}) {
                expected = Value::Null;
            }
            spliced(text, &[Splice::new(whole_lines(text, key.start, spot.end), "")])
        }
        before => {
            let empty = if kind == Kind::List { ": []" } else { ": {}" };
            let before = before.flatten().unwrap_or_else(|| empty.to_owned());
            // Nothing, `~` or `null` is no empty map.
            expected[container] = read(&format!("{container}{before}"))?[container].take();
            spliced(text, &[Splice::new(key.end..colon(text, key.end), before), Splice::new(lines, "")])
        }
    };
    verified(changed, &expected)
}

/// `text` with other values for members of an entry; `None` removes one.
///
/// # Errors
/// It cannot be read, or a member is written in a way that cannot be changed alone.
pub fn change(
    text: &str,
    kind: Kind,
    container: &str,
    name: &str,
    changes: &[(String, Option<Node>)],
) -> Result<String, Trouble> {
    let mut text = text.to_owned();
    for (member, node) in changes {
        let document = Document::parse(&text)?;
        let mut expected = document.value();
        let (_, servers) = document.member(container)?.ok_or_else(|| missing(container, name))?;
        let all = items(kind, container, servers)?;
        let item = all.iter().find(|item| item.name(kind) == Some(name)).ok_or_else(|| missing(container, name))?;
        let members = item.members().ok_or_else(|| missing(container, name))?;
        let index = members.iter().position(|(key, _)| key.text() == Some(member));
        let splice = match (index, node) {
            (None, None) => continue,
            (Some(index), _) => changed_member(&text, members, index, node.as_ref()),
            (None, Some(node)) => {
                let level = " ".repeat(members.first().map_or(0, |(key, _)| column(&text, key.start)));
                let lines = rendered(member, node, &level);
                let at = line_end(&text, item.end);
                Splice::new(0..text.len(), placed(&text, at, &lines))
            }
        };
        let entry = match kind {
            Kind::Map => expected.pointer_mut(&format!("/{container}/{}", name.replace('~', "~0").replace('/', "~1"))),
            Kind::List => {
                expected[container].as_array_mut().and_then(|all| all.iter_mut().find(|item| item["name"] == name))
            }
        };
        match (entry.and_then(Value::as_object_mut), node) {
            (Some(entry), Some(node)) => drop(entry.insert(member.clone(), node.value())),
            (Some(entry), None) => drop(entry.remove(member)),
            (None, _) => {}
        }
        text = verified(spliced(&text, &[splice]), &expected)?;
    }
    Ok(text)
}

fn changed_member(text: &str, members: &[(Spot, Spot)], index: usize, node: Option<&Node>) -> Splice {
    let (key, value) = &members[index];
    let end = value.end.max(key.end);
    match node {
        Some(Node::Text(to)) if value.text().is_some() && value.end > value.start => {
            Splice::new(value.start..value.end, scalar(to))
        }
        Some(node) => {
            let level = " ".repeat(column(text, key.start));
            let lines = rendered(key.text().unwrap_or_default(), node, &level).join(newline(text));
            Splice::new(key.start..end.max(colon(text, key.end)), lines.trim_start())
        }
        // On the line of the dash the next member moves up.
        None => match members.get(index + 1) {
            Some((next, _)) if !text[line_start(text, key.start)..key.start].trim().is_empty() => {
                Splice::new(key.start..next.start, "")
            }
            _ => Splice::new(whole_lines(text, key.start, end), ""),
        },
    }
}

/// The entries in a container.
fn items<'s>(kind: Kind, container: &str, servers: &'s Spot) -> Result<Vec<Item<'s>>, Trouble> {
    let all = match (&servers.what, kind) {
        (What::List(items), Kind::List) => {
            items.iter().map(|item| Item { key: None, value: item, end: item.end }).collect()
        }
        (What::Map(members), Kind::Map) => members
            .iter()
            .map(|(key, value)| Item { key: Some(key), value, end: value.end.max(key.end) })
            .collect::<Vec<_>>(),
        (What::Scalar { .. }, _) if servers.is_null() => Vec::new(),
        _ => {
            return Err(Trouble::Shape(format!(
                "{container} is no {}",
                if kind == Kind::List { "list" } else { "map" }
            )));
        }
    };
    if servers.flow && !all.is_empty() {
        return Err(Trouble::Shape(format!("{container} is written in one line")));
    }
    Ok(all)
}

/// An entry in its place.
#[derive(Clone, Copy)]
struct Item<'s> {
    key: Option<&'s Spot>,
    value: &'s Spot,
    end: usize,
}

impl<'s> Item<'s> {
    fn name(&self, kind: Kind) -> Option<&'s str> {
        match kind {
            Kind::Map => self.key?.text(),
            Kind::List => self.members()?.iter().find(|(key, _)| key.text() == Some("name"))?.1.text(),
        }
    }

    fn members(&self) -> Option<&'s [(Spot, Spot)]> {
        match &self.value.what {
            What::Map(members) if !self.value.flow => Some(members),
            _ => None,
        }
    }
}

/// Where the line with the dash, or with the key, of an entry begins.
fn first_line(text: &str, kind: Kind, item: Item) -> usize {
    let mut start = line_start(text, item.key.unwrap_or(item.value).start);
    // A dash may stand on a line of its own.
    while kind == Kind::List && start > 0 && !text[start..].trim_start_matches([' ', '\t']).starts_with('-') {
        start = line_start(text, start - 1);
    }
    start
}

/// The lines from `start` to `end`, and the break before them where there is none behind them.
fn whole_lines(text: &str, start: usize, end: usize) -> Range<usize> {
    let (mut start, end) = (line_start(text, start), line_end(text, end));
    if end == text.len() && !text.ends_with('\n') && start > 0 {
        start -= newline(text).len();
    }
    start..end
}

/// `text` with lines at `at`, where a line begins or the text ends.
fn placed(text: &str, at: usize, lines: &[String]) -> String {
    let line = newline(text);
    let block = lines.join(line);
    match at == text.len() && !text.is_empty() && !text.ends_with('\n') {
        true => format!("{text}{line}{block}"),
        false => format!("{}{block}{line}{}", &text[..at], &text[at..]),
    }
}

fn entry(kind: Kind, level: &str, name: &str, members: &[(String, Node)]) -> Vec<String> {
    let deeper = format!("{level}  ");
    let mut lines: Vec<String> = members.iter().flat_map(|(name, node)| rendered(name, node, &deeper)).collect();
    match kind {
        Kind::Map => lines.insert(0, format!("{level}{}:", scalar(name))),
        Kind::List => {
            if let Some(first) = lines.first_mut() {
                first.replace_range(..deeper.len(), &format!("{level}- "));
            }
        }
    }
    lines
}

fn rendered(name: &str, node: &Node, level: &str) -> Vec<String> {
    let name = scalar(name);
    let deeper = format!("{level}  ");
    match node {
        Node::Text(text) => vec![format!("{level}{name}: {}", scalar(text))],
        Node::Flag(flag) => vec![format!("{level}{name}: {flag}")],
        Node::Number(number) => vec![format!("{level}{name}: {number}")],
        Node::List(texts) if texts.is_empty() => vec![format!("{level}{name}: []")],
        Node::Map(members) if members.is_empty() => vec![format!("{level}{name}: {{}}")],
        Node::List(texts) => {
            let items = texts.iter().map(|text| format!("{deeper}- {}", scalar(text)));
            [format!("{level}{name}:")].into_iter().chain(items).collect()
        }
        Node::Map(members) => {
            let below = members.iter().flat_map(|(name, node)| rendered(name, node, &deeper));
            [format!("{level}{name}:")].into_iter().chain(below).collect()
        }
    }
}

/// A text, in quotes unless nobody could take it for anything else.
fn scalar(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:=@+".contains(&byte);
    let safe = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.bytes().all(plain)
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if safe { text.to_owned() } else { Value::from(text).to_string() }
}

/// Behind the colon of a key that ends at `at`.
fn colon(text: &str, at: usize) -> usize {
    text[at..].find(':').map_or(at, |colon| at + colon + 1)
}

fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

fn missing(container: &str, name: &str) -> Trouble {
    Trouble::Shape(format!("there is no {container}.{name}"))
}

/// A change that would say something else is not made.
fn verified(changed: String, expected: &Value) -> Result<String, Trouble> {
    match read(&changed) {
        Ok(value) if value == *expected => Ok(changed),
        _ => Err(Trouble::Shape("what is around the entry cannot be changed safely".into())),
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;

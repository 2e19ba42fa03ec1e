//! Files of editors: an entry comes in, is changed, and goes out again, and the file is what it was.

use std::collections::BTreeMap;

use mcpbridge::editors::{Format, Node};
use serde_json::Value;

use super::byte;

/// The first byte chooses the format, the rest is the file.
pub fn editors(mut data: &[u8]) {
    let (format, container): (Format, &[&str]) = match byte(&mut data) % 5 {
        0 => (Format::Json, &["mcpServers"]),
        1 => (Format::Json, &["a", "b"]),
        2 => (Format::Toml, &["mcp_servers"]),
        3 => (Format::YamlList, &["mcpServers"]),
        _ => (Format::YamlMap, &["extensions"]),
    };
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(before) = format.read(text) else { return };

    let mut facts = BTreeMap::new();
    let inserted = format.insert(text, container, NAME, &members("/bin/mcpbridge"), &mut facts);
    if let Ok(inserted) = inserted {
        kept(text, &inserted, &facts);
        let entry = entry(format, &inserted, container).expect("an entry that was put in is there");
        assert_eq!(entry, value(&members("/bin/mcpbridge")));

        let changes = [
            ("command".to_owned(), Some(Node::from("/usr/bin/mcpbridge"))),
            ("env".to_owned(), Some(Node::Map(vec![("MCPBRIDGE_LOG".into(), Node::from("debug # no comment"))]))),
        ];
        if let Ok(changed) = format.change(&inserted, container, NAME, &changes) {
            kept(text, &changed, &facts);
            let entry = self::entry(format, &changed, container).expect("an entry that was changed is there");
            assert_eq!(entry["command"], "/usr/bin/mcpbridge");
            assert_eq!(entry["env"]["MCPBRIDGE_LOG"], "debug # no comment");
            let back = format.remove(&changed, container, NAME, &mut facts.clone());
            assert_eq!(back.as_deref(), Ok(text), "after the change {changed:?}");
        }
        let back = format.remove(&inserted, container, NAME, &mut facts);
        assert_eq!(back.as_deref(), Ok(text), "after {inserted:?}");
    }

    // Any entry of the file's own goes alone.
    for (name, _) in format.entries(text, container).unwrap_or_default().into_iter().take(4) {
        let Ok(left) = format.remove(text, container, &name, &mut BTreeMap::new()) else { continue };
        let after = format.read(&left).expect("what was written can be read");
        let gone = format.entries(&left, container).unwrap_or_default();
        assert!(gone.iter().all(|(other, _)| *other != name), "{name:?} is still in {left:?}");
        others_same(&before, &after, container[0]);
    }
}

fn members(command: &str) -> Vec<(String, Node)> {
    vec![
        // The list of a YAML file names its entries itself.
        ("name".to_owned(), Node::from(NAME)),
        ("command".to_owned(), Node::from(command)),
        ("args".to_owned(), Node::List(vec!["https://example.com/mcp?a=\"b\"".into(), "--x: y #".into()])),
    ]
}

fn value(members: &[(String, Node)]) -> Value {
    members.iter().map(|(name, node)| (name.clone(), node.value())).collect()
}

fn entry(format: Format, text: &str, container: &[&str]) -> Option<Value> {
    let entries = format.entries(text, container).expect("what was written can be read");
    let mut ours = entries.into_iter().filter(|(name, _)| name == NAME).map(|(_, value)| value);
    let first = ours.next();
    assert!(ours.next().is_none(), "an entry is there once");
    first
}

/// Nothing of `before` but white space is lost, except what `facts` keep for the way back; and that is
/// no comment.
fn kept(before: &str, after: &str, facts: &BTreeMap<String, Option<String>>) {
    let mut without = facts.values().flatten().filter(|was| was.chars().all(|c| " \t\r\n:[]{}~null".contains(c)));
    let without = without.next().and_then(|was| {
        let mut places = before.match_indices(was.as_str());
        places.find(|(at, _)| is_within(&format!("{}{}", &before[..*at], &before[at + was.len()..]), after))
    });
    assert!(without.is_some() || is_within(before, after), "something is lost in {after:?}");
}

/// Whether `after` has all that `before` has, in its order.
fn is_within(before: &str, after: &str) -> bool {
    let mut after = after.chars();
    before.chars().filter(|c| !c.is_whitespace()).all(|c| after.by_ref().any(|other| other == c))
}

/// What is beside the container stays as it was.
fn others_same(before: &Value, after: &Value, container: &str) {
    let others = |value: &Value| {
        let mut value = value.clone();
        value.as_object_mut().map(|members| members.remove(container));
        if value.is_null() { Value::Object(serde_json::Map::new()) } else { value }
    };
    assert_eq!(others(before), others(after));
}

const NAME: &str = "fuzz example";

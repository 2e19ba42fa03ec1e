//! Changes of `config.toml`: a server comes in and goes out again, and the rest of the file is what it was.

use std::path::Path;

use mcpbridge::config::{Config, Key, New, Server, Setting, Shape, Value, is_name, with_server, without_server};
use toml_edit::{Document, Item, Table};

use super::{byte, words};

/// The first bytes choose the server that comes in, the rest is the file.
pub fn change(mut data: &[u8]) {
    let chosen = byte(&mut data);
    let length = usize::from(byte(&mut data)).min(data.len());
    let (text, file) = data.split_at(length);
    let (Ok(text), Ok(old)) = (std::str::from_utf8(text), std::str::from_utf8(file)) else { return };
    let Ok(before) = Config::parse(path(), old, words()) else { return };
    comes_and_goes(&new(chosen, text), old, &before);
    for server in before.servers.iter().take(3) {
        goes(server, old, &before);
    }
}

/// A server with values of every shape, one of them `text`.
fn new(chosen: u8, text: &str) -> New<'static> {
    let keys = words().keys.iter().skip(usize::from(chosen)).step_by(usize::from(chosen % 7) + 1);
    // The command line lets nothing else through, and writes seconds as this prints them.
    let fits = |key: &&Key| match key.shape {
        Shape::Seconds => text.parse::<f64>().is_ok_and(|it| (it + 0.0).to_string() == text) && is_taken(key, text),
        Shape::Size | Shape::Choice => is_taken(key, text),
        _ => true,
    };
    let keys = keys.filter(fits).take(3);
    let set = keys.map(|key| {
        let value = match key.shape {
            Shape::Switch => Value::Switch(chosen.is_multiple_of(2)),
            Shape::SwitchOrText if chosen.is_multiple_of(2) => Value::Switch(true),
            Shape::List => Value::Texts(vec![text.into(), "b # c".into()]),
            _ => Value::Texts(vec![text.into()]),
        };
        (key.name.clone(), value)
    });
    let port = Some(3334).filter(|_| chosen.is_multiple_of(3));
    New { name: NAME, url: "https://h.example/a?b=\"c\"", port, set: set.collect() }
}

fn is_taken(key: &Key, text: &str) -> bool {
    (words().check)(&key.name, text).is_ok()
}

fn comes_and_goes(new: &New, old: &str, before: &Config) {
    let there = before.server(NAME);
    let added = match with_server(path(), old, words(), new) {
        Ok(Some(added)) => added,
        Ok(None) => return assert_eq!(there.map(|server| server.url.as_str()), Some(new.url)),
        Err(failure) => {
            assert!(there.is_some() || !can_be_added_to(old), "{}", failure.fact);
            return;
        }
    };
    assert!(there.is_none() && added.starts_with(old), "what was there is not there any more: {added:?}");
    let mut after = read(&added);
    let ours = after.servers.pop().expect("it was put at the end");
    assert_eq!((ours.name.as_str(), ours.url.as_str(), ours.port), (NAME, new.url, new.port));
    assert_eq!(set(&ours.settings), new.set.iter().map(|(key, value)| (key.as_str(), value)).collect::<Vec<_>>());
    same(before, &after);
    assert_eq!(with_server(path(), &added, words(), new).expect("it is the same"), None);

    let (back, _) = without_server(path(), &added, words(), NAME).expect("what was written can be cut out");
    assert_eq!(back.trim_end(), old.trim_end(), "after {added:?}");
}

fn goes(server: &Server, old: &str, before: &Config) {
    assert!(is_name(&server.name));
    let Ok((left, gone)) = without_server(path(), old, words(), &server.name) else { return };
    assert_eq!((&gone.url, set(&gone.settings)), (&server.url, set(&server.settings)));
    let mut rest = before.clone();
    rest.servers.retain(|other| other.name != server.name);
    same(&rest, &read(&left));

    // The byte order mark stays in front of whatever comes first then.
    let unmarked = |text: &'_ str| text.trim_start_matches('\u{feff}').to_owned();
    let (old, left) = (unmarked(old), unmarked(&left));
    let mut lines = old.lines();
    assert!(left.lines().all(|line| lines.any(|other| other == line)), "a line has changed: {left:?}");
    let others = comments_of_others(&old, &server.name);
    let mut lines = left.lines();
    for comment in others {
        assert!(lines.any(|line| line == comment), "the comment {comment:?} is lost in {left:?}");
    }
}

fn read(text: &str) -> Config {
    Config::parse(path(), text, words()).expect("what was written can be read")
}

/// Everything but the lines where it stands.
fn same(one: &Config, other: &Config) {
    assert_eq!(set(&one.defaults), set(&other.defaults));
    assert_eq!(one.organizations.len(), other.organizations.len());
    for (one, other) in one.organizations.iter().zip(&other.organizations) {
        assert_eq!((&one.name, set(&one.settings)), (&other.name, set(&other.settings)));
    }
    assert_eq!(one.servers.len(), other.servers.len());
    for (one, other) in one.servers.iter().zip(&other.servers) {
        assert_eq!((&one.name, &one.url, one.port), (&other.name, &other.url, other.port));
        assert_eq!((&one.organization, set(&one.settings)), (&other.organization, set(&other.settings)));
        assert_eq!(one.accounts.len(), other.accounts.len());
        for (one, other) in one.accounts.iter().zip(&other.accounts) {
            assert_eq!((&one.name, set(&one.settings)), (&other.name, set(&other.settings)));
        }
    }
}

fn set(settings: &[Setting]) -> Vec<(&str, &Value)> {
    settings.iter().map(|setting| (setting.key.as_str(), &setting.value)).collect()
}

/// Whether a section `[servers.NAME]` may follow.
fn can_be_added_to(text: &str) -> bool {
    let document = Document::parse(text).expect("it was read");
    document.get("servers").is_none_or(|servers| servers.as_table().is_some_and(|table| !table.is_dotted()))
}

/// Comments in paragraphs of their own: no line of the server `name` stands in them.
fn comments_of_others<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let document = Document::parse(text).expect("it was read");
    let mut own = Vec::new();
    if let Some(servers) = document.get("servers").and_then(Item::as_table) {
        own.extend(servers.key(name).and_then(|key| key.span()));
        match servers.get(name) {
            Some(Item::Table(table)) => spans(table, &mut own),
            Some(item) => own.extend(item.span()),
            None => {}
        }
    }
    let (mut at, mut found, mut paragraph, mut is_own) = (0, Vec::new(), Vec::new(), false);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim().is_empty() {
            found.extend(std::mem::take(&mut paragraph).into_iter().filter(|_| !is_own));
            is_own = false;
        }
        is_own |= own.iter().any(|span| span.start < end && at < span.end);
        if line.trim_start().starts_with('#') {
            paragraph.push(line.trim_end_matches('\n').trim_end_matches('\r'));
        }
        at = end;
    }
    found.extend(paragraph.into_iter().filter(|_| !is_own));
    found
}

/// From the header of each table to its last value.
fn spans(table: &Table, own: &mut Vec<std::ops::Range<usize>>) {
    let values = table.get_values();
    let ends = values.iter().filter_map(|(_, value)| value.span());
    let header = table.span().filter(|_| !table.is_implicit() && !table.is_dotted());
    if let Some(header) = header {
        own.push(header.start..ends.map(|span| span.end).max().unwrap_or(header.end));
    }
    table.iter().filter_map(|(_, item)| item.as_table()).for_each(|table| spans(table, own));
}

fn path() -> &'static Path {
    Path::new("/c/config.toml")
}

const NAME: &str = "fuzz";

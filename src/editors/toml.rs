//! TOML, for the one editor that keeps its servers in it. Tables are appended and cut out as text:
//! writing the whole file anew would change line ends.

use serde_json::Value;
use toml_edit::{Document, Item, TableLike, Value as Toml};

use super::jsonc::Facts;
use super::node::{Node, Splice, Trouble, line_end, line_start, newline, spliced};

/// What `text` says. Dates become texts.
///
/// # Errors
/// It is no TOML.
pub fn read(text: &str) -> Result<Value, Trouble> {
    Ok(table_value(parse(text)?.as_table()))
}

/// `text` with a table `[container.name]` at its end.
///
/// # Errors
/// It cannot be read, or tables of this name cannot stand at its end.
pub fn insert(
    text: &str,
    container: &str,
    name: &str,
    members: &[(String, Node)],
    facts: &mut Facts,
) -> Result<String, Trouble> {
    let mut expected = read(text)?;
    let line = newline(text);
    let (gap, end) = match text {
        "" => (String::new(), line),
        text if text.ends_with(&format!("{line}{line}")) => (String::new(), line),
        text if text.ends_with(line) => (line.to_owned(), line),
        // A file without a line break at its end stays one.
        _ => (line.repeat(2), ""),
    };
    let mut table = format!("[{container}.{}]", key(name));
    for (member, node) in members {
        table += &format!("{line}{} = {}", key(member), rendered(node));
    }
    let changed = format!("{text}{gap}{table}{end}");
    facts.insert(fact(container, name), Some(gap));
    if !expected[container].is_object() {
        expected[container] = Value::Object(serde_json::Map::new());
    }
    expected[container][name] = members.iter().map(|(name, node)| (name.clone(), node.value())).collect();
    verified(changed, &expected)
}

/// `text` without the table of `name` and the tables below it.
///
/// # Errors
/// It cannot be read, or there is no such table.
pub fn remove(text: &str, container: &str, name: &str, facts: &mut Facts) -> Result<String, Trouble> {
    let mut expected = read(text)?;
    let document = parse(text)?;
    let entry = entry(&document, container, name)?;
    let cuts = match entry {
        Item::Table(table) if !table.is_dotted() => {
            let mut spans = Vec::new();
            tables(entry, &mut spans);
            let gap = facts.remove(&fact(container, name)).flatten();
            cut_tables(text, &spans, gap.as_deref())
        }
        _ => {
            let place = container_of(&document, container)?.get_key_value(name).and_then(|(key, _)| key.span());
            let value = entry.span();
            let (Some(place), Some(value)) = (place, value) else { return Err(by_hand(name)) };
            vec![Splice::new(line_start(text, place.start)..line_end(text, value.end), "")]
        }
    };
    if let Some(servers) = expected[container].as_object_mut() {
        servers.remove(name);
    }
    let changed = spliced(text, &cuts);
    if expected[container].as_object().is_some_and(serde_json::Map::is_empty) && read(&changed)?[container].is_null() {
        expected.as_object_mut().and_then(|root| root.remove(container));
    }
    verified(changed, &expected)
}

/// `text` with other values for members of an entry; `None` removes one.
///
/// # Errors
/// It cannot be read, or a member is written in a way that cannot be changed alone.
pub fn change(text: &str, container: &str, name: &str, changes: &[(String, Option<Node>)]) -> Result<String, Trouble> {
    let mut text = text.to_owned();
    for (member, node) in changes {
        let mut expected = read(&text)?;
        let document = parse(&text)?;
        let entry = entry(&document, container, name)?;
        let there = entry.as_table_like().and_then(|table| table.get_key_value(member));
        let splice = match (there, node) {
            (None, None) => continue,
            (Some((_, item)), Some(node)) => {
                let span = item.span().filter(|_| item.is_value()).ok_or_else(|| by_hand(name))?;
                Splice::new(span, rendered(node))
            }
            (Some((key, item)), None) => {
                let (Some(place), Some(value)) = (key.span(), item.span()) else { return Err(by_hand(name)) };
                Splice::new(line_start(&text, place.start)..line_end(&text, value.end), "")
            }
            (None, Some(node)) => {
                let header = entry.as_table().and_then(toml_edit::Table::span).ok_or_else(|| by_hand(name))?;
                let at = line_end(&text, header.start);
                let line = newline(&text);
                let before = if text[..at].ends_with('\n') { "" } else { line };
                Splice::new(at..at, format!("{before}{} = {}{line}", key(member), rendered(node)))
            }
        };
        match node {
            Some(node) => expected[container][name][member] = node.value(),
            None => {
                expected[container][name].as_object_mut().and_then(|entry| entry.remove(member));
            }
        }
        text = verified(spliced(&text, &[splice]), &expected)?;
    }
    Ok(text)
}

/// Tables, each from its header to the end of its last line, and the empty line that came with the
/// first of them.
fn cut_tables(text: &str, spans: &[std::ops::Range<usize>], gap: Option<&str>) -> Vec<Splice> {
    let mut cuts: Vec<Splice> = Vec::new();
    for span in spans {
        let (start, end) = (line_start(text, span.start), line_end(text, span.end.saturating_sub(1)));
        match cuts.last_mut() {
            Some(last) if text[last.at.end..start].trim().is_empty() => last.at.end = end,
            _ => cuts.push(Splice::new(start..end, "")),
        }
    }
    let line = newline(text);
    if let Some(first) = cuts.first_mut() {
        let before = &text[..first.at.start];
        let double = line.repeat(2);
        let gap = gap.unwrap_or(if before.ends_with(&double) { line } else { "" });
        // What came behind it since then must not be joined with what is before it.
        let gap = if text[first.at.end..].is_empty() || gap != double { gap } else { line };
        first.at.start -= if before.ends_with(gap) { gap.len() } else { 0 };
    }
    cuts
}

fn parse(text: &str) -> Result<Document<&str>, Trouble> {
    Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let start = line_start(text, at);
        Trouble::Syntax {
            line: text[..start].matches('\n').count() + 1,
            column: text[start..].char_indices().take_while(|(index, _)| start + index < at).count() + 1,
            what: error.message().lines().next().unwrap_or("this is no TOML").to_owned(),
        }
    })
}

fn container_of<'d>(document: &'d Document<&str>, container: &str) -> Result<&'d dyn TableLike, Trouble> {
    let item = document.as_table().get(container);
    item.and_then(Item::as_table_like).ok_or_else(|| Trouble::Shape(format!("{container} is no table")))
}

fn entry<'d>(document: &'d Document<&str>, container: &str, name: &str) -> Result<&'d Item, Trouble> {
    let missing = || Trouble::Shape(format!("there is no {container}.{name}"));
    container_of(document, container).and_then(|servers| servers.get(name).ok_or_else(missing))
}

/// Where the tables of `item` are, in the order of the text.
fn tables(item: &Item, spans: &mut Vec<std::ops::Range<usize>>) {
    let Some(table) = item.as_table() else { return };
    if let Some(header) = table.span().filter(|_| !table.is_implicit() && !table.is_dotted()) {
        let values = table.iter().filter(|(_, item)| item.is_value() || is_dotted(item));
        let end = values.filter_map(|(_, item)| end_of(item)).max();
        spans.push(header.start..end.unwrap_or(header.end).max(header.end));
    }
    table.iter().for_each(|(_, below)| tables(below, spans));
    spans.sort_by_key(|span| span.start);
}

fn is_dotted(item: &Item) -> bool {
    item.as_table().is_some_and(toml_edit::Table::is_dotted)
}

/// The end of a value, or of the last one under dotted keys.
fn end_of(item: &Item) -> Option<usize> {
    match item.as_table() {
        Some(table) => table.iter().filter_map(|(_, below)| end_of(below)).max(),
        None => item.span().map(|span| span.end),
    }
}

fn by_hand(name: &str) -> Trouble {
    Trouble::Shape(format!("the entry {name} is written in a way that cannot be changed alone"))
}

fn fact(container: &str, name: &str) -> String {
    format!("/{container}/{name}")
}

fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { quoted(name) }
}

fn rendered(node: &Node) -> String {
    match node {
        Node::Text(text) => quoted(text),
        Node::Flag(flag) => flag.to_string(),
        Node::Number(number) => number.to_string(),
        Node::List(texts) => format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
        Node::Map(members) if members.is_empty() => "{}".into(),
        Node::Map(members) => {
            let all: Vec<_> =
                members.iter().map(|(name, node)| format!("{} = {}", key(name), rendered(node))).collect();
            format!("{{ {} }}", all.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    Toml::from(text).to_string()
}

fn table_value(table: &dyn TableLike) -> Value {
    table.iter().map(|(name, item)| (name.to_owned(), item_value(item))).collect()
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => plain(value),
        Item::Table(table) => table_value(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table_value(table)).collect(),
    }
}

fn plain(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::from(text.value().as_str()),
        Toml::Integer(number) => Value::from(*number.value()),
        Toml::Float(number) => Value::from(*number.value()),
        Toml::Boolean(flag) => Value::from(*flag.value()),
        Toml::Datetime(date) => Value::from(date.value().to_string()),
        Toml::Array(items) => items.iter().map(plain).collect(),
        Toml::InlineTable(table) => table_value(table),
    }
}

/// A change that would say something else is not made.
fn verified(changed: String, expected: &Value) -> Result<String, Trouble> {
    match read(&changed) {
        Ok(value) if value == *expected => Ok(changed),
        _ => Err(Trouble::Shape("what is around the entry cannot be changed safely".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<(String, Node)> {
        let args = Node::List(vec!["https://example.com/mcp".into(), "a \"b\" \\c".into()]);
        let env = Node::Map(vec![("A_B".into(), "1".into())]);
        vec![("command".into(), "/bin/mcpbridge".into()), ("args".into(), args), ("env".into(), env)]
    }

    #[track_caller]
    fn there_and_back(text: &str) -> String {
        let mut facts = Facts::new();
        let changed = insert(text, "mcp_servers", "example", &members(), &mut facts).unwrap();
        assert_eq!(remove(&changed, "mcp_servers", "example", &mut facts).unwrap(), text, "after {changed}");
        assert!(facts.is_empty());
        changed
    }

    #[test]
    fn a_table_comes_and_goes_byte_for_byte() {
        for text in [
            "",
            "# only this",
            "model = \"x\" # why\n",
            "model = \"x\"\n\n",
            "model = \"x\"\n\n\n",
            "a = 1\r\n\r\n[mcp_servers.b]\r\ncommand = 'c'\r\n",
            "[mcp_servers]\nb = { command = \"c\" }\n# the end",
            "[mcp_servers.b]\ncommand = \"c\"\n\n[mcp_servers.b.env]\nX = \"1\"",
            "[[list]]\nd = 2026-01-01\n",
        ] {
            let changed = there_and_back(text);
            let entry = &read(&changed).unwrap()["mcp_servers"]["example"];
            assert_eq!(entry["args"][1], "a \"b\" \\c", "{changed}");
            assert_eq!(changed.contains("\r\n"), text.contains("\r\n"));
        }
        assert_eq!(
            there_and_back("a = 1\n"),
            "a = 1\n\n[mcp_servers.example]\ncommand = \"/bin/mcpbridge\"\n\
             args = [\"https://example.com/mcp\", 'a \"b\" \\c']\nenv = { A_B = \"1\" }\n"
        );
    }

    #[test]
    fn a_table_goes_from_between_others_with_the_tables_below_it() {
        let text = "[mcp_servers.a]\nx = 1\n\n[mcp_servers.example]\ncommand = \"c\"\n\n[mcp_servers.example.env]\nA = \"1\"\n\n# about b\n[mcp_servers.b]\nx = 2\n";
        let left = remove(text, "mcp_servers", "example", &mut Facts::new()).unwrap();
        assert_eq!(left, "[mcp_servers.a]\nx = 1\n\n# about b\n[mcp_servers.b]\nx = 2\n");
        let text = "[mcp_servers]\na = { x = 1 }\nexample = { command = \"c\" } # c\n";
        let left = remove(text, "mcp_servers", "example", &mut Facts::new()).unwrap();
        assert_eq!(left, "[mcp_servers]\na = { x = 1 }\n");
    }

    #[test]
    fn members_change_alone() {
        let text = "[mcp_servers.a]\n# the program\ncommand = \"npx\" # here\nargs = [\n  \"-y\", # yes\n]\nurl = 'u'\ntool_timeout_sec = 5\n";
        let changes = [
            ("command".to_owned(), Some(Node::from("/b"))),
            ("args".to_owned(), Some(Node::List(vec!["u".into()]))),
            ("url".to_owned(), None),
            ("startup_timeout_sec".to_owned(), Some(Node::Number(120))),
        ];
        let changed = change(text, "mcp_servers", "a", &changes).unwrap();
        assert_eq!(
            changed,
            "[mcp_servers.a]\nstartup_timeout_sec = 120\n# the program\ncommand = \"/b\" # here\nargs = [\"u\"]\ntool_timeout_sec = 5\n"
        );
    }

    #[test]
    fn what_is_no_toml_is_named_by_line_and_column() {
        let refused = insert("a = 1\nb = = 2\n", "mcp_servers", "x", &members(), &mut Facts::new());
        assert!(matches!(refused, Err(Trouble::Syntax { line: 2, column: 5, .. })), "{refused:?}");
        let refused = insert("mcp_servers = 1\n", "mcp_servers", "x", &members(), &mut Facts::new());
        assert!(matches!(refused, Err(Trouble::Shape(_))), "{refused:?}");
        let refused = insert("mcp_servers = { a = { x = 1 } }\n", "mcp_servers", "x", &members(), &mut Facts::new());
        assert!(matches!(refused, Err(Trouble::Shape(_))), "{refused:?}");
    }
}

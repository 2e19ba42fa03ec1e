//! Entries in YAML.

use super::*;

fn members() -> Vec<(String, Node)> {
    vec![
        ("name".into(), "example".into()),
        ("type".into(), "stdio".into()),
        ("command".into(), "/bin/mcpbridge".into()),
        ("args".into(), Node::List(vec!["https://example.com/mcp".into(), "--header".into(), "X:${A} b".into()])),
        ("env".into(), Node::Map(vec![("A_B".into(), "1".into())])),
    ]
}

#[track_caller]
fn there_and_back(text: &str, kind: Kind, container: &str) -> String {
    let mut facts = Facts::new();
    let changed = insert(text, kind, container, "example", &members(), &mut facts).unwrap();
    assert_eq!(remove(&changed, kind, container, "example", &mut facts).unwrap(), text, "after {changed}");
    assert!(facts.is_empty(), "{facts:?}");
    changed
}

#[test]
fn a_comment_at_an_empty_container_stays() {
    let changed = there_and_back("mcpServers: [] # none ]\nz: 1\n", Kind::List, "mcpServers");
    assert!(changed.starts_with("mcpServers: # none ]\n  - name: example\n"), "{changed}");
    let changed = there_and_back("extensions: {} # none\n", Kind::Map, "extensions");
    assert!(changed.starts_with("extensions: # none\n  example:\n"), "{changed}");
    for text in ["extensions: { # none\n }\n", "extensions: &none\nz: 1\n", "extensions: !!null\n"] {
        let refused = insert(text, Kind::Map, "extensions", "example", &members(), &mut Facts::new());
        assert!(matches!(refused, Err(Trouble::Shape(_))), "{refused:?}");
    }
}

#[test]
fn half_a_line_break_is_refused() {
    let refused = insert("a: 1\rb: 2\n", Kind::Map, "extensions", "example", &members(), &mut Facts::new());
    assert!(matches!(refused, Err(Trouble::Shape(_))), "{refused:?}");
    there_and_back("a: 1\r\nb: 2\r\n", Kind::Map, "extensions");
}

const LIST: &str = "\
name: Mine # the name
version: 1.0.0

models:
  - name: a
    provider: b
mcpServers: # servers
  - name: one
    command: npx
    args:
      - -y
      - thing # what
  # another
  -
    name: two
    command: >
      folded
      text

# the end
rules: []
";

#[test]
fn an_entry_comes_and_goes_byte_for_byte() {
    for text in [
        LIST,
        &LIST.replace('\n', "\r\n"),
        "",
        "# nothing\n",
        "a: 1",
        "a: 1\nmcpServers: []  # none\nb: 2\n",
        "mcpServers:\n",
        "mcpServers:\nb: 2",
        "mcpServers:\n- name: one\n  command: x",
        "mcpServers:\n- name: one\n  args: [a, b]\n\n\n\nz: |\n  text\n",
        "---\nmcpServers:\n    - {name: flow, command: x}\n",
    ] {
        let changed = there_and_back(text, Kind::List, "mcpServers");
        let servers = read(&changed).unwrap()["mcpServers"].clone();
        assert_eq!(servers.as_array().unwrap().last().unwrap()["args"][2], "X:${A} b", "{changed}");
    }
    for text in [
        "extensions:\n  a:\n    cmd: x\n    enabled: true\n",
        "extensions: {}\n",
        "x: 1\n",
        "extensions: ~\n: ",
        "extensions: null # none\n",
        "extensions:\n    a: {cmd: x}\nz: 1",
    ] {
        let changed = there_and_back(text, Kind::Map, "extensions");
        assert_eq!(read(&changed).unwrap()["extensions"]["example"]["env"]["A_B"], "1", "{changed}");
    }
    let changed = there_and_back("a: 1\nmcpServers:\n- name: one\n", Kind::List, "mcpServers");
    assert_eq!(
        changed,
        "a: 1\nmcpServers:\n- name: one\n- name: example\n  type: stdio\n  command: /bin/mcpbridge\n  args:\n    - https://example.com/mcp\n    - \"--header\"\n    - \"X:${A} b\"\n  env:\n    A_B: \"1\"\n"
    );
}

#[test]
fn an_entry_goes_from_between_others() {
    let left = remove(LIST, Kind::List, "mcpServers", "one", &mut Facts::new()).unwrap();
    assert!(left.contains("mcpServers: # servers\n  # another\n  -\n    name: two\n"), "{left}");
    let left = remove(LIST, Kind::List, "mcpServers", "two", &mut Facts::new()).unwrap();
    assert!(left.contains("      - thing # what\n  # another\n\n# the end\n"), "{left}");
}

#[test]
fn members_change_alone() {
    let changes = [
        ("command".to_owned(), Some(Node::from("/b"))),
        ("args".to_owned(), Some(Node::List(vec!["u".into()]))),
        ("env".to_owned(), Some(Node::Map(vec![("A".into(), "1".into())]))),
        ("type".to_owned(), None),
    ];
    let text = "mcpServers:\n  - type: streamable # t\n    name: one\n    command: npx # here\n    args:\n      - -y\n      - x\n# end\n";
    let changed = change(text, Kind::List, "mcpServers", "one", &changes).unwrap();
    assert_eq!(
        changed,
        "mcpServers:\n  - name: one\n    command: /b # here\n    args:\n      - u\n    env:\n      A: \"1\"\n# end\n"
    );
    let text = "extensions:\n  one:\n    cmd: npx\n    args: [a]\n    type: x";
    let changes = [("cmd".to_owned(), Some(Node::from("/b"))), ("args".to_owned(), Some(Node::List(vec!["u".into()])))];
    let changed = change(text, Kind::Map, "extensions", "one", &changes).unwrap();
    assert_eq!(changed, "extensions:\n  one:\n    cmd: /b\n    args:\n      - u\n    type: x");
}

#[test]
fn what_is_no_yaml_is_named_by_line_and_what_is_in_one_line_is_refused() {
    let refused = |text: &str| insert(text, Kind::List, "mcpServers", "x", &members(), &mut Facts::new());
    assert!(matches!(refused("a: 1\nb: [1, 2\nc: 3\n"), Err(Trouble::Syntax { .. })));
    for text in [
        "mcpServers: [{name: a}]\n",
        "mcpServers: {}\n",
        "mcpServers: text\n",
        "- a\n",
        "{a: 1}\n",
        "a: 1\n---\nb: 1\n",
    ] {
        assert!(matches!(refused(text), Err(Trouble::Shape(_))), "{text}: {:?}", refused(text));
    }
}

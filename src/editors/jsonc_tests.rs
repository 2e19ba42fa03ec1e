//! Changes of JSON with comments, and random documents that survive them.

use super::*;

const PATH: [&str; 2] = ["mcpServers", "example"];

fn entry() -> Node {
    let command = ("command".to_owned(), Node::from("/bin/mcpbridge"));
    Node::Map(vec![command, ("args".to_owned(), Node::List(vec!["https://example.com/mcp".into()]))])
}

/// What comes of a text, and that taking it back brings the text back.
#[track_caller]
fn there_and_back(text: &str) -> String {
    let mut facts = Facts::new();
    let changed = set(text, &PATH, &entry(), &mut facts).unwrap();
    assert_eq!(remove(&changed, &PATH, &mut facts).unwrap(), text, "after {changed}");
    assert!(facts.is_empty(), "{facts:?}");
    changed
}

#[test]
fn an_entry_is_written_as_the_file_is_written() {
    let changed = there_and_back("{\n\t\"mcpServers\": {\n\t\t\"a\": {} // mine\n\t\t// and this\n\t}\n}");
    let expected = "{\n\t\"mcpServers\": {\n\t\t\"a\": {}, // mine\n\t\t\"example\": {\n\t\t\t\"command\": \"/bin/mcpbridge\",\n\
        \t\t\t\"args\": [\n\t\t\t\t\"https://example.com/mcp\"\n\t\t\t]\n\t\t}\n\t\t// and this\n\t}\n}";
    assert_eq!(changed, expected);
    let changed = there_and_back("{\r\n    \"mcpServers\": {\r\n        \"a\": {},\r\n    },\r\n}\r\n");
    assert!(changed.contains("\"a\": {},\r\n        \"example\": {\r\n            \"command\""), "{changed}");
    assert!(changed.ends_with("]\r\n        },\r\n    },\r\n}\r\n"), "{changed}");
    assert!(!changed.replace("\r\n", "").contains('\n'));
    let changed = there_and_back(r#"{"mcpServers":{"a":{"command":"x"}},"z":1.0}"#);
    assert_eq!(
        changed,
        r#"{"mcpServers":{"a":{"command":"x"},"example":{"command":"/bin/mcpbridge","args":["https://example.com/mcp"]}},"z":1.0}"#
    );
}

#[test]
fn a_list_in_one_line_stays_in_one() {
    let list = Node::List(vec!["https://example.com/mcp".into(), "--debug".into()]);
    let put = |text: &str| set(text, &["servers", "a", "args"], &list, &mut Facts::new()).unwrap();
    let text = "{\n  \"servers\": { \"a\": { \"args\": [\"-y\", \"x\"] } }\n}\n";
    assert_eq!(put(text), text.replace("\"-y\", \"x\"", "\"https://example.com/mcp\", \"--debug\""));
    let text = "{\n  \"servers\": {\n    \"a\": {\n      \"args\": []\n    }\n  }\n}\n";
    assert!(put(text).contains("\"args\": [\n        \"https://example.com/mcp\",\n"), "{}", put(text));
}

#[test]
fn objects_that_are_missing_are_made_and_unmade() {
    for text in [
        "",
        "\n",
        "{}",
        "{ }\n",
        "{\n}",
        "// nothing yet",
        "// nothing yet\n",
        "{\"a\": 1}",
        "{\n  \"a\": 1\n}\n",
        "{\n  // empty\n}\n",
        "{\"mcpServers\": {}}",
        "{\n  \"mcpServers\": { /* none */ },\n  \"b\": [1, 2]\n}\n",
        "{\n  \"mcpServers\": {\n  }\n}\n",
    ] {
        let changed = there_and_back(text);
        assert_eq!(read(&changed).unwrap()["mcpServers"]["example"]["command"], "/bin/mcpbridge", "{changed}");
    }
}

#[test]
fn two_entries_go_in_any_order() {
    for text in ["{}", "", "{\n  \"mcpServers\": {}\n}\n", "{\"mcpServers\":{\"x\":{}}}", "{\n \"a\": 1, // c\n}"] {
        let other = ["mcpServers", "other"];
        for order in [[PATH, other], [other, PATH]] {
            let mut facts = Facts::new();
            let one = set(text, &PATH, &entry(), &mut facts).unwrap();
            let both = set(&one, &other, &entry(), &mut facts).unwrap();
            let left = remove(&both, &order[0], &mut facts).unwrap();
            assert_eq!(remove(&left, &order[1], &mut facts).unwrap(), text, "{order:?} {both}");
        }
    }
}

#[test]
fn an_entry_between_others_goes_without_touching_them() {
    let text = "{ // c\n  \"mcpServers\": {\n    \"example\": {}, // ours\n    \"b\": {}\n  }\n}";
    let left = remove(text, &PATH, &mut Facts::new()).unwrap();
    assert_eq!(left, "{ // c\n  \"mcpServers\": { // ours\n    \"b\": {}\n  }\n}");
    let text = "{\"mcpServers\": { // first\n \"example\": {}, \"b\": {} }}";
    let left = remove(text, &PATH, &mut Facts::new()).unwrap();
    assert_eq!(read(&left).unwrap()["mcpServers"], serde_json::json!({ "b": {} }), "{left}");
}

#[test]
fn what_is_no_json_is_named_by_line_and_column_and_what_is_twice_is_refused() {
    for (text, line, column) in
        [("{\n  \"a\": ,\n}", 2, 8), ("{\"a\" 1}", 1, 6), ("{'a': 1}", 1, 2), ("{\"a\": 1", 1, 1)]
    {
        match set(text, &PATH, &entry(), &mut Facts::new()) {
            Err(Trouble::Syntax { line: l, column: c, .. }) => assert_eq!((l, c), (line, column), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in ["{\"mcpServers\": []}", "[]", "1", "{\"mcpServers\":{},\"mcpServers\":{}}"] {
        let refused = set(text, &PATH, &entry(), &mut Facts::new());
        assert!(matches!(refused, Err(Trouble::Shape(_))), "{text}: {refused:?}");
    }
}

#[test]
fn random_documents_survive_an_entry_byte_for_byte() {
    for seed in 1..=3000 {
        let mut random = Random(seed);
        let text = random.document();
        assert!(read(&text).is_ok(), "{seed}: {text}");
        let mut facts = Facts::new();
        let changed = match set(&text, &PATH, &entry(), &mut facts) {
            Ok(changed) => changed,
            Err(trouble) => panic!("{seed}: {trouble:?}\n{text}"),
        };
        assert_eq!(read(&changed).unwrap()["mcpServers"]["example"], entry().value());
        // Nothing but white space of an empty object has gone.
        let mut rest = changed.split_whitespace().flat_map(str::bytes);
        let mut old = text.split_whitespace().flat_map(str::bytes);
        assert!(old.all(|byte| rest.any(|it| it == byte)), "{seed}:\n{text}\n---\n{changed}");
        assert_eq!(remove(&changed, &PATH, &mut facts).unwrap(), text, "{seed}:\n{changed}");
    }
}

/// Xorshift: the same documents in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn document(&mut self) -> String {
        let mut text = self.gap();
        if self.below(12) > 0 {
            let depth = self.below(3);
            text += &self.object(depth, true);
            text += &self.gap();
        }
        match self.below(3) {
            0 => text.replace("\r\n", "\n").replace('\n', "\r\n"),
            _ => text,
        }
    }

    fn object(&mut self, depth: u64, root: bool) -> String {
        let mut text = format!("{{{}", self.gap());
        let count = self.below(4);
        for index in 0..count {
            let name = match index {
                0 if root && self.below(2) == 0 => "mcpServers".to_owned(),
                _ => format!("k{index}"),
            };
            let value = if name == "mcpServers" { self.object(depth + 1, false) } else { self.value(depth) };
            text += &format!("\"{name}\"{}:{}{value}{}", self.gap(), self.gap(), self.gap());
            if index + 1 < count || self.below(4) == 0 {
                text.push(',');
                text += &self.gap();
            }
        }
        text.push('}');
        text
    }

    fn value(&mut self, depth: u64) -> String {
        match self.below(7) {
            0 => "1.0".into(),
            1 => "\"a // \\\" } text\"".into(),
            2 => "null".into(),
            3 => format!("[{}1,{}\"x\"{}]", self.gap(), self.gap(), self.gap()),
            4 => "12345678901234567890".into(),
            _ if depth > 0 => self.object(depth - 1, false),
            _ => "{}".into(),
        }
    }

    fn gap(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            text += match self.below(7) {
                0 => "\n",
                1 => "\t",
                2 => "  ",
                3 => "/* c, } */",
                4 => "// it's \"c\" {\n",
                5 => "\n\n    ",
                _ => " ",
            };
        }
        text
    }
}

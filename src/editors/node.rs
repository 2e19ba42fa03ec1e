//! What is written into a file of an editor, in the order in which people expect to read it.

use serde_json::Value;

/// A value that we write. Its members keep their order, which the maps of `serde_json` do not.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Texts in a row.
    List(Vec<String>),
    /// Members in their order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The same value without an order.
    pub fn value(&self) -> Value {
        match self {
            Node::Text(text) => Value::from(text.as_str()),
            Node::Flag(flag) => Value::from(*flag),
            Node::Number(number) => Value::from(*number),
            Node::List(texts) => Value::from(texts.clone()),
            Node::Map(members) => members.iter().map(|(name, node)| (name.clone(), node.value())).collect(),
        }
    }

    /// The node that says `value`, as far as the entries of editors go: numbers with a fraction, lists
    /// of lists and nulls are in none of them.
    pub fn of(value: &Value) -> Option<Node> {
        Some(match value {
            Value::String(text) => Node::Text(text.clone()),
            Value::Bool(flag) => Node::Flag(*flag),
            Value::Number(number) => Node::Number(number.as_u64()?),
            Value::Array(items) => {
                Node::List(items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?)
            }
            Value::Object(members) => Node::Map(
                members.iter().map(|(name, value)| Some((name.clone(), Node::of(value)?))).collect::<Option<_>>()?,
            ),
            Value::Null => return None,
        })
    }
}

impl<T: Into<String>> From<T> for Node {
    fn from(text: T) -> Node {
        Node::Text(text.into())
    }
}

/// A change of a text: what stands in `at` becomes `text`.
#[derive(Clone, Debug, PartialEq)]
pub struct Splice {
    /// The bytes that go.
    pub at: std::ops::Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Splice {
    /// What stands in `at` becomes `text`.
    pub fn new(at: std::ops::Range<usize>, text: impl Into<String>) -> Splice {
        Splice { at, text: text.into() }
    }
}

/// `text` after changes, which are in order and do not overlap.
pub fn spliced(text: &str, splices: &[Splice]) -> String {
    let mut out = String::with_capacity(text.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
    let mut from = 0;
    for splice in splices {
        out.push_str(&text[from..splice.at.start]);
        out.push_str(&splice.text);
        from = splice.at.end;
    }
    out.push_str(&text[from..]);
    out
}

/// How lines end in `text`.
pub fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Where the line with `at` begins.
pub fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |before| before + 1)
}

/// Where the line with `at` ends, with its line break.
pub fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |behind| at + behind + 1)
}

/// The white space that the line with `at` begins with.
pub fn indent(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Why a text could not be changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// It cannot be read, from this line and column on, counted from 1.
    Syntax {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// It can be read, but what is in it is not what the editor documents; a sentence without its end.
    Shape(String),
}

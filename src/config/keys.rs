//! What a file of a person may say: its keys, and what each may hold.

use std::fmt;
use std::path::PathBuf;

use super::folders::short;

/// What a file may say. Which keys there are is the command line's to know: they are its flags.
#[derive(Clone, Debug)]
pub struct Words {
    /// The keys of `[defaults]`, `[servers.NAME]` and so on.
    pub keys: Vec<Key>,
    /// The commands, which no server may be named like.
    pub commands: Vec<String>,
    /// Whether the key of the first name takes the second one as a value; an error says what it takes.
    pub check: fn(&str, &str) -> Result<(), String>,
}

impl Default for Words {
    fn default() -> Words {
        Words { keys: Vec::new(), commands: Vec::new(), check: |_, _| Ok(()) }
    }
}

impl Words {
    /// What the key of this name may hold; `None` if there is none.
    pub fn shape(&self, name: &str) -> Option<Shape> {
        self.keys.iter().find(|key| key.name == name).map(|key| key.shape)
    }
}

/// A key, spelled like its flag without the dashes in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it may hold.
    pub shape: Shape,
}

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// true or false.
    Switch,
    /// A string.
    Text,
    /// A number of seconds.
    Seconds,
    /// A number of bytes, or a string such as `64M`.
    Size,
    /// A string that is one of some words.
    Choice,
    /// A string, or a list of strings.
    List,
    /// true, false, or a string.
    SwitchOrText,
}

impl Shape {
    /// Whether not every value of this kind is one. None of these is a secret.
    pub(super) fn has_a_range(self) -> bool {
        matches!(self, Shape::Seconds | Shape::Size | Shape::Choice)
    }

    /// What it may hold, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Shape::Switch => "true or false",
            Shape::Text | Shape::Choice => "a string in quotes",
            Shape::Seconds => "a number of seconds, without quotes",
            Shape::Size => "a number of bytes, or a size in quotes such as \"64M\"",
            Shape::List => "a list of strings",
            Shape::SwitchOrText => "true, false or a string",
        }
    }
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A flag without a value is given, or is not.
    Switch(bool),
    /// A flag is given once with each of these.
    Texts(Vec<String>),
}

impl Value {
    /// The one text that it is, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Texts(texts) => texts.first().map(String::as_str),
            Value::Switch(_) => None,
        }
    }
}

/// A key with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key's name.
    pub key: String,
    /// What it holds.
    pub value: Value,
    /// Where that is written.
    pub place: Place,
}

/// A line of a file, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of {}", self.line, short(&self.path))
    }
}

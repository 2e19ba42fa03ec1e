//! Reads the text of a file strictly: what is unknown or of the wrong kind is an error that names
//! file and line.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, TableLike, Value as Toml};

use super::keys::{Key, Place, Setting, Shape, Value, Words};
use crate::failure::{Failure, Kind};
use crate::spelling::nearest;

/// A file that is being read.
pub(super) struct Source<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    pub words: &'a Words,
}

impl<'a> Source<'a> {
    pub fn parse(&self) -> Result<Document<&'a str>, Failure> {
        Document::parse(self.text).map_err(|error| {
            let message = error.message().replace('\n', " ");
            self.refuse(error.span(), &message, "mend it there; https://toml.io says how TOML is written")
        })
    }

    pub fn place(&self, span: Option<Range<usize>>) -> Place {
        let before = span.and_then(|span| self.text.as_bytes().get(..span.start)).unwrap_or_default();
        Place { path: self.path.to_owned(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    }

    pub fn refuse(&self, span: Option<Range<usize>>, fact: &str, remedy: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, format!("{}: {fact}", self.place(span))).remedy(remedy)
    }

    /// The tables in `table`, with their names.
    pub fn tables<'t>(&self, table: &'t dyn TableLike) -> Result<Vec<(&'t str, &'t dyn TableLike)>, Failure> {
        table.iter().map(|(name, item)| Ok((name, self.table(table, name, item)?))).collect()
    }

    /// The `item` under `name`, which has to be a table.
    pub fn table<'t>(&self, of: &dyn TableLike, name: &str, item: &'t Item) -> Result<&'t dyn TableLike, Failure> {
        let wrong = || {
            self.refuse(
                span(of, name),
                &format!("`{name}` is no table"),
                format!("write [{name}] above what belongs to it"),
            )
        };
        item.as_table_like().ok_or_else(wrong)
    }

    /// The string under `name`, if it is there.
    pub fn text(&self, table: &dyn TableLike, name: &str) -> Result<Option<String>, Failure> {
        let Some(item) = table.get(name) else { return Ok(None) };
        match item.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.wrong(table, name, Shape::Text)),
        }
    }

    /// What `table` sets, but for the keys of `others`, which are read elsewhere.
    pub fn settings(&self, table: &dyn TableLike, others: &[&str]) -> Result<Vec<Setting>, Failure> {
        let mut settings = Vec::new();
        for (name, item) in table.iter().filter(|(name, _)| !others.contains(name)) {
            let key = self.words.keys.iter().find(|key| key.name == name);
            let key = key.ok_or_else(|| self.unknown(table, name, others))?;
            let value = value(key, item).ok_or_else(|| self.wrong(table, name, key.shape))?;
            if let Some(text) = value.text().filter(|_| key.shape.has_a_range())
                && let Err(expected) = (self.words.check)(name, text)
            {
                let fact = format!("`{name}` cannot be {text}");
                return Err(self.refuse(span(table, name), &fact, expected));
            }
            settings.push(Setting { key: name.to_owned(), value, place: self.place(span(table, name)) });
        }
        Ok(settings)
    }

    /// The failure of a key that there is not.
    pub fn unknown(&self, table: &dyn TableLike, name: &str, others: &[&str]) -> Failure {
        let keys = self.words.keys.iter().map(|key| key.name.as_str());
        let remedy = match nearest(name, keys.chain(others.iter().copied())) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "the keys are the flags of `mcpbridge --help`, without their dashes in front".into(),
        };
        self.refuse(span(table, name), &format!("`{name}` is not a key"), remedy)
    }

    fn wrong(&self, table: &dyn TableLike, name: &str, shape: Shape) -> Failure {
        let fact = match table.get(name).and_then(Item::as_str).filter(|_| shape.has_a_range()) {
            Some(text) => format!("`{name}` is the text {text:?}"),
            None => format!("`{name}` has a value of the wrong kind"),
        };
        self.refuse(span(table, name), &fact, format!("write {}", shape.words()))
    }
}

/// Where the key `name` of `table` stands.
pub(super) fn span(table: &dyn TableLike, name: &str) -> Option<Range<usize>> {
    table.key(name).and_then(toml_edit::Key::span).or_else(|| table.get(name).and_then(Item::span))
}

/// What `item` says for `key`; `None` if it is of the wrong kind.
fn value(key: &Key, item: &Item) -> Option<Value> {
    let item = item.as_value()?;
    let text = || item.as_str().map(str::to_owned);
    let one = |text: String| Value::Texts(vec![text]);
    match key.shape {
        Shape::Switch => item.as_bool().map(Value::Switch),
        Shape::Text | Shape::Choice => text().map(one),
        Shape::SwitchOrText => item.as_bool().map(Value::Switch).or_else(|| text().map(one)),
        Shape::Seconds => match item {
            Toml::Integer(number) => Some(one(number.value().to_string())),
            Toml::Float(number) => Some(one(number.value().to_string())),
            _ => None,
        },
        Shape::Size => item.as_integer().map(|bytes| bytes.to_string()).or_else(text).map(one),
        Shape::List => match item.as_array() {
            Some(list) => {
                list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Value::Texts)
            }
            None => text().map(one),
        },
    }
}

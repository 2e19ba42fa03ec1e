//! A YAML document with the places of its parts.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, SpannedEventReceiver};
use serde_json::{Map, Value};

use super::super::node::Trouble;

/// A value and where it is.
#[derive(Debug)]
pub struct Spot {
    /// Where it begins.
    pub start: usize,
    /// Where its last word ends, without the white space and the comments behind.
    pub end: usize,
    /// Whether it is written in brackets.
    pub flow: bool,
    /// What it is.
    pub what: What,
}

/// What a value is.
#[derive(Debug)]
pub enum What {
    /// A text, or what is written without quotes and may be more than a text.
    Scalar {
        /// The text.
        text: String,
        /// Whether it is written without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Spot>),
    /// A map.
    Map(Vec<(Spot, Spot)>),
    /// Something that stands elsewhere.
    Alias,
}

impl Spot {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.what {
            What::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing is written here.
    pub fn is_null(&self) -> bool {
        matches!(&self.what, What::Scalar { text, plain: true } if is_null(text))
    }

    fn value(&self) -> Value {
        match &self.what {
            What::Scalar { text, plain: false } => Value::from(text.as_str()),
            What::Scalar { text, .. } => match text.as_str() {
                text if is_null(text) => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            },
            What::List(items) => items.iter().map(Spot::value).collect(),
            What::Map(members) => {
                let member = |(key, value): &(Spot, Spot)| (key.text().unwrap_or_default().to_owned(), value.value());
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
            What::Alias => Value::from("*"),
        }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null")
}

/// One document.
pub struct Document {
    root: Option<Spot>,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// It is no YAML, or more than one document.
    pub fn parse(text: &str) -> Result<Document, Trouble> {
        if text.replace("\r\n", "").contains('\r') {
            // YAML takes it for a line break, and no editor writes one.
            return Err(Trouble::Shape("it has a carriage return without a line feed".into()));
        }
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut builder = Builder { text, lines, open: Vec::new(), roots: Vec::new() };
        Parser::new_from_str(text).load(&mut builder, true).map_err(|error| Trouble::Syntax {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            what: error.info().to_owned(),
        })?;
        if builder.roots.len() > 1 {
            return Err(Trouble::Shape("there is more than one document in it".into()));
        }
        Ok(Document { root: builder.roots.pop() })
    }

    /// What it says.
    pub fn value(&self) -> Value {
        self.root.as_ref().map_or(Value::Null, Spot::value)
    }

    /// A member of the document and its key.
    ///
    /// # Errors
    /// The document is no map, or the member is there twice.
    pub fn member(&self, name: &str) -> Result<Option<(&Spot, &Spot)>, Trouble> {
        match &self.root {
            Some(Spot { what: What::Map(members), flow: false, .. }) => {
                let mut found = members.iter().filter(|(key, _)| key.text() == Some(name));
                let first = found.next().map(|(key, value)| (key, value));
                match found.next() {
                    Some(_) => Err(Trouble::Shape(format!("{name} is there twice"))),
                    None => Ok(first),
                }
            }
            Some(root) if !root.is_null() => Err(Trouble::Shape("the file is no map with one member a line".into())),
            _ => Ok(None),
        }
    }
}

struct Builder<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    open: Vec<(Spot, Vec<Spot>)>,
    roots: Vec<Spot>,
}

impl<'t> SpannedEventReceiver<'t> for Builder<'t> {
    fn on_event(&mut self, event: Event<'t>, span: Span) {
        let (start, end) = (self.at(span.start), self.at(span.end));
        match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                let end = start + self.text.get(start..end).map_or(0, |written| written.trim_end().len());
                self.close(Spot { start, end, flow: false, what: What::Scalar { text: text.into_owned(), plain } });
            }
            Event::Alias(_) => self.close(Spot { start, end, flow: false, what: What::Alias }),
            Event::SequenceStart(..) => self.open(start, '[', What::List(Vec::new())),
            Event::MappingStart(..) => self.open(start, '{', What::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((mut spot, inside)) = self.open.pop() else { return };
                // In a block the mark of the end is behind the comments that follow.
                // In brackets it is behind the comment that follows, and its beginning is the bracket.
                let bracket = if self.text[start..].starts_with([']', '}']) { start + 1 } else { end };
                spot.end = if spot.flow { bracket } else { inside.iter().map(|it| it.end).max().unwrap_or(spot.start) };
                spot.what = match spot.what {
                    What::Map(_) => {
                        let mut parts = inside.into_iter();
                        let mut members = Vec::new();
                        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                            members.push((key, value));
                        }
                        What::Map(members)
                    }
                    _ => What::List(inside),
                };
                self.close(spot);
            }
            _ => {}
        }
    }
}

impl Builder<'_> {
    fn open(&mut self, start: usize, bracket: char, what: What) {
        let flow = self.text[start..].starts_with(bracket);
        self.open.push((Spot { start, end: start, flow, what }, Vec::new()));
    }

    fn close(&mut self, mut spot: Spot) {
        match self.open.last_mut() {
            Some((_, inside)) => {
                if spot.end == spot.start && spot.is_null() {
                    // What is not written is at its key.
                    let behind = inside.last().map_or(spot.start, |key| key.end);
                    (spot.start, spot.end) = (behind, behind);
                }
                inside.push(spot);
            }
            None => self.roots.push(spot),
        }
    }

    fn at(&self, mark: Marker) -> usize {
        let start = self.lines.get(mark.line().saturating_sub(1)).copied().unwrap_or(self.text.len());
        self.text[start..].char_indices().nth(mark.col()).map_or(self.text.len(), |(index, _)| start + index)
    }
}

//! JSON with comments, as editors keep it. A change is made in the text: all that it is not about
//! stays as it was, byte for byte.

use std::collections::BTreeMap;
use std::ops::Range;

use jsonc_parser::ast::{self, Object};
use jsonc_parser::tokens::{Token, TokenAndRange};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, common::Ranged, parse_to_ast};
use serde_json::Value;

use super::node::{Node, Splice, Trouble, indent, newline, spliced};

/// What was there before the first change, by the place of the object: its inner text where it was
/// empty, `None` where it was not there. With it the last removal brings back the very bytes.
pub type Facts = BTreeMap<String, Option<String>>;

/// What `text` says. A text with nothing but white space and comments says nothing.
///
/// # Errors
/// It is no JSON, also with comments and trailing commas allowed.
pub fn read(text: &str) -> Result<Value, Trouble> {
    Ok(Document::parse(text)?.root.as_ref().map_or(Value::Null, plain))
}

/// `text` with `node` at `path`, and with the objects above it where they are missing.
///
/// # Errors
/// It cannot be read, or something on the path is no object or is there twice.
pub fn set(text: &str, path: &[&str], node: &Node, facts: &mut Facts) -> Result<String, Trouble> {
    let document = Document::parse(text)?;
    let changed = document.set(path, node, facts)?;
    let mut expected = document.root.as_ref().map_or(Value::Null, plain);
    put(&mut expected, path, node.value());
    verified(changed, &expected)
}

/// `text` without what is at `path`, and without the objects above it that `facts` say were not there.
///
/// # Errors
/// It cannot be read, or there is nothing at the path.
pub fn remove(text: &str, path: &[&str], facts: &mut Facts) -> Result<String, Trouble> {
    let document = Document::parse(text)?;
    let mut expected = document.root.as_ref().map_or(Value::Null, plain);
    let mut changed = document.remove(path)?;
    take(&mut expected, path);
    for depth in (0..path.len()).rev() {
        let above = &path[..depth];
        let now = Document::parse(&changed)?;
        let Some(object) = now.object(above)?.filter(|object| object.properties.is_empty()) else { break };
        let inside = object.range.start + 1..object.range.end - 1;
        match facts.remove(&pointer(above)) {
            Some(None) if now.text[inside.clone()].trim().is_empty() && depth > 0 => {
                changed = now.remove(above)?;
                take(&mut expected, above);
            }
            Some(None) if depth == 0 => {
                changed = now.without_root(object);
                expected = Value::Null;
            }
            Some(Some(before)) if same_words(&before, &now.text[inside.clone()]) => {
                changed = spliced(&changed, &[Splice::new(inside, before)]);
                break;
            }
            _ => break,
        }
    }
    verified(changed, &expected)
}

/// Texts with the same words, whatever is between them.
fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// The text, read once, with the places of its parts.
struct Document<'a> {
    text: &'a str,
    root: Option<ast::Value<'a>>,
    /// Comments too.
    tokens: Vec<TokenAndRange<'a>>,
}

impl<'a> Document<'a> {
    fn parse(text: &'a str) -> Result<Document<'a>, Trouble> {
        let collect = CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
        let parsed = parse_to_ast(text, &collect, &OPTIONS).map_err(|error| Trouble::Syntax {
            line: error.line_display(),
            column: error.column_display(),
            what: error.kind().to_string().to_lowercase(),
        })?;
        Ok(Document { text, root: parsed.value, tokens: parsed.tokens.unwrap_or_default() })
    }

    /// The object at `path`; `None` if it, or one above it, is not there.
    fn object(&self, path: &[&str]) -> Result<Option<&Object<'a>>, Trouble> {
        let mut value = match &self.root {
            None => return Ok(None),
            Some(value) => value,
        };
        for (depth, name) in path.iter().enumerate() {
            match member(as_object(value, &path[..depth])?, name)? {
                None => return Ok(None),
                Some(property) => value = &property.value,
            }
        }
        as_object(value, path).map(Some)
    }

    fn set(&self, path: &[&str], node: &Node, facts: &mut Facts) -> Result<String, Trouble> {
        // The deepest object that is there.
        let mut depth = path.len() - 1;
        while depth > 0 && self.object(&path[..depth])?.is_none() {
            depth -= 1;
        }
        let mut whole = node.clone();
        for made in (depth + 1..path.len()).rev() {
            whole = Node::Map(vec![(path[made].to_owned(), whole)]);
            facts.insert(pointer(&path[..made]), None);
        }
        let Some(object) = self.object(&path[..depth])? else {
            if self.text.ends_with('\r') {
                return Err(Trouble::Shape("it ends with half a line break".into()));
            }
            facts.insert(String::new(), None);
            return Ok(self.with_root(&Node::Map(vec![(path[0].to_owned(), whole)])));
        };
        if let Some(there) = member(object, path[depth])? {
            let at = there.value.range();
            let old = &self.text[at.start..at.end];
            // A list that stands in one line stays in one; an empty one says nothing of that.
            let says = old.len() > "[]".len() || !self.text.contains('\n');
            let flat = !old.contains('\n') && is_list(&there.value) && says;
            let text = self.rendered(&whole, indent(self.text, there.range.start), flat);
            return Ok(spliced(self.text, &[Splice::new(at.start..at.end, text)]));
        }
        if object.properties.is_empty() {
            let inner = self.text[object.range.start + 1..object.range.end - 1].to_owned();
            facts.entry(pointer(&path[..depth])).or_insert(Some(inner));
        }
        Ok(spliced(self.text, &self.inserted(object, path[depth], &whole)))
    }

    /// A text that said nothing, with an object behind what is there.
    fn with_root(&self, node: &Node) -> String {
        let (text, line) = (self.text, newline(self.text));
        let object = self.rendered(node, "", false);
        match text.is_empty() || text.ends_with('\n') {
            true => format!("{text}{object}{line}"),
            false => format!("{text}{line}{object}"),
        }
    }

    /// The reverse of [`Document::with_root`].
    fn without_root(&self, object: &Object) -> String {
        let (before, behind) = (&self.text[..object.range.start], &self.text[object.range.end..]);
        let line = newline(self.text);
        match behind.strip_prefix(line) {
            Some(rest) => format!("{before}{rest}"),
            None => format!("{}{behind}", before.strip_suffix(line).unwrap_or(before)),
        }
    }

    fn inserted(&self, object: &Object, name: &str, node: &Node) -> Vec<Splice> {
        let (text, line) = (self.text, newline(self.text));
        let Some(last) = object.properties.last() else {
            let base = indent(text, object.range.start);
            let deeper = format!("{base}{}", self.unit());
            let property = self.property(name, node, &deeper, false);
            let inside = object.range.start + 1..object.range.end - 1;
            // Comments stay in front of it.
            let kept = text[inside.clone()].trim_end();
            let end = if kept.is_empty() { inside.start } else { inside.start + kept.len() };
            return vec![Splice::new(end..inside.end, format!("{line}{deeper}{property}{line}{base}"))];
        };
        let before = self.white_space_before(last.range.start);
        let comma = self.comma_behind(last.range.end);
        let behind = comma.as_ref().map_or(last.range.end, |comma| comma.end);
        let mut splices = Vec::new();
        if comma.is_none() {
            splices.push(Splice::new(behind..behind, ","));
        }
        let tail = if comma.is_some() { "," } else { "" };
        if text[before..last.range.start].contains('\n') {
            let deeper = indent(text, last.range.start);
            let property = self.property(name, node, deeper, false);
            // Behind a comment on the same line, which belongs to the property before.
            let at = self.end_of_comments(behind);
            splices.push(Splice::new(at..at, format!("{line}{deeper}{property}{tail}")));
        } else {
            let gap = if text[before..last.range.start].is_empty() && self.is_dense() { "" } else { " " };
            splices.push(Splice::new(behind..behind, format!("{gap}{}{tail}", self.property(name, node, "", true))));
        }
        splices
    }

    fn remove(&self, path: &[&str]) -> Result<String, Trouble> {
        let (name, above) = path.split_last().ok_or_else(|| nothing_at(path))?;
        let object = self.object(above)?.ok_or_else(|| nothing_at(path))?;
        member(object, name)?.ok_or_else(|| nothing_at(path))?;
        let properties = &object.properties;
        let index = properties.iter().position(|property| property.name.as_str() == *name).unwrap_or_default();
        let property = &properties[index];
        let mut start = self.white_space_before(property.range.start);
        let comma = self.comma_behind(property.range.end);
        let end = comma.as_ref().map_or(property.range.end, |comma| comma.end);
        let rest = self.text[end..].split('\n').next().unwrap_or_default().trim();
        let behind_comment =
            self.tokens.iter().any(|it| matches!(it.token, Token::CommentLine(_)) && it.range.end == start);
        if behind_comment && !rest.is_empty() && !rest.starts_with("//") && !rest.starts_with("/*") {
            // It would become part of the comment.
            start = property.range.start;
        }
        let mut splices = vec![Splice::new(start..end, "")];
        if index + 1 == properties.len() && comma.is_none() && index > 0 {
            // The comma before it came with it.
            if let Some(comma) = self.comma_behind(properties[index - 1].range.end) {
                splices.insert(0, Splice::new(comma, ""));
            }
        }
        Ok(spliced(self.text, &splices))
    }

    fn property(&self, name: &str, node: &Node, indent: &str, flat: bool) -> String {
        let gap = if flat && self.is_dense() { "" } else { " " };
        format!("{}:{gap}{}", quoted(name), self.rendered(node, indent, flat))
    }

    fn rendered(&self, node: &Node, indent: &str, flat: bool) -> String {
        let deeper = format!("{indent}{}", self.unit());
        let (items, open, close): (Vec<String>, _, _) = match node {
            Node::Text(text) => return quoted(text),
            Node::Flag(flag) => return flag.to_string(),
            Node::Number(number) => return number.to_string(),
            Node::List(texts) => (texts.iter().map(|text| quoted(text)).collect(), '[', ']'),
            Node::Map(members) => {
                let property = |(name, node): &(String, Node)| self.property(name, node, &deeper, flat);
                (members.iter().map(property).collect(), '{', '}')
            }
        };
        let line = newline(self.text);
        match (items.is_empty(), flat) {
            (true, _) => format!("{open}{close}"),
            (false, true) => format!("{open}{}{close}", items.join(if self.is_dense() { "," } else { ", " })),
            (false, false) => {
                format!("{open}{line}{deeper}{}{line}{indent}{close}", items.join(&format!(",{line}{deeper}")))
            }
        }
    }

    /// By how much one level is indented: as the first member of the file is.
    fn unit(&self) -> &str {
        let first = self.root.as_ref().and_then(ast::Value::as_object).and_then(|root| root.properties.first());
        first.map(|property| indent(self.text, property.range.start)).filter(|it| !it.is_empty()).unwrap_or("  ")
    }

    /// Whether the file is written without any white space, by a program for programs.
    fn is_dense(&self) -> bool {
        !self.text.contains('\n') && !self.text.contains("\": ")
    }

    fn white_space_before(&self, at: usize) -> usize {
        self.text[..at].trim_end_matches([' ', '\t', '\r', '\n']).len()
    }

    /// The comma behind a value that ends at `at`.
    fn comma_behind(&self, at: usize) -> Option<Range<usize>> {
        let comment = |token: &Token| matches!(token, Token::CommentLine(_) | Token::CommentBlock(_));
        let next = self.tokens.iter().find(|it| it.range.start >= at && !comment(&it.token))?;
        matches!(next.token, Token::Comma).then_some(next.range.start..next.range.end)
    }

    /// The end of the comments that begin on the line of `at`, behind it.
    fn end_of_comments(&self, mut at: usize) -> usize {
        let behind = self.tokens.partition_point(|it| it.range.start < at);
        for it in &self.tokens[behind..] {
            let same_line = !self.text[at..it.range.start].contains('\n');
            match it.token {
                Token::CommentLine(_) | Token::CommentBlock(_) if same_line => at = it.range.end,
                _ => break,
            }
        }
        at
    }
}

fn as_object<'v, 'a>(value: &'v ast::Value<'a>, path: &[&str]) -> Result<&'v Object<'a>, Trouble> {
    value.as_object().ok_or_else(|| Trouble::Shape(format!("{} is no object", named(path))))
}

fn member<'v, 'a>(object: &'v Object<'a>, name: &str) -> Result<Option<&'v ast::ObjectProp<'a>>, Trouble> {
    let mut found = object.properties.iter().filter(|property| property.name.as_str() == name);
    let first = found.next();
    match found.next() {
        Some(_) => Err(Trouble::Shape(format!("{name} is there twice"))),
        None => Ok(first),
    }
}

fn is_list(value: &ast::Value) -> bool {
    matches!(value, ast::Value::Array(_) | ast::Value::Object(_))
}

fn nothing_at(path: &[&str]) -> Trouble {
    Trouble::Shape(format!("there is no {}", named(path)))
}

/// A path for a person.
fn named(path: &[&str]) -> String {
    if path.is_empty() { "the file".into() } else { path.join(".") }
}

fn pointer(path: &[&str]) -> String {
    path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn plain(value: &ast::Value) -> Value {
    match value {
        ast::Value::StringLit(text) => Value::from(text.value.as_ref()),
        // As it is spelled where serde_json has no such number: it is only compared.
        ast::Value::NumberLit(number) => {
            serde_json::from_str(number.value).unwrap_or_else(|_| Value::from(number.value))
        }
        ast::Value::BooleanLit(flag) => Value::from(flag.value),
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::Array(array) => array.elements.iter().map(plain).collect(),
        ast::Value::Object(object) => {
            object.properties.iter().map(|it| (it.name.as_str().to_owned(), plain(&it.value))).collect()
        }
    }
}

fn put(root: &mut Value, path: &[&str], value: Value) {
    let mut place = root;
    for name in path {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = &mut place[*name];
    }
    *place = value;
}

fn take(root: &mut Value, path: &[&str]) {
    let Some((name, above)) = path.split_last() else { return };
    let place = above.iter().try_fold(root, |place, name| place.get_mut(*name));
    if let Some(Value::Object(members)) = place {
        members.remove(*name);
    }
}

/// A change that would say something else is not made.
fn verified(changed: String, expected: &Value) -> Result<String, Trouble> {
    match read(&changed) {
        Ok(value) if value == *expected => Ok(changed),
        _ => Err(Trouble::Shape("what is around the entry cannot be changed safely".into())),
    }
}

/// What every editor with comments in its file takes, and nothing more.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

#[cfg(test)]
#[path = "jsonc_tests.rs"]
mod tests;

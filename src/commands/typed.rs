//! A value as it was typed, and what a schema makes of it.

use crate::era::quoted;
use crate::message::{elements, member, plain_string};

/// What a part of a JSON Schema says of one value.
pub struct Typed<'a> {
    schema: &'a str,
    types: Vec<String>,
}

impl<'a> Typed<'a> {
    /// `schema` is a part of `whole`, in which its references are found.
    pub fn new(schema: &'a str, whole: &'a str) -> Self {
        let schema = resolved(schema, whole);
        let mut types = Vec::new();
        collect(schema, whole, &mut types, 0);
        Typed { schema, types }
    }

    /// The types, for a person.
    pub fn name(&self) -> String {
        match self.types.as_slice() {
            [] => "any".to_owned(),
            types => types.join("|"),
        }
    }

    /// Whether several values for one name make a list.
    pub fn is_list(&self) -> bool {
        self.has("array") && !self.has("string")
    }

    /// The part of the schema for one element of a list.
    pub fn element(&self, whole: &'a str) -> Typed<'a> {
        Typed::new(member(self.schema, "items").unwrap_or("{}"), whole)
    }

    /// `text` as JSON text. A text is a string wherever the schema allows one, and where it says
    /// nothing; it is a number, a boolean, a list or an object only where the schema wants that. So
    /// "007" and "true" reach a server as they were typed unless it asked for something else.
    ///
    /// # Errors
    /// What is wanted instead, as a sentence.
    pub fn read(&self, text: &str) -> Result<String, String> {
        let json = || serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok().then(|| text.trim());
        let starts = |with: char| json().filter(|text| text.starts_with(with));
        if self.types.is_empty() || self.has("string") {
            return self.allowed(quoted(text));
        }
        let found = match text {
            "true" | "false" if self.has("boolean") => Some(text),
            "null" if self.has("null") => Some(text),
            _ if self.has("array") && starts('[').is_some() => json(),
            _ if self.has("object") && starts('{').is_some() => json(),
            _ if self.has("number") && is_number(text) => Some(text),
            _ if self.has("integer") && is_integer(text) => Some(text),
            _ => None,
        };
        match found {
            Some(value) => self.allowed(value.to_owned()),
            None => Err(format!("{} is wanted, and {text:?} is none", self.wanted())),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.types.iter().any(|own| own == name)
    }

    fn wanted(&self) -> String {
        let words = self.types.iter().map(|name| match name.as_str() {
            "integer" => "an integer",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a JSON array",
            "object" => "a JSON object",
            "null" => "null",
            other => other,
        });
        words.collect::<Vec<_>>().join(" or ")
    }

    /// The value, if the enumeration has it or there is none.
    fn allowed(&self, value: String) -> Result<String, String> {
        let Some(all) = member(self.schema, "enum") else { return Ok(value) };
        let each: Vec<&str> = elements(all).unwrap_or_default().into_iter().map(|at| &all[at]).collect();
        let same = |one: &&&str| **one == value || plain_string(one).is_some_and(|one| quoted(&one) == value);
        if each.is_empty() || each.iter().find(same).is_some() {
            return Ok(value);
        }
        Err(format!("one of {} is wanted, and {value} is none", each.join(", ")))
    }
}

/// The types that a schema allows, its alternatives included.
fn collect(schema: &str, whole: &str, types: &mut Vec<String>, depth: u32) {
    if depth > DEEPEST {
        return;
    }
    let mut add = |name: &str| {
        if !types.iter().any(|known| known == name) {
            types.push(name.to_owned());
        }
    };
    match member(schema, "type") {
        Some(list) if list.starts_with('[') => {
            let names = elements(list).unwrap_or_default().into_iter().filter_map(|at| plain_string(&list[at]));
            names.for_each(|name| add(&name));
        }
        Some(name) => {
            if let Some(name) = plain_string(name) {
                add(&name);
            }
        }
        None => {}
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        let Some(list) = member(schema, name) else { continue };
        for at in elements(list).unwrap_or_default() {
            collect(resolved(&list[at], whole), whole, types, depth + 1);
        }
    }
}

/// The schema that a reference within `whole` leads to.
fn resolved<'a>(mut schema: &'a str, whole: &'a str) -> &'a str {
    for _ in 0..DEEPEST {
        let Some(path) = member(schema, "$ref").and_then(plain_string) else { return schema };
        let Some(path) = path.strip_prefix("#/") else { return schema };
        let step = |at: &'a str, name: &str| member(at, &name.replace("~1", "/").replace("~0", "~"));
        match path.split('/').try_fold(whole, step) {
            Some(found) => schema = found,
            None => return schema,
        }
    }
    schema
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// JSON Schema takes 1.0 for an integer. A number of any length is one.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number(text) && (plain || text.parse::<f64>().is_ok_and(|number| number.fract() == 0.0))
}

/// References and alternatives within each other; a schema may refer to itself.
const DEEPEST: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(schema: &str, text: &str) -> Result<String, String> {
        Typed::new(schema, schema).read(text)
    }

    #[test]
    fn a_text_is_what_the_schema_wants_and_a_string_otherwise() {
        for (schema, text, value) in [
            ("{}", "5", "\"5\""),
            (r#"{"type":"string"}"#, "true", "\"true\""),
            (r#"{"type":["string","integer"]}"#, "5", "\"5\""),
            (r#"{"type":"integer"}"#, "123456789012345678901234567890", "123456789012345678901234567890"),
            (r#"{"type":"integer"}"#, "-1.0", "-1.0"),
            (r#"{"type":"number"}"#, "1.50", "1.50"),
            (r#"{"type":"boolean"}"#, "false", "false"),
            (r#"{"anyOf":[{"type":"integer"},{"type":"null"}]}"#, "null", "null"),
            (r##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"number"}}}"##, "7", "7"),
            (r#"{"type":"array"}"#, "[1.0]", "[1.0]"),
            (r#"{"enum":["a","b"]}"#, "b", "\"b\""),
            (r#"{"type":"integer","enum":[1,2]}"#, "2", "2"),
        ] {
            assert_eq!(read(schema, text), Ok(value.to_owned()), "{schema} {text}");
        }
    }

    #[test]
    fn what_the_schema_does_not_want_is_refused_with_what_it_wants() {
        for (schema, text, wanted) in [
            (r#"{"type":"integer"}"#, "1.5", "an integer is wanted"),
            (r#"{"type":"integer"}"#, "abc", "an integer is wanted, and \"abc\" is none"),
            (r#"{"type":"number"}"#, "+5", "a number"),
            (r#"{"type":"boolean"}"#, "yes", "true or false"),
            (r#"{"type":"array"}"#, "{}", "a JSON array"),
            (r#"{"type":"string","enum":["a","b"]}"#, "c", "one of \"a\", \"b\""),
            (r##"{"$ref":"#"}"##, "x", ""),
        ] {
            let told = read(schema, text);
            assert!(wanted.is_empty() || told.clone().unwrap_err().contains(wanted), "{schema} {text}: {told:?}");
        }
    }
}

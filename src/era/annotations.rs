//! `x-mcp-header` in the schema of a tool: which parameters go into headers, and which annotations
//! make a tool unusable (2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters").

use super::splice::members;
use crate::message::{elements, member, plain_string};

/// A parameter that is repeated in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The header's name, behind `Mcp-Param-`.
    pub header: String,
    path: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Truth,
}

impl Param {
    /// The value in the arguments of a call, if one stands at exactly this path.
    pub fn value_in(&self, arguments: &str) -> Option<String> {
        let mut value = arguments;
        for name in &self.path {
            value = member(value, name)?;
        }
        match self.kind {
            Kind::Text => plain_string(value).map(|text| text.into_owned()),
            Kind::Truth => matches!(value, "true" | "false").then(|| value.to_owned()),
            Kind::Integer => integer(value).map(|number| number.to_string()),
        }
    }
}

/// The annotated parameters of an input schema.
///
/// # Errors
/// Why the tool must not be used, as a sentence.
pub fn annotations(schema: &str) -> Result<Vec<Param>, String> {
    let mut params = Vec::new();
    walk(schema, &Place::Root, &mut Vec::new(), &mut params, 0)?;
    for (index, param) in params.iter().enumerate() {
        if params[..index].iter().any(|other: &Param| other.header.eq_ignore_ascii_case(&param.header)) {
            return Err(format!("the header {:?} stands twice in its schema", param.header));
        }
    }
    Ok(params)
}

/// Where in a schema an object stands.
#[derive(PartialEq)]
enum Place {
    /// The schema of the arguments themselves.
    Root,
    /// The schema of one property, reached through `properties` alone.
    Property,
    /// The schema of something that no path of names leads to.
    Elsewhere,
}

fn walk(
    schema: &str,
    place: &Place,
    path: &mut Vec<String>,
    params: &mut Vec<Param>,
    depth: usize,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("its schema is nested too deeply".into());
    }
    let Some(all) = members(schema) else {
        // Alternatives stand in arrays.
        let parts = elements(schema).unwrap_or_default();
        return parts.into_iter().try_for_each(|at| walk(&schema[at], &Place::Elsewhere, path, params, depth + 1));
    };
    for entry in &all {
        match (&*entry.name, place) {
            ("x-mcp-header", Place::Property) => params.push(param(schema, entry.value, path)?),
            ("x-mcp-header", _) => {
                return Err("its schema has an x-mcp-header where no chain of properties leads".into());
            }
            // What stands here is data, not a schema.
            ("default" | "const" | "enum" | "examples" | "required", _) => {}
            ("properties", Place::Root | Place::Property) => {
                for property in members(entry.value).unwrap_or_default() {
                    path.push(property.name.into_owned());
                    walk(property.value, &Place::Property, path, params, depth + 1)?;
                    path.pop();
                }
            }
            // The names in these are names of properties or of schemas, and no keywords.
            ("properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas", _) => {
                for inner in members(entry.value).unwrap_or_default() {
                    walk(inner.value, &Place::Elsewhere, path, params, depth + 1)?;
                }
            }
            _ => walk(entry.value, &Place::Elsewhere, path, params, depth + 1)?,
        }
    }
    Ok(())
}

fn param(schema: &str, value: &str, path: &[String]) -> Result<Param, String> {
    let header = plain_string(value).ok_or("its x-mcp-header is no string")?.into_owned();
    if header.is_empty() || !header.bytes().all(is_token) {
        return Err(format!("its x-mcp-header {header:?} is no name of a header"));
    }
    let kind = match member(schema, "type").and_then(plain_string).as_deref() {
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Truth,
        other => {
            let kind = other.unwrap_or("none").to_owned();
            return Err(format!("its x-mcp-header {header:?} is on a parameter of type {kind}"));
        }
    };
    Ok(Param { header, path: path.to_vec(), kind })
}

/// The characters of a token in RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A whole number, however it is spelled, within what every peer can count.
fn integer(spelled: &str) -> Option<i64> {
    let number = match spelled.parse::<i64>() {
        Ok(number) => number,
        Err(_) => {
            let number = spelled.parse::<f64>().ok().filter(|number| number.fract() == 0.0)?;
            // Exact up to the limit, and anything above is refused below.
            if number.abs() > LARGEST as f64 { return None } else { number as i64 }
        }
    };
    (-LARGEST..=LARGEST).contains(&number).then_some(number)
}

/// The largest integer that JavaScript can tell from its neighbours.
const LARGEST: i64 = (1 << 53) - 1;
/// Schemas are nested a few levels; one nested deeper than this is an attack on its readers.
const DEEPEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(properties: &str) -> String {
        format!(r#"{{"type":"object","properties":{properties}}}"#)
    }

    #[test]
    fn values_are_read_at_their_exact_path() {
        let text = schema(
            r#"{"region":{"type":"string","x-mcp-header":"Region"},
                "at":{"type":"object","properties":{"line":{"type":"integer","x-mcp-header":"Line"},
                      "x-mcp-header":{"type":"boolean","x-mcp-header":"Odd"}}}}"#,
        );
        let params = annotations(&text).unwrap();
        let values = |arguments: &str| -> Vec<_> { params.iter().map(|param| param.value_in(arguments)).collect() };
        assert_eq!(
            values(r#"{"region":"\u0061","at":{"line":42.0,"x-mcp-header":true}}"#),
            [Some("a".into()), Some("42".into()), Some("true".into())]
        );
        assert_eq!(values(r#"{"region":null,"line":1,"at":{"line":9007199254740992}}"#), [None, None, None]);
        assert_eq!(values(r#"{"at":{"line":-9007199254740991}}"#)[1].as_deref(), Some("-9007199254740991"));
        assert_eq!(values(r#"{"at":{"line":1e3}}"#)[1].as_deref(), Some("1000"));
        assert_eq!(values("[]"), [None, None, None]);
    }

    #[test]
    fn invalid_annotations_make_a_tool_unusable() {
        for properties in [
            r#"{"a":{"type":"string","x-mcp-header":""}}"#,
            r#"{"a":{"type":"string","x-mcp-header":"a b"}}"#,
            r#"{"a":{"type":"string","x-mcp-header":"a\r\nb"}}"#,
            r#"{"a":{"type":"string","x-mcp-header":"ü"}}"#,
            r#"{"a":{"type":"string","x-mcp-header":5}}"#,
            r#"{"a":{"type":"number","x-mcp-header":"A"}}"#,
            r#"{"a":{"type":["string","null"],"x-mcp-header":"A"}}"#,
            r#"{"a":{"x-mcp-header":"A"}}"#,
            r#"{"a":{"type":"object","x-mcp-header":"A"}}"#,
            r#"{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}"#,
            r#"{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}"#,
            r#"{"a":{"oneOf":[{"type":"string","x-mcp-header":"A"}]}}"#,
            r#"{"a":{"type":"object","properties":{"b":{"not":{"properties":{"c":{"type":"string","x-mcp-header":"A"}}}}}}}"#,
        ] {
            assert!(annotations(&schema(properties)).is_err(), "{properties}");
        }
        for text in [
            r#"{"type":"object","x-mcp-header":"A"}"#,
            r#"{"$defs":{"a":{"type":"string","x-mcp-header":"A"}}}"#,
            r#"{"if":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}"#,
        ] {
            assert!(annotations(text).is_err(), "{text}");
        }
    }

    #[test]
    fn data_in_a_schema_is_no_annotation() {
        let text = schema(r#"{"a":{"type":"object","default":{"x-mcp-header":5},"enum":[{"x-mcp-header":""}]}}"#);
        assert_eq!(annotations(&text), Ok(Vec::new()));
        assert_eq!(annotations(&schema(r#"{"x-mcp-header":{"type":"string"}}"#)), Ok(Vec::new()));
        assert_eq!(annotations("5"), Ok(Vec::new()));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{{}}{}", r#"{"not":"#.repeat(10_000), "}".repeat(10_000));
        assert!(annotations(&deep).is_err());
    }
}

//! `x-mcp-header` in the schema of a tool: which parameters go into headers, and which annotations
//! make a tool unusable (2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters").

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::splice::{Member, members};
use crate::message::{elements, members_named, plain_string};

/// A parameter that is repeated in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The header's name, behind `Mcp-Param-`.
    pub header: String,
    path: Vec<Arc<str>>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Truth,
}

impl Param {
    fn value(&self, value: &str) -> Option<String> {
        match self.kind {
            Kind::Text => plain_string(value).map(|text| text.into_owned()),
            Kind::Truth => matches!(value, "true" | "false").then(|| value.to_owned()),
            Kind::Integer => integer(value).map(|number| number.to_string()),
        }
    }
}

/// The values of `params` in the arguments of a call, for each of which one stands at exactly its path. The arguments
/// are read once, however many there are.
pub fn values<'p>(params: &'p [Param], arguments: &str) -> Vec<(&'p Param, String)> {
    let mut found = vec![None; params.len()];
    find(params.iter().map(|param| &param.path[..]).enumerate().collect(), arguments, &mut found);
    let value = |(param, value): (&'p Param, Option<&str>)| Some((param, param.value(value?)?));
    params.iter().zip(found).filter_map(value).collect()
}

/// Parameters by their number, with what is left of their paths.
type Wanted<'a> = Vec<(usize, &'a [Arc<str>])>;

fn find<'a>(wanted: Wanted, text: &'a str, found: &mut [Option<&'a str>]) {
    let mut below: BTreeMap<&str, Wanted> = BTreeMap::new();
    for (at, path) in wanted {
        match path {
            [] => found[at] = Some(text),
            [name, rest @ ..] => below.entry(name).or_default().push((at, rest)),
        }
    }
    if below.is_empty() {
        return;
    }
    let values = members_named(text, below.keys().copied());
    for (name, wanted) in below {
        if let Some(value) = values.get(name) {
            find(wanted, value, found);
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
    let mut names = BTreeSet::new();
    match params.iter().find(|param: &&Param| !names.insert(param.header.to_ascii_lowercase())) {
        Some(param) => Err(format!("the header {:?} stands twice in its schema", param.header)),
        None => Ok(params),
    }
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
    path: &mut Vec<Arc<str>>,
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
    let mut annotated = false;
    for entry in &all {
        match (&*entry.name, place) {
            ("x-mcp-header", Place::Property) if params.len() == MOST => {
                return Err(format!("its schema has more than {MOST} parameters with an x-mcp-header"));
            }
            ("x-mcp-header", Place::Property) if annotated => {
                return Err("a parameter in its schema has two members x-mcp-header".into());
            }
            ("x-mcp-header", Place::Property) => {
                annotated = true;
                params.push(param(&all, entry.value, path)?);
            }
            ("x-mcp-header", _) => {
                return Err("its schema has an x-mcp-header where no chain of properties leads".into());
            }
            // What stands here is data, not a schema.
            ("default" | "const" | "enum" | "examples" | "required", _) => {}
            ("properties", Place::Root | Place::Property) => {
                for property in members(entry.value).unwrap_or_default() {
                    path.push(property.name.into());
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

fn param(schema: &[Member], value: &str, path: &[Arc<str>]) -> Result<Param, String> {
    let header = plain_string(value).ok_or("its x-mcp-header is no string")?.into_owned();
    if header.is_empty() || !header.bytes().all(is_token) {
        return Err(format!("its x-mcp-header {header:?} is no name of a header"));
    }
    let mut types = schema.iter().filter(|member| member.name == "type");
    let kind = match types.next().filter(|_| types.next().is_none()).and_then(|it| plain_string(it.value)).as_deref() {
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
/// Each annotation is a header of every call, and servers take a hundred headers, or some more. A tool with this many
/// could not be called.
const MOST: usize = 256;

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
        let values = |arguments: &str| -> Vec<_> {
            let found = values(&params, arguments);
            let value = |param| found.iter().find(|(it, _)| *it == param).map(|(_, value)| value.clone());
            params.iter().map(value).collect()
        };
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
    fn two_hundred_thousand_annotations_are_refused_at_once() {
        let annotated = |n| format!(r#""p{n}":{{"type":"string","x-mcp-header":"P{n}"}}"#);
        let properties = |count| schema(&format!("{{{}}}", (0..count).map(annotated).collect::<Vec<_>>().join(",")));
        assert_eq!(annotations(&properties(MOST)).unwrap().len(), MOST);
        assert!(annotations(&properties(200_000)).unwrap_err().contains("more than 256"));
        let once = format!("{}{}", r#"{"type":"string""#, r#","x-mcp-header":"A""#.repeat(200_000));
        assert!(annotations(&schema(&format!(r#"{{"a":{once}}}}}"#))).unwrap_err().contains("two members"));
    }

    #[test]
    fn long_arguments_give_each_parameter_its_value() {
        let annotated = |n| format!(r#""p{n}":{{"type":"string","x-mcp-header":"P{n}"}}"#);
        let properties = (0..MOST).map(annotated).collect::<Vec<_>>().join(",");
        let params = annotations(&schema(&format!(r#"{{"in":{{"properties":{{{properties}}}}}}}"#))).unwrap();
        let rest = r#""x":1,"#.repeat(200_000);
        let text = format!(r#"{{"in":{{{rest}"p7":"seven"}}}}"#);
        let found = values(&params, &text);
        assert_eq!(
            found.iter().map(|(param, value)| (&*param.header, &**value)).collect::<Vec<_>>(),
            [("P7", "seven")]
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{{}}{}", r#"{"not":"#.repeat(10_000), "}".repeat(10_000));
        assert!(annotations(&deep).is_err());
    }
}

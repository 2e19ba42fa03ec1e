//! Arguments of a tool or a prompt, as they are typed at a shell.

use std::collections::HashSet;
use std::path::Path;
use std::{fs, io};

use super::typed::Typed;
use crate::auth::quoted as shell_word;
use crate::era::{members, quoted};
use crate::failure::{Failure, Kind};
use crate::message::{elements, member, plain_string};
use crate::plain::one_line;

/// One argument of the command line, with what is in the file that it names.
pub enum Part {
    /// `-`, `@FILE` or `{…}`: all arguments at once.
    All {
        /// What was typed, unless it is the object itself.
        place: Option<String>,
        /// A JSON object.
        text: String,
    },
    /// `KEY=VALUE`
    Text {
        /// The name.
        key: String,
        /// The value.
        text: String,
    },
    /// `KEY:=JSON`
    Json {
        /// The name.
        key: String,
        /// The value.
        text: String,
    },
}

impl Part {
    fn read(typed: &str) -> Result<Self, Failure> {
        // No name of an argument begins so.
        if typed.trim_start().starts_with('{') {
            return Ok(Part::All { place: None, text: typed.to_owned() });
        }
        // The name of a file may have a = in it, and that of an argument may begin with @.
        let is_file = |path: &str| !typed.contains('=') || Path::new(path).is_file();
        if typed == "-" || typed.strip_prefix('@').is_some_and(is_file) {
            return Ok(Part::All { place: Some(typed.to_owned()), text: content(typed)? });
        }
        match typed.split_once('=') {
            Some((key, text)) if key.len() > 1 && key.ends_with(':') => {
                let text = if text.starts_with('@') { content(text)? } else { text.to_owned() };
                Ok(Part::Json { key: key[..key.len() - 1].to_owned(), text })
            }
            Some((key, text)) if !key.is_empty() => {
                let itself = || format!("to send {text} itself: {}", shell_word(&format!("{key}:={}", quoted(text))));
                let text = match text.starts_with('@') {
                    // Who begins a text with @ may mean no file.
                    true => content(text).map_err(|failure| failure.remedy(itself()))?,
                    false => text.to_owned(),
                };
                Ok(Part::Text { key: key.to_owned(), text })
            }
            _ => Err(usage(format!("{typed:?} is no argument"), "write KEY=VALUE, KEY:=JSON, '{…}', @FILE or -")),
        }
    }
}

/// Reads what was typed, and the files and the stdin that it names.
///
/// # Errors
/// Something is no argument, or cannot be read.
pub fn parts(typed: &[String]) -> Result<Vec<Part>, Failure> {
    if typed.iter().filter(|typed| *typed == "-").count() > 1 {
        return Err(usage("stdin can be read only once".into(), "leave one - out"));
    }
    typed.iter().map(|typed| Part::read(typed)).collect()
}

/// The arguments as the JSON text of an object, in the order in which they were typed and with what
/// they are by `schema`, the JSON text of a schema for objects. `whose` names the tool.
///
/// # Errors
/// Something is not what the schema says, is unknown to it, or is missing.
pub fn object(parts: &[Part], schema: &str, whose: &str) -> Result<String, Failure> {
    let mut all: Vec<(String, String)> = Vec::new();
    // What a file or stdin says may be said anew, what was typed may not.
    let (mut lists, mut whole): (HashSet<&str>, HashSet<&str>) = Default::default();
    let twice = |key: &str| usage(format!("{key} is given twice"), "leave one of them out");
    for part in parts {
        match part {
            Part::All { place, text } => {
                let place = match place.as_deref() {
                    None => "what begins with {",
                    Some("-") => "stdin",
                    Some(file) => file,
                };
                if text.trim().is_empty() {
                    return Err(usage(
                        format!("{place} is empty"),
                        "all arguments are one JSON object, for example {}",
                    ));
                }
                let parts = members(text.trim()).ok_or_else(|| not_json(place, "a JSON object"))?;
                for part in parts {
                    put(&mut all, &part.name, part.value.to_owned());
                }
            }
            Part::Json { key, text } => {
                known(key, schema, whose)?;
                if lists.contains(key.as_str()) || !whole.insert(key) {
                    return Err(twice(key));
                }
                if serde_json::from_str::<&serde_json::value::RawValue>(text.trim()).is_err() {
                    return Err(not_json(&format!("the value of {key}"), "JSON"));
                }
                put(&mut all, key, text.trim().to_owned());
            }
            Part::Text { key, text } => {
                known(key, schema, whose)?;
                let typed = Typed::new(property(schema, key).unwrap_or("{}"), schema);
                let wrong = |why| usage(format!("{key}: {why}"), "KEY:=JSON sends JSON as it is");
                // A list is given element by element, or as JSON.
                if typed.is_list() && !text.trim_start().starts_with('[') {
                    if whole.contains(key.as_str()) {
                        return Err(twice(key));
                    }
                    let element = typed.element(schema).read(text).map_err(wrong)?;
                    let list = if lists.insert(key) { None } else { all.iter().find(|(name, _)| name == key) };
                    let list = match list {
                        Some((_, list)) => format!("{},{element}]", &list[..list.len() - 1]),
                        None => format!("[{element}]"),
                    };
                    put(&mut all, key, list);
                } else if lists.contains(key.as_str()) || !whole.insert(key) {
                    return Err(twice(key));
                } else {
                    put(&mut all, key, typed.read(text).map_err(wrong)?);
                }
            }
        }
    }
    complete(&all, schema, whose)?;
    let all: Vec<String> = all.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
    Ok(format!("{{{}}}", all.join(",")))
}

/// A text that is given as itself, as `@FILE`, or as `-` for stdin.
///
/// # Errors
/// It cannot be read.
pub fn content(place: &str) -> Result<String, Failure> {
    let (read, what) = match place.strip_prefix('@') {
        Some(path) => (fs::read_to_string(path), format!("the file {path}")),
        None if place == "-" => (io::read_to_string(io::stdin().lock()), "stdin".to_owned()),
        None => return Ok(place.to_owned()),
    };
    read.map_err(|error| {
        let is_no_text = error.kind() == io::ErrorKind::InvalidData;
        let remedy = if is_no_text { "it has to be a text in UTF-8" } else { "check its path" };
        usage(format!("{what} cannot be read: {error}"), remedy)
    })
}

/// The nearest of `names` to what was typed, as a question.
pub fn did_you_mean<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = names.map(|name| (strsim::jaro_winkler(&typed.to_lowercase(), &name.to_lowercase()), name));
    let (likeness, name) = near.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (likeness > LIKE).then(|| format!("did you mean {}?", one_line(name)))
}

/// The properties of a schema for objects, and whether each has to be there.
pub fn properties(schema: &str) -> Vec<(String, &str, bool)> {
    let required = required(schema);
    let all = member(schema, "properties").and_then(members).unwrap_or_default();
    let with = |property: crate::era::Member<'_>| property.name.into_owned();
    all.into_iter()
        .map(|property| {
            let value = property.value;
            let name = with(property);
            let must = required.contains(&name);
            (name, value, must)
        })
        .collect()
}

fn put(all: &mut Vec<(String, String)>, key: &str, value: String) {
    match all.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => all.push((key.to_owned(), value)),
    }
}

fn property<'a>(schema: &'a str, key: &str) -> Option<&'a str> {
    member(schema, "properties").and_then(|properties| member(properties, key))
}

fn required(schema: &str) -> Vec<String> {
    let Some(list) = member(schema, "required") else { return Vec::new() };
    let each = elements(list).unwrap_or_default().into_iter();
    each.filter_map(|at| plain_string(&list[at]).map(|name| name.into_owned())).collect()
}

/// A name that the schema does not have is a slip of the hand, unless it says that others may come.
/// JSON Schema would let it pass, and the server would miss what was meant.
fn known(key: &str, schema: &str, whose: &str) -> Result<(), Failure> {
    let open = member(schema, "additionalProperties").is_some_and(|more| more != "false")
        || member(schema, "patternProperties").is_some()
        || ["$ref", "anyOf", "oneOf", "allOf"].iter().any(|part| member(schema, part).is_some())
        || member(schema, "properties").is_none() && member(schema, "additionalProperties").is_none();
    if open || property(schema, key).is_some() {
        return Ok(());
    }
    let all = properties(schema);
    let remedy = did_you_mean(key, all.iter().map(|(name, ..)| name.as_str())).unwrap_or_else(|| {
        match all.iter().map(|(name, ..)| one_line(name)).collect::<Vec<_>>() {
            names if names.is_empty() => "it takes none".to_owned(),
            names => format!("it takes {}", names.join(", ")),
        }
    });
    Err(usage(format!("{whose} has no argument {key:?}"), &remedy))
}

fn complete(all: &[(String, String)], schema: &str, whose: &str) -> Result<(), Failure> {
    let missing: Vec<String> =
        required(schema).into_iter().filter(|name| !all.iter().any(|(given, _)| given == name)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let described = missing.iter().map(|name| {
        let part = property(schema, name).unwrap_or("{}");
        let about = member(part, "description").and_then(plain_string).map(|text| format!(": {}", one_line(&text)));
        format!("{} ({}{})", one_line(name), one_line(&Typed::new(part, schema).name()), about.unwrap_or_default())
    });
    let fact = format!("{whose} needs {}", described.collect::<Vec<_>>().join(", "));
    Err(usage(fact, &format!("add {}=VALUE", one_line(first))))
}

fn not_json(place: &str, what: &str) -> Failure {
    usage(format!("{place} is not {what}"), "check its quotes and commas")
}

fn usage(fact: String, remedy: &str) -> Failure {
    Failure::new(Kind::Usage, fact).remedy(remedy)
}

/// How like two names are before one is taken for the other, of 1.
const LIKE: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type":"object","properties":{"n":{"type":"integer"},"text":{"type":"string"},"tags":{"type":"array","items":{"type":"integer"}},"deep":{"type":"object"}},"required":["text"]}"#;

    fn read(typed: &[&str]) -> Result<String, Failure> {
        let typed: Vec<String> = typed.iter().map(|text| (*text).to_owned()).collect();
        object(&parts(&typed)?, SCHEMA, "the tool t")
    }

    #[test]
    fn arguments_are_what_the_schema_says_in_the_order_they_were_typed() {
        assert_eq!(
            read(&["text=a=b", "n=5", "tags=1", "tags=2", "deep:={\"x\":1.0}"]).unwrap(),
            r#"{"text":"a=b","n":5,"tags":[1,2],"deep":{"x":1.0}}"#
        );
        assert_eq!(read(&[r#"{"text":"a=b","n":5.0}"#, "tags=[3]"]).unwrap(), r#"{"text":"a=b","n":5.0,"tags":[3]}"#);
        assert_eq!(read(&["text=", "tags=[3]"]).unwrap(), r#"{"text":"","tags":[3]}"#);
        assert_eq!(object(&parts(&["any=5".into()]).unwrap(), "{}", "t").unwrap(), r#"{"any":"5"}"#);
    }

    #[test]
    fn a_mistake_is_named_before_anything_is_sent() {
        for (typed, words) in [
            (vec!["text=a", "m=5"], vec!["no argument \"m\"", "it takes n, text, tags, deep"]),
            (vec!["texd=a"], vec!["no argument \"texd\"", "did you mean text?"]),
            (vec!["n=5"], vec!["needs text (string)", "add text=VALUE"]),
            (vec!["text=a", "n=five"], vec!["n: an integer is wanted", ":=JSON"]),
            (vec!["text=a", "tags=x"], vec!["tags: an integer is wanted"]),
            (vec!["text:={"], vec!["the value of text is not JSON"]),
            (vec![r#"{"text":"a=b}"#], vec!["what begins with { is not a JSON object", "quotes and commas"]),
            (vec!["text"], vec!["\"text\" is no argument", "KEY=VALUE", "'{…}'"]),
            (vec!["@/no/such"], vec!["/no/such cannot be read", "check its path"]),
            (vec!["text=@no-bob"], vec!["no-bob cannot be read", r#"itself: 'text:="@no-bob"'"#]),
            (vec!["@a=b.json"], vec!["no argument \"@a\""]),
            (vec!["-", "-"], vec!["stdin can be read only once"]),
            (vec!["text=a", "text=b"], vec!["text is given twice", "leave one of them out"]),
            (vec!["text=a", "text:=\"b\""], vec!["text is given twice"]),
            (vec!["text=a", "tags=1", "tags:=[2]"], vec!["tags is given twice"]),
            (vec!["text=a", "tags=[1]", "tags=2"], vec!["tags is given twice"]),
        ] {
            let failure = read(&typed).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            for word in words {
                assert!(failure.to_string().contains(word), "{typed:?}: {failure}");
            }
        }
    }
}

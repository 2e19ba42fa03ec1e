//! Edits of JSON text by ranges of its bytes: what is not edited stays as it was spelled.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::{Id, Message, elements, plain_string};

/// One member of an object, as slices of its text.
#[derive(Clone)]
pub struct Member<'a> {
    /// The name, without escapes.
    pub name: Cow<'a, str>,
    /// The name as it is spelled, with its quotes.
    pub key: &'a str,
    /// The value.
    pub value: &'a str,
}

/// The members of the object `text` in their order; `None` if it is no object.
pub fn members<'a>(text: &'a str) -> Option<Vec<Member<'a>>> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Vec<(&'de RawValue, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(key) = map.next_key()? {
                members.push((key, map.next_value()?));
            }
            Ok(members)
        }
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    let pairs = parser.deserialize_map(All).ok()?;
    let member = |(key, value): (&'a RawValue, &'a RawValue)| {
        Some(Member { name: plain_string(key.get())?, key: key.get(), value: value.get() })
    };
    pairs.into_iter().map(member).collect()
}

/// The object `text` with the member `name` set to the JSON text `value`: in its place if it is
/// there, else as the first member. Text that is no object stays as it is.
pub fn with_member(text: &str, name: &str, value: &str) -> String {
    let Some(all) = members(text) else { return text.to_owned() };
    if let Some(member) = all.iter().find(|member| member.name == name) {
        let at = offset(text, member.value).unwrap_or(0);
        return format!("{}{value}{}", &text[..at], &text[at + member.value.len()..]);
    }
    let comma = if all.is_empty() { "" } else { "," };
    let inside = text.find('{').map_or(0, |brace| brace + 1);
    format!("{}\"{name}\":{value}{comma}{}", &text[..inside], &text[inside..])
}

/// The object `text` without the members `names`. What is no object stays as it is.
pub fn without_members(text: &str, names: &[&str]) -> String {
    let Some(all) = members(text).filter(|all| all.iter().any(|member| names.contains(&&*member.name))) else {
        return text.to_owned();
    };
    let spans: Vec<(usize, usize)> = all.iter().filter_map(|member| span(text, member)).collect();
    relisted(text, &spans, |index| {
        let (start, end) = spans[index];
        (!names.contains(&&*all[index].name)).then(|| &text[start..end])
    })
}

/// The array `text` with each element as `change` makes it, or without it. `None` if nothing
/// changes, or if it is no array.
pub fn edited_elements(text: &str, mut change: impl FnMut(&str) -> Edit) -> Option<String> {
    let spans: Vec<(usize, usize)> = elements(text).ok()?.into_iter().map(|at| (at.start, at.end)).collect();
    let edits: Vec<Edit> = spans.iter().map(|&(start, end)| change(&text[start..end])).collect();
    if edits.iter().all(|edit| matches!(edit, Edit::Keep)) {
        return None;
    }
    Some(relisted(text, &spans, |index| match &edits[index] {
        Edit::Keep => Some(&text[spans[index].0..spans[index].1]),
        Edit::Change(new) => Some(new),
        Edit::Cut => None,
    }))
}

/// What becomes of an element.
pub enum Edit {
    /// It stays as it is.
    Keep,
    /// It is left out.
    Cut,
    /// This stands in its place.
    Change(String),
}

/// The list whose parts stand at `spans`, with what `part` gives for each, and the separators that
/// stood before those that are left.
fn relisted<'a>(text: &str, spans: &[(usize, usize)], part: impl Fn(usize) -> Option<&'a str>) -> String {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return text.to_owned() };
    let mut list = text[..first.0].to_owned();
    let parts = (0..spans.len()).filter_map(|index| part(index).map(|part| (index, part)));
    for (place, (index, part)) in parts.enumerate() {
        if place > 0 {
            list.push_str(&text[spans[index - 1].1..spans[index].0]);
        }
        list.push_str(part);
    }
    list.push_str(&text[last.1..]);
    list
}

fn span(text: &str, member: &Member) -> Option<(usize, usize)> {
    Some((offset(text, member.key)?, offset(text, member.value)? + member.value.len()))
}

fn offset(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize).filter(|at| at + part.len() <= text.len())
}

/// The request with these parameters in the place of its own.
pub fn with_params(message: &Message, params: &str) -> Message {
    if let Some(old) = message.params() {
        return message.with_part(old, params);
    }
    let Ok(text) = std::str::from_utf8(message.raw()) else { return message.clone() };
    let end = text.trim_end().len() - 1;
    let raw = format!("{},\"params\":{params}{}", &text[..end], &text[end..]);
    Message::single(raw.into()).unwrap_or_else(|_| message.clone())
}

/// The answer with this result in the place of its own.
pub fn with_result(message: &Message, result: &str) -> Message {
    message.result().map_or_else(|| message.clone(), |old| message.with_part(old, result))
}

/// The answer with the id spelled as the request had it.
pub fn with_id(message: &Message, id: &Id) -> Message {
    let same = message.id().is_some_and(|own| own.spelled() == id.spelled());
    if same { message.clone() } else { message.with_id(id) }
}

/// `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_set_in_its_place_or_as_the_first() {
        assert_eq!(with_member(r#"{ "a" : 1.0 , "b":2}"#, "b", "3"), r#"{ "a" : 1.0 , "b":3}"#);
        assert_eq!(with_member(r#"{"\u0061":1}"#, "a", "2"), r#"{"\u0061":2}"#);
        assert_eq!(with_member(" { }", "a", "1"), r#" {"a":1 }"#);
        assert_eq!(with_member(r#"{"b":1}"#, "a", "{}"), r#"{"a":{},"b":1}"#);
        assert_eq!(with_member("[1]", "a", "1"), "[1]");
    }

    #[test]
    fn members_are_cut_with_one_separator() {
        let text = r#"{ "a":1, "b" : [2] ,"c":3 }"#;
        assert_eq!(without_members(text, &["b"]), r#"{ "a":1 ,"c":3 }"#);
        assert_eq!(without_members(text, &["a"]), r#"{ "b" : [2] ,"c":3 }"#);
        assert_eq!(without_members(text, &["a", "b", "c"]), "{  }");
        assert_eq!(without_members(text, &["x"]), text);
    }

    #[test]
    fn elements_are_cut_and_changed_at_once() {
        let edit = |element: &str| match element {
            "1" => Edit::Cut,
            "2" => Edit::Change("two".into()),
            _ => Edit::Keep,
        };
        assert_eq!(edited_elements("[ 1, 2 ,3]", edit).unwrap(), "[ two ,3]");
        assert_eq!(edited_elements("[3]", edit), None);
        assert_eq!(edited_elements("[2,2]", edit).unwrap(), "[two,two]");
        assert_eq!(edited_elements("[]", edit), None);
    }

    #[test]
    fn parameters_are_added_where_there_are_none() {
        let message = Message::single(r#"{"id":1,"method":"a" } "#.into()).unwrap();
        assert_eq!(&with_params(&message, "{}").raw()[..], br#"{"id":1,"method":"a" ,"params":{}} "#);
    }
}

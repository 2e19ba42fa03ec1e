//! Parts of a JSON text, as they are spelled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::scan::{self, Members};

/// Where the elements of the array `text` stand in it.
///
/// # Errors
/// What serde_json says of a text that is none.
pub fn elements(text: &str) -> serde_json::Result<Vec<Range<usize>>> {
    let Elements(parts) = serde_json::from_str(text)?;
    let base = text.as_ptr() as usize;
    let at = |part: &&RawValue| {
        let start = part.get().as_ptr() as usize - base;
        start..start + part.get().len()
    };
    Ok(parts.iter().map(at).collect())
}

/// The text of a JSON string, borrowed where it has no escapes; `None` for other JSON.
pub fn plain_string(spelled: &str) -> Option<Cow<'_, str>> {
    let plain = scan::text(spelled).map(Cow::Borrowed);
    plain.or_else(|| serde_json::from_str::<Name>(spelled).ok().map(|name| name.0))
}

/// The member of the object `text` with this name; `None` if it is absent, stands twice, or
/// `text` is no object.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    struct Find<'n>(&'n str);
    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(Name(key)) = map.next_key()? {
                let value = map.next_value::<&RawValue>()?;
                if key == self.0 && found.replace(value).is_some() {
                    return Err(de::Error::duplicate_field("it"));
                }
            }
            Ok(found)
        }
    }
    let mut members = Members::of(text);
    let mut named = members.by_ref().filter(|(key, _)| *key == name);
    let (first, second) = (named.next(), named.next());
    if members.is_whole() {
        return first.filter(|_| second.is_none()).map(|(_, value)| value);
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.deserialize_map(Find(name)).ok().flatten().map(RawValue::get)
}

/// Those of these members that the object `text` has, as [`member`] finds them, but in one pass.
pub fn members_named<'a, 'n>(text: &'a str, names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, &'a str> {
    struct Find<'n, 'a>(BTreeMap<&'n str, Times<'a>>);
    impl<'n, 'de> Visitor<'de> for Find<'n, 'de> {
        type Value = BTreeMap<&'n str, Times<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
            while let Some(Name(key)) = map.next_key()? {
                let value = map.next_value::<&RawValue>()?.get();
                if let Some(times) = self.0.get_mut(&*key) {
                    *times = if matches!(times, Times::Never) { Times::Once(value) } else { Times::Often };
                }
            }
            Ok(self.0)
        }
    }
    let wanted = names.map(|name| (name, Times::Never)).collect();
    let mut parser = serde_json::Deserializer::from_str(text);
    let found = parser.deserialize_map(Find(wanted)).unwrap_or_default();
    let once = |(name, times)| if let Times::Once(value) = times { Some((name, value)) } else { None };
    found.into_iter().filter_map(once).collect()
}

/// How often a member stands in an object.
enum Times<'a> {
    Never,
    Once(&'a str),
    Often,
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element()? {
                    parts.push(part);
                }
                Ok(Elements(parts))
            }
        }
        parser.deserialize_seq(Parts)
    }
}

/// The name of a member, or another string, without its escapes.
pub struct Name<'a>(pub Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct Spelled;
        impl<'de> Visitor<'de> for Spelled {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        parser.deserialize_str(Spelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_not_found() {
        assert_eq!(member(r#"{"n\u0061me":"x","b":2}"#, "name"), Some(r#""x""#));
        assert_eq!(member(r#"{"name":"x","name":"y"}"#, "name"), None);
        assert_eq!(member("[1]", "name"), None);
    }

    #[test]
    fn members_that_are_found_together_are_those_that_are_found_alone() {
        let names = ["name", "b", "c", "d"];
        for text in [r#"{"n\u0061me":"x","b":{"c":1},"d":2,"d":3,"e":4,"\ud800":5}"#, "{}", "[1]", "5", r#"{"b":1"#] {
            let alone = names.iter().filter_map(|name| Some((*name, member(text, name)?))).collect();
            assert_eq!(members_named(text, names.into_iter()), alone, "{text}");
        }
    }
}

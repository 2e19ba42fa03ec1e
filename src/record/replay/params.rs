//! When parameters are equal.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::message::plain_string;

/// Parameters in the one spelling that all equal ones have, without `_meta`: progress tokens and what
/// the modern era puts there differ from run to run.
pub fn canonical(params: Option<&str>) -> String {
    let mut text = String::new();
    match params.and_then(|params| serde_json::from_str::<BTreeMap<String, &RawValue>>(params).ok()) {
        Some(mut members) => {
            members.remove("_meta");
            object(&members, DEPTH, &mut text);
        }
        None => value(params.unwrap_or("{}"), DEPTH, &mut text),
    }
    text
}

/// The beginning of `text`, on one line.
pub fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(SHORT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn value(spelled: &str, depth: usize, text: &mut String) {
    let deeper = depth.checked_sub(1);
    match (spelled.as_bytes().first(), deeper) {
        (Some(b'{'), Some(depth)) => match serde_json::from_str::<BTreeMap<String, &RawValue>>(spelled) {
            Ok(members) => object(&members, depth, text),
            Err(_) => text.push_str(spelled),
        },
        (Some(b'['), Some(depth)) => match serde_json::from_str::<Vec<&RawValue>>(spelled) {
            Ok(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    value(element.get(), depth, text);
                }
                text.push(']');
            }
            Err(_) => text.push_str(spelled),
        },
        (Some(b'"'), _) => match plain_string(spelled) {
            Some(plain) => text.push_str(&serde_json::Value::from(plain.as_ref()).to_string()),
            None => text.push_str(spelled),
        },
        (Some(b'-' | b'0'..=b'9'), _) => match spelled.parse::<f64>() {
            // Some editors write 1 and some 1.0.
            Ok(number) if number.fract() == 0.0 && number.abs() < EXACT => text.push_str(&format!("{number:.0}")),
            _ => text.push_str(spelled),
        },
        _ => text.push_str(spelled),
    }
}

fn object(members: &BTreeMap<String, &RawValue>, depth: usize, text: &mut String) {
    text.push('{');
    for (index, (name, member)) in members.iter().enumerate() {
        text.push_str(if index > 0 { "," } else { "" });
        text.push_str(&serde_json::Value::from(name.as_str()).to_string());
        text.push(':');
        value(member.get(), depth, text);
    }
    text.push('}');
}

/// How deep spellings are looked through; below it they have to be the same.
const DEPTH: usize = 64;
/// Below it every whole number is one double.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Characters of an excerpt.
const SHORT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_spelling_and_meta_make_no_difference_and_all_else_does() {
        let same = r#"{"arguments":{"b":[1,"é"],"a":2},"name":"x"}"#;
        for other in [
            r#"{ "name":"\u0078", "arguments":{"a":2.0,"b":[1.0 , "\u00e9"]} ,"_meta":{"progressToken":7}}"#,
            r#"{"_meta":null,"arguments":{"a":2e0,"b":[1,"é"]},"name":"x"}"#,
        ] {
            assert_eq!(canonical(Some(other)), canonical(Some(same)));
        }
        for other in [
            r#"{"arguments":{"b":["é",1],"a":2},"name":"x"}"#,
            r#"{"arguments":{"b":[1,"é"],"a":"2"},"name":"x"}"#,
            r#"{"arguments":{"b":[1,"é"],"a":2,"_meta":{}},"name":"x"}"#,
        ] {
            assert_ne!(canonical(Some(other)), canonical(Some(same)));
        }
        assert_eq!(canonical(None), canonical(Some(r#"{"_meta":{}}"#)));
        assert_ne!(
            canonical(Some(r#"{"n":12345678901234567890123}"#)),
            canonical(Some(r#"{"n":12345678901234567890124}"#))
        );
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(canonical(Some(&deep)), deep);
    }
}

//! The envelope, against a reader that makes a tree of everything.

use bytes::Bytes;
use mcpbridge::message::{Fault, Id, Kind, Message, PARSE_ERROR, Parsed, Skim, member};
use serde_json::Value;
use serde_json::value::RawValue;

/// The input is one line, body or event.
pub fn message(data: &[u8]) {
    let tree: Option<Value> = serde_json::from_slice(data).ok();
    match Message::parse(Bytes::copy_from_slice(data)) {
        Err(fault) => refused(&fault, tree.as_ref()),
        Ok(Parsed::One(message)) => one(&message, tree.as_ref()),
        Ok(Parsed::Batch(batch)) => {
            for (index, element) in batch.iter().enumerate() {
                let tree = tree.as_ref().and_then(|tree| tree.get(index));
                match element {
                    Err(fault) => refused(fault, tree),
                    Ok(message) => one(message, tree),
                }
            }
        }
    }
}

fn refused(fault: &Fault, tree: Option<&Value>) {
    assert!(tree.is_none() || fault.code != PARSE_ERROR, "JSON is refused as none: {}", fault.text);
}

fn one(message: &Message, tree: Option<&Value>) {
    let raw = message.raw();
    assert!(!raw.contains(&b'\n') && !raw.contains(&b'\r'), "a message is one line");
    let again = Message::single(raw.clone()).expect("what was read can be read again");
    same(message, &again);
    assert_eq!(message.id(), again.id());
    if let Some(tree) = tree {
        let method = tree.get("method").and_then(Value::as_str);
        assert_eq!(method.unwrap_or_default(), message.method());
        let params = message.params().map(|text| serde_json::from_str::<Value>(text).expect("a part of JSON is JSON"));
        assert_eq!(tree.get("params"), params.as_ref());
        assert_eq!(tree.get("result").is_some(), message.is_result());
    }
    let text = std::str::from_utf8(raw).expect("it was found to be UTF-8");
    assert!(serde_json::from_str::<&RawValue>(text).is_ok(), "no JSON is taken for a message");
    assert_eq!(member(text, "params"), message.params());

    let own = Id::own("mcpbridge-1");
    let renamed = message.with_id(&own);
    same(message, &renamed);
    if let Some(id) = message.id() {
        assert_eq!(renamed.id(), Some(&own));
        assert_eq!(renamed.with_id(id).raw(), raw, "the id is put back, and nothing else has changed");
        assert_eq!(Id::parse(id.spelled()).as_ref(), Some(id));
    }
    if let Some(params) = message.params() {
        assert_eq!(message.with_part(params, "[7]").params(), Some("[7]"));
    }

    // What is too large to be kept is told the same id and kind.
    let mut skim = Skim::default();
    raw.chunks(3).for_each(|piece| skim.push(piece));
    let part = skim.parts().next();
    assert_eq!(part.is_some_and(|part| part.has_method), message.kind() != Kind::Answer);
    if message.id().is_none_or(|id| id.spelled().len() < 1000) {
        assert_eq!(part.and_then(|part| part.id.as_ref()), message.id());
    }
}

fn same(one: &Message, other: &Message) {
    assert_eq!(one.kind(), other.kind());
    assert_eq!(one.method(), other.method());
    assert_eq!((one.params(), one.result(), one.error()), (other.params(), other.result(), other.error()));
}

//! Results of a modern server as a legacy editor can read them.

use crate::era::splice::{Edit, edited_elements, members, quoted, with_member, with_result, without_members};
use crate::message::{Message, elements, member, plain_string};

/// The answer to a request of this method, changed only where a legacy editor could not take it.
pub fn for_legacy(method: &str, answer: Message) -> Message {
    match method {
        "tools/list" => tools(answer),
        "tools/call" => call(answer),
        _ => answer,
    }
}

/// Until 2025-11-25 the schema of an output is that of an object.
fn tools(answer: Message) -> Message {
    let Some(tools) = answer.result().and_then(|result| member(result, "tools")) else { return answer };
    let edited = edited_elements(tools, |tool| match member(tool, "outputSchema") {
        Some(schema) if member(schema, "type").and_then(plain_string).as_deref() != Some("object") => {
            Edit::Change(without_members(tool, &["outputSchema"]))
        }
        _ => Edit::Keep,
    });
    edited.map_or(answer.clone(), |edited| answer.with_part(tools, &edited))
}

/// Until 2025-11-25 a structured result is an object. Another one is not lost: where there is
/// nothing else to read, it is said as text.
fn call(answer: Message) -> Message {
    let Some(result) = answer.result() else { return answer };
    let Some(structured) = member(result, "structuredContent").filter(|value| members(value).is_none()) else {
        return answer;
    };
    let mut legacy = without_members(result, &["structuredContent"]);
    let content = member(result, "content").and_then(|content| elements(content).ok()).unwrap_or_default();
    if content.is_empty() {
        let text = format!(r#"[{{"type":"text","text":{}}}]"#, quoted(structured));
        legacy = with_member(&legacy, "content", &text);
    }
    with_result(&answer, &legacy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(method: &str, result: &str) -> String {
        let answer = Message::single(format!(r#"{{"id":1,"result":{result}}}"#).into()).unwrap();
        for_legacy(method, answer).result().unwrap().to_owned()
    }

    #[test]
    fn schemas_of_outputs_that_are_no_objects_are_left_out() {
        let list = r#"{"tools":[{"name":"a","outputSchema":{"type":"array"},"x":1.0},{"name":"b","outputSchema":{"type":"object"}}]}"#;
        let expected = r#"{"tools":[{"name":"a","x":1.0},{"name":"b","outputSchema":{"type":"object"}}]}"#;
        assert_eq!(changed("tools/list", list), expected);
        assert_eq!(changed("tools/list", expected), expected);
    }

    #[test]
    fn structured_content_that_is_no_object_becomes_text_if_there_is_none() {
        assert_eq!(
            changed("tools/call", r#"{"content":[],"structuredContent":["ü", 1.0]}"#),
            r#"{"content":[{"type":"text","text":"[\"ü\", 1.0]"}]}"#
        );
        assert_eq!(
            changed("tools/call", r#"{"structuredContent":null,"content":[{"type":"text","text":"a"}]}"#),
            r#"{"content":[{"type":"text","text":"a"}]}"#
        );
        let object = r#"{"structuredContent":{"a":1},"content":[]}"#;
        assert_eq!(changed("tools/call", object), object);
    }
}

//! Results of a legacy server as a modern editor wants them.

use crate::era::SERVER_KEY;
use crate::era::capabilities::of_legacy_server;
use crate::era::splice::{members, quoted, with_member, with_result};
use crate::message::{INVALID_PARAMS, Message, member};
use crate::versions::MODERN;

/// The result of `server/discover`, from the result of `initialize`.
pub fn discovered(session: &str) -> String {
    let can = of_legacy_server(member(session, "capabilities").unwrap_or("{}"));
    let server = member(session, "serverInfo").map(|server| format!(r#","_meta":{{"{SERVER_KEY}":{server}}}"#));
    let instructions = member(session, "instructions").map(|text| format!(r#","instructions":{text}"#));
    format!(
        r#"{{"resultType":"complete","supportedVersions":["{MODERN}"],"capabilities":{can}{}{},"ttlMs":0,"cacheScope":"private"}}"#,
        server.unwrap_or_default(),
        instructions.unwrap_or_default()
    )
}

/// The answer to a request of this method, with what every modern result has.
pub fn for_modern(method: &str, answer: &Message) -> Message {
    if let Some(error) = answer.error() {
        return answer.with_part(error, &for_modern_error(error));
    }
    let result = answer.result().filter(|result| members(result).is_some()).unwrap_or("{}");
    let mut modern = result.to_owned();
    let cacheable = matches!(
        method,
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" | "resources/read"
    );
    let wanted: &[(&str, &str)] = if cacheable {
        &[("cacheScope", r#""private""#), ("ttlMs", "0"), ("resultType", r#""complete""#)]
    } else {
        &[("resultType", r#""complete""#)]
    };
    for (name, value) in wanted {
        if member(result, name).is_none() {
            modern = with_member(&modern, name, value);
        }
    }
    with_result(answer, &modern)
}

/// "Resource not found" had a code of its own until 2025-11-25.
fn for_modern_error(error: &str) -> String {
    match crate::era::replies::code(error) {
        Some(NOT_FOUND) => with_member(error, "code", &INVALID_PARAMS.to_string()),
        _ => error.to_owned(),
    }
}

/// A result that asks the editor for something.
pub fn input_required<'a>(asked: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>, state: &str) -> String {
    let question = |(name, method, params): (&str, &str, Option<&str>)| {
        let params = params.map(|params| format!(r#","params":{params}"#)).unwrap_or_default();
        format!(r#"{}:{{"method":{}{params}}}"#, quoted(name), quoted(method))
    };
    let questions: Vec<String> = asked.map(question).collect();
    format!(r#"{{"resultType":"input_required","inputRequests":{{{}}},"requestState":"{state}"}}"#, questions.join(","))
}

const NOT_FOUND: i64 = -32002;

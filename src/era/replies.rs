//! The lines that the bridge writes in its own name.

use bytes::Bytes;

use super::Step;
use super::answered::OnItsWay;
use crate::failure::{Failure, Kind};
use crate::message::{
    Fault, INVALID_REQUEST, Id, Kind as Is, Message, SERVER_ERROR, error_line, error_object_line, notification_line,
    result_line,
};
use crate::plain::unbroken;

/// The answer to what is no message.
pub fn refuse(fault: &Fault) -> Step {
    Step::ToEditor(error_line(fault.id.as_ref(), fault.code, &fault.text, None))
}

/// The answer to a request that does not go to the server.
pub fn refusal(id: &Id, code: i64, text: &str) -> Step {
    Step::ToEditor(error_line(Some(id), code, &shown(text), None))
}

/// The answer to a request that has none of the server's, for this reason; the server's own error
/// where it gave one.
pub fn failed(id: &Id, failure: Option<Failure>) -> Step {
    let failure = failure
        .unwrap_or_else(|| Failure::new(Kind::Protocol, "the server ended its answer without answering this request"));
    match &failure.error {
        Some(error) => Step::Answer(error_object_line(id, error)),
        None => Step::Failed(failure_line(id, &failure), failure.kind),
    }
}

fn failure_line(id: &Id, failure: &Failure) -> Bytes {
    let status = failure.status.map(|status| format!(r#","status":{status}"#)).unwrap_or_default();
    let hint = failure.remedy.as_deref().map(|hint| format!(r#","hint":{}"#, super::splice::quoted(&shown(hint))));
    let data = format!(r#"{{"mcpbridge":"{}"{status}{}}}"#, failure.kind.code(), hint.unwrap_or_default());
    error_line(Some(id), SERVER_ERROR, &shown(&failure.to_string()), Some(&data))
}

/// A sentence of ours, which may quote the server, as an agent may print it in a terminal. What the server says
/// itself, in an error of its own, is passed as it is.
pub fn shown(text: &str) -> String {
    unbroken(text)
}

/// The answer to a question that nobody can answer any more.
pub fn goodbye(id: &Id, method: &str) -> Bytes {
    match method {
        "elicitation/create" => result_line(id, CANCELLED),
        "ping" => result_line(id, "{}"),
        _ => error_line(Some(id), SERVER_ERROR, "the client has closed the connection", None),
    }
}

/// The answer to a question of the server that was asked in the session of this generation.
pub fn reply(line: Bytes, generation: u64, of_editor: Option<OnItsWay>) -> Option<Step> {
    Message::single(line).ok().map(|message| Step::Reply { message, generation, of_editor })
}

/// The answers to a batch where there are no batches.
pub fn no_batches(batch: &[Result<Message, Fault>], steps: &mut Vec<Step>) {
    let text = if batch.is_empty() { "an empty batch" } else { "this protocol version has no batches" };
    let requests = batch.iter().flatten().filter(|message| message.kind() == Is::Request);
    let ids: Vec<_> = requests.filter_map(Message::id).collect();
    if ids.is_empty() {
        steps.push(Step::ToEditor(error_line(None, INVALID_REQUEST, text, None)));
    }
    steps.extend(ids.into_iter().map(|id| refusal(id, INVALID_REQUEST, text)));
}

/// Tells the peer that a question, or a request, is of no interest any more.
pub fn cancelled(id: &Id, reason: &str) -> Bytes {
    let reason = super::splice::quoted(reason);
    let params = format!(r#"{{"requestId":{},"reason":{reason}}}"#, id.spelled());
    notification_line("notifications/cancelled", Some(&params))
}

/// The code of a JSON-RPC error object.
pub fn code(error: &str) -> Option<i64> {
    crate::message::member(error, "code").and_then(|code| code.parse().ok())
}

/// The result of an elicitation that nobody answered.
pub const CANCELLED: &str = r#"{"action":"cancel"}"#;

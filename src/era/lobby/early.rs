//! What an editor is answered in the server's stead.

use bytes::Bytes;

use crate::era::modern_editor::{discovered, for_modern};
use crate::era::replies::shown;
use crate::era::{Era, Invitation, Step};
use crate::failure::Kind;
use crate::message::{Id, Kind as Is, Message, SERVER_ERROR, error_line, member, plain_string, result_line};
use crate::versions::{LEGACY, NEWEST_LEGACY};

/// A list of the server's.
pub struct List {
    /// The method that asks for it.
    pub method: &'static str,
    /// The capability that promises it.
    pub capability: &'static str,
    /// What tells that it has changed.
    pub changed: Option<&'static str>,
    /// The result with nothing in it.
    pub empty: &'static str,
}

/// The list that `method` asks for.
pub fn list(method: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.method == method)
}

/// The answer to `initialize`: what the server said in the last run, or a promise of all that there
/// may be.
pub fn early_answer(initialize: &Message, invitation: Option<&Invitation>) -> Step {
    let params = initialize.params().unwrap_or("{}");
    let wanted = member(params, "protocolVersion").and_then(plain_string).unwrap_or_default();
    let version = if LEGACY.contains(&&*wanted) { &*wanted } else { NEWEST_LEGACY };
    let last = invitation.and_then(|invitation| invitation.last("initialize")).unwrap_or("{}");
    let capabilities = member(last, "capabilities").map_or_else(|| PROMISED.to_owned(), with_list_changes);
    let own = format!(r#"{{"name":"mcpbridge","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
    let info = member(last, "serverInfo").unwrap_or(&own);
    let instructions = member(last, "instructions").map(|text| format!(r#","instructions":{text}"#));
    let result = format!(
        r#"{{"protocolVersion":"{version}","capabilities":{capabilities},"serverInfo":{info}{}}}"#,
        instructions.unwrap_or_default()
    );
    match initialize.id() {
        Some(id) => Step::ToEditor(result_line(id, &result)),
        None => Step::ToEditor(error_line(None, SERVER_ERROR, "initialize has no id", None)),
    }
}

/// The answer to `server/discover`. The editor will ask again: it is good for no time at all.
pub fn early_discovery(id: &Id, invitation: Option<&Invitation>) -> Step {
    let last = invitation.and_then(|invitation| invitation.last("initialize"));
    let promised = format!(r#"{{"capabilities":{PROMISED}}}"#);
    Step::ToEditor(result_line(id, &discovered(last.unwrap_or(&promised))))
}

/// The answer to a request for a list: `last`, or nothing, without the tools that are hidden.
pub fn early_list(id: &Id, list: &List, last: Option<&str>, modern: bool, pair: &Era) -> Step {
    let line = result_line(id, last.unwrap_or(list.empty));
    let Ok(message) = Message::single(line.clone()) else { return Step::ToEditor(line) };
    let message = if list.capability == "tools" { pair.without_hidden_tools(message) } else { message };
    let message = if modern { for_modern(list.method, &message) } else { message };
    Step::ToEditor(message.raw().clone())
}

/// The error for a request that waited for the person for too long.
pub fn failed(id: &Id, invitation: &Invitation) -> Step {
    let url = invitation.url.as_deref().map(serde_json::Value::from);
    let url = url.map(|url| format!(r#","url":{url}"#)).unwrap_or_default();
    let data = format!(r#"{{"mcpbridge":"auth_required"{url}}}"#);
    Step::Failed(error_line(Some(id), SERVER_ERROR, &shown(&invitation.text), Some(&data)), Kind::SignInRequired)
}

/// The line for the editor, if the step may be an answer.
pub fn line(step: &Step) -> Option<&Bytes> {
    match step {
        Step::Answer(line) | Step::Failed(line, _) | Step::ToEditor(line) => Some(line),
        _ => None,
    }
}

/// The id of the request that the step answers.
pub fn answered(step: &Step) -> Option<Id> {
    let message = Message::single(line(step)?.clone()).ok()?;
    message.id().filter(|_| message.kind() == Is::Answer).cloned()
}

/// The same answer to another request.
pub fn under(answer: &Step, id: &Id) -> Option<Step> {
    let line = Message::single(line(answer)?.clone()).ok()?.with_id(id).raw().clone();
    Some(if let Step::Failed(_, kind) = answer { Step::Failed(line, *kind) } else { Step::Answer(line) })
}

/// `capabilities` with the promise that changes of the lists are told. Lists change when somebody
/// signs in, also where the server itself never tells of a change.
fn with_list_changes(capabilities: &str) -> String {
    let Ok(mut all) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(capabilities) else {
        return PROMISED.to_owned();
    };
    for list in &LISTS {
        if let Some(serde_json::Value::Object(capability)) = all.get_mut(list.capability) {
            capability.insert("listChanged".to_owned(), true.into());
        }
    }
    serde_json::Value::Object(all).to_string()
}

/// All lists that editors show.
pub const LISTS: [List; 4] = [
    List {
        method: "tools/list",
        capability: "tools",
        changed: Some("notifications/tools/list_changed"),
        empty: r#"{"tools":[]}"#,
    },
    List {
        method: "prompts/list",
        capability: "prompts",
        changed: Some("notifications/prompts/list_changed"),
        empty: r#"{"prompts":[]}"#,
    },
    List {
        method: "resources/list",
        capability: "resources",
        changed: Some("notifications/resources/list_changed"),
        empty: r#"{"resources":[]}"#,
    },
    List {
        method: "resources/templates/list",
        capability: "resources",
        changed: None,
        empty: r#"{"resourceTemplates":[]}"#,
    },
];
/// What is promised for a server that nobody has met yet.
const PROMISED: &str =
    r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"listChanged":true}}"#;

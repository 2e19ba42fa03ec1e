//! What each side can, told to the other side in the words of its era.

use super::splice::{Member, members, with_member, without_members};
use crate::message::{elements, member, plain_string};

/// A legacy editor's capabilities as a modern server is told them: its tasks are those of
/// 2025-11-25, which the modern era has not.
pub fn of_legacy_editor(capabilities: &str) -> String {
    object(&without_members(capabilities, &["tasks"]))
}

/// A modern editor's capabilities as a legacy server is told them.
pub fn of_modern_editor(capabilities: &str) -> String {
    object(&without_extension(capabilities, TASKS))
}

/// A modern server's capabilities as a legacy editor is told them. The tasks of the modern era are
/// an extension, and pass to an editor that has it too.
pub fn of_modern_server(capabilities: &str, editor: &str) -> String {
    object(&if has_extension(editor, TASKS) { capabilities.to_owned() } else { without_extension(capabilities, TASKS) })
}

/// A legacy server's capabilities as a modern editor is told them.
pub fn of_legacy_server(capabilities: &str) -> String {
    object(&without_extension(&without_members(capabilities, &["tasks"]), TASKS))
}

/// Whether an editor with these capabilities may be asked this.
pub fn may_be_asked(capabilities: &str, method: &str, params: &str) -> bool {
    match method {
        "roots/list" => member(capabilities, "roots").is_some(),
        "sampling/createMessage" => member(capabilities, "sampling").is_some(),
        "elicitation/create" => {
            let Some(elicitation) = member(capabilities, "elicitation") else { return false };
            let mode = member(params, "mode").and_then(plain_string);
            match mode.as_deref() {
                Some("url") => member(elicitation, "url").is_some(),
                // An empty object is how the mode was declared before there were two.
                _ => member(elicitation, "form").is_some() || member(elicitation, "url").is_none(),
            }
        }
        _ => false,
    }
}

/// Whether `more` declares something that `less` does not.
pub fn exceeds(more: &str, less: &str) -> bool {
    let inner = |text: &str, name: &str, part: &str| {
        member(text, name).and_then(|inner| member(inner, part)).is_some_and(|part| part != "false")
    };
    ["roots", "sampling", "elicitation"].iter().any(|name| member(more, name).is_some() && member(less, name).is_none())
        || [("elicitation", "url"), ("elicitation", "form"), ("sampling", "tools"), ("sampling", "context")]
            .iter()
            .any(|(name, part)| inner(more, name, part) && !inner(less, name, part))
        || extensions(more).iter().any(|extension| !has_extension(less, &extension.name))
}

/// Whether `capabilities` declare this extension.
pub fn has_extension(capabilities: &str, name: &str) -> bool {
    extensions(capabilities).iter().any(|extension| extension.name == name)
}

/// Whether the part `flag` of capability `name` is true.
pub fn is_set(capabilities: &str, name: &str, flag: &str) -> bool {
    member(capabilities, name).and_then(|capability| member(capability, flag)) == Some("true")
}

/// The strings of a JSON array, unescaped.
pub fn strings(array: Option<&str>) -> Vec<String> {
    let Some(array) = array else { return Vec::new() };
    let parts = elements(array).unwrap_or_default();
    parts.into_iter().filter_map(|at| plain_string(&array[at]).map(|text| text.into_owned())).collect()
}

fn extensions(capabilities: &str) -> Vec<Member<'_>> {
    member(capabilities, "extensions").and_then(members).unwrap_or_default()
}

fn without_extension(capabilities: &str, name: &str) -> String {
    match member(capabilities, "extensions") {
        Some(extensions) if has_extension(capabilities, name) => {
            with_member(capabilities, "extensions", &without_members(extensions, &[name]))
        }
        _ => capabilities.to_owned(),
    }
}

/// The text, if it is an object.
fn object(text: &str) -> String {
    if members(text).is_some() { text.to_owned() } else { "{}".to_owned() }
}

/// The tasks of the modern era.
pub const TASKS: &str = "io.modelcontextprotocol/tasks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_pass_only_where_both_sides_know_the_same_ones() {
        let server = r#"{"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{},"x/y":{}}}"#;
        assert_eq!(of_modern_server(server, "{}"), r#"{"tools":{},"extensions":{"x/y":{}}}"#);
        assert_eq!(of_modern_server(server, server), server);
        assert_eq!(of_legacy_server(r#"{"tasks":{"list":{}},"tools":{}}"#), r#"{"tools":{}}"#);
        assert_eq!(of_legacy_editor(r#"{"roots":{},"tasks":{}}"#), r#"{"roots":{}}"#);
        assert_eq!(of_legacy_editor("null"), "{}");
    }

    #[test]
    fn questions_go_to_editors_that_declared_them() {
        let url = r#"{"mode":"url","url":"https://x"}"#;
        assert!(may_be_asked(r#"{"elicitation":{}}"#, "elicitation/create", "{}"));
        assert!(!may_be_asked(r#"{"elicitation":{}}"#, "elicitation/create", url));
        assert!(may_be_asked(r#"{"elicitation":{"url":{}}}"#, "elicitation/create", url));
        assert!(!may_be_asked(r#"{"elicitation":{"url":{}}}"#, "elicitation/create", "{}"));
        assert!(!may_be_asked(r#"{"elicitation":{}}"#, "roots/list", "{}"));
        assert!(!may_be_asked(r#"{"x":{}}"#, "x", "{}"));
    }

    #[test]
    fn what_is_declared_beyond_is_noticed() {
        assert!(exceeds(r#"{"roots":{}}"#, "{}") && !exceeds("{}", r#"{"roots":{}}"#));
        assert!(exceeds(r#"{"elicitation":{"url":{}}}"#, r#"{"elicitation":{}}"#));
        assert!(!exceeds(r#"{"elicitation":{}}"#, r#"{"elicitation":{"url":{}}}"#));
        assert!(exceeds(r#"{"extensions":{"a/b":{}}}"#, "{}"));
    }
}

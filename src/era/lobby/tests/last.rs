//! What the server answered in the last run, told again.

use super::scene::{CALL, Scene, hiding, initialize, waiting_again};
use crate::era::lobby::waiting::{LISTS_DUE, OPENING_DUE};
use crate::era::{Settings, SignIn};
use crate::message::member;

#[test]
fn lists_are_those_of_the_last_run_without_what_is_hidden_now() {
    for (settings, tools) in [
        (Settings::default(), r#"[{"name":"a", "x":1.0},{"name":"b"}]"#),
        (hiding("a"), r#"[{"name":"b"}]"#),
        (hiding("*"), "[]"),
    ] {
        let mut scene = Scene::with(settings);
        scene.editor(&initialize(1, ""));
        scene.sign_in(waiting_again(LAST));
        scene.due(OPENING_DUE).gives(["editor: result 1"]);
        scene.editor(&list(2, "tools")).gives(["wake guest in 15 s"]);
        scene.due(LISTS_DUE);
        assert_eq!((scene.steps.len(), shown(&scene, "tools")), (1, tools.into()), "{:?}", scene.steps);
        // The same for whoever asks later, and nothing where nothing is remembered.
        scene.editor(&list(3, "tools"));
        assert_eq!((scene.steps.len(), shown(&scene, "tools")), (1, tools.into()), "{:?}", scene.steps);
        scene.editor(&list(4, "prompts")).gives([r#"editor: result 4 {"prompts":[]}"#]);
    }
}

#[test]
fn the_last_run_is_promised_again_with_changes_and_the_real_lists_follow() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.sign_in(waiting_again(LAST));
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    let early = scene.last();
    let result: serde_json::Value = serde_json::from_str(member(&early, "result").unwrap()).unwrap();
    assert_eq!(
        result,
        serde_json::json!({
            // The version is the editor's, not that of the last run.
            "protocolVersion": "2025-06-18",
            "capabilities": {
                "tools": { "listChanged": true },
                "resources": { "subscribe": true, "listChanged": true },
                "logging": {},
            },
            "serverInfo": { "name": "the server", "version": "7" },
            "instructions": "be kind",
        })
    );
    // What the server has now is announced, and what was promised in vain stays empty.
    scene.sign_in(SignIn::Ready);
    scene
        .server_opens(1, 1, r#"{"tools":{},"prompts":{}}"#)
        .gives(["editor: notifications/tools/list_changed", "editor: notifications/prompts/list_changed"]);
    scene.editor(&list(2, "resources")).gives([r#"editor: result 2 {"resources":[]}"#]);
    scene.editor(&list(3, "tools")).gives(["send 2 tools/list"]);
}

#[test]
fn an_editor_that_never_lists_again_gets_the_last_list_and_an_error_where_there_is_none() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, "").replace("an editor", "codex-mcp-client"));
    scene.sign_in(waiting_again(LAST)).gives(["wake initialize in 2 s", "wake lists in 25 s"]);
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    scene.editor(&list(2, "tools")).gives(["wake guest in 15 s"]);
    scene.editor(&list(3, "prompts")).gives(["wake guest in 15 s"]);
    scene.due(LISTS_DUE).gives(["editor: result 2", "failed 3 SignInRequired"]);
    assert!(scene.told.iter().any(|line| line.contains(r#""id":2"#) && line.contains(r#"{"name":"a", "x":1.0}"#)));
    scene.editor(&list(4, "tools")).gives(["editor: result 4"]);
    scene.editor(&list(5, "prompts")).gives(["failed 5 SignInRequired"]);
    // Its calls wait as everybody's.
    scene.editor(CALL).gives(["wake guest in 15 s"]);
}

#[test]
fn a_last_run_that_cannot_be_read_is_none() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.sign_in(waiting_again(&[("initialize", r#"{"capabilities":[1]}"#)]));
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    assert!(scene.last().contains(r#""capabilities":{"tools":{"listChanged":true},"prompts""#), "{}", scene.last());
    assert!(scene.last().contains(r#""serverInfo":{"name":"mcpbridge""#), "{}", scene.last());
}

fn list(id: u32, of: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{of}/list"}}"#)
}

/// This list in the last line that the editor was told.
fn shown(scene: &Scene, what: &str) -> String {
    let line = scene.last();
    member(&line, "result").and_then(|result| member(result, what)).expect("a list").to_owned()
}

const LAST: &[(&str, &str)] = &[
    (
        "initialize",
        r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{"subscribe":true,"listChanged":false},"logging":{}},"serverInfo":{"name":"the server","version":"7"},"instructions":"be kind"}"#,
    ),
    ("tools/list", r#"{"tools":[{"name":"a", "x":1.0},{"name":"b"}]}"#),
];

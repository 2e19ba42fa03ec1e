//! An editor of the modern era, which opens no session.

use super::scene::{Scene, TEXT, hiding, initialize, waiting, waiting_again};
use crate::era::lobby::waiting::{DISCOVERY_DUE, LISTS_DUE, MOST_NEWS, OPENING_DUE};
use crate::era::lobby::{LISTEN, Stage};
use crate::era::{Facts, Protocol, Settings, SignIn};
use crate::failure::Kind;
use crate::message::member;

#[test]
fn discovery_is_answered_early_then_lists_and_later_ones_at_once() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting()).gives(["wake discovery in 1 s", "wake lists in 4 s", "wake guest in 15 s"]);
    scene.due(DISCOVERY_DUE).gives(["editor: result 1"]);
    let result = result(&scene);
    assert_eq!(result["supportedVersions"], serde_json::json!(["2026-07-28"]));
    assert_eq!(result["capabilities"]["tools"], serde_json::json!({ "listChanged": true }));
    assert_eq!(result["capabilities"]["resources"], serde_json::json!({ "listChanged": true }));
    is_kept_by_nobody(&scene);
    // There is no `initialize` to answer.
    scene.due(OPENING_DUE).gives::<0>([]);

    scene.editor(&modern(2, "tools/list")).gives(["wake guest in 15 s"]);
    scene.editor(&modern(3, "resources/templates/list")).gives(["wake guest in 15 s"]);
    scene.due(LISTS_DUE).gives([&*empty(2, "tools"), &*empty(3, "resourceTemplates")]);
    scene.editor(&modern(4, "prompts/list")).gives([&*empty(4, "prompts")]);
    scene.editor(&modern(5, "server/discover")).gives(["editor: result 5"]);
    is_kept_by_nobody(&scene);
    assert_eq!(scene.lobby.unanswered(), 0);

    // Nothing of it is answered a second time, nor sent: the search had asked with the first.
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    scene.server(1, &discovered(1)).gives::<0>([]);
    assert_eq!((&scene.lobby.stage, scene.lobby.is_early()), (&Stage::Through, false));
    scene.editor(&modern(6, "tools/list")).gives(["send 3 tools/list alone"]);
}

#[test]
fn an_initialize_that_has_failed_is_not_answered_when_something_else_is_opening() {
    let mut scene = Scene::new();
    scene.sign_in(waiting());
    scene.editor(&initialize(1, ""));
    scene.ended(1, Some(Kind::SignInRefused));
    scene.editor(&call(2));
    scene.due(OPENING_DUE).gives::<0>([]);
}

#[test]
fn a_subscription_that_waited_too_long_is_not_agreed_to_any_more() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.editor(&modern(2, LISTEN));
    let guest = scene.guest();
    for _ in 1..MOST_NEWS {
        scene.due(guest);
    }
    scene.due(guest).gives(["failed 2 SignInRequired"]);
    scene.due(LISTS_DUE).gives::<0>([]);
}

#[test]
fn a_call_waits_for_the_person_and_goes_to_the_server_that_is_found() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE);
    scene.editor(&call(2)).gives(["editor: progress 7 0", "wake guest in 15 s"]);
    assert!(scene.last().contains(TEXT));
    scene.sign_in(SignIn::Ready);
    scene.server(1, &discovered(1)).gives(["send 3 tools/call alone"]);
    scene.server(3, r#"{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","content":[1]}}"#).gives(["answer 2"]);

    // The same where the server turns out to be one of the legacy era.
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE);
    scene.editor(&call(2));
    scene.sign_in(SignIn::Ready);
    scene
        .server(1, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#)
        .gives([r#"open 3 as its own"#]);
    let own = scene.own.clone();
    scene.server_opens(3, own, r#"{"tools":{}}"#).gives(["tell notifications/initialized", "send 4 tools/call"]);
}

#[test]
fn a_call_that_waits_too_long_gets_the_link_and_the_command() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE);
    scene.editor(&call(2)).gives(["editor: progress 7 0", "wake guest in 15 s"]);
    let guest = scene.guest();
    for told in 1..MOST_NEWS {
        scene.due(guest).gives([&*format!("editor: progress 7 {told}"), "wake guest in 15 s"]);
    }
    scene.due(guest).gives(["failed 2 SignInRequired"]);
    assert!(scene.last().contains(TEXT) && scene.last().contains(r#""url":"https://as.example/a""#));
    assert_eq!(scene.lobby.unanswered(), 0);
    scene.sign_in(SignIn::Ready);
    scene.server(1, &discovered(1)).gives::<0>([]);
}

#[test]
fn a_sign_in_that_is_quick_is_not_noticed() {
    let mut scene = Scene::discovering(Settings::default());
    scene.editor(&modern(2, "tools/list")).gives::<0>([]);
    scene.sign_in(waiting());
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    // The clock runs on, but nobody is waited for any more.
    scene.due(DISCOVERY_DUE).gives::<0>([]);
    scene.due(LISTS_DUE).gives::<0>([]);
    scene.server(1, &discovered(1)).gives(["answer 1", "send 3 tools/list alone"]);
    for key in [DISCOVERY_DUE, LISTS_DUE, scene.guest()] {
        scene.due(key).gives::<0>([]);
    }
}

#[test]
fn the_last_run_is_told_in_the_words_of_the_era_without_what_is_hidden() {
    let mut scene = Scene::discovering(hiding("a"));
    scene.sign_in(waiting_again(&[
        ("initialize", r#"{"capabilities":{"tools":{}},"serverInfo":{"name":"the server"},"instructions":"be kind"}"#),
        ("tools/list", r#"{"tools":[{"name":"a"},{"name":"b"}]}"#),
    ]));
    scene.due(DISCOVERY_DUE).gives(["editor: result 1"]);
    let told = result(&scene);
    assert!(told["capabilities"].get("prompts").is_none(), "{told}");
    assert_eq!(told["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "the server");
    assert_eq!(told["instructions"], "be kind");
    scene.due(LISTS_DUE).gives::<0>([]);
    scene.editor(&modern(2, "tools/list")).gives(["editor: result 2"]);
    assert_eq!(result(&scene)["tools"], serde_json::json!([{ "name": "b" }]));
    is_kept_by_nobody(&scene);
}

#[test]
fn an_editor_that_begins_with_a_list_gets_it_early() {
    let mut scene = Scene::new();
    scene.editor(&modern(1, "tools/list")).gives(["probe 1 tools/list", "wake 2 in 10 s"]);
    scene.sign_in(waiting()).gives(["wake discovery in 1 s", "wake lists in 4 s", "wake guest in 15 s"]);
    scene.due(DISCOVERY_DUE).gives::<0>([]);
    scene.due(LISTS_DUE).gives([&*empty(1, "tools")]);
    // What the server says to it is evidence, and no second answer.
    scene.sign_in(SignIn::Ready);
    scene.server(1, r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{}]}}"#).gives::<0>([]);
    assert!(scene.lobby.is_open());
}

#[test]
fn a_refused_sign_in_is_told_and_the_next_request_waits_anew() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE);
    scene.due(LISTS_DUE);
    scene.editor(&call(2));
    scene.sign_in(SignIn::Over).gives::<0>([]);
    scene.ended(1, Some(Kind::SignInRefused)).gives(["failed 2 SignInRefused"]);
    scene.editor(&modern(3, "server/discover")).gives(["probe 3 server/discover", "wake 4 in 10 s"]);
    scene.sign_in(waiting()).gives(["wake discovery in 1 s", "wake lists in 4 s", "wake guest in 15 s"]);
    scene.editor(&modern(4, "tools/list")).gives(["wake guest in 15 s"]);
    scene.due(DISCOVERY_DUE).gives(["editor: result 3"]);
    scene.due(LISTS_DUE).gives([&*empty(4, "tools")]);
}

#[test]
fn an_editor_that_gives_up_on_discovery_and_opens_a_session_is_answered_as_any_other() {
    for id in [1, 3] {
        let mut scene = Scene::discovering(Settings::default());
        scene.editor(&modern(2, "tools/list")).gives::<0>([]);
        let discovered = (id != 1).then_some("editor: error 1 -32601");
        let opening = format!("open 3 as {id}");
        scene.editor(&initialize(id, ""));
        let steps = ["drop 1"].into_iter().chain(discovered).chain(["failed 2 Usage", &opening]);
        assert_eq!(scene.steps, steps.collect::<Vec<_>>());
        scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s"]);
        scene.due(DISCOVERY_DUE).gives::<0>([]);
        scene.due(OPENING_DUE).gives([&*format!("editor: result {id}")]);
        scene.due(LISTS_DUE).gives::<0>([]);
        scene.sign_in(SignIn::Ready);
        scene.server_opens(3, id, r#"{"tools":{}}"#).gives(["editor: notifications/tools/list_changed"]);
    }
}

#[test]
fn an_editor_that_would_fall_back_stays_a_modern_one_when_it_was_answered_early() {
    let legacy_editors = vec!["an editor 1".to_owned()];
    let mut scene =
        Scene::discovering(Settings { facts: Facts { legacy_editors, ..Facts::default() }, ..Settings::default() });
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE).gives(["editor: result 1"]);
    scene.editor(&call(2));
    scene.sign_in(SignIn::Ready);
    scene.server(1, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#).gives(["open 3 as its own"]);
    let own = scene.own.clone();
    scene.server_opens(3, own, r#"{"tools":{}}"#).gives(["tell notifications/initialized", "send 4 tools/call"]);
}

#[test]
fn an_editor_that_comes_when_a_person_is_waited_for_already_is_held_as_any_other() {
    let mut scene = Scene::new();
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE).gives::<0>([]);
    scene.due(LISTS_DUE).gives::<0>([]);
    scene.editor(&modern(1, "server/discover")).gives([
        "probe 1 server/discover",
        "wake 2 in 10 s",
        "wake discovery in 1 s",
        "wake lists in 4 s",
        "wake guest in 15 s",
    ]);
    scene.editor(&modern(2, "tools/list")).gives(["wake guest in 15 s"]);
    scene.due(DISCOVERY_DUE).gives(["editor: result 1"]);
    scene.due(LISTS_DUE).gives([&*empty(2, "tools")]);
}

#[test]
fn a_silent_server_has_its_time_when_the_person_is_through() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(2).gives(["wake 2 in 5 s"]);
    scene.due(2).gives(["wake 2 in 5 s"]);
    scene.sign_in(SignIn::Ready);
    scene.due(2).gives(["drop 1", "open 3 as its own"]);

    // Where nobody is waited for, nothing is prolonged.
    let mut scene = Scene::discovering(Settings::default());
    scene.due(2).gives(["drop 1", "open 3 as its own"]);
}

#[test]
fn a_server_that_is_known_needs_no_opening_and_an_editor_is_answered_early_all_the_same() {
    let mut scene = Scene::with(Settings { protocol: Protocol::Modern, ..Settings::default() });
    scene.editor(&modern(1, "server/discover")).gives(["send 1 server/discover alone"]);
    scene.sign_in(waiting()).gives(["wake discovery in 1 s", "wake lists in 4 s", "wake guest in 15 s"]);
    scene.editor(&modern(2, "tools/list")).gives(["send 2 tools/list alone", "wake guest in 15 s"]);
    scene.due(DISCOVERY_DUE).gives(["drop 1", "editor: result 1"]);
    scene.due(LISTS_DUE).gives(["drop 2", &*empty(2, "tools")]);
    scene.editor(&modern(3, "prompts/list")).gives([&*empty(3, "prompts")]);
    scene.editor(&call(4)).gives(["send 3 tools/call alone", "editor: progress 7 0", "wake guest in 15 s"]);
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    scene.server(3, r#"{"jsonrpc":"2.0","id":4,"result":{"resultType":"complete","content":[]}}"#).gives(["answer 4"]);
    assert_eq!((&scene.lobby.stage, scene.lobby.guests.len()), (&Stage::Through, 0));
    // Who listens from now on hears that what was told early is not what there is.
    scene.editor(&listen(5));
    scene
        .server(4, &acknowledged(5))
        .gives(["editor: notifications/subscriptions/acknowledged", "editor: notifications/tools/list_changed"]);
}

#[test]
fn a_call_to_a_server_that_is_known_waits_for_the_person_but_not_for_ever() {
    let facts = Facts { modern: Some(true), ..Facts::default() };
    let mut scene = Scene::with(Settings { facts, ..Settings::default() });
    scene.editor(&call(1)).gives(["send 1 tools/call alone"]);
    scene.sign_in(waiting());
    let guest = scene.guest();
    for _ in 1..MOST_NEWS {
        scene.due(guest);
    }
    scene.due(guest).gives(["drop 1", "failed 1 SignInRequired"]);
    // One that the server, or its sign-in, has refused is not told of any more.
    for (id, kind) in [(2, Kind::SignInRequired), (3, Kind::Protocol)] {
        scene.editor(&call(id)).gives([
            &*format!("send {id} tools/call alone"),
            "editor: progress 7 0",
            "wake guest in 15 s",
        ]);
        let guest = scene.guest();
        scene.ended(id.into(), Some(kind)).gives([&*format!("failed {id} {kind:?}")]);
        scene.due(guest).gives::<0>([]);
    }
    assert_eq!((&scene.lobby.stage, scene.lobby.guests.len()), (&Stage::Through, 0));
}

#[test]
fn the_answer_to_a_discovery_that_was_answered_early_is_not_given_to_a_later_request_with_its_id() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.due(DISCOVERY_DUE).gives(["editor: result 1"]);
    scene.editor(&call(1)).gives(["editor: progress 7 0", "wake guest in 15 s"]);
    scene.sign_in(SignIn::Ready);
    scene.server(1, &discovered(1)).gives(["send 3 tools/call alone"]);
    // Who asks the same again may have it.
    let mut scene = Scene::discovering(Settings::default());
    scene.editor(&cancel(1));
    scene.editor(&modern(1, "server/discover"));
    scene.server(1, &discovered(1)).gives(["answer 1"]);
}

#[test]
fn a_refused_request_with_the_id_of_a_subscription_is_not_taken_for_its_answer() {
    let mut scene = Scene::discovering(Settings::default());
    scene.sign_in(waiting());
    scene.editor(&listen(2)).gives(["wake guest in 15 s"]);
    scene.due(LISTS_DUE).gives(["editor: notifications/subscriptions/acknowledged"]);
    scene.sign_in(SignIn::Ready);
    scene.server(1, &discovered(1)).gives(["answer 1", "send 3 subscriptions/listen for long"]);
    scene.editor(&call(2)).gives(["editor: error 2 -32600"]);
    scene.server(3, &acknowledged(2)).gives(["editor: notifications/tools/list_changed"]);
}

impl Scene {
    /// A modern editor has asked what there is.
    fn discovering(settings: Settings) -> Self {
        let mut scene = Scene::with(settings);
        scene.editor(&modern(1, "server/discover")).gives(["probe 1 server/discover", "wake 2 in 10 s"]);
        scene
    }
}

/// What an early list with nothing in it is shown as.
fn empty(id: u32, list: &str) -> String {
    format!(r#"editor: result {id} {{"resultType":"complete","ttlMs":0,"cacheScope":"private","{list}":[]}}"#)
}

/// The last line as a result.
fn result(scene: &Scene) -> serde_json::Value {
    serde_json::from_str(member(&scene.last(), "result").expect("a result")).unwrap()
}

/// A result that every cache forgets at once (2026-07-28, Caching).
#[track_caller]
fn is_kept_by_nobody(scene: &Scene) {
    let result = result(scene);
    let marks = ["resultType", "ttlMs", "cacheScope"].map(|name| result[name].clone());
    assert_eq!(marks, ["complete".into(), serde_json::json!(0), "private".into()], "{result}");
}

fn modern(id: u32, method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"_meta":{{{META}}}}}}}"#)
}

fn call(id: u32) -> String {
    let meta = format!(r#"{{"progressToken":7,{META}}}"#);
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"x","_meta":{meta}}}}}"#)
}

/// A subscription to changes of the tools.
fn listen(id: u32) -> String {
    let changes = r#""params":{"notifications":{"toolsListChanged":true},"#;
    modern(id, LISTEN).replace(r#""params":{"#, changes)
}

fn cancel(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
}

/// The server's agreement to a subscription.
fn acknowledged(id: u32) -> String {
    let params = format!(
        r#"{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{"toolsListChanged":true}}}}"#
    );
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{params}}}"#)
}

/// A modern server's answer to `server/discover`.
fn discovered(id: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{{"tools":{{}}}}}}}}"#
    )
}

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"an editor","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;

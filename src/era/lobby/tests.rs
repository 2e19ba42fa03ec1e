//! What an editor is told while a person signs in, as transcripts: each event, and the steps that follow it.

mod last;
mod links;
mod modern;
mod replaced;
mod scene;

use super::waiting::{LISTS_DUE, MOST_NEWS, OPENING_DUE};
use super::*;
use crate::era::{Facts, Settings};
use crate::failure::{Failure, Kind};

use scene::{ALL, CALL, INITIALIZED, Scene, TEXT, hiding, initialize, waiting};

#[test]
fn without_a_sign_in_everything_passes_and_no_time_is_asked_for() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, "")).gives(["open 1 as 1"]);
    scene.server_opens(1, 1, ALL).gives(["answer 1"]);
    scene.editor(INITIALIZED).gives(["tell notifications/initialized"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).gives(["send 2 tools/list"]);
    scene.server(2, r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#).gives(["answer 2"]);
    assert!(!scene.lobby.is_early());
}

#[test]
fn initialize_is_answered_early_after_its_hold_and_list_changed_follows_the_session() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, "")).gives(["open 1 as 1"]);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s"]);
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    assert!(scene.last().contains(r#""protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}"#));
    assert!(scene.lobby.is_early());
    scene.editor(INITIALIZED).gives::<0>([]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).gives(["editor: result 2"]);
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    scene.server_opens(1, 1, ALL).gives([
        "tell notifications/initialized",
        "editor: notifications/tools/list_changed",
        "editor: notifications/prompts/list_changed",
        "editor: notifications/resources/list_changed",
    ]);
    assert!(scene.lobby.is_open() && !scene.lobby.is_early());
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives(["send 2 tools/list"]);
}

#[test]
fn a_sign_in_that_is_quick_is_not_noticed() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.sign_in(waiting());
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    // The clock runs on, but nobody is waited for any more.
    scene.due(OPENING_DUE).gives::<0>([]);
    scene.server_opens(1, 1, ALL).gives(["answer 1"]);
    scene.due(LISTS_DUE).gives::<0>([]);
}

#[test]
fn the_early_answer_speaks_the_editors_version_or_the_newest() {
    for (wanted, told) in [("2024-11-05", "2024-11-05"), ("2026-07-28", "2025-11-25"), ("", "2025-11-25")] {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, "").replace("2025-06-18", wanted));
        scene.sign_in(waiting());
        scene.due(OPENING_DUE).gives(["editor: result 1"]);
        assert!(scene.last().contains(&format!(r#""protocolVersion":"{told}""#)), "{}", scene.last());
    }
}

#[test]
fn lists_are_held_then_empty_and_later_ones_are_empty_at_once() {
    let mut scene = Scene::early("");
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).gives(["wake guest in 15 s"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"resources/templates/list"}"#).gives(["wake guest in 15 s"]);
    scene.due(LISTS_DUE).gives([r#"editor: result 2 {"tools":[]}"#, r#"editor: result 3 {"resourceTemplates":[]}"#]);
    assert_eq!(scene.lobby.unanswered(), 1);
    scene.editor(r#"{"jsonrpc":"2.0","id":4,"method":"prompts/list"}"#).gives([r#"editor: result 4 {"prompts":[]}"#]);
    scene
        .editor(r#"{"jsonrpc":"2.0","id":5,"method":"resources/list"}"#)
        .gives([r#"editor: result 5 {"resources":[]}"#]);
    // None of them goes to the server later: they have their answers.
    scene.sign_in(SignIn::Ready);
    scene.server_opens(1, 1, r#"{"tools":{}}"#).gives(["editor: notifications/tools/list_changed"]);
}

#[test]
fn a_list_that_is_asked_for_when_the_person_is_through_is_the_servers() {
    let mut scene = Scene::early("");
    scene.due(LISTS_DUE);
    scene.sign_in(SignIn::Ready);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).gives::<0>([]);
    scene
        .server_opens(1, 1, r#"{"tools":{}}"#)
        .gives(["send 2 tools/list", "editor: notifications/tools/list_changed"]);
}

#[test]
fn list_changed_is_told_only_of_what_the_server_has_and_the_rest_stays_empty() {
    let mut scene = Scene::early("");
    scene.sign_in(SignIn::Ready);
    scene.server_opens(1, 1, r#"{"tools":{}}"#).gives(["editor: notifications/tools/list_changed"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"prompts/list"}"#).gives([r#"editor: result 2 {"prompts":[]}"#]);
    scene
        .editor(r#"{"jsonrpc":"2.0","id":3,"method":"resources/templates/list"}"#)
        .gives([r#"editor: result 3 {"resourceTemplates":[]}"#]);
    scene.editor(r#"{"jsonrpc":"2.0","id":4,"method":"tools/list"}"#).gives(["send 2 tools/list"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":5,"method":"prompts/get"}"#).gives(["send 3 prompts/get"]);
    // A new session is promised nothing that the server does not have.
    scene.editor(&initialize(6, "")).gives(["open 4 as 6"]);
    scene.server_opens(4, 6, r#"{"tools":{}}"#).gives(["answer 6"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":7,"method":"prompts/list"}"#).gives(["send 5 prompts/list"]);
}

#[test]
fn a_call_waits_hears_of_it_and_is_answered_by_the_server() {
    let mut scene = Scene::early("");
    let call = r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"x","_meta":{"progressToken":7}}}"#;
    scene.editor(call).gives(["editor: progress 7 0", "wake guest in 15 s"]);
    assert!(scene.told.iter().any(|line| line.contains(TEXT)));
    let guest = scene.guest();
    scene.due(guest).gives(["editor: progress 7 1", "wake guest in 15 s"]);
    scene.sign_in(SignIn::Ready);
    scene.due(guest).gives::<0>([]);
    scene
        .server_opens(1, 1, r#"{"tools":{}}"#)
        .gives(["send 2 tools/call", "editor: notifications/tools/list_changed"]);
    scene.server(2, r#"{"jsonrpc":"2.0","id":"c","result":{}}"#).gives(["answer \"c\""]);
    scene.due(guest).gives::<0>([]);
}

#[test]
fn a_call_that_waits_too_long_gets_the_link_and_the_command() {
    let mut scene = Scene::early("");
    scene.editor(CALL).gives(["wake guest in 15 s"]);
    let guest = scene.guest();
    for _ in 1..MOST_NEWS {
        scene.due(guest).gives(["wake guest in 15 s"]);
    }
    scene.due(guest).gives(["failed 9 SignInRequired"]);
    assert!(scene.last().contains(TEXT) && scene.last().contains(r#""url":"https://as.example/a""#));
    // It was not sent, and is not when the session opens.
    assert_eq!(scene.lobby.unanswered(), 1);
    scene.due(guest).gives::<0>([]);
    scene.sign_in(SignIn::Ready);
    scene.server_opens(1, 1, r#"{"tools":{}}"#).gives(["editor: notifications/tools/list_changed"]);
}

#[test]
fn the_wait_of_a_call_begins_with_the_wait_for_the_person() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.editor(CALL).gives::<0>([]);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s", "wake guest in 15 s"]);
    // Another process signs in, gives up, and this one asks the person anew: nothing waits twice as long.
    scene.sign_in(SignIn::Over).gives::<0>([]);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s", "wake guest in 15 s"]);
}

#[test]
fn a_request_that_is_refused_or_cancelled_is_not_told_how_long_it_takes() {
    let with_progress = |id: u32, name: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{name}","_meta":{{"progressToken":1}}}}}}"#
        )
    };
    let mut scene = Scene::with(hiding("hidden"));
    scene.editor(&initialize(1, ""));
    scene.sign_in(waiting());
    scene.editor(&with_progress(2, "hidden")).gives(["editor: error 2 -32602"]);
    scene.editor(&with_progress(3, "x")).gives(["editor: progress 1 0", "wake guest in 15 s"]);
    let guest = scene.guest();
    // Twice the same id: the first one keeps its place.
    scene.editor(&with_progress(3, "y")).gives(["editor: error 3 -32600"]);
    scene.due(guest).gives(["editor: progress 1 1", "wake guest in 15 s"]);
    scene.editor(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#).gives::<0>([]);
    scene.due(guest).gives::<0>([]);
    assert_eq!(scene.lobby.unanswered(), 1);
    scene.sign_in(SignIn::Ready);
    scene.server_opens(1, 1, ALL).gives(["answer 1"]);
}

#[test]
fn an_id_that_is_in_use_is_refused_also_for_a_list_that_would_be_empty() {
    let mut scene = Scene::early("");
    scene.due(LISTS_DUE);
    scene.editor(CALL).gives(["wake guest in 15 s"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":9,"method":"tools/list"}"#).gives(["editor: error 9 -32600"]);
}

#[test]
fn a_second_initialize_while_the_first_waits_is_refused_and_the_first_answered() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.editor(&initialize(2, "")).gives(["editor: error 2 -32600"]);
    scene.sign_in(waiting());
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    // Once answered, an editor may begin anew, and the session that it gets is on its way.
    scene.editor(&initialize(3, "")).gives(["editor: result 3", "wake initialize in 2 s", "wake lists in 4 s"]);
    scene.due(OPENING_DUE).gives::<0>([]);
    scene.sign_in(SignIn::Ready);
    scene.server_opens(1, 1, r#"{"tools":{}}"#).gives(["editor: notifications/tools/list_changed"]);
}

#[test]
fn an_editor_that_begins_anew_is_held_and_answered_early_as_the_first_time() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.server_opens(1, 1, ALL).gives(["answer 1"]);
    scene.editor(&initialize(2, "")).gives(["open 2 as 2"]);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s"]);
    scene.due(OPENING_DUE).gives(["editor: result 2"]);
    scene.server_opens(2, 2, r#"{"prompts":{}}"#).gives(["editor: notifications/prompts/list_changed"]);

    // The same where the wait for the person began before.
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.server_opens(1, 1, ALL);
    scene.sign_in(waiting());
    scene.editor(&initialize(2, "")).gives(["wake initialize in 2 s", "wake lists in 4 s", "open 2 as 2"]);
    scene.due(OPENING_DUE).gives(["editor: result 2"]);
}

#[test]
fn a_refused_sign_in_ends_what_waits_and_a_later_login_opens_the_session() {
    let mut scene = Scene::early("");
    scene.editor(INITIALIZED);
    scene.sign_in(SignIn::Over).gives::<0>([]);
    scene.ended(1, Some(Kind::SignInRefused)).gives(["unserved SignInRefused"]);
    assert!(scene.lobby.is_early() && !scene.lobby.is_opening());
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).gives(["editor: result 2"]);
    scene.sign_in(SignIn::Ready).gives(["open 2 as its own"]);
    let own = scene.own.clone();
    scene
        .server_opens(2, own, r#"{"tools":{}}"#)
        .gives(["tell notifications/initialized", "editor: notifications/tools/list_changed"]);
    scene.editor(CALL).gives(["send 3 tools/call"]);
}

#[test]
fn a_request_after_a_refused_sign_in_tries_again_and_says_why_not() {
    let mut scene = Scene::early("");
    scene.sign_in(SignIn::Over);
    scene.ended(1, Some(Kind::SignInRefused)).gives(["unserved SignInRefused"]);
    scene.editor(CALL).gives(["open 2 as its own"]);
    scene.ended(2, Some(Kind::SignInRequired)).gives(["failed 9 SignInRequired", "unserved SignInRequired"]);
    assert!(scene.last().contains("it ended"), "{}", scene.last());
    // It may also ask the person again: then it waits as the first one did, and lists are held again.
    scene.editor(CALL).gives(["open 3 as its own"]);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 4 s", "wake guest in 15 s"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).gives(["wake guest in 15 s"]);
    scene.due(OPENING_DUE).gives::<0>([]);
    scene.due(LISTS_DUE).gives([r#"editor: result 2 {"tools":[]}"#]);
}

#[test]
fn what_waits_when_the_server_refuses_the_session_hears_what_it_said() {
    let mut scene = Scene::early("");
    scene.editor(CALL);
    scene.sign_in(SignIn::Ready);
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"not for you"}}"#;
    scene.server(1, error).gives(["probe 2 server/discover"]);
    scene.ended(2, Some(Kind::Protocol)).gives(["answer 9"]);
    assert!(scene.last().contains("not for you"), "{}", scene.last());
    assert!(scene.lobby.is_early());
}

#[test]
fn an_initialize_that_fails_before_its_hold_is_over_gets_the_error_itself() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, ""));
    scene.sign_in(waiting());
    scene.sign_in(SignIn::Over);
    scene.ended(1, Some(Kind::SignInRefused)).gives(["failed 1 SignInRefused"]);
    scene.due(OPENING_DUE).gives::<0>([]);
    assert!(!scene.lobby.is_early());
    scene.editor(&initialize(2, "")).gives(["open 2 as 2"]);
}

#[test]
fn the_end_of_the_input_while_somebody_is_waited_for_ends_every_request_once() {
    let mut scene = Scene::early("");
    scene.editor(CALL);
    scene.on(Event::Closed).gives::<0>([]);
    scene.ended(1, Some(Kind::SignInRequired)).gives(["failed 9 SignInRequired", "unserved SignInRequired"]);
    assert_eq!(scene.lobby.unanswered(), 0);

    let mut scene = Scene::early("");
    scene.editor(CALL);
    let stopped = Failure::new(Kind::Internal, "stopped");
    let mut given = scene.on(Event::Over(stopped)).steps.clone();
    given.sort();
    assert_eq!(given, ["failed 9 Internal", "unserved Internal"]);
}

#[test]
fn a_pause_of_the_pair_is_prolonged_while_a_person_is_waited_for() {
    let mut scene =
        Scene::with(Settings { facts: Facts { legacy: Some(false), ..Facts::default() }, ..Settings::default() });
    scene.editor(&initialize(1, "")).gives(["probe 1 server/discover", "wake 2 in 10 s"]);
    scene.sign_in(waiting());
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    for _ in 0..3 {
        scene.due(2).gives(["wake 2 in 5 s"]);
    }
    // A server that is silent after that is taken for one of the other era.
    scene.sign_in(SignIn::Ready).gives::<0>([]);
    scene.due(2).gives(["drop 1", "open 3 as 1"]);
}

#[test]
fn an_editor_that_never_lists_again_waits_for_its_list_and_then_gets_an_error() {
    let codex = initialize(1, "").replace("an editor", "codex-mcp-client");
    let mut scene = Scene::new();
    scene.editor(&codex);
    scene.sign_in(waiting()).gives(["wake initialize in 2 s", "wake lists in 25 s"]);
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#).gives(["wake guest in 15 s"]);
    scene.due(LISTS_DUE).gives(["failed 2 SignInRequired"]);
    assert!(scene.last().contains(TEXT));
    // Whoever asks again hears the same, and never of an empty list.
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives(["failed 3 SignInRequired"]);
}

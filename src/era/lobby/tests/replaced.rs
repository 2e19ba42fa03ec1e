//! A server that turns out to be of the other era in mid-life, and what was open before.

use super::scene::{ALL, CALL, LINKS, Scene, initialize};
use crate::era::{Event, Facts, Key, Settings};
use crate::failure::{Failure, Kind};
use crate::message::Message;

#[test]
fn an_editor_that_has_closed_its_side_is_asked_nothing_by_a_server_that_is_found_later() {
    let facts = Facts { legacy: Some(false), ..Facts::default() };
    let mut scene = Scene::with(Settings { facts, ..Settings::default() });
    scene.editor(&initialize(1, LINKS)).gives(["probe 1 server/discover", "wake 2 in 10 s"]);
    scene.is_discovered(1).gives(["answer 1"]);
    scene.editor(&initialize(2, LINKS)).gives(["probe 3 server/discover", "wake 4 in 10 s"]);
    scene.on(Event::Closed).gives::<0>([]);
    scene.due(4).gives(["drop 3", "open 5 as 2"]);
    scene.server_opens(5, 2, ALL).gives(["answer 2"]);
    scene.asks(None).gives(["reply"]);
    assert!(!scene.lobby.is_asked());
}

#[test]
fn what_the_server_has_asked_before_is_answered_to_it_after() {
    let mut scene = Scene::replaced();
    scene.editor(r#"{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}"#).gives(["reply"]);
    assert!(!scene.lobby.is_asked());
    scene.server(2, r#"{"jsonrpc":"2.0","id":9,"result":{"content":[]}}"#).gives(["answer 9"]);
}

#[test]
fn what_was_sent_before_is_cancelled_after_and_its_question_taken_back() {
    let mut scene = Scene::replaced();
    scene.editor(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#).gives([
        "cancel 2",
        "editor: notifications/cancelled",
        "reply",
    ]);
}

#[test]
fn what_a_session_has_asked_that_was_given_up_is_taken_back() {
    let mut scene = Scene::in_session();
    scene.asks(None).gives(["editor: elicitation/create"]);
    scene.becomes_modern(2);
    let steps = ["editor: notifications/cancelled", "reply"];
    assert!(steps.iter().all(|step| scene.steps.iter().any(|given| given == step)), "{:?}", scene.steps);
    assert!(scene.told.iter().any(|line| line.contains(r#""requestId":"q""#)));
    assert!(!scene.lobby.is_asked());
}

#[test]
fn a_request_with_the_id_of_one_that_led_to_a_search_and_was_taken_back_is_sent() {
    let mut scene = Scene::in_session();
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives(["send 2 tools/list"]);
    scene.on(Event::Ended { key: 2, failure: Some(refused_version()) });
    scene.editor(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#);
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"prompts/list"}"#).gives::<0>([]);
    scene.ended(3, Some(Kind::Protocol)).gives(["send 6 prompts/list"]);
}

#[test]
fn what_the_server_has_asked_before_is_answered_when_the_editor_closes_its_side() {
    let mut scene = Scene::replaced();
    scene.on(Event::Closed).gives(["reply"]);
    assert!(!scene.lobby.is_asked());
}

impl Scene {
    /// A legacy server has asked something in a call, and has since become a modern one.
    fn replaced() -> Self {
        let mut scene = Scene::in_session();
        scene.editor(CALL).gives(["send 2 tools/call"]);
        scene.asks(Some(2)).gives(["editor: elicitation/create"]);
        scene.becomes_modern(3);
        scene
    }

    /// A legacy editor with a legacy server.
    fn in_session() -> Self {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, LINKS)).gives(["open 1 as 1"]);
        scene.server_opens(1, 1, ALL).gives(["answer 1"]);
        scene
    }

    /// The server refuses the next request, which goes out as `key`, and is found to be a modern one.
    fn becomes_modern(&mut self, key: Key) {
        self.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives([&*format!("send {key} tools/list")]);
        self.on(Event::Ended { key, failure: Some(refused_version()) });
        assert!(self.steps.contains(&format!("probe {} server/discover", key + 1)), "{:?}", self.steps);
        self.is_discovered(key + 1);
        assert!(self.lobby.spoken().is_some_and(|spoken| spoken.modern_server));
    }

    /// A modern server's answer to `server/discover`.
    fn is_discovered(&mut self, key: Key) -> &mut Self {
        let result = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}"#;
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, self.own);
        self.server(key, &answer)
    }

    /// The server asks the editor something.
    fn asks(&mut self, key: Option<Key>) -> &mut Self {
        let question = r#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"m"}}"#;
        let parsed = Message::parse(question.into()).unwrap();
        self.on(Event::Server { key, generation: 1, parsed })
    }
}

/// How a modern server refuses a request of the legacy era.
fn refused_version() -> Failure {
    let error = r#"{"code":-32022,"message":"version","data":{"supported":["2026-07-28"]}}"#;
    Failure { error: Some(error.into()), ..Failure::new(Kind::Protocol, "refused").status(400) }
}

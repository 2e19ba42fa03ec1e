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
    scene.server(1, &discovered()).gives(["answer 1"]);
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
fn what_was_sent_before_is_cancelled_after() {
    let mut scene = Scene::replaced();
    scene
        .editor(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#)
        .gives(["cancel 2"]);
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
        let mut scene = Scene::new();
        scene.editor(&initialize(1, LINKS)).gives(["open 1 as 1"]);
        scene.server_opens(1, 1, ALL).gives(["answer 1"]);
        scene.editor(CALL).gives(["send 2 tools/call"]);
        scene.asks(Some(2)).gives(["editor: elicitation/create"]);
        scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives(["send 3 tools/list"]);
        let error = r#"{"code":-32022,"message":"version","data":{"supported":["2026-07-28"]}}"#;
        let failure = Failure { error: Some(error.into()), ..Failure::new(Kind::Protocol, "refused").status(400) };
        scene.on(Event::Ended { key: 3, failure: Some(failure) });
        assert!(scene.steps.contains(&"probe 4 server/discover".into()), "{:?}", scene.steps);
        scene.server(4, &discovered());
        assert!(scene.lobby.spoken().is_some_and(|spoken| spoken.modern_server));
        scene
    }

    /// The server asks the editor something.
    fn asks(&mut self, key: Option<Key>) -> &mut Self {
        let question = r#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"m"}}"#;
        let parsed = Message::parse(question.into()).unwrap();
        self.on(Event::Server { key, generation: 1, parsed })
    }
}

/// A modern server's answer to `server/discover`, under an id that nobody looks at.
fn discovered() -> String {
    r#"{"jsonrpc":"2.0","id":0,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}}"#
        .into()
}

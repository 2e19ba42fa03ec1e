//! The link to the sign-in, shown inside the editor.

use super::scene::{ALL, CALL, INITIALIZED, LINKS, Scene, initialize, unopened, waiting};
use crate::era::lobby::waiting::{LISTS_DUE, OFFER_READ, OPENING_DUE};
use crate::era::{Invitation, SignIn};

#[test]
fn the_link_is_offered_after_the_first_list_of_tools_and_nothing_is_held() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, LINKS));
    scene.sign_in(unopened()).gives(["wake initialize in 0 s", "wake lists in 0 s"]);
    scene.due(OPENING_DUE).gives(["editor: result 1"]);
    scene.due(LISTS_DUE).gives::<0>([]);
    scene.editor(INITIALIZED).gives::<0>([]);
    scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"prompts/list"}"#).gives([r#"editor: result 2 {"prompts":[]}"#]);
    scene.editor(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#).gives([
        r#"editor: result 3 {"tools":[]}"#,
        "editor: elicitation/create",
        "wake offer in 1 s",
    ]);
    assert!(scene.told.iter().any(|line| line.contains(r#""mode":"url""#) && line.contains("https://as.example/a")));
    // Offered once.
    scene.editor(r#"{"jsonrpc":"2.0","id":4,"method":"tools/list"}"#).gives([r#"editor: result 4 {"tools":[]}"#]);
    scene.answer("accept").gives::<0>([]);
    scene.sign_in(SignIn::Ready).gives(["editor: notifications/elicitation/complete"]);
    let complete = scene.last();
    assert!(complete.contains(r#"{"elicitationId":"mcpbridge-sign-in-"#), "{complete}");
}

#[test]
fn a_link_that_is_turned_away_faster_than_anybody_reads_is_for_the_browser() {
    for action in ["cancel", "decline"] {
        let mut scene = Scene::offered();
        scene.answer(action).gives(["open the browser"]);
        // Now a browser is open, and the link is not offered again.
        scene.sign_in(waiting()).gives::<0>([]);
        scene.sign_in(unopened()).gives::<0>([]);
    }
    let mut scene = Scene::offered();
    scene.editor(&scene.error_to_offer()).gives(["open the browser"]);
}

#[test]
fn a_person_who_has_read_the_link_may_decline_it_or_leave_it_for_later() {
    let mut scene = Scene::offered();
    scene.due(OFFER_READ).gives::<0>([]);
    scene.answer("decline").gives(["decline"]);
    // A second answer to the same question is nobody's.
    scene.answer("decline").gives::<0>([]);

    let mut scene = Scene::offered();
    scene.due(OFFER_READ);
    scene.answer("cancel").gives::<0>([]);
    scene.sign_in(SignIn::Ready).gives(["editor: notifications/elicitation/complete"]);
}

#[test]
fn a_link_that_nobody_has_answered_is_taken_back_when_the_sign_in_is_over() {
    for over in [SignIn::Ready, SignIn::Over] {
        let mut scene = Scene::offered();
        scene.sign_in(over).gives(["editor: notifications/cancelled"]);
        // An answer that crosses this reaches nobody.
        scene.answer("accept").gives::<0>([]);
    }
}

#[test]
fn another_link_is_another_offer() {
    let mut scene = Scene::offered();
    let SignIn::Waiting(invitation) = unopened() else { unreachable!() };
    let other = Invitation { url: Some("https://as.example/b".into()), ..invitation.clone() };
    // Or with a code for the same page.
    let coded = Invitation { code: Some("WDJB-MJHT".into()), ..other.clone() };
    for next in [other, coded] {
        scene.sign_in(SignIn::Waiting(next)).gives([
            "editor: notifications/cancelled",
            "editor: elicitation/create",
            "wake offer in 1 s",
        ]);
    }
    let offer = scene.last();
    assert!(offer.contains("The code for it is WDJB-MJHT"), "{offer}");
}

#[test]
fn a_link_is_offered_in_a_session_too_whose_grant_has_ended() {
    for capabilities in [ALL, r#"{"tools":{}}"#] {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, LINKS));
        scene.server_opens(1, 1, capabilities);
        scene.editor(INITIALIZED);
        scene.editor(CALL).gives(["send 2 tools/call"]);
        scene.sign_in(unopened()).gives(["editor: elicitation/create", "wake offer in 1 s"]);
        scene.answer("cancel").gives(["open the browser"]);
        scene.sign_in(SignIn::Ready).gives(["editor: notifications/elicitation/complete"]);
    }
    // Where a browser is open, and for editors without links, nothing is offered.
    for (sign_in, declared) in [(waiting(), LINKS), (unopened(), "")] {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, declared));
        scene.server_opens(1, 1, ALL);
        scene.editor(INITIALIZED);
        scene.sign_in(sign_in).gives::<0>([]);
    }
}

#[test]
fn an_editor_that_never_lists_again_is_offered_the_link_before_any_list() {
    let mut scene = Scene::new();
    scene.editor(&initialize(1, LINKS).replace("an editor", "codex-mcp-client"));
    scene.sign_in(unopened()).gives(["wake initialize in 0 s", "wake lists in 25 s"]);
    scene.due(OPENING_DUE);
    scene.editor(INITIALIZED).gives(["editor: elicitation/create", "wake offer in 1 s"]);
}

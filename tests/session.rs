//! Sessions of Streamable HTTP: what goes on every request, and what happens when the server forgets one.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use support::{
    Bridge, CAPABILITIES, Framing, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, Server, Sessions, call,
    envelopes, initialize, json, notification, notification_with, request, request_with, result, welcome,
};

const INITIALIZED_METHOD: &str = "notifications/initialized";

/// A session that is lost in the middle of the handshake is another story: here it is through, stream and all.
fn settled(server: &Server) -> Bridge {
    let mut bridge = Bridge::ready(server);
    server.wait(1, "GET");
    bridge.send(request(r#""settled""#, "ping"));
    bridge.expect_result(r#""settled""#);
    bridge
}

#[test]
fn every_request_after_initialize_carries_the_session_and_the_negotiated_version() {
    let server = Legacy::new().version("2025-03-26").listening().start();
    let mut bridge = Bridge::to(&server).ready_as("2025-11-25");
    let mut stream = server.stream();
    stream.message(request(1, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(1, r#"{"roots":[]}"#));
    bridge.send(call(2));
    bridge.expect_result("2");
    bridge.send(notification("notifications/roots/list_changed"));
    server.wait(1, "notifications/roots/list_changed");
    server.wait(1, "answer");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);

    let requests = server.requests();
    assert_eq!(requests[0].kind(), "initialize");
    assert_eq!(requests[0].header("mcp-session-id"), None);
    let kinds: Vec<_> = requests.iter().map(Request::kind).collect();
    for kind in
        ["notifications/initialized", "GET", "answer", "tools/call", "notifications/roots/list_changed", "DELETE"]
    {
        assert!(kinds.iter().any(|known| known == kind), "{kind} is missing in {kinds:?}");
    }
    for request in &requests[1..] {
        assert_eq!(request.header("mcp-session-id"), Some("session-1"), "{}", request.kind());
        assert_eq!(request.header("mcp-protocol-version"), Some("2025-03-26"), "{}", request.kind());
    }
}

#[test]
fn a_post_accepts_both_kinds_of_answer_and_the_get_only_streams() {
    let server = Legacy::new().listening().start();
    let mut bridge = settled(&server);
    server.stream();
    bridge.send(call(1));
    bridge.expect_result("1");
    for request in server.requests() {
        let accept = request.header("accept").unwrap_or_default();
        assert!(accept.contains("text/event-stream"), "{}: {accept}", request.kind());
        if request.method == "POST" {
            assert!(accept.contains("application/json"), "{}: {accept}", request.kind());
            assert_eq!(request.header("content-type"), Some("application/json"));
        }
    }
}

#[test]
fn no_session_header_is_sent_where_the_server_gives_none() {
    let server = Legacy::new().without_session().start();
    let mut bridge = settled(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    for request in server.requests() {
        assert_eq!(request.header("mcp-session-id"), None);
        assert_ne!(request.kind(), "DELETE", "there is nothing to delete");
    }
}

#[test]
fn the_session_never_changes_while_it_is_healthy() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            // None of these is a lost session.
            "1" => reply.error(500, request, -32603, "boom"),
            "2" => reply.error(400, request, -32602, "Invalid params: session name is required"),
            "3" => reply.text(502, "bad gateway"),
            "4" => reply.hang_up(),
            "5" => reply.error(403, request, -32000, "not for you"),
            _ => reply.result(request, "{}"),
        })
        .start();
    let mut bridge = settled(&server);
    for id in 1..=5 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &[]);
    }
    bridge.send(call(6));
    bridge.expect_result("6");
    assert_eq!(server.count("initialize"), 1);
}

/// One server refuses everything before it, and each may ask the editor something on the stream that comes after it.
#[test]
fn the_end_of_the_handshake_is_sent_again_through_a_deployment() {
    type Script = fn(Reply);
    let ways: [Script; 3] = [|reply| reply.text(502, "deploying"), Reply::reset, Reply::hang_up];
    for way in ways {
        let told = AtomicUsize::new(0);
        let server = Legacy::new()
            .listening()
            .on(INITIALIZED_METHOD, move |_, reply| match told.fetch_add(1, Ordering::SeqCst) {
                0 => way(reply),
                _ => reply.accepted(),
            })
            .start();
        let mut bridge = Bridge::ready(&server);
        server.stream().message(request(1, "roots/list"));
        bridge.expect_method("roots/list");
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!((server.count(INITIALIZED_METHOD), server.count("initialize")), (2, 1));
    }
}

#[test]
fn a_server_that_refuses_the_end_of_the_handshake_is_listened_to_all_the_same() {
    let server = Legacy::new().listening().on(INITIALIZED_METHOD, |_, reply| reply.text(500, "oops")).start();
    let mut bridge = Bridge::ready(&server);
    server.stream().message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
    assert_eq!(server.count(INITIALIZED_METHOD), 1);
}

#[test]
fn what_a_server_says_beside_its_answer_to_a_ping_reaches_the_editor() {
    let server = Legacy::new()
        .on("ping", |request, reply| {
            let mut stream = reply.sse();
            stream.message(notification("notifications/tools/list_changed"));
            stream.message(result(request.id(), "{}"));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--keep-alive", "--ping-interval", "0.2"]).ready();
    for _ in 0..2 {
        bridge.expect_method("notifications/tools/list_changed");
    }
    assert_eq!(server.count("initialize"), 1);
}

/// By the ping it is found out whether the session lives.
#[test]
fn a_server_without_ping_keeps_its_session() {
    for status in [400, 404] {
        let server = Legacy::new()
            .on("ping", move |request, reply| reply.error(status, request, -32601, "Method not found: ping"))
            .on("tools/call", |_, reply| reply.text(400, "missing argument x"))
            .start();
        let mut bridge = Bridge::to(&server).args(["--keep-alive", "--ping-interval", "0.2"]).ready();
        bridge.send(call(1));
        let error = bridge.expect_error("1", &["missing argument x"]);
        assert!(!error.to_string().contains("session"), "{error}");
        server.wait(4, "ping");
        assert_eq!((server.count("initialize"), server.count("tools/call")), (1, 1), "{status}");
    }
}

#[test]
fn a_lost_session_is_opened_again_and_the_editor_does_not_notice() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    sessions.lose();
    bridge.send(call(2));
    assert_eq!(bridge.answer("2"), result(2, r#"{"content":[{"type":"text","text":"done"}]}"#));

    let again = server.wait(2, "initialize");
    assert_eq!(again.header("mcp-session-id"), None, "a fresh InitializeRequest has no session");
    assert_eq!(again.json()["params"], json(&initialize(0, "2025-06-18"))["params"], "the editor's own parameters");
    server.wait(2, "notifications/initialized");
    let calls = server.matching(|request| request.is("tools/call"));
    assert_eq!(calls.len(), 3, "the refused call is sent once more, and only once");
    assert_eq!(calls[2].header("mcp-session-id"), Some("session-2"));
    assert_eq!(calls[2].text(), calls[1].text());

    // Our own requests' answers never reach stdout; a list_changed may.
    bridge.send(request(3, "ping"));
    bridge.expect_result("3");
    while let Some(line) = bridge.recv_within(Duration::from_millis(200)) {
        assert!(line.contains("list_changed"), "{line}");
    }
}

#[test]
fn the_order_after_a_lost_session_is_initialize_initialized_then_the_rest() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    sessions.lose();
    bridge.send(call(1));
    bridge.expect_result("1");
    let kinds: Vec<_> = server.requests().iter().filter(|it| it.method == "POST").map(Request::kind).collect();
    let second = kinds.iter().rposition(|kind| kind == "initialize").unwrap();
    assert_eq!(kinds[second + 1], "notifications/initialized", "{kinds:?}");
    assert_eq!(kinds.last().unwrap(), "tools/call", "{kinds:?}");
}

#[test]
fn log_level_and_subscriptions_are_restored_in_the_new_session() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    // One after the other: requests that run at once have no order.
    for (id, method, params) in [
        (1, "logging/setLevel", r#"{"level":"debug"}"#),
        (2, "logging/setLevel", r#"{"level":"warning"}"#),
        (3, "resources/subscribe", r#"{"uri":"file:///a"}"#),
        (4, "resources/subscribe", r#"{"uri":"file:///b"}"#),
        (5, "resources/unsubscribe", r#"{"uri":"file:///a"}"#),
    ] {
        bridge.send(request_with(id, method, params));
        bridge.expect_result(&id.to_string());
    }
    sessions.lose();
    bridge.send(call(6));
    bridge.expect_result("6");

    let new = |kind: &'static str| {
        move |request: &Request| request.is(kind) && request.header("mcp-session-id") == Some("session-2")
    };
    let level = server.wait_for(1, "logging/setLevel in the new session", new("logging/setLevel"));
    assert_eq!(level.json()["params"]["level"], "warning");
    let subscribed = server.wait_for(1, "resources/subscribe in the new session", new("resources/subscribe"));
    assert_eq!(subscribed.json()["params"]["uri"], "file:///b");
    bridge.send(request(7, "ping"));
    bridge.expect_result("7");
    assert_eq!(server.matching(new("logging/setLevel")).len(), 1);
    assert_eq!(server.matching(new("resources/subscribe")).len(), 1);
    assert!(!server.matching(new("resources/subscribe")).iter().any(|it| it.text().contains("file:///a")));
}

/// So many subscriptions in a first session; what asks for them in another is put into `held`.
fn with_subscriptions(count: u64, held: &Mailbox<(Request, Reply)>) -> (Sessions, Server, Bridge) {
    let held = held.clone();
    let script =
        Legacy::new().on("resources/subscribe", move |request, reply| match request.header("mcp-session-id") {
            Some("session-1") => reply.result(request, "{}"),
            _ => held.put((request.clone(), reply)),
        });
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    for id in 1..=count {
        bridge.send(request_with(id, "resources/subscribe", &format!(r#"{{"uri":"file:///{id}"}}"#)));
        bridge.expect_result(&id.to_string());
    }
    (sessions, server, bridge)
}

#[test]
fn any_number_of_subscriptions_is_restored_together() {
    let held = Mailbox::new();
    let (sessions, _server, mut bridge) = with_subscriptions(12, &held);
    sessions.lose();
    bridge.send(call(100));
    // None is answered before all are asked for.
    let asked: Vec<(Request, Reply)> = (0..12).map(|_| held.take()).collect();
    for (request, reply) in asked {
        reply.result(&request, "{}");
    }
    bridge.expect_result("100");
    assert_eq!(sessions.opened(), 2);
}

#[test]
fn a_subscription_that_is_not_restored_in_time_costs_no_session() {
    let held = Mailbox::new();
    let (sessions, _server, mut bridge) = with_subscriptions(2, &held);
    sessions.lose();
    bridge.send(call(3));
    bridge.expect_result("3");
    assert_eq!(sessions.opened(), 2, "the session without them is used");
    bridge.wait_stderr("could not be restored");
}

fn ended(session: &'static str) -> impl Fn(&Request) -> bool {
    move |request| request.is("DELETE") && request.header("mcp-session-id") == Some(session)
}

#[test]
fn a_new_session_that_is_given_up_is_ended_at_the_server() {
    let script =
        Legacy::new().on("notifications/initialized", |request, reply| match request.header("mcp-session-id") {
            Some("session-2") => reply.text(400, "not now"),
            _ => reply.accepted(),
        });
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    sessions.lose();
    bridge.send(call(1));
    bridge.expect_result("1");
    server.wait_for(1, "DELETE of the second session", ended("session-2"));
    assert_eq!(sessions.live(), ["session-3"]);
}

#[test]
fn a_new_session_that_nobody_waits_for_any_more_is_ended_at_the_server() {
    let held = Mailbox::new();
    let script = Legacy::new().on("notifications/initialized", {
        let held = held.clone();
        move |request, reply| match request.header("mcp-session-id") {
            Some("session-2") => held.put(reply),
            _ => reply.accepted(),
        }
    });
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = Bridge::to(&server).args(["--request-timeout", "1"]).ready();
    server.wait(1, "GET");
    sessions.lose();
    bridge.send(call(1));
    let _unanswered = held.take();
    bridge.expect_error("1", &["--request-timeout"]);
    server.wait_for(1, "DELETE of the second session", ended("session-2"));
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(sessions.live(), ["session-3"]);
}

/// The head of the answer has named it.
#[test]
fn a_session_whose_opening_broke_off_is_ended_at_the_server() {
    let openings = Arc::new(AtomicUsize::new(0));
    let held = Mailbox::new();
    let server = Legacy::new()
        .on("initialize", {
            let (openings, held) = (openings.clone(), held.clone());
            move |request, reply| {
                let number = openings.fetch_add(1, Ordering::SeqCst) + 1;
                let answer = result(request.id(), &welcome("2025-06-18", CAPABILITIES));
                match number {
                    1 => {
                        let mut body = reply.stream(200, "application/json", Framing::Length(5000));
                        body.raw(&answer);
                        body.cut();
                    }
                    // Neither is there a body, nor an end.
                    2 => held.put(reply.stream(200, "application/json", Framing::Length(5000))),
                    _ => reply.json(answer),
                }
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--request-timeout", "2"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    server.wait_for(1, "DELETE of the first", ended("session-1"));
    let _unfinished = held.take();
    bridge.expect_error("0", &["--request-timeout"]);
    server.wait_for(1, "DELETE of the second", ended("session-2"));
    bridge.send(initialize(1, "2025-06-18"));
    bridge.expect_result("1");
    bridge.send(INITIALIZED);
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    for session in ["session-1", "session-2", "session-3"] {
        assert_eq!(server.matching(ended(session)).len(), 1, "{session}");
    }
}

#[test]
fn a_new_session_that_the_server_puts_off_for_ever_is_an_error() {
    let attempts = AtomicUsize::new(0);
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script
        .on("initialize", move |request, reply| match attempts.fetch_add(1, Ordering::SeqCst) {
            0 => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
            // With a second that has passed, the sum is more than the clock can count.
            1 => reply.header("Retry-After", "1").text(503, "deploying"),
            _ => reply.header("Retry-After", u64::MAX.to_string()).text(503, "deploying"),
        })
        .start();
    let mut bridge = settled(&server);
    sessions.lose();
    bridge.send(call(1));
    bridge.expect_error("1", &["a new one cannot be opened", "503"]);
}

#[test]
fn a_new_session_is_waited_for_as_long_as_the_server_says() {
    let attempts = AtomicUsize::new(0);
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script
        .on("initialize", move |request, reply| match attempts.fetch_add(1, Ordering::SeqCst) {
            1 => reply.header("Retry-After", "9").text(503, "deploying"),
            _ => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
        })
        .start();
    let mut bridge = settled(&server);
    sessions.lose();
    for id in [1, 2] {
        bridge.send(call(id));
    }
    for id in ["1", "2"] {
        bridge.expect_result(id);
    }
    assert_eq!(server.count("initialize"), 3);
}

#[test]
fn calls_whose_session_cannot_be_opened_again_do_not_wait_for_each_others_attempts() {
    let attempts = AtomicUsize::new(0);
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script
        .on("initialize", move |request, reply| match attempts.fetch_add(1, Ordering::SeqCst) {
            0 => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
            _ => reply.text(503, "down"),
        })
        .start();
    let mut bridge = settled(&server);
    sessions.lose();
    let begun = Instant::now();
    for id in 1..=4 {
        bridge.send(call(id));
    }
    for id in 1..=4 {
        bridge.expect_error(&id.to_string(), &["a new one cannot be opened", "503"]);
    }
    // One after the other takes 8 s each.
    assert!(begun.elapsed() < Duration::from_secs(14), "{:?}", begun.elapsed());
}

#[test]
fn the_stream_that_opens_a_session_is_resumed_in_it() {
    let server = Legacy::new()
        .on("initialize", |_, reply| {
            let mut stream = reply.sse();
            stream.priming("first");
            stream.cut();
        })
        .on("GET", |request, reply| match request.header("last-event-id") {
            Some("first") => {
                let mut stream = reply.sse();
                stream.message(result(0, &welcome("2025-06-18", CAPABILITIES)));
                stream.end();
            }
            _ => reply.status(405),
        })
        .start();
    let mut bridge = Bridge::to(&server).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.count("initialize"), 1);
}

#[test]
fn what_comes_with_an_answer_to_the_bridge_reaches_the_editor() {
    let script = Legacy::new().on("logging/setLevel", |request, reply| match request.header("mcp-session-id") {
        Some("session-1") => reply.result(request, "{}"),
        _ => {
            let note = notification_with("notifications/message", r#"{"level":"info","data":"with it"}"#);
            reply.json(format!("[{},{note}]", result(request.id(), "{}")));
        }
    });
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(request_with(1, "logging/setLevel", r#"{"level":"info"}"#));
    bridge.expect_result("1");
    sessions.lose();
    bridge.send(call(2));
    // In the version that has them, a batch is a line.
    let line = loop {
        let line = bridge.recv();
        if line.contains("with it") {
            break line;
        }
    };
    assert!(line.starts_with('[') && !line.contains("result"), "{line}");
    bridge.expect_result("2");
}

#[test]
fn a_400_for_an_unknown_session_is_a_lost_session_too() {
    type Refusal = fn(&Request, Reply);
    // As server-everything, the official SDKs and hand-written servers say it.
    let refusals: [Refusal; 4] = [
        |_, reply| {
            reply.send(
                400,
                "application/json",
                support::error("null", -32000, "Bad Request: No valid session ID provided"),
            )
        },
        |_, reply| reply.text(400, "Invalid session ID"),
        |_, reply| {
            reply.send(
                400,
                "application/json",
                support::error(r#""server-error""#, -32600, "Bad Request: Missing session ID"),
            )
        },
        |_, reply| reply.send(404, "text/html", "<html>Not Found</html>"),
    ];
    for refusal in refusals {
        let script = Legacy::new();
        let sessions = script.sessions();
        sessions.refuse_with(refusal);
        let server = script.start();
        let mut bridge = settled(&server);
        sessions.lose();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!(server.count("initialize"), 2);
        assert_eq!(server.count("tools/call"), 2);
    }
}

#[test]
fn many_calls_that_find_the_session_lost_open_one_new_one() {
    let held = Mailbox::new();
    let script = Legacy::new();
    let sessions = script.sessions();
    sessions.refuse_with({
        let held = held.clone();
        // The standing stream was asked for, and may be answered only now.
        move |request, reply| {
            if request.is("GET") {
                reply.error(404, request, -32001, "Session not found");
            } else {
                held.put((request.clone(), reply));
            }
        }
    });
    let server = script.start();
    let mut bridge = settled(&server);
    sessions.lose();
    for id in 1..=20 {
        bridge.send(call(id));
    }
    // All of them are under way before the first is refused.
    let refused: Vec<(Request, Reply)> = (0..20).map(|_| held.take()).collect();
    for (request, reply) in refused {
        reply.error(404, &request, -32001, "Session not found");
    }
    for id in 1..=20 {
        bridge.expect_result(&id.to_string());
    }
    assert_eq!(server.count("initialize"), 2, "one re-initialization for all of them");
    assert_eq!(server.count("tools/call"), 40);
}

#[test]
fn a_reinitialization_that_fails_a_few_times_is_tried_again() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script
        .on("initialize", {
            let attempts = attempts.clone();
            move |request, reply| match attempts.fetch_add(1, Ordering::SeqCst) {
                1 => reply.text(503, "deploying"),
                2 => reply.text(502, "bad gateway"),
                3 => reply.hang_up(),
                _ => reply.result(request, &support::welcome("2025-06-18", support::CAPABILITIES)),
            }
        })
        .start();
    let mut bridge = settled(&server);
    sessions.lose();
    // Each call is answered, and sooner or later with a result.
    let mut id = 1;
    loop {
        bridge.send(call(id));
        let answer = bridge.answer(&id.to_string());
        if envelopes(&answer)[0].raw("result").is_some() {
            break;
        }
        assert!(id < 10, "it never recovers: {answer}");
        id += 1;
    }
    bridge.send(call(100));
    bridge.expect_result("100");
    assert!(attempts.load(Ordering::SeqCst) >= 5);
}

#[test]
fn a_404_without_a_session_is_an_error_not_a_new_session() {
    let server = Legacy::new().without_session().on("tools/call", |_, reply| reply.text(404, "no such page")).start();
    let mut bridge = settled(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["404"]);
    assert_eq!((server.count("initialize"), server.count("tools/call")), (1, 1));
}

#[test]
fn a_session_that_is_lost_again_at_once_ends_in_an_error_not_in_a_loop() {
    for (own, said) in [(true, "session not found"), (false, "did not run")] {
        let refusal = move |request: &Request, reply: Reply| match own {
            true => reply.error(404, request, -32001, "Session not found"),
            false => reply.text(404, "gone"),
        };
        let server = Legacy::new().on("tools/call", refusal).start();
        let mut bridge = settled(&server);
        bridge.send(call(1));
        bridge.expect_error("1", &[said]);
        assert_eq!(server.count("tools/call"), 2, "refused, and sent once more");
        assert!(server.count("initialize") <= 3, "{}", server.transcript());
    }
}

#[test]
fn the_stream_of_the_new_session_is_opened_and_relayed() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    let old = server.stream();
    sessions.lose();
    drop(old);
    bridge.send(call(1));
    bridge.expect_result("1");
    let get = server
        .wait_for(1, "GET of the new session", |it| it.is("GET") && it.header("mcp-session-id") == Some("session-2"));
    assert_eq!(get.header("last-event-id"), None, "event ids do not outlive their session");
    server.stream().message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
}

#[test]
fn a_lost_session_is_noticed_by_the_stream_as_well() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    let old = server.stream();
    sessions.lose();
    old.end();
    // The reopened GET is refused; the next request brings the session back, and the stream with it.
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    server.stream().message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
}

#[test]
fn an_old_answer_never_reaches_a_question_of_the_new_session() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    let mut old = server.stream();
    old.message(request_with(1, "elicitation/create", r#"{"message":"delete everything?","requestedSchema":{}}"#));
    let first = bridge.expect_method("elicitation/create");
    let first_id = envelopes(&first)[0].id().unwrap().to_owned();

    // The server restarts while the person reads.
    sessions.lose();
    drop(old);
    bridge.send(call(10));
    bridge.expect_result("10");
    let cancelled = bridge.expect_method("notifications/cancelled");
    assert_eq!(
        envelopes(&cancelled)[0].raw("params").map(|params| json(params)["requestId"].to_string()),
        Some(first_id.clone())
    );

    // The new session asks something else under the same id.
    let mut new = server.stream();
    new.message(request_with(1, "elicitation/create", r#"{"message":"keep a copy?","requestedSchema":{}}"#));
    let second = bridge.expect_method("elicitation/create");
    let second_id = envelopes(&second)[0].id().unwrap().to_owned();
    assert_ne!(first_id, second_id, "towards the editor the questions must be told apart");

    // The late answer to the first question goes nowhere; the answer to the second arrives under the server's id.
    bridge.send(result(&first_id, r#"{"action":"accept","content":{"which":"first"}}"#));
    bridge.send(result(&second_id, r#"{"action":"decline"}"#));
    let posted = server.wait(1, "answer");
    assert_eq!(posted.id(), "1");
    assert_eq!(posted.json()["result"]["action"], "decline", "{}", posted.text());
    assert_eq!(posted.header("mcp-session-id"), Some("session-2"));
    bridge.send(request(11, "ping"));
    bridge.expect_result("11");
    assert_eq!(server.count("answer"), 1, "{}", server.transcript());
}

#[test]
fn a_notification_that_finds_the_session_lost_does_not_stop_the_relay() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    sessions.lose();
    bridge.send(notification("notifications/roots/list_changed"));
    bridge.send(call(1));
    bridge.expect_result("1");
    // It reached the server, and the URL is right.
    let told = bridge.wait_stderr("the notification notifications/roots/list_changed was refused by the server");
    assert!(!told.contains("MCP URL"), "{told}");
}

#[test]
fn the_new_session_is_the_one_that_is_deleted() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = settled(&server);
    sessions.lose();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert_eq!(server.wait(1, "DELETE").header("mcp-session-id"), Some("session-2"));
    assert!(sessions.live().is_empty());
}

#[test]
fn a_second_initialize_of_the_editor_is_a_second_initialize_at_the_server() {
    let server = Legacy::new().start();
    let mut bridge = settled(&server);
    bridge.send(initialize(1, "2025-06-18"));
    bridge.expect_result("1");
    bridge.send(INITIALIZED);
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.count("initialize"), 2);
}

#[test]
fn a_version_that_the_bridge_does_not_know_is_the_editors_affair() {
    // The bytes pass; the header is what the server said.
    let server = Legacy::new().version("2099-01-01").start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(1, "2025-06-18"));
    assert_eq!(bridge.expect_result("1")["protocolVersion"], "2099-01-01");
    bridge.send(INITIALIZED);
    let initialized = server.wait(1, "notifications/initialized");
    assert_eq!(initialized.header("mcp-protocol-version"), Some("2099-01-01"));
}

#[test]
fn a_failed_initialize_is_the_editors_to_repeat() {
    let first = AtomicUsize::new(0);
    let server = Legacy::new()
        .on("initialize", move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
            0 => reply.json(support::error(request.id(), -32602, "Unsupported protocol version")),
            _ => reply.result(request, &support::welcome("2025-03-26", support::CAPABILITIES)),
        })
        .start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(1, "2025-06-18"));
    bridge.expect_error("1", &["unsupported protocol version"]);
    bridge.send(initialize(2, "2025-03-26"));
    bridge.expect_result("2");
    bridge.send(INITIALIZED);
    bridge.send(call(3));
    bridge.expect_result("3");
}

//! What editors and people write to stdin that is not a well-formed request at the right moment.

mod support;

use std::time::Duration;

use support::{
    Bridge, Gate, INITIALIZED, Legacy, Mailbox, call, cancel, envelopes, initialize, notification, notification_with,
    request, request_with, result,
};

#[test]
fn invalid_json_is_answered_and_the_relay_goes_on() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for (n, junk) in
        ["hello", "{", "{\"jsonrpc\":\"2.0\",", "[1,", "{'a':1}", "nul", "{\"a\":01}", "\u{0}"].iter().enumerate()
    {
        bridge.send(junk);
        bridge.expect_code("null", -32700);
        bridge.send(call(n));
        bridge.expect_result(&n.to_string());
    }
}

#[test]
fn what_is_json_but_no_message_is_answered_and_the_relay_goes_on() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for junk in ["{}", "1", "null", "\"text\"", "true", r#"{"jsonrpc":"2.0"}"#, r#"{"jsonrpc":"2.0","method":7}"#] {
        bridge.send(junk);
        bridge.expect_code("null", -32600);
    }
    bridge.send(call(1));
    bridge.expect_result("1");
    let posted = server.matching(|it| it.method == "POST").len();
    assert_eq!(posted, 3, "{}", server.transcript());
}

#[test]
fn a_message_whose_id_can_be_read_is_refused_under_its_id() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    // A request by its id, but with a method that is none.
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":null}\n");
    let line = bridge.recv();
    assert!(line.contains("-32600"), "{line}");
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn what_is_no_request_gets_no_error_under_the_id_of_one_that_runs() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (request, reply) = held.take();
    // An answer to a question of the server, whose result was left out. Ids of both sides begin with 1.
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1}\n");
    bridge.expect_code("null", -32600);
    reply.result(&request, "{}");
    bridge.expect_result("1");
    bridge.expect_silence(Duration::from_millis(200));
}

#[test]
fn invalid_utf8_is_answered_and_the_relay_goes_on() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"t\":\"\xff\xfe\"}}\n");
    bridge.expect_code("null", -32700);
    bridge.send_bytes(b"\xff\xfe\x00\n");
    bridge.expect_code("null", -32700);
    // A surrogate written as UTF-8 is no UTF-8 either.
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":\"\xed\xa0\x80\"}\n");
    bridge.expect_code("null", -32700);
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.count("x"), 0);
}

#[test]
fn blank_lines_and_carriage_returns_are_no_messages() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send_bytes(b"\n\r\n   \n\t\r\n");
    bridge.send_bytes(format!("{}\r\n", call(1)).as_bytes());
    bridge.expect_result("1");
    assert_eq!(server.wait(1, "tools/call").text(), call(1));
    bridge.expect_silence(Duration::from_millis(100));
}

#[test]
fn a_byte_order_mark_before_the_first_message_is_no_part_of_it() {
    let server = Legacy::new().start();
    let outcome =
        Bridge::to(&server).run(format!("\u{feff}{}\r\n{INITIALIZED}\r\n{}\r\n", initialize(0, "2025-06-18"), call(1)));
    assert!(outcome.answer("0")["result"].is_object(), "{outcome:?}");
    assert!(outcome.answer("1")["result"].is_object(), "{outcome:?}");
}

#[test]
fn a_last_line_without_a_newline_is_a_message() {
    let server = Legacy::new().start();
    let outcome = Bridge::to(&server).run(format!("{}\n{INITIALIZED}\n{}", initialize(0, "2025-06-18"), call(1)));
    assert!(outcome.answer("1")["result"].is_object(), "{outcome:?}");
}

#[test]
fn a_last_line_that_was_cut_off_is_answered_as_what_it_is() {
    let server = Legacy::new().start();
    let outcome = Bridge::to(&server)
        .run(format!("{}\n{INITIALIZED}\n{{\"jsonrpc\":\"2.0\",\"id\":1,", initialize(0, "2025-06-18")));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.answer("null")["error"]["code"], -32700);
}

#[test]
fn a_large_message_and_the_small_ones_behind_it_in_one_write_are_all_sent() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let large = |id: u32| request_with(id, "tools/call", &format!(r#"{{"text":"{}"}}"#, "x".repeat(9 << 20)));
    bridge.send_bytes(
        format!("{}\n{}\n{}\n{}\n{}\n", large(1), call(2), large(3), request(4, "ping"), call(5)).as_bytes(),
    );
    for id in 1..=5 {
        bridge.expect_result(&id.to_string());
    }
}

#[test]
fn a_message_that_trickles_in_is_one_message() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let line = request_with(1, "tools/call", r#"{"name":"zażółć 🦀"}"#);
    bridge.note_asked("1");
    for byte in line.as_bytes() {
        bridge.send_bytes(&[*byte]);
    }
    bridge.send_bytes(b"\n");
    assert_eq!(server.wait(1, "tools/call").text(), line);
    bridge.expect_result("1");
}

#[test]
fn many_messages_in_one_write_are_many_messages() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let text: String = (1..=500).map(|id| call(id) + "\n").collect();
    bridge.send_bytes(text.as_bytes());
    for id in 1..=500 {
        bridge.expect_result(&id.to_string());
    }
}

#[test]
fn a_duplicate_of_an_id_in_flight_is_refused_and_does_not_disturb_the_first() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    for id in ["7", r#""seven""#] {
        bridge.send(call(id));
        let (asked, reply) = held.take();
        bridge.send(request(id, "tools/list"));
        bridge.expect_code(id, -32600);
        reply.result(&asked, r#"{"first":true}"#);
        assert_eq!(bridge.expect_result(id)["first"], true);
        // Answered, it is free again.
        bridge.send(request(id, "tools/list"));
        bridge.expect_result(id);
    }
    assert_eq!(server.count("tools/list"), 2);
}

#[test]
fn a_request_before_initialize_gets_an_error_that_names_the_way_to_do_it() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).spawn();
    for (id, method) in ["tools/list", "tools/call", "resources/read", "vendor/thing"].iter().enumerate() {
        bridge.send(request(id + 1, method));
        bridge.expect_error(&(id + 1).to_string(), &["mcpbridge request"]);
    }
    bridge.send(request(r#""p""#, "ping"));
    assert_eq!(bridge.answer(r#""p""#), result(r#""p""#, "{}"));
    bridge.send(request_with(50, "server/discover", "{}"));
    bridge.expect_code("50", -32601);
    bridge.send(notification("notifications/custom"));
    bridge.send(result(99, "{}"));
    // And then it begins properly.
    bridge.shake_hands("2025-06-18");
    bridge.send(call(60));
    bridge.expect_result("60");
    assert_eq!(server.requests()[0].kind(), "initialize", "nothing was sent before: {}", server.transcript());
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn two_ids_in_one_envelope_are_refused() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2", "3", "4"] {
        bridge.note_asked(id);
    }
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"tools/call\"}\n");
    let line = bridge.recv();
    assert!(line.contains("-32600"), "{line}");
    // Escapes make no difference.
    bridge.send_bytes(b"{\"jsonrpc\":\"2.0\",\"id\":3,\"\\u0069d\":4,\"method\":\"tools/call\"}\n");
    let line = bridge.recv();
    assert!(line.contains("-32600"), "{line}");
    bridge.send(call(5));
    bridge.expect_result("5");
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn an_id_of_the_wrong_type_is_refused() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for id in ["[1]", r#"{"a":1}"#, "true"] {
        bridge.send(request(id, "tools/call"));
        let line = bridge.recv();
        assert!(line.contains("-32600"), "{line}");
    }
    bridge.send(call(5));
    bridge.expect_result("5");
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn a_null_result_of_the_editor_is_an_answer() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(request(3, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(3, "null"));
    assert_eq!(server.wait(1, "answer").text(), result(3, "null"));
}

#[test]
fn an_answer_to_a_question_that_nobody_asked_is_not_posted() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    bridge.send(result(12345, r#"{"out":"of the blue"}"#));
    stream.message(request(1, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(1, r#"{"n":1}"#));
    bridge.send(result(1, r#"{"n":2}"#));
    server.wait(1, "answer");
    bridge.send(call(1));
    bridge.expect_result("1");
    let answers = server.matching(|it| it.is("answer"));
    assert_eq!(answers.len(), 1, "{}", server.transcript());
    assert_eq!(answers[0].json()["result"]["n"], 1);
}

#[test]
fn a_line_above_the_limit_is_refused_under_its_id_and_the_relay_goes_on() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready();
    let text = "x".repeat(300_000);
    bridge.send(request_with(1, "tools/call", &format!(r#"{{"text":"{text}"}}"#)));
    bridge.expect_error("1", &["max-message-size"]);
    // The id may come last.
    bridge.send(format!(r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"text":"{text}"}},"id":"late"}}"#));
    bridge.expect_error(r#""late""#, &["max-message-size"]);
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn a_batch_above_the_limit_is_refused_under_each_of_its_ids() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready_as("2025-03-26");
    server.stream().message(request(9, "sampling/createMessage"));
    bridge.expect_method("sampling/createMessage");
    let text = "x".repeat(300_000);
    let large = request_with(1, "tools/call", &format!(r#"{{"text":"{text}"}}"#));
    bridge.send(format!("[{large},{},{},{}]", call(2), notification("notifications/custom"), result(9, "{}")));
    bridge.expect_error("1", &["max-message-size"]);
    bridge.expect_error("2", &["max-message-size"]);
    assert!(server.wait(1, "answer").json()["error"]["code"].is_i64());
    bridge.send(call(3));
    bridge.expect_result("3");
    assert_eq!(server.count("tools/call"), 1);
    bridge.expect_silence(Duration::from_millis(100));
}

#[test]
fn a_notification_or_answer_above_the_limit_is_dropped_aloud() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready();
    let mut stream = server.stream();
    let text = "x".repeat(300_000);
    bridge.send(notification_with("notifications/custom", &format!(r#"{{"text":"{text}"}}"#)));
    // The server waits for this answer: it gets an error instead of nothing.
    stream.message(request(9, "sampling/createMessage"));
    bridge.expect_method("sampling/createMessage");
    bridge.send(result(9, &format!(r#"{{"text":"{text}"}}"#)));
    let posted = server.wait(1, "answer");
    assert_eq!(posted.id(), "9");
    assert!(posted.json()["error"]["code"].is_i64(), "{}", posted.text());
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.count("notifications/custom"), 0);
    assert!(!bridge.stderr().is_empty());
}

#[test]
fn a_message_of_exactly_the_limit_passes() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready();
    let frame = request_with(1, "tools/call", r#"{"text":""}"#).len();
    let line = request_with(1, "tools/call", &format!(r#"{{"text":"{}"}}"#, "x".repeat(100 * 1024 - frame)));
    assert_eq!(line.len(), 100 * 1024);
    bridge.send(&line);
    bridge.expect_result("1");
    bridge.send(request_with(2, "tools/call", &format!(r#"{{"text":"{}"}}"#, "x".repeat(100 * 1024 - frame + 1))));
    bridge.expect_error("2", &["max-message-size"]);
}

// Order.

#[test]
fn a_notification_follows_the_requests_before_it_and_precedes_those_after_it() {
    let reading = Gate::new();
    let server = Legacy::new()
        .before_body({
            let reading = reading.clone();
            move |request| {
                // A server slow to take a large upload.
                if request.header("content-length").is_some_and(|length| length.len() > 6) {
                    reading.wait();
                }
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request_with(1, "tools/call", &format!(r#"{{"text":"{}"}}"#, "x".repeat(8 << 20))));
    bridge.send(notification("notifications/custom"));
    bridge.send(request(2, "prompts/list"));
    let early = server.wait_within(Duration::from_millis(500), 1, |it| it.is("notifications/custom"));
    assert!(early.is_none(), "the request's body was not out yet");
    reading.open();
    bridge.expect_result("1");
    bridge.expect_result("2");
    // (What is out of the bridge need not be in at the server: the two connections race from there.)
    let (told, asked) = (server.wait(1, "notifications/custom"), server.wait(1, "prompts/list"));
    assert!(told.at <= asked.at, "the request overtook the notification before it");
}

#[test]
fn a_request_waits_for_the_status_of_the_notification_before_it_but_not_for_ever() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("notifications/roots/list_changed", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(notification("notifications/roots/list_changed"));
    let (told, reply) = held.take();
    bridge.send(call(1));
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
    assert_eq!(server.count("tools/call"), 0, "a ping waits for nobody");
    bridge.expect_result("1");
    let asked = server.wait(1, "tools/call");
    let waited = asked.at - told.at;
    assert!(waited > Duration::from_millis(1500), "it waited only {waited:?}");
    assert!(waited < Duration::from_secs(8), "it waited {waited:?}");
    drop(reply);
}

#[test]
fn notifications_keep_their_order() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for n in 0..100 {
        bridge.send(notification_with("notifications/custom", &format!(r#"{{"n":{n}}}"#)));
    }
    server.wait(100, "notifications/custom");
    let order: Vec<_> = server
        .matching(|it| it.is("notifications/custom"))
        .iter()
        .map(|it| it.json()["params"]["n"].as_u64().unwrap())
        .collect();
    assert_eq!(order, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_cancel_overtakes_everything_that_waits() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).hold("notifications/roots/list_changed", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let first = held.take();
    bridge.send(notification("notifications/roots/list_changed"));
    let second = held.take();
    for id in 2..=50 {
        bridge.send(call(id));
    }
    bridge.send(cancel(1));
    let cancelled = server.wait_for(1, "the cancel", |it| it.is("notifications/cancelled"));
    assert_eq!(cancelled.json()["params"]["requestId"], 1);
    assert_eq!(server.count("tools/call"), 1, "nothing before it was let through");
    drop((first, second));
}

#[test]
fn a_cancel_of_a_request_that_was_not_sent_yet_removes_it() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("notifications/roots/list_changed", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(notification("notifications/roots/list_changed"));
    let (_, reply) = held.take();
    bridge.send(call(1));
    bridge.send(cancel(1));
    // What is no message is answered at once: then the cancel before it has been read.
    bridge.send("{");
    bridge.expect_code("null", -32700);
    reply.accepted();
    bridge.send(call(2));
    bridge.expect_result("2");
    let calls: Vec<_> = server.matching(|it| it.is("tools/call")).iter().map(|it| it.id().to_owned()).collect();
    assert_eq!(calls, ["2"]);
}

#[test]
fn the_bridges_own_requests_use_ids_that_no_editor_can_equal() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request_with(1, "logging/setLevel", r#"{"level":"info"}"#));
    bridge.expect_result("1");
    sessions.lose();
    bridge.send(call(2));
    bridge.expect_result("2");
    let own: Vec<_> = server
        .matching(|it| it.header("mcp-session-id") == Some("session-2") && it.is("logging/setLevel"))
        .iter()
        .chain(server.matching(|it| it.is("initialize")).iter().skip(1))
        .map(|it| it.id().to_owned())
        .collect();
    assert_eq!(own.len(), 2);
    for id in own {
        assert!(!["0", "1", "2"].contains(&id.as_str()), "{id}");
        // An editor that guesses the id is told apart all the same.
        bridge.send(call(&id));
        bridge.expect_result(&id);
    }
    let answers = bridge.recv_within(Duration::from_millis(100));
    assert!(answers.is_none_or(|line| envelopes(&line)[0].method().is_some()));
}

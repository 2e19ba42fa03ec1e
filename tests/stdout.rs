//! Promise 2: stdout carries complete JSON-RPC lines and nothing else, ever.
//! (`Bridge` checks every line of every test; here are the ways to break it on purpose.)

mod support;

use std::time::Duration;

use support::{Bridge, Legacy, Outcome, Server, call, envelopes, initialize, notification, request, result};

#[track_caller]
fn only_messages(outcome: &Outcome) {
    for line in &outcome.stdout {
        assert!(!envelopes(line).is_empty(), "{line}");
    }
}

#[test]
fn debug_output_goes_elsewhere() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server).arg("--debug").ready();
    bridge.send("not json");
    bridge.expect_code("null", -32700);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    let outcome = bridge.outcome();
    only_messages(&outcome);
    assert!(outcome.stderr.contains("tools/call"), "{}", outcome.stderr);
}

#[test]
fn nothing_a_server_writes_reaches_stdout_unless_it_is_a_message() {
    let server = Legacy::new()
        .listening()
        .on("tools/call", |request, reply| {
            let mut stream = reply.sse();
            for junk in [
                "hello",
                "{",
                "[1,2,3]",
                "null",
                "{}",
                r#"{"id":1}"#,
                r#"{"jsonrpc":"1.0"}"#,
                r#""text""#,
                "[DONE]",
                "[[]]",
            ] {
                stream.message(junk);
            }
            stream.raw("event: endpoint\ndata: /message\n\n");
            stream.raw("event: ping\ndata: {\"jsonrpc\":\"2.0\"}\n\n");
            stream.raw(b"data: \xff\xfe\n\n");
            stream.message(result(request.id(), "{}"));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    for junk in ["hello", "{", "[1,2,3]", "null", "{}", r#"{"id":1}"#] {
        stream.message(junk);
    }
    stream.message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.expect_silence(Duration::from_millis(200));
}

#[test]
fn answers_to_nobodys_question_stay_off_stdout() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(result(4242, r#"{"unasked":true}"#));
    stream.message(result("null", "{}"));
    stream.message(support::error("null", -32700, "the server could not parse something"));
    stream.message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
    assert!(bridge.recv_within(Duration::from_millis(200)).is_none_or(|line| !line.contains("unasked")));
}

#[test]
fn a_messages_own_newlines_never_split_it() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            let pretty = result(request.id(), "{\n\t\"a\" : [\n1,\r\n2\r]\n}");
            reply.json(pretty);
        })
        .start();
    let outcome =
        Bridge::to(&server).run(format!("{}\n{}\n{}\n", initialize(0, "2025-06-18"), support::INITIALIZED, call(1)));
    only_messages(&outcome);
    assert_eq!(outcome.answer("1")["result"]["a"][1], 2);
    assert_eq!(outcome.stdout.len(), 2);
}

#[test]
fn usage_errors_leave_stdout_empty() {
    for args in [&["--no-such-flag"][..], &["not a url"], &[]] {
        let outcome = Bridge::bare().args(args).run("");
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        assert!(outcome.stdout.is_empty(), "{outcome:?}");
        assert!(!outcome.stderr.trim().is_empty());
    }
}

#[test]
fn a_server_full_of_terminal_escapes_does_not_reach_the_terminal() {
    let server =
        Server::start(|_, reply| reply.text(500, "\u{1b}[2J\u{1b}]0;owned\u{7} \u{9b}31m\u{202e}oh\u{2028} no"));
    let mut bridge = Bridge::to(&server).arg("--debug").spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["500", "oh"]);
    bridge.close_stdin();
    let outcome = bridge.outcome();
    for text in [error["message"].as_str().unwrap(), &outcome.stderr] {
        let obeyed = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{2028}".contains(c));
        assert!(!text.contains(obeyed), "{text:?}");
    }
}

#[test]
fn an_error_of_the_server_is_passed_with_every_character_in_it() {
    let said = "\u{1b}[2J\n\u{9b}31m\u{202e} no";
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "1" => reply.json(fault(request.id())),
            _ => reply.send(400, "application/json", fault(request.id())),
        })
        .start();
    fn fault(id: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32602,"message":"\u001b[2J\n\u009b31m\u202e no"}}}}"#)
    }
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2"] {
        bridge.send(call(id));
        assert_eq!(bridge.expect_error(id, &[])["message"], said);
    }
}

#[test]
fn lines_are_whole_when_many_streams_write_at_once() {
    let text = "x".repeat(200_000);
    let server = Legacy::new()
        .on("tools/call", move |request, reply| {
            let mut stream = reply.sse();
            for _ in 0..5 {
                stream.message(support::notification_with("notifications/message", &format!(r#"{{"data":"{text}"}}"#)));
            }
            stream.message(result(request.id(), "{}"));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=20 {
        bridge.send(call(id));
    }
    for id in 1..=20 {
        bridge.expect_result(&id.to_string());
    }
    for _ in 0..100 {
        bridge.expect_method("notifications/message");
    }
    bridge.send(request(99, "ping"));
    bridge.expect_result("99");
}

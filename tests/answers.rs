//! Promise 1: every request is answered exactly once, whatever the server does with it.
//! (That no answer comes twice is checked by `Bridge` itself, in every test.)

mod support;

use std::time::{Duration, Instant};

use support::{
    Bridge, CAPABILITIES, Framing, Gate, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, Server, call, cancel,
    envelopes, error, gzip, initialize, notification, notification_with, request, request_with, result, welcome,
};

/// A server that treats tools/call this way, and a bridge that shook hands with it.
fn with_call(script: impl Fn(&Request, Reply) + Send + Sync + 'static) -> (Server, Bridge) {
    let server = Legacy::new().on("tools/call", script).start();
    let bridge = Bridge::ready(&server);
    (server, bridge)
}

/// The relay survived what happened to the call.
#[track_caller]
fn still_works(bridge: &mut Bridge) {
    bridge.send(request(r#""still there?""#, "tools/list"));
    bridge.expect_result(r#""still there?""#);
}

#[test]
fn a_json_answer_reaches_the_editor() {
    let (_server, mut bridge) = with_call(|request, reply| reply.result(request, r#"{"content":[]}"#));
    bridge.send(call(1));
    assert_eq!(bridge.answer("1"), result(1, r#"{"content":[]}"#));
}

#[test]
fn an_answer_on_a_stream_reaches_the_editor() {
    let (_server, mut bridge) = with_call(|request, reply| reply.sse_with(result(request.id(), r#"{"content":[]}"#)));
    bridge.send(call(1));
    assert_eq!(bridge.answer("1"), result(1, r#"{"content":[]}"#));
}

#[test]
fn a_stream_that_the_server_keeps_open_after_the_answer_holds_nothing_up() {
    let held = Mailbox::new();
    let (_server, mut bridge) = with_call({
        let held = held.clone();
        move |request, reply| {
            let mut stream = reply.sse();
            stream.message(result(request.id(), "{}"));
            held.put(stream);
        }
    });
    for id in 1..=20 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
    }
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(Duration::from_secs(10)), 0);
}

#[test]
fn a_stream_that_ends_without_an_answer_is_an_error() {
    let (server, mut bridge) = with_call(|_, reply| {
        let mut stream = reply.sse();
        stream.message(notification_with("notifications/message", r#"{"level":"info","data":"working"}"#));
        stream.end();
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    assert_eq!(server.count("tools/call"), 1);
    still_works(&mut bridge);
}

#[test]
fn a_stream_that_is_reset_is_an_error() {
    let (server, mut bridge) = with_call(|_, reply| {
        let mut stream = reply.sse();
        stream.message(notification_with("notifications/message", r#"{"level":"info","data":"working"}"#));
        stream.reset();
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    assert_eq!(server.count("tools/call"), 1);
    still_works(&mut bridge);
}

#[test]
fn a_stream_cut_in_the_middle_of_a_chunk_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut stream = reply.sse();
        stream.raw(&format!("data: {}", result(request.id(), "{}"))[..20]);
        stream.cut();
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    still_works(&mut bridge);
}

#[test]
fn a_connection_that_ends_before_the_status_is_an_error() {
    let (server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.hang_up(),
        _ => reply.reset(),
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    bridge.send(call(2));
    bridge.expect_error("2", &[]);
    assert_eq!(server.count("tools/call"), 2, "a call that may have run is not sent again");
    still_works(&mut bridge);
}

#[test]
fn a_json_body_shorter_than_promised_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut body = reply.stream(200, "application/json", Framing::Length(500));
        body.raw(result(request.id(), r#"{"content":[]}"#));
        body.cut();
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    still_works(&mut bridge);
}

#[test]
fn a_json_body_that_ends_with_the_connection_is_read() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut body = reply.stream(200, "application/json", Framing::UntilClose);
        body.raw(result(request.id(), r#"{"content":[]}"#));
        body.end();
    });
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn a_stall_is_waited_for_without_a_deadline_of_ours() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (asked, reply) = held.take();
    // Quiet before the headers, and quiet again in the stream, is not an end.
    bridge.expect_silence(Duration::from_secs(2));
    let mut stream = reply.sse();
    stream.raw(": still here\n\n");
    bridge.expect_silence(Duration::from_secs(2));
    stream.message(result(asked.id(), "{}"));
    bridge.expect_result("1");
}

#[test]
fn a_stall_ends_with_an_error_where_a_deadline_was_asked_for() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::to(&server).args(["--request-timeout", "1"]).ready();
    bridge.send(call(1));
    let (_, reply) = held.take();
    let mut stream = reply.sse();
    stream.raw(": thinking\n\n");
    bridge.expect_error("1", &["1"]);
    let cancelled = server.wait(1, "notifications/cancelled");
    assert_eq!(cancelled.json()["params"]["requestId"], 1, "the server is told to stop");
    still_works(&mut bridge);
}

#[test]
fn a_server_that_does_not_take_the_cancel_is_not_waited_for() {
    let (calls, cancels) = (Mailbox::new(), Mailbox::new());
    let server = Legacy::new().hold("tools/call", &calls).hold("notifications/cancelled", &cancels).start();
    let mut bridge = Bridge::to(&server).args(["--request-timeout", "1"]).ready();
    bridge.send(call(1));
    let _unanswered = calls.take();
    bridge.expect_error("1", &["1"]);
    let (_, reply) = cancels.take();
    assert!(reply.raw(b"").wait_closed(PATIENCE), "its connection stays for ever");
    still_works(&mut bridge);
}

#[test]
fn a_202_to_a_request_is_an_error() {
    let (server, mut bridge) = with_call(|_, reply| reply.accepted());
    bridge.send(call(1));
    bridge.expect_error("1", &["202"]);
    assert_eq!(server.count("tools/call"), 1);
    still_works(&mut bridge);
}

#[test]
fn a_success_without_a_body_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.status(204),
        "2" => reply.json(""),
        "3" => reply.status(200),
        _ => reply.json("  \n "),
    });
    for id in 1..=4 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &[]);
    }
    still_works(&mut bridge);
}

#[test]
fn an_empty_stream_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.send(200, "text/event-stream", ""),
        "2" => reply.sse().end(),
        _ => {
            let mut stream = reply.sse();
            stream.raw(": only a comment\n\n");
            stream.end();
        }
    });
    for id in 1..=3 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &[]);
    }
    still_works(&mut bridge);
}

#[test]
fn an_empty_array_as_answer_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.json("[]"),
        _ => reply.sse_with("[]"),
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    bridge.send(call(2));
    bridge.expect_error("2", &[]);
    still_works(&mut bridge);
}

#[test]
fn an_answer_inside_a_batch_reaches_the_editor() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let note = notification_with("notifications/message", r#"{"level":"info","data":"from a batch"}"#);
        let batch = format!("[{note},{}]", result(request.id(), r#"{"from":"a batch"}"#));
        match request.id() {
            "1" => reply.json(batch),
            _ => reply.sse_with(batch),
        }
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        // Whether the batch stays one line is the version's matter; that both members arrive is not.
        let mut answered = false;
        let mut noted = false;
        while !(answered && noted) {
            for message in envelopes(&bridge.recv()) {
                answered |= message.id() == Some(id) && message.raw("result") == Some(r#"{"from":"a batch"}"#);
                noted |= message.method().is_some();
            }
        }
    }
    still_works(&mut bridge);
}

#[test]
fn an_answer_under_an_unknown_id_is_not_relayed_and_the_request_gets_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.json(result(777, "{}")),
        _ => reply.sse_with(result(r#""nobody""#, "{}")),
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        let line = bridge.recv();
        assert!(line.contains(r#""error""#) && envelopes(&line)[0].id() == Some(id), "{line}");
    }
    still_works(&mut bridge);
}

#[test]
fn a_stream_with_an_unknown_answer_before_the_right_one_gives_the_right_one() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut stream = reply.sse();
        stream.message(result(777, "{}"));
        stream.message(result(request.id(), r#"{"right":true}"#));
        stream.end();
    });
    bridge.send(call(1));
    assert_eq!(bridge.recv(), result(1, r#"{"right":true}"#));
}

#[test]
fn a_repeated_answer_reaches_the_editor_once() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut stream = reply.sse();
        for round in 1..=3 {
            stream.message(result(request.id(), &format!(r#"{{"round":{round}}}"#)));
        }
        stream.end();
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        assert_eq!(bridge.expect_result(id)["round"], 1);
    }
    still_works(&mut bridge);
}

#[test]
fn an_answer_to_a_call_that_comes_on_another_calls_stream_counts_once() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (_, first) = held.take();
    bridge.send(call(2));
    let (_, second) = held.take();
    let (mut first, mut second) = (first.sse(), second.sse());
    // A confused server: both answers on both streams.
    for stream in [&mut first, &mut second] {
        stream.message(result(1, "{}"));
        stream.message(result(2, "{}"));
    }
    first.end();
    second.end();
    bridge.answer("1");
    bridge.answer("2");
    still_works(&mut bridge);
}

#[test]
fn a_null_result_is_an_answer() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.result(request, "null"),
        _ => reply.sse_with(result(request.id(), "null")),
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        assert_eq!(bridge.answer(id), result(id, "null"));
    }
}

#[test]
fn a_null_error_beside_a_result_is_an_answer() {
    let (_server, mut bridge) = with_call(|request, reply| {
        reply.json(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"ok":1}},"error":null}}"#, request.id()));
    });
    bridge.send(call(1));
    assert_eq!(bridge.expect_result("1")["ok"], 1);
}

#[test]
fn a_content_type_that_belies_the_body_is_still_answered() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let answer = result(request.id(), "{}");
        match request.id() {
            "1" => reply.send(200, "text/event-stream", answer),
            "2" => reply.send(200, "application/json", format!("event: message\ndata: {answer}\n\n")),
            "3" => reply.send(200, "text/plain", answer),
            "4" => reply.send(200, "", answer),
            "5" => reply.send(200, "Application/JSON ; charset=UTF-8", answer),
            _ => reply.send(200, "TEXT/event-stream;charset=utf-8", format!("data: {answer}\n\n")),
        }
    });
    for id in ["1", "2", "3", "4"] {
        bridge.send(call(id));
        bridge.answer(id);
    }
    for id in ["5", "6"] {
        bridge.send(call(id));
        bridge.expect_result(id);
    }
    still_works(&mut bridge);
}

#[test]
fn json_fifty_thousand_levels_deep_is_answered() {
    let depth = 50_000;
    let deep = format!("{}1{}", r#"{"a":["#.repeat(depth), "]}".repeat(depth));
    let (_server, mut bridge) = with_call(move |request, reply| match request.id() {
        "1" => reply.result(request, &deep),
        _ => reply.sse_with(result(request.id(), &deep)),
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        bridge.expect_result(id);
    }
    still_works(&mut bridge);
}

#[test]
fn a_request_fifty_thousand_levels_deep_is_answered() {
    let (_server, mut bridge) = with_call(|request, reply| reply.result(request, "{}"));
    let depth = 50_000;
    let deep = format!(r#"{{"name":"echo","arguments":{{"x":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    bridge.send(request_with(1, "tools/call", &deep));
    bridge.answer("1");
    still_works(&mut bridge);
}

#[test]
fn endless_json_is_cut_off_with_an_error() {
    let gone = Gate::new();
    let (_server, mut bridge) = {
        let gone = gone.clone();
        let server = Legacy::new()
            .on("tools/call", move |request, reply| {
                let mut body = reply.stream(200, "application/json", Framing::Chunked);
                body.raw(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"text":""#, request.id()));
                let piece = vec![b'x'; 64 * 1024];
                while body.raw(&piece) {}
                gone.open();
            })
            .start();
        let bridge = Bridge::to(&server).args(["--max-message-size", "1M"]).ready();
        (server, bridge)
    };
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    assert!(gone.wait_for(PATIENCE), "the bridge goes on reading what it will never pass on");
    still_works(&mut bridge);
}

/// However it comes: what has no length is measured when it is there.
#[test]
fn json_above_the_limit_that_comes_in_one_piece_is_an_error() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            let mut body = reply.stream(200, "application/json", Framing::Chunked);
            body.raw(result(request.id(), &format!(r#"{{"text":"{}"}}"#, "x".repeat(3000))));
            body.end();
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "2K"]).ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["max-message-size", "may have run"]);
    still_works(&mut bridge);
}

#[test]
fn an_event_above_the_limit_is_left_out_and_the_stream_goes_on() {
    let large = "x".repeat(3 << 20);
    let server = Legacy::new()
        .on("tools/call", move |request, reply| {
            let mut stream = reply.sse();
            match request.id() {
                // A notification that is too large costs nobody the answer.
                "1" => {
                    stream.message(notification_with("notifications/message", &format!(r#"{{"data":"{large}"}}"#)));
                    stream.message(result("1", r#"{"arrived":true}"#));
                }
                // An answer that is too large is an error under its id, wherever the id stands.
                "2" => drop(stream.message(result(2, &format!(r#"{{"data":"{large}"}}"#)))),
                id => drop(stream.message(format!(r#"{{"jsonrpc":"2.0","result":{{"data":"{large}"}},"id":{id}}}"#))),
            }
            stream.end();
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "1M"]).ready();
    bridge.send(call(1));
    assert_eq!(bridge.expect_result("1")["arrived"], true);
    for id in ["2", "3"] {
        bridge.send(call(id));
        bridge.expect_error(id, &["max-message-size"]);
    }
    still_works(&mut bridge);
}

#[test]
fn an_endless_line_on_a_stream_is_cut_off_with_an_error() {
    let gone = Gate::new();
    let server = Legacy::new()
        .on("tools/call", {
            let gone = gone.clone();
            move |_, reply| {
                let mut stream = reply.sse();
                stream.raw("data: ");
                let piece = vec![b'x'; 64 * 1024];
                while stream.raw(&piece) {}
                gone.open();
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "1M"]).ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["max-message-size", "may have run"]);
    assert!(gone.wait_for(PATIENCE), "the bridge goes on reading what it will never pass on");
    still_works(&mut bridge);
}

#[test]
fn an_endless_event_of_short_lines_is_cut_off_with_an_error() {
    let gone = Gate::new();
    let server = Legacy::new()
        .on("tools/call", {
            let gone = gone.clone();
            move |_, reply| {
                let mut stream = reply.sse();
                let piece = "data: x\n".repeat(8 * 1024);
                while stream.raw(&piece) {}
                gone.open();
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "1M"]).ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["max-message-size", "may have run"]);
    assert!(gone.wait_for(PATIENCE), "the bridge goes on reading what it will never pass on");
    still_works(&mut bridge);
}

#[test]
fn a_compressed_answer_is_inflated() {
    let (server, mut bridge) = with_call(|request, reply| {
        assert!(request.header("accept-encoding").unwrap_or_default().contains("gzip"));
        let answer = result(request.id(), r#"{"content":[]}"#);
        let reply = reply.header("Content-Encoding", "gzip");
        match request.id() {
            "1" => reply.send(200, "application/json", gzip(answer.as_bytes())),
            _ => reply.send(200, "text/event-stream", gzip(format!("data: {answer}\n\n").as_bytes())),
        }
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        assert_eq!(bridge.answer(id), result(id, r#"{"content":[]}"#));
    }
    assert_eq!(server.count("tools/call"), 2);
}

/// RFC 1952, section 2.2: there may be several members, one an event for example.
#[test]
fn an_answer_that_is_packed_in_parts_is_inflated() {
    let finish = Gate::new();
    let server = Legacy::new()
        .on("tools/call", {
            let finish = finish.clone();
            move |request, reply| {
                let answer = result(request.id(), r#"{"content":[]}"#);
                let reply = reply.header("Content-Encoding", "gzip");
                if request.id() == "1" {
                    let (one, other) = answer.split_at(20);
                    return reply.send(
                        200,
                        "application/json",
                        [gzip(one.as_bytes()), gzip(other.as_bytes())].concat(),
                    );
                }
                let mut stream = reply.sse();
                let note = notification("notifications/custom");
                stream.raw(gzip(format!("data: {note}\n\n").as_bytes()));
                finish.wait();
                stream.raw(gzip(format!("data: {answer}\n\n").as_bytes()));
                stream.end();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    assert_eq!(bridge.answer("1"), result(1, r#"{"content":[]}"#));
    bridge.send(call(2));
    // Each is there as soon as it has come.
    bridge.expect_method("notifications/custom");
    finish.open();
    assert_eq!(bridge.answer("2"), result(2, r#"{"content":[]}"#));
}

/// RFC 9110, sections 8.4.1 and 8.4.1.3.
#[test]
fn a_coding_is_known_however_its_name_is_written() {
    for (coding, limit) in [("GZIP", "64M"), ("x-gzip", "64M"), ("X-GZip", "64M"), ("identity", "64M"), ("GZIP", "4K")]
    {
        let server = Legacy::new()
            .on("tools/call", move |request, reply| {
                let answer = result(request.id(), &format!(r#"{{"text":"{}"}}"#, "x".repeat(10_000)));
                let pack = |text: &str| if coding == "identity" { text.into() } else { gzip(text.as_bytes()) };
                let reply = reply.header("Content-Encoding", coding);
                match request.id() {
                    "1" => reply.send(200, "application/json", pack(&answer)),
                    _ => reply.send(200, "text/event-stream", pack(&format!("data: {answer}\n\n"))),
                }
            })
            .start();
        let mut bridge = Bridge::to(&server).args(["--max-message-size", limit]).ready();
        for id in ["1", "2"] {
            bridge.send(call(id));
            match limit {
                "4K" => drop(bridge.expect_error(id, &["max-message-size"])),
                _ => assert_eq!(bridge.expect_result(id)["text"].as_str().unwrap().len(), 10_000, "{coding}"),
            }
        }
    }
}

#[test]
fn a_coding_that_nobody_asked_for_is_named() {
    let (_server, mut bridge) = with_call(|_, reply| {
        reply.header("Content-Encoding", "br").send(200, "application/json", b"\x0b\x02\x80ok\x03")
    });
    bridge.send(call(1));
    bridge.expect_error("1", &["content-encoding: br", "may have run"]);
    still_works(&mut bridge);
}

#[test]
fn an_inflating_body_is_cut_off_with_an_error() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let server = Legacy::new()
        .on("tools/call", move |request, reply| {
            let reply = reply.header("Content-Encoding", "gzip");
            match request.id() {
                "1" => reply.send(200, "application/json", &bomb),
                _ => reply.send(200, "text/event-stream", &bomb),
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "2M"]).ready();
    #[cfg(target_os = "linux")]
    let before = bridge.peak();
    for id in ["1", "2"] {
        bridge.send(call(id));
        bridge.expect_error(id, &[]);
    }
    #[cfg(target_os = "linux")]
    assert!(bridge.peak() < before + (30 << 20), "{} bytes to refuse a bomb", bridge.peak() - before);
    still_works(&mut bridge);
}

#[test]
fn a_body_that_is_not_gzip_as_it_says_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| {
        reply.header("Content-Encoding", "gzip").json(result(request.id(), "{}"));
    });
    bridge.send(call(1));
    bridge.expect_error("1", &[]);
    still_works(&mut bridge);
}

#[test]
fn garbage_instead_of_json_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| match request.id() {
        "1" => reply.json("{\"jsonrpc\": \"2.0\", oops"),
        "2" => reply.json([0xff, 0xfe, 0x00, 0x80]),
        "3" => reply.json("\"just a string\""),
        "4" => reply.json("{}"),
        "5" => reply.json(r#"{"answer":42}"#),
        "6" => reply.sse_with("{oops"),
        "7" => reply.json(format!("{} trailing", result(request.id(), "{}"))),
        _ => reply.sse_with("[DONE]"),
    });
    for id in 1..=8 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &[]);
    }
    still_works(&mut bridge);
}

#[test]
fn an_answer_with_invalid_utf8_is_an_error() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut body = result(request.id(), r#"{"text":"?"}"#).into_bytes();
        let at = body.iter().position(|&byte| byte == b'?').unwrap();
        body[at] = 0xff;
        match request.id() {
            "1" => reply.json(body),
            _ => reply.send(200, "text/event-stream", [b"data: ", &body[..], b"\n\n"].concat()),
        }
    });
    for id in ["1", "2"] {
        bridge.send(call(id));
        bridge.expect_error(id, &[]);
    }
    still_works(&mut bridge);
}

#[test]
fn an_unparsable_event_before_the_answer_does_not_lose_the_answer() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut stream = reply.sse();
        stream.raw("data: {oops\n\n");
        stream.raw("data: \n\n");
        stream.raw("event: ping\ndata: 2026-01-01T00:00:00Z\n\n");
        stream.raw("nonsense without a colon\n: comment\nunknown: field\n\n");
        stream.message(result(request.id(), r#"{"ok":true}"#));
        stream.end();
    });
    bridge.send(call(1));
    assert_eq!(bridge.expect_result("1")["ok"], true);
}

#[test]
fn event_streams_are_read_in_every_spelling() {
    let spell = |id: &str| -> Vec<u8> {
        let answer = result(id, r#"{"text":"zażółć 🦀"}"#);
        let two_lines = answer.replace(",\"result\"", ",\ndata: \"result\"");
        let text = match id {
            "1" => format!("event: message\r\ndata: {answer}\r\n\r\n"),
            "2" => format!("event: message\rdata: {answer}\r\r"),
            "3" => format!("\u{feff}data: {answer}\n\n"),
            "4" => format!("data: {two_lines}\n\n"),
            "5" => format!("data:{answer}\n\n"),
            "6" => format!(": comment\nretry: 3000\nid: 7\ndata: {answer}\nevent: message\n\n"),
            "7" => format!("data: {answer}\r\n\n"),
            _ => format!("\u{feff}\r\ndata: {}\r\n\r\n", two_lines.replace('\n', "\r\n")),
        };
        text.into_bytes()
    };
    let (_server, mut bridge) = with_call(move |request, reply| {
        let mut stream = reply.sse();
        // A byte at a time: every split there is, also inside a character.
        for byte in spell(request.id()) {
            stream.raw([byte]);
        }
        stream.end();
    });
    for id in 1..=8 {
        bridge.send(call(id));
        let answer = bridge.expect_result(&id.to_string());
        assert_eq!(answer["text"], "zażółć 🦀", "spelling {id}");
    }
}

#[test]
fn an_event_without_its_final_newline_is_still_answered() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let end = match request.id() {
            "1" => "",
            "2" => "\n",
            _ => "\r",
        };
        let mut stream = reply.sse();
        stream.raw(format!("data: {}{end}", result(request.id(), "{}")));
        stream.end();
    });
    for id in ["1", "2", "3"] {
        bridge.send(call(id));
        bridge.expect_result(id);
    }
    still_works(&mut bridge);
}

#[test]
fn half_an_event_at_the_end_of_a_stream_is_no_answer() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let answer = result(request.id(), "{}");
        let mut stream = reply.sse();
        match request.id() {
            "1" => stream.raw(format!("data: {}", &answer[..answer.len() - 1])),
            "2" => stream.raw(format!("data: {}\n", result("200", "{}"))),
            "3" => stream.raw(format!("event: other\ndata: {answer}\n")),
            "4" => stream.raw(format!("data: {answer}\ndata: {answer}\n")),
            _ => stream.raw(format!("dat: {answer}\n")),
        };
        stream.end();
    });
    for id in 1..=5 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &["without an answer", "may have run"]);
    }
    still_works(&mut bridge);
}

#[test]
fn what_comes_before_the_answer_on_its_stream_is_relayed_in_order() {
    let (_server, mut bridge) = with_call(|request, reply| {
        let mut stream = reply.sse();
        for step in 1..=5 {
            stream.message(notification_with(
                "notifications/progress",
                &format!(r#"{{"progressToken":"t","progress":{step}}}"#),
            ));
        }
        stream.message(result(request.id(), "{}"));
        stream.end();
    });
    bridge.send(request_with(1, "tools/call", r#"{"name":"echo","_meta":{"progressToken":"t"}}"#));
    for step in 1..=5 {
        assert_eq!(support::json(&bridge.recv())["params"]["progress"], step);
    }
    assert_eq!(bridge.recv(), result(1, "{}"));
}

#[test]
fn a_question_on_a_calls_own_stream_is_answered_by_the_editor() {
    let answered = Gate::new();
    let server = Legacy::new()
        .on("answer", {
            let answered = answered.clone();
            move |_, reply| {
                reply.accepted();
                answered.open();
            }
        })
        .on("tools/call", move |request, reply| {
            let mut stream = reply.sse();
            // The server's ids are its own affair: this one equals the editor's.
            stream.message(request_with(request.id(), "sampling/createMessage", r#"{"messages":[],"maxTokens":1}"#));
            answered.wait();
            stream.message(result(request.id(), r#"{"asked":true}"#));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let question = bridge.expect_method("sampling/createMessage");
    let id = envelopes(&question)[0].id().unwrap().to_owned();
    bridge.send(result(&id, r#"{"role":"assistant","content":{"type":"text","text":"yes"},"model":"m"}"#));
    assert_eq!(bridge.expect_result("1")["asked"], true);
    let posted = server.wait(1, "answer");
    assert_eq!(posted.id(), "1", "the server gets its own id back");
    assert_eq!(posted.json()["result"]["content"]["text"], "yes");
}

#[test]
fn an_editors_error_to_a_question_reaches_the_server() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(request(r#""ask-1""#, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(error(r#""ask-1""#, -32601, "no roots here"));
    let posted = server.wait(1, "answer");
    assert_eq!(posted.text(), error(r#""ask-1""#, -32601, "no roots here"));
}

#[test]
fn a_thousand_requests_at_once_are_all_answered_though_in_another_order() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=1000 {
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"n":{id}}}}}"#)));
    }
    let mut replies: Vec<(Request, Reply)> = (0..1000).map(|_| held.take()).collect();
    replies.reverse();
    for (request, reply) in replies {
        let n = request.json()["params"]["arguments"]["n"].clone();
        let answer = result(request.id(), &format!(r#"{{"n":{n}}}"#));
        if n.as_u64().unwrap().is_multiple_of(2) { reply.sse_with(answer) } else { reply.json(answer) }
    }
    for id in 1..=1000 {
        assert_eq!(bridge.expect_result(&id.to_string())["n"], id);
    }
    #[cfg(target_os = "linux")]
    assert!(bridge.resident() < 100 << 20, "{} bytes for a thousand calls", bridge.resident());
}

#[test]
fn a_server_that_dies_with_calls_in_flight_leaves_none_unanswered() {
    let held = Mailbox::new();
    let mut server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=10 {
        bridge.send(call(id));
    }
    let mut streams = Vec::new();
    for n in 0..10 {
        let (_, reply) = held.take();
        // Half of them had begun to answer.
        if n % 2 == 0 {
            let mut stream = reply.sse();
            stream.raw(": begun\n\n");
            streams.push(stream);
        } else {
            drop(reply);
        }
    }
    server.stop();
    drop(streams);
    for id in 1..=10 {
        bridge.expect_error(&id.to_string(), &[]);
    }
    bridge.send(call(11));
    bridge.expect_error("11", &[]);
}

#[test]
fn a_cancelled_request_is_cancelled_at_the_server_and_its_stream_is_let_go() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(r#""c-1""#));
    let (_, reply) = held.take();
    let mut stream = reply.sse();
    bridge.send(cancel(r#""c-1""#));
    let cancelled = server.wait(1, "notifications/cancelled");
    assert_eq!(cancelled.text(), cancel(r#""c-1""#));
    assert!(stream.wait_closed(PATIENCE), "nobody reads the stream of a cancelled call");
    still_works(&mut bridge);
}

#[test]
fn a_cancel_for_a_request_that_is_not_running_harms_nothing() {
    let (_server, mut bridge) = with_call(|request, reply| reply.result(request, "{}"));
    bridge.send(cancel(99));
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.send(cancel(1));
    still_works(&mut bridge);
}

#[test]
fn a_cancel_by_the_server_reaches_the_editor() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(request(5, "roots/list"));
    bridge.expect_method("roots/list");
    stream.message(cancel(5));
    assert_eq!(support::json(&bridge.expect_method("notifications/cancelled"))["params"]["requestId"], 5);
}

#[test]
fn an_initialize_that_the_server_never_sees_is_an_error_in_good_time() {
    let port = support::unused_port();
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{port}/mcp")).spawn();
    let begun = Instant::now();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["127.0.0.1"]);
    assert!(begun.elapsed() < Duration::from_secs(15), "8 s in all are promised, {:?} went by", begun.elapsed());

    // The process stays, and a later initialize tries again.
    let _server = Legacy::new().on_port(port).start();
    bridge.send(initialize(1, "2025-06-18"));
    bridge.expect_result("1");
    bridge.send(INITIALIZED);
    still_works(&mut bridge);
}

#[test]
fn a_server_that_comes_up_during_the_first_seconds_is_waited_for() {
    let port = support::unused_port();
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{port}/mcp")).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_silence(Duration::from_secs(1));
    let _server = Legacy::new().on_port(port).start();
    bridge.expect_result("0");
}

#[test]
fn an_answer_to_another_request_is_not_taken_for_that_to_initialize() {
    let server = Legacy::new()
        .on("initialize", |request, reply| {
            let mut stream = reply.sse();
            stream.message(result(99, r#"{"stray":true}"#));
            stream.message(result(request.id(), &welcome("2025-06-18", CAPABILITIES)));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::to(&server).spawn();
    assert_eq!(bridge.shake_hands("2025-06-18")["protocolVersion"], "2025-06-18");
    still_works(&mut bridge);
}

#[test]
fn an_answer_to_initialize_may_come_in_a_batch() {
    let log = notification_with("notifications/message", r#"{"level":"info","data":"hello"}"#);
    for on_stream in [false, true] {
        let log = log.clone();
        let server = Legacy::new()
            .on("initialize", move |request, reply| {
                let batch = format!("[{log},{}]", result(request.id(), &welcome("2025-03-26", CAPABILITIES)));
                if on_stream { reply.sse_with(batch) } else { reply.json(batch) }
            })
            .start();
        let mut bridge = Bridge::to(&server).spawn();
        assert_eq!(bridge.shake_hands("2025-03-26")["protocolVersion"], "2025-03-26");
        assert!(bridge.recv().contains("hello"));
        still_works(&mut bridge);
    }
}

#[test]
fn a_server_may_ping_before_it_answers_initialize() {
    let pongs = Mailbox::new();
    let server = Legacy::new()
        .on("initialize", {
            let pongs = pongs.clone();
            move |request, reply| {
                let mut stream = reply.sse();
                stream.message(support::request(r#""are you there?""#, "ping"));
                let pong: String = pongs.take();
                assert_eq!(pong, result(r#""are you there?""#, "{}"));
                stream.message(result(request.id(), &welcome("2025-06-18", CAPABILITIES)));
                stream.end();
            }
        })
        .on("answer", move |request, reply| {
            pongs.put(request.text().to_owned());
            reply.accepted();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    still_works(&mut bridge);
    assert_eq!(server.wait(1, "answer").header("mcp-session-id"), Some("session-1"));
}

#[test]
fn an_initialize_that_only_others_are_answered_for_is_an_error() {
    let server =
        Legacy::new().on("initialize", |_, reply| reply.json(result(77, &welcome("2025-06-18", CAPABILITIES)))).start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["not to this request"]);
}

#[test]
fn only_one_initialize_reaches_the_server_for_one_of_the_editor() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    let kinds: Vec<_> = server.requests().iter().map(Request::kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "initialize").count(), 1, "{kinds:?}");
    assert_eq!(kinds[0], "initialize", "nothing is asked before it: {kinds:?}");
}

#[test]
fn a_list_with_very_many_tools_or_annotations_holds_nothing_up() {
    const FOUND: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}"#;
    const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let many = |each: fn(usize) -> String| (0..100_000).map(each).collect::<Vec<_>>().join(",");
    let annotated = many(|n| format!(r#""p{n}":{{"type":"string","x-mcp-header":"P{n}"}}"#));
    let annotated = format!(r#"{{"name":"t","inputSchema":{{"type":"object","properties":{{{annotated}}}}}}}"#);
    let tools = many(|n| format!(r#"{{"name":"t{n}","inputSchema":{{"type":"object"}}}}"#));
    for (list, usable) in [(annotated, false), (tools, true)] {
        let list = format!(r#"{{"resultType":"complete","tools":[{list}]}}"#);
        let modern = {
            let list = list.clone();
            Server::start(move |request, reply| match request.kind().as_str() {
                _ if request.method != "POST" => reply.status(405),
                "server/discover" => reply.result(request, FOUND),
                "tools/list" => reply.result(request, &list),
                _ => reply.error(400, request, -32601, "method not found"),
            })
        };
        let legacy = Legacy::new().on("tools/list", move |request, reply| reply.result(request, &list)).start();
        for (server, is_modern) in [(modern, true), (legacy, false)] {
            for modern_editor in [false, true] {
                let era = if is_modern { "modern" } else { "legacy" };
                let launch = Bridge::to(&server).args(["--protocol", era]);
                let mut bridge = if modern_editor { launch.spawn() } else { launch.ready() };
                let params = if modern_editor { format!(r#"{{"_meta":{META}}}"#) } else { "{}".into() };
                let begun = Instant::now();
                bridge.send(request_with(1, "tools/list", &params));
                // Behind it, and as well as nothing to do.
                let other = if modern_editor { "unknown/method" } else { "ping" };
                bridge.send(request_with(2, other, &params));
                let is_empty = bridge.answer("1").contains(r#""tools":[]"#);
                bridge.answer("2");
                let spent = begun.elapsed();
                assert!(spent < Duration::from_secs(8), "{spent:?} with a {era} server");
                assert_eq!(is_empty, is_modern && !usable, "what is unusable is left out, where it would be used");
            }
        }
    }
}

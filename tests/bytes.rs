//! Promise 3: bytes are relayed, not re-written. And batches, which exist in one version only.

mod support;

use support::{
    Bridge, CAPABILITIES, Endpoint, Fault, Framing, Gate, Human, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply,
    Request, Server, World, call, cancel, envelopes, error, initialize, json, notification_with, request, request_with,
    result, welcome,
};

/// Ids that a careless program changes: beyond 2^53, floats, escapes, the empty string.
const IDS: [&str; 16] = [
    "0",
    "-1",
    "7",
    "9007199254740993",
    "1234567890123456789",
    "123456789012345678901234567890",
    "1.0",
    "1.50",
    "1e3",
    r#""""#,
    r#""7""#,
    r#""\u0041\/\n""#,
    r#""zażółć 🦀""#,
    r#""\ud83e\udd80""#,
    r#""with \"quotes\" and \\ slashes""#,
    r#""mcpbridge-1""#,
];

/// What a server of the modern era says of itself, and what its requests carry.
#[cfg(unix)]
const DISCOVERED: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"logging":{}},"ttlMs":0,"cacheScope":"private"}"#;
#[cfg(unix)]
const MODERN: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug""#;

/// The first is the second to whoever keeps numbers as doubles.
const ROUNDED_ALIKE: [&str; 2] = ["9007199254740993", "9007199254740992"];

/// What a parse and a print would change: order, spacing, spelling of numbers, unknown and repeated members.
const ODD: &str = r#"{ "z":1.0,"a":1e2 , "big":1234567890123456789,"deep":{"b":[ ],"a":{ }},"text":"\u0041\/ ż \ud83e\udd80","twice":1,"twice":2,"-0":-0.0,"huge":1e400,"_meta":{"x.y/z":null}}"#;

#[test]
fn ids_come_back_as_the_editor_spelled_them() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    for id in IDS {
        // The handshake used 0 already, and has been answered: it is free again.
        bridge.send(call(id));
        bridge.expect_result(id);
        let posted = server.requests().into_iter().rfind(|request| request.is("tools/call")).unwrap();
        assert_eq!(posted.text(), call(id), "the server sees it as the editor wrote it");
    }
}

#[test]
fn ids_of_errors_made_here_are_spelled_as_the_editor_did() {
    let server = Legacy::new().on("tools/call", |_, reply| reply.hang_up()).start();
    let mut bridge = Bridge::ready(&server);
    for id in IDS {
        bridge.send(call(id));
        bridge.expect_error(id, &[]);
    }
}

#[test]
fn ids_that_differ_only_in_type_are_different_requests() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call("7"));
    let first = held.take();
    bridge.send(call(r#""7""#));
    let second = held.take();
    second.1.result(&second.0, r#"{"is":"text"}"#);
    assert_eq!(bridge.expect_result(r#""7""#)["is"], "text");
    first.1.result(&first.0, r#"{"is":"number"}"#);
    assert_eq!(bridge.expect_result("7")["is"], "number");
}

/// As a server in JavaScript does. Both ids are sent as they were written, and only the response tells them apart.
#[test]
fn a_server_that_rounds_ids_gives_nobody_the_answer_to_another_request() {
    for last_first in [false, true] {
        let held = Mailbox::new();
        let server = Legacy::new().hold("tools/call", &held).start();
        let mut bridge = Bridge::ready(&server);
        let mut calls = Vec::new();
        for id in ROUNDED_ALIKE {
            bridge.send(call(id));
            calls.push(held.take());
            assert_eq!(calls.last().unwrap().0.text(), call(id));
        }
        if last_first {
            calls.reverse();
        }
        for (request, reply) in calls {
            reply.json(result(ROUNDED_ALIKE[1], &format!(r#"{{"of":"{}"}}"#, request.id())));
            assert_eq!(bridge.expect_result(request.id())["of"], request.id());
        }
    }
}

#[test]
fn a_request_reaches_the_server_byte_for_byte() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let line = format!(
        r#"{{"params":{{"name":"echo","arguments":{ODD}}}, "method":"tools\/call","extra":[1.0],"id": 1 ,"jsonrpc":"2.0"}}"#
    );
    bridge.send(&line);
    bridge.expect_result("1");
    assert_eq!(server.wait(1, "tools/call").text(), line);
}

#[test]
fn a_notification_reaches_the_server_byte_for_byte() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let line = notification_with("notifications/custom", ODD);
    bridge.send(&line);
    assert_eq!(server.wait(1, "notifications/custom").text(), line);
}

#[test]
fn an_answer_reaches_the_editor_byte_for_byte() {
    let whole = |id: &str| format!(r#"{{"result":{ODD}, "extra":null,"id": {id} ,"jsonrpc":"2.0"}}"#);
    let server = Legacy::new()
        .on("tools/call", move |request, reply| match request.id() {
            "1" => reply.json(whole("1")),
            _ => reply.sse_with(whole(request.id())),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2"] {
        bridge.send(call(id));
        assert_eq!(bridge.answer(id), whole(id));
    }
}

/// Through the process and its sockets, in every shape that HTTP has for an answer.
#[cfg(unix)]
#[test]
fn a_thousand_messages_of_all_shapes_pass_byte_for_byte_in_both_eras() {
    let seed = support::Seed::of_this_run();
    for era in ["legacy", "modern"] {
        let mut dice = support::Dice::new(seed.0, era.len() as u64);
        let next = Mailbox::<(String, u64)>::new();
        let answers = next.clone();
        let script = move |request: &Request, reply: Reply| {
            let (answer, shape) = answers.take();
            let note = notification_with("notifications/message", ODD);
            match shape {
                0 => reply.json(&answer),
                1 => {
                    let mut body = reply.stream(200, "application/json", Framing::Chunked);
                    for piece in answer.as_bytes().chunks(7) {
                        body.raw(piece);
                    }
                    body.end();
                }
                2 => reply.sse_with(&answer),
                _ => {
                    let mut stream = reply.sse();
                    for piece in
                        format!("data: {note}\r\n\r\nid: {}\ndata:{answer}\n\n", request.id()).as_bytes().chunks(9)
                    {
                        stream.raw(piece);
                    }
                    stream.end();
                }
            }
        };
        let (server, meta) = match era {
            "legacy" => (Legacy::new().on("tools/call", script).start(), String::new()),
            _ => (
                Server::start(move |request, reply| match request.kind().as_str() {
                    "tools/call" => script(request, reply),
                    _ if request.method != "POST" => reply.status(405),
                    _ => reply.result(request, DISCOVERED),
                }),
                format!(r#","_meta":{{{MODERN}}}"#),
            ),
        };
        let launch = Bridge::to(&server).args(["--protocol", era]);
        let mut bridge = if era == "legacy" { launch.ready() } else { launch.spawn() };
        for id in 1..=500 {
            let (sent, answered) = (value(&mut dice, 4), value(&mut dice, 4));
            let line = format!(
                r#"{{"id":{id},{}"params":{{"name":"echo","arguments":{sent}{meta}}},"method":"tools/call","jsonrpc":"2.0"}}"#,
                blank(&mut dice)
            );
            let answer = match dice.below(5) {
                0 => format!(r#"{{"jsonrpc":"2.0","error":{{"message":"","data":{answered},"code":-1}},"id":{id}}}"#),
                _ => format!(r#"{{"result":{{"resultType":"complete","x":{answered}}},"id":{id},"jsonrpc":"2.0"}}"#),
            };
            let shape = dice.below(4);
            next.put((answer.clone(), shape));
            bridge.send(&line);
            if shape == 3 {
                assert_eq!(bridge.recv(), notification_with("notifications/message", ODD));
            }
            assert_eq!(bridge.recv(), answer, "to {line}");
            assert_eq!(server.wait(id, "tools/call").text(), line);
        }
    }
}

#[cfg(unix)]
fn value(dice: &mut support::Dice, depth: u64) -> String {
    const SCALARS: [&str; 12] = [
        "0",
        "-0.0",
        "1e-400",
        "1E+5",
        "123456789012345678901234567890",
        "true",
        "null",
        "\"\"",
        "\"\\u0061\\/\"",
        "\"\\ud83e\\udd80 \u{2028}\u{85}\"",
        "\"{\\\"id\\\":1}\"",
        "\"data: x\"",
    ];
    let (one, two) = (blank(dice), blank(dice));
    match dice.below(if depth == 0 { 1 } else { 3 }) {
        0 => SCALARS[usize::try_from(dice.below(12)).unwrap()].to_owned(),
        1 => format!("[{one}{}{two},{}]", value(dice, depth - 1), value(dice, depth - 1)),
        // The same name twice, and those of an envelope where they mean nothing.
        _ => format!(
            r#"{{{one}"id":{},"x"{two}:{},"\u0078":{}}}"#,
            value(dice, depth - 1),
            value(dice, depth - 1),
            value(dice, depth - 1)
        ),
    }
}

#[cfg(unix)]
fn blank(dice: &mut support::Dice) -> &'static str {
    ["", "", " ", "\t  "][usize::try_from(dice.below(4)).unwrap()]
}

#[test]
fn what_the_server_says_on_its_own_reaches_the_editor_byte_for_byte() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    let note = notification_with("notifications/message", ODD);
    stream.message(&note);
    assert_eq!(bridge.expect_method("notifications/message"), note);
    let question = format!(r#"{{"method":"elicitation/create","id":"q\u0031","params":{ODD},"jsonrpc":"2.0"}}"#);
    stream.message(&question);
    assert_eq!(bridge.expect_method("elicitation/create"), question);
    let answer = format!(r#"{{ "result":{ODD},"id":"q\u0031","jsonrpc":"2.0"}}"#);
    bridge.send(&answer);
    assert_eq!(server.wait(1, "answer").text(), answer);
}

#[test]
fn the_initialize_of_the_editor_is_the_one_the_server_gets() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).spawn();
    let line = r#"{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"clientInfo":{"version":"1.0","name":"odd","title":"Ödd"},"capabilities":{"experimental":{"x":1.0}},"protocolVersion":"2025-03-26","_meta":{"k":1e2}}}"#;
    bridge.send(line);
    bridge.expect_result(r#""i""#);
    assert_eq!(server.wait(1, "initialize").text(), line);
}

#[test]
fn raw_newlines_between_tokens_are_the_only_bytes_removed() {
    let pretty = |id: &str| {
        format!(
            "{{\r\n  \"jsonrpc\": \"2.0\",\n  \"id\": {id},\n  \"result\": {{\n    \"n\": 1.0,\r\n    \"t\": \"a\\nb\"\n  }}\n}}\n"
        )
    };
    let server = Legacy::new()
        .on("tools/call", move |request, reply| match request.id() {
            "1" => reply.json(pretty("1")),
            // In an event stream a pretty-printed answer is many data lines.
            id => reply.sse_with(pretty(id).trim_end().replace("\r\n", "\n").replace('\n', "\ndata: ")),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2"] {
        bridge.send(call(id));
        let answer = bridge.answer(id);
        assert_eq!(answer.trim_end(), pretty(id).replace(['\r', '\n'], "").trim_end());
    }
}

#[test]
fn carriage_returns_inside_a_message_do_not_split_it() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send("{\"jsonrpc\":\"2.0\",\r \"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}\r");
    bridge.expect_result("1");
    let posted = server.wait(1, "tools/call");
    assert_eq!(json(posted.text())["params"]["name"], "echo");
}

#[test]
fn line_separators_of_unicode_do_not_split_a_message() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            reply.sse_with(result(request.id(), "{\"t\":\"a\u{2028}b\u{2029}c\u{85}d\"}"))
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let line = request_with(1, "tools/call", "{\"name\":\"a\u{2028}b\u{85}c\"}");
    bridge.send(&line);
    assert_eq!(bridge.answer("1"), result(1, "{\"t\":\"a\u{2028}b\u{2029}c\u{85}d\"}"));
    assert_eq!(server.wait(1, "tools/call").text(), line);
}

#[test]
fn an_escaped_id_and_its_plain_spelling_are_told_apart_or_matched_but_always_answered() {
    // A server may print an id in its own spelling: it is still the same id.
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            r#""\u0041""# => reply.json(result(r#""A""#, "{}")),
            r#""é""# => reply.json(result(r#""\u00e9""#, "{}")),
            "1.0" => reply.json(result("1", "{}")),
            _ => reply.json(result("1e2", "{}")),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in [r#""\u0041""#, r#""é""#] {
        bridge.send(call(id));
        bridge.expect_result(id);
    }
    for id in ["1.0", "100"] {
        bridge.send(call(id));
        bridge.answer(id);
    }
}

#[test]
fn large_numbers_survive_in_both_directions() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            let params = envelopes(request.text())[0].raw("params").unwrap().to_owned();
            reply.result(request, &params);
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let params = r#"{"name":"echo","arguments":{"a":1234567890123456789,"b":9007199254740993,"c":1.0,"d":0.1000000000000000055511151231257827}}"#;
    bridge.send(request_with(1, "tools/call", params));
    assert_eq!(bridge.answer("1"), result(1, params));
}

// Batches (2025-03-26 only).

#[test]
fn a_batch_is_answered_in_the_version_that_has_batches() {
    let server = Legacy::new().on("batch", answer_each).start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(format!(
        "[{},{},{}]",
        call(1),
        notification_with("notifications/custom", "{}"),
        request(r#""two""#, "tools/list")
    ));
    let mut answered = Vec::new();
    while answered.len() < 2 {
        for message in envelopes(&bridge.recv()) {
            assert!(message.raw("result").is_some());
            answered.push(message.id().unwrap().to_owned());
        }
    }
    answered.sort();
    assert_eq!(answered, [r#""two""#, "1"]);
    // Whether it was POSTed as a batch or one by one, nothing may be lost on the way.
    let seen: Vec<_> =
        server.requests().iter().flat_map(|request| envelopes(request.text())).filter_map(|it| it.method()).collect();
    assert!(seen.iter().any(|method| method == "notifications/custom"), "{seen:?}");
}

#[test]
fn a_call_of_a_batch_cancelled_while_its_token_is_renewed_has_no_answer_and_the_server_hears_of_it_after_the_batch() {
    let world = World::over(Legacy::new().on("batch", answer_each));
    let human = Human::prompt();
    let mut bridge = world.relay(&human).ready_as("2025-03-26");
    bridge.send(call(1));
    bridge.expect_result("1");
    world.authorization.ledger.drop_access_tokens();
    let gate = Gate::new();
    world.authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(gate.clone()));
    bridge.send(format!("[{},{},{}]", call(2), call(3), call(4)));
    world.authorization.wait(1, Endpoint::Refresh);
    bridge.send(cancel(3));
    // Refused at once, behind the cancel: that has been read.
    bridge.send(call(2));
    bridge.expect_error("2", &["still running"]);
    gate.open();
    let mut answered = Vec::new();
    while answered.len() < 2 {
        answered.extend(envelopes(&bridge.recv()).iter().map(|it| it.id().unwrap().to_owned()));
    }
    answered.sort();
    assert_eq!(answered, ["2", "4"]);
    world.server.wait(1, "notifications/cancelled");
    let taken = world.server.matching(|it| it.is("batch") || it.is("notifications/cancelled"));
    assert!(taken.last().unwrap().text().contains("cancelled"), "{taken:?}");
    bridge.send(call(5));
    assert_eq!(envelopes(&bridge.recv())[0].id(), Some("5"), "nothing more comes of the batch");
}

#[test]
fn a_batch_whose_answers_come_one_by_one_on_a_stream_is_answered() {
    let server = Legacy::new()
        .on("batch", |request, reply| {
            let mut stream = reply.sse();
            for message in envelopes(request.text()).iter().rev() {
                stream.message(result(message.id().unwrap(), "{}"));
            }
            stream.end();
        })
        .start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(format!("[{},{}]", call(1), call(2)));
    let mut answered = Vec::new();
    while answered.len() < 2 {
        answered.extend(envelopes(&bridge.recv()).iter().map(|it| it.id().unwrap().to_owned()));
    }
    answered.sort();
    assert_eq!(answered, ["1", "2"]);
}

#[test]
fn the_servers_own_errors_for_a_batch_reach_the_editor_under_any_status() {
    let server = Legacy::new()
        .on("batch", |_, reply| {
            let batch = format!("[{},{}]", error(1, -32602, "missing x"), result(2, r#"{"tools":[]}"#));
            reply.send(400, "application/json", batch);
        })
        .start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(format!("[{},{}]", call(1), request(2, "tools/list")));
    assert_eq!(bridge.recv(), format!("[{},{}]", error(1, -32602, "missing x"), result(2, r#"{"tools":[]}"#)));
    // What has no answer of its own gets the refusal.
    bridge.send(format!("[{},{},{}]", call(1), request(2, "tools/list"), call(3)));
    assert_eq!(envelopes(&bridge.recv()).len(), 2);
    bridge.expect_error("3", &["400"]);
    assert_eq!((server.count("batch"), server.count("initialize")), (2, 1));
}

#[test]
fn a_batch_of_answers_above_the_limit_says_so_of_each() {
    let server = Legacy::new()
        .on("batch", |_, reply| {
            let large = result(1, &format!(r#"{{"text":"{}"}}"#, "x".repeat(300_000)));
            reply.sse_with(format!("[{large},{}]", result(2, "{}")));
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready_as("2025-03-26");
    bridge.send(format!("[{},{}]", request(1, "tools/list"), request(2, "tools/list")));
    let line = bridge.recv();
    for answer in envelopes(&line) {
        assert!(answer.raw("error").unwrap().contains("max-message-size"), "{line}");
    }
    assert_eq!(envelopes(&line).len(), 2, "{line}");
    bridge.send(call(3));
    bridge.expect_result("3");
}

#[test]
fn a_batch_that_the_server_half_answers_leaves_no_request_unanswered() {
    let server = Legacy::new()
        .on("batch", |_, reply| reply.json(format!("[{}]", result(1, "{}"))))
        .on(
            "tools/call",
            |request, reply| if request.id() == "1" { reply.result(request, "{}") } else { reply.accepted() },
        )
        .start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(format!("[{},{}]", call(1), call(2)));
    let mut results = 0;
    let mut errors = 0;
    while results + errors < 2 {
        for message in envelopes(&bridge.recv()) {
            match message.id().unwrap() {
                "1" if message.raw("result").is_some() => results += 1,
                "2" if message.raw("error").is_some() => errors += 1,
                _ => panic!("{message:?}"),
            }
        }
    }
}

#[test]
fn a_request_that_is_cancelled_in_its_own_batch_is_not_sent_and_not_waited_for() {
    let server =
        Legacy::new().on("batch", |_, reply| reply.json(format!("[{}]", result(2, r#"{"in":"a batch"}"#)))).start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    bridge.send(format!("[{},{},{}]", call(1), cancel(1), call(2)));
    let answers = envelopes(&bridge.recv());
    assert_eq!((answers.len(), answers[0].id()), (1, Some("2")));
    let posted = server.wait(1, "batch");
    assert!(!posted.text().contains("cancelled") && !posted.text().contains(&call(1)), "{}", posted.text());
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    assert_eq!(bridge.rest(), [""; 0]);
}

#[test]
fn a_batch_of_the_server_reaches_the_editor_in_the_version_that_has_batches() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server).ready_as("2025-03-26");
    let mut stream = server.stream();
    stream.message(format!(
        "[{},{}]",
        notification_with("notifications/message", r#"{"level":"info","data":1}"#),
        notification_with("notifications/message", r#"{"level":"info","data":2}"#)
    ));
    let mut came = Vec::new();
    while came.len() < 2 {
        came.extend(envelopes(&bridge.recv()).iter().map(|it| it.raw("params").unwrap().to_owned()));
    }
    assert_eq!(came, [r#"{"level":"info","data":1}"#, r#"{"level":"info","data":2}"#]);
}

fn answer_each(request: &Request, reply: Reply) {
    let ids: Vec<_> = envelopes(request.text()).iter().filter_map(|it| it.id().map(str::to_owned)).collect();
    let answers: Vec<_> = ids.iter().map(|id| result(id, r#"{"in":"a batch"}"#)).collect();
    reply.json(format!("[{}]", answers.join(",")));
}

#[test]
fn a_batch_waits_for_the_answer_to_initialize_as_a_single_message_does() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("initialize", &held).on("batch", answer_each).start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-03-26"));
    bridge.send(INITIALIZED);
    bridge.send(format!("[{},{}]", request(1, "tools/list"), call(2)));
    bridge.send(cancel(1));
    bridge.send(request(2, "tools/list"));
    bridge.expect_code("2", -32600);
    let (request, reply) = held.take();
    reply.result(&request, &welcome("2025-03-26", CAPABILITIES));
    bridge.expect_result("0");
    let line = bridge.recv();
    assert_eq!(line, format!("[{}]", result(2, r#"{"in":"a batch"}"#)));
    assert_eq!(server.wait(1, "batch").text(), format!("[{}]", call(2)));
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
}

#[test]
fn a_batch_that_waited_is_refused_where_the_version_has_none() {
    let server = Legacy::new().start();
    let batch = format!("[{},{}]", request(1, "tools/list"), call(2));
    let outcome = Bridge::to(&server).run(format!("{}\n{INITIALIZED}\n{batch}\n", initialize(0, "2025-06-18")));
    for id in ["1", "2"] {
        assert_eq!(outcome.answer(id)["error"]["code"], -32600, "{outcome:?}");
    }
    let refusing = Server::start(|_, reply| reply.status(400));
    let outcome = Bridge::to(&refusing).run(format!("{}\n{INITIALIZED}\n{batch}\n", initialize(0, "2025-03-26")));
    for id in ["0", "1", "2"] {
        assert!(outcome.answer(id)["error"].is_object(), "{outcome:?}");
    }
}

#[test]
fn a_batch_in_a_version_without_batches_gets_one_error_for_each_request_in_it() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(format!("[{},{},{}]", call(1), notification_with("notifications/custom", "{}"), call(r#""b""#)));
    bridge.expect_code("1", -32600);
    bridge.expect_code(r#""b""#, -32600);
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(
        server.count("batch") + server.count("tools/call"),
        1,
        "nothing of the batch was sent:\n{}",
        server.transcript()
    );
}

#[test]
fn an_empty_batch_is_one_error_without_an_id() {
    let server = Legacy::new().start();
    for version in ["2025-03-26", "2025-06-18"] {
        let mut bridge = Bridge::to(&server).ready_as(version);
        bridge.send("[]");
        bridge.expect_code("null", -32600);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
}

#[test]
fn an_error_of_the_server_keeps_every_byte() {
    let body = |id: &str| {
        format!(r#"{{"jsonrpc":"2.0","error":{{"data":{ODD},"message":"no\u0021","code":-32042}},"id":{id}}}"#)
    };
    let server = Legacy::new()
        .on("tools/call", move |request, reply| match request.id() {
            "1" => reply.json(body("1")),
            "2" => reply.sse_with(body("2")),
            id => reply.send(400, "application/json", body(id)),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2", "3"] {
        bridge.send(call(id));
        assert_eq!(bridge.answer(id), body(id));
    }
}

#[test]
fn tasks_of_2025_11_25_pass_through() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            reply.result(request, r#"{"task":{"taskId":"t1","status":"working","pollInterval":1.0}}"#)
        })
        .on("tasks/get", |request, reply| reply.result(request, r#"{"taskId":"t1","status":"completed"}"#))
        .start();
    let mut bridge = Bridge::to(&server).ready_as("2025-11-25");
    let line = request_with(1, "tools/call", r#"{"name":"slow","arguments":{},"task":{"ttl":60000}}"#);
    bridge.send(&line);
    assert_eq!(bridge.answer("1"), result(1, r#"{"task":{"taskId":"t1","status":"working","pollInterval":1.0}}"#));
    bridge.send(request_with(2, "tasks/get", r#"{"taskId":"t1"}"#));
    assert_eq!(bridge.expect_result("2")["status"], "completed");
    assert_eq!(server.wait(1, "tools/call").text(), line);
}

#[test]
fn unknown_methods_pass_through() {
    let server = Legacy::new()
        .on("vendor/thing", |request, reply| reply.error(200, request, -32601, "never heard of it"))
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request_with(1, "vendor/thing", r#"[1,2,{"x":null}]"#));
    assert_eq!(bridge.answer("1"), error(1, -32601, "never heard of it"));
    assert_eq!(server.wait(1, "vendor/thing").text(), request_with(1, "vendor/thing", r#"[1,2,{"x":null}]"#));
}

#[test]
fn the_versions_agreed_on_are_the_ones_the_editor_and_server_named() {
    let server = Legacy::new().version("2025-03-26").start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(1, "2025-11-25"));
    assert_eq!(bridge.expect_result("1")["protocolVersion"], "2025-03-26");
    bridge.send(INITIALIZED);
    let initialized: Request = server.wait(1, "notifications/initialized");
    assert_eq!(initialized.header("mcp-protocol-version"), Some("2025-03-26"));
}

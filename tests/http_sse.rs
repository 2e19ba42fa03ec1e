//! The HTTP+SSE transport of 2024-11-05: found without a flag, and kept alive.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use support::{
    Bridge, Framing, HttpSse, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Server, call, envelopes, initialize, json,
    notification, request, request_with, result,
};

#[test]
fn a_server_that_refuses_the_post_is_found_to_speak_http_sse() {
    for status in [400, 404, 405] {
        let (server, wire) = HttpSse::new().refusing_post(move |_, reply| reply.status(status)).start();
        let mut bridge = Bridge::launch(server.at("/sse")).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        wire.send(notification("notifications/custom"));
        bridge.expect_method("notifications/custom");
        assert_eq!(server.matching(|it| it.is("GET")).len(), 1, "one stream, no stray ones");
        let to_endpoint: Vec<_> = server
            .matching(|it| it.method == "POST" && it.path.starts_with("/message"))
            .iter()
            .map(support::Request::kind)
            .collect();
        assert_eq!(to_endpoint, ["initialize", "notifications/initialized", "tools/call"]);
    }
}

#[test]
fn the_endpoint_is_resolved_against_the_url_of_the_stream() {
    // As written by the server, and where the POSTs must go.
    for (endpoint, path) in [
        ("/message?session={n}", "/message?session=1"),
        ("message?session={n}", "/api/message?session=1"),
        ("./message", "/api/message"),
        ("../other/message?a=b%20c&d=%2F", "/other/message?a=b%20c&d=%2F"),
        ("?session={n}", "/api/sse?session=1"),
    ] {
        let (server, _wire) = HttpSse::new().endpoint(endpoint).start();
        let mut bridge = Bridge::launch(server.at("/api/sse")).args(["--transport", "sse-only"]).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        let paths: Vec<_> = server.matching(|it| it.method == "POST").iter().map(|it| it.path.clone()).collect();
        assert!(paths.iter().all(|it| it == path), "{endpoint} became {paths:?}");
    }
}

#[test]
fn an_absolute_endpoint_of_the_same_origin_is_used() {
    let origin = Arc::new(std::sync::Mutex::new(String::new()));
    let (server, _wire) = HttpSse::new()
        .on_get({
            let origin = origin.clone();
            move |_, _, reply| {
                let mut stream = reply.sse();
                stream.raw(format!("event: endpoint\ndata: {}/absolute?x=1\n\n", origin.lock().unwrap()));
                std::mem::forget(stream);
                None
            }
        })
        .on("initialize", |_, reply, _| reply.accepted())
        .start();
    *origin.lock().unwrap() = server.origin();
    let mut bridge = Bridge::launch(server.at("/sse")).spawn();
    bridge.send(initialize(0, "2024-11-05"));
    let posted = server.wait_for(1, "POST to the endpoint", |it| it.method == "POST" && it.path == "/absolute?x=1");
    assert_eq!(posted.kind(), "initialize");
}

#[test]
fn an_endpoint_on_another_origin_is_refused() {
    let stranger = Server::start(|_, reply| reply.accepted()).may_be_unused();
    for endpoint in [
        stranger.at("/message"),
        format!("//127.0.0.1:{}/message", stranger.port),
        "https://127.0.0.1/message".to_owned(),
    ] {
        let (server, _wire) = HttpSse::new().endpoint(&endpoint).start();
        let mut bridge = Bridge::launch(server.at("/sse")).args(["--header", "X-API-Key: secret-1"]).spawn();
        bridge.send(initialize(0, "2024-11-05"));
        let error = bridge.expect_error("0", &["origin"]);
        assert!(error["message"].as_str().unwrap().contains("127.0.0.1"), "{error}");
    }
    assert!(stranger.requests().is_empty(), "{}", stranger.transcript());
}

#[test]
fn a_stream_that_never_names_an_endpoint_is_an_error_in_good_time() {
    let streams = Mailbox::new();
    let (server, _wire) = HttpSse::new()
        .on_get({
            let streams = streams.clone();
            move |_, _, reply| {
                streams.put(reply.sse());
                None
            }
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).spawn();
    let begun = Instant::now();
    bridge.send(initialize(0, "2024-11-05"));
    bridge.expect_error("0", &[]);
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[test]
fn an_answer_may_come_before_or_without_the_202() {
    let held = Mailbox::new();
    let (server, _wire) = HttpSse::new()
        .on("tools/call", {
            let held = held.clone();
            move |request, reply, wire| {
                wire.send(result(request.id(), "{}"));
                held.put(reply);
            }
        })
        .on("tools/list", |request, reply, wire| {
            reply.text(200, "Accepted");
            wire.send(result(request.id(), "{}"));
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    held.take().accepted();
    bridge.send(request(2, "tools/list"));
    bridge.expect_result("2");
}

#[test]
fn an_answer_in_the_response_to_the_post_is_one() {
    let (server, wire) = HttpSse::new()
        .on("tools/call", |request, reply, wire| match request.id() {
            "1" => reply.result(request, r#"{"where":"response"}"#),
            // Whatever else is there, the answer comes on the stream.
            "2" => {
                reply.json(r#"{"status":"ok"}"#);
                wire.send(result(2, r#"{"where":"stream"}"#));
            }
            "3" => {
                let unfinished = reply.stream(200, "application/json", Framing::Length(100));
                wire.send(result(3, r#"{"where":"stream"}"#));
                std::mem::forget(unfinished);
            }
            _ => reply.send(200, "text/html", "<!DOCTYPE html><html><body>Sign in to the network</body></html>"),
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    for (id, place) in [("1", "response"), ("2", "stream"), ("3", "stream")] {
        bridge.send(call(id));
        assert_eq!(bridge.expect_result(id)["where"], place);
    }
    bridge.send(call(4));
    bridge.expect_error("4", &["web page"]);
    wire.send(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
}

/// There is one stream, on which only the id tells whose an answer is.
#[test]
fn a_server_that_rounds_ids_answers_each_call_with_its_own_result() {
    for last_first in [false, true] {
        let posted = Mailbox::new();
        let (server, wire) = HttpSse::new()
            .on("tools/call", {
                let posted = posted.clone();
                move |request, reply, _| {
                    reply.accepted();
                    posted.put(request.json());
                }
            })
            .start();
        let mut bridge = Bridge::launch(server.at("/sse")).ready();
        let mut answers = Vec::new();
        for id in ["9007199254740993", "9007199254740992", "9007199254740994"] {
            bridge.send(request_with(id, "tools/call", &format!(r#"{{"name":"{id}"}}"#)));
            let posted = posted.take();
            let number = posted["id"].as_f64().map(|id| (id as u64).to_string());
            let as_it_reads = number.unwrap_or_else(|| posted["id"].to_string());
            answers.push((id, result(as_it_reads, &format!(r#"{{"of":{}}}"#, posted["params"]["name"]))));
        }
        if last_first {
            answers.reverse();
        }
        for (id, answer) in answers {
            wire.send(answer);
            assert_eq!(bridge.expect_result(id)["of"], id);
        }
    }
}

#[test]
fn questions_of_the_server_are_answered_by_post() {
    let (server, wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    wire.send(request(r#""q""#, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(r#""q""#, r#"{"roots":[]}"#));
    let posted = server.wait(1, "answer");
    assert_eq!(posted.text(), result(r#""q""#, r#"{"roots":[]}"#));
    assert_eq!(posted.path, "/message?session=1");
}

#[test]
fn a_refused_post_is_an_error_under_its_id() {
    let (server, _wire) = HttpSse::new()
        .on("tools/call", |request, reply, _| match request.id() {
            "1" => reply.text(500, "the database is on fire"),
            "2" => reply.error(400, request, -32602, "no such tool"),
            _ => reply.hang_up(),
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["500", "the database is on fire"]);
    bridge.send(call(2));
    assert_eq!(bridge.expect_error("2", &["no such tool"])["code"], -32602);
    bridge.send(call(3));
    bridge.expect_error("3", &[]);
    bridge.send(request(4, "tools/list"));
    bridge.expect_result("4");
}

#[test]
fn requests_in_flight_get_an_answer_when_the_stream_drops() {
    let (server, wire) = HttpSse::new().on("tools/call", |_, reply, _| reply.accepted()).start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    for id in 1..=5 {
        bridge.send(call(id));
    }
    server.wait(5, "tools/call");
    wire.take().cut();
    for id in 1..=5 {
        bridge.expect_error(&id.to_string(), &[]);
    }
    assert_eq!(server.count("tools/call"), 5, "what may have run is not sent again");
}

#[test]
fn a_dropped_stream_is_opened_again_through_a_deployment() {
    let (server, wire) = HttpSse::new()
        .on_get(|number, _, reply| match number {
            2 => {
                reply.text(502, "bad gateway");
                None
            }
            3 => {
                reply.text(503, "deploying");
                None
            }
            4 => {
                reply.hang_up();
                None
            }
            _ => Some(reply),
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    wire.take().reset();
    server.wait(5, "GET");
    // The new stream is a new session: it is initialized with the editor's own parameters.
    let again =
        server.wait_for(1, "initialize on the new stream", |it| it.is("initialize") && it.path == "/message?session=5");
    assert_eq!(again.json()["params"], json(&initialize(0, "2025-06-18"))["params"]);
    server.wait_for(1, "initialized on the new stream", |it| {
        it.is("notifications/initialized") && it.path == "/message?session=5"
    });
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.matching(|it| it.is("tools/call")).last().unwrap().path, "/message?session=5");
    wire.send(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
}

#[test]
fn a_server_that_cuts_each_stream_at_once_is_asked_ever_more_rarely() {
    let (server, _wire) = HttpSse::new()
        .on("notifications/initialized", |_, reply, wire| {
            reply.accepted();
            wire.take().end();
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    let many = server.wait_within(Duration::from_secs(5), 8, |it| it.is("GET"));
    assert!(many.is_none(), "{}", server.transcript());
    assert!(server.matching(|it| it.is("GET")).len() > 2, "{}", server.transcript());
    // Nor does an editor that answers each change with a request make it be asked without pause.
    let asked = server.matching(|it| it.is("GET")).len();
    for id in 1..=10 {
        bridge.send(request(id, "tools/list"));
    }
    for id in 1..=10 {
        bridge.answer(&id.to_string());
    }
    assert!(server.matching(|it| it.is("GET")).len() <= asked + 5, "{}", server.transcript());
    assert_eq!(bridge.stderr().matches("a new one is open").count(), 1, "{}", bridge.stderr());
}

#[test]
fn a_call_made_while_the_stream_is_down_is_answered() {
    let (server, wire) = HttpSse::new()
        .on_get(|number, _, reply| {
            if (2..5).contains(&number) {
                reply.text(502, "bad gateway");
                return None;
            }
            Some(reply)
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    drop(wire.take());
    bridge.send(call(1));
    bridge.answer("1");
    server.wait(5, "GET");
    bridge.send(call(2));
    bridge.expect_result("2");
}

#[test]
fn an_old_answer_never_reaches_a_question_of_the_new_stream() {
    let (server, wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    wire.send(request(1, "elicitation/create"));
    let first = envelopes(&bridge.expect_method("elicitation/create"))[0].id().unwrap().to_owned();
    drop(wire.take());
    server.wait_for(2, "notifications/initialized", |it| it.is("notifications/initialized"));
    wire.send(request(1, "elicitation/create"));
    let second = envelopes(&bridge.expect_method("elicitation/create"))[0].id().unwrap().to_owned();
    assert_ne!(first, second);
    bridge.send(result(&first, r#"{"action":"accept"}"#));
    bridge.send(result(&second, r#"{"action":"decline"}"#));
    let posted = server.wait(1, "answer");
    assert_eq!((posted.id(), posted.json()["result"]["action"].as_str()), ("1", Some("decline")));
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.count("answer"), 1);
}

#[test]
fn a_question_of_the_new_session_is_answered_before_that_is_made_like_the_old_one() {
    let (held, told) = (Mailbox::new(), AtomicUsize::new(0));
    let script = HttpSse::new().on("notifications/initialized", {
        let held = held.clone();
        move |_, reply, _| match told.fetch_add(1, Ordering::SeqCst) {
            0 => reply.accepted(),
            // A server that asks before it goes on.
            _ => held.put(reply),
        }
    });
    let (server, wire) = script.start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(request_with(1, "logging/setLevel", r#"{"level":"info"}"#));
    bridge.expect_result("1");
    drop(wire.take());
    let initialized: Reply = held.take();
    wire.send(request(7, "roots/list"));
    let asked = envelopes(&bridge.expect_method("roots/list"))[0].id().unwrap().to_owned();
    bridge.send(result(&asked, r#"{"roots":[]}"#));
    assert_eq!(server.wait(1, "answer").id(), "7");
    assert_eq!(server.count("logging/setLevel"), 1, "{}", server.transcript());
    initialized.accepted();
    server.wait(2, "logging/setLevel");
    bridge.send(call(2));
    bridge.expect_result("2");
}

#[test]
fn http_only_does_not_fall_back() {
    let (server, _wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse")).args(["--transport", "http-only"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["405", "leave --transport http-only out"]);
    assert!(server.matching(|it| it.is("GET")).is_empty());
}

#[test]
fn what_a_server_says_of_the_get_is_not_taken_for_its_answer_with_sse_only() {
    let refusal = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}"#;
    let refusing = Legacy::new().without_session();
    let server = refusing.on("GET", move |_, reply| reply.send(400, "application/json", refusal)).start();
    let mut bridge = Bridge::to(&server).args(["--transport", "sse-only"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let words = ["HTTP 400", "no session", "leave --transport sse-only out"];
    let error = bridge.expect_error("0", &words);
    assert!(error["data"]["mcpbridge"].is_string(), "it is the bridge's own: {error}");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 6);
    assert!(server.matching(|it| it.method == "POST").is_empty(), "{}", server.transcript());
}

#[test]
fn sse_only_does_not_post_to_the_url() {
    let (server, _wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse")).args(["--transport", "sse-only"]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.requests()[0].kind(), "GET");
    assert!(server.matching(|it| it.method == "POST" && it.path == "/sse").is_empty());
}

#[test]
fn sse_first_falls_back_to_streamable_http() {
    let server = Legacy::new().without_session().start();
    let mut bridge = Bridge::to(&server).args(["--transport", "sse-first"]).ready();
    assert_eq!(server.requests()[0].kind(), "GET");
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.count("initialize"), 1);
}

#[test]
fn sse_first_uses_http_sse_where_it_can() {
    let (server, _wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse")).args(["--transport", "sse-first"]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert!(server.matching(|it| it.method == "POST" && it.path == "/sse").is_empty());
}

#[test]
fn when_everything_fails_the_first_cause_is_named() {
    let server = Server::start(|request, reply| match request.method.as_str() {
        "POST" => reply.text(400, "the tenant header is missing"),
        _ => reply.text(405, "method not allowed"),
    });
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["400", "the tenant header is missing"]);
    assert!(!error["message"].as_str().unwrap().contains("HTTP 405"), "{error}");
}

#[test]
fn a_405_that_only_shows_the_transport_is_no_cause() {
    let (server, _wire) = HttpSse::new()
        .on_get(|_, _, reply| {
            reply.text(503, "deploying");
            None
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["503", "deploying"]);
    assert!(!error["message"].as_str().unwrap().contains("HTTP 405"), "{error}");
    assert_eq!(error["data"]["mcpbridge"], "unreachable", "{error}");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 5);
}

#[test]
fn a_401_is_not_reported_as_the_405_of_a_fallback() {
    let server = Server::start(|request, reply| match request.method.as_str() {
        "POST" => reply.text(401, "who are you?"),
        _ => reply.status(405),
    });
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["401"]);
    assert!(!error["message"].as_str().unwrap().contains("HTTP 405"), "{error}");
    let streams = server.matching(|it| it.is("GET") && it.path == "/mcp");
    assert_eq!(streams.len(), 0, "a 401 says nothing about the transport");
}

#[test]
fn the_servers_own_refusal_of_initialize_is_the_answer_when_nothing_else_works() {
    let server = Server::start(|request, reply| match request.method.as_str() {
        "POST" => reply.error(400, request, -32602, "Unsupported protocol version"),
        _ => reply.status(405),
    });
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["unsupported protocol version"]);
}

#[test]
fn headers_go_on_the_stream_and_on_every_post_but_the_query_only_where_it_was_given() {
    let (server, _wire) = HttpSse::new().start();
    let mut bridge = Bridge::launch(server.at("/sse?api_key=abc")).args(["--header", "X-MCP-API-Key: k1"]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    for request in server.requests() {
        assert_eq!(request.header("x-mcp-api-key"), Some("k1"), "{} {}", request.method, request.path);
        let given = request.path == "/sse?api_key=abc";
        assert!(
            given || request.path == "/message?session=1",
            "an endpoint is used as the server gave it: {}",
            request.path
        );
    }
}

#[test]
fn end_of_input_waits_for_running_requests_and_closes_the_stream() {
    let held = Mailbox::new();
    let (server, wire) = HttpSse::new()
        .on("tools/call", {
            let held = held.clone();
            move |request, reply, _| {
                reply.accepted();
                held.put(request.clone());
            }
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(call(1));
    held.take();
    bridge.close_stdin();
    assert!(bridge.exit_within(Duration::from_millis(500)).is_none());
    wire.send(result(1, "{}"));
    bridge.expect_result("1");
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert!(wire.take().wait_closed(PATIENCE));
    assert!(server.matching(|it| it.is("DELETE")).is_empty());
}

#[test]
fn a_remembered_transport_is_dropped_when_it_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let (mut old, _wire) = HttpSse::new().refusing_post(|_, reply| reply.status(404)).start();
    let url = old.at("/sse");
    for _ in 0..2 {
        let mut bridge = Bridge::launch(&url).home(home.path()).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
    }
    old.stop();
    // The same URL is upgraded to Streamable HTTP.
    let new = Legacy::new().on_port(old.port).start();
    let mut bridge = Bridge::launch(&url).home(home.path()).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(new.count("initialize"), 1);
}

#[test]
fn a_large_answer_and_a_large_request_pass() {
    let (server, _wire) = HttpSse::new()
        .on("tools/call", |request, reply, wire| {
            reply.accepted();
            let size = request.body.len();
            wire.send(result(request.id(), &format!(r#"{{"size":{size},"text":"{}"}}"#, "y".repeat(3 << 20))));
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    bridge.send(support::request_with(
        1,
        "tools/call",
        &format!(r#"{{"name":"echo","arguments":{{"t":"{}"}}}}"#, "x".repeat(3 << 20)),
    ));
    let answer = bridge.expect_result("1");
    assert!(answer["size"].as_u64().unwrap() > 3 << 20);
    assert_eq!(answer["text"].as_str().unwrap().len(), 3 << 20);
}

#[test]
fn an_endless_message_is_an_error_that_names_the_limit() {
    let (server, _wire) = HttpSse::new()
        .on("tools/list", |_, reply, wire| {
            let mut stream = wire.take();
            reply.accepted();
            stream.raw("data: ");
            let piece = vec![b'x'; 64 * 1024];
            while stream.raw(&piece) {}
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).args(["--max-message-size", "1M"]).ready();
    bridge.send(request(1, "tools/list"));
    bridge.expect_error("1", &["1048576", "max-message-size"]);
    assert_eq!(server.count("tools/list"), 1, "it is as large the next time");
    bridge.wait_stderr("larger than 1048576 bytes");
    bridge.send(call(2));
    bridge.expect_result("2");
}

#[test]
fn many_calls_at_once_are_answered_in_any_order() {
    let waiting = Arc::new(std::sync::Mutex::new(Vec::new()));
    let count = AtomicUsize::new(0);
    let (server, _wire) = HttpSse::new()
        .on("tools/call", move |request, reply, wire| {
            reply.accepted();
            waiting.lock().unwrap().push(request.id().to_owned());
            if count.fetch_add(1, Ordering::SeqCst) + 1 == 200 {
                for id in waiting.lock().unwrap().drain(..).rev() {
                    wire.send(result(&id, &format!(r#"{{"id":{id}}}"#)));
                }
            }
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/sse")).ready();
    for id in 1..=200 {
        bridge.send(call(id));
    }
    for id in 1..=200 {
        assert_eq!(bridge.expect_result(&id.to_string())["id"], id);
    }
}

#[test]
fn the_handshake_of_a_script_works_over_http_sse() {
    let (server, _wire) = HttpSse::new().start();
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), call(2), String::new()].join("\n");
    let outcome = Bridge::launch(server.at("/sse")).run(input);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.answer("2")["result"].is_object());
}

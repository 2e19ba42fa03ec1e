//! Servers of the modern era, and of both: what they see on the wire, and how the era is found.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use support::*;

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;
const FOUND: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}"#;

/// A server of the modern era alone: it refuses what is not of it, and leaves the rest to `script`.
fn modern_only(script: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Server {
    Server::start(move |request, reply| {
        if request.method != "POST" {
            return reply.status(405);
        }
        match request.kind().as_str() {
            _ if request.header("mcp-method") != Some(&request.kind()) => {
                reply.error(400, request, -32020, "Header mismatch");
            }
            "server/discover" => reply.result(request, FOUND),
            "tools/list" => reply.result(request, r#"{"resultType":"complete","tools":[]}"#),
            _ => script(request, reply),
        }
    })
}

fn done(request: &Request, reply: Reply) {
    reply.result(request, r#"{"resultType":"complete","content":[]}"#);
}

fn modern(id: u64, method: &str, rest: &str) -> String {
    request_with(id, method, &format!(r#"{{"_meta":{{{META}}}{rest}}}"#))
}

#[test]
fn a_modern_request_has_its_headers_and_nothing_of_a_session() {
    let server = modern_only(done);
    let mut bridge = Bridge::to(&server).args(["--header", "X-Key: k"]).spawn();
    bridge.send(modern(1, "server/discover", ""));
    assert_eq!(bridge.expect_result("1")["supportedVersions"][0], "2026-07-28");
    let call = modern(2, "tools/call", r#","name":"grüß","arguments":{"n":1.0}"#);
    bridge.send(&call);
    bridge.expect_result("2");
    let posted = server.wait(1, "tools/call");
    assert_eq!(posted.text(), call, "the bytes pass");
    for (name, value) in [
        ("mcp-protocol-version", Some("2026-07-28")),
        ("mcp-method", Some("tools/call")),
        ("mcp-name", Some("=?base64?Z3LDvMOf?=")),
        ("x-key", Some("k")),
        ("accept", Some("application/json, text/event-stream")),
        ("mcp-session-id", None),
        ("last-event-id", None),
    ] {
        assert_eq!(posted.header(name), value, "{name}");
    }
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert_eq!(server.requests().len(), 2, "no extra round trip, no GET, no DELETE: {}", server.transcript());
}

#[test]
fn a_legacy_editor_is_served_by_a_modern_only_server_without_a_flag() {
    let server = modern_only(|request, reply| match request.kind().as_str() {
        "subscriptions/listen" => {
            let mut stream = reply.sse();
            let id = request.id();
            stream.message(notification_with(
                "notifications/subscriptions/acknowledged",
                &format!(r#"{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{"toolsListChanged":true}}}}"#),
            ));
            stream.message(notification("notifications/tools/list_changed"));
            stream.wait_closed(PATIENCE);
        }
        _ => done(request, reply),
    });
    let mut bridge = Bridge::to(&server).spawn();
    assert_eq!(bridge.shake_hands("2025-06-18")["serverInfo"]["name"], "s");
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(call(1));
    bridge.expect_result("1");
    let posted = server.wait(1, "tools/call").json();
    let meta = &posted["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert!(meta["io.modelcontextprotocol/clientInfo"]["name"].is_string(), "{posted}");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "a subscription keeps nobody waiting");
    let kinds: Vec<String> = server.requests().iter().map(Request::kind).collect();
    assert_eq!(kinds[..2], ["initialize", "server/discover"], "{}", server.transcript());
    assert!(server.matching(|it| it.is("GET") || it.is("DELETE")).is_empty(), "{}", server.transcript());
}

#[test]
fn what_may_have_an_effect_is_never_the_first_question() {
    let server = modern_only(done);
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "tools/call", r#","name":"a""#));
    bridge.send(modern(2, "tools/call", r#","name":"b""#));
    bridge.expect_result("1");
    bridge.expect_result("2");
    let kinds: Vec<String> = server.requests().iter().map(Request::kind).collect();
    assert_eq!(kinds, ["server/discover", "tools/call", "tools/call"]);
}

#[test]
fn an_event_stream_brings_notifications_and_then_the_answer_and_its_end_without_one_is_an_error() {
    let server = modern_only(|request, reply| {
        let mut stream = reply.sse();
        stream.raw(": a comment\n\n");
        stream.event("7", notification_with("notifications/progress", r#"{"progressToken":1,"progress":1}"#));
        if request.id() == "1" {
            stream.message(result(request.id(), r#"{"resultType":"complete","content":[]}"#));
        }
        stream.end();
    });
    let mut bridge = Bridge::to(&server).args(["--protocol", "modern"]).spawn();
    bridge.send(modern(1, "tools/call", r#","name":"a""#));
    bridge.expect_method("notifications/progress");
    bridge.expect_result("1");
    bridge.send(modern(2, "tools/call", r#","name":"a""#));
    bridge.expect_error("2", &["may have run"]);
    assert_eq!(server.requests().len(), 2, "not sent twice, not resumed: {}", server.transcript());
}

#[test]
fn a_cancel_closes_the_stream_and_posts_nothing() {
    let closed = Arc::new(Gate::new());
    let seen = Arc::clone(&closed);
    let server = modern_only(move |_, reply| {
        let mut stream = reply.sse();
        stream.message(notification_with("notifications/progress", r#"{"progressToken":1,"progress":1}"#));
        if stream.wait_closed(PATIENCE) {
            seen.open();
        }
    });
    for editor in ["legacy", "modern"] {
        closed.close();
        let mut bridge = Bridge::to(&server).args(["--protocol", "modern"]).spawn();
        if editor == "legacy" {
            bridge.shake_hands("2025-11-25");
            bridge.send(call(1));
        } else {
            bridge.send(modern(1, "tools/call", r#","name":"a""#));
        }
        bridge.expect_method("notifications/progress");
        bridge.send(cancel(1));
        closed.wait();
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
    }
    assert_eq!(server.count("notifications/cancelled"), 0, "{}", server.transcript());
}

#[test]
fn a_cancelled_request_that_was_not_sent_is_not_sent_at_all() {
    let server = modern_only(done);
    let mut bridge = Bridge::to(&server).spawn();
    // All of it waits for the first answer.
    let held = [modern(1, "tools/call", r#","name":"a""#), cancel(1), modern(2, "tools/call", r#","name":"b""#)];
    bridge.send_bytes(format!("{}\n", held.join("\n")).as_bytes());
    bridge.expect_result("2");
    assert_eq!(server.count("tools/call"), 1, "{}", server.transcript());
}

#[test]
fn a_subscription_is_opened_again_after_a_drop() {
    let opened = AtomicUsize::new(0);
    let server = modern_only(move |request, reply| {
        let mut stream = reply.sse();
        let meta = format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{}}}"#, request.id());
        let agreed = format!(r#"{{{meta},"notifications":{{"toolsListChanged":true}}}}"#);
        stream.message(notification_with("notifications/subscriptions/acknowledged", &agreed));
        if opened.fetch_add(1, Ordering::SeqCst) == 0 {
            stream.cut();
        } else {
            stream.wait_closed(PATIENCE);
        }
    });
    let mut bridge = Bridge::to(&server).args(["--protocol", "modern", "--request-timeout", "1"]).spawn();
    bridge.send(modern(5, "subscriptions/listen", r#","notifications":{"toolsListChanged":true}"#));
    bridge.expect_method("notifications/subscriptions/acknowledged");
    let changed = json(&bridge.expect_method("notifications/tools/list_changed"));
    assert_eq!(changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 5);
    assert_eq!(server.count("subscriptions/listen"), 2);
    // No limit on requests ends it, and no second acknowledgement comes.
    bridge.expect_silence(Duration::from_millis(1500));
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
}

#[test]
fn a_notification_that_the_server_puts_off_is_sent_again() {
    let first = AtomicUsize::new(0);
    let server = modern_only(move |_, reply| match first.fetch_add(1, Ordering::SeqCst) {
        0 => reply.header("Retry-After", "0").text(503, "deploying"),
        _ => reply.accepted(),
    });
    let mut bridge = Bridge::to(&server).args(["--protocol", "modern"]).spawn();
    bridge.send(modern(1, "server/discover", ""));
    bridge.expect_result("1");
    bridge.send(notification_with("notifications/custom", &format!(r#"{{"_meta":{{{META}}}}}"#)));
    let (refused, again) = (server.wait(1, "notifications/custom"), server.wait(2, "notifications/custom"));
    assert_eq!(refused.text(), again.text());
}

#[test]
fn annotated_parameters_go_into_headers_also_of_a_call_before_any_list() {
    const TOOLS: &str = r#"{"resultType":"complete","tools":[{"name":"sql","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}},{"name":"bad","inputSchema":{"type":"object","properties":{"a":{"type":"number","x-mcp-header":"A"}}}}]}"#;
    let server = Server::start(|request, reply| match request.kind().as_str() {
        "server/discover" => reply.result(request, FOUND),
        "tools/list" => reply.result(request, TOOLS),
        _ if request.header("mcp-param-region") == Some("eu") => done(request, reply),
        _ => reply.error(400, request, -32020, "Header mismatch"),
    });
    let mut bridge = Bridge::to(&server).args(["--protocol", "modern"]).spawn();
    bridge.shake_hands("2025-11-25");
    bridge.send(request_with(1, "tools/call", r#"{"name":"sql","arguments":{"region":"eu"}}"#));
    bridge.expect_result("1");
    assert_eq!((server.count("tools/list"), server.count("tools/call")), (1, 2));
    bridge.send(request(2, "tools/list"));
    assert_eq!(bridge.expect_result("2")["tools"].as_array().unwrap().len(), 1);
    bridge.wait_stderr("bad");
}

#[test]
fn a_401_says_nothing_about_the_era() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request, reply| match request.kind().as_str() {
        _ if request.path != "/mcp" => reply.status(404),
        _ if asked.fetch_add(1, Ordering::SeqCst) == 0 => reply.text(401, "who are you?"),
        "initialize" => reply.error(400, request, -32020, "Header mismatch"),
        "server/discover" => reply.result(request, FOUND),
        _ => done(request, reply),
    });
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "server/discover", ""));
    bridge.expect_error("1", &["401"]);
    let tried = server.requests().iter().filter(|request| request.path == "/mcp").count();
    assert_eq!(tried, 1, "no other era is tried on it: {}", server.transcript());
    bridge.send(modern(2, "server/discover", ""));
    bridge.expect_result("2");
}

#[test]
fn no_common_version_is_an_error_that_names_both_lists() {
    let server = Server::start(|request, reply| {
        let error = r#"{"code":-32022,"message":"Unsupported protocol version","data":{"supported":["2031-01-01"]}}"#;
        reply.send(400, "application/json", format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, request.id()));
    });
    let mut bridge = Bridge::to(&server).args(["--transport", "http-only"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["2031-01-01", "2025-11-25", "2026-07-28"]);
}

#[test]
fn a_modern_editor_is_served_by_a_legacy_only_server_without_a_flag() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "server/discover", ""));
    let found = bridge.expect_result("1");
    assert_eq!(found["supportedVersions"][0], "2026-07-28");
    bridge.send(modern(2, "tools/call", r#","name":"echo","arguments":{}"#));
    assert_eq!(bridge.expect_result("2")["resultType"], "complete");
    assert_eq!(server.count("initialize"), 1);
    let posted = server.wait(1, "tools/call");
    assert!(posted.header("mcp-session-id").is_some() && posted.header("mcp-method").is_none());
    assert!(posted.json()["params"].get("_meta").is_none(), "{}", posted.text());
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert_eq!(server.matching(|it| it.is("DELETE")).len(), 1, "the session is ended");
}

#[test]
fn a_call_that_brings_a_log_level_is_sent_when_the_legacy_server_has_taken_it() {
    let held = Mailbox::new();
    let taken = Arc::new(Gate::new());
    let logs = Arc::clone(&taken);
    let script = Legacy::new().hold("logging/setLevel", &held).on("tools/call", move |request, reply| {
        let mut stream = reply.sse();
        if logs.is_open() {
            let params = format!(r#"{{"level":"info","data":{}}}"#, request.id());
            stream.message(notification_with("notifications/message", &params));
        }
        stream.message(result(request.id(), r#"{"content":[]}"#));
        stream.end();
    });
    let server = script.start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "server/discover", ""));
    bridge.expect_result("1");
    bridge.send(wants_logs(2));
    let (request, reply) = held.take();
    bridge.send(modern(3, "tools/call", r#","name":"echo","arguments":{}"#));
    bridge.expect_result("3");
    assert_eq!(server.count("tools/call"), 1, "only the one that brings no level: {}", server.transcript());
    taken.open();
    reply.result(&request, "{}");
    let logged = json(&bridge.expect_method("notifications/message"));
    bridge.expect_result("2");
    let ids: Vec<Value> = server.matching(|it| it.is("tools/call")).iter().map(|it| it.json()["id"].clone()).collect();
    assert_eq!(logged["params"]["data"], ids[1], "what that very call has logged");
    bridge.send(wants_logs(4));
    bridge.expect_method("notifications/message");
    bridge.expect_result("4");
    assert_eq!(server.count("logging/setLevel"), 1, "a level that the server has is not told again");
}

#[test]
fn a_legacy_server_that_does_not_answer_to_a_log_level_has_the_call_after_two_seconds() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("logging/setLevel", &held).start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "server/discover", ""));
    bridge.expect_result("1");
    bridge.send(wants_logs(2));
    bridge.expect_result("2");
    let (told, called) = (server.wait(1, "logging/setLevel"), server.wait(1, "tools/call"));
    let waited = called.at.duration_since(told.at);
    assert!(waited > Duration::from_millis(1900) && waited < PATIENCE, "{waited:?}");
    bridge.send(wants_logs(3));
    bridge.expect_result("3");
    let next = server.wait(2, "tools/call").at.duration_since(called.at);
    assert!(next < Duration::from_millis(1900), "the server is not waited for again: {next:?}");
}

fn wants_logs(id: u64) -> String {
    let meta = format!(r#"{{"io.modelcontextprotocol/logLevel":"info",{META}}}"#);
    request_with(id, "tools/call", &format!(r#"{{"_meta":{meta},"name":"echo","arguments":{{}}}}"#))
}

#[test]
fn an_editor_of_both_eras_that_does_not_wait_for_a_slow_server_gets_its_session() {
    let held = Mailbox::new();
    let server = Legacy::new().without_session().hold("server/discover", &held).start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(modern(1, "server/discover", ""));
    let (request, reply) = held.take();
    bridge.send(initialize(2, "2025-06-18"));
    bridge.expect_code("1", -32601);
    assert_eq!(bridge.expect_result("2")["serverInfo"]["name"], "scripted");
    bridge.send(INITIALIZED);
    bridge.send(call(3));
    bridge.expect_result("3");
    // What the server makes of it at last matters to nobody.
    reply.error(400, &request, -32601, "Method not found");
    bridge.send(call(4));
    bridge.expect_result("4");
    assert_eq!(server.count("initialize"), 1);
}

#[test]
fn lists_stay_those_of_the_server_after_it_was_asked_once_more_for_its_era() {
    for legacy_editor in [true, false] {
        let server = Server::start(|request, reply| {
            match request.kind().as_str() {
            _ if request.method != "POST" => reply.status(405),
            "initialize" => reply.error(400, request, -32022, "Unsupported protocol version"),
            "server/discover" => reply.result(request, FOUND),
            "tools/list" => reply.result(
                request,
                r#"{"resultType":"complete","tools":[{"name":"look","inputSchema":{"type":"object"}}],"ttlMs":0,"cacheScope":"private"}"#,
            ),
            "tools/call" if request.text().contains("passing") => reply.send(404, "text/html", "<html>one moment"),
            _ => done(request, reply),
        }
        });
        let mut bridge = Bridge::to(&server).spawn();
        let ask = |id: u64, method: &str, rest: &str| match legacy_editor {
            true => request_with(id, method, &format!("{{{}}}", rest.trim_start_matches(','))),
            false => modern(id, method, rest),
        };
        match legacy_editor {
            true => drop(bridge.shake_hands("2025-11-25")),
            false => {
                bridge.send(modern(1, "server/discover", ""));
                bridge.expect_result("1");
            }
        }
        bridge.send(ask(2, "tools/call", r#","name":"passing""#));
        bridge.expect_error("2", &["404"]);
        for id in [3, 4] {
            bridge.send(ask(id, "tools/list", ""));
            assert_eq!(bridge.expect_result(&id.to_string())["tools"][0]["name"], "look", "legacy: {legacy_editor}");
        }
    }
}

#[test]
fn a_server_that_is_upgraded_while_we_run_is_found_again() {
    let upgraded = Arc::new(Gate::new());
    let now = Arc::clone(&upgraded);
    let server = Server::start(move |request, reply| {
        let modern = request.header("mcp-method").is_some();
        match request.kind().as_str() {
            "GET" | "DELETE" => reply.status(405),
            _ if now.is_open() && !modern => reply.error(400, request, -32022, "Unsupported protocol version"),
            _ if !now.is_open() && modern => reply.status(400),
            "initialize" => reply.header("mcp-session-id", "1").result(request, &welcome("2025-06-18", CAPABILITIES)),
            "server/discover" => reply.result(request, FOUND),
            kind if kind.starts_with("notifications/") => reply.accepted(),
            "subscriptions/listen" => reply.error(404, request, -32601, "Method not found"),
            _ => done(request, reply),
        }
    });
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    upgraded.open();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(server.matching(|it| it.is("tools/call") && it.header("mcp-method").is_some()).len(), 1);
    bridge.send(call(3));
    bridge.expect_result("3");
}

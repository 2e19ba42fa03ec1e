//! A network that wants somebody to sign in first (a captive portal) answers everything with a page of its own, or leads
//! to one. It is named as what it may be, nothing is lost by it, and behind it all goes on.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{
    Bridge, Gate, Legacy, Mailbox, Reply, Server, call, initialize, json, notification_with, result, unused_port,
};

const PAGE: &str = "<!DOCTYPE html><title>Hotel</title><a href='/in?room=s3cret'>Sign in</a>";

/// Every way in which such a network answers.
const ANSWERS: [(u16, &str, &str, &[&str]); 8] = [
    (200, "", "", &[]),
    (200, "text/html", PAGE, &["a web page in place of an MCP answer", "is this the MCP URL", "a network want"]),
    (200, "application/json", PAGE, &["a web page in place of an MCP answer", "a network want"]),
    (200, "", "<!-- go away --><html>", &["a web page in place of an MCP answer", "a network want"]),
    (404, "text/html", PAGE, &["a web page in place of an MCP answer (HTTP 404)", "a network want"]),
    (402, "text/html", PAGE, &["a web page in place of an MCP answer (HTTP 402)", "a network want"]),
    (403, "text/html", PAGE, &["HTTP 403", "a network want"]),
    (511, "text/html", PAGE, &["the network wants a sign-in", "HTTP 511"]),
];

#[test]
fn a_page_in_place_of_an_answer_is_named_and_behind_it_the_session_goes_on() {
    let script =
        Legacy::new().on("tools/call", |request, reply| match ANSWERS.get(request.id().parse().unwrap_or(99)) {
            Some((status, kind, page, _)) => reply.send(*status, kind, page),
            None => reply.result(request, r#"{"content":[]}"#),
        });
    let server = script.start();
    let mut bridge = Bridge::ready(&server);
    // The handshake has had the 0.
    for (id, (status, _, _, words)) in ANSWERS.iter().enumerate().skip(1) {
        bridge.send(call(id));
        let error = bridge.expect_error(&id.to_string(), words);
        let text = error["message"].as_str().unwrap();
        assert!(!text.contains('<') && !text.contains("s3cret"), "{text}");
        let kind = if *status == 511 {
            "unreachable"
        } else if *status == 403 {
            "auth_required"
        } else {
            "protocol"
        };
        assert_eq!(error["data"]["mcpbridge"], kind, "{error}");
    }
    bridge.send(call(20));
    bridge.expect_result("20");
}

#[test]
fn a_redirect_to_another_origin_may_be_one_and_is_not_followed() {
    let hotel = Server::start(|_, reply| reply.send(200, "text/html", PAGE)).may_be_unused();
    for status in [302, 303, 307] {
        let target = hotel.at("/welcome?from=s3cret");
        let server = Server::start(move |_, reply| reply.header("Location", target.clone()).status(status));
        let mut bridge = Bridge::to(&server).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        let error = bridge.expect_error("0", &[&hotel.origin(), "a network want"]);
        assert!(!error["message"].as_str().unwrap().contains("s3cret"), "{error}");
    }
    assert!(hotel.requests().is_empty());
}

#[test]
fn an_editor_that_starts_behind_one_is_served_once_somebody_has_signed_in() {
    let (signed_in, real) = (Gate::new(), Legacy::new().into_parts().3);
    let server = {
        let signed_in = signed_in.clone();
        Server::start(move |request, reply: Reply| match signed_in.is_open() {
            true => real(request, reply),
            false => reply.send(200, "text/html", PAGE),
        })
    };
    for transport in ["http-first", "sse-only"] {
        let mut bridge = Bridge::to(&server).args(["--transport", transport]).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_error("0", &["a web page in place of an", "a network want"]);
        bridge.close_stdin();
        assert_eq!(bridge.outcome().code, 6);
    }
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["a web page"]);
    signed_in.open();
    bridge.send(initialize(1, "2025-06-18"));
    bridge.expect_result("1");
    bridge.send(call(2));
    bridge.expect_result("2");
}

#[test]
fn the_standing_stream_is_asked_for_again_behind_one() {
    let gets = Arc::new(AtomicUsize::new(0));
    let (streams, port) = (Mailbox::new(), unused_port());
    let server = Legacy::new()
        .on("GET", {
            let streams = streams.clone();
            move |_, reply| match gets.fetch_add(1, Ordering::SeqCst) {
                1 => reply.send(200, "text/html", PAGE),
                2 => reply.header("Location", format!("http://127.0.0.1:{port}/hotel")).status(302),
                _ => streams.put(reply.sse()),
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let first: support::Sse = streams.take();
    first.end();
    streams.take().message(note());
    bridge.expect_method("notifications/message");
}

#[test]
fn a_call_whose_stream_was_lost_is_resumed_behind_one() {
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("retry: 100\n\n");
            stream.event("call-1", note());
            stream.cut();
        })
        .on("GET", {
            let asked = AtomicUsize::new(0);
            move |request, reply| match request.header("last-event-id") {
                Some("call-1") if asked.fetch_add(1, Ordering::SeqCst) == 0 => reply.send(200, "text/html", PAGE),
                Some("call-1") => {
                    let mut stream = reply.sse();
                    stream.event("call-2", result(1, r#"{"resumed":true}"#));
                    stream.end();
                }
                _ => reply.status(405),
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    assert_eq!(json(&bridge.answer("1"))["result"]["resumed"], true);
    assert_eq!(server.count("tools/call"), 1, "resumed, not repeated");
}

#[test]
fn a_login_behind_one_does_not_take_the_page_for_a_server_without_a_sign_in() {
    let server = Server::start(|_, reply| reply.send(200, "text/html; charset=utf-8", PAGE));
    let told = Bridge::bare().args(["login", &server.url()]).told();
    told.expect(6, &["a web page in place of an MCP answer", "a network want"]);
    assert_eq!(told.stderr.trim().lines().count(), 1, "{told:?}");
}

fn note() -> String {
    notification_with("notifications/message", r#"{"level":"info","data":"here"}"#)
}

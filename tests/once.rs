//! Promise 4: nothing that may have had an effect is sent twice, and what certainly did not run is sent again.

mod support;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use support::{
    Bridge, CAPABILITIES, Framing, Legacy, Mailbox, Reply, Request, Server, call, request, request_with, result,
    welcome,
};

type Script = fn(&Request, Reply);

/// The ways a request can fail after which nobody knows whether it ran.
const IN_DOUBT: [(&str, Script); 11] = [
    ("closed without a byte", |_, reply| reply.hang_up()),
    ("reset without a byte", |_, reply| reply.reset()),
    ("500", |_, reply| reply.text(500, "oops")),
    ("502", |_, reply| reply.text(502, "bad gateway")),
    ("503 without Retry-After", |_, reply| reply.text(503, "busy")),
    ("504", |_, reply| reply.text(504, "gateway timeout")),
    ("522", |_, reply| reply.text(522, "connection timed out")),
    ("524", |_, reply| reply.text(524, "a timeout occurred")),
    ("408", |_, reply| reply.text(408, "request timeout")),
    ("an empty stream", |_, reply| reply.sse().end()),
    ("half a body", |_, reply| {
        let mut body = reply.stream(200, "application/json", Framing::Length(1000));
        body.raw("{");
        body.cut();
    }),
];

#[test]
fn a_call_that_may_have_run_is_sent_once() {
    for (how, script) in IN_DOUBT {
        let server = Legacy::new().on("tools/call", script).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        bridge.expect_error("1", &[]);
        bridge.send(request(2, "ping"));
        bridge.expect_result("2");
        assert_eq!(server.count("tools/call"), 1, "{how}");
        assert_eq!(server.count("initialize"), 1, "{how}");
    }
}

#[test]
fn an_error_of_the_way_says_that_the_call_may_have_run() {
    for (how, script) in IN_DOUBT {
        let server = Legacy::new().on("tools/call", script).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        let error = bridge.expect_error("1", &["may have run"]);
        if how.parse::<u16>().is_ok() {
            assert!(error.to_string().contains(how), "{error}");
        }
    }
}

#[test]
fn an_unknown_method_that_may_have_run_is_sent_once() {
    for (how, script) in IN_DOUBT {
        let server = Legacy::new().on("vendor/launch", script).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(request(1, "vendor/launch"));
        bridge.expect_error("1", &[]);
        assert_eq!(server.count("vendor/launch"), 1, "{how}");
    }
}

#[test]
fn a_list_that_failed_on_the_way_is_answered_with_a_result() {
    // Reading is safe to repeat: a dropped connection is the network's affair, not the editor's.
    for (method, params) in [
        ("tools/list", "{}"),
        ("prompts/list", "{}"),
        ("resources/list", "{}"),
        ("resources/templates/list", "{}"),
        ("resources/read", r#"{"uri":"x:y"}"#),
        ("ping", "{}"),
    ] {
        for first_time in [Reply::reset, |reply: Reply| reply.text(520, "unknown error")] {
            let first = AtomicUsize::new(0);
            let server = Legacy::new()
                .on(method, move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
                    0 => first_time(reply),
                    _ => reply.result(request, "{}"),
                })
                .start();
            let mut bridge = Bridge::ready(&server);
            bridge.send(request_with(1, method, params));
            bridge.expect_result("1");
            assert_eq!(server.count(method), 2);
        }
    }
}

#[test]
fn a_list_is_not_repeated_for_ever() {
    let server = Legacy::new().on("tools/list", |_, reply| reply.hang_up()).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request(1, "tools/list"));
    bridge.expect_error("1", &[]);
    assert!(server.count("tools/list") <= 5, "{} times", server.count("tools/list"));
}

#[test]
fn retry_after_is_waited_for() {
    for status in [429, 503] {
        let first = AtomicUsize::new(0);
        let server = Legacy::new()
            .on("tools/call", move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
                0 => reply.header("Retry-After", "1").text(status, "slow down"),
                _ => reply.result(request, "{}"),
            })
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        // Others go on meanwhile.
        server.wait(1, "tools/call");
        bridge.send(request(2, "tools/list"));
        bridge.expect_result("2");
        bridge.expect_result("1");
        let (refused, repeated) = (server.wait(1, "tools/call"), server.wait(2, "tools/call"));
        assert!(repeated.at - refused.at >= Duration::from_millis(950), "{:?}", repeated.at - refused.at);
        assert_eq!(refused.text(), repeated.text());
    }
}

#[test]
fn a_retry_after_beyond_a_minute_is_an_error_that_says_so() {
    let server =
        Legacy::new().on("tools/call", |_, reply| reply.header("Retry-After", "3600").text(429, "quota")).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["429", "3600"]);
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn a_retry_after_beyond_any_clock_is_an_error_that_says_so() {
    let first = AtomicUsize::new(0);
    let server = Legacy::new()
        .on("tools/call", move |_, reply| match first.fetch_add(1, Ordering::SeqCst) {
            // With a second that has passed, the sum is more than the clock can count.
            0 => reply.header("Retry-After", "1").text(429, "quota"),
            _ => reply.header("Retry-After", u64::MAX.to_string()).text(429, "quota"),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["429", &u64::MAX.to_string()]);
    assert_eq!(server.count("tools/call"), 2);
}

#[test]
fn a_retry_after_as_a_date_is_understood() {
    let first = AtomicUsize::new(0);
    let server = Legacy::new()
        .on("tools/call", move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
            0 => reply.header("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT").text(503, "deploying"),
            _ => reply.result(request, "{}"),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn a_server_that_says_retry_after_each_time_is_not_asked_for_ever() {
    let server = Legacy::new().on("tools/call", |_, reply| reply.header("Retry-After", "0").text(429, "never")).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["429"]);
    let calls = server.matching(|it| it.is("tools/call"));
    assert!(calls.len() <= 20, "{} times", calls.len());
    for pair in calls.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap > Duration::from_millis(100), "again after {gap:?}");
    }
}

#[test]
fn a_cancel_ends_the_waiting_for_retry_after() {
    let server =
        Legacy::new().on("tools/call", |_, reply| reply.header("Retry-After", "1").text(429, "slow down")).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    server.wait(1, "tools/call");
    bridge.send(support::cancel(1));
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
    assert!(
        server.wait_within(Duration::from_millis(1600), 2, |it| it.is("tools/call")).is_none(),
        "a cancelled call was sent again"
    );
}

/// The refusal may come before the cancel or after it, and the word of the cancel may take the server its time.
#[test]
fn a_call_whose_session_is_lost_is_not_sent_again_once_it_is_cancelled() {
    for refused_first in [true, false] {
        let (opening, refusing, cancelling) = (Mailbox::new(), Mailbox::new(), Mailbox::new());
        let first = AtomicUsize::new(0);
        let script = Legacy::new().on("initialize", {
            let opening = opening.clone();
            move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
                1 => opening.put((request.clone(), reply)),
                _ => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
            }
        });
        let sessions = script.sessions();
        sessions.refuse_with({
            let (refusing, cancelling) = (refusing.clone(), cancelling.clone());
            move |request, reply| match request.kind().as_str() {
                "tools/call" if !refused_first => refusing.put(reply),
                "notifications/cancelled" => cancelling.put(reply),
                _ => reply.text(404, "no such session"),
            }
        });
        let server = script.start();
        let mut bridge = Bridge::ready(&server);
        server.wait(1, "GET");
        sessions.lose();
        bridge.send(call(1));
        let refusal = if refused_first {
            server.wait(2, "initialize");
            None
        } else {
            Some(refusing.take())
        };
        bridge.send(support::cancel(1));
        if let Some(refusal) = refusal {
            let _cancel: Reply = cancelling.take();
            Reply::text(refusal, 404, "no such session");
        }
        bridge.send(request(2, "ping"));
        let (initialize, reply): (Request, Reply) = opening.take();
        reply.result(&initialize, &welcome("2025-06-18", CAPABILITIES));
        bridge.expect_result("2");
        assert!(
            server.wait_within(Duration::from_millis(500), 2, |it| it.is("tools/call")).is_none(),
            "a cancelled call was sent again (refused first: {refused_first})"
        );
    }
}

#[test]
fn a_call_that_nothing_connected_for_is_sent_when_it_can_be() {
    let port = support::unused_port();
    let mut server = Legacy::new().without_session().on_port(port).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request(1, "ping"));
    bridge.expect_result("1");
    server.stop();
    bridge.send(call(2));
    bridge.expect_error("2", &[]);
    assert_eq!(server.count("tools/call"), 0);
    let again = Legacy::new().without_session().on_port(port).start();
    bridge.send(call(3));
    bridge.expect_result("3");
    assert_eq!(again.count("tools/call"), 1);
}

#[test]
fn connections_that_the_server_closes_while_idle_cost_no_call() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            // Keep-alive was promised, and the connection is closed all the same.
            let answer = result(request.id(), "{}");
            let mut body = reply.stream(200, "application/json", Framing::Length(answer.len()));
            body.raw(&answer);
            body.cut();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=20 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        // Something else in between gives the end of the connection time to be noticed.
        bridge.send(request(1000 + id, "ping"));
        bridge.expect_result(&(1000 + id).to_string());
    }
    assert_eq!(server.count("tools/call"), 20);
}

#[test]
fn a_notification_is_sent_once() {
    let server = Legacy::new().on("notifications/custom", |_, reply| reply.hang_up()).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(support::notification("notifications/custom"));
    server.wait(1, "notifications/custom");
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.count("notifications/custom"), 1);
}

#[test]
fn an_answer_of_the_editor_is_sent_once() {
    let server = Legacy::new().listening().on("answer", |_, reply| reply.text(500, "oops")).start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(request(7, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(7, r#"{"roots":[]}"#));
    server.wait(1, "answer");
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.count("answer"), 1);
    bridge.expect_silence(Duration::from_millis(100));
}

/// The server waits for it, and knows by its id whether it has it already.
#[test]
fn an_answer_of_the_editor_is_sent_again_through_a_deployment() {
    let first = AtomicUsize::new(0);
    let server = Legacy::new()
        .listening()
        .on("answer", move |_, reply| match first.fetch_add(1, Ordering::SeqCst) {
            0 => reply.text(503, "deploying"),
            1 => reply.reset(),
            _ => reply.accepted(),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.message(request(7, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(7, r#"{"roots":[]}"#));
    let last = server.wait(3, "answer");
    assert_eq!(last.text(), server.wait(1, "answer").text());
}

#[test]
fn a_401_with_a_key_is_not_repeated() {
    let server = Server::start(|_, reply| reply.text(401, "bad key"));
    let mut bridge = Bridge::to(&server).args(["--header", "Authorization: Bearer k"]).spawn();
    bridge.send(support::initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["401", "authorization"]);
    assert_eq!(server.requests().len(), 1, "{}", server.transcript());
}

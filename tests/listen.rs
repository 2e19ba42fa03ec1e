//! The standing GET stream, and the resumption of every stream by its last event id.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use support::{
    Bridge, Gate, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, call, envelopes, initialize, json,
    notification, notification_with, request, request_with, result,
};

fn note(n: impl std::fmt::Display) -> String {
    notification_with("notifications/message", &format!(r#"{{"level":"info","data":{n}}}"#))
}

/// The numbers of the notes, in the order they arrive.
#[track_caller]
fn notes(bridge: &mut Bridge, count: usize) -> Vec<u64> {
    (0..count)
        .map(|_| json(&bridge.expect_method("notifications/message"))["params"]["data"].as_u64().unwrap())
        .collect()
}

fn resumes(id: &str) -> impl Fn(&Request) -> bool + '_ {
    move |request| request.is("GET") && request.header("last-event-id") == Some(id)
}

#[test]
fn the_stream_is_opened_after_initialized_was_accepted() {
    let held = Mailbox::new();
    let server = Legacy::new().listening().hold("notifications/initialized", &held).start();
    let mut bridge = Bridge::ready(&server);
    let (_, reply) = held.take();
    bridge.send(request(1, "tools/list"));
    assert!(server.wait_within(Duration::from_millis(300), 1, |it| it.is("GET")).is_none());
    reply.accepted();
    let _stream = server.stream();
    bridge.expect_result("1");
    let kinds: Vec<_> = server.requests().iter().map(Request::kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "GET").count(), 1, "no stray streams: {kinds:?}");
}

#[test]
fn what_can_make_a_server_ask_waits_until_the_stream_is_answered() {
    for (method, params) in
        [("tools/call", r#"{"name":"x"}"#), ("prompts/get", r#"{"name":"x"}"#), ("resources/read", r#"{"uri":"x:y"}"#)]
    {
        let held = Mailbox::new();
        let server = Legacy::new().hold("GET", &held).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(request_with(1, method, params));
        let (_, reply) = held.take();
        // Lists, pings and notifications overtake it.
        bridge.send(request(2, "tools/list"));
        bridge.send(request(3, "ping"));
        bridge.expect_result("2");
        bridge.expect_result("3");
        let answered = Instant::now();
        let _stream = reply.sse();
        bridge.expect_result("1");
        let asked = server.wait(1, method);
        // A loaded machine may have used the 300 ms up before; then there is nothing to see here.
        let get = server.wait(1, "GET");
        if answered - get.at < Duration::from_millis(200) {
            assert!(asked.at >= answered, "{method} went out before the GET was answered");
        }
    }
}

#[test]
fn a_stream_that_is_never_answered_holds_a_call_for_300_ms_at_most() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("GET", &held).start();
    let mut bridge = Bridge::ready(&server);
    let sent = Instant::now();
    bridge.send(call(1));
    bridge.send(request(2, "tools/list"));
    let (get, reply) = held.take();
    bridge.expect_result("1");
    bridge.expect_result("2");
    let (asked, listed) = (server.wait(1, "tools/call"), server.wait(1, "tools/list"));
    assert!(asked.at - get.at > Duration::from_millis(150), "it did not wait: {:?}", asked.at - get.at);
    assert!(asked.at - sent < Duration::from_secs(4), "it waited {:?}", asked.at - sent);
    assert!(listed.at < asked.at, "a list never waits");
    drop(reply);
}

#[test]
fn a_refused_stream_means_that_there_is_none() {
    for status in [405, 404, 400] {
        let server = Legacy::new().on("GET", move |_, reply| reply.status(status)).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        bridge.expect_result("1");
        server.wait(1, "GET");
        assert!(
            server.wait_within(Duration::from_millis(1500), 2, |it| it.is("GET")).is_none(),
            "{status} is asked again"
        );
        assert_eq!(server.count("initialize"), 1, "{status} is no lost session");
        assert!(bridge.stderr().is_empty(), "nothing to tell a person: {}", bridge.stderr());
    }
}

#[test]
fn a_stream_that_is_something_else_harms_nothing() {
    let server = Legacy::new()
        .on("GET", |_, reply| reply.send(200, "text/html", "<html><body>Welcome to our API</body></html>"))
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.expect_silence(Duration::from_millis(300));
}

#[test]
fn everything_a_server_says_on_its_own_reaches_the_editor_in_order() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    let methods = [
        "notifications/progress",
        "notifications/message",
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/elicitation/complete",
        "notifications/tasks/status",
        "notifications/of/the/vendor",
    ];
    for method in methods {
        stream.message(notification_with(method, r#"{"n":1.0}"#));
    }
    for method in methods {
        assert_eq!(bridge.recv(), notification_with(method, r#"{"n":1.0}"#));
    }
}

#[test]
fn questions_on_the_stream_are_answered_by_post() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    for (id, method) in
        [("1", "roots/list"), (r#""s""#, "sampling/createMessage"), ("2.50", "elicitation/create"), ("0", "ping")]
    {
        stream.message(request(id, method));
        // A ping may be answered here or by the editor; the server gets one answer either way.
        if method != "ping" {
            bridge.expect_method(method);
            bridge.send(result(id, r#"{"from":"the editor"}"#));
        } else if let Some(line) = bridge.recv_within(Duration::from_millis(500)) {
            assert_eq!(envelopes(&line)[0].id(), Some("0"));
            bridge.send(result(id, "{}"));
        }
        let posted = server.wait_for(1, "answer", |it| it.is("answer") && it.id() == id);
        assert!(posted.json()["result"].is_object());
    }
}

#[test]
fn a_stream_that_ends_is_opened_again_however_it_ended() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    for ending in 0..3 {
        let mut stream = server.stream();
        stream.raw("retry: 100\n\n");
        stream.message(note(ending));
        assert_eq!(notes(&mut bridge, 1), [ending]);
        match ending {
            0 => stream.end(),
            1 => stream.cut(),
            _ => stream.reset(),
        }
    }
    server.stream().message(note(9));
    assert_eq!(notes(&mut bridge, 1), [9]);
}

#[test]
fn a_stream_is_opened_again_through_a_deployment() {
    let gets = Arc::new(AtomicUsize::new(0));
    let streams = Mailbox::new();
    let server = Legacy::new()
        .on("GET", {
            let streams = streams.clone();
            move |_, reply| match gets.fetch_add(1, Ordering::SeqCst) {
                1 => reply.text(502, "bad gateway"),
                2 => reply.text(503, "deploying"),
                3 => reply.hang_up(),
                _ => streams.put(reply.sse()),
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut first: support::Sse = streams.take();
    first.raw("retry: 100\n\n");
    first.end();
    streams.take().message(note(1));
    assert_eq!(notes(&mut bridge, 1), [1]);
}

#[test]
fn a_stream_that_dies_at_once_each_time_is_not_hammered() {
    let server = Legacy::new().on("GET", |_, reply| reply.sse().end()).start();
    let mut bridge = Bridge::ready(&server);
    server.wait(1, "GET");
    let third = server.wait_within(Duration::from_secs(3), 9, |it| it.is("GET"));
    assert!(third.is_none(), "nine in three seconds");
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn a_retry_time_that_the_server_names_is_kept() {
    let ended = Mailbox::new();
    let server = Legacy::new()
        .on("GET", {
            let ended = ended.clone();
            move |_, reply| {
                let mut stream = reply.sse();
                stream.raw("retry: 700\nid: e1\ndata: \n\n");
                stream.end();
                ended.put(Instant::now());
            }
        })
        .start();
    let _bridge = Bridge::ready(&server);
    let mut last: Option<Instant> = None;
    for n in 1..=4 {
        let get = server.wait(n, "GET");
        if let Some(end) = last {
            let gap = get.at - end;
            assert!(gap > Duration::from_millis(650), "reconnected after {gap:?}");
            assert!(gap < Duration::from_millis(1900), "reconnected after {gap:?}: no backoff on top, no jitter");
        }
        last = Some(ended.take());
    }
}

#[test]
fn a_call_whose_rest_is_a_day_away_is_an_error_that_says_so() {
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("id: e1\nretry: 86400000\ndata: \n\n");
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["86400 s", "may have run"]);
    assert!(server.matching(resumes("e1")).is_empty(), "the pause that the server named is kept");
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn a_server_that_does_not_take_the_error_for_its_question_is_not_waited_for() {
    let held = Mailbox::new();
    let server = Legacy::new().listening().hold("answer", &held).start();
    let mut bridge = Bridge::to(&server).args(["--max-message-size", "1K"]).ready();
    let mut stream = server.stream();
    stream.message(request_with(7, "sampling/createMessage", &format!(r#"{{"text":"{}"}}"#, "x".repeat(4096))));
    let (_, reply) = held.take();
    assert!(reply.raw(b"").wait_closed(PATIENCE), "its connection stays for ever");
    bridge.send(request(1, "ping"));
    bridge.expect_result("1");
}

#[test]
fn a_retry_time_of_nothing_is_100_ms() {
    let server = Legacy::new()
        .on("GET", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("retry: 0\n\n");
            stream.end();
        })
        .start();
    let _bridge = Bridge::ready(&server);
    let first = server.wait(1, "GET");
    let tenth = server.wait(11, "GET");
    assert!(tenth.at - first.at > Duration::from_millis(900), "ten reconnections in {:?}", tenth.at - first.at);
}

#[test]
fn a_nonsense_retry_time_is_ignored() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.raw("retry: soon\n\nretry: -5\n\nretry: 99999999999999999999999\n\nretry:\n\n");
    stream.message(note(1));
    assert_eq!(notes(&mut bridge, 1), [1]);
    stream.end();
    server.stream().message(note(2));
    assert_eq!(notes(&mut bridge, 1), [2]);
}

#[test]
fn a_reopened_stream_names_the_last_event_it_saw() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    assert_eq!(server.wait(1, "GET").header("last-event-id"), None);
    stream.raw("retry: 100\n\n");
    stream.event("ev-1", note(1));
    stream.event("ev 2/ż", note(2));
    assert_eq!(notes(&mut bridge, 2), [1, 2]);
    stream.end();
    let mut again = server.stream();
    let header = server.wait(2, "GET").header("last-event-id").map(str::to_owned);
    assert!(header.is_some(), "no Last-Event-ID");
    again.event("ev-3", note(3));
    assert_eq!(notes(&mut bridge, 1), [3]);
    again.reset();
    server.wait_for(1, "GET after ev-3", resumes("ev-3"));
}

#[test]
fn an_event_that_is_replayed_is_not_delivered_twice() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    stream.raw("retry: 100\n\n");
    for n in 1..=3 {
        stream.event(&format!("ev-{n}"), note(n));
    }
    assert_eq!(notes(&mut bridge, 3), [1, 2, 3]);
    stream.end();
    // A server that replays generously: what came before the last event id, and that event itself.
    let mut again = server.stream();
    for n in 2..=5 {
        again.event(&format!("ev-{n}"), note(n));
    }
    assert_eq!(notes(&mut bridge, 2), [4, 5]);
}

#[test]
fn a_call_whose_stream_is_lost_is_resumed_from_its_last_event() {
    for ending in ["end", "cut", "reset"] {
        let server = Legacy::new()
            .on("tools/call", move |_, reply| {
                let mut stream = reply.sse();
                stream.raw("retry: 100\n\n");
                stream.priming("call-0");
                stream.event("call-1", note(1));
                match ending {
                    "end" => stream.end(),
                    "cut" => stream.cut(),
                    _ => stream.reset(),
                }
            })
            .on("GET", |request, reply| match request.header("last-event-id") {
                // Resetting a socket may throw away what was not read yet.
                Some("call-0" | "call-1") => {
                    let mut stream = reply.sse();
                    stream.event("call-2", note(2));
                    stream.event("call-3", result(1, r#"{"resumed":true}"#));
                    stream.end();
                }
                _ => reply.status(405),
            })
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        if ending == "reset" && server.matching(|it| it.is("tools/call")).is_empty() {
            server.wait(1, "tools/call");
        }
        let answer = bridge.answer("1");
        // A reset that overtook the first event leaves nothing to resume from; then an error is right.
        if ending != "reset" || !server.matching(|it| it.is("GET") && it.header("last-event-id").is_some()).is_empty() {
            assert_eq!(answer, result(1, r#"{"resumed":true}"#), "after {ending}");
        }
        assert_eq!(server.count("tools/call"), 1, "resumed, not repeated");
    }
}

#[test]
fn each_stream_is_resumed_from_its_own_last_event() {
    let held = Mailbox::new();
    let server = Legacy::new()
        .hold("tools/call", &held)
        .on("GET", |request, reply| {
            let answer = |id: &str| result(id, &format!(r#"{{"of":{id}}}"#));
            match request.header("last-event-id") {
                None => {
                    let mut stream = reply.sse();
                    stream.event("get-1", note(1));
                    // Kept open by the bridge's patience, not by us.
                    std::mem::forget(stream);
                }
                Some("one-5") => reply.sse_with(answer("1")),
                Some("two-5") => reply.sse_with(answer("2")),
                Some("three-5") => reply.sse_with(answer("3")),
                Some(other) => panic!("resumed from {other}"),
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    assert_eq!(notes(&mut bridge, 1), [1]);
    let mut streams = Vec::new();
    for (id, name) in [(1, "one"), (2, "two"), (3, "three")] {
        bridge.send(call(id));
        let (_, reply) = held.take();
        streams.push((name, reply.sse()));
    }
    for (name, stream) in &mut streams {
        stream.raw("retry: 100\n\n");
        stream.event(&format!("{name}-5"), note(2));
    }
    notes(&mut bridge, 3);
    for (_, stream) in streams.into_iter().rev() {
        stream.end();
    }
    for id in 1..=3 {
        assert_eq!(bridge.expect_result(&id.to_string())["of"], id);
    }
    assert_eq!(server.count("tools/call"), 3);
}

#[test]
fn a_stream_that_the_server_closes_to_be_polled_is_polled() {
    // 2025-11-25: an event id, `retry`, and a close; then again until there is an answer.
    let polls = Arc::new(AtomicUsize::new(0));
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("id: p-0\nretry: 300\ndata: \n\n");
            stream.end();
        })
        .on("GET", {
            let polls = polls.clone();
            move |request, reply| {
                let Some(last) = request.header("last-event-id") else { return reply.status(405) };
                let n = polls.fetch_add(1, Ordering::SeqCst);
                assert_eq!(last, format!("p-{n}"));
                let mut stream = reply.sse();
                if n < 3 {
                    stream.raw(format!("id: p-{}\ndata: \n\n", n + 1));
                } else {
                    stream.event("p-9", result(1, r#"{"polled":true}"#));
                }
                stream.end();
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).ready_as("2025-11-25");
    bridge.send(call(1));
    assert_eq!(bridge.expect_result("1")["polled"], true);
    let gets = server.matching(|it| it.is("GET") && it.header("last-event-id").is_some());
    assert_eq!(gets.len(), 4);
    for pair in gets.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap > Duration::from_millis(270), "the server's retry holds for the next rounds too: {gap:?}");
    }
}

#[test]
fn a_call_that_cannot_be_resumed_is_an_error() {
    for status in [405, 404, 400, 501] {
        let server = Legacy::new()
            .on("tools/call", |_, reply| {
                let mut stream = reply.sse();
                stream.raw("retry: 100\n\n");
                stream.event("x-1", note(1));
                stream.end();
            })
            .on("GET", move |_, reply| reply.status(status))
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        bridge.expect_error("1", &[]);
        assert_eq!(server.count("tools/call"), 1, "{status}");
    }
}

#[test]
fn a_resumption_that_meets_a_502_tries_again() {
    let gets = AtomicUsize::new(0);
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("retry: 100\n\n");
            stream.event("x-1", note(1));
            stream.end();
        })
        .on("GET", move |request, reply| match request.header("last-event-id") {
            None => reply.status(405),
            Some(_) if gets.fetch_add(1, Ordering::SeqCst) < 2 => reply.text(502, "bad gateway"),
            Some(_) => reply.sse_with(result(1, "{}")),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
}

/// The standing stream, and the rest of one that was cut.
#[test]
fn a_stream_that_is_put_off_is_asked_for_when_the_server_says() {
    let gets = Arc::new(AtomicUsize::new(0));
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.event("x-1", note(1));
            stream.end();
        })
        .on("GET", move |request, reply| match (request.header("last-event-id"), gets.fetch_add(1, Ordering::SeqCst)) {
            (None, 0) | (Some(_), 2) => reply.header("Retry-After", "2").text(429, "slow down"),
            (None, _) => std::mem::forget(reply.sse()),
            (Some(_), _) => reply.sse_with(result(1, "{}")),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let gap = server.wait(2, "GET").at - server.wait(1, "GET").at;
    assert!(gap > Duration::from_millis(1950), "the standing stream after {gap:?}");
    bridge.send(call(1));
    bridge.expect_result("1");
    let gap = server.wait(4, "GET").at - server.wait(3, "GET").at;
    assert!(gap > Duration::from_millis(1950), "the rest after {gap:?}");
}

#[test]
fn a_replayed_answer_is_delivered_once() {
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("retry: 100\n\n");
            stream.event("x-1", note(1));
            stream.event("x-2", result(1, "{}"));
            stream.cut();
        })
        .on("GET", |request, reply| match request.header("last-event-id") {
            None => reply.status(405),
            Some(_) => reply.sse_with(result(1, "{}")),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    assert_eq!(notes(&mut bridge, 1), [1]);
    bridge.expect_result("1");
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
    bridge.expect_silence(Duration::from_millis(400));
}

#[test]
fn a_question_on_a_resumed_stream_is_asked_once_and_answered() {
    let answered = Gate::new();
    let server = Legacy::new()
        .on("answer", {
            let answered = answered.clone();
            move |_, reply| {
                reply.accepted();
                answered.open();
            }
        })
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            stream.raw("retry: 100\n\n");
            stream.event("x-1", request(50, "elicitation/create"));
            stream.end();
        })
        .on("GET", move |get, reply| match get.header("last-event-id") {
            None => reply.status(405),
            Some(_) => {
                let mut stream = reply.sse();
                stream.event("x-1", request(50, "elicitation/create"));
                answered.wait();
                stream.event("x-2", result(1, "{}"));
                stream.end();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_method("elicitation/create");
    bridge.send(result(50, r#"{"action":"accept"}"#));
    bridge.expect_result("1");
    assert_eq!(server.count("answer"), 1);
    bridge.expect_silence(Duration::from_millis(300));
}

#[test]
fn a_cancelled_call_is_not_resumed() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (_, reply) = held.take();
    let mut stream = reply.sse();
    stream.raw("retry: 100\n\n");
    stream.event("x-1", note(1));
    notes(&mut bridge, 1);
    bridge.send(support::cancel(1));
    server.wait(1, "notifications/cancelled");
    assert!(stream.wait_closed(PATIENCE));
    drop(stream);
    assert!(server.wait_within(Duration::from_millis(500), 1, resumes("x-1")).is_none());
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
}

#[test]
fn an_answer_that_comes_on_the_standing_stream_is_an_answer() {
    let held: Mailbox<(Request, Reply)> = Mailbox::new();
    let server = Legacy::new().listening().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    let mut standing = server.stream();
    bridge.send(call(1));
    let (_, reply) = held.take();
    let _open = reply.sse();
    standing.message(result(1, r#"{"elsewhere":true}"#));
    assert_eq!(bridge.expect_result("1")["elsewhere"], true);
}

#[test]
fn no_stream_is_opened_before_the_handshake_is_through() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    assert!(server.wait_within(Duration::from_millis(400), 1, |it| it.is("GET")).is_none());
    bridge.send(INITIALIZED);
    server.stream().message(notification("notifications/custom"));
    bridge.expect_method("notifications/custom");
}

#[test]
#[cfg(target_os = "linux")]
fn a_quiet_connection_is_watched_by_the_operating_system() {
    // A peer that vanished without a word is found by TCP keep-alive; a quiet stream that lives is left alone.
    let server = Legacy::new().listening().start();
    let _bridge = Bridge::ready(&server);
    let _stream = server.stream();
    let port = format!(":{:04X}", server.port);
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let timers: Vec<&str> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // The bridge's ends: the remote address is the server, the state is ESTABLISHED.
        .filter(|fields| fields.len() > 5 && fields[2].ends_with(&port) && fields[3] == "01")
        .map(|fields| fields[5])
        .collect();
    assert!(!timers.is_empty());
    assert!(timers.iter().all(|timer| timer.starts_with("02:")), "no keep-alive timer: {timers:?}");
}

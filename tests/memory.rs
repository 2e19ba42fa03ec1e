//! Promise 5: memory is bounded in both directions, and a slow side slows the other instead of filling the middle.
#![cfg(target_os = "linux")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use support::{
    Bridge, Framing, Gate, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, Server, call, initialize, json,
    notification_with, request, request_with, result,
};

const MB: usize = 1 << 20;
/// What the bridge may hold while one side is slow, however long that lasts: below 40 MB with the 5 MB of the program,
/// and 1 MB more in a debug build, whose tasks are larger.
const SLOW_LIMIT: usize = 36 * MB;
/// What the bridge may hold when a message of 16 MB has passed.
const GIVEN_BACK: usize = 12 * MB;
/// The message of the large cases, in MB; the peak may be 20 MB + 2.5 times it.
const LARGE: usize = 50;
const LARGE_LIMIT: usize = 20 * MB + LARGE * MB * 5 / 2;

/// Connections for answers to questions, of the editor's and of ours, and as many for all else.
const MOST_DESCRIPTORS: usize = 400;
/// What a server asks that asks without end.
const QUESTIONS: usize = 20_000;

#[track_caller]
fn peak_is_below(bridge: &Bridge, limit: usize) {
    assert!(bridge.peak() <= limit, "the peak is {} MB, {} MB are allowed", bridge.peak() / MB, limit / MB);
}

/// Watches for as long as a counter moves, and two seconds more: the point where a slow side has stopped the fast one.
/// It is no time that tells whether there is such a point, because a loaded machine takes long to come to it, but how
/// far the counter may go.
#[track_caller]
fn until_it_stands_still(bridge: &Bridge, most_counted: usize, counter: impl Fn() -> usize) {
    let begun = Instant::now();
    let (mut last, mut since) = (counter(), Instant::now());
    let mut most = 0;
    while since.elapsed() < Duration::from_secs(2) {
        thread::sleep(Duration::from_millis(20));
        most = most.max(bridge.resident());
        // The whole figure tells more than the moment it went over; but a machine must not be filled for it.
        assert!(most < 10 * SLOW_LIMIT, "{} MB resident after {:?}, and rising", most / MB, begun.elapsed());
        assert!(last <= most_counted, "nothing slows the fast side: {last} so far");
        if counter() != last {
            (last, since) = (counter(), Instant::now());
        }
    }
    assert!(most < SLOW_LIMIT, "{} MB resident while one side is slow, {} MB are allowed", most / MB, SLOW_LIMIT / MB);
}

#[test]
fn fifty_megabytes_from_the_editor_pass_within_the_limit() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| reply.result(request, &format!(r#"{{"size":{}}}"#, request.body.len())))
        .start();
    let mut bridge = Bridge::ready(&server);
    let line = request_with(
        1,
        "tools/call",
        &format!(r#"{{"name":"echo","arguments":{{"text":"{}"}}}}"#, "x".repeat(LARGE * MB)),
    );
    bridge.send(&line);
    // Others are answered meanwhile.
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
    assert_eq!(bridge.expect_result("1")["size"], line.len());
    assert!(*server.wait(1, "tools/call").body == line.into_bytes(), "byte for byte");
    peak_is_below(&bridge, LARGE_LIMIT);
}

#[test]
fn fifty_megabytes_from_the_server_pass_within_the_limit() {
    let text = Arc::new(format!(r#"{{"text":"{}"}}"#, "x".repeat(LARGE * MB)));
    for (how, framing) in
        [("json", Framing::Length(0)), ("json in chunks", Framing::Chunked), ("a stream", Framing::UntilClose)]
    {
        let text = text.clone();
        let server = Legacy::new()
            .on("tools/call", move |request, reply| {
                let answer = result(request.id(), &text);
                match framing {
                    Framing::Length(_) => reply.json(answer),
                    Framing::Chunked => {
                        let mut body = reply.stream(200, "application/json", Framing::Chunked);
                        for piece in answer.as_bytes().chunks(100_000) {
                            body.raw(piece);
                        }
                        body.end();
                    }
                    Framing::UntilClose => reply.sse_with(answer),
                }
            })
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        bridge.send(request(2, "ping"));
        bridge.expect_result("2");
        assert_eq!(bridge.answer("1").len(), result(1, "").len() + r#"{"text":""}"#.len() + LARGE * MB, "{how}");
        peak_is_below(&bridge, LARGE_LIMIT);
    }
}

#[test]
fn a_message_above_the_default_limit_is_refused_without_being_kept() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "2" => reply.result(request, &format!(r#"{{"text":"{}"}}"#, "y".repeat(70 * MB))),
            "3" => reply.sse_with(result(request.id(), &format!(r#"{{"text":"{}"}}"#, "y".repeat(70 * MB)))),
            _ => reply.result(request, "{}"),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request_with(
        1,
        "tools/call",
        &format!(r#"{{"name":"echo","arguments":{{"text":"{}"}}}}"#, "x".repeat(70 * MB)),
    ));
    bridge.expect_error("1", &["max-message-size"]);
    assert_eq!(server.count("tools/call"), 0);
    for id in ["2", "3"] {
        bridge.send(call(id));
        bridge.expect_error(id, &["max-message-size"]);
    }
    // 64 MiB are kept before it is known to be too much, and their buffer has grown by doubling.
    peak_is_below(&bridge, 20 * MB + 70 * MB * 5 / 2);
    bridge.send(call(4));
    bridge.expect_result("4");
}

#[test]
fn large_messages_one_after_another_do_not_add_up() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.body.len() {
            // A short call gets a long answer, a long call a short one.
            0..1000 => reply.result(request, &format!(r#"{{"text":"{}"}}"#, "y".repeat(20 * MB))),
            _ => reply.result(request, "{}"),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let text = "x".repeat(20 * MB);
    for id in 1..=4 {
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#)));
        bridge.answer(&id.to_string());
    }
    for id in 5..=8 {
        bridge.send(call(id));
        bridge.answer(&id.to_string());
    }
    peak_is_below(&bridge, 20 * MB + 20 * MB * 5 / 2);
}

#[test]
fn the_memory_of_a_large_message_is_given_back() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            let answer = |size: usize| result(request.id(), &format!(r#"{{"text":"{}"}}"#, "y".repeat(size)));
            let number: usize = request.id().parse().unwrap();
            // No two are of one size, so none fits exactly where another was.
            let size = 16 * MB + number * 100_000;
            match number % 4 {
                0 => reply.json(answer(0)),
                1 => reply.json(answer(size)),
                2 => reply.sse_with(answer(size)),
                _ => {
                    let mut body = reply.stream(200, "application/json", Framing::Chunked);
                    for piece in answer(size).as_bytes().chunks(100_000) {
                        body.raw(piece);
                    }
                    body.end();
                }
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let before = bridge.peak();
    for id in 1..=8 {
        let text = if id % 4 == 0 { "x".repeat(16 * MB) } else { String::new() };
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"name":"echo","text":"{text}"}}"#)));
        bridge.answer(&id.to_string());
        // It is with the editor a moment before the bridge has done with it.
        let begun = Instant::now();
        while bridge.resident() > GIVEN_BACK {
            assert!(begun.elapsed() < PATIENCE, "{} MB are resident after message {id}", bridge.resident() / MB);
            thread::sleep(Duration::from_millis(5));
        }
    }
    // One of them, and no second one beside it.
    peak_is_below(&bridge, before + 26 * MB);
}

#[test]
fn others_are_answered_while_a_large_message_is_stuck() {
    let reading = Gate::new();
    let server = Legacy::new()
        .before_body({
            let reading = reading.clone();
            move |request| {
                if request.header("content-length").is_some_and(|length| length.len() >= 8) {
                    stays_closed(&reading);
                }
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(request_with(1, "tools/call", &format!(r#"{{"name":"echo","text":"{}"}}"#, "x".repeat(LARGE * MB))));
    for id in 2..=20 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
    }
    reading.open();
    bridge.expect_result("1");
    peak_is_below(&bridge, LARGE_LIMIT);
}

#[test]
fn an_endless_stream_is_relayed_in_constant_memory() {
    let stop = Arc::new(AtomicBool::new(false));
    let server = Legacy::new()
        .on("tools/call", {
            let stop = stop.clone();
            move |request, reply| {
                let mut stream = reply.sse();
                let mut batch = String::new();
                for n in 0..100 {
                    batch.push_str(&format!(
                        "event: message\ndata: {}\n\n",
                        notification_with("notifications/message", &format!(r#"{{"level":"info","data":{n}}}"#))
                    ));
                }
                while !stop.load(Ordering::SeqCst) && stream.raw(&batch) {}
                stream.message(result(request.id(), "{}"));
                stream.end();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    for n in 0..200_000 {
        let line = bridge.recv();
        if n % 1000 == 0 {
            assert_eq!(json(&line)["params"]["data"], n % 100);
            assert!(bridge.resident() < SLOW_LIMIT, "{} MB after {n} messages", bridge.resident() / MB);
        }
    }
    stop.store(true, Ordering::SeqCst);
    bridge.expect_result("1");
    peak_is_below(&bridge, SLOW_LIMIT);
}

/// Notes of this size, until the stream ends; the counter says how many were written.
fn flood(size: usize) -> (Server, Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (written, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let server = Legacy::new()
        .on("tools/call", {
            let (written, stop) = (written.clone(), stop.clone());
            move |request, reply| {
                let mut stream = reply.sse();
                let text = "x".repeat(size);
                while !stop.load(Ordering::SeqCst) {
                    let n = written.load(Ordering::SeqCst);
                    if !stream
                        .message(notification_with("notifications/message", &format!(r#"{{"n":{n},"data":"{text}"}}"#)))
                    {
                        return;
                    }
                    written.fetch_add(1, Ordering::SeqCst);
                }
                stream.message(result(request.id(), "{}"));
                stream.end();
            }
        })
        .start();
    (server, written, stop)
}

fn an_editor_that_stops_reading_slows_the_server(size: usize) {
    let (server, written, stop) = flood(size);
    let mut bridge = Bridge::ready(&server);
    bridge.stop_reading();
    bridge.send(call(1));
    until_it_stands_still(&bridge, 60 * MB / size, || written.load(Ordering::SeqCst));
    // Nothing was lost, and nothing is out of order.
    stop.store(true, Ordering::SeqCst);
    bridge.start_reading();
    bridge.expect_result("1");
    let sent = written.load(Ordering::SeqCst);
    for n in 0..sent {
        let line = bridge.expect_method("notifications/message");
        assert!(line.contains(&format!(r#""n":{n},"#)), "{n} is missing");
    }
    assert!(bridge.resident() < SLOW_LIMIT);
}

#[test]
fn an_editor_that_stops_reading_small_messages_slows_the_server() {
    an_editor_that_stops_reading_slows_the_server(10);
}

#[test]
fn an_editor_that_stops_reading_large_messages_slows_the_server() {
    an_editor_that_stops_reading_slows_the_server(64 * 1024);
}

#[test]
fn an_editor_that_stops_reading_many_answers_stays_within_the_limit() {
    // Not one stream but many: each answer comes on a connection of its own.
    let server = Legacy::new()
        .on("tools/call", |request, reply| reply.result(request, &format!(r#"{{"text":"{}"}}"#, "y".repeat(64 * 1024))))
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.stop_reading();
    for id in 1..=3000 {
        bridge.send(call(id));
    }
    until_it_stands_still(&bridge, 3000, || server.count("tools/call"));
    bridge.start_reading();
    for id in 1..=3000 {
        bridge.answer(&id.to_string());
    }
}

/// Waits for as long as the test does: how long that is depends on the machine, and a test that fails ends the process.
fn stays_closed(gate: &Gate) {
    while !gate.wait_for(PATIENCE) {}
}

fn a_server_that_stops_reading_slows_the_editor(size: usize, count: usize) {
    let reading = Gate::new();
    let server = Legacy::new()
        .before_body({
            let reading = reading.clone();
            move |request| {
                // The handshake is let through.
                if request.header("mcp-session-id").is_some() && request.method == "POST" && is_slow(request) {
                    stays_closed(&reading);
                }
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let text = "x".repeat(size);
    for id in 1..=count {
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#)));
    }
    until_it_stands_still(&bridge, usize::MAX, || bridge.written());
    reading.open();
    for id in 1..=count {
        bridge.expect_result(&id.to_string());
    }
    assert_eq!(server.count("tools/call"), count);
    assert!(bridge.resident() < SLOW_LIMIT, "{} MB at the end", bridge.resident() / MB);
}

/// `notifications/initialized` is the only other POST of these tests, and it is short.
fn is_slow(request: &Request) -> bool {
    request
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok())
        .is_none_or(|length| length > INITIALIZED.len())
}

#[test]
fn a_server_that_stops_reading_small_messages_slows_the_editor() {
    a_server_that_stops_reading_slows_the_editor(20, 5000);
}

#[test]
fn a_server_that_stops_reading_large_messages_slows_the_editor() {
    a_server_that_stops_reading_slows_the_editor(64 * 1024, 1500);
}

#[test]
fn notifications_to_a_server_that_stops_reading_slow_the_editor_and_keep_their_order() {
    let reading = Gate::new();
    let server = Legacy::new()
        .on("notifications/custom", {
            let reading = reading.clone();
            move |_, reply| {
                stays_closed(&reading);
                reply.accepted();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let text = "x".repeat(10_000);
    for n in 0..3000 {
        bridge.send(notification_with("notifications/custom", &format!(r#"{{"n":{n},"text":"{text}"}}"#)));
    }
    until_it_stands_still(&bridge, 30 * MB, || bridge.written());
    reading.open();
    for n in (100..=3000).step_by(100) {
        server.wait(n, "notifications/custom");
    }
    let order: Vec<_> = server
        .matching(|it| it.is("notifications/custom"))
        .iter()
        .map(|it| it.json()["params"]["n"].as_u64().unwrap())
        .collect();
    let wrong = order.windows(2).find(|pair| pair[0] > pair[1]);
    assert!(wrong.is_none(), "out of order: {wrong:?}");
}

#[test]
fn an_editor_that_stops_reading_while_its_own_answer_is_awaited_gets_it_through() {
    let (written, answered) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let server = Legacy::new()
        .listening()
        .on("answer", {
            let answered = answered.clone();
            move |_, reply| {
                reply.accepted();
                answered.open();
            }
        })
        .on("tools/call", {
            let (written, answered) = (written.clone(), answered.clone());
            move |request, reply| {
                let mut stream = reply.sse();
                let text = "x".repeat(1000);
                while !answered.is_open()
                    && stream.message(notification_with("notifications/message", &format!(r#"{{"data":"{text}"}}"#)))
                {
                    written.fetch_add(1, Ordering::SeqCst);
                }
                stream.message(result(request.id(), "{}"));
                stream.end();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut standing = server.stream();
    standing.message(request(77, "sampling/createMessage"));
    bridge.expect_method("sampling/createMessage");
    // The editor thinks, and does not read; the server writes until it cannot.
    bridge.stop_reading();
    bridge.send(call(1));
    until_it_stands_still(&bridge, 60 * MB / 1000, || written.load(Ordering::SeqCst));
    bridge.send(result(77, r#"{"thought":"through"}"#));
    assert!(answered.wait_for(PATIENCE), "the answer is stuck behind the stdout that nobody reads");
    bridge.start_reading();
    bridge.expect_result("1");
}

#[test]
fn a_cancel_gets_through_to_a_server_that_reads_nothing_else() {
    let held: Mailbox<(Request, Reply)> = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    let text = "x".repeat(64 * 1024);
    for id in 1..=800 {
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"text":"{text}"}}"#)));
    }
    until_it_stands_still(&bridge, usize::MAX, || bridge.written());
    // Only what the bridge has read it can act on; the first is surely among that, the cancel may not be.
    if bridge.written() >= 800 * 64 * 1024 {
        bridge.send(support::cancel(1));
        let cancelled = server.wait(1, "notifications/cancelled");
        assert_eq!(cancelled.json()["params"]["requestId"], 1);
    }
    bridge.send(request(9999, "ping"));
    assert!(bridge.resident() < SLOW_LIMIT);
}

#[test]
fn answers_get_through_while_the_budget_is_used_up_by_calls_that_wait_for_them() {
    // Every call waits for one answer of the editor, which stands behind more calls than the bridge will hold.
    let (answered, waiting) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let server = Legacy::new()
        .listening()
        .on("answer", {
            let answered = answered.clone();
            move |_, reply| {
                reply.accepted();
                answered.open();
            }
        })
        .on("tools/call", {
            let answered = answered.clone();
            move |request, reply| {
                waiting.fetch_add(1, Ordering::SeqCst);
                answered.wait();
                reply.result(request, "{}");
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut standing = server.stream();
    standing.message(request(r#""q""#, "elicitation/create"));
    bridge.expect_method("elicitation/create");
    let text = "x".repeat(64 * 1024);
    for id in 1..=1000 {
        bridge.send(request_with(id, "tools/call", &format!(r#"{{"text":"{text}"}}"#)));
    }
    bridge.send(result(r#""q""#, r#"{"action":"accept"}"#));
    assert!(answered.wait_for(PATIENCE), "the answer waits for calls that wait for it");
    // Refused or run, but answered.
    let mut ran = 0;
    for id in 1..=1000 {
        if bridge.answer(&id.to_string()).contains(r#""result""#) {
            ran += 1;
        }
    }
    assert!(ran > 0);
    assert_eq!(server.count("tools/call"), ran, "what was refused was not sent");
    // The budget, and what is read meanwhile.
    peak_is_below(&bridge, 24 * MB);
}

#[test]
fn a_small_limit_of_open_files_is_no_limit_of_requests() {
    use std::io::{BufRead, BufReader, Write};
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let scratch = tempfile::tempdir().unwrap();
    let plain = Bridge::to(&server).command(scratch.path());
    let mut shell = std::process::Command::new("sh");
    support::same_environment(&plain, &mut shell);
    // Soft limit only, as macOS has it by default.
    shell.arg("-c").arg(r#"ulimit -Sn 256; exec "$0" "$@""#).arg(support::binary()).arg(server.url());
    let mut child = shell.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(stdin, "{}\n{INITIALIZED}", initialize(0, "2025-06-18")).unwrap();
    lines.next().unwrap().unwrap();
    for id in 1..=400 {
        writeln!(stdin, "{}", call(id)).unwrap();
    }
    let answering = thread::spawn(move || {
        // As many as come are answered, which lets the others come.
        for _ in 0..400 {
            let (request, reply): (Request, Reply) = held.take();
            reply.result(&request, "{}");
        }
    });
    let answers: Vec<String> = (0..400).map(|_| lines.next().unwrap().unwrap()).collect();
    let failed: Vec<_> = answers.iter().filter(|line| line.contains(r#""error""#)).collect();
    child.kill().ok();
    child.wait().ok();
    assert!(failed.is_empty(), "{} of 400: {}", failed.len(), failed[0]);
    answering.join().unwrap();
}

#[test]
fn two_thousand_streams_that_say_nothing_cost_little() {
    let streams = Mailbox::new();
    let server = Legacy::new()
        .on("tools/call", {
            let streams = streams.clone();
            move |request, reply| streams.put((request.id().to_owned(), reply.sse()))
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=2000 {
        bridge.send(call(id));
    }
    let mut open: Vec<_> = (0..2000).map(|_| streams.take()).collect();
    let resident = bridge.resident();
    for (id, stream) in &mut open {
        stream.message(result(&*id, "{}"));
    }
    for id in 1..=2000 {
        bridge.expect_result(&id.to_string());
    }
    assert!(resident < 150 * MB, "{} MB for 2000 open calls", resident / MB);
}

/// Asks this twenty thousand times in its first answer to a call, and takes what comes back or holds it.
fn asking_without_end(question: &'static str, holds: bool) -> (Server, Arc<AtomicUsize>) {
    let held: Mailbox<(Request, Reply)> = Mailbox::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Legacy::new()
        .on("answer", move |request, reply| if holds { held.put((request.clone(), reply)) } else { reply.accepted() })
        .on("tools/call", {
            let asked = asked.clone();
            move |call, reply| {
                let mut stream = reply.sse();
                let ask = |n: usize| format!("data: {}\n\n", request_with(format!(r#""q{n}""#), question, "{}"));
                for n in (0..QUESTIONS).step_by(100) {
                    stream.raw((n..n + 100).map(ask).collect::<String>());
                    asked.store(n + 100, Ordering::SeqCst);
                }
                stream.message(result(call.id(), r#"{"content":[]}"#));
                stream.end();
            }
        })
        .start();
    (server, asked)
}

/// The call with the id 1 is under way; other requests of the editor are answered meanwhile. Whether the editor
/// answers questions is its choice. Returns how many it was asked.
#[track_caller]
fn costs_little_until_it_is_answered(bridge: &mut Bridge, another: &str, answers: bool) -> usize {
    let (mut others, mut asked) = (0, 0);
    bridge.send(another);
    loop {
        let line = json(&bridge.recv());
        let open = bridge.descriptors();
        assert!(open < MOST_DESCRIPTORS, "{open} descriptors after {asked} questions");
        let resident = bridge.resident();
        assert!(resident < SLOW_LIMIT, "{} MB resident after {asked} questions", resident / MB);
        match (line["method"].as_str(), line["id"].as_u64()) {
            (Some(_), _) => {
                asked += 1;
                if answers {
                    bridge.send(result(&line["id"], "{}"));
                }
            }
            (None, Some(1)) => break,
            _ => {
                assert!(line["result"].is_object(), "{line}");
                others += 1;
                bridge.send(another);
            }
        }
    }
    bridge.expect_result("2");
    assert!(others > 0, "no other request was answered meanwhile");
    asked
}

#[test]
fn a_server_that_asks_without_end_costs_no_more_than_its_limit() {
    for (holds, answers) in [(false, false), (true, false), (true, true)] {
        let (server, _) = asking_without_end("sampling/createMessage", holds);
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        let asked = costs_little_until_it_is_answered(&mut bridge, &request(2, "ping"), answers);
        assert!((4096..QUESTIONS).contains(&asked), "{asked} of {QUESTIONS} came to the editor");
        // One that takes them may keep up.
        if holds {
            bridge.wait_stderr("asks more than it takes answers to");
        }
    }
}

#[test]
fn every_answer_of_an_editor_that_is_asked_a_thousand_things_at_once_arrives() {
    let (answered, all) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let server = Legacy::new()
        .listening()
        .on("answer", {
            let all = all.clone();
            move |_, reply| {
                if answered.fetch_add(1, Ordering::SeqCst) + 1 == 1000 {
                    all.open();
                }
                reply.accepted();
            }
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let mut standing = server.stream();
    for n in 0..1000 {
        standing.message(request(n, "sampling/createMessage"));
    }
    let asked: Vec<_> = (0..1000).map(|_| json(&bridge.expect_method("sampling/createMessage"))).collect();
    asked.iter().for_each(|question| bridge.send(result(&question["id"], "{}")));
    assert!(all.wait_for(PATIENCE), "{} of 1000 answers arrived", server.count("answer"));
}

#[test]
fn pings_without_end_cost_no_more_than_their_limit() {
    const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
    for holds in [false, true] {
        // The bridge answers them itself for an editor that knows none.
        let (server, _) = asking_without_end("ping", holds);
        let mut bridge = Bridge::to(&server).args(["--protocol", "legacy"]).spawn();
        bridge.send(request_with(1, "tools/call", &format!(r#"{{"_meta":{META},"name":"echo","arguments":{{}}}}"#)));
        let list = request_with(2, "tools/list", &format!(r#"{{"_meta":{META}}}"#));
        assert_eq!(costs_little_until_it_is_answered(&mut bridge, &list, false), 0);
        assert!(server.count("answer") > 0);
        // An editor of the era with pings gets them, and does not read.
        let (server, pinged) = asking_without_end("ping", holds);
        let mut bridge = Bridge::ready(&server);
        bridge.stop_reading();
        bridge.send(call(1));
        until_it_stands_still(&bridge, QUESTIONS, || pinged.load(Ordering::SeqCst));
        bridge.start_reading();
        bridge.expect_result("1");
    }
}

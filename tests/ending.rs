//! Promise 8: it ends well, whoever ends it: nothing unanswered, the session deleted, no orphan.
#![cfg(unix)]

mod support;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use support::{
    Bridge, CAPABILITIES, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, Server, call, initialize, json,
    notification, request, request_with, result, welcome,
};

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;
/// Everything that is bounded by a second or two is well over by now.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn end_of_input_deletes_the_session_and_exits_0() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let mut bridge = Bridge::ready(&server);
    let mut stream = server.stream();
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(SOON), 0);
    assert_eq!(server.count("DELETE"), 1);
    assert!(sessions.live().is_empty());
    assert!(stream.wait_closed(SOON));
}

#[test]
fn end_of_input_before_anything_exits_0_without_a_request() {
    let server = Legacy::new().start().may_be_unused();
    let outcome = Bridge::to(&server).run("");
    assert_eq!((outcome.code, outcome.stdout.len()), (0, 0), "{outcome:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_script_gets_every_answer_and_exit_0() {
    let server = Legacy::new().start();
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), request(2, "tools/list"), call(3)].join("\n");
    for end in ["", "\n", "\r\n", "\n\n\n"] {
        let outcome = Bridge::to(&server).run(format!("{input}{end}"));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        for id in ["1", "2", "3"] {
            assert!(outcome.answer(id)["result"].is_object(), "{outcome:?}");
        }
    }
    assert_eq!(server.count("DELETE"), 4);
}

#[test]
fn a_script_whose_call_the_server_refuses_still_exits_0() {
    let server =
        Legacy::new().on("tools/call", |request, reply| reply.error(400, request, -32602, "no such tool")).start();
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), call(2), String::new()].join("\n");
    let outcome = Bridge::to(&server).run(input);
    assert_eq!(outcome.code, 0, "the server answered: {outcome:?}");
    assert_eq!(outcome.answer("2")["error"]["code"], -32602);
}

#[test]
fn a_script_that_never_reached_the_server_exits_5() {
    let url = format!("http://127.0.0.1:{}/mcp", support::unused_port());
    let begun = Instant::now();
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), call(2), String::new()].join("\n");
    let outcome = Bridge::launch(url).run(input);
    assert_eq!(outcome.code, 5, "{outcome:?}");
    assert!(outcome.answer("1")["error"].is_object());
    assert!(outcome.answer("2")["error"].is_object());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_script_that_lacks_a_sign_in_exits_3() {
    let server = Server::start(|_, reply| reply.header("WWW-Authenticate", "Bearer").text(401, "who are you?"));
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), String::new()].join("\n");
    let outcome = Bridge::to(&server).run(input);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.answer("1")["error"]["message"].as_str().unwrap().contains("401"));
}

#[test]
fn a_server_that_breaks_the_protocol_is_exit_6() {
    let server = Legacy::new().on("tools/call", |_, reply| reply.accepted()).start();
    let input = [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), call(2), String::new()].join("\n");
    let outcome = Bridge::to(&server).run(input);
    assert_eq!(outcome.code, 6, "{outcome:?}");
}

#[test]
fn one_request_that_the_server_never_answered_is_enough_for_an_exit_code() {
    // The other answer comes after it, before it or at the same time: a script must not depend on which.
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "2" => reply.accepted(),
            _ => reply.result(request, "{}"),
        })
        .start();
    for order in [[2, 3], [3, 2]] {
        let mut bridge = Bridge::ready(&server);
        for id in order {
            bridge.send(call(id));
            bridge.answer(&id.to_string());
        }
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(SOON), 6, "{order:?}");
    }
}

#[test]
fn running_requests_are_waited_for_after_the_end_of_input() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.close_stdin();
    let (asked, reply) = held.take();
    assert!(bridge.exit_within(Duration::from_secs(2)).is_none(), "the call is still running");
    assert_eq!(server.count("DELETE"), 0, "the session lives as long as its calls");
    reply.result(&asked, r#"{"late":true}"#);
    assert_eq!(bridge.expect_result("1")["late"], true);
    assert_eq!(bridge.wait_exit(SOON), 0);
    assert_eq!(server.count("DELETE"), 1);
}

#[test]
fn a_drain_that_runs_out_answers_the_rest_with_errors_and_exits_5() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::to(&server).args(["--drain-timeout", "1"]).ready();
    bridge.send(call(1));
    bridge.send(call(2));
    let (first, second) = (held.take(), held.take());
    bridge.close_stdin();
    bridge.expect_error("1", &[]);
    bridge.expect_error("2", &[]);
    assert_eq!(bridge.wait_exit(SOON), 5);
    assert_eq!(server.count("DELETE"), 1);
    drop((first, second));
}

#[test]
fn a_drain_that_runs_out_while_nobody_reads_ends_soon_after() {
    let held = Mailbox::new();
    let server = Legacy::new()
        .on("tools/list", |request, reply| {
            reply.result(request, &format!(r#"{{"tools":["{}"]}}"#, "x".repeat(2_000_000)))
        })
        .hold("tools/call", &held)
        .start();
    let mut bridge = Bridge::to(&server).args(["--drain-timeout", "1"]).ready();
    bridge.stop_reading();
    bridge.send(call(1));
    let (_, reply) = held.take();
    bridge.send(request(2, "tools/list"));
    server.wait(1, "tools/list");
    let begun = Instant::now();
    bridge.close_stdin();
    // A second for the drain, one for the last lines, one for the DELETE.
    bridge.wait_exit(Duration::from_secs(5));
    assert!(begun.elapsed() > Duration::from_secs(1), "the drain was cut short");
    bridge.start_reading();
    drop(reply);
}

#[test]
fn open_questions_of_the_server_are_answered_as_cancelled_at_the_end_of_input() {
    let answered = Mailbox::new();
    let server = Legacy::new()
        .on("answer", {
            let answered = answered.clone();
            move |request, reply| {
                reply.accepted();
                answered.put(request.clone());
            }
        })
        .on("tools/call", move |request, reply| {
            let mut stream = reply.sse();
            stream.message(request_with(r#""q1""#, "elicitation/create", r#"{"message":"?","requestedSchema":{}}"#));
            stream.message(request_with(r#""q2""#, "sampling/createMessage", r#"{"messages":[],"maxTokens":1}"#));
            let _ = (answered.take(), answered.take());
            stream.message(result(request.id(), r#"{"went":"on"}"#));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_method("elicitation/create");
    bridge.expect_method("sampling/createMessage");
    bridge.close_stdin();
    assert_eq!(bridge.expect_result("1")["went"], "on");
    assert_eq!(bridge.wait_exit(SOON), 0);
    let answers = server.matching(|it| it.is("answer"));
    let elicitation = answers.iter().find(|it| it.id() == r#""q1""#).expect("an answer to the elicitation").json();
    assert_eq!(elicitation["result"]["action"], "cancel", "{elicitation}");
    let sampling = answers.iter().find(|it| it.id() == r#""q2""#).expect("an answer to the sampling").json();
    assert!(sampling["error"]["code"].is_i64(), "{sampling}");
}

#[test]
fn a_question_that_comes_after_the_end_of_input_is_answered_too() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (asked, reply) = held.take();
    bridge.close_stdin();
    assert!(bridge.exit_within(Duration::from_millis(500)).is_none());
    let mut stream = reply.sse();
    stream.message(request_with(r#""q1""#, "elicitation/create", r#"{"message":"?","requestedSchema":{}}"#));
    let posted = server.wait(1, "answer").json();
    assert_eq!(posted["result"]["action"], "cancel", "{posted}");
    stream.message(result(asked.id(), "{}"));
    bridge.expect_result("1");
    assert_eq!(bridge.wait_exit(SOON), 0);
}

/// The head of its answer has named it, in the first session or in the one that takes the place of a lost one.
#[test]
fn a_session_that_is_still_being_opened_is_deleted() {
    type End = fn(&mut Bridge);
    let ends: [End; 2] = [Bridge::close_stdin, |bridge| bridge.signal(Signal::TERM)];
    for (opened, end) in [(0, ends[0]), (0, ends[1]), (1, ends[0]), (1, ends[1])] {
        let (held, first) = (Mailbox::new(), AtomicUsize::new(0));
        let script = Legacy::new().on("initialize", {
            let held = held.clone();
            move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
                number if number < opened => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
                _ => held.put(reply.sse()),
            }
        });
        let sessions = script.sessions();
        let server = script.start();
        let mut bridge = Bridge::to(&server).args(["--drain-timeout", "1"]).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        if opened == 1 {
            bridge.expect_result("0");
            sessions.lose();
            bridge.send(call(1));
        }
        let _unfinished = held.take();
        end(&mut bridge);
        bridge.wait_exit(SOON);
        let id = format!("session-{}", opened + 1);
        let of_it = |request: &Request| request.is("DELETE") && request.header("mcp-session-id") == Some(&id);
        assert_eq!(server.matching(of_it).len(), 1, "{}", server.transcript());
    }
}

#[test]
fn a_delete_that_is_refused_or_never_answered_holds_the_exit_up_a_second_at_most() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("DELETE", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.close_stdin();
    let (_, reply) = held.take();
    assert_eq!(bridge.wait_exit(Duration::from_secs(6)), 0);
    drop(reply);

    let server = Legacy::new().on("DELETE", |_, reply| reply.status(405)).start();
    let mut bridge = Bridge::ready(&server);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(SOON), 0);
    assert_eq!(bridge.stderr(), "", "a server may refuse DELETE: nothing to tell a person");
}

#[test]
fn a_server_that_is_gone_by_then_does_not_hold_the_exit_up() {
    let mut server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    server.wait(1, "GET");
    server.stop();
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(Duration::from_secs(6)), 0);
}

#[test]
fn signals_delete_the_session_without_waiting_for_running_calls() {
    for (signal, code) in [(Signal::TERM, 0), (Signal::INT, 130), (Signal::HUP, 0)] {
        let held = Mailbox::new();
        let server = Legacy::new().listening().hold("tools/call", &held).start();
        let mut bridge = Bridge::ready(&server);
        let mut stream = server.stream();
        bridge.send(call(1));
        let (_, reply) = held.take();
        let begun = Instant::now();
        bridge.signal(signal);
        bridge.expect_error("1", &[]);
        assert_eq!(bridge.wait_exit(SOON), code, "{signal:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{signal:?} took {:?}: there is no drain", begun.elapsed());
        assert_eq!(server.count("DELETE"), 1, "{signal:?}");
        assert!(stream.wait_closed(SOON));
        drop(reply);
    }
}

#[test]
fn a_signal_during_the_handshake_ends_it_at_once() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let held = Mailbox::new();
        let server = Legacy::new().hold("initialize", &held).start();
        let mut bridge = Bridge::to(&server).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        let (_, reply) = held.take();
        bridge.signal(signal);
        bridge.expect_error("0", &[]);
        bridge.wait_exit(SOON);
        drop(reply);
    }
}

#[test]
fn a_signal_while_the_server_is_unreachable_ends_it_at_once() {
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{}/mcp", support::unused_port())).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_silence(Duration::from_millis(500));
    bridge.signal(Signal::TERM);
    bridge.wait_exit(Duration::from_secs(5));
}

#[test]
fn a_second_signal_does_not_wait_for_the_delete() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("DELETE", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.signal(Signal::INT);
    let (_, reply) = held.take();
    bridge.signal(Signal::INT);
    bridge.wait_exit(Duration::from_secs(5));
    drop(reply);
}

#[test]
fn a_signal_during_the_drain_ends_the_drain() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let (_, reply) = held.take();
    bridge.close_stdin();
    assert!(bridge.exit_within(Duration::from_millis(300)).is_none());
    bridge.signal(Signal::TERM);
    bridge.expect_error("1", &[]);
    bridge.wait_exit(SOON);
    assert_eq!(server.count("DELETE"), 1);
    drop(reply);
}

/// A bridge whose pipes this test holds itself.
fn raw_pipes(server: &Server) -> (std::process::Child, tempfile::TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Bridge::to(server).command(scratch.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    (command.spawn().unwrap(), scratch)
}

#[track_caller]
fn ends_within(child: &mut std::process::Child, patience: Duration) {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > patience {
            child.kill().ok();
            panic!("still running after {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_closed_stdout_ends_it_though_stdin_stays_open() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let (mut child, _scratch) = raw_pipes(&server);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    writeln!(stdin, "{}\n{INITIALIZED}", initialize(0, "2025-06-18")).unwrap();
    stdout.read_line(&mut String::new()).unwrap();
    let mut stream = server.stream();
    drop(stdout);
    // The next thing to be written finds nobody.
    stream.message(notification("notifications/custom"));
    ends_within(&mut child, SOON);
    assert_eq!(server.count("DELETE"), 1);
    assert!(sessions.live().is_empty());
    drop(stdin);
}

#[test]
fn a_broken_pipe_in_the_middle_of_a_flood_ends_it() {
    let server = Legacy::new()
        .on("tools/call", |_, reply| {
            let mut stream = reply.sse();
            let note =
                support::notification_with("notifications/message", &format!(r#"{{"data":"{}"}}"#, "x".repeat(1000)));
            while stream.message(&note) {}
        })
        .start();
    let (mut child, _scratch) = raw_pipes(&server);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    writeln!(stdin, "{}\n{INITIALIZED}\n{}", initialize(0, "2025-06-18"), call(1)).unwrap();
    stdout.read_exact(&mut [0; 100_000]).unwrap();
    drop(stdout);
    ends_within(&mut child, SOON);
    assert_eq!(server.count("DELETE"), 1);
    drop(stdin);
}

#[test]
fn a_killed_parent_leaves_no_orphan() {
    let script = Legacy::new().listening();
    let sessions = script.sessions();
    let server = script.start();
    let scratch = tempfile::tempdir().unwrap();
    let bridge = Bridge::to(&server).command(scratch.path());

    // The shell is the editor: it holds the only other ends of the two pipes.
    let mut shell = Command::new("bash");
    support::same_environment(&bridge, &mut shell);
    shell.arg("-c").arg(
        r#"coproc "$0" "$1"
           echo "$COPROC_PID"
           printf '%s\n' "$2" "$3" >&"${COPROC[1]}"
           read -r line <&"${COPROC[0]}"
           echo ready
           for _ in 1 2 3; do read -r -t 60 line <&"${COPROC[0]}" || sleep 5; done"#,
    );
    shell.arg(support::binary()).arg(server.url()).arg(initialize(0, "2025-06-18")).arg(INITIALIZED);
    let mut shell = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(shell.stdout.take().unwrap()).lines();
    let pid: i32 = said.next().unwrap().unwrap().trim().parse().unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "ready");
    let mut stream = server.stream();

    shell.kill().unwrap();
    shell.wait().unwrap();
    server.wait(1, "DELETE");
    assert!(stream.wait_closed(SOON));
    // The bridge waits for the answer to its DELETE, so by its end the session is gone.
    gone_within(pid, SOON);
    assert!(sessions.live().is_empty());
}

#[test]
fn a_killed_parent_whose_pipes_a_sibling_inherited_leaves_no_orphan() {
    let server = Legacy::new().listening().start();
    let scratch = tempfile::tempdir().unwrap();
    let bridge = Bridge::to(&server).command(scratch.path());
    let mut shell = Command::new("bash");
    support::same_environment(&bridge, &mut shell);
    // The sleeper holds stdin's other end open, as another server the same editor started may do.
    shell.arg("-c").arg(
        r#"mkfifo in
           sleep 300 > in &
           echo "$!"
           "$0" "$1" < in > out &
           echo "$!"
           printf '%s\n' "$2" "$3" > in
           wait"#,
    );
    shell.current_dir(scratch.path());
    shell.arg(support::binary()).arg(server.url()).arg(initialize(0, "2025-06-18")).arg(INITIALIZED);
    let mut shell = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(shell.stdout.take().unwrap()).lines();
    let sleeper: i32 = said.next().unwrap().unwrap().trim().parse().unwrap();
    let pid: i32 = said.next().unwrap().unwrap().trim().parse().unwrap();
    let _stream = server.stream();
    shell.kill().unwrap();
    shell.wait().unwrap();
    let deleted = server.wait_within(SOON, 1, |it| it.is("DELETE"));
    for process in [sleeper, pid] {
        rustix::process::kill_process(rustix::process::Pid::from_raw(process).unwrap(), Signal::KILL).ok();
    }
    assert!(deleted.is_some(), "the parent is gone and the bridge stays");
}

#[test]
fn a_killed_parent_leaves_no_orphan_though_requests_may_run_without_end() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let scratch = tempfile::tempdir().unwrap();
    let bridge = Bridge::to(&server).args(["--drain-timeout", "0"]).command(scratch.path());
    let mut shell = Command::new("bash");
    support::same_environment(&bridge, &mut shell);
    shell.arg("-c").arg(
        r#"coproc "$0" "$1" --drain-timeout 0
           echo "$COPROC_PID"
           printf '%s\n' "$2" "$3" "$4" >&"${COPROC[1]}"
           while read -r line <&"${COPROC[0]}"; do :; done"#,
    );
    shell.arg(support::binary()).arg(server.url()).args([&initialize(0, "2025-06-18"), INITIALIZED, &call(1)]);
    let mut shell = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(shell.stdout.take().unwrap()).lines();
    let pid: i32 = said.next().unwrap().unwrap().trim().parse().unwrap();
    let (_, _unanswered) = held.take();
    shell.kill().unwrap();
    shell.wait().unwrap();
    // As long as requests of other relays may run.
    gone_within(pid, Duration::from_secs(30) + SOON);
    assert_eq!(server.count("DELETE"), 1);
}

#[track_caller]
fn gone_within(pid: i32, patience: Duration) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let begun = Instant::now();
    while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
        assert!(begun.elapsed() < patience, "an orphan");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// In a container nobody may reap it; it has ended all the same.
fn is_zombie(pid: rustix::process::Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn files_serve_as_stdin_and_stdout() {
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let (input, output) = (scratch.path().join("in"), scratch.path().join("out"));
    std::fs::write(&input, [initialize(1, "2025-06-18"), INITIALIZED.to_owned(), call(2)].join("\n")).unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    command.stdin(File::open(&input).unwrap()).stdout(File::create(&output).unwrap()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    ends_within(&mut child, PATIENCE);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let written = std::fs::read_to_string(&output).unwrap();
    assert_eq!(written.lines().count(), 2, "{written}");
    assert!(written.ends_with('\n'));
}

/// A disk without room, as a script has it that keeps the answers.
#[test]
#[cfg(target_os = "linux")]
fn answers_that_cannot_be_written_are_said_and_end_it_with_exit_1() {
    let script = Legacy::new();
    let sessions = script.sessions();
    let server = script.start();
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut child = command.stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}\n{INITIALIZED}\n{}", initialize(1, "2025-06-18"), call(2)).unwrap();
    ends_within(&mut child, PATIENCE);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("No space left on device") && said.contains("make room"), "{said}");
    assert!(sessions.live().is_empty());
    drop(stdin);
}

#[test]
fn dev_null_as_stdin_ends_at_once() {
    let server = Legacy::new().start().may_be_unused();
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    ends_within(&mut child, SOON);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn socket_pairs_serve_as_stdin_and_stdout() {
    use std::os::{fd::OwnedFd, unix::net::UnixStream};
    // What Node hosts give their children.
    let server = Legacy::new().listening().start();
    let scratch = tempfile::tempdir().unwrap();
    let (ours_in, theirs_in) = UnixStream::pair().unwrap();
    let (ours_out, theirs_out) = UnixStream::pair().unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    let mut child = command
        .stdin(OwnedFd::from(theirs_in))
        .stdout(OwnedFd::from(theirs_out))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(command);
    let mut output = BufReader::new(ours_out).lines();
    (&ours_in).write_all(format!("{}\n{INITIALIZED}\n", initialize(0, "2025-06-18")).as_bytes()).unwrap();
    assert_eq!(json(&output.next().unwrap().unwrap())["id"], 0);
    let mut stream = server.stream();
    stream.message(notification("notifications/custom"));
    assert_eq!(json(&output.next().unwrap().unwrap())["method"], "notifications/custom");
    // Half-closed: what is asked before is still answered.
    (&ours_in).write_all(format!("{}\n", call(1)).as_bytes()).unwrap();
    ours_in.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(json(&output.next().unwrap().unwrap())["id"], 1);
    ends_within(&mut child, SOON);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(server.count("DELETE"), 1);
}

#[test]
fn one_socket_for_stdin_and_stdout_serves_too_and_stays_blocking_for_its_other_holders() {
    use std::os::{fd::OwnedFd, unix::net::UnixStream};
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let kept = theirs.try_clone().unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    command.stdin(OwnedFd::from(theirs.try_clone().unwrap())).stdout(OwnedFd::from(theirs)).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    (&ours).write_all(format!("{}\n", initialize(0, "2025-06-18")).as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(&ours).read_line(&mut line).unwrap();
    assert_eq!(json(&line)["id"], 0);
    let flags = rustix::fs::fcntl_getfl(&kept).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "a descriptor we inherited is not ours to change");
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    ends_within(&mut child, SOON);
}

#[test]
fn an_inherited_pipe_that_is_non_blocking_works() {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let server = Legacy::new()
        .on("tools/call", |request, reply| reply.result(request, &format!(r#"{{"text":"{}"}}"#, "x".repeat(1 << 20))))
        .start();
    let scratch = tempfile::tempdir().unwrap();
    let (our_out, their_in) = std::io::pipe().map(|(reader, writer)| (writer, reader)).unwrap();
    let (our_in, their_out) = std::io::pipe().unwrap();
    for flags in [&their_in as &dyn std::os::fd::AsFd, &their_out] {
        fcntl_setfl(flags.as_fd(), fcntl_getfl(flags.as_fd()).unwrap() | OFlags::NONBLOCK).unwrap();
    }
    let mut command = Bridge::to(&server).command(scratch.path());
    let mut child = command.stdin(their_in).stdout(their_out).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    let mut our_out = our_out;
    let mut lines = BufReader::new(our_in).lines();
    writeln!(our_out, "{}\n{INITIALIZED}\n{}", initialize(0, "2025-06-18"), call(1)).unwrap();
    assert_eq!(json(&lines.next().unwrap().unwrap())["id"], 0);
    assert!(lines.next().unwrap().unwrap().len() > 1 << 20);
    drop(our_out);
    ends_within(&mut child, SOON);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_terminal_gets_a_hint_of_what_this_is() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let server = Legacy::new().start().may_be_unused();
    let scratch = tempfile::tempdir().unwrap();
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let user_side = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = Bridge::to(&server).command(scratch.path());
    command.stdin(user_side.try_clone().unwrap()).stdout(user_side).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut hint = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut hint).unwrap();
    assert!(hint.to_lowercase().contains("json") || hint.to_lowercase().contains("editor"), "{hint}");

    // It relays all the same.
    let mut keyboard = File::from(terminal);
    writeln!(keyboard, "{}", initialize(0, "2025-06-18")).unwrap();
    server.wait(1, "initialize");
    // Control-D.
    keyboard.write_all(&[4]).unwrap();
    ends_within(&mut child, SOON);
}

#[test]
fn a_time_that_runs_out_does_not_hide_that_nobody_was_there() {
    let port = support::unused_port();
    let url = format!("http://127.0.0.1:{port}/mcp");
    let input = format!("{}\n{INITIALIZED}\n{}\n", initialize(0, "2025-06-18"), request(1, "tools/list"));
    for limit in ["--request-timeout", "--drain-timeout"] {
        let outcome = Bridge::launch(&url).args([limit, "1"]).run(&input);
        let answer = outcome.answer("0");
        let text = answer["error"]["message"].as_str().unwrap();
        assert!(text.contains("connection refused") && text.contains("check the URL"), "{limit}: {text}");
        assert_eq!(outcome.code, 5, "{outcome:?}");
    }
}

#[test]
fn a_time_that_runs_out_does_not_hide_that_the_server_asked_to_wait() {
    let busy = |_: &Request, reply: Reply| reply.header("Retry-After", "30").text(503, "deploying");
    let server = Legacy::new().on("tools/call", busy).start();
    let mut bridge = Bridge::to(&server).args(["--request-timeout", "1"]).ready();
    bridge.send(call(1));
    let error = bridge.expect_error("1", &["--request-timeout", "503"]);
    assert!(!error["message"].as_str().unwrap().contains("may have run"), "{error}");

    let mut bridge = Bridge::to(&server).args(["--drain-timeout", "1"]).ready();
    bridge.send(call(1));
    server.wait(2, "tools/call");
    bridge.close_stdin();
    let error = bridge.expect_error("1", &["before the bridge had to end", "503"]);
    assert!(!error["message"].as_str().unwrap().contains("may have run"), "{error}");
    assert_eq!(bridge.wait_exit(SOON), 5);
}

#[test]
fn held_requests_get_their_error_when_the_input_ends() {
    // `initialize` never comes back, and so what waits behind it never starts.
    let held = Mailbox::new();
    let server = Legacy::new().hold("initialize", &held).start();
    let mut bridge = Bridge::to(&server).args(["--drain-timeout", "1"]).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.send(request(1, "tools/list"));
    let (_, reply) = held.take();
    bridge.close_stdin();
    bridge.expect_error("0", &[]);
    bridge.expect_error("1", &[]);
    assert_eq!(bridge.wait_exit(SOON), 5);
    drop(reply);
}

#[test]
fn no_other_process_is_started() {
    // The relay starts no other process at all while nobody has to sign in.
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", bridge.pid())).unwrap_or_default();
    assert_eq!(children.trim(), "");
}

#[test]
fn whatever_ends_a_call_its_error_says_that_it_may_have_run_and_that_of_a_list_does_not() {
    type End = fn(&mut Bridge);
    let nothing: End = |_| ();
    let ways: [(&[&str], End, &str); 4] = [
        (&["--request-timeout", "1"], nothing, "--request-timeout"),
        (&["--drain-timeout", "1"], Bridge::close_stdin, "--drain-timeout"),
        (&[], |bridge| bridge.signal(Signal::TERM), "stopped"),
        (&["--max-message-size", "4K"], nothing, "--max-message-size"),
    ];
    for (flags, end, words) in ways {
        let held = Mailbox::new();
        let server = Legacy::new().hold("tools/call", &held).hold("tools/list", &held).start();
        let mut bridge = Bridge::to(&server).args(flags.iter().copied()).ready();
        let ids = [call(1), request(2, "tools/list")].map(|line| {
            bridge.send(&line);
            held.take()
        });
        end(&mut bridge);
        if words == "--max-message-size" {
            for (request, reply) in ids {
                reply.result(&request, &format!(r#"{{"text":"{}"}}"#, "x".repeat(5000)));
            }
        }
        bridge.expect_error("1", &[words, "may have run"]);
        let list = bridge.expect_error("2", &[words]);
        assert!(!list.to_string().contains("may have run"), "{list}");
    }
}

#[test]
fn of_a_list_it_is_not_said_that_it_may_have_run_however_its_answer_comes_to_nothing() {
    type Script = fn(&Request, Reply);
    let scripts: [(&[&str], Script, &str); 6] = [
        (&[], |_, reply| drop(reply.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"jsonrpc\"")), "broke off"),
        (&[], |_, reply| reply.sse().end(), "without an answer"),
        (&[], |_, reply| reply.text(200, ""), "gave no answer"),
        (&[], |_, reply| reply.text(200, "hello"), "neither JSON nor"),
        (
            &["--max-message-size", "1K"],
            |request, reply| {
                let mut stream = reply.sse();
                stream.message(result(request.id(), &format!(r#"{{"text":"{}"}}"#, "x".repeat(4096))));
                stream.end();
            },
            "--max-message-size",
        ),
        (&["--headers-timeout", "1"], |_, reply| assert!(reply.raw(b"").wait_closed(PATIENCE)), "--headers-timeout"),
    ];
    for (flags, script, words) in scripts {
        let server = Legacy::new().on("tools/call", script).on("tools/list", script).start();
        let mut bridge = Bridge::to(&server).args(flags.iter().copied()).ready();
        bridge.send(request(1, "tools/list"));
        let list = bridge.expect_error("1", &[words]);
        assert!(!list.to_string().contains("may have run"), "{list}");
        bridge.send(call(2));
        bridge.expect_error("2", &["may have run"]);
    }
}

/// What is not spoken TLS to has not seen a word of the call.
#[test]
fn a_call_that_is_still_connecting_is_not_said_to_have_run() {
    let ways: [(&[&str], Option<Signal>); 2] = [(&["--request-timeout", "1"], None), (&[], Some(Signal::TERM))];
    for (flags, signal) in ways {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/mcp", silent.local_addr().unwrap());
        let mut bridge = Bridge::launch(url).args(["--protocol", "modern"]).args(flags.iter().copied()).spawn();
        bridge.send(request_with(1, "tools/call", &format!(r#"{{"_meta":{{{META}}},"name":"a"}}"#)));
        let _connecting = silent.accept().unwrap();
        if let Some(signal) = signal {
            bridge.signal(signal);
        }
        let error = bridge.expect_error("1", &[if signal.is_some() { "stopped" } else { "--request-timeout" }]);
        assert!(!error.to_string().contains("may have run"), "{error}");
    }
}

/// The server did not know the session, and nobody the new one.
#[test]
fn a_call_that_waits_for_a_new_session_is_not_said_to_have_run() {
    type End = fn(&mut Bridge);
    let ways: [(&[&str], End, &str); 3] = [
        (&["--request-timeout", "1"], |_| (), "--request-timeout"),
        (&["--drain-timeout", "1"], Bridge::close_stdin, "--drain-timeout"),
        (&[], |bridge| bridge.signal(Signal::TERM), "stopped"),
    ];
    for (flags, end, words) in ways {
        let (held, first) = (Mailbox::new(), AtomicUsize::new(0));
        let script = Legacy::new().on("initialize", {
            let held = held.clone();
            move |request, reply| match first.fetch_add(1, Ordering::SeqCst) {
                0 => reply.result(request, &welcome("2025-06-18", CAPABILITIES)),
                _ => held.put(reply),
            }
        });
        let sessions = script.sessions();
        let server = script.start();
        let mut bridge = Bridge::to(&server).args(flags.iter().copied()).ready();
        sessions.lose();
        bridge.send(call(1));
        let _unanswered = held.take();
        end(&mut bridge);
        let error = bridge.expect_error("1", &[words]);
        assert!(!error.to_string().contains("may have run"), "{error}");
    }
}

#[test]
fn what_was_never_sent_is_not_said_to_have_run() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("initialize", &held).start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.send(call(1));
    let _unanswered = held.take();
    bridge.signal(Signal::TERM);
    let error = bridge.expect_error("1", &["stopped"]);
    assert!(!error.to_string().contains("may have run"), "{error}");
    assert_eq!(error["data"]["mcpbridge"], "interrupted");
}

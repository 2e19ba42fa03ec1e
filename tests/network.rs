//! Networks that go away and come back, other addresses, and computers that sleep. The bridge is on a computer of its
//! own (a network namespace), with a cable to that of the server, which the tests pull.
#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use support::{
    Bridge, Legacy, Mailbox, PATIENCE, Reply, Request, Server, Sse, call, initialize, is_in_a_namespace, json,
    notification_with, request, result, same_environment,
};

#[test]
fn a_request_during_an_outage_is_answered_when_the_network_is_back() {
    let Some(cable) = Cable::of("a_request_during_an_outage_is_answered_when_the_network_is_back") else { return };
    let server = Legacy::new().on_host(SERVER).start();
    let mut bridge = cable.ready(&server);
    for (id, outage) in OUTAGES.iter().enumerate().map(|(n, outage)| (n + 1, outage)) {
        // On a connection that lies ready since the last answer.
        cable.pull(outage);
        bridge.send(call(id));
        bridge.expect_silence(Duration::from_secs(1));
        cable.plug(outage);
        bridge.expect_result(&id.to_string());
    }
    assert_eq!(server.count("tools/call"), OUTAGES.len());
    end(bridge);
}

#[test]
fn a_relay_that_starts_without_a_network_connects_when_it_comes() {
    let Some(cable) = Cable::of("a_relay_that_starts_without_a_network_connects_when_it_comes") else { return };
    let server = Legacy::new().on_host(SERVER).start();
    for outage in &OUTAGES {
        cable.pull(outage);
        let mut bridge = cable.launch(&server, |_| ());
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_silence(Duration::from_secs(1));
        cable.plug(outage);
        bridge.expect_result("0");
        end(bridge);
    }
}

#[test]
fn a_stream_that_an_outage_meets_goes_on_where_it_was() {
    let Some(cable) = Cable::of("a_stream_that_an_outage_meets_goes_on_where_it_was") else { return };
    let world = World::new();
    let mut bridge = cable.ready(&world.server);
    let mut standing = world.standing_stream();
    bridge.send(call(1));
    let (request, mut stream) = world.calls.take();
    let mut n = 0;
    for outage in &OUTAGES {
        for is_away in [false, true, false] {
            if is_away {
                cable.pull(outage);
            }
            for stream in [&mut stream, &mut standing] {
                n += 1;
                assert!(stream.message(note(n)));
            }
            if is_away {
                bridge.expect_silence(Duration::from_secs(1));
                cable.plug(outage);
            }
            // Two streams have no order among them.
            let mut heard = [number(&bridge.recv()), number(&bridge.recv())];
            heard.sort_unstable();
            assert_eq!(heard, [n - 1, n]);
        }
    }
    stream.message(result(request.id(), "{}"));
    bridge.expect_result("1");
    assert_eq!(world.server.matching(|it| it.is("GET")).len(), 1, "no stream had to be opened again");
    end(bridge);
}

/// Without a word to the other end, so that every connection is dead and nothing says so.
#[test]
fn after_a_sleep_and_in_another_network_all_goes_on_at_once() {
    let Some(cable) = Cable::of("after_a_sleep_and_in_another_network_all_goes_on_at_once") else { return };
    let (world, lid) = (World::new(), Lid::new());
    let mut bridge = cable.launch(&world.server, |command| lid.before(command));
    bridge.shake_hands("2025-06-18");
    let mut open = world.open_streams(&mut bridge);
    cable.move_on();
    lid.sleep();
    let begun = Instant::now();
    bridge.send(request(9, "tools/list"));
    bridge.expect_result("9");
    world.is_resumed(&mut bridge, &mut open, PATIENCE);
    assert!(begun.elapsed() < FOUND_DEAD / 2, "it was waited for: {:?}", begun.elapsed());
    assert!(bridge.is_running());
}

/// The same where nothing but silence tells it.
#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn in_another_network_dead_connections_are_found_out_and_every_request_is_answered() {
    let name = "in_another_network_dead_connections_are_found_out_and_every_request_is_answered";
    let Some(cable) = Cable::of(name) else { return };
    let world = World::new();
    let mut bridge = cable.ready(&world.server);
    let mut open = world.open_streams(&mut bridge);
    // One more, which cannot be resumed: nothing on it had an id.
    bridge.send(call(2));
    let _deaf = world.calls.take();
    cable.move_on();
    let begun = Instant::now();
    // On a connection that lies ready. It is safe to repeat, but not after so long.
    bridge.send(request(9, "tools/list"));
    world.is_resumed(&mut bridge, &mut open, FOUND_DEAD + PATIENCE);
    let mut left = vec!["2", "9"];
    while !left.is_empty() {
        let line = bridge.recv_within(FOUND_DEAD + PATIENCE).expect("an answer to each");
        let answer = json(&line);
        let id = answer["id"].to_string();
        left.retain(|it| *it != id);
        eprintln!("after {:?}: {line}", begun.elapsed());
        match id.as_str() {
            "2" => assert!(line.contains("may have run"), "{line}"),
            _ => assert!(line.contains("broke: no answer in time"), "{line}"),
        }
    }
    assert!(begun.elapsed() < FOUND_DEAD + PATIENCE, "{:?}", begun.elapsed());
    bridge.send(call(3));
    let (request, mut stream) = world.calls.take();
    stream.message(result(request.id(), "{}"));
    bridge.expect_result("3");
}

/// A process that is stopped sleeps, and its clocks go on, as on Windows all clocks do.
#[test]
#[ignore = "takes a minute: `tests/run long`"]
fn a_process_that_was_stopped_for_a_minute_opens_its_connections_anew() {
    let Some(cable) = Cable::of("a_process_that_was_stopped_for_a_minute_opens_its_connections_anew") else { return };
    let world = World::new();
    let mut bridge = cable.ready(&world.server);
    let mut open = world.open_streams(&mut bridge);
    bridge.signal(Signal::STOP);
    cable.move_on();
    bridge.expect_silence(Duration::from_secs(60));
    bridge.signal(Signal::CONT);
    let begun = Instant::now();
    world.is_resumed(&mut bridge, &mut open, PATIENCE);
    assert!(begun.elapsed() < FOUND_DEAD / 2, "it was waited for: {:?}", begun.elapsed());
    bridge.send(request(9, "tools/list"));
    bridge.expect_result("9");
}

#[track_caller]
fn end(mut bridge: Bridge) {
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
}

fn note(n: u64) -> String {
    notification_with("notifications/message", &format!(r#"{{"level":"info","data":{n}}}"#))
}

#[track_caller]
fn number(line: &str) -> u64 {
    json(line)["params"]["data"].as_u64().unwrap_or_else(|| panic!("no notification: {line}"))
}

/// A server with a standing stream, whose calls the test answers.
struct World {
    server: Server,
    calls: Mailbox<(Request, Sse)>,
    gets: Mailbox<(Request, Sse)>,
}

/// The streams that were open before something happened. They stay open at this end, which knows nothing of it.
struct Open {
    old: Vec<Sse>,
    call: String,
}

impl World {
    fn new() -> Self {
        let (calls, gets) = (Mailbox::new(), Mailbox::new());
        let hand_over = |to: &Mailbox<(Request, Sse)>| {
            let to = to.clone();
            move |request: &Request, reply: Reply| to.put((request.clone(), reply.sse()))
        };
        let legacy = Legacy::new().on_host(SERVER).on("tools/call", hand_over(&calls)).on("GET", hand_over(&gets));
        Self { server: legacy.start(), calls, gets }
    }

    #[track_caller]
    fn standing_stream(&self) -> Sse {
        self.gets.take().1
    }

    /// The standing stream and one of a call, both with events that they can be resumed behind; and connections that
    /// lie ready.
    #[track_caller]
    fn open_streams(&self, bridge: &mut Bridge) -> Open {
        let mut standing = self.standing_stream();
        standing.event("standing", note(1));
        assert_eq!(number(&bridge.recv()), 1);
        bridge.send(call(1));
        let (called, mut stream) = self.calls.take();
        stream.event("call", note(2));
        assert_eq!(number(&bridge.recv()), 2);
        for id in 100..104 {
            bridge.send(request(id, "tools/list"));
        }
        for id in 100..104 {
            bridge.expect_result(&id.to_string());
        }
        Open { old: vec![standing, stream], call: called.id().to_owned() }
    }

    #[track_caller]
    fn is_resumed(&self, bridge: &mut Bridge, open: &mut Open, patience: Duration) {
        for _ in 0..2 {
            let (request, mut stream) = self.gets.take_within(patience).expect("a stream is asked for again");
            match request.header("last-event-id") {
                Some("standing") => stream.event("standing 2", note(3)),
                Some("call") => stream.event("call 2", result(&open.call, "{}")),
                other => panic!("resumed behind {other:?}"),
            };
            open.old.push(stream);
        }
        bridge.expect_result("1");
        assert_eq!(number(&bridge.expect_method("notifications/message")), 3);
    }
}

/// A computer beside this one, and the cable between them.
struct Cable {
    other: Child,
}

impl Cable {
    /// The test `name` runs in a namespace of its own, for which it starts itself anew: then this is none, and it has
    /// passed. Where there can be none, this is none too and says so, but never in CI.
    #[track_caller]
    fn of(name: &str) -> Option<Self> {
        is_in_a_namespace(name, &["--net"], &["ip", "link", "set", "lo", "up"]).then(Self::new)
    }

    fn new() -> Self {
        // It is there as long as its stdin is open.
        let mut other = Command::new("unshare");
        other.args(["--net", "sh", "-c", "echo there; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut other = other.spawn().unwrap();
        let mut there = String::new();
        BufReader::new(other.stdout.take().unwrap()).read_line(&mut there).unwrap();
        assert_eq!(there, "there\n");
        let cable = Self { other };
        let pid = cable.other.id().to_string();
        // Also for a way to its own addresses.
        cable.here("link set lo up");
        cable.here(&format!("link add {NEAR} type veth peer name {FAR} netns {pid}"));
        cable.here(&format!("address add {SERVER}/24 dev {NEAR}"));
        cable.here(&format!("link set {NEAR} up"));
        cable.there("link set lo up");
        cable.there(&format!("address add {ADDRESS}/24 dev {FAR}"));
        cable.there(&format!("link set {FAR} up"));
        cable
    }

    #[track_caller]
    fn ready(&self, server: &Server) -> Bridge {
        let mut bridge = self.launch(server, |_| ());
        bridge.shake_hands("2025-06-18");
        bridge
    }

    fn launch(&self, server: &Server, change: impl FnOnce(&mut Command)) -> Bridge {
        Bridge::to(server).arg("--allow-http").spawn_as(|command| {
            change(command);
            let mut moved = self.enter();
            moved.arg(command.get_program()).args(command.get_args());
            same_environment(command, &mut moved);
            *command = moved;
        })
    }

    fn pull(&self, outage: &Outage) {
        self.set(outage, "down");
    }

    fn plug(&self, outage: &Outage) {
        self.set(outage, "up");
    }

    fn set(&self, outage: &Outage, state: &str) {
        match outage {
            Outage::Cable => self.here(&format!("link set {NEAR} {state}")),
            Outage::Interface => self.there(&format!("link set {FAR} {state}")),
        }
    }

    /// The bridge's computer gets another address, and nobody reaches it at the old one any more.
    fn move_on(&self) {
        self.there(&format!("address delete {ADDRESS}/24 dev {FAR}"));
        self.there(&format!("address add {OTHER_ADDRESS}/24 dev {FAR}"));
    }

    #[track_caller]
    fn here(&self, args: &str) {
        ip(Command::new("ip"), args);
    }

    #[track_caller]
    fn there(&self, args: &str) {
        let mut command = self.enter();
        command.arg("ip");
        ip(command, args);
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.other.id()));
        command
    }
}

#[track_caller]
fn ip(mut command: Command, args: &str) {
    let output = command.args(args.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {args}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.other.kill().ok();
        self.other.wait().ok();
    }
}

/// What goes down.
enum Outage {
    /// Addresses and routes stay, and packets get lost.
    Cable,
    /// As in airplane mode: there is no route, and a connection cannot even be tried.
    Interface,
}

const OUTAGES: [Outage; 2] = [Outage::Cable, Outage::Interface];

/// The lid of a computer. While it is shut, one of Linux's clocks goes on and the other stands still: a library in front
/// of the system's puts the wall clock an hour forward once the lid was shut.
struct Lid {
    folder: tempfile::TempDir,
}

impl Lid {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("clock.c");
        fs::write(&source, CLOCK).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(library(folder.path())).arg(&source);
        assert!(compiler.status().expect("a C compiler").success());
        Self { folder }
    }

    fn before(&self, command: &mut Command) {
        command.env("LD_PRELOAD", library(self.folder.path())).env("SLEPT", self.slept());
    }

    fn sleep(&self) {
        fs::write(self.slept(), "").unwrap();
    }

    fn slept(&self) -> PathBuf {
        self.folder.path().join("slept")
    }
}

fn library(folder: &Path) -> PathBuf {
    folder.join("clock.so")
}

const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
  long failed = syscall(SYS_clock_gettime, clock, now);
  const char *slept = getenv("SLEPT");
  if (!failed && clock == CLOCK_REALTIME && slept && access(slept, F_OK) == 0) now->tv_sec += 3600;
  return failed;
}
"#;

const NEAR: &str = "near";
const FAR: &str = "far";
const SERVER: &str = "10.77.0.1";
const ADDRESS: &str = "10.77.0.2";
const OTHER_ADDRESS: &str = "10.77.0.3";
/// The time within which a connection is known to be dead if nothing arrives at its other end.
const FOUND_DEAD: Duration = Duration::from_secs(70);

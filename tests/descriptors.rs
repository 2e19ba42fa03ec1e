//! What an editor may give as stdin and stdout beside plain pipes, and in which state it gets them back.
#![cfg(unix)]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Write, pipe};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use support::{Bridge, INITIALIZED, Legacy, PATIENCE, Server, call, initialize, json, request_with};

#[test]
fn pipes_stay_blocking_for_their_other_holders() {
    let server = Legacy::new().start();
    let (their_in, mut our_out) = pipe().unwrap();
    let (our_in, their_out) = pipe().unwrap();
    let kept = (their_in.try_clone().unwrap(), their_out.try_clone().unwrap());
    let mut child = spawn(&server, their_in, their_out);
    writeln!(our_out, "{}", initialize(0, "2025-06-18")).unwrap();
    let mut lines = BufReader::new(our_in).lines();
    assert_eq!(json(&lines.next().unwrap().unwrap())["id"], 0);
    for flags in [fcntl_getfl(&kept.0).unwrap(), fcntl_getfl(&kept.1).unwrap()] {
        assert!(!flags.contains(OFlags::NONBLOCK), "a descriptor we inherited is not ours to change");
    }
    drop(our_out);
    assert_eq!(ends(&mut child), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_and_sockets_need_no_threads_and_a_log_without_lines_none() {
    use std::os::unix::net::UnixStream;
    let server = Legacy::new().start();
    let (their_in, our_out) = pipe().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    for (stdin, mut ours) in [
        (OwnedFd::from(their_in), File::from(OwnedFd::from(our_out))),
        (theirs.into(), File::from(OwnedFd::from(ours))),
    ] {
        let (our_in, their_out) = pipe().unwrap();
        let mut child = spawn(&server, stdin, their_out);
        writeln!(ours, "{}", initialize(0, "2025-06-18")).unwrap();
        let mut lines = BufReader::new(our_in).lines();
        assert_eq!(json(&lines.next().unwrap().unwrap())["id"], 0);
        let threads = threads(&child);
        assert!(!threads.iter().any(|name| ["stdin", "stdout", "log"].contains(&name.as_str())), "{threads:?}");
        drop(ours);
        assert_eq!(ends(&mut child), 0);
    }
}

/// A pipe that has lost its writers before it is opened again would not tell its end.
#[test]
fn a_pipe_with_a_name_serves_as_stdin_also_when_its_writer_has_left() {
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let name = scratch.path().join("fifo");
    // The program: rustix has no call for it on macOS.
    assert!(Command::new("mkfifo").arg(&name).status().unwrap().success());
    let reader = rustix::fs::open(&name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap();
    fcntl_setfl(&reader, OFlags::empty()).unwrap();
    let mut writer = File::options().write(true).open(&name).unwrap();
    write!(writer, "{}\n{INITIALIZED}\n{}\n", initialize(0, "2025-06-18"), call(1)).unwrap();
    drop(writer);
    let (our_in, their_out) = pipe().unwrap();
    let mut child = spawn(&server, reader, their_out);
    let answers = BufReader::new(our_in).lines().map(|line| json(&line.unwrap())["id"].clone());
    assert_eq!(answers.collect::<Vec<_>>(), [0, 1]);
    assert_eq!(ends(&mut child), 0);
}

/// A read of a socket with message boundaries that brings little does not say that there is no more.
#[cfg(target_os = "linux")]
#[test]
fn a_socket_with_message_boundaries_serves_as_stdin() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    let server = Legacy::new().start();
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
    for line in [initialize(0, "2025-06-18"), INITIALIZED.to_owned(), call(1), call(2)] {
        rustix::io::write(&ours, format!("{line}\n").as_bytes()).unwrap();
    }
    let (our_in, their_out) = pipe().unwrap();
    let mut child = spawn(&server, theirs, their_out);
    let mut ids: Vec<u64> =
        (BufReader::new(our_in).lines().take(3)).map(|line| json(&line.unwrap())["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2]);
    drop(ours);
    assert_eq!(ends(&mut child), 0);
}

#[test]
fn what_two_processes_read_from_one_pipe_goes_to_one_of_them_each() {
    // The second reader takes what the bridge was told is there; a loop that waited for it would not end.
    let server = Legacy::new().start();
    let (their_in, mut our_out) = pipe().unwrap();
    let (our_in, their_out) = pipe().unwrap();
    let rival = their_in.try_clone().unwrap();
    let mut child = spawn(&server, their_in, their_out);
    writeln!(our_out, "{}", initialize(0, "2025-06-18")).unwrap();
    let mut lines = BufReader::new(our_in).lines();
    assert_eq!(json(&lines.next().unwrap().unwrap())["id"], 0);
    std::thread::spawn(move || {
        let mut rival = BufReader::with_capacity(1 << 20, rival);
        let mut line = Vec::new();
        while rival.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {}
    });
    for _ in 0..200 {
        writeln!(our_out, r#"{{"jsonrpc":"2.0","method":"notifications/custom"}}"#).unwrap();
    }
    drop(our_out);
    assert_eq!(ends(&mut child), 0);
}

#[test]
fn long_lines_with_short_ones_around_them_arrive_whole() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::ready(&server);
    let mut sent = Vec::new();
    for (id, size) in [10, 65_530, 20, 65_536, 200_000, 30, 3_000_000, 64_000, 1].into_iter().enumerate() {
        let text = format!(r#"{{"name":"echo","arguments":{{"text":"{}"}}}}"#, "y".repeat(size));
        sent.push(request_with(id + 1, "tools/call", &text));
    }
    bridge.send_bytes((sent.join("\n") + "\n").as_bytes());
    for (id, line) in sent.iter().enumerate() {
        bridge.expect_result(&(id + 1).to_string());
        assert!(server.requests().iter().any(|request| request.text() == *line), "line {id} is not what was sent");
    }
}

/// Small messages leave pipes as they were, and one that is larger already is not made smaller.
#[cfg(target_os = "linux")]
#[test]
fn pipes_hold_more_once_a_large_message_comes_through_them() {
    use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
    let text = "y".repeat(1 << 20);
    let server = Legacy::new().on("tools/call", {
        let text = text.clone();
        move |request, reply| match request.id() {
            "1" => reply.result(request, "{}"),
            _ => reply.result(request, &format!(r#"{{"text":"{text}"}}"#)),
        }
    });
    let server = server.start();
    for own in [None, Some(1 << 20)] {
        let (their_in, mut our_out) = pipe().unwrap();
        let (our_in, their_out) = pipe().unwrap();
        let kept = (their_in.try_clone().unwrap(), their_out.try_clone().unwrap());
        if let Some(size) = own {
            fcntl_setpipe_size(&kept.0, size).unwrap();
            fcntl_setpipe_size(&kept.1, size).unwrap();
        }
        let sizes = || (fcntl_getpipe_size(&kept.0).unwrap(), fcntl_getpipe_size(&kept.1).unwrap());
        let before = sizes();
        let mut child = spawn(&server, their_in, their_out);
        let mut lines = BufReader::new(our_in).lines();
        writeln!(our_out, "{}\n{INITIALIZED}\n{}", initialize(0, "2025-06-18"), call(1)).unwrap();
        for id in 0..=1 {
            assert_eq!(json(&lines.next().unwrap().unwrap())["id"], id);
        }
        assert_eq!(sizes(), before);
        let large = request_with(2, "tools/call", &format!(r#"{{"name":"echo","text":"{text}"}}"#));
        writeln!(our_out, "{large}").unwrap();
        assert_eq!(json(&lines.next().unwrap().unwrap())["result"]["text"], text);
        assert!(server.requests().iter().any(|request| request.text() == large));
        let wide = own.unwrap_or(256 << 10);
        assert_eq!(sizes(), (wide, wide));
        drop(our_out);
        assert_eq!(ends(&mut child), 0);
    }
}

fn spawn(server: &Server, stdin: impl Into<OwnedFd>, stdout: impl Into<OwnedFd>) -> Child {
    // It holds nothing that a relay needs.
    let mut command = Bridge::to(server).command(Path::new("/"));
    command.stdin(stdin.into()).stdout(stdout.into()).stderr(Stdio::null()).spawn().unwrap()
}

fn ends(child: &mut Child) -> i32 {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap();
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
fn threads(child: &Child) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let name = |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("comm")).ok();
    tasks.filter_map(name).map(|name| name.trim().to_owned()).collect()
}

//! What is measured, one function each.

mod echo;
mod eras;
mod many;
mod tls;

use std::{
    io::{BufRead, Write},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::{
    client::{Client, End},
    lab::{Lab, Subject},
    process,
    rows::{Row, row},
    server::Way,
    wire,
};

type Measure = (&'static str, fn(&mut Lab));

pub const ALL: [Measure; 13] = [
    ("start", start),
    ("echo", echo::scheduled),
    ("echo-on-one-core", echo::on_one_core),
    ("echo-server-apart", echo::server_apart),
    ("eras", eras::measure),
    ("inflight", in_flight),
    ("tls", tls::measure),
    ("notifications", notifications),
    ("large", large),
    ("idle", idle),
    ("twenty", many::measure),
    ("burst", burst),
    ("exit", exit),
];

pub fn names() -> String {
    ALL.map(|(name, _)| name).join(", ")
}

/// From the start of the process to its answer to `initialize`; for the direct client, of a new
/// connection. Only the bridge has HTTP/2.
fn start(lab: &mut Lab) {
    for subject in lab.present(&[Subject::Bridge]) {
        let size = lab.binary(subject).and_then(|binary| binary.metadata().ok()).map(|binary| binary.len() as f64 / MB);
        lab.table.add_known(row::BINARY, subject, size);
    }
    let rounds = lab.rounds();
    lab.in_turns("start", rounds, &Subject::EVERY, |lab, subject, _| {
        // A start takes mcp-remote a second.
        let times = if subject == Subject::McpRemote { 1 } else { 8 };
        for _ in 0..times {
            start_once(lab, subject, Way::Plain, row::START)?;
            if subject != Subject::Pipe {
                start_once(lab, subject, Way::Tls, row::TLS_START)?;
            }
            if matches!(subject, Subject::Bridge | Subject::Other) {
                start_once(lab, subject, Way::Http2, row::HTTP2_START)?;
            }
        }
        Ok(())
    });
}

fn start_once(lab: &mut Lab, subject: Subject, way: Way, time: Row) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut client = lab.spawn(subject, way)?;
    client.initialize()?;
    lab.table.add(time, subject, ms(start.elapsed()));
    if way == Way::Plain && !matches!(subject, Subject::Direct | Subject::Pipe) {
        client.initialized()?;
        client.ask(wire::tools_list)?;
        let spent = client.cpu().map(|spent| ms(spent.total()));
        lab.table.add_known(row::START_CPU, subject, spent);
    }
    // Gone before the next one starts.
    if let End::Editor(editor) = client.end {
        editor.leave(Duration::from_secs(2))?;
    }
    Ok(())
}

/// 64 calls under way all the time: each answer is followed by the next call at once.
fn in_flight(lab: &mut Lab) {
    let rows = (row::INFLIGHT, row::INFLIGHT_CPU);
    for client in in_flight_over(lab, "64 in flight", Way::Plain, &Subject::CLIENTS, rows) {
        note_peak(lab, &client, row::INFLIGHT_PEAK);
    }
}

fn in_flight_over(lab: &mut Lab, name: &str, way: Way, subjects: &[Subject], (rate, cpu): (Row, Row)) -> Vec<Client> {
    let calls = if lab.quick() { 6_400 } else { 19_200 };
    lab.on_living(name, way, subjects, |table, client| {
        let calls = client.subject.part_of(calls);
        // Opens the connections.
        keep_in_flight(client, calls / 10)?;
        let before = client.cpu();
        let took = keep_in_flight(client, calls)?;
        table.add(rate, client.subject, calls as f64 / took.as_secs_f64());
        if client.pid().is_some()
            && let (Some(before), Some(after)) = (before, client.cpu())
        {
            table.add(cpu, client.subject, us(after.since(&before)) / calls as f64);
        }
        Ok(())
    })
}

fn keep_in_flight(client: &mut Client, calls: u64) -> anyhow::Result<Duration> {
    let first = client.next_id();
    client.skip_ids(calls);
    let editor = match &mut client.end {
        End::Editor(editor) => editor,
        End::Direct(connection) => {
            // Without HTTP/2 that many calls need that many connections.
            let mut connections = (0..WIDTH).map(|_| connection.another()).collect::<anyhow::Result<Vec<_>>>()?;
            let ready = Barrier::new(WIDTH as usize + 1);
            return thread::scope(|scope| {
                let working: Vec<_> = connections
                    .iter_mut()
                    .map(|connection| {
                        let ready = &ready;
                        scope.spawn(move || -> anyhow::Result<()> {
                            ready.wait();
                            for id in 0..calls / WIDTH {
                                connection.send(&wire::call(id, "echo", ECHO))?;
                                connection.receive(|_| ())?;
                            }
                            Ok(())
                        })
                    })
                    .collect();
                ready.wait();
                let start = Instant::now();
                for worker in working {
                    worker.join().expect("no worker panics")?;
                }
                Ok(start.elapsed())
            });
        }
    };
    let start = Instant::now();
    let mut unsent = first..first + calls;
    for id in unsent.by_ref().take(WIDTH as usize) {
        editor.send(&wire::call(id, "echo", ECHO))?;
    }
    let mut answered = vec![false; calls as usize];
    for _ in 0..calls {
        let id = wire::number(editor.receive()?, "id").context("a line without an id")?;
        let seen = answered.get_mut((id - first) as usize).context("an answer to no call")?;
        ensure!(!*seen, "two answers to one call");
        *seen = true;
        if let Some(id) = unsent.next() {
            editor.send(&wire::call(id, "echo", ECHO))?;
        }
    }
    Ok(start.elapsed())
}

/// One call whose answer is a stream of small notifications and then the result: as fast as the
/// client takes them, all of them, in order.
fn notifications(lab: &mut Lab) {
    let amount = if lab.quick() { 100_000 } else { 200_000 };
    let clients = lab.on_living("notifications", Way::Plain, &Subject::CLIENTS, |table, client| {
        let amount = client.subject.part_of(amount);
        for (per_chunk, rate, cpu) in [(1, row::STREAM, row::STREAM_CPU), (500, row::JOINED, row::JOINED_CPU)] {
            let before = client.cpu();
            let start = Instant::now();
            take_stream(client, amount, per_chunk)?;
            table.add(rate, client.subject, amount as f64 / start.elapsed().as_secs_f64());
            if let (Some(before), Some(after)) = (before, client.cpu()) {
                table.add(cpu, client.subject, us(after.since(&before)) / amount as f64);
            }
        }
        Ok(())
    });
    for client in clients {
        note_peak(lab, &client, row::STREAM_PEAK);
    }
}

/// All of them came, in order.
pub fn take_stream(client: &mut Client, amount: u64, per_chunk: u64) -> anyhow::Result<()> {
    let id = client.next_id();
    let request = wire::call(id, "stream", &format!(r#""n":{amount},"per_chunk":{per_chunk}"#));
    let mut expected = 0;
    let mut astray = None;
    let mut each = |message: &[u8]| {
        let number = wire::number(message, "data");
        if number != Some(expected) && astray.is_none() {
            astray = Some(format!("number {number:?} came where {expected} was due"));
        }
        expected += 1;
    };
    match &mut client.end {
        End::Direct(connection) => {
            connection.send(&request)?;
            connection.receive(|message| {
                if wire::number(message, "id").is_none() {
                    each(message);
                }
            })?;
        }
        End::Editor(editor) => {
            editor.send(&request)?;
            loop {
                let line = editor.receive()?;
                if wire::number(line, "id").is_some() {
                    break;
                }
                each(line);
            }
        }
    }
    if let Some(astray) = astray {
        bail!("the stream is not whole: {astray}");
    }
    ensure!(expected == amount, "{expected} of {amount} notifications came before the answer");
    Ok(())
}

/// One large message at a time, as an argument and as an answer. Each has processes of its own,
/// because the peak of one would hide the other's, and because one that a large message ends
/// (mcp-remote takes no line over 10 MB) may still manage the other way.
fn large(lab: &mut Lab) {
    let (small, big) = (1 << 20, 16 << 20);
    for (size, times, up, rate, peak) in [
        (small, 10, true, row::UP_1, row::UP_1_PEAK),
        (small, 10, false, row::DOWN_1, row::DOWN_1_PEAK),
        (big, 2, true, row::UP_16, row::UP_16_PEAK),
        (big, 2, false, row::DOWN_16, row::DOWN_16_PEAK),
    ] {
        let times = if lab.quick() { 1 } else { times };
        let clients = lab.on_living(rate.name, Way::Plain, &Subject::CLIENTS, |table, client| {
            for _ in 0..times {
                let id = client.next_id();
                let request = match up {
                    true => wire::call(id, "up", &format!(r#""size":{size},"text":"{}""#, wire::sample(size))),
                    false => wire::call(id, "down", &format!(r#""size":{size}"#)),
                };
                let start = Instant::now();
                let (took, whole) = client.ask_as(id, &request, |answer| {
                    let took = start.elapsed();
                    let whole = match up {
                        true => wire::member(answer, "text") == Some("whole"),
                        false => wire::carries_sample(answer, size),
                    };
                    (took, whole)
                })?;
                ensure!(whole, "{size} bytes did not arrive whole");
                table.add(rate, client.subject, per_second(size, took));
            }
            Ok(())
        });
        for client in clients {
            note_peak(lab, &client, peak);
        }
    }
}

/// A session in which nothing happens, all of them during the same seconds.
fn idle(lab: &mut Lab) {
    let (settle, watch) = if lab.quick() { (2, 3) } else { (3, 8) };
    let mut clients = Vec::new();
    lab.in_turns("idle", 1, &[Subject::Pipe, Subject::Bridge, Subject::McpRemote], |lab, subject, _| {
        clients.push(lab.ready(subject, Way::Plain)?);
        Ok(())
    });
    thread::sleep(Duration::from_secs(settle));
    let switches =
        |clients: &[Client]| -> Vec<_> { clients.iter().map(|client| process::switches(client.pid()?)).collect() };
    let before = switches(&clients);
    thread::sleep(Duration::from_secs(watch));
    let after = switches(&clients);
    for ((client, before), after) in clients.iter().zip(before).zip(after) {
        if let (Some(before), Some(after)) = (before, after) {
            // A thread that has ended meanwhile took its count along.
            let since = |(thread, count): (&String, &u64)| count - before.get(thread).unwrap_or(&0);
            let rate = after.iter().map(since).sum::<u64>() as f64 / watch as f64;
            lab.table.add(row::WAKEUPS, client.subject, rate);
        }
        if let Some(pid) = client.pid() {
            lab.table.add_known(row::IDLE_MEMORY, client.subject, process::resident(pid));
            lab.table.add_known(row::THREADS, client.subject, process::thread_count(pid));
        }
    }
}

/// 1000 calls at once, each of which takes the server 500 ms.
fn burst(lab: &mut Lab) {
    let rounds = if lab.quick() { 1 } else { 3 };
    lab.in_turns("1000 at once", rounds, &Subject::CLIENTS, |lab, subject, _| {
        let mut client = lab.ready(subject, Way::Plain)?;
        let before = client.pid().and_then(process::resident);
        let start = Instant::now();
        match &mut client.end {
            End::Direct(connection) => {
                let mut open = Vec::new();
                for id in 0..BURST {
                    let mut connection = connection.another()?;
                    connection.send(&wire::call(id, "wait", r#""ms":500"#))?;
                    open.push(connection);
                }
                for mut connection in open {
                    connection.receive(|_| ())?;
                }
            }
            End::Editor(editor) => {
                let calls: String =
                    (0..BURST).map(|id| wire::call(1_000_000 + id, "wait", r#""ms":500"#) + "\n").collect();
                let (stdin, stdout) = editor.split();
                let stdin = stdin.context("stdin is open until the end")?;
                // From a thread: a bridge that stops reading while it writes must not stop us.
                thread::scope(|scope| {
                    let sent = scope.spawn(move || stdin.write_all(calls.as_bytes()));
                    let mut lines = stdout.lines();
                    for got in 0..BURST {
                        let line = lines.next().with_context(|| format!("it ended after {got}"))??;
                        ensure!(line.contains("waited"), "a call was answered {line}");
                    }
                    sent.join().expect("no writer panics").map_err(anyhow::Error::from)
                })?;
            }
        }
        lab.table.add(row::BURST, subject, ms(start.elapsed()));
        if let (Some(before), Some(peak)) = (before, client.pid().and_then(process::peak)) {
            lab.table.add(row::BURST_GROWTH, subject, peak - before);
        }
        Ok(())
    });
}

/// What happens when the editor closes stdin: at rest, and with a call of 200 ms under way.
fn exit(lab: &mut Lab) {
    let rounds = if lab.quick() { 1 } else { 3 };
    let subjects = [Subject::Pipe, Subject::Bridge, Subject::McpRemote];
    lab.in_turns("exit", rounds, &subjects, |lab, subject, _| {
        for busy in [false, true] {
            if busy && subject == Subject::Pipe {
                continue;
            }
            let mut client = lab.ready(subject, Way::Plain)?;
            // The standing stream and whatever else follows the first list.
            thread::sleep(Duration::from_millis(500));
            let id = client.next_id();
            let End::Editor(mut editor) = client.end else { bail!("there is no process") };
            if busy {
                editor.send(&wire::call(id, "wait", r#""ms":200"#))?;
                thread::sleep(Duration::from_millis(50));
            }
            let exit = editor.leave(GIVE_UP)?;
            let (time, deleted) = match busy {
                false => (row::EXIT_IDLE, row::EXIT_IDLE_DELETE),
                true => (row::EXIT_BUSY, row::EXIT_BUSY_DELETE),
            };
            lab.table.add(time, subject, ms(exit.after));
            if exit.killed {
                lab.table.note(format!("{}: still running {GIVE_UP:?} after EOF", subject.name()));
            }
            if subject != Subject::Pipe {
                // A closed connection may be faster than the server's note of what came on it.
                thread::sleep(Duration::from_millis(20));
                let seen = lab.server.noted(&client.tag)?.deletes > 0;
                lab.table.add(deleted, subject, f64::from(seen));
            }
            if busy {
                let answered = exit
                    .lines
                    .iter()
                    .any(|line| wire::number(line, "id") == Some(id) && wire::member(line, "text") == Some("waited"));
                lab.table.add(row::EXIT_ANSWER, subject, f64::from(answered));
            }
        }
        Ok(())
    });
}

fn note_peak(lab: &mut Lab, client: &Client, row: Row) {
    if let Some(pid) = client.pid() {
        lab.table.add_known(row, client.subject, process::peak(pid));
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn per_second(size: usize, time: Duration) -> f64 {
    size as f64 / MB / time.as_secs_f64()
}

const MB: f64 = 1048576.0;
pub const ECHO: &str = r#""text":"The quick brown fox jumps over the lazy dog""#;
const WIDTH: u64 = 64;
const BURST: u64 = 1000;
/// An editor would long have killed it.
const GIVE_UP: Duration = Duration::from_secs(5);

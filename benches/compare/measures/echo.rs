//! One call after another, wherever the programs are placed.

use std::{mem, time::Instant};

use anyhow::Context;

use super::{ECHO, note_peak, us};
use crate::{
    client::Client,
    lab::{Lab, Subject},
    process::{self, Placed},
    rows::{Row, row},
    server::Way,
};

/// One call at a time: what a bridge adds to each, in time and in CPU.
pub fn scheduled(lab: &mut Lab) {
    let clients = one_after_another(
        lab,
        "echo",
        Way::Plain,
        &Subject::EVERY,
        &[
            ("echo", row::ECHO_P50, row::ECHO_P99, row::ECHO_CPU),
            ("echo_sse", row::SSE_P50, row::SSE_P99, row::SSE_CPU),
        ],
    );
    for client in clients {
        note_peak(lab, &client, row::ECHO_PEAK);
    }
}

/// The same with server, bridge and editor on one processor: what the programs themselves cost.
pub fn on_one_core(lab: &mut Lab) {
    let tools = [("echo", row::ONE_CORE_P50, row::ONE_CORE_P99, row::ONE_CORE_CPU)];
    placed(lab, "echo on one core", one_core, &tools);
}

/// The same with the server on one processor and all of the editor's side on another.
pub fn server_apart(lab: &mut Lab) {
    let tools = [("echo", row::APART_P50, row::APART_P99, row::APART_CPU)];
    placed(lab, "echo, the server apart", |(first, last)| (first != last).then_some((first, last)), &tools);
}

fn placed(
    lab: &mut Lab,
    name: &str,
    choose: impl Fn((usize, usize)) -> Option<(usize, usize)>,
    tools: &[(&str, Row, Row, Row)],
) {
    in_place(lab, name, choose, |lab| drop(one_after_another(lab, name, Way::Plain, &Subject::EVERY, tools)));
}

/// `choose` says from the first and the last processor which one is the server's and which one is ours.
pub fn in_place(
    lab: &mut Lab,
    name: &str,
    choose: impl Fn((usize, usize)) -> Option<(usize, usize)>,
    measure: impl FnOnce(&mut Lab),
) {
    let place = || -> anyhow::Result<_> {
        let (theirs, ours) = choose(process::cores()?).context("there is one processor only")?;
        let there = Placed::on(theirs)?;
        let server = lab.start_server()?;
        drop(there);
        Ok((server, Placed::on(ours)?))
    };
    let (server, here) = match place() {
        Ok(placed) => placed,
        Err(error) => return lab.table.note(format!("{name}: {error:#}")),
    };
    let free = mem::replace(&mut lab.server, server);
    measure(lab);
    lab.server = free;
    drop(here);
}

pub fn one_after_another(
    lab: &mut Lab,
    name: &str,
    way: Way,
    subjects: &[Subject],
    tools: &[(&str, Row, Row, Row)],
) -> Vec<Client> {
    let calls = calls(lab);
    lab.on_living(name, way, subjects, |table, client| {
        let calls = client.subject.part_of(calls);
        for &(tool, p50, p99, cpu) in tools {
            let timed = time(client, tool, calls)?;
            table.add(p50, client.subject, timed.p50);
            table.add(p99, client.subject, timed.p99);
            table.add_known(cpu, client.subject, timed.cpu);
        }
        Ok(())
    })
}

pub fn calls(lab: &Lab) -> u64 {
    if lab.quick() { 1_000 } else { 2_000 }
}

/// Of one call in µs.
pub struct Timed {
    pub p50: f64,
    pub p99: f64,
    pub cpu: Option<f64>,
}

pub fn time(client: &mut Client, tool: &str, calls: u64) -> anyhow::Result<Timed> {
    // Connections, caches and mcp-remote's compiler settle first.
    for _ in 0..calls / 10 {
        client.call(tool, ECHO)?;
    }
    let before = client.cpu();
    let mut times = Vec::new();
    for _ in 0..calls {
        let start = Instant::now();
        client.call(tool, ECHO)?;
        times.push(us(start.elapsed()));
    }
    let cpu = before.zip(client.cpu()).map(|(before, after)| us(after.since(&before)) / calls as f64);
    times.sort_by(f64::total_cmp);
    Ok(Timed { p50: times[times.len() / 2], p99: times[times.len() * 99 / 100], cpu })
}

/// The placement of server and everybody else on one processor.
pub fn one_core((_, last): (usize, usize)) -> Option<(usize, usize)> {
    Some((last, last))
}

//! Twenty of a kind at once, as somebody has them who uses a handful of servers in a few editors.

use std::{thread, time::Duration};

use anyhow::Context;

use crate::{
    lab::{Lab, Subject},
    process,
    rows::row,
    server::Way,
};

pub fn measure(lab: &mut Lab) {
    let subjects = [Subject::Pipe, Subject::Bridge, Subject::McpRemote];
    lab.in_turns("twenty at once", 1, &subjects, |lab, subject, _| {
        let mut number = if lab.quick() { 5 } else { TWENTY };
        if subject == Subject::McpRemote && process::available().is_some_and(|mb| mb < ENOUGH) {
            number = 4;
            lab.table.note(format!("twenty at once, mcp-remote: there is memory for {number} only"));
        }
        let mut clients = Vec::new();
        for _ in 0..number {
            let client = lab.ready(subject, Way::Plain)?;
            client.within(TOGETHER);
            clients.push(client);
        }
        // The standing stream and whatever else follows the first list.
        thread::sleep(SETTLE);
        let mut whole = 0.0;
        for client in &clients {
            let Some(memory) = process::memory(client.pid().context("there is no process")?) else { return Ok(()) };
            lab.table.add(row::UNSHARED, subject, memory.unshared);
            lab.table.add(row::WRITTEN, subject, memory.written);
            whole += memory.proportional;
        }
        if number == TWENTY {
            lab.table.add(row::TOGETHER, subject, whole);
        }
        lab.table.add(row::PROPORTIONAL, subject, whole / clients.len() as f64);
        Ok(())
    });
}

const TWENTY: usize = 20;
/// What twenty of mcp-remote take, with room to spare, in MB.
const ENOUGH: f64 = 4096.0;
const SETTLE: Duration = Duration::from_secs(1);
/// The first one waits until the last has started.
const TOGETHER: Duration = Duration::from_secs(300);

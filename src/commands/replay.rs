//! `mcpbridge replay`: a recording as a stdio server.

use std::collections::VecDeque;
use std::process::{self, ExitCode};

use crate::cli::Replay as Typed;
use crate::log::{self as logging, Volume};
use crate::message::{Part, error_line};
use crate::record::{Recording, Replay};
use crate::stdio::{self, Line, Reader, Writer};

/// Answers until the editor leaves.
///
/// # Errors
/// The file is no recording, or is damaged.
pub fn run(typed: &Typed) -> anyhow::Result<ExitCode> {
    logging::start(Volume::Normal, None)?;
    let recording = Recording::read(&typed.file)?;
    let name = typed.file.display();
    if recording.cut {
        log::warn!(
            "{name} ends in the middle of a line, which is left out: the relay was killed, or the disk was full"
        );
    }
    if recording.missed > 0 {
        log::warn!("{name} lacks {} messages, which the disk was too slow for", recording.missed);
    }
    let replay = Replay::new(&recording);
    drop(recording);
    if stdio::is_terminal() {
        let answers = replay.answers();
        log::info!(
            "{name} has {answers} answers: an editor starts this command; by hand, type one JSON-RPC message a line"
        );
    }
    let runtime = super::event_loop()?;
    runtime.block_on(async {
        serve(replay, stdio::read(LIMIT)?, stdio::write()).await;
        anyhow::Ok(())
    })?;
    logging::finish();
    // Not by returning: the thread that reads stdin cannot be woken.
    process::exit(0)
}

async fn serve(mut replay: Replay, mut editor: Reader, mut writer: Writer) {
    let (mut open, mut lines) = (true, VecDeque::new());
    loop {
        // One after the other: an answer may be large, and the editor slow.
        while writer.pending() < ROOM
            && let Some(line) = lines.pop_front()
        {
            heard(&mut replay, line).iter().for_each(|line| writer.push(line));
            writer.flush();
        }
        if !open && lines.is_empty() {
            replay.end().iter().for_each(|line| writer.push(line));
            writer.flush();
            if !writer.is_busy() {
                return;
            }
        }
        tokio::select! {
            written = writer.written() => match written {
                Ok(()) => writer.flush(),
                Err(_) => return,
            },
            more = editor.recv(), if open && lines.is_empty() => match more {
                Some(more) => lines.extend(more),
                None => open = false,
            },
        }
    }
}

fn heard(replay: &mut Replay, line: Line) -> Vec<bytes::Bytes> {
    match line {
        Line::Text(text) => replay.on(text),
        Line::TooLong(skim) => {
            let text = format!("the message is larger than {LIMIT} bytes");
            let refuse = |part: &Part| error_line(part.id.as_ref(), crate::message::INVALID_REQUEST, &text, None);
            skim.parts().filter(|part| part.has_method).map(refuse).collect()
        }
    }
}

/// The largest message in bytes, as a relay has it unless it is told otherwise.
const LIMIT: usize = 64 * 1024 * 1024;
/// Bytes that may wait for the editor before no further line of its is read.
const ROOM: usize = 256 * 1024;

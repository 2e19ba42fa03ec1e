//! `mcpbridge replay`: a recording as a stdio server.

use std::process::{self, ExitCode};

use anyhow::Context;

use crate::cli::Replay as Typed;
use crate::log::{self as logging, Volume};
use crate::message::error_line;
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    runtime.block_on(async { anyhow::Ok(serve(replay, stdio::read(LIMIT)?, stdio::write()).await) })?;
    logging::finish();
    // Not by returning: the thread that reads stdin cannot be woken.
    process::exit(0)
}

async fn serve(mut replay: Replay, mut editor: Reader, mut writer: Writer) {
    let mut open = true;
    while open || writer.is_busy() {
        tokio::select! {
            written = writer.written() => if written.is_err() {
                return;
            },
            lines = editor.recv(), if open && writer.pending() < ROOM => {
                open = lines.is_some();
                for line in lines.unwrap_or_default() {
                    heard(&mut replay, line).iter().for_each(|line| writer.push(line));
                }
                if !open {
                    replay.end().iter().for_each(|line| writer.push(line));
                }
            }
        }
        writer.flush();
    }
}

fn heard(replay: &mut Replay, line: Line) -> Vec<bytes::Bytes> {
    match line {
        Line::Text(text) => replay.on(text),
        Line::TooLong(skim) if skim.has_method() => {
            let text = format!("the message is larger than {LIMIT} bytes");
            vec![error_line(skim.id(), crate::message::INVALID_REQUEST, &text, None)]
        }
        Line::TooLong(_) => Vec::new(),
    }
}

/// The largest message in bytes, as a relay has it unless it is told otherwise.
const LIMIT: usize = 64 * 1024 * 1024;
/// Bytes that may wait for the editor before no further line of its is read.
const ROOM: usize = 256 * 1024;

//! A recording, read back.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Side;
use super::file::SCHEMA;
use crate::failure::{Failure, Kind};
use crate::message::{Message, Parsed};

/// What was said in a session.
#[derive(Default)]
pub struct Recording {
    /// The messages in their order, those of batches one by one.
    pub entries: Vec<Entry>,
    /// How many messages the disk was too slow for.
    pub missed: u64,
    /// Whether the last line is not whole, because the relay was killed or the disk was full.
    pub cut: bool,
}

/// One message of it.
pub struct Entry {
    /// Who said it.
    pub side: Side,
    /// What was said.
    pub message: Message,
}

#[derive(Deserialize)]
struct First {
    mcpbridge: String,
    schema_version: u64,
}

#[derive(Deserialize)]
struct Line<'a> {
    from: Option<String>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    missed: Option<u64>,
    end: Option<bool>,
}

impl Recording {
    /// Reads a whole file.
    ///
    /// # Errors
    /// It cannot be read, is no recording, or is damaged; the sentence names the line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let unreadable = |error| wrong(format!("{name} cannot be read: {error}"));
        // Before it is opened: a pipe would wait for who writes, and a device has no end.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(wrong(format!("{name} is no file with a recording in it")));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut file = BufReader::new(file);
        let mut recording = Recording::default();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let longest = if number == 1 { LONGEST_FIRST_LINE } else { LONGEST_LINE };
            let read = file.by_ref().take(longest).read_until(b'\n', &mut line).map_err(unreadable)?;
            if read as u64 == longest {
                let end = if number == 1 { "is no recording: line 1 does not end" } else { "has too long a line" };
                return Err(foreign(format!("{name} {end}")));
            }
            if read == 0 {
                match number {
                    1 => return Err(foreign(format!("{name} is empty"))),
                    _ => break,
                }
            }
            let is_whole = line.ends_with(b"\n");
            let text = std::str::from_utf8(&line).map(str::trim_end);
            let outcome = match (number, text) {
                (1, Ok(text)) => Ok(check(text).map_err(|why| foreign(format!("{name} {why}")))?),
                (1, Err(_)) => return Err(foreign(format!("{name} is no recording: line 1 is not UTF-8"))),
                (_, Ok(text)) => recording.take(text),
                (_, Err(_)) => Err("is not UTF-8".to_owned()),
            };
            match outcome {
                Ok(()) => {}
                Err(_) if !is_whole => recording.cut = true,
                Err(why) => return Err(foreign(format!("{name} is damaged: line {number} {why}"))),
            }
        }
        Ok(recording)
    }

    fn take(&mut self, text: &str) -> Result<(), String> {
        let line: Line = serde_json::from_str(text).map_err(|error| format!("cannot be read: {error}"))?;
        if let Some(missed) = line.missed {
            self.missed = self.missed.saturating_add(missed);
            return Ok(());
        }
        if line.end == Some(true) {
            return Ok(());
        }
        let from = line.from.as_deref().ok_or("does not say who has said it")?;
        let side = Side::ALL.into_iter().find(|side| side.word() == from);
        let side = side.ok_or_else(|| format!("comes from {from:?}, whom nobody knows"))?;
        let Some(message) = line.message else {
            // What an editor writes that is not JSON has no answer that could be recognized.
            return line.text.map(|_| ()).ok_or_else(|| "has no message".to_owned());
        };
        let messages = match Message::parse(Bytes::copy_from_slice(message.get().as_bytes())) {
            Ok(Parsed::One(message)) => vec![message],
            Ok(Parsed::Batch(batch)) => batch.into_iter().flatten().collect(),
            Err(_) if side == Side::Editor => Vec::new(),
            Err(fault) => return Err(format!("holds no message: {}", fault.text)),
        };
        self.entries.extend(messages.into_iter().map(|message| Entry { side, message }));
        Ok(())
    }
}

/// Whether this is the first line of a recording. The error is the end of a sentence about the file.
fn check(text: &str) -> Result<(), String> {
    match serde_json::from_str::<First>(text) {
        Ok(first) if first.mcpbridge != "recording" => Err("is no recording, as its line 1 says".into()),
        Ok(first) if first.schema_version > SCHEMA => {
            Err(format!("was made by a newer mcpbridge: line 1 says version {}", first.schema_version))
        }
        Ok(_) => Ok(()),
        Err(_) => Err("is no recording: line 1 does not say that it is one".into()),
    }
}

fn wrong(fact: String) -> Failure {
    Failure::new(Kind::Usage, fact).remedy("check its path")
}

fn foreign(fact: String) -> Failure {
    Failure::new(Kind::Usage, fact).remedy("record the session anew: mcpbridge URL --record FILE")
}

/// Bytes of the line that says what the file is: what is no recording may be one long line.
const LONGEST_FIRST_LINE: u64 = 64 * 1024;
/// Bytes of another line, which has one message; the largest that relays can be told to take is not larger.
const LONGEST_LINE: u64 = 4 * 1024 * 1024 * 1024;

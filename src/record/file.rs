//! The file of a recording: JSON lines, which only its owner can read.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::Side;
use super::redact::redacted;
use crate::failure::{Failure, Kind};
use crate::private;
use crate::secret::Secrets;

/// An open recording.
pub struct RecordFile {
    name: String,
    file: BufWriter<File>,
}

impl RecordFile {
    /// Creates the file, and writes its first line: what it is, since when, and of which server.
    ///
    /// # Errors
    /// There is such a file, or none can be written there.
    pub fn create(path: &Path, server: &str) -> Result<Self, Failure> {
        let started = OffsetDateTime::now_utc();
        let path = if path.is_dir() { path.join(own_name(started)) } else { path.to_owned() };
        let name = path.display().to_string();
        let file = private::create_new(&path).map_err(|error| match error.kind() {
            // Not appended to, and not replaced: it may be anything, and a link to anything.
            ErrorKind::AlreadyExists => Failure::new(Kind::Usage, format!("{name} is there already"))
                .remedy("give --record another name, or a folder, in which each run gets a file of its own"),
            _ => unwritable(&name, &error),
        })?;
        let mut recording = RecordFile { name, file: BufWriter::new(file) };
        let first = json!({
            "mcpbridge": "recording",
            "schema_version": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "started": rfc3339(started),
            "server": server,
        });
        let written = writeln!(recording.file, "{first}").and_then(|()| recording.file.flush());
        match written {
            Ok(()) => Ok(recording),
            Err(error) => {
                // Nothing is in it, and the next run would take it for somebody's.
                let _ = fs::remove_file(&path);
                Err(unwritable(&recording.name, &error))
            }
        }
    }

    /// Its path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes one message, after a note on those that are missing before it.
    ///
    /// # Errors
    /// A sentence about the file.
    pub fn message(&mut self, ms: u64, side: Side, text: &[u8], missed: u64, secrets: &Secrets) -> Result<(), String> {
        self.note_missed(ms, missed)?;
        let spelled = std::str::from_utf8(text).ok().filter(|text| serde_json::from_str::<&RawValue>(text).is_ok());
        let own = side == Side::Bridge;
        let (member, value) = match spelled {
            Some(message) => ("message", redacted(message, secrets, own)),
            None => {
                let text = serde_json::Value::from(String::from_utf8_lossy(text).into_owned()).to_string();
                ("text", redacted(&text, secrets, own).into_owned().into())
            }
        };
        let side = side.word();
        self.written(|file| writeln!(file, r#"{{"ms":{ms},"from":"{side}","{member}":{value}}}"#))
    }

    /// Writes that the session has ended.
    ///
    /// # Errors
    /// A sentence about the file.
    pub fn end(&mut self, ms: u64, missed: u64) -> Result<(), String> {
        self.note_missed(ms, missed)?;
        self.written(|file| writeln!(file, r#"{{"ms":{ms},"end":true}}"#))
    }

    /// Hands what was written to the system.
    ///
    /// # Errors
    /// A sentence about the file.
    pub fn flush(&mut self) -> Result<(), String> {
        self.written(Write::flush)
    }

    fn note_missed(&mut self, ms: u64, missed: u64) -> Result<(), String> {
        match missed {
            0 => Ok(()),
            _ => self.written(|file| writeln!(file, r#"{{"ms":{ms},"missed":{missed}}}"#)),
        }
    }

    fn written(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), String> {
        write(&mut self.file).map_err(|error| format!("the recording {} cannot be written: {error}", self.name))
    }
}

fn unwritable(name: &str, error: &io::Error) -> Failure {
    let fact = format!("the recording {name} cannot be written: {error}");
    Failure::new(Kind::Usage, fact).remedy("give --record the name of a new file in a folder that you can write to")
}

/// Several relays may start in one second.
fn own_name(now: OffsetDateTime) -> PathBuf {
    let (date, time, process) = (now.date(), now.time(), std::process::id());
    let day = format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day());
    format!("mcpbridge-{day}T{:02}{:02}{:02}Z-{process}.jsonl", time.hour(), time.minute(), time.second()).into()
}

fn rfc3339(now: OffsetDateTime) -> String {
    let (date, time) = (now.date(), now.time());
    format!("{date}T{:02}:{:02}:{:02}.{:03}Z", time.hour(), time.minute(), time.second(), time.millisecond())
}

/// The version of the format.
pub const SCHEMA: u64 = 1;

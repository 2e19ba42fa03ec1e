//! What a person sees: lines on stderr and in a file, never a secret, never in the way.
//!
//! Lines cross to a thread of their own. An editor that does not read our stderr fills the pipe,
//! and a relay that waits for its own log is a relay that hangs; such lines are dropped instead.

mod repeated;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::clock::since_1970;
use crate::plain::harmless;
use crate::private;

pub use repeated::Repeated;

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Volume {
    /// Nothing.
    Silent,
    /// One line for each event that a person would want to know of.
    #[default]
    Normal,
    /// Every message's kind, method and id, and every HTTP status.
    Debug,
}

/// Has every line from [`Level::Info`] on told to `listener` too, whatever is said on stderr. It is called
/// where the line is said, so it must not wait. Before [`start`], and once.
pub fn listen(listener: Listener) {
    let _ = LISTENER.set(listener);
}

/// Hears a line, and whether it is a warning.
pub type Listener = Box<dyn Fn(bool, &str) + Send + Sync>;

/// Starts the log. Only lines of this crate are taken: other crates log headers.
///
/// # Errors
/// The log file cannot be opened for appending.
pub fn start(volume: Volume, file: Option<&Path>) -> io::Result<()> {
    let file = file.map(LogFile::open).transpose()?;
    let level = match volume {
        Volume::Silent if file.is_none() && LISTENER.get().is_none() => LevelFilter::Off,
        Volume::Debug => LevelFilter::Debug,
        Volume::Silent | Volume::Normal => LevelFilter::Info,
    };
    if level == LevelFilter::Off {
        return Ok(());
    }
    let (lines, queue) = sync_channel(QUEUE);
    let say = volume != Volume::Silent;
    let logger = LOGGER.get_or_init(|| Logger { lines, writer: Mutex::new(Writer::Idle { queue, file, say }) });
    if log::set_logger(logger).is_ok() {
        log::set_max_level(level);
    }
    Ok(())
}

/// Waits until what was said is written, at most [`FLUSH`].
pub fn finish() {
    let Some(logger) = LOGGER.get() else { return };
    let writer = std::mem::replace(&mut *logger.writer(), Writer::Missing);
    if let Writer::AtWork(finished) = writer
        && logger.lines.try_send(None).is_ok()
    {
        let _: Result<(), RecvTimeoutError> = finished.recv_timeout(FLUSH);
    }
}

struct Logger {
    lines: SyncSender<Option<String>>,
    writer: Mutex<Writer>,
}

/// Who writes. A relay that has nothing to say has one thread less.
enum Writer {
    /// Nothing was said yet.
    Idle { queue: Receiver<Option<String>>, file: Option<LogFile>, say: bool },
    /// A thread does, and tells its end.
    AtWork(Receiver<()>),
    /// The system gave no thread, or all is over.
    Missing,
}

impl Logger {
    fn writer(&self) -> std::sync::MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        let mut writer = self.writer();
        *writer = match std::mem::replace(&mut *writer, Writer::Missing) {
            Writer::Idle { queue, file, say } => {
                let (done, finished) = sync_channel(1);
                let write = move || {
                    write_all(&queue, file, say);
                    let _ = done.send(());
                };
                match thread::Builder::new().name("log".into()).spawn(write) {
                    Ok(_) => Writer::AtWork(finished),
                    Err(_) => Writer::Missing,
                }
            }
            begun => begun,
        };
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            let mark = match record.level() {
                Level::Error | Level::Warn => "warning: ",
                Level::Info => "",
                Level::Debug | Level::Trace => "debug: ",
            };
            // A text from a server may hold terminal sequences, and line breaks with which to forge a line.
            let text = harmless(&record.args().to_string().replace(|c: char| c.is_control(), " "));
            if let (Some(listener), true) = (LISTENER.get(), record.level() <= Level::Info) {
                listener(record.level() <= Level::Warn, &text);
            }
            self.begin();
            let _ = self.lines.try_send(Some(format!("{mark}{text}")));
        }
    }

    fn flush(&self) {}
}

fn write_all(queue: &Receiver<Option<String>>, mut file: Option<LogFile>, say: bool) {
    while let Ok(Some(line)) = queue.recv() {
        if let Some(file) = &mut file {
            file.write(&line);
        }
        if say {
            // One write a line, so that lines of several processes do not mix.
            let _ = io::stderr().write_all(format!("mcpbridge: {line}\n").as_bytes());
        }
    }
}

/// A file that is set aside once when it has grown to [`ROTATE_AT`] bytes. Several processes may write to it,
/// as where every editor has the same flag, so its size is asked for and not counted.
struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        // Windows locks no file that is opened to append alone. Elsewhere it may be one that cannot be read.
        options.create(true).append(true).read(cfg!(windows));
        let file = private::open_named(&mut options, path)?;
        Ok(LogFile { path: path.to_owned(), file })
    }

    fn write(&mut self, line: &str) {
        let now = since_1970();
        let line = format!("{}.{:03} [{}] {line}\n", now.as_secs(), now.subsec_millis(), std::process::id());
        let is_full = |size: u64| size + line.len() as u64 > ROTATE_AT;
        if self.file.metadata().is_ok_and(|there| is_full(there.len())) {
            self.set_aside(is_full);
        }
        self.add(line.as_bytes());
    }

    /// On Windows nobody else can write while a process sets the file aside.
    fn add(&mut self, line: &[u8]) {
        let mut tries = 0;
        while let Err(error) = self.file.write_all(line)
            && cfg!(windows)
            && error.raw_os_error() == Some(ERROR_LOCK_VIOLATION)
            && tries < TRIES
        {
            tries += 1;
            thread::sleep(PAUSE);
        }
    }

    /// Goes on with the file that has the name. Under a lock, and after another look, because the one that is
    /// full may have been set aside by another process, and a second time it would replace what it was set aside as.
    fn set_aside(&mut self, is_full: impl Fn(u64) -> bool) {
        let Ok(named) = LogFile::open(&self.path) else { return };
        *self = named;
        if self.file.try_lock().is_err() {
            return;
        }
        if fs::metadata(&self.path).is_ok_and(|there| is_full(there.len())) {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            let _ = fs::rename(&self.path, old);
        }
        let _ = self.file.unlock();
        if let Ok(fresh) = LogFile::open(&self.path) {
            *self = fresh;
        }
    }
}

static LOGGER: OnceLock<Logger> = OnceLock::new();
static LISTENER: OnceLock<Listener> = OnceLock::new();
/// Lines that may wait for a slow reader of stderr before further ones are dropped.
const QUEUE: usize = 1024;
/// How long the end of the process waits for stderr, which nobody may be reading.
const FLUSH: Duration = Duration::from_millis(200);
/// Bytes after which the log file is renamed to `NAME.1`.
const ROTATE_AT: u64 = 5 * 1024 * 1024;
/// What Windows says of a write to a file that another process has locked.
const ERROR_LOCK_VIOLATION: i32 = 33;
/// How often such a write is tried again, and how long after the last time: the lock is for one rename.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_with_one_file_lose_no_line_when_it_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut writers = [LogFile::open(&path).unwrap(), LogFile::open(&path).unwrap()];
        let long = "x".repeat(1024 * 1024);
        for number in 0..8 {
            writers[number % 2].write(&format!("line {number} {long}"));
        }
        let written = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let (old, new) = (written("log.1"), written("log"));
        assert!(old.len() as u64 <= ROTATE_AT && new.len() as u64 <= ROTATE_AT, "{} {}", old.len(), new.len());
        let numbers: Vec<String> =
            format!("{old}{new}").lines().map(|line| line.split(' ').nth(3).unwrap_or_default().to_owned()).collect();
        assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}

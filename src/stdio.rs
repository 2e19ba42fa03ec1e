//! Lines in, lines out: the only file that names the stdin and stdout of the relay.
//!
//! A thread reads and a thread writes, because tokio's own stdin and stdout hand each piece to a
//! blocking pool and cost several times the rest of the relay. O_NONBLOCK is never set: the
//! descriptors are inherited, and the flag would be the editor's too.

use std::any::Any;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::ManuallyDrop;
use std::sync::mpsc as sync;
use std::thread;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use memchr::memchr;
use tokio::sync::mpsc;

use crate::message::Skim;

/// What the reader saw. Blank lines are not worth a word.
pub enum Line {
    /// A line without its end.
    Text(Bytes),
    /// A line above the limit; only its id and kind were kept.
    TooLong(Skim),
}

/// Starts reading stdin. Lines cross in batches; the channel closes at the end of the input.
///
/// # Errors
/// No thread can be started.
pub fn read(limit: usize) -> io::Result<mpsc::Receiver<Vec<Line>>> {
    let (lines, queue) = mpsc::channel(BATCHES);
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut splitter = Splitter::new(limit);
        let mut block = vec![0; BLOCK];
        loop {
            let length = match patiently(|| stdin().read(&mut block), stdin_ready) {
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            };
            let batch = splitter.push(Bytes::copy_from_slice(&block[..length]));
            // A large line is not followed by another before the loop has taken it.
            let large = batch.iter().any(|line| matches!(line, Line::Text(text) if text.len() > LARGE));
            if !batch.is_empty() && lines.blocking_send(batch).is_err()
                || large && lines.blocking_send(Vec::new()).is_err()
            {
                return;
            }
        }
        let _ = lines.blocking_send(splitter.end());
    })?;
    Ok(queue)
}

/// Whether a person sits at stdin.
pub fn is_terminal() -> bool {
    io::IsTerminal::is_terminal(&io::stdin())
}

/// Cuts blocks into lines.
struct Splitter {
    limit: usize,
    partial: Vec<u8>,
    /// Set while the line that is being read is above the limit.
    skim: Option<Skim>,
    start: bool,
}

impl Splitter {
    fn new(limit: usize) -> Self {
        Splitter { limit, partial: Vec::new(), skim: None, start: true }
    }

    fn push(&mut self, mut block: Bytes) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(end) = memchr(b'\n', &block) {
            let head = block.split_to(end + 1);
            self.finish(head.slice(..end), &mut lines);
        }
        self.keep(&block);
        lines
    }

    /// The last line may lack its end.
    fn end(mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        self.finish(Bytes::new(), &mut lines);
        lines
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.skim.is_none() && self.partial.len() + piece.len() > self.limit {
            let mut skim = Skim::default();
            skim.push(&std::mem::take(&mut self.partial));
            self.skim = Some(skim);
        }
        match &mut self.skim {
            Some(skim) => skim.push(piece),
            None => self.partial.extend_from_slice(piece),
        }
    }

    fn finish(&mut self, rest: Bytes, lines: &mut Vec<Line>) {
        let line = if self.partial.is_empty() && self.skim.is_none() && rest.len() <= self.limit {
            rest
        } else {
            self.keep(&rest);
            if let Some(skim) = self.skim.take() {
                lines.push(Line::TooLong(skim));
                return;
            }
            std::mem::take(&mut self.partial).into()
        };
        // Some editors on Windows start with a byte order mark.
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if self.start => line.slice_ref(rest),
            _ => line,
        };
        self.start = false;
        let line = line.slice_ref(line.trim_ascii_end());
        if !line.trim_ascii().is_empty() {
            lines.push(Line::Text(line));
        }
    }
}

/// The one writer to stdout: what is pushed between two calls of [`Writer::flush`] goes out as
/// one batch.
pub struct Writer {
    batches: Option<sync::Sender<Batch>>,
    written: mpsc::Receiver<io::Result<()>>,
    pending: Vec<Bytes>,
    tail: BytesMut,
    pending_bytes: usize,
    holds: Vec<Hold>,
    busy: bool,
    door: Door,
}

/// What is dropped once the lines before it are written.
pub type Hold = Box<dyn Any + Send>;

struct Batch {
    parts: Vec<Bytes>,
    holds: Vec<Hold>,
}

/// Starts the thread that writes stdout.
///
/// # Errors
/// No thread can be started.
pub fn write() -> io::Result<Writer> {
    let (batches, queue) = sync::channel::<Batch>();
    let (report, written) = mpsc::channel(1);
    thread::Builder::new().name("stdout".into()).spawn(move || {
        while let Ok(batch) = queue.recv() {
            let Batch { parts, holds } = batch;
            let outcome = parts.into_iter().try_for_each(|part| write_whole(&part));
            drop(holds);
            if report.blocking_send(outcome).is_err() {
                return;
            }
        }
    })?;
    let (pending, tail) = (Vec::new(), BytesMut::new());
    Ok(Writer {
        batches: Some(batches),
        written,
        pending,
        tail,
        pending_bytes: 0,
        holds: Vec::new(),
        busy: false,
        door: Door::find(),
    })
}

impl Writer {
    /// Adds one message; the end of the line is added here.
    pub fn push(&mut self, line: &Bytes) {
        self.pending_bytes += line.len() + 1;
        if line.len() > JOIN {
            self.pending.push(self.tail.split().freeze());
            self.pending.push(line.clone());
        } else {
            self.tail.extend_from_slice(line);
        }
        self.tail.put_u8(b'\n');
    }

    /// Keeps `hold` until everything pushed so far is written.
    pub fn hold(&mut self, hold: Hold) {
        self.holds.push(hold);
    }

    /// Hands what was pushed to the thread, unless it is still writing.
    pub fn flush(&mut self) {
        if self.busy || self.pending_bytes == 0 {
            return;
        }
        if self.pending.is_empty() && self.tail.len() <= AT_ONCE {
            let written = self.door.write_now(&self.tail);
            self.tail.advance(written);
            self.pending_bytes -= written;
            if self.tail.is_empty() {
                self.tail.clear();
                self.holds.clear();
                return;
            }
        }
        self.pending.push(self.tail.split().freeze());
        self.pending_bytes = 0;
        if let Some(batches) = &self.batches {
            self.busy = batches
                .send(Batch { parts: std::mem::take(&mut self.pending), holds: std::mem::take(&mut self.holds) })
                .is_ok();
        }
    }

    /// Whether something is being written or waits for it.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// Bytes that wait for the thread.
    pub fn pending(&self) -> usize {
        self.pending_bytes
    }

    /// Waits until the thread has written its batch. Pending for ever when it has none, so that
    /// it can stand in a `select!`.
    ///
    /// # Errors
    /// stdout is closed.
    pub async fn written(&mut self) -> io::Result<()> {
        if !self.busy {
            std::future::pending::<()>().await;
        }
        let outcome = self.written.recv().await;
        self.busy = false;
        outcome.unwrap_or_else(|| Err(ErrorKind::BrokenPipe.into()))
    }
}

/// What can be written without a wait. A small answer to an editor that reads is worth it: to wake
/// the thread and hear from it costs as much as everything else that is done for the answer.
enum Door {
    /// A pipe takes [`AT_ONCE`] bytes when it is writable at all (Linux; elsewhere fewer).
    #[cfg(target_os = "linux")]
    Pipe,
    /// A socket can be asked not to wait.
    #[cfg(target_os = "linux")]
    Socket,
    /// A file or a terminal: the thread writes.
    Closed,
}

impl Door {
    #[cfg(target_os = "linux")]
    fn find() -> Self {
        let kind =
            rustix::fs::fstat(rustix::stdio::stdout()).map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode));
        match kind {
            Ok(rustix::fs::FileType::Fifo) => Door::Pipe,
            Ok(rustix::fs::FileType::Socket) => Door::Socket,
            _ => Door::Closed,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn find() -> Self {
        Door::Closed
    }

    /// Writes as much as goes without a wait. An error is left for the thread to meet.
    fn write_now(&self, bytes: &[u8]) -> usize {
        match self {
            #[cfg(target_os = "linux")]
            Door::Pipe => {
                use rustix::event::{PollFd, PollFlags, Timespec, poll};
                let out = rustix::stdio::stdout();
                let mut ready = [PollFd::new(&out, PollFlags::OUT)];
                let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
                let free = poll(&mut ready, Some(&at_once)) == Ok(1) && ready[0].revents() == PollFlags::OUT;
                if free { stdout().write(bytes).unwrap_or(0) } else { 0 }
            }
            #[cfg(target_os = "linux")]
            Door::Socket => {
                use rustix::net::{SendFlags, send};
                send(rustix::stdio::stdout(), bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).unwrap_or(0)
            }
            Door::Closed => {
                let _ = bytes;
                0
            }
        }
    }
}

fn write_whole(mut part: &[u8]) -> io::Result<()> {
    while !part.is_empty() {
        match patiently(|| stdout().write(part), stdout_ready)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => part = &part[written..],
        }
    }
    Ok(())
}

/// Repeats an interrupted call, and waits where the editor has made the descriptor non-blocking.
fn patiently<T>(mut call: impl FnMut() -> io::Result<T>, ready: impl Fn()) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => ready(),
            outcome => return outcome,
        }
    }
}

// std's own handles buffer, and its stdout writes line by line.
#[cfg(unix)]
fn stdin() -> ManuallyDrop<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: descriptor 0 belongs to the process; ManuallyDrop leaves it open.
    ManuallyDrop::new(unsafe { File::from_raw_fd(0) })
}

#[cfg(unix)]
fn stdout() -> ManuallyDrop<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: as for stdin, with descriptor 1.
    ManuallyDrop::new(unsafe { File::from_raw_fd(1) })
}

#[cfg(unix)]
fn stdin_ready() {
    wait_for(rustix::stdio::stdin(), rustix::event::PollFlags::IN);
}

#[cfg(unix)]
fn stdout_ready() {
    wait_for(rustix::stdio::stdout(), rustix::event::PollFlags::OUT);
}

#[cfg(unix)]
fn wait_for(descriptor: std::os::fd::BorrowedFd<'static>, flags: rustix::event::PollFlags) {
    let _ = rustix::event::poll(&mut [rustix::event::PollFd::new(&descriptor, flags)], None);
}

#[cfg(windows)]
fn stdin() -> ManuallyDrop<File> {
    use std::os::windows::io::{AsRawHandle, FromRawHandle};
    // SAFETY: the handle belongs to the process; ManuallyDrop leaves it open.
    ManuallyDrop::new(unsafe { File::from_raw_handle(io::stdin().as_raw_handle()) })
}

#[cfg(windows)]
fn stdout() -> ManuallyDrop<File> {
    use std::os::windows::io::{AsRawHandle, FromRawHandle};
    // SAFETY: as for stdin.
    ManuallyDrop::new(unsafe { File::from_raw_handle(io::stdout().as_raw_handle()) })
}

#[cfg(windows)]
fn stdin_ready() {
    thread::yield_now();
}

#[cfg(windows)]
fn stdout_ready() {
    thread::yield_now();
}

/// Bytes asked for in one read.
const BLOCK: usize = 64 * 1024;
/// Batches of lines that may wait for the loop.
const BATCHES: usize = 1;
/// A line above this many bytes is held only once.
const LARGE: usize = 1024 * 1024;
/// Bytes that are written without the thread; a pipe that is writable takes as many without a wait.
const AT_ONCE: usize = 4096;
/// Messages up to this many bytes are copied together into one write; larger ones are not copied.
const JOIN: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(limit: usize, pieces: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(limit);
        let mut lines: Vec<Line> = Vec::new();
        for piece in pieces {
            lines.extend(splitter.push(Bytes::copy_from_slice(piece)));
        }
        lines.extend(splitter.end());
        let text = |line: &Line| match line {
            Line::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Line::TooLong(skim) => format!("too long: {}", skim.id().map_or("-", |id| id.spelled())),
        };
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_are_found_however_the_input_is_cut() {
        let input = "\u{feff}{\"a\":1}\r\n\n  \r\n{\"b\":\"\u{e9}\"}\n{\"c\":3}".as_bytes();
        for cut in 0..input.len() {
            assert_eq!(
                texts(100, &[&input[..cut], &input[cut..]]),
                ["{\"a\":1}", "{\"b\":\"\u{e9}\"}", "{\"c\":3}"],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_line_above_the_limit_keeps_only_its_id_and_the_next_one_is_whole() {
        let input = br#"{"params":"xxxxxxxxxxxxxxxxxxxx","id":7}
{"id":8}"#;
        for cut in 0..input.len() {
            assert_eq!(texts(20, &[&input[..cut], &input[cut..]]), ["too long: 7", "{\"id\":8}"], "cut at {cut}");
        }
    }
}

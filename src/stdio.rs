//! Lines in, lines out: the only file that names the stdin and stdout of the relay.
//!
//! Where Linux lets it, the loop reads stdin and writes small answers itself, without a wait. All else
//! is for a thread that reads and one that writes; tokio's own stdin and stdout hand each piece to a
//! blocking pool and cost several times the rest of the relay. O_NONBLOCK is never set: the
//! descriptors are inherited, and the flag would be the editor's too.

#[cfg(target_os = "linux")]
mod door;
mod inside;
mod lines;
#[cfg(target_os = "linux")]
mod ready;
#[cfg(unix)]
mod unheard;

use std::any::Any;
#[cfg(windows)]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::future::poll_fn;
use std::io::{self, ErrorKind};
#[cfg(windows)]
use std::io::{Read, Write};
#[cfg(windows)]
use std::mem::ManuallyDrop;
#[cfg(windows)]
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::sync::mpsc as sync;
use std::thread;

#[cfg(target_os = "linux")]
use bytes::Buf;
use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::mpsc;

pub use inside::{Inside, inside};
pub use lines::{Line, Splitter};

/// Keeps the inherited stdin, stdout and stderr from the processes that this one starts, but for what they are given
/// of it. Windows leaves them every handle that this one has got from the editor, which would then wait for the end of
/// the helper and of the browser.
#[cfg(windows)]
pub fn keep_from_children() {
    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
    let all = [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    for handle in all {
        // SAFETY: it changes a flag of the handle and no memory; what is no handle is refused.
        #[expect(unsafe_code, reason = "std cannot change how a handle is inherited")]
        let _ = unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) };
    }
}

/// The lines of stdin.
pub struct Reader(Source);

enum Source {
    /// A pipe or a socket, read in the loop.
    #[cfg(target_os = "linux")]
    Ready { input: ready::Ready, splitter: Splitter, ended: bool },
    /// Anything else, read by a thread; the channel closes at the end of the input.
    Thread(mpsc::Receiver<Vec<Line>>),
    /// An editor in this process.
    Inside(mpsc::Receiver<Vec<Line>>),
}

/// Starts reading stdin. Must be called in the runtime.
///
/// # Errors
/// No thread can be started.
pub fn read(limit: usize) -> io::Result<Reader> {
    #[cfg(target_os = "linux")]
    if let Some(input) = ready::Ready::of(rustix::stdio::stdin()) {
        let splitter = Splitter::new(limit);
        return Ok(Reader(Source::Ready { input, splitter, ended: false }));
    }
    read_in_thread(limit).map(|lines| Reader(Source::Thread(lines)))
}

impl Reader {
    /// The next lines, or `None` at the end of the input. Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Vec<Line>> {
        match &mut self.0 {
            #[cfg(target_os = "linux")]
            Source::Ready { ended: true, .. } => None,
            #[cfg(target_os = "linux")]
            Source::Ready { input, splitter, ended } => loop {
                if !matches!(poll_fn(|context| input.poll_read(context, splitter.buffer())).await, Ok(1..)) {
                    *ended = true;
                    return Some(splitter.end());
                }
                let lines = splitter.cut();
                if !lines.is_empty() {
                    return Some(lines);
                }
            },
            Source::Thread(lines) | Source::Inside(lines) => lines.recv().await,
        }
    }

    /// Whether the editor is in this process: then its end and the signals are its own to notice.
    pub fn is_inside(&self) -> bool {
        matches!(self.0, Source::Inside(_))
    }
}

fn read_in_thread(limit: usize) -> io::Result<mpsc::Receiver<Vec<Line>>> {
    let (lines, queue) = mpsc::channel(BATCHES);
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut splitter = Splitter::new(limit);
        while let Ok(1..) = patiently(|| read_some(splitter.buffer()), stdin_ready) {
            let batch = splitter.cut();
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

/// Waits until nobody reads stdout any more; pending for ever where that cannot be told. Must be called in the runtime.
pub async fn unheard() {
    #[cfg(unix)]
    unheard::end_of_reader(rustix::stdio::stdout()).await;
    #[cfg(not(unix))]
    std::future::pending().await
}

/// The one writer to stdout: what is pushed between two calls of [`Writer::flush`] goes out as
/// one batch.
pub struct Writer {
    /// Started for the first batch that cannot be written without a wait.
    thread: Option<Thread>,
    pending: Vec<Bytes>,
    tail: BytesMut,
    pending_bytes: usize,
    holds: Vec<Hold>,
    busy: bool,
    #[cfg(target_os = "linux")]
    door: door::Door,
}

/// What is dropped once the lines before it are written.
pub type Hold = Box<dyn Any + Send>;

struct Batch {
    parts: Vec<Bytes>,
    holds: Vec<Hold>,
}

/// The thread that waits for the editor to read.
struct Thread {
    batches: sync::Sender<Batch>,
    written: mpsc::Receiver<io::Result<()>>,
}

impl Thread {
    /// `write` may wait for as long as the reader likes.
    fn start(mut write: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static) -> Self {
        let (batches, queue) = sync::channel::<Batch>();
        let (report, written) = mpsc::channel(1);
        let writes = move || {
            while let Ok(Batch { parts, holds }) = queue.recv() {
                let outcome = parts.into_iter().try_for_each(|part| write(&part));
                drop(holds);
                if report.blocking_send(outcome).is_err() {
                    return;
                }
            }
        };
        // Without a thread its end of the channels is gone, and that counts as a stdout that cannot be written.
        if let Err(error) = thread::Builder::new().name("stdout".into()).spawn(writes) {
            log::warn!("no thread can be started to write stdout: {error}");
        }
        Thread { batches, written }
    }
}

/// A writer that has written nothing.
pub fn write() -> Writer {
    Writer {
        #[cfg(target_os = "linux")]
        door: door::Door::to(rustix::stdio::stdout()),
        ..Writer::by(None)
    }
}

impl Writer {
    /// One that writes by this thread, or by one that starts when it is needed, and by nothing else.
    fn by(thread: Option<Thread>) -> Writer {
        Writer {
            thread,
            pending: Vec::new(),
            tail: BytesMut::new(),
            pending_bytes: 0,
            holds: Vec::new(),
            busy: false,
            #[cfg(target_os = "linux")]
            door: door::Door::Closed,
        }
    }

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
        #[cfg(target_os = "linux")]
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
        #[cfg(target_os = "linux")]
        if self.pending_bytes > AT_ONCE {
            self.door.widen();
        }
        self.pending.push(self.tail.split().freeze());
        self.pending_bytes = 0;
        self.busy = true;
        let batch = Batch { parts: std::mem::take(&mut self.pending), holds: std::mem::take(&mut self.holds) };
        // Where nobody takes it, `written` has the news.
        let _ = self.thread.get_or_insert_with(|| Thread::start(write_whole)).batches.send(batch);
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
    /// stdout is closed, or takes no more.
    pub async fn written(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.as_mut().filter(|_| self.busy) else { return std::future::pending().await };
        let outcome = thread.written.recv().await;
        self.busy = false;
        outcome.unwrap_or_else(|| Err(io::Error::other("there is no thread to do it")))
    }
}

fn write_whole(mut part: &[u8]) -> io::Result<()> {
    while !part.is_empty() {
        match patiently(|| write_some(part), stdout_ready)? {
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

/// Has a pipe that was full hold more: one side waits for the other that much less often, and each wait is long
/// where a processor has to be woken. Nothing else of the pipe changes for whoever is at its other end, and it is
/// not made smaller. That the system allows no more is no matter.
#[cfg(target_os = "linux")]
fn widen(pipe: impl std::os::fd::AsFd) {
    if rustix::pipe::fcntl_getpipe_size(&pipe).is_ok_and(|size| size < WIDE) {
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, WIDE);
    }
}

/// The name by which the process can open a descriptor of its own once more.
#[cfg(target_os = "linux")]
fn own_path(descriptor: std::os::fd::BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&descriptor))
}

// std's own handles buffer, and its stdout writes line by line.
#[cfg(unix)]
fn read_some(buffer: &mut Vec<u8>) -> io::Result<usize> {
    Ok(rustix::io::read(rustix::stdio::stdin(), rustix::buffer::spare_capacity(buffer))?)
}

#[cfg(unix)]
fn write_some(bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
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
fn read_some(buffer: &mut Vec<u8>) -> io::Result<usize> {
    let (before, room) = (buffer.len(), buffer.capacity());
    buffer.resize(room, 0);
    // SAFETY: the handle belongs to the process; ManuallyDrop leaves it open.
    #[expect(unsafe_code, reason = "std reads stdin through a buffer of its own, which would keep what it took")]
    let mut stdin = ManuallyDrop::new(unsafe { File::from_raw_handle(io::stdin().as_raw_handle()) });
    let read = stdin.read(&mut buffer[before..]);
    buffer.truncate(before + read.as_ref().map_or(0, |length| *length));
    read
}

#[cfg(windows)]
fn write_some(bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: as for stdin.
    #[expect(unsafe_code, reason = "std writes stdout through a buffer of its own, which would keep part of a line")]
    let mut stdout = ManuallyDrop::new(unsafe { File::from_raw_handle(io::stdout().as_raw_handle()) });
    stdout.write(bytes)
}

#[cfg(windows)]
fn stdin_ready() {
    thread::yield_now();
}

#[cfg(windows)]
fn stdout_ready() {
    thread::yield_now();
}

/// Below it are stdin, stdout and stderr.
#[cfg(unix)]
const LOWEST: i32 = 3;
/// Batches of lines that may wait for the loop.
const BATCHES: usize = 1;
/// A line above this many bytes is held only once.
const LARGE: usize = 1024 * 1024;
/// Bytes that are written without the thread: what an empty pipe holds.
#[cfg(target_os = "linux")]
const AT_ONCE: usize = 64 * 1024;
/// Bytes that a pipe holds once a large message has come through it. With four times as many a processor's
/// caches lose what was written before it is read, and no wait is saved.
#[cfg(target_os = "linux")]
const WIDE: usize = 256 * 1024;
/// Messages up to this many bytes are copied together into one write; larger ones are not copied.
const JOIN: usize = 8 * 1024;

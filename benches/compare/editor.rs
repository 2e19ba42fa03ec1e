//! The editor's end of a bridge: the program as a child process, lines over its pipes. `pipe` and
//! mcp-remote are children of the same kind.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, Weak},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::wire;

pub struct Editor {
    pub pid: u32,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
    watched: Arc<Mutex<Watched>>,
}

struct Watched {
    child: Child,
    deadline: Instant,
}

/// How a child left after its stdin was closed.
pub struct Exit {
    pub after: Duration,
    /// What it still wrote.
    pub lines: Vec<Vec<u8>>,
    pub killed: bool,
}

impl Editor {
    pub fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} did not start", command.get_program().display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no stdout")?;
        let pid = child.id();
        let watched = Arc::new(Mutex::new(Watched { child, deadline: Instant::now() + PATIENCE }));
        let watch = Arc::downgrade(&watched);
        thread::spawn(move || kill_when_late(&watch));
        Ok(Self { pid, stdin, stdout: BufReader::with_capacity(64 * 1024, stdout), line: Vec::new(), watched })
    }

    /// What follows may take this long; then the child is killed and the reads come to an end.
    pub fn within(&self, patience: Duration) {
        self.watched.lock().expect("no holder panics").deadline = Instant::now() + patience;
    }

    pub fn send(&mut self, message: &str) -> anyhow::Result<()> {
        self.write(message).context("it ended while a message was sent to it")
    }

    fn write(&mut self, message: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        // One write for what is small, as an editor would; no copy of what is large.
        if message.len() < 64 * 1024 {
            self.line.clear();
            self.line.extend_from_slice(message.as_bytes());
            self.line.push(b'\n');
            return stdin.write_all(&self.line);
        }
        stdin.write_all(message.as_bytes())?;
        stdin.write_all(b"\n")
    }

    /// The next line, without its newline.
    pub fn receive(&mut self) -> anyhow::Result<&[u8]> {
        self.line.clear();
        if self.stdout.read_until(b'\n', &mut self.line)? == 0 {
            bail!("it ended, or was ended because it took too long");
        }
        Ok(self.line.trim_ascii_end())
    }

    /// The answer to the request `id`, whatever comes before it.
    pub fn answer(&mut self, id: u64) -> anyhow::Result<&[u8]> {
        loop {
            self.receive()?;
            if wire::number(&self.line, "id") == Some(id) {
                return Ok(self.line.trim_ascii_end());
            }
        }
    }

    /// The two ends apart, for a writer that must not wait for the reader.
    pub fn split(&mut self) -> (Option<&mut ChildStdin>, &mut BufReader<ChildStdout>) {
        (self.stdin.as_mut(), &mut self.stdout)
    }

    /// Closes stdin and waits for the end.
    pub fn leave(mut self, patience: Duration) -> anyhow::Result<Exit> {
        self.within(patience);
        let start = Instant::now();
        drop(self.stdin.take());
        let mut lines = Vec::new();
        while let Ok(line) = self.receive() {
            lines.push(line.to_vec());
        }
        // The pipe closes a moment before the process is gone.
        loop {
            let ended = self.watched.lock().expect("no holder panics").child.try_wait()?;
            if let Some(status) = ended {
                let killed = status.code().is_none() && start.elapsed() >= patience;
                return Ok(Exit { after: start.elapsed(), lines, killed });
            }
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let child = &mut self.watched.lock().expect("no holder panics").child;
        // Already gone is fine too.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Ends with the child's handle.
fn kill_when_late(watch: &Weak<Mutex<Watched>>) {
    while let Some(watched) = watch.upgrade() {
        let mut watched = watched.lock().expect("no holder panics");
        if Instant::now() >= watched.deadline {
            let _ = watched.child.kill();
        }
        drop(watched);
        thread::sleep(Duration::from_millis(100));
    }
}

/// For anything that does not say otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

//! The program as a person at a shell sees it: a command with text on stdout and stderr.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    message,
    sync::{Gate, PATIENCE, lock},
};

/// How a command ended.
#[derive(Debug)]
pub struct Told {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Told {
    pub fn json(&self) -> Value {
        message::json(&self.stdout)
    }

    /// The exit code, and words that stderr has, in any case.
    #[track_caller]
    pub fn expect(&self, code: i32, contains: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        let stderr = self.stderr.to_lowercase();
        for part in contains {
            assert!(stderr.contains(&part.to_lowercase()), "stderr does not say {part:?}: {self:?}");
        }
        self
    }
}

pub struct Shell {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Arc<Mutex<String>>,
    stderr: Arc<Mutex<String>>,
    closed: [Gate; 2],
    pub scratch: TempDir,
}

impl Shell {
    pub(super) fn start(mut command: Command, scratch: TempDir) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (stdout, stderr) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<String>>::default());
        let closed = [Gate::new(), Gate::new()];
        collect(child.stdout.take().unwrap(), &stdout, &closed[0]);
        collect(child.stderr.take().unwrap(), &stderr, &closed[1]);
        let stdin = child.stdin.take();
        Self { child, stdin, stdout, stderr, closed, scratch }
    }

    /// A line, as a person types it into a pipe.
    pub fn type_line(&mut self, line: &str) {
        self.type_bytes(format!("{line}\n").as_bytes());
    }

    /// Bytes as they are. A program that has ended does not read them, which shows in what it told.
    pub fn type_bytes(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("stdin is open").write_all(bytes).ok();
    }

    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub fn stdout(&self) -> String {
        lock(&self.stdout).clone()
    }

    pub fn stderr(&self) -> String {
        lock(&self.stderr).clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn kill(&mut self) {
        self.child.kill().ok();
    }

    #[track_caller]
    pub fn wait_stderr(&self, part: &str) -> String {
        self.wait_text(&self.stderr, &self.closed[1], part)
    }

    #[track_caller]
    pub fn wait_stdout(&self, part: &str) -> String {
        self.wait_text(&self.stdout, &self.closed[0], part)
    }

    #[track_caller]
    fn wait_text(&self, text: &Mutex<String>, closed: &Gate, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Looked at before the text: what was written before the end is in it.
            let ended = closed.wait_for(Duration::from_millis(5));
            let text = lock(text).clone();
            if text.to_lowercase().contains(&part.to_lowercase()) {
                return text;
            }
            assert!(!ended && Instant::now() < deadline, "{part:?} was not said; {}", self.story());
        }
    }

    /// Closes stdin and waits for the end.
    #[track_caller]
    pub fn told(mut self) -> Told {
        self.close_stdin();
        self.finish()
    }

    /// Waits for the end with stdin open.
    #[track_caller]
    pub fn finish(mut self) -> Told {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("wait for the child") {
                Some(status) => break status,
                None if Instant::now() > deadline => panic!("still running after {PATIENCE:?}; {}", self.story()),
                // There is no portable wait with a deadline.
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        // A process of its own that the command left behind must not hold its pipes.
        for closed in &self.closed {
            assert!(
                closed.wait_for(PATIENCE),
                "the program ended and something still holds its output; {}",
                self.story()
            );
        }
        Told { code: status.code().unwrap_or(-1), stdout: self.stdout(), stderr: self.stderr() }
    }

    fn story(&self) -> String {
        format!("stdout: {}\nstderr: {}", self.stdout(), self.stderr())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn collect(mut pipe: impl Read + Send + 'static, text: &Arc<Mutex<String>>, closed: &Gate) {
    let (text, closed) = (text.clone(), closed.clone());
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            lock(&text).push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        closed.open();
    });
}

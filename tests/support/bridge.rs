//! The bridge as an editor sees it: a child process with three pipes.

use std::{
    collections::{HashMap, VecDeque},
    ffi::OsString,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    human::Human,
    message::{self, Envelope, INITIALIZED, VERSION, envelopes, excerpt, json},
    server::Server,
    shell::{Shell, Told},
    sync::{Gate, PATIENCE, lock},
};

/// The program under test; `MCPBRIDGE_BIN` names another build of it (release, or one with a sanitizer).
pub fn binary() -> PathBuf {
    std::env::var_os("MCPBRIDGE_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_mcpbridge")), PathBuf::from)
}

pub struct Launch {
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    home: Option<PathBuf>,
    unread: bool,
}

impl Launch {
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Without a variable that every other run has.
    pub fn without(mut self, name: &str) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Where this run keeps its state, for tests of what a second run remembers.
    pub fn home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// Whom the browser belongs to. Without a human, a browser that opens shows nothing to anybody.
    pub fn human(self, human: &Human) -> Self {
        self.env("BROWSER", human.browser())
    }

    /// An editor that does not read stdout until [`Bridge::start_reading`].
    pub fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    pub fn spawn(self) -> Bridge {
        self.spawn_as(|_| ())
    }

    /// As an editor with ways of its own starts it.
    pub fn spawn_as(self, change: impl FnOnce(&mut Command)) -> Bridge {
        let scratch = TempDir::new().expect("a temporary folder");
        let mut command = self.command(scratch.path());
        change(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the bridge starts");
        Bridge::from_child(child, scratch, !self.unread)
    }

    /// Spawns and shakes hands, as every editor begins.
    #[track_caller]
    pub fn ready(self) -> Bridge {
        self.ready_as(VERSION)
    }

    #[track_caller]
    pub fn ready_as(self, version: &str) -> Bridge {
        let mut bridge = self.spawn();
        bridge.shake_hands(version);
        bridge
    }

    /// Runs to the end on an input known beforehand, as a script does. Nothing is read before all is written.
    pub fn run(self, input: impl AsRef<[u8]>) -> Outcome {
        let mut bridge = self.spawn();
        bridge.send_bytes(input.as_ref());
        bridge.close_stdin();
        bridge.outcome()
    }

    /// Starts a command that a person types, whose output is text.
    pub fn at_shell(self) -> Shell {
        let scratch = TempDir::new().expect("a temporary folder");
        Shell::start(self.command(scratch.path()), scratch)
    }

    /// Runs such a command to its end, with nothing to read from stdin.
    #[track_caller]
    pub fn told(self) -> Told {
        self.at_shell().told()
    }

    pub fn command(&self, scratch: &Path) -> Command {
        let mut command = Command::new(binary());
        let home = self.home.as_deref().unwrap_or(scratch);
        command.args(&self.args).current_dir(scratch);
        for (name, _) in std::env::vars_os() {
            let upper = name.to_string_lossy().to_uppercase();
            let proxy = upper.ends_with("_PROXY");
            let ours = upper.starts_with("MCPBRIDGE_") || upper.starts_with("XDG_") || upper.starts_with("SSL_CERT_");
            if proxy || ours || OF_THE_DEVELOPER.contains(&upper.as_str()) {
                command.env_remove(&name);
            }
        }
        command.env("HOME", home).env("MCPBRIDGE_CONFIG_DIR", home.join("mcpbridge"));
        command.env("MCPBRIDGE_CREDENTIAL_STORE", "file").env("BROWSER", "true");
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Gives one command the environment of another: what that one has, and what it must not have.
pub fn same_environment(of: &Command, to: &mut Command) {
    for (name, value) in of.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

/// What would let a test reach the developer's own screen, keychain or session.
const OF_THE_DEVELOPER: [&str; 9] = [
    "CI",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "NODE_EXTRA_CA_CERTS",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
];

/// How a run to the end went.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: Vec<String>,
    pub stderr: String,
}

impl Outcome {
    /// The one answer with this id.
    #[track_caller]
    pub fn answer(&self, id: &str) -> Value {
        let mut found = self
            .stdout
            .iter()
            .filter(|line| Envelope::read(line).is_some_and(|it| it.is_answer() && it.id() == Some(id)));
        let first = found.next().unwrap_or_else(|| panic!("no answer to {id}: {self:?}"));
        assert!(found.next().is_none(), "more than one answer to {id}: {self:?}");
        json(first)
    }
}

pub struct Bridge {
    child: Child,
    stdin: Option<Sender<Vec<u8>>>,
    lines: Receiver<String>,
    /// Came while something else was waited for: read once, however often it is looked at.
    aside: VecDeque<(String, Vec<Envelope>)>,
    stderr: Arc<Mutex<String>>,
    stderr_closed: Gate,
    reading: Gate,
    written: Arc<AtomicUsize>,
    /// How often each id was asked and answered: no answer may come twice, in any test.
    asked: HashMap<String, usize>,
    answered: HashMap<String, usize>,
    exited: Option<i32>,
    pub scratch: TempDir,
}

impl Bridge {
    pub fn launch(url: impl Into<OsString>) -> Launch {
        Launch { args: vec![url.into()], env: Vec::new(), home: None, unread: false }
    }

    pub fn bare() -> Launch {
        Launch { args: Vec::new(), env: Vec::new(), home: None, unread: false }
    }

    pub fn to(server: &Server) -> Launch {
        Self::launch(server.url())
    }

    /// Spawned, with the handshake done.
    #[track_caller]
    pub fn ready(server: &Server) -> Self {
        Self::to(server).ready()
    }

    fn from_child(mut child: Child, scratch: TempDir, read: bool) -> Self {
        // At most one read is ahead of the gate.
        let reading = Gate::new();
        if read {
            reading.open();
        }
        let (line, lines) = mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn({
            let reading = reading.clone();
            move || read_lines(stdout, &reading, &line)
        });

        let (stdin, input) = mpsc::channel::<Vec<u8>>();
        let written = Arc::new(AtomicUsize::new(0));
        let mut pipe = child.stdin.take().unwrap();
        // A thread, so that a bridge which stops reading is something a test can observe rather than hang on.
        thread::spawn({
            let written = written.clone();
            move || {
                for bytes in input {
                    for piece in bytes.chunks(64 * 1024) {
                        if pipe.write_all(piece).is_err() {
                            return;
                        }
                        written.fetch_add(piece.len(), Ordering::SeqCst);
                    }
                }
            }
        });

        let stderr = Arc::new(Mutex::new(String::new()));
        let stderr_closed = Gate::new();
        let mut pipe = child.stderr.take().unwrap();
        thread::spawn({
            let (stderr, closed) = (stderr.clone(), stderr_closed.clone());
            move || {
                let mut buffer = [0; 8192];
                while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                    lock(&stderr).push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                closed.open();
            }
        });

        Self {
            child,
            stdin: Some(stdin),
            lines,
            aside: VecDeque::new(),
            stderr,
            stderr_closed,
            reading,
            written,
            asked: HashMap::new(),
            answered: HashMap::new(),
            exited: None,
            scratch,
        }
    }

    #[track_caller]
    pub fn shake_hands(&mut self, version: &str) -> Value {
        self.send(message::initialize(0, version));
        let result = self.expect_result("0");
        self.send(INITIALIZED);
        result
    }

    /// A line, as the editor writes it; never blocks.
    pub fn send(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines() {
            for message in envelopes(line.trim_start_matches('\u{feff}')) {
                if let (Some(id), Some(_)) = (message.id(), message.raw("method")) {
                    *self.asked.entry(id.to_owned()).or_default() += 1;
                }
            }
        }
        self.stdin.as_ref().expect("stdin is open").send(bytes.to_vec()).ok();
    }

    /// For a request that was written in pieces, or otherwise than as a line of its own.
    pub fn note_asked(&mut self, id: &str) {
        *self.asked.entry(id.to_owned()).or_default() += 1;
    }

    /// How much the bridge has taken from stdin (give or take the pipe's own 64 KB).
    pub fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    /// The editor is done writing: what was sent is written, then the pipe is closed.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    pub fn start_reading(&self) {
        self.reading.open();
    }

    /// From now on the editor leaves stdout alone (but for the read it may be in).
    pub fn stop_reading(&self) {
        self.reading.close();
    }

    /// The next message, in the order they came.
    #[track_caller]
    pub fn recv(&mut self) -> String {
        match self.recv_within(PATIENCE) {
            Some(line) => line,
            None => panic!("the bridge wrote nothing more; stderr: {}", self.stderr()),
        }
    }

    #[track_caller]
    pub fn recv_within(&mut self, patience: Duration) -> Option<String> {
        self.aside.pop_front().or_else(|| self.read_line(patience)).map(|(line, _)| line)
    }

    /// Nothing for this long: for what must *not* come. Keep it short, every run pays it in full.
    #[track_caller]
    pub fn expect_silence(&mut self, span: Duration) {
        if let Some(line) = self.recv_within(span) {
            panic!("nothing was expected, but: {}", excerpt(&line));
        }
    }

    /// The answer under this id, raw; what comes before it is put aside for later.
    #[track_caller]
    pub fn answer(&mut self, id: &str) -> String {
        self.find(&format!("an answer to {id}"), |it| it.is_answer() && it.id() == Some(id))
    }

    #[track_caller]
    pub fn expect_result(&mut self, id: &str) -> Value {
        let line = self.answer(id);
        let envelope = Envelope::read(&line).unwrap();
        match envelope.raw("result") {
            Some(result) => serde_json::from_str(result).unwrap_or(Value::Null),
            None => panic!("a result was expected, but: {}", excerpt(&line)),
        }
    }

    /// The error's object, its message containing each of these.
    #[track_caller]
    pub fn expect_error(&mut self, id: &str, contains: &[&str]) -> Value {
        let line = self.answer(id);
        let mut value = json(&line);
        let error = value["error"].take();
        assert!(error["code"].is_i64(), "an error was expected, but: {}", excerpt(&line));
        let text = error["message"].as_str().expect("an error has a message").to_lowercase();
        for part in contains {
            assert!(text.contains(&part.to_lowercase()), "the error does not say {part:?}: {}", excerpt(&line));
        }
        error
    }

    #[track_caller]
    pub fn expect_code(&mut self, id: &str, code: i64) -> Value {
        let error = self.expect_error(id, &[]);
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// A request or notification of the server, by method.
    #[track_caller]
    pub fn expect_method(&mut self, method: &str) -> String {
        self.find(method, |it| it.method().as_deref() == Some(method))
    }

    #[track_caller]
    fn find(&mut self, what: &str, wanted: impl Fn(&Envelope) -> bool) -> String {
        // A batch is for whoever reads whole lines.
        let matches = |line: &str, read: &[Envelope]| !line.starts_with('[') && read.iter().any(&wanted);
        if let Some(at) = self.aside.iter().position(|(line, read)| matches(line, read)) {
            return self.aside.remove(at).unwrap().0;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.read_line(left) {
                Some((line, read)) if matches(&line, &read) => return line,
                Some(other) => self.aside.push_back(other),
                None => {
                    let aside: Vec<_> = self.aside.iter().take(20).map(|(line, _)| excerpt(line)).collect();
                    panic!("waited for {what}; what came instead: {aside:#?}\nstderr: {}", self.stderr());
                }
            }
        }
    }

    /// Promise 2 is checked here, on every line of every test.
    #[track_caller]
    fn read_line(&mut self, patience: Duration) -> Option<(String, Vec<Envelope>)> {
        let line = match self.lines.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        };
        let messages = envelopes(&line);
        assert!(!messages.is_empty(), "not a JSON-RPC message on stdout: {}", excerpt(&line));
        for message in &messages {
            assert_eq!(
                message.raw("jsonrpc"),
                Some(r#""2.0""#),
                "not a JSON-RPC message on stdout: {}",
                excerpt(&line)
            );
            if !message.is_answer() {
                assert!(message.method().is_some(), "neither answer nor method on stdout: {}", excerpt(&line));
                continue;
            }
            let id = message.id().expect("an answer has an id").to_owned();
            if id == "null" {
                continue;
            }
            let answered = self.answered.entry(id.clone()).or_default();
            *answered += 1;
            let asked = self.asked.get(&id).copied().unwrap_or(0);
            assert!(
                *answered <= asked,
                "{id} was asked {asked} times and answered {answered} times: {}",
                excerpt(&line)
            );
        }
        Some((line, messages))
    }

    /// Everything the bridge still writes until it closes stdout.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<String> {
        let mut lines: Vec<String> = self.aside.drain(..).map(|(line, _)| line).collect();
        while let Some((line, _)) = self.read_line(PATIENCE) {
            lines.push(line);
        }
        lines
    }

    /// Waits for the end; a death by signal `n` is 128 + `n`, as a shell has it.
    #[track_caller]
    pub fn wait_exit(&mut self, patience: Duration) -> i32 {
        match self.exit_within(patience) {
            Some(code) => code,
            None => panic!("still running after {patience:?}; stderr: {}", self.stderr()),
        }
    }

    pub fn exit_within(&mut self, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(code) = self.exited {
                return Some(code);
            }
            if let Some(status) = self.child.try_wait().expect("wait for the child") {
                #[cfg(unix)]
                let signal = std::os::unix::process::ExitStatusExt::signal(&status);
                #[cfg(not(unix))]
                let signal: Option<i32> = None;
                self.exited = Some(status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0)));
            } else if Instant::now() > deadline {
                return None;
            } else {
                // There is no portable wait with a deadline; this is the one poll of the suite.
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    #[track_caller]
    pub fn outcome(mut self) -> Outcome {
        let stdout = self.rest();
        let code = self.wait_exit(PATIENCE);
        self.stderr_closed.wait();
        Outcome { code, stdout, stderr: self.stderr() }
    }

    pub fn is_running(&mut self) -> bool {
        self.exit_within(Duration::ZERO).is_none()
    }

    pub fn stderr(&self) -> String {
        lock(&self.stderr).clone()
    }

    #[track_caller]
    pub fn wait_stderr(&mut self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut ended = false;
        loop {
            let stderr = self.stderr();
            if stderr.to_lowercase().contains(&part.to_lowercase()) {
                return stderr;
            }
            // What is said last may come with the end, so it is looked at once more behind that.
            assert!(!ended && Instant::now() < deadline, "stderr does not say {part:?}: {stderr}");
            ended = self.stderr_closed.wait_for(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("a signal to the bridge");
    }

    /// Resident now, in bytes, without the pages of the program itself: of these a debug build has three times as
    /// many, and they say nothing about what the bridge keeps.
    #[cfg(target_os = "linux")]
    pub fn resident(&self) -> usize {
        self.memory("RssAnon:")
    }

    /// How many descriptors are open.
    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("the bridge is running").count()
    }

    /// Resident at most so far, in bytes, without the pages of the program itself, of which there are ever more.
    #[cfg(target_os = "linux")]
    pub fn peak(&self) -> usize {
        self.memory("VmHWM:").saturating_sub(self.memory("RssFile:"))
    }

    #[cfg(target_os = "linux")]
    fn memory(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the bridge is running");
        let line = status.lines().find(|line| line.starts_with(field)).expect("a line about memory");
        let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("the bridge's stderr:\n{}", self.stderr());
        }
    }
}

/// Lines may be 50 MB long, so they are split by hand rather than grown a byte at a time.
fn read_lines(mut stdout: ChildStdout, reading: &Gate, line: &Sender<String>) {
    let mut pending = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stdout.read(&mut buffer) {
        // Endless for a test that never reads: the process ends before.
        while !reading.wait_for(Duration::from_secs(60)) {}
        let mut fresh = &buffer[..read];
        while let Some(end) = fresh.iter().position(|&byte| byte == b'\n') {
            pending.extend_from_slice(&fresh[..end]);
            fresh = &fresh[end + 1..];
            let text = String::from_utf8(std::mem::take(&mut pending)).expect("stdout is UTF-8");
            if line.send(text).is_err() {
                return;
            }
        }
        pending.extend_from_slice(fresh);
    }
    assert!(pending.is_empty(), "stdout ended in the middle of a line: {}", String::from_utf8_lossy(&pending));
}

//! The guided tour: plays an editor towards a real bridge, and shows every message that passes between the two.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context, Result};
use serde_json::Value;

use crate::failure::{Failure, Kind};
use crate::plain::wrapped;

mod sign_in;

pub use sign_in::play as play_sign_in;

/// Starts `bridge` as an editor would and plays a session with the sample server behind it, told on `screen`.
/// An error is the first step that did not go as the tour says.
pub fn play(bridge: Command, screen: &mut Screen) -> Result<()> {
    let mut editor = Editor::start(bridge)?;

    screen
        .step("The editor introduces itself; the bridge opens a session at the server and brings its answer back.")?;
    let hello = editor.request(screen, "initialize", HELLO)?;
    expect(hello.result["serverInfo"]["name"] == "mcpbridge-demo", "initialize was not answered by the sample server")?;

    screen.step("The editor is ready and says so; a notification gets no answer.")?;
    editor.send(screen, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)?;

    screen.step("The editor asks which tools there are.")?;
    let tools = editor.request(screen, "tools/list", "{}")?;
    let named =
        |name| tools.result["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["name"] == name));
    expect(["echo", "countdown", "ask_name"].into_iter().all(named), "tools/list lacks tools of the sample server")?;

    screen.step("A tool is called, and the server answers at once.")?;
    let echo = editor.request(screen, "tools/call", r#"{"name":"echo","arguments":{"message":"hello"}}"#)?;
    expect(echo.text() == Some("hello"), "echo did not say back what it was told")?;

    screen.step("A call that takes its time: the server streams its progress while it works.")?;
    let countdown = editor.request(screen, "tools/call", COUNTDOWN)?;
    expect(countdown.meanwhile("notifications/progress") == 3, "the progress of the countdown is not complete")?;
    expect(countdown.text().is_some_and(|text| text.ends_with("lift-off")), "the countdown did not come to its end")?;

    screen.step(
        "In the middle of a call the server asks the person something; the tour answers in the editor's place.",
    )?;
    let greeting = editor.request(screen, "tools/call", r#"{"name":"ask_name","arguments":{}}"#)?;
    expect(greeting.meanwhile(QUESTION) == 1, "the server's question did not arrive")?;
    expect(greeting.text() == Some("Hello, Ada!"), "the answer did not reach the server")?;

    screen.step("The editor closes the bridge's stdin; the bridge ends the session at the server and exits.")?;
    let closed = Instant::now();
    let status = editor.leave(screen)?;
    expect(status.success(), &format!("the bridge ended with {status}, and should have ended with exit status 0"))?;
    screen.note(&format!("the bridge ended with exit code 0 after {} ms", closed.elapsed().as_millis()))
}

/// Where the tour is told.
pub struct Screen {
    out: anstream::Stdout,
    width: usize,
    steps: usize,
}

impl Screen {
    /// The standard output: colours and a width where it is a terminal.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let width = match stdout.is_terminal() {
            true => terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)),
            false => None,
        };
        Self { out: anstream::stdout(), width: width.unwrap_or(DEFAULT_WIDTH), steps: 0 }
    }

    /// Tells something outside of the steps. What is to be copied is indented, or JSON, and its lines stay whole.
    pub fn tell(&mut self, text: &str) -> Result<()> {
        for line in text.split('\n') {
            let whole = line.starts_with([' ', '{', '}']);
            let lines = if whole { vec![line.to_owned()] } else { wrapped(line, self.width, self.width) };
            writeln!(self.out, "{}", lines.join("\n"))?;
        }
        Ok(self.out.flush()?)
    }

    fn step(&mut self, explanation: &str) -> Result<()> {
        self.steps += 1;
        let heading = Style::new().bold();
        let lines =
            wrapped(&format!("{}. {explanation}", self.steps), self.width, self.width.saturating_sub(INDENT.len()));
        writeln!(self.out, "\n{heading}{}{heading:#}", lines.join(&format!("\n{INDENT}")))?;
        Ok(self.out.flush()?)
    }

    fn note(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{INDENT}{text}")?;
        Ok(self.out.flush()?)
    }

    fn message(&mut self, arrow: &str, line: &str) -> Result<()> {
        self.line(&format!("editor {arrow}"), line)
    }

    fn line(&mut self, who: &str, line: &str) -> Result<()> {
        let style = Style::new().bold();
        let room = self.width.saturating_sub("    ".len() + who.len());
        self.note(&format!("{style}{who}{style:#} {}", shorten(line, room)))
    }
}

/// The editor's side of a bridge; dropped early, it takes the bridge with it.
struct Editor {
    bridge: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    last_id: u64,
}

/// What a request brought.
struct Answer {
    result: Value,
    /// The messages that arrived before the answer.
    before: Vec<Value>,
}

impl Editor {
    /// What the bridge says on stderr goes to ours.
    fn start(mut bridge: Command) -> Result<Self> {
        bridge.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut bridge = bridge.spawn().context("the bridge cannot be started")?;
        let stdin = bridge.stdin.take();
        let stdout = bridge.stdout.take().context("the bridge has no stdout")?;
        let (arrived, lines) = channel();
        // Ends with the bridge's stdout, so with the bridge. A thread, because a pipe cannot be read with a deadline.
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(io::Result::ok) {
                if arrived.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { bridge, stdin, lines, last_id: 0 })
    }

    /// Sends a request and shows what comes until its answer; what the server asks meanwhile is answered.
    fn request(&mut self, screen: &mut Screen, method: &str, params: &str) -> Result<Answer> {
        self.ask(screen, method, params)?;
        self.answer(screen, method)
    }

    fn ask(&mut self, screen: &mut Screen, method: &str, params: &str) -> Result<()> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(screen, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#))
    }

    /// The answer to what was asked last, which was `method`.
    fn answer(&mut self, screen: &mut Screen, method: &str) -> Result<Answer> {
        let id = self.last_id;
        let deadline = Instant::now() + ANSWER_WAIT;
        let mut before = Vec::new();
        loop {
            let mut message = self.receive(screen, method, deadline)?;
            match (message["method"].as_str(), message.get("id")) {
                (None, Some(answered)) if *answered == id => {
                    expect(message["error"].is_null(), &format!("{method} was answered with an error"))?;
                    return Ok(Answer { result: message["result"].take(), before });
                }
                (Some(question), Some(asked)) => {
                    let outcome = match question {
                        QUESTION => r#""result":{"action":"accept","content":{"name":"Ada"}}"#,
                        "ping" => r#""result":{}"#,
                        _ => r#""error":{"code":-32601,"message":"the tour does not know this method"}"#,
                    };
                    self.send(screen, &format!(r#"{{"jsonrpc":"2.0","id":{asked},{outcome}}}"#))?;
                    before.push(message);
                }
                _ => before.push(message),
            }
        }
    }

    fn send(&mut self, screen: &mut Screen, line: &str) -> Result<()> {
        screen.message("->", line)?;
        let sent = match &mut self.stdin {
            Some(stdin) => writeln!(stdin, "{line}").and_then(|()| stdin.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        Ok(sent.map_err(|err| Failure::new(Kind::Internal, format!("the bridge no longer reads its stdin ({err})")))?)
    }

    fn receive(&mut self, screen: &mut Screen, method: &str, deadline: Instant) -> Result<Value> {
        let line = match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                let fact = format!("{method} was not answered within {} s", ANSWER_WAIT.as_secs());
                return Err(Failure::new(Kind::Unreachable, fact).into());
            }
            Err(RecvTimeoutError::Disconnected) => {
                let fact = format!("the bridge ended before it answered {method}");
                return Err(Failure::new(Kind::Internal, fact).into());
            }
        };
        screen.message("<-", &line)?;
        let message = serde_json::from_str(&line);
        Ok(message
            .map_err(|err| Failure::new(Kind::Protocol, format!("the bridge wrote a line that is not JSON ({err})")))?)
    }

    /// Closes the bridge's stdin, shows what still comes, and waits for the bridge to end.
    fn leave(mut self, screen: &mut Screen) -> Result<ExitStatus> {
        self.stdin = None;
        let deadline = Instant::now() + EXIT_WAIT;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            screen.message("<-", &line)?;
        }
        loop {
            if let Some(status) = self.bridge.try_wait().context("the bridge's exit status is unknown")? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                let fact = format!("the bridge still runs {} s after its stdin was closed", EXIT_WAIT.as_secs());
                return Err(Failure::new(Kind::Internal, fact).into());
            }
            // Its stdout is closed, so it is ending: what remains is the moment until the system has noticed.
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // Both fail only when the bridge has ended and was waited for.
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

impl Answer {
    fn text(&self) -> Option<&str> {
        self.result["content"][0]["text"].as_str()
    }

    /// How many messages of this method arrived before the answer.
    fn meanwhile(&self, method: &str) -> usize {
        self.before.iter().filter(|message| message["method"] == method).count()
    }
}

fn expect(holds: bool, otherwise: &str) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(Failure::new(Kind::Protocol, otherwise).into()),
    }
}

/// `line` in at most `room` characters; what is left out is counted.
fn shorten(line: &str, room: usize) -> String {
    let length = line.chars().count();
    if length <= room {
        return line.to_owned();
    }
    // The number of what is left out has at most as many digits as the length.
    let kept = room.saturating_sub(format!("... {length} more").len());
    let head: String = line.chars().take(kept).collect();
    format!("{head}... {} more", length - kept)
}

/// For one answer, the bridge's start and its search for the server included, which takes up to 8 s.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// For the bridge's end. Nothing runs any more, so only the DELETE of the session is left to do, in at most 1 s.
const EXIT_WAIT: Duration = Duration::from_secs(5);

/// A width that reads well in a log.
const DEFAULT_WIDTH: usize = 100;

/// In front of what belongs to a step.
const INDENT: &str = "   ";

const QUESTION: &str = "elicitation/create";

// Written as text, so that the members stand in the order in which people write them.
const HELLO: &str = concat!(
    r#"{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"#,
    r#""clientInfo":{"name":"mcpbridge-tour","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}}"#,
);
const COUNTDOWN: &str =
    r#"{"name":"countdown","arguments":{"from":3,"interval_ms":400},"_meta":{"progressToken":"tour"}}"#;

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_long_line_is_cut_to_its_room_and_says_how_much_is_missing() {
        assert_eq!(shorten("short", 5), "short");
        let line = "é".repeat(100);
        let cut = shorten(&line, 40);
        assert_eq!(cut, format!("{}... 72 more", "é".repeat(28)));
        assert_eq!(shorten(&line, 0), "... 100 more");
    }
}

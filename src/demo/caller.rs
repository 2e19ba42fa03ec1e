//! What a running tool may say to its client, and hear from it, while it runs.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::exchange::EventStream;
use super::session::{Inbox, Level, Session, Signal};

/// The client side of one running tool call, over the stream of that call.
pub struct Caller<'a> {
    session: &'a Arc<Session>,
    request: &'a Value,
    /// Given by a client that wants to hear of progress.
    token: Option<&'a Value>,
    inbox: &'a Inbox,
    stream: &'a mut EventStream,
    asking: Asking,
}

/// How a tool asks the person something.
pub enum Asking {
    /// By a request on the stream of the call, which waits for the answer.
    OnStream,
    /// By a result that ends the call; the call comes again with this answer.
    InResult(Option<Value>),
}

/// Why a tool ended before its result.
#[derive(Debug)]
pub enum Stop {
    /// Cancelled, or the client is gone: no answer is due.
    Unwanted,
    /// The tool cannot do it; the sentence becomes a result with `isError`.
    Unable(String),
    /// The person has to be asked first; this is the request that asks.
    Asks(Value),
}

impl<'a> Caller<'a> {
    /// The client that made this request and reads this stream.
    pub fn new(
        session: &'a Arc<Session>,
        request: &'a Value,
        token: Option<&'a Value>,
        inbox: &'a Inbox,
        stream: &'a mut EventStream,
        asking: Asking,
    ) -> Self {
        Self { session, request, token, inbox, stream, asking }
    }

    /// Reports progress, to a client that asked for it.
    pub fn progress(&mut self, progress: u64, total: u64, message: &str) -> Result<(), Stop> {
        let Some(token) = self.token else { return Ok(()) };
        let params = json!({"progressToken": token, "progress": progress, "total": total, "message": message});
        self.notify("notifications/progress", params)
    }

    /// Sends a log message, unless the client chose a higher level; says whether it went out.
    pub fn log(&mut self, level: Level, text: &str) -> Result<bool, Stop> {
        if level < self.session.level() {
            return Ok(false);
        }
        let params = json!({"level": level.name(), "logger": "demo", "data": text});
        self.notify("notifications/message", params)?;
        Ok(true)
    }

    /// Puts a form before the person at the client and waits for the `ElicitResult`.
    /// <https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation>
    pub fn ask(&mut self, message: &str, schema: Value) -> Result<Value, Stop> {
        if !self.session.asks {
            return Err(Stop::Unable("this client cannot ask you anything: it did not declare \"elicitation\"".into()));
        }
        let mut question = json!({
            "method": "elicitation/create",
            "params": {"message": message, "requestedSchema": schema},
        });
        if let Asking::InResult(answer) = &mut self.asking {
            return answer.take().ok_or(Stop::Asks(question));
        }
        let id = self.session.question(self.request).ok_or(Stop::Unwanted)?;
        question["jsonrpc"] = "2.0".into();
        question["id"] = id.clone();
        let outcome = self.send(&question).and_then(|()| self.hear(PATIENCE));
        if let Ok(Some(answer)) = outcome {
            return answer.map_err(|error| {
                let why = error["message"].as_str().unwrap_or("without a reason");
                Stop::Unable(format!("the client refused to ask: {why}"))
            });
        }
        // Nobody needs the answer any more, so the form need not stay open.
        self.session.withdraw(&id);
        self.notify(
            "notifications/cancelled",
            json!({"requestId": id, "reason": "the answer is not needed any more"}),
        )?;
        outcome?;
        Err(Stop::Unable("nobody answered the question in 5 minutes".into()))
    }

    /// Waits, but not on behalf of a client that no longer does.
    pub fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        self.hear(time).map(drop)
    }

    fn notify(&mut self, method: &str, params: Value) -> Result<(), Stop> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    fn send(&mut self, message: &Value) -> Result<(), Stop> {
        self.stream.message(message).map_err(unwanted)
    }

    /// An answer within that time, if there is one.
    fn hear(&mut self, time: Duration) -> Result<Option<Result<Value, Value>>, Stop> {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.inbox.hear(left.min(KEEP_ALIVE)) {
                Ok(Signal::Answer(answer)) => return Ok(Some(answer)),
                Ok(Signal::Cancelled) | Err(RecvTimeoutError::Disconnected) => return Err(Stop::Unwanted),
                Err(RecvTimeoutError::Timeout) if left <= KEEP_ALIVE => return Ok(None),
                Err(RecvTimeoutError::Timeout) => self.stream.comment("still here").map_err(unwanted)?,
            }
        }
    }
}

fn unwanted(_: io::Error) -> Stop {
    Stop::Unwanted
}

/// How often a quiet stream carries a comment. Proxies and clients tend to give up at 30 s or 60 s.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a question stays open: a person may be at another window, but not forever.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

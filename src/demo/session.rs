//! What the server remembers about one client of the legacy era, and the sessions that live.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::versions::MODERN;
use serde_json::{Value, json};

/// The sessions that live, at most [`MAX_SESSIONS`] of them.
#[derive(Default)]
pub struct Sessions {
    /// The least recently used one first: it makes room for a new one.
    live: Mutex<Vec<Arc<Session>>>,
}

/// One client, from its `initialize` to its DELETE.
pub struct Session {
    pub id: String,
    /// The negotiated protocol version.
    pub version: &'static str,
    /// Whether the client can put a form before the person (`elicitation`).
    pub asks: bool,
    /// Tool calls so far; the resource `demo://calls` shows it.
    pub calls: AtomicU64,
    state: Mutex<State>,
}

/// What reaches a tool that runs.
pub enum Signal {
    /// The client no longer wants the result.
    Cancelled,
    /// The client's answer to the tool's question: a result or an error.
    Answer(Result<Value, Value>),
}

/// The signals of one running request; the request counts as running for as long as this lives.
pub struct Inbox {
    session: Arc<Session>,
    id: Value,
    signals: Receiver<Signal>,
}

struct State {
    level: Level,
    questions_asked: u64,
    /// Where the signals of a running request go, by the JSON text of its id ("1" and 1 are two ids).
    running: HashMap<String, Sender<Signal>>,
    /// Who waits for the answer to a question, likewise.
    questions: HashMap<String, Sender<Signal>>,
    /// The standing GET stream.
    listener: Option<SyncSender<Value>>,
    watches_calls: bool,
}

/// The severities of log messages, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(usize);

impl Sessions {
    /// What one request of the modern era needs of a session: it lives as long as the request.
    pub fn alone(asks: bool, level: Level, calls: u64) -> Arc<Session> {
        Arc::new(Session::new(MODERN, asks, level, calls))
    }

    /// Opens a session; with too many of them the one that was quiet longest ends (its client gets a 404 and starts anew).
    pub fn open(&self, version: &'static str, asks: bool) -> Arc<Session> {
        let session = Arc::new(Session::new(version, asks, Level::DEFAULT, 0));
        let mut live = lock(&self.live);
        if live.len() >= MAX_SESSIONS {
            live.remove(0).end();
        }
        live.push(Arc::clone(&session));
        session
    }

    /// The session with this id, if it lives.
    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        let mut live = lock(&self.live);
        let place = live.iter().position(|session| session.id == id)?;
        let session = live.remove(place);
        live.push(Arc::clone(&session));
        Some(session)
    }

    /// Ends one session.
    pub fn end(&self, session: &Arc<Session>) {
        lock(&self.live).retain(|other| !Arc::ptr_eq(other, session));
        session.end();
    }

    /// Ends every session, and with them every open stream.
    pub fn end_all(&self) {
        for session in lock(&self.live).drain(..) {
            session.end();
        }
    }
}

impl Session {
    fn new(version: &'static str, asks: bool, level: Level, calls: u64) -> Self {
        Session {
            id: random_id(),
            version,
            asks,
            calls: AtomicU64::new(calls),
            state: Mutex::new(State {
                level,
                questions_asked: 0,
                running: HashMap::new(),
                questions: HashMap::new(),
                listener: None,
                watches_calls: false,
            }),
        }
    }

    /// Notes that a request runs; `None` when one with this id already does.
    pub fn begin(self: &Arc<Self>, id: &Value) -> Option<Inbox> {
        match lock(&self.state).running.entry(id.to_string()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                let (signals, inbox) = channel();
                place.insert(signals);
                Some(Inbox { session: Arc::clone(self), id: id.clone(), signals: inbox })
            }
        }
    }

    /// Tells the running request; one that is unknown or over needs no telling.
    pub fn cancel(&self, id: &Value) {
        if let Some(signals) = lock(&self.state).running.get(&id.to_string()) {
            let _ = signals.send(Signal::Cancelled);
        }
    }

    /// The id of a new question of the running request `asker`; its answer will be a signal to that request.
    pub fn question(&self, asker: &Value) -> Option<Value> {
        let mut state = lock(&self.state);
        let signals = state.running.get(&asker.to_string())?.clone();
        state.questions_asked += 1;
        let id = Value::from(format!("demo-{}", state.questions_asked));
        state.questions.insert(id.to_string(), signals);
        Some(id)
    }

    /// Hands an answer to whoever asked; nobody waits any more for a late one.
    pub fn answer(&self, id: &Value, answer: Result<Value, Value>) {
        if let Some(signals) = lock(&self.state).questions.remove(&id.to_string()) {
            let _ = signals.send(Signal::Answer(answer));
        }
    }

    /// Forgets a question that needs no answer any more.
    pub fn withdraw(&self, question: &Value) {
        lock(&self.state).questions.remove(&question.to_string());
    }

    /// What the standing stream shall carry. A new stream takes over from an old one, whose connection may be long dead.
    pub fn listen(&self) -> Receiver<Value> {
        let (listener, messages) = sync_channel(MAX_UNREAD);
        lock(&self.state).listener = Some(listener);
        messages
    }

    /// The least severe log message that the client wants.
    pub fn level(&self) -> Level {
        lock(&self.state).level
    }

    /// From now on only log messages of this level and above.
    pub fn set_level(&self, level: Level) {
        lock(&self.state).level = level;
    }

    /// Whether the client wants to hear when the resource [`super::library::CALLS`] changes.
    pub fn watch_calls(&self, watches: bool) {
        lock(&self.state).watches_calls = watches;
    }

    /// Counts a tool call, and says so on the standing stream to a client that watches the count.
    pub fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let state = lock(&self.state);
        if let Some(listener) = state.listener.as_ref().filter(|_| state.watches_calls) {
            let news = json!({
                "jsonrpc": "2.0",
                "method": "notifications/resources/updated",
                "params": {"uri": super::library::CALLS},
            });
            // A client that reads too slowly misses one of several equal notices.
            let _ = listener.try_send(news);
        }
    }

    /// Lets go of all senders: whoever waits on the other end stops.
    fn end(&self) {
        let mut state = lock(&self.state);
        state.running.clear();
        state.questions.clear();
        state.listener = None;
    }
}

impl Inbox {
    /// The next signal within that time. It is "disconnected" when the session has ended.
    pub fn hear(&self, time: Duration) -> Result<Signal, RecvTimeoutError> {
        self.signals.recv_timeout(time)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        lock(&self.session.state).running.remove(&self.id.to_string());
    }
}

impl Level {
    /// What a client gets that never asked for a level.
    const DEFAULT: Level = Level(1);

    /// What a client gets that wants none at all.
    pub const SILENT: Level = Level(Level::NAMES.len());

    /// <https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging#log-levels>
    pub const NAMES: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

    /// The level of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(Self)
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        Self::NAMES[self.0]
    }
}

/// 128 bits that another program cannot guess. The standard library gives out no random bytes, but the system's are the
/// keys of these two keyed hashes; enough for a server that only this machine reaches.
pub fn random_id() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}

/// A thread that panicked leaves nothing half done behind these locks.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enough for every editor on one machine; bounds what clients that never say DELETE leave behind.
const MAX_SESSIONS: usize = 64;

/// Messages kept for a standing stream that is not read.
const MAX_UNREAD: usize = 64;

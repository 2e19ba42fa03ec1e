//! What a run can tell of itself afterwards: who used it, how the server was spoken to, how much was asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::era::{CLIENT_KEY, Spoken};
use crate::failure::Kind;
use crate::message::{Kind as Is, Message, Parsed, member, plain_string};
use crate::versions::Transport;

/// What becomes known in the course of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The name of the editor, and its version.
    pub editor: Option<(String, Option<String>)>,
    /// Which eras are spoken, and over which transport, once the server was reached.
    pub spoken: Option<(Spoken, Transport)>,
}

/// How much was asked.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    failed: AtomicU64,
    /// What the editor was told of the first of these of each kind: what comes after it is often only its
    /// consequence.
    failures: Mutex<Vec<(Kind, String)>>,
}

impl Counts {
    /// Requests of the editor.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Those that the bridge had to answer, because the server did not.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// What the editor was told of the first of those of this kind, or of any other.
    pub fn failure(&self, kind: Kind) -> Option<String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let told = failures.iter().find(|(of, _)| *of == kind).or_else(|| failures.first());
        told.map(|(_, text)| text.clone())
    }
}

/// Sees it pass, and keeps nobody waiting.
pub struct Witness {
    seen: watch::Sender<Seen>,
    counts: Arc<Counts>,
    /// Over which a session was opened last; without sessions there is but one.
    transport: Transport,
    spoken: Option<(Spoken, Transport)>,
    knows_editor: bool,
}

impl Witness {
    /// Has seen nothing.
    pub fn new() -> Self {
        Witness {
            seen: watch::Sender::default(),
            counts: Arc::default(),
            transport: Transport::Streamable,
            spoken: None,
            knows_editor: false,
        }
    }

    /// What was seen so far, and what will be.
    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.subscribe()
    }

    /// How much was asked, at any time.
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// The editor says this. Its name, the first time that it says that.
    pub fn hears(&mut self, parsed: &Parsed) -> Option<String> {
        match parsed {
            Parsed::One(message) => self.hear(message),
            // Who sends a batch has opened a session before.
            Parsed::Batch(batch) => batch.iter().flatten().filter_map(|message| self.hear(message)).last(),
        }
    }

    fn hear(&mut self, message: &Message) -> Option<String> {
        if message.kind() != Is::Request {
            return None;
        }
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        if self.knows_editor { None } else { self.meet(message) }
    }

    /// A request was answered with this error in the server's stead.
    pub fn fails(&self, line: &[u8], kind: Kind) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let mut failures = self.counts.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.iter().any(|(of, _)| *of == kind) {
            return;
        }
        let text = str::from_utf8(line).ok().and_then(|line| member(line, "error"));
        let text = text.and_then(|error| member(error, "message")).and_then(plain_string);
        failures.extend(text.map(|text| (kind, text.into_owned())));
    }

    /// A session is being opened over this transport.
    pub fn takes(&mut self, transport: Transport) {
        self.transport = transport;
    }

    /// This is spoken by now.
    pub fn notes(&mut self, spoken: Option<Spoken>) {
        let Some(spoken) = spoken else { return };
        let transport = if spoken.modern_server { Transport::Streamable } else { self.transport };
        if self.spoken != Some((spoken, transport)) {
            self.spoken = Some((spoken, transport));
            self.seen.send_modify(|seen| seen.spoken = Some((spoken, transport)));
        }
    }

    /// The legacy era says who asks once, the modern one in each request.
    fn meet(&mut self, message: &Message) -> Option<String> {
        let params = message.params().unwrap_or("{}");
        let info = match message.method() {
            "initialize" => member(params, "clientInfo"),
            _ => member(params, "_meta").and_then(|meta| member(meta, CLIENT_KEY)),
        };
        let word = |name| info.and_then(|info| member(info, name)).and_then(plain_string);
        let word = |name| word(name).map(|word| word.chars().take(LONGEST).collect::<String>());
        let name = word("title").or_else(|| word("name")).filter(|name| !name.is_empty())?;
        self.knows_editor = true;
        self.seen.send_modify(|seen| seen.editor = Some((name.clone(), word("version"))));
        Some(name)
    }
}

/// Characters of a name or a version that are kept.
const LONGEST: usize = 80;

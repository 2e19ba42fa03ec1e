//! THE loop: the only place that sees editor, translator and remote together.
//!
//! It never waits for a send. It takes an arrival only with room for it towards the editor, and
//! nothing that reads stdin waits for stdout; so an editor that is slow to read cannot keep its
//! own answers from the server that waits for them.

mod alarms;
mod budget;
mod ending;
mod order;
mod outbox;
mod parent;
mod replies;
mod sending;
pub mod signals;
mod tally;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::era::{Event, Facts, Invitation, Key, Lobby, SignIn, Step};
use crate::failure::{Failure, Kind};
use crate::message::{Fault, INVALID_REQUEST, Message, Parsed, Part, SERVER_ERROR, Skim, error_line};
use crate::record::{Side, Tap};
use crate::remote::{Alone, Arrival, Call, Remote, Said, Stand};
use crate::stdio::{Line, Reader, Writer, unheard};

use alarms::Alarms;
use budget::Budget;
use ending::{FAREWELL, LAST_WORDS, UNHEARD};
use order::{Order, Turn};
use outbox::{Outbox, Parcel};
use replies::Replies;
use sending::Running;
use tally::Tally;
use witness::Witness;
pub use witness::{Counts, Seen};

/// A relay at work, from the first line to the last.
pub struct Bridge {
    editor: Reader,
    writer: Writer,
    remote: Remote,
    arrivals: mpsc::Receiver<Arrival>,
    era: Lobby,
    alarms: Alarms,
    outbox: Outbox,
    budget: Budget,
    /// Since when something in the outbox waits for the budget.
    waiting_since: Option<Instant>,
    order: Order,
    running: BTreeMap<Key, Running>,
    tells: JoinSet<()>,
    replies: Replies,
    limit: usize,
    drain: Option<Duration>,
    tally: Tally,
    /// Why the last session did not open.
    unopened: Option<Failure>,
    learned: watch::Sender<Facts>,
    record: Option<Tap>,
    witness: Witness,
}

/// How a relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every request was answered by the server.
    Served,
    /// Some request had to be answered by the bridge, for this reason.
    Wanting(Kind),
    /// Ctrl-C.
    Interrupted,
    /// Another signal that asks for the end.
    Stopped,
}

impl Bridge {
    /// Puts the parts together. `arrivals` is the other end of the remote's channel; `drain` is how
    /// long requests may run after the end of the input.
    pub fn new(
        (editor, writer): (Reader, Writer),
        (remote, arrivals): (Remote, mpsc::Receiver<Arrival>),
        era: Lobby,
        limit: usize,
        drain: Option<Duration>,
    ) -> Self {
        Bridge {
            editor,
            writer,
            remote,
            arrivals,
            era,
            alarms: Alarms::default(),
            outbox: Outbox::default(),
            budget: Budget::new(),
            waiting_since: None,
            order: Order::default(),
            running: BTreeMap::new(),
            tells: JoinSet::new(),
            replies: Replies::default(),
            limit,
            drain,
            tally: Tally::default(),
            unopened: None,
            learned: watch::Sender::default(),
            record: None,
            witness: Witness::new(),
        }
    }

    /// Records what passes.
    #[must_use]
    pub fn recorded(mut self, record: Option<Tap>) -> Self {
        self.record = record;
        self
    }

    /// What is found out about the server, whenever that is more or something else than was known.
    pub fn learned(&self) -> watch::Receiver<Facts> {
        self.learned.subscribe()
    }

    /// What becomes known in the course of the run.
    pub fn seen(&self) -> watch::Receiver<Seen> {
        self.witness.seen()
    }

    /// How much was asked, also after the end.
    pub fn counts(&self) -> Arc<Counts> {
        self.witness.counts()
    }

    /// Relays until the editor leaves or a signal comes.
    pub async fn run(mut self) -> End {
        self.remote.start();
        // An editor in this process hears them itself, and may have something to cancel first.
        let mut signals = (!self.editor.is_inside()).then(signals::listen);
        let signal = async {
            match &mut signals {
                Some(signals) => signals.recv().await,
                None => std::future::pending().await,
            }
        };
        let (end, patience) = tokio::select! {
            end = self.relay() => end,
            signal = signal => {
                self.on(Event::Closed);
                self.give_up(Failure::new(Kind::Interrupted, "the bridge was stopped"));
                let end = if signal == Some(signals::Signal::Interrupt) { End::Interrupted } else { End::Stopped };
                (end, FAREWELL)
            }
        };
        self.leave(patience).await;
        end
    }

    /// Works until the editor has closed its side and everything is answered, or until it does not
    /// read any more; returns how it ended, and how long the last words may take.
    async fn relay(&mut self) -> (End, Duration) {
        let mut open = true;
        let mut deadline: Option<Instant> = None;
        let watches_parent = !self.editor.is_inside();
        let mut orphaned = std::pin::pin!(parent::gone());
        let mut unheard = std::pin::pin!(unheard());
        let mut sign_in = std::pin::pin!(changed(self.remote.login().stand()));
        loop {
            self.pump();
            self.note_waiting();
            self.writer.flush();
            if !open && self.outbox.is_empty() && self.era.unanswered() == 0 && !self.writer.is_busy() {
                return (self.tally.end(), LAST_WORDS);
            }
            tokio::select! {
                written = self.writer.written() => if let Err(error) = written {
                    return (self.unwritten(&error), LAST_WORDS);
                },
                lines = self.editor.recv(), if open && self.may_read() => match lines {
                    Some(lines) => lines.into_iter().for_each(|line| self.line(line)),
                    None => {
                        open = false;
                        deadline = self.end_of_input();
                    }
                },
                () = &mut orphaned, if open && watches_parent => {
                    open = false;
                    deadline = self.end_of_input();
                }
                // Its requests may finish, but whom they are for is gone: not without end.
                () = &mut unheard, if !open && deadline.is_none() && watches_parent => {
                    deadline = Some(Instant::now() + UNHEARD);
                }
                Some(arrival) = self.arrivals.recv(), if self.has_room() => {
                    self.arrived(arrival);
                    while self.has_room() && let Ok(arrival) = self.arrivals.try_recv() {
                        self.arrived(arrival);
                    }
                }
                () = self.budget.freed(), if !self.outbox.is_empty() => self.waiting_since = None,
                () = until(self.waiting_since.map(|since| since + GROWTH)) => {
                    self.waiting_since = None;
                    if self.is_reading() {
                        self.budget.grow();
                    }
                }
                Some(_) = self.tells.join_next(), if !self.tells.is_empty() => {}
                (stand, later) = &mut sign_in => {
                    sign_in.set(changed(later));
                    self.sign_in(stand);
                }
                () = until(self.alarms.next()) => while let Some(key) = self.alarms.due() {
                    self.on(Event::Due { key });
                },
                () = until(deadline) => {
                    let late = Failure::new(Kind::Unreachable, "no answer came before the bridge had to end");
                    self.give_up(late.remedy("raise --drain-timeout"));
                    return (End::Wanting(Kind::Unreachable), FAREWELL);
                }
            }
        }
    }

    /// What the editor may be told of the sign-in.
    fn told(&self, stand: Stand) -> SignIn {
        let (url, code, opened) = match stand {
            Stand::Quiet => return SignIn::Over,
            Stand::Ready => return SignIn::Ready,
            Stand::Waiting { url, code, opened } => (url, code, opened),
        };
        if let Some(record) = &self.record {
            let query = url.split_once('?').map(|(_, query)| query);
            query.into_iter().chain(code.as_deref()).for_each(|secret| record.hide(secret));
        }
        let text = self.remote.login().invitation().map(|invitation| invitation.to_string());
        let last = Said::ALL.into_iter();
        let last = last.filter_map(|said| Some((said.method(), self.remote.login().last(said)?))).collect();
        SignIn::Waiting(Invitation { url: Some(url), code, text: text.unwrap_or_default(), unopened: !opened, last })
    }

    /// Whether a further line may be read. What it holds is not known before it is read; while the
    /// server waits for the editor, answers must be let in, and other requests are refused.
    fn may_read(&self) -> bool {
        let room = if self.era.is_asked() { self.outbox.has_last_room() } else { self.outbox.has_room() };
        self.writer.pending() < OWN_ANSWERS && room && self.era.has_room() && self.replies.have_room(self.limit)
    }

    /// Whether the editor takes what comes.
    fn is_reading(&self) -> bool {
        self.has_room() && self.arrivals.len() <= UNREAD
    }

    fn has_room(&self) -> bool {
        self.writer.pending() < ROOM
    }

    fn line(&mut self, line: Line) {
        match line {
            Line::Text(text) => {
                if let Some(record) = &self.record {
                    record.said(Side::Editor, &text);
                }
                self.on(Event::Editor(Message::parse(text)));
            }
            Line::TooLong(skim) => {
                if let Some(record) = &self.record {
                    record.missed();
                }
                let text = skim.why(self.limit);
                log::warn!("a message of the editor was left out: {text}");
                self.too_long(&skim, &text);
            }
        }
    }

    /// A request above the limit is answered with an error; an answer above it becomes one, because
    /// the server waits for it.
    fn too_long(&mut self, skim: &Skim, text: &str) {
        let known: Vec<&Part> = skim.parts().filter(|part| part.id.is_some()).collect();
        if known.is_empty() {
            self.on(Event::Editor(Err(Fault { code: INVALID_REQUEST, id: None, text: text.to_owned() })));
        }
        for Part { id, has_method } in known {
            let answer = (!has_method).then(|| error_line(id.as_ref(), SERVER_ERROR, text, None));
            match answer.map(Message::single) {
                Some(Ok(answer)) => self.on(Event::Editor(Ok(Parsed::One(answer)))),
                _ => {
                    self.on(Event::Editor(Err(Fault { code: INVALID_REQUEST, id: id.clone(), text: text.to_owned() })))
                }
            }
        }
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Messages { key, generation, messages, weight } => {
                for parsed in messages {
                    self.on(Event::Server { key, generation, parsed });
                }
                if weight.is_heavy() {
                    self.writer.hold(Box::new(weight));
                }
            }
            Arrival::Ended { key, failure } => {
                self.running.remove(&key);
                if self.era.is_opening() {
                    self.unopened.clone_from(&failure);
                }
                self.on(Event::Ended { key, failure });
            }
            Arrival::Renewed { generation } => self.on(Event::Renewed { generation }),
        }
    }

    fn on(&mut self, event: Event) {
        match &event {
            Event::Editor(Ok(Parsed::One(message))) => log::debug!("editor> {message:?}"),
            Event::Server { parsed: Parsed::One(message), .. } => log::debug!("server> {message:?}"),
            _ => {}
        }
        if let Event::Editor(Ok(parsed)) = &event
            && let Some(editor) = self.witness.hears(parsed)
        {
            self.remote.login().is_for(&editor);
        }
        let mut steps = Vec::new();
        self.era.on(event, &mut steps);
        self.witness.notes(self.era.spoken());
        for step in steps {
            self.step(step);
        }
    }

    fn sign_in(&mut self, stand: Stand) {
        let mut steps = Vec::new();
        self.era.sign_in(self.told(stand), &mut steps);
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::ToEditor(line) | Step::Answer(line) => self.tell_editor(Side::Server, &line),
            Step::Failed(line, kind) => {
                self.tally.add(kind);
                self.witness.fails(&line, kind);
                self.tell_editor(Side::Bridge, &line);
            }
            Step::Unserved(kind) => self.tally.add(kind),
            Step::Learned(facts) => drop(self.learned.send_replace(facts)),
            Step::DeclineSignIn => self.remote.login().decline(),
            Step::OpenBrowser => self.remote.login().open_browser(),
            Step::Open { key, message, transport } => {
                self.witness.takes(transport);
                self.open(key, message, transport);
            }
            Step::Probe { key, message, headers } => {
                let call = Call { alone: Some(Alone::new(&headers, false)), ..Call::own(message) };
                self.exchange(key, call, Turn::default());
            }
            Step::Send { key, body, requests, repeatable, way } => {
                if !self.outbox.has_room() {
                    self.pump();
                }
                // While nobody is asked anything, no further line is read instead.
                if self.outbox.has_room() || !self.era.is_asked() {
                    self.outbox.push(Parcel::Request { key, body, requests, repeatable, way });
                } else {
                    let busy = Failure::new(Kind::Unreachable, "too many requests are waiting for the server");
                    self.on(Event::Ended { key, failure: Some(busy.remedy("try again when others are answered")) });
                }
            }
            Step::Tell { message, way } => self.outbox.push(Parcel::Notification(message, way)),
            Step::Reply { message, generation, of_editor } => self.reply(message, generation, of_editor),
            Step::Cancel { key, message } => self.cancel(key, message),
            Step::Wake { key, after } => self.alarms.set(key, after),
            Step::Drop { key } => {
                self.outbox.remove(key);
                if let Some(running) = self.running.remove(&key) {
                    running.task.abort();
                }
            }
        }
    }

    fn tell_editor(&mut self, side: Side, line: &Bytes) {
        if let Some(record) = &self.record {
            record.said(side, line);
        }
        self.writer.push(line);
    }

    fn note_waiting(&mut self) {
        let waits = !self.outbox.is_empty();
        self.waiting_since = if waits { self.waiting_since.or_else(|| Some(Instant::now())) } else { None };
    }
}

/// The next value, and where to wait for the one after it. A future to be kept: a new one for each message would
/// have to be put among those that wait, and taken out again.
async fn changed(mut stand: watch::Receiver<Stand>) -> (Stand, watch::Receiver<Stand>) {
    if stand.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    let now = stand.borrow_and_update().clone();
    (now, stand)
}

/// Waits until `deadline`; without one for ever.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Bytes that may wait for the editor before the server is made to wait.
const ROOM: usize = 256 * 1024;
/// Bytes that may wait for the editor before its own input is made to wait: only answers of the
/// bridge itself can add up to this.
const OWN_ANSWERS: usize = 2 * 1024 * 1024;
/// Requests that may run, and arrivals that may wait, while the editor does not read.
const UNREAD: usize = 16;
/// How long requests wait for the budget, with nothing of it given back, before it grows.
const GROWTH: Duration = Duration::from_millis(200);

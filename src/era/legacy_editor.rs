//! A legacy editor and a modern server: the session that the editor believes in ends here.
//!
//! What is left is a modern editor, which [`Modern`] serves as any other: each request that goes
//! to it has its `_meta`, and what it says to its editor is said again in the words of a session.

mod results;
mod rounds;
mod watch;

use std::collections::BTreeMap;

use super::capabilities::{self, has_extension};
use super::modern::Modern;
use super::own::Own;
use super::replies::{no_batches, refusal, refuse};
use super::splice::{Member, members, quoted, with_id, with_member, with_params};
use super::{CAPABILITIES_KEY, CLIENT_KEY, Event, Filter, Key, LEVEL_KEY, SERVER_KEY, Step, VERSION_KEY, cancelled_id};
use crate::failure::{Failure, Kind};
use crate::message::{
    INVALID_PARAMS, INVALID_REQUEST, Id, Kind as Is, METHOD_NOT_FOUND, Message, Parsed, member, plain_string,
    result_line,
};

use crate::versions::{LEGACY, MODERN, NEWEST_LEGACY};
use rounds::{Question, Rounds};
use watch::Watch;

/// The state of the pair.
pub struct LegacyEditor {
    own: Own,
    inner: Modern,
    /// The parameters of the editor's `initialize`.
    params: String,
    /// The result of `server/discover`.
    discovered: String,
    level: Option<String>,
    flights: BTreeMap<Id, Flight>,
    /// How many there ever were.
    count: u64,
    /// The editor's request for each id that the server knows it by.
    upstream: BTreeMap<Id, Id>,
    /// Pauses before a request goes out again.
    pauses: BTreeMap<Key, Id>,
    /// Questions to the editor, with their ids.
    questions: Vec<(Id, Question)>,
    watch: Watch,
    closed: bool,
}

/// A request of the editor that has no answer yet.
struct Flight {
    /// Of two, the one that came first has the smaller.
    order: u64,
    /// As the editor sent it.
    message: Message,
    /// As the server gets it the first time.
    sent: Message,
    /// Its id towards the server at present.
    upstream: Id,
    rounds: Rounds,
    progress: Progress,
}

/// Progress starts over with each round, and must not go back for the editor.
#[derive(Default)]
struct Progress {
    base: f64,
    last: f64,
}

impl LegacyEditor {
    /// For an editor that sent this `initialize`, and a server that answered `server/discover` so.
    pub fn new((filter, own): (Filter, Own), initialize: &Message, discovered: &str) -> Self {
        LegacyEditor {
            inner: Modern::new(filter, own.clone()),
            own,
            params: initialize.params().unwrap_or("{}").to_owned(),
            discovered: discovered.to_owned(),
            level: None,
            flights: BTreeMap::new(),
            count: 0,
            upstream: BTreeMap::new(),
            pauses: BTreeMap::new(),
            questions: Vec::new(),
            watch: Watch::new(member(discovered, "capabilities").unwrap_or("{}")),
            closed: false,
        }
    }

    /// Answers `initialize` from what `server/discover` has told.
    pub fn answer_initialize(&self, initialize: &Message, steps: &mut Vec<Step>) {
        let Some(id) = initialize.id() else { return };
        let asked = member(&self.params, "protocolVersion").and_then(plain_string).unwrap_or_default();
        let version = LEGACY.iter().find(|version| **version == asked).unwrap_or(&NEWEST_LEGACY);
        let server = member(&self.discovered, "_meta").and_then(|meta| member(meta, SERVER_KEY));
        let server = server.unwrap_or(r#"{"name":"unknown","version":"unknown"}"#);
        let instructions = member(&self.discovered, "instructions");
        let instructions = instructions.map(|text| format!(r#","instructions":{text}"#)).unwrap_or_default();
        let can = capabilities::of_modern_server(self.server(), self.editor_can());
        let result =
            format!(r#"{{"protocolVersion":"{version}","capabilities":{can},"serverInfo":{server}{instructions}}}"#);
        steps.push(Step::Answer(result_line(id, &result)));
    }

    /// The editor is ready; from now on it hears of changes.
    pub fn initialized(&mut self, steps: &mut Vec<Step>) {
        self.watch.begin();
        self.rewatch(steps);
    }

    /// The server was a legacy one, to which the editor said all this before.
    pub fn take_over(&mut self, steps: &mut Vec<Step>) {
        self.initialized(steps);
        self.watch.tell_of_all(steps);
    }

    /// Requests of the editor that have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.flights.len() + self.watch.unanswered()
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Whether the server waits for the editor's answer to this question.
    pub fn asks(&self, id: &Id) -> bool {
        self.questions.iter().any(|(asked, _)| asked == id)
    }

    /// Whether this exchange or pause is one of the pair's.
    pub fn owns(&self, key: Key) -> bool {
        self.inner.owns(key) || self.pauses.contains_key(&key) || self.watch.owns(key)
    }

    /// Whether a request with this id has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        self.flights.contains_key(id) || self.watch.is_waiting(id)
    }

    /// Gives up an exchange, whose request will be answered by somebody else.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        let sent = self.inner.take_back(key);
        sent.iter().filter_map(Message::id).for_each(|id| self.watch_lost(id));
        let ids: Vec<Id> = sent.iter().filter_map(Message::id).filter_map(|id| self.upstream.remove(id)).collect();
        ids.iter().filter_map(|id| self.flights.remove(id)).map(|flight| flight.message).collect()
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Editor(Ok(Parsed::One(message))) => self.editor(message, steps),
            Event::Editor(Ok(Parsed::Batch(batch))) => no_batches(&batch, steps),
            Event::Editor(Err(fault)) => steps.push(refuse(&fault)),
            Event::Due { key } if self.watch.owns(key) => {
                self.watch.due(key);
                self.rewatch(steps);
            }
            Event::Due { key } if self.pauses.contains_key(&key) => {
                if let Some(id) = self.pauses.remove(&key) {
                    self.retry(&id, steps);
                }
            }
            Event::Closed => self.close(steps),
            Event::Over(failure) => {
                self.ask(Event::Over(failure.clone()), steps);
                self.give_up_waiting(steps);
                let mut flights: Vec<(Id, Flight)> = std::mem::take(&mut self.flights).into_iter().collect();
                flights.sort_by_key(|(_, flight)| flight.order);
                steps.extend(flights.iter().map(|(id, _)| super::replies::failed(id, Some(failure.clone()))));
            }
            event => self.ask(event, steps),
        }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Request => self.request(message, steps),
            Is::Answer => self.answer_to_question(&message, steps),
            Is::Notification => match message.method() {
                "notifications/initialized" => self.initialized(steps),
                // A modern server asks for the roots when it needs them.
                "notifications/roots/list_changed" => {}
                "notifications/cancelled" => self.cancel(&message, steps),
                _ => self.ask(one(message), steps),
            },
        }
    }

    fn request(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        if self.is_running(&id) {
            steps.push(refusal(&id, INVALID_REQUEST, "a request with this id is still running"));
            return;
        }
        let no_method = |id: &Id| refusal(id, METHOD_NOT_FOUND, "method not found: the server does not offer it");
        match message.method() {
            "ping" => steps.push(Step::ToEditor(result_line(&id, "{}"))),
            "logging/setLevel" => {
                let level = message.params().and_then(|params| member(params, "level")).and_then(plain_string);
                steps.push(match level.filter(|level| LEVELS.contains(&&**level)) {
                    _ if member(self.server(), "logging").is_none() => no_method(&id),
                    None => refusal(&id, INVALID_PARAMS, "unknown log level"),
                    Some(level) => {
                        self.level = Some(level.into_owned());
                        Step::ToEditor(result_line(&id, "{}"))
                    }
                });
            }
            "resources/subscribe" | "resources/unsubscribe"
                if !capabilities::is_set(self.server(), "resources", "subscribe") =>
            {
                steps.push(no_method(&id));
            }
            "resources/subscribe" => self.subscribe(message, steps),
            "resources/unsubscribe" => self.unsubscribe(&message, steps),
            method if method.starts_with("tasks/") && !has_extension(self.editor_can(), capabilities::TASKS) => {
                steps.push(no_method(&id));
            }
            "subscriptions/listen" => steps.push(no_method(&id)),
            _ => self.send(message, steps),
        }
    }

    fn send(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        let Some(sent) = self.with_meta(&message) else {
            steps.push(refusal(&id, INVALID_PARAMS, "params and _meta are objects"));
            return;
        };
        let (upstream, rounds, progress) = (id.clone(), Rounds::default(), Progress::default());
        self.upstream.insert(id.clone(), id.clone());
        self.count += 1;
        let flight = Flight { order: self.count, message, sent: sent.clone(), upstream, rounds, progress };
        self.flights.insert(id, flight);
        self.ask(one(sent), steps);
    }

    /// The request with what every modern request has; `None` where there is no place for it.
    fn with_meta(&self, message: &Message) -> Option<Message> {
        let params = message.params().unwrap_or("{}");
        let meta = member(params, "_meta").unwrap_or("{}");
        members(params).and_then(|_| members(meta))?;
        let mut fields = meta_fields_of(&self.params);
        let level = self.level.as_ref().map(|level| quoted(level));
        fields.extend(level.map(|level| (LEVEL_KEY, level)));
        let meta = fields.iter().rev().fold(meta.to_owned(), |meta, (name, value)| with_member(&meta, name, value));
        Some(with_params(message, &with_member(params, "_meta", &meta)))
    }

    /// Hands an event to the modern editor inside, and takes what it says.
    fn ask(&mut self, event: Event, steps: &mut Vec<Step>) {
        let mut inner = Vec::new();
        self.inner.on(event, &mut inner);
        for step in inner {
            match step {
                Step::ToEditor(line) | Step::Answer(line) => match Message::single(line) {
                    Ok(message) if message.kind() == Is::Notification => self.heard(message, steps),
                    Ok(message) => self.answered(&message, None, steps),
                    Err(fault) => log::debug!("a line of our own is no message: {}", fault.text),
                },
                Step::Failed(line, kind) => {
                    if let Ok(message) = Message::single(line) {
                        self.answered(&message, Some(kind), steps);
                    }
                }
                step => steps.push(step),
            }
        }
    }

    fn heard(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.method() {
            "notifications/progress" => {
                let message = self.risen(message);
                steps.push(Step::ToEditor(message.raw().clone()));
            }
            "notifications/subscriptions/acknowledged" => self.acknowledged(&message, steps),
            // A subscription that the server takes back: it is asked for again.
            "notifications/cancelled" => self.watch_ended(&message, steps),
            _ if self.watch.is_double(&message) => {}
            _ => steps.push(Step::ToEditor(message.raw().clone())),
        }
    }

    /// Progress counted on from where it was when the request went out again.
    fn risen(&mut self, message: Message) -> Message {
        let params = message.params().unwrap_or("{}");
        let token = member(params, "progressToken").and_then(Id::parse);
        let is_for = |flight: &&mut Flight| {
            let meta = flight.message.params().and_then(|params| member(params, "_meta"));
            token.is_some() && meta.and_then(|meta| member(meta, "progressToken")).and_then(Id::parse) == token
        };
        let flight = self.flights.values_mut().filter(is_for).min_by_key(|flight| flight.order);
        let Some(flight) = flight else { return message };
        let number = |name: &str| member(params, name).and_then(|value| value.parse::<f64>().ok());
        let Some(value) = number("progress") else { return message };
        let progress = &mut flight.progress;
        progress.last = progress.last.max(progress.base + value);
        if progress.base == 0.0 {
            return message;
        }
        let mut risen = with_member(params, "progress", &(progress.base + value).to_string());
        if let Some(total) = number("total") {
            risen = with_member(&risen, "total", &(progress.base + total).to_string());
        }
        with_params(&message, &risen)
    }

    /// An answer of the server, or with `failed` one of the bridge in its place.
    fn answered(&mut self, message: &Message, failed: Option<Kind>, steps: &mut Vec<Step>) {
        let Some(upstream) = message.id() else {
            steps.push(Step::ToEditor(message.raw().clone()));
            return;
        };
        if self.watch.is_stream(upstream) {
            self.watch_answered(message, steps);
            return;
        }
        let Some(id) = self.upstream.get(upstream).cloned() else { return };
        let kind = message.result().and_then(|result| member(result, "resultType")).and_then(plain_string);
        match kind.as_deref() {
            Some("input_required") => {
                self.upstream.remove(upstream);
                let result = message.result().unwrap_or("{}").to_owned();
                self.input_required(&id, &result, steps);
                return;
            }
            Some("task") if has_extension(self.editor_can(), capabilities::TASKS) => {}
            None | Some("complete") => {}
            Some(other) => {
                let fact = format!("the server answered with a result of the unknown type {other:?}");
                self.fail(&id, &Failure::new(Kind::Protocol, fact), steps);
                return;
            }
        }
        let Some(flight) = self.forget(&id, steps) else { return };
        let message = with_id(message, flight.message.id().unwrap_or(&id));
        steps.push(match failed {
            Some(kind) => Step::Failed(message.raw().clone(), kind),
            None => Step::Answer(results::for_legacy(flight.message.method(), message).raw().clone()),
        });
    }

    /// Ends a request with an error of the bridge's own.
    fn fail(&mut self, id: &Id, failure: &Failure, steps: &mut Vec<Step>) {
        if self.forget(id, steps).is_some() {
            steps.push(super::replies::failed(id, Some(failure.clone())));
        }
    }

    /// Takes a request off, with all that was open for it.
    fn forget(&mut self, id: &Id, steps: &mut Vec<Step>) -> Option<Flight> {
        let mut flight = self.flights.remove(id)?;
        self.upstream.remove(&flight.upstream);
        self.pauses.retain(|_, of| of != id);
        self.withdraw_questions(id, steps);
        flight.rounds.complete(&[], steps);
        Some(flight)
    }

    fn cancel(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let id = cancelled_id(message);
        let Some(flight) = id.and_then(|id| self.forget(&id, steps)) else { return };
        let line = super::replies::cancelled(&flight.upstream, "the editor cancelled it");
        if let Ok(message) = Message::single(line) {
            self.ask(one(message), steps);
        }
    }

    fn close(&mut self, steps: &mut Vec<Step>) {
        self.closed = true;
        self.ask(Event::Closed, steps);
        self.give_up_waiting(steps);
        self.answer_in_the_editors_place(steps);
    }

    /// Closes the streams for changes, because another pair takes over.
    pub fn stop_listening(&mut self, steps: &mut Vec<Step>) {
        self.ask(Event::Closed, steps);
    }

    fn server(&self) -> &str {
        member(&self.discovered, "capabilities").unwrap_or("{}")
    }

    fn editor_can(&self) -> &str {
        member(&self.params, "capabilities").unwrap_or("{}")
    }
}

/// The members of `_meta` in the name of the editor that sent this `initialize`.
pub fn meta_fields(params: &str) -> String {
    let fields = meta_fields_of(params);
    fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",")
}

fn meta_fields_of(params: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![(VERSION_KEY, format!("\"{MODERN}\""))];
    fields.extend(member(params, "clientInfo").map(|client| (CLIENT_KEY, client.to_owned())));
    let can = capabilities::of_legacy_editor(member(params, "capabilities").unwrap_or("{}"));
    fields.push((CAPABILITIES_KEY, can));
    fields
}

fn one(message: Message) -> Event {
    Event::Editor(Ok(Parsed::One(message)))
}

/// The members of the object that a message has in its parameters under `name`.
fn entries<'a>(text: &'a str, name: &str) -> Vec<Member<'a>> {
    member(text, name).and_then(members).unwrap_or_default()
}

/// RFC 5424, as MCP spells it.
const LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

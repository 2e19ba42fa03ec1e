//! A legacy editor and a legacy server: messages pass as they are.
//!
//! What is done here is what a relay owes beside the bytes: each request is answered once, answers
//! find their requests, and questions of a lost session are not answered in the next one.

mod questions;

use std::collections::BTreeMap;

use bytes::Bytes;

use super::own::Own;
use super::repeat::is_repeatable;
use super::replies::{failed, no_batches, refusal, refuse};
use super::splice::with_id;
use super::{Event, Filter, Key, Step, Way, cancelled_id};
use crate::failure::Failure;
use crate::message::{
    Fault, INVALID_PARAMS, INVALID_REQUEST, Id, Kind as Is, Message, Parsed, member, notification_line, plain_string,
};
use crate::versions::{Transport, WITH_BATCHES};

use questions::Questions;

/// The state of the pair.
pub struct Same {
    own: Own,
    filter: Filter,
    /// The version of the session.
    version: String,
    /// The list changes that the server announced it would tell.
    lists: Vec<&'static str>,
    flights: BTreeMap<Id, Flight>,
    exchanges: BTreeMap<Key, Vec<Id>>,
    questions: Questions,
    /// All answers come on the one stream of HTTP+SSE.
    one_stream: bool,
}

/// A request of the editor that has no answer yet.
struct Flight {
    /// As the editor sent it.
    message: Message,
    key: Key,
    /// Its id towards the server, where that is not the editor's.
    stand_in: Option<Id>,
}

impl Flight {
    fn is_answered_by(&self, id: &Id) -> bool {
        self.stand_in.as_ref().or(self.message.id()) == Some(id)
    }

    /// The same by a server that keeps numbers as doubles.
    fn is_nearly_answered_by(&self, id: &Id) -> bool {
        self.stand_in.is_none() && self.message.id().is_some_and(|mine| mine.is_nearly(id))
    }
}

impl Same {
    /// A session that `answer` to `initialize` has opened over `transport`.
    pub fn new(filter: Filter, own: Own, answer: &Message, transport: Transport) -> Self {
        let mut same = Same {
            own,
            filter,
            version: String::new(),
            lists: Vec::new(),
            flights: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            questions: Questions::default(),
            one_stream: false,
        };
        same.opened(answer, transport);
        same
    }

    /// Another session takes the place of the first. What runs in that one may still be answered.
    pub fn opened(&mut self, answer: &Message, transport: Transport) {
        self.one_stream = transport == Transport::Sse;
        let result = answer.result().unwrap_or("{}");
        self.version = member(result, "protocolVersion").and_then(plain_string).unwrap_or_default().into_owned();
        let capabilities = member(result, "capabilities").unwrap_or("{}");
        let tells = |what: &str| {
            let capability = member(capabilities, what);
            capability.and_then(|capability| member(capability, "listChanged")) == Some("true")
        };
        self.lists = LISTS.iter().filter(|(what, _)| tells(what)).map(|(_, method)| *method).collect();
    }

    /// Requests of the editor that have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.flights.len()
    }

    /// Whether this exchange is one of the pair's.
    pub fn owns(&self, key: Key) -> bool {
        self.exchanges.contains_key(&key)
    }

    /// Whether a request with this id has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        self.flights.contains_key(id)
    }

    /// Gives up an exchange, whose requests will be answered by somebody else.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        let ids = self.exchanges.remove(&key).unwrap_or_default();
        ids.iter().filter_map(|id| self.flights.remove(id)).map(|flight| flight.message).collect()
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Whether the server waits for the editor's answer to this question.
    pub fn asks(&self, id: &Id) -> bool {
        self.questions.has(id)
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Editor(Ok(Parsed::One(message))) => self.editor(message, steps),
            Event::Editor(Ok(Parsed::Batch(batch))) => self.editor_batch(batch, steps),
            Event::Editor(Err(fault)) => steps.push(refuse(&fault)),
            Event::Server { key, generation, parsed: Parsed::One(message) } => {
                self.server(key, generation, message, steps);
            }
            Event::Server { key, generation, parsed: Parsed::Batch(batch) } => {
                self.server_batch(key, generation, batch, steps);
            }
            Event::Ended { key, failure } => self.ended(key, failure, steps),
            Event::Renewed { generation } => self.renewed(generation, steps),
            Event::Due { .. } => {}
            Event::Closed => self.questions.close(steps),
            Event::Over(failure) => {
                let keys: Vec<Key> = self.exchanges.keys().copied().collect();
                for key in keys {
                    self.ended(key, Some(failure.clone()), steps);
                }
            }
        }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Request => {
                if let Some(message) = self.admit(message, steps) {
                    self.send(message, steps);
                }
            }
            Is::Notification => self.notification(message, steps),
            Is::Answer => self.questions.answer(&message, steps),
        }
    }

    /// The request, if it may go to the server; otherwise it has been answered.
    fn admit(&mut self, message: Message, steps: &mut Vec<Step>) -> Option<Message> {
        let id = message.id()?;
        let reason = match message.method() {
            _ if self.flights.contains_key(id) => {
                refusal(id, INVALID_REQUEST, "a request with this id is still running")
            }
            "tools/call" => match self.filter.refusal(&message) {
                Some(text) => refusal(id, INVALID_PARAMS, &text),
                None => return Some(message),
            },
            _ => return Some(message),
        };
        steps.push(reason);
        None
    }

    fn send(&mut self, message: Message, steps: &mut Vec<Step>) {
        let key = self.own.key();
        let message = self.join(key, message);
        let (body, repeatable) = (message.raw().clone(), is_repeatable(message.method()));
        steps.push(Step::Send { key, body, requests: vec![message], repeatable, way: Way::Session });
    }

    /// Notes a request; returns it as it goes to the server. That may be under an id of ours: on one stream a
    /// server that keeps numbers as doubles would answer it and another one that runs with the same id.
    fn join(&mut self, key: Key, message: Message) -> Message {
        let Some(id) = message.id().cloned() else { return message };
        let is_near = |flight: &Flight| flight.is_nearly_answered_by(&id);
        let together = self.exchanges.get(&key);
        let doubtful = id.may_be_rounded()
            && if self.one_stream {
                self.flights.values().any(is_near)
            } else {
                together.is_some_and(|ids| ids.iter().filter_map(|id| self.flights.get(id)).any(is_near))
            };
        let stand_in = doubtful.then(|| self.own.id());
        let sent = stand_in.as_ref().map_or_else(|| message.clone(), |ours| message.with_id(ours));
        self.exchanges.entry(key).or_default().push(id.clone());
        self.flights.insert(id, Flight { message, key, stand_in });
        sent
    }

    fn notification(&mut self, message: Message, steps: &mut Vec<Step>) {
        if message.method() == "notifications/cancelled" {
            self.cancel(message, steps);
        } else {
            steps.push(Step::Tell { message, way: Way::Session });
        }
    }

    fn cancel(&mut self, message: Message, steps: &mut Vec<Step>) {
        let id = cancelled_id(&message);
        // A cancel that crosses the answer is normal.
        let Some(flight) = id.as_ref().and_then(|id| self.flights.get(id)) else { return };
        let key = flight.key;
        let message = named_to_server(message, flight);
        if let Some(id) = id {
            self.flights.remove(&id);
            if self.leave(key, &id) {
                steps.push(Step::Cancel { key, message });
            } else {
                steps.push(Step::Tell { message, way: Way::Session });
            }
        }
    }

    /// Takes a request off its exchange; whether that was the last one.
    fn leave(&mut self, key: Key, id: &Id) -> bool {
        let Some(ids) = self.exchanges.get_mut(&key) else { return true };
        ids.retain(|other| other != id);
        let last = ids.is_empty();
        if last {
            self.exchanges.remove(&key);
        }
        last
    }

    /// Only 2025-03-26 has batches.
    fn editor_batch(&mut self, batch: Vec<Result<Message, Fault>>, steps: &mut Vec<Step>) {
        if batch.is_empty() || self.version != WITH_BATCHES {
            no_batches(&batch, steps);
            return;
        }
        let key = self.own.key();
        let (mut requests, mut notifications, mut cancels) = (Vec::new(), Vec::new(), Vec::new());
        for element in batch {
            match element {
                Err(fault) => steps.push(refuse(&fault)),
                Ok(message) => match message.kind() {
                    Is::Answer => self.questions.answer(&message, steps),
                    Is::Notification if message.method() == "notifications/cancelled" => cancels.push(message),
                    Is::Notification => notifications.push(message),
                    Is::Request if message.method() == "initialize" => steps.push(refuse(&Fault {
                        code: INVALID_REQUEST,
                        id: message.id().cloned(),
                        text: "initialize must not be part of a batch".into(),
                    })),
                    Is::Request => {
                        if let Some(message) = self.admit(message, steps) {
                            // At once, so that an id which stands twice in the batch is found.
                            requests.push(self.join(key, message));
                        }
                    }
                },
            }
        }
        for cancel in cancels {
            let of_it = |id: &Id| self.flights.get(id).is_some_and(|flight| flight.key == key);
            match cancelled_id(&cancel).filter(of_it) {
                // What is cancelled in one breath is not sent at all.
                Some(id) => {
                    if let Some(flight) = self.flights.remove(&id) {
                        requests.retain(|request| !request.id().is_some_and(|id| flight.is_answered_by(id)));
                    }
                    self.leave(key, &id);
                }
                None => self.cancel(cancel, steps),
            }
        }
        if requests.is_empty() {
            for message in notifications {
                self.notification(message, steps);
            }
            return;
        }
        let lines: Vec<&Bytes> = notifications.iter().chain(&requests).map(Message::raw).collect();
        let repeatable = notifications.is_empty() && requests.iter().all(|request| is_repeatable(request.method()));
        steps.push(Step::Send { key, body: array(&lines), requests, repeatable, way: Way::Session });
    }

    fn server(&mut self, key: Option<Key>, generation: u64, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Answer => self.answer(key, message, steps),
            Is::Request => self.questions.ask(generation, message, &self.own, steps),
            Is::Notification if message.method() == "notifications/cancelled" => {
                self.questions.withdrawn(generation, message, steps);
            }
            Is::Notification => steps.push(Step::ToEditor(message.raw().clone())),
        }
    }

    fn server_batch(
        &mut self,
        key: Option<Key>,
        generation: u64,
        batch: Vec<Result<Message, Fault>>,
        steps: &mut Vec<Step>,
    ) {
        let mut each = Vec::new();
        for message in batch.into_iter().flatten() {
            self.server(key, generation, message, &mut each);
        }
        if self.version != WITH_BATCHES {
            steps.append(&mut each);
            return;
        }
        // What the server sent together reaches the editor together.
        let (mut lines, mut answers) = (Vec::new(), 0);
        for step in each {
            match step {
                Step::ToEditor(line) => lines.push(line),
                Step::Answer(line) => {
                    answers += 1;
                    lines.push(line);
                }
                other => steps.push(other),
            }
        }
        let whole = array(&lines.iter().collect::<Vec<_>>());
        match lines.len() {
            0 => {}
            _ if answers > 0 => steps.push(Step::Answer(whole)),
            _ => steps.push(Step::ToEditor(whole)),
        }
    }

    fn answer(&mut self, key: Option<Key>, message: Message, steps: &mut Vec<Step>) {
        let Some(flight) = message.id().and_then(|id| self.land(key, id)) else {
            log::debug!("an answer to no running request was dropped: {message:?}");
            return;
        };
        let last = flight.message.id().is_none_or(|id| self.leave(flight.key, id));
        let mut message = flight.message.id().map_or(message.clone(), |id| with_id(&message, id));
        if flight.message.method() == "tools/list" {
            message = self.filter.cut(message);
        }
        steps.push(Step::Answer(message.raw().clone()));
        // Answered on another stream than its own: there is nothing to wait for on its own.
        if last && key != Some(flight.key) {
            steps.push(Step::Drop { key: flight.key });
        }
    }

    /// Finds the request that an answer is for, and takes it off. On the response to a request there is no
    /// doubt which one is meant, even by a server that keeps numbers as doubles and has rounded the id to that of
    /// another.
    fn land(&mut self, key: Option<Key>, id: &Id) -> Option<Flight> {
        let own = key.and_then(|key| self.exchanges.get(&key)).map_or(&[][..], Vec::as_slice);
        let own = || own.iter().filter_map(|id| self.flights.get(id));
        let found = own().find(|flight| flight.is_answered_by(id));
        let found = found.or_else(|| own().find(|flight| flight.is_nearly_answered_by(id)));
        let found = found.or_else(|| self.flights.get(id).filter(|flight| flight.stand_in.is_none()));
        let found = found.or_else(|| self.flights.values().find(|flight| flight.is_answered_by(id)));
        let found = found.or_else(|| {
            let near = self.flights.values().filter(|flight| key.is_none() && flight.is_nearly_answered_by(id));
            near.min_by_key(|flight| flight.key)
        });
        let id = found?.message.id()?.clone();
        self.flights.remove(&id)
    }

    fn ended(&mut self, key: Key, failure: Option<Failure>, steps: &mut Vec<Step>) {
        for id in self.exchanges.remove(&key).unwrap_or_default() {
            if self.flights.remove(&id).is_some() {
                steps.push(failed(&id, failure.clone()));
            }
        }
    }

    fn renewed(&mut self, generation: u64, steps: &mut Vec<Step>) {
        self.questions.renewed(generation, steps);
        self.tell_of_all(steps);
    }

    /// Nobody knows what has changed, so everything may have.
    pub fn tell_of_all(&self, steps: &mut Vec<Step>) {
        steps.extend(self.lists.iter().map(|method| Step::ToEditor(notification_line(method, None))));
    }

    /// Another pair is in the place of this one: nobody waits for the answers that are still to come.
    pub fn take_questions_back(&mut self, steps: &mut Vec<Step>) {
        self.questions.take_back(steps);
    }
}

/// A cancellation, with the id that the server knows the request by.
fn named_to_server(cancel: Message, flight: &Flight) -> Message {
    let spelled = cancel.params().and_then(|params| member(params, "requestId"));
    match (spelled, &flight.stand_in) {
        (Some(spelled), Some(ours)) => cancel.with_part(spelled, ours.spelled()),
        _ => cancel,
    }
}

fn array(lines: &[&Bytes]) -> Bytes {
    let mut text = b"[".to_vec();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(line);
    }
    text.push(b']');
    text.into()
}

/// Capabilities with lists, and what tells that a list has changed.
const LISTS: [(&str, &str); 3] = [
    ("tools", "notifications/tools/list_changed"),
    ("prompts", "notifications/prompts/list_changed"),
    ("resources", "notifications/resources/list_changed"),
];

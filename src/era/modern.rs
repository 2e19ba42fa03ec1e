//! A modern editor and a modern server: messages pass as they are, and gain the headers of HTTP.

mod listening;

use std::collections::BTreeMap;

use super::headers::Annotated;
use super::own::Own;
use super::repeat::is_repeatable;
use super::replies::{code, failed, no_batches, refusal, refuse};
use super::splice::{Edit, quoted, with_id};
use super::{CAPABILITIES_KEY, Event, Filter, HEADER_MISMATCH, Key, Step, VERSION_KEY, Way, cancelled_id};
use crate::failure::Failure;
use crate::log::Repeated;
use crate::message::{
    INVALID_PARAMS, INVALID_REQUEST, Id, Kind as Is, Message, Parsed, error_object_line, member, plain_string,
    request_line,
};

use crate::versions::{LEGACY, MODERN};
use listening::Listening;
pub use listening::{CHANGES, Retry, catch_up};

/// The state of the pair.
pub struct Modern {
    own: Own,
    filter: Filter,
    annotated: Annotated,
    flights: BTreeMap<Id, Flight>,
    /// Which request an exchange or a pause is for.
    keys: BTreeMap<Key, Id>,
    sample: Option<Message>,
    closed: bool,
}

/// A request of the editor that has no answer yet.
struct Flight {
    /// As the editor sent it.
    message: Message,
    key: Key,
    /// The list that is asked for because the server did not like the headers.
    refresh: Option<Key>,
    /// The server did not like the headers, and was sent others.
    corrected: bool,
    /// What is heard, if it is a subscription.
    listening: Option<Listening>,
}

impl Modern {
    /// Nothing has been said yet.
    pub fn new(filter: Filter, own: Own) -> Self {
        let (annotated, flights, keys) = (Annotated::default(), BTreeMap::new(), BTreeMap::new());
        Modern { own, filter, annotated, flights, keys, sample: None, closed: false }
    }

    /// Requests of the editor that have no answer yet. A subscription waits for none.
    pub fn unanswered(&self) -> usize {
        self.flights.values().filter(|flight| flight.listening.is_none()).count()
    }

    /// Whether this exchange or pause is one of the pair's.
    pub fn owns(&self, key: Key) -> bool {
        self.keys.contains_key(&key)
    }

    /// Whether a request with this id has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        self.flights.contains_key(id)
    }

    /// Gives up an exchange, whose request will be answered by somebody else.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        let flight = self.keys.get(&key).cloned().and_then(|id| self.forget(&id));
        flight.map(|flight| flight.message).into_iter().collect()
    }

    /// A request with the editor's `_meta`, once there was one.
    pub fn sample(&self) -> Option<Message> {
        self.sample.clone()
    }

    /// Subscriptions, which are asked for again of whoever comes next.
    pub fn take_subscriptions(&mut self, steps: &mut Vec<Step>) -> Vec<Message> {
        let listens = self.flights.iter().filter(|(_, flight)| flight.listening.is_some());
        let mut ids: Vec<(Key, Id)> = listens.map(|(id, flight)| (flight.key, id.clone())).collect();
        ids.sort_by_key(|(key, _)| *key);
        let flights: Vec<Flight> = ids.iter().filter_map(|(_, id)| self.forget(id)).collect();
        steps.extend(flights.iter().map(|flight| Step::Drop { key: flight.key }));
        flights.into_iter().map(|flight| flight.message).collect()
    }

    /// Takes over an exchange that has been sent already.
    pub fn adopt(&mut self, key: Key, message: Message) {
        if let Some(id) = message.id().cloned() {
            self.keys.insert(key, id.clone());
            self.flights.insert(id, Flight { message, key, refresh: None, corrected: false, listening: None });
        }
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Editor(Ok(Parsed::One(message))) => self.editor(message, steps),
            Event::Editor(Ok(Parsed::Batch(batch))) => no_batches(&batch, steps),
            Event::Editor(Err(fault)) => steps.push(refuse(&fault)),
            Event::Server { key: Some(key), parsed: Parsed::One(message), .. } => self.server(key, message, steps),
            Event::Server { key: Some(key), parsed: Parsed::Batch(batch), .. } => {
                batch.into_iter().flatten().for_each(|message| self.server(key, message, steps));
            }
            Event::Server { key: None, .. } | Event::Renewed { .. } => {}
            Event::Ended { key, failure } => self.ended(key, failure, steps),
            Event::Due { key } => self.due(key, steps),
            Event::Closed => self.close(steps),
            Event::Over(failure) => {
                let mut flights: Vec<(Key, Id)> =
                    self.flights.iter().map(|(id, flight)| (flight.key, id.clone())).collect();
                flights.sort_by_key(|(key, _)| *key);
                for (_, id) in flights {
                    self.forget(&id);
                    steps.push(failed(&id, Some(failure.clone())));
                }
            }
        }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Request => self.request(message, steps),
            Is::Notification if message.method() == "notifications/cancelled" => {
                let id = cancelled_id(&message);
                // Closing the stream is the cancellation; nothing is POSTed (2026-07-28, Cancellation).
                if let Some(flight) = id.and_then(|id| self.forget(&id)) {
                    steps.extend(flight.refresh.map(|key| Step::Drop { key }));
                    steps.push(Step::Drop { key: flight.key });
                }
            }
            Is::Notification => {
                let way = Way::Alone(self.annotated.headers(&message));
                steps.push(Step::Tell { message, way });
            }
            Is::Answer => log::debug!("a modern editor sends no answers; one was dropped: {message:?}"),
        }
    }

    fn request(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        if self.flights.contains_key(&id) {
            steps.push(refusal(&id, INVALID_REQUEST, "a request with this id is still running"));
            return;
        }
        if let Some(text) = lacks_meta(&message) {
            steps.push(refusal(&id, INVALID_PARAMS, text));
            return;
        }
        if message.method() == "tools/call"
            && let Some(text) = self.filter.refusal(&message)
        {
            steps.push(refusal(&id, INVALID_PARAMS, &text));
            return;
        }
        self.sample.get_or_insert_with(|| sample(&message));
        let listening = (message.method() == "subscriptions/listen").then(Listening::default);
        // Its exchange begins below.
        self.flights.insert(id.clone(), Flight { message, key: 0, refresh: None, corrected: false, listening });
        self.send(&id, steps);
    }

    /// Sends the request, or sends it once more.
    fn send(&mut self, id: &Id, steps: &mut Vec<Step>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        self.keys.remove(&flight.key);
        flight.key = self.own.key();
        self.keys.insert(flight.key, id.clone());
        let headers = self.annotated.headers(&flight.message);
        let (way, repeatable) = match flight.listening {
            Some(_) => (Way::Listen(headers), false),
            None => (Way::Alone(headers), is_repeatable(flight.message.method())),
        };
        let (key, body) = (flight.key, flight.message.raw().clone());
        steps.push(Step::Send { key, body, requests: vec![flight.message.clone()], repeatable, way });
    }

    fn server(&mut self, key: Key, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = self.keys.get(&key).cloned() else { return };
        let Some(flight) = self.flights.get_mut(&id) else { return };
        match message.kind() {
            Is::Answer if flight.refresh == Some(key) => self.refreshed(&id, &message, steps),
            Is::Answer => self.answer(&id, message, steps),
            Is::Notification if flight.listening.is_some() => self.heard(&id, message, steps),
            Is::Notification if flight.key == key => steps.push(Step::ToEditor(message.raw().clone())),
            // Its own questions come in results (2026-07-28, Streamable HTTP, "Receiving Messages").
            Is::Notification | Is::Request => {
                OUT_OF_PLACE.warn(format_args!("{message:?} of the server has no place here"));
            }
        }
    }

    fn answer(&mut self, id: &Id, message: Message, steps: &mut Vec<Step>) {
        if message.error().and_then(code) == Some(HEADER_MISMATCH) && self.may_correct(id, steps) {
            return;
        }
        let Some(flight) = self.forget(id) else { return };
        let mut message = with_id(&message, id);
        if flight.message.method() == "tools/list" {
            message = self.annotated.learn(message, &self.filter, |_| Edit::Keep);
        }
        steps.push(Step::Answer(message.raw().clone()));
    }

    fn ended(&mut self, key: Key, failure: Option<Failure>, steps: &mut Vec<Step>) {
        let Some(id) = self.keys.get(&key).cloned() else { return };
        let Some(flight) = self.flights.get_mut(&id) else { return };
        let error = failure.as_ref().and_then(|failure| failure.error.as_deref());
        if flight.refresh == Some(key) {
            // Without the list the call can only be tried with the headers that there are.
            self.corrected(&id, steps);
        } else if flight.listening.is_some() {
            self.cut_off(&id, failure, steps);
        } else if error.and_then(code) == Some(HEADER_MISMATCH) && self.may_correct(&id, steps) {
        } else {
            self.forget(&id);
            steps.push(failed(&id, failure));
        }
    }

    /// A call whose headers the server did not like has not run. The list of tools says which it
    /// wants, and then the call is made once more (2026-07-28, Streamable HTTP, "Client Behavior").
    fn may_correct(&mut self, id: &Id, steps: &mut Vec<Step>) -> bool {
        let Some(flight) = self.flights.get_mut(id) else { return false };
        if flight.corrected || flight.message.method() != "tools/call" {
            return false;
        }
        flight.corrected = true;
        // What was refused has nothing more to bring.
        self.keys.remove(&flight.key);
        let meta = flight.message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        let meta = super::splice::without_members(meta, &["progressToken"]);
        self.list_tools(id, &meta, None, steps);
        true
    }

    fn list_tools(&mut self, id: &Id, meta: &str, cursor: Option<&str>, steps: &mut Vec<Step>) {
        let Some(message) = tools_list(&self.own, meta, cursor) else { return };
        let key = self.own.key();
        if let Some(flight) = self.flights.get_mut(id)
            && let Some(before) = flight.refresh.replace(key)
        {
            self.keys.remove(&before);
        }
        self.keys.insert(key, id.clone());
        let way = Way::Alone(self.annotated.headers(&message));
        steps.push(Step::Send { key, body: message.raw().clone(), requests: vec![message], repeatable: true, way });
    }

    fn refreshed(&mut self, id: &Id, answer: &Message, steps: &mut Vec<Step>) {
        self.annotated.learn(answer.clone(), &self.filter, |_| Edit::Keep);
        let result = answer.result().unwrap_or("{}");
        let call = self.flights.get(id).map(|flight| flight.message.clone());
        let params = call.as_ref().and_then(Message::params).unwrap_or("{}");
        let found = member(params, "name").is_some_and(|name| lists(result, name));
        match member(result, "nextCursor").filter(|_| !found) {
            Some(cursor) => {
                let meta = member(params, "_meta").unwrap_or("{}");
                self.list_tools(id, meta, Some(cursor), steps);
            }
            None => self.corrected(id, steps),
        }
    }

    fn corrected(&mut self, id: &Id, steps: &mut Vec<Step>) {
        if let Some(key) = self.flights.get_mut(id).and_then(|flight| flight.refresh.take()) {
            self.keys.remove(&key);
        }
        self.send(id, steps);
    }

    fn forget(&mut self, id: &Id) -> Option<Flight> {
        self.keys.retain(|_, of| of != id);
        self.flights.remove(id)
    }

    fn close(&mut self, steps: &mut Vec<Step>) {
        self.closed = true;
        self.take_subscriptions(steps);
    }
}

/// What a request lacks that every modern request has (2026-07-28, Overview, "_meta").
pub fn lacks_meta(message: &Message) -> Option<&'static str> {
    let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
    if member(meta, VERSION_KEY).and_then(plain_string).is_none() {
        return Some("_meta lacks io.modelcontextprotocol/protocolVersion");
    }
    let capabilities = member(meta, CAPABILITIES_KEY).and_then(super::splice::members);
    capabilities.is_none().then_some("_meta lacks io.modelcontextprotocol/clientCapabilities")
}

/// A small request with the `_meta` of this one.
pub fn sample(message: &Message) -> Message {
    let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
    let line = request_line(&Id::own("mcpbridge"), "server/discover", Some(&format!(r#"{{"_meta":{meta}}}"#)));
    Message::single(line).unwrap_or_else(|_| message.clone())
}

/// A `tools/list` of the bridge's own.
pub fn tools_list(own: &Own, meta: &str, cursor: Option<&str>) -> Option<Message> {
    let cursor = cursor.map(|cursor| format!(r#","cursor":{cursor}"#)).unwrap_or_default();
    let params = format!(r#"{{"_meta":{meta}{cursor}}}"#);
    Message::single(request_line(&own.id(), "tools/list", Some(&params))).ok()
}

/// Whether a `tools/list` has the tool with this name, which is JSON text.
pub fn lists(result: &str, name: &str) -> bool {
    let (Some(tools), Some(name)) = (member(result, "tools"), plain_string(name)) else { return false };
    let parts = crate::message::elements(tools).unwrap_or_default();
    parts.into_iter().any(|at| member(&tools[at], "name").and_then(plain_string).as_ref() == Some(&name))
}

/// An error in the words of the protocol, with the versions of both sides.
pub fn no_common_version(id: &Id, theirs: &[String]) -> Step {
    let ours: Vec<String> = LEGACY.iter().rev().chain([&MODERN]).map(|version| quoted(version)).collect();
    let (ours, theirs) = (ours.join(","), theirs.iter().map(|version| quoted(version)).collect::<Vec<_>>().join(","));
    let text =
        format!("no common protocol version: the server speaks [{theirs}], the bridge [{ours}]").replace('"', "");
    let error = format!(
        r#"{{"code":{},"message":{},"data":{{"supported":[{theirs}],"bridge":[{ours}]}}}}"#,
        super::UNSUPPORTED_VERSION,
        quoted(&text)
    );
    Step::Failed(error_object_line(id, &error), crate::failure::Kind::Protocol)
}

static OUT_OF_PLACE: Repeated = Repeated::new();

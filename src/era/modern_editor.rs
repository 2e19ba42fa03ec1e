//! A modern editor and a legacy server: the session with the server is kept here.
//!
//! The server knows requests by ids of ours, because an id of the editor's is free again after
//! `input_required` and must not be used twice in a session. What the server asks in the middle of
//! a call becomes an `input_required` result, and the call waits, parked, for the editor's retry.

mod calls;
mod level;
mod parking;
mod results;
mod subscriptions;

pub use results::{discovered, for_modern};

use std::collections::BTreeMap;

use super::answered::Answered;
use super::capabilities::{self, exceeds, may_be_asked};
use super::own::Own;
use super::replies::{cancelled, failed, goodbye, no_batches, refusal, refuse, reply};
use super::splice::{with_member, with_params};
use super::{CAPABILITIES_KEY, Event, Filter, Key, Step, UNSUPPORTED_VERSION, VERSION_KEY};
use crate::failure::Failure;
use crate::message::{
    INVALID_PARAMS, INVALID_REQUEST, Id, Kind as Is, METHOD_NOT_FOUND, Message, Parsed, error_line, member,
    plain_string, result_line,
};

use crate::versions::{MODERN, Transport};
use calls::{Call, Calls};
use level::Levels;
use parking::{Orphan, Question};
use subscriptions::Subscriptions;

/// The state of the pair.
pub struct ModernEditor {
    own: Own,
    filter: Filter,
    transport: Transport,
    /// The result of `initialize`.
    session: String,
    /// The capabilities that the server was told.
    offered: String,
    levels: Levels,
    calls: Calls,
    /// What the server asks while no call runs.
    orphans: Vec<Orphan>,
    answered: Answered,
    /// Links that the server wants opened before it is called, by their `requestState`.
    links: BTreeMap<String, parking::Links>,
    subscriptions: Subscriptions,
    sample: Option<Message>,
    closed: bool,
}

impl ModernEditor {
    /// For a session that `answer` has opened over `transport`, to an `initialize` with `params`.
    pub fn new((filter, own): (Filter, Own), answer: &Message, params: Option<&str>, transport: Transport) -> Self {
        ModernEditor {
            own,
            filter,
            transport,
            session: answer.result().unwrap_or("{}").to_owned(),
            offered: offered_in(params),
            levels: Levels::default(),
            calls: Calls::default(),
            orphans: Vec::new(),
            answered: Answered::default(),
            links: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            sample: None,
            closed: false,
        }
    }

    /// Another session takes the place of the first, which was told too little.
    pub fn reopened(&mut self, answer: &Message, params: Option<&str>, steps: &mut Vec<Step>) {
        self.session = answer.result().unwrap_or("{}").to_owned();
        self.offered = offered_in(params);
        self.tell_level_again(steps);
        self.subscribe_again(steps);
    }

    /// The transport of the session.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether the editor can now more than the server was told, and nothing keeps us from telling
    /// it in another session. While something runs or is parked, the difference is not offered.
    pub fn wants_more(&self, message: &Message) -> bool {
        let params = message.params().unwrap_or("{}");
        let can = member(params, "_meta").and_then(|meta| member(meta, CAPABILITIES_KEY)).unwrap_or("{}");
        message.kind() == Is::Request
            && self.calls.is_empty()
            && self.levels.waiting() == 0
            && self.links.is_empty()
            && refusal_of(message).is_none()
            && exceeds(&capabilities::of_modern_editor(can), &self.offered)
    }

    /// Requests of the editor that have no answer yet. A parked call has one, and a subscription
    /// waits for none.
    pub fn unanswered(&self) -> usize {
        self.calls.running() + self.levels.waiting()
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        self.calls.parked() > 0
    }

    /// Whether this exchange or pause is one of the pair's.
    pub fn owns(&self, key: Key) -> bool {
        self.calls.get(key).is_some()
            || self.calls.expiring(key).is_some()
            || self.subscriptions.owns(key)
            || self.levels.owns(key)
            || self.orphans.iter().any(|orphan| orphan.until == key)
            || self.links.values().any(|links| links.until == key)
    }

    /// Whether a request with this id has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        self.calls.by_editor(id).is_some() || self.levels.has(id) || self.subscriptions.has(id)
    }

    /// A request with the editor's `_meta`, once there was one.
    pub fn sample(&self) -> Option<Message> {
        self.sample.clone()
    }

    /// Gives up an exchange, whose request will be answered by somebody else.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        let call = self.calls.remove(key).filter(|call| call.editor.is_some());
        call.map(|call| call.message).into_iter().chain(self.levels.take_back(key)).collect()
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Editor(Ok(Parsed::One(message))) => self.editor(message, steps),
            Event::Editor(Ok(Parsed::Batch(batch))) => no_batches(&batch, steps),
            Event::Editor(Err(fault)) => steps.push(refuse(&fault)),
            Event::Server { key, generation, parsed: Parsed::One(message) } => {
                self.server(key, generation, message, steps);
            }
            Event::Server { key, generation, parsed: Parsed::Batch(batch) } => {
                batch.into_iter().flatten().for_each(|message| self.server(key, generation, message, steps));
            }
            Event::Ended { key, failure } => self.ended(key, failure, steps),
            Event::Due { key } => self.due(key, steps),
            Event::Renewed { .. } => self.session_lost(steps),
            Event::Closed => {
                self.closed = true;
                self.give_up_parked(steps);
                self.end_subscriptions(steps);
            }
            Event::Over(failure) => {
                for call in self.calls.take_all() {
                    steps.extend(call.editor.map(|id| failed(&id, Some(failure.clone()))));
                }
                for message in self.levels.take_all() {
                    steps.extend(message.id().map(|id| failed(id, Some(failure.clone()))));
                }
                self.end_subscriptions(steps);
            }
        }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Request => self.request(message, steps),
            Is::Notification if message.method() == "notifications/cancelled" => self.cancel(&message, steps),
            Is::Notification => steps.push(Step::Tell { message, way: super::Way::Session }),
            Is::Answer => log::debug!("a modern editor sends no answers; one was dropped: {message:?}"),
        }
    }

    fn request(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        if self.is_running(&id) {
            steps.push(refusal(&id, INVALID_REQUEST, "a request with this id is still running"));
            return;
        }
        if let Some(refusal) = refusal_of(&message) {
            steps.push(refusal);
            return;
        }
        self.sample.get_or_insert_with(|| super::modern::sample(&message));
        match message.method() {
            "server/discover" => steps.push(Step::Answer(result_line(&id, &results::discovered(&self.session)))),
            "subscriptions/listen" => self.listen(&message, steps),
            // What the modern era has not, it has in other words, which have been translated.
            "ping" | "initialize" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
                steps.push(refusal(&id, METHOD_NOT_FOUND, &format!("method not found: {}", message.method())));
            }
            method if method.starts_with("tasks/") => {
                steps.push(refusal(&id, METHOD_NOT_FOUND, "the server has no tasks of this protocol version"));
            }
            "tools/call" if self.filter.refusal(&message).is_some() => {
                let text = self.filter.refusal(&message).unwrap_or_default();
                steps.push(refusal(&id, INVALID_PARAMS, &text));
            }
            _ => match message.params().and_then(|params| member(params, "requestState")) {
                Some(state) => {
                    let state = plain_string(state).unwrap_or_default().into_owned();
                    self.retried(message, &state, steps);
                }
                None => self.start(message, steps),
            },
        }
    }

    /// Sends a request to the server as soon as the server knows the log level that it wants.
    fn start(&mut self, message: Message, steps: &mut Vec<Step>) {
        match self.untold_level(&message) {
            Some(level) => self.hold(message, level, steps),
            None => self.send(message, steps),
        }
    }

    /// Sends a request to the server, in the words of its era.
    fn send(&mut self, message: Message, steps: &mut Vec<Step>) {
        let call = Call::new(&self.own, message, self.filter.clone());
        let sent = call.sent();
        let (key, repeatable) = (call.key, super::repeat::is_repeatable(sent.method()));
        let (body, way) = (sent.raw().clone(), super::Way::Session);
        let asks = call.may_be_asked();
        self.calls.insert(call);
        steps.push(Step::Send { key, body, requests: vec![sent], repeatable, way });
        if asks {
            self.adopt_orphans(key, steps);
        }
    }

    fn server(&mut self, key: Option<Key>, generation: u64, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Answer => self.answer(key, message, steps),
            Is::Request => self.question(key, generation, &message, steps),
            Is::Notification => self.notification(key, generation, message, steps),
        }
    }

    fn answer(&mut self, key: Option<Key>, message: Message, steps: &mut Vec<Step>) {
        if let Some(key) = self.subscriptions.answered(key, message.id()) {
            self.own_answered(key, message.error().is_none(), steps);
            self.level_told(key, steps);
            return;
        }
        let Some(id) = message.id() else { return };
        let Some(at) = self.calls.by_upstream(id) else {
            log::debug!("an answer to no running request was dropped: {message:?}");
            return;
        };
        if key != Some(at) {
            steps.push(Step::Drop { key: at });
        }
        match self.calls.get(at).map(|call| call.editor.clone()) {
            Some(Some(editor)) => {
                if let Some(call) = self.calls.remove(at) {
                    self.deliver(&editor, &call, &message, steps);
                }
            }
            Some(None) => self.calls.keep(at, Ok(message)),
            None => {}
        }
    }

    fn ended(&mut self, key: Key, failure: Option<Failure>, steps: &mut Vec<Step>) {
        if self.subscriptions.owns(key) {
            self.own_answered(key, false, steps);
            self.level_told(key, steps);
            return;
        }
        match self.calls.get(key).map(|call| call.editor.clone()) {
            Some(Some(editor)) => {
                self.calls.remove(key);
                steps.push(failed(&editor, failure));
            }
            Some(None) => self.calls.keep(key, Err(failure)),
            None => {}
        }
    }

    fn notification(&mut self, key: Option<Key>, generation: u64, message: Message, steps: &mut Vec<Step>) {
        let params = message.params().unwrap_or("{}");
        match message.method() {
            "notifications/progress" => {
                let token = member(params, "progressToken").and_then(Id::parse);
                let call = token.and_then(|token| self.calls.by_upstream(&token)).and_then(|key| self.calls.get(key));
                let token = call.filter(|call| call.editor.is_some()).and_then(Call::token);
                if let Some(token) = token {
                    let message = with_params(&message, &with_member(params, "progressToken", token));
                    steps.push(Step::ToEditor(message.raw().clone()));
                }
            }
            "notifications/message" if self.calls.want_log(key, member(params, "level")) => {
                steps.push(Step::ToEditor(message.raw().clone()));
            }
            "notifications/cancelled" => self.withdrawn(generation, member(params, "requestId")),
            "notifications/resources/updated"
            | "notifications/tools/list_changed"
            | "notifications/prompts/list_changed"
            | "notifications/resources/list_changed" => self.tell_of_change(&message, steps),
            // Of these the modern era knows nothing.
            "notifications/message" | "notifications/elicitation/complete" | "notifications/tasks/status" => {}
            _ if key.and_then(|key| self.calls.get(key)).is_some_and(|call| call.editor.is_some()) => {
                steps.push(Step::ToEditor(message.raw().clone()));
            }
            _ => log::debug!("{message:?} of the server is for no request"),
        }
    }

    fn cancel(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let Some(spelled) = message.params().and_then(|params| member(params, "requestId")) else { return };
        let Some(id) = Id::parse(spelled) else { return };
        if self.unlisten(&id, steps) || self.levels.withdraw(&id) {
            return;
        }
        let Some(call) = self.calls.by_editor(&id).and_then(|key| self.calls.remove(key)) else { return };
        steps.push(Step::Cancel { key: call.key, message: message.with_part(spelled, call.upstream.spelled()) });
    }

    fn due(&mut self, key: Key, steps: &mut Vec<Step>) {
        if let Some(at) = self.calls.expiring(key) {
            log::debug!("a parked call was given up: nobody came back for it");
            self.expire(at, steps);
        }
        self.links.retain(|_, links| links.until != key);
        self.refuse_orphans(key, steps);
        self.waited_for_level(key, steps);
    }

    /// Whether this call may be asked that.
    fn admits(&self, call: &Call, question: &Question) -> bool {
        may_be_asked(&call.capabilities, &question.method, question.params.as_deref().unwrap_or("{}"))
    }

    /// Answers a question that the editor will not answer. In the place of the editor's, so that each question has its
    /// answer, however many there are.
    fn goodbye(&self, question: &Question, steps: &mut Vec<Step>) {
        let line = goodbye(&question.id, &question.method);
        steps.extend(reply(line, question.generation, Some(self.answered.one())));
    }

    /// Cancels a call upstream.
    fn abandon(call: &Call, reason: &str, steps: &mut Vec<Step>) {
        let message = Message::single(cancelled(&call.upstream, reason)).ok();
        steps.extend(message.map(|message| Step::Cancel { key: call.key, message }));
    }
}

/// Why a request is no modern one, as an answer.
fn refusal_of(message: &Message) -> Option<Step> {
    let id = message.id()?;
    if let Some(text) = super::modern::lacks_meta(message) {
        return Some(refusal(id, INVALID_PARAMS, text));
    }
    let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
    let requested = member(meta, VERSION_KEY)?;
    if plain_string(requested).as_deref() == Some(MODERN) {
        return None;
    }
    let data = format!(r#"{{"supported":["{MODERN}"],"requested":{requested}}}"#);
    Some(Step::ToEditor(error_line(Some(id), UNSUPPORTED_VERSION, "unsupported protocol version", Some(&data))))
}

fn offered_in(params: Option<&str>) -> String {
    params.and_then(|params| member(params, "capabilities")).unwrap_or("{}").to_owned()
}

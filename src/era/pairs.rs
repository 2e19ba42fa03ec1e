//! The translator that the loop holds: it knows which pair of eras there is, or finds out.

mod again;
mod begin;
mod found;
mod pair;
mod words;

use std::collections::BTreeSet;

use super::finding::{Finding, Probe};
use super::own::Own;
use super::replies::{failed, no_batches, refusal, refuse};
use super::verdict::Outcome;
use super::{Event, Facts, Key, Settings, Spoken, Step, cancelled_id};
use crate::failure::{Failure, Kind};
use crate::log::Repeated;
use crate::message::{Fault, INVALID_PARAMS, INVALID_REQUEST, Id, Kind as Is, Message, Parsed, result_line};

use pair::Pair;
use words::{modern_words, not_modern, one};

/// The translator between the editor and the server, whichever eras they speak.
pub struct Era {
    settings: Settings,
    own: Own,
    facts: Facts,
    finding: Option<Finding>,
    pair: Option<Pair>,
    /// The pair before, while requests of it have no answer.
    old: Option<Pair>,
    /// The legacy editor's `initialize`, for a server that changes its era in mid-life.
    initialize: Option<Message>,
    /// A server was looked at again; not once more before this pause is over.
    looked: Option<Key>,
    /// Subscriptions on their way from one pair to the next.
    moved: Vec<Message>,
    /// That nobody was found because somebody has to sign in first.
    denied: Option<Outcome>,
    /// The editor has closed its side, which a pair that is still to come has to know.
    closed: bool,
}

impl Era {
    /// Nothing has been said yet.
    pub fn new(settings: Settings) -> Self {
        let (own, facts) = (Own::new(settings.seed), settings.facts.clone());
        Era {
            settings,
            own,
            facts,
            finding: None,
            pair: None,
            old: None,
            initialize: None,
            looked: None,
            moved: Vec::new(),
            denied: None,
            closed: false,
        }
    }

    /// Requests of the editor that have no answer yet.
    pub fn unanswered(&self) -> usize {
        let requests = |finding: &Finding| {
            finding.opener.iter().chain(finding.waiting()).filter(|message| message.kind() == Is::Request).count()
        };
        let pairs = self.pair.iter().chain(&self.old);
        self.finding.as_ref().map_or(0, requests) + pairs.map(Pair::unanswered).sum::<usize>()
    }

    /// Whether this request has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        let waits = self.finding.as_ref().is_some_and(|finding| finding.has(id));
        waits || self.pair.iter().chain(&self.old).any(|pair| pair.is_running(id))
    }

    /// A list of tools without those that the person has hidden.
    pub fn without_hidden_tools(&self, list: Message) -> Message {
        self.settings.filter.cut(list)
    }

    /// Whether requests may go to the server.
    pub fn is_open(&self) -> bool {
        self.pair.is_some() && self.finding.is_none()
    }

    /// Whether it has still to be found out how the server is spoken to.
    pub fn is_opening(&self) -> bool {
        self.finding.is_some()
    }

    /// Whether the search is for an editor that waits for the answer to its `initialize`.
    pub fn is_initializing(&self) -> bool {
        self.finding.as_ref().is_some_and(|finding| finding.opener.is_some())
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        self.pair.iter().chain(&self.old).any(Pair::is_asked)
    }

    /// Whether more of the editor's may be read: while the server's era is looked for, it waits here.
    pub fn has_room(&self) -> bool {
        self.finding.as_ref().is_none_or(Finding::has_room)
    }

    /// How many messages of either side wait here until it is known how the server is spoken to.
    pub fn held(&self) -> usize {
        self.finding.as_ref().map_or(0, |finding| finding.parked.len() + finding.early.len())
    }

    /// Whether editor and server speak the modern era, once both are known.
    pub fn spoken(&self) -> Option<Spoken> {
        self.pair.as_ref().map(Pair::spoken)
    }

    /// What is known of the server by now.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Editor(Err(fault)) => steps.push(refuse(&self.without_running_id(fault))),
            Event::Editor(Ok(Parsed::Batch(batch))) => self.editor_batch(batch, steps),
            Event::Editor(Ok(Parsed::One(message))) => self.editor(message, steps),
            Event::Server { key, generation, parsed } => self.server(key, generation, parsed, steps),
            Event::Ended { key, failure } => self.ended(key, failure, steps),
            Event::Due { key } => self.due(key, steps),
            Event::Over(failure) => self.over(failure, steps),
            Event::Closed => {
                self.closed = true;
                for pair in self.old.iter_mut().chain(&mut self.pair) {
                    pair.on(Event::Closed, steps);
                }
            }
            event @ Event::Renewed { .. } => {
                if let Some(pair) = &mut self.pair {
                    pair.on(event, steps);
                } else if let Some(finding) = &mut self.finding {
                    finding.early.push(event);
                }
            }
        }
        if let Some(mut old) = self.old.take_if(|old| old.unanswered() == 0) {
            old.let_go(steps);
        }
    }

    /// What is no message gets no error under the id of a request that runs: that would be taken for the answer
    /// to it. Perhaps it is the answer to a question of the server, whose ids are its own.
    fn without_running_id(&self, fault: Fault) -> Fault {
        Fault { id: fault.id.filter(|id| !self.is_running(id)), ..fault }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        if let Some(old) = self.old.as_mut().filter(|old| old.has_open(&message)) {
            old.on(one(message), steps);
            return;
        }
        let asks = message.id().filter(|_| message.kind() == Is::Request);
        if let Some(id) = asks.filter(|id| self.old.as_ref().is_some_and(|old| old.is_running(id))) {
            steps.push(refusal(id, INVALID_REQUEST, "a request with this id is still running"));
            return;
        }
        let opens = message.kind() == Is::Request && message.method() == "initialize";
        if self.finding.is_some() {
            match message.id().cloned().filter(|_| opens && !self.is_initializing()) {
                Some(id) => self.begin_again(&id, message, steps),
                None => self.park(message, steps),
            }
            return;
        }
        match &mut self.pair {
            None => self.begin(message, steps),
            Some(pair) if opens => match message.id().filter(|id| pair.is_running(id)) {
                Some(id) => steps.push(refusal(id, INVALID_REQUEST, "a request with this id is still running")),
                None => self.begin(message, steps),
            },
            Some(Pair::ModernLegacy(pair)) if pair.wants_more(&message) => {
                let (transport, words) = (pair.transport(), modern_words(&message));
                self.look(Finding::new(words, None, [Probe::Initialize(transport)].into()), steps);
                self.finding_parks(message);
            }
            Some(pair) => pair.on(one(message), steps),
        }
    }

    fn editor_batch(&mut self, mut batch: Vec<Result<Message, Fault>>, steps: &mut Vec<Step>) {
        for fault in batch.iter_mut().filter_map(|part| part.as_mut().err()) {
            fault.id = fault.id.take().filter(|id| !self.is_running(id));
        }
        if self.finding.is_some() && !batch.is_empty() {
            // Questions are of a session that is there.
            let is_answer =
                |part: &mut Result<Message, Fault>| part.as_ref().is_ok_and(|message| message.kind() == Is::Answer);
            let answers: Vec<_> = batch.extract_if(.., is_answer).flatten().collect();
            answers.into_iter().for_each(|answer| self.editor(answer, steps));
            // Also within the batch, for a cancel takes out whatever waits under its id.
            let mut seen = BTreeSet::new();
            let mut is_running = |message: &Message| {
                let is_new = |id: &Id| !self.is_running(id) && seen.insert(id.clone());
                message.kind() == Is::Request && !message.id().is_none_or(is_new)
            };
            let twice = batch.extract_if(.., |part| part.as_ref().is_ok_and(&mut is_running));
            let ids = twice.flatten().filter_map(|message| message.id().cloned());
            steps.extend(ids.map(|id| refusal(&id, INVALID_REQUEST, "a request with this id is still running")));
            if let Some(finding) = self.finding.as_mut().filter(|_| !batch.is_empty()) {
                finding.park_batch(batch);
            }
            return;
        }
        match &mut self.pair {
            Some(pair) => pair.on(Event::Editor(Ok(Parsed::Batch(batch))), steps),
            None => no_batches(&batch, steps),
        }
    }

    /// What the editor sends while the server's era is looked for waits, in its order.
    fn park(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(finding) = &mut self.finding else { return };
        let legacy = finding.opener.is_some();
        match (message.kind(), message.id().cloned()) {
            (Is::Answer, _) => match &mut self.pair {
                Some(pair) => pair.on(one(message), steps),
                None => log::debug!("an answer to no question was dropped: {message:?}"),
            },
            (Is::Request, Some(id)) => match message.method() {
                _ if finding.has(&id) || self.pair.as_ref().is_some_and(|pair| pair.is_running(&id)) => {
                    steps.push(refusal(&id, INVALID_REQUEST, "a request with this id is still running"));
                }
                "initialize" => steps.push(refusal(&id, INVALID_REQUEST, "initialize is already under way")),
                "ping" if legacy => steps.push(Step::ToEditor(result_line(&id, "{}"))),
                // Editors of both eras look for the modern one first, and this is how they learn.
                "server/discover" if legacy => steps.push(not_modern(&id)),
                // The search may last until a person has signed in; this answer needs no server.
                "tools/call" => match self.settings.filter.refusal(&message) {
                    Some(text) => steps.push(refusal(&id, INVALID_PARAMS, &text)),
                    None => finding.park(message),
                },
                _ => finding.park(message),
            },
            _ if message.method() == "notifications/cancelled" => {
                let id = cancelled_id(&message);
                let waits = id.is_some_and(|id| finding.withdraw(&id));
                // Who has been answered otherwise, or wants no answer, does not fall back.
                if finding.falls_back && !finding.asks() {
                    finding.go_on_for_modern_editor(&self.settings);
                }
                if let Some(pair) = self.pair.as_mut().filter(|_| !waits) {
                    pair.on(one(message), steps);
                }
            }
            _ => finding.park(message),
        }
    }

    fn server(&mut self, key: Option<Key>, generation: u64, mut parsed: Parsed, steps: &mut Vec<Step>) {
        if let Some(finding) = &mut self.finding
            && let Some(answer) = finding.take_answer(key, &mut parsed)
        {
            if let Parsed::Batch(rest) = parsed
                && !rest.is_empty()
            {
                finding.early.push(Event::Server { key, generation, parsed: Parsed::Batch(rest) });
            }
            let found = finding.come_out(Outcome::Answer(answer), &self.own, steps);
            self.found(found, steps);
            return;
        }
        if let (Some(key), Some(finding)) = (key, &mut self.finding)
            && finding.is_at(key)
        {
            match parsed {
                Parsed::One(message) if message.kind() == Is::Notification && finding.opener.is_some() => {
                    steps.push(Step::ToEditor(message.raw().clone()));
                }
                Parsed::One(message) if message.kind() == Is::Answer => {
                    log::debug!("an answer to no running request was dropped: {message:?}");
                }
                // What comes before the answer is for the pair to come.
                parsed if finding.early.len() < MOST_EARLY => {
                    finding.early.push(Event::Server { key: Some(key), generation, parsed });
                }
                _ => TOO_EARLY.warn("the server said too much before it answered"),
            }
            return;
        }
        if let (Some(key), Parsed::One(message)) = (key, &parsed)
            && message.error().is_some()
            && self.is_contradicted(key, &Outcome::Answer(message.clone()), steps)
        {
            return;
        }
        let event = Event::Server { key, generation, parsed };
        match (&mut self.finding, self.pair.is_some()) {
            (Some(finding), false) if key.is_none() => match finding.early.len() {
                ..MOST_EARLY => finding.early.push(event),
                _ => TOO_EARLY.warn("the server said too much before it answered"),
            },
            _ => self.pass(key, event, steps),
        }
    }

    fn ended(&mut self, key: Key, failure: Option<Failure>, steps: &mut Vec<Step>) {
        if let Some(finding) = self.finding.as_mut().filter(|finding| finding.is_at(key)) {
            let failure = failure.unwrap_or_else(|| {
                Failure::new(Kind::Protocol, "the server ended its answer without answering this request").status(200)
            });
            let found = finding.come_out(Outcome::Failure(failure), &self.own, steps);
            self.found(found, steps);
            return;
        }
        if let Some(failure) = &failure
            && self.is_contradicted(key, &Outcome::Failure(failure.clone()), steps)
        {
            return;
        }
        self.pass(Some(key), Event::Ended { key, failure }, steps);
    }

    fn due(&mut self, key: Key, steps: &mut Vec<Step>) {
        if self.looked == Some(key) {
            self.looked = None;
        } else if let Some(finding) = self.finding.as_mut().filter(|finding| finding.owns(key)) {
            let found = finding.silence(&self.own, steps);
            self.found(found, steps);
        } else {
            self.pass(Some(key), Event::Due { key }, steps);
        }
    }

    /// Hands an event to the pair that its exchange belongs to.
    fn pass(&mut self, key: Option<Key>, event: Event, steps: &mut Vec<Step>) {
        let is_old = key.is_some_and(|key| self.old.as_ref().is_some_and(|old| old.owns(key)));
        let pair = if is_old { &mut self.old } else { &mut self.pair };
        if let Some(pair) = pair {
            pair.on(event, steps);
        }
    }

    fn over(&mut self, failure: Failure, steps: &mut Vec<Step>) {
        if let Some(finding) = self.finding.take() {
            for message in finding.opener.iter().chain(finding.waiting()) {
                steps.extend(message.id().map(|id| failed(id, Some(failure.clone()))));
            }
        }
        for pair in self.old.iter_mut().chain(&mut self.pair) {
            pair.on(Event::Over(failure.clone()), steps);
        }
    }
}

static TOO_EARLY: Repeated = Repeated::new();
/// Messages of a server that come before its answer to what asks for its era.
const MOST_EARLY: usize = 64;

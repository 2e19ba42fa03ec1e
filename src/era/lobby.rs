//! Where an editor waits while a person signs in.
//!
//! Editors give up on a server that does not answer `initialize`, and then start it again. So while
//! somebody has to act in a browser, `initialize` is answered here after a short hold, lists are
//! those of the last run or empty, and calls wait for a while and then say what to do. When the
//! session is open, the editor hears that its lists have changed. Behind the lobby stands the pair
//! that does all the rest; it does not know of it.

mod early;
mod listeners;
mod offer;
#[cfg(test)]
mod tests;
mod waiting;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Era, Event, Invitation, Key, SignIn, Spoken, Step, VERSION_KEY};
use crate::failure::Kind;
use crate::message::{Id, Kind as Is, Message, Parsed, member, notification_line, result_line};

use early::{LISTS, List, answered, early_answer, early_discovery, line, list, under};
use listeners::{LISTEN, Listener};
use offer::Offer;
pub use offer::takes_links;
use waiting::{DISCOVER, Guest, LAST_KEY};

/// The lobby in front of a pair.
pub struct Lobby {
    pair: Era,
    stage: Stage,
    /// The editor's `initialize`.
    initialize: Option<Message>,
    /// The id under which `initialize` is on its way now.
    opening: Option<Id>,
    /// Whether the editor has said `notifications/initialized`.
    initialized: bool,
    invitation: Option<Invitation>,
    /// Requests that wait for the session.
    guests: BTreeMap<Id, Guest>,
    /// Whether lists have been held long enough.
    lists_are_due: bool,
    /// Whether `server/discover` has been held long enough.
    discovery_is_due: bool,
    /// Subscriptions that the server has not agreed to yet.
    listeners: Vec<Listener>,
    /// Whether a modern editor has lists of ours, and no subscription that tells of the server's.
    is_behind: bool,
    /// Whether the tools have been listed, if only as none.
    tools_were_listed: bool,
    offer: Option<Offer>,
    count: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// The editor has been told nothing yet.
    Arriving,
    /// `initialize` was answered here, and the session is still to open.
    Early,
    /// `initialize` was answered here, and the session could not be opened.
    Asleep,
    /// The session is open; these lists were promised here, and the server does not have them.
    Partly(Vec<&'static str>),
    /// The session is open, and everything passes.
    Through,
}

impl Lobby {
    /// An empty lobby before `pair`.
    pub fn new(pair: Era) -> Self {
        Lobby {
            pair,
            stage: Stage::Arriving,
            initialize: None,
            opening: None,
            initialized: false,
            invitation: None,
            guests: BTreeMap::new(),
            lists_are_due: false,
            discovery_is_due: false,
            listeners: Vec::new(),
            is_behind: false,
            tools_were_listed: false,
            offer: None,
            count: 0,
        }
    }

    /// Requests of the editor that have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.pair.unanswered()
    }

    /// Whether this request has no answer of the server's yet.
    pub fn is_running(&self, id: &Id) -> bool {
        self.pair.is_running(id)
    }

    /// How many messages of either side wait until it is known how the server is spoken to.
    pub fn held(&self) -> usize {
        self.pair.held()
    }

    /// Who speaks which era, once both are known.
    pub fn spoken(&self) -> Option<Spoken> {
        self.pair.spoken()
    }

    /// Whether requests may go to the server.
    pub fn is_open(&self) -> bool {
        self.pair.is_open()
    }

    /// Whether it has still to be found out how the server is spoken to.
    pub fn is_opening(&self) -> bool {
        self.pair.is_opening()
    }

    /// Whether the editor has an answer to `initialize` that is not the server's.
    pub fn is_early(&self) -> bool {
        matches!(self.stage, Stage::Early | Stage::Asleep)
    }

    /// Whether more of the editor's may be read.
    pub fn has_room(&self) -> bool {
        self.pair.has_room()
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        self.pair.is_asked()
    }

    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match event {
            Event::Due { key } if key > LAST_KEY => self.due(key, steps),
            // A server that waits for a person is not silent, and says nothing of its era.
            Event::Due { key } if self.is_waiting() && self.pair.is_opening() => {
                steps.push(Step::Wake { key, after: PERSON })
            }
            Event::Editor(Ok(Parsed::One(message))) if self.concerns(&message) => self.editor(message, steps),
            event => self.pass(event, steps),
        }
    }

    /// A sign-in has begun, or is over.
    pub fn sign_in(&mut self, sign_in: SignIn, steps: &mut Vec<Step>) {
        match sign_in {
            SignIn::Waiting(invitation) => {
                let first = self.invitation.is_none() && matches!(self.stage, Stage::Arriving | Stage::Early);
                self.invitation = Some(invitation);
                if first {
                    self.hold(steps);
                    let mut waiting: Vec<(Key, Id)> =
                        self.guests.iter().map(|(id, guest)| (guest.key, id.clone())).collect();
                    // Keys count down.
                    waiting.sort_by_key(|(key, _)| Reverse(*key));
                    waiting.iter().for_each(|(_, id)| self.keep_waiting(id, steps));
                }
                self.offer_the_link(steps);
            }
            SignIn::Over | SignIn::Ready => {
                self.invitation = None;
                self.withdraw_the_offer(steps);
                if sign_in == SignIn::Ready && self.stage == Stage::Asleep {
                    self.wake_up(steps);
                }
            }
        }
    }

    /// Whether nothing but the person is waited for.
    fn is_waiting(&self) -> bool {
        self.invitation.is_some() && self.is_to_come()
    }

    /// Whether the server has still to say its first word. Towards one that is known to be modern a
    /// modern editor needs no opening, and waits for the person all the same.
    fn is_to_come(&self) -> bool {
        self.pair.is_opening() || (self.stage == Stage::Arriving && self.pair.is_open())
    }

    /// Whether a message is for the lobby to see. In an open session that is nearly none.
    fn concerns(&self, message: &Message) -> bool {
        self.stage != Stage::Through
            || self.offer.is_some()
            || (self.is_behind && message.method() == LISTEN)
            || matches!(message.method(), "initialize" | "notifications/initialized")
    }

    fn pass(&mut self, event: Event, steps: &mut Vec<Step>) {
        let (was_opening, from) = (self.pair.is_opening(), steps.len());
        let (said, ended) = match &event {
            Event::Server { .. } => (true, false),
            // That somebody has to sign in is no word of the server itself.
            Event::Ended { failure, .. } => (failure.as_ref().is_none_or(|it| it.kind != Kind::SignInRequired), true),
            _ => (false, false),
        };
        self.pair.on(event, steps);
        if (was_opening || (said && self.is_to_come())) && !self.pair.is_opening() {
            self.opened_or_not(from, steps);
        } else if ended {
            self.guests.retain(|id, _| self.pair.is_running(id));
        }
        if !self.listeners.is_empty() {
            self.follow_up(from, steps);
        }
    }

    fn editor(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.kind() {
            Is::Answer if self.offer.as_ref().is_some_and(|offer| offer.is_answered_by(&message)) => {
                self.offer_was_answered(&message, steps);
                return;
            }
            Is::Notification if message.method() == "notifications/initialized" => {
                self.initialized = true;
                self.offer_the_link(steps);
            }
            Is::Request => {
                self.request(message, steps);
                return;
            }
            Is::Notification | Is::Answer => {}
        }
        self.pass(Event::Editor(Ok(Parsed::One(message))), steps);
        // What was cancelled waits for nothing.
        self.guests.retain(|id, _| self.pair.is_running(id));
        self.listeners.retain(|listener| self.pair.is_running(&listener.id));
    }

    fn request(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        // A second request under an id that is in use is the pair's to refuse.
        // An editor of both eras that gives up on its first requests may use an id of theirs again.
        let anew = message.method() == "initialize" && self.pair.is_opening() && !self.pair.is_initializing();
        let is_new = anew || !self.pair.is_running(&id);
        let waits = is_new && self.is_waiting();
        let modern = is_modern(&message);
        match (&self.stage, list(message.method())) {
            (Stage::Early, _) if message.method() == "initialize" && self.pair.is_opening() => {
                steps.push(early_answer(&message, self.invitation.as_ref()));
                self.arrive(message, steps);
                return;
            }
            _ if message.method() == "initialize" && !self.pair.is_initializing() && is_new => {
                self.stage = Stage::Arriving;
                self.opening = Some(id);
                if anew {
                    self.guests.clear();
                    self.listeners.clear();
                }
                self.arrive(message.clone(), steps);
                return self.pass(Event::Editor(Ok(Parsed::One(message))), steps);
            }
            (Stage::Partly(absent), Some(list)) if is_new && absent.contains(&list.capability) => {
                return steps.push(Step::ToEditor(result_line(&id, list.empty)));
            }
            (Stage::Early, Some(list)) if waits && self.lists_are_due => {
                return self.list_early(&id, list, false, steps);
            }
            (Stage::Arriving, Some(list)) if waits && modern && self.lists_are_due => {
                return self.list_early(&id, list, true, steps);
            }
            (Stage::Arriving, _) if waits && modern && self.discovery_is_due && message.method() == DISCOVER => {
                return steps.push(early_discovery(&id, self.invitation.as_ref()));
            }
            (Stage::Asleep, _) if message.method() != "ping" => self.wake_up(steps),
            _ => {}
        }
        if is_new && modern && message.method() == LISTEN && (self.is_to_come() || self.is_behind) {
            self.listeners.push(Listener::of(&id, &message));
            self.is_behind = false;
        }
        let guest = is_new.then(|| self.guest(&message, modern));
        let begins = modern && !self.is_to_come();
        self.pass(Event::Editor(Ok(Parsed::One(message))), steps);
        if let Some(guest) = guest.filter(|_| self.is_to_come() && self.pair.is_running(&id)) {
            self.guests.insert(id.clone(), guest);
            if self.invitation.is_some() {
                if begins {
                    self.hold(steps);
                }
                self.keep_waiting(&id, steps);
            }
        }
        if waits && self.lists_are_due {
            self.agree_early(steps);
        }
    }

    /// An editor begins, perhaps not for the first time.
    fn arrive(&mut self, initialize: Message, steps: &mut Vec<Step>) {
        self.initialize = Some(initialize);
        self.initialized = false;
        self.tools_were_listed = false;
        if self.invitation.is_some() {
            self.hold(steps);
        }
    }

    /// The server has answered `initialize`, or it has become clear that it will not.
    fn opened_or_not(&mut self, from: usize, steps: &mut Vec<Step>) {
        let opening = self.opening.take();
        let is_open = self.pair.is_open();
        let guests = std::mem::take(&mut self.guests);
        if self.stage == Stage::Arriving {
            if is_open {
                self.invitation = None;
                self.stage = Stage::Through;
                // Who was told nothing early has missed nothing.
                self.listeners.retain(|listener| listener.agreed);
            }
            return;
        }
        let at = steps.iter().skip(from).position(|step| opening.is_some() && answered(step) == opening);
        let answer = at.map(|at| steps.remove(from + at));
        if !is_open {
            self.stage = Stage::Asleep;
            // The editor has its answer to `initialize`; who waited for the session hears the reason.
            for step in steps.iter_mut().skip(from) {
                let guest = answered(step).filter(|id| guests.contains_key(id));
                if let Some(told) = guest.zip(answer.as_ref()).and_then(|(id, answer)| under(answer, &id)) {
                    *step = told;
                }
            }
            if let Some(Step::Failed(_, kind)) = answer {
                // How the process ends is still decided by this.
                steps.push(Step::Unserved(kind));
            }
            return;
        }
        if opening.is_none() {
            // The pair has looked once more how the server speaks. Of its lists that says nothing.
            if !matches!(self.stage, Stage::Partly(_)) {
                self.stage = Stage::Through;
            }
            return;
        }
        let answer = answer.as_ref().and_then(line).and_then(|line| Message::single(line.clone()).ok());
        let capabilities = answer.as_ref().and_then(Message::result).and_then(|result| member(result, "capabilities"));
        let has = |list: &&List| capabilities.is_some_and(|all| member(all, list.capability).is_some());
        let (present, absent): (Vec<&List>, Vec<&List>) = LISTS.iter().partition(has);
        let told = present.into_iter().filter_map(|list| list.changed);
        steps.extend(told.map(|method| Step::ToEditor(notification_line(method, None))));
        let absent: Vec<&str> = absent.into_iter().map(|list| list.capability).collect();
        self.stage = if absent.is_empty() { Stage::Through } else { Stage::Partly(absent) };
    }

    /// Opens the session again for an editor that was answered early.
    fn wake_up(&mut self, steps: &mut Vec<Step>) {
        let Some(initialize) = self.initialize.clone() else { return };
        self.count += 1;
        let id = Id::own(&format!("mcpbridge-initialize-{}", self.count));
        self.opening = Some(id.clone());
        self.stage = Stage::Early;
        self.pair.on(Event::Editor(Ok(Parsed::One(initialize.with_id(&id)))), steps);
        if self.initialized
            && let Ok(message) = Message::single(notification_line("notifications/initialized", None))
        {
            self.pair.on(Event::Editor(Ok(Parsed::One(message))), steps);
        }
    }
}

fn is_modern(request: &Message) -> bool {
    let meta = request.params().and_then(|params| member(params, "_meta"));
    meta.is_some_and(|meta| member(meta, VERSION_KEY).is_some())
}

/// How long a pause of the pair's is prolonged at a time, while a person is waited for.
const PERSON: Duration = Duration::from_secs(5);

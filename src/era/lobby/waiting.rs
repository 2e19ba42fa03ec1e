//! The requests that wait in the lobby: how long each is held, and what the editor is told meanwhile.

use std::time::Duration;

use super::early::{List, early_answer, early_discovery, early_list, failed, list};
use super::{Event, Key, Lobby, Stage, Step};
use crate::message::{Id, Message, Parsed, member, notification_line};

/// A request that waits for the session.
pub struct Guest {
    /// Its pause; of two guests the one that came first has the greater.
    pub key: Key,
    method: String,
    /// Whether the editor speaks the modern era, where every answer says more of itself.
    modern: bool,
    /// Where the editor wants to hear how far it is.
    progress: Option<String>,
    told: u32,
}

impl Lobby {
    /// Sets how long the first answers are held.
    pub(super) fn hold(&mut self, steps: &mut Vec<Step>) {
        (self.lists_are_due, self.discovery_is_due) = (false, false);
        // To hold what only a click inside this very editor can end is of no use.
        let here = self.takes_links() && self.invitation.as_ref().is_some_and(|invitation| invitation.unopened);
        let (opening, lists) = if here { (Duration::ZERO, Duration::ZERO) } else { (INITIALIZE_HOLD, LISTS_HOLD) };
        let lists = if self.never_lists_again() { ONLY_LISTS_HOLD } else { lists };
        let opening = if self.initialize.is_some() { (OPENING_DUE, opening) } else { (DISCOVERY_DUE, DISCOVERY_HOLD) };
        let dues = [opening, (LISTS_DUE, lists)];
        steps.extend(dues.map(|(key, after)| Step::Wake { key, after }));
    }

    pub(super) fn guest(&mut self, message: &Message, modern: bool) -> Guest {
        let key = self.next_key();
        let meta = message.params().and_then(|params| member(params, "_meta"));
        let progress = meta.and_then(|meta| member(meta, "progressToken")).map(str::to_owned);
        Guest { key, method: message.method().to_owned(), modern, progress, told: 0 }
    }

    /// Tells the editor why a request takes so long, and looks at it again in a while.
    pub(super) fn keep_waiting(&mut self, id: &Id, steps: &mut Vec<Step>) {
        let Some(guest) = self.guests.get_mut(id) else { return };
        if let (Some(token), Some(invitation)) = (&guest.progress, &self.invitation) {
            let text = serde_json::Value::from(invitation.text.as_str());
            let params = format!(r#"{{"progressToken":{token},"progress":{},"message":{text}}}"#, guest.told);
            steps.push(Step::ToEditor(notification_line("notifications/progress", Some(&params))));
        }
        guest.told += 1;
        steps.push(Step::Wake { key: guest.key, after: NEWS });
    }

    /// Answers a list with what the server said in the last run, or with nothing. An editor that
    /// asks once would be left with nothing, so it gets the reason.
    pub(super) fn list_early(&mut self, id: &Id, list: &List, modern: bool, steps: &mut Vec<Step>) {
        let last = self.invitation.as_ref().and_then(|invitation| invitation.last(list.method));
        if let Some(invitation) = self.invitation.as_ref().filter(|_| last.is_none() && self.never_lists_again()) {
            return steps.push(failed(id, invitation));
        }
        steps.push(early_list(id, list, last, modern, &self.pair));
        self.is_behind = modern && self.listeners.is_empty();
        if list.capability == "tools" {
            self.tools_were_listed = true;
            self.offer_the_link(steps);
        }
    }

    pub(super) fn due(&mut self, key: Key, steps: &mut Vec<Step>) {
        // Without an invitation nobody is waited for: the server is about to answer.
        let Some(invitation) = self.invitation.clone() else { return };
        match key {
            OPENING_DUE => {
                // One that has failed meanwhile has its answer, whatever is opening now.
                let initialize = self.initialize.clone().filter(|_| self.pair.is_initializing());
                if let Some(initialize) = initialize.filter(|_| self.stage == Stage::Arriving) {
                    steps.push(early_answer(&initialize, Some(&invitation)));
                    self.stage = Stage::Early;
                }
            }
            LISTS_DUE => {
                self.lists_are_due = true;
                self.agree_early(steps);
                // A legacy editor that has no answer to `initialize` yet has asked for no list.
                for (id, guest) in self.leaving(|guest| list(&guest.method).is_some(), steps) {
                    if let Some(list) = list(&guest.method) {
                        self.list_early(&id, list, guest.modern, steps);
                    }
                }
            }
            DISCOVERY_DUE => {
                self.discovery_is_due = true;
                for (id, _) in self.leaving(|guest| guest.modern && guest.method == DISCOVER, steps) {
                    steps.push(early_discovery(&id, Some(&invitation)));
                }
            }
            OFFER_READ => {
                if let Some(offer) = &mut self.offer {
                    offer.fresh = false;
                }
            }
            key => {
                let id = self.guests.iter().find(|(_, guest)| guest.key == key).map(|(id, _)| id.clone());
                let Some(id) = id else { return };
                let long = self.guests.get(&id).is_some_and(|guest| guest.told >= MOST_NEWS);
                if !long {
                    self.keep_waiting(&id, steps);
                } else if self.guests.remove(&id).is_some() && self.take_back(&id, steps) {
                    self.listeners.retain(|listener| listener.id != id);
                    steps.push(failed(&id, &invitation));
                }
            }
        }
    }

    /// Takes these guests out, and away from the pair.
    fn leaving(&mut self, which: impl Fn(&Guest) -> bool, steps: &mut Vec<Step>) -> Vec<(Id, Guest)> {
        let mut out: Vec<(Id, Guest)> = self.guests.extract_if(.., |_, guest| which(guest)).collect();
        out.sort_by_key(|(_, guest)| std::cmp::Reverse(guest.key));
        out.retain(|(id, _)| self.take_back(id, steps));
        out
    }

    /// Takes a request away from the pair; whether it was still there.
    fn take_back(&mut self, id: &Id, steps: &mut Vec<Step>) -> bool {
        let running = self.pair.is_running(id);
        let params = format!(r#"{{"requestId":{}}}"#, id.spelled());
        if running && let Ok(cancel) = Message::single(notification_line("notifications/cancelled", Some(&params))) {
            self.pair.on(Event::Editor(Ok(Parsed::One(cancel))), steps);
        }
        running
    }

    fn next_key(&mut self) -> Key {
        self.count += 1;
        FIRST_GUEST - self.count
    }
}

/// The method by which a modern editor asks what there is.
pub const DISCOVER: &str = "server/discover";
/// How long `initialize` is held: a person who is still signed in at the authorization server comes
/// back at once, and then nothing needs to be answered early.
const INITIALIZE_HOLD: Duration = Duration::from_secs(2);
/// How long `server/discover` is held. Editors of both eras give it 3 s from their start, and remember
/// a server that takes longer as one of the legacy era.
const DISCOVERY_HOLD: Duration = Duration::from_secs(1);
/// How long the first lists are held. `claude mcp list` gives a list 5 s, and several editors let
/// nobody write before they have it.
const LISTS_HOLD: Duration = Duration::from_secs(4);
/// The same for editors that ask once: they wait for 30 s, and let people write meanwhile.
const ONLY_LISTS_HOLD: Duration = Duration::from_secs(25);
/// How often the editor hears why a request takes so long.
const NEWS: Duration = Duration::from_secs(15);
/// After how many of them the request gets its error: 45 s. Most editors give a call a minute, and
/// an error that says what to do is better than a timeout of theirs.
pub const MOST_NEWS: u32 = 3;
// Keys of the lobby count down, so that they meet none of the pair's, which count up.
pub const OPENING_DUE: Key = Key::MAX;
pub const LISTS_DUE: Key = Key::MAX - 1;
pub const OFFER_READ: Key = Key::MAX - 2;
pub const DISCOVERY_DUE: Key = Key::MAX - 3;
const FIRST_GUEST: Key = Key::MAX - 3;
/// All keys of the lobby are above it.
pub const LAST_KEY: Key = Key::MAX / 2;

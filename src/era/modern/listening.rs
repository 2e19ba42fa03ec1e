//! Subscriptions of a modern editor, opened again when their stream drops.

use std::time::Duration;

use super::Modern;
use crate::era::capabilities::strings;
use crate::era::own::Own;
use crate::era::replies::failed;
use crate::era::splice::quoted;
use crate::era::{Key, SUBSCRIPTION_KEY, Step};
use crate::failure::Failure;
use crate::message::{Id, Message, member, notification_line};

/// What is heard on one subscription.
#[derive(Default)]
pub struct Listening {
    /// What the server agreed to tell; `None` before it has.
    agreed: Option<String>,
    retry: Retry,
}

/// How often a stream was lost, and the pauses that follow from it.
#[derive(Default)]
pub struct Retry {
    lost: u32,
    /// Until the stream is asked for again.
    pub pause: Option<Key>,
    /// Until the stream has lived long enough.
    pub life: Option<Key>,
}

impl Retry {
    /// Waits before the stream is asked for again, longer each time.
    pub fn pause(&mut self, own: &Own, steps: &mut Vec<Step>) -> Key {
        let key = own.key();
        (self.pause, self.life) = (Some(key), None);
        let after = own.spread((SHORTEST * 2u32.saturating_pow(self.lost.min(16))).min(LONGEST));
        self.lost += 1;
        steps.push(Step::Wake { key, after });
        key
    }

    /// The stream is open; when it has lived a while the pauses begin again with the shortest.
    pub fn opened(&mut self, own: &Own, steps: &mut Vec<Step>) -> Option<Key> {
        if self.lost == 0 {
            return None;
        }
        let key = own.key();
        self.life = Some(key);
        steps.push(Step::Wake { key, after: LIVED });
        self.life
    }

    /// The stream has lived.
    pub fn lived(&mut self) {
        self.lost = 0;
        self.life = None;
    }
}

impl Modern {
    /// A notification on the stream of a subscription.
    pub(super) fn heard(&mut self, id: &Id, message: Message, steps: &mut Vec<Step>) {
        let Some(listening) = self.flights.get_mut(id).and_then(|flight| flight.listening.as_mut()) else { return };
        match message.method() {
            "notifications/subscriptions/acknowledged" => {
                let agreed = message.params().and_then(|params| member(params, "notifications")).unwrap_or("{}");
                let before = listening.agreed.replace(agreed.to_owned());
                let life = listening.retry.opened(&self.own, steps);
                self.keys.extend(life.map(|key| (key, id.clone())));
                if before.is_none() {
                    steps.push(Step::ToEditor(message.raw().clone()));
                } else {
                    steps.extend(catch_up(agreed, Some(id)));
                }
            }
            "notifications/cancelled" => {
                steps.push(Step::ToEditor(message.raw().clone()));
                steps.extend(self.forget(id).map(|flight| Step::Drop { key: flight.key }));
            }
            _ => steps.push(Step::ToEditor(message.raw().clone())),
        }
    }

    /// The stream of a subscription is over without an answer.
    pub(super) fn cut_off(&mut self, id: &Id, failure: Option<Failure>, steps: &mut Vec<Step>) {
        let Some(listening) = self.flights.get_mut(id).and_then(|flight| flight.listening.as_mut()) else { return };
        if self.closed || is_refused(failure.as_ref()) || (listening.agreed.is_none() && failure.is_some()) {
            self.forget(id);
            steps.push(failed(id, failure));
            return;
        }
        let key = listening.retry.pause(&self.own, steps);
        self.keys.insert(key, id.clone());
    }

    pub(super) fn due(&mut self, key: Key, steps: &mut Vec<Step>) {
        let Some(id) = self.keys.remove(&key) else { return };
        let Some(listening) = self.flights.get_mut(&id).and_then(|flight| flight.listening.as_mut()) else { return };
        if listening.retry.life == Some(key) {
            listening.retry.lived();
        } else if listening.retry.pause == Some(key) {
            self.send(&id, steps);
        }
    }
}

/// Whether a stream that ended this way is not to be had again.
fn is_refused(failure: Option<&Failure>) -> bool {
    failure.is_some_and(|failure| failure.error.is_some() || matches!(failure.status, Some(400 | 404 | 405)))
}

/// One notification for each type and each resource that was agreed on: what changed while nobody
/// listened is unknown.
pub fn catch_up(agreed: &str, subscription: Option<&Id>) -> Vec<Step> {
    let meta = |id: &Id| format!(r#""_meta":{{"{SUBSCRIPTION_KEY}":{}}}"#, id.spelled());
    let meta = subscription.map(meta);
    let mut steps = Vec::new();
    for (flag, method) in CHANGES {
        if member(agreed, flag) == Some("true") {
            let params = meta.as_ref().map(|meta| format!("{{{meta}}}"));
            steps.push(Step::ToEditor(notification_line(method, params.as_deref())));
        }
    }
    let before = meta.map(|meta| format!("{meta},")).unwrap_or_default();
    for uri in strings(member(agreed, "resourceSubscriptions")) {
        let params = format!(r#"{{{before}"uri":{}}}"#, quoted(&uri));
        steps.push(Step::ToEditor(notification_line("notifications/resources/updated", Some(&params))));
    }
    steps
}

/// What a subscription may be for, and what tells it.
pub const CHANGES: [(&str, &str); 3] = [
    ("toolsListChanged", "notifications/tools/list_changed"),
    ("promptsListChanged", "notifications/prompts/list_changed"),
    ("resourcesListChanged", "notifications/resources/list_changed"),
];
/// The first pause before a stream is asked for again.
const SHORTEST: Duration = Duration::from_millis(500);
/// The longest one; streams are kept for the life of the process.
const LONGEST: Duration = Duration::from_secs(30);
/// A stream that lived this long was not refused.
const LIVED: Duration = Duration::from_secs(10);

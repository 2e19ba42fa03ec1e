//! What a legacy editor hears of changes: one subscription, for all that the server offers and the
//! editor asked for.

use std::time::Duration;

use super::{LegacyEditor, one};
use crate::era::capabilities::{is_set, strings};
use crate::era::modern::{CHANGES, Retry};
use crate::era::replies::{cancelled, failed, refusal};
use crate::era::splice::quoted;
use crate::era::{Key, SUBSCRIPTION_KEY, Step, cancelled_id};
use crate::failure::{Failure, Kind};
use crate::message::{
    INVALID_PARAMS, Id, Message, error_object_line, member, notification_line, plain_string, request_line, result_line,
};

/// What is watched.
pub struct Watch {
    /// The types of changes that the server offers to tell.
    offered: Vec<&'static str>,
    begun: bool,
    /// The server has acknowledged a stream before.
    heard: bool,
    /// The resources that the editor subscribed to.
    uris: Vec<String>,
    stream: Option<Stream>,
    /// The stream that will take its place when it is acknowledged.
    next: Option<Stream>,
    /// Subscriptions of the editor's that are not answered, with their resources.
    waiting: Vec<(Id, String)>,
    retry: Retry,
    /// What the old stream told while the new one was asked for: that one may tell it too.
    told: Vec<String>,
    /// Until those are forgotten.
    doubles: Option<Key>,
}

struct Stream {
    id: Id,
    uris: Vec<String>,
}

impl Watch {
    /// Nothing is watched yet.
    pub fn new(server: &str) -> Self {
        let offered = CHANGES.iter().map(|(flag, _)| *flag);
        let offered =
            offered.filter(|flag| is_set(server, flag.trim_end_matches("ListChanged"), "listChanged")).collect();
        Watch {
            offered,
            begun: false,
            heard: false,
            uris: Vec::new(),
            stream: None,
            next: None,
            waiting: Vec::new(),
            retry: Retry::default(),
            told: Vec::new(),
            doubles: None,
        }
    }

    /// The editor wants to hear of changes.
    pub fn begin(&mut self) {
        self.begun = true;
    }

    /// Nobody knows what has changed, so everything may have.
    pub fn tell_of_all(&self, steps: &mut Vec<Step>) {
        let offered = CHANGES.iter().filter(|(flag, _)| self.offered.contains(flag));
        steps.extend(offered.map(|(_, method)| Step::ToEditor(notification_line(method, None))));
    }

    /// Subscriptions of the editor's that are not answered.
    pub fn unanswered(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a subscription with this id waits for its answer.
    pub fn is_waiting(&self, id: &Id) -> bool {
        self.waiting.iter().any(|(waiting, _)| waiting == id)
    }

    /// Whether this pause is one of the watch's.
    pub fn owns(&self, key: Key) -> bool {
        [self.retry.pause, self.retry.life, self.doubles].contains(&Some(key))
    }

    /// Whether this is the id of a stream.
    pub fn is_stream(&self, id: &Id) -> bool {
        self.stream.iter().chain(&self.next).any(|stream| stream.id == *id)
    }

    /// A pause is over.
    pub fn due(&mut self, key: Key) {
        if self.retry.pause == Some(key) {
            self.retry.pause = None;
        } else if self.retry.life == Some(key) {
            self.retry.lived();
        } else {
            (self.doubles, self.told) = (None, Vec::new());
        }
    }

    /// Whether the editor has heard this already, from the stream before.
    pub fn is_double(&mut self, message: &Message) -> bool {
        let params = message.params().unwrap_or("{}");
        let from = member(params, "_meta").and_then(|meta| member(meta, SUBSCRIPTION_KEY)).and_then(Id::parse);
        if from.is_none() || self.stream.as_ref().map(|stream| &stream.id) != from.as_ref() {
            return false;
        }
        let what = format!("{} {}", message.method(), member(params, "uri").unwrap_or_default());
        if self.next.is_some() {
            self.told.push(what);
            return false;
        }
        match self.told.iter().position(|told| *told == what) {
            Some(at) => {
                self.told.swap_remove(at);
                true
            }
            None => false,
        }
    }

    fn is_wanted(&self) -> bool {
        self.begun && !(self.offered.is_empty() && self.uris.is_empty())
    }
}

impl LegacyEditor {
    pub(super) fn subscribe(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        let uri = message.params().and_then(|params| member(params, "uri")).and_then(plain_string);
        let Some(uri) = uri.map(|uri| uri.into_owned()) else {
            steps.push(refusal(&id, INVALID_PARAMS, "params lack the uri of a resource"));
            return;
        };
        if self.watch.stream.as_ref().is_some_and(|stream| stream.uris.contains(&uri)) && self.watch.uris.contains(&uri)
        {
            steps.push(Step::ToEditor(result_line(&id, "{}")));
            return;
        }
        if !self.watch.uris.contains(&uri) {
            self.watch.uris.push(uri.clone());
        }
        self.watch.waiting.push((id, uri));
        // An editor that subscribes wants to hear.
        self.watch.begin();
        self.rewatch(steps);
    }

    pub(super) fn unsubscribe(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let uri = message.params().and_then(|params| member(params, "uri")).and_then(plain_string);
        self.watch.uris.retain(|other| Some(other.as_str()) != uri.as_deref());
        steps.extend(message.id().map(|id| Step::ToEditor(result_line(id, "{}"))));
        self.rewatch(steps);
    }

    /// Asks for a stream if the one that there is does not tell what is wanted.
    pub(super) fn rewatch(&mut self, steps: &mut Vec<Step>) {
        let watch = &self.watch;
        if self.closed || watch.next.is_some() || watch.retry.pause.is_some() {
            return;
        }
        if !watch.is_wanted() {
            if let Some(stream) = self.watch.stream.take() {
                self.drop_stream(&stream.id, steps);
            }
            return;
        }
        if watch.stream.as_ref().is_some_and(|stream| stream.uris == watch.uris) {
            return;
        }
        let mut filter: Vec<String> = watch.offered.iter().map(|flag| format!("\"{flag}\":true")).collect();
        if !watch.uris.is_empty() {
            let uris: Vec<String> = watch.uris.iter().map(|uri| quoted(uri)).collect();
            filter.push(format!("\"resourceSubscriptions\":[{}]", uris.join(",")));
        }
        let (id, uris) = (self.own.id(), watch.uris.clone());
        let params = format!(r#"{{"notifications":{{{}}}}}"#, filter.join(","));
        let line = request_line(&id, "subscriptions/listen", Some(&params));
        let Some(message) = Message::single(line).ok().and_then(|message| self.with_meta(&message)) else { return };
        self.watch.next = Some(Stream { id, uris });
        self.ask(one(message), steps);
    }

    /// The new stream is open: the old one is closed, and subscriptions are answered.
    pub(super) fn acknowledged(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let params = message.params().unwrap_or("{}");
        let id = member(params, "_meta").and_then(|meta| member(meta, SUBSCRIPTION_KEY)).and_then(Id::parse);
        self.watch.heard = true;
        let Some(next) = self.watch.next.take_if(|next| id.is_none_or(|id| id == next.id)) else { return };
        let agreed = member(params, "notifications").unwrap_or("{}");
        let agreed = strings(member(agreed, "resourceSubscriptions"));
        self.watch.retry.opened(&self.own, steps);
        if let Some(old) = self.watch.stream.take() {
            self.drop_stream(&old.id, steps);
            if !self.watch.told.is_empty() {
                let key = self.own.key();
                self.watch.doubles = Some(key);
                steps.push(Step::Wake { key, after: DOUBLES });
            }
        }
        for (id, uri) in std::mem::take(&mut self.watch.waiting) {
            if !next.uris.contains(&uri) {
                self.watch.waiting.push((id, uri));
            } else if agreed.contains(&uri) {
                steps.push(Step::Answer(result_line(&id, "{}")));
            } else {
                self.watch.uris.retain(|other| *other != uri);
                let text = format!("the server does not tell of changes of {uri}");
                steps.push(refusal(&id, INVALID_PARAMS, &text));
            }
        }
        // What was not agreed to is not asked for again at once.
        let uris = next.uris.into_iter().filter(|uri| self.watch.uris.contains(uri)).collect();
        self.watch.stream = Some(Stream { id: next.id, uris });
        self.rewatch(steps);
    }

    /// The server ended a stream in its own words: it is asked for again later, if it was open.
    pub(super) fn watch_answered(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let is_it = |stream: &mut Stream| message.id() == Some(&stream.id);
        let refused = self.watch.next.take_if(is_it).is_some();
        if !refused && self.watch.stream.take_if(is_it).is_none() {
            return;
        }
        if let Some(error) = message.error() {
            log::debug!("the server does not tell of changes: {error}");
            for (id, uri) in std::mem::take(&mut self.watch.waiting) {
                self.watch.uris.retain(|other| *other != uri);
                steps.push(Step::ToEditor(error_object_line(&id, error)));
            }
            if !self.watch.heard {
                // It has never told, and will not the next time, unless the editor wants something else.
                self.watch.begun = false;
                return;
            }
        }
        self.watch.retry.pause(&self.own, steps);
    }

    /// The server takes a stream back.
    pub(super) fn watch_ended(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let id = cancelled_id(message);
        let ended = |stream: &mut Stream| Some(&stream.id) == id.as_ref();
        if self.watch.next.take_if(ended).is_some() || self.watch.stream.take_if(ended).is_some() {
            self.watch.retry.pause(&self.own, steps);
        }
    }

    /// Forgets streams whose exchanges somebody else gave up.
    pub(super) fn watch_lost(&mut self, id: &Id) {
        self.watch.next.take_if(|next| next.id == *id);
        self.watch.stream.take_if(|stream| stream.id == *id);
    }

    /// Answers subscriptions that nobody will answer any more.
    pub(super) fn give_up_waiting(&mut self, steps: &mut Vec<Step>) {
        let failure = Failure::new(Kind::Unreachable, "the server did not acknowledge the subscription before the end");
        let waiting = std::mem::take(&mut self.watch.waiting);
        steps.extend(waiting.iter().map(|(id, _)| failed(id, Some(failure.clone()))));
    }

    fn drop_stream(&mut self, id: &Id, steps: &mut Vec<Step>) {
        if let Ok(message) = Message::single(cancelled(id, "another stream took its place")) {
            self.ask(one(message), steps);
        }
    }
}

/// How long after a change of streams a change may be told by both.
const DOUBLES: Duration = Duration::from_secs(1);

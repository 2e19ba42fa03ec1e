//! `subscriptions/listen` of a modern editor, fed from the stream and the subscriptions of a legacy
//! session.

use std::collections::BTreeMap;

use super::ModernEditor;
use crate::era::capabilities::{is_set, strings};
use crate::era::modern::{CHANGES, catch_up};
use crate::era::splice::{quoted, with_member, with_params};
use crate::era::{Key, SUBSCRIPTION_KEY, Step, Way};
use crate::message::{Id, Message, member, notification_line, plain_string, request_line, result_line};

/// What the editor listens to.
#[derive(Default)]
pub struct Subscriptions {
    listens: Vec<Listen>,
    /// Requests of ours that have no answer.
    own: BTreeMap<Key, Asked>,
}

/// A request of ours.
struct Asked {
    id: Id,
    /// The resource that it subscribes to, if it does.
    uri: Option<String>,
}

struct Listen {
    /// The editor's request.
    message: Message,
    id: Id,
    /// Types of changes that were asked for and that the server tells.
    flags: Vec<&'static str>,
    /// Resources that were asked for and that the server has not refused.
    uris: Vec<String>,
    acknowledged: bool,
}

impl Subscriptions {
    /// Whether this exchange is for a request of ours.
    pub fn owns(&self, key: Key) -> bool {
        self.own.contains_key(&key)
    }

    /// The request of ours that has this answer. Over HTTP+SSE it comes on the one stream, which is none
    /// of the request's.
    pub fn answered(&self, key: Option<Key>, id: Option<&Id>) -> Option<Key> {
        let of_key = key.filter(|key| self.owns(*key));
        of_key.or_else(|| self.own.iter().find(|(_, asked)| Some(&asked.id) == id).map(|(key, _)| *key))
    }

    /// Whether the editor listens under this id.
    pub fn has(&self, id: &Id) -> bool {
        self.listens.iter().any(|listen| listen.id == *id)
    }

    fn is_asked(&self, uri: &str) -> bool {
        self.own.values().any(|asked| asked.uri.as_deref() == Some(uri))
    }
}

impl Listen {
    /// What was agreed to.
    fn agreed(&self) -> String {
        let mut parts: Vec<String> = self.flags.iter().map(|flag| format!("\"{flag}\":true")).collect();
        if !self.uris.is_empty() {
            let uris: Vec<String> = self.uris.iter().map(|uri| quoted(uri)).collect();
            parts.push(format!("\"resourceSubscriptions\":[{}]", uris.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }
}

impl ModernEditor {
    /// The editor wants to hear of changes.
    pub(super) fn listen(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        let filter = message.params().and_then(|params| member(params, "notifications")).unwrap_or("{}");
        let can = member(&self.session, "capabilities").unwrap_or("{}");
        let tells = |flag: &&str| {
            member(filter, flag) == Some("true") && is_set(can, flag.trim_end_matches("ListChanged"), "listChanged")
        };
        let flags = CHANGES.iter().map(|(flag, _)| *flag).filter(tells).collect();
        let mut uris = Vec::new();
        if is_set(can, "resources", "subscribe") {
            uris = strings(member(filter, "resourceSubscriptions"));
            uris.dedup();
        }
        let wanted: Vec<String> = uris.iter().filter(|uri| !self.is_subscribed(uri)).cloned().collect();
        self.subscriptions.listens.push(Listen { message: message.clone(), id, flags, uris, acknowledged: false });
        for uri in wanted {
            self.subscribe(&uri, steps);
        }
        self.acknowledge(steps);
    }

    /// The editor does not want to hear of it any more; whether it did.
    pub(super) fn unlisten(&mut self, id: &Id, steps: &mut Vec<Step>) -> bool {
        let Some(at) = self.subscriptions.listens.iter().position(|listen| listen.id == *id) else { return false };
        let listen = self.subscriptions.listens.remove(at);
        for uri in &listen.uris {
            if !self.is_subscribed(uri) {
                self.send_own("resources/unsubscribe", &format!(r#"{{"uri":{}}}"#, quoted(uri)), steps);
            }
        }
        true
    }

    /// A change goes to everybody who listens for it, with the name of the subscription.
    pub(super) fn tell_of_change(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let params = message.params().unwrap_or("{}");
        let flag = CHANGES.iter().find(|(_, method)| *method == message.method()).map(|(flag, _)| *flag);
        let uri = member(params, "uri").and_then(plain_string);
        // The server may name a part of what was subscribed to (2025-11-25, Resources).
        let exact = |listen: &Listen| uri.as_ref().is_some_and(|uri| listen.uris.iter().any(|other| other == uri));
        let known = self.subscriptions.listens.iter().any(exact);
        let part = |listen: &Listen| {
            uri.as_ref().is_some_and(|uri| listen.uris.iter().any(|other| uri.starts_with(other.as_str())))
        };
        for listen in self.subscriptions.listens.iter().filter(|listen| listen.acknowledged) {
            let told = match flag {
                Some(flag) => listen.flags.contains(&flag),
                None => exact(listen) || (!known && part(listen)),
            };
            if told {
                let meta = with_member(member(params, "_meta").unwrap_or("{}"), SUBSCRIPTION_KEY, listen.id.spelled());
                let line = with_params(message, &with_member(params, "_meta", &meta));
                steps.push(Step::ToEditor(line.raw().clone()));
            }
        }
    }

    /// A request of ours was answered, or was not.
    pub(super) fn own_answered(&mut self, key: Key, well: bool, steps: &mut Vec<Step>) {
        let Some(uri) = self.subscriptions.own.remove(&key).and_then(|asked| asked.uri) else { return };
        if !well {
            for listen in &mut self.subscriptions.listens {
                listen.uris.retain(|other| *other != uri);
            }
        }
        self.acknowledge(steps);
    }

    /// Acknowledges what is settled.
    fn acknowledge(&mut self, steps: &mut Vec<Step>) {
        let Subscriptions { listens, own } = &mut self.subscriptions;
        for listen in listens.iter_mut().filter(|listen| !listen.acknowledged) {
            let open = own.values().filter_map(|asked| asked.uri.as_ref()).any(|uri| listen.uris.contains(uri));
            if !open {
                listen.acknowledged = true;
                let (id, agreed) = (listen.id.spelled(), listen.agreed());
                let params = format!(r#"{{"_meta":{{"{SUBSCRIPTION_KEY}":{id}}},"notifications":{agreed}}}"#);
                let line = notification_line("notifications/subscriptions/acknowledged", Some(&params));
                steps.push(Step::ToEditor(line));
            }
        }
    }

    /// What changed is unknown, so everything may have.
    pub(super) fn catch_up_all(&mut self, steps: &mut Vec<Step>) {
        for listen in self.subscriptions.listens.iter().filter(|listen| listen.acknowledged) {
            steps.extend(catch_up(&listen.agreed(), Some(&listen.id)));
        }
    }

    /// Another session knows nothing of what was subscribed to.
    pub(super) fn subscribe_again(&mut self, steps: &mut Vec<Step>) {
        let mut uris: Vec<String> = self.subscriptions.listens.iter().flat_map(|listen| listen.uris.clone()).collect();
        uris.sort_unstable();
        uris.dedup();
        uris.iter().for_each(|uri| self.subscribe(uri, steps));
        self.catch_up_all(steps);
    }

    /// Subscriptions, which are asked for again of whoever comes next.
    pub fn take_subscriptions(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.subscriptions.listens).into_iter().map(|listen| listen.message).collect()
    }

    /// The session is over for good.
    pub(super) fn end_subscriptions(&mut self, steps: &mut Vec<Step>) {
        for listen in std::mem::take(&mut self.subscriptions.listens) {
            let id = listen.id.spelled();
            let result = format!(r#"{{"resultType":"complete","_meta":{{"{SUBSCRIPTION_KEY}":{id}}}}}"#);
            steps.push(Step::ToEditor(result_line(&listen.id, &result)));
        }
    }

    fn is_subscribed(&self, uri: &str) -> bool {
        let listens = self.subscriptions.listens.iter();
        self.subscriptions.is_asked(uri) || listens.flat_map(|listen| &listen.uris).any(|other| other == uri)
    }

    fn subscribe(&mut self, uri: &str, steps: &mut Vec<Step>) {
        let key = self.send_own("resources/subscribe", &format!(r#"{{"uri":{}}}"#, quoted(uri)), steps);
        if let Some(asked) = self.subscriptions.own.get_mut(&key) {
            asked.uri = Some(uri.to_owned());
        }
    }

    /// Sends a request of ours.
    pub(super) fn send_own(&mut self, method: &str, params: &str, steps: &mut Vec<Step>) -> Key {
        let (key, id) = (self.own.key(), self.own.id());
        self.subscriptions.own.insert(key, Asked { id: id.clone(), uri: None });
        if let Ok(message) = Message::single(request_line(&id, method, Some(params))) {
            let (body, way) = (message.raw().clone(), Way::Session);
            steps.push(Step::Send { key, body, requests: vec![message], repeatable: true, way });
        }
        key
    }
}

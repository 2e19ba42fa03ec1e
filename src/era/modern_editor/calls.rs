//! Requests that the server has not answered, running or parked.

use std::collections::BTreeMap;

use super::parking::Question;
use crate::era::own::Own;
use crate::era::splice::{members, with_id, with_member, with_params, without_members};
use crate::era::{CAPABILITIES_KEY, CLIENT_KEY, Filter, Key, LEVEL_KEY, VERSION_KEY};
use crate::failure::{Failure, Kind};
use crate::message::{Id, Message, member, plain_string};

/// One of them.
pub struct Call {
    /// Its exchange.
    pub key: Key,
    /// Its id towards the server, which is its progress token as well.
    pub upstream: Id,
    /// Its id towards the editor; none while it is parked.
    pub editor: Option<Id>,
    /// As the editor sent it last.
    pub message: Message,
    /// What the editor can, as it said with it.
    pub capabilities: String,
    /// What the editor has been asked and has not answered.
    pub asked: Vec<Question>,
    /// What the server has asked since.
    pub queued: Vec<Question>,
    /// How it came out while nobody waited.
    pub kept: Option<Result<Message, Option<Failure>>>,
    /// What the retry must have; none while it runs.
    pub state: Option<String>,
    /// When it is given up; none while it runs.
    pub expiry: Option<Key>,
    filter: Filter,
}

/// All of them.
#[derive(Default)]
pub struct Calls {
    calls: BTreeMap<Key, Call>,
    editors: BTreeMap<Id, Key>,
    upstreams: BTreeMap<Id, Key>,
}

impl Call {
    /// A request of the editor that is sent now.
    pub fn new(own: &Own, message: Message, filter: Filter) -> Self {
        let mut call = Call {
            key: own.key(),
            upstream: own.id(),
            editor: None,
            capabilities: String::new(),
            message: message.clone(),
            asked: Vec::new(),
            queued: Vec::new(),
            kept: None,
            state: None,
            expiry: None,
            filter,
        };
        call.taken_up(message);
        call
    }

    /// The editor asks for it, for the first time or again.
    fn taken_up(&mut self, message: Message) {
        self.editor = message.id().cloned();
        let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        let can = member(meta, CAPABILITIES_KEY).unwrap_or("{}");
        if self.capabilities != can {
            self.capabilities = can.to_owned();
        }
        self.message = message;
        (self.state, self.expiry) = (None, None);
    }

    /// The request as the server gets it: without the words of the modern era, under our id, and
    /// with our progress token, because the editor may use its own again.
    pub fn sent(&self) -> Message {
        let message = with_id(&self.message, &self.upstream);
        let Some(params) = self.message.params() else { return message };
        let mut legacy = without_members(params, &["inputResponses", "requestState"]);
        if let Some(meta) = member(params, "_meta") {
            let mut meta = without_members(meta, &[VERSION_KEY, CLIENT_KEY, CAPABILITIES_KEY, LEVEL_KEY]);
            if self.token().is_some() {
                meta = with_member(&meta, "progressToken", self.upstream.spelled());
            }
            let empty = members(&meta).is_some_and(|members| members.is_empty());
            legacy = if empty { without_members(&legacy, &["_meta"]) } else { with_member(&legacy, "_meta", &meta) };
        }
        with_params(&message, &legacy)
    }

    /// The editor's progress token, as it spelled it.
    pub fn token(&self) -> Option<&str> {
        self.meta("progressToken")
    }

    /// Whether the server may ask something before it answers this.
    pub fn may_be_asked(&self) -> bool {
        matches!(self.message.method(), "tools/call" | "prompts/get" | "resources/read")
    }

    /// The tools that the editor may see.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether `retry` asks for the same as this did. What an editor writes anew it may spell anew.
    pub fn is_same(&self, retry: &Message) -> bool {
        let of = |message: &Message| {
            without_members(message.params().unwrap_or("{}"), &["_meta", "inputResponses", "requestState"])
        };
        let (mine, theirs) = (of(&self.message), of(retry));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let equal = mine == theirs || value(&mine).is_some_and(|mine| Some(mine) == value(&theirs));
        self.message.method() == retry.method() && equal
    }

    fn meta(&self, name: &str) -> Option<&str> {
        self.message.params().and_then(|params| member(params, "_meta")).and_then(|meta| member(meta, name))
    }
}

impl Calls {
    /// Adds one.
    pub fn insert(&mut self, call: Call) {
        self.editors.extend(call.editor.clone().map(|id| (id, call.key)));
        self.upstreams.insert(call.upstream.clone(), call.key);
        self.calls.insert(call.key, call);
    }

    /// Takes one out.
    pub fn remove(&mut self, key: Key) -> Option<Call> {
        let call = self.calls.remove(&key)?;
        self.upstreams.remove(&call.upstream);
        if let Some(id) = &call.editor {
            self.editors.remove(id);
        }
        Some(call)
    }

    /// The call of this exchange.
    pub fn get(&self, key: Key) -> Option<&Call> {
        self.calls.get(&key)
    }

    /// The call of this exchange, to be changed; its ids may not be.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut Call> {
        self.calls.get_mut(&key)
    }

    /// The call that the editor knows by this id now.
    pub fn by_editor(&self, id: &Id) -> Option<Key> {
        self.editors.get(id).copied()
    }

    /// The call that the server knows by this id, however it keeps its numbers.
    pub fn by_upstream(&self, id: &Id) -> Option<Key> {
        self.upstreams.get(id).copied()
    }

    /// The call that is parked under this state.
    pub fn by_state(&self, state: &str) -> Option<Key> {
        self.calls.values().find(|call| call.state.as_deref() == Some(state)).map(|call| call.key)
    }

    /// The parked call that is given up when this pause is over.
    pub fn expiring(&self, pause: Key) -> Option<Key> {
        self.calls.values().find(|call| call.expiry == Some(pause)).map(|call| call.key)
    }

    /// The oldest call that the server may be asking for. One that is parked only where no other runs: its editor may
    /// have given it up without a word.
    pub fn oldest_that_may_be_asked(&self) -> Option<Key> {
        let asked = self.calls.values().filter(|call| call.may_be_asked() && call.kept.is_none());
        asked.map(|call| (call.editor.is_none(), call.key)).min().map(|(_, key)| key)
    }

    /// All questions of all calls.
    pub fn questions(&mut self) -> impl Iterator<Item = &mut Vec<Question>> {
        self.calls.values_mut().flat_map(|call| [&mut call.asked, &mut call.queued])
    }

    /// The exchanges of all parked calls, the one parked first in front.
    pub fn all_parked(&self) -> Vec<Key> {
        let mut parked: Vec<&Call> = self.calls.values().filter(|call| call.editor.is_none()).collect();
        parked.sort_by_key(|call| call.expiry);
        parked.into_iter().map(|call| call.key).collect()
    }

    /// Ends its being parked: the editor has this id for it now.
    pub fn take_up(&mut self, key: Key, message: Message) {
        if let Some(call) = self.calls.get_mut(&key) {
            self.editors.extend(message.id().cloned().map(|id| (id, key)));
            call.taken_up(message);
        }
    }

    /// Begins its being parked; returns the id that is answered thereby.
    pub fn park(&mut self, key: Key, state: String, expiry: Key) -> Option<Id> {
        let call = self.calls.get_mut(&key)?;
        (call.state, call.expiry) = (Some(state), Some(expiry));
        let id = call.editor.take()?;
        self.editors.remove(&id);
        Some(id)
    }

    /// Keeps how a parked call came out, within bounds.
    pub fn keep(&mut self, key: Key, outcome: Result<Message, Option<Failure>>) {
        let size =
            |call: &Call| call.kept.as_ref().and_then(|kept| kept.as_ref().ok()).map_or(0, |kept| kept.raw().len());
        let kept: usize = self.calls.values().map(size).sum();
        let too_large = |message: &Message| kept + message.raw().len() > MOST_KEPT;
        let outcome = match outcome {
            Ok(message) if too_large(&message) => {
                let fact = "the answer came while nobody waited for it, and was too large to be kept";
                Err(Some(Failure::new(Kind::Protocol, fact)))
            }
            outcome => outcome,
        };
        if let Some(call) = self.calls.get_mut(&key) {
            call.kept.get_or_insert(outcome);
        }
    }

    /// Whether a log message of this level goes to the editor: the request on whose stream it came
    /// asked for it, or for one of no request any that runs.
    pub fn want_log(&self, key: Option<Key>, level: Option<&str>) -> bool {
        let level = rank(level);
        let wants =
            |call: &Call| call.editor.is_some() && call.meta(LEVEL_KEY).is_some_and(|least| rank(Some(least)) <= level);
        match key.and_then(|key| self.calls.get(&key)) {
            Some(call) => wants(call),
            None => self.calls.values().any(wants),
        }
    }

    /// Takes all out.
    pub fn take_all(&mut self) -> Vec<Call> {
        let mut keys: Vec<Key> = self.calls.keys().copied().collect();
        keys.sort_unstable();
        keys.into_iter().filter_map(|key| self.remove(key)).collect()
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.editors.len()
    }

    /// How many are parked.
    pub fn parked(&self) -> usize {
        self.calls.len() - self.editors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

fn rank(level: Option<&str>) -> usize {
    let level = level.and_then(plain_string);
    LEVELS.iter().position(|known| level.as_deref() == Some(known)).unwrap_or(LEVELS.len())
}

/// RFC 5424, the least urgent first.
const LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
/// Bytes of answers that are kept for retries.
const MOST_KEPT: usize = 16 * 1024 * 1024;

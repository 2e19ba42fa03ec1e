//! Log levels: in the modern era each request names its own, in the legacy one a session has one.
//!
//! A level that is new to the server becomes its level, for all requests; what is told then goes only
//! to those that want it. The request waits until the server has taken the level, because what it
//! logs before would be lost.

use std::collections::VecDeque;
use std::time::Duration;

use super::ModernEditor;
use crate::era::{Key, LEVEL_KEY, Step};
use crate::message::{Id, Message, member};

/// What the server was told, and who waits for it to be.
#[derive(Default)]
pub struct Levels {
    /// What it was told last, as the editor spelled it, whether it has taken it or not.
    told: Option<String>,
    /// What it is told now, and by which exchange. One after the other: two under way at once may
    /// arrive in either order.
    telling: Option<(Key, String)>,
    /// Requests that wait, in their order.
    held: VecDeque<Held>,
}

struct Held {
    message: Message,
    level: String,
    /// When it waits no longer.
    until: Key,
}

impl Levels {
    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Whether a request with this id waits.
    pub fn has(&self, id: &Id) -> bool {
        self.held.iter().any(|held| held.message.id() == Some(id))
    }

    /// Whether one waits until the end of this pause.
    pub fn owns(&self, pause: Key) -> bool {
        self.held.iter().any(|held| held.until == pause)
    }

    /// Takes out the request with this id, which the editor does not want any more; whether it waited.
    pub fn withdraw(&mut self, id: &Id) -> bool {
        let before = self.held.len();
        self.held.retain(|held| held.message.id() != Some(id));
        self.held.len() < before
    }

    /// Takes all requests out.
    pub fn take_all(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.held).into_iter().map(|held| held.message).collect()
    }

    /// Takes out all requests that wait for what this exchange tells the server.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        if self.telling.take_if(|(telling, _)| *telling == key).is_some() { self.take_all() } else { Vec::new() }
    }

    /// Takes out the requests that wait for this level.
    fn take(&mut self, level: &str) -> Vec<Message> {
        let (ready, others) = std::mem::take(&mut self.held).into_iter().partition(|held| held.level == level);
        self.held = others;
        VecDeque::into_iter(ready).map(|held| held.message).collect()
    }
}

impl ModernEditor {
    /// The level that a request wants, if the server was not told it, or has not said that it was.
    pub(super) fn untold_level(&self, message: &Message) -> Option<String> {
        let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        let level = member(meta, LEVEL_KEY)?;
        let logs = member(&self.session, "capabilities").and_then(|can| member(can, "logging")).is_some();
        let known = self.levels.telling.is_none() && self.levels.told.as_deref() == Some(level);
        (logs && !known).then(|| level.to_owned())
    }

    /// Lets a request wait until the server was told its level.
    pub(super) fn hold(&mut self, message: Message, level: String, steps: &mut Vec<Step>) {
        let until = self.own.key();
        self.levels.held.push_back(Held { message, level, until });
        steps.push(Step::Wake { key: until, after: LEVEL_WAIT });
        if self.levels.telling.is_none() {
            self.tell_next_level(steps);
        }
    }

    /// An exchange is over, or as good as over: if it told the server a level, who waited for that goes
    /// on. A level that was refused, or of which nothing was heard, is not told again for each request.
    pub(super) fn level_told(&mut self, key: Key, steps: &mut Vec<Step>) {
        let Some((_, level)) = self.levels.telling.take_if(|(telling, _)| *telling == key) else { return };
        let ready = self.levels.take(&level);
        self.levels.told = Some(level);
        ready.into_iter().for_each(|message| self.send(message, steps));
        self.tell_next_level(steps);
    }

    /// A request has waited long enough, and with it those that wait for the same.
    pub(super) fn waited_for_level(&mut self, pause: Key, steps: &mut Vec<Step>) {
        if !self.levels.owns(pause) {
            return;
        }
        if let Some((key, level)) = &self.levels.telling {
            log::warn!("the server does not answer logging/setLevel {level}");
            self.level_told(*key, steps);
        }
        // It stood behind one that the editor has cancelled since: its own level has only now been sent.
        if let Some(at) = self.levels.held.iter().position(|held| held.until == pause)
            && let Some(held) = self.levels.held.remove(at)
        {
            self.send(held.message, steps);
        }
    }

    /// Another session knows nothing of the level.
    pub(super) fn tell_level_again(&mut self, steps: &mut Vec<Step>) {
        (self.levels.told, self.levels.telling) = (None, None);
        self.tell_next_level(steps);
    }

    fn tell_next_level(&mut self, steps: &mut Vec<Step>) {
        let Some(level) = self.levels.held.front().map(|held| held.level.clone()) else { return };
        let key = self.send_own("logging/setLevel", &format!(r#"{{"level":{level}}}"#), steps);
        self.levels.telling = Some((key, level));
    }
}

/// How long a request waits for the server to take its log level. It is a courtesy to the request, as
/// the one towards a notification before it is (2 s too).
const LEVEL_WAIT: Duration = Duration::from_secs(2);

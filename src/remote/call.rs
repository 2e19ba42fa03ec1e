//! One request, or one batch of them, on its way.

use std::any::Any;

use bytes::Bytes;

use super::Key;
use super::modern::Alone;
use super::progress::Progress;
use crate::message::{Id, Message, Parsed};

/// One request, or one batch of them, on its way.
pub struct Call {
    /// Where its answer goes; none for a request of the bridge's own.
    pub key: Option<Key>,
    /// The bytes to POST.
    pub body: Bytes,
    /// The requests in it.
    pub requests: Vec<Message>,
    /// The ids whose answers have not come.
    pub awaiting: Vec<Id>,
    /// Whether it may be sent again when nobody knows if it ran.
    pub repeatable: bool,
    /// How it is sent, if not in the session.
    pub alone: Option<Alone>,
    /// Tells the loop how far it has come.
    pub progress: Progress,
    /// The request's share of the budget, given back when the server begins to answer.
    pub hold: Option<Box<dyn Any + Send + Sync>>,
}

impl Call {
    /// A call for the bridge itself: its answer goes to whoever sent it.
    pub fn own(message: Message) -> Self {
        Call {
            key: None,
            body: message.raw().clone(),
            awaiting: message.id().cloned().into_iter().collect(),
            requests: vec![message],
            repeatable: true,
            alone: None,
            progress: Progress::default(),
            hold: None,
        }
    }

    /// The method; of a batch that of its first request.
    pub fn method(&self) -> &str {
        self.requests.first().map_or("", Message::method)
    }

    /// Whether the server may ask the editor something before it answers.
    pub fn may_be_asked_back(&self) -> bool {
        let asks = |request: &Message| matches!(request.method(), "tools/call" | "prompts/get" | "resources/read");
        self.requests.iter().any(asks)
    }

    /// Whether all others wait for it, because it shows how the server is spoken to.
    pub fn opens(&self) -> bool {
        matches!(self.method(), "initialize" | "server/discover")
    }

    /// Whether it is a stream that stays open, and waits for nothing.
    pub fn listens(&self) -> bool {
        self.alone.as_ref().is_some_and(|alone| alone.listens)
    }

    /// Strikes the request that `answer` answers off the list, and returns it.
    ///
    /// A server that keeps numbers as doubles answers 9007199254740993 with ...992. On the stream
    /// of the request itself there is no doubt which one is meant.
    pub fn strike(&mut self, answer: &Message) -> Option<Message> {
        let id = answer.id()?;
        let exact = self.awaiting.iter().position(|waiting| waiting == id);
        let at = exact.or_else(|| self.awaiting.iter().position(|waiting| waiting.is_nearly(id)))?;
        let waiting = self.awaiting.swap_remove(at);
        self.requests.iter().find(|request| request.id() == Some(&waiting)).cloned()
    }
}

/// Takes out the messages that somebody `takes`; whether anything is left.
pub fn remains(parsed: &mut Parsed, mut takes: impl FnMut(&Message) -> bool) -> bool {
    match parsed {
        Parsed::One(message) => !takes(message),
        Parsed::Batch(batch) => {
            batch.retain(|part| !part.as_ref().is_ok_and(&mut takes));
            !batch.is_empty()
        }
    }
}

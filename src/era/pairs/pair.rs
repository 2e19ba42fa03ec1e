//! The four pairs of eras, as one.

use super::words::modern_words;
use crate::era::finding::Words;
use crate::era::legacy_editor::LegacyEditor;
use crate::era::modern::Modern;
use crate::era::modern_editor::ModernEditor;
use crate::era::same::Same;
use crate::era::{Event, Key, Spoken, Step, cancelled_id};
use crate::message::{Id, Kind as Is, Message};

/// Editor's era first, server's second.
pub enum Pair {
    /// Messages pass as they are, in a session.
    LegacyLegacy(Box<Same>),
    /// Messages pass as they are, with headers.
    ModernModern(Box<Modern>),
    /// The editor's session ends here.
    LegacyModern(Box<LegacyEditor>),
    /// The session with the server is kept here.
    ModernLegacy(Box<ModernEditor>),
}

impl Pair {
    /// Takes an event and appends what is to be done.
    pub fn on(&mut self, event: Event, steps: &mut Vec<Step>) {
        match self {
            Pair::LegacyLegacy(pair) => pair.on(event, steps),
            Pair::ModernModern(pair) => pair.on(event, steps),
            Pair::LegacyModern(pair) => pair.on(event, steps),
            Pair::ModernLegacy(pair) => pair.on(event, steps),
        }
    }

    /// Requests of the editor that have no answer yet.
    pub fn unanswered(&self) -> usize {
        match self {
            Pair::LegacyLegacy(pair) => pair.unanswered(),
            Pair::ModernModern(pair) => pair.unanswered(),
            Pair::LegacyModern(pair) => pair.unanswered(),
            Pair::ModernLegacy(pair) => pair.unanswered(),
        }
    }

    /// Whether the server waits for an answer of the editor.
    pub fn is_asked(&self) -> bool {
        match self {
            Pair::LegacyLegacy(pair) => pair.is_asked(),
            Pair::ModernModern(_) => false,
            Pair::LegacyModern(pair) => pair.is_asked(),
            Pair::ModernLegacy(pair) => pair.is_asked(),
        }
    }

    /// Whether the editor's message is the answer to a question of this pair, or cancels a request of it.
    pub fn has_open(&self, message: &Message) -> bool {
        match message.kind() {
            Is::Answer => message.id().is_some_and(|id| self.asks(id)),
            Is::Notification if message.method() == "notifications/cancelled" => {
                cancelled_id(message).is_some_and(|id| self.is_running(&id))
            }
            Is::Notification | Is::Request => false,
        }
    }

    /// Whether the server waits for the editor's answer to the question with this id.
    fn asks(&self, id: &Id) -> bool {
        match self {
            Pair::LegacyLegacy(pair) => pair.asks(id),
            Pair::LegacyModern(pair) => pair.asks(id),
            // In the modern era questions are asked in results.
            Pair::ModernModern(_) | Pair::ModernLegacy(_) => false,
        }
    }

    /// Whether this exchange or pause is one of the pair's.
    pub fn owns(&self, key: Key) -> bool {
        match self {
            Pair::LegacyLegacy(pair) => pair.owns(key),
            Pair::ModernModern(pair) => pair.owns(key),
            Pair::LegacyModern(pair) => pair.owns(key),
            Pair::ModernLegacy(pair) => pair.owns(key),
        }
    }

    /// Whether a request with this id has no answer yet.
    pub fn is_running(&self, id: &Id) -> bool {
        match self {
            Pair::LegacyLegacy(pair) => pair.is_running(id),
            Pair::ModernModern(pair) => pair.is_running(id),
            Pair::LegacyModern(pair) => pair.is_running(id),
            Pair::ModernLegacy(pair) => pair.is_running(id),
        }
    }

    /// Gives up an exchange, whose requests will be answered by somebody else.
    pub fn take_back(&mut self, key: Key) -> Vec<Message> {
        match self {
            Pair::LegacyLegacy(pair) => pair.take_back(key),
            Pair::ModernModern(pair) => pair.take_back(key),
            Pair::LegacyModern(pair) => pair.take_back(key),
            Pair::ModernLegacy(pair) => pair.take_back(key),
        }
    }

    /// Who speaks which era.
    pub fn spoken(&self) -> Spoken {
        let modern_editor = matches!(self, Pair::ModernModern(_) | Pair::ModernLegacy(_));
        Spoken { modern_editor, modern_server: self.is_modern_server() }
    }

    /// Whether the server speaks the modern era.
    pub fn is_modern_server(&self) -> bool {
        matches!(self, Pair::ModernModern(_) | Pair::LegacyModern(_))
    }

    /// What a modern editor's server is asked to find out about it; of a legacy editor that is known
    /// from its `initialize`.
    pub fn words(&self) -> Option<Words> {
        match self {
            Pair::ModernModern(pair) => pair.sample().map(|message| modern_words(&message)),
            Pair::ModernLegacy(pair) => pair.sample().map(|message| modern_words(&message)),
            Pair::LegacyLegacy(_) | Pair::LegacyModern(_) => None,
        }
    }

    /// It has answered all after another has taken its place. Questions of other pairs are each for a request.
    pub fn let_go(&mut self, steps: &mut Vec<Step>) {
        if let Pair::LegacyLegacy(pair) = self {
            pair.take_questions_back(steps);
        }
    }

    /// Another pair takes its place; what runs may still be answered, and nothing new begins. What
    /// the editor listens to goes over to the other.
    pub fn retire(&mut self, steps: &mut Vec<Step>) -> Vec<Message> {
        match self {
            Pair::LegacyModern(pair) => {
                pair.stop_listening(steps);
                Vec::new()
            }
            Pair::ModernLegacy(pair) => {
                pair.give_up_parked(steps);
                pair.take_subscriptions()
            }
            Pair::ModernModern(pair) => pair.take_subscriptions(steps),
            Pair::LegacyLegacy(_) => Vec::new(),
        }
    }
}

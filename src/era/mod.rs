//! What the protocol says about each message, as state machines without sockets, tasks or clocks:
//! events go in, steps come out.
//!
//! The legacy era (2024-11-05 to 2025-11-25) has `initialize`, sessions and requests of the server.
//! [`Same`] is the pair of a legacy editor and a legacy server, in which messages pass as they are.

mod repeat;
mod same;
mod tools;

use bytes::Bytes;

use crate::failure::{Failure, Kind};
use crate::message::{Fault, Message, Parsed};

pub use same::Same;
pub use tools::Filter;

/// Names one exchange with the server.
pub type Key = u64;

/// What happened.
pub enum Event {
    /// The editor sent this.
    Editor(Result<Parsed, Fault>),
    /// The server sent this, on the response of exchange `key` or on a stream of no request.
    Server {
        /// The exchange.
        key: Option<Key>,
        /// The session it belongs to.
        generation: u64,
        /// What it sent.
        parsed: Parsed,
    },
    /// An exchange is over; what it has not answered is not answered.
    Ended {
        /// Which one.
        key: Key,
        /// Why, if there is a reason beside the server's silence.
        failure: Option<Failure>,
    },
    /// The server lost the session, and this one was opened in its place.
    Renewed {
        /// The new session.
        generation: u64,
    },
    /// The editor has closed its side: nobody can answer questions any more.
    Closed,
    /// Nothing more will come from the server: all that is open is over, for this reason.
    Over(Failure),
}

/// What is to be done about it, in this order.
pub enum Step {
    /// Write this line; it answers no request of the editor's, or one that needed no server.
    ToEditor(Bytes),
    /// Write this line, the server's answer to a request.
    Answer(Bytes),
    /// Write this line, the bridge's answer to a request that has none of the server's.
    Failed(Bytes, Kind),
    /// Open a session with this `initialize`; nothing else goes out before its answer.
    Open {
        /// The exchange.
        key: Key,
        /// The editor's `initialize`.
        message: Message,
    },
    /// Send a request, or a batch of them.
    Send {
        /// The exchange.
        key: Key,
        /// The bytes to send.
        body: Bytes,
        /// The requests in them.
        requests: Vec<Message>,
        /// Whether it may be sent again when nobody knows if it ran.
        repeatable: bool,
    },
    /// Send a notification, in its place among the requests.
    Tell(Message),
    /// Send an answer to a question of this session, at once.
    Reply {
        /// The answer.
        message: Message,
        /// The session.
        generation: u64,
    },
    /// The editor cancelled this exchange: tell the server so with this message, then drop it.
    Cancel {
        /// The exchange.
        key: Key,
        /// The editor's `notifications/cancelled`.
        message: Message,
    },
    /// An exchange has nothing to bring any more.
    Drop {
        /// Which one.
        key: Key,
    },
}

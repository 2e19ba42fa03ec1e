//! What the protocol says about each message, as state machines without sockets, tasks or clocks:
//! events go in, steps come out.
//!
//! There are two eras. The legacy one (2024-11-05 to 2025-11-25) has `initialize`, sessions and
//! requests of the server. The modern one (2026-07-28) has no state: `_meta` on every request,
//! `server/discover`, `subscriptions/listen`, `input_required`. [`Era`] is what the loop holds. It
//! finds out which era the editor and the server speak, and has a machine for each of the pairs.

mod annotations;
mod answered;
mod capabilities;
mod finding;
mod headers;
mod legacy_editor;
mod lobby;
mod modern;
mod modern_editor;
mod own;
mod pairs;
mod repeat;
mod replies;
mod same;
mod splice;
mod tools;
mod verdict;

use std::time::Duration;

use bytes::Bytes;

use crate::failure::{Failure, Kind};
use crate::message::{Fault, Id, Message, Parsed, member};
use crate::versions::Transport;

pub use answered::OnItsWay;
pub use headers::Headers;
pub use lobby::{Lobby, takes_links};
pub use pairs::Era;
pub use splice::{Member, members, quoted, with_member};
pub use tools::Filter;

/// Names one exchange with the server, or one pause.
pub type Key = u64;

/// What is known before anything is said.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which tools the editor sees.
    pub filter: Filter,
    /// Whether eras are found, or given.
    pub protocol: Protocol,
    /// The transports over which a legacy session may be opened, in this order.
    pub transports: Vec<Transport>,
    /// What was learned of the server before.
    pub facts: Facts,
    /// A random number: it makes ids of the bridge's own unlike anybody else's.
    pub seed: u128,
}

/// `--protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Find the server's era.
    #[default]
    Auto,
    /// The server speaks the legacy era.
    Legacy,
    /// The server speaks the modern era.
    Modern,
}

/// What is known of a server. A fact never keeps anything from being tried; it decides the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it speaks the modern era; `None` where nobody knows.
    pub modern: Option<bool>,
    /// Whether it speaks the legacy era; `None` where nobody knows.
    pub legacy: Option<bool>,
    /// Editors, as name and version, that were seen to send `initialize`.
    pub legacy_editors: Vec<String>,
}

impl Facts {
    /// Whether they decide what a server is asked first. That it speaks the legacy era is tried of one
    /// that nobody knows, too.
    pub fn decide(&self) -> bool {
        self.modern.is_some() || self.legacy == Some(false)
    }
}

/// Who speaks which era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Whether the editor speaks the modern one.
    pub modern_editor: bool,
    /// Whether the server does.
    pub modern_server: bool,
}

/// What happened.
pub enum Event {
    /// The editor sent this.
    Editor(Result<Parsed, Fault>),
    /// The server sent this, on the response of exchange `key` or on a stream of no request.
    Server {
        /// The exchange.
        key: Option<Key>,
        /// The session it belongs to; 0 where there are no sessions.
        generation: u64,
        /// What it sent.
        parsed: Parsed,
    },
    /// An exchange is over; what it has not answered is not answered. The failure of a refusal has
    /// its HTTP status and, where there was one for no request in particular, its JSON-RPC error:
    /// both are evidence of the server's era.
    Ended {
        /// Which one.
        key: Key,
        /// Why, if there is a reason beside the server's silence.
        failure: Option<Failure>,
    },
    /// The pause of a [`Step::Wake`] is over.
    Due {
        /// Which one.
        key: Key,
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

/// How far the sign-in is, as far as an editor may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// A person has to act; requests wait meanwhile.
    Waiting(Invitation),
    /// Nobody is waited for, and there may be nothing to sign in with.
    Over,
    /// There is a credential, perhaps another one than before.
    Ready,
}

/// What a person is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Where to sign in, if it is known yet.
    pub url: Option<String>,
    /// What is to be entered there, where the person signs in with a code.
    pub code: Option<String>,
    /// The same as a sentence, with the command that does it.
    pub text: String,
    /// Whether no browser was opened: then the editor may show the link.
    pub unopened: bool,
    /// What the server answered in the last run, by method, as JSON text.
    pub last: Vec<(&'static str, String)>,
}

impl Invitation {
    /// What the server answered to `method` in the last run.
    fn last(&self, method: &str) -> Option<&str> {
        self.last.iter().find(|(known, _)| *known == method).map(|(_, result)| result.as_str())
    }
}

/// What is to be done about it, in this order.
#[derive(Debug)]
pub enum Step {
    /// Write this line; it answers no request of the editor's, or one that needed no server.
    ToEditor(Bytes),
    /// Write this line, the server's answer to a request.
    Answer(Bytes),
    /// Write this line, the bridge's answer to a request that has none of the server's.
    Failed(Bytes, Kind),
    /// A request was answered in the server's stead before it became clear why the server could not.
    Unserved(Kind),
    /// Open a session with this `initialize`; nothing else goes out before its answer.
    Open {
        /// The exchange.
        key: Key,
        /// The `initialize`.
        message: Message,
        /// The transport.
        transport: Transport,
    },
    /// Ask a modern server, before anything else goes out.
    Probe {
        /// The exchange.
        key: Key,
        /// The request.
        message: Message,
        /// Its headers.
        headers: Headers,
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
        /// How.
        way: Way,
    },
    /// Send a notification, in its place among the requests.
    Tell {
        /// The notification.
        message: Message,
        /// How.
        way: Way,
    },
    /// Send an answer to a question of this session, at once.
    Reply {
        /// The answer.
        message: Message,
        /// The session.
        generation: u64,
        /// To be held until the server has it; none if the bridge answers itself.
        of_editor: Option<OnItsWay>,
    },
    /// This exchange is cancelled: tell the server so with this message, then drop it.
    Cancel {
        /// The exchange.
        key: Key,
        /// A `notifications/cancelled`.
        message: Message,
    },
    /// This is known of the server now, and was not before: the next run may begin with it.
    Learned(Facts),
    /// The person does not want to sign in.
    DeclineSignIn,
    /// The link cannot be shown in the editor: it is for the browser.
    OpenBrowser,
    /// An exchange has nothing to bring any more. If it was not sent, it is not sent; if it was, its
    /// stream is closed, which a modern server takes for a cancellation.
    Drop {
        /// Which one.
        key: Key,
    },
    /// Say so when this time has passed. A second one with the same key takes the place of the first.
    Wake {
        /// The pause.
        key: Key,
        /// How long.
        after: Duration,
    },
}

/// How something is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the legacy session, over the transport that opened it.
    Session,
    /// As a POST of its own, with these headers and without session, resumption or GET.
    Alone(Headers),
    /// The same, for a stream that stays open: it is not a request that waits for its answer, so no
    /// limit on the length of requests ends it.
    Listen(Headers),
}

/// The request that a `notifications/cancelled` names.
fn cancelled_id(message: &Message) -> Option<Id> {
    message.params().and_then(|params| member(params, "requestId")).and_then(Id::parse)
}

/// The member of `_meta` that names the revision; the modern era puts these four on requests.
pub const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
/// Who asks.
pub const CLIENT_KEY: &str = "io.modelcontextprotocol/clientInfo";
/// What the one who asks can.
pub const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
/// From which level on log messages are wanted.
pub const LEVEL_KEY: &str = "io.modelcontextprotocol/logLevel";
/// Members of `_meta` that the modern era puts on what a server sends.
const SUBSCRIPTION_KEY: &str = "io.modelcontextprotocol/subscriptionId";
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";
/// The error of a request whose headers and body differ (2026-07-28, Error Codes).
const HEADER_MISMATCH: i64 = -32020;
/// The error of a request that needs a capability its client has not.
const MISSING_CAPABILITY: i64 = -32021;
/// The error of a request in a version that the server does not speak.
const UNSUPPORTED_VERSION: i64 = -32022;

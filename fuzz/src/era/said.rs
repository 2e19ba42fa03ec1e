//! What either side has said, byte for byte: in a pair of one era it arrives as it was sent, but for an id
//! that is put back as it was spelled, and what the bridge says in its own name.

use std::collections::HashSet;

use bytes::Bytes;
use mcpbridge::era::Step;
use mcpbridge::message::{Id, Kind, Message, Parsed, member};

/// Both sides.
#[derive(Default)]
pub struct Said {
    /// By the editor, as it was sent and under [`NOBODY`]'s id.
    editor: HashSet<Bytes>,
    /// By the server, the same.
    server: HashSet<Bytes>,
    /// The errors among that.
    errors: HashSet<String>,
}

impl Said {
    /// The editor has said this.
    pub fn by_editor(&mut self, message: &Message) {
        self.editor.extend([message.raw().clone(), nameless(message)]);
    }

    /// The server has said this.
    pub fn by_server(&mut self, message: &Message) {
        self.server.extend([message.raw().clone(), nameless(message)]);
        self.errors.extend(message.error().map(str::to_owned));
    }

    /// The server has refused something with this error.
    pub fn refused(&mut self, error: &str) {
        self.errors.insert(error.to_owned());
    }

    /// Looks at what one side is to be sent.
    pub fn holds(&self, step: &Step) {
        match step {
            Step::Send { requests, .. } => requests.iter().for_each(|message| self.is_of_editor(message)),
            Step::Tell { message, .. } if message.method() != "notifications/initialized" => self.is_of_editor(message),
            Step::Cancel { message, .. } => self.is_of_editor(message),
            Step::Reply { message, .. } => {
                let own =
                    message.error().is_some() || message.result().is_some_and(|result| OWN_RESULTS.contains(&result));
                assert!(own || knows(&self.editor, message), "{}", message.raw().escape_ascii());
            }
            Step::Answer(line) => messages(line).iter().for_each(|message| self.is_of_server(message, false)),
            Step::ToEditor(line) => messages(line).iter().for_each(|message| self.is_of_server(message, true)),
            _ => {}
        }
    }

    fn is_of_editor(&self, message: &Message) {
        let own = is_own(message) || OWN_CANCELS.iter().any(|own| message.raw().starts_with(own.as_bytes()));
        assert!(own || self.editor.contains(message.raw()), "{}", message.raw().escape_ascii());
    }

    /// `also_own`: whether the bridge may answer in its own name.
    fn is_of_server(&self, message: &Message, also_own: bool) {
        let own = match message.kind() {
            Kind::Answer => {
                // A refusal that was none of the request's alone is put into an envelope of ours.
                let refused = message.error().is_some_and(|error| self.errors.contains(error));
                let cut = message.result().is_some_and(|result| member(result, "tools").is_some());
                also_own || cut || refused
            }
            Kind::Request => is_own(message),
            Kind::Notification => OWN_NOTIFICATIONS.contains(&message.method()),
        };
        assert!(own || knows(&self.server, message), "{}", message.raw().escape_ascii());
    }
}

/// Whether `message` is one of them, if under another id.
fn knows(said: &HashSet<Bytes>, message: &Message) -> bool {
    said.contains(message.raw()) || said.contains(&nameless(message))
}

fn nameless(message: &Message) -> Bytes {
    message.with_id(&Id::own(NOBODY)).raw().clone()
}

/// What is in a line, which was found to be one or many messages.
fn messages(line: &Bytes) -> Vec<Message> {
    match Message::parse(line.clone()) {
        Ok(Parsed::One(message)) => vec![message],
        Ok(Parsed::Batch(batch)) => batch.into_iter().flatten().collect(),
        Err(_) => Vec::new(),
    }
}

/// Whether it has an id of the bridge's own.
pub fn is_own(message: &Message) -> bool {
    message.id().is_some_and(is_of_bridge)
}

/// Whether it is such an id.
pub fn is_of_bridge(id: &Id) -> bool {
    id.spelled().starts_with("\"mcpbridge")
}

/// In the place of every id, to compare the rest.
const NOBODY: &str = "nobody";
/// What is said in the editor's place.
const OWN_RESULTS: [&str; 2] = [r#"{"action":"cancel"}"#, "{}"];
/// How a cancellation begins that is the bridge's.
const OWN_CANCELS: [&str; 1] = [r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"#];
/// What the editor may hear from the bridge itself: that a question is over, that lists are others after a
/// sign-in, and how far that is.
const OWN_NOTIFICATIONS: [&str; 8] = [
    "notifications/cancelled",
    "notifications/progress",
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/elicitation/complete",
    "notifications/subscriptions/acknowledged",
];

//! What the search says in an editor's name, and what it says to the editor.

use crate::era::finding::Words;
use crate::era::headers::Annotated;
use crate::era::own::Own;
use crate::era::replies::{failed, refusal};
use crate::era::splice::without_members;
use crate::era::verdict::Outcome;
use crate::era::{CAPABILITIES_KEY, CLIENT_KEY, Event, Step, VERSION_KEY, capabilities};
use crate::failure::{Failure, Kind};
use crate::message::{Id, METHOD_NOT_FOUND, Message, Parsed, error_object_line, member, plain_string, request_line};
use crate::versions::{MODERN, NEWEST_LEGACY};

/// What is said to find out, in the name of a legacy editor.
pub fn legacy_words(own: &Own, initialize: &Message) -> Words {
    let params = initialize.params().unwrap_or("{}");
    let fields = crate::era::legacy_editor::meta_fields(params);
    let params = format!(r#"{{"_meta":{{{fields}}}}}"#);
    words(initialize.clone(), request_line(&own.id(), "server/discover", Some(&params)))
}

/// What is said to find out, in the name of a modern editor.
pub fn modern_words(message: &Message) -> Words {
    let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
    let client = member(meta, CLIENT_KEY).unwrap_or(r#"{"name":"unknown","version":"0"}"#);
    let offered = capabilities::of_modern_editor(member(meta, CAPABILITIES_KEY).unwrap_or("{}"));
    let newest = NEWEST_LEGACY;
    let params = format!(r#"{{"protocolVersion":"{newest}","capabilities":{offered},"clientInfo":{client}}}"#);
    let initialize = request_line(&Id::own("mcpbridge-initialize"), "initialize", Some(&params));
    let meta = without_members(meta, &["progressToken"]);
    let meta = crate::era::splice::with_member(&meta, VERSION_KEY, &format!("\"{MODERN}\""));
    let discover =
        request_line(&Id::own("mcpbridge-discover"), "server/discover", Some(&format!(r#"{{"_meta":{meta}}}"#)));
    let initialize = Message::single(initialize).unwrap_or_else(|_| message.clone());
    words(initialize, discover)
}

fn words(initialize: Message, discover: bytes::Bytes) -> Words {
    let discover = Message::single(discover).unwrap_or_else(|_| initialize.clone());
    let headers = Annotated::default().headers(&discover);
    Words { initialize, discover, headers }
}

/// An event of one message of the editor.
pub fn one(message: Message) -> Event {
    Event::Editor(Ok(Parsed::One(message)))
}

/// What an editor of both eras is told that should begin with `initialize`.
pub fn not_modern(id: &Id) -> Step {
    refusal(id, METHOD_NOT_FOUND, "method not found: server/discover")
}

/// The answer to a request for which nobody was found.
pub fn report(id: &Id, outcome: &Outcome) -> Step {
    match outcome {
        Outcome::Answer(message) => match message.error() {
            Some(error) => Step::Answer(error_object_line(id, error)),
            None => failed(id, Some(Failure::new(Kind::Protocol, "the server speaks no protocol version known here"))),
        },
        Outcome::Failure(failure) => failed(id, Some(failure.clone())),
        Outcome::Silence => failed(
            id,
            Some(Failure::new(Kind::Unreachable, "the server does not answer").remedy("is this the MCP URL?")),
        ),
    }
}

/// Why what a modern editor asked has no answer once it has begun a session.
pub fn superseded() -> Failure {
    Failure::new(Kind::Usage, "the editor has begun a session, and requests like this one are not part of it")
}

/// An editor's name and version; empty where it does not say.
pub fn name_of(client: Option<&str>) -> String {
    let part = |name: &str| client.and_then(|client| member(client, name)).and_then(plain_string);
    match (part("name"), part("version")) {
        (Some(name), version) => format!("{name} {}", version.unwrap_or_default()),
        _ => String::new(),
    }
}

//! A lobby on a stage: each event, and the steps that follow it in short.

use bytes::Bytes;

use crate::era::lobby::Lobby;
use crate::era::lobby::waiting::{DISCOVERY_DUE, LAST_KEY, LISTS_DUE, OFFER_READ, OPENING_DUE};
use crate::era::{Era, Event, Filter, Invitation, Key, Settings, SignIn, Step, Way};
use crate::failure::{Failure, Kind};
use crate::message::{Id, Kind as Is, Message, member};
use crate::versions::Transport;

/// A lobby, and what it did about the last event.
pub struct Scene {
    pub lobby: Lobby,
    pub steps: Vec<String>,
    /// The lines for the editor of all events, and the keys of guests.
    pub told: Vec<String>,
    guests: Vec<Key>,
    /// The id of the last `initialize` that the lobby made, or of what was asked last to find the era.
    pub own: String,
}

impl Scene {
    pub fn new() -> Self {
        Scene::with(Settings::default())
    }

    /// A server that is reached over Streamable HTTP, and otherwise as `settings` say.
    pub fn with(settings: Settings) -> Self {
        let lobby = Lobby::new(Era::new(Settings { transports: vec![Transport::Streamable], ..settings }));
        Scene { lobby, steps: Vec::new(), told: Vec::new(), guests: Vec::new(), own: String::new() }
    }

    /// `initialize` was answered early.
    pub fn early(declared: &str) -> Self {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, declared));
        scene.sign_in(waiting());
        scene.due(OPENING_DUE).gives(["editor: result 1"]);
        scene
    }

    /// The link is before the person.
    pub fn offered() -> Self {
        let mut scene = Scene::new();
        scene.editor(&initialize(1, LINKS));
        scene.sign_in(unopened());
        scene.due(OPENING_DUE);
        scene.due(LISTS_DUE);
        scene.editor(INITIALIZED);
        scene.editor(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#);
        assert!(scene.steps.contains(&"editor: elicitation/create".into()), "{:?}", scene.steps);
        scene
    }

    pub fn on(&mut self, event: Event) -> &mut Self {
        let mut steps = Vec::new();
        self.lobby.on(event, &mut steps);
        self.show(steps)
    }

    fn show(&mut self, steps: Vec<Step>) -> &mut Self {
        // What the pair learns is of no concern here.
        let steps = steps.into_iter().filter(|step| !matches!(step, Step::Learned(_)));
        self.steps = steps.map(|step| self.shown(step)).collect();
        self
    }

    pub fn editor(&mut self, line: &str) -> &mut Self {
        self.on(Event::Editor(Message::parse(line.to_owned().into())))
    }

    pub fn sign_in(&mut self, sign_in: SignIn) -> &mut Self {
        let mut steps = Vec::new();
        self.lobby.sign_in(sign_in, &mut steps);
        self.show(steps)
    }

    pub fn due(&mut self, key: Key) -> &mut Self {
        self.on(Event::Due { key })
    }

    pub fn server(&mut self, key: Key, line: &str) -> &mut Self {
        let parsed = Message::parse(line.to_owned().into()).unwrap();
        self.on(Event::Server { key: Some(key), generation: 1, parsed })
    }

    pub fn server_opens(&mut self, key: Key, id: impl std::fmt::Display, capabilities: &str) -> &mut Self {
        let result = format!(r#"{{"protocolVersion":"2025-06-18","capabilities":{capabilities},"serverInfo":{{}}}}"#);
        self.server(key, &format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    }

    pub fn ended(&mut self, key: Key, kind: Option<Kind>) -> &mut Self {
        self.on(Event::Ended { key, failure: kind.map(|kind| Failure::new(kind, "it ended")) })
    }

    /// The editor's answer to the offer.
    pub fn answer(&mut self, action: &str) -> &mut Self {
        let id = self.offer();
        self.editor(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"action":"{action}"}}}}"#))
    }

    pub fn error_to_offer(&self) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-32601,"message":"no"}}}}"#, self.offer())
    }

    fn offer(&self) -> String {
        let offer = self.told.iter().rev().find(|line| line.contains("elicitation/create")).expect("an offer");
        member(offer, "id").unwrap().to_owned()
    }

    /// The key of the last guest.
    pub fn guest(&self) -> Key {
        *self.guests.last().expect("a guest")
    }

    #[track_caller]
    pub fn gives<const N: usize>(&self, steps: [&str; N]) {
        assert_eq!(self.steps, steps);
    }

    pub fn last(&self) -> String {
        self.told.last().expect("a line").clone()
    }

    fn shown(&mut self, step: Step) -> String {
        match step {
            Step::ToEditor(line) => format!("editor: {}", self.line(line)),
            Step::Answer(line) => {
                let id = Message::single(line.clone()).unwrap().id().unwrap().spelled().to_owned();
                self.line(line);
                format!("answer {id}")
            }
            Step::Failed(line, kind) => {
                let id = Message::single(line.clone()).unwrap().id().unwrap().spelled().to_owned();
                self.line(line);
                format!("failed {id} {kind:?}")
            }
            Step::Unserved(kind) => format!("unserved {kind:?}"),
            // The only one that the settings name.
            Step::Open { transport: Transport::Sse, .. } => unreachable!(),
            Step::Open { key, message, transport: Transport::Streamable } => match message.id().unwrap().spelled() {
                own if own.contains("mcpbridge") => {
                    own.clone_into(&mut self.own);
                    format!("open {key} as its own")
                }
                id => format!("open {key} as {id}"),
            },
            Step::Probe { key, message, .. } => {
                message.id().unwrap().spelled().clone_into(&mut self.own);
                format!("probe {key} {}", message.method())
            }
            Step::Send { key, requests, way, .. } => format!("send {key} {}{}", requests[0].method(), how(&way)),
            Step::Tell { message, way } => format!("tell {}{}", message.method(), how(&way)),
            Step::Reply { .. } => "reply".into(),
            Step::Cancel { key, .. } => format!("cancel {key}"),
            Step::Drop { key } => format!("drop {key}"),
            Step::Learned(_) => unreachable!(),
            Step::DeclineSignIn => "decline".into(),
            Step::OpenBrowser => "open the browser".into(),
            Step::Wake { key, after } => {
                let what = match key {
                    OPENING_DUE => "initialize",
                    LISTS_DUE => "lists",
                    DISCOVERY_DUE => "discovery",
                    OFFER_READ => "offer",
                    key if key > LAST_KEY => {
                        self.guests.push(key);
                        "guest"
                    }
                    // The pair's.
                    key => &key.to_string(),
                };
                format!("wake {what} in {} s", after.as_secs())
            }
        }
    }

    /// A line in short: what it is, and an empty list in full.
    fn line(&mut self, line: Bytes) -> String {
        let text = String::from_utf8(line.to_vec()).unwrap();
        self.told.push(text.clone());
        let message = Message::single(line).unwrap();
        let id = message.id().map(Id::spelled).unwrap_or_default();
        match (message.kind(), message.params()) {
            (Is::Notification, Some(params)) if message.method() == "notifications/progress" => {
                format!("progress {} {}", member(params, "progressToken").unwrap(), member(params, "progress").unwrap())
            }
            (Is::Notification | Is::Request, _) => message.method().to_owned(),
            (Is::Answer, _) => match (message.result(), message.error()) {
                (Some(result), _) if result.ends_with("[]}") => format!("result {id} {result}"),
                (Some(_), _) => format!("result {id}"),
                (None, error) => format!("error {id} {}", member(error.unwrap(), "code").unwrap()),
            },
        }
    }
}

/// How something is sent, where that is not in a session.
fn how(way: &Way) -> &'static str {
    match way {
        Way::Session => "",
        Way::Alone(_) => " alone",
        Way::Listen(_) => " for long",
    }
}

/// A browser shows the sign-in.
pub fn waiting() -> SignIn {
    SignIn::Waiting(invitation(&[]))
}

/// The same, of a server that answered so in the last run.
pub fn waiting_again(last: &[(&'static str, &str)]) -> SignIn {
    SignIn::Waiting(invitation(last))
}

/// No browser does.
pub fn unopened() -> SignIn {
    SignIn::Waiting(Invitation { unopened: true, ..invitation(&[]) })
}

fn invitation(last: &[(&'static str, &str)]) -> Invitation {
    let last = last.iter().map(|(method, result)| (*method, (*result).to_owned())).collect();
    Invitation { url: Some("https://as.example/a".into()), code: None, text: TEXT.into(), unopened: false, last }
}

/// The settings that hide this tool.
pub fn hiding(tool: &str) -> Settings {
    Settings { filter: Filter::new(&[], &[tool.into()]), ..Settings::default() }
}

/// A legacy editor's `initialize` with these capabilities.
pub fn initialize(id: u32, declared: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"2025-06-18","capabilities":{{{declared}}},"clientInfo":{{"name":"an editor","version":"1"}}}}}}"#
    )
}

pub const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
pub const CALL: &str = r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"x"}}"#;
pub const LINKS: &str = r#""elicitation":{"form":{},"url":{}}"#;
pub const ALL: &str = r#"{"tools":{},"prompts":{},"resources":{}}"#;
pub const TEXT: &str = "sign in there or run: mcpbridge login";

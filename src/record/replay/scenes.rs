//! A recording, taken apart: what was said for which cue of the editor's.

use std::collections::HashMap;

use bytes::Bytes;

use super::params::{canonical, excerpt};
use crate::message::{Id, Kind, Message, member};
use crate::record::{Entry, Recording, Side};

/// All of it.
#[derive(Default)]
pub struct Scenes {
    /// In the order of their cues.
    pub all: Vec<Scene>,
    /// Those with the same cue, in their order.
    pub by_cue: HashMap<Cue, Vec<usize>>,
    /// What was said before the editor said anything.
    pub opening: Vec<Bytes>,
}

/// What the editor has to say for a scene to be played.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cue {
    kind_is_request: bool,
    method: String,
    params: String,
}

/// What follows a cue.
pub struct Scene {
    cue: Cue,
    /// The parameters, as an error may show them.
    pub params: String,
    /// In their order.
    pub pieces: Vec<Piece>,
    id: Option<Id>,
    token: Option<Id>,
    /// Whether its answer comes, and has not come yet.
    open: bool,
}

/// One thing that is said.
pub enum Piece {
    /// How far the request is.
    Progress(Message),
    /// A notification; with the scene of its subscription, if it belongs to one.
    Say(Message, Option<usize>),
    /// A question, and whether the editor answered it before the scene went on.
    Ask(Message, bool),
    /// The answer.
    Answer(Message),
    /// In place of one.
    Unanswered,
}

impl Cue {
    /// The cue that a request or a notification gives.
    pub fn of(message: &Message) -> Self {
        let kind_is_request = message.kind() == Kind::Request;
        // An opening is one, whoever opens; and a notification is news, whatever it says.
        let is_plain = !kind_is_request || matches!(message.method(), "initialize" | "server/discover");
        let params = if is_plain { String::new() } else { canonical(message.params()) };
        Cue { kind_is_request, method: message.method().to_owned(), params }
    }
}

impl Scene {
    fn of(message: &Message) -> Self {
        let meta = message.params().and_then(|params| member(params, "_meta"));
        let token = meta.and_then(|meta| member(meta, "progressToken")).and_then(Id::parse);
        let cue = Cue::of(message);
        let (params, id) = (excerpt(&cue.params), message.id().cloned());
        Scene { open: cue.kind_is_request, cue, params, pieces: Vec::new(), id, token }
    }

    /// Whether its request stays open, for what is told of changes.
    pub fn is_subscription(&self) -> bool {
        self.is_request("subscriptions/listen")
    }

    /// Whether it is for a request with this method.
    pub fn is_request(&self, method: &str) -> bool {
        self.cue.kind_is_request && self.cue.method == method
    }
}

impl Scenes {
    /// Those of a recording.
    pub fn of(recording: &Recording) -> Self {
        let entries = &recording.entries;
        let answered_next = next_answers(entries);
        let mut scenes = Scenes::default();
        // The last thing that happened.
        let mut last = None;
        for (at, Entry { side, message }) in entries.iter().enumerate() {
            match (side, message.kind()) {
                (Side::Editor, Kind::Answer) => {}
                (Side::Editor, _) if message.method() == "notifications/cancelled" => scenes.cancelled(message),
                (Side::Editor, _) => last = Some(scenes.begin(message)),
                (_, Kind::Answer) => last = scenes.answered(message).or(last),
                (_, kind) => {
                    let piece = scenes.piece(message, kind == Kind::Request && is_answered(&entries[at..], message));
                    let place = match &piece {
                        Piece::Progress(message) => scenes.of_token(message),
                        Piece::Say(message, listen) if message.method() == ACKNOWLEDGED => *listen,
                        _ => scenes.of_request(answered_next[at]).or(last),
                    };
                    match place {
                        Some(scene) => scenes.all[scene].pieces.push(piece),
                        None if matches!(piece, Piece::Progress(_)) => {}
                        None => scenes.opening.push(message.raw().clone()),
                    }
                }
            }
        }
        for scene in scenes.all.iter_mut().filter(|scene| scene.open && !scene.is_subscription()) {
            scene.pieces.push(Piece::Unanswered);
        }
        scenes
    }

    /// The methods of the requests, each once.
    pub fn methods(&self) -> Vec<String> {
        let mut methods: Vec<String> = Vec::new();
        for scene in self.all.iter().filter(|scene| scene.cue.kind_is_request) {
            let method = excerpt(&scene.cue.method);
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods
    }

    /// Whether it has a notification with this method.
    pub fn says(&self, method: &str) -> bool {
        let pieces = self.all.iter().flat_map(|scene| &scene.pieces);
        pieces.into_iter().any(|piece| matches!(piece, Piece::Say(message, _) if message.method() == method))
    }

    fn begin(&mut self, message: &Message) -> usize {
        let scene = Scene::of(message);
        self.by_cue.entry(scene.cue.clone()).or_default().push(self.all.len());
        self.all.push(scene);
        self.all.len() - 1
    }

    /// An answer ends the last request of that id.
    fn answered(&mut self, message: &Message) -> Option<usize> {
        let scene = self.open(|scene| scene.id.is_some() && scene.id.as_ref() == message.id())?;
        self.all[scene].open = false;
        self.all[scene].pieces.push(Piece::Answer(message.clone()));
        Some(scene)
    }

    /// A cancelled request is answered no more, and its id may be used again.
    fn cancelled(&mut self, message: &Message) {
        let id = message.params().and_then(|params| member(params, "requestId")).and_then(Id::parse);
        if let Some(scene) = self.open(|scene| id.is_some() && scene.id == id)
            && !self.all[scene].is_subscription()
        {
            self.all[scene].open = false;
            self.all[scene].pieces.push(Piece::Unanswered);
        }
    }

    fn piece(&self, message: &Message, waits: bool) -> Piece {
        match message.kind() {
            Kind::Request => Piece::Ask(message.clone(), waits),
            _ if message.method() == "notifications/progress" => Piece::Progress(message.clone()),
            _ => {
                let id = subscription(message).and_then(Id::parse);
                let listen = self.open(|scene| scene.is_subscription() && id.is_some() && scene.id == id);
                Piece::Say(message.clone(), listen)
            }
        }
    }

    fn of_token(&self, message: &Message) -> Option<usize> {
        let token = message.params().and_then(|params| member(params, "progressToken")).and_then(Id::parse)?;
        self.open(|scene| scene.token.as_ref() == Some(&token))
    }

    /// The scene that the next answer ends, if it has begun.
    fn of_request(&self, id: Option<&Id>) -> Option<usize> {
        let id = id?;
        self.open(|scene| scene.id.as_ref() == Some(id))
    }

    /// The last open scene like this.
    fn open(&self, is_it: impl Fn(&Scene) -> bool) -> Option<usize> {
        self.all.iter().rposition(|scene| scene.open && is_it(scene))
    }
}

/// The name of the subscription that a notification belongs to, as JSON text.
pub fn subscription(message: &Message) -> Option<&str> {
    let meta = member(message.params()?, "_meta")?;
    member(meta, SUBSCRIPTION)
}

/// For each entry, which request is answered next.
fn next_answers(entries: &[Entry]) -> Vec<Option<&Id>> {
    let mut next = None;
    let mut answers: Vec<Option<&Id>> = Vec::with_capacity(entries.len());
    for Entry { side, message } in entries.iter().rev() {
        if *side != Side::Editor && message.kind() == Kind::Answer {
            next = message.id();
        }
        answers.push(next);
    }
    answers.reverse();
    answers
}

/// Whether the editor answers a question later on.
fn is_answered(later: &[Entry], question: &Message) -> bool {
    later.iter().any(|entry| {
        entry.side == Side::Editor && entry.message.kind() == Kind::Answer && entry.message.id() == question.id()
    })
}

/// Which member of `_meta` names the subscription (2026-07-28, Subscriptions).
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// What a subscription begins with.
const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

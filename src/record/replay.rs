//! A recording as a server: what an editor asks is answered as it was answered then.
//!
//! No time passes and nothing is random, so the same questions bring the same lines. What the server
//! said by itself is part of a *scene*: it comes where it came then, between the editor's cue and the
//! answer, or behind the last thing that happened before it.

mod opening;
mod params;
mod scenes;

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::Recording;
use crate::message::{
    INVALID_PARAMS, Id, Kind, METHOD_NOT_FOUND, Message, Parsed, SERVER_ERROR, error_line, member, result_line,
};

use params::excerpt;
use scenes::{Cue, Piece, Scene, Scenes};

/// A recording that answers.
pub struct Replay {
    scenes: Scenes,
    /// How often each cue was given.
    given: HashMap<Cue, usize>,
    /// Scenes that are being played; one that waits for the editor, and one that has no end.
    playing: Vec<Playing>,
    /// Scenes of subscriptions, with the id that their request has now.
    listens: HashMap<usize, Id>,
    fresh: u64,
}

struct Playing {
    scene: usize,
    next: usize,
    /// The request that wants the answer.
    id: Option<Id>,
    /// How it wants its progress to be named, as JSON text.
    token: Option<String>,
    /// Whether the scene was not played before.
    first: bool,
    /// The question that the editor has to answer first.
    asking: Option<Id>,
}

impl Replay {
    /// Nothing is said yet.
    pub fn new(recording: &Recording) -> Self {
        Replay {
            scenes: Scenes::of(recording),
            given: HashMap::new(),
            playing: Vec::new(),
            listens: HashMap::new(),
            fresh: 0,
        }
    }

    /// How many requests it has answers to.
    pub fn answers(&self) -> usize {
        self.scenes
            .all
            .iter()
            .filter(|scene| scene.pieces.iter().any(|piece| matches!(piece, Piece::Answer(_))))
            .count()
    }

    /// What follows from a line of the editor's.
    pub fn on(&mut self, line: Bytes) -> Vec<Bytes> {
        let mut said = std::mem::take(&mut self.scenes.opening);
        match Message::parse(line) {
            Ok(Parsed::One(message)) => self.hear(&message, &mut said),
            Ok(Parsed::Batch(batch)) => {
                for message in batch {
                    match message {
                        Ok(message) => self.hear(&message, &mut said),
                        Err(fault) => said.push(error_line(fault.id.as_ref(), fault.code, &fault.text, None)),
                    }
                }
            }
            Err(fault) => said.push(error_line(fault.id.as_ref(), fault.code, &fault.text, None)),
        }
        said
    }

    /// What is still owed to an editor that says nothing more.
    pub fn end(&mut self) -> Vec<Bytes> {
        let mut said = Vec::new();
        for mut playing in std::mem::take(&mut self.playing) {
            while playing.asking.take().is_some() {
                self.play(&mut playing, &mut said);
            }
        }
        said
    }

    fn hear(&mut self, message: &Message, said: &mut Vec<Bytes>) {
        match (message.kind(), message.id()) {
            (Kind::Request, Some(id)) if message.method() == "ping" => said.push(result_line(id, "{}")),
            (Kind::Request, Some(id)) => self.request(message, id, said),
            (Kind::Notification, _) if message.method() == "notifications/cancelled" => {
                let cancelled = message.params().and_then(|params| member(params, "requestId")).and_then(Id::parse);
                self.playing.retain(|playing| playing.id.is_none() || playing.id != cancelled);
                self.listens.retain(|_, id| Some(&*id) != cancelled.as_ref());
            }
            (Kind::Notification, _) => {
                let cue = Cue::of(message);
                let given = self.count(&cue);
                if let Some(&scene) = self.scenes.by_cue.get(&cue).and_then(|scenes| scenes.get(given)) {
                    self.start(Playing { scene, next: 0, id: None, token: None, first: true, asking: None }, said);
                }
            }
            (Kind::Answer, Some(id)) => {
                if let Some(at) = self.playing.iter().position(|playing| playing.asking.as_ref() == Some(id)) {
                    let playing = self.playing.remove(at);
                    self.start(Playing { asking: None, ..playing }, said);
                }
            }
            (Kind::Request | Kind::Answer, None) => {}
        }
    }

    fn request(&mut self, message: &Message, id: &Id, said: &mut Vec<Bytes>) {
        let cue = Cue::of(message);
        let given = self.count(&cue);
        let Some(scenes) = self.scenes.by_cue.get(&cue) else {
            let made_up = opening::made_up(message, &self.scenes).map(|result| result_line(id, &result));
            return said.push(made_up.unwrap_or_else(|| self.unknown(message, id)));
        };
        // Equal requests have the answers that they had then, one after the other.
        let scene = scenes[given.min(scenes.len() - 1)];
        let meta = message.params().and_then(|params| member(params, "_meta"));
        let token = meta.and_then(|meta| member(meta, "progressToken")).map(str::to_owned);
        if self.scenes.all[scene].is_subscription() {
            self.listens.insert(scene, id.clone());
        }
        let first = given < scenes.len();
        self.start(Playing { scene, next: 0, id: Some(id.clone()), token, first, asking: None }, said);
    }

    /// How often a cue was given before.
    fn count(&mut self, cue: &Cue) -> usize {
        let given = self.given.entry(cue.clone()).or_default();
        *given += 1;
        *given - 1
    }

    fn start(&mut self, mut playing: Playing, said: &mut Vec<Bytes>) {
        self.play(&mut playing, said);
        if playing.asking.is_some() {
            self.playing.push(playing);
        }
    }

    /// Plays a scene to its end, or to a question.
    fn play(&mut self, playing: &mut Playing, said: &mut Vec<Bytes>) {
        let scenes = std::mem::take(&mut self.scenes.all);
        while let Some(piece) = scenes[playing.scene].pieces.get(playing.next) {
            playing.next += 1;
            match piece {
                Piece::Progress(message) => said.extend(playing.token.as_deref().and_then(|token| {
                    let part = member(message.params()?, "progressToken")?;
                    Some(message.with_part(part, token).raw().clone())
                })),
                // A list that has changed is asked for again: were that said each time, it would never end.
                Piece::Say(message, _) if !playing.first && tells_of_change(message) => {}
                Piece::Say(message, None) => said.push(message.raw().clone()),
                Piece::Say(message, Some(listen)) => said.extend(self.listens.get(listen).and_then(|id| {
                    let part = scenes::subscription(message)?;
                    Some(message.with_part(part, id.spelled()).raw().clone())
                })),
                Piece::Ask(message, waits) => {
                    let message = self.question(message, playing.first);
                    said.push(message.raw().clone());
                    if *waits {
                        playing.asking = message.id().cloned();
                        break;
                    }
                }
                Piece::Answer(message) => {
                    said.extend(playing.id.as_ref().map(|id| message.with_id(id).raw().clone()));
                }
                Piece::Unanswered => {
                    said.extend(playing.id.as_ref().map(|id| {
                        error_line(Some(id), SERVER_ERROR, "the recording has no answer to this request", None)
                    }))
                }
            }
        }
        self.scenes.all = scenes;
    }

    /// A question, under an id that no other one has.
    fn question(&mut self, message: &Message, first: bool) -> Message {
        let is_open = self.playing.iter().any(|playing| playing.asking.as_ref() == message.id());
        if first && !is_open {
            return message.clone();
        }
        self.fresh += 1;
        message.with_id(&Id::own(&format!("replay-{}", self.fresh)))
    }

    /// The error that says what the recording has instead.
    fn unknown(&self, message: &Message, id: &Id) -> Bytes {
        let method = excerpt(message.method());
        let alike: Vec<&Scene> = self.scenes.all.iter().filter(|scene| scene.is_request(message.method())).collect();
        let (code, text) = if alike.is_empty() {
            let methods = self.scenes.methods();
            let has = if methods.is_empty() { "no requests".into() } else { methods.join(", ") };
            (METHOD_NOT_FOUND, format!("the recording has no {method}; it has {has}"))
        } else {
            let mut params: Vec<&str> = alike.iter().map(|scene| scene.params.as_str()).collect();
            let mut named = HashSet::new();
            params.retain(|params| named.insert(*params));
            let more = params.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            params.truncate(MOST_NAMED);
            let has = params.join(", ");
            (INVALID_PARAMS, format!("the recording has no {method} with these parameters; it has it with {has}{more}"))
        };
        error_line(Some(id), code, &text, None)
    }
}

fn tells_of_change(message: &Message) -> bool {
    message.method().ends_with("/list_changed") || message.method() == "notifications/resources/updated"
}

/// Sets of parameters that an error names.
const MOST_NAMED: usize = 8;

//! Conversations between any editor and any server, legal or not, through the translator of any pair.
//!
//! The input is a list of moves. Whatever is played: each request is answered once, with the id as its
//! sender spelled it; nobody else is answered; what a pair of one era passes has not changed by a byte; and
//! when all is over nothing is owed.

mod ledger;
mod moves;

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use mcpbridge::era::{Era, Event, Facts, Key, Protocol, Road, Settings, Step};
use mcpbridge::failure::{Failure, Kind};
use mcpbridge::message::{Fault, Id, Kind as Is, Message, Parsed, member};

use ledger::Ledger;
use moves::Input;

/// The first byte chooses what is known of the server, then every move takes some bytes.
pub fn era(data: &[u8]) {
    let mut input = Input(data);
    let mut play = Play::new(&mut input);
    for _ in 0..MOST_MOVES {
        if input.0.is_empty() {
            break;
        }
        play.step(&mut input);
    }
    play.finish();
}

/// Everybody who takes part.
struct Play {
    era: Era,
    modern_editor: bool,
    /// What the editor is owed.
    ledger: Ledger,
    /// Exchanges that the server has not ended, with the requests in them.
    exchanges: HashMap<Key, Vec<Message>>,
    /// In the order in which they began, so that a move can name one.
    open: Vec<Key>,
    known: HashSet<Key>,
    pauses: Vec<Key>,
    /// Questions that the editor has not answered.
    questions: Vec<Id>,
    /// Questions that nobody has answered to the server.
    asked: HashMap<(u64, Id), usize>,
    /// What either side has said, to compare bytes with.
    from_editor: HashSet<Bytes>,
    from_server: HashSet<Bytes>,
    generation: u64,
    closed: bool,
}

impl Play {
    fn new(input: &mut Input) -> Self {
        let first = input.byte();
        let fact = |bits: u8| [None, Some(true), Some(false), None][usize::from(bits & 3)];
        let facts = Facts { modern: fact(first), legacy: fact(first >> 2), legacy_editors: Vec::new() };
        let protocol = match first >> 4 & 3 {
            1 => Protocol::Legacy,
            2 => Protocol::Modern,
            _ => Protocol::Auto,
        };
        let roads = if first & 128 == 0 { vec![Road::Http, Road::Sse] } else { vec![Road::Sse] };
        let era = Era::new(Settings { facts, protocol, roads, seed: 7, ..Settings::default() });
        Play {
            era,
            modern_editor: first & 64 != 0,
            ledger: Ledger::default(),
            exchanges: HashMap::new(),
            open: Vec::new(),
            known: HashSet::new(),
            pauses: Vec::new(),
            questions: Vec::new(),
            asked: HashMap::new(),
            from_editor: HashSet::new(),
            from_server: HashSet::new(),
            generation: 1,
            closed: false,
        }
    }

    fn step(&mut self, input: &mut Input) {
        // The loop reads no more of the editor while there is no room.
        let listens = !self.closed && self.era.has_room();
        match input.byte() % 16 {
            0..=3 if listens => self.editor(&input.request(self.modern_editor)),
            4 if listens => self.editor(&input.notification()),
            5 if listens => {
                let id =
                    input.one_of(&self.questions).map_or_else(|| input.id().to_owned(), |id| id.spelled().to_owned());
                self.editor(&input.answer(&id));
            }
            6 if listens => {
                let batch: Vec<String> = (0..input.byte() % 4).map(|_| input.request(self.modern_editor)).collect();
                self.editor(&format!("[{}]", batch.join(",")));
            }
            7 if listens => {
                let line = input.line();
                self.editor(&String::from_utf8_lossy(line));
            }
            8..=11 => self.server_answers(input),
            12 => self.server_says(input),
            13 => self.exchange_ends(input),
            14 => match input.byte() {
                0 => {
                    self.closed = true;
                    self.on(Event::Closed);
                }
                1 if self.era.is_open() => {
                    self.generation += 1;
                    self.on(Event::Renewed { generation: self.generation });
                }
                _ => self.exchange_ends(input),
            },
            _ => {
                if let Some(key) = input.one_of(&self.pauses).copied() {
                    self.pauses.retain(|other| *other != key);
                    self.on(Event::Due { key });
                }
            }
        }
    }

    fn editor(&mut self, line: &str) {
        let parsed = Message::parse(line.to_owned().into());
        match &parsed {
            Err(fault) => self.ledger.owes_fault(fault),
            Ok(Parsed::One(message)) => self.editor_message(message),
            Ok(Parsed::Batch(batch)) => {
                self.ledger.batch();
                for element in batch {
                    match element {
                        Ok(message) => self.editor_message(message),
                        Err(fault) => self.ledger.may_answer_fault(fault),
                    }
                }
            }
        }
        let cancels = match &parsed {
            Ok(Parsed::One(message)) if message.method() == "notifications/cancelled" => cancelled(message),
            Ok(Parsed::Batch(batch)) => {
                // Which of them a cancel in the batch meets is the batch's own matter.
                batch.iter().flatten().filter_map(cancelled).for_each(|id| self.ledger.may_stay(&id));
                None
            }
            _ => None,
        };
        let ran = cancels.as_ref().is_some_and(|id| self.era.is_running(id));
        self.on(Event::Editor(parsed));
        if let Some(id) = cancels.filter(|id| ran && !self.era.is_running(id)) {
            self.ledger.cancelled(&id);
        }
    }

    fn editor_message(&mut self, message: &Message) {
        self.from_editor.insert(message.raw().clone());
        if message.kind() == Is::Request {
            self.ledger.owes(message);
        }
        if message.kind() == Is::Answer {
            self.questions.retain(|id| Some(id) != message.id());
        }
    }

    /// On an exchange, as a rule on the one that the answer is for.
    fn server_answers(&mut self, input: &mut Input) {
        let Some(key) = input.one_of(&self.open).copied() else { return };
        let request = self.exchanges.get(&key).and_then(|requests| input.one_of(requests)).cloned();
        let Some(request) = request else { return };
        let id = request.id().map_or("null".to_owned(), |id| id.spelled().to_owned());
        let (line, stray) = input.response(&request, &id);
        let key = if stray & 15 == 1 { None } else { Some(key) };
        self.server(key, &line);
        if let Some(key) = key.filter(|_| stray & 16 == 0) {
            self.end(key, None);
        }
    }

    fn server_says(&mut self, input: &mut Input) {
        let key = if input.byte().is_multiple_of(2) { None } else { input.one_of(&self.open).copied() };
        let line = input.server_message();
        self.server(key, &line);
    }

    fn server(&mut self, key: Option<Key>, line: &str) {
        let Ok(parsed) = Message::parse(line.to_owned().into()) else { return };
        let messages: Vec<&Message> = match &parsed {
            Parsed::One(message) => vec![message],
            Parsed::Batch(batch) => batch.iter().flatten().collect(),
        };
        for message in messages {
            self.from_server.insert(message.raw().clone());
            if let (Is::Request, Some(id)) = (message.kind(), message.id()) {
                *self.asked.entry((self.generation, id.clone())).or_default() += 1;
            }
        }
        self.on(Event::Server { key, generation: self.generation, parsed });
    }

    fn exchange_ends(&mut self, input: &mut Input) {
        let Some(key) = input.one_of(&self.open).copied() else { return };
        let failure = input.failure();
        self.end(key, failure);
    }

    fn end(&mut self, key: Key, failure: Option<Failure>) {
        self.over(key);
        if let Some(error) = failure.as_ref().and_then(|failure| failure.error.as_deref()) {
            self.from_server.insert(format!(r#"{{"id":0,"error":{error}}}"#).into());
        }
        self.on(Event::Ended { key, failure });
    }

    fn over(&mut self, key: Key) {
        self.exchanges.remove(&key);
        self.open.retain(|other| *other != key);
    }

    fn on(&mut self, event: Event) {
        let before = self.era.spoken();
        let mut steps = Vec::new();
        self.era.on(event, &mut steps);
        for step in &steps {
            self.take(step);
        }
        // Where the pair changed in between nobody can say which of them a step came from.
        if let Some(spoken) = self.era.spoken().filter(|spoken| before == Some(*spoken) && !self.era.is_opening())
            && spoken.modern_editor == spoken.modern_server
        {
            steps.iter().for_each(|step| self.same_bytes(step));
        }
        assert!(self.era.unanswered() <= self.ledger.owed(), "it believes to owe more than it does");
        assert!(self.era.held() <= MOST_HELD, "{} messages wait", self.era.held());
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::ToEditor(line) | Step::Answer(line) | Step::Failed(line, _) => self.reach_editor(line),
            Step::Open { key, message, .. } | Step::Probe { key, message, .. } => {
                self.begins(*key, vec![message.clone()]);
            }
            Step::Send { key, body, requests, .. } => {
                assert!(!requests.is_empty() && parse(body).is_some());
                self.begins(*key, requests.clone());
            }
            Step::Cancel { key, .. } | Step::Drop { key } => self.over(*key),
            Step::Tell { message, .. } => assert_eq!(message.kind(), Is::Notification),
            Step::Reply { message, generation } => {
                let id = message.id().expect("an answer has the id of its question").clone();
                let open = self.asked.get_mut(&(*generation, id)).filter(|open| **open > 0);
                *open.expect("nobody asked, or it was answered before") -= 1;
            }
            Step::Wake { key, .. } => {
                if !self.pauses.contains(key) {
                    self.pauses.push(*key);
                }
            }
            Step::Learned(_) => {}
            Step::Unserved(_) | Step::DeclineSignIn | Step::OpenBrowser => panic!("no pair says {step:?}"),
        }
    }

    fn begins(&mut self, key: Key, requests: Vec<Message>) {
        assert!(self.known.insert(key), "a key is given once");
        self.exchanges.insert(key, requests);
        self.open.push(key);
    }

    fn reach_editor(&mut self, line: &Bytes) {
        let messages = match parse(line) {
            Some(Parsed::One(message)) => vec![message],
            Some(Parsed::Batch(batch)) => {
                batch.into_iter().map(|one| one.unwrap_or_else(|fault| not(&fault, line))).collect()
            }
            None => panic!("the editor gets what is no message: {}", line.escape_ascii()),
        };
        for message in messages {
            match message.kind() {
                Is::Answer => self.ledger.answered(&message),
                Is::Request => self.questions.extend(message.id().cloned()),
                Is::Notification => {
                    if message.method() == "notifications/cancelled" {
                        let id = cancelled(&message);
                        self.questions.retain(|other| Some(other) != id.as_ref());
                    }
                }
            }
        }
    }

    /// In a pair of one era everything is as it was sent, but for an id that is put back as it was
    /// spelled, and what the bridge says in its own name.
    fn same_bytes(&self, step: &Step) {
        let known = |set: &HashSet<Bytes>, message: &Message| {
            let same = |other: &&Bytes| {
                let other = Message::single(Bytes::clone(other)).ok();
                let id = message.id().cloned();
                id.zip(other).is_some_and(|(id, other)| other.with_id(&id).raw() == message.raw())
            };
            set.contains(message.raw()) || set.iter().any(|other| same(&other))
        };
        match step {
            Step::Send { requests, .. } => {
                for message in requests.iter().filter(|message| !is_own(message)) {
                    assert!(self.from_editor.contains(message.raw()), "{}", message.raw().escape_ascii());
                }
            }
            Step::Reply { message, .. } => {
                let own =
                    message.error().is_some() || message.result().is_some_and(|result| OWN_RESULTS.contains(&result));
                assert!(own || known(&self.from_editor, message), "{}", message.raw().escape_ascii());
            }
            Step::Answer(line) => {
                let Some(Parsed::One(message)) = parse(line) else { return };
                // A refusal that was none of the request's alone is put into an envelope of ours.
                let error = message.error();
                let same_error =
                    |other: &Bytes| Message::single(other.clone()).is_ok_and(|other| other.error() == error);
                let own = error.is_some() && self.from_server.iter().any(same_error);
                let cut = message.result().is_some_and(|result| member(result, "tools").is_some());
                assert!(own || cut || known(&self.from_server, &message), "{}", line.escape_ascii());
            }
            _ => {}
        }
    }

    /// Whatever is open, the bridge ends: then nothing is owed.
    fn finish(&mut self) {
        if !self.closed {
            self.closed = true;
            self.on(Event::Closed);
        }
        self.on(Event::Over(Failure::new(Kind::Unreachable, "the bridge had to end")));
        self.ledger.nothing_is_owed();
        assert_eq!(self.era.unanswered(), 0);
        assert!(!self.era.is_asked(), "a question is open");
    }
}

fn parse(line: &Bytes) -> Option<Parsed> {
    assert!(!line.contains(&b'\n') && !line.contains(&b'\r'), "two lines: {}", line.escape_ascii());
    Message::parse(line.clone()).ok()
}

fn not(fault: &Fault, line: &Bytes) -> Message {
    panic!("{}: {}", fault.text, line.escape_ascii())
}

fn is_own(message: &Message) -> bool {
    message.id().is_some_and(|id| id.spelled().starts_with("\"mcpbridge"))
}

/// The request that is not wanted any more.
fn cancelled(message: &Message) -> Option<Id> {
    let wanted = message.method() == "notifications/cancelled";
    message.params().filter(|_| wanted).and_then(|params| member(params, "requestId")).and_then(Id::parse)
}

/// More moves show nothing that these do not.
const MOST_MOVES: usize = 400;
/// What may wait for the end of a search: of the editor's, and of the server's.
const MOST_HELD: usize = 257 + 64;
/// What is said in the editor's place.
const OWN_RESULTS: [&str; 2] = [r#"{"action":"cancel"}"#, "{}"];

//! Conversations between any editor and any server, legal or not, through the translator of any pair.
//!
//! The input is a list of moves. Whatever is played: each request is answered once, with the id as its
//! sender spelled it; nobody else is answered; no call that may have had an effect goes out twice; what a
//! pair of one era passes has not changed by a byte; and when all is over nothing is owed.

mod ledger;
mod moves;
mod said;
mod told;

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use mcpbridge::era::{Era, Event, Facts, Filter, Invitation, Key, Lobby, Protocol, Settings, SignIn, Spoken, Step};
use mcpbridge::failure::{Failure, Kind};
use mcpbridge::message::{Fault, Id, Kind as Is, Message, Parsed, member};
use mcpbridge::versions::Transport;

use ledger::Ledger;
use moves::Input;
use said::{Said, is_own};
use told::Told;

/// The first byte chooses what is known of the server, then every move takes some bytes.
pub fn era(data: &[u8]) {
    play(data, Told::as_wanted());
}

/// Plays the input, and says which pairs of eras there were, and all that was said.
pub fn played(data: &[u8]) -> (Vec<Spoken>, Vec<String>) {
    let play = play(data, Told::Kept(Vec::new()));
    (play.pairs, play.told.into_lines())
}

fn play(data: &[u8], told: Told) -> Play {
    let mut input = Input(data);
    let mut play = Play::new(&mut input, told);
    for _ in 0..MOST_MOVES {
        if input.0.is_empty() {
            break;
        }
        play.step(&mut input);
    }
    play.finish();
    play
}

/// Everybody who takes part.
struct Play {
    era: Lobby,
    modern_editor: bool,
    /// What the editor is owed.
    ledger: Ledger,
    /// Exchanges that the server has not ended, with the requests in them.
    exchanges: BTreeMap<Key, Vec<Message>>,
    /// In the order in which they began, so that a move can name one.
    open: Vec<Key>,
    known: HashSet<Key>,
    /// How often each call may still go out, by its id and method.
    calls: BTreeMap<(Id, String), usize>,
    pauses: Vec<Key>,
    /// Questions that the editor has not answered.
    questions: Vec<Id>,
    /// Questions that nobody has answered to the server.
    asked: BTreeMap<(u64, Id), usize>,
    said: Said,
    told: Told,
    generation: u64,
    closed: bool,
    /// The pairs of eras that there were.
    pairs: Vec<Spoken>,
}

impl Play {
    fn new(input: &mut Input, told: Told) -> Self {
        let first = input.byte();
        let fact = |bits: u8| [None, Some(true), Some(false), None][usize::from(bits & 3)];
        let facts = Facts { modern: fact(first), legacy: fact(first >> 2), legacy_editors: Vec::new() };
        let protocol = match first >> 4 & 3 {
            1 => Protocol::Legacy,
            2 => Protocol::Modern,
            _ => Protocol::Auto,
        };
        let filter = if first & 0x30 == 0x30 { Filter::new(&["a".to_owned()], &[]) } else { Filter::default() };
        let transports =
            if first & 128 == 0 { vec![Transport::Streamable, Transport::Sse] } else { vec![Transport::Sse] };
        let era = Lobby::new(Era::new(Settings { filter, facts, protocol, transports, seed: 7 }));
        Play {
            era,
            modern_editor: first & 64 != 0,
            ledger: Ledger::default(),
            exchanges: BTreeMap::new(),
            open: Vec::new(),
            known: HashSet::new(),
            calls: BTreeMap::new(),
            pauses: Vec::new(),
            questions: Vec::new(),
            asked: BTreeMap::new(),
            said: Said::default(),
            told,
            pairs: Vec::new(),
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
                2..=5 => self.signs_in(input),
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
        self.said.by_editor(message);
        if message.kind() == Is::Request {
            self.ledger.owes(message);
            self.may_go_out(message);
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
        // What was refused, or is half done, may come again.
        if line.contains(r#""error""#) || line.contains("input_required") {
            self.may_go_out(&request);
        }
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
            self.said.by_server(message);
            if let (Is::Request, Some(id)) = (message.kind(), message.id()) {
                *self.asked.entry((self.generation, id.clone())).or_default() += 1;
            }
        }
        self.on(Event::Server { key, generation: self.generation, parsed });
    }

    fn signs_in(&mut self, input: &mut Input) {
        let how = input.byte();
        self.told.line(|| format!("sign-in {how}"));
        let sign_in = match how % 4 {
            0 => SignIn::Over,
            1 => SignIn::Ready,
            _ => SignIn::Waiting(Invitation {
                url: Some("https://as.example/".to_owned()).filter(|_| how & 4 == 0),
                code: Some("AB-CD".to_owned()).filter(|_| how & 8 != 0),
                text: "sign in".into(),
                unopened: how & 16 != 0,
                last: if how & 32 == 0 {
                    Vec::new()
                } else {
                    LAST.map(|(method, result)| (method, result.to_owned())).to_vec()
                },
            }),
        };
        self.steps(|era, steps| era.sign_in(sign_in, steps));
    }

    fn exchange_ends(&mut self, input: &mut Input) {
        let Some(key) = input.one_of(&self.open).copied() else { return };
        let failure = input.failure();
        if failure.is_some() {
            let requests = self.exchanges.get(&key).cloned().unwrap_or_default();
            requests.iter().for_each(|request| self.may_go_out(request));
        }
        self.end(key, failure);
    }

    fn end(&mut self, key: Key, failure: Option<Failure>) {
        self.over(key);
        if let Some(error) = failure.as_ref().and_then(|failure| failure.error.as_deref()) {
            self.said.refused(error);
        }
        self.on(Event::Ended { key, failure });
    }

    fn over(&mut self, key: Key) {
        self.exchanges.remove(&key);
        self.open.retain(|other| *other != key);
    }

    fn on(&mut self, event: Event) {
        self.told.event(&event);
        self.steps(|era, steps| era.on(event, steps));
    }

    fn steps(&mut self, happens: impl FnOnce(&mut Lobby, &mut Vec<Step>)) {
        let before = self.era.spoken();
        let mut steps = Vec::new();
        happens(&mut self.era, &mut steps);
        for step in &steps {
            self.told.step(step);
            self.take(step);
        }
        // A pair lives on for what it has not answered, so of two nobody can say which a step came from.
        if let (Some(spoken), [] | [_]) = (self.era.spoken(), &self.pairs[..])
            && before == Some(spoken)
            && !self.era.is_opening()
            && spoken.modern_editor == spoken.modern_server
        {
            steps.iter().for_each(|step| self.said.holds(step));
        }
        self.pairs.extend(self.era.spoken().filter(|spoken| !self.pairs.contains(spoken)));
        // Who was answered early may be on the way to the server all the same.
        let believes = self.era.unanswered() - usize::from(self.era.is_early() && self.era.unanswered() > 0);
        assert!(believes <= self.ledger.owed(), "it believes to owe more than it does");
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
                requests.iter().for_each(|request| self.goes_out(request));
                self.begins(*key, requests.clone());
            }
            Step::Cancel { key, .. } | Step::Drop { key } => self.over(*key),
            Step::Tell { message, .. } => assert_eq!(message.kind(), Is::Notification),
            Step::Reply { message, generation, .. } => {
                let id = message.id().expect("an answer has the id of its question").clone();
                let open = self.asked.get_mut(&(*generation, id)).filter(|open| **open > 0);
                *open.expect("nobody asked, or it was answered before") -= 1;
            }
            Step::Wake { key, .. } => {
                if !self.pauses.contains(key) {
                    self.pauses.push(*key);
                }
            }
            Step::Learned(_) | Step::Unserved(_) | Step::DeclineSignIn | Step::OpenBrowser => {}
        }
    }

    fn may_go_out(&mut self, request: &Message) {
        if let Some(id) = request.id() {
            *self.calls.entry((id.clone(), request.method().to_owned())).or_default() += 1;
        }
    }

    /// What may have had an effect is not sent again.
    fn goes_out(&mut self, request: &Message) {
        let Some(id) =
            request.id().filter(|_| matches!(request.method(), "tools/call" | "vendor/x") && !is_own(request))
        else {
            return;
        };
        let left = self.calls.get_mut(&(id.clone(), request.method().to_owned())).filter(|left| **left > 0);
        *left.unwrap_or_else(|| panic!("sent twice: {}", request.raw().escape_ascii())) -= 1;
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
                    if let Some(id) = subscription(&message) {
                        assert!(self.ledger.is_owed(&id), "of a subscription that is over: {}", line.escape_ascii());
                    }
                }
            }
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

/// The subscription of the editor's that the message belongs to. An editor of the legacy era gets to see that of the
/// bridge, which is none of its own.
fn subscription(message: &Message) -> Option<Id> {
    let meta = message.params().and_then(|params| member(params, "_meta"));
    let id = meta.and_then(|meta| member(meta, "io.modelcontextprotocol/subscriptionId")).and_then(Id::parse);
    id.filter(|id| !said::is_of_bridge(id))
}

/// The request that is not wanted any more.
fn cancelled(message: &Message) -> Option<Id> {
    let wanted = message.method() == "notifications/cancelled";
    message.params().filter(|_| wanted).and_then(|params| member(params, "requestId")).and_then(Id::parse)
}

/// What the server said in an earlier run.
const LAST: [(&str, &str); 3] = [
    ("initialize", r#"{"capabilities":{"tools":{},"prompts":{}},"serverInfo":{"name":"s","version":"1"}}"#),
    ("tools/list", r#"{"tools":[{"name":"a"}]}"#),
    ("resources/list", r#"{"resources":[]}"#),
];
/// More moves show nothing that these do not.
const MOST_MOVES: usize = 400;
/// What may wait for the end of a search: of the editor's, and of the server's.
const MOST_HELD: usize = 257 + 64;

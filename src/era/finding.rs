//! Finding the server's era: what is tried, in which order, and what follows from each outcome.

use std::collections::VecDeque;
use std::time::Duration;

use super::own::Own;
use super::verdict::{Discovery, Opening, Outcome};
use super::{Event, Facts, Headers, Key, Protocol, Settings, Step, VERSION_KEY};
use crate::message::{Fault, Id, Kind as Is, Message, Parsed, member, plain_string};
use crate::versions::Transport;

/// A search under way.
pub struct Finding {
    /// What the editor sent since it began, and what began it unless that was an `initialize`.
    pub parked: Vec<Parsed>,
    /// What the server sent that is for the pair to come.
    pub early: Vec<Event>,
    /// The editor's `initialize`, while it waits for its answer.
    pub opener: Option<Message>,
    /// Why a server that was known is looked at again, while the editor is in mid-work.
    pub again: Option<Again>,
    words: Words,
    plan: VecDeque<Probe>,
    at: Option<(Key, Probe)>,
    deadline: Option<Key>,
    first: Option<Outcome>,
    theirs: Vec<String>,
    size: usize,
    learned: Facts,
    undecided: bool,
    asked_again: bool,
    insisted: bool,
    /// The editor will send `initialize` when it is told that there is no `server/discover`.
    pub falls_back: bool,
    /// The order of the attempts follows from what was known before, which may be old.
    pub presumes: bool,
}

/// Why a server is looked at again.
pub struct Again {
    /// How a request came out.
    pub outcome: Outcome,
    /// The requests that came out so, and are among those that wait.
    pub ids: Vec<Id>,
}

/// What is said to find out.
pub struct Words {
    /// An `initialize`, for a server of the legacy era.
    pub initialize: Message,
    /// A `server/discover`, for a server of the modern era.
    pub discover: Message,
    /// Its headers.
    pub headers: Headers,
}

/// One attempt.
pub enum Probe {
    /// Open a session.
    Initialize(Transport),
    /// Ask with a `server/discover` of the bridge's own.
    Discover,
    /// Send what the editor asked; it is a `server/discover` or a list.
    Theirs(Box<Message>, Headers),
}

/// What came of an outcome.
pub enum Found {
    /// The search goes on.
    Not,
    /// A legacy server, with its answer to `initialize` and the session that it came in.
    Legacy(Message, Transport),
    /// A modern server, with how it showed it. What was asked is the editor's own request, or not.
    Modern(Outcome, Option<(Key, Message)>),
    /// Neither: the first refusal.
    Nothing(Outcome),
    /// A server whose versions nobody here speaks.
    NoCommon(Vec<String>),
}

impl Finding {
    /// A search for an editor of the legacy era, or for one whose requests are parked.
    pub fn new(words: Words, opener: Option<Message>, plan: VecDeque<Probe>) -> Self {
        Finding {
            parked: Vec::new(),
            early: Vec::new(),
            opener,
            again: None,
            words,
            plan,
            at: None,
            deadline: None,
            first: None,
            theirs: Vec::new(),
            size: 0,
            learned: Facts::default(),
            undecided: false,
            asked_again: false,
            insisted: false,
            falls_back: false,
            presumes: false,
        }
    }

    /// Adds a message of the editor's to what waits.
    pub fn park(&mut self, message: Message) {
        self.size += message.raw().len();
        self.parked.push(Parsed::One(message));
    }

    /// Adds a batch of the editor's to what waits. Whether there are batches is known when the version is.
    pub fn park_batch(&mut self, batch: Vec<Result<Message, Fault>>) {
        self.size += batch.iter().flatten().map(|message| message.raw().len()).sum::<usize>();
        self.parked.push(Parsed::Batch(batch));
    }

    /// What the editor sent, one by one.
    pub fn waiting(&self) -> impl Iterator<Item = &Message> {
        self.parked.iter().flat_map(each)
    }

    /// Whether more may wait.
    pub fn has_room(&self) -> bool {
        self.parked.len() < MOST_PARKED && self.size < MOST_BYTES
    }

    /// Whether a request with this id waits.
    pub fn has(&self, id: &Id) -> bool {
        self.opener.iter().chain(self.waiting()).any(|message| message.id() == Some(id))
    }

    /// Takes out a request that the editor does not want any more; whether it was here.
    pub fn withdraw(&mut self, id: &Id) -> bool {
        let is_taken = self.take_where(|message| message.id() == Some(id));
        // How it came out is not how a later request with its id comes out.
        self.again.iter_mut().for_each(|again| again.ids.retain(|other| other != id));
        is_taken
    }

    /// Takes out this very request; whether it was here. The editor may have taken it back, and have used
    /// its id for another.
    pub fn take_out(&mut self, request: &Message) -> bool {
        self.take_where(|message| message.raw() == request.raw())
    }

    /// Takes out what is so; whether there was any.
    fn take_where(&mut self, is_so: impl Fn(&Message) -> bool) -> bool {
        let before = self.waiting().count();
        self.parked.retain_mut(|parsed| match parsed {
            Parsed::One(message) => !is_so(message),
            Parsed::Batch(batch) => {
                batch.retain(|part| !part.as_ref().is_ok_and(&is_so));
                !batch.is_empty()
            }
        });
        self.waiting().count() < before
    }

    /// Whether a `server/discover` of the editor waits.
    pub fn asks(&self) -> bool {
        self.waiting().any(|message| message.method() == "server/discover")
    }

    /// The editor will not send `initialize` after all: a legacy server is opened for it here.
    pub fn go_on_for_modern_editor(&mut self, settings: &Settings) {
        self.falls_back = false;
        self.plan.extend(sessions(settings));
    }

    /// Whether this exchange or pause is part of the search.
    pub fn owns(&self, key: Key) -> bool {
        self.at.as_ref().is_some_and(|(at, _)| *at == key) || self.deadline == Some(key)
    }

    /// The exchange under way, if it has this key and is not the pause.
    pub fn is_at(&self, key: Key) -> bool {
        self.at.as_ref().is_some_and(|(at, _)| *at == key)
    }

    /// Whether this is the answer that is waited for: with HTTP+SSE the one to `initialize`
    /// comes on the one stream, which is that of no request.
    fn is_answer(&self, key: Option<Key>, message: &Message) -> bool {
        let Some((at, probe)) = self.at.as_ref().filter(|_| message.kind() == Is::Answer) else { return false };
        let is_its = |id: &Id| self.asked(probe).id().is_some_and(|asked| asked == id || asked.is_nearly(id));
        match (key, message.id()) {
            (Some(key), Some(id)) => key == *at && is_its(id),
            // Of a server that could not read the id.
            (Some(key), None) => key == *at && message.error().is_some(),
            (None, id) => matches!(probe, Probe::Initialize(Transport::Sse)) && id.is_some_and(is_its),
        }
    }

    /// The answer that is waited for, taken out of what came with it: 2025-03-26 lets a server answer with a batch.
    pub fn take_answer(&self, key: Option<Key>, parsed: &mut Parsed) -> Option<Message> {
        match parsed {
            Parsed::One(message) => self.is_answer(key, message).then(|| message.clone()),
            Parsed::Batch(batch) => {
                let is_it = |part: &Result<Message, Fault>| part.as_ref().is_ok_and(|it| self.is_answer(key, it));
                let at = batch.iter().position(is_it)?;
                batch.remove(at).ok()
            }
        }
    }

    /// What this attempt asks.
    fn asked<'a>(&'a self, probe: &'a Probe) -> &'a Message {
        match probe {
            Probe::Initialize(_) => &self.words.initialize,
            Probe::Discover => &self.words.discover,
            Probe::Theirs(message, _) => message,
        }
    }

    /// The exchange under way.
    pub fn under_way(&self) -> Option<Key> {
        self.at.as_ref().map(|(key, _)| *key)
    }

    /// What is said to find out.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// What was learned on the way; `None` where nothing was.
    pub fn learned(&self) -> &Facts {
        &self.learned
    }

    /// Makes the next attempt; whether there was one.
    pub fn go_on(&mut self, own: &Own, steps: &mut Vec<Step>) -> bool {
        let Some(probe) = self.plan.pop_front() else { return false };
        let key = own.key();
        steps.push(match &probe {
            Probe::Initialize(transport) => {
                Step::Open { key, message: self.words.initialize.clone(), transport: *transport }
            }
            Probe::Discover => {
                Step::Probe { key, message: self.words.discover.clone(), headers: self.words.headers.clone() }
            }
            Probe::Theirs(message, headers) => {
                Step::Probe { key, message: Message::clone(message), headers: headers.clone() }
            }
        });
        let others = !self.plan.is_empty() || self.falls_back || self.again.is_some();
        let may_be_silent = !matches!(probe, Probe::Initialize(_)) && others;
        self.deadline = may_be_silent.then(|| own.key());
        steps.extend(self.deadline.map(|key| Step::Wake { key, after: PATIENCE }));
        self.at = Some((key, probe));
        true
    }

    /// A server that says nothing to a modern request may be a legacy one: the next is tried.
    pub fn silence(&mut self, own: &Own, steps: &mut Vec<Step>) -> Found {
        let Some((key, _)) = &self.at else { return Found::Not };
        steps.push(Step::Drop { key: *key });
        self.come_out(Outcome::Silence, own, steps)
    }

    /// Judges how the attempt came out.
    pub fn come_out(&mut self, outcome: Outcome, own: &Own, steps: &mut Vec<Step>) -> Found {
        let Some((key, probe)) = self.at.take() else { return Found::Not };
        self.deadline = None;
        if self.is_worth_repeating(&probe, &outcome) {
            self.insisted = true;
            self.plan.push_front(probe);
            return self.next(own, steps);
        }
        let discovery = match &probe {
            Probe::Initialize(transport) => return self.opened(*transport, outcome, own, steps),
            Probe::Theirs(message, _) if message.method() != "server/discover" => outcome.list(),
            Probe::Discover | Probe::Theirs(..) => outcome.discovery(),
        };
        match discovery {
            Discovery::Modern => {
                self.learned.modern = Some(true);
                let theirs = if let Probe::Theirs(message, _) = probe { Some((key, *message)) } else { None };
                return Found::Modern(outcome, theirs);
            }
            Discovery::Trouble if !self.may_be_mistaken(&outcome) => return Found::Nothing(self.telling(outcome)),
            Discovery::Trouble => {}
            Discovery::NotModern => self.learned.modern = Some(false),
            Discovery::NoCommon(theirs) => self.theirs = theirs,
            Discovery::Nothing => self.undecided = true,
        }
        match probe {
            // A list shows too little: the question that is made for it follows.
            Probe::Theirs(message, _) if message.method() != "server/discover" => {
                self.plan.push_front(Probe::Discover);
                return self.next(own, steps);
            }
            _ if matches!(outcome, Outcome::Silence)
                && !self.asked_again
                && !self.falls_back
                && self.again.is_none() =>
            {
                self.asked_again = true;
                self.plan.push_back(Probe::Discover);
            }
            _ => {}
        }
        self.first.get_or_insert(outcome);
        self.next(own, steps)
    }

    /// A server may refuse a version and name it as one that it speaks: then it is asked once more.
    fn is_worth_repeating(&self, probe: &Probe, outcome: &Outcome) -> bool {
        if let Probe::Initialize(_) = probe {
            return false;
        }
        let meta = self.asked(probe).params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        let version = member(meta, VERSION_KEY).and_then(plain_string);
        !self.insisted && version.is_some_and(|version| outcome.unsupported().iter().any(|other| *other == version))
    }

    fn opened(&mut self, transport: Transport, outcome: Outcome, own: &Own, steps: &mut Vec<Step>) -> Found {
        match (outcome.opening(transport), outcome) {
            (Opening::Legacy, Outcome::Answer(message)) => {
                self.learned.legacy = Some(true);
                Found::Legacy(message, transport)
            }
            (Opening::Trouble, outcome) if !self.may_be_mistaken(&outcome) => Found::Nothing(self.telling(outcome)),
            (opening, outcome) => {
                if opening == Opening::Refused {
                    self.learned.legacy = Some(false);
                }
                self.first.get_or_insert(outcome);
                self.next(own, steps)
            }
        }
    }

    /// Whether a server is in trouble with a question that it might not have been asked, had nothing
    /// been known of it: then what else there is to ask is asked.
    fn may_be_mistaken(&self, outcome: &Outcome) -> bool {
        self.presumes && outcome.is_answered_trouble()
    }

    fn next(&mut self, own: &Own, steps: &mut Vec<Step>) -> Found {
        if self.go_on(own, steps) {
            return Found::Not;
        }
        if !self.theirs.is_empty() {
            return Found::NoCommon(std::mem::take(&mut self.theirs));
        }
        Found::Nothing(self.first.clone().unwrap_or(Outcome::Silence))
    }

    /// That a later attempt is answered, but with a refusal, says more than that an earlier one is
    /// not understood. That it is not answered says less, unless the earlier one was only to find that out.
    fn telling(&self, outcome: Outcome) -> Outcome {
        let unreachable = matches!(&outcome, Outcome::Failure(failure)
            if failure.kind == crate::failure::Kind::Unreachable);
        self.first.clone().filter(|first| unreachable && !first.is_sign_of_sse()).unwrap_or(outcome)
    }

    /// Whether the server gave no sign of either era, as one does that knows no `server/discover`.
    pub fn is_undecided(&self) -> bool {
        self.undecided && self.learned.modern.is_none()
    }
}

/// The messages in what one line held.
pub fn each(parsed: &Parsed) -> impl Iterator<Item = &Message> {
    let (one, batch) = match parsed {
        Parsed::One(message) => (Some(message), &[][..]),
        Parsed::Batch(batch) => (None, batch.as_slice()),
    };
    one.into_iter().chain(batch.iter().flatten())
}

/// The order of attempts for an editor of the legacy era: its own era first, unless the server is
/// known not to speak it, and HTTP+SSE last.
pub fn for_legacy_editor(settings: &Settings, facts: &Facts) -> VecDeque<Probe> {
    let http = settings.transports.contains(&Transport::Streamable);
    let mut plan = VecDeque::new();
    if settings.protocol == Protocol::Modern {
        return [Probe::Discover].into();
    }
    for transport in &settings.transports {
        plan.push_back(Probe::Initialize(*transport));
        if *transport == Transport::Streamable && facts.modern != Some(false) {
            plan.push_back(Probe::Discover);
        }
    }
    match settings.protocol {
        Protocol::Legacy => plan.retain(|probe| !matches!(probe, Probe::Discover)),
        _ if !http => {}
        _ if facts.modern == Some(false) => plan.push_back(Probe::Discover),
        _ if facts.legacy == Some(false) => {
            plan.retain(|probe| !matches!(probe, Probe::Discover));
            plan.push_front(Probe::Discover);
        }
        _ => {}
    }
    plan
}

/// The order of attempts for an editor of the modern era; `first` is what asks a server about it.
pub fn for_modern_editor(settings: &Settings, facts: &Facts, first: Probe) -> VecDeque<Probe> {
    let sessions = sessions(settings);
    let http = settings.transports.contains(&Transport::Streamable);
    match settings.protocol {
        Protocol::Modern => [first].into(),
        Protocol::Legacy => sessions.collect(),
        Protocol::Auto if !http => sessions.collect(),
        Protocol::Auto if facts.modern == Some(false) => sessions.chain([Probe::Discover]).collect(),
        Protocol::Auto => [first].into_iter().chain(sessions).collect(),
    }
}

/// The ways to open a session.
fn sessions(settings: &Settings) -> impl Iterator<Item = Probe> {
    settings.transports.iter().map(|transport| Probe::Initialize(*transport))
}

/// Messages of the editor that may wait for the end of the search.
const MOST_PARKED: usize = 256;
/// Bytes of them.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// How long a server may be silent before it is taken for one that does not know what it was asked.
/// Editors give up a start after some ten seconds more.
const PATIENCE: Duration = Duration::from_secs(10);

//! A server with moods that HTTP and MCP allow: it answers out of order and in every shape, closes streams and has them
//! resumed, repeats events and answers, forgets sessions, is busy at times; and it counts what its tool did.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    dice::Dice,
    legacy::{CAPABILITIES, Legacy, Sessions, welcome},
    message::{error, notification_with, result},
    server::{Framing, Reply, Request, Server, Sse},
    sync::lock,
};

/// How often the call with number `n` had its effect.
#[derive(Clone, Default)]
pub struct Effects(Arc<Mutex<Vec<u8>>>);

impl Effects {
    fn happen(&self, n: usize) {
        let mut times = lock(&self.0);
        if times.len() <= n {
            times.resize(n + 1, 0);
        }
        times[n] = times[n].saturating_add(1);
    }

    pub fn of(&self, n: usize) -> u8 {
        lock(&self.0).get(n).copied().unwrap_or(0)
    }

    /// The numbers of the calls that had it more than once.
    pub fn repeated(&self) -> Vec<usize> {
        let times = lock(&self.0);
        (0..times.len()).filter(|&n| times[n] > 1).collect()
    }
}

/// What such a server does beside answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mood {
    /// It is busy: the call did not run.
    Busy,
    /// It has forgotten the session.
    Forgetful,
    /// A stream is asked to go on from an event.
    Resumed,
    /// It sends that event once more.
    EventAgain,
    /// An answer comes once more.
    AnswerAgain,
    /// An answer comes to what nobody asked.
    Unasked,
}

/// One such server, of either era.
#[derive(Clone)]
pub struct Moods {
    pub effects: Effects,
    seed: u64,
    /// Throws what must differ between two attempts at one call.
    moment: Arc<Mutex<Dice>>,
    standing: Arc<Mutex<HashMap<String, Standing>>>,
    /// The request ids of the calls whose streams can be resumed.
    resumable: Arc<Mutex<HashMap<usize, String>>>,
    happened: Arc<Mutex<BTreeMap<Mood, usize>>>,
    /// Streams of HTTP+SSE.
    opened: Arc<AtomicUsize>,
}

/// The standing stream of a session, and what was said on it.
#[derive(Default)]
struct Standing {
    said: Vec<String>,
    stream: Option<Sse>,
}

impl Moods {
    pub fn new(seed: u64) -> Self {
        Self {
            effects: Effects::default(),
            seed,
            moment: Arc::new(Mutex::new(Dice::new(seed, u64::MAX))),
            standing: Arc::default(),
            resumable: Arc::default(),
            happened: Arc::default(),
            opened: Arc::default(),
        }
    }

    /// How often each mood has come.
    pub fn happened(&self) -> BTreeMap<Mood, usize> {
        lock(&self.happened).clone()
    }

    fn note(&self, mood: Mood) {
        *lock(&self.happened).entry(mood).or_default() += 1;
    }

    /// Streamable HTTP with sessions, a standing stream, and streams that can be resumed.
    pub fn legacy(&self) -> Server {
        let server = Legacy::new();
        let sessions = server.sessions();
        let (calls, gets) = (self.clone(), self.clone());
        server
            .on("tools/call", move |request, reply| calls.call_in_session(request, reply, &sessions))
            .on("GET", move |request, reply| gets.listen(request, reply))
            .start()
    }

    /// HTTP+SSE, 2024-11-05: everything is said on the one stream of a session, and the session ends with it.
    pub fn http_sse(&self) -> Server {
        let moods = self.clone();
        Server::start(move |request, reply| match request.method.as_str() {
            "GET" => {
                let mut stream = reply.sse();
                let mut streams = lock(&moods.standing);
                let session = moods.opened.fetch_add(1, Ordering::SeqCst).to_string();
                stream.raw(format!("event: endpoint\ndata: /message?session={session}\n\n"));
                streams.insert(session, Standing { said: Vec::new(), stream: Some(stream) });
            }
            "POST" => match request.path.split_once("?session=") {
                Some((_, session)) => moods.post(session, request, reply),
                None => reply.status(405),
            },
            _ => reply.status(405),
        })
    }

    fn post(&self, session: &str, request: &Request, reply: Reply) {
        if !lock(&self.standing).contains_key(session) {
            return reply.status(404);
        }
        let id = request.id();
        if request.kind() != "tools/call" {
            reply.accepted();
            match request.kind().as_str() {
                "initialize" => self.tell(session, result(id, &welcome("2024-11-05", CAPABILITIES))),
                _ if request.is_request() => self.tell(session, result(id, "{}")),
                _ => {}
            }
            return;
        }
        let n = number(request);
        self.effects.happen(n);
        let mut dice = Dice::new(self.seed, n as u64);
        // The answer may be there before the POST has its own.
        if dice.one_in(2) {
            reply.accepted();
            dice.pause(LONGEST_WORK_MS);
            self.answer_on_stream(session, id, n);
        } else {
            self.answer_on_stream(session, id, n);
            reply.accepted();
        }
        match dice.below(8) {
            0 => {
                self.note(Mood::AnswerAgain);
                self.tell(session, done(id, n));
            }
            1 => {
                self.note(Mood::Unasked);
                self.tell(session, done(r#""nobody asked""#, n));
            }
            _ => {}
        }
    }

    fn answer_on_stream(&self, session: &str, id: &str, n: usize) {
        for k in 1..=NOTES {
            self.tell(session, note(n, k));
        }
        self.tell(session, done(id, n));
    }

    /// On the stream of a session, which is over when nobody is there any more.
    fn tell(&self, session: &str, message: String) {
        let mut streams = lock(&self.standing);
        let gone = streams.get_mut(session).and_then(|it| it.stream.as_mut()).is_some_and(|it| !it.message(message));
        if gone {
            streams.remove(session);
        }
    }

    /// 2026-07-28: no session, nothing is resumed.
    pub fn modern(&self) -> Server {
        let moods = self.clone();
        Server::start(move |request, reply| match request.kind().as_str() {
            _ if request.method != "POST" => reply.status(405),
            kind if request.header("mcp-method") != Some(kind) => reply.error(400, request, -32020, "Header mismatch"),
            "server/discover" => reply.result(request, DISCOVERED),
            "tools/list" => reply.result(request, r#"{"resultType":"complete","tools":[]}"#),
            "tools/call" => {
                moods.call(request, reply, false);
            }
            "subscriptions/listen" => moods.subscribe(request, reply),
            _ => reply.result(request, r#"{"resultType":"complete"}"#),
        })
    }

    fn call_in_session(&self, request: &Request, reply: Reply, sessions: &Sessions) {
        if lock(&self.moment).one_in(SESSION_LASTS) {
            self.note(Mood::Forgetful);
            sessions.lose();
            lock(&self.standing).clear();
        }
        let session = request.header("mcp-session-id").unwrap_or_default().to_owned();
        let (n, id) = (number(request), request.id().to_owned());
        if !self.call(request, reply, true) {
            return;
        }
        match Dice::new(self.seed, n as u64).below(8) {
            0 | 1 => self.say(&session, |k| note(&session, k)),
            // The answer comes again, on a stream that it does not belong to.
            2 => {
                self.note(Mood::AnswerAgain);
                self.say(&session, |_| answer(&id, &format!("{n} again")));
            }
            3 => {
                self.note(Mood::Unasked);
                self.say(&session, |_| done(r#""nobody asked""#, n));
            }
            4 => {
                self.note(Mood::Unasked);
                self.say(&session, |_| error(900_000_000 + n, -32000, "nobody asked"));
            }
            _ => {}
        }
    }

    /// Whether the call ran.
    fn call(&self, request: &Request, reply: Reply, resumes: bool) -> bool {
        if lock(&self.moment).one_in(40) {
            // It certainly did not run, and the server says so.
            self.note(Mood::Busy);
            reply.header("Retry-After", "0").status(503);
            return false;
        }
        let (n, id) = (number(request), request.id());
        self.effects.happen(n);
        let mut dice = Dice::new(self.seed, n as u64);
        // Others overtake this answer.
        dice.pause(LONGEST_WORK_MS);
        match dice.below(if resumes { 7 } else { 4 }) {
            0 => reply.json(done(id, n)),
            1 => {
                let mut body = reply.stream(200, "application/json", Framing::Chunked);
                for piece in done(id, n).as_bytes().chunks(40) {
                    body.raw(piece);
                }
                body.end();
            }
            2 | 3 => {
                let mut stream = reply.sse();
                for k in 1..=NOTES {
                    stream.message(note(n, k));
                }
                stream.message(done(id, n));
                stream.end();
            }
            _ => {
                lock(&self.resumable).insert(n, id.to_owned());
                let mut stream = reply.sse();
                stream.raw(format!("retry: 100\nid: {n}-0\ndata: \n\n"));
                self.go_on(stream, n, 1);
            }
        }
        true
    }

    /// Some events of a call's stream from event `k` on: the notes, and the answer as the last.
    fn go_on(&self, mut stream: Sse, n: usize, k: usize) {
        let id = lock(&self.resumable).get(&n).cloned().unwrap_or_default();
        let (last, ending) = {
            let mut moment = lock(&self.moment);
            (k + usize::try_from(moment.below(2 * NOTES as u64)).unwrap(), moment.below(3))
        };
        for k in k..=last.min(NOTES + 1) {
            let message = if k > NOTES { done(&id, n) } else { note(n, k) };
            if !stream.event(&format!("{n}-{k}"), message) {
                return;
            }
        }
        match ending {
            0 => stream.end(),
            1 => stream.cut(),
            _ => stream.reset(),
        }
    }

    /// A GET: the rest of a call's stream, or the standing one of the session.
    fn listen(&self, request: &Request, reply: Reply) {
        let last = request.header("last-event-id").and_then(|id| id.rsplit_once('-'));
        let session = request.header("mcp-session-id").unwrap_or_default().to_owned();
        let after = last.map(|(of, k)| (of, k.parse::<usize>().expect("an event id of ours")));
        if let Some((n, k)) = after.and_then(|(of, k)| Some((of.parse::<usize>().ok()?, k))) {
            self.note(Mood::Resumed);
            // Some servers repeat the event that they are asked to go on from.
            let again = usize::from(k > 0 && lock(&self.moment).one_in(3));
            if again > 0 {
                self.note(Mood::EventAgain);
            }
            return self.go_on(reply.sse(), n, k + 1 - again);
        }
        let mut stream = reply.sse();
        stream.raw("retry: 100\n\n");
        let mut all = lock(&self.standing);
        let standing = all.entry(session.clone()).or_default();
        if let Some((_, after)) = after {
            for (k, message) in standing.said.iter().enumerate().skip(after) {
                stream.event(&format!("{session}-{}", k + 1), message);
            }
        }
        standing.stream = Some(stream);
    }

    /// On the standing stream of a session, which keeps it for who comes back.
    fn say(&self, session: &str, message: impl FnOnce(usize) -> String) {
        let mut all = lock(&self.standing);
        let Some(standing) = all.get_mut(session) else { return };
        let k = standing.said.len() + 1;
        standing.said.push(message(k));
        if let Some(stream) = &mut standing.stream
            && !stream.event(&format!("{session}-{k}"), &standing.said[k - 1])
        {
            standing.stream = None;
        }
    }

    /// A subscription that says something, and ends some time as streams do.
    fn subscribe(&self, request: &Request, reply: Reply) {
        let id = request.id();
        let mut stream = reply.sse();
        stream.message(notification_with(
            "notifications/subscriptions/acknowledged",
            &format!(r#"{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{{}}}}"#),
        ));
        let mut dice = lock(&self.moment).clone();
        for _ in 0..dice.below(20) {
            dice.pause(100);
            if !stream.raw(": still here\n\n") {
                return;
            }
        }
        stream.cut();
    }
}

fn number(request: &Request) -> usize {
    let n = request.json()["params"]["arguments"]["n"].as_u64().expect("a call has a number");
    usize::try_from(n).unwrap()
}

/// The answer to call `n`; the two eras can both read it.
fn done(id: &str, n: usize) -> String {
    answer(id, &n.to_string())
}

fn answer(id: &str, text: &str) -> String {
    result(id, &format!(r#"{{"resultType":"complete","content":[{{"type":"text","text":"{text}"}}]}}"#))
}

/// The `k`-th notification on a stream, numbered from 1.
fn note(on: impl std::fmt::Display, k: usize) -> String {
    notification_with("notifications/message", &format!(r#"{{"level":"info","data":{{"on":"{on}","k":{k}}}}}"#))
}

/// How many notifications precede the answer on a stream of a call.
pub const NOTES: usize = 4;
const LONGEST_WORK_MS: u64 = 15;
/// A session is lost at one call in so many.
const SESSION_LASTS: u64 = 400;
const DISCOVERED: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{},"logging":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"moody","version":"1"}}}"#;

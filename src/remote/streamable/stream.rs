//! Event streams: read, resumed, and what is in them delivered.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::body::take_along;
use super::{GET_HEAD, is_event_stream};
use crate::failure::{Failure, Kind, MAY_HAVE_RUN};
use crate::http::page::is_web_page;
use crate::http::{Lane, Response};
use crate::log::Repeated;
use crate::message::{Id, Kind as Is, Message, Parsed, SERVER_ERROR, Skim, error_line, has_room, result_line};
use crate::remote::backoff::Backoff;
use crate::remote::call::{Call, remains};
use crate::remote::refusal::retry_after;
use crate::remote::session::{Reply, Session, Shared};
use crate::remote::sse::{Data, Event, Parser};
use crate::remote::{Arrival, Trouble, Weight};

impl Shared {
    pub(super) async fn answer(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        body: Bytes,
        weight: Weight,
    ) -> Result<(), Trouble> {
        let parsed = Message::parse(body).map_err(|fault| {
            let fact = format!("the server's answer is not JSON-RPC: {}", fault.text);
            Trouble::Spoiled(Failure::new(Kind::Protocol, fact).remedy("is this the MCP URL?"))
        })?;
        // An error with a null id is about the one request that was sent.
        if let Parsed::One(message) = &parsed
            && let (None, Some(error)) = (message.id(), message.error())
        {
            let fact = "the server answered with an error";
            return Err(Trouble::Final(Failure { error: Some(error.into()), ..Failure::new(Kind::Protocol, fact) }));
        }
        self.deliver(session, call, reply, vec![parsed], weight).await;
        if call.awaiting.is_empty() {
            return Ok(());
        }
        let fact = "the server answered, but not to this request (no answer has its id)";
        Err(Trouble::Spoiled(
            Failure::new(Kind::Protocol, fact).remedy("the server has a fault; its operator may know more"),
        ))
    }

    /// Reads an event stream, and what continues it, until every request has its answer.
    pub(super) async fn follow(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        mut first: Bytes,
        mut response: Response,
    ) -> Result<(), Trouble> {
        let mut track = Track::default();
        // The stream that opens a session belongs to it, before its answer has come.
        let opened = reply.session.clone().filter(|_| session.id.is_none());
        let opened = opened.map(|id| session.with_id(id));
        let session = opened.as_ref().unwrap_or(session);
        loop {
            let end = self.read_stream(session, Some((call, reply)), first, &mut response, &mut track).await;
            if call.awaiting.is_empty() {
                return Ok(());
            }
            let cut = match end {
                Ok(()) => Failure::new(Kind::Unreachable, "the server closed the stream without an answer"),
                // What is continued or sent again is as large the next time; but not what a subscription brings.
                Err(endless) if endless.kind == Kind::Protocol && !call.listens() => {
                    return Err(Trouble::Spoiled(endless));
                }
                Err(cut) => cut,
            };
            // The streams of the modern era are not resumed (2026-07-28, Streamable HTTP).
            if track.last.is_none() || call.alone.is_some() {
                return Err(Trouble::Cut(cut));
            }
            response = self.resume(session, &mut track, cut).await?;
            first = Bytes::new();
        }
    }

    /// GETs the rest of a stream. A server may close a stream and have it polled (2025-11-25,
    /// Transports, "Sending Messages to the Server"), so a stream that ends is not counted against it.
    /// A pause that is longer than all attempts may take is an error at once: it must be kept, and an
    /// editor that hears nothing meanwhile cannot know that its call is not forgotten.
    async fn resume(&self, session: &Session, track: &mut Track, cut: Failure) -> Result<Response, Trouble> {
        let since = Instant::now();
        let mut wanted = Duration::ZERO;
        loop {
            let pause = track.pause().max(std::mem::take(&mut wanted));
            if pause > RESUME_WINDOW {
                let named = pause.as_secs();
                let fact = format!("{}, and wants to be asked for the rest in {named} s, not before", cut.fact);
                return Err(Trouble::Cut(Failure { fact, ..cut }));
            }
            if since.elapsed() + pause > RESUME_WINDOW {
                return Err(Trouble::Cut(cut));
            }
            sleep(pause).await;
            let last = track.last.clone();
            let refusal = match self.get(session, Lane::Calls, last.as_deref(), Some(GET_HEAD)).await {
                Ok(response) if response.status().is_success() && is_event_stream(response.headers()) => {
                    track.resumed = true;
                    return Ok(response);
                }
                Ok(response) if response.status().is_server_error() || response.status().as_u16() == 429 => {
                    wanted = retry_after(response.status(), response.headers()).unwrap_or_default();
                    cut.clone()
                }
                Ok(response) if is_web_page(response.headers(), b"") => cut.clone(),
                Ok(_) | Err(Trouble::Final(_)) => return Err(Trouble::Cut(cut)),
                Err(trouble) => trouble.into_failure(),
            };
            log::debug!("the stream is not resumed yet: {refusal}");
        }
    }

    /// Reads one event stream to its end and delivers what it holds; stops early once every
    /// request of `call` has its answer.
    pub(super) async fn read_stream(
        &self,
        session: &Session,
        mut call: Option<(&mut Call, &mut Reply)>,
        first: Bytes,
        response: &mut Response,
        track: &mut Track,
    ) -> Result<(), Failure> {
        let mut parser = Parser::new(self.settings.limit);
        let mut events = Vec::new();
        let mut weight = self.inflow.enter();
        let mut woke = self.woke.subscribe();
        let mut piece = first;
        let mut linger_until = None;
        loop {
            let taken = piece.len();
            parser.push(piece, &mut events);
            let end = if events.is_empty() {
                None
            } else {
                take_along(response, taken, |piece| parser.push(piece, &mut events)).await
            };
            track.retry = parser.retry().or(track.retry);
            let mut parsed = Vec::new();
            for event in events.drain(..) {
                if track.is_new(&event) {
                    let acts = |_: &Id| call.as_ref().is_none_or(|(call, _)| !call.repeatable);
                    parsed.extend(self.message_in(session, event, acts));
                }
            }
            if parser.is_endless() {
                return Err(endless(self.settings.limit));
            }
            self.cover(&mut weight, parser.kept()).await;
            if !parsed.is_empty() {
                let weight = std::mem::replace(&mut weight, self.inflow.enter());
                match &mut call {
                    Some((call, reply)) => self.deliver(session, call, reply, parsed, weight).await,
                    None => self.forward(None, session, parsed, weight).await,
                }
            }
            match end {
                Some(Ok(())) => break,
                Some(Err(cut)) => return Err(cut),
                None => {}
            }
            if linger_until.is_none() && call.as_ref().is_some_and(|(call, _)| call.awaiting.is_empty()) {
                linger_until = Some(Instant::now() + LINGER);
            }
            let next = if let Some(until) = linger_until {
                // A stream ends after its answer. To see the end keeps the connection usable.
                timeout_at(until, response.chunk()).await.ok().and_then(Result::ok).flatten()
            } else {
                self.piece_awake(call.as_ref().map(|(call, _)| &**call), response, track, &mut woke).await?
            };
            match next {
                Some(next) => piece = next,
                None => break,
            }
        }
        if let Some((call, reply)) = call {
            self.take_unfinished(session, call, reply, &mut parser).await;
        }
        Ok(())
    }

    /// The next piece of a stream. One that can be resumed ends when the computer has slept: nobody says that its
    /// connection is gone.
    async fn piece_awake(
        &self,
        call: Option<&Call>,
        response: &mut Response,
        track: &Track,
        woke: &mut watch::Receiver<u64>,
    ) -> Result<Option<Bytes>, Failure> {
        let resumable = call.is_none_or(|call| call.listens() || (track.last.is_some() && call.alone.is_none()));
        let limit = call.filter(|call| !call.listens()).and(self.settings.body_timeout);
        tokio::select! {
            next = self.piece_within(limit, response) => next.map_err(Trouble::into_failure),
            _ = woke.changed(), if resumable => Err(Failure::new(Kind::Unreachable, "the computer slept")),
        }
    }

    /// Delivers the answer in an event that a server did not finish before it ended its stream. Browsers discard such
    /// an event, because it may be half of one; what is a whole answer to this request cannot be.
    async fn take_unfinished(&self, session: &Session, call: &mut Call, reply: &mut Reply, parser: &mut Parser) {
        let Some(Ok(Parsed::One(message))) = parser.unfinished().map(Message::parse) else { return };
        let awaited = |id: &Id| call.awaiting.iter().any(|waiting| waiting.is_nearly(id));
        if message.kind() == Is::Answer && message.id().is_some_and(awaited) {
            self.deliver(session, call, reply, vec![Parsed::One(message)], self.inflow.enter()).await;
        }
    }

    /// The message in an event. What is too large becomes an error for whoever waits for it: who repeats a request
    /// that `acts` may do something twice.
    pub fn message_in(&self, session: &Session, event: Event, acts: impl Fn(&Id) -> bool) -> Option<Parsed> {
        if event.name.is_some() {
            return None;
        }
        let skim = match event.data {
            Data::Nothing => return None,
            // A priming event: its id is all that it has to say.
            Data::Whole(data) if data.is_empty() => return None,
            Data::Whole(data) if !has_room(data.len()) => Skim::starved(&data),
            Data::Whole(data) => match Message::parse(data) {
                Ok(parsed) => return Some(parsed),
                Err(fault) => {
                    NO_MESSAGES.warn(format_args!("the server sent an event that is no message: {}", fault.text));
                    return None;
                }
            },
            Data::TooLong(skim) => skim,
        };
        let text = skim.why(self.settings.limit);
        LEFT_OUT.warn(format_args!("a message of the server was left out: {text}"));
        let mut answers = Vec::new();
        for (id, has_method) in skim.parts().filter_map(|part| Some((part.id.as_ref()?, part.has_method))) {
            if has_method {
                self.answer_back(session, error_line(Some(id), SERVER_ERROR, &text, None));
                continue;
            }
            let text = if acts(id) { format!("{text}; {MAY_HAVE_RUN}") } else { text.clone() };
            answers.extend(Message::single(error_line(Some(id), SERVER_ERROR, &text, None)));
        }
        match answers.len() {
            0 => None,
            1 => answers.pop().map(Parsed::One),
            _ => Some(Parsed::Batch(answers.into_iter().map(Ok).collect())),
        }
    }

    fn answer_back(&self, session: &Session, line: Bytes) {
        // Who asks for more than it takes goes without.
        let Ok(place) = Arc::clone(&self.answering).try_acquire_owned() else { return };
        let mut request = self.request(Method::POST, session, line);
        self.login.ticket_at_hand().add_to(&mut request);
        // Not on this task: the stream must be read on.
        let sent = self.http.send_detached(Lane::Control, request);
        tokio::spawn(async move {
            let _ = timeout(ANSWER_BACK, sent).await;
            drop(place);
        });
    }

    /// Hands messages to the loop, with their share of the memory for large ones, and notes which requests of `call`
    /// they answer.
    pub(super) async fn deliver(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        mut parsed: Vec<Parsed>,
        weight: Weight,
    ) {
        let opens = call.method() == "initialize";
        let mut takes = |message: &Message| {
            // The editor knows of no session yet, and a server may wait for this before it opens one.
            if let Some(id) = message.id().filter(|_| opens && message.method() == "ping") {
                self.answer_back(session, result_line(id, "{}"));
                return true;
            }
            let answer = message.kind() == Is::Answer;
            let Some(request) = answer.then(|| call.strike(message)).flatten() else { return false };
            if call.key.is_some() {
                self.note(session, &request, message, reply.session.as_ref());
                return false;
            }
            reply.answer = Some(message.clone());
            true
        };
        parsed.retain_mut(|parsed| remains(parsed, &mut takes));
        self.forward(call.key, session, parsed, weight).await;
    }

    /// Hands messages to the loop; waits while it has no room.
    pub async fn forward(&self, key: Option<u64>, session: &Session, messages: Vec<Parsed>, weight: Weight) {
        if !messages.is_empty() {
            let arrival = Arrival::Messages { key, generation: session.generation, messages, weight };
            let _ = self.arrivals.send(arrival).await;
        }
    }
}

/// That a message is above `limit`, and its end is not worth waiting for.
pub fn endless(limit: usize) -> Failure {
    let fact = format!("the server's message is larger than {limit} bytes, and does not end");
    Failure::new(Kind::Protocol, fact).remedy("raise --max-message-size")
}

/// What resumption needs to know of a stream.
#[derive(Default)]
pub struct Track {
    pub last: Option<Box<str>>,
    retry: Option<Duration>,
    pub resumed: bool,
    backoff: Option<Backoff>,
    seen: HashSet<u64>,
    order: VecDeque<u64>,
    hasher: RandomState,
}

impl Track {
    /// Notes the event's id. A server that replays too much is not heard twice.
    fn is_new(&mut self, event: &Event) -> bool {
        let Some(id) = &event.id else { return true };
        self.backoff = None;
        self.last = Some(id.clone()).filter(|id| !id.is_empty());
        let hash = self.hasher.hash_one(id);
        if !self.seen.insert(hash) {
            return !self.resumed;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }

    /// The reconnection time that the server named, to the millisecond.
    pub(super) fn named_pause(&self) -> Option<Duration> {
        self.retry.map(|retry| retry.max(SHORTEST_RETRY))
    }

    /// How long to wait before the stream is asked for again.
    fn pause(&mut self) -> Duration {
        let backoff = self.backoff.get_or_insert_with(Backoff::for_requests);
        let own = backoff.next();
        self.retry.map_or(own, |retry| retry.max(SHORTEST_RETRY))
    }
}

static NO_MESSAGES: Repeated = Repeated::new();
static LEFT_OUT: Repeated = Repeated::new();
/// How long a connection is kept for the end of a stream that has given its answer.
const LINGER: Duration = Duration::from_secs(1);
/// How long a cut stream is asked for again, if nobody answers.
const RESUME_WINDOW: Duration = Duration::from_secs(30);
/// How long a server may take to take the error for a request of its own that is too large.
const ANSWER_BACK: Duration = Duration::from_secs(5);
/// A server that names a shorter pause would be asked without pause.
const SHORTEST_RETRY: Duration = Duration::from_millis(100);
/// Event ids that are remembered against replays.
const REMEMBERED: usize = 4096;

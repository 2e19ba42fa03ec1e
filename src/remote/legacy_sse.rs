//! HTTP+SSE (2024-11-05): one GET stream carries everything from the server, and names the
//! endpoint to which everything else is POSTed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use url::Url;

use super::Trouble;
use super::call::{Call, remains};
use super::refusal::Refusal;
use super::session::{Reply, Session, Shared};
use super::sse::{Data, Event, Parser};
use super::streamable::{GET_HEAD, endless, is_event_stream, take_along};
use crate::failure::{Failure, Kind};
use crate::http::page::{WRONG_PLACE, is_web_page};
use crate::http::{Lane, Response, shown};
use crate::log::Repeated;
use crate::message::{Id, Kind as Is, Message};

/// The open stream of one session. The session lives as long as the stream does.
pub struct Link {
    generation: u64,
    endpoint: Url,
    opened: Instant,
    reader: OnceLock<AbortHandle>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    closed: bool,
    /// Why the stream has ended, if that is of use to those who wait.
    why: Option<Failure>,
    /// When another may be opened in its place.
    due: Option<Instant>,
    calls: BTreeMap<Id, Waiter>,
}

struct Waiter {
    request: Message,
    own: bool,
    /// Whether who repeats it may do something twice.
    acts: bool,
    done: oneshot::Sender<Message>,
}

impl Link {
    /// Opens the stream and waits for the endpoint.
    pub async fn open(shared: &Arc<Shared>, generation: u64) -> Result<Arc<Self>, Trouble> {
        // The GET needs no session: there is none before the endpoint is known.
        let draft = Session::draft(generation, None);
        let response = shared.get(&draft, Lane::Control, None, Some(GET_HEAD)).await?;
        let status = response.status();
        if !status.is_success() {
            let refusal = Refusal::read(shared, response).await;
            let mut failure = refusal.in_words(&shared.settings, &shared.login);
            // What servers of Streamable HTTP say to a GET without a session.
            if status == StatusCode::BAD_REQUEST && failure.kind == Kind::Protocol {
                failure = failure.remedy(shared.settings.or_another_transport("is this the MCP URL?"));
            }
            return Err(if refusal.is_from_gateway() { Trouble::Cut(failure) } else { Trouble::Final(failure) });
        }
        let not_spoken = |what: &str| {
            let fact = format!("{} {what}", shown(&shared.settings.url));
            let failure = Failure::new(Kind::Protocol, fact);
            let failure = failure.remedy(shared.settings.or_another_transport("is this the MCP URL?"));
            Trouble::Final(failure.status(status.as_u16()))
        };
        if is_web_page(response.headers(), b"") {
            let fact =
                format!("{} answers a GET with a web page in place of an event stream", shown(&shared.settings.url));
            let failure = Failure::new(Kind::Protocol, fact).remedy(shared.settings.or_another_transport(WRONG_PLACE));
            return Err(Trouble::Final(failure.status(status.as_u16())));
        }
        if !is_event_stream(response.headers()) {
            return Err(not_spoken("answers a GET, but not with an event stream"));
        }
        let mut stream = Stream { response, parser: Parser::new(shared.settings.limit), events: Vec::new() };
        let Ok(Some(endpoint)) = timeout(ENDPOINT_WAIT, stream.endpoint(shared)).await else {
            return Err(not_spoken("has an event stream that names no endpoint"));
        };
        let endpoint = resolve(&shared.settings.url, &endpoint)?;
        let (opened, reader, waiting) = (Instant::now(), OnceLock::new(), Mutex::default());
        let link = Arc::new(Link { generation, endpoint, opened, reader, waiting });
        let reader = tokio::spawn(read(Arc::clone(shared), Arc::downgrade(&link), stream));
        let _ = link.reader.set(reader.abort_handle());
        Ok(link)
    }

    /// Where messages are POSTed.
    pub fn endpoint(&self) -> Url {
        self.endpoint.clone()
    }

    /// Whether the stream has ended.
    pub fn is_over(&self) -> bool {
        self.waiting().closed
    }

    /// When another stream may be opened in the place of this one: not at once, for ever, if each is cut at once.
    pub fn due(&self) -> Instant {
        self.waiting().due.unwrap_or_else(Instant::now)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.get() {
            reader.abort();
        }
    }
}

/// The endpoint is a URL relative to the stream's, and the origin must be the same: otherwise a
/// server could have our headers sent anywhere (2024-11-05, Transports).
fn resolve(stream: &Url, endpoint: &str) -> Result<Url, Trouble> {
    let refuse = |fact: String| Err(Trouble::Final(Failure::new(Kind::Protocol, fact)));
    match stream.join(endpoint.trim()) {
        Ok(url) if url.origin() == stream.origin() => Ok(url),
        Ok(url) => refuse(format!(
            "{} names an endpoint on another origin, {}",
            shown(stream),
            url.origin().ascii_serialization()
        )),
        Err(_) => refuse(format!("{} names an endpoint that is no URL", shown(stream))),
    }
}

impl Shared {
    /// POSTs a request and waits for its answer on the stream.
    pub async fn post_and_wait(
        self: &Arc<Self>,
        session: &Arc<Session>,
        link: &Arc<Link>,
        call: &mut Call,
    ) -> Result<Reply, Trouble> {
        let cut = || Failure::new(Kind::Unreachable, "the server's event stream ended before the answer came");
        let mut registered = Registered { link: Arc::clone(link), ids: Vec::new() };
        let mut answers = Vec::new();
        for request in call.requests.iter().filter(|request| request.id().is_some_and(|id| call.awaiting.contains(id)))
        {
            let Some(id) = request.id().cloned() else { continue };
            let (done, answer) = oneshot::channel();
            let mut waiting = link.waiting();
            if waiting.closed {
                return Err(Trouble::SessionLost(cut()));
            }
            let (request, own, acts) = (request.clone(), call.key.is_none(), !call.repeatable);
            waiting.calls.insert(id.clone(), Waiter { request, own, acts, done });
            registered.ids.push(id.clone());
            answers.push((id, answer));
        }
        let response = self.post_call(session, call).await?;
        let mut reply = Reply::default();
        if !response.status().is_success() {
            let lost = response.status().as_u16() == 404 && call.method() != "initialize";
            return match self.refused(session, call, &mut reply, response).await {
                Ok(()) => Ok(reply),
                // The session is part of the endpoint.
                Err(Trouble::Final(failure)) if lost => Err(Trouble::SessionLost(failure)),
                Err(trouble) => Err(trouble),
            };
        }
        // The answer comes on the stream, and is bounded there.
        call.hold = None;
        let mut came = Vec::new();
        let mut on_stream = Ok(());
        if response.status() == StatusCode::OK {
            // Some answer to the POST all the same, and some have a page there instead.
            tokio::select! {
                answered = arrive(&mut answers, &mut came) => on_stream = answered,
                at_once = Box::pin(self.answer_at_once(session, call, &mut reply, response)) => match at_once {
                    Err(Trouble::Final(failure)) => return Err(Trouble::Final(failure)),
                    // What is no answer, "ok" for one, says nothing.
                    Ok(()) | Err(_) => answers.retain(|(id, _)| call.awaiting.contains(id)),
                },
            }
        }
        if on_stream.is_ok() {
            on_stream = arrive(&mut answers, &mut came).await;
        }
        for answer in came {
            call.strike(&answer);
            if call.key.is_none() {
                reply.answer = Some(answer);
            }
        }
        on_stream.map(|()| reply).map_err(|_| match link.waiting().why.clone() {
            // As large the next time.
            Some(why) => Trouble::Spoiled(why),
            None => Trouble::Cut(cut()),
        })
    }

    /// Delivers what came, then wakes those who wait for an answer in it.
    async fn deliver_from(&self, link: &Arc<Link>, events: Vec<Event>, weight: super::Weight) {
        let session = Session::draft(link.generation, Some(Arc::clone(link)));
        let mut answered = Vec::new();
        let mut takes = |message: &Message| {
            let id = message.id().filter(|_| message.kind() == Is::Answer);
            let Some(waiter) = id.and_then(|id| take(&mut link.waiting().calls, id)) else { return false };
            if !waiter.own {
                self.note(&session, &waiter.request, message, None);
            }
            answered.push((waiter.done, message.clone()));
            waiter.own
        };
        let acts = |id: &Id| link.waiting().calls.get(id).is_none_or(|waiter| waiter.acts);
        let parsed = events.into_iter().filter_map(|event| self.message_in(&session, event, acts));
        let parsed = parsed.filter_map(|mut parsed| remains(&mut parsed, &mut takes).then_some(parsed)).collect();
        self.forward(None, &session, parsed, weight).await;
        for (done, answer) in answered {
            let _ = done.send(answer);
        }
    }
}

/// Waits for the answers that are still to come, and moves each to those that came. Nothing is lost when it is dropped.
async fn arrive(
    answers: &mut Vec<(Id, oneshot::Receiver<Message>)>,
    came: &mut Vec<Message>,
) -> Result<(), oneshot::error::RecvError> {
    while let Some((_, answer)) = answers.last_mut() {
        came.push(answer.await?);
        answers.pop();
    }
    Ok(())
}

/// Takes a waiter out; a server may have rounded the number in its id.
fn take(calls: &mut BTreeMap<Id, Waiter>, id: &Id) -> Option<Waiter> {
    if let Some(waiter) = calls.remove(id) {
        return Some(waiter);
    }
    let near = calls.keys().find(|waiting| waiting.is_nearly(id))?.clone();
    calls.remove(&near)
}

/// Nobody waits any more when the request is given up.
struct Registered {
    link: Arc<Link>,
    ids: Vec<Id>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut waiting = self.link.waiting();
        for id in &self.ids {
            waiting.calls.remove(id);
        }
    }
}

/// An open stream, and what was read of it and not delivered.
struct Stream {
    response: Response,
    parser: Parser,
    events: Vec<Event>,
}

impl Stream {
    /// Reads up to the event that names the endpoint; what came with it stays for the reader.
    async fn endpoint(&mut self, shared: &Shared) -> Option<String> {
        loop {
            let piece = shared.piece_within(None, &mut self.response).await.ok()??;
            self.parser.push(piece, &mut self.events);
            if self.parser.is_endless() {
                return None;
            }
            let named = self.events.iter().position(|event| event.name.as_deref() == Some("endpoint"));
            // Nothing can have been asked yet, so what comes before the endpoint answers nothing.
            let rest = self.events.split_off(named.unwrap_or(self.events.len()));
            self.events = rest;
            if named.is_some()
                && let Data::Whole(endpoint) = self.events.remove(0).data
            {
                return Some(String::from_utf8_lossy(&endpoint).into_owned());
            }
        }
    }
}

/// Reads the stream to its end. Then whoever waits is told, and a new session is opened in the
/// place of this one, for as long as it takes.
async fn read(shared: Arc<Shared>, link: Weak<Link>, mut stream: Stream) {
    let mut weight = shared.inflow.enter();
    let mut woke = shared.woke.subscribe();
    let (mut end, mut why) = (None, None);
    loop {
        if !stream.events.is_empty() {
            let Some(link) = link.upgrade() else { return };
            let weight = std::mem::replace(&mut weight, shared.inflow.enter());
            shared.deliver_from(&link, std::mem::take(&mut stream.events), weight).await;
        }
        if end.is_some() {
            break;
        }
        let piece: Option<Bytes> = tokio::select! {
            piece = shared.piece_within(None, &mut stream.response) => piece.ok().flatten(),
            _ = woke.changed() => None,
        };
        let Some(piece) = piece else { break };
        let taken = piece.len();
        stream.parser.push(piece, &mut stream.events);
        if !stream.events.is_empty() {
            let Stream { response, parser, events } = &mut stream;
            end = take_along(response, taken, |piece| parser.push(piece, events)).await;
        }
        if stream.parser.is_endless() {
            let endless = endless(shared.settings.limit);
            ENDLESS.warn(&endless.fact);
            why = Some(endless);
            break;
        }
        shared.cover(&mut weight, stream.parser.kept()).await;
    }
    let Some(link) = link.upgrade() else { return };
    let pause = shared.pause_after_link(link.opened.elapsed());
    {
        let mut waiting = link.waiting();
        waiting.closed = true;
        // No further off than the clock can count.
        let named = stream.parser.retry().unwrap_or_default().min(LONGEST_RETRY);
        waiting.due = Some(Instant::now() + named.max(pause));
        waiting.why = why;
        waiting.calls.clear();
    }
    // Its own task: the renewal drops the old link, and with it this one.
    shared.renew_in_time(link.generation);
}

static ENDLESS: Repeated = Repeated::new();
/// The longest reconnection time that a server can name.
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a stream may take to name its endpoint.
const ENDPOINT_WAIT: Duration = Duration::from_secs(5);

//! Streamable HTTP of the legacy era: POST, the standing GET stream, resumption, DELETE.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::Response;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::admission::{CALL_HOLD, Way};
use super::backoff::Backoff;
use super::call::{Call, Stage, without};
use super::modern::Alone;
use super::refusal::{Refusal, is_html};
use super::session::{Listening, Reply, Road, Session, Shared};
use super::sse::{Data, Event, Parser};
use super::{Arrival, Trouble, Weight};
use crate::auth::Ticket;
use crate::failure::{Failure, Kind};
use crate::http::{Lane, Request, shown};
use crate::message::{METHOD_NOT_FOUND, Message, Parsed, SERVER_ERROR, error_line, member};

impl Shared {
    /// POSTs a request and follows its response, through resumption if need be, until every
    /// request in it has its answer.
    pub async fn post_and_follow(self: &Arc<Self>, session: &Arc<Session>, call: &mut Call) -> Result<Reply, Trouble> {
        if call.may_be_asked_back() {
            self.wait_for_stream(session).await;
        }
        let response = self.post_call(session, call).await?;
        let mut reply = Reply::begin(&response);
        if !response.status().is_success() {
            Box::pin(self.refused(session, call, &mut reply, response)).await?;
            return Ok(reply);
        }
        // Boxed: what waits for the head of its answer, as hundreds of calls may, should be small.
        match Box::pin(self.look_at(response)).await? {
            Body::Whole(body, weight) => Box::pin(self.answer(session, call, &mut reply, body, weight)).await?,
            Body::Stream(first, response) => Box::pin(self.follow(session, call, &mut reply, first, response)).await?,
        }
        Ok(reply)
    }

    /// POSTs a notification or an answer.
    pub async fn tell(self: &Arc<Self>, session: &Session, raw: &Bytes) -> Result<(), Trouble> {
        self.tell_with(session, raw, std::iter::empty()).await
    }

    /// POSTs a notification or an answer with further headers.
    pub async fn tell_with(
        &self,
        session: &Session,
        raw: &Bytes,
        headers: impl Iterator<Item = (HeaderName, HeaderValue)> + Clone,
    ) -> Result<(), Trouble> {
        let make = || {
            let mut request = self.request(Method::POST, session, raw.clone());
            request.own.extend(headers.clone());
            request
        };
        let response = self.admitted(Way::aside(Some(CALL_HOLD)), make, || {}).await?;
        log::debug!("POST answered {}", response.status().as_u16());
        if response.status().is_success() {
            return Ok(());
        }
        let refusal = Refusal::read(response).await;
        let failure = refusal.failure(&self.settings, &self.login.ticket_at_hand());
        Err(refusal.retry_after().map_or(Trouble::Final(failure.clone()), |wait| Trouble::Later(wait, failure)))
    }

    /// POSTs beside the requests of the editor.
    pub async fn post(&self, session: &Session, body: Bytes) -> Result<Response, Trouble> {
        let make = || self.request(Method::POST, session, body.clone());
        let response = self.admitted(Way::aside(Some(CALL_HOLD)), make, || {}).await?;
        log::debug!("POST answered {}", response.status().as_u16());
        Ok(response)
    }

    /// Ends the session at the server, which may not care.
    pub async fn delete(&self, session: &Session) {
        self.delete_with(session, &self.login.ticket_at_hand()).await;
    }

    /// Ends the session of the one with this ticket.
    pub async fn delete_with(&self, session: &Session, ticket: &Ticket) {
        if session.id.is_none() {
            return;
        }
        let mut request = self.request(Method::DELETE, session, Bytes::new());
        ticket.add_to(&mut request);
        match self.http.send(Lane::Control, request).await {
            Ok(response) => log::debug!("DELETE answered {}", response.status().as_u16()),
            Err(trouble) => log::debug!("DELETE failed: {}", trouble.into_failure()),
        }
    }

    /// POSTs a request of the editor, telling the loop how far it has come.
    pub async fn post_call(&self, session: &Session, call: &mut Call) -> Result<Response, Trouble> {
        let make = || {
            let mut request = self.request(Method::POST, session, call.body.clone());
            request.own.extend(call.alone.iter().flat_map(Alone::headers));
            request.body_out = Some(Box::new(BodyOut(call.stage.clone())));
            call.stage.send_replace(Stage::Sending);
            request
        };
        let held = || {
            call.stage.send_replace(Stage::Held);
        };
        let way = Way {
            lane: if call.listens() { Lane::Control } else { Lane::Calls },
            // Whoever waits for a session to open, or for a stream, waits for the person too.
            patience: (!call.opens() && !call.listens()).then_some(CALL_HOLD),
            head: self.settings.headers_timeout,
        };
        let response = match self.admitted(way, make, held).await {
            Ok(response) => response,
            Err(trouble) => {
                if let Trouble::NotSent(_) = trouble {
                    held();
                }
                return Err(trouble);
            }
        };
        log::debug!("POST {} answered {}", call.method(), response.status().as_u16());
        // A stream may be quiet for hours. A body is short-lived, and counts until it is delivered.
        if is_event_stream(response.headers()) {
            call.hold = None;
        }
        Ok(response)
    }

    fn request(&self, method: Method, session: &Session, body: Bytes) -> Request {
        let accept = if method == Method::GET { EVENT_STREAM } else { JSON_OR_EVENT_STREAM };
        let mut own = Vec::with_capacity(4);
        own.push((header::ACCEPT, HeaderValue::from_static(accept)));
        if method == Method::POST {
            own.push((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        if let Some(version) = &session.version {
            own.push((HeaderName::from_static("mcp-protocol-version"), version.clone()));
        }
        if let Some(id) = &session.id {
            own.push((HeaderName::from_static("mcp-session-id"), id.clone()));
        }
        let url = match &session.road {
            Road::Sse(link) if method == Method::POST => link.endpoint(),
            _ => self.settings.url.clone(),
        };
        Request { method, url, common: Arc::clone(&self.settings.headers), own, body, body_out: None }
    }

    /// Asks for a stream, or for the rest of one.
    pub async fn get(
        &self,
        session: &Session,
        lane: Lane,
        last_event: Option<&str>,
        limit: Option<Duration>,
    ) -> Result<Response, Trouble> {
        let last = last_event.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let make = || {
            let mut request = self.request(Method::GET, session, Bytes::new());
            request.own.extend(last.clone().map(|id| (HeaderName::from_static("last-event-id"), id)));
            request
        };
        let way = match lane {
            Lane::Calls => Way { lane, patience: Some(CALL_HOLD), head: limit },
            Lane::Control => Way { head: limit, ..Way::aside(None) },
        };
        let response = self.admitted(way, make, || {}).await?;
        log::debug!("GET answered {}", response.status().as_u16());
        Ok(response)
    }

    /// What a server asks before the standing stream is up is lost, so what may make it ask waits
    /// for the stream, but not for long, and not again for a server that let the time lapse.
    async fn wait_for_stream(&self, session: &Session) {
        let mut listening = session.listening.subscribe();
        if *listening.borrow() != Listening::Asked || self.slow_to_listen.load(Ordering::Relaxed) {
            return;
        }
        let settled = timeout(STREAM_WAIT, listening.wait_for(|listening| *listening == Listening::Settled)).await;
        if settled.is_err() {
            self.slow_to_listen.store(true, Ordering::Relaxed);
        }
    }

    /// Decides what a status that is no success means.
    pub async fn refused(
        self: &Arc<Self>,
        session: &Arc<Session>,
        call: &mut Call,
        reply: &mut Reply,
        response: Response,
    ) -> Result<(), Trouble> {
        let refusal = Refusal::read(response).await;
        let status = refusal.status.as_u16();
        let failure = refusal.failure(&self.settings, &self.login.ticket_at_hand());
        if let Some(wait) = refusal.retry_after() {
            return Err(Trouble::Later(wait, failure));
        }
        let own = refusal.error().filter(|error| {
            error.id().is_some_and(|id| call.awaiting.iter().any(|waiting| waiting.is_nearly(id))) && status != 401
        });
        let in_session = session.id.is_some();
        // Some servers put the request's id even into "no such session".
        let no_method = |error: &Message| {
            let code = error.error().and_then(|error| member(error, "code"));
            code.and_then(|code| code.parse().ok()) == Some(METHOD_NOT_FOUND)
        };
        if status == 404 && in_session && !own.as_ref().is_some_and(no_method) {
            return Err(Trouble::SessionLost(failure));
        }
        if let Some(error) = own {
            self.deliver(session, call, reply, vec![Parsed::One(error)]).await;
            return Ok(());
        }
        match status {
            400 if in_session && !self.is_alive(session).await => Err(Trouble::SessionLost(failure)),
            // A gateway says these, and nobody knows whether the server behind it has seen the request.
            502..=504 => Err(Trouble::Cut(failure)),
            _ => Err(Trouble::Final(failure)),
        }
    }

    /// Finds out what a body is. The bytes decide and not the type alone: there are servers that
    /// send either one under the other's name.
    async fn look_at(&self, mut response: Response) -> Result<Body, Trouble> {
        let named_stream = is_event_stream(response.headers());
        let status = response.status().as_u16();
        let announced = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > self.settings.limit {
            return Err(self.too_large());
        }
        // Before anything is read, so that answers for an editor that does not read stay where they
        // are: in the server.
        let mut weight = self.inflow.enter();
        self.cover(&mut weight, announced).await;
        let mut head = Bytes::new();
        while head.trim_ascii_start().is_empty() {
            match self.piece(&mut response).await.map_err(Trouble::Cut)? {
                Some(piece) if head.is_empty() => head = piece,
                Some(piece) => head = [head, piece].concat().into(),
                None => break,
            }
            if head.len() > LONGEST_BLANK {
                break;
            }
        }
        let start = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).trim_ascii_start();
        let json = matches!(start.first(), Some(b'{' | b'['));
        let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
        if json {
            let start = head.slice_ref(start);
            let body = self.whole(start, announced, response, &mut weight).await?;
            return Ok(Body::Whole(body, weight));
        }
        if named_stream || fields.iter().any(|field| start.starts_with(field)) {
            return Ok(Body::Stream(head, response));
        }
        let server = shown(&self.settings.url);
        let failure = |fact: String, remedy: &str| Failure::new(Kind::Protocol, fact).remedy(remedy).status(status);
        Err(Trouble::Final(if is_html(response.headers(), start) {
            failure(format!("{server} is a web page (HTTP {status})"), "is this the MCP URL?")
        } else if start.is_empty() {
            let fact = format!("{server} accepted the request (HTTP {status}) but gave no answer to it");
            failure(fact, MAY_HAVE_RUN)
        } else {
            failure(
                format!("{server} answered with neither JSON nor an event stream (HTTP {status})"),
                "is this the MCP URL?",
            )
        }))
    }

    /// The whole of a body that begins with `head` and has `announced` bytes, if it says so.
    async fn whole(
        &self,
        head: Bytes,
        announced: usize,
        mut response: Response,
        weight: &mut Weight,
    ) -> Result<Bytes, Trouble> {
        let Some(second) = self.piece(&mut response).await.map_err(Trouble::Cut)? else { return Ok(head) };
        let mut body = Vec::new();
        body.reserve_exact(announced.max(head.len() + second.len()));
        body.extend_from_slice(&head);
        body.extend_from_slice(&second);
        drop((head, second));
        while let Some(piece) = self.piece(&mut response).await.map_err(Trouble::Cut)? {
            body.extend_from_slice(&piece);
            drop(piece);
            if body.len() > self.settings.limit {
                return Err(self.too_large());
            }
            self.cover(weight, body.len()).await;
        }
        if body.len() > self.settings.limit { Err(self.too_large()) } else { Ok(body.into()) }
    }

    fn too_large(&self) -> Trouble {
        let fact = format!("the server's answer is larger than {} bytes", self.settings.limit);
        Trouble::Final(Failure::new(Kind::Protocol, fact).remedy("raise --max-message-size"))
    }

    /// Takes room for a message of the server, or waits for it. With HTTP/2 the oldest message may
    /// itself wait for room in a window that the waiting ones fill; so when the editor does read,
    /// and there is still no room, progress counts more than the budget.
    pub async fn cover(&self, weight: &mut Weight, bytes: usize) {
        while timeout(ROOM_WAIT, weight.cover(bytes)).await.is_err() {
            if self.arrivals.capacity() > 0 {
                weight.insist(bytes);
            }
        }
    }

    /// The next piece of a body that somebody waits for.
    async fn piece(&self, response: &mut Response) -> Result<Option<Bytes>, Failure> {
        self.piece_within(self.settings.body_timeout, response).await
    }

    /// The next piece of a stream, which may be quiet for ever unless there is a limit.
    pub async fn piece_within(
        &self,
        limit: Option<Duration>,
        response: &mut Response,
    ) -> Result<Option<Bytes>, Failure> {
        match within(limit, response.chunk()).await {
            Some(Ok(piece)) => Ok(piece),
            Some(Err(error)) => {
                let fact = format!("the server's answer broke off: {}", crate::http::root_cause(&error));
                Err(Failure::new(Kind::Unreachable, fact).remedy(MAY_HAVE_RUN))
            }
            None => Err(silent("was silent in mid-answer", "--body-timeout")),
        }
    }

    async fn answer(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        body: Bytes,
        weight: Weight,
    ) -> Result<(), Trouble> {
        let parsed = Message::parse(body).map_err(|fault| {
            let fact = format!("the server's answer is not JSON-RPC: {}", fault.text);
            Trouble::Final(Failure::new(Kind::Protocol, fact).remedy("is this the MCP URL?"))
        })?;
        // An error with a null id is about the one request that was sent.
        if let Parsed::One(message) = &parsed
            && let (None, Some(error)) = (message.id(), message.error())
        {
            let fact = "the server answered with an error";
            return Err(Trouble::Final(Failure { error: Some(error.into()), ..Failure::new(Kind::Protocol, fact) }));
        }
        self.deliver_heavy(session, call, reply, vec![parsed], weight).await;
        if call.awaiting.is_empty() {
            return Ok(());
        }
        let fact = "the server answered, but not to this request (no answer has its id)";
        Err(Trouble::Final(
            Failure::new(Kind::Protocol, fact).remedy("the server has a fault; its operator may know more"),
        ))
    }

    /// Reads an event stream, and what continues it, until every request has its answer.
    async fn follow(
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
            let cut = end
                .err()
                .unwrap_or_else(|| Failure::new(Kind::Unreachable, "the server closed the stream without an answer"));
            let cut = cut.remedy(MAY_HAVE_RUN);
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
    async fn resume(&self, session: &Session, track: &mut Track, cut: Failure) -> Result<Response, Trouble> {
        let since = Instant::now();
        loop {
            sleep(track.pause()).await;
            let last = track.last.clone();
            let refusal = match self.get(session, Lane::Calls, last.as_deref(), Some(GET_HEAD)).await {
                Ok(response) if response.status().is_success() && is_event_stream(response.headers()) => {
                    track.resumed = true;
                    return Ok(response);
                }
                Ok(response) if response.status().is_server_error() || response.status().as_u16() == 429 => cut.clone(),
                Ok(_) | Err(Trouble::Final(_)) => return Err(Trouble::Cut(cut)),
                Err(trouble) => trouble.into_failure(),
            };
            if since.elapsed() > RESUME_WINDOW {
                log::debug!("a stream could not be resumed: {refusal}");
                return Err(Trouble::Cut(cut));
            }
        }
    }

    /// Reads one event stream to its end and delivers what it holds; stops early once every
    /// request of `call` has its answer.
    async fn read_stream(
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
            parser.push(piece, &mut events);
            track.retry = parser.retry().or(track.retry);
            let mut parsed = Vec::new();
            for event in events.drain(..) {
                if track.is_new(&event) {
                    parsed.extend(self.message_in(session, event));
                }
            }
            if parser.is_endless() {
                let fact =
                    format!("the server's message is larger than {} bytes, and does not end", self.settings.limit);
                return Err(Failure::new(Kind::Protocol, fact).remedy("raise --max-message-size"));
            }
            self.cover(&mut weight, parser.kept()).await;
            if !parsed.is_empty() {
                let weight = std::mem::replace(&mut weight, self.inflow.enter());
                match &mut call {
                    Some((call, reply)) => self.deliver_heavy(session, call, reply, parsed, weight).await,
                    None => self.forward(None, session, parsed, weight).await,
                }
            }
            if linger_until.is_none() && call.as_ref().is_some_and(|(call, _)| call.awaiting.is_empty()) {
                linger_until = Some(Instant::now() + LINGER);
            }
            let resumable = match &call {
                None => true,
                Some((call, _)) => call.listens() || (track.last.is_some() && call.alone.is_none()),
            };
            let limit = call.as_ref().filter(|(call, _)| !call.listens()).and(self.settings.body_timeout);
            let next = if let Some(until) = linger_until {
                // A stream ends after its answer. To see the end keeps the connection usable.
                timeout_at(until, response.chunk()).await.ok().and_then(Result::ok).flatten()
            } else {
                tokio::select! {
                    next = self.piece_within(limit, response) => next?,
                    _ = woke.changed(), if resumable => return Err(Failure::new(Kind::Unreachable, "the computer slept")),
                }
            };
            match next {
                Some(next) => piece = next,
                None => return Ok(()),
            }
        }
    }

    /// The message in an event. One that is too large becomes an error for whoever waits for it.
    pub fn message_in(&self, session: &Session, event: Event) -> Option<Parsed> {
        if event.name.is_some() {
            return None;
        }
        let skim = match event.data {
            Data::Nothing => return None,
            // A priming event: its id is all that it has to say.
            Data::Whole(data) if data.is_empty() => return None,
            Data::Whole(data) => match Message::parse(data) {
                Ok(parsed) => return Some(parsed),
                Err(fault) => {
                    log::warn!("the server sent an event that is no message: {}", fault.text);
                    return None;
                }
            },
            Data::TooLong(skim) => skim,
        };
        let text = format!("the message is larger than {} bytes; raise --max-message-size", self.settings.limit);
        log::warn!("a message of the server was left out: {text}");
        let line = error_line(Some(skim.id()?), SERVER_ERROR, &text, None);
        if skim.has_method() {
            self.answer_back(session, line);
            return None;
        }
        Message::single(line).ok().map(Parsed::One)
    }

    fn answer_back(&self, session: &Session, line: Bytes) {
        let mut request = self.request(Method::POST, session, line);
        self.login.ticket_at_hand().add_to(&mut request);
        // Not on this task: the stream must be read on.
        let sent = self.http.send_detached(Lane::Control, request);
        tokio::spawn(sent);
    }

    /// Hands messages to the loop, and notes which requests of `call` they answer.
    async fn deliver(&self, session: &Session, call: &mut Call, reply: &mut Reply, parsed: Vec<Parsed>) {
        self.deliver_heavy(session, call, reply, parsed, self.inflow.enter()).await;
    }

    async fn deliver_heavy(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        parsed: Vec<Parsed>,
        weight: Weight,
    ) {
        let mut takes = |message: &Message| {
            let answer = message.kind() == crate::message::Kind::Answer;
            let Some(request) = answer.then(|| call.strike(message)).flatten() else { return false };
            if call.key.is_some() {
                self.note(session.generation, &session.road, &request, message, reply.session.as_ref());
                return false;
            }
            reply.answer = Some(message.clone());
            true
        };
        let parsed = parsed.into_iter().filter_map(|parsed| without(parsed, &mut takes)).collect();
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

/// Keeps the standing stream of a session for the life of the session.
pub async fn listen(shared: Arc<Shared>, session: Arc<Session>) {
    let mut track = Track::default();
    let mut backoff = Backoff::for_streams();
    let mut woke = shared.woke.subscribe();
    let mut heard = false;
    loop {
        // No limit: there are servers that send the head with the first event.
        let outcome = shared.get(&session, Lane::Control, track.last.as_deref(), None).await;
        session.listening.send_replace(Listening::Settled);
        let pause = match outcome {
            Ok(mut response) if response.status().is_success() && is_event_stream(response.headers()) => {
                track.resumed = track.last.is_some();
                heard = true;
                let began = Instant::now();
                let end = shared.read_stream(&session, None, Bytes::new(), &mut response, &mut track).await;
                log::debug!("the standing stream ended: {}", end.err().map_or("closed".into(), |end| end.to_string()));
                if began.elapsed() >= LIVED {
                    backoff.reset();
                }
                track.named_pause().unwrap_or_else(|| backoff.next())
            }
            Ok(response) => match response.status().as_u16() {
                400 | 404 if heard => {
                    // It had a stream and now does not know us, or the event we name.
                    if !shared.is_alive(&session).await {
                        shared.renew_in_time(session.generation);
                        return;
                    }
                    track = Track::default();
                    backoff.next()
                }
                409 | 429 | 500..=599 => backoff.next().max(track.named_pause().unwrap_or_default()),
                status => {
                    log::debug!("the server has no standing stream (HTTP {status})");
                    return;
                }
            },
            Err(_) => backoff.next().max(track.named_pause().unwrap_or_default()),
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = woke.changed() => {}
        }
    }
}

/// What resumption needs to know of a stream.
#[derive(Default)]
struct Track {
    last: Option<Box<str>>,
    retry: Option<Duration>,
    resumed: bool,
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
    fn named_pause(&self) -> Option<Duration> {
        self.retry.map(|retry| retry.max(SHORTEST_RETRY))
    }

    /// How long to wait before the stream is asked for again.
    fn pause(&mut self) -> Duration {
        let backoff = self.backoff.get_or_insert_with(Backoff::for_requests);
        let own = backoff.next();
        self.retry.map_or(own, |retry| retry.max(SHORTEST_RETRY))
    }
}

/// A body, as far as its beginning tells.
enum Body {
    Whole(Bytes, Weight),
    Stream(Bytes, Response),
}

/// Says that a body is out when it is dropped.
struct BodyOut(watch::Sender<Stage>);

impl Drop for BodyOut {
    fn drop(&mut self) {
        self.0.send_replace(Stage::Out);
    }
}

/// `future`, or `None` after `limit`, if there is one.
pub async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

/// That the server was silent for longer than a limit allows.
pub fn silent(what: &str, which: &str) -> Failure {
    Failure::new(Kind::Unreachable, format!("the server {what} in time ({which})")).remedy(MAY_HAVE_RUN)
}

/// Whether the type of a response is that of an event stream.
pub fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    value.get(..EVENT_STREAM.len()).is_some_and(|value| value.eq_ignore_ascii_case(EVENT_STREAM.as_bytes()))
}

/// The remedy where nobody knows whether a request ran.
pub const MAY_HAVE_RUN: &str = "the request may have run: look before you repeat it";
const EVENT_STREAM: &str = "text/event-stream";
const JSON_OR_EVENT_STREAM: &str = "application/json, text/event-stream";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// White space before a body that is still taken for one.
const LONGEST_BLANK: usize = 64 * 1024;
/// How long calls wait for the standing stream.
const STREAM_WAIT: Duration = Duration::from_millis(300);
/// How long a GET that somebody waits for may take to be answered at all; its stream has no limit.
pub const GET_HEAD: Duration = Duration::from_secs(30);
/// How long a connection is kept for the end of a stream that has given its answer.
const LINGER: Duration = Duration::from_secs(1);
/// How long a cut stream is asked for again, if nobody answers.
const RESUME_WINDOW: Duration = Duration::from_secs(30);
/// A stream that lived this long was not refused: the pauses begin again with the shortest.
const LIVED: Duration = Duration::from_secs(10);
/// A server that names a shorter pause would be asked without pause.
const SHORTEST_RETRY: Duration = Duration::from_millis(100);
/// How long a message waits for room before it is asked whether the editor is the reason.
const ROOM_WAIT: Duration = Duration::from_secs(5);
/// Event ids that are remembered against replays.
const REMEMBERED: usize = 4096;

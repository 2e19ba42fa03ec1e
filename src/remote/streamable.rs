//! Streamable HTTP of the legacy era: POST and its refusals, GET, DELETE.

mod body;
mod standing;
mod stream;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio::time::timeout;

use super::Trouble;
use super::admission::{CALL_HOLD, Terms};
use super::call::Call;
use super::modern::Alone;
use super::progress::Stage;
use super::refusal::{Refusal, is_unknown_method};
use super::session::{Reply, SESSION_ID, Session, Shared, session_id};
use crate::auth::Ticket;
use crate::failure::{Failure, Kind};
use crate::http::{Lane, Request, Response, Sent};
use crate::message::{Message, Parsed};

use body::Body;
pub use body::take_along;
pub use standing::listen;
pub use stream::endless;

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
        if call.method() == "initialize" {
            session_id(response.headers()).map_err(Trouble::Spoiled)?;
        }
        let begun = Begun::by(self, session, call, &reply);
        // Boxed: what waits for the head of its answer, as hundreds of calls may, should be small.
        let outcome = Box::pin(self.take_in(session, call, &mut reply, response)).await;
        if let Some(begun) = begun {
            begun.comes_to(&outcome);
        }
        outcome.map(|()| reply)
    }

    /// Reads a response that is a success, with what continues it, until every request has its answer.
    pub async fn take_in(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        response: Response,
    ) -> Result<(), Trouble> {
        match self.look_at(response).await? {
            Body::Whole(body, weight) => self.answer(session, call, reply, body, weight).await,
            Body::Stream(first, response) => self.follow(session, call, reply, first, response).await,
        }
    }

    /// Looks for the answer in the body of a response, where it belongs on another stream.
    pub async fn answer_at_once(
        &self,
        session: &Session,
        call: &mut Call,
        reply: &mut Reply,
        response: Response,
    ) -> Result<(), Trouble> {
        match self.look_at(response).await? {
            Body::Whole(body, weight) => self.answer(session, call, reply, body, weight).await,
            Body::Stream(..) => Ok(()),
        }
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
        let response = self.admitted(Terms::aside(Some(CALL_HOLD)), make, || true).await?;
        log::debug!("POST answered {}", response.status().as_u16());
        if response.status().is_success() {
            return Ok(());
        }
        let refusal = Refusal::read(self, response).await;
        let failure = refusal.failure(&self.settings, &self.login);
        Err(match refusal.retry_after() {
            Some(wait) => Trouble::Later(wait, failure),
            None if refusal.is_from_gateway() => Trouble::Cut(failure),
            None => Trouble::Final(failure),
        })
    }

    /// POSTs beside the requests of the editor.
    pub async fn post(&self, session: &Session, body: Bytes) -> Result<Response, Trouble> {
        let make = || self.request(Method::POST, session, body.clone());
        let response = self.admitted(Terms::aside(Some(CALL_HOLD)), make, || true).await?;
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
            let progress = call.progress.follow();
            // Not before there is a connection: until then the server can have seen nothing of it.
            request.told = Some(Box::new(move |sent| {
                progress.reach(match sent {
                    Sent::Partly => Stage::Sending,
                    Sent::Wholly => Stage::Out,
                });
            }));
            request
        };
        let held = || {
            call.progress.reach(Stage::Held);
            !call.progress.is_cancelled()
        };
        let terms = Terms {
            lane: if call.listens() { Lane::Control } else { Lane::Calls },
            // Whoever waits for a session to open, or for a stream, waits for the person too.
            patience: (!call.opens() && !call.listens()).then_some(CALL_HOLD),
            head: self.settings.headers_timeout,
        };
        let response = match self.admitted(terms, make, held).await {
            Ok(response) => response,
            Err(trouble) => {
                if let Trouble::NotSent(_) = trouble {
                    held();
                }
                let is_held = call.progress.follow().is_at(Stage::Held);
                return Err(match trouble {
                    // A limit ran out before there was a connection.
                    Trouble::Spoiled(failure) if is_held => Trouble::Final(failure),
                    // The connection ended while the request waited for a stream of it: HTTP/2 servers allow so many at
                    // once. Nothing of the message has left, whatever has of its headers.
                    Trouble::Cut(failure) if is_held => Trouble::NotSent(failure),
                    trouble => trouble,
                });
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
        let (common, own) = if method == Method::POST {
            // Built once for all the messages of a session.
            let posted = session.posted.get_or_init(|| {
                let own = own_headers(&method, session);
                let mut all = HeaderMap::with_capacity(self.settings.headers.len() + own.len() + ADDED);
                all.extend((*self.settings.headers).clone());
                own.into_iter().for_each(|(name, value)| drop(all.insert(name, value)));
                Arc::new(all)
            });
            (Arc::clone(posted), Vec::new())
        } else {
            (Arc::clone(&self.settings.headers), own_headers(&method, session))
        };
        let url = match &session.link {
            Some(link) if method == Method::POST => link.endpoint(),
            _ => self.settings.url.clone(),
        };
        Request { method, url, common, own, body, told: None, proof: None }
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
        let terms = match lane {
            Lane::Calls => Terms { lane, patience: Some(CALL_HOLD), head: limit },
            Lane::Control => Terms { head: limit, ..Terms::aside(None) },
        };
        let response = self.admitted(terms, make, || true).await?;
        log::debug!("GET answered {}", response.status().as_u16());
        Ok(response)
    }

    /// Decides what a status that is no success means.
    pub async fn refused(
        self: &Arc<Self>,
        session: &Arc<Session>,
        call: &mut Call,
        reply: &mut Reply,
        response: Response,
    ) -> Result<(), Trouble> {
        let refusal = Refusal::read(self, response).await;
        let status = refusal.status.as_u16();
        let failure = refusal.failure(&self.settings, &self.login);
        if let Some(wait) = refusal.retry_after() {
            return Err(Trouble::Later(wait, failure));
        }
        let is_own = |answer: &Message| {
            answer.id().is_some_and(|id| call.awaiting.iter().any(|waiting| waiting.is_nearly(id))) && status != 401
        };
        let own = refusal.error().filter(is_own);
        let each: Vec<_> = refusal.batch().into_iter().filter(is_own).map(Ok).collect();
        let in_session = session.id.is_some();
        // Some servers put the request's id even into "no such session".
        if status == 404 && in_session && !own.as_ref().is_some_and(is_unknown_method) {
            return Err(Trouble::SessionLost(failure));
        }
        if let Some(error) = own {
            self.deliver(session, call, reply, vec![Parsed::One(error)], refusal.into_weight()).await;
            return Ok(());
        }
        if !each.is_empty() {
            let may_have_run = refusal.may_have_run();
            self.deliver(session, call, reply, vec![Parsed::Batch(each)], refusal.into_weight()).await;
            return match () {
                () if call.awaiting.is_empty() => Ok(()),
                () if may_have_run => Err(Trouble::Spoiled(failure)),
                () => Err(Trouble::Final(failure)),
            };
        }
        match status {
            400 if in_session && !self.is_alive(session).await => Err(Trouble::SessionLost(failure)),
            _ if refusal.is_from_gateway() => Err(Trouble::Cut(failure)),
            _ if refusal.may_have_run() => Err(Trouble::Spoiled(failure)),
            _ => Err(Trouble::Final(failure)),
        }
    }
}

/// A session that the head of an answer to `initialize` has named. Without the rest of it nobody will use the
/// session, however that comes about, so it is ended.
struct Begun {
    shared: Arc<Shared>,
    session: Option<Session>,
}

impl Begun {
    fn by(shared: &Arc<Shared>, session: &Session, call: &Call, reply: &Reply) -> Option<Self> {
        let id = reply.session.clone().filter(|_| call.method() == "initialize")?;
        Some(Begun { shared: Arc::clone(shared), session: Some(session.with_id(id)) })
    }

    fn comes_to(mut self, outcome: &Result<(), Trouble>) {
        if outcome.is_ok() {
            self.session = None;
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.shared.give_up(Arc::new(session));
        }
    }
}

/// The headers of a request in `session` that the person has no say in.
fn own_headers(method: &Method, session: &Session) -> Vec<(HeaderName, HeaderValue)> {
    let accept = if *method == Method::GET { EVENT_STREAM } else { JSON_OR_EVENT_STREAM };
    let json = (*method == Method::POST).then(|| HeaderValue::from_static("application/json"));
    let named = |name, value: Option<HeaderValue>| value.map(|value| (name, value));
    let all = [
        named(header::ACCEPT, Some(HeaderValue::from_static(accept))),
        named(header::CONTENT_TYPE, json),
        named(HeaderName::from_static("mcp-protocol-version"), session.version.clone()),
        named(SESSION_ID, session.id.clone()),
    ];
    all.into_iter().flatten().collect()
}

/// `future`, or `None` after `limit`, if there is one.
pub async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

/// That the server was silent for longer than the limit `which` allows.
pub fn silent(fact: &str, which: &str) -> Failure {
    Failure::new(Kind::Unreachable, format!("{fact} ({which})"))
}

/// Whether the type of a response is that of an event stream.
pub fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    value.get(..EVENT_STREAM.len()).is_some_and(|value| value.eq_ignore_ascii_case(EVENT_STREAM.as_bytes()))
}

/// Room for the headers that a request gets on its way: Authorization, Host, User-Agent, Accept-Encoding, Cookie, DPoP.
const ADDED: usize = 6;
const EVENT_STREAM: &str = "text/event-stream";
const JSON_OR_EVENT_STREAM: &str = "application/json, text/event-stream";
/// How long a GET that somebody waits for may take to be answered at all; its stream has no limit.
pub const GET_HEAD: Duration = Duration::from_secs(30);

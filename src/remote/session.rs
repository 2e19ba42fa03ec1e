//! The session with a legacy server: opened once, restored when the server lost it.

mod renewal;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet, yield_now};
use tokio::time::{sleep, timeout};

use super::backoff::{self, Patience, Pauses};
use super::call::Call;
use super::inflow::Inflow;
use super::legacy_sse::Link;
use super::refusal::{Refusal, is_unknown_method};
use super::wake::Clocks;
use super::{Arrival, GOODBYE, Settings, Trouble};
use crate::auth::{Login, Said};
use crate::failure::{Failure, Kind};
use crate::http::{Http, Response};
use crate::log::Repeated;
use crate::message::{Id, Message, member, plain_string, request_line};
use crate::versions::Transport;

/// One session. A lost one is not mended but followed by another, with the next generation.
pub struct Session {
    /// Counts sessions; messages and questions belong to one.
    pub generation: u64,
    /// The stream that HTTP+SSE has; Streamable HTTP has none.
    pub link: Option<Arc<Link>>,
    /// The session id, if the server gave one.
    pub id: Option<HeaderValue>,
    /// The negotiated version.
    pub version: Option<HeaderValue>,
    /// How far the standing stream has come.
    pub listening: watch::Sender<Listening>,
    /// The headers of every POST in it, once there was one.
    pub posted: OnceLock<Arc<HeaderMap>>,
}

/// How far the standing stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// It is not wanted yet.
    No,
    /// It was asked for.
    Asked,
    /// The server has answered, with a stream or without.
    Settled,
}

impl Session {
    /// A session that `initialize` has still to open.
    pub fn draft(generation: u64, link: Option<Arc<Link>>) -> Self {
        let listening = watch::Sender::new(Listening::No);
        Session { generation, link, id: None, version: None, listening, posted: OnceLock::new() }
    }

    /// The same draft with the id that the server gave before it answered.
    pub fn with_id(&self, id: HeaderValue) -> Self {
        Session { id: Some(id), ..Session::draft(self.generation, self.link.clone()) }
    }

    /// Whether its stream has ended, and with it the session.
    pub fn is_over(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.is_over())
    }

    /// The session that `answer` to the `initialize` of this draft opens; `None` if it is a refusal.
    fn opened(&self, id: Option<HeaderValue>, answer: &Message) -> Option<Self> {
        let version = member(answer.result()?, "protocolVersion").and_then(plain_string);
        let version = version.and_then(|version| HeaderValue::from_str(&version).ok());
        Some(Session { id, version, ..Session::draft(self.generation, self.link.clone()) })
    }
}

/// What the transports share.
pub struct Shared {
    /// Which server, and how it is spoken to.
    pub settings: Settings,
    /// The HTTP client.
    pub http: Arc<Http>,
    /// The sign-in.
    pub login: Login,
    /// Where everything goes that the server says.
    pub arrivals: mpsc::Sender<Arrival>,
    /// Memory for large messages.
    pub inflow: Arc<Inflow>,
    /// Counts how often the computer slept.
    pub woke: watch::Sender<u64>,
    /// By which that is noticed.
    pub clocks: Clocks,
    /// The pauses between the streams of HTTP+SSE, each of which is a session.
    links: Mutex<Pauses>,
    /// A server that once let the wait for its standing stream lapse is not waited for again.
    pub slow_to_listen: AtomicBool,
    current: Mutex<Option<Arc<Session>>>,
    /// A session that is opened in the place of the current one, and is still to be made like it.
    coming: Mutex<Option<Arc<Session>>>,
    generations: AtomicU64,
    renewal: tokio::sync::Mutex<Option<renewal::Unopened>>,
    restore: Mutex<Restore>,
    listener: Mutex<Option<AbortHandle>>,
    /// What runs beside the requests.
    beside: Mutex<JoinSet<()>>,
    /// The ends of sessions that were given up.
    ends: Mutex<JoinSet<()>>,
    /// Places for answers to the server that are given here, beside the loop.
    pub answering: Arc<Semaphore>,
    own_ids: OwnIds,
}

/// What a new session must be told to be like the lost one.
#[derive(Default)]
struct Restore {
    initialize: Option<Message>,
    level: Option<Message>,
    subscriptions: BTreeMap<String, Message>,
}

impl Shared {
    /// Nothing has been sent.
    pub fn new(settings: Settings, http: Http, login: Login, arrivals: mpsc::Sender<Arrival>) -> Self {
        Shared {
            settings,
            http: Arc::new(http),
            login,
            arrivals,
            inflow: Arc::default(),
            woke: watch::Sender::new(0),
            clocks: Clocks::default(),
            links: Mutex::default(),
            slow_to_listen: AtomicBool::new(false),
            current: Mutex::default(),
            coming: Mutex::default(),
            generations: AtomicU64::new(0),
            renewal: tokio::sync::Mutex::default(),
            restore: Mutex::default(),
            listener: Mutex::default(),
            beside: Mutex::default(),
            ends: Mutex::default(),
            answering: Arc::new(Semaphore::new(MOST_ANSWERING)),
            own_ids: OwnIds::default(),
        }
    }

    /// The session that requests go to now.
    pub fn current(&self) -> Option<Arc<Session>> {
        locked(&self.current).clone()
    }

    /// The session to which an answer to a question of this generation goes; `None` if there is none
    /// any more. A server may ask as soon as it has answered `initialize`, and wait for the answer
    /// before it does anything else.
    pub async fn asking(&self, generation: u64) -> Option<Arc<Session>> {
        let of_it = |session: &Mutex<Option<Arc<Session>>>| {
            locked(session).clone().filter(|session| session.generation == generation)
        };
        let session = match of_it(&self.coming) {
            Some(session) => Some(session),
            None => {
                if self.current().is_some_and(|current| current.generation < generation) {
                    // Its session is not known here yet.
                    let _renewal = self.renewal.lock().await;
                }
                of_it(&self.current)
            }
        };
        session.filter(|session| !session.is_over())
    }

    /// Takes the session away, so that the next `initialize` finds none.
    pub fn retire(&self) -> Option<Arc<Session>> {
        self.stop_listening();
        *locked(&self.restore) = Restore::default();
        locked(&self.current).take()
    }

    /// How long to wait before a stream of HTTP+SSE is opened in the place of one that has lived so long.
    pub fn pause_after_link(&self, lived: Duration) -> Duration {
        locked(&self.links).after_stream(lived)
    }

    /// Ends the standing stream.
    pub fn stop_listening(&self) {
        if let Some(listener) = locked(&self.listener).take() {
            listener.abort();
        }
    }

    /// Runs `work` beside the requests, until the end of the process at the latest.
    pub fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        spawn_in(&self.beside, work);
    }

    /// Ends a session at the server that nobody will use, within [`GOODBYE`]. At the end of the process [`Shared::leave`]
    /// waits for it.
    pub fn give_up(self: &Arc<Self>, session: Arc<Session>) {
        let shared = Arc::clone(self);
        spawn_in(&self.ends, async move { drop(timeout(GOODBYE, shared.delete(&session)).await) });
    }

    /// Ends what runs beside the requests, and every session.
    pub async fn leave(self: &Arc<Self>) {
        self.stop_listening();
        locked(&self.beside).abort_all();
        if let Some(session) = self.current() {
            self.give_up(session);
        }
        // A task that was aborted just now gives up the session that it was opening when it is dropped.
        for _ in 0..TURNS {
            yield_now().await;
        }
        let ends = std::mem::take(&mut *locked(&self.ends));
        let _ = timeout(GOODBYE, ends.join_all()).await;
    }

    /// Starts the standing stream of `session`, in the place of any other.
    pub fn listen(self: &Arc<Self>, session: &Arc<Session>) {
        if session.link.is_some() {
            return;
        }
        session.listening.send_replace(Listening::Asked);
        let task = tokio::spawn(super::streamable::listen(Arc::clone(self), Arc::clone(session)));
        if let Some(previous) = locked(&self.listener).replace(task.abort_handle()) {
            previous.abort();
        }
    }

    /// Opens a session over `transport` with the editor's `initialize`, trying again while the
    /// server cannot be reached, within the time for a start.
    pub async fn open(self: &Arc<Self>, transport: Transport, call: &mut Call) -> Result<(), Trouble> {
        // An initialize has no effect beyond itself, so one that was cut may be sent again.
        let mut patience = Patience::new(self.settings.start_window, u32::MAX);
        let generation = self.next_generation();
        loop {
            let trouble = match self.try_open(transport, generation, call).await {
                Ok(()) => return Ok(()),
                Err(trouble) => trouble,
            };
            match patience.pause(&trouble, true) {
                Some(pause) => {
                    call.progress.meet(trouble.failure());
                    sleep(pause).await;
                }
                None => return Err(trouble),
            }
        }
    }

    async fn try_open(self: &Arc<Self>, transport: Transport, generation: u64, call: &mut Call) -> Result<(), Trouble> {
        let link = self.link(transport, generation).await?;
        let draft = Arc::new(Session::draft(generation, link));
        self.exchange(&draft, call).await.map(|_| ())
    }

    async fn link(self: &Arc<Self>, transport: Transport, generation: u64) -> Result<Option<Arc<Link>>, Trouble> {
        match transport {
            Transport::Streamable => Ok(None),
            Transport::Sse => Ok(Some(Link::open(self, generation).await?)),
        }
    }

    /// Sends one request over the session's transport and sees its answers through.
    pub async fn exchange(self: &Arc<Self>, session: &Arc<Session>, call: &mut Call) -> Result<Reply, Trouble> {
        match &session.link {
            None => self.post_and_follow(session, call).await,
            Some(link) => Box::pin(self.post_and_wait(session, link, call)).await,
        }
    }

    /// Takes note of an answer to a request of the editor: a session begins, or there is more to
    /// restore. Must come before the answer is delivered, or the editor's next request is too fast.
    pub fn note(&self, session: &Session, request: &Message, answer: &Message, id: Option<&HeaderValue>) {
        if !answer.is_result() {
            return;
        }
        if let (Some(said), Some(result)) = (Said::by(request.method()), answer.result()) {
            self.remember(said, request, result);
        }
        match request.method() {
            "initialize" => {
                if let Some(opened) = session.opened(id.cloned(), answer) {
                    locked(&self.restore).initialize = Some(request.clone());
                    *locked(&self.current) = Some(Arc::new(opened));
                }
            }
            "logging/setLevel" => locked(&self.restore).level = Some(request.clone()),
            "resources/subscribe" | "resources/unsubscribe" => {
                let Some(uri) = request.params().and_then(|params| member(params, "uri")) else { return };
                let mut restore = locked(&self.restore);
                match request.method() {
                    "resources/subscribe" => restore.subscriptions.insert(uri.to_owned(), request.clone()),
                    _ => restore.subscriptions.remove(uri),
                };
            }
            _ => {}
        }
    }

    /// A page of a list is no list.
    fn remember(&self, said: Said, request: &Message, result: &str) {
        let cursor = request.params().and_then(|params| member(params, "cursor"));
        if said == Said::Initialize || (cursor.is_none() && member(result, "nextCursor").is_none()) {
            self.login.remember(said, result);
        }
    }

    /// Asks the server, with a ping, whether it still knows the session. Some servers answer an
    /// unknown session with the status of any other mistake, and a healthy session must be kept:
    /// confirmations may be bound to it.
    pub async fn is_alive(self: &Arc<Self>, session: &Arc<Session>) -> bool {
        timeout(OWN_WAIT, Box::pin(self.answers_ping(session))).await.unwrap_or(true)
    }

    async fn answers_ping(self: &Arc<Self>, session: &Arc<Session>) -> bool {
        let ping = request_line(&self.own_ids.next(), "ping", None);
        let Ok(response) = self.post(session, ping.clone()).await else { return true };
        let status = response.status().as_u16();
        if !matches!(status, 400 | 404) {
            if let (true, None, Ok(ping)) = (response.status().is_success(), &session.link, Message::single(ping)) {
                let (shared, session) = (Arc::clone(self), Arc::clone(session));
                self.beside(shared.take_pong(session, Call::own(ping), response));
            }
            return true;
        }
        // A server that has no ping says so with these too, and had to find the session for that.
        let Some(error) = Refusal::read(self, response).await.error() else { return false };
        let own = Message::single(ping).is_ok_and(|ping| error.id() == ping.id());
        is_unknown_method(&error) || (own && status == 400)
    }

    /// A server may say something else beside its answer to a ping, which is for the editor.
    async fn take_pong(self: Arc<Self>, session: Arc<Session>, mut call: Call, response: Response) {
        let mut reply = Reply::default();
        let taken = timeout(OWN_WAIT, self.take_in(&session, &mut call, &mut reply, response)).await;
        if let Ok(Err(trouble)) = taken {
            log::debug!("the answer to a ping: {}", trouble.into_failure());
        }
    }

    fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What an exchange brought, for the bridge's own requests.
#[derive(Default)]
pub struct Reply {
    /// The session id that the server gave.
    pub session: Option<HeaderValue>,
    /// The answer, if the request was the bridge's own.
    pub answer: Option<Message>,
}

impl Reply {
    /// Starts with what the head of the response says.
    pub fn begin(response: &Response) -> Self {
        Reply { session: session_id(response.headers()).ok().flatten(), answer: None }
    }
}

/// The session id in the head of a response, if there is one.
///
/// # Errors
/// It has something other than visible ASCII in it (2025-11-25, Transports, "Session Management"): what was sent back
/// of that would be another id to some on the way.
pub fn session_id(headers: &HeaderMap) -> Result<Option<HeaderValue>, Failure> {
    let Some(id) = headers.get(SESSION_ID) else { return Ok(None) };
    if id.as_bytes().iter().all(u8::is_ascii_graphic) {
        return Ok(Some(id.clone()));
    }
    let fact = "the server gave a session id (header Mcp-Session-Id) with other characters than visible ASCII in it";
    Err(Failure::new(Kind::Protocol, fact).remedy("the server has a fault: tell its operator"))
}

/// Pings the server every so often, and renews a session that turns out lost.
pub async fn keep_alive(shared: Arc<Shared>, every: Duration) {
    loop {
        sleep(every).await;
        let Some(session) = shared.current() else { continue };
        if !shared.is_alive(&session).await
            && let Err(failure) = shared.renew(&session).await
        {
            UNRENEWED.warn(failure);
        }
    }
}

/// Ends the session of somebody who has left, and opens one for whoever has come.
pub async fn follow_turns(shared: Arc<Shared>) {
    let mut turns = shared.login.turns();
    while turns.changed().await.is_ok() {
        let turn = turns.borrow_and_update().clone();
        let Some(session) = shared.current() else { continue };
        shared.stop_listening();
        let _ = timeout(GOODBYE, shared.delete_with(&session, &turn.left)).await;
        if turn.taken {
            shared.renew_in_time(session.generation);
        }
    }
}

/// Ids of the bridge's own requests: a prefix that is random for each process, and a number.
struct OwnIds {
    prefix: String,
    count: AtomicU64,
}

impl Default for OwnIds {
    fn default() -> Self {
        let prefix = format!("mcpbridge-{:016x}{:016x}", backoff::random(), backoff::random());
        OwnIds { prefix, count: AtomicU64::new(0) }
    }
}

impl OwnIds {
    fn next(&self) -> Id {
        Id::own(&format!("{}-{}", self.prefix, self.count.fetch_add(1, Ordering::Relaxed)))
    }
}

static UNRENEWED: Repeated = Repeated::new();
/// The header that names a session.
pub const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// How often the end of the process lets other tasks go first.
const TURNS: usize = 4;
/// Answers given beside the loop that may be on their way at once: to pings before there is a session, and to what is
/// too large to be read.
const MOST_ANSWERING: usize = 64;
/// How long the bridge's own small requests may take: editors' requests wait behind them.
const OWN_WAIT: Duration = Duration::from_secs(5);

/// Spawns a task in `set`, and forgets those that have ended.
fn spawn_in(set: &Mutex<JoinSet<()>>, work: impl Future<Output = ()> + Send + 'static) {
    // Where something is dropped behind the end of the runtime there is nobody to do it.
    let Ok(runtime) = Handle::try_current() else { return };
    let mut set = locked(set);
    while set.try_join_next().is_some() {}
    set.spawn_on(work, &runtime);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The remote server: its transports, its session, and what comes from it.
//!
//! [`Remote`] is what the loop holds. It sends one request and sees it to its end, it tells
//! notifications and answers, and everything that the server says arrives on one bounded channel.

mod admission;
mod backoff;
mod call;
mod inflow;
mod legacy_sse;
mod modern;
mod progress;
mod refusal;
mod session;
pub mod sse;
mod streamable;
mod wake;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use url::Url;

pub use crate::auth::{Said, Stand};

use crate::auth::Login;
use crate::auth::challenge::Bearer;
use crate::failure::{Failure, Kind, MAY_HAVE_RUN};
use crate::http::Http;
use crate::message::{Id, Kind as Is, Message, Parsed, notification_line};
use crate::secret::{Secrets, is_credential, is_key, is_shaped, without_scheme};
use crate::versions::Transport;

use backoff::Patience;
pub use call::Call;
pub use inflow::Weight;
pub use modern::Alone;
pub use progress::{Follower, Progress, Stage};
pub use session::{SESSION_ID, session_id};
use session::{Session, Shared};

/// Names one exchange towards the loop.
pub type Key = u64;

/// Which server, and how it is spoken to.
#[derive(Clone)]
pub struct Settings {
    /// The MCP URL.
    pub url: Url,
    /// Headers of the person's, on every request to the server.
    pub headers: Arc<HeaderMap>,
    /// Which of them are credentials.
    pub credentials: Vec<HeaderName>,
    /// What must not be shown, should the server echo it.
    pub secrets: Secrets,
    /// The largest message in bytes.
    pub limit: usize,
    /// How long a server may take to begin its answer.
    pub headers_timeout: Option<Duration>,
    /// How long an answer may be silent.
    pub body_timeout: Option<Duration>,
    /// How long a request may take in all.
    pub request_timeout: Option<Duration>,
    /// How long connections are tried at the start.
    pub start_window: Duration,
    /// How often the server is pinged, if at all.
    pub ping: Option<Duration>,
    /// The flag that leaves one of the transports out, as it is typed.
    pub only: Option<&'static str>,
}

impl Settings {
    /// The remedy where a server does not speak the transport that it was asked in.
    pub fn or_another_transport(&self, remedy: &str) -> String {
        self.only.map_or_else(|| remedy.to_owned(), |flag| format!("{remedy} If it is, leave {flag} out"))
    }

    /// What was given that a refusal with this challenge may be for.
    pub fn given(&self, challenge: Option<&Bearer>) -> Given<'_> {
        // Who offers a sign-in may want that beside a session, a cookie or a code.
        let offers = challenge.is_some_and(|challenge| challenge.resource_metadata.is_some());
        let is_named = if offers { is_key } else { is_credential };
        let value = |name: &HeaderName| self.headers.get(name).and_then(|value| value.to_str().ok());
        let is_given = |name: &&HeaderName| {
            is_named(name.as_str()) || value(name).is_some_and(|value| is_shaped(without_scheme(value)))
        };
        let mut parameters = self.url.query_pairs();
        Given {
            headers: self.credentials.iter().filter(is_given).collect(),
            in_url: parameters.any(|(name, value)| is_named(&name) || is_shaped(&name) || is_shaped(&value)),
        }
    }
}

/// What the person gave that is a credential by its name or its form. Others, as `X-Team`, may go along with a
/// sign-in.
pub struct Given<'a> {
    /// The headers.
    pub headers: Vec<&'a HeaderName>,
    /// Whether a parameter of the URL is one.
    pub in_url: bool,
}

impl Given<'_> {
    /// Whether there is one.
    pub fn is_any(&self) -> bool {
        self.in_url || !self.headers.is_empty()
    }
}

/// What reaches the loop.
pub enum Arrival {
    /// Messages of the server, in its order.
    Messages {
        /// The exchange on whose response they came; none for a stream of no request.
        key: Option<Key>,
        /// The session they belong to.
        generation: u64,
        /// The messages.
        messages: Vec<Parsed>,
        /// Their share of the memory for large messages.
        weight: Weight,
    },
    /// An exchange is over. What it has not answered by now it will not answer.
    Ended {
        /// Which one.
        key: Key,
        /// Why requests of it have no answer.
        failure: Option<Failure>,
    },
    /// The server lost the session, and a new one was opened in its place.
    Renewed {
        /// The new session.
        generation: u64,
    },
}

/// The server, for the loop. A clone is the same server.
#[derive(Clone)]
pub struct Remote(Arc<Shared>);

impl Remote {
    /// Nothing is sent yet. `arrivals` is where everything goes that the server says.
    pub fn new(settings: Settings, http: Http, login: Login, arrivals: mpsc::Sender<Arrival>) -> Self {
        Remote(Arc::new(Shared::new(settings, http, login, arrivals)))
    }

    /// Starts what runs beside the requests: pings, if wanted, and the watch for sleep.
    pub fn start(&self) {
        tokio::spawn(wake::watch(Arc::clone(&self.0)));
        tokio::spawn(session::follow_turns(Arc::clone(&self.0)));
        if let Some(every) = self.0.settings.ping {
            self.0.beside(session::keep_alive(Arc::clone(&self.0), every));
        }
    }

    /// The sign-in, for whoever answers the editor meanwhile.
    pub fn login(&self) -> &Login {
        &self.0.login
    }

    /// Opens a session over `transport` with an `initialize`. The previous session, if any, is ended.
    pub async fn open(self, mut call: Call, transport: Transport) {
        let outcome = self.in_time(AssertUnwindSafe(self.begin(transport, &mut call)).catch_unwind()).await;
        let outcome = outcome.unwrap_or_else(|late| Err(self.late(late, &call)));
        self.ended(&call, outcome).await;
    }

    /// Sends a request and delivers what comes for it; then says that it has ended.
    pub async fn exchange(self, mut call: Call) {
        // Boxed, because what is handed on is kept twice, and a thousand of these may wait at once.
        let work = Box::pin(AssertUnwindSafe(self.see_through(&mut call)).catch_unwind());
        let outcome = self.in_time(work).await;
        let outcome = outcome.unwrap_or_else(|late| {
            let late = self.late(late, &call);
            self.cancel(&call, &late.fact);
            Err(late)
        });
        self.ended(&call, outcome).await;
    }

    /// `work`, within `--request-timeout` if there is one; the error is that limit.
    async fn in_time(
        &self,
        work: impl Future<Output = std::thread::Result<Result<(), Failure>>>,
    ) -> Result<Result<(), Failure>, Duration> {
        let outcome = match self.0.settings.request_timeout {
            None => work.await,
            Some(limit) => timeout(limit, work).await.map_err(|_| limit)?,
        };
        Ok(outcome.unwrap_or_else(|_| Err(panicked())))
    }

    fn late(&self, limit: Duration, call: &Call) -> Failure {
        let fact = format!("no answer within {} s (--request-timeout)", limit.as_secs_f64());
        let progress = call.progress.follow();
        let late = Failure::new(Kind::Unreachable, fact).last_seen(progress.met());
        if progress.is_at(Stage::Held) || call.repeatable { late } else { late.may_have_run() }
    }

    /// POSTs a notification, or an answer to a question of session `generation`.
    ///
    /// # Errors
    /// Nobody answers for a notification; the failure is for the log.
    pub async fn tell(&self, message: &Message, generation: Option<u64>) -> Result<(), Failure> {
        let session = match generation {
            None => self.0.current().ok_or_else(no_session)?,
            Some(generation) => match self.0.asking(generation).await {
                Some(session) => session,
                // The old answer must not reach a question of the new session.
                None => return Ok(()),
            },
        };
        let told = self.tell_patiently(&session, message, std::iter::empty()).await;
        let is_current = || self.0.current().is_some_and(|current| current.generation == session.generation);
        let is_lost = || told.as_ref().is_err_and(|failure| failure.status == Some(404));
        if message.method() == INITIALIZED && is_current() && !is_lost() {
            self.0.listen(&session);
        }
        told
    }

    async fn tell_patiently(
        &self,
        session: &Session,
        message: &Message,
        headers: impl Iterator<Item = (HeaderName, HeaderValue)> + Clone,
    ) -> Result<(), Failure> {
        let mut patience = Patience::new(self.0.settings.start_window, u32::MAX);
        while let Err(trouble) = self.0.tell_with(session, message.raw(), headers.clone()).await {
            match patience.pause(&trouble, may_be_told_twice(message)) {
                Some(pause) => sleep(pause).await,
                None => return Err(trouble.into_failure()),
            }
        }
        Ok(())
    }

    /// Ends the session with a DELETE, and any that is still being opened, within [`GOODBYE`].
    pub async fn close(&self) {
        self.0.leave().await;
    }

    async fn begin(&self, transport: Transport, call: &mut Call) -> Result<(), Failure> {
        if let Some(old) = self.0.retire() {
            self.0.give_up(old);
        }
        self.0.open(transport, call).await.map_err(Trouble::into_failure)
    }

    async fn see_through(&self, call: &mut Call) -> Result<(), Failure> {
        let mut session = match &call.alone {
            Some(_) => modern::draft(),
            None => self.0.current().ok_or_else(no_session)?,
        };
        let mut patience = Patience::new(self.0.settings.start_window, MOST_REPEATS);
        let mut renewed = false;
        loop {
            let trouble = match self.0.exchange(&session, call).await {
                Ok(_) => return Ok(()),
                Err(trouble) => trouble,
            };
            // The word of the cancel may still be on its way to the old session.
            if call.progress.is_cancelled() {
                return Err(trouble.given_up(call.repeatable));
            }
            if let Trouble::SessionLost(_) = trouble
                && !renewed
            {
                renewed = true;
                // It certainly did not run.
                call.progress.reach(Stage::Held);
                session = Box::pin(self.0.renew(&session)).await?;
                continue;
            }
            match patience.pause(&trouble, call.repeatable) {
                Some(pause) => {
                    // Nor did this one, so that a cancel now needs no word to the server.
                    if let Trouble::Later(..) = trouble {
                        call.progress.reach(Stage::Held);
                    }
                    call.progress.meet(trouble.failure());
                    sleep(pause).await;
                }
                None => return Err(trouble.given_up(call.repeatable)),
            }
            if call.alone.is_none() {
                session = self.0.current().unwrap_or(session);
            }
        }
    }

    fn cancel(&self, call: &Call, reason: &str) {
        for id in call.awaiting.iter().map(Id::spelled) {
            let reason = serde_json::Value::from(reason);
            let params = format!(r#"{{"requestId":{id},"reason":{reason}}}"#);
            let Ok(message) = Message::single(notification_line("notifications/cancelled", Some(&params))) else {
                continue;
            };
            let remote = self.clone();
            tokio::spawn(async move { timeout(LAST_WORD, remote.tell(&message, None)).await });
        }
    }

    async fn ended(&self, call: &Call, outcome: Result<(), Failure>) {
        let Some(key) = call.key else { return };
        let _ = self.0.arrivals.send(Arrival::Ended { key, failure: outcome.err() }).await;
    }
}

/// Why a request has no answer yet; the variants are decisions.
enum Trouble {
    /// Nothing arrived at the server: send it again, for a while.
    NotSent(Failure),
    /// The server was not ready and named a time: wait, then send it again.
    Later(Duration, Failure),
    /// The server does not know the session: open a new one, then send it again, once.
    SessionLost(Failure),
    /// It may have run: only what is safe to repeat is sent again.
    Cut(Failure),
    /// The same, and the remedy is of another kind than to try again.
    Unheard(Failure),
    /// It ran, or may have, and what came of it is of no use, as it would be the next time.
    Spoiled(Failure),
    /// Sending it again is of no use.
    Final(Failure),
}

impl Trouble {
    /// What is told of a request that is not sent (again).
    fn given_up(self, repeatable: bool) -> Failure {
        match self {
            // In place of "try again", too.
            Trouble::Cut(failure) if !repeatable => failure.remedy(MAY_HAVE_RUN),
            Trouble::Unheard(failure) | Trouble::Spoiled(failure) if !repeatable => failure.may_have_run(),
            Trouble::SessionLost(failure) => {
                let own = failure.remedy.as_ref().map(|own| format!("; {own}")).unwrap_or_default();
                failure.remedy(format!("{LOST_AGAIN}{own}"))
            }
            trouble => trouble.into_failure(),
        }
    }

    fn failure(&self) -> &Failure {
        match self {
            Trouble::NotSent(failure)
            | Trouble::Later(_, failure)
            | Trouble::SessionLost(failure)
            | Trouble::Cut(failure)
            | Trouble::Unheard(failure)
            | Trouble::Spoiled(failure)
            | Trouble::Final(failure) => failure,
        }
    }

    fn into_failure(self) -> Failure {
        self.failure().clone()
    }
}

impl From<crate::http::Trouble> for Trouble {
    fn from(trouble: crate::http::Trouble) -> Self {
        match trouble {
            crate::http::Trouble::NotSent(failure) => Trouble::NotSent(failure),
            crate::http::Trouble::Hopeless(failure) => Trouble::Final(failure),
            crate::http::Trouble::Lost(failure) => Trouble::Cut(failure),
            crate::http::Trouble::Unheard(failure) => Trouble::Unheard(failure),
            crate::http::Trouble::Garbled(failure) => Trouble::Spoiled(failure),
        }
    }
}

/// Whether a message that nobody answers may be sent again when nobody knows if it arrived. The server waits for
/// an answer to its question, and knows by the id that it has it; without "initialized" it may refuse everything.
fn may_be_told_twice(message: &Message) -> bool {
    message.kind() == Is::Answer || matches!(message.method(), INITIALIZED | "notifications/cancelled")
}

fn no_session() -> Failure {
    Failure::new(Kind::Protocol, "there is no session with the server").remedy("send initialize first")
}

fn panicked() -> Failure {
    Failure::new(Kind::Internal, "the bridge has a fault and gave this request up").remedy("please report it")
}

const INITIALIZED: &str = "notifications/initialized";
/// How long the end of a session may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a server may take to take the word that a request is given up.
const LAST_WORD: Duration = Duration::from_secs(5);
/// The remedy for a request that has met the end of two sessions.
const LOST_AGAIN: &str = "a new session did not help, and the request did not run: send it again";
/// How often a request that is safe to repeat is sent again after a cut.
const MOST_REPEATS: u32 = 2;

//! A new session in the place of one that the server has lost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::{OWN_WAIT, Session, Shared, locked};
use crate::failure::{Failure, Kind};
use crate::log::Repeated;
use crate::message::{Message, notification_line};
use crate::remote::backoff::{Backoff, Patience};
use crate::remote::call::Call;
use crate::remote::{Arrival, Trouble, no_session};
use crate::versions::Transport;

impl Shared {
    /// Opens a new session in the place of `old`, which the server does not know any more. However
    /// many requests find out at once, it happens once; and where it fails, each has waited about as long as one
    /// may, and not for the attempts of all others before its own.
    pub async fn renew(self: &Arc<Self>, old: &Arc<Session>) -> Result<Arc<Session>, Failure> {
        let since = Instant::now();
        let mut last = self.renewal.lock().await;
        match self.current() {
            Some(current) if current.generation == old.generation => {}
            Some(current) => return Ok(current),
            None => return Err(no_session()),
        }
        let window = self.settings.start_window;
        let mut until = since + window;
        match last.as_ref().filter(|last| last.at >= since) {
            Some(last) if until <= Instant::now() => return Err(unopened(last.failure.clone())),
            Some(_) => {}
            // Nobody has failed meanwhile, however long the turn took to come.
            None => (*last, until) = (None, Instant::now() + window),
        }
        if let Some(link) = &old.link {
            // However short the streams live, whoever waits for an answer is not made to wait longer than between
            // other attempts.
            sleep_until(link.due().min(Instant::now() + LONGEST_LINK_PAUSE)).await;
        }
        let (mut named, mut backoff) = (Patience::new(window, 0), Backoff::for_requests());
        loop {
            let attempt = timeout_at(until, self.open_again(old)).await;
            let late = |_| {
                let known = last.as_ref().map(|last| last.failure.clone());
                Err(Trouble::Cut(self.login.invitation().or(known).unwrap_or_else(no_answer)))
            };
            let trouble = match attempt.unwrap_or_else(late) {
                Ok(new) => {
                    self.make_alike(&new.session).await;
                    return self.take_up(old, new).await;
                }
                Err(trouble) => trouble,
            };
            let pause = match &trouble {
                // The server knows when it will be there, and then there is time as if it had been asked first.
                Trouble::Later(..) => {
                    let pause = named.pause(&trouble, false);
                    pause.inspect(|pause| until = until.max(Instant::now() + *pause + window))
                }
                _ => Some(backoff.next()).filter(|pause| Instant::now() + *pause <= until),
            };
            let failure = trouble.into_failure();
            *last = Some(Unopened { at: Instant::now(), failure: failure.clone() });
            let Some(pause) = pause else { return Err(unopened(failure)) };
            log::debug!("no new session yet: {failure}");
            sleep(pause).await;
        }
    }

    async fn open_again(self: &Arc<Self>, old: &Session) -> Result<Opened, Trouble> {
        let generation = self.next_generation();
        let transport = if old.link.is_some() { Transport::Sse } else { Transport::Streamable };
        let draft = Arc::new(Session::draft(generation, self.link(transport, generation).await?));
        let initialize = locked(&self.restore).initialize.clone().ok_or_else(|| Trouble::Final(no_session()))?;
        let mut call = Call::own(initialize.with_id(&self.own_ids.next()));
        let reply = self.exchange(&draft, &mut call).await?;
        let refused = || Failure::new(Kind::Protocol, "the server refused to initialize again");
        let answer = reply.answer.ok_or_else(|| Trouble::Final(refused()))?;
        let session = draft.opened(reply.session, &answer);
        let new = Opened::new(self, session.ok_or_else(|| Trouble::Final(refused()))?);
        let initialized = notification_line("notifications/initialized", None);
        if timeout(OWN_WAIT, self.tell(&new.session, &initialized)).await.is_ok_and(|told| told.is_err()) {
            return Err(Trouble::Final(refused()));
        }
        Ok(new)
    }

    /// Tells `session` what the lost one was told, within [`RESTORE_WAIT`]. It has a time of its own, because an
    /// editor may have subscribed to any number of resources, and a session without some of them is better than none.
    async fn make_alike(self: &Arc<Self>, session: &Arc<Session>) {
        let requests: Vec<Message> = {
            let restore = locked(&self.restore);
            restore.level.iter().chain(restore.subscriptions.values()).cloned().collect()
        };
        let end = Instant::now() + RESTORE_WAIT;
        let restored = requests.into_iter().map(|request| {
            let (shared, session) = (Arc::clone(self), Arc::clone(session));
            async move {
                let mut call = Call::own(request.with_id(&shared.own_ids.next()));
                let until = end.min(Instant::now() + OWN_WAIT);
                let restored = timeout_at(until, shared.exchange(&session, &mut call)).await;
                if let Err(trouble) = restored.unwrap_or_else(|_| Err(Trouble::Cut(no_answer()))) {
                    let why = trouble.into_failure();
                    UNRESTORED.warn(format_args!("{} could not be restored: {why}", request.method()));
                }
            }
        });
        stream::iter(restored).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    async fn take_up(self: &Arc<Self>, old: &Session, new: Opened) -> Result<Arc<Session>, Failure> {
        // The editor may have opened a session of its own meanwhile; then this one is not needed.
        if self.current().is_none_or(|current| current.generation != old.generation) {
            drop(new);
            return self.current().ok_or_else(no_session);
        }
        RENEWED.info("the old session is gone; a new one is open");
        let _ = self.arrivals.send(Arrival::Renewed { generation: new.session.generation }).await;
        *locked(&self.current) = Some(Arc::clone(&new.session));
        let session = Arc::clone(&new.session);
        drop(new);
        self.listen(&session);
        Ok(session)
    }

    /// Renews a session in the background, for as long as it takes and is still wanted.
    pub fn renew_in_time(self: &Arc<Self>, generation: u64) {
        self.beside(renew_in_time(Arc::clone(self), generation));
    }
}

/// The last attempt to open a session, if it failed.
pub(super) struct Unopened {
    at: Instant,
    failure: Failure,
}

/// A session that was opened again, while it is made like the lost one. Wherever it is given up before it is the
/// current one, by an error, a deadline, or because nobody waits any more, it is ended at the server too.
struct Opened {
    shared: Arc<Shared>,
    session: Arc<Session>,
}

impl Opened {
    fn new(shared: &Arc<Shared>, session: Session) -> Self {
        let session = Arc::new(session);
        *locked(&shared.coming) = Some(Arc::clone(&session));
        Opened { shared: Arc::clone(shared), session }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        *locked(&self.shared.coming) = None;
        if self.shared.current().is_some_and(|current| current.generation == self.session.generation) {
            return;
        }
        self.shared.give_up(Arc::clone(&self.session));
    }
}

/// A boxed future, because a renewal may start the very task that asks for the next one.
fn renew_in_time(shared: Arc<Shared>, generation: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let mut backoff = Backoff::for_streams();
        if let Some(link) = shared.current().and_then(|session| session.link.clone()) {
            sleep_until(link.due()).await;
        }
        while let Some(session) = shared.current().filter(|session| session.generation == generation) {
            match shared.renew(&session).await {
                Ok(_) => return,
                Err(failure) => log::debug!("{failure}; trying on"),
            }
            sleep(backoff.next()).await;
        }
    })
}

fn unopened(failure: Failure) -> Failure {
    let fact = format!("the server lost the session and a new one cannot be opened: {}", failure.fact);
    Failure { fact, ..failure }
}

fn no_answer() -> Failure {
    let fact = "the server did not answer a request of the bridge in time";
    Failure::new(Kind::Unreachable, fact).remedy("try again in a moment")
}

static RENEWED: Repeated = Repeated::new();
static UNRESTORED: Repeated = Repeated::new();
/// How long a new session may take to be made like the lost one: the editor's requests wait for it.
const RESTORE_WAIT: Duration = Duration::from_secs(10);
/// How long a request waits before a stream of HTTP+SSE is opened again in the place of one that was cut at once.
const LONGEST_LINK_PAUSE: Duration = Duration::from_secs(2);
/// How many requests for it are on their way at once.
const AT_ONCE: usize = 16;

//! The sign-in as a relay sees it: a ticket for each request, and one place that makes it good.
//!
//! A relay changes no grant. It starts the helper, which does, and follows the store: what another
//! process renews, signs in or signs out is noticed here.

mod follow;
mod renew;
mod wanted;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, watch};
use tokio::time::timeout;

use super::change::{Demand, Denied, How};
use super::ticket::Ticket;
use super::{Options, TokenCommand};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::{self, shown};
use crate::secret::Known;
use crate::store::{Credential, Grant, Key, Said, Store};

use renew::Unbound;

/// The sign-in of one relay. A clone is the same.
#[derive(Clone)]
pub struct Login(By);

/// Who makes a ticket good.
#[derive(Clone)]
enum By {
    Nobody,
    /// A command of the person.
    Command(Arc<TokenCommand>),
    /// A grant, and the person behind it.
    Grant(Arc<Inner>),
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Nobody is waited for.
    Quiet,
    /// There is a grant, perhaps another one than before.
    Ready,
    /// A person has to act.
    Waiting {
        /// Where, once it is known.
        url: String,
        /// What they enter there, where they sign in with a code.
        code: Option<String>,
        /// Whether somebody has opened a browser.
        opened: bool,
    },
}

/// Somebody has left, and perhaps somebody else has come.
#[derive(Clone, Default)]
pub struct Turn {
    /// With this ticket the old session can be ended.
    pub left: Ticket,
    /// Whether there is somebody new, who needs a session.
    pub taken: bool,
}

struct Inner {
    options: Options,
    key: Key,
    /// Where somebody signs in: elsewhere than the grant is, where an organization vouches for them.
    sign_in_key: Key,
    store: Store,
    http: http::Settings,
    state: Mutex<State>,
    loaded: OnceCell<()>,
    following: OnceCell<()>,
    /// Who is told what the secrets are.
    known: OnceLock<Known>,
    stand: watch::Sender<Stand>,
    /// Sign-ins of other people and sign-outs: a session does not outlive them.
    turns: watch::Sender<Turn>,
    closed: watch::Sender<bool>,
    /// Whether a change runs in this process, for want of a helper.
    here: AtomicBool,
    /// Whether no person may be asked: who waits would rather hear that one is needed.
    asks_nobody: AtomicBool,
}

#[derive(Default)]
struct State {
    grant: Option<Grant>,
    ticket: Ticket,
    how: How,
    /// Whether the server has taken the ticket at least once.
    accepted: bool,
    /// Whether a token that is bound to a key goes without a proof, and whether the server took it so.
    unbound: Unbound,
    work: Option<Work>,
    /// The program that the person uses, and whether it shows links.
    editor: Option<String>,
    link: bool,
    /// Sets of scopes that were asked for in step-ups: each once.
    stepped_up: Vec<Vec<String>>,
}

/// A change under way; `None` until it has ended.
type Work = watch::Receiver<Option<Result<(), Denied>>>;

impl Login {
    /// No sign-in: the credential is given, or none is wanted.
    pub fn none() -> Self {
        Login(By::Nobody)
    }

    /// Tokens of a command instead of a sign-in.
    pub fn by_command(command: TokenCommand) -> Self {
        Login(By::Command(Arc::new(command)))
    }

    /// A sign-in that has done nothing yet.
    ///
    /// # Errors
    /// The options name no server.
    pub fn new(options: Options, store: Store, http: http::Settings) -> Result<Self, Failure> {
        let inner = Inner {
            key: options.key()?,
            sign_in_key: options.sign_in_key()?,
            options,
            store,
            http,
            state: Mutex::default(),
            loaded: OnceCell::new(),
            following: OnceCell::new(),
            known: OnceLock::new(),
            stand: watch::Sender::new(Stand::Quiet),
            turns: watch::Sender::default(),
            closed: watch::Sender::new(false),
            here: AtomicBool::new(false),
            asks_nobody: AtomicBool::new(false),
        };
        Ok(Login(By::Grant(Arc::new(inner))))
    }

    /// How far the sign-in is.
    pub fn stand(&self) -> watch::Receiver<Stand> {
        self.inner().map_or_else(|| watch::Sender::new(Stand::Quiet).subscribe(), |inner| inner.stand.subscribe())
    }

    /// Changes when the session belongs to nobody any more.
    pub fn turns(&self) -> watch::Receiver<Turn> {
        self.inner().map_or_else(|| watch::Sender::default().subscribe(), |inner| inner.turns.subscribe())
    }

    /// What somebody who waits for the person may be told.
    pub fn invitation(&self) -> Option<Failure> {
        self.inner().and_then(|inner| inner.invitation())
    }

    /// Says which program the person uses, and whether it shows links.
    pub fn meet(&self, editor: Option<String>, link: bool) {
        if let Some(inner) = self.inner() {
            let mut state = inner.state();
            state.editor = editor;
            state.link = link;
        }
    }

    /// The same of an editor that says it late, and nothing of links.
    pub fn is_for(&self, editor: &str) {
        if let Some(inner) = self.inner() {
            inner.state().editor.get_or_insert_with(|| editor.to_owned());
        }
    }

    /// From now on a request that needs a person fails, and says with which command one signs in.
    pub fn ask_nobody(&self) {
        if let Some(inner) = self.inner() {
            inner.asks_nobody.store(true, Ordering::Relaxed);
        }
    }

    /// From now on `known` learns every secret before a request has it.
    pub fn tell_secrets(&self, known: &Known) {
        match &self.0 {
            By::Nobody => {}
            By::Command(command) => command.tell_secrets(known),
            By::Grant(inner) => {
                if let Some(secret) = inner.options.client.given.as_ref().and_then(|given| given.secret.as_ref()) {
                    known.learn(secret.expose());
                }
                let _ = inner.known.set(known.clone());
            }
        }
    }

    /// Nobody waits for the person any more: the editor has left.
    pub fn close(&self) {
        if let Some(inner) = self.inner() {
            inner.closed.send_replace(true);
        }
    }

    /// Waits for a change that would end with this process.
    pub async fn finish(&self) {
        let Some(inner) = self.inner().filter(|inner| inner.here.load(Ordering::Relaxed)) else { return };
        let work = inner.state().work.clone();
        if let Some(mut work) = work {
            let _ = timeout(FINISH, work.wait_for(Option::is_some)).await;
        }
    }

    /// The person does not want to sign in.
    pub fn decline(&self) {
        if let Some(inner) = self.inner() {
            inner.store.end_pending(&inner.sign_in_key);
        }
    }

    /// Remembers what the server answered to somebody who is signed in, for an editor that starts
    /// while somebody has to sign in again.
    pub fn remember(&self, said: Said, result: &str) {
        let Some(inner) = self.inner() else { return };
        let Some(lineage) = inner.state().grant.as_ref().map(|grant| grant.lineage.clone()) else { return };
        let (inner, result) = (Arc::clone(inner), result.to_owned());
        tokio::task::spawn_blocking(move || inner.store.remember(&inner.key, &lineage, said, &result));
    }

    /// What the server answered last, as JSON text.
    pub fn last(&self, said: Said) -> Option<String> {
        let inner = self.inner()?;
        let lineage = inner.state().grant.as_ref().map(|grant| grant.lineage.clone());
        let lineage = lineage.or_else(|| inner.store.entry(&inner.key).ok().flatten().map(|entry| entry.lineage))?;
        inner.store.last(&inner.key, &lineage, said)
    }

    /// The link could not be shown: whoever waits for the browser shall open one.
    pub fn open_browser(&self) {
        if let Some(inner) = self.inner().filter(|inner| inner.options.browser) {
            inner.state().link = false;
            inner.store.want_browser(&inner.sign_in_key);
        }
    }

    /// What goes with the next request. Waits while the token is renewed, and for a person at most
    /// `patience`.
    ///
    /// # Errors
    /// The store does not say, or the token has expired and cannot be renewed.
    pub async fn ticket(&self, patience: Option<Duration>) -> Result<Ticket, Denied> {
        let inner = match &self.0 {
            By::Nobody => return Ok(Ticket::default()),
            By::Command(command) => return Ok(Box::pin(command.ticket()).await?),
            By::Grant(inner) => inner,
        };
        if !inner.loaded.initialized() {
            Box::pin(inner.loaded.get_or_try_init(|| inner.load())).await?;
        }
        let expired = {
            let state = inner.state();
            if state.is_alive() {
                return Ok(state.ticket.clone());
            }
            state.ticket.clone()
        };
        match Box::pin(inner.renew(Demand::Renewal, &expired, patience)).await {
            // Now a person has to act. What they are to be asked for the server says in its challenge.
            Err(Denied::Because(failure)) if failure.kind == Kind::SignInRequired => Ok(expired),
            renewed => renewed,
        }
    }

    /// What goes with a request that waits for nothing.
    pub fn ticket_at_hand(&self) -> Ticket {
        match &self.0 {
            By::Nobody => Ticket::default(),
            By::Command(command) => command.at_hand(),
            By::Grant(inner) => inner.state().ticket.clone(),
        }
    }

    /// The server took this ticket.
    pub fn accepted(&self, ticket: &Ticket) {
        match &self.0 {
            By::Nobody => {}
            By::Command(command) => command.accepted(ticket),
            By::Grant(inner) => {
                let mut state = inner.state();
                let is_news = !state.accepted || state.unbound == Unbound::Tried;
                if is_news && state.ticket == *ticket {
                    state.accepted = true;
                    if state.unbound == Unbound::Tried {
                        state.unbound = Unbound::Taken;
                    }
                }
            }
        }
    }

    /// A better ticket than the one that was refused. Waits for a person at most `patience`.
    ///
    /// # Errors
    /// There is none: what happened, and the command that helps.
    pub async fn renew(&self, demand: Demand, refused: &Ticket, patience: Option<Duration>) -> Result<Ticket, Denied> {
        match &self.0 {
            By::Nobody => Err(Denied::NotOffered),
            By::Command(command) => command.renew(&demand, refused).await,
            By::Grant(inner) => inner.renew(demand, refused, patience).await,
        }
    }

    /// Whether a refusal is for this sign-in to mend.
    pub fn is_active(&self) -> bool {
        !matches!(self.0, By::Nobody)
    }

    /// Whether each refusal is about its ticket, because a command has printed it for this server.
    pub fn is_by_command(&self) -> bool {
        matches!(self.0, By::Command(_))
    }

    fn inner(&self) -> Option<&Arc<Inner>> {
        match &self.0 {
            By::Grant(inner) => Some(inner),
            By::Nobody | By::Command(_) => None,
        }
    }
}

impl Inner {
    /// Reads what is kept, if anything is. Where nothing is, that is one look into the index: a relay
    /// to a server that asks for nothing touches no keychain.
    async fn load(self: &Arc<Self>) -> Result<(), Failure> {
        // A damaged entry says nothing, and reading the grant mends it.
        if let Ok(None) = self.store.entry(&self.key) {
            return Ok(());
        }
        if let Some(grant) = self.store.read(&self.key).await? {
            self.adopt(grant, How::Kept);
        }
        // A command at a shell is soon over, and the login or `status` has told its person.
        let is_relay = !self.asks_nobody.load(Ordering::Relaxed);
        if let Some(kept) = self.store.stand_in(&self.key).filter(|_| is_relay) {
            log::info!("the sign-in is kept in {kept}, because this system has no keychain service");
        }
        self.follow();
        Ok(())
    }

    fn server(&self) -> String {
        self.options.url().map_or_else(|_| self.options.server.clone(), |url| shown(&url))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The change under way.
    fn under_way(&self) -> Option<&Work> {
        self.work.as_ref().filter(|work| work.borrow().is_none() && work.has_changed().is_ok())
    }

    fn is_alive(&self) -> bool {
        match self.grant.as_ref().map(|grant| &grant.credential) {
            Some(Credential::OAuth(oauth)) => oauth.is_alive(now(), 0),
            Some(Credential::ApiKey(_)) | None => true,
        }
    }
}

/// How long a renewal in this process may delay its end: as long as one takes at most.
const FINISH: Duration = Duration::from_secs(30);

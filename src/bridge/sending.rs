//! The half of the loop that sends: each request and each notification in a task of its own.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::order::{Told, Turn};
use super::outbox::Parcel;
use super::{Bridge, UNREAD, budget};
use crate::era::{Event, Key, OnItsWay, Way, takes_links};
use crate::failure::{Failure, Kind};
use crate::log::Repeated;
use crate::message::{Message, member, plain_string};
use crate::remote::{Alone, Call, Follower, Progress, Remote, Stage};
use crate::versions::Transport;

/// A request that was sent.
pub struct Running {
    pub(super) task: AbortHandle,
    pub(super) progress: Follower,
    /// Whether it may have an effect, so that whoever repeats it may do so twice.
    acts: bool,
}

impl Running {
    pub(super) fn may_have_run(&self) -> bool {
        self.acts && !self.progress.is_at(Stage::Held)
    }
}

impl Bridge {
    /// Sends what may go now, in its order. Nothing overtakes an `initialize`.
    pub(super) fn pump(&mut self) {
        if self.era.is_opening() {
            return;
        }
        if !self.era.is_open() {
            self.without_session();
            return;
        }
        // While the editor does not read, new requests would only pile their answers up.
        if !self.is_reading() && self.running.len() >= UNREAD {
            return;
        }
        while let Some((parcel, hold)) = self.outbox.take(&self.budget) {
            match parcel {
                Parcel::Request { key, body, requests, repeatable, way } => {
                    let awaiting = requests.iter().filter_map(Message::id).cloned().collect();
                    let progress = Progress::default();
                    // A ping asks how the server is now, and its place among the others says nothing.
                    let pings = requests.iter().all(|request| request.method() == "ping");
                    let turn = if pings { Turn::default() } else { self.order.request(progress.follow()) };
                    let hold: Option<Box<dyn std::any::Any + Send + Sync>> = Some(Box::new(hold));
                    let alone = alone(&way);
                    let call = Call { key: None, body, requests, awaiting, repeatable, alone, progress, hold };
                    self.exchange(key, call, turn);
                }
                Parcel::Notification(message, way) => {
                    let (turn, told) = self.order.notification();
                    self.tell(message, way, turn, (told, hold));
                }
            }
        }
    }

    pub(super) fn open(&mut self, key: Key, message: Message, transport: Transport) {
        let remote = self.remote.clone();
        if let Some(params) = message.params() {
            self.remote.login().meet(name_of(params), takes_links(params));
        }
        let call = Call { key: Some(key), ..Call::own(message) };
        let progress = call.progress.follow();
        let task = tokio::spawn(Box::pin(remote.open(call, transport)));
        self.running.insert(key, Running { task: task.abort_handle(), progress, acts: false });
    }

    pub(super) fn exchange(&mut self, key: Key, call: Call, turn: Turn) {
        let remote = self.remote.clone();
        let (progress, acts) = (call.progress.follow(), !call.repeatable && !call.listens());
        let call = Call { key: Some(key), ..call };
        // Boxed, because a future of this size is copied several times on its way into a task.
        let task = tokio::spawn(Box::pin(async move {
            turn.come().await;
            match call.alone {
                Some(_) => remote.exchange_alone(call).await,
                None => remote.exchange(call).await,
            }
        }));
        self.running.insert(key, Running { task: task.abort_handle(), progress, acts });
    }

    /// Sends a notification in its turn.
    fn tell(&mut self, message: Message, way: Way, turn: Turn, held: (Told, budget::Hold)) {
        let remote = self.remote.clone();
        self.tells.spawn(async move {
            turn.come().await;
            told(&remote, &message, None, &way).await;
            drop(held);
        });
    }

    /// Sends an answer to a question of the server, at once or as soon as there are fewer on their way.
    pub(super) fn reply(&mut self, message: Message, generation: u64, of_editor: Option<OnItsWay>) {
        let size = message.raw().len();
        let place = match of_editor {
            Some(_) => self.replies.of_editor(size),
            None => match self.replies.own(size) {
                Some(place) => place,
                None => {
                    UNANSWERED.warn("the server asks more than it takes answers to, and some of it is left unanswered");
                    return;
                }
            },
        };
        let remote = self.remote.clone();
        self.tells.spawn(async move {
            let turn = place.turn().await;
            // Boxed, so that the many that wait are small.
            Box::pin(told(&remote, &message, Some(generation), &Way::Session)).await;
            drop((turn, of_editor));
        });
    }

    /// A request that was not sent is not sent at all. One that was is cancelled at the server, when
    /// it can know the request, and then its stream is closed.
    pub(super) fn cancel(&mut self, key: Key, message: Message) {
        if self.outbox.remove(key) {
            return;
        }
        let Some(Running { task, progress, .. }) = self.running.remove(&key) else { return };
        if progress.is_at(Stage::Held) {
            task.abort();
            return;
        }
        progress.cancel();
        let remote = self.remote.clone();
        self.tells.spawn(async move {
            // Meanwhile the server may have said that it did not take it.
            let sent = timeout(BODY_OUT, progress.sent()).await.unwrap_or(true);
            if sent && let Ok(Err(failure)) = timeout(BODY_OUT, remote.tell(&message, None)).await {
                log::debug!("{}", not_taken(&message, &failure));
            }
            task.abort();
        });
    }

    /// The session did not open: what waited for it gets an error.
    fn without_session(&mut self) {
        for key in self.outbox.clear() {
            let failure = match &self.unopened {
                // An editor that was answered early has seen nothing fail. Who lacks a sign-in is told so each time.
                Some(failure) if self.era.is_early() || failure.kind == Kind::SignInRequired => failure.clone(),
                // Why initialize failed has been counted.
                _ => Failure::new(Kind::Usage, "there is no session, because initialize failed")
                    .remedy("send initialize again"),
            };
            self.on(Event::Ended { key, failure: Some(failure) });
        }
    }
}

/// Gives the server a notification, or in the session of this generation an answer.
async fn told(remote: &Remote, message: &Message, generation: Option<u64>, way: &Way) {
    let told = async {
        match alone(way) {
            Some(alone) => remote.tell_alone(message, &alone).await,
            None => remote.tell(message, generation).await,
        }
    };
    match timeout(TOLD, told).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => UNTOLD.warn(format_args!("{}", not_taken(message, &failure))),
        Err(_) => UNTOLD.warn(format_args!("the server gave the {message:?} no status in {} s", TOLD.as_secs())),
    }
}

/// That something which nobody waits for has come to nothing. A 404 is here that of a session which has ended: the
/// URL is right.
fn not_taken(message: &Message, failure: &Failure) -> String {
    match failure.status {
        Some(404) => format!("the {message:?} was refused by the server: {}", failure.fact),
        Some(_) => format!("the {message:?} was refused by the server: {failure}"),
        None => format!("the {message:?} did not reach the server: {failure}"),
    }
}

/// The name of the editor, for the page at the end of a sign-in.
fn name_of(initialize: &str) -> Option<String> {
    let info = member(initialize, "clientInfo")?;
    let name = member(info, "title").or_else(|| member(info, "name")).and_then(plain_string)?;
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

/// How a request is sent outside a session, if it is.
fn alone(way: &Way) -> Option<Alone> {
    match way {
        Way::Session => None,
        Way::Alone(headers) => Some(Alone::new(headers, false)),
        Way::Listen(headers) => Some(Alone::new(headers, true)),
    }
}

/// How long a server may take to give a notification, or an answer to its question, a status.
const TOLD: Duration = Duration::from_secs(60);
/// How long a cancellation waits for the body of its request, and for its own status.
const BODY_OUT: Duration = Duration::from_secs(2);
static UNTOLD: Repeated = Repeated::new();
static UNANSWERED: Repeated = Repeated::new();

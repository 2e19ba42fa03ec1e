//! The connections that are there for the next request.

use std::mem::replace;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::http::Upload;
use crate::http::client::MOST_IDLE;

/// The connections that are there: with nothing to do, or with a response under way.
#[derive(Default)]
pub struct Kept(Mutex<Connections>);

#[derive(Default)]
struct Connections {
    all: Vec<Connection>,
    /// Closes those that nobody uses. It runs while there are some.
    sweeper: Option<JoinHandle<()>>,
    /// Closes those above [`MOST_IDLE`] as soon as they have nothing to do. It runs while there are some.
    trimmer: Option<JoinHandle<()>>,
}

struct Connection {
    /// Host and port.
    to: Box<str>,
    sender: SendRequest<Upload>,
    /// Since the last look at it by the sweeper.
    used: bool,
}

impl Kept {
    /// A connection that has nothing to do.
    pub fn take(&self, to: &str) -> Option<SendRequest<Upload>> {
        let mut kept = self.lock();
        let free = kept.all.iter().rposition(|connection| connection.sender.is_ready() && *connection.to == *to)?;
        Some(kept.all.swap_remove(free).sender)
    }

    /// Keeps a connection, whose response may still be under way.
    pub fn keep(self: &Arc<Self>, to: Box<str>, sender: SendRequest<Upload>) {
        let mut kept = self.lock();
        kept.all.push(Connection { to, sender, used: true });
        if !runs(&kept.sweeper) {
            kept.sweeper = Some(tokio::spawn(sweep(Arc::clone(self))));
        }
        if kept.is_crowded() {
            kept.trim();
        }
        // Those that are busy still, behind which no other may come.
        if kept.is_crowded() && !runs(&kept.trimmer) {
            kept.trimmer = Some(tokio::spawn(trim(Arc::clone(self))));
        }
    }

    /// Closes all that have nothing to do, and the others as soon as that is so.
    pub fn forget(&self) {
        let mut kept = self.lock();
        kept.all.clear();
        let kept = &mut *kept;
        for task in [kept.sweeper.take(), kept.trimmer.take()].into_iter().flatten() {
            task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    fn is_crowded(&self) -> bool {
        self.all.len() > MOST_IDLE
    }

    /// Closes what has nothing to do above [`MOST_IDLE`]: the oldest, since the newest are taken first.
    fn trim(&mut self) {
        self.all.retain(|connection| !connection.sender.is_closed());
        let mut idle = self.all.iter().filter(|connection| connection.sender.is_ready()).count();
        self.all.retain(|connection| {
            let goes = idle > MOST_IDLE && connection.sender.is_ready();
            idle -= usize::from(goes);
            !goes
        });
    }

    /// Closes what nobody has used since the last time.
    fn age(&mut self) {
        self.all.retain_mut(|connection| {
            let busy = !connection.sender.is_ready();
            let used = replace(&mut connection.used, busy);
            !connection.sender.is_closed() && (used || busy)
        });
    }
}

fn runs(task: &Option<JoinHandle<()>>) -> bool {
    task.as_ref().is_some_and(|task| !task.is_finished())
}

/// Closes connections that nobody uses, until there are none.
async fn sweep(kept: Arc<Kept>) {
    loop {
        sleep(IDLE).await;
        let mut kept = kept.lock();
        kept.age();
        if kept.all.is_empty() {
            return;
        }
    }
}

/// Closes what is above [`MOST_IDLE`], until nothing is.
async fn trim(kept: Arc<Kept>) {
    let mut pause = BURST;
    loop {
        sleep(pause).await;
        let mut kept = kept.lock();
        kept.trim();
        if !kept.is_crowded() {
            return;
        }
        // Streams may stay for hours.
        pause = LONGEST.min(pause * 2);
    }
}

/// A connection without work for this long, and for twice as long at most, is closed.
const IDLE: Duration = Duration::from_secs(60);
/// After this pause it is looked whether those above [`MOST_IDLE`] have nothing to do any more, and then after twice as
/// long each time.
const BURST: Duration = Duration::from_secs(1);
/// The longest of these pauses.
const LONGEST: Duration = Duration::from_secs(30);

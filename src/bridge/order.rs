//! Who goes first: notifications keep their place among the requests.
//!
//! Each message is a POST of its own, and nothing orders POSTs but waiting. A notification waits
//! until the bodies of all earlier requests are out, and later requests wait until it has its
//! status. Requests do not wait for each other.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::remote::{Follower, Stage};

/// What was sent before.
#[derive(Default)]
pub struct Order {
    /// Requests since the last notification whose bodies may not be out.
    unsent: Vec<Follower>,
    prune_at: usize,
    last_told: Option<Pending>,
}

/// A notification that has no status yet.
#[derive(Clone)]
struct Pending {
    told: watch::Receiver<()>,
    since: Instant,
}

/// What a message has to wait for.
#[derive(Default)]
pub struct Turn {
    bodies: Vec<Follower>,
    told: Option<Pending>,
    patience: Duration,
}

/// Held while a notification is on its way.
pub struct Told(#[expect(dead_code, reason = "its end is the signal")] watch::Sender<()>);

impl Order {
    /// The turn of a request.
    pub fn request(&mut self, request: Follower) -> Turn {
        if self.unsent.len() >= self.prune_at {
            self.unsent.retain(|request| !request.is_at(Stage::Out));
            self.prune_at = (self.unsent.len() * 2).max(PRUNE_AT);
        }
        self.unsent.push(request);
        Turn { bodies: Vec::new(), told: self.pending_notification(), patience: REQUEST_WAIT }
    }

    /// The turn of a notification.
    pub fn notification(&mut self) -> (Turn, Told) {
        let (told, wait) = watch::channel(());
        let bodies = std::mem::take(&mut self.unsent);
        let turn = Turn { bodies, told: self.pending_notification(), patience: NOTIFICATION_WAIT };
        self.last_told = Some(Pending { told: wait, since: Instant::now() });
        (turn, Told(told))
    }

    fn pending_notification(&mut self) -> Option<Pending> {
        self.last_told.take_if(|pending| pending.told.has_changed().is_err());
        self.last_told.clone()
    }
}

impl Turn {
    /// Waits until it is this message's turn.
    pub async fn come(self) {
        for request in self.bodies {
            request.out().await;
        }
        if let Some(mut pending) = self.told {
            // Counted from when the notification was sent: a server that never answers it delays
            // what comes after it once, and not each request anew.
            let _ = timeout_at(pending.since + self.patience, pending.told.changed()).await;
        }
    }
}

/// How long a request waits for the status of the notification before it: somebody waits for it.
const REQUEST_WAIT: Duration = Duration::from_secs(2);
/// How long a notification waits for the one before it. Nobody waits for it, and a server that is
/// slow should still see them in order.
const NOTIFICATION_WAIT: Duration = Duration::from_secs(30);
/// Finished requests are swept out when this many have gathered.
const PRUNE_AT: usize = 64;

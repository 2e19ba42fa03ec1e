//! How a relay ends: what is still said, to whom, and for how long.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{Bridge, End};
use crate::era::{Event, Key};
use crate::failure::{Failure, Kind};

impl Bridge {
    /// The editor will say nothing more; returns when what still runs must have ended.
    pub(super) fn end_of_input(&mut self) -> Option<Instant> {
        self.remote.login().close();
        self.on(Event::Closed);
        self.drain.map(|drain| Instant::now() + drain)
    }

    /// Nothing more is waited for, for this reason.
    pub(super) fn give_up(&mut self, reason: Failure) {
        // While a session is being opened, that is what all the others wait for.
        let opening = self.era.is_opening();
        let mut cause = None;
        let mut each: Vec<(Key, Failure)> = Vec::new();
        for (key, running) in &self.running {
            let met = running.progress.met();
            if running.may_have_run() {
                each.push((*key, reason.clone().last_seen(met).may_have_run()));
            } else if opening {
                cause = cause.or(met);
            } else if met.is_some() {
                each.push((*key, reason.clone().last_seen(met)));
            }
        }
        for (key, failure) in each {
            self.on(Event::Ended { key, failure: Some(failure) });
        }
        self.on(Event::Over(reason.last_seen(cause)));
    }

    /// An answer could not be written. That nobody reads any more is an end like another; that there is no
    /// room for what somebody will read is not.
    pub(super) fn unwritten(&self, error: &io::Error) -> End {
        if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) {
            log::debug!("the editor has closed our stdout");
            return self.tally.end();
        }
        let lost = Failure::new(Kind::Internal, format!("stdout cannot be written, and answers are lost: {error}"));
        log::warn!("{}", lost.remedy("make room where it goes to, or have it go elsewhere, and run this once more"));
        End::Wanting(Kind::Internal)
    }

    /// Says what is still to be said, and takes leave of the server.
    pub(super) async fn leave(mut self, patience: Duration) {
        // Notifications of the last moment, and answers to questions that nobody can answer now.
        let _ = timeout(patience, async {
            self.writer_is_done().await;
            while self.tells.join_next().await.is_some() {}
        })
        .await;
        self.running.into_values().for_each(|running| running.task.abort());
        self.remote.close().await;
        self.remote.login().finish().await;
    }

    pub(super) async fn writer_is_done(&mut self) {
        self.writer.flush();
        while self.writer.is_busy() {
            if let Err(error) = self.writer.written().await {
                self.unwritten(&error);
                return;
            }
            self.writer.flush();
        }
    }
}

/// How long the last notifications may take after the end of the input.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long the last lines and the last notifications may take once all is over.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);
/// How long requests may run that are to run without end, once nobody reads their answers. That of other
/// relays, unless a person says otherwise.
pub(super) const UNHEARD: Duration = Duration::from_secs(30);

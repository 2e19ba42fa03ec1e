//! How far a request has come, told to whoever has to wait for it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::failure::Failure;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The server has seen nothing of it.
    Held,
    /// It is being sent.
    Sending,
    /// Its body is out, or it has ended.
    Out,
}

/// The side of the request: without it, the request has ended. Each call has one of its own, and a
/// [`tokio::sync::watch`] would cost as much as reading the answer.
#[derive(Default)]
pub struct Progress(Follower);

/// The side of whoever waits.
#[derive(Clone, Default)]
pub struct Follower(Arc<Course>);

#[derive(Default)]
struct Course {
    stage: AtomicU8,
    /// It has come to a stage in which nothing is being sent.
    rests: Notify,
    /// Nobody wants it any more.
    cancelled: AtomicBool,
    /// Why it had to be sent again.
    trouble: Mutex<Option<Failure>>,
}

impl Progress {
    /// Somebody else who looks on.
    pub fn follow(&self) -> Follower {
        self.0.clone()
    }

    /// The request has come this far, or was set back.
    pub fn reach(&self, stage: Stage) {
        self.0.reach(stage);
    }

    /// The request has met this, and is sent again.
    pub fn meet(&self, trouble: &Failure) {
        *self.0.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble.clone());
    }

    /// Whether somebody has cancelled the request meanwhile, so that it must not be sent again.
    pub fn is_cancelled(&self) -> bool {
        self.0.0.cancelled.load(Ordering::Acquire)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.reach(Stage::Out);
    }
}

impl Follower {
    /// Whether it has come to `stage` and no further.
    pub fn is_at(&self, stage: Stage) -> bool {
        self.0.stage.load(Ordering::Acquire) == stage as u8
    }

    /// Waits until the body is out, or the request has ended.
    pub async fn out(&self) {
        self.until(|| self.is_at(Stage::Out)).await;
    }

    /// Waits while it is being sent. Returns whether the server has it: it may also have been set back.
    pub async fn sent(&self) -> bool {
        self.until(|| !self.is_at(Stage::Sending)).await;
        self.is_at(Stage::Out)
    }

    /// Why the request had to be sent again, the last time.
    pub fn met(&self) -> Option<Failure> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nobody wants the request any more. What runs of it is the server's to end; it is not sent again.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
    }

    async fn until(&self, done: impl Fn() -> bool) {
        loop {
            // Asked for before the look, so that what comes between both is not missed.
            let told = self.0.rests.notified();
            if done() {
                return;
            }
            told.await;
        }
    }

    pub(super) fn reach(&self, stage: Stage) {
        self.0.stage.store(stage as u8, Ordering::Release);
        if stage != Stage::Sending {
            self.0.rests.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_that_the_body_is_out_or_the_request_has_ended() {
        for ends in [false, true] {
            let progress = Progress::default();
            let follower = progress.follow();
            assert!(follower.is_at(Stage::Held));
            let waiting = tokio::spawn(async move { follower.out().await });
            yield_now().await;
            progress.reach(Stage::Sending);
            yield_now().await;
            assert!(!waiting.is_finished());
            if ends {
                drop(progress)
            } else {
                progress.reach(Stage::Out)
            }
            waiting.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_request_that_is_set_back_has_not_reached_the_server() {
        let progress = Progress::default();
        for (stage, sent) in [(Stage::Held, false), (Stage::Out, true)] {
            progress.reach(Stage::Sending);
            let follower = progress.follow();
            let waiting = tokio::spawn(async move { follower.sent().await });
            yield_now().await;
            assert!(!waiting.is_finished());
            progress.reach(stage);
            assert_eq!(waiting.await.unwrap(), sent);
        }
    }
}

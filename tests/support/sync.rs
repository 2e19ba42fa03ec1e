//! Two ways for a test and a server thread to meet, both with an end.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Longer than anything a healthy run waits for, however loaded the machine; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Closed until the test opens it; a handler waits at it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn open(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    pub fn close(&self) {
        *lock(&self.0.0) = false;
    }

    pub fn is_open(&self) -> bool {
        *lock(&self.0.0)
    }

    pub fn wait(&self) {
        assert!(self.wait_for(PATIENCE * 2), "nobody opened the gate");
    }

    pub fn wait_for(&self, patience: Duration) -> bool {
        let (open, changed) = &*self.0;
        let (guard, _) =
            changed.wait_timeout_while(lock(open), patience, |open| !*open).unwrap_or_else(PoisonError::into_inner);
        *guard
    }
}

/// What a handler hands over to the test: a reply to give later, a stream to push to.
pub struct Mailbox<T>(Arc<(Mutex<VecDeque<T>>, Condvar)>);

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self(Arc::new((Mutex::new(VecDeque::new()), Condvar::new())))
    }
}

impl<T> Mailbox<T> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn put(&self, item: T) {
        lock(&self.0.0).push_back(item);
        self.0.1.notify_all();
    }

    #[track_caller]
    pub fn take(&self) -> T {
        self.take_within(PATIENCE).expect("nothing was handed over in time")
    }

    pub fn take_within(&self, patience: Duration) -> Option<T> {
        let deadline = Instant::now() + patience;
        let (items, changed) = &*self.0;
        let mut items = lock(items);
        loop {
            if let Some(item) = items.pop_front() {
                return Some(item);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            items = changed.wait_timeout(items, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn len(&self) -> usize {
        lock(&self.0.0).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A handler that panicked is reported by its server; the lock it held is still good.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Keys, ids and states of the bridge's own, none of which is ever given twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Key;
use crate::message::Id;

/// Gives them out. A clone gives from the same source.
#[derive(Clone)]
pub struct Own(Arc<Source>);

struct Source {
    seed: u128,
    keys: AtomicU64,
    names: AtomicU64,
}

impl Own {
    /// A source whose names nobody else has, if nobody else has the seed.
    pub fn new(seed: u128) -> Self {
        Own(Arc::new(Source { seed, keys: AtomicU64::new(0), names: AtomicU64::new(0) }))
    }

    /// A key for an exchange or a pause.
    pub fn key(&self) -> Key {
        self.0.keys.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The text of an id, a progress token or an elicitation id.
    pub fn name(&self) -> String {
        format!("mcpbridge-{:x}-{}", self.0.seed as u64, self.0.names.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// An id.
    pub fn id(&self) -> Id {
        Id::own(&self.name())
    }

    /// A pause made longer by up to a half, by as much in every pause of this process: a server that
    /// comes back should not meet all its clients in the same instant.
    pub fn spread(&self, pause: Duration) -> Duration {
        let share = f64::from((self.0.seed >> 64) as u16) / f64::from(u16::MAX);
        pause.mul_f64(1.0 + share / 2.0)
    }

    /// A `requestState`, which nobody can guess.
    pub fn state(&self) -> String {
        let number = self.0.names.fetch_add(1, Ordering::Relaxed) + 1;
        let digest =
            Sha256::new().chain_update(self.0.seed.to_be_bytes()).chain_update(number.to_be_bytes()).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

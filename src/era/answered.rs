//! Answers of the editor that the server does not have yet. Who asks without end and takes no answer must not
//! have them kept here without end; so a question counts as open until its answer is with the server.

use std::sync::Arc;

/// Counts them.
#[derive(Default)]
pub struct Answered(Arc<()>);

/// Held for as long as one of them is on its way.
#[derive(Debug)]
pub struct OnItsWay(#[expect(dead_code, reason = "that it is held is what counts")] Arc<()>);

impl Answered {
    /// One more goes out.
    pub fn one(&self) -> OnItsWay {
        OnItsWay(Arc::clone(&self.0))
    }

    /// How many are on their way.
    pub fn on_their_way(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// Questions that may be open at once; a server with more has lost count.
pub const MOST_OPEN: usize = 4096;

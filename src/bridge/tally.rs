//! What the end of a relay says of the answers that the bridge had to give.

use super::End;
use crate::failure::Kind;

/// Why the bridge had to answer for the server.
#[derive(Default)]
pub struct Tally {
    unreachable: bool,
    broken: Option<Kind>,
    unauthorized: bool,
}

impl Tally {
    /// The bridge has answered for this reason.
    pub fn add(&mut self, kind: Kind) {
        match kind {
            // The editor's own mistake.
            Kind::Usage => {}
            Kind::Unreachable => self.unreachable = true,
            Kind::SignInRequired => self.unauthorized = true,
            other => self.broken = Some(other),
        }
    }

    /// How the relay has ended, if it ends now.
    pub fn end(&self) -> End {
        match self.broken {
            _ if self.unreachable => End::Wanting(Kind::Unreachable),
            Some(kind) => End::Wanting(kind),
            None if self.unauthorized => End::Wanting(Kind::SignInRequired),
            None => End::Served,
        }
    }
}

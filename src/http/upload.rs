//! A request body that says how far it is.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

/// A request body that says how far it is. It is handed over in pieces, so that "out" is nearly
/// "on the wire" for large bodies too; a piece is a view, not a copy. Nobody asks for the first one before there is a
/// connection.
pub struct Upload {
    /// What is still to be handed over.
    pub rest: Bytes,
    /// Told of each piece.
    pub told: Option<Tell>,
}

/// Is told how far a body is.
pub type Tell = Box<dyn Fn(Sent) + Send + Sync>;

/// How far a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Some of it has been handed to the connection.
    Partly,
    /// All of it has.
    Wholly,
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        if let Some(told) = &self.told {
            told(if self.rest.is_empty() { Sent::Wholly } else { Sent::Partly });
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Bytes of a body that are handed over at once.
const PIECE: usize = 64 * 1024;

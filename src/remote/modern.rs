//! Requests to a server of the modern era (2026-07-28): each a POST of its own, without a session.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use http::{HeaderName, HeaderValue};

use super::Remote;
use super::call::Call;
use super::session::Session;
use crate::failure::Failure;
use crate::message::Message;

/// How a request is sent outside any session.
#[derive(Clone, Debug)]
pub struct Alone {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether it is a stream that stays open.
    pub listens: bool,
}

impl Alone {
    /// With these headers; one that HTTP cannot carry is left out.
    pub fn new(headers: &[(String, String)], listens: bool) -> Self {
        let pair = |(name, value): &(String, String)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        };
        Alone { headers: headers.iter().filter_map(pair).collect(), listens }
    }

    /// The headers.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + Clone {
        self.headers.iter().cloned()
    }
}

impl Remote {
    /// Sends a request without a session and delivers what comes for it; then says that it has
    /// ended. Dropping this closes the stream, which is how a server learns that it is cancelled.
    pub async fn exchange_alone(self, mut call: Call) {
        let listens = call.listens();
        let work = Box::pin(AssertUnwindSafe(self.see_through(&mut call)).catch_unwind());
        let outcome =
            if listens { Ok(work.await.unwrap_or_else(|_| Err(super::panicked()))) } else { self.in_time(work).await };
        let outcome = outcome.unwrap_or_else(|late| Err(self.late(late, &call)));
        self.ended(&call, outcome).await;
    }

    /// POSTs a notification without a session.
    ///
    /// # Errors
    /// Nobody answers for a notification; the failure is for the log.
    pub async fn tell_alone(&self, message: &Message, alone: &Alone) -> Result<(), Failure> {
        self.tell_patiently(&draft(), message, alone.headers()).await
    }
}

/// What is sent in no session is sent as if one were still to be opened.
pub(super) fn draft() -> Arc<Session> {
    Arc::new(Session::draft(0, None))
}

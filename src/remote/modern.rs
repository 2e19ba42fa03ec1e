//! Requests to a server of the modern era (2026-07-28): each a POST of its own, without a session.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use http::{HeaderName, HeaderValue};
use tokio::time::sleep;

use super::backoff::Patience;
use super::call::{Call, Stage};
use super::session::{Road, Session};
use super::{MOST_REPEATS, Remote, Trouble};
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
        let work = Box::pin(AssertUnwindSafe(self.see_through_alone(&mut call)).catch_unwind());
        let outcome =
            if listens { Ok(work.await.unwrap_or_else(|_| Err(super::panicked()))) } else { self.in_time(work).await };
        let outcome = outcome.unwrap_or_else(|late| Err(self.late(late)));
        self.ended(&call, outcome).await;
    }

    /// POSTs a notification without a session.
    ///
    /// # Errors
    /// Nobody answers for a notification; the failure is for the log.
    pub async fn tell_alone(&self, message: &Message, alone: &Alone) -> Result<(), Failure> {
        let draft = Session::draft(0, Road::Streamable);
        self.0.tell_with(&draft, message.raw(), alone.headers()).await.map_err(Trouble::into_failure)
    }

    async fn see_through_alone(&self, call: &mut Call) -> Result<(), Failure> {
        let draft = Arc::new(Session::draft(0, Road::Streamable));
        let mut patience = Patience::new(self.0.settings.start_window, MOST_REPEATS);
        loop {
            let trouble = match self.0.exchange(&draft, call).await {
                Ok(_) => return Ok(()),
                Err(trouble) => trouble,
            };
            match patience.pause(&trouble, call.repeatable) {
                Some(pause) => {
                    if let Trouble::Later(..) = trouble {
                        call.stage.send_replace(Stage::Held);
                    }
                    sleep(pause).await;
                }
                None => return Err(trouble.given_up(call.repeatable)),
            }
        }
    }
}

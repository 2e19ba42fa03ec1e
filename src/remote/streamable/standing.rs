//! The standing stream: a GET, on which a server says what belongs to no request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use super::is_event_stream;
use super::stream::Track;
use crate::http::Lane;
use crate::http::page::is_web_page;
use crate::remote::backoff::Pauses;
use crate::remote::refusal::retry_after;
use crate::remote::session::{Listening, Session, Shared};

/// Keeps the standing stream of a session for the life of the session.
pub async fn listen(shared: Arc<Shared>, session: Arc<Session>) {
    let mut track = Track::default();
    let mut pauses = Pauses::default();
    let mut woke = shared.woke.subscribe();
    let mut heard = false;
    loop {
        // No limit: there are servers that send the head with the first event.
        let outcome = shared.get(&session, Lane::Control, track.last.as_deref(), None).await;
        session.listening.send_replace(Listening::Settled);
        let pause = match outcome {
            Ok(mut response) if response.status().is_success() && is_event_stream(response.headers()) => {
                track.resumed = track.last.is_some();
                heard = true;
                let began = Instant::now();
                let end = shared.read_stream(&session, None, Bytes::new(), &mut response, &mut track).await;
                log::debug!("the standing stream ended: {}", end.err().map_or("closed".into(), |end| end.to_string()));
                track.named_pause().unwrap_or_else(|| pauses.after_stream(began.elapsed()))
            }
            Ok(response) => match response.status().as_u16() {
                400 | 404 if heard => {
                    // It had a stream and now does not know us, or the event we name.
                    if !shared.is_alive(&session).await {
                        shared.renew_in_time(session.generation);
                        return;
                    }
                    track = Track::default();
                    pauses.next()
                }
                // A network says so in which somebody has to sign in first, as after the lid was opened.
                _ if heard && is_web_page(response.headers(), b"") => pauses.next(),
                409 | 429 | 500..=599 => {
                    let wanted = retry_after(response.status(), response.headers()).or(track.named_pause());
                    pauses.next().max(wanted.unwrap_or_default())
                }
                status => {
                    log::debug!("the server has no standing stream (HTTP {status})");
                    return;
                }
            },
            Err(_) => pauses.next().max(track.named_pause().unwrap_or_default()),
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = woke.changed() => {}
        }
    }
}

impl Shared {
    /// What a server asks before the standing stream is up is lost, so what may make it ask waits
    /// for the stream, but not for long, and not again for a server that let the time lapse.
    pub(super) async fn wait_for_stream(&self, session: &Session) {
        let mut listening = session.listening.subscribe();
        if *listening.borrow() != Listening::Asked || self.slow_to_listen.load(Ordering::Relaxed) {
            return;
        }
        let settled = timeout(STREAM_WAIT, listening.wait_for(|listening| *listening == Listening::Settled)).await;
        if settled.is_err() {
            self.slow_to_listen.store(true, Ordering::Relaxed);
        }
    }
}

/// How long calls wait for the standing stream.
const STREAM_WAIT: Duration = Duration::from_millis(300);

//! What the body of a response is, and how it is read: within the limits of memory and of time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use tokio::time::timeout;

use super::{is_event_stream, silent, within};
use crate::failure::{Failure, Kind};
use crate::http::page::{WRONG_PLACE, is_web_page};
use crate::http::{Cut, Response, shown};
use crate::message::has_room;
use crate::remote::session::Shared;
use crate::remote::{Trouble, Weight};

/// A body, as far as its beginning tells.
pub enum Body {
    /// All of a body of JSON.
    Whole(Bytes, Weight),
    /// The beginning of an event stream, and the rest.
    Stream(Bytes, Response),
}

impl Shared {
    /// Finds out what a body is. The bytes decide and not the type alone: there are servers that
    /// send either one under the other's name.
    pub(super) async fn look_at(&self, mut response: Response) -> Result<Body, Trouble> {
        let named_stream = is_event_stream(response.headers());
        let status = response.status().as_u16();
        let announced = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced > self.settings.limit {
            return Err(self.too_large());
        }
        // Before anything is read, so that answers for an editor that does not read stay where they
        // are: in the server.
        let mut weight = self.inflow.enter();
        self.cover(&mut weight, announced).await;
        let mut head = Bytes::new();
        while head.trim_ascii_start().is_empty() {
            match self.piece(&mut response).await? {
                Some(piece) if head.is_empty() => head = piece,
                Some(piece) => head = [head, piece].concat().into(),
                None => break,
            }
            if head.len() > LONGEST_BLANK {
                break;
            }
        }
        let start = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).trim_ascii_start();
        let json = matches!(start.first(), Some(b'{' | b'['));
        let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
        if json {
            let start = head.slice_ref(start);
            let body = self.whole(start, announced, response, &mut weight).await?;
            return Ok(Body::Whole(body, weight));
        }
        if named_stream || fields.iter().any(|field| start.starts_with(field)) {
            return Ok(Body::Stream(head, response));
        }
        let server = shown(&self.settings.url);
        let failure = |fact: String| Failure::new(Kind::Protocol, fact).status(status);
        Err(if let Some(coding) = foreign_coding(response.headers()) {
            let fact = format!("{server} packed its answer as nobody asked it to (Content-Encoding: {coding})");
            Trouble::Spoiled(failure(fact).remedy("it must come plain or as gzip; the server's operator may know more"))
        } else if is_web_page(response.headers(), start) {
            let fact = format!("{server} gives a web page in place of an MCP answer (HTTP {status})");
            Trouble::Final(failure(fact).remedy(WRONG_PLACE))
        } else if start.is_empty() {
            let fact = format!("{server} accepted the request (HTTP {status}) but gave no answer to it");
            Trouble::Spoiled(failure(fact))
        } else {
            let fact = format!("{server} answered with neither JSON nor an event stream (HTTP {status})");
            Trouble::Spoiled(failure(fact).remedy("is this the MCP URL?"))
        })
    }

    /// The whole of a body that begins with `head` and has `announced` bytes, if it says so.
    async fn whole(
        &self,
        head: Bytes,
        announced: usize,
        mut response: Response,
        weight: &mut Weight,
    ) -> Result<Bytes, Trouble> {
        if head.len() > self.settings.limit {
            return Err(self.too_large());
        }
        let Some(second) = self.piece(&mut response).await? else { return Ok(head) };
        let mut body = Vec::new();
        body.try_reserve_exact(announced.max(head.len() + second.len())).map_err(|_| no_memory())?;
        body.extend_from_slice(&head);
        body.extend_from_slice(&second);
        drop((head, second));
        while let Some(piece) = self.piece(&mut response).await? {
            body.try_reserve(piece.len()).map_err(|_| no_memory())?;
            body.extend_from_slice(&piece);
            drop(piece);
            if body.len() > self.settings.limit {
                return Err(self.too_large());
            }
            self.cover(weight, body.len()).await;
        }
        if body.len() > self.settings.limit {
            return Err(self.too_large());
        }
        if has_room(body.len()) { Ok(body.into()) } else { Err(no_memory()) }
    }

    pub(super) fn too_large(&self) -> Trouble {
        let fact = format!("the server's answer is larger than {} bytes", self.settings.limit);
        Trouble::Spoiled(Failure::new(Kind::Protocol, fact).remedy("raise --max-message-size"))
    }

    /// Takes room for a message of the server, or waits for it. With HTTP/2 the oldest message may
    /// itself wait for room in a window that the waiting ones fill; so when the editor does read,
    /// and there is still no room, progress counts more than the budget.
    pub async fn cover(&self, weight: &mut Weight, bytes: usize) {
        while timeout(ROOM_WAIT, weight.cover(bytes)).await.is_err() {
            if self.arrivals.capacity() > 0 {
                weight.insist(bytes);
            }
        }
    }

    /// The next piece of a body that somebody waits for.
    async fn piece(&self, response: &mut Response) -> Result<Option<Bytes>, Trouble> {
        self.piece_within(self.settings.body_timeout, response).await
    }

    /// The next piece of a stream, which may be quiet for ever unless there is a limit. One that has run out is not given
    /// once more.
    pub async fn piece_within(
        &self,
        limit: Option<Duration>,
        response: &mut Response,
    ) -> Result<Option<Bytes>, Trouble> {
        let late = "the server was silent for too long in the middle of its answer";
        match within(limit, response.chunk()).await {
            Some(piece) => piece.map_err(|error| Trouble::Cut(broke_off(&error))),
            None => Err(Trouble::Spoiled(silent(late, "--body-timeout"))),
        }
    }
}

/// Gives `take` what else has come of a stream by now. A server that writes its events one by one sends each
/// as a piece, and to hand each to the loop alone would cost more than to read it. `taken` bytes are there
/// already. Returns what came in the place of a further piece, if the stream has ended.
pub async fn take_along(
    response: &mut Response,
    mut taken: usize,
    mut take: impl FnMut(Bytes),
) -> Option<Result<(), Failure>> {
    while taken < TOGETHER {
        match at_hand(response).await? {
            Ok(Some(piece)) => {
                taken += piece.len();
                take(piece);
            }
            Ok(None) => return Some(Ok(())),
            Err(error) => return Some(Err(broke_off(&error))),
        }
    }
    None
}

/// The next piece, if the connection has one without waiting for the network. It is read by a task of its own,
/// which is let in once.
async fn at_hand(response: &mut Response) -> Option<Result<Option<Bytes>, Cut>> {
    let mut piece = pin!(response.chunk());
    let mut again = false;
    poll_fn(|context| match piece.as_mut().poll(context) {
        Poll::Ready(piece) => Poll::Ready(Some(piece)),
        Poll::Pending if again => Poll::Ready(None),
        Poll::Pending => {
            again = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// How a body is packed that was not unpacked on its way here, in short.
fn foreign_coding(headers: &HeaderMap) -> Option<String> {
    let coding = headers.get(header::CONTENT_ENCODING)?.to_str().ok()?.trim();
    let is_none = coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    (!is_none).then(|| coding.chars().take(LONGEST_CODING).collect())
}

fn broke_off(error: &Cut) -> Failure {
    let fact = format!("the server's answer broke off: {}", crate::http::root_cause(error));
    Failure::new(Kind::Unreachable, fact)
}

fn no_memory() -> Trouble {
    let fact = "there is not enough memory for the server's answer";
    Trouble::Spoiled(Failure::new(Kind::Internal, fact).remedy("close other programs, or ask for less at once"))
}

/// Characters of a coding's name that are shown.
const LONGEST_CODING: usize = 40;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// White space before a body that is still taken for one.
const LONGEST_BLANK: usize = 64 * 1024;
/// Bytes of a stream that are handed on together, if so many have come: what is not counted against the budget.
const TOGETHER: usize = 16 * 1024;
/// How long a message waits for room before it is asked whether the editor is the reason.
const ROOM_WAIT: Duration = Duration::from_secs(5);

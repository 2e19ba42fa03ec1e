//! What the server says to somebody with a ticket, or without.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio::time::timeout;

use super::Session;
use crate::auth::Ticket;
use crate::auth::challenge::{self, Bearer};
use crate::commands::access;
use crate::failure::{Failure, Kind};
use crate::http::page::{IN_THE_WAY, WRONG_PLACE, is_web_page};
use crate::http::{Lane, Request, Response, Trouble, shown};
use crate::message::{METHOD_NOT_FOUND, Message, member};
use crate::remote::{SESSION_ID, session_id};

/// What the server says to somebody with a ticket, or without.
pub(super) enum Welcome {
    /// It lets them in.
    Open,
    /// It wants a sign-in.
    Wants(Option<Bearer>),
    /// It does not let them in, and does not say that a sign-in would help.
    Refuses(Failure),
}

impl Session {
    /// Opens a session with `ticket` to see what the server says, and ends it again.
    ///
    /// # Errors
    /// The server cannot be reached or is in trouble, or there is no MCP server at the URL.
    pub(super) async fn knock(&self, ticket: &Ticket) -> Result<Welcome, Failure> {
        let said = self.greeted(ticket).await?;
        let said = if said.may_be_http_sse() { self.streamed(ticket).await.unwrap_or(said) } else { said };
        if said.status != 401 {
            return self.judged(&said, ticket);
        }
        let challenge = challenge::bearer(&said.headers);
        if let Some(failure) = ticket.proof_refused(&self.url, challenge.as_ref(), &said.headers) {
            return Err(failure);
        }
        match ticket.unbound(challenge.as_ref()) {
            Some(unbound) => Box::pin(self.knock(&unbound)).await,
            None => Ok(Welcome::Wants(challenge)),
        }
    }

    /// The answer to an `initialize`.
    async fn greeted(&self, ticket: &Ticket) -> Result<Said, Failure> {
        let accept = HeaderValue::from_static("application/json, text/event-stream");
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let hello =
            self.request(Method::POST, access::hello().into(), vec![json, (header::ACCEPT, accept.clone())], ticket);
        let sent = self.http.send(Lane::Control, hello).await;
        let said = Said::read(sent.map_err(Trouble::into_failure)?).await;
        if let Ok(Some(id)) = session_id(&said.headers) {
            let own = vec![(header::ACCEPT, accept), (SESSION_ID, id)];
            let goodbye = self.request(Method::DELETE, Bytes::new(), own, ticket);
            let _ = timeout(GOODBYE, self.http.send(Lane::Control, goodbye)).await;
        }
        Ok(said)
    }

    /// What the GET that opens an HTTP+SSE stream is answered (2024-11-05), if that says more than the
    /// refusal of the POST. A relay falls back to it as well.
    async fn streamed(&self, ticket: &Ticket) -> Option<Said> {
        let accept = (header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let get = self.request(Method::GET, Bytes::new(), vec![accept], ticket);
        let response = timeout(STREAM, self.http.send(Lane::Control, get)).await.ok()?.ok()?;
        let said = Said { status: response.status().as_u16(), headers: response.headers().clone(), body: Vec::new() };
        (said.status == 401 || said.is_stream()).then_some(said)
    }

    fn request(&self, method: Method, body: Bytes, own: Vec<(HeaderName, HeaderValue)>, ticket: &Ticket) -> Request {
        let common = Arc::clone(&self.headers);
        let mut request = Request { method, url: self.url.clone(), common, own, body, told: None, proof: None };
        ticket.add_to(&mut request);
        request
    }

    /// What an answer other than a 401 means.
    fn judged(&self, said: &Said, ticket: &Ticket) -> Result<Welcome, Failure> {
        let (server, status, page) = (shown(&self.url), said.status, said.is_page());
        let failure = |kind, fact: String, remedy: String| Failure::new(kind, fact).remedy(remedy).status(status);
        let a_page = format!("{server} gives a web page in place of an MCP answer (HTTP {status})");
        let in_trouble = format!("{server} is in trouble (HTTP {status})");
        Err(match status {
            200..=299 if page => failure(Kind::Protocol, a_page, WRONG_PLACE.into()),
            200..=299 => return Ok(Welcome::Open),
            // Nobody but what stands between says it (RFC 6585, section 6).
            511 => {
                let fact =
                    format!("the network wants a sign-in before it lets anything through to {server} (HTTP 511)");
                failure(Kind::Unreachable, fact, IN_THE_WAY.into())
            }
            502..=504 => failure(Kind::Unreachable, in_trouble, "try again in a while".into()),
            500..=599 if page => {
                failure(Kind::Protocol, format!("{in_trouble}, with a web page as its answer"), WRONG_PLACE.into())
            }
            // What it does not know to do today it will not know in a while.
            501 => failure(Kind::Protocol, in_trouble, self.closer_look()),
            500..=599 => failure(Kind::Unreachable, in_trouble, "try again in a while".into()),
            408 | 425 | 429 => {
                let fact = format!("{server} has no time for this now (HTTP {status})");
                failure(Kind::Unreachable, fact, "try again in a while".into())
            }
            // A relay asks for more scopes by itself, where they are missed.
            403 if said.wants_scopes() && !ticket.is_none() => return Ok(Welcome::Open),
            403 if page && said.challenge().is_none() => failure(Kind::Protocol, a_page, WRONG_PLACE.into()),
            403 => return Ok(Welcome::Refuses(self.forbidden(ticket))),
            // What it says of a hello is of the protocol, not of the sign-in.
            400..=499 if said.is_of_mcp() => return Ok(Welcome::Open),
            400 if !page => {
                let fact = format!("{server} refused the request (HTTP {status})");
                return Ok(Welcome::Refuses(failure(Kind::Protocol, fact, self.closer_look())));
            }
            _ if page => failure(Kind::Protocol, a_page, WRONG_PLACE.into()),
            404 | 410 => {
                let fact = format!("there is nothing at {server} (HTTP {status})");
                failure(Kind::Protocol, fact, self.closer_look())
            }
            _ => {
                let fact = format!("{server} refused the request (HTTP {status})");
                failure(Kind::Protocol, fact, self.closer_look())
            }
        })
    }

    fn forbidden(&self, ticket: &Ticket) -> Failure {
        let (server, command) = (shown(&self.url), self.options.command("login"));
        let failure = if ticket.is_none() {
            let fact = format!("{server} wants a credential (HTTP 403), and offers no sign-in");
            Failure::new(Kind::SignInRequired, fact)
                .remedy(format!("if it takes an API key, run: {command} --api-key-header NAME"))
        } else {
            let fact = format!("{server} does not let in who has signed in (HTTP 403)");
            Failure::new(Kind::SignInRefused, fact)
                .remedy(format!("its operator may know why; to sign in as somebody else, run: {command} --force"))
        };
        failure.status(403)
    }

    fn closer_look(&self) -> String {
        let command = self.options.command("doctor");
        format!("is this the MCP URL? It often ends in /mcp or /sse; to look closer, run: {command}")
    }
}

/// An answer of the server, as far as is useful.
struct Said {
    status: u16,
    headers: HeaderMap,
    /// Of a refusal alone: what else comes may be a stream, and is not read.
    body: Vec<u8>,
}

impl Said {
    async fn read(mut response: Response) -> Said {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        if !status.is_success() {
            let rest = async {
                while let Ok(Some(piece)) = response.chunk().await {
                    body.extend_from_slice(&piece[..piece.len().min(LARGEST - body.len())]);
                    if body.len() == LARGEST {
                        break;
                    }
                }
            };
            let _ = timeout(BODY, rest).await;
        }
        Said { status: status.as_u16(), headers, body }
    }

    fn is_page(&self) -> bool {
        is_web_page(&self.headers, &self.body)
    }

    fn is_stream(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        (200..300).contains(&self.status) && kind.to_ascii_lowercase().starts_with(b"text/event-stream")
    }

    fn challenge(&self) -> Option<Bearer> {
        challenge::bearer(&self.headers)
    }

    fn wants_scopes(&self) -> bool {
        self.challenge().is_some_and(|challenge| challenge.error.as_deref() == Some("insufficient_scope"))
    }

    /// The code of the JSON-RPC error that it is.
    fn code(&self) -> Option<i64> {
        let text = str::from_utf8(&self.body).ok()?;
        let message = Message::single(text.trim().to_owned().into()).ok()?;
        member(message.error()?, "code")?.parse().ok()
    }

    /// Whether an MCP server refuses an `initialize` with it. Some say that nothing is there with an error
    /// of JSON-RPC; one of the modern era says with a 404 that it does not know the method.
    fn is_of_mcp(&self) -> bool {
        self.code().is_some_and(|code| self.status != 404 || code == METHOD_NOT_FOUND)
    }

    /// Whether the refusal of a POST leaves it open what a GET is answered.
    fn may_be_http_sse(&self) -> bool {
        (400..500).contains(&self.status) && !matches!(self.status, 401 | 403 | 408 | 425 | 429) && !self.is_of_mcp()
    }
}

/// How long the end of a session may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a server may take to open a stream, of which it is not known whether it has one.
const STREAM: Duration = Duration::from_secs(10);
/// Bytes of a refusal that are read.
const LARGEST: usize = 64 * 1024;
/// How long they are waited for.
const BODY: Duration = Duration::from_secs(5);

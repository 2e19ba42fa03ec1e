//! What answers at the URL: whether it is secured, whether it is MCP, and if not, where MCP may be.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use url::Url;

use super::report::{Report, Step};
use super::server::{Server, Session};
use crate::auth::Ticket;
use crate::auth::challenge::{self, Bearer};
use crate::cli::TransportOrder;
use crate::clock::{now, since_1970};
use crate::commands::access;
use crate::commands::moment::span;
use crate::failure::{Failure, Kind};
use crate::http::page::is_web_page;
use crate::http::proxy::Proxy;
use crate::http::{Response, Stage, Unanswered, redirect, shown};
use crate::message::{Kind as Is, Message, member, plain_string};
use crate::plain::one_line;
use crate::remote::session_id;
use crate::remote::sse::{Data, Parser};

/// The beginning of what came back for a request.
pub struct Answer {
    /// Who gave it.
    pub url: Url,
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Vec<u8>,
    /// Whether nothing but the head was read.
    only_head: bool,
}

impl Answer {
    /// Reads it as far as is useful: a stream up to the answer in it.
    pub async fn read(mut response: Response, url: Url) -> Self {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut answer = Answer { url, status, headers, body: Vec::new(), only_head: false };
        let rest = async {
            while let Ok(Some(piece)) = response.chunk().await {
                let room = LARGEST.saturating_sub(answer.body.len());
                answer.body.extend_from_slice(&piece[..piece.len().min(room)]);
                if answer.body.len() >= LARGEST || (answer.is_stream() && answer.message().is_some()) {
                    break;
                }
            }
        };
        let _ = timeout(BODY, rest).await;
        answer
    }

    /// Only its head, as of a stream in which nothing may come.
    pub fn head(response: &Response, url: Url) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { url, status, headers, body: Vec::new(), only_head: true }
    }

    /// The JSON-RPC answer in it, if there is one.
    pub fn message(&self) -> Option<Message> {
        let single = |text: &str| {
            let message = Message::single(text.trim().to_owned().into()).ok()?;
            (message.kind() == Is::Answer).then_some(message)
        };
        if !self.is_stream() {
            return single(str::from_utf8(&self.body).ok()?);
        }
        // As the relay reads it.
        let mut events = Vec::new();
        Parser::new(LARGEST).push(Bytes::copy_from_slice(&self.body), &mut events);
        events.into_iter().find_map(|event| match event.data {
            Data::Whole(data) => single(str::from_utf8(&data).ok()?),
            Data::Nothing | Data::TooLong(_) => None,
        })
    }

    /// The session that it opens.
    pub fn session(&self) -> Session {
        let version = self.result("protocolVersion").and_then(|version| version.parse().ok());
        Session { id: session_id(&self.headers).ok().flatten(), version }
    }

    /// A text of the result in it.
    pub fn result(&self, name: &str) -> Option<String> {
        let message = self.message()?;
        member(message.result()?, name).and_then(plain_string).map(|it| it.into_owned())
    }

    /// Whether its type is that of an event stream.
    pub fn is_stream(&self) -> bool {
        let kind = self.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        self.status.is_success() && kind.to_ascii_lowercase().starts_with(b"text/event-stream")
    }

    /// Whether it is the stream that a GET opens, in the place of an answer to a POST.
    pub fn is_http_sse(&self) -> bool {
        self.only_head && self.is_stream()
    }

    /// Whether it is a web page.
    pub fn is_page(&self) -> bool {
        is_web_page(&self.headers, &self.body)
    }

    /// Whether it wants a credential, or another one.
    pub fn wants_credential(&self) -> bool {
        matches!(self.status.as_u16(), 401 | 403)
    }

    /// What it says of that credential.
    pub fn challenge(&self) -> Option<Bearer> {
        challenge::bearer(&self.headers)
    }

    /// Whether it is one of an MCP server. Some say that nothing is there with an error of JSON-RPC.
    fn is_mcp(&self) -> bool {
        let speaks = self.message().is_some() && self.status != StatusCode::NOT_FOUND;
        speaks || self.is_http_sse() || (self.status == StatusCode::UNAUTHORIZED && self.challenge().is_some())
    }
}

/// The inner error is the step at which it stopped.
///
/// # Errors
/// The report cannot be printed.
pub async fn examine(server: &Server, report: &mut Report) -> anyhow::Result<Result<Answer, &'static str>> {
    let asked = first(server, &Ticket::default()).await;
    let tls = secured(server, asked.as_ref().err().and_then(Option::as_ref));
    let stopped = tls.is_failure();
    report.add(tls)?;
    if stopped {
        return Ok(Err("tls"));
    }
    let answer = match asked {
        Ok(answer) => answer,
        Err(unanswered) => {
            report.add(match unanswered {
                Some(unanswered) => Step::failed("http", &unanswered.failure),
                None => Step::fail(
                    "http",
                    Kind::Unreachable,
                    "there is a connection, and no answer in time",
                    "try again; if it stays so, its operator may know more",
                ),
            })?;
            return Ok(Err("http"));
        }
    };
    let step = judged(server, &answer).await;
    let failed = step.is_failure();
    report.add(step)?;
    report.add(clock(&answer))?;
    Ok(if failed { Err("http") } else { Ok(answer) })
}

/// Asks for a session, and over HTTP+SSE where that is no use; redirects that the relay would follow are
/// followed.
///
/// # Errors
/// Nothing has come back.
pub async fn first(server: &Server, ticket: &Ticket) -> Result<Answer, Option<Unanswered>> {
    let mut url = server.url().clone();
    for _ in 0..MOST_REDIRECTS {
        // Without what the ticket may have added to it.
        let answer = Answer { url: url.clone(), ..asked(server, &url, ticket).await? };
        match redirect(answer.status, &answer.headers, &url) {
            Some(Ok(target)) => url = target,
            _ => return Ok(answer),
        }
    }
    let fact = format!("{} redirects in a circle", shown(&url));
    let failure = Failure::new(Kind::Protocol, fact).remedy("its operator has to mend that");
    Err(Some(Unanswered { stage: Stage::Answer, failure }))
}

async fn asked(server: &Server, url: &Url, ticket: &Ticket) -> Result<Answer, Option<Unanswered>> {
    let (transport, session) = (server.relay.wire.transport, Session::default());
    if transport == TransportOrder::SseOnly {
        return server.ask_head(server.get(url, ticket, &session)).await;
    }
    let posted = server.ask(server.post(url, access::hello(), ticket, &session)).await?;
    let is_final = posted.is_mcp() || posted.wants_credential() || posted.status.is_redirection();
    if is_final || transport == TransportOrder::HttpOnly {
        return Ok(posted);
    }
    match server.ask_head(server.get(url, ticket, &session)).await {
        Ok(streamed) if streamed.is_mcp() || streamed.status == StatusCode::UNAUTHORIZED => Ok(streamed),
        _ => Ok(posted),
    }
}

/// The step of a redirect that the relay would not follow.
fn misled(answer: &Answer) -> Option<Step> {
    let failure = redirect(answer.status, &answer.headers, &answer.url)?.err()?.into_failure();
    let location = answer.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let target = location.and_then(|location| answer.url.join(location).ok());
    let Some(target) = target.filter(|target| target.origin() != answer.url.origin()) else {
        return Some(Step::failed("http", &failure));
    };
    let (url, status, target) = (shown(&answer.url), answer.status.as_u16(), shown(&target));
    let fact = format!("{url} redirects to {target} (HTTP {status}), and what is secret would go there");
    Some(Step::fail("http", Kind::Protocol, fact, format!("if you trust it, use its URL: {target}")))
}

fn secured(server: &Server, unanswered: Option<&Unanswered>) -> Step {
    if server.url().scheme() == "http" {
        return Step::skip("tls", "plain http");
    }
    let is_direct = Proxy::of(&server.wires, server.url()).is_none();
    match unanswered {
        Some(Unanswered { stage: Stage::Tls, failure }) => return Step::failed("tls", failure),
        // There was one a moment ago, so it is the handshake that broke.
        Some(Unanswered { stage: Stage::Connection, failure }) if is_direct => {
            let remedy = "does something there speak TLS? Check scheme and port";
            return Step::fail("tls", Kind::Unreachable, &failure.fact, remedy);
        }
        Some(Unanswered { stage: Stage::Connection, .. }) => {
            return Step::skip("tls", "there is no connection to secure");
        }
        _ => {}
    }
    let seen = server.http.seen();
    let Some(version) = seen.version else { return Step::skip("tls", "no connection was secured in time") };
    let Some(certificate) = seen.certificate else { return Step::ok("tls", version) };
    let (names, until) = (format!("{} from {}", certificate.subject, certificate.issuer), certificate.until);
    let days = until.map(|until| until.saturating_sub(now()) / 86_400);
    let fact = |lasts: &str| format!("{version}; the certificate of {names}{lasts} is {}", seen.trusted);
    match days {
        None => Step::ok("tls", fact("")),
        Some(days) if days < SOON => {
            let remedy = "tell the operator of the server, if it is not renewed by itself";
            Step::warn("tls", fact(&format!(", which expires in {days} days,")), remedy)
        }
        Some(days) => Step::ok("tls", fact(&format!(", which expires in {days} days,"))),
    }
}

async fn judged(server: &Server, answer: &Answer) -> Step {
    let (url, status) = (shown(&answer.url), answer.status.as_u16());
    if let Some(step) = misled(answer) {
        return step;
    }
    if answer.wants_credential() && !(answer.is_page() && answer.challenge().is_none()) {
        let moved = if answer.url == *server.url() { "" } else { ", after a redirect" };
        return Step::ok("http", format!("it answers{moved}, and wants a credential (HTTP {status})"));
    }
    // What is said to a GET is no answer to the request that it was to open the way for.
    if server.relay.wire.transport == TransportOrder::SseOnly && !answer.is_http_sse() && !answer.is_page() {
        let fact = format!("{url} answers a GET with HTTP {status}, and with no event stream");
        return Step::fail(
            "http",
            Kind::Protocol,
            fact,
            "is this the MCP URL? If it is, leave --transport sse-only out",
        );
    }
    if answer.is_mcp() {
        return of_mcp(server, answer);
    }
    if answer.wants_credential() {
        let fact = format!("{url} answers with a web page (HTTP {status}): something in front of it refuses mcpbridge");
        return Step::fail("http", Kind::Protocol, fact, "ask its operator, or try without a VPN or proxy");
    }
    // A site says with a page of its own that it takes no POST, and what cannot be done will not do in a while.
    let is_lasting = status == 501 || answer.is_page() && !matches!(status, 502..=504 | 511);
    if answer.status.is_server_error() && !is_lasting || status == 429 {
        let fact = format!("{url} is in trouble (HTTP {status})");
        return Step::fail("http", Kind::Unreachable, fact, "try again in a while");
    }
    let fact = match () {
        () if answer.is_page() => format!("{url} is a web page (HTTP {status}), not an MCP server"),
        () if status == 404 => format!("there is nothing at {url} (HTTP 404)"),
        () if answer.status.is_success() => format!("{url} answers, but not with MCP (HTTP {status})"),
        () => format!("{url} refuses to be asked (HTTP {status})"),
    };
    let remedy = match neighbour(server).await {
        Some(found) => format!("an MCP server answers at {}: use that URL", shown(&found)),
        None => "is this the MCP URL? It often ends in /mcp or /sse, and nothing answers there".to_owned(),
    };
    Step::fail("http", Kind::Protocol, fact, remedy)
}

fn of_mcp(server: &Server, answer: &Answer) -> Step {
    let moved = if answer.url.path() == server.url().path() {
        String::new()
    } else {
        format!(", after a redirect to {}", shown(&answer.url))
    };
    match answer.message() {
        Some(message) if message.is_result() => Step::ok("http", format!("Streamable HTTP answers{moved}")),
        Some(message) => {
            let text = message.error().and_then(|error| member(error, "message"));
            let text = text.and_then(plain_string).unwrap_or_default();
            let text = server.scrub(&one_line(&text));
            Step::ok("http", format!("JSON-RPC answers{moved}, with an error to `initialize`: {text}"))
        }
        None => Step::ok("http", format!("HTTP+SSE answers{moved}")),
    }
}

/// The address near the URL at which an MCP server answers: where people and documents are wrong most
/// often.
async fn neighbour(server: &Server) -> Option<Url> {
    let path = server.url().path();
    let bare = path.trim_end_matches('/');
    let other = if path.ends_with('/') { bare.to_owned() } else { format!("{bare}/") };
    let mut places: Vec<Url> = Vec::new();
    let below = [format!("{bare}/mcp"), format!("{bare}/sse")];
    for path in [other, "/mcp".into(), "/mcp/".into(), "/sse".into()].into_iter().chain(below) {
        let mut url = server.url().clone();
        url.set_path(&path);
        if url != *server.url() && !places.contains(&url) {
            places.push(url);
        }
    }
    let tries = places.iter().map(|place| async move {
        let streams = place.path().trim_end_matches('/').ends_with("/sse");
        let (none, session) = (Ticket::default(), Session::default());
        let asked = async {
            if streams {
                return server.ask_head(server.get(place, &none, &session)).await;
            }
            server.ask(server.post(place, access::hello(), &none, &session)).await
        };
        let answer = server.within(NEIGHBOUR, asked).await?.ok()?;
        server.end_session(&answer, &none).await;
        answer.is_mcp().then(|| place.clone())
    });
    join_all(tries).await.into_iter().flatten().next()
}

/// Signatures and tokens have times in them, so clocks have to agree.
fn clock(answer: &Answer) -> Step {
    let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Step::skip("clock", "the server does not say what time it is");
    };
    let theirs = theirs.duration_since(UNIX_EPOCH).unwrap_or_default();
    let ours = since_1970();
    let seconds = theirs.abs_diff(ours).as_secs();
    if seconds <= SKEW {
        return Step::ok("clock", format!("the server's clock is {seconds} s from the one here"));
    }
    let side = if theirs < ours { "ahead of" } else { "behind" };
    let fact = format!("the clock here is {} {side} the server's", span(seconds));
    Step::warn("clock", fact, "set the clock of this computer, or tokens seem to have expired, or not to be valid yet")
}

/// Bytes of an answer that are read, and how long they are waited for.
const LARGEST: usize = 1024 * 1024;
const BODY: Duration = Duration::from_secs(8);
/// How long an address beside the URL may take: they are asked all at once.
const NEIGHBOUR: Duration = Duration::from_secs(5);
/// Redirects within the origin.
const MOST_REDIRECTS: usize = 5;
/// Days before its end from which on a certificate is worth a word: those that are renewed by
/// themselves are renewed earlier.
const SOON: u64 = 14;
/// Seconds by which clocks may differ.
const SKEW: u64 = 60;

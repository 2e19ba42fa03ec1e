//! What a response that is no answer says: to the editor, and about what to do next.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;

use super::session::Shared;
use super::{Given, Settings, Weight};
use crate::auth::{Login, Ticket, challenge};
use crate::failure::{Failure, Kind};
use crate::http::page::{IN_THE_WAY, WRONG_PLACE, is_web_page};
use crate::http::{Response, shown};
use crate::message::{Kind as Is, METHOD_NOT_FOUND, Message, Parsed, member};

/// A response with a status that is no success, read as far as is useful.
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    weight: Weight,
}

impl Refusal {
    /// Reads the body, for at most [`PATIENCE`]: what may be the server's own error up to the largest size of a message,
    /// and of anything else [`LARGEST`] bytes.
    pub async fn read(shared: &Shared, mut response: Response) -> Self {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let (mut body, mut weight) = (Vec::new(), shared.inflow.enter());
        let rest = async {
            while let Ok(Some(piece)) = response.chunk().await {
                if body.try_reserve(piece.len()).is_err() {
                    break;
                }
                body.extend_from_slice(&piece);
                drop(piece);
                let largest = if body.trim_ascii_start().starts_with(b"{") { shared.settings.limit } else { LARGEST };
                if body.len() > largest {
                    body.truncate(LARGEST.min(largest));
                    break;
                }
                shared.cover(&mut weight, body.len()).await;
            }
        };
        let _ = timeout(PATIENCE, rest).await;
        Refusal { status, headers, body: body.into(), weight }
    }

    /// The share of the memory for large messages that the body has.
    pub fn into_weight(self) -> Weight {
        self.weight
    }

    /// Whether a gateway says it, and nobody knows if the server behind it has seen the request. The statuses from 520
    /// on are Cloudflare's own.
    pub fn is_from_gateway(&self) -> bool {
        matches!(self.status.as_u16(), 502..=504 | 520..=530)
    }

    /// Whether the request may have been at work when it came to this.
    pub fn may_have_run(&self) -> bool {
        match self.status.as_u16() {
            408 => true,
            // Not implemented, another version of HTTP, a network that wants a sign-in.
            501 | 505 | 511 => false,
            _ => self.status.is_server_error(),
        }
    }

    /// The JSON-RPC error in the body, if that is what it is. OAuth and web servers say `error` too,
    /// and mean a word or an object of their own, which an editor cannot read.
    pub fn error(&self) -> Option<Message> {
        let Ok(Parsed::One(message)) = Message::parse(self.body.clone()) else { return None };
        let code = message.error().and_then(|error| member(error, "code")).map(str::parse::<i64>);
        matches!(code, Some(Ok(_))).then_some(message)
    }

    /// The answers in the body, if it is a batch (2025-03-26).
    pub fn batch(&self) -> Vec<Message> {
        let Ok(Parsed::Batch(batch)) = Message::parse(self.body.clone()) else { return Vec::new() };
        batch.into_iter().flatten().filter(|message| message.kind() == Is::Answer).collect()
    }

    /// What happened and what to do, for a request that has no better answer. The server may repeat
    /// what it was told, the ticket of `login` above all.
    pub fn failure(&self, settings: &Settings, login: &Login) -> Failure {
        let error = self.error().filter(|_| self.status != StatusCode::UNAUTHORIZED);
        let error = error.and_then(|message| message.error().map(Into::into));
        Failure { error, ..self.in_words(settings, login) }
    }

    /// As [`Refusal::failure`], where no request has been sent that a JSON-RPC error could answer.
    pub fn in_words(&self, settings: &Settings, login: &Login) -> Failure {
        let status = self.status.as_u16();
        let server = shown(&settings.url);
        let fact = match status {
            401 | 403 => return self.refused_credential(settings, login),
            400 if self.wants_certificate() => {
                let fact = format!("{server} wants a client certificate, or another one (HTTP 400)");
                let remedy = "give one with --client-cert FILE and --client-key FILE";
                return Failure::new(Kind::Unreachable, fact).remedy(remedy).status(status);
            }
            // Nobody but what stands between says it (RFC 6585, section 6).
            511 => {
                let fact =
                    format!("the network wants a sign-in before it lets anything through to {server} (HTTP 511)");
                return Failure::new(Kind::Unreachable, fact).remedy(IN_THE_WAY).status(status);
            }
            // Most say it with a page of HTML, whatever was asked.
            431 => {
                let fact = format!("{server} says that the head of the request is too long for it (HTTP 431)");
                return Failure::new(Kind::Protocol, fact).remedy(SHORTER).status(status);
            }
            429 => format!("{server} has had too many requests (HTTP 429)"),
            _ if self.status.is_server_error() => format!("{server} is in trouble (HTTP {status})"),
            _ if self.is_web_page() => {
                let fact = format!("{server} gives a web page in place of an MCP answer (HTTP {status})");
                return Failure::new(Kind::Protocol, fact)
                    .remedy(settings.or_another_transport(WRONG_PLACE))
                    .status(status);
            }
            _ => format!("{server} refused the request (HTTP {status})"),
        };
        let (kind, remedy) = match status {
            404 | 405 => (Kind::Protocol, settings.or_another_transport("is this the MCP URL?")),
            429 => (Kind::Unreachable, "try again later".to_owned()),
            _ if self.is_from_gateway() => (Kind::Unreachable, "try again in a moment".to_owned()),
            _ if self.is_web_page() => (Kind::Protocol, WRONG_PLACE.to_owned()),
            _ => (Kind::Protocol, "the server's operator may know more".to_owned()),
        };
        let remedy = match self.retry_after() {
            Some(wait) => format!("it asks to wait {} s; try again then", wait.as_secs()),
            None => remedy,
        };
        Failure::new(kind, format!("{fact}{}", self.excerpt(settings, &login.ticket_at_hand())))
            .remedy(remedy)
            .status(status)
    }

    /// The pause that a busy server asks for, in either form of RFC 9110, section 10.2.3.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.status, &self.headers)
    }

    fn refused_credential(&self, settings: &Settings, login: &Login) -> Failure {
        let (server, status) = (shown(&settings.url), self.status.as_u16());
        let challenge = challenge::bearer(&self.headers);
        let likely = [settings.given(challenge.as_ref()), settings.given(None)].into_iter().find(Given::is_any);
        // One of those that are not known for a credential may be one all the same.
        let given = likely.unwrap_or_else(|| Given { headers: settings.credentials.iter().collect(), in_url: false });
        let headers: Vec<&str> = given.headers.iter().map(|name| name.as_str()).collect();
        let another = login.as_another().filter(|_| headers.is_empty());
        let (fact, check) = match headers.as_slice() {
            [] if another.is_some() => (format!("{server} refused the request of who is signed in"), ""),
            [] if settings.url.query().is_some() => {
                (format!("{server} refused the credential in the URL"), "check the URL's query")
            }
            [] => (
                format!("{server} wants a credential"),
                "give one with --header 'Authorization:Bearer …' or the header it asks for",
            ),
            names => (format!("{server} refused the credential in header {}", names.join(", ")), "check its value"),
        };
        let fact = format!("{fact} (HTTP {status}){}", self.excerpt(settings, &login.ticket_at_hand()));
        let check = another.as_deref().unwrap_or(check);
        let remedy = match status {
            // What a network says to those who have not signed in to it, too.
            403 if self.is_web_page() => format!("{check}; or does a network want you to sign in first?"),
            _ if given.is_any() => login.beside_a_key(check, challenge.as_ref()),
            _ => check.to_owned(),
        };
        Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(status)
    }

    /// The beginning of a text body, on one line, without any secret that we know.
    fn excerpt(&self, settings: &Settings, ticket: &Ticket) -> String {
        let from_error = self.error().and_then(|message| {
            let text = message.error().and_then(|error| member(error, "message"))?;
            serde_json::from_str::<String>(text).ok()
        });
        let text = match from_error {
            Some(text) => text,
            None if self.is_web_page() => return ", with a web page as its answer".into(),
            None => {
                let start = &self.body[..self.body.len().min(LARGEST)];
                match std::str::from_utf8(start) {
                    Ok(text) => text.to_owned(),
                    Err(error) => String::from_utf8_lossy(&start[..error.valid_up_to()]).into_owned(),
                }
            }
        };
        // An error of JSON-RPC may be as large as a message, and only its beginning is shown.
        let text = &text[..text.floor_char_boundary(LARGEST)];
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = ticket.scrub(&settings.secrets.scrub(&words.join(" ")));
        match text.char_indices().nth(EXCERPT) {
            _ if text.is_empty() => String::new(),
            Some((end, _)) => format!(": {}…", &text[..end]),
            None => format!(": {text}"),
        }
    }

    /// What nginx answers to those who have shown none, or a wrong one; it ends no handshake for it.
    fn wants_certificate(&self) -> bool {
        let says = |words: &[u8]| self.body.windows(words.len()).any(|part| part == words);
        self.is_web_page() && (says(b"No required SSL certificate was sent") || says(b"The SSL certificate error"))
    }

    fn is_web_page(&self) -> bool {
        is_web_page(&self.headers, &self.body)
    }
}

/// The pause that a response asks for, if it is one of a busy server.
pub fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status.as_u16(), 429 | 503) {
        return None;
    }
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

/// Whether `error` says that there is no such method.
pub fn is_unknown_method(error: &Message) -> bool {
    let code = error.error().and_then(|error| member(error, "code"));
    code.and_then(|code| code.parse().ok()) == Some(METHOD_NOT_FOUND)
}

/// The remedy where the head is too long.
const SHORTER: &str = "shorten what --header adds, or leave the server's cookies out with --disable-cookies";
/// Bytes of a refusal that are read, if it is no error of JSON-RPC.
const LARGEST: usize = 64 * 1024;
/// How long they are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of it that are shown.
const EXCERPT: usize = 200;

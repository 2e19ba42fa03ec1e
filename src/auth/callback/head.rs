//! The head of a request to the callback: read by its grammar, and not beyond a limit.

use tiny_http::{Header, Method};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The head of a request, as far as it matters.
pub struct Head {
    /// How it is asked for.
    pub method: Method,
    /// What is asked for: a path, and perhaps a query.
    pub target: String,
    /// What the host is called there.
    pub host: Option<String>,
}

/// Why there is no head.
pub enum Unread {
    /// Nobody waits for an answer.
    Gone,
    /// It is no request; the status says why.
    Wrong(u16),
}

impl Head {
    /// Reads one from `stream`, as far as its end.
    ///
    /// # Errors
    /// There is none to be answered, or none that can be read.
    pub async fn read(stream: &mut TcpStream) -> Result<Self, Unread> {
        let mut bytes = Vec::new();
        let end = loop {
            // The last three bytes may be the beginning of the end.
            let from = bytes.len().saturating_sub(3);
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return Err(Unread::Gone),
                Ok(_) => {}
            }
            if let Some(end) = memchr::memmem::find(&bytes[from..], b"\r\n\r\n") {
                break from + end;
            }
            if bytes.len() > LARGEST_HEAD {
                return Err(Unread::Wrong(431));
            }
        };
        std::str::from_utf8(&bytes[..end]).ok().and_then(Self::parse).ok_or(Unread::Wrong(400))
    }

    /// Reads the lines of a head, without the empty one that ends it; `None` if they are none.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, fields) = text.split_once("\r\n").unwrap_or((text, ""));
        let mut words = first.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        // RFC 9112, section 2.2: a line break that is not a whole one ends nothing, and belongs nowhere.
        if text.replace("\r\n", "").contains(['\r', '\n']) {
            return None;
        }
        if words.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return None;
        }
        let headers: Vec<Header> =
            fields.split("\r\n").filter(|line| !line.is_empty()).map(str::parse).collect::<Result<_, _>>().ok()?;
        let mut hosts = headers.iter().filter(|header| header.field.equiv("Host"));
        let host = hosts.next().map(|header| header.value.to_string());
        // RFC 9112, section 3.2: more than one is an attempt to be two things at once.
        if hosts.next().is_some() {
            return None;
        }
        Some(Head { method: method.parse().ok()?, target: target.to_owned(), host })
    }
}

/// A code may be some KiB, and other programs' cookies for localhost come with it.
const LARGEST_HEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_by_its_grammar() {
        let parsed = |text: &str| {
            Head::parse(text).map(|head| format!("{} {} {}", head.method, head.target, head.host.unwrap_or_default()))
        };
        for (text, expected) in [
            ("GET /a?b HTTP/1.1\r\nHost: h:1\r\nX: y", Some("GET /a?b h:1")),
            ("HEAD / HTTP/1.0\r\nhOST:h", Some("HEAD / h")),
            ("GET / HTTP/1.1", Some("GET / ")),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b", None),
            ("GET / HTTP/1.1\r\nHost : a", None),
            ("GET / HTTP/1.1\r\n folded", None),
            ("GET / HTTP/2", None),
            ("GET /a\nb HTTP/1.1\r\nHost: a", None),
            ("GET / HTTP/1.1\r\nHost: a\rb", None),
            ("GET  / HTTP/1.1", None),
            ("GET http://h/ HTTP/1.1", None),
            ("GET / HTTP/1.1 x", None),
            ("GET /", None),
            ("", None),
        ] {
            assert_eq!(parsed(text).as_deref(), expected, "{text}");
        }
    }
}

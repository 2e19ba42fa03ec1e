//! One HTTP request and its answer: the checks every request passes, and the answer as JSON or as a stream.

use std::io::{self, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::http::Request;

/// A request that still waits for its answer.
pub struct Exchange {
    request: Request,
    out: TcpStream,
}

/// What an accepted request gets.
pub enum Reply {
    /// 202: a notification or an answer was taken.
    Accepted,
    /// 200 without a body: the session is gone.
    Ended,
    /// 200 with one JSON body.
    Json { body: Value, headers: Vec<(&'static str, String)> },
    /// Another status with a JSON-RPC error of the server's own, which has the id of the request.
    Error {
        /// The HTTP status.
        status: u16,
        /// The answer.
        body: Value,
    },
    /// 200 with a stream of events, written by this function until it returns.
    Stream(Work),
    /// What the sign-in says: a body of any type, which is among the headers.
    Plain { status: u16, headers: Vec<(&'static str, String)>, body: String },
}

/// What writes a stream.
pub type Work = Box<dyn FnOnce(&mut EventStream) -> io::Result<()>>;

/// Why a request was not accepted: an HTTP status and the error of its JSON body.
#[derive(Debug)]
pub struct Refusal {
    status: u16,
    code: i64,
    message: String,
}

/// An open `text/event-stream` answer.
pub struct EventStream {
    out: TcpStream,
}

impl Exchange {
    /// The answer to `request` goes to `out`.
    pub fn new(request: Request, out: TcpStream) -> Self {
        Self { request, out }
    }

    /// Refuses what another web site or another machine could have sent (DNS rebinding).
    /// <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning>
    pub fn check(&self) -> Result<(), Refusal> {
        if !self.header("Host").is_some_and(is_loopback) {
            return Err(Refusal::new(403, "this server answers only to the host names of loopback"));
        }
        let is_local = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host));
        if self.header("Origin").is_some_and(|origin| !is_local(origin)) {
            return Err(Refusal::new(403, "this server answers no other web site"));
        }
        // Streams are chunked, which HTTP/1.0 does not know.
        if !self.request.is_current() {
            return Err(Refusal::new(505, "this server speaks HTTP/1.1"));
        }
        Ok(())
    }

    /// The HTTP method.
    pub fn method(&self) -> &str {
        &self.request.method
    }

    /// The path that the request is for, and its query.
    pub fn target(&self) -> (&str, &str) {
        self.request.target.split_once('?').unwrap_or((&self.request.target, ""))
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.request.body
    }

    /// The value of a header, the first where there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.header(name)
    }

    /// Whether the client named all these content types in its Accept header.
    pub fn accepts(&self, types: &[&str]) -> Result<(), Refusal> {
        let accept = self.header("Accept").unwrap_or_default().to_ascii_lowercase();
        let names: Vec<&str> = accept.split(',').filter_map(|part| part.split(';').next()).map(str::trim).collect();
        if names.contains(&"*/*") || types.iter().all(|wanted| names.contains(wanted)) {
            return Ok(());
        }
        Err(Refusal::new(406, format!("the Accept header must name {}", types.join(" and "))))
    }

    /// The JSON value of the body.
    pub fn json(&self) -> Result<Value, Refusal> {
        let kind = self.header("Content-Type").unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Refusal::new(415, "the Content-Type must be application/json"));
        }
        serde_json::from_slice(&self.request.body).map_err(|err| Refusal {
            status: 400,
            code: PARSE_ERROR,
            message: format!("not JSON: {err}"),
        })
    }

    /// Answers as the reply says; an error is a client that left.
    pub fn answer(mut self, reply: Result<Reply, Refusal>) -> io::Result<()> {
        let body_wanted = self.method() != "HEAD";
        match reply {
            Ok(Reply::Accepted) => write_answer(&mut self.out, 202, &[], None),
            Ok(Reply::Ended) => write_answer(&mut self.out, 200, &[], None),
            Ok(Reply::Json { body, headers }) => write_answer(&mut self.out, 200, &headers, Some(body)),
            Ok(Reply::Error { status, body }) => write_answer(&mut self.out, status, &[], Some(body)),
            Ok(Reply::Plain { status, headers, body }) => write_text(&mut self.out, status, &headers, &body),
            Ok(Reply::Stream(work)) => {
                self.out.write_all(STREAM_HEAD)?;
                let mut stream = EventStream { out: self.out };
                work(&mut stream)?;
                stream.end()
            }
            Err(refusal) => refusal.write(&mut self.out, body_wanted),
        }
    }
}

impl Refusal {
    /// A refusal whose message is about HTTP; its JSON-RPC code says only that the request was invalid.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: INVALID_REQUEST, message: message.into() }
    }

    /// 404: the session never was, was ended, or had to make room.
    pub fn session() -> Self {
        Self { status: 404, code: SESSION_NOT_FOUND, message: "session not found: initialize again".into() }
    }

    /// 404: nothing is at this path.
    pub fn path() -> Self {
        Self::new(404, format!("nothing here: the MCP endpoint is {PATH}"))
    }

    /// 405.
    pub fn method() -> Self {
        Self::new(405, "only POST, GET and DELETE are known here")
    }

    /// 503: every connection is taken.
    pub fn busy() -> Self {
        Self::new(503, "too many connections at once: close some of them")
    }
}

impl Refusal {
    /// Answers with the error. It carries no id: the transport refused the request, not the server behind it.
    pub fn write(&self, out: &mut impl Write, body_wanted: bool) -> io::Result<()> {
        let allow = (self.status == 405).then(|| ("Allow", "GET, POST, DELETE".to_owned()));
        let body = json!({"jsonrpc": "2.0", "error": {"code": self.code, "message": self.message}});
        write_answer(out, self.status, allow.as_slice(), body_wanted.then_some(body))
    }
}

impl EventStream {
    /// Sends one JSON-RPC message.
    pub fn message(&mut self, message: &Value) -> io::Result<()> {
        self.chunk(&format!("event: message\ndata: {message}\n\n"))
    }

    /// Sends a comment: it keeps proxies from closing a quiet stream, and shows whether the client is still there.
    pub fn comment(&mut self, text: &str) -> io::Result<()> {
        self.chunk(&format!(": {text}\n\n"))
    }

    /// Ends the answer; the connection lives on.
    fn end(mut self) -> io::Result<()> {
        self.out.write_all(b"0\r\n\r\n")
    }

    /// One write an event, so that it leaves at once.
    fn chunk(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
    }
}

fn write_answer(
    out: &mut impl Write,
    status: u16,
    headers: &[(&'static str, String)],
    body: Option<Value>,
) -> io::Result<()> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let kind = (!body.is_empty()).then(|| ("Content-Type", "application/json".to_owned()));
    let headers: Vec<_> = kind.into_iter().chain(headers.iter().cloned()).collect();
    write_text(out, status, &headers, &body)
}

fn write_text(out: &mut impl Write, status: u16, headers: &[(&'static str, String)], body: &str) -> io::Result<()> {
    let mut answer = format!("HTTP/1.1 {status} {}\r\nContent-Length: {}\r\n", reason(status), body.len());
    for (name, value) in headers {
        answer += &format!("{name}: {value}\r\n");
    }
    answer += "\r\n";
    out.write_all((answer + body).as_bytes())
}

/// For people who read along; programs go by the number.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        303 => "See Other",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Bad Request",
    }
}

/// Whether `host`, with or without a port, is a name of this machine's loopback.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| name.eq_ignore_ascii_case(loopback))
}

/// The path of the MCP endpoint.
pub const PATH: &str = "/mcp";

const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
    Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
/// The code that the official SDKs use in the body of this 404.
const SESSION_NOT_FOUND: i64 = -32001;

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_loopback_are_loopback() {
        for host in ["127.0.0.1", "127.0.0.1:7832", "localhost:80", "LOCALHOST", "[::1]", "[::1]:7832"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "example.com", "127.0.0.1.example.com", "localhost.example.com:80", "127.0.0.1@example.com", "null"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

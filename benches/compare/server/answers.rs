//! What the server answers. Answers have their members in the order of the official TypeScript SDK
//! (`id` last), event streams one chunk per event, as servers that write events one by one send them.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use http::StatusCode;

use super::Seen;
use crate::wire;

/// One message to the server.
pub struct Asked<'a> {
    pub body: &'a [u8],
    /// To the address where the modern era is spoken.
    pub modern: bool,
    /// Where a header names it.
    pub tool: Option<&'a str>,
}

impl Asked<'_> {
    fn id(&self) -> Option<&str> {
        wire::spelled(self.body, "id")
    }

    fn member(&self, key: &str) -> Option<&str> {
        wire::member(self.body, key)
    }

    fn number(&self, key: &str) -> u64 {
        wire::number(self.body, key).unwrap_or(0)
    }

    fn tool(&self) -> &str {
        self.tool.or_else(|| self.member("name")).unwrap_or_default()
    }
}

/// An answer that is one body.
pub struct Reply {
    pub status: StatusCode,
    /// Of the session that this opens.
    pub session: Option<String>,
    pub body: Vec<u8>,
}

/// The answer as HTTP/1.1 has it.
pub fn write(asked: &Asked, seen: &Seen, output: &mut impl Write) -> io::Result<()> {
    if let (Some(id), Some("tools/call")) = (asked.id(), asked.member("method")) {
        match asked.tool() {
            "echo_sse" => return echo_sse(id, asked.member("text").unwrap_or_default(), output),
            "down" => return down(id, asked.number("size") as usize, output),
            "stream" => return stream(id, asked.number("n"), asked.number("per_chunk").max(1), output),
            _ => {}
        }
    }
    let Reply { status, session, body } = reply(asked, seen);
    let session = session.map(|session| format!("Mcp-Session-Id: {session}\r\n")).unwrap_or_default();
    let mut answer = head(status, &session, body.len());
    answer.extend_from_slice(&body);
    output.write_all(&answer)
}

pub fn reply(asked: &Asked, seen: &Seen) -> Reply {
    let Some(id) = asked.id() else {
        return Reply { status: StatusCode::ACCEPTED, session: None, body: Vec::new() };
    };
    let mut session = None;
    let method = asked.member("method").unwrap_or_default();
    let result = match (asked.modern, method) {
        (false, "initialize") => {
            session = Some(format!("session-{}", seen.session()));
            let version = asked.member("protocolVersion").unwrap_or(wire::PROTOCOL);
            format!(
                r#""protocolVersion":"{version}","capabilities":{{"tools":{{}},"logging":{{}}}},"serverInfo":{{"name":"compare","version":"1"}}"#
            )
        }
        (true, "server/discover") => FOUND.to_owned(),
        // What the other era begins with.
        (true, "initialize") => return refusal(id, StatusCode::NOT_FOUND, -32601, "Method not found"),
        (false, "server/discover") => return refusal(id, StatusCode::BAD_REQUEST, -32000, "Bad Request"),
        (_, "tools/list") => LIST.to_owned(),
        (_, "tools/call") => content(&call(asked)),
        _ => String::new(),
    };
    let complete = match (asked.modern, method) {
        (false, _) => "",
        (true, "tools/list") => r#","resultType":"complete","ttlMs":0,"cacheScope":"private""#,
        (true, _) => r#","resultType":"complete""#,
    };
    Reply { status: StatusCode::OK, session, body: result_of(id, &format!("{result}{complete}")) }
}

fn refusal(id: &str, status: StatusCode, code: i32, message: &str) -> Reply {
    let body = format!(r#"{{"error":{{"code":{code},"message":"{message}"}},"jsonrpc":"2.0","id":{id}}}"#);
    Reply { status, session: None, body: body.into_bytes() }
}

/// What the tool says.
fn call(asked: &Asked) -> String {
    match asked.tool() {
        "echo" => asked.member("text").unwrap_or_default().to_owned(),
        "wait" => {
            thread::sleep(Duration::from_millis(asked.number("ms")));
            "waited".to_owned()
        }
        "up" => {
            let whole = wire::carries_sample(asked.body, asked.number("size") as usize);
            (if whole { "whole" } else { "damaged" }).to_owned()
        }
        _ => "no such tool".to_owned(),
    }
}

fn echo_sse(id: &str, text: &str, output: &mut impl Write) -> io::Result<()> {
    let mut stream = EVENTS.to_owned().into_bytes();
    chunk(&mut stream, &event(&result_of(id, &content(text))));
    stream.extend_from_slice(b"0\r\n\r\n");
    output.write_all(&stream)
}

/// Head, text and tail as three writes: no copy of the text is made for one answer.
fn down(id: &str, size: usize, output: &mut impl Write) -> io::Result<()> {
    let text = wire::sample(size);
    let whole = result_of(id, &content(SPLIT));
    let at = whole.windows(SPLIT.len()).position(|part| part == SPLIT.as_bytes());
    let at = at.expect("the marker was just written");
    let (before, after) = (&whole[..at], &whole[at + SPLIT.len()..]);
    let mut head = head(StatusCode::OK, "", before.len() + text.len() + after.len());
    head.extend_from_slice(before);
    output.write_all(&head)?;
    output.write_all(text.as_bytes())?;
    output.write_all(after)
}

/// `n` small notifications, `per_chunk` of them to an HTTP chunk, and then the answer.
fn stream(id: &str, n: u64, per_chunk: u64, output: &mut impl Write) -> io::Result<()> {
    // Rendered once: the client's pace is measured, not the server's.
    static RENDERED: Mutex<Vec<Rendered>> = Mutex::new(Vec::new());
    let mut rendered = RENDERED.lock().expect("no holder panics");
    let known = rendered.iter().find(|one| one.n == n && one.per_chunk == per_chunk);
    let notifications = known.map(|one| Arc::clone(&one.bytes)).unwrap_or_else(|| {
        let bytes = Arc::new(render(n, per_chunk));
        rendered.push(Rendered { n, per_chunk, bytes: Arc::clone(&bytes) });
        bytes
    });
    drop(rendered);
    output.write_all(EVENTS.as_bytes())?;
    output.write_all(&notifications)?;
    let mut end = Vec::new();
    chunk(&mut end, &event(&result_of(id, &content("done"))));
    end.extend_from_slice(b"0\r\n\r\n");
    output.write_all(&end)
}

struct Rendered {
    n: u64,
    per_chunk: u64,
    bytes: Arc<Vec<u8>>,
}

fn render(n: u64, per_chunk: u64) -> Vec<u8> {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    for i in 0..n {
        events.extend(event(
            format!(r#"{{"method":"notifications/message","params":{{"level":"info","data":{i}}},"jsonrpc":"2.0"}}"#)
                .as_bytes(),
        ));
        if (i + 1) % per_chunk == 0 || i + 1 == n {
            chunk(&mut out, &events);
            events.clear();
        }
    }
    out
}

fn content(text: &str) -> String {
    format!(r#""content":[{{"type":"text","text":"{text}"}}]"#)
}

/// `result` without its brackets.
fn result_of(id: &str, result: &str) -> Vec<u8> {
    format!(r#"{{"result":{{{result}}},"jsonrpc":"2.0","id":{id}}}"#).into_bytes()
}

fn event(data: &[u8]) -> Vec<u8> {
    [b"event: message\ndata: ", data, b"\n\n"].concat()
}

fn chunk(out: &mut Vec<u8>, content: &[u8]) {
    // A Vec takes every write.
    let _ = write!(out, "{:x}\r\n", content.len());
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
}

fn head(status: StatusCode, headers: &str, length: usize) -> Vec<u8> {
    let kind = if length > 0 { "Content-Type: application/json\r\n" } else { "" };
    format!("HTTP/1.1 {status}\r\n{kind}{headers}Content-Length: {length}\r\n\r\n").into_bytes()
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const SPLIT: &str = "<text>";
const LIST: &str = r#""tools":[{"name":"echo","description":"Says it back","inputSchema":{"type":"object"}}]"#;
const FOUND: &str = r#""supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"compare","version":"1"}}"#;

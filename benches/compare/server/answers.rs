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

/// An answer that is one body.
pub struct Reply {
    pub status: StatusCode,
    /// Of the session that this opens.
    pub session: Option<String>,
    pub body: Vec<u8>,
}

/// The answer as HTTP/1.1 has it.
pub fn write(body: &[u8], seen: &Seen, output: &mut impl Write) -> io::Result<()> {
    let argument = |key| wire::number(body, key).unwrap_or(0);
    if let (Some(id), Some("tools/call")) = (wire::member(body, "id"), wire::member(body, "method")) {
        match wire::member(body, "name").unwrap_or_default() {
            "echo_sse" => return echo_sse(id, wire::member(body, "text").unwrap_or_default(), output),
            "down" => return down(id, argument("size") as usize, output),
            "stream" => return stream(id, argument("n"), argument("per_chunk").max(1), output),
            _ => {}
        }
    }
    let Reply { status, session, body } = reply(body, seen);
    let session = session.map(|session| format!("Mcp-Session-Id: {session}\r\n")).unwrap_or_default();
    let mut answer = head(status, &session, body.len());
    answer.extend_from_slice(&body);
    output.write_all(&answer)
}

pub fn reply(body: &[u8], seen: &Seen) -> Reply {
    let Some(id) = wire::member(body, "id") else {
        return Reply { status: StatusCode::ACCEPTED, session: None, body: Vec::new() };
    };
    let (session, result) = match wire::member(body, "method").unwrap_or_default() {
        "initialize" => {
            let version = wire::member(body, "protocolVersion").unwrap_or(wire::PROTOCOL);
            let result = format!(
                r#"{{"protocolVersion":"{version}","capabilities":{{"tools":{{}},"logging":{{}}}},"serverInfo":{{"name":"compare","version":"1"}}}}"#
            );
            (Some(format!("session-{}", seen.session())), result)
        }
        "tools/list" => (
            None,
            r#"{"tools":[{"name":"echo","description":"Says it back","inputSchema":{"type":"object"}}]}"#.to_owned(),
        ),
        "tools/call" => (None, content(&call(body))),
        _ => (None, "{}".to_owned()),
    };
    Reply { status: StatusCode::OK, session, body: result_of(id, &result) }
}

/// What the tool says.
fn call(body: &[u8]) -> String {
    let argument = |key| wire::number(body, key).unwrap_or(0);
    match wire::member(body, "name").unwrap_or_default() {
        "echo" => wire::member(body, "text").unwrap_or_default().to_owned(),
        "wait" => {
            thread::sleep(Duration::from_millis(argument("ms")));
            "waited".to_owned()
        }
        "up" => {
            let whole = wire::carries_sample(body, argument("size") as usize);
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
    format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#)
}

fn result_of(id: &str, result: &str) -> Vec<u8> {
    format!(r#"{{"result":{result},"jsonrpc":"2.0","id":{id}}}"#).into_bytes()
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

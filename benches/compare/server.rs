//! The remote MCP server: Streamable HTTP as small and as fast as the standard library makes it.
//! One thread per connection, one write per answer, so that what differs between the clients is
//! the clients. Answers have their members in the order of the official TypeScript SDK (`id`
//! last), event streams one chunk per event, as servers that write events one by one send them.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Context;
use tokio::net::TcpSocket;

use crate::wire;

/// The server in its process. It ends with this handle: it watches its stdin.
pub struct Server {
    pub port: u16,
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Server {
    pub fn spawn() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process did not start")?;
        let mut port = String::new();
        let stdout = child.stdout.take().context("no stdout")?;
        BufReader::new(stdout).read_line(&mut port)?;
        Ok(Self { port: port.trim().parse().context("the server named no port")?, stdin: child.stdin.take(), child })
    }

    /// A path of its own for every client, by which the server tells their sessions apart.
    pub fn url(&self, tag: &str) -> String {
        format!("http://127.0.0.1:{}/mcp/{tag}", self.port)
    }

    pub fn saw_delete(&self, tag: &str) -> anyhow::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        write!(stream, "GET /deletes/{tag} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.ends_with("\r\n\r\nyes"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// The process itself.
pub fn run() -> anyhow::Result<()> {
    let listener = listen()?;
    println!("{}", listener.local_addr()?.port());
    let seen = Arc::new(Seen::default());
    thread::spawn(move || accept(&listener, &seen));
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    Ok(())
}

/// The standard library's backlog of 128 overflows when a thousand connections come at once, and
/// the refused ones would come back a second later, at the client's expense.
fn listen() -> anyhow::Result<TcpListener> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(4096)?.into_std()?;
    listener.set_nonblocking(false)?;
    Ok(listener)
}

fn accept(listener: &TcpListener, seen: &Arc<Seen>) {
    for stream in listener.incoming().flatten() {
        let seen = Arc::clone(seen);
        let serving = thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            // A client that goes away ends its connection; that is all there is to say.
            let _ = serve(&stream, &seen);
        });
        if let Err(err) = serving {
            eprintln!("the server has no thread for a connection: {err}");
        }
    }
}

#[derive(Default)]
struct Seen {
    sessions: AtomicU64,
    deletes: Mutex<HashMap<String, u64>>,
}

fn serve(stream: &TcpStream, seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::with_capacity(64 * 1024, stream);
    let mut output = stream;
    let mut head = String::new();
    let mut body = Vec::new();
    while let Some(request) = Request::read(&mut input, &mut head, &mut body)? {
        match request.method {
            "POST" => answer(&body, seen, &mut output)?,
            "DELETE" => {
                let tag = request.path.rsplit('/').next().unwrap_or_default();
                let mut deletes = seen.deletes.lock().expect("no holder panics");
                *deletes.entry(tag.to_owned()).or_default() += 1;
                drop(deletes);
                output.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            }
            _ => match request.path.strip_prefix("/deletes/") {
                Some(tag) => {
                    let known = seen.deletes.lock().expect("no holder panics").contains_key(tag);
                    let word = if known { "yes" } else { "no" };
                    write_all(&mut output, "200 OK", "text/plain", "", word.as_bytes())?;
                }
                // No standing stream and nothing to discover.
                None if request.path.starts_with("/mcp/") => {
                    output.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")?
                }
                None => {
                    output.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
                }
            },
        }
        if request.closes {
            return Ok(());
        }
        // A large message must not stay in the memory of an idle connection.
        if body.capacity() > 1 << 20 {
            body = Vec::new();
        }
    }
    Ok(())
}

struct Request<'a> {
    method: &'a str,
    path: &'a str,
    closes: bool,
}

impl<'a> Request<'a> {
    /// `None` at the end of the connection.
    fn read(input: &mut BufReader<&TcpStream>, head: &'a mut String, body: &mut Vec<u8>) -> io::Result<Option<Self>> {
        head.clear();
        loop {
            let before = head.len();
            if input.read_line(head)? == 0 {
                return Ok(None);
            }
            if head.len() - before <= 2 {
                break;
            }
        }
        let (mut length, mut chunked, mut closes) = (0, false, false);
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.eq_ignore_ascii_case("close");
            }
        }
        body.clear();
        if chunked {
            while read_chunk(input, body)? {}
        } else if length > 0 {
            body.reserve(length);
            input.take(length as u64).read_to_end(body)?;
        }
        let mut words = head.split(' ');
        Ok(Some(Self { method: words.next().unwrap_or_default(), path: words.next().unwrap_or_default(), closes }))
    }
}

/// Appends one chunk; false after the last.
fn read_chunk(input: &mut BufReader<&TcpStream>, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
    input.take(size).read_to_end(body)?;
    line.clear();
    input.read_line(&mut line)?;
    Ok(size > 0)
}

fn answer(body: &[u8], seen: &Seen, output: &mut impl Write) -> io::Result<()> {
    let Some(id) = wire::member(body, "id") else {
        return output.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    };
    let json = "application/json";
    match wire::member(body, "method").unwrap_or_default() {
        "initialize" => {
            let session = seen.sessions.fetch_add(1, Ordering::Relaxed);
            let header = format!("Mcp-Session-Id: session-{session}\r\n");
            let version = wire::member(body, "protocolVersion").unwrap_or(wire::PROTOCOL);
            let result = format!(
                r#"{{"protocolVersion":"{version}","capabilities":{{"tools":{{}},"logging":{{}}}},"serverInfo":{{"name":"compare","version":"1"}}}}"#
            );
            write_all(output, "200 OK", json, &header, &result_of(id, &result))
        }
        "tools/list" => {
            let result = r#"{"tools":[{"name":"echo","description":"Says it back","inputSchema":{"type":"object"}}]}"#;
            write_all(output, "200 OK", json, "", &result_of(id, result))
        }
        "tools/call" => call(body, id, output),
        _ => write_all(output, "200 OK", json, "", &result_of(id, "{}")),
    }
}

fn call(body: &[u8], id: &str, output: &mut impl Write) -> io::Result<()> {
    let argument = |key| wire::number(body, key).unwrap_or(0);
    let json = |output: &mut _, text: &str| {
        write_all(output, "200 OK", "application/json", "", &result_of(id, &content(text)))
    };
    match wire::member(body, "name").unwrap_or_default() {
        "echo" => json(output, wire::member(body, "text").unwrap_or_default()),
        "echo_sse" => {
            let text = wire::member(body, "text").unwrap_or_default();
            let mut stream = EVENTS.to_owned().into_bytes();
            chunk(&mut stream, &event(&result_of(id, &content(text))));
            stream.extend_from_slice(b"0\r\n\r\n");
            output.write_all(&stream)
        }
        "wait" => {
            thread::sleep(Duration::from_millis(argument("ms")));
            json(output, "waited")
        }
        "up" => {
            let whole = wire::carries_sample(body, argument("size") as usize);
            json(output, if whole { "whole" } else { "damaged" })
        }
        "down" => {
            // Head, text and tail as three writes: no copy of the text is made for one answer.
            let text = wire::sample(argument("size") as usize);
            let whole = result_of(id, &content(SPLIT));
            let at = whole.windows(SPLIT.len()).position(|part| part == SPLIT.as_bytes());
            let at = at.expect("the marker was just written");
            let (before, after) = (&whole[..at], &whole[at + SPLIT.len()..]);
            let length = before.len() + text.len() + after.len();
            let mut head = head("200 OK", "application/json", "", length);
            head.extend_from_slice(before);
            output.write_all(&head)?;
            output.write_all(text.as_bytes())?;
            output.write_all(after)
        }
        "stream" => stream(id, argument("n"), argument("per_chunk").max(1), output),
        _ => json(output, "no such tool"),
    }
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

fn write_all(output: &mut impl Write, status: &str, kind: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let mut answer = head(status, kind, headers, body.len());
    answer.extend_from_slice(body);
    output.write_all(&answer)
}

fn head(status: &str, kind: &str, headers: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes()
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const SPLIT: &str = "<text>";

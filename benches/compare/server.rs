//! The remote MCP server: Streamable HTTP as small and as fast as the standard library makes it.
//! One thread per connection, one write per answer, so that what differs between the clients is
//! the clients. It listens at three ports: plain, over TLS, and over TLS with HTTP/2.

mod answers;
mod secure;

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use answers::Asked;
use anyhow::Context;
use tokio::net::TcpSocket;

use crate::wire;

/// How a client comes to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    #[default]
    Plain,
    /// TLS, and HTTP/1.1 in it.
    Tls,
    /// TLS, and HTTP/2 in it.
    Http2,
}

/// The server in its process. It ends with this handle: it watches its stdin.
pub struct Server {
    ports: [u16; 3],
    child: Child,
    stdin: Option<ChildStdin>,
}

/// What the server has noted of one client.
#[derive(Clone, Copy, Default)]
pub struct Noted {
    pub deletes: u64,
    /// On which anything was posted.
    pub connections: u64,
    /// On which a tool was called.
    pub calling: u64,
}

impl Server {
    /// `folder` has its certificate.
    pub fn spawn(folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("server")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process did not start")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { ports: numbers(&line).context("the server named no ports")?, stdin: child.stdin.take(), child })
    }

    pub fn port(&self, way: Way) -> u16 {
        self.ports[way as usize]
    }

    /// A path of its own for every client, by which the server tells their sessions apart.
    pub fn url(&self, way: Way, tag: &str) -> String {
        let scheme = if way == Way::Plain { "http" } else { "https" };
        format!("{scheme}://127.0.0.1:{}/mcp/{tag}", self.port(way))
    }

    /// Where it speaks the modern era alone, and otherwise the legacy one.
    pub fn modern_url(&self, tag: &str) -> String {
        self.url(Way::Plain, tag).replace("/mcp/", MODERN)
    }

    pub fn noted(&self, tag: &str) -> anyhow::Result<Noted> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port(Way::Plain)))?;
        write!(stream, "GET /noted/{tag} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let [deletes, connections, calling] = numbers(body).context("not what the server notes")?;
        Ok(Noted { deletes, connections, calling })
    }
}

fn numbers<T: std::str::FromStr, const N: usize>(line: &str) -> Option<[T; N]> {
    let numbers: Option<Vec<T>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    numbers?.try_into().ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// The process itself.
pub fn run() -> anyhow::Result<()> {
    let folder = env::args_os().nth(2).context("the server is told where its certificate is")?;
    let (plain, tls, http2) = (listen()?, listen()?, listen()?);
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    println!("{} {} {}", port(&plain)?, port(&tls)?, port(&http2)?);
    let seen = Arc::new(Seen::default());
    let noting = Arc::clone(&seen);
    thread::spawn(move || accept(&plain, move |stream| serve(stream, &noting)));
    let folder = Path::new(&folder);
    secure::http1(tls, folder, &seen)?;
    secure::http2(http2, folder, &seen)?;
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

fn accept(listener: &TcpListener, serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) {
    for stream in listener.incoming().flatten() {
        let serve = serve.clone();
        let serving = thread::Builder::new().stack_size(STACK).spawn(move || {
            // A client that goes away ends its connection; that is all there is to say.
            let _ = stream.set_nodelay(true).and_then(|()| serve(stream));
        });
        if let Err(err) = serving {
            eprintln!("the server has no thread for a connection: {err}");
        }
    }
}

#[derive(Default)]
struct Seen {
    sessions: AtomicU64,
    clients: Mutex<HashMap<String, Noted>>,
}

/// What came on one connection so far.
#[derive(Default)]
struct Came {
    anything: bool,
    call: bool,
}

impl Seen {
    /// Called with every POST, so it looks no closer than it has to.
    fn posted(&self, path: &str, body: &[u8], came: &mut Came) {
        if !came.anything {
            came.anything = true;
            self.note(path, |noted| noted.connections += 1);
        }
        if !came.call && wire::member(body, "method") == Some("tools/call") {
            came.call = true;
            self.note(path, |noted| noted.calling += 1);
        }
    }

    fn note(&self, path: &str, what: impl Fn(&mut Noted)) {
        what(self.clients.lock().expect("no holder panics").entry(tag(path).to_owned()).or_default());
    }

    fn session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }
}

fn tag(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// One connection with HTTP/1.1.
fn serve(stream: impl Read + Write, seen: &Seen) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, stream);
    let mut head = String::new();
    let mut body = Vec::new();
    let mut came = Came::default();
    while let Some(request) = Request::read(&mut input, &mut head, &mut body)? {
        let output = input.get_mut();
        match request.method {
            "POST" => {
                seen.posted(request.path, &body, &mut came);
                let asked = Asked { body: &body, modern: request.path.starts_with(MODERN), tool: request.tool };
                answers::write(&asked, seen, output)?;
            }
            "DELETE" => {
                seen.note(request.path, |noted| noted.deletes += 1);
                output.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            }
            _ if request.path.starts_with("/noted/") => {
                let noted = seen.clients.lock().expect("no holder panics").get(tag(request.path)).copied();
                let Noted { deletes, connections, calling } = noted.unwrap_or_default();
                let text = format!("{deletes} {connections} {calling}");
                write!(output, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())?;
            }
            // No standing stream and nothing to discover.
            _ if request.path.starts_with("/mcp/") || request.path.starts_with(MODERN) => {
                output.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")?;
            }
            _ => output.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
        }
        output.flush()?;
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
    /// By the header of the modern era, where bodies name other things first.
    tool: Option<&'a str>,
    closes: bool,
}

impl<'a> Request<'a> {
    /// `None` at the end of the connection.
    fn read(input: &mut BufReader<impl Read>, head: &'a mut String, body: &mut Vec<u8>) -> io::Result<Option<Self>> {
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
        let (mut length, mut chunked, mut closes, mut tool) = (0, false, false, None);
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("mcp-name") {
                tool = Some(value);
            }
        }
        body.clear();
        if chunked {
            while read_chunk(input, body)? {}
        } else if length > 0 {
            body.reserve(length);
            input.by_ref().take(length as u64).read_to_end(body)?;
        }
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        Ok(Some(Self { method, path, tool, closes }))
    }
}

/// Appends one chunk; false after the last.
fn read_chunk(input: &mut BufReader<impl Read>, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
    input.by_ref().take(size).read_to_end(body)?;
    line.clear();
    input.read_line(&mut line)?;
    Ok(size > 0)
}

const MODERN: &str = "/modern/";
/// A thousand threads are started at once; a TLS handshake wants more than the plain connections do.
const STACK: usize = 512 * 1024;

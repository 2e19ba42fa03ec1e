//! HTTP/1.1 by hand on a real socket: the test decides every byte, and sees every request in the order it came.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    message::{self, Envelope},
    sync::{Mailbox, PATIENCE, lock},
};

pub type Handler = dyn Fn(&Request, Reply) + Send + Sync;
/// Called between a request's headers and its body: may block, and so be a server that does not read.
pub type BeforeBody = dyn Fn(&Request) + Send + Sync;

pub struct Server {
    host: &'static str,
    pub port: u16,
    /// The GET streams opened so far, for the test to push to.
    pub streams: Mailbox<Sse>,
    shared: Arc<Shared>,
    accepting: Option<thread::JoinHandle<()>>,
    may_be_unused: bool,
}

impl Server {
    pub fn start(handler: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Self {
        Self::start_with(Self::here(0), Mailbox::new(), None, Arc::new(handler))
    }

    /// On a port that was free a moment ago: a server that comes (back) up.
    pub fn start_on(port: u16, handler: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Self {
        Self::start_with(Self::here(port), Mailbox::new(), None, Arc::new(handler))
    }

    /// Where a server is that nobody but this machine reaches.
    pub fn here(port: u16) -> (&'static str, u16) {
        ("127.0.0.1", port)
    }

    pub fn start_with(
        (host, port): (&'static str, u16),
        streams: Mailbox<Sse>,
        before_body: Option<Arc<BeforeBody>>,
        handler: Arc<Handler>,
    ) -> Self {
        let listener = TcpListener::bind((host, port)).expect("a port to listen on");
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { before_body, handler, ..Shared::default() });
        let accepting = thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Self { host, port, streams, shared, accepting: Some(accepting), may_be_unused: false }
    }

    pub fn url(&self) -> String {
        self.at("/mcp")
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    pub fn origin(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// For a server that must *not* be asked.
    pub fn may_be_unused(mut self) -> Self {
        self.may_be_unused = true;
        self
    }

    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    pub fn matching(&self, wanted: impl Fn(&Request) -> bool) -> Vec<Request> {
        self.requests().into_iter().filter(wanted).collect()
    }

    /// For a test so long that what came would fill the memory.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
        lock(&self.shared.connections).retain(|connection| connection.strong_count() > 0);
    }

    /// How often a JSON-RPC method was POSTed so far.
    pub fn count(&self, rpc_method: &str) -> usize {
        self.matching(|request| request.is(rpc_method)).len()
    }

    /// The `n`-th request (from 1) that is wanted, waited for.
    #[track_caller]
    pub fn wait_for(&self, n: usize, what: &str, wanted: impl Fn(&Request) -> bool) -> Request {
        self.wait_within(PATIENCE, n, &wanted).unwrap_or_else(|| {
            panic!("{what} number {n} did not come; what came:\n{}", self.transcript());
        })
    }

    /// The `n`-th POST of a JSON-RPC method, or of an HTTP method (`GET`, `DELETE`), or of an `answer` to the server.
    #[track_caller]
    pub fn wait(&self, n: usize, method: &str) -> Request {
        self.wait_for(n, method, |request| request.is(method))
    }

    pub fn wait_within(&self, patience: Duration, n: usize, wanted: impl Fn(&Request) -> bool) -> Option<Request> {
        let deadline = Instant::now() + patience;
        let mut requests = lock(&self.shared.requests);
        loop {
            if let Some(found) = requests.iter().filter(|request| wanted(request)).nth(n - 1) {
                return Some(found.clone());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            requests = self.shared.arrived.wait_timeout(requests, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next GET stream, handed over by [`super::Legacy::listening`].
    #[track_caller]
    pub fn stream(&self) -> Sse {
        match self.streams.take_within(PATIENCE) {
            Some(stream) => stream,
            None => panic!("no GET stream was opened; what came:\n{}", self.transcript()),
        }
    }

    /// Ends every connection, as a restart of the server does.
    pub fn drop_connections(&self) {
        for connection in lock(&self.shared.connections).drain(..) {
            if let Some(socket) = connection.upgrade() {
                socket.shutdown(Shutdown::Both).ok();
            }
        }
    }

    /// Stops listening and ends every connection: from now on nobody is there.
    pub fn stop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if let Some(accepting) = self.accepting.take() {
            // Wakes the accept loop, which then lets go of the port.
            TcpStream::connect((self.host, self.port)).ok();
            accepting.join().ok();
        }
        self.drop_connections();
    }

    pub fn connections_made(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    pub fn transcript(&self) -> String {
        let mut text = String::new();
        for request in self.requests() {
            let session = request.header("mcp-session-id").unwrap_or("-");
            let body = message::excerpt(&String::from_utf8_lossy(&request.body));
            writeln!(text, "  {} {} session={session} {body}", request.method, request.path).unwrap();
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            eprintln!("what the server on port {} was asked:\n{}", self.port, self.transcript());
            return;
        }
        let panics = lock(&self.shared.panics);
        assert!(panics.is_empty(), "the scripted server's handler panicked: {panics:?}");
        assert!(
            self.may_be_unused || !lock(&self.shared.requests).is_empty(),
            "the scripted server was never asked anything"
        );
    }
}

/// A port nobody listens on.
pub fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Arc<Vec<u8>>,
    pub at: Instant,
    pub connection: usize,
    envelope: Envelope,
    is_batch: bool,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the bridge POSTs UTF-8")
    }

    pub fn json(&self) -> Value {
        message::json(self.text())
    }

    /// As spelled; `null` where there is none.
    pub fn id(&self) -> &str {
        self.envelope.id().unwrap_or("null")
    }

    /// What the scripts are keyed by: the JSON-RPC method, `answer`, `batch`, or for other than POST the HTTP method.
    pub fn kind(&self) -> String {
        match () {
            () if self.method != "POST" => self.method.clone(),
            () if self.is_batch => "batch".to_owned(),
            () if self.envelope.is_answer() => "answer".to_owned(),
            () => self.envelope.method().unwrap_or_default(),
        }
    }

    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    pub fn is_request(&self) -> bool {
        self.method == "POST" && self.envelope.id().is_some() && !self.envelope.is_answer()
    }
}

/// How the end of a stream is known.
#[derive(Clone, Copy, PartialEq)]
pub enum Framing {
    Chunked,
    UntilClose,
    Length(usize),
}

/// The right to answer one request. Dropped unused, it ends the connection without a byte.
pub struct Reply {
    connection: Connection,
    headers: Vec<(String, String)>,
}

impl Reply {
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn send(mut self, status: u16, content_type: &str, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let mut head = self.head(status);
        if !content_type.is_empty() {
            write!(head, "Content-Type: {content_type}\r\n").unwrap();
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        let mut bytes = head.into_bytes();
        // One segment for small answers, no copy of a large one.
        let sent = if body.len() < 64 * 1024 {
            bytes.extend_from_slice(body);
            self.connection.write(&bytes)
        } else {
            self.connection.write(&bytes) && self.connection.write(body)
        };
        if sent {
            self.connection.next_request();
        }
    }

    pub fn json(self, body: impl AsRef<[u8]>) {
        self.send(200, "application/json", body);
    }

    pub fn result(self, request: &Request, result: &str) {
        self.json(message::result(request.id(), result));
    }

    pub fn error(self, status: u16, request: &Request, code: i64, text: &str) {
        self.send(status, "application/json", message::error(request.id(), code, text));
    }

    pub fn status(self, status: u16) {
        self.send(status, "", "");
    }

    pub fn text(self, status: u16, body: &str) {
        self.send(status, "text/plain", body);
    }

    pub fn accepted(self) {
        self.status(202);
    }

    pub fn sse(self) -> Sse {
        self.stream(200, "text/event-stream", Framing::Chunked)
    }

    /// One event, then a clean end.
    pub fn sse_with(self, data: impl AsRef<str>) {
        let mut stream = self.sse();
        stream.message(data);
        stream.end();
    }

    pub fn stream(mut self, status: u16, content_type: &str, framing: Framing) -> Sse {
        let mut head = self.head(status);
        write!(head, "Content-Type: {content_type}\r\n").unwrap();
        match framing {
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n\r\n"),
            Framing::UntilClose => head.push_str("Connection: close\r\n\r\n"),
            Framing::Length(length) => write!(head, "Content-Length: {length}\r\n\r\n").unwrap(),
        }
        self.connection.write(head.as_bytes());
        Sse { connection: self.connection, framing }
    }

    /// Bytes of the test's own, head included.
    pub fn raw(mut self, bytes: &[u8]) -> Sse {
        self.connection.write(bytes);
        Sse { connection: self.connection, framing: Framing::UntilClose }
    }

    /// Ends the connection without a byte.
    pub fn hang_up(self) {
        self.connection.close();
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) {
        self.connection.reset();
    }

    fn head(&self, status: u16) -> String {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head
    }
}

/// Bytes for a body whose `Content-Encoding` is `gzip`.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A body written piece by piece. Dropped, it closes the connection without a proper end.
pub struct Sse {
    connection: Connection,
    framing: Framing,
}

impl Sse {
    /// False when nobody is there any more.
    pub fn message(&mut self, data: impl AsRef<str>) -> bool {
        self.raw(format!("event: message\ndata: {}\n\n", data.as_ref()))
    }

    pub fn event(&mut self, id: &str, data: impl AsRef<str>) -> bool {
        self.raw(format!("id: {id}\nevent: message\ndata: {}\n\n", data.as_ref()))
    }

    /// An event id with no data: what 2025-11-25 servers begin a stream with.
    pub fn priming(&mut self, id: &str) -> bool {
        self.raw(format!("id: {id}\ndata: \n\n"))
    }

    /// Exactly these bytes, as one piece.
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        if self.framing != Framing::Chunked {
            return self.connection.write(bytes);
        }
        let head = format!("{:x}\r\n", bytes.len());
        self.connection.write(&[head.as_bytes(), bytes, b"\r\n"].concat())
    }

    /// A proper end. A chunked or counted stream leaves the connection usable.
    pub fn end(mut self) {
        match self.framing {
            Framing::Chunked if self.connection.write(b"0\r\n\r\n") => self.connection.next_request(),
            Framing::Length(_) => self.connection.next_request(),
            _ => self.connection.close(),
        }
    }

    /// The connection ends in the middle of a chunk (or before the promised length).
    pub fn cut(mut self) {
        if self.framing == Framing::Chunked {
            self.connection.write(b"ffff\r\n: the rest of this chunk never comes");
        }
        self.connection.close();
    }

    pub fn reset(self) {
        self.connection.reset();
    }

    /// Waits until the bridge closes the stream; false if it stays open.
    pub fn wait_closed(&mut self, patience: Duration) -> bool {
        self.connection.wait_closed(patience)
    }
}

struct Shared {
    handler: Arc<Handler>,
    before_body: Option<Arc<BeforeBody>>,
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
    panics: Mutex<Vec<String>>,
    /// Weak, so that the last owner's close is the socket's close, and a reset really is one.
    connections: Mutex<Vec<Weak<TcpStream>>>,
    accepted: AtomicUsize,
    stopped: AtomicBool,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            handler: Arc::new(|_, _| ()),
            before_body: None,
            requests: Mutex::default(),
            arrived: Condvar::default(),
            panics: Mutex::default(),
            connections: Mutex::default(),
            accepted: AtomicUsize::default(),
            stopped: AtomicBool::default(),
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(socket) = socket else { continue };
        socket.set_nodelay(true).ok();
        let socket = Arc::new(socket);
        lock(&shared.connections).push(Arc::downgrade(&socket));
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        let connection = Connection { number, socket: BufReader::new(Socket(socket)), shared: shared.clone() };
        connection.next_request();
    }
}

struct Connection {
    number: usize,
    socket: BufReader<Socket>,
    shared: Arc<Shared>,
}

impl Connection {
    /// On a thread of its own, so that a handler may give its reply away and return.
    fn next_request(mut self) {
        thread::spawn(move || {
            let Ok(Some(request)) = self.read_request() else { return };
            let shared = self.shared.clone();
            {
                lock(&shared.requests).push(request.clone());
                shared.arrived.notify_all();
            }
            let reply = Reply { connection: self, headers: Vec::new() };
            let outcome = catch_unwind(AssertUnwindSafe(|| (shared.handler)(&request, reply)));
            if let Err(panic) = outcome {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                lock(&shared.panics).push(text.unwrap_or_default());
            }
        });
    }

    fn read_request(&mut self) -> io::Result<Option<Request>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.socket.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut first = lines[0].split(' ');
        let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
        let mut request = Request {
            method: first.next().unwrap_or_default().to_owned(),
            path: first.next().unwrap_or_default().to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
            body: Arc::default(),
            at: Instant::now(),
            connection: self.number,
            envelope: Envelope::default(),
            is_batch: false,
        };
        if let Some(before_body) = self.shared.before_body.clone() {
            before_body(&request);
        }
        let body = self.read_body(&request)?;
        let text = std::str::from_utf8(&body).unwrap_or_default();
        request.is_batch = text.trim_start().starts_with('[');
        request.envelope = Envelope::read(text).unwrap_or_default();
        request.body = Arc::new(body);
        request.at = Instant::now();
        Ok(Some(request))
    }

    fn read_body(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = request.header("content-length") {
            body.resize(length.parse().map_err(io::Error::other)?, 0);
            self.socket.read_exact(&mut body)?;
            return Ok(body);
        }
        if request.header("transfer-encoding").is_none() {
            return Ok(body);
        }
        loop {
            let mut size = String::new();
            self.socket.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let start = body.len();
            body.resize(start + size, 0);
            self.socket.read_exact(&mut body[start..])?;
            self.socket.read_line(&mut String::new())?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> bool {
        self.socket.get_mut().write_all(bytes).is_ok()
    }

    fn close(self) {
        self.socket.get_ref().0.shutdown(Shutdown::Both).ok();
    }

    fn reset(self) {
        #[cfg(unix)]
        rustix::net::sockopt::set_socket_linger(&*self.socket.get_ref().0, Some(Duration::ZERO)).expect("SO_LINGER");
        // The only owner goes out of scope here: closing with linger 0 is what sends the reset.
    }

    fn wait_closed(&mut self, patience: Duration) -> bool {
        self.socket.get_ref().0.set_read_timeout(Some(patience)).ok();
        let mut byte = [0];
        match self.socket.read(&mut byte) {
            Ok(read) => read == 0,
            Err(err) => !matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        }
    }
}

struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

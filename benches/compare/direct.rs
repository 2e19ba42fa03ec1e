//! The client that needs no bridge: requests on a keep-alive connection, written by hand. It does
//! for the caller what a bridge does (a line in, an answer out) at the lowest cost HTTP allows.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::wire;

/// Where the server is, and whom to trust there if it is behind TLS.
#[derive(Clone)]
pub struct Address {
    pub port: u16,
    pub tls: Option<Arc<ClientConfig>>,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

pub struct Connection {
    address: Address,
    input: BufReader<Stream>,
    /// The request line and the headers that never change.
    head: String,
    request: Vec<u8>,
    line: String,
    answer: Vec<u8>,
}

impl Connection {
    pub fn open(address: Address) -> anyhow::Result<Self> {
        let port = address.port;
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let stream = match &address.tls {
            None => Stream::Plain(stream),
            Some(config) => {
                let name = std::net::IpAddr::from(Ipv4Addr::LOCALHOST).into();
                let connection = ClientConnection::new(Arc::clone(config), name)?;
                Stream::Secure(Box::new(StreamOwned::new(connection, stream)))
            }
        };
        Ok(Self {
            address,
            input: BufReader::with_capacity(64 * 1024, stream),
            head: format!(
                "POST /mcp/direct HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            ),
            request: Vec::new(),
            line: String::new(),
            answer: Vec::new(),
        })
    }

    pub fn join(&mut self, session: &str) {
        self.head += &format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: {}\r\n", wire::PROTOCOL);
    }

    /// Another connection in the same session.
    pub fn another(&self) -> anyhow::Result<Self> {
        Ok(Self { head: self.head.clone(), ..Self::open(self.address.clone())? })
    }

    pub fn send(&mut self, message: &str) -> io::Result<()> {
        self.request.clear();
        let length = message.len();
        write!(self.request, "{}Content-Length: {length}\r\n\r\n{message}", self.head)?;
        self.input.get_mut().write_all(&self.request)?;
        self.input.get_mut().flush()
    }

    /// Every message of the answer to one request, in order; the last one is the answer itself.
    /// Returns the session id, where the server gave one.
    pub fn receive(&mut self, mut each: impl FnMut(&[u8])) -> anyhow::Result<Option<String>> {
        let (mut length, mut chunked, mut session) = (0, false, None);
        if self.header()?.split(' ').nth(1).is_none_or(|status| !status.starts_with('2')) {
            bail!("the server answered {}", self.line.trim());
        }
        loop {
            let line = self.header()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").context("not a header")?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse()?;
            } else if name.eq_ignore_ascii_case("mcp-session-id") {
                session = Some(value.to_owned());
            } else {
                chunked |= name.eq_ignore_ascii_case("transfer-encoding");
            }
        }
        self.answer.clear();
        if chunked {
            self.events(&mut each)?;
        } else {
            self.input.by_ref().take(length).read_to_end(&mut self.answer)?;
            each(&self.answer);
        }
        Ok(session)
    }

    fn header(&mut self) -> anyhow::Result<&str> {
        self.line.clear();
        if self.input.read_line(&mut self.line)? == 0 {
            bail!("the server closed the connection");
        }
        Ok(self.line.trim_end())
    }

    /// Chunks joined, lines cut: an event may span chunks and a chunk may hold many.
    fn events(&mut self, each: &mut impl FnMut(&[u8])) -> anyhow::Result<()> {
        loop {
            let size = u64::from_str_radix(self.header()?, 16)?;
            self.input.by_ref().take(size).read_to_end(&mut self.answer)?;
            self.header()?;
            if size == 0 {
                return Ok(());
            }
            let whole = self.answer.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            for line in self.answer[..whole].split(|byte| *byte == b'\n') {
                if let Some(data) = line.strip_prefix(b"data: ") {
                    each(data);
                }
            }
            self.answer.drain(..whole);
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secure(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}

/// Far beyond any answer of this server.
const PATIENCE: Duration = Duration::from_secs(60);

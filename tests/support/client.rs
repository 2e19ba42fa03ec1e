//! A plain HTTP/1.1 client: what a browser, a stranger or a curious neighbour sends to this machine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde_json::Value;
use url::{Url, form_urlencoded};

use super::{message, sync::PATIENCE};

/// What came back.
#[derive(Clone, Debug)]
pub struct Seen {
    pub url: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn headers_of(&self, name: &str) -> Vec<&str> {
        let wanted = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        wanted.map(|(_, value)| value.as_str()).collect()
    }

    pub fn json(&self) -> Value {
        message::json(&self.body)
    }
}

#[track_caller]
pub fn get(url: &str) -> Seen {
    fetch("GET", url, &[], "").unwrap_or_else(|err| panic!("GET {url}: {err}"))
}

#[track_caller]
pub fn post_form(url: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Seen {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut headers = headers.to_vec();
    headers.push(("Content-Type", "application/x-www-form-urlencoded"));
    fetch("POST", url, &headers, &body).unwrap_or_else(|err| panic!("POST {url}: {err}"))
}

/// One request on a connection of its own, redirects left alone. A `Host` among the headers replaces the right one.
///
/// # Errors
///
/// Nobody listens there, the connection ended early, or the answer took longer than [`PATIENCE`].
pub fn fetch(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> anyhow::Result<Seen> {
    let parsed = Url::parse(url)?;
    anyhow::ensure!(parsed.scheme() == "http", "this client speaks plain HTTP only, not {url}");
    let mut socket = TcpStream::connect(&*parsed.socket_addrs(|| None)?)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let query = parsed.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut head = format!("{method} {}{query} HTTP/1.1\r\nConnection: close\r\n", parsed.path());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
        head.push_str(&format!("Host: {}{port}\r\n", parsed.host_str().unwrap_or_default()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if method == "POST" || !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    socket.write_all(format!("{head}\r\n{body}").as_bytes())?;
    read(BufReader::new(socket), url)
}

fn read(mut socket: BufReader<TcpStream>, url: &str) -> anyhow::Result<Seen> {
    let mut line = String::new();
    socket.read_line(&mut line)?;
    let status = line.split(' ').nth(1).ok_or_else(|| anyhow::anyhow!("no answer: {line:?}"))?.parse()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut seen = Seen { url: url.to_owned(), status, headers, body: String::new() };
    let mut body = Vec::new();
    if seen.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        while let Some(mut chunk) = read_chunk(&mut socket)? {
            body.append(&mut chunk);
        }
    } else if let Some(length) = seen.header("content-length") {
        body.resize(length.parse()?, 0);
        socket.read_exact(&mut body)?;
    } else {
        socket.read_to_end(&mut body)?;
    }
    seen.body = String::from_utf8(body)?;
    Ok(seen)
}

fn read_chunk(socket: &mut BufReader<TcpStream>) -> anyhow::Result<Option<Vec<u8>>> {
    let mut size = String::new();
    socket.read_line(&mut size)?;
    let size = usize::from_str_radix(size.trim(), 16)?;
    let mut chunk = vec![0; size];
    socket.read_exact(&mut chunk)?;
    socket.read_line(&mut String::new())?;
    Ok((size > 0).then_some(chunk))
}

//! What a port says by itself: SSH, mail and many databases speak first, and HTTP does not.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::{here, is_loopback};
use crate::plain::one_line;

/// The beginning of what is said at `url` to somebody who says nothing, if it is not HTTP: a server that has no
/// room for another connection may say that unasked.
pub(super) async fn banner(url: &Url) -> Option<String> {
    timeout(PATIENCE, heard(url)).await.ok()?
}

async fn heard(url: &Url) -> Option<String> {
    let port = url.port_or_known_default()?;
    let addresses: Vec<SocketAddr> = match url.host()? {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(_) if is_loopback(url) => here::ADDRESSES.map(|address| (address, port).into()).into(),
        Host::Domain(name) => lookup_host((name, port)).await.ok()?.collect(),
    };
    let mut stream = TcpStream::connect(&addresses[..]).await.ok()?;
    let mut said = [0; MOST_HEARD];
    let length = stream.read(&mut said).await.ok()?;
    let said = &said[..length];
    if said.is_empty() || said.starts_with(b"HTTP/") {
        return None;
    }
    let line = said.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty())?;
    Some(one_line(&String::from_utf8_lossy(line)).chars().take(MOST_SHOWN).collect())
}

/// How long a port may take to speak; nobody who was not asked waits for it.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that are listened to.
const MOST_HEARD: usize = 256;
/// Characters of them that are shown.
const MOST_SHOWN: usize = 60;

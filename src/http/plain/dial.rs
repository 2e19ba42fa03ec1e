//! A new connection to a server on this machine.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::client::{KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_RETRIES};

/// Connects to one of `addresses`, within `limit`.
///
/// # Errors
/// Nothing listens at any of them, or does not answer in time.
pub async fn dial(addresses: &[SocketAddr], limit: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match limit {
        None => first_of(addresses, AHEAD).await,
        Some(limit) => {
            let dialled = timeout(limit, first_of(addresses, AHEAD.min(limit / 2))).await;
            dialled.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
        }
    }?;
    // A system that lacks one of these serves all the same.
    let socket = SockRef::from(&stream);
    let probes = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    let outcome = stream.set_nodelay(true).and(socket.set_tcp_keepalive(&probes.with_retries(KEEPALIVE_RETRIES)));
    #[cfg(target_os = "linux")]
    let outcome = outcome.and(socket.set_tcp_user_timeout(Some(crate::http::client::UNACKNOWLEDGED)));
    if let Err(error) = outcome {
        log::debug!("a connection to this machine stays as it is: {error}");
    }
    Ok(stream)
}

/// A connection to the first address, or to the second where the first one refuses or is silent for `ahead`: a port that
/// nobody listens on takes seconds to say so on Windows, and never does behind some firewalls (RFC 8305, section 5).
async fn first_of(addresses: &[SocketAddr], ahead: Duration) -> io::Result<TcpStream> {
    let (first, second) = match addresses {
        [] => return Err(io::Error::new(ErrorKind::AddrNotAvailable, "it has no IPv4 address")),
        [only] => return TcpStream::connect(only).await,
        [first, second, ..] => (first, second),
    };
    let mut first = pin!(TcpStream::connect(first));
    match timeout(ahead, first.as_mut()).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(_)) => return TcpStream::connect(second).await,
        Err(_) => {}
    }
    match select(first, pin!(TcpStream::connect(second))).await {
        Either::Left((Ok(stream), _)) | Either::Right((Ok(stream), _)) => Ok(stream),
        Either::Left((Err(_), second)) => second.await,
        Either::Right((Err(error), first)) => first.await.map_err(|_| error),
    }
}

/// How long the first address has before the second is tried too, if the limit leaves as much for that.
const AHEAD: Duration = Duration::from_millis(250);

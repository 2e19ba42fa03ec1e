//! Plain HTTP to this machine, where the relay's own work is most of what a call costs: the HTTP of hyper
//! without the layers around it. These parse the URL several times, look for the connection in a map of all
//! hosts, and wrap request and response again and again, a third of the instructions of a call. There is no
//! proxy and no TLS here, so nothing that reqwest knows is missed.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HOST, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::{Host, Position, Url};

use super::{Broken, Response, Settings, Upload};

/// A client with connections of its own.
pub struct Plain {
    connect_timeout: Option<Duration>,
    ipv4: bool,
    kept: Mutex<Kept>,
}

/// The connections that are there: with nothing to do, or with a response under way.
#[derive(Default)]
struct Kept {
    all: Vec<Connection>,
    /// Closes those that nobody needs. It runs while there are some.
    sweeper: Option<JoinHandle<()>>,
}

struct Connection {
    /// Host and port.
    to: Box<str>,
    sender: SendRequest<Upload>,
    /// Since the last look at it by the sweeper.
    used: bool,
}

impl Plain {
    /// A client that has done nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Plain { connect_timeout: settings.connect_timeout, ipv4: settings.ipv4, kept: Mutex::default() }
    }

    /// Sends one request and waits for the head of the response. Not an `async fn`: the future of a
    /// call is copied into its task, and this one holds what it waits for and nothing else.
    pub fn send(
        self: &Arc<Self>,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Upload,
    ) -> impl Future<Output = Result<Response, Broken>> + Send + use<> {
        let to = &url[Position::BeforeHost..Position::AfterPort];
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(super::AGENT));
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        let request = HeaderValue::from_str(to).map_err(Broken::before).and_then(|host| {
            headers.entry(HOST).or_insert(host);
            let path = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]);
            let mut request = Request::new(body);
            *request.method_mut() = method;
            *request.uri_mut() = Uri::from(path.map_err(Broken::before)?);
            *request.headers_mut() = headers;
            Ok(request)
        });
        let (plain, to, addresses) = (Arc::clone(self), Box::from(to), self.addresses(url));
        async move {
            let mut request = request?;
            loop {
                let (mut sender, reused) = match plain.take(&to) {
                    Some(sender) => (sender, true),
                    None => {
                        let connecting = |error: io::Error| Broken { error: error.into(), connecting: true };
                        (plain.connect(&addresses).await.map_err(connecting)?, false)
                    }
                };
                match sender.try_send_request(request).await {
                    Ok(response) => {
                        plain.keep(to, sender);
                        return Response::plain(response).await;
                    }
                    // The server had closed it, and nothing of the request was sent.
                    Err(mut failed) => match failed.take_message() {
                        Some(unsent) if reused => request = unsent,
                        _ => return Err(Broken::before(failed.into_error())),
                    },
                }
            }
        }
    }

    /// Where `url` leads.
    fn addresses(&self, url: &Url) -> Vec<SocketAddr> {
        let port = url.port_or_known_default().unwrap_or_default();
        let mut all = match url.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            _ => super::here::ADDRESSES.to_vec(),
        };
        all.retain(|address| address.is_ipv4() || !self.ipv4);
        all.into_iter().map(|address| SocketAddr::new(address, port)).collect()
    }

    /// A connection to the first of `addresses` that has a listener.
    async fn connect(&self, addresses: &[SocketAddr]) -> io::Result<SendRequest<Upload>> {
        let mut outcome = Err(io::Error::new(ErrorKind::AddrNotAvailable, "it has no IPv4 address"));
        for address in addresses {
            outcome = match self.connect_timeout {
                None => TcpStream::connect(address).await,
                Some(limit) => timeout(limit, TcpStream::connect(address))
                    .await
                    .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())),
            };
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        let probes = TcpKeepalive::new().with_time(super::KEEPALIVE_IDLE).with_interval(super::KEEPALIVE_INTERVAL);
        socket.set_tcp_keepalive(&probes.with_retries(super::KEEPALIVE_RETRIES))?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(super::UNACKNOWLEDGED))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!("a connection to this machine ended: {error}");
            }
        });
        Ok(sender)
    }

    /// A connection that has nothing to do.
    fn take(&self, to: &str) -> Option<SendRequest<Upload>> {
        let mut kept = self.kept();
        let free = kept.all.iter().rposition(|connection| connection.sender.is_ready() && *connection.to == *to)?;
        Some(kept.all.swap_remove(free).sender)
    }

    /// Keeps a connection, whose response may still be under way, for the next request.
    fn keep(self: &Arc<Self>, to: Box<str>, sender: SendRequest<Upload>) {
        let mut kept = self.kept();
        if kept.all.len() >= super::MOST_IDLE {
            kept.all.retain(|connection| !connection.sender.is_closed());
            if kept.all.iter().filter(|connection| connection.sender.is_ready()).count() >= super::MOST_IDLE {
                return;
            }
        }
        kept.all.push(Connection { to, sender, used: true });
        if kept.sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            let plain = Arc::downgrade(self);
            kept.sweeper = Some(tokio::spawn(async move {
                loop {
                    sleep(IDLE).await;
                    if !plain.upgrade().is_some_and(|plain| plain.sweep()) {
                        return;
                    }
                }
            }));
        }
    }

    /// Closes what nobody has used since the last time. Returns whether there is something left.
    fn sweep(&self) -> bool {
        let mut kept = self.kept();
        kept.all.retain_mut(|connection| {
            let used = std::mem::take(&mut connection.used);
            !connection.sender.is_closed() && (used || !connection.sender.is_ready())
        });
        !kept.all.is_empty()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection without work for this long, and for twice as long at most, is closed.
const IDLE: Duration = Duration::from_secs(60);

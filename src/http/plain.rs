//! Plain HTTP to this machine, where the relay's own work is most of what a call costs: the HTTP of hyper
//! without the layers around it. These parse the URL several times, look for the connection in a map of all
//! hosts, and wrap request and response again and again, a third of the instructions of a call. There is no
//! proxy and no TLS here, so nothing that reqwest knows is missed.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::header::{ACCEPT_ENCODING, HOST, HeaderValue, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use url::{Host, Position, Url};

mod dial;
mod kept;

use dial::dial;
use kept::Kept;

use super::client::{AGENT, Broken};
use super::{Response, Settings, Upload};

/// A client with connections of its own.
pub struct Plain {
    connect_timeout: Option<Duration>,
    ipv4: bool,
    kept: Arc<Kept>,
}

impl Plain {
    /// A client that has done nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Plain { connect_timeout: settings.connect_timeout, ipv4: settings.ipv4, kept: Arc::default() }
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
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
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
                let (mut sender, reused) = match plain.kept.take(&to) {
                    Some(sender) => (sender, true),
                    None => {
                        let connecting = |error: io::Error| Broken { error: error.into(), connecting: true };
                        (plain.connect(&addresses).await.map_err(connecting)?, false)
                    }
                };
                match sender.try_send_request(request).await {
                    Ok(response) => {
                        plain.kept.keep(to, sender);
                        return Response::plain(response).await;
                    }
                    Err(mut failed) => match failed.take_message() {
                        // The server had closed it, and nothing of the request was sent.
                        Some(unsent) if reused => request = unsent,
                        unsent => {
                            return Err(Broken { error: failed.into_error().into(), connecting: unsent.is_some() });
                        }
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

    async fn connect(&self, addresses: &[SocketAddr]) -> io::Result<SendRequest<Upload>> {
        let stream = dial(addresses, self.connect_timeout).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Not an async block, which would have room for the connection twice: hundreds may be open.
        tokio::spawn(connection.map(|outcome| {
            if let Err(error) = outcome {
                log::debug!("a connection to this machine ended: {error}");
            }
        }));
        Ok(sender)
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.kept.forget();
    }
}

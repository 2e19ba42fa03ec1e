//! How connections are made to a server, and one request is sent over one of them.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::Either;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue, Method};

use super::plain::Plain;
use super::tls::Trust;
use super::trouble::root_cause;
use super::upload::Upload;
use super::{Request, Response, Settings, here, proxy};
use crate::failure::{Failure, Kind};

/// How a server is reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// On this machine, without TLS.
    Plain,
    /// On this machine.
    Loopback,
    /// Perhaps through a proxy.
    Network,
    /// Through a proxy, without TLS.
    Forwarded,
}

/// What sends the requests of a lane.
#[derive(Clone)]
pub enum Client {
    /// Our own, for what needs neither TLS nor a proxy.
    Plain(Arc<Plain>),
    /// For everything.
    Whole(reqwest::Client),
}

/// A request that got no response.
pub struct Broken {
    pub error: Box<dyn Error + Send + Sync>,
    /// It was before there was a connection.
    pub connecting: bool,
}

impl Client {
    /// A client for servers that are reached by this route. Without HTTP/2 where `http1_only`.
    ///
    /// # Errors
    /// Something in the settings cannot be used.
    pub fn whole(settings: &Settings, trust: &Arc<Trust>, route: Route, http1_only: bool) -> Result<Client, Failure> {
        let local = route == Route::Loopback;
        let mut tls = trust.config(settings, local && settings.insecure)?;
        if http1_only {
            tls.alpn_protocols.retain(|protocol| protocol == b"http/1.1");
        }
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(if route == Route::Forwarded { 0 } else { MOST_IDLE })
            .tcp_keepalive(KEEPALIVE_IDLE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(KEEPALIVE_RETRIES)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(LARGEST_HEAD)
            // Only while something waits for an answer, so nothing wakes an idle process.
            .http2_keep_alive_interval(PING_AFTER)
            .http2_keep_alive_timeout(PONG_WITHIN);
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(UNACKNOWLEDGED);
        }
        if let Some(limit) = settings.connect_timeout {
            builder = builder.connect_timeout(limit);
        }
        if settings.ipv4 {
            builder = builder.local_address(Some(std::net::Ipv4Addr::UNSPECIFIED.into()));
        }
        builder = match local {
            // A proxy cannot reach this machine's loopback, and HTTP_PROXY would send it there.
            true => builder.no_proxy().dns_resolver(Arc::new(here::Here)),
            false => proxy::add(builder, settings)?,
        };
        builder.build().map(Client::Whole).map_err(|error| {
            let fact = format!("the HTTP client cannot start: {}", root_cause(&error));
            Failure::new(Kind::Internal, fact)
        })
    }

    /// Sends a request, and waits for the head of the response.
    pub fn send(
        &self,
        request: &Request,
        headers: HeaderMap,
        upload: Upload,
    ) -> impl Future<Output = Result<Response, Broken>> + Send + use<> {
        match self {
            Client::Plain(plain) => Either::Left(plain.send(request.method.clone(), &request.url, headers, upload)),
            Client::Whole(client) => {
                let mut call = reqwest::Request::new(request.method.clone(), request.url.clone());
                *call.headers_mut() = headers;
                call.headers_mut().entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
                if request.method == Method::POST {
                    *call.body_mut() = Some(reqwest::Body::wrap(upload));
                }
                let broken = |error: reqwest::Error| {
                    let connecting = error.is_connect();
                    Broken { error: error.without_url().into(), connecting }
                };
                Either::Right(client.execute(call).map_ok(Response::whole).map_err(broken))
            }
        }
    }
}

impl Broken {
    /// The request could not even be written down.
    pub fn before(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Broken { error: error.into(), connecting: false }
    }
}

/// What the bridge calls itself.
pub const AGENT: &str = concat!("mcpbridge/", env!("CARGO_PKG_VERSION"));
/// Idle connections that are kept after a burst; each costs some 25 KiB. None is kept to a proxy that takes
/// requests: some close after each answer without saying so (tinyproxy), and a call that meets the end of
/// its connection may have run, so it would not be sent again.
pub const MOST_IDLE: usize = 64;
/// A quiet stream is probed by TCP after this long: quiet is allowed, dead is found out within half a minute
/// or so. On Linux it is [`UNACKNOWLEDGED`] that ends a connection of which no probe comes back.
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
pub const KEEPALIVE_RETRIES: u32 = 4;
/// Data, or probes, that nobody acknowledges for this long were sent to a dead peer. Without it Linux keeps
/// trying data for a quarter of an hour. Not shorter: a server that is slow to read counts as well.
#[cfg(target_os = "linux")]
pub const UNACKNOWLEDGED: Duration = Duration::from_secs(60);
/// TCP's probes end at the next hop. What is frozen or dead behind a proxy is found out by a PING of HTTP/2, for whose
/// answer there is as much time as for an acknowledgement: a server in one thread may be at work.
const PING_AFTER: Duration = Duration::from_secs(20);
const PONG_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of the head of a response. One that is larger ends its stream over HTTP/2, and one that is much larger the
/// connection.
const LARGEST_HEAD: u32 = 256 * 1024;
/// HTTP/2 windows: large enough for a distant server, small enough to bound what is unread. Many
/// streams that nobody reads must not fill the window of the connection for one that is read.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;

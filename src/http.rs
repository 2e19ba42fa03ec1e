//! The one HTTP client: TLS, proxies, redirects, cookies, and what an error of it means.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cookie_store::CookieStore;
use futures_util::TryFutureExt;
use futures_util::future::Either;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::failure::{Failure, Kind};

mod fetch;
mod plain;

pub use fetch::{Fetched, Redirects};

use plain::Plain;

/// How connections are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// How long a connection may take; `None` leaves it to the operating system.
    pub connect_timeout: Option<Duration>,
    /// Only IPv4.
    pub ipv4: bool,
    /// Keep the cookies of the server.
    pub cookies: bool,
}

/// Which connections a request may use.
///
/// An HTTP/2 server may limit the streams of a connection to a few. When these are all taken by
/// calls that wait for the editor's answers, the answers need a connection of their own.
#[derive(Clone, Copy, Debug)]
pub enum Lane {
    /// Requests of the editor.
    Calls,
    /// Everything else: answers, notifications, the standing stream, the end of a session.
    Control,
}

/// One request.
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers that every request has; shared, because many requests wait at once.
    pub common: Arc<HeaderMap>,
    /// Headers of this one, which replace common ones.
    pub own: Vec<(HeaderName, HeaderValue)>,
    /// The body of a POST.
    pub body: Bytes,
    /// Dropped when the body has been handed to the connection, or the request has ended.
    pub body_out: Option<Box<dyn Send + Sync>>,
}

impl Request {
    fn headers(&self) -> HeaderMap {
        let mut headers = (*self.common).clone();
        for (name, value) in &self.own {
            headers.insert(name.clone(), value.clone());
        }
        headers
    }
}

/// Why a request got no response; the variants are decisions.
pub enum Trouble {
    /// Nothing was sent: it may be sent again.
    NotSent(Failure),
    /// Nothing was sent and nothing will change soon: sending again is of no use.
    Hopeless(Failure),
    /// It may have arrived: only what is safe to repeat may be sent again.
    Lost(Failure),
}

impl Trouble {
    /// The failure, without the decision.
    pub fn into_failure(self) -> Failure {
        match self {
            Trouble::NotSent(failure) | Trouble::Hopeless(failure) | Trouble::Lost(failure) => failure,
        }
    }
}

/// Sends requests. Nothing is loaded before the first one.
pub struct Http {
    settings: Settings,
    lanes: Mutex<HashMap<(bool, Way), Client>>,
    cookies: Cookies,
}

/// How a server is reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// On this machine, without TLS.
    Plain,
    /// On this machine.
    Loopback,
    /// Perhaps through a proxy.
    Network,
}

#[derive(Clone)]
enum Client {
    Plain(Arc<Plain>),
    Whole(reqwest::Client),
}

/// A request that got no response.
struct Broken {
    error: Box<dyn Error + Send + Sync>,
    /// It was before there was a connection.
    connecting: bool,
}

impl Http {
    /// A client that has done nothing yet.
    pub fn new(settings: Settings) -> Self {
        Http { settings, lanes: Mutex::default(), cookies: Cookies::default() }
    }

    /// Sends `request` and waits for the head of the response. Redirects within the origin are
    /// followed with method and body kept, because 307 and 308 say so and a 301 or 302 that turned
    /// a POST into a GET would be of no use to anyone here.
    ///
    /// # Errors
    /// A [`Trouble`]. A redirect to another origin is one: headers and body belong to this origin.
    pub async fn send(&self, lane: Lane, mut request: Request) -> Result<reqwest::Response, Trouble> {
        for _ in 0..=MOST_REDIRECTS {
            let client = self.client(lane, &request.url)?;
            let mut headers = request.headers();
            self.cookies.add_to(&mut headers, &request.url);
            let upload = Upload { rest: request.body.clone(), out: request.body_out.take() };
            let response = client.send(&request, headers, upload).await;
            let response = response.map_err(|broken| explain(&*broken.error, broken.connecting, &request.url))?;
            if self.settings.cookies {
                self.cookies.take(response.headers(), &request.url);
            }
            let Some(target) = redirect(&response, &request.url) else { return Ok(response) };
            request.url = target?;
        }
        let fact = format!("{} redirects in a circle", shown(&request.url));
        Err(Trouble::Hopeless(Failure::new(Kind::Protocol, fact)))
    }

    /// Sends `request` later, for whoever does not wait for the response.
    pub fn send_detached(self: &Arc<Self>, lane: Lane, request: Request) -> impl Future<Output = ()> + Send + use<> {
        let http = Arc::clone(self);
        async move {
            let _ = http.send(lane, request).await;
        }
    }

    /// Forgets every open connection. After the computer slept they are dead without saying so.
    pub fn forget_connections(&self) {
        self.lanes().clear();
    }

    fn client(&self, lane: Lane, url: &Url) -> Result<Client, Trouble> {
        let way = match is_loopback(url) {
            true if url.scheme() == "http" => Way::Plain,
            true => Way::Loopback,
            false => Way::Network,
        };
        let key = (matches!(lane, Lane::Control), way);
        let mut lanes = self.lanes();
        if let Some(client) = lanes.get(&key) {
            return Ok(client.clone());
        }
        let client = if way == Way::Plain {
            Client::Plain(Arc::new(Plain::new(&self.settings)))
        } else {
            Client::Whole(self.build(way == Way::Loopback, url.scheme() == "https").map_err(|error| {
                let fact = format!("the HTTP client cannot start: {}", root_cause(&error));
                Trouble::Hopeless(Failure::new(Kind::Internal, fact))
            })?)
        };
        lanes.insert(key, client.clone());
        Ok(client)
    }

    fn build(&self, local: bool, secure: bool) -> reqwest::Result<reqwest::Client> {
        let mut builder = tls(reqwest::Client::builder(), secure)
            .user_agent(AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(MOST_IDLE)
            .tcp_keepalive(KEEPALIVE_IDLE)
            .tcp_keepalive_interval(KEEPALIVE_INTERVAL)
            .tcp_keepalive_retries(KEEPALIVE_RETRIES)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW);
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(UNACKNOWLEDGED);
        }
        if let Some(limit) = self.settings.connect_timeout {
            builder = builder.connect_timeout(limit);
        }
        if self.settings.ipv4 {
            builder = builder.local_address(Some(std::net::Ipv4Addr::UNSPECIFIED.into()));
        }
        if local {
            // A proxy cannot reach this machine's loopback, and HTTP_PROXY would send it there.
            builder = builder.no_proxy();
        }
        builder.build()
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, HashMap<(bool, Way), Client>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    fn send(
        &self,
        request: &Request,
        headers: HeaderMap,
        upload: Upload,
    ) -> impl Future<Output = Result<reqwest::Response, Broken>> + Send + use<> {
        match self {
            Client::Plain(plain) => Either::Left(plain.send(request.method.clone(), &request.url, headers, upload)),
            Client::Whole(client) => {
                let mut call = reqwest::Request::new(request.method.clone(), request.url.clone());
                *call.headers_mut() = headers;
                if request.method == Method::POST {
                    *call.body_mut() = Some(reqwest::Body::wrap(upload));
                }
                Either::Right(client.execute(call).map_err(|error| {
                    let connecting = error.is_connect();
                    Broken { error: error.without_url().into(), connecting }
                }))
            }
        }
    }
}

impl Broken {
    /// The request could not even be written down.
    fn before(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Broken { error: error.into(), connecting: false }
    }
}

/// `url` as it may be shown: without user, password and the values of its query, which are where
/// servers put keys.
pub fn shown(url: &Url) -> String {
    let mut text = url.origin().ascii_serialization() + url.path();
    for (index, (name, value)) in url.query_pairs().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        // A name without a value may be the key itself.
        text.push_str(if value.is_empty() { "" } else { &name });
        text.push_str(if value.is_empty() { "…" } else { "=…" });
    }
    text
}

/// Whether nobody on the way can read what goes to `url`.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

/// Whether `url` names this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Host and port, as far as the URL names them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Where a redirect leads, `None` if the response is none.
fn redirect(response: &reqwest::Response, from: &Url) -> Option<Result<Url, Trouble>> {
    let status = response.status();
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    let refuse = |fact: String, remedy: &str| {
        let failure = Failure::new(Kind::Protocol, fact).remedy(remedy).status(status.as_u16());
        Some(Err(Trouble::Hopeless(failure)))
    };
    match target {
        None => refuse(format!("{} redirects to an address that is no URL", shown(from)), "ask its operator"),
        Some(target) if target.origin() != from.origin() => {
            let fact =
                format!("{} redirects to another origin, {}", shown(from), target.origin().ascii_serialization());
            refuse(fact, "if you trust it, use its URL instead")
        }
        Some(_) if status == StatusCode::SEE_OTHER => {
            refuse(format!("{} redirects to a web page", shown(from)), "is this the MCP URL?")
        }
        Some(target) => Some(Ok(target)),
    }
}

/// Says what an error of the HTTP stack means for the request.
fn explain(error: &(dyn Error + 'static), connecting: bool, url: &Url) -> Trouble {
    let host = authority(url);
    let cause = root_cause(error);
    if !connecting {
        let failure = Failure::new(Kind::Unreachable, format!("the connection to {host} broke: {cause}"));
        return if refused_stream(error) { Trouble::NotSent(failure) } else { Trouble::Lost(failure) };
    }
    if sources(error).any(|source| source.is::<rustls::Error>() || inner_of_io::<rustls::Error>(source)) {
        let failure = Failure::new(Kind::Unreachable, format!("no secure connection to {host}: {cause}"));
        return Trouble::Hopeless(failure.remedy(
            "check the certificate of the server and the CA certificates of this machine (SSL_CERT_FILE adds some)",
        ));
    }
    let late = |source: &(dyn Error + 'static)| {
        source.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::TimedOut)
            || source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
    };
    let cause = if late(error) || sources(error).any(late) { "no connection in time".to_owned() } else { cause };
    let remedy = "check the URL and the network; the next request tries again";
    Trouble::NotSent(Failure::new(Kind::Unreachable, format!("cannot reach {host}: {cause}")).remedy(remedy))
}

/// Whether an HTTP/2 server says that it did not process the request (RFC 9113, section 8.7).
fn refused_stream(error: &(dyn Error + 'static)) -> bool {
    sources(error)
        .filter_map(|source| source.downcast_ref::<h2::Error>())
        .any(|error| error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |source: &&'a (dyn Error + 'static)| (*source).source())
}

/// io::Error wraps TLS errors without naming them as its source.
fn inner_of_io<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.and_then(std::io::Error::get_ref).is_some_and(|inner| inner.is::<E>())
}

/// The innermost cause, in words.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let innermost = sources(error).last();
    let io = innermost.and_then(|source| source.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        Some(ErrorKind::ConnectionRefused) => "nothing listens there (connection refused)".into(),
        Some(ErrorKind::ConnectionReset) => "the connection was reset".into(),
        Some(ErrorKind::TimedOut) => "no answer in time".into(),
        Some(ErrorKind::UnexpectedEof) => "it was closed in mid-message".into(),
        _ => innermost.map_or_else(|| error.to_string(), ToString::to_string),
    }
}

/// A request body that says when it is out. It is handed over in pieces, so that "out" is nearly
/// "on the wire" for large bodies too; a piece is a view, not a copy.
struct Upload {
    rest: Bytes,
    out: Option<Box<dyn Send + Sync>>,
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        if self.rest.is_empty() {
            self.out = None;
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Cookies, kept in memory and for the exact origin that set them, whatever `Domain` says.
#[derive(Default)]
struct Cookies(Mutex<HashMap<url::Origin, CookieStore>>);

impl Cookies {
    fn take(&self, headers: &HeaderMap, url: &Url) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                // What is no cookie is not kept; there is nobody to tell.
                let _ = self.jars().entry(url.origin()).or_default().parse(cookie, url);
            }
        }
    }

    /// Adds the cookies for `url` behind those that the person gave.
    fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        let jars = self.jars();
        // Most servers set none, and an origin costs an allocation.
        if jars.is_empty() {
            return;
        }
        let Some(jar) = jars.get(&url.origin()) else { return };
        let given = headers.get(header::COOKIE).and_then(|given| given.to_str().ok()).map(str::to_owned);
        let kept = jar.get_request_values(url).map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = given.into_iter().chain(kept).collect();
        if let Ok(mut value) = HeaderValue::from_str(&all.join("; "))
            && !value.is_empty()
        {
            value.set_sensitive(true);
            headers.insert(header::COOKIE, value);
        }
    }

    fn jars(&self) -> std::sync::MutexGuard<'_, HashMap<url::Origin, CookieStore>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operating system's verifier, which reads its store only when a certificate is checked.
#[cfg(any(target_os = "macos", windows))]
fn tls(builder: reqwest::ClientBuilder, _secure: bool) -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder
}

/// One bundle file. reqwest's own way reads the bundle and every file of the certificate
/// directory at each start, for http:// URLs too.
#[cfg(not(any(target_os = "macos", windows)))]
fn tls(builder: reqwest::ClientBuilder, secure: bool) -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(config) = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() else {
        return builder;
    };
    let roots = if secure { roots() } else { rustls::RootCertStore::empty() };
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    builder.tls_backend_preconfigured(config)
}

#[cfg(not(any(target_os = "macos", windows)))]
fn roots() -> rustls::RootCertStore {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use std::path::PathBuf;

    let given = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let system = BUNDLES.iter().map(PathBuf::from).find(|path| path.exists());
    if system.is_none() && given.is_none() {
        log::warn!("this machine has no CA certificates; install ca-certificates or set SSL_CERT_FILE");
    }
    let mut roots = rustls::RootCertStore::empty();
    for path in given.into_iter().chain(system) {
        match CertificateDer::pem_file_iter(&path) {
            Ok(certificates) => {
                roots.add_parsable_certificates(certificates.filter_map(Result::ok));
            }
            Err(error) => log::warn!("no CA certificates in {}: {error}", path.display()),
        }
    }
    roots
}

/// Where distributions keep the bundle, most common first.
#[cfg(not(any(target_os = "macos", windows)))]
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// What the bridge calls itself.
const AGENT: &str = concat!("mcpbridge/", env!("CARGO_PKG_VERSION"));
/// A server that needs more hops than this is lost in them.
const MOST_REDIRECTS: usize = 5;
/// Bytes of a body that are handed over at once.
const PIECE: usize = 64 * 1024;
/// Idle connections that are kept after a burst; each costs some 25 KiB.
const MOST_IDLE: usize = 64;
/// A quiet stream is probed by TCP after this long: quiet is allowed, dead is found out within
/// half a minute or so.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 4;
/// Data that nobody acknowledges for this long was sent to a dead peer. Without it Linux keeps
/// trying for a quarter of an hour. Not shorter: a server that is slow to read counts as well.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(180);
/// HTTP/2 windows: large enough for a distant server, small enough to bound what is unread. Many
/// streams that nobody reads must not fill the window of the connection for one that is read.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        let url = Url::parse("https://user:pass@h.example:8443/mcp?api_key=s3cret&x=1#f").unwrap();
        assert_eq!(shown(&url), "https://h.example:8443/mcp?api_key=…&x=…");
        assert_eq!(shown(&Url::parse("https://h.example/mcp?s3cret").unwrap()), "https://h.example/mcp?…");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (url, local) in [
            ("http://localhost:1/", true),
            ("http://a.localhost/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:5/", true),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), local, "{url}");
        }
    }
}

//! The one HTTP client: TLS, proxies, redirects, cookies, and what an error of it means.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::failure::{Failure, Kind};
use crate::secret::Secret;

mod address;
mod banner;
mod certificate;
mod client;
mod cookies;
mod fetch;
mod here;
mod knock;
pub mod page;
mod plain;
mod proof;
pub mod proxy;
mod redirect;
mod response;
mod tls;
mod trouble;
mod untrusted;
mod upload;

pub use address::{LEFT_OUT, is_loopback, is_private, shown};
pub use certificate::Names;
pub use fetch::{Fetched, Redirects};
pub use here::ADDRESSES as OF_THIS_MACHINE;
pub use knock::{Stage, Unanswered};
pub use proof::{NONCE, Prove, USE_NONCE};
pub use redirect::redirect;
pub use response::{Cut, Response};
pub use tls::Seen;
pub use trouble::{Trouble, root_cause};
pub use upload::Sent;

use banner::banner;
use client::{Broken, Client, Route};
use cookies::Cookies;
use plain::Plain;
use proof::{Nonce, Nonces, wants_nonce};
use proxy::Proxy;
use redirect::MOST_REDIRECTS;
use tls::Trust;
use trouble::explain;
use upload::{Tell, Upload};

/// How connections are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// How long a connection may take; `None` leaves it to the operating system.
    pub connect_timeout: Option<Duration>,
    /// How long the whole of an answer may take that is read whole, redirects included: one of an authorization
    /// server, for which a person or an editor waits. `None` is without a limit.
    pub answer_timeout: Option<Duration>,
    /// Only IPv4.
    pub ipv4: bool,
    /// Keep the cookies of the server.
    pub cookies: bool,
    /// Files with authorities that are trusted beside those of the system.
    pub ca_certs: Vec<PathBuf>,
    /// The file with our certificate, and perhaps its key.
    pub client_cert: Option<PathBuf>,
    /// The file with the key, if it is another one.
    pub client_key: Option<PathBuf>,
    /// Take any certificate of a server on this machine.
    pub insecure: bool,
    /// The URL of a proxy, instead of those of the environment.
    pub proxy: Option<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            connect_timeout: None,
            answer_timeout: Some(ANSWER_TIMEOUT),
            ipv4: false,
            cookies: false,
            ca_certs: Vec::new(),
            client_cert: None,
            client_key: None,
            insecure: false,
            proxy: None,
        }
    }
}

impl Settings {
    /// Makes sure that the files can be used.
    ///
    /// # Errors
    /// One cannot: [`Kind::Usage`].
    pub fn check(&self) -> Result<(), Failure> {
        tls::check(self)
    }
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
    /// Told how far the body is.
    pub told: Option<Tell>,
    /// Proves that the sender has a key, at each address that the request comes to.
    pub proof: Option<Prove>,
}

impl Request {
    /// The same request, for another attempt. Nobody is told of its body.
    fn again(&self) -> Self {
        Request {
            method: self.method.clone(),
            url: self.url.clone(),
            common: Arc::clone(&self.common),
            own: self.own.clone(),
            body: self.body.clone(),
            told: None,
            proof: self.proof.clone(),
        }
    }

    /// The headers of one try. A server that asked for another nonce has `given` it.
    fn headers(&self, nonces: &Nonces, given: Option<Nonce>) -> HeaderMap {
        let mut headers = (*self.common).clone();
        for (name, value) in &self.own {
            headers.insert(name.clone(), value.clone());
        }
        let proof = self.proof.as_ref().and_then(|prove| nonces.prove(prove, &self.method, &self.url, given));
        headers.extend(proof.map(|(name, value)| (Some(name), value)));
        headers
    }
}

/// Sends requests. Nothing is loaded before the first one.
pub struct Http {
    settings: Settings,
    trust: Arc<Trust>,
    lanes: Mutex<BTreeMap<(bool, Route), Client>>,
    cookies: Cookies,
    /// Nonces of MCP servers.
    nonces: Nonces,
    /// Nonces of authorization servers.
    grant_nonces: Nonces,
    /// Whether anything has ever answered.
    answered: AtomicBool,
    /// Whether the server has said that it wants no HTTP/2.
    http1_only: AtomicBool,
}

impl Http {
    /// A client that has done nothing yet.
    pub fn new(settings: Settings) -> Self {
        let trust = Arc::new(Trust::new(&settings));
        Http {
            settings,
            trust,
            lanes: Mutex::default(),
            cookies: Cookies::default(),
            nonces: Nonces::default(),
            grant_nonces: Nonces::default(),
            answered: AtomicBool::new(false),
            http1_only: AtomicBool::new(false),
        }
    }

    /// The same, for [`Http::seen`].
    pub fn watching(settings: Settings) -> Self {
        Http { trust: Arc::new(Trust::watching(&settings)), ..Http::new(settings) }
    }

    /// What the last server with which a connection was secured has shown, to a client that watches.
    pub fn seen(&self) -> Seen {
        self.trust.seen()
    }

    /// Sends `request` and waits for the head of the response. Redirects within the origin are
    /// followed with method and body kept, because 307 and 308 say so and a 301 or 302 that turned
    /// a POST into a GET would be of no use to anyone here. A server that wants another nonce in the
    /// proof gets it, once: the request did not run.
    ///
    /// # Errors
    /// A [`Trouble`]. A redirect to another origin is one: headers and body belong to this origin.
    pub async fn send(&self, lane: Lane, mut request: Request) -> Result<Response, Trouble> {
        let (mut given, mut gave) = (None, false);
        for _ in 0..=MOST_REDIRECTS {
            let client = self.client(lane, &request.url)?;
            let mut headers = request.headers(&self.nonces, given.take());
            self.cookies.add_to(&mut headers, &request.url);
            let upload = Upload { rest: request.body.clone(), told: request.told.take() };
            let response = client.send(&request, headers, upload).await;
            let response = self.received(response, &request.url).await?;
            if self.settings.cookies {
                self.cookies.take(response.headers(), &request.url);
            }
            if request.proof.is_some() {
                let nonce = self.nonces.note(response.headers(), &request.url);
                if !gave && nonce.is_some() && wants_nonce(response.status(), response.headers()) {
                    (given, gave) = (nonce, true);
                    continue;
                }
            }
            let Some(target) = redirect(response.status(), response.headers(), &request.url) else {
                return Ok(response);
            };
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

    /// What came back, if it came from the server.
    async fn received(&self, sent: Result<Response, Broken>, url: &Url) -> Result<Response, Trouble> {
        let response = match sent {
            Ok(response) => response,
            // Boxed, because a request that gets its response has no use for the room.
            Err(broken) => return Err(Box::pin(self.trouble(broken, url)).await),
        };
        self.answered.store(true, Relaxed);
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(proxy) = Proxy::of(&self.settings, url)
        {
            return Err(Trouble::Hopeless(proxy.wants_credentials()));
        }
        if response.status() == StatusCode::UNAUTHORIZED
            && url.scheme() == "http"
            && let Some(proxy) = Proxy::of(&self.settings, url).filter(|proxy| proxy.may_refuse_with(&response))
        {
            return Err(Trouble::Hopeless(proxy.refuses_credentials(&trouble::authority(url))));
        }
        Ok(response)
    }

    /// What it means that there is no response.
    async fn trouble(&self, Broken { error, connecting }: Broken, url: &Url) -> Trouble {
        if trouble::wants_http1(&*error) && !self.http1_only.swap(true, Relaxed) {
            self.forget_connections();
        }
        let proxy = Proxy::of(&self.settings, url);
        // What answers at times speaks what it was asked in.
        let is_strange = proxy.is_none() && !self.answered.load(Relaxed);
        let is_plain = url.scheme() == "http";
        let is_foreign = trouble::is_foreign(&*error);
        if is_strange && (is_foreign || is_plain && trouble::is_unsent(&*error)) {
            let said = if is_plain { banner(url).await } else { None };
            if said.is_some() || is_foreign {
                return trouble::no_http(url, said);
            }
        }
        match explain(&*error, connecting, url, proxy.as_ref().filter(|_| connecting)) {
            Trouble::Lost(failure) if is_strange && is_plain => Trouble::unheard(failure),
            trouble => trouble,
        }
    }

    fn client(&self, lane: Lane, url: &Url) -> Result<Client, Trouble> {
        let route = match is_loopback(url) {
            true if url.scheme() == "http" => Route::Plain,
            true => Route::Loopback,
            false if url.scheme() == "http" && Proxy::of(&self.settings, url).is_some_and(|it| it.takes_requests()) => {
                Route::Forwarded
            }
            false => Route::Network,
        };
        let key = (matches!(lane, Lane::Control), route);
        let mut lanes = self.lanes();
        if let Some(client) = lanes.get(&key) {
            return Ok(client.clone());
        }
        let client = if route == Route::Plain {
            Client::Plain(Arc::new(Plain::new(&self.settings)))
        } else {
            Client::whole(&self.settings, &self.trust, route, self.http1_only.load(Relaxed))
                .map_err(Trouble::Hopeless)?
        };
        lanes.insert(key, client.clone());
        Ok(client)
    }

    fn lanes(&self) -> std::sync::MutexGuard<'_, BTreeMap<(bool, Route), Client>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For one answer, where nobody says otherwise. A refresh has no more than this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

//! Plain HTTP to this machine, where the relay's own work is most of what a call costs: the client
//! inside reqwest, with the same connections and the same compression, but without its layers. These
//! parse the URL twice and wrap request and response several times, a quarter of the instructions of
//! a call. There is no proxy and no TLS here, so nothing that reqwest knows is missed.

use std::future::Future;

use http::header::{HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Uri};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::ResponseBuilderExt;
use tower_http::decompression::Decompression;
use tower_service::Service;
use url::Url;

use super::{Broken, Settings, Upload};

/// A client with connections of its own.
pub struct Plain(Decompression<legacy::Client<HttpConnector, Upload>>);

impl Plain {
    /// A client that has done nothing yet.
    pub fn new(settings: &Settings) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(settings.connect_timeout);
        connector.set_keepalive(Some(super::KEEPALIVE_IDLE));
        connector.set_keepalive_interval(Some(super::KEEPALIVE_INTERVAL));
        connector.set_keepalive_retries(Some(super::KEEPALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        connector.set_tcp_user_timeout(Some(super::UNACKNOWLEDGED));
        if settings.ipv4 {
            connector.set_local_address(Some(std::net::Ipv4Addr::UNSPECIFIED.into()));
        }
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(super::MOST_IDLE)
            .build(connector);
        Plain(Decompression::new(client))
    }

    /// Sends one request and waits for the head of the response. Not an `async fn`: the future of a
    /// call is copied into its task, and this one holds what it waits for and nothing else.
    pub fn send(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Upload,
    ) -> impl Future<Output = Result<reqwest::Response, Broken>> + Send + use<> {
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(super::AGENT));
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        let sent = Uri::try_from(url.as_str()).map(|uri| {
            *request.uri_mut() = uri;
            self.0.clone().call(request)
        });
        // Without a URL of its own, reqwest would parse one that it made up.
        let head = http::Response::builder().url(url.clone()).body(());
        async move {
            let response = sent.map_err(Broken::before)?.await.map_err(|error| {
                let connecting = error.is_connect();
                Broken { error: error.into(), connecting }
            })?;
            let (mut parts, body) = response.into_parts();
            parts.extensions.extend(head.map_err(Broken::before)?.into_parts().0.extensions);
            Ok(http::Response::from_parts(parts, reqwest::Body::wrap(body)).into())
        }
    }
}

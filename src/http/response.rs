//! A response whose head is there.

use std::error::Error;
use std::fmt;
use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use tower_http::decompression::{Decompression, DecompressionBody};
use tower_service::Service;

use super::Broken;

/// A response whose head is there, and whose body comes piece by piece, decompressed. Boxed, because it is
/// handed on many times.
pub struct Response(Box<Inner>);

enum Inner {
    Plain(http::Response<Incoming>),
    Packed(http::Response<Pin<Box<DecompressionBody<reqwest::Body>>>>),
    Whole(reqwest::Response),
}

/// A body that broke off.
#[derive(Debug)]
pub struct Cut(Box<dyn Error + Send + Sync>);

impl Response {
    /// What came of reqwest, which decompresses what bears the usual name.
    pub(super) async fn whole(response: reqwest::Response) -> Result<Self, Broken> {
        if is_packed(response.headers()) {
            return Box::pin(Response::packed(response.into())).await;
        }
        Ok(Response(Box::new(Inner::Whole(response))))
    }

    /// What came of hyper.
    pub(super) async fn plain(response: http::Response<Incoming>) -> Result<Self, Broken> {
        if is_packed(response.headers()) {
            return Box::pin(Response::packed(response.map(reqwest::Body::wrap))).await;
        }
        Ok(Response(Box::new(Inner::Plain(response))))
    }

    async fn packed(mut response: http::Response<reqwest::Body>) -> Result<Self, Broken> {
        // The one name that the decoder knows.
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let unpacked = Decompression::new(Arrived(Some(response))).call(http::Request::new(())).await;
        let unpacked = unpacked.map_err(Broken::before)?.map(Box::pin);
        Ok(Response(Box::new(Inner::Packed(unpacked))))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match &*self.0 {
            Inner::Plain(response) => response.status(),
            Inner::Packed(response) => response.status(),
            Inner::Whole(response) => response.status(),
        }
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        match &*self.0 {
            Inner::Plain(response) => response.headers(),
            Inner::Packed(response) => response.headers(),
            Inner::Whole(response) => response.headers(),
        }
    }

    /// The headers, to be changed or taken.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        match &mut *self.0 {
            Inner::Plain(response) => response.headers_mut(),
            Inner::Packed(response) => response.headers_mut(),
            Inner::Whole(response) => response.headers_mut(),
        }
    }

    /// The bytes that the body will have, if that is known.
    pub fn content_length(&self) -> Option<u64> {
        match &*self.0 {
            Inner::Plain(response) => response.body().size_hint().exact(),
            Inner::Packed(_) => None,
            Inner::Whole(response) => response.content_length(),
        }
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// The connection broke, or the body is not what its head says.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Cut> {
        match &mut *self.0 {
            Inner::Plain(response) => piece(Pin::new(response.body_mut())).await,
            Inner::Packed(response) => piece(response.body_mut().as_mut()).await,
            Inner::Whole(response) => response.chunk().await.map_err(|error| Cut(error.into())),
        }
    }
}

/// Whether a body is packed with gzip. Names of codings are case-insensitive, and `x-gzip` is the same (RFC 9110,
/// sections 8.4.1 and 8.4.1.3).
fn is_packed(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|coding| {
        let coding = coding.as_bytes().trim_ascii();
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    })
}

/// The next piece of a body. Trailers, which nobody asked for, are passed over.
async fn piece<B>(mut body: Pin<&mut B>) -> Result<Option<Bytes>, Cut>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    loop {
        match poll_fn(|context| body.as_mut().poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(error)) => return Err(Cut(error.into())),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cut {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// A response as the service that tower-http wants to decompress the answers of.
struct Arrived(Option<http::Response<reqwest::Body>>);

impl Service<http::Request<()>> for Arrived {
    type Response = http::Response<reqwest::Body>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<()>) -> Self::Future {
        ready(self.0.take().ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into()))
    }
}

//! A response whose head is there.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use async_compression::tokio::bufread::GzipDecoder;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::io::AsyncReadExt;
use tokio_util::io::StreamReader;

use super::client::Broken;

/// A response whose head is there, and whose body comes piece by piece, decompressed. Boxed, because it is
/// handed on many times.
pub struct Response(Box<Inner>);

enum Inner {
    Plain(http::Response<Incoming>),
    Packed(http::Response<GzipDecoder<StreamReader<Pieces, Bytes>>>),
    Whole(reqwest::Response),
}

/// A packed body, piece by piece.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body that broke off.
#[derive(Debug)]
pub struct Cut(Box<dyn Error + Send + Sync>);

impl Response {
    /// What came of reqwest.
    pub(super) fn whole(response: reqwest::Response) -> Self {
        match is_packed(response.headers()) {
            true => Response::packed(http::Response::<reqwest::Body>::from(response)),
            false => Response(Box::new(Inner::Whole(response))),
        }
    }

    /// What came of hyper.
    pub(super) async fn plain(response: http::Response<Incoming>) -> Result<Self, Broken> {
        Ok(match is_packed(response.headers()) {
            true => Response::packed(response),
            false => Response(Box::new(Inner::Plain(response))),
        })
    }

    fn packed<B>(response: http::Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
    {
        let mut unpacked = response.map(|body| {
            let mut decoder = GzipDecoder::new(StreamReader::new(pieces(body)));
            // A server may pack each event by itself (RFC 1952, section 2.2).
            decoder.multiple_members(true);
            decoder
        });
        for of_the_packed in [header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
            unpacked.headers_mut().remove(of_the_packed);
        }
        Response(Box::new(Inner::Packed(unpacked)))
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
            Inner::Packed(response) => {
                let mut piece = BytesMut::with_capacity(UNPACKED);
                match response.body_mut().read_buf(&mut piece).await {
                    Ok(0) => Ok(None),
                    Ok(_) => Ok(Some(piece.freeze())),
                    Err(error) => Err(Cut(error.into())),
                }
            }
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

/// The pieces of a body, for the decoder.
fn pieces<B>(mut body: B) -> Pieces
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
{
    Box::pin(stream::poll_fn(move |context| {
        loop {
            match ready!(Pin::new(&mut body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
            }
        }
    }))
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

/// Bytes that are unpacked at once.
const UNPACKED: usize = 16 * 1024;

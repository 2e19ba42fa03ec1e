//! What an error of the HTTP stack means for the request, and what a person is told of it.

use std::error::Error;
use std::io::ErrorKind;

use url::Url;

use crate::failure::{Failure, Kind};

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

/// Says what an error of the HTTP stack means for the request.
pub(super) fn explain(error: &(dyn Error + 'static), connecting: bool, url: &Url) -> Trouble {
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

/// Host and port, as far as the URL names them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

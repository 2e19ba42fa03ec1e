//! What an error of the HTTP stack means for the request, and what a person is told of it.

use std::error::Error;
use std::io::ErrorKind;

use rustls::AlertDescription;
use url::Url;

use super::proxy::{self, Proxy};
use super::untrusted::Untrusted;
use crate::failure::{Failure, Kind};

/// Why a request got no response; the variants are decisions.
pub enum Trouble {
    /// Nothing was sent, or the server says that it has processed nothing of it: it may be sent again.
    NotSent(Failure),
    /// It did not run and nothing will change soon: sending again is of no use.
    Hopeless(Failure),
    /// It may have arrived: only what is safe to repeat may be sent again.
    Lost(Failure),
    /// The same, of a server that has never answered in plain http and may speak TLS.
    Unheard(Failure),
    /// It was answered, in what is no HTTP; and would be the next time.
    Garbled(Failure),
}

impl Trouble {
    /// The failure, without the decision.
    pub fn into_failure(self) -> Failure {
        match self {
            Trouble::NotSent(failure)
            | Trouble::Hopeless(failure)
            | Trouble::Lost(failure)
            | Trouble::Unheard(failure)
            | Trouble::Garbled(failure) => failure,
        }
    }

    /// The connection of a request in plain http broke, and nothing there has ever answered.
    pub(super) fn unheard(failure: Failure) -> Self {
        Trouble::Unheard(failure.remedy(MAYBE_TLS))
    }
}

/// Says what an error of the HTTP stack means for the request.
pub(super) fn explain(error: &(dyn Error + 'static), connecting: bool, url: &Url, proxy: Option<&Proxy>) -> Trouble {
    let host = authority(url);
    let cause = root_cause(error);
    if let Some(rustls::Error::AlertReceived(alert)) = tls_error(error)
        && let Some(failure) = unknown_client(*alert, &host)
    {
        return Trouble::Hopeless(failure);
    }
    if !connecting && is_garbled(error) {
        let fact = format!("the answer of {host} is no HTTP: {cause}");
        let remedy = "the server has a fault; its operator may know more";
        return Trouble::Garbled(Failure::new(Kind::Protocol, fact).remedy(remedy));
    }
    if !connecting {
        let failure = Failure::new(Kind::Unreachable, format!("the connection to {host} broke: {cause}"));
        return if unprocessed(error) { Trouble::NotSent(failure) } else { Trouble::Lost(failure) };
    }
    if let Some(error) = tls_error(error) {
        return Trouble::Hopeless(insecure(error, &host, proxy));
    }
    let late = |source: &(dyn Error + 'static)| {
        source.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::TimedOut)
            || source.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
    };
    let late = late(error) || sources(error).any(late);
    if let Some(proxy) = proxy {
        let (failure, passes) = proxy.failure(&proxy::causes(error), late, &host, &cause);
        return if passes { Trouble::NotSent(failure) } else { Trouble::Hopeless(failure) };
    }
    let cause = if late { "no connection in time".to_owned() } else { cause };
    let remedy = "check the URL and the network, then try again";
    Trouble::NotSent(Failure::new(Kind::Unreachable, format!("cannot reach {host}: {cause}")).remedy(remedy))
}

/// Whether an error of the HTTP stack is one of TLS.
pub(super) fn is_about_tls(error: &(dyn Error + 'static)) -> bool {
    tls_error(error).is_some()
}

/// That what listens at `url` does not speak HTTP, with what it says by itself.
pub(super) fn no_http(url: &Url, said: Option<String>) -> Trouble {
    let fact = format!("what listens at {} does not speak HTTP", authority(url));
    let (fact, remedy) = match said {
        Some(said) => (format!("{fact}: it begins with \"{said}\""), "check the port in the URL"),
        // An alert of TLS is no HTTP either.
        None if url.scheme() == "http" => (fact, MAYBE_TLS),
        None => (fact, "check the port in the URL"),
    };
    Trouble::Hopeless(Failure::new(Kind::Unreachable, fact).remedy(remedy))
}

/// Whether what came in the place of an answer does not even begin as HTTP does.
pub(super) fn is_foreign(error: &(dyn Error + 'static)) -> bool {
    of_hyper(error).any(|error| error.is_parse() && error.to_string() == NO_VERSION)
}

/// Whether a connection was of no use before anything was sent over it, as when the other side has spoken first.
pub(super) fn is_unsent(error: &(dyn Error + 'static)) -> bool {
    of_hyper(error).any(hyper::Error::is_canceled)
}

/// Whether an answer began as HTTP does, and went on otherwise. What begins otherwise may be the rest of another answer.
fn is_garbled(error: &(dyn Error + 'static)) -> bool {
    !is_foreign(error) && of_hyper(error).any(hyper::Error::is_parse)
}

fn of_hyper<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a hyper::Error> {
    std::iter::once(error).chain(sources(error)).filter_map(|error| error.downcast_ref())
}

/// Whether an HTTP/2 server says that it did not process the request (RFC 9113, section 8.7): it refused the stream, or
/// went away without it. h2 has the error of a GOAWAY for streams beyond the last that was processed, whatever the
/// code, and for those that were not begun; a stream up to the last has an error of its own, or of the connection.
fn unprocessed(error: &(dyn Error + 'static)) -> bool {
    let refused = |error: &h2::Error| error.reason() == Some(h2::Reason::REFUSED_STREAM);
    said_by_server(error).any(|error| error.is_go_away() || error.is_reset() && refused(error)) || wants_http1(error)
}

/// Whether a server wants this request over HTTP/1.1 (RFC 9113, section 7), as some do that want a client certificate
/// for a part of what they have. It is sent again so.
pub(super) fn wants_http1(error: &(dyn Error + 'static)) -> bool {
    said_by_server(error).any(|error| error.reason() == Some(h2::Reason::HTTP_1_1_REQUIRED))
}

fn said_by_server<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a h2::Error> {
    sources(error).filter_map(|source| source.downcast_ref::<h2::Error>()).filter(|error| error.is_remote())
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |source: &&'a (dyn Error + 'static)| (*source).source())
}

/// The error of TLS that is behind `error`.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    std::iter::once(error).chain(sources(error)).find_map(|error| unwrapped(error).downcast_ref())
}

/// What is in `error`: io::Error and h2::Error wrap others, in layers, without naming them as their source.
fn unwrapped<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    loop {
        let io = error.downcast_ref().or_else(|| error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io));
        let Some(inner) = io.and_then(std::io::Error::get_ref) else { return error };
        error = inner;
    }
}

/// Why there is no secure connection.
fn insecure(error: &rustls::Error, host: &str, proxy: Option<&Proxy>) -> Failure {
    let way = proxy.map(|proxy| format!(" through {proxy}")).unwrap_or_default();
    if let Some(failure) = Untrusted::within(error) {
        return Failure { fact: format!("{}{way}", failure.fact), ..failure };
    }
    let failure = Failure::new(Kind::Unreachable, format!("no secure connection to {host}{way}: {error}"));
    match error {
        // What web servers without TLS answer, and pages that stand in the way.
        rustls::Error::InvalidMessage(_) => failure.remedy(
            "something there does not speak TLS: check scheme and port; or does a network want you to sign in first?",
        ),
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            failure.remedy("perhaps it wants a client certificate: --client-cert FILE and --client-key FILE")
        }
        _ => failure.remedy("check the URL; the server's operator may know more"),
    }
}

/// What a server says that wants to know who we are. With TLS 1.3 that comes after the handshake, as the
/// answer to a request that it has not read.
fn unknown_client(alert: AlertDescription, host: &str) -> Option<Failure> {
    let (fact, remedy) = match alert {
        AlertDescription::CertificateRequired => {
            (format!("{host} wants a client certificate"), "give one with --client-cert FILE and --client-key FILE")
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => (
            format!("{host} refuses the client certificate, or the lack of one ({alert:?})"),
            "check --client-cert and --client-key: it may have expired, or be for another server",
        ),
        _ => return None,
    };
    Some(Failure::new(Kind::Unreachable, fact).remedy(remedy))
}

/// The remedy where a connection breaks that was asked something in plain http.
const MAYBE_TLS: &str = "does that port speak TLS? Then the URL begins with https://";

/// How hyper says that an answer does not begin with a version of HTTP. The error has no kind of its own for it.
const NO_VERSION: &str = "invalid HTTP version parsed";

/// The innermost cause, in words.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let innermost = sources(error).last().unwrap_or(error);
    let of_http2 = innermost.downcast_ref::<h2::Error>();
    // h2 does not name it as its source.
    let io = innermost.downcast_ref().or_else(|| of_http2.and_then(h2::Error::get_io));
    match io.map(std::io::Error::kind) {
        // h2 calls the end of a connection so, whatever was being sent.
        Some(ErrorKind::BrokenPipe) if io.is_some_and(|io| io.raw_os_error().is_none()) => {
            "the connection was closed".into()
        }
        Some(ErrorKind::ConnectionRefused) => "nothing listens there (connection refused)".into(),
        Some(ErrorKind::ConnectionReset) => "the connection was reset".into(),
        // It may have refused what was still being sent, and its answer is lost.
        Some(ErrorKind::BrokenPipe) => "it was closed while the request was being sent".into(),
        Some(ErrorKind::TimedOut) => "no answer in time".into(),
        Some(ErrorKind::UnexpectedEof) => "it was closed in mid-message".into(),
        _ => {
            if let Some(cause) = proxy::cause_in(innermost) {
                return cause.to_owned();
            }
            // Its words are "not a result of an error".
            if of_http2.is_some_and(says_goodbye) {
                return "the server is closing it".into();
            }
            let text = innermost.to_string();
            // The name is not known, or nobody is there to ask.
            match text.strip_prefix("failed to lookup address information: ") {
                Some(why) => format!("its name cannot be resolved ({why})"),
                None => text,
            }
        }
    }
}

/// Whether a server of HTTP/2 closes a connection as it should: it restarts, or has answered enough on it.
fn says_goodbye(error: &h2::Error) -> bool {
    error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
}

/// Host and port, as far as the URL names them.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

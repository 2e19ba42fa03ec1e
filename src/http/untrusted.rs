//! What is wrong with a certificate: which one it is, what it lacks, and what helps.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, OtherError};

use super::certificate::{Names, names};
use crate::failure::{Failure, Kind};

/// A certificate that is not trusted. It travels inside of an error of the TLS library.
#[derive(Debug)]
pub struct Untrusted(Failure);

impl Untrusted {
    /// What `error` says of `certificate`; `None` if it is about something else.
    pub fn because(
        error: &Error,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Option<Self> {
        let Error::InvalidCertificate(why) = error else { return None };
        let host = name.to_str();
        let (whose, names) = presented(certificate, &host);
        let (what, remedy) = match why {
            CertificateError::UnknownIssuer => {
                return Some(Untrusted(unknown_issuer(&whose, &names, chain.last())));
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                (format!("is not for {host} but for {}", listed(presented)), OTHER_NAME)
            }
            CertificateError::NotValidForName => (format!("is not for {host}"), OTHER_NAME),
            CertificateError::ExpiredContext { not_after, .. } => (
                format!("expired on {}", date(*not_after)),
                "its operator has to renew it; or is the clock here right?",
            ),
            CertificateError::Expired => {
                ("has expired".to_owned(), "its operator has to renew it; or is the clock here right?")
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                (format!("is not valid before {}", date(*not_before)), "is the clock of this machine right?")
            }
            CertificateError::NotValidYet => ("is not valid yet".to_owned(), "is the clock of this machine right?"),
            CertificateError::Revoked => {
                ("was revoked".to_owned(), "ask its operator, and send nothing there meanwhile")
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                ("is not meant for servers".to_owned(), "its operator has to get one that is")
            }
            CertificateError::Other(OtherError(other)) if is_of_an_authority(&**other) => {
                let fact = format!("{whose} is that of an authority, not of a server");
                return Some(Untrusted(Failure::new(Kind::Unreachable, fact).remedy(another(name))));
            }
            other => (format!("cannot be used ({other})"), "its operator has to mend that"),
        };
        Some(Untrusted(Failure::new(Kind::Unreachable, format!("{whose} {what}")).remedy(remedy)))
    }

    /// There is no authority that could be trusted.
    pub fn without_authorities(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Self {
        let (whose, _) = presented(certificate, &name.to_str());
        let fact = format!("{whose} cannot be checked, because this machine has no CA certificates");
        Untrusted(
            Failure::new(Kind::Unreachable, fact).remedy("install ca-certificates, or name a file: --ca-cert FILE"),
        )
    }

    /// What is told of it, if an error of the TLS library is one.
    pub fn within(error: &Error) -> Option<Failure> {
        let Error::InvalidCertificate(CertificateError::Other(OtherError(other))) = error else { return None };
        other.downcast_ref::<Untrusted>().map(|untrusted| untrusted.0.clone())
    }
}

impl From<Untrusted> for Error {
    fn from(untrusted: Untrusted) -> Self {
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Untrusted {}

/// The certificate, for the beginning of a sentence.
fn presented(certificate: &CertificateDer<'_>, host: &str) -> (String, Option<Names>) {
    let names = names(certificate);
    let whose = names.as_ref().map(|names| format!(", of {},", names.subject)).unwrap_or_default();
    (format!("the certificate that {host} shows{whose}"), names)
}

fn unknown_issuer(whose: &str, names: &Option<Names>, top: Option<&CertificateDer<'_>>) -> Failure {
    // A server may send the authority's own certificate along.
    let top = top.and_then(|top| self::names(top)).map(|top| top.issuer);
    let fact = match names {
        Some(names) if names.issuer == names.subject => format!("{whose} is signed by itself"),
        Some(names) => {
            let above = top.filter(|top| *top != names.issuer).map(|top| format!(" below {top}")).unwrap_or_default();
            format!("{whose} was issued by {}{above}, whom this machine does not trust", names.issuer)
        }
        None => format!("{whose} is from an authority that this machine does not trust"),
    };
    let remedy = "if that is your company's inspecting proxy or authority, name its certificate: --ca-cert FILE; \
                  if not, somebody is in the way, perhaps the sign-in page of a network";
    Failure::new(Kind::Unreachable, fact).remedy(remedy)
}

/// Whether the library takes a certificate for one that issues others.
fn is_of_an_authority(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// What helps against the certificate that `openssl req -x509` makes if nothing else is said.
fn another(name: &ServerName<'_>) -> String {
    let is_here = match name {
        ServerName::DnsName(name) => name.as_ref().eq_ignore_ascii_case("localhost"),
        ServerName::IpAddress(address) => IpAddr::from(*address).is_loopback(),
        _ => false,
    };
    let unchecked = if is_here { ", or take this one unchecked: --insecure" } else { "" };
    format!(
        "make another with openssl req -x509 -addext basicConstraints=critical,CA:FALSE, and name it: \
         --ca-cert FILE{unchecked}"
    )
}

/// The names of a certificate, from their form in the library: `DnsName("a")`, `IpAddress(1.2.3.4)`.
fn listed(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inside = name.split_once('(').map_or(name.as_str(), |(_, inside)| inside.trim_end_matches(')'));
        inside.trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(MOST_NAMES).map(bare).collect();
    if presented.len() > MOST_NAMES {
        names.push(format!("{} more", presented.len() - MOST_NAMES));
    }
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn date(time: UnixTime) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time.as_secs().min(LATEST)))
}

/// The remedy for a certificate that is somebody else's.
const OTHER_NAME: &str = "check the URL, or what is in the way, perhaps the sign-in page of a network";
/// Names that are listed; some certificates have hundreds.
const MOST_NAMES: usize = 5;
/// The end of the year 9999: what the library writes as a date goes no further.
const LATEST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_authorities_is_told_what_is_missing() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["mcp.example.com".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let name = ServerName::try_from("mcp.example.com").unwrap();
        let error = Error::from(Untrusted::without_authorities(certificate.der(), &name));
        let failure = Untrusted::within(&error).unwrap().to_string();
        for words in ["mcp.example.com shows", "has no CA certificates", "ca-certificates", "--ca-cert FILE"] {
            assert!(failure.contains(words), "{failure}");
        }
    }

    #[test]
    fn names_are_listed_as_people_write_them() {
        let form = |names: &[&str]| listed(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(form(&[r#"DnsName("a.example")"#, "IpAddress(1.2.3.4)", "b"]), "a.example, 1.2.3.4, b");
        assert_eq!(form(&[]), "nobody");
        assert_eq!(date(UnixTime::since_unix_epoch(Duration::MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}

//! The URLs at the end of a sign-in: where the browser comes back to, and where it may be sent on.

use url::Url;

use crate::failure::{Failure, Kind};
use crate::http::is_loopback;

/// The redirect URI with this port, or without one.
///
/// # Errors
/// `host` and `path` make no URL.
pub fn redirect_uri(host: &str, port: Option<u16>, path: &str) -> Result<String, Failure> {
    let (host, path) = plain(host, path)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("http://{host}{port}{path}"))
}

/// The page that `--auth-success-url` names.
///
/// # Errors
/// It is neither https nor on this machine, or has a query.
pub fn success_url(text: &str) -> Result<Url, Failure> {
    let refuse = |why: &str| {
        let fact = format!("--auth-success-url {why}");
        Err(Failure::new(Kind::Usage, fact).remedy("for example: --auth-success-url https://example.com/welcome"))
    };
    match Url::parse(text) {
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            refuse("may have neither a query nor a fragment")
        }
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => Ok(url),
        Ok(_) => refuse("has to be https, or http on this machine"),
        Err(_) => refuse("is no URL"),
    }
}

/// `host` and `path` as browsers send them.
///
/// # Errors
/// They make no URL.
pub fn plain(host: &str, path: &str) -> Result<(String, String), Failure> {
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let path = plain_path(&host, path)?;
    Ok((host, path))
}

/// `path` as browsers send it.
fn plain_path(host: &str, path: &str) -> Result<String, Failure> {
    let refuse =
        |fact: String, example: &str| Err(Failure::new(Kind::Usage, fact).remedy(format!("for example: {example}")));
    if !path.starts_with('/') || path.contains(['?', '#', '\\']) {
        return refuse(format!("the callback path {path:?} is no path"), "--callback-path /oauth/callback");
    }
    match Url::parse(&format!("http://{host}{path}")) {
        Ok(url) if url.host_str().is_some_and(|known| known.eq_ignore_ascii_case(host)) => Ok(url.path().to_owned()),
        _ => refuse(format!("--host {host:?} is no host"), "--host localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_url_is_https_or_here_and_has_no_query() {
        for (text, passes) in [
            ("https://example.com/done", true),
            ("http://localhost:3000/done", true),
            ("http://127.0.0.1/", true),
            ("http://example.com/", false),
            ("https://example.com/?x", false),
            ("https://example.com/#x", false),
            ("javascript:alert(1)", false),
            ("file:///tmp/x", false),
            ("done", false),
        ] {
            assert_eq!(success_url(text).is_ok(), passes, "{text}");
        }
    }

    #[test]
    fn a_path_is_kept_as_browsers_send_it() {
        assert_eq!(plain_path("localhost", "/oauth/callback").unwrap(), "/oauth/callback");
        assert_eq!(plain_path("[::1]", "/a b").unwrap(), "/a%20b");
        for (host, path) in [
            ("localhost", "oauth"),
            ("localhost", "/a?b"),
            ("localhost", "/a#b"),
            ("a/b", "/"),
            ("a@b", "/"),
            ("", "/"),
        ] {
            assert!(plain_path(host, path).is_err(), "{host} {path}");
        }
    }
}

//! What a URL says of itself: as what it may be shown, and who can read on the way to it.

use url::{Host, Url};

/// `url` as it may be shown: without user, password and the values of its query, which are where
/// servers put keys.
pub fn shown(url: &Url) -> String {
    let mut text = url.origin().ascii_serialization() + url.path();
    for (index, (name, value)) in url.query_pairs().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        // A name without a value may be the key itself.
        text.push_str(if value.is_empty() { "" } else { &name });
        text.push_str(if value.is_empty() { "" } else { "=" });
        text.push_str(LEFT_OUT);
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
        Some(Host::Domain(name)) => {
            // With a dot behind it, it is the same name, and no search list is asked.
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// What [`shown`] has in the place of what it does not show.
pub const LEFT_OUT: &str = "…";

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
            ("http://localhost./", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://[::ffff:10.0.0.1]/", false),
            ("http://localhost.example.com./", false),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), local, "{url}");
        }
    }
}

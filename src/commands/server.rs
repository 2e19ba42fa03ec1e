//! The server as it was typed: its URL and the headers for it, read strictly.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::try_join_all;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

use crate::failure::{Failure, Kind};
use crate::http::{LEFT_OUT, is_loopback, shown};
use crate::secret::Secrets;
use crate::source::Source;
use crate::store::Store;

/// Headers for the server, and what of them must stay hidden.
pub struct Headers {
    /// All of them.
    pub all: HeaderMap,
    /// The names of those that carry a credential.
    pub credentials: Vec<HeaderName>,
    /// Their values.
    pub secrets: Secrets,
}

/// Reads the URL of the server.
///
/// # Errors
/// It is no http or https URL, or plain http to another machine without `allow_http`.
pub fn url(text: &str, allow_http: bool) -> Result<Url, Failure> {
    let usage = |fact: String, remedy: String| Err(Failure::new(Kind::Usage, fact).remedy(remedy));
    let text = text.trim();
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && has_host(text) => url,
        // `localhost:3000/mcp` parses, with the scheme `localhost`.
        Ok(url) if text.contains("://") && !matches!(url.scheme(), "http" | "https") => {
            return usage(
                format!("{}:// is not a scheme that MCP is spoken over", url.scheme()),
                "use https://".into(),
            );
        }
        parsed => {
            let (fact, remedy) = no_url(text, parsed.err());
            return usage(fact, remedy);
        }
    };
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        let fact = format!("{} is plain http to another machine: everybody on the way can read it", shown(&url));
        return usage(fact, "use https, or --allow-http if you trust the network".into());
    }
    // As `shown` leaves them out: what is kept for the URL is kept under the whole of it.
    if url.query_pairs().any(|(name, value)| value == LEFT_OUT || value.is_empty() && name == LEFT_OUT) {
        let fact = format!("{} is a URL with a part left out", shown(&url));
        return usage(
            fact,
            "write it as it is in your configuration, or give it a name: mcpbridge add NAME URL".into(),
        );
    }
    let mut url = url;
    url.set_fragment(None);
    Ok(url)
}

/// Whether a host stands behind the scheme. The parser takes `https:host` and `https:///host` too, as browsers do.
fn has_host(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.contains(['/', '?', '#', ':']) && !rest.starts_with('/'))
}

/// What is wrong with `text`, which may have a password in it, and what to write.
fn no_url(text: &str, why: Option<ParseError>) -> (String, String) {
    // What follows the path may be a key.
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let example = "for example https://mcp.example.com/mcp";
    if text.is_empty() {
        return ("the URL is empty".into(), format!("write that of the server, {example}"));
    }
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let starts = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if starts("https:") || starts("http:") {
        let shown = if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") };
        let why = why.filter(|_| !host.is_empty()).map_or("no host stands behind //".to_owned(), |why| why.to_string());
        return (format!("{shown:?} is not a URL: {why}"), format!("write scheme, host and path, {example}"));
    }
    let scheme = if matches!(host.split(':').next(), Some("localhost" | "127.0.0.1")) { "http" } else { "https" };
    let shown = format!("{host}{path}");
    (format!("{shown:?} is not a URL"), format!("write it with its scheme, for example {scheme}://{shown}"))
}

/// Reads the headers of the command line and of header files; a later one replaces an earlier one
/// of the same name. `place` is where those of the command line come from, and `variable` looks up `${VAR}`.
///
/// # Errors
/// A header that is none, a variable that is not set, a file that cannot be read.
pub fn headers(
    (given, place): (&[String], &str),
    files: &[impl AsRef<Path>],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Headers, Failure> {
    let mut headers = Headers { all: HeaderMap::new(), credentials: Vec::new(), secrets: Secrets::default() };
    for path in files {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            let fact = format!("the header file {} cannot be read: {error}", path.display());
            let is_no_text = error.kind() == ErrorKind::InvalidData;
            let remedy = if is_no_text { "save it as UTF-8" } else { "check the path and who may read it" };
            Failure::new(Kind::Usage, fact).remedy(remedy)
        })?;
        for (number, line) in text.lines().enumerate() {
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                let place = format!("line {} of {}", number + 1, path.display());
                headers.add(line.trim_end_matches('\r'), &place, &variable)?;
            }
        }
    }
    for text in given {
        headers.add(text, place, &variable)?;
    }
    Ok(headers)
}

impl Headers {
    /// Takes user and password out of the URL and sends them as RFC 7617 says, unless an
    /// Authorization header was given.
    pub fn take_user(&mut self, mut url: Url) -> Url {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
        if user.is_empty() && password.is_empty() {
            return url;
        }
        self.secrets.learn(&password);
        let value = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        self.secrets.learn(&value);
        if let Ok(mut value) = HeaderValue::from_str(&value)
            && !self.all.contains_key(header::AUTHORIZATION)
        {
            value.set_sensitive(true);
            self.credentials.push(header::AUTHORIZATION);
            self.all.insert(header::AUTHORIZATION, value);
        }
        // An http URL with a host takes both; it would not be a server's URL otherwise.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url
    }

    /// Reads headers whose values come from elsewhere, all at once. Each replaces one of the same name.
    ///
    /// # Errors
    /// As for [`headers`], and as for [`Source::read`].
    pub async fn add_from(&mut self, given: &[String], store: &Store) -> Result<(), Failure> {
        let read = given.iter().map(async |text| {
            let (name, scheme, source) = header_from(text)?;
            let secret = source.read(store).await?;
            Ok((name, scheme, source.header(&secret)?))
        });
        for (name, scheme, value) in try_join_all(read).await? {
            self.secrets.learn(value.to_str().unwrap_or_default());
            let value = match scheme {
                // Both are fit for a header, so what they make is.
                Some(scheme) => HeaderValue::from_bytes(&[scheme.as_bytes(), b" ", value.as_bytes()].concat()),
                None => Ok(value),
            };
            if let Ok(value) = value {
                self.take(name, value, "--header-from")?;
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &str, place: &str, variable: &impl Fn(&str) -> Option<OsString>) -> Result<(), Failure> {
        // The text may be a secret, so an error names the place and at most the header's name.
        let usage = |fact: String| Failure::new(Kind::Usage, fact);
        let (name, value) =
            text.split_once(':').ok_or_else(|| usage(format!("{place} is not a header")).remedy("write NAME:VALUE"))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| usage(format!("{place} has no valid header name before its colon")))?;
        let value = expand(value.trim_matches([' ', '\t']), &format!("the header {name} ({place})"), variable)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            let fact = format!("the value of the header {name} ({place}) has a line break or a control character");
            usage(fact)
        })?;
        self.take(name, value, place)
    }

    fn take(&mut self, name: HeaderName, mut value: HeaderValue, place: &str) -> Result<(), Failure> {
        let usage = |fact: String| Failure::new(Kind::Usage, fact);
        if FRAMING.contains(&name.as_str()) {
            return Err(usage(format!("the header {name} ({place}) is part of the transport")).remedy("leave it out"));
        }
        if name == header::ACCEPT || name == header::CONTENT_TYPE {
            log::warn!("the header {name} is set by the transport; the one given is not used");
            return Ok(());
        }
        value.set_sensitive(true);
        let shown = value.to_str().unwrap_or_default();
        for part in shown.split([';', ',', '=']).chain([shown]) {
            self.secrets.learn(part);
        }
        if !self.all.contains_key(&name) && name != header::USER_AGENT {
            self.credentials.push(name.clone());
        }
        self.all.insert(name, value);
        Ok(())
    }
}

/// Reads NAME=SOURCE, or NAME=SCHEME SOURCE as for `Authorization=Bearer env:TOKEN`.
fn header_from(text: &str) -> Result<(HeaderName, Option<&str>, Source), Failure> {
    // Somebody may have typed the value itself, so it is not shown.
    let usage = |fact: &str| {
        Failure::new(Kind::Usage, fact.to_owned()).remedy("write NAME=SOURCE, for example X-Key=keychain:work")
    };
    let (name, source) = text.split_once('=').ok_or_else(|| usage("--header-from names no source"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| usage("--header-from has no valid header name before its equals sign"))?;
    let token = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let (scheme, source) = match source.trim().split_once(' ') {
        Some((scheme, source)) if token(&scheme) => (Some(scheme), source.trim_start()),
        _ => (None, source.trim()),
    };
    let source = source
        .parse()
        .map_err(|failure: Failure| Failure { fact: format!("{} (--header-from {name})", failure.fact), ..failure })?;
    Ok((name, scheme, source))
}

/// Replaces `${VAR}` in `text`, which stands in `place`.
///
/// # Errors
/// A variable is not set or is no text, or a `${` has no end.
pub fn expand(text: &str, place: &str, variable: &impl Fn(&str) -> Option<OsString>) -> Result<String, Failure> {
    let usage = |fact: String, remedy: &str| Failure::new(Kind::Usage, fact).remedy(remedy);
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        // What stands behind it may be a part of the secret.
        let end = || usage(format!("a ${{ in {place} has no }} behind it"), "write ${NAME}");
        let (name, behind) = after.split_once('}').ok_or_else(end)?;
        let unset = || usage(format!("${{{name}}} in {place} is not set"), "set the variable, or write the value");
        let no_text = |_| usage(format!("${{{name}}} in {place} is not UTF-8 text"), "set the variable anew");
        expanded.push_str(before);
        expanded.push_str(&variable(name).ok_or_else(unset)?.into_string().map_err(no_text)?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// Whether a header is the transport's own, so that nobody else can set it.
pub fn is_of_the_transport(name: &HeaderName) -> bool {
    FRAMING.contains(&name.as_str()) || [header::ACCEPT, header::CONTENT_TYPE, header::HOST].contains(name)
}

/// Headers that frame a message or name a session: a fixed value would break every request.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "te",
    "transfer-encoding",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Headers, Failure> {
        let variable = |name: &str| (name == "KEY").then(|| "s3cret value".into());
        headers((&[text.to_owned()], "--header"), &[] as &[&Path], variable)
    }

    #[test]
    fn headers_are_read_with_and_without_a_space_and_variables_are_filled_in() {
        for text in ["X-Key: a s3cret value", "X-Key:a s3cret value", "x-key:  a ${KEY}"] {
            assert_eq!(read(text).unwrap().all["x-key"], "a s3cret value", "{text}");
        }
        assert_eq!(read("X: $KEY $ {}").unwrap().all["x"], "$KEY $ {}");
    }

    #[test]
    fn bad_headers_are_refused_without_showing_their_value() {
        for text in ["s3cret", "X Y: s3cret", "X: s3cret\r\nY: 1", "X: s3cret ${NOPE}", "Content-Length: 5", ": s3cret"]
        {
            let failure = read(text).err().unwrap();
            assert_eq!(failure.kind, Kind::Usage, "{text}");
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
        assert!(read("X: ${NOPE}").err().unwrap().to_string().contains("${NOPE}"));
        for text in ["X: ${", "X: a ${KEY", "X: ${KEY} ${s3cret"] {
            let failure = read(text).err().unwrap().to_string();
            assert!(failure.contains("no } behind it") && !failure.contains("s3cret"), "{failure}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_an_error_and_not_another_value() {
        use std::os::unix::ffi::OsStringExt;
        let variable = |_: &str| Some(OsString::from_vec(b"s3cret\xff".to_vec()));
        let failure = expand("${KEY}", "the header x", &variable).unwrap_err().to_string();
        assert!(failure.contains("${KEY} in the header x is not UTF-8") && !failure.contains("s3cret"), "{failure}");
    }

    #[test]
    fn urls_need_a_scheme_and_plain_http_needs_loopback_or_leave() {
        assert!(url("example.com/mcp", false).unwrap_err().to_string().contains("https://example.com/mcp"));
        assert!(url("localhost:3000/mcp", false).unwrap_err().to_string().contains("http://localhost:3000/mcp"));
        assert!(url("ftp://example.com/", false).is_err());
        assert!(url("", false).unwrap_err().to_string().contains("the URL is empty"));
        for (text, words) in [
            ("https://", "\"https://\" is not a URL: no host"),
            ("https:///example.com/mcp", "no host stands behind //"),
            ("https:example.com/mcp", "\"https:example.com/mcp\" is not a URL: no host"),
            ("HTTPS:/example.com", "no host"),
            ("https://[::1/mcp", "invalid IPv6 address"),
            (
                "https://me:s3cret@example.com:99999/mcp?key=s3cret",
                "\"https://example.com:99999/mcp\" is not a URL: invalid port",
            ),
            ("me:s3cret@example.com/mcp", "https://example.com/mcp"),
        ] {
            let failure = url(text, false).unwrap_err().to_string();
            assert!(failure.contains(words), "{text}: {failure}");
            assert!(!failure.contains("s3cret") && !failure.contains("://https:"), "{text}: {failure}");
        }
        assert!(url("http://example.com/", false).unwrap_err().to_string().contains("--allow-http"));
        assert_eq!(url("http://example.com/#x", true).unwrap().as_str(), "http://example.com/");
        assert!(url("http://[::1]:5/mcp?a=b", false).is_ok());
    }
}

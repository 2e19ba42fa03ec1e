//! The proxy that a request goes through, and what its errors mean.

use std::error::Error;
use std::fmt;

use http::{HeaderValue, Uri, header};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::{Settings, is_loopback};
use crate::failure::{Failure, Kind};
use crate::secret::Secret;

/// The proxy that a request goes through, as it may be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Without user and password.
    url: String,
    /// Whether a flag named it, and not the environment.
    given: bool,
    /// Whether it is told who we are.
    has_user: bool,
}

impl Proxy {
    /// The proxy for requests to `url`, if there is one: found as the HTTP client finds it, which does
    /// not say. A proxy cannot reach this machine's loopback.
    pub fn of(settings: &Settings, url: &Url) -> Option<Self> {
        if is_loopback(url) || is_switched_off() {
            return None;
        }
        let uri = Uri::try_from(url.as_str()).ok()?;
        let matcher = match &settings.proxy {
            Some(proxy) => Matcher::builder().all(proxy.expose().to_owned()).no(exceptions()).build(),
            None => Matcher::from_system(),
        };
        let proxy = matcher.intercept(&uri)?;
        let url = format!("{}://{}", proxy.uri().scheme_str().unwrap_or("http"), proxy.uri().authority()?);
        let has_user = proxy.basic_auth().is_some() || proxy.raw_auth().is_some();
        Some(Proxy { url, given: settings.proxy.is_some(), has_user })
    }

    /// Whether it reads what passes through it, where that is plain http, and may close a connection after
    /// an answer without having said so.
    pub fn takes_requests(&self) -> bool {
        self.url.starts_with("http")
    }

    /// Whether `response` to a request of plain http may be its own refusal: some proxies refuse a wrong
    /// password as a server does, with HTTP 401, and an MCP server asks for a bearer token.
    pub fn may_refuse_with(&self, response: &super::Response) -> bool {
        let mut challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter().peekable();
        let is_basic = |challenge: &HeaderValue| {
            challenge.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
        };
        self.has_user && self.takes_requests() && challenges.peek().is_some() && challenges.all(is_basic)
    }

    /// It, or the server behind it, does not believe who we are (HTTP 401).
    pub fn refuses_credentials(&self, host: &str) -> Failure {
        let fact = format!("{self}, or {host} behind it, refuses the user and the password it was given (HTTP 401)");
        Failure::new(Kind::Unreachable, fact).remedy(format!("check them in {}", self.place())).status(407)
    }

    /// Its host and its port.
    pub fn address(&self) -> Option<(String, u16)> {
        let url = Url::parse(&self.url).ok()?;
        let socks = url.scheme().starts_with("socks").then_some(SOCKS_PORT);
        Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default().or(socks)?))
    }

    /// Whether it looks the name of the server up, which is then not looked up here.
    pub fn resolves(&self) -> bool {
        !matches!(self.url.split(':').next(), Some("socks5" | "socks4"))
    }

    /// Why there is no connection through it; whether that will change by itself.
    pub fn failure(&self, causes: &[String], late: bool, host: &str, cause: &str) -> (Failure, bool) {
        let says = |words: &str| causes.iter().any(|cause| cause.contains(words));
        let fail = |fact: String, remedy: String| Failure::new(Kind::Unreachable, fact).remedy(remedy);
        if says("proxy authorization required") || says("credentials not accepted") || says("user/pass authentication")
        {
            return (self.wants_credentials(), false);
        }
        if says("tunnel error: unsuccessful") {
            let fact = format!("{self} refuses to connect to {host}");
            // The status is not told; tinyproxy answers 401 and not 407 to a wrong password.
            let user = if self.has_user { "check the user and the password, " } else { "" };
            return (fail(fact, format!("{user}ask its operator whether it may, or {}", self.check())), true);
        }
        if says("tunnel error: unexpected end") {
            let fact = format!("{self} closed the connection instead of connecting to {host}");
            return (fail(fact, self.check()), true);
        }
        // What a SOCKS server answers is the last that is known.
        if let Some(answer) = causes.iter().find_map(|cause| cause.strip_prefix(SOCKS))
            && !OF_THE_PROXY.iter().any(|words| answer.contains(words))
        {
            let fact = format!("{self} does not connect to {host}: {answer}");
            return (fail(fact, format!("check the URL of the server, or {}", self.check())), true);
        }
        let cause = if late { "no connection in time" } else { cause };
        (fail(format!("cannot reach {self} on the way to {host}: {cause}"), self.check()), true)
    }

    /// It wants to know who we are, or does not believe it.
    pub fn wants_credentials(&self) -> Failure {
        let (scheme, place) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let name = if self.given { "--proxy " } else { "its variable, as " };
        let how = if scheme.starts_with("socks") { "" } else { " (HTTP 407)" };
        let fact = format!("{self} wants a user and a password, or refuses those it was given{how}");
        let remedy = format!("write them into {name}{scheme}://USER:PASSWORD@{place}");
        Failure::new(Kind::Unreachable, fact).remedy(remedy).status(407)
    }

    fn place(&self) -> &'static str {
        if self.given { "--proxy" } else { "the variable that names it" }
    }

    fn check(&self) -> String {
        match self.given {
            true => "check --proxy; NO_PROXY names hosts that need none".into(),
            false => "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; NO_PROXY names hosts that need none".into(),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {}", self.url)
    }
}

/// The variables that may name a proxy for `url`, as the HTTP client looks for them.
fn variables(url: &Url) -> &'static [&'static str] {
    match url.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    }
}

/// Why requests to `url` go through a proxy, or through none.
pub fn reason(settings: &Settings, url: &Url) -> String {
    let set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let named = match &settings.proxy {
        Some(_) => Some("--proxy"),
        None => variables(url).iter().find(set).copied(),
    };
    match (Proxy::of(settings, url), named) {
        (Some(proxy), Some(name)) => format!("{proxy}, because of {name}"),
        (Some(proxy), None) => format!("{proxy}, because of the settings of this system"),
        (None, _) if is_loopback(url) => "none: this machine is never reached through one".to_owned(),
        (None, Some(name)) => format!("none: {name} is set, and NO_PROXY names {}", url.host_str().unwrap_or_default()),
        (None, None) => "none: no variable and no flag names one".to_owned(),
    }
}

/// What is wrong with the variable that names the proxy for `url`, where the HTTP client passes over it in silence.
pub fn unusable(settings: &Settings, url: &Url) -> Option<Failure> {
    if settings.proxy.is_some() || is_loopback(url) || is_switched_off() || Proxy::of(settings, url).is_some() {
        return None;
    }
    // A host that needs no proxy is as well off without one.
    let any = Matcher::builder().all("http://proxy.invalid").no(exceptions()).build();
    any.intercept(&Uri::try_from(url.as_str()).ok()?)?;
    let set = |name: &&'static str| Some((*name, std::env::var(name).ok().filter(|text| !text.trim().is_empty())?));
    let (name, text) = variables(url).iter().find_map(set)?;
    let why = check(text.trim()).err()?;
    Some(
        Failure::new(Kind::Usage, format!("{name} {why}, and no proxy is used"))
            .remedy(format!("{USABLE}, or unset it")),
    )
}

/// The cause in an error of SOCKS. The error has it, and gives it away in its debugging text alone.
pub(super) fn cause_in(error: &dyn Error) -> Option<&'static str> {
    error.to_string().starts_with(SOCKS).then_some(())?;
    let text = format!("{error:?}");
    CAUSES.iter().find(|(words, _)| text.contains(words)).map(|(_, cause)| *cause)
}

/// The texts of an error and of what is behind it.
pub fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect()
}

/// Adds the proxy of the settings to a client, in place of those of the environment.
///
/// # Errors
/// It is none: [`Kind::Usage`].
pub fn add(builder: reqwest::ClientBuilder, settings: &Settings) -> Result<reqwest::ClientBuilder, Failure> {
    if is_switched_off() {
        return Ok(builder.no_proxy());
    }
    let Some(proxy) = &settings.proxy else { return Ok(builder) };
    let proxy = reqwest::Proxy::all(proxy.expose()).map_err(|_| not_a_proxy("is not the URL of a proxy"))?;
    Ok(builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env())))
}

/// Reads the URL of a proxy as it was typed; a bare HOST:PORT is one for HTTP.
///
/// # Errors
/// It is none: [`Kind::Usage`]. The sentence does not show it: it may have a password in it.
pub fn read(text: &str) -> Result<Secret, Failure> {
    check(text.trim()).map(Secret::new).map_err(|why| not_a_proxy(&why))
}

/// The whole URL of a proxy; or why it is none, in words that do not show it.
fn check(text: &str) -> Result<String, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).map_err(|_| "is not the URL of a proxy")?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err(format!("has the scheme {}, which is none for a proxy", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    Ok(whole)
}

fn not_a_proxy(why: &str) -> Failure {
    Failure::new(Kind::Usage, format!("--proxy {why}")).remedy(USABLE)
}

/// Hosts that need no proxy.
fn exceptions() -> String {
    ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

/// Whether no host at all needs a proxy. The HTTP client reads that as all names, and goes on to use one
/// for addresses, as no other program does.
fn is_switched_off() -> bool {
    exceptions().split(',').any(|name| name.trim() == "*")
}

/// What can be written.
const USABLE: &str = "write http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT";
/// What the texts of errors of SOCKS begin with.
const SOCKS: &str = "SOCKS error: ";
/// What such texts have in them where the proxy itself is not reached, or is none.
const OF_THE_PROXY: [&str; 3] = ["underlying connection", "io error", "failed parsing"];
/// Words in the debugging text of such an error, each with the cause.
const CAUSES: [(&str, &str); 7] = [
    ("ConnectionRefused", "nothing listens there (connection refused)"),
    ("ConnectionReset", "the connection was reset"),
    ("UnexpectedEof", "it closed the connection"),
    ("TimedOut", "no answer in time"),
    ("Unreachable", "no way leads there"),
    ("lookup address", "its name cannot be resolved"),
    ("Parsing(", "it does not speak SOCKS"),
];
/// The port of a SOCKS proxy that names none (RFC 1928).
const SOCKS_PORT: u16 = 1080;
/// What the HTTP client speaks. With `socks5` names are looked up here, with `socks5h` there.
const SCHEMES: [&str; 6] = ["http", "https", "socks5", "socks5h", "socks4", "socks4a"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_as_people_write_it_and_never_shown_with_its_password() {
        assert_eq!(read("proxy.example:3128").unwrap().expose(), "http://proxy.example:3128");
        assert_eq!(read("socks5h://me:s3cret@h:1").unwrap().expose(), "socks5h://me:s3cret@h:1");
        for text in ["", "ftp://me:s3cret@h", "http://", "http://me:s3cret@h:port", "s3cret@:1"] {
            let failure = read(text).unwrap_err();
            assert!(failure.kind == Kind::Usage && !failure.to_string().contains("s3cret"), "{text}: {failure}");
        }
        let settings = Settings { proxy: Some(read("me:s3cret@h:1").unwrap()), ..Settings::default() };
        let proxy = Proxy::of(&settings, &Url::parse("https://mcp.example.com/mcp").unwrap()).unwrap();
        assert_eq!(proxy.to_string(), "the proxy http://h:1");
        assert!(proxy.wants_credentials().to_string().contains("--proxy http://USER:PASSWORD@h:1"));
        assert!(proxy.wants_credentials().fact.ends_with("(HTTP 407)"));
        let socks = Proxy { url: "socks5h://h:1".to_owned(), given: false, has_user: false };
        assert!(!socks.wants_credentials().fact.contains("HTTP"));
        assert!(!format!("{settings:?}").contains("s3cret"));
        assert_eq!(Proxy::of(&settings, &Url::parse("https://localhost/mcp").unwrap()), None);
    }
}

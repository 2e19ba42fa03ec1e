//! The device authorization grant (RFC 8628): a person signs in on any device that has a browser, and
//! enters there a code that is shown here.

use std::collections::HashMap;
use std::time::Duration;

use oauth2::RequestTokenError;
use serde_json::Value;
use url::Url;

use super::answer::{seconds, understood, without};
use super::{Asking, Tokens, Trouble, tokens};
use crate::auth::discovery::encrypted;
use crate::auth::{is_unprintable, words};
use crate::failure::{Failure, Kind};
use crate::http::{Fetched, shown};
use crate::secret::{Secret, Secrets};

/// What a person is asked to allow, on another device.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Where the code is asked for.
    pub endpoint: &'a Url,
    /// The MCP server, on whose behalf it is.
    pub behalf: &'a Url,
    /// The scopes to ask for; none leaves them to the authorization server.
    pub scopes: &'a [String],
    /// The resource indicator (RFC 8707), sent byte for byte.
    pub resource: Option<&'a str>,
    /// Further parameters of the authorization request.
    pub parameters: &'a [(String, String)],
}

/// A code that waits for a person.
pub struct DeviceCode {
    /// What the person enters: printable, and short.
    pub user_code: String,
    /// Where; with the code in it, if the server has such an address.
    pub url: Url,
    /// How long to wait between two questions whether the person has.
    pub interval: Duration,
    /// How long the code can be used.
    pub life: Duration,
    secret: Secret,
}

/// What the token endpoint says of a code.
pub enum Poll {
    /// The person has allowed it.
    Granted(Tokens),
    /// The person has not decided yet.
    Pending,
    /// Nor have they, and it is asked too often.
    SlowDown,
}

/// Asks for a code (RFC 8628, section 3.1).
///
/// # Errors
/// A [`Trouble`]; an answer that no person could use is one.
pub async fn device_code(asking: &Asking<'_>, request: &Request<'_>) -> Result<DeviceCode, Trouble> {
    let scope = request.scopes.join(" ");
    let mut form: Vec<(&str, &str)> = Vec::new();
    form.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    form.extend(request.resource.map(|resource| ("resource", resource)));
    form.extend(request.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (fetched, secrets) = asking.fetched(request.endpoint, &form).await?;
    DeviceCode::read(&fetched, request, &secrets)
}

/// Asks whether the person has entered `code` and decided (RFC 8628, section 3.4).
///
/// # Errors
/// A [`Trouble`]; all but a transient one is the end of the code.
pub async fn poll(asking: &Asking<'_>, code: &DeviceCode, resource: Option<&str>) -> Result<Poll, Trouble> {
    let mut form = vec![("grant_type", GRANT), ("device_code", code.secret.expose())];
    form.extend(resource.map(|resource| ("resource", resource)));
    let (answer, secrets) = asking.answer(&form, Some(&code.secret)).await?;
    let Err(RequestTokenError::ServerResponse(error)) = &answer else {
        return tokens(answer, asking.endpoint(), &secrets, asking.binding).map(Poll::Granted);
    };
    let refuse = |what: &str| {
        let said = error.error_description().map(|said| format!(": {}", words(said, &secrets))).unwrap_or_default();
        let fact = format!("{what} at {}{said}", asking.server.issuer);
        Err(Trouble::Refused(Failure::new(Kind::SignInRefused, fact)))
    };
    match error.error().as_ref() {
        "authorization_pending" => Ok(Poll::Pending),
        "slow_down" => Ok(Poll::SlowDown),
        "access_denied" => refuse("the sign-in was declined"),
        "expired_token" => refuse("the code expired before somebody signed in"),
        _ => tokens(answer, asking.endpoint(), &secrets, asking.binding).map(Poll::Granted),
    }
}

impl DeviceCode {
    fn read(fetched: &Fetched, request: &Request<'_>, secrets: &Secrets) -> Result<Self, Trouble> {
        let members = understood(fetched, request.endpoint)?;
        if let Some(code) = text(&members, "error") {
            let description = text(&members, "error_description");
            return Err(Trouble::of_code(code, description, &shown(request.endpoint), secrets));
        }
        let need = |name: &str| text(&members, name).ok_or_else(|| without(fetched, request.endpoint, name));
        let (secret, user_code) = (need("device_code")?, need("user_code")?);
        let is_typed = user_code.chars().count() <= LONGEST_CODE && !user_code.chars().any(is_unprintable);
        if !is_typed {
            let fact = format!("{} gives a user_code that nobody can type", shown(request.endpoint));
            return Err(Trouble::Refused(Failure::new(Kind::Protocol, fact).remedy("ask its operator")));
        }
        // Servers from before the RFC call it by its draft's name.
        let (name, address) = match text(&members, "verification_url") {
            Some(address) if !members.contains_key("verification_uri") => ("verification_url", address),
            _ => ("verification_uri", need("verification_uri")?),
        };
        let url = page(address, name, request).map_err(Trouble::Refused)?;
        // A convenience: where it cannot be used, the code is entered by hand.
        let complete = text(&members, "verification_uri_complete")
            .and_then(|address| page(address, "verification_uri_complete", request).ok());
        let span = |name: &str| members.get(name).and_then(seconds).map(Duration::from_secs);
        Ok(DeviceCode {
            user_code: user_code.to_owned(),
            url: complete.unwrap_or(url),
            interval: span("interval").unwrap_or(INTERVAL).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL),
            life: span("expires_in").unwrap_or(LIFE),
            secret: Secret::new(secret),
        })
    }
}

fn text<'a>(members: &'a HashMap<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The page that a person is sent to. Its spelling as a URL has no character that a terminal obeys.
fn page(address: &str, name: &str, request: &Request<'_>) -> Result<Url, Failure> {
    let url = Url::parse(address).ok().filter(|url| url.as_str().len() <= LONGEST_ADDRESS);
    let Some(url) = url.filter(|url| url.username().is_empty() && url.password().is_none()) else {
        let fact = format!("{} gives a {name} that is no address to sign in at", shown(request.endpoint));
        return Err(Failure::new(Kind::Protocol, fact).remedy("ask its operator"));
    };
    encrypted(url, name, request.behalf)
}

/// What metadata call it.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// By how much `slow_down` prolongs the interval (RFC 8628, section 3.5).
pub const SLOWER: Duration = Duration::from_secs(5);
/// The interval where the server names none (RFC 8628, section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// A server that names less would be asked without a pause.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// With more, a person would wait for a sign-in that they have finished; a server that means it says `slow_down`.
pub const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// The life of a code whose server does not say, although it has to.
const LIFE: Duration = Duration::from_secs(600);
/// Characters of a code. Those of real servers have ten or so.
const LONGEST_CODE: usize = 64;
/// Bytes of an address that a person is to open.
const LONGEST_ADDRESS: usize = 1024;

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_servers_say_of_a_code_is_understood_within_bounds() {
        let page = "https://as.example/device";
        for (more, url, interval, life) in [
            (json!({ "verification_uri": page, "expires_in": 900, "interval": 7 }), page, 7, 900),
            (json!({ "verification_uri": page }), page, 5, 600),
            (json!({ "verification_url": page, "expires_in": "1800", "interval": "5" }), page, 5, 1800),
            (json!({ "verification_uri": page, "expires_in": 0, "interval": 0 }), page, 5, 600),
            (json!({ "verification_uri": page, "expires_in": -1, "interval": 0.1 }), page, 5, 600),
            (json!({ "verification_uri": page, "expires_in": 60, "interval": 86400 }), page, 60, 60),
            (
                json!({ "verification_uri": page, "verification_uri_complete": format!("{page}?user_code=AB-CD") }),
                "https://as.example/device?user_code=AB-CD",
                5,
                600,
            ),
            (json!({ "verification_uri": page, "verification_uri_complete": "javascript:alert(1)" }), page, 5, 600),
            (json!({ "verification_uri": "https://as.example/\u{1b}[2J" }), "https://as.example/%1B[2J", 5, 600),
        ] {
            let code = read(&more, json!(" AB-CD ")).unwrap_or_else(|trouble| panic!("{more}: {trouble}"));
            let spans = (code.interval.as_secs(), code.life.as_secs());
            assert_eq!((code.user_code.as_str(), code.url.as_str(), spans), ("AB-CD", url, (interval, life)), "{more}");
        }
    }

    #[test]
    fn what_nobody_can_use_is_refused_without_the_secret() {
        let page = |page: &str| json!({ "verification_uri": page });
        let good = page("https://as.example/device");
        for (more, user_code) in [
            (&good, json!("")),
            (&good, json!(1234)),
            (&good, json!("x".repeat(65))),
            (&good, json!("AB\u{1b}[31mCD")),
            (&good, json!("AB\u{202e}CD")),
            (&json!({}), json!("AB-CD")),
            (&page("device"), json!("AB-CD")),
            (&page("javascript:alert(1)"), json!("AB-CD")),
            (&page("http://as.example/device"), json!("AB-CD")),
            (&page("http://127.0.0.1/device"), json!("AB-CD")),
            (&page("https://ada:pass@as.example/device"), json!("AB-CD")),
            (&page(&format!("https://as.example/{}", "x".repeat(1024))), json!("AB-CD")),
        ] {
            let Err(Trouble::Refused(failure)) = read(more, user_code.clone()) else { panic!("{more} {user_code}") };
            assert_eq!(failure.kind, Kind::Protocol, "{failure}");
            let told = failure.to_string();
            assert!(!told.contains("s3cret") && !told.contains(['\u{1b}', '\u{202e}']), "{told}");
        }
    }

    fn read(more: &Value, user_code: Value) -> Result<DeviceCode, Trouble> {
        let mut members = json!({ "device_code": "s3cret", "user_code": user_code });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let fetched = Fetched { status: StatusCode::OK, headers: HeaderMap::new(), body: members.to_string().into() };
        let url = |text: &str| Url::parse(text).unwrap();
        let (endpoint, behalf) = (url("https://as.example/device_authorization"), url("https://mcp.example/mcp"));
        let request = Request { endpoint: &endpoint, behalf: &behalf, scopes: &[], resource: None, parameters: &[] };
        DeviceCode::read(&fetched, &request, &Secrets::default())
    }
}

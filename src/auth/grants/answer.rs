//! Answers of authorization servers as they are, turned into answers as oauth2 wants them.
//!
//! oauth2 takes status 200, `application/json`, a `token_type` and an integer `expires_in`, and
//! nothing else. Real servers answer 201, with `"3600"`, without a type, or in the form encoding.

use std::collections::HashMap;

use http::{HeaderValue, StatusCode, header};
use oauth2::HttpResponse;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::Trouble;
use super::token_exchange::ID_JAG;
use crate::failure::{Failure, Kind};
use crate::http::page::{IN_THE_WAY, begins_as_web_page, is_web_page};
use crate::http::{Fetched, shown};
use crate::secret::{Secret, Secrets};

/// The answer of a token endpoint: tokens, or an error with a code. Tokens of the type DPoP are of use only
/// to who has `proved` to have a key.
pub fn of_token_endpoint(fetched: &Fetched, endpoint: &Url, proved: bool) -> Result<HttpResponse, Trouble> {
    let members = understood(fetched, endpoint)?;
    let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(answer) = error(&members) {
        return Ok(answer);
    }
    let Some(token) = text("access_token") else { return Err(without(fetched, endpoint, "an access_token")) };
    let kind = text("token_type").unwrap_or("bearer").trim().to_ascii_lowercase();
    if kind != "bearer" && !(proved && kind == "dpop") {
        let kind = super::words(text("token_type").unwrap_or_default(), &Secrets::default());
        let why = if proved { "of another was asked for" } else { "only bearer tokens can be used" };
        let fact = format!("{} issues a token of type {kind:?}, and {why}", shown(endpoint));
        return Err(Trouble::Refused(Failure::new(Kind::Protocol, fact).remedy("ask its operator")));
    }
    let unfit = |why: &str| {
        let fact = format!("{} issues a token that no header can carry{why}", shown(endpoint));
        Err(Trouble::Refused(Failure::new(Kind::Protocol, fact).remedy("ask its operator")))
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return unfit("");
    }
    // An id token is what is sent where that was asked for.
    if [Some(token), text("id_token")].into_iter().flatten().any(|token| token.len() > LONGEST_TOKEN) {
        return unfit(": it is too long for a header");
    }
    let mut answer = Map::new();
    answer.insert("access_token".into(), token.into());
    answer.insert("token_type".into(), kind.into());
    for name in ["refresh_token", "id_token"] {
        answer.extend(text(name).map(|token| (name.to_owned(), token.into())));
    }
    answer.extend(scope(&members).map(|scope| ("scope".to_owned(), scope.into())));
    answer.extend(members.get("expires_in").and_then(seconds).map(|life| ("expires_in".to_owned(), life.into())));
    Ok(response(StatusCode::OK, &answer.into()))
}

/// The answer of a revocation endpoint: success, whatever is in it, or an error with a code.
pub fn of_revocation_endpoint(fetched: &Fetched, endpoint: &Url) -> Result<HttpResponse, Trouble> {
    // Only a page that is one: what is called so may be empty, as frameworks call it that are told nothing.
    if fetched.status.is_success() && !begins_as_web_page(&fetched.body) {
        return Ok(response(StatusCode::OK, &Value::Null));
    }
    let members = understood(fetched, endpoint)?;
    error(&members).ok_or_else(|| without(fetched, endpoint, "a reason"))
}

/// The assertion in the answer to a token exchange (RFC 8693, section 2.2). It stands where an access
/// token would, and is none: its type is not looked at.
pub fn of_token_exchange(fetched: &Fetched, endpoint: &Url, secrets: &Secrets) -> Result<Secret, Trouble> {
    let members = understood(fetched, endpoint)?;
    let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(code) = text("error") {
        return Err(Trouble::of_code(code, text("error_description"), &shown(endpoint), secrets));
    }
    let Some(assertion) = text("access_token") else { return Err(without(fetched, endpoint, "an access_token")) };
    match text("issued_token_type") {
        Some(kind) if kind != ID_JAG => {
            let kind = super::words(kind, secrets);
            let fact = format!("{} issues {kind:?}, and {ID_JAG:?} was asked for", shown(endpoint));
            Err(Trouble::Refused(Failure::new(Kind::Protocol, fact).remedy("ask its operator")))
        }
        _ => Ok(Secret::new(assertion)),
    }
}

/// The code of the error in an answer, and what is said of it; `None` where it is something else.
pub fn error_of(fetched: &Fetched, endpoint: &Url) -> Option<(String, Option<String>)> {
    let members = understood(fetched, endpoint).ok()?;
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("error")?, text("error_description")))
}

/// The members of an answer, which is an object or a form.
pub(super) fn understood(fetched: &Fetched, endpoint: &Url) -> Result<HashMap<String, Value>, Trouble> {
    let status = fetched.status;
    let later = |fact: String, remedy: &str| {
        let failure = Failure::new(Kind::Unreachable, fact).remedy(remedy).status(status.as_u16());
        Err(Trouble::Transient(failure))
    };
    let page = format!("{} gives a web page in place of a token answer (HTTP {})", shown(endpoint), status.as_u16());
    if status == StatusCode::NETWORK_AUTHENTICATION_REQUIRED {
        return later(page, IN_THE_WAY);
    }
    if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
        return later(format!("{} is in trouble (HTTP {})", shown(endpoint), status.as_u16()), IN_A_WHILE);
    }
    let text = String::from_utf8_lossy(&fetched.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Some(members) = object(text) {
        return Ok(members);
    }
    // The page of a proxy, a firewall or a hotel says nothing of the grant, and its links are no form.
    if text.starts_with('<') {
        return later(page, IN_THE_WAY);
    }
    if let Some(members) = form(text) {
        return Ok(members);
    }
    if is_web_page(&fetched.headers, b"") {
        return later(page, IN_THE_WAY);
    }
    if status.is_success() {
        return later(format!("{} gives no token answer (HTTP {})", shown(endpoint), status.as_u16()), IN_A_WHILE);
    }
    Err(without(fetched, endpoint, "a reason"))
}

pub(super) fn without(fetched: &Fetched, endpoint: &Url, what: &str) -> Trouble {
    let status = fetched.status.as_u16();
    let fact = format!("{} answers without {what} (HTTP {status})", shown(endpoint));
    Trouble::Refused(Failure::new(Kind::Protocol, fact).status(status))
}

/// Each member is read for itself: one number that no type can hold must not cost the tokens.
fn object(text: &str) -> Option<HashMap<String, Value>> {
    let raw: HashMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
    Some(raw.into_iter().filter_map(|(name, raw)| Some((name, serde_json::from_str(raw.get()).ok()?))).collect())
}

fn form(text: &str) -> Option<HashMap<String, Value>> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let members: HashMap<String, Value> = pairs.map(|(name, value)| (name.into_owned(), value.into())).collect();
    ["access_token", "error"].iter().any(|name| members.contains_key(*name)).then_some(members)
}

/// An error with its code, whatever the status: some servers answer errors with 200.
fn error(members: &HashMap<String, Value>) -> Option<HttpResponse> {
    let code = members.get("error")?.as_str().filter(|code| !code.is_empty())?;
    let description = members.get("error_description").and_then(Value::as_str);
    let answer = match description {
        Some(description) => json!({ "error": code, "error_description": description }),
        None => json!({ "error": code }),
    };
    Some(response(StatusCode::BAD_REQUEST, &answer))
}

/// The scopes, which some servers give as a list.
fn scope(members: &HashMap<String, Value>) -> Option<String> {
    let scope = match members.get("scope")? {
        Value::String(scope) => scope.split_whitespace().collect::<Vec<_>>(),
        Value::Array(scopes) => scopes.iter().filter_map(Value::as_str).flat_map(str::split_whitespace).collect(),
        _ => return None,
    };
    (!scope.is_empty()).then(|| scope.join(" "))
}

/// A lifetime, `None` where it makes no sense: then it is unknown, and a 401 will tell.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    // The range excludes NaN too, and keeps the conversion exact.
    (1.0..=LONGEST_LIFE).contains(&seconds).then_some(seconds as u64)
}

fn response(status: StatusCode, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

const IN_A_WHILE: &str = "try again in a while";
/// Bytes of a token that is sent in a header. Servers end the connection at a head of 8 to 64 KiB, without a word.
const LONGEST_TOKEN: usize = 64 * 1024;
/// A hundred years, in seconds. What lives longer than that is a mistake, not a lifetime.
const LONGEST_LIFE: f64 = 100.0 * 365.0 * 24.0 * 3600.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_real_servers_answer_is_understood() {
        let plain = json!({ "access_token": "a", "token_type": "bearer" });
        let full = json!({
            "access_token": "a", "token_type": "bearer", "expires_in": 3600, "refresh_token": "r", "scope": "x y"
        });
        for (status, body, expected) in [
            (200, r#"{"access_token":"a"}"#, &plain),
            (201, r#"{"access_token":"a","token_type":"Bearer"}"#, &plain),
            (200, r#"{"access_token":"a","token_type":"BEARER","expires_in":null,"refresh_token":null}"#, &plain),
            (200, r#"{"access_token":"a","token_type":"","refresh_token":"","scope":""}"#, &plain),
            (200, r#"{"access_token":"a","token_type":null,"error":null,"expires_in":1e400}"#, &plain),
            (200, "\u{feff} {\"access_token\":\"a\"}\r\n", &plain),
            (200, "access_token=a&token_type=bearer", &plain),
            (
                200,
                r#"{"access_token":"a","expires_in":"3600","refresh_token":"r","scope":"x y","id":{"a":[1]}}"#,
                &full,
            ),
            (200, r#"{"access_token":"a","expires_in":3600.9,"refresh_token":"r","scope":["x","y"]}"#, &full),
            (200, "access_token=a&expires_in=3600&refresh_token=r&scope=x+y", &full),
        ] {
            let answer =
                of_token_endpoint(&fetched(status, body), &endpoint(), false).unwrap_or_else(|e| panic!("{body}: {e}"));
            assert_eq!(answer.status(), StatusCode::OK, "{body}");
            assert_eq!(&serde_json::from_slice::<Value>(answer.body()).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn a_lifetime_that_makes_no_sense_is_unknown() {
        for (text, expected) in [
            ("1", Some(1)),
            ("\"86400\"", Some(86_400)),
            ("\" 60 \"", Some(60)),
            ("31536000", Some(31_536_000)),
            ("0", None),
            ("0.5", None),
            ("-1", None),
            ("\"-1\"", None),
            ("9223372036854775808", None),
            ("18446744073709551616", None),
            ("1e300", None),
            ("\"1e300\"", None),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("\"soon\"", None),
            ("true", None),
            ("[3600]", None),
        ] {
            assert_eq!(seconds(&serde_json::from_str(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_error_is_one_whatever_its_status() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant","error_description":"gone"}"#),
            (200, r#"{"error":"invalid_grant","error_description":"gone","access_token":""}"#),
            (401, "error=invalid_grant&error_description=gone"),
        ] {
            let answer = of_token_endpoint(&fetched(status, body), &endpoint(), false).unwrap();
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
            let expected = json!({ "error": "invalid_grant", "error_description": "gone" });
            assert_eq!(serde_json::from_slice::<Value>(answer.body()).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn what_says_nothing_of_the_grant_is_transient_and_the_rest_is_refused() {
        for (status, body, transient) in [
            (500, r#"{"error":"invalid_grant"}"#, true),
            (503, "", true),
            (429, r#"{"error":"invalid_grant"}"#, true),
            (200, "<html>log in to the hotel</html>", true),
            (403, " <!doctype html>blocked", true),
            (511, "sign in to the hotel", true),
            (400, "<html><a href='/?x=1&error=invalid_grant&y'>", true),
            (200, "", true),
            (200, "[]", true),
            (400, "", false),
            (404, "not found", false),
            (400, r#"{"message":"no s3cret"}"#, false),
            (400, r#"{"error":{"code":7}}"#, false),
            (200, "{}", false),
            (200, r#"{"access_token":7}"#, false),
            (200, r#"{"access_token":"s3cret s3cret"}"#, false),
            (200, r#"{"access_token":"s3cret\n"}"#, false),
            (200, r#"{"access_token":"s3cret","token_type":"DPoP"}"#, false),
            (302, "", false),
        ] {
            let trouble = of_token_endpoint(&fetched(status, body), &endpoint(), false).expect_err(body);
            assert_eq!(matches!(trouble, Trouble::Transient(_)), transient, "{status} {body}: {trouble}");
            assert!(!trouble.to_string().contains("s3cret"), "{trouble}");
        }
        let dpop = fetched(200, r#"{"access_token":"a","token_type":"DPoP"}"#);
        assert!(of_token_endpoint(&dpop, &endpoint(), false).unwrap_err().to_string().contains("\"DPoP\""));
        let bound = of_token_endpoint(&dpop, &endpoint(), true).unwrap();
        let expected = json!({ "access_token": "a", "token_type": "dpop" });
        assert_eq!(serde_json::from_slice::<Value>(bound.body()).unwrap(), expected);
        assert!(
            of_token_endpoint(&fetched(200, r#"{"access_token":"a","token_type":"mac"}"#), &endpoint(), true).is_err()
        );
    }

    fn fetched(status: u16, body: &str) -> Fetched {
        let status = StatusCode::from_u16(status).unwrap();
        Fetched { status, headers: http::HeaderMap::new(), body: body.to_owned().into() }
    }

    fn endpoint() -> Url {
        Url::parse("https://as.example/token").unwrap()
    }
}

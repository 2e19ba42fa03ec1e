//! Secrets that are written in plain, where a variable or the keychain should hold them.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use crate::secret::{is_credential, is_plain, is_reference};

/// What of `value` is a secret in plain, in words; `None` if nothing looks like one. `${VAR}` is none where it is
/// replaced.
pub fn in_plain(key: &str, value: &str) -> Option<String> {
    // A file, as flags take it, or what says where else the secret is.
    if value.starts_with('@') || is_reference(value) {
        return None;
    }
    match key {
        "header" => {
            let (name, value) = value.split_once(':')?;
            (is_credential(name) && is_plain(value)).then(|| format!("the value of the header {}", name.trim()))
        }
        "url" => {
            let url = Url::parse(value).ok()?;
            if has_password(&url) {
                return Some("the password in the URL".into());
            }
            parameter_in_plain(&url).map(|name| format!("the value of {name} in the URL"))
        }
        "static-oauth-client-info" => {
            let secret = serde_json::from_str::<Value>(value).map(|client| client["client_secret"].clone());
            // What is no JSON may still have one in it.
            let is_one = secret.map_or_else(
                |_| value.contains("client_secret") && is_plain(value),
                |secret| secret.as_str().is_some_and(is_plain),
            );
            is_one.then(|| "the client_secret".into())
        }
        // Which need not have a scheme.
        "proxy" => {
            let read = [value.to_owned(), format!("http://{value}")].into_iter();
            let is_one = read.filter_map(|text| Url::parse(&text).ok()).any(|url| has_password(&url));
            is_one.then(|| "the password of the proxy".into())
        }
        key if SECRET_ENDS.iter().any(|end| key.ends_with(end)) => is_plain(value).then(|| key.to_owned()),
        // Nothing is replaced in any other.
        key => Url::parse(value).is_ok_and(|url| url.password().is_some()).then(|| format!("the password in {key}")),
    }
}

/// The parameter in the query of `url` that is a secret in plain.
pub fn parameter_in_plain(url: &Url) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(name, value)| is_credential(name) && is_plain(value)).map(|(name, _)| name.into_owned())
}

fn has_password(url: &Url) -> bool {
    url.password().is_some_and(|password| is_plain(&percent_decode_str(password).decode_utf8_lossy()))
}

/// Of the names of flags.
const SECRET_ENDS: [&str; 5] = ["secret", "password", "passphrase", "assertion", "access-token"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_one_unless_a_variable_holds_it() {
        for (key, value) in [
            ("header", "Authorization: Bearer abc"),
            ("header", "x-api-key:abc"),
            ("header", "Cookie: a=b"),
            ("url", "https://u:p@example.com/"),
            ("url", "https://example.com/mcp?api_key=abc"),
            ("static-oauth-client-info", r#"{"client_id":"a","client_secret":"b"}"#),
            ("static-oauth-client-info", r#"{"client_id":"${A}","client_secret":"b"}"#),
            ("client-secret", "abc"),
            ("url", "https://example.com/mcp?a=${A}&api_key=abc"),
            ("proxy", "http://u:p@proxy.example:8080"),
            ("proxy", "u:p@proxy.example:8080"),
            ("token-endpoint", "https://u:p@example.com/token"),
            ("token-endpoint", "https://u:${P}@example.com/token"),
        ] {
            assert!(in_plain(key, value).is_some(), "{key} {value}");
        }
        for (key, value) in [
            ("header", "Authorization: Bearer ${TOKEN}"),
            ("header", "X-Tenant: 5"),
            ("header", "X-Api-Key:"),
            ("url", "https://example.com/mcp?tenant=1"),
            ("static-oauth-client-info", "@/home/you/client.json"),
            ("static-oauth-client-info", r#"{"client_id":"a"}"#),
            ("static-oauth-client-info", "@client_secret.json"),
            ("static-oauth-client-info", r#"{"client_id":"a","client_secret":"${B}"}"#),
            ("proxy", "http://u:${P}@proxy.example:8080"),
            ("proxy", "proxy.example:8080"),
            ("url", "https://u:${P}@example.com/mcp?key=${K}"),
            ("client-secret", "@/run/secrets/client"),
            ("idp-client-secret", "keychain:acme"),
            ("token-endpoint", "https://example.com/token"),
        ] {
            assert_eq!(in_plain(key, value), None, "{key} {value}");
        }
    }
}

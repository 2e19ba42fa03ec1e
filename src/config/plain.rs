//! Secrets that are written in plain, where a variable or the keychain should hold them.

use url::Url;

/// What of `value` is a secret in plain, in words; `None` if nothing looks like one. `${VAR}` is none.
pub fn in_plain(key: &str, value: &str) -> Option<String> {
    // A variable, a file, or what says where else the secret is.
    if value.contains("${") || ELSEWHERE.iter().any(|start| value.starts_with(start)) {
        return None;
    }
    match key {
        "header" => {
            let (name, value) = value.split_once(':')?;
            (is_telling(name) && !value.trim().is_empty()).then(|| format!("the value of the header {}", name.trim()))
        }
        "url" => {
            let url = Url::parse(value).ok()?;
            if url.password().is_some() {
                return Some("the password in the URL".into());
            }
            let query = url.query_pairs().find(|(name, value)| is_telling(name) && !value.is_empty());
            query.map(|(name, _)| format!("the value of {name} in the URL"))
        }
        "static-oauth-client-info" => value.contains("\"client_secret\"").then(|| "the client_secret".into()),
        _ => SECRET_ENDS.iter().any(|end| key.ends_with(end)).then(|| key.to_owned()),
    }
}

/// Whether what has this name is a credential.
fn is_telling(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    TELLING.iter().any(|word| name.contains(word)) || name == "sig" || name == "code"
}

/// What a value begins with that is no secret itself.
const ELSEWHERE: [&str; 5] = ["@", "env:", "file:", "keychain:", "cmd:"];
/// In the names of headers and of parameters.
const TELLING: [&str; 8] = ["auth", "cookie", "key", "password", "passwd", "secret", "session", "token"];
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
            ("client-secret", "abc"),
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
            ("client-secret", "@/run/secrets/client"),
            ("idp-client-secret", "keychain:acme"),
            ("token-endpoint", "https://example.com/token"),
        ] {
            assert_eq!(in_plain(key, value), None, "{key} {value}");
        }
    }
}

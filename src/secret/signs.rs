//! By what a secret is known that nobody has named: the name that it has, and its own form.

/// Whether what has this name is a credential: a header, a parameter, a variable, a flag, a member of JSON.
///
/// By the words in the name, because `KEYCLOAK_URL`, `AUTHOR` and `X-Monkey` have no key in them; and not by the
/// last one alone, because `API_KEY_PROD` has. What a name ends with may say that it is a property of one.
pub fn is_credential(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last().map(String::as_str) else { return false };
    if let [only] = &words[..]
        && WHOLE.contains(&only.as_str())
    {
        return true;
    }
    let before = words.len().checked_sub(2).map_or("", |at| &words[at]);
    // That of a session opens it, that of a key only says which.
    let is_property = PROPERTIES.contains(&last) || (last == "id" && !matches!(before, "session" | "secret"));
    let is_none = words.iter().any(|word| word == "public") || NEGATIONS.contains(&words[0].as_str());
    !is_property && !is_none && words.iter().any(|word| is_telling(word))
}

/// Whether a credential of this name is a key, a token or a password, and for the server that it is sent to. A session,
/// a cookie, a code or a PIN is a secret as well, but goes along with a sign-in rather than in its place.
pub fn is_key(name: &str) -> bool {
    let words = words(name);
    let is_for_others = words.iter().any(|word| FOR_OTHERS.contains(&word.as_str()));
    let is_of_a_key = |word: &String| {
        let singular = singular(word);
        KEYS.contains(&singular) || KEY_ENDS.iter().any(|end| singular.ends_with(end))
    };
    is_credential(name) && !is_for_others && words.iter().any(is_of_a_key)
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

fn is_telling(word: &str) -> bool {
    let singular = singular(word);
    let mut ends = KEY_ENDS.iter().chain(&ENDS);
    TELLING.contains(&word) || TELLING.contains(&singular) || ends.any(|end| singular.ends_with(end))
}

/// The words of a name, however it is put together: `x-api-key`, `API_KEY`, `apiKey`, `APIKey2`.
fn words(name: &str) -> Vec<String> {
    let name = name.replace("OAuth", "Oauth");
    let mut spaced = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map_or(' ', |at| letters[at]);
        let ends_capitals = before.is_ascii_uppercase() && letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit() || ends_capitals) {
            spaced.push(' ');
        }
        spaced.push(letter.to_ascii_lowercase());
    }
    let words =
        spaced.split(|c: char| !c.is_alphanumeric()).map(|word| word.trim_end_matches(|c: char| c.is_numeric()));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether `value` is a secret by its own form: one of a well-known service.
pub fn is_shaped(value: &str) -> bool {
    value.len() >= SHORTEST_OF_A_FORM && FORMS.iter().any(|start| value.starts_with(start))
}

/// Whether a value is one itself, and does not say where one is, not even with a part of it.
pub fn is_plain(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && !value.contains("${") && !value.contains("{env:") && !is_reference(value)
}

/// Whether a value does nothing but say where a secret is.
pub fn is_reference(value: &str) -> bool {
    let value = value.trim();
    if ELSEWHERE.iter().any(|start| value.starts_with(start)) || is_file(value) {
        return true;
    }
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    // A password may begin with `$` too, and is seldom all in capitals.
    value.strip_prefix('$').is_some_and(is_name)
        || value.strip_prefix('%').and_then(|name| name.strip_suffix('%')).is_some_and(is_name)
        || is_variables(value)
}

/// Nothing but `${…}` and `{env:…}`.
fn is_variables(mut rest: &str) -> bool {
    let mut any = false;
    while let Some(inside) = rest.strip_prefix("${").or_else(|| rest.strip_prefix("{env:")) {
        let Some((_, behind)) = inside.split_once('}') else { return false };
        rest = behind.trim_start_matches('}').trim_start();
        any = true;
    }
    any && rest.is_empty()
}

/// Whether a value names a file: `@FILE`, as some flags have it, or a path.
fn is_file(value: &str) -> bool {
    let path = value.strip_prefix('@').unwrap_or(value);
    let is_below = |start: &str| path.starts_with(start);
    ["~/", "./", "../"].into_iter().any(is_below)
        || (value.starts_with('@') && is_below("/"))
        || ((value.starts_with('@') || is_below("/")) && FILES.iter().any(|end| path.ends_with(end)))
}

/// `Bearer SECRET`: the secret. A passphrase may have a space in it too, so only the names of schemes are taken off.
pub fn without_scheme(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(char::is_whitespace) {
        Some((scheme, secret)) if is_scheme(scheme) => secret.trim(),
        _ => value,
    }
}

/// Whether a word is the name of a scheme of `Authorization`.
pub fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Words of names.
const TELLING: [&str; 20] = [
    "assertion",
    "auth",
    "authentication",
    "authorization",
    "bearer",
    "cred",
    "jwt",
    "key",
    "otp",
    "pass",
    "passcode",
    "pat",
    "pin",
    "pwd",
    "session",
    "sid",
    "signature",
    "token",
    "secret",
    "cookie",
];
/// Those of them that name a key.
const KEYS: [&str; 9] = ["authorization", "bearer", "cred", "jwt", "key", "pat", "pwd", "secret", "token"];
/// Words of names of what is not for the server, or opens nothing.
const FOR_OTHERS: [&str; 4] = ["csrf", "idempotency", "proxy", "xsrf"];
/// What words of names end with that were put together, and name a key: `accesstoken`, `PGPASSWORD`.
const KEY_ENDS: [&str; 11] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
];
/// The same of other credentials.
const ENDS: [&str; 2] = ["cookie", "sessionid"];
/// Whole names, which are too common as a part of one.
const WHOLE: [&str; 2] = ["code", "sig"];
/// What a name begins with that switches something off.
const NEGATIONS: [&str; 4] = ["no", "disable", "skip", "without"];
/// What a name ends with that is not that of the credential itself, but of something about it.
const PROPERTIES: [&str; 63] = [
    "address",
    "alg",
    "algorithm",
    "args",
    "audience",
    "bus",
    "class",
    "command",
    "count",
    "cwd",
    "dir",
    "directory",
    "disabled",
    "email",
    "enabled",
    "endpoint",
    "env",
    "expires",
    "expiry",
    "file",
    "folder",
    "format",
    "headers",
    "host",
    "issuer",
    "kind",
    "length",
    "level",
    "lifetime",
    "limit",
    "metadata",
    "method",
    "mode",
    "name",
    "names",
    "path",
    "paths",
    "policy",
    "port",
    "prefix",
    "provider",
    "query",
    "realm",
    "region",
    "scheme",
    "scope",
    "scopes",
    "server",
    "servers",
    "size",
    "sock",
    "socket",
    "store",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
    "window",
    "storage",
];
/// What a value begins with that is no secret itself.
const ELSEWHERE: [&str; 5] = ["env:", "file:", "keychain:", "cmd:", "op://"];
/// What files of secrets end with.
const FILES: [&str; 7] = [".json", ".txt", ".pem", ".key", ".jwt", ".p8", ".jwk"];
const SCHEMES: [&str; 5] = ["Bearer", "Basic", "Token", "Digest", "DPoP"];
/// What secrets of well-known services begin with.
const FORMS: [&str; 16] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "ya29.",
    "eyJ",
];
/// Letters. What is shorter is a word.
const SHORTEST_OF_A_FORM: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_known_by_the_words_of_its_name() {
        for name in [
            "API_KEY",
            "apiKey",
            "APIKey",
            "x-api-key",
            "key",
            "--api-key",
            "apikeys",
            "OPENAI_API_KEY_2",
            "API_KEY_PROD",
            "MY_TOKEN",
            "accesstoken",
            "client_secret",
            "clientSecret",
            "password",
            "PGPASSWORD",
            "authorization",
            "Proxy-Authorization",
            "Cookie",
            "Mcp-Session-Id",
            "sessionid",
            "oauth2Bearer",
            "OAuthToken",
            "X-Amz-Signature",
            "sig",
            "code",
            "auth",
            "PIN",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "",
            "KEYCLOAK_URL",
            "AUTHOR",
            "X-Monkey",
            "--static-oauth-client-metadata",
            "keyboard",
            "keychain",
            "TOKEN_LIMIT",
            "SSH_AUTH_SOCK",
            "AUTH_MODE",
            "PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "OAuthClientId",
            "client_id",
            "COUNTRY_CODE",
            "design",
            "pinned",
            "bypass",
            "--no-auth",
            "token-endpoint",
            "--api-key-query",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn a_key_is_known_from_other_credentials() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "api-key",
            "apikey",
            "api_key",
            "key",
            "token",
            "access_token",
            "accesstoken",
            "X-MCP-API-Key",
            "X-Auth-Token",
            "CF-Access-Client-Secret",
            "password",
        ] {
            assert!(is_key(name), "{name}");
        }
        for name in [
            "auth",
            "session",
            "sid",
            "pin",
            "code",
            "sig",
            "otp",
            "Cookie",
            "X-Session-Id",
            "Mcp-Session-Id",
            "Proxy-Authorization",
            "X-CSRF-Token",
            "Idempotency-Key",
            "CF-Access-Client-Id",
            "X-Team",
        ] {
            assert!(!is_key(name), "{name}");
        }
    }

    #[test]
    fn a_reference_says_where_a_secret_is_and_a_password_may_look_like_one() {
        for value in [
            "${A}",
            "${env:A}",
            "${{ secrets.A }}",
            "${A}${B}",
            "{env:A}",
            "$A_B",
            "%A%",
            "env:A",
            "keychain:a",
            "@/run/a",
            "@client.json",
            "~/.ssh/id_ed25519",
            "/etc/client.pem",
            "op://vault/item/key",
        ] {
            assert!(is_reference(value) && !is_plain(value), "{value}");
        }
        for value in ["$ecret123", "@dmin123", "x-${A}", "${A", "/9j/4AAQ", "p%A%"] {
            assert!(!is_reference(value), "{value}");
        }
        assert!(is_plain("pa$$word") && !is_plain("x-${A}") && !is_plain(" "));
    }

    #[test]
    fn the_name_of_a_scheme_is_no_part_of_a_secret() {
        assert_eq!(without_scheme(" Bearer  abc "), "abc");
        assert_eq!(without_scheme("correct horse battery"), "correct horse battery");
    }
}

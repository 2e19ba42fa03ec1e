//! Flags that are written down for later starts: without secrets, and without paths that depend on the
//! folder in which one typed them.

use std::path;

use directories::BaseDirs;
use url::Url;

use crate::auth::quoted;
use crate::config::parameter_in_plain;
use crate::secret::is_credential;

/// The value of a flag, with whole paths in it.
pub fn placed(flag: &str, value: &str) -> String {
    match flag {
        "header-file" | "log-file" | "ca-cert" | "client-cert" | "client-key" => whole(value),
        "static-oauth-client-metadata" | "static-oauth-client-info" => match value.trim().strip_prefix('@') {
            Some(file) => format!("@{}", whole(file)),
            None => value.to_owned(),
        },
        "private-key" | "workload-token" | "idp-client-secret" | "idp-token" => source(value),
        "header-from" => {
            let Some((name, from)) = value.split_once('=') else { return value.to_owned() };
            // `NAME=SCHEME SOURCE`
            match from.trim().split_once(' ') {
                Some((scheme, from)) if !scheme.contains(':') => format!("{name}={scheme} {}", source(from.trim())),
                _ => format!("{name}={}", source(from.trim())),
            }
        }
        _ => value.to_owned(),
    }
}

fn source(text: &str) -> String {
    match text.strip_prefix("file:").filter(|file| !file.is_empty()) {
        Some(file) => format!("file:{}", whole(file)),
        None => text.to_owned(),
    }
}

fn whole(file: &str) -> String {
    // Only a shell expands `~`, and not in the middle of a word.
    let path = match (file.strip_prefix("~/"), BaseDirs::new()) {
        (Some(below), Some(user)) => user.home_dir().join(below),
        _ => match path::absolute(file) {
            Ok(path) => path,
            Err(_) => return file.to_owned(),
        },
    };
    path.display().to_string()
}

/// What is to be done about a secret in the URL of a server that has no name.
pub fn instead_in_url(url: &Url) -> String {
    match parameter_in_plain(url) {
        Some(name) => {
            let bare = quoted(without(url, &name).as_str());
            format!("leave it out, and keep it in the keychain: mcpbridge login {bare} --api-key-query {name}")
        }
        None => "leave it out, keep the base64 of USER:PASSWORD with `mcpbridge secret set NAME`, and give \
                 --header-from 'Authorization=Basic keychain:NAME'"
            .into(),
    }
}

/// The same for a server that is about to get the name `server`.
pub fn instead_in_url_of(server: &str, url: &Url) -> String {
    match parameter_in_plain(url) {
        Some(name) => format!(
            "leave it out, and keep it in the keychain: mcpbridge add {server} {} && mcpbridge login {server} \
             --api-key-query {name}",
            quoted(without(url, &name).as_str())
        ),
        None => format!("name a variable, in single quotes: mcpbridge add {server} {}", quoted(&with_variable(url))),
    }
}

/// `url` with a variable for its password.
fn with_variable(url: &Url) -> String {
    let mut bare = url.clone();
    // A URL of a server has a host, so it can have a password.
    let _ = bare.set_password(Some("VARIABLE"));
    bare.as_str().replacen(":VARIABLE@", ":${VARIABLE}@", 1)
}

/// `url` without the parameter, and without all others that are secrets, the password too.
fn without(url: &Url, name: &str) -> Url {
    let mut bare = url.clone();
    let _ = bare.set_password(None);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(own, _)| own != name && !is_credential(own))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    bare.set_query(None);
    if !kept.is_empty() {
        bare.query_pairs_mut().extend_pairs(kept);
    }
    bare
}

/// What is to be done about the secret in the header `name` of an entry, which has `value`, perhaps with a word in
/// front that is none.
pub fn instead_of_header(name: &str, value: &str) -> String {
    let (name, word) = (name.trim(), name.trim().to_ascii_lowercase());
    let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
    match scheme.filter(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))) {
        Some(scheme) => format!(
            "keep what follows {scheme} with `mcpbridge secret set {word}`, and give --header-from {}",
            quoted(&format!("{name}={scheme} keychain:{word}"))
        ),
        None => format!("keep it with `mcpbridge secret set {word}`, and give --header-from {name}=keychain:{word}"),
    }
}

/// What is to be written for a flag in place of a secret; not for a header.
pub fn instead(flag: &str) -> String {
    match flag {
        "static-oauth-client-info" => {
            format!("name a variable that holds it, in single quotes: \"${{VARIABLE}}\", or a file: --{flag} @FILE")
        }
        "proxy" => "name a variable that holds it, in single quotes: --proxy 'http://USER:${VARIABLE}@HOST'".into(),
        flag if flag.ends_with("secret") => {
            format!("say where it is: --{flag} keychain:NAME, env:NAME, file:PATH or cmd:COMMAND")
        }
        flag => format!("leave it out of --{flag}"),
    }
}

/// Words in front of a credential (RFC 9110, section 11.4). Any other first word may be a part of a password.
const SCHEMES: [&str; 6] = ["Bearer", "Basic", "Token", "ApiKey", "Api-Key", "DPoP"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_whole_and_all_else_is_as_it_was() {
        let here = |file: &str| path::absolute(file).unwrap().display().to_string();
        for (flag, value, expected) in [
            ("ca-cert", "a.pem", here("a.pem")),
            ("client-cert", "./a.pem", here("a.pem")),
            ("client-key", "../a.pem", here("../a.pem")),
            ("header-file", "h", here("h")),
            ("log-file", "l", here("l")),
            ("header-from", "X=file:k", format!("X=file:{}", here("k"))),
            ("header-from", "Authorization=Bearer file:k", format!("Authorization=Bearer file:{}", here("k"))),
            ("header-from", "X=cmd:cat file:k", "X=cmd:cat file:k".into()),
            ("private-key", "file:k", format!("file:{}", here("k"))),
            ("idp-token", "env:T", "env:T".into()),
            ("static-oauth-client-info", "@c.json", format!("@{}", here("c.json"))),
            ("static-oauth-client-info", "{}", "{}".into()),
            ("account", "work", "work".into()),
        ] {
            assert_eq!(placed(flag, value), expected, "{flag} {value}");
        }
        let home = BaseDirs::new().unwrap().home_dir().join("k").display().to_string();
        assert_eq!(placed("ca-cert", "~/k"), home);
    }

    #[test]
    fn the_scheme_of_a_header_stays_in_front_of_what_is_kept() {
        for (value, expected) in [
            ("Bearer s3cret", "'Authorization=Bearer keychain:authorization'"),
            (" basic s3cret", "'Authorization=basic keychain:authorization'"),
            ("Bearer", "Authorization=keychain:authorization"),
            ("correct horse", "Authorization=keychain:authorization"),
        ] {
            let told = instead_of_header("Authorization", value);
            assert!(told.ends_with(expected) && !told.contains("s3cret") && !told.contains("correct"), "{told}");
        }
    }

    #[test]
    fn what_is_printed_has_no_secret_and_works_as_it_is() {
        let url: Url = "https://h.example/mcp?a=1&api_key=s3cret".parse().unwrap();
        assert_eq!(
            instead_in_url_of("shop", &url),
            "leave it out, and keep it in the keychain: mcpbridge add shop 'https://h.example/mcp?a=1' && mcpbridge \
             login shop --api-key-query api_key"
        );
        assert!(instead_in_url(&url).contains("mcpbridge login 'https://h.example/mcp?a=1' --api-key-query api_key"));
        let url: Url = "https://me:s3cret@h.example/mcp".parse().unwrap();
        assert_eq!(
            instead_in_url_of("shop", &url),
            "name a variable, in single quotes: mcpbridge add shop 'https://me:${VARIABLE}@h.example/mcp'"
        );
        assert!(instead_in_url(&url).contains("the base64 of USER:PASSWORD"));
        let both: Url = "https://me:s3cret@h.example/mcp?api_key=s3cret".parse().unwrap();
        assert!(!instead_in_url_of("shop", &both).contains("s3cret") && !instead_in_url(&both).contains("s3cret"));
    }
}

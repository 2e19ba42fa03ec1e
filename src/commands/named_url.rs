//! The URL of a server that has a name, with the variables in it.

use std::ffi::OsString;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::server::expand;
use crate::config::Server;
use crate::failure::{Failure, Kind};

/// The URL of `server` with `${VAR}` replaced. A password or a key may have any character in it, so in the user
/// info, the path and the query it is encoded as one value: a `@` or a `/` of a password does not make another
/// host of what stands behind it.
///
/// # Errors
/// A variable is not set or is no text, or in the place of the host one is no host.
pub fn of(server: &Server, variable: impl Fn(&str) -> Option<OsString>) -> Result<String, Failure> {
    let text = server.url.trim();
    if !text.contains("${") {
        return Ok(text.to_owned());
    }
    let place = format!("`url` ({})", server.url_place);
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (path, query) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let (user, host) = authority.split_at(authority.rfind('@').unwrap_or_default());
    let encoded = |part: &str, encode: &'static AsciiSet| {
        // What is no text is told by `expand`.
        expand(part, &place, &|name: &str| match variable(name)?.into_string() {
            Ok(value) => Some(utf8_percent_encode(&value, encode).to_string().into()),
            Err(raw) => Some(raw),
        })
    };
    let host = expand(host, &place, &variable)?;
    if host.trim_start_matches('@').contains(|c: char| !c.is_alphanumeric() && !"-._:[]".contains(c)) {
        let fact = format!("a variable in the host of {place} holds no host");
        return Err(Failure::new(Kind::Usage, fact).remedy("set it to a name, or to a name and a port"));
    }
    let (user, path, query) = (encoded(user, VALUE)?, encoded(path, PATH)?, encoded(query, VALUE)?);
    Ok(format!("{scheme}://{user}{host}{path}{query}"))
}

/// Lets a URL pass that was typed and has no variable in it.
///
/// # Errors
/// It has one: nothing would replace it.
pub fn refuse_variables(typed: &str) -> Result<(), Failure> {
    let Some((name, _)) = typed.split_once("${").and_then(|(_, behind)| behind.split_once('}')) else { return Ok(()) };
    let fact = format!("${{{name}}} in a URL is replaced only where the URL has a name");
    Err(Failure::new(Kind::Usage, fact).remedy("give it one, with the URL in single quotes: mcpbridge add NAME 'URL'"))
}

/// All that RFC 3986, section 2.3, does not call unreserved.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A value in a path may be several of its parts.
const PATH: &AsciiSet = &VALUE.remove(b'/');

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::Place;

    fn read(text: &str) -> Result<String, Failure> {
        let place = |line| Place { path: PathBuf::from("/c/config.toml"), line };
        let server = Server {
            name: "a".into(),
            url: text.into(),
            port: None,
            organization: None,
            settings: Vec::new(),
            accounts: Vec::new(),
            place: place(1),
            url_place: place(2),
        };
        let variable = |name: &str| {
            let value = match name {
                "ODD" => "p@ss/w?o#r&d%41+",
                "HOST" => "h.example:8443",
                "TENANTS" => "a/b",
                _ => return None,
            };
            Some(value.into())
        };
        of(&server, variable)
    }

    #[test]
    fn a_value_stays_in_the_part_that_it_stands_in() {
        let odd = "p%40ss%2Fw%3Fo%23r%26d%2541%2B";
        for (text, expected) in [
            ("https://u:${ODD}@h.example/mcp", format!("https://u:{odd}@h.example/mcp")),
            ("https://h.example/mcp?a=1&key=${ODD}&b=2", format!("https://h.example/mcp?a=1&key={odd}&b=2")),
            ("https://h.example?key=${ODD}", format!("https://h.example?key={odd}")),
            ("https://${HOST}/${TENANTS}/mcp", "https://h.example:8443/a/b/mcp".into()),
            ("https://u:${ODD}@${HOST}/mcp", format!("https://u:{odd}@h.example:8443/mcp")),
            ("https://h.example/mcp", "https://h.example/mcp".into()),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_named_with_the_line_and_without_the_value() {
        for (text, words) in [
            ("https://u:${NOPE}@h.example/", "${NOPE} in `url` (line 2 of /c/config.toml) is not set"),
            ("https://h.example/?key=${ODD", "no } behind it"),
            ("https://${ODD}/mcp", "the host of `url` (line 2 of"),
        ] {
            let failure = read(text).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            let told = failure.to_string();
            assert!(told.contains(words) && !told.contains("p@ss"), "{text}: {told}");
        }
    }
}

//! What an entry runs: the URL and the flags, as every editor can pass them on.

use std::path;

use url::Url;

use super::server;
use crate::cli::{Install, Relay, RelayFlags, Typed};
use crate::config::Server;
use crate::failure::{Failure, Kind};

/// Arguments and variables of an entry.
#[derive(Debug)]
pub struct Arguments {
    /// The server.
    pub args: Vec<String>,
    /// What cannot be an argument, because some editors split at a space.
    pub env: Vec<(String, String)>,
    /// The server.
    pub url: Url,
}

impl Arguments {
    /// Reads what was typed after the editor.
    ///
    /// # Errors
    /// It is no command line of the relay, or has a secret in it.
    pub fn read(url: &str, typed: &Install) -> Result<Arguments, Failure> {
        let mut line = vec![url.to_owned()];
        line.extend(typed.port.map(|port| port.to_string()));
        for flag in &typed.flags.0 {
            line.push(match &flag.value {
                Some(value) => format!("--{}={value}", flag.flag),
                None => format!("--{}", flag.flag),
            });
        }
        line.extend(typed.more.iter().cloned());
        Arguments::of(&line)
    }

    /// Reads what was typed after the editor and the name of a server. The name stands for the URL, so
    /// that what is changed for it later is changed for the editor as well.
    ///
    /// # Errors
    /// It is no command line of the relay, or has a secret in it.
    pub fn named(known: &Server, typed: &Install) -> Result<Arguments, Failure> {
        // Its own URL is not written, and so may have what an editor's file may not.
        let read = Arguments::read(ANY, typed)?;
        let args = [known.name.clone()].into_iter().chain(read.args.into_iter().skip(1)).collect();
        Ok(Arguments { args, url: server::url(&known.url, true)?, ..read })
    }

    /// Reads a command line of the relay.
    ///
    /// # Errors
    /// It is none, or has a secret in it.
    pub fn of(line: &[String]) -> Result<Arguments, Failure> {
        let (relay, arguments) = Arguments::parse(line)?;
        no_secret(&arguments.url, &relay)?;
        Ok(arguments)
    }

    /// Reads a command line of the relay, and takes it as it is.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(line: &[String]) -> Result<(Relay, Arguments), Failure> {
        let (relay, flags) =
            RelayFlags::read(line).map_err(|why| Failure::new(Kind::Usage, why).remedy("see mcpbridge run --help"))?;
        let text = relay.server.as_deref().unwrap_or_default();
        let url = server::url(text, relay.connection.allow_http)?;
        let mut arguments = Arguments { args: vec![text.to_owned()], env: Vec::new(), url };
        arguments.args.extend(relay.port.map(|port| port.to_string()));
        // The values of a flag stay together: one that is typed overrides its variable.
        let spaced = |flag: &Typed| shaped(flag).is_some_and(|value| value.contains(char::is_whitespace));
        let moved: Vec<&str> = flags.0.iter().filter(|flag| spaced(flag)).map(|flag| flag.flag.as_str()).collect();
        for flag in &flags.0 {
            let value = shaped(flag);
            if moved.contains(&flag.flag.as_str()) {
                arguments.add_variable(&flag.flag, &value.unwrap_or_default());
            } else {
                arguments.args.push(format!("--{}", flag.flag));
                arguments.args.extend(value);
            }
        }
        Ok((relay, arguments))
    }

    /// One value a line.
    fn add_variable(&mut self, flag: &str, value: &str) {
        let name = format!("MCPBRIDGE_{}", flag.to_uppercase().replace('-', "_"));
        match self.env.iter_mut().find(|(there, _)| *there == name) {
            Some((_, all)) => *all = format!("{all}\n{value}"),
            None => self.env.push((name, value.to_owned())),
        }
    }
}

/// The value of a flag in a place where the current folder is another one.
fn shaped(flag: &Typed) -> Option<String> {
    let value = flag.value.as_deref()?;
    // The relay knows `~` by itself, wherever it is started.
    let whole = |file: &str| match path::absolute(file) {
        Ok(path) if !file.starts_with('~') => path.display().to_string(),
        _ => file.to_owned(),
    };
    Some(match flag.flag.as_str() {
        "header" => match value.split_once(':') {
            Some((name, value)) => format!("{}:{}", name.trim(), value.trim()),
            None => value.to_owned(),
        },
        "header-file" | "log-file" => whole(value),
        "static-oauth-client-metadata" | "static-oauth-client-info" => match value.trim().strip_prefix('@') {
            Some(file) => format!("@{}", whole(file)),
            None => value.to_owned(),
        },
        "private-key" | "workload-token" | "idp-client-secret" | "idp-token" => match value.strip_prefix("file:") {
            Some(file) => format!("file:{}", whole(file)),
            None => value.to_owned(),
        },
        "header-from" => match value.split_once("=file:") {
            Some((name, file)) => format!("{name}=file:{}", whole(file)),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    })
}

/// What is written into an editor's file is read by other programs, and often by other people.
fn no_secret(url: &Url, relay: &Relay) -> Result<(), Failure> {
    let refuse = |fact: String, remedy: &str| Err(Failure::new(Kind::Usage, fact).remedy(remedy));
    if url.password().is_some() {
        return refuse(
            "the URL has a password in it, which would stand in the file of the editor".into(),
            "leave it out, and give --header-from Authorization=keychain:NAME",
        );
    }
    if let Some((name, _)) = url.query_pairs().find(|(name, value)| is_secret(name) && is_plain(value)) {
        let remedy = format!("keep it in the keychain: mcpbridge login URL --api-key-query {name}");
        return refuse(format!("{name} in the URL would stand in the file of the editor"), &remedy);
    }
    for header in &relay.connection.headers {
        let Some((name, value)) = header.split_once(':') else { continue };
        if is_secret(name) && is_plain(value) {
            let name = name.trim();
            let remedy = format!(
                "keep it with `mcpbridge secret set {word}`, and give --header-from {name}=keychain:{word}",
                word = name.to_ascii_lowercase()
            );
            return refuse(format!("the value of {name} would stand in the file of the editor"), &remedy);
        }
    }
    let client = relay.sign_in.static_oauth_client_info.as_deref().unwrap_or_default();
    if client.contains("client_secret") && is_plain(client) {
        return refuse(
            "the client_secret would stand in the file of the editor".into(),
            "write ${VARIABLE} for it, or name a file: --static-oauth-client-info @PATH",
        );
    }
    Ok(())
}

/// Whether a name is that of a credential.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts =
        ["authorization", "token", "secret", "password", "cookie", "credential", "api-key", "api_key", "apikey"];
    parts.iter().any(|part| name.contains(part)) || name.trim().ends_with("-key") || name.trim() == "key"
}

fn is_plain(value: &str) -> bool {
    !value.contains("${")
}

/// A URL that every check lets pass.
const ANY: &str = "https://localhost/";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, Failure> {
        let mut line: Vec<String> = line.split('|').map(str::to_owned).collect();
        line.insert(0, "https://example.com/mcp".into());
        Arguments::of(&line)
    }

    #[test]
    fn no_argument_has_a_space_and_no_path_is_relative() {
        let read = read("--header|X-A: ${A}|--header|X-B:b|--log-file|logs/l|--debug").unwrap();
        let log = path::absolute("logs/l").unwrap().display().to_string();
        let expected =
            ["https://example.com/mcp", "--header", "X-A:${A}", "--header", "X-B:b", "--log-file", &log, "--debug"];
        assert_eq!(read.args, expected);
        let read = self::read("--header-from|X=file:k|--header-from|Y=env:Z|--private-key|file:~/k").unwrap();
        let key = format!("X=file:{}", path::absolute("k").unwrap().display());
        assert_eq!(read.args[1..], ["--header-from", &key, "--header-from", "Y=env:Z", "--private-key", "file:~/k"]);
        let read = self::read("--header|X-A: 1|--header|Authorization: Bearer ${A}|--account|w").unwrap();
        assert_eq!(read.args, ["https://example.com/mcp", "--account", "w"]);
        let both = "X-A:1\nAuthorization:Bearer ${A}";
        assert_eq!(read.env, [("MCPBRIDGE_HEADER".to_owned(), both.to_owned())]);
    }

    #[test]
    fn secrets_are_refused_and_not_shown() {
        for line in [
            "--header|Authorization: Bearer s3cret-value",
            "--header|X-API-Key:s3cret-value",
            "--static-oauth-client-info|{\"client_id\":\"a\",\"client_secret\":\"s3cret-value\"}",
        ] {
            let failure = read(line).unwrap_err();
            assert!(failure.kind == Kind::Usage && !failure.to_string().contains("s3cret"), "{failure}");
            assert!(failure.remedy.is_some());
        }
        for url in ["https://u:s3cret@example.com/", "https://example.com/mcp?api_key=s3cret"] {
            let failure = Arguments::of(&[url.to_owned()]).unwrap_err();
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
        assert!(read("--header|X-Tenant: 5").is_ok() && read("--header|X-API-Key:${KEY}").is_ok());
        assert!(read("--hedaer|X:1").unwrap_err().to_string().contains("--hedaer"));
    }
}

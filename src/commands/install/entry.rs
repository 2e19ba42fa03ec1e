//! What an entry runs: the URL and the flags, as every editor can pass them on.

use url::Url;

use super::super::{lasting, server};
use crate::cli::{Install, Relay, RelayFlags, Typed};
use crate::config::{Server, in_plain};
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
        let (relay, mut flags) = read(line)?;
        for flag in &mut flags.0 {
            // The editor starts it in another folder.
            flag.value = flag.value.as_deref().map(|value| lasting::placed(&flag.flag, value));
        }
        let arguments = Arguments::made(&relay, &flags)?;
        no_secret(relay.server.as_deref().unwrap_or_default(), &arguments.url, &flags)?;
        Ok(arguments)
    }

    /// Reads a command line of the relay that is in an editor's file already, and takes it as it is.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(line: &[String]) -> Result<(Relay, Arguments), Failure> {
        let (relay, flags) = read(line)?;
        let arguments = Arguments::made(&relay, &flags)?;
        Ok((relay, arguments))
    }

    fn made(relay: &Relay, flags: &RelayFlags) -> Result<Arguments, Failure> {
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
        Ok(arguments)
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

fn read(line: &[String]) -> Result<(Relay, RelayFlags), Failure> {
    RelayFlags::read(line).map_err(|why| Failure::new(Kind::Usage, why).remedy("see mcpbridge run --help"))
}

/// The value of a flag without a space that says nothing.
fn shaped(flag: &Typed) -> Option<String> {
    let value = flag.value.as_deref()?;
    Some(match (flag.flag.as_str(), value.split_once(':')) {
        ("header", Some((name, value))) => format!("{}:{}", name.trim(), value.trim()),
        _ => value.to_owned(),
    })
}

/// What is written into an editor's file is read by other programs, and often by other people.
fn no_secret(typed: &str, url: &Url, flags: &RelayFlags) -> Result<(), Failure> {
    let refuse = |what: String, remedy: String| {
        Err(Failure::new(Kind::Usage, format!("{what} would stand in the file of the editor")).remedy(remedy))
    };
    if let Some(what) = in_plain("url", typed) {
        return refuse(what, lasting::instead_in_url(url));
    }
    for Typed { flag, value } in &flags.0 {
        let Some((value, what)) = value.as_ref().and_then(|value| Some((value, in_plain(flag, value)?))) else {
            continue;
        };
        let remedy = match value.split_once(':') {
            Some((name, value)) if flag == "header" => lasting::instead_of_header(name, value),
            _ => lasting::instead(flag),
        };
        return refuse(what, remedy);
    }
    Ok(())
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
        let log = std::path::absolute("logs/l").unwrap().display().to_string();
        let expected =
            ["https://example.com/mcp", "--header", "X-A:${A}", "--header", "X-B:b", "--log-file", &log, "--debug"];
        assert_eq!(read.args, expected);
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
            "--proxy|http://u:s3cret-value@proxy.example:8080",
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
        assert!(read("--static-oauth-client-info|@client_secret.json").is_ok());
        assert!(read("--hedaer|X:1").unwrap_err().to_string().contains("--hedaer"));
    }
}

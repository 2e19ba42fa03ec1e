//! Other programs that do what the relay does: how they are started, and the same for the relay.

use crate::cli::RelayFlags;
use crate::secret::{Secret, is_credential};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// mcp-remote, of npm.
    McpRemote,
    /// supergateway, of npm.
    Supergateway,
    /// mcp-stdio, of PyPI.
    McpStdio,
    /// hyper-mcp-remote.
    HyperMcpRemote,
    /// None: the editor connects by itself.
    Editor,
}

impl Tool {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Tool::McpRemote => "mcp-remote",
            Tool::Supergateway => "supergateway",
            Tool::McpStdio => "mcp-stdio",
            Tool::HyperMcpRemote => "hyper-mcp-remote",
            Tool::Editor => "editor",
        }
    }
}

/// The same for the relay.
#[derive(Debug, Default)]
pub struct Translated {
    /// The command line.
    pub line: Vec<String>,
    /// What stood there in plain, and is kept under a name from now on.
    pub secrets: Vec<(String, Secret)>,
    /// What is different, for the person.
    pub notes: Vec<String>,
}

/// What the relay is to be started with instead. `name` is that of the entry.
///
/// # Errors
/// Why it cannot be the same, for a person.
pub fn translate(tool: Tool, rest: &[String], name: &str, env: &[(String, String)]) -> Result<Translated, String> {
    let mut made = Translated::default();
    let mut url = None;
    let mut behind: Vec<String> = Vec::new();
    let mut words = rest.iter().cloned();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else {
            match (&url, word.parse::<u16>()) {
                (None, _) => url = Some(word),
                (Some(_), Ok(_)) if tool == Tool::McpRemote => behind.push(word),
                _ => made.notes.push(format!("{word:?} means nothing to {}, and is left out", tool.name())),
            }
            continue;
        };
        let (flag, joined) = match flag.trim_start_matches('-').split_once('=') {
            Some((flag, value)) if tool != Tool::McpRemote => (flag.to_owned(), Some(value.to_owned())),
            _ => (flag.trim_start_matches('-').to_owned(), None),
        };
        let mut value = || joined.clone().or_else(|| words.next());
        match meaning(tool, &flag) {
            Meaning::Same => behind.push(format!("--{flag}")),
            Meaning::Value(ours) => match value() {
                Some(value) => made.value(&mut behind, name, ours, &value),
                None => made.notes.push(format!("--{flag} has no value, and is left out")),
            },
            Meaning::Other(ours) => behind.extend((!ours.is_empty()).then(|| ours.to_owned())),
            Meaning::Url(extra) => {
                url = value();
                behind.extend((!extra.is_empty()).then(|| extra.to_owned()));
            }
            Meaning::Bearer => {
                if let Some(token) = value() {
                    made.header(&mut behind, name, &format!("Authorization: Bearer {token}"));
                }
            }
            Meaning::Json(ours, member) => {
                if let Some(value) = value() {
                    behind.push(format!("--{ours}={}", serde_json::json!({ member: value })));
                }
            }
            Meaning::Nothing(takes) => {
                if takes {
                    value();
                }
                made.notes.push(format!("--{flag} has no counterpart, and is left out"));
            }
            Meaning::No => return Err(format!("--{flag} of {} has no counterpart here", tool.name())),
        }
    }
    if tool == Tool::McpStdio && env.iter().any(|(name, _)| name == "MCP_BEARER_TOKEN") {
        behind.push("--header-from=Authorization=Bearer env:MCP_BEARER_TOKEN".into());
    }
    let url = url.ok_or_else(|| format!("{} has no URL there", tool.name()))?;
    made.line = [vec![url], behind].concat();
    RelayFlags::read(&made.line)?;
    Ok(made)
}

impl Translated {
    /// A flag with a value.
    fn value(&mut self, line: &mut Vec<String>, entry: &str, flag: &str, value: &str) {
        match flag {
            "header" => self.header(line, entry, value),
            // mcp-remote means by an empty one that none is sent.
            "resource" if value.trim().is_empty() => line.push("--disable-resource-parameter".into()),
            _ => line.push(format!("--{flag}={value}")),
        }
    }

    /// A header; a credential in plain is kept under a name.
    pub fn header(&mut self, line: &mut Vec<String>, entry: &str, text: &str) {
        let (name, value) = text.split_once(':').map_or((text, ""), |(name, value)| (name.trim(), value.trim()));
        if !is_credential(name) || value.contains("${") || value.is_empty() {
            line.push(format!("--header={text}"));
            return;
        }
        let kept = format!("{entry}-{}", name.to_ascii_lowercase());
        let (scheme, secret) = match value.split_once(' ') {
            Some((scheme, secret)) if name.eq_ignore_ascii_case("authorization") => (format!("{scheme} "), secret),
            _ => (String::new(), value),
        };
        line.push(format!("--header-from={name}={scheme}keychain:{kept}"));
        self.notes.push(format!("the value of {name} is kept as keychain:{kept} from now on"));
        self.secrets.push((kept, Secret::new(secret.trim())));
    }
}

/// What a flag of another program means for the relay.
enum Meaning {
    /// The same flag without a value.
    Same,
    /// This flag with the value.
    Value(&'static str),
    /// This flag, whole; nothing if it is empty.
    Other(&'static str),
    /// The URL, and this flag.
    Url(&'static str),
    /// A bearer token.
    Bearer,
    /// This flag with JSON, of which the value is a member.
    Json(&'static str, &'static str),
    /// Nothing that matters here; whether a value follows.
    Nothing(bool),
    /// Something else than a relay does.
    No,
}

fn meaning(tool: Tool, flag: &str) -> Meaning {
    match tool {
        Tool::McpRemote => of_mcp_remote(flag),
        Tool::Supergateway => match flag {
            "sse" => Meaning::Url("--transport=sse-first"),
            "streamableHttp" | "streamable-http" => Meaning::Url(""),
            "header" => Meaning::Value("header"),
            "oauth2Bearer" => Meaning::Bearer,
            "outputTransport" | "logLevel" | "protocolVersion" => Meaning::Nothing(true),
            _ => Meaning::No,
        },
        Tool::McpStdio => match flag {
            "H" | "header" => Meaning::Value("header"),
            "bearer-token" => Meaning::Bearer,
            "oauth" | "oauth-eager" => Meaning::Other(""),
            "oauth-device" => Meaning::Other("--device-code"),
            "client-id" => Meaning::Json("static-oauth-client-info", "client_id"),
            "client-metadata-url" => Meaning::Value("client-metadata-url"),
            "oauth-scope" => Meaning::Json("static-oauth-client-metadata", "scope"),
            "no-resource-indicator" => Meaning::Other("--disable-resource-parameter"),
            "oauth-resource" => Meaning::Value("resource"),
            "oauth-use-id-token" => Meaning::Other("--use-id-token"),
            "protocol-era" => Meaning::Value("protocol"),
            "max-message-size" => Meaning::Value("max-message-size"),
            "timeout-connect" => Meaning::Value("connect-timeout"),
            "transport"
            | "oauth-refresh-leeway"
            | "oauth-timeout"
            | "timeout-read"
            | "sse-read-timeout"
            | "listen-read-timeout"
            | "mcp-param-headers" => Meaning::Nothing(true),
            "no-oauth-reauth"
            | "no-proactive-refresh"
            | "no-tcp-keepalive"
            | "no-cancel-filter"
            | "no-normalize-arguments" => Meaning::Nothing(false),
            _ => Meaning::No,
        },
        Tool::HyperMcpRemote => match flag {
            "header" => Meaning::Value("header"),
            _ => Meaning::No,
        },
        Tool::Editor => Meaning::No,
    }
}

fn of_mcp_remote(flag: &str) -> Meaning {
    const VALUES: [&str; 19] = [
        "header",
        "header-file",
        "transport",
        "protocol",
        "host",
        "callback-path",
        "auth-timeout",
        "auth-success-url",
        "resource",
        "authorize-param",
        "static-oauth-client-metadata",
        "static-oauth-client-info",
        "client-metadata-url",
        "token-endpoint",
        "connect-timeout",
        "headers-timeout",
        "body-timeout",
        "ping-interval",
        "ignore-tool",
    ];
    if let Some(same) = VALUES.iter().find(|known| **known == flag) {
        return Meaning::Value(same);
    }
    match flag {
        "allow-http"
        | "disable-resource-parameter"
        | "use-id-token"
        | "device-code"
        | "client-credentials"
        | "disable-cookies"
        | "enable-proxy"
        | "ipv4"
        | "keep-alive"
        | "debug"
        | "silent" => Meaning::Same,
        _ => Meaning::Nothing(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flags_keep_their_meaning() {
        let made = |tool, line: &str| translate(tool, &words(line), "n", &[]).map(|made| made.line.join(" "));
        let line = "https://a.example/mcp 3334 --transport sse-only --header X-A:${A} --ignore-tool d* --debug --resource  --nope";
        let same = "https://a.example/mcp 3334 --transport=sse-only --header=X-A:${A} --ignore-tool=d* --debug --disable-resource-parameter";
        assert_eq!(made(Tool::McpRemote, line).unwrap(), same);
        let line = "--header X-A:1 https://a.example/mcp";
        assert_eq!(made(Tool::McpRemote, line).unwrap(), "https://a.example/mcp --header=X-A:1");
        assert_eq!(
            made(Tool::Supergateway, "--sse https://a.example/sse --logLevel none").unwrap(),
            "https://a.example/sse --transport=sse-first"
        );
        assert!(made(Tool::Supergateway, "--stdio npx --port 8000").is_err());
        let line = "https://a.example/mcp --oauth --oauth-scope=a --protocol-era modern -H X-A:1";
        let same =
            r#"https://a.example/mcp --static-oauth-client-metadata={"scope":"a"} --protocol=modern --header=X-A:1"#;
        assert_eq!(made(Tool::McpStdio, line).unwrap(), same);
        assert!(made(Tool::McpRemote, "--debug").is_err());
    }

    #[test]
    fn credentials_in_plain_get_a_name() {
        let line = ["https://a.example/", "--header", "Authorization: Bearer s3cret"].map(str::to_owned);
        let made = translate(Tool::McpRemote, &line, "n", &[]).unwrap();
        assert_eq!(made.line[1], "--header-from=Authorization=Bearer keychain:n-authorization");
        assert_eq!(made.secrets, [("n-authorization".to_owned(), Secret::new("s3cret"))]);
        let line = ["--streamableHttp", "https://a.example/", "--oauth2Bearer", "s3cret"].map(str::to_owned);
        let made = translate(Tool::Supergateway, &line, "n", &[]).unwrap();
        assert_eq!(made.line[1], "--header-from=Authorization=Bearer keychain:n-authorization");
    }
}

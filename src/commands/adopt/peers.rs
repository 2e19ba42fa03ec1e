//! Other programs that do what the relay does: how they are started, and the same for the relay.

use crate::cli::RelayFlags;
use crate::config::is_credential;
use crate::secret::Secret;

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

/// The program that `words` start, and the words behind it. `None` if it is none of these; an error
/// if it is started by something that has a meaning of its own.
pub fn started(words: &[String]) -> Option<Result<(Tool, Vec<String>), String>> {
    let (at, tool) = words.iter().enumerate().find_map(|(at, word)| Some((at, tool(word)?)))?;
    let before = &words[..at];
    let unknown = before.iter().enumerate().find(|(at, word)| !launches(word, at.checked_sub(1).map(|at| &before[at])));
    let mut rest = words[at + 1..].to_vec();
    // `npm exec --package=mcp-remote -- mcp-remote URL` names it twice.
    while let Some(again) = rest.iter().take(2).position(|word| self::tool(word) == Some(tool)) {
        rest.drain(..=again);
    }
    if rest.first().is_some_and(|word| word == "--") {
        rest.remove(0);
    }
    Some(match unknown {
        Some((_, word)) => Err(format!("it is started by {word:?}, which may do more than start it")),
        None => Ok((tool, rest)),
    })
}

/// `mcp-remote`, `mcp-remote@latest`, `npm:mcp-remote@0.1`, `/…/mcp-remote/dist/proxy.js`, `….cmd`.
fn tool(word: &str) -> Option<Tool> {
    let word = word.replace('\\', "/");
    let word = word.strip_prefix("--package=").or(word.strip_prefix("npm:")).unwrap_or(&word);
    let parts: Vec<&str> = word.split('/').collect();
    let known = |part: &str| {
        let bare = part.trim_end_matches(".cmd").trim_end_matches(".exe");
        let bare = bare.split(['@', '=']).next().unwrap_or_default();
        [Tool::McpRemote, Tool::Supergateway, Tool::McpStdio, Tool::HyperMcpRemote]
            .into_iter()
            .find(|tool| tool.name() == bare)
    };
    match parts.as_slice() {
        // A URL may have such a name in it.
        [scheme, "", ..] if scheme.ends_with(':') => None,
        [.., last] if known(last).is_some() => known(last),
        [.., package, "dist", file] if file.ends_with(".js") && !file.starts_with("client") => known(package),
        _ => None,
    }
}

/// Whether a word only starts what follows.
fn launches(word: &str, before: Option<&String>) -> bool {
    let word = word.replace('\\', "/").to_ascii_lowercase();
    let name = word.rsplit('/').next().unwrap_or_default();
    let name = name.trim_end_matches(".exe").trim_end_matches(".cmd");
    let after_option =
        before.is_some_and(|it| ["-p", "--package", "--from", "--with", "--python"].contains(&it.as_str()));
    after_option
        || word.starts_with("--package=")
        || [
            "npx",
            "bunx",
            "bun",
            "x",
            "pnpm",
            "pnpx",
            "dlx",
            "npm",
            "exec",
            "yarn",
            "node",
            "nodejs",
            "deno",
            "run",
            "cmd",
            "c",
            "d",
            "s",
            "uvx",
            "uv",
            "tool",
            "pipx",
            "python",
            "python3",
            "-m",
            "-y",
            "--yes",
            "-q",
            "--quiet",
            "--prefer-offline",
            "--prefer-online",
            "--no-install",
            "-p",
            "--package",
            "--from",
            "--with",
            "--python",
            "--",
            "-a",
            "--allow-all",
            "--bun",
            "--silent",
            "--no-warnings",
        ]
        .contains(&name)
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
                Some(value) if ours == "header" => made.header(&mut behind, name, &value),
                // mcp-remote means by an empty one that none is sent.
                Some(value) if ours == "resource" && value.trim().is_empty() => {
                    behind.push("--disable-resource-parameter".into());
                }
                Some(value) => behind.push(format!("--{ours}={value}")),
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
    fn it_is_found_however_it_is_started() {
        for line in [
            "npx mcp-remote U",
            "npx -y mcp-remote@latest U",
            "/usr/bin/npx --yes mcp-remote@0.1.38 U",
            "bunx mcp-remote U",
            "bun x mcp-remote U",
            "pnpm dlx mcp-remote U",
            "npm exec mcp-remote -- U",
            "npm exec --package=mcp-remote -- mcp-remote U",
            "npx -p mcp-remote mcp-remote U",
            "cmd /c npx -y mcp-remote U",
            "C:\\Windows\\System32\\cmd.exe /c npx.cmd mcp-remote U",
            "node /home/x/.npm/lib/node_modules/mcp-remote/dist/proxy.js U",
            "deno run -A npm:mcp-remote U",
            "/home/x/bin/mcp-remote U",
        ] {
            assert_eq!(started(&words(line)), Some(Ok((Tool::McpRemote, vec!["U".to_owned()]))), "{line}");
        }
        assert_eq!(started(&words("uvx mcp-stdio U")).unwrap().unwrap().0, Tool::McpStdio);
        assert_eq!(started(&words("hyper-mcp-remote U")).unwrap().unwrap().0, Tool::HyperMcpRemote);
        assert!(started(&words("npx -y other https://x.example/mcp-remote")).is_none());
        assert!(started(&words("node /x/mcp-remote/dist/client.js U")).is_none());
        assert!(started(&words("op run -- npx mcp-remote U")).unwrap().is_err());
        assert!(started(&words("docker run -i mcp-remote U")).unwrap().is_err());
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

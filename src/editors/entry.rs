//! An entry for a server: what is run, as each editor wants it written.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::node::Node;
use super::table::{Editor, Link, Shape};

/// What an editor runs for a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name of the server.
    pub name: String,
    /// The program, by its whole path.
    pub command: String,
    /// Its arguments, none with white space in it.
    pub args: Vec<String>,
    /// Its variables.
    pub env: Vec<(String, String)>,
    /// What the arguments stand for, where a name is one of them: it may name variables too.
    pub behind: Vec<String>,
}

impl Entry {
    /// The members of the entry in an editor. `modern` is the newer of the two forms of opencode.
    pub fn members(&self, shape: Shape, modern: bool) -> Vec<(String, Node)> {
        let mut members: Vec<(&str, Node)> = Vec::new();
        let args = || Node::List(self.args.clone());
        let mut variables = self.env.clone();
        if shape == Shape::Gemini {
            variables.extend(self.named_variables().into_iter().map(|name| (name.clone(), format!("${{{name}}}"))));
        }
        let env = || Node::Map(variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect());
        match shape {
            Shape::Typed => members.push(("type", "stdio".into())),
            Shape::Zed => members.push(("source", "custom".into())),
            Shape::Continue => members.extend([("name", self.name.as_str().into()), ("type", "stdio".into())]),
            Shape::Opencode => {
                let all = [self.command.clone()].into_iter().chain(self.args.iter().cloned()).collect();
                members.extend([("type", "local".into()), ("command", Node::List(all))]);
                members.extend((!self.env.is_empty()).then(|| ("environment", env())));
                members.extend((!modern).then_some(("enabled", Node::Flag(true))));
                return owned(members);
            }
            Shape::Goose => {
                members.extend([("name", self.name.as_str().into()), ("type", "stdio".into())]);
                members.extend([("cmd", self.command.as_str().into()), ("args", args())]);
                members.extend((!self.env.is_empty()).then(|| ("envs", env())));
                members.extend([("enabled", Node::Flag(true)), ("timeout", Node::Number(300))]);
                return owned(members);
            }
            _ => {}
        }
        members.extend([("command", self.command.as_str().into()), ("args", args())]);
        if !variables.is_empty() || shape == Shape::Zed {
            members.push(("env", env()));
        }
        match shape {
            Shape::Cline => members.extend([("disabled", Node::Flag(false)), ("autoApprove", Node::List(Vec::new()))]),
            Shape::Roo => members.extend([("disabled", Node::Flag(false)), ("alwaysAllow", Node::List(Vec::new()))]),
            Shape::Codex => {
                members.push(("env_vars", Node::List(self.passed_on())));
                // The person may have to sign in first, and Codex asks for the tools only once.
                members.push(("startup_timeout_sec", Node::Number(120)));
            }
            _ => {}
        }
        owned(members)
    }

    /// The variables that the entry needs beside its own: those that it names, as `${NAME}` or as the
    /// source `env:NAME`.
    pub fn named_variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for text in self.args.iter().chain(self.env.iter().map(|(_, value)| value)).chain(&self.behind) {
            let braces = text.split("${").skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
            let words = text.split(['=', ' ', '\n']).filter_map(|word| word.strip_prefix("env:"));
            for name in braces.chain(words) {
                if !names.iter().any(|there| there == name) && !self.env.iter().any(|(own, _)| own == name) {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// What Codex has to pass on: it starts servers with next to no variables.
    fn passed_on(&self) -> Vec<String> {
        let own = |name: &&str| !self.env.iter().any(|(own, _)| own == *name);
        let fixed = PASSED_ON.iter().filter(|name| own(name)).map(|name| (*name).to_owned());
        fixed.chain(self.named_variables()).collect()
    }

    /// The link that puts the entry into an editor. It is shown, and nobody opens it.
    pub fn link(&self, editor: &Editor) -> Option<String> {
        let entry: Value =
            self.members(editor.shape, false).into_iter().map(|(name, node)| (name, node.value())).collect();
        Some(match editor.link? {
            Link::Parameters(prefix) => {
                let config = BASE64_STANDARD.encode(entry.to_string());
                format!("{prefix}name={}&config={}", encoded(&self.name), encoded(&config))
            }
            Link::Json(prefix) => {
                let mut entry = entry;
                entry["name"] = json!(self.name);
                format!("{prefix}{}", encoded(&entry.to_string()))
            }
        })
    }
}

fn encoded(text: &str) -> String {
    /// What `encodeURIComponent` leaves, but for the characters that end a link in a text.
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(text, &KEPT).to_string()
}

fn owned(members: Vec<(&str, Node)>) -> Vec<(String, Node)> {
    members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()
}

/// The browser, the keychain, the folders, proxies and certificates. Names that are not set do no harm.
const PASSED_ON: [&str; 19] = [
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "BROWSER",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "MCPBRIDGE_CONFIG_DIR",
    "MCPBRIDGE_CREDENTIAL_STORE",
];

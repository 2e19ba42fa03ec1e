//! The opening of a session that was recorded without one, as that of a command of the shell.

use serde_json::{Value, json};

use super::scenes::Scenes;
use crate::message::{Message, member, plain_string};
use crate::versions::{LEGACY, MODERN, NEWEST_LEGACY};

/// The result of `initialize` or `server/discover`, where `message` is that. `None` where the recording
/// has an opening of the other era: to an editor of this one it answers as then.
pub fn made_up(message: &Message, scenes: &Scenes) -> Option<String> {
    let openings = ["initialize", "server/discover"];
    let has_one = scenes.all.iter().any(|scene| openings.iter().any(|opening| scene.is_request(opening)));
    if has_one || !openings.contains(&message.method()) {
        return None;
    }
    let capabilities = capabilities(scenes);
    let info = json!({ "name": "mcpbridge replay", "version": env!("CARGO_PKG_VERSION") });
    let result = if message.method() == "initialize" {
        let wanted = message.params().and_then(|params| member(params, "protocolVersion")).and_then(plain_string);
        let version = LEGACY.iter().find(|version| wanted.as_deref() == Some(**version)).unwrap_or(&NEWEST_LEGACY);
        json!({ "protocolVersion": version, "capabilities": capabilities, "serverInfo": info })
    } else {
        json!({
            "resultType": "complete",
            "supportedVersions": [MODERN],
            "capabilities": capabilities,
            "_meta": { SERVER_KEY: info },
            "ttlMs": 0,
            "cacheScope": "private",
        })
    };
    Some(result.to_string())
}

/// What a server can do that has answered these requests.
fn capabilities(scenes: &Scenes) -> Value {
    let mut all = serde_json::Map::new();
    for method in scenes.methods() {
        let family = method.split('/').next().unwrap_or_default();
        let name = match family {
            "tools" | "prompts" | "resources" | "logging" => family,
            "completion" => "completions",
            _ => continue,
        };
        let of_it = all.entry(name).or_insert_with(|| json!({}));
        if method == "resources/subscribe" {
            of_it["subscribe"] = true.into();
        }
    }
    for (family, method) in CHANGES {
        if scenes.says(method) {
            all.entry(family).or_insert_with(|| json!({}))["listChanged"] = true.into();
        }
    }
    all.into()
}

/// Where a modern server says what it is.
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";
/// What is said when a list has changed.
const CHANGES: [(&str, &str); 3] = [
    ("tools", "notifications/tools/list_changed"),
    ("prompts", "notifications/prompts/list_changed"),
    ("resources", "notifications/resources/list_changed"),
];

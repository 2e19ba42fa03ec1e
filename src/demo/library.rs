//! What the sample server says of itself, and has to read: one prompt, two resources, one template, and the completion
//! of their argument.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::legacy::Fault;
use super::session::Session;

/// The resource that changes: how many tools this session has called.
pub const CALLS: &str = "demo://calls";

/// What it is, in both eras.
pub fn this_server() -> Value {
    json!({"name": "mcpbridge-demo", "title": "mcpbridge sample server", "version": env!("CARGO_PKG_VERSION")})
}

/// What it can do, in both eras.
pub fn capabilities() -> Value {
    json!({
        "tools": {},
        "prompts": {},
        "resources": {"subscribe": true},
        "completions": {},
        "logging": {},
    })
}

/// What it tells a model.
pub const INSTRUCTIONS: &str = "A sample server to try an MCP client with: call echo, add, countdown, ask_name or log.";

/// The answer to `prompts/list`.
pub fn prompts() -> Value {
    json!({"prompts": [{
        "name": PROMPT,
        "title": "Describe a planet",
        "description": "Asks for a description of one planet of the solar system.",
        "arguments": [{"name": ARGUMENT, "description": "The planet, for example mars", "required": true}],
    }]})
}

/// The answer to `prompts/get`.
pub fn prompt(params: &Value) -> Result<Value, Fault> {
    match params["name"].as_str() {
        Some(PROMPT) => {}
        Some(name) => return Err(Fault::params(format!("unknown prompt: {name}"))),
        None => return Err(Fault::params("\"name\" must be a string")),
    }
    let Some(planet) = params["arguments"][ARGUMENT].as_str() else {
        return Err(Fault::params(format!("the argument \"{ARGUMENT}\" must be a string")));
    };
    Ok(json!({
        "description": "A description of one planet",
        "messages": [{
            "role": "user",
            "content": {"type": "text", "text": format!("Describe the planet {planet} in three sentences.")},
        }],
    }))
}

/// The answer to `resources/list`.
pub fn resources() -> Value {
    json!({"resources": [
        {
            "uri": ABOUT,
            "name": "about",
            "title": "About this server",
            "description": "What the sample server is.",
            "mimeType": "text/plain",
        },
        {
            "uri": CALLS,
            "name": "calls",
            "title": "Tool calls so far",
            "description": "How many tools this session has called; subscribe to hear when it changes.",
            "mimeType": "application/json",
        },
    ]})
}

/// The answer to `resources/templates/list`.
pub fn templates() -> Value {
    json!({"resourceTemplates": [{
        "uriTemplate": TEMPLATE,
        "name": "planets",
        "title": "Planets",
        "description": "One sentence about a planet of the solar system.",
        "mimeType": "text/plain",
    }]})
}

/// The answer to `resources/read`.
pub fn read(params: &Value, session: &Session) -> Result<Value, Fault> {
    let uri = params["uri"].as_str().ok_or_else(|| Fault::params("\"uri\" must be a string"))?;
    let (kind, text) = match uri {
        ABOUT => {
            ("text/plain", "The sample server inside mcpbridge. It runs on this machine and keeps nothing.".to_owned())
        }
        CALLS => ("application/json", json!({"calls": session.calls.load(Ordering::Relaxed)}).to_string()),
        _ => {
            let planet = uri.strip_prefix(PLANETS).and_then(|name| FACTS.iter().find(|(planet, _)| *planet == name));
            let (_, fact) = planet.ok_or_else(|| Fault::resource(uri))?;
            ("text/plain", (*fact).to_owned())
        }
    };
    Ok(json!({"contents": [{"uri": uri, "mimeType": kind, "text": text}]}))
}

/// The answer to `resources/subscribe` and `resources/unsubscribe`. Only [`CALLS`] ever changes.
pub fn watch(params: &Value, session: &Session, watches: bool) -> Result<Value, Fault> {
    match params["uri"].as_str() {
        Some(CALLS) => session.watch_calls(watches),
        Some(ABOUT) => {}
        Some(uri) => return Err(Fault::resource(uri)),
        None => return Err(Fault::params("\"uri\" must be a string")),
    }
    Ok(json!({}))
}

/// The answer to `completion/complete`: the prompt and the template have the same one argument.
pub fn complete(params: &Value) -> Result<Value, Fault> {
    let reference = &params["ref"];
    let known = match reference["type"].as_str() {
        Some("ref/prompt") => reference["name"] == PROMPT,
        Some("ref/resource") => reference["uri"] == TEMPLATE,
        _ => false,
    };
    if !known {
        return Err(Fault::params("\"ref\" names no prompt or resource template of this server"));
    }
    let argument = &params["argument"];
    let (Some(ARGUMENT), Some(start)) = (argument["name"].as_str(), argument["value"].as_str()) else {
        return Err(Fault::params(format!("\"argument\" must be the start of a \"{ARGUMENT}\"")));
    };
    let start = start.to_lowercase();
    let values: Vec<&str> = FACTS.iter().map(|(name, _)| *name).filter(|name| name.starts_with(&start)).collect();
    Ok(json!({"completion": {"total": values.len(), "values": values, "hasMore": false}}))
}

const ABOUT: &str = "demo://about";
const PLANETS: &str = "demo://planets/";
const TEMPLATE: &str = "demo://planets/{planet}";
const PROMPT: &str = "describe_planet";
const ARGUMENT: &str = "planet";

const FACTS: [(&str, &str); 8] = [
    ("mercury", "Mercury is the smallest planet; its year lasts 88 days."),
    ("venus", "Venus is the hottest planet and turns backwards."),
    ("earth", "Earth is the only planet known to have editors."),
    ("mars", "Mars has the highest volcano of the solar system, Olympus Mons."),
    ("jupiter", "Jupiter is heavier than all other planets together."),
    ("saturn", "Saturn is less dense than water."),
    ("uranus", "Uranus lies on its side as it goes round the sun."),
    ("neptune", "Neptune was found by calculation before anyone knew where to look."),
];

//! The tools of the sample server, each there to show one thing that MCP can do.

use std::time::Duration;

use serde_json::{Map, Number, Value, json};

use super::caller::{Caller, Stop};
use super::session::Level;

/// How a tool answers.
pub enum Tool {
    /// At once, with a result or with a sentence on what is wrong with the arguments.
    Plain(fn(&Arguments) -> Result<Value, String>),
    /// Over a stream, talking with its client meanwhile.
    Streaming(fn(&Arguments, &mut Caller) -> Result<Value, Stop>),
}

/// The arguments of a call, as the client sent them.
pub type Arguments = Map<String, Value>;

/// The tool of that name.
pub fn find(name: &str) -> Option<Tool> {
    Some(match name {
        "echo" => Tool::Plain(echo),
        "add" => Tool::Plain(add),
        "countdown" => Tool::Streaming(countdown),
        "ask_name" => Tool::Streaming(ask_name),
        "log" => Tool::Streaming(log),
        _ => return None,
    })
}

/// The answer to `tools/list`.
pub fn list() -> Value {
    json!({"tools": [
        {
            "name": "echo",
            "title": "Echo",
            "description": "Says back what it is told.",
            "inputSchema": {
                "type": "object",
                "properties": {"message": {"type": "string", "description": "What to say back"}},
                "required": ["message"],
            },
            "annotations": {"readOnlyHint": true},
        },
        {
            "name": "add",
            "title": "Add two numbers",
            "description": "Adds two numbers and answers with structured content.",
            "inputSchema": {
                "type": "object",
                "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
                "required": ["a", "b"],
            },
            "outputSchema": {
                "type": "object",
                "properties": {"sum": {"type": "number"}},
                "required": ["sum"],
            },
            "annotations": {"readOnlyHint": true},
        },
        {
            "name": "countdown",
            "title": "Countdown",
            "description": "Counts down to zero, with a progress notification for every step; can be cancelled.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "from": {"type": "integer", "minimum": 1, "maximum": MAX_STEPS, "default": DEFAULT_STEPS},
                    "interval_ms": {
                        "type": "integer", "minimum": 0, "maximum": MAX_INTERVAL, "default": DEFAULT_INTERVAL,
                        "description": "Milliseconds between two steps",
                    },
                },
            },
            "annotations": {"readOnlyHint": true},
        },
        {
            "name": "ask_name",
            "title": "Ask for a name",
            "description": "Asks the person at the client for a name (elicitation) and greets them.",
            "inputSchema": {"type": "object", "additionalProperties": false},
            "annotations": {"readOnlyHint": true},
        },
        {
            "name": "log",
            "title": "Send a log message",
            "description": "Sends one log message to the client, if its log level lets it through.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "message": {"type": "string"},
                    "level": {"type": "string", "enum": Level::NAMES, "default": "info"},
                },
                "required": ["message"],
            },
            "annotations": {"readOnlyHint": true},
        },
    ]})
}

/// A result of one text.
pub fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// The result that tells a model what went wrong, so that it can do better.
pub fn unable(why: &str) -> Value {
    json!({"content": [{"type": "text", "text": why}], "isError": true})
}

fn echo(arguments: &Arguments) -> Result<Value, String> {
    Ok(text(string(arguments, "message")?))
}

fn add(arguments: &Arguments) -> Result<Value, String> {
    let (a, b) = (number(arguments, "a")?, number(arguments, "b")?);
    // Whole numbers stay exact for as long as they fit.
    let whole = a.as_i64().zip(b.as_i64()).and_then(|(a, b)| a.checked_add(b)).map(Number::from);
    let real = || a.as_f64().zip(b.as_f64()).and_then(|(a, b)| Number::from_f64(a + b));
    let sum = whole.or_else(real).ok_or("the sum is too large for a number")?;
    let structured = json!({"sum": sum});
    Ok(json!({"content": [{"type": "text", "text": structured.to_string()}], "structuredContent": structured}))
}

fn countdown(arguments: &Arguments, caller: &mut Caller) -> Result<Value, Stop> {
    let from = whole(arguments, "from", DEFAULT_STEPS, 1..=MAX_STEPS).map_err(Stop::Unable)?;
    let interval = whole(arguments, "interval_ms", DEFAULT_INTERVAL, 0..=MAX_INTERVAL).map_err(Stop::Unable)?;
    for step in 1..=from {
        caller.pause(Duration::from_millis(interval))?;
        caller.progress(step, from, &format!("{} to go", from - step))?;
    }
    Ok(text(&format!("counted down from {from}: lift-off")))
}

fn ask_name(_: &Arguments, caller: &mut Caller) -> Result<Value, Stop> {
    let form = json!({
        "type": "object",
        "properties": {"name": {"type": "string", "title": "Your name", "minLength": 1, "maxLength": 100}},
        "required": ["name"],
    });
    let answer = caller.ask("What is your name?", form)?;
    match (answer["action"].as_str(), answer["content"]["name"].as_str()) {
        (Some("accept"), Some(name)) if !name.is_empty() => Ok(text(&format!("Hello, {name}!"))),
        (Some("accept"), _) => Err(Stop::Unable("the form came back without a name".into())),
        (Some("decline"), _) => Ok(text("You would rather not say. Hello anyway!")),
        (Some("cancel"), _) => Ok(text("You closed the question without an answer.")),
        _ => Err(Stop::Unable("the client's answer has none of the actions accept, decline and cancel".into())),
    }
}

fn log(arguments: &Arguments, caller: &mut Caller) -> Result<Value, Stop> {
    let message = string(arguments, "message").map_err(Stop::Unable)?;
    let name = arguments.get("level").map_or(Some("info"), Value::as_str).unwrap_or_default();
    let Some(level) = Level::parse(name) else {
        return Err(Stop::Unable(format!("\"level\" must be one of {}", Level::NAMES.join(", "))));
    };
    Ok(match caller.log(level, message)? {
        true => text("sent as a log message"),
        false => text("not sent: the client's log level is higher"),
    })
}

fn string<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, String> {
    arguments.get(name).and_then(Value::as_str).ok_or_else(|| format!("\"{name}\" must be a string"))
}

fn number<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a Number, String> {
    arguments.get(name).and_then(Value::as_number).ok_or_else(|| format!("\"{name}\" must be a number"))
}

fn whole(arguments: &Arguments, name: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    arguments
        .get(name)
        .map_or(Some(default), Value::as_u64)
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("\"{name}\" must be a whole number from {} to {}", range.start(), range.end()))
}

const DEFAULT_STEPS: u64 = 5;
const MAX_STEPS: u64 = 60;
const DEFAULT_INTERVAL: u64 = 1_000;
const MAX_INTERVAL: u64 = 10_000;

//! Entries with a URL, to which the editor connects by itself.

use serde_json::{Map, Value};

use super::found::Found;
use super::peers::Translated;

/// The same for the relay.
///
/// # Errors
/// Why it cannot be the same, for a person.
pub fn translate(found: &Found, url: &str) -> Result<Translated, String> {
    if url.contains("${") || url.contains("{env:") {
        return Err("its URL has a variable in it, which nobody but the editor puts in".into());
    }
    let mut made = Translated { line: vec![url.to_owned()], ..Translated::default() };
    let mut line = Vec::new();
    if found.value.get("type").and_then(Value::as_str) == Some("sse") {
        line.push("--transport=sse-first".to_owned());
    }
    for (name, value) in members(found, "headers").chain(members(found, "http_headers")) {
        let Some(value) = value.as_str() else { continue };
        made.header(&mut line, &found.name, &format!("{name}: {}", variables(value)?));
    }
    for (name, variable) in members(found, "env_http_headers") {
        line.extend(variable.as_str().map(|variable| format!("--header-from={name}=env:{variable}")));
    }
    if let Some(variable) = found.value.get("bearer_token_env_var").and_then(Value::as_str) {
        line.push(format!("--header-from=Authorization=Bearer env:{variable}"));
    }
    made.line.extend(line);
    if !made.line.iter().any(|word| word.to_ascii_lowercase().contains("authorization")) {
        made.notes.push("a sign-in of the editor itself cannot be taken over: sign in once more".into());
    }
    Ok(made)
}

fn members<'f>(found: &'f Found, name: &str) -> impl Iterator<Item = (&'f String, &'f Value)> {
    found.value.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// `${env:NAME}` and `{env:NAME}`, as some editors spell a variable, as we do.
fn variables(text: &str) -> Result<String, String> {
    if text.contains("${input:") || text.contains("${{") || text.contains("{file:") {
        return Err("it asks the editor for a value that only the editor has".into());
    }
    let text = text.replace("${env:", "${");
    Ok(match text.contains("{env:") {
        true => text.replace("{env:", "${"),
        false => text,
    })
}

//! Entries of local servers that are not ours: whether what they start is there, and which secrets stand in
//! them. Only warnings: what such a server needs is known to its makers.

use std::path::Path;

use serde_json::Value;

use super::report::Step;
use crate::auth::quoted;
use crate::commands::adopt::found::Found;
use crate::config::{in_plain, short};
use crate::editors::{Host, On, is_program};
use crate::secret::{is_credential, is_plain, is_shaped, without_scheme};

/// What there is to say of an entry.
pub fn examine(entry: &Found, host: &Host) -> Vec<Step> {
    program(entry, host).into_iter().chain(secrets(entry)).collect()
}

/// The program of the entry, if it is not there.
fn program(entry: &Found, host: &Host) -> Option<Step> {
    let switched_off = entry.value.get("disabled") == Some(&Value::Bool(true))
        || ["enabled", "active"].iter().any(|name| entry.value.get(*name) == Some(&Value::Bool(false)));
    let words = entry.words();
    let program = words.first().filter(|it| !it.is_empty() && !switched_off)?;
    // What the editor, or a shell, makes of it is not known here.
    if program.contains(['$', '%', '{', '~']) || (program.contains(char::is_whitespace) && !program.starts_with('/')) {
        return None;
    }
    let (name, file, path) = (&entry.name, short(&entry.path), Path::new(program));
    if path.is_absolute() {
        if path.exists() || program.contains(char::is_whitespace) {
            return None;
        }
        let fact = format!("{name} starts {}, which is not there", short(path));
        return Some(Step::warn(entry.editor.name, fact, format!("install it again, or take {name} out of {file}")));
    }
    // One below the folder of the project, or of the entry.
    if path.components().count() > 1 {
        return None;
    }
    let own = entry.env().into_iter().find(|(name, _)| name == "PATH").map(|(_, value)| value);
    if own.as_ref().is_some_and(|own| own.contains(['$', '%'])) {
        return None;
    }
    let bare = match host.os {
        On::Windows => program.trim_end_matches(".exe").trim_end_matches(".cmd"),
        _ => program,
    };
    let below = |folders: &String| std::env::split_paths(folders).any(|folder| is_program(&folder.join(program)));
    if host.on_path(bare).is_some() || own.as_ref().is_some_and(below) {
        return None;
    }
    let fact = format!("{name} starts {program}, which is not on the PATH here");
    Some(Step::warn(entry.editor.name, fact, format!("install it, or write its whole path into {file}")))
}

/// The secrets in the entry.
pub fn secrets(entry: &Found) -> Option<Step> {
    let variables = entry.env().into_iter().filter(|(name, value)| is_secret(name, value));
    let mut found: Vec<(String, String)> =
        variables.map(|(name, _)| (format!("the variable {name}"), instead(entry, Some(&name)))).collect();
    let words = entry.words();
    let mut all = arguments(words.get(1..).unwrap_or_default());
    if found.is_empty() && all.is_empty() {
        // In a line for a shell.
        let lines = words.iter().filter(|word| word.contains(char::is_whitespace));
        let pieces = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')));
        all = arguments(&pieces.filter(|piece| !piece.is_empty()).map(str::to_owned).collect::<Vec<_>>());
    }
    found.extend(all.into_iter().map(|what| (what, instead(entry, None))));
    let (what, remedy) = found.first()?;
    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
    let fact = format!("{} has a secret in plain: {what}{more}", entry.name);
    Some(Step::warn(entry.editor.name, fact, remedy.clone()))
}

/// The secrets among `words`, in words that do not show them.
fn arguments(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = || words.get(at + 1).filter(|next| !next.starts_with('-')).map_or("", String::as_str);
        let (name, value) = match (word.strip_prefix('-'), word.split_once('=')) {
            (Some(_), Some(pair)) => pair,
            (Some(_), None) => (word.as_str(), next()),
            // `-e NAME=VALUE`, as docker has it.
            (None, Some((name, value))) if !name.contains([':', '/', '?']) => (name, value),
            (None, _) => ("", word.as_str()),
        };
        let is_header = matches!(name.trim_start_matches('-'), "H" | "header") && in_plain("header", value).is_some();
        if is_secret(name, value) || is_header {
            found.push(if name.is_empty() { "an argument".to_owned() } else { format!("the value of {name}") });
        }
    }
    found
}

/// What a person can do about it: the editor has to put the value in, if it can.
fn instead(entry: &Found, variable: Option<&str>) -> String {
    let (editor, name, file) = (entry.editor.title, variable.unwrap_or("NAME"), short(&entry.path));
    let reference = match entry.editor.name {
        "cursor" | "vscode" | "vscode-insiders" | "windsurf" | "roo" => format!("${{env:{name}}}"),
        "claude-code" | "gemini" => format!("${{{name}}}"),
        "opencode" => format!("{{env:{name}}}"),
        "continue" => format!("${{{{ secrets.{name} }}}}"),
        "codex" => {
            return format!("set the variable {name} where {editor} starts, and name it in env_vars of {file} instead");
        }
        _ => {
            let path = quoted(&entry.path.display().to_string());
            return format!("{editor} puts no variables in; let nobody else read the file: chmod 600 {path}");
        }
    };
    format!("set the variable {name} where {editor} starts, and write {reference} into {file} in its place")
}

/// Whether `value` is a secret by its own form, or by the name that it has.
fn is_secret(name: &str, value: &str) -> bool {
    let bare = without_scheme(value);
    if !is_plain(bare) || is_stand_in(bare) {
        return false;
    }
    is_shaped(bare) || in_plain("url", value.trim()).is_some() || (is_credential(name) && !is_harmless(bare))
}

/// Whether a value of a telling name is none: a switch, a number, a path or an address.
fn is_harmless(value: &str) -> bool {
    let is_path = value.starts_with(['/', '~', '.', '\\']) || value.get(1..3) == Some(":\\");
    value.len() < SHORTEST
        || matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null")
        || value.parse::<f64>().is_ok()
        || is_path
        || value.contains("://")
}

/// What documentation writes where a secret belongs.
fn is_stand_in(value: &str) -> bool {
    let small = value.to_ascii_lowercase();
    value.starts_with(['<', '[', '%', '{'])
        || value.contains(['…', '*'])
        || small.starts_with("your")
        || small.starts_with("xxx")
        || small.contains("placeholder")
        || small.contains("changeme")
}

/// Letters. What is shorter is a number or a switch.
const SHORTEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_or_its_form_and_settings_are_none() {
        for (name, value) in [
            ("API_KEY", "abcd1234"),
            ("OPENAI_API_KEY", "sk-proj-abcdefgh"),
            ("githubToken", "abcdefgh"),
            ("--api-key", "abcdefgh"),
            ("DB_PASSWORD", "hunter2"),
            ("AUTH", "Bearer abcdefgh"),
            ("X", "ghp_abcdefghijkl"),
            ("", "eyJhbGciOiJIUzI1NiJ9.e30.x"),
            ("DATABASE_URL", "postgres://me:abcd@db.example/x"),
            ("URL", "https://h.example/mcp?api_key=abcd"),
        ] {
            assert!(is_secret(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("API_KEY", ""),
            ("API_KEY", "${env:API_KEY}"),
            ("API_KEY", "{env:API_KEY}"),
            ("API_KEY", "%API_KEY%"),
            ("API_KEY", "<your key>"),
            ("API_KEY", "YOUR_API_KEY"),
            ("API_KEY", "keychain:mine"),
            ("API_KEY", "op://vault/item/key"),
            ("TOKEN_LIMIT", "100000"),
            ("MAX_TOKEN", "4096"),
            ("SSH_AUTH_SOCK", "/run/user/1/agent"),
            ("SSH_KEY", "~/.ssh/id_ed25519"),
            ("PUBLIC_KEY", "abcdefgh"),
            ("AUTH_MODE", "oauth"),
            ("KEYCLOAK_URL", "https://h.example/"),
            ("AUTHOR", "somebody"),
            ("USE_TOKEN", "true"),
            ("--path", "sk-abc"),
        ] {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }
}

//! Secrets in the file of an editor, which a diff shows to whoever looks over the shoulder.

use serde_json::Value;

use super::format::Format;
use crate::config::in_plain;
use crate::secret::is_credential;

/// `text` with its secrets made unreadable. `format` is how the file is written; a text that cannot be read
/// comes back as it is.
pub fn masked(format: Format, text: &str) -> String {
    let Ok(root) = format.read(text) else { return text.to_owned() };
    let mut secrets = Vec::new();
    collect(text, &root, false, &mut secrets);
    // A longer one may begin with a shorter one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut text = text.to_owned();
    for secret in secrets {
        let written = Value::from(secret.as_str()).to_string();
        text = text.replace(written.trim_matches('"'), MASK).replace(&secret, MASK);
    }
    text
}

/// The secrets below `value` in `text`; `telling` says that its name is that of one.
fn collect(text: &str, value: &Value, telling: bool, secrets: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                // A variable that an argument names may be one, whatever its name.
                let named = || text.contains(&format!("${{{name}}}"));
                collect(text, value, is_credential(name) || (value.is_string() && named()), secrets);
            }
        }
        Value::Array(words) => {
            let mut flag = "";
            for word in words {
                match word.as_str() {
                    Some(word) => of_word(word, flag, secrets),
                    None => collect(text, word, false, secrets),
                }
                flag = word.as_str().and_then(|word| word.strip_prefix("--")).unwrap_or_default();
            }
        }
        Value::String(own) if telling => add(own, secrets),
        Value::String(own) => of_word(own, "", secrets),
        _ => {}
    }
}

/// The secrets in one word, behind the flag `flag` if it is the value of one.
fn of_word(word: &str, flag: &str, secrets: &mut Vec<String>) {
    let (flag, value) = match word.strip_prefix("--").map(|word| word.split_once('=').unwrap_or((word, ""))) {
        Some(pair) => pair,
        None => (flag, word),
    };
    if let Ok(inside @ Value::Object(_)) = serde_json::from_str(value) {
        return collect(value, &inside, false, secrets);
    }
    // A header parses too, with its name as the scheme.
    if let Some(url) = url::Url::parse(value).ok().filter(url::Url::has_host) {
        let query = url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        query.filter(|(name, _)| is_credential(name)).for_each(|(_, value)| add(value, secrets));
        url.password().into_iter().for_each(|password| add(password, secrets));
        return;
    }
    // `Name: value` of a header, several of them in one variable.
    for line in value.lines().filter(|line| in_plain("header", line).is_some() && !flag.ends_with("-from")) {
        add(line.split_once(':').map_or(line, |(_, value)| value), secrets);
    }
    match value.split_once('=') {
        Some((name, value)) if is_credential(name) && !name.contains([':', ' ']) => add(value, secrets),
        None if is_credential(flag) && !value.contains(':') => add(value, secrets),
        _ => {}
    }
}

fn add(text: &str, secrets: &mut Vec<String>) {
    let text = text.trim();
    // `Bearer SECRET`, `Bearer keychain:NAME`.
    let secret = text.split_once(' ').filter(|(scheme, _)| scheme.chars().all(char::is_alphanumeric));
    let secret = secret.map_or(text, |(_, secret)| secret).trim();
    let elsewhere = ["env:", "file:", "keychain:", "cmd:", "@", "${", "$", "{env:"];
    if secret.len() >= SHORTEST && !elsewhere.iter().any(|start| secret.starts_with(start)) {
        secrets.push(secret.to_owned());
    }
}

/// In place of a secret.
const MASK: &str = "…";
/// Bytes. What is shorter is a number or a switch, and stands in many words.
const SHORTEST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_unreadable_and_all_else_is_as_it_was() {
        let text = r#"{"mcpServers": {
            "a": {"command": "npx", "args": ["x", "--header", "Authorization: Bearer s3cret-1", "--api-key", "s3cret-2"],
                  "env": {"API_KEY": "s3cret-3", "PORT": "3000", "MCPBRIDGE_HEADER": "X-Key:s3cret-4\nX-A:1 2"}},
            "b": {"url": "https://h.example/mcp?tenant=12345&api_key=s3cret-5", "headers": {"X-Api-Key": "s3cret\"-6"}},
            "c": {"args": ["--static-oauth-client-info", "{\"client_id\":\"public\",\"client_secret\":\"s3cret-7\"}"]},
            "d": {"args": ["-e", "MY_TOKEN=s3cret-8", "--oauth2Bearer=s3cret-9"]}
        }}"#;
        let masked = super::masked(Format::Json, text);
        assert!(!masked.contains("s3cret"), "{masked}");
        assert!(masked.contains("Authorization: Bearer …") && masked.contains("tenant=12345"), "{masked}");
        assert!(masked.contains("public") && masked.contains("X-A:1 2") && masked.contains("3000"), "{masked}");
        let same = r#"{"a": {"args": ["https://h.example/mcp", "--header-from", "X-Key=env:MY_VALUE", "--header", "X-Key:${MY_VALUE}",
            "--header-from", "Authorization=Bearer keychain:somewhere", "--account", "somebody"]}}"#;
        assert_eq!(super::masked(Format::Json, same), same);
    }
}

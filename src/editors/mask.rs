//! Secrets in the file of an editor, which a diff shows to whoever looks over the shoulder. Rather a word too many is
//! hidden than one too few.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::format::Format;
use crate::secret::{is_credential, is_reference, is_scheme, is_shaped, without_scheme};

/// `text` with its secrets made unreadable. `format` is how the file is written; a text that cannot be read
/// comes back as it is.
pub fn masked(format: Format, text: &str) -> String {
    let Ok(root) = format.read(text) else { return text.to_owned() };
    let mut found = Found { text, ..Found::default() };
    found.collect(&root, "");
    found.hidden()
}

/// The secrets of a text.
#[derive(Default)]
struct Found<'a> {
    text: &'a str,
    /// What is to be replaced wherever it stands, and by what.
    anywhere: Vec<(String, String)>,
    /// What is too short for that, behind the name that it has.
    behind: Vec<(String, String)>,
    /// Those that the text spells as nobody expects.
    lost: Vec<String>,
}

impl Found<'_> {
    /// The secrets below `value`, which has this name; one of a credential is that of all that it holds, with their
    /// own behind it.
    fn collect(&mut self, value: &Value, name: &str) {
        match value {
            Value::Object(members) => {
                for (own, value) in members {
                    let whole = format!("{name}/{own}");
                    // An entry that is called `key-vault` has a command, and a list of keys has keys.
                    let name = if is_credential(name) && is_credential(&whole) { &whole } else { own };
                    match value {
                        // A variable that an argument names may be one, whatever its name.
                        Value::String(value) if self.text.contains(&format!("${{{own}}}")) => self.add(own, value),
                        value => self.collect(value, name),
                    }
                }
            }
            Value::Array(items) if is_credential(name) => items.iter().for_each(|item| self.collect(item, name)),
            Value::Array(items) => {
                items.iter().filter(|item| !item.is_string()).for_each(|item| self.collect(item, name));
                self.words(items.iter().map(|item| item.as_str().unwrap_or_default()));
            }
            Value::String(text) if name == "command" => self.line(text),
            Value::String(text) => self.word(text, name),
            Value::Number(number) if is_credential(name) => self.add(name, &number.to_string()),
            _ => {}
        }
    }

    /// The secrets in the words of a command.
    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        let mut name = "";
        for word in words {
            self.word(word, name);
            if word.contains(char::is_whitespace) {
                self.line(word);
            }
            let scheme = word.rsplit(':').next().unwrap_or_default();
            name = match word.strip_suffix(':') {
                // A header, in a line for a shell.
                Some(header) => header,
                // `Token` and `Basic` are words of other lines too.
                None if is_scheme(scheme) && (is_credential(name) || scheme != word || scheme == "Bearer") => "bearer",
                None if word.starts_with('-') && !word.contains('=') => word.trim_start_matches('-'),
                None => "",
            };
        }
    }

    /// A line for a shell has words in one.
    fn line(&mut self, line: &str) {
        if line.contains(char::is_whitespace) {
            let words = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
            self.words(words.filter(|word| !word.is_empty()));
        } else {
            self.word(line, "");
        }
    }

    /// The secrets in one word; `name` is that of its variable, or of the flag that it follows.
    fn word(&mut self, word: &str, name: &str) {
        let (name, value) = match word.strip_prefix('-') {
            Some(_) if word.contains('=') => {
                let (flag, value) = word.split_once('=').unwrap_or_default();
                (flag.trim_start_matches('-'), value)
            }
            Some(rest) if rest.starts_with('-') => return,
            _ => (name, word),
        };
        if let Ok(inside @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(value) {
            self.collect(&inside, name);
            return;
        }
        self.urls(value);
        let is_url = url::Url::parse(value).is_ok_and(|url| url.has_host());
        match is_url {
            // What it carries was looked at.
            true => {}
            false if is_credential(name) => self.add(name, value),
            false => self.pairs(value),
        }
        let pieces = value.split(|c: char| c.is_whitespace() || "\"',;=:/@?&#".contains(c));
        pieces.filter(|piece| is_shaped(piece)).for_each(|piece| self.add("", piece));
    }

    /// `Name: value` of headers, one a line; `NAME=VALUE`, also several of them, as for a database.
    fn pairs(&mut self, text: &str) {
        for line in text.lines() {
            let header =
                line.split_once(':').filter(|(name, _)| !name.trim().contains(['=', '/', '?', '{', ' ', '"', '\'']));
            if let Some((name, value)) = header.filter(|(name, _)| is_credential(name)) {
                self.add(name.trim(), value);
                continue;
            }
            let pieces = line.split([';', ',', '&', ' ']);
            for pair in [line].into_iter().chain(pieces) {
                let pair = pair.split_once('=').filter(|(name, _)| !name.contains([':', '/', '?', ' ', ';', ',']));
                if let Some((name, value)) = pair.filter(|(name, _)| is_credential(name)) {
                    self.add(name, value);
                }
            }
        }
    }

    /// Who the URLs in `text` name, and the keys that they carry. Cut out of the text, and not asked of a [`url::Url`],
    /// which spells them anew.
    fn urls(&mut self, text: &str) {
        for (at, _) in text.match_indices("://") {
            let rest = &text[at + 3..];
            let rest = &rest
                [..rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).unwrap_or(rest.len())];
            let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            if let Some((who, _)) = rest[..host].rsplit_once('@') {
                let password = who.split_once(':').map_or(who, |(_, password)| password);
                if !password.is_empty() && !is_reference(password) {
                    self.replace(format!("://{who}@"), format!("://{MASK}@"));
                    self.add("", password);
                    self.spelled(password);
                }
            }
            for pair in rest[host..].split(['?', '#', '&', ';']).skip(1) {
                match pair.split_once('=') {
                    Some((name, value)) if is_credential(&percent_decode_str(name).decode_utf8_lossy()) => {
                        self.add(name, value);
                        self.spelled(value);
                    }
                    // A key without a name.
                    None if pair.len() >= SHORTEST_KEY => self.add("", pair),
                    _ => {}
                }
            }
        }
    }

    /// What of a URL is a secret may stand elsewhere as it is.
    fn spelled(&mut self, in_url: &str) {
        let plain = percent_decode_str(in_url).decode_utf8_lossy();
        if plain.len() >= SHORTEST && !is_reference(&plain) {
            self.replace(plain.into_owned(), MASK.to_owned());
        }
    }

    /// A value that is a secret. `name` is behind the last `/` the one that stands before it in the text.
    fn add(&mut self, name: &str, value: &str) {
        let secret = without_scheme(value);
        if secret.is_empty() || is_reference(secret) || is_scheme(secret) || SWITCHES.contains(&secret) {
            return;
        }
        if secret.len() < SHORTEST {
            let own = name.rsplit('/').next().unwrap_or(name);
            if !own.is_empty() {
                self.behind.push((own.to_owned(), secret.to_owned()));
            }
            return;
        }
        let parts: Vec<&str> = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST).collect();
        for part in parts {
            if !self.replace(part.to_owned(), MASK.to_owned()) {
                self.lost.push(part.to_owned());
            }
        }
    }

    /// Replaces `what` in every spelling; says whether it stands in the text at all.
    fn replace(&mut self, what: String, by: String) -> bool {
        let json = |text: &str| {
            let quoted = Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let (once, yaml) = (json(&what), what.replace('\'', "''"));
        // JSON in a string of JSON.
        let twice = json(&once);
        let slashes = once.replace('/', "\\/");
        let mut stands = false;
        for spelled in [what, once, twice, slashes, yaml] {
            if self.text.contains(&spelled) {
                stands = true;
                self.anywhere.push((spelled, by.clone()));
            }
        }
        stands
    }

    /// The text without them.
    fn hidden(mut self) -> String {
        let mut text = self.text.to_owned();
        if !self.lost.is_empty() {
            // Escapes of its own, or a text that is folded: what may be a part of it goes.
            let pieces = self.lost.iter().flat_map(|lost| lost.split_whitespace()).filter(|it| it.len() >= SHORTEST);
            self.anywhere.extend(pieces.map(|piece| (piece.to_owned(), MASK.to_owned())));
            text = text.split_inclusive('\n').map(without_escapes).collect();
        }
        // A longer one may begin with a shorter one.
        self.anywhere.sort_by_key(|(what, _)| std::cmp::Reverse(what.len()));
        for (what, by) in &self.anywhere {
            text = text.replace(what, by);
        }
        self.behind.iter().fold(text, |text, (name, secret)| without_behind(&text, name, secret))
    }
}

/// A line, or nothing of it if it has escapes.
fn without_escapes(line: &str) -> String {
    if !line.contains('\\') {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len();
    let end = if line.ends_with('\n') { "\n" } else { "" };
    format!("{}{MASK}{end}", &line[..indent])
}

/// `text` without `secret` where it is the value of `name`, in whatever format.
fn without_behind(text: &str, name: &str, secret: &str) -> String {
    let (mut shown, mut done) = (String::new(), 0);
    for (at, _) in text.match_indices(secret) {
        let (before, after) = (&text[..at], &text[at + secret.len()..]);
        let between = |c: char| c.is_whitespace() || matches!(c, ':' | '=' | '"' | '\'' | ',' | '-' | '\\' | '[');
        let is_whole = before.ends_with(between) && !after.starts_with(char::is_alphanumeric);
        if is_whole && before.trim_end_matches(between).ends_with(name) {
            shown.push_str(&text[done..at]);
            shown.push_str(MASK);
            done = at + secret.len();
        }
    }
    shown + &text[done..]
}

/// In place of a secret.
const MASK: &str = "…";
/// Bytes. What is shorter stands in many words, so it is looked for behind its name alone.
const SHORTEST: usize = 5;
/// Bytes of what a URL asks without a name. What is shorter is a switch.
const SHORTEST_KEY: usize = 16;
/// Values that are none, whatever their name.
const SWITCHES: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "none", "null"];

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

    #[test]
    fn a_secret_is_unreadable_whatever_signs_it_has() {
        for (entry, hidden) in [
            (r#"["--api-key", "c2VjcmV0MTIz=="]"#, r#"["--api-key", "…"]"#),
            (r#"["--api-key=c2VjcmV0MTIz=="]"#, r#"["--api-key=…"]"#),
            (r#"["--token", "id:s3cret-x"]"#, r#"["--token", "…"]"#),
            (r#"["--token", "-s3cret-x"]"#, r#"["--token", "…"]"#),
            (r#"["--pin", "1234", "--port", "1234"]"#, r#"["--pin", "…", "--port", "1234"]"#),
            (r#"{"PASSPHRASE": "correct horse battery"}"#, r#"{"PASSPHRASE": "…"}"#),
            (r#"{"PASSWORD": "$ecret123"}"#, r#"{"PASSWORD": "…"}"#),
            (r#"{"PASSWORD": "@dmin123"}"#, r#"{"PASSWORD": "…"}"#),
            (r#"{"PASSWORD": "a/b\"c"}"#, r#"{"PASSWORD": "…"}"#),
            (r#"{"PASSWORD": "a\/bcd"}"#, r#"{"PASSWORD": "…"}"#),
            (r#"{"PIN": 12345678}"#, r#"{"PIN": …}"#),
            (r#"{"PIN": 1234, "PORT": 1234}"#, r#"{"PIN": …, "PORT": 1234}"#),
            (r#"{"apiKeys": ["a-key-1", "a-key-2"]}"#, r#"{"apiKeys": ["…", "…"]}"#),
            (r#"{"tokens": {"work": "a-token"}}"#, r#"{"tokens": {"work": "…"}}"#),
            (
                r#"{"auth": {"type": "basic", "user": "somebody", "password": "hunter2"}}"#,
                r#"{"auth": {"type": "basic", "user": "somebody", "password": "…"}}"#,
            ),
            (r#"["sk-proj-abcdefgh", "ghp_abcdefghijkl"]"#, r#"["…", "…"]"#),
            (r#"{"A": "ghp_abcdefghijkl"}"#, r#"{"A": "…"}"#),
            (
                r#"["-c", "npx x --api-key abcdef -H 'X-Key: ghijkl' -H 'Authorization: Bearer mnopqr'"]"#,
                r#"["-c", "npx x --api-key … -H 'X-Key: …' -H 'Authorization: Bearer …'"]"#,
            ),
            (r#"["--header Authorization:Bearer hunter2"]"#, r#"["--header Authorization:Bearer …"]"#),
            (r#"{"DB": "Server=h;User Id=sa;Password=hunter2;"}"#, r#"{"DB": "Server=h;User Id=sa;Password=…;"}"#),
            (r#"{"MCP_HEADERS": "{\"X-Api-Key\": \"hunter2\"}"}"#, r#"{"MCP_HEADERS": "{\"X-Api-Key\": \"…\"}"}"#),
        ] {
            assert_eq!(super::masked(Format::Json, &format!("{{\"a\": {entry}}}")), format!("{{\"a\": {hidden}}}"));
        }
    }

    #[test]
    fn who_a_url_names_and_what_it_carries_is_unreadable_as_it_is_spelled() {
        for (url, hidden) in [
            ("https://u:c2Vj==@h.example/mcp", "https://…@h.example/mcp"),
            ("https://u:p@h.example/mcp", "https://…@h.example/mcp"),
            ("https://ghp_x@h.example/", "https://…@h.example/"),
            ("https://a-token:x-oauth-basic@h.example/", "https://…@h.example/"),
            ("https://h.example/?a=1&api_key=c2Vj==#x", "https://h.example/?a=1&api_key=…#x"),
            ("https://h.example/?api%5Fkey=a%20bcde", "https://h.example/?api%5Fkey=…"),
            ("https://h.example/#access_token=abcdef", "https://h.example/#access_token=…"),
            ("https://h.example/?abcdefghijklmnop", "https://h.example/?…"),
            ("DATABASE_URL=postgres://me:hunter2@db.example/x", "DATABASE_URL=postgres://…@db.example/x"),
            ("https://u:${P}@h.example/mcp?key=${K}", "https://u:${P}@h.example/mcp?key=${K}"),
            ("https://h.example/mcp?readonly", "https://h.example/mcp?readonly"),
        ] {
            for (before, after) in [("{\"url\": \"", "\"}"), ("{\"args\": [\"", "\"]}")] {
                let masked = super::masked(Format::Json, &format!("{before}{url}{after}"));
                assert_eq!(masked, format!("{before}{hidden}{after}"));
            }
        }
    }

    #[test]
    fn spellings_of_other_formats_hide_nothing_from_the_mask() {
        for (format, text, hidden) in [
            (Format::YamlMap, "a:\n  API_KEY: 123456789\n  B: 1\n", "a:\n  API_KEY: …\n  B: 1\n"),
            (Format::YamlMap, "a:\n  API_KEY: 'it''s me'\n", "a:\n  API_KEY: '…'\n"),
            (Format::YamlMap, "a:\n  API_KEY: \"ab\\x63def\"\n  B: 1\n", "a:\n  …\n  B: 1\n"),
            (
                Format::YamlMap,
                "a:\n  API_KEY: |\n    first-line\n    second-line\n",
                "a:\n  API_KEY: |\n    …\n    …\n",
            ),
            (Format::Toml, "[a]\nPIN = 1234\nPORT = 1234\n", "[a]\nPIN = …\nPORT = 1234\n"),
            (Format::Toml, "[a]\nTOKEN = 'a\\b\"cd'\n", "[a]\nTOKEN = '…'\n"),
            (Format::Json, "{\n\"TOKEN\": \"ab\\u0063def\",\n\"B\": 1}", "{\n…\n\"B\": 1}"),
        ] {
            assert_eq!(super::masked(format, text), hidden);
        }
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        let same = r#"{"mcpServers": {"token-vault": {"command": "npx", "args": ["-y", "a-package", "--ignore-tool", "get_token",
            "--static-oauth-client-metadata", "{\"client_name\":\"somebody\"}", "--no-auth", "something"], "type": "stdio",
            "env": {"KEYCLOAK_URL": "https://h.example/", "AUTHOR": "somebody", "AUTH_MODE": "oauth", "USE_TOKEN": "false",
            "API_KEY": "${input:api-key}", "B_KEY": "$B_KEY"}, "disabled": false, "timeout": 60000}}}"#;
        assert_eq!(super::masked(Format::Json, same), same);
    }
}

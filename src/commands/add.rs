//! `mcpbridge add`: gives a server a name, and keeps the flags for it.

use std::env;
use std::process::ExitCode;

use serde_json::json;

use super::{lasting, names, print, print_json, server};
use crate::auth::quoted;
use crate::cli::{Add, Setting, Value};
use crate::config::{self, Home, New, Shape, Words, in_plain, short};
use crate::failure::{Failure, Kind};
use crate::http::shown;

/// Adds a server with the flags that were typed.
///
/// # Errors
/// The name cannot be one or is taken, a secret would be kept in plain, or the file cannot be changed.
pub fn run(typed: &Add, flags: &[Setting]) -> anyhow::Result<ExitCode> {
    let allows_http = flags.iter().any(|flag| flag.flag == "allow-http");
    let url = server::url(&typed.url, allows_http)?;
    if let Some(what) = in_plain("url", &typed.url) {
        return Err(refuse(&what, &lasting::instead_in_url_of(&typed.name, &url)));
    }
    for flag in flags {
        let Value::Texts(texts) = &flag.value else { continue };
        if let Some(what) = texts.iter().find_map(|text| in_plain(&flag.flag, text)) {
            return Err(refuse(&what, &remedy(typed, flag, texts)));
        }
    }
    let home = Home::find(|name| env::var_os(name))?;
    let words = names::words();
    let set = flags.iter().map(|flag| (flag.flag.clone(), value(&words, &flag.flag, &flag.value))).collect();
    let new = New { name: &typed.name, url: typed.url.trim(), port: typed.port, set };
    let added = config::add(&home, &words, &new)?;
    if typed.json {
        return print_json(&json!({
            "schema_version": 1,
            "name": typed.name,
            "url": shown(&url),
            "added": added.changed,
            "file": added.path,
        }));
    }
    let how = if added.changed { "added to" } else { "is already in" };
    print(
        format!(
            "{} {how} {}\n  sign in:        mcpbridge login {0}\n  into an editor: mcpbridge install EDITOR {0}\n",
            typed.name,
            short(&added.path)
        )
        .as_bytes(),
    )
}

fn refuse(what: &str, remedy: &str) -> anyhow::Error {
    Failure::new(Kind::Usage, format!("{what} would be kept in plain in config.toml")).remedy(remedy).into()
}

fn remedy(typed: &Add, flag: &Setting, texts: &[String]) -> String {
    if flag.flag != "header" {
        return lasting::instead(&flag.flag);
    }
    let telling = texts.iter().find(|text| in_plain("header", text).is_some());
    let header = telling.and_then(|text| text.split_once(':')).map_or("NAME", |(header, _)| header.trim());
    let (name, url) = (&typed.name, quoted(typed.url.trim()));
    format!(
        "leave it out, and keep it in the keychain: mcpbridge add {name} {url} && mcpbridge login {name} \
         --api-key-header {header}; or name a variable, in single quotes: --header '{header}:${{VARIABLE}}'"
    )
}

fn value(words: &Words, flag: &str, typed: &Value) -> config::Value {
    match typed {
        Value::Switch(on) => config::Value::Switch(*on),
        Value::Texts(texts) if words.shape(flag) == Some(Shape::Seconds) => {
            // Typed as `5s` too, which is no number of a file; and a zero is read back without its sign.
            let number = |text: &String| text.trim_end_matches('s').parse::<f64>().map(|it| (it + 0.0).to_string());
            config::Value::Texts(texts.iter().map(|text| number(text).unwrap_or_else(|_| text.clone())).collect())
        }
        Value::Texts(texts) => config::Value::Texts(texts.iter().map(|text| lasting::placed(flag, text)).collect()),
    }
}

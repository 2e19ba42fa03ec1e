//! `mcpbridge prompts`: the prompts of a server, and one of them filled in.

use std::process::ExitCode;

use serde_json::json;

use super::arguments::{self, Part, did_you_mean};
use super::content::{Piece, shown};
use super::resources::known;
use super::shell::{self, Shell};
use super::table::{Row, first_sentence, table};
use super::{print, print_raw, print_spelled};
use crate::cli::Prompts;
use crate::era::quoted;
use crate::failure::{Failure, Kind};
use crate::message::{elements, member, plain_string};
use crate::plain::one_line;

/// Lists the prompts, or prints the messages of one.
///
/// # Errors
/// The list cannot be had, the prompt is not in it, or the arguments are not those that it takes.
pub fn run(typed: Prompts) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    let parts = arguments::parts(&typed.arguments)?;
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let prompts = known(shell.list("prompts/list", "prompts").await)?;
        if let Some(name) = &typed.name {
            return one(shell, &prompts, name, &parts, json).await;
        }
        if json {
            let server = quoted(&shell.server());
            let line = format!(r#"{{"schema_version":1,"server":{server},"prompts":[{}]}}"#, prompts.join(","));
            return print_spelled(&line);
        }
        if prompts.is_empty() {
            eprintln!("{} has no prompts", shell.server());
            return Ok(ExitCode::SUCCESS);
        }
        print(table(&prompts.iter().map(|prompt| row(prompt)).collect::<Vec<_>>()).as_bytes())
    })
}

async fn one(
    shell: &mut Shell,
    prompts: &[String],
    name: &str,
    parts: &[Part],
    json: bool,
) -> anyhow::Result<ExitCode> {
    let Some(prompt) = prompts.iter().find(|prompt| word(prompt, "name").as_deref() == Some(name)) else {
        let names: Vec<String> = prompts.iter().filter_map(|prompt| word(prompt, "name")).collect();
        let meant = did_you_mean(name, names.iter().map(String::as_str));
        let remedy = meant.unwrap_or_else(|| format!("{} lists those that there are", shell.command("prompts")));
        return Err(Failure::new(Kind::Usage, format!("{} has no prompt {name:?}", shell.server()))
            .remedy(remedy)
            .into());
    };
    let arguments = arguments::object(parts, &schema(prompt), name)?;
    let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, quoted(name));
    let answer = shell.ask("prompts/get", &params).await?;
    let messages = member(answer.result().unwrap_or("{}"), "messages").unwrap_or("[]");
    if json {
        let line = format!(r#"{{"schema_version":1,"prompt":{},"messages":{messages}}}"#, quoted(name));
        return print_spelled(&line);
    }
    let each: Vec<&str> = elements(messages).unwrap_or_default().into_iter().map(|at| &messages[at]).collect();
    // Who says what matters only where there is more than one.
    let several = each.len() > 1;
    let mut pieces = Vec::new();
    for message in each {
        if several {
            pieces.push(Piece::Text(format!("{}:", word(message, "role").unwrap_or_default())));
        }
        let content = member(message, "content").unwrap_or("{}");
        pieces.push(Piece::of_block(content));
    }
    print_raw(&shown(&pieces, "--json has it"))
}

/// The arguments of a prompt, all of which are strings, as a schema.
fn schema(prompt: &str) -> String {
    let list = member(prompt, "arguments").unwrap_or("[]");
    let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
    for at in elements(list).unwrap_or_default() {
        let argument = &list[at];
        let Some(name) = word(argument, "name") else { continue };
        if member(argument, "required") == Some("true") {
            required.push(name.clone());
        }
        properties.insert(name, json!({ "type": "string", "description": word(argument, "description") }));
    }
    json!({ "properties": properties, "required": required, "additionalProperties": false }).to_string()
}

fn row(prompt: &str) -> Row {
    let list = member(prompt, "arguments").unwrap_or("[]");
    let needs = elements(list).unwrap_or_default().into_iter().map(|at| &list[at]);
    let needs = needs.filter(|argument| member(argument, "required") == Some("true"));
    let needs: Vec<String> = needs.filter_map(|argument| word(argument, "name")).map(|name| one_line(&name)).collect();
    let about = word(prompt, "description").or_else(|| word(prompt, "title")).unwrap_or_default();
    Row {
        name: one_line(&word(prompt, "name").unwrap_or_default()),
        more: needs.join(" "),
        about: first_sentence(&about),
    }
}

fn word(text: &str, name: &str) -> Option<String> {
    member(text, name).and_then(plain_string).map(|text| text.into_owned())
}

//! `mcpbridge listen`: what a server tells of changes, one JSON line each.

use std::process::ExitCode;

use serde_json::Value;

use super::{shell, write_spelled};
use crate::cli::Listen;
use crate::failure::{Failure, Kind};
use crate::message::{Message, member};
use crate::plain::one_line;

/// Prints changes until it is interrupted or nobody reads.
///
/// # Errors
/// The server has no such subscriptions, agrees to none, or has ended this one; or Ctrl-C, which is how it usually ends.
pub fn run(typed: Listen) -> anyhow::Result<ExitCode> {
    shell::with(&typed.server, typed.reach, false, async |shell| {
        let changes = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];
        let changes: Vec<String> = changes.iter().map(|change| format!("\"{change}\":true")).collect();
        let uris = serde_json::Value::from(typed.uris.clone());
        let wanted = format!("{{{},\"resourceSubscriptions\":{uris}}}", changes.join(","));
        shell.listen(&wanted).await?;
        loop {
            let news = shell.client().notification().await?;
            if news.method() == "notifications/subscriptions/acknowledged" {
                let agreed = news.params().and_then(|params| member(params, "notifications")).unwrap_or("{}");
                let agreed: Value = serde_json::from_str(agreed).unwrap_or_default();
                for uri in typed.uris.iter().filter(|uri| !tells_of(&agreed, uri)) {
                    log::warn!("{} does not tell of {}", shell.server(), one_line(uri));
                }
                if !tells_anything(&agreed) {
                    let fact = format!("{} tells of no changes that were asked for", shell.server());
                    let remedy = format!("what it has: {}", shell.command("resources"));
                    return Err(Failure::new(Kind::Protocol, fact).remedy(remedy).into());
                }
                log::info!("listening to {}: {agreed}", shell.server());
            } else if !write_spelled(&line(&news))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    })
}

/// Whether the server agreed to tell when this resource changes.
fn tells_of(agreed: &Value, uri: &str) -> bool {
    agreed["resourceSubscriptions"].as_array().is_some_and(|uris| uris.iter().any(|one| one == uri))
}

/// Whether the server agreed to tell of anything at all. Else one would wait for ever.
fn tells_anything(agreed: &Value) -> bool {
    let is_something = |part: &Value| match part {
        Value::Null | Value::Bool(false) => false,
        Value::Array(parts) => !parts.is_empty(),
        _ => true,
    };
    agreed.as_object().is_some_and(|agreed| agreed.values().any(is_something))
}

/// The method and the parameters, as the server spelled them.
fn line(news: &Message) -> String {
    let method = crate::era::quoted(news.method());
    let params = news.params().map(|params| format!(",\"params\":{params}")).unwrap_or_default();
    format!("{{\"schema_version\":1,\"method\":{method}{params}}}")
}

//! `mcpbridge listen`: what a server tells of changes, one JSON line each.

use std::process::ExitCode;

use super::{shell, write_raw};
use crate::cli::Listen;
use crate::message::{Message, member};

/// Prints changes until it is interrupted or nobody reads.
///
/// # Errors
/// The server has no such subscriptions, or has ended this one; or Ctrl-C, which is how it usually ends.
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
                log::info!("listening to {}: {agreed}", shell.server());
            } else if !write_raw(&line(&news))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    })
}

/// The method and the parameters, as the server spelled them.
fn line(news: &Message) -> Vec<u8> {
    let method = crate::era::quoted(news.method());
    let params = news.params().map(|params| format!(",\"params\":{params}")).unwrap_or_default();
    format!("{{\"schema_version\":1,\"method\":{method}{params}}}\n").into_bytes()
}

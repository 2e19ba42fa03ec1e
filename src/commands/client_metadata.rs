//! `mcpbridge client-metadata`: the document for `--client-metadata-url`.

use std::process::ExitCode;

use serde_json::json;

use super::{print, print_json};
use crate::auth::document::{self, Document};
use crate::auth::quoted;
use crate::cli::ClientMetadata;

/// Prints the document. Nothing is sent or kept.
///
/// # Errors
/// It cannot be published there, or no browser would come back.
pub fn run(typed: &ClientMetadata) -> anyhow::Result<ExitCode> {
    let url = document::url(&typed.url, "the URL of the document")?;
    let document = Document::new(url, typed.port, typed.host.as_deref(), &typed.callback_path)?;
    if typed.json {
        return print_json(&json!({ "schema_version": 1, "url": typed.url, "document": document }));
    }
    let ClientMetadata { url, port, host, callback_path, .. } = typed;
    let mut flags = port.map(|port| format!(" {port}")).unwrap_or_default();
    flags += &host.as_ref().map(|host| format!(" --host {}", quoted(host))).unwrap_or_default();
    if callback_path != "/oauth/callback" {
        flags += &format!(" --callback-path {}", quoted(callback_path));
    }
    eprintln!(
        "publish this at {url} as application/json; then sign in with: mcpbridge login SERVER{flags} \
         --client-metadata-url {}",
        quoted(url)
    );
    print(format!("{}\n", serde_json::to_string_pretty(&document)?).as_bytes())
}

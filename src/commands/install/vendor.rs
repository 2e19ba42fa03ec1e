//! The program of an editor that writes its own file: Claude Code has its file open all the time, and
//! writes the whole of it at any moment.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::commands::event_loop;
use crate::editors::{Editor, Entry, File, Host};
use crate::failure::Failure;
use crate::secret;

/// Lets the editor's own program put the entry into its file. `None` if there is no such program, or
/// if it did not do it.
///
/// # Errors
/// The file cannot be read afterwards.
pub fn add(host: &Host, editor: &Editor, entry: &Entry, path: &Path) -> Result<Option<()>, Failure> {
    let members = entry.members(editor.shape, false);
    let json: Value = members.into_iter().map(|(name, node)| (name, node.value())).collect();
    let arguments = ["mcp", "add-json", "--scope", "user", &entry.name, &json.to_string()];
    if !ran(host, editor, &arguments) {
        return Ok(None);
    }
    Ok(entry_there(editor, path, &entry.name)?.filter(|there| there["command"] == json["command"]).map(drop))
}

/// Lets the editor's own program take the entry out of its file. `None` as for [`add`].
///
/// # Errors
/// The file cannot be read afterwards.
pub fn remove(host: &Host, editor: &Editor, name: &str, path: &Path) -> Result<Option<()>, Failure> {
    if !ran(host, editor, &["mcp", "remove", "--scope", "user", name]) {
        return Ok(None);
    }
    Ok(entry_there(editor, path, name)?.is_none().then_some(()))
}

fn entry_there(editor: &Editor, path: &Path, name: &str) -> Result<Option<Value>, Failure> {
    let entries = editor.format.entries(&File::read(path)?.text, editor.container).unwrap_or_default();
    Ok(entries.into_iter().find(|(there, _)| there == name).map(|(_, value)| value))
}

fn ran(host: &Host, editor: &Editor, arguments: &[&str]) -> bool {
    let Some(program) = (editor.name == "claude-code").then(|| host.on_path("claude")).flatten() else { return false };
    let Ok(runtime) = event_loop() else { return false };
    let outcome = runtime.block_on(async {
        let mut command = tokio::process::Command::new(&program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        secret::keep_from(command.as_std_mut(), &[]);
        tokio::time::timeout(PATIENCE, command.status()).await
    });
    let done = matches!(&outcome, Ok(Ok(status)) if status.success());
    if !done {
        log::debug!("{} did not do it, so its file is edited: {outcome:?}", program.display());
    }
    done
}

/// It starts a runtime and may look for its updates first.
const PATIENCE: Duration = Duration::from_secs(30);

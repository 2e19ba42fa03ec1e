//! `mcpbridge call`: a tool, from the shell.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::content::{Piece, save, shown};
use super::table::indented;
use super::{arguments, print_raw, print_spelled, shell, tools};
use crate::cli::Call;
use crate::client::is_unknown_method;
use crate::era::quoted;
use crate::failure::{self, Failure};
use crate::message::{elements, member};

/// Calls the tool, and prints what it says. Exits with [`SAYS_ERROR`] where it says that it failed.
///
/// # Errors
/// The arguments are not what the tool takes, or it gives no result.
pub fn run(typed: Call) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    let parts = arguments::parts(&typed.arguments)?;
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let schema = match shell.list("tools/list", "tools").await {
            Ok(all) => member(tools::find(&all, &typed.tool, shell)?, "inputSchema").unwrap_or("{}").to_owned(),
            // Some servers have tools and tell nobody which.
            Err(failure) if is_unknown_method(&failure) => "{}".to_owned(),
            Err(failure) => return Err(failure.into()),
        };
        let arguments = arguments::object(&parts, &schema, &typed.tool)?;
        let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, quoted(&typed.tool));
        let answer = shell.ask("tools/call", &params).await?;
        let result = answer.result().unwrap_or("{}");
        let output = typed.output.as_deref();
        let saved = if json { print_json(&typed.tool, result, output)? } else { print_content(result, output)? };
        match (saved, member(result, "isError") == Some("true")) {
            (Ok(()), false) => Ok(ExitCode::SUCCESS),
            (Err(failure), false) => Err(failure.into()),
            (saved, true) => {
                // What the tool says matters more than what was to become of it.
                if let Err(failure) = saved {
                    failure::report(&failure.into(), json);
                }
                Ok(ExitCode::from(SAYS_ERROR))
            }
        }
    })
}

/// What became of the files that were to be saved. The tool has run, so its result is printed first.
type Saved = Result<(), Failure>;

/// Saves the files of a result. That there are none is no failure: the tool has run, and to run it again because
/// of that would be wrong.
fn saved(files: &[Piece], place: &Path) -> Result<Vec<PathBuf>, Failure> {
    if files.is_empty() {
        log::warn!("the result has no file in it, so nothing is saved in {}", place.display());
        return Ok(Vec::new());
    }
    save(files, place)
}

fn pieces(result: &str) -> Vec<Piece> {
    let content = member(result, "content").unwrap_or("[]");
    elements(content).unwrap_or_default().into_iter().map(|at| Piece::of_block(&content[at])).collect()
}

fn print_content(result: &str, output: Option<&Path>) -> anyhow::Result<Saved> {
    let is_file = |piece: &Piece| output.is_some() && matches!(piece, Piece::File { .. });
    let (files, mut others): (Vec<Piece>, Vec<Piece>) = pieces(result).into_iter().partition(is_file);
    let structured = member(result, "structuredContent").filter(|_| files.is_empty() && others.is_empty());
    others.extend(structured.map(|structured| Piece::Text(indented(structured))));
    print_raw(&shown(&others, "--output FILE saves it"))?;
    Ok(output.map_or(Ok(()), |place| saved(&files, place).map(drop)))
}

/// The parts of the result in the server's own spelling.
fn print_json(tool: &str, result: &str, output: Option<&Path>) -> anyhow::Result<Saved> {
    let is_file = |piece: &Piece| matches!(piece, Piece::File { .. });
    let saved = output.map(|place| saved(&pieces(result).into_iter().filter(is_file).collect::<Vec<_>>(), place));
    let paths =
        saved.as_ref().and_then(|saved| saved.as_ref().ok()).map(|paths| format!(r#","saved":{}"#, json!(paths)));
    let paths = paths.unwrap_or_default();
    let structured = member(result, "structuredContent").map(|part| format!(r#","structuredContent":{part}"#));
    let meta = member(result, "_meta").map(|part| format!(r#","_meta":{part}"#));
    let line = format!(
        r#"{{"schema_version":1,"tool":{},"isError":{},"content":{}{}{}{paths}}}"#,
        quoted(tool),
        member(result, "isError") == Some("true"),
        member(result, "content").unwrap_or("[]"),
        structured.unwrap_or_default(),
        meta.unwrap_or_default(),
    );
    print_spelled(&line)?;
    Ok(saved.map_or(Ok(()), |saved| saved.map(drop)))
}

/// The exit code of a call whose tool says that it failed.
const SAYS_ERROR: u8 = 7;

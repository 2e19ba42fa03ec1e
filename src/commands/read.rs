//! `mcpbridge read`: a resource of a server.

use std::process::ExitCode;

use super::content::{Piece, exactly, save};
use super::{print_raw, print_spelled, shell};
use crate::cli::Read;
use crate::era::quoted;
use crate::failure::{Failure, Kind};
use crate::message::{elements, member};

/// Prints the resource, or saves it.
///
/// # Errors
/// It cannot be read.
pub fn run(typed: Read) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let answer = shell.ask("resources/read", &format!(r#"{{"uri":{}}}"#, quoted(&typed.uri))).await?;
        let Some(contents) = member(answer.result().unwrap_or("{}"), "contents") else {
            return Err(Failure::new(Kind::Protocol, "the server answered resources/read without contents").into());
        };
        let each = elements(contents).unwrap_or_default().into_iter();
        let mut pieces: Vec<Piece> = each.map(|at| Piece::of_resource(&contents[at])).collect();
        if let Some(place) = &typed.output {
            save(&pieces, place)?;
            pieces.clear();
        }
        if json {
            let line = format!(r#"{{"schema_version":1,"uri":{},"contents":{contents}}}"#, quoted(&typed.uri));
            return print_spelled(&line);
        }
        print_raw(&exactly(&pieces, "--output FILE saves it"))
    })
}

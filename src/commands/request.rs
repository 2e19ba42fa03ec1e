//! `mcpbridge request`: any request, and its result as it is.

use std::process::ExitCode;

use super::{arguments, print_spelled, shell};
use crate::cli::Request;
use crate::era::{members, quoted};
use crate::failure::{Failure, Kind};

/// Sends the request and prints its result: the bare result, or with `--json` within an object like
/// those of the other commands.
///
/// # Errors
/// The parameters are no JSON object, or there is no result.
pub fn run(typed: Request) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    let params = arguments::content(&typed.params)?;
    if members(params.trim()).is_none() {
        let fact = "the parameters are not a JSON object";
        return Err(Failure::new(Kind::Usage, fact).remedy("for example '{\"uri\":\"file:///a\"}', @FILE or -").into());
    }
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let answer = shell.ask(&typed.method, params.trim()).await?;
        let result = answer.result().unwrap_or("{}");
        let line = match json {
            true => format!(r#"{{"schema_version":1,"method":{},"result":{result}}}"#, quoted(&typed.method)),
            false => result.to_owned(),
        };
        print_spelled(&line)
    })
}

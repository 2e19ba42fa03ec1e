//! `mcpbridge resources`: what can be read at a server.

use std::process::ExitCode;

use super::table::{Row, first_sentence, table};
use super::{print, print_spelled, shell};
use crate::cli::Resources;
use crate::client::{is_unknown_method, one_line};
use crate::era::quoted;
use crate::failure::Failure;
use crate::message::{member, plain_string};

/// Lists the resources and the templates of some.
///
/// # Errors
/// The lists cannot be had.
pub fn run(typed: Resources) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let resources = known(shell.list("resources/list", "resources").await)?;
        let templates = known(shell.list("resources/templates/list", "resourceTemplates").await)?;
        if json {
            let line = format!(
                r#"{{"schema_version":1,"server":{},"resources":[{}],"resourceTemplates":[{}]}}"#,
                quoted(&shell.server()),
                resources.join(","),
                templates.join(","),
            );
            return print_spelled(&line);
        }
        if resources.is_empty() && templates.is_empty() {
            eprintln!("{} has no resources", shell.server());
            return Ok(ExitCode::SUCCESS);
        }
        let rows =
            resources.iter().map(|one| row(one, "uri")).chain(templates.iter().map(|one| row(one, "uriTemplate")));
        print(table(&rows.collect::<Vec<_>>()).as_bytes())
    })
}

/// A server that does not know a list has nothing for it.
pub fn known(list: Result<Vec<String>, Failure>) -> Result<Vec<String>, Failure> {
    match list {
        Err(failure) if is_unknown_method(&failure) => Ok(Vec::new()),
        list => list,
    }
}

fn row(resource: &str, uri: &str) -> Row {
    let word = |name| member(resource, name).and_then(plain_string).map(|text| text.into_owned());
    let name = word("title").or_else(|| word("name")).unwrap_or_default();
    let about = word("description").map(|text| first_sentence(&text)).filter(|about| *about != name);
    let about = about.map(|about| format!(": {about}")).unwrap_or_default();
    Row {
        name: one_line(&word(uri).unwrap_or_default()),
        more: one_line(&word("mimeType").unwrap_or_default()),
        about: format!("{}{about}", one_line(&name)),
    }
}

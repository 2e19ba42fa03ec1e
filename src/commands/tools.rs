//! `mcpbridge tools`: what a server offers, as a table or as its own JSON.

use std::process::ExitCode;

use super::arguments::{did_you_mean, properties};
use super::shell::{self, Shell};
use super::table::{Row, first_sentence, table};
use super::{print, print_spelled};
use crate::cli::Tools;
use crate::era::quoted;
use crate::failure::{Failure, Kind};
use crate::message::{member, plain_string};
use crate::plain::one_line;

/// Lists the tools, or prints the schema of one.
///
/// # Errors
/// The list cannot be had, or the tool is not in it.
pub fn run(typed: Tools) -> anyhow::Result<ExitCode> {
    let json = typed.reach.json;
    shell::with(&typed.server, typed.reach, true, async |shell| {
        let tools = shell.list("tools/list", "tools").await?;
        if let Some(name) = &typed.schema {
            let tool = find(&tools, name, shell)?;
            let part = |name| member(tool, name).unwrap_or("null");
            let (takes, gives) = (part("inputSchema"), part("outputSchema"));
            return print_spelled(&schema(name, takes, gives));
        }
        if json {
            let server = quoted(&shell.server());
            let line = format!(r#"{{"schema_version":1,"server":{server},"tools":[{}]}}"#, tools.join(","));
            return print_spelled(&line);
        }
        if tools.is_empty() {
            match shell.filter().sources() {
                Some(sources) => eprintln!("{} has no tools that pass {sources}", shell.server()),
                None => eprintln!("{} has no tools", shell.server()),
            }
            return Ok(ExitCode::SUCCESS);
        }
        print(table(&tools.iter().map(|tool| row(tool)).collect::<Vec<_>>()).as_bytes())
    })
}

/// The tool of this name.
///
/// # Errors
/// There is none; the remedy has the one that may be meant.
pub fn find<'a>(tools: &'a [String], name: &str, shell: &Shell) -> Result<&'a str, Failure> {
    let named = |tool: &str| member(tool, "name").and_then(plain_string).map(|name| name.into_owned());
    if let Some(tool) = tools.iter().find(|tool| named(tool).as_deref() == Some(name)) {
        return Ok(tool);
    }
    let lists = format!("{} lists those that there are", shell.command("tools"));
    if let Some(why) = shell.filter().hides(name) {
        return Err(Failure::new(Kind::Usage, one_line(&why)).remedy(lists));
    }
    let names: Vec<String> = tools.iter().filter_map(|tool| named(tool)).collect();
    let meant = did_you_mean(name, names.iter().map(String::as_str));
    let remedy = meant.unwrap_or(lists);
    Err(Failure::new(Kind::Usage, format!("{} has no tool {name:?}", shell.server())).remedy(remedy))
}

/// One object, for people and programs alike: indented, with its members in the order of the server.
fn schema(name: &str, takes: &str, gives: &str) -> String {
    let whole =
        format!(r#"{{"schema_version":1,"tool":{},"inputSchema":{takes},"outputSchema":{gives}}}"#, quoted(name));
    super::table::indented(&whole)
}

fn row(tool: &str) -> Row {
    let word = |name| member(tool, name).and_then(plain_string).map(|text| text.into_owned());
    let needs = properties(member(tool, "inputSchema").unwrap_or("{}"));
    let needs: Vec<String> = needs.iter().filter(|(.., must)| *must).map(|(name, ..)| one_line(name)).collect();
    let about = word("description").or_else(|| word("title")).unwrap_or_default();
    Row { name: one_line(&word("name").unwrap_or_default()), more: needs.join(" "), about: first_sentence(&about) }
}

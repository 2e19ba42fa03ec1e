//! What a tool answers. Only one that the person has named is called: what a call does, or costs, is known to
//! nobody else, and what a server says of its tools is a hint.

use std::time::Duration;

use super::protocol::asked;
use super::report::Step;
use super::server::Server;
use crate::cli::Doctor;
use crate::client::{Client, one_line};
use crate::era::{members, quoted};
use crate::failure::{Failure, Kind};
use crate::message::{elements, member, plain_string};

/// A call that the person has asked for.
pub struct Call {
    tool: String,
    /// The JSON text of an object.
    arguments: String,
}

impl Call {
    /// What was typed; `None` if no tool was named.
    ///
    /// # Errors
    /// The arguments are no JSON object.
    pub fn read(typed: &Doctor) -> Result<Option<Call>, Failure> {
        let Some(tool) = &typed.call else { return Ok(None) };
        let arguments = typed.args.as_deref().unwrap_or("{}");
        if members(arguments).is_none() {
            return Err(Failure::new(Kind::Usage, "the value of --args is no JSON object")
                .remedy("write it as --args '{\"NAME\": \"VALUE\"}'"));
        }
        Ok(Some(Call { tool: tool.clone(), arguments: arguments.to_owned() }))
    }
}

/// Calls the tool, and looks at the form of its answer. `tools` is the answer to `tools/list`, if there
/// was one.
///
/// # Errors
/// Ctrl-C.
pub async fn examine(server: &Server, client: &mut Client, tools: Option<&str>) -> Result<Step, Failure> {
    let Some(Call { tool, arguments }) = &server.call else { return Ok(uncalled(server, tools)) };
    let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, quoted(tool));
    match asked(server, client, "tools/call", &params, CALL).await {
        Ok(result) => Ok(judged(server, tool, &result)),
        Err(failure) if failure.kind == Kind::Interrupted => Err(failure),
        Err(failure) => {
            let tools = || format!("which tools there are, and what they take: {}", server.options.command("tools"));
            let remedy = failure.remedy.clone().unwrap_or_else(tools);
            Ok(Step { remedy: Some(remedy), ..Step::failed(ID, &failure) })
        }
    }
}

fn uncalled(server: &Server, tools: Option<&str>) -> Step {
    let list = tools.and_then(|tools| member(tools, "tools")).unwrap_or("[]");
    let all: Vec<&str> = elements(list).unwrap_or_default().into_iter().map(|at| &list[at]).collect();
    if all.is_empty() {
        return Step::skip(ID, "there is no tool that could be called");
    }
    let reads = all.iter().find(|tool| only_reads(tool)).and_then(|tool| member(tool, "name")).and_then(plain_string);
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let (tool, why) = match reads.filter(|name| plain(name)) {
        Some(name) => (name.into_owned(), " (it only reads, says the server)"),
        None => ("TOOL".to_owned(), ""),
    };
    let command = server.options.command("doctor");
    let remedy = format!("to have an answer looked at, name a tool: {command} --call {tool}{why}");
    Step { remedy: Some(remedy), ..Step::skip(ID, "no tool is called that nobody has named") }
}

/// Whether a tool says that it changes nothing, and takes no arguments that have to be given.
fn only_reads(tool: &str) -> bool {
    let hint = member(tool, "annotations").and_then(|it| member(it, "readOnlyHint"));
    let required = member(tool, "inputSchema").and_then(|schema| member(schema, "required"));
    hint == Some("true") && required.is_none_or(|list| elements(list).is_ok_and(|all| all.is_empty()))
}

fn judged(server: &Server, tool: &str, result: &str) -> Step {
    let (tool, remedy) = (one_line(tool), "its operator has to mend that");
    let fail = |fact: String| Step::fail(ID, Kind::Protocol, fact, remedy);
    let Some(content) = member(result, "content") else {
        return fail(format!("the answer of {tool} has no `content`, and most editors read nothing else"));
    };
    let Ok(parts) = elements(content) else {
        return fail(format!("`content` in the answer of {tool} is not a list"));
    };
    let parts: Vec<&str> = parts.into_iter().map(|at| &content[at]).collect();
    let mut kinds: Vec<String> = parts.iter().filter_map(|part| kind(part)).collect();
    if kinds.len() < parts.len() {
        let (without, all) = (parts.len() - kinds.len(), parts.len());
        return fail(format!("{without} of the {all} parts of `content` in the answer of {tool} have no type"));
    }
    if member(result, "isError") == Some("true") {
        let said = parts.first().and_then(|part| member(part, "text")).and_then(plain_string);
        let said = said.map(|text| format!(": {}", server.scrub(&one_line(&text)))).unwrap_or_default();
        let fact = format!("{tool} answers in the right form that it failed{said}");
        return Step::warn(ID, fact, "give it other arguments: --args JSON");
    }
    kinds.dedup();
    let told = if parts.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
    Step::ok(ID, server.scrub(&format!("{tool} answers in the right form, with {told}")))
}

fn kind(part: &str) -> Option<String> {
    members(part)?;
    Some(one_line(&plain_string(member(part, "type")?)?))
}

/// The name of the step.
const ID: &str = "content";
/// How long the call may take.
const CALL: Duration = Duration::from_secs(20);

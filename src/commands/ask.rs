//! What a server asks in the middle of a request, put before the person at the terminal.

mod form;

use super::terminal::Terminal;
use crate::client::{Question, harmless, one_line};
use crate::failure::{Failure, Kind};
use crate::message::{member, plain_string};

/// The answer to a question, as JSON text. Off a terminal nobody can be asked: the question is
/// answered as one that was closed, and stderr says so.
///
/// # Errors
/// The server asks for what this program never said it has.
pub async fn answer(question: &Question, server: &str, terminal: &mut Terminal) -> Result<String, Failure> {
    if question.method != "elicitation/create" {
        let fact = format!("the server asks for {}, which a shell does not have", one_line(&question.method));
        return Err(Failure::new(Kind::Protocol, fact).remedy("use it from an editor that does"));
    }
    let text = |name| member(&question.params, name).and_then(plain_string).unwrap_or_default();
    let message = text("message");
    if !Terminal::is_there() {
        let asks = one_line(&message);
        eprintln!("mcpbridge: {server} asks: {asks}");
        eprintln!("mcpbridge: nobody can answer, because this is no terminal; the question is cancelled");
        return Ok(CANCEL.to_owned());
    }
    eprintln!("{server} asks:\n  {}", harmless(&message).trim_end().replace('\n', "\n  "));
    if text("mode") == "url" {
        return Ok(visit(&text("url"), terminal).await);
    }
    let schema = member(&question.params, "requestedSchema").unwrap_or("{}");
    eprintln!("  (Enter takes what stands in brackets; Ctrl-D declines)");
    Ok(match form::fill(schema, terminal).await {
        Some(content) => format!(r#"{{"action":"accept","content":{content}}}"#),
        None => DECLINE.to_owned(),
    })
}

/// Something that is between the person and a page. It is never opened here: who sees the whole
/// address can judge it (2025-11-25, Elicitation, Safe URL Handling).
async fn visit(url: &str, terminal: &mut Terminal) -> String {
    eprintln!("  to be done at this address, if you trust it:\n\n    {}\n", one_line(url));
    eprint!("  Enter when you are there, Ctrl-D declines: ");
    match terminal.line().await {
        Some(_) => ACCEPT.to_owned(),
        None => {
            eprintln!();
            DECLINE.to_owned()
        }
    }
}

const ACCEPT: &str = r#"{"action":"accept"}"#;
const DECLINE: &str = r#"{"action":"decline"}"#;
const CANCEL: &str = r#"{"action":"cancel"}"#;

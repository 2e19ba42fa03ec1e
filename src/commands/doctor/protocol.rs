//! What the server can: asked through the bridge, as every editor asks, and where a bridge asks nothing, by
//! itself. Only lists are read.

use std::collections::HashSet;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use tokio::time::timeout;

use super::content;
use super::report::{Report, Step};
use super::server::{Server, Session};
use super::sign_in::Opened;
use crate::auth::{Login, Ticket};
use crate::cli::{Protocol, TransportOrder};
use crate::client::{Client, Reply, Wants, is_unknown_method, one_line};
use crate::commands::run;
use crate::era::{Facts, members};
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::message::{Id, elements, member, plain_string, request_line};
use crate::record::Recorder;
use crate::versions::MODERN;

/// The inner error is the step at which it stopped.
///
/// # Errors
/// The report cannot be printed, or Ctrl-C.
pub async fn examine(server: &Server, opened: Opened, report: &mut Report) -> anyhow::Result<Result<(), &'static str>> {
    let outcome = bridged(server, &opened, report).await;
    // Also where there was no bridge in the end.
    server.end_session(&opened.answer, &opened.ticket).await;
    outcome
}

async fn bridged(server: &Server, opened: &Opened, report: &mut Report) -> anyhow::Result<Result<(), &'static str>> {
    let login = login(server)?;
    let era = run::era_settings(&server.relay, Facts::default());
    let recorder = run::recorder(&server.relay, &server.settings, &server.wires, &login)?;
    let parts = (server.settings.clone(), server.wires.clone(), login);
    let mut client = Client::start(parts, era, Wants::default(), recorder.as_ref().map(Recorder::tap));
    let outcome = spoken(server, &mut client, opened, report).await;
    let _ = timeout(FAREWELL, client.leave()).await;
    if let Some(recorder) = recorder {
        recorder.finish().await;
    }
    outcome
}

/// A sign-in of the bridge's own: one that closes with it.
fn login(server: &Server) -> Result<Login, Failure> {
    run::login(&server.relay, &server.settings, &server.wires, server.store.clone())
}

async fn spoken(
    server: &Server,
    client: &mut Client,
    opened: &Opened,
    report: &mut Report,
) -> anyhow::Result<Result<(), &'static str>> {
    let found = match opening(server, client, opened).await {
        Ok(found) => found,
        Err(failure) if failure.kind == Kind::Interrupted => return Err(failure.into()),
        Err(failure) => {
            report.add(Step::failed("initialize", &failure))?;
            return Ok(Err("initialize"));
        }
    };
    report.add(greeted(server, opened, &found))?;
    report.add(era(server, opened, &client.learned().borrow()))?;
    report.add(session(server, opened).await)?;
    let can = member(&found, "capabilities");
    let mut tools = None;
    for (id, method) in LISTS {
        let lacks = can.is_some_and(|can| member(can, id).is_none());
        let step = match lacks {
            true => Step::skip(id, format!("the server says that it has no {id}")),
            false => match asked(server, client, method, "{}", LIST).await {
                Ok(result) => {
                    let passing = (id == "tools").then(|| client.filter().sources()).flatten();
                    let instead = match id == "resources" && is_empty(&result, id) {
                        true => templates(server, client).await?,
                        false => None,
                    };
                    let step = instead.unwrap_or_else(|| listed(server, id, &result, passing.as_deref()));
                    tools = tools.or_else(|| (id == "tools").then_some(result));
                    step
                }
                Err(failure) if failure.kind == Kind::Interrupted => return Err(failure.into()),
                Err(failure) if can.is_none() && is_unknown_method(&failure) => {
                    Step::skip(id, format!("the server has no {id}"))
                }
                Err(failure) => Step::failed(id, &failure),
            },
        };
        report.add(step)?;
    }
    report.add(content::examine(server, client, tools.as_deref()).await?)?;
    report.add(stream(server, opened).await)?;
    report.add(options(server).await)?;
    Ok(Ok(()))
}

/// What the server says of itself, as JSON text.
async fn opening(server: &Server, client: &mut Client, opened: &Opened) -> Result<String, Failure> {
    if server.relay.wire.protocol != Protocol::Legacy {
        return asked(server, client, "server/discover", "{}", OPENING).await;
    }
    // The bridge would have an editor of both eras send `initialize` itself.
    match opened.answer.message() {
        None => Ok("{}".to_owned()),
        Some(message) => match message.error() {
            None => Ok(message.result().unwrap_or("{}").to_owned()),
            Some(error) => {
                let text = member(error, "message").and_then(plain_string).unwrap_or_default();
                let code = member(error, "code").unwrap_or("0");
                let fact = format!("the server answered initialize with error {code}: {}", one_line(&text));
                Err(Failure::new(Kind::Protocol, server.scrub(&fact)))
            }
        },
    }
}

/// The result of a request through the bridge, as JSON text.
///
/// # Errors
/// There is none, or not in time.
pub async fn asked(
    server: &Server,
    client: &mut Client,
    method: &str,
    params: &str,
    limit: Duration,
) -> Result<String, Failure> {
    let mut hear = |_: &_| ();
    match server.within(limit, client.ask(method, params, &mut hear)).await {
        Some(Ok(Reply::Result(message))) => Ok(message.result().unwrap_or("{}").to_owned()),
        Some(Ok(Reply::Asks(_))) => {
            let fact = format!("the server wants to ask the person something before it answers {method}");
            Err(Failure::new(Kind::Protocol, fact).remedy("its operator may know why"))
        }
        Some(Err(failure)) => Err(failure),
        None => {
            let fact = match server.is_late() {
                true => format!("no answer to {method} before the time for all steps was up"),
                false => format!("no answer to {method} within {} s", limit.as_secs()),
            };
            Err(Failure::new(Kind::Unreachable, fact).remedy("try again, and if it stays so ask its operator"))
        }
    }
}

fn greeted(server: &Server, opened: &Opened, found: &str) -> Step {
    let who = member(found, "_meta").and_then(|meta| member(meta, SERVER)).or_else(|| member(found, "serverInfo"));
    let text = |name: &str| who.and_then(|who| member(who, name)).and_then(plain_string).map(|it| one_line(&it));
    let name = text("name").unwrap_or_else(|| "a server without a name".to_owned());
    let version = text("version").map(|version| format!(" {version}")).unwrap_or_default();
    let spoken = opened.answer.result("protocolVersion").map(|it| format!(", protocol {}", one_line(&it)));
    Step::ok("initialize", server.scrub(&format!("{name}{version} answers{}", spoken.unwrap_or_default())))
}

fn era(server: &Server, opened: &Opened, facts: &Facts) -> Step {
    let version = opened.answer.result("protocolVersion");
    let legacy = version.is_some() || facts.legacy == Some(true);
    let modern = facts.modern == Some(true);
    let transport = if opened.answer.is_http_sse() { "HTTP+SSE" } else { "Streamable HTTP" };
    let eras = match (legacy, modern) {
        (true, true) => format!("both eras: {MODERN}, and with sessions up to {}", version.unwrap_or_default()),
        (false, true) => format!("the era of {MODERN}, without sessions"),
        _ => format!("the era of sessions ({})", version.unwrap_or_else(|| "2024-11-05".to_owned())),
    };
    let fixed = match server.relay.wire.transport {
        TransportOrder::HttpFirst => "",
        _ => ", as --transport has it",
    };
    Step::ok("era", format!("{}, over {transport}{fixed}", one_line(&eras)))
}

/// Whether a request without the id of its session is refused. Both are in order, and nobody has to know;
/// but who looks for a lost session looks for this.
async fn session(server: &Server, opened: &Opened) -> Step {
    let session = opened.answer.session();
    if opened.answer.message().is_none_or(|message| !message.is_result()) {
        return Step::skip("session", "none was opened by a POST");
    }
    if session.id.is_none() {
        return Step::ok("session", "the server keeps none");
    }
    let without = Session { id: None, ..session };
    let ping = request_line(&Id::own("doctor"), "ping", None);
    let request = server.post(&opened.answer.url, ping, &opened.ticket, &without);
    match server.ask(request).await {
        Ok(answer) if answer.message().is_some_and(|it| it.is_result()) => {
            Step::ok("session", "the server gives an id, and answers without it too")
        }
        Ok(answer) => {
            Step::ok("session", format!("the server gives an id, and demands it (HTTP {})", answer.status.as_u16()))
        }
        Err(_) => Step::warn(
            "session",
            "the server gives an id, and does not answer a request without it",
            "it should refuse it with HTTP 400; its operator may want to know",
        ),
    }
}

/// What is in a list, and what editors would stumble over. What `passing` hides is not in it.
fn listed(server: &Server, id: &str, result: &str, passing: Option<&str>) -> Step {
    let remedy = "its operator has to mend that";
    let Some(list) = member(result, id) else {
        return Step::fail(id, Kind::Protocol, format!("the answer has no `{id}`"), remedy);
    };
    let Ok(items) = elements(list) else {
        return Step::fail(id, Kind::Protocol, format!("`{id}` is not a list"), remedy);
    };
    let items: Vec<&str> = items.into_iter().map(|at| &list[at]).collect();
    let more = member(result, "nextCursor").and_then(plain_string).map_or("", |_| ", and there are more");
    if let Some(passing) = passing.filter(|_| items.is_empty()) {
        let fact = format!("the server lists none that pass {passing}");
        return Step::warn(id, fact, "if it should show some, look at these patterns");
    }
    if items.is_empty() {
        let fact = format!("the server says that it has {id}, and lists none");
        return Step::warn(id, fact, "this account may see none, or the server gets them later");
    }
    let name = |item: &str| member(item, "name").and_then(plain_string).map(|name| one_line(&name));
    let nameless = items.iter().filter(|item| name(item).is_none_or(|name| name.is_empty())).count();
    if nameless > 0 {
        return Step::fail(id, Kind::Protocol, format!("{nameless} of the {} {id} have no name", items.len()), remedy);
    }
    let names: Vec<String> = items.iter().filter_map(|item| name(item)).collect();
    let with = |which: Vec<&String>| server.scrub(&some(&which));
    let mut seen = HashSet::new();
    let double: Vec<&String> = names.iter().filter(|name| !seen.insert(*name)).collect();
    if id != "resources" && !double.is_empty() {
        return Step::warn(id, format!("two {id} have one name: {}", with(double)), remedy);
    }
    let has_schema = |item: &str| member(item, "inputSchema").is_some_and(|it| members(it).is_some());
    let without: Vec<&String> =
        items.iter().zip(&names).filter(|(item, _)| !has_schema(item)).map(|(_, name)| name).collect();
    if id == "tools" && !without.is_empty() {
        let fact = format!("{} of the {} tools have no inputSchema: {}", without.len(), items.len(), with(without));
        return Step::warn(id, fact, "many editors refuse such tools, or all of them; its operator has to add one");
    }
    let word = if items.len() == 1 { id.trim_end_matches('s') } else { id };
    let pass = if items.len() == 1 { "passes" } else { "pass" };
    let passing = passing.map(|passing| format!(" that {pass} {passing}")).unwrap_or_default();
    Step::ok(id, format!("{} {word}{passing}{more}", items.len()))
}

fn is_empty(result: &str, id: &str) -> bool {
    member(result, id).and_then(|list| elements(list).ok()).is_some_and(|items| items.is_empty())
}

/// What there is of a server whose resources are all templates (2025-11-25, Resources, "Resource Templates").
async fn templates(server: &Server, client: &mut Client) -> Result<Option<Step>, Failure> {
    let result = match asked(server, client, "resources/templates/list", "{}", LIST).await {
        Err(failure) if failure.kind == Kind::Interrupted => return Err(failure),
        result => result.unwrap_or_default(),
    };
    let count =
        member(&result, "resourceTemplates").and_then(|list| elements(list).ok()).map_or(0, |items| items.len());
    let word = if count == 1 { "template" } else { "templates" };
    Ok((count > 0).then(|| Step::ok("resources", format!("0 resources, {count} {word}"))))
}

fn some(names: &[&String]) -> String {
    let mut told: Vec<&str> = names.iter().take(MOST_NAMES).map(|name| name.as_str()).collect();
    if names.len() > MOST_NAMES {
        told.push("…");
    }
    told.join(", ")
}

/// Whether the server tells of changes by itself.
async fn stream(server: &Server, opened: &Opened) -> Step {
    let id = "stream";
    if opened.answer.is_http_sse() {
        return Step::ok(id, "everything comes on the one stream of HTTP+SSE");
    }
    let request = server.get(&opened.answer.url, &opened.ticket, &opened.answer.session());
    let answer = match server.within(STREAM, server.ask_head(request)).await.unwrap_or(Err(None)) {
        Ok(answer) => answer,
        Err(Some(_)) => return Step::warn(id, "GET breaks the connection", "it should be answered with HTTP 405"),
        Err(None) if server.is_late() => return Step::skip(id, "the time for all steps was up"),
        Err(None) => {
            let fact = format!("GET is not answered within {} s", STREAM.as_secs());
            return Step::warn(id, fact, "it should be answered at once, with a stream or with HTTP 405");
        }
    };
    let status = answer.status.as_u16();
    match status {
        _ if answer.is_stream() => Step::ok(id, "GET opens a stream for what the server tells by itself"),
        404 | 405 | 501 => Step::ok(id, format!("GET opens no stream (HTTP {status}), which is in order")),
        _ if answer.is_page() => {
            let fact = format!("GET answers with a web page (HTTP {status})");
            Step::warn(id, fact, "HTTP 405 is what a server without a stream answers; its operator may want to know")
        }
        401 | 403 => Step::ok(id, format!("GET opens no stream without a sign-in (HTTP {status})")),
        400 | 406 if opened.answer.session().id.is_none() => {
            Step::ok(id, format!("GET opens no stream without a session (HTTP {status})"))
        }
        _ => {
            let fact = format!("GET answers with HTTP {status} and no stream");
            Step::warn(id, fact, "HTTP 405 is what a server without a stream answers; its operator may want to know")
        }
    }
}

/// Only pages in browsers ask this first.
async fn options(server: &Server) -> Step {
    let mut request = server.request(Method::OPTIONS, server.url(), "*/*", &Ticket::default(), &Session::default());
    request.own.extend(PREFLIGHT.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))));
    let answer = server.within(STREAM, server.ask_head(request)).await;
    match answer {
        _ if server.is_late() => Step::skip("options", "the time for all steps was up"),
        Some(Ok(answer)) if answer.status.is_success() => {
            let open = answer.headers.contains_key("access-control-allow-origin");
            Step::ok(
                "options",
                if open { "pages in browsers may use it" } else { "answered, but not for pages in browsers" },
            )
        }
        Some(Ok(answer)) => {
            let status = answer.status.as_u16();
            Step::ok("options", format!("refused (HTTP {status}), which matters to pages in browsers only"))
        }
        _ => Step::ok(
            "options",
            format!("{} does not answer it, which matters to pages in browsers only", shown(server.url())),
        ),
    }
}

/// The lists, by the names of their capabilities, which are those of their members too.
const LISTS: [(&str, &str); 3] =
    [("tools", "tools/list"), ("prompts", "prompts/list"), ("resources", "resources/list")];
/// The member of `_meta` with what the server calls itself.
const SERVER: &str = "io.modelcontextprotocol/serverInfo";
/// What a browser asks before a page may send a message.
const PREFLIGHT: [(&str, &str); 3] = [
    ("origin", "https://example.com"),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type, authorization"),
];
/// How long finding the era and opening a session may take. A server that is silent to a question of the
/// other era takes ten seconds of it.
const OPENING: Duration = Duration::from_secs(20);
/// How long a list may take.
const LIST: Duration = Duration::from_secs(8);
/// How long the head of a stream may take.
const STREAM: Duration = Duration::from_secs(5);
/// How long the end of the bridge may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// Names that are shown.
const MOST_NAMES: usize = 5;

//! The legacy era over Streamable HTTP: `initialize`, sessions, the standing stream.
//! <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http>

use std::io;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;

use serde_json::{Map, Value, json};

use super::caller::{Asking, Caller, KEEP_ALIVE, Stop};
use super::exchange::{EventStream, Exchange, Refusal, Reply};
use super::library;
use super::session::{Inbox, Level, Session, Sessions};
use super::tools::{self, Arguments, Tool};
use crate::versions::{LEGACY, NEWEST_LEGACY, WITH_BATCHES};

/// The error of a JSON-RPC answer.
#[derive(Debug)]
pub struct Fault {
    /// The JSON-RPC code.
    pub code: i64,
    message: String,
    data: Option<Value>,
}

/// A message from the client: a request, a notification, or the answer to a question of ours.
pub enum Message {
    /// It wants an answer.
    Request(Request),
    /// It wants none.
    Notification { method: String, params: Value },
    /// A result or an error.
    Answer { id: Value, answer: Result<Value, Value> },
}

/// A request of the client.
pub struct Request {
    pub id: Value,
    pub method: String,
    pub params: Value,
}

/// A tool call that answers over a stream.
pub struct Running {
    pub id: Value,
    pub tool: fn(&Arguments, &mut Caller) -> Result<Value, Stop>,
    pub arguments: Arguments,
    pub token: Option<Value>,
    pub inbox: Inbox,
}

/// What becomes of a request.
pub enum Course {
    /// Its answer, a whole message.
    Answered(Value),
    /// A tool that answers over a stream.
    Running(Running),
}

/// POST: a message, or in 2025-03-26 a batch of them.
pub fn post(exchange: &Exchange, sessions: &Sessions) -> Result<Reply, Refusal> {
    exchange.accepts(&["application/json", "text/event-stream"])?;
    let body = exchange.json()?;
    if body["method"] == "initialize" {
        return match Message::parse(body)? {
            Message::Request(request) => Ok(initialize(&request, sessions)),
            _ => Err(Refusal::new(400, "\"initialize\" needs an id")),
        };
    }
    let session = session(exchange, sessions)?;
    match body {
        Value::Array(batch) => post_batch(batch, &session),
        message => post_one(Message::parse(message)?, session),
    }
}

/// GET: the standing stream, which carries what belongs to no request.
pub fn listen(exchange: &Exchange, sessions: &Sessions) -> Result<Reply, Refusal> {
    exchange.accepts(&["text/event-stream"])?;
    let messages = session(exchange, sessions)?.listen();
    Ok(Reply::Stream(Box::new(move |stream| {
        stream.comment("listening")?;
        loop {
            match messages.recv_timeout(KEEP_ALIVE) {
                Ok(message) => stream.message(&message)?,
                Err(RecvTimeoutError::Timeout) => stream.comment("still here")?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    })))
}

/// DELETE: the client needs its session no more.
pub fn end(exchange: &Exchange, sessions: &Sessions) -> Result<Reply, Refusal> {
    sessions.end(&session(exchange, sessions)?);
    Ok(Reply::Ended)
}

impl Fault {
    /// What is wrong with the parameters.
    pub fn params(message: impl Into<String>) -> Self {
        Self { code: INVALID_PARAMS, message: message.into(), data: None }
    }

    /// No resource has this URI.
    pub fn resource(uri: &str) -> Self {
        Self { code: RESOURCE_NOT_FOUND, message: "resource not found".into(), data: Some(json!({"uri": uri})) }
    }

    fn into_json(self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(data) = self.data {
            error["data"] = data;
        }
        error
    }
}

impl Message {
    /// Reads one message.
    pub fn parse(message: Value) -> Result<Self, Refusal> {
        let Value::Object(mut members) = message else {
            return Err(Refusal::new(400, "a message must be a JSON object"));
        };
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(Refusal::new(400, "\"jsonrpc\" must be \"2.0\""));
        }
        let id = members.remove("id");
        if id.as_ref().is_some_and(|id| !(id.is_string() || id.is_i64() || id.is_u64())) {
            return Err(Refusal::new(400, "an id must be a string or a whole number"));
        }
        let params = members.remove("params").unwrap_or_else(|| Value::Object(Map::new()));
        if !params.is_object() {
            return Err(Refusal::new(400, "\"params\" must be an object"));
        }
        match (members.remove("method"), id, members.remove("result"), members.remove("error")) {
            (Some(Value::String(method)), Some(id), None, None) => Ok(Self::Request(Request { id, method, params })),
            (Some(Value::String(method)), None, None, None) => Ok(Self::Notification { method, params }),
            (None, Some(id), Some(result), None) => Ok(Self::Answer { id, answer: Ok(result) }),
            (None, Some(id), None, Some(error)) => Ok(Self::Answer { id, answer: Err(error) }),
            _ => Err(Refusal::new(400, "a message must be a request, a notification or an answer")),
        }
    }
}

/// The session that the request names, and the checks of its headers.
fn session(exchange: &Exchange, sessions: &Sessions) -> Result<Arc<Session>, Refusal> {
    // Another version of ours than the negotiated one is let pass: nothing here depends on it.
    if let Some(version) = exchange.header("MCP-Protocol-Version").filter(|version| !VERSIONS.contains(version)) {
        let known = VERSIONS.join(", ");
        return Err(Refusal::new(400, format!("unsupported protocol version {version}; this server knows {known}")));
    }
    let id = exchange
        .header(SESSION_HEADER)
        .ok_or_else(|| Refusal::new(400, format!("no {SESSION_HEADER} header: initialize first")))?;
    sessions.find(id).ok_or_else(Refusal::session)
}

/// Opens a session. A session id that the request carries is the client's past and plays no part.
fn initialize(request: &Request, sessions: &Sessions) -> Reply {
    let params = &request.params;
    let (Some(wanted), Some(capabilities)) = (params["protocolVersion"].as_str(), params["capabilities"].as_object())
    else {
        let fault = Fault::params("\"initialize\" needs a protocolVersion and capabilities");
        return Reply::Json { body: answer(&request.id, Err(fault)), headers: Vec::new() };
    };
    let version = VERSIONS.iter().find(|version| **version == wanted).unwrap_or(&NEWEST_LEGACY);
    // An empty object means forms; one that names only "url" does not.
    let asks = capabilities
        .get("elicitation")
        .and_then(Value::as_object)
        .is_some_and(|modes| modes.is_empty() || modes.contains_key("form"));
    let session = sessions.open(version, asks);
    let result = json!({
        "protocolVersion": version,
        "capabilities": library::capabilities(),
        "serverInfo": library::this_server(),
        "instructions": library::INSTRUCTIONS,
    });
    Reply::Json { body: answer(&request.id, Ok(result)), headers: vec![(SESSION_HEADER, session.id.clone())] }
}

fn post_one(message: Message, session: Arc<Session>) -> Result<Reply, Refusal> {
    let Some(request) = take(message, &session) else { return Ok(Reply::Accepted) };
    Ok(match course(request, &session) {
        Course::Answered(body) => Reply::Json { body, headers: Vec::new() },
        Course::Running(running) => Reply::Stream(Box::new(move |stream| run(running, &session, stream))),
    })
}

/// Version 2025-03-26 has batches, the later ones do not.
/// <https://modelcontextprotocol.io/specification/2025-03-26/basic#batching>
fn post_batch(batch: Vec<Value>, session: &Arc<Session>) -> Result<Reply, Refusal> {
    if session.version != WITH_BATCHES {
        return Err(Refusal::new(400, format!("protocol version {} has no batches", session.version)));
    }
    if batch.is_empty() {
        return Err(Refusal::new(400, "an empty batch"));
    }
    // All of it is understood before any of it runs.
    let messages = batch.into_iter().map(Message::parse).collect::<Result<Vec<_>, _>>()?;
    let requests: Vec<Request> = messages.into_iter().filter_map(|message| take(message, session)).collect();
    if requests.is_empty() {
        return Ok(Reply::Accepted);
    }
    let session = Arc::clone(session);
    Ok(Reply::Stream(Box::new(move |stream| {
        for request in requests {
            match course(request, &session) {
                Course::Answered(body) => stream.message(&body)?,
                Course::Running(running) => run(running, &session, stream)?,
            }
        }
        Ok(())
    })))
}

/// Takes in what is not a request, and gives back what is.
fn take(message: Message, session: &Session) -> Option<Request> {
    match message {
        Message::Request(request) => return Some(request),
        Message::Answer { id, answer } => session.answer(&id, answer),
        Message::Notification { method, params } if method == "notifications/cancelled" => {
            session.cancel(&params["requestId"]);
        }
        // "initialized", "roots/list_changed", and whatever a later version may tell.
        Message::Notification { .. } => {}
    }
    None
}

/// Answers a request, or gets ready to run the tool that will.
pub fn course(request: Request, session: &Arc<Session>) -> Course {
    let Request { id, method, params } = request;
    let outcome = match method.as_str() {
        "tools/call" => return call(id, params, session),
        "ping" => Ok(json!({})),
        "tools/list" => one_page(&params, tools::list),
        "prompts/list" => one_page(&params, library::prompts),
        "prompts/get" => library::prompt(&params),
        "resources/list" => one_page(&params, library::resources),
        "resources/templates/list" => one_page(&params, library::templates),
        "resources/read" => library::read(&params, session),
        "resources/subscribe" => library::watch(&params, session, true),
        "resources/unsubscribe" => library::watch(&params, session, false),
        "completion/complete" => library::complete(&params),
        "logging/setLevel" => set_level(&params, session),
        _ => Err(Fault { code: METHOD_NOT_FOUND, message: format!("unknown method: {method}"), data: None }),
    };
    Course::Answered(answer(&id, outcome))
}

fn call(id: Value, mut params: Value, session: &Arc<Session>) -> Course {
    let refuse = |id, why: String| Course::Answered(answer(id, Err(Fault::params(why))));
    let Some(name) = params["name"].as_str() else { return refuse(&id, "\"name\" must be a string".into()) };
    let Some(tool) = tools::find(name) else { return refuse(&id, format!("unknown tool: {name}")) };
    let arguments = match params["arguments"].take() {
        Value::Object(arguments) => arguments,
        Value::Null => Map::new(),
        _ => return refuse(&id, "\"arguments\" must be an object".into()),
    };
    session.count_call();
    match tool {
        Tool::Plain(tool) => {
            let result = tool(&arguments).unwrap_or_else(|why| tools::unable(&why));
            Course::Answered(answer(&id, Ok(result)))
        }
        Tool::Streaming(tool) => match session.begin(&id) {
            Some(inbox) => {
                let token = params["_meta"]["progressToken"].clone();
                let token = (token.is_string() || token.is_i64() || token.is_u64()).then_some(token);
                Course::Running(Running { id, tool, arguments, token, inbox })
            }
            None => {
                let message = "a request with this id is still running".to_owned();
                Course::Answered(answer(&id, Err(Fault { code: INVALID_REQUEST, message, data: None })))
            }
        },
    }
}

/// Runs a tool to its end. A call that was cancelled gets no answer.
fn run(running: Running, session: &Arc<Session>, stream: &mut EventStream) -> io::Result<()> {
    let Running { id, tool, arguments, token, inbox } = running;
    let outcome = tool(&arguments, &mut Caller::new(session, &id, token.as_ref(), &inbox, stream, Asking::OnStream));
    // Before the answer, upon which the client may use the id again.
    drop(inbox);
    match outcome {
        Ok(result) => stream.message(&answer(&id, Ok(result))),
        Err(Stop::Unable(why)) => stream.message(&answer(&id, Ok(tools::unable(&why)))),
        Err(Stop::Unwanted | Stop::Asks(_)) => Ok(()),
    }
}

fn set_level(params: &Value, session: &Session) -> Result<Value, Fault> {
    let level = params["level"].as_str().and_then(Level::parse);
    session.set_level(
        level.ok_or_else(|| Fault::params(format!("\"level\" must be one of {}", Level::NAMES.join(", "))))?,
    );
    Ok(json!({}))
}

/// The lists here have one page, so no cursor is ours.
fn one_page(params: &Value, list: fn() -> Value) -> Result<Value, Fault> {
    match params.get("cursor") {
        None => Ok(list()),
        Some(_) => Err(Fault::params("this cursor is not from this server")),
    }
}

fn answer(id: &Value, outcome: Result<Value, Fault>) -> Value {
    match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(fault) => json!({"jsonrpc": "2.0", "id": id, "error": fault.into_json()}),
    }
}

/// The versions of the era that have Streamable HTTP, the newest first: it is offered to a client that wants another one.
const VERSIONS: &[&str] = LEGACY.split_at(3).0;

const SESSION_HEADER: &str = "Mcp-Session-Id";

const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const RESOURCE_NOT_FOUND: i64 = -32002;

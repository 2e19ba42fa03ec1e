//! The modern era over Streamable HTTP: no session, everything in the request.
//! <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http>

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::caller::{Asking, Caller, KEEP_ALIVE, Stop};
use super::exchange::{EventStream, Exchange, Refusal, Reply};
use super::legacy::{Course, Message, Request, Running, course};
use super::library;
use super::session::{Level, Session, Sessions};
use super::tools;
use crate::versions::MODERN;

/// What is the same for all requests.
#[derive(Default)]
pub struct Modern {
    calls: AtomicU64,
    listeners: Listeners,
}

/// The open subscriptions, and whether each wants to hear when the count of calls changes.
type Listeners = Mutex<Vec<(bool, SyncSender<()>)>>;

/// Whether a request is of this era: by its headers, or by what only this era has in a body.
pub fn is_meant(exchange: &Exchange) -> bool {
    exchange.header("Mcp-Method").is_some()
        || exchange.header("MCP-Protocol-Version") == Some(MODERN)
        || exchange.json().is_ok_and(|body| body["params"]["_meta"].get(VERSION_KEY).is_some())
}

impl Modern {
    /// POST: one request.
    pub fn post(&self, exchange: &Exchange) -> Result<Reply, Refusal> {
        exchange.accepts(&["application/json", "text/event-stream"])?;
        let request = match Message::parse(exchange.json()?)? {
            Message::Request(request) => request,
            Message::Notification { .. } => return Ok(Reply::Accepted),
            Message::Answer { .. } => return Err(Refusal::new(400, "a client of 2026-07-28 sends no answers")),
        };
        if let Some(refused) = refused(exchange, &request) {
            return Ok(refused);
        }
        match request.method.as_str() {
            "server/discover" => Ok(json_reply(&request.id, discovered())),
            "subscriptions/listen" => Ok(self.listen(request)),
            // What only the legacy era has.
            "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => Ok(unknown(&request)),
            _ => Ok(self.answer(request)),
        }
    }

    /// Ends every subscription.
    pub fn end_all(&self) {
        locked(&self.listeners).clear();
    }

    fn answer(&self, request: Request) -> Reply {
        let meta = &request.params["_meta"];
        let can = &meta[CAPABILITIES_KEY]["elicitation"];
        let asks = can.as_object().is_some_and(|modes| modes.is_empty() || modes.contains_key("form"));
        let level = meta[LEVEL_KEY].as_str().and_then(Level::parse).unwrap_or(Level::SILENT);
        if request.method == "tools/call" {
            self.calls.fetch_add(1, Ordering::Relaxed);
            // A listener that reads too slowly misses one of several equal notices; one that is gone is let go.
            locked(&self.listeners).retain(|(wants, listener)| {
                !wants || !matches!(listener.try_send(()), Err(TrySendError::Disconnected(())))
            });
        }
        let session = Sessions::alone(asks, level, self.calls.load(Ordering::Relaxed));
        let given = request.params["inputResponses"].get(QUESTION).cloned();
        let cacheable = request.method.ends_with("/list") || request.method == "resources/read";
        match course(request, &session) {
            Course::Answered(answer) => finished(answer, cacheable),
            Course::Running(running) => Reply::Stream(Box::new(move |stream| run(running, &session, given, stream))),
        }
    }

    /// The stream of a subscription. Only the count of calls ever changes here.
    fn listen(&self, request: Request) -> Reply {
        let wanted = request.params["notifications"]["resourceSubscriptions"].as_array().cloned().unwrap_or_default();
        let agreed: Vec<Value> = wanted.into_iter().filter(|uri| uri == library::CALLS).collect();
        let (listener, news) = sync_channel(MAX_UNREAD);
        let mut listeners = locked(&self.listeners);
        if listeners.len() >= MAX_LISTENERS {
            listeners.remove(0);
        }
        listeners.push((!agreed.is_empty(), listener));
        drop(listeners);
        Reply::Stream(Box::new(move |stream| tell(&request.id, &agreed, &news, stream)))
    }
}

fn tell(id: &Value, agreed: &[Value], news: &Receiver<()>, stream: &mut EventStream) -> io::Result<()> {
    let meta = json!({SUBSCRIPTION_KEY: id});
    let mut filter = json!({});
    if !agreed.is_empty() {
        filter["resourceSubscriptions"] = agreed.into();
    }
    stream.message(&json!({
        "jsonrpc": "2.0",
        "method": "notifications/subscriptions/acknowledged",
        "params": {"_meta": meta, "notifications": filter},
    }))?;
    loop {
        match news.recv_timeout(KEEP_ALIVE) {
            Ok(()) => stream.message(&json!({
                "jsonrpc": "2.0",
                "method": "notifications/resources/updated",
                "params": {"_meta": meta, "uri": library::CALLS},
            }))?,
            Err(RecvTimeoutError::Disconnected) => {
                let result = json!({"resultType": "complete", "_meta": meta});
                return stream.message(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
            }
            Err(RecvTimeoutError::Timeout) => stream.comment("still here")?,
        }
    }
}

/// Runs a tool to its end, which may be a question.
fn run(running: Running, session: &Arc<Session>, given: Option<Value>, stream: &mut EventStream) -> io::Result<()> {
    let Running { id, tool, arguments, token, inbox } = running;
    let asking = Asking::InResult(given);
    let result = match tool(&arguments, &mut Caller::new(session, &id, token.as_ref(), &inbox, stream, asking)) {
        Ok(result) => completed(result),
        Err(Stop::Unable(why)) => completed(tools::unable(&why)),
        Err(Stop::Asks(question)) => json!({"resultType": "input_required", "inputRequests": {QUESTION: question}}),
        Err(Stop::Unwanted) => return Ok(()),
    };
    stream.message(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

/// The answer to a request that does not say what every request has to say, or says it differently in its headers.
/// <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation>
fn refused(exchange: &Exchange, request: &Request) -> Option<Reply> {
    let error = |code: i64, message: String, data: Value| {
        let mut error = json!({"code": code, "message": message});
        if !data.is_null() {
            error["data"] = data;
        }
        Some(Reply::Error { status: 400, body: json!({"jsonrpc": "2.0", "id": request.id, "error": error}) })
    };
    let meta = &request.params["_meta"];
    let Some(version) = meta[VERSION_KEY].as_str().filter(|_| meta[CAPABILITIES_KEY].is_object()) else {
        return error(
            INVALID_PARAMS,
            "_meta lacks the protocol version or the client's capabilities".into(),
            Value::Null,
        );
    };
    let name = match request.method.as_str() {
        "tools/call" | "prompts/get" => request.params["name"].as_str(),
        "resources/read" => request.params["uri"].as_str(),
        _ => None,
    };
    let expected =
        [("MCP-Protocol-Version", Some(version)), ("Mcp-Method", Some(request.method.as_str())), ("Mcp-Name", name)];
    for (header, value) in expected.into_iter().filter_map(|(header, value)| Some((header, value?))) {
        if exchange.header(header).map(decoded).as_deref() != Some(value) {
            return error(HEADER_MISMATCH, format!("the header {header} is not what the body says"), Value::Null);
        }
    }
    if version != MODERN {
        let data = json!({"supported": [MODERN], "requested": version});
        return error(UNSUPPORTED_VERSION, "unsupported protocol version".into(), data);
    }
    None
}

/// The value of a header, which may be in Base64 between marks.
fn decoded(value: &str) -> String {
    let inner = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let decoded =
        inner.and_then(|inner| BASE64_STANDARD.decode(inner).ok()).and_then(|text| String::from_utf8(text).ok());
    decoded.unwrap_or_else(|| value.to_owned())
}

fn discovered() -> Value {
    let mut result = completed(json!({
        "supportedVersions": [MODERN],
        "capabilities": library::capabilities(),
        "instructions": library::INSTRUCTIONS,
    }));
    cached(&mut result);
    result
}

/// An answer of the other era in the words of this one.
fn finished(mut answer: Value, cacheable: bool) -> Reply {
    if let Some(code) = answer["error"]["code"].as_i64() {
        match code {
            RESOURCE_NOT_FOUND => answer["error"]["code"] = INVALID_PARAMS.into(),
            METHOD_NOT_FOUND => return Reply::Error { status: 404, body: answer },
            _ => {}
        }
        return Reply::Json { body: answer, headers: Vec::new() };
    }
    let mut result = completed(answer["result"].take());
    if cacheable {
        cached(&mut result);
    }
    answer["result"] = result;
    Reply::Json { body: answer, headers: Vec::new() }
}

fn completed(mut result: Value) -> Value {
    result["resultType"] = "complete".into();
    result["_meta"] = json!({SERVER_KEY: library::this_server()});
    result
}

fn cached(result: &mut Value) {
    result["ttlMs"] = 0.into();
    result["cacheScope"] = "private".into();
}

fn unknown(request: &Request) -> Reply {
    let error = json!({"code": METHOD_NOT_FOUND, "message": format!("unknown method: {}", request.method)});
    Reply::Error { status: 404, body: json!({"jsonrpc": "2.0", "id": request.id, "error": error}) }
}

fn json_reply(id: &Value, result: Value) -> Reply {
    Reply::Json { body: json!({"jsonrpc": "2.0", "id": id, "result": result}), headers: Vec::new() }
}

fn locked(listeners: &Listeners) -> MutexGuard<'_, Vec<(bool, SyncSender<()>)>> {
    listeners.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the one question that a tool may have.
const QUESTION: &str = "question";

const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const LEVEL_KEY: &str = "io.modelcontextprotocol/logLevel";
const SUBSCRIPTION_KEY: &str = "io.modelcontextprotocol/subscriptionId";
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const RESOURCE_NOT_FOUND: i64 = -32002;
const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;

/// Subscriptions at once; with more the oldest one ends.
const MAX_LISTENERS: usize = 64;

/// Notices kept for a subscription that is not read.
const MAX_UNREAD: usize = 64;

//! A well-behaved Streamable HTTP server of the 2025 revisions, any part of which a test can replace.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    message,
    server::{BeforeBody, Handler, Reply, Request, Server, Sse},
    sync::{Mailbox, lock},
};

pub const CAPABILITIES: &str = r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"logging":{},"completions":{}}"#;

pub struct Legacy {
    version: Option<&'static str>,
    sessions: Option<Sessions>,
    listening: bool,
    capabilities: String,
    at: (&'static str, u16),
    scripts: HashMap<String, Arc<Handler>>,
    before_body: Option<Arc<BeforeBody>>,
}

/// The address, the standing streams, what comes before a body, and who answers.
pub type Parts = ((&'static str, u16), Mailbox<Sse>, Option<Arc<BeforeBody>>, Arc<Handler>);

impl Legacy {
    /// Sessions, no GET stream, the version the client asks for.
    pub fn new() -> Self {
        Self {
            version: None,
            sessions: Some(Sessions::default()),
            listening: false,
            capabilities: CAPABILITIES.to_owned(),
            at: Server::here(0),
            scripts: HashMap::new(),
            before_body: None,
        }
    }

    /// What the server makes of the version it is asked for.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    pub fn capabilities(mut self, capabilities: &str) -> Self {
        capabilities.clone_into(&mut self.capabilities);
        self
    }

    pub fn without_session(mut self) -> Self {
        self.sessions = None;
        self
    }

    /// The sessions, to lose them in mid-test.
    pub fn sessions(&self) -> Sessions {
        self.sessions.clone().expect("a server with sessions")
    }

    /// GET opens a stream that the test takes with [`Server::stream`].
    pub fn listening(mut self) -> Self {
        self.listening = true;
        self
    }

    pub fn on_port(mut self, port: u16) -> Self {
        self.at.1 = port;
        self
    }

    /// On another address than that of this machine alone.
    pub fn on_host(mut self, host: &'static str) -> Self {
        self.at.0 = host;
        self
    }

    /// Replaces the answer to one kind of request: a JSON-RPC method, `answer`, `batch`, `GET`, `DELETE`.
    /// A lost session is noticed before.
    pub fn on(mut self, kind: &str, script: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Self {
        self.scripts.insert(kind.to_owned(), Arc::new(script));
        self
    }

    /// The reply is the test's to give, whenever it wants.
    pub fn hold(self, kind: &str, held: &Mailbox<(Request, Reply)>) -> Self {
        let held = held.clone();
        self.on(kind, move |request, reply| held.put((request.clone(), reply)))
    }

    pub fn before_body(mut self, script: impl Fn(&Request) + Send + Sync + 'static) -> Self {
        self.before_body = Some(Arc::new(script));
        self
    }

    pub fn start(self) -> Server {
        let (at, streams, before_body, handler) = self.into_parts();
        Server::start_with(at, streams, before_body, handler)
    }

    /// What [`Server::start_with`] takes, for whoever puts something before the handler.
    pub fn into_parts(self) -> Parts {
        let streams = Mailbox::new();
        let (at, before_body) = (self.at, self.before_body.clone());
        let handler = {
            let streams = streams.clone();
            move |request: &Request, reply: Reply| self.answer(request, reply, &streams)
        };
        (at, streams, before_body, Arc::new(handler))
    }

    fn answer(&self, request: &Request, reply: Reply, streams: &Mailbox<Sse>) {
        let kind = request.kind();
        if let Some(sessions) = &self.sessions
            && kind != "initialize"
            && !sessions.know(request.header("mcp-session-id"))
        {
            return sessions.refuse(request, reply);
        }
        if let Some(script) = self.scripts.get(&kind) {
            return script(request, self.welcome(&kind, reply));
        }
        match kind.as_str() {
            "initialize" => self.initialize(request, reply),
            "GET" if self.listening => streams.put(reply.sse()),
            "GET" => reply.status(405),
            "DELETE" => {
                if let (Some(sessions), Some(id)) = (&self.sessions, request.header("mcp-session-id")) {
                    sessions.forget(id);
                }
                reply.status(200);
            }
            "answer" => reply.accepted(),
            "tools/list" => reply.result(request, r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}"#),
            "prompts/list" => reply.result(request, r#"{"prompts":[]}"#),
            "resources/list" => reply.result(request, r#"{"resources":[]}"#),
            "tools/call" => reply.result(request, r#"{"content":[{"type":"text","text":"done"}]}"#),
            _ if request.is_request() => reply.result(request, "{}"),
            _ => reply.accepted(),
        }
    }

    fn initialize(&self, request: &Request, reply: Reply) {
        let reply = self.welcome("initialize", reply);
        let asked = request.json()["params"]["protocolVersion"].as_str().unwrap_or(message::VERSION).to_owned();
        let version = self.version.unwrap_or(&asked);
        reply.result(request, &welcome(version, &self.capabilities));
    }

    /// `initialize`, scripted or not, opens a session.
    fn welcome(&self, kind: &str, reply: Reply) -> Reply {
        match &self.sessions {
            Some(sessions) if kind == "initialize" => reply.header("Mcp-Session-Id", sessions.open()),
            _ => reply,
        }
    }
}

pub fn welcome(version: &str, capabilities: &str) -> String {
    format!(
        r#"{{"protocolVersion":"{version}","capabilities":{capabilities},"serverInfo":{{"name":"scripted","version":"1"}}}}"#
    )
}

/// `session-1`, `session-2`… and how a server says that it does not know one.
#[derive(Clone)]
pub struct Sessions {
    live: Arc<Mutex<Vec<String>>>,
    opened: Arc<AtomicUsize>,
    refusal: Arc<Mutex<Arc<Handler>>>,
}

impl Default for Sessions {
    fn default() -> Self {
        let refusal: Arc<Handler> = Arc::new(|request, reply| reply.error(404, request, -32001, "Session not found"));
        Self { live: Arc::default(), opened: Arc::default(), refusal: Arc::new(Mutex::new(refusal)) }
    }
}

impl Sessions {
    pub fn open(&self) -> String {
        let id = format!("session-{}", self.opened.fetch_add(1, Ordering::SeqCst) + 1);
        lock(&self.live).push(id.clone());
        id
    }

    pub fn forget(&self, id: &str) {
        lock(&self.live).retain(|live| live != id);
    }

    /// What a restart does to them.
    pub fn lose(&self) {
        lock(&self.live).clear();
    }

    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub fn live(&self) -> Vec<String> {
        lock(&self.live).clone()
    }

    pub fn refuse_with(&self, refusal: impl Fn(&Request, Reply) + Send + Sync + 'static) {
        *lock(&self.refusal) = Arc::new(refusal);
    }

    fn know(&self, id: Option<&str>) -> bool {
        id.is_some_and(|id| lock(&self.live).iter().any(|live| live == id))
    }

    fn refuse(&self, request: &Request, reply: Reply) {
        let refusal = lock(&self.refusal).clone();
        refusal(request, reply);
    }
}

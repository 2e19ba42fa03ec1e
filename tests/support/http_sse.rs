//! A server of the 2024-11-05 revision: answers come on the one stream that GET opened.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    legacy::{CAPABILITIES, welcome},
    message,
    server::{Handler, Reply, Request, Server, Sse},
    sync::{Mailbox, lock},
};

/// What a script does with a POST: the reply to the POST is its own, the answer goes on the stream.
type Script = dyn Fn(&Request, Reply, &Wire) + Send + Sync;

pub struct HttpSse {
    endpoint: String,
    post_to_stream: Arc<Handler>,
    scripts: HashMap<String, Arc<Script>>,
    on_get: Option<Arc<GetScript>>,
}

type GetScript = dyn Fn(usize, &Request, Reply) -> Option<Reply> + Send + Sync;

impl HttpSse {
    pub fn new() -> Self {
        Self {
            endpoint: "/message?session={n}".to_owned(),
            post_to_stream: Arc::new(|_, reply| reply.status(405)),
            scripts: HashMap::new(),
            on_get: None,
        }
    }

    /// The `endpoint` event's data; `{n}` is the number of the stream.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// How a POST to the URL of the stream is refused, which is how a client finds out what this server is.
    pub fn refusing_post(mut self, refusal: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Self {
        self.post_to_stream = Arc::new(refusal);
        self
    }

    pub fn on(mut self, kind: &str, script: impl Fn(&Request, Reply, &Wire) + Send + Sync + 'static) -> Self {
        self.scripts.insert(kind.to_owned(), Arc::new(script));
        self
    }

    /// Called with the number of the GET (from 1): gives the reply back to have the stream opened as usual.
    pub fn on_get(mut self, script: impl Fn(usize, &Request, Reply) -> Option<Reply> + Send + Sync + 'static) -> Self {
        self.on_get = Some(Arc::new(script));
        self
    }

    /// The server and the wire that the test can push to, cut and lose.
    pub fn start(self) -> (Server, Wire) {
        let (wire, handler) = self.into_parts();
        (Server::start_with(Server::here(0), Mailbox::new(), None, handler), wire)
    }

    /// For whoever puts something before the handler.
    pub fn into_parts(self) -> (Wire, Arc<Handler>) {
        let wire = Wire::default();
        let gets = AtomicUsize::new(0);
        let handler = {
            let wire = wire.clone();
            move |request: &Request, reply: Reply| match request.method.as_str() {
                "GET" => {
                    let number = gets.fetch_add(1, Ordering::SeqCst) + 1;
                    let reply = match &self.on_get {
                        Some(script) => script(number, request, reply),
                        None => Some(reply),
                    };
                    if let Some(reply) = reply {
                        let endpoint = self.endpoint.replace("{n}", &number.to_string());
                        wire.connect(reply.sse(), format!("event: endpoint\ndata: {endpoint}\n\n"));
                    }
                }
                "POST" if request.path == "/sse" || request.path.starts_with("/sse?") => {
                    (self.post_to_stream)(request, reply)
                }
                "POST" => self.post(request, reply, &wire),
                _ => reply.status(405),
            }
        };
        (wire, Arc::new(handler))
    }

    fn post(&self, request: &Request, reply: Reply, wire: &Wire) {
        if let Some(script) = self.scripts.get(&request.kind()) {
            return script(request, reply, wire);
        }
        reply.accepted();
        match request.kind().as_str() {
            "initialize" => wire.send(message::result(request.id(), &welcome("2024-11-05", CAPABILITIES))),
            "tools/call" => wire.send(message::result(request.id(), r#"{"content":[{"type":"text","text":"done"}]}"#)),
            _ if request.is_request() => wire.send(message::result(request.id(), "{}")),
            _ => true,
        };
    }
}

/// The stream that is open now.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Option<Sse>>>);

impl Wire {
    pub fn send(&self, data: impl AsRef<str>) -> bool {
        self.raw(format!("event: message\ndata: {}\n\n", data.as_ref()))
    }

    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> bool {
        lock(&self.0).as_mut().is_some_and(|stream| stream.raw(bytes))
    }

    pub fn take(&self) -> Sse {
        lock(&self.0).take().expect("an open stream")
    }

    /// Whoever reads `first` and asks at once is answered on this stream.
    pub fn connect(&self, mut stream: Sse, first: impl AsRef<[u8]>) {
        let mut open = lock(&self.0);
        stream.raw(first);
        *open = Some(stream);
    }
}

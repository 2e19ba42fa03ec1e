//! An MCP server that wants a token with every request, of the GET stream and the DELETE too.

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;

use super::{
    Manners,
    desk::{Answer, Desk},
    guard::Guard,
};
use crate::support::{
    legacy::Legacy,
    server::{Handler, Reply, Request, Server},
    sync::lock,
};

pub struct Protected {
    pub server: Server,
    gate: Arc<Gatehouse>,
}

struct Gatehouse {
    guard: Mutex<Guard>,
    /// Those whose tokens are taken; the metadata names them in this order.
    desks: Mutex<Vec<Arc<Desk>>>,
    /// The revision of 2025-03-26: the server is its own authorization server.
    own: Option<Arc<Desk>>,
    behind: Arc<Handler>,
    turned_away: AtomicUsize,
}

impl Protected {
    /// `echo` says what it was told.
    pub fn start(desk: &Arc<Desk>, change: impl FnOnce(&mut Guard)) -> Self {
        Self::start_over(desk, echoing(), change)
    }

    /// Before a server of the test's own.
    pub fn start_over(desk: &Arc<Desk>, legacy: Legacy, change: impl FnOnce(&mut Guard)) -> Self {
        Self::build(vec![desk.clone()], None, legacy, change)
    }

    /// A server that is its own authorization server, as the revision of 2025-03-26 has it: no metadata of the resource.
    pub fn start_alone(manners: impl FnOnce(&mut Manners), change: impl FnOnce(&mut Guard)) -> Self {
        let mut own = Manners::default();
        manners(&mut own);
        let desk = Arc::new(Desk::new(own));
        Self::build(vec![desk.clone()], Some(desk), echoing(), |guard| {
            guard.documents = Vec::new();
            guard.challenge = vec!["Bearer".to_owned()];
            change(guard);
        })
    }

    fn build(desks: Vec<Arc<Desk>>, own: Option<Arc<Desk>>, legacy: Legacy, change: impl FnOnce(&mut Guard)) -> Self {
        let mut guard = Guard::default();
        change(&mut guard);
        let (port, streams, before_body, behind) = legacy.into_parts();
        let gate = Arc::new(Gatehouse {
            guard: Mutex::new(guard),
            desks: Mutex::new(desks),
            own: own.clone(),
            behind,
            turned_away: AtomicUsize::new(0),
        });
        let handler = {
            let gate = gate.clone();
            move |request: &Request, reply: Reply| gate.answer(request, reply)
        };
        let server = Server::start_with(port, streams, before_body, Arc::new(handler));
        if let Some(desk) = own {
            desk.origin.set(server.origin()).expect("set once");
        }
        Self { server, gate }
    }

    /// For one that must *not* be asked.
    pub fn may_be_unused(mut self) -> Self {
        self.server = self.server.may_be_unused();
        self
    }

    /// The authorization server that this server is itself.
    pub fn desk(&self) -> Arc<Desk> {
        self.gate.own.clone().expect("a server started alone")
    }

    pub fn change(&self, change: impl FnOnce(&mut Guard)) {
        change(&mut lock(&self.gate.guard));
    }

    pub fn resource(&self) -> String {
        lock(&self.gate.guard).resource_at(&self.server.origin())
    }

    /// From now on it is this authorization server whose tokens count.
    pub fn move_to(&self, desk: &Arc<Desk>) {
        *lock(&self.gate.desks) = vec![desk.clone()];
    }

    pub fn also_trust(&self, desk: &Arc<Desk>) {
        lock(&self.gate.desks).push(desk.clone());
    }

    /// How many requests were answered with 401 so far.
    pub fn turned_away(&self) -> usize {
        self.gate.turned_away.load(Ordering::SeqCst)
    }
}

impl Deref for Protected {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Gatehouse {
    fn answer(&self, request: &Request, reply: Reply) {
        let guard = lock(&self.guard).clone();
        let Some(origin) = request.header("host").map(|host| format!("http://{host}")) else {
            return reply.text(400, "no Host");
        };
        assert!(!request.path.contains("access-"), "a token is in the URL: {}", request.path);
        let path = request.path.split('?').next().unwrap_or_default();
        if let Some(page) = guard.page(path) {
            let issuers = lock(&self.desks).iter().map(|desk| desk.issuer()).collect();
            return page.answer(|| guard.document(&origin, issuers)).send(reply);
        }
        let reply = match &self.own {
            Some(desk) => match desk.answer(request, reply) {
                Some(reply) => reply,
                None => return,
            },
            None => reply,
        };
        if path.contains("/.well-known/") {
            return reply.text(404, "no such document");
        }
        match self.refusal(&guard, request, &origin) {
            Some(answer) => answer.send(reply),
            None => (self.behind)(request, reply),
        }
    }

    /// 401 for who is not known, 403 for who may not do this.
    fn refusal(&self, guard: &Guard, request: &Request, origin: &str) -> Option<Answer> {
        if guard.open || guard.also.as_ref().is_some_and(|pass| pass(request)) {
            return None;
        }
        let grant = bearer(request).and_then(|token| self.find(token));
        // A token that names another resource is not for this server, however good it is.
        let mine = |resource: &Option<String>| resource.as_ref().is_none_or(|it| *it == guard.resource_at(origin));
        let Some(grant) = grant.filter(|grant| !guard.refuses_all && mine(&grant.resource)) else {
            self.turned_away.fetch_add(1, Ordering::SeqCst);
            let answer = Answer::text(401, "application/json", guard.body.clone());
            return Some(
                guard
                    .challenge
                    .iter()
                    .fold(answer, |answer, line| answer.header("WWW-Authenticate", guard.fill(line, origin, ""))),
            );
        };
        let needed = guard.scope_of(request)?;
        if needed.split(' ').all(|one| grant.scope.split(' ').any(|granted| granted == one)) {
            return None;
        }
        let answer = Answer::json(403, &json!({ "error": "insufficient_scope" }));
        Some(answer.header("WWW-Authenticate", guard.fill(&guard.step_up, origin, needed)))
    }

    fn find(&self, token: &str) -> Option<super::tokens::Grant> {
        lock(&self.desks).iter().find_map(|desk| desk.ledger.access(token))
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn echoing() -> Legacy {
    Legacy::new().on("tools/call", |request, reply| {
        let text = &request.json()["params"]["arguments"]["text"];
        let text = text.as_str().unwrap_or("done").to_owned();
        reply.result(request, &json!({ "content": [{ "type": "text", "text": text }] }).to_string());
    })
}

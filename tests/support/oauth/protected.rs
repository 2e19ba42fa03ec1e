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
    documents::Page,
    dpop::{Judge, Refusal},
    guard::Guard,
};
use crate::support::{
    http_sse::{HttpSse, Wire},
    legacy::Legacy,
    server::{BeforeBody, Handler, Reply, Request, Server, Sse},
    sync::{Mailbox, lock},
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
    judge: Judge,
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

    /// Before one that speaks HTTP+SSE, at `/sse`.
    pub fn start_sse(desk: &Arc<Desk>, behind: HttpSse, change: impl FnOnce(&mut Guard)) -> (Self, Wire) {
        let (wire, handler) = behind.into_parts();
        let server =
            Self::before(vec![desk.clone()], None, (Server::here(0), Mailbox::new(), None, handler), |guard| {
                guard.documents = vec![("/.well-known/oauth-protected-resource/sse".to_owned(), Page::Good)];
                guard.resource = "{origin}/sse".to_owned();
                change(guard);
            });
        (server, wire)
    }

    fn build(desks: Vec<Arc<Desk>>, own: Option<Arc<Desk>>, legacy: Legacy, change: impl FnOnce(&mut Guard)) -> Self {
        Self::before(desks, own, legacy.into_parts(), change)
    }

    fn before(
        desks: Vec<Arc<Desk>>,
        own: Option<Arc<Desk>>,
        (at, streams, before_body, behind): Parts,
        change: impl FnOnce(&mut Guard),
    ) -> Self {
        let mut guard = Guard::default();
        change(&mut guard);
        let gate = Arc::new(Gatehouse {
            guard: Mutex::new(guard),
            desks: Mutex::new(desks),
            own: own.clone(),
            behind,
            turned_away: AtomicUsize::new(0),
            judge: Judge::default(),
        });
        let handler = {
            let gate = gate.clone();
            move |request: &Request, reply: Reply| gate.answer(request, reply)
        };
        let server = Server::start_with(at, streams, before_body, Arc::new(handler));
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

    /// How many proofs were good so far or would have been, were it not for their nonce.
    pub fn proofs(&self) -> usize {
        self.gate.judge.count()
    }

    /// No nonce that was given so far is good any more.
    pub fn forget_nonces(&self) {
        self.gate.judge.forget_nonces();
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
            (Some(answer), nonce) => with_nonce(reply, nonce, |reply| answer.send(reply)),
            (None, nonce) => with_nonce(reply, nonce, |reply| (self.behind)(request, reply)),
        }
    }

    /// 401 for who is not known, 403 for who may not do this. The nonce of the next proof goes with either.
    fn refusal(&self, guard: &Guard, request: &Request, origin: &str) -> (Option<Answer>, Option<String>) {
        if guard.open || guard.also.as_ref().is_some_and(|pass| pass(request)) {
            return (None, None);
        }
        match self.presented(guard, request, origin) {
            Ok((grant, nonce)) => (self.refusal_of(guard, request, origin, grant), nonce),
            Err(refusal) => {
                self.turned_away.fetch_add(1, Ordering::SeqCst);
                let text =
                    format!(r#"DPoP error="{}", error_description="{}""#, refusal.code, refusal.why.replace('"', "'"));
                let answer = Answer::json(401, &json!({ "error": refusal.code })).header("WWW-Authenticate", text);
                let date = guard.refuses_proofs.as_ref().map(|(_, date)| date.clone()).filter(|date| !date.is_empty());
                (Some(date.into_iter().fold(answer, |answer, date| answer.header("Date", date))), refusal.nonce)
            }
        }
    }

    /// What the token stands for. One that is bound to a key comes with a proof (RFC 9449, section 7).
    fn presented(
        &self,
        guard: &Guard,
        request: &Request,
        origin: &str,
    ) -> Result<(Option<super::tokens::Grant>, Option<String>), Refusal> {
        if let Some(token) = token(request, "dpop").filter(|_| !guard.knows_no_proofs) {
            let url = format!("{origin}{}", request.path.split('?').next().unwrap_or_default());
            let (thumbprint, nonce) = self.judge.proven(request, &url, Some(token), guard.nonces)?;
            if let Some((code, _)) = guard.refuses_proofs {
                return Err(Refusal { code, why: "it does not please".to_owned(), nonce: None });
            }
            return Ok((self.find(token).filter(|it| it.thumbprint.as_ref() == Some(&thumbprint)), nonce));
        }
        let grant = token(request, "bearer").and_then(|token| self.find(token));
        Ok((grant.filter(|it| guard.knows_no_proofs || it.thumbprint.is_none() && !guard.wants_proofs), None))
    }

    fn refusal_of(
        &self,
        guard: &Guard,
        request: &Request,
        origin: &str,
        grant: Option<super::tokens::Grant>,
    ) -> Option<Answer> {
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
        let has = |scope: &str| grant.scope.split(' ').any(|granted| granted == scope);
        let next = (1..).map(|number| format!("s{number}")).find(|scope| !has(scope))?;
        let needed = match guard.insatiable && request.kind() == "tools/call" {
            true => &next,
            false => guard.scope_of(request)?,
        };
        if needed.split(' ').all(has) {
            return None;
        }
        let answer = Answer::json(403, &json!({ "error": "insufficient_scope" }));
        Some(answer.header("WWW-Authenticate", guard.fill(&guard.step_up, origin, needed)))
    }

    fn find(&self, token: &str) -> Option<super::tokens::Grant> {
        lock(&self.desks).iter().find_map(|desk| desk.ledger.access(token))
    }
}

fn token<'a>(request: &'a Request, scheme: &str) -> Option<&'a str> {
    let (named, token) = request.header("authorization")?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then_some(token)
}

fn with_nonce(reply: Reply, nonce: Option<String>, send: impl FnOnce(Reply)) {
    send(match nonce {
        Some(nonce) => reply.header("DPoP-Nonce", nonce),
        None => reply,
    });
}

type Parts = ((&'static str, u16), Mailbox<Sse>, Option<Arc<BeforeBody>>, Arc<Handler>);

fn echoing() -> Legacy {
    Legacy::new().on("tools/call", |request, reply| {
        let text = &request.json()["params"]["arguments"]["text"];
        let text = text.as_str().unwrap_or("done").to_owned();
        reply.result(request, &json!({ "content": [{ "type": "text", "text": text }] }).to_string());
    })
}

//! The requests to an authorization server: which endpoint they are for, what was sent, and what goes wrong on the way.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Condvar, Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use url::form_urlencoded;

use super::{Manners, clients::Clients, device::DEVICE_CODE, dpop::Judge, tokens::Ledger};
use crate::support::{
    server::{Reply, Request},
    sync::{Gate, PATIENCE, lock},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Documents,
    Register,
    Authorize,
    /// What the consent page is answered with.
    Consent,
    /// A code for tokens.
    Code,
    Refresh,
    /// What a device asks a code of.
    Device,
    /// Where a person enters one, and what they decide.
    Enter,
    /// Whether they have.
    Poll,
    /// A token request of any other grant.
    OtherGrant,
    Revoke,
}

/// What goes wrong with a request, whatever it says.
#[derive(Clone)]
pub enum Fault {
    Answer(Answer),
    HangUp,
    /// Done as asked, and then the answer is lost on the way.
    LoseAnswer,
    Slow(Duration),
    /// Nothing is done until the gate opens.
    Held(Gate),
    /// Done at once; the answer waits for the gate.
    AnswerHeld(Gate),
}

impl Fault {
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::text(status, "text/plain", "this is not a good time"))
    }

    /// An error as OAuth has it.
    pub fn error(status: u16, code: &str) -> Self {
        Self::Answer(Answer::error(status, code, "the test wants it so"))
    }

    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::Answer(Answer::text(status, "text/plain", "").header("Location", location))
    }
}

#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), content_type: content_type.to_owned(), body: body.into() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string()).header("Cache-Control", "no-store")
    }

    pub fn error(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &serde_json::json!({ "error": code, "error_description": description }))
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn send(&self, reply: Reply) {
        let reply = self.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value.clone()));
        reply.send(self.status, &self.content_type, &self.body);
    }
}

/// A request with its parameters, from the query or the form.
#[derive(Clone, Debug)]
pub struct Asked {
    pub endpoint: Endpoint,
    pub request: Request,
    pub params: Vec<(String, String)>,
    /// The thumbprint of the key that the sender has proved to have.
    pub thumbprint: Option<String>,
}

impl Asked {
    fn read(endpoint: Endpoint, request: &Request) -> Self {
        let text = match request.method.as_str() {
            "GET" => request.path.split_once('?').map_or("", |(_, query)| query),
            _ if form(request) => request.text(),
            _ => "",
        };
        let params = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        Self { endpoint, request: request.clone(), params, thumbprint: None }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// For what must be there.
    #[track_caller]
    pub fn need(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.params))
    }

    pub fn repeats_a_parameter(&self) -> Option<&str> {
        let repeated = |(at, (name, _)): (usize, &(String, String))| {
            name != "resource" && self.params[..at].iter().any(|(before, _)| before == name)
        };
        let at = self.params.iter().enumerate().position(repeated)?;
        Some(&self.params[at].0)
    }
}

/// An authorization server without a socket: it may have an origin of its own, or share that of an MCP server.
pub struct Desk {
    pub origin: OnceLock<String>,
    manners: Mutex<Manners>,
    pub clients: Clients,
    pub ledger: Ledger,
    pub judge: Judge,
    /// What clients have proved themselves with: good once.
    pub(super) assertions: Mutex<HashSet<String>>,
    /// The authorization requests that wait for a person.
    pub(super) pending: Mutex<HashMap<String, Asked>>,
    asked: Mutex<Vec<Asked>>,
    arrived: Condvar,
    faults: Mutex<HashMap<Endpoint, Faults>>,
}

#[derive(Default)]
struct Faults {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Desk {
    pub fn new(manners: Manners) -> Self {
        Self {
            origin: OnceLock::new(),
            manners: Mutex::new(manners),
            clients: Clients::default(),
            ledger: Ledger::default(),
            judge: Judge::default(),
            assertions: Mutex::default(),
            pending: Mutex::default(),
            asked: Mutex::default(),
            arrived: Condvar::new(),
            faults: Mutex::default(),
        }
    }

    pub fn origin(&self) -> &str {
        self.origin.get().expect("the desk has an origin")
    }

    pub fn issuer(&self) -> String {
        format!("{}{}", self.origin(), lock(&self.manners).issuer_path)
    }

    /// Where an endpoint is, such as `/token`.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer().trim_end_matches('/'))
    }

    pub fn manners(&self) -> Manners {
        lock(&self.manners).clone()
    }

    /// From now on it behaves otherwise.
    pub fn change(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut lock(&self.manners));
    }

    /// The next request to this endpoint goes wrong; several times called, several requests in turn.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        lock(&self.faults).entry(endpoint).or_default().next.push_back(fault);
    }

    pub fn fail(&self, endpoint: Endpoint, fault: Fault) {
        lock(&self.faults).entry(endpoint).or_default().always = Some(fault);
    }

    pub fn mend(&self, endpoint: Endpoint) {
        lock(&self.faults).remove(&endpoint);
    }

    /// All requests to an endpoint so far.
    pub fn asked(&self, endpoint: Endpoint) -> Vec<Asked> {
        lock(&self.asked).iter().filter(|asked| asked.endpoint == endpoint).cloned().collect()
    }

    /// Every secret that it was sent, in a parameter or in a header.
    pub fn told_secrets(&self) -> Vec<String> {
        let asked = lock(&self.asked);
        let params = asked.iter().flat_map(|asked| &asked.params);
        let params = params.filter(|(name, _)| SECRETS.contains(&name.as_str())).map(|(_, value)| value.clone());
        let proofs = asked.iter().filter_map(|asked| asked.request.header("dpop").map(str::to_owned));
        let basic = asked.iter().filter_map(|asked| asked.request.header("authorization")?.split_once(' '));
        params.chain(proofs).chain(basic.map(|(_, credential)| credential.to_owned())).collect()
    }

    /// The `n`-th request (from 1) to an endpoint, waited for.
    #[track_caller]
    pub fn wait(&self, n: usize, endpoint: Endpoint) -> Asked {
        match self.wait_within(PATIENCE, n, endpoint) {
            Some(asked) => asked,
            None => panic!("{endpoint:?} number {n} did not come"),
        }
    }

    pub fn wait_within(&self, patience: Duration, n: usize, endpoint: Endpoint) -> Option<Asked> {
        let deadline = Instant::now() + patience;
        let mut asked = lock(&self.asked);
        loop {
            if let Some(found) = asked.iter().filter(|asked| asked.endpoint == endpoint).nth(n - 1) {
                return Some(found.clone());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            asked = self.arrived.wait_timeout(asked, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Gives the reply back if the request is not for an authorization server.
    pub fn answer(&self, request: &Request, reply: Reply) -> Option<Reply> {
        let Some(endpoint) = self.endpoint(request) else { return Some(reply) };
        let bearer = request.header("authorization").is_some_and(|value| value.to_lowercase().starts_with("bearer"));
        assert!(!bearer, "an access token was sent to the authorization server: {} {}", request.method, request.path);
        let asked = Asked::read(endpoint, request);
        lock(&self.asked).push(asked.clone());
        self.arrived.notify_all();
        match self.fault(endpoint) {
            None => self.serve(&asked).send(reply),
            Some(Fault::Answer(answer)) => answer.send(reply),
            Some(Fault::HangUp) => reply.hang_up(),
            Some(Fault::LoseAnswer) => {
                self.serve(&asked);
                reply.hang_up();
            }
            Some(Fault::Slow(span)) => {
                thread::sleep(span);
                self.serve(&asked).send(reply);
            }
            Some(Fault::Held(gate)) => {
                gate.wait();
                self.serve(&asked).send(reply);
            }
            Some(Fault::AnswerHeld(gate)) => {
                let answer = self.serve(&asked);
                gate.wait();
                answer.send(reply);
            }
        }
        None
    }

    fn fault(&self, endpoint: Endpoint) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let faults = faults.get_mut(&endpoint)?;
        faults.next.pop_front().or_else(|| faults.always.clone())
    }

    fn endpoint(&self, request: &Request) -> Option<Endpoint> {
        let path = request.path.split('?').next().unwrap_or_default();
        if path.contains("/.well-known/oauth-authorization-server")
            || path.contains("/.well-known/openid-configuration")
        {
            return Some(Endpoint::Documents);
        }
        let prefix = lock(&self.manners).issuer_path.trim_end_matches('/').to_owned();
        match (request.method.as_str(), path.strip_prefix(&prefix)?) {
            ("POST", "/register") => Some(Endpoint::Register),
            ("GET", "/authorize") => Some(Endpoint::Authorize),
            ("POST", "/consent") => Some(Endpoint::Consent),
            ("POST", "/token") => Some(match Asked::read(Endpoint::OtherGrant, request).get("grant_type") {
                Some("authorization_code") => Endpoint::Code,
                Some("refresh_token") => Endpoint::Refresh,
                Some(DEVICE_CODE) => Endpoint::Poll,
                _ => Endpoint::OtherGrant,
            }),
            ("POST", "/device_authorization") => Some(Endpoint::Device),
            ("GET" | "POST", "/device") => Some(Endpoint::Enter),
            ("POST", "/revoke") => Some(Endpoint::Revoke),
            _ => None,
        }
    }

    fn serve(&self, asked: &Asked) -> Answer {
        match asked.endpoint {
            Endpoint::Documents => self.document(&asked.request),
            Endpoint::Register => self.register(&asked.request),
            Endpoint::Authorize => self.authorize(asked),
            Endpoint::Consent => self.consent(asked),
            Endpoint::Enter => self.enter(asked),
            _ if !form(&asked.request) => Answer::error(400, "invalid_request", "the body is not a form"),
            Endpoint::Device => self.give_device_code(asked),
            Endpoint::Revoke => self.revoke(asked),
            Endpoint::Code | Endpoint::Refresh | Endpoint::Poll | Endpoint::OtherGrant => match self.proven(asked) {
                Ok((asked, nonce)) => {
                    let answer = match asked.endpoint {
                        Endpoint::Code => self.redeem(&asked),
                        Endpoint::Refresh => self.refresh(&asked),
                        Endpoint::Poll => self.poll(&asked),
                        _ => self.unattended(&asked),
                    };
                    nonce.into_iter().fold(answer, |answer, nonce| answer.header("DPoP-Nonce", nonce))
                }
                Err(answer) => answer,
            },
        }
    }

    /// RFC 9449, section 5: what comes with a proof is bound to its key.
    fn proven(&self, asked: &Asked) -> Result<(Asked, Option<String>), Answer> {
        let binding = self.manners().binding;
        if asked.request.header("dpop").is_none() && !binding.required {
            return Ok((asked.clone(), None));
        }
        match self.judge.proven(&asked.request, &self.at("/token"), None, binding.nonces) {
            Ok((thumbprint, nonce)) => {
                Ok((Asked { thumbprint: binding.offered.then_some(thumbprint), ..asked.clone() }, nonce))
            }
            Err(refusal) => {
                // The client is looked at before the proof, so what it proves itself with is used up.
                let _ = self.client_of(asked);
                let answer = Answer::error(400, refusal.code, &refusal.why);
                Err(refusal.nonce.into_iter().fold(answer, |answer, nonce| answer.header("DPoP-Nonce", nonce)))
            }
        }
    }
}

fn form(request: &Request) -> bool {
    let content_type = request.header("content-type").unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Parameters of requests. Not the state: it is in the address that a person may have to open by hand.
const SECRETS: [&str; 9] = [
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "refresh_token",
    "subject_token",
    "token",
];

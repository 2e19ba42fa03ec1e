//! An authorization server on a socket of its own, and what it shows the person.

use std::{ops::Deref, sync::Arc};

use url::Url;

use super::{
    Iss, Manners, State,
    desk::{Answer, Asked, Desk},
};
use crate::support::{
    server::Server,
    sync::{Mailbox, lock},
};

pub struct Authorization {
    pub server: Server,
    desk: Arc<Desk>,
}

impl Authorization {
    pub fn start(change: impl FnOnce(&mut Manners)) -> Self {
        Self::start_on(0, change)
    }

    /// On a port that was free a moment ago: one that comes (back) up.
    pub fn start_on(port: u16, change: impl FnOnce(&mut Manners)) -> Self {
        let mut manners = Manners::default();
        change(&mut manners);
        let desk = Arc::new(Desk::new(manners));
        let handler = {
            let desk = desk.clone();
            move |request: &_, reply| {
                if let Some(reply) = desk.answer(request, reply) {
                    reply.text(404, "the authorization server has no such page");
                }
            }
        };
        let server = Server::start_with(Server::here(port), Mailbox::new(), None, Arc::new(handler));
        desk.origin.set(server.origin()).expect("set once");
        Self { server, desk }
    }

    pub fn desk(&self) -> Arc<Desk> {
        self.desk.clone()
    }

    /// For one that must *not* be asked.
    pub fn may_be_unused(mut self) -> Self {
        self.server = self.server.may_be_unused();
        self
    }
}

impl Deref for Authorization {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Desk {
    /// What is wrong with the client or its redirect URI is told to the person; all else goes back to the client.
    pub(super) fn authorize(&self, asked: &Asked) -> Answer {
        let manners = self.manners();
        let page = |text: &str| Answer::text(400, "text/html", format!("<!doctype html><p>{text}"));
        if let Some(name) = asked.repeats_a_parameter() {
            return page(&format!("{name} is there twice"));
        }
        let client = asked.get("client_id").and_then(|id| self.clients.find(id, &manners));
        let Some(client) = client else { return page("no such client") };
        if !asked.get("redirect_uri").is_some_and(|uri| client.may_return_to(uri)) {
            return page("redirect_uri is not a registered one");
        }
        let wrong = match () {
            () if asked.get("response_type") != Some("code") => Some("unsupported_response_type"),
            () if asked.get("code_challenge_method") != Some("S256") => Some("invalid_request"),
            () if asked.get("code_challenge").is_none_or(|challenge| challenge.len() != 43) => Some("invalid_request"),
            () if manners.tokens.resource.is_some() && asked.get("resource") != manners.tokens.resource.as_deref() => {
                Some("invalid_target")
            }
            () => None,
        };
        if let Some(error) = wrong {
            return self.go_back(asked, Err((error, None)));
        }
        if manners.authorize.at_once {
            return self.decide(asked, true);
        }
        let key = format!("request-{}", lock(&self.pending).len() + 1);
        lock(&self.pending).insert(key.clone(), asked.clone());
        self.consent_page("/consent", &key)
    }

    /// A page with a form that says yes or no to `request`.
    pub(super) fn consent_page(&self, action: &str, request: &str) -> Answer {
        let action = self.at(action);
        let buttons =
            r#"<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button>"#;
        let body = format!(
            r#"<!doctype html><title>Consent</title><form method="post" action="{action}"><input type="hidden" name="request" value="{request}">{buttons}</form>"#
        );
        Answer::text(200, "text/html; charset=utf-8", body)
    }

    pub(super) fn consent(&self, asked: &Asked) -> Answer {
        let request = asked.get("request").and_then(|key| lock(&self.pending).get(key).cloned());
        match request {
            Some(request) => self.decide(&request, asked.get("decision") == Some("allow")),
            None => Answer::text(400, "text/html", "<!doctype html><p>This page has expired."),
        }
    }

    fn decide(&self, asked: &Asked, allowed: bool) -> Answer {
        match self.manners().authorize.error {
            Some(error) => self.go_back(asked, Err(error)),
            None if allowed => self.go_back(asked, Ok(self.issue_code(asked))),
            None => self.go_back(asked, Err(("access_denied", Some("the person said no")))),
        }
    }

    fn go_back(&self, asked: &Asked, outcome: Result<String, (&str, Option<&str>)>) -> Answer {
        let manners = self.manners().authorize;
        let mut url = Url::parse(asked.need("redirect_uri")).expect("a registered redirect URI is a URL");
        let mut query = url.query_pairs_mut();
        match outcome {
            Ok(code) => {
                query.append_pair("code", &code);
            }
            Err((error, description)) => {
                query.append_pair("error", error);
                if let Some(description) = description {
                    query.append_pair("error_description", description);
                }
            }
        }
        match (&manners.state, asked.get("state")) {
            (State::Echoed, Some(state)) => _ = query.append_pair("state", state),
            (State::Other(state), _) => _ = query.append_pair("state", state),
            (State::Echoed, None) | (State::Missing, _) => {}
        }
        match manners.iss {
            Iss::Absent | Iss::Forgotten => {}
            Iss::Right => _ = query.append_pair("iss", &self.issuer()),
            Iss::Other(issuer) => _ = query.append_pair("iss", &issuer),
        }
        query.extend_pairs(manners.extra.iter());
        drop(query);
        Answer::text(302, "text/html", "").header("Location", url.as_str())
    }
}

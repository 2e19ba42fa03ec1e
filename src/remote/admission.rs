//! Requests with the ticket of the sign-in, and the one place that knows what its refusal means.

use std::time::Duration;

use super::Trouble;
use super::session::Shared;
use super::streamable::{silent, within};
use crate::auth::{Demand, Denied, Ticket, challenge};
use crate::http::{Lane, Request, Response};

/// On which terms a request goes.
#[derive(Clone, Copy)]
pub struct Terms {
    /// Over which connections.
    pub lane: Lane,
    /// How long it waits for a person who has to sign in; `None` is as long as it takes.
    pub patience: Option<Duration>,
    /// How long it waits for the head of the answer.
    pub head: Option<Duration>,
}

impl Terms {
    /// Beside the requests of the editor.
    pub fn aside(patience: Option<Duration>) -> Self {
        Terms { lane: Lane::Control, patience, head: None }
    }
}

impl Shared {
    /// Sends what `make` makes, with the ticket at hand. A 401, and a 403 that asks for more scopes,
    /// lead to a better ticket and to one more request, if it is `wanted` still: that is asked before the wait for
    /// it, and the request certainly did not run. Waits for a person at most `patience`.
    pub async fn admitted(
        &self,
        terms: Terms,
        make: impl Fn() -> Request,
        wanted: impl Fn() -> bool,
    ) -> Result<Response, Trouble> {
        let mut ticket = match self.login.ticket(terms.patience).await {
            Ok(ticket) => ticket,
            Err(Denied::Because(failure)) => return Err(Trouble::Final(failure)),
            Err(Denied::NotOffered) => Ticket::default(),
        };
        let mut demands = 0;
        let mut stepped_up: Option<Demand> = None;
        loop {
            self.look_at_the_clock();
            let mut request = make();
            ticket.add_to(&mut request);
            // Boxed: what waits for an answer, as hundreds of calls may, should be small.
            let sent = within(terms.head, Box::pin(self.http.send(terms.lane, request))).await;
            let late =
                || Err(Trouble::Spoiled(silent("the server did not begin to answer in time", "--headers-timeout")));
            let response = sent.map_or_else(late, |sent| Ok(sent?))?;
            let demand = match self.demand(&response, &ticket)? {
                None => {
                    self.login.accepted(&ticket);
                    return Ok(response);
                }
                Some(_) if demands == MOST_DEMANDS => return Ok(response),
                Some(demand) => demand,
            };
            demands += 1;
            if !wanted() {
                return Ok(response);
            }
            if let Demand::Scopes(_) = demand {
                if let Some(failure) = stepped_up.and_then(|before| self.login.asked_again(&before, &demand)) {
                    return Err(Trouble::Final(failure));
                }
                stepped_up = Some(demand.clone());
            }
            ticket = match Box::pin(self.login.renew(demand, &ticket, terms.patience)).await {
                Ok(ticket) => ticket,
                Err(Denied::NotOffered) => return Ok(response),
                Err(Denied::Because(failure)) => return Err(Trouble::Final(failure)),
            };
        }
    }

    /// What a refusal asks of the sign-in, if it is for the sign-in to mend.
    ///
    /// # Errors
    /// It is about the proof of a key, and no other token helps.
    fn demand(&self, response: &Response, ticket: &Ticket) -> Result<Option<Demand>, Trouble> {
        let status = response.status().as_u16();
        if !matches!(status, 401 | 403) || !self.login.is_active() {
            return Ok(None);
        }
        let challenge = challenge::bearer(response.headers());
        // What was given is refused, and not the want of a sign-in. Who has signed in beside it needs both.
        if ticket.is_none() && self.settings.given(challenge.as_ref()).is_any() && !self.login.is_wanted() {
            return Ok(None);
        }
        if let Some(failure) = ticket.proof_refused(&self.settings.url, challenge.as_ref(), response.headers()) {
            return Err(Trouble::Final(failure));
        }
        if status == 403 {
            let asks =
                |name: &str| challenge.as_ref().is_some_and(|challenge| challenge.error.as_deref() == Some(name));
            return Ok(challenge
                .clone()
                .filter(|challenge| asks("insufficient_scope") && challenge.scope.is_some())
                .map(Demand::Scopes));
        }
        // Something that may be a key was given, and the server speaks of no token: then it is one, and wrong.
        let may_have_key = !self.settings.credentials.is_empty() || self.settings.url.query().is_some();
        if challenge.is_none() && may_have_key && !self.login.is_chosen() {
            return Ok(None);
        }
        Ok(Some(Demand::Token(challenge)))
    }
}

/// How often one request may be refused for its ticket before it is sent for the last time: an old
/// token, one with too few scopes, and one more of either, of a person for no other scopes.
const MOST_DEMANDS: u32 = 3;
/// How long a request in a session waits for a person. Editors give calls a minute, and an error
/// that says what to do is better than a timeout of theirs.
pub const CALL_HOLD: Duration = Duration::from_secs(45);

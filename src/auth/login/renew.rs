//! A better ticket than the one that was refused.

use std::sync::Arc;
use std::time::Duration;

use super::{Inner, State};
use crate::auth::challenge::Bearer;
use crate::auth::change::{Demand, Denied, How};
use crate::auth::ticket::Ticket;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::store::Happening;

/// How a token goes that is bound to a key.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Unbound {
    /// With a proof.
    #[default]
    No,
    /// Without one, to see whether the server takes it: it has refused the other, and named no proof.
    Tried,
    /// Without one: the server knows bearer tokens only.
    Taken,
}

impl Inner {
    /// A better ticket than `refused`, whoever makes it.
    pub(super) async fn renew(
        self: &Arc<Self>,
        demand: Demand,
        refused: &Ticket,
        patience: Option<Duration>,
    ) -> Result<Ticket, Denied> {
        for _ in 0..MOST_ROUNDS {
            if let Some(ticket) = self.better_than(refused, &demand)? {
                return Ok(ticket);
            }
            let (work, mine) = self.begin(&demand, refused);
            let outcome = self.wait(work.clone(), patience).await;
            // What another request had begun may have been for less than is wanted here. If it is not
            // over, the patience is.
            if mine || work.borrow().is_none() {
                outcome?;
            }
        }
        Err(self.wanted().into())
    }

    /// The ticket at hand, if it is not the refused one.
    fn better_than(&self, refused: &Ticket, demand: &Demand) -> Result<Option<Ticket>, Failure> {
        let mut state = self.state();
        if state.ticket != *refused {
            return Ok(state.is_alive().then(|| state.ticket.clone()));
        }
        if let Demand::Token(challenge) = demand
            && let Some(ticket) = self.the_other_way(&mut state, challenge.as_ref())
        {
            return Ok(Some(ticket));
        }
        if let Some(grant) = &state.grant
            && !state.accepted
            && state.how == How::SignedIn
            && matches!(demand, Demand::Token(_))
        {
            // A second window would bring the same token once more, also to a relay that is started again.
            let failure = grant.not_taken(&self.server());
            if !self.options.flow.is_unattended() {
                self.store.ask_nobody(&self.key, &failure.fact, now());
                if let Ok(about) = self.options.about(None) {
                    let what = Happening::NotTaken { why: failure.fact.clone() };
                    self.store.tell(&self.key, &about, &self.by(state.editor.as_deref()), what);
                }
            }
            return Err(Failure { kind: Kind::SignInRequired, ..failure }.status(401));
        }
        let scopes: Vec<&str> = demand.scopes().collect();
        if state.stepped_up.iter().any(|asked| *asked == scopes) && state.under_way().is_none() {
            let fact = format!("{} wants more rights ({}), and they were not granted", self.server(), scopes.join(" "));
            let remedy = format!("ask its operator, or run: {} --force", self.options.command("login"));
            return Err(Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(403));
        }
        // Before it counts as asked for: once the person has come on their own, it may be.
        if !self.options.flow.is_unattended() && demand.comes_too_often(&self.store, &self.key) {
            return Err(self.options.asked_again(demand));
        }
        Ok(None)
    }

    /// The same token with a proof instead of without one, or without instead of with: whichever the
    /// server asks for in a refusal, where that has not been tried.
    fn the_other_way(&self, state: &mut State, challenge: Option<&Bearer>) -> Option<Ticket> {
        let offers_proofs = challenge.is_some_and(|challenge| challenge.dpop.is_some());
        let (ticket, unbound) = match state.unbound {
            Unbound::No => (state.ticket.unbound(challenge)?, Unbound::Tried),
            Unbound::Taken if offers_proofs => {
                (Ticket::of(state.grant.as_ref()?, self.options.use_id_token), Unbound::No)
            }
            Unbound::Tried | Unbound::Taken => return None,
        };
        state.ticket = ticket.clone();
        state.unbound = unbound;
        Some(ticket)
    }
}

/// How often a request lets a change under way end before it gives up.
const MOST_ROUNDS: u32 = 4;

//! Whether a sign-in is wanted where the person gave a credential of another kind.

use super::{By, Inner, Login};
use crate::auth::challenge::Bearer;
use crate::auth::change::Demand;
use crate::auth::flow::Flow;
use crate::failure::Failure;
use crate::store::{Credential, Grant, Happening, Way};

impl Login {
    /// Whether the person has said how tokens are come by: then these are wanted whatever else goes along.
    pub fn is_chosen(&self) -> bool {
        match &self.0 {
            By::Nobody => false,
            By::Command(_) => true,
            By::Grant(inner) => {
                let options = &inner.options;
                !matches!(options.flow, Flow::Browser) || options.device || options.client.given.is_some()
            }
        }
    }

    /// Whether a sign-in is wanted whatever else goes along: it was chosen, or there was one, as behind a gateway that
    /// wants a key as well.
    pub fn is_wanted(&self) -> bool {
        self.is_chosen() || self.inner().is_some_and(|inner| inner.has_signed_in())
    }

    /// That the server wants other rights than it wanted for the same request just `before`, and nobody is sent off
    /// for these. The same may come twice, and more beside them: the change that was under way was for the scopes of
    /// another request.
    pub fn asked_again(&self, before: &Demand, demand: &Demand) -> Option<Failure> {
        let options = &self.inner()?.options;
        let is_other = !before.scopes().all(|scope| demand.scopes().any(|it| it == scope));
        (is_other && !options.flow.is_unattended()).then(|| options.asked_again(demand))
    }

    /// What to do about a refusal that is not for want of a sign-in: somebody is signed in.
    pub fn as_another(&self) -> Option<String> {
        let inner = self.inner()?;
        let is_person = |grant: &Grant| matches!(grant.credential, Credential::OAuth(_));
        if inner.options.flow.is_unattended() || !inner.state().grant.as_ref().is_some_and(is_person) {
            return None;
        }
        let command = inner.options.command("login");
        Some(format!("ask its operator, or sign in as somebody who may do it: {command} --force"))
    }

    /// What to do about a key that was refused with this challenge: `check` it, or sign in, in its place or beside it.
    pub fn beside_a_key(&self, check: &str, challenge: Option<&Bearer>) -> String {
        let offers = challenge.is_some_and(|challenge| challenge.resource_metadata.is_some());
        match self.inner() {
            Some(inner) if offers => format!(
                "{check}, or remove it to sign in in the browser; if the server wants both, run: {}",
                inner.options.command("login")
            ),
            None if offers => format!("{check}, or remove it to sign in in the browser"),
            Some(inner) if inner.has_signed_in() => {
                format!("{check}; if the sign-in has ended, run: {}", inner.options.command("login"))
            }
            _ => check.to_owned(),
        }
    }
}

impl Inner {
    /// Whether somebody has signed in to the server before, as far as this machine knows.
    fn has_signed_in(&self) -> bool {
        let is_of_one = |what: &Happening| match what {
            Happening::Issued { way, .. } => *way != Way::ApiKey,
            what => matches!(what, Happening::Renewed | Happening::Refused { .. }),
        };
        // A damaged entry tells of one as well; after a sign-out only the history does.
        !matches!(self.store.entry(&self.key), Ok(None))
            || self.store.history(&self.key).iter().any(|chapter| is_of_one(&chapter.what))
    }
}

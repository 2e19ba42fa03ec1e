//! What other processes do to the grant, and its renewal ahead of time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::renew::Unbound;
use super::{Inner, Stand, Turn};
use crate::auth::change::{Demand, How};
use crate::auth::ticket::Ticket;
use crate::clock::now;
use crate::store::{Credential, Grant};

impl Inner {
    pub(super) fn adopt(&self, grant: Grant, how: How) {
        if let Some(known) = self.known.get() {
            grant.credential.secrets().iter().for_each(|secret| known.learn(secret.expose()));
        }
        let mut state = self.state();
        let other = state.grant.as_ref().is_some_and(|known| known.is_of_another(&grant));
        let renewed =
            state.grant.as_ref().is_none_or(|known| known.serial != grant.serial || known.lineage != grant.lineage);
        let ticket = Ticket::of(&grant, self.options.use_id_token);
        let ticket = match state.unbound {
            Unbound::Taken => ticket.unbound(None).unwrap_or(ticket),
            Unbound::No | Unbound::Tried => {
                state.unbound = Unbound::No;
                ticket
            }
        };
        let left = std::mem::replace(&mut state.ticket, ticket);
        state.grant = Some(grant);
        // The store may have told of it before whoever made it.
        if renewed || how != How::Kept {
            state.how = how;
        }
        state.accepted &= !renewed;
        drop(state);
        self.stand.send_replace(Stand::Ready);
        if other {
            self.turns.send_replace(Turn { left, taken: true });
        }
    }

    /// Follows the store, once there is something to follow, and renews ahead of expiry.
    pub(super) fn follow(self: &Arc<Self>) {
        if self.following.set(()).is_ok() {
            let inner = Arc::clone(self);
            tokio::spawn(async move {
                let mut watch = inner.store.watch(&inner.key);
                loop {
                    tokio::select! {
                        () = watch.changed() => inner.look().await,
                        () = inner.time_to_renew() => inner.renew_ahead().await,
                    }
                }
            });
        }
    }

    /// Takes over what another process has changed.
    pub(super) async fn look(&self) {
        let entry = match self.store.entry(&self.key) {
            Ok(entry) => entry,
            Err(failure) => return log::debug!("{failure}"),
        };
        let known = self.state().grant.as_ref().map(|grant| (grant.lineage.clone(), grant.serial));
        match (entry, known) {
            (None, Some(_)) => {
                log::info!("signed out of {}", self.server());
                let mut state = self.state();
                state.grant = None;
                let left = std::mem::take(&mut state.ticket);
                drop(state);
                self.turns.send_replace(Turn { left, taken: false });
            }
            (Some(entry), known) if known != Some((entry.lineage.clone(), entry.serial)) => {
                match self.store.read(&self.key).await {
                    Ok(Some(grant)) => self.adopt(grant, How::Kept),
                    Ok(None) => {}
                    Err(failure) => log::warn!("{failure}"),
                }
            }
            _ => {}
        }
    }

    /// Waits until the token should be renewed: for ever where it cannot be.
    async fn time_to_renew(&self) {
        let wait = match self.state().grant.as_ref().map(|grant| &grant.credential) {
            Some(Credential::OAuth(oauth)) if oauth.refresh_token.is_some() || oauth.unattended => {
                oauth.renew_in(now())
            }
            _ => None,
        };
        match wait {
            Some(wait) => sleep(wait).await,
            None => std::future::pending().await,
        }
    }

    async fn renew_ahead(self: &Arc<Self>) {
        let ticket = self.state().ticket.clone();
        let (mut work, _) = self.begin(&Demand::Renewal, &ticket);
        let outcome = work.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        if let Ok(Some(Err(denied))) = outcome {
            // Nobody waits for it. A request that does will say so to the editor.
            log::debug!("not renewed ahead of time: {denied:?}");
            sleep(AFTER_FAILURE).await;
        }
    }
}

/// How long after a renewal ahead of time that came to nothing the next one is tried.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

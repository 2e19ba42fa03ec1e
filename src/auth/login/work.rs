//! A change of the grant that is under way, and those who wait for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Inner, Stand, Work};
use crate::auth::change::{Demand, Denied, How, Job, Outcome, Progress};
use crate::auth::helper;
use crate::auth::ticket::Ticket;
use crate::failure::{Failure, Kind};
use crate::store::{By, Lock, Pending};

impl Inner {
    /// Joins the change under way, or begins one; whether it was begun here.
    pub(super) fn begin(self: &Arc<Self>, demand: &Demand, refused: &Ticket) -> (Work, bool) {
        let mut state = self.state();
        if let Some(work) = state.under_way() {
            return (work.clone(), false);
        }
        if let Demand::Scopes(_) = demand {
            state.stepped_up.push(demand.scopes().map(str::to_owned).collect());
        }
        let job = Job {
            options: self.options.clone(),
            demand: demand.clone(),
            refused: refused.digest(),
            renewed_in_vain: !state.accepted && state.how == How::Renewed && matches!(demand, Demand::Token(_)),
            // Nobody is asked without the server's challenge, which says what to ask for.
            person: self.options.interactive
                && !matches!(demand, Demand::Renewal)
                && !*self.closed.borrow()
                && !self.asks_nobody.load(Ordering::Relaxed),
            forced: false,
            link: state.link,
            editor: state.editor.clone(),
            by: self.by(state.editor.as_deref()),
        };
        let (done, work) = watch::channel(None);
        state.work = Some(work.clone());
        drop(state);
        let inner = Arc::clone(self);
        // A task of its own: a change goes on when the request that asked for it is cancelled.
        tokio::spawn(async move {
            let outcome = inner.work(job).await;
            done.send_replace(Some(outcome));
        });
        (work, true)
    }

    /// What this process is, for the history.
    pub(super) fn by(&self, editor: Option<&str>) -> By {
        // Only the commands that use a server from the shell ask nobody.
        By::this(match editor {
            _ if self.asks_nobody.load(Ordering::Relaxed) => "a command at a shell".to_owned(),
            Some(editor) => format!("the relay of {editor}"),
            None => "a relay".to_owned(),
        })
    }

    pub(super) async fn work(self: &Arc<Self>, job: Job) -> Result<(), Denied> {
        loop {
            let tell = |Progress::Waiting { url, code, opened }: Progress| {
                self.wait_for_person(Stand::Waiting { url, code, opened });
            };
            match helper::run(&job, &self.http, &self.store, &self.here, &tell).await {
                Outcome::Published(grant, how) => {
                    self.adopt(*grant, how);
                    self.follow();
                    return Ok(());
                }
                Outcome::Denied(denied) => {
                    self.stand.send_if_modified(|stand| std::mem::replace(stand, Stand::Quiet) != Stand::Quiet);
                    self.follow();
                    return Err(denied);
                }
                Outcome::Elsewhere => self.elsewhere().await,
            }
        }
    }

    /// Waits until the sign-in of another process is over, however it ends.
    pub(super) async fn elsewhere(&self) {
        loop {
            if let Some(pending) = self.store.pending(&self.sign_in_key).filter(|pending| pending.end.is_none()) {
                let Pending { url, code, opened, .. } = pending;
                self.wait_for_person(Stand::Waiting { url, code, opened });
            }
            // An error will be met again by the helper, which tells it.
            match self.store.try_lock(&self.sign_in_key, Lock::SignIn) {
                Ok(None) => sleep(LOOK).await,
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }

    fn wait_for_person(&self, waiting: Stand) {
        let news = self.stand.send_if_modified(|stand| {
            let news = *stand != waiting;
            stand.clone_from(&waiting);
            news
        });
        if let (true, Some(invitation)) = (news, self.invitation()) {
            log::info!("{invitation}");
        }
    }

    pub(super) fn invitation(&self) -> Option<Failure> {
        let Stand::Waiting { url, code, opened } = self.stand.borrow().clone() else { return None };
        let ended = self.store.entry(&self.sign_in_key).ok().flatten().and_then(|entry| entry.ended);
        let why = ended.map(|ended| format!(": {}", ended.why)).unwrap_or_default();
        let fact = format!("{} wants a sign-in{why}", self.server());
        let login = self.options.command("login");
        let remedy = match (opened, code) {
            (true, _) => format!("sign in in the browser window that was opened, or at {url}"),
            (false, None) => format!("sign in at {url} or run: {login}"),
            (false, Some(code)) => format!("on any device, sign in at {url} with the code {code} or run: {login}"),
        };
        Some(Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(401))
    }

    pub(super) fn wanted(&self) -> Failure {
        let fact = format!("{} wants a sign-in", self.server());
        Failure::new(Kind::SignInRequired, fact).remedy(format!("run: {}", self.options.command("login")))
    }

    /// The outcome of `work`, or that it takes a person too long.
    pub(super) async fn wait(&self, mut work: Work, patience: Option<Duration>) -> Result<(), Denied> {
        let end = async {
            match work.wait_for(Option::is_some).await.map(|outcome| outcome.clone()) {
                Ok(Some(outcome)) => outcome,
                Ok(None) | Err(_) => Err(Failure::new(Kind::Internal, "a renewal was given up").into()),
            }
        };
        tokio::select! {
            biased;
            outcome = end => outcome,
            () = self.too_long(patience) => {
                Err(self.invitation().unwrap_or_else(|| self.wanted()).into())
            }
        }
    }

    pub(super) async fn too_long(&self, patience: Option<Duration>) {
        let (mut stand, mut closed, mut left) =
            (self.stand.subscribe(), self.closed.subscribe(), self.closed.subscribe());
        let for_a_person = async {
            let _ = stand.wait_for(|stand| matches!(stand, Stand::Waiting { .. })).await;
            let left = left.wait_for(|left| *left);
            match patience {
                Some(patience) => drop(timeout(patience, left).await),
                None => drop(left.await),
            }
        };
        let for_nobody = async {
            let _ = closed.wait_for(|closed| *closed).await;
            // A renewal is worth waiting for, and has an end; so is a grant that nobody is asked for, or that an
            // organization may give without anybody. Else a person is about to be asked.
            if self.state().grant.is_some() || self.options.flow.is_unattended() {
                std::future::pending::<()>().await;
            }
            sleep(LAST_CHANCE).await;
        };
        tokio::select! {
            () = for_a_person => {}
            () = for_nobody => {}
        }
    }
}

/// How often the sign-in of another process is looked at, while somebody waits for it.
const LOOK: Duration = Duration::from_millis(250);
/// How long a sign-in that has not come to the person yet is waited for when the editor has left.
const LAST_CHANCE: Duration = Duration::from_millis(500);

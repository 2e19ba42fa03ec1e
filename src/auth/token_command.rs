//! Tokens that a command of the person prints: for those who have a vault or a broker of their own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::change::{Demand, Denied};
use super::ticket::Ticket;
use super::token;
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::secret::{Known, Secret};
use crate::source::Source;
use crate::store::Store;

/// A command that prints a bearer token. What it printed is used until it expires or is refused.
pub struct TokenCommand {
    source: Source,
    store: Store,
    /// The URL of the server as it may be shown.
    server: String,
    state: Mutex<State>,
    /// Whoever has it runs the command; the others wait for what it prints. Why the last run failed, if it did.
    turn: tokio::sync::Mutex<Option<Failure>>,
    /// How many runs have ended.
    ended: AtomicU64,
    /// Who is told what the tokens are.
    known: OnceLock<Known>,
}

#[derive(Default)]
struct State {
    ticket: Ticket,
    /// Until when it is used, in seconds since 1970.
    until: u64,
    /// Whether it was printed in answer to a refusal, and nobody has taken it yet.
    unproven: bool,
}

/// What the command printed.
#[derive(Debug, PartialEq)]
struct Printed {
    token: Secret,
    /// For how many seconds it is good, if that is known.
    life: Option<u64>,
}

impl TokenCommand {
    /// A command that has not run yet. `server` is for sentences.
    pub fn new(source: Source, store: Store, server: String) -> Self {
        let (state, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        TokenCommand { source, store, server, state, turn, ended: AtomicU64::new(0), known: OnceLock::new() }
    }

    /// From now on `known` learns every token before a request has it.
    pub fn tell_secrets(&self, known: &Known) {
        let _ = self.known.set(known.clone());
    }

    /// A token that has not expired.
    ///
    /// # Errors
    /// The command fails, or what it prints is no token: [`Kind::SignInRequired`].
    pub async fn ticket(&self) -> Result<Ticket, Failure> {
        if let Some(ticket) = self.alive() {
            return Ok(ticket);
        }
        let mut turn = self.turn().await?;
        match self.alive() {
            Some(ticket) => Ok(ticket),
            None => {
                let unproven = self.state().unproven;
                self.run(&mut turn, unproven).await
            }
        }
    }

    /// Another token than the one that was refused. The command is asked once for a refusal: what it
    /// prints then is right or it is wrong.
    ///
    /// # Errors
    /// There is none.
    pub async fn renew(&self, demand: &Demand, refused: &Ticket) -> Result<Ticket, Denied> {
        if let Demand::Scopes(_) = demand {
            let scopes: Vec<&str> = demand.scopes().collect();
            let fact = format!("{} wants more rights ({}) than the token has", self.server, scopes.join(" "));
            let remedy = format!("let {} print one that has them", self.source);
            return Err(Failure::new(Kind::SignInRequired, fact).remedy(remedy).status(403).into());
        }
        let mut turn = self.turn().await?;
        if let Some(ticket) = self.alive().filter(|ticket| ticket != refused) {
            return Ok(ticket);
        }
        if !self.state().unproven {
            let ticket = self.run(&mut turn, true).await?;
            if ticket != *refused {
                return Ok(ticket);
            }
        }
        // The next request asks again, because the vault may have another one by then.
        self.state().until = 0;
        Err(self.refused().into())
    }

    /// The server took this ticket.
    pub fn accepted(&self, ticket: &Ticket) {
        let mut state = self.state();
        if state.ticket == *ticket {
            state.unproven = false;
        }
    }

    /// The last token, whether it is good or not.
    pub fn at_hand(&self) -> Ticket {
        self.state().ticket.clone()
    }

    fn alive(&self) -> Option<Ticket> {
        let state = self.state();
        (now() < state.until).then(|| state.ticket.clone())
    }

    /// Waits for the turn. A run that fails meanwhile fails for all who wait: each of them to run the command
    /// again would let the last one wait for all of these.
    async fn turn(&self) -> Result<tokio::sync::MutexGuard<'_, Option<Failure>>, Failure> {
        let ended = self.ended.load(Ordering::Relaxed);
        let turn = self.turn.lock().await;
        match turn.as_ref().filter(|_| self.ended.load(Ordering::Relaxed) != ended) {
            Some(failure) => Err(failure.clone()),
            None => Ok(turn),
        }
    }

    /// Runs the command, for those too who wait for the `turn`.
    async fn run(&self, turn: &mut Option<Failure>, unproven: bool) -> Result<Ticket, Failure> {
        let outcome = self.ask(unproven).await;
        *turn = outcome.as_ref().err().cloned();
        self.ended.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    async fn ask(&self, unproven: bool) -> Result<Ticket, Failure> {
        let text = self.source.read(&self.store).await;
        let wrong = |failure: Failure| Failure { kind: Kind::SignInRequired, ..failure };
        let printed = read(&text.map_err(wrong)?, now()).map_err(|why| {
            let fact = format!("{} {why}", self.source);
            Failure::new(Kind::SignInRequired, fact).remedy("let it print a token, or JSON with an access_token")
        })?;
        if let Some(known) = self.known.get() {
            known.learn(printed.token.expose());
        }
        let ticket = Ticket::bearer(&printed.token).ok_or_else(|| {
            let fact = format!("{} prints something that fits no header", self.source);
            Failure::new(Kind::SignInRequired, fact).remedy("let it print the token and nothing else")
        })?;
        let life = printed.life.unwrap_or(LIFE);
        let until = now().saturating_add((life - (life / 10).min(MARGIN)).max(SHORTEST));
        *self.state() = State { ticket: ticket.clone(), until, unproven };
        Ok(ticket)
    }

    /// That the server does not take what the command prints.
    pub fn refused(&self) -> Failure {
        let fact = format!("{} refuses the token that {} prints (HTTP 401)", self.server, self.source);
        Failure::new(Kind::SignInRequired, fact).remedy("check that it is a token for this server").status(401)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a token as it is, or the answer of a token endpoint. The error is the end of a sentence, and
/// quotes nothing.
fn read(text: &Secret, now: u64) -> Result<Printed, &'static str> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: Option<Secret>,
        expires_in: Option<Value>,
    }
    let (token, life) = if text.expose().trim_start().starts_with('{') {
        let answer: Answer = serde_json::from_str(text.expose()).map_err(|_| "prints JSON that cannot be read")?;
        let token = answer.access_token.ok_or("prints JSON without an access_token")?;
        let life = answer.expires_in.and_then(|life| match life {
            Value::String(text) => text.parse().ok(),
            life => life.as_u64().or_else(|| life.as_f64().filter(|life| *life >= 0.0).map(|life| life as u64)),
        });
        (token, life)
    } else {
        let token = text.expose().trim();
        let bare =
            token.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).map_or(token, |_| &token[7..]);
        (Secret::new(bare.trim()), None)
    };
    if token.expose().is_empty() || token.expose().contains(char::is_whitespace) {
        return Err("prints something that is no token");
    }
    let life = life.or_else(|| token::end(&token).map(|end| end.saturating_sub(now)));
    Ok(Printed { token, life })
}

/// How long a token is used that does not say when it expires, in seconds.
const LIFE: u64 = 300;
/// A token is not used in the last tenth of its life, at most this many seconds: a request takes time.
const MARGIN: u64 = 30;
/// For this many seconds any token is used, also one that has expired by a clock that may be wrong: a
/// command for each request would be slow, and the server says what it thinks of it.
const SHORTEST: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_every_form_that_vaults_print() {
        let jwt = "h.eyJleHAiOjE1MDB9.s";
        for (text, token, life) in [
            ("opaque", "opaque", None),
            (" Bearer opaque\n", "opaque", None),
            (jwt, jwt, Some(500)),
            (r#"{"access_token":"a","expires_in":60}"#, "a", Some(60)),
            (r#"{"access_token":"a","expires_in":"60"}"#, "a", Some(60)),
            (r#"{"access_token":"a"}"#, "a", None),
        ] {
            assert_eq!(read(&Secret::new(text), 1000), Ok(Printed { token: Secret::new(token), life }), "{text}");
        }
        for text in [r#"{"token":"s3cret"}"#, r#"{"access_token":"#, "s3cret s3cret", "ä öü"] {
            assert!(read(&Secret::new(text), 0).is_err_and(|why| !why.contains("s3cret")), "{text}");
        }
    }
}

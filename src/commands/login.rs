//! `mcpbridge login`: a sign-in at a terminal, and API keys.

mod key;
mod knock;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::json;
use tokio::time::{sleep, timeout};
use url::Url;

use super::invite::Invite;
use super::terminal::{Terminal, until_interrupted};
use super::{access, print, print_json, server};
use crate::auth::challenge::Bearer;
use crate::auth::discovery::discover;
use crate::auth::{Demand, Denied, Flow, How, Job, Options, Outcome, Progress, Ticket, TokenCommand, Tools, change};
use crate::cli::{Login, Relay};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::http::{Http, Redirects, Request, shown};
use crate::plain::one_line;
use crate::store::{By, Credential, Grant, Happening, Key, Lock, Store};

use knock::Welcome;

/// Signs in, or keeps an API key, or ends a sign-in that is under way.
///
/// # Errors
/// The sign-in was refused or is not offered, or the store cannot keep it.
pub fn run(typed: &Login) -> anyhow::Result<ExitCode> {
    access::start_log(&typed.output)?;
    let connection = &typed.connection;
    let url = server::url(&typed.server, connection.allow_http)?;
    let runtime = super::event_loop()?;
    let headers = runtime.block_on(access::headers(connection))?;
    let command = access::token_command(connection, &url, &headers.all)?;
    let options = access::options(&url, typed.named.as_ref(), typed.port, (connection, &typed.sign_in))?;
    let session = Session {
        key: options.key()?,
        sign_in_key: options.sign_in_key()?,
        store: access::store()?.with_patience(access::AT_A_TERMINAL),
        http: Http::new(access::http(connection, typed.sign_in.auth_timeout.limit(), &url)?),
        headers: Arc::new(headers.all),
        options,
        url,
    };
    let done = until_interrupted(runtime, async {
        match (typed.cancel, key::place(typed)?, command) {
            (true, ..) => session.cancel().await,
            // Before anybody is sent to a browser for nothing.
            (_, _, None) | (_, Some(_), _) if session.store.is_in_memory() => Err(access::ends_with_the_command()),
            (_, Some(place), _) => session.keep_key(place).await,
            (_, None, Some(command)) => session.show_token(&command).await,
            (_, None, None) => session.sign_in(typed.force, &mut Terminal::default()).await,
        }
    })?;
    crate::log::finish();
    let code = if typed.json {
        print_json(&json!({
            "schema_version": 1,
            "server": shown(&session.url),
            "account": session.options.account(),
            "result": done.word,
            "subject": done.subject,
            "kept_in": done.kept,
        }))
    } else {
        print(format!("{}\n", done.sentence).as_bytes())
    };
    code?;
    // Not by returning: a thread that reads the terminal cannot be woken.
    std::process::exit(0)
}

/// Signs in, for a command that a person at `terminal` waits for, and says so.
///
/// # Errors
/// As for [`run`].
pub async fn on_the_way(relay: &Relay, url: &Url, terminal: &mut Terminal) -> Result<(), Failure> {
    let headers = access::headers(&relay.connection).await?;
    let options = access::options(url, relay.named.as_ref(), relay.port, (&relay.connection, &relay.sign_in))?;
    let session = Session {
        key: options.key()?,
        sign_in_key: options.sign_in_key()?,
        store: access::store()?.with_patience(access::AT_A_TERMINAL),
        http: Http::new(access::http(&relay.connection, relay.sign_in.auth_timeout.limit(), url)?),
        headers: Arc::new(headers.all),
        options,
        url: url.clone(),
    };
    let done = session.sign_in(false, terminal).await?;
    say(&done.sentence);
    Ok(())
}

struct Session {
    options: Options,
    key: Key,
    sign_in_key: Key,
    store: Store,
    http: Http,
    headers: Arc<HeaderMap>,
    url: Url,
}

/// What came of it.
struct Done {
    word: &'static str,
    sentence: String,
    subject: Option<String>,
    kept: Option<String>,
}

impl Session {
    async fn sign_in(&self, force: bool, terminal: &mut Terminal) -> Result<Done, Failure> {
        // An organization may let somebody in who has signed in for another server.
        let is_asked = matches!(self.options.flow, Flow::Organization(_));
        if !force
            && (is_asked || self.is_known().await?)
            && let Some(done) = self.already().await?
        {
            self.store.forget_step_ups(&self.key).await;
            return Ok(done);
        }
        if !self.options.interactive && self.needs_somebody(force)? {
            return Err(self.alone());
        }
        let challenge = match self.knock(&Ticket::default()).await? {
            Welcome::Wants(challenge) => challenge,
            // Some servers let everybody open a session, and only then ask who they are; others refuse without
            // a challenge.
            _ if self.offers_sign_in().await => None,
            Welcome::Refuses(failure) => return Err(failure),
            Welcome::Open => {
                // So that `status` sends nobody here again.
                let about = self.options.about(None)?;
                self.store.tell(&self.key, &about, &By::this(BY), Happening::NotNeeded);
                let sentence = format!("{} asks for no sign-in: use it as it is", shown(&self.url));
                return Ok(Done { word: "not_needed", sentence, subject: None, kept: None });
            }
        };
        let grant = self.with_the_person(challenge, terminal).await?;
        let ticket = Ticket::of(&grant, self.options.use_id_token);
        match self.knock(&ticket).await? {
            Welcome::Open => Ok(self.done("signed_in", &grant, "signed in to")),
            Welcome::Refuses(failure) => Err(failure),
            Welcome::Wants(_) => {
                let failure = grant.not_taken(&shown(&self.url));
                if !self.options.flow.is_unattended() {
                    self.store.ask_nobody(&self.key, &failure.fact, clock::now());
                }
                Err(failure)
            }
        }
    }

    /// Whether there are metadata of a sign-in for this very server.
    async fn offers_sign_in(&self) -> bool {
        let discovery = discover(&self.http, &self.url, None, &self.options.resource).await;
        discovery.is_ok_and(|discovery| !discovery.fallback)
    }

    /// Tries the token of a command, which is all that there is to do with one.
    async fn show_token(&self, command: &TokenCommand) -> Result<Done, Failure> {
        match self.knock(&command.ticket().await?).await? {
            Welcome::Open => {
                let sentence = format!("{} takes the token of the command: no sign-in is needed", shown(&self.url));
                Ok(Done { word: "not_needed", sentence, subject: None, kept: None })
            }
            Welcome::Wants(_) | Welcome::Refuses(_) => Err(command.refused()),
        }
    }

    /// That somebody is signed in already, with a token that is good, or was renewed just now.
    async fn already(&self) -> Result<Option<Done>, Failure> {
        let job = Job { person: false, forced: false, ..self.job(Demand::Renewal) };
        let tools = Tools { store: &self.store, http: &self.http, tell: &|_| {} };
        let Outcome::Published(grant, how) = change(&job, &tools).await else { return Ok(None) };
        let ticket = Ticket::of(&grant, self.options.use_id_token);
        Ok(match (self.knock(&ticket).await?, how) {
            (Welcome::Open, How::SignedIn) => Some(self.done("signed_in", &grant, "signed in to")),
            (Welcome::Open, _) => Some(self.done("already_signed_in", &grant, "already signed in to")),
            (Welcome::Refuses(failure), _) => return Err(failure),
            (Welcome::Wants(_), _) => None,
        })
    }

    /// Whether nothing comes of a sign-in in which nobody is asked.
    fn needs_somebody(&self, force: bool) -> Result<bool, Failure> {
        if self.options.flow.may_ask() {
            return Ok(force || self.store.entry(&self.sign_in_key)?.is_none());
        }
        Ok(!self.options.flow.is_unattended())
    }

    async fn is_known(&self) -> Result<bool, Failure> {
        // A damaged entry says nothing, and reading the grant mends it.
        let is_noted = self.store.entry(&self.key).is_ok_and(|entry| entry.is_some());
        Ok(is_noted || self.store.read(&self.key).await?.is_some())
    }

    /// That a sign-in needs a person, and nobody is here. Said without asking the server, which may take its time.
    fn alone(&self) -> Failure {
        let fact = format!(
            "to sign in to {} somebody is needed, and nobody is asked here (CI is set, or --non-interactive given)",
            shown(&self.url)
        );
        Failure::new(Kind::SignInRequired, fact).remedy(self.options.where_somebody_is())
    }

    fn job(&self, demand: Demand) -> Job {
        Job {
            options: self.options.clone(),
            demand,
            refused: None,
            renewed_in_vain: false,
            person: self.options.interactive,
            // Where nobody is, a sign-in that is kept at the identity provider is all that there is.
            forced: self.options.interactive || !self.options.flow.may_ask(),
            link: false,
            editor: None,
            by: By::this(BY),
        }
    }

    async fn with_the_person(&self, challenge: Option<Bearer>, terminal: &mut Terminal) -> Result<Grant, Failure> {
        // Where nobody signs in, nothing is to be pasted, and the terminal is not ours to read.
        let pastes = matches!(self.options.flow, Flow::Browser | Flow::Organization(_)) && !self.options.device;
        let tell = |Progress::Waiting { url, code, opened }: Progress| self.show(&url, code.as_deref(), opened);
        let tools = Tools { store: &self.store, http: &self.http, tell: &tell };
        let mut job = self.job(Demand::Token(challenge));
        if !job.forced {
            // Whatever is kept for the server has been tried, and will not do.
            let kept = self.store.read(&self.key).await?;
            job.refused = kept.and_then(|grant| Ticket::of(&grant, self.options.use_id_token).digest());
        }
        loop {
            let outcome = {
                let mut changing = std::pin::pin!(change(&job, &tools));
                loop {
                    tokio::select! {
                        outcome = &mut changing => break outcome,
                        // Both at once: the answer to what is handed over comes when the sign-in is through.
                        Some(text) = terminal.line(), if pastes => tokio::select! {
                            outcome = &mut changing => break outcome,
                            () = self.hand_over(&text) => {}
                        },
                    }
                }
            };
            match outcome {
                Outcome::Published(grant, _) => return Ok(*grant),
                Outcome::Denied(Denied::Because(failure)) => return Err(failure),
                Outcome::Denied(Denied::NotOffered) => {
                    let fact = format!("{} wants a credential, and offers no sign-in", shown(&self.url));
                    let command = self.options.command("login");
                    let remedy = format!("if it takes an API key, run: {command} --api-key-header NAME");
                    return Err(Failure::new(Kind::SignInRequired, fact).remedy(remedy));
                }
                Outcome::Elsewhere => {
                    // It is in the store afterwards, and then it will do.
                    job.forced = false;
                    self.elsewhere(terminal).await;
                }
            }
        }
    }

    /// Watches the sign-in of another process, and takes part in it.
    async fn elsewhere(&self, terminal: &mut Terminal) {
        let mut shown = false;
        loop {
            if let Some(pending) =
                self.store.pending(&self.sign_in_key).filter(|pending| pending.end.is_none() && !shown)
            {
                shown = true;
                say(&format!("a sign-in is under way already (process {})", pending.pid));
                self.show(&pending.url, pending.code.as_deref(), pending.opened);
                if self.options.device && pending.code.is_none() {
                    say(&format!("for a code instead, end it first: {} --cancel", self.options.command("login")));
                }
            }
            match self.store.try_lock(&self.sign_in_key, Lock::SignIn) {
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => return,
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                Some(text) = terminal.line() => self.hand_over(&text).await,
            }
        }
    }

    fn show(&self, url: &str, code: Option<&str>, opened: bool) {
        let redirect = self.store.pending(&self.sign_in_key).and_then(|pending| Url::parse(&pending.redirect_uri).ok());
        let invite = match code {
            Some(code) => Invite::Code { url, code },
            None => Invite::Address { url, opened, port: redirect.and_then(|redirect| redirect.port()) },
        };
        invite.show(io::stdin().is_terminal());
    }

    /// Gives a pasted address to whoever waits for the browser, as the browser would have.
    async fn hand_over(&self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let Some(pending) = self.store.pending(&self.sign_in_key).filter(|pending| pending.end.is_none()) else {
            return;
        };
        if pending.code.is_some() {
            return say("nothing has to be pasted here: the code is entered in the browser");
        }
        let (Ok(mut target), Ok(pasted)) = (Url::parse(&pending.redirect_uri), Url::parse(text.trim())) else {
            return say("that is no address; paste all of it, beginning with http");
        };
        if pasted.path() != target.path() || pasted.query().is_none() {
            return say("that is not the address that the browser ends at after the sign-in");
        }
        // Whoever waits for the browser would pass over it without a word.
        let state =
            |url: &Url| url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
        let own = Url::parse(&pending.url).ok().as_ref().and_then(state);
        if own.is_some() && state(&pasted) != own {
            return say("that address belongs to another sign-in: open the one that is shown here");
        }
        target.set_query(pasted.query());
        let request = Request {
            method: Method::GET,
            url: target,
            common: Arc::default(),
            own: Vec::new(),
            body: Bytes::new(),
            told: None,
            proof: None,
        };
        // Its own answer is a page; what came of it shows in the sign-in.
        if let Err(trouble) = self.http.fetch_now(request, Redirects::Never).await {
            log::debug!("{}", trouble.into_failure());
        }
    }

    async fn cancel(&self) -> Result<Done, Failure> {
        let done = |word, sentence: String| Ok(Done { word, sentence, subject: None, kept: None });
        let running = self.store.pending(&self.sign_in_key).filter(|pending| pending.end.is_none());
        let Some(pending) =
            running.filter(|_| matches!(self.store.try_lock(&self.sign_in_key, Lock::SignIn), Ok(None)))
        else {
            return done("nothing_to_cancel", format!("no sign-in to {} is under way", shown(&self.url)));
        };
        // Whoever waits for the browser notices that the note is gone, and lets the lock go. It may be
        // about to write it anew, so it is taken away until then.
        let gone = async {
            while let Ok(None) = self.store.try_lock(&self.sign_in_key, Lock::SignIn) {
                if self.store.pending(&self.sign_in_key).is_some_and(|pending| pending.end.is_none()) {
                    self.store.end_pending(&self.sign_in_key);
                }
                sleep(LOOK).await;
            }
        };
        if timeout(CANCELLED, gone).await.is_err() {
            let fact = format!("process {} does not let go of the sign-in", pending.pid);
            return Err(Failure::new(Kind::Internal, fact).remedy("end that process"));
        }
        done("cancelled", format!("the sign-in to {} (process {}) was called off", shown(&self.url), pending.pid))
    }

    fn done(&self, word: &'static str, grant: &Grant, what: &str) -> Done {
        let kept = self.store.describe(&self.key);
        let subject = match &grant.credential {
            Credential::OAuth(oauth) => oauth.subject(),
            Credential::ApiKey(_) => None,
        };
        let who = subject.as_ref().map(|subject| format!(" as {}", one_line(subject))).unwrap_or_default();
        let stand_in = self.store.stand_in(&self.key).is_some();
        let why = if stand_in { ", because this system has no keychain service" } else { "" };
        // A key was just said to be kept.
        let kept_in = if matches!(grant.credential, Credential::ApiKey(_)) { " in" } else { "; kept in" };
        let place = kept.as_ref().map(|kept| format!("{kept_in} {}{why}", kept.roughly())).unwrap_or_default();
        Done {
            word,
            sentence: format!("{what} {}{who}{place}", shown(&self.url)),
            subject,
            kept: kept.map(|kept| kept.to_string()),
        }
    }
}

fn say(text: &str) {
    eprintln!("{text}");
}

/// What this process is, for the history of a grant.
const BY: &str = "mcpbridge login";
/// How often the sign-in of another process is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long another process may take to notice that its sign-in was called off.
const CANCELLED: Duration = Duration::from_secs(5);

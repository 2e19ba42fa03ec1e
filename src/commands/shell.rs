//! What the commands that use a server share: the way to it, the person at the terminal, and lists in
//! all their pages.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use http::header::AUTHORIZATION;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;

use super::heard::Heard;
use super::terminal::Terminal;
use super::{access, ask, login, run};
use crate::auth;
use crate::cli::{Reach, Relay};
use crate::client::{Asked, Client, Reply, Wants, is_unknown_method};
use crate::era::{Filter, quoted};
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::message::{Message, elements, member, plain_string};
use crate::record::Recorder;
use crate::store::{Key, Said};

/// A server that a command uses.
pub struct Shell {
    relay: Relay,
    url: Url,
    client: Client,
    terminal: Terminal,
    heard: Heard,
    /// Whether a sign-in in the browser is the answer to a 401 that has not been tried.
    may_sign_in: bool,
    /// Ends when what was found out about the server is kept.
    noting: JoinHandle<()>,
    recorder: Option<Recorder>,
}

/// Opens the way to `server`, does `work`, and leaves the server as it should be left.
///
/// # Errors
/// The command line is wrong, or what `work` says.
pub fn with(
    server: &str,
    reach: Reach,
    follow: bool,
    work: impl AsyncFnOnce(&mut Shell) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    access::start_log(&reach.output)?;
    let heard = Heard::new(follow && !reach.json && !reach.output.silent);
    let relay = reach.relay(server.to_owned());
    let runtime = super::event_loop()?;
    let outcome = runtime.block_on(async {
        let mut shell = Shell::open(relay, heard).await?;
        let outcome = work(&mut shell).await;
        shell.heard.clear();
        shell.client.leave().await;
        let _ = timeout(run::LAST_NOTE, shell.noting).await;
        if let Some(recorder) = shell.recorder {
            recorder.finish().await;
        }
        outcome
    });
    crate::log::finish();
    // Where stdin is read, its thread cannot be woken; it ends with the process.
    runtime.shutdown_background();
    outcome
}

impl Shell {
    async fn open(relay: Relay, heard: Heard) -> Result<Self, Failure> {
        let mut recorder = None;
        let Started { client, url, may_sign_in, noting } = start(&relay, heard.wants(), &mut recorder).await?;
        Ok(Shell { noting, recorder, relay, url, client, terminal: Terminal::default(), heard, may_sign_in })
    }

    /// The server, as it may be shown.
    pub fn server(&self) -> String {
        shown(&self.url)
    }

    /// The command `verb` about the server, as it can be typed for the account that is used here.
    pub fn command(&self, verb: &str) -> String {
        let (account, resource) = (self.relay.sign_in.account.as_deref(), self.relay.sign_in.resource.as_deref());
        match &self.relay.named {
            Some(named) => access::named(named).command(verb, account, resource),
            None => auth::command(verb, &self.server(), account, resource),
        }
    }

    /// Which of its tools are shown.
    pub fn filter(&self) -> &Filter {
        self.client.filter()
    }

    /// The bridge to it.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The result of a request. A person at the terminal signs in where the server wants it, and
    /// answers its questions.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask(&mut self, method: &str, params: &str) -> Result<Message, Failure> {
        let heard = &mut self.heard;
        let mut reply = self.client.ask(method, params, &mut |news| heard.hear(news)).await;
        if let Err(failure) = &reply
            && failure.kind == Kind::SignInRequired
            // More rights than the token has are asked for by name, which takes the other command.
            && failure.status != Some(403)
            && self.may_sign_in
            && Terminal::is_there()
        {
            // It certainly did not run, so it can be sent again.
            self.sign_in(&failure.clone()).await?;
            let heard = &mut self.heard;
            reply = self.client.ask(method, params, &mut |news| heard.hear(news)).await;
        }
        let mut rounds = 0;
        loop {
            let asked = match reply.map_err(|failure| self.with_remedy(failure, method))? {
                Reply::Result(result) => {
                    self.heard.clear();
                    return Ok(result);
                }
                Reply::Asks(asked) => asked,
            };
            rounds += 1;
            if rounds > MOST_ROUNDS {
                let fact = format!("the server has asked {MOST_ROUNDS} times before it answered {method}");
                return Err(Failure::new(Kind::Protocol, fact));
            }
            let answers = self.answers(&asked, rounds).await?;
            let heard = &mut self.heard;
            reply = self.client.answer((method, params), &asked, &answers, &mut |news| heard.hear(news)).await;
        }
    }

    /// An error of the server has a code and words, but nothing that one could do.
    fn with_remedy(&self, failure: Failure, method: &str) -> Failure {
        let verb = match method {
            "tools/call" => "tools",
            "resources/read" => "resources",
            "prompts/get" => "prompts",
            _ => return failure,
        };
        // The server's own error, and that a tool is hidden.
        let is_bare = failure.error.is_some() || failure.kind == Kind::Usage;
        if failure.remedy.is_some() || !is_bare {
            return failure;
        }
        failure.remedy(format!("what it has: {}", self.command(verb)))
    }

    async fn answers<'a>(&mut self, asked: &'a Asked, rounds: u32) -> Result<Vec<(&'a str, String)>, Failure> {
        self.heard.clear();
        let server = self.server();
        let terminal = &mut self.terminal;
        let all = async {
            if asked.questions.is_empty() {
                // The server wants to be asked again later (2026-07-28, Multi Round-Trip Requests).
                sleep(PAUSE * rounds).await;
            }
            let mut answers = Vec::new();
            for question in &asked.questions {
                answers.push((question.name.as_str(), ask::answer(question, &server, terminal).await?));
            }
            Ok(answers)
        };
        tokio::select! {
            answers = all => answers,
            failure = self.client.interrupted() => Err(failure),
        }
    }

    async fn sign_in(&mut self, why: &Failure) -> Result<(), Failure> {
        self.heard.clear();
        eprintln!("{}", why.fact);
        tokio::select! {
            outcome = login::on_the_way(&self.relay, &self.url, &mut self.terminal) => outcome?,
            failure = self.client.interrupted() => return Err(failure),
        }
        // Once: a server that refuses what it has just been shown is not asked for ever.
        let started = start(&self.relay, self.heard.wants(), &mut self.recorder).await?;
        self.noting = started.noting;
        self.may_sign_in = false;
        self.url = started.url;
        std::mem::replace(&mut self.client, started.client).leave().await;
        Ok(())
    }

    /// Subscribes to changes. A person at the terminal signs in first where the server wants it.
    ///
    /// # Errors
    /// As for [`Client::listen`].
    pub async fn listen(&mut self, wanted: &str) -> Result<(), Failure> {
        // A subscription says nothing until something changes, so who may not have one is found out before.
        match self.ask("server/discover", "{}").await {
            // With --protocol legacy nothing is discovered.
            Err(failure) if !is_unknown_method(&failure) => return Err(failure),
            _ => {}
        }
        self.client.listen(wanted).await
    }

    /// Keeps a list for who completes command lines. What somebody who is signed in hears is kept anyway.
    fn remember(&self, method: &str, name: &str, all: &[String]) {
        if let (Some(said), Ok(store)) = (Said::by(method), access::store()) {
            let (resource, account) = (self.relay.sign_in.resource.as_deref(), self.relay.sign_in.account.as_deref());
            let result = format!(r#"{{{}:[{}]}}"#, quoted(name), all.join(","));
            store.remember_open(&Key::new(&self.url, resource, account), said, &result);
        }
    }

    /// All elements of a list, of all its pages, as JSON texts: `name` is the member that has them.
    ///
    /// # Errors
    /// A page cannot be had, or the pages have no end.
    pub async fn list(&mut self, method: &str, name: &str) -> Result<Vec<String>, Failure> {
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        let mut params = "{}".to_owned();
        loop {
            let answer = self.ask(method, &params).await?;
            let result = answer.result().unwrap_or("{}");
            let Some(page) = member(result, name) else {
                let fact = format!("the server answered {method} without {name}");
                return Err(Failure::new(Kind::Protocol, fact));
            };
            all.extend(elements(page).unwrap_or_default().into_iter().map(|at| page[at].to_owned()));
            let Some(cursor) = member(result, "nextCursor").filter(|cursor| plain_string(cursor).is_some()) else {
                self.remember(method, name, &all);
                return Ok(all);
            };
            if !seen.insert(cursor.to_owned()) || seen.len() > MOST_PAGES {
                let fact = format!("the pages of {method} have no end");
                return Err(Failure::new(Kind::Protocol, fact).remedy("its operator has to mend that"));
            }
            params = format!(r#"{{"cursor":{cursor}}}"#);
        }
    }
}

/// An editor and its bridge, as [`Shell`] keeps them.
struct Started {
    client: Client,
    url: Url,
    may_sign_in: bool,
    noting: JoinHandle<()>,
}

/// A start after another one goes on with its recording, which is still there for its end if this one fails.
async fn start(relay: &Relay, wants: Wants, recorder: &mut Option<Recorder>) -> Result<Started, Failure> {
    let (settings, http) = run::settings(relay).await?;
    let store = access::store();
    let known = run::KnownEras::of(store.as_ref().ok(), &settings.url);
    let login = run::login(relay, &settings, &http, store)?;
    let given = settings.headers.contains_key(AUTHORIZATION) || relay.connection.token_command.is_some();
    let url = settings.url.clone();
    match recorder {
        Some(recorder) => login.tell_secrets(recorder.known()),
        None => *recorder = run::recorder(relay, &settings, &http, &login)?,
    }
    let tap = recorder.as_ref().map(Recorder::tap);
    let client = Client::start((settings, http, login), run::era_settings(relay, known.facts()), wants, tap);
    let noting = known.follow(client.learned());
    Ok(Started { client, url, may_sign_in: !given, noting })
}

/// How often a server may ask before it answers one request.
const MOST_ROUNDS: u32 = 50;
/// The pause before a request goes out again for which the server has nothing to ask; longer each time.
const PAUSE: Duration = Duration::from_millis(500);
/// Pages of one list.
const MOST_PAGES: usize = 1000;

//! A modern editor inside this process: what a command asks of a server goes through the bridge, as
//! it does for any editor.
//!
//! One request at a time. What the server asks meanwhile comes back as [`Reply::Asks`], because the
//! modern era has it so, whatever the server speaks.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::auth::Login;
use crate::bridge::signals::{self, Signal};
use crate::bridge::{Bridge, End};
use crate::era::{
    self, CAPABILITIES_KEY, CLIENT_KEY, Era, Facts, Filter, LEVEL_KEY, Lobby, VERSION_KEY, members, quoted, with_member,
};
use crate::failure::{Failure, Kind};
use crate::http::{self, Http};
use crate::message::{Id, Kind as Is, Message, member, notification_line, plain_string, request_line};
use crate::record::Tap;
use crate::remote::{Remote, Settings};
use crate::stdio::{Inside, inside};
use crate::versions::MODERN;

pub use crate::plain::{harmless, one_line};

/// An editor and its bridge.
pub struct Client {
    bridge: JoinHandle<End>,
    line: Line,
    signals: mpsc::Receiver<Signal>,
    learned: watch::Receiver<Facts>,
    wants: Wants,
    filter: Filter,
    asked: u64,
}

/// The way to the bridge and back.
struct Line {
    inside: Inside,
    heard: VecDeque<Bytes>,
}

/// What this editor wants to hear while it waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// How far requests are.
    pub progress: bool,
    /// Log messages from this level on.
    pub log: Option<&'static str>,
}

/// What a request brought.
pub enum Reply {
    /// The server's result.
    Result(Message),
    /// The server wants to know something first.
    Asks(Asked),
}

/// What has to be answered before the request goes on.
pub struct Asked {
    /// The questions, by the names that their answers have.
    pub questions: Vec<Question>,
    /// What the server wants to see again, as JSON text.
    state: Option<String>,
}

/// One of them.
pub struct Question {
    /// Its name.
    pub name: String,
    /// The method of the request that it would be in the legacy era.
    pub method: String,
    /// The parameters, as JSON text.
    pub params: String,
}

impl Client {
    /// Starts a bridge to the server. `login` asks no person: where one is needed, requests fail and
    /// say so. Must be called in the runtime.
    pub fn start(
        (settings, http, login): (Settings, http::Settings, Login),
        era: era::Settings,
        wants: Wants,
        record: Option<Tap>,
    ) -> Self {
        let (arrived, arrivals) = mpsc::channel(ARRIVALS);
        // Somebody who sees an empty list would believe it; so nothing is answered in the server's stead.
        login.ask_nobody();
        let limit = settings.limit;
        let remote = Remote::new(settings, Http::new(http), login, arrived);
        let (stdio, inside) = inside();
        let filter = era.filter.clone();
        let lobby = Lobby::new(Era::new(era));
        let bridge = Bridge::new(stdio, (remote, arrivals), lobby, limit, Some(LAST_ANSWERS)).recorded(record);
        let line = Line { inside, heard: VecDeque::new() };
        let (learned, signals) = (bridge.learned(), signals::listen());
        Client { bridge: tokio::spawn(bridge.run()), line, signals, learned, wants, filter, asked: 0 }
    }

    /// What the bridge finds out about the server.
    pub fn learned(&self) -> watch::Receiver<Facts> {
        self.learned.clone()
    }

    /// Which tools are shown.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Sends a request and waits for what it brings. `params` is the JSON text of an object; `hear` is
    /// told the notifications that come before.
    ///
    /// # Errors
    /// Why there is no result, with the server's own error where it gave one; a tool that is hidden, of which
    /// the server has not been told; or Ctrl-C, of which it has.
    pub async fn ask(
        &mut self,
        method: &str,
        params: &str,
        hear: &mut (dyn FnMut(&Message) + Send),
    ) -> Result<Reply, Failure> {
        // The bridge would say so too, in an error that looks like one of the server.
        if let Some(why) = self.filter.refuses(Some(params)).filter(|_| method == "tools/call") {
            return Err(Failure::new(Kind::Usage, one_line(&why)));
        }
        self.asked += 1;
        let id = Id::own(&format!("{}", self.asked));
        let params = self.with_meta(params, &id)?;
        self.line.say(request_line(&id, method, Some(&params))).await?;
        loop {
            let message = tokio::select! {
                message = self.line.next() => message?,
                () = interruption(&mut self.signals) => {
                    let params = format!(r#"{{"requestId":{},"reason":"the person pressed Ctrl-C"}}"#, id.spelled());
                    self.line.say(notification_line("notifications/cancelled", Some(&params))).await?;
                    return Err(Failure::interrupted());
                }
            };
            match message.kind() {
                Is::Answer if message.id() == Some(&id) => return answer(method, message),
                Is::Notification => hear(&message),
                // A modern server asks in its results.
                Is::Answer | Is::Request => log::debug!("{message:?} was for nobody"),
            }
        }
    }

    /// Sends the same request again, with the answers to what was asked: by name, as JSON text.
    ///
    /// # Errors
    /// As for [`Client::ask`].
    pub async fn answer(
        &mut self,
        (method, params): (&str, &str),
        asked: &Asked,
        answers: &[(&str, String)],
        hear: &mut (dyn FnMut(&Message) + Send),
    ) -> Result<Reply, Failure> {
        let answers: Vec<String> = answers.iter().map(|(name, answer)| format!("{}:{answer}", quoted(name))).collect();
        let mut params = with_member(params, "inputResponses", &format!("{{{}}}", answers.join(",")));
        if let Some(state) = &asked.state {
            params = with_member(&params, "requestState", state);
        }
        self.ask(method, &params, hear).await
    }

    /// The next notification of the server's, for somebody who has subscribed to some.
    ///
    /// # Errors
    /// The bridge has ended, or Ctrl-C.
    pub async fn notification(&mut self) -> Result<Message, Failure> {
        loop {
            let message = tokio::select! {
                message = self.line.next() => message?,
                () = interruption(&mut self.signals) => return Err(Failure::interrupted()),
            };
            match message.kind() {
                Is::Notification => return Ok(message),
                Is::Answer if message.error().is_some() => {
                    return answer("subscriptions/listen", message).and(Err(ended()));
                }
                Is::Answer => {
                    let fact = "the server has ended the subscription";
                    return Err(Failure::new(Kind::Unreachable, fact).remedy("run the command again"));
                }
                Is::Request => log::debug!("{message:?} was for nobody"),
            }
        }
    }

    /// Subscribes to changes; what is told of them comes by [`Client::notification`]. `wanted` is the
    /// JSON text of the filter.
    ///
    /// # Errors
    /// As for [`Client::ask`].
    pub async fn listen(&mut self, wanted: &str) -> Result<(), Failure> {
        self.asked += 1;
        let id = Id::own(&format!("{}", self.asked));
        let params = self.with_meta(&format!(r#"{{"notifications":{wanted}}}"#), &id)?;
        self.line.say(request_line(&id, "subscriptions/listen", Some(&params))).await
    }

    /// Waits for Ctrl-C.
    pub async fn interrupted(&mut self) -> Failure {
        interruption(&mut self.signals).await;
        Failure::interrupted()
    }

    /// Leaves the bridge, which ends the session at the server. A second Ctrl-C does not wait for that.
    pub async fn leave(mut self) {
        self.line.inside.leave();
        let end = async {
            while self.line.inside.hear().await.is_some() {}
            let _ = (&mut self.bridge).await;
        };
        tokio::select! {
            _ = timeout(FAREWELL, end) => {}
            () = interruption(&mut self.signals) => {}
        }
    }

    /// The parameters with what the modern era puts on every request.
    fn with_meta(&self, params: &str, id: &Id) -> Result<String, Failure> {
        if members(params).is_none() {
            return Err(Failure::new(Kind::Usage, "the parameters are not a JSON object"));
        }
        let client = format!(r#"{{"name":"mcpbridge","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
        let mut meta = member(params, "_meta").unwrap_or("{}").to_owned();
        let level = self.wants.log.map(quoted);
        let progress = self.wants.progress.then(|| id.spelled().to_owned());
        for (name, value) in [
            (VERSION_KEY, Some(quoted(MODERN))),
            (CLIENT_KEY, Some(client)),
            (CAPABILITIES_KEY, Some(CAPABILITIES.to_owned())),
            (LEVEL_KEY, level),
            ("progressToken", progress),
        ] {
            if let Some(value) = value.filter(|_| member(&meta, name).is_none()) {
                meta = with_member(&meta, name, &value);
            }
        }
        Ok(with_member(params, "_meta", &meta))
    }
}

impl Line {
    async fn say(&self, line: Bytes) -> Result<(), Failure> {
        self.inside.say(line).await.map_err(|_: io::Error| ended())
    }

    async fn next(&mut self) -> Result<Message, Failure> {
        loop {
            while let Some(line) = self.heard.pop_front() {
                // The bridge passes nothing else; a batch of a server that sends some is not for us.
                if let Ok(message) = Message::single(line) {
                    return Ok(message);
                }
            }
            self.heard.extend(self.inside.hear().await.ok_or_else(ended)?);
        }
    }
}

/// What an answer says.
fn answer(method: &str, message: Message) -> Result<Reply, Failure> {
    if let Some(error) = message.error() {
        return Err(refusal(method, error));
    }
    let result = message.result().unwrap_or("{}");
    if member(result, "resultType").and_then(plain_string).as_deref() != Some("input_required") {
        return Ok(Reply::Result(message));
    }
    let questions = member(result, "inputRequests").and_then(members).unwrap_or_default();
    let questions = questions.into_iter().map(|question| Question {
        name: question.name.into_owned(),
        method: member(question.value, "method").and_then(plain_string).unwrap_or_default().into_owned(),
        params: member(question.value, "params").unwrap_or("{}").to_owned(),
    });
    let state = member(result, "requestState").map(str::to_owned);
    Ok(Reply::Asks(Asked { questions: questions.collect(), state }))
}

/// A JSON-RPC error as a failure: the bridge's own says of which kind it is.
fn refusal(method: &str, error: &str) -> Failure {
    let text = member(error, "message").and_then(plain_string).unwrap_or_default();
    let text = one_line(&text);
    let data = member(error, "data");
    let kind = data.and_then(|data| member(data, "mcpbridge")).and_then(plain_string);
    match kind.and_then(|code| Kind::of_code(&code)) {
        Some(kind) => {
            let status = data.and_then(|data| member(data, "status")).and_then(|status| status.parse().ok());
            let hint = data.and_then(|data| member(data, "hint")).and_then(plain_string);
            let remedy = hint.map(|hint| one_line(&hint));
            let end = remedy.as_ref().map(|remedy| format!("; {remedy}"));
            let fact = end.and_then(|end| text.strip_suffix(&end)).unwrap_or(&text).to_owned();
            Failure { remedy, status, ..Failure::new(kind, fact) }
        }
        None => {
            let code = member(error, "code").unwrap_or("0");
            let fact = format!("the server answered {method} with error {code}: {text}");
            Failure { error: Some(error.into()), ..Failure::new(Kind::Protocol, fact) }
        }
    }
}

async fn interruption(signals: &mut mpsc::Receiver<Signal>) {
    if signals.recv().await.is_none() {
        // None can be listened to here, so they keep their default.
        std::future::pending().await
    }
}

fn ended() -> Failure {
    Failure::new(Kind::Internal, "the bridge has ended")
}

/// The code of "method not found", as in [`Failure::error`].
pub fn is_unknown_method(failure: &Failure) -> bool {
    failure.error.as_deref().and_then(|error| member(error, "code")) == Some("-32601")
}

/// Questions of a server can be answered at a terminal. Models and folders are the editors' own.
const CAPABILITIES: &str = r#"{"elicitation":{"form":{},"url":{}}}"#;
/// Arrivals that may wait for the loop.
const ARRIVALS: usize = 32;
/// How long the bridge waits for answers when nobody wants them any more.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// How long the bridge may take to end: its last words, and the DELETE of the session.
const FAREWELL: Duration = Duration::from_secs(8);

//! A server that is looked at: what is known of it, and how it is asked.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use tokio::time::{Instant, timeout};
use url::Url;

use super::answer::Answer;
use super::content::Call;
use super::report::{Report, Step};
use super::{answer, protocol, sign_in, way};
use crate::auth::{Login, Options, Ticket};
use crate::cli::Relay;
use crate::commands::{access, run};
use crate::failure::Failure;
use crate::http::{self as wires, Http, Request, Unanswered};
use crate::remote;
use crate::store::Store;

/// A server, and all that a relay to it would know.
pub struct Server {
    /// Its flags.
    pub relay: Relay,
    /// Its URL and headers.
    pub settings: remote::Settings,
    /// How connections are made.
    pub wires: wires::Settings,
    /// The client of the questions that no bridge asks.
    pub http: Http,
    /// The sign-in, which asks no person.
    pub login: Login,
    /// What was chosen for it.
    pub options: Options,
    /// Where it is kept.
    pub store: Result<Store, Failure>,
    /// The tool that is to be called, if the person has named one.
    pub call: Option<Call>,
    end: Instant,
}

/// The session that a question has opened, which has to be told with each of the next.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Its id, if it has one.
    pub id: Option<HeaderValue>,
    /// The version that was agreed on.
    pub version: Option<HeaderValue>,
}

impl Server {
    /// What the flags say.
    ///
    /// # Errors
    /// The command line is wrong, or a source of a header gives none.
    pub async fn of(relay: Relay, call: Option<Call>) -> Result<Self, Failure> {
        let (settings, wires) = run::settings(&relay).await?;
        let store = access::store();
        let login = run::login(&relay, &settings, &wires, store.clone())?;
        login.ask_nobody();
        let options =
            access::options(&settings.url, relay.named.as_ref(), relay.port, (&relay.connection, &relay.sign_in))?;
        let http = Http::watching(wires.clone());
        Ok(Server { relay, settings, wires, http, login, options, store, call, end: Instant::now() + ALL })
    }

    /// Its URL.
    pub fn url(&self) -> &Url {
        &self.settings.url
    }

    /// Goes up step by step, as far as it goes.
    ///
    /// # Errors
    /// The report cannot be printed, or Ctrl-C.
    pub async fn examine(&self, report: &mut Report) -> anyhow::Result<()> {
        let outcome = self.climb(report).await;
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(stopped)) => rest(report, stopped),
            Err(error) => Err(error),
        }
    }

    /// The inner error is the step at which it stopped.
    async fn climb(&self, report: &mut Report) -> anyhow::Result<Result<(), &'static str>> {
        if let Err(stopped) = way::examine(self, report).await? {
            return Ok(Err(stopped));
        }
        let bare = match answer::examine(self, report).await? {
            Ok(bare) => bare,
            Err(stopped) => return Ok(Err(stopped)),
        };
        let opened = match sign_in::examine(self, bare, report).await? {
            Ok(opened) => opened,
            Err(stopped) => return Ok(Err(stopped)),
        };
        protocol::examine(self, opened, report).await
    }

    /// What comes of `future` within `limit` and the time for all steps; `None` if nothing.
    pub async fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        let left = self.end.saturating_duration_since(Instant::now());
        timeout(limit.min(left), future).await.ok()
    }

    /// Whether the time for all steps is up.
    pub fn is_late(&self) -> bool {
        self.end <= Instant::now()
    }

    /// Sends one request, and reads the beginning of what comes back.
    ///
    /// # Errors
    /// Nothing has come back; `None` if nothing has in time.
    pub async fn ask(&self, request: Request) -> Result<Answer, Option<Unanswered>> {
        let url = request.url.clone();
        let asked = async { Ok(Answer::read(self.http.knock(request).await?, url).await) };
        self.within(ONE_ANSWER, asked).await.unwrap_or(Err(None))
    }

    /// The same, but for the head alone: in a stream nothing may come.
    ///
    /// # Errors
    /// As for [`Server::ask`].
    pub async fn ask_head(&self, request: Request) -> Result<Answer, Option<Unanswered>> {
        let url = request.url.clone();
        let asked = async {
            let response = self.http.knock(request).await?;
            let head = Answer::head(&response, url.clone());
            Ok(if head.is_stream() { head } else { Answer::read(response, url).await })
        };
        self.within(ONE_ANSWER, asked).await.unwrap_or(Err(None))
    }

    /// A POST of a message.
    pub fn post(&self, url: &Url, body: impl Into<Bytes>, ticket: &Ticket, session: &Session) -> Request {
        let mut request = self.request(Method::POST, url, "application/json, text/event-stream", ticket, session);
        request.own.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        request.body = body.into();
        request
    }

    /// A GET of an event stream.
    pub fn get(&self, url: &Url, ticket: &Ticket, session: &Session) -> Request {
        self.request(Method::GET, url, "text/event-stream", ticket, session)
    }

    /// Any other request.
    pub fn request(
        &self,
        method: Method,
        url: &Url,
        accept: &'static str,
        ticket: &Ticket,
        session: &Session,
    ) -> Request {
        let mut own = vec![(ACCEPT, HeaderValue::from_static(accept))];
        own.extend(session.id.clone().map(|id| (HeaderName::from_static("mcp-session-id"), id)));
        own.extend(session.version.clone().map(|it| (HeaderName::from_static("mcp-protocol-version"), it)));
        let mut request = Request {
            method,
            url: url.clone(),
            common: Arc::clone(&self.settings.headers),
            own,
            body: Bytes::new(),
            told: None,
            proof: None,
        };
        ticket.add_to(&mut request);
        request
    }

    /// Ends the session that an answer has opened.
    pub async fn end_session(&self, answer: &Answer, ticket: &Ticket) {
        let session = answer.session();
        if session.id.is_some() {
            let request = self.request(Method::DELETE, &answer.url, "application/json", ticket, &session);
            let _ = self.within(GOODBYE, self.http.knock(request)).await;
        }
    }

    /// `text` of the server's, without what it was told and may repeat.
    pub fn scrub(&self, text: &str) -> String {
        self.login.ticket_at_hand().scrub(&self.settings.secrets.scrub(text))
    }
}

/// Says of a name that it is not known what it stands for.
///
/// # Errors
/// The report cannot be printed.
pub fn unknown(failure: &Failure, report: &mut Report) -> anyhow::Result<()> {
    report.add(Step::failed("url", failure))?;
    rest(report, "url")
}

/// Says of all steps after the last one that they were not tried.
fn rest(report: &mut Report, stopped: &'static str) -> anyhow::Result<()> {
    let at = LADDER.iter().rposition(|id| report.has(id)).map_or(0, |at| at + 1);
    report.skip_all(&LADDER[at..], &format!("not tried, because of {stopped}"))
}

/// The steps, in their order.
const LADDER: [&str; 20] = [
    "url",
    "proxy",
    "dns",
    "tcp",
    "tls",
    "http",
    "clock",
    "metadata",
    "authorization",
    "registration",
    "token",
    "initialize",
    "era",
    "session",
    "tools",
    "prompts",
    "resources",
    "content",
    "stream",
    "options",
];
/// How long all steps may take together: with the credential store after them and the end of a session, a
/// person waits for less than a minute.
const ALL: Duration = Duration::from_secs(42);
/// How long one answer may take, with the connection before it.
const ONE_ANSWER: Duration = Duration::from_secs(10);
/// How long the end of a session may take.
const GOODBYE: Duration = Duration::from_secs(2);

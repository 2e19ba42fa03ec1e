//! The place that the browser comes back to: listening before anybody is sent away, deaf to
//! strangers, and silent until it is known how the sign-in ended.
//!
//! tiny_http knows HTTP here, and the connections are our own. Its server was tried: version 0.12 may
//! queue a new connection behind one that stays open, browsers open spare ones, and there is no
//! deadline for a request and no limit for its head.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tiny_http::{HTTPVersion, Header, Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::select;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use url::Url;

use super::grants::authorization_code::{Answer, State};
use super::page::{self, Page};
use crate::failure::{Failure, Kind};

mod head;
mod port;
mod uri;

pub use head::Head;
pub use port::Port;
pub use uri::{redirect_uri, success_url};

use head::Unread;

/// The listener of one sign-in. Dropped, it is gone at once.
pub struct Callback {
    redirect_uri: String,
    expect: Option<oneshot::Sender<State>>,
    redirects: mpsc::Receiver<Redirect>,
    // Dropping it is how the doors hear that it is over.
    open: watch::Sender<()>,
    tasks: JoinSet<()>,
}

/// The answer of the authorization server, whose sender sees how it ends.
pub struct Redirect {
    /// What came with it. Its state is the right one, and nothing else has been checked.
    pub answer: Answer,
    outcome: watch::Sender<Option<Ending>>,
}

/// What the browser sees in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A page of ours.
    Page(Page),
    /// A page of somebody else, checked by [`success_url`].
    Elsewhere(Url),
}

impl Callback {
    /// Listens on the loopback addresses, whatever `host` the redirect URI names, for requests of
    /// `path`. To be called within the runtime.
    ///
    /// # Errors
    /// The port is taken or may not be used, or `host` and `path` make no URL.
    pub fn listen(port: Port, host: &str, path: &str) -> Result<Self, Failure> {
        let (host, path) = uri::plain(host, path)?;
        let (port, listeners) = port::bind(port, host != "127.0.0.1")?;
        let redirect_uri = format!("http://{host}:{port}{path}");
        let house = Arc::new(House::new(&host, port, path));
        let (open, closed) = watch::channel(());
        let (expect, expected) = oneshot::channel();
        let (visits, visitors) = mpsc::channel(MOST_GUESTS);
        let (found, redirects) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        for listener in listeners {
            let listener = asynchronous(listener).map_err(|error| {
                Failure::new(Kind::Internal, format!("the callback listener cannot start: {error}"))
            })?;
            tasks.spawn(door(listener, Arc::clone(&house), visits.clone(), closed.clone()));
        }
        tasks.spawn(desk(visitors, expected, found));
        Ok(Callback { redirect_uri, expect: Some(expect), redirects, open, tasks })
    }

    /// Where the authorization server sends the browser.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the redirect with `state`, for as long as it takes; can be dropped and called again.
    /// There is one: a browser that comes again sees the same ending.
    pub async fn wait(&mut self, state: &State) -> Redirect {
        if let Some(expect) = self.expect.take() {
            let _ = expect.send(state.clone());
        }
        match self.redirects.recv().await {
            Some(redirect) => redirect,
            None => std::future::pending().await,
        }
    }

    /// Stops listening, and returns when those who are being answered have been, or have had
    /// [`FAREWELL`] for it.
    pub async fn close(self) {
        let Callback { open, mut tasks, expect, redirects, .. } = self;
        drop((open, expect, redirects));
        let _ = timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await;
    }
}

impl Redirect {
    /// The redirect that a person copied from the address bar of a browser which could not come here.
    ///
    /// # Errors
    /// `text` is no answer, or one for another sign-in: a slip, not the end of this one.
    pub fn pasted(text: &str, state: &State) -> Result<Self, Failure> {
        let text = text.trim();
        let (_, query) = text.split_once('?').unwrap_or(("", text));
        let query = query.split('#').next().unwrap_or_default();
        let refuse = |fact: &str, remedy: &str| Err(Failure::new(Kind::Usage, fact).remedy(remedy));
        match Answer::read(query) {
            Some(answer) if !answer.is_complete() => {
                refuse("that address holds no answer", "paste the whole address of the page that could not be opened")
            }
            Some(answer) if state.fits(&answer) => Ok(Redirect { answer, outcome: watch::Sender::new(None) }),
            Some(_) => {
                refuse("that address belongs to another sign-in", "open the printed link, and paste what it leads to")
            }
            None => refuse("that address holds a parameter twice", "paste it unchanged"),
        }
    }

    /// Lets the browser see how it ended. A redirect that is dropped instead says that it did not.
    pub fn finish(self, ending: Ending) {
        let _ = self.outcome.send(Some(ending));
    }
}

/// What is told apart at the door.
struct House {
    /// How a browser may have called this place. Anything else is a name that somebody made point
    /// here, to read from a web page what is meant for this machine.
    hosts: Vec<String>,
    path: String,
}

/// A request that may be the redirect.
struct Visit {
    answer: Answer,
    verdict: oneshot::Sender<Verdict>,
}

enum Verdict {
    Stranger,
    /// It has the right state, and may see how it ends.
    Ours(watch::Receiver<Option<Ending>>),
}

impl House {
    fn new(host: &str, port: u16, path: String) -> Self {
        let mut hosts: Vec<String> =
            ["127.0.0.1", "localhost", "[::1]", host].iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            hosts.extend(["127.0.0.1", "localhost", "[::1]", host].map(str::to_owned));
        }
        House { hosts, path }
    }

    /// What to answer to `head`.
    async fn receive(&self, head: &Head, visits: &mpsc::Sender<Visit>) -> Ending {
        let stranger = |status, why| Ending::Page(Page::stranger(status, why));
        if !head.host.as_ref().is_some_and(|host| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))) {
            return stranger(421, "this address is not known by that name");
        }
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        if path != self.path {
            return stranger(404, "there is no such page");
        }
        match head.method {
            Method::Get => {}
            // What only looks whether there is something must not use up the redirect.
            Method::Head => return stranger(200, "a sign-in may end here"),
            _ => return stranger(405, "this page can only be opened"),
        }
        let Some(answer) = Answer::read(query) else { return stranger(400, "this link has a parameter twice") };
        let (verdict, decided) = oneshot::channel();
        let _ = visits.send(Visit { answer, verdict }).await;
        match decided.await {
            Ok(Verdict::Ours(mut ending)) => match timeout(HOLD, ending.wait_for(Option::is_some)).await {
                Ok(Ok(ending)) => ending.clone().unwrap_or_else(|| Ending::Page(Page::interrupted())),
                _ => Ending::Page(Page::interrupted()),
            },
            Ok(Verdict::Stranger) | Err(_) => stranger(400, "this link does not belong to a sign-in that is under way"),
        }
    }
}

/// Decides about those who ask for the right page. Until it is known what to expect they wait: a
/// browser that is signed in already comes back at once, and may be here before we are.
async fn desk(
    mut visitors: mpsc::Receiver<Visit>,
    expected: oneshot::Receiver<State>,
    redirects: mpsc::Sender<Redirect>,
) {
    let Ok(state) = expected.await else { return };
    let (outcome, ending) = watch::channel(None);
    let mut first = Some(outcome);
    while let Some(visit) = visitors.recv().await {
        if !state.fits(&visit.answer) {
            let _ = visit.verdict.send(Verdict::Stranger);
            continue;
        }
        let _ = visit.verdict.send(Verdict::Ours(ending.clone()));
        if let Some(outcome) = first.take() {
            let _ = redirects.send(Redirect { answer: visit.answer, outcome }).await;
        }
    }
}

/// Lets everybody in, each to a task of its own, until the house is closed; then waits for those
/// who are still being answered.
async fn door(
    listener: tokio::net::TcpListener,
    house: Arc<House>,
    visits: mpsc::Sender<Visit>,
    mut closed: watch::Receiver<()>,
) {
    let mut guests = JoinSet::new();
    let mut silent = VecDeque::new();
    loop {
        select! {
            _ = closed.changed() => break,
            _ = guests.join_next(), if !guests.is_empty() => {}
            arrival = listener.accept(), if guests.len() < MOST_GUESTS => match arrival {
                Ok((stream, _)) => {
                    make_room(&mut silent);
                    let (spoken, hears) = oneshot::channel();
                    let guest = attend(stream, Arc::clone(&house), visits.clone(), closed.clone(), spoken);
                    silent.push_back(Silent { hears, task: guests.spawn(guest) });
                }
                // Out of descriptors, most likely: some will be free again.
                Err(_) => sleep(BREATH).await,
            },
        }
    }
    drop((listener, visits));
    while guests.join_next().await.is_some() {}
}

/// A connection whose request has not come.
struct Silent {
    /// Closed when it has.
    hears: oneshot::Receiver<()>,
    task: AbortHandle,
}

/// Lets the connections go that have been silent the longest, so that there is a place for one more. Who waits at
/// the door instead waits behind all who say nothing, and these may be renewed for ever.
fn make_room(silent: &mut VecDeque<Silent>) {
    silent.retain_mut(|guest| matches!(guest.hears.try_recv(), Err(TryRecvError::Empty)));
    while silent.len() >= MOST_SILENT {
        let Some(oldest) = silent.pop_front() else { return };
        oldest.task.abort();
    }
}

/// One connection: one request, one answer, and no more. `spoken` is dropped when the request has come.
async fn attend(
    mut stream: TcpStream,
    house: Arc<House>,
    visits: mpsc::Sender<Visit>,
    mut closed: watch::Receiver<()>,
    spoken: oneshot::Sender<()>,
) {
    let read = select! {
        read = timeout(HEAD_PATIENCE, Head::read(&mut stream)) => read,
        _ = closed.changed() => return,
    };
    drop(spoken);
    let (ending, without_body) = match read {
        // A spare connection that was never used, or a client that left.
        Err(_) | Ok(Err(Unread::Gone)) => return,
        Ok(Err(Unread::Wrong(status))) => {
            (Ending::Page(Page::stranger(status, "that is no request for a page")), false)
        }
        Ok(Ok(head)) => (house.receive(&head, &visits).await, head.method == Method::Head),
    };
    drop(visits);
    let _ = timeout(FAREWELL, say(&mut stream, &ending, without_body)).await;
}

async fn say(stream: &mut TcpStream, ending: &Ending, without_body: bool) -> io::Result<()> {
    stream.write_all(&response(ending, without_body)?).await?;
    stream.shutdown().await?;
    // Closing while there is something unread would reset the connection, and could take the page
    // back from a browser that has not read it yet.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// The whole response. It is one of HTTP/1.0, which ends the connection: tiny_http leaves no other
/// way to say so.
fn response(ending: &Ending, without_body: bool) -> io::Result<Vec<u8>> {
    let (status, html) = match ending {
        Ending::Page(page) => (page.status, page.html.as_str()),
        Ending::Elsewhere(_) => (303, ""),
    };
    let mut fields: Vec<(&str, String)> = page::headers().into();
    fields.push(("Server", "mcpbridge".to_owned()));
    match ending {
        Ending::Elsewhere(url) => fields.push(("Location", url.to_string())),
        Ending::Page(page) if page.status == 405 => fields.push(("Allow", "GET, HEAD".to_owned())),
        Ending::Page(_) => {}
    }
    let fields = fields.iter().filter_map(|(name, value)| Header::from_bytes(*name, value.as_str()).ok()).collect();
    let response = Response::new(StatusCode(status), fields, html.as_bytes(), Some(html.len()), None);
    let mut bytes = Vec::new();
    response.raw_print(&mut bytes, HTTPVersion(1, 0), &[], without_body, None)?;
    Ok(bytes)
}

fn asynchronous(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// Connections at once that have said nothing yet. A browser opens six or so.
const MOST_SILENT: usize = 64;
/// Connections at once, with those that are being answered, which is soon over.
const MOST_GUESTS: usize = 512;
/// A browser that has something to say says it at once. Spare connections end here too.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// A little more than an exchange may take.
const HOLD: Duration = Duration::from_secs(45);
/// For sending a page over the loopback, and for the browser to close.
const FAREWELL: Duration = Duration::from_secs(2);
/// Before the next connection is asked for, when one could not be taken.
const BREATH: Duration = Duration::from_millis(50);

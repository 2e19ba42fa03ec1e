//! The chapter of the tour about the sign-in: the same editor, and a person at a browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use url::Url;

use super::{ANSWER_WAIT, Editor, HELLO, Screen, expect};
use crate::failure::{Failure, Kind};

/// Plays a first session with the server at `url`, which demands a sign-in and tells `news` what happens there. `bridge`
/// is this program without arguments. An error is the first step that did not go as the tour says.
pub fn play(bridge: &dyn Fn() -> Command, url: &str, news: &Receiver<String>, screen: &mut Screen) -> Result<()> {
    let outcome = session(bridge, url, news, screen);
    if outcome.is_err() {
        // Whoever waits for the browser outlives the relay, and would leave its notes in a folder that is gone.
        let _ = bridge().args(["login", "--cancel", url]).output();
    }
    outcome
}

fn session(bridge: &dyn Fn() -> Command, url: &str, news: &Receiver<String>, screen: &mut Screen) -> Result<()> {
    let (mut editor, invitation) = start(bridge(), url)?;

    screen.step("The server wants a sign-in. The bridge finds out where, and would now open the browser.")?;
    editor.ask(screen, "initialize", HELLO)?;
    let page = invitation.recv_timeout(ANSWER_WAIT);
    let page = page.map_err(|_| Failure::new(Kind::Protocol, "the bridge did not say where one signs in"))?;
    hear(news, screen)?;
    screen.line("bridge :", &format!("sign in at {page}"))?;

    screen.step("Editors do not wait for a person; so after 2 s the bridge answers in the server's place.")?;
    let early = editor.answer(screen, "initialize")?;
    expect(early.result["serverInfo"]["name"] == "mcpbridge", "initialize was not answered ahead of the sign-in")?;
    editor.send(screen, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)?;

    screen.step("The person reads the page of the server and presses \"Allow\".")?;
    let done = consent(&page, news, screen)?;
    expect(done.contains("You are signed in"), "the browser does not say that the person is signed in")?;

    screen.step("The session opens by itself. The editor hears that there are tools now, and calls one.")?;
    // The last of three; tools come first.
    editor.notice(screen, "notifications/resources/list_changed")?;
    let echo = editor.request(screen, "tools/call", r#"{"name":"echo","arguments":{"message":"signed in"}}"#)?;
    expect(echo.text() == Some("signed in"), "echo did not say back what it was told")?;

    screen
        .step("Every other bridge of this person is signed in as well, without a window. `mcpbridge status` says:")?;
    let status = run(bridge().arg("status"), screen)?;
    expect(status.contains(url), "status does not name the server")?;

    screen.step("The editor leaves, and `mcpbridge logout` takes it all back.")?;
    let status = editor.leave(screen)?;
    expect(status.success(), &format!("the bridge ended with {status}, and should have ended with exit status 0"))?;
    run(bridge().args(["logout", url]), screen)?;
    hear(news, screen)
}

impl Editor {
    /// Shows what comes until a notification of this method.
    fn notice(&mut self, screen: &mut Screen, method: &str) -> Result<()> {
        let deadline = Instant::now() + ANSWER_WAIT;
        while self.receive(screen, method, deadline)?["method"] != method {}
        Ok(())
    }
}

/// Starts the bridge; where one signs in comes as soon as it says so on stderr. What else it says goes to ours.
fn start(mut bridge: Command, url: &str) -> Result<(Editor, Receiver<Url>)> {
    // The person of the tour is fast. If this process is killed, nothing waits for them for long.
    bridge.args([url, "--no-browser", "--sign-in-timeout", &ANSWER_WAIT.as_secs().to_string()]);
    bridge.stderr(Stdio::piped());
    let mut editor = Editor::start(bridge)?;
    let stderr = editor.bridge.stderr.take().context("the bridge has no stderr")?;
    let (said, invitation) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let address = line.split_once("sign in at ").and_then(|(_, rest)| rest.split(' ').next());
            match address.and_then(|address| Url::parse(address).ok()) {
                Some(url) => drop(said.send(url)),
                None => eprintln!("{line}"),
            }
        }
    });
    Ok((editor, invitation))
}

/// Shows what the server has told so far. It tells a step before it answers, so nothing of a step that is over is missing.
fn hear(news: &Receiver<String>, screen: &mut Screen) -> Result<()> {
    news.try_iter().try_for_each(|event| screen.line("server :", &event))
}

/// What a browser and a person do with the page at `url`; the last page.
fn consent(url: &Url, news: &Receiver<String>, screen: &mut Screen) -> Result<String> {
    let mut visit = |method, url: &Url, form: &str| visit(method, url, form, news, screen);
    let page = visit("GET", url, "")?;
    let between = |before: &str| Some(page.body.split_once(before)?.1.split('"').next()?.to_owned());
    let form = between(r#"<form method="post" action=""#).zip(between(r#"name="request" value=""#));
    let (action, request) = form.ok_or_else(|| Failure::new(Kind::Protocol, "the page has no question"))?;
    let answer = visit("POST", &Url::parse(&action)?, &format!("request={request}&decision=allow"))?;
    let back = answer.location.ok_or_else(|| Failure::new(Kind::Protocol, "the browser is not sent back"))?;
    Ok(visit("GET", &Url::parse(&back)?, "")?.body)
}

/// What a browser gets.
struct Page {
    location: Option<String>,
    body: String,
}

/// One request of the browser, and the heading of the page or where it is sent on. Queries are not shown: there are secrets
/// in them.
fn visit(method: &str, url: &Url, form: &str, news: &Receiver<String>, screen: &mut Screen) -> Result<Page> {
    let bare = |url: &str| url.split('?').next().unwrap_or_default().to_owned();
    screen.line("person ->", &format!("{method} {}", bare(url.as_str())))?;
    let text = fetch(method, url, form).with_context(|| format!("{} does not answer a browser", bare(url.as_str())))?;
    hear(news, screen)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    let page = Page { location: field("Location:"), body: body.to_owned() };
    let heading = body.split_once("<h1>").and_then(|(_, rest)| rest.split("</h1>").next());
    let seen = match (&page.location, heading) {
        (Some(location), _) => format!("sent on to {}", bare(location)),
        (None, heading) => format!("\"{}\"", heading.unwrap_or_default()),
    };
    screen.line("person <-", &seen)?;
    Ok(page)
}

/// A whole HTTP answer, as text.
fn fetch(method: &str, url: &Url, form: &str) -> Result<String> {
    let mut socket = TcpStream::connect(&*url.socket_addrs(|| None)?)?;
    socket.set_read_timeout(Some(ANSWER_WAIT))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let length = form.len();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{kind}\r\n");
    socket.write_all(format!("{head}Content-Length: {length}\r\n\r\n{form}").as_bytes())?;
    let mut answer = Vec::new();
    socket.take(LARGEST_PAGE).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Runs a command that ends by itself, and shows what it says.
fn run(command: &mut Command, screen: &mut Screen) -> Result<String> {
    let output = command.output().context("the bridge cannot be started")?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    for line in said.lines() {
        screen.note(line)?;
    }
    expect(output.status.success(), &format!("the command ended with {}", output.status))?;
    Ok(said)
}

/// More than any page of either side has, in bytes.
const LARGEST_PAGE: u64 = 1024 * 1024;

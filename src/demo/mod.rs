//! An embedded sample MCP server on loopback, for `mcpbridge demo` and for trying an editor without any remote server.
//!
//! It speaks both eras over Streamable HTTP, the legacy one (2025-03-26 to 2025-11-25) and the modern one (2026-07-28).
//! The files, from the socket upwards: `http` reads requests, `exchange` is one of them and its answer, `legacy` and
//! `modern` are the rules of the eras, `session` what a session remembers, `caller` what a running tool may say to its
//! client, `tools` and `library` what is on offer. Where a sign-in is wanted, `desk` is the authorization server and
//! `consent` its pages. [`tour`] is the guided tour.
//!
//! It serves the person at this machine: what is not addressed to loopback is refused, sizes and counts are capped.

mod caller;
mod consent;
mod desk;
mod exchange;
mod http;
mod legacy;
mod library;
mod modern;
mod session;
mod tools;
pub mod tour;

use std::io::{self, BufReader, Read};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::failure::{Failure, Kind};
use desk::Desk;
use exchange::{Exchange, Refusal, Reply};
use http::{Request, Trouble};
use modern::Modern;
use session::Sessions;

/// The sample server; it stops when this is dropped.
pub struct Server {
    state: Arc<State>,
    port: u16,
    accepting: Option<JoinHandle<io::Error>>,
}

/// What the threads of the server share.
#[derive(Default)]
struct State {
    sessions: Sessions,
    modern: Modern,
    stopping: AtomicBool,
    /// Where one signs in, if one has to.
    desk: Option<Desk>,
}

/// Starts the sample server on 127.0.0.1, on a free port when none is named. With `news` it demands a sign-in, and tells
/// there what happens around it, a sentence each.
pub fn start(port: Option<u16>, news: Option<Sender<String>>) -> Result<Server> {
    let port = port.unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|err| match err.kind() {
        io::ErrorKind::AddrInUse => Failure::new(Kind::Usage, format!("port {port} of 127.0.0.1 is taken"))
            .remedy("end the program that uses it, or name another port with --port"),
        _ => Failure::new(Kind::Usage, format!("port {port} of 127.0.0.1 cannot be used ({err})"))
            .remedy("name another port with --port"),
    })?;
    let port = listener.local_addr().context("the port of the sample server is unknown")?.port();
    let state = Arc::new(State { desk: news.map(Desk::new), ..State::default() });
    let accepting = thread::Builder::new()
        .name("demo server".into())
        .spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, &state)
        })
        .context("the sample server cannot start its thread")?;
    Ok(Server { state, port, accepting: Some(accepting) })
}

impl Server {
    /// The URL of the MCP endpoint.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Serves until the process is interrupted; returns only when the listener broke.
    pub fn wait(mut self) -> Result<()> {
        match self.accepting.take().map(JoinHandle::join) {
            Some(Ok(err)) => bail!("the sample server stopped listening: {err}"),
            _ => bail!("the sample server stopped"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        // Nothing else wakes a thread that accepts.
        let woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ = accepting.join();
        }
        // Ends every open stream, and with it the thread that writes it.
        self.state.sessions.end_all();
        self.state.modern.end_all();
    }
}

/// The URL of a sample server on that port.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}{}", exchange::PATH)
}

/// One thread a connection, and a cap on their number.
fn accept(listener: &TcpListener, state: &Arc<State>) -> io::Error {
    let slots = Arc::new(());
    loop {
        let mut socket = match listener.accept() {
            Ok((socket, _)) => socket,
            Err(err) if matches!(err.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => continue,
            Err(err) => return err,
        };
        if state.stopping.load(Ordering::Relaxed) {
            return io::ErrorKind::Interrupted.into();
        }
        if Arc::strong_count(&slots) > MAX_CONNECTIONS {
            // Into the empty buffer of a new socket: this cannot hold up the loop.
            let _ = Refusal::busy().write(&mut socket, true);
            continue;
        }
        let (slot, state) = (Arc::clone(&slots), Arc::clone(state));
        // Without a thread the connection closes, which is all that can be said then.
        let _ = thread::Builder::new().name("demo connection".into()).spawn(move || {
            // An error is a client that left: nobody remains to be told.
            let _ = serve(socket, &state);
            drop(slot);
        });
    }
}

/// The requests of one connection, one after the other.
fn serve(mut socket: TcpStream, state: &State) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(socket.try_clone()?);
    loop {
        let request = match Request::read(&mut reader, &mut socket) {
            Ok(request) => request,
            Err(Trouble::Gone) => return Ok(()),
            Err(Trouble::Refused(refusal)) => {
                refusal.write(&mut socket, true)?;
                socket.shutdown(Shutdown::Write)?;
                // What is still under way is read, or the system would answer it with a reset that overtakes the refusal.
                socket.set_read_timeout(Some(LINGER))?;
                return io::copy(&mut reader.take(MAX_UNREAD), &mut io::sink()).map(drop);
            }
        };
        if state.stopping.load(Ordering::Relaxed) {
            return Ok(());
        }
        let keeps_alive = request.keeps_alive();
        let exchange = Exchange::new(request, socket.try_clone()?);
        let reply = answer(&exchange, state);
        exchange.answer(reply)?;
        if !keeps_alive {
            return Ok(());
        }
    }
}

fn answer(exchange: &Exchange, state: &State) -> Result<Reply, Refusal> {
    exchange.check()?;
    if let Some(desk) = &state.desk
        && let Some(reply) = desk.answer(exchange)?
    {
        return Ok(reply);
    }
    // The era is chosen by what the request carries.
    match (exchange.target().0, exchange.method()) {
        (exchange::PATH, "POST") if modern::is_meant(exchange) => state.modern.post(exchange),
        (exchange::PATH, "POST") => legacy::post(exchange, &state.sessions),
        (exchange::PATH, "GET") => legacy::listen(exchange, &state.sessions),
        (exchange::PATH, "DELETE") => legacy::end(exchange, &state.sessions),
        (exchange::PATH, _) => Err(Refusal::method()),
        _ => Err(Refusal::path()),
    }
}

/// Connections at once. An editor needs two or three, and one more for each call that runs.
const MAX_CONNECTIONS: usize = 256;

/// How long a connection may say nothing between or within requests. Clients keep idle ones for a minute or two.
const IDLE: Duration = Duration::from_secs(5 * 60);

/// How long, and how much, a refused client may go on sending what it had begun.
const LINGER: Duration = Duration::from_secs(1);
const MAX_UNREAD: u64 = 64 * 1024 * 1024;

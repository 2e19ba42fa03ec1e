//! A server on HTTP/2 and TLS: few streams at a time, and every call asks the editor a question.

mod support;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use h2::{RecvStream, SendStream, server::SendResponse};
use http::{Request, Response};
use support::{
    Authority, Bridge, ChaosHttp2, Envelope, FEW_STREAMS, Gate, Launch, Legacy, PATIENCE, Server, Snag, accept_tls,
    call, initialize, json, request, request_with, result, welcome,
};
use tokio::{
    io::copy_bidirectional,
    net::TcpStream,
    sync::{Notify, oneshot},
};
use tokio_rustls::TlsAcceptor;

const STREAMS: u32 = 8;

/// What the server saw, and what its calls wait for.
#[derive(Default)]
struct Seen {
    questions: Mutex<HashMap<String, oneshot::Sender<String>>>,
    calls: AtomicUsize,
    refused: AtomicUsize,
    connections: AtomicUsize,
    deleted: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Calls {
    /// Each asks the editor before it answers.
    Ask,
    /// The first is refused before it runs, as HTTP/2 servers do when they are full.
    RefuseFirst,
    /// The first connection falls silent once it has heard one, and stays open.
    Freeze,
    /// Each is answered with a head of more than so many bytes.
    Heads(usize),
    /// All requests are to come over HTTP/1.1, where this server has the answers.
    OnlyHttp1(SocketAddr),
}

struct Http2 {
    address: SocketAddr,
    authority: Authority,
    seen: Arc<Seen>,
}

impl Http2 {
    fn start(calls: Calls) -> Self {
        let authority = Authority::named("an authority of a test");
        let seen = Arc::new(Seen::default());
        let sees = seen.clone();
        let address = accept_tls(&authority.local(), &["h2", "http/1.1"], move |socket, acceptor, _| {
            sees.connections.fetch_add(1, Ordering::SeqCst);
            serve(socket, acceptor, sees.clone(), calls)
        });
        Self { address, authority, seen }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/mcp", self.address.port())
    }

    fn trusted(&self) -> Launch {
        Bridge::launch(self.url()).env("SSL_CERT_FILE", self.authority.file())
    }
}

async fn serve(socket: TcpStream, acceptor: TlsAcceptor, seen: Arc<Seen>, calls: Calls) {
    let Ok(mut socket) = acceptor.accept(socket).await else { return };
    if let Calls::OnlyHttp1(server) = calls
        && socket.get_ref().1.alpn_protocol() == Some(b"http/1.1")
    {
        let mut server = TcpStream::connect(server).await.unwrap();
        let _ = copy_bidirectional(&mut socket, &mut server).await;
        return;
    }
    let Ok(mut connection) = h2::server::Builder::new().max_concurrent_streams(STREAMS).handshake(socket).await else {
        return;
    };
    let frozen = Arc::new(Notify::new());
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            // Whatever comes is still acknowledged by the system.
            () = frozen.notified() => std::future::pending().await,
        };
        let Some(Ok((request, mut respond))) = accepted else { return };
        if matches!(calls, Calls::OnlyHttp1(_)) {
            seen.refused.fetch_add(1, Ordering::SeqCst);
            respond.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
        } else {
            tokio::spawn(answer(request, respond, seen.clone(), calls, frozen.clone()));
        }
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    seen: Arc<Seen>,
    calls: Calls,
    frozen: Arc<Notify>,
) {
    let (head, mut body) = request.into_parts();
    let mut text = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).ok();
        text.extend_from_slice(&piece);
    }
    let text = String::from_utf8(text).unwrap();
    let status = |status: u16| Response::builder().status(status).body(()).unwrap();
    if head.method == "GET" {
        respond.send_response(status(405), true).ok();
        return;
    }
    if head.method == "DELETE" {
        seen.deleted.fetch_add(1, Ordering::SeqCst);
        respond.send_response(status(200), true).ok();
        return;
    }
    let envelope = Envelope::read(&text).unwrap();
    let id = envelope.id().unwrap_or("null").to_owned();
    match envelope.method().as_deref() {
        Some("initialize") => {
            let head =
                Response::builder().header("content-type", "application/json").header("mcp-session-id", "h2-session");
            let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
            send(&mut stream, result(&id, &welcome("2025-06-18", "{}")), true);
        }
        Some("tools/call") if calls == Calls::RefuseFirst && seen.refused.fetch_add(1, Ordering::SeqCst) == 0 => {
            respond.send_reset(h2::Reason::REFUSED_STREAM);
        }
        Some("tools/call") => {
            if seen.calls.fetch_add(1, Ordering::SeqCst) == 0 && calls == Calls::Freeze {
                frozen.notify_one();
                return std::future::pending().await;
            }
            let mut head = sse();
            if let Calls::Heads(length) = calls {
                head.headers_mut().insert("x-long", "a".repeat(length).parse().unwrap());
            }
            let mut stream = respond.send_response(head, false).unwrap();
            let mut said = "nothing was asked".to_owned();
            if calls == Calls::Ask {
                let (sender, receiver) = oneshot::channel();
                let question = format!("\"question for {id}\"");
                seen.questions.lock().unwrap().insert(question.clone(), sender);
                let ask = request_with(&question, "elicitation/create", r#"{"message":"go on?","requestedSchema":{}}"#);
                send(&mut stream, format!("data: {ask}\n\n"), false);
                let Ok(answer) = receiver.await else { return };
                said = json(&answer)["result"]["action"].as_str().unwrap_or("?").to_owned();
            }
            send(&mut stream, format!("data: {}\n\n", result(&id, &format!(r#"{{"said":"{said}"}}"#))), true);
        }
        Some(_) if id != "null" => {
            let mut stream = respond
                .send_response(Response::builder().header("content-type", "application/json").body(()).unwrap(), false)
                .unwrap();
            send(&mut stream, result(&id, "{}"), true);
        }
        Some(_) => drop(respond.send_response(status(202), true)),
        None => {
            respond.send_response(status(202), true).ok();
            if let Some(waiting) = seen.questions.lock().unwrap().remove(&id) {
                waiting.send(text).ok();
            }
        }
    }
}

fn sse() -> Response<()> {
    Response::builder().header("content-type", "text/event-stream").body(()).unwrap()
}

fn send(stream: &mut SendStream<Bytes>, text: String, end: bool) {
    stream.send_data(Bytes::from(text), end).ok();
}

fn answer_questions(bridge: &mut Bridge, count: usize) {
    for _ in 0..count {
        let question = bridge.expect_method("elicitation/create");
        let id = Envelope::read(&question).unwrap().id().unwrap().to_owned();
        bridge.send(result(id, r#"{"action":"accept"}"#));
    }
}

#[test]
fn eight_calls_on_eight_streams_all_get_their_question_answered() {
    let server = Http2::start(Calls::Ask);
    let mut bridge = server.trusted().ready();
    for id in 1..=8 {
        bridge.send(call(id));
    }
    // All eight are open, and every stream of that connection is taken, before the first answer.
    let mut asked = Vec::new();
    for _ in 0..8 {
        asked.push(Envelope::read(&bridge.expect_method("elicitation/create")).unwrap().id().unwrap().to_owned());
    }
    for id in asked {
        bridge.send(result(id, r#"{"action":"accept"}"#));
    }
    for id in 1..=8 {
        assert_eq!(bridge.expect_result(&id.to_string())["said"], "accept");
    }
    assert!(server.seen.connections.load(Ordering::SeqCst) >= 2, "answers have a connection of their own");
}

#[test]
fn more_calls_than_streams_wait_their_turn_and_are_all_answered() {
    let server = Http2::start(Calls::Ask);
    let mut bridge = server.trusted().ready();
    for id in 1..=40 {
        bridge.send(call(id));
    }
    answer_questions(&mut bridge, 40);
    for id in 1..=40 {
        assert_eq!(bridge.expect_result(&id.to_string())["said"], "accept");
    }
    assert_eq!(server.seen.calls.load(Ordering::SeqCst), 40);
}

#[test]
fn notifications_and_cancellations_get_past_calls_that_fill_every_stream() {
    let server = Http2::start(Calls::Ask);
    let mut bridge = server.trusted().ready();
    for id in 1..=8 {
        bridge.send(call(id));
    }
    for _ in 0..8 {
        bridge.expect_method("elicitation/create");
    }
    bridge.send(support::cancel(3));
    bridge.send(support::notification("notifications/roots/list_changed"));
    // A cancelled call gives its stream back, and the next one runs on it.
    bridge.send(call(9));
    answer_questions(&mut bridge, 1);
    assert_eq!(bridge.expect_result("9")["said"], "accept");
}

#[test]
fn the_session_is_deleted_though_every_stream_is_taken() {
    let server = Http2::start(Calls::Ask);
    let mut bridge = server.trusted().args(["--drain-timeout", "1"]).ready();
    for id in 1..=8 {
        bridge.send(call(id));
    }
    for _ in 0..8 {
        bridge.expect_method("elicitation/create");
    }
    bridge.close_stdin();
    for id in 1..=8 {
        bridge.answer(&id.to_string());
    }
    bridge.wait_exit(PATIENCE);
    assert_eq!(server.seen.deleted.load(Ordering::SeqCst), 1);
}

#[test]
fn a_stream_that_the_server_refused_is_sent_again() {
    let server = Http2::start(Calls::RefuseFirst);
    let mut bridge = server.trusted().ready();
    bridge.send(call(1));
    assert_eq!(bridge.expect_result("1")["said"], "nothing was asked");
    assert_eq!(server.seen.calls.load(Ordering::SeqCst), 1);
    assert_eq!(server.seen.refused.load(Ordering::SeqCst), 2);
}

#[test]
fn a_server_that_wants_no_http2_gets_everything_over_http1() {
    let answers = Legacy::new().start();
    let address = url::Url::parse(&answers.url()).unwrap().socket_addrs(|| None).unwrap()[0];
    let server = Http2::start(Calls::OnlyHttp1(address));
    let mut bridge = server.trusted().ready();
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    assert!((1..=2).contains(&server.seen.refused.load(Ordering::SeqCst)));
}

#[test]
fn an_answer_with_a_long_head_is_an_answer() {
    let server = Http2::start(Calls::Heads(100 * 1024));
    let mut bridge = server.trusted().ready();
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
#[ignore = "takes a minute: `tests/run long`"]
fn a_connection_that_only_the_system_keeps_open_is_found_out_and_a_quiet_one_is_left_alone() {
    let (quiet, frozen) = (Http2::start(Calls::Ask), Http2::start(Calls::Freeze));
    let (mut waiting, mut bridge) = (quiet.trusted().ready(), frozen.trusted().ready());
    waiting.send(call(1));
    let question = waiting.expect_method("elicitation/create");
    bridge.send(call(1));
    let line = bridge.recv_within(FOUND_FROZEN + PATIENCE).expect("an answer");
    assert!(line.contains("may have run"), "{line}");
    bridge.send(call(2));
    bridge.expect_result("2");
    let id = Envelope::read(&question).unwrap().id().unwrap().to_owned();
    waiting.send(result(id, r#"{"action":"accept"}"#));
    assert_eq!(waiting.expect_result("1")["said"], "accept");
}

/// As the README has it.
const FOUND_FROZEN: Duration = Duration::from_secs(80);

#[test]
fn a_certificate_that_nobody_vouches_for_is_an_error_that_says_so() {
    let server = Http2::start(Calls::Ask);
    let mut bridge = Bridge::launch(server.url()).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["certificate"]);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 5);
}

#[test]
fn a_thousand_calls_over_eight_streams_are_all_answered() {
    let server = Http2::start(Calls::RefuseFirst);
    let mut bridge = server.trusted().ready();
    for id in 1..=1000 {
        bridge.send(call(id));
    }
    for id in 1..=1000 {
        bridge.expect_result(&id.to_string());
    }
    bridge.send(request(2000, "tools/list"));
    bridge.expect_result("2000");
    bridge.expect_silence(Duration::from_millis(50));
}

/// A server of HTTP/1.1 behind HTTP/2 with a mishap to come.
struct Behind {
    http2: ChaosHttp2,
    /// What calls wait for that fit on the first connection.
    gate: Gate,
    server: Server,
    authority: Authority,
}

impl Behind {
    fn start() -> Self {
        let gate = Gate::new();
        let closed = gate.clone();
        let server = Legacy::new()
            .on("tools/call", move |request, reply| {
                if request.id().parse::<u32>().is_ok_and(|id| id <= FEW_STREAMS) {
                    closed.wait();
                }
                reply.result(request, r#"{"said":"done"}"#);
            })
            .start();
        let authority = Authority::named("an authority of a test");
        let http2 = ChaosHttp2::before(&server, &authority.local(), 0);
        Self { http2, gate, server, authority }
    }

    /// Once its standing stream is there, only calls open streams.
    fn bridge(&self) -> Bridge {
        let launch = Bridge::launch(format!("https://localhost:{}/mcp", self.http2.port));
        let bridge = launch.args(["--ca-cert", self.authority.file().to_str().unwrap()]).ready();
        self.server.wait(1, "GET");
        bridge
    }

    fn calls(&self) -> usize {
        self.server.count("tools/call")
    }
}

/// What a GOAWAY leaves out was not processed, whatever its reason (RFC 9113, section 6.8): servers that restart,
/// and those that close a connection after so many requests, say nothing else.
#[test]
fn a_call_that_a_goaway_leaves_out_is_sent_again() {
    for snag in [Snag::GoneAway, Snag::Calmed] {
        let behind = Behind::start();
        let mut bridge = behind.bridge();
        behind.http2.next(snag);
        bridge.send(call(9));
        assert_eq!(bridge.expect_result("9")["said"], "done", "{snag:?}");
        assert_eq!(behind.http2.happened().get(&snag), Some(&1));
        assert_eq!(behind.calls(), 1);
    }
}

#[test]
fn a_call_that_a_goaway_does_not_leave_out_goes_on() {
    let behind = Behind::start();
    let mut bridge = behind.bridge();
    bridge.send(call(1));
    behind.server.wait(1, "tools/call");
    behind.http2.next(Snag::GoneAway);
    bridge.send(call(9));
    bridge.expect_result("9");
    behind.gate.open();
    bridge.expect_result("1");
    assert_eq!(behind.calls(), 2);
}

#[test]
fn a_call_that_runs_when_its_connection_ends_after_a_goaway_is_not_sent_again() {
    let behind = Behind::start();
    let mut bridge = behind.bridge();
    bridge.send(call(1));
    behind.server.wait(1, "tools/call");
    behind.http2.next(Snag::Calmed);
    bridge.send(call(9));
    bridge.expect_error("1", &["may have run"]);
    bridge.expect_result("9");
    behind.gate.open();
    assert_eq!(behind.calls(), 2);
}

#[test]
fn a_call_whose_stream_was_reset_is_not_sent_again() {
    for snag in [Snag::Cancelled, Snag::Failed] {
        let behind = Behind::start();
        let mut bridge = behind.bridge();
        behind.http2.next(snag);
        bridge.send(call(9));
        bridge.expect_error("9", &["may have run"]);
        assert!(behind.calls() <= 1, "{snag:?}");
    }
}

/// Its stream was not open: the body has not left.
#[test]
fn a_call_that_waits_for_a_stream_when_the_connection_breaks_is_sent_again() {
    let behind = Behind::start();
    let mut bridge = behind.bridge();
    for id in 1..=FEW_STREAMS {
        bridge.send(call(id));
    }
    behind.server.wait(FEW_STREAMS as usize, "tools/call");
    bridge.send(call(9));
    bridge.expect_silence(Duration::from_millis(100));
    behind.http2.next(Snag::CutInFrame);
    behind.gate.open();
    bridge.expect_result("9");
    for id in 1..=FEW_STREAMS {
        bridge.expect_error(&id.to_string(), &["may have run"]);
    }
    assert_eq!(behind.calls(), FEW_STREAMS as usize + 1);
}

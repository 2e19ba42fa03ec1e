//! `mcpbridge demo`: the tour through the real bridge, and the sample server with what a client may get wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[test]
fn the_tour_plays_a_whole_session_through_the_real_bridge() {
    // The person's own settings must not reach the bridge of the tour.
    let tour = mcpbridge(&["demo"]).env("MCPBRIDGE_IGNORE_TOOL", "*").output().unwrap();
    let told = String::from_utf8(tour.stdout).unwrap();
    assert!(tour.status.success(), "{}: {told}{}", tour.status, String::from_utf8_lossy(&tour.stderr));
    for line in ["editor -> {", "editor <- {", "Hello, Ada!", "ended with exit code 0", "mcpbridge demo --serve"] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
    assert_eq!(told.matches(r#"<- {"jsonrpc":"2.0","method":"notifications/progress""#).count(), 3, "{told}");
    assert!(!told.contains('\x1b'), "colours in a file: {told:?}");
    let command = serde_json::Value::from(env!("CARGO_BIN_EXE_mcpbridge")).to_string();
    assert!(told.contains(&format!("\"command\": {command}")), "no absolute path of the program in {told}");
}

#[test]
fn the_sample_server_negotiates_every_version_it_knows() {
    let server = Serving::start();
    for (wanted, agreed) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
        ("1999-12-31", "2025-11-25"),
    ] {
        let reply = server.post("", &initialize(wanted));
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body.contains(&format!(r#""protocolVersion":"{agreed}""#)), "{wanted}: {reply:?}");
        assert!(reply.session().is_some(), "{reply:?}");
    }
}

#[test]
fn a_session_lives_from_initialize_to_delete() {
    let server = Serving::start();
    assert_eq!(server.post("", PING).status, 400, "no session named");
    assert_eq!(server.post("Mcp-Session-Id: made-up\r\n", PING).status, 404, "a session that never was");

    let session = server.session("2025-11-25");
    assert_eq!(server.post(&session, PING).body, r#"{"id":1,"jsonrpc":"2.0","result":{}}"#);
    assert_eq!(server.post(&session, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).status, 202);
    assert_eq!(server.send("DELETE", &session, "").status, 200);
    assert_eq!(server.post(&session, PING).status, 404, "a session that was ended");
}

#[test]
fn a_call_that_is_cancelled_ends_without_an_answer_and_its_id_is_free_again() {
    let server = Serving::start();
    let session = server.session("2025-11-25");
    let call = r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"countdown",
        "arguments":{"from":60,"interval_ms":1},"_meta":{"progressToken":7}}}"#;
    let slow = call.replace(r#""interval_ms":1}"#, r#""interval_ms":10000}"#).replace("60", "2");
    let running = server.open("POST", &session, &slow);
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"c"}}"#;
    // The head of the stream says that the call is under way.
    let mut running = BufReader::new(running);
    let mut head = String::new();
    running.read_line(&mut head).unwrap();
    assert_eq!(server.post(&session, cancel).status, 202);
    let mut rest = String::new();
    running.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("\"result\""), "{rest}");

    let finished = server.post(&session, call);
    assert_eq!(finished.body.matches("notifications/progress").count(), 60, "{finished:?}");
    assert!(finished.body.contains("lift-off"), "{finished:?}");

    for meta in ["7", "[]", "null", r#"{"progressToken":{}}"#] {
        let call = call.replace(r#"{"progressToken":7}"#, meta);
        let finished = server.post(&session, &call);
        assert!(finished.body.contains("lift-off"), "_meta {meta}: {finished:?}");
        assert!(!finished.body.contains("notifications/progress"), "_meta {meta}: {finished:?}");
    }
}

#[test]
fn a_client_that_cannot_be_asked_gets_a_result_that_says_so() {
    let server = Serving::start();
    let session = server.session("2025-11-25");
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask_name"}}"#;
    let reply = server.post(&session, call);
    assert!(reply.body.contains(r#""isError":true"#) && reply.body.contains("elicitation"), "{reply:?}");
}

#[test]
fn batches_belong_to_one_version() {
    let server = Serving::start();
    let batch = format!(r#"[{PING},{{"jsonrpc":"2.0","method":"x"}},{}]"#, PING.replace('1', "\"two\""));
    let reply = server.post(&server.session("2025-03-26"), &batch);
    assert!(reply.body.contains(r#"{"id":1,"#) && reply.body.contains(r#"{"id":"two","#), "{reply:?}");
    let reply = server.post(&server.session("2025-03-26"), r#"[{"jsonrpc":"2.0","method":"x"}]"#);
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(server.post(&server.session("2025-06-18"), &batch).status, 400);
}

#[test]
fn what_does_not_come_from_this_machine_is_refused() {
    let server = Serving::start();
    let request = |host: &str, origin: &str| {
        let body = initialize("2025-11-25");
        let length = body.len();
        let mut socket = server.connect();
        write!(socket, "POST /mcp HTTP/1.1\r\nHost: {host}\r\n{origin}{JSON}Content-Length: {length}\r\n\r\n{body}")
            .unwrap();
        Reply::read(socket).status
    };
    assert_eq!(request("rebound.example.com", ""), 403);
    assert_eq!(request("127.0.0.1", "Origin: https://example.com\r\n"), 403);
    assert_eq!(request("127.0.0.1", "Origin: null\r\n"), 403);
    assert_eq!(request("localhost", "Origin: http://localhost:6274\r\n"), 200);
}

#[test]
fn bad_requests_are_refused_and_the_server_lives_on() {
    let server = Serving::start();
    let session = server.session("2025-11-25");
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#, "x".repeat(2 << 20));
    let deep = "[".repeat(50_000);
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("[]", 400),
        (r#"{"jsonrpc":"2.0"}"#, 400),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, 400),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, 400),
        (r#"{"jsonrpc":"2.0","method":"initialize"}"#, 400),
        (&deep, 400),
        (&large, 413),
        // Refused by the server and not by the transport: an error in a 200.
        (r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"unknown"}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"demo://planets/pluto"}}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete"}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"loud"}}"#, 200),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"2"}}"#, 200),
    ] {
        let reply = server.post(&session, body);
        assert_eq!(reply.status, status, "{} -> {reply:?}", &body[..body.len().min(100)]);
        assert!(reply.body.contains(r#""error":{"#), "{reply:?}");
    }
    assert_eq!(server.post(&format!("{session}MCP-Protocol-Version: 1.0\r\n"), PING).status, 400);
    assert_eq!(server.send("PUT", &session, PING).status, 405);

    for (headers, status) in [
        ("Accept: application/json\r\nContent-Type: application/json\r\n", 406),
        ("Accept: application/json, text/event-stream\r\nContent-Type: text/plain\r\n", 415),
    ] {
        let mut socket = server.connect();
        write!(
            socket,
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: 2\r\n\r\n{{}}"
        )
        .unwrap();
        assert_eq!(Reply::read(socket).status, status);
    }

    // An absurd length, announced by a client that then waits.
    for (length, status) in [("1000000000000000", 413), ("18446744073709551616", 413), ("-1", 400)] {
        let mut socket = server.connect();
        write!(socket, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: {length}\r\n\r\n{{").unwrap();
        assert_eq!(Reply::read(socket).status, status);
    }
    assert_eq!(server.post(&session, PING).status, 200);
}

#[test]
fn connections_that_stay_open_hold_up_no_other() {
    let server = Serving::start();
    let session = server.session("2025-11-25");
    let request =
        format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\n{session}{JSON}Content-Length: {}\r\n\r\n{PING}", PING.len())
            .replace("Connection: close\r\n", "");
    for _ in 0..5 {
        let mut open: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
        for socket in &mut open {
            socket.write_all(request.as_bytes()).unwrap();
        }
        for socket in &mut open {
            let mut start = [0; 15];
            socket.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 200 OK");
        }
    }
}

#[test]
fn a_taken_port_is_named_with_the_remedy() {
    let server = Serving::start();
    let port = server.address.rsplit(':').next().unwrap();
    let second = mcpbridge(&["demo", "--serve", "--port", port]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains(port) && said.contains("--port"), "{said}");
}

/// A running `mcpbridge demo --serve`.
struct Serving {
    process: Child,
    /// `127.0.0.1:PORT`
    address: String,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Serving {
    fn start() -> Self {
        let mut process = mcpbridge(&["demo", "--serve", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let mut lines = stdout.lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("http://")).expect("the server names its URL");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        // Read on, or the server's next line finds a closed pipe.
        std::thread::spawn(move || lines.count());
        Self { process, address }
    }

    /// The header of a new session of that version.
    fn session(&self, version: &str) -> String {
        let reply = self.post("", &initialize(version));
        format!("Mcp-Session-Id: {}\r\n", reply.session().expect("a session"))
    }

    fn post(&self, headers: &str, body: &str) -> Reply {
        self.send("POST", headers, body)
    }

    fn send(&self, method: &str, headers: &str, body: &str) -> Reply {
        Reply::read(self.open(method, headers, body))
    }

    fn open(&self, method: &str, headers: &str, body: &str) -> TcpStream {
        let mut socket = self.connect();
        let length = body.len();
        let head = format!("{method} /mcp HTTP/1.1\r\nHost: {}\r\n{headers}{JSON}", self.address);
        socket.write_all(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
        socket
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Reply {
    /// Reads to the end of the connection, which `Connection: close` asked for.
    fn read(mut socket: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // The end may come as a reset where the server has left some of the request unread.
        let _ = socket.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn session(&self) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix("Mcp-Session-Id: "))
    }
}

fn mcpbridge(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpbridge"));
    command.args(args);
    command
}

fn initialize(version: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"test","version":"1"}}}}}}"#
    )
}

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

const JSON: &str =
    "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nConnection: close\r\n";

/// For one answer; only a server that hangs takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

//! `mcpbridge demo`: the tour through the real bridge, and the sample server with what a client may get wrong.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{Bridge, Human, Launch, Seen, fetch, get, post_form, request_with};
use tempfile::TempDir;
use url::Url;

#[test]
fn the_tour_plays_a_whole_session_through_the_real_bridge() {
    let (home, scratch, human) = (TempDir::new().unwrap(), TempDir::new().unwrap(), Human::prompt());
    // The person's own settings must not reach the bridge of the tour.
    let tour = mcpbridge(&["demo"])
        .env("MCPBRIDGE_IGNORE_TOOL", "*")
        .env("MCPBRIDGE_CREDENTIAL_STORE", "keychain")
        .env("MCPBRIDGE_CONFIG_DIR", home.path().join("mine"))
        .envs([("HOME", home.path()), ("TMPDIR", scratch.path()), ("TEMP", scratch.path()), ("TMP", scratch.path())])
        .env("BROWSER", human.browser())
        .output()
        .unwrap();
    let told = String::from_utf8(tour.stdout).unwrap();
    assert!(tour.status.success(), "{}: {told}{}", tour.status, String::from_utf8_lossy(&tour.stderr));
    let mut at = 0;
    for line in [
        "\n8. ",
        "server : 401, WWW-Authenticate: Bearer resource_metadata=",
        "bridge : sign in at http://127.0.0.1:",
        r#"editor <- {"jsonrpc":"2.0","id":1,"result""#,
        r#"person <- "Allow mcpbridge to use this server?""#,
        r#"person <- "You are signed in""#,
        "notifications/tools/list_changed",
        r#""text":"signed in""#,
        " renewed in ",
        "signed out of http://127.0.0.1:",
        "server : revoked",
    ] {
        at += told[at..].find(line).unwrap_or_else(|| panic!("no {line:?} in its place in {told}"));
    }
    assert_eq!(human.windows(), 0, "the tour needs no browser");
    for folder in [&home, &scratch] {
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the tour leaves nothing behind");
    }
    for line in ["editor -> {", "editor <- {", "Hello, Ada!", "ended with exit code 0", "mcpbridge demo --serve"] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
    assert_eq!(told.matches(r#"<- {"jsonrpc":"2.0","method":"notifications/progress""#).count(), 3, "{told}");
    assert!(!told.contains('\x1b'), "colours in a file: {told:?}");
    let command = serde_json::Value::from(env!("CARGO_BIN_EXE_mcpbridge")).to_string();
    assert!(told.contains(&format!("\"command\": {command}")), "no absolute path of the program in {told}");
}

#[test]
fn a_tour_that_breaks_off_in_the_middle_of_the_sign_in_leaves_nothing_behind() {
    let scratch = TempDir::new().unwrap();
    let mut tour = mcpbridge(&["demo"]);
    tour.envs([("TMPDIR", scratch.path()), ("TEMP", scratch.path()), ("TMP", scratch.path())]);
    let mut tour = tour.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(tour.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines
        .take_while(|line| !line.starts_with("9. "))
        .find_map(|line| Some(line.split_once("which listens at ")?.1.to_owned()));
    let address = address.expect("the tour comes to the sign-in");
    // Its reader is gone now.
    assert!(tour.wait().unwrap().success());
    assert!(fetch("GET", &address, &[], "").is_err(), "somebody still waits for the browser");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
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

#[test]
fn a_person_signs_in_to_the_sample_server_and_out_again() {
    let (server, home, human) = (Serving::with_sign_in(), TempDir::new().unwrap(), Human::at_ease());
    let url = server.at("/mcp");
    assert!(server.greeting.contains(&format!("mcpbridge login {url}\n")), "{}", server.greeting);
    let command = |args: &[&str]| Bridge::bare().args(args.iter().copied()).home(home.path()).human(&human);
    let echo = |bridge: &mut Bridge, id: u32| {
        bridge.send(request_with(id, "tools/call", r#"{"name":"echo","arguments":{"message":"hello"}}"#));
        assert_eq!(bridge.expect_result(&id.to_string())["content"][0]["text"], "hello");
    };

    let mut first = Launch::spawn(command(&[&url]));
    first.send(initialize("2025-11-25"));
    let visit = human.visit();
    let page = visit.look();
    assert!(page.body.contains(&url) && page.body.contains(&visit.need("redirect_uri")), "{}", page.body);
    assert!(visit.consent().body.contains("You are signed in"));
    first.expect_result("0");
    echo(&mut first, 1);
    // The next one needs no window.
    let mut second = command(&[&url]).ready();
    echo(&mut second, 1);
    assert_eq!(human.windows(), 1);

    let status = command(&["status", &url]).told();
    assert!(status.code == 0 && status.stdout.contains("scopes: demo"), "{status:?}");
    server.hears("the person said yes");
    server.hears("issued an access token");
    command(&["logout", &url]).told().expect(0, &[]);
    server.hears("revoked");
    command(&["status", &url]).told().expect(3, &[]);

    let human = Human::unwilling();
    command(&["login", &url]).human(&human).told().expect(4, &[]);
    server.hears("the person said no");
}

#[test]
fn a_person_who_signed_in_before_a_restart_signs_in_again() {
    let (mut server, home) = (Serving::with_sign_in(), TempDir::new().unwrap());
    let url = server.at("/mcp");
    for _ in 0..2 {
        let human = Human::prompt();
        let mut bridge = Bridge::launch(&url).home(home.path()).human(&human).ready();
        bridge.send(request_with(1, "tools/list", "{}"));
        assert!(!bridge.expect_result("1")["tools"].as_array().unwrap().is_empty());
        assert_eq!((human.windows(), human.page().status), (1, 200));
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
        server = server.restarted();
    }
}

#[test]
fn the_sign_in_of_the_sample_server_gives_nothing_away_that_does_not_add_up() {
    let server = Serving::with_sign_in();
    let refused = server.post("", PING);
    assert_eq!(refused.status, 401);
    let metadata = server.at("/.well-known/oauth-protected-resource/mcp");
    assert!(refused.head.contains(&format!(r#"Bearer resource_metadata="{metadata}", scope="demo""#)), "{refused:?}");
    let resource = get(&metadata).json();
    assert_eq!(resource["resource"], server.at("/mcp"));
    let issuer = resource["authorization_servers"][0].as_str().unwrap().to_owned();
    let published = get(&format!("{issuer}/.well-known/oauth-authorization-server")).json();
    assert_eq!(
        (&published["issuer"], &published["code_challenge_methods_supported"]),
        (&json!(issuer), &json!(["S256"]))
    );

    for uris in [json!([]), json!(["https://example.com/"]), json!(["http://127.0.0.1/", "http://10.0.0.1/"]), json!(7)]
    {
        assert_eq!(server.register("x", &uris).status, 400, "{uris}");
    }
    let client =
        server.register("<b>Ada\u{202e}\n</b>", &json!([REDIRECT])).json()["client_id"].as_str().unwrap().to_owned();
    // Whoever did not register, or names an address that is not theirs, is told nothing: the person is.
    for (id, redirect) in [("WyJ4IixbXV0", REDIRECT), ("%%%", REDIRECT), (&client, "http://127.0.0.1:4711/other")] {
        let page = get(&server.authorize(id, redirect, "S256", None));
        assert_eq!((page.status, page.header("location")), (400, None), "{id} {redirect}");
    }
    let page = get(&server.authorize(&client, REDIRECT, "S256", None));
    assert!(page.body.contains("&lt;b&gt;Ada&lt;/b&gt;") && !page.body.contains("<b>"), "{}", page.body);
    assert!(
        !page.body.contains("<script")
            && page.header("content-security-policy").unwrap().contains("default-src 'none'")
    );
    for (method, resource, error) in
        [("plain", None, "invalid_request"), ("S256", Some("http://127.0.0.1:1/mcp"), "invalid_target")]
    {
        let sent = get(&server.authorize(&client, REDIRECT, method, resource));
        let back = sent.header("location").expect("a redirect");
        assert!(back.starts_with(REDIRECT) && back.contains(&format!("error={error}")), "{back}");
    }

    // A question is answered once, and by nobody else's page.
    let question = server.question(&client);
    let form = format!("request={question}&decision=allow");
    for origin in ["https://example.com", "null"] {
        let foreign = fetch("POST", &server.at("/authorize"), &[("Origin", origin)], &form).unwrap();
        assert_eq!((foreign.status, foreign.header("location")), (403, None));
    }
    let back = server.decide(&question);
    assert!(back.contains("code=") && back.contains("state=s") && back.contains("iss="), "{back}");
    assert_eq!(fetch("POST", &server.at("/authorize"), &[], &form).unwrap().status, 400);

    // The wrong proof costs the code.
    let code = server.code(&client);
    assert_eq!(server.redeem(&client, &code, "another-verifier").json()["error"], "invalid_grant");
    assert_eq!(server.redeem(&client, &code, VERIFIER).json()["error"], "invalid_grant");
    let other = server.register("Bob", &json!([REDIRECT])).json()["client_id"].as_str().unwrap().to_owned();
    assert_eq!(server.redeem(&other, &server.code(&client), VERIFIER).json()["error"], "invalid_grant");
}

#[test]
fn refresh_tokens_of_the_sample_server_rotate_and_one_that_comes_back_ends_the_sign_in() {
    let server = Serving::with_sign_in();
    let client = server.register("Ada", &json!([REDIRECT])).json()["client_id"].as_str().unwrap().to_owned();
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    let signed_in = || server.redeem(&client, &server.code(&client), VERIFIER).json();
    let welcome =
        |token: &str| server.post(&format!("Authorization: Bearer {token}\r\n"), &initialize("2025-11-25")).status;
    let renew = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client.as_str())];
        post_form(&server.at("/token"), &[], &form).json()
    };

    let first = signed_in();
    assert_eq!((first["expires_in"].clone(), welcome(&text(&first, "access_token"))), (json!(60), 200));
    let second = renew(&text(&first, "refresh_token"));
    // The old token lives on for the requests that carry it.
    for tokens in [&first, &second] {
        assert_eq!(welcome(&text(tokens, "access_token")), 200);
    }
    assert_eq!(renew(&text(&first, "refresh_token"))["error"], "invalid_grant");
    server.hears("a second time");
    assert_eq!(renew(&text(&second, "refresh_token"))["error"], "invalid_grant");
    assert_eq!(welcome(&text(&second, "access_token")), 401);

    let third = signed_in();
    let revoked = |token: &str| post_form(&server.at("/revoke"), &[], &[("token", token)]).status;
    assert_eq!((revoked("unknown"), welcome(&text(&third, "access_token"))), (200, 200));
    assert_eq!((revoked(&text(&third, "refresh_token")), welcome(&text(&third, "access_token"))), (200, 401));
}

/// A running `mcpbridge demo --serve`.
struct Serving {
    process: Child,
    /// `127.0.0.1:PORT`
    address: String,
    /// What it printed before it began to serve.
    greeting: String,
    lines: Receiver<String>,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Serving {
    fn start() -> Self {
        Self::with(&["--port", "0"])
    }

    fn with_sign_in() -> Self {
        Self::with(&["--port", "0", "--sign-in"])
    }

    fn with(args: &[&str]) -> Self {
        let mut process = mcpbridge(&["demo", "--serve"]).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (read, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| read.send(line)));
        let mut greeting = String::new();
        while !greeting.contains("(Ctrl-C)") {
            greeting += &(lines.recv_timeout(PATIENCE).expect("the server greets") + "\n");
        }
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        Self { process, address, greeting, lines }
    }

    /// The same server, at the same port, with an empty memory.
    fn restarted(self) -> Self {
        let port = self.address.rsplit(':').next().unwrap().to_owned();
        drop(self);
        Self::with(&["--sign-in", "--port", &port])
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for news that contain `part`.
    #[track_caller]
    fn hears(&self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        let news = || self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        while !news().unwrap_or_else(|_| panic!("the server never told: {part}")).contains(part) {}
    }

    fn register(&self, name: &str, uris: &Value) -> Seen {
        let body = json!({"client_name": name, "redirect_uris": uris}).to_string();
        fetch("POST", &self.at("/register"), &[("Content-Type", "application/json")], &body).unwrap()
    }

    fn authorize(&self, client: &str, redirect: &str, method: &str, resource: Option<&str>) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut url = Url::parse(&self.at("/authorize?response_type=code&state=s")).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", client)
            .append_pair("redirect_uri", redirect)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", method)
            .append_pair("resource", resource.unwrap_or(&self.at("/mcp")));
        url.into()
    }

    fn question(&self, client: &str) -> String {
        let page = get(&self.authorize(client, REDIRECT, "S256", None)).body;
        page.split(r#"name="request" value=""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    }

    /// Says yes; where the browser is sent.
    fn decide(&self, question: &str) -> String {
        let sent = post_form(&self.at("/authorize"), &[], &[("request", question), ("decision", "allow")]);
        sent.header("location").expect("a redirect").to_owned()
    }

    fn code(&self, client: &str) -> String {
        let back = Url::parse(&self.decide(&self.question(client))).unwrap();
        back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    fn redeem(&self, client: &str, code: &str, verifier: &str) -> Seen {
        let form = [("code", code), ("code_verifier", verifier), ("client_id", client), ("redirect_uri", REDIRECT)];
        post_form(&self.at("/token"), &[], &[&form[..], &[("grant_type", "authorization_code")]].concat())
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

const REDIRECT: &str = "http://127.0.0.1:4711/oauth/callback";
const VERIFIER: &str = "a-verifier-that-is-just-as-long-as-it-has-to-be";

/// For one answer; only a server that hangs takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

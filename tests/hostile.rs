//! A server that has terminal sequences and line breaks in everything that it says: none of it moves a cursor, sets a
//! title, turns writing around or poses as a line of ours, whichever command prints it, in no log, and in no error
//! that the editor is told in our words.

mod support;

use std::fs;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use support::{
    Answer, Bridge, Endpoint, Fault, Human, INITIALIZED, Iss, Launch, Legacy, PATIENCE, Server, User, VERSION, World,
    call, error, initialize, notification_with, request, request_with, result,
};
use tempfile::TempDir;

#[test]
fn what_a_server_says_of_itself_and_in_errors_moves_no_cursor_and_forges_no_line() {
    let server = evil_server();
    let home = TempDir::new().unwrap();
    let url = server.url();
    let command = |args: &[&str]| Bridge::bare().args(args.iter().copied()).home(home.path());
    for args in [
        vec!["doctor", &url],
        vec!["doctor", &url, "--json"],
        vec!["tools", &url],
        vec!["call", &url, "nothing", "--json"],
        vec!["tools", &url, "echo"],
        vec!["call", &url, "echo"],
        vec!["call", &url, "nothing"],
        vec!["prompts", &url],
        vec!["prompts", &url, "p"],
        vec!["resources", &url],
        vec!["read", &url, "x:y"],
        vec!["request", &url, "ping"],
        vec!["request", &url, "unknown/method"],
    ] {
        is_harmless(&args.join(" "), command(&args));
    }
    let log = home.path().join("log");
    let mut bridge = Bridge::launch(&url).args(["--debug", "--log-file"]).arg(&log).home(home.path()).spawn();
    bridge.send(initialize(0, VERSION));
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    let mut sentences = 0;
    for (id, method) in (1..).zip(["tools/list", "tools/call", "unknown/method", "broken", "elsewhere", "silly"]) {
        bridge.send(request(id, method));
        let answer = support::json(&bridge.answer(&id.to_string()));
        // What is ours to say, and not the server's own result or error.
        if answer["error"]["data"]["mcpbridge"].is_string() {
            sentences += 1;
            for text in [&answer["error"]["message"], &answer["error"]["data"]["hint"]] {
                is_one_harmless_line(method, text.as_str().unwrap_or_default());
            }
        }
    }
    assert!(sentences >= 3, "{sentences} errors were ours");
    bridge.close_stdin();
    let end = bridge.outcome();
    forges_nothing("the relay", &end.stderr);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("unknown/method"), "{logged}");
    forges_nothing("the log", &logged);
    is_harmless("logs", command(&["logs"]));
}

#[test]
fn nonsense_without_end_is_not_said_without_end() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| {
            let mut stream = reply.sse();
            for number in 0..250 {
                stream.message(format!("nonsense {number}"));
            }
            stream.message(result(request.id(), "{}"));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    let said = bridge.outcome().stderr;
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.contains("for the 10th time") && said.contains("for the 100th time"), "{said}");
}

#[test]
fn what_an_authorization_server_says_moves_no_cursor_and_forges_no_line() {
    let refusal = || Fault::Answer(Answer::error(400, EVIL, EVIL));
    for endpoint in [Endpoint::Register, Endpoint::Code, Endpoint::Refresh, Endpoint::Documents] {
        let world = World::new();
        let human = Human::prompt();
        if endpoint == Endpoint::Refresh {
            world.sign_in();
            world.authorization.ledger.drop_access_tokens();
        }
        world.authorization.fail(endpoint, refusal());
        attend(&format!("{endpoint:?}"), &world, &human);
    }
    for (member, value) in [
        ("issuer", json!(EVIL)),
        ("token_endpoint", json!(EVIL)),
        ("authorization_endpoint", json!(EVIL)),
        ("code_challenge_methods_supported", json!([EVIL])),
    ] {
        let world = World::with(|it| it.metadata = vec![(member, Some(value))], |_| ());
        attend(member, &world, &Human::prompt());
    }
    let world = World::with(|_| (), |it| it.resource = format!("http://x.example/{EVIL}"));
    attend("resource", &world, &Human::prompt());
    for member in ["scope", "token_type"] {
        let world = World::with(|it| it.tokens.extra = vec![(member, json!(EVIL))], |_| ());
        attend(member, &world, &Human::prompt());
    }
    let world = World::new();
    let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": EVIL, "aud": [EVIL, EVIL] }).to_string());
    let token = json!({ "access_token": format!("e30.{claims}.x"), "token_type": "Bearer", "expires_in": 3600 });
    world.authorization.fail(Endpoint::Code, Fault::Answer(Answer::text(200, "application/json", token.to_string())));
    attend("the audience", &world, &Human::prompt());
    let world = World::with(|it| it.authorize.iss = Iss::Other(EVIL.to_owned()), |_| ());
    attend("iss", &world, &Human::prompt());
    let world = World::with(|it| it.authorize.error = Some((EVIL, Some(EVIL))), |_| ());
    attend("the callback", &world, &Human::prompt());
    // What a header can hold: no C0, but all else.
    let world = World::with(
        |_| (),
        |it| {
            let challenge =
                format!(r#"Bearer error="invalid_token{HIGH}", error_description="{HIGH}", scope="{HIGH}""#);
            it.challenge = vec![challenge];
        },
    );
    attend("the challenge", &world, &Human::prompt());
}

/// Such a file may come with a project that somebody clones.
#[test]
fn what_the_files_of_editors_and_names_say_moves_no_cursor_and_forges_no_line() {
    let user = User::bare();
    let through = |url: &str| json!({ "command": "npx", "args": ["-y", "mcp-remote", url], "env": { EVIL: EVIL } });
    let servers = json!({
        EVIL: through("http://127.0.0.1:9/mcp"), format!("{HIGH}b"): through(&format!("http://127.0.0.1:9/{EVIL}")),
        "c": through(EVIL), "d": { "url": format!("http://127.0.0.1:9/{HIGH}") }, "e": { "command": EVIL, "args": [EVIL] },
        "f": { "command": "mcpbridge", "args": ["http://127.0.0.1:9/", EVIL] },
    });
    let file = json!({ "mcpServers": servers }).to_string().replace("},\"", "},\n\"");
    user.write(".cursor/mcp.json", &file);
    let config =
        format!("[servers.a]\nurl = {}\naccount = {}\n", json!(format!("http://127.0.0.1:9/{HIGH}")), json!(HIGH));
    user.write(".config/mcpbridge/config.toml", &config);
    let url = "http://127.0.0.1:9/mcp";
    for args in [
        &["list"][..],
        &["install"],
        &["install", "cursor", url, "--dry-run"],
        &["uninstall", "cursor", url, "--dry-run"],
        &["uninstall", "cursor", "c"],
        &["adopt", "--dry-run"],
        &["adopt", "--remote", "--dry-run"],
        &["adopt", "--remote"],
        &["doctor"],
        &["adopt", "--undo"],
        &["status"],
        &["login", "a"],
        &["logout", "a"],
        &["remove", "a"],
    ] {
        is_harmless(&args.join(" "), user.command(args));
        is_harmless(&format!("{} --json", args.join(" ")), user.command(args).arg("--json"));
    }
}

#[test]
fn nothing_a_server_names_becomes_a_header_of_ours() {
    const FORGED: &str = "a\r\nX-Forged: yes\r\n\r\nPOST /forged HTTP/1.1\r\nX-Forged: yes\r\n";
    let property =
        |header: &str| json!({ "type": "object", "properties": { "p": { "type": "string", "x-mcp-header": header } } });
    let tool = |name: &str, header: &str| json!({ "name": name, "inputSchema": property(header) });
    let tools = [
        tool("header", FORGED),
        tool("colon", "A: b"),
        tool("nul", "A\0"),
        tool(FORGED, "Region"),
        tool("grüß", "Region"),
    ];
    let tools = json!({ "resultType": "complete", "tools": tools }).to_string();
    let modern = Server::start(move |request, reply| {
        match request.kind().as_str() {
        "server/discover" => reply.result(
            request,
            r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}"#,
        ),
        "tools/list" => reply.result(request, &tools),
        _ => reply.result(request, r#"{"resultType":"complete","content":[]}"#),
    }
    });
    let mut bridge = Bridge::to(&modern).args(["--protocol", "modern"]).spawn();
    bridge.shake_hands("2025-11-25");
    bridge.send(request(1, "tools/list"));
    let shown = bridge.expect_result("1")["tools"].as_array().unwrap().len();
    assert_eq!(shown, 2, "a tool whose header is none is left out");
    let calls = [FORGED, "grüß"].into_iter().flat_map(|name| [FORGED, "\0\r", "\u{85}é"].map(|value| (name, value)));
    for (id, (name, value)) in (2..).zip(calls) {
        let params = json!({ "name": name, "arguments": { "p": value } }).to_string();
        bridge.send(request_with(id, "tools/call", &params));
        bridge.expect_result(&id.to_string());
        let call = modern.wait(usize::try_from(id).unwrap() - 1, "tools/call");
        for (header, meant) in [("mcp-name", name), ("mcp-param-region", value)] {
            let carried = call.header(header).and_then(|it| it.strip_prefix("=?base64?")?.strip_suffix("?="));
            let carried = STANDARD.decode(carried.unwrap_or_else(|| panic!("{header}: {:?}", call.headers))).unwrap();
            assert_eq!(String::from_utf8(carried).unwrap(), meant);
        }
    }
    bridge.send(request_with(99, "resources/read", &json!({ "uri": format!("x:{FORGED}") }).to_string()));
    bridge.expect_result("99");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    has_only_our_headers(&modern);
    // Of the legacy era: the id of the session, and that of an event.
    for session in ["a\rX-Forged: yes", "a\u{85}b"] {
        let legacy = Legacy::new()
            .without_session()
            .on("initialize", move |request, reply| {
                let reply = reply.header("Mcp-Session-Id", session);
                reply.result(request, &support::welcome(VERSION, support::CAPABILITIES));
            })
            .on("tools/call", |_, reply| {
                let mut stream = reply.sse();
                stream.event("good", notification_with("notifications/message", r#"{"level":"info","data":"a"}"#));
                stream.event(
                    "a\0X-Forged: yes",
                    notification_with("notifications/message", r#"{"level":"info","data":"a"}"#),
                );
                stream.cut();
            })
            .on("GET", |request, reply| match request.header("last-event-id") {
                Some(_) => reply.sse_with(result(1, "{}")),
                None => reply.status(405),
            })
            .start();
        let mut bridge = Bridge::to(&legacy).spawn();
        bridge.send(initialize(0, VERSION));
        let welcome = bridge.answer("0");
        if support::json(&welcome).get("result").is_some() {
            bridge.send(INITIALIZED);
            bridge.send(call(1));
            bridge.expect_result("1");
        }
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        has_only_our_headers(&legacy);
    }
}

/// Of a request as it was on the wire.
#[track_caller]
fn has_only_our_headers(server: &Server) {
    for request in server.requests() {
        assert_eq!(request.path, "/mcp", "{request:?}");
        for (name, value) in &request.headers {
            let is_clean = !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
            assert!(!name.contains("orged") && is_clean, "{}: {name}: {value:?}", request.kind());
        }
    }
}

/// Everything that says something about a sign-in.
#[track_caller]
fn attend(what: &str, world: &World, human: &Human) {
    let log = world.home.path().join("log");
    let mut bridge = world.relay(human).args(["--debug", "--log-file"]).arg(&log).spawn();
    bridge.send(initialize(0, VERSION));
    bridge.send(INITIALIZED);
    let first = support::json(&bridge.answer("0"));
    bridge.send(call(1));
    for answer in [first, support::json(&bridge.answer("1"))] {
        for text in [&answer["error"]["message"], &answer["error"]["data"]["hint"]] {
            is_one_harmless_line(what, text.as_str().unwrap_or_default());
        }
    }
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    forges_nothing(&format!("{what}: the relay"), &bridge.stderr());
    forges_nothing(&format!("{what}: the log"), &fs::read_to_string(&log).unwrap());
    for verb in ["login", "status", "doctor", "why", "tools", "logout"] {
        is_harmless(&format!("{what}: {verb}"), world.command(verb).human(human));
        is_harmless(&format!("{what}: {verb} --json"), world.command(verb).args(["--json"]).human(human));
    }
}

#[track_caller]
fn is_harmless(what: &str, launch: Launch) {
    let told = launch.told();
    assert!(!told.stdout.is_empty() || !told.stderr.is_empty(), "{what} says nothing");
    forges_nothing(what, &told.stdout);
    forges_nothing(what, &told.stderr);
}

/// As an agent may print it.
#[track_caller]
fn is_one_harmless_line(what: &str, text: &str) {
    assert!(!text.contains('\n'), "{what}: {text:?}");
    forges_nothing(what, text);
}

#[track_caller]
fn forges_nothing(what: &str, text: &str) {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2069}'];
    let obeyed = |c: char| c != '\n' && (c.is_control() || turns.contains(&c));
    assert!(!text.contains(obeyed), "{what}: {text:?}");
    let forged = text.lines().find(|line| line.trim_start().starts_with("mcpbridge: forged"));
    assert!(forged.is_none(), "{what}: {text}");
}

/// Evil wherever it may say something of its own.
fn evil_server() -> Server {
    let evil = |value: Value| {
        move |request: &support::Request, reply: support::Reply| reply.result(request, &value.to_string())
    };
    let schema =
        json!({ "type": "object", "properties": { EVIL: { "type": EVIL, "description": EVIL } }, "required": [EVIL] });
    let tool = |name: &str| json!({ "name": name, "title": EVIL, "description": EVIL, "inputSchema": schema });
    let argument = json!({ "name": EVIL, "description": EVIL, "required": true });
    let prompt = |name: &str| json!({ "name": name, "title": EVIL, "description": EVIL, "arguments": [argument] });
    Legacy::new()
        .on("initialize", |request, reply| {
            let info = json!({ "name": EVIL, "title": EVIL, "version": EVIL });
            let capabilities = json!({ "tools": {}, "prompts": {}, "resources": {}, "logging": {}, EVIL: {} });
            let version = request.json()["params"]["protocolVersion"].clone();
            let welcome = json!({
                "protocolVersion": version, "capabilities": capabilities, "serverInfo": info, "instructions": EVIL,
            });
            reply.result(request, &welcome.to_string());
        })
        .on("tools/list", evil(json!({ "tools": [tool("echo"), tool(EVIL)] })))
        .on("prompts/list", evil(json!({ "prompts": [prompt("p"), prompt(EVIL)] })))
        .on("resources/list", evil(json!({ "resources": [{ "uri": EVIL, "name": EVIL, "mimeType": EVIL }] })))
        .on("resources/templates/list", evil(json!({ "resourceTemplates": [{ "uriTemplate": EVIL, "name": EVIL }] })))
        .on("tools/call", |request, reply| {
            let mut stream = reply.sse();
            let note = json!({ "level": EVIL, "logger": EVIL, "data": { EVIL: EVIL } });
            stream.message(notification_with("notifications/message", &note.to_string()));
            let content = json!([{ "type": EVIL, EVIL: EVIL }, { "type": "image", "mimeType": EVIL, "data": "aGk=" }]);
            stream.message(result(request.id(), &json!({ "content": content, "isError": true }).to_string()));
            stream.end();
        })
        .on("unknown/method", |request, reply| {
            let fault = json!({ "code": -32601, "message": EVIL, "data": EVIL });
            reply.json(format!(r#"{{"jsonrpc":"2.0","id":{},"error":{fault}}}"#, request.id()));
        })
        .on("resources/read", |request, reply| reply.error(404, request, -32002, "gone"))
        .on("broken", |_, reply| reply.text(500, EVIL))
        .on("elsewhere", |_, reply| reply.header("Location", format!("https://x.example/{HIGH}")).status(307))
        .on("silly", |request, reply| reply.json(error(request.id(), 1, "a").replace("error", "no\\u001b[2Jerror")))
        .start()
}

/// Sets a title, clears the screen, colours, ends a line and begins one like ours, and turns the writing around.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\nmcpbridge: forged\n\u{202e}\u{85}mcpbridge: forged\u{2028}\
    \u{2066}\u{2067}\u{2069}\u{200e}\u{200f}\u{61c}";
/// What of it can stand in a header.
const HIGH: &str = "\u{9b}31m\u{202e}\u{85}\u{2028}\u{2067}\u{61c}";

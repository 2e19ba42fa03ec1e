//! What an editor is told when the network or the server says no: what happened, the status, the remedy.

mod support;

use std::{
    io::Write,
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use support::{
    Bridge, CAPABILITIES, Findings, Framing, INITIALIZED, Legacy, Mailbox, PATIENCE, Reply, Request, Server, call,
    error, initialize, request, result, welcome,
};

#[test]
fn the_servers_own_error_reaches_the_editor_intact_under_any_status() {
    let body = |id: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32099,"message":"no","data":{{"b":1.0,"a":[ ]}}}}}}"#)
    };
    // (A 401 is about the credential, whatever its body says.)
    for status in [200, 400, 403, 404, 409, 422, 429, 500, 503] {
        // Without a session a 404 is only a 404.
        let server = Legacy::new()
            .without_session()
            .on("tools/call", move |request, reply| reply.send(status, "application/json", body(request.id())))
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        assert_eq!(bridge.answer("1"), body("1"), "status {status}");
    }
}

#[test]
fn a_large_error_of_the_server_reaches_the_editor_intact() {
    let body = |id: &str| {
        let data = "x".repeat(300_000);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32099,"message":"no","data":"{data}"}}}}"#)
    };
    for status in [400, 500] {
        let server = Legacy::new()
            .on("tools/call", move |request, reply| reply.send(status, "application/json", body(request.id())))
            .start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        assert!(bridge.answer("1") == body("1"), "status {status}");
        let mut bridge = Bridge::to(&server).args(["--max-message-size", "100K"]).ready();
        bridge.send(call(1));
        assert!(bridge.answer("1").len() < 2000, "status {status}: the limit holds for errors too");
    }
}

#[test]
fn an_error_of_the_server_without_an_id_reaches_the_editor_under_the_requests() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "1" => reply.send(400, "application/json", error("null", -32098, "told to nobody")),
            _ => reply.send(
                400,
                "application/json",
                r#"{"jsonrpc":"2.0","error":{"code":-32098,"message":"told to nobody"}}"#,
            ),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2"] {
        bridge.send(call(id));
        bridge.expect_error(id, &["told to nobody"]);
    }
}

#[test]
fn a_text_body_is_quoted_in_short() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "1" => reply.text(500, "the database is on fire"),
            _ => reply.text(500, &format!("it began so: {}", "blah ".repeat(100_000))),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["500", "the database is on fire"]);
    bridge.send(call(2));
    let error = bridge.expect_error("2", &["500", "it began so"]);
    assert!(error["message"].as_str().unwrap().len() < 2000, "short");
}

#[test]
fn a_port_that_breaks_every_connection_is_asked_whether_it_speaks_tls() {
    let server = Server::start(|_, reply| reply.reset());
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["the connection to", "broke", "does that port speak tls?", "https://"]);
    for args in [["tools", &server.url()], ["login", &server.url()]] {
        Bridge::bare().args(args).told().expect(5, &["broke", "does that port speak TLS?", "https://"]);
    }
    let seen = Findings::at(&server.url(), |launch| launch);
    assert!(seen.remedy("http").contains("does that port speak TLS?"), "{seen:?}");
    // A server that has answered speaks plain http.
    let server = Legacy::new().on("tools/call", |_, reply| reply.reset()).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let error = bridge.expect_error("1", &["broke"]);
    assert!(!error["message"].as_str().unwrap().contains("TLS"), "{error}");
}

#[test]
fn a_web_page_is_named_as_one() {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Hello</body></html>";
    let server = Server::start(move |request, reply| match request.method.as_str() {
        "POST" => reply.send(200, "text/html; charset=utf-8", page),
        _ => reply.send(404, "text/html", page),
    });
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["web page", "mcp url"]);
    assert!(!error["message"].as_str().unwrap().contains("<html"), "{error}");

    let server = Legacy::new().on("tools/call", move |_, reply| reply.send(502, "text/html", page)).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    let error = bridge.expect_error("1", &["502", "web page"]);
    assert!(!error["message"].as_str().unwrap().contains("<html"), "{error}");
}

#[test]
fn an_error_that_is_not_json_rpc_is_put_into_words() {
    for body in [
        r#"{"error":"insufficient_scope"}"#,
        r#"{"error":{"type":"forbidden","message":"no"}}"#,
        r#"{"error":{"code":"403","message":"no"}}"#,
        r#"{"error":null}"#,
    ] {
        let server = Legacy::new().on("tools/call", move |_, reply| reply.text(403, body)).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        let error = bridge.expect_error("1", &["403"]);
        assert!(error["code"].is_i64() && error["message"].is_string(), "{error}");
    }
}

#[test]
fn an_empty_refusal_names_the_status() {
    for status in [400, 402, 403, 410, 418, 500, 501, 503] {
        let server = Legacy::new().on("tools/call", move |_, reply| reply.status(status)).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        bridge.expect_error("1", &[&status.to_string()]);
    }
}

#[test]
fn a_refused_credential_is_named_by_its_header_and_never_shown() {
    for (status, header, name) in [
        (401, "X-MCP-API-Key: sekret-1", "x-mcp-api-key"),
        (403, "Authorization: Bearer sekret-1", "authorization"),
        (401, "X-Api-Key:sekret-1", "x-api-key"),
    ] {
        let server = Server::start(move |_, reply| {
            reply.header("WWW-Authenticate", "Bearer realm=\"x\"").text(status, "no, sekret-1 is not known here")
        });
        let mut bridge = Bridge::to(&server).args(["--header", header]).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        let error = bridge.expect_error("0", &[&status.to_string(), name]);
        let text = error.to_string().to_lowercase();
        assert!(!text.contains("oauth") && !text.contains("regist"), "a key is no sign-in: {text}");
        assert!(!text.contains("sekret"), "{text}");
        bridge.close_stdin();
        let outcome = bridge.outcome();
        assert!(!outcome.stderr.contains("sekret"), "{}", outcome.stderr);
    }
}

#[test]
fn a_refused_key_in_the_query_is_never_shown() {
    let server = Server::start(|_, reply| reply.text(401, "unknown key"));
    let mut bridge = Bridge::launch(server.at("/mcp?api_key=sekret-1&tenant=x")).arg("--debug").spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["401"]);
    assert!(!error.to_string().contains("sekret"), "{error}");
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(!outcome.stderr.contains("sekret"), "{}", outcome.stderr);
    assert!(server.requests().iter().all(|it| it.path == "/mcp?api_key=sekret-1&tenant=x"));
}

#[test]
fn a_connection_refused_says_where_and_what_to_do() {
    let port = support::unused_port();
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{port}/mcp")).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &[&format!("127.0.0.1:{port}"), "then try again"]);
    // Without a session the next request tries nothing.
    assert!(!error["message"].as_str().unwrap().contains("next request"), "{error}");
    bridge.close_stdin();
    assert_eq!(bridge.outcome().code, 5);
}

#[test]
fn an_unknown_host_is_named() {
    let mut bridge = Bridge::launch("https://no-such-host.invalid/mcp").spawn();
    let begun = Instant::now();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["no-such-host.invalid"]);
    assert!(begun.elapsed() < Duration::from_secs(25));
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 5);
}

#[test]
fn a_server_that_speaks_no_tls_is_named_as_such() {
    let server = Server::start(|_, reply| reply.text(400, "plain")).may_be_unused();
    let mut bridge = Bridge::launch(server.url().replace("http:", "https:")).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["tls"]);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 5);
}

#[test]
fn a_tls_handshake_that_stalls_ends_with_the_connect_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/mcp", silent.local_addr().unwrap());
    let mut bridge = Bridge::launch(url).args(["--connect-timeout", "1"]).spawn();
    let begun = Instant::now();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &[]);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn what_does_not_speak_http_is_told_so_at_once() {
    // Some speak when they are asked, as TLS does with an alert.
    for answer in [&b"-ERR unknown command\r\n"[..], b"\x15\x03\x01\x00\x02\x02\x46"] {
        let server = Server::start(move |_, reply| drop(reply.raw(answer)));
        let error = refused_at_once(&server.url(), &["does not speak http", "does that port speak tls?"]);
        assert!(!error.contains("cannot reach") && !error.contains("may have run"), "{error}");
        Bridge::bare().args(["tools", &server.url()]).told().expect(5, &["does not speak HTTP"]);
    }
    // Others speak first.
    for banner in [&b"SSH-2.0-OpenSSH_9.6 \x1b[31m\r\n"[..], b"\0\0\n\xff\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        thread::spawn(move || {
            let mut kept = Vec::new();
            for mut socket in listener.incoming().flatten() {
                let _ = socket.write_all(banner);
                kept.push(socket);
            }
        });
        let begins = if banner.starts_with(b"SSH") { "ssh-2.0-openssh_9.6 \u{241b}[31m" } else { "begins with" };
        let error = refused_at_once(&url, &["does not speak http", begins, "check the port"]);
        assert!(!error.contains("cannot reach") && !error.contains("TLS"), "{error}");
        let seen = Findings::at(&url, |launch| launch);
        assert!(seen.detail("http").contains("does not speak HTTP"), "{seen:?}");
    }
}

#[test]
fn a_head_that_is_no_http_is_not_asked_for_again() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nMcp-Session-Id: a\rX-Forged: yes\r\nContent-Length: 2\r\n\r\n{}";
    let server = Server::start(|_, reply| drop(reply.raw(HEAD)));
    let error = refused_at_once(&server.url(), &["the answer of", "is no http"]);
    assert!(!error.contains("TLS"), "{error}");
    assert_eq!(server.count("initialize"), 1);
    Bridge::bare().args(["tools", &server.url()]).told().expect(6, &["is no HTTP"]);
    let server = Legacy::new().on("tools/call", |_, reply| drop(reply.raw(HEAD))).start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_error("1", &["is no http", "may have run"]);
    assert_eq!(server.count("tools/call"), 1);
}

#[test]
fn a_session_id_that_no_request_may_carry_is_the_servers_fault_at_once() {
    for id in ["a\u{85}b", "é", "a b", "a\tb"] {
        let server = Legacy::new()
            .without_session()
            .on("initialize", move |request, reply| {
                reply.header("Mcp-Session-Id", id).result(request, &welcome("2025-06-18", CAPABILITIES));
            })
            .start();
        refused_at_once(&server.url(), &["mcp-session-id", "visible ascii", "the server has a fault"]);
        Bridge::bare().args(["tools", &server.url()]).told().expect(6, &["Mcp-Session-Id"]);
        Bridge::bare().args(["login", &server.url()]).told();
        Bridge::bare().args(["doctor", &server.url()]).told();
        assert!(server.requests().iter().all(|request| request.header("mcp-session-id").is_none()), "{id:?}");
    }
}

/// The error of an `initialize`, which is not tried again for the time of a start.
#[track_caller]
fn refused_at_once(url: &str, contains: &[&str]) -> String {
    let mut bridge = Bridge::launch(url).spawn();
    let begun = Instant::now();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", contains);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}: {error}", begun.elapsed());
    error.to_string()
}

#[test]
fn a_silent_server_is_waited_for_unless_a_deadline_was_given() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = Bridge::to(&server).args(["--headers-timeout", "1"]).ready();
    bridge.send(call(1));
    let (_, reply) = held.take();
    bridge.expect_error("1", &[]);
    drop(reply);
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
}

#[test]
fn a_limit_that_ran_out_is_not_given_a_list_once_more() {
    let held = Mailbox::new();
    let script = {
        let held = held.clone();
        move |request: &Request, reply: Reply| match request.id() {
            "1" => held.put(reply.raw(b"")),
            _ => {
                let mut stream = reply.stream(200, "application/json", Framing::Length(100));
                stream.raw(" ");
                held.put(stream);
            }
        }
    };
    let server = Legacy::new().on("tools/list", script).start();
    let mut bridge = Bridge::to(&server).args(["--headers-timeout", "1", "--body-timeout", "1"]).ready();
    for (id, flag) in [(1, "--headers-timeout"), (2, "--body-timeout")] {
        bridge.send(request(id, "tools/list"));
        let error = bridge.expect_error(&id.to_string(), &[flag]);
        assert!(!error.to_string().contains("may have run"), "{error}");
        let _asked = held.take();
        assert_eq!(server.count("tools/list"), usize::try_from(id).unwrap());
    }
}

#[test]
fn a_silent_body_ends_with_the_body_timeout() {
    let streams = Mailbox::new();
    let server = Legacy::new()
        .on("tools/call", {
            let streams = streams.clone();
            move |request, reply| {
                let mut stream = match request.id() {
                    "1" => reply.sse(),
                    _ => reply.stream(200, "application/json", Framing::Length(100)),
                };
                stream.raw(" ");
                streams.put(stream);
            }
        })
        .start();
    let mut bridge = Bridge::to(&server).args(["--body-timeout", "1"]).ready();
    for id in ["1", "2"] {
        bridge.send(call(id));
        bridge.expect_error(id, &[]);
    }
    // Comments are signs of life.
    bridge.send(call("1"));
    let mut stream = (streams.take(), streams.take(), streams.take()).2;
    for _ in 0..4 {
        bridge.expect_silence(Duration::from_millis(500));
        stream.raw(": alive\n\n");
    }
    stream.message(result(1, "{}"));
    bridge.expect_result("1");
}

// Redirects.

#[test]
fn a_redirect_within_the_origin_keeps_method_and_body() {
    for status in [301, 302, 307, 308] {
        let server = Server::start(move |request, reply| match request.path.as_str() {
            "/mcp" => reply.header("Location", "/v2/mcp").status(status),
            _ if request.is("initialize") => reply.result(request, &support::welcome("2025-06-18", "{}")),
            _ if request.is("GET") => reply.status(405),
            _ if request.is_request() => reply.result(request, "{}"),
            _ => reply.accepted(),
        });
        let mut bridge = Bridge::to(&server).args(["--header", "X-Key: k"]).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        let moved = server.wait_for(1, "the call at its new place", |it| it.is("tools/call") && it.path == "/v2/mcp");
        assert_eq!((moved.text(), moved.header("x-key")), (call(1).as_str(), Some("k")), "{status}");
    }
}

#[test]
fn a_redirect_to_another_origin_is_an_error_that_names_it() {
    let stranger = Server::start(|_, reply| reply.accepted()).may_be_unused();
    for location in
        [stranger.at("/mcp"), format!("//127.0.0.1:{}/mcp", stranger.port), "https://elsewhere.example/mcp".to_owned()]
    {
        let named =
            if location.contains("elsewhere") { "elsewhere.example".to_owned() } else { stranger.port.to_string() };
        let server = Server::start(move |_, reply| reply.header("Location", location.clone()).status(307));
        let mut bridge = Bridge::to(&server).args(["--header", "X-Key: sekret"]).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_error("0", &[&named]);
    }
    assert!(stranger.requests().is_empty(), "{}", stranger.transcript());
}

#[test]
fn redirects_in_a_circle_end() {
    let server = Server::start(|_, reply| reply.header("Location", "/mcp").status(307));
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["redirect"]);
    assert!(server.requests().len() <= 40, "{} hops", server.requests().len());
}

#[test]
fn a_redirect_to_nowhere_is_an_error() {
    let server = Legacy::new()
        .on("tools/call", |request, reply| match request.id() {
            "1" => reply.status(307),
            "2" => reply.header("Location", "http://[broken").status(307),
            _ => reply.header("Location", "file:///etc/passwd").status(302),
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2", "3"] {
        bridge.send(call(id));
        bridge.expect_error(id, &[]);
    }
}

// Cookies and proxies.

#[test]
fn cookies_go_back_to_their_origin() {
    let server = Legacy::new()
        .on("initialize", |request, reply| {
            let reply =
                reply.header("Set-Cookie", "backend=b7; Path=/; HttpOnly").header("Set-Cookie", "gone=1; Max-Age=0");
            reply.result(request, &support::welcome("2025-06-18", "{}"));
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    for request in &server.requests()[1..] {
        assert_eq!(request.header("cookie"), Some("backend=b7"), "{}", request.kind());
    }
}

#[test]
fn cookies_can_be_switched_off() {
    let server = Legacy::new()
        .on("initialize", |request, reply| {
            reply.header("Set-Cookie", "backend=b7").result(request, &support::welcome("2025-06-18", "{}"));
        })
        .start();
    let mut bridge = Bridge::to(&server).arg("--disable-cookies").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert!(server.requests().iter().all(|it| it.header("cookie").is_none()));
}

#[test]
fn cookies_without_end_are_forgotten_again() {
    let server = Legacy::new()
        .on("initialize", |request, reply| {
            reply.header("Set-Cookie", "first=1").result(request, &support::welcome("2025-06-18", "{}"));
        })
        .on("tools/call", |request, reply| {
            let id = request.id();
            let large = |part: usize| format!("c{id}_{part}={}; Path=/", "v".repeat(1000));
            // One that is renewed is not old.
            let reply = reply.header("Set-Cookie", format!("backend=b{id}")).header("Set-Cookie", large(0));
            let reply = reply.header("Set-Cookie", large(1)).header("Set-Cookie", format!("elsewhere{id}=1; Path=/x"));
            let reply = reply.header("Set-Cookie", format!("huge={}", "v".repeat(4096)));
            reply.result(request, "{}");
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    for id in 1..=400 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
    }
    let requests = server.requests();
    let sent: Vec<&str> = requests.iter().filter_map(|request| request.header("cookie")).collect();
    assert!(sent[0].contains("first=1"), "{}", sent[0]);
    let longest = sent.iter().map(|cookies| cookies.len()).max().unwrap();
    assert!((5000..=8192).contains(&longest), "{longest}");
    let last = sent.last().unwrap();
    assert!(last.contains("backend=b399") && last.contains("c399_1="), "the newest go along: {last}");
    assert!(!last.contains("first=1") && !last.contains("c1_0=") && !last.contains("huge="), "{last}");
}

#[test]
fn a_head_that_is_too_long_for_the_server_is_called_so() {
    for kind in ["text/html", "text/plain"] {
        let server = Legacy::new().on("tools/call", move |_, reply| reply.send(431, kind, "<html>no</html>")).start();
        let mut bridge = Bridge::ready(&server);
        bridge.send(call(1));
        let error = bridge.expect_error("1", &["head of the request is too long for it (HTTP 431)", "--header"]);
        assert!(!format!("{error:?}").contains("web page"), "{error:?}");
    }
}

#[test]
fn a_proxy_from_the_environment_is_used_but_never_for_loopback() {
    let proxy = Legacy::new().start();
    let mut bridge =
        Bridge::launch("http://mcp.example.test/mcp").arg("--allow-http").env("http_proxy", proxy.origin()).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(proxy.requests()[0].path, "http://mcp.example.test/mcp");

    let server = Legacy::new().start();
    let dead = format!("http://127.0.0.1:{}", support::unused_port());
    let launch = Bridge::to(&server).env("http_proxy", &dead).env("HTTP_PROXY", &dead).env("ALL_PROXY", &dead);
    let mut bridge = launch.ready();
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn no_proxy_is_honoured() {
    let proxy = Legacy::new().start().may_be_unused();
    let mut bridge = Bridge::launch("http://no-such-host.invalid/mcp")
        .arg("--allow-http")
        .env("http_proxy", proxy.origin())
        .env("no_proxy", ".invalid")
        .spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["no-such-host.invalid"]);
    assert!(proxy.requests().is_empty());
}

// Unreachable, later.

#[test]
fn a_server_that_goes_away_and_comes_back_is_used_again() {
    let port = support::unused_port();
    let mut server = Legacy::new().on_port(port).start();
    let mut bridge = Bridge::ready(&server);
    server.stop();
    bridge.send(call(1));
    bridge.expect_error("1", &[&port.to_string()]);
    // Back, with no memory of the session.
    let back = Legacy::new().on_port(port).start();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(back.count("initialize"), 1);
}

#[test]
fn an_initialize_that_fails_for_a_moment_is_tried_again_unseen() {
    let attempts = AtomicUsize::new(0);
    let server = Legacy::new()
        .on("initialize", move |request, reply| match attempts.fetch_add(1, Ordering::SeqCst) {
            0 => reply.header("Retry-After", "1").text(503, "starting"),
            _ => reply.result(request, &support::welcome("2025-06-18", "{}")),
        })
        .start();
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
}

#[test]
fn an_error_is_one_line_and_says_what_to_do() {
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{}/mcp", support::unused_port())).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &[]);
    let text = error["message"].as_str().unwrap();
    assert!(!text.contains('\n') && text.len() > 40, "{text}");
    for raw in ["reqwest", "hyper", "Os {", "kind:", "Err("] {
        assert!(!text.contains(raw), "a person reads this: {text}");
    }
}

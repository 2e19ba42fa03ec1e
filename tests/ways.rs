//! A server on this machine is reached without a proxy, TLS and what goes with them. Whatever the
//! way, the editor and the server see the same.
#![cfg(unix)]

mod support;

use support::{Bridge, Legacy, Reply, Request, Server, call, initialize, result, unused_port};

/// This machine twice: by the address that says so, and by one that could be anybody's.
const HOSTS: [&str; 2] = ["127.0.0.1", "0.0.0.0"];

#[test]
fn requests_are_the_same_on_the_wire() {
    let server = Legacy::new().start();
    let mut seen = Vec::new();
    for host in HOSTS {
        let mut bridge = reached_by(host, &server);
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(support::PATIENCE), 0);
        let requests = server.requests();
        let told = |request: &Request| {
            let mut headers = request.headers.clone();
            headers.retain(|(name, _)| !matches!(name.as_str(), "host" | "mcp-session-id"));
            headers.sort();
            (request.method.clone(), request.path.clone(), headers, request.text().to_owned())
        };
        let mut told: Vec<_> = requests.iter().skip(seen.iter().map(Vec::len).sum()).map(told).collect();
        // The standing stream is asked for when it suits.
        told.sort();
        seen.push(told);
    }
    assert!(seen[0].iter().any(|(.., headers, _)| headers.iter().any(|(name, _)| name == "user-agent")));
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn answers_are_inflated() {
    let server = with_call(|request, reply| {
        assert!(request.header("accept-encoding").unwrap_or_default().contains("gzip"));
        let answer = result(request.id(), r#"{"content":[]}"#);
        reply.header("Content-Encoding", "gzip").send(200, "application/json", gzip(answer.as_bytes()));
    });
    for host in HOSTS {
        let mut bridge = reached_by(host, &server);
        bridge.send(call(1));
        assert_eq!(bridge.answer("1"), result("1", r#"{"content":[]}"#));
    }
}

#[test]
fn redirects_keep_method_and_body() {
    let server = with_call(|request, reply| match request.path.as_str() {
        "/mcp" => reply.header("Location", "/elsewhere").status(307),
        _ => reply.result(request, r#"{"content":[]}"#),
    });
    for host in HOSTS {
        let mut bridge = reached_by(host, &server);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
    let moved = server.matching(|it| it.path == "/elsewhere" && it.method == "POST" && it.text() == call(1));
    assert_eq!(moved.len(), HOSTS.len(), "{}", server.transcript());
}

#[test]
fn a_broken_connection_is_the_same_error() {
    let server = with_call(|request, reply| match request.id() {
        "1" => reply.hang_up(),
        _ => reply.reset(),
    });
    for host in HOSTS {
        let mut bridge = reached_by(host, &server);
        for id in ["1", "2"] {
            bridge.send(call(id));
            bridge.expect_error(id, &["the connection to", host, "broke"]);
        }
    }
    assert_eq!(server.count("tools/call"), 2 * HOSTS.len(), "what may have run is not sent again");
}

#[test]
fn nothing_that_listens_is_the_same_error() {
    let mut bridges: Vec<Bridge> = (HOSTS.iter())
        .map(|host| Bridge::launch(format!("http://{host}:{}/mcp", unused_port())).arg("--allow-http").spawn())
        .collect();
    for (bridge, host) in bridges.iter_mut().zip(HOSTS) {
        bridge.send(initialize(0, "2025-06-18"));
        bridge.expect_error("0", &["cannot reach", host, "connection refused"]);
    }
}

fn with_call(script: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Server {
    Legacy::new().on("tools/call", script).start()
}

fn reached_by(host: &str, server: &Server) -> Bridge {
    Bridge::launch(server.at("/mcp").replace("127.0.0.1", host)).arg("--allow-http").ready()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

//! Connections to a server on this machine, which the bridge makes and keeps by itself.
#![cfg(target_os = "linux")]

mod support;

use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use support::{Bridge, Legacy, PATIENCE, Reply, Request, call};

/// A port that nobody listens on may be silent, as behind some firewalls, in place of refusing.
#[test]
fn a_server_on_ipv4_is_reached_by_name_while_ipv6_is_silent() {
    let server = Legacy::new().start();
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, server.port));
    let silent = socket(AddressFamily::INET6, SocketType::STREAM, None).and_then(|silent| {
        bind(&silent, &address)?;
        listen(&silent, 0)?;
        Ok(silent)
    });
    if silent.is_err() {
        assert!(TcpListener::bind("[::1]:0").is_err(), "[::1] is there, and nothing is silent on it");
    }
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
    }
    let began = Instant::now();
    let mut bridge = Bridge::launch(format!("http://localhost:{}/mcp", server.port)).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
}

#[test]
fn a_burst_of_streams_leaves_no_more_connections_than_are_kept() {
    let all = Arc::new(Barrier::new(BURST));
    let server = Legacy::new()
        .on("tools/call", move |request: &Request, reply: Reply| {
            let mut stream = reply.sse();
            all.wait();
            stream.message(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{}}}}"#, request.json()["id"]));
            stream.end();
        })
        .start();
    let mut bridge = Bridge::ready(&server);
    let before = bridge.descriptors();
    for id in 1..=BURST {
        bridge.send(call(id));
    }
    for id in 1..=BURST {
        bridge.answer(&id.to_string());
    }
    let began = Instant::now();
    while bridge.descriptors() > before + KEPT {
        assert!(began.elapsed() < PATIENCE, "{} descriptors, and {before} before", bridge.descriptors());
        thread::sleep(Duration::from_millis(20));
    }
}

const BURST: usize = 150;
/// What the program keeps after a burst.
const KEPT: usize = 64;

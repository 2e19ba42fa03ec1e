//! `doctor` and a server: each step that fails is named with what helps, what comes after it is skipped, and the exit
//! code is that of the first failure.

mod support;

use std::time::{Duration, Instant};

use rcgen::date_time_ymd;
use support::*;

#[test]
fn a_healthy_server_passes_every_step_and_nothing_is_called() {
    let server = Legacy::new().listening().start();
    let seen = Findings::at(&server.url(), |launch| launch);
    assert_eq!(seen.code, 0, "{seen:?}");
    for id in ["url", "proxy", "dns", "tcp", "http", "initialize", "era", "session", "tools", "stream", "options"] {
        assert_eq!(seen.state(id), "ok", "{seen:?}");
    }
    assert_eq!(seen.detail("tools"), "1 tool");
    assert!(seen.detail("era").contains("2025-11-25"), "{seen:?}");
    assert_eq!(seen.state("content"), "skip", "{seen:?}");
    assert!(seen.remedy("content").contains("--call "), "{seen:?}");
    for kind in ["tools/call", "prompts/get", "resources/read"] {
        assert_eq!(server.count(kind), 0);
    }
    let opened = server.count("initialize");
    assert_eq!(server.matching(|it| it.is("DELETE")).len(), opened, "every session is ended: {}", server.transcript());
}

#[test]
fn a_list_of_very_many_tools_is_looked_at_at_once() {
    let tools = (0..100_000).map(|n| format!(r#"{{"name":"t{n}","inputSchema":{{}}}},"#)).collect::<String>();
    let list = format!(r#"{{"tools":[{tools}{{"name":"t7","inputSchema":{{}}}}]}}"#);
    let server = Legacy::new().on("tools/list", move |request, reply| reply.result(request, &list)).start();
    let begun = Instant::now();
    let seen = Findings::at(&server.url(), |launch| launch);
    assert_eq!((seen.state("tools"), seen.detail("tools")), ("warn", "two tools have one name: t7"), "{seen:?}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn a_person_reads_one_line_for_each_step_and_one_for_all_that_were_skipped() {
    let told = Bridge::bare().args(["doctor", "https://mcp.invalid/mcp"]).told();
    told.expect(5, &[]);
    let line = |start: &str| told.stdout.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_default();
    assert!(line("FAIL dns").contains("mcp.invalid"), "{told:?}");
    assert!(line("→").contains("check the name in the URL"), "{told:?}");
    assert!(line("SKIP …").contains("tcp, tls, http"), "{told:?}");
    assert!(line("SKIP …").ends_with("not tried, because of dns"), "{told:?}");
    assert!(told.stdout.contains("the first to mend is dns"), "{told:?}");
    assert!(!told.stdout.contains('\u{1b}'), "no colours in a pipe: {told:?}");
}

#[test]
fn a_name_that_nobody_knows_fails_at_dns_and_the_rest_is_skipped() {
    let seen = Findings::at("https://mcp.invalid/mcp", |launch| launch);
    seen.fails("dns", 5, &["mcp.invalid", "cannot be resolved"]);
    for id in ["tcp", "tls", "http", "clock", "metadata", "token", "initialize", "tools", "options"] {
        assert_eq!((seen.state(id), seen.detail(id)), ("skip", "not tried, because of dns"), "{id}: {seen:?}");
    }
}

#[test]
fn a_port_on_which_nobody_listens_fails_at_tcp() {
    let seen = Findings::at(&format!("http://127.0.0.1:{}/mcp", unused_port()), |launch| launch);
    seen.fails("tcp", 5, &["nothing listens there", "firewall"]);
}

#[test]
fn a_certificate_is_told_with_its_version_its_end_and_whose_trust_it_has() {
    let (server, authority) = (Legacy::new().start(), Authority::named("a test's own authority"));
    let front = Front::of(&server, &authority.local());
    let seen = Findings::at(&front.url(), |launch| launch.arg("--ca-cert").arg(authority.file()));
    assert_eq!((seen.code, seen.state("tls")), (0, "ok"), "{seen:?}");
    for words in ["TLS 1.3", "a server of a test", "a test's own authority", "days", "trusted because of --ca-cert"] {
        assert!(seen.detail("tls").contains(words), "{words}: {seen:?}");
    }
    let variable = Findings::at(&front.url(), |launch| launch.env("NODE_EXTRA_CA_CERTS", authority.file()));
    assert!(variable.detail("tls").contains("because of NODE_EXTRA_CA_CERTS"), "{variable:?}");
    let blind = Findings::at(&front.url(), |launch| launch.arg("--insecure"));
    assert!(blind.detail("tls").contains("--insecure"), "{blind:?}");
}

#[test]
fn a_certificate_that_will_not_do_fails_at_tls_with_the_reason() {
    let (server, authority) = (Legacy::new().start().may_be_unused(), Authority::named("authority"));
    let old = authority.issue(&["localhost"], |it| {
        (it.not_before, it.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    });
    let other = authority.issue(&["other.example"], |_| ());
    let strict = Front::for_clients_of(&server, &authority.local(), &Authority::named("clients"));
    for (front, words) in [
        (Front::of(&server, &old), ["expired on Wed, 03 Feb 2021", "renew"]),
        (Front::of(&server, &other), ["is not for localhost but for other.example", "check the URL"]),
        (Front::of(&server, &Identity::self_signed(&["localhost"])), ["signed by itself", "--ca-cert FILE"]),
        (strict, ["wants a client certificate", "--client-cert FILE"]),
    ] {
        let seen = Findings::at(&front.url(), |launch| launch.arg("--ca-cert").arg(authority.file()));
        seen.fails("tls", 5, &words);
        assert_eq!(seen.detail("http"), "not tried, because of tls");
    }
    let plain = Findings::at(&server.url().replace("http:", "https:"), |launch| launch);
    plain.fails("tls", 5, &["handshake", "does something there speak TLS?"]);
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let (server, authority) = (Legacy::new().start(), Authority::named("authority"));
    let ends = std::time::SystemTime::now() + Duration::from_secs(5 * 86_400 + 3600);
    let identity = authority.issue(&["localhost"], |it| it.not_after = ends.into());
    let front = Front::of(&server, &identity);
    let seen = Findings::at(&front.url(), |launch| launch.arg("--ca-cert").arg(authority.file()));
    assert_eq!((seen.code, seen.state("tls")), (0, "warn"), "{seen:?}");
    assert!(seen.detail("tls").contains("expires in 5 days"), "{seen:?}");
}

#[test]
fn the_proxy_is_named_with_what_chooses_it_and_one_that_is_down_is_at_fault() {
    let url = "https://mcp.example.test/mcp";
    let down = format!("http://me:s3cret@127.0.0.1:{}", unused_port());
    let seen = Findings::at(url, |launch| launch.env("HTTPS_PROXY", &down));
    assert!(seen.detail("proxy").contains("because of HTTPS_PROXY"), "{seen:?}");
    seen.fails("tcp", 5, &["the proxy", "NO_PROXY"]);
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
    let refusing = Server::start(|_, reply| reply.status(403));
    let seen = Findings::at(url, |launch| launch.arg("--proxy").arg(refusing.origin()));
    assert!(seen.detail("proxy").contains("because of --proxy"), "{seen:?}");
    assert!(seen.detail("dns").contains("the proxy's host 127.0.0.1"), "{seen:?}");
    seen.fails("http", 5, &["the proxy", "refuses to connect to mcp.example.test"]);
    let excepted = Findings::at(url, |launch| launch.env("HTTPS_PROXY", &down).env("NO_PROXY", "example.test"));
    assert!(excepted.detail("proxy").contains("NO_PROXY names mcp.example.test"), "{excepted:?}");
    excepted.fails("dns", 5, &["mcp.example.test"]);
    let local = Findings::at(&Legacy::new().start().url(), |launch| launch.env("HTTP_PROXY", &down));
    assert!(local.detail("proxy").contains("this machine"), "{local:?}");
}

#[test]
fn a_web_page_is_no_server_and_the_address_beside_it_is_found() {
    for path in ["/", "/mcp/", "/docs", "/docs/"] {
        let server = below("/mcp", |reply| reply.send(200, "text/html", "<!doctype html><title>Welcome</title>"));
        let seen = Findings::at(&server.at(path), |launch| launch);
        seen.fails("http", 6, &["is a web page", &server.at("/mcp")]);
    }
    let nothing = Server::start(|_, reply| reply.send(200, "text/html", "<html></html>"));
    Findings::at(&nothing.url(), |launch| launch).fails("http", 6, &["is a web page", "is this the MCP URL?"]);
}

#[test]
fn a_wrong_path_is_answered_with_the_right_one() {
    let missing = |reply: Reply| reply.text(404, "not found");
    for (right, typed) in
        [("/mcp", "/mcp/"), ("/mcp/", "/mcp"), ("/mcp", "/"), ("/team/mcp", "/team"), ("/mcp", "/sse")]
    {
        let server = below(right, missing);
        let seen = Findings::at(&server.at(typed), |launch| launch);
        seen.fails("http", 6, &["HTTP 404", &format!("{}: use that URL", server.at(right))]);
    }
    let (server, _wire) = HttpSse::new().refusing_post(|_, reply| reply.status(404)).start();
    let seen = Findings::at(&server.at("/sse"), |launch| launch);
    assert_eq!(seen.state("http"), "ok", "a stream is no wrong path: {seen:?}");
}

#[test]
fn an_answer_is_read_as_the_relay_reads_it_however_its_event_is_written() {
    let server = Server::start(|request, reply| {
        if !request.is("initialize") {
            return reply.status(404);
        }
        let (id, long) = (request.id(), "x".repeat(200 * 1024));
        let about = r#""capabilities":{},"serverInfo":{"name":"s","version":"1"}"#;
        let mut stream = reply.sse();
        stream.raw(format!("event: message\r\ndata:{{\"jsonrpc\":\"2.0\",\r\ndata: \"id\":{id},\"result\":{{\r\n"));
        stream.raw(format!("data: \"protocolVersion\":\"2025-11-25\",\"instructions\":\"{long}\",{about}}}}}\r\n\r\n"));
        stream.end();
    });
    let seen = Findings::at(&server.url(), |launch| launch);
    assert_eq!((seen.state("http"), seen.detail("http")), ("ok", "Streamable HTTP answers"), "{seen:?}");
}

#[test]
fn a_server_in_trouble_a_redirect_to_elsewhere_and_an_answer_that_is_none_fail_at_http() {
    let server = Server::start(|_, reply| reply.status(503));
    Findings::at(&server.url(), |launch| launch).fails("http", 5, &["in trouble (HTTP 503)"]);
    let server = Server::start(|_, reply| reply.send(503, "text/html", "<html>"));
    Findings::at(&server.url(), |launch| launch).fails("http", 5, &["in trouble (HTTP 503)"]);
    // As a web server for files says to a POST; no time will change that.
    let server = Server::start(|_, reply| reply.send(501, "text/html", "<html>"));
    Findings::at(&server.url(), |launch| launch).fails(
        "http",
        6,
        &["is a web page (HTTP 501)", "is this the MCP URL?"],
    );
    let server = Server::start(|_, reply| reply.status(501));
    Findings::at(&server.url(), |launch| launch).fails("http", 6, &["refuses to be asked (HTTP 501)"]);
    let server = Server::start(|_, reply| reply.header("Location", "https://other.example/mcp?key=s3cret").status(307));
    let seen = Findings::at(&server.url(), |launch| launch);
    seen.fails("http", 6, &["redirects to https://other.example/mcp"]);
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
    let server = Server::start(|_, reply| reply.header("Location", "/sign-in").status(303));
    Findings::at(&server.url(), |launch| launch).fails("http", 6, &["redirects to a web page"]);
    let server = Server::start(|_, reply| reply.accepted());
    Findings::at(&server.url(), |launch| launch).fails("http", 6, &["but not with MCP (HTTP 202)"]);
    let server = Server::start(|_, reply| reply.hang_up());
    Findings::at(&server.url(), |launch| launch).fails("http", 5, &["broke"]);
}

#[test]
fn a_stream_in_which_no_answer_comes_is_no_server_of_http_sse() {
    let server = Legacy::new().on("initialize", |_, reply| reply.sse().end()).start();
    Findings::at(&server.url(), |launch| launch).fails("http", 6, &["but not with MCP (HTTP 200)"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/list", &held).start();
    let doctor = Bridge::bare().args(["doctor", &server.url(), "--json"]).at_shell();
    server.wait(1, "tools/list");
    let process = rustix::process::Pid::from_raw(doctor.pid().cast_signed()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    doctor.finish().expect(130, &["interrupted"]);
}

#[test]
fn a_server_that_says_nothing_ends_the_run_in_time() {
    let held = Mailbox::new();
    let server = Server::start({
        let held = held.clone();
        move |_, reply| held.put(reply)
    });
    let begun = Instant::now();
    Findings::at(&server.url(), |launch| launch).fails("http", 5, &["no answer in time"]);
    assert!(begun.elapsed() < Duration::from_secs(40), "it took {:?}", begun.elapsed());
}

#[test]
fn what_get_and_options_are_answered_with_is_told_and_stops_nothing() {
    for (server, state, words) in [
        (Legacy::new().start(), "ok", "HTTP 405"),
        (Legacy::new().on("GET", |_, reply| reply.status(404)).start(), "ok", "HTTP 404"),
        (Legacy::new().on("GET", |_, reply| reply.send(200, "text/html", "<html>")).start(), "warn", "a web page"),
        (Legacy::new().on("GET", |_, reply| reply.json("{}")).start(), "warn", "HTTP 200 and no stream"),
        (Legacy::new().on("GET", |_, reply| reply.hang_up()).start(), "warn", "breaks the connection"),
        (Legacy::new().hold("GET", &Mailbox::new()).start(), "warn", "not answered within 5 s"),
    ] {
        let seen = Findings::at(&server.url(), |launch| launch);
        assert_eq!((seen.code, seen.state("stream")), (0, state), "{seen:?}");
        assert!(seen.detail("stream").contains(words), "{seen:?}");
    }
    let server = Legacy::new().without_session().on("OPTIONS", |_, reply| reply.status(405)).start();
    let seen = Findings::at(&server.url(), |launch| launch);
    assert_eq!((seen.code, seen.state("options")), (0, "ok"), "{seen:?}");
    assert!(
        seen.detail("options").contains("HTTP 405") && seen.detail("options").contains("browsers only"),
        "{seen:?}"
    );
}

#[test]
fn a_session_id_that_is_demanded_ignored_or_not_given_is_told() {
    let strict = Findings::at(&Legacy::new().start().url(), |launch| launch);
    assert!(strict.detail("session").contains("demands it (HTTP 404)"), "{strict:?}");
    let none = Findings::at(&Legacy::new().without_session().start().url(), |launch| launch);
    assert!(none.detail("session").contains("keeps none"), "{none:?}");
    let lax = Legacy::new().without_session().on("initialize", |request, reply| {
        let welcome = welcome("2025-06-18", CAPABILITIES);
        reply.header("Mcp-Session-Id", "one").result(request, &welcome);
    });
    let lax = Findings::at(&lax.start().url(), |launch| launch);
    assert!(lax.detail("session").contains("answers without it too"), "{lax:?}");
}

#[test]
fn a_list_of_tools_that_editors_stumble_over_is_told() {
    let long = r#"{"tools":[{"name":"a","inputSchema":{"type":"object"}},{"name":"b"},{"name":"c\u001b[31m","inputSchema":"no"}]}"#;
    for (tools, code, state, words) in [
        (r#"{"tools":{"a":1}}"#, 6, "fail", "is not a list"),
        (r#"{"other":[]}"#, 6, "fail", "no `tools`"),
        (r#"{"tools":[{"inputSchema":{}}]}"#, 6, "fail", "have no name"),
        (r#"{"tools":[]}"#, 0, "warn", "lists none"),
        (long, 0, "warn", "2 of the 3 tools have no inputSchema: b, c"),
        (r#"{"tools":[{"name":"a","inputSchema":{}},{"name":"a","inputSchema":{}}]}"#, 0, "warn", "one name: a"),
    ] {
        let server = Legacy::new().on("tools/list", move |request, reply| reply.result(request, tools)).start();
        let seen = Findings::at(&server.url(), |launch| launch);
        assert_eq!((seen.code, seen.state("tools")), (code, state), "{tools}: {seen:?}");
        assert!(seen.detail("tools").contains(words), "{tools}: {seen:?}");
        assert!(!seen.detail("tools").contains('\u{1b}'), "{seen:?}");
    }
    let refusing = Legacy::new().on("tools/list", |request, reply| reply.error(200, request, -32603, "broken"));
    let seen = Findings::at(&refusing.start().url(), |launch| launch);
    seen.fails("tools", 6, &["-32603", "broken"]);
    assert_eq!(seen.state("stream"), "ok", "what does not depend on it is tried: {seen:?}");
    let bare = Legacy::new().capabilities("{}").start();
    assert_eq!(Findings::at(&bare.url(), |launch| launch).state("tools"), "skip");
}

#[test]
fn resources_that_are_all_templates_are_no_fault_of_the_server() {
    let template = r#"{"name":"a","uriTemplate":"res://{a}"}"#;
    for (templates, state, words) in [
        (format!(r#"{{"resourceTemplates":[{template}]}}"#), "ok", "0 resources, 1 template"),
        (format!(r#"{{"resourceTemplates":[{template},{template}]}}"#), "ok", "0 resources, 2 templates"),
        (r#"{"resourceTemplates":[]}"#.to_owned(), "warn", "lists none"),
        (r#"{"other":1}"#.to_owned(), "warn", "lists none"),
    ] {
        let server = Legacy::new()
            .capabilities(r#"{"resources":{}}"#)
            .on("resources/list", |request, reply| reply.result(request, r#"{"resources":[]}"#))
            .on("resources/templates/list", {
                let templates = templates.clone();
                move |request, reply| reply.result(request, &templates)
            })
            .start();
        let seen = Findings::at(&server.url(), |launch| launch);
        assert_eq!((seen.code, seen.state("resources")), (0, state), "{templates}: {seen:?}");
        assert!(seen.detail("resources").contains(words), "{templates}: {seen:?}");
    }
}

#[test]
fn the_answer_of_a_tool_is_looked_at_where_the_person_has_named_one() {
    for (answer, code, state, words) in [
        (r#"{"content":{"type":"text","text":"x"}}"#, 6, "fail", "`content` in the answer of echo is not a list"),
        (r#"{"content":"x"}"#, 6, "fail", "is not a list"),
        (r#"{"structuredContent":{}}"#, 6, "fail", "has no `content`"),
        (r#"{"content":[{"text":"x"},"y",{"type":"text","text":"z"}]}"#, 6, "fail", "2 of the 3 parts"),
        (r#"{"content":[{"type":"text","text":"no\u001b[31m"}],"isError":true}"#, 0, "warn", "that it failed: no"),
        (r#"{"content":[{"type":"text","text":"x"}]}"#, 0, "ok", "in the right form, with text"),
        (r#"{"content":[]}"#, 0, "ok", "with nothing"),
    ] {
        let server = Legacy::new().on("tools/call", move |request, reply| reply.result(request, answer)).start();
        let arguments = r#"{"text":"said"}"#;
        let seen = Findings::at(&server.url(), |launch| launch.args(["--call", "echo", "--args", arguments]));
        assert_eq!((seen.code, seen.state("content")), (code, state), "{answer}: {seen:?}");
        assert!(seen.detail("content").contains(words), "{answer}: {seen:?}");
        assert!(!seen.detail("content").contains('\u{1b}'), "{seen:?}");
        assert_eq!(server.count("tools/call"), 1, "{}", server.transcript());
        assert!(server.matching(|it| it.is("tools/call"))[0].text().contains(arguments), "{}", server.transcript());
    }
    let refusing = Legacy::new().on("tools/call", |request, reply| reply.error(200, request, -32602, "no such tool"));
    let seen = Findings::at(&refusing.start().url(), |launch| launch.args(["--call", "nothing"]));
    seen.fails("content", 6, &["-32602", "no such tool", "mcpbridge tools http://127.0.0.1"]);
    assert_eq!(seen.state("stream"), "ok", "{seen:?}");
}

#[test]
fn a_tool_that_only_reads_is_proposed_and_not_called() {
    let tools = r#"{"tools":[{"name":"write","inputSchema":{}},{"name":"look","annotations":{"readOnlyHint":true},"inputSchema":{"required":["a"]}},{"name":"list_all","annotations":{"readOnlyHint":true},"inputSchema":{}}]}"#;
    let server = Legacy::new().on("tools/list", move |request, reply| reply.result(request, tools)).start();
    let seen = Findings::at(&server.url(), |launch| launch);
    let command = format!("mcpbridge doctor {} --call list_all (it only reads", server.url());
    assert!(seen.state("content") == "skip" && seen.remedy("content").contains(&command), "{seen:?}");
    assert_eq!(server.count("tools/call"), 0);
    for wrong in [&["--call", "echo", "--args", "[1]"][..], &["--args", "{}"]] {
        let server = Legacy::new().start().may_be_unused();
        let told = Bridge::bare().args(["doctor", &server.url()]).args(wrong.to_vec()).told();
        told.expect(2, &["--"]);
        assert!(server.requests().is_empty(), "{}", server.transcript());
    }
}

#[test]
fn a_server_that_refuses_initialize_fails_there() {
    let server = Legacy::new().on("initialize", |request, reply| reply.error(200, request, -32602, "no")).start();
    let seen = Findings::at(&server.url(), |launch| launch.args(["--protocol", "legacy"]));
    seen.fails("initialize", 6, &["-32602"]);
    assert_eq!(seen.detail("tools"), "not tried, because of initialize");
}

#[test]
fn the_eras_and_the_transport_are_found() {
    let list = |name: &'static str| {
        move |request: &Request, reply: Reply, wire: &Wire| {
            reply.accepted();
            wire.send(result(request.id(), format!(r#"{{"{name}":[{{"name":"a","inputSchema":{{}}}}]}}"#).as_str()));
        }
    };
    let stream = HttpSse::new().on("tools/list", list("tools")).on("prompts/list", list("prompts"));
    let (server, _wire) = stream.on("resources/list", list("resources")).start();
    let seen = Findings::at(&server.at("/sse"), |launch| launch);
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.detail("http").contains("HTTP+SSE") && seen.detail("era").contains("over HTTP+SSE"), "{seen:?}");
    assert!(seen.detail("stream").contains("the one stream"), "{seen:?}");
    let modern = Server::start(|request, reply| match request.kind().as_str() {
        _ if request.method != "POST" => reply.status(405),
        _ if request.header("mcp-method") != Some(&request.kind()) => {
            reply.error(400, request, -32020, "Header mismatch");
        }
        "server/discover" => reply.result(request, FOUND),
        _ => reply.result(request, r#"{"resultType":"complete","tools":[{"name":"a","inputSchema":{}}]}"#),
    });
    let seen = Findings::at(&modern.url(), |launch| launch);
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.detail("era").contains("2026-07-28, without sessions"), "{seen:?}");
}

#[test]
fn a_clock_that_is_wrong_is_a_warning() {
    let server = Legacy::new().on("initialize", |request, reply| {
        let welcome = welcome("2025-11-25", CAPABILITIES);
        reply.header("Date", "Thu, 01 Jan 2026 00:00:00 GMT").result(request, &welcome);
    });
    let seen = Findings::at(&server.start().url(), |launch| launch);
    assert_eq!((seen.code, seen.state("clock")), (0, "warn"), "{seen:?}");
    assert!(seen.detail("clock").contains("ahead of the server's"), "{seen:?}");
}

#[test]
fn a_name_stands_for_its_url_and_flags() {
    let server = Legacy::new().without_session().start();
    let home = tempfile::TempDir::new().unwrap();
    let run = |args: &[&str]| Bridge::bare().args(args.to_vec()).home(home.path()).told();
    run(&["add", "example", &server.url(), "--header", "X-Key: ${KEY}"]).expect(0, &[]);
    let told = Bridge::bare().args(["doctor", "example", "--json"]).home(home.path()).env("KEY", "s3cret-key").told();
    told.expect(0, &[]);
    assert!(told.stdout.contains("example is http://127.0.0.1") && !told.stdout.contains("s3cret"), "{told:?}");
    assert!(server.requests().iter().all(|it| it.header("x-key") == Some("s3cret-key") || it.is("")), "{told:?}");
    run(&["doctor", "exmaple"]).expect(2, &["did you mean example?"]);
    run(&["add", "doctor", &server.url()]).expect(2, &["is a command"]);
}

/// An MCP server at one path, and at all others this.
fn below(path: &'static str, otherwise: impl Fn(Reply) + Send + Sync + 'static) -> Server {
    let (_, _, _, handler) = Legacy::new().without_session().into_parts();
    Server::start(move |request, reply| match request.path == path {
        true => handler(request, reply),
        false => otherwise(reply),
    })
}

const FOUND: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}"#;

//! `--allow-tool` and `--ignore-tool`: what is hidden is neither listed nor callable, and the rest keeps its bytes.

mod support;

use support::{Bridge, Launch, Legacy, Server, call, envelopes, json, request, request_with, result};

/// Odd on purpose: spacing, order of members, numbers, an escaped name, `tools` where it means something else.
const READ: &str = r#"{ "inputSchema":{"type":"object","properties":{"tools":{"enum":[1.0,{"name":"delete_all"}]}}},"name":"read_file" }"#;
const WRITE: &str = r#"{"name":"write_file","inputSchema":{"type":"object"},"annotations":{"z":1e2,"a":"] } \" ,"}}"#;
const DELETE: &str = r#"{"description":"say \"name\":\"read_file\"","name":"delete\u005fall","inputSchema":{}}"#;

fn list() -> String {
    format!(
        r#"{{"_meta":{{"tools":[{{"name":"delete_all"}}]}},"tools": [ {READ} , {WRITE},{DELETE} ] ,"nextCursor":"c 1","big":1234567890123456789}}"#
    )
}

fn server() -> Server {
    Legacy::new()
        .on("tools/list", |request, reply| match request.id() {
            "2" => reply.sse_with(result(request.id(), &list())),
            _ => reply.result(request, &list()),
        })
        .start()
}

/// The names that remain, and the proof that their bytes and everything around them do.
#[track_caller]
fn names(bridge: &mut Bridge, id: &str) -> Vec<String> {
    bridge.send(request(id, "tools/list"));
    let line = bridge.answer(id);
    let value = json(&line);
    let names: Vec<String> = value["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect();
    for (name, bytes) in [("read_file", READ), ("write_file", WRITE), ("delete_all", DELETE)] {
        assert_eq!(names.iter().any(|it| it == name), line.contains(bytes), "{line}");
    }
    let frame = result(id, &list());
    let (start, end) = (frame.find("\"tools\": [").unwrap(), frame.find("\"nextCursor\"").unwrap());
    assert!(line.starts_with(&frame[..start]), "{line}");
    assert!(line.ends_with(&frame[end..]), "{line}");
    names
}

fn with(server: &Server, args: &[&str]) -> Bridge {
    let launch: Launch = Bridge::to(server).args(args);
    launch.ready()
}

#[test]
fn without_filters_a_list_is_untouched() {
    let server = server();
    let mut bridge = Bridge::ready(&server);
    for id in ["1", "2"] {
        bridge.send(request(id, "tools/list"));
        assert_eq!(bridge.answer(id), result(id, &list()));
    }
}

#[test]
fn ignored_tools_are_cut_out() {
    let server = server();
    for (pattern, left) in [
        ("delete_all", vec!["read_file", "write_file"]),
        ("read_file", vec!["write_file", "delete_all"]),
        ("write*", vec!["read_file", "delete_all"]),
        ("*_file", vec!["delete_all"]),
        ("*", vec![]),
        ("?????_file", vec!["read_file", "delete_all"]),
        ("file", vec!["read_file", "write_file", "delete_all"]),
        // As in mcp-remote, letters match in either case.
        ("READ_FILE", vec!["write_file", "delete_all"]),
    ] {
        let mut bridge = with(&server, &["--ignore-tool", pattern]);
        assert_eq!(names(&mut bridge, "1"), left, "{pattern}");
        assert_eq!(names(&mut bridge, "2"), left, "{pattern}, on a stream");
    }
}

#[test]
fn only_allowed_tools_remain() {
    let server = server();
    let mut bridge = with(&server, &["--allow-tool", "read*", "--allow-tool", "write_file"]);
    assert_eq!(names(&mut bridge, "1"), ["read_file", "write_file"]);
    let mut bridge = with(&server, &["--allow-tool", "nothing"]);
    assert!(names(&mut bridge, "2").is_empty());
}

#[test]
fn what_is_both_allowed_and_ignored_is_ignored() {
    let server = server();
    let mut bridge = with(&server, &["--allow-tool", "*_file", "--ignore-tool", "write*"]);
    assert_eq!(names(&mut bridge, "1"), ["read_file"]);
}

#[test]
fn an_empty_pattern_is_refused_wherever_it_is_written() {
    let server = server().may_be_unused();
    for flag in ["--allow-tool", "--ignore-tool"] {
        let told = Bridge::to(&server).args([flag, ""]).told();
        told.expect(2, &[flag, "a pattern is expected, for example read_*"]);
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("mcpbridge")).unwrap();
    let text = format!("[servers.a]\nurl = '{}'\nallow-tool = ['']\n", server.url());
    std::fs::write(home.path().join("mcpbridge/config.toml"), text).unwrap();
    for args in [&["a"][..], &["tools", "a"]] {
        let told = Bridge::bare().args(args).home(home.path()).told();
        told.expect(2, &["line 3 of", "config.toml", "pattern", "for example read_*"]);
    }
    assert!(server.requests().is_empty(), "{}", server.transcript());
}

#[test]
fn a_variable_that_was_meant_to_be_a_filter_is_warned_of() {
    let server = server();
    let mut bridge = Bridge::to(&server).env("MCPBRIDGE_ALOW_TOOL", "read*").spawn();
    bridge.wait_stderr("the variable MCPBRIDGE_ALOW_TOOL sets nothing; did you mean MCPBRIDGE_ALLOW_TOOL?");
    bridge.shake_hands("2025-06-18");
    bridge.close_stdin();
    let server = Legacy::new().start();
    let tools = Bridge::bare().args(["tools", &server.url()]);
    tools.env("MCPBRIDGE_IGNORE_TOOLS", "x").told().expect(0, &["did you mean MCPBRIDGE_IGNORE_TOOL?"]);
    // Those of somebody else have a reason.
    let own = Bridge::bare().args(["tools", &server.url(), "--header", "X-Key:${MCPBRIDGE_HEADERS}"]);
    let told = own.env("MCPBRIDGE_HEADERS", "x").env("MCPBRIDGE_TOKEN", "x").told();
    assert_eq!(told.expect(0, &[]).stderr, "");
}

#[test]
fn a_hidden_tool_cannot_be_called() {
    let server = server();
    for args in [["--ignore-tool", "delete*"], ["--allow-tool", "*_file"]] {
        let before = server.count("tools/call");
        let mut bridge = with(&server, &args);
        for (id, name) in [("1", "delete_all"), ("2", r"delete\u005fall"), ("3", r"\u0064elete_all")] {
            bridge.send(request_with(
                id,
                "tools/call",
                &format!(r#"{{"arguments":{{"name":"read_file"}},"name":"{name}"}}"#),
            ));
            let error = bridge.expect_code(id, -32602);
            assert!(error["message"].as_str().unwrap().contains("delete_all"), "{error}");
        }
        // Neither a repeated member nor an escaped method gets it through.
        bridge.send_bytes(
            b"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools\\/call\",\"params\":{\"n\\u0061me\":\"delete_all\"}}\n",
        );
        bridge.expect_code("4", -32602);
        bridge.send(request_with(5, "tools/call", r#"{"name":"read_file","name":"delete_all"}"#));
        bridge.answer("5");
        bridge.send(request_with(6, "tools/call", r#"{"name":"delete_all","name":"read_file"}"#));
        bridge.answer("6");
        bridge.send(request_with(7, "tools/call", r#"{"name":"read_file","arguments":{"name":"delete_all"}}"#));
        bridge.expect_result("7");
        let through = server.matching(|it| it.is("tools/call"));
        for asked in &through[before..] {
            // Whichever of two members a server believes, it must be one that may be called.
            assert!(
                !asked.text().replace(r#""arguments":{"name":"delete_all"}"#, "").contains("delete_all"),
                "{}",
                asked.text()
            );
        }
    }
}

#[test]
fn a_hidden_tool_cannot_be_called_from_a_batch() {
    let answer = format!("[{}]", result("2", r#"{"prompts":[]}"#));
    let server = Legacy::new().on("batch", move |_, reply| reply.json(&answer)).start();
    let mut bridge = Bridge::to(&server).args(["--ignore-tool", "delete*"]).ready_as("2025-03-26");
    let hidden = request_with(1, "tools/call", r#"{"name":"delete_all"}"#);
    bridge.send(format!("[{hidden},{}]", request(2, "prompts/list")));
    let mut answers = Vec::new();
    while answers.len() < 2 {
        for message in envelopes(&bridge.recv()) {
            answers.push((message.id().unwrap().to_owned(), message.raw("error").is_some()));
        }
    }
    answers.sort();
    assert_eq!(answers, [("1".to_owned(), true), ("2".to_owned(), false)]);
    assert!(server.requests().iter().all(|it| !it.text().contains("delete_all")), "{}", server.transcript());
}

#[test]
fn other_lists_and_other_calls_are_untouched() {
    let script = Legacy::new().on("prompts/list", |request, reply| {
        reply.result(request, r#"{"prompts":[{"name":"delete_all"}],"tools":[{"name":"delete_all"}]}"#)
    });
    let server = script.start();
    let mut bridge = with(&server, &["--ignore-tool", "*"]);
    bridge.send(request(1, "prompts/list"));
    assert_eq!(bridge.answer("1"), result(1, r#"{"prompts":[{"name":"delete_all"}],"tools":[{"name":"delete_all"}]}"#));
    bridge.send(request_with(2, "prompts/get", r#"{"name":"delete_all"}"#));
    bridge.expect_result("2");
}

#[test]
fn a_list_that_is_an_error_or_odd_passes() {
    let server = Legacy::new()
        .on("tools/list", |request, reply| match request.id() {
            "1" => reply.error(200, request, -32603, "no tools today"),
            "2" => reply.result(request, "{}"),
            "3" => reply.result(request, r#"{"tools":null}"#),
            "4" => reply.result(request, r#"{"tools":[]}"#),
            _ => reply.result(request, "null"),
        })
        .start();
    let mut bridge = with(&server, &["--ignore-tool", "x"]);
    bridge.send(request(1, "tools/list"));
    bridge.expect_code("1", -32603);
    for id in ["2", "3", "4", "5"] {
        bridge.send(request(id, "tools/list"));
        bridge.answer(id);
    }
    bridge.send(call(9));
    bridge.expect_result("9");
}

#[test]
fn a_tool_whose_name_cannot_be_read_is_not_shown_past_a_filter() {
    let server = Legacy::new()
        .on("tools/list", |request, reply| {
            reply.result(
                request,
                r#"{"tools":[{"name":7},{"title":"no name"},"text",{"name":"ok"},{"name":"hidden","name":"ok"}]}"#,
            )
        })
        .start();
    let mut bridge = with(&server, &["--allow-tool", "ok"]);
    bridge.send(request(1, "tools/list"));
    assert_eq!(bridge.answer("1"), result(1, r#"{"tools":[{"name":"ok"}]}"#));
}

#[test]
fn a_list_of_ten_thousand_tools_is_cut_quickly() {
    let tools: Vec<_> = (0..10_000)
        .map(|n| format!(r#"{{"name":"t{n}","description":"{}","inputSchema":{{}}}}"#, "d".repeat(100)))
        .collect();
    let body = format!(r#"{{"tools":[{}]}}"#, tools.join(","));
    let server = Legacy::new().on("tools/list", move |request, reply| reply.result(request, &body)).start();
    let mut bridge = with(&server, &["--allow-tool", "t*7"]);
    bridge.send(request(1, "tools/list"));
    assert_eq!(bridge.expect_result("1")["tools"].as_array().unwrap().len(), 1000);
}

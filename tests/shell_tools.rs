//! `tools`, `call` and `request`, as a script uses them: what they print, and how they end.

mod support;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use support::*;

const TOOLS: &str = r#"{"tools":[
    {"name":"add","description":"Adds two numbers. It is quick.","inputSchema":{"type":"object","properties":{"a":{"type":"integer","description":"The first"},"b":{"type":"number"},"loud":{"type":"boolean"},"tags":{"type":"array","items":{"type":"string"}},"note":{"type":"string"}},"required":["a","b"]}},
    {"name":"shout","inputSchema":{"type":"object"}}
],"nextCursor":"more"}"#;
const MORE: &str = r#"{"tools":[{"name":"fail","description":"Fails","inputSchema":{"type":"object"}}]}"#;

/// A legacy server with tools on two pages.
fn tools() -> Legacy {
    Legacy::new().on("tools/list", |request, reply| match request.json()["params"]["cursor"].as_str() {
        None => reply.result(request, &TOOLS.replace('\n', "")),
        Some("more") => reply.result(request, MORE),
        Some(_) => reply.error(200, request, -32602, "no such page"),
    })
}

fn answers(result: &'static str) -> Legacy {
    tools().on("tools/call", move |request, reply| reply.result(request, result))
}

#[track_caller]
fn told(server: &Server, args: &[&str]) -> Told {
    at(server, args).told()
}

fn at(server: &Server, args: &[&str]) -> Launch {
    Bridge::bare().arg(args[0]).arg(server.url()).args(&args[1..])
}

#[test]
fn the_tools_of_all_pages_are_a_table_and_one_json_object() {
    let server = tools().start();
    let table = told(&server, &["tools"]);
    assert_eq!(table.expect(0, &[]).stdout, "add a b  Adds two numbers\nshout\nfail     Fails\n");
    let list = told(&server, &["tools", "--json"]).expect(0, &[]).json();
    assert_eq!((&list["schema_version"], list["tools"].as_array().unwrap().len()), (&1.into(), 3));
    let schema = told(&server, &["tools", "--schema", "add"]).expect(0, &[]).json();
    assert_eq!(schema["inputSchema"]["required"][1], "b");
    told(&server, &["tools", "--schema", "ad"]).expect(2, &["no tool \"ad\"", "did you mean add?"]);
}

#[test]
fn the_filters_of_a_name_and_of_the_variables_hold_at_a_shell_too() {
    let server = answers(r#"{"content":[{"type":"text","text":"three"}]}"#).start();
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("mcpbridge")).unwrap();
    let config =
        format!("[defaults]\nignore-tool = 'fail'\n[servers.sums]\nurl = '{}'\nallow-tool = 'a*'\n", server.url());
    fs::write(home.path().join("mcpbridge/config.toml"), config).unwrap();
    let run = |args: &[&str]| Bridge::bare().args(args).home(home.path());
    let names = |launch: Launch| {
        let list = launch.told().expect(0, &[]).json();
        let tools = list["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        tools.collect::<Vec<_>>()
    };
    assert_eq!(names(run(&["tools", "sums", "--json"])), ["add"]);
    assert_eq!(names(run(&["tools", &server.url(), "--json"])), ["add", "shout"]);
    // As for the relay, a variable takes the place of the same key of the file.
    assert_eq!(names(run(&["tools", "sums", "--json"]).env("MCPBRIDGE_ALLOW_TOOL", "s*")), ["shout"]);
    assert_eq!(names(run(&["tools", &server.url(), "--json"]).env("MCPBRIDGE_IGNORE_TOOL", "a*\ns*")), ["fail"]);

    let by_the_file = "hidden by allow-tool in line 5 of";
    run(&["call", "sums", "shout"]).told().expect(2, &["shout", by_the_file, "config.toml", "mcpbridge tools sums"]);
    run(&["tools", "sums", "--schema", "shout"]).told().expect(2, &[by_the_file]);
    let told = run(&["request", "sums", "tools/call", r#"{"name":"shout"}"#]).told();
    told.expect(2, &[by_the_file, "mcpbridge tools sums"]);
    assert!(!told.stderr.contains("the server answered"), "{told:?}");
    let told = run(&["call", &server.url(), "add", "a=1", "b=2"]).env("MCPBRIDGE_ALLOW_TOOL", "s*").told();
    told.expect(2, &["add", "hidden by MCPBRIDGE_ALLOW_TOOL"]);
    let told = run(&["tools", "sums"]).env("MCPBRIDGE_ALLOW_TOOL", "z*").told();
    told.expect(0, &["no tools that pass MCPBRIDGE_ALLOW_TOOL and ignore-tool in line 2 of", "config.toml"]);
    let seen = |args: &[&str]| Findings::of(&run(args).told());
    let doctor = seen(&["doctor", "sums", "--call", "shout", "--json"]);
    assert_eq!(doctor.state("content"), "fail", "{doctor:?}");
    assert!(doctor.detail("content").contains(by_the_file), "{doctor:?}");
    assert!(doctor.detail("tools").starts_with("1 tool that passes allow-tool in line 5"), "{doctor:?}");
    assert_eq!(server.count("tools/call"), 0, "{}", server.transcript());
    run(&["call", "sums", "add", "a=1", "b=2"]).told().expect(0, &[]);
}

#[test]
fn pages_without_an_end_are_an_error() {
    let server = Legacy::new()
        .on("tools/list", |request, reply| reply.result(request, r#"{"tools":[],"nextCursor":"again"}"#))
        .start();
    told(&server, &["tools"]).expect(6, &["have no end"]);
}

#[test]
fn arguments_reach_the_server_as_its_schema_has_them() {
    let server = answers(r#"{"content":[{"type":"text","text":"three"}]}"#).start();
    let args = ["call", "add", "a=12345678901234567890123", "b:=1.50", "loud=true", "note=5", "tags=x", "tags=y,z"];
    assert_eq!(told(&server, &args).expect(0, &[]).stdout, "three\n");
    let sent = server.wait(1, "tools/call");
    let wanted = r#""arguments":{"a":12345678901234567890123,"b":1.50,"loud":true,"note":"5","tags":["x","y,z"]}"#;
    assert!(sent.text().contains(wanted), "{}", sent.text());
    assert_eq!(server.count("initialize"), 1, "{}", server.transcript());
    assert_eq!(server.count("DELETE"), 1, "the session is ended: {}", server.transcript());
}

#[test]
fn arguments_come_from_files_and_from_stdin() {
    let server = answers(r#"{"content":[]}"#).start();
    let run = |args: &[&str], input: &str| {
        let mut shell = at(&server, args).at_shell();
        shell.type_bytes(input.as_bytes());
        shell.told().expect(0, &[]).stdout.clone()
    };
    run(&["call", "add", "-", "b=2"], r#"{"a":1.0,"b":9}"#);
    assert!(server.wait(1, "tools/call").text().contains(r#""arguments":{"a":1.0,"b":2}"#), "{}", server.transcript());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a=b.json"), r#"{"a":3,"b":4}"#).unwrap();
    fs::write(folder.path().join("all.json"), r#"{"a":1,"b":2}"#).unwrap();
    fs::write(folder.path().join("note.txt"), "line\n").unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    run(&["call", "add", &format!("@{}", file("all.json")), &format!("note=@{}", file("note.txt"))], "");
    let sent = server.wait(2, "tools/call");
    assert!(sent.text().contains(r#""arguments":{"a":1,"b":2,"note":"line\n"}"#), "{}", sent.text());
    run(&["call", "add", r#"{"a":5.0,"note":"x=y"}"#, "b=2"], "");
    let sent = server.wait(3, "tools/call");
    assert!(sent.text().contains(r#""arguments":{"a":5.0,"note":"x=y","b":2}"#), "{}", sent.text());
    run(&["call", "add", &format!("@{}", file("a=b.json"))], "");
    assert!(server.wait(4, "tools/call").text().contains(r#""arguments":{"a":3,"b":4}"#), "{}", server.transcript());
}

#[test]
fn a_mistake_in_the_arguments_is_named_before_anything_is_called() {
    let server = tools().start();
    for (args, words) in [
        (&["call", "add", "a=1"][..], &["add needs b (number)", "add b=VALUE"][..]),
        (&["call", "add", "a=1", "b=2", "lowd=true"], &["no argument \"lowd\"", "did you mean loud?"]),
        (&["call", "add", "a=one", "b=2"], &["a: an integer is wanted"]),
        (&["call", "add", "a=1", "b=2", "a=3"], &["a is given twice"]),
        (&["call", "addd"], &["no tool \"addd\"", "did you mean add?"]),
        (&["call", "add", "@/no/such/file"], &["/no/such/file cannot be read", "check its path"]),
        (&["call", "add", "note=@bob"], &["bob cannot be read", r#"to send @bob itself: 'note:="@bob"'"#]),
        (&["call", "add", "-", "-"], &["stdin can be read only once"]),
        (&["call", "add", "-"], &["stdin is empty"]),
        (&["request", ""], &["METHOD"]),
    ] {
        let told = told(&server, args);
        assert_eq!(told.expect(2, words).stdout, "", "{args:?}");
    }
    let told = told(&server, &["call", "add", "--json"]);
    let error = json(told.expect(2, &[]).stderr.trim());
    assert_eq!(error["error"]["code"], "usage");
    assert_eq!(error["error"]["hint"], "add a=VALUE");
    assert_eq!(server.count("tools/call"), 0, "{}", server.transcript());
}

#[test]
fn a_tool_that_says_it_failed_ends_with_seven_and_says_why() {
    let server = answers(r#"{"isError":true,"content":[{"type":"text","text":"no disk"}]}"#).start();
    assert_eq!(told(&server, &["call", "fail"]).expect(7, &[]).stdout, "no disk\n");
    let json = told(&server, &["call", "fail", "--json"]).expect(7, &[]).json();
    assert_eq!((&json["isError"], &json["content"][0]["text"]), (&true.into(), &"no disk".into()));
}

#[test]
fn what_a_tool_says_is_printed_also_where_its_files_cannot_be_saved() {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let failed = answers(r#"{"isError":true,"content":[{"type":"text","text":"disk is on fire"}]}"#).start();
    let told_plain = told(&failed, &["call", "fail", "-o", &file("out.png")]);
    assert_eq!(told_plain.expect(7, &["no file in it"]).stdout, "disk is on fire\n");
    let told_json = told(&failed, &["call", "fail", "-o", &file("out.png"), "--json"]);
    assert_eq!(told_json.expect(7, &["no file in it"]).json()["content"][0]["text"], "disk is on fire");

    let image = r#"{"content":[{"type":"text","text":"done"},{"type":"image","data":"AAH/","mimeType":"image/png"}]}"#;
    let done = answers(image).start();
    let nowhere = file("none/of/it.png");
    let told_plain = told(&done, &["call", "fail", "-o", &nowhere]);
    assert_eq!(told_plain.expect(2, &["cannot be written", "--output"]).stdout, "done\n");
    let told_json = told(&done, &["call", "fail", "-o", &nowhere, "--json"]);
    assert_eq!(told_json.expect(2, &["cannot be written"]).json()["content"][0]["text"], "done");
    assert_eq!(done.count("tools/call"), 2);
}

#[cfg(unix)]
#[test]
fn a_name_of_the_server_is_not_written_through_a_link() {
    let result = r#"{"content":[{"type":"resource","resource":{"uri":"file:///a.bin","blob":"AQ=="}}]}"#;
    let server = answers(result).start();
    let scratch = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (scratch.path().join("all"), scratch.path().join("elsewhere"));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("a.bin")).unwrap();
    told(&server, &["call", "shout", "-o", folder.to_str().unwrap()]).expect(0, &["a-2.bin"]);
    assert!(!elsewhere.exists() && folder.join("a-2.bin").exists());
}

#[test]
fn the_command_that_lists_the_tools_is_the_one_for_this_server_and_account() {
    let server = tools().start();
    let home = tempfile::tempdir().unwrap();
    Bridge::bare().args(["add", "open", &server.url()]).home(home.path()).told().expect(0, &[]);
    let told = |args: &[&str]| Bridge::bare().args(args).home(home.path()).told();
    told(&["call", "open", "zzz"]).expect(2, &["; mcpbridge tools open lists those"]);
    let named = told(&["call", "open", "zzz", "--account", "at work"]);
    named.expect(2, &["; mcpbridge tools open --account 'at work' lists those"]);
    let url = format!("{}?key=abc", server.url());
    told(&["call", &url, "zzz"]).expect(2, &[&format!("; mcpbridge tools '{}?key=…' lists those", server.url())]);
    let refused = Legacy::new()
        .on("tools/list", |request, reply| reply.error(200, request, -32601, "Method not found"))
        .on("tools/call", |request, reply| reply.error(200, request, -32602, "no such thing"))
        .start();
    let told = at(&refused, &["call", "a", "--json"]).told();
    let error = json(told.expect(6, &[]).stderr.trim());
    assert!(
        error["error"]["hint"].as_str().unwrap().contains(&format!("mcpbridge tools {}", refused.url())),
        "{error}"
    );
}

#[test]
fn structured_content_is_printed_in_the_spelling_of_the_server() {
    let server = answers(r#"{"content":[],"structuredContent":{"z":1.0,"a":12345678901234567890123}}"#).start();
    let told_json = told(&server, &["call", "shout", "--json"]);
    let wanted = r#""structuredContent":{"z":1.0,"a":12345678901234567890123}"#;
    assert!(told_json.expect(0, &[]).stdout.contains(wanted), "{told_json:?}");
    let plain = told(&server, &["call", "shout"]);
    assert_eq!(plain.expect(0, &[]).stdout, "{\n  \"z\": 1.0,\n  \"a\": 12345678901234567890123\n}\n");
}

#[test]
fn text_is_raw_in_a_pipe_and_files_are_bytes_or_saved() {
    let text = answers(r#"{"content":[{"type":"text","text":"\u001b[31mred\r\n"}]}"#).start();
    assert_eq!(told(&text, &["call", "shout"]).expect(0, &[]).stdout, "\u{1b}[31mred\r\n");

    let image = answers(r#"{"content":[{"type":"image","data":"AAH/","mimeType":"image/png"}]}"#).start();
    let scratch = tempfile::tempdir().unwrap();
    let output = at(&image, &["call", "shout"]).command(scratch.path()).output().unwrap();
    assert_eq!(output.stdout, [0, 1, 255]);
    let path = scratch.path().join("a.png");
    let saved = told(&image, &["call", "shout", "--output", path.to_str().unwrap()]);
    assert_eq!(saved.expect(0, &["saved", "image/png"]).stdout, "");
    assert_eq!(fs::read(&path).unwrap(), [0, 1, 255]);

    let mixed = answers(
        r#"{"content":[{"type":"text","text":"two"},{"type":"image","data":"AAH/","mimeType":"image/png"},{"type":"resource","resource":{"uri":"file:///x/../evil.bin","blob":"AQ=="}},{"type":"resource_link","uri":"file:///y","name":"y"}]}"#,
    )
    .start();
    let piped = told(&mixed, &["call", "shout"]);
    assert_eq!(piped.expect(0, &["image/png, 3 bytes", "--output FILE"]).stdout, "two\nfile:///y\n");
    let folder = scratch.path().join("all/");
    let saved = told(&mixed, &["call", "shout", "-o", folder.to_str().unwrap()]);
    assert_eq!(saved.expect(0, &[]).stdout, "two\nfile:///y\n");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["1.png", "evil.bin"]);
    let without = told(&text, &["call", "shout", "-o", "x"]);
    assert!(!without.expect(0, &["no file in it, so nothing is saved in x"]).stdout.is_empty());
    let without = told(&text, &["call", "shout", "-o", "x", "--json"]);
    assert_eq!(without.expect(0, &["no file in it"]).json()["saved"], json("[]"));
}

#[test]
fn any_request_can_be_sent_and_its_result_is_printed_as_it_came() {
    let server = Legacy::new()
        .on("vendor/thing", |request, reply| reply.result(request, r#"{"n":1.0,"b":[ ]}"#))
        .on("vendor/no", |request, reply| reply.error(200, request, -32050, r"not\u0007 today"))
        .start();
    let result = told(&server, &["request", "vendor/thing", r#"{"x":2.0}"#]);
    assert!(result.expect(0, &[]).stdout.contains(r#""n":1.0,"b":[ ]"#), "{result:?}");
    assert!(server.wait(1, "vendor/thing").text().contains(r#""x":2.0"#));
    let wrapped = told(&server, &["request", "vendor/thing", "--json"]).expect(0, &[]).json();
    assert_eq!((&wrapped["schema_version"], &wrapped["result"]["n"]), (&1.into(), &1.0.into()));
    let mut shell = at(&server, &["request", "vendor/thing", "-"]).at_shell();
    shell.type_line(r#"{"from":"stdin"}"#);
    shell.told().expect(0, &[]);
    assert!(server.wait(3, "vendor/thing").text().contains(r#""from":"stdin""#));
    let refused = told(&server, &["request", "vendor/no"]);
    refused.expect(6, &["error -32050", "not␇ today"]);
    told(&server, &["request", "vendor/thing", "[1]"]).expect(2, &["not a json object"]);
}

#[test]
fn a_server_that_is_not_there_ends_with_five() {
    let told = Bridge::bare().args(["tools", &format!("http://127.0.0.1:{}/mcp", unused_port())]).told();
    told.expect(5, &[]);
    assert_eq!(told.stdout, "");
}

#[test]
fn a_request_that_takes_too_long_is_cancelled_and_ends_with_five() {
    let held = Mailbox::new();
    let server = tools().hold("tools/call", &held).start();
    let told = told(&server, &["call", "shout", "--request-timeout", "0.3"]);
    told.expect(5, &[]);
    held.take();
    server.wait(1, "notifications/cancelled");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let long = "x".repeat(1 << 20);
    let server = tools()
        .on("tools/call", move |request, reply| {
            reply.result(request, &format!(r#"{{"content":[{{"type":"text","text":"{long}"}}]}}"#));
        })
        .start();
    let scratch = tempfile::tempdir().unwrap();
    let mut command = at(&server, &["call", "shout"]).command(scratch.path());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn flags_have_their_variables_as_those_of_the_relay() {
    let server = tools().start();
    at(&server, &["tools"]).env("MCPBRIDGE_HEADER", "X-Key: from the environment").told().expect(0, &[]);
    assert_eq!(server.wait(1, "initialize").header("x-key"), Some("from the environment"));
}

#[test]
fn a_modern_server_and_one_of_the_first_transport_are_used_alike() {
    let modern = Server::start(|request, reply| match request.kind().as_str() {
        _ if request.method != "POST" => reply.status(405),
        "tools/list" => {
            reply.result(request, r#"{"resultType":"complete","tools":[{"name":"a","inputSchema":{"type":"object"}}]}"#)
        }
        "tools/call" => {
            reply.result(request, r#"{"resultType":"complete","content":[{"type":"text","text":"modern"}]}"#)
        }
        _ => reply.error(404, request, -32601, "Method not found"),
    });
    assert_eq!(told(&modern, &["call", "a"]).expect(0, &[]).stdout, "modern\n");
    assert_eq!(modern.requests().len(), 2, "{}", modern.transcript());
    assert_eq!(modern.wait(1, "tools/call").header("mcp-name"), Some("a"));
}

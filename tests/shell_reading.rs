//! `resources`, `read` and `prompts`, as a script uses them.

mod support;

use std::fs;

use support::*;

fn library() -> Server {
    Legacy::new()
        .on("resources/list", |request, reply| {
            reply.result(request, r#"{"resources":[{"uri":"file:///a","name":"a","mimeType":"text/plain","description":"The first. More."}]}"#);
        })
        .on("resources/templates/list", |request, reply| {
            reply.result(request, r#"{"resourceTemplates":[{"uriTemplate":"file:///{name}","name":"any"}]}"#);
        })
        .on("resources/read", |request, reply| match request.json()["params"]["uri"].as_str() {
            Some("file:///a") => reply.result(request, r#"{"contents":[{"uri":"file:///a","text":"no end of line"}]}"#),
            Some("file:///b.bin") => {
                reply.result(request, r#"{"contents":[{"uri":"file:///b.bin","mimeType":"application/x-b","blob":"AAH/Cg=="}]}"#);
            }
            _ => reply.error(200, request, -32002, "Resource not found"),
        })
        .on("prompts/list", |request, reply| {
            reply.result(request, r#"{"prompts":[{"name":"greet","description":"Greets","arguments":[{"name":"who","required":true,"description":"Whom"},{"name":"how"}]}]}"#);
        })
        .on("prompts/get", |request, reply| {
            reply.result(request, r#"{"messages":[{"role":"user","content":{"type":"text","text":"Hello"}},{"role":"assistant","content":{"type":"text","text":"Hi"}}]}"#);
        })
        .start()
}

fn at(server: &Server, args: &[&str]) -> Launch {
    Bridge::bare().arg(args[0]).arg(server.url()).args(&args[1..])
}

#[test]
fn resources_and_their_templates_are_listed() {
    let server = library();
    let listed = at(&server, &["resources"]).told();
    assert_eq!(listed.expect(0, &[]).stdout, "file:///a text/plain  a: The first\nfile:///{name}        any\n");
    let json = at(&server, &["resources", "--json"]).told().expect(0, &[]).json();
    assert_eq!(json["resources"][0]["uri"], "file:///a");
    assert_eq!(json["resourceTemplates"][0]["uriTemplate"], "file:///{name}");
}

#[test]
fn a_resource_is_read_to_the_byte() {
    let server = library();
    assert_eq!(at(&server, &["read", "file:///a"]).told().expect(0, &[]).stdout, "no end of line");
    let scratch = tempfile::tempdir().unwrap();
    let output = at(&server, &["read", "file:///b.bin"]).command(scratch.path()).output().unwrap();
    assert_eq!(output.stdout, [0, 1, 255, 10]);
    let json = at(&server, &["read", "file:///b.bin", "--json"]).told().expect(0, &[]).json();
    assert_eq!(json["contents"][0]["blob"], "AAH/Cg==");
    let folder = scratch.path().join("out");
    fs::create_dir(&folder).unwrap();
    for name in ["b.bin", "b-2.bin"] {
        let told = at(&server, &["read", "file:///b.bin", "-o", folder.to_str().unwrap()]).told();
        assert_eq!(told.expect(0, &[name]).stdout, "");
        assert_eq!(fs::read(folder.join(name)).unwrap(), [0, 1, 255, 10]);
    }
    let text = scratch.path().join("a.txt");
    at(&server, &["read", "file:///a", "-o", text.to_str().unwrap()]).told().expect(0, &["saved"]);
    assert_eq!(fs::read_to_string(text).unwrap(), "no end of line");
    at(&server, &["read", "file:///none"]).told().expect(6, &["resource not found", "mcpbridge resources http"]);
}

#[test]
fn prompts_are_listed_and_filled_in() {
    let server = library();
    assert_eq!(at(&server, &["prompts"]).told().expect(0, &[]).stdout, "greet who  Greets\n");
    let one = at(&server, &["prompts", "greet", "who=5"]).told();
    assert_eq!(one.expect(0, &[]).stdout, "user:\nHello\nassistant:\nHi\n");
    assert!(server.wait(1, "prompts/get").text().contains(r#""arguments":{"who":"5"}"#), "{}", server.transcript());
    let json = at(&server, &["prompts", "greet", "who=5", "--json"]).told().expect(0, &[]).json();
    assert_eq!(json["messages"][1]["role"], "assistant");
    at(&server, &["prompts", "greet"]).told().expect(2, &["greet needs who (string: Whom)"]);
    at(&server, &["prompts", "greet", "who=a", "hwo=b"]).told().expect(2, &["no argument \"hwo\""]);
    at(&server, &["prompts", "great"]).told().expect(2, &["did you mean greet?"]);
}

#[test]
fn a_server_that_has_none_says_so_and_that_is_no_error() {
    let server = Legacy::new()
        .on("resources/list", |request, reply| reply.error(200, request, -32601, "Method not found"))
        .on("resources/templates/list", |request, reply| reply.error(200, request, -32601, "Method not found"))
        .start();
    let told = at(&server, &["resources"]).told();
    assert_eq!(told.expect(0, &["has no resources"]).stdout, "");
    let told = at(&server, &["prompts"]).told();
    assert_eq!(told.expect(0, &["has no prompts"]).stdout, "");
}

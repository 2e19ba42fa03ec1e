//! All four pairs of eras play the same tour with the sample server: tools, prompts, resources, progress, a question in
//! mid-call, a change that was subscribed to, a log message, and a cancellation.

mod support;

use mcpbridge::demo;
use serde_json::Value;
use support::*;

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}"#;

#[test]
fn a_legacy_editor_plays_the_tour_with_a_legacy_server() {
    legacy_tour(&["--protocol", "legacy"]);
}

#[test]
fn a_legacy_editor_plays_the_tour_with_a_modern_server() {
    legacy_tour(&["--protocol", "modern"]);
}

#[test]
fn a_modern_editor_plays_the_tour_with_a_modern_server() {
    modern_tour(&["--protocol", "modern"]);
}

#[test]
fn a_modern_editor_plays_the_tour_with_a_legacy_server() {
    let server = demo::start(None, None).unwrap();
    let mut bridge = Bridge::launch(server.url()).args(["--protocol", "legacy"]).spawn();
    // With `--protocol legacy` an editor of both eras is told to fall back; this one has no other.
    bridge.send(modern(0, "server/discover", ""));
    bridge.expect_code("0", -32601);
    play_modern(&mut bridge);
}

#[test]
fn without_a_flag_an_editor_finds_its_own_era_in_a_server_of_both() {
    legacy_tour(&[]);
    modern_tour(&[]);
}

fn legacy_tour(flags: &[&str]) {
    let server = demo::start(None, None).unwrap();
    let mut bridge = Bridge::launch(server.url()).args(flags).spawn();
    let capabilities = r#"{"elicitation":{}}"#;
    let params = format!(
        r#"{{"protocolVersion":"2025-11-25","capabilities":{capabilities},"clientInfo":{{"name":"ed","version":"1"}}}}"#
    );
    bridge.send(request_with(0, "initialize", &params));
    let hello = bridge.expect_result("0");
    assert_eq!(hello["serverInfo"]["name"], "mcpbridge-demo");
    assert_eq!(hello["protocolVersion"], "2025-11-25");
    bridge.send(notification("notifications/initialized"));

    bridge.send(request(1, "tools/list"));
    assert_eq!(bridge.expect_result("1")["tools"].as_array().unwrap().len(), 5);
    bridge.send(request_with(2, "tools/call", r#"{"name":"echo","arguments":{"message":"hello"}}"#));
    assert_eq!(text(&bridge.expect_result("2")), "hello");
    bridge.send(request_with(3, "prompts/get", r#"{"name":"describe_planet","arguments":{"planet":"mars"}}"#));
    assert!(bridge.expect_result("3")["messages"].is_array());
    bridge.send(request_with(4, "resources/read", r#"{"uri":"demo://about"}"#));
    assert!(bridge.expect_result("4")["contents"].is_array());
    bridge.send(request_with(5, "resources/read", r#"{"uri":"demo://nowhere"}"#));
    bridge.expect_error("5", &["not found"]);

    bridge.send(request_with(
        6,
        "tools/call",
        r#"{"name":"countdown","arguments":{"from":3,"interval_ms":1},"_meta":{"progressToken":"p"}}"#,
    ));
    for step in 1..=3 {
        let progress = json(&bridge.expect_method("notifications/progress"));
        assert_eq!(
            (&progress["params"]["progressToken"], &progress["params"]["progress"]),
            (&"p".into(), &step.into())
        );
    }
    assert!(text(&bridge.expect_result("6")).ends_with("lift-off"));

    bridge.send(request_with(7, "tools/call", r#"{"name":"ask_name","arguments":{}}"#));
    let question = json(&bridge.expect_method("elicitation/create"));
    assert_eq!(question["params"]["message"], "What is your name?");
    bridge.send(result(&question["id"], r#"{"action":"accept","content":{"name":"Ada"}}"#));
    assert_eq!(text(&bridge.expect_result("7")), "Hello, Ada!");

    bridge.send(request_with(8, "resources/subscribe", r#"{"uri":"demo://calls"}"#));
    bridge.expect_result("8");
    bridge.send(request_with(9, "logging/setLevel", r#"{"level":"info"}"#));
    bridge.expect_result("9");
    bridge.send(request_with(10, "tools/call", r#"{"name":"log","arguments":{"message":"heard"}}"#));
    assert_eq!(json(&bridge.expect_method("notifications/message"))["params"]["data"], "heard");
    bridge.expect_result("10");
    let update = json(&bridge.expect_method("notifications/resources/updated"));
    assert_eq!(update["params"]["uri"], "demo://calls");
    bridge.send(request_with(11, "resources/unsubscribe", r#"{"uri":"demo://calls"}"#));
    bridge.expect_result("11");

    bridge.send(request_with(12, "tools/call", r#"{"name":"countdown","arguments":{"from":60,"interval_ms":10000}}"#));
    bridge.send(cancel(12));
    bridge.send(request(13, "ping"));
    bridge.expect_result("13");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "a cancelled call is not waited for");
}

fn modern_tour(flags: &[&str]) {
    let server = demo::start(None, None).unwrap();
    let mut bridge = Bridge::launch(server.url()).args(flags).spawn();
    bridge.send(modern(0, "server/discover", ""));
    let found = bridge.expect_result("0");
    assert_eq!(found["supportedVersions"][0], "2026-07-28");
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "mcpbridge-demo");
    play_modern(&mut bridge);
}

fn play_modern(bridge: &mut Bridge) {
    let mut ask = |id: u64, method: &str, rest: &str| {
        bridge.send(modern(id, method, rest));
        let result = bridge.expect_result(&id.to_string());
        assert!(result["resultType"].is_string(), "{result}");
        result
    };
    let tools = ask(1, "tools/list", "");
    assert_eq!((tools["tools"].as_array().unwrap().len(), tools["ttlMs"].as_u64()), (5, Some(0)));
    assert_eq!(text(&ask(2, "tools/call", r#","name":"echo","arguments":{"message":"hello"}"#)), "hello");
    let prompt = ask(3, "prompts/get", r#","name":"describe_planet","arguments":{"planet":"mars"}"#);
    assert!(prompt["messages"].is_array());
    assert!(ask(4, "resources/read", r#","uri":"demo://about""#)["contents"].is_array());
    bridge.send(modern(5, "resources/read", r#","uri":"demo://nowhere""#));
    bridge.expect_code("5", -32602);

    let countdown = r#","name":"countdown","arguments":{"from":3,"interval_ms":1}"#;
    bridge.send(modern_with(6, "tools/call", countdown, r#""progressToken":"p","#));
    for step in 1..=3 {
        let progress = json(&bridge.expect_method("notifications/progress"));
        assert_eq!(
            (&progress["params"]["progressToken"], &progress["params"]["progress"]),
            (&"p".into(), &step.into())
        );
    }
    assert!(text(&bridge.expect_result("6")).ends_with("lift-off"));

    bridge.send(modern(7, "tools/call", r#","name":"ask_name","arguments":{}"#));
    let asked = bridge.expect_result("7");
    assert_eq!(asked["resultType"], "input_required");
    let (name, question) = asked["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(question["params"]["message"], "What is your name?");
    let state = asked.get("requestState").map(|state| format!(r#","requestState":{state}"#)).unwrap_or_default();
    let answers = format!(r#","inputResponses":{{"{name}":{{"action":"accept","content":{{"name":"Ada"}}}}}}{state}"#);
    bridge.send(modern(8, "tools/call", &format!(r#","name":"ask_name","arguments":{{}}{answers}"#)));
    assert_eq!(text(&bridge.expect_result("8")), "Hello, Ada!");

    bridge.send(modern(9, "subscriptions/listen", r#","notifications":{"resourceSubscriptions":["demo://calls"]}"#));
    let agreed = json(&bridge.expect_method("notifications/subscriptions/acknowledged"));
    assert_eq!(agreed["params"]["notifications"]["resourceSubscriptions"][0], "demo://calls");
    let log = r#","name":"log","arguments":{"message":"heard"}"#;
    bridge.send(modern_with(10, "tools/call", log, r#""io.modelcontextprotocol/logLevel":"info","#));
    assert_eq!(json(&bridge.expect_method("notifications/message"))["params"]["data"], "heard");
    bridge.expect_result("10");
    let update = json(&bridge.expect_method("notifications/resources/updated"));
    assert_eq!(update["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 9);
    bridge.send(cancel(9));

    bridge.send(modern(12, "tools/call", r#","name":"countdown","arguments":{"from":60,"interval_ms":10000}"#));
    bridge.send(cancel(12));
    bridge.send(modern(13, "tools/list", ""));
    bridge.expect_result("13");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "a cancelled call is not waited for");
}

fn modern(id: u64, method: &str, rest: &str) -> String {
    modern_with(id, method, rest, "")
}

fn modern_with(id: u64, method: &str, rest: &str, meta: &str) -> String {
    request_with(id, method, &format!(r#"{{"_meta":{{{meta}{META}}}{rest}}}"#))
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

//! The editor that waits while a person signs in: answered early, told where to sign in, and served as soon as
//! somebody has, in whichever process.

mod support;

use std::time::{Duration, Instant};

use serde_json::Value;
use support::{
    Authorization, Bridge, Endpoint, Fault, Gate, Human, INITIALIZED, Inhabited, Legacy, Outcome, PATIENCE, Protected,
    Visit, json, request, request_with,
};

/// The holds of 2 s and 4 s, on a loaded machine.
const HOLD: Duration = Duration::from_secs(10);
/// What has to happen within a second, on a loaded machine.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn initialize_and_lists_are_answered_early_and_the_real_ones_follow_the_consent() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    let welcome = bridge.expect_result("0");
    assert_eq!(welcome["serverInfo"]["name"], "mcpbridge", "{welcome}");
    assert_eq!(welcome["protocolVersion"], "2025-06-18");
    bridge.send(INITIALIZED);
    for (id, method, list) in [(1, "tools/list", "tools"), (2, "prompts/list", "prompts")] {
        bridge.send(request(id, method));
        assert_eq!(bridge.expect_result(&id.to_string())[list], json("[]"));
    }
    bridge.send(request(3, "ping"));
    bridge.expect_result("3");
    assert_eq!(world.server.count("initialize"), 1, "{}", world.server.transcript());

    visit.consent();
    bridge.expect_method("notifications/tools/list_changed");
    bridge.expect_method("notifications/prompts/list_changed");
    bridge.send(request(4, "tools/list"));
    assert_eq!(bridge.expect_result("4")["tools"][0]["name"], "echo");
    assert_eq!(world.server.count("notifications/initialized"), 1);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert_eq!(world.human.windows(), 1);
}

/// `tests/many.rs` looks at more of it, on Linux.
#[test]
fn a_sign_in_that_outlives_the_relay_holds_no_pipe_of_the_editors() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    let begun = Instant::now();
    bridge.close_stdin();
    // Until both outputs are closed.
    bridge.outcome();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(visit.consent().status, 200, "it goes on without the relay");
}

#[test]
fn a_modern_editor_that_listens_while_somebody_signs_in_hears_of_the_real_lists() {
    let world = Inhabited::new();
    let mut bridge = world.launch().spawn();
    bridge.send(modern(1, "server/discover", ""));
    let visit = world.human.visit();
    assert_eq!(bridge.expect_result("1")["capabilities"]["tools"]["listChanged"], true);
    bridge.send(modern(2, "subscriptions/listen", r#","notifications":{"toolsListChanged":true}"#));
    bridge.send(modern(3, "tools/list", ""));
    let agreed = json(&bridge.expect_method("notifications/subscriptions/acknowledged"));
    assert_eq!(agreed["params"]["notifications"], json(r#"{"toolsListChanged":true}"#));
    assert_eq!(bridge.expect_result("3")["tools"], json("[]"));

    visit.consent();
    let told = json(&bridge.recv());
    assert_eq!(told["method"], "notifications/tools/list_changed", "and no second agreement before it: {told}");
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 2);
    bridge.send(modern(4, "tools/list", ""));
    assert_eq!(bridge.expect_result("4")["tools"][0]["name"], "echo");
}

#[test]
fn a_modern_editor_that_listens_only_after_the_sign_in_hears_of_the_real_lists_too() {
    let world = Inhabited::new();
    let mut bridge = world.launch().spawn();
    bridge.send(modern(1, "tools/list", ""));
    let visit = world.human.visit();
    assert_eq!(bridge.expect_result("1")["tools"], json("[]"));
    bridge.send(modern(2, "tools/call", r#","name":"echo","arguments":{"text":"hello"}"#));
    visit.consent();
    assert_eq!(text(&bridge.expect_result("2")), "hello");
    bridge.send(modern(3, "subscriptions/listen", r#","notifications":{"toolsListChanged":true}"#));
    bridge.expect_method("notifications/subscriptions/acknowledged");
    let told = json(&bridge.expect_method("notifications/tools/list_changed"));
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 3);
}

#[test]
fn a_ping_is_answered_while_initialize_is_held() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.send(request(7, "ping"));
    let first = json(&bridge.recv());
    assert_eq!((&first["id"], &first["result"]), (&Value::from(7), &json("{}")));
    visit.consent();
    bridge.expect_result("0");
}

#[test]
fn a_person_who_is_quick_makes_an_ordinary_session() {
    let world = Inhabited::with(Human::prompt());
    let mut bridge = world.editor("");
    let welcome = bridge.expect_result("0");
    assert_eq!(welcome["serverInfo"]["name"], "scripted", "{welcome}");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "hello", ""));
    assert_eq!(text(&bridge.expect_result("1")), "hello");
}

#[test]
fn a_call_hears_where_to_sign_in_and_is_then_answered_by_the_server() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "with a token", r#","_meta":{"progressToken":"p1"}"#));
    bridge.send(say(2, "without", ""));
    let progress = json(&bridge.expect_method("notifications/progress"));
    assert_eq!(progress["params"]["progressToken"], "p1");
    let message = progress["params"]["message"].as_str().unwrap();
    assert!(message.contains("wants a sign-in") && message.contains(&visit.url), "{message}");
    visit.consent();
    assert_eq!(text(&bridge.expect_result("1")), "with a token");
    assert_eq!(text(&bridge.expect_result("2")), "without");
    assert_eq!(world.server.count("tools/call"), 2);
    bridge.close_stdin();
    let Outcome { code, stdout, .. } = bridge.outcome();
    assert!(!stdout.iter().any(|line| line.contains("progress")), "progress after the answer: {stdout:?}");
    assert_eq!(code, 0);
}

#[test]
#[ignore = "takes 45 s"]
fn a_call_that_waits_for_45_s_gets_the_address_and_the_command() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "too late", r#","_meta":{"progressToken":1}"#));
    let begun = Instant::now();
    for number in 0..3 {
        let progress = json(&bridge.expect_method("notifications/progress"));
        assert_eq!(progress["params"]["progress"], number);
    }
    let error = bridge.expect_error("1", &["wants a sign-in", &visit.url]);
    assert_eq!(error["data"]["mcpbridge"], "auth_required");
    assert_eq!(error["data"]["url"], visit.url);
    assert!((44..60).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    // The sign-in goes on all the same, and the call was never sent.
    visit.consent();
    bridge.expect_method("notifications/tools/list_changed");
    assert_eq!(world.server.count("tools/call"), 0);
    bridge.send(say(2, "in time", ""));
    assert_eq!(text(&bridge.expect_result("2")), "in time");
}

#[test]
fn a_cancelled_call_is_not_sent_and_hears_nothing_more() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "never mind", ""));
    bridge.send(support::cancel(1));
    bridge.send(say(2, "this one", ""));
    visit.consent();
    assert_eq!(text(&bridge.expect_result("2")), "this one");
    assert_eq!(world.server.count("tools/call"), 1, "{}", world.server.transcript());
    assert_eq!(world.server.count("notifications/cancelled"), 0);
}

#[test]
fn closing_stdin_while_somebody_is_waited_for_ends_the_relay_at_once_and_loses_nothing() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "too soon", ""));
    bridge.send(request(2, "ping"));
    bridge.expect_result("2");
    let begun = Instant::now();
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let error = outcome.answer("1")["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains(&visit.url), "{error}");
    // The person has not noticed.
    assert_eq!(visit.consent().status, 200);
    let mut next = world.editor("");
    next.expect_result("0");
    next.send(INITIALIZED);
    next.send(say(1, "later", ""));
    assert_eq!(text(&next.expect_result("1")), "later");
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn closing_stdin_before_there_is_a_window_ends_the_relay_too() {
    let world = Inhabited::new();
    let gate = Gate::new();
    world.authorization.fail_next(Endpoint::Documents, Fault::Held(gate.clone()));
    let mut bridge = world.editor("");
    world.authorization.wait(1, Endpoint::Documents);
    let begun = Instant::now();
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let error = outcome.answer("0")["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("run: mcpbridge login"), "{error}");
    gate.open();
    // What was begun is still there for the next one.
    let visit = world.human.visit();
    let mut next = world.editor("");
    visit.consent();
    next.expect_result("0");
    assert_eq!(world.human.windows(), 1);
}

#[cfg(unix)]
#[test]
fn a_signal_while_somebody_is_waited_for_ends_the_relay_at_once() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::TERM, 0), (Signal::INT, 130), (Signal::HUP, 0)] {
        let world = Inhabited::new();
        let mut bridge = world.editor("");
        let visit = world.human.visit();
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(say(1, "too soon", ""));
        bridge.send(request(2, "ping"));
        bridge.expect_result("2");
        let begun = Instant::now();
        bridge.signal(signal);
        // Impatient editors send a second one.
        bridge.signal(Signal::TERM);
        bridge.expect_error("1", &["stopped"]);
        assert_eq!(bridge.wait_exit(AT_ONCE), code, "{signal:?}");
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        visit.consent();
        world.editor("").expect_result("0");
        assert_eq!(world.human.windows(), 1);
    }
}

#[test]
fn closing_stdin_while_initialize_is_held_answers_it_with_where_to_sign_in() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert_eq!(outcome.code, 3, "{outcome:?}");
    let answer = outcome.answer("0");
    // The hold may be over on a slow machine.
    if let Some(message) = answer["error"]["message"].as_str() {
        assert!(message.contains(&visit.url), "{message}");
    }
}

#[test]
fn a_refused_sign_in_is_an_error_with_the_command_and_no_second_window() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "please", ""));
    visit.decline();
    bridge.expect_error("1", &["mcpbridge login"]);
    bridge.send(say(2, "please", ""));
    bridge.expect_error("2", &["a short while ago", "mcpbridge login"]);
    bridge.send(request(3, "ping"));
    bridge.expect_result("3");
    // Nor does an editor that starts its server again get one.
    let mut again = world.editor("");
    again.expect_error("0", &["a short while ago", "mcpbridge login"]);
    assert_eq!(world.human.windows(), 1);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 4);
}

#[test]
fn a_login_in_another_process_wakes_the_relay_whose_sign_in_was_refused() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "please", ""));
    visit.decline();
    bridge.expect_error("1", &[]);

    let login = Bridge::launch("login").arg(world.server.url()).home(world.home.path()).human(&world.human).at_shell();
    world.human.visit().consent();
    login.told().expect(0, &[]);
    let begun = Instant::now();
    bridge.expect_method("notifications/tools/list_changed");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    bridge.send(request(2, "tools/list"));
    assert_eq!(bridge.expect_result("2")["tools"][0]["name"], "echo");
    assert_eq!(world.human.windows(), 2);
}

#[test]
fn a_login_during_the_wait_joins_it_and_both_are_through() {
    let world = Inhabited::new();
    let mut bridge = world.editor("");
    let visit = world.human.visit();
    bridge.expect_result("0");
    let login = Bridge::launch("login").arg(world.server.url()).home(world.home.path()).human(&world.human).at_shell();
    login.wait_stderr("a sign-in is under way already");
    login.wait_stderr(&visit.url);
    visit.consent();
    login.told().expect(0, &[]);
    bridge.expect_method("notifications/tools/list_changed");
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn what_the_server_does_not_have_is_empty_and_never_announced() {
    let human = Human::at_ease();
    let authorization = Authorization::start(|_| ());
    let legacy = Legacy::new().capabilities(r#"{"tools":{}}"#).on("prompts/list", |request, reply| {
        reply.error(200, request, -32601, "no such method");
    });
    let server = Protected::start_over(&authorization.desk(), legacy, |_| ());
    let mut bridge = Bridge::launch(server.url()).human(&human).spawn();
    bridge.send(initialize(""));
    let visit = human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    visit.consent();
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(request(1, "prompts/list"));
    assert_eq!(bridge.expect_result("1")["prompts"], json("[]"));
    bridge.send(request(2, "resources/templates/list"));
    assert_eq!(bridge.expect_result("2")["resourceTemplates"], json("[]"));
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(!outcome.stdout.iter().any(|line| line.contains("list_changed")), "{outcome:?}");
    assert_eq!(server.count("prompts/list"), 0);
}

#[test]
fn an_editor_that_shows_links_gets_the_link_and_no_browser_opens() {
    let world = Inhabited::new();
    let begun = Instant::now();
    let mut bridge = world.editor(LINKS);
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    assert_eq!(bridge.expect_result("1")["tools"], json("[]"));
    assert!(begun.elapsed() < HOLD, "{:?}", begun.elapsed());
    let (id, url) = offer(&mut bridge);
    bridge.send(support::result(&id, r#"{"action":"accept"}"#));
    Visit::by_link(&url).consent();
    bridge.expect_method("notifications/elicitation/complete");
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(say(2, "here", ""));
    assert_eq!(text(&bridge.expect_result("2")), "here");
    assert_eq!(world.human.windows(), 0);
    assert_eq!(world.server.count("answer"), 0, "the answer is not the server's");
}

#[test]
fn a_link_that_is_cancelled_before_anybody_could_read_it_opens_one_window() {
    for action in ["cancel", "decline"] {
        let world = Inhabited::new();
        let mut bridge = world.editor(LINKS);
        bridge.expect_result("0");
        bridge.send(INITIALIZED);
        bridge.send(request(1, "tools/list"));
        bridge.expect_result("1");
        let (id, url) = offer(&mut bridge);
        bridge.send(support::result(&id, &format!(r#"{{"action":"{action}"}}"#)));
        let visit = world.human.visit();
        assert_eq!(visit.url, url);
        visit.consent();
        bridge.expect_method("notifications/tools/list_changed");
        assert_eq!(world.human.windows(), 1);
    }
}

#[test]
fn a_person_who_declines_the_link_ends_the_sign_in() {
    let world = Inhabited::new();
    let mut bridge = world.editor(LINKS);
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    let (id, _) = offer(&mut bridge);
    // Somebody reads it, and nothing else happens meanwhile.
    bridge.expect_silence(Duration::from_millis(1500));
    bridge.send(say(2, "please", ""));
    bridge.send(support::result(&id, r#"{"action":"decline"}"#));
    bridge.expect_error("2", &["called off", "mcpbridge login"]);
    bridge.send(say(3, "please", ""));
    bridge.expect_error("3", &["a short while ago"]);
    assert_eq!(world.human.windows(), 0);
}

#[test]
fn an_editor_that_shows_links_gets_one_in_its_session_too_when_the_grant_has_ended() {
    let world = Inhabited::new();
    let mut bridge = world.editor(LINKS);
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    let (_, url) = offer(&mut bridge);
    Visit::by_link(&url).consent();
    bridge.expect_method("notifications/tools/list_changed");
    bridge.send(say(2, "before", ""));
    bridge.expect_result("2");

    world.authorization.ledger.revoke_all();
    bridge.send(say(3, "after", ""));
    let (id, url) = offer(&mut bridge);
    bridge.send(support::result(&id, r#"{"action":"accept"}"#));
    Visit::by_link(&url).consent();
    assert_eq!(text(&bridge.expect_result("3")), "after");
    assert_eq!(world.human.windows(), 0);
}

#[test]
fn codex_which_lists_once_waits_for_the_real_list() {
    let world = Inhabited::new();
    let mut bridge = world.launch().spawn();
    bridge.send(initialize("").replace("an editor", "codex-mcp-client"));
    let visit = world.human.visit();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    bridge.expect_silence(Duration::from_secs(5));
    visit.consent();
    assert_eq!(bridge.expect_result("1")["tools"][0]["name"], "echo");
}

#[test]
fn codex_gets_an_error_and_no_empty_list_when_nobody_signs_in() {
    let world = Inhabited::new();
    let mut bridge = world.launch().spawn();
    bridge.send(initialize("").replace("an editor", "codex-mcp-client"));
    let visit = world.human.visit();
    let begun = Instant::now();
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    bridge.expect_error("1", &[&visit.url]);
    assert!((24..29).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[test]
fn without_a_browser_the_address_and_the_command_are_told() {
    let world = Inhabited::new();
    let mut bridge =
        Bridge::launch(world.server.url()).home(world.home.path()).env("BROWSER", world.human.broken_browser()).spawn();
    bridge.send(initialize(""));
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(say(1, "now", r#","_meta":{"progressToken":1}"#));
    let progress = json(&bridge.expect_method("notifications/progress"));
    let message = progress["params"]["message"].as_str().unwrap();
    assert!(message.contains("run: mcpbridge login"), "{message}");
    let url = message.split(' ').find(|word| word.contains("/authorize?")).expect("an address");
    Visit::by_link(url).consent();
    assert_eq!(text(&bridge.expect_result("1")), "now");
}

impl Inhabited {
    /// An editor that has said `initialize`.
    fn editor(&self, declared: &str) -> Bridge {
        let mut bridge = self.launch().spawn();
        bridge.send(initialize(declared));
        bridge
    }
}

const LINKS: &str = r#""elicitation":{"form":{},"url":{}}"#;

fn initialize(declared: &str) -> String {
    let params = format!(
        r#"{{"protocolVersion":"2025-06-18","capabilities":{{{declared}}},"clientInfo":{{"name":"an editor","version":"1"}}}}"#
    );
    request_with(0, "initialize", &params)
}

/// A request of an editor of the modern era, with further members of its parameters.
fn modern(id: u32, method: &str, more: &str) -> String {
    const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"an editor","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;
    request_with(id, method, &format!(r#"{{"_meta":{{{META}}}{more}}}"#))
}

/// A call of `echo`, with further members of its parameters.
fn say(id: u32, text: &str, more: &str) -> String {
    request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}{more}}}"#))
}

#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {result}"))
}

/// The link that the editor is asked to show: the id of the question and the address.
#[track_caller]
fn offer(bridge: &mut Bridge) -> (String, String) {
    let question = json(&bridge.expect_method("elicitation/create"));
    assert_eq!(question["params"]["mode"], "url", "{question}");
    (question["id"].to_string(), question["params"]["url"].as_str().expect("an address").to_owned())
}

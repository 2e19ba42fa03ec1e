//! The commands that use a server, with a person: at a terminal, at a sign-in, and with Ctrl-C.
#![cfg(unix)]

mod support;

use std::fs::File;
use std::process::Stdio;

use rustix::process::Signal;
use support::*;

/// A legacy server whose tool asks `question` and says back what it was answered.
fn asking(question: &'static str) -> Server {
    let answered = Mailbox::<String>::new();
    let hears = answered.clone();
    Legacy::new()
        .on("answer", move |request, reply| {
            answered.put(request.json()["result"].to_string());
            reply.accepted();
        })
        .on("tools/call", move |request, reply| {
            let mut stream = reply.sse();
            stream.message(request_with("\"q\"", "elicitation/create", question));
            let text = serde_json::Value::from(hears.take());
            stream.message(result(request.id(), &format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#)));
            stream.end();
        })
        .start()
}

const FORM: &str = r#"{"message":"Who are \u001b[31myou?","requestedSchema":{"type":"object","properties":{"name":{"type":"string","title":"Name"},"age":{"type":"integer","default":7,"maximum":99},"colour":{"type":"string","enum":["red","blue"]},"sure":{"type":"boolean"}},"required":["name"]}}"#;

fn call_of(server: &Server) -> Launch {
    Bridge::bare().args(["call", &server.url(), "echo"])
}

#[test]
fn a_form_is_filled_in_at_the_terminal_and_only_the_result_goes_to_stdout() {
    let server = asking(FORM);
    let out = tempfile::NamedTempFile::new().unwrap();
    let mut tty = Tty::start_with(call_of(&server), Some(File::create(out.path()).unwrap()), 80);
    let screen = tty.wait("name (string): ");
    assert!(screen.contains("Who are ␛[31myou?"), "{screen:?}");
    tty.type_keys("\n");
    tty.wait("this is needed");
    tty.type_keys("Ada\n");
    tty.wait("age (integer) [7]: ");
    tty.type_keys("old\n");
    tty.wait("an integer is wanted");
    tty.type_keys("\n");
    tty.wait("colour (1-2): ");
    tty.type_keys("2\n");
    tty.wait("sure (boolean): ");
    tty.type_keys("yes\n");
    let (code, screen) = tty.end();
    assert_eq!(code, 0, "{screen}");
    let result = std::fs::read_to_string(out.path()).unwrap();
    let result = json(&result);
    assert_eq!(result, json(r#"{"action":"accept","content":{"name":"Ada","age":7,"colour":"blue","sure":true}}"#));
}

#[test]
fn a_person_declines_with_control_d() {
    let server = asking(FORM);
    let mut tty = Tty::start(call_of(&server));
    tty.wait("name (string): ");
    tty.type_keys("\u{4}");
    let (code, screen) = tty.end();
    assert!(code == 0 && screen.contains(r#"{"action":"decline"}"#), "{code} {screen}");
}

#[test]
fn an_address_is_shown_and_not_opened() {
    let server = asking(r#"{"mode":"url","message":"Pay","url":"https://pay.example/x","elicitationId":"e"}"#);
    let human = Human::prompt();
    let mut tty = Tty::start(call_of(&server).human(&human));
    tty.wait("https://pay.example/x");
    tty.type_keys("\n");
    let (code, screen) = tty.end();
    assert!(code == 0 && screen.contains(r#"{"action":"accept"}"#), "{code} {screen}");
    assert_eq!(human.windows(), 0);
}

#[test]
fn off_a_terminal_a_question_is_cancelled_and_said_so() {
    let server = asking(FORM);
    let told = call_of(&server).told();
    told.expect(0, &["asks: who are ␛[31myou?", "no terminal"]);
    assert_eq!(told.stdout, "{\"action\":\"cancel\"}\n");
}

#[test]
fn what_a_server_says_cannot_do_anything_to_the_terminal() {
    let evil = r#"\u001b]0;owned\u0007\u001b[2J\u009b31m\rhidden\u202e"#;
    let server = Legacy::new()
        .on("tools/list", move |request, reply| {
            reply.result(
                request,
                &format!(
                    r#"{{"tools":[{{"name":"echo","description":"x{evil}","inputSchema":{{"type":"object"}}}}]}}"#
                ),
            );
        })
        .on("tools/call", move |request, reply| {
            let token = request.json()["params"]["_meta"]["progressToken"].to_string();
            let mut stream = reply.sse();
            let progress = format!(r#"{{"progressToken":{token},"progress":1,"total":2,"message":"half{evil}"}}"#);
            stream.message(notification_with("notifications/progress", &progress));
            stream.message(notification_with(
                "notifications/message",
                &format!(r#"{{"level":"info","data":"log{evil}"}}"#),
            ));
            stream.message(result(request.id(), &format!(r#"{{"content":[{{"type":"text","text":"text{evil}"}}]}}"#)));
            stream.end();
        })
        .start();
    let (code, screen) = Tty::start(call_of(&server)).end();
    assert_eq!(code, 0, "{screen}");
    for seen in ["half", "1/2", "server info: log", "text␛]0;owned␇"] {
        assert!(screen.contains(seen), "{seen}: {screen:?}");
    }
    let tools = Tty::start(Bridge::bare().args(["tools", &server.url()])).end().1;
    let spelled = Tty::start(Bridge::bare().args(["tools", &server.url(), "--json"])).end().1;
    assert!(spelled.contains("\\u009b31m\\rhidden\\u202e"), "{spelled:?}");
    for screen in [screen, tools, spelled] {
        let ours = screen.replace("\u{1b}[K", "").replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(!ours.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{screen:?}");
    }
}

#[test]
fn a_list_fits_the_terminal() {
    let long = "word ".repeat(60);
    let server = Legacy::new()
        .on("tools/list", move |request, reply| {
            reply.result(
                request,
                &format!(r#"{{"tools":[{{"name":"echo","description":"{long}","inputSchema":{{"type":"object"}}}}]}}"#),
            );
        })
        .start();
    for columns in [80, 120] {
        let (_, screen) = Tty::start_with(Bridge::bare().args(["tools", &server.url()]), None, columns).end();
        let line = screen.lines().next().unwrap().replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        let length = line.chars().count();
        assert!(length <= columns.into() && length > usize::from(columns) - 10 && line.ends_with('…'), "{line:?}");
    }
}

#[test]
fn control_c_cancels_the_call_at_the_server_and_ends_the_session() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let tty = Tty::start(call_of(&server));
    let (request, reply) = held.take();
    tty.signal(Signal::INT);
    let (code, screen) = tty.end();
    assert_eq!(code, 130, "{screen}");
    let cancelled = server.wait(1, "notifications/cancelled").json();
    assert_eq!(cancelled["params"]["requestId"].to_string(), request.id());
    server.wait(1, "DELETE");
    drop(reply);
}

#[test]
fn control_c_at_a_question_gives_the_call_up() {
    let server = asking(FORM);
    let tty = Tty::start(call_of(&server));
    tty.wait("name (string): ");
    tty.signal(Signal::INT);
    assert_eq!(tty.end().0, 130);
    server.wait(1, "answer");
    server.wait(1, "DELETE");
}

// Elsewhere there is no `setsid` to be had.
#[cfg(target_os = "linux")]
#[test]
fn control_c_ends_a_question_without_an_echo_and_the_terminal_has_its_echo_again() {
    for args in [&["secret", "set", "mine"][..], &["login", "https://h.example/mcp", "--api-key-header", "X-Key"]] {
        let scratch = tempfile::tempdir().unwrap();
        let program = Bridge::bare().args(args.iter().copied()).command(scratch.path());
        // What is typed there is read from the terminal that the process belongs to, which stdin need not be.
        let mut command = std::process::Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(program.get_program()).args(program.get_args());
        same_environment(&program, &mut command);
        let mut tty = Tty::of(command, scratch);
        tty.wait("it is not shown");
        tty.wait_echo(false);
        tty.type_keys("s3cret\u{3}");
        let screen = tty.wait("interrupted");
        assert!(!screen.contains("s3cret"), "{screen}");
        tty.wait_echo(true);
        assert_eq!(tty.end().0, 130, "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn control_c_does_not_wait_for_who_pipes_a_secret() {
    for args in [&["secret", "set", "mine"][..], &["login", "https://h.example/mcp", "--api-key-header", "X-Key"]] {
        let mut command = Bridge::bare().args(args.iter().copied()).spawn();
        let status = format!("/proc/{}/status", command.pid());
        let hears = || {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
            u64::from_str_radix(&caught, 16).unwrap() & 1 << (Signal::INT.as_raw() - 1) != 0
        };
        let deadline = std::time::Instant::now() + PATIENCE;
        while !hears() {
            assert!(std::time::Instant::now() < deadline, "{args:?} does not listen");
            std::thread::yield_now();
        }
        command.signal(Signal::INT);
        assert_eq!(command.wait_exit(PATIENCE), 130, "{args:?}: {}", command.stderr());
    }
}

#[test]
fn control_c_at_a_sign_in_ends_it_as_it_ends_other_commands() {
    let world = World::new();
    let tty = Tty::start(world.command("login").arg("--no-browser"));
    tty.wait("/authorize?");
    tty.signal(Signal::INT);
    let (code, screen) = tty.end();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("mcpbridge: interrupted"), "{screen}");
}

#[test]
fn changes_are_told_as_json_lines_until_control_c() {
    for protocol in ["auto", "legacy"] {
        changes_are_told(protocol);
    }
}

#[test]
fn listening_ends_where_the_server_tells_of_nothing_and_warns_of_a_resource_that_it_does_not_tell_of() {
    let agreeing = |agreed: &'static str| {
        Server::start(move |request, reply| {
            match request.kind().as_str() {
            _ if request.method != "POST" => reply.status(405),
            "server/discover" => reply.result(
                request,
                r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":0,"cacheScope":"private"}"#,
            ),
            "subscriptions/listen" => {
                let mut stream = reply.sse();
                let id = request.id();
                let params =
                    format!(r#"{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}},"notifications":{agreed}}}"#);
                stream.message(notification_with("notifications/subscriptions/acknowledged", &params));
                stream.wait_closed(PATIENCE);
            }
            _ => reply.error(404, request, -32601, "Method not found"),
        }
        })
    };
    for agreed in ["{}", r#"{"toolsListChanged":false,"resourceSubscriptions":[]}"#] {
        let server = agreeing(agreed);
        let told = Bridge::bare().args(["listen", &server.url(), "--uri", "x:y"]).told();
        told.expect(6, &["does not tell of x:y", "tells of no changes", "mcpbridge resources http"]);
    }
    let server = agreeing(r#"{"toolsListChanged":true}"#);
    let mut shell = Bridge::bare().args(["listen", &server.url(), "--uri", "x:y"]).at_shell();
    assert!(shell.wait_stderr("listening to").contains("does not tell of x:y"));
    shell.kill();
}

fn changes_are_told(protocol: &str) {
    let server = Legacy::new().listening().start();
    let args = ["listen", &server.url(), "--uri", "file:///a", "--protocol", protocol];
    let shell = Bridge::bare().args(args).at_shell();
    let mut stream = server.stream();
    server.wait(1, "resources/subscribe");
    shell.wait_stderr("listening to");
    stream.message(notification("notifications/tools/list_changed"));
    stream.message(notification_with("notifications/resources/updated", r#"{"uri":"file:///a"}"#));
    let lines = shell.wait_stdout("resources/updated");
    let lines: Vec<_> = lines.lines().map(json).collect();
    assert_eq!(lines[0]["method"], "notifications/tools/list_changed");
    assert_eq!((&lines[1]["params"]["uri"], &lines[1]["schema_version"]), (&"file:///a".into(), &1.into()));
    let pid = rustix::process::Pid::from_raw(shell.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    shell.finish().expect(130, &[]);
    server.wait(1, "DELETE");
}

#[test]
fn a_script_is_told_which_command_signs_in_and_no_window_is_opened() {
    let world = World::new();
    let human = Human::prompt();
    for args in [&["tools"][..], &["call", "echo"], &["request", "tools/list"], &["listen"], &["read", "x:/y"]] {
        let command = |json: &[&str]| {
            Bridge::bare()
                .arg(args[0])
                .arg(world.server.url())
                .args(&args[1..])
                .args(json)
                .home(world.home.path())
                .human(&human)
        };
        let told = command(&[]).told();
        told.expect(3, &["wants a sign-in", &format!("run: mcpbridge login {}", world.server.url())]);
        assert_eq!(told.stdout, "", "{args:?}");
        let told = command(&["--json"]).told();
        let error = json(told.expect(3, &[]).stderr.trim());
        assert_eq!(error["error"]["code"], "auth_required", "{error}");
        assert_eq!(error["error"]["hint"], format!("run: mcpbridge login {}", world.server.url()), "{error}");
    }
    assert_eq!(human.windows(), 0);
    world.sign_in();
    world.command("tools").told().expect(0, &[]);
}

#[test]
fn at_a_terminal_the_person_signs_in_and_the_call_goes_on() {
    let world = World::new();
    let human = Human::at_ease();
    let launch = Bridge::bare().args(["call", &world.server.url(), "echo"]).home(world.home.path()).human(&human);
    let tty = Tty::start(launch);
    assert_eq!(human.visit().consent().status, 200);
    let (code, screen) = tty.end();
    assert!(code == 0 && screen.contains("signed in to") && screen.contains("done"), "{code} {screen}");
    assert_eq!(human.windows(), 1);
    world.assert_kept_secret(&[&screen]);
    assert_eq!(world.server.count("tools/call"), 1, "{}", world.server.transcript());
}

#[test]
fn a_command_in_the_background_goes_on_when_its_shell_is_gone() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let command = call_of(&server).command(scratch.path());
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "\"$@\" > \"$OUT\" 2>&1 < /dev/null &", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    support::same_environment(&command, &mut shell);
    assert!(shell.env("OUT", &out).stdin(Stdio::null()).status().unwrap().success());
    let (request, reply) = held.take();
    reply.result(&request, r#"{"content":[{"type":"text","text":"late"}]}"#);
    server.wait(1, "DELETE");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "late\n");
}

//! `--record`: a session, written down with everything but its secrets; and `mcpbridge replay`, which answers from it.

mod support;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, value::RawValue};
use support::*;
use tempfile::TempDir;

#[derive(serde::Deserialize)]
struct Line<'a> {
    ms: u64,
    from: Option<&'a str>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// The messages of a recording, as who said them and their bytes.
#[track_caller]
fn said(text: &str) -> Vec<(&str, &str)> {
    let mut last = 0;
    let mut messages = Vec::new();
    for line in text.lines().skip(1) {
        let Line { ms, from, message } = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(ms >= last, "times go on: {text}");
        last = ms;
        messages.extend(from.zip(message.map(RawValue::get)));
    }
    messages
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("session.jsonl")
}

/// A recording that was not made, line by line.
fn recording(folder: &TempDir, lines: &[(&str, &str)]) -> std::path::PathBuf {
    let mut text =
        r#"{"mcpbridge":"recording","schema_version":1,"started":"2026-11-30T09:00:00.000Z","server":"s"}"#.to_owned();
    for (from, message) in lines {
        text.push_str(&format!("\n{{\"ms\":1,\"from\":\"{from}\",\"message\":{message}}}"));
    }
    let path = file(folder);
    fs::write(&path, text + "\n").unwrap();
    path
}

fn replay(path: &Path) -> Launch {
    Bridge::bare().arg("replay").arg(path)
}

const PROGRESS: &str =
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1.0}}"#;
const LOG: &str =
    r#"{ "jsonrpc":"2.0", "method":"notifications/message","params":{"level":"info","data":1234567890123456789} }"#;
const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
const ASK: &str = r#"{"jsonrpc":"2.0","id":"q-1","method":"elicitation/create","params":{"message":"who?","requestedSchema":{"type":"object","properties":{}}}}"#;
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":"q-1","result":{"action":"decline"}}"#;
const CALL: &str = r#"{ "id":7, "jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{"n":1.0,"big":12345678901234567890},"_meta":{"progressToken":"p"}},"x":null}"#;
const RESULT: &str = r#"{"result":{"content":[], "n" : 1.0,"é":"\u00e9"} ,"id":7,"jsonrpc":"2.0"}"#;

#[test]
fn a_session_is_written_as_it_passed_and_answers_an_editor_with_the_same_bytes() {
    let asked = Mailbox::new();
    let answered = asked.clone();
    let server = Legacy::new()
        .on("tools/call", move |_, reply| {
            let mut stream = reply.sse();
            for message in [PROGRESS, LOG, ASK] {
                stream.message(message);
            }
            asked.take();
            stream.message(CHANGED);
            stream.message(RESULT);
            stream.end();
        })
        .on("answer", move |_, reply| {
            reply.accepted();
            answered.put(());
        })
        .start();
    let folder = TempDir::new().unwrap();
    let mut bridge =
        Bridge::launch(format!("{}?key=s3cret-key", server.url())).arg("--record").arg(file(&folder)).spawn();
    let editor = [initialize(0, VERSION), INITIALIZED.to_owned(), "{no json".to_owned(), CALL.to_owned()];
    let mut heard = Vec::new();
    for line in &editor {
        bridge.send(line);
        if line.contains("initialize\"") || line.starts_with("{no") {
            heard.push(bridge.recv());
        }
    }
    heard.extend((0..3).map(|_| bridge.recv()));
    bridge.send(ANSWER);
    heard.extend((0..2).map(|_| bridge.recv()));
    end_well(bridge);

    let text = fs::read_to_string(file(&folder)).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["mcpbridge"], &first["schema_version"]), (&"recording".into(), &1.into()));
    assert!(first["server"].as_str().unwrap().ends_with("?key=…"), "{first}");
    let started = first["started"].as_str().unwrap();
    assert!(started.starts_with("20") && started.ends_with('Z') && started.len() == 24, "{started}");
    assert!(text.ends_with("\"end\":true}\n"), "{text}");
    assert!(text.contains(r#""from":"editor","text":"{no json"}"#), "{text}");
    let (editors, servers): (Vec<_>, Vec<_>) = said(&text).into_iter().partition(|(from, _)| *from == "editor");
    let editors: Vec<&str> = editors.into_iter().map(|(_, message)| message).collect();
    assert_eq!(editors, [&editor[0], INITIALIZED, CALL, ANSWER]);
    let servers: Vec<&str> = servers.into_iter().map(|(_, message)| message).collect();
    assert_eq!(servers, heard, "the bytes that the editor got");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file(&folder)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    // The same editor, offline.
    drop(server);
    let mut again = replay(&file(&folder)).spawn();
    let mut told = Vec::new();
    for line in &editor {
        again.send(line);
    }
    told.extend((0..5).map(|_| again.recv()));
    again.expect_silence(Duration::from_millis(50));
    again.send(ANSWER);
    told.extend((0..2).map(|_| again.recv()));
    assert_eq!(told, heard);
    end_well(again);
    // An editor that leaves instead of answering gets what it asked for all the same.
    let script = replay(&file(&folder)).run(format!("{}\n{CALL}\n", editor[0]));
    assert_eq!((script.code, script.answer("7")), (0, json(RESULT)));
}

#[test]
fn a_session_of_the_modern_era_answers_in_its_turn() {
    const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    const FOUND: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true}},"ttlMs":0,"cacheScope":"private"}"#;
    let tagged = |id: &str, method: &str, rest: &str| {
        notification_with(method, &format!(r#"{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}{rest}}}"#))
    };
    let server = Server::start(move |request, reply| match request.kind().as_str() {
        "server/discover" => reply.result(request, FOUND),
        "subscriptions/listen" => {
            let mut stream = reply.sse();
            let agreed = r#","notifications":{"toolsListChanged":true}"#;
            stream.message(tagged(request.id(), "notifications/subscriptions/acknowledged", agreed));
            stream.message(tagged(request.id(), "notifications/tools/list_changed", ""));
            stream.wait_closed(PATIENCE);
        }
        _ => reply.result(request, r#"{"resultType":"complete", "content":[] }"#),
    });
    let folder = TempDir::new().unwrap();
    let modern = |id: u64, method: &str, rest: &str| request_with(id, method, &format!("{{{META}{rest}}}"));
    let listen = r#","notifications":{"toolsListChanged":true}"#;
    let mut bridge = Bridge::to(&server).arg("--record").arg(file(&folder)).spawn();
    let lines = [(1, "server/discover", ""), (2, "subscriptions/listen", listen), (3, "tools/call", r#","name":"a""#)];
    let mut heard = Vec::new();
    for ((id, method, rest), answers) in lines.into_iter().zip([1, 2, 1]) {
        bridge.send(modern(id, method, rest));
        heard.extend((0..answers).map(|_| bridge.recv()));
    }
    end_well(bridge);
    drop(server);

    let mut again = replay(&file(&folder)).spawn();
    let mut told = Vec::new();
    for ((id, method, rest), answers) in lines.into_iter().zip([1, 2, 1]) {
        again.send(modern(id, method, rest));
        told.extend((0..answers).map(|_| again.recv()));
    }
    assert_eq!(told, heard);
    // Another one has other ids, and its notifications name them.
    again.send(modern(77, "subscriptions/listen", listen));
    assert_eq!(again.recv(), heard[1].replace("subscriptionId\":2", "subscriptionId\":77"));
    again.send(initialize(78, VERSION));
    again.expect_error("78", &["no initialize", "server/discover"]);
    end_well(again);
}

#[test]
fn no_secret_of_the_run_gets_into_the_file() {
    let echo = |request: &Request| {
        let all: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let text = format!("{} {}", request.path, all.join(" "));
        let json = Value::from(text.as_str()).to_string();
        let escaped: String = text.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
        format!(
            r#"{{"content":[],"as":{json},"slashes":{},"escaped":"{escaped}","pin":735719,"url":"{}"}}"#,
            json.replace('/', "\\/"),
            text.replace('/', "%2F").replace('"', "%22")
        )
    };
    let legacy =
        Legacy::new().on("tools/call", move |request, reply| match request.json()["params"]["name"].as_str() {
            Some("fail") => reply.text(500, "no: Bearer unkn0wn-token at https://me:pa55word@h.example/?q=va1ue1"),
            _ => reply.result(request, &echo(request)),
        });
    let world = World::over(legacy);
    let human = Human::prompt();
    let folder = TempDir::new().unwrap();
    let url = format!("{}?api_key=s3cret/query", world.server.url());
    let headers = [
        "--header",
        "X-Key: s3cret/hea\"der",
        "--header",
        "X-Pin: 735719",
        "--header",
        "X-Both: s3cret-one, s3cret-two",
    ];
    // Beside a key nobody is sent to the browser, unless that has been wanted once.
    let login = Bridge::bare().args(["login", &url]).home(world.home.path()).human(&human).args(headers);
    let first = login.told().expect(0, &[]).stderr.clone();
    let mut bridge = Bridge::launch(url).home(world.home.path()).human(&human).args(headers);
    bridge = bridge.arg("--record").arg(file(&folder)).arg("--debug");
    let mut bridge = bridge.ready();
    bridge.send(call(1));
    let answer = bridge.answer("1");
    assert!(answer.contains("735719") && answer.contains("s3cret/query"), "the editor gets what the server says");
    bridge.send(request_with(2, "tools/call", r#"{"name":"fail","arguments":{"my":"s3cret-two, and private"}}"#));
    bridge.answer("2");
    // A new token, and the old one is no more than a word.
    world.authorization.ledger.drop_access_tokens();
    bridge.send(call(3));
    bridge.answer("3");
    let stderr = end_well_with_errors(bridge);
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(said(&text).len() >= 8 && text.contains("and private") && text.contains("(hidden)"), "{text}");
    let mut secrets = world.authorization.ledger.secrets();
    secrets.extend(["s3cret", "735719", "unkn0wn", "pa55word", "va1ue1"].map(str::to_owned));
    secrets.extend([r"\u0073\u0033\u0063\u0072", "s3cret%2Fquery"].map(str::to_owned));
    assert!(secrets.len() > 6, "{secrets:?}");
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "{secret} is in the file: {text}");
        assert!(!stderr.contains(secret.as_str()), "{secret} is said: {stderr}");
        assert!(!first.contains(secret.as_str()), "{secret} is said: {first}");
    }
}

/// Who has the link can sign in as somebody else.
#[test]
fn the_link_of_a_sign_in_is_in_the_editor_and_not_in_the_file() {
    let world = World::new().may_be_unused();
    let human = Human::at_ease();
    let folder = TempDir::new().unwrap();
    let mut bridge = world.relay(&human).arg("--record").arg(file(&folder)).spawn();
    bridge.send(initialize(0, VERSION).replace(r#""elicitation":{}"#, r#""elicitation":{"url":{}}"#));
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(request(1, "tools/list"));
    bridge.expect_result("1");
    let asked = json(&bridge.expect_method("elicitation/create"));
    let (_, query) = asked["params"]["url"].as_str().unwrap().split_once('?').expect("a query");
    let state = query.split('&').find_map(|pair| pair.strip_prefix("state=")).expect("a state").to_owned();
    bridge.send(call(2));
    bridge.close_stdin();
    let end = bridge.outcome();
    assert!(end.answer("2")["error"].is_object(), "{end:?}");
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(text.contains("elicitation/create") && text.contains(r#""from":"bridge""#), "{text}");
    assert!(!text.contains(&state), "{state} is in {text}");
}

/// So can who has the code.
#[test]
fn the_code_of_a_sign_in_is_in_the_editor_and_not_in_the_file() {
    let world = World::with(|it| it.device = Some(Device::default()), |_| ()).may_be_unused();
    let human = Human::at_ease();
    let folder = TempDir::new().unwrap();
    let mut bridge = world.relay(&human).args(["--device-code", "--record"]).arg(file(&folder)).spawn();
    bridge.send(initialize(0, VERSION));
    let told = bridge.wait_stderr("with the code WDJB-");
    let code = told.split_whitespace().find(|word| word.starts_with("WDJB-")).unwrap();
    let code = code.trim_end_matches(|end: char| !end.is_ascii_digit());
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(call(1));
    bridge.close_stdin();
    let end = bridge.outcome();
    assert!(end.answer("1")["error"].to_string().contains(code), "{end:?}");
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(text.contains("with the code") && !text.contains(code), "{code} is in {text}");
}

/// The editor leaves; some requests had no answer of the server's.
fn end_well_with_errors(mut bridge: Bridge) -> String {
    bridge.close_stdin();
    bridge.outcome().stderr
}

#[test]
fn what_is_there_already_is_neither_written_nor_followed() {
    let server = Legacy::new().start().may_be_unused();
    let folder = TempDir::new().unwrap();
    let refused = |name: &str| {
        let told = Bridge::to(&server).arg("--record").arg(folder.path().join(name)).told();
        told.expect(2, &["--record", name]);
    };
    fs::write(folder.path().join("mine"), "precious").unwrap();
    refused("mine");
    assert_eq!(fs::read_to_string(folder.path().join("mine")).unwrap(), "precious");
    #[cfg(unix)]
    for (link, target) in [("link", "mine"), ("dangling", "elsewhere")] {
        std::os::unix::fs::symlink(folder.path().join(target), folder.path().join(link)).unwrap();
        refused(link);
    }
    assert_eq!(fs::read_to_string(folder.path().join("mine")).unwrap(), "precious");
    assert!(!folder.path().join("elsewhere").exists());
    refused("no-folder/x");
    // A folder has room for every run.
    let runs = folder.path().join("runs");
    fs::create_dir(&runs).unwrap();
    for _ in 0..2 {
        end_well(Bridge::to(&server).env("MCPBRIDGE_RECORD", &runs).ready());
    }
    let names: Vec<String> =
        fs::read_dir(&runs).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() == 2 && names.iter().all(|name| name.ends_with(".jsonl")), "{names:?}");
}

/// A relay that may write files of so many blocks of 512 bytes; what is beyond is refused as on a full disk.
#[cfg(unix)]
fn on_a_small_disk(launch: Launch, blocks: usize) -> Bridge {
    launch.spawn_as(|command| {
        let mut shell = std::process::Command::new("sh");
        let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
        shell.current_dir(command.get_current_dir().unwrap());
        same_environment(command, &mut shell);
        *command = shell;
    })
}

#[test]
#[cfg(unix)]
fn a_full_disk_ends_the_recording_and_not_the_session() {
    let server = Legacy::new().start();
    let folder = TempDir::new().unwrap();
    let launch = || Bridge::to(&server).arg("--record").arg(file(&folder));
    let end = on_a_small_disk(launch(), 0).outcome();
    assert!(end.code == 2 && end.stderr.contains("cannot be written"), "{end:?}");
    assert!(!file(&folder).exists(), "nothing is left of what could not begin");
    let mut bridge = on_a_small_disk(launch(), 8);
    bridge.shake_hands(VERSION);
    for id in 1..=100 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
    }
    let stderr = end_well(bridge);
    assert_eq!(stderr.matches("cannot be written").count(), 1, "{stderr}");
    let size = fs::metadata(file(&folder)).unwrap().len();
    assert!(size <= 8192, "{size}");
    // What is there is of use.
    let outcome = replay(&file(&folder)).run(format!("{}\n{}\n", initialize(0, VERSION), call(5)));
    assert_eq!((outcome.code, outcome.answer("5")["result"].is_object()), (0, true), "{outcome:?}");
    assert!(outcome.stderr.contains("middle of a line"), "{outcome:?}");
}

/// As editors end what they have started.
#[test]
fn a_relay_that_is_killed_leaves_what_was_said() {
    let server = Legacy::new().start();
    let folder = TempDir::new().unwrap();
    let mut bridge = Bridge::to(&server).arg("--record").arg(file(&folder)).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let deadline = Instant::now() + PATIENCE;
    while !fs::read_to_string(file(&folder)).unwrap().contains(r#""message":{"jsonrpc":"2.0","id":1,"result""#) {
        assert!(Instant::now() < deadline, "{}", fs::read_to_string(file(&folder)).unwrap());
        // A file has no event that is the same everywhere.
        thread::sleep(Duration::from_millis(5));
    }
    drop(bridge);
    let outcome = replay(&file(&folder)).run(call(5));
    assert!(outcome.code == 0 && outcome.answer("5")["result"].is_object(), "{outcome:?}");
}

#[test]
fn a_command_of_the_shell_is_recorded_too() {
    let server = Legacy::new().start();
    let folder = TempDir::new().unwrap();
    let told = Bridge::bare().args(["request", &server.url(), "tools/list", "--record"]).arg(file(&folder)).told();
    assert!(told.expect(0, &[]).stdout.contains("echo"));
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(
        text.ends_with("\"end\":true}\n")
            && said(&text).iter().any(|(from, it)| *from == "server" && it.contains("echo")),
        "{text}"
    );
}

#[test]
fn what_a_command_of_the_shell_recorded_answers_editors_of_both_eras() {
    let server = Legacy::new().start();
    let folder = TempDir::new().unwrap();
    let told = Bridge::bare().args(["request", &server.url(), "tools/list", "--record"]).arg(file(&folder)).told();
    told.expect(0, &[]);
    let text = fs::read_to_string(file(&folder)).unwrap();
    assert!(!said(&text).iter().any(|(from, it)| *from == "editor" && it.contains("\"initialize\"")), "{text}");
    for (wanted, told) in [(VERSION, VERSION), ("2024-11-05", "2024-11-05"), ("1999-01-01", "2025-11-25")] {
        let mut legacy = replay(&file(&folder)).spawn();
        legacy.send(initialize(0, wanted));
        let opened = legacy.expect_result("0");
        assert_eq!((&opened["protocolVersion"], &opened["capabilities"]), (&told.into(), &json(r#"{"tools":{}}"#)));
        assert!(opened["serverInfo"]["name"].is_string() && opened["serverInfo"]["version"].is_string(), "{opened}");
        legacy.send(INITIALIZED);
        legacy.send(request(1, "tools/list"));
        assert!(legacy.expect_result("1")["tools"].is_array());
        end_well(legacy);
    }
    let meta = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}"#;
    let mut modern = replay(&file(&folder)).spawn();
    modern.send(request_with(0, "server/discover", meta));
    let found = modern.expect_result("0");
    assert_eq!(
        (&found["supportedVersions"][0], &found["capabilities"]),
        (&"2026-07-28".into(), &json(r#"{"tools":{}}"#))
    );
    assert_eq!(found["resultType"], "complete");
    modern.send(request_with(1, "tools/list", meta));
    assert!(modern.expect_result("1")["tools"].is_array());
    end_well(modern);
}

#[test]
fn equal_requests_get_their_answers_in_turn_and_the_last_one_again() {
    let folder = TempDir::new().unwrap();
    let path = recording(
        &folder,
        &[
            ("editor", &request(1, "tools/list")),
            ("server", &result(1, r#"{"tools":[1]}"#)),
            ("server", CHANGED),
            ("editor", &request(1, "tools/list")),
            ("server", &result(1, r#"{"tools":[2]}"#)),
            ("server", CHANGED),
            ("editor", &request_with(2, "tools/call", r#"{"name":"a","_meta":{"progressToken":"p"}}"#)),
            ("editor", &request_with(3, "tools/call", r#"{"name":"b"}"#)),
            ("server", &result(3, "{}")),
            ("server", PROGRESS),
            ("bridge", &error(2, -32000, "gone")),
            ("editor", &request_with(4, "tools/call", r#"{"name":"c"}"#)),
        ],
    );
    let mut bridge = replay(&path).spawn();
    for (id, tools) in [("\"a\"", 1), ("2", 2), ("3", 2)] {
        bridge.send(request(id, "tools/list"));
        assert_eq!(bridge.recv(), result(id, &format!(r#"{{"tools":[{tools}]}}"#)));
        if id != "3" {
            assert_eq!(bridge.recv(), CHANGED);
        }
    }
    bridge.send(request(4, "ping"));
    assert_eq!(bridge.recv(), result(4, "{}"), "and nothing after the answer that was repeated");
    bridge.send(request_with(5, "tools/call", r#"{"_meta":{"progressToken":99},"name":"\u0061"}"#));
    assert_eq!(bridge.recv(), PROGRESS.replace("\"p\"", "99"));
    assert_eq!(bridge.recv(), error(5, -32000, "gone"));
    // Who wants no progress gets none.
    bridge.send(request_with(6, "tools/call", r#"{"name":"a"}"#));
    assert_eq!(bridge.recv(), error(6, -32000, "gone"));
    bridge.send(request_with(7, "tools/call", r#"{"name":"c"}"#));
    bridge.expect_error("7", &["has no answer"]);
    bridge.send(request_with(8, "tools/call", r#"{"name":"z"}"#));
    let error = bridge.expect_error("8", &["no tools/call with these parameters", r#"{"name":"b"}"#]);
    assert_eq!(error["code"], -32602);
    bridge.send(request(9, "prompts/list"));
    let error = bridge.expect_error("9", &["no prompts/list", "tools/list, tools/call"]);
    assert_eq!(error["code"], -32601);
    bridge.send(format!("[{},{}]", request(10, "ping"), request(11, "tools/list")));
    bridge.expect_result("10");
    bridge.expect_result("11");
    end_well(bridge);
}

#[test]
fn parameters_that_a_recording_has_again_and_again_are_named_once() {
    let folder = TempDir::new().unwrap();
    let calls: Vec<(String, String)> = ["a", "b"]
        .repeat(10)
        .iter()
        .enumerate()
        .map(|(id, name)| (request_with(id, "tools/call", &format!(r#"{{"name":"{name}"}}"#)), result(id, "{}")))
        .collect();
    let lines: Vec<(&str, &str)> =
        calls.iter().flat_map(|(asked, answer)| [("editor", asked.as_str()), ("server", answer.as_str())]).collect();
    let mut bridge = replay(&recording(&folder, &lines)).spawn();
    bridge.send(request_with(1, "tools/call", r#"{"name":"z"}"#));
    let error = bridge.expect_error("1", &["no tools/call with these parameters"]);
    let text = error["message"].as_str().unwrap();
    for name in ["a", "b"] {
        assert_eq!(text.matches(&format!(r#"{{"name":"{name}"}}"#)).count(), 1, "{text}");
    }
    assert!(!text.contains("more"), "{text}");
    end_well(bridge);
}

#[test]
fn a_file_that_is_no_whole_recording_is_refused_with_the_line() {
    let folder = TempDir::new().unwrap();
    let good =
        fs::read_to_string(recording(&folder, &[("editor", &request(1, "a")), ("server", &result(1, "{}"))])).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    for (text, words) in [
        (String::new(), "is empty"),
        ("{\"mcpServers\":{}}\n".to_owned(), "no recording: line 1"),
        ("\u{1b}[31m\n".to_owned(), "no recording: line 1"),
        (good.replace("\"schema_version\":1", "\"schema_version\":2"), "newer mcpbridge"),
        (format!("{}\n{{\"ms\":1\n{}\n", lines[0], lines[1]), "line 2"),
        (format!("{}\n{}\n{{}}\n", lines[0], lines[1]), "line 3"),
        (good.replace("server\",\"m", "nobody\",\"m"), "line 3"),
        (good.replace("\"result\":{}", "\"other\":{}"), "line 3"),
    ] {
        fs::write(file(&folder), &text).unwrap();
        let told = replay(&file(&folder)).told();
        told.expect(2, &[words, "--record"]);
        assert!(told.stdout.is_empty() && !told.stderr.contains('\u{1b}'), "{told:?}");
    }
    fs::write(file(&folder), vec![0; 1 << 20]).unwrap();
    replay(&file(&folder)).told().expect(2, &["no recording: line 1 does not end"]);
    replay(folder.path()).told().expect(2, &["is no file with a recording"]);
    #[cfg(unix)]
    replay(Path::new("/dev/zero")).told().expect(2, &["is no file with a recording"]);
    replay(&folder.path().join("none")).told().expect(2, &["none", "cannot be read"]);
    // A relay that was killed in the middle of a line has left all that is before it.
    fs::write(file(&folder), &good[..good.len() - 5]).unwrap();
    let outcome = replay(&file(&folder)).run(request(1, "a"));
    assert_eq!((outcome.code, outcome.answer("1")["error"]["code"].as_i64()), (0, Some(-32000)), "{outcome:?}");
    assert!(outcome.stderr.contains("middle of a line"), "{outcome:?}");
}

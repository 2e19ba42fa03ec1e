//! `mcpbridge logs`: what a relay notes of its run, for the person who looks afterwards.

mod support;

use std::{fs, path::Path, time::Instant};

use serde_json::Value;
use support::*;
use tempfile::TempDir;

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","title":"Ed the Editor","version":"7"},"io.modelcontextprotocol/clientCapabilities":{}"#;

/// What `mcpbridge logs` tells of the one server, or of all.
#[track_caller]
fn logs(home: &Path, args: &[&str]) -> Value {
    Bridge::bare().args(["logs", "--json"]).args(args).home(home).told().expect(0, &[]).json()
}

/// The runs of the only server.
#[track_caller]
fn runs(home: &Path) -> Vec<Value> {
    let servers = logs(home, &[])["servers"].as_array().unwrap().clone();
    assert_eq!(servers.len(), 1, "{servers:?}");
    servers[0]["runs"].as_array().unwrap().clone()
}

#[test]
fn a_run_is_noted_with_its_editor_the_eras_the_requests_and_the_end() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let mut bridge = Bridge::to(&server).home(home.path()).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let pid = bridge.pid();
    end_well(bridge);
    let all = logs(home.path(), &[]);
    assert_eq!((&all["schema_version"], &all["servers"][0]["server"]), (&Value::from(1), &server.url().into()));
    let [run] = &runs(home.path())[..] else { panic!("one run: {all}") };
    for (member, value) in [
        ("pid", Value::from(pid)),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("state", "ended".into()),
        ("exit_code", 0.into()),
        ("requests", 2.into()),
        ("failed", 0.into()),
        ("transport", "http".into()),
        ("why", Value::Null),
    ] {
        assert_eq!(run[member], value, "{member}: {run}");
    }
    assert_eq!(run["editor"]["name"], "scripted-editor", "{run}");
    assert_eq!((&run["eras"]["editor"], &run["eras"]["server"]), (&"legacy".into(), &"legacy".into()));
    assert!(run["started_at"].as_u64() <= run["ended_at"].as_u64() && run["started_at"].is_u64(), "{run}");
    let told = Bridge::bare().args(["logs", &server.url()]).home(home.path()).told();
    for part in [&server.url(), "scripted-editor", "2 requests", "ended well (ran ", &format!("process {pid}")] {
        assert!(told.stdout.contains(part), "{part:?}: {told:?}");
    }
}

#[test]
fn a_modern_editor_and_an_old_server_are_told_from_others() {
    let (server, _wire) = HttpSse::new().start();
    let home = TempDir::new().unwrap();
    let mut bridge = Bridge::launch(server.at("/sse")).home(home.path()).spawn();
    bridge.send(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{"_meta":{{{META}}}}}}}"#));
    bridge.expect_result("1");
    end_well(bridge);
    let [run] = &runs(home.path())[..] else { panic!() };
    assert_eq!((&run["editor"]["name"], &run["editor"]["version"]), (&"Ed the Editor".into(), &"7".into()), "{run}");
    assert_eq!((&run["eras"]["editor"], &run["eras"]["server"]), (&"modern".into(), &"legacy".into()), "{run}");
    assert_eq!(run["transport"], "sse");
}

#[cfg(unix)]
#[test]
fn a_relay_that_runs_is_told_from_one_that_was_killed() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let mut killed = Bridge::to(&server).home(home.path()).ready();
    let running = Bridge::to(&server).home(home.path()).ready();
    // What is noted is written beside the relay's work, and a moment later.
    let deadline = Instant::now() + PATIENCE;
    while !(runs(home.path()).len() == 2 && runs(home.path()).iter().all(|run| run["editor"].is_object())) {
        assert!(Instant::now() < deadline, "{:?}", runs(home.path()));
    }
    for run in runs(home.path()) {
        assert_eq!(
            (&run["state"], &run["ended_at"], &run["editor"]["name"]),
            (&"running".into(), &Value::Null, &"scripted-editor".into()),
            "{run}"
        );
    }
    killed.signal(rustix::process::Signal::KILL);
    killed.wait_exit(PATIENCE);
    let state = |pid: u32| {
        let runs = runs(home.path());
        let run = runs.iter().find(|run| run["pid"] == pid).unwrap_or_else(|| panic!("{pid}: {runs:?}"));
        run["state"].as_str().unwrap().to_owned()
    };
    assert_eq!((state(killed.pid()), state(running.pid())), ("no_end_noted".to_owned(), "running".to_owned()));
    let told = Bridge::bare().arg("logs").home(home.path()).told();
    assert!(told.stdout.contains("no end noted") && told.stdout.contains("running"), "{told:?}");
    end_well(running);
}

#[cfg(unix)]
#[test]
fn a_relay_that_was_asked_to_end_says_so() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let mut bridge = Bridge::to(&server).home(home.path()).ready();
    bridge.signal(rustix::process::Signal::TERM);
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    let [run] = &runs(home.path())[..] else { panic!() };
    assert_eq!((&run["exit_code"], &run["why"]), (&0.into(), &"stopped by a signal".into()), "{run}");
}

#[test]
fn a_server_that_was_not_reached_and_a_relay_that_could_not_begin_are_noted_with_the_reason() {
    let home = TempDir::new().unwrap();
    let url = format!("http://127.0.0.1:{}/mcp", unused_port());
    reaches_nothing(Bridge::launch(&url).args(["--connect-timeout", "0.2"]).home(home.path()));
    let told = Bridge::launch(&url).args(["--header", "X-Key: ${NOT_SET_ANYWHERE}"]).home(home.path()).told();
    told.expect(2, &["NOT_SET_ANYWHERE"]);
    let runs = runs(home.path());
    let [unreached, unbegun] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(
        (&unreached["exit_code"], &unreached["requests"], &unreached["failed"]),
        (&5.into(), &1.into(), &1.into())
    );
    assert!(unreached["why"].as_str().unwrap().contains("127.0.0.1"), "{unreached}");
    assert_eq!((&unbegun["exit_code"], &unbegun["requests"]), (&2.into(), &0.into()));
    assert!(unbegun["why"].as_str().unwrap().contains("NOT_SET_ANYWHERE"), "{unbegun}");
}

#[test]
fn the_cause_is_told_and_not_what_followed_from_it() {
    let home = TempDir::new().unwrap();
    let port = unused_port();
    let mut bridge = Bridge::launch(format!("http://127.0.0.1:{port}/mcp"))
        .args(["--connect-timeout", "0.2"])
        .home(home.path())
        .spawn();
    bridge.send(initialize(0, VERSION));
    bridge.send(call(1));
    bridge.expect_error("0", &[]);
    bridge.expect_error("1", &["there is no session, because initialize failed"]);
    bridge.close_stdin();
    assert_eq!(bridge.outcome().code, 5);
    let [run] = &runs(home.path())[..] else { panic!() };
    let why = run["why"].as_str().unwrap();
    assert!(why.contains(&port.to_string()) && !why.contains("there is no session"), "{run}");
    assert_eq!(run["failed"], 2, "{run}");
}

#[cfg(unix)]
#[test]
fn a_relay_that_runs_is_known_also_where_its_beginning_is_no_longer_kept() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let bridge = Bridge::to(&server).home(home.path()).ready();
    let deadline = Instant::now() + PATIENCE;
    while runs(home.path())[0]["eras"].is_null() {
        assert!(Instant::now() < deadline, "{:?}", runs(home.path()));
    }
    let [(path, text)] = &files(&home.path().join("mcpbridge/runs"))[..] else { panic!() };
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains(r#""event":"start""#)).collect();
    assert!(!lines.is_empty() && lines.len() < text.lines().count(), "{text}");
    fs::write(path, lines.join("\n") + "\n").unwrap();
    let run = &logs(home.path(), &[&server.url()])["servers"][0]["runs"][0];
    assert_eq!((&run["state"], &run["version"]), (&"running".into(), &"".into()), "{run}");
    end_well(bridge);
}

#[test]
fn the_commands_below_the_runs_are_of_the_account_and_can_be_pasted() {
    let world = World::new();
    let human = Human::unwilling();
    let mut bridge = world.relay(&human).args(["--account", "at work"]).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["access_denied"]);
    bridge.close_stdin();
    assert_eq!(bridge.outcome().code, 4);
    let told = Bridge::bare().arg("logs").home(world.home.path()).told();
    let command = format!("run: mcpbridge why {} --account 'at work'\n", world.server.url());
    assert!(told.expect(0, &[]).stdout.contains(&command), "{told:?}");
    let told = Bridge::bare().args(["logs", "https://never.example/mcp?key=x"]).home(world.home.path()).told();
    assert!(told.expect(0, &[]).stdout.contains("mcpbridge 'https://never.example/mcp?key=…'\n"), "{told:?}");
}

#[test]
fn no_runs_at_all_cannot_be_asked_for() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    works(Bridge::to(&server).home(home.path()));
    let told = Bridge::bare().args(["logs", "--last", "0"]).home(home.path()).told();
    assert_eq!(told.expect(2, &["--last", "1 or more"]).stdout, "");
    assert_eq!(logs(home.path(), &["--last", "1"])["servers"][0]["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn what_stderr_would_have_said_is_kept_also_where_nothing_is_said() {
    for flag in ["--debug", "--silent"] {
        let server = Legacy::new().start();
        let home = TempDir::new().unwrap();
        let mut bridge = Bridge::to(&server).args([flag, "--max-message-size", "1K"]).home(home.path()).ready();
        let large =
            format!(r#"{{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{{"name":"{}"}}}}"#, "x".repeat(2000));
        bridge.send(large);
        bridge.expect_error("9", &["larger than"]);
        let said = end_well(bridge);
        assert_eq!(said.is_empty(), flag == "--silent", "{said}");
        let [run] = &runs(home.path())[..] else { panic!() };
        let lines = run["said"].as_array().unwrap();
        assert_eq!(lines.len(), 1, "nothing of --debug: {run}");
        assert_eq!(lines[0]["level"], "warning");
        assert!(lines[0]["text"].as_str().unwrap().contains("--max-message-size"), "{run}");
    }
}

#[test]
fn relays_that_run_at_once_all_keep_their_history() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let bridges: Vec<Bridge> = (0..6).map(|_| Bridge::to(&server).home(home.path()).spawn()).collect();
    for mut bridge in bridges {
        bridge.shake_hands(VERSION);
        end_well(bridge);
    }
    let runs = runs(home.path());
    assert_eq!(runs.len(), 6);
    assert!(runs.iter().all(|run| run["state"] == "ended" && run["editor"]["name"] == "scripted-editor"), "{runs:?}");
    assert_eq!(logs(home.path(), &["--last", "2"])["servers"][0]["runs"].as_array().unwrap()[..], runs[4..]);
}

#[test]
fn the_history_is_the_only_trace_of_a_run_and_can_be_switched_off() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let state = home.path().join("mcpbridge");
    let relay = || Bridge::to(&server).home(home.path());
    works(relay().arg("--no-history"));
    works(relay().env("MCPBRIDGE_NO_HISTORY", "1"));
    works(relay().env("MCPBRIDGE_CREDENTIAL_STORE", "memory"));
    assert!(!state.exists());
    fs::create_dir(&state).unwrap();
    fs::write(state.join("config.toml"), "[defaults]\nno-history = true\n").unwrap();
    works(relay());
    assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
    let told = Bridge::bare().arg("logs").home(home.path()).told();
    assert!(told.expect(0, &[]).stdout.contains("no run is noted"), "{told:?}");
    fs::remove_file(state.join("config.toml")).unwrap();
    works(relay());
    let left: Vec<_> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["runs"]);
    #[cfg(unix)]
    for (path, _) in files(&state) {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_history_that_cannot_be_written_disturbs_nothing() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("mcpbridge")).unwrap();
    fs::write(home.path().join("mcpbridge/runs"), "in the way").unwrap();
    assert_eq!(works(Bridge::to(&server).home(home.path())), "");
}

#[test]
fn no_secret_is_in_the_history() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let url = server.url().replace("://", "://user:pass-w0rd-s3cret@") + "?key=query-s3cret";
    works(
        Bridge::launch(&url)
            .args(["--debug", "--header", "X-Api-Key: header-s3cret", "--header", "X-Var: ${VAR_S3}"])
            .env("VAR_S3", "variable-s3cret")
            .home(home.path()),
    );
    // A server that repeats what it was told.
    let echo = Server::start(|request, reply| {
        let key = request.header("x-api-key").unwrap_or_default().to_owned();
        reply.send(403, "text/plain", format!("no such key: {key}"));
    });
    let mut bridge = Bridge::to(&echo).args(["--header", "X-Api-Key: header-s3cret"]).home(home.path()).spawn();
    bridge.send(initialize(0, VERSION));
    bridge.expect_error("0", &[]);
    bridge.close_stdin();
    bridge.outcome();
    // The token of a sign-in, and all that led to it.
    let world = World::new();
    let human = Human::prompt();
    let mut bridge = world.relay(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let window = human.opened()[0].clone();
    end_well(bridge);
    world.assert_kept_secret(&[]);
    let kept: Vec<_> = files(&home.path().join("mcpbridge/runs"))
        .into_iter()
        .chain(files(&world.home.path().join("mcpbridge/runs")))
        .chain(files(&world.home.path().join("mcpbridge/history")))
        .collect();
    assert!(kept.len() >= 4, "{kept:?}");
    let value = |name: &str| window.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap();
    for (path, text) in &kept {
        for secret in ["s3cret", value("state"), value("code_challenge")] {
            assert!(!text.contains(secret), "{secret} is in {}: {text}", path.display());
        }
    }
}

#[test]
fn a_server_goes_by_its_name_and_one_that_never_ran_is_told_with_the_next_command() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    Bridge::bare().args(["add", "files", &server.url()]).home(home.path()).told().expect(0, &[]);
    let told = Bridge::bare().args(["logs", "files"]).home(home.path()).told();
    assert!(
        told.expect(0, &[]).stdout.contains("no run is noted") && told.stdout.contains("mcpbridge files"),
        "{told:?}"
    );
    works(Bridge::launch("files").home(home.path()));
    let all = logs(home.path(), &["files"]);
    assert_eq!((&all["servers"][0]["name"], &all["servers"][0]["server"]), (&"files".into(), &server.url().into()));
    assert_eq!(all["servers"][0]["runs"].as_array().unwrap().len(), 1);
    assert_eq!(logs(home.path(), &[]), all);
    Bridge::bare().args(["logs", "flies"]).home(home.path()).told().expect(2, &["did you mean files?"]);
}

#[test]
fn what_an_editor_calls_itself_cannot_move_the_cursor() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    let mut bridge = Bridge::to(&server).home(home.path()).spawn();
    bridge.send(initialize(0, VERSION).replace("scripted-editor", r"ed\u001b[2J\u202e"));
    bridge.expect_result("0");
    end_well(bridge);
    let told = Bridge::bare().arg("logs").home(home.path()).told();
    assert!(
        told.stdout.contains("ed␛[2J") && !told.stdout.contains('\u{1b}') && !told.stdout.contains('\u{202e}'),
        "{told:?}"
    );
}

#[cfg(unix)]
#[test]
fn what_is_noted_is_followed_until_ctrl_c_or_until_nobody_reads() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };
    let (server, other) = (Legacy::new().start(), Legacy::new().start());
    let home = TempDir::new().unwrap();
    end_well(Bridge::to(&server).home(home.path()).ready());
    let all = Bridge::bare().args(["logs", "--follow"]).home(home.path()).at_shell();
    all.wait_stdout("ended well");
    let one = Bridge::bare().args(["logs", "--follow", "--json", &server.url()]).home(home.path()).at_shell();
    one.wait_stdout("schema_version");

    let begun = [&server, &other].map(|server| {
        let bridge = Bridge::to(server).home(home.path()).ready();
        let pid = bridge.pid();
        end_well(bridge);
        pid
    });
    for pid in begun {
        for words in ["begins", "editor: scripted-editor", "Streamable HTTP", "1 request · ended well"] {
            let shown = all.wait_stdout(words);
            assert!(shown.lines().any(|line| line.contains(&format!("process {pid}"))) || pid == begun[1], "{shown}");
        }
        all.wait_stdout(&format!("process {pid}  1 request · ended well"));
    }
    let shown = one.wait_stdout(r#""event":"end""#);
    let events: Vec<Value> = shown.lines().skip(1).map(json).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(kinds, ["start", "editor", "open", "end"], "{shown}");
    assert!(events.iter().all(|event| event["pid"] == begun[0] && event["server"] == server.url()), "{shown}");

    for following in [all, one] {
        let process = rustix::process::Pid::from_raw(following.pid().cast_signed()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        following.finish().expect(130, &["interrupted"]);
    }
    let scratch = TempDir::new().unwrap();
    let launch = Bridge::bare().args(["logs", "--follow"]).home(home.path());
    let mut unread = launch.command(scratch.path()).stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(unread.stdout.take().unwrap()).read_line(&mut first).unwrap();
    // Nothing more is noted, and it ends all the same.
    assert!(first.contains("http") && unread.wait().unwrap().success(), "{first}");
}

//! Computers on which something is missing: a home, room for files, descriptors. What can be done without is done
//! without; for the rest there is an answer, and never silence.
#![cfg(target_os = "linux")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use support::{
    Authorization, Bridge, Human, INITIALIZED, Launch, Legacy, Mailbox, PATIENCE, Protected, Reply, Request, Server,
    Told, call, files, initialize, is_in_a_namespace, json, request_with, result, same_environment,
};

/// What a server of the modern era says of itself.
const DISCOVERED: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}"#;
/// Where nothing can be, for root neither.
const NOWHERE: &str = "/dev/null/home";

#[test]
fn a_server_without_a_sign_in_needs_no_home() {
    let server = Legacy::new().start();
    for mut bridge in [
        homeless(Bridge::to(&server)).spawn(),
        Bridge::to(&server).env("MCPBRIDGE_CONFIG_DIR", NOWHERE).spawn(),
        of_nobody(Bridge::to(&server)),
    ] {
        bridge.shake_hands("2025-06-18");
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }
}

#[test]
fn a_sign_in_without_a_home_is_refused_by_the_name_of_the_folder_and_opens_no_window() {
    let authorization = Authorization::start(|_| ()).may_be_unused();
    let server = Protected::start(&authorization.desk(), |_| ());
    let human = Human::at_ease();
    let launch = || Bridge::launch(server.url()).human(&human);
    for mut bridge in
        [homeless(launch()).spawn(), launch().env("MCPBRIDGE_CONFIG_DIR", NOWHERE).spawn(), of_nobody(launch())]
    {
        bridge.send(initialize(0, "2025-06-18"));
        let error = bridge.expect_error("0", &["MCPBRIDGE_CONFIG_DIR"]);
        assert_eq!(error["data"]["mcpbridge"], "store_unavailable", "{error}");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 8, "{}", bridge.stderr());
    }
    assert_eq!(human.windows(), 0);
}

#[test]
fn on_a_full_disk_nothing_is_half_written_and_each_command_says_so() {
    let name = "on_a_full_disk_nothing_is_half_written_and_each_command_says_so";
    let Some(disk) = Disk::of(name) else { return };
    disk.fill();
    for told in disk.changes_nothing() {
        assert!(told.stderr.contains("free some space"), "{told:?}");
    }
}

#[test]
fn on_a_read_only_disk_nothing_is_written_and_each_command_says_so() {
    let name = "on_a_read_only_disk_nothing_is_written_and_each_command_says_so";
    let Some(disk) = Disk::of(name) else { return };
    disk.mount(&["-o", "remount,ro"]);
    for told in disk.changes_nothing() {
        assert!(told.stderr.contains("make ") && told.stderr.contains("writable for you"), "{told:?}");
    }
}

#[test]
fn with_hardly_any_descriptors_a_relay_works_or_says_what_is_missing() {
    let server = Legacy::new().start();
    let mut worked = 0;
    // With fewer the system cannot load a program.
    for limit in 4..24 {
        let mut bridge = with_descriptors(Bridge::to(&server), limit);
        bridge.send(initialize(0, "2025-06-18"));
        bridge.send(INITIALIZED);
        bridge.send(call(1));
        bridge.close_stdin();
        let end = bridge.outcome();
        assert!(!end.stderr.contains("panicked"), "with {limit}: {end:?}");
        let answer = |id: u64| end.stdout.iter().map(|line| json(line)).find(|line| line["id"] == id);
        match (answer(0), answer(1)) {
            (Some(hello), Some(called)) if hello.get("result").is_some() && called.get("result").is_some() => {
                assert_eq!(end.code, 0, "with {limit}: {end:?}");
                worked += 1;
            }
            (Some(_), Some(_)) => assert_ne!(end.code, 0, "with {limit}: {end:?}"),
            // It did not even start.
            _ => assert!(end.code != 0 && !end.stderr.is_empty(), "with {limit}: {end:?}"),
        }
    }
    assert!(worked > 5, "{worked}");
}

#[test]
fn a_command_of_the_shell_says_so_too() {
    let server = Legacy::new().start();
    for limit in 4..16 {
        let mut command = with_descriptors(Bridge::bare().args(["request", &server.url(), "tools/list"]), limit);
        let code = command.wait_exit(PATIENCE);
        let stderr = if code == 0 { command.stderr() } else { command.wait_stderr("mcpbridge") };
        assert!(!stderr.contains("panicked"), "with {limit}: {stderr}");
    }
}

#[test]
fn more_calls_than_descriptors_are_all_answered_and_the_relay_recovers() {
    let held = Mailbox::new();
    let server = Legacy::new().hold("tools/call", &held).start();
    let mut bridge = with_descriptors(Bridge::to(&server), 32);
    bridge.shake_hands("2025-06-18");
    for id in 1..=64 {
        bridge.send(call(id));
    }
    let mut released = 0;
    let mut answered = 0;
    while answered < 64 {
        // What arrived is answered, until all have their answer or their error.
        while let Some((request, reply)) = held.take_within(std::time::Duration::from_millis(50)) {
            reply.result(&request, "{}");
            released += 1;
        }
        while bridge.recv_within(std::time::Duration::from_millis(50)).is_some() {
            answered += 1;
        }
    }
    assert!(released > 10, "{released}");
    bridge.send(call(99));
    let (request, reply) = held.take();
    reply.result(&request, "{}");
    bridge.expect_result("99");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
}

#[test]
fn where_there_is_no_memory_for_a_message_its_sender_is_told_and_the_relay_goes_on() {
    let server = Legacy::new().on("tools/call", larger_than_memory()).start();
    goes_on_without_memory(&server, Bridge::ready(&server));
}

#[test]
fn where_there_is_no_memory_for_a_message_to_translate_its_sender_is_told_and_the_relay_goes_on() {
    let server = modern(larger_than_memory());
    goes_on_without_memory(&server, Bridge::to(&server).args(["--protocol", "modern"]).ready());
}

/// Answers to the calls 2 to 5: as JSON, as an event, and both packed so small that nothing tells their size before.
fn larger_than_memory() -> impl Fn(&Request, Reply) + Send + Sync + 'static {
    let answer = |id: &str| result(id, &format!(r#"{{"resultType":"complete","text":"{}"}}"#, "x".repeat(60 << 20)));
    let (json, event) = (gzip(&answer("4")), gzip(&format!("data: {}\n\n", answer("5"))));
    let packed = |reply: Reply, kind: &str, body: &[u8]| {
        reply.header("Content-Encoding", "gzip").send(200, kind, body);
    };
    move |request, reply| match request.id() {
        "2" => reply.json(answer("2")),
        "3" => reply.sse_with(answer("3")),
        "4" => packed(reply, "application/json", &json),
        "5" => packed(reply, "text/event-stream", &event),
        _ => reply.result(request, r#"{"resultType":"complete","content":[]}"#),
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn where_there_is_memory_for_a_message_and_not_to_translate_it_its_sender_is_told_and_the_relay_goes_on() {
    let server = modern(|request, reply| reply.result(request, r#"{"resultType":"complete","content":[]}"#));
    for megabytes in [16, 20, 24] {
        let mut bridge = Bridge::to(&server).args(["--protocol", "modern"]).ready();
        let call = |id: usize, text: &str| {
            request_with(id, "tools/call", &format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#))
        };
        bridge.send(call(0, ""));
        bridge.expect_result("0");
        leave_48_megabytes(&bridge);
        bridge.send(call(1, &"x".repeat(megabytes << 20)));
        bridge.expect_error("1", &["not enough memory"]);
        bridge.send(call(2, ""));
        bridge.expect_result("2");
    }
}

/// A server of the modern era that treats tools/call this way.
fn modern(call: impl Fn(&Request, Reply) + Send + Sync + 'static) -> Server {
    Server::start(move |request, reply| match request.kind().as_str() {
        _ if request.method != "POST" => reply.status(405),
        "server/discover" => reply.result(request, DISCOVERED),
        "tools/call" => call(request, reply),
        _ => reply.error(400, request, -32601, "method not found"),
    })
}

fn leave_48_megabytes(bridge: &Bridge) {
    let status = fs::read_to_string(format!("/proc/{}/status", bridge.pid())).unwrap();
    let taken = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("a line about memory");
    let taken: usize = taken.trim().trim_end_matches(" kB").parse().unwrap();
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(format!("--pid={}", bridge.pid())).arg(format!("--as={}:", (taken << 10) + (48 << 20)));
    assert!(prlimit.status().unwrap().success());
}

/// Takes memory away from a bridge that shook hands, and has it meet messages for which there is none.
fn goes_on_without_memory(server: &Server, mut bridge: Bridge) {
    let call = |id: usize| request_with(id, "tools/call", r#"{"name":"echo","arguments":{}}"#);
    bridge.send(call(0));
    bridge.expect_result("0");
    // Enough for half of such a message.
    leave_48_megabytes(&bridge);
    let params = format!(r#"{{"name":"echo","arguments":{{"text":"{}"}}}}"#, "x".repeat(60 << 20));
    bridge.send(request_with(1, "tools/call", &params));
    bridge.expect_error("1", &["not enough memory"]);
    for id in 2..6 {
        bridge.send(call(id));
        bridge.expect_error(&id.to_string(), &["not enough memory"]);
    }
    bridge.send(call(6));
    bridge.expect_result("6");
    assert_eq!(server.count("tools/call"), 6, "what does not fit is not sent");
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
}

/// Nothing says where the state belongs but the variable HOME, and there is nothing.
#[test]
fn where_no_file_may_grow_a_relay_lives_on_without_its_log_and_its_history() {
    let server = Legacy::new().start();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let launch = Bridge::to(&server).args(["--debug", "--log-file"]).arg(&log);
    let mut bridge = launch.spawn_as(|command| under(command, "--fsize=0"));
    bridge.shake_hands("2025-06-18");
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    assert_eq!(fs::metadata(&log).unwrap().len(), 0, "the limit was none");
    assert_eq!(server.requests().last().unwrap().method, "DELETE");
}

fn homeless(launch: Launch) -> Launch {
    launch.without("MCPBRIDGE_CONFIG_DIR").env("HOME", NOWHERE)
}

/// Of a user who has no home, and no variable for one. Only root can become somebody else.
fn of_nobody(launch: Launch) -> Bridge {
    if !rustix::process::geteuid().is_root() {
        return homeless(launch).spawn();
    }
    launch.without("MCPBRIDGE_CONFIG_DIR").without("HOME").spawn_as(|command| {
        command.current_dir("/").uid(NOBODY).gid(NOBODY);
    })
}

fn with_descriptors(launch: Launch, limit: u32) -> Bridge {
    launch.spawn_as(|command| under(command, &format!("--nofile={limit}:{limit}")))
}

/// Has `command` started with a limit, as prlimit has them.
fn under(command: &mut Command, limit: &str) {
    let mut limited = Command::new("prlimit");
    limited.arg(limit).arg("--").arg(command.get_program()).args(command.get_args());
    same_environment(command, &mut limited);
    *command = limited;
}

/// Nobody on Linux.
const NOBODY: u32 = 65_534;

/// The home of somebody who has used everything once, on a disk of its own.
struct Disk(PathBuf);

impl Disk {
    #[track_caller]
    fn of(name: &str) -> Option<Self> {
        is_in_a_namespace(name, &["--mount"], &["mount", "-t", "tmpfs", "none", "/mnt"]).then(|| {
            let disk = Self(tempfile::TempDir::new().unwrap().keep());
            disk.mount(&["-t", "tmpfs", "-o", "size=1m,mode=0700", "none"]);
            for (args, typed) in COMMANDS {
                disk.does(args, typed, "one").expect(0, &[]);
            }
            disk
        })
    }

    #[track_caller]
    fn mount(&self, how: &[&str]) {
        assert!(Command::new("mount").args(how).arg(&self.0).status().unwrap().success());
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("everything")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn does(&self, args: &str, typed: &str, name: &str) -> Told {
        let args = args.replace("NAME", name);
        let mut shell = Bridge::bare().args(args.split(' ')).home(&self.0).at_shell();
        shell.type_bytes(typed.as_bytes());
        shell.told()
    }

    /// All but locks, in which only the process is that has one.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let is_lock = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with("locks"));
        files(&self.0).into_iter().filter(|(path, _)| !is_lock(path)).collect()
    }

    /// What each command says that comes to nothing.
    #[track_caller]
    fn changes_nothing(&self) -> Vec<Told> {
        let before = self.files();
        let mut all = Vec::new();
        for (args, typed) in COMMANDS.iter().chain(&FIRST) {
            let told = self.does(args, &typed.replace("one", "two"), "two");
            assert!(told.code != 0, "{args}: {told:?}");
            assert!(!told.stderr.contains("at path"), "{args} names a file that nobody knows of: {told:?}");
            all.push(told);
            let after = self.files();
            let changed: Vec<&Path> =
                after.iter().filter(|(path, text)| before.get(*path) != Some(text)).map(|(path, _)| &**path).collect();
            assert!(changed.is_empty() && after.len() == before.len(), "{args}: {changed:?}");
        }
        all
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

/// What is typed, and what comes on stdin.
const COMMANDS: [(&str, &str); 4] = [
    ("add NAME http://127.0.0.1:9/mcp", ""),
    ("install cursor http://127.0.0.1:9/mcp --name NAME", ""),
    ("secret set work", "s3cret-one"),
    ("login http://127.0.0.1:9/mcp --api-key-header X-Key", "s3cret-one"),
];
/// Where there is no file yet.
const FIRST: [(&str, &str); 1] = [("install windsurf http://127.0.0.1:9/mcp --name NAME", "")];

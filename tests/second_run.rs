//! What one run finds out about a server spares the next one a question, and misleads nobody.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use support::*;
use tempfile::{TempDir, tempdir};

const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;
const FOUND: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}"#;

/// The folder of one user, who has one server.
struct User {
    home: TempDir,
    url: String,
}

impl User {
    fn of(server: &Server) -> Self {
        Self { home: tempdir().unwrap(), url: server.url() }
    }

    fn relay(&self) -> Bridge {
        // The history is another note, and not one that anything is decided by.
        Bridge::launch(&self.url).arg("--no-history").home(self.home.path()).spawn()
    }

    /// A legacy editor opens a session and calls.
    #[track_caller]
    fn legacy_run(&self) {
        let mut bridge = self.relay();
        bridge.shake_hands("2025-06-18");
        bridge.send(call(1));
        bridge.expect_result("1");
        end_well(bridge);
    }

    /// A modern editor asks what there is and calls.
    #[track_caller]
    fn modern_run(&self) {
        let mut bridge = self.relay();
        bridge.send(modern(0, "server/discover", ""));
        assert_eq!(bridge.expect_result("0")["supportedVersions"][0], "2026-07-28");
        bridge.send(modern(1, "tools/call", r#","name":"a""#));
        bridge.expect_result("1");
        end_well(bridge);
    }

    /// A modern editor calls without asking anything.
    #[track_caller]
    fn hasty_run(&self) {
        let mut bridge = self.relay();
        bridge.send(modern(1, "tools/call", r#","name":"a""#));
        bridge.expect_result("1");
        end_well(bridge);
    }
}

#[test]
fn a_modern_server_is_not_asked_for_a_session_again() {
    let server = of_era(|| true);
    let user = User::of(&server);
    user.legacy_run();
    assert_eq!(asked(&server, 0), ["initialize", "server/discover", "tools/call"]);
    let before = server.requests().len();
    user.legacy_run();
    assert_eq!(asked(&server, before), ["server/discover", "tools/call"]);
}

#[test]
fn a_legacy_server_is_not_asked_to_discover_itself_again() {
    let server = of_era(|| false);
    let user = User::of(&server);
    user.modern_run();
    assert_eq!(asked(&server, 0), ["server/discover", "initialize", "tools/call"]);
    let before = server.requests().len();
    user.modern_run();
    assert_eq!(asked(&server, before), ["initialize", "tools/call"]);
}

#[test]
fn an_editor_that_opens_with_a_call_costs_one_question_in_all_runs() {
    let server = of_era(|| true);
    let user = User::of(&server);
    for _ in 0..3 {
        user.hasty_run();
    }
    assert_eq!(asked(&server, 0), ["server/discover", "tools/call", "tools/call", "tools/call"]);
}

#[test]
fn a_server_of_2024_is_not_taken_for_a_modern_one_again() {
    let (server, _wire) = HttpSse::new().start();
    let user = User { url: server.at("/sse"), ..User::of(&server) };
    for _ in 0..2 {
        let mut bridge = user.relay();
        bridge.shake_hands("2024-11-05");
        end_well(bridge);
    }
    assert_eq!(server.count("server/discover"), 1, "{}", server.transcript());
}

#[test]
fn a_server_that_changes_between_two_runs_is_found_again_by_editors_of_both_eras() {
    let editors: [fn(&User); 2] = [User::legacy_run, User::modern_run];
    for editor in editors {
        for upgraded in [true, false] {
            let changed = Arc::new(Gate::new());
            let now = Arc::clone(&changed);
            let server = of_era(move || now.is_open() == upgraded);
            let user = User::of(&server);
            user.legacy_run();
            user.modern_run();
            changed.open();
            editor(&user);
            // And what was found is what is known from now on.
            let before = server.requests().len();
            user.legacy_run();
            let first = if upgraded { "server/discover" } else { "initialize" };
            assert_eq!(asked(&server, before)[0], first, "{}", server.transcript());
        }
    }
}

#[test]
fn a_server_that_has_changed_may_fail_at_what_it_is_asked_first() {
    let changed = Arc::new(Gate::new());
    let now = Arc::clone(&changed);
    let server = Server::start(move |request, reply| match (now.is_open(), request.kind().as_str()) {
        (true, "server/discover") => reply.status(500),
        (changed, _) => answer(!changed, request, reply),
    });
    let user = User::of(&server);
    user.legacy_run();
    changed.open();
    user.legacy_run();
}

#[test]
fn two_legacy_sides_leave_no_trace_where_no_history_is_kept() {
    let server = Legacy::new().start();
    let user = User::of(&server);
    user.legacy_run();
    assert_eq!(fs::read_dir(user.home.path()).unwrap().count(), 0);
}

#[test]
fn of_two_legacy_sides_the_history_of_the_run_is_all_that_stays() {
    let server = Legacy::new().start();
    let home = tempdir().unwrap();
    let mut bridge = Bridge::launch(server.url()).home(home.path()).spawn();
    bridge.shake_hands("2025-06-18");
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    let [(path, text)] = &files(home.path())[..] else { panic!("not one file: {:?}", files(home.path())) };
    assert!(path.parent().is_some_and(|folder| folder == home.path().join("mcpbridge/runs")), "{}", path.display());
    assert!(text.contains(r#""event":"start""#) && text.contains(r#""event":"end""#), "{text}");
}

#[test]
fn notes_that_cannot_be_used_are_worth_as_much_as_none() {
    let server = of_era(|| true);
    let user = User::of(&server);
    user.legacy_run();
    let [(path, text)] = &files(user.home.path())[..] else { panic!("not one note") };
    assert!(!text.contains("127.0.0.1") && text.len() < 100, "{text}");
    fs::write(path, "{").unwrap();
    let before = server.requests().len();
    user.legacy_run();
    assert_eq!(asked(&server, before)[0], "initialize");

    // A file where the folder should be.
    let folder = user.home.path().join("mcpbridge");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    keeps_nothing(&user, &folder);
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_stops_nobody() {
    use std::os::unix::fs::PermissionsExt;
    let server = of_era(|| true);
    let user = User::of(&server);
    let folder = user.home.path().join("mcpbridge");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    keeps_nothing(&user, &folder);
}

#[track_caller]
fn keeps_nothing(user: &User, folder: &Path) {
    // With a header of its own this is a relay without a sign-in, which needs no store.
    let launch = Bridge::launch(&user.url).home(user.home.path()).args(["--header", "Authorization: Bearer x"]);
    let mut bridge = launch.spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    end_well(bridge);
    assert!(files(folder).is_empty());
}

/// A server that is modern at the moment if `is_modern` says so, and else legacy.
fn of_era(is_modern: impl Fn() -> bool + Send + Sync + 'static) -> Server {
    Server::start(move |request, reply| answer(is_modern(), request, reply))
}

fn answer(is_modern: bool, request: &Request, reply: Reply) {
    let modern = request.header("mcp-method").is_some();
    match request.kind().as_str() {
        "GET" | "DELETE" => reply.status(405),
        _ if is_modern && !modern => reply.error(400, request, -32022, "Unsupported protocol version"),
        _ if !is_modern && modern => reply.status(400),
        "initialize" => {
            let welcome = welcome("2025-06-18", r#"{"tools":{}}"#);
            reply.header("mcp-session-id", "1").result(request, &welcome);
        }
        "server/discover" => reply.result(request, FOUND),
        kind if kind.starts_with("notifications/") => reply.accepted(),
        _ => reply.result(request, r#"{"resultType":"complete","content":[]}"#),
    }
}

/// The requests since then that an editor, or the bridge for it, waits for.
fn asked(server: &Server, since: usize) -> Vec<String> {
    let requests = server.requests();
    requests.iter().skip(since).filter(|it| it.is_request()).map(Request::kind).collect()
}

fn modern(id: u64, method: &str, rest: &str) -> String {
    request_with(id, method, &format!(r#"{{"_meta":{{{META}}}{rest}}}"#))
}

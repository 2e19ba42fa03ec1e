//! Where secrets are: in the store, and in the request that needs them. Looked for in what is said, in the log, in every
//! file of the user, and in what every user of the machine can see of a process.

mod support;

use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;
use support::{
    Authorization, Bridge, CLIENT_CREDENTIALS, Client, Device, Endpoint, Fault, Human, INITIALIZED, JWT_BEARER, Launch,
    PATIENCE, Proof, TOKEN_EXCHANGE, VERSION, Visit, World, call, end_well, in_seconds, initialize, jwt,
};
use tempfile::TempDir;

/// A dump would hold every token. Where a file would be made, another process that dies so leaves one.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_dies_of_a_fault_leaves_no_file_behind_where_another_does() {
    let folder = TempDir::new().unwrap();
    let dumping = |program: &std::path::Path| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@""#]).arg(program).current_dir(folder.path());
        shell
    };
    let dumps = || fs::read_dir(folder.path()).unwrap().count();
    let server = support::Legacy::new().start();
    let mut bridge = Bridge::to(&server).spawn_as(|command| {
        let mut limited = dumping(command.get_program().as_ref());
        limited.args(command.get_args());
        support::same_environment(command, &mut limited);
        *command = limited;
    });
    bridge.shake_hands("2025-06-18");
    bridge.signal(rustix::process::Signal::ABORT);
    assert_eq!((bridge.wait_exit(PATIENCE), dumps()), (128 + 6, 0));
    let control = dumping("sh".as_ref()).args(["-c", "kill -ABRT $$"]).status().unwrap();
    assert!(!control.success());
    // Elsewhere a program takes dumps, or they go to a folder of their own, or the limit cannot be raised. What
    // holds there is what the other test looks at.
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let hard = fs::read_to_string("/proc/self/limits").unwrap();
    let hard = hard.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let comes_here =
        !pattern.starts_with(['|', '/']) && hard.split_whitespace().rev().nth(1).is_none_or(|it| it != "0");
    assert_eq!(dumps() > 0, comes_here, "{pattern}{hard}");
}

/// A dump would hold every token.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_dies_leaves_no_core_dump() {
    let server = support::Legacy::new().start();
    let bridge = Bridge::ready(&server);
    let limits = fs::read_to_string(format!("/proc/{}/limits", bridge.pid())).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let limit: Vec<&str> = limit.split_whitespace().rev().collect();
    // At 1, and at no other limit, Linux also starts no program that takes the dump. Others may raise it again.
    let [_, hard, soft, ..] = limit[..] else { panic!("{limit:?}") };
    assert_eq!(soft, if hard == "0" { "0" } else { "1" }, "{limit:?}");
}

/// A whole life of a grant: sign-in, renewal, a renewal that fails, a withdrawn consent, a new sign-in, the end.
#[test]
fn no_process_shows_a_secret_in_its_arguments_or_its_environment() {
    let world = World::with(|it| it.registration.auth_method = Some("client_secret_basic"), |_| ());
    let onlooker = Onlooker::of(world.home.path());
    let human = Human::prompt();
    let log = world.home.path().join("log");
    let mut bridge = world.renewed(&human, &log);
    world.authorization.ledger.drop_access_tokens();
    world.authorization.fail_next(Endpoint::Refresh, Fault::error(400, "invalid_request"));
    bridge.send(call(3));
    bridge.answer("3");
    world.authorization.ledger.revoke_all();
    bridge.send(call(4));
    bridge.answer("4");
    let login = world.command("login").args(["--force", "--debug"]).human(&human).told();
    login.expect(0, &[]);
    let status = world.command("status").told();
    let secrets = world.authorization.ledger.secrets();
    let logout = world.command("logout").told();
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);

    let told: Vec<String> = [login, status, logout].into_iter().flat_map(|told| [told.stdout, told.stderr]).collect();
    let mut told: Vec<&str> = told.iter().map(String::as_str).collect();
    let (stderr, log) = (bridge.stderr(), fs::read_to_string(&log).unwrap());
    told.extend([stderr.as_str(), log.as_str()]);
    world.assert_kept_secret(&told);
    let seen = onlooker.seen();
    // Elsewhere the arguments are read by other means, and there is nothing else in them.
    assert!(!cfg!(target_os = "linux") || seen.len() >= 5, "relays, helpers and commands were seen: {seen:#?}");
    assert!(secrets.len() >= 6, "{secrets:?}");
    let client = "a:secret %with";
    for text in told.iter().copied().chain(seen.iter().map(String::as_str)) {
        for secret in secrets.iter().map(String::as_str).chain([client]) {
            assert!(!text.contains(secret), "{secret} is to be seen: {text}");
        }
    }
}

/// A browser, found in each of the two ways, that tells what it and the helper which has started it know.
#[test]
#[cfg(target_os = "linux")]
fn neither_the_browser_nor_the_helper_has_a_secret_of_the_environment() {
    let given = r#"{"client_id":"by hand","client_secret":"${TEST_CLIENT_SECRET}","token_endpoint_auth_method":"client_secret_post"}"#;
    for is_found in [false, true] {
        let client = support::Client::given("by hand", Proof::Post("s3cret-of-the-client".to_owned()));
        let world = World::with(|it| it.clients = vec![client], |_| ());
        let human = Human::prompt();
        let folder = TempDir::new().unwrap();
        let (program, told) = (folder.path().join("xdg-open"), folder.path().join("told"));
        let tell = r#"for process in self $PPID; do tr "\0" "\n" <"/proc/$process/environ"; echo; done"#;
        let script = format!("#!/bin/sh\n{{ {tell}; }} >{}\nexec {} \"$1\"\n", told.display(), human.browser());
        support::write_script(&program, &script);
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let launch = world
            .relay(&human)
            .args(["--static-oauth-client-info", given, "--header", "X-Team: ${TEST_TEAM} of ${HOME}"])
            .args(["--header-from", "X-Third=env:TEST_THIRD"])
            .env("MCPBRIDGE_HEADER_FILE", "/dev/null")
            .env("MCPBRIDGE_AUTHORIZE_PARAM", "x=s3cret-in-a-flag")
            .env("TEST_CLIENT_SECRET", "s3cret-of-the-client")
            .env("TEST_TEAM", "s3cret-in-a-header")
            .env("TEST_THIRD", "s3cret-of-a-third")
            .env("TEST_KEPT", "as it was");
        let launch = match is_found {
            true => launch.without("BROWSER").env("DISPLAY", ":99").env("PATH", path),
            false => launch.env("BROWSER", &program),
        };
        let mut bridge = launch.ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        end_well(bridge);
        let told = fs::read_to_string(told).unwrap();
        assert!(!told.contains("s3cret"), "{told}");
        let count = |line: &str| told.lines().filter(|other| *other == line).count();
        let home = format!("HOME={}", world.home.path().display());
        // Both tell, and what they need is there.
        assert_eq!((count("TEST_KEPT=as it was"), count(&home)), (2, 2), "{told}");
        assert_eq!(told.matches("MCPBRIDGE_CONFIG_DIR=").count(), 1, "the helper has it, the browser does not: {told}");
    }
}

/// With the verifier of a code, assertions, proofs and id tokens among them.
#[test]
fn at_the_highest_level_no_way_to_a_grant_shows_a_secret() {
    let proven = |proof: Proof| {
        World::with(
            move |it| {
                it.clients = vec![Client::given("machine", proof)];
                it.unattended.grants = vec![CLIENT_CREDENTIALS];
            },
            |_| (),
        )
    };
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys");
    let key = fs::read_to_string(keys.join("p256.jwk")).unwrap();
    let info = r#"{"client_id":"machine","client_secret":"${SECRET}"}"#;

    let human = Human::prompt();
    let world = World::with(|it| it.registration.auth_method = Some("client_secret_post"), |_| ());
    shows_no_secret(&[&world.authorization], &world.home, world.relay(&human), 6);
    let bound = World::with(|it| it.binding.offered = true, |_| ());
    shows_no_secret(&[&bound.authorization], &bound.home, bound.relay(&human), 6);
    let world = World::with(|it| it.device = Some(Device::default()), |_| ());
    shows_no_secret(&[&world.authorization], &world.home, world.relay(&human).arg("--device-code"), 2);
    let world = proven(Proof::Basic("s3cret:with %signs".to_owned()));
    let by_secret = ["--client-credentials", "--static-oauth-client-info", info];
    let launch = world.relay(&human).args(by_secret).env("SECRET", "s3cret:with %signs");
    shows_no_secret(&[&world.authorization], &world.home, launch, 1);
    let world = proven(Proof::Key(key));
    let file = format!("file:{}", keys.join("p256_sec1.pem").display());
    let by_key =
        ["--client-credentials", "--static-oauth-client-info", r#"{"client_id":"machine"}"#, "--private-key", &file];
    shows_no_secret(&[&world.authorization], &world.home, world.relay(&human).args(by_key), 2);
    let world = World::with(
        |it| {
            it.unattended.grants = vec![JWT_BEARER];
            it.unattended.trusts = vec!["https://platform.example".to_owned()];
        },
        |_| (),
    );
    let token = jwt(&json!({
        "iss": "https://platform.example", "sub": "job", "aud": world.authorization.issuer(), "exp": in_seconds(600),
    }));
    let launch = world.relay(&human).args(["--workload-token", "env:TOKEN"]).env("TOKEN", token);
    shows_no_secret(&[&world.authorization], &world.home, launch, 2);

    let provider = Authorization::start(|it| {
        it.clients = vec![Client::given("at home", Proof::Basic("s3cret:at-home".to_owned()))];
        it.unattended.grants = vec![TOKEN_EXCHANGE];
        it.unattended.vouches_as = Some("machine".to_owned());
    });
    let id_token = jwt(&json!({ "iss": provider.issuer(), "aud": "at home", "sub": "ada", "exp": in_seconds(600) }));
    provider.change(|it| it.tokens.extra = vec![("id_token", json!(id_token))]);
    let office = World::with(
        |it| {
            it.clients = vec![Client::given("machine", Proof::Basic("s3cret:of-the-office".to_owned()))];
            it.unattended.grants = vec![JWT_BEARER];
            it.unattended.trusts = vec![provider.issuer()];
        },
        |_| (),
    );
    let launch = office.relay(&human).args(["--idp", &provider.issuer(), "--idp-client-id", "at home"]);
    let launch = launch.args(["--idp-client-secret", "env:AT_HOME", "--static-oauth-client-info", info]);
    let launch = launch.env("AT_HOME", "s3cret:at-home").env("SECRET", "s3cret:of-the-office");
    shows_no_secret(&[&office.authorization, &provider], &office.home, launch, 6);
}

/// Twice a token, and the end.
#[track_caller]
fn shows_no_secret(authorizations: &[&Authorization], home: &TempDir, launch: Launch, fewest: usize) {
    let log = home.path().join("log");
    let mut bridge = launch.args(["--debug", "--log-file"]).arg(&log).spawn();
    bridge.send(initialize(0, VERSION));
    if authorizations[0].manners().device.is_some() {
        let said = bridge.wait_stderr("with the code WDJB-");
        let address = said.split_whitespace().find(|word| word.contains("/device")).expect("an address");
        assert_eq!(Visit::by_link(address).consent().status, 200);
    }
    bridge.expect_result("0");
    bridge.send(INITIALIZED);
    bridge.send(call(1));
    let mut told = vec![bridge.answer("1")];
    authorizations[0].ledger.drop_access_tokens();
    bridge.send(call(2));
    told.push(bridge.answer("2"));
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    told.push(bridge.stderr());
    for verb in ["status", "why", "doctor"] {
        let command = Bridge::bare().args([verb, "--debug"]).home(home.path()).told();
        told.extend([command.stdout, command.stderr]);
    }
    let kept = home.path().join("mcpbridge/credentials");
    told.extend(support::files(home.path()).into_iter().filter(|(path, _)| !path.starts_with(&kept)).map(|it| it.1));
    assert!(fs::read_to_string(&log).unwrap().contains("token"), "the log says what was done");
    let mut secrets = vec!["s3cret:".to_owned()];
    for authorization in authorizations {
        secrets.extend(authorization.ledger.secrets());
        secrets.extend(authorization.told_secrets());
    }
    assert!(secrets.len() > fewest, "{secrets:?}");
    for secret in &secrets {
        for text in &told {
            assert!(!text.contains(secret.as_str()), "{secret} is to be seen: {text}");
        }
    }
}

#[test]
fn an_authorization_server_that_repeats_what_it_was_told_gets_it_into_no_error() {
    // Errors of the token endpoint with the code, the verifier and the secret of the client in them.
    let world = World::with(
        |it| it.clients = vec![support::Client::given("by hand", Proof::Post("s3cret-of-the-client".to_owned()))],
        |_| (),
    );
    let human = Human::at_ease();
    let given = r#"{"client_id":"by hand","client_secret":"s3cret-of-the-client","token_endpoint_auth_method":"client_secret_post"}"#;
    let log = world.home.path().join("log");
    let mut bridge =
        world.relay(&human).args(["--debug", "--static-oauth-client-info", given, "--log-file"]).arg(&log).spawn();
    let visit = support::start(&mut bridge, &human);
    let back = visit.callback();
    let code = world.authorization.ledger.secrets()[0].clone();
    let text = format!("the code {code} of the client with s3cret-of-the-client is of no use");
    world.authorization.fail(Endpoint::Code, Fault::Answer(support::Answer::error(400, "invalid_grant", &text)));
    let page = support::get(&back);
    let told = support::refusal(&mut bridge, &["invalid_grant"]);
    bridge.close_stdin();
    bridge.wait_exit(PATIENCE);
    for text in [&page.body, &told, &bridge.stderr(), &fs::read_to_string(&log).unwrap()] {
        assert!(!text.contains(&code) && !text.contains("s3cret"), "{text}");
    }
    for (path, text) in support::files(world.home.path()) {
        assert!(!text.contains(&code) && !text.contains("s3cret-of"), "{}", path.display());
    }
}

#[test]
fn a_token_goes_to_the_server_it_was_issued_for_and_to_nobody_else() {
    let world = World::new();
    let elsewhere = support::Server::start(|_, reply| reply.json("{}")).may_be_unused();
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    // Another server of the same user. Somebody else has been there before, so that its tokens have other numbers.
    let home = TempDir::new().unwrap();
    let other = Authorization::start(|_| ());
    let second = support::Protected::start(&other.desk(), |_| ());
    let sign_in = |home: &Path| {
        let mut beside = Bridge::to(&second).home(home).human(&human).ready();
        beside.send(call(1));
        beside.expect_result("1");
        end_well(beside);
    };
    sign_in(home.path());
    let before = second.requests().len();
    sign_in(world.home.path());
    let tokens = |requests: &[support::Request]| -> HashSet<String> {
        requests.iter().filter_map(|request| request.header("authorization").map(str::to_owned)).collect()
    };
    assert!(tokens(&world.server.requests()).is_disjoint(&tokens(&second.requests()[before..])));
    // A redirect to another origin is not followed with it.
    let moved = elsewhere.at("/mcp");
    let legacy =
        support::Legacy::new().on("tools/call", move |_, reply| reply.header("Location", moved.clone()).status(307));
    let redirecting = World::over(legacy);
    let mut bridge_there = redirecting.relay(&human).ready();
    bridge_there.send(call(1));
    bridge_there.expect_error("1", &[]);
    assert!(elsewhere.requests().is_empty(), "a redirect to another place was followed");
    bridge.send(call(2));
    bridge.expect_result("2");
    end_well(bridge);
}

/// Looks at all processes of one user's folder, as everybody on the machine can with `ps`.
struct Onlooker {
    seen: Arc<Mutex<HashSet<String>>>,
    enough: Arc<AtomicBool>,
}

impl Onlooker {
    fn of(home: &Path) -> Self {
        let onlooker = Self { seen: Arc::default(), enough: Arc::default() };
        let (seen, enough) = (onlooker.seen.clone(), onlooker.enough.clone());
        let home = home.to_string_lossy().into_owned();
        thread::spawn(move || {
            while !enough.load(Ordering::SeqCst) {
                for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
                    let read = |name: &str| fs::read(process.path().join(name)).unwrap_or_default();
                    let text = String::from_utf8_lossy(&[read("cmdline"), read("environ")].concat()).into_owned();
                    if text.contains(&home) {
                        seen.lock().unwrap().insert(text);
                    }
                }
                // Processes live longer than this; without it the onlooker would be most of the load.
                thread::sleep(Duration::from_millis(2));
            }
        });
        onlooker
    }

    fn seen(&self) -> Vec<String> {
        self.enough.store(true, Ordering::SeqCst);
        self.seen.lock().unwrap().iter().cloned().collect()
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::SeqCst);
    }
}

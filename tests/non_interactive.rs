//! Where nobody is: in CI, and with --non-interactive. Nobody is asked, and every refusal names the command.

mod support;

use std::time::{Duration, Instant};

use support::{
    Bridge, Endpoint, Human, INITIALIZED, Launch, PATIENCE, VERSION, World, call, end_well, initialize, json, request,
};

#[test]
fn a_relay_that_nobody_is_asked_by_answers_every_request_with_the_command_and_exits_3() {
    let ways: [fn(Launch) -> Launch; 3] = [
        |launch| launch.env("CI", "true"),
        |launch| launch.arg("--non-interactive"),
        |launch| launch.env("MCPBRIDGE_NON_INTERACTIVE", "1"),
    ];
    for way in ways {
        let world = World::new();
        let human = Human::at_ease();
        let mut bridge = way(world.relay(&human)).spawn();
        bridge.send(initialize(0, VERSION));
        bridge.send(INITIALIZED);
        bridge.send(request(1, "tools/list"));
        bridge.send(call(2));
        for id in ["0", "1", "2", "3"] {
            if id == "3" {
                bridge.send(call(3));
            }
            let answer = json(&bridge.answer(id));
            let text = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("not refused: {answer}"));
            // Without the flag it would ask nobody there either.
            let command = format!("where somebody is, run: mcpbridge login {} --interactive", world.server.url());
            assert!(text.contains("wants a sign-in") && text.contains(&command), "{text}");
            assert!(text.contains("nobody is asked here"), "{text}");
            assert_eq!(answer["error"]["data"]["mcpbridge"], "auth_required");
        }
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 3, "{}", bridge.stderr());
        assert_eq!((human.windows(), world.authorization.asked(Endpoint::Authorize).len()), (0, 0));
        assert!(world.authorization.asked(Endpoint::Register).is_empty(), "no sign-in was begun");
    }
}

#[test]
fn interactive_asks_although_ci_is_set_and_an_empty_ci_is_none() {
    for (ci, flags) in [("true", &["--interactive"][..]), ("true", &["--non-interactive", "--interactive"]), ("", &[])]
    {
        let world = World::new();
        let human = Human::prompt();
        let mut bridge = world.relay(&human).env("CI", ci).args(flags.iter().copied()).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!(human.windows(), 1);
        end_well(bridge);
    }
}

#[test]
fn interactive_counts_more_than_its_opposite_unless_that_is_typed_and_it_is_not() {
    type Way = fn(Launch) -> Launch;
    let both = |launch: Launch| launch.env("MCPBRIDGE_INTERACTIVE", "1").env("MCPBRIDGE_NON_INTERACTIVE", "1");
    let ways: [(Way, usize); 4] = [
        (|launch| launch.args(["--interactive", "--non-interactive"]), 1),
        (both, 1),
        (|launch| launch.arg("--interactive").env("MCPBRIDGE_NON_INTERACTIVE", "1"), 1),
        (|launch| launch.arg("--non-interactive").env("MCPBRIDGE_INTERACTIVE", "1"), 0),
    ];
    for (way, windows) in ways {
        let world = World::new();
        let human = Human::prompt();
        let mut bridge = way(world.relay(&human)).spawn();
        bridge.send(initialize(0, VERSION));
        let answer = json(&bridge.answer("0"));
        assert_eq!((answer.get("error").is_none(), human.windows()), (windows == 1, windows), "{answer}");
    }
}

#[test]
fn a_grant_is_used_and_renewed_where_nobody_is_and_its_end_is_told() {
    let world = World::new();
    world.sign_in();
    let human = Human::at_ease();
    world.authorization.ledger.drop_access_tokens();
    let mut bridge = world.relay(&human).env("CI", "true").ready();
    world.authorization.wait(1, Endpoint::Refresh);
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    let login = world.command("login").env("CI", "true").told();
    assert!(login.expect(0, &[]).stdout.contains("already signed in"), "{login:?}");
    world.authorization.ledger.revoke_all();
    let mut bridge = world.relay(&human).env("CI", "true").spawn();
    bridge.send(initialize(0, VERSION));
    let text = support::refusal(&mut bridge, &["mcpbridge login", "nobody is asked here"]);
    world.assert_kept_secret(&[&text, &bridge.stderr()]);
    assert_eq!(human.windows(), 0);
}

/// Also where the server does not answer: nothing would come of it.
#[test]
fn login_fails_at_once_where_nobody_is() {
    let world = unused();
    let human = Human::at_ease();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/mcp", silent.local_addr().unwrap());
    for url in [world.server.url(), silent] {
        let login = || Bridge::bare().args(["login", &url, "--json"]).home(world.home.path()).human(&human);
        for login in [login().env("CI", "1"), login().arg("--non-interactive"), login().env("CI", "1").arg("--force")] {
            let began = Instant::now();
            let told = login.told();
            told.expect(3, &[&format!("mcpbridge login {url} --interactive")]);
            assert_eq!(json(&told.stderr)["error"]["code"], "auth_required");
            // A second is promised; this machine may be busy. Waiting for a silent server would take longer.
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        }
    }
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_key_that_comes_from_a_pipe_needs_nobody() {
    let world = World::new();
    for verb in [&["login", "--api-key-header", "X-Key", &world.server.url()][..], &["secret", "set", "work"]] {
        let mut shell = Bridge::bare().args(verb.iter().copied()).env("CI", "1").home(world.home.path()).at_shell();
        shell.type_bytes(b"s3cret\n");
        shell.told().expect(0, &[]);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_asked_for_at_a_terminal_where_nobody_is() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let world = unused();
    let url = world.server.url();
    let (login, secret) = (["login", "--api-key-header", "X-Key", &url], ["secret", "set", "work"]);
    for (verb, variable) in [
        (&login[..], "CI"),
        (&secret, "CI"),
        (&login, "MCPBRIDGE_NON_INTERACTIVE"),
        (&secret, "MCPBRIDGE_NON_INTERACTIVE"),
    ] {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap();
        let terminal = std::fs::File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut command = Bridge::bare()
            .args(verb.iter().copied())
            .env(variable, "1")
            .home(world.home.path())
            .command(world.home.path());
        let output = command.stdin(terminal).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("pipe it to stdin"), "{stderr}");
        assert_eq!(stderr.contains("--non-interactive"), verb[0] == "login", "it has that flag: {stderr}");
    }
}

/// Its server is not even asked.
fn unused() -> World {
    World::new().may_be_unused()
}

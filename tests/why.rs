//! `mcpbridge why`: the history of a sign-in, for the person who has to sign in again.

mod support;

use serde_json::Value;
use support::*;
use tempfile::TempDir;

/// What happened to the one account of the server of `world`, and the exit code.
#[track_caller]
fn why(world: &World) -> (Value, i32) {
    let told = world.command("why").arg("--json").told();
    let all = told.json();
    assert_eq!(all["schema_version"], 1);
    let accounts = all["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 1, "{all}");
    (accounts[0].clone(), told.code)
}

/// The events of an account, in their order.
fn events(account: &Value) -> Vec<&str> {
    account["history"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_sign_in_and_its_renewals_are_told_with_who_wanted_them() {
    let world = World::new();
    let human = Human::prompt();
    world.command("login").human(&human).told().expect(0, &[]);
    world.authorization.ledger.drop_access_tokens();
    let bridge = world.bridge(&human);
    let pid = bridge.pid();
    end_well(bridge);
    let (account, code) = why(&world);
    assert_eq!((code, &account["state"]), (0, &"ready".into()));
    assert_eq!(events(&account), ["issued", "renewed"]);
    let [issued, renewed] = &account["history"].as_array().unwrap()[..] else { panic!("{account}") };
    assert_eq!((&issued["way"], &issued["by"]), (&"browser".into(), &"mcpbridge login".into()), "{issued}");
    assert_eq!(issued["issuer"], world.authorization.desk().issuer());
    assert_eq!((&renewed["pid"], &renewed["by"]), (&pid.into(), &"the relay of scripted-editor".into()), "{renewed}");
    assert!(issued["at"].as_u64() <= renewed["at"].as_u64(), "{account}");
    let told = world.command("why").told();
    for part in
        ["signed in in the browser", "renewed", "scripted-editor", &format!("process {pid}"), "now:", "mcpbridge tools"]
    {
        assert!(told.expect(0, &[]).stdout.contains(part), "{part:?}: {told:?}");
    }
    world.assert_kept_secret(&[&told.stdout, &account.to_string()]);
}

#[test]
fn a_renewal_that_is_refused_is_told_with_the_words_of_the_authorization_server() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    let fault = Fault::Answer(Answer::error(400, "invalid_grant", "the session was closed by an administrator"));
    world.authorization.fail(Endpoint::Refresh, fault);
    let human = Human::unwilling();
    world.refused(&human, &["access_denied"]);
    let (account, code) = why(&world);
    assert_eq!((code, &account["state"]), (3, &"ended".into()), "{account}");
    assert_eq!(events(&account), ["issued", "refused", "failed"]);
    let told = world.command("why").told();
    for part in ["invalid_grant", "closed by an administrator", "access_denied", "run: mcpbridge login"] {
        assert!(told.expect(3, &[]).stdout.contains(part), "{part:?}: {told:?}");
    }
    world.assert_kept_secret(&[&told.stdout]);
}

#[test]
fn an_authorization_server_in_trouble_is_told_once_however_often_it_is_asked() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.authorization.fail(Endpoint::Refresh, Fault::status(503));
    for _ in 0..3 {
        world.refused(&Human::at_ease(), &["503"]);
    }
    world.authorization.mend(Endpoint::Refresh);
    world.needs_no_window();
    let (account, code) = why(&world);
    assert_eq!((code, events(&account)), (0, vec!["issued", "unrenewed", "renewed"]), "{account}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_renewal_that_was_cut_off_is_told_as_a_doubt() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    let held = Gate::new();
    world.authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(held.clone()));
    let human = Human::prompt();
    let mut bridge = world.relay(&human).spawn();
    bridge.send(initialize(0, VERSION));
    world.authorization.wait(1, Endpoint::Refresh);
    kill_the_helper(world.home.path());
    bridge.answer("0");
    held.open();
    let (account, _) = why(&world);
    assert_eq!((&account["in_doubt"], events(&account)), (&true.into(), vec!["issued"]), "{account}");
    let told = world.command("why").told();
    assert!(told.stdout.contains("in doubt"), "{told:?}");
    bridge.close_stdin();
    bridge.outcome();
    // The next one finds out.
    world.bridge(&human);
    let (account, code) = why(&world);
    assert_eq!((code, &account["in_doubt"]), (0, &false.into()), "{account}");
    assert_eq!(events(&account)[..2], ["issued", "doubted"], "{account}");
}

#[test]
fn a_sign_out_is_told_after_everything_else_is_forgotten() {
    let world = World::new();
    let human = Human::prompt();
    world.command("login").args(["--account", "work"]).human(&human).told().expect(0, &[]);
    world.command("logout").args(["--account", "work"]).told().expect(0, &[]);
    let (account, code) = why(&world);
    assert_eq!((code, &account["account"]), (3, &"work".into()), "{account}");
    assert_eq!(events(&account), ["issued", "signed_out"]);
    assert_eq!(account["history"][1]["revoked"], true, "{account}");
    let told = world.command("why").args(["--account", "work"]).told();
    for part in ["signed out, and revoked", "by mcpbridge logout", "not signed in", "--account work"] {
        assert!(told.expect(3, &[]).stdout.contains(part), "{part:?}: {told:?}");
    }
}

#[test]
fn every_account_of_a_server_is_told_as_it_stands() {
    let world = World::new();
    let human = Human::prompt();
    world.command("login").human(&human).told().expect(0, &[]);
    world.command("login").args(["--account", "work"]).human(&human).told().expect(0, &[]);
    for verb in ["why", "status"] {
        let told = world.command(verb).arg("--json").told();
        let all = told.expect(0, &[]).json();
        let states = all["accounts"].as_array().unwrap().iter();
        let mut states: Vec<_> = states.map(|it| (it["account"].to_string(), it["state"].to_string())).collect();
        states.sort();
        let ready = |account: &str| (account.to_owned(), r#""ready""#.to_owned());
        assert_eq!(states, [ready(r#""work""#), ready("null")], "{verb}: {all}");
    }
    let told = world.command("why").told();
    let url = world.server.url();
    for part in [format!("mcpbridge tools {url}\n"), format!("mcpbridge tools {url} --account work\n")] {
        assert!(told.expect(0, &[]).stdout.contains(&part), "{part:?}: {told:?}");
    }
    assert!(!told.stdout.contains("not signed in"), "{told:?}");
}

#[test]
fn what_a_url_carries_is_not_in_the_command_that_is_told_and_that_command_is_quoted() {
    let world = World::new();
    let secret = format!("{}?key=SECRETq123", world.server.url().replace("://", "://user:SECRETp456@"));
    let run = |args: &[&str]| Bridge::bare().args(args).home(world.home.path()).human(&Human::prompt()).told();
    run(&["login", &secret]).expect(0, &[]);
    let told = run(&["why", &secret]);
    let command = format!("mcpbridge tools '{}?key=…'", world.server.url());
    assert!(told.expect(0, &[]).stdout.contains(&command) && !told.stdout.contains("SECRET"), "{told:?}");
    // As it is shown it is another URL, which nobody has meant.
    let shown = format!("{}?key=…", world.server.url());
    for verb in ["login", "tools", "why"] {
        run(&[verb, &shown]).expect(2, &["with a part left out", "mcpbridge add NAME URL"]);
    }
}

#[test]
fn a_server_that_nobody_signed_in_to_is_told_with_the_next_command() {
    let home = TempDir::new().unwrap();
    let why = |args: &[&str]| Bridge::bare().arg("why").args(args).home(home.path()).told();
    let told = why(&["https://never.example/mcp"]);
    for part in ["nothing is known of a sign-in", "run: mcpbridge login https://never.example/mcp"] {
        assert!(told.expect(3, &[]).stdout.contains(part), "{part:?}: {told:?}");
    }
    why(&[]).expect(2, &["required", "mcpbridge why"]);
    why(&["nobody"]).expect(2, &["no server is named"]);
}

#[test]
fn a_client_that_is_itself_and_an_api_key_have_a_history_too() {
    let world = World::with(
        |it| {
            it.unattended.grants = vec![CLIENT_CREDENTIALS];
            it.clients = vec![Client::given("machine", Proof::Post("s3cret-of-the-machine".to_owned()))];
        },
        |_| (),
    )
    .may_be_unused();
    let info = r#"{"client_id":"machine","client_secret":"s3cret-of-the-machine","token_endpoint_auth_method":"client_secret_post"}"#;
    for _ in 0..2 {
        works(world.relay(&Human::at_ease()).args(["--client-credentials", "--static-oauth-client-info", info]));
        world.authorization.ledger.drop_access_tokens();
    }
    let (account, _) = why(&world);
    assert_eq!(
        (events(&account), &account["history"][0]["way"]),
        (vec!["issued", "renewed"], &"client_credentials".into())
    );
    let mut login = world.command("login").args(["--account", "key", "--api-key-header", "X-Key"]).at_shell();
    login.type_line("s3cret-api-key");
    login.told().expect(0, &[]);
    let told = world.command("why").args(["--account", "key", "--json"]).told().json();
    let [issued] = &told["accounts"][0]["history"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!(issued["way"], "api_key");
    for (path, text) in files(&world.home.path().join("mcpbridge/history")) {
        assert!(!text.contains("s3cret"), "{}", path.display());
    }
}

#[test]
fn a_store_in_memory_keeps_no_history() {
    let world = World::new();
    works(world.relay(&Human::prompt()).env("MCPBRIDGE_CREDENTIAL_STORE", "memory"));
    assert!(!world.home.path().join("mcpbridge").exists());
}

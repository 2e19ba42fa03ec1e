//! Signing in without a person: a client that is itself, with a secret or a key, and a workload with its token. No browser
//! opens, relays share one token, and each wrong case is one sentence that says what to do.

mod support;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use support::{
    Answer, Authority, Bridge, CLIENT_CREDENTIALS, Client, Endpoint, Fault, Guard, Human, JWT_BEARER, Launch, Manners,
    PATIENCE, Proof, Told, VERSION, World, call, claims, end_well, in_seconds, initialize, jwt, refusal,
};

const SECRET: &str = "s3cret:with %signs";
const ISSUER: &str = "https://platform.example";

#[test]
fn a_client_signs_in_with_its_secret_and_nobody_is_asked() {
    for proof in [Proof::Basic(SECRET.to_owned()), Proof::Post(SECRET.to_owned())] {
        let method = if matches!(proof, Proof::Basic(_)) { "client_secret_basic" } else { "client_secret_post" };
        let world = World::with(
            |it| {
                of_clients(it, "machine", proof);
                it.metadata = vec![("token_endpoint_auth_methods_supported", Some(json!([method])))];
                // Of no use to a client that is nobody's.
                it.metadata.push(("scopes_supported", Some(json!(["a", "offline_access"]))));
                it.metadata.push(("authorization_endpoint", None));
                it.metadata.push(("code_challenge_methods_supported", None));
            },
            |it| it.scopes = [("tools/call echo".to_owned(), "a".to_owned())].into(),
        );
        let human = Human::at_ease();
        let mut bridge = credentials(&world, &human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        let asked = world.authorization.wait(1, Endpoint::OtherGrant);
        assert_eq!(asked.need("grant_type"), CLIENT_CREDENTIALS);
        assert_eq!(asked.need("resource"), world.server.resource());
        assert_eq!(human.windows(), 0);
        assert!(world.authorization.asked(Endpoint::Register).is_empty());
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 0);
        world.assert_kept_secret(&[&bridge.stderr()]);
    }
}

#[test]
fn a_client_proves_itself_with_a_key_of_every_kind_and_from_every_source() {
    for (name, form, flags) in [
        ("rsa", "rsa_pkcs1.pem", ["--signing-algorithm", "RS256"].as_slice()),
        ("p256", "p256_sec1.pem", &["--key-id", "key-7"]),
        ("p256", "p256_pkcs8.pem", &["--signing-algorithm", "es256"]),
        ("ed25519", "ed25519_pkcs8.pem", &[]),
        ("ed25519", "ed25519.jwk", &["--signing-algorithm", "EdDSA"]),
    ] {
        let world = World::with(|it| of_clients(it, "machine", Proof::Key(key(&format!("{name}.jwk")))), |_| ());
        let by_file = format!("file:{}", path(form));
        for (source, variable) in [(by_file.as_str(), ""), ("env:THE_KEY", key(form).as_str())] {
            let human = Human::at_ease();
            let args = ["--client-credentials", "--static-oauth-client-info", r#"{"client_id":"machine"}"#];
            let launch = world.relay(&human).args(args).args(["--private-key", source]).args(flags);
            let mut bridge = launch.env("THE_KEY", variable).ready();
            bridge.send(call(1));
            bridge.expect_result("1");
            assert_eq!(human.windows(), 0);
            end_well(bridge);
            world.command("logout").args(["--account", "client:machine"]).told().expect(0, &[]);
        }
        let asked = world.authorization.wait(2, Endpoint::OtherGrant);
        let said = claims(asked.need("client_assertion")).unwrap();
        assert_eq!(
            (said["aud"].as_str(), asked.get("client_secret")),
            (Some(world.authorization.issuer().as_str()), None)
        );
    }
}

#[test]
fn a_key_in_the_credential_store_and_one_that_a_command_prints_sign_too() {
    let world = World::with(|it| of_clients(it, "machine", Proof::Key(key("p256.jwk"))), |_| ());
    let home = |launch: Launch| launch.home(world.home.path());
    let mut shell = home(Bridge::bare().args(["secret", "set", "mcp"])).at_shell();
    shell.type_bytes(key("p256.jwk").as_bytes());
    shell.told().expect(0, &[]);
    for source in ["keychain:mcp".to_owned(), format!("cmd:cat {}", path("p256_sec1.pem"))] {
        machine_at(world.command("login"), &source).args(["--force"]).told().expect(0, &[]);
    }
    assert_eq!(world.authorization.asked(Endpoint::OtherGrant).len(), 2);
}

#[test]
fn a_workload_is_let_in_with_the_token_of_its_platform_read_afresh_each_time() {
    let world = workload_world();
    let token = world.home.path().join("token");
    let say = |serial: u64| {
        let said = json!({
            "iss": ISSUER, "sub": "job", "aud": world.authorization.issuer(), "exp": in_seconds(60), "jti": serial,
        });
        fs::write(&token, format!("{}\n", jwt(&said))).unwrap();
    };
    say(1);
    let human = Human::at_ease();
    let source = format!("file:{}", token.display());
    let mut bridge = world.relay(&human).args(["--workload-token", &source]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    say(2);
    world.authorization.ledger.drop_access_tokens();
    bridge.send(call(2));
    bridge.expect_result("2");
    for serial in [1, 2] {
        let asked = world.authorization.wait(serial, Endpoint::OtherGrant);
        assert_eq!((asked.need("grant_type"), asked.get("client_id")), (JWT_BEARER, None));
        assert_eq!(claims(asked.need("assertion")).unwrap()["jti"], serial);
    }
    assert_eq!(human.windows(), 0);
    end_well(bridge);
    let status = world.command("status").told();
    assert!(status.expect(0, &[]).stdout.contains("workload"), "{status:?}");
}

#[cfg(unix)]
#[test]
fn a_command_that_prints_a_token_has_the_variables_that_a_header_names_too() {
    let world = workload_world();
    let token = world.home.path().join("token");
    let said = json!({ "iss": ISSUER, "sub": "job", "aud": world.authorization.issuer(), "exp": in_seconds(60) });
    fs::write(&token, jwt(&said)).unwrap();
    let human = Human::at_ease();
    let flags = ["--header", "X-Key: ${TEST_KEY}", "--workload-token", r#"cmd:sh -c 'cat "$TEST_KEY"'"#];
    let mut bridge = world.relay(&human).args(flags).env("TEST_KEY", &token).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
}

#[test]
fn relays_that_start_together_share_one_token_which_is_renewed_before_it_ends() {
    let world = secret_world(|it| it.tokens.lifetime = Duration::from_secs(20), |_| ());
    let human = Human::at_ease();
    let mut bridges: Vec<Bridge> = (0..4).map(|_| credentials(&world, &human).spawn()).collect();
    for bridge in &mut bridges {
        bridge.send(initialize(0, VERSION));
    }
    for bridge in &mut bridges {
        bridge.expect_result("0");
    }
    assert_eq!(world.authorization.asked(Endpoint::OtherGrant).len(), 1);
    // A tenth of its life before the end, spread over a second: nobody has asked for it.
    let turned_away = world.server.turned_away();
    assert!(world.authorization.wait_within(Duration::from_secs(25), 2, Endpoint::OtherGrant).is_some());
    for bridge in &mut bridges {
        bridge.send(support::INITIALIZED);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
    assert_eq!(world.server.turned_away(), turned_away, "nobody was turned away for the old token");
    assert_eq!(world.authorization.asked(Endpoint::OtherGrant).len(), 2);
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_token_that_is_void_is_replaced_in_the_middle_of_a_session() {
    let world = secret_world(|_| (), |_| ());
    let human = Human::at_ease();
    let mut bridge = credentials(&world, &human).ready();
    for id in 1..=3 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        world.authorization.ledger.drop_access_tokens();
    }
    assert_eq!(world.authorization.asked(Endpoint::OtherGrant).len(), 3);
    assert_eq!(world.server.count("initialize"), 2, "one without a token, and one session for all");
}

#[test]
fn more_rights_are_asked_for_without_a_person_once() {
    let world = secret_world(|_| (), |it| it.scopes = [("tools/call admin".to_owned(), "admin".to_owned())].into());
    let human = Human::at_ease();
    let mut bridge = credentials(&world, &human).ready();
    bridge.send(support::request_with(1, "tools/call", r#"{"name":"admin","arguments":{}}"#));
    bridge.expect_result("1");
    assert!(world.authorization.wait(2, Endpoint::OtherGrant).need("scope").contains("admin"));
    world.authorization.change(|it| it.tokens.granted = Some("nothing"));
    world.authorization.ledger.drop_access_tokens();
    bridge.send(support::request_with(2, "tools/call", r#"{"name":"admin","arguments":{}}"#));
    bridge.expect_error("2", &["more rights"]);
    assert_eq!(human.windows(), 0);
}

#[test]
fn the_token_endpoint_that_was_given_is_asked_and_nothing_else() {
    let world = World::with(
        |it| {
            of_clients(it, "machine", Proof::Key(key("p256.jwk")));
            it.documents = Vec::new();
        },
        |it| {
            it.documents = Vec::new();
            it.challenge = vec!["Bearer".to_owned()];
        },
    );
    let human = Human::at_ease();
    let endpoint = world.authorization.at("/token");
    let mut bridge = world
        .relay(&human)
        .args(["--client-credentials", "--static-oauth-client-info", r#"{"client_id":"machine"}"#])
        .args(["--private-key", &format!("file:{}", path("p256_pkcs8.pem")), "--token-endpoint", &endpoint])
        .args(["--static-oauth-client-metadata", r#"{"scope":"x y"}"#])
        .ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let asked = world.authorization.wait(1, Endpoint::OtherGrant);
    assert_eq!((asked.need("scope"), asked.get("resource")), ("x y", None));
    assert_eq!(claims(asked.need("client_assertion")).unwrap()["aud"], endpoint);
    assert!(world.authorization.asked(Endpoint::Documents).is_empty());
    assert!(world.server.matching(|request| request.path.contains("well-known")).is_empty());
    end_well(bridge);
}

#[test]
fn a_person_and_a_client_are_two_accounts_of_one_server() {
    let world = secret_world(|_| (), |_| ());
    world.sign_in();
    let told = credentials_at(world.command("login")).told();
    told.expect(0, &[]);
    assert!(told.stdout.contains("signed in to"), "{told:?}");
    let again = credentials_at(world.command("login")).told();
    assert!(again.expect(0, &[]).stdout.contains("already signed in"), "{again:?}");
    let status = Bridge::bare().args(["status", "--json"]).home(world.home.path()).told().json();
    let accounts = status["accounts"].as_array().unwrap();
    let names: Vec<_> = accounts.iter().map(|account| account["account"].as_str()).collect();
    assert_eq!(accounts.len(), 2, "{status}");
    assert!(names.contains(&None) && names.contains(&Some("client:machine")), "{status}");
    assert!(accounts.iter().all(|account| account["state"] == "ready" && account["renewable"] == true), "{status}");
    world.command("logout").args(["--account", "client:machine"]).told().expect(0, &[]);
    // The person is still signed in.
    world.needs_no_window();
}

#[test]
fn to_sign_out_an_account_that_is_not_there_names_the_one_that_is() {
    let world = secret_world(|_| (), |_| ());
    let nobody = || world.command("logout").told();
    assert_eq!(nobody().expect(0, &[]).stdout.trim(), format!("nobody was signed in to {}", world.server.url()));
    credentials_at(world.command("login")).told().expect(0, &[]);
    let command = format!("run: mcpbridge logout {} --account client:machine", world.server.url());
    assert!(nobody().expect(0, &[]).stdout.contains(&command), "{:?}", nobody());
}

#[test]
fn a_client_whose_secret_was_replaced_is_known_by_the_new_one() {
    let world = secret_world(|_| (), |_| ());
    credentials_at(world.command("login")).told().expect(0, &[]);
    world.authorization.ledger.drop_access_tokens();
    world.authorization.change(|it| it.clients[0].proof = Proof::Basic("an0ther-secret".to_owned()));
    let human = Human::at_ease();
    let mut bridge = credentials(&world, &human).env("SECRET", "an0ther-secret").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
}

/// Exit codes: 2 is a mistake of whoever typed it, 4 a refusal, 5 no answer.
#[test]
fn what_is_wrong_is_one_sentence_with_the_remedy_and_nothing_is_told() {
    type Case = (fn(&mut Manners), i32, &'static [&'static str]);
    let cases: [Case; 8] = [
        (|it| it.clients.clear(), 4, &["invalid_client", "no such client", "--static-oauth-client-info"]),
        (|it| it.clients[0].proof = Proof::Basic("0ther-secret".into()), 4, &["invalid_client", "client_secret"]),
        (|it| it.clients[0].proof = Proof::Key(key("p256.jwk")), 4, &["invalid_client", "check the client_id"]),
        (
            |it| it.unattended.grants.clear(),
            4,
            &["does not offer the client credentials grant", "authorization_code", "--token-endpoint"],
        ),
        (
            |it| {
                it.unattended.grants.clear();
                it.metadata = vec![("grant_types_supported", None)];
            },
            4,
            &["unsupported_grant_type", "ask its operator what the client machine may be granted"],
        ),
        (
            |it| it.metadata = vec![("token_endpoint_auth_methods_supported", Some(json!(["private_key_jwt"])))],
            4,
            &["takes private_key_jwt, and not a client_secret", "--private-key"],
        ),
        (|it| it.tokens.resource = Some("https://elsewhere.example".into()), 4, &["invalid_target"]),
        (|it| it.documents.clear(), 6, &["publishes no metadata"]),
    ];
    for (change, code, words) in cases {
        let world = secret_world(change, |_| ());
        let told = credentials_at(world.command("login")).told();
        told.expect(code, words);
        assert!(told.stderr.trim().lines().count() == 1, "more than a sentence: {told:?}");
        let human = Human::at_ease();
        let mut bridge = credentials(&world, &human).spawn();
        bridge.send(initialize(0, VERSION));
        let text = refusal(&mut bridge, words);
        assert_eq!(human.windows(), 0);
        for text in [&told.stderr, &told.stdout, &text, &bridge.stderr()] {
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}

#[test]
fn a_key_that_cannot_be_used_says_which_and_what_helps() {
    let public = format!("file:{}", path("p256_public.pem"));
    let (rsa, p256) = (format!("file:{}", path("rsa_pkcs8.pem")), format!("file:{}", path("p256_pkcs8.pem")));
    let encrypted = format!("file:{}", path("p256_encrypted.pem"));
    let cases: [(&[&str], i32, &[&str]); 9] = [
        (&["--private-key", "file:/nowhere/key"], 2, &["file:/nowhere/key", "cannot be read"]),
        (&["--private-key", "env:NO_SUCH_KEY"], 2, &["env:NO_SUCH_KEY is not set"]),
        (&["--private-key", "s3cret-key"], 2, &["--private-key", "env:, file:, keychain: or cmd:"]),
        (&["--private-key", &public], 2, &["public half", "give the private one"]),
        (&["--private-key", &encrypted], 2, &["encrypted", "openssl pkcs8"]),
        (&["--private-key", &p256, "--signing-algorithm", "HS256"], 2, &["HS256", "RS256, ES256 or EdDSA"]),
        (&["--private-key", &p256, "--signing-algorithm", "RS256"], 2, &["signs with ES256, and not with RS256"]),
        // Another key than the one that is known there.
        (
            &["--private-key", &rsa],
            4,
            &["invalid_client", "the signature is not that of the client", "public half", "--key-id"],
        ),
        (&["--key-id", "x"], 2, &["--key-id means nothing without --private-key"]),
    ];
    let world = World::with(|it| of_clients(it, "machine", Proof::Key(key("p256.jwk"))), |_| ());
    for (flags, code, words) in cases {
        let args =
            ["--client-credentials", "--static-oauth-client-info", r#"{"client_id":"machine","client_secret":"x"}"#];
        let told = world.command("login").args(args).args(flags).told();
        told.expect(code, words);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
    // A server that says which algorithms it takes is not asked with another one.
    world.authorization.change(|it| {
        it.metadata = vec![("token_endpoint_auth_signing_alg_values_supported", Some(json!(["RS256"])))];
    });
    let before = world.authorization.asked(Endpoint::OtherGrant).len();
    let told = machine_at(world.command("login"), &p256).told();
    told.expect(4, &["takes RS256, and not ES256", "a key of another kind"]);
    assert_eq!(world.authorization.asked(Endpoint::OtherGrant).len(), before);
}

#[test]
fn flags_that_do_not_go_together_are_mistakes() {
    let world = secret_world(|_| (), |_| ()).may_be_unused();
    let id = r#"{"client_id":"machine"}"#;
    let cases: [(&[&str], &[&str]); 8] = [
        (&["--client-credentials"], &["--client-credentials needs a client", "--static-oauth-client-info"]),
        (
            &["--client-credentials", "--static-oauth-client-info", id],
            &["nothing to prove itself with", "--private-key"],
        ),
        (&["--client-credentials", "--workload-token", "env:X"], &["two ways to sign in"]),
        (&["--private-key", "env:X"], &["--private-key means nothing without"]),
        (&["--token-endpoint", "https://as.example/token"], &["--token-endpoint means nothing without"]),
        (&["--workload-token", "env:X", "--token-endpoint", "http://as.example/token"], &["https", "credential"]),
        (&["--workload-token", "env:X", "--use-id-token"], &["--use-id-token"]),
        (&["--idp-client-id", "x"], &["--idp-client-id means nothing without --idp"]),
    ];
    for (flags, words) in cases {
        world.command("login").args(flags).told().expect(2, words);
    }
    // A relay does not even begin.
    for flags in [
        ["--client-credentials", "--ipv4"],
        ["--workload-token=env:X", "--token-command=false"],
        ["--workload-token=env:X", "--header=Authorization: Bearer x"],
    ] {
        let mut bridge = Bridge::to(&world.server).args(flags).spawn();
        assert_eq!(bridge.wait_exit(PATIENCE), 2, "{flags:?}");
    }
    assert!(world.authorization.asked(Endpoint::OtherGrant).is_empty());
}

#[test]
fn a_workload_token_that_is_refused_is_not_tried_again_and_the_error_says_what_it_is() {
    let world = workload_world();
    let issuer = world.authorization.issuer();
    let of = |audience: &str, end: i64| {
        jwt(&json!({ "iss": ISSUER, "sub": "job", "aud": audience, "exp": in_seconds(end) }))
    };
    let cases: [(String, i32, &[&str]); 5] = [
        (of("https://wrong.example", 60), 4, &["another audience", "it is for https://wrong.example", "env:JOB_TOKEN"]),
        (of(&issuer, -90), 4, &["has expired", "expired 9"]),
        ("opaque".to_owned(), 4, &["no JWT"]),
        (String::new(), 2, &["env:JOB_TOKEN is empty"]),
        ("\n".to_owned(), 2, &["env:JOB_TOKEN is empty"]),
    ];
    let mut asked = 0;
    for (token, code, words) in cases {
        let launch = world.command("login").args(["--workload-token", "env:JOB_TOKEN"]).env("JOB_TOKEN", &token);
        launch.told().expect(code, words);
        let all = world.authorization.asked(Endpoint::OtherGrant);
        assert_eq!(all.len() - asked, usize::from(code == 4), "{token}");
        assert!(all.iter().all(|asked| asked.need("grant_type") == JWT_BEARER));
        asked = all.len();
    }
    let told = world.command("login").args(["--workload-token", "cmd:false"]).told();
    told.expect(2, &["cmd:false"]);
}

#[test]
fn an_authorization_server_that_does_not_answer_is_tried_again_by_the_next_request() {
    let world = secret_world(|_| (), |_| ());
    world.authorization.fail_next(Endpoint::OtherGrant, Fault::status(503));
    credentials_at(world.command("login")).told().expect(5, &["503", "try again in a while"]);
    world.authorization.fail_next(Endpoint::OtherGrant, Fault::status(503));
    let human = Human::at_ease();
    let mut bridge = credentials(&world, &human).spawn();
    bridge.send(initialize(0, VERSION));
    bridge.expect_error("0", &["503"]);
    bridge.send(initialize(1, VERSION));
    bridge.expect_result("1");
}

#[test]
fn a_token_that_the_server_refuses_at_once_is_not_asked_for_again_and_again() {
    let world = secret_world(|_| (), |it| it.refuses_all = true);
    let told: Told = credentials_at(world.command("login")).told();
    told.expect(4, &["refuses the token that its own authorization server has just issued"]);
    let human = Human::at_ease();
    let mut bridge = credentials(&world, &human).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["refuses the token", "--resource"]);
    let asked = world.authorization.asked(Endpoint::OtherGrant).len();
    assert!(asked <= 3, "{asked} tokens were asked for");
}

/// As from a pipe at a shell: what was asked is answered, although nobody is there to be asked.
#[test]
fn a_token_that_takes_longer_than_the_editor_stays_is_waited_for() {
    let slow = Fault::Slow(Duration::from_secs(1));
    let world = secret_world(|_| (), |_| ());
    let workload = workload_world();
    let token = jwt(&json!({
        "iss": ISSUER, "sub": "job", "aud": workload.authorization.issuer(), "exp": in_seconds(60),
    }));
    let human = Human::at_ease();
    let platform = workload.relay(&human).args(["--workload-token", "env:JOB_TOKEN"]).env("JOB_TOKEN", &token);
    for (world, launch) in [(&world, credentials(&world, &human)), (&workload, platform)] {
        world.authorization.fail(Endpoint::OtherGrant, slow.clone());
        let mut bridge = launch.spawn();
        bridge.send(initialize(0, VERSION));
        bridge.close_stdin();
        bridge.expect_result("0");
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }
}

#[test]
fn a_secret_that_comes_back_in_another_spelling_is_hidden_too() {
    let secret = "pa ss+word/=xyz";
    let form = "pa+ss%2Bword%2F%3Dxyz";
    let pair = STANDARD.encode(format!("machine:{form}"));
    for (echoed, proof) in [
        (format!("client_secret={form}"), Proof::Post(secret.to_owned())),
        ("client_secret=pa%20ss%2Bword%2F%3Dxyz".to_owned(), Proof::Post(secret.to_owned())),
        (format!("Authorization: Basic {pair}"), Proof::Basic(secret.to_owned())),
    ] {
        let world = World::with(|it| of_clients(it, "machine", proof), |_| ());
        let answer = Answer::error(400, "invalid_request", &format!("what is {echoed}?"));
        world.authorization.fail(Endpoint::OtherGrant, Fault::Answer(answer));
        let told = credentials_at(world.command("login")).env("SECRET", secret).told();
        told.expect(4, &["(hidden)"]);
        for spelled in [secret, form, "word", pair.as_str()] {
            assert!(!told.stderr.contains(spelled), "{told:?}");
        }
    }
}

#[test]
fn the_limit_for_one_answer_is_kept_at_the_token_endpoint_too() {
    let world = secret_world(|_| (), |_| ());
    world.authorization.fail(Endpoint::OtherGrant, Fault::Slow(Duration::from_secs(8)));
    let began = Instant::now();
    let told = credentials_at(world.command("login")).args(["--auth-timeout", "1"]).told();
    told.expect(5, &["/token did not answer within 1 s", "--auth-timeout"]);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

/// Pasted as it is printed, it does what is meant: all but a secret is in it.
#[test]
fn the_command_in_a_hint_has_all_the_flags_but_no_secret() {
    let world = secret_world(|_| (), |_| ());
    world.authorization.fail(Endpoint::OtherGrant, Fault::HangUp);
    let endpoint = world.authorization.at("/token");
    let authority = Authority::named("authority");
    let file = authority.file().display().to_string();
    let more =
        ["--token-endpoint", &endpoint, "--ca-cert", &file, "--host", "localhost", "--proxy", "http://me:s3cret@p:1"];
    let url = world.server.url();
    let hint = |info: &str| {
        let launch = Bridge::bare().args(["login", &url, "3334", "--client-credentials"]).home(world.home.path());
        let told = launch.args(["--static-oauth-client-info", info]).args(more).env("SECRET", SECRET).told();
        told.expect(5, &[]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
        told.stderr.split_once("run: ").unwrap_or_else(|| panic!("{told:?}")).1.trim().to_owned()
    };
    let flags = |info: &str| {
        format!(
            "mcpbridge login {url} 3334 --client-credentials --token-endpoint {endpoint} \
             --static-oauth-client-info '{info}' --host localhost --ca-cert {file} --proxy URL"
        )
    };
    let by_variable = r#"{"client_id":"machine","client_secret":"${SECRET}"}"#;
    assert_eq!(hint(by_variable), flags(by_variable));
    let literal = r#"{"client_id":"machine","client_secret":"s3cret-itself"}"#;
    assert_eq!(hint(literal), flags(r#"{"client_id":"machine","client_secret":"${CLIENT_SECRET}"}"#));
    let flags = ["--workload-token", "cmd:echo s3cret", "--token-endpoint", &endpoint];
    let told = world.command("login").args(flags).told();
    told.expect(5, &[&format!("run: mcpbridge login {url} --workload-token SOURCE --token-endpoint {endpoint}")]);
}

fn secret_world(manners: impl FnOnce(&mut Manners), guard: impl FnOnce(&mut Guard)) -> World {
    World::with(
        |it| {
            of_clients(it, "machine", Proof::Basic(SECRET.to_owned()));
            manners(it);
        },
        guard,
    )
}

fn workload_world() -> World {
    World::with(
        |it| {
            it.unattended.grants = vec![JWT_BEARER];
            it.unattended.trusts = vec![ISSUER.to_owned()];
        },
        |_| (),
    )
}

fn of_clients(manners: &mut Manners, id: &str, proof: Proof) {
    manners.clients = vec![Client::given(id, proof)];
    manners.unattended.grants = vec![CLIENT_CREDENTIALS];
}

/// A relay of the client `machine`, whose secret is in a variable.
fn credentials(world: &World, human: &Human) -> Launch {
    credentials_at(world.relay(human))
}

fn credentials_at(launch: Launch) -> Launch {
    let info = r#"{"client_id":"machine","client_secret":"${SECRET}"}"#;
    launch.args(["--client-credentials", "--static-oauth-client-info", info]).env("SECRET", SECRET)
}

fn machine_at(launch: Launch, key: &str) -> Launch {
    let info = r#"{"client_id":"machine"}"#;
    launch.args(["--client-credentials", "--static-oauth-client-info", info, "--private-key", key])
}

fn path(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name).display().to_string()
}

fn key(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

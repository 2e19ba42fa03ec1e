//! Tokens that are bound to a key (DPoP, RFC 9449): every request carries a fresh proof of the key, nonces are given back
//! as they come, and who has the token alone has nothing. The servers here verify each proof.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{
    Authorization, Binding, Bridge, CLIENT_CREDENTIALS, Client, Device, Endpoint, Guard, HttpSse, Human, JWT_BEARER,
    Legacy, Manners, Nonces, PROOF_CHALLENGE, Proof, Protected, Request, Rotation, Server, Told, Visit, World, call,
    end_well, in_seconds, jwt, notification, request, result,
};
use tempfile::TempDir;

#[test]
fn every_request_of_a_session_carries_the_token_with_a_proof_of_its_own() {
    let world = bound_over(Legacy::new().listening(), |_| (), |_| ());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let mut stream = world.server.stream();
    stream.message(request(1, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(result(1, r#"{"roots":[]}"#));
    bridge.send(notification("notifications/roots/list_changed"));
    world.server.wait(1, "notifications/roots/list_changed");
    world.server.wait(1, "answer");
    end_well(bridge);
    let kinds = ["initialize", "notifications/initialized", "tools/call", "GET", "answer", "DELETE"];
    for kind in kinds.into_iter().chain(["notifications/roots/list_changed"]) {
        assert!(presented(&world.server).iter().any(|it| it.is(kind)), "no {kind} with the token");
    }
    assert_all_bound(&world.server);
    assert_eq!((human.windows(), world.server.turned_away()), (1, 1), "only the first request came without");
    let asked = &world.authorization.asked(Endpoint::Authorize)[0];
    let code = &world.authorization.asked(Endpoint::Code)[0];
    assert_eq!(asked.need("dpop_jkt"), thumbprint(&code.request));
}

#[test]
fn a_nonce_that_a_server_wants_is_given_back_and_nobody_signs_in_for_it() {
    for nonces in [Nonces::Fixed, Nonces::Once] {
        let world = bound(|it| it.binding.nonces = nonces, |it| it.nonces = nonces);
        let human = Human::prompt();
        let mut bridge = world.bridge(&human);
        let refused = world.server.turned_away();
        for id in 2..6 {
            bridge.send(call(id));
            bridge.expect_result(&id.to_string());
        }
        assert_eq!(world.server.turned_away(), refused, "the nonce of the last answer was used");
        // In mid-session all of them go bad.
        world.server.forget_nonces();
        bridge.send(call(7));
        bridge.expect_result("7");
        assert_eq!(world.server.turned_away(), refused + 1);
        world.authorization.judge.forget_nonces();
        world.authorization.ledger.drop_access_tokens();
        bridge.send(call(8));
        bridge.expect_result("8");
        end_well(bridge);
        assert_eq!(human.windows(), 1);
        let asked = |endpoint| world.authorization.asked(endpoint).len();
        assert_eq!((asked(Endpoint::Code), asked(Endpoint::Refresh)), (2, 2), "each once more, with the nonce");
        assert_all_bound(&world.server);
    }
}

#[test]
fn nonces_of_the_authorization_server_and_of_the_server_are_kept_apart_at_one_origin() {
    let own = |it: &mut Manners| {
        it.binding.offered = true;
        it.binding.nonces = Nonces::Fixed;
        it.issuer_path = String::new();
    };
    let server = Protected::start_alone(own, |it| {
        it.challenge = vec!["DPoP".to_owned()];
        it.nonces = Nonces::Fixed;
    });
    let home = TempDir::new().unwrap();
    let human = Human::prompt();
    // In one process: the command knocks before and after the sign-in.
    let login = || Bridge::bare().args(["login", &server.url()]).home(home.path()).human(&human).told();
    says(&login(), "signed in");
    let desk = server.desk();
    assert_eq!(desk.asked(Endpoint::Code).len(), 2);
    let presented = presented(&server);
    assert_eq!(presented.iter().filter(|it| it.is("initialize")).count(), 2, "one nonce had to be learned");
    says(&login(), "already signed in");
}

#[test]
fn a_renewal_proves_the_same_key_and_so_does_another_process() {
    for rotation in [Rotation::Rotating, Rotation::Fixed, Rotation::Unmentioned] {
        let world = bound(|it| it.tokens.rotation = rotation, |_| ());
        world.sign_in();
        for _ in 0..2 {
            world.authorization.ledger.drop_access_tokens();
            world.needs_no_window();
        }
        let key = thumbprint(&world.authorization.asked(Endpoint::Code)[0].request);
        let refreshes = world.authorization.asked(Endpoint::Refresh);
        assert_eq!(refreshes.len(), 2);
        for refresh in refreshes {
            assert_eq!(thumbprint(&refresh.request), key);
        }
        assert_all_bound(&world.server);
    }
}

#[test]
fn another_sign_in_makes_another_key() {
    let world = bound(|_| (), |_| ());
    world.sign_in();
    says(&world.command("login").args(["--force"]).human(&Human::prompt()).told(), "signed in");
    let codes = world.authorization.asked(Endpoint::Code);
    assert_ne!(thumbprint(&codes[0].request), thumbprint(&codes[1].request));
    world.needs_no_window();
}

#[test]
fn more_rights_are_asked_for_and_bound_too() {
    let step_up = r#"DPoP error="insufficient_scope", scope="{scope}", resource_metadata="{metadata}""#;
    let world = bound(
        |_| (),
        |it| {
            it.scopes = [("tools/call echo".to_owned(), "more".to_owned())].into();
            it.step_up = step_up.to_owned();
        },
    );
    let human = Human::prompt();
    end_well(world.bridge(&human));
    assert_eq!(human.windows(), 2);
    assert_all_bound(&world.server);
}

#[test]
fn a_redirect_within_the_origin_gets_a_proof_for_where_it_leads() {
    let legacy = Legacy::new().on("tools/call", |request, reply| match request.path.as_str() {
        "/mcp" => reply.header("Location", "/mcp/there?token=no").status(307),
        _ => reply.result(request, r#"{"content":[]}"#),
    });
    let world = bound_over(legacy, |_| (), |it| it.nonces = Nonces::Once);
    world.sign_in();
    let paths: Vec<String> = presented(&world.server).into_iter().map(|it| it.path).collect();
    assert!(paths.iter().any(|path| path == "/mcp/there?token=no"), "{paths:?}");
    assert_all_bound(&world.server);
}

#[test]
fn a_server_of_http_sse_gets_a_proof_for_its_stream_and_for_each_message() {
    let authorization = Authorization::start(|it| it.binding.offered = true);
    let behind = HttpSse::new();
    let (server, _wire) = Protected::start_sse(&authorization.desk(), behind, |it| {
        it.challenge = vec![PROOF_CHALLENGE.to_owned()];
        it.nonces = Nonces::Fixed;
    });
    let (home, human) = (TempDir::new().unwrap(), Human::prompt());
    let mut bridge = Bridge::launch(server.at("/sse")).home(home.path()).human(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    let presented = presented(&server);
    assert!(presented.iter().any(|it| it.is("GET")) && presented.iter().any(|it| it.path.starts_with("/message?")));
    assert_all_bound(&server);
}

#[test]
fn a_command_of_the_shell_proves_the_key_as_an_editor_does() {
    let world = bound(|_| (), |_| ());
    world.sign_in();
    let shell = world.command("call").args(["echo", "text=hello"]).told();
    says(&shell, "hello");
    assert_all_bound(&world.server);
}

#[test]
fn what_the_token_endpoint_calls_a_bearer_token_is_used_as_one() {
    // The refresh token is bound all the same, and is of no use without the key.
    let world = World::with(
        |it| {
            it.binding.offered = true;
            it.binding.only_refresh_tokens = true;
        },
        |_| (),
    );
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    let presented = presented(&world.server);
    assert!(presented.iter().all(|it| it.header("authorization").is_some_and(|it| it.starts_with("Bearer access-"))));
    assert!(presented.iter().all(|it| it.header("dpop").is_none()));
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 1);
    let status = world.command("status").args(["--json"]).told();
    assert_eq!(status.json()["accounts"][0]["bound_to_key"], false);
}

#[test]
fn a_server_that_knows_bearer_tokens_only_gets_the_bound_one_as_such() {
    let world = World::with(|it| it.binding.offered = true, |it| it.knows_no_proofs = true);
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let refused = world.server.turned_away();
    assert_eq!(refused, 2, "without a token, and with a proof");
    world.authorization.ledger.drop_access_tokens();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(world.server.turned_away(), refused + 1, "what the server does not know is not tried again");
    end_well(bridge);
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 1));
    says(&world.command("login").told(), "already signed in");
    // It has learned it meanwhile.
    world.server.change(|it| {
        it.knows_no_proofs = false;
        it.challenge = vec![PROOF_CHALLENGE.to_owned()];
    });
    world.needs_no_window();
}

#[test]
fn a_server_that_learns_of_proofs_in_mid_session_gets_them() {
    let world = World::with(|it| it.binding.offered = true, |it| it.knows_no_proofs = true);
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    world.server.change(|it| {
        it.knows_no_proofs = false;
        it.challenge = vec![PROOF_CHALLENGE.to_owned()];
    });
    bridge.send(call(2));
    bridge.expect_result("2");
    end_well(bridge);
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 0));
}

#[test]
fn a_grant_from_before_goes_on_without_a_key() {
    let world = World::new();
    world.sign_in();
    world.authorization.change(|it| it.binding.offered = true);
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    assert!(world.authorization.wait(1, Endpoint::Refresh).request.header("dpop").is_none());
    assert!(presented(&world.server).iter().all(|it| it.header("dpop").is_none()));
}

#[test]
fn a_grant_from_before_gets_a_key_where_the_authorization_server_wants_one_now() {
    let world = World::new();
    world.sign_in();
    world.authorization.change(|it| it.binding = Binding { offered: true, required: true, ..Binding::default() });
    for _ in 0..2 {
        world.authorization.ledger.drop_access_tokens();
        world.needs_no_window();
    }
    let refreshes = world.authorization.asked(Endpoint::Refresh);
    assert!(refreshes.len() == 3 && refreshes[0].request.header("dpop").is_none());
    assert_eq!(thumbprint(&refreshes[1].request), thumbprint(&refreshes[2].request));
    assert_eq!(kept_key(&world).len(), 184);
}

#[test]
fn a_grant_from_before_is_made_anew_where_the_server_wants_a_key_now() {
    let world = World::new();
    world.sign_in();
    world.authorization.change(|it| it.binding.offered = true);
    world.server.change(|it| {
        it.challenge = vec![PROOF_CHALLENGE.to_owned()];
        it.wants_proofs = true;
    });
    let human = Human::prompt();
    end_well(world.bridge(&human));
    assert_eq!(human.windows(), 1);
    world.needs_no_window();
}

#[test]
fn grants_without_a_person_are_bound_to_one_key_that_is_kept() {
    type Change = fn(&mut Manners);
    let by_secret: Change = |it| it.clients = vec![Client::given("machine", Proof::Basic("s3cret".to_owned()))];
    let by_key: Change = |it| it.clients = vec![Client::given("machine", Proof::Key(key("p256.jwk")))];
    let by_token: Change = |it| it.unattended.trusts = vec![ISSUER.to_owned()];
    let file = format!("file:{}/tests/keys/p256_pkcs8.pem", env!("CARGO_MANIFEST_DIR"));
    let machine = r#"{"client_id":"machine"}"#;
    let secret = r#"{"client_id":"machine","client_secret":"s3cret"}"#;
    let flags: [(Change, Vec<&str>); 3] = [
        (by_secret, vec!["--client-credentials", "--static-oauth-client-info", secret]),
        (by_key, vec!["--client-credentials", "--static-oauth-client-info", machine, "--private-key", &file]),
        (by_token, vec!["--workload-token", "env:TOKEN"]),
    ];
    for (change, flags) in flags {
        let world = bound(
            |it| {
                it.unattended.grants = vec![CLIENT_CREDENTIALS, JWT_BEARER];
                it.binding.required = true;
                it.binding.nonces = Nonces::Fixed;
                change(it);
            },
            |it| it.nonces = Nonces::Once,
        );
        let token = json!({ "iss": ISSUER, "sub": "job", "aud": world.authorization.issuer(), "exp": in_seconds(60) });
        let human = Human::at_ease();
        let launch = || world.relay(&human).args(&flags).env("TOKEN", jwt(&token));
        let mut bridge = launch().ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        world.authorization.ledger.drop_access_tokens();
        bridge.send(call(2));
        bridge.expect_result("2");
        end_well(bridge);
        let asked = world.authorization.asked(Endpoint::OtherGrant);
        let keys: Vec<String> = asked.iter().map(|it| thumbprint(&it.request)).collect();
        assert!(keys.len() >= 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_all_bound(&world.server);
        assert_eq!(human.windows(), 0);
    }
}

#[test]
fn a_sign_in_with_a_code_is_bound_with_every_question() {
    let world = bound(
        |it| {
            it.device = Some(Device::default());
            it.binding.required = true;
            it.binding.nonces = Nonces::Once;
        },
        |_| (),
    );
    let shell = world.command("login").arg("--device-code").at_shell();
    let told = shell.wait_stderr("WDJB-");
    let address = told.split_whitespace().find(|word| word.contains("/device")).unwrap();
    world.authorization.wait(1, Endpoint::Poll);
    assert_eq!(Visit::by_link(address).consent().status, 200);
    says(&shell.finish(), "signed in");
    let polls = world.authorization.asked(Endpoint::Poll);
    assert!(polls.iter().all(|poll| thumbprint(&poll.request) == thumbprint(&polls[0].request)), "{polls:?}");
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();
    assert_all_bound(&world.server);
}

#[test]
fn a_nonce_that_is_never_right_is_tried_once_and_said() {
    for (nonces, words) in [(Nonces::NeverRight, "does not take the one that it gave"), (Nonces::Untold, "gives none")]
    {
        let world = bound(|_| (), |it| it.nonces = nonces);
        let human = Human::prompt();
        let text = world.refused(&human, &["wants a nonce in the DPoP proof", words, "operator"]);
        assert!(!text.contains("sign in"), "{text}");
        let initializes = presented(&world.server).iter().filter(|it| it.is("initialize")).count();
        assert!(initializes <= if nonces == Nonces::Untold { 2 } else { 4 }, "{initializes}");
        assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 0));
        let told = world.command("login").human(&human).told();
        told.expect(4, &[words]);

        let world = bound(|it| it.binding.nonces = nonces, |_| ());
        world.refused(&Human::prompt(), &["/token wants a nonce in the DPoP proof", words]);
        let times = if nonces == Nonces::Untold { 1 } else { 2 };
        assert_eq!(world.authorization.asked(Endpoint::Code).len(), times);
    }
}

#[test]
fn a_proof_that_is_refused_is_said_with_the_clocks_that_differ() {
    for (date, words) in [
        (String::new(), "refuses the DPoP proof: it does not please"),
        ("Sat, 01 Jan 2000 00:00:00 GMT".to_owned(), "ahead of the server's"),
        ("Thu, 01 Jan 2099 00:00:00 GMT".to_owned(), "behind the server's"),
    ] {
        let world = bound(|_| (), |it| it.refuses_proofs = Some(("invalid_dpop_proof", date.clone())));
        let human = Human::prompt();
        let text = world.refused(&human, &[words]);
        assert_eq!(text.contains("set the clock"), !date.is_empty(), "{text}");
        assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 0));
    }
    let world = bound(|_| (), |_| ());
    let answer = support::Answer::error(400, "invalid_dpop_proof", "iat is too old");
    let answer = answer.header("Date", "Thu, 01 Jan 2099 00:00:00 GMT");
    world.authorization.fail(Endpoint::Code, support::Fault::Answer(answer));
    world.refused(
        &Human::prompt(),
        &["/token refuses the DPoP proof: iat is too old; the clock", "behind", "set the clock"],
    );
}

#[test]
fn an_algorithm_that_nobody_here_has_is_an_error_only_where_a_key_is_required() {
    let listed = |it: &mut Manners| {
        it.metadata = vec![("dpop_signing_alg_values_supported", Some(json!(["PS256"])))];
    };
    let world = World::with(listed, |_| ());
    world.sign_in();
    assert!(world.authorization.asked(Endpoint::Code)[0].request.header("dpop").is_none());

    let required: [fn(&mut Guard); 2] = [
        |it| it.metadata = vec![("dpop_bound_access_tokens_required", json!(true))],
        |it| it.challenge = vec![r#"DPoP resource_metadata="{metadata}""#.to_owned()],
    ];
    for required in required {
        let world = World::with(listed, required);
        let human = Human::at_ease();
        world
            .refused(&human, &["takes DPoP proofs that are signed with PS256, and not with ES256", "ask its operator"]);
        assert_eq!(human.windows(), 0, "nobody is sent to a browser for that");
        world.command("login").human(&human).told().expect(4, &["not with ES256"]);
    }
    // The server itself.
    let world =
        bound(|_| (), |it| it.challenge = vec![r#"DPoP algs="EdDSA", resource_metadata="{metadata}""#.to_owned()]);
    world.refused(&Human::at_ease(), &["the MCP server takes DPoP proofs that are signed with EdDSA"]);
}

#[test]
fn a_server_may_ask_for_it_in_its_metadata_or_its_challenge_alone() {
    let asks: [fn(&mut Guard); 3] = [
        |it| it.metadata = vec![("dpop_bound_access_tokens_required", json!(true))],
        |it| it.metadata = vec![("dpop_signing_alg_values_supported", json!(["ES256"]))],
        |it| it.challenge = vec![r#"Bearer resource_metadata="{metadata}""#.to_owned(), "DPoP".to_owned()],
    ];
    for ask in asks {
        let world = World::with(
            |it| {
                it.binding.offered = true;
                it.metadata = vec![("dpop_signing_alg_values_supported", None)];
            },
            ask,
        );
        world.sign_in();
        assert_all_bound(&world.server);
        assert!(world.authorization.asked(Endpoint::Authorize)[0].get("dpop_jkt").is_none());
    }
}

#[test]
fn a_key_that_cannot_be_read_ends_in_a_new_sign_in() {
    let world = bound(|_| (), |_| ());
    world.sign_in();
    damage_the_key(&world);
    let alone = world.command("call").args(["echo", "--non-interactive"]).told();
    alone.expect(3, &["the key that the sign-in is bound to cannot be read", "mcpbridge login"]);
    let human = Human::prompt();
    let bridge = world.bridge(&human);
    assert_eq!(human.windows(), 1);
    let told = end_well(bridge);
    assert!(told.contains("the key that the sign-in is bound to cannot be read"), "{told}");
    world.needs_no_window();
}

#[test]
fn the_key_is_in_the_store_and_nowhere_else() {
    let world = bound(|it| it.binding.nonces = Nonces::Fixed, |it| it.nonces = Nonces::Once);
    let human = Human::prompt();
    let log = world.home.path().join("log");
    let stderr = end_well(world.renewed(&human, &log));
    let login = world.command("login").args(["--debug"]).human(&human).told();
    let status = world.command("status").told();
    let log = fs::read_to_string(&log).unwrap();
    let told = [&stderr, &log, &login.stdout, &login.stderr, &status.stdout];
    world.assert_kept_secret(&told.map(String::as_str));
    let key = kept_key(&world);
    let proofs: Vec<String> =
        presented(&world.server).iter().filter_map(|it| it.header("dpop").map(str::to_owned)).collect();
    assert!(key.len() > 150 && proofs.len() > 3);
    for text in told {
        assert!(!text.contains(&key) && !proofs.iter().any(|proof| text.contains(proof.as_str())), "{text}");
    }
    for (path, text) in support::files(world.home.path()) {
        let is_store = path.strip_prefix(world.home.path().join("mcpbridge/credentials")).is_ok();
        assert!(is_store || !text.contains(&key), "{}", path.display());
    }
}

#[test]
fn status_says_that_the_token_is_bound_and_logout_revokes_it() {
    let world = bound(|_| (), |_| ());
    world.sign_in();
    says(&world.command("status").told(), "bound to a key");
    assert_eq!(world.command("status").args(["--json"]).told().json()["accounts"][0]["bound_to_key"], true);
    world.command("logout").told().expect(0, &[]);
    assert!(world.authorization.ledger.live_refresh_tokens().is_empty());
    assert!(world.authorization.ledger.live_access_tokens().is_empty());
    assert_eq!(world.authorization.asked(Endpoint::Revoke).len(), 2);
}

#[test]
fn the_binding_cannot_be_set_by_hand() {
    let world = World::new().may_be_unused();
    let told = world.command("login").args(["--authorize-param", "dpop_jkt=x"]).told();
    told.expect(2, &["cannot set \"dpop_jkt\""]);
}

/// A server that takes tokens with a proof only, and an authorization server that makes such tokens.
fn bound(manners: impl FnOnce(&mut Manners), guard: impl FnOnce(&mut Guard)) -> World {
    World::with(
        |it| {
            it.binding.offered = true;
            manners(it);
        },
        |it| {
            it.challenge = vec![PROOF_CHALLENGE.to_owned()];
            guard(it);
        },
    )
}

fn bound_over(legacy: Legacy, manners: impl FnOnce(&mut Manners), guard: impl FnOnce(&mut Guard)) -> World {
    let world = World::over(legacy);
    world.authorization.change(|it| {
        it.binding.offered = true;
        manners(it);
    });
    world.server.change(|it| {
        it.challenge = vec![PROOF_CHALLENGE.to_owned()];
        guard(it);
    });
    world
}

/// Its result has these words.
#[track_caller]
fn says(told: &Told, words: &str) {
    assert!(told.expect(0, &[]).stdout.contains(words), "{told:?}");
}

/// The requests that came with a token.
fn presented(server: &Server) -> Vec<Request> {
    server.matching(|it| it.header("authorization").is_some())
}

#[track_caller]
fn assert_all_bound(server: &Server) {
    let presented = presented(server);
    assert!(!presented.is_empty());
    for request in presented {
        assert!(request.header("authorization").is_some_and(|it| it.starts_with("DPoP access-")), "{request:?}");
    }
}

/// That of the key in the proof of a request, as RFC 7638 has it.
fn thumbprint(request: &Request) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use sha2::{Digest as _, Sha256};
    let proof = request.header("dpop").unwrap_or_else(|| panic!("no proof: {request:?}"));
    let head: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').next().unwrap()).unwrap()).unwrap();
    let public = json!({ "crv": "P-256", "kty": "EC", "x": head["jwk"]["x"], "y": head["jwk"]["y"] }).to_string();
    URL_SAFE_NO_PAD.encode(Sha256::digest(public))
}

/// The one file of the store.
fn credentials(world: &World) -> (std::path::PathBuf, Value) {
    let files = support::files(&world.home.path().join("mcpbridge/credentials"));
    let found = files.into_iter().find_map(|(path, text)| {
        let item: Value = serde_json::from_str(&text).ok()?;
        item.pointer(KEY).is_some().then_some((path, item))
    });
    found.expect("a sign-in with a key")
}

fn kept_key(world: &World) -> String {
    credentials(world).1.pointer(KEY).unwrap().as_str().unwrap().to_owned()
}

fn damage_the_key(world: &World) {
    let (path, mut item) = credentials(world);
    *item.pointer_mut(KEY).unwrap() = "AAAA".into();
    fs::write(path, item.to_string()).unwrap();
}

fn key(name: &str) -> String {
    fs::read_to_string(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

const KEY: &str = "/grant/credential/o_auth/binding/key";
const ISSUER: &str = "https://platform.example";

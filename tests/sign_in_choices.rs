//! What a person and a server can choose about a sign-in: where metadata is, which client asks, for what, and where the
//! browser comes back to.

mod support;

use std::{fs, net::TcpListener};

use serde_json::{Value, json};
use support::{
    Authorization, Bridge, CHALLENGE, Client, Endpoint, Fault, Human, Legacy, PATIENCE, Page, Place, Proof, Protected,
    VERSION, World, call, end_well, initialize, refusal, start, unused_port,
};
use tempfile::TempDir;

#[test]
fn metadata_of_the_server_is_found_at_each_place_where_it_may_be() {
    let path = "/.well-known/oauth-protected-resource/mcp";
    let root = "/.well-known/oauth-protected-resource";
    for (challenge, documents) in [
        (CHALLENGE, vec![("/somewhere/else", Page::Good), (path, Page::Status(500))]),
        ("Bearer", vec![(path, Page::Good), (root, Page::Text(r#"{"resource":"https://evil.example"}"#.into()))]),
        ("Bearer", vec![(path, Page::Html), (root, Page::Good)]),
        ("Bearer", vec![(path, Page::Status(404)), (root, Page::Good)]),
        (CHALLENGE, vec![("/gone", Page::Status(404)), (path, Page::Good)]),
        ("Bearer", vec![(path, Page::Redirect("/moved".to_owned())), ("/moved", Page::Good)]),
    ] {
        let world = World::with(
            |_| (),
            |it| {
                it.challenge = vec![challenge.to_owned()];
                it.documents = documents.into_iter().map(|(path, page)| (path.to_owned(), page)).collect();
            },
        );
        world.sign_in();
    }
}

#[test]
fn metadata_of_the_authorization_server_is_found_at_each_place_where_it_may_be() {
    for (issuer_path, documents) in [
        ("", vec![(Place::Oauth, Page::Good)]),
        ("", vec![(Place::OpenIdAppended, Page::Good)]),
        ("/", vec![(Place::Oauth, Page::Good)]),
        ("/tenant", vec![(Place::Oauth, Page::Good)]),
        ("/tenant", vec![(Place::OpenIdInserted, Page::Good)]),
        ("/tenant", vec![(Place::OpenIdAppended, Page::Good)]),
        ("/tenant", vec![(Place::Oauth, Page::Html), (Place::OpenIdAppended, Page::Good)]),
        ("/a/deeper/tenant", vec![(Place::OpenIdInserted, Page::Status(403)), (Place::OpenIdAppended, Page::Good)]),
    ] {
        let world = World::with(
            |it| {
                it.issuer_path = issuer_path.to_owned();
                it.documents = documents;
            },
            |_| (),
        );
        world.sign_in();
    }
}

#[test]
fn of_several_authorization_servers_the_first_that_works_is_taken() {
    let world = World::new();
    let broken = Authorization::start(|it| it.documents = Vec::new());
    let other = Authorization::start(|_| ()).may_be_unused();
    world.server.change(|it| {
        it.authorization_servers = Some(vec![broken.issuer(), world.authorization.issuer(), other.issuer()]);
    });
    world.sign_in();
    assert!(other.asked(Endpoint::Documents).is_empty(), "one that works is enough");
}

#[test]
fn a_refresh_token_is_asked_for_where_the_server_offers_one_for_it() {
    let world = World::with(
        |it| it.tokens.offline_access = true,
        |it| it.metadata = vec![("scopes_supported", json!(["read"]))],
    );
    world.sign_in();
    let asked = world.authorization.wait(1, Endpoint::Authorize);
    assert_eq!((asked.need("scope"), asked.need("prompt")), ("read offline_access", "consent"));
    world.authorization.ledger.drop_access_tokens();
    world.needs_no_window();

    let world = World::with(|_| (), |it| it.metadata = vec![("scopes_supported", json!(["read"]))]);
    world.sign_in();
    let asked = world.authorization.wait(1, Endpoint::Authorize);
    assert_eq!((asked.need("scope"), asked.get("prompt")), ("read", None));
}

#[test]
fn a_given_client_proves_itself_as_it_says_or_as_the_server_supports() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("client.json");
    fs::write(&file, r#"{"client_id":"by hand","client_secret":"${CLIENT_SECRET}"}"#).unwrap();
    let in_file = format!("@{}", file.display());
    let written = |method: &str| {
        format!(r#"{{"client_id":"by hand","client_secret":"s3cret & more","token_endpoint_auth_method":"{method}"}}"#)
    };
    for (given, proof, methods) in [
        (r#"{"client_id":"by hand"}"#.to_owned(), Proof::None, vec!["none"]),
        (written("client_secret_post"), Proof::Post("s3cret & more".to_owned()), vec!["client_secret_basic"]),
        (written("client_secret_basic"), Proof::Basic("s3cret & more".to_owned()), vec!["client_secret_post"]),
        (in_file.clone(), Proof::Basic("s3cret & more".to_owned()), vec!["client_secret_basic", "client_secret_post"]),
        (in_file.clone(), Proof::Post("s3cret & more".to_owned()), vec!["client_secret_post"]),
    ] {
        let world = World::with(
            |it| {
                it.clients = vec![Client::given("by hand", proof.clone())];
                it.metadata = vec![("token_endpoint_auth_methods_supported", Some(json!(methods)))];
            },
            |_| (),
        );
        let human = Human::prompt();
        let relay =
            || world.relay(&human).args(["--static-oauth-client-info", &given]).env("CLIENT_SECRET", "s3cret & more");
        let mut bridge = relay().ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        end_well(bridge);
        world.authorization.ledger.drop_access_tokens();
        let mut bridge = relay().ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 1), "{given}");
        assert!(world.authorization.asked(Endpoint::Register).is_empty());
    }
}

#[test]
fn a_given_client_that_is_wrong_is_named_by_its_flag_and_not_registered_anew() {
    let world = World::with(|it| it.clients = vec![Client::given("by hand", Proof::Post("right".to_owned()))], |_| ());
    let human = Human::prompt();
    let given = r#"{"client_id":"by hand","client_secret":"s3cret-wrong"}"#;
    let mut bridge = world.relay(&human).args(["--static-oauth-client-info", given]).spawn();
    bridge.send(initialize(0, VERSION));
    let text = refusal(&mut bridge, &["invalid_client", "--static-oauth-client-info"]);
    assert!(!text.contains("s3cret") && !bridge.stderr().contains("s3cret"), "{text}");
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Register).len()), (1, 0));
    for (given, words) in [
        ("{}", "client_id"),
        ("s3cret", "no JSON object"),
        (r#"{"client_id":"x","client_secret":"${NOT_SET}"}"#, "NOT_SET"),
        ("@/no/such/file", "/no/such/file"),
        (r#"{"client_id":"x","token_endpoint_auth_method":"private_key_jwt"}"#, "private_key_jwt"),
    ] {
        let told = world.command("login").args(["--static-oauth-client-info", given]).told();
        told.expect(2, &[words]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
}

#[test]
fn a_registration_says_what_the_command_line_adds_to_it() {
    let world = World::new();
    let human = Human::prompt();
    let metadata = r#"{"client_name":"The Editor","software_id":"x","scope":"mine"}"#;
    let mut bridge = world.relay(&human).args(["--static-oauth-client-metadata", metadata]).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let registered = world.authorization.wait(1, Endpoint::Register).request.json();
    assert_eq!((&registered["client_name"], &registered["software_id"]), (&json!("The Editor"), &json!("x")));
    let grants: Vec<&str> = registered["grant_types"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(grants, ["authorization_code", "refresh_token"]);
    assert_eq!(world.authorization.wait(1, Endpoint::Authorize).need("scope"), "mine");
}

#[test]
fn a_document_about_the_client_is_used_where_the_server_reads_such_and_else_it_is_registered() {
    let document = "https://example.com/mcpbridge.json";
    for reads in [true, false] {
        let world = World::with(|it| it.metadata_documents = reads, |_| ());
        let human = Human::prompt();
        let mut bridge = world.relay(&human).args(["--client-metadata-url", document]).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        let client = world.authorization.wait(1, Endpoint::Authorize).need("client_id").to_owned();
        assert_eq!(
            (client == document, world.authorization.asked(Endpoint::Register).len()),
            (reads, usize::from(!reads))
        );
    }
    let world = World::new();
    for url in ["http://example.com/x.json", "https://example.com", "https://u:p@example.com/x", "x"] {
        world.command("login").args(["--client-metadata-url", url]).told().expect(2, &["--client-metadata-url"]);
    }
    world.sign_in();
}

#[test]
fn parameters_are_added_to_the_authorization_request_and_not_to_what_makes_it() {
    let world = World::new();
    let human = Human::prompt();
    let flags = ["--authorize-param", "audience=https://api.example/x?y=1&z", "--authorize-param", "prompt=login"];
    let mut bridge = world.relay(&human).args(flags).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let asked = world.authorization.wait(1, Endpoint::Authorize);
    assert_eq!((asked.need("audience"), asked.need("prompt")), ("https://api.example/x?y=1&z", "login"));
    assert_eq!(world.authorization.wait(1, Endpoint::Code).get("audience"), None);
    for reserved in ["state=x", "client_id=x", "redirect_uri=x", "code_challenge=x", "response_type=token", "=x", "x"] {
        world.command("login").args(["--authorize-param", reserved]).told().expect(2, &["--authorize-param"]);
    }
}

#[test]
fn the_id_token_is_sent_where_it_is_asked_for() {
    let token = "id-token.of.somebody";
    let world = World::with(|it| it.tokens.extra = vec![("id_token", json!(token))], |_| ());
    world.authorization.ledger.honour(token, "");
    let human = Human::prompt();
    let mut bridge = world.relay(&human).arg("--use-id-token").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(world.server.wait(1, "tools/call").header("authorization"), Some(format!("Bearer {token}").as_str()));
    assert!(!bridge.stderr().contains(token));
}

#[test]
fn the_resource_is_the_one_that_was_given_or_none_also_when_the_token_is_renewed() {
    for (flags, sent) in [
        (vec!["--resource", "https://api.example.com/v1?x=%7e"], Some("https://api.example.com/v1?x=%7e")),
        (vec!["--disable-resource-parameter"], None),
    ] {
        let world = World::new();
        // Tokens of another resource are no use to this server; what is sent is what the test is about.
        world.server.change(|it| it.resource = sent.unwrap_or("{origin}/mcp").to_owned());
        let human = Human::prompt();
        let relay = || world.relay(&human).args(flags.iter().copied());
        let mut bridge = relay().ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        end_well(bridge);
        world.authorization.ledger.drop_access_tokens();
        let mut bridge = relay().ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        for endpoint in [Endpoint::Authorize, Endpoint::Code, Endpoint::Refresh] {
            assert_eq!(world.authorization.wait(1, endpoint).get("resource"), sent, "{endpoint:?}");
        }
        assert_eq!(human.windows(), 1);
    }
}

#[test]
fn a_port_that_was_asked_for_is_the_one_or_it_is_an_error() {
    let world = World::new();
    let human = Human::prompt();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut bridge = world.relay(&human).arg(&port).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &[&port]);
    assert_eq!(human.windows(), 0);
    world.command("login").arg(&port).human(&human).told().expect(2, &[&port]);
    drop(taken);
    let mut bridge = world.relay(&human).arg(&port).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let redirect = world.authorization.wait(1, Endpoint::Authorize).need("redirect_uri").to_owned();
    assert_eq!(redirect, format!("http://127.0.0.1:{port}/oauth/callback"));
}

#[test]
fn a_port_that_is_taken_is_walked_past_and_the_client_registered_for_the_next() {
    let world = World::new();
    world.sign_in();
    let first = world.authorization.wait(1, Endpoint::Authorize).need("redirect_uri").to_owned();
    let port = url::Url::parse(&first).unwrap().port().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    world.authorization.ledger.revoke_all();
    world.sign_in();
    let second = world.authorization.wait(2, Endpoint::Authorize).need("redirect_uri").to_owned();
    assert_ne!(first, second);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);
    // The first registration is still known, and good as soon as its port is free again.
    drop(taken);
    world.authorization.ledger.revoke_all();
    world.sign_in();
    assert_eq!(world.authorization.wait(3, Endpoint::Authorize).need("redirect_uri"), first);
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);
}

#[test]
fn the_redirect_comes_to_the_host_and_the_path_that_were_asked_for() {
    let world = World::new();
    let human = Human::at_ease();
    let port = unused_port().to_string();
    let flags = ["--host", "localhost", "--callback-path", "/back/here"];
    let mut bridge = world.relay(&human).arg(&port).args(flags).spawn();
    let visit = start(&mut bridge, &human);
    let redirect = format!("http://localhost:{port}/back/here");
    assert_eq!(visit.need("redirect_uri"), redirect);
    for stranger in [format!("http://127.0.0.1:{port}/oauth/callback?code=x&state=y"), format!("{redirect}/more")] {
        assert_eq!(support::get(&stranger).status, 404, "{stranger}");
    }
    assert_eq!(visit.consent().status, 200);
    bridge.expect_result("0");
    for (flags, word) in [
        (["--callback-path", "back"], "--callback-path"),
        (["--auth-success-url", "javascript:alert(1)"], "--auth-success-url"),
        (["--auth-success-url", "http://example.com/x"], "--auth-success-url"),
        (["--auth-success-url", "https://example.com/x?code=1"], "--auth-success-url"),
        (["--resource", "not absolute"], "--resource"),
    ] {
        world.command("login").args(flags).told().expect(2, &[word]);
    }
}

#[test]
fn a_registration_whose_secret_has_expired_is_made_anew_before_the_window_opens() {
    let world = World::with(
        |it| {
            it.registration.auth_method = Some("client_secret_post");
            it.registration.secret_expires_at = Some(1_000_000);
        },
        |_| (),
    );
    world.sign_in();
    world.authorization.ledger.revoke_all();
    world.sign_in();
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);
}

#[test]
fn a_client_that_the_server_has_forgotten_is_registered_anew_once_and_not_for_ever() {
    let world = World::new();
    world.sign_in();
    // As after a reset of the server: neither the grant nor the client is known.
    world.authorization.ledger.revoke_all();
    world.authorization.clients.forget_all();
    world.authorization.fail_next(Endpoint::Refresh, Fault::error(401, "invalid_client"));
    let human = Human::prompt();
    let bridge = world.bridge(&human);
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Register).len()), (1, 2));
    end_well(bridge);

    let world = World::new();
    world.authorization.fail(Endpoint::Code, Fault::error(401, "invalid_client"));
    let human = Human::prompt();
    world.refused(&human, &["invalid_client"]);
    assert!(human.windows() <= 2, "{} windows", human.windows());
    assert_eq!(world.authorization.asked(Endpoint::Register).len(), 2);
}

#[test]
fn the_token_goes_with_the_stream_and_the_goodbye_and_a_new_one_with_the_next() {
    let world = World::over(Legacy::new().listening());
    let human = Human::prompt();
    let mut bridge = world.bridge(&human);
    let stream = world.server.stream();
    let listens = |request: &support::Request| request.is("GET") && request.path == "/mcp";
    let first = world.server.wait_for(1, "a stream", listens).header("authorization").map(str::to_owned);
    assert!(first.as_ref().is_some_and(|it| it.starts_with("Bearer access-")), "{first:?}");
    world.authorization.ledger.drop_access_tokens();
    stream.end();
    let renewed = world.server.wait_for(1, "a stream with another token", |request| {
        listens(request) && request.header("authorization").map(str::to_owned) != first
    });
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert_eq!(world.server.wait(1, "DELETE").header("authorization"), renewed.header("authorization"));
    assert_eq!((human.windows(), world.authorization.asked(Endpoint::Refresh).len()), (1, 1));
}

#[test]
fn a_server_that_is_its_own_authorization_server_works_without_any_metadata() {
    let home = TempDir::new().unwrap();
    let server = Protected::start_alone(|it| it.documents = Vec::new(), |_| ());
    let human = Human::prompt();
    let mut bridge = Bridge::to(&server).home(home.path()).human(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.desk().wait(1, Endpoint::Authorize).get("resource"), None, "nobody published one");
    server.desk().ledger.drop_access_tokens();
    bridge.send(call(2));
    bridge.expect_result("2");
    assert_eq!(human.windows(), 1);
}

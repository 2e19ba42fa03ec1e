//! `doctor` and a server that wants a credential: what is published, what is kept, and why it is not taken. Nobody is
//! asked for anything.

mod support;

use std::{fs, sync::Arc};

use serde_json::json;
use support::*;

#[test]
fn who_is_not_signed_in_is_told_the_command_and_nothing_is_asked_or_kept() {
    let world = World::new();
    let human = Human::at_ease();
    let seen = Findings::by(world.command("doctor").human(&human));
    seen.fails("token", 3, &["nobody is signed in", &format!("mcpbridge login {}", world.server.url())]);
    assert!(seen.detail("http").contains("wants a credential (HTTP 401)"), "{seen:?}");
    assert!(seen.detail("metadata").contains(&world.authorization.issuer()), "{seen:?}");
    assert!(seen.detail("authorization").contains("PKCE with S256"), "{seen:?}");
    assert!(seen.detail("registration").contains("/register"), "{seen:?}");
    assert_eq!(seen.detail("tools"), "not tried, because of token");
    assert_eq!(human.windows(), 0);
    for endpoint in [Endpoint::Register, Endpoint::Authorize, Endpoint::Refresh] {
        assert!(world.authorization.asked(endpoint).is_empty(), "{endpoint:?}");
    }
    assert!(files(world.home.path()).is_empty(), "{:?}", files(world.home.path()));
}

#[test]
fn who_is_signed_in_passes_every_step_and_no_secret_is_told() {
    let world = World::new();
    world.sign_in();
    let told = world.command("doctor").arg("--json").told();
    let seen = Findings::of(&told);
    assert_eq!(seen.code, 0, "{seen:?}");
    for words in ["kept in a file in ", "renewed in"] {
        assert!(seen.detail("token").contains(words), "{seen:?}");
    }
    assert!(seen.detail("registration").contains("registered by itself"), "{seen:?}");
    assert_eq!(seen.state("tools"), "ok");
    world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    let shown = world.command("doctor").args(["--debug"]).told();
    world.assert_kept_secret(&[&shown.stdout, &shown.stderr]);
}

#[test]
fn a_token_that_has_expired_is_renewed_as_a_relay_does_and_one_that_has_ended_is_told() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    let seen = Findings::by(world.command("doctor"));
    assert_eq!((seen.code, seen.state("token")), (0, "ok"), "{seen:?}");
    world.authorization.ledger.revoke_all();
    let seen = Findings::by(world.command("doctor"));
    seen.fails("token", 3, &["has ended", "mcpbridge login"]);
    let again = Findings::by(world.command("doctor"));
    again.fails("token", 3, &["has ended", "mcpbridge login"]);
}

#[test]
fn a_server_that_refuses_its_own_tokens_is_told_with_the_audience() {
    let world = World::new();
    world.sign_in();
    world.server.change(|guard| guard.refuses_all = true);
    let seen = Findings::by(world.command("doctor"));
    assert_eq!((seen.code, seen.state("token")), (3, "fail"), "{seen:?}");
    assert!(seen.detail("token").contains("refuses the token"), "{seen:?}");
}

#[test]
fn a_registration_that_is_not_known_any_more_is_told() {
    let world = World::new();
    world.sign_in();
    world.authorization.ledger.drop_access_tokens();
    world.authorization.clients.forget_all();
    Findings::by(world.command("doctor"));
    let seen = Findings::by(world.command("doctor"));
    seen.fails("registration", 3, &["not known there any more", "login", "--force"]);
    assert_eq!(seen.state("token"), "fail");
}

#[test]
fn a_registration_that_has_expired_is_told_while_its_token_lives() {
    let world = World::with(
        |it| {
            it.registration.auth_method = Some("client_secret_basic");
            it.registration.secret = Some("s3cret-of-the-client");
            it.registration.secret_expires_at = Some(in_seconds(3600));
        },
        |_| (),
    );
    world.sign_in();
    let seen = Findings::by(world.command("doctor"));
    assert!(seen.detail("registration").contains("for another"), "{seen:?}");
    for (path, text) in files(&world.home.path().join("mcpbridge/credentials")) {
        let past = text.replace("\"secret_expires_at\":", "\"secret_expires_at\":1,\"was\":");
        fs::write(path, past).unwrap();
    }
    let seen = Findings::by(world.command("doctor"));
    seen.fails("registration", 3, &["the registration has expired", "--force"]);
    assert_eq!(seen.state("token"), "ok", "{seen:?}");
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
}

#[test]
fn metadata_that_do_not_fit_and_an_authorization_server_that_will_not_do_are_named() {
    let world = World::with(|_| (), |guard| guard.resource = "https://other.example/mcp".to_owned());
    Findings::by(world.command("doctor")).fails("metadata", 6, &["https://other.example/mcp", "do not match"]);
    let world = World::with(|it| it.metadata = vec![("code_challenge_methods_supported", None)], |_| ());
    Findings::by(world.command("doctor")).fails("authorization", 6, &["PKCE"]);
    let world = World::with(|it| it.metadata = vec![("issuer", Some(json!("https://evil.example")))], |_| ());
    Findings::by(world.command("doctor")).fails("authorization", 6, &["https://evil.example"]);
    let world = World::with(|it| it.documents = vec![(Place::Oauth, Page::Status(503))], |_| ());
    Findings::by(world.command("doctor")).fails("authorization", 5, &["503"]);
    let world = World::with(|it| it.metadata = vec![("registration_endpoint", None)], |_| ());
    Findings::by(world.command("doctor")).fails(
        "registration",
        2,
        &["do not register by themselves", "--static-oauth-client-info"],
    );
    let given = world.command("doctor").args(["--static-oauth-client-info", r#"{"client_id":"mine"}"#]);
    let seen = Findings::by(given);
    assert!(seen.detail("registration").contains("--static-oauth-client-info gives"), "{seen:?}");
}

#[test]
fn a_server_of_2025_03_26_and_one_that_offers_no_sign_in_are_told_apart_from_others() {
    let alone = Protected::start_alone(|_| (), |_| ());
    let seen = Findings::by(Bridge::bare().args(["doctor", &alone.url()]));
    assert!(seen.detail("metadata").contains("2025-03-26"), "{seen:?}");
    assert_eq!(seen.state("authorization"), "ok", "{seen:?}");
    let bare = Server::start(|request, reply| match request.path.as_str() {
        "/mcp" => reply.status(401),
        _ => reply.status(404),
    });
    let seen = Findings::by(Bridge::bare().args(["doctor", &bare.url()]));
    assert_eq!(seen.state("authorization"), "warn", "{seen:?}");
    assert!(seen.remedy("authorization").contains("--api-key-header"), "{seen:?}");
    seen.fails("token", 3, &["nobody is signed in"]);
}

#[test]
fn a_credential_that_is_given_and_refused_is_named_and_not_shown() {
    for status in [401, 403] {
        let server = Server::start(move |_, reply| reply.status(status));
        let seen = Findings::by(Bridge::bare().args(["doctor", &server.url(), "--header", "X-Api-Key: s3cret-key"]));
        seen.fails(
            "token",
            3,
            &["refuses the credential in the header x-api-key", &status.to_string(), "check its value"],
        );
        assert!(!seen.text.contains("s3cret"), "{seen:?}");
        let url = format!("{}?api_key=s3cret-key", server.url());
        let seen = Findings::by(Bridge::bare().args(["doctor", &url]));
        seen.fails("token", 3, &["refuses the credential in the URL"]);
        assert!(!seen.text.contains("s3cret"), "{seen:?}");
    }
    let (_, _, _, behind) = Legacy::new().without_session().into_parts();
    let server = Server::start(move |request, reply| match request.header("x-api-key") {
        Some("s3cret-key") => behind(request, reply),
        _ => reply.status(401),
    });
    let seen = Findings::by(Bridge::bare().args(["doctor", &server.url(), "--header", "X-Api-Key: s3cret-key"]));
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.detail("token").contains("answers with the credential in the header x-api-key"), "{seen:?}");
}

#[test]
fn a_query_that_is_no_key_and_a_server_that_forbids_everything_are_not_mistaken_for_a_sign_in() {
    let world = World::new();
    let url = format!("{}?tenant=1", world.server.url());
    let seen = Findings::by(Bridge::bare().args(["doctor", &url]));
    seen.fails("token", 3, &["nobody is signed in"]);
    assert_eq!(seen.state("registration"), "ok", "{seen:?}");
    let server = Server::start(|_, reply| reply.text(403, "no"));
    let seen = Findings::by(Bridge::bare().args(["doctor", &server.url()]));
    seen.fails("token", 3, &["forbids it (HTTP 403)", "--header"]);
}

#[test]
fn a_protected_server_of_http_sse_is_signed_in_to_as_well() {
    let server = Server::start(|request, reply| match request.method.as_str() {
        "GET" if request.path == "/sse" => reply.header("WWW-Authenticate", "Bearer").status(401),
        "POST" if request.path == "/sse" => reply.status(405),
        _ => reply.status(404),
    });
    let seen = Findings::by(Bridge::bare().args(["doctor", &server.at("/sse")]));
    assert!(seen.detail("http").contains("wants a credential (HTTP 401)"), "{seen:?}");
    seen.fails("token", 3, &["nobody is signed in"]);
}

#[test]
fn a_key_that_is_kept_opens_the_server_until_it_is_another_one() {
    let authorization = Authorization::start(|_| ()).may_be_unused();
    let server = Protected::start_over(&authorization.desk(), Legacy::new(), |guard| {
        guard.also = Some(Arc::new(|request: &Request| request.path.contains("api_key=s3cret-key")));
    });
    let home = tempfile::TempDir::new().unwrap();
    let at = |args: &[&str]| Bridge::bare().args(args.to_vec()).home(home.path());
    let mut login = at(&["login", &server.url(), "--api-key-query", "api_key"]).at_shell();
    login.type_line("s3cret-key");
    login.told().expect(0, &[]);
    let seen = Findings::by(at(&["doctor", &server.url()]));
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.detail("token").contains("takes the API key"), "{seen:?}");
    assert!(!server.requests().iter().any(|it| it.path.matches("api_key").count() > 1), "{}", server.transcript());
    server.change(|guard| guard.also = None);
    let seen = Findings::by(at(&["doctor", &server.url()]));
    seen.fails("token", 3, &["API key"]);
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
}

#[test]
fn a_program_that_signs_in_by_itself_is_tried_and_needs_nobody() {
    let given = Client::given("ci", Proof::Basic("s3cret-of-ci".into()));
    let world = World::with(
        |it| {
            it.clients = vec![given];
            it.unattended.grants = vec![CLIENT_CREDENTIALS];
        },
        |_| (),
    );
    let flags = |secret: &str| {
        let info = format!(r#"{{"client_id":"ci","client_secret":"{secret}"}}"#);
        world.command("doctor").args(["--client-credentials", "--static-oauth-client-info", &info])
    };
    let seen = Findings::by(flags("s3cret-of-ci"));
    assert_eq!((seen.code, seen.state("token")), (0, "ok"), "{seen:?}");
    let seen = Findings::by(flags("s3cret-wrong").args(["--account", "other"]));
    assert_eq!(seen.state("token"), "fail", "{seen:?}");
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
}

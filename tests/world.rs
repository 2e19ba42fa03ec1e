//! The world that the sign-in is tested in, tried with a plain client: a scripted server that lets everything pass would
//! make every test of the bridge pass, too.

mod support;

use std::{
    io::Read,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{
    Authorization, Bridge, Client, Desk, Endpoint, ExpiresIn, Fault, Gate, Human, Iss, PATIENCE, Page, Place, Proof,
    Protected, Rotation, Seen, Server, State, VERSION, fetch, get, initialize, post_form, request_with,
};
use url::{Url, form_urlencoded};

const VERIFIER: &str = "a-verifier-that-is-just-as-long-as-it-has-to-be";
const REDIRECT: &str = "http://127.0.0.1:4711/oauth/callback";

#[test]
fn metadata_is_where_the_test_puts_it_and_nowhere_else() {
    let authorization = Authorization::start(|it| {
        it.issuer_path = "/tenant".to_owned();
        it.documents = vec![
            (Place::Oauth, Page::Status(500)),
            (Place::OpenIdInserted, Page::Html),
            (Place::OpenIdAppended, Page::Good),
        ];
        it.metadata =
            vec![("code_challenge_methods_supported", None), ("token_endpoint", Some(json!("{origin}/elsewhere")))];
    });
    let origin = authorization.server.origin();
    let at = |path: &str| get(&format!("{origin}{path}"));
    assert_eq!(at("/.well-known/oauth-authorization-server/tenant").status, 500);
    assert!(at("/.well-known/openid-configuration/tenant").body.contains("<!doctype html>"));
    assert_eq!(at("/.well-known/oauth-authorization-server").status, 404);
    let document = at("/tenant/.well-known/openid-configuration").json();
    assert_eq!(document["issuer"], format!("{origin}/tenant"));
    assert_eq!(document["authorization_endpoint"], format!("{origin}/tenant/authorize"));
    assert_eq!(document["token_endpoint"], format!("{origin}/elsewhere"));
    assert!(document.get("code_challenge_methods_supported").is_none());

    authorization.change(|it| it.documents = vec![(Place::Oauth, Page::Larger(1 << 20))]);
    let large = at("/.well-known/oauth-authorization-server/tenant");
    assert!(large.status == 200 && large.body.len() > 1 << 20);
    assert_eq!(authorization.asked(Endpoint::Documents).len(), 5);
}

#[test]
fn only_a_native_client_that_can_be_refreshed_and_is_on_this_machine_is_registered() {
    let authorization = Authorization::start(|_| ());
    for (member, value) in [
        ("application_type", json!("web")),
        ("application_type", Value::Null),
        ("grant_types", json!(["authorization_code"])),
        ("grant_types", json!(["refresh_token"])),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["https://example.com/oauth/callback"])),
        ("redirect_uris", json!([REDIRECT, "http://192.168.0.1/oauth/callback"])),
        ("client_name", json!("")),
        ("response_types", json!(["token"])),
    ] {
        let mut document = registration("none");
        document[member] = value.clone();
        let refused = register(&authorization, &document);
        assert_eq!(refused.status, 400, "{member}: {value}");
    }
    let client = register(&authorization, &registration("none"));
    assert_eq!((client.status, client.json()["client_secret"].is_null()), (201, true));

    authorization.change(|it| {
        it.registration.auth_method = Some("client_secret_post");
        it.registration.redirect_uris = Some(vec!["http://127.0.0.1/other".to_owned()]);
        it.registration.secret_expires_at = Some(1);
    });
    let changed = register(&authorization, &registration("none")).json();
    assert_eq!(changed["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(changed["redirect_uris"], json!(["http://127.0.0.1/other"]));
    assert_eq!(changed["client_secret_expires_at"], 1);

    authorization.change(|it| it.registration.refusal = Some((403, "access_denied", "ask the administrator")));
    let refused = register(&authorization, &registration("none"));
    assert_eq!((refused.status, refused.json()["error"].clone()), (403, json!("access_denied")));
}

#[test]
fn a_human_sees_the_page_consents_or_declines_and_ends_where_the_client_listens() {
    let authorization = Authorization::start(|it| it.authorize.iss = Iss::Right);
    let callback = Server::start(|_, reply| reply.text(200, "you are signed in"));
    let mut applicant = Applicant::at(&authorization, &callback.at("/oauth/callback"), "none");
    let human = Human::at_ease();
    applicant.ask("&scope=read&resource=http%3A%2F%2Flocalhost%3A1");
    open(&human.browser(), &applicant.url, 0);

    let visit = human.visits().next().unwrap();
    assert_eq!(visit.url, applicant.url);
    assert_eq!(visit.need("resource"), "http://localhost:1");
    assert!(visit.look().body.contains("Allow"));
    let page = visit.consent();
    assert_eq!((page.status, page.body.as_str()), (200, "you are signed in"));
    let answer = params(&page.url);
    assert!(answer.contains(&("state".to_owned(), "a state".to_owned())), "{answer:?}");
    assert!(answer.contains(&("iss".to_owned(), authorization.issuer())), "{answer:?}");
    assert_eq!(authorization.asked(Endpoint::Authorize)[0].get("resource"), Some("http://localhost:1"));

    let page = visit.decline();
    assert!(page.url.contains("error=access_denied") && !page.url.contains("code="), "{}", page.url);
    let again = visit.come_back("code=guessed&state={state}");
    assert!(again.url.ends_with("?code=guessed&state=a+state"), "{}", again.url);
    assert_eq!((human.windows(), callback.requests().len()), (1, 3));
    let headers = &callback.requests()[0];
    assert_eq!(headers.header("host"), Some(format!("127.0.0.1:{}", callback.port).as_str()));
    assert_eq!(headers.header("sec-fetch-mode"), Some("navigate"));
}

#[test]
fn browsers_come_in_all_kinds() {
    let server = Server::start(|_, reply| reply.text(200, "a page"));
    let human = Human::at_ease();
    let url = server.at("/page?a=1&b=$(touch%20x);'\"`");
    let output = open(&human.browser(), &url, 0);
    assert_eq!(output, "a browser talks on stdout\n");
    assert_eq!(human.visit().url, url);
    open(&human.unsure_browser(), &url, 3);
    assert_eq!(human.visit().look().body, "a page");
    open(&human.broken_browser(), &url, 1);
    assert_eq!(human.windows(), 2, "the broken browser shows nothing");

    let mut lingering = Command::new(human.lingering_browser()).arg(&url).stdout(Stdio::null()).spawn().unwrap();
    let visit = human.visit();
    assert!(lingering.try_wait().unwrap().is_none(), "a window is open as long as the human looks at it");
    drop(visit);
    lingering.wait().unwrap();
}

#[test]
fn a_human_with_a_habit_needs_no_test_to_act() {
    let authorization = Authorization::start(|_| ());
    let callback = Server::start(|_, reply| reply.text(200, "thank you"));
    let mut applicant = Applicant::at(&authorization, &callback.at("/oauth/callback"), "none");
    applicant.ask("");
    for (human, ends_with) in [(Human::prompt(), "code="), (Human::unwilling(), "error=access_denied")] {
        open(&human.browser(), &applicant.url, 0);
        let page = human.page();
        assert!(page.body == "thank you" && page.url.contains(ends_with), "{}", page.url);
    }
}

#[test]
fn what_comes_back_from_the_browser_can_be_wrong_in_every_way() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let mut applicant = Applicant::new(&authorization, "none");
    applicant.ask("");
    let came_back = |applicant: &Applicant| params(get(&applicant.url).header("location").expect("a redirect"));
    let names = |params: &[(String, String)]| params.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&came_back(&applicant)), ["code", "state"]);

    authorization.change(|it| it.authorize.state = State::Missing);
    assert_eq!(names(&came_back(&applicant)), ["code"]);
    authorization.change(|it| {
        it.authorize.state = State::Other("guessed".to_owned());
        it.authorize.iss = Iss::Other("https://evil.example".to_owned());
        it.authorize.extra = vec![("note", "<script>".to_owned())];
    });
    let wrong = came_back(&applicant);
    assert_eq!(names(&wrong), ["code", "state", "iss", "note"]);
    assert_eq!((wrong[1].1.as_str(), wrong[2].1.as_str()), ("guessed", "https://evil.example"));
    assert_eq!(authorization.metadata()["authorization_response_iss_parameter_supported"], true);
    authorization.change(|it| it.authorize.error = Some(("server_error", Some("out of order"))));
    assert_eq!(names(&came_back(&applicant))[..2], ["error", "error_description"]);

    // What is wrong with the client is told to the person, never sent anywhere.
    let asked = authorization.asked(Endpoint::Authorize).len();
    for (wrong, right) in [("client_id=nobody", "client_id="), ("redirect_uri=http%3A%2F%2Fevil", "redirect_uri=")] {
        let kept = applicant.url.split('&').map(|pair| if pair.starts_with(right) { wrong } else { pair });
        assert_eq!(get(&kept.collect::<Vec<_>>().join("&")).status, 400, "{wrong}");
    }
    assert_eq!(authorization.asked(Endpoint::Authorize).len(), asked + 2);
}

#[test]
fn a_code_is_worth_one_exchange_by_its_own_client_with_the_right_verifier() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let mut applicant = Applicant::new(&authorization, "none");
    let code = applicant.code("&resource=http%3A%2F%2Flocalhost%3A1");
    for (change, error) in [
        (("code_verifier", VERIFIER.replace('a', "b")), "invalid_grant"),
        (("redirect_uri", "http://127.0.0.1:4711/".to_owned()), "invalid_grant"),
        (("resource", "http://localhost:1/".to_owned()), "invalid_target"),
        (("client_id", "nobody".to_owned()), "invalid_client"),
    ] {
        let code = applicant.code("&resource=http%3A%2F%2Flocalhost%3A1");
        let refused = applicant.redeem_with(&code, &[("resource", "http://localhost:1"), (change.0, &change.1)]);
        assert_eq!(refused.json()["error"], error, "{change:?}");
    }
    let tokens = applicant.redeem_with(&code, &[("resource", "http://localhost:1")]);
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let access = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(authorization.ledger.access(&access).unwrap().resource.as_deref(), Some("http://localhost:1"));
    assert!(authorization.ledger.secrets().contains(&access));

    let again = applicant.redeem_with(&code, &[("resource", "http://localhost:1")]);
    assert_eq!(again.json()["error"], "invalid_grant");
    assert!(authorization.ledger.access(&access).is_none(), "a code that comes twice takes its tokens with it");

    let plain = get(&applicant.url.replace("S256", "plain"));
    assert!(plain.header("location").unwrap().contains("error=invalid_request"));
}

#[test]
fn a_rotating_refresh_token_that_comes_twice_ends_the_family() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let mut applicant = Applicant::new(&authorization, "none");
    let first = applicant.tokens();
    let second = applicant.refresh(&first);
    assert_eq!(second.status, 200, "{}", second.body);
    assert_eq!(authorization.ledger.live_refresh_tokens(), [second.json()["refresh_token"].as_str().unwrap()]);
    assert_eq!(applicant.refresh(&first).json()["error"], "invalid_grant");
    assert_eq!(authorization.ledger.families_revoked(), 1);
    assert_eq!(applicant.refresh(&second.json()).json()["error"], "invalid_grant");
    assert!(
        authorization.ledger.live_access_tokens().is_empty() && authorization.ledger.live_refresh_tokens().is_empty()
    );

    authorization.change(|it| it.tokens.rotation = Rotation::Unmentioned);
    let tokens = applicant.tokens();
    for _ in 0..2 {
        let renewed = applicant.refresh(&tokens).json();
        assert!(renewed.get("refresh_token").is_none() && renewed["access_token"] != tokens["access_token"]);
    }
    authorization.change(|it| it.tokens.rotation = Rotation::Fixed);
    assert_eq!(applicant.refresh(&tokens).json()["refresh_token"], tokens["refresh_token"]);
    authorization.change(|it| it.tokens.resource = Some("http://localhost:1".to_owned()));
    assert_eq!(applicant.refresh(&tokens).json()["error"], "invalid_target");
    authorization.change(|it| {
        it.tokens.resource = None;
        it.tokens.refresh_token = false;
    });
    assert!(applicant.tokens().get("refresh_token").is_none());
}

#[test]
fn a_refresh_token_is_for_those_who_ask_for_offline_access_where_the_test_says_so() {
    let authorization = Authorization::start(|it| {
        it.authorize.at_once = true;
        it.tokens.offline_access = true;
    });
    assert_eq!(authorization.metadata()["scopes_supported"], json!(["offline_access"]));
    let mut applicant = Applicant::new(&authorization, "none");
    for (scope, given) in [("&scope=read", false), ("&scope=read+offline_access", true)] {
        let code = applicant.code(scope);
        let tokens = applicant.redeem_with(&code, &[]).json();
        assert_eq!(tokens.get("refresh_token").is_some(), given, "{scope}");
    }
}

#[test]
fn a_client_proves_itself_exactly_as_it_is_registered() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    for method in ["none", "client_secret_post", "client_secret_basic"] {
        let mut applicant = Applicant::new(&authorization, method);
        assert_eq!(applicant.tokens()["token_type"], "Bearer", "{method}");
        for other in ["none", "client_secret_post", "client_secret_basic"].into_iter().filter(|it| *it != method) {
            let code = applicant.code("");
            applicant.method = other.to_owned();
            applicant.secret.get_or_insert("guessed".to_owned());
            let refused = applicant.redeem_with(&code, &[]);
            assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")), "{method} {other}");
            applicant.method = method.to_owned();
        }
    }
    // Form-encoding comes before base64 (RFC 6749, section 2.3.1).
    let mut applicant = Applicant::new(&authorization, "client_secret_basic");
    let code = applicant.code("");
    let bare = format!("{}:{}", applicant.id, applicant.secret.clone().unwrap());
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
    let header = format!("Basic {}", STANDARD.encode(bare));
    let refused = post_form(&authorization.at("/token"), &[("Authorization", &header)], &form);
    assert_eq!(refused.json()["error"], "invalid_client", "{}", refused.body);

    authorization.change(|it| it.client_id_in_form = true);
    let code = applicant.code("");
    assert_eq!(applicant.redeem_with(&code, &[]).json()["error"], "invalid_client");
    let id = applicant.id.clone();
    assert_eq!(applicant.redeem_with(&code, &[("client_id", &id)]).status, 200);
}

#[test]
fn token_replies_come_in_every_shape_that_the_test_asks_for() {
    let authorization = Authorization::start(|it| {
        it.authorize.at_once = true;
        it.clients = vec![Client::given("by hand", Proof::Post("s3cret".to_owned()))];
        it.metadata_documents = true;
    });
    let mut applicant = Applicant::given(&authorization, "by hand", "client_secret_post", Some("s3cret"));
    for raw in [r#""3600""#, "0", "-1", "9223372036854775808", "1e300"] {
        authorization.change(|it| it.tokens.expires_in = ExpiresIn::Raw(raw));
        let code = applicant.code("");
        let body = applicant.redeem_with(&code, &[]).body;
        assert!(body.contains(&format!(r#""expires_in":{raw},"#)), "{body}");
    }
    authorization.change(|it| {
        it.tokens.expires_in = ExpiresIn::Absent;
        it.tokens.token_type = None;
        it.tokens.status = 201;
        it.tokens.form_encoded = true;
        it.tokens.extra = vec![("id_token", json!("an id"))];
    });
    let code = applicant.code("");
    let reply = applicant.redeem_with(&code, &[]);
    assert_eq!((reply.status, reply.header("content-type")), (201, Some("application/x-www-form-urlencoded")));
    let members: Vec<String> =
        form_urlencoded::parse(reply.body.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    assert_eq!(members, ["access_token", "refresh_token", "id_token"]);

    let mut document = Applicant::given(&authorization, "https://example.com/client.json", "none", None);
    document.code("");
}

#[test]
fn an_endpoint_goes_wrong_once_or_until_it_is_mended() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let mut applicant = Applicant::new(&authorization, "none");
    let tokens = applicant.tokens();
    authorization.fail_next(Endpoint::Refresh, Fault::status(503));
    authorization.fail_next(Endpoint::Refresh, Fault::redirect(307, "http://127.0.0.1:1/"));
    authorization.fail(Endpoint::Refresh, Fault::error(400, "invalid_grant"));
    let statuses: Vec<u16> = (0..4).map(|_| applicant.refresh(&tokens).status).collect();
    assert_eq!(statuses, [503, 307, 400, 400]);
    authorization.mend(Endpoint::Refresh);

    // Rotated, and the client does not hear of it.
    authorization.fail_next(Endpoint::Refresh, Fault::LoseAnswer);
    let old = tokens["refresh_token"].as_str().unwrap();
    applicant.try_refresh(old).expect_err("the answer is lost");
    assert!(!authorization.ledger.live_refresh_tokens().contains(&old.to_owned()));
    assert_eq!(authorization.ledger.live_refresh_tokens().len(), 1);

    let gate = Gate::new();
    authorization.fail_next(Endpoint::Refresh, Fault::AnswerHeld(gate.clone()));
    let next = authorization.ledger.live_refresh_tokens().remove(0);
    thread::scope(|scope| {
        let held = scope.spawn(|| applicant.try_refresh(&next).unwrap().status);
        authorization.wait(6, Endpoint::Refresh);
        assert!(!held.is_finished());
        gate.open();
        assert_eq!(held.join().unwrap(), 200);
    });
}

#[test]
fn a_token_that_was_revoked_or_has_expired_opens_nothing() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let server = Protected::start(&authorization.desk(), |_| ());
    let mut applicant = Applicant::new(&authorization, "none");
    let tokens = applicant.tokens();
    assert_eq!(call(&server, &tokens, "echo").status, 200);
    let form = [("token", tokens["refresh_token"].as_str().unwrap()), ("client_id", &applicant.id)];
    assert_eq!(post_form(&authorization.at("/revoke"), &[], &form).status, 200);
    assert_eq!(call(&server, &tokens, "echo").status, 401);

    authorization.change(|it| it.tokens.lifetime = Duration::from_millis(1));
    let tokens = applicant.tokens();
    let deadline = Instant::now() + PATIENCE;
    while authorization.ledger.access(tokens["access_token"].as_str().unwrap()).is_some() {
        assert!(Instant::now() < deadline, "the token never dies");
        thread::yield_now();
    }
    assert_eq!(call(&server, &tokens, "echo").status, 401);
    authorization.ledger.honour("made by hand", "");
    assert_eq!(call(&server, &json!({ "access_token": "made by hand" }), "echo").status, 200);
    authorization.ledger.drop_access_tokens();
    assert_eq!(call(&server, &json!({ "access_token": "made by hand" }), "echo").status, 401);
    assert_eq!(server.turned_away(), 6, "two requests for each call");
}

#[test]
fn every_request_needs_a_token_and_every_refusal_says_what_the_test_wants() {
    let authorization = Authorization::start(|_| ()).may_be_unused();
    let server = Protected::start(&authorization.desk(), |_| ());
    let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", server.origin());
    for method in ["GET", "POST", "DELETE"] {
        let refused = fetch(method, &server.url(), &[], "").unwrap();
        assert_eq!(refused.status, 401, "{method}");
        let challenge = format!(r#"Bearer resource_metadata="{metadata}""#);
        assert_eq!(refused.headers_of("www-authenticate"), [challenge]);
    }
    let document = get(&metadata).json();
    assert_eq!(document["resource"], server.url());
    assert_eq!(document["authorization_servers"], json!([authorization.issuer()]));

    let issuer = Authorization::start(|_| ()).may_be_unused();
    server.also_trust(&issuer.desk());
    server.change(|it| {
        it.challenge =
            vec!["Negotiate".to_owned(), r#"Basic realm="a, b", bEaReR Resource_Metadata={path}"#.to_owned()];
        it.documents = vec![("/elsewhere".to_owned(), Page::Good), ("/.well-known/x".to_owned(), Page::Status(500))];
        it.resource = "{origin}".to_owned();
    });
    let refused = get(&server.url());
    let headers = refused.headers_of("www-authenticate");
    assert_eq!(headers, ["Negotiate", r#"Basic realm="a, b", bEaReR Resource_Metadata=/elsewhere"#]);
    assert_eq!(get(&metadata).status, 404);
    assert_eq!(get(&server.at("/.well-known/x")).status, 500);
    let document = get(&server.at("/elsewhere")).json();
    assert_eq!(document["resource"], server.origin());
    assert_eq!(document["authorization_servers"], json!([authorization.issuer(), issuer.issuer()]));

    server.change(|it| it.open = true);
    assert_eq!(call(&server, &Value::Null, "echo").status, 200);
    server.change(|it| {
        it.open = false;
        it.also = Some(Arc::new(|request| request.header("x-mcp-api-key") == Some("k")));
    });
    let keyed = |key| fetch("POST", &server.url(), &[("X-MCP-API-Key", key)], &initialize(0, VERSION)).unwrap().status;
    assert_eq!((keyed("k"), keyed("q")), (200, 401));
}

#[test]
fn a_good_token_of_another_resource_or_too_small_a_scope_is_not_enough() {
    let authorization = Authorization::start(|it| it.authorize.at_once = true);
    let server = Protected::start(&authorization.desk(), |it| {
        it.scopes = [("tools/call write".to_owned(), "read write".to_owned())].into();
    });
    let mut applicant = Applicant::new(&authorization, "none");
    let mut with = |query: String| {
        let code = applicant.code(&query);
        let resource = params(&applicant.url).into_iter().find(|(name, _)| name == "resource");
        let extra: Vec<(&str, &str)> = resource.iter().map(|(_, value)| ("resource", value.as_str())).collect();
        applicant.redeem_with(&code, &extra).json()
    };
    let encoded: String = form_urlencoded::byte_serialize(server.url().as_bytes()).collect();
    assert_eq!(call(&server, &with(format!("&resource={encoded}%2F")), "echo").status, 401);
    let small = with(format!("&scope=read&resource={encoded}"));
    assert_eq!(call(&server, &small, "echo").status, 200);
    let refused = call(&server, &small, "write");
    assert_eq!(refused.status, 403);
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.starts_with(r#"Bearer error="insufficient_scope", scope="read write", resource_metadata="http"#));
    assert_eq!(call(&server, &with("&scope=write+read".to_owned()), "write").status, 200);

    server.change(|it| it.refuses_all = true);
    assert_eq!(call(&server, &small, "echo").status, 401);
    server.change(|it| it.refuses_all = false);
    let other = Authorization::start(|_| ()).may_be_unused();
    server.move_to(&other.desk());
    assert_eq!(call(&server, &small, "echo").status, 401, "tokens of the former authorization server are void");
}

#[test]
fn a_server_can_be_its_own_authorization_server() {
    let server = Protected::start_alone(|it| it.documents.clear(), |_| ());
    assert_eq!(get(&server.at("/.well-known/oauth-authorization-server")).status, 404);
    assert_eq!(get(&server.url()).headers_of("www-authenticate"), ["Bearer"]);
    let desk = server.desk();
    desk.change(|it| it.authorize.at_once = true);
    let mut applicant = Applicant::new(&desk, "none");
    let tokens = applicant.tokens();
    assert_eq!(call(&server, &tokens, "echo").json()["result"]["content"][0]["text"], "hello");
}

#[test]
fn a_bridge_of_the_tests_never_meets_the_developers_own_state() {
    let launch = Bridge::bare().arg("--version");
    let command = launch.command(std::path::Path::new("/nonexistent/scratch"));
    let set: Vec<(String, Option<String>)> = command
        .get_envs()
        .map(|(name, value)| (name.to_string_lossy().into(), value.map(|it| it.to_string_lossy().into())))
        .collect();
    for (name, value) in [
        ("HOME", "/nonexistent/scratch"),
        ("MCPBRIDGE_CONFIG_DIR", "/nonexistent/scratch/mcpbridge"),
        ("MCPBRIDGE_CREDENTIAL_STORE", "file"),
        ("BROWSER", "true"),
    ] {
        assert!(set.contains(&(name.to_owned(), Some(value.to_owned()))), "{name} in {set:?}");
    }
    let told = launch.told();
    assert!(told.expect(0, &[]).stdout.starts_with("mcpbridge "), "{told:?}");
}

/// A client that does one step at a time.
struct Applicant<'a> {
    desk: &'a Desk,
    id: String,
    secret: Option<String>,
    method: String,
    redirect: String,
    url: String,
}

impl<'a> Applicant<'a> {
    fn new(desk: &'a Desk, method: &str) -> Self {
        Self::at(desk, REDIRECT, method)
    }

    fn at(desk: &'a Desk, redirect: &str, method: &str) -> Self {
        let mut document = registration(method);
        document["redirect_uris"] = json!([redirect]);
        let client = register(desk, &document).json();
        let secret = client["client_secret"].as_str().map(str::to_owned);
        let id = client["client_id"].as_str().expect("a client").to_owned();
        Self { desk, id, secret, method: method.to_owned(), redirect: redirect.to_owned(), url: String::new() }
    }

    fn given(desk: &'a Desk, id: &str, method: &str, secret: Option<&str>) -> Self {
        let secret = secret.map(str::to_owned);
        let (id, method) = (id.to_owned(), method.to_owned());
        Self { desk, id, secret, method, redirect: REDIRECT.to_owned(), url: String::new() }
    }

    /// The URL of a new authorization request.
    fn ask(&mut self, extra: &str) {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", &self.id),
                ("redirect_uri", &self.redirect),
                ("state", "a state"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        self.url = format!("{}?{query}{extra}", self.desk.at("/authorize"));
    }

    /// From an authorization server that asks nobody.
    fn code(&mut self, extra: &str) -> String {
        self.ask(extra);
        let seen = get(&self.url);
        let answer = params(seen.header("location").unwrap_or_else(|| panic!("no redirect: {seen:?}")));
        answer.into_iter().find(|(name, _)| name == "code").expect("a code").1
    }

    fn tokens(&mut self) -> Value {
        let code = self.code("");
        self.redeem_with(&code, &[]).json()
    }

    fn redeem_with(&self, code: &str, change: &[(&str, &str)]) -> Seen {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", VERIFIER),
        ];
        if self.method != "client_secret_basic" {
            form.push(("client_id", &self.id));
        }
        let secret = self.secret.clone().unwrap_or_default();
        if self.method == "client_secret_post" {
            form.push(("client_secret", &secret));
        }
        for (name, value) in change {
            match form.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => form.push((name, value)),
            }
        }
        let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(&self.id), encode(&secret))));
        let headers = [("Authorization", basic.as_str())];
        let headers = if self.method == "client_secret_basic" { &headers[..] } else { &[] };
        post_form(&self.desk.at("/token"), headers, &form)
    }

    fn refresh(&self, tokens: &Value) -> Seen {
        self.try_refresh(tokens["refresh_token"].as_str().expect("a refresh token")).unwrap()
    }

    fn try_refresh(&self, token: &str) -> anyhow::Result<Seen> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", &self.id)];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        fetch("POST", &self.desk.at("/token"), &headers, &body)
    }
}

fn registration(method: &str) -> Value {
    json!({
        "client_name": "a plain client",
        "application_type": "native",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    })
}

fn register(desk: &Desk, document: &Value) -> Seen {
    let headers = [("Content-Type", "application/json")];
    fetch("POST", &desk.at("/register"), &headers, &document.to_string()).unwrap()
}

/// A call of a tool, in a session of its own.
fn call(server: &Protected, tokens: &Value, tool: &str) -> Seen {
    let authorization = format!("Bearer {}", tokens["access_token"].as_str().unwrap_or("none"));
    let mut headers = vec![("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let opened = fetch("POST", &server.url(), &headers, &initialize(0, VERSION)).unwrap();
    let session = opened.header("mcp-session-id").unwrap_or_default().to_owned();
    headers.push(("Mcp-Session-Id", &session));
    let params = json!({ "name": tool, "arguments": { "text": "hello" } }).to_string();
    fetch("POST", &server.url(), &headers, &request_with(1, "tools/call", &params)).unwrap()
}

fn params(url: &str) -> Vec<(String, String)> {
    Url::parse(url).expect("a URL").query_pairs().into_owned().collect()
}

/// What the browser wrote to stdout.
fn open(browser: &str, url: &str, code: i32) -> String {
    let mut child = Command::new(browser).arg(url).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code), "{browser}");
    output
}

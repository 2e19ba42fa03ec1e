//! As which client a person is signed in.

mod support;

use mcpbridge::auth::discovery::AuthorizationServer;
use mcpbridge::auth::document;
use mcpbridge::auth::registration::{Given, Wishes, client, metadata};
use mcpbridge::failure::{Failure, Kind};
use mcpbridge::http::{Http, Settings};
use mcpbridge::secret::Secret;
use mcpbridge::store::{Authentication, Client, Origin};
use serde_json::json;
use support::{Reply, Request, Server};
use url::Url;

const NOW: u64 = 1_800_000_000;
const REDIRECT_URI: &str = "http://127.0.0.1:12345/oauth/callback";

fn registering(status: u16, body: &'static str) -> Server {
    Server::start(move |_: &Request, reply: Reply| reply.send(status, "application/json", body))
}

/// A server with metadata, which lists `methods` for the token endpoint.
fn described(server: &Server, methods: Option<&[&str]>) -> AuthorizationServer {
    AuthorizationServer {
        has_metadata: true,
        token_endpoint_auth_methods_supported: methods.map(|methods| methods.iter().map(|&m| m.to_owned()).collect()),
        ..AuthorizationServer::presumed(&Url::parse(&server.url()).unwrap()).unwrap()
    }
}

async fn obtained(server: &AuthorizationServer, wishes: &Wishes, stored: Option<&Client>) -> Result<Client, Failure> {
    let http = Http::new(Settings { cookies: true, ..Settings::default() });
    client(&http, server, REDIRECT_URI, wishes, stored, NOW).await
}

async fn registered(server: &AuthorizationServer) -> Result<Client, Failure> {
    obtained(server, &Wishes::default(), None).await
}

fn stored(id: &str) -> Client {
    Client {
        id: id.into(),
        secret: None,
        secret_expires_at: None,
        authentication: Authentication::None,
        redirect_uri: REDIRECT_URI.into(),
        origin: Origin::Registered,
    }
}

#[tokio::test]
async fn a_registration_says_what_we_are() {
    let server = registering(201, r#"{"client_id":"new"}"#);
    assert_eq!(registered(&described(&server, None)).await.unwrap(), stored("new"));
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/register"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let expected = json!({
        "client_name": "mcpbridge",
        "application_type": "native",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn the_person_may_say_it_otherwise() {
    let server = registering(201, r#"{"client_id":"new"}"#);
    let text = r#"{"client_name":"Mine","scope":"a b","redirect_uris":["https://x.example/y"],"contacts":["me"]}"#;
    let wishes = Wishes { metadata: metadata(text).unwrap(), ..Wishes::default() };
    assert_eq!(wishes.scope(), Some("a b"));
    obtained(&described(&server, None), &wishes, None).await.unwrap();
    let sent = server.requests()[0].json();
    assert_eq!(sent["client_name"], "Mine");
    assert_eq!(sent["contacts"], json!(["me"]));
    assert_eq!(sent["application_type"], "native");
    assert_eq!(sent["redirect_uris"], json!(["https://x.example/y", REDIRECT_URI]));
    assert_eq!(metadata("[1]").unwrap_err().kind, Kind::Usage);
}

#[tokio::test]
async fn a_client_asks_for_what_the_server_knows_and_takes_what_it_gets() {
    let secret = |authentication| Client { secret: Some(Secret::new("s")), authentication, ..stored("new") };
    for (methods, asked, answer, expected) in [
        (Some(&["client_secret_basic", "none"][..]), "none", r#"{"client_id":"new"}"#, stored("new")),
        (
            Some(&["client_secret_post", "client_secret_basic"]),
            "client_secret_basic",
            r#"{"client_id":"new","client_secret":"s"}"#,
            secret(Authentication::Basic),
        ),
        (
            Some(&["private_key_jwt", "client_secret_post"]),
            "client_secret_post",
            r#"{"client_id":"new","client_secret":"s","client_secret_expires_at":0}"#,
            secret(Authentication::Post),
        ),
        // The answer of the registration wins over the metadata, and over what was asked for.
        (
            Some(&["client_secret_basic"]),
            "client_secret_basic",
            r#"{"client_id":"new","client_secret":"s","token_endpoint_auth_method":"client_secret_post"}"#,
            secret(Authentication::Post),
        ),
        (
            None,
            "none",
            r#"{"client_id":"new","client_secret":"s","token_endpoint_auth_method":"client_secret_basic"}"#,
            secret(Authentication::Basic),
        ),
        (None, "none", r#"{"client_id":"new","client_secret":"s"}"#, secret(Authentication::Basic)),
        (
            Some(&["client_secret_post"]),
            "client_secret_post",
            r#"{"client_id":"new","client_secret":"s","token_endpoint_auth_method":"none"}"#,
            stored("new"),
        ),
        (
            None,
            "none",
            r#"{"client_id":"new","client_secret":"s","client_secret_expires_at":"1900000000","redirect_uris":[]}"#,
            Client { secret_expires_at: Some(1_900_000_000), ..secret(Authentication::Basic) },
        ),
    ] {
        let server = registering(200, answer);
        assert_eq!(registered(&described(&server, methods)).await.unwrap(), expected, "{answer}");
        assert_eq!(server.requests()[0].json()["token_endpoint_auth_method"], asked, "{answer}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_client_of_ours_is_refused() {
    for (answer, expected) in [
        ("{}", "client_id"),
        (r#"{"client_id":""}"#, "client_id"),
        (r#"{"client_id":"x","redirect_uris":["https://evil.example/"]}"#, "https://evil.example/"),
        (r#"{"client_id":"x","token_endpoint_auth_method":"private_key_jwt"}"#, "private_key_jwt"),
        (r#"{"client_id":"x","token_endpoint_auth_method":"client_secret_post"}"#, "no secret"),
    ] {
        let server = registering(201, answer);
        let failure = registered(&described(&server, None)).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Protocol, "{failure}");
        assert!(failure.fact.contains(expected) && failure.fact.contains(&server.at("/register")), "{failure}");
    }
    let server = registering(201, "{}").may_be_unused();
    let failure = registered(&described(&server, Some(&["private_key_jwt", "tls_client_auth"]))).await.unwrap_err();
    assert!(failure.fact.contains("private_key_jwt, tls_client_auth"), "{failure}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_says_why_and_what_to_do() {
    for (status, body, kind, parts) in [
        (
            400,
            r#"{"error":"invalid_redirect_uri","error_description":"no\nloopback"}"#,
            Kind::SignInRefused,
            &["invalid_redirect_uri: no loopback", REDIRECT_URI, "--host localhost", "--static-oauth-client-info"][..],
        ),
        (400, r#"{"error":"invalid_client_metadata"}"#, Kind::SignInRefused, &["(invalid_client_metadata)"]),
        (401, "", Kind::SignInRefused, &["(HTTP 401)", "--static-oauth-client-info", REDIRECT_URI]),
        (403, "<html>", Kind::SignInRefused, &["(HTTP 403)"]),
        (200, "<html>", Kind::Unreachable, &["a web page in place of a client (HTTP 200)"]),
        (503, "", Kind::Unreachable, &["HTTP 503", "try again"]),
        (429, r#"{"error":"slow"}"#, Kind::Unreachable, &["HTTP 429"]),
    ] {
        let server = registering(status, body);
        let failure = registered(&described(&server, None)).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        for part in parts {
            assert!(failure.to_string().contains(part), "{part} in {failure}");
        }
        assert!(failure.fact.contains(&server.at("/register")), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_only_wants_a_key_is_not_a_fault_of_the_registration() {
    for status in [401, 404, 405] {
        let server = registering(status, "");
        let presumed = AuthorizationServer { has_metadata: false, ..described(&server, None) };
        let failure = registered(&presumed).await.unwrap_err();
        assert_eq!(failure.kind, Kind::SignInRequired);
        assert!(failure.fact.contains("offers no sign-in"), "{failure}");
        assert!(failure.remedy.unwrap().contains("--api-key-header"));
    }
}

#[tokio::test]
async fn a_redirect_of_a_registration_is_not_followed() {
    let server = Server::start(|request: &Request, reply: Reply| {
        assert_eq!(request.path, "/register");
        reply.header("Location", "/elsewhere").status(307);
    });
    let failure = registered(&described(&server, None)).await.unwrap_err();
    assert!(failure.fact.contains("not followed"), "{failure}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_there_already_is_used_in_its_order() {
    let server = registering(201, r#"{"client_id":"new"}"#);
    let (plain, documents) = (
        described(&server, None),
        AuthorizationServer { client_id_metadata_document_supported: true, ..described(&server, None) },
    );
    let given = Given::read(r#"{"client_id":"given"}"#).unwrap();
    let url = document::url("https://example.com/client.json", "it").unwrap();
    let all = Wishes { given: Some(given), document: Some(url.clone()), ..Wishes::default() };
    let document = Wishes { given: None, ..all.clone() };
    let old = stored("old");

    let found = obtained(&documents, &all, Some(&old)).await.unwrap();
    assert_eq!(found, Client { origin: Origin::Given, ..stored("given") });
    let found = obtained(&documents, &document, Some(&old)).await.unwrap();
    assert_eq!(found, Client { origin: Origin::Document, ..stored(&url) });
    assert_eq!(obtained(&plain, &document, Some(&old)).await.unwrap(), old);
    assert_eq!(obtained(&plain, &Wishes::default(), Some(&old)).await.unwrap(), old);
    assert!(server.requests().is_empty());
    assert_eq!(obtained(&plain, &document, None).await.unwrap(), stored("new"));
}

#[tokio::test]
async fn a_registration_that_cannot_be_used_any_more_is_replaced() {
    let server = registering(201, r#"{"client_id":"new"}"#);
    let plain = described(&server, None);
    for (old, kept) in [
        (Client { redirect_uri: "http://127.0.0.1:1/oauth/callback".into(), ..stored("old") }, false),
        (Client { secret_expires_at: Some(NOW - 1), ..stored("old") }, false),
        (Client { secret_expires_at: Some(NOW + 60), ..stored("old") }, false),
        (Client { secret_expires_at: Some(NOW + 3600), ..stored("old") }, true),
    ] {
        let found = obtained(&plain, &Wishes::default(), Some(&old)).await.unwrap();
        assert_eq!(found.id, if kept { "old" } else { "new" }, "{old:?}");
    }
}

#[tokio::test]
async fn without_a_registration_the_person_is_told_how_to_give_a_client() {
    let server = registering(201, "{}").may_be_unused();
    let closed = AuthorizationServer { registration_endpoint: None, ..described(&server, None) };
    let failure = registered(&closed).await.unwrap_err();
    assert_eq!(failure.kind, Kind::Usage);
    assert!(failure.fact.contains(&server.origin()), "{failure}");
    let remedy = failure.remedy.unwrap();
    assert!(remedy.contains(REDIRECT_URI) && remedy.contains("--static-oauth-client-info"), "{remedy}");
}

#[tokio::test]
async fn a_given_client_proves_itself_as_it_can() {
    let server = registering(201, "{}").may_be_unused();
    for (text, methods, expected) in [
        (r#"{"client_id":"x"}"#, Some(&["client_secret_basic"][..]), Authentication::None),
        (r#"{"client_id":"x","client_secret":"s"}"#, None, Authentication::Basic),
        (r#"{"client_id":"x","client_secret":"s"}"#, Some(&["client_secret_post"]), Authentication::Post),
        (
            r#"{"client_id":"x","client_secret":"s"}"#,
            Some(&["client_secret_post", "client_secret_basic"]),
            Authentication::Basic,
        ),
        (
            r#"{"client_id":"x","client_secret":"s","token_endpoint_auth_method":"client_secret_post"}"#,
            Some(&["client_secret_basic"]),
            Authentication::Post,
        ),
    ] {
        let wishes = Wishes { given: Some(Given::read(text).unwrap()), ..Wishes::default() };
        let found = obtained(&described(&server, methods), &wishes, None).await.unwrap();
        assert_eq!((found.authentication, found.origin), (expected, Origin::Given), "{text}");
    }
}

#[test]
fn client_information_is_read_without_repeating_it() {
    for text in [
        "s3cret",
        r#"["s3cret"]"#,
        r#"{"client_secret":"s3cret"}"#,
        r#"{"client_id":7,"client_secret":"s3cret"}"#,
        r#"{"client_id":"x","client_secret":"s3cret","token_endpoint_auth_method":"private_key_jwt"}"#,
    ] {
        let failure = Given::read(text).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
    }
}

#[test]
fn the_url_of_a_document_is_https_with_a_path() {
    for (text, passes) in [
        ("https://example.com/client.json", true),
        ("https://example.com/a?b=c", true),
        ("http://example.com/client.json", false),
        ("http://localhost/client.json", false),
        ("https://example.com", false),
        ("https://example.com/", false),
        ("https://example.com/a#b", false),
        ("https://u:p@example.com/a", false),
        ("https://EXAMPLE.com/a", false),
        ("https://example.com/a/../b", false),
        ("https://example.com/a/%2E/b", false),
        ("https://example.com/a/..", false),
        ("https://example.com/.well-known/a..b", true),
        ("client.json", false),
    ] {
        assert_eq!(document::url(text, "it").is_ok(), passes, "{text}");
    }
}

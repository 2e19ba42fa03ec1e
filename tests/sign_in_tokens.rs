//! What is asked of an authorization server, and what is made of its answers.

mod support;

use std::collections::HashMap;

use mcpbridge::auth::discovery::AuthorizationServer;
use mcpbridge::auth::grants::authorization_code::{Answer, Code, Permission, Proof, authorize, exchange, parameter};
use mcpbridge::auth::grants::refresh::refresh;
use mcpbridge::auth::grants::revoke::{Revoked, revoke};
use mcpbridge::auth::grants::{Tokens, Trouble};
use mcpbridge::failure::Kind;
use mcpbridge::http::{Http, Settings};
use mcpbridge::secret::Secret;
use mcpbridge::store::{Authentication, Client, OAuth, Origin};
use support::{Reply, Request, Server};
use url::{Url, form_urlencoded};

const NOW: u64 = 1_800_000_000;
const REDIRECT_URI: &str = "http://127.0.0.1:12345/oauth/callback";
const TOKENS: &str = r#"{"access_token":"at","token_type":"Bearer","expires_in":60,"refresh_token":"rt","scope":"a"}"#;

fn http() -> Http {
    Http::new(Settings { cookies: true, ..Settings::default() })
}

/// A server whose every endpoint answers with `body`.
fn answering(status: u16, kind: &'static str, body: &'static str) -> Server {
    Server::start(move |_: &Request, reply: Reply| reply.send(status, kind, body))
}

fn described(server: &Server) -> AuthorizationServer {
    AuthorizationServer::presumed(&Url::parse(&server.url()).unwrap()).unwrap()
}

fn client(authentication: Authentication) -> Client {
    Client {
        id: "id:1 ä".into(),
        secret: (authentication != Authentication::None).then(|| Secret::new("s3cret&% +ü")),
        secret_expires_at: None,
        authentication,
        redirect_uri: REDIRECT_URI.into(),
        origin: Origin::Registered,
    }
}

fn permission<'a>(server: &'a AuthorizationServer, client: &'a Client, scopes: &'a [String]) -> Permission<'a> {
    Permission { server, client, scopes, resource: Some("https://MCP.example.com"), parameters: &[], key: None }
}

fn held(server: &Server, client: Client) -> OAuth {
    OAuth {
        access_token: Secret::new("old-access"),
        refresh_token: Some(Secret::new("old-refresh")),
        id_token: Some(Secret::new("old-id")),
        issued_at: NOW - 100,
        expires_at: Some(NOW - 40),
        scopes: vec!["a".into(), "b".into()],
        issuer: server.origin(),
        token_endpoint: server.at("/token"),
        revocation_endpoint: Some(server.at("/revoke")),
        resource: Some("https://MCP.example.com".into()),
        client,
        unattended: false,
        binding: None,
    }
}

fn query(url: &Url) -> HashMap<String, String> {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let map: HashMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "a parameter is there twice: {url}");
    map
}

fn form(request: &Request) -> HashMap<String, String> {
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// A code that belongs to a new request, and its proof.
fn consented(permission: &Permission<'_>) -> (Proof, Code) {
    let (url, proof) = authorize(permission).unwrap();
    let answer = Answer::read(&format!("code=c0de-value&state={}", query(&url)["state"])).unwrap();
    let code = proof.check(&answer).unwrap_or_else(|trouble| panic!("{trouble}"));
    (proof, code)
}

async fn exchanged(server: &Server) -> Result<Tokens, Trouble> {
    let (described, client) = (described(server), client(Authentication::Post));
    let permission = permission(&described, &client, &[]);
    let (proof, code) = consented(&permission);
    exchange(&http(), &permission, proof, code).await
}

#[test]
fn the_browser_is_sent_off_with_all_that_belongs_to_it() {
    let server = AuthorizationServer {
        authorization_endpoint: Some(Url::parse("https://as.example/a?tenant=x").unwrap()),
        ..AuthorizationServer::presumed(&Url::parse("https://as.example/").unwrap()).unwrap()
    };
    let client = client(Authentication::None);
    let scopes = ["a".to_owned(), "b:c".to_owned()];
    let extra = [parameter("audience=https://api.example.com?x=1").unwrap()];
    let (url, _) = authorize(&Permission { parameters: &extra, ..permission(&server, &client, &scopes) }).unwrap();
    assert!(url.as_str().starts_with("https://as.example/a?tenant=x&"), "{url}");
    let sent = query(&url);
    for (name, value) in [
        ("tenant", "x"),
        ("response_type", "code"),
        ("client_id", "id:1 ä"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "a b:c"),
        ("resource", "https://MCP.example.com"),
        ("code_challenge_method", "S256"),
        ("audience", "https://api.example.com?x=1"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    assert_eq!(sent["code_challenge"].len(), 43);
    assert!(sent["state"].len() >= 22);
    assert_eq!(sent.len(), 10);

    // What nobody named is left out, and no two requests are alike.
    let bare = Permission { resource: None, ..permission(&server, &client, &[]) };
    let [one, other] = [(); 2].map(|()| query(&authorize(&bare).unwrap().0));
    assert!(!one.contains_key("scope") && !one.contains_key("resource") && !one.contains_key("prompt"));
    assert!(one["state"] != other["state"] && one["code_challenge"] != other["code_challenge"]);

    // OpenID providers ignore offline_access without a consent; the person may ask for something else.
    let offline = ["offline_access".to_owned()];
    let asked = query(&authorize(&permission(&server, &client, &offline)).unwrap().0);
    assert_eq!(asked["prompt"], "consent");
    let prompt = [parameter("prompt=login").unwrap()];
    let asked = Permission { parameters: &prompt, ..permission(&server, &client, &offline) };
    assert_eq!(query(&authorize(&asked).unwrap().0)["prompt"], "login");
}

#[test]
fn parameters_that_make_up_the_request_cannot_be_given() {
    for name in [
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "resource",
        "scope",
        "",
        " state ",
    ] {
        let failure = parameter(&format!("{name}=x")).unwrap_err();
        assert_eq!((failure.kind, failure.remedy.is_some()), (Kind::Usage, true), "{name}");
    }
    assert!(parameter("audience").is_err());
    assert_eq!(parameter("a=b=c").unwrap(), ("a".into(), "b=c".into()));
}

#[test]
fn who_answers_is_checked_by_the_table_of_the_specification() {
    let client = client(Authentication::None);
    let ours = "https://as.example";
    let right = Some(ours);
    for (promised, issuer, passes) in [
        (true, right, true),
        (true, None, false),
        (true, Some("https://evil.example"), false),
        (true, Some("https://as.example/"), false),
        (true, Some("https://AS.example"), false),
        (true, Some("https://as.example:443"), false),
        (true, Some(""), false),
        (false, right, true),
        (false, None, true),
        (false, Some("https://evil.example"), false),
        (false, Some("https://as.example/"), false),
    ] {
        let server = AuthorizationServer {
            iss_parameter_supported: promised,
            ..AuthorizationServer::presumed(&Url::parse(ours).unwrap()).unwrap()
        };
        let (url, proof) = authorize(&permission(&server, &client, &[])).unwrap();
        let state = &query(&url)["state"];
        let iss = issuer
            .map(|issuer| format!("&iss={}", form_urlencoded::byte_serialize(issuer.as_bytes()).collect::<String>()));
        let iss = iss.unwrap_or_default();
        let check = |text: String| proof.check(&Answer::read(&text).unwrap());
        assert_eq!(check(format!("code=x&state={state}{iss}")).is_ok(), passes, "{promised} {issuer:?}");

        // Of an answer from elsewhere nothing is shown or acted on, not even its error.
        let said = format!("error=invalid_client&error_description=call+me&error_uri=x&state={state}{iss}");
        match check(said).map(|_| ()).unwrap_err() {
            Trouble::InvalidClient(failure) => assert!(passes && failure.fact.contains("call me"), "{failure}"),
            Trouble::Refused(failure) => {
                assert!(!passes && failure.fact.contains(ours), "{failure}");
                assert!(!failure.to_string().contains("call me") && !failure.to_string().contains("invalid_client"));
                assert!(issuer.is_none_or(|issuer| failure.fact.contains(issuer)), "{failure}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn an_answer_has_to_belong_to_the_request_and_to_be_one() {
    let server = AuthorizationServer::presumed(&Url::parse("https://as.example").unwrap()).unwrap();
    let client = client(Authentication::None);
    let (url, proof) = authorize(&permission(&server, &client, &[])).unwrap();
    let state = &query(&url)["state"];
    for answer in ["code=x".to_owned(), format!("code=x&state={state}x"), format!("code=x&state={}", &state[1..])] {
        let answer = Answer::read(&answer).unwrap();
        assert!(!proof.state().fits(&answer));
        assert!(matches!(proof.check(&answer), Err(Trouble::Refused(_))));
    }
    for answer in ["", "code="] {
        let trouble = proof.check(&Answer::read(&format!("{answer}&state={state}")).unwrap()).map(|_| ()).unwrap_err();
        assert!(trouble.to_string().contains("without a code"), "{trouble}");
    }
    for name in ["code", "state", "iss", "error", "error_description"] {
        assert!(Answer::read(&format!("{name}=a&x=1&x=2&{name}=a")).is_none(), "{name}");
    }
    for (code, transient) in [("access_denied", false), ("server_error", true), ("temporarily_unavailable", true)] {
        let answer = format!("error={code}&error_description=because%0Aof%1B%5B31m&state={state}");
        let trouble = proof.check(&Answer::read(&answer).unwrap()).map(|_| ()).unwrap_err();
        assert_eq!(matches!(trouble, Trouble::Transient(_)), transient, "{code}");
        assert!(trouble.to_string().contains(&format!("{code}: because of [31m")), "{trouble}");
    }
}

#[tokio::test]
async fn a_code_is_exchanged_with_its_verifier_and_where_it_belongs() {
    let server = answering(200, "application/json", TOKENS);
    let (described, client) = (described(&server), client(Authentication::None));
    let permission = permission(&described, &client, &[]);
    let (url, proof) = authorize(&permission).unwrap();
    let answer = Answer::read(&format!("code=c0de&state={}", query(&url)["state"])).unwrap();
    let code = proof.check(&answer).unwrap_or_else(|trouble| panic!("{trouble}"));
    let tokens = exchange(&http(), &permission, proof, code).await.unwrap();
    let expected = Tokens {
        access_token: Secret::new("at"),
        refresh_token: Some(Secret::new("rt")),
        id_token: None,
        expires_in: Some(60),
        scopes: Some(vec!["a".into()]),
        binding: None,
    };
    assert_eq!(tokens, expected);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/token"));
    let sent = form(request);
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "c0de"),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", "id:1 ä"),
        ("resource", "https://MCP.example.com"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    // RFC 7636, section 4.6.
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(&sent["code_verifier"]);
    assert_eq!(base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(hash), query(&url)["code_challenge"]);
    assert_eq!((sent.len(), request.header("authorization")), (6, None));

    let oauth = OAuth::issued(tokens, &described, client.clone(), &["x".into()], permission.resource, NOW);
    assert_eq!((oauth.issued_at, oauth.expires_at, oauth.scopes), (NOW, Some(NOW + 60), vec!["a".into()]));
    assert_eq!(
        (oauth.token_endpoint, oauth.resource.unwrap()),
        (server.at("/token"), "https://MCP.example.com".into())
    );
}

#[tokio::test]
async fn a_client_proves_itself_as_it_was_registered_to() {
    use base64::Engine as _;
    // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
    let basic = base64::prelude::BASE64_STANDARD.encode("id%3A1+%C3%A4:s3cret%26%25+%2B%C3%BC");
    for (authentication, header, id, secret) in [
        (Authentication::None, None, Some("id:1 ä"), None),
        (Authentication::Post, None, Some("id:1 ä"), Some("s3cret&% +ü")),
        // Some servers look for the id in the form all the same.
        (Authentication::Basic, Some(format!("Basic {basic}")), Some("id:1 ä"), None),
    ] {
        let server = answering(200, "application/json", TOKENS);
        let (described, client) = (described(&server), client(authentication));
        let permission = permission(&described, &client, &[]);
        let (proof, code) = consented(&permission);
        exchange(&http(), &permission, proof, code).await.unwrap();
        refresh(&http(), &held(&server, client.clone())).await.unwrap();
        revoke(&http(), &held(&server, client.clone())).await.unwrap();
        assert_eq!(server.requests().len(), 4);
        for request in server.requests() {
            let sent = form(&request);
            assert_eq!(request.header("authorization"), header.as_deref());
            assert_eq!(sent.get("client_id").map(String::as_str), id);
            assert_eq!(sent.get("client_secret").map(String::as_str), secret);
        }
    }
}

#[tokio::test]
async fn a_secret_that_the_registration_made_needless_is_not_sent() {
    let server = answering(200, "application/json", TOKENS);
    let client = Client { authentication: Authentication::None, ..client(Authentication::Post) };
    refresh(&http(), &held(&server, client)).await.unwrap();
    assert!(!server.requests()[0].text().contains("s3cret"));
}

#[tokio::test]
async fn a_refresh_sends_the_resource_and_keeps_what_the_answer_leaves_out() {
    let server = answering(201, "application/json", r#"{"access_token":"new"}"#);
    let old = held(&server, client(Authentication::Post));
    let tokens = refresh(&http(), &old).await.unwrap();
    let sent = form(&server.requests()[0]);
    for (name, value) in [
        ("grant_type", "refresh_token"),
        ("refresh_token", "old-refresh"),
        ("resource", "https://MCP.example.com"),
        ("client_secret", "s3cret&% +ü"),
    ] {
        assert_eq!(sent[name], value, "{name}");
    }
    assert_eq!((sent.len(), sent.get("scope")), (5, None));
    let expected = OAuth { access_token: Secret::new("new"), issued_at: NOW, expires_at: None, ..old.clone() };
    assert_eq!(old.clone().renewed(tokens, NOW), expected);

    let whole = Tokens {
        access_token: Secret::new("a"),
        refresh_token: Some(Secret::new("r")),
        id_token: Some(Secret::new("i")),
        expires_in: Some(u64::MAX),
        scopes: Some(vec!["c".into()]),
        binding: None,
    };
    let renewed = old.clone().renewed(whole, NOW);
    assert_eq!((renewed.refresh_token, renewed.id_token), (Some(Secret::new("r")), Some(Secret::new("i"))));
    assert_eq!((renewed.expires_at, renewed.scopes), (Some(u64::MAX), vec!["c".into()]));

    let none = OAuth { refresh_token: None, resource: None, ..old };
    assert!(
        matches!(refresh(&http(), &none).await, Err(Trouble::Refused(failure)) if failure.kind == Kind::SignInRequired)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn only_the_servers_own_word_ends_a_grant() {
    enum Expected {
        Grant,
        Client,
        Transient,
        Refused,
    }
    use Expected::{Client as Unknown, Grant, Refused, Transient};
    let json = "application/json";
    for (status, kind, body, expected) in [
        (400, json, r#"{"error":"invalid_grant","error_description":"old-refresh is used up"}"#, Grant),
        (401, json, r#"{"error":"invalid_grant"}"#, Grant),
        (200, json, r#"{"error":"invalid_grant"}"#, Grant),
        (400, "text/plain", "error=invalid_grant", Grant),
        (401, json, r#"{"error":"invalid_client"}"#, Unknown),
        (400, json, r#"{"error":"invalid_scope"}"#, Refused),
        (400, json, r#"{"error":"unauthorized_client"}"#, Refused),
        (400, json, r#"{"message":"invalid_grant"}"#, Refused),
        (401, "", "", Refused),
        (500, json, r#"{"error":"invalid_grant"}"#, Transient),
        (503, "text/html", "<html>", Transient),
        (429, json, r#"{"error":"invalid_grant"}"#, Transient),
        (400, json, r#"{"error":"temporarily_unavailable"}"#, Transient),
        (400, "text/html", "<html>invalid_grant</html>", Transient),
        (200, "text/html", "<html>welcome to the hotel</html>", Transient),
    ] {
        let server = answering(status, kind, body);
        let trouble = refresh(&http(), &held(&server, client(Authentication::Post))).await.unwrap_err();
        let fits = match &trouble {
            Trouble::InvalidGrant(_) => matches!(expected, Grant),
            Trouble::InvalidClient(_) => matches!(expected, Unknown),
            Trouble::Transient(failure) => matches!(expected, Transient) && failure.kind == Kind::Unreachable,
            Trouble::Refused(_) => matches!(expected, Refused),
        };
        assert!(fits, "{status} {body}: {trouble:?}");
        assert!(!trouble.to_string().contains("old-refresh"), "an echoed secret: {trouble}");
        assert!(trouble.to_string().contains(&server.at("/token")), "{trouble}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_or_breaks_off_is_transient() {
    let cut = Server::start(|_: &Request, reply: Reply| {
        reply.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"s3cr",
        );
    });
    let gone = Server::start(|_: &Request, reply: Reply| reply.hang_up());
    for server in [&cut, &gone] {
        let trouble = refresh(&http(), &held(server, client(Authentication::None))).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Transient(_)), "{trouble}");
        assert!(!trouble.to_string().contains("s3cr"), "{trouble}");
    }
    let mut nobody = held(&cut, client(Authentication::None));
    nobody.token_endpoint = format!("http://127.0.0.1:{}/token", support::unused_port());
    assert!(matches!(refresh(&http(), &nobody).await, Err(Trouble::Transient(_))));
}

#[tokio::test]
async fn nothing_is_sent_on_to_where_a_redirect_leads() {
    let other = answering(200, "application/json", TOKENS).may_be_unused();
    for status in [301, 302, 303, 307, 308] {
        for target in [other.at("/token?t=s3cret"), "/elsewhere".to_owned()] {
            let server = Server::start({
                let target = target.clone();
                move |_: &Request, reply: Reply| reply.header("Location", target.clone()).status(status)
            });
            let held = held(&server, client(Authentication::Post));
            let mut troubles = vec![refresh(&http(), &held).await.map(|_| ()).unwrap_err()];
            troubles.push(exchanged(&server).await.map(|_| ()).unwrap_err());
            troubles.push(revoke(&http(), &held).await.map(|_| ()).unwrap_err());
            for trouble in troubles {
                // It may come from a network that wants a sign-in of its own first.
                let Trouble::Transient(failure) = trouble else { panic!("{trouble}") };
                assert!(failure.to_string().contains("a network want"), "{failure}");
                assert!(failure.fact.contains("not followed") && failure.fact.contains(&server.origin()), "{failure}");
                assert!(!failure.to_string().contains("s3cret"), "{failure}");
            }
            assert!(server.requests().iter().all(|request| request.path != "/elsewhere"));
        }
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn tokens_that_cannot_be_used_are_refused_by_name() {
    let long = "s3cret".repeat(11_000);
    let long_access = format!(r#"{{"access_token":"{long}","token_type":"bearer"}}"#);
    let long_id = format!(r#"{{"access_token":"s3cret","token_type":"bearer","id_token":"{long}"}}"#);
    for (body, expected) in [
        (r#"{"access_token":"s3cret-token","token_type":"DPoP"}"#, "\"DPoP\""),
        (r#"{"access_token":"s3cret token","token_type":"bearer"}"#, "no header can carry"),
        (long_access.leak(), "too long for a header"),
        (long_id.leak(), "too long for a header"),
        (r#"{"token_type":"bearer","refresh_token":"s3cret"}"#, "without an access_token"),
    ] {
        let server = answering(200, "application/json", body);
        let Trouble::Refused(failure) = exchanged(&server).await.unwrap_err() else { panic!("{body}") };
        assert!(failure.fact.contains(expected) && failure.fact.contains(&server.at("/token")), "{failure}");
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
    }
}

#[tokio::test]
async fn an_answer_that_inflates_above_a_mebibyte_is_refused() {
    let packed = support::gzip(format!("{{\"access_token\":\"{}\"}}", "s3cret".repeat(3 << 20)).as_bytes());
    assert!(packed.len() < 100_000);
    let server = Server::start(move |_: &Request, reply: Reply| {
        reply.header("Content-Encoding", "gzip").json(&packed);
    });
    let mut troubles = vec![exchanged(&server).await.map(|_| ()).unwrap_err()];
    troubles.push(refresh(&http(), &held(&server, client(Authentication::Post))).await.map(|_| ()).unwrap_err());
    for trouble in troubles {
        let said = trouble.to_string();
        assert!(said.contains("more than 1 MiB") && !said.contains("s3cret"), "{said}");
    }
}

#[tokio::test]
async fn both_tokens_are_revoked_the_refresh_token_first() {
    let server = answering(200, "", "");
    assert_eq!(revoke(&http(), &held(&server, client(Authentication::None))).await.unwrap(), Revoked::Done);
    let sent: Vec<_> = server.requests().iter().map(|request| (request.path.clone(), form(request))).collect();
    let [(path, first), (_, second)] = &sent[..] else { panic!("two requests") };
    assert_eq!(path, "/revoke");
    assert_eq!((first["token"].as_str(), first["token_type_hint"].as_str()), ("old-refresh", "refresh_token"));
    assert_eq!((second["token"].as_str(), second["token_type_hint"].as_str()), ("old-access", "access_token"));

    let lone = OAuth { refresh_token: None, ..held(&server, client(Authentication::None)) };
    assert_eq!(revoke(&http(), &lone).await.unwrap(), Revoked::Done);
    let nowhere = OAuth { revocation_endpoint: None, ..held(&server, client(Authentication::None)) };
    assert_eq!(revoke(&http(), &nowhere).await.unwrap(), Revoked::NotOffered);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_revokes_refresh_tokens_only_has_done_enough() {
    let server = Server::start(|request: &Request, reply: Reply| match request.text().contains("old-refresh") {
        true => reply.status(200),
        false => reply.send(400, "application/json", r#"{"error":"unsupported_token_type"}"#),
    });
    assert_eq!(revoke(&http(), &held(&server, client(Authentication::None))).await.unwrap(), Revoked::Done);

    for (status, transient) in [(503, true), (400, false)] {
        let server = answering(status, "application/json", r#"{"error":"invalid_request"}"#);
        let trouble = revoke(&http(), &held(&server, client(Authentication::None))).await.unwrap_err();
        assert_eq!(matches!(trouble, Trouble::Transient(_)), transient, "{trouble}");
        assert_eq!(server.requests().len(), 2, "the second token is tried all the same");
    }
}

//! From a challenge to the authorization server: what is looked at, in which order, and what is refused.

mod support;

use std::time::Duration;

use mcpbridge::auth::challenge::Bearer;
use mcpbridge::auth::discovery::{Discovery, ResourceChoice, discover};
use mcpbridge::failure::{Failure, Kind};
use mcpbridge::http::{Http, Settings};
use support::{Reply, Request, Server};
use url::Url;

const PRM: &str = "/.well-known/oauth-protected-resource";
const AS: &str = "/.well-known/oauth-authorization-server";
const OIDC: &str = "/.well-known/openid-configuration";

/// Serves documents by path; `{here}` in one stands for the origin. Everything else is not found.
fn serving(documents: &[(&str, &str)]) -> Server {
    serving_on(0, documents)
}

fn serving_on(port: u16, documents: &[(&str, &str)]) -> Server {
    let documents: Vec<(String, String)> =
        documents.iter().map(|(path, document)| ((*path).to_owned(), (*document).to_owned())).collect();
    Server::start_on(port, move |request: &Request, reply: Reply| {
        let here = format!("http://{}", request.header("host").unwrap());
        match documents.iter().find(|(path, _)| *path == request.path) {
            Some((_, document)) => answer(reply, &document.replace("{here}", &here)),
            None => reply.send(404, "text/html", "<html>not found</html>"),
        }
    })
}

/// A document, or `HTTP 500`, or `redirect: URL`.
fn answer(reply: Reply, document: &str) {
    if let Some(status) = document.strip_prefix("HTTP ") {
        reply.send(status.parse().unwrap(), "text/plain", "no");
    } else if let Some(target) = document.strip_prefix("redirect: ") {
        reply.header("Location", target).status(302);
    } else {
        reply.json(document);
    }
}

/// The metadata of an authorization server whose issuer is `issuer`.
fn metadata(issuer: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"{{here}}/a","token_endpoint":"{{here}}/t",
           "registration_endpoint":"{{here}}/r","code_challenge_methods_supported":["plain","S256"]}}"#
    )
}

fn resource(resource: &str, servers: &str) -> String {
    format!(r#"{{"resource":"{resource}","authorization_servers":[{servers}],"scopes_supported":["a","b"]}}"#)
}

async fn discovered(server: &Server) -> Result<Discovery, Failure> {
    discovered_with(&server.url(), None, &ResourceChoice::Published).await
}

async fn discovered_with(url: &str, named: Option<&str>, choice: &ResourceChoice) -> Result<Discovery, Failure> {
    let http = Http::new(Settings { cookies: true, ..Settings::default() });
    let challenge = Bearer { resource_metadata: named.map(str::to_owned), ..Bearer::default() };
    discover(&http, &Url::parse(url).unwrap(), Some(&challenge), choice).await
}

fn asked(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[track_caller]
fn refused(outcome: Result<Discovery, Failure>, kind: Kind, parts: &[&str]) -> Failure {
    let failure = outcome.map(|found| found.server.issuer).unwrap_err();
    assert_eq!(failure.kind, kind, "{failure}");
    for part in parts {
        assert!(failure.fact.contains(part), "{part:?} in {failure}");
    }
    failure
}

#[tokio::test]
async fn the_metadata_are_looked_for_where_they_can_be_in_their_order() {
    let at_path = format!("{PRM}/mcp");
    let (prm, meta) = (resource("{here}/mcp", r#""{here}""#), metadata("{here}"));
    for (documents, named, expected) in [
        (vec![("/custom/x.json", &prm), (AS, &meta)], Some("/custom/x.json"), vec!["/custom/x.json", AS]),
        (vec![("/custom/x.json", &prm), (AS, &meta)], Some("custom/x.json"), vec!["/custom/x.json", AS]),
        (vec![(at_path.as_str(), &prm), (AS, &meta)], Some("/gone"), vec!["/gone", &at_path, AS]),
        (vec![(at_path.as_str(), &prm), (AS, &meta)], None, vec![&at_path, AS]),
        (vec![(PRM, &prm), (OIDC, &meta)], None, vec![&at_path, PRM, AS, OIDC]),
    ] {
        let server = serving(&documents.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>());
        let found = discovered_with(&server.url(), named, &ResourceChoice::Published).await.unwrap();
        let expected: Vec<String> = expected.iter().map(|path| format!("GET {path}")).collect();
        assert_eq!(asked(&server), expected);
        assert_eq!(found.resource.as_deref(), Some(server.url().as_str()));
        assert_eq!(found.resource_scopes.unwrap(), ["a", "b"]);
        assert_eq!(found.server.issuer, server.origin());
        assert_eq!(found.server.token_endpoint.as_str(), server.at("/t"));
        assert!(!found.fallback && found.server.has_metadata);
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_is_looked_up_in_three_places() {
    let prm = resource("{here}/mcp", r#""{here}/t/one""#);
    let places = [format!("{AS}/t/one"), format!("{OIDC}/t/one"), format!("/t/one{OIDC}")];
    for present in 0..places.len() {
        let meta = metadata("{here}/t/one");
        let server = serving(&[(PRM, &prm), (&places[present], &meta), (AS, &metadata("{here}"))]);
        let found = discovered(&server).await.unwrap();
        assert_eq!(found.server.issuer, server.at("/t/one"));
        let expected: Vec<String> = places[..=present].iter().map(|place| format!("GET {place}")).collect();
        assert_eq!(asked(&server)[2..], expected);
    }
}

#[tokio::test]
async fn metadata_may_lie_on_another_host_and_are_asked_for_without_anything_of_the_server() {
    let elsewhere = serving(&[(AS, &metadata("{here}"))]);
    let origin = elsewhere.origin();
    let server = serving(&[(PRM, &resource("{here}/mcp", &format!("{origin:?}")))]);
    let found = discovered(&server).await.unwrap();
    assert_eq!(found.server.issuer, origin);
    for request in elsewhere.requests() {
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!((request.header("cookie"), request.header("authorization")), (None, None));
    }
    // The document itself too, if its resource is the server.
    let prm = resource(&server.url(), &format!("{origin:?}"));
    let documents = serving(&[("/x", &prm)]);
    let found = discovered_with(&server.url(), Some(&documents.at("/x")), &ResourceChoice::Published).await.unwrap();
    assert_eq!(found.resource.as_deref(), Some(server.url().as_str()));
}

#[tokio::test]
async fn the_resource_goes_out_as_it_was_published_or_given_or_not_at_all() {
    let server = serving(&[(PRM, &resource("{here}", r#""{here}""#)), (AS, &metadata("{here}"))]);
    let given = ResourceChoice::Given("api://x".into());
    for (choice, expected) in [
        (ResourceChoice::Published, Some(server.origin())),
        (given, Some("api://x".to_owned())),
        (ResourceChoice::Disabled, None),
    ] {
        let found = discovered_with(&server.url(), None, &choice).await.unwrap();
        assert_eq!(found.resource, expected);
    }
}

#[tokio::test]
async fn a_resource_that_is_another_server_is_refused_with_both_names() {
    for other in ["https://evil.example/mcp", "{here}/other", "{here}/mcp/below", ""] {
        let server = serving(&[(PRM, &resource(other, r#""{here}""#)), (AS, &metadata("{here}"))]);
        let named = if other.is_empty() { "none".to_owned() } else { other.replace("{here}", &server.origin()) };
        refused(discovered(&server).await, Kind::Protocol, &[&named, &server.url()]);
        assert_eq!(server.requests().len(), 2, "no authorization server was asked");
    }
    // The person may know better.
    let server = serving(&[(PRM, &resource("api://x", r#""{here}""#)), (AS, &metadata("{here}"))]);
    let given = ResourceChoice::Given("api://x".into());
    assert!(discovered_with(&server.url(), None, &given).await.is_ok());
    let other = ResourceChoice::Given("api://y".into());
    refused(discovered_with(&server.url(), None, &other).await, Kind::Protocol, &["api://x"]);
}

#[tokio::test]
async fn of_very_many_authorization_servers_only_the_first_eight_are_asked() {
    let (empty, good) = (serving(&[]), serving(&[(AS, &metadata("{here}"))]));
    let list = |at: usize| {
        let empty = (0..1000).map(|n| format!("\"{}/{n}\"", empty.origin()));
        let mut all: Vec<String> = empty.collect();
        all.insert(at, format!("{:?}", good.origin()));
        all.join(",")
    };
    let server = serving(&[(PRM, &resource("{here}/mcp", &list(8)))]);
    let words = ["none of the 8", "993 more are not asked", &format!("{}/0", empty.origin())];
    refused(discovered(&server).await, Kind::Protocol, &words);
    assert!(good.requests().is_empty(), "{:?}", asked(&good));
    assert!((0..8).all(|n| asked(&empty).iter().any(|it| it.ends_with(&format!("/{n}")))), "{:?}", asked(&empty));
    assert!(!asked(&empty).iter().any(|it| it.ends_with("/8")), "{:?}", asked(&empty));

    let server = serving(&[(PRM, &resource("{here}/mcp", &list(7)))]);
    assert_eq!(discovered(&server).await.unwrap().server.issuer, good.origin());
}

#[tokio::test]
async fn of_several_authorization_servers_the_first_that_works_is_taken() {
    let good = serving(&[(AS, &metadata("{here}"))]);
    let (broken, empty) = (serving(&[(AS, "HTTP 503"), (OIDC, "HTTP 503")]), serving(&[]));
    let dead = format!("http://127.0.0.1:{}", support::unused_port());
    let list = |servers: &[&str]| servers.iter().map(|server| format!("{server:?}")).collect::<Vec<_>>().join(",");
    let servers = list(&["not a url", &empty.origin(), &dead, &broken.origin(), &good.origin()]);
    let server = serving(&[(PRM, &resource("{here}/mcp", &servers))]);
    assert_eq!(discovered(&server).await.unwrap().server.issuer, good.origin());

    let servers = list(&[&empty.origin(), &broken.origin()]);
    let server = serving(&[(PRM, &resource("{here}/mcp", &servers))]);
    refused(discovered(&server).await, Kind::Unreachable, &["none of the 2", &server.url(), "HTTP 503"]);

    let server = serving(&[(PRM, &resource("{here}/mcp", &list(&[&empty.origin()])))]);
    refused(discovered(&server).await, Kind::Protocol, &[&empty.origin(), "publishes no metadata"]);

    let server = serving(&[(PRM, &resource("{here}/mcp", ""))]);
    refused(discovered(&server).await, Kind::Protocol, &["names no authorization server"]);
}

#[tokio::test]
async fn an_authorization_server_has_to_be_at_a_safe_address() {
    for (issuer, why) in [
        ("http://as.example.com", "neither https"),
        ("file:///etc", "no http or https"),
        ("{here}?x=1", "neither a query"),
        ("{here}#x", "neither a query"),
        ("as.example.com", "no URL"),
    ] {
        let server = serving(&[(PRM, &resource("{here}/mcp", &format!("{issuer:?}"))), (AS, &metadata("{here}"))]);
        refused(discovered(&server).await, Kind::Protocol, &[why, &server.url()]);
        assert_eq!(server.requests().len(), 2, "{issuer}");
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_are_not_used() {
    for issuer in ["https://attacker.example.com", "{here}/x", "{here}:80", "HTTP://127.0.0.1", ""] {
        let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}""#)), (AS, &metadata(issuer))]);
        let named = issuer.replace("{here}", &server.origin());
        refused(discovered(&server).await, Kind::Protocol, &[&format!("{named:?}"), &format!("{:?}", server.origin())]);
    }
    // Without metadata of the server the issuer is its own origin, and a path below it is another one.
    let server = serving(&[(AS, &metadata("{here}/oauth"))]);
    refused(discovered(&server).await, Kind::Protocol, &[&server.at("/oauth")]);
    // A good document behind a bad one is found.
    let server = serving(&[
        (PRM, &resource("{here}/mcp", r#""{here}""#)),
        (AS, &metadata("https://attacker.example.com")),
        (OIDC, &metadata("{here}")),
    ]);
    assert!(discovered(&server).await.is_ok());
}

#[tokio::test]
async fn one_slash_at_the_end_is_no_other_issuer() {
    let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}/""#)), (AS, &metadata("{here}"))]);
    assert_eq!(discovered(&server).await.unwrap().server.issuer, server.origin());
    let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}""#)), (AS, &metadata("{here}/"))]);
    assert_eq!(discovered(&server).await.unwrap().server.issuer, server.at("/"), "as the server spells it");
}

#[tokio::test]
async fn without_pkce_nobody_is_sent_anywhere() {
    for (methods, expected) in [
        (r#""x":1"#, "code_challenge_methods_supported"),
        (r#""code_challenge_methods_supported":null"#, "code_challenge_methods_supported"),
        (r#""code_challenge_methods_supported":["plain"]"#, "plain"),
        (r#""code_challenge_methods_supported":[]"#, "no method"),
    ] {
        let meta = format!(
            r#"{{"issuer":"{{here}}","authorization_endpoint":"{{here}}/a","token_endpoint":"{{here}}/t",{methods}}}"#
        );
        for place in [AS, OIDC] {
            let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}""#)), (place, &meta)]);
            refused(discovered(&server).await, Kind::Protocol, &[expected, "S256", &server.origin()]);
        }
    }
}

#[tokio::test]
async fn endpoints_have_to_be_safe() {
    for (name, endpoint) in [
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "file:///etc/passwd"),
        ("authorization_endpoint", "http://as.example.com/a"),
        ("authorization_endpoint", "calc.exe"),
        ("token_endpoint", "http://as.example.com/t"),
        ("token_endpoint", "ftp://as.example.com/t"),
        ("registration_endpoint", "http://as.example.com/r"),
        ("revocation_endpoint", "http://as.example.com/v"),
        ("device_authorization_endpoint", "//x"),
    ] {
        let mut meta: serde_json::Value = serde_json::from_str(&metadata("{here}")).unwrap();
        meta[name] = endpoint.into();
        let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}""#)), (AS, &meta.to_string())]);
        refused(discovered(&server).await, Kind::Protocol, &[name, &server.origin()]);
    }
    for name in ["authorization_endpoint", "token_endpoint"] {
        let mut meta: serde_json::Value = serde_json::from_str(&metadata("{here}")).unwrap();
        meta.as_object_mut().unwrap().remove(name);
        let server = serving(&[(PRM, &resource("{here}/mcp", r#""{here}""#)), (AS, &meta.to_string())]);
        refused(discovered(&server).await, Kind::Protocol, &[name, &server.origin()]);
    }
}

#[tokio::test]
async fn a_server_out_there_cannot_make_us_ask_inside() {
    let inside = serving(&[]).may_be_unused();
    for named in [inside.at("/x"), format!("http://localhost:{}/x", inside.port), "https://169.254.169.254/x".into()] {
        let outcome = discovered_with("https://mcp.example.com/mcp", Some(&named), &ResourceChoice::Published).await;
        let host = Url::parse(&named).unwrap().host_str().unwrap().to_owned();
        refused(outcome, Kind::Protocol, &["https://mcp.example.com/mcp", &host]);
    }
    assert!(inside.requests().is_empty());
}

#[tokio::test]
async fn a_server_without_metadata_is_one_of_2025_03_26() {
    // Its own metadata, at the root only.
    let server = serving(&[(AS, &metadata("{here}"))]);
    let found = discovered(&server).await.unwrap();
    assert!(found.fallback && found.server.has_metadata);
    assert_eq!((found.resource, found.server.token_endpoint.as_str()), (None, server.at("/t").as_str()));
    // None at all: the endpoints that the specification presumes, and no refusal for PKCE. A web page
    // at every path, or an object of another kind, is none.
    let page: (&str, &str) = (PRM, "<html>welcome</html>");
    for documents in [vec![], vec![page, (AS, "<html>welcome</html>")], vec![(PRM, r#"{"error":"not found"}"#)]] {
        let server = serving(&documents);
        let found = discovered(&server).await.unwrap();
        assert!(found.fallback && !found.server.has_metadata);
        assert_eq!(found.server.issuer, server.origin());
        assert_eq!(found.server.code_endpoint().unwrap().as_str(), server.at("/authorize"));
        assert_eq!(found.server.token_endpoint.as_str(), server.at("/token"));
        assert_eq!(found.server.registration_endpoint.unwrap().as_str(), server.at("/register"));
    }
}

#[tokio::test]
async fn trouble_is_not_taken_for_absence() {
    let at_path = format!("{PRM}/mcp");
    for status in ["HTTP 500", "HTTP 503", "HTTP 429"] {
        let server = serving(&[(&at_path, status)]);
        refused(discovered(&server).await, Kind::Unreachable, &[&at_path, status]);
    }
    // Whom the server names has metadata; a page in their place may be that of a network in the way.
    let named = resource("{here}/mcp", r#""{here}""#);
    let server = serving(&[(PRM, &named), (AS, "<html>Sign in to the hotel</html>")]);
    let failure = refused(discovered(&server).await, Kind::Unreachable, &[AS, "a web page in place of metadata"]);
    assert!(failure.remedy.unwrap().contains("a network want"));
    let hotel = "redirect: http://127.0.0.1:1/hotel";
    let server = serving(&[(PRM, &named), (AS, hotel), (OIDC, hotel)]);
    let failure = refused(discovered(&server).await, Kind::Unreachable, &[AS, "redirects to http://127.0.0.1:1/hotel"]);
    assert!(failure.remedy.unwrap().contains("a network want"));
    // What works all the same is used.
    let server = serving(&[
        (&at_path, "HTTP 500"),
        (PRM, &resource("{here}/mcp", r#""{here}""#)),
        (AS, "HTTP 500"),
        (OIDC, &metadata("{here}")),
    ]);
    assert!(!discovered(&server).await.unwrap().fallback);
    let server = serving(&[(&at_path, "HTTP 500"), (AS, &metadata("{here}"))]);
    assert!(discovered(&server).await.unwrap().fallback);
    // Other refusals are absence.
    let server = serving(&[(&at_path, "HTTP 401"), (PRM, "HTTP 403"), (AS, "HTTP 405"), (OIDC, "HTTP 410")]);
    assert!(!discovered(&server).await.unwrap().server.has_metadata);
}

/// As a laptop does that has just been opened: nobody can be reached for some seconds.
#[tokio::test]
async fn who_cannot_be_reached_yet_is_tried_for_a_while() {
    let port = support::unused_port();
    let url = format!("http://127.0.0.1:{port}/mcp");
    let late = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        serving_on(port, &[(AS, &metadata("{here}"))])
    };
    let (found, server) = tokio::join!(discovered_with(&url, None, &ResourceChoice::Published), late);
    assert_eq!(found.unwrap().server.issuer, server.origin());
}

#[tokio::test]
async fn a_redirect_is_followed_within_the_origin_only() {
    let other = serving(&[("/prm", &resource("{here}/mcp", r#""{here}""#))]).may_be_unused();
    let at_path = format!("{PRM}/mcp");
    let away = format!("redirect: {}", other.at("/prm"));
    let server = serving(&[
        (&at_path, &away),
        (PRM, "redirect: /prm"),
        ("/prm", &resource("{here}/mcp", r#""{here}""#)),
        (AS, &metadata("{here}")),
    ]);
    assert!(!discovered(&server).await.unwrap().fallback);
    assert!(other.requests().is_empty());
    let server = serving(&[(PRM, "redirect: /.well-known/oauth-protected-resource")]);
    refused(discovered(&server).await, Kind::Protocol, &["in a circle"]);
}

#[tokio::test]
async fn a_document_above_a_mebibyte_is_refused() {
    let large = format!(
        r#"{{"resource":"{{here}}/mcp","authorization_servers":["{{here}}"],"x":"{}"}}"#,
        "x".repeat(1024 * 1024)
    );
    let server = serving(&[(PRM, &large), (AS, &metadata("{here}"))]);
    refused(discovered(&server).await, Kind::Protocol, &["more than 1 MiB", PRM]);
}

#[tokio::test]
async fn a_document_that_inflates_above_a_mebibyte_is_refused() {
    for bomb in [PRM, AS] {
        let packed = support::gzip(format!("{{\"x\":\"{}\"}}", " ".repeat(16 << 20)).as_bytes());
        assert!(packed.len() < 100_000);
        let server = Server::start(move |request: &Request, reply: Reply| {
            let here = format!("http://{}", request.header("host").unwrap());
            match request.path.as_str() {
                path if path == bomb => reply.header("Content-Encoding", "gzip").json(&packed),
                PRM => reply.json(format!(r#"{{"resource":"{here}/mcp","authorization_servers":["{here}"]}}"#)),
                _ => reply.send(404, "text/html", "<html>not found</html>"),
            }
        });
        refused(discovered(&server).await, Kind::Protocol, &["more than 1 MiB", bomb]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let url = format!("http://127.0.0.1:{}/mcp", support::unused_port());
    let outcome = discovered_with(&url, None, &ResourceChoice::Published).await;
    refused(outcome, Kind::Unreachable, &["127.0.0.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let held = support::Mailbox::new();
    let server = Server::start({
        let held = held.clone();
        move |_: &Request, reply: Reply| held.put(reply)
    })
    .may_be_unused();
    refused(discovered(&server).await, Kind::Unreachable, &["did not answer within 30 s"]);
}

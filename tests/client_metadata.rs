//! The document by which a person lets the bridge describe itself, printed here and published by them.

mod support;

use serde_json::{Value, json};
use support::*;

fn print(args: &[&str]) -> Told {
    Bridge::bare().arg("client-metadata").args(args.iter().copied()).told()
}

/// One of its own for each test and each run: the port that is tried first comes from it.
fn url(test: &str) -> String {
    format!("https://example.com/{test}/{}.json", std::process::id())
}

fn document(args: &[&str]) -> Value {
    let told = print(args);
    told.expect(0, &["publish this at", "application/json", "--client-metadata-url", args[0]]);
    told.json()
}

#[test]
fn the_document_says_what_a_native_client_is_and_where_browsers_come_back_to() {
    let url = url("says");
    let said = document(&[&url]);
    assert_eq!(said["client_id"], url);
    for (name, value) in [
        ("client_name", json!("mcpbridge")),
        ("application_type", json!("native")),
        ("grant_types", json!(["authorization_code", "refresh_token", DEVICE_CODE])),
        ("response_types", json!(["code"])),
        ("token_endpoint_auth_method", json!("none")),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    let uris = said["redirect_uris"].as_array().unwrap();
    for host in ["127.0.0.1", "localhost"] {
        assert!(uris.contains(&json!(format!("http://{host}/oauth/callback"))), "{said}");
        assert!(uris.iter().any(|uri| uri.as_str().unwrap().starts_with(&format!("http://{host}:"))), "{said}");
    }
    assert_eq!(document(&[&url]), said, "the same each time");

    let said = document(&[&url, "4321", "--host", "app.localhost", "--callback-path", "/back"]);
    let uris: Vec<&str> = said["redirect_uris"].as_array().unwrap().iter().map(|uri| uri.as_str().unwrap()).collect();
    assert_eq!(uris.len(), 6, "{uris:?}");
    for uri in ["http://127.0.0.1:4321/back", "http://localhost/back", "http://app.localhost:4321/back"] {
        assert!(uris.contains(&uri), "{uris:?}");
    }
    let told = print(&[&url, "--json"]);
    assert_eq!(
        (told.json()["schema_version"].as_u64(), told.json()["document"]["client_id"].as_str()),
        (Some(1), Some(&*url))
    );
    assert_eq!(told.stderr, "");
}

/// At a server that compares redirect URIs character by character.
#[test]
fn a_published_document_lets_the_bridge_in_without_a_registration() {
    for (test, port, flags) in [
        ("derived", None, &[][..]),
        ("exactly", Some(unused_port().to_string()), &[]),
        ("by-name", Some(unused_port().to_string()), &["--host", "localhost", "--callback-path", "/back"]),
    ] {
        let url = url(test);
        let mut args = vec![url.as_str()];
        args.extend(port.as_deref());
        args.extend(flags);
        let said = document(&args);
        let world = World::with(|it| it.published = vec![said], |_| ());
        let human = Human::prompt();
        let login = world.command("login").args(port).args(flags.iter().copied()).human(&human);
        let told = login.args(["--client-metadata-url", &url]).at_shell().finish();
        told.expect(0, &[]);
        assert_eq!(human.page().status, 200);
        assert!(world.authorization.asked(Endpoint::Register).is_empty());
        for endpoint in [Endpoint::Authorize, Endpoint::Code] {
            assert_eq!(world.authorization.asked(endpoint)[0].need("client_id"), url, "{endpoint:?}");
        }
        world.authorization.ledger.drop_access_tokens();
        world.needs_no_window();
    }
}

#[test]
fn a_published_document_may_sign_in_with_a_code() {
    let url = url("code");
    let said = document(&[&url]);
    let world = World::with(
        |it| {
            it.published = vec![said];
            it.device = Some(Device::default());
        },
        |_| (),
    );
    let shell = world.command("login").args(["--device-code", "--client-metadata-url", &url]).at_shell();
    shell.wait_stderr("WDJB-0001");
    let entered = Visit::by_link(&format!("{}?user_code=WDJB-0001", world.authorization.at("/device")));
    assert_eq!(entered.consent().status, 200);
    shell.finish().expect(0, &[]);
    assert!(world.authorization.asked(Endpoint::Register).is_empty());
    assert_eq!(world.authorization.asked(Endpoint::Device)[0].need("client_id"), url);
}

#[test]
fn a_url_that_can_be_no_client_id_is_refused_with_the_reason() {
    for (url, why) in [
        ("http://example.com/a.json", "has to be https"),
        ("https://example.com", "has to have a path"),
        ("https://example.com/", "has to have a path"),
        ("https://example.com/?a=b", "has to have a path"),
        ("https://example.com/a.json#b", "may have no fragment"),
        ("https://ada:s3cret@example.com/a.json", "may have no user in it"),
        ("https://example.com/a/../b.json", "may have no . or .. in its path"),
        ("https://example.com/%2e/b.json", "may have no . or .. in its path"),
        ("https://EXAMPLE.com/a.json", "https://example.com/a.json"),
        ("https://example.com:443/a.json", "https://example.com/a.json"),
        ("a.json", "is no URL"),
    ] {
        let told = print(&[url]);
        told.expect(2, &["the URL of the document", why, "for example: https://"]);
        assert!(told.stdout.is_empty() && !told.stderr.contains("s3cret"), "{told:?}");
    }
    let told = print(&["http://example.com/a.json", "--json"]);
    told.expect(2, &[]);
    assert_eq!(json(&told.stderr)["error"]["code"], "usage");
    print(&["https://example.com/a.json", "--callback-path", "back"]).expect(2, &["callback path", "--callback-path"]);
    let told = print(&["https://example.com/a.json", "--host", "a/b"]);
    told.expect(2, &["--host \"a/b\" is no host", "for example: --host"]);
}

#[test]
fn the_command_that_is_printed_is_one_that_a_shell_understands() {
    let told = print(&["https://example.com/x.json?a=b&c=d", "--callback-path", "/a b"]);
    let command =
        "mcpbridge login SERVER --callback-path '/a b' --client-metadata-url 'https://example.com/x.json?a=b&c=d'";
    assert!(told.expect(0, &[]).stderr.contains(command), "{told:?}");
}

#[test]
fn the_command_is_no_name_for_a_server() {
    let told = Bridge::bare().args(["add", "client-metadata", "https://mcp.example.com/mcp"]).told();
    told.expect(2, &["client-metadata", "command"]);
}

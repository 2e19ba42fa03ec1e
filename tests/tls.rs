//! Certificates: whom the bridge trusts, who it is, and what it says where a certificate will not do.

mod support;

use std::fs;

use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use support::{
    Authority, Bridge, Front, Identity, Launch, Legacy, Server, VERSION, initialize, reaches_nothing, works,
};
use tempfile::TempDir;

#[test]
fn every_way_to_name_an_authority_adds_it() {
    let (server, authority) = (Legacy::new().start(), Authority::named("a test's own authority"));
    let front = Front::of(&server, &authority.local());
    let another = Authority::named("another one");
    let (file, other) = (authority.file(), another.file());
    let ways: [fn(Launch, &std::path::Path, &std::path::Path) -> Launch; 5] = [
        |launch, file, _| launch.arg("--ca-cert").arg(file),
        |launch, file, other| launch.arg("--ca-cert").arg(file).arg("--ca-cert").arg(other),
        |launch, file, other| launch.env("SSL_CERT_FILE", file).env("NODE_EXTRA_CA_CERTS", other),
        |launch, file, other| launch.env("NODE_EXTRA_CA_CERTS", file).env("SSL_CERT_FILE", other),
        |launch, file, other| launch.env("MCPBRIDGE_CA_CERT", format!("{}\n{}", other.display(), file.display())),
    ];
    for way in ways {
        works(way(Bridge::launch(front.url()), &file, &other));
    }
}

#[test]
fn an_authority_that_nobody_trusts_is_named_with_the_flag_that_helps() {
    let (server, authority) = (unused(), Authority::named("Inspecting Proxy CA"));
    let front = Front::of(&server, &authority.local());
    let text = reaches_nothing(Bridge::launch(front.url()).env("SSL_CERT_FILE", Authority::named("another").file()));
    for words in
        ["localhost", "a server of a test", "issued by \"Inspecting Proxy CA\"", "--ca-cert FILE", "inspecting"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(front.handshakes(), 0);
    let front = Front::of(&server, &Identity::self_signed(&["localhost"]));
    let text = reaches_nothing(Bridge::launch(front.url()));
    assert!(text.contains("is signed by itself") && text.contains("--ca-cert FILE"), "{text}");
}

#[test]
fn a_certificate_for_another_name_is_told_with_both_names() {
    let (server, authority) = (unused(), Authority::named("authority"));
    let names = ["other.example", "*.more.example", "10.1.2.3", "a.example", "b.example", "c.example", "d.example"];
    let front = Front::of(&server, &authority.issue(&names, |_| ()));
    let text = reaches_nothing(Bridge::launch(front.url()).arg("--ca-cert").arg(authority.file()));
    let list = "is not for localhost but for other.example, *.more.example, 10.1.2.3, a.example, b.example, 2 more";
    assert!(text.contains(list), "{text}");
}

#[test]
fn a_certificate_out_of_its_time_is_told_with_the_date_and_the_clock() {
    let (server, authority) = (unused(), Authority::named("authority"));
    let old = authority.issue(&["localhost"], |it| {
        (it.not_before, it.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    });
    let early = authority.issue(&["localhost"], |it| {
        (it.not_before, it.not_after) = (date_time_ymd(2120, 1, 2), date_time_ymd(2121, 1, 1));
    });
    for (identity, words) in
        [(old, ["expired on Wed, 03 Feb 2021", "renew"]), (early, ["not valid before Tue, 02 Jan 2120", "clock"])]
    {
        let front = Front::of(&server, &identity);
        let text = reaches_nothing(Bridge::launch(front.url()).arg("--ca-cert").arg(authority.file()));
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}

/// As `openssl req -x509` makes one.
#[test]
fn a_certificate_of_an_authority_in_place_of_a_servers_is_told_with_what_makes_another() {
    let (server, authority) = (unused(), Authority::named("authority"));
    let both = authority.issue(&["localhost"], |it| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let front = Front::of(&server, &both);
    let text = reaches_nothing(Bridge::launch(front.url()).arg("--ca-cert").arg(authority.file()));
    for words in ["is that of an authority, not of a server", "basicConstraints=critical,CA:FALSE", "--insecure"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let (server, authority) = (Legacy::new().start(), Authority::named("authority"));
    let clients = Authority::named("clients");
    let front = Front::for_clients_of(&server, &authority.local(), &clients);
    let me = clients.issue(&["me"], |_| ());
    let launch = || Bridge::launch(front.url()).arg("--ca-cert").arg(authority.file());
    works(launch().arg("--client-cert").arg(me.file("both.pem")));
    works(launch().arg("--client-cert").arg(me.file("cert.pem")).arg("--client-key").arg(me.file("key.pem")));
}

#[test]
fn a_server_that_wants_a_client_certificate_says_so_with_the_flags() {
    let (server, authority) = (unused(), Authority::named("authority"));
    let front = Front::for_clients_of(&server, &authority.local(), &Authority::named("clients"));
    let launch = || Bridge::launch(front.url()).arg("--ca-cert").arg(authority.file());
    let text = reaches_nothing(launch());
    assert!(text.contains("wants a client certificate") && text.contains("--client-cert FILE"), "{text}");
    let stranger = Authority::named("strangers").issue(&["me"], |_| ());
    let text = reaches_nothing(launch().arg("--client-cert").arg(stranger.file("both.pem")));
    assert!(text.contains("refuses the client certificate") && text.contains("--client-cert"), "{text}");
}

#[test]
fn nginx_says_it_with_a_web_page() {
    let server = Server::start(|_, reply| {
        let page = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
        reply.send(400, "text/html", page);
    });
    let text = reaches_nothing(Bridge::to(&server));
    assert!(text.contains("wants a client certificate") && text.contains("--client-cert FILE"), "{text}");
}

#[test]
fn a_file_that_a_flag_names_and_that_will_not_do_is_an_error_at_once() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let me = Authority::named("clients").issue(&["me"], |_| ());
    let other = Authority::named("clients").issue(&["me"], |_| ());
    let file = |identity: &Identity, name: &str| identity.file(name).display().to_string();
    fs::write(at("empty"), "").unwrap();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(at("encrypted"), encrypted).unwrap();
    fs::write(at("nothing"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (flags, words) in [
        (vec!["--ca-cert".to_owned(), at("nothing")], ["--ca-cert", "no certificate in it that can be read"]),
        (vec!["--ca-cert".to_owned(), at("none")], ["--ca-cert", "cannot be read"]),
        (vec!["--ca-cert".to_owned(), at("empty")], ["--ca-cert", "no certificate"]),
        (vec!["--client-cert".to_owned(), file(&me, "cert.pem")], ["--client-key", "no private key"]),
        (vec!["--client-key".to_owned(), file(&me, "key.pem")], ["--client-key", "without --client-cert"]),
        (
            vec!["--client-cert".into(), file(&me, "cert.pem"), "--client-key".into(), at("encrypted")],
            ["is encrypted", "openssl pkey"],
        ),
        (
            vec!["--client-cert".into(), file(&me, "cert.pem"), "--client-key".into(), file(&other, "key.pem")],
            ["cannot be used", "belongs to"],
        ),
    ] {
        let told = Bridge::launch("https://mcp.example.com/mcp").args(flags).told();
        told.expect(2, &words);
    }
}

/// Few resolvers know the names below `localhost`, and none is asked.
#[test]
fn a_name_of_this_machine_is_this_machine_with_tls_and_without() {
    let server = Legacy::new().start();
    let authority = Authority::named("authority");
    let front = Front::of(&server, &authority.issue(&["app.localhost"], |_| ()));
    let secure = format!("https://app.localhost:{}/mcp", front.port());
    works(Bridge::launch(secure.clone()).arg("--ca-cert").arg(authority.file()));
    let plain = server.url().replace("127.0.0.1", "app.localhost");
    assert_ne!(plain, server.url());
    works(Bridge::launch(plain.clone()));
    for url in [secure, plain] {
        let seen = support::Findings::by(Bridge::bare().args(["doctor", &url]).arg("--ca-cert").arg(authority.file()));
        assert!(seen.detail("dns").contains("app.localhost is this machine"), "{seen:?}");
        assert_eq!(seen.state("tcp"), "ok", "{seen:?}");
    }
}

#[test]
fn insecure_is_for_this_machine_alone() {
    let server = Legacy::new().start();
    let front = Front::of(&server, &Identity::self_signed(&["other.example"]));
    works(Bridge::launch(front.url()).arg("--insecure"));
    works(Bridge::launch(format!("https://127.0.0.1:{}/mcp", front.port())).arg("--insecure"));
    for url in ["https://mcp.example.com/mcp", "https://localhost.example.com/mcp", "https://192.168.1.1/mcp"] {
        let told = Bridge::launch(url).arg("--insecure").told();
        told.expect(2, &["--insecure is for servers on this machine", "--ca-cert FILE"]);
    }
}

/// As in a container without ca-certificates, as far as a warning can show it.
#[test]
fn nothing_of_tls_is_read_for_plain_http() {
    let server = Legacy::new().start();
    let told = works(Bridge::to(&server).env("SSL_CERT_FILE", "/nowhere/ca.pem"));
    assert!(!told.contains("/nowhere"), "{told}");
    let front = Front::of(&unused(), &Authority::named("authority").local());
    let mut bridge = Bridge::launch(front.url()).env("SSL_CERT_FILE", "/nowhere/ca.pem").spawn();
    bridge.send(initialize(0, VERSION));
    bridge.answer("0");
    bridge.wait_stderr("no CA certificates in /nowhere/ca.pem");
}

#[test]
fn what_does_not_speak_tls_is_told_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            std::io::Write::write_all(&mut socket, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").ok();
        }
    });
    let text = reaches_nothing(Bridge::launch(format!("https://127.0.0.1:{port}/mcp")));
    assert!(text.contains("no secure connection") && text.contains("does not speak TLS"), "{text}");
}

fn unused() -> Server {
    Legacy::new().start().may_be_unused()
}

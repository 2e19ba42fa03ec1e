//! Proxies: which one is used, who is asked for what, and that its faults are told as its own.

mod support;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use support::{
    Authority, Bridge, Findings, Front, Launch, Legacy, Mailbox, Server, reaches_nothing, unused_port, works,
};

const HOST: &str = "mcp.example.test";
/// `me:s3cret word`
const ALLOWED: &str = "Basic bWU6czNjcmV0IHdvcmQ=";

#[test]
fn a_proxy_of_the_environment_or_a_flag_is_used_with_its_credentials() {
    let office = Office::new();
    let proxy = office.proxy(Manner::Connect { allowed: Some(ALLOWED) });
    let url = proxy.url("me:s3cret%20word@");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "MCPBRIDGE_PROXY"] {
        works(office.relay().env(name, &url));
    }
    works(office.relay().args(["--proxy", &url]).env("HTTPS_PROXY", "http://127.0.0.1:9"));
    let bare = url.trim_start_matches("http://").replace("s3cret%20word", "${WORD}");
    let log = office.relay().args(["--proxy", &bare, "--debug"]).env("WORD", "s3cret%20word");
    assert!(!works(log).contains("s3cret"));
    assert!(proxy.seen().iter().all(|head| head.starts_with(&format!("CONNECT {HOST}:"))), "{:?}", proxy.seen());
}

#[test]
fn no_proxy_names_hosts_that_are_reached_without_one() {
    let office = Office::new();
    let proxy = office.proxy(Manner::Connect { allowed: None });
    // All at once: a name that is not known is asked for again for a while.
    thread::scope(|scope| {
        for flags in [vec![], vec!["--proxy".to_owned(), proxy.url("")]] {
            for names in [HOST, "other.test, example.test", ".example.test", "*"] {
                let launch = office.relay().args(flags.clone()).env("HTTPS_PROXY", proxy.url(""));
                scope.spawn(move || {
                    let text = reaches_nothing(launch.env("NO_PROXY", names));
                    assert!(text.contains("cannot be resolved") && !text.contains("proxy"), "{text}");
                });
            }
        }
    });
    // An address, and no loopback, although it leads there.
    let server = Legacy::new().start();
    let url = format!("http://0.0.0.0:{}/mcp", server.port);
    works(Bridge::launch(url).arg("--allow-http").env("ALL_PROXY", proxy.url("")).env("NO_PROXY", "*"));
    assert!(proxy.seen().is_empty());
    works(office.relay().env("HTTPS_PROXY", proxy.url("")).env("NO_PROXY", "ample.test,localhost"));
}

#[test]
fn this_machine_is_never_reached_through_a_proxy() {
    let server = Legacy::new().start();
    let office = Office::new();
    let proxy = office.proxy(Manner::Connect { allowed: None });
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "MCPBRIDGE_PROXY"] {
        works(Bridge::to(&server).env(name, proxy.url("")));
    }
    let secure = Front::of(&server, &office.authority.local());
    for name in ["HTTPS_PROXY", "ALL_PROXY", "MCPBRIDGE_PROXY"] {
        works(Bridge::launch(secure.url()).arg("--ca-cert").arg(office.authority.file()).env(name, proxy.url("")));
    }
    assert!(proxy.seen().is_empty());
}

#[test]
fn a_proxy_that_is_down_or_silent_is_named() {
    let office = Office::new();
    let down = format!("http://me:s3cret@127.0.0.1:{}", unused_port());
    for launch in [office.relay().env("HTTPS_PROXY", &down), office.relay().args(["--proxy", &down])] {
        let text = reaches_nothing(launch.args(["--connect-timeout", "1"]));
        for words in ["cannot reach the proxy http://127.0.0.1:", HOST, "nothing listens there", "NO_PROXY"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    let silent = office.proxy(Manner::Silent);
    let text = reaches_nothing(office.relay().args(["--connect-timeout", "1", "--proxy", &silent.url("")]));
    assert!(text.contains("cannot reach the proxy") && text.contains("no connection in time"), "{text}");
}

#[test]
fn a_proxy_that_does_not_let_us_through_is_named_with_what_helps() {
    let office = Office::new();
    let strict = office.proxy(Manner::Connect { allowed: Some(ALLOWED) });
    for user in ["", "me:s3cret-wrong@"] {
        let text = reaches_nothing(office.relay().env("HTTPS_PROXY", strict.url(user)));
        for words in ["the proxy http://127.0.0.1:", "HTTP 407", "USER:PASSWORD@127.0.0.1:"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    assert!(strict.seen().len() <= 4, "what will not change is not tried again and again: {:?}", strict.seen());
    for (manner, words) in [
        (Manner::Refuse("403 Filtered"), "refuses to connect to mcp.example.test"),
        (Manner::Refuse("502 Bad Gateway"), "refuses to connect to"),
        (Manner::HangUp, "closed the connection instead"),
    ] {
        let proxy = office.proxy(manner);
        let text =
            reaches_nothing(office.relay().args(["--proxy", &proxy.url("me:s3cret@"), "--connect-timeout", "1"]));
        assert!(text.contains("the proxy http://127.0.0.1:") && text.contains("--proxy"), "{text}");
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn why_a_socks_proxy_is_not_reached_is_told() {
    let office = Office::new();
    let saying = |words: &'static [u8]| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                // What was asked is read, or the system would throw the answer away.
                let _ = socket.read(&mut [0; 64]);
                let _ = socket.write_all(words);
            }
        });
        format!("127.0.0.1:{port}")
    };
    for (place, words) in [
        (format!("127.0.0.1:{}", unused_port()), "nothing listens there (connection refused)"),
        ("no-such-proxy.invalid:1080".to_owned(), "its name cannot be resolved"),
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it does not speak SOCKS"),
        (saying(b""), "it closed the connection"),
    ] {
        for scheme in ["socks5h", "socks4a"] {
            let url = format!("{scheme}://{place}");
            let text = reaches_nothing(office.relay().args(["--proxy", &url, "--connect-timeout", "1"]));
            assert!(text.contains(&format!("cannot reach the proxy {url}")) && text.contains(words), "{url}: {text}");
        }
    }
}

#[test]
fn a_variable_that_names_no_proxy_is_warned_of_where_one_would_be_used() {
    let server = Legacy::new().start();
    let url = format!("http://0.0.0.0:{}/mcp", server.port);
    let relay = |name: &str, value: &str| Bridge::launch(&url).arg("--allow-http").env(name, value);
    for (name, value, words) in [
        ("HTTP_PROXY", "ftp://me:s3cret@h.example:1", "HTTP_PROXY has the scheme ftp, which is none for a proxy"),
        ("all_proxy", "socks://127.0.0.1:7891/", "all_proxy has the scheme socks"),
        ("ALL_PROXY", "http://", "ALL_PROXY is not the URL of a proxy"),
    ] {
        let text = works(relay(name, value));
        for words in [words, "no proxy is used", "socks5h://HOST:PORT"] {
            assert!(text.contains(words) && !text.contains("s3cret"), "{words}: {text}");
        }
        let seen = Findings::at(&url, |launch| launch.arg("--allow-http").env(name, value));
        seen.warns("proxy", &[words, "socks5h://HOST:PORT"]);
    }
    for launch in [
        relay("HTTP_PROXY", "ftp://h.example:1").env("NO_PROXY", "0.0.0.0"),
        relay("HTTP_PROXY", "ftp://h.example:1").env("NO_PROXY", "*"),
        relay("HTTP_PROXY", ""),
        Bridge::to(&server).env("HTTP_PROXY", "ftp://h.example:1"),
    ] {
        let text = works(launch);
        assert!(!text.contains("is used"), "{text}");
    }
}

#[test]
fn a_407_for_plain_http_comes_from_the_proxy() {
    let office = Office::new();
    let proxy = office.proxy(Manner::Connect { allowed: Some(ALLOWED) });
    let launch = Bridge::launch(format!("http://{HOST}/mcp")).arg("--allow-http").env("HTTP_PROXY", proxy.url(""));
    let text = reaches_nothing(launch);
    assert!(text.contains("the proxy http://127.0.0.1:") && text.contains("HTTP 407"), "{text}");
    assert!(proxy.seen()[0].starts_with(&format!("POST http://{HOST}/mcp HTTP/1.1")), "{:?}", proxy.seen());
}

/// As tinyproxy does.
#[test]
fn a_wrong_password_that_a_proxy_refuses_as_servers_do_is_told_as_its_own() {
    let office = Office::new();
    let proxy = office.proxy(Manner::Refuse("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Tinyproxy\""));
    let url = proxy.url("me:s3cret-wrong@");
    let text = reaches_nothing(office.relay().args(["--proxy", &url]));
    assert!(text.contains("refuses to connect to") && text.contains("check the user and the password"), "{text}");
    let seen = proxy.seen().len();
    let launch = Bridge::launch(format!("http://{HOST}/mcp")).arg("--allow-http").env("HTTP_PROXY", &url);
    let text = reaches_nothing(launch);
    for words in ["the proxy http://127.0.0.1:", "or mcp.example.test behind it", "refuses the user and the password"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(proxy.seen().len() <= seen + 4, "what will not change is not tried again and again: {:?}", proxy.seen());
}

/// Some close it after an answer without saying so, and a call that meets the end may have run.
#[test]
fn a_connection_to_a_proxy_that_takes_requests_is_used_once() {
    let proxy = Legacy::new().start();
    works(Bridge::launch(format!("http://{HOST}/mcp")).arg("--allow-http").env("HTTP_PROXY", proxy.origin()));
    assert!(proxy.requests().iter().all(|request| request.path == format!("http://{HOST}/mcp")));
    assert_eq!(proxy.connections_made(), proxy.requests().len(), "{}", proxy.transcript());
}

#[test]
fn a_certificate_behind_a_proxy_is_told_with_the_way() {
    let office = Office::new();
    let proxy = office.proxy(Manner::Connect { allowed: None });
    let text = reaches_nothing(Bridge::launch(office.url()).env("HTTPS_PROXY", proxy.url("")));
    assert!(text.contains("--ca-cert FILE") && text.contains("through the proxy http://127.0.0.1:"), "{text}");
}

#[test]
fn what_is_no_proxy_is_refused_at_once_without_its_password() {
    for (text, words) in [
        ("ftp://me:s3cret@h", "scheme"),
        ("http://me:s3cret@h:port", "not the URL"),
        ("http://me:${NOT_SET_IN_A_TEST}@h", "NOT_SET_IN_A_TEST"),
    ] {
        let told = Bridge::launch("https://mcp.example.test/mcp").args(["--proxy", text]).told();
        told.expect(2, &["--proxy", words]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
}

/// A server behind a proxy, under a name that only the proxy knows.
struct Office {
    authority: Authority,
    front: Front,
    _server: Server,
}

impl Office {
    fn new() -> Self {
        let authority = Authority::named("authority");
        let server = Legacy::new().start().may_be_unused();
        let front = Front::of(&server, &authority.issue(&[HOST], |_| ()));
        Self { authority, front, _server: server }
    }

    fn url(&self) -> String {
        format!("https://{HOST}/mcp")
    }

    fn relay(&self) -> Launch {
        Bridge::launch(self.url()).arg("--ca-cert").arg(self.authority.file())
    }

    fn proxy(&self, manner: Manner) -> Proxy {
        Proxy::start(manner, self.front.port())
    }
}

#[derive(Clone, Copy)]
enum Manner {
    /// Connects everybody, or those who say this.
    Connect {
        allowed: Option<&'static str>,
    },
    Refuse(&'static str),
    HangUp,
    Silent,
}

struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    _held: Mailbox<TcpStream>,
}

impl Proxy {
    fn start(manner: Manner, to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, held) = (Arc::<Mutex<Vec<String>>>::default(), Mailbox::new());
        thread::spawn({
            let (seen, held) = (seen.clone(), held.clone());
            move || {
                for socket in listener.incoming().flatten() {
                    let (seen, held) = (seen.clone(), held.clone());
                    thread::spawn(move || serve(socket, manner, to, &seen, &held));
                }
            }
        });
        Self { port, seen, _held: held }
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}", self.port)
    }

    /// The heads of the requests.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut socket: TcpStream, manner: Manner, to: u16, seen: &Mutex<Vec<String>>, held: &Mailbox<TcpStream>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(socket.read(&mut byte), Ok(1)) {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    seen.lock().unwrap().push(head.clone());
    let has = |value: &str| {
        let named = |line: &str| line.to_lowercase().starts_with("proxy-authorization:") && line.ends_with(value);
        head.lines().any(named)
    };
    match manner {
        Manner::Silent => held.put(socket),
        Manner::HangUp => {}
        Manner::Refuse(status) => {
            let _ = write!(socket, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
        Manner::Connect { allowed: Some(value) } if !has(value) => {
            let _ = write!(
                socket,
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
            );
        }
        Manner::Connect { .. } => {
            let _ = write!(socket, "HTTP/1.1 200 OK\r\n\r\n");
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            let (mut up, mut down) = (socket.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut up, &mut down);
                let _ = down.shutdown(std::net::Shutdown::Write);
            });
            let (mut server, mut socket) = (server, socket);
            let _ = std::io::copy(&mut server, &mut socket);
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }
}

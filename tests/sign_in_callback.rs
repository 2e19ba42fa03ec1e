//! The place that the browser comes back to: who is let in, who is turned away, and what they see.

use std::time::Duration;

use mcpbridge::auth::callback::{Callback, Ending, Port, Redirect};
use mcpbridge::auth::discovery::AuthorizationServer;
use mcpbridge::auth::grants::authorization_code::{Permission, Proof, authorize};
use mcpbridge::auth::page::Page;
use mcpbridge::failure::Kind;
use mcpbridge::store::{Authentication, Client, Origin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// For anything that has to happen; a loaded machine keeps it easily.
const PATIENCE: Duration = Duration::from_secs(20);
const PATH: &str = "/oauth/callback";

/// A listener, and the sign-in that it waits for.
struct SignIn {
    callback: Callback,
    proof: Proof,
    state: String,
    port: u16,
}

impl SignIn {
    fn begin() -> Self {
        Self::on(Callback::listen(Port::Near(0), "127.0.0.1", PATH).unwrap())
    }

    fn on(callback: Callback) -> Self {
        let server = AuthorizationServer::presumed(&Url::parse("https://mcp.example.com/mcp").unwrap()).unwrap();
        let client = Client {
            id: "c".into(),
            secret: None,
            secret_expires_at: None,
            authentication: Authentication::None,
            redirect_uri: callback.redirect_uri().to_owned(),
            origin: Origin::Registered,
        };
        let permission =
            Permission { server: &server, client: &client, scopes: &[], resource: None, parameters: &[], key: None };
        let (url, proof) = authorize(&permission).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let port = Url::parse(callback.redirect_uri()).unwrap().port().unwrap();
        SignIn { callback, proof, state, port }
    }

    async fn wait(&mut self) -> Redirect {
        timeout(PATIENCE, self.callback.wait(self.proof.state())).await.expect("the redirect")
    }

    /// The redirect of the authorization server, as a browser asks for it.
    fn redirect(&self) -> String {
        request("GET", &format!("{PATH}?code=c0de&state={}", self.state), &format!("127.0.0.1:{}", self.port))
    }
}

fn request(method: &str, target: &str, host: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\nCookie: other=program\r\n\r\n")
}

async fn connect(port: u16) -> TcpStream {
    timeout(PATIENCE, TcpStream::connect(("127.0.0.1", port))).await.expect("in time").expect("a connection")
}

async fn send(port: u16, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = connect(port).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream
}

/// All that is answered before the connection ends, which it has to.
async fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("an end").expect("an answer");
    text
}

async fn ask(port: u16, bytes: impl AsRef<[u8]>) -> String {
    answer(send(port, bytes).await).await
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn done() -> Ending {
    Ending::Page(Page::success(&Url::parse("https://mcp.example.com/mcp").unwrap(), Some("Zed")))
}

#[tokio::test]
async fn a_stranger_is_turned_away_and_the_sign_in_goes_on() {
    let mut sign_in = SignIn::begin();
    let port = sign_in.port;
    let (here, state) = (format!("127.0.0.1:{port}"), sign_in.state.clone());
    let right = format!("{PATH}?code=x&state={state}");
    let asking = tokio::spawn(async move {
        let twice = format!("{PATH}?code=x&state={state}&state={state}");
        let longer = format!("{PATH}?code=x&state={state}x");
        let strangers = [
            (request("GET", &format!("{PATH}?code=x&state=wrong"), &here), "400"),
            (request("GET", &longer, &here), "400"),
            (request("GET", &twice, &here), "400"),
            (request("GET", &format!("{PATH}?code=x"), &here), "400"),
            (request("GET", &format!("{PATH}?error=access_denied"), &here), "400"),
            (request("GET", PATH, &here), "400"),
            (request("GET", &format!("/other?code=x&state={state}"), &here), "404"),
            (request("GET", &format!("{PATH}/?code=x&state={state}"), &here), "404"),
            (request("GET", "/favicon.ico", &here), "404"),
            (request("POST", &right, &here), "405"),
            (request("OPTIONS", &right, &here), "405"),
            (request("GET", &right, "evil.example"), "421"),
            (request("GET", &right, &format!("evil.example:{port}")), "421"),
            (request("GET", &right, "127.0.0.1"), "421"),
            (request("GET", &right, &format!("127.0.0.1:{}", port.wrapping_add(1))), "421"),
            (format!("GET {right} HTTP/1.1\r\n\r\n"), "421"),
            (format!("GET {right} HTTP/1.1\r\nHost: {here}\r\nHost: evil.example\r\n\r\n"), "400"),
            (request("HEAD", &right, &here), "200"),
            ("\u{16}\u{3}\u{1} TLS?\r\n\r\n".to_owned(), "400"),
            ("rubbish\r\n\r\n".to_owned(), "400"),
        ];
        for (text, expected) in strangers {
            let answer = ask(port, &text).await;
            assert_eq!(status(&answer), expected, "{text}{answer}");
            assert!(!answer.contains(&state), "{answer}");
        }
    });
    let redirect = tokio::select! {
        asked = asking => {
            asked.unwrap();
            let browser = tokio::spawn(ask(port, sign_in.redirect()));
            let redirect = sign_in.wait().await;
            redirect.finish(done());
            browser
        }
        redirect = sign_in.callback.wait(sign_in.proof.state()) => {
            panic!("a stranger got in: {}", redirect.answer.is_complete())
        }
    };
    assert!(redirect.await.unwrap().contains("You are signed in"));
}

#[tokio::test]
async fn a_browser_that_is_back_before_anybody_waits_is_let_in() {
    let mut sign_in = SignIn::begin();
    let browser = send(sign_in.port, sign_in.redirect()).await;
    // Who comes later is let in later, so now the browser is in.
    let stranger = ask(sign_in.port, request("GET", "/", &format!("127.0.0.1:{}", sign_in.port))).await;
    assert_eq!(status(&stranger), "404");
    sign_in.wait().await.finish(done());
    assert!(answer(browser).await.contains("You are signed in"));
}

#[tokio::test]
async fn a_listener_that_waits_for_nothing_turns_everybody_away_in_the_end() {
    let sign_in = SignIn::begin();
    let browser = send(sign_in.port, sign_in.redirect()).await;
    assert_eq!(status(&ask(sign_in.port, request("GET", "/", &format!("127.0.0.1:{}", sign_in.port))).await), "404");
    let answer = tokio::spawn(answer(browser));
    sign_in.callback.close().await;
    assert_eq!(status(&answer.await.unwrap()), "400");
}

#[tokio::test]
async fn the_browser_waits_until_it_is_known_how_it_ended() {
    let mut sign_in = SignIn::begin();
    let browser = send(sign_in.port, sign_in.redirect()).await;
    let redirect = sign_in.wait().await;
    assert!(sign_in.proof.check(&redirect.answer).is_ok());
    // The redirect has been read, and the browser has not heard a byte.
    let early = browser.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(early, Err(std::io::ErrorKind::WouldBlock));
    redirect.finish(done());
    sign_in.callback.close().await;
    let page = answer(browser).await;
    assert_eq!(status(&page), "200");
    for part in [
        "<strong>Zed</strong>",
        "https://mcp.example.com/mcp",
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("c0de") && !page.contains(&sign_in.state), "{page}");
}

#[tokio::test]
async fn a_refusal_is_shown_as_one() {
    let mut sign_in = SignIn::begin();
    let browser = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    let server = Url::parse("https://mcp.example.com/mcp").unwrap();
    let page = Page::refusal(&server, "the token was <b>refused</b>", "mcpbridge login 'https://mcp.example.com/mcp'");
    sign_in.wait().await.finish(Ending::Page(page));
    let page = browser.await.unwrap();
    assert_eq!(status(&page), "400");
    assert!(page.contains("The token was &lt;b&gt;refused&lt;/b&gt;."), "{page}");
    assert!(page.contains("mcpbridge login &#39;https://mcp.example.com/mcp&#39;"), "{page}");
}

#[tokio::test]
async fn who_comes_again_sees_the_same_ending() {
    let mut sign_in = SignIn::begin();
    let first = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    let redirect = sign_in.wait().await;
    let second = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    let stranger = ask(sign_in.port, request("GET", PATH, &format!("127.0.0.1:{}", sign_in.port))).await;
    assert_eq!(status(&stranger), "400");
    redirect.finish(done());
    for browser in [first, second] {
        assert!(browser.await.unwrap().contains("You are signed in"));
    }
    assert!(ask(sign_in.port, sign_in.redirect()).await.contains("You are signed in"), "after the end");
}

#[tokio::test]
async fn a_sign_in_that_is_given_up_says_so() {
    let mut sign_in = SignIn::begin();
    let browser = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    drop(sign_in.wait().await);
    let page = browser.await.unwrap();
    assert_eq!(status(&page), "503");
    assert!(page.contains("You are not signed in"), "{page}");
}

#[tokio::test]
async fn the_browser_can_be_sent_on() {
    let mut sign_in = SignIn::begin();
    let browser = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    sign_in.wait().await.finish(Ending::Elsewhere(Url::parse("https://example.com/welcome").unwrap()));
    let answer = browser.await.unwrap();
    assert_eq!(status(&answer), "303");
    assert!(answer.contains("Location: https://example.com/welcome\r\n"), "{answer}");
    assert!(answer.contains("Referrer-Policy: no-referrer"), "{answer}");
}

#[tokio::test]
async fn connections_that_say_nothing_starve_nobody() {
    let mut sign_in = SignIn::begin();
    let mut spare = Vec::new();
    for _ in 0..40 {
        spare.push(connect(sign_in.port).await);
    }
    // Half a request is no more than none.
    for stream in &mut spare[..20] {
        stream.write_all(b"GET /oauth/callback?state=x HTTP/1.1\r\nHost:").await.unwrap();
    }
    let browser = tokio::spawn(ask(sign_in.port, sign_in.redirect()));
    sign_in.wait().await.finish(done());
    assert!(browser.await.unwrap().contains("You are signed in"));
    // Nor do they hold up the end.
    let before = std::time::Instant::now();
    sign_in.callback.close().await;
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
}

#[tokio::test]
async fn silent_connections_that_are_renewed_for_ever_starve_nobody() {
    let mut sign_in = SignIn::begin();
    let port = sign_in.port;
    let (full, filled) = tokio::sync::oneshot::channel();
    let crowd = tokio::spawn(async move {
        let mut silent = std::collections::VecDeque::new();
        let mut full = Some(full);
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
                // Half a request is no more than none.
                let _ = stream.try_write(b"GET /oauth");
                silent.push_back(stream);
            }
            if silent.len() > 300 {
                silent.pop_front();
                full.take().map(|full| full.send(()));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    timeout(PATIENCE, filled).await.expect("as many as it wants may come").unwrap();
    let before = std::time::Instant::now();
    let browser = tokio::spawn(ask(port, sign_in.redirect()));
    sign_in.wait().await.finish(done());
    assert!(browser.await.unwrap().contains("You are signed in"));
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    crowd.abort();
}

#[tokio::test]
async fn a_request_may_come_in_pieces_and_an_endless_one_is_cut() {
    let mut sign_in = SignIn::begin();
    let mut endless = connect(sign_in.port).await;
    let _ = endless.write_all(&vec![b'x'; 200 * 1024]).await;
    let mut start = vec![0; 12];
    timeout(PATIENCE, endless.read_exact(&mut start)).await.unwrap().unwrap();
    assert_eq!(start, b"HTTP/1.0 431");

    let (port, text) = (sign_in.port, sign_in.redirect());
    let browser = tokio::spawn(async move {
        let mut stream = connect(port).await;
        stream.set_nodelay(true).unwrap();
        for byte in text.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        answer(stream).await
    });
    sign_in.wait().await.finish(done());
    assert!(browser.await.unwrap().contains("You are signed in"));
}

#[tokio::test]
async fn the_other_names_of_this_machine_work_too() {
    for (host, name) in [("localhost", "LOCALHOST"), ("bridge.test", "bridge.test"), ("::1", "[::1]")] {
        let mut sign_in = SignIn::on(Callback::listen(Port::Near(0), host, PATH).unwrap());
        let port = sign_in.port;
        let written = if host == "::1" { "[::1]" } else { host };
        assert_eq!(sign_in.callback.redirect_uri(), format!("http://{written}:{port}{PATH}"));
        let target = format!("{PATH}?code=c&state={}", sign_in.state);
        let browser = tokio::spawn(ask(port, request("GET", &target, &format!("{name}:{port}"))));
        sign_in.wait().await.finish(done());
        assert!(browser.await.unwrap().contains("You are signed in"), "{host}");
    }
}

#[tokio::test]
async fn ipv6_reaches_it_as_well() {
    let mut sign_in = SignIn::on(Callback::listen(Port::Near(0), "localhost", PATH).unwrap());
    let Ok(mut stream) = TcpStream::connect(("::1", sign_in.port)).await else {
        // Only where the machine has no such address may it be missing.
        assert!(std::net::TcpListener::bind("[::1]:0").is_err(), "[::1] is there, and is not listened on");
        return;
    };
    stream.write_all(sign_in.redirect().as_bytes()).await.unwrap();
    sign_in.wait().await.finish(done());
    assert!(answer(stream).await.contains("You are signed in"));
}

#[tokio::test]
async fn a_port_that_is_asked_for_is_taken_or_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let failure = Callback::listen(Port::Exactly(port), "127.0.0.1", PATH).map(|_| ()).unwrap_err();
    assert_eq!(failure.kind, Kind::Usage);
    assert!(failure.fact.contains(&format!("port {port} is in use")), "{failure}");
    assert!(failure.remedy.is_some());

    let near = Callback::listen(Port::Near(port), "127.0.0.1", PATH).unwrap();
    assert!(!near.redirect_uri().contains(&format!(":{port}/")), "{}", near.redirect_uri());

    drop(taken);
    let exact = Callback::listen(Port::Exactly(port), "127.0.0.1", PATH).unwrap();
    assert_eq!(exact.redirect_uri(), format!("http://127.0.0.1:{port}{PATH}"));
}

#[tokio::test]
async fn two_sign_ins_at_once_have_two_ports() {
    let near = Port::derived(&Url::parse("https://mcp.example.com/mcp").unwrap());
    let [one, other] = [(); 2].map(|()| Callback::listen(near, "localhost", PATH).unwrap());
    assert_ne!(one.redirect_uri(), other.redirect_uri());
}

#[tokio::test]
async fn a_listener_that_is_closed_or_dropped_is_gone() {
    for closes in [true, false] {
        let sign_in = SignIn::begin();
        let idle = connect(sign_in.port).await;
        // Who comes later is let in later, so now the idle one is in.
        let stranger = ask(sign_in.port, request("GET", "/", &format!("127.0.0.1:{}", sign_in.port))).await;
        assert_eq!(status(&stranger), "404");
        if closes {
            sign_in.callback.close().await;
        } else {
            drop(sign_in.callback);
            // Aborted tasks are dropped on the next turn of the runtime.
            tokio::task::yield_now().await;
        }
        assert_eq!(answer(idle).await, "", "an idle connection ends without a word");
        assert!(TcpStream::connect(("127.0.0.1", sign_in.port)).await.is_err());
    }
}

#[tokio::test]
async fn an_address_can_be_pasted_instead() {
    let sign_in = SignIn::begin();
    let (state, proof) = (&sign_in.state, &sign_in.proof);
    let redirect =
        |query: String| Redirect::pasted(&format!("{}?{query}", sign_in.callback.redirect_uri()), proof.state());
    let right = format!("code=c0de&state={state}");
    for text in [
        format!("{}?{right}", sign_in.callback.redirect_uri()),
        format!("  {}?{right}#_=_\r\n", sign_in.callback.redirect_uri()),
        right.clone(),
    ] {
        let redirect = Redirect::pasted(&text, proof.state()).unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert!(proof.check(&redirect.answer).is_ok(), "{text}");
    }
    for (text, expected) in [
        ("code=c0de&state=wrong".to_owned(), "another sign-in"),
        ("code=c0de".to_owned(), "another sign-in"),
        // The page where one signs in has the state in its address too.
        (format!("response_type=code&state={state}"), "no answer"),
        (String::new(), "no answer"),
        (format!("code=a&code=b&state={state}"), "twice"),
    ] {
        let failure = redirect(text.clone()).map(|_| ()).unwrap_err();
        assert!(failure.fact.contains(expected), "{text}: {failure}");
        assert!(!failure.to_string().contains("c0de") && !failure.to_string().contains(state), "{failure}");
    }
}

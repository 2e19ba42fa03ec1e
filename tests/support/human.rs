//! The person at the browser. `$BROWSER` of the bridge is a script that tells this test which URL was opened; the person
//! then looks at the pages with a plain HTTP client, which goes where a browser goes.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;
use url::{Url, form_urlencoded};

use super::{
    client::{Seen, fetch},
    sync::{Mailbox, PATIENCE, lock},
};

pub struct Human {
    folder: TempDir,
    port: u16,
    visits: Mailbox<Visit>,
    windows: Arc<Mutex<Vec<String>>>,
    pages: Mailbox<Seen>,
    left: Arc<AtomicBool>,
}

impl Human {
    /// Does what the test says, when the test says it.
    pub fn at_ease() -> Self {
        Self::new(None)
    }

    /// Consents to every window by itself and at once, as a browser that is signed in does.
    pub fn prompt() -> Self {
        Self::new(Some(Visit::consent))
    }

    /// Says no to every window, at once.
    pub fn unwilling() -> Self {
        Self::new(Some(Visit::decline))
    }

    fn new(habit: Option<fn(&Visit) -> Seen>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the human");
        let port = listener.local_addr().unwrap().port();
        let human = Self {
            folder: TempDir::new().expect("a temporary folder"),
            port,
            visits: Mailbox::new(),
            windows: Arc::default(),
            pages: Mailbox::new(),
            left: Arc::default(),
        };
        let (visits, windows) = (human.visits.clone(), human.windows.clone());
        let (pages, left) = (human.pages.clone(), human.left.clone());
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if left.load(Ordering::SeqCst) {
                    return;
                }
                let mut reader = BufReader::new(socket);
                let mut url = String::new();
                if reader.read_line(&mut url).is_err() || url.trim().is_empty() {
                    continue;
                }
                lock(&windows).push(url.trim_end().to_owned());
                let visit = Visit { url: url.trim_end().to_owned(), _window: Some(Arc::new(reader.into_inner())) };
                match habit {
                    None => visits.put(visit),
                    // A window does not wait for another one's page.
                    Some(habit) => {
                        let pages = pages.clone();
                        thread::spawn(move || pages.put(habit(&visit)));
                    }
                }
            }
        });
        human
    }

    /// A browser that talks on both of its outputs, as they do, and is gone at once.
    pub fn browser(&self) -> String {
        self.script("browser", "exit 0")
    }

    /// A browser that runs until its window is closed: until the test lets go of the [`Visit`], or the human goes.
    pub fn lingering_browser(&self) -> String {
        self.script("lingering-browser", "read -r _ <&3")
    }

    /// A browser that shows the page and then ends as if it had not.
    pub fn unsure_browser(&self) -> String {
        self.script("unsure-browser", "exit 3")
    }

    /// A command that opens nothing and says so.
    pub fn broken_browser(&self) -> String {
        let path = self.folder.path().join("broken-browser");
        write_script(&path, "#!/bin/sh\necho 'cannot open display' >&2\nexit 1\n");
        path.to_string_lossy().into_owned()
    }

    fn script(&self, name: &str, end: &str) -> String {
        let path = self.folder.path().join(name);
        let text = format!(
            "#!/usr/bin/env bash\necho 'a browser talks on stdout'\necho 'and on stderr' >&2\n\
             exec 3<>/dev/tcp/127.0.0.1/{}\nprintf '%s\\n' \"$1\" >&3\n{end}\n",
            self.port
        );
        write_script(&path, &text);
        path.to_string_lossy().into_owned()
    }

    /// How many windows were opened so far.
    pub fn windows(&self) -> usize {
        lock(&self.windows).len()
    }

    /// What was opened in them.
    pub fn opened(&self) -> Vec<String> {
        lock(&self.windows).clone()
    }

    /// The windows in the order they opened; the next one is waited for.
    pub fn visits(&self) -> impl Iterator<Item = Visit> {
        std::iter::from_fn(|| Some(self.visit()))
    }

    /// The next window, waited for.
    #[track_caller]
    pub fn visit(&self) -> Visit {
        self.visits.take_within(PATIENCE).expect("no window was opened")
    }

    pub fn visit_within(&self, patience: Duration) -> Option<Visit> {
        self.visits.take_within(patience)
    }

    /// The last page of the next window that a human with a habit has dealt with.
    #[track_caller]
    pub fn page(&self) -> Seen {
        self.pages.take_within(PATIENCE).expect("no window came to its last page")
    }
}

impl Drop for Human {
    fn drop(&mut self) {
        self.left.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for windows.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

/// One window, at the URL it was opened with. Dropped, it is closed.
#[derive(Clone)]
pub struct Visit {
    pub url: String,
    _window: Option<Arc<TcpStream>>,
}

impl Visit {
    /// The person follows a link that they were shown elsewhere.
    pub fn by_link(url: &str) -> Self {
        Self { url: url.to_owned(), _window: None }
    }

    /// A parameter of the URL.
    pub fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    #[track_caller]
    pub fn need(&self, name: &str) -> String {
        self.query(name).unwrap_or_else(|| panic!("no {name} in {}", self.url))
    }

    /// Allows, if asked, and follows to the last page.
    #[track_caller]
    pub fn consent(&self) -> Seen {
        self.decide("allow")
    }

    #[track_caller]
    pub fn decline(&self) -> Seen {
        self.decide("deny")
    }

    #[track_caller]
    fn decide(&self, decision: &str) -> Seen {
        let page = browse(&self.url);
        match form_of(&page) {
            None => page,
            Some((action, request)) => follow(submit(&action, &[("request", &request), ("decision", decision)])),
        }
    }

    /// Looks at the first page and does nothing.
    #[track_caller]
    pub fn look(&self) -> Seen {
        browse(&self.url)
    }

    /// Consents, but stops short of the last step: the URL that the browser would go to, the code in it.
    #[track_caller]
    pub fn callback(&self) -> String {
        let (action, request) = form_of(&browse(&self.url)).expect("a consent page");
        let sent = submit(&action, &[("request", &request), ("decision", "allow")]);
        sent.header("location").expect("a redirect to the client").to_owned()
    }

    /// Comes back to the client with a query of the test's own; `{state}` is the right one.
    #[track_caller]
    pub fn come_back(&self, query: &str) -> Seen {
        let state: String = form_urlencoded::byte_serialize(self.need("state").as_bytes()).collect();
        browse(&format!("{}?{}", self.need("redirect_uri"), query.replace("{state}", &state)))
    }
}

/// Goes to a URL and follows redirects, as a browser does.
#[track_caller]
pub fn browse(url: &str) -> Seen {
    follow(fetch("GET", url, &NAVIGATION, "").unwrap_or_else(|err| panic!("the browser cannot open {url}: {err}")))
}

#[track_caller]
fn follow(mut seen: Seen) -> Seen {
    for _ in 0..MOST_REDIRECTS {
        let Some(location) = seen.header("location").filter(|_| (300..400).contains(&seen.status)) else { return seen };
        let url = Url::parse(&seen.url).unwrap().join(location).expect("a URL to go to");
        seen = fetch("GET", url.as_str(), &NAVIGATION, "")
            .unwrap_or_else(|err| panic!("the browser cannot open {url}: {err}"));
    }
    panic!("the browser was sent round in circles, at last to {}", seen.url);
}

#[track_caller]
fn submit(action: &str, form: &[(&str, &str)]) -> Seen {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut headers = NAVIGATION.to_vec();
    headers.push(("Content-Type", "application/x-www-form-urlencoded"));
    fetch("POST", action, &headers, &body).unwrap_or_else(|err| panic!("the browser cannot post to {action}: {err}"))
}

/// Where the consent page of the scripted authorization server posts to, and which request it is about.
fn form_of(page: &Seen) -> Option<(String, String)> {
    let between = |before: &str| {
        let (_, rest) = page.body.split_once(before)?;
        Some(rest.split('"').next()?.to_owned())
    };
    Some((between(r#"<form method="post" action=""#)?, between(r#"name="request" value=""#)?))
}

/// A script that can be started.
pub fn write_script(path: &std::path::Path, text: &str) {
    fs::write(path, text).expect("a script");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("an executable script");
    }
}

/// Some authorization servers answer what looks like a script's request with JSON in place of a page.
const NAVIGATION: [(&str, &str); 5] = [
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) A human of the tests"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Upgrade-Insecure-Requests", "1"),
];

/// What browsers stop at, too.
const MOST_REDIRECTS: usize = 20;

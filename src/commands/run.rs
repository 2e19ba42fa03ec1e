//! `mcpbridge <URL>`: what an editor runs.

use std::hash::{BuildHasher, RandomState};
use std::panic;
use std::process::{self, ExitCode};
use std::sync::Arc;

use ::http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use url::Url;

use crate::auth::{Flow, Login};
use crate::bridge::{Bridge, End};
use crate::cli::{Filters, Protocol as Spoken, Relay, TransportOrder};
use crate::era::{Era, Facts, Filter, Lobby, Protocol, Settings as EraSettings};
use crate::failure::{Failure, Kind};
use crate::http::{self, Http, shown};
use crate::record::Recorder;
use crate::remote::{Remote, Settings};
use crate::secret::Known;
use crate::store::{Eras, Store};
use crate::versions::Transport;
use crate::{log as logging, stdio};

use super::run_notes::RunNotes;
use super::{access, event_loop, server};

/// Relays until the editor leaves.
///
/// # Errors
/// The command line is wrong, or the process cannot start its threads.
pub fn run(relay: &Relay) -> anyhow::Result<ExitCode> {
    let store = access::store();
    let notes = RunNotes::begin(relay, store.as_ref().ok());
    let runtime = event_loop()?;
    let outcome = relay_until_the_end(&runtime, relay, store, &notes);
    notes.end(&outcome);
    logging::finish();
    // Not by returning: the thread that reads stdin cannot be woken.
    process::exit(match outcome? {
        End::Served | End::Stopped => 0,
        End::Wanting(kind) => kind.exit_code().into(),
        End::Interrupted => INTERRUPTED,
    })
}

fn relay_until_the_end(
    runtime: &Runtime,
    relay: &Relay,
    store: Result<Store, Failure>,
    notes: &RunNotes,
) -> anyhow::Result<End> {
    access::start_log(&relay.output)?;
    let (settings, http) = runtime.block_on(settings(relay))?;
    let known = KnownEras::of(store.as_ref().ok(), &settings.url);
    let login = login(relay, &settings, &http, store)?;
    if stdio::is_terminal() {
        log::info!(
            "relaying to {}: an editor starts this command; by hand, type one JSON-RPC message a line, and Ctrl-D to end",
            shown(&settings.url)
        );
    }
    let recorder = recorder(relay, &settings, &http, &login)?;
    raise_descriptor_limit();
    give_memory_back();
    runtime.block_on(async {
        let (arrived, arrivals) = mpsc::channel(ARRIVALS);
        let limit = settings.limit;
        let remote = Remote::new(settings, Http::new(http), login, arrived);
        let stdio = (stdio::read(limit)?, stdio::write());
        let era = Lobby::new(Era::new(era_settings(relay, known.facts())));
        let bridge = Bridge::new(stdio, (remote, arrivals), era, limit, relay.drain_timeout.limit());
        let bridge = bridge.recorded(recorder.as_ref().map(Recorder::tap));
        let noting = known.follow(bridge.learned());
        notes.follow(&bridge);
        // As a task: whatever wakes what the event loop itself waits for costs a further look at all sockets.
        let end =
            tokio::spawn(Box::pin(bridge.run())).await.unwrap_or_else(|ended| panic::resume_unwind(ended.into_panic()));
        notes.catch_up();
        let _ = timeout(LAST_NOTE, noting).await;
        if let Some(recorder) = recorder {
            recorder.finish().await;
        }
        Ok(end)
    })
}

/// The server that `relay` is for.
///
/// # Errors
/// The command line is wrong, or a source of a header gives none.
pub async fn settings(relay: &Relay) -> Result<(Settings, http::Settings), Failure> {
    let connection = &relay.connection;
    let typed = relay
        .server
        .as_deref()
        .ok_or_else(|| Failure::new(Kind::Usage, "no URL was given").remedy("try `mcpbridge demo`"))?;
    let url = server::url(typed, connection.allow_http)?;
    let mut headers = access::headers(connection).await?;
    for (_, value) in url.query_pairs() {
        headers.secrets.learn(&value);
    }
    for pair in url.query().into_iter().flat_map(|query| query.split('&')) {
        // The name of a value is a word that a schema may have too; alone it may be the key.
        let spelled = pair.split_once('=').map_or(pair, |(_, value)| value);
        headers.secrets.learn(spelled);
        headers.secrets.learn(spelled.trim_end_matches('='));
    }
    let url = headers.take_user(url);
    let http = access::http(connection, relay.sign_in.auth_timeout.limit(), &url)?;
    let settings = Settings {
        url,
        headers: Arc::new(headers.all),
        credentials: headers.credentials,
        secrets: headers.secrets,
        limit: relay.messages.max_message_size,
        headers_timeout: relay.headers_timeout.limit(),
        body_timeout: relay.body_timeout.limit(),
        request_timeout: relay.request_timeout.limit(),
        // Somebody who allows a connection a minute wants to wait that long.
        start_window: http.connect_timeout.unwrap_or(START_WINDOW).max(START_WINDOW),
        ping: relay.ping_interval.limit().filter(|_| relay.keep_alive),
        only: match relay.wire.transport {
            TransportOrder::HttpFirst | TransportOrder::SseFirst => None,
            TransportOrder::HttpOnly => Some("--transport http-only"),
            TransportOrder::SseOnly => Some("--transport sse-only"),
        },
    };
    Ok((settings, http))
}

/// The sign-in. An Authorization header that was given is the person's answer to a 401, and there is
/// no other.
///
/// # Errors
/// The command line is wrong, or the store that was named cannot be used.
pub fn login(
    relay: &Relay,
    settings: &Settings,
    http: &http::Settings,
    store: Result<Store, Failure>,
) -> Result<Login, Failure> {
    let options =
        access::options(&settings.url, relay.named.as_ref(), relay.port, (&relay.connection, &relay.sign_in))?;
    if let Some(command) = access::token_command(&relay.connection, &settings.url, &settings.headers)? {
        return Ok(Login::by_command(command));
    }
    if settings.headers.contains_key(AUTHORIZATION) {
        return match options.flow {
            Flow::Browser => Ok(Login::none()),
            _ => {
                let fact = "an Authorization header leaves nothing to sign in for";
                Err(Failure::new(Kind::Usage, fact).remedy("leave the header out, or how to sign in"))
            }
        };
    }
    match store {
        Ok(store) => Login::new(options, store, http.clone()),
        Err(failure)
            if std::env::var_os("MCPBRIDGE_CONFIG_DIR").is_none()
                && std::env::var_os("MCPBRIDGE_CREDENTIAL_STORE").is_none() =>
        {
            // A server that asks for nothing can be used all the same.
            log::warn!("{failure}");
            Ok(Login::none())
        }
        Err(failure) => Err(failure),
    }
}

/// The recording, if one is wanted. It knows every secret that a request to the server has.
///
/// # Errors
/// Its file is there already, or cannot be written.
pub fn recorder(
    relay: &Relay,
    settings: &Settings,
    http: &http::Settings,
    login: &Login,
) -> Result<Option<Recorder>, Failure> {
    let Some(path) = &relay.messages.record else { return Ok(None) };
    let known = Known::new(&settings.secrets);
    if let Some(proxy) = http.proxy.as_ref().and_then(|proxy| Url::parse(proxy.expose()).ok())
        && let Some(password) = proxy.password()
    {
        known.learn(password);
        known.learn(&percent_decode_str(password).decode_utf8_lossy());
    }
    login.tell_secrets(&known);
    Recorder::start(path, &shown(&settings.url), known).map(Some)
}

/// What the flags say of the protocol, and what is known from before.
pub fn era_settings(relay: &Relay, facts: Facts) -> EraSettings {
    let transports = match relay.wire.transport {
        TransportOrder::HttpFirst => vec![Transport::Streamable, Transport::Sse],
        TransportOrder::SseFirst => vec![Transport::Sse, Transport::Streamable],
        TransportOrder::HttpOnly => vec![Transport::Streamable],
        TransportOrder::SseOnly => vec![Transport::Sse],
    };
    let half = || u128::from(RandomState::new().hash_one(process::id()));
    EraSettings {
        filter: filter(relay),
        protocol: match relay.wire.protocol {
            Spoken::Auto => Protocol::Auto,
            Spoken::Legacy => Protocol::Legacy,
            Spoken::Modern => Protocol::Modern,
        },
        transports,
        facts,
        seed: half() << 64 | half(),
    }
}

/// What is known of the server from one run to the next.
pub struct KnownEras {
    store: Option<Store>,
    server: Url,
}

impl KnownEras {
    /// Those in `store`, if there is one.
    pub fn of(store: Option<&Store>, server: &Url) -> Self {
        KnownEras { store: store.cloned(), server: server.clone() }
    }

    /// What earlier runs have found. Not which editors fall back to `initialize`: that is a setting of
    /// theirs, and one that is told to and cannot would be left with nothing.
    pub fn facts(&self) -> Facts {
        let Eras { modern, legacy } = self.store.as_ref().map(|store| store.eras(&self.server)).unwrap_or_default();
        Facts { modern, legacy, ..Facts::default() }
    }

    /// Keeps what is learned, as soon as it is: editors do not always let a process end by itself.
    pub fn follow(self, mut learned: watch::Receiver<Facts>) -> JoinHandle<()> {
        let KnownEras { store, server } = self;
        tokio::spawn(async move {
            while let (Ok(()), Some(store)) = (learned.changed().await, &store) {
                let facts = learned.borrow_and_update().clone();
                let found = facts.decide().then_some(Eras { modern: facts.modern, legacy: facts.legacy });
                let (store, server) = (store.clone(), server.clone());
                // A write waits for the disk, and nothing waits for this one.
                let _ = spawn_blocking(move || store.keep_eras(&server, found)).await;
            }
        })
    }
}

/// The person's patterns, and the project's, which can only take tools away.
fn filter(relay: &Relay) -> Filter {
    let Filters { allow_tools, ignore_tools, from: [allows, ignores] } = &relay.filters;
    let filter = Filter::default().only(allow_tools, allows).without(ignore_tools, ignores);
    match &relay.named {
        Some(named) => filter
            .only(&named.allow_tools, &format!("allow-tool in {}", named.project))
            .without(&named.ignore_tools, &format!("ignore-tool in {}", named.project)),
        None => filter,
    }
}

/// With HTTP/1.1 every request in flight is a connection, and the usual soft limit is 1024.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let wanted = limit.maximum.map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
        if limit.current.is_some_and(|current| current < wanted) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
        }
    }
}

/// Has large blocks of memory go back to the system when they are freed. glibc would do so with the first one
/// alone: from then on it keeps blocks of that size in its heap, where one of 16 MB stays resident for good,
/// and a second one beside it as soon as anything small has taken of the first.
fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for setting in [libc::M_MMAP_THRESHOLD, libc::M_TRIM_THRESHOLD] {
        // SAFETY: two numbers are passed.
        #[expect(unsafe_code, reason = "the C library can be told in no other way")]
        unsafe {
            libc::mallopt(setting, KEPT);
        }
    }
}

/// Arrivals that may wait for the loop.
const ARRIVALS: usize = 32;
/// How long connections are tried at the start, and again when the server goes away.
const START_WINDOW: std::time::Duration = std::time::Duration::from_secs(8);
/// How long a note about the server may delay the end, if it was learned only just now.
pub const LAST_NOTE: std::time::Duration = std::time::Duration::from_secs(1);
/// Bytes of a block that goes back, and of what is kept for the next ones. Below it a block that is used again
/// costs less than a new one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: i32 = 4 * 1024 * 1024;
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;
/// Open files that are asked for.
#[cfg(unix)]
const DESCRIPTORS: u64 = 65_536;

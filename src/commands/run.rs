//! `mcpbridge <URL>`: what an editor runs.

use std::hash::{BuildHasher, RandomState};
use std::process::{self, ExitCode};
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;

use crate::bridge::{Bridge, End};
use crate::cli::{Protocol as Spoken, Relay, Transport as Order};
use crate::era::{Era, Facts, Filter, Protocol, Road, Settings as EraSettings};
use crate::failure::{Failure, Kind};
use crate::http::{self, Http, shown};
use crate::log::Volume;
use crate::remote::{Remote, Settings};
use crate::{commands::server, log as logging, stdio};

/// Relays until the editor leaves.
///
/// # Errors
/// The command line is wrong, or the process cannot start its threads.
pub fn run(relay: Relay) -> anyhow::Result<ExitCode> {
    let volume = match (relay.debug, relay.silent) {
        (true, _) => Volume::Debug,
        (_, true) => Volume::Silent,
        _ => Volume::Normal,
    };
    logging::start(volume, relay.log_file.as_deref()).map_err(|error| {
        let file = relay.log_file.as_deref().unwrap_or("-".as_ref());
        Failure::new(Kind::Usage, format!("the log file {} cannot be written: {error}", file.display()))
    })?;
    let (settings, http) = settings(&relay)?;
    if stdio::is_terminal() {
        log::info!(
            "relaying to {}: an editor starts this command; by hand, type one JSON-RPC message a line, and Ctrl-D to end",
            shown(&settings.url)
        );
    }
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no event loop")?;
    let end = runtime.block_on(async {
        let (arrived, arrivals) = mpsc::channel(ARRIVALS);
        let limit = settings.limit;
        let remote = Remote::new(settings, Http::new(http), arrived);
        let stdio = (stdio::read(limit)?, stdio::write());
        let era = Era::new(era_settings(&relay));
        anyhow::Ok(Bridge::new(stdio, (remote, arrivals), era, limit, relay.drain_timeout.limit()).run().await)
    })?;
    logging::finish();
    // Not by returning: the thread that reads stdin cannot be woken.
    process::exit(match end {
        End::Served => 0,
        End::Wanting(kind) => kind.exit_code().into(),
        End::Interrupted => INTERRUPTED,
    })
}

fn settings(relay: &Relay) -> Result<(Settings, http::Settings), Failure> {
    let url = server::url(&relay.server, relay.allow_http)?;
    let mut headers = server::headers(&relay.headers, &relay.header_files, |name| std::env::var(name).ok())?;
    for (_, value) in url.query_pairs() {
        headers.secrets.learn(&value);
    }
    for spelled in url.query().into_iter().flat_map(|query| query.split(['&', '='])) {
        headers.secrets.learn(spelled);
    }
    let url = headers.take_user(url);
    let connect_timeout = relay.connect_timeout.limit();
    let http = http::Settings { connect_timeout, ipv4: relay.ipv4, cookies: !relay.disable_cookies };
    let settings = Settings {
        url,
        headers: Arc::new(headers.all),
        credentials: headers.credentials,
        secrets: headers.secrets,
        limit: relay.max_message_size,
        headers_timeout: relay.headers_timeout.limit(),
        body_timeout: relay.body_timeout.limit(),
        request_timeout: relay.request_timeout.limit(),
        // Somebody who allows a connection a minute wants to wait that long.
        start_window: connect_timeout.unwrap_or(START_WINDOW).max(START_WINDOW),
        ping: relay.ping_interval.limit().filter(|_| relay.keep_alive),
    };
    Ok((settings, http))
}

fn era_settings(relay: &Relay) -> EraSettings {
    let roads = match relay.transport {
        Order::HttpFirst => vec![Road::Http, Road::Sse],
        Order::SseFirst => vec![Road::Sse, Road::Http],
        Order::HttpOnly => vec![Road::Http],
        Order::SseOnly => vec![Road::Sse],
    };
    let half = || u128::from(RandomState::new().hash_one(process::id()));
    EraSettings {
        filter: Filter::new(&relay.allow_tools, &relay.ignore_tools),
        protocol: match relay.protocol {
            Spoken::Auto => Protocol::Auto,
            Spoken::Legacy => Protocol::Legacy,
            Spoken::Modern => Protocol::Modern,
        },
        roads,
        facts: Facts::default(),
        seed: half() << 64 | half(),
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

/// Arrivals that may wait for the loop.
const ARRIVALS: usize = 32;
/// How long connections are tried at the start, and again when the server goes away.
const START_WINDOW: std::time::Duration = std::time::Duration::from_secs(8);
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: i32 = 130;
/// Open files that are asked for.
#[cfg(unix)]
const DESCRIPTORS: u64 = 65_536;

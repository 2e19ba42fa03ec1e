//! The helper: a short-lived process of the same program that changes a grant.
//!
//! Editors kill their relays whenever they like, also while a person is in the browser or while the
//! authorization server has already replaced a token. So what must not be torn runs in a process
//! that no editor knows of. The job comes as one JSON line on its stdin, so that nothing secret is in
//! a list of processes; events leave as JSON lines, and a closed pipe does not stop it.

use std::io::{self, BufRead, Write};
use std::process::{self, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};

use super::change::{Demand, Denied, How, Job, Outcome, Progress, Tools, change};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::{self, Http};
use crate::secret;
use crate::store::{Grant, Store};

/// What the helper is to do.
#[derive(Serialize, Deserialize)]
pub struct Order {
    job: Job,
    http: http::Settings,
    /// What a store in memory holds; other stores are read by the helper itself.
    seed: Option<Grant>,
    /// And the sign-in behind that, where it is another grant.
    sign_in: Option<Grant>,
    /// The variables of the environment that hold a secret, of which a browser is to have none.
    variables: Vec<String>,
    /// Whether the helper says on stderr what it does.
    pub debug: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Progress(Progress),
    /// A sign-in behind the one that is changed. It counts also where nothing comes of that one.
    SignedIn(Box<Grant>),
    Published(Box<Grant>, How),
    Elsewhere,
    Denied(Denied),
}

/// Has `job` done by a helper. Where none can be started it is done here, on a thread of its own, and
/// `here` is set meanwhile: then it can be torn, but it is done.
pub async fn run(
    job: &Job,
    http: &http::Settings,
    store: &Store,
    here: &AtomicBool,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Outcome {
    match by_helper(job, http, store, tell).await {
        Ok(outcome) => outcome,
        Err(error) => {
            log::debug!("no helper: {error}");
            here.store(true, Ordering::Relaxed);
            let outcome = by_thread(job.clone(), http.clone(), store.clone(), tell).await;
            here.store(false, Ordering::Relaxed);
            outcome
        }
    }
}

async fn by_thread(job: Job, http: http::Settings, store: Store, tell: &(dyn Fn(Progress) + Send + Sync)) -> Outcome {
    let (said, mut heard) = mpsc::unbounded_channel();
    let work = move || -> io::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let tell = |progress| drop(said.send(progress));
        let tools = Tools { store: &store, http: &Http::new(http), tell: &tell };
        Ok(runtime.block_on(change(&job, &tools)))
    };
    let (done, end) = oneshot::channel();
    let started = thread::Builder::new().name("grant".into()).spawn(move || done.send(work()));
    let lost = |error: io::Error| {
        Outcome::Denied(Failure::new(Kind::Internal, format!("nothing can sign in or renew here: {error}")).into())
    };
    if let Err(error) = started {
        return lost(error);
    }
    while let Some(progress) = heard.recv().await {
        tell(progress);
    }
    match end.await {
        Ok(outcome) => outcome.unwrap_or_else(lost),
        Err(_) => lost(io::Error::other("the thread ended")),
    }
}

/// An error is that nothing was begun.
async fn by_helper(
    job: &Job,
    http: &http::Settings,
    store: &Store,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> io::Result<Outcome> {
    let debug = log::max_level() >= log::LevelFilter::Debug;
    let key = job.options.key().map_err(io::Error::other)?;
    let seed = store.held_in_memory(&key).await;
    let elsewhere = job.options.sign_in_elsewhere().map_err(io::Error::other)?;
    let sign_in = match &elsewhere {
        Some((key, _)) => store.held_in_memory(key).await,
        None => None,
    };
    let variables = secret::remembered();
    let order = Order { job: job.clone(), http: http.clone(), seed, sign_in, variables, debug };
    let mut lines = BufReader::new(start(&order).await?).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Event::Progress(progress)) => tell(progress),
            Ok(Event::SignedIn(grant)) => {
                if let Some((key, about)) = &elsewhere {
                    store.hold_in_memory(key, about, &grant).await;
                }
            }
            Ok(Event::Published(grant, how)) => last = Some(Outcome::Published(grant, how)),
            Ok(Event::Elsewhere) => last = Some(Outcome::Elsewhere),
            Ok(Event::Denied(denied)) => last = Some(Outcome::Denied(denied)),
            Err(error) => log::debug!("the helper said something else: {error}"),
        }
    }
    if let Some(Outcome::Published(grant, how)) = &last {
        store.hold_in_memory(&key, &job.options.about(None).map_err(io::Error::other)?, grant).await;
        // What the helper has counted in its own memory is gone with it.
        if store.is_in_memory() && *how == How::SignedIn && matches!(job.demand, Demand::Scopes(_)) {
            store.count_step_up(&key, now());
        }
    }
    Ok(last.unwrap_or_else(|| {
        let fact = "the process that signs in and renews ended without a word";
        Outcome::Denied(
            Failure::new(Kind::Internal, fact).remedy(format!("run: {}", job.options.command("login"))).into(),
        )
    }))
}

/// Starts a helper, and gives it its order. Its events come out of the pipe.
async fn start(order: &Order) -> io::Result<ChildStdout> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    let mut command = Command::new(program()?);
    command.arg("helper").stdin(Stdio::piped()).stdout(Stdio::piped());
    // All settings are in the order; what is left are the folders of the user, and what only a source names.
    // Which of them a command needs only the person knows, and it has the others too.
    let flow = &order.job.options.flow;
    let of_a_command = order.variables.iter().map(String::as_str).filter(|_| flow.runs_a_command());
    let needed: Vec<&str> = flow.variables().chain(OF_THE_STORE).chain(of_a_command).collect();
    secret::keep_from(command.as_std_mut(), &needed);
    // Not the editor's stderr: the helper may outlive the relay, and must hold no pipe of the editor's.
    command.stderr(if order.debug { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("no pipe"));
    };
    stdin.write_all(&line).await?;
    drop(stdin);
    // The process that starts the worker leaves at once: nobody below the relay, alive or dead, is part
    // of the sign-in.
    let stderr = child.stderr.take();
    tokio::spawn(async move { child.wait().await });
    if let Some(stderr) = stderr {
        tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log::debug!("helper: {line}");
            }
        });
    }
    Ok(stdout)
}

/// Reads the order from stdin, before anything else runs. The first process starts the one that does
/// the work and leaves, so that no tree of the editor's processes has the worker in it; it gets
/// nothing back.
///
/// # Errors
/// stdin holds no order: somebody has typed the command.
pub fn order(is_worker: bool) -> Result<Option<Order>, Failure> {
    if cfg!(unix) && !is_worker {
        keep_inherited();
        let again = program().and_then(|program| process::Command::new(program).args(["helper", "--worker"]).spawn());
        match again {
            Ok(_) => return Ok(None),
            Err(error) => log::debug!("no second process: {error}"),
        }
    }
    detach();
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.ok().and_then(|_| serde_json::from_str(&line).ok()).map(Some).ok_or_else(|| {
        Failure::new(Kind::Usage, "this command is for mcpbridge itself").remedy("to sign in, run: mcpbridge login URL")
    })
}

/// Does what `order` says. `store` is the one that the environment names, as it is for the relay.
pub async fn serve(order: Order, store: Store) {
    order.variables.iter().for_each(|name| secret::holds_a_secret(name));
    if let (Some(grant), Ok(key), Ok(about)) = (&order.seed, order.job.options.key(), order.job.options.about(None)) {
        // It is kept in memory, which cannot fail.
        let _ = store.write(&key, &about, grant).await;
    }
    let elsewhere = order.job.options.sign_in_elsewhere().ok().flatten();
    if let (Some(grant), Some((key, about))) = (&order.sign_in, &elsewhere) {
        store.hold_in_memory(key, about, grant).await;
    }
    let tell = |progress| say(&Event::Progress(progress));
    let tools = Tools { store: &store, http: &Http::new(order.http), tell: &tell };
    let outcome = change(&order.job, &tools).await;
    if let Some((key, _)) = &elsewhere
        && let Some(grant) = store.held_in_memory(key).await
    {
        say(&Event::SignedIn(Box::new(grant)));
    }
    say(&match outcome {
        Outcome::Published(grant, how) => Event::Published(grant, how),
        Outcome::Elsewhere => Event::Elsewhere,
        Outcome::Denied(denied) => Event::Denied(denied),
    });
}

fn say(event: &Event) {
    let Ok(mut line) = serde_json::to_vec(event) else { return };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    // The relay may be gone. What was begun is finished all the same.
    let _ = out.write_all(&line).and_then(|()| out.flush());
}

/// Keeps from the worker what the editor has left open in all its children. A pipe of the editor's in
/// a process that it does not know of would make it wait.
fn keep_inherited() {
    #[cfg(unix)]
    {
        use rustix::io::{FdFlags, fcntl_setfd};
        let open = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
        for number in
            open.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()).filter(|number| *number > 2)
        {
            // SAFETY: it is borrowed for this one call, which harms no descriptor, open or not.
            #[expect(unsafe_code, reason = "a number out of a folder has no owner to borrow from")]
            let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
            let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
        }
    }
}

/// Leaves the relay's session, so that no signal for the editor's processes arrives here.
fn detach() {
    #[cfg(unix)]
    // Fails where the process leads a group: then a person has typed the command.
    let _ = rustix::process::setsid();
}

/// The variables that say where everything is kept, and in what.
const OF_THE_STORE: [&str; 2] = ["MCPBRIDGE_CONFIG_DIR", "MCPBRIDGE_CREDENTIAL_STORE"];

/// The very program that runs, also when an update has replaced its file.
fn program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

//! What relays did: when each ran, for which editor, and how it ended. For the person who asks
//! afterwards, so nothing waits for it, and a line that cannot be written is not missed.

use std::collections::HashMap;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::journal::{Journal, Mark, words};
use super::{Key, Store};
use crate::clock::now_in_ms;
use crate::failure::Failure;

/// A thing that is noted of a run. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Noted {
    /// It began.
    Start(Start),
    /// The editor has said what it is.
    Editor {
        /// Its name.
        name: String,
        /// Its version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// The server was reached.
    Open(Open),
    /// What was said on stderr.
    Said {
        /// Whether it is a warning.
        warning: bool,
        /// The words, without the queries of URLs.
        text: String,
    },
    /// It ended.
    End(End),
}

/// The beginning of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The version of the program.
    pub version: String,
    /// The URL of the server, as it may be shown.
    pub server: String,
    /// The name that was typed, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account, if the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When the process was born, by a clock of the system: no later process of the same number has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<u64>,
}

/// How editor and server are spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The era of the editor: `legacy` or `modern`.
    pub editor: String,
    /// The era of the server.
    pub server: String,
    /// `http` or `sse`.
    pub transport: String,
}

/// The end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The exit code.
    pub code: u8,
    /// Why, where that says more than the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Requests of the editor.
    #[serde(default)]
    pub requests: u64,
    /// Those of them that were answered here, because the server did not.
    #[serde(default)]
    pub failed: u64,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    pid: u32,
    /// When the run began, in milliseconds since 1970. With the process it names the run, also where
    /// the line of its beginning is gone.
    began: u64,
    /// When this happened.
    at: u64,
    #[serde(flatten)]
    what: Noted,
}

/// One run, put together from its lines.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The process.
    pub pid: u32,
    /// When it began, in milliseconds since 1970.
    pub began: u64,
    /// The beginning, if its line is still there.
    pub start: Start,
    /// The editor's name and version.
    pub editor: Option<(String, Option<String>)>,
    /// How editor and server were spoken to, the last time that it was found out.
    pub open: Option<Open>,
    /// What was said: when, whether as a warning, and what.
    pub said: Vec<(u64, bool, String)>,
    /// When it ended, and how.
    pub end: Option<(u64, End)>,
}

/// A thing that was noted of a run, alone.
#[derive(Clone, Debug)]
pub struct News {
    /// The server.
    pub server: Key,
    /// The process.
    pub pid: u32,
    /// When the run began, in milliseconds since 1970.
    pub began: u64,
    /// When it was noted, in the same.
    pub at: u64,
    /// What.
    pub what: Noted,
}

/// What relays note from some moment on.
pub struct Following {
    journal: Option<Journal>,
    only: Option<String>,
    /// How far each file was read.
    read: HashMap<String, Mark>,
}

impl Following {
    /// What was noted since the last time, in its order.
    pub fn news(&mut self) -> Vec<News> {
        let Some(journal) = &self.journal else { return Vec::new() };
        let mut news = Vec::new();
        for name in names(journal, self.only.as_deref()) {
            let Some(server) = Key::spelled(&name) else { continue };
            for line in journal.lines_behind(&name, self.read.entry(name.clone()).or_default()) {
                let Ok(Line { pid, began, at, what }) = serde_json::from_str(&line) else { continue };
                news.push(News { server: server.clone(), pid, began, at, what });
            }
        }
        news.sort_by_key(|news| news.at);
        news
    }
}

fn names(journal: &Journal, only: Option<&str>) -> Vec<String> {
    only.map_or_else(|| journal.names(), |name| vec![name.to_owned()])
}

/// Notes what one run does, on a thread of its own: a disk may be slow, and a folder on another
/// machine may be gone.
pub struct Scribe {
    lines: SyncSender<Option<(u64, Noted)>>,
    finished: Mutex<Receiver<()>>,
    said: AtomicU32,
}

impl Scribe {
    /// Notes it, unless too much waits to be written.
    pub fn note(&self, what: Noted) {
        let _ = self.lines.try_send(Some((now_in_ms(), what)));
    }

    /// Notes what was said on stderr.
    pub fn say(&self, warning: bool, text: &str) {
        match self.said.fetch_add(1, Ordering::Relaxed) {
            0..MOST_SAID => self.note(Noted::Said { warning, text: words(text) }),
            MOST_SAID => self.note(Noted::Said { warning: false, text: "more was said, and is not kept".into() }),
            _ => {}
        }
    }

    /// Notes the end, and waits until all is written, at most [`FLUSH`].
    pub fn end(&self, end: End) {
        self.note(Noted::End(End { why: end.why.as_deref().map(words), ..end }));
        if self.lines.try_send(None).is_ok() {
            let _ = self.finished.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(FLUSH);
        }
    }
}

impl Store {
    /// Begins the notes of this run; `None` where nothing outlives the process.
    pub fn note_run(&self, server: &Url, start: Start) -> Option<Scribe> {
        let journal = self.runs_journal()?;
        let name = Key::new(server, None, None).as_str().to_owned();
        let (lines, queue) = sync_channel::<Option<(u64, Noted)>>(QUEUE);
        let (done, finished) = sync_channel(1);
        let (pid, began) = (process::id(), now_in_ms());
        let write = move || {
            let born = born(pid);
            while let Ok(Some((at, what))) = queue.recv() {
                let what = match what {
                    Noted::Start(start) => Noted::Start(Start { born, ..start }),
                    what => what,
                };
                if let Ok(line) = serde_json::to_string(&Line { pid, began, at, what }) {
                    let _ = journal.add(&name, &line);
                }
            }
            let _ = done.send(());
        };
        thread::Builder::new().name("runs".into()).spawn(write).ok()?;
        let scribe = Scribe { lines, finished: Mutex::new(finished), said: AtomicU32::new(0) };
        scribe.note(Noted::Start(start));
        Some(scribe)
    }

    /// The runs for this server that are known, the oldest first.
    pub fn runs(&self, server: &Key) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for line in self.runs_journal().into_iter().flat_map(|journal| journal.lines(server.as_str())) {
            let Ok(Line { pid, began, at, what }) = serde_json::from_str(&line) else { continue };
            let known = runs.iter().position(|run| run.pid == pid && run.began == began);
            let known = known.unwrap_or_else(|| {
                runs.push(Run { pid, began, ..Run::default() });
                runs.len() - 1
            });
            runs[known].take(at, what);
        }
        runs.sort_by_key(|run| run.began);
        runs
    }

    /// The servers that runs are known of.
    pub fn servers_with_runs(&self) -> Vec<Key> {
        let names = self.runs_journal().map(|journal| journal.names()).unwrap_or_default();
        names.iter().filter_map(|name| Key::spelled(name)).collect()
    }

    /// Follows what is noted from now on, of one server or of all.
    pub fn follow_runs(&self, only: Option<&Key>) -> Following {
        let (journal, only) = (self.runs_journal(), only.map(|key| key.as_str().to_owned()));
        let names = journal.iter().flat_map(|journal| names(journal, only.as_deref()));
        let read =
            names.map(|name| (name.clone(), journal.as_ref().map(|journal| journal.end(&name)).unwrap_or_default()));
        let read = read.collect();
        Following { journal, only, read }
    }

    /// Makes sure that what is noted is what relays noted.
    ///
    /// # Errors
    /// The folder is not safe: [`crate::failure::Kind::StoreUnavailable`].
    pub fn check_runs(&self) -> Result<(), Failure> {
        self.inner.home.as_ref().map_or(Ok(()), |home| home.has(FOLDER).map(drop))
    }

    fn runs_journal(&self) -> Option<Journal> {
        self.inner.home.as_ref().map(|home| Journal::new(home.clone(), FOLDER))
    }
}

impl Run {
    fn take(&mut self, at: u64, what: Noted) {
        match what {
            Noted::Start(start) => self.start = start,
            Noted::Editor { name, version } => self.editor = Some((name, version)),
            Noted::Open(open) => self.open = Some(open),
            Noted::Said { warning, text } => self.said.push((at, warning, text)),
            Noted::End(end) => self.end = Some((at, end)),
        }
    }

    /// Whether it still runs; `None` where that cannot be known. A relay that is killed notes no end.
    pub fn is_running(&self) -> Option<bool> {
        if self.end.is_some() {
            return Some(false);
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, test_kill_process};
            let there = Pid::from_raw(self.pid.cast_signed()).is_some_and(|pid| match test_kill_process(pid) {
                Ok(()) => true,
                // It belongs to another user, so it is another process.
                Err(_) => false,
            });
            // The line of the beginning may be gone, and where a system has no births it names none.
            let is_it = |born_then| Some(born_then) == born(self.pid);
            Some(there && self.start.born.is_none_or(is_it))
        }
        #[cfg(not(unix))]
        None
    }
}

/// When the process began, in ticks of the system since its own start. Numbers of processes are given
/// again.
fn born(pid: u32) -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may have anything in it (proc_pid_stat(5): the 22nd field).
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Lines that may wait for a slow disk before further ones are dropped.
const QUEUE: usize = 64;
/// How long the end of the process waits for the disk.
const FLUSH: Duration = Duration::from_millis(200);
/// Lines of stderr that are kept of one run, so that one that goes on and on does not push out the others.
const MOST_SAID: u32 = 50;
/// The folder of the files, below that of the state.
const FOLDER: &str = "runs";

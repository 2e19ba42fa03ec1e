//! What a relay notes of its run, for `mcpbridge logs`.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use super::server;
use crate::bridge::{Bridge, Counts, End as How, Seen};
use crate::cli::Relay;
use crate::failure::{Failure, Kind};
use crate::http::shown;
use crate::log as logging;
use crate::store::{End, Noted, Open, Scribe, Start, Store};
use crate::versions::Transport;

/// The notes of one run. Empty where nothing is to be kept.
#[derive(Default)]
pub struct RunNotes(Option<Arc<Notes>>);

struct Notes {
    scribe: Scribe,
    noted: Mutex<Seen>,
    bridge: OnceLock<(watch::Receiver<Seen>, Arc<Counts>)>,
}

impl RunNotes {
    /// Begins with what was typed. Before the log, of which it hears every line.
    pub fn begin(relay: &Relay, store: Option<&Store>) -> RunNotes {
        let typed = relay.server.as_deref().filter(|_| !relay.no_history);
        // What is no URL of a server is told at the terminal, and belongs to none.
        let url = typed.and_then(|typed| server::url(typed, true).ok());
        let Some((store, url)) = store.zip(url) else { return RunNotes(None) };
        let start = Start {
            version: env!("CARGO_PKG_VERSION").into(),
            server: shown(&url),
            name: relay.named.as_ref().map(|named| named.name.clone()),
            account: relay.sign_in.account.clone(),
            ..Start::default()
        };
        let Some(scribe) = store.note_run(&url, start) else { return RunNotes(None) };
        let notes = Arc::new(Notes { scribe, noted: Mutex::default(), bridge: OnceLock::new() });
        let heard = Arc::clone(&notes);
        logging::listen(Box::new(move |warning, text| heard.scribe.say(warning, text)));
        RunNotes(Some(notes))
    }

    /// Notes what becomes known in the course of the run, as soon as it is: editors do not always let a
    /// process end by itself.
    pub fn follow(&self, bridge: &Bridge) {
        let Some(notes) = &self.0 else { return };
        let mut seen = bridge.seen();
        let _ = notes.bridge.set((seen.clone(), bridge.counts()));
        let notes = Arc::clone(notes);
        tokio::spawn(async move {
            while let Ok(()) = seen.changed().await {
                notes.take(&seen.borrow_and_update());
            }
        });
    }

    /// Notes what became known in the last moment.
    pub fn catch_up(&self) {
        if let Some(notes) = &self.0
            && let Some((seen, _)) = notes.bridge.get()
        {
            notes.take(&seen.borrow());
        }
    }

    /// Notes the end, and waits for the disk for a moment.
    pub fn end(&self, outcome: &anyhow::Result<How>) {
        let Some(notes) = &self.0 else { return };
        let counts = notes.bridge.get().map(|(_, counts)| counts);
        let failure = |kind| counts.and_then(|counts| counts.failure(kind));
        let (code, why) = match outcome {
            Ok(How::Served) => (0, None),
            Ok(How::Stopped) => (0, Some("stopped by a signal".to_owned())),
            Ok(How::Wanting(kind)) => (kind.exit_code(), failure(*kind)),
            Ok(How::Interrupted) => (Kind::Interrupted.exit_code(), None),
            Err(error) => {
                let kind = error.downcast_ref::<Failure>().map_or(Kind::Internal, |failure| failure.kind);
                (kind.exit_code(), Some(format!("{error:#}")))
            }
        };
        let (requests, failed) = counts.map_or((0, 0), |counts| (counts.requests(), counts.failed()));
        notes.scribe.end(End { code, why, requests, failed });
    }
}

impl Notes {
    fn take(&self, seen: &Seen) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, version)) = seen.editor.clone().filter(|_| seen.editor != noted.editor) {
            self.scribe.note(Noted::Editor { name, version });
        }
        if let Some((spoken, transport)) = seen.spoken.filter(|_| seen.spoken != noted.spoken) {
            let era = |modern| if modern { "modern" } else { "legacy" }.to_owned();
            let transport = match transport {
                Transport::Streamable => "http",
                Transport::Sse => "sse",
            };
            self.scribe.note(Noted::Open(Open {
                editor: era(spoken.modern_editor),
                server: era(spoken.modern_server),
                transport: transport.into(),
            }));
        }
        noted.clone_from(seen);
    }
}

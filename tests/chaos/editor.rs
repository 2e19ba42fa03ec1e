//! An editor that asks without end and looks closely at what it hears.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::Era;
use super::support::{Bridge, Dice, Launch, NOTES, PATIENCE, cancel, json, request, request_with};

/// An editor that knows what it has asked.
pub struct Editor {
    era: Era,
    pub bridge: Bridge,
    /// Whether the stream of all calls goes on when one has failed.
    pub is_loose: bool,
    /// The requests that have no answer yet, with the number of the call if it is one.
    pub waiting: HashMap<String, Option<usize>>,
    pub cancelled: usize,
    /// The calls whose notifications may come at any time.
    let_go: HashSet<usize>,
    /// The last notification of each stream.
    heard: HashMap<String, u64>,
    pub worked: Vec<usize>,
    /// The calls whose error does not say that they may have run.
    pub not_run: Vec<(usize, String)>,
    pub results: usize,
    pub errors: HashMap<String, usize>,
}

impl Editor {
    pub fn start(era: Era, is_loose: bool, launch: Launch) -> Self {
        let bridge = match era {
            Era::Legacy | Era::Oldest => launch.ready_as("2025-11-25"),
            Era::Modern => {
                let mut bridge = launch.spawn();
                bridge.send(request_with(r#""hello""#, "server/discover", &format!(r#"{{"_meta":{{{META}}}}}"#)));
                bridge.answer(r#""hello""#);
                bridge
            }
        };
        Self {
            era,
            bridge,
            is_loose,
            waiting: HashMap::new(),
            cancelled: 0,
            let_go: HashSet::new(),
            heard: HashMap::new(),
            worked: Vec::new(),
            not_run: Vec::new(),
            results: 0,
            errors: HashMap::new(),
        }
    }

    /// Mostly calls; some reads; and some calls that nobody waits for any more.
    pub fn ask(&mut self, n: usize, dice: &mut Dice) {
        let (method, rest) = match dice.below(10) {
            0 => ("tools/list", String::new()),
            1 if self.era == Era::Legacy => ("ping", String::new()),
            _ => ("tools/call", format!(r#""name":"count","arguments":{{"n":{n}}}"#)),
        };
        self.send(n, method, &rest);
        if method == "tools/call" {
            self.waiting.insert(n.to_string(), Some(n));
            if dice.one_in(30) {
                self.bridge.send(cancel(n));
                self.let_go.insert(n);
                self.cancelled += 1;
                self.waiting.remove(&n.to_string());
            }
        } else {
            self.waiting.insert(n.to_string(), None);
        }
    }

    fn send(&mut self, id: impl std::fmt::Display, method: &str, rest: &str) {
        let message = match (self.era, rest) {
            (Era::Legacy | Era::Oldest, "") => request(id, method),
            (Era::Legacy | Era::Oldest, rest) => request_with(id, method, &format!("{{{rest}}}")),
            (Era::Modern, "") => request_with(id, method, &format!(r#"{{"_meta":{{{META}}}}}"#)),
            (Era::Modern, rest) => request_with(id, method, &format!(r#"{{"_meta":{{{META}}},{rest}}}"#)),
        };
        self.bridge.send(&message);
    }

    #[track_caller]
    pub fn hear(&mut self) {
        let line = self.bridge.recv_within(PATIENCE);
        self.take(&line.unwrap_or_else(|| panic!("never answered: {:?}", self.waiting)));
    }

    pub fn hear_for(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Some(line) = self.bridge.recv_within(end.saturating_duration_since(Instant::now())) {
            self.take(&line);
        }
    }

    pub fn hear_the_rest(&mut self) {
        while !self.waiting.is_empty() {
            self.hear();
        }
    }

    /// That an answer has a question, and only one answer has it, is what [`Bridge`] looks at.
    fn take(&mut self, line: &str) {
        let message = json(line);
        if message.get("method").is_some() {
            return self.take_note(&message["params"]["data"]);
        }
        let call = self.waiting.remove(&message["id"].to_string());
        match &message["error"]["message"] {
            Value::String(error) => {
                let fact: String = error.chars().filter(|it| !it.is_ascii_digit()).collect();
                *self.errors.entry(fact).or_default() += 1;
            }
            _ => self.results += 1,
        }
        let Some(Some(n)) = call else { return };
        if self.is_loose {
            self.let_go.insert(n);
        }
        let notes = self.heard.remove(&n.to_string());
        if let Some(text) = message["result"]["content"][0]["text"].as_str() {
            assert_eq!(text.trim_end_matches(" again"), n.to_string(), "the answer to another call: {line}");
            self.worked.push(n);
            if text.ends_with("again") {
                // Its own stream was cut, and goes on behind the answer.
                self.let_go.insert(n);
            } else {
                assert!(
                    notes.is_none_or(|last| last == NOTES as u64),
                    "notifications of call {n} are missing: {notes:?}"
                );
            }
        } else if !line.contains("may have run") {
            self.not_run.push((n, line.to_owned()));
        }
    }

    fn take_note(&mut self, note: &Value) {
        let (Some(on), Some(k)) = (note["on"].as_str(), note["k"].as_u64()) else { return };
        let last = self.heard.insert(on.to_owned(), k);
        match on.parse::<usize>() {
            // What was said on a standing stream while nobody listened may be missed.
            Err(_) => assert!(last < Some(k), "{k} on {on} follows {last:?}"),
            Ok(_) if self.waiting.contains_key(on) => {
                assert_eq!(last.unwrap_or(0) + 1, k, "on the stream of call {on}");
            }
            Ok(n) => {
                self.heard.remove(on);
                assert!(self.let_go.contains(&n), "notification {k} of call {n} comes after its answer");
            }
        }
    }

    /// With the network calm again a call works, whatever has gone wrong before.
    pub fn recovers(&mut self, n: usize) {
        self.send(n, "tools/call", &format!(r#""name":"count","arguments":{{"n":{n}}}"#));
        self.waiting.insert(n.to_string(), Some(n));
        self.hear_the_rest();
        assert_eq!(self.worked.last(), Some(&n), "no result on a calm network: {:#?}", self.errors);
    }

    pub fn ends(mut self) {
        self.bridge.close_stdin();
        for line in self.bridge.rest() {
            self.take(&line);
        }
        let code = if self.errors.is_empty() { 0 } else { UNREACHABLE };
        assert_eq!(self.bridge.wait_exit(PATIENCE), code, "{}", self.bridge.stderr());
    }
}

/// The exit code that says that the server gave no answer to some request.
const UNREACHABLE: i32 = 5;
const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;

//! Every promise about messages at once, over a network that fails at random: what was asked is answered exactly once,
//! nothing has its effect twice, streams keep their order, memory stays flat, and the relay ends well.
#![cfg(target_os = "linux")]

mod support;

use std::{
    collections::{HashMap, HashSet},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    Authority, Bridge, Chaos, Dice, Front, Launch, Mood, Moods, NOTES, PATIENCE, Seed, Server, cancel, json, request,
    request_with,
};

#[test]
fn a_legacy_editor_and_a_legacy_server() {
    short(Era::Legacy, Era::Legacy);
}

#[test]
fn a_modern_editor_and_a_modern_server() {
    short(Era::Modern, Era::Modern);
}

#[test]
fn a_legacy_editor_and_a_modern_server() {
    short(Era::Legacy, Era::Modern);
}

#[test]
fn a_modern_editor_and_a_legacy_server() {
    short(Era::Modern, Era::Legacy);
}

#[test]
fn a_legacy_editor_and_a_server_of_http_sse() {
    short(Era::Legacy, Era::Oldest);
}

/// Plain HTTP to this machine takes a way of its own; this is the one to every other server.
#[test]
fn a_legacy_editor_and_a_legacy_server_over_tls() {
    short_over_tls(Era::Legacy, Era::Legacy);
}

#[test]
fn a_modern_editor_and_a_modern_server_over_tls() {
    short_over_tls(Era::Modern, Era::Modern);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn ten_thousand_calls_of_every_pair_over_tls() {
    for (editor, server) in PAIRS {
        let seed = Seed::of_this_run();
        World::over_tls(editor, server, &seed).play(&Plan { calls: 10_000, rate: 25, sampled: 500, ..SHORT });
    }
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn ten_thousand_calls_of_every_pair() {
    for (editor, server) in PAIRS {
        let seed = Seed::of_this_run();
        World::new(editor, server, &seed).play(&Plan { calls: 10_000, rate: 25, sampled: 500, ..SHORT });
    }
}

/// One mishap in a hundred pieces, for an hour or for `SOAK_SECONDS`.
#[test]
#[ignore = "takes an hour: `tests/run long`"]
fn an_hour_of_every_pair() {
    let seconds = std::env::var("SOAK_SECONDS").map_or(3600, |it| it.parse().expect("SOAK_SECONDS is a number"));
    let plan = Plan {
        calls: usize::MAX,
        time: Duration::from_secs(seconds),
        rate: 10,
        pace: Duration::from_millis(40),
        sampled: usize::try_from(seconds / 2).unwrap(),
        ..SHORT
    };
    thread::scope(|scope| {
        for (editor, server) in PAIRS {
            let plan = &plan;
            scope.spawn(move || {
                let seed = Seed::of_this_run();
                World::new(editor, server, &seed).play(plan);
            });
        }
    });
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Era {
    Legacy,
    Modern,
    /// HTTP+SSE, of a server.
    Oldest,
}

fn short(editor: Era, server: Era) {
    let seed = Seed::of_this_run();
    World::new(editor, server, &seed).play(&SHORT);
}

fn short_over_tls(editor: Era, server: Era) {
    let seed = Seed::of_this_run();
    World::over_tls(editor, server, &seed).play(&SHORT);
}

/// How a run goes.
struct Plan {
    calls: usize,
    /// Or until so much time has passed.
    time: Duration,
    /// Mishaps in a thousand pieces.
    rate: u64,
    /// Requests that wait for their answer at once.
    width: usize,
    /// Between two requests.
    pace: Duration,
    /// How many requests lie between two looks at memory.
    sampled: usize,
}

struct World {
    moods: Moods,
    /// The moods that come so often that a run without them is none.
    expected: &'static [Mood],
    /// In the order in which they end.
    editor: Editor,
    chaos: Chaos,
    server: Server,
    dice: Dice,
}

impl World {
    fn new(editor: Era, server: Era, seed: &Seed) -> Self {
        Self::with(editor, server, seed, |server| {
            let chaos = Chaos::before(server.port, seed.0);
            let launch = Bridge::launch(format!("http://127.0.0.1:{}/mcp", chaos.port));
            (chaos, launch)
        })
    }

    /// The network sees nothing but TLS, and so its mishaps meet records of that.
    fn over_tls(editor: Era, server: Era, seed: &Seed) -> Self {
        let authority = Authority::named("an authority of a test");
        Self::with(editor, server, seed, |server| {
            let chaos = Chaos::before(Front::of(server, &authority.local()).port(), seed.0);
            let launch = Bridge::launch(format!("https://localhost:{}/mcp", chaos.port));
            (chaos, launch.args(["--ca-cert", authority.file().to_str().unwrap()]))
        })
    }

    fn with(editor: Era, server: Era, seed: &Seed, way: impl FnOnce(&Server) -> (Chaos, Launch)) -> Self {
        let moods = Moods::new(seed.0);
        use Mood::{AnswerAgain, Busy, EventAgain, Resumed, Unasked};
        let (is_loose, expected, server): (_, &[Mood], _) = match server {
            Era::Legacy => (false, &[Busy, Resumed, EventAgain, AnswerAgain, Unasked], moods.legacy()),
            Era::Modern => (false, &[Busy], moods.modern()),
            Era::Oldest => (true, &[AnswerAgain, Unasked], moods.http_sse()),
        };
        let (chaos, launch) = way(&server);
        let editor = Editor { is_loose, ..Editor::start(editor, launch) };
        Self { moods, expected, editor, chaos, server, dice: Dice::new(seed.0, u64::MAX - 1) }
    }

    fn play(mut self, plan: &Plan) {
        let begun = Instant::now();
        let mut flat = Flat::default();
        self.chaos.rage(plan.rate);
        let mut asked = 0;
        while asked < plan.calls && begun.elapsed() < plan.time {
            while self.editor.waiting.len() >= plan.width {
                self.editor.hear();
            }
            self.editor.ask(asked, &mut self.dice);
            asked += 1;
            if asked.is_multiple_of(plan.sampled) {
                flat.look(&self.editor.bridge);
                self.server.forget_requests();
            }
            if !plan.pace.is_zero() {
                self.editor.hear_for(plan.pace);
            }
        }
        self.editor.hear_the_rest();
        self.chaos.calm();
        eprintln!(
            "{asked} requests, {} results, {} errors, {} cancelled, in {:?}; {:?}; {:?}; {flat:?}",
            self.editor.results,
            self.editor.errors.values().sum::<usize>(),
            self.editor.cancelled,
            begun.elapsed(),
            self.moods.happened(),
            self.chaos.happened(),
        );
        eprintln!("{:#?}", self.editor.errors);
        self.editor.recovers(asked);
        // Over HTTP+SSE all that waits ends with the one stream.
        let share = if self.editor.is_loose { 50 } else { 85 };
        let results = self.editor.results;
        assert!(results * 100 > asked * share, "most is answered all the same: {results} of {asked}");
        assert_eq!(self.moods.effects.repeated(), [0; 0], "these calls had their effect twice");
        for n in &self.editor.worked {
            assert_eq!(self.moods.effects.of(*n), 1, "call {n} has a result");
        }
        for (n, error) in &self.editor.not_run {
            assert_eq!(self.moods.effects.of(*n), 0, "it may have run, which is not said: {error}");
        }
        let happened = self.chaos.happened();
        assert!(happened.len() >= MISHAPS, "{happened:?}");
        let moods = self.moods.happened();
        assert!(self.expected.iter().all(|mood| moods.contains_key(mood)), "{moods:?}");
        flat.holds();
        self.editor.ends();
    }
}

/// An editor that knows what it has asked.
struct Editor {
    era: Era,
    bridge: Bridge,
    /// Whether the stream of all calls goes on when one has failed.
    is_loose: bool,
    /// The requests that have no answer yet, with the number of the call if it is one.
    waiting: HashMap<String, Option<usize>>,
    cancelled: usize,
    /// The calls whose notifications may come at any time.
    let_go: HashSet<usize>,
    /// The last notification of each stream.
    heard: HashMap<String, u64>,
    worked: Vec<usize>,
    /// The calls whose error does not say that they may have run.
    not_run: Vec<(usize, String)>,
    results: usize,
    errors: HashMap<String, usize>,
}

impl Editor {
    fn start(era: Era, launch: Launch) -> Self {
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
            is_loose: false,
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
    fn ask(&mut self, n: usize, dice: &mut Dice) {
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
    fn hear(&mut self) {
        let line = self.bridge.recv_within(PATIENCE);
        self.take(&line.unwrap_or_else(|| panic!("never answered: {:?}", self.waiting)));
    }

    fn hear_for(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Some(line) = self.bridge.recv_within(end.saturating_duration_since(Instant::now())) {
            self.take(&line);
        }
    }

    fn hear_the_rest(&mut self) {
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
    fn recovers(&mut self, n: usize) {
        self.send(n, "tools/call", &format!(r#""name":"count","arguments":{{"n":{n}}}"#));
        self.waiting.insert(n.to_string(), Some(n));
        self.hear_the_rest();
        assert_eq!(self.worked.last(), Some(&n), "no result on a calm network: {:#?}", self.errors);
    }

    fn ends(mut self) {
        self.bridge.close_stdin();
        for line in self.bridge.rest() {
            self.take(&line);
        }
        let code = if self.errors.is_empty() { 0 } else { UNREACHABLE };
        assert_eq!(self.bridge.wait_exit(PATIENCE), code, "{}", self.bridge.stderr());
    }
}

/// Memory and descriptors of the relay over time.
#[derive(Debug, Default)]
struct Flat {
    resident: Vec<usize>,
    descriptors: Vec<usize>,
}

impl Flat {
    fn look(&mut self, bridge: &Bridge) {
        self.resident.push(bridge.resident());
        self.descriptors.push(bridge.descriptors());
    }

    /// The last quarter needs no more than the second.
    fn holds(&self) {
        for (what, values, slack) in [("bytes", &self.resident, 1 << 20), ("descriptors", &self.descriptors, 8)] {
            let quarter = values.len() / 4;
            let median = |from: usize| {
                let mut some = values[from..from + quarter].to_vec();
                some.sort_unstable();
                some[quarter / 2]
            };
            let (before, after) = (median(quarter), median(values.len() - quarter));
            assert!(after <= before + slack, "{what} grow from {before} to {after}: {values:?}");
        }
    }
}

const PAIRS: [(Era, Era); 5] = [
    (Era::Legacy, Era::Legacy),
    (Era::Modern, Era::Modern),
    (Era::Legacy, Era::Modern),
    (Era::Modern, Era::Legacy),
    (Era::Legacy, Era::Oldest),
];
const SHORT: Plan =
    Plan { calls: 1500, time: Duration::from_secs(3600), rate: 25, width: 16, pace: Duration::ZERO, sampled: 50 };
/// Kinds of mishaps that every run has; refused connections are rare.
const MISHAPS: usize = 7;
/// The exit code that says that the server gave no answer to some request.
const UNREACHABLE: i32 = 5;
const META: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ed","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"#;

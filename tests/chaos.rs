//! Every promise about messages at once, over a network that fails at random: what was asked is answered exactly once,
//! nothing has its effect twice, streams keep their order, memory stays flat, and the relay ends well.
#![cfg(target_os = "linux")]

#[path = "chaos/editor.rs"]
mod editor;
mod support;

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use editor::Editor;
use support::{Authority, Bridge, Chaos, ChaosHttp2, Dice, Front, Launch, Mood, Moods, Seed, Server, Snag};

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

/// Most servers are spoken to like this: all calls share one connection, and what befalls it befalls them together.
#[test]
fn a_legacy_editor_and_a_legacy_server_over_http2() {
    short_over_http2(Era::Legacy, Era::Legacy);
}

#[test]
fn a_modern_editor_and_a_modern_server_over_http2() {
    short_over_http2(Era::Modern, Era::Modern);
}

#[test]
fn a_legacy_editor_and_a_modern_server_over_http2() {
    short_over_http2(Era::Legacy, Era::Modern);
}

#[test]
fn a_modern_editor_and_a_legacy_server_over_http2() {
    short_over_http2(Era::Modern, Era::Legacy);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn ten_thousand_calls_of_every_pair_over_http2() {
    ten_thousand(World::over_http2);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn ten_thousand_calls_of_every_pair_over_tls() {
    ten_thousand(World::over_tls);
}

#[test]
#[ignore = "takes minutes: `tests/run long`"]
fn ten_thousand_calls_of_every_pair() {
    ten_thousand(World::new);
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

fn short_over_http2(editor: Era, server: Era) {
    let seed = Seed::of_this_run();
    World::over_http2(editor, server, &seed).play(&Plan { calls: 800, rate: 40, sampled: 40, ..SHORT });
}

fn ten_thousand(world: fn(Era, Era, &Seed) -> World) {
    for (editor, server) in PAIRS {
        let seed = Seed::of_this_run();
        world(editor, server, &seed).play(&Plan { calls: 10_000, rate: 25, sampled: 500, ..SHORT });
    }
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
    /// Behind the other, if the way is HTTP/2.
    http2: Option<ChaosHttp2>,
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

    /// HTTP/2 has mishaps of its own, and the network fewer: each meets all the calls of a connection.
    fn over_http2(editor: Era, server: Era, seed: &Seed) -> Self {
        let authority = Authority::named("an authority of a test");
        let mut http2 = None;
        let world = Self::with(editor, server, seed, |server| {
            let streams = http2.insert(ChaosHttp2::before(server, &authority.local(), seed.0));
            let chaos = Chaos::before(streams.port, seed.0);
            let launch = Bridge::launch(format!("https://localhost:{}/mcp", chaos.port));
            (chaos, launch.args(["--ca-cert", authority.file().to_str().unwrap()]))
        });
        Self { http2, ..world }
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
        let editor = Editor::start(editor, is_loose, launch);
        Self { moods, expected, editor, chaos, http2: None, server, dice: Dice::new(seed.0, u64::MAX - 1) }
    }

    fn play(mut self, plan: &Plan) {
        let begun = Instant::now();
        let mut flat = Flat::default();
        self.rage(plan.rate);
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
        self.rage(0);
        let snags = self.http2.as_ref().map(ChaosHttp2::happened);
        eprintln!(
            "{asked} requests, {} results, {} errors, {} cancelled, in {:?}; {:?}; {:?}; {snags:?}; {flat:?}",
            self.editor.results,
            self.editor.errors.values().sum::<usize>(),
            self.editor.cancelled,
            begun.elapsed(),
            self.moods.happened(),
            self.chaos.happened(),
        );
        eprintln!("{:#?}", self.editor.errors);
        self.editor.recovers(asked);
        // Over HTTP+SSE all that waits ends with the one stream, and over HTTP/2 with the one connection.
        let share = if self.editor.is_loose || snags.is_some() { 50 } else { 85 };
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
        assert!(happened.len() >= if snags.is_some() { FEWER_MISHAPS } else { MISHAPS }, "{happened:?}");
        // The answers to what is sent in HTTP+SSE have no body.
        let comes = |snag: &Snag| *snag != Snag::Shortened || !self.editor.is_loose;
        let all = |snags: &BTreeMap<_, _>| Snag::ALL.iter().filter(|it| comes(it)).all(|it| snags.contains_key(it));
        assert!(snags.as_ref().is_none_or(all), "{snags:?}");
        let moods = self.moods.happened();
        assert!(self.expected.iter().all(|mood| moods.contains_key(mood)), "{moods:?}");
        flat.holds();
        self.editor.ends();
    }

    fn rage(&self, in_a_thousand: u64) {
        match &self.http2 {
            None => self.chaos.rage(in_a_thousand),
            Some(http2) => {
                self.chaos.rage(in_a_thousand / 5);
                http2.rage(in_a_thousand);
            }
        }
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
const FEWER_MISHAPS: usize = 4;

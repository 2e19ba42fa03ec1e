//! Ten editors that share a grant whose tokens live for two seconds, for a long time: nobody is asked again.
#![cfg(target_os = "linux")]

mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use support::{
    Authorization, Bridge, Dice, Endpoint, Human, INITIALIZED, PATIENCE, Protected, Seed, initialize,
    no_helper_is_left, request_with,
};
use tempfile::TempDir;

#[test]
fn ten_relays_with_tokens_of_two_seconds_open_one_window() {
    endure(Duration::from_secs(8));
}

/// Ten minutes, or `ENDURE_SECONDS`.
#[test]
#[ignore = "takes ten minutes: `tests/run long`"]
fn ten_relays_with_tokens_of_two_seconds_open_one_window_in_ten_minutes() {
    let seconds = std::env::var("ENDURE_SECONDS").map_or(600, |it| it.parse().expect("ENDURE_SECONDS is a number"));
    endure(Duration::from_secs(seconds));
}

fn endure(time: Duration) {
    let seed = Seed::of_this_run();
    let authorization = Authorization::start(|it| it.tokens.lifetime = LIFETIME);
    let server = Protected::start(&authorization.desk(), |_| ());
    let (human, home) = (Human::prompt(), TempDir::new().unwrap());
    let end = Instant::now() + time;
    let editor = || {
        let mut bridge = Bridge::launch(server.url()).home(home.path()).human(&human).spawn();
        bridge.send(initialize(0, "2025-06-18"));
        let welcome = bridge.expect_result("0");
        assert_eq!(welcome["serverInfo"]["name"], "scripted", "{welcome}");
        bridge.send(INITIALIZED);
        bridge
    };
    // The person signs in once, before the others come.
    drop(editor());
    thread::scope(|scope| {
        for number in 0..RELAYS {
            let mut dice = Dice::new(seed.0, number);
            let editor = &editor;
            scope.spawn(move || {
                let mut bridge = editor();
                let mut needs = Vec::new();
                for id in 1.. {
                    if Instant::now() > end {
                        break;
                    }
                    let text = format!("{number} says {id}");
                    let call = format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#);
                    bridge.send(request_with(id, "tools/call", &call));
                    assert_eq!(bridge.expect_result(&id.to_string())["content"][0]["text"], text);
                    dice.pause(LONGEST_PAUSE_MS);
                    // As editors end their servers, at any moment; but for one of them, which lives through it all.
                    if number == 0 {
                        needs.push((bridge.resident(), bridge.descriptors()));
                    } else if dice.one_in(50) {
                        bridge.signal(Signal::KILL);
                        bridge = editor();
                    }
                }
                if number == 0 {
                    // Behind its first calls.
                    let (first, last) = (needs[needs.len() / 4], needs[needs.len() - 1]);
                    assert!(last.0 <= first.0 + SLACK && last.1 <= first.1 + CONNECTIONS, "from {first:?} to {last:?}");
                    eprintln!("{} calls of the one that lived, {first:?} to {last:?}", needs.len());
                }
                bridge.close_stdin();
                assert_eq!(bridge.wait_exit(PATIENCE), 0);
            });
        }
    });
    no_helper_is_left(home.path());
    let renewed = authorization.asked(Endpoint::Refresh).len();
    eprintln!("{renewed} renewals, {} requests turned away", server.turned_away());
    assert_eq!(human.windows(), 1);
    assert_eq!(authorization.ledger.families_revoked(), 0);
    // One for all: at most twice in the life of a token.
    let lives = usize::try_from(time.as_millis() / LIFETIME.as_millis()).unwrap();
    assert!((lives / 2..=2 * lives + 2).contains(&renewed), "{renewed} renewals in {lives} lives of a token");
}

const RELAYS: u64 = 10;
const LIFETIME: Duration = Duration::from_secs(2);
const LONGEST_PAUSE_MS: u64 = 300;
/// Bytes by which the memory of a process may move.
const SLACK: usize = 1 << 20;
/// Connections that come and go with a renewal.
const CONNECTIONS: usize = 4;

//! A protected server, the authorization server that it trusts, and the folder of one user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    bridge::{Bridge, Launch},
    human::{Human, Visit},
    legacy::Legacy,
    message::{self, INITIALIZED, VERSION, call, initialize},
    oauth::{Authorization, Guard, Manners, Protected},
};

pub struct World {
    pub home: TempDir,
    pub server: Protected,
    pub authorization: Authorization,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| (), |_| ())
    }

    pub fn with(manners: impl FnOnce(&mut Manners), guard: impl FnOnce(&mut Guard)) -> Self {
        let authorization = Authorization::start(manners).may_be_unused();
        let server = Protected::start(&authorization.desk(), guard);
        Self { home: TempDir::new().unwrap(), server, authorization }
    }

    /// Before a server of the test's own.
    pub fn over(legacy: Legacy) -> Self {
        let authorization = Authorization::start(|_| ()).may_be_unused();
        let server = Protected::start_over(&authorization.desk(), legacy, |_| ());
        Self { home: TempDir::new().unwrap(), server, authorization }
    }

    /// Whose server is not even asked.
    pub fn may_be_unused(self) -> Self {
        Self { server: self.server.may_be_unused(), ..self }
    }

    pub fn relay(&self, human: &Human) -> Launch {
        Bridge::to(&self.server).home(self.home.path()).human(human)
    }

    /// A command about this server.
    pub fn command(&self, verb: &str) -> Launch {
        Bridge::bare().args([verb, &self.server.url()]).home(self.home.path())
    }

    /// A relay that is signed in and has answered a call.
    #[track_caller]
    pub fn bridge(&self, human: &Human) -> Bridge {
        let mut bridge = self.relay(human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge
    }

    /// A relay that writes all it does into this file, has signed in, and has renewed its token before the second
    /// of two calls.
    #[track_caller]
    pub fn renewed(&self, human: &Human, log: &Path) -> Bridge {
        let mut bridge = self.relay(human).args(["--debug", "--log-file"]).arg(log).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        self.authorization.ledger.drop_access_tokens();
        bridge.send(call(2));
        bridge.expect_result("2");
        bridge
    }

    /// One relay, from its start to an answer and its end.
    #[track_caller]
    pub fn sign_in(&self) {
        end_well(self.bridge(&Human::prompt()));
    }

    #[track_caller]
    pub fn needs_no_window(&self) {
        let human = Human::at_ease();
        let bridge = self.bridge(&human);
        assert_eq!(human.windows(), 0);
        end_well(bridge);
    }

    /// A relay that comes to nothing: what it says to `initialize`, or where that was answered early, to a call.
    #[track_caller]
    pub fn refused(&self, human: &Human, words: &[&str]) -> String {
        let mut bridge = self.relay(human).spawn();
        bridge.send(initialize(0, VERSION));
        refusal(&mut bridge, words)
    }

    /// What the authorization server ever gave away is in none of these texts, and in no file of the user but those of
    /// the store.
    #[track_caller]
    pub fn assert_kept_secret(&self, told: &[&str]) {
        let secrets = self.authorization.ledger.secrets();
        for secret in &secrets {
            for text in told {
                assert!(!text.contains(secret.as_str()), "{secret} was told: {text}");
            }
            for (path, text) in files(self.home.path()) {
                let is_store = path.strip_prefix(self.home.path().join("mcpbridge/credentials")).is_ok();
                assert!(is_store || !text.contains(secret.as_str()), "{secret} is in {}", path.display());
            }
        }
    }
}

/// A protected server, and one person who has one home and sits at one browser.
pub struct Inhabited {
    pub human: Human,
    pub authorization: Authorization,
    pub server: Protected,
    pub home: TempDir,
}

impl Inhabited {
    pub fn new() -> Self {
        Self::with(Human::at_ease())
    }

    pub fn with(human: Human) -> Self {
        let authorization = Authorization::start(|_| ());
        let server = Protected::start(&authorization.desk(), |_| ());
        Self { human, authorization, server, home: TempDir::new().unwrap() }
    }

    pub fn launch(&self) -> Launch {
        Bridge::launch(self.server.url()).home(self.home.path()).human(&self.human)
    }
}

/// The editor leaves, and nothing was missing. All that was said on stderr.
#[track_caller]
pub fn end_well(mut bridge: Bridge) -> String {
    bridge.close_stdin();
    let end = bridge.outcome();
    assert_eq!(end.code, 0, "{}", end.stderr);
    end.stderr
}

/// A relay that answers a call. All that it says on stderr.
#[track_caller]
pub fn works(launch: Launch) -> String {
    let mut bridge = launch.ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge)
}

/// What a relay tells that does not reach its server. The password of the tests is not in it.
#[track_caller]
pub fn reaches_nothing(launch: Launch) -> String {
    let mut bridge = launch.spawn();
    bridge.send(initialize(0, VERSION));
    let answer = message::json(&bridge.answer("0"));
    let text = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("not refused: {answer}")).to_owned();
    assert_eq!(answer["error"]["data"]["mcpbridge"], "unreachable", "{answer}");
    bridge.close_stdin();
    let end = bridge.outcome();
    assert_eq!(end.code, 5, "{}", end.stderr);
    assert!(!text.contains("s3cret") && !end.stderr.contains("s3cret"), "{text}\n{}", end.stderr);
    text
}

/// The window that the first message of an editor opens.
#[track_caller]
pub fn start(bridge: &mut Bridge, human: &Human) -> Visit {
    bridge.send(initialize(0, VERSION));
    human.visit()
}

/// The editor is told that there is no way in: by the answer to `initialize`, or where that was answered early, by the
/// next one. What it says.
#[track_caller]
pub fn refusal(bridge: &mut Bridge, words: &[&str]) -> String {
    let mut answer = message::json(&bridge.answer("0"));
    if answer.get("error").is_none() {
        bridge.send(INITIALIZED);
        bridge.send(call(99));
        answer = message::json(&bridge.answer("99"));
    }
    let text = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("not refused: {answer}")).to_owned();
    for word in words {
        assert!(text.to_lowercase().contains(&word.to_lowercase()), "the error does not say {word:?}: {text}");
    }
    text
}

pub fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

//! Commands that change `config.toml`, a file of an editor, or what is kept in a file (a secret, the trust in a project),
//! killed at each of their system calls that touch a file: the file is the old one or the new one, no lock stays, and the
//! next commands work at once and leave nothing beside it.
#![cfg(target_os = "linux")]

mod support;

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    Bridge, Call, Dice, Seed, at_each, calls, files, has_killed, injected, is_beside, noted, nothing_is_locked,
    nothing_is_torn, paths, some,
};
use tempfile::TempDir;

#[test]
fn a_command_killed_at_some_of_its_system_calls_leaves_the_old_file_or_the_new_one() {
    let seed = Seed::of_this_run();
    let mut dice = Dice::new(seed.0, 0);
    for change in &CHANGES {
        let mut victim = Victim::of(change);
        let calls = some(victim.calls(), &ALWAYS, SHARE, &mut dice);
        for (call, n) in calls.into_iter().filter(|(call, _)| ON_FILES.contains(&call.as_str())) {
            victim.kill_at(&call, n);
        }
        victim.went_either_way();
    }
}

#[test]
#[ignore = "takes two minutes: `tests/run long`"]
fn a_command_killed_at_each_of_its_system_calls_on_files_leaves_the_old_file_or_the_new_one() {
    for change in &CHANGES {
        let mut victim = Victim::of(change);
        at_each(victim.calls(), |call, n| ON_FILES.contains(&call) && victim.kill_at(call, n));
        victim.went_either_way();
    }
}

/// What a command changes.
struct Change {
    what: &'static str,
    /// The file, or the folder that has it alone, and what a person has in it before.
    file: &'static str,
    before: Option<&'static str>,
    /// Run in front of the command.
    first: Option<&'static [&'static str]>,
    command: &'static [&'static str],
    /// What is told of a server that is there no more, when the command is run again.
    again: Option<&'static str>,
    /// Undoes it, or does it once more, by which all that was left is gone.
    after: &'static [&'static str],
}

/// The home of a person whose command is killed.
struct Victim<'c> {
    change: &'c Change,
    folder: TempDir,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
    /// How many kills left the old file, and how many the new one.
    ways: [usize; 2],
}

impl<'c> Victim<'c> {
    fn of(change: &'c Change) -> Self {
        let folder = TempDir::new().unwrap();
        let mut victim = Self { change, folder, old: None, new: None, ways: [0; 2] };
        fs::create_dir_all(victim.home()).unwrap();
        fs::create_dir(victim.project().parent().unwrap()).unwrap();
        fs::write(victim.project(), PROJECT).unwrap();
        if let Some(text) = change.before {
            fs::create_dir_all(victim.file().parent().unwrap()).unwrap();
            fs::write(victim.file(), text).unwrap();
            fs::set_permissions(victim.file(), fs::Permissions::from_mode(MODE)).unwrap();
        }
        if let Some(first) = change.first {
            let output = victim.run_with(first, EARLIER).output().unwrap();
            assert!(output.status.success(), "{}: {output:?}", change.what);
        }
        fs::write(victim.project(), format!("# changed\n{PROJECT}")).unwrap();
        copy(&victim.home(), &victim.folder.path().join("before"));
        victim.old = victim.read();
        victim
    }

    /// Every system call of the command when nobody disturbs it.
    fn calls(&mut self) -> Vec<Call> {
        let log = self.folder.path().join("calls");
        let output = self.typed(noted(&self.command(self.change.command), &log), SECRET).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        self.new = self.read();
        assert_ne!(self.old, self.new, "{}", self.change.what);
        calls(&log)
    }

    /// Kills the command in front of its `n`-th call of a name, looks at what it left, and runs it again and then what comes
    /// after it. False if there was no such call.
    fn kill_at(&mut self, call: &str, n: usize) -> bool {
        let at = format!("{}, {call} number {n}", self.change.what);
        fs::remove_dir_all(self.home()).unwrap();
        copy(&self.folder.path().join("before"), &self.home());
        let log = self.folder.path().join("killed");
        let injected = injected(&self.command(self.change.command), &log, "signal=KILL", (call, n));
        self.typed(injected, SECRET).output().unwrap();
        if !has_killed(&log) {
            assert_eq!(self.read(), self.new, "{at}");
            return false;
        }
        nothing_is_locked(&self.state(), &at);
        nothing_is_torn(&self.state(), &at);
        let found = self.read();
        assert!(found == self.old || found == self.new, "{at}: {:?}", found.map(String::from_utf8));
        self.ways[usize::from(found == self.new)] += 1;
        for path in self.beside() {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            let most = self.widest(&path);
            assert!(mode & !most == 0, "{at}: {} has the mode {mode:o}", path.display());
        }

        let begun = Instant::now();
        let again = self.run(self.change.command);
        let told = String::from_utf8_lossy(&again.stderr).into_owned();
        let is_told = self.change.again.is_some_and(|words| found == self.new && told.contains(words));
        assert!(again.status.success() || is_told, "{at}: {again:?}");
        assert_eq!(self.read(), self.new, "{at}: the next one does not do it");
        let after = self.run(self.change.after);
        assert!(after.status.success(), "{at}: {after:?}");
        assert!(begun.elapsed() < AT_ONCE, "{at}: what came next took {:?}", begun.elapsed());
        if self.change.file == CURSOR {
            assert_eq!(self.read(), self.old, "{at}: the bytes from before it do not come back");
        }
        assert!(self.beside().is_empty(), "{at}: {:?}", self.beside());
        if [ADOPT, UNDO].contains(&self.change.command) {
            self.undo_all(&at);
        }
        true
    }

    /// A killed adoption is one of its own, that can be undone like the one after it.
    fn undo_all(&self, at: &str) {
        let mut undone = 0;
        let refused = loop {
            let output = self.run(UNDO);
            if !output.status.success() {
                break output;
            }
            undone += 1;
            assert!(undone < 3, "{at}: there is always one more to undo");
        };
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains(NOT_ADOPTED), "{at}: {told}");
        assert_eq!(self.read(), Some(ADOPTABLE.into()), "{at}: the bytes from before it do not come back");
        let kept = files(&self.state()).into_iter().find(|(_, text)| text.contains("s3cret"));
        assert!(kept.is_none(), "{at}: after all was undone there is {kept:?}");
    }

    /// Neither all in front of the rename, nor all behind it.
    fn went_either_way(&self) {
        eprintln!("{}: kills that left the old file and the new one: {:?}", self.change.what, self.ways);
        assert!(self.ways.iter().all(|kills| *kills > 0), "{}: {:?}", self.change.what, self.ways);
    }

    fn command(&self, args: &[&str]) -> Command {
        Bridge::bare().args(args).home(&self.home()).command(self.folder.path())
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, SECRET).output().unwrap()
    }

    fn run_with(&self, args: &[&str], secret: &str) -> Command {
        self.typed(self.command(args), secret)
    }

    /// `command` with a secret to read from stdin, for which only `secret set` asks.
    fn typed(&self, mut command: Command, secret: &str) -> Command {
        let path = self.folder.path().join("typed");
        fs::write(&path, secret).unwrap();
        command.stdin(File::open(path).unwrap());
        command
    }

    /// The bytes of the file; of a note of trust all but the time, which is another in each run.
    fn read(&self) -> Option<Vec<u8>> {
        let path = self.file();
        if !path.is_dir() {
            return fs::read(path).ok();
        }
        let all: Vec<PathBuf> = paths(&path).into_iter().filter(|path| !is_beside(path)).collect();
        assert!(all.len() < 2, "{all:?}");
        let bytes = fs::read(all.first()?).unwrap();
        if self.change.file != TRUSTED {
            return Some(bytes);
        }
        let mut note: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(note["at"].as_u64().is_some_and(|at| at > 0), "{note}");
        note["at"] = json!(0);
        Some(note.to_string().into_bytes())
    }

    /// The widest mode that what is beside a file may have: who could not read the file cannot read that.
    fn widest(&self, path: &Path) -> u32 {
        let is_private = path.starts_with(self.state()) && path.parent() != Some(&self.state());
        match self.old {
            _ if is_private => 0o600,
            Some(_) => MODE,
            // It has only what we write ourselves.
            None => 0o644,
        }
    }

    /// What was to take the place of a file.
    fn beside(&self) -> Vec<PathBuf> {
        let all = files(&self.home()).into_iter().map(|(path, _)| path);
        all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('.')).collect()
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn state(&self) -> PathBuf {
        self.home().join("mcpbridge")
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project/.mcpbridge.toml")
    }

    fn file(&self) -> PathBuf {
        self.home().join(self.change.file)
    }
}

/// With the modes.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

const CONFIG: &str = "mcpbridge/config.toml";
const CURSOR: &str = ".cursor/mcp.json";
const CREDENTIALS: &str = "mcpbridge/credentials";
const TRUSTED: &str = "mcpbridge/trusted";
const ADD: &[&str] = &["add", "one", "https://one.example/mcp", "--header", "X-Word: two words"];
const REMOVE: &[&str] = &["remove", "one"];
const INSTALL: &[&str] = &["install", "cursor", "https://one.example/mcp"];
const UNINSTALL: &[&str] = &["uninstall", "cursor", "https://one.example/mcp"];
const SET: &[&str] = &["secret", "set", "key"];
const FORGET: &[&str] = &["secret", "remove", "key"];
const TRUST: &[&str] = &["trust", "project"];
const DISTRUST: &[&str] = &["trust", "--remove", "project"];
const ADOPT: &[&str] = &["adopt"];
const UNDO: &[&str] = &["adopt", "--undo"];
const NOT_ADOPTED: &str = "nothing was taken over";
const SECRET: &str = "s3cret-of-today";
const EARLIER: &str = "s3cret-of-before";
const PROJECT: &str = "[servers.one]\naccount = \"work\"\n";
/// An entry of another program with a secret in it, of which `adopt` keeps one.
const ADOPTABLE: &str = "{\n  // mine\n  \"mcpServers\": {\"a\": {\"command\": \"npx\", \"args\": [\"mcp-remote\", \
     \"https://a.example/mcp\", \"--header\", \"Authorization: Bearer s3cret\"]}}\n}\n";
const SERVERS: Option<&str> = Some("# mine\n[servers.two]\nurl = \"https://two.example/mcp\"\n");
const ENTRIES: Option<&str> =
    Some("{\n  // mine\n  \"mcpServers\": {\"two\": {\"command\": \"two\", \"env\": {\"KEY\": \"s3cret\"}}}\n}\n");

const CHANGES: [Change; 16] = [
    Change {
        what: "the first server",
        file: CONFIG,
        before: None,
        first: None,
        command: ADD,
        again: None,
        after: REMOVE,
    },
    Change {
        what: "one more server",
        file: CONFIG,
        before: SERVERS,
        first: None,
        command: ADD,
        again: None,
        after: REMOVE,
    },
    Change {
        what: "the last server removed",
        file: CONFIG,
        before: None,
        first: Some(ADD),
        command: REMOVE,
        again: Some("no server is named"),
        after: ADD,
    },
    Change {
        what: "a server removed",
        file: CONFIG,
        before: SERVERS,
        first: Some(ADD),
        command: REMOVE,
        again: Some("no server is named"),
        after: ADD,
    },
    Change {
        what: "the first entry",
        file: CURSOR,
        before: None,
        first: None,
        command: INSTALL,
        again: None,
        after: UNINSTALL,
    },
    Change {
        what: "one more entry",
        file: CURSOR,
        before: ENTRIES,
        first: None,
        command: INSTALL,
        again: None,
        after: UNINSTALL,
    },
    Change {
        what: "the last entry taken out",
        file: CURSOR,
        before: None,
        first: Some(INSTALL),
        command: UNINSTALL,
        again: None,
        after: INSTALL,
    },
    Change {
        what: "an entry taken out",
        file: CURSOR,
        before: ENTRIES,
        first: Some(INSTALL),
        command: UNINSTALL,
        again: None,
        after: INSTALL,
    },
    Change {
        what: "the first secret",
        file: CREDENTIALS,
        before: None,
        first: None,
        command: SET,
        again: None,
        after: FORGET,
    },
    Change {
        what: "another secret in its place",
        file: CREDENTIALS,
        before: None,
        first: Some(SET),
        command: SET,
        again: None,
        after: FORGET,
    },
    Change {
        what: "a secret removed",
        file: CREDENTIALS,
        before: None,
        first: Some(SET),
        command: FORGET,
        again: None,
        after: SET,
    },
    Change {
        what: "a project trusted",
        file: TRUSTED,
        before: None,
        first: None,
        command: TRUST,
        again: None,
        after: DISTRUST,
    },
    Change {
        what: "a project trusted anew",
        file: TRUSTED,
        before: None,
        first: Some(TRUST),
        command: TRUST,
        again: None,
        after: DISTRUST,
    },
    Change {
        what: "a project trusted no more",
        file: TRUSTED,
        before: None,
        first: Some(TRUST),
        command: DISTRUST,
        again: None,
        after: TRUST,
    },
    Change {
        what: "an entry adopted",
        file: CURSOR,
        before: Some(ADOPTABLE),
        first: None,
        command: ADOPT,
        again: None,
        after: UNDO,
    },
    Change {
        what: "an adoption undone",
        file: CURSOR,
        before: Some(ADOPTABLE),
        first: Some(ADOPT),
        command: UNDO,
        again: Some(NOT_ADOPTED),
        after: ADOPT,
    },
];

/// The calls after which something about a file is different. A kill in front of any other leaves what one in front of the
/// next of these does.
const ON_FILES: [&str; 22] = [
    "openat",
    "write",
    "writev",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "fsync",
    "fdatasync",
    "ftruncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "mkdir",
    "mkdirat",
    "flock",
    "close",
    "exit_group",
];
/// At these a file comes into its place or goes.
const ALWAYS: [&str; 7] = ["rename", "renameat", "renameat2", "linkat", "unlink", "fchmod", "exit_group"];
/// Of the other calls one in so many.
const SHARE: u64 = 12;
/// Of the file that a person has written.
const MODE: u32 = 0o640;
/// Less than a lock is waited for (10 s), and far more than two commands take.
const AT_ONCE: Duration = Duration::from_secs(8);

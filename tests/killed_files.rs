//! Commands that change `config.toml` or a file of an editor, killed at each of their system calls that touch a file: the
//! file is the old one or the new one, no lock stays, and the next commands work at once and leave nothing beside it.
#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use support::{
    Bridge, Call, Dice, Seed, at_each, calls, files, has_killed, injected, noted, nothing_is_locked, nothing_is_torn,
    some,
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
#[ignore = "takes half a minute: `tests/run long`"]
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
    /// The file, and what a person has in it before.
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
        if let Some(text) = change.before {
            fs::create_dir_all(victim.file().parent().unwrap()).unwrap();
            fs::write(victim.file(), text).unwrap();
            fs::set_permissions(victim.file(), fs::Permissions::from_mode(MODE)).unwrap();
        }
        if let Some(first) = change.first {
            assert!(victim.run(first).status.success());
        }
        copy(&victim.home(), &victim.folder.path().join("before"));
        victim.old = victim.read();
        victim
    }

    /// Every system call of the command when nobody disturbs it.
    fn calls(&mut self) -> Vec<Call> {
        let log = self.folder.path().join("calls");
        let output = noted(&self.command(self.change.command), &log).output().unwrap();
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
        injected(&self.command(self.change.command), &log, "signal=KILL", (call, n)).output().unwrap();
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
            // Without a file before it has only what we write ourselves.
            let most = if self.old.is_some() { MODE } else { 0o644 };
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
        true
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
        self.command(args).output().unwrap()
    }

    fn read(&self) -> Option<Vec<u8>> {
        fs::read(self.file()).ok()
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
const ADD: &[&str] = &["add", "one", "https://one.example/mcp", "--header", "X-Word: two words"];
const REMOVE: &[&str] = &["remove", "one"];
const INSTALL: &[&str] = &["install", "cursor", "https://one.example/mcp"];
const UNINSTALL: &[&str] = &["uninstall", "cursor", "https://one.example/mcp"];
const SERVERS: Option<&str> = Some("# mine\n[servers.two]\nurl = \"https://two.example/mcp\"\n");
const ENTRIES: Option<&str> =
    Some("{\n  // mine\n  \"mcpServers\": {\"two\": {\"command\": \"two\", \"env\": {\"KEY\": \"s3cret\"}}}\n}\n");

const CHANGES: [Change; 8] = [
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

//! A store that cannot be written, or that somebody has damaged, and clocks that are wrong: what was there stays there,
//! and whoever asks is told which file it is about.
#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use support::{
    Authorization, Bridge, Endpoint, Human, INITIALIZED, Launch, PATIENCE, Protected, call, helpers, initialize, json,
};
use tempfile::TempDir;

#[test]
fn in_a_folder_that_cannot_be_written_a_good_token_is_used_and_an_old_one_is_kept() {
    let world = World::signed_in();
    let locked = world.lock_the_folder();
    world.works_as_a_plain_user();
    world.authorization.ledger.drop_access_tokens();
    let mut bridge = world.plain_user();
    let error = bridge.expect_error("0", &["cannot be written", "make it writable for you"]);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&*world.state().to_string_lossy()), "{message}");
    assert_eq!(error["data"]["mcpbridge"], "store_unavailable");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 8);
    // What cannot be kept was not asked for.
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 0);
    drop(locked);
    world.works_as_a_plain_user();
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn where_nothing_can_be_kept_no_window_is_opened() {
    let mut world = World::new();
    world.authorization = world.authorization.may_be_unused();
    fs::create_dir(world.state()).unwrap();
    world.give_to_plain_user();
    let locked = world.lock_the_folder();
    let mut bridge = world.plain_user();
    bridge.expect_error("0", &["cannot be written", &world.state().to_string_lossy()]);
    assert_eq!(world.human.windows(), 0);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 8);
    drop(locked);
}

#[test]
fn on_a_full_disk_no_window_is_opened_and_no_token_is_renewed_that_could_not_be_kept() {
    let world = World::new();
    let mut bridge = world.with_files_up_to(0);
    bridge.expect_error("0", &["cannot be written", "free some space", &world.state().to_string_lossy()]);
    assert_eq!(world.human.windows(), 0);
    drop(bridge);

    let world = World::signed_in();
    let size = |folder| fs::metadata(world.file(folder)).unwrap().len();
    let (index, credential) = (size("grants"), size("credentials"));
    assert!(credential > index + 100, "{credential} and {index}");
    // Nothing at all, and enough for notes.
    for limit in [0, credential - 100] {
        world.authorization.ledger.drop_access_tokens();
        let mut bridge = world.with_files_up_to(limit);
        bridge.expect_error("0", &["cannot be written", "free some space", &world.state().to_string_lossy()]);
        assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 0, "with {limit} bytes");
    }
    world.works();
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_renewed_token_that_does_not_fit_is_kept_as_soon_as_there_is_room() {
    let world = World::signed_in();
    world.authorization.ledger.drop_access_tokens();
    world.authorization.change(|it| it.tokens.extra = vec![("id_token", "x".repeat(5000).into())]);
    // The old grant fits, the new one does not.
    let mut bridge = world.with_files_up_to(fs::metadata(world.file("credentials")).unwrap().len() + 400);
    world.authorization.wait(1, Endpoint::Refresh);
    assert!(bridge.recv_within(Duration::from_secs(1)).is_none(), "it waits for room");
    for helper in helpers(world.home.path()) {
        let pid = format!("--pid={helper}");
        assert!(Command::new("prlimit").args([&pid, "--fsize=unlimited"]).status().unwrap().success());
    }
    bridge.expect_result("0");
    drop(bridge);
    world.works();
    assert_eq!(world.authorization.ledger.families_revoked(), 0);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_damaged_index_entry_is_mended_and_nobody_is_asked() {
    let world = World::signed_in();
    for text in ["", "{", r#"{"schema":1}"#, "null", "\0\0\0\0"] {
        fs::write(world.file("grants"), text).unwrap();
        world.works();
        let mended = json(&fs::read_to_string(world.file("grants")).unwrap());
        assert_eq!(mended["kept"], "file", "{mended}");
        // The same where the token has to be renewed.
        fs::write(world.file("grants"), text).unwrap();
        world.authorization.ledger.drop_access_tokens();
        world.works();
    }
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_damaged_index_entry_is_shown_as_damaged_beside_the_others_and_signed_out_of_by_its_name() {
    let world = World::signed_in();
    let command = |words: &[&str]| Bridge::bare().args(words).home(world.home.path()).told();
    for (index, text) in ["", "{"].into_iter().enumerate() {
        fs::write(world.file("grants"), text).unwrap();
        let account = format!("spare{index}");
        let words = ["login", &world.server.url(), "--account", &account, "--api-key-header", "X-Key"];
        let mut login = Bridge::bare().args(words).home(world.home.path()).at_shell();
        login.type_line("an API key of ours");
        login.told().expect(0, &[]);
        let (file, url) = (world.file("grants").display().to_string(), world.server.url());
        let told = command(&["status"]);
        let seen = told.expect(8, &[]).stdout.replace("\n    ", " ");
        for part in [&url, &account, &file, "is damaged", "mcpbridge doctor --fix"] {
            assert!(seen.contains(part), "{part:?} is not said: {seen}");
        }
        assert!(!seen.contains("not signed in") && !seen.contains("mcpbridge login"), "{seen}");
        let accounts = command(&["status", "--json"]).expect(8, &[]).json()["accounts"].clone();
        let damaged = accounts.as_array().unwrap().iter().find(|account| account["state"] == "damaged").unwrap();
        assert_eq!((&damaged["server"], &damaged["account"]), (&Value::from(url.clone()), &Value::Null));
        assert!(damaged["why"].as_str().unwrap().contains(&file), "{damaged}");
        // What mends it is what was said.
        command(&["doctor", "--fix"]);
        assert_eq!(command(&["status", &url]).expect(0, &[]).code, 0);
    }
    // A login mends it as well, and asks nobody.
    fs::write(world.file("grants"), "{").unwrap();
    let told = command(&["login", &world.server.url()]);
    assert!(told.expect(0, &[]).stdout.contains("already signed in"), "{told:?}");
    assert_eq!(world.human.windows(), 1);
    fs::write(world.file("grants"), "{").unwrap();
    let told = command(&["logout", "--all"]);
    let name = format!("signed out of {}, and revoked there", world.server.url());
    assert!(told.expect(0, &[]).stdout.contains(&name), "{told:?}");
}

#[test]
fn of_a_folder_that_others_can_write_to_nothing_is_told_but_how_to_close_it() {
    let world = World::signed_in();
    let command = |words: &[&str]| Bridge::bare().args(words).home(world.home.path()).told();
    for folder in [world.state(), world.state().join("grants")] {
        set_mode(&folder, 0o775, 0);
        let remedy = format!("chmod go-w {}", folder.display());
        for words in [&["status"][..], &["status", "--json"], &["logout", "--all"], &["status", &world.server.url()]] {
            let told = command(words);
            assert_eq!(told.expect(8, &["can be written to by others", &remedy]).stdout, "", "{words:?}");
        }
        set_mode(&folder, 0o700, 0);
    }
    for folder in [world.state(), world.state().join("runs")] {
        set_mode(&folder, 0o775, 0);
        for words in [&["logs"][..], &["logs", &world.server.url()]] {
            let told = command(words);
            assert_eq!(told.expect(8, &["can be written to by others", "chmod go-w"]).stdout, "", "{words:?}");
        }
        set_mode(&folder, 0o700, 0);
    }
    command(&["status"]).expect(0, &[]);
}

#[test]
fn a_lost_index_entry_is_mended_too() {
    let world = World::signed_in();
    fs::remove_file(world.file("grants")).unwrap();
    world.works();
    world.authorization.ledger.drop_access_tokens();
    world.works();
    assert_eq!(world.human.windows(), 1);
}

/// A sign-in that nobody can see could not be taken back.
#[test]
fn a_sign_in_whose_index_entry_is_lost_is_still_shown_and_taken_back() {
    let world = World::signed_in();
    let command = |words: &[&str]| Bridge::bare().args(words).home(world.home.path()).told();
    let (entry, url) = (world.file("grants"), world.server.url());
    fs::remove_file(&entry).unwrap();
    let accounts = command(&["status", "--json"]).expect(0, &[]).json()["accounts"].clone();
    assert_eq!((&accounts[0]["server"], &accounts[0]["state"]), (&Value::from(url.clone()), &Value::from("ready")));
    assert!(command(&["status", &url]).expect(0, &[]).stdout.contains("✓"));
    // Who uses it writes the entry anew, whether the token has to be renewed or not.
    world.works();
    assert_eq!(json(&fs::read_to_string(&entry).unwrap())["kept"], "file");
    fs::remove_file(&entry).unwrap();
    let told = command(&["logout", "--all"]);
    assert!(told.expect(0, &[]).stdout.contains(&format!("signed out of {url}, and revoked there")), "{told:?}");
    assert!(world.authorization.ledger.live_refresh_tokens().is_empty());
    let told = command(&["logout", "--all"]);
    assert!(told.expect(0, &[]).stdout.contains("nobody was signed in anywhere"), "{told:?}");
}

#[test]
fn what_a_killed_writer_left_beside_a_grant_goes_with_the_next_renewal() {
    let world = World::signed_in();
    let left = ["credentials", "grants"]
        .map(|folder| world.file(folder).with_file_name(format!(".{}-XvVXvV.mcpbridge", world.name)));
    for path in &left {
        fs::copy(world.file("credentials"), path).unwrap();
    }
    let stranger = world.file("credentials").with_file_name(".somebody-elses");
    fs::write(&stranger, "").unwrap();
    world.authorization.ledger.drop_access_tokens();
    world.works();
    assert!(!left.iter().any(|path| path.exists()), "{left:?}");
    assert!(stranger.exists());
}

#[test]
fn a_damaged_credential_is_named_left_alone_and_replaced_by_a_login() {
    let world = World::signed_in();
    let whole = fs::read(world.file("credentials")).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"[]"] {
        fs::write(world.file("credentials"), damaged).unwrap();
        let mut bridge = world.editor();
        let error = bridge.expect_error("0", &["is damaged", "mcpbridge login"]);
        let named = format!("credentials/{}", world.name);
        assert!(error["message"].as_str().unwrap().contains(&named), "{error}");
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(PATIENCE), 8);
        assert_eq!(fs::read(world.file("credentials")).unwrap(), damaged);
    }
    assert_eq!(world.human.windows(), 1);

    let login = Bridge::launch("login").arg(world.server.url()).home(world.home.path()).human(&world.human).at_shell();
    world.human.visit().consent();
    login.told().expect(0, &[]);
    world.works();
    assert_eq!(world.human.windows(), 2);
}

#[test]
fn a_token_that_has_expired_meanwhile_is_renewed_before_it_is_used() {
    let world = World::signed_in();
    let refused = world.server.turned_away();
    for ago in [1, 30 * 24 * 3600] {
        world.set_expiry(now() - ago);
        world.works();
    }
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 2);
    assert_eq!(world.server.turned_away(), refused, "an expired token was sent");
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_token_that_seems_good_for_years_is_renewed_when_the_server_refuses_it() {
    let world = World::signed_in();
    for end in [now() + 1_000_000_000, u64::MAX] {
        world.set_expiry(end);
        world.authorization.ledger.drop_access_tokens();
        world.works();
    }
    assert_eq!(world.authorization.asked(Endpoint::Refresh).len(), 2);
    assert_eq!(world.human.windows(), 1);
}

#[test]
fn a_relay_that_has_slept_past_the_end_of_its_token_renews_it_before_the_next_request() {
    let authorization = Authorization::start(|it| it.tokens.lifetime = Duration::from_secs(4));
    let server = Protected::start(&authorization.desk(), |_| ());
    let human = Human::prompt();
    let mut bridge = Bridge::launch(server.url()).human(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let (refused, renewed) = (server.turned_away(), authorization.asked(Endpoint::Refresh).len());
    // A process that is stopped is one that sleeps: its timers do not fire.
    bridge.signal(rustix::process::Signal::STOP);
    assert!(bridge.recv_within(Duration::from_secs(5)).is_none());
    bridge.signal(rustix::process::Signal::CONT);
    bridge.send(call(2));
    bridge.expect_result("2");
    assert!(authorization.asked(Endpoint::Refresh).len() > renewed);
    assert_eq!(server.turned_away(), refused, "an expired token was sent");
    assert_eq!(human.windows(), 1);
}

/// A protected server, and one person with one home.
struct World {
    human: Human,
    authorization: Authorization,
    server: Protected,
    home: TempDir,
    /// The name of the files about the grant.
    name: String,
}

impl World {
    fn new() -> Self {
        let authorization = Authorization::start(|_| ());
        let server = Protected::start(&authorization.desk(), |_| ());
        let (human, home) = (Human::at_ease(), TempDir::new().unwrap());
        Self { human, authorization, server, home, name: String::new() }
    }

    fn signed_in() -> Self {
        let mut world = Self::new();
        let mut bridge = world.editor();
        world.human.visit().consent();
        bridge.expect_result("0");
        bridge.close_stdin();
        bridge.wait_exit(PATIENCE);
        world.give_to_plain_user();
        let mut entries = fs::read_dir(world.state().join("grants")).unwrap().flatten();
        world.name = entries.next().expect("an entry").file_name().into_string().unwrap();
        world
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("mcpbridge")
    }

    /// What a folder of the store has about the grant.
    fn file(&self, folder: &str) -> PathBuf {
        self.state().join(folder).join(&self.name)
    }

    fn set_expiry(&self, end: u64) {
        let mut item = json(&fs::read_to_string(self.file("credentials")).unwrap());
        let token = &mut item["grant"]["credential"]["o_auth"];
        assert!(token["expires_at"].is_u64(), "{token}");
        token["expires_at"] = Value::from(end);
        fs::write(self.file("credentials"), item.to_string()).unwrap();
    }

    fn launch(&self) -> Launch {
        Bridge::launch(self.server.url()).home(self.home.path()).human(&self.human)
    }

    /// An editor that has said `initialize`.
    fn editor(&self) -> Bridge {
        begun(self.launch().spawn())
    }

    #[track_caller]
    fn works(&self) {
        connects(self.editor());
    }

    #[track_caller]
    fn works_as_a_plain_user(&self) {
        connects(self.plain_user());
    }

    /// A relay of a user for whom permissions count.
    fn plain_user(&self) -> Bridge {
        begun(self.launch().spawn_as(|command| {
            command.current_dir("/");
            if rustix::process::geteuid().is_root() {
                command.uid(NOBODY).gid(NOBODY);
            }
        }))
    }

    fn give_to_plain_user(&self) {
        if rustix::process::geteuid().is_root() {
            each_below(self.home.path(), &|path| chown(path, Some(NOBODY), Some(NOBODY)).unwrap());
        }
    }

    /// The state folder as on a disk that cannot be written, until this is dropped.
    fn lock_the_folder(&self) -> impl Drop + use<> {
        struct Locked(PathBuf);
        impl Drop for Locked {
            fn drop(&mut self) {
                each_below(&self.0, &|path| set_mode(path, 0o700, 0o600));
            }
        }
        each_below(&self.state(), &|path| set_mode(path, 0o500, 0o400));
        Locked(self.state())
    }

    /// A relay whose processes can write no file beyond this size, as on a disk that is full.
    fn with_files_up_to(&self, bytes: u64) -> Bridge {
        begun(self.launch().spawn_as(|command| {
            let mut limited = Command::new("prlimit");
            limited.arg(format!("--fsize={bytes}:")).arg("--").arg(command.get_program()).args(command.get_args());
            support::same_environment(command, &mut limited);
            *command = limited;
        }))
    }
}

fn begun(mut bridge: Bridge) -> Bridge {
    bridge.send(initialize(0, "2025-06-18"));
    bridge
}

#[track_caller]
fn connects(mut bridge: Bridge) {
    let welcome = bridge.expect_result("0");
    assert_eq!(welcome["serverInfo"]["name"], "scripted", "{welcome}");
    bridge.send(INITIALIZED);
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
}

fn each_below(path: &Path, change: &dyn Fn(&Path)) {
    if path.is_dir() {
        // Open while it is walked through, and again for a folder that was closed.
        let entries: Vec<PathBuf> = fs::read_dir(path).unwrap().flatten().map(|entry| entry.path()).collect();
        entries.iter().for_each(|entry| each_below(entry, change));
    }
    change(path);
}

fn set_mode(path: &Path, folder: u32, file: u32) {
    let mode = if path.is_dir() { folder } else { file };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Nobody on Linux.
const NOBODY: u32 = 65_534;

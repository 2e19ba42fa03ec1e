//! Where grants are kept, without a keychain: files, memory, their index, locks between real processes, and the watch.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mcpbridge::{
    config::Home,
    failure::{Failure, Kind},
    secret::Secret,
    store::{About, ApiKey, Choice, Credential, Grant, Keeper, Key, Lock, Place, Store},
};
use tempfile::TempDir;
use tokio::time::timeout;

/// Longer than anything a healthy run waits for, however loaded the machine.
const PATIENCE: Duration = Duration::from_secs(45);
/// Names the variable that makes a run of this file another process of the user.
const ROLE: &str = "STORE_TEST_ROLE";

#[tokio::test]
async fn a_grant_in_a_file_is_found_by_every_process_until_it_is_forgotten() {
    let user = User::new();
    let store = user.store();
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    store.write(&key("b"), &about("b"), &grant(7)).await.unwrap();
    user.ends_well("write a 2");
    assert_eq!(store.read(&key("a")).await.unwrap(), Some(grant(2)));
    assert_eq!(user.store().read(&key("a")).await.unwrap(), Some(grant(2)));
    let entry = store.entry(&key("a")).unwrap().unwrap();
    assert_eq!((entry.about, entry.kept, entry.serial), (about("a"), Some(Keeper::File), 2));
    assert!(store.describe(&key("a")).unwrap().to_string().starts_with("file "));
    let all: Vec<Key> = store.entries().unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&key("a")) && all.contains(&key("b")));
    assert!(store.forget(&key("a")).await.unwrap());
    assert_eq!(user.store().read(&key("a")).await.unwrap(), None);
    assert_eq!(store.read(&key("b")).await.unwrap(), Some(grant(7)));
    assert!(!user.all_text().contains("hidden-2"), "a forgotten secret is still in a file");
}

#[tokio::test]
async fn no_secret_is_in_the_index() {
    let user = User::new();
    user.store().write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    fs::remove_dir_all(user.state().join("credentials")).unwrap();
    assert!(user.all_text().contains("example.com"), "the index was not found");
    assert!(!user.all_text().contains("hidden"));
}

#[cfg(unix)]
#[test]
fn files_and_folders_are_their_owners_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    for umask in ["000", "022", "077", "277", "777"] {
        let user = User::new();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(env::current_exe().unwrap());
        let output = user.run(shell, "write a 1").wait_with_output().unwrap();
        assert!(output.status.success(), "umask {umask}: {}", String::from_utf8_lossy(&output.stdout));
        let files = user.files();
        assert_eq!(files.len(), 2, "{files:?}");
        // The files, their folders and those above, as far as they were made.
        for path in files.iter().flat_map(|path| path.ancestors().take_while(|path| *path != user.0.path())) {
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
            let right = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, right, "umask {umask}: {} has {mode:o}", path.display());
        }
    }
}

#[tokio::test]
async fn a_truncated_or_damaged_file_is_named_and_never_signed_out() {
    let user = User::new();
    let store = user.store();
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    let file = user.credentials("a");
    let whole = fs::read(&file).unwrap();
    let cuts = (0..whole.len()).step_by(13).map(|cut| whole[..cut].to_owned());
    for bytes in cuts.chain([b"\xff\xfe".to_vec(), b"null".to_vec(), b"[]".to_vec(), vec![b'['; 100_000]]) {
        fs::write(&file, &bytes).unwrap();
        let failure = store.read(&key("a")).await.unwrap_err();
        assert_eq!(failure.kind, Kind::StoreUnavailable, "{failure}");
        assert!(failure.fact.contains("is damaged") && failure.fact.contains(&key("a").as_str()[..8]), "{failure}");
        assert!(failure.remedy.unwrap().contains("mcpbridge login"));
        assert!(!failure.fact.contains("hidden"));
    }
    // And a sign-in mends it.
    store.write(&key("a"), &about("a"), &grant(2)).await.unwrap();
    assert_eq!(store.read(&key("a")).await.unwrap(), Some(grant(2)));
}

#[tokio::test]
async fn a_damaged_entry_does_not_hide_the_others() {
    let user = User::new();
    let store = user.store();
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    store.write(&key("b"), &about("b"), &grant(2)).await.unwrap();
    let index = user.index("a");
    fs::write(&index, r#"{"schema":1,"server":"#).unwrap();
    fs::write(user.state().join("grants/.left-by-a-killed-writer"), "{").unwrap();
    fs::write(user.state().join("grants/notes.json"), "{}").unwrap();
    let all = store.entries().unwrap();
    assert_eq!(all.len(), 2);
    for (found, entry) in all {
        match entry {
            Ok(entry) => assert_eq!((found, entry.serial), (key("b"), 2)),
            Err(failure) => assert!(failure.fact.contains(index.to_str().unwrap()) && found == key("a"), "{failure}"),
        }
    }
    let note = store.note(&key("a"), |entry| entry.doubt = None).unwrap_err();
    assert_eq!(note.kind, Kind::StoreUnavailable);
    assert_eq!(store.read(&key("a")).await.unwrap(), Some(grant(1)));
    assert_eq!(store.entry(&key("a")).unwrap().unwrap().about, about("a"));
}

#[tokio::test]
async fn members_of_a_later_version_stay_in_the_index() {
    let user = User::new();
    let store = user.store();
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    let text = fs::read_to_string(user.index("a")).unwrap();
    fs::write(user.index("a"), text.replacen('{', r#"{"colour":{"of":"doors"},"#, 1)).unwrap();
    store.note(&key("a"), |entry| entry.renewed_at = Some(5)).unwrap();
    store.write(&key("a"), &about("a"), &grant(2)).await.unwrap();
    assert!(fs::read_to_string(user.index("a")).unwrap().contains("doors"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_named_and_the_old_grant_stays() {
    let user = User::new();
    user.store().write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    let before = user.files();
    // No file can grow, which is what a full disk or a quota comes to.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    let output = user.run(shell, "write a 2").wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("failed store_unavailable") && told.contains("free some space"), "{told}");
    assert!(told.contains(user.credentials("a").to_str().unwrap()), "{told}");
    assert_eq!(user.files(), before, "something was left");
    assert_eq!(user.store().read(&key("a")).await.unwrap(), Some(grant(1)));
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named_and_the_old_grant_stays() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let user = User::new();
    user.store().write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    // Permissions do not stop root, so the other process becomes somebody else.
    if rustix::process::geteuid().is_root() {
        let all = user.files();
        for path in all.iter().flat_map(|path| path.ancestors()).filter(|path| path.starts_with(user.0.path())) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let credentials = user.state().join("credentials");
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o500)).unwrap();
    let told = user.told("write-as-nobody a 2");
    assert!(told.contains("failed store_unavailable") && told.contains("make it writable for you"), "{told}");
    assert!(told.contains(user.credentials("a").to_str().unwrap()), "{told}");
    assert_eq!(user.told("read-as-nobody a"), "ok 1");
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(user.credentials("a"), fs::Permissions::from_mode(0o000)).unwrap();
    let told = user.told("read-as-nobody a");
    assert!(told.contains("failed store_unavailable") && told.contains("make it readable for you"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_kept_where_others_can_change_it_and_no_link_in_the_place_of_a_lock_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let user = User::new();
    let store = user.store();
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    drop(store.try_lock(&key("a"), Lock::Grant).unwrap());
    let (lock, precious) = (user.state().join(format!("locks/{}.grant", key("a").as_str())), user.0.path().join("own"));
    fs::write(&precious, "data").unwrap();
    fs::remove_file(&lock).unwrap();
    symlink(&precious, &lock).unwrap();
    let failure = store.try_lock(&key("a"), Lock::Grant).unwrap_err();
    assert!(failure.fact.contains("symbolic link") && failure.fact.contains(lock.to_str().unwrap()), "{failure}");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "data");
    // A folder of everybody's, by itself and behind a link.
    let (kept, open) = (user.state().join("credentials"), user.0.path().join("open"));
    let before = fs::read(user.credentials("a")).unwrap();
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o777)).unwrap();
    for _ in 0..2 {
        for failure in [
            store.write(&key("a"), &about("a"), &grant(2)).await.unwrap_err(),
            store.read(&key("a")).await.unwrap_err(),
        ] {
            assert_eq!(failure.kind, Kind::StoreUnavailable);
            assert!(failure.to_string().contains(&format!("run: chmod go-w {}", kept.display())), "{failure}");
        }
        assert_eq!(fs::read(user.credentials("a")).unwrap(), before);
        if !open.exists() {
            fs::rename(&kept, &open).unwrap();
            symlink(&open, &kept).unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_comes_and_goes_is_never_followed() {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    let user = User::new();
    let store = user.store();
    drop(store.try_lock(&key("a"), Lock::Grant).unwrap());
    let (lock, precious) = (user.state().join(format!("locks/{}.grant", key("a").as_str())), user.0.path().join("own"));
    fs::write(&precious, "data").unwrap();
    let (over, next) = (AtomicBool::new(false), user.0.path().join("next"));
    let (mut taken, mut between) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                symlink(&precious, &next).unwrap();
                fs::rename(&next, &lock).unwrap();
                fs::write(&next, "").unwrap();
                fs::rename(&next, &lock).unwrap();
            }
        });
        let begun = Instant::now();
        // Until the link has come between the look at what is there and the opening, a few times.
        while (between < 10 || taken < 10) && begun.elapsed() < PATIENCE {
            match store.try_lock(&key("a"), Lock::Grant) {
                Ok(guard) => taken += usize::from(guard.is_some()),
                Err(failure) if failure.fact.contains("it is a symbolic link") => {}
                Err(_) => between += 1,
            }
        }
        over.store(true, Ordering::SeqCst);
    });
    assert_eq!(fs::read_to_string(&precious).unwrap(), "data");
    assert!(taken >= 10 && between >= 10, "{taken} locks taken, and {between} times the link came in between");
}

#[cfg(unix)]
#[test]
fn a_backup_by_hard_links_makes_no_lock_unusable() {
    let user = User::new();
    let store = user.store();
    drop(store.try_lock(&key("a"), Lock::Grant).unwrap());
    let lock = user.state().join(format!("locks/{}.grant", key("a").as_str()));
    fs::hard_link(&lock, user.0.path().join("backup")).unwrap();
    let held = store.try_lock(&key("a"), Lock::Grant).unwrap();
    assert!(held.is_some());
}

#[test]
fn a_lock_excludes_every_other_process() {
    let user = User::new();
    let writers: Vec<Child> = (0..4).map(|_| user.spawn("count a 15")).collect();
    for mut writer in writers {
        assert!(wait(&mut writer).success());
    }
    assert_eq!(user.told("read a"), "ok 60", "two processes held the lock at once");
}

#[tokio::test]
async fn a_lock_ends_with_its_process_however_that_ends() {
    let user = User::new();
    let store = user.store();
    let mut holder = user.spawn("hold a");
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")));
    assert!(store.try_lock(&key("a"), Lock::Grant).unwrap().is_none());
    // Another lock and another key are free.
    assert!(store.try_lock(&key("a"), Lock::SignIn).unwrap().is_some());
    assert!(store.try_lock(&key("b"), Lock::Grant).unwrap().is_some());
    let began = Instant::now();
    let short = Duration::from_millis(300);
    let failure = store.lock(&key("a"), Lock::Grant, short).await.unwrap_err();
    assert!(began.elapsed() >= short);
    assert_eq!(failure.kind, Kind::StoreUnavailable);
    if cfg!(unix) {
        assert!(failure.fact.contains(&format!("process {}", holder.id())), "{failure}");
    }
    holder.kill().unwrap();
    let guard = timeout(PATIENCE, store.lock(&key("a"), Lock::Grant, PATIENCE)).await.unwrap().unwrap();
    holder.wait().unwrap();
    // In one process it is as exclusive, also between stores that know nothing of each other.
    assert!(store.try_lock(&key("a"), Lock::Grant).unwrap().is_none());
    assert!(user.store().try_lock(&key("a"), Lock::Grant).unwrap().is_none());
    drop(guard);
    assert!(user.store().try_lock(&key("a"), Lock::Grant).unwrap().is_some());
}

#[tokio::test]
async fn a_watch_wakes_when_another_process_changes_the_entry_also_where_there_was_no_folder_yet() {
    let user = User::new();
    let mut watch = user.store().watch(&key("a"));
    {
        let mut changed = std::pin::pin!(watch.changed());
        assert!(timeout(Duration::from_millis(50), &mut changed).await.is_err(), "nothing has changed");
        assert!(!user.state().exists(), "a watch makes nothing");
        user.ends_well("write a 1");
        timeout(PATIENCE, changed).await.expect("the first write");
    }
    // What happens while nobody waits counts, and counts once.
    user.ends_well("write a 2");
    user.ends_well("write b 1");
    timeout(PATIENCE, watch.changed()).await.expect("a write before the wait");
    assert!(timeout(Duration::from_millis(50), watch.changed()).await.is_err(), "nothing has changed since");
    // Dropped and called again.
    user.ends_well("forget a");
    timeout(PATIENCE, watch.changed()).await.expect("a sign-out");
    fs::remove_dir_all(user.state()).unwrap();
    assert!(timeout(Duration::from_millis(50), watch.changed()).await.is_err(), "nothing there, as before");
    user.ends_well("write a 3");
    timeout(PATIENCE, watch.changed()).await.expect("a new folder");
    user.store().note(&key("a"), |entry| entry.renewed_at = Some(1)).unwrap();
    timeout(PATIENCE, watch.changed()).await.expect("a note of this process");
}

#[tokio::test]
async fn in_memory_nothing_is_written_and_no_other_process_is_seen() {
    let user = User::new();
    let store = Store::new(user.home(), Choice::Memory);
    assert_eq!(store.destination(&key("a")).await.unwrap().to_string(), "memory");
    let mut watch = store.watch(&key("a"));
    store.write(&key("a"), &about("a"), &grant(1)).await.unwrap();
    timeout(PATIENCE, watch.changed()).await.expect("a write");
    assert_eq!(store.clone().read(&key("a")).await.unwrap(), Some(grant(1)));
    assert_eq!(Store::new(user.home(), Choice::Memory).read(&key("a")).await.unwrap(), None);
    let guard = store.try_lock(&key("a"), Lock::Grant).unwrap().unwrap();
    assert!(store.clone().try_lock(&key("a"), Lock::Grant).unwrap().is_none());
    drop(guard);
    assert_eq!(store.entries().unwrap().len(), 1);
    assert_eq!(store.describe(&key("a")).unwrap().to_string(), "memory");
    store.forget(&key("a")).await.unwrap();
    assert_eq!(store.read(&key("a")).await.unwrap(), None);
    assert!(!user.state().exists());
}

#[test]
fn an_unknown_store_is_refused_with_the_known_ones() {
    let failure = "keyring".parse::<Choice>().unwrap_err();
    assert_eq!(failure.kind, Kind::Usage);
    assert!(failure.to_string().contains("auto, keychain, file or memory"), "{failure}");
    assert_eq!("auto".parse::<Choice>().unwrap(), Choice::default());
}

#[cfg(target_os = "linux")]
#[test]
fn the_folders_are_where_the_home_and_the_xdg_variables_say() {
    let user = User::new();
    let ask = |variables: &[(&str, &str)]| {
        let mut env = Command::new("env");
        env.args(["-u", "MCPBRIDGE_CONFIG_DIR", "-u", "XDG_STATE_HOME", "-u", "XDG_CONFIG_HOME"]);
        env.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).arg(env::current_exe().unwrap());
        answer(user.run(env, "where are-they"))
    };
    assert_eq!(ask(&[("HOME", "/x/y")]), "ok /x/y/.local/state/mcpbridge /x/y/.config/mcpbridge");
    let moved = ask(&[("HOME", "/x"), ("XDG_STATE_HOME", "/s"), ("XDG_CONFIG_HOME", "/c")]);
    assert_eq!(moved, "ok /s/mcpbridge /c/mcpbridge");
    let relative = ask(&[("HOME", "not/absolute")]);
    assert!(relative.starts_with("failed usage this user has no home folder; set MCPBRIDGE_CONFIG_DIR"), "{relative}");
}

/// The other end of [`User::spawn`]; as a test of its own it has nothing to do.
#[test]
fn a_process_of_a_user() {
    let Ok(role) = env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = runtime.block_on(async {
        mcpbridge::bridge::signals::outlive_large_files();
        play(&role).await
    });
    let (text, code) = match played {
        Ok(text) => (format!("ok {text}"), 0),
        Err(failure) => (format!("failed {} {failure}", failure.kind.code()), 1),
    };
    println!("{MARK}{}", text.trim_end());
    std::process::exit(code);
}

async fn play(role: &str) -> Result<String, Failure> {
    let home = Home::find(|name| env::var_os(name))?;
    let store = Store::new(home.clone(), Choice::File);
    let words: Vec<&str> = role.split(' ').collect();
    let (name, number) = (words[1], words.get(2).map_or(0, |word| word.parse().unwrap()));
    let key = key(name);
    #[cfg(target_os = "linux")]
    if words[0].ends_with("-as-nobody") && rustix::process::geteuid().is_root() {
        let nobody = rustix::process::Uid::from_raw(NOBODY);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
    }
    match words[0].trim_end_matches("-as-nobody") {
        "write" => store.write(&key, &about(name), &grant(number)).await.map(|()| String::new()),
        "read" => Ok(store.read(&key).await?.map_or("nothing".into(), |grant| grant.serial.to_string())),
        "where" => Ok(format!("{} {}", home.state().display(), home.config().display())),
        "forget" => store.forget(&key).await.map(|was| was.to_string()),
        "count" => {
            for _ in 0..number {
                let _guard = store.lock(&key, Lock::Grant, PATIENCE).await?;
                let serial = store.read(&key).await?.map_or(0, |grant| grant.serial);
                store.write(&key, &about(name), &grant(serial + 1)).await?;
            }
            Ok(String::new())
        }
        "hold" => {
            let _guard = store.lock(&key, Lock::Grant, PATIENCE).await?;
            println!("{MARK}held");
            let _ = std::io::stdin().read_line(&mut String::new());
            Ok(String::new())
        }
        other => panic!("what is {other}?"),
    }
}

/// Begins each line of the other process that is an answer: the test harness prints lines of its own.
const MARK: &str = "answer: ";
/// The user that root becomes where root may too much.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

fn key(name: &str) -> Key {
    Key::new(&format!("https://{name}.example.com/mcp").parse().unwrap(), None, None)
}

fn about(name: &str) -> About {
    let server = format!("https://{name}.example.com/mcp");
    About { server, account: Some("work".into()), resource: None, subject: None }
}

fn grant(serial: u64) -> Grant {
    let value = Secret::new(format!("hidden-{serial}"));
    let credential = Credential::ApiKey(ApiKey { place: Place::Header("X-Key".into()), value });
    Grant { lineage: "one".into(), serial, signed_in_at: 1, credential }
}

/// The folders of one user.
struct User(TempDir);

impl User {
    fn new() -> User {
        User(tempfile::tempdir().unwrap())
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("some/state")
    }

    fn home(&self) -> Home {
        Home::at(self.state())
    }

    fn store(&self) -> Store {
        Store::new(self.home(), Choice::File)
    }

    fn credentials(&self, name: &str) -> PathBuf {
        self.state().join("credentials").join(format!("{}.json", key(name).as_str()))
    }

    fn index(&self, name: &str) -> PathBuf {
        self.state().join("grants").join(format!("{}.json", key(name).as_str()))
    }

    /// Every file, in order.
    fn files(&self) -> Vec<PathBuf> {
        let (mut folders, mut files) = (vec![self.state()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// The text of every file.
    fn all_text(&self) -> String {
        self.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// Another process that plays `role`.
    fn spawn(&self, role: &str) -> Child {
        self.run(Command::new(env::current_exe().unwrap()), role)
    }

    fn run(&self, mut command: Command, role: &str) -> Child {
        command
            .args(["--exact", "a_process_of_a_user", "--nocapture"])
            .env(ROLE, role)
            .env("MCPBRIDGE_CONFIG_DIR", self.state())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command.spawn().unwrap()
    }

    /// What another process said that played `role`.
    fn told(&self, role: &str) -> String {
        answer(self.spawn(role))
    }

    #[track_caller]
    fn ends_well(&self, role: &str) {
        let told = self.told(role);
        assert!(told.starts_with("ok"), "{role}: {told}");
    }
}

/// What a process said.
#[track_caller]
fn answer(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = text.lines().find_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
    answer.unwrap_or_else(|| panic!("no answer: {text}"))
}

fn wait(child: &mut Child) -> std::process::ExitStatus {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < end, "the process does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

//! The real Secret Service: gnome-keyring-daemon on a bus of its own, unlocked, locked, restarted, absent and mute; and
//! processes that are killed while they use it.
//!
//! `cargo test` leaves this file out, because it needs programs that not everybody has; `tests/run` has a step for it.
#![cfg(target_os = "linux")]

#[path = "keychain/killed.rs"]
mod killed;
#[path = "keychain/relay.rs"]
mod relay;
mod support;

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use mcpbridge::{
    config::Home,
    failure::Failure,
    secret::Secret,
    store::{About, ApiKey, Choice, Credential, GRANT_WAIT, Grant, Key, Lock, Place, Store},
};

/// Longer than anything a healthy run waits for.
const DEADLINE: Duration = Duration::from_secs(45);
/// What a call of the keychain is given here; on a loaded machine opening it alone takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same where it is known that it will be used up.
const SHORT: Duration = Duration::from_secs(1);
/// Names the variable that makes a run of this file a process of a user.
const ROLE: &str = "KEYCHAIN_TEST_PATIENCE";

#[test]
fn a_grant_survives_a_new_process_and_a_restarted_service_and_is_in_no_file() {
    let user = User::new();
    let bus = Bus::start(&user);
    let service = bus.service(&user, Unlocked::Yes);
    let mut first = user.process("auto", Some(&bus), PATIENCE);
    first.expect("destination", "ok Secret Service");
    first.expect("write 1", "ok");
    first.expect("read", "ok 1");
    let mut second = user.process("auto", Some(&bus), PATIENCE);
    second.expect("read", "ok 1");
    second.expect("write 2", "ok");
    first.expect("read", "ok 2");

    // A relay outlives the service that it knows.
    drop(service);
    let service = bus.service(&user, Unlocked::Yes);
    second.expect("read", "ok 2");
    second.expect("write 3", "ok");
    first.expect("read", "ok 3");
    fs::remove_dir_all(user.state().join("grants")).unwrap();
    first.expect("read", "ok 3");
    user.has_no_secret_in_any_file();

    first.expect("forget", "ok true");
    second.expect("read", "ok nothing");
    second.expect("forget", "ok false");
    drop(service);
}

#[test]
fn a_locked_service_is_an_error_and_its_grant_is_there_when_it_is_unlocked() {
    let user = User::new();
    let bus = Bus::start(&user);
    let service = bus.service(&user, Unlocked::Yes);
    user.process("auto", Some(&bus), PATIENCE).expect("write 1", "ok");
    drop(service);

    let service = bus.service(&user, Unlocked::No);
    let mut process = user.process("auto", Some(&bus), PATIENCE);
    for command in ["read", "write 2", "forget", "move 3"] {
        let began = Instant::now();
        let told = process.expect(command, "store_unavailable");
        assert!(told.contains("the Secret Service is locked") && told.contains("unlock it"), "{command}: {told}");
        assert!(began.elapsed() < PATIENCE, "{command} took {:?}", began.elapsed());
    }
    // The index prompts for nothing.
    process.expect("entry", "ok 1");
    user.has_no_secret_in_any_file();
    drop(service);

    let _service = bus.service(&user, Unlocked::Yes);
    process.expect("read", "ok 1");
}

#[test]
fn without_the_service_a_first_grant_goes_to_a_file_and_one_that_is_in_it_is_not_signed_out() {
    let user = User::new();
    let bus = Bus::start(&user);
    let service = bus.service(&user, Unlocked::Yes);
    user.process("auto", Some(&bus), PATIENCE).expect("write 1", "ok");
    drop(service);
    // A bus that nobody offers the service on, and no bus at all.
    for bus in [Some(&bus), None] {
        let mut process = user.process("auto", bus, PATIENCE);
        for command in ["read", "write 2", "forget"] {
            let told = process.expect(command, "store_unavailable");
            assert!(told.contains("there is no Secret Service here"), "{command}: {told}");
        }
        user.has_no_secret_in_any_file();

        let newcomer = User::new();
        let mut process = newcomer.process("keychain", bus, PATIENCE);
        process.expect("destination", "store_unavailable");
        process.expect("write 5", "store_unavailable");
        assert!(!newcomer.state().exists());
        let mut process = newcomer.process("auto", bus, PATIENCE);
        assert!(process.expect("destination", "ok file ").contains("/credentials/"));
        process.expect("write 5", "ok");
        process.expect("read", "ok 5");
        newcomer.process("auto", bus, PATIENCE).expect("forget", "ok true");
    }
    // A process that was started before the service finds it when it comes.
    let mut early = user.process("auto", Some(&bus), PATIENCE);
    early.expect("read", "store_unavailable");
    let _service = bus.service(&user, Unlocked::Yes);
    early.expect("read", "ok 1");
}

#[test]
fn a_bus_that_never_answers_is_an_error_within_the_deadline() {
    let user = User::new();
    let bus = Bus::start(&user);
    let service = bus.service(&user, Unlocked::Yes);
    user.process("auto", Some(&bus), PATIENCE).expect("write 1", "ok");
    drop(service);

    let mute = Bus::mute(&user);
    let mut process = user.process("auto", Some(&mute), SHORT);
    for command in ["read", "write 2", "destination", "forget", "move 3"] {
        let began = Instant::now();
        let told = process.expect(command, "store_unavailable");
        assert!(told.contains("has not answered for 1 s"), "{command}: {told}");
        assert!(began.elapsed() >= SHORT && began.elapsed() < 10 * SHORT, "{command} took {:?}", began.elapsed());
    }
    process.expect("entry", "ok 1");
    user.has_no_secret_in_any_file();
    // A stuck call does not hold up the end of the process.
    process.ends();
}

/// The other end of [`Process`]; as a test of its own it has nothing to do.
#[test]
fn a_process_of_a_user() {
    let Ok(patience) = env::var(ROLE) else { return };
    let choice: Choice = env::var("MCPBRIDGE_CREDENTIAL_STORE").unwrap().parse().unwrap();
    let store = Store::new(Home::find(|name| env::var_os(name)).unwrap(), choice)
        .with_patience(Duration::from_millis(patience.parse().unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for line in std::io::stdin().lines() {
        let answer = match runtime.block_on(obey(&store, &line.unwrap())) {
            Ok(text) => format!("ok {text}"),
            Err(failure) => format!("{} {failure}", failure.kind.code()),
        };
        println!("{MARK}{}", answer.trim_end());
    }
    std::process::exit(0);
}

async fn obey(store: &Store, line: &str) -> Result<String, Failure> {
    if let Some(name) = line.strip_prefix("tokens ") {
        let grant = store.read(&Key::spelled(name).unwrap()).await?.map(|grant| grant.credential);
        return Ok(serde_json::to_string(&grant).unwrap());
    }
    let key = Key::new(&"https://example.com/mcp".parse().unwrap(), None, None);
    let about = About { server: "https://example.com/mcp".into(), account: None, resource: None, subject: None };
    // As whoever changes a grant does it.
    let (line, _guard) = match line.strip_prefix("alone ") {
        Some(line) => (line, Some(store.lock(&key, Lock::Grant, GRANT_WAIT).await?)),
        None => (line, None),
    };
    let (command, serial) = line.split_once(' ').unwrap_or((line, "0"));
    let grant = grant(serial.parse().unwrap());
    Ok(match command {
        "destination" => store.destination(&key).await?.to_string(),
        "read" => match store.read(&key).await? {
            Some(read) if read == self::grant(read.serial) => read.serial.to_string(),
            Some(_) => "what nobody wrote".into(),
            None => "nothing".into(),
        },
        "entry" => store.entry(&key)?.map_or("nothing".into(), |entry| entry.serial.to_string()),
        "write" => store.write(&key, &about, &grant).await.map(|()| String::new())?,
        "move" => store.move_here(&key, &about, &grant).await.map(|()| String::new())?,
        "forget" => store.forget(&key).await?.to_string(),
        _ => panic!("what is {line}?"),
    })
}

/// Its secret is as long as tokens are.
fn grant(serial: u64) -> Grant {
    let value = Secret::new(format!("{SECRET}-{serial} ").repeat(200));
    let credential = Credential::ApiKey(ApiKey { place: Place::Header("X-Key".into()), value });
    Grant { lineage: "one".into(), serial, signed_in_at: 1, credential }
}

/// Begins each line of the other process that is an answer: the test harness prints lines of its own.
const MARK: &str = "answer: ";
/// In each secret, so that it can be searched for.
const SECRET: &str = "hidden-from-files";

/// Folders of one user.
struct User(tempfile::TempDir);

impl User {
    fn new() -> User {
        let home = tempfile::tempdir().unwrap();
        // gnome-keyring-daemon makes neither.
        fs::create_dir_all(home.path().join("data/keyrings")).unwrap();
        fs::create_dir(home.path().join("run")).unwrap();
        User(home)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("mcpbridge")
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("CI")
            .env("HOME", self.0.path())
            .env("XDG_RUNTIME_DIR", self.0.path().join("run"))
            .env("XDG_DATA_HOME", self.0.path().join("data"))
            .env("MCPBRIDGE_CONFIG_DIR", self.state())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// A process that uses the store.
    fn process(&self, choice: &str, bus: Option<&Bus>, patience: Duration) -> Process {
        Process::start(self.store(choice, bus, patience))
    }

    /// What such a process is started with.
    fn store(&self, choice: &str, bus: Option<&Bus>, patience: Duration) -> Command {
        let mut command = self.command(env::current_exe().unwrap());
        if let Some(bus) = bus {
            command.env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
        }
        command
            .args(["--exact", "a_process_of_a_user", "--nocapture"])
            .env(ROLE, patience.as_millis().to_string())
            .env("MCPBRIDGE_CREDENTIAL_STORE", choice);
        command
    }

    fn has_no_secret_in_any_file(&self) {
        self.has_in_no_file(&[SECRET.to_owned()]);
    }

    fn has_in_no_file(&self, secrets: &[String]) {
        let files = support::files(self.0.path());
        assert!(!files.is_empty(), "the files were not found");
        for (path, text) in files {
            let found = secrets.iter().any(|secret| text.contains(secret.as_str()));
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

struct Process {
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    child: Running,
}

impl Process {
    fn start(mut command: Command) -> Process {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = Running(command.spawn().unwrap());
        let (out, answers) = channel();
        let stdout = BufReader::new(child.0.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| out.send(line)));
        Process { input: child.0.stdin.take(), answers, child }
    }

    /// Sends a command, and waits for an answer that begins so.
    #[track_caller]
    fn expect(&mut self, command: &str, begin: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.answers.recv_timeout(left).unwrap_or_else(|_| panic!("no answer to {command}"));
            // The harness may have begun the line with the name of its test.
            if let Some((_, answer)) = line.split_once(MARK) {
                assert!(answer.starts_with(begin), "{command}: {answer}");
                return answer.to_owned();
            }
        }
    }

    #[track_caller]
    fn ends(mut self) {
        drop(self.input.take());
        let end = Instant::now() + DEADLINE;
        while self.child.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "the process does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A session bus.
struct Bus {
    address: String,
    _daemon: Option<Running>,
    _mute: Option<UnixListener>,
}

#[derive(PartialEq)]
enum Unlocked {
    Yes,
    No,
}

impl Bus {
    /// One on which nothing is started on demand: what is there is what the test starts.
    fn start(user: &User) -> Bus {
        let socket = user.0.path().join("run/bus-of-test");
        let config = user.0.path().join("bus.conf");
        let text = format!(
            r#"<busconfig><type>session</type><listen>unix:path={}</listen><policy context="default">
               <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#,
            socket.display()
        );
        fs::write(&config, text).unwrap();
        let daemon = user
            .command("dbus-daemon")
            .arg("--nofork")
            .arg(format!("--config-file={}", config.display()))
            .spawn()
            .unwrap_or_else(|error| panic!("dbus-daemon: {error}; install dbus"));
        let daemon = Running(daemon);
        appears(&socket);
        Bus { address: format!("unix:path={}", socket.display()), _daemon: Some(daemon), _mute: None }
    }

    /// One that takes connections and never says a word.
    fn mute(user: &User) -> Bus {
        let socket = user.0.path().join("run/mute");
        let mute = UnixListener::bind(&socket).unwrap();
        Bus { address: format!("unix:path={}", socket.display()), _daemon: None, _mute: Some(mute) }
    }

    /// The Secret Service on this bus, ready.
    fn service(&self, user: &User, unlocked: Unlocked) -> Running {
        let control = user.0.path().join("run/keyring/control");
        let _ = fs::remove_file(&control);
        let mut command = user.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        if unlocked == Unlocked::Yes {
            command.arg("--unlock").stdin(Stdio::piped());
        }
        let started = command.spawn();
        let mut service =
            started.unwrap_or_else(|error| panic!("gnome-keyring-daemon: {error}; install gnome-keyring"));
        if let Some(mut stdin) = service.stdin.take() {
            stdin.write_all(b"password").unwrap();
        }
        appears(&control);
        let service = Running(service);
        // Its name on the bus comes a moment after its socket.
        let end = Instant::now() + DEADLINE;
        let mut asking = user.process("keychain", Some(self), PATIENCE);
        while !asking.expect("destination", "").starts_with("ok") {
            assert!(Instant::now() < end, "gnome-keyring-daemon does not come up");
            thread::sleep(Duration::from_millis(20));
        }
        service
    }
}

#[track_caller]
fn appears(path: &Path) {
    let end = Instant::now() + DEADLINE;
    while !path.exists() {
        assert!(Instant::now() < end, "{} does not appear", path.display());
        thread::sleep(Duration::from_millis(5));
    }
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

//! Where a secret comes from: a variable, a file, the credential store, or a command. So that neither
//! a configuration nor a command line has to hold one.

mod program;

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use directories::BaseDirs;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::failure::{Failure, Kind};
use crate::secret::{self, Secret};
use crate::store::Store;

/// Where a secret comes from. Shown as it is typed, except for the arguments of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `env:NAME`: a variable of the environment.
    Variable(String),
    /// `file:PATH`: a file.
    File(PathBuf),
    /// `keychain:NAME`: what was kept with `mcpbridge secret set NAME`.
    Keychain(String),
    /// `cmd:COMMAND`: what a program prints. The program, and its arguments.
    Command(Vec<String>),
}

impl FromStr for Source {
    type Err = Failure;

    /// Never quotes what it cannot read, which may be the secret itself.
    fn from_str(text: &str) -> Result<Source, Failure> {
        let (kind, rest) = text.split_once(':').unwrap_or_default();
        let source = match kind {
            "env" => Source::Variable(rest.to_owned()),
            "file" => Source::File(below_home(rest)),
            "keychain" => Source::Keychain(rest.to_owned()),
            "cmd" => return Source::command(rest, "cmd:"),
            _ => {
                return Err(usage("a source of a secret begins with env:, file:, keychain: or cmd:".to_owned())
                    .remedy("for example keychain:NAME, which mcpbridge secret set NAME fills"));
            }
        };
        if rest.is_empty() {
            return Err(usage(format!("{kind}: names nothing")).remedy(format!("write what it is behind {kind}:")));
        }
        Ok(source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Variable(name) => write!(f, "env:{name}"),
            Source::File(path) => write!(f, "file:{}", path.display()),
            Source::Keychain(name) => write!(f, "keychain:{name}"),
            // Some people write a key into the arguments after all.
            Source::Command(words) => {
                let more = if words.len() > 1 { " …" } else { "" };
                write!(f, "cmd:{}{more}", words.first().map_or("", String::as_str))
            }
        }
    }
}

impl Source {
    /// A command, split at spaces. What is in single or double quotes is one word, and a backslash is a
    /// letter like any other, because it stands in the paths of Windows. `place` names the flag.
    ///
    /// # Errors
    /// It names no program: [`Kind::Usage`].
    pub fn command(text: &str, place: &str) -> Result<Source, Failure> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        for c in text.chars() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (None, _) if c.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        if quote.is_some() {
            return Err(usage(format!("the command of {place} has a quote that is not closed")).remedy("close it"));
        }
        if words.first().is_none_or(String::is_empty) {
            return Err(usage(format!("{place} names no program")).remedy("for example pass show mcp"));
        }
        Ok(Source::Command(words))
    }

    /// Makes sure that there is the program of a command that is to run later.
    ///
    /// # Errors
    /// There is none: [`Kind::Usage`].
    pub fn find_program(&self) -> Result<(), Failure> {
        match self {
            Source::Command(words) if words.first().is_some_and(|program| program::is_missing(program)) => {
                Err(self.wrong("cannot be started: there is no such program", INSTALL))
            }
            _ => Ok(()),
        }
    }

    /// The secret, without the line ends behind it. Takes at most [`PATIENCE`], and what the store takes.
    ///
    /// # Errors
    /// There is none, or it cannot be read: [`Kind::Usage`], or as the store says. The sentence names
    /// the source and never the value.
    pub async fn read(&self, store: &Store) -> Result<Secret, Failure> {
        let bytes = match self {
            Source::Variable(name) => secret::variable(name)
                .ok_or_else(|| usage(format!("{self} is not set")).remedy(format!("set the variable {name}")))?
                .into_encoded_bytes(),
            Source::File(path) => self.of_file(path).await?,
            Source::Keychain(name) => match store.secret(name).await? {
                Some(secret) => return Ok(secret),
                None => {
                    let remedy = format!("keep it first: mcpbridge secret set {name}");
                    return Err(usage(format!("{self} is not there")).remedy(remedy));
                }
            },
            Source::Command(words) => self.of_command(words).await?,
        };
        let text = String::from_utf8(bytes).map_err(|_| self.wrong("is not text (UTF-8)", "check what it holds"))?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(match self {
                Source::Command(_) => self.wrong("printed nothing", "run it in a terminal to see why"),
                _ => self.wrong("is empty", "put the secret there"),
            }),
            value => Ok(Secret::new(value)),
        }
    }

    /// `secret`, which came from here, as the value of a header that no log shows.
    ///
    /// # Errors
    /// It has a line break or a control character: [`Kind::Usage`].
    pub fn header(&self, secret: &Secret) -> Result<HeaderValue, Failure> {
        let mut value =
            HeaderValue::from_bytes(secret.expose().trim_matches([' ', '\t']).as_bytes()).map_err(|_| {
                let why = "has a line break or a control character in it, which no header may have";
                self.wrong(why, "check what it holds")
            })?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn wrong(&self, why: &str, remedy: &str) -> Failure {
        usage(format!("{self} {why}")).remedy(remedy)
    }

    async fn of_file(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        let path = path.to_owned();
        let (done, read) = oneshot::channel();
        let work = move || {
            let mut bytes = Vec::new();
            let read = File::open(path).and_then(|file| file.take(MOST as u64 + 1).read_to_end(&mut bytes));
            let _ = done.send(read.map(|_| bytes));
        };
        // A thread, because a pipe with a name, or a folder of the network, may let us wait forever.
        let started = thread::Builder::new().name("secret".into()).spawn(work);
        let bytes = match (started, timeout(PATIENCE, read).await) {
            (Err(error), _) | (_, Ok(Ok(Err(error)))) => {
                return Err(self.wrong(&format!("cannot be read: {error}"), "check the path and who may read it"));
            }
            (_, Ok(Ok(Ok(bytes)))) => bytes,
            (_, Ok(Err(_)) | Err(_)) => {
                let why = format!("was not read within {} s", PATIENCE.as_secs());
                return Err(self.wrong(&why, "a file is needed that is there at once"));
            }
        };
        if bytes.len() > MOST {
            return Err(self.wrong(&format!("holds more than {} KiB", MOST / 1024), "check the path"));
        }
        Ok(bytes)
    }

    /// What the command prints. It runs without a shell and without input.
    async fn of_command(&self, words: &[String]) -> Result<Vec<u8>, Failure> {
        let (program, arguments) = words.split_first().ok_or_else(|| usage("cmd: names no program".to_owned()))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        // No console window over an editor's.
        #[cfg(windows)]
        command.creation_flags(0x0800_0000);
        let child = command.spawn().map_err(|error| {
            let remedy = match error.kind() {
                ErrorKind::NotFound => INSTALL,
                _ => "run it in a terminal to see why",
            };
            self.wrong(&format!("cannot be started: {error}"), remedy)
        })?;
        let end = timeout(PATIENCE, Running::new(child).end(self)).await.unwrap_or(Ok(End::Late));
        match end.map_err(|error| self.wrong(&format!("cannot be read: {error}"), "try again"))? {
            End::Printed(bytes) => Ok(bytes),
            End::Late => {
                let why = format!("has not ended within {} s", PATIENCE.as_secs());
                Err(self.wrong(&why, "it gets no input and can ask for nothing: unlock what it reads before"))
            }
            End::TooMuch => Err(self.wrong(&format!("prints more than {} KiB", MOST / 1024), "check the command")),
            End::Failed(how) => {
                Err(self
                    .wrong(&format!("ended with {how}"), "run it in a terminal to see why; its stderr is in the log"))
            }
        }
    }
}

/// How a command ended.
enum End {
    Printed(Vec<u8>),
    Failed(String),
    TooMuch,
    Late,
}

/// A command that runs. Dropped before its end, it is ended with all that it has started.
struct Running {
    child: Child,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

impl Running {
    fn new(child: Child) -> Running {
        Running {
            #[cfg(unix)]
            group: child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())),
            child,
        }
    }

    async fn end(mut self, source: &Source) -> io::Result<End> {
        let (Some(stdout), Some(stderr)) = (self.child.stdout.take(), self.child.stderr.take()) else {
            return Err(io::Error::other("no pipe"));
        };
        let mut shown = std::pin::pin!(show(stderr, source));
        let child = &mut self.child;
        let mut ended = std::pin::pin!(async move {
            let mut printed = Vec::new();
            stdout.take(MOST as u64 + 1).read_to_end(&mut printed).await?;
            // It may still be writing, and would wait for a reader.
            let status = if printed.len() > MOST { None } else { Some(child.wait().await?) };
            Ok::<_, io::Error>((printed, status))
        });
        let (printed, status) = tokio::select! {
            () = &mut shown => ended.await?,
            end = &mut ended => {
                // A service that it has started may keep stderr open.
                let _ = timeout(LAST_WORDS, shown).await;
                end?
            }
        };
        let Some(status) = status else { return Ok(End::TooMuch) };
        #[cfg(unix)]
        {
            self.group = None;
        }
        Ok(match status.code() {
            Some(0) => End::Printed(printed),
            Some(code) => End::Failed(format!("exit code {code}")),
            None => End::Failed(status.to_string()),
        })
    }
}

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended by itself just now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Says what a command says to people, for as long as it says it.
async fn show(stderr: impl AsyncRead + Unpin, source: &Source) {
    let mut lines = BufReader::new(stderr).take(MOST as u64);
    let mut line = Vec::new();
    while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
        let text: String = String::from_utf8_lossy(&line).chars().filter(|c| !c.is_control()).collect();
        if !text.trim().is_empty() {
            log::warn!("{source}: {text}");
        }
        line.clear();
    }
    // What is too much is read all the same: the command would wait for a reader.
    let _ = tokio::io::copy(&mut lines.into_inner(), &mut tokio::io::sink()).await;
}

/// Only a shell expands `~`, and editors start their servers without one.
fn below_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), BaseDirs::new()) {
        (Some(below), Some(user)) => user.home_dir().join(below),
        _ => path.into(),
    }
}

fn usage(fact: String) -> Failure {
    Failure::new(Kind::Usage, fact)
}

/// The remedy where there is no such program.
const INSTALL: &str = "install it, or write its whole path: an editor's PATH may not be your shell's";
/// For a command or a file: an editor waits for it. A password manager that is unlocked takes 1 or 2 s.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a secret may have, in bytes; the largest real ones are keys and tokens of a few KiB.
const MOST: usize = 64 * 1024;
/// For the rest of what a command says, after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Home;
    use crate::store::Choice;

    fn source(text: &str) -> Source {
        text.parse().unwrap()
    }

    async fn read(text: &str) -> Result<String, String> {
        let store = Store::new(Home::at("/nowhere"), Choice::Memory);
        let read = source(text).read(&store).await;
        read.map(|secret| secret.expose().to_owned()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_source_is_its_kind_and_its_name() {
        assert_eq!(source("env:A"), Source::Variable("A".into()));
        assert_eq!(source("file:/a b"), Source::File("/a b".into()));
        assert_eq!(source("keychain:a:b"), Source::Keychain("a:b".into()));
        for (text, words) in [
            ("a b", vec!["a", "b"]),
            ("  a\t'b c'  d\"e f\"g ", vec!["a", "b c", "de fg"]),
            (r#"a '"' "'" '' "#, vec!["a", "\"", "'", ""]),
            (r"C:\x\op.exe read", vec![r"C:\x\op.exe", "read"]),
        ] {
            let words = words.into_iter().map(str::to_owned).collect();
            assert_eq!(source(&format!("cmd:{text}")), Source::Command(words), "{text}");
        }
        assert!(!source("file:~/x").to_string().contains('~'));
    }

    #[test]
    fn what_is_no_source_is_refused_without_being_shown() {
        for text in ["s3cret", "bearer:s3cret", "", "env:", "cmd:", "cmd:  ", "cmd:'' s3cret", "cmd:a 's3cret"] {
            let failure = text.parse::<Source>().unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.remedy.is_some() && !failure.to_string().contains("s3cret"), "{failure}");
        }
        assert_eq!(source("cmd:op s3cret").to_string(), "cmd:op …");
    }

    #[tokio::test]
    async fn a_file_is_read_without_the_line_ends_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let of = async |text: &[u8]| {
            std::fs::write(&path, text).unwrap();
            read(&format!("file:{}", path.display())).await
        };
        assert_eq!(of(b" a\nb \r\n\n").await.unwrap(), " a\nb ");
        assert!(of(b"\n").await.unwrap_err().contains("is empty"));
        assert!(of(b"\xff").await.unwrap_err().contains("not text"));
        assert!(of(&vec![b'a'; MOST + 1]).await.unwrap_err().contains("more than 64 KiB"));
        assert!(read("file:/nowhere/x").await.unwrap_err().starts_with("file:/nowhere/x cannot be read"));
        assert!(read("env:MCPBRIDGE_NOT_SET").await.unwrap_err().contains("env:MCPBRIDGE_NOT_SET is not set"));
        assert!(read("keychain:work").await.unwrap_err().contains("mcpbridge secret set work"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_gets_no_input_and_no_shell_and_its_failure_shows_nothing_of_it() {
        assert_eq!(read("cmd:printf '%s\\n' '$HOME a'").await.unwrap(), "$HOME a");
        assert_eq!(read("cmd:sh -c 'cat; echo s3cret; echo hint >&2'").await.unwrap(), "s3cret");
        for (text, why) in [
            ("cmd:sh -c 'echo s3cret; exit 3'", "cmd:sh … ended with exit code 3"),
            ("cmd:sh -c 'echo s3cret; kill -9 $$'", "cmd:sh … ended with signal"),
            ("cmd:true s3cret", "cmd:true … printed nothing"),
            ("cmd:mcpbridge-no-such-program s3cret", "cannot be started"),
            ("cmd:sh -c 'yes s3cret'", "prints more than 64 KiB"),
        ] {
            let failure = read(text).await.unwrap_err();
            assert!(failure.contains(why) && !failure.contains("s3cret"), "{failure}");
        }
        // Much on stderr is no reason to wait, and a service that stays is none either.
        assert_eq!(read("cmd:sh -c 'yes | head -c 300000 >&2; echo a'").await.unwrap(), "a");
        assert_eq!(read("cmd:sh -c 'sleep 60 >/dev/null & echo a'").await.unwrap(), "a");
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_command_that_waits_is_not_waited_for() {
        assert!(read("cmd:sleep 600").await.unwrap_err().contains("has not ended within 10 s"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_that_nobody_waits_for_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let text = format!("cmd:sh -c 'sh -c \"echo in; exec sleep 600\" >{}; true'", pipe.display());
        let reading = tokio::spawn(async move { read(&text).await });
        let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
        thread::spawn(move || {
            let mut file = File::open(pipe).unwrap();
            let mut buffer = [0; 16];
            while let Ok(length) = file.read(&mut buffer) {
                let _ = said.send(length);
                if length == 0 {
                    break;
                }
            }
        });
        assert_eq!(timeout(PATIENCE, heard.recv()).await.expect("the command runs"), Some(3));
        reading.abort();
        let end = timeout(PATIENCE, heard.recv()).await.expect("nothing of the command runs any more");
        assert_eq!(end, Some(0));
    }

    #[test]
    fn a_secret_that_fits_no_header_is_refused() {
        let header = |text: &str| source("env:A").header(&Secret::new(text));
        assert!(header(" a b ").is_ok_and(|value| value == "a b" && value.is_sensitive()));
        let failure = header("s3cret\nx").unwrap_err().to_string();
        assert!(failure.starts_with("env:A has a line break") && !failure.contains("s3cret"), "{failure}");
    }
}

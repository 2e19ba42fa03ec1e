//! The person at the terminal: who types lines when asked for some.

use std::future::Future;
use std::io::{self, BufRead, ErrorKind, IsTerminal};
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::bridge::signals;
use crate::failure::{Failure, Kind};

/// Lines of stdin, read from the first time that one is wanted.
#[derive(Default)]
pub struct Terminal(Option<mpsc::Receiver<Option<String>>>);

impl Terminal {
    /// Whether somebody can be asked: questions go to stderr, because a result may go to a file.
    pub fn is_there() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// The next line without its end, or `None` at the end of the input; a person who pressed Ctrl-D
    /// can be asked again. Nothing is lost when the future is dropped.
    pub async fn line(&mut self) -> Option<String> {
        self.0.get_or_insert_with(start).recv().await.flatten()
    }
}

/// Does `work` until it is done or the person presses Ctrl-C.
///
/// # Errors
/// Those of the work, and `Kind::Interrupted`.
pub fn until_interrupted<T>(runtime: Runtime, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let done = runtime.block_on(async {
        tokio::select! {
            // First, so that it is heard while something is read without an echo.
            biased;
            () = signals::interrupt() => Err(Failure::interrupted()),
            done = work => done,
        }
    });
    if done.as_ref().is_err_and(|failure| failure.kind == Kind::Interrupted) {
        // A thread that waits for a keychain or a pipe would be waited for.
        runtime.shutdown_background();
    }
    done
}

/// What is typed without an echo, within [`until_interrupted`]: a process that Ctrl-C ends would leave the terminal
/// without one. `what` is what is asked for.
///
/// # Errors
/// Ctrl-C, or the terminal cannot be read.
pub fn hidden(prompt: &str, what: &str) -> Result<String, Failure> {
    rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => {
            // The line with the question in it has no end yet.
            eprintln!();
            Failure::interrupted()
        }
        _ => unreadable(what, &error),
    })
}

/// All of a pipe at stdin; who writes into it need not have finished for [`until_interrupted`] to end. `what` is what
/// it is.
///
/// # Errors
/// It cannot be read, or is no text.
pub async fn piped(what: &str) -> Result<String, Failure> {
    let all = spawn_blocking(|| io::read_to_string(io::stdin().lock())).await;
    all.map_err(io::Error::other).flatten().map_err(|error| unreadable(what, &error))
}

fn unreadable(what: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("{what} cannot be read: {error}"))
}

/// A thread of its own, because a read of a terminal cannot be given up.
fn start() -> mpsc::Receiver<Option<String>> {
    let (typed, lines) = mpsc::channel(1);
    let _ = thread::Builder::new().name("terminal".into()).spawn(move || {
        loop {
            let mut line = String::new();
            let ended = !matches!(io::stdin().lock().read_line(&mut line), Ok(1..));
            let line = (!ended).then(|| line.trim_end_matches(['\r', '\n']).to_owned());
            if typed.blocking_send(line).is_err() || (ended && !io::stdin().is_terminal()) {
                return;
            }
        }
    });
    lines
}

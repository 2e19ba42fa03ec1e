//! The person at the terminal: who types lines when asked for some.

use std::io::{self, BufRead, IsTerminal};
use std::thread;

use tokio::sync::mpsc;

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

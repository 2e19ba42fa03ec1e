//! The signals that end a relay, and the one that ends no command.

use tokio::sync::mpsc;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The editor or the system wants the process to end.
    #[cfg(unix)]
    Terminate,
}

/// Starts to listen; signals that cannot be listened to keep their default, which ends the process.
pub fn listen() -> mpsc::Receiver<Signal> {
    let (tell, signals) = mpsc::channel(1);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::Terminate),
        ];
        for (kind, meaning) in kinds {
            if let Ok(mut stream) = signal(kind) {
                let tell = tell.clone();
                tokio::spawn(async move { while stream.recv().await.is_some() && tell.send(meaning).await.is_ok() {} });
            }
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && tell.send(Signal::Interrupt).await.is_ok() {}
    });
    signals
}

/// Waits for Ctrl-C, which ends no process by itself once this was called.
#[cfg(unix)]
pub async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::interrupt()) {
        Ok(mut stream) => stream.recv().await,
        Err(_) => std::future::pending().await,
    };
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// From now on a write beyond the limit for the size of a file (`ulimit -f`, RLIMIT_FSIZE) fails as one to
/// a full disk does. By default the system ends the process instead, by SIGXFSZ and without a word: a
/// relay in mid-call, or a helper with a token that is in no file yet. It is heard and not ignored, because
/// every program that is started from here would ignore it too.
///
/// To be called within a tokio runtime, which may end: the signal stays heard. Where it cannot be heard it
/// keeps its default.
pub fn outlive_large_files() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_second_signal_is_heard_too() {
        let mut signals = listen();
        for _ in 0..2 {
            kill_process(getpid(), Number::HUP).unwrap();
            assert_eq!(signals.recv().await, Some(Signal::Terminate));
        }
    }
}

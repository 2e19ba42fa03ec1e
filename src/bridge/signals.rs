//! The signals that end a relay.

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
                tokio::spawn(async move {
                    stream.recv().await;
                    let _ = tell.send(meaning).await;
                });
            }
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = tell.send(Signal::Interrupt).await;
        }
    });
    signals
}

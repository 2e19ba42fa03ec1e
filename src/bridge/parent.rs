//! Notices that the editor died without closing its pipes.
//!
//! Usually the end of stdin says so. But another child of the editor may have inherited the other
//! end of the pipe and keep it open, and then nobody is left who could end the relay.

/// Waits until the process that started this one is gone. Pending for ever where it was gone before
/// or cannot be watched.
pub async fn gone() {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, getppid};
        if let Some(parent) = getppid().filter(|parent| *parent != Pid::INIT) {
            end_of(parent).await;
            return;
        }
    }
    std::future::pending().await
}

/// A descriptor that becomes readable at the parent's end: nothing wakes up before.
#[cfg(target_os = "linux")]
async fn end_of(parent: rustix::process::Pid) {
    use rustix::process::{PidfdFlags, getppid, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    // SAFETY: the descriptor is owned by the AsyncFd and by nobody else until both are dropped.
    #[expect(unsafe_code, reason = "tokio has no safe way, and the owner keeps it open")]
    let watch = pidfd_open(parent, PidfdFlags::empty())
        .ok()
        .and_then(|watch| unsafe { AsyncFd::register_with_interest(watch, Interest::READABLE) }.ok());
    match watch {
        // It may have ended, and its number gone to another process, before the descriptor was open.
        Some(watch) if getppid() == Some(parent) => {
            let _ = watch.readable().await;
        }
        Some(_) => {}
        None => ticking_end_of(parent).await,
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
async fn end_of(parent: rustix::process::Pid) {
    ticking_end_of(parent).await;
}

#[cfg(unix)]
async fn ticking_end_of(parent: rustix::process::Pid) {
    while rustix::process::getppid() == Some(parent) {
        tokio::time::sleep(TICK).await;
    }
}

/// Rare enough not to keep a processor awake.
#[cfg(unix)]
const TICK: std::time::Duration = std::time::Duration::from_secs(5);

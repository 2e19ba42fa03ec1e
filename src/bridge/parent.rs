//! Notices that the editor died without closing its pipes.
//!
//! Usually the end of stdin says so. But another child of the editor may have inherited the other
//! end of the pipe and keep it open, and then nobody is left who could end the relay.

use std::time::Duration;

use tokio::time::sleep;

/// Waits until the process that started this one is gone. Pending for ever where it was gone before
/// or cannot be watched.
pub async fn gone() {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, getppid};
        let parent = getppid();
        if parent.is_some_and(|parent| parent != Pid::INIT) {
            while getppid() == parent {
                sleep(TICK).await;
            }
            return;
        }
    }
    loop {
        sleep(Duration::MAX).await;
    }
}

/// Rare enough not to keep a processor awake.
const TICK: Duration = Duration::from_secs(5);

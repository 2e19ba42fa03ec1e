//! Notices that nobody reads any more, without a write that would find it out.

use std::os::fd::BorrowedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Waits until `output`, a pipe or a socket, has lost its reader. Pending for ever where that cannot be: a file, or
/// where the system refuses to tell.
pub async fn end_of_reader(output: BorrowedFd<'static>) {
    let own = rustix::io::fcntl_dupfd_cloexec(output, super::LOWEST).ok();
    // SAFETY: the descriptor is owned by the AsyncFd and by nobody else until both are dropped.
    #[expect(unsafe_code, reason = "tokio has no safe way, and the owner keeps it open")]
    let watch = own.and_then(|own| unsafe { AsyncFd::register_with_interest(own, Interest::WRITABLE) }.ok());
    if let Some(watch) = watch {
        while let Ok(mut ready) = watch.writable().await {
            if ready.ready().is_write_closed() {
                return;
            }
            ready.clear_ready();
        }
    }
    std::future::pending().await
}

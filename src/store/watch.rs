//! Notices that an index entry has changed, whichever process changed it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::sleep;

use super::shelf::Files;
use super::{Inner, Key};

/// Notices that the index entry of one key has changed.
pub struct Watch {
    inner: Arc<Inner>,
    key: Key,
    /// What was there when it was looked at last.
    seen: Option<Vec<u8>>,
    memory: Option<Receiver<Files>>,
    #[cfg(target_os = "linux")]
    folder: inotify::Folder,
}

impl Watch {
    pub(super) fn new(inner: Arc<Inner>, key: Key) -> Watch {
        let memory = inner.index.subscribe();
        let seen = look(&inner, &key);
        Watch {
            inner,
            key,
            seen,
            memory,
            #[cfg(target_os = "linux")]
            folder: inotify::Folder::default(),
        }
    }

    /// Waits until the entry is another one than it was at the last return, or at the start. What
    /// happened while nobody waited counts. Can be dropped and called again.
    pub async fn changed(&mut self) {
        loop {
            // First, or a change between the look and the wait would be missed.
            self.arm();
            let now = look(&self.inner, &self.key);
            if now != self.seen {
                self.seen = now;
                return;
            }
            self.stir().await;
        }
    }

    fn arm(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(file) = self.inner.index.path(self.key.as_str()) {
            self.folder.arm(&file);
        }
    }

    /// Waits until something may have happened.
    async fn stir(&mut self) {
        if let Some(memory) = &mut self.memory {
            // It ends with the store, which is ours too.
            let _ = memory.changed().await;
            return;
        }
        #[cfg(target_os = "linux")]
        if self.folder.stirred().await {
            return;
        }
        sleep(LOOK).await;
    }
}

/// The bytes, because the system's times and numbers of files can repeat. What cannot be read now is
/// no change; whoever reads the grant will be told.
fn look(inner: &Inner, key: &Key) -> Option<Vec<u8>> {
    inner.index.read(key.as_str()).ok().flatten()
}

/// An idle relay must not keep a processor awake, so on Linux the kernel is asked to tell.
#[cfg(target_os = "linux")]
mod inotify {
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init, remove_watch};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// The folder of a file, or the nearest one above it that is there.
    #[derive(Default)]
    pub struct Folder {
        kernel: Option<AsyncFd<OwnedFd>>,
        watched: Option<i32>,
    }

    impl Folder {
        /// Watches the folder of `file`, again each time: it may have come, gone or been replaced.
        pub fn arm(&mut self, file: &Path) {
            if self.kernel.is_none() {
                // SAFETY: the descriptor is owned by the AsyncFd and by nobody else until both are dropped.
                #[expect(unsafe_code, reason = "tokio has no safe way, and the owner keeps it open")]
                let watch = |kernel| unsafe { AsyncFd::register_with_interest(kernel, Interest::READABLE) }.ok();
                self.kernel = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok().and_then(watch);
            }
            let Some(kernel) = &self.kernel else { return };
            let mut folder = nearest(file);
            while let Some(there) = folder {
                let before = self.watched;
                // The same number as before for the same folder.
                self.watched = add_watch(kernel.get_ref(), there, EVENTS).ok();
                if let Some(before) = before.filter(|before| Some(*before) != self.watched) {
                    let _ = remove_watch(kernel.get_ref(), before);
                }
                // One below it may have been made just before it was watched.
                folder = nearest(file).filter(|now| self.watched.is_some() && *now != there);
            }
        }

        /// Waits until something happened in the folder; `false` at once if it is not watched.
        pub async fn stirred(&self) -> bool {
            let (Some(kernel), Some(_)) = (&self.kernel, self.watched) else { return false };
            let Ok(mut ready) = kernel.readable().await else { return false };
            let mut events = [0; 4096];
            while let Ok(Ok(1..)) = ready.try_io(|kernel| Ok(rustix::io::read(kernel, &mut events)?)) {}
            true
        }
    }

    fn nearest(file: &Path) -> Option<&Path> {
        file.ancestors().skip(1).find(|folder| folder.is_dir())
    }

    /// A file is only ever put in its place by renaming it. Folders come and go.
    const EVENTS: WatchFlags = WatchFlags::MOVED_TO
        .union(WatchFlags::MOVED_FROM)
        .union(WatchFlags::CREATE)
        .union(WatchFlags::DELETE)
        .union(WatchFlags::DELETE_SELF)
        .union(WatchFlags::MOVE_SELF)
        .union(WatchFlags::ONLYDIR);
}

/// How often the entry is looked at where the system cannot tell: a running relay follows the other
/// processes within two seconds.
const LOOK: Duration = Duration::from_millis(1500);

//! Output that is written without a wait. A small answer to an editor that reads is worth it: to
//! wake the thread and hear from it costs as much as everything else that is done for the answer.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::net::SendFlags;

/// What can be written without a wait.
pub enum Door {
    /// A pipe, opened once more: O_NONBLOCK on the inherited descriptor would be the editor's too.
    Pipe(OwnedFd),
    /// A socket, which can be asked not to wait.
    Socket(BorrowedFd<'static>),
    /// A file or a terminal, or the system refuses: the thread writes.
    Closed,
}

impl Door {
    /// The door to `output`.
    pub fn to(output: BorrowedFd<'static>) -> Self {
        match fstat(output).map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            Ok(FileType::Fifo) => {
                let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
                rustix::fs::open(super::own_path(output), flags, Mode::empty()).map_or(Door::Closed, Door::Pipe)
            }
            Ok(FileType::Socket) => Door::Socket(output),
            _ => Door::Closed,
        }
    }

    /// Writes as much as goes without a wait. An error is left for the thread to meet.
    pub fn write_now(&self, bytes: &[u8]) -> usize {
        let written = match self {
            Door::Pipe(pipe) => rustix::io::write(pipe, bytes),
            Door::Socket(socket) => rustix::net::send(socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            Door::Closed => Ok(0),
        };
        written.unwrap_or(0)
    }

    /// Makes room for a large answer, which the thread writes.
    pub fn widen(&self) {
        if let Door::Pipe(pipe) = self {
            super::widen(pipe);
        }
    }
}

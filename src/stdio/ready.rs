//! Input that the loop reads itself, when there is some: no thread has to be woken for it.
//!
//! O_NONBLOCK on the inherited descriptor would be the editor's too. So a pipe is opened once more,
//! which gives flags of its own, and a socket is asked each time not to wait. RWF_NOWAIT was
//! rejected: pipes know it only since Linux 6.4.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SocketType};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A pipe or a stream socket that is read without a wait.
pub struct Ready {
    input: AsyncFd<OwnedFd>,
    is_socket: bool,
}

impl Ready {
    /// A reader of the same bytes as `input`; `None` for a file, a terminal, and where the system
    /// refuses, all of which a thread can read.
    pub fn of(input: BorrowedFd<'static>) -> Option<Self> {
        let own = super::own_path(input);
        // A pipe with a name is not one of these: opened when its writers have left, it would not
        // tell its end.
        let kind = std::fs::read_link(&own).ok()?;
        let is_socket = kind.to_str()?.starts_with("socket:");
        let again = if kind.to_str()?.starts_with("pipe:") {
            rustix::fs::open(&own, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())
        } else if is_socket && rustix::net::sockopt::socket_type(input) == Ok(SocketType::STREAM) {
            rustix::io::fcntl_dupfd_cloexec(input, super::LOWEST)
        } else {
            return None;
        };
        // SAFETY: the descriptor is owned by the AsyncFd and by nobody else until both are dropped.
        #[expect(unsafe_code, reason = "tokio has no safe way, and the owner keeps it open")]
        let input = unsafe { AsyncFd::register_with_interest(again.ok()?, Interest::READABLE) }.ok()?;
        Some(Ready { input, is_socket })
    }

    /// Appends what there is to `buffer`, as far as its capacity goes, and says how much that was;
    /// 0 is the end of the input.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.input.poll_read_ready(context))?;
            let room = buffer.capacity() - buffer.len();
            match self.read(buffer) {
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
                Ok(length) => {
                    // What was asked for and did not come is not there: epoll(7), question 9. To ask
                    // again would be one more system call for each message.
                    if length > 0 && length < room {
                        ready.clear_ready();
                    }
                    if length >= super::AT_ONCE && !self.is_socket {
                        super::widen(&self.input);
                    }
                    return Poll::Ready(Ok(length));
                }
            }
        }
    }

    fn read(&self, buffer: &mut Vec<u8>) -> rustix::io::Result<usize> {
        if self.is_socket {
            rustix::net::recv(&self.input, spare_capacity(buffer), RecvFlags::DONTWAIT).map(|(length, _)| length)
        } else {
            rustix::io::read(&self.input, spare_capacity(buffer))
        }
    }
}

//! What every test file shares: the bridge as an editor sees it, and servers whose every byte the test decides.
//!
//! No test sleeps to "give it time": each waits for a line, a request or an exit, with a deadline that a loaded
//! two-core machine keeps easily and that no healthy run comes near.
#![allow(dead_code, unused_imports, unreachable_pub)]

mod bridge;
mod http_sse;
mod legacy;
mod message;
mod server;
mod sync;

pub use bridge::{Bridge, Launch, Outcome, binary};
pub use http_sse::{HttpSse, Wire};
pub use legacy::{CAPABILITIES, Legacy, Sessions, welcome};
pub use message::*;
pub use server::{Framing, Reply, Request, Server, Sse, unused_port};
pub use sync::{Gate, Mailbox, PATIENCE};

//! What every test file shares: the bridge as an editor sees it, and servers whose every byte the test decides.
//!
//! No test sleeps to "give it time": each waits for a line, a request or an exit, with a deadline that a loaded
//! two-core machine keeps easily and that no healthy run comes near.
#![allow(dead_code, unused_imports, unreachable_pub)]

mod bridge;
#[cfg(unix)]
mod chaos;
mod chaos_http2;
#[cfg(unix)]
mod chaotic;
mod client;
mod dice;
mod doctor;
mod http_sse;
mod human;
mod killed;
mod legacy;
mod message;
#[cfg(target_os = "linux")]
mod namespace;
mod oauth;
mod processes;
mod renewal;
mod server;
mod shell;
mod sync;
mod tls;
#[cfg(unix)]
mod tty;
mod user;
mod world;

pub use bridge::{Bridge, Launch, Outcome, binary, same_environment};
#[cfg(unix)]
pub use chaos::{Chaos, Mishap};
pub use chaos_http2::{ChaosHttp2, FEW_STREAMS, Snag};
#[cfg(unix)]
pub use chaotic::{Effects, Mood, Moods, NOTES};
pub use client::{Seen, fetch, get, post_form};
pub use dice::{Dice, Seed};
pub use doctor::Findings;
pub use http_sse::{HttpSse, Wire};
pub use human::{Human, Visit, write_script};
#[cfg(target_os = "linux")]
pub use killed::{
    Call, Victims, at_each, calls, copy, has_killed, injected, is_beside, is_rename, noted, nothing_is_left_beside,
    nothing_is_locked, nothing_is_torn, paths, some,
};
pub use legacy::{CAPABILITIES, Legacy, Sessions, welcome};
pub use message::*;
#[cfg(target_os = "linux")]
pub use namespace::is_in_a_namespace;
pub use oauth::{
    Answer, Asked, Authorization, Authorize, Binding, CHALLENGE, CLIENT_CREDENTIALS, Client, DEVICE_CODE, Desk, Device,
    Endpoint, ExpiresIn, Fault, Guard, Iss, JWT_BEARER, Manners, Nonces, PROOF_CHALLENGE, Page, Place, Proof,
    Protected, Registration, Rotation, STEP_UP, State, TOKEN_EXCHANGE, Tokens, Unattended, claims, in_seconds, jwt,
};
#[cfg(target_os = "linux")]
pub use processes::{descendants, helpers, kill_the_helper, no_helper_is_left};
#[cfg(target_os = "linux")]
pub use renewal::{Keeping, Renewal};
pub use server::{Framing, Reply, Request, Server, Sse, gzip, unused_port};
pub use shell::{Shell, Told};
pub use sync::{Gate, Mailbox, PATIENCE};
pub use tls::{Authority, Front, Identity, accept_tls};
#[cfg(unix)]
pub use tty::Tty;
pub use user::User;
pub use world::{Inhabited, World, end_well, files, reaches_nothing, refusal, start, works};

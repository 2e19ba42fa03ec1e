//! The crate behind the program `mcpbridge`. It is public for tests and benches only; nothing of it
//! is a stable interface.

pub mod auth;
pub mod bridge;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod editors;
pub mod era;
pub mod failure;
pub mod http;
pub mod log;
pub mod message;
pub mod plain;
pub mod private;
pub mod record;
pub mod remote;
pub mod secret;
pub mod source;
pub mod spelling;
pub mod stdio;
pub mod store;
pub mod versions;

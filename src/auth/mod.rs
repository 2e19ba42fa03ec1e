//! How a server is signed in to: what it demands, who grants it, and what comes of it.

pub mod challenge;
pub mod discovery;
pub mod scopes;

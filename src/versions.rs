//! The versions of the protocol that are spoken here, and over what.

/// The version of the era without sessions.
pub const MODERN: &str = "2026-07-28";
/// The versions of the era of sessions, the newest first.
pub const LEGACY: [&str; 4] = [NEWEST_LEGACY, "2025-06-18", WITH_BATCHES, "2024-11-05"];
/// The last version of the era of sessions.
pub const NEWEST_LEGACY: &str = "2025-11-25";
/// The only version in which several messages may be one.
pub const WITH_BATCHES: &str = "2025-03-26";

/// A transport of the era of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Streamable HTTP, 2025-03-26 and later.
    Streamable,
    /// HTTP+SSE, 2024-11-05.
    Sse,
}

//! What time it is, as it is written down: since 1970, whatever the time zone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970; none where a clock stands before it.
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time, in seconds since 1970.
pub fn now() -> u64 {
    since_1970().as_secs()
}

/// The time, in milliseconds since 1970.
pub fn now_in_ms() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
}

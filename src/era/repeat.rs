//! The one table of what may be sent twice.

/// Whether a request may be sent again when nobody knows whether it ran. What reads only, or sets
/// the same thing again, may; everything unknown may not.
pub fn is_repeatable(method: &str) -> bool {
    matches!(
        method,
        "ping"
            | "server/discover"
            | "tools/list"
            | "prompts/list"
            | "resources/list"
            | "resources/templates/list"
            | "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "completion/complete"
            | "logging/setLevel"
            | "tasks/list"
            | "tasks/get"
    )
}

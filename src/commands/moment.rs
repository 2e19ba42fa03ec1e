//! Moments and spans of time, for a person.

use time::OffsetDateTime;

/// `seconds` since 1970, and how long ago that is. In UTC, because where the person is nobody here knows.
pub fn moment(seconds: u64, now: u64) -> String {
    format!("{} ({})", date(seconds), ago(seconds, now))
}

/// `seconds` since 1970 as a date of the Gregorian calendar. They are read from files, and may be any number.
pub fn date(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let Some(moment) = moment else { return "(no date)".to_owned() };
    let (date, time) = (moment.date(), moment.time());
    format!("{date} {:02}:{:02}:{:02} UTC", time.hour(), time.minute(), time.second())
}

/// How long ago a moment is; both are in seconds since 1970.
pub fn ago(seconds: u64, now: u64) -> String {
    format!("{} ago", span(now.saturating_sub(seconds)))
}

/// A span of time, in seconds, for a person.
pub fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..=119 => (seconds, "s"),
        120..=7199 => (seconds / 60, "min"),
        7200..=172_799 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_date() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_798_761_599, "2026-12-31 23:59:59 UTC"),
            (1_798_761_600, "2027-01-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_800, "(no date)"),
            (u64::MAX, "(no date)"),
        ] {
            assert_eq!(date(seconds), shown);
        }
        assert_eq!(moment(0, 7200), "1970-01-01 00:00:00 UTC (2 h ago)");
    }
}

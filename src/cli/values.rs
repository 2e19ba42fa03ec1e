//! Values of flags, read as people write them.

use std::time::Duration;

/// A duration as typed; `None` is no limit.
pub type Seconds = OptionalDuration;

/// A duration in seconds, where 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionalDuration(Option<Duration>);

impl OptionalDuration {
    /// The duration, `None` for no limit.
    pub fn limit(self) -> Option<Duration> {
        self.0
    }
}

pub fn seconds(text: &str) -> Result<Seconds, String> {
    match text.strip_suffix('s').unwrap_or(text).parse::<f64>() {
        Ok(0.0) => Ok(OptionalDuration(None)),
        Ok(seconds) if seconds.is_finite() && seconds >= LONGEST.as_secs_f64() => {
            Err("a number of seconds below a hundred years is expected; 0 is no limit".into())
        }
        Ok(seconds) => Duration::try_from_secs_f64(seconds)
            .map(|duration| OptionalDuration(Some(duration)))
            .map_err(|_| "a number of seconds, 0 or more, is expected".into()),
        Err(_) => Err("a number of seconds is expected".into()),
    }
}

pub fn size(text: &str) -> Result<usize, String> {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &upper[digits.len()..] {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err("a size such as 500K, 64M or 1G is expected".into()),
    };
    let number = digits.parse::<usize>().map_err(|_| "a size such as 500K, 64M or 1G is expected")?;
    match number.checked_mul(1 << shift) {
        Some(size) if size >= SMALLEST_LIMIT => Ok(size),
        None => Err("a size that this computer can count is expected, such as 1G".into()),
        Some(_) => Err(format!("a size of at least {SMALLEST_LIMIT} bytes is expected")),
    }
}

/// A pattern of names. An empty one matches none, so it would hide every tool or nothing at all.
pub fn pattern(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a pattern is expected, for example read_*".into()),
        pattern => Ok(pattern.to_owned()),
    }
}

/// A port that somebody else has to know.
pub fn port(text: &str) -> Result<u16, String> {
    match any_port(text) {
        Ok(port @ 1..) => Ok(port),
        _ => Err("a number from 1 to 65535 is expected".into()),
    }
}

/// A port, or 0 for one that is free.
pub fn any_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "a number from 0 to 65535 is expected".into())
}

/// How many.
pub fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 1..) => Ok(count),
        _ => Err("a number, 1 or more, is expected".into()),
    }
}

/// A century: clocks cannot count arbitrarily far.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
/// A limit below this cannot pass an ordinary `initialize`.
const SMALLEST_LIMIT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_seconds_are_read_as_people_write_them() {
        assert_eq!(
            (size("64M"), size("1024"), size("2 KiB".replace(' ', "").as_str())),
            (Ok(64 << 20), Ok(1024), Ok(2048))
        );
        assert_eq!((size("2kb"), size("1024b"), size("1GiB")), (Ok(2048), Ok(1024), Ok(1 << 30)));
        for text in ["1IIB", "1GBB", "1024I", "1024IB", "1BK", "64MM", "K", "", "1T", "1é"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(seconds("5s").unwrap().limit(), Some(Duration::from_secs(5)));
        for text in ["5sss", "s", "", "5 s", "5m"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(size("0").is_err() && size("x").is_err() && size("99999999999G").is_err());
        assert_eq!(seconds("1.5").unwrap().limit(), Some(Duration::from_millis(1500)));
        assert_eq!(seconds("0").unwrap().limit(), None);
        assert!(seconds("-1").is_err() && seconds("inf").is_err());
        for text in ["1e30", "1e300", "99999999999"] {
            assert!(seconds(text).unwrap_err().contains("below a hundred years"), "{text}");
        }
        assert!(!size("99999999999G").unwrap_err().contains("at least"));
        assert_eq!((port("3334"), any_port("0"), count("1")), (Ok(3334), Ok(0), Ok(1)));
        assert!(port("0").is_err() && port("65536").is_err() && any_port("x").is_err() && count("0").is_err());
    }
}

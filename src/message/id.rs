//! The id of a request: compared by value, written as it was spelled.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::value::RawValue;

/// A JSON-RPC id. Two ids are equal when JSON says that they are the same value (`1` and `1.0`,
/// `"a"` and `"\u0061"`); what is written is always the spelling of the first sender.
#[derive(Clone, Debug)]
pub struct Id {
    spelled: Arc<str>,
    /// The canonical form, where the spelling is not canonical itself.
    canonical: Option<Arc<str>>,
}

impl Id {
    /// Reads the JSON text of a string or a number; anything else is no id.
    pub fn parse(spelled: &str) -> Option<Self> {
        // Nearly every id.
        let short = spelled.len() <= SHORT && spelled.bytes().all(|byte| byte.is_ascii_digit());
        if short && (spelled == "0" || !spelled.starts_with('0')) && !spelled.is_empty() {
            return Some(Id { spelled: spelled.into(), canonical: None });
        }
        // What is written as an id must be JSON, wherever it was read.
        serde_json::from_str::<&RawValue>(spelled).ok()?;
        let canonical = match spelled.as_bytes().first()? {
            // A lone surrogate cannot be decoded; then only the same spelling is the same id.
            b'"' if spelled.contains('\\') => {
                serde_json::from_str::<String>(spelled).ok().map(|text| serde_json::Value::from(text).to_string())
            }
            b'"' => None,
            b'-' | b'0'..=b'9' => number(spelled),
            _ => return None,
        };
        let canonical = canonical.filter(|canonical| canonical != spelled).map(Into::into);
        Some(Id { spelled: spelled.into(), canonical })
    }

    /// An id of the bridge's own. `text` needs no escapes.
    pub fn own(text: &str) -> Self {
        Id { spelled: format!("\"{text}\"").into(), canonical: None }
    }

    /// The JSON text, as its first sender wrote it.
    pub fn spelled(&self) -> &str {
        &self.spelled
    }

    /// Whether a peer that keeps numbers as IEEE doubles could have answered with `other` to this.
    pub fn is_nearly(&self, other: &Id) -> bool {
        match (self.spelled.parse::<f64>(), other.spelled.parse::<f64>()) {
            (Ok(mine), Ok(others)) => mine == others,
            _ => self == other,
        }
    }

    /// Whether it is a number with so many digits that an IEEE double may hold another one in its place.
    pub fn may_be_rounded(&self) -> bool {
        self.spelled.len() > DIGITS_OF_A_DOUBLE && !self.spelled.starts_with('"')
    }

    fn key(&self) -> &str {
        self.canonical.as_deref().unwrap_or(&self.spelled)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Id {}

/// An order in which ids can be found again; it means nothing.
impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One spelling for each value: digits without needless zeros, and a power of ten if there must
/// be one. Exact for numbers of any size, which a float is not. `None` for a power that cannot be
/// counted with; then only the same spelling is the same id.
fn number(spelled: &str) -> Option<String> {
    let (mantissa, exponent) = spelled.split_once(['e', 'E']).unwrap_or((spelled, "0"));
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let shift = (digits.len() - significant.len()) as i64 - fraction.len() as i64;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Some("0".into());
    }
    let power = exponent.parse::<i64>().ok()?.checked_add(shift)?;
    Some(match power {
        0..=40 => format!("{sign}{significant}{}", "0".repeat(power as usize)),
        _ => format!("{sign}{significant}e{power}"),
    })
}

/// Up to so many digits, every number is a double of its own.
const DIGITS_OF_A_DOUBLE: usize = 15;
/// Up to so many digits, a whole number is written in one way.
const SHORT: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(spelled: &str) -> Id {
        Id::parse(spelled).unwrap()
    }

    #[test]
    fn ids_are_compared_by_value_and_kept_as_spelled() {
        for (left, right) in [("1", "1.0"), ("100", "1e2"), ("0", "-0.0"), ("0.5", "5e-1"), (r#""a""#, r#""\u0061""#)] {
            assert_eq!(id(left), id(right), "{left} {right}");
            assert_eq!(id(right).spelled(), right);
        }
        for (left, right) in [("1", r#""1""#), ("9007199254740993", "9007199254740992"), ("1e400", "1e401")] {
            assert_ne!(id(left), id(right), "{left} {right}");
        }
        assert_eq!(id("0e99999999999999999999"), id("0"));
        for (left, right) in [
            ("10e9223372036854775807", "1e-9223372036854775808"),
            ("1.5e-9223372036854775808", "15e9223372036854775807"),
            ("1e-99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(id(left), id(left), "{left}");
            assert_ne!(id(left), id(right), "{left} {right}");
        }
        assert!(Id::parse("true").is_none() && Id::parse("[1]").is_none() && Id::parse("").is_none());
    }

    #[test]
    fn a_rounded_number_is_nearly_the_same() {
        assert!(id("9007199254740993").is_nearly(&id("9007199254740992")));
        assert!(id("9007199254740993").may_be_rounded() && !id("900719925474099").may_be_rounded());
        assert!(!id(r#""9007199254740993""#).may_be_rounded());
        assert!(!id("1").is_nearly(&id("2")) && !id(r#""a""#).is_nearly(&id("1")));
    }
}

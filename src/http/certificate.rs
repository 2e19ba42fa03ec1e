//! Whose a certificate is and who issued it, read for a sentence. Nothing is trusted because of it:
//! that is the verifier's work, which does not say the names. A library for all of X.509 would be many
//! times this.

/// The names in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// When it expires, in seconds since 1970; `None` where that cannot be read.
    pub until: Option<u64>,
}

/// The names in a certificate (RFC 5280, section 4.1); `None` if it is none.
pub fn names(der: &[u8]) -> Option<Names> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version is optional, and tagged.
    let (tag, _, behind) = element(rest)?;
    if tag == 0xa0 {
        rest = behind;
    }
    let (_, _, rest) = element(rest)?; // serial number
    let (_, _, rest) = element(rest)?; // signature
    let (_, issuer, rest) = element(rest)?;
    let (_, validity, rest) = element(rest)?;
    let (_, subject, _) = element(rest)?;
    Some(Names { subject: name(subject), issuer: name(issuer), until: until(validity) })
}

/// The second of the two times in a validity, in seconds since 1970.
fn until(validity: &[u8]) -> Option<u64> {
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // RFC 5280, section 4.1.2.5: two digits of a year up to 2049, four from then on.
    let (year, rest) = match tag {
        UTC_TIME if text.len() == 12 => {
            let year: u64 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        GENERALIZED_TIME if text.len() == 14 => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<u64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    if year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    Some(days(year, month, day) * 86_400 + part(4)? * 3600 + part(6)? * 60 + part(8)?)
}

/// Days since 1970 of a date of the Gregorian calendar. Years that begin in March end with the leap day.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - DAYS_BEFORE
}

/// The common name and the organisation of a name, as far as it has them.
fn name(mut der: &[u8]) -> String {
    let (mut common, mut organisation) = (None, None);
    while let Some((_, set, rest)) = element(der) {
        der = rest;
        let Some((_, attribute, _)) = element(set) else { continue };
        let Some((_, kind, value)) = element(attribute) else { continue };
        let Some((tag, text, _)) = element(value) else { continue };
        match kind {
            COMMON_NAME => common = Some(string(tag, text)),
            ORGANISATION => organisation = Some(string(tag, text)),
            _ => {}
        }
    }
    match (common, organisation) {
        (Some(common), Some(organisation)) if common != organisation => format!("{common:?} ({organisation})"),
        (Some(one), _) | (None, Some(one)) => format!("{one:?}"),
        (None, None) => "somebody without a name".into(),
    }
}

/// A text of any of the types that certificates use, without what would break a line, and not long.
fn string(tag: u8, bytes: &[u8]) -> String {
    let text = match tag {
        BMP_STRING => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The first element in `der`: its tag, what is in it, and what is behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // At most four bytes: no certificate has more than 4 GiB.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (inside, behind) = rest.split_at_checked(length)?;
    Some((tag, inside, behind))
}

/// `id-at-commonName` and `id-at-organizationName`, encoded.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
/// The types of a time.
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Days from the 1st of March of the year 0 to 1970.
const DAYS_BEFORE: u64 = 719_468;
/// The type of strings in UTF-16.
const BMP_STRING: u8 = 0x1e;
/// Characters of a name that are shown.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    use super::*;

    fn certificate(names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_names_of_a_certificate_are_its_common_name_and_its_organisation() {
        let text = |text: &str| DnValue::Utf8String(text.to_owned());
        for (parts, told) in [
            (vec![(DnType::CommonName, text("ä"))], "\"ä\""),
            (vec![(DnType::OrganizationName, text("B")), (DnType::CommonName, text("a"))], "\"a\" (B)"),
            (vec![(DnType::CommonName, DnValue::BmpString("ü".try_into().unwrap()))], "\"ü\""),
            (vec![(DnType::CountryName, text("DE"))], "somebody without a name"),
            (vec![(DnType::CommonName, text("a\nb\u{1b}"))], "\"ab\""),
        ] {
            let found = names(&certificate(&parts)).unwrap();
            assert_eq!((found.subject.as_str(), found.issuer.as_str()), (told, told));
        }
    }

    #[test]
    fn a_certificate_expires_when_it_says() {
        for (date, seconds) in [
            ((2021, 2, 3), 1_612_310_400),
            ((2024, 2, 29), 1_709_164_800),
            ((2049, 12, 31), 2_524_521_600),
            ((2050, 1, 1), 2_524_608_000),
            ((2400, 3, 1), 13_574_649_600),
        ] {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(date.0, date.1, date.2);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            assert_eq!(names(certificate.der()).unwrap().until, Some(seconds), "{date:?}");
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_read_without_harm() {
        let whole = certificate(&[(DnType::CommonName, DnValue::Utf8String("a".to_owned()))]);
        for cut in 0..whole.len() {
            assert_eq!(names(&whole[..cut]), None, "cut at {cut}");
        }
        for at in 0..whole.len().min(200) {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            let _ = names(&damaged);
        }
    }
}

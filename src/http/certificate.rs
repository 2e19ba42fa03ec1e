//! Whose a certificate is and who issued it, read for a sentence. Nothing is trusted because of it:
//! that is the verifier's work, which does not say the names. A library for all of X.509 would be many
//! times this.

/// The names in a certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
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
    let (_, _, rest) = element(rest)?; // validity
    let (_, subject, _) = element(rest)?;
    Some(Names { subject: name(subject), issuer: name(issuer) })
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
            let both = Names { subject: told.to_owned(), issuer: told.to_owned() };
            assert_eq!(names(&certificate(&parts)), Some(both));
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

//! `WWW-Authenticate`: what was read and is written by the grammar says the same.

use http::{HeaderMap, HeaderValue, header};
use mcpbridge::auth::challenge::{Bearer, bearer};

/// Each line of the input is a header.
pub fn challenge(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(8) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(header::WWW_AUTHENTICATE, value);
        }
    }
    let Some(read) = bearer(&headers) else { return };
    let Ok(value) = HeaderValue::from_bytes(written(&read).as_bytes()) else {
        panic!("a value of a header has what no header can have: {read:?}");
    };
    assert_eq!(bearer(&HeaderMap::from_iter([(header::WWW_AUTHENTICATE, value)])), Some(read));
}

fn written(read: &Bearer) -> String {
    let said = [
        ("resource_metadata", &read.resource_metadata),
        ("scope", &read.scope),
        ("error", &read.error),
        ("error_description", &read.error_description),
    ];
    let Some(dpop) = &read.dpop else { return challenge_of("Bearer", &said) };
    let algorithms = ("algs", &dpop.algorithms);
    let own = [algorithms, ("error", &dpop.error), ("error_description", &dpop.error_description)];
    if !dpop.alone {
        format!("{}, {}", challenge_of("Bearer", &said), challenge_of("DPoP", &own))
    } else if (&read.error, &read.error_description) == (&dpop.error, &dpop.error_description) {
        challenge_of("DPoP", &[&said[..], &[algorithms]].concat())
    } else {
        format!("{}, {}", challenge_of("DPoP", &own), challenge_of("DPoP", &said))
    }
}

fn challenge_of(scheme: &str, parameters: &[(&str, &Option<String>)]) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters =
        parameters.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"", quoted(value.as_ref()?))));
    format!("{scheme} {}", parameters.collect::<Vec<_>>().join(", "))
}

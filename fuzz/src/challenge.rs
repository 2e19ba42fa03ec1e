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

fn written(bearer: &Bearer) -> String {
    let parameters = [
        ("resource_metadata", &bearer.resource_metadata),
        ("scope", &bearer.scope),
        ("error", &bearer.error),
        ("error_description", &bearer.error_description),
    ];
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters =
        parameters.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"", quoted(value.as_ref()?))));
    format!("Bearer {}", parameters.collect::<Vec<_>>().join(", "))
}

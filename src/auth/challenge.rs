//! What a server says in `WWW-Authenticate`, read by the grammar of RFC 9110, section 11.6.1.

use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

/// A challenge that asks for a token (RFC 6750, section 3; RFC 9728, section 5.1; RFC 9449, section 7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// Where the metadata of the protected resource are; may be relative.
    pub resource_metadata: Option<String>,
    /// The scopes that the request needs, separated by spaces.
    pub scope: Option<String>,
    /// The code of the error, such as `insufficient_scope`.
    pub error: Option<String>,
    /// The error in words.
    pub error_description: Option<String>,
    /// What is said of proofs, if the server takes tokens that are bound to a key.
    #[serde(default)]
    pub dpop: Option<Dpop>,
}

/// What a `DPoP` challenge says beside what every challenge does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dpop {
    /// The algorithms that a proof may be signed with, separated by spaces.
    pub algorithms: Option<String>,
    /// The code of its own error, such as `use_dpop_nonce`.
    pub error: Option<String>,
    /// That error in words.
    pub error_description: Option<String>,
    /// Whether a token is taken with a proof only: there is no `Bearer` challenge beside it.
    pub alone: bool,
}

/// The challenge in `headers` that asks for a token. Of several, the first that says where the metadata
/// are: it is the one that leads on. `None` if there is none, as with a server that wants an API key.
pub fn bearer(headers: &HeaderMap) -> Option<Bearer> {
    let mut found: Vec<Found> = Vec::new();
    for value in headers.get_all(header::WWW_AUTHENTICATE) {
        // What is no UTF-8 can only stand in a quoted text, and replacing it there harms nothing.
        challenges(&String::from_utf8_lossy(value.as_bytes()), &mut found);
    }
    let alone = found.iter().all(|challenge| challenge.proves);
    let dpop = found.iter().find(|challenge| challenge.proves).map(|Found { said, algorithms, .. }| Dpop {
        algorithms: algorithms.clone(),
        error: said.error.clone(),
        error_description: said.error_description.clone(),
        alone,
    });
    let best = found.iter().position(|challenge| challenge.said.resource_metadata.is_some()).unwrap_or(0);
    (best < found.len()).then(|| Bearer { dpop, ..found.swap_remove(best).said })
}

/// One challenge.
#[derive(Default)]
struct Found {
    /// Its scheme is `DPoP`.
    proves: bool,
    said: Bearer,
    algorithms: Option<String>,
}

/// Appends the challenges in one header that ask for a token.
fn challenges(text: &str, found: &mut Vec<Found>) {
    let mut rest = Rest(text);
    // Whether the parameters that come now belong to the last one in `found`.
    let mut ours = false;
    loop {
        let after_comma = rest.skip_to_item();
        let word = rest.take(is_token);
        if word.is_empty() {
            // Not a token: whatever it is, it ends at the next comma that is not in quotes.
            if !rest.skip_item() {
                return;
            }
            continue;
        }
        if let Some(value) = rest.value() {
            if let Some(challenge) = found.last_mut().filter(|_| ours) {
                challenge.note(word, value);
            }
        } else if after_comma {
            let proves = word.eq_ignore_ascii_case("dpop");
            ours = proves || word.eq_ignore_ascii_case("bearer");
            if ours {
                found.push(Found { proves, ..Found::default() });
            }
            rest.skip_token68();
        }
    }
}

impl Found {
    fn note(&mut self, name: &str, value: String) {
        let place = match name.to_ascii_lowercase().as_str() {
            "resource_metadata" => &mut self.said.resource_metadata,
            "scope" => &mut self.said.scope,
            "error" => &mut self.said.error,
            "error_description" => &mut self.said.error_description,
            "algs" => &mut self.algorithms,
            _ => return,
        };
        // A parameter may stand there once only; what somebody appended does not replace it.
        place.get_or_insert(value);
    }
}

/// What is left to read of a header.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The longest beginning of characters that `belong`.
    fn take(&mut self, belong: fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !belong(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// Goes to the next item, and says whether a new challenge may begin there: at the start, and
    /// after a comma. Some servers forget the commas between parameters, never those between
    /// challenges.
    fn skip_to_item(&mut self) -> bool {
        let passed = self.take(|c| is_space(c) || c == ',');
        passed.contains(',') || !passed.starts_with(is_space)
    }

    /// Leaves out the rest of an item; whether anything follows.
    fn skip_item(&mut self) -> bool {
        let mut quoted = false;
        let mut escaped = false;
        for (at, c) in self.0.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                ',' if !quoted => {
                    self.0 = &self.0[at..];
                    return true;
                }
                _ => {}
            }
        }
        self.0 = "";
        false
    }

    /// The value of a parameter whose name has just been read, `None` if it was no parameter.
    fn value(&mut self) -> Option<String> {
        let after = self.0.trim_start_matches(is_space).strip_prefix('=')?.trim_start_matches(is_space);
        self.0 = after;
        match after.strip_prefix('"') {
            Some(inside) => Some(self.quoted(inside)),
            // URLs are no tokens, and stand there without quotes all the same.
            None => Some(self.take(|c| !is_space(c) && c != ',').to_owned()),
        }
    }

    /// A quoted text without its quotes and escapes. One that is not closed goes to the end.
    fn quoted(&mut self, inside: &'a str) -> String {
        let mut value = String::new();
        let mut chars = inside.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => value.extend(chars.next()),
                c => value.push(c),
            }
        }
        self.0 = chars.as_str();
        value
    }

    /// Leaves out the `token68` that some schemes have in place of parameters.
    fn skip_token68(&mut self) {
        let start = self.0;
        self.take(is_space);
        self.take(is_token68);
        self.take(|c| c == '=');
        let whole = self.0.trim_start_matches(is_space);
        if !whole.is_empty() && !whole.starts_with(',') {
            self.0 = start;
        }
    }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn is_token68(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/".contains(c)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_challenge_is_found_however_it_is_written() {
        let metadata = "https://h.example/.well-known/x";
        for text in [
            r#"Bearer resource_metadata="https://h.example/.well-known/x", scope="a b""#,
            r#"bearer Resource_Metadata="https://h.example/.well-known/x",SCOPE="a b""#,
            r#"BEARER realm="x, Basic", scope = "a b" , resource_metadata = "https://h.example/.well-known/x""#,
            r#"Basic realm="a", Bearer scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"Negotiate, Bearer scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"NTLM TlRMTVNTUAAC==, Bearer scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer scope="a b", resource_metadata="https://h.example/.well-known/x", Digest nonce="x", scope="z""#,
            r#"Digest qop="auth, auth-int", Bearer scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer scope="a b", resource_metadata=https://h.example/.well-known/x"#,
            r#"Bearer scope="a b" resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer scope="a\ b", resource_metadata="https:\/\/h.example/.well-known/x""#,
            r#",, Bearer  scope="a b",, resource_metadata="https://h.example/.well-known/x" ,"#,
            r#"Bearer realm="a \"b\", Bearer scope=c", scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer scope="a b", scope="c", resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer @@@ "x, y", scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"scope="none", Bearer scope="a b", resource_metadata="https://h.example/.well-known/x""#,
            r#"Bearer scope="a b", resource_metadata="https://h.example/.well-known/x"#,
        ] {
            let challenge = parsed(&[text]).unwrap_or_else(|| panic!("none in {text}"));
            assert_eq!(challenge.resource_metadata.as_deref(), Some(metadata), "{text}");
            assert_eq!(challenge.scope.as_deref(), Some("a b"), "{text}");
        }
    }

    #[test]
    fn each_parameter_is_kept() {
        let text = r#"Bearer error="insufficient_scope", error_description="say \"please\"", scope=a"#;
        let expected = Bearer {
            resource_metadata: None,
            scope: Some("a".into()),
            error: Some("insufficient_scope".into()),
            error_description: Some("say \"please\"".into()),
            dpop: None,
        };
        assert_eq!(parsed(&[text]), Some(expected));
    }

    #[test]
    fn of_several_challenges_the_one_that_leads_on_is_taken() {
        let expected = Bearer { resource_metadata: Some("/m".into()), ..Bearer::default() };
        assert_eq!(parsed(&["Basic x=y", "Bearer", r#"Bearer resource_metadata="/m""#]), Some(expected.clone()));
        assert_eq!(parsed(&[r#"Bearer realm="x", Bearer resource_metadata="/m""#]), Some(expected));
        assert_eq!(parsed(&["Bearer"]), Some(Bearer::default()));
        assert_eq!(parsed(&["Bearer realm"]), Some(Bearer::default()));
    }

    #[test]
    fn a_challenge_for_a_proof_is_one_and_says_whether_it_stands_alone() {
        let alone = parsed(&[r#"dpop error="use_dpop_nonce", algs="ES256 PS256", resource_metadata="/m""#]).unwrap();
        let dpop = Dpop {
            algorithms: Some("ES256 PS256".into()),
            error: Some("use_dpop_nonce".into()),
            error_description: None,
            alone: true,
        };
        assert_eq!((alone.resource_metadata.as_deref(), alone.dpop), (Some("/m"), Some(dpop)));
        let both =
            parsed(&[r#"Bearer resource_metadata="/m", error="invalid_token", DPoP error="invalid_dpop_proof""#]);
        let both = both.unwrap();
        assert_eq!(both.error.as_deref(), Some("invalid_token"));
        let dpop = both.dpop.unwrap();
        assert_eq!((dpop.error.as_deref(), dpop.alone), (Some("invalid_dpop_proof"), false));
        assert_eq!(parsed(&["DPoP", r#"Bearer scope="a""#]).unwrap().dpop.map(|dpop| dpop.alone), Some(false));
    }

    #[test]
    fn other_schemes_and_rubbish_are_no_challenge() {
        for text in
            ["", " ", ",", "Basic realm=\"Bearer\"", "Bearerx scope=a", "\"Bearer scope=a", "=Bearer", "Basic Bearer"]
        {
            assert_eq!(parsed(&[text]), None, "{text}");
        }
        assert_eq!(parsed(&[]), None);
    }

    #[test]
    fn no_bytes_and_no_cut_of_them_panic() {
        let whole = b"Basic a==, Bearer scope=\"\\\"\xc3\xa4\\\\, b\xff\", x=y z, resource_metadata = \"/m\\";
        for cut in 0..=whole.len() {
            for other in 0..=cut {
                let header = HeaderValue::from_bytes(&whole[other..cut]);
                let headers = HeaderMap::from_iter([(header::WWW_AUTHENTICATE, header.unwrap())]);
                bearer(&headers);
            }
        }
        // Every text of four characters that mean something to the grammar.
        let marks = [',', ' ', '=', '"', '\\', 'B', '\u{e4}'];
        for number in 0..marks.len().pow(4) {
            let text: String = (0..4).map(|place| marks[number / marks.len().pow(place) % marks.len()]).collect();
            parsed(&[&format!("Bearer {text}")]);
            parsed(&[&format!("{text}Bearer x")]);
        }
    }

    fn parsed(texts: &[&str]) -> Option<Bearer> {
        let value = |text: &&str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        bearer(&texts.iter().map(|text| (header::WWW_AUTHENTICATE, value(text))).collect())
    }
}

//! What a grant is kept under.

use std::fmt;

use sha2::{Digest, Sha256};
use url::Url;

/// What a grant is kept under: the server, the resource that was given for it, and the account. Never
/// headers or ports of ours, which change without anybody being signed out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of `account` at the server `url`. Without fragment and user info, which are not sent
    /// or are a credential themselves. `resource` is the one that the person gave, if any.
    pub fn new(url: &Url, resource: Option<&str>, account: Option<&str>) -> Key {
        let mut url = url.clone();
        url.set_fragment(None);
        // These fail where there can be none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Key(digest(&[Some(url.as_str()), resource, account]))
    }

    /// Sixty-four hexadecimal digits: a name for files and keychain items that tells nothing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that is spelled so, if it is one.
    pub fn spelled(text: &str) -> Option<Key> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digit)).then(|| Key(text.to_owned()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", &self.0)
    }
}

/// SHA-256 of `parts`, in hexadecimal digits. Written as JSON first, so that no two lists are alike.
pub(super) fn digest(parts: &[Option<&str>]) -> String {
    let text = serde_json::json!(parts).to_string();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_server_the_resource_and_the_account() {
        let key = |url: &str, resource, account| Key::new(&url.parse().unwrap(), resource, account);
        let plain = key("https://example.com/mcp?tenant=1", None, None);
        // The same server, spelled otherwise.
        assert_eq!(plain, key("HTTPS://EXAMPLE.com:443/a/../mcp?tenant=1#part", None, None));
        assert_eq!(plain, key("https://user:pass@example.com/mcp?tenant=1", None, None));
        assert_eq!(Key::spelled(plain.as_str()), Some(plain.clone()));
        let others = [
            key("https://example.com/mcp?tenant=2", None, None),
            key("https://example.com/mcp/?tenant=1", None, None),
            key("http://example.com/mcp?tenant=1", None, None),
            key("https://example.com:444/mcp?tenant=1", None, None),
            key("https://example.com/mcp?tenant=1", Some("a"), None),
            key("https://example.com/mcp?tenant=1", None, Some("a")),
            key("https://example.com/mcp?tenant=1", Some(""), None),
            key("https://example.com/mcp?tenant=1", Some("a\",\"b"), None),
            key("https://example.com/mcp?tenant=1", Some("a"), Some("b")),
        ];
        for (index, other) in others.iter().enumerate() {
            assert!(*other != plain && !others[..index].contains(other), "{index}");
        }
    }
}

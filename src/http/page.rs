//! Web pages in place of answers: the URL is that of a site, or a network wants somebody to sign in
//! before it lets anything through (a captive portal), and answers everything with a page of its own.

use http::{HeaderMap, header};

/// Whether a body is a web page, by its type or by its beginning.
pub fn is_web_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    begins(kind, &KINDS) || begins_as_web_page(body)
}

/// Whether a body is a web page, whatever it is called: some servers call all that they say HTML.
pub fn begins_as_web_page(body: &[u8]) -> bool {
    begins(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii_start(), &BEGINNINGS)
}

fn begins(text: &[u8], with: &[&str]) -> bool {
    with.iter().any(|known| text.get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known.as_bytes())))
}

/// The remedy where a web page stands in place of an MCP answer.
pub const WRONG_PLACE: &str = "is this the MCP URL, or does a network want you to sign in first?";
/// The remedy where the address is right beyond doubt.
pub const IN_THE_WAY: &str = "does a network want you to sign in first? Then do that in a browser, and try again";

const KINDS: [&str; 2] = ["text/html", "application/xhtml+xml"];
const BEGINNINGS: [&str; 7] = ["<!doctype html", "<html", "<head", "<body", "<meta", "<script", "<!--"];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_web_page_is_known_by_its_type_or_its_beginning() {
        for (kind, body, is_page) in [
            ("text/html; charset=utf-8", "", true),
            ("Text/HTML", "ok", true),
            ("application/xhtml+xml", "<?xml", true),
            ("application/json", " \n<!DOCTYPE html><p>", true),
            ("", "\u{feff}<HTML>", true),
            ("text/plain", "<meta http-equiv=\"refresh\">", true),
            ("application/json", r#"{"error":"<html>"}"#, false),
            ("text/plain", "html", false),
            ("application/xml", "<Error><Code>AccessDenied</Code></Error>", false),
            ("", "", false),
        ] {
            let mut headers = HeaderMap::new();
            if !kind.is_empty() {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            assert_eq!(is_web_page(&headers, body.as_bytes()), is_page, "{kind} {body}");
        }
    }
}

//! What a person sees in the browser when it comes back: pages without scripts, and with nothing
//! that has to be fetched from anywhere.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use url::Url;

use super::is_unprintable;
use crate::http::shown;
use crate::plain;

/// A page and the status that it is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The document.
    pub html: String,
}

impl Page {
    /// The sign-in is through, tokens and all: `editor`, if it is known, can use `server`.
    pub fn success(server: &Url, editor: Option<&str>) -> Self {
        let lead = match editor {
            Some(editor) => format!("<strong>{}</strong> can use this server now:", escaped(editor)),
            None => "Your editor can use this server now:".to_owned(),
        };
        let body = format!("<p>{lead}</p>\n<p class=\"box\">{}</p>\n{CLOSE}", escaped(&shown(server)));
        page(200, Mood::Good, "You are signed in", &body)
    }

    /// The sign-in to `server` came to nothing, because of `why`; `command` begins it again.
    pub fn refusal(server: &Url, why: &str, command: &str) -> Self {
        let mut body = format!(
            "<p>The sign-in to this server did not work:</p>\n<p class=\"box\">{}</p>\n",
            escaped(&shown(server))
        );
        let _ = writeln!(body, "<p class=\"why\">{}</p>", sentence(why));
        let _ = write!(
            body,
            "<p>To try again, run this in a terminal:</p>\n<pre class=\"box\"><code>{}</code></pre>",
            escaped(command)
        );
        page(400, Mood::Bad, "You are not signed in", &body)
    }

    /// The sign-in ended before it was through.
    pub fn interrupted() -> Self {
        let body = "<p>mcpbridge stopped before this sign-in was through.</p>\n\
                    <p>To try again, run <code>mcpbridge login</code> with the name or URL of the server.</p>";
        page(503, Mood::Bad, "You are not signed in", body)
    }

    /// A request that has nothing to do with a sign-in; `why` says what is wrong with it.
    pub fn stranger(status: u16, why: &str) -> Self {
        let body = format!(
            "<p class=\"why\">{}</p>\n<p>If a sign-in is under way, it goes on: finish it in the page where it began.</p>",
            sentence(why)
        );
        page(status, Mood::Neutral, "Nothing to see here", &body)
    }
}

/// The headers of every page. The hash stands for the one style that there is; nothing else may be
/// loaded, run, framed or sent.
pub fn headers() -> [(&'static str, String); 6] {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    [
        ("Content-Type", "text/html; charset=utf-8".into()),
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store".into()),
        ("Referrer-Policy", "no-referrer".into()),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Cross-Origin-Opener-Policy", "same-origin".into()),
    ]
}

/// What a page is like.
enum Mood {
    Good,
    Bad,
    Neutral,
}

fn page(status: u16, mood: Mood, title: &str, body: &str) -> Page {
    let (class, mark) = match mood {
        Mood::Good => ("good", r#"<path d="M14 25.5l7 7 14-16"/>"#),
        Mood::Bad => ("bad", r#"<path d="M16.5 16.5l15 15m0-15l-15 15"/>"#),
        Mood::Neutral => ("neutral", r#"<path d="M24 13v13m0 8.5v.5"/>"#),
    };
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title} – mcpbridge</title>
<style>{STYLE}</style>
</head>
<body>
<main class="{class}">
<svg class="mark" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true"><circle cx="24" cy="24" r="24"/>{mark}</svg>
<h1>{title}</h1>
{body}
</main>
<footer>mcpbridge</footer>
</body>
</html>
"#
    );
    Page { status, html }
}

/// `text` as a sentence: escaped, with a capital and a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut rest = text.chars();
    let first: String = rest.next().map(char::to_uppercase).into_iter().flatten().collect();
    escaped(&format!("{first}{}.", rest.as_str()))
}

/// `text` from outside: no markup, and nothing that cannot be seen.
fn escaped(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_unprintable(*c)).take(LONGEST).collect();
    plain::escaped(&seen)
}

const CLOSE: &str = "<p class=\"close\">You can close this page.</p>";

/// Characters from outside in one place. Longer is no name, address or reason.
const LONGEST: usize = 2000;

const STYLE: &str = "
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --card: #ffffff; --ink: #1c2430; --soft: #566173; --line: #dde1e8; --inset: #f4f5f7;
  --good: #12805c; --good-soft: #e2f4ec; --bad: #b3261e; --bad-soft: #fbe9e7; --calm: #56657d; --calm-soft: #e9edf3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101319; --card: #191e27; --ink: #e7ebf2; --soft: #a3aebf; --line: #2c3441; --inset: #11151c;
    --good: #56d3a1; --good-soft: #143428; --bad: #ff9d92; --bad-soft: #402120; --calm: #a9b8d0; --calm-soft: #252e3c;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; min-height: 100svh; padding: 1.5rem 1rem;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 1.25rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif;
}
main {
  width: 100%; max-width: 32rem; padding: 2.25rem 2rem 2rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 12px 32px rgb(0 0 0 / 7%);
}
.mark { display: block; width: 3.25rem; height: 3.25rem; margin-bottom: 1.25rem; fill: none; stroke-linecap: round; stroke-linejoin: round; }
.mark circle { stroke: none; }
.mark path { stroke-width: 3.5; }
.good .mark circle { fill: var(--good-soft); } .good .mark path { stroke: var(--good); }
.bad .mark circle { fill: var(--bad-soft); } .bad .mark path { stroke: var(--bad); }
.neutral .mark circle { fill: var(--calm-soft); } .neutral .mark path { stroke: var(--calm); }
h1 { margin-bottom: .6rem; font-size: 1.55rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; text-wrap: balance; }
p { color: var(--soft); overflow-wrap: anywhere; }
p + p, p + pre, pre + p { margin-top: .75rem; }
strong { color: var(--ink); font-weight: 600; }
.box, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, \"Liberation Mono\", monospace; color: var(--ink); }
.box {
  padding: .65rem .85rem; background: var(--inset); border: 1px solid var(--line); border-radius: .6rem;
  font-size: .9rem; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all;
}
.why { color: var(--ink); }
.close { margin-top: 1.5rem; }
footer { color: var(--soft); font-size: .85rem; }
@media (max-width: 30rem) { main { padding: 1.75rem 1.25rem 1.5rem; } h1 { font-size: 1.4rem; } }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_markup() {
        let hostile = "<script>alert('x')</script>\"&\u{202e}\u{0}\u{1b}[1m";
        let server = Url::parse("https://h.example/<b>?key=s3cret").unwrap();
        for page in [
            Page::success(&server, Some(hostile)),
            Page::refusal(&server, hostile, hostile),
            Page::stranger(404, hostile),
        ] {
            assert!(
                page.html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;[1m"),
                "{}",
                page.html
            );
            assert!(!page.html.contains("<script") && !page.html.contains("s3cret") && !page.html.contains("<b>"));
            assert!(!page.html.contains(|c: char| is_unprintable(c) && c != '\n'), "{}", page.html);
        }
    }

    #[test]
    fn a_page_fetches_and_runs_nothing() {
        let page = Page::refusal(&Url::parse("https://h.example/mcp").unwrap(), "no", "mcpbridge login x").html;
        for way_out in ["src=", "href=", "url(", "@import", "<script", "onload", "style=", "<form"] {
            assert!(!page.contains(way_out), "{way_out}");
        }
        let style = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(style));
        let [_, (name, policy), ..] = headers();
        assert_eq!(name, "Content-Security-Policy");
        assert!(policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{hash}'; ")), "{policy}");
    }

    #[test]
    fn a_page_says_who_where_and_what_to_do() {
        let server = Url::parse("https://h.example/mcp").unwrap();
        let page = Page::success(&server, Some("Zed")).html;
        for part in
            ["<title>You are signed in", "<strong>Zed</strong>", "https://h.example/mcp", "You can close this page."]
        {
            assert!(page.contains(part), "{part}");
        }
        let page = Page::refusal(&server, "the person said no", "mcpbridge login 'https://h.example/mcp'").html;
        for part in ["You are not signed in", "The person said no.", "mcpbridge login &#39;https://h.example/mcp&#39;"]
        {
            assert!(page.contains(part), "{part}");
        }
    }
}

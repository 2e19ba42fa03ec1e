//! The pages of the sample server's sign-in: no scripts, and nothing that has to be fetched.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use url::Url;

use super::exchange::{PATH, Reply};
use crate::plain::escaped;

/// Asks the person whether the client `name`, which listens at `redirect`, may use the server. `request` is what the form
/// sends back.
pub fn question(name: &str, redirect: &Url, base: &str, request: &str) -> Reply {
    let (name, base) = (escaped(name), escaped(base));
    let mut listens = redirect.clone();
    listens.set_query(None);
    let body = format!(
        r#"<p>A program on this computer wants to use the tools of the sample server in your name.</p>
<dl>
<dt>Program</dt><dd>{name}</dd>
<dt>Server</dt><dd>{base}{PATH}</dd>
<dt>The answer goes to</dt><dd>{}</dd>
</dl>
<form method="post" action="{base}/authorize">
<input type="hidden" name="request" value="{}">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="no">Deny</button>
</form>"#,
        escaped(listens.as_str()),
        escaped(request),
    );
    page(200, &format!("Allow {name} to use this server?"), &body)
}

/// Tells the person, and nobody else, what is wrong.
pub fn problem(what: &str) -> Reply {
    page(400, "This did not work", &format!("<p>{}</p>", escaped(what)))
}

fn page(status: u16, title: &str, body: &str) -> Reply {
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
<footer>The sample server of mcpbridge, on your own computer. It knows no accounts and no passwords.</footer>
</body>
</html>
"#
    );
    // Browsers hold the redirect after a form to its policy too, and the client listens on a port of its own.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self' http:; base-uri 'none'; frame-ancestors 'none'",
        BASE64_STANDARD.encode(Sha256::digest(STYLE))
    );
    let headers = vec![
        ("Content-Type", "text/html; charset=utf-8".into()),
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store".into()),
        // Without any referrer browsers post the form with "Origin: null", which could come from anywhere.
        ("Referrer-Policy", "same-origin".into()),
        ("X-Content-Type-Options", "nosniff".into()),
    ];
    Reply::Plain { status, headers, body: html }
}

const STYLE: &str = "
:root { color-scheme: light dark; --ground: #f3f4f6; --card: #fff; --ink: #1b2330; --soft: #566173; --line: #d9dee6; --act: #1f5fbf; --on: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11141a; --card: #1a1f28; --ink: #e6eaf1; --soft: #a3aebf; --line: #333c4a; --act: #8db8ff; --on: #0d1420; }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; padding: 1.5rem 1rem; display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 1.25rem; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, \"Segoe UI\", sans-serif;
}
main { width: 100%; max-width: 30rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .9rem; }
h1 { margin-bottom: .6rem; font-size: 1.45rem; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
p, dt, footer { color: var(--soft); }
dl { margin: 1.1rem 0 1.5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
dt { margin-top: .6rem; font-size: .85rem; }
dd { overflow-wrap: anywhere; }
form { display: flex; gap: .75rem; }
button { flex: 1; padding: .65rem 1rem; border: 1px solid var(--act); border-radius: .55rem; background: var(--act); color: var(--on); font: inherit; font-weight: 600; cursor: pointer; }
button.no { background: none; color: var(--act); }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
footer { max-width: 30rem; font-size: .85rem; text-align: center; }
";

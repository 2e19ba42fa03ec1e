//! A change of a file for a person.

use diffy::{PatchFormatter, create_patch};

use super::format::Format;
use super::mask::masked;

/// The change from `before` to `after` as a unified diff, without the secrets in them. Line ends are not shown
/// as such.
pub fn unified(format: Format, path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let label = |text: Option<&str>| if text.is_some() { path.to_owned() } else { "/dev/null".to_owned() };
    let shown = |text: Option<&str>| masked(format, text.unwrap_or_default()).replace("\r\n", "\n");
    let (old, new) = (shown(before), shown(after));
    let patch = create_patch(&old, &new);
    if patch.hunks().is_empty() {
        return String::new();
    }
    // Its own header would quote the backslashes of Windows.
    let lines = PatchFormatter::new().suppress_blank_empty(false).fmt_patch(&patch).to_string();
    let hunks = lines.find("@@ ").map_or("", |at| &lines[at..]);
    format!("--- {}\n+++ {}\n{hunks}", label(before), label(after))
}

//! A change of a file for a person.

use similar::TextDiff;

use super::format::Format;
use super::mask::masked;

/// The change from `before` to `after` as a unified diff, without the secrets in them. Line ends are not shown
/// as such.
pub fn unified(format: Format, path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let label = |text: Option<&str>| if text.is_some() { path.to_owned() } else { "/dev/null".to_owned() };
    let shown = |text: Option<&str>| masked(format, text.unwrap_or_default()).replace("\r\n", "\n");
    let (old, new) = (shown(before), shown(after));
    let diff = TextDiff::from_lines(&old, &new);
    diff.unified_diff().context_radius(3).header(&label(before), &label(after)).to_string()
}

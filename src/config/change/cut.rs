//! Cuts a server out of the text of a file: whole lines, with the comment that stands on them.

use std::ops::Range;

use toml_edit::{Document, Item, Table};

/// `text` without the server `name`; `None` if it shares its lines with something else.
pub(super) fn server(text: &str, name: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let servers = document.get("servers")?.as_table()?;
    let ranges = match servers.get(name)? {
        Item::Table(table) => blocks(table),
        // One line of `[servers]`.
        Item::Value(value) => {
            let line = servers.key(name)?.span()?.start..value.span()?.end;
            vec![line]
        }
        Item::None | Item::ArrayOfTables(_) => return None,
    };
    // All are found before the first is cut: with one gone, what stood behind it would seem to belong to another.
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for cut in ranges.into_iter().map(|range| widened(text, range)) {
        match cuts.last_mut().filter(|last| cut.start <= last.end) {
            Some(last) => *last = last.start.min(cut.start)..last.end.max(cut.end),
            None => cuts.push(cut),
        }
    }
    if let Some(last) = cuts.last_mut().filter(|last| last.end == text.len()) {
        while let Some(above) = line_before(text, last.start).filter(|above| text[*above..last.start].trim().is_empty())
        {
            last.start = above;
        }
    }
    let mut left = text.to_owned();
    cuts.into_iter().rev().for_each(|cut| left.replace_range(cut, ""));
    Some(left)
}

/// From its header to its last value, for `table` and each one in it, in the order of the file.
fn blocks(table: &Table) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !table.is_implicit()
        && !table.is_dotted()
        && let Some(header) = table.span()
    {
        let end = table.get_values().into_iter().filter_map(|(_, value)| Some(value.span()?.end)).max();
        found.push(header.start..end.unwrap_or(header.end));
    }
    let tables = table.iter().filter_map(|(_, item)| item.as_table()).filter(|table| !table.is_dotted());
    found.extend(tables.flat_map(blocks));
    found.sort_by_key(|block| block.start);
    found
}

/// Whole lines, with the comments that belong to them and one gap to what is around.
fn widened(text: &str, block: Range<usize>) -> Range<usize> {
    let top = top(text);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    let comment = |line: &str| line.trim_start().starts_with('#');
    let header = text[top..block.start].rfind('\n').map_or(top, |end| top + end + 1);
    let mut start = header;
    while let Some(above) = line_before(text, start).filter(|above| comment(&text[*above..start])) {
        start = above;
    }
    // The first words of a file may be about all of it.
    if start == top {
        start = header;
    }
    let values = line_end(block.end);
    let mut end = values;
    while end < text.len() && comment(&text[end..line_end(end)]) {
        end = line_end(end);
    }
    // They belong to what follows at once.
    if text[end..].trim_start_matches([' ', '\t']).starts_with('[') {
        end = values;
    }
    while end < text.len() && text[end..line_end(end)].trim().is_empty() {
        end = line_end(end);
    }
    start..end
}

/// Where the first line begins.
fn top(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// Where the line begins that ends at `at`.
fn line_before(text: &str, at: usize) -> Option<usize> {
    let top = top(text);
    text[top..at].strip_suffix('\n').map(|above| top + above.rfind('\n').map_or(0, |end| end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AROUND: &str = "# my servers\n\n[defaults] # all\nconnect-timeout = 3\n\n# the first\n[servers.a]\nurl = 'https://a.example/'\n\n\
                          # the second\n# of them\n[servers.b] # b\n url  =  'https://b.example/'\n# header = 'X: 1'\n\n\
                          [servers.b.accounts.work]\nheader = [\n  'X: 1', # one\n]\n# the third\n[servers.c]\nurl = 'https://c.example/'\n";

    #[test]
    fn a_server_is_cut_out_with_its_comments_and_every_other_byte_stays() {
        let without_b = "# my servers\n\n[defaults] # all\nconnect-timeout = 3\n\n# the first\n[servers.a]\nurl = 'https://a.example/'\n\n\
                         # the third\n[servers.c]\nurl = 'https://c.example/'\n";
        assert_eq!(server(AROUND, "b").unwrap(), without_b);
        let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(server(&crlf(AROUND), "b").unwrap(), crlf(without_b));
        let last = server(without_b, "c").unwrap();
        assert_eq!(
            last,
            "# my servers\n\n[defaults] # all\nconnect-timeout = 3\n\n# the first\n[servers.a]\nurl = 'https://a.example/'\n"
        );
        assert_eq!(server(&last, "a").unwrap(), "# my servers\n\n[defaults] # all\nconnect-timeout = 3\n");
    }

    #[test]
    fn a_comment_at_the_top_of_the_file_stays() {
        assert_eq!(server("# mine\n[servers.a]\nurl = 'u'\n", "a").unwrap(), "# mine\n");
        assert_eq!(
            server("[servers]\na = { url = 'u' } # x\nb = { url = 'v' }\n", "a").unwrap(),
            "[servers]\nb = { url = 'v' }\n"
        );
    }

    #[test]
    fn a_comment_apart_from_the_last_of_several_sections_stays() {
        let text = "[servers.a]\nurl = 'u'\n[servers.a.accounts.w]\naccount = 'x'\n\n# the end\n";
        assert_eq!(server(text, "a").unwrap(), "# the end\n");
    }

    #[test]
    fn what_shares_a_line_is_not_cut() {
        assert_eq!(server("servers = { a = { url = 'u' }, b = { url = 'v' } }", "a"), None);
        assert_eq!(server("[servers.b]\nurl = 'v'\n", "a"), None);
    }
}

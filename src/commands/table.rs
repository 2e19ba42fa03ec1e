//! Lists for a person: a name, what goes with it, and what it is about.

use std::io::{self, IsTerminal};
use std::path::{MAIN_SEPARATOR, MAIN_SEPARATOR_STR};

use anstyle::Style;

use crate::plain::one_line;

/// One line of a list.
pub struct Row {
    /// What it is called.
    pub name: String,
    /// What goes with the name.
    pub more: String,
    /// A sentence.
    pub about: String,
}

/// The rows in two columns, as wide as the terminal; what is piped is not cut.
pub fn table(rows: &[Row]) -> String {
    laid_out(rows, width())
}

/// The columns of the terminal; what is piped has no end of a line.
pub fn width() -> usize {
    let width = match io::stdout().is_terminal() {
        true => terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
        false => Some(usize::MAX),
    };
    width.unwrap_or(DEFAULT_WIDTH)
}

fn laid_out(rows: &[Row], width: usize) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let most = (width / 2).clamp(NARROWEST, WIDEST);
    let lengths = rows.iter().map(Row::length).filter(|length| *length <= most);
    let column = lengths.max().unwrap_or(0) + GAP;
    let mut text = String::new();
    for row in rows {
        text += &format!("{bold}{}{bold:#}", row.name);
        if !row.more.is_empty() {
            text += &format!(" {dim}{}{dim:#}", row.more);
        }
        let room = width.saturating_sub(column).max(NARROWEST);
        match row.length() {
            _ if row.about.is_empty() => {}
            length if length <= most => text += &format!("{}{}", " ".repeat(column - length), cut(&row.about, room)),
            _ => text += &format!("\n{}{}", " ".repeat(column), cut(&row.about, room)),
        }
        text.push('\n');
    }
    text
}

impl Row {
    fn length(&self) -> usize {
        let more = if self.more.is_empty() { 0 } else { 1 + self.more.chars().count() };
        self.name.chars().count() + more
    }
}

/// A path in at most `room` characters, without folders of its middle if need be; its name stays whole.
pub fn shortened(path: &str, room: usize) -> String {
    let length = |text: &str| text.chars().count();
    let parts: Vec<&str> = path.split(MAIN_SEPARATOR).collect();
    if length(path) <= room || parts.len() <= HEAD + 1 {
        return path.to_owned();
    }
    let joined = |parts: &[&str]| parts.join(MAIN_SEPARATOR_STR);
    let (head, tail) = parts.split_at(HEAD);
    let without = |left: usize| format!("{}{MAIN_SEPARATOR}…{MAIN_SEPARATOR}{}", joined(head), joined(&tail[left..]));
    let least = tail.len() - 1;
    (1..least).map(without).find(|path| length(path) <= room).unwrap_or_else(|| without(least))
}

/// The first sentence of a text, on one line.
pub fn first_sentence(text: &str) -> String {
    let paragraph = text.trim_start().split("\n\n").next().unwrap_or_default();
    let line = one_line(paragraph);
    // "e.g. this" goes on in lower case.
    let ends = line.match_indices(". ").find(|(at, _)| {
        line[at + 2..].chars().next().is_some_and(|next| !next.is_lowercase()) && !line[..*at].ends_with("e.g")
    });
    match ends {
        Some((at, _)) => line[..at].to_owned(),
        None => line.strip_suffix('.').unwrap_or(&line).to_owned(),
    }
}

/// JSON text with its members on lines of their own; nothing in it is spelled anew.
pub fn indented(json: &str) -> String {
    let (mut text, mut depth, mut quoted, mut escaped) = (String::with_capacity(json.len() * 2), 0, false, false);
    let mut characters = json.chars().peekable();
    while let Some(c) = characters.next() {
        let line = |text: &mut String, depth: usize| {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        };
        if quoted {
            text.push(c);
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                text.push(c);
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => {
                quoted = c == '"';
                text.push(c);
            }
        }
    }
    text
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let head: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

/// Columns of a terminal that does not say.
const DEFAULT_WIDTH: usize = 80;
/// Columns that a text has at least.
const NARROWEST: usize = 20;
/// Columns that names have at most; a longer one has a line of its own.
const WIDEST: usize = 44;
/// Parts of a path that stand in front of what is left out.
const HEAD: usize = 2;
/// Columns between the two.
const GAP: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_fits_its_width_and_a_long_name_has_a_line_of_its_own() {
        let row =
            |name: &str, more: &str, about: &str| Row { name: name.into(), more: more.into(), about: about.into() };
        let rows =
            [row("echo", "message", "Says it back"), row(&"x".repeat(30), "", &"y".repeat(60)), row("z", "", "")];
        let text = anstream::adapter::strip_str(&laid_out(&rows, 40)).to_string();
        let wanted =
            format!("echo message  Says it back\n{}\n{}{}…\nz\n", "x".repeat(30), " ".repeat(14), "y".repeat(25));
        assert_eq!(text, wanted);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_too_long_lacks_folders_of_its_middle() {
        let path = "~/.config/Code/User/globalStorage/an.extension/settings/mcp.json";
        assert_eq!(shortened(path, 80), path);
        assert_eq!(shortened(path, 50), "~/.config/…/an.extension/settings/mcp.json");
        assert_eq!(shortened(path, 10), "~/.config/…/mcp.json");
        assert_eq!(shortened("~/a-long-name.json", 10), "~/a-long-name.json");
    }

    #[test]
    fn the_first_sentence_is_one_line() {
        assert_eq!(first_sentence("Reads a\n file. Then more."), "Reads a file");
        assert_eq!(first_sentence("Takes e.g. One thing.\n\nNotes"), "Takes e.g. One thing");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn json_is_indented_without_another_spelling() {
        let text = r#"{ "a":[1.0,{}],"b":"x\",{:" ,"c":[ ]}"#;
        let wanted = "{\n  \"a\": [\n    1.0,\n    {}\n  ],\n  \"b\": \"x\\\",{:\",\n  \"c\": []\n}";
        assert_eq!(indented(text), wanted);
    }
}

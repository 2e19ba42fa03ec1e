//! Text as it may stand on a terminal, in lines that fit; that of others can move no cursor there, set no title and turn
//! no writing around, and is no markup in a page.

/// `text` with what is no text made visible. Line breaks and tabs stay.
pub fn harmless(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        match c {
            '\n' | '\t' => shown.push(c),
            // The pictures of the control characters stand in their order.
            '\0'..='\x1f' => shown.extend(char::from_u32(PICTURES + u32::from(c))),
            '\x7f' => shown.push('\u{2421}'),
            c if c.is_control() || is_invisible(c) => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
        shown
    })
}

/// The same on one line, with single spaces.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    harmless(&words.join(" "))
}

/// `text` in a page, also within a value in quotes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A text in lines of at most `room` characters, the first one of `first`; longer words stay whole.
pub fn wrapped(text: &str, first: usize, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let limit = if lines.len() == 1 { first } else { room };
        if let Some(line) = lines.last_mut() {
            let length = line.chars().count();
            if length == 0 {
                line.push_str(word);
                continue;
            }
            if length + 1 + word.chars().count() <= limit {
                line.push(' ');
                line.push_str(word);
                continue;
            }
        }
        lines.push(word.to_owned());
    }
    lines
}

/// Characters that turn the text around them or stand in it unseen. Those that join emoji and
/// letters do no harm alone.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Where the pictures of control characters begin.
const PICTURES: u32 = 0x2400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_made_visible_and_the_rest_stays() {
        assert_eq!(harmless("a\tb\r\nc é 👩‍💻"), "a\tb\nc é 👩‍💻");
        assert_eq!(harmless("\x1b]0;t\x07\x1b[2J\r\u{9b}31m\x7f"), "␛]0;t␇␛[2J␍\u{fffd}31m␡");
        assert_eq!(harmless("a\u{202e}b\u{e0041}"), "a\u{fffd}b\u{fffd}");
        for unseen in
            ['\u{ad}', '\u{61c}', '\u{115f}', '\u{180e}', '\u{2066}', '\u{3164}', '\u{ffa0}', '\u{fffa}', '\u{e0100}']
        {
            assert_eq!(harmless(&format!("a{unseen}b")), "a\u{fffd}b", "{unseen:?}");
        }
        assert_eq!(one_line(" a\n\n b\x1b "), "a b␛");
    }

    #[test]
    fn what_is_markup_is_only_text_in_a_page() {
        assert_eq!(escaped("a<b c=\"d\" e='f'>&amp;é"), "a&lt;b c=&quot;d&quot; e=&#39;f&#39;&gt;&amp;amp;é");
    }
}

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

/// A sentence of ours, which may quote others: nothing in it begins a line. Its spaces stay, because commands and paths
/// may have them.
pub fn unbroken(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

/// JSON as it may stand on a terminal, with the same value: what is no text is written as `\uXXXX`. In JSON it can stand
/// in strings alone.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            // Between tokens, where it means no more than a space.
            '\r' => shown.push(' '),
            c if c.is_control() || is_invisible(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    shown.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => shown.push(c),
        }
    }
    shown
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
pub fn is_invisible(c: char) -> bool {
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
    fn what_is_no_text_is_escaped_in_json_and_means_the_same() {
        let value =
            serde_json::json!({ "a\u{9b}31m": "\u{1b}[2J\u{85}\u{7f}\u{202e}\u{e0041}\n", "é 👩‍💻": ["\u{2028}"] });
        let shown = json(&value.to_string());
        assert!(shown.contains("a\\u009b31m") && shown.contains("\\u202e\\udb40\\udc41"), "{shown}");
        assert!(!shown.contains(|c: char| c.is_control() || is_invisible(c)), "{shown:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert_eq!(json("{\r\n\t\"é\": 1}"), "{ \n\t\"é\": 1}");
    }

    #[test]
    fn a_sentence_stays_one_line_and_keeps_its_spaces() {
        assert_eq!(unbroken("cd 'a  b'\r\nmcpbridge: c\u{2028}\td\u{85}"), "cd 'a  b' mcpbridge: c\u{fffd} d\u{fffd}");
    }

    #[test]
    fn what_is_markup_is_only_text_in_a_page() {
        assert_eq!(escaped("a<b c=\"d\" e='f'>&amp;é"), "a&lt;b c=&quot;d&quot; e=&#39;f&#39;&gt;&amp;amp;é");
    }
}

//! The members of a JSON object, found without a parser's generality: each message passes here several
//! times, and serde_json's code for it cost a quarter of all that is done for a notification. What is not
//! plain (no JSON, an escape in a name, very deep) is left to serde_json, which also knows what is wrong.

/// The members of an object, name and value as they are spelled, the name without its quotes.
pub struct Members<'a> {
    text: &'a str,
    at: usize,
    stage: Stage,
    breaks: bool,
}

#[derive(PartialEq)]
enum Stage {
    Before,
    Within,
    /// The object has ended, and the text with it.
    Whole,
    /// Not plain.
    Strange,
}

impl<'a> Members<'a> {
    /// The members of `text`.
    pub fn of(text: &'a str) -> Self {
        Members { text, at: 0, stage: Stage::Before, breaks: false }
    }

    /// Whether the text was one plain object to its end. Until then what was found may be part of no JSON.
    pub fn is_whole(&self) -> bool {
        self.stage == Stage::Whole
    }

    /// Whether a raw line break was passed. In plain text all of them stand between tokens.
    pub fn breaks(&self) -> bool {
        self.breaks
    }

    /// `None` where the text is not plain, and in it `None` at the end.
    fn step(&mut self) -> Option<Option<(&'a str, &'a str)>> {
        match self.stage {
            Stage::Before => {
                self.blank();
                self.expect(b'{')?;
                self.blank();
                if self.byte()? == b'}' {
                    return self.end();
                }
                self.stage = Stage::Within;
            }
            Stage::Within => {
                self.blank();
                match self.byte()? {
                    b',' => self.at += 1,
                    b'}' => return self.end(),
                    _ => return None,
                }
                self.blank();
            }
            Stage::Whole | Stage::Strange => return Some(None),
        }
        let begin = self.at + 1;
        if self.string()? {
            return None;
        }
        let name = &self.text[begin..self.at - 1];
        self.colon()?;
        let begin = self.at;
        self.value()?;
        Some(Some((name, &self.text[begin..self.at])))
    }

    fn end(&mut self) -> Option<Option<(&'a str, &'a str)>> {
        self.at += 1;
        self.blank();
        if self.at != self.text.len() {
            return None;
        }
        self.stage = Stage::Whole;
        Some(None)
    }

    /// Passes one value. What is open is kept as bits, an object's set, below a first one that marks the end.
    fn value(&mut self) -> Option<()> {
        let mut open = 1_u64;
        loop {
            match self.byte()? {
                b'"' => {
                    self.string()?;
                }
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    self.blank();
                    // The closing one of a pair stands two places after the opening one in ASCII.
                    if self.byte()? == bracket + 2 {
                        self.at += 1;
                    } else if open >> 63 == 0 {
                        open = (open << 1) | u64::from(bracket == b'{');
                        if bracket == b'{' {
                            self.name()?;
                        }
                        continue;
                    } else {
                        return None;
                    }
                }
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => self.number()?,
            }
            loop {
                if open == 1 {
                    return Some(());
                }
                self.blank();
                let (byte, object) = (self.byte()?, open & 1 == 1);
                self.at += 1;
                match byte {
                    b',' => {
                        self.blank();
                        if object {
                            self.name()?;
                        }
                        break;
                    }
                    b'}' if object => open >>= 1,
                    b']' if !object => open >>= 1,
                    _ => return None,
                }
            }
        }
    }

    fn name(&mut self) -> Option<()> {
        self.string()?;
        self.colon()
    }

    fn colon(&mut self) -> Option<()> {
        self.blank();
        self.expect(b':')?;
        self.blank();
        Some(())
    }

    /// Passes a string; whether it has escapes. Half a surrogate pair is one too: RFC 8259 allows it.
    fn string(&mut self) -> Option<bool> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let (mut at, mut escapes) = (self.at, false);
        loop {
            at = plain(bytes, at);
            match bytes.get(at)? {
                b'"' => {
                    self.at = at + 1;
                    return Some(escapes);
                }
                b'\\' => escapes = true,
                _ => return None,
            }
            at += match bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                _ => return None,
            };
        }
    }

    fn number(&mut self) -> Option<()> {
        if self.byte()? == b'-' {
            self.at += 1;
        }
        match self.byte()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > begin).then_some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    /// Most senders put nothing between tokens, and some one space.
    #[inline(always)]
    fn blank(&mut self) {
        if matches!(self.byte(), Some(..=b' ')) {
            self.blanks();
        }
    }

    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\n' | b'\t' | b'\r')) = self.byte() {
            self.breaks |= matches!(byte, b'\n' | b'\r');
            self.at += 1;
        }
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        let found = self.byte() == Some(byte);
        self.at += 1;
        found.then_some(())
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_none() {
            self.stage = Stage::Strange;
        }
        step.flatten()
    }
}

/// The text of the string that `spelled` is, where it has no escapes.
pub fn text(spelled: &str) -> Option<&str> {
    let inside = spelled.strip_prefix('"')?.strip_suffix('"')?;
    (plain(inside.as_bytes(), 0) == inside.len()).then_some(inside)
}

/// Where, from `at` on, the first byte stands that a string may not hold as it is. Sixteen are looked at in one
/// turn: this is most of what is done for a large message, and no loop is unrolled in a build for size.
#[inline(always)]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let (words, _) = block.as_chunks();
        let (low, high) = (marks(words[0]), marks(words[1]));
        if low != 0 {
            return at + low.trailing_zeros() as usize / 8;
        }
        if high != 0 {
            return at + 8 + high.trailing_zeros() as usize / 8;
        }
        at += 16;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
        at += 1;
    }
    at
}

/// The high bit of each byte that a string may not hold as it is, of which the lowest is right: a borrow can
/// mark a byte wrongly only above one that is marked rightly.
#[inline(always)]
fn marks(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    // The quote becomes the byte behind the control characters, and these stay among themselves.
    let quotes_and_controls = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
    let backslashes = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (quotes_and_controls | backslashes) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn whole(text: &str) -> Option<Vec<(&str, &str)>> {
        let mut members = Members::of(text);
        let found = members.by_ref().collect();
        members.is_whole().then_some(found)
    }

    #[test]
    fn names_and_values_are_found_as_they_are_spelled() {
        let text = " {\"a\" : 1.50e+3 ,\"b\":[ ],\n\"c\":{\"d\":[{},[null,true],-0]},\"e\":\"\\u00e9 \\\\ \\\"\", \"a\":false} ";
        let expected = [
            ("a", "1.50e+3"),
            ("b", "[ ]"),
            ("c", "{\"d\":[{},[null,true],-0]}"),
            ("e", "\"\\u00e9 \\\\ \\\"\""),
            ("a", "false"),
        ];
        assert_eq!(whole(text).as_deref(), Some(&expected[..]));
        assert_eq!(whole("{}"), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_or_changed_anywhere_is_plain_only_if_it_is_json() {
        let text = r#"{"id":-12.5E-7,"m":"\u12aF\n /x","p":{"a":[1,[2,{"b":null}],true,false],"":{}}}"#;
        let mut checked = 0;
        for at in 0..text.len() {
            let cut = &text[..at];
            assert!(whole(cut).is_none(), "{cut}");
            for byte in ['{', '}', '[', ']', '"', ',', ':', '\\', '0', '-', '.', 'e', 'u', 'l', ' ', '\n', '\u{1}'] {
                let changed = format!("{cut}{byte}{}", &text[at + 1..]);
                let added = format!("{cut}{byte}{}", &text[at..]);
                for other in [changed, added] {
                    let tree = serde_json::from_str::<Value>(&other).ok();
                    if let Some(found) = whole(&other) {
                        assert!(tree.is_some(), "{other}");
                        assert!(found.iter().all(|(_, value)| serde_json::from_str::<Value>(value).is_ok()), "{other}");
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 100, "most changes inside strings leave JSON: {checked}");
    }

    #[test]
    fn an_escape_in_a_name_and_great_depth_are_left_to_others() {
        assert!(whole(r#"{"\u0061":1}"#).is_none());
        let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(whole(&deep(64)).is_some());
        assert!(whole(&deep(65)).is_none());
    }

    #[test]
    fn line_breaks_between_tokens_are_noticed_wherever_they_stand() {
        let text = "{ \"a\" : [ 1 , { \"b\" : \"\\n\" } , [ ] ] , \"c\" : null } ";
        let breaks = |text: &str| {
            let mut members = Members::of(text);
            members.by_ref().for_each(drop);
            assert!(members.is_whole(), "{text:?}");
            members.breaks()
        };
        assert!(!breaks(text));
        for (at, _) in text.match_indices(' ') {
            for other in ["\n", "\r", " \r\n", "\t\n "] {
                let text = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(breaks(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn every_place_in_a_word_is_looked_at() {
        let first = |bytes: &[u8]| bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        for length in 0..70 {
            for at in 0..length {
                for byte in [b'"', b'\\', 0, 0x1f, b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![b'~'; length];
                    bytes[at] = byte;
                    assert_eq!(plain(&bytes, 0), first(&bytes).unwrap_or(length), "{byte} at {at} of {length}");
                    assert_eq!(plain(&bytes, at + 1), length);
                }
            }
        }
        assert_eq!((text("\"a b\""), text("\"a\\n\""), text("\""), text("7")), (Some("a b"), None, None, None));
    }

    #[test]
    fn no_byte_hides_its_neighbour() {
        for pair in 0..=u16::MAX {
            let [one, other] = pair.to_le_bytes();
            let word = [b'~', one, other, b'~', other, one, one, b'~'];
            let is_marked = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let expected = word.iter().position(is_marked);
            let marks = marks(word);
            assert_eq!((marks != 0).then(|| marks.trailing_zeros() as usize / 8), expected, "{word:?}");
        }
    }
}

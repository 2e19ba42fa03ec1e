//! Reads the id of a message that is too large to keep.

use super::Id;

/// An id longer than this is not looked at: it would defeat the purpose.
const LONGEST_ID: usize = 1024;

/// Looks at a message in passing, in constant memory, for what an error answer needs: its id and
/// whether it has a method. Some senders write the id last, after all of the parameters, so the
/// beginning of the text is not enough.
#[derive(Default)]
pub struct Skim {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// What is being read at the top level: the name of a member, or the value of `id`.
    reading: Reading,
    text: Vec<u8>,
    id: Option<Id>,
    method: bool,
    starved: bool,
}

#[derive(Default, PartialEq)]
enum Reading {
    #[default]
    Nothing,
    Name,
    Id,
}

impl Skim {
    /// Takes the next piece of the text.
    pub fn push(&mut self, piece: &[u8]) {
        for &byte in piece {
            self.step(byte);
        }
    }

    /// The id at the top level, if one was seen.
    pub fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    /// Whether a member `method` was seen at the top level.
    pub fn has_method(&self) -> bool {
        self.method
    }

    /// Notes that it was memory that lacked, and not the limit that was met.
    pub fn starve(&mut self) {
        self.starved = true;
    }

    /// Why the message was not kept, where `limit` is the size of the largest one in bytes.
    pub fn why(&self, limit: usize) -> String {
        if self.starved {
            "there is not enough memory for the message; close other programs, or send less at once".to_owned()
        } else {
            format!("the message is larger than {limit} bytes; raise --max-message-size")
        }
    }

    fn step(&mut self, byte: u8) {
        if self.reading != Reading::Nothing && self.depth == 1 && self.text.len() <= LONGEST_ID {
            self.text.push(byte);
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 1 {
                    self.begin(Reading::Name);
                }
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.end_of_value();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 && self.reading == Reading::Name => self.end_of_name(),
            b',' if self.depth == 1 => {
                self.end_of_value();
                self.begin(Reading::Name);
            }
            _ => {}
        }
    }

    fn begin(&mut self, reading: Reading) {
        self.reading = reading;
        self.text.clear();
    }

    fn end_of_name(&mut self) {
        let name = std::str::from_utf8(&self.text).unwrap_or_default().trim_end_matches(':').trim();
        let next = match serde_json::from_str::<String>(name).as_deref() {
            Ok("id") => Reading::Id,
            Ok("method") => {
                self.method = true;
                Reading::Nothing
            }
            _ => Reading::Nothing,
        };
        self.begin(next);
    }

    fn end_of_value(&mut self) {
        if self.reading == Reading::Id && self.text.len() <= LONGEST_ID {
            let value = std::str::from_utf8(&self.text).unwrap_or_default();
            self.id = Id::parse(value.trim_end_matches([',', '}']).trim());
        }
        self.begin(Reading::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_wherever_it_stands_and_however_the_text_is_cut() {
        let text = r#" {"params":{"id":3,"a":["}",{"method":1}]},"x":"\",\"id\":5", "method" : "a", "id" : "q,}7" }"#;
        for cut in 0..text.len() {
            let mut skim = Skim::default();
            skim.push(&text.as_bytes()[..cut]);
            skim.push(&text.as_bytes()[cut..]);
            assert_eq!(skim.id().unwrap().spelled(), r#""q,}7""#, "cut at {cut}");
            assert!(skim.has_method());
        }
    }

    #[test]
    fn what_could_not_be_written_back_as_an_id_is_none() {
        let long = format!(r#"{{"id":"{}","method":"a"}}"#, "x".repeat(2 * LONGEST_ID));
        for text in [&long, r#"{"id":1x y,"method":"a"}"#, r#"{"id":"a\u00","method":"a"}"#] {
            let mut skim = Skim::default();
            skim.push(text.as_bytes());
            assert!(skim.id().is_none(), "{text}");
        }
    }

    #[test]
    fn a_number_is_found_and_an_answer_has_no_method() {
        let mut skim = Skim::default();
        skim.push(br#"{"id":41,"result":{"method":"x"}}"#);
        assert_eq!(skim.id().unwrap().spelled(), "41");
        assert!(!skim.has_method());
    }
}

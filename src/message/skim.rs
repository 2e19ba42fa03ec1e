//! Reads the ids of what is too large to keep.

use std::hint::black_box;

use super::Id;

/// An id longer than this is not looked at: it would defeat the purpose.
const LONGEST_ID: usize = 1024;

/// Of so many messages of a batch the ids are kept.
const MOST_PARTS: usize = 4096;

/// Looks at a message, or at the messages of a batch, in passing and in constant memory, for what an error
/// answer needs: its id and whether it has a method. Some senders write the id last, after all of the
/// parameters, so the beginning of the text is not enough.
#[derive(Default)]
pub struct Skim {
    depth: usize,
    /// The messages of a batch that have ended.
    parts: Vec<Part>,
    is_batch: bool,
    in_string: bool,
    escaped: bool,
    /// What is being read at the top level: the name of a member, or the value of `id`.
    reading: Reading,
    text: Vec<u8>,
    part: Part,
    starved: bool,
}

/// What is known of one message.
#[derive(Default)]
pub struct Part {
    /// The id, if one was seen.
    pub id: Option<Id>,
    /// Whether a member `method` was seen: it is no answer.
    pub has_method: bool,
}

#[derive(Default, PartialEq)]
enum Reading {
    #[default]
    Nothing,
    Name,
    Id,
}

/// Whether there is memory for what becomes of a message of `size` bytes: it is written anew, in steps, where the two
/// sides differ, and there nobody could be told any more that memory lacks. Most are not worth the question.
pub fn has_room(size: usize) -> bool {
    size < LARGE || is_there(size.saturating_mul(COPIES))
}

/// Whether a text that has grown to `size` bytes leaves memory for the small things beside it, which nobody asks for: for
/// want of them the process ends.
pub fn leaves_room(size: usize) -> bool {
    size < LARGE || is_there(SPARE)
}

fn is_there(memory: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    black_box(&mut probe).try_reserve_exact(memory).is_ok()
}

impl Skim {
    /// What is kept of `text` where there is no memory for it.
    pub fn starved(text: &[u8]) -> Self {
        let mut skim = Skim::default();
        skim.push(text);
        skim.starve();
        skim
    }

    /// Takes the next piece of the text.
    pub fn push(&mut self, piece: &[u8]) {
        for &byte in piece {
            self.step(byte);
        }
    }

    /// The message; those of a batch in their order, as far as they are known by something.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let is_known = |part: &&Part| part.id.is_some() || part.has_method;
        self.parts.iter().chain([&self.part]).filter(is_known)
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
        let level = if self.is_batch { 2 } else { 1 };
        if self.reading != Reading::Nothing && self.depth == level && self.text.len() <= LONGEST_ID {
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
            b'[' if self.depth == 0 => {
                self.is_batch = true;
                self.depth = 1;
            }
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == level {
                    self.begin(Reading::Name);
                }
            }
            b'}' | b']' => {
                if self.depth == level {
                    self.end_of_value();
                    self.end_of_part();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == level && self.reading == Reading::Name => self.end_of_name(),
            b',' if self.depth == level => {
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
                self.part.has_method = true;
                Reading::Nothing
            }
            _ => Reading::Nothing,
        };
        self.begin(next);
    }

    fn end_of_value(&mut self) {
        if self.reading == Reading::Id && self.text.len() <= LONGEST_ID {
            let value = std::str::from_utf8(&self.text).unwrap_or_default();
            self.part.id = Id::parse(value.trim_end_matches([',', '}']).trim());
        }
        self.begin(Reading::Nothing);
    }

    fn end_of_part(&mut self) {
        if self.is_batch && self.parts.len() < MOST_PARTS {
            self.parts.push(std::mem::take(&mut self.part));
        }
    }
}

/// From here on a message may be what memory is too small for.
const LARGE: usize = 1024 * 1024;
/// Bytes that are left for all else.
const SPARE: usize = 1024 * 1024;
/// As what a message is there at most at one time, beside itself.
const COPIES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(skim: &Skim) -> Vec<(&str, bool)> {
        skim.parts().map(|part| (part.id.as_ref().map_or("-", Id::spelled), part.has_method)).collect()
    }

    #[test]
    fn the_id_is_found_wherever_it_stands_and_however_the_text_is_cut() {
        let text = r#" {"params":{"id":3,"a":["}",{"method":1}]},"x":"\",\"id\":5", "method" : "a", "id" : "q,}7" }"#;
        for cut in 0..text.len() {
            let mut skim = Skim::default();
            skim.push(&text.as_bytes()[..cut]);
            skim.push(&text.as_bytes()[cut..]);
            assert_eq!(seen(&skim), [(r#""q,}7""#, true)], "cut at {cut}");
        }
    }

    #[test]
    fn what_could_not_be_written_back_as_an_id_is_none() {
        let long = format!(r#"{{"id":"{}","method":"a"}}"#, "x".repeat(2 * LONGEST_ID));
        for text in [&long, r#"{"id":1x y,"method":"a"}"#, r#"{"id":"a\u00","method":"a"}"#] {
            let mut skim = Skim::default();
            skim.push(text.as_bytes());
            assert_eq!(seen(&skim), [("-", true)], "{text}");
        }
    }

    #[test]
    fn a_number_is_found_and_an_answer_has_no_method() {
        let mut skim = Skim::default();
        skim.push(br#"{"id":41,"result":{"method":"x"}}"#);
        assert_eq!(seen(&skim), [("41", false)]);
    }

    #[test]
    fn of_a_batch_every_id_is_found_and_told_from_those_further_inside() {
        let text =
            r#" [{"id":1,"method":"a","params":[{"id":9}]}, {"method":"b"},{"result":{"id":8},"id":"x"},[{"id":7}],5]"#;
        for cut in 0..text.len() {
            let mut skim = Skim::default();
            skim.push(&text.as_bytes()[..cut]);
            skim.push(&text.as_bytes()[cut..]);
            assert_eq!(seen(&skim), [("1", true), ("-", true), (r#""x""#, false)], "cut at {cut}");
        }
    }
}

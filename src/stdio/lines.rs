//! Blocks of input, cut into lines.

use bytes::Bytes;
use memchr::{memchr, memrchr};

use crate::message::{Skim, has_room};

/// What the reader saw. Blank lines are not worth a word.
pub enum Line {
    /// A line without its end.
    Text(Bytes),
    /// A line above the limit; only the ids and kinds of what is in it were kept.
    TooLong(Skim),
}

/// Cuts what is read into lines.
pub struct Splitter {
    limit: usize,
    /// What was read and handed to nobody.
    buffer: Vec<u8>,
    /// How much of it holds no end of a line.
    seen: usize,
    /// Set while the line that is being read is above the limit.
    skim: Option<Skim>,
    start: bool,
}

impl Splitter {
    /// Nothing was read yet. `limit` is the size of the largest line in bytes.
    pub fn new(limit: usize) -> Self {
        Splitter { limit, buffer: Vec::new(), seen: 0, skim: None, start: true }
    }

    /// Where the next bytes are to be appended. It has room for a block, and a long line is read to
    /// where it stays.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.buffer.try_reserve(BLOCK).is_err() {
            self.set_aside().starve();
        }
        &mut self.buffer
    }

    /// The lines that are complete with what was appended.
    pub fn cut(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(end) = memchr(b'\n', &self.buffer[self.seen..]).map(|end| self.seen + end) {
            if self.skim.is_some() || end >= BLOCK {
                let rest = self.buffer.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                self.line(line.into(), &mut lines);
            } else {
                self.short_lines(&mut lines);
            }
            self.seen = 0;
        }
        self.seen = self.buffer.len();
        if self.skim.is_some() || self.seen > self.limit {
            self.set_aside();
        }
        lines
    }

    /// Makes room by keeping of the line that is being read only what an error needs.
    fn set_aside(&mut self) -> &mut Skim {
        let skim = self.skim.get_or_insert_default();
        skim.push(&self.buffer);
        self.buffer.clear();
        self.seen = 0;
        skim
    }

    /// The last line may lack its end.
    pub fn end(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        let line = std::mem::take(&mut self.buffer);
        self.line(line.into(), &mut lines);
        lines
    }

    /// All complete lines, as views of one copy of just their size.
    fn short_lines(&mut self, lines: &mut Vec<Line>) {
        let Some(last) = memrchr(b'\n', &self.buffer) else { return };
        let mut block = Bytes::copy_from_slice(&self.buffer[..=last]);
        self.buffer.drain(..=last);
        while let Some(end) = memchr(b'\n', &block) {
            let line = block.split_to(end + 1);
            self.line(line.slice(..end), lines);
        }
    }

    fn line(&mut self, line: Bytes, lines: &mut Vec<Line>) {
        if self.skim.is_some() || line.len() > self.limit {
            self.start = false;
            let mut skim = self.skim.take().unwrap_or_default();
            skim.push(&line);
            lines.push(Line::TooLong(skim));
            return;
        }
        // Some editors on Windows start with a byte order mark.
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if self.start => line.slice_ref(rest),
            _ => line,
        };
        self.start = false;
        let line = line.slice_ref(line.trim_ascii_end());
        if !has_room(line.len()) {
            lines.push(Line::TooLong(Skim::starved(&line)));
        } else if !line.trim_ascii().is_empty() {
            lines.push(Line::Text(line));
        }
    }
}

/// Bytes asked for in one read.
const BLOCK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(limit: usize, pieces: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(limit);
        let mut lines: Vec<Line> = Vec::new();
        for piece in pieces {
            splitter.buffer().extend_from_slice(piece);
            lines.extend(splitter.cut());
        }
        lines.extend(splitter.end());
        let text = |line: &Line| match line {
            Line::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Line::TooLong(skim) => {
                let id = skim.parts().find_map(|part| part.id.as_ref());
                format!("too long: {}", id.map_or("-", |id| id.spelled()))
            }
        };
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_are_found_however_the_input_is_cut() {
        let input = "\u{feff}{\"a\":1}\r\n\n  \r\n{\"b\":\"\u{e9}\"}\n{\"c\":3}".as_bytes();
        for cut in 0..input.len() {
            assert_eq!(
                texts(100, &[&input[..cut], &input[cut..]]),
                ["{\"a\":1}", "{\"b\":\"\u{e9}\"}", "{\"c\":3}"],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_line_above_the_limit_keeps_only_its_id_and_the_next_one_is_whole() {
        let input = br#"{"params":"xxxxxxxxxxxxxxxxxxxx","id":7}
{"id":8}"#;
        for cut in 0..input.len() {
            assert_eq!(texts(20, &[&input[..cut], &input[cut..]]), ["too long: 7", "{\"id\":8}"], "cut at {cut}");
        }
    }
}

//! Lines of stdin, in any pieces, against a splitter that sees the whole input.

use mcpbridge::message::Skim;
use mcpbridge::stdio::{Line, Splitter};

use super::{byte, pieces};

/// The first byte is the limit, the second says how the rest is cut.
pub fn lines(mut data: &[u8]) {
    let (limit, seed) = (usize::from(byte(&mut data)), byte(&mut data));
    let mut splitter = Splitter::new(limit);
    let mut lines = Vec::new();
    for piece in pieces(data, seed) {
        splitter.buffer().extend_from_slice(piece);
        lines.extend(splitter.cut());
        assert!(splitter.buffer().len() <= limit, "more is kept than a line may have");
    }
    lines.extend(splitter.end());
    let read: Vec<String> = lines.iter().map(shown).collect();
    assert_eq!(read, expected(limit, data));
}

fn shown(line: &Line) -> String {
    match line {
        Line::Text(text) => format!("text {}", text.escape_ascii()),
        Line::TooLong(skim) => too_long(skim),
    }
}

fn too_long(skim: &Skim) -> String {
    let parts = skim.parts().map(|part| (part.id.as_ref().map(|id| id.spelled().to_owned()), part.has_method));
    format!("too long {:?}", parts.collect::<Vec<_>>())
}

fn expected(limit: usize, data: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, line) in data.split(|byte| *byte == b'\n').enumerate() {
        if line.len() > limit {
            let mut skim = Skim::default();
            skim.push(line);
            lines.push(too_long(&skim));
            continue;
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| index == 0).unwrap_or(line).trim_ascii_end();
        if !line.is_empty() {
            lines.push(format!("text {}", line.escape_ascii()));
        }
    }
    lines
}

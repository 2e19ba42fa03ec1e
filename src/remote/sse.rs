//! Reads an event stream (WHATWG HTML, section 9.2.6). Pure: pieces in, events out.

use std::time::Duration;

use bytes::{Buf, Bytes};
use memchr::{memchr, memchr2};

use crate::message::{Skim, leaves_room};

/// One event. Events without data are reported too: their id counts for resumption.
pub struct Event {
    /// What the event carries.
    pub data: Data,
    /// The id, if the event named one.
    pub id: Option<Box<str>>,
    /// The type, if it is not `message`.
    pub name: Option<Box<str>>,
}

/// The data of an event.
pub enum Data {
    /// There was none.
    Nothing,
    /// The data, its lines joined by line feeds.
    Whole(Bytes),
    /// It was above the limit; only id and kind of the message in it were kept.
    TooLong(Skim),
}

/// The state between two pieces of a stream.
pub struct Parser {
    limit: usize,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    data: Data,
    id: Option<Box<str>>,
    name: Option<Box<str>>,
    retry: Option<Duration>,
    start: bool,
    skip_line_feed: bool,
    /// The line that is being read is above the limit.
    overlong: bool,
    /// That line is one of the data.
    skims: bool,
    /// Bytes of the event that came when it was known to be above the limit.
    skimmed: usize,
}

impl Parser {
    /// A parser for a new stream, with the largest size of an event's data in bytes.
    pub fn new(limit: usize) -> Self {
        Parser {
            limit,
            partial: Vec::new(),
            data: Data::Nothing,
            id: None,
            name: None,
            retry: None,
            start: true,
            skip_line_feed: false,
            overlong: false,
            skims: false,
            skimmed: 0,
        }
    }

    /// The reconnection time that the server last named.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Bytes that are kept for an event whose end has not come.
    pub fn kept(&self) -> usize {
        let data = if let Data::Whole(data) = &self.data { data.len() } else { 0 };
        self.partial.len() + data
    }

    /// Whether an event is so far above the limit that its end is not worth waiting for.
    pub fn is_endless(&self) -> bool {
        self.skimmed > self.limit.saturating_add(ENDLESS)
    }

    /// Takes the next piece of the stream and appends the events that it completes.
    pub fn push(&mut self, mut piece: Bytes, events: &mut Vec<Event>) {
        if self.start && !self.past_byte_order_mark(&mut piece) {
            return;
        }
        while !piece.is_empty() {
            if std::mem::take(&mut self.skip_line_feed) && piece[0] == b'\n' {
                piece.advance(1);
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', &piece) else {
                self.keep(&piece);
                return;
            };
            self.skip_line_feed = piece[end] == b'\r';
            self.line(&piece.slice(..end), events);
            piece.advance(end + 1);
        }
    }

    /// What is kept of an event whose end has not come, once the stream has ended.
    pub fn unfinished(&mut self) -> Option<Bytes> {
        if !self.overlong && !self.partial.is_empty() {
            let line = Bytes::from(std::mem::take(&mut self.partial));
            self.field(&line, &mut Vec::new());
        }
        match std::mem::replace(&mut self.data, Data::Nothing) {
            Data::Whole(data) if !self.overlong && self.name.is_none() => Some(data),
            _ => None,
        }
    }

    /// Skips a byte order mark; false while the piece may still turn out to be one.
    fn past_byte_order_mark(&mut self, piece: &mut Bytes) -> bool {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(piece);
            *piece = std::mem::take(&mut self.partial).into();
        }
        if piece.len() < MARK.len() && MARK.starts_with(piece) {
            self.partial.extend_from_slice(piece);
            return false;
        }
        self.start = false;
        if piece.starts_with(MARK) {
            piece.advance(MARK.len());
        }
        true
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.overlong {
            self.skimmed += piece.len();
            if let Data::TooLong(skim) = &mut self.data
                && self.skims
            {
                skim.push(piece);
            }
            return;
        }
        let before = self.partial.capacity();
        let has_room = self.partial.try_reserve(piece.len()).is_ok()
            && (self.partial.capacity() == before || leaves_room(self.partial.capacity()));
        if has_room {
            self.partial.extend_from_slice(piece);
        }
        // What is no data has the limit to itself: else it hung on the cuts whether it is read.
        let size = if self.partial.starts_with(b"data") { self.kept() } else { self.partial.len() };
        if !has_room || size > self.limit.saturating_add(FIELD_NAME) {
            self.overlong = true;
            let start = std::mem::take(&mut self.partial);
            self.skims = start.starts_with(b"data:");
            if let Some(value) = start.strip_prefix(b"data:") {
                self.skim_line(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
        if !has_room {
            if self.skims {
                self.skim().starve();
            }
            self.keep(piece);
        }
    }

    /// Takes another line of data, or the beginning of one.
    fn skim_line(&mut self, value: &[u8]) {
        let skim = self.skim();
        skim.push(b"\n");
        skim.push(value);
    }

    /// Turns what is kept of the data into its id and kind.
    fn skim(&mut self) -> &mut Skim {
        if !matches!(self.data, Data::TooLong(_)) {
            let mut skim = Skim::default();
            if let Data::Whole(data) = &self.data {
                skim.push(data);
            }
            self.data = Data::TooLong(skim);
        }
        match &mut self.data {
            Data::TooLong(skim) => skim,
            _ => unreachable!("it was just made one"),
        }
    }

    fn line(&mut self, rest: &Bytes, events: &mut Vec<Event>) {
        if self.partial.is_empty() && !self.overlong && rest.len() <= self.limit {
            self.field(rest, events);
            return;
        }
        self.keep(rest);
        if !std::mem::take(&mut self.overlong) {
            let line = Bytes::from(std::mem::take(&mut self.partial));
            self.field(&line, events);
        }
    }

    fn field(&mut self, line: &Bytes, events: &mut Vec<Event>) {
        if line.is_empty() {
            self.dispatch(events);
            return;
        }
        let (name, value) = match memchr(b':', line) {
            Some(colon) => {
                let space = usize::from(line.get(colon + 1) == Some(&b' '));
                (&line[..colon], line.slice(colon + 1 + space..))
            }
            None => (&line[..], Bytes::new()),
        };
        match name {
            b"data" => self.append(value),
            b"id" if memchr(0, &value).is_none() => self.id = std::str::from_utf8(&value).ok().map(Into::into),
            b"event" => {
                // An empty one is `message` too ("dispatch the event", step 6).
                let name = std::str::from_utf8(&value).ok().filter(|name| !matches!(*name, "" | "message"));
                self.name = name.map(Into::into);
            }
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                let milliseconds = std::str::from_utf8(&value).ok().and_then(|digits| digits.parse().ok());
                self.retry = milliseconds.map(Duration::from_millis).or(self.retry);
            }
            _ => {}
        }
    }

    fn append(&mut self, value: Bytes) {
        match &mut self.data {
            Data::Nothing if value.len() <= self.limit => self.data = Data::Whole(value),
            Data::Whole(data) if data.len() + value.len() < self.limit => {
                // `try_into_mut` hands a buffer that nobody else holds back for appending; a copy a
                // line would be quadratic.
                let mut joined = match std::mem::take(data).try_into_mut() {
                    Ok(joined) => joined,
                    Err(shared) => bytes::BytesMut::from(&shared[..]),
                };
                joined.extend_from_slice(b"\n");
                joined.extend_from_slice(&value);
                *data = joined.freeze();
            }
            _ => {
                self.skimmed += value.len();
                self.skim_line(&value);
            }
        }
    }

    fn dispatch(&mut self, events: &mut Vec<Event>) {
        let data = std::mem::replace(&mut self.data, Data::Nothing);
        self.skimmed = 0;
        let (id, name) = (self.id.take(), self.name.take());
        if id.is_some() || !matches!(data, Data::Nothing) {
            events.push(Event { data, id, name });
        }
    }
}

/// The field name and its separator, which do not count towards the size of the data.
const FIELD_NAME: usize = "data: ".len();

/// Bytes beyond the limit, and as much again, after which an event is given up.
const ENDLESS: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(limit: usize, pieces: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::new(limit);
        let mut events = Vec::new();
        for piece in pieces {
            parser.push(Bytes::copy_from_slice(piece), &mut events);
        }
        let show = |event: &Event| {
            let data = match &event.data {
                Data::Nothing => "-".into(),
                Data::Whole(data) => String::from_utf8_lossy(data).into_owned(),
                Data::TooLong(skim) => {
                    let id = skim.parts().find_map(|part| part.id.as_ref());
                    format!("too long {}", id.map_or("-", |id| id.spelled()))
                }
            };
            format!("{}|{}|{data}", event.id.as_deref().unwrap_or("-"), event.name.as_deref().unwrap_or("-"))
        };
        events.iter().map(show).collect()
    }

    fn at_every_cut(limit: usize, stream: &[u8], expected: &[&str]) {
        for cut in 0..=stream.len() {
            assert_eq!(read(limit, &[&stream[..cut], &stream[cut..]]), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(limit, &bytes), expected, "byte by byte");
    }

    #[test]
    fn events_are_found_whatever_ends_the_lines_and_however_the_stream_is_cut() {
        let stream = "\u{feff}: hello\ndata: a\ndata:b\ndata\n\nid: 1\r\nevent: endpoint\r\ndata: {\"x\":\"é\"}\r\n\r\nid: 2\rdata:  c\r\rid: 3\n\nevent: message\ndata: d\n\ndata: unfinished\n";
        at_every_cut(100, stream.as_bytes(), &["-|-|a\nb\n", "1|endpoint|{\"x\":\"é\"}", "2|-| c", "3|-|-", "-|-|d"]);
    }

    #[test]
    fn data_above_the_limit_is_skimmed_and_the_next_event_is_whole() {
        let stream = b"data: {\"result\":\"xxxxxxxxxxxxxxxxxxxxxxxx\",\"id\":4}\nid: 9\n\ndata: {\"id\":5}\n\n";
        at_every_cut(20, stream, &["9|-|too long 4", "-|-|{\"id\":5}"]);
        let lines = b"data: {\"result\":\ndata: \"xxxxx\",\ndata: \"id\":4}\n\ndata: {\"id\":5}\n\n";
        at_every_cut(20, lines, &["-|-|too long 4", "-|-|{\"id\":5}"]);
    }

    #[test]
    fn other_fields_are_read_beside_data_that_is_nearly_too_long() {
        at_every_cut(10, b"data: 123456789\nevent: endpoint\nid: 12\n\n", &["12|endpoint|123456789"]);
    }

    #[test]
    fn a_long_line_that_is_no_data_is_none_of_the_message() {
        at_every_cut(4, b"data: {\"xxxxxx\":1,\n: \"id\":9, \"xxxxxxx\ndata: \"id\":4}\n\n", &["-|-|too long 4"]);
    }

    #[test]
    fn lines_of_data_above_the_limit_are_not_run_together() {
        let stream = b"data: {\"xxxxxxxxxxxxxxxxxxxxxxxxxx\":1,\ndata: \"\ndata:id\":5,\"xxxxxxxxxxxxxxxxxxxx\":1}\n\n";
        at_every_cut(20, stream, &["-|-|too long -"]);
    }

    #[test]
    fn a_type_without_a_name_is_that_of_a_message() {
        at_every_cut(100, b"event: x\nevent:\ndata: a\n\nevent: \ndata: b\n\n", &["-|-|a", "-|-|b"]);
    }

    #[test]
    fn the_reconnection_time_is_kept_and_nonsense_is_not() {
        let mut parser = Parser::new(10);
        let mut events = Vec::new();
        parser.push(Bytes::from_static(b"retry: 250\nretry: soon\nretry: 99999999999999999999999\n\n"), &mut events);
        assert_eq!(parser.retry(), Some(Duration::from_millis(250)));
        assert!(events.is_empty());
    }
}

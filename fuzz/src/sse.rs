//! The parser of event streams: in any pieces the same, and the same as another crate's.

use bytes::Bytes;
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};
use mcpbridge::remote::sse::{Data, Event, Parser};

use super::{byte, pieces};

/// The first byte is the limit (odd: none), the second says how the rest is cut.
pub fn sse(mut data: &[u8]) {
    let (limit, seed) = (byte(&mut data), byte(&mut data));
    let limit = if limit % 2 == 1 { usize::MAX } else { usize::from(limit) };
    // A line that is no field: else the other parser waits for what follows a last carriage return.
    let stream = [data, b":\n"].concat();
    let cut = read(limit, &pieces(&stream, seed));
    assert_eq!(cut, read(limit, &[&stream]), "cut otherwise, it says something else");
    if limit == usize::MAX && std::str::from_utf8(&stream).is_ok() {
        assert_eq!(heard(&cut), others(&stream));
    }
}

fn read(limit: usize, pieces: &[&[u8]]) -> Vec<Event_> {
    let mut parser = Parser::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(Bytes::copy_from_slice(piece), &mut events);
        assert!(
            parser.kept() <= limit.saturating_mul(2).saturating_add(MARK_AND_NAME),
            "{} bytes are kept",
            parser.kept()
        );
    }
    events.into_iter().map(Event_::from).collect()
}

/// An event that can be compared.
#[derive(Debug, PartialEq)]
struct Event_ {
    data: Option<Vec<u8>>,
    too_long: Option<Option<String>>,
    id: Option<String>,
    name: Option<String>,
}

impl From<Event> for Event_ {
    fn from(event: Event) -> Self {
        let (data, too_long) = match event.data {
            Data::Nothing => (None, None),
            Data::Whole(data) => (Some(data.to_vec()), None),
            Data::TooLong(skim) => {
                (None, Some(skim.parts().find_map(|part| part.id.as_ref()).map(|id| id.spelled().to_owned())))
            }
        };
        Event_ { data, too_long, id: event.id.map(Into::into), name: event.name.map(Into::into) }
    }
}

/// Type, data and the id that is the last one then: what a browser would tell of.
type Heard = (String, String, String);

fn heard(events: &[Event_]) -> Vec<Heard> {
    let mut last = String::new();
    let mut heard = Vec::new();
    for event in events {
        last = event.id.clone().unwrap_or(last);
        if let Some(data) = &event.data {
            let data = String::from_utf8(data.clone()).expect("a part of UTF-8 at line breaks");
            heard.push((event.name.clone().unwrap_or_else(|| "message".into()), data, last.clone()));
        }
    }
    heard
}

fn others(bytes: &[u8]) -> Vec<Heard> {
    // Version 0.2.3 panics at a byte order mark at the start, which it takes for one byte.
    let bytes = [b":\n", bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)].concat();
    let mut stream = stream::iter([Ok::<_, std::convert::Infallible>(bytes)]).eventsource();
    let mut heard = Vec::new();
    while let Some(Some(event)) = stream.next().now_or_never() {
        let event = event.expect("it is UTF-8, and every text is an event stream");
        heard.push((event.event, event.data, event.id));
    }
    heard
}

/// A byte order mark that is not complete, and the name of the field in front of the data.
const MARK_AND_NAME: usize = 3 + "data: ".len();

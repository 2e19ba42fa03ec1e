//! The same lines for an editor in this process: channels in the place of the two pipes.

use std::io::{self, ErrorKind};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{BATCHES, Line, Reader, Source, Splitter, Thread, Writer};

/// The editor's ends.
pub struct Inside {
    /// What the editor says, until it leaves.
    lines: Option<mpsc::Sender<Vec<Line>>>,
    /// What the editor is told; `None` when the bridge has ended.
    told: mpsc::Receiver<Vec<Line>>,
}

/// A reader and a writer for the loop, and the ends of them. The writer has a thread, as towards a
/// pipe, so an editor that does not listen slows the loop in the same way.
pub fn inside() -> ((Reader, Writer), Inside) {
    let (lines, spoken) = mpsc::channel(BATCHES);
    let (tell, told) = mpsc::channel(BATCHES);
    let mut splitter = Splitter::new(usize::MAX);
    let thread = Thread::start(move |part| {
        splitter.buffer().extend_from_slice(part);
        let lines = splitter.cut();
        let closed = !lines.is_empty() && tell.blocking_send(lines).is_err();
        if closed { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    });
    ((Reader(Source::Inside(spoken)), Writer::by(Some(thread))), Inside { lines: Some(lines), told })
}

impl Inside {
    /// Says one line, without its end.
    ///
    /// # Errors
    /// The bridge has ended.
    pub async fn say(&self, line: Bytes) -> io::Result<()> {
        let closed = || io::Error::from(ErrorKind::BrokenPipe);
        self.lines.as_ref().ok_or_else(closed)?.send(vec![Line::Text(line)]).await.map_err(|_| closed())
    }

    /// The next lines, or `None` when the bridge has ended. Nothing is lost when the future is dropped.
    pub async fn hear(&mut self) -> Option<Vec<Bytes>> {
        let lines = self.told.recv().await?;
        let text = |line| match line {
            Line::Text(text) => Some(text),
            // There is no limit here.
            Line::TooLong(_) => None,
        };
        Some(lines.into_iter().filter_map(text).collect())
    }

    /// Ends the input; what is still told can be heard.
    pub fn leave(&mut self) {
        self.lines = None;
    }
}

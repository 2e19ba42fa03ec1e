//! The conversation as lines to read: what happened, and what was done about it.

use bytes::Bytes;
use mcpbridge::era::{Event, Step};
use mcpbridge::message::{Message, Parsed};

/// Where the lines go.
pub enum Told {
    /// Nobody wants to know.
    Nowhere,
    /// To standard error, for somebody who wants to understand a finding.
    Aloud,
    /// They are kept, to be compared.
    Kept(Vec<String>),
}

impl Told {
    /// As the variable `FUZZ_TELL` says.
    pub fn as_wanted() -> Self {
        if std::env::var_os("FUZZ_TELL").is_some() { Told::Aloud } else { Told::Nowhere }
    }

    /// The kept lines.
    pub fn into_lines(self) -> Vec<String> {
        if let Told::Kept(lines) = self { lines } else { Vec::new() }
    }

    /// Takes down what happened.
    pub fn event(&mut self, event: &Event) {
        self.line(|| shown_event(event));
    }

    /// Takes down what is to be done.
    pub fn step(&mut self, step: &Step) {
        self.line(|| format!("    {}", shown_step(step)));
    }

    /// Takes down a line.
    pub fn line(&mut self, line: impl FnOnce() -> String) {
        match self {
            Told::Nowhere => {}
            Told::Aloud => eprintln!("{}", line()),
            Told::Kept(lines) => lines.push(line()),
        }
    }
}

fn shown_event(event: &Event) -> String {
    match event {
        Event::Editor(Ok(parsed)) => format!("editor: {}", shown(parsed)),
        Event::Editor(Err(fault)) => format!("editor: what is no message: {}", fault.text),
        Event::Server { key, generation, parsed } => {
            format!("server on {key:?} in session {generation}: {}", shown(parsed))
        }
        Event::Ended { key, failure } => {
            let failure = failure.as_ref().map(|failure| (failure.kind, failure.status, &failure.error));
            format!("{key} ended: {failure:?}")
        }
        Event::Due { key } => format!("{key} is due"),
        Event::Renewed { generation } => format!("session {generation} began"),
        Event::Closed => "the editor has closed its side".to_owned(),
        Event::Over(_) => "all is over".to_owned(),
    }
}

fn shown_step(step: &Step) -> String {
    match step {
        Step::ToEditor(line) => format!("to the editor: {}", text(line)),
        Step::Answer(line) => format!("answer: {}", text(line)),
        Step::Failed(line, kind) => format!("failed, {kind:?}: {}", text(line)),
        Step::Open { key, message, transport } => format!("open {key} over {transport:?}: {}", text(message.raw())),
        Step::Probe { key, message, .. } => format!("probe {key}: {}", text(message.raw())),
        Step::Send { key, body, .. } => format!("send {key}: {}", text(body)),
        Step::Tell { message, .. } => format!("tell: {}", text(message.raw())),
        Step::Reply { message, generation, .. } => format!("reply in session {generation}: {}", text(message.raw())),
        Step::Cancel { key, message } => format!("cancel {key}: {}", text(message.raw())),
        step => format!("{step:?}"),
    }
}

fn shown(parsed: &Parsed) -> String {
    match parsed {
        Parsed::One(message) => text(message.raw()),
        Parsed::Batch(batch) => {
            let raw = |message: &Message| text(message.raw());
            let each = batch.iter().map(|one| one.as_ref().map_or_else(|fault| fault.text.to_string(), raw));
            format!("[{}]", each.collect::<Vec<_>>().join(","))
        }
    }
}

fn text(line: &Bytes) -> String {
    String::from_utf8_lossy(line).into_owned()
}

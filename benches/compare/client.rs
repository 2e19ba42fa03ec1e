//! One of the programs in use: what an editor does with a bridge, and what the direct client does itself.

use std::time::Duration;

use anyhow::{Context, bail};

use crate::{
    direct::Connection,
    editor::Editor,
    lab::Subject,
    process::Cpu,
    wire::{self, Era},
};

pub struct Client {
    pub subject: Subject,
    /// How the server knows it.
    pub tag: String,
    pub end: End,
    /// What is spoken to it.
    pub era: Era,
    pub last_id: u64,
}

pub enum End {
    Direct(Connection),
    Editor(Box<Editor>),
}

impl Client {
    /// Until its first list is answered.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        self.initialize()?;
        self.initialized()?;
        self.list_tools()
    }

    pub fn initialize(&mut self) -> anyhow::Result<()> {
        let id = self.next_id();
        let (message, proof) = match self.era {
            Era::Legacy => (wire::initialize(id), "serverInfo"),
            Era::Modern => (wire::discover(id), "supportedVersions"),
        };
        match &mut self.end {
            End::Editor(editor) => {
                editor.send(&message)?;
                let answer = editor.answer(id)?;
                if self.subject != Subject::Pipe && wire::member(answer, proof).is_none() {
                    bail!("initialize was answered {}", String::from_utf8_lossy(answer));
                }
            }
            End::Direct(connection) => {
                connection.send(&message)?;
                if let Some(session) = connection.receive(|_| ())? {
                    connection.join(&session);
                }
            }
        }
        Ok(())
    }

    pub fn initialized(&mut self) -> anyhow::Result<()> {
        if self.era == Era::Modern {
            return Ok(());
        }
        match &mut self.end {
            End::Editor(editor) => editor.send(wire::initialized())?,
            End::Direct(connection) => {
                connection.send(wire::initialized())?;
                connection.receive(|_| ())?;
            }
        }
        Ok(())
    }

    /// One request and its answer, nothing else under way.
    pub fn ask(&mut self, request: impl Fn(u64) -> String) -> anyhow::Result<()> {
        let id = self.next_id();
        self.ask_as(id, &request(id), |_| ())
    }

    /// The answer is only lent: copying a large one would be part of the measurement.
    pub fn ask_as<T>(&mut self, id: u64, request: &str, read: impl Fn(&[u8]) -> T) -> anyhow::Result<T> {
        match &mut self.end {
            End::Editor(editor) => {
                editor.send(request)?;
                Ok(read(editor.answer(id)?))
            }
            End::Direct(connection) => {
                let mut result = None;
                connection.send(request)?;
                connection.receive(|message| result = Some(read(message)))?;
                result.context("the answer was empty")
            }
        }
    }

    pub fn call(&mut self, tool: &str, arguments: &str) -> anyhow::Result<()> {
        match self.era {
            Era::Legacy => self.ask(|id| wire::call(id, tool, arguments)),
            Era::Modern => self
                .ask(|id| wire::modern(id, "tools/call", &format!(r#""name":"{tool}","arguments":{{{arguments}}},"#))),
        }
    }

    pub fn list_tools(&mut self) -> anyhow::Result<()> {
        match self.era {
            Era::Legacy => self.ask(wire::tools_list),
            Era::Modern => self.ask(|id| wire::modern(id, "tools/list", "")),
        }
    }

    pub fn skip_ids(&mut self, number: u64) {
        self.last_id += number;
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// What follows may take this long; then the child is ended.
    pub fn within(&self, patience: Duration) {
        if let End::Editor(editor) = &self.end {
            editor.within(patience);
        }
    }

    /// Of the child; of the calling thread where there is none.
    pub fn cpu(&self) -> Option<Cpu> {
        match self.pid() {
            Some(pid) => Cpu::of(pid),
            None => Cpu::of_this_thread(),
        }
    }

    pub fn pid(&self) -> Option<u32> {
        match &self.end {
            End::Editor(editor) => Some(editor.pid),
            End::Direct(_) => None,
        }
    }
}

//! Questions of the server to the editor: each is answered once, in the session that asked it.

use std::collections::{BTreeSet, VecDeque};

use crate::era::Step;
use crate::era::answered::{Answered, MOST_OPEN};
use crate::era::own::Own;
use crate::era::replies::{cancelled, goodbye, reply};
use crate::message::{Id, Message, SERVER_ERROR, error_line, member};

/// What the server has asked and not been told yet.
#[derive(Default)]
pub struct Questions {
    /// In their order, and with their ids towards the editor.
    open: Vec<(Id, Question)>,
    /// Those that the server does not have the answer to yet.
    answered: Answered,
    /// What the server has spelled in those that are open, in bytes.
    size: usize,
    /// Ids of questions that are over, whose answers may still come.
    over: Over,
    /// The editor has closed its side, and answers none any more.
    closed: bool,
}

struct Question {
    /// As the server spelled it.
    id: Id,
    generation: u64,
    method: String,
}

impl Question {
    fn size(&self) -> usize {
        self.id.spelled().len() + self.method.len()
    }
}

impl Questions {
    /// Whether the server waits for no answer.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether the server waits for the answer to this one.
    pub fn has(&self, id: &Id) -> bool {
        self.open.iter().any(|(asked, _)| asked == id)
    }

    /// The server asks.
    pub fn ask(&mut self, generation: u64, message: Message, own: &Own, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        let method = message.method().to_owned();
        let size = id.spelled().len() + method.len();
        let full = self.open.len() + self.answered.on_their_way() >= MOST_OPEN || self.size + size > MOST_BYTES;
        if self.closed || full {
            let line = if self.closed {
                goodbye(&id, &method)
            } else {
                error_line(Some(&id), SERVER_ERROR, "too many open requests", None)
            };
            steps.extend(reply(line, generation, None));
            return;
        }
        let taken = self.has(&id) || self.over.contains(&id);
        let message = if taken { message.with_id(&own.id()) } else { message };
        if let Some(towards_editor) = message.id().cloned() {
            self.open.push((towards_editor, Question { id, generation, method }));
            self.size += size;
        }
        steps.push(Step::ToEditor(message.raw().clone()));
    }

    /// The editor answers.
    pub fn answer(&mut self, message: &Message, steps: &mut Vec<Step>) {
        match message.id().and_then(|id| self.take(id)) {
            Some(question) => {
                let of_editor = Some(self.answered.one());
                let Question { id, generation, .. } = question;
                steps.push(Step::Reply { message: message.with_id(&id), generation, of_editor });
            }
            None => log::debug!("an answer to no open question was dropped: {message:?}"),
        }
    }

    /// The server takes a question back.
    pub fn withdrawn(&mut self, generation: u64, message: Message, steps: &mut Vec<Step>) {
        let spelled = message.params().and_then(|params| member(params, "requestId"));
        let asked = spelled.and_then(Id::parse).and_then(|id| {
            let mut open = self.open.iter();
            open.find(|(_, question)| question.id == id && question.generation == generation).map(|(id, _)| id.clone())
        });
        match (spelled, asked) {
            (Some(spelled), Some(id)) => {
                self.take(&id);
                let message = message.with_part(spelled, id.spelled());
                self.over.remember(id);
                steps.push(Step::ToEditor(message.raw().clone()));
            }
            _ => steps.push(Step::ToEditor(message.raw().clone())),
        }
    }

    /// Questions of earlier sessions than this one are lost with them.
    pub fn renewed(&mut self, generation: u64, steps: &mut Vec<Step>) {
        let stale = |(_, question): &mut (Id, Question)| question.generation < generation;
        for (id, question) in self.open.extract_if(.., stale) {
            steps.push(Step::ToEditor(cancelled(&id, "the server lost the session")));
            self.size -= question.size();
            self.over.remember(id);
        }
    }

    /// Nobody waits for the answers any more: the editor is told so as well.
    pub fn take_back(&mut self, steps: &mut Vec<Step>) {
        let taken_back = self.open.iter().map(|(id, _)| cancelled(id, "the session is over"));
        steps.extend(taken_back.map(Step::ToEditor));
        self.close(steps);
    }

    /// The editor answers none any more: the server is told so, of these and of those to come.
    pub fn close(&mut self, steps: &mut Vec<Step>) {
        self.closed = true;
        self.size = 0;
        for (_, question) in std::mem::take(&mut self.open) {
            let line = goodbye(&question.id, &question.method);
            // In the place of the editor's: each question has its answer, however many there are.
            steps.extend(reply(line, question.generation, Some(self.answered.one())));
        }
    }

    fn take(&mut self, id: &Id) -> Option<Question> {
        let at = self.open.iter().position(|(asked, _)| asked == id)?;
        let (_, question) = self.open.remove(at);
        self.size -= question.size();
        Some(question)
    }
}

/// Ids of questions that are over, the most recent ones.
#[derive(Default)]
struct Over {
    ids: BTreeSet<Id>,
    order: VecDeque<Id>,
    size: usize,
}

impl Over {
    fn remember(&mut self, id: Id) {
        if self.ids.insert(id.clone()) {
            self.size += id.spelled().len();
            self.order.push_back(id);
        }
        while (self.order.len() > MOST_OPEN || self.size > MOST_BYTES)
            && let Some(oldest) = self.order.pop_front()
        {
            self.size -= oldest.spelled().len();
            self.ids.remove(&oldest);
        }
    }

    fn contains(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }
}

/// What their ids and methods may hold, of which a server can choose the length.
const MOST_BYTES: usize = 1024 * 1024;

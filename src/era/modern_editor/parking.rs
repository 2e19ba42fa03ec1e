//! Questions of the server, and the calls that are parked while the editor answers them.

use std::time::Duration;

use super::calls::Call;
use super::{ModernEditor, results};
use crate::era::answered::MOST_OPEN;
use crate::era::capabilities::may_be_asked;
use crate::era::replies::{code, failed, refusal, reply};
use crate::era::splice::with_id;
use crate::era::{Key, MISSING_CAPABILITY, Step};
use crate::failure::{Failure, Kind};
use crate::log::Repeated;
use crate::message::{
    INVALID_PARAMS, Id, METHOD_NOT_FOUND, Message, SERVER_ERROR, elements, error_line, member, plain_string,
    result_line,
};

/// A question that the server waits for.
#[derive(Clone)]
pub struct Question {
    /// The server's id.
    pub id: Id,
    /// Which kind of question.
    pub method: String,
    /// What is asked, as the server spelled it.
    pub params: Option<String>,
    /// The session in which it was asked.
    pub generation: u64,
    /// Its name towards the editor.
    name: String,
}

/// A question for which no call runs.
pub struct Orphan {
    question: Question,
    /// When it is refused.
    pub until: Key,
}

/// Links that the server wants opened before a call; it has not run.
pub struct Links {
    call: Call,
    /// What the server said.
    error: String,
    /// When it is forgotten.
    pub until: Key,
}

impl ModernEditor {
    /// The server asks something.
    pub(super) fn question(&mut self, key: Option<Key>, generation: u64, message: &Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        let method = message.method().to_owned();
        if method == "ping" {
            steps.extend(reply(result_line(&id, "{}"), generation, None));
            return;
        }
        if !QUESTIONS.contains(&method.as_str()) {
            let line = error_line(Some(&id), METHOD_NOT_FOUND, "method not found", None);
            steps.extend(reply(line, generation, None));
            return;
        }
        let params = message.params().map(ToOwned::to_owned);
        let question = Question { id, method, params, generation, name: self.own.name() };
        if self.closed {
            self.goodbye(&question, steps);
            return;
        }
        // On the stream of a call it belongs to that call. Elsewhere nobody says to which.
        let own = key.filter(|key| self.calls.get(*key).is_some_and(Call::may_be_asked));
        match own.or_else(|| self.calls.oldest_that_may_be_asked()) {
            Some(at) => self.ask(at, question, steps),
            None if self.orphans.len() < MOST_ORPHANS => {
                let until = self.own.key();
                self.orphans.push(Orphan { question, until });
                steps.push(Step::Wake { key: until, after: ORPHANED });
            }
            None => Self::refuse_question(&question, steps),
        }
    }

    fn ask(&mut self, at: Key, question: Question, steps: &mut Vec<Step>) {
        let Some(call) = self.calls.get(at) else { return };
        let full = call.queued.len() >= MOST_QUEUED || self.answered.on_their_way() >= MOST_OPEN;
        if full || !self.admits(call, &question) {
            Self::refuse_question(&question, steps);
            return;
        }
        let parked = call.editor.is_none();
        if let Some(call) = self.calls.get_mut(at) {
            call.queued.push(question);
        }
        if !parked {
            self.park(at, steps);
        }
    }

    fn refuse_question(question: &Question, steps: &mut Vec<Step>) {
        let text = format!("the client does not answer {}", question.method);
        let line = error_line(Some(&question.id), METHOD_NOT_FOUND, &text, None);
        steps.extend(reply(line, question.generation, None));
    }

    /// Answers a call's present request with all that is open, and waits for the next.
    fn park(&mut self, at: Key, steps: &mut Vec<Step>) {
        if self.calls.parked() >= MOST_PARKED
            && let Some(oldest) = self.calls.all_parked().first().copied()
        {
            TOO_MANY.warn("too many calls wait for answers of the editor: the oldest is given up");
            self.expire(oldest, steps);
        }
        let (state, expiry) = (self.own.state(), self.own.key());
        let Some(call) = self.calls.get_mut(at) else { return };
        let queued = std::mem::take(&mut call.queued);
        call.asked.extend(queued);
        let asked = call.asked.iter().map(|question| (&*question.name, &*question.method, question.params.as_deref()));
        let result = results::input_required(asked, &state);
        if let Some(editor) = self.calls.park(at, state, expiry) {
            steps.push(Step::Answer(result_line(&editor, &result)));
        }
        steps.push(Step::Wake { key: expiry, after: PARKED });
    }

    /// The editor comes back for a parked call, or for one that wanted links opened first.
    pub(super) fn retried(&mut self, message: Message, state: &str, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned() else { return };
        if self.links.get(state).is_some_and(|links| links.call.is_same(&message)) {
            if let Some(links) = self.links.remove(state) {
                self.opened(&links, message, steps);
            }
            return;
        }
        let at = self.calls.by_state(state);
        let Some(at) = at.filter(|at| self.calls.get(*at).is_some_and(|call| call.is_same(&message))) else {
            steps.push(refusal(&id, INVALID_PARAMS, "requestState is unknown or was used: ask again from the start"));
            return;
        };
        let given = message.params().and_then(|params| member(params, "inputResponses")).unwrap_or("{}").to_owned();
        self.calls.take_up(at, message);
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.kept.is_some() {
            let Some(call) = self.calls.remove(at) else { return };
            match call.kept.clone() {
                Some(Ok(answer)) => self.deliver(&id, &call, &answer, steps),
                kept => steps.push(failed(&id, kept.and_then(Result::err).flatten())),
            }
            return;
        }
        call.asked.retain(|question| {
            let Some(answer) = member(&given, &question.name) else { return true };
            let line = result_line(&question.id, answer);
            steps.extend(reply(line, question.generation, Some(self.answered.one())));
            false
        });
        if !(call.asked.is_empty() && call.queued.is_empty()) {
            self.park(at, steps);
        }
    }

    /// Gives the editor the answer to a call.
    pub(super) fn deliver(&mut self, editor: &Id, call: &Call, answer: &Message, steps: &mut Vec<Step>) {
        // The server does not wait any more for what it has asked.
        let error = answer.error();
        if let Some(error) = error.filter(|error| code(error) == Some(URL_REQUIRED)) {
            self.want_links(editor, call, error, steps);
            return;
        }
        let mut message = results::for_modern(call.message.method(), &with_id(answer, editor));
        if call.message.method() == "tools/list" {
            message = call.filter().cut(message);
        }
        steps.push(Step::Answer(message.raw().clone()));
    }

    /// The server wants links opened before it is called (2025-11-25, -32042).
    fn want_links(&mut self, editor: &Id, call: &Call, error: &str, steps: &mut Vec<Step>) {
        let list = member(error, "data").and_then(|data| member(data, "elicitations")).unwrap_or("[]");
        let links: Vec<&str> = elements(list).unwrap_or_default().into_iter().map(|at| &list[at]).collect();
        let can = &call.capabilities;
        if links.is_empty() || !call.may_be_asked() || !links.iter().all(|link| may_be_asked(can, ELICIT, link)) {
            let text = member(error, "message").and_then(plain_string).unwrap_or_default();
            let data = r#"{"requiredCapabilities":{"elicitation":{"url":{}}}}"#;
            steps.push(Step::Answer(error_line(Some(editor), MISSING_CAPABILITY, &text, Some(data))));
            return;
        }
        let (state, until) = (self.own.state(), self.own.key());
        let names: Vec<String> = links.iter().map(|_| self.own.name()).collect();
        let asked = names.iter().zip(&links).map(|(name, link)| (&**name, ELICIT, Some(*link)));
        steps.push(Step::Answer(result_line(editor, &results::input_required(asked, &state))));
        steps.push(Step::Wake { key: until, after: PARKED });
        if self.links.len() >= MOST_PARKED
            && let Some(oldest) = self.links.iter().min_by_key(|(_, links)| links.until).map(|(state, _)| state.clone())
        {
            self.links.remove(&oldest);
        }
        let call = Call::new(&self.own, call.message.clone(), call.filter().clone());
        self.links.insert(state, Links { call, error: error.to_owned(), until });
    }

    /// The person has opened the links, or has not. The first call did not run, so this is a new one.
    fn opened(&mut self, links: &Links, message: Message, steps: &mut Vec<Step>) {
        let given = message.params().and_then(|params| member(params, "inputResponses")).unwrap_or("{}");
        let all = crate::era::splice::members(given).unwrap_or_default();
        let accepts = |answer: &str| member(answer, "action").and_then(plain_string).as_deref() == Some("accept");
        if all.iter().all(|answer| accepts(answer.value)) {
            self.start(message, steps);
            return;
        }
        let text = member(&links.error, "message").and_then(plain_string).unwrap_or_default();
        let text = format!("the server was not called, because what it wants first was declined: {text}");
        steps.extend(message.id().map(|id| refusal(id, SERVER_ERROR, &text)));
    }

    /// A call begins, and the server has been asking for one.
    pub(super) fn adopt_orphans(&mut self, at: Key, steps: &mut Vec<Step>) {
        for orphan in std::mem::take(&mut self.orphans) {
            self.ask(at, orphan.question, steps);
        }
    }

    pub(super) fn refuse_orphans(&mut self, until: Key, steps: &mut Vec<Step>) {
        self.orphans.retain(|orphan| {
            let stays = orphan.until != until;
            if !stays {
                Self::refuse_question(&orphan.question, steps);
            }
            stays
        });
    }

    /// The server takes a question back.
    pub(super) fn withdrawn(&mut self, generation: u64, id: Option<&str>) {
        let Some(id) = id.and_then(Id::parse) else { return };
        let stays = |question: &Question| question.id != id || question.generation != generation;
        self.orphans.retain(|orphan| stays(&orphan.question));
        self.calls.questions().for_each(|questions| questions.retain(stays));
    }

    /// Ends a parked call that nobody came back for.
    pub(super) fn expire(&mut self, at: Key, steps: &mut Vec<Step>) {
        let Some(call) = self.calls.remove(at) else { return };
        if call.kept.is_some() {
            return;
        }
        call.asked.iter().chain(&call.queued).for_each(|question| self.goodbye(question, steps));
        Self::abandon(&call, "nobody answered what it asked", steps);
    }

    /// Ends all parked calls, because nobody will come back for them.
    pub fn give_up_parked(&mut self, steps: &mut Vec<Step>) {
        for at in self.calls.all_parked() {
            self.expire(at, steps);
        }
        for orphan in std::mem::take(&mut self.orphans) {
            self.goodbye(&orphan.question, steps);
        }
        self.links.clear();
    }

    /// The session is gone, and with it all that was open in it.
    pub(super) fn session_lost(&mut self, steps: &mut Vec<Step>) {
        self.orphans.clear();
        for at in self.calls.all_parked() {
            let fact = "the server lost the session in which it asked this";
            let failure = Failure::new(Kind::Protocol, fact).remedy("ask again from the start");
            self.calls.keep(at, Err(Some(failure)));
            steps.push(Step::Drop { key: at });
        }
        self.calls.questions().for_each(Vec::clear);
        self.catch_up_all(steps);
    }
}

/// What a legacy server may ask, beside whether we are there.
const QUESTIONS: [&str; 3] = ["roots/list", "sampling/createMessage", ELICIT];
const ELICIT: &str = "elicitation/create";
/// "URL elicitation required", the error of 2025-11-25 alone.
const URL_REQUIRED: i64 = -32042;
/// How long an editor may take to come back for a call: a person answers.
const PARKED: Duration = Duration::from_secs(10 * 60);
/// Calls that may be parked; each holds a stream to the server.
const MOST_PARKED: usize = 64;
/// How long a question waits for the call that it is for: servers ask on one stream and are called
/// on another, and the two race.
const ORPHANED: Duration = Duration::from_secs(5);
/// Questions that may wait so.
const MOST_ORPHANS: usize = 64;
static TOO_MANY: Repeated = Repeated::new();
/// Questions that a call may have open.
const MOST_QUEUED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::era::own::Own;
    use crate::era::{Event, Filter};
    use crate::message::Parsed;
    use crate::versions::Transport;

    const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"},
        "io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}}}"#;

    fn question(key: Option<Key>, id: u32) -> Event {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"elicitation/create","params":{{"message":"m","requestedSchema":{{"type":"object","properties":{{}}}}}}}}"#
        );
        Event::Server { key, generation: 1, parsed: Message::parse(text.into()).unwrap() }
    }

    #[test]
    fn the_end_answers_each_question_in_the_place_of_the_editor() {
        let answer = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#;
        let answer = Message::single(answer.into()).unwrap();
        let can = Some(r#"{"capabilities":{"elicitation":{}}}"#);
        let mut pair = ModernEditor::new((Filter::default(), Own::new(1)), &answer, can, Transport::Streamable);
        let mut steps = Vec::new();
        // For a call that is to come, for one that is parked, and one that comes after the end.
        pair.on(question(None, 1), &mut steps);
        assert!(matches!(*steps, [Step::Wake { .. }]), "{steps:?}");
        pair.on(Event::Editor(Ok(Parsed::One(Message::single(CALL.into()).unwrap()))), &mut steps);
        let sent = steps.iter().find_map(|step| if let Step::Send { key, .. } = step { Some(*key) } else { None });
        assert!(sent.is_some() && pair.is_asked(), "{steps:?}");
        pair.on(question(sent, 2), &mut steps);
        steps.clear();
        pair.on(Event::Closed, &mut steps);
        pair.on(question(sent, 3), &mut steps);
        let held =
            |step: &Step| if let Step::Reply { of_editor, .. } = step { Some(of_editor.is_some()) } else { None };
        let held: Vec<bool> = steps.iter().filter_map(held).collect();
        assert_eq!(held, [true; 3], "{steps:?}");
        assert_eq!(pair.answered.on_their_way(), 3);
        drop(steps);
        assert_eq!(pair.answered.on_their_way(), 0);
    }
}

//! `input_required`: questions in a result become requests of the server's, and their answers the
//! next attempt (2026-07-28, Multi Round-Trip Requests).

use std::time::Duration;

use super::{Flight, LegacyEditor, entries, one};
use crate::era::Step;
use crate::era::capabilities::may_be_asked;
use crate::era::own::Own;
use crate::era::replies::{CANCELLED, cancelled};
use crate::era::splice::{quoted, with_member, with_params};
use crate::failure::{Failure, Kind};
use crate::message::{Id, Message, error_object_line, member, notification_line, plain_string, request_line};

/// What a request has been through.
#[derive(Default)]
pub struct Rounds {
    count: u32,
    waits: u32,
    round: Option<Round>,
    /// Links that the person agreed to open, which does not yet mean that all is done there.
    opened: Vec<Link>,
}

/// The questions of one result.
struct Round {
    /// `requestState`, as it was spelled.
    state: Option<String>,
    /// The keys as they were spelled, with what the editor said.
    answers: Vec<(String, Option<String>)>,
}

struct Link {
    url: String,
    id: String,
}

/// A question that the editor has not answered.
pub struct Question {
    request: Id,
    index: usize,
    elicits: bool,
    link: Option<Link>,
}

/// One of the questions in a result.
struct Asked {
    key: String,
    method: String,
    params: Option<String>,
    /// The link to open, of an elicitation by URL.
    url: Option<String>,
}

impl Rounds {
    /// Says that what was to be done at a link is done, unless it is asked for again in `urls`.
    pub fn complete(&mut self, urls: &[&str], steps: &mut Vec<Step>) {
        self.opened.retain(|link| {
            let again = urls.contains(&link.url.as_str());
            if !again {
                let params = format!(r#"{{"elicitationId":{}}}"#, quoted(&link.id));
                steps.push(Step::ToEditor(notification_line("notifications/elicitation/complete", Some(&params))));
            }
            again
        });
    }
}

impl LegacyEditor {
    /// The server wants to know something before it answers.
    pub(super) fn input_required(&mut self, id: &Id, result: &str, steps: &mut Vec<Step>) {
        let asked: Vec<Asked> =
            entries(result, "inputRequests").iter().map(|entry| asked(entry.key, entry.value)).collect();
        let state = member(result, "requestState").map(ToOwned::to_owned);
        if let Err(fact) = self.may_ask(id, &asked, state.is_some()) {
            self.fail(id, &Failure::new(Kind::Protocol, fact), steps);
            return;
        }
        let Some(flight) = self.flights.get_mut(id) else { return };
        let rounds = &mut flight.rounds;
        rounds.count += 1;
        let urls: Vec<&str> = asked.iter().filter_map(|asked| asked.url.as_deref()).collect();
        rounds.complete(&urls, steps);
        let mut answers = Vec::with_capacity(asked.len());
        let mut to_ask = Vec::new();
        for (index, asked) in asked.into_iter().enumerate() {
            let known = asked.url.as_ref().is_some_and(|url| rounds.opened.iter().any(|link| link.url == *url));
            let answer = known.then(|| ACCEPTED.to_owned());
            answers.push((asked.key.clone(), answer));
            if !known {
                to_ask.push((index, asked));
            }
        }
        rounds.round = Some(Round { state, answers });
        if to_ask.is_empty() {
            // Nobody is asked, so nobody but the clock slows this down.
            let (key, after) = (self.own.key(), pause(rounds.waits));
            rounds.waits += 1;
            self.pauses.insert(key, id.clone());
            steps.push(Step::Wake { key, after });
            return;
        }
        for (index, asked) in to_ask {
            let (line, question) = question(&self.own, id, index, asked);
            if let Some(asked_as) = Message::single(line.clone()).ok().and_then(|message| message.id().cloned()) {
                self.questions.push((asked_as, question));
            }
            if !self.closed {
                steps.push(Step::ToEditor(line));
            }
        }
        if self.closed {
            self.answer_in_the_editors_place(steps);
        }
    }

    /// Whether the editor can be asked all of this.
    fn may_ask(&self, id: &Id, asked: &[Asked], has_state: bool) -> Result<(), String> {
        let Some(flight) = self.flights.get(id) else { return Ok(()) };
        let method = flight.message.method();
        if !matches!(method, "tools/call" | "prompts/get" | "resources/read") {
            return Err(format!("the server wants input before it answers {method}, which has none"));
        }
        if flight.rounds.count >= MOST_ROUNDS {
            return Err(format!("the server wanted input {MOST_ROUNDS} times and has not answered"));
        }
        if asked.is_empty() && !has_state {
            return Err("the server wants input, and does not say which".into());
        }
        let can = self.editor_can();
        let beyond =
            asked.iter().find(|asked| !may_be_asked(can, &asked.method, asked.params.as_deref().unwrap_or("{}")));
        match beyond {
            Some(asked) => Err(format!("the server wants {}, which this editor did not offer", asked.method)),
            None => Ok(()),
        }
    }

    /// The editor answers a question.
    pub(super) fn answer_to_question(&mut self, message: &Message, steps: &mut Vec<Step>) {
        let Some(at) = self.questions.iter().position(|(id, _)| message.id() == Some(id)) else {
            log::debug!("an answer to no open question was dropped: {message:?}");
            return;
        };
        let (_, question) = self.questions.remove(at);
        let id = question.request.clone();
        match (message.result(), message.error()) {
            (Some(result), _) => self.collect(question, result, steps),
            (None, _) if question.elicits => self.collect(question, CANCELLED, steps),
            // There is no place for an error among the answers, so it ends the request.
            (None, error) => {
                if let Some(error) = error.map(ToOwned::to_owned)
                    && self.forget(&id, steps).is_some()
                {
                    steps.push(Step::ToEditor(error_object_line(&id, &error)));
                }
            }
        }
    }

    fn collect(&mut self, question: Question, result: &str, steps: &mut Vec<Step>) {
        let Some(flight) = self.flights.get_mut(&question.request) else { return };
        let rounds = &mut flight.rounds;
        let accepts = member(result, "action").and_then(plain_string).as_deref() == Some("accept");
        rounds.opened.extend(question.link.filter(|_| accepts));
        let Some(round) = &mut rounds.round else { return };
        if let Some((_, answer)) = round.answers.get_mut(question.index) {
            *answer = Some(result.to_owned());
        }
        if round.answers.iter().all(|(_, answer)| answer.is_some()) {
            self.retry(&question.request, steps);
        }
    }

    /// Sends the request again under a new id, with the answers and the server's own state.
    pub(super) fn retry(&mut self, id: &Id, steps: &mut Vec<Step>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        let Some(round) = flight.rounds.round.take() else { return };
        flight.progress.base = flight.progress.last;
        let message = again(flight, &round).with_id(&self.own.id());
        if let Some(upstream) = message.id().cloned() {
            flight.upstream = upstream.clone();
            self.upstream.insert(upstream, id.clone());
        }
        self.ask(one(message), steps);
    }

    /// Takes back what the editor has been asked for a request.
    pub(super) fn withdraw_questions(&mut self, request: &Id, steps: &mut Vec<Step>) {
        self.questions.retain(|(id, question)| {
            let stays = question.request != *request;
            if !stays {
                steps.push(Step::ToEditor(cancelled(id, "the request it was for is over")));
            }
            stays
        });
    }

    /// Nobody can answer any more: elicitations are cancelled, and what has no such answer ends.
    pub(super) fn answer_in_the_editors_place(&mut self, steps: &mut Vec<Step>) {
        for (_, question) in std::mem::take(&mut self.questions) {
            if question.elicits {
                self.collect(question, CANCELLED, steps);
            } else {
                let failure = Failure::new(Kind::Usage, "the editor closed its side before it answered the server");
                self.fail(&question.request, &failure, steps);
            }
        }
    }
}

fn asked(key: &str, value: &str) -> Asked {
    let method = member(value, "method").and_then(plain_string).unwrap_or_default().into_owned();
    let params = member(value, "params").map(ToOwned::to_owned);
    let mode = params.as_deref().and_then(|params| member(params, "mode")).and_then(plain_string);
    let url = params.as_deref().filter(|_| method == "elicitation/create" && mode.as_deref() == Some("url"));
    let url = url.and_then(|params| member(params, "url")).and_then(plain_string).map(|url| url.into_owned());
    Asked { key: key.to_owned(), method, params, url }
}

/// The question as a request to the editor. An elicitation by URL has an id in the legacy era.
fn question(own: &Own, request: &Id, index: usize, asked: Asked) -> (bytes::Bytes, Question) {
    let mut params = asked.params;
    let mut link = None;
    if let (Some(url), Some(text)) = (asked.url, &mut params) {
        let id = member(text, "elicitationId").and_then(plain_string).map(|id| id.into_owned());
        let id = id.unwrap_or_else(|| own.name());
        *text = with_member(text, "elicitationId", &quoted(&id));
        link = Some(Link { url, id });
    }
    let line = request_line(&own.id(), &asked.method, params.as_deref());
    let elicits = asked.method == "elicitation/create";
    (line, Question { request: request.clone(), index, elicits, link })
}

fn again(flight: &Flight, round: &Round) -> Message {
    let mut params = flight.sent.params().unwrap_or("{}").to_owned();
    if let Some(state) = &round.state {
        params = with_member(&params, "requestState", state);
    }
    if !round.answers.is_empty() {
        let answers = round.answers.iter().map(|(key, answer)| format!("{key}:{}", answer.as_deref().unwrap_or("{}")));
        let answers = answers.collect::<Vec<_>>().join(",");
        params = with_member(&params, "inputResponses", &format!("{{{answers}}}"));
    }
    with_params(&flight.sent, &params)
}

fn pause(waits: u32) -> Duration {
    (SHORTEST_WAIT * 2u32.saturating_pow(waits.min(16))).min(LONGEST_WAIT)
}

/// The answer where the person has agreed before.
const ACCEPTED: &str = r#"{"action":"accept"}"#;
/// How often one request may want input; a server that wants it more often has lost count.
const MOST_ROUNDS: u32 = 10;
/// The first pause where the server wants the request again and asks nothing; the next is twice it.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
/// The longest one: a person may be busy on a web page.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

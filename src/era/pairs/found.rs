//! What follows from the end of a search.

use super::Era;
use super::pair::Pair;
use super::words::{not_modern, one, report, superseded};
use crate::era::finding::{Finding, Found, each};
use crate::era::legacy_editor::LegacyEditor;
use crate::era::modern::{Modern, no_common_version};
use crate::era::modern_editor::ModernEditor;
use crate::era::replies::failed;
use crate::era::same::Same;
use crate::era::splice::with_id;
use crate::era::verdict::Outcome;
use crate::era::{Event, Facts, Key, Step, Way};
use crate::failure::{Failure, Kind};
use crate::message::{Id, Message, Parsed, member, notification_line, plain_string};
use crate::versions::{LEGACY, Transport};

impl Era {
    /// Goes on from what the search has found.
    pub(super) fn found(&mut self, found: Found, steps: &mut Vec<Step>) {
        let Some(mut finding) = self.finding.take_if(|_| !matches!(found, Found::Not)) else { return };
        let undecided = finding.is_undecided();
        match found {
            Found::Not => {}
            Found::Legacy(answer, transport) => {
                self.learn(finding.learned(), steps);
                self.legacy_server(finding, &answer, transport, steps);
            }
            Found::Modern(outcome, theirs) => {
                self.learn(finding.learned(), steps);
                self.modern_server(finding, &outcome, theirs, steps);
            }
            Found::NoCommon(theirs) => self.nobody(finding, steps, |id| no_common_version(id, &theirs)),
            Found::Nothing(outcome) if finding.falls_back && !outcome.is_trouble() => {
                self.learn(finding.learned(), steps);
                self.nobody(finding, steps, not_modern);
            }
            // It knows neither `initialize` nor `server/discover`; the rest it may know.
            Found::Nothing(_) if undecided && finding.opener.is_none() && self.pair.is_none() => {
                self.modern_server(finding, &Outcome::Silence, None, steps);
            }
            Found::Nothing(outcome) => {
                // Who lacks a sign-in is told so in each answer: a program may read that of its own request alone.
                let apart = outcome.lacks_sign_in() && finding.opener.is_some() && finding.again.is_none();
                let parked = if apart { std::mem::take(&mut finding.parked) } else { Vec::new() };
                self.nobody(finding, steps, |id| report(id, &outcome));
                steps.extend(parked.iter().flat_map(each).filter_map(Message::id).map(|id| report(id, &outcome)));
                self.denied = Some(outcome).filter(Outcome::lacks_sign_in);
            }
        }
    }

    fn learn(&mut self, learned: &Facts, steps: &mut Vec<Step>) {
        self.facts.modern = learned.modern.or(self.facts.modern);
        self.facts.legacy = learned.legacy.or(self.facts.legacy);
        let told = &mut self.settings.facts;
        if (told.modern, told.legacy) != (self.facts.modern, self.facts.legacy) {
            told.clone_from(&self.facts);
            steps.push(Step::Learned(self.facts.clone()));
        }
    }

    fn legacy_server(&mut self, finding: Finding, answer: &Message, transport: Transport, steps: &mut Vec<Step>) {
        let initialized = |steps: &mut Vec<Step>| {
            let line = notification_line("notifications/initialized", None);
            let message = Message::single(line).ok();
            steps.extend(message.map(|message| Step::Tell { message, way: Way::Session }));
        };
        let (filter, own) = (self.settings.filter.clone(), self.own.clone());
        let editor_is_legacy = finding.opener.is_some() || (finding.again.is_some() && self.initialize.is_some());
        match &mut self.pair {
            Some(Pair::LegacyLegacy(same)) if editor_is_legacy => same.opened(answer, transport),
            _ if editor_is_legacy => {
                let pair = Pair::LegacyLegacy(Box::new(Same::new(filter, own, answer, transport)));
                self.replace(Some(pair), steps);
            }
            Some(Pair::ModernLegacy(pair)) => {
                initialized(steps);
                pair.reopened(answer, finding.words().initialize.params(), steps);
            }
            _ => {
                let version = answer.result().and_then(|result| member(result, "protocolVersion"));
                let version = version.and_then(plain_string).unwrap_or_default();
                if !LEGACY.contains(&&*version) {
                    let theirs = [version.into_owned()];
                    self.nobody(finding, steps, |id| no_common_version(id, &theirs));
                    return;
                }
                let offered = finding.words().initialize.params();
                let pair = ModernEditor::new((filter, own), answer, offered, transport);
                self.replace(Some(Pair::ModernLegacy(Box::new(pair))), steps);
                initialized(steps);
            }
        }
        match finding.opener.as_ref().and_then(Message::id) {
            Some(id) => steps.push(Step::Answer(with_id(answer, id).raw().clone())),
            None if editor_is_legacy => {
                initialized(steps);
                if let Some(Pair::LegacyLegacy(same)) = &self.pair {
                    same.tell_of_all(steps);
                }
            }
            None => {}
        }
        self.resume(finding, steps);
    }

    fn modern_server(
        &mut self,
        mut finding: Finding,
        outcome: &Outcome,
        theirs: Option<(Key, Message)>,
        steps: &mut Vec<Step>,
    ) {
        if finding.again.is_some() && self.pair.as_ref().is_some_and(Pair::is_modern_server) {
            self.resume(finding, steps);
            return;
        }
        let (filter, own) = (self.settings.filter.clone(), self.own.clone());
        let legacy = finding.opener.as_ref().or(self.initialize.as_ref().filter(|_| finding.again.is_some()));
        let Some(initialize) = legacy else {
            let mut pair = Modern::new(filter, own);
            if let (Some((key, message)), Outcome::Answer(answer)) = (theirs, outcome)
                && finding.take_out(&message)
            {
                pair.adopt(key, message);
                let parsed = Parsed::One(answer.clone());
                pair.on(Event::Server { key: Some(key), generation: 0, parsed }, steps);
            }
            self.replace(Some(Pair::ModernModern(Box::new(pair))), steps);
            self.resume(finding, steps);
            return;
        };
        // It is modern, but did not say what it can.
        let Some(discovered) = outcome.result() else {
            self.nobody(finding, steps, |id| report(id, outcome));
            return;
        };
        let mut pair = LegacyEditor::new((filter, own), initialize, discovered);
        if finding.again.is_some() {
            pair.take_over(steps);
        } else {
            pair.answer_initialize(initialize, steps);
        }
        self.replace(Some(Pair::LegacyModern(Box::new(pair))), steps);
        self.resume(finding, steps);
    }

    /// Lets go of what waited for the search.
    fn resume(&mut self, finding: Finding, steps: &mut Vec<Step>) {
        let listens = matches!(self.pair, Some(Pair::ModernModern(_) | Pair::ModernLegacy(_)));
        for message in std::mem::take(&mut self.moved) {
            match message.id() {
                Some(id) if !listens => steps.push(failed(id, Some(superseded()))),
                _ => self.on(one(message), steps),
            }
        }
        for event in finding.early {
            self.on(event, steps);
        }
        for parsed in finding.parked {
            self.on(Event::Editor(Ok(parsed)), steps);
        }
    }

    /// The search found nobody to talk to.
    fn nobody(&mut self, mut finding: Finding, steps: &mut Vec<Step>, answer: impl Fn(&Id) -> Step) {
        if let Some(again) = finding.again.take() {
            // It is as it was: what came out so comes out so, and the rest goes on.
            let is_it = |parsed: &Parsed| each(parsed).any(|it| it.id().is_some_and(|id| again.ids.contains(id)));
            let (out, rest): (Vec<_>, Vec<_>) = finding.parked.into_iter().partition(is_it);
            steps.extend(out.iter().flat_map(each).filter_map(Message::id).map(|id| report(id, &again.outcome)));
            finding.parked = rest;
            self.resume(finding, steps);
            return;
        }
        let legacy = finding.opener.is_some();
        for message in finding.opener.iter().chain(finding.waiting().filter(|_| !legacy)) {
            steps.extend(message.id().map(&answer));
        }
        for id in finding.waiting().filter(|_| legacy).filter_map(Message::id) {
            // Why initialize failed has been said.
            let failure = Failure::new(Kind::Usage, "there is no session, because initialize failed");
            steps.push(failed(id, Some(failure.remedy("send initialize again"))));
        }
        // A session that was there has been given up for the one that did not come.
        self.replace(None, steps);
        let moved = std::mem::take(&mut self.moved);
        steps.extend(moved.iter().filter_map(Message::id).map(answer));
    }

    pub(super) fn replace(&mut self, pair: Option<Pair>, steps: &mut Vec<Step>) {
        let old = std::mem::replace(&mut self.pair, pair);
        if let Some(mut old) = old {
            self.moved.extend(old.retire(steps));
            if let Some(mut older) = self.old.replace(old) {
                older.on(Event::Over(Failure::new(Kind::Protocol, "the server changed twice")), steps);
            }
        }
        if let Some(pair) = self.pair.as_mut().filter(|_| self.closed) {
            pair.on(Event::Closed, steps);
        }
    }
}

//! A server that turns out to be of the other era in mid-work: it is looked at again.

use std::collections::VecDeque;
use std::time::Duration;

use super::Era;
use super::words::{legacy_words, one, report};
use crate::era::finding::{Again, Finding, Probe, Words};
use crate::era::repeat::is_repeatable;
use crate::era::verdict::Outcome;
use crate::era::{Key, Protocol, Step};
use crate::message::Message;

impl Era {
    /// A request that came out as only a server of the other era refuses it: the server is looked at
    /// again. What certainly did not run, or is safe to repeat, is sent again when its era is found.
    pub(super) fn is_contradicted(&mut self, key: Key, outcome: &Outcome, steps: &mut Vec<Step>) -> bool {
        let is_old = self.old.as_ref().is_some_and(|old| old.owns(key));
        let pair = if is_old { &mut self.old } else { &mut self.pair };
        let Some(pair) = pair.as_mut().filter(|pair| pair.owns(key)) else { return false };
        let modern = pair.is_modern_server();
        let refused = if modern { outcome.is_legacy_refusal() } else { outcome.is_modern_refusal() };
        if !refused || self.settings.protocol != Protocol::Auto {
            return false;
        }
        if is_old {
            // Its successor knows better, if it is of the other era.
            let changed = self.pair.as_ref().is_some_and(|pair| pair.is_modern_server() != modern);
            let requests = if changed { self.take_back(key, outcome, steps) } else { return false };
            requests.into_iter().for_each(|request| self.on(one(request), steps));
            return true;
        }
        let begins = match &self.finding {
            Some(finding) => finding.again.is_some(),
            None => self.looked.is_none() && self.look_again(key, outcome, steps),
        };
        if !begins {
            return false;
        }
        let requests = self.take_back(key, outcome, steps);
        if let Some(finding) = &mut self.finding {
            let ids = requests.iter().filter_map(Message::id).cloned();
            finding.again.iter_mut().for_each(|again| again.ids.extend(ids.clone()));
            requests.into_iter().for_each(|request| finding.park(request));
        }
        true
    }

    /// The requests of an exchange that may be sent again; the others have been answered.
    fn take_back(&mut self, key: Key, outcome: &Outcome, steps: &mut Vec<Step>) -> Vec<Message> {
        let is_old = self.old.as_ref().is_some_and(|old| old.owns(key));
        let pair = if is_old { &mut self.old } else { &mut self.pair };
        let Some(pair) = pair else { return Vec::new() };
        let modern = pair.is_modern_server();
        // A server of the modern era refuses what is not of it before anything runs. The refusals of
        // the others are not so clear.
        let (again, lost): (Vec<_>, Vec<_>) =
            pair.take_back(key).into_iter().partition(|request| !modern || is_repeatable(request.method()));
        steps.extend(lost.iter().filter_map(Message::id).map(|id| report(id, outcome)));
        again
    }

    /// Begins to look at the server again; whether that is possible.
    fn look_again(&mut self, key: Key, outcome: &Outcome, steps: &mut Vec<Step>) -> bool {
        let Some(pair) = self.pair.as_ref().filter(|pair| pair.owns(key)) else { return false };
        let words = self.initialize.as_ref().map(|message| legacy_words(&self.own, message));
        let Some(words) = words.or_else(|| pair.words()) else { return false };
        let initialize = words.initialize.with_id(&self.own.id());
        // A session that is there is not given up for a question.
        let mut plan: VecDeque<Probe> = [Probe::Discover].into();
        if pair.is_modern_server() {
            self.facts.modern = None;
            plan.extend(self.settings.transports.iter().map(|transport| Probe::Initialize(*transport)));
        } else {
            self.facts.legacy = None;
        }
        let mut finding = Finding::new(Words { initialize, ..words }, None, plan);
        finding.again = Some(Again { outcome: outcome.clone(), ids: Vec::new() });
        finding.go_on(&self.own, steps);
        self.finding = Some(finding);
        let looked = self.own.key();
        self.looked = Some(looked);
        steps.push(Step::Wake { key: looked, after: LOOKED });
        true
    }
}

/// How long a server that was looked at again is taken as it was found.
const LOOKED: Duration = Duration::from_secs(60);

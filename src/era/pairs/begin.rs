//! How an editor begins: its first message says which era it speaks, and whether the server's has to be looked for.

use super::Era;
use super::pair::Pair;
use super::words::{legacy_words, modern_words, name_of, not_modern, one, report, superseded};
use crate::era::finding::{Finding, Probe, for_legacy_editor, for_modern_editor};
use crate::era::headers::Annotated;
use crate::era::modern::{Modern, lacks_meta};
use crate::era::replies::{failed, refusal};
use crate::era::{CLIENT_KEY, Protocol, Step, VERSION_KEY};
use crate::message::{INVALID_REQUEST, Id, Kind as Is, METHOD_NOT_FOUND, Message, member, result_line};
use crate::versions::Transport;

impl Era {
    /// The first message of an editor says which era it speaks.
    pub(super) fn begin(&mut self, message: Message, steps: &mut Vec<Step>) {
        let Some(id) = message.id().cloned().filter(|_| message.kind() == Is::Request) else {
            log::debug!("{message:?} before anything else was dropped");
            return;
        };
        let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        match message.method() {
            "initialize" => self.begin_legacy(message, steps),
            _ if member(meta, VERSION_KEY).is_some() => self.begin_modern(message, steps),
            "ping" => steps.push(Step::ToEditor(result_line(&id, "{}"))),
            "server/discover" => steps.push(refusal(&id, METHOD_NOT_FOUND, "method not found: server/discover")),
            // An editor that goes on all the same is told what the matter is.
            _ if self.denied.is_some() => steps.extend(self.denied.iter().map(|outcome| report(&id, outcome))),
            _ => {
                let text =
                    "there is no session yet: send initialize first, or use `mcpbridge request` for a single request";
                steps.push(refusal(&id, INVALID_REQUEST, text));
            }
        }
    }

    pub(super) fn begin_legacy(&mut self, message: Message, steps: &mut Vec<Step>) {
        self.remember_editor(member(message.params().unwrap_or("{}"), "clientInfo"));
        self.initialize = Some(message.clone());
        let plan = for_legacy_editor(&self.settings, &self.facts);
        let mut finding = Finding::new(legacy_words(&self.own, &message), Some(message), plan);
        finding.presumes = self.facts.legacy == Some(false);
        self.look(finding, steps);
    }

    /// An editor of both eras has waited too long for what it began with, and begins with `initialize`.
    pub(super) fn begin_again(&mut self, id: &Id, message: Message, steps: &mut Vec<Step>) {
        if self.pair.iter().chain(&self.old).any(|pair| pair.is_running(id)) {
            steps.push(refusal(id, INVALID_REQUEST, "a request with this id is still running"));
            return;
        }
        if let Some(finding) = self.finding.take() {
            steps.extend(finding.under_way().map(|key| Step::Drop { key }));
            // It waits for none of these any more, but each has its answer; unless that would be taken
            // for the one to `initialize`, by an editor that counts from the start again.
            let others = |message: &&Message| message.kind() == Is::Request && message.id() != Some(id);
            for request in finding.waiting().filter(others) {
                steps.extend(request.id().map(|id| match request.method() {
                    "server/discover" => not_modern(id),
                    _ => failed(id, Some(superseded())),
                }));
            }
        }
        self.begin_legacy(message, steps);
    }

    fn begin_modern(&mut self, message: Message, steps: &mut Vec<Step>) {
        self.initialize = None;
        let asks = message.method() == "server/discover";
        let lists =
            matches!(message.method(), "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list");
        // A question costs nothing that can be asked in the editor's own words, and facts may be old.
        let known = self.facts.modern == Some(true) && !asks && !lists;
        if (known && self.settings.protocol == Protocol::Auto) || self.settings.protocol == Protocol::Modern {
            let mut pair = Pair::ModernModern(Box::new(Modern::new(self.settings.filter.clone(), self.own.clone())));
            pair.on(one(message), steps);
            self.replace(Some(pair), steps);
            return;
        }
        if self.falls_back(&message) && self.is_legacy_only() {
            steps.extend(message.id().map(not_modern));
            return;
        }
        let complete = lacks_meta(&message).is_none();
        let first = if complete && (asks || lists) {
            Probe::Theirs(Box::new(message.clone()), Annotated::default().headers(&message))
        } else {
            Probe::Discover
        };
        let falls_back = self.falls_back(&message);
        let plan = if falls_back { [first].into() } else { for_modern_editor(&self.settings, &self.facts, first) };
        let mut finding = Finding::new(modern_words(&message), None, plan);
        finding.falls_back = falls_back;
        finding.presumes = self.facts.modern == Some(false);
        self.look(finding, steps);
        self.finding_parks(message);
    }

    pub(super) fn look(&mut self, mut finding: Finding, steps: &mut Vec<Step>) {
        finding.go_on(&self.own, steps);
        self.finding = Some(finding);
    }

    pub(super) fn finding_parks(&mut self, message: Message) {
        if let Some(finding) = &mut self.finding {
            finding.park(message);
        }
    }

    fn remember_editor(&mut self, client: Option<&str>) {
        let name = name_of(client);
        if !name.is_empty() && !self.facts.legacy_editors.contains(&name) {
            self.facts.legacy_editors.push(name);
            if self.facts.legacy_editors.len() > MOST_EDITORS {
                self.facts.legacy_editors.remove(0);
            }
        }
    }

    /// Whether the editor will send `initialize` when it is told that its `server/discover` is not
    /// known. From that request alone nobody can tell.
    pub(super) fn falls_back(&self, message: &Message) -> bool {
        let meta = message.params().and_then(|params| member(params, "_meta")).unwrap_or("{}");
        let seen = self.facts.legacy_editors.contains(&name_of(member(meta, CLIENT_KEY)));
        message.method() == "server/discover" && (seen || self.settings.protocol == Protocol::Legacy)
    }

    pub(super) fn is_legacy_only(&self) -> bool {
        let http = self.settings.transports.contains(&Transport::Streamable);
        self.facts.modern == Some(false) || self.settings.protocol == Protocol::Legacy || !http
    }
}

/// Editors that are remembered; a server has a handful.
const MOST_EDITORS: usize = 32;

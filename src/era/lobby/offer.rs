//! The link to the sign-in, shown inside the editor (URL elicitation, 2025-11-25).

use std::time::Duration;

use super::waiting::OFFER_READ;
use super::{Lobby, Stage};
use crate::era::Step;
use crate::message::{Id, Message, member, notification_line, plain_string, request_line};

/// The link, offered inside the editor.
pub struct Offer {
    id: Id,
    url: String,
    code: Option<String>,
    open: bool,
    /// Whether it is so new that nobody can have read it.
    pub fresh: bool,
}

impl Offer {
    /// Whether `answer` is the editor's answer to it.
    pub fn is_answered_by(&self, answer: &Message) -> bool {
        self.open && answer.id() == Some(&self.id)
    }
}

impl Lobby {
    /// Whether the editor declared that it shows links (`elicitation.url`).
    pub(super) fn takes_links(&self) -> bool {
        let params = self.initialize.as_ref().and_then(Message::params);
        params.is_some_and(takes_links)
    }

    /// Whether the editor asks for its lists once and never again, whatever it is told.
    pub(super) fn never_lists_again(&self) -> bool {
        let params = self.initialize.as_ref().and_then(Message::params).unwrap_or("{}");
        let name = member(params, "clientInfo").and_then(|info| member(info, "name")).and_then(plain_string);
        name.is_some_and(|name| NEVER_LISTS_AGAIN.contains(&&*name))
    }

    /// Shows the link inside the editor, if nobody else has and the editor can.
    pub(super) fn offer_the_link(&mut self, steps: &mut Vec<Step>) {
        let Some(invitation) = &self.invitation else { return };
        let Some(url) = invitation.url.clone().filter(|_| invitation.unopened) else { return };
        let offered = self.offer.as_ref().is_some_and(|offer| offer.url == url && offer.code == invitation.code);
        let ready = match self.stage {
            Stage::Arriving | Stage::Asleep => false,
            // Some editors turn away what comes before their first list of tools.
            Stage::Early => self.tools_were_listed || self.never_lists_again(),
            Stage::Partly(_) | Stage::Through => true,
        };
        if !ready || !self.initialized || offered || !self.takes_links() {
            return;
        }
        let code = invitation.code.clone();
        // A second sign-in has a link or a code of its own, and the first one leads nowhere.
        self.withdraw_the_offer(steps);
        self.count += 1;
        let name = format!("mcpbridge-sign-in-{}", self.count);
        let id = Id::own(&name);
        let message = "The server wants you to sign in. The link opens its page in your browser.";
        let message = match &code {
            Some(code) => format!("{message} The code for it is {code}"),
            None => message.to_owned(),
        };
        let params = serde_json::json!({ "mode": "url", "elicitationId": name, "url": url, "message": message });
        steps.push(Step::ToEditor(request_line(&id, "elicitation/create", Some(&params.to_string()))));
        steps.push(Step::Wake { key: OFFER_READ, after: READING });
        self.offer = Some(Offer { id, url, code, open: true, fresh: true });
    }

    pub(super) fn offer_was_answered(&mut self, answer: &Message, steps: &mut Vec<Step>) {
        let Some(offer) = &mut self.offer else { return };
        offer.open = false;
        let action = answer.result().and_then(|result| member(result, "action")).and_then(plain_string);
        steps.extend(match action.as_deref() {
            // The link was opened. How the sign-in ends is another matter.
            Some("accept") => None,
            // Nobody reads that fast: the program has answered by itself, and shows links to nobody.
            _ if offer.fresh => Some(Step::OpenBrowser),
            Some("decline") => Some(Step::DeclineSignIn),
            // Left for later.
            _ => None,
        });
    }

    pub(super) fn withdraw_the_offer(&mut self, steps: &mut Vec<Step>) {
        let Some(offer) = self.offer.take() else { return };
        let id = offer.id.spelled();
        let (method, params) = if offer.open {
            ("notifications/cancelled", format!(r#"{{"requestId":{id},"reason":"the sign-in is over"}}"#))
        } else {
            ("notifications/elicitation/complete", format!(r#"{{"elicitationId":{id}}}"#))
        };
        steps.push(Step::ToEditor(notification_line(method, Some(&params))));
    }
}

/// Whether an editor with these `initialize` parameters shows links.
pub fn takes_links(params: &str) -> bool {
    let capabilities = member(params, "capabilities");
    capabilities.and_then(|all| member(all, "elicitation")).is_some_and(|kinds| member(kinds, "url").is_some())
}

/// Names in `clientInfo` of editors that ask for their lists once (observed with Codex 0.169).
const NEVER_LISTS_AGAIN: [&str; 1] = ["codex-mcp-client"];
/// How long it takes at least to read a question and to answer it.
const READING: Duration = Duration::from_secs(1);

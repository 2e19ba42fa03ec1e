//! Subscriptions of a modern editor that are asked for while a person signs in. They are agreed to
//! here, as the lists are answered here; when the session is open, they tell that the lists changed.

use bytes::Bytes;

use super::Lobby;
use crate::era::modern::{CHANGES, catch_up};
use crate::era::splice::with_member;
use crate::era::{SUBSCRIPTION_KEY, Step};
use crate::message::{Id, Message, member, notification_line};

/// A subscription whose agreement with the server is still to come.
pub struct Listener {
    /// The request for it.
    pub id: Id,
    /// What the editor wants to hear of, as JSON.
    wanted: String,
    /// Whether the editor takes it for agreed to.
    pub agreed: bool,
}

impl Listener {
    /// Of a request of the editor's.
    pub fn of(id: &Id, request: &Message) -> Self {
        let asked = request.params().and_then(|params| member(params, "notifications")).unwrap_or("{}");
        let flags = CHANGES.iter().map(|(flag, _)| *flag).filter(|flag| member(asked, flag) == Some("true"));
        let wanted = flags.fold("{}".to_owned(), |wanted: String, flag| with_member(&wanted, flag, "true"));
        let wanted = match member(asked, "resourceSubscriptions") {
            Some(uris) => with_member(&wanted, "resourceSubscriptions", uris),
            None => wanted,
        };
        Listener { id: id.clone(), wanted, agreed: false }
    }

    fn agree(&mut self) -> Step {
        self.agreed = true;
        let (id, wanted) = (self.id.spelled(), &self.wanted);
        let params = format!(r#"{{"_meta":{{"{SUBSCRIPTION_KEY}":{id}}},"notifications":{wanted}}}"#);
        Step::ToEditor(notification_line(ACKNOWLEDGED, Some(&params)))
    }

    /// Whether this line is the server's agreement.
    fn is_acknowledged_by(&self, line: &Bytes) -> bool {
        let message = Message::single(line.clone()).ok().filter(|message| message.method() == ACKNOWLEDGED);
        let params = message.as_ref().and_then(Message::params);
        let subscription =
            params.and_then(|params| member(params, "_meta")).and_then(|meta| member(meta, SUBSCRIPTION_KEY));
        subscription == Some(self.id.spelled())
    }

    fn is_answered_by(&self, line: &Bytes) -> bool {
        Message::single(line.clone()).is_ok_and(|message| message.method().is_empty() && message.id() == Some(&self.id))
    }
}

impl Lobby {
    /// Agrees to what the editor wants to hear. Such a request waits on, for as long as it takes.
    pub(super) fn agree_early(&mut self, steps: &mut Vec<Step>) {
        for listener in self.listeners.iter_mut().filter(|listener| !listener.agreed) {
            self.guests.remove(&listener.id);
            steps.push(listener.agree());
        }
    }

    /// Has those who listen hear that the lists which were told early are others now. It is said
    /// where the server agrees to tell of changes, or says that it does not.
    pub(super) fn follow_up(&mut self, from: usize, steps: &mut Vec<Step>) {
        if !self.pair.is_open() {
            if !self.pair.is_opening() {
                self.listeners.clear();
            }
            return;
        }
        self.listeners.retain(|listener| {
            for at in from..steps.len() {
                match &steps[at] {
                    Step::ToEditor(line) if listener.is_acknowledged_by(line) => {
                        let news = catch_up(&listener.wanted, Some(&listener.id));
                        let kept = usize::from(!listener.agreed);
                        steps.splice(at + kept..=at, news);
                        return false;
                    }
                    Step::ToEditor(line) | Step::Answer(line) | Step::Failed(line, _)
                        if listener.is_answered_by(line) && !self.pair.is_running(&listener.id) =>
                    {
                        steps.splice(at..at, catch_up(&listener.wanted, Some(&listener.id)));
                        return false;
                    }
                    _ => {}
                }
            }
            true
        });
    }
}

/// The request for a subscription.
pub const LISTEN: &str = "subscriptions/listen";
const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

//! Sign-ins with codes (RFC 8628), by the letter: the code is asked of, a person enters it and decides, and whoever has
//! it asks until they have.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    desk::{Answer, Asked, Desk},
    tokens::Grant,
};
use crate::support::sync::lock;

pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[derive(Clone)]
pub struct Device {
    /// How long a code really lives.
    pub lifetime: Duration,
    /// The address with the code in it is given too.
    pub complete: bool,
    /// Members of the answer that are other than they should be; `None` leaves one out. `{origin}` stands for this
    /// server's own.
    pub answer: Vec<(&'static str, Option<Value>)>,
}

impl Default for Device {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(600), complete: true, answer: Vec::new() }
    }
}

/// A code that was given.
pub struct Waiting {
    grant: Grant,
    user_code: String,
    allowed: Option<bool>,
    asked: Option<Instant>,
    dies: Instant,
}

impl Desk {
    pub(super) fn give_device_code(&self, asked: &Asked) -> Answer {
        let manners = self.manners();
        let client = match self.checked(asked) {
            Ok(client) => client,
            Err(answer) => return answer,
        };
        let Some(device) = manners.device.filter(|_| client.codes) else {
            return Answer::error(400, "unauthorized_client", "this client may not use codes");
        };
        if manners.tokens.resource.is_some() && asked.get("resource") != manners.tokens.resource.as_deref() {
            return Answer::error(400, "invalid_target", "another resource");
        }
        let (family, code) = self.ledger.next("device");
        let user_code = format!("WDJB-{family:04}");
        let grant = Grant {
            client: client.id,
            scope: manners.tokens.granted.unwrap_or(asked.get("scope").unwrap_or_default()).to_owned(),
            resource: asked.get("resource").map(str::to_owned),
            family,
            thumbprint: None,
        };
        let dies = Instant::now() + device.lifetime;
        let waiting = Waiting { grant, user_code: user_code.clone(), allowed: None, asked: None, dies };
        lock(&self.ledger.devices).insert(code.clone(), waiting);
        let mut answer = json!({
            "device_code": code, "user_code": user_code, "verification_uri": self.at("/device"),
            "expires_in": device.lifetime.as_secs(), "interval": 1,
        });
        if device.complete {
            answer["verification_uri_complete"] = format!("{}?user_code={user_code}", self.at("/device")).into();
        }
        let members = answer.as_object_mut().expect("an object");
        for (name, value) in device.answer {
            match value {
                Some(Value::String(text)) => {
                    members.insert(name.into(), text.replace("{origin}", self.origin()).into())
                }
                Some(value) => members.insert(name.into(), value),
                None => members.remove(name),
            };
        }
        Answer::json(200, &answer)
    }

    /// The page for a code, and what becomes of it.
    pub(super) fn enter(&self, asked: &Asked) -> Answer {
        let code = asked.get("request").or(asked.get("user_code")).unwrap_or_default();
        let mut devices = lock(&self.ledger.devices);
        let waiting = devices.values_mut().find(|waiting| waiting.user_code == code && waiting.dies > Instant::now());
        let Some(waiting) = waiting else { return Answer::text(400, "text/html", "<!doctype html><p>No such code.") };
        match asked.get("decision") {
            Some(decision) => {
                waiting.allowed = Some(decision == "allow");
                Answer::text(200, "text/html", "<!doctype html><p>Go back to your device.")
            }
            None => self.consent_page("/device", code),
        }
    }

    pub(super) fn poll(&self, asked: &Asked) -> Answer {
        let client = match self.checked(asked) {
            Ok(client) => client,
            Err(answer) => return answer,
        };
        let mut devices = lock(&self.ledger.devices);
        let code = asked.get("device_code").unwrap_or_default();
        let Some(waiting) = devices.get_mut(code).filter(|waiting| waiting.grant.client == client.id) else {
            return Answer::error(400, "invalid_grant", "no such device code");
        };
        if let Err(answer) = self.check_resource(asked, &waiting.grant) {
            return answer;
        }
        let now = Instant::now();
        let before = waiting.asked.replace(now);
        match waiting.allowed {
            _ if waiting.dies <= now => Answer::error(400, "expired_token", "too late"),
            // A little less than the second that was named: what counts is when it was sent.
            _ if before.is_some_and(|before| now - before < Duration::from_millis(800)) => {
                Answer::error(400, "slow_down", "not so fast")
            }
            None => Answer::error(400, "authorization_pending", "nobody has come yet"),
            Some(false) => Answer::error(400, "access_denied", "the person said no"),
            Some(true) => {
                let grant = Grant { thumbprint: asked.thumbprint.clone(), ..waiting.grant.clone() };
                // It works once.
                waiting.dies = now;
                drop(devices);
                let tokens = self.manners().tokens;
                let refresh = tokens.refresh_token.then(|| self.issue_refresh(&grant));
                self.token_answer(&tokens, &grant, refresh)
            }
        }
    }
}

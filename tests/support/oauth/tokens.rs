//! What was issued, to whom, and whether it is still good: codes, access tokens, families of refresh tokens.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::{
    ExpiresIn, Rotation, Tokens,
    clients::Client,
    desk::{Answer, Asked, Desk},
    device::Waiting,
};
use crate::support::sync::lock;

/// What one consent gave.
#[derive(Clone, Debug)]
pub struct Grant {
    pub client: String,
    pub scope: String,
    pub resource: Option<String>,
    /// All that came of the same consent.
    pub family: usize,
    /// The key that what comes of it is bound to: its thumbprint.
    pub thumbprint: Option<String>,
}

#[derive(Clone)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    challenge: String,
}

struct Access {
    grant: Grant,
    dies: Instant,
}

struct Refresh {
    grant: Grant,
    spent: bool,
}

#[derive(Default)]
pub struct Ledger {
    codes: Mutex<HashMap<String, (Code, bool)>>,
    access: Mutex<HashMap<String, Access>>,
    refresh: Mutex<HashMap<String, Refresh>>,
    pub(super) devices: Mutex<HashMap<String, Waiting>>,
    revoked: Mutex<HashSet<usize>>,
    count: AtomicUsize,
}

impl Ledger {
    /// What an access token that is good now stands for.
    pub fn access(&self, token: &str) -> Option<Grant> {
        let access = lock(&self.access);
        let found = access.get(token).filter(|access| access.dies > Instant::now())?;
        (!lock(&self.revoked).contains(&found.grant.family)).then(|| found.grant.clone())
    }

    /// The resource server forgets them; refresh tokens stay.
    pub fn drop_access_tokens(&self) {
        lock(&self.access).clear();
    }

    /// The person withdraws their consent: everything issued so far is void.
    pub fn revoke_all(&self) {
        self.drop_access_tokens();
        lock(&self.refresh).clear();
    }

    /// A token of the test's own is good too (an id token, say).
    pub fn honour(&self, token: &str, scope: &str) {
        let grant = Grant {
            client: "the test".to_owned(),
            scope: scope.to_owned(),
            resource: None,
            family: 0,
            thumbprint: None,
        };
        let dies = Instant::now() + Duration::from_secs(3600);
        lock(&self.access).insert(token.to_owned(), Access { grant, dies });
    }

    /// Refresh tokens that would still be taken.
    pub fn live_refresh_tokens(&self) -> Vec<String> {
        let refresh = lock(&self.refresh);
        let revoked = lock(&self.revoked);
        let live = refresh.iter().filter(|(_, it)| !it.spent && !revoked.contains(&it.grant.family));
        live.map(|(token, _)| token.clone()).collect()
    }

    pub fn live_access_tokens(&self) -> Vec<String> {
        let tokens: Vec<String> = lock(&self.access).keys().cloned().collect();
        tokens.into_iter().filter(|token| self.access(token).is_some()).collect()
    }

    /// How many families were revoked, be it for reuse or because the client asked.
    pub fn families_revoked(&self) -> usize {
        lock(&self.revoked).len()
    }

    /// Every secret that was ever handed out: what may be in the store and in no other file.
    pub fn secrets(&self) -> Vec<String> {
        let mut all: Vec<String> = lock(&self.codes).keys().cloned().collect();
        all.extend(lock(&self.access).keys().cloned());
        all.extend(lock(&self.refresh).keys().cloned());
        all.extend(lock(&self.devices).keys().cloned());
        all
    }

    pub(super) fn next(&self, kind: &str) -> (usize, String) {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        (number, format!("{kind}-{number}-{}", URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{kind} {number}")))))
    }

    fn revoke(&self, family: usize) {
        lock(&self.revoked).insert(family);
    }

    fn is_revoked(&self, family: usize) -> bool {
        lock(&self.revoked).contains(&family)
    }
}

impl Desk {
    /// A code for what this authorization request asked.
    pub(super) fn issue_code(&self, asked: &Asked) -> String {
        let (family, code) = self.ledger.next("code");
        let grant = Grant {
            client: asked.need("client_id").to_owned(),
            scope: self.manners().tokens.granted.unwrap_or(asked.get("scope").unwrap_or_default()).to_owned(),
            resource: asked.get("resource").map(str::to_owned),
            family,
            thumbprint: asked.get("dpop_jkt").map(str::to_owned),
        };
        let redirect_uri = asked.need("redirect_uri").to_owned();
        let challenge = asked.need("code_challenge").to_owned();
        lock(&self.ledger.codes).insert(code.clone(), (Code { grant, redirect_uri, challenge }, false));
        code
    }

    pub(super) fn redeem(&self, asked: &Asked) -> Answer {
        let client = match self.checked(asked) {
            Ok(client) => client,
            Err(answer) => return answer,
        };
        let mut codes = lock(&self.ledger.codes);
        let Some((code, used)) = asked.get("code").and_then(|code| codes.get_mut(code)) else {
            return Answer::error(400, "invalid_grant", "no such code");
        };
        // RFC 6749, section 4.1.2: a code that comes twice revokes what came of it.
        if std::mem::replace(used, true) {
            self.ledger.revoke(code.grant.family);
            return Answer::error(400, "invalid_grant", "this code was used before");
        }
        if code.grant.client != client.id {
            return Answer::error(400, "invalid_grant", "the code is another client's");
        }
        if asked.get("redirect_uri") != Some(&code.redirect_uri) {
            return Answer::error(400, "invalid_grant", "redirect_uri is not that of the authorization request");
        }
        let verifier = asked.get("code_verifier").unwrap_or_default();
        let proven = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == code.challenge;
        if !(43..=128).contains(&verifier.len()) || !proven {
            return Answer::error(400, "invalid_grant", "code_verifier does not fit the challenge");
        }
        if code.grant.thumbprint.is_some() && code.grant.thumbprint != asked.thumbprint {
            return Answer::error(400, "invalid_grant", "the code is for another key");
        }
        if let Err(answer) = self.check_resource(asked, &code.grant) {
            return answer;
        }
        let grant = Grant { thumbprint: asked.thumbprint.clone(), ..code.grant.clone() };
        let tokens = self.manners().tokens;
        let offline = !tokens.offline_access || grant.scope.split(' ').any(|scope| scope == "offline_access");
        let refresh = (tokens.refresh_token && offline).then(|| self.issue_refresh(&grant));
        self.token_answer(&tokens, &grant, refresh)
    }

    pub(super) fn refresh(&self, asked: &Asked) -> Answer {
        let client = match self.checked(asked) {
            Ok(client) => client,
            Err(answer) => return answer,
        };
        let tokens = self.manners().tokens;
        let token = asked.get("refresh_token").unwrap_or_default();
        let mut refresh = lock(&self.ledger.refresh);
        let Some(found) = refresh.get_mut(token).filter(|it| it.grant.client == client.id) else {
            return Answer::error(400, "invalid_grant", "no such refresh token");
        };
        let mut grant = found.grant.clone();
        if found.spent {
            self.ledger.revoke(grant.family);
            return Answer::error(400, "invalid_grant", "this refresh token was used before");
        }
        if self.ledger.is_revoked(grant.family) {
            return Answer::error(400, "invalid_grant", "this refresh token was revoked");
        }
        // RFC 9449, section 5: of a public client, which proves itself in no other way.
        if grant.thumbprint.is_some() && grant.thumbprint != asked.thumbprint {
            return Answer::error(400, "invalid_grant", "the refresh token is bound to another key");
        }
        grant.thumbprint.clone_from(&asked.thumbprint);
        if let Err(answer) = self.check_resource(asked, &grant) {
            return answer;
        }
        if let Some(scope) = asked.get("scope") {
            let known: HashSet<&str> = grant.scope.split(' ').collect();
            if !scope.split(' ').all(|scope| known.contains(scope)) {
                return Answer::error(400, "invalid_scope", "more than was granted");
            }
            grant.scope = scope.to_owned();
        }
        found.spent = tokens.rotation == Rotation::Rotating;
        let kept = found.grant.clone();
        drop(refresh);
        let next = match tokens.rotation {
            Rotation::Rotating => Some(self.issue_refresh(&kept)),
            Rotation::Fixed => Some(token.to_owned()),
            Rotation::Unmentioned => None,
        };
        self.token_answer(&tokens, &grant, next)
    }

    /// RFC 7009: whatever the token, the answer is 200.
    pub(super) fn revoke(&self, asked: &Asked) -> Answer {
        if let Err(answer) = self.client_of(asked) {
            return answer;
        }
        let Some(token) = asked.get("token") else {
            return Answer::error(400, "invalid_request", "no token is named");
        };
        let of_refresh = lock(&self.ledger.refresh).get(token).map(|it| it.grant.family);
        if let Some(family) = of_refresh {
            self.ledger.revoke(family);
        }
        lock(&self.ledger.access).remove(token);
        Answer::text(200, "text/plain", "")
    }

    pub(super) fn checked(&self, asked: &Asked) -> Result<Client, Answer> {
        if let Some(name) = asked.repeats_a_parameter() {
            return Err(Answer::error(400, "invalid_request", &format!("{name} is there twice")));
        }
        self.client_of(asked)
    }

    pub(super) fn check_resource(&self, asked: &Asked, grant: &Grant) -> Result<(), Answer> {
        let wanted = self.manners().tokens.resource.or_else(|| grant.resource.clone());
        if wanted.is_none() || asked.get("resource") == wanted.as_deref() {
            return Ok(());
        }
        let text = format!("resource is {:?} and not {wanted:?}", asked.get("resource"));
        Err(Answer::error(400, "invalid_target", &text))
    }

    pub(super) fn issue_refresh(&self, grant: &Grant) -> String {
        let (_, token) = self.ledger.next("refresh");
        lock(&self.ledger.refresh).insert(token.clone(), Refresh { grant: grant.clone(), spent: false });
        token
    }

    pub(super) fn token_answer(&self, tokens: &Tokens, grant: &Grant, refresh: Option<String>) -> Answer {
        let (_, token) = self.ledger.next("access");
        let dies = Instant::now() + tokens.lifetime;
        let thumbprint = grant.thumbprint.clone().filter(|_| !self.manners().binding.only_refresh_tokens);
        let token_type = if thumbprint.is_some() { Some("DPoP") } else { tokens.token_type };
        lock(&self.ledger.access).insert(token.clone(), Access { grant: Grant { thumbprint, ..grant.clone() }, dies });

        let mut members: Vec<(&str, String)> = vec![("access_token", json!(token).to_string())];
        members.extend(token_type.map(|kind| ("token_type", json!(kind).to_string())));
        match tokens.expires_in {
            ExpiresIn::Lifetime => members.push(("expires_in", tokens.lifetime.as_secs().to_string())),
            ExpiresIn::Raw(raw) => members.push(("expires_in", raw.to_owned())),
            ExpiresIn::Absent => {}
        }
        members.extend(refresh.map(|token| ("refresh_token", json!(token).to_string())));
        if tokens.tells_scope && !grant.scope.is_empty() {
            members.push(("scope", json!(grant.scope).to_string()));
        }
        members.extend(tokens.extra.iter().map(|(name, value)| (*name, value.to_string())));
        let answer = match tokens.form_encoded {
            true => Answer::text(tokens.status, "application/x-www-form-urlencoded", as_form(&members)),
            false => Answer::text(tokens.status, "application/json", as_json(&members)),
        };
        answer.header("Cache-Control", "no-store")
    }
}

/// By hand, for numbers that no `Value` can hold.
fn as_json(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, raw)| format!(r#""{name}":{raw}"#)).collect();
    format!("{{{}}}", members.join(","))
}

fn as_form(members: &[(&str, String)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, raw) in members {
        let value = serde_json::from_str::<Value>(raw).ok().and_then(|value| value.as_str().map(str::to_owned));
        form.append_pair(name, &value.unwrap_or_else(|| raw.clone()));
    }
    form.finish()
}

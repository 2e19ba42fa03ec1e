//! A sign-in with a code, which the person enters on any device that has a browser (RFC 8628). Nobody
//! comes back here: the authorization server is asked until it knows.

use std::sync::Arc;

use tokio::time::{sleep, timeout};
use url::Url;

use super::{asked, client, device_endpoint, held, issued, keep, key, remember, waited, without_codes};
use crate::auth::change::{Job, Progress, Tools};
use crate::auth::discovery::Discovery;
use crate::auth::dpop::ProofKey;
use crate::auth::grants::device_code::{DeviceCode, LONGEST_INTERVAL, Poll, Request, SLOWER, device_code, poll};
use crate::auth::grants::{Asking, Tokens, Trouble};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::store::{Client, Grant, Origin, Pending, Way};

/// A code that was given, before anybody knows of it.
pub struct ByDevice {
    client: Client,
    /// The key that the tokens are to be bound to.
    key: Option<Arc<ProofKey>>,
    code: DeviceCode,
    asked: Vec<String>,
    before: Option<Grant>,
}

impl ByDevice {
    /// Asks for a code.
    ///
    /// # Errors
    /// There is no client, or no code. Nobody was bothered with it.
    pub async fn begin(job: &Job, tools: &Tools<'_>, discovery: &Discovery) -> Result<Self, Trouble> {
        let endpoint = device_endpoint(job, &discovery.server).map_err(Trouble::Refused)?;
        let wishes = job.options.client.with_codes();
        let before = held(job, tools).await.map_err(Trouble::Transient)?;
        let asked = asked(job, discovery, before.as_ref());
        let key = key(job, discovery).map_err(Trouble::Refused)?;
        let mut again = true;
        loop {
            let client = client(job, tools, discovery, &wishes, REDIRECT_URI).await.map_err(Trouble::Refused)?;
            match give(job, tools, discovery, endpoint, &client, &asked).await {
                // A registration that the authorization server has forgotten is made anew, once.
                Err(Trouble::InvalidClient(_)) if client.origin == Origin::Registered && again => {
                    again = false;
                    let forgotten = tools.store.forget_registration(&discovery.server.issuer, REDIRECT_URI).await;
                    forgotten.map_err(Trouble::Transient)?;
                }
                Err(Trouble::Refused(failure)) if failure.remedy.is_none() => {
                    return Err(Trouble::Refused(failure.remedy(without_codes(job))));
                }
                outcome => return outcome.map(|code| ByDevice { client, key, code, asked, before }),
            }
        }
    }

    /// Shows the code, and waits until the person has said yes or no.
    ///
    /// # Errors
    /// They said no, or nothing, or called it off; or what was granted cannot be kept.
    pub async fn finish(self, job: &Job, tools: &Tools<'_>, discovery: &Discovery) -> Result<Grant, Trouble> {
        self.show(job, tools).map_err(Trouble::Transient)?;
        let granted = match waited(job, tools, self.granted(tools, discovery)).await {
            Ok(granted) => granted,
            Err(failure) => {
                remember(job, tools, Some(&failure));
                return Err(Trouble::Refused(failure));
            }
        };
        let oauth = granted.and_then(|tokens| issued(job, discovery, &self.client, &self.asked, tokens));
        keep(job, tools, oauth, (self.before, Way::Code)).await
    }

    fn show(&self, job: &Job, tools: &Tools<'_>) -> Result<(), Failure> {
        let (url, code) = (self.code.url.to_string(), Some(self.code.user_code.clone()));
        let pending = Pending {
            about: Some(job.options.about(None)?),
            pid: std::process::id(),
            url: url.clone(),
            redirect_uri: String::new(),
            code: code.clone(),
            opened: false,
            // No browser is opened here, whoever wants one.
            link: false,
            wanted: false,
            since: now(),
            end: None,
        };
        tools.store.note_pending(&job.options.key()?, &pending)?;
        (tools.tell)(Progress::Waiting { url, code, opened: false });
        Ok(())
    }

    /// Asks again and again, for as long as the code lives.
    async fn granted(&self, tools: &Tools<'_>, discovery: &Discovery) -> Result<Tokens, Trouble> {
        let (server, client) = (&discovery.server, &self.client);
        let asking = Asking { http: tools.http, server, client, key: None, binding: self.key.as_ref() };
        let mut last = None;
        let polled = timeout(self.code.life, self.polled(&asking, discovery.resource.as_deref(), &mut last)).await;
        polled.unwrap_or_else(|_| {
            let life = self.code.life.as_secs();
            Err(match last {
                None => {
                    let fact = format!("nobody signed in with the code in the {life} s that it lived");
                    Trouble::Refused(Failure::new(Kind::SignInRefused, fact))
                }
                // Perhaps somebody did, and it could not be heard of.
                Some(Failure { kind, fact, .. }) => {
                    let fact = format!("the code expired after {life} s, and at the end {fact}");
                    Trouble::Refused(Failure::new(kind, fact))
                }
            })
        })
    }

    /// `last` is the trouble with the last question, if there was any.
    async fn polled(
        &self,
        asking: &Asking<'_>,
        resource: Option<&str>,
        last: &mut Option<Failure>,
    ) -> Result<Tokens, Trouble> {
        let mut interval = self.code.interval;
        let mut pause = interval;
        loop {
            sleep(pause).await;
            let answer = poll(asking, &self.code, resource).await;
            *last = None;
            match answer {
                Ok(Poll::Granted(tokens)) => return Ok(tokens),
                Ok(Poll::Pending) => pause = interval,
                Ok(Poll::SlowDown) => {
                    interval += SLOWER;
                    pause = interval;
                }
                // The person may be done in the meantime, and need not begin anew for a network that fails.
                // RFC 8628, section 3.5, wants it asked less often then.
                Err(Trouble::Transient(failure)) => {
                    log::debug!("{failure}");
                    *last = Some(failure);
                    pause = (pause * 2).min(LONGEST_INTERVAL.max(interval));
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }
}

async fn give(
    job: &Job,
    tools: &Tools<'_>,
    discovery: &Discovery,
    endpoint: &Url,
    client: &Client,
    asked: &[String],
) -> Result<DeviceCode, Trouble> {
    let asking = Asking { http: tools.http, server: &discovery.server, client, key: None, binding: None };
    let request = Request {
        endpoint,
        behalf: &job.options.url().map_err(Trouble::Refused)?,
        scopes: asked,
        resource: discovery.resource.as_deref(),
        parameters: &job.options.authorize,
    };
    device_code(&asking, &request).await
}

/// Nobody comes back to it, and some servers register no client without one.
const REDIRECT_URI: &str = "http://127.0.0.1/oauth/callback";

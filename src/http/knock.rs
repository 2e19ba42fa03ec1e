//! One request that shows what there is at an address, whatever that is.

use super::proof::wants_nonce;
use super::trouble::is_about_tls;
use super::{Http, Lane, Request, Response, Upload};
use crate::failure::Failure;

/// How far a request came that got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is no connection: the server or its proxy cannot be reached.
    Connection,
    /// There is one, and it cannot be secured.
    Tls,
    /// It broke, or the proxy answered in the place of the server.
    Answer,
}

/// A request that got no response.
#[derive(Debug)]
pub struct Unanswered {
    /// How far it came.
    pub stage: Stage,
    /// Why it came no further.
    pub failure: Failure,
}

impl Http {
    /// Sends `request` and waits for the head of the response, whatever it says: no redirect is followed,
    /// and no cookie goes out or is kept.
    ///
    /// # Errors
    /// There is none.
    pub async fn knock(&self, request: Request) -> Result<Response, Unanswered> {
        let at = |stage| move |failure| Unanswered { stage, failure };
        let client =
            self.client(Lane::Control, &request.url).map_err(|trouble| at(Stage::Tls)(trouble.into_failure()))?;
        let upload = || Upload { rest: request.body.clone(), told: None };
        let mut sent = client.send(&request, request.headers(&self.nonces, None), upload()).await;
        // What was wanted is no answer to the request, which did not run.
        if request.proof.is_some()
            && let Ok(response) = &sent
            && let Some(nonce) = self.nonces.note(response.headers(), &request.url)
            && wants_nonce(response.status(), response.headers())
        {
            sent = client.send(&request, request.headers(&self.nonces, Some(nonce)), upload()).await;
        }
        let stage = match &sent {
            Err(broken) if is_about_tls(&*broken.error) => Stage::Tls,
            Err(broken) if broken.connecting => Stage::Connection,
            _ => Stage::Answer,
        };
        self.received(sent, &request.url).await.map_err(|trouble| at(stage)(trouble.into_failure()))
    }
}

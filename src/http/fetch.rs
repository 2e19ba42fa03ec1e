//! Answers that are read whole: metadata documents, and the endpoints of authorization servers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::page::IN_THE_WAY;
use super::redirect::MOST_REDIRECTS;
use super::{Http, Lane, Request, Response, Trouble, Upload, explain, shown};
use crate::failure::{Failure, Kind};

/// A whole answer, whatever its status.
pub struct Fetched {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body, which may hold a token: it is not for a log or an error.
    pub body: Bytes,
}

/// Which redirects of a [`Http::fetch`] are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// Those within the origin: for documents.
    WithinOrigin,
    /// None: for requests with something in them that is for this address alone, such as a code.
    Never,
}

impl Http {
    /// Sends `request` and reads the whole answer. No cookie goes out and none is kept: cookies are
    /// the business of the MCP server. Where nobody can be reached, as while a laptop looks for its
    /// network, that is tried for [`UNSENT`].
    ///
    /// # Errors
    /// A [`Trouble`]; a redirect that is not followed, an answer above [`LARGEST`] and one that is
    /// not there in time are some.
    pub async fn fetch(&self, request: Request, redirects: Redirects) -> Result<Fetched, Trouble> {
        let (since, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            match self.within(request.again(), redirects, "try again in a while, or raise --auth-timeout").await {
                Err(Trouble::NotSent(failure)) if since.elapsed() + pause < UNSENT => log::debug!("{failure}"),
                outcome => return outcome,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The same, in one attempt: for what somebody waits for that is not worth the wait.
    ///
    /// # Errors
    /// As those of [`Http::fetch`].
    pub async fn fetch_now(&self, request: Request, redirects: Redirects) -> Result<Fetched, Trouble> {
        self.within(request, redirects, "try again in a while").await
    }

    async fn within(&self, request: Request, redirects: Redirects, remedy: &str) -> Result<Fetched, Trouble> {
        let Some(limit) = self.settings.answer_timeout else { return self.follow(request, redirects).await };
        let asked = shown(&request.url);
        timeout(limit, self.follow(request, redirects)).await.unwrap_or_else(|_| {
            let fact = format!("{asked} did not answer within {} s", limit.as_secs_f64());
            Err(Trouble::Lost(Failure::new(Kind::Unreachable, fact).remedy(remedy)))
        })
    }

    async fn follow(&self, mut request: Request, redirects: Redirects) -> Result<Fetched, Trouble> {
        for _ in 0..=MOST_REDIRECTS {
            let client = self.client(Lane::Control, &request.url)?;
            let upload = Upload { rest: request.body.clone(), told: None };
            let response = client.send(&request, request.headers(&self.grant_nonces, None), upload).await;
            let response = self.received(response, &request.url).await?;
            if request.proof.is_some() {
                self.grant_nonces.note(response.headers(), &request.url);
            }
            match elsewhere(&response, &request.url, redirects) {
                None => return read(response, &request.url).await,
                Some(target) => request.url = target?,
            }
        }
        let fact = format!("{} redirects in a circle", shown(&request.url));
        Err(Trouble::Hopeless(Failure::new(Kind::Protocol, fact)))
    }
}

/// Where a redirect leads, `None` if the response is none.
fn elsewhere(response: &Response, from: &Url, redirects: Redirects) -> Option<Result<Url, Trouble>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    let to = target.as_ref().map_or("an address that is no URL".to_owned(), shown);
    let why = match target {
        Some(target) if redirects == Redirects::WithinOrigin && target.origin() == from.origin() => {
            return Some(Ok(target));
        }
        _ if redirects == Redirects::Never => "what was sent is for the first address alone, so it was not followed",
        _ => "it leads to another origin, so it was not followed",
    };
    let failure = Failure::new(Kind::Protocol, format!("{} redirects to {to}: {why}", shown(from)));
    Some(Err(Trouble::Hopeless(failure.remedy(IN_THE_WAY).status(response.status().as_u16()))))
}

async fn read(mut response: Response, url: &Url) -> Result<Fetched, Trouble> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| explain(&error, false, url, None))? {
        if body.len() + piece.len() > LARGEST {
            let fact = format!("{} answers with more than {} MiB", shown(url), LARGEST / 1024 / 1024);
            return Err(Trouble::Hopeless(Failure::new(Kind::Protocol, fact)));
        }
        body.extend_from_slice(&piece);
    }
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    Ok(Fetched { status, headers, body: body.into() })
}

/// Metadata and tokens are a few KiB. A larger answer is something else.
const LARGEST: usize = 1024 * 1024;
/// As long as a relay tries to reach its server.
const UNSENT: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

//! How long the authorization server may take for what a sign-in needs of it.

use std::time::Duration;

use tokio::time::timeout;

use crate::failure::{Failure, Kind};

/// One step with the authorization server, within `--auth-timeout`. One answer that takes as long ends with an error of
/// its own, which names the address.
pub(super) async fn in_step<T>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match limit {
        None => work.await,
        Some(limit) => timeout(limit + NAMING, work).await.unwrap_or_else(|_| {
            let fact = format!("the authorization server did not answer within {} s", limit.as_secs_f64());
            Err(Failure::new(Kind::Unreachable, fact).remedy("try again in a while, or raise --auth-timeout"))
        }),
    }
}

/// By how much a step may be longer than one answer in it.
const NAMING: Duration = Duration::from_secs(1);

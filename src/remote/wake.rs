//! Notices that the computer slept.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::session::Shared;

/// Watches the wall clock. After a sleep every connection is presumed dead: idle ones are forgotten
/// and standing streams reopened at once. Without this, the first request after opening the lid
/// would wait for TCP to give up.
pub async fn watch(shared: Arc<Shared>) {
    let mut before = SystemTime::now();
    loop {
        sleep(TICK).await;
        let now = SystemTime::now();
        if now.duration_since(before).is_ok_and(|passed| passed > TICK + SLEPT) {
            log::debug!("the computer slept; connections are opened anew");
            shared.http.forget_connections();
            shared.woke.send_modify(|times| *times += 1);
        }
        before = now;
    }
}

/// How often the clock is looked at: rare enough not to keep a processor awake.
const TICK: Duration = Duration::from_secs(30);
/// A tick that comes this much too late was not late but asleep.
const SLEPT: Duration = Duration::from_secs(20);

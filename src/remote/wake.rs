//! Notices that the computer slept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

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
        // Where the other clock runs on in a sleep, as on Windows, the tick is what comes late.
        let late = now.duration_since(before).is_ok_and(|passed| passed > TICK + SLEPT);
        if shared.clocks.slept() || late {
            shared.wake_up();
        }
        before = now;
    }
}

/// What the clocks said when they were looked at last.
pub struct Clocks(Mutex<(SystemTime, Instant)>);

impl Default for Clocks {
    fn default() -> Self {
        Clocks(Mutex::new((SystemTime::now(), Instant::now())))
    }
}

impl Clocks {
    /// Whether the computer slept since: then one clock went on and the other stood still (Linux, macOS).
    fn slept(&self) -> bool {
        let (wall, steady) = (SystemTime::now(), Instant::now());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *last, (wall, steady));
        is_sleep(wall.duration_since(before.0).unwrap_or_default(), steady.duration_since(before.1))
    }
}

impl Shared {
    /// To be called before a request: the tick may be half a minute away when the lid is opened.
    pub fn look_at_the_clock(&self) {
        if self.clocks.slept() {
            self.wake_up();
        }
    }

    fn wake_up(&self) {
        log::debug!("the computer slept; connections are opened anew");
        self.http.forget_connections();
        self.woke.send_modify(|times| *times += 1);
    }
}

fn is_sleep(wall: Duration, steady: Duration) -> bool {
    wall.saturating_sub(steady) > SLEPT
}

/// How often the clock is looked at where nothing is sent: rare enough not to keep a processor awake.
const TICK: Duration = Duration::from_secs(30);
/// A tick that comes this much too late was not late but asleep.
const SLEPT: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_time_that_only_one_clock_saw() {
        let seconds = Duration::from_secs;
        for (wall, steady, slept) in
            [(3600, 3600, false), (3600, 5, true), (30, 9, true), (30, 11, false), (0, 3600, false)]
        {
            assert_eq!(is_sleep(seconds(wall), seconds(steady)), slept, "{wall} {steady}");
        }
        assert!(!Clocks::default().slept());
    }
}

//! Notices that the computer slept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;

use super::session::Shared;

/// Watches the wall clock. After a sleep every connection is presumed dead: idle ones are forgotten
/// and standing streams reopened at once. Without this, the first request after opening the lid
/// would wait for TCP to give up.
pub async fn watch(shared: Arc<Shared>) {
    let mut before = Instant::now();
    loop {
        sleep(TICK).await;
        if shared.clocks.slept_at_tick(&mut before, SystemTime::now(), Instant::now()) {
            shared.wake_up();
        }
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
    fn slept(&self, wall: SystemTime, steady: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *last, (wall, steady));
        is_sleep(wall.duration_since(before.0).unwrap_or_default(), steady.duration_since(before.1))
    }

    /// The same at a tick; the one `before` is replaced. Where both clocks run on in a sleep, as on Windows, the
    /// tick is what comes late. The steady clock tells: by the other one a sleep that a request has noticed
    /// already would be noticed once more, and cut what was sent since.
    fn slept_at_tick(&self, before: &mut Instant, wall: SystemTime, steady: Instant) -> bool {
        let late = steady.duration_since(std::mem::replace(before, steady)) > TICK + SLEPT;
        self.slept(wall, steady) || late
    }
}

impl Shared {
    /// To be called before a request: the tick may be half a minute away when the lid is opened.
    pub fn look_at_the_clock(&self) {
        if self.clocks.slept(SystemTime::now(), Instant::now()) {
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
    }

    #[test]
    fn a_sleep_is_noticed_once_by_a_request_or_by_the_tick() {
        let seconds = Duration::from_secs;
        let (wall, steady) = (SystemTime::now(), Instant::now());
        let clocks = || (Clocks(Mutex::new((wall, steady))), steady);

        let (of_request, mut before) = clocks();
        assert!(of_request.slept(wall + seconds(3605), steady + seconds(5)));
        assert!(!of_request.slept_at_tick(&mut before, wall + seconds(3630), steady + TICK));
        assert!(!of_request.slept_at_tick(&mut before, wall + seconds(3660), steady + 2 * TICK));

        let (of_tick, mut before) = clocks();
        assert!(of_tick.slept_at_tick(&mut before, wall + seconds(3630), steady + TICK));
        assert!(!of_tick.slept(wall + seconds(3631), steady + seconds(31)));

        let (both_run_on, mut before) = clocks();
        assert!(!both_run_on.slept(wall + seconds(3600), steady + seconds(3600)));
        assert!(both_run_on.slept_at_tick(&mut before, wall + seconds(3601), steady + seconds(3601)));
        assert!(!both_run_on.slept_at_tick(&mut before, wall + seconds(3631), steady + seconds(3631)));
    }
}

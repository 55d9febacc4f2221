//! The clock: the only place in loadgen that reads the time.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use switchboard::timer::Moment;

use crate::signals::Signals;

/// The date and the time of day, for the report.
pub(crate) fn date() -> SystemTime {
    SystemTime::now()
}

/// Waits until this time since the Unix epoch.
///
/// # Errors
///
/// If the time has passed already, by how much; or that a signal came first.
pub(crate) fn wait_until(unix: Duration, signals: &Signals) -> Result<(), TooLate> {
    /// The longest wait without a look at the clock, which may be set meanwhile.
    const STEP: Duration = Duration::from_millis(100);
    let passed = since_the_epoch().checked_sub(unix);
    if let Some(passed) = passed.filter(|passed| !passed.is_zero()) {
        return Err(TooLate::By(passed));
    }
    loop {
        let left = unix.saturating_sub(since_the_epoch());
        if left.is_zero() {
            return Ok(());
        }
        if signals.pause(left.min(STEP)) {
            return Err(TooLate::Interrupted);
        }
    }
}

/// Why a moment was not waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TooLate {
    By(Duration),
    Interrupted,
}

/// The time since the Unix epoch.
pub(super) fn since_the_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// A clock that counts from the start of the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// A clock that counts from a moment that lies in the past, in time since the Unix epoch.
    pub(super) fn since(unix: Duration) -> Self {
        let (now, today) = (Instant::now(), since_the_epoch());
        let start = now.checked_sub(today.saturating_sub(unix));
        Clock { start: start.unwrap_or(now) }
    }

    /// The time.
    pub(super) fn now(&self) -> Moment {
        Moment::START + self.start.elapsed()
    }

    /// When the run started, in time since the Unix epoch, as the system's clock has it now. That clock may be set;
    /// so this is asked for again in each turn. If the process is stopped between the two looks, the start seems
    /// earlier, and arrivals later.
    pub(super) fn unix_start(&self) -> Duration {
        let today = since_the_epoch();
        today.saturating_sub(self.start.elapsed())
    }

    /// Sleeps until this moment, whatever arrives meanwhile.
    pub(super) fn sleep_until(&self, moment: Moment) {
        thread::sleep(moment.since(self.now()));
    }
}

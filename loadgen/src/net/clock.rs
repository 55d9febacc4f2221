//! The clock: the only place in loadgen that reads the time.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use switchboard::timer::Moment;

/// The date and the time of day, for the report.
pub(crate) fn date() -> SystemTime {
    SystemTime::now()
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

    /// The time.
    pub(super) fn now(&self) -> Moment {
        Moment::START + self.start.elapsed()
    }

    /// The moment of a time since the Unix epoch. It is now if there is no time, or if it lies in the
    /// future.
    ///
    /// The two clocks are compared in each call. So if the system's clock is set, only the times under way
    /// at that moment are wrong.
    pub(super) fn moment(&self, stamp: Option<Duration>) -> Moment {
        let now = self.now();
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let age = stamp.map_or(Duration::ZERO, |stamp| unix.saturating_sub(stamp));
        Moment::START + now.since(Moment::START).saturating_sub(age)
    }

    /// Sleeps until this moment, whatever arrives meanwhile.
    pub(super) fn sleep_until(&self, moment: Moment) {
        thread::sleep(moment.since(self.now()));
    }
}

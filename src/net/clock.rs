//! The clock: the one place of the server that reads the time.
//!
//! All other code takes a [`Now`] as an argument. The simulator makes its own.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::timer::{Moment, Now};
use crate::turn::Stopwatch;

/// Reads both clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts a clock.
    pub(super) fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// The time on both clocks. A wall clock set before 1970 counts as 1970.
    pub(super) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { monotonic: self.monotonic(), unix }
    }

    /// The time on the monotonic clock.
    pub(super) fn monotonic(&self) -> Moment {
        Moment::START + self.start.elapsed()
    }
}

impl Stopwatch for Clock {
    fn read(&mut self) -> Moment {
        self.monotonic()
    }
}

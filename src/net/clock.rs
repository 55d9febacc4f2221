//! The clock: the one place of the server that reads the time.
//!
//! All other code takes a [`Now`] as an argument. The simulator makes its own.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

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

/// The monotonic clock of the whole machine, in microseconds, as systemd wants to hear it. 0 if it cannot be read.
pub(super) fn machine_micros() -> i64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC);
    time.map_or(0, |time| time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000)
}

impl Stopwatch for Clock {
    fn read(&mut self) -> Moment {
        self.monotonic()
    }
}

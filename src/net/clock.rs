//! The clock: the one place of the server that reads the time.
//!
//! Everybody else is handed a [`Now`]; the simulator hands out its own.

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
    /// A clock that starts now.
    pub(super) fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// The time. A wall clock set before 1970 counts as 1970.
    pub(super) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { monotonic: self.monotonic(), unix }
    }

    /// The monotonic half of it.
    pub(super) fn monotonic(&self) -> Moment {
        Moment::START + self.start.elapsed()
    }
}

impl Stopwatch for Clock {
    fn read(&mut self) -> Moment {
        self.monotonic()
    }
}

//! The clock: the one place of loadgen that reads the time.

#![expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is handed")]

use std::time::Instant;

use switchboard::timer::Moment;

/// Counts from the start of the run.
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
}

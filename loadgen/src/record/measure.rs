//! [`Measure`]: how long something took, counted twice: from the moment that the plan had for it, and from
//! the moment at which it really began.
//!
//! The first is what a user would have seen. The second is what most tools report, and it hides a stall: a
//! tool that waits for the server begins fewer things while the server stands still.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::timer::Moment;

use super::Times;

/// How long something took, corrected and uncorrected.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Measure {
    /// From the planned moment.
    pub(crate) corrected: Times,
    /// From the actual moment.
    pub(crate) uncorrected: Times,
}

/// When something began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Begun {
    /// When it was planned to begin.
    pub(crate) planned: Moment,
    /// When it really began.
    pub(crate) actual: Moment,
}

impl Begun {
    /// For something unplanned: the planned moment is the actual one.
    pub(crate) const fn at(moment: Moment) -> Self {
        Begun { planned: moment, actual: moment }
    }
}

impl Measure {
    /// It ended now.
    pub(crate) fn add(&mut self, begun: Begun, now: Moment) {
        self.add_many(begun, now, 1);
    }

    /// It ended now, `count` times at once.
    pub(crate) fn add_many(&mut self, begun: Begun, now: Moment, count: u64) {
        let since = |moment: Moment| -> Duration { now.since(moment) };
        self.corrected.add_many(since(begun.planned), count);
        self.uncorrected.add_many(since(begun.actual), count);
    }

    /// Adds what another process has measured.
    pub(super) fn absorb(&mut self, other: &Measure) {
        self.corrected.absorb(&other.corrected);
        self.uncorrected.absorb(&other.uncorrected);
    }

    /// How often it was measured.
    pub(crate) fn count(&self) -> u64 {
        self.corrected.count()
    }
}

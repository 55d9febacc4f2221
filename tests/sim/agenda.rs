//! [`Agenda`]: what is to happen, and when. What is planned for the same moment happens in the order in which
//! it was planned. Both worlds live by it, and by the virtual clocks here.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use switchboard::timer::{Moment, Now};
use switchboard::turn::Stopwatch;

pub(crate) struct Agenda<T> {
    items: BinaryHeap<Reverse<(Duration, u64, T)>>,
    planned: u64,
}

impl<T: Copy + Ord> Agenda<T> {
    pub(crate) fn new() -> Self {
        Agenda { items: BinaryHeap::new(), planned: 0 }
    }

    pub(crate) fn plan(&mut self, time: Duration, item: T) {
        self.planned += 1;
        self.items.push(Reverse((time, self.planned, item)));
    }

    /// When the next item happens: never, if there is none.
    pub(crate) fn next(&self) -> Duration {
        self.items.peek().map_or(Duration::MAX, |Reverse((time, ..))| *time)
    }

    /// Takes the next item that happens at `time` or before it, with its time.
    pub(crate) fn take(&mut self, time: Duration) -> Option<(Duration, T)> {
        if self.next() > time {
            return None;
        }
        self.items.pop().map(|Reverse((time, _, item))| (time, item))
    }
}

/// When the loop wakes that goes to sleep now for this long: epoll_wait(2) counts milliseconds, and mio rounds
/// up.
pub(crate) fn wakes(now: Duration, wait: Option<Duration>) -> Duration {
    wait.map_or(Duration::MAX, |wait| {
        let millis = wait.as_nanos().div_ceil(1_000_000) as u64;
        now.saturating_add(Duration::from_millis(millis))
    })
}

/// The time on both clocks.
pub(crate) fn at(time: Duration) -> Now {
    Now { monotonic: Moment::START + time, unix: Duration::from_secs(1_800_000_000) + time }
}

/// A stopwatch for virtual time, in which no phase takes any time.
pub(crate) struct Stopped;

impl Stopwatch for Stopped {
    fn read(&mut self) -> Moment {
        Moment::START
    }
}

//! [`Trial`]: the wheel against a naive model, a list of deadlines that is searched from end to end
//! each time.
//!
//! The model shares no arithmetic with the wheel. It says of every timer in which slot it is due;
//! from that follow all claims: not early, not late, once, in order, and not if it was cancelled.
//! The steps come from `properties`, and from the fuzzer (`tests/fuzz/`).

use std::time::Duration;

use super::{Moment, TimerId, Wheel};

pub(super) const SLOT: u64 = 1 << 24;
pub(super) const REVOLUTION: u64 = 4096 * SLOT;

/// The wheel under test and the model, which see the same steps. A timer's value is its number.
pub(super) struct Trial {
    wheel: Wheel<usize>,
    now: Moment,
    /// The latest moment that the wheel has seen.
    shown: Moment,
    /// Every timer there ever was, and the slot in which it is due if it is alive.
    timers: Vec<(TimerId, Option<u64>)>,
    /// The slot at which the wheel must be by now: what is inserted before it counts as of it.
    reached: u64,
    /// The wheel is more than a revolution behind, and promises no order until it has caught up.
    unordered: bool,
}

impl Trial {
    pub(super) fn new(start: Moment) -> Self {
        Trial {
            wheel: Wheel::new(start),
            now: start,
            shown: start,
            timers: Vec::new(),
            reached: start.as_nanos() / SLOT,
            unordered: false,
        }
    }

    pub(super) fn perform(&mut self, step: Step) {
        match step {
            Step::Insert(distance) => {
                let deadline = distance.from(self.now);
                let id = self.wheel.insert(deadline, self.timers.len());
                self.timers.push((id, Some(self.due_slot(deadline))));
            }
            Step::Cancel(which) if !self.timers.is_empty() => {
                let number = which % self.timers.len();
                let (id, due) = &mut self.timers[number];
                assert_eq!(self.wheel.cancel(*id), due.take().map(|_| number));
            }
            Step::Rearm(which, distance) if !self.timers.is_empty() => {
                let number = which % self.timers.len();
                let deadline = distance.from(self.now);
                let (id, due) = self.timers[number];
                assert_eq!(self.wheel.rearm(id, deadline), due.is_some());
                self.timers[number].1 = due.map(|_| self.due_slot(deadline));
            }
            Step::Cancel(_) | Step::Rearm(..) => {}
            Step::Wait(nanos) => self.now = self.now + Duration::from_nanos(nanos),
            Step::Pop(budget) => {
                let mut left = budget;
                while left > 0 && self.pop() {
                    left -= 1;
                }
            }
        }
        self.check();
    }

    /// Whatever is left fires when its time has come, and "never" does not.
    pub(super) fn finish(&mut self) {
        self.now = Moment::from_nanos(u64::MAX);
        self.perform(Step::Pop(usize::MAX));
    }

    /// The slot in which a timer that is set now must fire.
    fn due_slot(&self, deadline: Moment) -> u64 {
        let nanos = deadline.as_nanos();
        let slot = if deadline <= self.shown { nanos / SLOT } else { nanos.div_ceil(SLOT) };
        slot.max(self.reached)
    }

    fn pop(&mut self) -> bool {
        let now = self.now.as_nanos() / SLOT;
        self.shown = self.now;
        self.unordered |= now - self.reached > 4096;
        let earliest = self.timers.iter().filter_map(|&(_, due)| due).min();
        match self.wheel.next_due(self.now) {
            Some(number) => {
                let due = self.timers[number].1.take().expect("only a live timer fires, and once");
                assert!(due <= now, "fired early");
                if !self.unordered {
                    assert_eq!(Some(due), earliest, "fired out of order");
                    self.reached = due;
                }
                true
            }
            None => {
                assert!(earliest.is_none_or(|due| due > now), "fires too late");
                // Nothing is due, so the caller has to wait. A deadline of now would make it spin.
                assert!(self.wheel.next_deadline().is_none_or(|next| next > self.now));
                self.reached = now;
                self.unordered = false;
                let live = self.timers.iter().filter(|(_, due)| due.is_some()).count();
                assert_eq!(self.wheel.check_invariants().len(), live);
                false
            }
        }
    }

    /// What holds after every step.
    fn check(&self) {
        let live: Vec<u64> = self.timers.iter().filter_map(|&(_, due)| due).collect();
        assert_eq!(self.wheel.len(), live.len());
        assert_eq!(self.wheel.is_empty(), live.is_empty());
        let next = self.wheel.next_deadline();
        // The last slot ends beyond the clock's range: a timer that is due then is never due.
        if let Some(earliest) = live.into_iter().filter_map(|due| due.checked_mul(SLOT)).min() {
            // What is due already needs no more than a moment that has passed.
            let latest = Moment::from_nanos(earliest).max(self.shown);
            assert!(next.is_some_and(|next| next <= latest), "would wake too late");
        }
    }
}

/// What a caller may do. Distances are in nanoseconds from the present.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Insert(Distance),
    /// Which of all ids that there ever were, counted round and round.
    Cancel(usize),
    Rearm(usize, Distance),
    Wait(u64),
    /// Take what is due, at most this many timers.
    Pop(usize),
}

/// How far away a deadline is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Distance {
    Past(u64),
    Future(u64),
    /// The last moment of the clock.
    Never,
}

impl Distance {
    fn from(self, now: Moment) -> Moment {
        let nanos = match self {
            Distance::Past(nanos) => now.as_nanos().saturating_sub(nanos),
            Distance::Future(nanos) => now.as_nanos().saturating_add(nanos),
            Distance::Never => u64::MAX,
        };
        Moment::from_nanos(nanos)
    }
}

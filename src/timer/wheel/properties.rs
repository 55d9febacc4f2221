//! The wheel against a naive model: a list of deadlines that is searched from end to end each time.
//!
//! The model shares no arithmetic with the wheel. It says of every timer in which slot it is due;
//! from that follow all claims: not early, not late, once, in order, and not if it was cancelled.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const SLOT: u64 = 1 << 24;
const REVOLUTION: u64 = 4096 * SLOT;

/// What a caller may do. Distances are in nanoseconds from the present.
#[derive(Clone, Debug)]
enum Step {
    Insert(Distance),
    /// Which of all ids that there ever were.
    Cancel(Index),
    Rearm(Index, Distance),
    Wait(u64),
    /// Take what is due, at most so many.
    Pop(usize),
}

/// How far away a deadline is.
#[derive(Clone, Copy, Debug)]
enum Distance {
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

/// Spans that meet: within a slot, whole slots (so that timers share one), around a revolution.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => 0..2 * SLOT,
        4 => (0..20u64).prop_map(|slots| slots * SLOT),
        2 => (4090..4100u64).prop_map(|slots| slots * SLOT),
        1 => 0..REVOLUTION,
        // Some revolutions on, in the same few slots.
        2 => (1..6u64, 0..20u64).prop_map(|(rounds, slots)| rounds * REVOLUTION + slots * SLOT),
    ]
}

fn distance() -> impl Strategy<Value = Distance> {
    prop_oneof![
        1 => span().prop_map(Distance::Past),
        9 => span().prop_map(Distance::Future),
        1 => (0..200 * REVOLUTION).prop_map(Distance::Future),
        1 => Just(Distance::Never),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => distance().prop_map(Step::Insert),
        2 => any::<Index>().prop_map(Step::Cancel),
        2 => (any::<Index>(), distance()).prop_map(|(which, to)| Step::Rearm(which, to)),
        3 => span().prop_map(Step::Wait),
        // An hour or so.
        1 => (0..60 * REVOLUTION).prop_map(Step::Wait),
        3 => (0..4usize).prop_map(Step::Pop),
        2 => Just(Step::Pop(usize::MAX)),
    ]
}

/// Where the clock stands at first: at its start, anywhere, or close to its end.
fn start() -> impl Strategy<Value = Moment> {
    prop_oneof![
        Just(0),
        0..100 * REVOLUTION,
        (0..100 * REVOLUTION).prop_map(|left| u64::MAX - left)
    ]
    .prop_map(Moment::from_nanos)
}

/// The wheel under test and the model, which see the same steps. A timer's value is its number.
struct Trial {
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
    fn new(start: Moment) -> Self {
        Trial {
            wheel: Wheel::new(start),
            now: start,
            shown: start,
            timers: Vec::new(),
            reached: start.as_nanos() / SLOT,
            unordered: false,
        }
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Insert(distance) => {
                let deadline = distance.from(self.now);
                let id = self.wheel.insert(deadline, self.timers.len());
                self.timers.push((id, Some(self.due_slot(deadline))));
            }
            Step::Cancel(which) if !self.timers.is_empty() => {
                let number = which.index(self.timers.len());
                let (id, due) = &mut self.timers[number];
                assert_eq!(self.wheel.cancel(*id), due.take().map(|_| number));
            }
            Step::Rearm(which, distance) if !self.timers.is_empty() => {
                let number = which.index(self.timers.len());
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
                // Nothing is due, so the caller has to wait. A deadline of now would make him spin.
                assert!(self.wheel.next_deadline().is_none_or(|next| next > self.now));
                self.reached = now;
                self.unordered = false;
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
        // The last slot's end is beyond the clock: whoever is due then is never due.
        if let Some(earliest) = live.into_iter().filter_map(|due| due.checked_mul(SLOT)).min() {
            // What is due already needs no more than a moment that has passed.
            let latest = Moment::from_nanos(earliest).max(self.shown);
            assert!(next.is_some_and(|next| next <= latest), "would wake too late");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_wheel_does_what_a_list_would_do(start in start(), steps in vec(step(), 1..120)) {
        let mut trial = Trial::new(start);
        steps.into_iter().for_each(|step| trial.perform(step));
        // Whatever is left fires when its time has come, and "never" does not.
        trial.now = Moment::from_nanos(u64::MAX);
        trial.perform(Step::Pop(usize::MAX));
    }

    #[test]
    fn whoever_sleeps_until_the_next_deadline_fires_every_timer_in_time(
        spans in vec(span(), 1..40),
        budget in 1..5usize,
    ) {
        let mut wheel = Wheel::new(Moment::START);
        for &span in &spans {
            wheel.insert(Moment::from_nanos(span), span);
        }
        let mut now = Moment::START;
        let (mut fired, mut vain) = (0, 0);
        while let Some(next) = wheel.next_deadline() {
            now = now.max(next);
            let due: Vec<u64> = std::iter::from_fn(|| wheel.next_due(now)).take(budget).collect();
            fired += due.len();
            vain += usize::from(due.is_empty());
            // One for each slot and revolution at the most, and one that ends a slot whose number
            // of timers is a multiple of the budget.
            prop_assert!(vain <= spans.len() * 7, "spins");
            for deadline in due {
                prop_assert!((deadline..deadline + SLOT).contains(&now.as_nanos()));
            }
        }
        prop_assert_eq!(fired, spans.len());
    }
}

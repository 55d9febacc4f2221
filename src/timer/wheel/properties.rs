//! The wheel and its [`Trial`]: what callers may do, at random, with a liking for spans that meet.

use super::model::{Distance, REVOLUTION, SLOT, Step, Trial};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

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
        2 => any::<usize>().prop_map(Step::Cancel),
        2 => (any::<usize>(), distance()).prop_map(|(which, to)| Step::Rearm(which, to)),
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_wheel_does_what_a_list_would_do(start in start(), steps in vec(step(), 1..120)) {
        let mut trial = Trial::new(start);
        steps.into_iter().for_each(|step| trial.perform(step));
        trial.finish();
    }

    #[test]
    fn a_loop_that_sleeps_until_the_next_deadline_fires_every_timer_in_time(
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

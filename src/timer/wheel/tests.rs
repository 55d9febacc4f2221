//! What the wheel promises, one claim a test, and each of the traps of its kind.
//!
//! `properties.rs` checks the same against a naive model, at random.

use super::*;

const REVOLUTION: u64 = SLOTS as u64;

/// The moment at which slot number `slots`, counted from the start of the clock, is due.
fn at(slots: u64) -> Moment {
    Moment::from_nanos(slots * SLOT_NANOS)
}

fn nanos_after(moment: Moment, nanos: u64) -> Moment {
    moment + Duration::from_nanos(nanos)
}

fn nanos_before(moment: Moment, nanos: u64) -> Moment {
    Moment::from_nanos(moment.as_nanos() - nanos)
}

/// Everything that is due, in the order of firing.
fn all_due<T>(wheel: &mut Wheel<T>, now: Moment) -> Vec<T> {
    std::iter::from_fn(|| wheel.next_due(now)).collect()
}

/// A wheel at the start of the clock, with one timer for each deadline in slots. A timer's value
/// is its deadline.
fn wheel_with(deadlines: &[u64]) -> (Wheel<u64>, Vec<TimerId>) {
    let mut wheel = Wheel::new(Moment::START);
    let ids = deadlines.iter().map(|&slots| wheel.insert(at(slots), slots)).collect();
    (wheel, ids)
}

#[test]
fn a_timer_fires_at_its_deadline_rounded_up_to_a_slot() {
    for deadline in [nanos_after(at(6), 1), nanos_before(at(7), 1), at(7)] {
        let mut wheel = Wheel::new(Moment::START);
        wheel.insert(deadline, "seven");
        assert_eq!(wheel.next_deadline(), Some(at(7)));
        assert_eq!(wheel.next_due(nanos_before(at(7), 1)), None);
        assert_eq!(wheel.next_due(at(7)), Some("seven"));
        assert_eq!(wheel.next_due(at(7)), None);
        assert!(wheel.is_empty());
    }
}

#[test]
fn a_deadline_that_has_passed_is_due_at_the_next_call() {
    let now = nanos_after(at(100), 5);
    for deadline in [now, nanos_before(now, 1), at(100), at(99), Moment::START] {
        let mut new = Wheel::new(now);
        new.insert(deadline, ());
        assert!(new.next_deadline() <= Some(now));
        assert_eq!(new.next_due(now), Some(()));

        let mut used = Wheel::new(Moment::START);
        assert_eq!(used.next_due(now), None);
        used.insert(deadline, ());
        assert!(used.next_deadline() <= Some(now));
        assert_eq!(used.next_due(now), Some(()));
    }
}

#[test]
fn timers_of_different_slots_fire_in_order_also_when_the_caller_is_late() {
    let (mut wheel, _) = wheel_with(&[4000, 3, 64, 1, 63, 4096, 65, 2]);
    assert_eq!(all_due(&mut wheel, at(REVOLUTION)), [1, 2, 3, 63, 64, 65, 4000, 4096]);
}

#[test]
fn a_deadline_revolutions_away_waits_for_its_round() {
    // All in slot 5, and one timer in the cursor's own slot.
    let rounds = [5, REVOLUTION + 5, 3 * REVOLUTION + 5];
    let (mut wheel, _) = wheel_with(&rounds);
    wheel.insert(at(REVOLUTION), REVOLUTION);
    assert_eq!(all_due(&mut wheel, at(5)), [5]);
    assert_eq!(all_due(&mut wheel, at(REVOLUTION - 1)), Vec::<u64>::new());
    assert_eq!(all_due(&mut wheel, at(REVOLUTION)), [REVOLUTION]);
    assert_eq!(all_due(&mut wheel, at(REVOLUTION + 4)), Vec::<u64>::new());
    assert_eq!(all_due(&mut wheel, at(REVOLUTION + 5)), [REVOLUTION + 5]);
    assert_eq!(all_due(&mut wheel, at(3 * REVOLUTION + 4)), Vec::<u64>::new());
    assert_eq!(all_due(&mut wheel, at(3 * REVOLUTION + 5)), [3 * REVOLUTION + 5]);
}

#[test]
fn a_slot_of_later_rounds_costs_one_vain_call_a_revolution() {
    let (mut wheel, _) = wheel_with(&[5 * REVOLUTION + 7, 5 * REVOLUTION + 7]);
    for round in 0..5 {
        let wake_up = at(round * REVOLUTION + 7);
        assert_eq!(wheel.next_deadline(), Some(wake_up));
        assert_eq!(wheel.next_due(wake_up), None);
    }
    assert_eq!(wheel.next_deadline(), Some(at(5 * REVOLUTION + 7)));
    assert_eq!(all_due(&mut wheel, at(5 * REVOLUTION + 7)).len(), 2);
}

#[test]
fn after_a_stop_of_an_hour_every_slot_is_taken_once() {
    // Every slot holds one timer that the stop has made due, and one that stays.
    let mut wheel = Wheel::new(Moment::START);
    let hour = at(53 * REVOLUTION + 1234);
    for slot in 1..=REVOLUTION {
        wheel.insert(at(slot % 50 * REVOLUTION + slot), true);
        wheel.insert(at(60 * REVOLUTION + slot), false);
    }
    // What `next_due` does, with a count.
    let (mut taken, mut fired) = (0, 0);
    wheel.now = hour;
    while wheel.take_next_slot() {
        taken += 1;
        while let Some(due) = wheel.end_next_of_this_round() {
            assert!(due, "what stays must not fire");
            fired += 1;
        }
    }
    assert_eq!((taken, fired), (SLOTS, SLOTS));
    assert!(wheel.next_deadline() > Some(hour));
    assert_eq!(all_due(&mut wheel, at(61 * REVOLUTION)).len(), SLOTS as usize);
}

#[test]
fn a_jump_to_the_end_of_the_clock_takes_no_longer_than_a_revolution() {
    let (mut wheel, _) = wheel_with(&[1, 2, REVOLUTION * 1000]);
    assert_eq!(all_due(&mut wheel, Moment::from_nanos(u64::MAX)).len(), 3);
}

#[test]
fn a_budget_may_end_in_the_middle_of_a_slot() {
    let (mut wheel, _) = wheel_with(&[8, 8, 8, 9]);
    assert_eq!(wheel.next_due(at(20)), Some(8));
    assert!(wheel.next_deadline() <= Some(at(20)), "two more are due");
    assert_eq!(wheel.len(), 3);
    assert_eq!(all_due(&mut wheel, at(21)), [8, 8, 9]);
}

#[test]
fn what_is_inserted_into_the_slot_being_taken_fires_in_its_own_round() {
    let (mut wheel, _) = wheel_with(&[8, 8, 9]);
    assert_eq!(wheel.next_due(at(8)), Some(8));
    // Slot 8 is half drained. One timer for this round of it, one for the next, one for long ago.
    wheel.insert(at(8), 108);
    wheel.insert(at(REVOLUTION + 8), REVOLUTION + 8);
    wheel.insert(at(2), 102);
    assert_eq!(all_due(&mut wheel, at(9)), [8, 108, 102, 9]);
    assert_eq!(wheel.next_deadline(), Some(at(REVOLUTION + 8)));
    assert_eq!(all_due(&mut wheel, at(REVOLUTION + 7)), Vec::<u64>::new());
    assert_eq!(all_due(&mut wheel, at(REVOLUTION + 8)), [REVOLUTION + 8]);
}

#[test]
fn what_is_inserted_between_the_cursor_and_now_keeps_its_place_in_the_order() {
    let (mut wheel, _) = wheel_with(&[8, 8, 10, 12]);
    assert_eq!(wheel.next_due(at(12)), Some(8));
    wheel.insert(at(11), 11);
    assert_eq!(all_due(&mut wheel, at(12)), [8, 10, 11, 12]);
}

#[test]
fn a_timer_can_be_cancelled_or_moved_while_its_slot_is_being_taken() {
    let (mut wheel, ids) = wheel_with(&[8, 8, 8, 8, 20]);
    assert_eq!(wheel.next_due(at(8)), Some(8));
    assert_eq!(wheel.cancel(ids[1]), Some(8));
    assert!(wheel.rearm(ids[2], at(30)), "from what is due to a later slot");
    assert!(wheel.rearm(ids[4], at(1)), "from a later slot to what is due");
    assert_eq!(all_due(&mut wheel, at(8)), [8, 20]);
    assert_eq!(wheel.next_deadline(), Some(at(30)));
    assert_eq!(all_due(&mut wheel, at(30)), [8]);
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn a_timer_of_a_later_round_survives_a_budget_that_ends_in_its_slot() {
    let later = REVOLUTION + 8;
    let (mut wheel, ids) = wheel_with(&[8, later, later, later]);
    assert_eq!(wheel.next_due(at(8)), Some(8));
    // The three have left the slot with the first, and are not back yet.
    assert_eq!(wheel.cancel(ids[1]), Some(later));
    assert!(wheel.rearm(ids[2], at(9)));
    assert_eq!(wheel.next_due(at(8)), None);
    assert_eq!(wheel.next_deadline(), Some(at(9)));
    assert_eq!(all_due(&mut wheel, at(later - 1)), [later]);
    assert_eq!(all_due(&mut wheel, at(later)), [later]);
}

#[test]
fn a_cancelled_timer_leaves_nothing_to_wait_for() {
    let (mut wheel, ids) = wheel_with(&[8, 8, 100]);
    wheel.cancel(ids[0]);
    assert_eq!(wheel.next_deadline(), Some(at(8)), "its neighbour is still there");
    wheel.cancel(ids[1]);
    assert_eq!(wheel.next_deadline(), Some(at(100)));
    wheel.cancel(ids[2]);
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(wheel.next_due(at(200)), None);
}

#[test]
fn a_timer_moves_both_ways_under_the_same_id() {
    let (mut wheel, ids) = wheel_with(&[50]);
    assert!(wheel.rearm(ids[0], at(20)));
    assert_eq!(wheel.next_deadline(), Some(at(20)));
    assert!(wheel.rearm(ids[0], at(2 * REVOLUTION + 50)));
    assert_eq!(wheel.next_due(at(REVOLUTION + 50)), None);
    assert_eq!(wheel.next_due(at(2 * REVOLUTION + 50)), Some(50));
}

#[test]
fn an_id_is_stale_once_its_timer_is_over_even_if_another_one_has_its_place() {
    let (mut wheel, ids) = wheel_with(&[1, 2]);
    assert_eq!(wheel.next_due(at(1)), Some(1));
    assert_eq!(wheel.cancel(ids[1]), Some(2));
    let tenants = [wheel.insert(at(5), 105), wheel.insert(at(5), 205)];
    for (stale, tenant) in ids.into_iter().zip(tenants) {
        assert_eq!(stale.index, tenant.index, "the place is used again");
        assert_eq!(wheel.cancel(stale), None);
        assert!(!wheel.rearm(stale, at(9)));
    }
    assert_eq!(all_due(&mut wheel, at(5)), [105, 205]);
}

#[test]
fn an_id_of_another_wheel_cannot_break_this_one() {
    let (mut other, _) = wheel_with(&[1, 1]);
    all_due(&mut other, at(1));
    // Of the generation that the free place in our wheel has come to, and of a place it lacks.
    let strangers = [other.insert(at(2), 2), other.insert(at(2), 2)];
    let (mut wheel, _) = wheel_with(&[1]);
    all_due(&mut wheel, at(1));
    for stranger in strangers {
        assert!(!wheel.rearm(stranger, at(9)));
        assert_eq!(wheel.cancel(stranger), None);
    }
}

#[test]
fn generations_go_round_without_ever_being_zero() {
    let (mut wheel, ids) = wheel_with(&[1]);
    wheel.cancel(ids[0]);
    wheel.entries[0].generation = NonZeroU32::MAX;
    let last = wheel.insert(at(1), 1);
    assert_eq!(wheel.next_due(at(1)), Some(1));
    let first_again = wheel.insert(at(2), 2);
    assert_eq!(first_again.generation, NonZeroU32::MIN);
    assert_eq!(wheel.cancel(last), None);
    assert_eq!(wheel.cancel(first_again), Some(2));
}

#[test]
fn never_does_not_come_and_is_not_waited_for_at_the_end_of_the_clock() {
    let end = Moment::from_nanos(u64::MAX);
    let mut wheel = Wheel::new(Moment::START);
    let never = wheel.insert(end, "never");
    // Until then it is a timer of a later round like any other.
    assert_eq!(wheel.next_deadline(), Some(at(REVOLUTION)));
    assert_eq!(wheel.next_due(at(REVOLUTION)), None);
    assert_eq!(wheel.next_due(nanos_before(end, 1)), None);
    assert_eq!(wheel.next_due(nanos_before(end, 1)), None);
    assert_eq!(wheel.next_deadline(), None);
    assert_eq!(wheel.cancel(never), Some("never"));
}

#[test]
fn time_that_seems_to_go_back_stands_still() {
    let (mut wheel, _) = wheel_with(&[10, 10, 20]);
    assert_eq!(wheel.next_due(at(15)), Some(10));
    assert_eq!(wheel.next_due(at(3)), Some(10));
    assert_eq!(wheel.next_due(at(3)), None);
    assert_eq!(wheel.next_deadline(), Some(at(20)));
    wheel.insert(at(15), 15);
    assert_eq!(wheel.next_due(at(3)), Some(15), "15 was now");
}

#[test]
fn moving_and_replacing_timers_allocates_nothing() {
    const TIMERS: u64 = 100;
    let (mut wheel, mut ids) = wheel_with(&(1..=TIMERS).collect::<Vec<_>>());
    let memory = |wheel: &Wheel<u64>| (wheel.entries.capacity(), wheel.rings.capacity());
    let before = memory(&wheel);
    // A timer that moves keeps its place in memory; one that is cancelled or fires leaves it.
    for turn in 0..10_000 {
        let id = &mut ids[(turn % TIMERS) as usize];
        assert!(wheel.rearm(*id, at(turn + 5000)));
        if turn % 3 == 0 {
            wheel.cancel(*id);
            *id = wheel.insert(at(turn + 200), 0);
        }
        assert_eq!(wheel.next_due(at(turn)), None, "each is moved before its time has come");
    }
    assert_eq!(all_due(&mut wheel, at(20_000)).len(), TIMERS as usize);
    for _ in 0..TIMERS {
        wheel.insert(at(30_000), 0);
    }
    assert_eq!(memory(&wheel), before);
}

#[test]
fn a_timer_takes_32_bytes_and_its_id_8() {
    assert_eq!(size_of::<Option<TimerId>>(), 8);
    assert_eq!(size_of::<Entry<u64>>() + size_of::<rings::Node>(), 32);
    assert_eq!(size_of::<Entry<(u32, u32)>>() + size_of::<rings::Node>(), 28);
}

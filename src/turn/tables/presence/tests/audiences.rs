//! Several audiences under one budget: they share it fairly, and no audience keeps another from its turn.

use super::*;
use crate::turn::tables::presence::budget::LEAST_CHARGE;

const BUSY: usize = 0;
const QUIET: usize = 1;

/// Two audiences whose receivers have their first lists, and tokens to spare. The slots of the quiet
/// one begin at 1000.
fn crowds(busy: u32, quiet: u32, mode: PresenceMode) -> Presence {
    let mut presence = presence(2);
    for slot in 0..busy {
        come(&mut presence, slot, BUSY, mode);
    }
    for slot in 1000..1000 + quiet {
        come(&mut presence, slot, QUIET, mode);
    }
    settle(&mut presence);
    presence
}

/// The time in which the budget earns this many lists of the least charge, and one slot of time more.
fn earned(lists: u64) -> Duration {
    let bytes = lists * u64::try_from(LEAST_CHARGE).expect("a number of bytes");
    Duration::from_nanos(bytes * 1_000_000_000 / RATE) + PACE
}

#[test]
fn the_rings_of_two_audiences_are_served_in_turn_however_many_receivers_one_has() {
    let mut presence = crowds(300, 3, PresenceMode::Full);
    presence.changed(BUSY);
    presence.changed(QUIET);
    let mut now = at(1000);
    let mut order = Vec::new();
    while let Some(deadline) = presence.deadline(now) {
        now = deadline.max(now);
        if let Some(serving) = serve_next(&mut presence, now, false) {
            order.push(serving.audience);
            // The busy audience changes all the time, so its ring always has stale receivers.
            if serving.audience == BUSY && order.len() < 300 {
                presence.changed(BUSY);
            }
        }
        presence.check_invariants();
    }
    assert_eq!(order.iter().filter(|audience| **audience == QUIET).count(), 3);
    let last = order.iter().rposition(|audience| *audience == QUIET).expect("three were served");
    assert!(last < 6, "every second place at least: {last}");
}

/// The time is that of all lists together: sharing the budget costs no time.
#[test]
fn two_audiences_have_converged_when_the_budget_has_earned_all_their_lists() {
    let mut presence = crowds(40, 25, PresenceMode::Full);
    presence.changed(BUSY);
    presence.changed(QUIET);
    let (mut now, mut served) = (at(1000), 0);
    while let Some(deadline) = presence.deadline(now) {
        now = deadline.max(now);
        served += usize::from(serve_next(&mut presence, now, false).is_some());
    }
    assert_eq!(served, 65);
    assert!(now <= at(1000) + earned(65), "{now:?}");
    assert!(now > at(1000) + earned(50), "they have not been given a budget each");
}

#[test]
fn first_lists_of_every_audience_go_before_any_ring_and_in_turn() {
    let mut presence = crowds(2, 2, PresenceMode::Full);
    presence.changed(BUSY);
    presence.changed(QUIET);
    for slot in 10..14 {
        presence.join(id(slot), BUSY, PresenceMode::Full);
    }
    for slot in 1010..1012 {
        presence.join(id(slot), QUIET, PresenceMode::Full);
    }
    let mut order = std::iter::from_fn(|| serve_next(&mut presence, at(1000), false));
    let first: Vec<usize> = order.by_ref().take(6).map(|serving| serving.to.index()).collect();
    let (busy, quiet): (Vec<usize>, Vec<usize>) = first.iter().partition(|slot| **slot < 1000);
    assert_eq!((busy, quiet), (vec![10, 11, 12, 13], vec![1010, 1011]));
    let last = first.iter().rposition(|slot| *slot >= 1000).expect("two were served");
    assert!(last < 4, "they take turns: {first:?}");
    let rings: Vec<usize> = order.map(|serving| serving.to.index()).collect();
    assert_eq!(rings.len(), 4);
    assert!(rings.iter().all(|slot| slot % 1000 < 2));
}

#[test]
fn those_that_ask_take_at_most_every_second_place_whatever_their_audiences() {
    let mut presence = presence(3);
    for slot in 0..6 {
        presence.join(id(slot), (slot % 2) as usize, PresenceMode::None);
        presence.asked(id(slot));
    }
    for slot in 6..9 {
        presence.join(id(slot), 2, PresenceMode::Full);
    }
    let order = std::iter::from_fn(|| serve_next(&mut presence, at(0), true));
    let asked: Vec<bool> = order.map(|serving| serving.audience < 2).collect();
    assert_eq!(asked, [true, false, true, false, true, false, true, true, true]);
}

#[test]
fn newcomers_that_come_all_the_time_keep_no_ring_from_its_turn() {
    let mut presence = crowds(2, 2, PresenceMode::Full);
    let mut now = at(1000);
    let mut rings = [0, 0];
    for step in 0..100 {
        // The budget earns one list for a newcomer and one for a ring. All rings are stale.
        now = now + (earned(2) - PACE);
        presence.changed(BUSY);
        presence.changed(QUIET);
        presence.join(id(10 + step), BUSY, PresenceMode::Full);
        let mut is_newcomer = true;
        while let Some(serving) = serve_next(&mut presence, now, false) {
            rings[serving.audience] += usize::from(!is_newcomer);
            is_newcomer = false;
        }
        presence.leave(id(10 + step));
    }
    assert!(rings[0].abs_diff(rings[1]) <= 1, "{rings:?}");
    assert!(rings[0] >= 45, "{rings:?}");
}

#[test]
fn deltas_do_not_wait_for_the_ring_of_another_audience() {
    let limits = Limits { bytes_per_second: 1 << 40, ..Limits::default() };
    let mut presence = Presence::new(limits, 2);
    for slot in 0..100 {
        come(&mut presence, slot, BUSY, PresenceMode::Full);
    }
    come(&mut presence, 1000, QUIET, PresenceMode::Delta);
    settle(&mut presence);
    presence.changed(BUSY);
    presence.changed(QUIET);
    assert!(presence.begin_delta(QUIET, at(2000)));
    assert!(!presence.begin_delta(BUSY, at(2000)), "no receiver wants deltas");
    let mut first = std::iter::from_fn(|| serve_next(&mut presence, at(2000), false)).take(2);
    assert!(first.any(|serving| serving.what == What::Delta));
}

#[test]
fn a_change_in_one_audience_does_not_concern_another() {
    let mut presence = crowds(1, 1, PresenceMode::Delta);
    assert!(presence.changed(BUSY));
    assert!(!presence.begin_delta(QUIET, at(2000)));
    assert!(presence.begin_delta(BUSY, at(2000)));
    let delta = Serving { audience: BUSY, to: id(0), what: What::Delta };
    assert_eq!(serve_next(&mut presence, at(2000), false), Some(delta));
    assert_eq!(presence.deadline(at(2000)), None);
}

#[test]
fn a_connection_is_a_receiver_of_at_most_one_list() {
    let mut presence = crowds(1, 0, PresenceMode::Delta);
    presence.join(id(0), QUIET, PresenceMode::Full);
    presence.check_invariants();
    assert!(!presence.changed(BUSY), "no receiver is left there");
    let first = Serving { audience: QUIET, to: id(0), what: What::List };
    assert_eq!(serve_next(&mut presence, at(1000), false), Some(first));
    assert_eq!(presence.deadline(at(1000)), None);
}

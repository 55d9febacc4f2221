//! What lists cost, and that the budget holds.

use super::*;
use crate::turn::tables::presence::budget::LEAST_CHARGE;

#[test]
fn a_change_is_shown_to_all_at_once_while_the_budget_lasts_and_paced_after_that() {
    let mut presence = settled(30, PresenceMode::Full);
    go(&mut presence, 29, ONE);
    let mut served = 0;
    for millis in 1000..2000 {
        while let Some(serving) = presence.next(at(millis), false) {
            serve(&mut presence, serving);
            served += 1;
        }
        // Every list counts as at least 10 KiB; a tenth of a second was saved up, one may be over.
        let earned = (millis - 1000 + 100) * RATE / 1000;
        assert!(served * 10 * 1024 <= earned + 10 * 1024, "{served} lists after {millis} ms");
    }
    assert_eq!(served, 29);
    assert_eq!(presence.deadline(at(2000)), None);
}

#[test]
fn a_list_that_is_longer_than_all_debt_is_paid_in_full() {
    // The bytes that the rate yields in half a second: ten times the debt that first lists may make.
    let long = usize::try_from(RATE / 2).expect("it fits");
    let mut presence = settled(3, PresenceMode::Full);
    presence.set_mode(id(2), PresenceMode::None);
    let mut served = 0;
    for millis in 1000..6000 {
        go(&mut presence, 2, ONE);
        come(&mut presence, 2, ONE, PresenceMode::None);
        while let Some(Serving { to, what: What::List, .. }) = presence.next(at(millis), false) {
            presence.served_list(to, long);
            served += 1;
        }
    }
    // Two lists a second, and one that was saved up.
    assert!((10..=11).contains(&served), "{served} lists in five seconds");
}

#[test]
fn a_budget_of_almost_nothing_still_serves_everybody_in_the_end() {
    let limits = Limits { bytes_per_second: 1, ..Limits::default() };
    let mut presence = Presence::new(limits, 1);
    for slot in 0..2 {
        come(&mut presence, slot, ONE, PresenceMode::Full);
        let newcomer = presence.next(at(0), false).expect("a first list waits for nothing");
        serve(&mut presence, newcomer);
    }
    let mut now = at(0);
    while let Some(deadline) = presence.deadline(now) {
        assert!(now < at(60_000), "it never ends");
        now = deadline.max(now + Duration::from_nanos(1));
        while let Some(serving) = presence.next(now, false) {
            serve(&mut presence, serving);
        }
    }
}

#[test]
fn a_budget_is_earned_however_often_it_is_looked_at() {
    // The rate is a byte a millisecond, and the budget is looked at ten times as often. Parts of a byte must
    // not be lost.
    let mut presence = Presence::new(Limits { bytes_per_second: 1000, ..Limits::default() }, 1);
    come(&mut presence, 0, ONE, PresenceMode::Full);
    serve_next(&mut presence, at(0), false);
    come(&mut presence, 1, ONE, PresenceMode::None);
    let mut looks = (0..2000).map(|tenth| at(0) + Duration::from_micros(100) * tenth);
    assert!(looks.any(|now| presence.next(now, false).is_some()), "the debt is 50 ms");
}

#[test]
fn a_budget_that_is_spent_to_the_last_byte_is_spent() {
    // The bucket holds exactly one list.
    let rate = u64::try_from(LEAST_CHARGE).expect("a number of bytes") * 10;
    let mut presence = Presence::new(Limits { bytes_per_second: rate, ..Limits::default() }, 1);
    for slot in 0..2 {
        come(&mut presence, slot, ONE, PresenceMode::Full);
        serve_next(&mut presence, at(0), false);
    }
    come(&mut presence, 2, ONE, PresenceMode::None);
    assert_eq!(presence.next(at(1000), false), list(0));
    presence.served_list(id(0), 100);
    assert_eq!(presence.next(at(1000), false), None, "for the ring");
    presence.asked(id(2));
    assert_eq!(presence.next(at(1000), false), None, "for an asker");
}

#[test]
fn first_lists_make_a_limited_debt_and_forgive_none() {
    let mut presence = settled(1, PresenceMode::None);
    come(&mut presence, 1, ONE, PresenceMode::Full);
    presence.next(at(1000), false);
    presence.served_list(id(1), 1 << 30);
    presence.asked(id(0));
    let debt = Duration::from_millis(50);
    let deadline = presence.deadline(at(1000)).expect("one waits");
    assert!(deadline <= at(1001) + debt, "a first list, however long: {deadline:?}");
    presence.next(deadline, false);
    // The bytes that the rate yields in ten seconds, charged in full.
    presence.served_list(id(0), 10 << 20);
    come(&mut presence, 2, ONE, PresenceMode::Full);
    presence.next(deadline, false);
    presence.served_list(id(2), 100);
    presence.asked(id(0));
    let deadline = presence.deadline(deadline).expect("one waits");
    assert!(deadline >= at(10_000), "a first list has forgiven it: {deadline:?}");
}

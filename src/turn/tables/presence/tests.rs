//! Presence: it converges after any history, keeps its budget, and lets no receiver starve.

mod audiences;
mod budget;
mod histories;

use super::*;

const RATE: u64 = 1 << 20;
/// The audience of tests that need only one.
const ONE: usize = 0;

fn id(slot: u32) -> ConnectionId {
    ConnectionId::new(slot, 3)
}

fn at(millis: u64) -> Moment {
    Moment::START + Duration::from_millis(millis)
}

/// Presence for this many audiences, under a budget of a mebibyte a second.
fn presence(audiences: usize) -> Presence {
    Presence::new(Limits { bytes_per_second: RATE, ..Limits::default() }, audiences)
}

/// A connection comes: the list changes, and the connection becomes a receiver.
fn come(presence: &mut Presence, slot: u32, audience: usize, mode: PresenceMode) {
    presence.changed(audience);
    presence.join(id(slot), audience, mode);
}

/// A connection goes: it is no receiver any more, and the list changes.
fn go(presence: &mut Presence, slot: u32, audience: usize) {
    presence.leave(id(slot));
    presence.changed(audience);
}

/// One audience whose receivers, all in the same mode, have their first list, and tokens to spare.
fn settled(slots: u32, mode: PresenceMode) -> Presence {
    let mut presence = presence(1);
    for slot in 0..slots {
        come(&mut presence, slot, ONE, mode);
    }
    settle(&mut presence);
    presence
}

/// Serves all receivers, up to the thousandth millisecond.
fn settle(presence: &mut Presence) {
    for millis in 0..1000 {
        for audience in 0..presence.pacers.len() {
            presence.begin_delta(audience, at(millis));
        }
        while let Some(serving) = presence.next(at(millis), false) {
            serve(presence, serving);
        }
    }
    assert_eq!(presence.deadline(at(1000)), None);
}

/// Serves a receiver. A list is a short one.
fn serve(presence: &mut Presence, serving: Serving) -> Serving {
    match serving.what {
        What::List => presence.served_list(serving.to, 100),
        What::Delta => presence.served_delta(serving.to),
    }
    serving
}

/// Serves the next receiver, and returns it.
fn serve_next(presence: &mut Presence, now: Moment, hold_ring: bool) -> Option<Serving> {
    presence.next(now, hold_ring).map(|serving| serve(presence, serving))
}

fn list(slot: u32) -> Option<Serving> {
    Some(Serving { audience: ONE, to: id(slot), what: What::List })
}

fn delta(slot: u32) -> Option<Serving> {
    Some(Serving { audience: ONE, to: id(slot), what: What::Delta })
}

#[test]
fn a_first_list_waits_for_no_budget() {
    let mut presence = presence(1);
    for slot in 0..1000 {
        come(&mut presence, slot, ONE, PresenceMode::Full);
    }
    for slot in 0..1000 {
        assert_eq!(presence.next(at(0), true), list(slot));
        presence.served_list(id(slot), 13_000);
    }
}

#[test]
fn a_receiver_of_the_ring_is_told_of_all_changes_that_it_has_not_seen_and_others_of_none() {
    let mut presence = settled(1, PresenceMode::Full);
    assert_eq!(presence.unseen(id(0)), 0);
    (0..2).for_each(|_| _ = presence.changed(ONE));
    assert_eq!(presence.unseen(id(0)), 2);
    come(&mut presence, 1, ONE, PresenceMode::Full);
    assert_eq!(presence.unseen(id(1)), 0, "a newcomer is owed the list");
    presence.asked(id(0));
    assert_eq!(presence.unseen(id(0)), 0, "a receiver that asks is owed the list");
    while serve_next(&mut presence, at(2000), false).is_some() {}
    _ = presence.changed(ONE);
    assert_eq!([0, 1, 2].map(|slot| presence.unseen(id(slot))), [1, 1, 0]);
}

#[test]
fn receivers_that_ask_take_at_most_every_second_place() {
    let mut presence = settled(4, PresenceMode::None);
    for slot in 0..3 {
        presence.asked(id(slot));
    }
    for slot in 4..8 {
        come(&mut presence, slot, ONE, PresenceMode::Full);
    }
    for slot in [0, 4, 1, 5, 2, 6, 7] {
        assert_eq!(serve_next(&mut presence, at(1000), true), list(slot));
    }
    assert_eq!(presence.next(at(1000), true), None);
}

#[test]
fn a_question_while_the_budget_is_spent_is_answered_when_it_is_not() {
    let mut presence = settled(1, PresenceMode::None);
    presence.next(at(1000), false);
    presence.served_list(id(0), 1 << 30);
    presence.asked(id(0));
    assert_eq!(presence.next(at(1000), false), None);
    let deadline = presence.deadline(at(1000)).expect("one waits");
    assert!(deadline > at(1000));
    assert_eq!(presence.next(deadline, false), list(0));
}

#[test]
fn a_question_is_answered_even_if_its_asker_then_wants_no_presence() {
    let mut presence = settled(1, PresenceMode::Full);
    presence.asked(id(0));
    presence.set_mode(id(0), PresenceMode::None);
    assert_eq!(presence.next(at(1000), false), list(0));
    presence.served_list(id(0), 100);
    come(&mut presence, 1, ONE, PresenceMode::None);
    assert_eq!(presence.next(at(1000), false), None);
}

#[test]
fn a_blocked_receiver_gets_nothing_and_when_it_has_drained_the_newest_only() {
    let mut presence = settled(2, PresenceMode::Full);
    presence.blocked(id(0));
    for slot in 2..5 {
        come(&mut presence, slot, ONE, PresenceMode::None);
        assert_eq!(presence.next(at(1000), false), list(1).filter(|_| slot == 2));
        presence.blocked(id(1));
    }
    presence.asked(id(0));
    assert_eq!(presence.deadline(at(1000)), None);
    presence.drained(id(0));
    assert_eq!(presence.next(at(1000), false), list(0));
    presence.served_list(id(0), 100);
    assert_eq!(presence.next(at(1000), false), None);
}

#[test]
fn a_replacement_changes_nothing_but_the_new_connections_first_list() {
    let mut presence = settled(3, PresenceMode::Full);
    presence.leave(id(0));
    presence.join(id(9), ONE, PresenceMode::Full);
    assert_eq!(presence.next(at(1000), false), list(9));
    presence.served_list(id(9), 100);
    assert_eq!(presence.deadline(at(1000)), None);
}

#[test]
fn a_delta_names_a_number_that_came_and_went_since_the_last_one() {
    let mut presence = settled(1, PresenceMode::Delta);
    assert!(presence.changed(ONE), "the realm is to remember it");
    assert!(presence.changed(ONE));
    assert!(presence.begin_delta(ONE, at(2000)));
    assert_eq!(presence.next(at(2000), false), delta(0));
    presence.served_delta(id(0));
    assert!(!presence.begin_delta(ONE, at(9000)));
}

#[test]
fn a_receiver_that_drains_between_two_deltas_is_not_hidden_behind_one_that_has_just_come() {
    let mut presence = settled(1, PresenceMode::Delta);
    presence.blocked(id(0));
    come(&mut presence, 1, ONE, PresenceMode::Delta);
    assert_eq!(presence.next(at(1000), false), list(1));
    presence.served_list(id(1), 100);
    presence.drained(id(0));
    assert!(presence.begin_delta(ONE, at(2000)));
    let mut served = std::iter::from_fn(|| serve_next(&mut presence, at(2000), false));
    assert!(served.any(|serving| serving.to == id(0)));
    presence.check_invariants();
}

#[test]
fn a_receiver_that_missed_a_delta_starts_again_from_a_list_and_one_that_missed_none_gets_nothing() {
    let mut presence = settled(2, PresenceMode::Delta);
    presence.blocked(id(0));
    presence.drained(id(0));
    assert_eq!(presence.deadline(at(1000)), None, "nothing was missed");
    presence.blocked(id(0));
    come(&mut presence, 2, ONE, PresenceMode::None);
    assert!(presence.begin_delta(ONE, at(2000)));
    assert_eq!(presence.next(at(2000), false), delta(1));
    presence.served_delta(id(1));
    presence.drained(id(0));
    assert_eq!(presence.next(at(2000), true), list(0));
}

#[test]
fn a_receiver_that_wants_no_presence_any_more_is_owed_none() {
    let mut presence = settled(1, PresenceMode::Full);
    presence.set_mode(id(0), PresenceMode::None);
    assert_eq!(presence.deadline(at(1000)), None);
}

#[test]
fn no_change_is_remembered_for_a_delta_if_no_receiver_gets_deltas() {
    let mut presence = settled(1, PresenceMode::Full);
    assert!(!presence.changed(ONE), "the realm would remember for ever");
    presence.set_mode(id(0), PresenceMode::Delta);
    assert!(presence.changed(ONE));
    presence.leave(id(0));
    assert!(!presence.changed(ONE));
    presence.join(id(1), ONE, PresenceMode::Delta);
    assert_eq!(serve_next(&mut presence, at(1000), false), list(1));
    assert!(!presence.begin_delta(ONE, at(9000)), "its first list has shown it all");
}

#[test]
fn the_version_is_another_after_every_change_and_the_same_after_none() {
    let mut presence = settled(1, PresenceMode::Full);
    let before = presence.version(ONE);
    presence.asked(id(0));
    serve_next(&mut presence, at(1000), false);
    assert_eq!(presence.version(ONE), before);
    come(&mut presence, 1, ONE, PresenceMode::None);
    let with_two = presence.version(ONE);
    go(&mut presence, 1, ONE);
    assert!(before < with_two && with_two < presence.version(ONE));
}

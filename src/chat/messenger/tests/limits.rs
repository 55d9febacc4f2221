//! Limits: each has a number, and beyond it something is refused or forgotten.

use super::*;
use crate::chat::messenger::invitations::{OVERHEAD_BYTES, cost};

#[test]
fn invitations_are_bounded_by_number_for_sender_recipient_and_all() {
    let quota = |number| Quota { number, bytes: usize::MAX };
    let mut world = World::of_two(Limits {
        invitations_sent: quota(2),
        invitations_received: quota(1),
        invitations_in_all: quota(3),
        ..Limits::default()
    });
    // Each person has another address, and neither has less than the other.
    world.place(2, 2);
    world.invite(1, "ghost1", "i1");
    world.invite(1, "ghost1", "i2");
    assert_eq!(world.heard(), [refused(1, Refusal::TooManyReceived)]);
    world.invite(1, "ghost2", "i3");
    world.invite(1, "ghost3", "i4");
    assert_eq!(world.heard(), [refused(1, Refusal::TooManySent)]);
    world.invite(2, "ghost3", "i5");
    world.join(3, "eve");
    world.place(3, 2);
    world.invite(3, "ghost4", "i6");
    world.heard();
    world.invite(3, "ghost5", "i7");
    assert_eq!(world.heard(), [refused(3, Refusal::TooManyInAll)]);
    let counters = world.realm.counters();
    assert_eq!(counters.invitations_refused_recipient, 1);
    assert_eq!(counters.invitations_refused_sender, 1);
    assert_eq!(counters.invitations_refused_in_all, 1);
    assert_eq!((counters.invitations_sent, counters.invitations_displaced), (4, 1));
}

#[test]
fn invitations_are_bounded_by_bytes_for_sender_recipient_and_all() {
    let one = cost(&invite("bob", "i1"), "Anonymous");
    assert!(one > OVERHEAD_BYTES);
    let wide = Quota { number: 100, bytes: usize::MAX };
    let narrow = Quota { number: 100, bytes: 2 * one };
    let open = Limits {
        invitations_sent: wide,
        invitations_received: wide,
        invitations_in_all: wide,
        ..Limits::default()
    };
    let cases = [
        (Limits { invitations_sent: narrow, ..open }, Refusal::TooManySent),
        (Limits { invitations_received: narrow, ..open }, Refusal::TooManyReceived),
        (Limits { invitations_in_all: narrow, ..open }, Refusal::TooManyInAll),
    ];
    for (limits, refusal) in cases {
        let mut world = World::of_two(limits);
        for id in ["i1", "i2", "i3"] {
            world.invite(1, "bob", id);
        }
        assert_eq!(world.heard().last(), Some(&refused(1, refusal)));
        world.decline(2, "i1");
        world.heard();
        world.invite(1, "bob", "i3");
        assert_eq!(world.heard(), ["2: i3 invites, from ada (Anonymous)"], "an answer makes room");
    }
}

#[test]
fn an_answer_that_nobody_has_heard_counts_for_its_sender_only() {
    let one = Quota { number: 1, bytes: usize::MAX };
    let limits = Limits { invitations_sent: one, invitations_received: one, ..Limits::default() };
    let mut world = World::of_two(limits);
    world.join(3, "eve");
    world.invite(1, "bob", "i1");
    world.leave(1);
    world.decline(2, "i1");
    world.heard();
    world.invite(3, "bob", "i2");
    assert_eq!(world.heard(), ["2: i2 invites, from eve (Anonymous)"]);
    assert_eq!(world.realm.invitations(), 2);
}

#[test]
fn of_one_senders_messages_and_of_all_the_oldest_are_forgotten() {
    for (per_person, in_all) in [(2, 100), (100, 2)] {
        let mut world = World::of_contacts(Limits {
            tracked_per_person: per_person,
            tracked_messages: in_all,
            ..Limits::default()
        });
        for id in ["m1", "m2", "m3"] {
            world.say(1, "bob", id);
            world.settle(2, Outcome::Delivered);
        }
        world.heard();
        for id in ["m1", "m2", "m3"] {
            world.read(2, id);
        }
        let no = refused(2, Refusal::NoSuchMessage);
        assert_eq!(world.heard(), [no, "1: m2 read".into(), "1: m3 read".into()]);
        assert_eq!(world.realm.counters().messages_forgotten, 1);
    }
}

#[test]
fn a_forgotten_message_still_hears_what_becomes_of_its_copies() {
    for (outcome, word) in [(Outcome::Delivered, "delivered"), (OFFLINE, "undelivered")] {
        let mut world = World::of_contacts(Limits { tracked_per_person: 0, ..Limits::default() });
        world.say(1, "bob", "m1");
        assert_eq!(world.heard(), ["2: m1 from ada", "1: m1 sent"]);
        assert_eq!((world.realm.books().in_flight, world.realm.copies_in_flight()), (1, 1));
        world.settle(2, outcome);
        assert_eq!(world.heard(), [format!("1: m1 {word}")]);
        world.read(2, "m1");
        assert_eq!(world.heard(), [refused(2, Refusal::NoSuchMessage)]);
        assert_eq!(world.realm.tracks.all.len(), 0);
    }
}

#[test]
fn a_message_can_be_marked_as_read_for_a_limited_time() {
    let tracked_for = Duration::from_secs(60);
    let mut world = World::of_contacts(Limits { tracked_for, ..Limits::default() });
    world.say(1, "bob", "m1");
    world.settle(2, Outcome::Delivered);
    world.pass(tracked_for / 2);
    world.say(1, "bob", "m2");
    world.settle(2, Outcome::Delivered);
    world.heard();
    assert_eq!(world.realm.next_deadline(), Some(Moment::START + tracked_for));
    world.pass(tracked_for / 2);
    world.read(2, "m1");
    world.read(2, "m2");
    assert_eq!(world.heard(), [refused(2, Refusal::NoSuchMessage), "1: m2 read".into()]);
    assert_eq!(world.realm.next_deadline(), None);
}

#[test]
fn of_many_senders_with_one_id_the_oldest_is_forgotten() {
    let mut world = World::of_contacts(Limits { tracked_with_one_id: 2, ..Limits::default() });
    world.join(3, "cem");
    world.join(4, "dan");
    for device in [1, 3, 4] {
        world.say(device, "bob", "m1");
        world.settle(2, Outcome::Delivered);
        world.pass(A_MOMENT);
    }
    world.heard();
    world.read(2, "m1");
    let mut heard = world.heard();
    heard.sort();
    assert_eq!(heard, ["3: m1 read", "4: m1 read"]);
}

#[test]
fn beyond_the_limit_the_oldest_contact_is_forgotten_and_seems_gone() {
    let mut world = World::of_two(Limits { contacts_per_person: 1, ..Limits::default() });
    world.join(3, "eve");
    world.befriend(1, 2, "bob");
    world.say(1, "eve", "m1");
    world.heard();
    world.settle(3, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered", "1: bob is off", "2: ada is off"]);
    assert_eq!(world.realm.conversations(), 1);
    assert_eq!(world.realm.counters().contacts_forgotten, 1);
}

#[test]
fn of_people_who_are_offline_the_longest_offline_is_forgotten() {
    let mut world = World::of_two(Limits { remembered_people: 1, ..without_grace() });
    world.join(3, "eve");
    world.befriend(1, 2, "bob");
    world.befriend(1, 3, "eve");
    world.leave(2);
    world.leave(3);
    world.heard();
    world.join(2, "bob");
    world.join(3, "eve");
    let expected = ["2: in as bob", "3: in as eve", "3: ada is on", "1: eve is on"];
    assert_eq!(world.heard(), expected);
}

#[test]
fn an_invitation_holds_a_person_who_is_forgotten_otherwise() {
    let mut world = World::of_contacts(Limits { remembered_people: 0, ..without_grace() });
    world.join(3, "eve");
    world.invite(3, "bob", "i1");
    world.leave(2);
    world.heard();
    world.join(2, "bob");
    assert_eq!(world.heard(), ["2: in as bob", "2: i1 invites, from eve (Anonymous)"]);
}

#[test]
fn contacts_in_all_are_bounded_and_who_has_the_most_makes_no_more() {
    let mut world = World::of_contacts(Limits { contacts_in_all: 1, ..without_grace() });
    world.place(3, 3);
    world.join(3, "eve");
    world.join(4, "dan");
    world.heard();
    world.invite(3, "dan", "i1");
    world.accept(4, "i1");
    let heard = world.heard();
    assert!(heard.contains(&"1: bob is off".to_owned()), "{heard:?}");
    assert!(heard.contains(&"3: dan is on".to_owned()), "{heard:?}");
    for (how_many, device, other) in [(1, 3, 1), (2, 3, 2)] {
        world.say(device, if other == 1 { "ada" } else { "bob" }, "m1");
        world.settle(other, Outcome::Delivered);
        assert_eq!(world.realm.counters().contacts_refused, how_many);
        assert_eq!(world.realm.conversations(), 1);
    }
    world.heard();
    world.leave(4);
    assert_eq!(world.heard(), ["3: dan is off"]);
}

#[test]
fn what_is_over_the_budget_is_done_next_time() {
    let mut world = World::of_two(Limits::default());
    for id in ["i1", "i2", "i3"] {
        world.invite(1, "ghost", id);
    }
    world.now.monotonic = world.now.monotonic + Duration::from_secs(25 * 60 * 60);
    for expired in [1, 3] {
        let budget = if expired == 1 { 1 } else { 100 };
        world.realm.expire(world.now, budget, &mut world.sink);
        assert_eq!(world.heard().len(), if expired == 1 { 1 } else { 2 });
        assert_eq!(world.realm.counters().invitations_expired, expired);
        let is_due = world.realm.next_deadline().is_some_and(|due| due <= world.now.monotonic);
        assert_eq!(is_due, expired == 1, "what is left over is due");
    }
}

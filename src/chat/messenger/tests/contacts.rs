//! Contacts: who hears that a person has come or gone.

use super::*;

#[test]
fn contacts_hear_of_the_first_device_and_the_last_and_strangers_of_none() {
    let mut world = World::of_contacts(without_grace());
    world.join(9, "eve");
    world.heard();
    world.leave(2);
    assert_eq!(world.heard(), ["1: bob is off"]);
    world.join(2, "bob");
    assert_eq!(world.heard(), ["2: in as bob", "2: ada is on", "1: bob is on"]);
    world.join(3, "bob");
    assert_eq!(world.heard(), ["3: in as bob", "3: ada is on"]);
    world.leave(2);
    assert!(world.heard().is_empty());
    world.leave(3);
    assert_eq!(world.heard(), ["1: bob is off"]);
}

#[test]
fn a_person_back_within_the_grace_was_never_gone() {
    let grace = Duration::from_secs(5);
    let mut world = World::of_contacts(Limits { contact_grace: grace, ..Limits::default() });
    for _ in 0..3 {
        world.leave(2);
        world.pass(grace - A_MOMENT);
        assert!(world.heard().is_empty());
        world.join(2, "bob");
        assert_eq!(world.heard(), ["2: in as bob", "2: ada is on"]);
    }
    world.pass(grace * 2);
    assert!(world.heard().is_empty(), "the grace has ended with the return");
    world.leave(2);
    world.pass(grace + A_MOMENT);
    assert_eq!(world.heard(), ["1: bob is off"]);
    world.join(2, "bob");
    assert_eq!(world.heard(), ["2: in as bob", "2: ada is on", "1: bob is on"]);
}

#[test]
fn during_the_grace_a_person_is_offline_to_a_message_and_online_to_a_contact() {
    let mut world = World::of_contacts(Limits::default());
    world.leave(2);
    world.say(1, "bob", "m1");
    assert_eq!(world.heard(), ["1: m1 undelivered"]);
    world.join(3, "ada");
    assert_eq!(world.heard(), ["3: in as ada", "3: bob is on"]);
    world.pass(Duration::from_secs(6));
    assert_eq!(world.heard(), ["1: bob is off", "3: bob is off"]);
}

#[test]
fn the_first_message_that_arrives_makes_two_contacts() {
    let mut world = World::of_two(without_grace());
    world.say(1, "bob", "m1");
    world.heard();
    assert_eq!(world.realm.conversations(), 0);
    world.settle(2, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered"]);
    world.say(2, "ada", "m2");
    world.settle(1, Outcome::Delivered);
    assert_eq!(world.realm.conversations(), 1, "once is enough");
    world.leave(1);
    assert!(world.heard().contains(&"2: ada is off".to_owned()));
}

#[test]
fn an_undelivered_message_makes_no_contacts() {
    let mut world = World::of_two(without_grace());
    world.say(1, "bob", "m1");
    world.settle(2, SLOW);
    world.heard();
    world.leave(2);
    assert!(world.heard().is_empty());
}

#[test]
fn contacts_outlive_that_both_are_offline() {
    let mut world = World::of_contacts(without_grace());
    world.leave(1);
    world.leave(2);
    world.heard();
    world.join(1, "ada");
    world.join(2, "bob");
    let expected = ["1: in as ada", "2: in as bob", "2: ada is on", "1: bob is on"];
    assert_eq!(world.heard(), expected);
}

#[test]
fn a_person_without_contacts_is_forgotten_with_the_last_device() {
    let mut world = World::of_two(Limits::default());
    world.leave(1);
    world.leave(2);
    assert_eq!(world.realm.people.people.len(), 0);
    assert_eq!(world.realm.next_deadline(), None);
}

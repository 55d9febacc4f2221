//! Devices: several connections of one person, and connections that are not signed in.

use super::*;

#[test]
fn a_device_too_many_is_refused_and_told_nothing() {
    let mut world = World::new(Limits { devices_per_person: 2, ..Limits::default() });
    world.join(1, "ada");
    world.join(2, "ada");
    world.heard();
    assert_eq!(world.sign_in(3, "ada", None, true), Err(Refusal::TooManyDevices));
    assert!(world.heard().is_empty());
    assert!(!world.realm.leave(world.now, world.caller(3), &mut world.sink));
    world.leave(1);
    world.join(3, "ada");
    assert_eq!(world.realm.counters().devices_refused, 1);
    assert_eq!(world.realm.online().len(), 1);
}

#[test]
fn a_connection_that_is_not_signed_in_asks_in_vain() {
    let mut world = World::of_two(Limits::default());
    let before = *world.realm.counters();
    world.realm.leave(world.now, (ConnectionId::new(2, 7), block(HOME)), &mut world.sink);
    world.say(77, "bob", "m1");
    let stranger = ConnectionId::new(1, 1);
    let said = Command::Message(message("bob", "m1"));
    world.realm.handle(world.now, (stranger, block(HOME)), &said, &mut world.sink);
    assert!(world.heard().is_empty());
    assert_eq!(*world.realm.counters(), before);
}

#[test]
fn a_connection_that_signs_in_again_leaves_its_former_person() {
    let mut world = World::of_contacts(without_grace());
    world.join(1, "eve");
    assert_eq!(world.heard(), ["2: ada is off", "1: in as eve"]);
    let mut online: Vec<_> = world.realm.online().collect();
    online.sort_unstable();
    assert_eq!(online, ["bob", "eve"]);
}

#[test]
fn the_people_online_are_each_named_once() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "ada");
    world.invite(1, "ghost", "i1");
    let online = world.realm.online();
    assert_eq!(online.len(), 2);
    let mut online: Vec<_> = online.collect();
    online.sort_unstable();
    assert_eq!(online, ["ada", "bob"]);
}

#[test]
fn nothing_that_anybody_wrote_is_in_debug_output() {
    let mut world = World::of_two(Limits::default());
    world.sign_in(3, "ada", Some("Countess"), true).expect("room");
    world.invite(1, "bob", "i1");
    world.say(1, "bob", "m1");
    let shown = format!("{:?}", world.realm);
    for word in ["ada", "bob", "Countess", "i1", "m1", "come"] {
        assert!(!shown.contains(word), "{shown}");
    }
}

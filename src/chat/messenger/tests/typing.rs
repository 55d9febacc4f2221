//! Typing: who sees it, and when it ends.

use super::*;

#[test]
fn typing_reaches_every_device_of_somebody_online_and_ends_when_it_is_said() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "bob");
    world.heard();
    world.types(1, "bob", true);
    world.types(1, "bob", false);
    world.types(1, "bob", false);
    let expected = [
        "2: ada types",
        "3: ada types",
        "2: ada stops",
        "3: ada stops",
        "2: ada stops",
        "3: ada stops",
    ];
    assert_eq!(world.heard(), expected, "an end is passed on also where nothing had begun");
    world.pass(Duration::from_secs(60));
    assert!(world.heard().is_empty());
    assert_eq!(world.realm.counters().typing_relayed, 3);
}

#[test]
fn typing_ends_ten_seconds_after_it_was_said_last() {
    let mut world = World::of_two(Limits::default());
    world.types(1, "bob", true);
    world.pass(Duration::from_secs(9));
    world.types(1, "bob", true);
    world.heard();
    world.pass(Duration::from_secs(9));
    assert!(world.heard().is_empty());
    world.pass(Duration::from_secs(1) + A_MOMENT);
    assert_eq!(world.heard(), ["2: ada stops"]);
    world.pass(Duration::from_secs(60));
    assert!(world.heard().is_empty());
}

#[test]
fn typing_ends_with_the_typists_last_device() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "ada");
    world.join(4, "eve");
    for to in ["bob", "eve", "ada"] {
        world.types(1, to, true);
    }
    world.heard();
    world.leave(1);
    assert!(world.heard().is_empty());
    world.leave(3);
    assert_eq!(world.heard(), ["2: ada stops", "4: ada stops"]);
    assert_eq!(world.realm.next_deadline(), None);
}

#[test]
fn typing_to_somebody_who_is_not_there_is_dropped() {
    let mut world = World::of_two(Limits::default());
    world.types(1, "bob", true);
    world.leave(2);
    world.heard();
    for to in ["bob", "nobody"] {
        world.types(1, to, true);
    }
    world.pass(Duration::from_secs(60));
    assert!(world.heard().is_empty());
    assert_eq!(world.realm.counters().typing_dropped, 2);
    assert_eq!(world.realm.people.people.len(), 1, "the recipient is kept only while typed to");
}

#[test]
fn where_invitations_are_required_only_contacts_see_typing() {
    let mut world = World::of_two(Limits { require_invitation: true, ..Limits::default() });
    world.types(1, "bob", true);
    assert!(world.heard().is_empty());
    world.befriend(1, 2, "bob");
    world.types(1, "bob", true);
    assert_eq!(world.heard(), ["2: ada types"]);
    assert_eq!(world.realm.counters().typing_dropped, 1);
}

#[test]
fn beyond_the_limit_the_oldest_typing_ends() {
    let mut world = World::of_two(Limits { typing_at_once: 2, ..Limits::default() });
    world.join(3, "cem");
    world.join(4, "dan");
    world.heard();
    for to in ["bob", "cem", "bob", "dan"] {
        world.types(1, to, true);
    }
    let expected = ["2: ada types", "3: ada types", "2: ada types", "4: ada types", "3: ada stops"];
    assert_eq!(world.heard(), expected);
}

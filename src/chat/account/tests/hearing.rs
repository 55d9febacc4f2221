//! Typing, and who is online.

use super::*;

/// The list as it is published to a client that is behind by this many changes.
fn published(world: &World, changes: u64) -> Vec<String> {
    let mut told = Vec::new();
    let sentences = Realm::sentences(changes);
    world.realm.publish(sentences, world.now, |event| told.push(line(event)));
    told
}

#[test]
fn typing_goes_to_others_and_never_to_the_sender() {
    let mut world = World::of_two(Limits::default());
    for (slot, name) in [(3, "ada"), (4, "eve")] {
        world.join(slot, name);
        world.switch(slot);
    }
    world.heard();
    world.types(1, None);
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, ["2: ada types true to None", "4: ada types true to None"]);
    world.types(1, Some("bob"));
    assert_eq!(world.heard(), [r#"2: ada types true to Some("bob")"#]);
    for nobody in ["ada", "Bob"] {
        world.types(1, Some(nobody));
        assert_eq!(world.heard(), Vec::<String>::new());
    }
    let counters = world.realm.counters;
    assert_eq!((counters.typing_relayed, counters.typing_dropped), (2, 2));
}

#[test]
fn a_user_is_online_once_however_many_devices_and_whatever_they_speak() {
    let mut world = World::of_two(Limits::default());
    assert_eq!(world.sink.changes, 2);
    world.join(3, "ada");
    world.join(4, "eve");
    assert_eq!(published(&world, 1), [r#"ada,bob,eve Joined("eve")"#]);
    world.leave(1);
    assert_eq!(world.sink.changes, 3, "ada has another device");
    world.leave(3);
    assert_eq!(published(&world, 2), [r#"bob,eve Joined("eve")"#, r#"bob,eve Left("ada")"#]);
    assert_eq!(published(&world, 0), ["bob,eve Nothing"]);
    assert_eq!(published(&world, 5), ["bob,eve Nothing"], "too much has happened");
    let counters = world.realm.counters;
    assert_eq!((counters.joins, counters.leaves), (3, 1));
}

#[test]
fn a_client_that_asks_for_the_list_is_one_that_watches_it() {
    let mut world = World::of_two(Limits::default());
    world.handle(1, &Command::ListUsers);
    assert_eq!(world.heard(), ["1: wants the list"]);
    assert_eq!(world.realm.watchers(), 2);
    world.join(3, "eve");
    assert_eq!(world.realm.watchers(), 2, "chatterbox has no words for a list");
}

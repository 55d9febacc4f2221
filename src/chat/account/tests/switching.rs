//! Chatterbox, and the switch to a dialect with words for everything.

use super::*;

#[test]
fn a_client_that_comes_gets_the_last_50_messages_and_then_each_once() {
    let mut world = World::of_two(Limits::default());
    for number in 0..60 {
        world.say(1, None, &format!("m{number}"));
        world.settle();
    }
    world.heard();
    world.say(1, None, "while it comes");
    world.join(3, "eve");
    let heard = world.heard();
    let history: Vec<&str> = heard.last().expect("it is told").split(' ').collect();
    assert_eq!((history[0], history[1]), ("3:", "history"));
    // `join` has waited for the store.
    assert_eq!((history.len(), history[2], history[51]), (54, "m11", "while"));
    world.say(1, None, "now");
    world.settle();
    assert_eq!(world.heard().iter().filter(|line| line.starts_with('3')).count(), 1);
}

#[test]
fn a_restarted_server_has_the_same_history() {
    let mut world = World::of_two(Limits::default());
    for number in 0..60 {
        world.say(1, None, &format!("m{number}"));
    }
    world.say(1, Some("bob"), "private");
    world.settle();
    let old: Vec<String> = world.realm.recent.iter().map(|one| one.text.to_string()).collect();
    let new = Realm::restore(Limits::default(), world.store.snapshot(), world.now.monotonic);
    let new: Vec<String> = new.recent.iter().map(|one| one.text.to_string()).collect();
    assert_eq!((new.len(), &new), (50, &old));
}

#[test]
fn a_client_that_has_not_switched_hears_global_messages_only_and_gets_the_rest_at_the_switch() {
    let mut world = World::of_two(Limits::default());
    world.say(1, None, "before");
    world.say(1, Some("eve"), "before, too");
    world.settle();
    world.join(3, "eve");
    world.heard();
    world.say(1, Some("eve"), "first");
    world.say(1, None, "second");
    world.say(3, None, "third");
    world.say(2, Some("eve"), "fourth");
    world.types(1, Some("eve"));
    world.types(1, None);
    world.settle();
    let heard = world.heard();
    let own: Vec<&String> = heard.iter().filter(|line| line.starts_with('3')).collect();
    assert_eq!(own, ["3: ada: second", "3: eve: third"]);
    assert!(heard.contains(&"1: sent to eve: first".to_owned()), "it was not delivered: {heard:?}");

    world.switch(3);
    assert_eq!(
        world.heard(),
        [
            "3: ada to eve: first",
            "3: ada: second",
            "3: eve: third",
            "3: bob to eve: fourth",
            "3: watches"
        ]
    );
    world.switch(3);
    assert_eq!(world.heard(), Vec::<String>::new(), "once and for good");
    world.say(1, Some("eve"), "fifth");
    world.settle();
    assert_eq!(world.heard(), ["3: ada to eve: fifth", "1: sent to eve: fifth, delivered"]);
}

#[test]
fn what_a_user_sent_from_another_device_is_also_there_at_the_switch() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "ada");
    world.heard();
    world.say(1, Some("bob"), "psst");
    world.say(1, Some("ada"), "milk");
    world.settle();
    world.heard();
    world.switch(3);
    assert_eq!(world.heard(), ["3: ada to bob: psst", "3: ada to ada: milk", "3: watches"]);
}

#[test]
fn a_switch_brings_at_most_64_private_messages_the_newest() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "eve");
    world.heard();
    for number in 0..70 {
        world.say(1, Some("eve"), &format!("m{number}"));
        world.settle();
    }
    world.heard();
    world.switch(3);
    let heard = world.heard();
    assert_eq!((heard.len(), heard[0].as_str()), (65, "3: ada to eve: m6"));
}

#[test]
fn what_was_kept_for_a_client_goes_with_it() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "eve");
    world.say(1, Some("eve"), "psst");
    world.settle();
    world.leave(3);
    world.join(3, "eve");
    world.heard();
    world.switch(3);
    assert_eq!(world.heard(), ["3: watches"]);
}

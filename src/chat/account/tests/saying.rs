//! Messages: nobody hears what is not committed, and no sender is left without an answer.

use super::*;

#[test]
fn nobody_hears_a_message_before_it_is_committed_and_then_everybody_does() {
    let mut world = World::of_two(Limits::default());
    world.say(1, None, "  hello \n");
    assert_eq!(world.heard(), Vec::<String>::new());
    world.settle();
    assert_eq!(world.heard(), ["1: ada: hello", "2: ada: hello"]);
    assert_eq!(world.realm.ledger().stored, 1);
    assert_eq!(&*world.store.rows[0].text, "hello");
}

#[test]
fn messages_are_heard_in_the_order_of_the_store() {
    let mut world = World::of_two(Limits::default());
    world.say(2, None, "one");
    world.say(1, None, "two");
    world.settle();
    let heard: Vec<String> =
        world.heard().into_iter().filter(|line| line.starts_with('1')).collect();
    assert_eq!(heard, ["1: bob: one", "1: ada: two"]);
}

#[test]
fn a_message_that_could_not_be_stored_is_told_to_its_sender_alone_and_the_next_one_is_stored() {
    for failure in [Failure::Full, Failure::ReadOnly, Failure::Io] {
        let mut world = World::of_two(Limits::default());
        world.store.failure = Some(failure);
        world.say(1, None, "lost");
        world.say(1, None, "kept");
        world.settle();
        let refused = format!("1: Failed({failure:?})");
        assert_eq!(world.heard(), [&refused, "1: ada: kept", "2: ada: kept"]);
        assert_eq!((world.realm.ledger().failed(failure), world.realm.ledger().stored), (1, 1));
    }
}

#[test]
fn a_text_has_from_one_to_5000_characters_without_the_spaces_around_it() {
    let mut world = World::of_two(Limits::default());
    world.say(1, None, " \u{3000}\n ");
    world.say(1, None, &"ß".repeat(5_001));
    assert_eq!(world.heard(), ["1: EmptyText", "1: TextTooLong(5000)"]);
    world.say(1, None, &format!("  {}  ", "𝄞".repeat(5_000)));
    world.settle();
    assert_eq!(world.heard().len(), 2);
    let ledger = world.realm.ledger();
    assert_eq!((ledger.received, ledger.stored), (3, 1));
    assert_eq!([Refused::Malformed, Refused::TooLong].map(|why| ledger.refused(why)), [1, 1]);
}

#[test]
fn a_private_message_goes_to_all_devices_of_both_and_to_nobody_else() {
    let mut world = World::of_two(Limits::default());
    for (slot, name) in [(3, "ada"), (4, "bob"), (5, "eve")] {
        world.join(slot, name);
        world.switch(slot);
    }
    world.heard();
    world.say(1, Some("bob"), "psst");
    world.settle();
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(
        heard,
        [
            "1: sent to bob: psst, delivered",
            "2: ada to bob: psst",
            "3: sent to bob: psst, delivered",
            "4: ada to bob: psst"
        ]
    );
}

#[test]
fn a_message_to_somebody_offline_is_stored_and_not_delivered_and_one_to_nobody_is_refused() {
    let mut world = World::of_two(Limits::default());
    world.say(1, Some("eve"), "later");
    world.say(1, Some("Eve"), "lost");
    world.settle();
    assert_eq!(world.heard(), [r#"1: NoSuchUser("Eve")"#, "1: sent to eve: later"]);
    assert_eq!(world.store.rows.len(), 1);
    assert_eq!(world.realm.ledger().refused(Refused::Unknown), 1);
}

#[test]
fn delivered_is_decided_when_the_message_is_committed() {
    let mut world = World::of_two(Limits::default());
    world.say(1, Some("bob"), "gone");
    world.leave(2);
    world.settle();
    assert_eq!(world.heard(), ["1: sent to bob: gone"]);
    world.say(1, Some("bob"), "back");
    world.join(2, "bob");
    world.switch(2);
    world.heard();
    world.say(1, Some("bob"), "here");
    world.settle();
    assert_eq!(world.heard(), ["2: ada to bob: here", "1: sent to bob: here, delivered"]);
}

#[test]
fn somebody_who_writes_to_themselves_is_told_once() {
    let mut world = World::of_two(Limits::default());
    world.say(1, Some("ada"), "milk");
    world.settle();
    assert_eq!(world.heard(), ["1: sent to ada: milk, delivered"]);
}

#[test]
fn a_message_is_stored_and_told_although_its_sender_has_gone() {
    let mut world = World::of_two(Limits::default());
    let token = world.log_in("eve");
    world.store.failure = Some(Failure::Full);
    world.say(1, None, "lost");
    world.say(1, None, "last words");
    world.leave(1);
    // The slot has another tenant when the results come.
    let guest = world.guest(token);
    world.realm.enter(world.now, ConnectionId::new(1, 1), (guest, Role::Stream), &mut world.sink);
    world.settle();
    assert_eq!(world.heard(), ["1: history ", "2: ada: last words", "1: ada: last words"]);
}

#[test]
fn a_message_is_told_under_its_senders_name_although_the_user_was_deleted() {
    let mut world = World::of_two(Limits::default());
    world.say(1, None, "bye");
    world.store.delete("ada");
    let news = world.store.news();
    world.settle();
    world.realm.done(world.now, news, &mut world.sink);
    world.settle();
    assert_eq!(world.heard(), ["1: ada: bye", "2: ada: bye", "1: LoggedOut"]);
    let names = |snapshot: Snapshot| {
        let again = Realm::restore(Limits::default(), snapshot, world.now.monotonic);
        assert!(again.users.find("ada").is_none(), "a former user is no user");
        let names = again.recent.iter().map(|message| message.from.as_str().to_owned());
        names.collect::<Vec<String>>()
    };
    assert_eq!(names(world.store.snapshot()), ["ada"], "also after a restart");
    let unnamed = Snapshot { former: Vec::new(), ..world.store.snapshot() };
    assert_eq!(names(unnamed), ["unknown user"]);
}

//! The sockets that MyChat's pages open beside rooms: private conversations, notices, and the status. And
//! what the pages ask for: histories, and what is unread.

use super::*;

/// Ada, Bob and Eve with their tokens. Nobody has a socket.
fn of_three() -> (World, [Token; 3]) {
    let mut world = World::new(Limits::default(), &["ada", "bob", "eve"]);
    let tokens = ["ada", "bob", "eve"].map(|name| world.log_in(name));
    (world, tokens)
}

#[test]
fn a_private_conversation_is_heard_by_its_sockets_on_both_sides() {
    let (mut world, [ada, bob, eve]) = of_three();
    let [adas, bobs, eves] = ["ada", "bob", "eve"].map(|name| world.id(name));
    for (slot, token, other) in [
        (1, ada, bobs),
        (2, bob, adas),
        (3, bob, adas),
        (4, bob, eves),
        (5, eve, adas),
        (6, ada, adas),
    ] {
        world.enter_as(slot, token, Role::Pair(other));
    }
    assert_eq!(world.heard(), Vec::<String>::new());
    world.say_here(1, " psst ");
    assert_eq!(world.heard(), Vec::<String>::new());
    world.settle();
    let mut heard = world.heard();
    heard.sort_unstable();
    assert_eq!(heard, [1, 2, 3].map(|slot| format!("{slot}: ada to bob: psst")));
    world.say_here(6, "milk");
    world.settle();
    assert_eq!(world.heard(), ["6: ada to ada: milk"]);
    assert_eq!(world.ask(ada, Wants::History(adas)), "[1 ada: milk, read]");
    assert_eq!(world.ask(ada, Wants::Unread), "");
}

#[test]
fn a_private_message_crosses_from_any_socket_to_any_other() {
    let (mut world, [ada, bob, _]) = of_three();
    let [adas, bobs] = ["ada", "bob"].map(|name| world.id(name));
    for (slot, token, other) in [(1, ada, bobs), (4, bob, adas)] {
        world.enter(slot, token);
        world.switch(slot);
        world.enter_as(slot + 1, token, Role::Pair(other));
        world.enter_as(slot + 2, token, Role::Notices);
    }
    world.heard();
    for slot in [1, 2] {
        if slot == 1 {
            world.say(1, Some("bob"), "hi");
        } else {
            world.say_here(2, "hi");
        }
        world.settle();
        let mut heard = world.heard();
        heard.sort_unstable();
        assert_eq!(
            heard,
            [
                "1: sent to bob: hi, delivered",
                "2: ada to bob: hi",
                "4: ada to bob: hi",
                "5: ada to bob: hi",
                "6: notice of ada 1: hi"
            ]
        );
    }
    world.say(1, None, "to all");
    world.settle();
    let streams = ["1: ada: to all", "4: ada: to all"];
    assert_eq!(world.heard(), streams, "the pages have no words for it");
}

#[test]
fn a_message_is_delivered_if_any_socket_of_the_recipient_was_told_of_it() {
    for (role, delivered) in [
        (Role::Pair(UserId([1; 16])), true),
        (Role::Notices, true),
        (Role::Stream, false),
        (Role::Status, false),
        (Role::Pair(UserId([3; 16])), false),
    ] {
        let (mut world, [ada, bob, _]) = of_three();
        world.enter(1, ada);
        world.switch(1);
        world.enter_as(2, bob, role);
        world.heard();
        world.say(1, Some("bob"), "hi");
        world.settle();
        let sent = format!("1: sent to bob: hi{}", if delivered { ", delivered" } else { "" });
        assert!(world.heard().contains(&sent), "{role:?}");
    }
}

#[test]
fn of_each_login_the_newest_notices_socket_is_told_and_the_older_one_stays_silent() {
    let (mut world, [ada, bob, _]) = of_three();
    world.enter_as(1, ada, Role::Pair(world.id("bob")));
    world.enter_as(2, bob, Role::Notices);
    world.enter_as(3, bob, Role::Notices);
    let other = world.log_in("bob");
    world.enter_as(4, other, Role::Notices);
    world.say_here(1, "one");
    world.settle();
    let told = |world: &mut World| {
        let mut heard = world.heard();
        heard.retain(|line| line.contains("notice"));
        heard.sort_unstable();
        heard
    };
    assert_eq!(told(&mut world), ["3: notice of ada 1: one", "4: notice of ada 1: one"]);
    world.leave(3);
    world.say_here(1, "two");
    world.settle();
    assert_eq!(told(&mut world), ["2: notice of ada 1: two", "4: notice of ada 1: two"]);
    assert!(told(&mut world).is_empty(), "the sender gets no notice");
}

#[test]
fn what_is_read_is_told_to_the_readers_pages_and_stands_in_the_history() {
    let (mut world, [ada, bob, _]) = of_three();
    let [adas, bobs] = ["ada", "bob"].map(|name| world.id(name));
    world.enter_as(1, ada, Role::Pair(bobs));
    world.enter_as(2, bob, Role::Notices);
    world.enter_as(3, ada, Role::Notices);
    world.say_here(1, "one");
    world.say_here(1, "two");
    world.settle();
    assert_eq!(world.ask(bob, Wants::Unread), "1:2");
    assert_eq!(world.ask(ada, Wants::Unread), "");
    assert_eq!(world.ask(ada, Wants::History(bobs)), "[1 ada: one] [1 ada: two]");
    world.heard();
    assert_eq!(world.ask(bob, Wants::MarkRead(adas)), "done");
    assert_eq!(world.heard(), ["2: has read 1"]);
    assert_eq!(world.ask(bob, Wants::Unread), "");
    world.say_here(1, "three");
    world.settle();
    let history = "[1 ada: one, read] [1 ada: two, read] [1 ada: three]";
    assert_eq!(world.ask(ada, Wants::History(bobs)), history);
    assert_eq!(world.ask(bob, Wants::History(adas)), history, "both see the same");
    assert_eq!(world.ask(bob, Wants::Unread), "1:1");
    for wants in [Wants::History, Wants::MarkRead] {
        assert_eq!(world.ask(ada, wants(UserId([9; 16]))), "UnknownUser");
    }
}

#[test]
fn a_history_has_the_last_200_messages() {
    let (mut world, [ada, bob, _]) = of_three();
    world.enter_as(1, ada, Role::Pair(world.id("bob")));
    for number in 1..=201 {
        world.say_here(1, &number.to_string());
        world.settle();
    }
    let history = world.ask(bob, Wants::History(world.id("ada")));
    assert!(history.starts_with("[1 ada: 2] ") && history.ends_with("[1 ada: 201]"));
    assert_eq!(history.matches('[').count(), 200);
}

#[test]
fn a_deleted_user_still_has_a_name_in_histories_and_can_be_read() {
    let (mut world, [ada, bob, _]) = of_three();
    let adas = world.id("ada");
    world.enter_as(1, ada, Role::Pair(world.id("bob")));
    world.enter_as(2, bob, Role::Pair(adas));
    world.say_here(1, "bye");
    world.settle();
    world.store.delete("ada");
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    world.settle();
    let restored = Realm::restore(Limits::default(), world.store.snapshot(), world.now.monotonic);
    for again in [None, Some(restored)] {
        if let Some(realm) = again {
            world.realm = realm;
            world.enter_as(3, bob, Role::Pair(adas));
            assert_eq!(world.heard(), ["3: NoSuchUser"], "nobody writes to them");
        } else {
            world.heard();
            world.say_here(2, "lost");
            assert_eq!(world.heard(), ["2: NoSuchUser"]);
            assert_eq!(world.realm.ledger().refused(Refused::Unknown), 1);
        }
        assert_eq!(world.ask(bob, Wants::History(adas)), "[1 ada: bye]");
        assert_eq!(world.ask(bob, Wants::Unread), "1:1");
    }
    assert_eq!(world.ask(bob, Wants::MarkRead(adas)), "done");
    assert_eq!(world.ask(bob, Wants::Unread), "");
}

#[test]
fn a_notices_socket_is_pinged_every_60_seconds_and_no_other_is() {
    let (mut world, [ada, bob, _]) = of_three();
    world.enter_as(1, ada, Role::Notices);
    world.enter_as(2, ada, Role::Status);
    world.pass(Duration::from_secs(20));
    world.enter_as(3, bob, Role::Notices);
    world.heard();
    world.pass(Duration::from_secs(39));
    assert_eq!(world.heard(), Vec::<String>::new());
    world.pass(Duration::from_secs(2));
    assert_eq!(world.heard(), ["1: ping"]);
    world.pass(Duration::from_secs(20));
    assert_eq!(world.heard(), ["3: ping"]);
    world.leave(3);
    world.pass(Duration::from_secs(41));
    assert_eq!(world.heard(), ["1: ping"]);
    world.leave(1);
    assert_eq!(world.realm.timers(), 1, "that of the login with the status socket");
    world.pass(Duration::from_secs(60));
    assert_eq!(world.heard(), Vec::<String>::new());
}

#[test]
fn the_status_has_every_registered_user_and_changes_with_each() {
    let (mut world, [ada, ..]) = of_three();
    let status = |world: &World| {
        let mut told = String::new();
        world.realm.publish_status(|event| told = words::line(event));
        told
    };
    world.enter_as(1, ada, Role::Status);
    assert_eq!(world.heard(), ["1: watches everyone"]);
    assert_eq!(status(&world), "ada+ bob eve", "the reader included");
    assert_eq!((world.realm.status_watchers(), world.realm.watchers()), (1, 0));
    let before = world.sink.status_changes;
    assert_eq!(world.call(&register("zoe", "secret of zoe")), "registered zoe");
    assert_eq!(world.sink.status_changes, before + 1);
    world.store.delete("bob");
    let news = world.store.news();
    world.realm.done(world.now, news, &mut world.sink);
    assert_eq!(world.sink.status_changes, before + 2);
    assert_eq!(status(&world), "ada+ eve zoe");
    world.leave(1);
    assert_eq!(world.sink.status_changes, before + 3);
    assert_eq!((status(&world).as_str(), world.realm.status_watchers()), ("ada eve zoe", 0));
}

#[test]
fn a_socket_without_words_for_an_error_is_ended_if_a_message_fails() {
    let (mut world, [ada, bob, _]) = of_three();
    let room = world.room(ada, "den");
    for (slot, role) in [(1, Role::Pair(world.id("bob"))), (2, Role::Room(room))] {
        for (text, failure, end) in [
            ("x".repeat(5_001), None, "MessageTooLong"),
            ("x".into(), Some(Failure::Full), "TryAgain"),
        ] {
            world.enter_as(slot, ada, role);
            world.heard();
            world.store.failure = failure;
            world.say_here(slot, &text);
            world.settle();
            assert_eq!(world.heard(), [format!("{slot}: {end}")]);
        }
    }
    world.enter_as(1, ada, Role::Pair(world.id("bob")));
    world.enter_as(2, bob, Role::Notices);
    for slot in [1, 2] {
        world.say_here(slot, " ");
        world.say(slot, None, "no words for this");
        world.types(slot, None);
        world.handle(slot, &Command::ListUsers);
    }
    world.say_here(2, "for no place");
    world.settle();
    assert_eq!(world.heard(), Vec::<String>::new());
    assert_eq!(world.store.rows.len(), 0);
}

#[test]
fn what_a_message_quotes_is_cut_off_and_counts_as_waiting_bytes() {
    let (mut world, [ada, ..]) = of_three();
    let room = world.room(ada, "den");
    world.enter_as(1, ada, Role::Room(room));
    let long = "x".repeat(5_000);
    let quote = Quote {
        sender_id: long.as_str().into(),
        sender_name: long.as_str().into(),
        text: long.as_str().into(),
    };
    world.handle(1, &Command::SayHere { text: "yes".into(), reply: Some(quote) });
    assert_eq!(world.realm.unstored_bytes, 3 + 64 + 64 + 500);
    world.settle();
    assert_eq!(world.realm.unstored_bytes, 0);
}

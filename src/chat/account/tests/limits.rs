//! Backpressure, limits, and the drain.

use super::*;
use crate::limiter::Rate;

#[test]
fn a_client_with_too_much_in_the_store_is_not_read_until_some_of_it_is_stored() {
    let mut world = World::of_two(Limits { unstored_per_seat: 3, ..Limits::default() });
    for number in 0..3 {
        assert!(world.may_speak(1));
        world.say(1, None, &format!("m{number}"));
    }
    assert!(!world.may_speak(1) && world.may_speak(2), "only this client waits");
    // What was read already is stored all the same.
    world.say(1, None, "read before");
    world.step();
    assert!(!world.may_speak(1));
    world.step();
    assert!(world.may_speak(1));
    world.settle();
    assert_eq!(world.store.rows.len(), 4);
}

#[test]
fn with_too_many_messages_or_bytes_in_the_store_no_client_of_the_realm_is_read() {
    let few = Limits { unstored_messages: 2, ..Limits::default() };
    let short = Limits { unstored_bytes: 8, ..Limits::default() };
    for limits in [few, short] {
        let mut world = World::of_two(limits);
        world.say(1, None, "1234");
        assert!(world.may_speak(2));
        world.say(1, None, "5678");
        assert!(!world.may_speak(2) && !world.may_speak(1));
        assert!(world.may_speak(77), "a connection of another realm is not concerned");
        world.step();
        assert!(world.may_speak(2));
    }
}

#[test]
fn a_user_has_at_most_32_sockets() {
    let mut world = World::new(Limits::default(), &["ada"]);
    let token = world.log_in("ada");
    for slot in 1..=32 {
        world.enter(slot, token);
    }
    world.heard();
    world.enter(33, token);
    assert_eq!(world.heard(), ["33: TooManyDevices"]);
    world.leave(1);
    world.enter(33, token);
    assert_eq!(world.heard(), ["33: history "]);
}

#[test]
fn there_is_a_limit_of_calls_that_wait() {
    let mut world = World::new(Limits { calls_under_way: 1, ..Limits::default() }, &["ada"]);
    let unknown = Call::ask(Some(Token([9; 32])), Wants::Identity);
    let first = world.call_from(home(), &unknown);
    let second = world.call_from(home(), &unknown);
    assert_eq!(world.reply_to(second), "Busy");
    world.settle();
    assert_eq!(world.reply_to(first), "NotSignedIn");
    assert_eq!(world.call(&unknown), "NotSignedIn");
}

#[test]
fn a_login_that_asks_too_often_waits_and_no_other_login_does() {
    let rate = Rate::new(1, Duration::from_secs(1), 3);
    let limits = Limits { calls_per_login: rate, ..Limits::default() };
    let mut world = World::new(limits, &["ada"]);
    let [token, other] = [world.log_in("ada"), world.log_in("ada")];
    let ask = |token, wants| Call::ask(Some(token), wants);
    for _ in 0..3 {
        assert_eq!(world.call(&ask(token, Wants::Rooms)), "");
    }
    assert_eq!(world.call(&ask(token, Wants::Rooms)), "TooOften(1s)");
    assert_eq!(world.call(&ask(token, Wants::Identity)), "known 1", "for a WebSocket");
    assert_eq!(world.call(&ask(other, Wants::Rooms)), "");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.call(&ask(token, Wants::Rooms)), "");
}

#[test]
fn a_drain_finishes_what_was_begun_and_begins_nothing_but_reads() {
    let mut world = World::of_two(Limits::default());
    let token = world.log_in("eve");
    world.say(1, None, "last words");
    world.realm.drain();
    assert!(!world.may_speak(1) && !world.may_speak(2));
    let id = device(1);
    assert!(!world.realm.may_go(id) && world.realm.may_go(device(2)), "one waits for the store");
    for call in
        [log_in("eve", "secret of eve"), register("max", "secret"), Call::LogOut(Some(token))]
    {
        let asker = world.call_from(home(), &call);
        assert_eq!(world.reply_to(asker), "Draining");
    }
    world.settle();
    assert!(world.realm.may_go(id));
    assert_eq!(world.heard(), ["1: ada: last words", "2: ada: last words"]);
    assert_eq!(world.call(&Call::ask(Some(token), Wants::Recent)), "last words");
}

#[test]
fn a_message_that_a_dialect_refused_is_in_the_ledger() {
    let mut world = World::of_two(Limits::default());
    world.realm.refuse(device(1), Fault::Malformed);
    world.realm.refuse(device(77), Fault::Malformed);
    let ledger = world.realm.ledger();
    assert_eq!((ledger.received, ledger.refused(Refused::Malformed)), (1, 1));
}

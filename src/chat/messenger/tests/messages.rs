//! Messages, their statuses, and who may mark them as read.

use super::*;

#[test]
fn a_message_is_sent_then_delivered_then_read() {
    let mut world = World::of_contacts(Limits::default());
    world.say(1, "bob", "m1");
    assert_eq!(world.heard(), ["2: m1 from ada", "1: m1 sent"]);
    world.settle(2, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered"]);
    world.read(2, "m1");
    assert_eq!(world.heard(), ["1: m1 read"]);
    let (books, counters) = (world.realm.books(), world.realm.counters());
    assert_eq!((books.delivered, counters.messages_read), (1, 1));
    assert_eq!((books.in_flight, world.realm.copies_in_flight()), (0, 0));
}

#[test]
fn a_message_carries_everything_that_its_sender_has_put_in() {
    struct Whole(u32);
    impl Sink for Whole {
        fn send(&mut self, _to: ConnectionId, event: &chat::Event<'_>) {
            let chat::Event::Messenger(Event::Message { message: told, taken_at, .. }) = event
            else {
                return;
            };
            assert_eq!(
                **told,
                Message { content: "\"2\"", mentions: Some("[]"), ..message("b", "m") }
            );
            assert_eq!(*taken_at, Duration::from_secs(77));
            self.0 += 1;
        }
        fn fan_out(&mut self, _to: &[ConnectionId], _event: &chat::Event<'_>) {}
        fn watch(&mut self, _by: ConnectionId, _what: Watch) {}
        fn list_changed(&mut self, _of: Audience) -> bool {
            false
        }

        fn ask(&mut self, job: crate::chat::account::Job) {
            panic!("this realm has no jobs: {job:?}");
        }

        fn reply(&mut self, to: crate::chat::account::Asker, _: &crate::chat::account::Reply<'_>) {
            panic!("this realm is asked nothing: {to:?}");
        }

        fn end(&mut self, id: ConnectionId, why: crate::chat::Farewell) {
            panic!("this realm ends no connection: {id:?} {why:?}");
        }
    }
    let mut world = World::new(Limits::default());
    world.join(1, "a");
    world.join(2, "b");
    world.now.unix = Duration::from_secs(77);
    let said = Message { content: "\"2\"", mentions: Some("[]"), ..message("b", "m") };
    let mut sink = Whole(0);
    world.realm.handle(world.now, world.caller(1), &Command::Message(said), &mut sink);
    assert_eq!(sink.0, 1);
}

#[test]
fn every_device_of_both_gets_what_the_person_gets() {
    let mut world = World::of_contacts(Limits::default());
    world.join(3, "ada");
    world.join(4, "bob");
    world.heard();
    world.say(1, "bob", "m1");
    let expected =
        ["2: m1 from ada", "4: m1 from ada", "3: m1 to bob, own", "1: m1 sent", "3: m1 sent"];
    assert_eq!(world.heard(), expected);
    world.settle(2, OFFLINE);
    assert!(world.heard().is_empty(), "another device may still get it");
    world.settle(4, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered", "3: m1 delivered"]);
    world.read(2, "m1");
    assert_eq!(world.heard(), ["1: m1 read", "3: m1 read", "4: m1 read"]);
}

#[test]
fn the_first_device_that_gets_a_message_makes_it_delivered_once() {
    let mut world = World::of_contacts(Limits::default());
    world.join(4, "bob");
    world.heard();
    world.say(1, "bob", "m1");
    world.heard();
    world.settle(4, Outcome::Delivered);
    world.settle(2, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered"]);
    assert_eq!(world.realm.books().delivered, 1);
}

#[test]
fn a_message_is_undelivered_when_the_last_copy_has_come_back() {
    for (last, slow) in [(OFFLINE, 0), (SLOW, 1)] {
        let mut world = World::of_contacts(Limits::default());
        world.join(4, "bob");
        world.say(1, "bob", "m1");
        world.heard();
        world.settle(2, SLOW);
        assert!(world.heard().is_empty());
        world.settle(4, last);
        assert_eq!(world.heard(), ["1: m1 undelivered"]);
        assert_eq!(world.realm.books().undelivered(Reason::Slow), slow);
        assert_eq!(world.realm.books().undelivered(Reason::Offline), 1 - slow);
        world.read(2, "m1");
        assert_eq!(world.heard(), [refused(2, Refusal::NoSuchMessage)]);
    }
}

#[test]
fn of_somebody_offline_or_unknown_one_hears_the_same() {
    let mut world = World::of_two(Limits::default());
    world.join(3, "ada");
    world.leave(2);
    world.heard();
    for to in ["bob", "nobody"] {
        world.say(1, to, "m1");
        assert_eq!(world.heard(), ["1: m1 undelivered", "3: m1 undelivered"]);
    }
    assert_eq!(world.realm.books().undelivered(Reason::Offline), 2);
}

#[test]
fn a_device_that_wants_no_receipts_gets_none_but_all_else() {
    let mut world = World::of_contacts(Limits::default());
    world.sign_in(3, "ada", None, false).expect("room");
    world.sign_in(4, "bob", None, false).expect("room");
    world.heard();
    world.say(3, "bob", "m1");
    assert_eq!(
        world.heard(),
        ["2: m1 from ada", "4: m1 from ada", "1: m1 to bob, own", "1: m1 sent"]
    );
    world.settle(4, Outcome::Delivered);
    world.read(2, "m1");
    assert_eq!(world.heard(), ["1: m1 delivered", "1: m1 read"]);
}

#[test]
fn a_message_to_oneself_reaches_all_of_ones_devices_and_is_no_mirror() {
    let mut world = World::of_two(Limits { require_invitation: true, ..Limits::default() });
    world.join(3, "ada");
    world.heard();
    world.say(1, "ada", "m1");
    assert_eq!(world.heard(), ["1: m1 from ada", "3: m1 from ada", "1: m1 sent", "3: m1 sent"]);
    world.settle(1, Outcome::Delivered);
    assert_eq!(world.heard(), ["1: m1 delivered", "3: m1 delivered"]);
    world.read(3, "m1");
    assert_eq!(world.heard(), ["1: m1 read", "3: m1 read"]);
    assert_eq!(world.realm.conversations(), 0, "no person is their own contact");
    world.settle(3, Outcome::Delivered);
    world.leave(1);
    world.leave(3);
    assert_eq!(world.realm.online().collect::<Vec<_>>(), ["bob"]);
}

#[test]
fn all_that_one_may_not_mark_as_read_is_refused_in_one_sentence() {
    let mut world = World::of_contacts(Limits::default());
    world.join(3, "eve");
    world.say(1, "bob", "m1");
    world.settle(2, Outcome::Delivered);
    world.heard();
    let no = |device| [refused(device, Refusal::NoSuchMessage)];
    world.read(3, "m1");
    assert_eq!(world.heard(), no(3), "it was for another");
    world.read(1, "m1");
    assert_eq!(world.heard(), no(1), "it was their own message");
    world.read(2, "m2");
    assert_eq!(world.heard(), no(2), "there is none");
    world.read(2, "m1");
    world.heard();
    world.read(2, "m1");
    assert_eq!(world.heard(), no(2), "it was read before");
    assert_eq!(world.realm.counters().reads_refused, 4);
}

#[test]
fn what_is_read_before_its_copy_is_settled_was_delivered() {
    let mut world = World::of_contacts(Limits::default());
    world.say(1, "bob", "m1");
    world.heard();
    world.read(2, "m1");
    assert_eq!(world.heard(), ["1: m1 delivered", "1: m1 read"]);
    assert_eq!((world.realm.books().in_flight, world.realm.copies_in_flight()), (0, 1));
    world.settle(2, OFFLINE);
    assert!(world.heard().is_empty());
    assert_eq!(world.realm.copies_in_flight(), 0);
    assert_eq!(world.realm.books().delivered, 1);
}

#[test]
fn one_note_marks_the_messages_of_all_senders_who_named_them_alike() {
    let mut world = World::of_contacts(Limits::default());
    world.join(3, "eve");
    world.join(4, "bob");
    for device in [1, 3] {
        world.say(device, "bob", "m1");
        world.settle(2, Outcome::Delivered);
    }
    world.heard();
    world.read(2, "m1");
    let mut heard = world.heard();
    heard.sort();
    assert_eq!(heard, ["1: m1 read", "3: m1 read", "4: m1 read"]);
}

#[test]
fn a_sender_who_uses_an_id_again_means_the_newer_message() {
    let mut world = World::of_contacts(Limits::default());
    for _ in 0..2 {
        world.say(1, "bob", "m1");
    }
    world.settle(2, Outcome::Delivered);
    world.settle(2, Outcome::Delivered);
    world.heard();
    world.read(2, "m1");
    assert_eq!(world.heard(), ["1: m1 read"]);
    world.read(2, "m1");
    assert_eq!(world.heard(), [refused(2, Refusal::NoSuchMessage)]);
    assert_eq!(world.realm.books().delivered, 2);
}

#[test]
fn a_receipt_finds_the_sender_at_a_newer_device_and_nobody_if_the_sender_is_gone() {
    let mut world = World::of_contacts(Limits::default());
    world.say(1, "bob", "m1");
    world.say(1, "bob", "m2");
    world.leave(1);
    world.settle(2, Outcome::Delivered);
    world.heard();
    world.join(5, "ada");
    world.heard();
    world.settle(2, Outcome::Delivered);
    world.read(2, "m1");
    assert_eq!(world.heard(), ["5: m2 delivered", "5: m1 read"]);
}

#[test]
fn without_an_invitation_one_hears_nothing_of_whether_somebody_exists() {
    let mut world = World::of_two(Limits { require_invitation: true, ..Limits::default() });
    for to in ["bob", "nobody"] {
        world.say(1, to, "m1");
        assert_eq!(world.heard(), [refused(1, Refusal::NotInvited)]);
    }
    assert_eq!(world.realm.books().refused(Fault::NotInvited), 2);
    world.befriend(1, 2, "bob");
    world.say(1, "bob", "m1");
    assert_eq!(world.heard(), ["2: m1 from ada", "1: m1 sent"]);
}

#[test]
fn a_ticket_of_a_settled_copy_means_nothing() {
    let mut world = World::of_contacts(Limits::default());
    world.say(1, "bob", "m1");
    let (_, old) = world.sink.copies[0];
    world.settle(2, Outcome::Delivered);
    world.read(2, "m1");
    world.say(1, "bob", "m2");
    world.heard();
    let unknown = Ticket { index: 77, generation: 0 };
    for ticket in [old, unknown] {
        world.realm.settle(ticket, Outcome::Delivered, &mut world.sink);
        world.realm.check_invariants();
    }
    assert!(world.heard().is_empty());
    assert_eq!(world.realm.books().in_flight, 1, "the track in its place is another's");
}

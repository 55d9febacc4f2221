//! The promises of the realm. A sink writes down every call.

mod presence;

use std::time::Duration;

use super::*;
use crate::timer::Moment;

/// Writes down each event and each watch, as one line.
#[derive(Default)]
struct Recorder {
    lines: Vec<String>,
    /// What [`Sink::list_changed`] returns.
    a_delta_will_tell: bool,
}

impl Recorder {
    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }
}

impl Sink for Recorder {
    fn send(&mut self, to: ConnectionId, event: &chat::Event<'_>) {
        let chat::Event::Mobile(event) = event else { panic!("another realm's: {event:?}") };
        self.lines.push(format!("{} hears {event:?}", name(to)));
    }

    fn fan_out(&mut self, to: &[ConnectionId], event: &chat::Event<'_>) {
        to.iter().for_each(|to| self.send(*to, event));
    }

    fn watch(&mut self, by: ConnectionId, what: Watch) {
        self.lines.push(format!("{}: {what:?}", name(by)));
    }

    fn list_changed(&mut self, of: Audience) -> bool {
        self.lines.push(format!("{of:?} has changed"));
        self.a_delta_will_tell
    }

    fn ask(&mut self, job: crate::chat::account::Job) {
        panic!("this realm has no jobs: {job:?}");
    }

    fn reply(&mut self, to: crate::chat::account::Asker, _: &crate::chat::account::Reply<'_>) {
        panic!("this realm is asked nothing: {to:?}");
    }

    fn end(&mut self, id: ConnectionId, why: crate::chat::Farewell) {
        self.lines.push(format!("{} ends: {why:?}", name(id)));
    }
}

/// The address block of all connections, unless a test is about address blocks.
fn home() -> Block {
    Block::of([192, 0, 2, 1].into())
}

fn name(id: ConnectionId) -> String {
    format!("{}/{}", id.index(), id.generation())
}

fn connection(index: u32) -> ConnectionId {
    ConnectionId::new(index, 0)
}

fn mobile(number: u8) -> Mobile {
    Mobile::parse(format!("49151000000{number:02}").as_bytes()).expect("13 digits")
}

fn at(seconds: u64) -> Now {
    Now { monotonic: Moment::START + Duration::from_secs(seconds), ..Now::default() }
}

fn message(to: u8, id: Option<&str>) -> Command<'_> {
    Command::Message { to: mobile(to), text: "\"hi\"", id }
}

/// Makes a realm in which the numbers 1 and 2 are online, at the connections 1/0 and 2/0.
fn two_people() -> (Realm, Recorder) {
    let mut realm = Realm::new(Limits::default());
    for n in 1..=2 {
        assert_eq!(realm.join(at(0), connection(n.into()), mobile(n), home()), Ok(Joined::New));
    }
    (realm, Recorder::default())
}

/// The same realm, with two messages on their way from 1 to 2: one with the id 7, one without an id.
fn two_who_write() -> (Realm, Recorder) {
    let (mut realm, mut sink) = two_people();
    for id in [Some("7"), None] {
        realm.handle(connection(1), &message(2, id), &mut sink);
    }
    sink.take();
    (realm, sink)
}

#[test]
fn a_message_reaches_its_recipient_and_nobody_else() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(1), &message(2, Some("\"7\"")), &mut sink);
    let expected = "2/0 hears Message { from: Mobile(…01), to: Mobile(…02), text: \"\\\"hi\\\"\", \
                    id: Some(\"\\\"7\\\"\") }";
    assert_eq!(sink.take(), [expected]);
}

#[test]
fn an_ack_says_delivered_only_once_the_message_is() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(1), &message(2, Some("7")), &mut sink);
    assert!(sink.take().iter().all(|line| line.contains("Message")));
    realm.settle(mobile(1), mobile(2), Some("7"), Outcome::Delivered, &mut sink);
    assert_eq!(sink.take(), ["1/0 hears Ack { id: \"7\", delivery: Delivered }"]);
}

#[test]
fn without_an_id_there_is_no_ack() {
    let (mut realm, mut sink) = two_who_write();
    realm.settle(mobile(1), mobile(2), None, Outcome::Delivered, &mut sink);
    assert!(sink.take().is_empty());
    assert_eq!(realm.books().delivered, 1);
}

#[test]
fn a_sender_hears_at_once_that_nobody_has_the_number() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(1), &message(9, Some("7")), &mut sink);
    realm.handle(connection(1), &message(9, None), &mut sink);
    let expected = [
        "1/0 hears Ack { id: \"7\", delivery: Offline }",
        "1/0 hears Undelivered { to: Mobile(…09), id: None, reason: Offline }",
    ];
    assert_eq!(sink.take(), expected);
    assert_eq!(realm.books().received, 2);
    assert_eq!(realm.books().undelivered(Reason::Offline), 2);
}

#[test]
fn a_recipient_who_goes_before_the_message_arrives_was_offline() {
    let (mut realm, mut sink) = two_who_write();
    let offline = Outcome::Undelivered(Reason::Offline);
    realm.settle(mobile(1), mobile(2), Some("7"), offline, &mut sink);
    realm.settle(mobile(1), mobile(2), None, offline, &mut sink);
    let expected = [
        "1/0 hears Ack { id: \"7\", delivery: Offline }",
        "1/0 hears Undelivered { to: Mobile(…02), id: None, reason: Offline }",
    ];
    assert_eq!(sink.take(), expected);
    assert_eq!(realm.books().undelivered(Reason::Offline), 2);
}

#[test]
fn a_slow_recipient_is_named_slow_with_or_without_an_id() {
    let (mut realm, mut sink) = two_who_write();
    let slow = Outcome::Undelivered(Reason::Slow);
    realm.settle(mobile(1), mobile(2), Some("7"), slow, &mut sink);
    realm.settle(mobile(1), mobile(2), None, slow, &mut sink);
    let expected = [
        "1/0 hears Undelivered { to: Mobile(…02), id: Some(\"7\"), reason: Slow }",
        "1/0 hears Undelivered { to: Mobile(…02), id: None, reason: Slow }",
    ];
    assert_eq!(sink.take(), expected);
    assert_eq!(realm.books().undelivered(Reason::Slow), 2);
}

#[test]
fn an_outcome_finds_the_sender_at_its_newer_connection() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(1), &message(2, Some("7")), &mut sink);
    sink.take();
    assert_eq!(
        realm.join(at(2), connection(5), mobile(1), home()),
        Ok(Joined::Replaced(connection(1)))
    );
    realm.settle(mobile(1), mobile(2), Some("7"), Outcome::Delivered, &mut sink);
    assert_eq!(sink.take(), ["5/0 hears Ack { id: \"7\", delivery: Delivered }"]);
}

#[test]
fn an_outcome_for_a_sender_who_is_gone_is_told_to_nobody() {
    let (mut realm, mut sink) = two_who_write();
    assert_eq!(realm.leave(connection(1)), Some(mobile(1)));
    realm.settle(mobile(1), mobile(2), Some("7"), Outcome::Delivered, &mut sink);
    assert!(sink.take().is_empty());
    assert_eq!(realm.books().delivered, 1);
}

#[test]
fn one_may_write_to_oneself() {
    let (mut realm, mut sink) = two_people();
    realm.handle(connection(1), &message(1, None), &mut sink);
    assert!(sink.take()[0].starts_with("1/0 hears Message { from: Mobile(…01)"));
}

#[test]
fn what_is_only_relayed_is_dropped_for_nobody() {
    let (mut realm, mut sink) = two_people();
    for to in [2, 9] {
        let to = mobile(to);
        let commands = [
            Command::Typing { to, is_typing: true },
            Command::Receipt { to, id: "7" },
            Command::Signal { to, data: "{}" },
        ];
        for command in commands {
            realm.handle(connection(1), &command, &mut sink);
        }
    }
    let expected = [
        "2/0 hears Typing { from: Mobile(…01), is_typing: true }",
        "2/0 hears Receipt { from: Mobile(…01), id: \"7\" }",
        "2/0 hears Signal { from: Mobile(…01), data: \"{}\" }",
    ];
    assert_eq!(sink.take(), expected);
    let once = Relays { relayed: 1, dropped: 1 };
    let Counters { typing, receipts, signals, .. } = *realm.counters();
    assert_eq!([typing, receipts, signals], [once; 3]);
}

#[test]
fn a_stale_or_unknown_connection_does_nothing() {
    let (mut realm, mut sink) = two_people();
    assert_eq!(realm.leave(connection(2)), Some(mobile(2)));
    assert_eq!(realm.join(at(1), ConnectionId::new(2, 1), mobile(3), home()), Ok(Joined::New));
    let before = (*realm.counters(), *realm.books());
    for id in [connection(2), ConnectionId::new(1, 1), connection(77)] {
        assert_eq!(realm.directory.mobile_of(id), None);
        assert_eq!(realm.leave(id), None);
        realm.handle(id, &message(1, Some("7")), &mut sink);
        realm.handle(id, &Command::ListOnline, &mut sink);
        realm.refuse(id, Fault::Malformed);
    }
    assert!(sink.take().is_empty());
    assert_eq!((*realm.counters(), *realm.books()), before);
    realm.check_invariants();
}

#[test]
fn a_number_that_changes_hands_too_often_is_refused_with_a_time() {
    let (mut realm, mut sink) = two_people();
    let mut admit = |realm: &mut Realm, index| {
        realm.admit(at(0), (connection(index), home()), mobile(1), PresenceMode::Full, &mut sink)
    };
    assert!((10..13).all(|index| admit(&mut realm, index).is_ok()));
    let refusal = admit(&mut realm, 13).expect_err("three replacements are enough");
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(5)));
    assert_eq!(refusal.limit, Some(Limit::ReplacementRate));
    assert_eq!(sink.take().len(), 2 * 3, "the refused one is no news");
}

#[test]
fn a_newer_connection_takes_the_number_and_nobody_is_told() {
    let (mut realm, mut sink) = two_people();
    assert_eq!(
        realm.join(at(1), connection(5), mobile(2), home()),
        Ok(Joined::Replaced(connection(2)))
    );
    assert_eq!(realm.online().len(), 2);
    realm.handle(connection(1), &message(2, None), &mut sink);
    assert!(sink.take()[0].starts_with("5/0 hears Message"));
}

#[test]
fn a_replaced_connection_has_nothing_left_to_leave() {
    let (mut realm, _) = two_people();
    assert!(realm.join(at(1), connection(5), mobile(2), home()).is_ok());
    assert_eq!(realm.leave(connection(2)), None);
    assert!(realm.is_online(mobile(2)));
    assert_eq!(realm.leave(connection(5)), Some(mobile(2)));
    assert!(!realm.is_online(mobile(2)));
    realm.check_invariants();
}

#[test]
fn a_number_changes_hands_three_times_then_once_every_five_seconds() {
    let (mut realm, _) = two_people();
    for index in 10..13 {
        assert!(realm.join(at(100), connection(index), mobile(1), home()).is_ok());
    }
    let refused =
        |seconds| Err(Refusal::ReplacedTooOften { retry_after: Duration::from_secs(seconds) });
    assert_eq!(realm.join(at(100), connection(13), mobile(1), home()), refused(5));
    assert_eq!(realm.join(at(101), connection(13), mobile(1), home()), refused(4));
    assert_eq!(
        realm.directory.mobile_of(connection(12)),
        Some(mobile(1)),
        "the refused one changed nothing"
    );
    let replaced = Ok(Joined::Replaced(connection(12)));
    assert_eq!(realm.join(at(105), connection(13), mobile(1), home()), replaced);
    assert_eq!(realm.join(at(105), connection(14), mobile(1), home()), refused(5));

    assert!(
        realm.join(at(105), connection(14), mobile(2), home()).is_ok(),
        "each number has its own limit"
    );
    assert_eq!(realm.counters().replacements, 5);
    assert_eq!(realm.counters().replacements_refused, 3);
    realm.check_invariants();
}

#[test]
fn a_stranger_who_takes_a_number_again_and_again_does_not_keep_its_owner_from_it() {
    let (mut realm, _) = two_people();
    let stranger = Block::of([192, 0, 2, 66].into());
    let mut slots = 10..;
    let mut join = |second, from| {
        let id = connection(slots.next().expect("there are enough"));
        realm.join(at(second), id, mobile(1), from)
    };
    for second in 100..200 {
        while join(second, stranger).is_ok() {}
    }
    for _ in 0..3 {
        assert!(matches!(join(200, home()), Ok(Joined::Replaced(_))));
    }
    assert!(join(200, home()).is_err(), "for one address all is as ever");
}

#[test]
fn who_has_taken_a_number_is_remembered_though_it_was_offline_meanwhile() {
    let (mut realm, _) = two_people();
    for index in 10..13 {
        assert!(realm.join(at(100), connection(index), mobile(1), home()).is_ok());
    }
    assert_eq!(realm.leave(connection(12)), Some(mobile(1)));
    assert_eq!(realm.join(at(100), connection(13), mobile(1), home()), Ok(Joined::New));
    assert!(realm.join(at(100), connection(14), mobile(1), home()).is_err());
    realm.forget(at(116).monotonic, 10);
    assert!(realm.join(at(116), connection(14), mobile(1), home()).is_ok());
}

#[test]
fn coming_back_is_not_a_replacement() {
    let (mut realm, _) = two_people();
    for _ in 0..20 {
        assert_eq!(realm.leave(connection(1)), Some(mobile(1)));
        assert_eq!(realm.join(at(1), connection(1), mobile(1), home()), Ok(Joined::New));
    }
}

/// A time of both clocks.
fn both(seconds: u64) -> Now {
    Now { unix: Duration::from_secs(1_000_000 + seconds), ..at(seconds) }
}

fn until(seconds: u64) -> Duration {
    both(seconds).unix
}

#[test]
fn a_connection_ends_when_its_proof_does_and_one_without_a_proof_stays() {
    let (mut realm, mut sink) = two_people();
    realm.prove(both(0), connection(1), until(60));
    realm.check_invariants();
    assert_eq!((realm.timers(), realm.counters().proofs), (1, 1));
    realm.expire(both(59), 10, &mut sink);
    assert!(sink.take().is_empty());
    assert!(realm.next_deadline().is_some_and(|due| due <= both(61).monotonic));
    realm.expire(both(61), 10, &mut sink);
    assert_eq!(sink.take(), ["1/0 ends: TokenExpired"]);
    realm.expire(both(1000), 10, &mut sink);
    assert!(sink.take().is_empty(), "it ends once, and the other one has no end");
    assert_eq!((realm.timers(), realm.next_deadline()), (0, None));
    realm.check_invariants();
}

#[test]
fn the_newer_proof_counts_whether_it_ends_later_or_sooner() {
    for (newer, ends) in [(100, 101), (20, 21)] {
        let (mut realm, mut sink) = two_people();
        realm.prove(both(0), connection(1), until(60));
        realm.prove(both(10), connection(1), until(newer));
        realm.expire(both(ends - 2), 10, &mut sink);
        assert!(sink.take().is_empty());
        realm.expire(both(ends), 10, &mut sink);
        assert_eq!(sink.take(), ["1/0 ends: TokenExpired"]);
        realm.check_invariants();
    }
}

#[test]
fn a_proof_leaves_with_its_connection_and_does_not_pass_to_the_one_that_takes_its_number() {
    let (mut realm, mut sink) = two_people();
    for n in 1..=2 {
        realm.prove(both(0), connection(n), until(60));
    }
    let newer = connection(3);
    assert_eq!(realm.join(both(1), newer, mobile(1), home()), Ok(Joined::Replaced(connection(1))));
    realm.depart(connection(2), &mut sink);
    realm.check_invariants();
    // Too late: it has left.
    realm.prove(both(2), connection(2), until(60));
    sink.take();
    realm.expire(both(1000), 10, &mut sink);
    assert!(sink.take().is_empty());
    assert_eq!((realm.timers(), realm.mobile_of(newer)), (0, Some(mobile(1))));
}

#[test]
fn the_wall_clock_decides_when_a_proof_ends() {
    let (mut realm, mut sink) = two_people();
    realm.prove(both(0), connection(1), until(60));
    // It was set back by an hour meanwhile.
    let set_back =
        |seconds: u64| Now { unix: until(seconds) - Duration::from_secs(3600), ..both(seconds) };
    realm.expire(set_back(61), 10, &mut sink);
    assert!(sink.take().is_empty());
    realm.expire(set_back(3661), 10, &mut sink);
    assert_eq!(sink.take(), ["1/0 ends: TokenExpired"]);
}

#[test]
fn at_most_the_budget_ends_in_one_call() {
    let (mut realm, mut sink) = two_people();
    for n in 1..=2 {
        realm.prove(both(0), connection(n), until(60));
    }
    for _ in 0..2 {
        realm.expire(both(61), 1, &mut sink);
        assert_eq!(sink.take().len(), 1);
    }
}
